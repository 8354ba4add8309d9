//! What Fjord's processes cost, measured beside `/bin/true` in the same run.
//!
//!     cargo build --release --workspace --bins
//!     cargo run --release -p tests --bin process-bench
//!     cargo run --release -p tests --bin process-bench prompts
//!
//! `prompts` measures what a prompt costs beside an index of 100,000 passages, which takes minutes to fill.
//! Rounds are interleaved, so that a busy machine slows all alike; compare the ratios, not the milliseconds.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use agent::store::Store;
use tests::{Home, binaries};

const ROUNDS: usize = 200;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("prompts") {
        prompts();
        return;
    }
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

/// What `UserPromptSubmit` adds over `/bin/true`, with 100,000 passages in the embedded index.
fn prompts() {
    let home = Home::new();
    home.fjord(["server", "add", "web1", "--hostname", "localhost"])
        .expect_code(0);
    home.fjord(["service", "add", "billing-api", "--server", "web1"])
        .expect_code(0);
    let mut words = Words(7);
    let filled = tokio::runtime::Runtime::new()
        .expect("a runtime")
        .block_on(fill(&home, &mut words));
    println!("{filled} passages");
    let up = home.up();
    let (mut bases, mut added) = (Vec::new(), Vec::new());
    let mut with_context = 0;
    for round in 0..ROUNDS + 10 {
        let event = serde_json::json!({
            "session_id": format!("bench-{round}"), "cwd": "/tmp", "hook_event_name": "UserPromptSubmit",
            "prompt": format!("Why is billing-api slow? {}", words.text(1_000)),
        })
        .to_string();
        let base = time(&mut Command::new("/bin/true"), "");
        let took = time(&mut home.command(&binaries::fjord_hook()), &event);
        // The first ones fill caches.
        if round >= 10 {
            bases.push(base);
            added.push(took.saturating_sub(base));
        }
        if round % 20 == 0 {
            let event = event.replace("bench-", "looked-");
            with_context += usize::from(home.hook(event.as_bytes()).stdout.contains("[document"));
        }
    }
    bases.sort_unstable();
    added.sort_unstable();
    let at = |times: &[Duration], part: usize| times[times.len() * part / 100].as_secs_f64() * 1e3;
    println!(
        "UserPromptSubmit over /bin/true (median {:.2} ms), {ROUNDS} interleaved rounds: median {:.2} ms, p95 {:.2} ms, p99 {:.2} ms; {with_context} of {} looked at held passages",
        at(&bases, 50),
        at(&added, 50),
        at(&added, 95),
        at(&added, 99),
        (ROUNDS + 10).div_ceil(20),
    );
    println!(
        "memory of `fjord up` after these: {:.1} MB resident",
        up.resident_kilobytes().unwrap_or_default() as f64 / 1024.0
    );
    assert!(up.terminate().success());
}

/// Fills the index of a home with passages of invented words.
async fn fill(home: &Home, words: &mut Words) -> i64 {
    let store = Store::new(&home.paths().store_url()).expect("the store of a new home");
    store.ready().await.expect("a new store");
    let settings = rag::Settings {
        chroma_url: String::new().into(),
        ollama_url: String::new(),
        embed_model: String::new(),
        dimensions: 384,
        timeout: Duration::from_secs(1),
    };
    let rag =
        rag::Rag::with_settings(&settings, store.pool().clone()).expect("no address is asked");
    for document in 0.. {
        let mut text = String::new();
        for _ in 0..200 {
            text.push_str("## ");
            text.push_str(&words.text(30));
            text.push_str("\n\n");
            text.push_str(&words.text(900));
            text.push_str("\n\n");
        }
        let source = rag::Source {
            collection: rag::Collection::Documents,
            source: format!("bench/{document}.md"),
            title: format!("Bench {document}"),
            kind: rag::Kind::Markdown,
            text,
        };
        rag.add(source, chrono::DateTime::default())
            .await
            .expect("a document of words is taken");
        let passages = rag.state().await.expect("the store answers").passages;
        if passages >= 100_000 {
            return passages;
        }
    }
    0
}

/// Words as a language has them: few are common and many are rare.
struct Words(u64);

impl Words {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn text(&mut self, length: usize) -> String {
        let mut text = String::new();
        while text.len() < length {
            // Zipf's law, by halving the range a random number of times.
            let range = 40_000_u64 >> (self.next() % 13);
            let word = self.next() % range.max(4);
            if !text.is_empty() {
                text.push(' ');
            }
            // Letters only, so that no word is a number.
            let mut rest = word + 26;
            while rest > 0 {
                text.push(char::from(
                    b'a' + u8::try_from(rest % 26).unwrap_or_default(),
                ));
                rest /= 26;
            }
        }
        text
    }
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
