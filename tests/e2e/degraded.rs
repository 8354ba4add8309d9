//! Each helper stopped while `fjord up` runs: what the user still gets, and sees.

use std::time::{Duration, Instant};

use agent::store::Store;
use serde_json::Value;
use tests::servers::{ChromaServer, PostgresServer, RedisServer};
use tests::service::Health;
use tests::{Home, Ollama, TestService};

/// A `PreToolUse` event for a command.
fn before(command: &str) -> Vec<u8> {
    serde_json::json!({
        "session_id": "5f6c1e2a-0000-4000-8000-000000000009",
        "transcript_path": "/tmp/none.jsonl",
        "cwd": "/tmp",
        "hook_event_name": "PreToolUse",
        "tool_name": "Bash",
        "tool_input": { "command": command },
        "tool_use_id": "toolu_01",
    })
    .to_string()
    .into_bytes()
}

fn verdict(output: &tests::Output) -> Option<String> {
    output.expect_code(0);
    let answer: Value = serde_json::from_str(&output.stdout).ok()?;
    Some(
        answer["hookSpecificOutput"]["permissionDecision"]
            .as_str()?
            .to_owned(),
    )
}

fn doctor_line(home: &Home, name: &str) -> Value {
    let report = home.fjord_json(["doctor"]);
    let checks = report["data"].as_array().cloned().unwrap_or_default();
    checks
        .into_iter()
        .find(|check| check["name"] == name)
        .unwrap_or(Value::Null)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_stopped_the_rows_throttle_and_one_event_says_so() {
    let Some(mut redis) = RedisServer::start().await else {
        return;
    };
    let home = Home::with_config(&format!("[throttle]\nurl = \"{}\"\n", redis.url()));
    let up = home.up();
    home.fjord(["server", "add", "here", "--hostname", "localhost"])
        .expect_code(0);
    assert_eq!(doctor_line(&home, "throttle")["state"], "ok");
    redis.stop();
    let began = Instant::now();
    home.fjord(["status"]).expect_code(0);
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "a dead Redis delays nobody"
    );
    let line = doctor_line(&home, "throttle");
    assert_eq!(line["state"], "down", "{line}");
    assert!(line["note"].as_str().unwrap().contains("rows"), "{line}");
    let events = home.fjord(["events"]);
    assert!(
        events.stdout.contains("redis is not available"),
        "{events:?}"
    );
    redis.restart().await;
    tests::until("redis to be used again", async || {
        (doctor_line(&home, "throttle")["state"] == "ok").then_some(())
    })
    .await;
    assert!(up.terminate().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chroma_stopped_passages_come_from_full_text_and_say_so() {
    let Some(mut chroma) = ChromaServer::start().await else {
        return;
    };
    let ollama = Ollama::start().await;
    let home = Home::with_config(&format!(
        "[rag]\nurl = \"{}\"\n[llm]\nurl = \"{}\"\n",
        chroma.url(),
        ollama.url()
    ));
    let up = home.up();
    let note = home.path().join("note.md");
    std::fs::write(
        &note,
        "# Backups\n\nThe nightly dump of the billing database lies on the second disk.\n",
    )
    .unwrap();
    home.fjord(["rag", "add", note.to_str().unwrap()])
        .expect_code(0);
    let found = home.fjord_json(["rag", "search", "nightly dump"]);
    assert_eq!(found["data"]["retrieval"], "semantic", "{found}");
    chroma.stop();
    let found = home.fjord_json(["rag", "search", "nightly dump"]);
    assert_eq!(found["data"]["retrieval"], "full-text", "{found}");
    assert!(
        found["data"]["passages"][0]["text"]
            .as_str()
            .unwrap()
            .contains("second disk"),
        "{found}"
    );
    assert!(
        home.fjord(["rag", "search", "nightly dump"])
            .stdout
            .contains("full-text")
    );
    assert_eq!(doctor_line(&home, "chroma")["state"], "down");
    chroma.restart().await;
    let found = home.fjord_json(["rag", "search", "nightly dump"]);
    assert_eq!(found["data"]["retrieval"], "semantic", "{found}");
    assert!(up.terminate().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ollama_stopped_the_brief_is_facts_only() {
    let ollama = Ollama::start().await;
    ollama.answer_with("All is quiet.");
    let home = Home::with_config(&format!("[llm]\nurl = \"{}\"\n", ollama.url()));
    let up = home.up();
    home.fjord(["server", "add", "here", "--hostname", "localhost"])
        .expect_code(0);
    let brief = home.fjord(["brief"]);
    brief.expect_code(0);
    assert!(brief.stdout.contains("All is quiet."), "{brief:?}");
    drop(ollama);
    let brief = home.fjord(["brief"]);
    brief.expect_code(0);
    assert!(
        brief.stdout.contains("model unavailable: facts only"),
        "{brief:?}"
    );
    assert_eq!(doctor_line(&home, "model")["state"], "down");
    assert!(up.terminate().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_stopped_reads_carry_their_age_writes_are_refused_and_hooks_still_judge() {
    let Some(mut postgres) = PostgresServer::start().await else {
        return;
    };
    let database = postgres.database().await;
    let home = Home::with_config(&format!("[store]\nurl = \"{}\"\n", database.url));
    let service = TestService::start();
    service.behave("*", Health::Good);
    home.fjord([
        "server",
        "add",
        "db1",
        "--hostname",
        "localhost",
        "--role",
        "production",
    ])
    .expect_code(0);
    let folder = service.folder().display().to_string();
    home.fjord([
        "service",
        "add",
        "api",
        "--server",
        "db1",
        "--runtime",
        "docker",
        "--health-endpoint",
        &service.health_url(),
        "--project-path",
        &folder,
        "--deploy-command",
        service.deploy_command(),
    ])
    .expect_code(0);
    let up = home.up();
    tests::until("the snapshot to know the service", async || {
        std::fs::read_to_string(home.paths().snapshot)
            .is_ok_and(|text| text.contains("api"))
            .then_some(())
    })
    .await;
    postgres.stop();

    let status = home.fjord(["status"]);
    status.expect_code(0);
    assert!(
        status.stdout.contains("as of") && status.stdout.contains("api"),
        "{status:?}"
    );
    let as_json = home.fjord_json(["status"]);
    assert_eq!(as_json["reply"], "as_of", "{as_json}");
    for write in [
        &["service", "set", "api", "--port", "81"][..],
        &["deploy", "api", "--version", "v1", "--yes"],
        &["server", "remove", "db1"],
        &["remember", "something"],
    ] {
        let refused = home.fjord(write);
        refused.expect_code(69);
        assert!(
            refused.stderr.contains("store is not available"),
            "{refused:?}"
        );
    }
    assert_eq!(service.version(), "", "nothing was deployed");
    assert_eq!(
        verdict(&home.hook(&before("rm -rf /"))).as_deref(),
        Some("deny")
    );
    assert_eq!(verdict(&home.hook(&before("ls"))), None);
    assert_eq!(doctor_line(&home, "store")["state"], "down");

    postgres.restart().await;
    tests::until("writes to be taken again", async || {
        (home.fjord(["service", "set", "api", "--port", "81"]).code == Some(0)).then_some(())
    })
    .await;
    let store = Store::new(&database.url).unwrap();
    assert_eq!(
        store.services().await.unwrap()[0].port,
        Some(81),
        "refused writes were not queued, later ones are made"
    );
    tests::until("the verdicts of that time to be stored", async || {
        let events = store.hook_events(50).await.unwrap();
        events
            .iter()
            .any(|event| event.verdict.as_deref() == Some("deny"))
            .then_some(())
    })
    .await;
    assert!(up.terminate().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fjord_itself_stopped_the_hook_judges_alone_and_its_events_come_in_later_once() {
    let home = Home::new();
    let up = home.up();
    up.kill();
    let began = Instant::now();
    assert_eq!(
        verdict(&home.hook(&before("rm -rf /"))).as_deref(),
        Some("deny")
    );
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "nothing blocks the coder"
    );
    let spooled = || {
        std::fs::read_dir(home.paths().spool_dir).map_or(0, |files| {
            files
                .flatten()
                .filter(|file| file.path().extension().is_some_and(|end| end == "json"))
                .count()
        })
    };
    assert_eq!(spooled(), 1);
    let up = home.up();
    let store = Store::new(&home.paths().store_url()).unwrap();
    tests::until("the spool to be taken in", async || {
        (spooled() == 0).then_some(())
    })
    .await;
    assert_eq!(store.hook_events(50).await.unwrap().len(), 1);
    assert!(up.terminate().success());
    let up = home.up();
    assert_eq!(store.hook_events(50).await.unwrap().len(), 1, "once");
    assert!(up.terminate().success());
}
