//! The whole store in one file, and back.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use agent::store::rows::{
    Confirmation, HealthCheck, HealthStatus, HookEventRow, Json, Schedule, Severity,
};
use agent::store::{NewAudit, NewEvent, Store, TABLES};
use agent::throttle::Bucket;
use rag::pool::Pool;
use serde_json::json;
use sqlx::AssertSqlSafe;

use crate::backends::{Backend, postgres, sqlite_on_disk};
use crate::store::work::{deployment, ending};
use crate::store::{after, an_api, noon};

/// Rows that are quicker written by hand, and tables that nothing writes yet.
const BY_HAND: &str = "
insert into routes (domain, path, service_id, method, ssl, auth_required, created_at, updated_at)
values ('api.example.com', '/', 1, 'any', true, false, '2026-03-01T12:00:00.5+00:00', '2026-03-01T12:00:00.123456+00:00');
insert into service_deps (service_id, depends_on_external, dependency_type, required, created_at) values (1, 'the bank', 'http', true, '2026-03-01T12:00:00+00:00');
insert into secrets_registry (name, service_id, created_at, updated_at) values ('db', 1, '2026-03-01T12:00:00+00:00', '2026-03-01T12:00:00+00:00');
insert into checkpoints (session, at, project, summary) values ('s1', '2026-03-01T12:00:00+00:00', '/srv/api', '{}');
insert into patterns (fingerprint, problem, fix, seen, first_at, last_at) values ('f', 'it''s broken', null, 2, '2026-03-01T12:00:00+00:00', '2026-03-01T12:00:00+00:00');
insert into failures (event, session, at, project, fingerprint, signature, problem, command, tools) values ('e8', 's1', '2026-03-01T12:00:00+00:00', '/srv/api', 'f', '{}', 'it''s broken', 'make', 1);
insert into notices (session, kind, event, at) values ('s1', 'idle_prompt', 'e7', '2026-03-01T12:00:00+00:00');
insert into tags (kind, target, tag) values ('service', 'api', 'eu');
insert into approvals (event, session, tool, detail, asked_at, expires_at) values ('e9', 's1', 'Bash', '{}', '2026-03-01T12:00:00+00:00', '2026-03-01T12:00:00+00:00');
";
const DOCUMENTS: &str = "
insert into documents (id, collection, source, title, digest, kind, metadata, created_at, updated_at)
values (DOC, 'documents', 'a.md', 'A', 'd', 'text', '{}', '2026-03-01T12:00:00+00:00', '2026-03-01T12:00:00+00:00');
insert into passages (id, document_id, ordinal, heading, text, created_at)
values (PASSAGE, DOC, 0, 'Head', 'the quick brown fox', '2026-03-01T12:00:00+00:00');
insert into passages_removed (id, collection, removed_at) values (GONE, 'documents', '2026-03-01T12:00:00+00:00');
";

async fn raw(store: &Store, sql: &str) {
    match store.pool() {
        Pool::Sqlite(pool) => drop(
            sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(pool)
                .await
                .unwrap(),
        ),
        Pool::Postgres(pool) => drop(
            sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(pool)
                .await
                .unwrap(),
        ),
    }
}

async fn count(store: &Store, table: &str) -> i64 {
    let sql = format!("select count(*) from {table}");
    rag::db!(*store.pool(), |p| sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_one(p)
        .await)
    .unwrap()
}

/// Puts a row into every table.
async fn fill(store: &Store) {
    let api = an_api(store).await;
    let web1 = store.service(api).await.unwrap().unwrap().server_id;
    let id = store.insert_deployment(&deployment(api, 1)).await.unwrap();
    assert!(store.end_deployment(&ending(id, 1)).await.unwrap());
    store
        .acquire_lock("l", "one", "why", (noon(), after(60)))
        .await
        .unwrap()
        .unwrap();
    let check = HealthCheck {
        service_id: api,
        checked_at: after(1),
        status: HealthStatus::Degraded,
        http_status: Some(429),
        latency_ms: Some(12),
        error: Some("line\nbreak \\ \"quoted\" 台所".to_owned()),
    };
    store.record_health(&check).await.unwrap();
    store
        .insert_event(&NewEvent {
            at: noon(),
            server: Some((web1, "web1".to_owned())),
            service: None,
            event_type: "health".to_owned(),
            severity: Severity::Error,
            title: "t".to_owned(),
            description: None,
            metadata: json!({ "n": 1.5 }),
        })
        .await
        .unwrap();
    fill_work(store).await;
    raw(store, BY_HAND).await;
    let hex = store.kind() == "sqlite";
    let id = |last: u8| {
        let plain = format!("{:032x}", u128::from(last));
        if hex {
            format!("x'{plain}'")
        } else {
            format!("'{plain}'")
        }
    };
    let documents = DOCUMENTS
        .replace("DOC", &id(1))
        .replace("PASSAGE", &id(2))
        .replace("GONE", &id(3));
    raw(store, &documents).await;
}

/// Schedules, questions, audit, updates and what the bot and the hooks keep.
async fn fill_work(store: &Store) {
    let schedule = Schedule {
        id: 0,
        cron: "0 8 * * *".to_owned(),
        timezone: "UTC".to_owned(),
        line: "brief".to_owned(),
        maker: Json(json!({ "id": "local:1" })),
        next_at: after(60),
        last_at: None,
        active: true,
        created_at: noon(),
    };
    let schedule = store.insert_schedule(&schedule).await.unwrap();
    store
        .insert_run(schedule, (noon(), after(60)), "one")
        .await
        .unwrap();
    let event = HookEventRow {
        event: "e1".to_owned(),
        session: "s1".to_owned(),
        at: noon(),
        name: "PostToolUse".to_owned(),
        tool: None,
        cwd: "/srv".to_owned(),
        verdict: None,
        rule: None,
        detail: Json(json!({ "a": [1, null] })),
    };
    assert!(store.insert_hook_event(&event).await.unwrap());
    let question = Confirmation {
        ticket: "t".to_owned(),
        actor: "local:1".to_owned(),
        command: Json(json!({})),
        plan: Json(json!(null)),
        created_at: noon(),
        expires_at: after(60),
    };
    store.insert_confirmation(&question).await.unwrap();
    store.note_chat(-5, "group", noon()).await.unwrap();
    store
        .insert_audit(&NewAudit {
            at: noon(),
            actor: "local:1",
            face: "argv",
            action: "deploy",
            target: None,
            result: "done",
            detail: None,
        })
        .await
        .unwrap();
    store
        .receive_update(7, ("telegram:1", "/status"), noon())
        .await
        .unwrap();
    store
        .insert_outbox("k", (5, &json!({ "reply": "x" })), noon())
        .await
        .unwrap();
    store
        .take_token(
            "k",
            Bucket {
                capacity: 3,
                per_second: 0.3,
            },
            noon(),
        )
        .await
        .unwrap();
}

/// What can be compared of a store.
async fn everything(store: &Store) -> String {
    format!(
        "{:?}",
        (
            store.servers().await.unwrap(),
            store.services().await.unwrap(),
            store.routes().await.unwrap(),
            store.dependencies().await.unwrap(),
            store.secrets().await.unwrap(),
            store.last_deployments().await.unwrap(),
            store.health_checks(1, 10).await.unwrap(),
            store.schedules().await.unwrap(),
            store.executions(1, 10).await.unwrap(),
            store.hook_events(10).await.unwrap(),
            store.audit(10).await.unwrap(),
            store.lock_holder("l", after(1)).await.unwrap(),
        )
    )
}

fn mode(file: &Path) -> u32 {
    std::fs::metadata(file).unwrap().permissions().mode() & 0o777
}

async fn there_and_back(backend: Option<Backend>) {
    let Some(backend) = backend else { return };
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("backup");
    let store = &backend.store;
    fill(store).await;
    for table in TABLES {
        assert!(
            count(store, table).await > 0,
            "{table} has no row, so this proves nothing of it"
        );
    }
    let before = everything(store).await;
    let rows = store.backup(&file).await.unwrap();
    assert_eq!(mode(&file), 0o600);
    let refused = store.backup(&file).await.unwrap_err().to_string();
    assert!(refused.contains("exists"), "{refused}");

    store.cancel_schedule(1).await.unwrap();
    store
        .insert_server(&crate::store::server("later"))
        .await
        .unwrap()
        .unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(store.restore(&file).await.unwrap(), rows);

    let restored = match store.file() {
        Some(database) => {
            assert_eq!(
                mode(database),
                0o600,
                "the mode of the backup is not taken over"
            );
            Store::new(&format!("sqlite://{}", database.display())).unwrap()
        }
        None => store.clone(),
    };
    assert_eq!(everything(&restored).await, before);
    for table in TABLES {
        assert!(count(&restored, table).await > 0, "{table} came back empty");
    }
    // Numbers go on after the restored ones.
    let server = restored
        .insert_server(&crate::store::server("next"))
        .await
        .unwrap()
        .unwrap();
    assert!(server > 1, "{server}");
    if restored.file().is_some() {
        Backend::close(&restored).await;
    }
    backend.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_comes_back_whole() {
    there_and_back(sqlite_on_disk().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_comes_back_whole() {
    there_and_back(postgres().await).await;
}

async fn what_is_no_backup_changes_nothing(backend: Option<Backend>, good_but_cut: bool) {
    let Some(backend) = backend else { return };
    let folder = tempfile::TempDir::new().unwrap();
    let store = &backend.store;
    an_api(store).await;
    let mut files: Vec<Vec<u8>> = vec![
        Vec::new(),
        b"{\"fjord_backup\":1,\"migration\":999}\n".to_vec(),
        b"hello\n".to_vec(),
        vec![0xff; 5_000],
    ];
    if good_but_cut {
        let whole = folder.path().join("whole");
        store.backup(&whole).await.unwrap();
        let whole = std::fs::read(&whole).unwrap();
        let last_line = whole[..whole.len() - 1]
            .iter()
            .rposition(|&byte| byte == b'\n')
            .unwrap();
        files.push(whole[..=last_line].to_vec());
        files.push(whole[..whole.len() / 2].to_vec());
        files.push([whole.as_slice(), b"{\"rows\":1}\n"].concat());
    }
    for (number, bytes) in files.iter().enumerate() {
        let file = folder.path().join(format!("foreign{number}"));
        std::fs::write(&file, bytes).unwrap();
        let refused = store.restore(&file).await;
        assert!(refused.is_err(), "file {number}: {refused:?}");
        assert_eq!(store.services().await.unwrap().len(), 1, "file {number}");
    }
    backend.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_file_does_not_touch_sqlite() {
    what_is_no_backup_changes_nothing(sqlite_on_disk().await, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_or_cut_file_does_not_touch_postgres() {
    what_is_no_backup_changes_nothing(postgres().await, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_sqlite_file_is_replaced_and_kept() {
    let backend = sqlite_on_disk().await.unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let backup = folder.path().join("backup");
    an_api(&backend.store).await;
    backend.store.backup(&backup).await.unwrap();
    let database = backend.store.file().unwrap().to_path_buf();
    Backend::close(&backend.store).await;
    std::fs::write(&database, vec![7; 20_000]).unwrap();
    let store = Store::new(&format!("sqlite://{}", database.display())).unwrap();
    let own = store.restore(&database).await.unwrap_err().to_string();
    assert!(own.contains("the store itself"), "{own}");
    store.restore(&backup).await.unwrap();
    let restored = Store::new(&format!("sqlite://{}", database.display())).unwrap();
    assert_eq!(restored.services().await.unwrap().len(), 1);
    let kept = database.with_file_name("fjord.db.before-restore");
    assert_eq!(std::fs::read(kept).unwrap(), vec![7; 20_000]);
    Backend::close(&restored).await;
    backend.finish().await;
}

async fn all_tables_are_listed(backend: Option<Backend>, sql: &'static str) {
    let Some(backend) = backend else { return };
    let found: Vec<String> = rag::db!(*backend.store.pool(), |p| sqlx::query_scalar(sql)
        .fetch_all(p)
        .await)
    .unwrap();
    let found: BTreeSet<&str> = found
        .iter()
        .map(String::as_str)
        .filter(|name| !name.starts_with("_sqlx") && !name.starts_with("sqlite_"))
        .collect();
    let shadow = |name: &&str| name.starts_with("passages_fts");
    let found: BTreeSet<&str> = found.into_iter().filter(|name| !shadow(name)).collect();
    assert_eq!(found, TABLES.iter().copied().collect::<BTreeSet<_>>());
    backend.finish().await;
}

#[tokio::test]
async fn no_table_of_sqlite_is_left_out() {
    all_tables_are_listed(
        sqlite_on_disk().await,
        "select name from sqlite_master where type = 'table'",
    )
    .await;
}

#[tokio::test]
async fn no_table_of_postgres_is_left_out() {
    all_tables_are_listed(
        postgres().await,
        "select table_name::text from information_schema.tables where table_schema = current_schema()",
    )
    .await;
}
