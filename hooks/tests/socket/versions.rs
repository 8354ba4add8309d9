//! Clients of other versions.

use super::*;

/// A client of before there were approvals sends no header but the event's id.
#[tokio::test]
async fn an_older_client_gets_plain_verdicts_and_is_never_asked_to_wait() {
    let served = Fjord::new(|_| {}).with_inventory().await.served().await;
    let cwd = served.fjord.home.path().to_owned();
    let input = json!({ "tool_name": "Bash", "tool_input": { "command": "ssh web1.example.com sudo systemctl restart nginx" } });
    let (status, body) = served.send("e1", &event("PreToolUse", &cwd, &input)).await;
    assert_eq!(status, 200, "{body}");
    assert!(body.contains(r#""permissionDecision":"ask""#), "{body}");
    assert_eq!(
        served
            .send("e2", &event("PermissionRequest", &cwd, &input))
            .await,
        (204, String::new())
    );
    let agent = &served.fjord.agent;
    served.fjord.events(2).await;
    assert_eq!(
        agent.store().open_approvals(agent.now()).await.unwrap(),
        [],
        "nobody waits for an answer"
    );
    served.end().await;
}

/// A client of tomorrow says more than this daemon knows, and sends an event it never heard of.
#[tokio::test]
async fn a_newer_client_is_understood() {
    let served = Fjord::new(|_| {}).served().await;
    let cwd = served.fjord.home.path().to_owned();
    let body = event("PreToolUse", &cwd, &json!({ "tool_name": "Bash", "tool_input": { "command": "rm -rf /", "shell": { "new": 1 } } })).to_string();
    let mut stream = UnixStream::connect(&served.fjord.agent.paths().socket).unwrap();
    let request = format!(
        "POST /v1/hook HTTP/1.1\r\nHost: fjord\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\nFjord-Event-Id: e1\r\n\
         Fjord-Client-Version: 99.0.0\r\nFjord-Attended: perhaps\r\nFjord-Can-Wait: 1.5e3\r\nFjord-Own-Verdict: quarantine a.rule of tomorrow\r\nFjord-Mood: good\r\n\r\n{body}",
        body.len()
    );
    let answer = tokio::task::spawn_blocking(move || {
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    });
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(
        answer.contains(r#""permissionDecision":"deny""#),
        "{answer}"
    );
    served
        .send(
            "e2",
            &event("EventOfTomorrow", &cwd, &json!({ "reason": "new" })),
        )
        .await;
    assert_eq!(served.fjord.events(2).await.len(), 2);
    served.end().await;
}
