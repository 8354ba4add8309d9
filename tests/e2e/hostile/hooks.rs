//! What `fjord-hook` is fed by a client gone mad.

use agent::store::Store;
use agent::store::rows::HookEventRow;
use serde_json::{Value, json};
use tests::{Home, Output, binaries, servers};

use super::{end, event, is_clean, memory_comes_back, watched};

/// The most that `fjord-hook` may need beside the event itself, in kilobytes.
const OWN: u64 = 30 * 1024;

fn decision(output: &Output) -> Option<String> {
    let answer: Value = serde_json::from_str(&output.stdout).ok()?;
    Some(
        answer["hookSpecificOutput"]["permissionDecision"]
            .as_str()?
            .to_owned(),
    )
}

/// Stdout empty or one JSON object, exit 0, no panic, at most one line on stderr.
#[track_caller]
fn is_allowed(output: &Output) {
    is_clean(output);
    output.expect_code(0);
    assert!(
        output.stderr.lines().count() <= 1 && output.stderr.len() < 400,
        "{}",
        output.stderr
    );
    if !output.stdout.is_empty() {
        let answer: Value = serde_json::from_str(&output.stdout).unwrap();
        assert!(answer.is_object(), "{answer}");
    }
}

fn dangerous(padding: usize) -> Vec<u8> {
    let input = json!({ "command": "rm -rf /", "description": "x".repeat(padding) });
    event("PreToolUse", &json!({ "tool_input": input }))
        .to_string()
        .into_bytes()
}

async fn stored(store: &Store, count: usize) -> Vec<HookEventRow> {
    tests::until("the events to be stored", async || {
        let rows = store.hook_events(500).await.unwrap();
        (rows.len() >= count).then_some(rows)
    })
    .await
}

#[test]
fn ten_megabytes_are_judged_without_fjord_and_kept() {
    let home = Home::new();
    let (output, peak, _) = watched(home.command(&binaries::fjord_hook()), dangerous(10 << 20));
    is_allowed(&output);
    assert_eq!(
        decision(&output).as_deref(),
        Some("deny"),
        "{}",
        output.stderr
    );
    assert!(peak < OWN + 6 * (10 << 10), "{peak} KB");
    assert_eq!(
        std::fs::read_dir(home.paths().spool_dir).unwrap().count(),
        1,
        "it waits for `fjord up`"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_events_are_judged_and_stored_once_while_fjord_runs() {
    let home = Home::new();
    let up = home.up();
    let before = up.resident_kilobytes().unwrap();
    let (output, _, _) = watched(home.command(&binaries::fjord_hook()), dangerous(10 << 20));
    is_allowed(&output);
    assert_eq!(
        decision(&output).as_deref(),
        Some("deny"),
        "{}",
        output.stderr
    );
    let response = json!({ "stdout": "a line of output\n".repeat((30 << 20) / 17), "stderr": "", "interrupted": false });
    let after = event(
        "PostToolUse",
        &json!({ "tool_input": { "command": "cat big" }, "tool_response": response }),
    );
    let (output, peak, _) = watched(
        home.command(&binaries::fjord_hook()),
        after.to_string().into_bytes(),
    );
    is_allowed(&output);
    assert_eq!(output.stdout, "");
    assert!(peak < OWN + 6 * (30 << 10), "{peak} KB");
    let store = Store::new(&home.paths().store_url()).unwrap();
    let rows = stored(&store, 2).await;
    tests::until("the spool to be empty", async || {
        (!home.paths().spool_dir.exists()
            || std::fs::read_dir(home.paths().spool_dir).unwrap().count() == 0)
            .then_some(())
    })
    .await;
    assert_eq!(
        store.hook_events(500).await.unwrap().len(),
        2,
        "each counts once"
    );
    for row in rows {
        assert!(
            row.detail.to_string().len() < 64 << 10,
            "{} is kept in short",
            row.name
        );
    }
    memory_comes_back(&up, before).await;
    end(up);
}

#[test]
fn a_command_of_ten_megabytes_is_judged_in_time() {
    let home = Home::new();
    let command = format!("echo {} ; rm -rf /", "a ".repeat(5 << 20));
    let input = event(
        "PreToolUse",
        &json!({ "tool_input": { "command": command } }),
    )
    .to_string()
    .into_bytes();
    let (output, peak, took) = watched(home.command(&binaries::fjord_hook()), input);
    is_allowed(&output);
    assert!(
        matches!(decision(&output).as_deref(), Some("ask" | "deny")),
        "{:?}",
        output.stdout.get(..200)
    );
    assert!(took.as_secs() < 10, "{took:?}");
    assert!(peak < 400 << 10, "{peak} KB");
    assert!(
        output.stdout.len() < 8 << 10,
        "the reason does not repeat it: {} bytes",
        output.stdout.len()
    );
}

#[test]
fn what_cannot_be_read_is_told_in_one_line_and_a_call_is_asked_about() {
    let home = Home::new();
    let deep = format!(
        r#"{{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{{"command":"rm -rf /","x":{}{}}}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let output = home.hook(deep.as_bytes());
    is_allowed(&output);
    assert!(
        output.stderr.contains("nests too deep"),
        "{}",
        output.stderr
    );
    assert_eq!(
        decision(&output).as_deref(),
        Some("ask"),
        "a call that nobody judged is not let through in silence"
    );
    for input in [
        &b""[..],
        b"\0\0\0",
        b"\xff\xfe{",
        b"[1]",
        b"null",
        b"{",
        b"{\"a\":}",
        &b"{".repeat(100_000),
        &b"[".repeat(100_000),
    ] {
        let output = home.hook(input);
        is_allowed(&output);
        assert_eq!(output.stdout, "");
        assert!(
            output.stderr.contains("cannot read this event"),
            "{:?}: {}",
            &input[..input.len().min(9)],
            output.stderr
        );
    }
}

#[test]
fn a_call_that_would_swell_is_asked_about_and_not_parsed() {
    let home = Home::new();
    let call = event(
        "PreToolUse",
        &json!({ "tool_input": { "command": "rm -rf /" } }),
    )
    .to_string();
    let input = format!(
        "{},\"more\":[{}0]}}",
        &call[..call.len() - 1],
        "0,".repeat(10 << 20)
    )
    .into_bytes();
    let (output, peak, _) = watched(home.command(&binaries::fjord_hook()), input);
    is_allowed(&output);
    assert_eq!(decision(&output).as_deref(), Some("ask"));
    assert!(peak < OWN + 3 * (20 << 10), "{peak} KB");
}

#[test]
fn wrong_types_and_empty_objects_say_nothing() {
    let home = Home::new();
    for input in [
        "{}",
        r#"{"hook_event_name":7}"#,
        r#"{"hook_event_name":"PreToolUse"}"#,
        r#"{"hook_event_name":"PreToolUse","tool_name":[],"tool_input":"x","cwd":{}}"#,
        r#"{"hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":["rm","-rf","/"]}}"#,
        r#"{"hook_event_name":"UserPromptSubmit","prompt":null,"session_id":9e999}"#,
        r#"{"hook_event_name":"../../x","session_id":"../../y","cwd":"../../z"}"#,
    ] {
        is_allowed(&home.hook(input.as_bytes()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_bytes_lone_surrogates_and_nul_are_judged_and_stored() {
    let home = Home::new();
    let up = home.up();
    let bytes = b"{\"hook_event_name\":\"PreToolUse\",\"session_id\":\"s\",\"cwd\":\"/tmp\",\"tool_name\":\"Bash\",\
        \"tool_input\":{\"command\":\"rm -rf / # \xff\xfe \\ud83d \\u0000\"}}";
    let output = home.hook(bytes);
    is_allowed(&output);
    assert_eq!(decision(&output).as_deref(), Some("deny"), "{output:?}");
    let store = Store::new(&home.paths().store_url()).unwrap();
    assert_eq!(stored(&store, 1).await[0].verdict.as_deref(), Some("deny"));
    end(up);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_that_takes_no_nul_stores_the_event_all_the_same() {
    let Some(database) = servers::postgres().await else {
        return;
    };
    let home = Home::with_config(&format!("[store]\nurl = \"{}\"\n", database.url));
    let up = home.up();
    let more = json!({ "prompt": "a\0b", "session_id": "s\0", "cwd": "/tmp\0" });
    is_allowed(&home.hook(event("UserPromptSubmit", &more).to_string().as_bytes()));
    let input = json!({ "command": "echo a\0b", "k\0": "v" });
    let more = json!({ "tool_input": input, "tool_name": "Bash\0", "tool_response": { "stdout": "x\0y" } });
    is_allowed(&home.hook(event("PostToolUse", &more).to_string().as_bytes()));
    is_allowed(&home.hook(event("Odd\0Event", &json!({})).to_string().as_bytes()));
    let store = Store::new(&database.url).unwrap();
    assert_eq!(stored(&store, 3).await.len(), 3, "{}", up.log());
    let refused = home.fjord_with_input(["chat"], b"/remember the a\0b note\n");
    assert!(
        refused.code == Some(64) && refused.stderr.contains("plain text"),
        "{refused:?}"
    );
    end(up);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spool_with_broken_huge_and_foreign_files_is_taken_in_or_set_aside() {
    let home = Home::new();
    let spool = home.paths().spool_dir;
    is_allowed(&home.hook(&dangerous(0)));
    for (name, bytes) in [
        (
            "0192f3a4-5b6c-7000-8000-000000000001.json",
            &b"{\"hook_event_name\""[..],
        ),
        ("0192f3a4-5b6c-7000-8000-000000000002.json", b""),
        ("0192f3a4-5b6c-7000-8000-000000000003.json", b"\xff\xfe\0"),
        (
            "0192f3a4-5b6c-7000-8000-000000000004.json",
            b"{\"observation\": {\"event\": 7}}",
        ),
        ("0192f3a4-5b6c-7000-8000-000000000005.json", b"[]"),
        ("odd name;$(touch owned).json", b"{}"),
        ("notes.txt", b"mine"),
        (".0192.tmp", b"{"),
    ] {
        std::fs::write(spool.join(name), bytes).unwrap();
    }
    let huge =
        std::fs::File::create(spool.join("0192f3a4-5b6c-7000-8000-000000000006.json")).unwrap();
    huge.set_len(300 << 20).unwrap();
    std::fs::create_dir(spool.join("0192f3a4-5b6c-7000-8000-000000000007.json")).unwrap();
    std::os::unix::fs::symlink(
        "/dev/zero",
        spool.join("0192f3a4-5b6c-7000-8000-000000000008.json"),
    )
    .unwrap();
    let pipe = spool.join("0192f3a4-5b6c-7000-8000-000000000009.json");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let up = home.up();
    let before = up.resident_kilobytes().unwrap();
    let store = Store::new(&home.paths().store_url()).unwrap();
    assert_eq!(
        stored(&store, 1).await[0].verdict,
        None,
        "the one good event is stored"
    );
    tests::until("the broken files to be set aside", async || {
        let left = std::fs::read_dir(&spool).unwrap().filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .path()
                .extension()
                .is_some_and(|extension| extension == "json")
        });
        (left.count() == 0).then_some(())
    })
    .await;
    assert!(spool.join("notes.txt").exists(), "what is not ours stays");
    assert_eq!(std::fs::read_dir(spool.join("bad")).unwrap().count(), 10);
    memory_comes_back(&up, before).await;
    end(up);
}

#[test]
fn a_spool_that_is_a_file_is_told_and_the_verdict_stands() {
    let home = Home::new();
    let spool = home.paths().spool_dir;
    std::fs::create_dir_all(spool.parent().unwrap()).unwrap();
    std::fs::write(&spool, "no folder").unwrap();
    let output = home.hook(&dangerous(0));
    is_allowed(&output);
    assert_eq!(decision(&output).as_deref(), Some("deny"));
    assert!(
        output.stderr.contains("cannot spool this event"),
        "{}",
        output.stderr
    );
}
