//! Clients of SQL databases: where the SQL stands in their words and their input.

use super::{RULES, Verdict, sql, stores};
use crate::rules::{Finding, View, report, report_as, rule};

/// A program that takes SQL.
pub(super) fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    // What is in memory only is gone anyway, and so is what lies in `/tmp`.
    let operands = view.run.operands(&["-c", "-cmd", "-separator", "-s"]);
    let in_memory = match view.program.as_str() {
        "sqlite3" => operands
            .first()
            .is_some_and(|arg| arg.text == ":memory:" || arg.text.starts_with("/tmp/")),
        "duckdb" => operands.first().is_none_or(|arg| arg.text == ":memory:"),
        _ => false,
    };
    if in_memory && !view.run.stdin.given {
        return;
    }
    for arg in view.args() {
        let text = arg
            .text
            .strip_prefix("--")
            .and_then(|flag| flag.split_once('='))
            .map(|(_, value)| value)
            .or_else(|| arg.text.strip_prefix("-c"))
            .or_else(|| arg.text.strip_prefix("-e"))
            .or_else(|| arg.text.strip_prefix("-Q"))
            .unwrap_or(&arg.text);
        sql(text, findings);
        if view.program == "sqlite3" && text.starts_with(".restore") {
            report(findings, rule(RULES, "databases.restore"));
        }
        if view.program == "cypher-shell" {
            stores::cypher(text, findings);
        }
    }
    if let Some(text) = &view.run.stdin.text {
        sql(text, findings);
        if view.program == "cypher-shell" {
            stores::cypher(text, findings);
        }
    } else {
        // SQL that another program writes: some write nothing else.
        let written = view.feeders().any(|run| {
            run.args().iter().any(|arg| {
                arg.text == "sqlflush"
                    || arg.text.contains('\'')
                        && arg.text.split('\'').skip(1).step_by(2).any(writes_harm)
            })
        });
        if written {
            report_as(
                    findings,
                    rule(RULES, "databases.drop"),
                    Verdict::Ask,
                    "The statements that one program writes here and another runs drop or empty tables."
                        .to_owned(),
                );
        }
    }
    // Client words that wipe without being SQL of their own.
    if view.program == "surreal"
        && let Some(text) = &view.run.stdin.text
        && text
            .split(';')
            .map(str::trim_start)
            .any(|statement| statement.starts_with("REMOVE ") || statement.starts_with("remove "))
    {
        report(findings, rule(RULES, "databases.drop"));
    }
}

/// Whether a text that is put together into SQL starts with a harm.
fn writes_harm(text: &str) -> bool {
    let start = text.trim_start();
    [
        "DROP TABLE",
        "TRUNCATE ",
        "DELETE FROM",
        "DROP SCHEMA",
        "DROP DATABASE",
    ]
    .iter()
    .any(|harm| {
        start
            .get(..harm.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(harm))
    })
}
