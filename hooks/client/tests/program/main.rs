//! Drives the program as Claude Code does: one event on stdin, one object or nothing on stdout.

mod daemons;

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// A home of its own for the program.
struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn configure(&self, text: &str) {
        std::fs::create_dir_all(self.path().join("config")).expect("a folder");
        std::fs::write(self.path().join("config/fjord.toml"), text).expect("a file");
    }

    fn run(&self, input: &[u8]) -> Output {
        self.run_with(input, &[])
    }

    fn run_with(&self, input: &[u8], variables: &[(&str, &str)]) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_fjord-hook"))
            .env_clear()
            .env("FJORD_HOME", self.path())
            .env("HOME", "/home/ann")
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A program that stopped reading closes the pipe; what it said is what counts.
        let _ = stdin.write_all(input);
        drop(stdin);
        child.wait_with_output().expect("the program ends")
    }

    fn spooled(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.path().join("data/spool")) else {
            return Vec::new();
        };
        entries
            .map(|entry| entry.expect("an entry").path())
            .collect()
    }

    fn listen(&self) -> UnixListener {
        UnixListener::bind(self.path().join("fjord.sock")).expect("a socket")
    }
}

fn bash(command: &str) -> Vec<u8> {
    let event = json!({
        "session_id": "s", "transcript_path": "/home/ann/.claude/t.jsonl", "cwd": "/home/ann/app", "permission_mode": "default",
        "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": command}, "tool_use_id": "t",
    });
    event.to_string().into_bytes()
}

/// What the program said: nothing, or the one object.
fn said(output: &Output) -> Option<Value> {
    assert_eq!(
        output.status.code(),
        Some(0),
        "stderr: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    if output.stdout.is_empty() {
        return None;
    }
    let value: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    assert!(value.is_object());
    Some(value)
}

fn decision(output: &Output) -> String {
    let decision = said(output).and_then(|value| {
        value
            .pointer("/hookSpecificOutput/permissionDecision")
            .and_then(Value::as_str)
            .map(str::to_owned)
    });
    decision.unwrap_or_else(|| "nothing".to_owned())
}

/// Takes one request and answers it.
fn serve(listener: UnixListener, answer: &'static str) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a caller");
        let request = request(&mut stream);
        stream
            .write_all(answer.as_bytes())
            .expect("the caller listens");
        request
    })
}

fn request(stream: &mut UnixStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4_096];
    loop {
        let read = stream.read(&mut buffer).expect("a request");
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("Content-Length: "))
            .and_then(|length| length.parse::<usize>().ok());
        if read == 0 || length.is_some_and(|length| body.len() >= length) {
            return text;
        }
    }
}

#[test]
fn deleting_everything_is_denied_with_its_reason() {
    let home = Home::new();
    let output = home.run(&bash("rm -rf /"));
    assert_eq!(decision(&output), "deny");
    let value = said(&output).expect("an answer");
    let reason = value
        .pointer("/hookSpecificOutput/permissionDecisionReason")
        .and_then(Value::as_str)
        .expect("a reason");
    assert!(
        reason.starts_with("This deletes a whole tree, and `/` is the whole file system."),
        "{reason}"
    );
    assert_eq!(
        value.pointer("/hookSpecificOutput/hookEventName"),
        Some(&json!("PreToolUse"))
    );
}

#[test]
fn a_harmless_command_is_met_with_silence() {
    let output = Home::new().run(&bash("ls -la && cargo test"));
    assert!(said(&output).is_none());
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn without_a_daemon_the_event_waits_in_the_spool_with_its_secrets_masked() {
    let home = Home::new();
    let secret = ["hunter2", "hunter2"].concat();
    home.run(&bash(&format!("PGPASSWORD={secret} psql -c 'select 1'")));
    let spooled = home.spooled();
    assert_eq!(spooled.len(), 1);
    let name = spooled[0]
        .file_stem()
        .and_then(|name| name.to_str())
        .expect("a name");
    assert_eq!(name.len(), 36, "{name}");
    assert_eq!(
        spooled[0].extension().and_then(|kind| kind.to_str()),
        Some("json")
    );
    let text = std::fs::read_to_string(&spooled[0]).expect("a file");
    let event: Value = serde_json::from_str(&text).expect("a whole event");
    assert_eq!(
        event["tool_input"]["command"],
        "PGPASSWORD=[masked: secret] psql -c 'select 1'"
    );
}

#[test]
fn the_private_part_of_a_prompt_is_never_spooled() {
    let home = Home::new();
    let event = json!({
        "session_id": "s",
        "cwd": "/tmp",
        "hook_event_name": "UserPromptSubmit",
        "prompt": "look at api <private>my mother's maiden name</private> please",
    });
    home.run(event.to_string().as_bytes());
    let text = std::fs::read_to_string(&home.spooled()[0]).expect("a file");
    assert!(text.contains("look at api [private] please"), "{text}");
    assert!(!text.contains("maiden"), "{text}");
}

#[test]
fn the_daemon_gets_the_event_as_it_was_read_and_its_answer_is_printed() {
    let home = Home::new();
    let answer = concat!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 79\r\nConnection: close\r\n\r\n",
        r#"{"hookSpecificOutput":{"hookEventName":"PreToolUse","additionalContext":"abc"}}"#
    );
    home.configure("[hooks]\ndeadline_ms = 5000\n");
    let daemon = serve(home.listen(), answer);
    let input = bash("ls");
    let output = home.run(&input);
    let value = said(&output).expect("an answer");
    assert_eq!(value["hookSpecificOutput"]["additionalContext"], "abc");
    let request = daemon.join().expect("the daemon ends");
    assert!(
        request.starts_with("POST /v1/hook HTTP/1.1\r\nHost: fjord\r\n"),
        "{request}"
    );
    assert!(request.contains("\r\nFjord-Event-Id: "));
    assert!(request.ends_with(&String::from_utf8(input).expect("text")));
    assert!(home.spooled().is_empty());
}

/// The answers of a daemon from before there were approvals, as it wrote them.
const OLD_NOTHING: &str =
    "HTTP/1.1 204 No Content\r\nconnection: close\r\ndate: Sat, 21 Nov 2026 01:00:00 GMT\r\n\r\n";
const OLD_NOT_FOUND: &str = "HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\ndate: Sat, 21 Nov 2026 01:00:00 GMT\r\n\r\n";
const OLD_ASK: &str = concat!(
    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 131\r\ndate: Sat, 21 Nov 2026 01:00:00 GMT\r\n\r\n",
    r#"{"hookSpecificOutput":{"hookEventName":"PreToolUse","permissionDecision":"ask","permissionDecisionReason":"It is on production."}} "#
);
/// The answer with which a daemon of today says that a person is asked.
const ASKED: &str = concat!(
    "HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\ncontent-length: 25\r\n\r\n",
    r#"{"approval":7,"wait_s":9}"#
);
const UNATTENDED: &[(&str, &str)] = &[("CLAUDE_CODE_SESSION_ATTENDED", "0")];

#[test]
fn what_cannot_be_read_is_said_in_one_line_and_nothing_else() {
    let deep = format!(
        "{{\"hook_event_name\":\"Stop\",\"a\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let cases: [(&[u8], &str); 6] = [
        (b"", "the JSON ends too early"),
        (b"not json", "this is no JSON"),
        (b"[1, 2]", "it is no JSON object"),
        (b"{\"hook_event_name\": \"Pre", "the JSON ends too early"),
        (deep.as_bytes(), "the JSON nests too deep"),
        (b"\xff\xfe\x00{", "this is no JSON"),
    ];
    for (input, expected) in cases {
        let output = Home::new().run(input);
        assert!(said(&output).is_none());
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(stderr.lines().count(), 1, "{stderr}");
        assert!(
            stderr.starts_with("fjord-hook: cannot read this event: ") && stderr.contains(expected),
            "{stderr}"
        );
    }
}

#[test]
fn bad_bytes_and_half_surrogates_do_not_hide_a_command() {
    let mut bytes = bash("rm -rf / # X");
    let at = bytes
        .iter()
        .rposition(|byte| *byte == b'X')
        .expect("the mark");
    bytes[at] = 0xff;
    assert_eq!(decision(&Home::new().run(&bytes)), "deny");
    let text = String::from_utf8(bash("rm -rf / # X"))
        .expect("text")
        .replace('X', "\\ud800");
    assert_eq!(decision(&Home::new().run(text.as_bytes())), "deny");
}

/// A deletion behind a file of `lines` lines that is written first.
fn behind_a_file(lines: usize) -> Vec<u8> {
    bash(&format!(
        "cat <<'EOF' > notes.txt\n{}EOF\nrm -rf /",
        "a line of text\n".repeat(lines)
    ))
}

#[test]
fn a_deletion_behind_a_long_file_is_denied() {
    assert_eq!(decision(&Home::new().run(&behind_a_file(10_000))), "deny");
}

#[test]
fn ten_megabytes_are_judged_and_kept() {
    let home = Home::new();
    // The text of a heredoc is stepped over, however long it is.
    assert_eq!(decision(&home.run(&behind_a_file(700_000))), "deny");
    assert_eq!(home.spooled().len(), 1);
}

#[test]
fn a_broken_configuration_is_reported_and_the_defaults_judge() {
    let home = Home::new();
    home.configure("[hooks\ndeadline_ms = ");
    let output = home.run(&bash("docker volume rm data"));
    assert_eq!(decision(&output), "deny");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        stderr.starts_with("fjord-hook: configuration: ") && stderr.lines().count() == 1,
        "{stderr}"
    );
}

#[test]
fn a_rule_can_be_set_and_an_exception_ends() {
    let home = Home::new();
    home.configure("[guard.rules]\n\"git.push-force\" = \"off\"\ncontainers = \"ask\"\n");
    assert_eq!(decision(&home.run(&bash("git push --force"))), "nothing");
    assert_eq!(decision(&home.run(&bash("docker volume rm data"))), "ask");
    assert_eq!(decision(&home.run(&bash("git reset --hard"))), "deny");
}

#[test]
fn the_snapshot_of_the_inventory_tells_production() {
    let home = Home::new();
    std::fs::create_dir_all(home.path().join("data")).expect("a folder");
    let inventory = json!({
        "taken_at": "2026-01-01T00:00:00Z", "unknown": 1,
        "servers": [{"name": "web-1", "hostname": "web-1.example.com", "ip_addresses": [], "role": "production", "local": true}],
        "services": [{"name": "api", "server": "web-1", "kind": "app", "runtime": "docker", "dependents": ["shop", "jobs", "mail"]}],
        "domains": [],
    });
    std::fs::write(
        home.path().join("data/inventory.json"),
        inventory.to_string(),
    )
    .expect("a file");
    let output = home.run(&bash("docker restart api"));
    assert_eq!(decision(&output), "ask");
    let value = said(&output).expect("an answer");
    let reason = value
        .pointer("/hookSpecificOutput/permissionDecisionReason")
        .and_then(Value::as_str)
        .expect("a reason");
    assert!(
        reason.contains("`web-1`, and `shop`, `jobs` and `mail` depend on it"),
        "{reason}"
    );
}

#[test]
fn fjords_own_files_are_not_for_the_agent() {
    let home = Home::new();
    let file = home.path().join("config/fjord.toml");
    let event = json!({"hook_event_name": "PreToolUse", "cwd": "/home/ann/app", "tool_name": "Write", "tool_input": {"file_path": file, "content": "x"}});
    assert_eq!(decision(&home.run(event.to_string().as_bytes())), "deny");
    assert_eq!(
        decision(&home.run(&bash(&format!("echo > {}", file.display())))),
        "deny"
    );
    assert_eq!(
        decision(&home.run(&bash("fjord deploy api --version v2 --yes"))),
        "deny"
    );
}

#[test]
fn every_recorded_input_ends_well() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/claude-hooks");
    let home = Home::new();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).expect("the recorded inputs") {
        let path = entry.expect("an entry").path();
        let output = home.run(&std::fs::read(&path).expect("a file"));
        let value = said(&output);
        assert!(
            output.stderr.is_empty(),
            "{}: {}",
            path.display(),
            String::from_utf8_lossy(&output.stderr)
        );
        let name = path.file_name().expect("a name").to_string_lossy();
        let may_speak = name.starts_with("PreToolUse") || name.starts_with("SessionStart");
        assert!(value.is_none() || may_speak, "{name}");
        count += 1;
    }
    assert!(count > 80, "{count}");
    assert_eq!(home.spooled().len(), count);
}

#[test]
fn a_person_is_told_once_a_session_that_the_daemon_is_not_there() {
    let home = Home::new();
    let begin = |source: &str| {
        let event = json!({ "hook_event_name": "SessionStart", "session_id": "s", "cwd": "/home/ann/app", "source": source });
        said(&home.run(event.to_string().as_bytes()))
    };
    for source in ["startup", "resume", "fork"] {
        let told = begin(source).expect("an object");
        let text = told["systemMessage"].as_str().expect("a text");
        assert!(text.contains("`fjord up`"), "{text}");
        assert!(
            told.get("hookSpecificOutput").is_none(),
            "the model is told nothing"
        );
    }
    for source in ["clear", "compact"] {
        assert_eq!(begin(source), None, "{source}");
    }
    assert_eq!(
        said(&home.run(&bash("ls"))),
        None,
        "a call tells nothing of it"
    );
    // A daemon that is there and slow is no reason to tell a person to start it.
    let _listener = home.listen();
    assert_eq!(begin("startup"), None);
}

#[test]
fn a_change_of_settings_that_drops_the_entries_is_refused_without_the_daemon_and_reported_later() {
    let home = Home::new();
    let folder = home.path().canonicalize().expect("a folder");
    let settings = folder.join("settings.json");
    let group = json!({ "hooks": [{ "type": "command", "command": "/x/fjord-hook", "args": [] }] });
    let known = json!({ "files": { settings.to_str().expect("UTF-8"): { "hooks": { "PreToolUse": group } } } });
    std::fs::create_dir_all(home.path().join("data")).expect("a folder");
    std::fs::write(
        home.path().join("data/hooks-installed.json"),
        known.to_string(),
    )
    .expect("a file");
    let change = |text: String| {
        std::fs::write(&settings, text).expect("a file");
        let event = json!({
            "hook_event_name": "ConfigChange", "session_id": "s", "cwd": "/home/ann/app",
            "source": "local_settings", "file_path": settings,
        });
        said(&home.run(event.to_string().as_bytes()))
    };
    let right = json!({ "model": "x", "hooks": { "PreToolUse": [group] } });
    assert_eq!(change(right.to_string()), None);
    let refused = change("{}".to_owned()).expect("an object");
    assert_eq!(refused["decision"], "block");
    let reason = refused["reason"].as_str().expect("a text");
    assert!(
        reason.contains("`fjord hooks uninstall`") && reason.contains("PreToolUse"),
        "{reason}"
    );
    let noted = home.spooled().into_iter().filter(|file| {
        let text = std::fs::read_to_string(file).expect("a file");
        text.contains("fjord_refused")
    });
    assert_eq!(noted.count(), 1);
}
