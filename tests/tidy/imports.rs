//! Which crate may import which. A new edge is a decision, and it is made here.

use std::process::Command;

use serde_json::Value;

use super::tree::{assert_none, root};

const ALL_BUT_TESTS: &[&str] = &["agent", "bot", "config", "guard", "hooks", "rag"];

/// Each of our packages and what of ours it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("config", &[]),
    ("guard", &["config"]),
    ("rag", &["config", "guard"]),
    ("agent", &["rag", "guard", "config"]),
    ("hooks", &["agent", "guard", "config"]),
    ("fjord-hook", &["guard", "config"]),
    ("bot", &["agent", "config"]),
    ("cli", ALL_BUT_TESTS),
    // It drives the code of the hook's program in its own process.
    (
        "tests",
        &[
            "agent",
            "bot",
            "config",
            "fjord-hook",
            "guard",
            "hooks",
            "rag",
        ],
    ),
];

/// Crates that only the named packages may import, because only they speak that language.
const ONLY_FOR: &[(&str, &[&str])] = &[
    ("sqlx", &["agent", "rag", "tests"]),
    ("teloxide", &["bot"]),
    ("chromadb", &["rag"]),
    ("ollama-rs", &["agent", "rag"]),
    ("redis", &["agent", "tests"]),
    ("clap", &["cli"]),
    ("indicatif", &["cli"]),
];

/// Crates that must not get into the program that runs at every hook event.
const TOO_HEAVY_FOR_THE_HOOK: &[&str] = &["tokio", "sqlx", "reqwest", "clap", "redis", "axum"];

#[test]
fn crates_import_only_what_the_table_allows() {
    let mut breaches = Vec::new();
    for package in packages() {
        let name = text(&package["name"]);
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(of, _)| *of == name) else {
            breaches.push(format!(
                "`{name}` is not in the table of tests/tidy/imports.rs"
            ));
            continue;
        };
        for import in imports(&package) {
            let is_ours = MAY_IMPORT.iter().any(|(of, _)| *of == import);
            if is_ours && !allowed.contains(&import.as_str()) {
                breaches.push(format!("`{name}` imports `{import}`"));
            }
        }
    }
    assert_none("these imports are not in the table", &breaches);
}

#[test]
fn each_language_is_spoken_in_its_own_crates_only() {
    let mut breaches = Vec::new();
    for package in packages() {
        let name = text(&package["name"]);
        for import in imports(&package) {
            let reserved = ONLY_FOR
                .iter()
                .find(|(crate_name, _)| *crate_name == import);
            if reserved.is_some_and(|(_, allowed)| !allowed.contains(&name.as_str())) {
                breaches.push(format!("`{name}` imports `{import}`"));
            }
        }
    }
    assert_none("these crates are reserved for others", &breaches);
}

#[test]
fn the_hook_program_builds_without_a_heavy_crate() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--package",
            "fjord-hook",
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .current_dir(root())
        .output()
        .expect("cargo can be run");
    assert!(
        tree.status.success(),
        "{}",
        String::from_utf8_lossy(&tree.stderr)
    );
    let tree = String::from_utf8_lossy(&tree.stdout);
    let heavy = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .filter(|name| TOO_HEAVY_FOR_THE_HOOK.contains(name));
    let breaches: Vec<_> = heavy
        .map(|name| format!("`fjord-hook` is built with `{name}`"))
        .collect();
    assert_none("a process for each event has to stay small", &breaches);
}

#[test]
fn nothing_of_ours_is_published_and_everything_is_linted() {
    let mut breaches = Vec::new();
    for package in packages() {
        let manifest = std::fs::read_to_string(text(&package["manifest_path"]))
            .expect("a manifest can be read");
        if package["publish"] != serde_json::json!([]) {
            breaches.push(format!(
                "`{}` lacks `publish.workspace = true`",
                package["name"]
            ));
        }
        if !manifest.contains("[lints]\nworkspace = true") {
            breaches.push(format!(
                "`{}` lacks the lints of the workspace",
                package["name"]
            ));
        }
    }
    assert_none("these manifests are incomplete", &breaches);
}

fn packages() -> Vec<Value> {
    let answer = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--offline",
            "--no-deps",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .expect("cargo can be run");
    assert!(
        answer.status.success(),
        "{}",
        String::from_utf8_lossy(&answer.stderr)
    );
    let metadata: Value = serde_json::from_slice(&answer.stdout).expect("cargo prints JSON");
    metadata["packages"]
        .as_array()
        .expect("a workspace has packages")
        .clone()
}

/// Everything that a package names: for the program, its build script and its tests.
fn imports(package: &Value) -> Vec<String> {
    let dependencies = package["dependencies"]
        .as_array()
        .expect("a package lists what it imports");
    dependencies
        .iter()
        .map(|dependency| text(&dependency["name"]))
        .collect()
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .expect("cargo writes names as text")
        .to_owned()
}
