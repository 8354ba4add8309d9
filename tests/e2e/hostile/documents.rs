//! Documents and questions that retrieval should not choke on.

use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::Value;
use tests::{Home, servers};

use super::{fjord, is_clean, refused, watched};

fn home() -> Home {
    Home::with_config("[llm]\nurl = \"\"\n")
}

#[test]
fn what_is_no_text_is_refused_by_name_and_the_rest_is_taken_in() {
    let home = home();
    let folder = home.path().join("documents");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(
        folder.join("good.md"),
        "# Backups\n\nThe nightly dump is on the second disk.\n",
    )
    .unwrap();
    std::fs::write(folder.join("binary.md"), b"\x7fELF\0\0\0").unwrap();
    std::fs::write(folder.join("latin.txt"), b"caf\xe9").unwrap();
    std::fs::write(
        folder.join("two\nlines;$(touch owned).md"),
        "# Odd\n\nA name with a newline.\n",
    )
    .unwrap();
    std::fs::write(folder.join("empty.md"), "").unwrap();
    std::fs::File::create(folder.join("large.txt"))
        .unwrap()
        .set_len(50 << 20)
        .unwrap();
    symlink(&folder, folder.join("loop")).unwrap();
    symlink("loop2", folder.join("loop2")).unwrap();
    symlink("/dev/zero", folder.join("endless.md")).unwrap();
    assert!(
        std::process::Command::new("mkfifo")
            .arg(folder.join("pipe.md"))
            .status()
            .unwrap()
            .success()
    );
    let (output, peak, took) = watched(
        fjord(&home, &["rag", "add", folder.to_str().unwrap(), "--json"]),
        Vec::new(),
    );
    is_clean(&output);
    // What lies in a named folder and is no text is passed over, and said.
    output.expect_code(0);
    assert!(
        peak < 150 << 10 && took.as_secs() < 20,
        "{peak} KB {took:?}"
    );
    let sum: Value = serde_json::from_str(&output.stdout).unwrap();
    let failed = sum["skipped"].to_string();
    for name in ["binary.md", "latin.txt", "large.txt"] {
        assert!(failed.contains(name), "{name}: {failed}");
    }
    assert!(sum["added"].as_u64().unwrap() >= 2, "{sum}");
    let found = home.fjord_json(["rag", "search", "nightly dump"]);
    assert!(
        found["data"]["passages"][0]["text"]
            .as_str()
            .unwrap()
            .contains("second disk"),
        "{found}"
    );
    let list = home.fjord(["rag", "list"]);
    is_clean(&list);
    assert!(
        list.stdout.lines().count() < 8,
        "a name stays on its line: {}",
        list.stdout
    );
    for path in ["/dev/zero", "/no/such", "", "\n", "--", "/dev/stdin"] {
        let output = home.fjord(["rag", "add", path]);
        is_clean(&output);
        assert!(matches!(output.code, Some(1 | 64)), "{path:?}: {output:?}");
    }
}

#[test]
fn an_unreadable_file_is_told_and_the_rest_goes_on() {
    let home = home();
    let closed = home.path().join("closed.md");
    std::fs::write(&closed, "# Closed\n").unwrap();
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    if std::fs::File::open(&closed).is_ok() {
        servers::skip_also_under_ci("needs a user for whom permissions count");
        return;
    }
    let open = home.path().join("open.md");
    std::fs::write(&open, "# Open\n\ntext\n").unwrap();
    let output = home.fjord([
        "rag",
        "add",
        closed.to_str().unwrap(),
        open.to_str().unwrap(),
    ]);
    output.expect_code(1);
    assert!(
        output.stderr.contains("closed.md") && output.stdout.contains("1 added"),
        "{output:?}"
    );
}

#[test]
fn documents_made_to_hurt_are_cut_up_in_time() {
    let home = home();
    for (name, text) in [
        ("headings.md", "#".repeat(1 << 20)),
        (
            "levels.md",
            "# a\n## b\n### c\n#### d\n##### e\n###### f\n".repeat(3_000),
        ),
        ("fences.md", "```\n".repeat(100_000)),
        ("line.txt", "x".repeat(2 << 20)),
        ("quotes.md", "> ".repeat(200_000)),
        ("brackets.md", "[".repeat(500_000)),
        ("blank.txt", "\n".repeat(2 << 20)),
        ("marks.txt", "e\u{301}".repeat(200_000)),
    ] {
        let path = home.path().join(name);
        std::fs::write(&path, text).unwrap();
        let (output, peak, took) = watched(
            fjord(&home, &["rag", "add", path.to_str().unwrap(), "--json"]),
            Vec::new(),
        );
        is_clean(&output);
        assert!(
            peak < 250 << 10 && took.as_secs() < 15,
            "{name}: {peak} KB {took:?} {}",
            output.stdout
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn questions_in_the_index_own_language_are_words_like_others() {
    let postgres = servers::postgres().await;
    let mut homes = vec![home()];
    homes.extend(postgres.as_ref().map(|database| {
        Home::with_config(&format!(
            "[store]\nurl = \"{}\"\n[llm]\nurl = \"\"\n",
            database.url
        ))
    }));
    for home in homes {
        let note = home.path().join("note.md");
        std::fs::write(
            &note,
            "# Disk\n\nThe nightly dump is near the second disk.\n",
        )
        .unwrap();
        home.fjord(["rag", "add", note.to_str().unwrap()])
            .expect_code(0);
        let long = "disk ".repeat(2_000);
        for question in [
            "\"",
            "\"\"\"",
            "*",
            "disk*",
            "NEAR(",
            "NEAR(disk dump, 3)",
            "AND OR",
            "AND",
            "disk AND NOT dump",
            "NOT",
            "title:disk",
            "{a b}: c",
            "^disk",
            "disk'; drop table passages; --",
            "(",
            ")",
            "((((",
            "disk -dump",
            "!disk",
            "a & | b",
            "<->",
            ":*",
            "\\",
            "%",
            "_",
            "🙂",
            "\u{202e}",
            "-n",
            &long,
        ] {
            let output = home.fjord(["--json", "rag", "search", "--", question]);
            is_clean(&output);
            assert!(
                matches!(output.code, Some(0 | 64)),
                "{:?}: {output:?}",
                &question[..question.len().min(40)]
            );
            serde_json::from_str::<Value>(&output.stdout).unwrap();
        }
        let found = home.fjord_json(["rag", "search", "NEAR(\"disk\""]);
        assert!(
            found["data"]["passages"][0]["text"]
                .as_str()
                .unwrap()
                .contains("second disk"),
            "{found}"
        );
        refused(&home, &["rag", "search", ""], (64, "invalid"));
        refused(
            &home,
            &["rag", "search", "disk", "-n", "0"],
            (64, "invalid"),
        );
        refused(
            &home,
            &["rag", "search", "disk", "-n", "51"],
            (64, "invalid"),
        );
    }
}
