//! One judgement, three who give it: `fjord-hook` alone, `fjord up` behind its socket, `fjord guard explain`.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tests::Home;

/// A command, the verdict, the rule, and what it shows.
type Case = (&'static str, &'static str, &'static str, &'static str);

const USER: &str = r#"
[guard.rules]
"git.clean" = "off"
"git.push-force" = "ask"
containers = "deny"
orm = "off"
"orm.reset" = "on"
packages = "ask"
[[guard.exceptions]]
rule = "databases.drop"
command = "dropdb scratch-*"
until = "2999-12-31"
reason = "rebuilt"
who = "ann"
"#;

const PROJECT: &str = r#"
[guard.rules]
services = "deny"
databases = "off"
"git.clean" = "ask"
"#;

const CASES: [Case; 14] = [
    (
        "git clean -fdx",
        "ask",
        "git.clean",
        "off by the user, tightened by the project",
    ),
    (
        "git push --force origin main",
        "ask",
        "git.push-force",
        "a rule set to ask",
    ),
    (
        "docker system prune -f",
        "deny",
        "containers.prune",
        "a field set to deny",
    ),
    (
        "prisma migrate reset --force",
        "deny",
        "orm.reset",
        "a rule on in a field that is off",
    ),
    (
        "npx drizzle-kit push --force",
        "none",
        "",
        "a field that is off",
    ),
    (
        "npm publish",
        "ask",
        "packages.publish",
        "a field set to ask",
    ),
    (
        "npm unpublish left --force",
        "ask",
        "packages.unpublish",
        "a denial set to ask by its field",
    ),
    (
        "systemctl stop nginx",
        "deny",
        "services.stop",
        "tightened by the project",
    ),
    (
        "dropdb shop",
        "deny",
        "databases.drop",
        "a project loosens nothing",
    ),
    (
        "dropdb scratch-1",
        "none",
        "",
        "let through by the configuration",
    ),
    (
        "ssh web-1 dropdb scratch-1",
        "deny",
        "databases.drop",
        "and only on this machine",
    ),
    (
        "terraform destroy -auto-approve",
        "none",
        "",
        "let through by a person",
    ),
    (
        "terraform destroy",
        "deny",
        "infrastructure.destroy",
        "and only as it was named",
    ),
    ("ls -la", "none", "", "nothing to say"),
];

fn event(cwd: &Path, command: &str) -> Vec<u8> {
    let event = json!({
        "session_id": "s", "transcript_path": "/t.jsonl", "cwd": cwd, "permission_mode": "default",
        "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": {"command": command}, "tool_use_id": "t",
    });
    event.to_string().into_bytes()
}

fn of_answer(answer: &str) -> (String, String) {
    let value: Value = serde_json::from_str(answer).unwrap_or_default();
    let specific = &value["hookSpecificOutput"];
    let verdict = specific["permissionDecision"].as_str().unwrap_or("none");
    let reason = specific["permissionDecisionReason"]
        .as_str()
        .unwrap_or_default();
    let rule = reason
        .rsplit_once("(rule ")
        .map_or("", |(_, rest)| rest.trim_end_matches(')'));
    (verdict.to_owned(), rule.to_owned())
}

fn asked_over_the_socket(socket: &Path, event: &[u8]) -> (String, String) {
    let mut stream = UnixStream::connect(socket).unwrap();
    let head = format!(
        "POST /v1/hook HTTP/1.1\r\nHost: f\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        event.len()
    );
    stream
        .write_all(&[head.as_bytes(), event].concat())
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 20"), "{answer}");
    of_answer(body)
}

fn explained(home: &Home, cwd: &Path, command: &str) -> (String, String) {
    let folder = cwd.to_str().unwrap();
    let explained = home.fjord_json(["guard", "explain", "--json", "--cwd", folder, command]);
    let assessment = &explained["assessment"];
    (
        assessment["verdict"].as_str().unwrap().to_owned(),
        assessment["rule"].as_str().unwrap_or_default().to_owned(),
    )
}

fn project(home: &Home) -> PathBuf {
    let root = home.path().join("shop");
    std::fs::create_dir_all(root.join(".git")).unwrap();
    std::fs::create_dir_all(root.join("src")).unwrap();
    std::fs::write(root.join(".fjord.toml"), PROJECT).unwrap();
    // Further in, and it takes nothing back.
    std::fs::write(
        root.join("src/.fjord.toml"),
        "[guard.rules]\nservices = \"on\"\n",
    )
    .unwrap();
    root.join("src")
}

#[test]
fn hook_daemon_and_command_line_judge_alike() {
    let home = Home::with_config(&format!("{USER}\n[hooks]\ndeadline_ms = 5000\n"));
    let cwd = project(&home);
    let allowed = json!({
        "id": "a1b2c3", "command": "terraform destroy -auto-approve", "rules": ["infrastructure.destroy"],
        "up_to": "deny", "reason": "a sandbox", "who": "ann@desk", "created": "2026-01-01T00:00:00Z",
        "until": "2999-01-01T00:00:00Z", "folder": home.path().join("shop"),
    });
    let file = home.paths().allowed;
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, allowed.to_string()).unwrap();

    let check = |who: &str, judge: &dyn Fn(&str) -> (String, String)| {
        for (command, verdict, rule, why) in CASES {
            let (found, by) = judge(command);
            assert_eq!(
                (found.as_str(), by.as_str()),
                (verdict, rule),
                "{who}: {command}: {why}"
            );
        }
    };
    check("fjord-hook", &|command| {
        of_answer(&home.hook(&event(&cwd, command)).stdout)
    });
    check("fjord guard explain", &|command| {
        explained(&home, &cwd, command)
    });
    let up = home.up();
    let socket = home.paths().socket;
    check("fjord up", &|command| {
        asked_over_the_socket(&socket, &event(&cwd, command))
    });
    up.terminate();
}
