//! A coding agent asks, a person answers from another place: real `fjord up`, `fjord-hook` and `fjord approvals`.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use agent::store::Store;
use config::env;
use serde_json::{Value, json};
use tests::Home;

/// A hook that waits for a person.
struct Asking(Child);

fn event(name: &str, session: &str, own: &Value) -> Value {
    let mut event = json!({
        "session_id": session, "transcript_path": "/t", "cwd": "/srv/shop", "permission_mode": "default", "hook_event_name": name,
    });
    let fields = event.as_object_mut().unwrap();
    fields.extend(own.as_object().unwrap().clone());
    event
}

fn call(name: &str, command: &str) -> Value {
    event(
        name,
        "s1",
        &json!({ "tool_name": "Bash", "tool_input": { "command": command }, "tool_use_id": "t1" }),
    )
}

impl Asking {
    fn start(home: &Home, event: &Value, attended: &str) -> Self {
        use std::io::Write;
        let mut command: Command = home.command(&tests::binaries::fjord_hook());
        command
            .env(env::CLAUDE_CODE_SESSION_ATTENDED, attended)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let text = event.to_string();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        Self(child)
    }

    fn is_waiting(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    fn end(self) -> String {
        let output = self.0.wait_with_output().unwrap();
        assert_eq!(
            (output.status.code(), output.stderr.as_slice()),
            (Some(0), b"".as_slice())
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// What the session was told.
    fn said(self) -> Value {
        let text = self.end();
        let answer: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text:?}"));
        answer["hookSpecificOutput"].clone()
    }
}

/// The number of the one question that waits.
async fn number(home: &Home) -> String {
    let id = tests::until("the question to be listed", async || {
        let listed = home.fjord_json(["approvals"]);
        listed["data"][0]["id"].as_i64()
    })
    .await;
    id.to_string()
}

fn waiting_for(seconds: u64) -> Home {
    Home::with_config(&format!(
        "[hooks]\napprove_wait_s = {seconds}\ndeadline_ms = 5000\n"
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_at_the_desk_can_answer_waits_for_the_phone_and_then_runs() {
    let home = waiting_for(60);
    let up = home.up();
    let mut asking = Asking::start(&home, &call("PreToolUse", "systemctl stop nginx"), "0");
    let id = number(&home).await;
    assert!(asking.is_waiting());
    let shown = home.fjord(["approvals"]);
    assert!(
        shown.stdout.contains("systemctl stop nginx") && shown.stdout.contains("/srv/shop"),
        "{shown:?}"
    );
    let answered = home.fjord(["approvals", "allow", &id]);
    answered.expect_code(0);
    assert!(
        answered.stdout.contains("the session has the answer"),
        "{answered:?}"
    );
    assert_eq!(asking.said()["permissionDecision"], "allow");
    let again = home.fjord(["approvals", "deny", &id]);
    again.expect_code(1);
    assert!(
        again.stderr.contains("was answered with allow"),
        "{again:?}"
    );
    let store = Store::new(&home.paths().store_url()).unwrap();
    let audit = store.audit(10).await.unwrap();
    assert!(
        audit.iter().any(|row| row.action == "approvals"
            && row.target.as_deref() == Some(&format!("allow {id}"))
            && row.result == "done"),
        "{audit:?}"
    );
    assert!(up.terminate().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_reaches_the_coding_agent_with_its_note() {
    let home = waiting_for(60);
    let _up = home.up();
    let asking = Asking::start(&home, &call("PreToolUse", "systemctl stop nginx"), "0");
    let id = number(&home).await;
    home.fjord(["approvals", "deny", &id, "--note", "use the staging host"])
        .expect_code(0);
    let said = asking.said();
    assert_eq!(said["permissionDecision"], "deny");
    let reason = said["permissionDecisionReason"].as_str().unwrap();
    assert!(reason.ends_with("use the staging host"), "{reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn silence_is_a_refusal_that_says_so_within_the_time() {
    let home = waiting_for(1);
    let _up = home.up();
    let start = Instant::now();
    let asking = Asking::start(&home, &call("PreToolUse", "systemctl stop nginx"), "0");
    let said = asking.said();
    assert_eq!(said["permissionDecision"], "deny");
    let reason = said["permissionDecisionReason"].as_str().unwrap();
    assert!(reason.contains("nobody answered"), "{reason}");
    assert!(start.elapsed() >= Duration::from_secs(1));
    let all = home.fjord(["approvals", "--all"]);
    assert!(all.stdout.contains("nobody answered"), "{all:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_desk_the_dialog_asks_and_the_phone_may_answer_too() {
    let home = waiting_for(60);
    let _up = home.up();
    // Where somebody sits, the call itself is answered at once: the client opens its dialog.
    let before = Asking::start(&home, &call("PreToolUse", "systemctl stop nginx"), "1").said();
    assert_eq!(before["permissionDecision"], "ask");
    let mut request = call("PermissionRequest", "systemctl stop nginx");
    let rule = json!({ "type": "addRules", "rules": [{ "toolName": "Bash", "ruleContent": "systemctl stop nginx" }], "behavior": "allow", "destination": "localSettings" });
    request["permission_suggestions"] = json!([rule]);
    let asking = Asking::start(&home, &request, "1");
    let id = number(&home).await;
    home.fjord(["approvals", "allow", &id, "--always"])
        .expect_code(0);
    assert_eq!(
        asking.said()["decision"],
        json!({ "behavior": "allow", "updatedPermissions": [rule] })
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_at_the_desk_is_no_longer_asked() {
    let home = waiting_for(60);
    let _up = home.up();
    let asking = Asking::start(&home, &call("PermissionRequest", "make release"), "1");
    let id = number(&home).await;
    let mut ran = call("PostToolUse", "make release");
    ran["tool_response"] = json!({ "stdout": "ok" });
    assert_eq!(home.hook(ran.to_string().as_bytes()).code, Some(0));
    assert_eq!(asking.end(), "");
    let late = home.fjord(["approvals", "allow", &id]);
    late.expect_code(1);
    assert!(late.stderr.contains("answered at the desk"), "{late:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_gets_no_answer_and_the_person_hears_it() {
    let home = waiting_for(60);
    let _up = home.up();
    let mut asking = Asking::start(&home, &call("PreToolUse", "systemctl stop nginx"), "0");
    let id = number(&home).await;
    asking.0.kill().unwrap();
    asking.0.wait().unwrap();
    let late = home.fjord(["approvals", "allow", &id]);
    late.expect_code(1);
    assert!(
        late.stdout.contains("too late") || late.stdout.contains("did not say"),
        "{late:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_question_outlives_fjord() {
    let home = waiting_for(60);
    let up = home.up();
    let mut asking = Asking::start(&home, &call("PreToolUse", "systemctl stop nginx"), "0");
    let id = number(&home).await;
    up.kill();
    let _again = home.up();
    assert!(asking.is_waiting());
    home.fjord(["approvals", "allow", &id]).expect_code(0);
    assert_eq!(asking.said()["permissionDecision"], "allow");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_fjord_nobody_waits() {
    let home = waiting_for(60);
    let start = Instant::now();
    let asked = Asking::start(&home, &call("PreToolUse", "systemctl stop nginx"), "0");
    let said = asked.said();
    assert_eq!(said["permissionDecision"], "deny");
    let reason = said["permissionDecisionReason"].as_str().unwrap();
    assert!(
        reason.contains("nobody sits before this session"),
        "{reason}"
    );
    let silent = Asking::start(&home, &call("PermissionRequest", "make release"), "0");
    assert_eq!(silent.end(), "");
    assert!(start.elapsed() < tests::DEADLINE);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_guard_denies_is_asked_of_nobody() {
    let home = waiting_for(60);
    let _up = home.up();
    let before = Asking::start(&home, &call("PreToolUse", "rm -rf /"), "0").said();
    assert_eq!(before["permissionDecision"], "deny");
    let request = Asking::start(&home, &call("PermissionRequest", "rm -rf /"), "0").said();
    assert_eq!(request["decision"]["behavior"], "deny");
    assert_eq!(home.fjord_json(["approvals"])["data"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_coding_agent_does_not_answer_itself() {
    let mut home = waiting_for(60);
    let _up = home.up();
    let asking = Asking::start(&home, &call("PreToolUse", "systemctl stop nginx"), "0");
    let id = number(&home).await;
    home.set_variable(env::CLAUDECODE, "1");
    let refused = home.fjord(["approvals", "allow", &id]);
    refused.expect_code(77);
    let piped = home.fjord_with_input(["chat"], format!("/approve {id}\n").as_bytes());
    assert!(piped.stderr.contains("refused"), "{piped:?}");
    let open = home.fjord_json(["approvals"]);
    assert_eq!(open["data"].as_array().unwrap().len(), 1, "{open}");
    drop(asking);
}
