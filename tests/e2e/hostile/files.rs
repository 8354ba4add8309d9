//! Files of Fjord's own that are not what they were.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;
use sqlx::{Connection, SqliteConnection};
use tests::{Home, servers};

use super::{add_service, event, is_clean, refused};

/// Commands end with 69 and a next step, hooks still judge.
#[track_caller]
fn store_is_out(home: &Home) {
    for arguments in [
        &["status"][..],
        &["service", "list"],
        &["server", "add", "x"],
        &["deploy", "api", "--version", "v1", "--yes"],
        &["remember", "x"],
        &["rag", "search", "x"],
        &["schedule", "list"],
        &["events"],
    ] {
        let message = refused(home, arguments, (69, "unavailable"));
        assert!(message.contains("store is not available"), "{message}");
        assert!(
            message.contains("fjord doctor"),
            "the next step is named: {message}"
        );
    }
    let doctor = home.fjord(["doctor", "--json"]);
    is_clean(&doctor);
    assert!(doctor.stdout.contains("\"down\""), "{doctor:?}");
    let input = json!({ "tool_input": { "command": "rm -rf /" } });
    let output = home.hook(event("PreToolUse", &input).to_string().as_bytes());
    assert!(output.stdout.contains("\"deny\""), "{output:?}");
}

fn store_file(home: &Home) -> std::path::PathBuf {
    home.paths()
        .store_url()
        .trim_start_matches("sqlite://")
        .into()
}

#[test]
fn a_store_that_is_no_database() {
    let home = Home::new();
    std::fs::create_dir_all(home.paths().data_dir).unwrap();
    std::fs::write(
        store_file(&home),
        "this is no database, and longer than a header of one hundred bytes ".repeat(100),
    )
    .unwrap();
    store_is_out(&home);
    let text = std::fs::read_to_string(store_file(&home)).unwrap();
    assert!(
        text.starts_with("this is no database"),
        "it is left as it was"
    );
}

#[tokio::test]
async fn a_store_with_pages_overwritten() {
    let home = Home::new();
    add_service(&home, &[]);
    let file = store_file(&home);
    // What is still in the log beside the file would hide the damage.
    let mut store = SqliteConnection::connect(&home.paths().store_url())
        .await
        .unwrap();
    sqlx::query("pragma wal_checkpoint(truncate)")
        .execute(&mut store)
        .await
        .unwrap();
    store.close().await.unwrap();
    let mut bytes = std::fs::read(&file).unwrap();
    let length = bytes.len();
    bytes[4_096..length].fill(0xA5);
    std::fs::write(&file, &bytes).unwrap();
    for arguments in [
        &["server", "add", "x"][..],
        &["events"],
        &["history", "api"],
    ] {
        let output = home.fjord(arguments);
        assert!(!output.stderr.contains("panicked"), "{output:?}");
        assert!(matches!(output.code, Some(69)), "{output:?}");
    }
    // What the snapshot knows is told with its age, never as if it were now.
    for arguments in [&["status"][..], &["service", "list"]] {
        let output = home.fjord(arguments);
        output.expect_code(0);
        assert!(
            output.stdout.starts_with("the store is down: as of"),
            "{output:?}"
        );
    }
}

#[test]
fn a_store_that_is_a_folder() {
    let home = Home::new();
    std::fs::create_dir_all(store_file(&home)).unwrap();
    store_is_out(&home);
}

#[test]
fn a_data_folder_that_is_a_file() {
    let home = Home::new();
    let folder = home.paths().data_dir;
    std::fs::create_dir_all(folder.parent().unwrap()).unwrap();
    std::fs::write(&folder, "a file").unwrap();
    let output = home.fjord(["status"]);
    is_clean(&output);
    output.expect_code(69);
    let up = home.fjord(["up"]);
    is_clean(&up);
    assert_ne!(up.code, Some(0));
}

#[test]
fn a_data_folder_that_cannot_be_written() {
    let home = Home::new();
    let folder = home.paths().data_dir;
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o500)).unwrap();
    if std::fs::write(folder.join("probe"), "").is_ok() {
        servers::skip_also_under_ci("needs a user for whom permissions count");
        return;
    }
    store_is_out(&home);
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_snapshot_of_garbage_is_no_snapshot() {
    let home = Home::new();
    add_service(&home, &[]);
    let paths = home.paths();
    for bytes in [&b"\xff\xfe\0"[..], b"{\"services\": 7}", b"{", b"[[[[[["] {
        for file in [&paths.snapshot, &paths.inventory] {
            std::fs::write(file, bytes).unwrap();
        }
        let input = json!({ "tool_input": { "command": "rm -rf /" } });
        let output = home.hook(event("PreToolUse", &input).to_string().as_bytes());
        is_clean(&output);
        assert!(output.stdout.contains("\"deny\""), "{output:?}");
        let status = home.fjord(["status"]);
        is_clean(&status);
        status.expect_code(0);
        let explained = home.fjord(["guard", "explain", "ls"]);
        is_clean(&explained);
    }
}

#[test]
fn garbage_is_not_restored_and_what_was_there_stays() {
    let home = Home::new();
    add_service(&home, &[]);
    let before = home.fjord_json(["service", "list"]);
    let good = home.path().join("good.backup");
    home.fjord(["backup", good.to_str().unwrap()])
        .expect_code(0);
    let whole = std::fs::read(&good).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle..]
        .iter_mut()
        .step_by(7)
        .for_each(|byte| *byte ^= 0x55);
    let random = vec![0xA5; 100_000];
    let cases: [(&str, &[u8]); 5] = [
        ("empty", b""),
        ("text", b"hello\nworld\n"),
        ("random", &random),
        ("cut", &whole[..whole.len() / 2]),
        ("flipped", &flipped),
    ];
    for (name, bytes) in cases {
        let file = home.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let output = home.fjord(["restore", file.to_str().unwrap(), "--yes", "--json"]);
        is_clean(&output);
        assert!(matches!(output.code, Some(1 | 64)), "{name}: {output:?}");
        let document: serde_json::Value = serde_json::from_str(&output.stdout).unwrap();
        assert!(
            document["error"]["message"].as_str().unwrap().len() > 10,
            "{document}"
        );
        assert_eq!(home.fjord_json(["service", "list"]), before, "{name}");
    }
    let folder = home.path().to_str().unwrap().to_owned();
    for path in ["/dev/null", "/dev/zero", "/no/such", &folder, ""] {
        let output = home.fjord(["restore", path, "--yes"]);
        is_clean(&output);
        assert!(matches!(output.code, Some(1 | 64)), "{path}: {output:?}");
    }
    let output = home.fjord(["backup", good.to_str().unwrap()]);
    is_clean(&output);
    assert_ne!(
        output.code,
        Some(0),
        "a backup that is there is not written over"
    );
    assert_eq!(std::fs::read(&good).unwrap(), whole);
    home.fjord(["restore", good.to_str().unwrap(), "--yes"])
        .expect_code(0);
    assert_eq!(home.fjord_json(["service", "list"]), before);
}
