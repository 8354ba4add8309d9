//! Two hundred events at once, and everything that can go wrong meanwhile: no event waits longer than it may, no
//! verdict is softer than the guard's own, and each event is stored exactly once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use agent::store::Store;
use serde_json::{Value, json};
use tests::{Home, Output, Up};

use super::hostile::end;

const EVENTS: usize = 200;
const SESSIONS: usize = 64;
/// The longest deadline of the configuration, and what a waiting approval gets beside it.
const DEADLINE: Duration = Duration::from_millis(800);
const APPROVAL: Duration = Duration::from_secs(1);
const CONFIG: &str = "[hooks]\napprove_wait_s = 1\n";

/// What came of one event.
struct Said {
    output: Output,
    took: Duration,
}

/// How events are told apart in the store: their own ids are made by the program.
fn mark(number: usize) -> String {
    format!("storm-{number:03}")
}

fn event(number: usize) -> Value {
    let mark = mark(number);
    let command = [
        format!("ls {mark}"),
        format!("git push --force origin {mark}"),
        format!("cargo test {mark}"),
        format!("dropdb {mark}"),
        format!("sudo rm -rf /etc/{mark}"),
    ];
    let tool = json!({ "command": command[number / 4 % command.len()] });
    let more = match number % 4 {
        0 => {
            json!({ "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": tool, "tool_use_id": mark })
        }
        1 => {
            json!({ "hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_input": tool, "tool_use_id": mark,
            "tool_response": { "stdout": "done", "stderr": "", "interrupted": false }, "duration_ms": 3 })
        }
        2 => json!({ "hook_event_name": "UserPromptSubmit", "prompt": format!("look at {mark}") }),
        _ => {
            json!({ "hook_event_name": "PermissionRequest", "tool_name": "Bash", "tool_input": tool })
        }
    };
    let mut event = json!({ "session_id": format!("session-{}", number % SESSIONS), "cwd": "/tmp", "transcript_path": "/tmp/t.jsonl" });
    event
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    event
}

/// Starts all events at once, each a process; `watch` is told after each how many are done.
fn storm(home: &Home, count: usize, watch: impl Fn(usize) + Sync) -> Vec<Said> {
    let done = AtomicUsize::new(0);
    let (done, watch) = (&done, &watch);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..count)
            .map(|number| {
                scope.spawn(move || {
                    let event = event(number).to_string();
                    let began = Instant::now();
                    let output = home.hook(event.as_bytes());
                    let took = began.elapsed();
                    watch(done.fetch_add(1, Ordering::SeqCst) + 1);
                    Said { output, took }
                })
            })
            .collect();
        running
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    })
}

fn decision(output: &Output) -> &'static str {
    let answer: Value = serde_json::from_str(&output.stdout).unwrap_or_default();
    match answer["hookSpecificOutput"]["permissionDecision"].as_str() {
        Some("deny") => "deny",
        Some("ask") => "ask",
        Some(other) => panic!("nobody said {other}: {}", output.stdout),
        None => "",
    }
}

/// From none to deny.
fn severity(decision: &str) -> usize {
    ["", "ask", "deny"]
        .iter()
        .position(|known| *known == decision)
        .unwrap()
}

/// The same events where no daemon ever was: the guard's own verdicts, and what so many processes cost here and now.
struct Alone {
    verdicts: Vec<&'static str>,
    slowest: Duration,
}

fn alone() -> Alone {
    let home = Home::with_config(CONFIG);
    let said = storm(&home, EVENTS, |_| {});
    let alone = Alone {
        verdicts: said.iter().map(|said| decision(&said.output)).collect(),
        slowest: said.iter().map(|said| said.took).max().unwrap(),
    };
    assert!(alone.verdicts.contains(&"deny") && alone.verdicts.contains(&""));
    alone
}

impl Alone {
    #[track_caller]
    fn compare(&self, said: &[Said]) {
        for (number, Said { output, took }) in said.iter().enumerate() {
            let event = event(number);
            assert_eq!(output.code, Some(0), "{event}: {}", output.stderr);
            assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
            let own = self.verdicts[number];
            assert!(
                severity(decision(output)) >= severity(own),
                "{event}: the guard says `{own}`, the hook said {}",
                output.stdout
            );
            let mut longest = DEADLINE + 2 * self.slowest;
            if event["hook_event_name"] == "PermissionRequest" {
                longest += APPROVAL;
            }
            assert!(*took < longest, "{event} took {took:?}, not {longest:?}");
        }
    }
}

/// Waits until nothing is left in the spool, then counts how often each event is in the store.
async fn is_stored_once(home: &Home, count: usize) {
    let spool = home.paths().spool_dir;
    tests::until("the spool to be empty", async || {
        let left = std::fs::read_dir(&spool).map_or(0, Iterator::count);
        (left == 0).then_some(())
    })
    .await;
    let store = Store::new(&home.paths().store_url()).unwrap();
    let rows = store.hook_events(10_000).await.unwrap();
    let mut times: HashMap<usize, usize> = HashMap::new();
    for row in &rows {
        let text = row.detail.to_string();
        let at = text.find("storm-").unwrap_or_else(|| panic!("{text}"));
        *times
            .entry(text[at + 6..at + 9].parse().unwrap())
            .or_default() += 1;
    }
    let wrong: Vec<_> = (0..count)
        .map(|number| (number, times.get(&number).copied().unwrap_or(0)))
        .filter(|(_, times)| *times != 1)
        .collect();
    assert_eq!(wrong, [], "events that are not stored once");
}

async fn killed_after(alone: &Alone, events: usize) {
    let home = Home::with_config(CONFIG);
    let up = std::sync::Mutex::new(Some(home.up()));
    let kill = || up.lock().unwrap().take().map(Up::kill);
    let said = storm(&home, EVENTS, |done| {
        if done == events {
            kill();
        }
    });
    kill();
    alone.compare(&said);
    let up = home.up();
    is_stored_once(&home, EVENTS).await;
    end(up);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_nothing_waits_nothing_is_softer_and_nothing_is_lost() {
    let alone = alone();
    for events in [1, 40, 120] {
        killed_after(&alone, events).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_started_again_in_the_middle_each_event_is_stored_once() {
    let alone = alone();
    let home = Home::with_config(CONFIG);
    let up = std::sync::Mutex::new(Some(home.up()));
    let said = storm(&home, EVENTS, |done| {
        if done == 50 {
            let mut up = up.lock().unwrap();
            if let Some(up) = up.take() {
                up.kill();
            }
            *up = Some(home.up());
        }
    });
    // The thread that started it again is busy meanwhile; the hooks are not.
    alone.compare(&said);
    is_stored_once(&home, EVENTS).await;
    end(up.into_inner().unwrap().unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_another_program_holds_delays_no_event_and_loses_none() {
    use sqlx::{Connection, SqliteConnection};
    let alone = alone();
    let home = Home::with_config(CONFIG);
    let up = home.up();
    let url = home.paths().store_url();
    let mut other = tests::until("the store to be made", async || {
        SqliteConnection::connect(&url).await.ok()
    })
    .await;
    sqlx::raw_sql("pragma busy_timeout = 10000; begin immediate")
        .execute(&mut other)
        .await
        .unwrap();
    let began = Instant::now();
    let said = tokio::task::block_in_place(|| storm(&home, EVENTS, |_| {}));
    // Held for two seconds at least, however quick the storm was.
    tokio::time::sleep(Duration::from_secs(2).saturating_sub(began.elapsed())).await;
    sqlx::raw_sql("rollback").execute(&mut other).await.unwrap();
    alone.compare(&said);
    is_stored_once(&home, EVENTS).await;
    end(up);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spool_that_cannot_be_written_is_told_and_holds_nothing_up() {
    let alone = alone();
    let home = Home::with_config(CONFIG);
    let spool = home.paths().spool_dir;
    std::fs::create_dir_all(spool.parent().unwrap()).unwrap();
    // The tests may run as root, whom a folder's mode does not stop.
    std::fs::write(&spool, "no folder").unwrap();
    let said = storm(&home, 40, |_| {});
    alone.compare(&said);
    for said in &said {
        assert!(
            said.output.stderr.contains("cannot spool this event"),
            "{}",
            said.output.stderr
        );
    }
    let up = home.up();
    alone.compare(&storm(&home, 40, |_| {}));
    tests::until("the daemon to tell", async || {
        up.log()
            .contains("an event cannot be spooled")
            .then_some(())
    })
    .await;
    end(up);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_full_spool_cannot_hold_is_counted_and_told() {
    let home = Home::with_config(CONFIG);
    let spool = home.paths().spool_dir;
    std::fs::create_dir_all(&spool).unwrap();
    for number in 0..1_024 {
        let file = std::fs::File::create(spool.join(format!("{number}.tmp"))).unwrap();
        file.set_len(64 << 10).unwrap();
    }
    for said in storm(&home, 12, |_| {}) {
        assert!(
            said.output.stderr.contains("the spool is full"),
            "{}",
            said.output.stderr
        );
    }
    assert_eq!(std::fs::metadata(spool.join("dropped")).unwrap().len(), 12);
    let up = home.up();
    let told = tests::until("an event of Fjord's own", async || {
        let events = home.fjord_json(["events"]);
        let text = events.to_string();
        text.contains("12 events of coding sessions")
            .then_some(text)
    })
    .await;
    assert!(told.contains("warning"), "{told}");
    tests::until("the count to begin anew", async || {
        (!spool.join("dropped").exists()).then_some(())
    })
    .await;
    end(up);
}
