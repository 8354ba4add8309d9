//! What a coding agent types in a day stays silent, and is read to its end.
//!
//! The commands are text, one a line, `\n` and `\t` for line breaks and tabs; a table starts with a line
//! that says what it holds. The project is `/home/ann/app`, under version control, and the inventory is empty.

use std::collections::BTreeSet;

use guard::{Facts, Project, Settings, ToolCall, Verdict, explain};
use serde_json::json;

const TABLES: &[&str] = &[
    include_str!("ordinary/deletes.txt"),
    include_str!("ordinary/files.txt"),
    include_str!("ordinary/git.txt"),
    include_str!("ordinary/languages.txt"),
    include_str!("ordinary/machines.txt"),
    include_str!("ordinary/mentions.txt"),
    include_str!("ordinary/secrets.txt"),
];

/// All commands of the tables. The first line of each is a title.
fn commands() -> impl Iterator<Item = &'static str> {
    TABLES
        .iter()
        .flat_map(|table| table.lines().skip(1))
        .filter(|line| !line.is_empty())
}

#[test]
fn ordinary_commands_stay_silent_and_are_read_to_their_end() {
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
    let mut wrong = Vec::new();
    for command in commands() {
        let input = json!({"command": command.replace("\\n", "\n").replace("\\t", "\t")});
        let call = ToolCall {
            tool: "Bash",
            input: &input,
            cwd: "/home/ann/app",
        };
        let found = explain(&call, &facts, &Settings::default());
        if found.assessment.verdict != Verdict::None {
            let rule = found.assessment.rule.unwrap_or_default();
            wrong.push(format!("{command}: answered by {rule}"));
        }
        if found.unfinished {
            wrong.push(format!("{command}: taken for unfinished"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_ordinary_command_stands_once() {
    let mut seen = BTreeSet::new();
    for command in commands() {
        assert!(seen.insert(command), "`{command}` stands twice");
    }
    assert!(seen.len() > 1_000);
}
