//! Clients of SQL databases: where the SQL stands in their words and their input.

use super::{RULES, Verdict, sql, stores};
use crate::rules::{Finding, View, report, report_as, rule, tools};
use crate::run::base_name;

/// Tools with sub-commands that take SQL, sorted by name, and the words of those.
const CARRIERS: &[(&str, &[&str])] = &[
    ("artisan", &["db"]),
    (
        "aws",
        &[
            "rds-data execute-statement|batch-execute-statement|execute-sql",
            "athena start-query-execution",
            "redshift-data execute-statement|batch-execute-statement",
            "dynamodb execute-statement|batch-execute-statement",
            "timestream-query query",
        ],
    ),
    (
        "az",
        &[
            "postgres|mysql flexible-server execute",
            "cosmosdb sql query",
            "sql db query",
        ],
    ),
    ("console", &["doctrine:query:sql|dbal:run-sql"]),
    ("databricks", &["sql", "experimental sql", "queries"]),
    ("django-admin", &["dbshell"]),
    ("doctl", &["databases sql"]),
    ("drush", &["sql:query|sqlq|sql-query|sql:cli|sql-cli|sqlc"]),
    ("fly", &["postgres|pg|mpg connect"]),
    ("flyctl", &["postgres|pg|mpg connect"]),
    (
        "gcloud",
        &[
            "spanner databases execute-sql",
            "spanner databases ddl update",
            "sql connect",
            "alloydb",
        ],
    ),
    ("gitlab-psql", &[""]),
    ("gitlab-rails", &["dbconsole"]),
    ("heroku", &["pg:psql"]),
    ("ksqldb-cli", &[""]),
    ("magento", &["db:query"]),
    ("magerun", &["db:query"]),
    ("magerun2", &["db:query"]),
    ("manage.py", &["dbshell"]),
    ("n98-magerun2", &["db:query"]),
    ("neon", &["psql|sql"]),
    ("neonctl", &["psql|sql"]),
    ("nile", &["db psql"]),
    ("planetscale", &["shell|sql"]),
    ("prisma", &["db execute"]),
    ("pscale", &["shell|sql"]),
    ("rails", &["dbconsole|db"]),
    ("railway", &["connect"]),
    ("supabase", &["db"]),
    ("tiup", &["client"]),
    ("wp", &["db query|cli"]),
    ("wrangler", &["d1 execute"]),
    ("xata", &["shell|sql"]),
    ("ysql", &[""]),
];

/// Whether a tool with sub-commands is given SQL.
pub(super) fn carries(view: &View<'_>) -> bool {
    // `python manage.py dbshell`.
    if view.is(&["python", "python3", "php", "ruby"])
        && let [script, verb, ..] = view.args()
        && matches!(
            base_name(&script.text).as_str(),
            "manage.py" | "artisan" | "console" | "rails"
        )
    {
        return matches!(
            verb.text.as_str(),
            "dbshell" | "db" | "dbconsole" | "doctrine:query:sql" | "dbal:run-sql"
        );
    }
    CARRIERS
        .binary_search_by(|(name, _)| (*name).cmp(view.program.as_str()))
        .is_ok_and(|at| CARRIERS[at].1.iter().any(|words| tools::says(view, words)))
}

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
    if in_memory && !view.run.stdin.given || view.program == "bq" && view.wants_help() {
        return;
    }
    let before = findings.len();
    statements(view, findings);
    if findings.len() > before && is_for_tests(view) {
        let found = findings.split_off(before);
        findings.extend(found.into_iter().filter_map(|mut finding| {
            finding.verdict = finding.verdict.min(Verdict::Ask);
            (finding.rule.id != "databases.delete-all").then_some(finding)
        }));
    }
}

/// Names of databases of tests.
fn is_test_name(name: &str) -> bool {
    name == "test"
        || name.starts_with("test_")
        || name.ends_with("_test")
        || name.ends_with("-test")
}

fn is_this_machine(host: &str) -> bool {
    matches!(host, "" | "localhost" | "127.0.0.1" | "::1" | "[::1]") || host.starts_with('/')
}

/// Whether an address names a database of tests on this machine.
pub(in crate::rules) fn is_test_address(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else {
        return false;
    };
    let (place, path) = rest.split_once('/').unwrap_or((rest, ""));
    let place = place.rsplit('@').next().unwrap_or_default();
    let host = place.rsplit_once(':').map_or(place, |(host, _)| host);
    let name = path.split(['?', '/']).next().unwrap_or_default();
    is_this_machine(host) && is_test_name(name)
}

/// Whether the database is one of tests on this machine, by what the line says of it.
fn is_for_tests(view: &View<'_>) -> bool {
    let run = view.run;
    let elsewhere = run
        .host
        .as_deref()
        .is_some_and(|host| !host.starts_with("container "));
    let hosts = [
        "PGHOST",
        "PGHOSTADDR",
        "MYSQL_HOST",
        "DOCKER_HOST",
        "DOCKER_CONTEXT",
    ];
    if elsewhere
        || !view.is(&["psql", "pgcli", "mysql", "mariadb", "mycli"])
        || !hosts
            .iter()
            .all(|name| run.variable(&[name]).is_none_or(is_this_machine))
        || !run.value(&["-h", "--host"]).is_none_or(is_this_machine)
        || run
            .args()
            .iter()
            .map(|arg| &arg.text)
            .chain(&run.stdin.text)
            // Another database is taken in the middle of the script.
            .any(|text| {
                ["\\c", "use ", "USE ", "_fdw", "dblink"]
                    .iter()
                    .any(|word| text.contains(word))
            })
    {
        return false;
    }
    let operands = run.operands(&[
        "-c",
        "--command",
        "-d",
        "--dbname",
        "-e",
        "--execute",
        "-f",
        "--file",
        "-h",
        "--host",
        "-p",
        "--port",
        "-P",
        "-u",
        "-U",
        "--user",
        "--username",
        "-v",
        "-D",
        "--database",
    ]);
    let name = run
        .value(&["-d", "--dbname", "-D", "--database"])
        .or_else(|| operands.first().map(|arg| arg.text.as_str()))
        .or_else(|| run.variable(&["PGDATABASE"]));
    name.is_some_and(|name| {
        if name.contains("://") {
            is_test_address(name)
        } else {
            is_test_name(name)
        }
    })
}

/// The statements in the words and in the input.
fn statements(view: &View<'_>, findings: &mut Vec<Finding>) {
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

#[cfg(test)]
mod tests {
    #[test]
    fn the_tools_that_carry_sql_are_sorted() {
        assert!(super::CARRIERS.is_sorted_by_key(|(name, _)| *name));
    }
}
