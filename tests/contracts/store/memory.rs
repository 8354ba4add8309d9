//! What sessions teach: learnt once, in the transaction that stores the event.

use agent::memory::{Known, Taken, taken};
use agent::store::Store;
use agent::store::rows::{CheckpointKind, HookEventRow, Json, Server, Service};
use chrono::TimeDelta;
use serde_json::{Value, json};

use super::{after, at_once, noon};

over_every_store!(
    what_solved_a_failure_is_learnt_once,
    what_worked_by_chance_or_on_something_else_is_no_lesson,
    a_fix_that_failed_twice_is_dropped,
    each_error_has_the_fix_that_ended_it,
    a_session_is_counted_and_its_checkpoint_refreshed,
    a_session_that_ended_is_claimed_for_words_once,
    a_notice_waits_until_the_person_is_away,
    a_notice_is_not_sent_beside_an_approval,
    what_is_old_is_forgotten_in_batches,
    a_change_is_an_event_once,
);

const ERROR: &str =
    "Exit code 1\nError: Cannot find module 'left-pad'\n    at resolve (node:internal)";

fn row(event: &str, second: i64, name: &str, (tool, detail): (&str, Value)) -> HookEventRow {
    HookEventRow {
        event: event.to_owned(),
        session: "s1".to_owned(),
        at: after(second),
        name: name.to_owned(),
        tool: (!tool.is_empty()).then(|| tool.to_owned()),
        cwd: "/srv/app".to_owned(),
        verdict: None,
        rule: None,
        detail: Json(detail),
    }
}

fn known() -> Known<'static> {
    Known {
        project: Some("/srv/app".to_owned()),
        chats: vec![7],
        away_after: TimeDelta::seconds(120),
        ..Known::default()
    }
}

fn failed(event: &str, second: i64, command: &str) -> HookEventRow {
    let detail = json!({ "command": command, "ok": false, "exit": 1, "output": ERROR });
    row(event, second, "PostToolUseFailure", ("Bash", detail))
}

fn ran(event: &str, second: i64, command: &str) -> HookEventRow {
    let detail = json!({ "command": command, "ok": true });
    row(event, second, "PostToolUse", ("Bash", detail))
}

fn edited(event: &str, second: i64, file: &str) -> HookEventRow {
    row(
        event,
        second,
        "PostToolUse",
        ("Edit", json!({ "file_path": file })),
    )
}

async fn put(store: &Store, rows: impl IntoIterator<Item = HookEventRow>) -> Vec<bool> {
    let events: Vec<Taken> = rows.into_iter().map(|row| taken(row, &known())).collect();
    store.take_in(&events).await.unwrap()
}

fn of(session: &str, mut row: HookEventRow) -> HookEventRow {
    session.clone_into(&mut row.session);
    row
}

async fn fixes(store: &Store) -> Vec<String> {
    let patterns = store.patterns(10).await.unwrap();
    patterns.into_iter().filter_map(|row| row.fix).collect()
}

async fn what_solved_a_failure_is_learnt_once(store: &Store) {
    let events = [
        failed("e1", 1, "npm test"),
        ran("e2", 2, "cat package.json"),
        ran("e3", 3, "npm install left-pad"),
        edited("e4", 4, "/srv/app/src/index.js"),
        ran("e5", 5, "npm test"),
    ];
    assert_eq!(put(store, events.clone()).await, [true; 5]);
    // Taken in again, as after a kill: nothing counts twice.
    assert_eq!(put(store, events).await, [false; 5]);
    let pattern = store.patterns(10).await.unwrap().remove(0);
    assert_eq!(
        pattern.fix.as_deref(),
        Some("edited `src/index.js`; ran `npm install left-pad`; then `npm test` worked as it was")
    );
    assert_eq!(
        (
            pattern.seen,
            pattern.sessions,
            pattern.fixed,
            pattern.fixed_at
        ),
        (1, 1, 1, Some(after(5)))
    );
    assert_eq!(
        pattern.problem,
        "`npm test`: Error: Cannot find module 'left-pad'"
    );
    put(store, [of("s2", failed("e6", 100, "npm test"))]).await;
    let again = store.pattern(&pattern.fingerprint).await.unwrap().unwrap();
    assert_eq!((again.seen, again.sessions), (2, 2));
    assert_eq!(again.fix, pattern.fix);
}

async fn what_worked_by_chance_or_on_something_else_is_no_lesson(store: &Store) {
    put(
        store,
        [
            failed("a1", 1, "npm test"),
            ran("a2", 2, "ls"),
            ran("a3", 3, "npm test"),
            failed("b1", 10, "pytest tests/a.py"),
            edited("b2", 11, "/srv/app/b.py"),
            ran("b3", 12, "pytest tests/b.py"),
            failed("c1", 20, "cargo build"),
            edited("c2", 21, "/srv/app/src/lib.rs"),
            of("s2", ran("c3", 22, "cargo build")),
            ran("c4", 20 + 31 * 60, "cargo build"),
        ],
    )
    .await;
    assert_eq!(fixes(store).await, Vec::<String>::new());
}

async fn a_fix_that_failed_twice_is_dropped(store: &Store) {
    put(
        store,
        [
            failed("e1", 1, "npm test"),
            ran("e2", 2, "npm ci"),
            ran("e3", 3, "npm test"),
        ],
    )
    .await;
    assert_eq!(fixes(store).await.len(), 1);
    for (number, left) in [(1, 1), (2, 1), (3, 0)] {
        let event = failed(&format!("f{number}"), 100 + number, "npm test");
        put(store, [of("s2", event)]).await;
        assert_eq!(fixes(store).await.len(), left, "failure {number}");
    }
}

async fn each_error_has_the_fix_that_ended_it(store: &Store) {
    let mut other = failed("e3", 3, "npm test");
    other.detail.0["output"] = json!("Exit code 1\nSyntaxError: Unexpected token in a.js");
    put(
        store,
        [
            failed("e1", 1, "npm test"),
            ran("e2", 2, "npm install left-pad"),
            other,
            edited("e4", 4, "/srv/app/a.js"),
            ran("e5", 5, "npm test"),
        ],
    )
    .await;
    let mut fixes = fixes(store).await;
    fixes.sort();
    assert_eq!(
        fixes,
        [
            "edited `a.js`; then `npm test` worked as it was",
            "ran `npm install left-pad`; then `npm test` worked as it was",
        ]
    );
}

async fn a_session_is_counted_and_its_checkpoint_refreshed(store: &Store) {
    let prompt = |event: &str, second| {
        row(
            event,
            second,
            "UserPromptSubmit",
            ("", json!({ "prompt": "go on" })),
        )
    };
    let stop = |event: &str, second, said: &str| {
        row(
            event,
            second,
            "Stop",
            ("", json!({ "last_assistant_message": said })),
        )
    };
    put(
        store,
        [
            prompt("e1", 1),
            edited("e2", 2, "/srv/app/a.rs"),
            failed("e3", 3, "cargo test"),
            stop("e4", 4, "One test fails."),
            stop("e5", 5, "Nothing new."),
            prompt("e6", 6),
            edited("e7", 7, "/srv/app/b.rs"),
            stop("e8", 8, "Both are edited."),
        ],
    )
    .await;
    let checkpoints = store.checkpoints_of("s1").await.unwrap();
    assert_eq!(checkpoints.len(), 1);
    assert_eq!(checkpoints[0].kind, CheckpointKind::Turn);
    assert_eq!(
        checkpoints[0].summary,
        "2 prompts, 1 command, 1 call failed, 2 files edited.\nEdited: b.rs, a.rs.\n\
         Not solved: `cargo test`: Error: Cannot find module 'left-pad'.\nSaid last: Both are edited."
    );
    let compact = row("e9", 9, "PreCompact", ("", json!({ "trigger": "auto" })));
    let end = row("f1", 11, "SessionEnd", ("", json!({ "reason": "other" })));
    put(store, [prompt("f0", 10), compact, end]).await;
    let kinds: Vec<CheckpointKind> = store
        .checkpoints_of("s1")
        .await
        .unwrap()
        .into_iter()
        .map(|checkpoint| checkpoint.kind)
        .collect();
    assert_eq!(kinds, [CheckpointKind::End, CheckpointKind::Compact]);
    let session = store.session("s1").await.unwrap().unwrap();
    assert_eq!(
        (
            session.prompts,
            session.tools,
            session.commands,
            session.failed,
            session.events
        ),
        (3, 3, 1, 1, 11)
    );
    assert_eq!(session.ended_at, Some(after(11)));
    assert!(session.summary.unwrap().starts_with("3 prompts, 1 command"));
    let of_project = store
        .last_checkpoint("/srv/app", "s2")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(of_project.session, "s1");
    assert_eq!(store.last_checkpoint("/srv/app", "s1").await.unwrap(), None);
}

async fn a_session_that_ended_is_claimed_for_words_once(store: &Store) {
    put(
        store,
        [
            edited("e1", 1, "/srv/app/a.rs"),
            row("e2", 2, "SessionEnd", ("", json!({ "reason": "other" }))),
        ],
    )
    .await;
    let claimed = at_once(store, |store, _| async move {
        store.claim_for_prose(after(3)).await.unwrap()
    })
    .await;
    assert_eq!(claimed.iter().flatten().count(), 1);
    store.put_prose("s1", "One file was edited.").await.unwrap();
    let sessions = store.sessions_to_index(5).await.unwrap();
    assert_eq!(sessions[0].prose.as_deref(), Some("One file was edited."));
    store.mark_session_indexed("s1", after(4)).await.unwrap();
    assert!(store.sessions_to_index(5).await.unwrap().is_empty());
}

fn asks(event: &str, second: i64, kind: &str) -> HookEventRow {
    let detail = json!({ "notification_type": kind, "message": "Claude needs your permission" });
    row(event, second, "Notification", ("", detail))
}

async fn due(store: &Store, second: i64) -> bool {
    let claimed = store
        .claim_outbox("o1", after(second), after(second + 60))
        .await
        .unwrap();
    claimed.is_some()
}

async fn a_notice_waits_until_the_person_is_away(store: &Store) {
    let prompt = |event: &str, second| {
        row(
            event,
            second,
            "UserPromptSubmit",
            ("", json!({ "prompt": "go on" })),
        )
    };
    put(store, [prompt("e1", 0), asks("e2", 60, "idle_prompt")]).await;
    assert!(!due(store, 100).await, "the person asked 100 s ago");
    // Back at the desk: nothing is sent.
    put(store, [prompt("e3", 110)]).await;
    assert!(!due(store, 400).await);
    put(
        store,
        [
            asks("e4", 400, "idle_prompt"),
            asks("e5", 401, "idle_prompt"),
            asks("e6", 402, "auth_success"),
        ],
    )
    .await;
    assert!(due(store, 403).await);
    assert!(
        !due(store, 404).await,
        "once in 300 s, and not for everything"
    );
    put(store, [asks("e7", 701, "idle_prompt")]).await;
    assert!(due(store, 702).await);
}

async fn a_notice_is_not_sent_beside_an_approval(store: &Store) {
    let new = agent::store::NewApproval {
        event: "a1",
        session: "s1",
        tool: "Bash",
        digest: "d",
        detail: &json!({ "what": "dropdb shop" }),
        asked_at: noon(),
        expires_at: after(600),
    };
    store.ask_approval(&new).await.unwrap();
    put(store, [asks("e1", 500, "permission_prompt")]).await;
    assert!(!due(store, 1_000).await);
    put(store, [of("s2", asks("e2", 500, "permission_prompt"))]).await;
    assert!(due(store, 1_000).await);
}

async fn what_is_old_is_forgotten_in_batches(store: &Store) {
    let rows = (0..7).map(|number| ran(&format!("e{number}"), number, "make"));
    put(store, rows).await;
    put(store, [failed("f1", 8, "npm test")]).await;
    let before = after(5);
    assert_eq!(store.forget_some_hook_events(before, 3).await.unwrap(), 3);
    assert_eq!(store.forget_some_hook_events(before, 3).await.unwrap(), 2);
    assert_eq!(store.forget_some_hook_events(before, 3).await.unwrap(), 0);
    assert_eq!(store.forget_failures(after(8), 3).await.unwrap(), 0);
    assert_eq!(store.forget_failures(after(9), 3).await.unwrap(), 1);
    assert!(store.old_sessions(after(8), 5).await.unwrap().is_empty());
    assert_eq!(store.old_sessions(after(9), 5).await.unwrap(), ["s1"]);
    assert_eq!(store.forget_old_session("s1", after(8)).await.unwrap(), 0);
    assert_eq!(store.forget_old_session("s1", after(9)).await.unwrap(), 1);
    let old = store.old_patterns(after(9), 5).await.unwrap();
    assert_eq!(store.forget_pattern(&old[0], after(9)).await.unwrap(), 1);
    put(
        store,
        [
            row("c1", 20, "Stop", ("", json!({}))),
            ran("c2", 21, "make"),
            row("c3", 22, "Stop", ("", json!({}))),
        ],
    )
    .await;
    let checkpoints = store.old_checkpoints(after(30), 5).await.unwrap();
    assert_eq!(checkpoints.len(), 1);
    assert_eq!(store.forget_checkpoint(checkpoints[0].1).await.unwrap(), 1);
    put(store, [asks("n1", 40, "idle_prompt")]).await;
    assert_eq!(store.forget_notices(after(40)).await.unwrap(), 0);
    assert_eq!(store.forget_notices(after(41)).await.unwrap(), 1);
}

async fn a_change_is_an_event_once(store: &Store) {
    let api = super::an_api(store).await;
    let servers: Vec<Server> = store.servers().await.unwrap();
    let services: Vec<Service> = store.services().await.unwrap();
    let snapshot = agent::snapshot::Snapshot {
        servers,
        services,
        ..Default::default()
    };
    let known = Known {
        snapshot: Some(&snapshot),
        ..known()
    };
    let mut event = failed(
        "e1",
        1,
        "ssh deploy@web1.example.com sudo systemctl restart api",
    );
    "/home/me".clone_into(&mut event.cwd);
    let events = [taken(event, &known)];
    assert_eq!(store.take_in(&events).await.unwrap(), [true]);
    assert_eq!(store.take_in(&events).await.unwrap(), [false]);
    let wanted = agent::store::EventsWanted {
        service_id: Some(api),
        limit: 9,
        ..Default::default()
    };
    let found = store.events(&wanted).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].title,
        "restart by a coding agent: `systemctl restart api` failed (session s1)"
    );
    assert_eq!(found[0].severity, agent::store::rows::Severity::Warning);
    assert_eq!(found[0].metadata.0["session"], "s1");
}
