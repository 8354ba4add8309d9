//! Other tools than Bash: files, and the tools of MCP servers.
//!
//! The cases are text: `verdict rule ~ tool input ~ near twin` on a line, the input as JSON. The project is
//! `/home/ann/app`, under version control. The near twin, and every line of `silent.txt`, stays silent.

use guard::{Facts, Inventory, Project, ServerFact, ServiceFact, Settings, ToolCall, assess};
use serde_json::{Value, json};

const PAIRS: &[&str] = &[
    include_str!("tools/files.txt"),
    include_str!("tools/mcp.txt"),
];
const SILENT: &str = include_str!("tools/silent.txt");

fn facts() -> Facts {
    Facts {
        project: Some(Project {
            root: "/home/ann/app".to_owned(),
            under_version_control: true,
        }),
        home: Some("/home/ann".to_owned()),
        protected_paths: vec![
            "/home/ann/.config/fjord".to_owned(),
            "/home/ann/.local/share/fjord".to_owned(),
        ],
        inventory: Inventory::default(),
    }
}

fn judged(tool: &str, input: &Value, facts: &Facts) -> guard::Assessment {
    let call = ToolCall {
        tool,
        input,
        cwd: "/home/ann/app",
    };
    assess(&call, facts, &Settings::default())
}

/// The verdict and the rule on a cell such as `Read {"file_path": ".env"}`.
fn found(cell: &str) -> String {
    let (tool, input) = cell.split_once(' ').expect("a tool and its input");
    let input: Value =
        serde_json::from_str(input).unwrap_or_else(|error| panic!("{cell}: {error}"));
    let found = judged(tool, &input, &facts());
    format!(
        "{} {}",
        found.verdict.as_str(),
        found.rule.unwrap_or_default()
    )
}

fn lines(table: &str) -> impl Iterator<Item = &str> {
    table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
}

#[test]
fn each_call_is_judged_and_its_near_twin_stays_silent() {
    let mut wrong = Vec::new();
    for line in PAIRS.iter().flat_map(|table| lines(table)) {
        let cells: Vec<&str> = line.split(" ~ ").collect();
        let [expected, call, twin] = cells.as_slice() else {
            panic!("three cells: {line}");
        };
        let verdict = found(call);
        if verdict != *expected {
            wrong.push(format!("{call}: expected {expected}, found {verdict}"));
        }
        let verdict = found(twin);
        if verdict != "none " {
            wrong.push(format!("{twin}: expected silence, found {verdict}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_only_looks_talks_or_edits_text_stays_silent() {
    let wrong: Vec<String> = lines(SILENT)
        .map(|call| (call, found(call)))
        .filter(|(_, verdict)| verdict != "none ")
        .map(|(call, verdict)| format!("{call}: {verdict}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_tool_of_powershell_is_read_as_powershell() {
    let found = |tool: &str, command: &str| {
        let found = judged(tool, &json!({"command": command}), &Facts::default());
        found.verdict.as_str()
    };
    let command = r"Remove-Item -Recurse -Force C:\Windows";
    assert_eq!(found("PowerShell", command), "deny");
    assert_eq!(found("PowerShell", r"Get-ChildItem C:\Windows"), "none");
    assert_eq!(
        found("PowerShell", "Write-Output 'Remove-Item -Recurse /'"),
        "none"
    );
}

#[test]
fn a_command_in_the_background_is_judged_the_same() {
    let found = |command: &str| {
        let input = json!({"command": command, "run_in_background": true});
        judged("Bash", &input, &facts()).verdict.as_str()
    };
    assert_eq!(found("rm -rf ~"), "deny");
    assert_eq!(found("cargo test"), "none");
}

#[test]
fn a_production_server_that_the_input_names_is_in_the_reason() {
    let mut facts = facts();
    facts.inventory.servers = vec![ServerFact {
        name: "web-1".to_owned(),
        hostname: "web-1.example.com".to_owned(),
        role: "production".to_owned(),
        ..ServerFact::default()
    }];
    facts.inventory.services = vec![ServiceFact {
        name: "api".to_owned(),
        server: "web-1".to_owned(),
        dependents: vec!["shop".to_owned()],
        ..ServiceFact::default()
    }];
    let found = |tool: &str, input: Value| judged(tool, &input, &facts);

    let restart = found("mcp__docker__restart_container", json!({"name": "api"}));
    assert_eq!(restart.verdict.as_str(), "ask");
    assert!(
        restart.reason.contains("`web-1`") && restart.reason.contains("`shop`"),
        "{}",
        restart.reason
    );
    let other = found("mcp__docker__restart_container", json!({"name": "dev"}));
    assert_eq!(other.verdict.as_str(), "none");

    let delete = found("mcp__hosting__delete_server", json!({"name": "web-1"}));
    assert!(delete.reason.contains("`web-1`"), "{}", delete.reason);

    let run = found(
        "mcp__ssh__exec",
        json!({"host": "web-1", "command": "rm -rf /srv/app"}),
    );
    assert_eq!(run.verdict.as_str(), "deny");
    assert!(run.reason.contains("`web-1`"), "{}", run.reason);

    let read = found("mcp__ssh__read_log", json!({"host": "web-1"}));
    assert_eq!(read.verdict.as_str(), "none");
}

#[test]
fn the_reason_names_the_server_and_the_tool() {
    let found = judged(
        "mcp__github__delete_repository",
        &json!({"repo": "app"}),
        &facts(),
    );
    assert!(
        found.reason.contains("`github`") && found.reason.contains("`delete_repository`"),
        "{}",
        found.reason
    );
}

#[test]
fn what_is_nested_too_deep_is_not_looked_for_and_what_is_too_much_is_asked() {
    let nested = |depth: usize| {
        let mut input = json!({"sql": "drop table a"});
        for _ in 0..depth {
            input = json!({ "arguments": input });
        }
        judged("mcp__db__call", &input, &facts()).verdict.as_str()
    };
    assert_eq!(nested(4), "deny");
    assert_eq!(nested(5), "none");
    let many: Vec<&str> = vec!["select 1"; 100_000];
    let found = judged("mcp__db__run", &json!({ "statements": many }), &facts());
    assert_eq!(found.rule.as_deref(), Some("guard.unreadable"));
}
