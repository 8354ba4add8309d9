//! A megabyte of anything: the slowest answer and the most memory.

use std::hint::black_box;
use std::process::Command;
use std::time::{Duration, Instant};

use guard::redact::{redact, redact_json};
use guard::{Facts, Settings, ToolCall, assess, facts_needed};
use serde_json::{Value, json};

use super::hostile;

const SIZE: usize = 1 << 20;
/// How often each input is measured.
const ROUNDS: usize = 7;
/// How many of the worst are shown.
const SHOWN: usize = 12;
/// The ways a text gets to the guard.
const WAYS: [&str; 6] = ["bash", "powershell", "sql", "write", "redact", "json"];

/// What one input cost.
struct Cost {
    name: String,
    best: f64,
    median: f64,
    processor: f64,
    baseline: f64,
    kilobytes: usize,
}

/// Measures every input on every way in a process of its own, and prints the worst.
pub(crate) fn measure() {
    let program = std::env::current_exe().expect("a running program has a path");
    let names = names();
    let mut costs = Vec::new();
    for way in WAYS {
        for (index, name) in names.iter().enumerate() {
            let output = Command::new(&program)
                .args(["one", way, &index.to_string()])
                .output()
                .expect("the bench can start itself");
            let text = String::from_utf8_lossy(&output.stdout);
            let numbers: Vec<f64> = text
                .split_whitespace()
                .filter_map(|word| word.parse().ok())
                .collect();
            let [best, median, processor, baseline, kilobytes] = numbers[..] else {
                panic!("{way}, {name}: {}", String::from_utf8_lossy(&output.stderr));
            };
            costs.push(Cost {
                name: format!("{way}: {name}"),
                best,
                median,
                processor,
                baseline,
                kilobytes: format!("{kilobytes:.0}").parse().unwrap_or_default(),
            });
        }
    }
    println!(
        "{} hostile inputs of {} KiB, {ROUNDS} runs of each",
        costs.len(),
        SIZE >> 10
    );
    costs.sort_by(|left, right| right.best.total_cmp(&left.best));
    println!("slowest at their best:");
    costs.iter().take(SHOWN).for_each(show);
    costs.sort_by_key(|cost| std::cmp::Reverse(cost.kilobytes));
    println!("most memory:");
    costs.iter().take(SHOWN).for_each(show);
}

fn show(cost: &Cost) {
    println!(
        "{:6.1} × the baseline, {:6.2} ms at best, {:6.2} ms at the median, {:6.2} ms of processor, {:6.1} MiB: {}",
        cost.best / cost.baseline,
        cost.best / 1e3,
        cost.median / 1e3,
        cost.processor / 1e3,
        cost.kilobytes as f64 / 1024.0,
        cost.name
    );
}

/// What is hostile as JSON only.
const JSON: [&str; 7] = [
    "many numbers",
    "many texts",
    "many secrets",
    "many lists",
    "many fields",
    "many telling names",
    "deep lists",
];

fn names() -> Vec<String> {
    let json = JSON.iter().map(|name| format!("JSON: {name}"));
    hostile::names().into_iter().chain(json).collect()
}

fn input(index: usize) -> Value {
    if let Some(text) = hostile::text(SIZE, index) {
        return Value::String(text);
    }
    let fields = |name: &str, value: &str| {
        let fields = (0..SIZE / 30).map(|index| (format!("{name}{index}"), json!(value)));
        Value::Object(fields.collect())
    };
    match JSON[index - hostile::names().len()] {
        "many numbers" => json!(vec![0; SIZE / 2]),
        "many texts" => json!(vec!["DROP TABLE a"; SIZE / 15]),
        "many secrets" => json!(vec!["password=abcdefgh1"; SIZE / 21]),
        "many lists" => json!(vec![json!([[]]); SIZE / 5]),
        "many fields" => fields("query", "DROP TABLE a"),
        "many telling names" => fields("password", "abcdefgh1"),
        _ => {
            let deep = (0..120).fold(json!("DROP TABLE a"), |inner, _| json!({"query": [inner]}));
            json!(vec![deep; SIZE / 1_600])
        }
    }
}

/// Measures one input and prints the best and the median time, what the processor worked, the baseline,
/// and the memory.
pub(crate) fn one(way: &str, index: &str) {
    let index: usize = index.parse().expect("a number");
    let text = input(index);
    let length = match &text {
        Value::String(text) => text.len(),
        other => other.to_string().len(),
    };
    let (tool, input) = match way {
        "powershell" => ("PowerShell", json!({"command": text})),
        "sql" => ("mcp__db__query", json!({"query": text, "command": text})),
        "write" => ("Write", json!({"file_path": "a", "content": text})),
        _ => ("Bash", json!({"command": text})),
    };
    drop(text);
    let call = ToolCall {
        tool,
        input: &input,
        cwd: "/home/ann/app",
    };
    let mut value = if way == "json" {
        input.clone()
    } else {
        Value::Null
    };
    // Linux: from here on the peak is counted anew.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = peak();
    let plain: Vec<u8> = (0..length).map(|index| index.to_le_bytes()[0]).collect();
    let (mut times, mut baselines) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let start = Instant::now();
        black_box(hash(black_box(&plain)));
        baselines.push(start.elapsed());
    }
    let worked = processor();
    for _ in 0..ROUNDS {
        let start = Instant::now();
        match way {
            "redact" => {
                black_box(redact(black_box(call.text("command").unwrap_or_default())));
            }
            "json" => {
                black_box(redact_json(black_box(&mut value)));
            }
            _ => {
                black_box(facts_needed(black_box(&call)));
                black_box(assess(
                    black_box(&call),
                    &Facts::default(),
                    &Settings::default(),
                ));
            }
        }
        times.push(start.elapsed());
    }
    let worked = (processor() - worked) / ROUNDS as f64;
    times.sort_unstable();
    baselines.sort_unstable();
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    println!(
        "{:.1} {:.1} {worked:.1} {:.1} {}",
        micros(times[0]),
        micros(times[ROUNDS / 2]),
        micros(baselines[0]),
        peak().saturating_sub(before)
    );
}

/// The baseline: a hash that takes every byte in turn (FNV-1a).
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// How long the processor has worked for this process, in µs; a busy machine does not change it.
/// 0 where the system does not say.
fn processor() -> f64 {
    let text = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanos = text.split_whitespace().next();
    nanos
        .and_then(|nanos| nanos.parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1e3
}

/// The most memory this process has had, in KiB; 0 where the system does not say.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}
