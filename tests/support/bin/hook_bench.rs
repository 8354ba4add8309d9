//! How many hook events one `fjord up` takes in over its socket, and what that costs in memory.
//!
//!     cargo build --release --workspace --bins
//!     cargo run --release -p tests --bin hook-bench [EVENTS] [EVENTS A SECOND; 0: as many as it can]
//!
//! 64 sessions send at once, each over a connection of its own, in a fixed rhythm: an answer that is late delays
//! nothing but itself, so the times are those that a coder would see.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use agent::store::Store;
use serde_json::{Value, json};
use tests::{Home, Up};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

const SESSIONS: usize = 64;
/// After so many events the memory is read.
const STEP: usize = 100_000;

fn main() {
    let mut numbers = std::env::args()
        .skip(1)
        .filter_map(|word| word.parse::<usize>().ok());
    let events = numbers.next().unwrap_or(300_000);
    let rate = numbers.next().unwrap_or(2_000);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(bench(events, rate));
}

async fn bench(events: usize, rate: usize) {
    let home = Arc::new(Home::with_config("[hooks]\napprove_wait_s = 0\n"));
    let up = home.up();
    println!("at the start: {}", memory(&up));
    let (mut times, mut refused, mut sent) = (Vec::new(), 0, 0);
    let began = Instant::now();
    while sent < events {
        let step = STEP.min(events - sent);
        let (more, not_taken) = send(&home, step, rate).await;
        times.extend(more);
        refused += not_taken;
        sent += step;
        println!("after {sent} events: {}", memory(&up));
    }
    let took = began.elapsed();
    let sending = events as f64 / took.as_secs_f64();
    println!(
        "{events} events in {:.1} s: {sending:.0} a second, {refused} not taken",
        took.as_secs_f64()
    );
    times.sort_unstable();
    for percent in [50, 95, 99] {
        let time = times[(times.len() * percent / 100).min(times.len() - 1)];
        println!(
            "  the answer, p{percent}: {:.2} ms",
            time.as_secs_f64() * 1e3
        );
    }
    println!(
        "  the answer, the latest: {:.2} ms",
        times[times.len() - 1].as_secs_f64() * 1e3
    );

    while waiting(&home) > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    println!(
        "all stored {:.1} s after the last was sent",
        began.elapsed().saturating_sub(took).as_secs_f64()
    );
    println!("at the end: {}", memory(&up));
    let dropped = home.paths().spool_dir.join("dropped");
    let store = Store::new(&home.paths().store_url()).expect("the store");
    let stored = store.hook_events(i64::MAX).await.expect("the events");
    println!(
        "sent {events}, stored {}, lost {}{}",
        stored.len(),
        events - refused - stored.len(),
        if dropped.exists() {
            "; the spool was full"
        } else {
            ""
        }
    );
    assert!(up.terminate().success());
}

/// Sends events from all sessions; returns how long each answer took, and how many events were refused.
async fn send(home: &Arc<Home>, events: usize, rate: usize) -> (Vec<Duration>, usize) {
    let next = Arc::new(AtomicUsize::new(0));
    let began = tokio::time::Instant::now();
    let tasks: Vec<_> = (0..SESSIONS)
        .map(|session| {
            let (home, next) = (Arc::clone(home), Arc::clone(&next));
            tokio::spawn(async move {
                let mut stream = UnixStream::connect(home.paths().socket).await.expect("the socket");
                let (mut times, mut refused) = (Vec::new(), 0);
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= events {
                        return (times, refused);
                    }
                    let mut due = tokio::time::Instant::now();
                    if rate > 0 {
                        due = began + Duration::from_secs_f64(number as f64 / rate as f64);
                        tokio::time::sleep_until(due).await;
                    }
                    let body = event(session, number).to_string();
                    let request = format!(
                        "POST /v1/hook HTTP/1.1\r\nHost: fjord\r\nContent-Length: {}\r\nFjord-Event-Id: {}\r\n\r\n{body}",
                        body.len(),
                        agent::ids::ordered(),
                    );
                    let status = exchange(&mut stream, request.as_bytes()).await;
                    times.push(due.elapsed());
                    refused += usize::from(status != 200 && status != 204);
                }
            })
        })
        .collect();
    let (mut times, mut refused) = (Vec::new(), 0);
    for task in tasks {
        let (more, not_taken) = task.await.expect("a session does not panic");
        times.extend(more);
        refused += not_taken;
    }
    (times, refused)
}

/// Sends a request over a connection that stays open; returns the answer's status.
async fn exchange(stream: &mut UnixStream, request: &[u8]) -> u16 {
    stream.write_all(request).await.expect("the daemon reads");
    let mut answer = Vec::new();
    loop {
        let read = stream
            .read_buf(&mut answer)
            .await
            .expect("the daemon answers");
        assert!(read > 0, "the daemon closed the connection");
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok())
            .unwrap_or(0);
        if body.len() >= length {
            return head[9..12].parse().expect("a status");
        }
    }
}

/// The events of a working session, about as often as they come.
fn event(session: usize, number: usize) -> Value {
    let command = [
        "cargo test",
        "git status",
        "ls -la src",
        "rg -n main src",
        "docker ps",
    ][number % 5];
    let more = match number % 20 {
        0 => {
            json!({ "hook_event_name": "UserPromptSubmit", "prompt": format!("mend the test number {number}") })
        }
        1 => {
            json!({ "hook_event_name": "Stop", "last_assistant_message": "The test is mended.", "stop_hook_active": false })
        }
        2 => {
            json!({ "hook_event_name": "PostToolUseFailure", "tool_name": "Bash", "tool_input": { "command": command },
            "tool_use_id": "t", "error": format!("Exit code 1\nerror[E0425]: cannot find value `x{number}`"), "is_interrupt": false, "duration_ms": 812 })
        }
        odd if odd % 2 == 1 => {
            json!({ "hook_event_name": "PreToolUse", "tool_name": "Bash", "tool_input": { "command": command }, "tool_use_id": "t" })
        }
        _ => {
            json!({ "hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_input": { "command": command }, "tool_use_id": "t", "duration_ms": 35,
            "tool_response": { "stdout": "running 12 tests\n".repeat(30), "stderr": "", "interrupted": false, "isImage": false } })
        }
    };
    let mut event = json!({
        "session_id": format!("5f6c1e2a-0000-4000-8000-0000000000{session:02}"), "transcript_path": "/tmp/none.jsonl",
        "cwd": "/tmp", "permission_mode": "default",
    });
    if let (Some(event), Value::Object(more)) = (event.as_object_mut(), more) {
        event.extend(more);
    }
    event
}

/// How many files with events wait in the spool.
fn waiting(home: &Home) -> usize {
    std::fs::read_dir(home.paths().spool_dir).map_or(0, |entries| {
        entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.extension()
                    .is_some_and(|end| end == "json" || end == "jsonl")
            })
            .count()
    })
}

fn memory(up: &Up) -> String {
    let kilobytes = up.resident_kilobytes().unwrap_or_default();
    format!("{:.1} MB resident", kilobytes as f64 / 1024.0)
}
