//! Every recorded event of the real client, through the real `fjord-hook`, with `fjord up` and without it.

use std::path::PathBuf;

use agent::store::Store;
use serde_json::Value;
use tests::{Home, Output};

/// What the client takes at the top of an answer.
pub(crate) const TOP: [&str; 7] = [
    "continue",
    "stopReason",
    "suppressOutput",
    "decision",
    "reason",
    "systemMessage",
    "hookSpecificOutput",
];

pub(crate) fn recorded() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/claude-hooks");
    let mut all: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            (
                path.file_name().unwrap().to_string_lossy().into_owned(),
                std::fs::read(path).unwrap(),
            )
        })
        .collect();
    all.sort();
    assert!(all.len() > 90, "{} recorded inputs", all.len());
    all
}

/// Exit code 0, nothing on stderr, and on stdout nothing or one object that the client allows.
fn check(name: &str, event: &[u8], output: &Output) {
    assert_eq!(
        (output.code, output.stderr.as_str()),
        (Some(0), ""),
        "{name}"
    );
    if output.stdout.is_empty() {
        return;
    }
    let event: Value = serde_json::from_slice(event).unwrap();
    let answer: Value = serde_json::from_str(&output.stdout)
        .unwrap_or_else(|error| panic!("{name}: {error}: {}", output.stdout));
    let answer = answer
        .as_object()
        .unwrap_or_else(|| panic!("{name}: not an object"));
    assert!(
        answer.keys().all(|key| TOP.contains(&key.as_str())),
        "{name}: {answer:?}"
    );
    if let Some(own) = answer.get("hookSpecificOutput") {
        assert_eq!(own["hookEventName"], event["hook_event_name"], "{name}");
        assert_ne!(
            own["permissionDecision"], "allow",
            "{name}: Fjord never allows by itself"
        );
    }
}

#[test]
fn without_fjord_up_each_ends_well() {
    let home = Home::new();
    for (name, event) in recorded() {
        check(&name, &event, &home.hook(&event));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_fjord_up_each_ends_well_and_is_stored_once() {
    let home = Home::with_config("[hooks]\napprove_wait_s = 1\n");
    let up = home.up();
    let all = recorded();
    for (name, event) in &all {
        check(name, event, &home.hook(event));
    }
    // Three chatty events are not kept; the design says which.
    let kept = all
        .iter()
        .filter(|(name, _)| {
            !["MessageDisplay", "InstructionsLoaded", "WorktreeCreate"]
                .iter()
                .any(|chatty| name.starts_with(chatty))
        })
        .count();
    let store = Store::new(&home.paths().store_url()).unwrap();
    tests::until("the events to be stored", async || {
        (store.hook_events(1_000).await.unwrap().len() == kept).then_some(())
    })
    .await;
    assert!(up.terminate().success());
}
