//! Migrations are proven on rows: apply some, load rows, apply the rest.

use std::borrow::Cow;
use std::path::Path;

use agent::store::Store;
use rag::pool::Pool;
use sqlx::migrate::Migrator;

use crate::backends::{Backend, sqlite_on_disk};
use crate::store::{an_api, noon};

/// Rows as the first migration takes them, without what later ones added.
const ROWS: &str = "
insert into servers (name, hostname, ip_addresses, role, ssh_config, resources, tags, status, created_at, updated_at)
values ('web1', 'web1.example.com', '[\"10.0.0.1\"]', 'production', '{}', '{}', '[\"eu\"]', 'unknown', '2026-03-01T12:00:00.123456+00:00', '2026-03-01T12:00:00.123456+00:00');
insert into services (name, server_id, type, health_status, config, env_vars, status, created_at, updated_at)
values ('api', 1, 'app', 'healthy', '{}', '[]', 'active', '2026-03-01T12:00:00.123456+00:00', '2026-03-01T12:00:00.123456+00:00');
";

async fn prove(url: &str, engine: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../migrations")
        .join(engine);
    let all = Migrator::new(folder.as_path()).await.unwrap();
    let mut first = Migrator::new(folder.as_path()).await.unwrap();
    first.migrations = Cow::Owned(all.migrations.iter().take(1).cloned().collect());
    // A pool of its own: the store would apply everything at once.
    match Store::new(url).unwrap().pool() {
        Pool::Sqlite(pool) => {
            first.run(pool).await.unwrap();
            sqlx::raw_sql(ROWS).execute(pool).await.unwrap();
            pool.close().await;
        }
        Pool::Postgres(pool) => {
            first.run(pool).await.unwrap();
            sqlx::raw_sql(ROWS).execute(pool).await.unwrap();
            pool.close().await;
        }
    }
    let store = Store::new(url).unwrap();
    store.ready().await.unwrap();
    let services = store.services().await.unwrap();
    assert_eq!(services.len(), 1);
    assert_eq!(
        (services[0].full_name().as_str(), services[0].created_at),
        ("api@web1", noon())
    );
    assert_eq!(store.servers().await.unwrap()[0].tags.0, ["eu"]);
    // And once more: a restart of the same version changes nothing.
    let again = Store::new(url).unwrap();
    again.ready().await.unwrap();
    assert_eq!(again.services().await.unwrap(), services);
    for store in [store, again] {
        close(&store).await;
    }
}

async fn close(store: &Store) {
    match store.pool() {
        Pool::Sqlite(pool) => pool.close().await,
        Pool::Postgres(pool) => pool.close().await,
    }
}

#[tokio::test]
async fn rows_survive_the_later_migrations_of_sqlite() {
    let folder = tempfile::TempDir::new().unwrap();
    prove(
        &format!("sqlite://{}", folder.path().join("old.db").display()),
        "sqlite",
    )
    .await;
}

#[tokio::test]
async fn rows_survive_the_later_migrations_of_postgres() {
    let Some(database) = tests::servers::postgres().await else {
        return;
    };
    prove(&database.url, "postgres").await;
}

async fn open_at_once(url: &str) {
    let opened: Vec<_> = (0..6)
        .map(|_| {
            let url = url.to_owned();
            tokio::spawn(async move {
                let store = Store::new(&url).unwrap();
                let ready = store.ready().await.map_err(|error| error.to_string());
                close(&store).await;
                ready
            })
        })
        .collect();
    for opening in opened {
        assert_eq!(opening.await.unwrap(), Ok(()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 6)]
async fn six_stores_open_a_new_sqlite_file_at_once() {
    let folder = tempfile::TempDir::new().unwrap();
    for round in 0..5 {
        open_at_once(&format!(
            "sqlite://{}",
            folder.path().join(format!("new{round}.db")).display()
        ))
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 6)]
async fn six_stores_open_a_new_postgres_database_at_once() {
    let Some(database) = tests::servers::postgres().await else {
        return;
    };
    open_at_once(&database.url).await;
}

#[tokio::test]
async fn an_sqlite_file_keeps_its_rows_and_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("data").join("fjord.db");
    let url = format!("sqlite://{}", file.display());
    let first = Store::new(&url).unwrap();
    an_api(&first).await;
    close(&first).await;
    let second = Store::new(&url).unwrap();
    assert_eq!(second.services().await.unwrap().len(), 1);
    close(&second).await;
    let mode = std::fs::metadata(file.parent().unwrap())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o077, 0, "others may enter: {mode:o}");
}

#[tokio::test]
async fn a_store_says_where_it_is_without_the_password() {
    let Backend { store, .. } = sqlite_on_disk().await.unwrap();
    assert!(store.place().ends_with("fjord.db"), "{}", store.place());
    let postgres = Store::new("postgres://fjord:hunter2@db.example.com:5433/fjord").unwrap();
    assert_eq!(postgres.place(), "db.example.com:5433/fjord");
    assert!(!format!("{postgres:?}").contains("hunter2"));
}
