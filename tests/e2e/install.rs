//! The installed hooks through the real programs: what a session does to them, and what a person is told.

use std::path::PathBuf;

use agent::store::Store;
use serde_json::{Value, json};
use tests::{Home, until};

/// A home with the hooks in the settings of a project; returns the settings.
fn installed(home: &Home) -> PathBuf {
    let project = home.path().join("project");
    std::fs::create_dir_all(&project).unwrap();
    let dir = project.to_str().unwrap();
    home.fjord(["hooks", "install", "--scope", "local", "--dir", dir])
        .expect_code(0);
    project
        .canonicalize()
        .unwrap()
        .join(".claude/settings.local.json")
}

/// What the hook says to a change of the settings.
fn changed(home: &Home, settings: &PathBuf) -> Option<Value> {
    let event = json!({
        "hook_event_name": "ConfigChange", "session_id": "s-1", "cwd": home.path().join("project"),
        "source": "local_settings", "file_path": settings,
    });
    let output = home.hook(event.to_string().as_bytes());
    output.expect_code(0);
    (!output.stdout.is_empty()).then(|| serde_json::from_str(&output.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_takes_the_hooks_out_is_refused_and_reported_and_a_person_is_not() {
    let home = Home::new();
    let settings = installed(&home);
    assert_eq!(changed(&home, &settings), None, "nothing is missing");
    let up = home.up();
    let right = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, "{}").unwrap();
    assert_eq!(changed(&home, &settings).unwrap()["decision"], "block");
    let store = Store::new(&home.paths().store_url()).unwrap();
    let event = until("the refusal in the log", async || {
        let events = store.hook_events(10).await.unwrap();
        events
            .into_iter()
            .find(|event| event.verdict.as_deref() == Some("deny"))
    })
    .await;
    assert_eq!(
        (event.name.as_str(), event.rule.as_deref()),
        ("ConfigChange", Some("own.hooks"))
    );
    let audit = until("the refusal in the audit", async || {
        let rows = store.audit(10).await.unwrap();
        rows.into_iter().find(|row| row.action == "hooks")
    })
    .await;
    assert_eq!(audit.result, "refused");
    assert_eq!(audit.target.as_deref(), settings.to_str());
    let status = home.fjord_json(["hooks", "status", "--dir", "project"]);
    assert_eq!(status["last_event"]["name"], "ConfigChange");
    assert_eq!(status["daemon"], true);
    drop(up);
    std::fs::write(&settings, right).unwrap();
    home.fjord(["hooks", "uninstall", "--scope", "local", "--dir", "project"])
        .expect_code(0);
    assert!(!settings.exists());
    assert_eq!(changed(&home, &settings), None, "a person took them out");
}

#[test]
fn status_tells_which_program_answers_and_what_switches_hooks_off() {
    let home = Home::new();
    let settings = installed(&home);
    let status = home.fjord_json(["hooks", "status", "--dir", "project"]);
    assert_eq!(status["local"]["complete"], true);
    assert_eq!(status["local"]["same_version"], true);
    assert_eq!(status["last_event"], Value::Null);
    assert_eq!(status["daemon"], false);
    let text = home.fjord(["hooks", "status", "--dir", "project"]).stdout;
    assert!(text.contains("no event yet"), "{text}");
    let program = home.paths().bin_dir.join("fjord-hook");
    std::fs::remove_file(program).unwrap();
    std::fs::write(
        settings.with_file_name("settings.json"),
        "{\"disableAllHooks\": true}",
    )
    .unwrap();
    let text = home.fjord(["hooks", "status", "--dir", "project"]).stdout;
    assert!(text.contains("local    broken"), "{text}");
    assert!(text.contains("switched off by `disableAllHooks`"), "{text}");
    let status = home.fjord_json(["hooks", "status", "--dir", "project"]);
    assert_eq!(status["local"]["program_answer"], "gone");
}

#[test]
fn a_program_that_a_repository_names_is_not_run() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let project = home.path().join("project");
    std::fs::create_dir_all(project.join(".claude")).unwrap();
    let (program, mark) = (project.join("fjord-hook"), home.path().join("ran"));
    std::fs::write(&program, format!("#!/bin/sh\ntouch {}\n", mark.display())).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let hook = json!({ "type": "command", "command": program, "args": [] });
    let settings = json!({ "hooks": { "Stop": [{ "hooks": [hook] }] } });
    std::fs::write(project.join(".claude/settings.json"), settings.to_string()).unwrap();
    let status = home.fjord_json(["hooks", "status", "--dir", "project"]);
    assert_eq!(status["project"]["program_answer"], "not_ours");
    assert!(!mark.exists());
}
