//! Hostile input to the real programs: a clear error each, nothing lost, nothing half-done, bounded memory.

mod configuration;
mod documents;
mod files;
mod health;
mod hooks;
mod lines;
mod names;
mod output;
mod socket;

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tests::process::Process;
use tests::{Home, Output, Up, binaries};

/// What a test may grow `fjord up` by for good.
const GROWTH: u64 = 60 * 1024;

/// An event of a tool call.
fn event(name: &str, more: &Value) -> Value {
    let mut event = json!({
        "session_id": "5f6c1e2a-0000-4000-8000-000000000031", "transcript_path": "/tmp/none.jsonl", "cwd": "/tmp",
        "hook_event_name": name, "tool_name": "Bash", "tool_use_id": "toolu_31",
    });
    let fields = event.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    event
}

/// What every program owes whoever runs it, whatever it is fed.
#[track_caller]
fn is_clean(output: &Output) {
    let Output {
        code,
        stdout,
        stderr,
    } = output;
    let start = |text: &str| text.chars().take(2_000).collect::<String>();
    assert!(
        matches!(code, Some(0 | 1 | 64 | 69 | 77)),
        "{code:?}: {}",
        start(stderr)
    );
    for word in [
        "panicked",
        "RUST_BACKTRACE",
        "stack overflow",
        "internal error",
    ] {
        assert!(
            !stderr.contains(word) && !stdout.contains(word),
            "{word}: {}{}",
            start(stderr),
            start(stdout)
        );
    }
}

/// Runs `fjord … --json`, expects one JSON document with an error of this kind, and returns its text.
#[track_caller]
fn refused(home: &Home, arguments: &[&str], (code, kind): (i32, &str)) -> String {
    let mut with_json = vec!["--json"];
    with_json.extend(arguments);
    let output = home.fjord(with_json);
    is_clean(&output);
    let shown = arguments
        .iter()
        .map(|word| word.chars().take(80).collect())
        .collect::<Vec<String>>();
    assert_eq!(
        output.code,
        Some(code),
        "{shown:?}: {}{}",
        output.stdout,
        output.stderr
    );
    let document: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{shown:?}: not one JSON document: {error}: {}",
            output.stdout
        )
    });
    assert_eq!(document["error"]["kind"], kind, "{shown:?}: {document}");
    let message = document["error"]["message"].as_str().unwrap().to_owned();
    assert!(
        !message.is_empty() && message.len() < 2_000,
        "{shown:?}: {message}"
    );
    message
}

/// The most memory that a process has had, in kilobytes.
fn peak_kilobytes(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// Runs a program to its end and tells the most memory it has had, in kilobytes, and how long it took.
fn watched(mut command: Command, input: Vec<u8>) -> (Output, u64, Duration) {
    let folder = tempfile::TempDir::new().unwrap();
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let began = Instant::now();
    let mut process = Process::start(&mut command, folder.path());
    let child = process.child();
    let mut stdin = child.stdin.take().unwrap();
    let (mut stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let stdout = std::thread::spawn(move || text_of(&mut stdout));
    let stderr = std::thread::spawn(move || text_of(&mut stderr));
    let mut peak = 0;
    while process.is_running() {
        peak = peak_kilobytes(process.id()).unwrap_or(0).max(peak);
        assert!(
            began.elapsed() < 3 * tests::DEADLINE,
            "{command:?} did not end"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    let took = began.elapsed();
    let code = process.kill().code();
    writer.join().unwrap();
    let output = Output {
        code,
        stdout: stdout.join().unwrap(),
        stderr: stderr.join().unwrap(),
    };
    (output, peak, took)
}

fn text_of(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    let _cut_off = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `fjord` with arguments, ready for [`watched`].
fn fjord(home: &Home, arguments: &[&str]) -> Command {
    let mut command = home.command(&binaries::fjord());
    command.args(arguments);
    command
}

/// Checks that what `fjord up` holds has come back to about what it held before.
async fn memory_comes_back(up: &Up, before: u64) {
    let mut last = 0;
    let came_back = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            last = up.resident_kilobytes().unwrap_or(0);
            if last < before + GROWTH {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(
        came_back.await.is_ok(),
        "`fjord up` held {before} KB before and holds {last} KB after"
    );
}

/// Ends `fjord up` in good order; nothing of it may have panicked.
pub(crate) fn end(up: Up) {
    let log = up.log();
    assert!(!log.contains("panicked"), "{log}");
    assert!(up.terminate().success(), "{log}");
}

/// Adds the local server and a service `api` with these further flags.
pub(crate) fn add_service(home: &Home, flags: &[&str]) {
    home.fjord(["server", "add", "here", "--hostname", "localhost"])
        .expect_code(0);
    let mut arguments = vec!["service", "add", "api", "--server", "here"];
    arguments.extend(flags);
    home.fjord(arguments).expect_code(0);
}

/// Every byte of the store's files.
fn store_bytes(home: &Home) -> Vec<u8> {
    let folder = home.paths().data_dir;
    let mut bytes = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && path.file_name().unwrap().to_string_lossy().contains(".db") {
            bytes.extend(std::fs::read(path).unwrap());
        }
    }
    assert!(!bytes.is_empty(), "the store has a file");
    bytes
}

pub(crate) fn contains(haystack: &[u8], needle: &str) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
}
