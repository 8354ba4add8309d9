//! What Fjord's processes cost, measured beside `/bin/true` in the same run.
//!
//!     cargo build --release --workspace --bins
//!     cargo run --release -p tests --bin process-bench
//!
//! Rounds are interleaved, so that a busy machine slows all alike; compare the ratios, not the milliseconds.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tests::{Home, binaries};

const ROUNDS: usize = 200;

fn main() {
    let home = Home::new();
    home.fjord([
        "server",
        "add",
        "web1",
        "--hostname",
        "localhost",
        "--role",
        "production",
    ])
    .expect_code(0);
    for number in 0..20 {
        let name = format!("api-{number}");
        home.fjord(["service", "add", &name, "--server", "web1"])
            .expect_code(0);
    }
    let event = serde_json::json!({
        "session_id": "bench", "cwd": "/tmp", "hook_event_name": "PreToolUse", "tool_name": "Bash",
        "tool_input": { "command": "cargo test && git status" },
    })
    .to_string();

    println!("alone, {ROUNDS} interleaved rounds:");
    let base = measure(&home, &event);
    let mut starts: Vec<Duration> = (0..10)
        .map(|_| {
            let began = Instant::now();
            let up = home.up();
            let took = began.elapsed();
            assert!(up.terminate().success());
            took
        })
        .collect();
    println!("\n`fjord up`, from start until its socket answers, 10 runs:");
    report("fjord up", &mut starts, base);

    let up = home.up();
    println!("\nbeside `fjord up`, {ROUNDS} interleaved rounds:");
    measure(&home, &event);
    settle();
    println!(
        "\nmemory of `fjord up` after these, idle: {:.1} MB resident",
        up.resident_kilobytes().unwrap_or_default() as f64 / 1024.0
    );
    assert!(up.terminate().success());
}

/// Runs the three programs in turn; returns the median of `/bin/true`.
fn measure(home: &Home, event: &str) -> Duration {
    let mut times: [Vec<Duration>; 4] = Default::default();
    for _ in 0..ROUNDS {
        times[0].push(time(&mut Command::new("/bin/true"), ""));
        times[1].push(time(&mut home.command(&binaries::fjord_hook()), event));
        let mut status = home.command(&binaries::fjord());
        times[2].push(time(status.arg("status"), ""));
        let mut version = home.command(&binaries::fjord());
        times[3].push(time(version.arg("--version"), ""));
    }
    let base = median(&mut times[0]);
    for (name, times) in [
        "/bin/true",
        "fjord-hook (PreToolUse)",
        "fjord status (20 services)",
        "fjord --version",
    ]
    .iter()
    .zip(&mut times)
    {
        report(name, times, base);
    }
    base
}

fn time(command: &mut Command, input: &str) -> Duration {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let began = Instant::now();
    let mut child = command.spawn().expect("a program of ours starts");
    if let Some(mut stdin) = child.stdin.take() {
        // `/bin/true` does not read.
        let _closed = stdin.write_all(input.as_bytes());
    }
    let _status = child.wait().expect("a child can be waited for");
    began.elapsed()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn report(name: &str, times: &mut [Duration], base: Duration) {
    let middle = median(times);
    let late = times[times.len() * 99 / 100];
    let ratio = middle.as_secs_f64() / base.as_secs_f64();
    println!(
        "  {name:<28} median {:>8.2} ms   p99 {:>8.2} ms   {ratio:>6.1} x /bin/true",
        middle.as_secs_f64() * 1e3,
        late.as_secs_f64() * 1e3
    );
}

/// Gives the daemon the time in which it is idle: background work has ended when its memory stays the same.
fn settle() {
    std::thread::park_timeout(Duration::from_secs(3));
}
