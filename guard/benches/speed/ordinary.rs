//! Commands as people and coding agents type them, dangerous ones and their harmless twins.

use std::hint::black_box;
use std::time::{Duration, Instant};

use guard::{
    Facts, Inventory, Project, ServerFact, ServiceFact, Settings, ToolCall, assess, facts_needed,
};
use serde_json::{Value, json};

/// How often each command is measured.
const ROUNDS: usize = 21;

/// The cases of the tests: `verdict rule ~ command ~ near twin`.
const TABLES: &[&str] = &[
    include_str!("../../tests/fields/accounts.txt"),
    include_str!("../../tests/fields/clouds.txt"),
    include_str!("../../tests/fields/containers.txt"),
    include_str!("../../tests/fields/databases.txt"),
    include_str!("../../tests/fields/filesystem.txt"),
    include_str!("../../tests/fields/git.txt"),
    include_str!("../../tests/fields/infrastructure.txt"),
    include_str!("../../tests/fields/kubernetes.txt"),
    include_str!("../../tests/fields/messaging.txt"),
    include_str!("../../tests/fields/network.txt"),
    include_str!("../../tests/fields/orm.txt"),
    include_str!("../../tests/fields/own.txt"),
    include_str!("../../tests/fields/packages.txt"),
    include_str!("../../tests/fields/remote_code.txt"),
    include_str!("../../tests/fields/secrets.txt"),
    include_str!("../../tests/fields/services.txt"),
];

/// The commands of the tables, and their twins.
pub(crate) fn from_tables() -> Vec<String> {
    TABLES
        .iter()
        .flat_map(|table| table.lines())
        .filter(|line| !line.starts_with("# "))
        .flat_map(|line| line.split(" ~ ").skip(1))
        .map(|command| command.replace("\\n", "\n").replace("\\t", "\t"))
        .collect()
}

/// The commands of a file of JSON lines; a line without one is left out.
pub(crate) fn from_file(path: &str) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    text.lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|row| row["command"].as_str().map(str::to_owned))
        .collect()
}

/// Prints the median, the 99th percentile and the slowest over all runs of all commands.
pub(crate) fn measure(commands: &[String]) {
    let facts = facts();
    let settings = Settings::default();
    let inputs: Vec<Value> = commands
        .iter()
        .map(|command| json!({"command": command}))
        .collect();
    let mut all = Vec::with_capacity(inputs.len() * ROUNDS);
    let mut needed = Vec::with_capacity(inputs.len() * ROUNDS);
    let mut slowest = (Duration::ZERO, "");
    for (command, input) in commands.iter().zip(&inputs) {
        let call = ToolCall {
            tool: "Bash",
            input,
            cwd: "/home/ann/app",
        };
        let mut own = Vec::with_capacity(ROUNDS);
        for _ in 0..ROUNDS {
            let start = Instant::now();
            black_box(assess(black_box(&call), &facts, &settings));
            own.push(start.elapsed());
            let start = Instant::now();
            black_box(facts_needed(black_box(&call)));
            needed.push(start.elapsed());
        }
        all.extend_from_slice(&own);
        own.sort_unstable();
        if own[ROUNDS / 2] > slowest.0 {
            slowest = (own[ROUNDS / 2], command);
        }
    }
    println!("{} commands, {ROUNDS} runs of each", commands.len());
    for (name, mut times) in [("assess", all), ("facts_needed", needed)] {
        times.sort_unstable();
        let Some(last) = times.len().checked_sub(1) else {
            return;
        };
        let micros = |part: usize| times[last * part / 1_000].as_secs_f64() * 1e6;
        println!(
            "{name:<13} p50 {:.1} µs, p99 {:.1} µs, p99.9 {:.1} µs, most {:.1} µs",
            micros(500),
            micros(990),
            micros(999),
            micros(1_000)
        );
    }
    let (time, command) = slowest;
    let shown: String = command.chars().take(100).collect();
    println!(
        "slowest at the median: {:.1} µs: {shown}",
        time.as_secs_f64() * 1e6
    );
}

/// A household of some size: forty servers with five services each, every one in production.
fn facts() -> Facts {
    let servers: Vec<ServerFact> = (0..40)
        .map(|index| ServerFact {
            name: format!("web-{index}"),
            hostname: format!("web-{index}.example.com"),
            ip_addresses: vec![format!("203.0.113.{index}")],
            role: "production".to_owned(),
            local: index == 0,
        })
        .collect();
    let services = servers
        .iter()
        .flat_map(|server| {
            ["api", "shop", "postgres", "redis", "nginx"].map(|name| ServiceFact {
                name: name.to_owned(),
                server: server.name.clone(),
                kind: "app".to_owned(),
                runtime: "docker".to_owned(),
                dependents: vec!["shop".to_owned()],
                ..ServiceFact::default()
            })
        })
        .collect();
    Facts {
        inventory: Inventory {
            servers,
            services,
            ..Inventory::default()
        },
        project: Some(Project {
            root: "/home/ann/app".to_owned(),
            under_version_control: true,
        }),
        home: Some("/home/ann".to_owned()),
        protected_paths: vec!["/home/ann/.config/fjord".to_owned()],
    }
}
