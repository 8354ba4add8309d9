//! Databases: the SQL itself, and the tools beside it.

pub(super) mod client;
pub(super) mod stores;

use super::table::{self, Row, row, with};
use super::{Field, Finding, RuleDoc, View, report, report_as, rule};
use crate::Verdict;
use crate::sql::{Harm, harms};

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: None,
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
    RuleDoc {
        id: "databases.backups",
        field: "databases",
        severity: Verdict::Ask,
        reason: "This deletes backups or logs that could bring data back.",
        alternative: "List them first, and let a person decide what may go.",
    },
    RuleDoc {
        id: "databases.node",
        field: "databases",
        severity: Verdict::Ask,
        reason: "This takes a server of a database out of its cluster, or resets what it knows.",
        alternative: "Show the state of the cluster, and let a person do it.",
    },
    RuleDoc {
        id: "databases.access",
        field: "databases",
        severity: Verdict::Ask,
        reason: "This changes who may do what in a database for more than one table.",
        alternative: "Grant the one right on the one table that is needed.",
    },
    RuleDoc {
        id: "databases.settings",
        field: "databases",
        severity: Verdict::Ask,
        reason: "This takes a protection of a database away: its password, its log or its snapshots.",
        alternative: "Change it in the configuration file, where it is reviewed.",
    },
    RuleDoc {
        id: "databases.server-command",
        field: "databases",
        severity: Verdict::Ask,
        reason: "This has the database's server run programs or write files.",
        alternative: "Copy through the client: `\\copy` in `psql`.",
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
    "clickhouse-local",
    "cqlsh",
    "influx",
    "duckdb",
    "sqlcmd",
    "osql",
    "isql",
    "isql-fb",
    "tsql",
    "bsqldb",
    "pgcli",
    "mycli",
    "mssql-cli",
    "sqlplus",
    "bq",
    "snowsql",
    "snow",
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
    "impala-shell",
    "vsql",
    "ysqlsh",
    "ycqlsh",
    "db2",
    "dolt",
    "surreal",
    "cypher-shell",
    "questdb",
    "ksql",
    "monetdb",
    "mclient",
];

const ROWS: &[Row] = &[
    row(&["dropdb", "dropuser"], &[], "databases.drop"),
    row(&["pg_dropcluster"], &[], "databases.drop"),
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
        &["rabbitmqctl"],
        &["delete_user|clear_permissions|clear_password"],
        "databases.access",
    ),
    row(
        &["rabbitmqctl"],
        &["forget_cluster_node|stop_app"],
        "databases.node",
    ),
    row(
        &["nats"],
        &["stream|kv|account|consumer|object", "rm|purge|del|delete"],
        "databases.flush",
    ),
    row(&["influx"], &["bucket|org", "delete"], "databases.drop"),
    row(&["etcdctl"], &["del"], "databases.flush"),
    row(&["etcdctl"], &["member", "remove"], "databases.node"),
    with(
        &["consul"],
        &["kv", "delete"],
        &["-recurse"],
        "databases.flush",
    ),
    row(
        &["rpk"],
        &["topic|group", "delete|trim-prefix"],
        "databases.drop",
    ),
    row(
        &["kaf", "kafkactl"],
        &["topic|delete", "delete|topic"],
        "databases.drop",
    ),
    row(
        &["confluent"],
        &["kafka", "topic|cluster", "delete"],
        "databases.drop",
    ),
    row(
        &["pulsar-admin"],
        &[
            "topics|namespaces|tenants",
            "delete|delete-partitioned-topic|clear-backlog",
        ],
        "databases.drop",
    ),
    row(
        &["kafka-delete-records", "kafka-delete-records.sh"],
        &[],
        "databases.flush",
    ),
    row(&["pgbackrest"], &["stanza-delete"], "databases.backups"),
    row(&["pgbackrest"], &["restore"], "databases.restore"),
    row(&["barman"], &["delete"], "databases.backups"),
    with(&["tarsnap"], &[], &["-d", "--nuke"], "databases.backups"),
    row(
        &["proxmox-backup-client"],
        &["snapshot|group", "forget"],
        "databases.backups",
    ),
    row(&["memcflush", "memrm"], &[], "databases.flush"),
    row(&["solr"], &["delete"], "databases.drop"),
    with(
        &["wal-g", "wal-e"],
        &["delete"],
        &["--confirm"],
        "databases.backups",
    ),
    row(&["wal-g", "wal-e"], &["backup-fetch"], "databases.restore"),
    row(&["clickhouse-backup"], &["delete"], "databases.backups"),
    row(&["clickhouse-backup"], &["restore"], "databases.restore"),
    row(&["restic"], &["prune"], "databases.backups"),
    with(&["restic"], &["forget"], &["--prune"], "databases.backups"),
    with(
        &["restic"],
        &["unlock"],
        &["--remove-all"],
        "databases.backups",
    ),
    row(&["borg"], &["delete|break-lock"], "databases.backups"),
    row(
        &["curator_cli"],
        &["delete_indices|delete-indices|delete_snapshots|delete-snapshots|close|shrink"],
        "databases.drop",
    ),
    row(
        &["elasticsearch-keystore", "opensearch-keystore"],
        &["remove|create|upgrade"],
        "databases.access",
    ),
    row(
        &["elasticsearch-users"],
        &["userdel|passwd"],
        "databases.access",
    ),
    with(
        &["elasticsearch-users"],
        &["roles"],
        &["-a", "-r", "--add", "--remove"],
        "databases.access",
    ),
    with(
        &["rdiff-backup"],
        &[],
        &["--remove-older-than"],
        "databases.backups",
    ),
    row(&["rdiff-backup"], &["remove|regress"], "databases.backups"),
    row(
        &["elasticsearch-node"],
        &["unsafe-bootstrap|detach-cluster|repurpose|remove-settings|remove-customs"],
        "databases.node",
    ),
    with(
        &["elasticsearch-reset-password"],
        &[],
        &["-u", "--username"],
        "databases.access",
    ),
    row(
        &["kopia"],
        &["snapshot", "delete|expire"],
        "databases.backups",
    ),
    row(&["nodetool"], &["clearsnapshot"], "databases.backups"),
    row(
        &["nodetool"],
        &["decommission|removenode|assassinate"],
        "databases.node",
    ),
    row(
        &["cockroach"],
        &["node", "decommission|drain"],
        "databases.node",
    ),
    row(
        &["influxd-ctl"],
        &["remove-data|remove-meta|remove-shard"],
        "databases.node",
    ),
    row(&["pg_resetwal", "pg_resetxlog"], &[], "databases.node"),
    with(&["mongoimport"], &[], &["--drop"], "databases.restore"),
    with(
        &["neo4j-admin"],
        &["database|load"],
        &["--overwrite-destination", "--force"],
        "databases.restore",
    ),
    with(
        &["rethinkdb"],
        &["restore"],
        &["--force"],
        "databases.restore",
    ),
    with(
        &["arangorestore"],
        &[],
        &["--overwrite"],
        "databases.restore",
    ),
    row(
        &["wrangler"],
        &["d1", "time-travel", "restore"],
        "databases.restore",
    ),
    row(
        &["redis-cli", "valkey-cli"],
        &["cluster", "reset|forget"],
        "databases.node",
    ),
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    table::judge(view, ROWS, RULES, findings);
    if view.is(CLIENTS) || client::carries(view) {
        client::judge(view, findings);
    } else if matches!(
        view.program.as_str(),
        "drop" | "truncate" | "delete" | "alter"
    ) && view.args().len() > 1
    {
        // SQL typed where a shell reads: nothing would run, and somebody may paste it where it does.
        let is_sql =
            view.program != "truncate" || view.args()[0].text.eq_ignore_ascii_case("table");
        if is_sql {
            sql(&view.run.line(), findings);
        }
    }
    match view.program.as_str() {
        "redis-cli" | "valkey-cli" | "keydb-cli" => stores::redis(view, findings),
        "mongosh" | "mongo" | "arangosh" => stores::documents(view, findings),
        "sdk-call" => called(view, findings),
        "nc" | "ncat" | "netcat" | "telnet" => stores::memcached(view, findings),
        "pg_restore" | "mongorestore"
            if view.run.has(None, &["clean", "drop"])
                || view.program == "pg_restore"
                    && view.args().iter().any(|arg| is_clean_flag(&arg.text)) =>
        {
            report(findings, rule(RULES, "databases.restore"));
        }
        "kafka-topics" | "kafka-topics.sh" if view.has_word("--delete") => {
            report(findings, rule(RULES, "databases.drop"));
        }
        "kafka-consumer-groups" | "kafka-acls" | "kafka-consumer-groups.sh" | "kafka-acls.sh"
            // Without `--execute` today's tool only shows the plan, and announces that a later one will act.
            if view.has_word("--reset-offsets")
                && !view.has_word("--export")
                && !view.has_word("--dry-run")
                || view.has_word("--delete") =>
        {
            report(findings, rule(RULES, "databases.flush"));
        }
        "kafka-acls" | "kafka-acls.sh" if view.has_word("--remove") => {
            report(findings, rule(RULES, "databases.access"));
        }
        "kafka-configs" | "kafka-configs.sh"
            if view.has_word("--alter")
                && view
                    .args()
                    .iter()
                    .any(|arg| arg.text.starts_with("retention.")) =>
        {
            report_as(
                findings,
                rule(RULES, "databases.flush"),
                Verdict::Ask,
                "A shorter retention deletes messages for good.".to_owned(),
            );
        }
        "influx" if table::says(view, &["delete"]) && !view.run.has(Some('p'), &["predicate"]) => {
            report(findings, rule(RULES, "databases.delete-all"));
        }
        "curl" => posted(view, findings),
        _ => {}
    }
}

/// Calls of a client in a program of another language.
fn called(view: &View<'_>, findings: &mut Vec<Finding>) {
    let name = view.words().first().copied().unwrap_or_default();
    let id = match name {
        "flushall" | "flushAll" | "flushdb" => "databases.flush",
        "dropDatabase" | "dropCollection" | "drop_database" | "drop_collection" | "drop_all" => {
            "databases.drop"
        }
        _ => return,
    };
    let found = rule(RULES, id);
    report_as(findings, found, found.severity, found.reason.to_owned());
}

/// `-c` and clusters of flags without values that have it; `-Fc` is a format.
fn is_clean_flag(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|cluster| {
        cluster.contains('c') && cluster.chars().all(|one| "acevOsxC1".contains(one))
    })
}

/// SQL as the whole body of a request, as `ClickHouse` and its like take it.
fn posted(view: &View<'_>, findings: &mut Vec<Finding>) {
    for name in ["-d", "--data", "--data-binary", "--data-raw"] {
        if let Some(body) = view.run.value(&[name])
            && !body.starts_with(['{', '[', '@'])
        {
            sql(body, findings);
        }
    }
}

fn sql(text: &str, findings: &mut Vec<Finding>) {
    for harm in harms(text) {
        let asks = matches!(harm, Harm::DropOther { .. });
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
            Harm::DropOther { kind, name } => (
                "databases.drop",
                format!(
                    "`DROP {}` takes {} away, and what is built on it.",
                    kind.to_uppercase(),
                    named(&name)
                ),
            ),
            Harm::Access => stated("databases.access"),
            Harm::ServerCommand => stated("databases.server-command"),
            Harm::History => stated("databases.backups"),
        };
        let found = rule(RULES, id);
        report_as(findings, found, found_verdict(found, asks), reason);
    }
}

fn found_verdict(found: &RuleDoc, asks: bool) -> Verdict {
    if asks { Verdict::Ask } else { found.severity }
}

/// A rule with its own reason.
fn stated(id: &'static str) -> (&'static str, String) {
    (id, rule(RULES, id).reason.to_owned())
}

fn named(name: &str) -> String {
    if name.is_empty() || name.len() > 80 {
        "it".to_owned()
    } else {
        format!("`{}`", name.replace('\u{1}', "?"))
    }
}
