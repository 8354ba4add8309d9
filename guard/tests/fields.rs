//! Field by field, what each rule finds, and the near twin of it that stays silent.
//!
//! The cases are text, one file a field: `verdict rule ~ command ~ near twin` on a line, `\n` and `\t`
//! for line breaks and tabs. The project is `/home/ann/app`, under version control, and the inventory is empty.

use std::collections::BTreeSet;

use guard::{Facts, Project, Settings, ToolCall, assess};
use serde_json::json;

/// The fields with a table of their own, and the table.
const TABLES: &[(&str, &str)] = &[
    ("filesystem", include_str!("fields/filesystem.txt")),
    ("git", include_str!("fields/git.txt")),
    ("containers", include_str!("fields/containers.txt")),
    ("kubernetes", include_str!("fields/kubernetes.txt")),
    ("infrastructure", include_str!("fields/infrastructure.txt")),
    ("databases", include_str!("fields/databases.txt")),
    ("orm", include_str!("fields/orm.txt")),
    ("services", include_str!("fields/services.txt")),
    ("clouds", include_str!("fields/clouds.txt")),
    ("packages", include_str!("fields/packages.txt")),
    ("network", include_str!("fields/network.txt")),
    ("accounts", include_str!("fields/accounts.txt")),
    ("messaging", include_str!("fields/messaging.txt")),
    ("remote-code", include_str!("fields/remote_code.txt")),
    ("secrets", include_str!("fields/secrets.txt")),
    ("own", include_str!("fields/own.txt")),
];

fn found(command: &str) -> (String, String) {
    let facts = Facts {
        project: Some(Project {
            root: "/home/ann/app".to_owned(),
            under_version_control: true,
        }),
        home: Some("/home/ann".to_owned()),
        protected_paths: vec![
            "/home/ann/.config/fjord".to_owned(),
            "/home/ann/.local/share/fjord".to_owned(),
        ],
        ..Facts::default()
    };
    let input = json!({"command": command.replace("\\n", "\n").replace("\\t", "\t")});
    let call = ToolCall {
        tool: "Bash",
        input: &input,
        cwd: "/home/ann/app",
    };
    let found = assess(&call, &facts, &Settings::default());
    (
        found.verdict.as_str().to_owned(),
        found.rule.unwrap_or_default(),
    )
}

/// The three cells of each line that is no comment.
fn cases(table: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .map(|line| {
            let cells: Vec<&str> = line.split(" ~ ").collect();
            let [expected, command, twin] = cells.as_slice() else {
                panic!("three cells: {line}");
            };
            (*expected, *command, *twin)
        })
}

#[test]
fn each_rule_finds_its_commands_and_is_silent_on_their_near_twins() {
    let mut wrong = Vec::new();
    for (field, table) in TABLES {
        for (expected, command, twin) in cases(table) {
            let (verdict, rule) = found(command);
            if format!("{verdict} {rule}") != expected {
                wrong.push(format!(
                    "{field}: {command}: expected {expected}, found {verdict} {rule}"
                ));
            }
            let (verdict, rule) = found(twin);
            if verdict != "none" {
                wrong.push(format!(
                    "{field}: {twin}: expected silence, found {verdict} {rule}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_case_stands_once_in_the_table_of_its_field() {
    let mut seen = BTreeSet::new();
    for (field, table) in TABLES {
        for (expected, command, twin) in cases(table) {
            assert!(
                expected
                    .split_once(' ')
                    .is_some_and(|(_, rule)| rule.starts_with(&format!("{field}."))),
                "{expected} stands under {field}"
            );
            assert_ne!(command, twin);
            assert!(seen.insert(command), "`{command}` stands twice");
        }
    }
}
