//! Setting up: init, backup, restore, documents, `fjord up`.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::home::Home;

#[test]
fn init_writes_a_private_file_once_and_keeps_the_old_one() {
    let home = Home::new();
    let store = format!("sqlite://{}/mine.db", home.path().display());
    home.run(["init", "--yes", "--store", &store, "--model", "tiny"])
        .expect(0);
    let file = home.path().join("config/fjord.toml");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(std::fs::read_to_string(&file).unwrap().contains(&store));
    let again = home.run(["init", "--yes"]).expect(1);
    assert!(again.err.contains("--force"), "{again:?}");
    home.run(["init", "--yes", "--force"]).expect(0);
    assert!(
        std::fs::read_to_string(home.path().join("config/fjord.toml.old.1"))
            .unwrap()
            .contains(&store)
    );
    home.run(["status"]).expect(0);
}

#[test]
fn init_writes_nothing_when_a_part_does_not_answer() {
    let home = Home::new();
    home.run(["init", "--yes", "--redis", "redis://127.0.0.1:1"])
        .expect(69);
    home.run(["init", "--yes", "--chroma", "http://127.0.0.1:1"])
        .expect(69);
    for (flag, answer) in [
        ("--store", "foo"),
        ("--redis", "nonsense"),
        ("--chroma", "localhost"),
        ("--ollama", "not a url"),
    ] {
        let refused = home.run(["init", "--yes", flag, answer]).expect(64);
        assert!(
            refused.err.contains(flag) && refused.err.contains(answer),
            "{refused:?}"
        );
    }
    assert!(!home.path().join("foo").exists());
    let down = home
        .run(["init", "--yes", "--store", "postgres://u:pw@127.0.0.1:1/x"])
        .expect(69);
    assert!(!down.err.contains("fjord doctor"), "{down:?}");
    let token = home
        .run_with_input(
            [
                "init",
                "--yes",
                "--telegram-token",
                "-",
                "--api-url",
                "http://127.0.0.1:1",
            ],
            "1:AAsecrettokenAAsecrettokenAAsecrett\n",
        )
        .expect(69);
    assert!(!token.err.contains("secrettoken"), "{token:?}");
    home.run(["init"]).expect(77);
    assert!(
        !home.path().join("config").exists()
            || std::fs::read_dir(home.path().join("config"))
                .unwrap()
                .count()
                == 0
    );
}

#[test]
fn init_writes_a_unit_when_asked() {
    let home = Home::new();
    home.run(["init", "--yes", "--systemd"]).expect(0);
    let unit =
        std::fs::read_to_string(home.path().join(".config/systemd/user/fjord.service")).unwrap();
    assert!(
        unit.contains("/fjord\" up\n") && unit.contains("Type=notify"),
        "{unit}"
    );
}

#[test]
fn hooks_status_tells_of_every_scope() {
    let home = Home::new();
    let program = home.path().join("fjord-hook");
    std::fs::create_dir(home.path().join(".claude")).unwrap();
    std::fs::write(
        home.path().join(".claude/settings.local.json"),
        format!(
            "{{\"hooks\": {{\"Stop\": [{{\"hooks\": [{{\"type\": \"command\", \"command\": \"{}\"}}]}}]}}}}",
            program.display()
        ),
    )
    .unwrap();
    let text = home.run(["hooks", "status"]).expect(0).out;
    assert!(text.contains("user     not installed"), "{text}");
    assert!(text.contains("local    broken"), "{text}");
    let one = home
        .run(["hooks", "status", "--scope", "user"])
        .expect(0)
        .out;
    assert!(one.starts_with("not installed"), "{one}");
    assert_eq!(home.json(["hooks", "status"])["local"]["events"][0], "Stop");
}

#[test]
fn the_hook_log_is_empty_before_the_first_event() {
    let home = Home::new();
    let text = home.run(["hooks", "log"]).expect(0).out;
    assert!(text.starts_with("no hook event is stored"), "{text}");
    assert_eq!(
        home.json(["hooks", "log", "-n", "5"]),
        serde_json::json!([])
    );
    home.run(["hooks", "log", "-n", "0"]).expect(64);
}

#[test]
fn a_backup_brings_the_store_back() {
    let home = Home::with_service("true");
    home.run(["backup", "kept.fjord"]).expect(0);
    home.run(["backup", "kept.fjord"]).expect(1);
    let refused = home.run(["backup", "missing/kept.fjord"]).expect(1);
    assert!(refused.err.contains("there is no folder"), "{refused:?}");
    home.run(["service", "remove", "api"]).expect(0);
    home.run(["restore", "kept.fjord"]).expect(77);
    home.run(["restore", "missing.fjord", "--yes"]).expect(1);
    home.run(["restore", "kept.fjord", "--yes"]).expect(0);
    assert_eq!(home.json(["service", "list"])["data"][0]["name"], "api");
}

#[test]
fn files_that_cannot_be_read_are_told_and_the_others_are_taken_in() {
    let home = Home::new();
    let folder = home.path().join("docs");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(
        folder.join("a.md"),
        "# Restarting the queue\n\nStop the worker, then run the flush.",
    )
    .unwrap();
    std::fs::write(folder.join("b.md"), b"a\0b").unwrap();
    let ran = home.run(["rag", "add", "docs", "missing.md"]).expect(1);
    assert!(
        ran.err.contains("binary") && ran.err.contains("missing.md"),
        "{ran:?}"
    );
    assert!(
        ran.out.contains("1 added") && ran.out.contains("1 skipped, 1 not taken in"),
        "{ran:?}"
    );
    let folder = home.run(["rag", "add", "docs"]).expect(0);
    assert!(
        folder.err.starts_with("skipped: ") && folder.out.contains("1 skipped"),
        "{folder:?}"
    );
    home.run(["rag", "add", "docs/b.md"]).expect(1);
    let again = home.run(["rag", "add", "docs/a.md"]).expect(0);
    assert!(again.out.contains("1 unchanged"), "{again:?}");
    assert!(
        home.run(["rag", "search", "flush", "the", "worker"])
            .expect(0)
            .out
            .contains("Restarting the queue")
    );
    let id = home.json(["rag", "list"])["data"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    home.run(["rag", "forget", &id]).expect(0);
    home.run(["rag", "add", "docs"]).expect(0);
    home.run(["rag", "remove", "docs/a.md"]).expect(0);
    assert_eq!(home.json(["rag", "list"])["data"], serde_json::json!([]));
}

#[test]
fn a_note_is_kept_with_the_id_that_forgets_it() {
    let home = Home::new();
    let kept = home.run(["remember", "the backup runs at 3"]).expect(0).out;
    let (_, rest) = kept.split_once("`fjord forget ").unwrap();
    let (id, _) = rest.split_once('`').unwrap();
    home.run(["forget", id]).expect(0);
    assert_eq!(home.json(["rag", "list"])["data"], serde_json::json!([]));
}

#[test]
fn a_schedule_without_quotes_is_told_of_quotes() {
    let home = Home::new();
    let refused = home
        .run(["schedule", "add", "0", "8", "*", "*", "1-5", "brief"])
        .expect(64);
    assert!(
        refused.err.contains("quote the cron expression"),
        "{refused:?}"
    );
    home.run(["schedule", "add", "0 8 * * 1-5", "brief"])
        .expect(0);
    home.run(["schedule", "remove", "1"]).expect(0);
}

#[test]
fn more_files_than_the_throttle_lets_through_are_all_taken_in() {
    let home = Home::new();
    let folder = home.path().join("docs");
    std::fs::create_dir(&folder).unwrap();
    for number in 0..620 {
        std::fs::write(
            folder.join(format!("{number}.md")),
            format!("# Note {number}\n\ntext {number}"),
        )
        .unwrap();
    }
    let ran = home.run(["rag", "add", "docs"]).expect(0);
    assert!(ran.out.starts_with("620 added"), "{ran:?}");
}

#[test]
fn up_serves_once_and_ends_when_asked() {
    let home = Home::new();
    let mut up = home
        .command()
        .arg("up")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let socket = home.path().join("fjord.sock");
    let began = Instant::now();
    while UnixStream::connect(&socket).is_err() {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "the socket does not come"
        );
        std::thread::yield_now();
    }
    let second = home.run(["up"]).expect(1);
    assert!(second.err.contains("another `fjord up`"), "{second:?}");
    home.run(["restore", "x", "--yes"]).expect(1);
    let asked = Instant::now();
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&up),
        rustix::process::Signal::TERM,
    )
    .unwrap();
    assert_eq!(up.wait().unwrap().code(), Some(0));
    assert!(asked.elapsed() < Duration::from_secs(5));
}

#[test]
fn up_goes_on_without_a_store() {
    let home = Home::new();
    let mut command = home.command();
    command
        .arg("up")
        .env("FJORD_STORE__URL", "postgres://nobody:pw@127.0.0.1:1/none")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut up = command.spawn().unwrap();
    let socket = home.path().join("fjord.sock");
    let began = Instant::now();
    while UnixStream::connect(&socket).is_err() {
        assert!(
            began.elapsed() < Duration::from_secs(20),
            "the socket does not come"
        );
        assert!(up.try_wait().unwrap().is_none(), "it ended");
        std::thread::yield_now();
    }
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&up),
        rustix::process::Signal::TERM,
    )
    .unwrap();
    assert_eq!(up.wait().unwrap().code(), Some(0));
}
