//! `docs/guard.md` lists exactly the rules that there are.

use std::fmt::Write as _;

const DOCUMENT: &str = include_str!("../../docs/guard.md");
const BEGIN: &str = "<!-- rules: begin -->\n";
const END: &str = "<!-- rules: end -->";

/// The table as it has to stand between the marks.
fn wanted() -> String {
    let mut table = String::from(
        "| Rule | Verdict | What and why | Instead |\n|------|---------|--------------|---------|\n",
    );
    for rule in guard::rules() {
        let cell = |text: &str| text.replace('|', "\\|");
        writeln!(
            table,
            "| `{}` | {} | {} | {} |",
            rule.id,
            rule.severity.as_str(),
            cell(rule.reason),
            cell(rule.alternative)
        )
        .expect("a string takes any text");
    }
    table
}

#[test]
fn the_table_of_rules_in_the_document_is_the_one_that_is_compiled_in() {
    let (_, rest) = DOCUMENT
        .split_once(BEGIN)
        .expect("the mark where the rules begin");
    let (table, _) = rest.split_once(END).expect("the mark where the rules end");
    let wanted = wanted();
    assert!(
        table == wanted,
        "put this between the marks of `docs/guard.md`:\n{wanted}"
    );
}

#[test]
fn every_field_has_a_sentence_of_its_own() {
    let fields: std::collections::BTreeSet<&str> = guard::rules().map(|rule| rule.field).collect();
    let missing: Vec<&str> = fields
        .into_iter()
        .filter(|field| !DOCUMENT.contains(&format!("* `{field}`: ")))
        .collect();
    assert!(missing.is_empty(), "no sentence about {missing:?}");
}

/// Judges as `fjord guard check` does when a row says nothing of its folder.
fn verdict(command: &str) -> &'static str {
    let input = serde_json::json!({ "command": command });
    let call = guard::ToolCall {
        tool: "Bash",
        input: &input,
        cwd: "/home/dev/app",
    };
    let facts = guard::Facts {
        project: Some(guard::Project {
            root: "/home/dev/app".to_owned(),
            under_version_control: true,
        }),
        home: Some("/home/dev".to_owned()),
        ..guard::Facts::default()
    };
    guard::assess(&call, &facts, &guard::Settings::default())
        .verdict
        .as_str()
}

#[test]
fn what_the_document_says_of_disputed_commands_is_so() {
    let (_, rest) = DOCUMENT.split_once("## Disputed").expect("the section");
    let (section, _) = rest.split_once("\n## ").expect("the next section");
    let mut count = 0;
    for row in section.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.split(" | ").collect();
        // What stands on two lines is told in words there, and judged below.
        let commands = cells[0].split('`').skip(1).step_by(2);
        for command in commands.filter(|_| !cells[0].contains("<<")) {
            assert_eq!(verdict(command), cells[1], "{command}");
            count += 1;
        }
    }
    assert!(count >= 8, "{count}");
    assert_eq!(verdict("cat <<EOF\n$(rm -rf ~)\nEOF"), "deny");
    assert_eq!(verdict("cat <<'EOF'\n$(rm -rf ~)\nEOF"), "none");
}
