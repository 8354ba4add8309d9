//! Databases: the SQL itself, and the tools beside it.

use super::table::{self, Row, row};
use super::{Field, FileView, Finding, RuleDoc, View, report, report_as, rule};
use crate::Verdict;
use crate::sql::{Harm, harms};

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: Some(query),
};

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "databases.drop",
        field: "databases",
        severity: Verdict::Deny,
        reason: "This drops data that only a backup brings back.",
        alternative: "Write a migration, take a dump first, and let a person run it.",
    },
    RuleDoc {
        id: "databases.delete-all",
        field: "databases",
        severity: Verdict::Deny,
        reason: "A statement without `WHERE` changes every row.",
        alternative: "Add a `WHERE`, and try it inside a transaction that is rolled back.",
    },
    RuleDoc {
        id: "databases.flush",
        field: "databases",
        severity: Verdict::Deny,
        reason: "This empties a whole store.",
        alternative: "Delete the keys by name.",
    },
    RuleDoc {
        id: "databases.restore",
        field: "databases",
        severity: Verdict::Ask,
        reason: "This replaces what is in a database.",
        alternative: "Restore into a new database and compare.",
    },
];

/// Programs that take SQL in their words or on their input.
const CLIENTS: &[&str] = &[
    "psql",
    "mysql",
    "mariadb",
    "sqlite3",
    "clickhouse-client",
    "clickhouse",
    "cqlsh",
    "influx",
    "duckdb",
    "sqlcmd",
    "pgcli",
    "mycli",
    "sqlplus",
    "bq",
    "snowsql",
    "sql",
    "litecli",
    "usql",
    "cockroach",
    "turso",
    "trino",
    "presto",
    "hive",
    "beeline",
    "spark-sql",
];

const ROWS: &[Row] = &[
    row(&["dropdb", "dropuser"], &[], "databases.drop"),
    row(
        &["mysqladmin", "mariadb-admin"],
        &["drop"],
        "databases.drop",
    ),
    row(&["rabbitmqadmin"], &["delete|purge"], "databases.flush"),
    row(
        &["rabbitmqctl"],
        &["delete_queue|delete_vhost|purge_queue|reset|force_reset"],
        "databases.flush",
    ),
    row(
        &["nats"],
        &["stream|kv|account|consumer|object", "rm|purge|del|delete"],
        "databases.flush",
    ),
    row(&["influx"], &["bucket", "delete"], "databases.drop"),
    row(&["etcdctl"], &["del"], "databases.flush"),
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    table::judge(view, ROWS, RULES, findings);
    if view.is(CLIENTS) {
        for arg in view.args() {
            let text = arg
                .text
                .strip_prefix("--command=")
                .or_else(|| arg.text.strip_prefix("--execute="))
                .or_else(|| arg.text.strip_prefix("-c"))
                .or_else(|| arg.text.strip_prefix("-e"))
                .unwrap_or(&arg.text);
            sql(text, findings);
        }
        if let Some(text) = &view.run.stdin.text {
            sql(text, findings);
        }
    } else if matches!(
        view.program.as_str(),
        "drop" | "truncate" | "delete" | "alter"
    ) && view.args().len() > 1
    {
        // SQL typed where a shell reads: nothing would run, and somebody may paste it where it does.
        let line = view.run.line();
        if !harms(&line).is_empty() && !line.starts_with("truncate -") {
            sql(&line, findings);
        }
    }
    match view.program.as_str() {
        "redis-cli" | "valkey-cli" | "keydb-cli" => redis(view, findings),
        "mongosh" | "mongo" => {
            let calls = [
                "dropDatabase(",
                ".drop(",
                "deleteMany({})",
                "remove({})",
                "dropIndexes(",
            ];
            let texts = view
                .args()
                .iter()
                .map(|arg| &arg.text)
                .chain(&view.run.stdin.text);
            if texts.into_iter().any(|text| {
                calls
                    .iter()
                    .any(|call| text.replace(' ', "").contains(call))
            }) {
                report(findings, rule(RULES, "databases.drop"));
            }
        }
        "pg_restore" | "mongorestore" if view.run.has(Some('c'), &["clean", "drop"]) => {
            report(findings, rule(RULES, "databases.restore"));
        }
        "kafka-topics" | "kafka-topics.sh" if view.has_word("--delete") => {
            report(findings, rule(RULES, "databases.drop"));
        }
        "kafka-consumer-groups" | "kafka-acls" | "kafka-consumer-groups.sh"
            if view.has_word("--reset-offsets")
                || view.has_word("--delete")
                || view.has_word("--remove") =>
        {
            report(findings, rule(RULES, "databases.flush"));
        }
        _ => {}
    }
}

fn redis(view: &View<'_>, findings: &mut Vec<Finding>) {
    let words = view
        .run
        .operands(&["-h", "-p", "-a", "-n", "-u", "-s", "--user", "--pass"]);
    let typed: Vec<String> = words
        .iter()
        .map(|arg| arg.text.to_ascii_lowercase())
        .collect();
    let piped = view
        .run
        .stdin
        .text
        .as_deref()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let is_flush = |word: &str| matches!(word, "flushall" | "flushdb" | "shutdown");
    if typed.first().is_some_and(|word| is_flush(word))
        || piped.lines().any(|line| is_flush(line.trim()))
    {
        report(findings, rule(RULES, "databases.flush"));
    }
}

fn sql(text: &str, findings: &mut Vec<Finding>) {
    for harm in harms(text) {
        let (id, reason) = match harm {
            Harm::Drop { kind, name } => (
                "databases.drop",
                format!(
                    "`DROP {}` deletes {} with all that is in it.",
                    kind.to_uppercase(),
                    named(&name)
                ),
            ),
            Harm::Truncate { name } => (
                "databases.delete-all",
                format!("`TRUNCATE` deletes every row of {}.", named(&name)),
            ),
            Harm::DeleteAll { name } => (
                "databases.delete-all",
                format!(
                    "`DELETE` without `WHERE` deletes every row of {}.",
                    named(&name)
                ),
            ),
            Harm::UpdateAll { name } => (
                "databases.delete-all",
                format!(
                    "`UPDATE` without `WHERE` changes every row of {}.",
                    named(&name)
                ),
            ),
            Harm::DropColumn { name } => (
                "databases.drop",
                format!(
                    "`ALTER TABLE … DROP` deletes a column of {} with its data.",
                    named(&name)
                ),
            ),
        };
        report_as(findings, rule(RULES, id), Verdict::Deny, reason);
    }
}

fn named(name: &str) -> String {
    if name.is_empty() || name.len() > 80 {
        "it".to_owned()
    } else {
        format!("`{}`", name.replace('\u{1}', "?"))
    }
}

/// Tools of other servers whose input is SQL.
fn query(view: &FileView<'_>, findings: &mut Vec<Finding>) {
    if !view.call.tool.starts_with("mcp__") {
        return;
    }
    for field in ["sql", "query", "statement"] {
        if let Some(text) = view.call.text(field) {
            sql(text, findings);
        }
    }
}
