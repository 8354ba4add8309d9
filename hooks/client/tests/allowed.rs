//! What people let through and what variables say, as the program sees it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.0.path().join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
        std::fs::write(&file, text).expect("a file");
        file
    }

    /// The decision about a command, and what was said on stderr.
    fn judge(&self, program: &Path, command: &str, variables: &[(&str, &str)]) -> (String, String) {
        let cwd = self.0.path().join("work");
        std::fs::create_dir_all(&cwd).expect("a folder");
        let event = json!({
            "session_id": "s", "cwd": cwd, "hook_event_name": "PreToolUse",
            "tool_name": "Bash", "tool_input": {"command": command},
        });
        let mut child = Command::new(program)
            .env_clear()
            .env("FJORD_HOME", self.0.path())
            .env("HOME", self.0.path())
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        serde_json::to_writer(child.stdin.take().expect("a pipe"), &event).expect("a reader");
        let output = child.wait_with_output().expect("the program ends");
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let decision = answer
            .pointer("/hookSpecificOutput/permissionDecision")
            .and_then(Value::as_str)
            .unwrap_or("nothing");
        (
            decision.to_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    }

    fn decision(&self, command: &str) -> String {
        self.judge(program(), command, &[]).0
    }
}

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_fjord-hook"))
}

fn allowed(command: &str, up_to: &str, until: &str) -> String {
    let rules = [
        "containers.volume-remove",
        "filesystem.delete-tree",
        "databases.drop",
    ];
    json!({
        "id": "a1b2c3", "command": command, "rules": rules, "up_to": up_to, "reason": "scratch",
        "who": "ann@desk", "created": "2026-01-01T00:00:00Z", "until": until,
    })
    .to_string()
}

#[test]
fn an_exception_counts_until_its_end_and_a_broken_line_hides_no_other() {
    let home = Home::new();
    assert_eq!(home.decision("docker volume rm scratch-1"), "deny");
    let text = [
        "{\"id\": 7".to_owned(),
        allowed("docker volume rm scratch-*", "deny", "2999-01-01T00:00:00Z"),
        allowed("dropdb shop", "deny", "2001-01-01T00:00:00Z"),
    ]
    .join("\n");
    home.write("data/allowed.jsonl", &text);
    let (decision, said) = home.judge(program(), "docker volume rm scratch-1", &[]);
    assert_eq!(decision, "nothing");
    assert!(said.contains("allowed.jsonl:1: is no exception"), "{said}");
    assert_eq!(home.decision("docker volume rm orders"), "deny");
    assert_eq!(home.decision("dropdb shop"), "deny");
    // The file is not even read where the guard has nothing to say.
    assert_eq!(
        home.judge(program(), "ls", &[]),
        ("nothing".to_owned(), String::new())
    );
}

#[test]
fn an_exception_for_a_question_lets_no_denial_through() {
    let home = Home::new();
    home.write(
        "data/allowed.jsonl",
        &allowed("docker volume rm *", "ask", "2999-01-01T00:00:00Z"),
    );
    assert_eq!(home.decision("docker volume rm scratch-1"), "deny");
}

#[test]
fn a_variable_cannot_turn_the_guard_off() {
    let home = Home::new();
    let off = [
        (
            "FJORD_GUARD__RULES",
            "{ databases = \"off\", \"databases.drop\" = \"off\" }",
        ),
        (
            "FJORD_GUARD__EXCEPTIONS",
            "[{ rule = \"databases.drop\", command = \"dropdb shop\", until = \"2999-01-01\", reason = \"x\" }]",
        ),
    ];
    let (decision, said) = home.judge(program(), "dropdb shop", &off);
    assert_eq!(decision, "deny");
    assert!(said.contains("a variable may only tighten"), "{said}");
    let strict = [("FJORD_GUARD__RULES", "{ git = \"deny\" }")];
    let branch = "git branch -D wip";
    assert_eq!(home.decision(branch), "ask");
    assert_eq!(home.judge(program(), branch, &strict).0, "deny");
}

#[test]
fn an_installed_program_is_not_led_to_another_configuration() {
    let home = Home::new();
    let loose = Home::new();
    loose.write("config/fjord.toml", "[guard.rules]\ndatabases = \"off\"\n");
    let elsewhere = [("FJORD_HOME", loose.0.path().to_str().expect("text"))];
    assert_eq!(
        home.judge(program(), "dropdb shop", &elsewhere).0,
        "nothing"
    );
    let installed = home.write("data/bin/fjord-hook", "");
    std::fs::copy(program(), &installed).expect("a copy");
    assert_eq!(home.judge(&installed, "dropdb shop", &elsewhere).0, "deny");
}
