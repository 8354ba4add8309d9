//! The small program beside every local command: it kills the command's whole group when its pipe closes.
//!
//! `fjord supervise` is told what to run by one JSON line on stdin, names the process group on stderr, waits
//! for `go`, and reports the end on stderr. When stdin closes (Fjord died, cancelled or gave up), the group
//! gets SIGTERM and, after a grace, SIGKILL. The command writes straight into the supervisor's stdout.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use serde::{Deserialize, Serialize};

use super::Runner;

/// The hidden subcommand that starts it.
pub const SUPERVISE: &str = "supervise";

/// What to run.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// Given to `sh -c`.
    pub command: String,
    /// Where it runs.
    pub folder: String,
    /// Variables to add.
    pub variables: Vec<(String, String)>,
    /// How long the group has between SIGTERM and SIGKILL.
    pub grace_ms: u64,
}

/// What the supervisor says, one JSON line each.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    /// The group is there and waits for `go`.
    Ready(Runner),
    /// It could not be started.
    Refused(String),
    /// It ended by itself with this code.
    Exit(i32),
    /// A signal ended it.
    Signal(i32),
    /// It was killed because the pipe closed.
    Killed,
}

/// Runs the supervisor. Call it before anything else that reads stdin; it needs no runtime.
pub fn supervise_main() -> ExitCode {
    let mut stdin = BufReader::new(std::io::stdin());
    let mut line = String::new();
    let Ok(Ok(order)) = stdin
        .read_line(&mut line)
        .map(|_| serde_json::from_str::<Order>(&line))
    else {
        say(&Word::Refused(
            "`fjord supervise` is started by Fjord itself".to_owned(),
        ));
        return ExitCode::FAILURE;
    };
    let word = match supervise(stdin, &order) {
        Ok(word) => word,
        Err(error) => Word::Refused(error.to_string()),
    };
    say(&word);
    ExitCode::SUCCESS
}

fn supervise(mut stdin: BufReader<std::io::Stdin>, order: &Order) -> std::io::Result<Word> {
    let out = std::io::stdout().as_fd().try_clone_to_owned()?;
    // The shell holds still until it reads `go`, so that the group is on record before the command begins.
    let mut child = Command::new("sh")
        .args([
            "-c",
            "read -r go && [ \"$go\" = go ] && exec sh -c \"$1\" </dev/null",
            "fjord",
            &order.command,
        ])
        .current_dir(&order.folder)
        .envs(order.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stderr(Stdio::from(out))
        .process_group(0)
        .spawn()?;
    let runner = Runner::of(child.id())
        .ok_or_else(|| std::io::Error::other("the command was gone at once"))?;
    let group = i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| std::io::Error::other("no process id"))?;
    say(&Word::Ready(runner));
    let mut gate = child.stdin.take();
    let mut word = String::new();
    if stdin.read_line(&mut word)? == 0 || word.trim() != "go" {
        end_group(group, Duration::from_millis(order.grace_ms));
        child.wait()?;
        return Ok(Word::Killed);
    }
    if let Some(gate) = gate.as_mut() {
        gate.write_all(b"go\n")?;
    }
    drop(gate);

    let killed = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicBool::new(false));
    let grace = Duration::from_millis(order.grace_ms);
    let watcher = thread::spawn({
        let (killed, done) = (Arc::clone(&killed), Arc::clone(&done));
        move || {
            let mut rest = Vec::new();
            // Ends when the pipe closes, however Fjord went.
            let _closed = stdin.read_to_end(&mut rest);
            if !done.load(Ordering::SeqCst) {
                killed.store(true, Ordering::SeqCst);
                end_group(group, grace);
            }
        }
    });
    let status = child.wait()?;
    done.store(true, Ordering::SeqCst);
    if killed.load(Ordering::SeqCst) {
        // The leader is gone, but the rest of the group may still be in its grace.
        let _ended = watcher.join();
        return Ok(Word::Killed);
    }
    Ok(status.code().map_or_else(
        || Word::Signal(status.signal().unwrap_or_default()),
        Word::Exit,
    ))
}

/// SIGTERM, a grace that ends as soon as nobody is left, SIGKILL.
fn end_group(group: Pid, grace: Duration) {
    if kill_process_group(group, Signal::TERM).is_err() {
        return;
    }
    let until = Instant::now() + grace;
    while Instant::now() < until {
        if test_kill_process_group(group).is_err() {
            return;
        }
        thread::park_timeout(Duration::from_millis(20));
    }
    let _gone = kill_process_group(group, Signal::KILL);
}

/// Fjord may be gone; then nobody reads this and that is fine.
fn say(word: &Word) {
    if let Ok(mut line) = serde_json::to_string(word) {
        line.push('\n');
        // One write, so that the line arrives whole.
        let _unread = std::io::stderr().write_all(line.as_bytes());
    }
}
