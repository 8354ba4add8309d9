//! The whole store in one file, and back.
//!
//! SQLite: a copy made by `vacuum into`, itself a database. Postgres: JSON lines, a head and then one row a line.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use rag::pool::Pool;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

use super::{Store, StoreError, lock_file};
use crate::error::Error;

mod postgres;

/// All tables, those that others refer to first. A contract test holds this against the database.
pub const TABLES: &[&str] = &[
    "servers",
    "services",
    "routes",
    "service_deps",
    "deployments",
    "infra_events",
    "secrets_registry",
    "health_checks",
    "sessions",
    "checkpoints",
    "patterns",
    "failures",
    "notices",
    "tags",
    "hook_events",
    "confirmations",
    "approvals",
    "chats",
    "audit",
    "schedules",
    "executions",
    "updates",
    "outbox",
    "limits",
    "locks",
    "documents",
    "passages",
    "passages_removed",
];

impl Store {
    /// Writes the whole store into a new file (mode 0600); returns how many rows it holds.
    ///
    /// The file appears complete or not at all. One that exists is refused.
    pub async fn backup(&self, file: &Path) -> Result<u64, Error> {
        self.ready().await?;
        if file.exists() {
            return Err(Error::conflict(format!(
                "`{}` exists; name a new file",
                file.display()
            )));
        }
        let partial = beside(file, "partial");
        remove_if_there(&partial).map_err(|error| io_error(&partial, &error))?;
        let written = self.write_into(&partial).await.and_then(|rows| {
            sync(&partial).map_err(|error| io_error(&partial, &error))?;
            std::fs::rename(&partial, file).map_err(|error| io_error(file, &error))?;
            Ok(rows)
        });
        if written.is_err() {
            // Half a backup is none, and it holds everything that is private.
            drop(remove_if_there(&partial));
        }
        written
    }

    async fn write_into(&self, partial: &Path) -> Result<u64, Error> {
        match &self.pool {
            Pool::Sqlite(pool) => {
                let target = partial
                    .to_str()
                    .ok_or_else(|| Error::invalid("the file's name is not text"))?;
                create_private(partial).map_err(|error| io_error(partial, &error))?;
                sqlx::query("vacuum into $1")
                    .bind(target)
                    .execute(pool)
                    .await
                    .map_err(StoreError::from)?;
                self.count_rows().await
            }
            Pool::Postgres(pool) => postgres::dump(pool, partial).await,
        }
    }

    /// Replaces the whole store by a backup; returns how many rows it holds.
    ///
    /// No other Fjord may use the store meanwhile. SQLite: the file from before is kept as `fjord.db.before-restore`.
    /// Postgres: one transaction, so it is replaced whole or not at all.
    pub async fn restore(&self, file: &Path) -> Result<u64, Error> {
        match &self.pool {
            Pool::Sqlite(_) => self.restore_sqlite(file).await,
            Pool::Postgres(pool) => {
                self.ready().await?;
                postgres::load(pool, file).await
            }
        }
    }

    async fn count_rows(&self) -> Result<u64, Error> {
        let mut total = 0;
        for table in TABLES {
            let count = self
                .run(async {
                    rag::db!(self.pool, |p| sqlx::query_scalar::<_, i64>(AssertSqlSafe(
                        format!("select count(*) from {table}")
                    ))
                    .fetch_one(p)
                    .await)
                })
                .await?;
            total += count.unsigned_abs();
        }
        Ok(total)
    }

    async fn restore_sqlite(&self, file: &Path) -> Result<u64, Error> {
        let target = self
            .file()
            .ok_or_else(|| Error::invalid("a store in memory cannot be restored"))?
            .to_path_buf();
        let same = |file: &Path| file.canonicalize().ok();
        if same(file).is_some_and(|file| same(&target) == Some(file)) {
            return Err(Error::invalid(
                "this file is the store itself; name a backup of it",
            ));
        }
        let fresh = beside(&target, "restoring");
        remove_if_there(&fresh).map_err(|error| io_error(&fresh, &error))?;
        let checked = match copy_private(file, &fresh) {
            Ok(()) => check_sqlite(&fresh, file).await,
            Err(error) => Err(io_error(file, &error)),
        };
        if let Err(error) = checked {
            for end in ["", "-wal", "-shm", "-journal"] {
                drop(remove_if_there(&with_end(&fresh, end)));
            }
            return Err(error);
        }
        let lock = lock_file(target.clone()).await?;
        if let Pool::Sqlite(pool) = &self.pool {
            pool.close().await;
        }
        let io = |error: std::io::Error| io_error(&target, &error);
        sync(&fresh).map_err(io)?;
        let before = beside(&target, "before-restore");
        for end in ["", "-wal"] {
            remove_if_there(&with_end(&before, end)).map_err(io)?;
        }
        if target.exists() {
            // What still stands in the log belongs to the file from before. A file that is broken keeps its log beside it:
            // that it is broken may be why somebody restores.
            if let Err(error) = settle(&target).await {
                tracing::warn!(%error, "the store from before is kept as it is");
                let log = with_end(&target, "-wal");
                if log.exists() {
                    std::fs::rename(&log, with_end(&before, "-wal")).map_err(io)?;
                }
            }
        }
        for end in ["-wal", "-shm"] {
            remove_if_there(&with_end(&target, end)).map_err(io)?;
        }
        if target.exists() && std::fs::hard_link(&target, &before).is_err() {
            // No links here: for a moment there is no store under its name.
            std::fs::rename(&target, &before).map_err(io)?;
        }
        std::fs::rename(&fresh, &target).map_err(io)?;
        drop(lock);
        let url = format!("sqlite://{}", target.display());
        let restored = Self::new(&url)?;
        restored.ready().await?;
        restored.count_rows().await
    }
}

/// A file that is no backup of ours must not take the store's place.
async fn check_sqlite(fresh: &Path, named: &Path) -> Result<(), Error> {
    let not_ours = |why: String| {
        Error::invalid(format!(
            "`{}` is not a backup of Fjord: {why}; the store was not touched",
            named.display()
        ))
    };
    let mut connection = SqliteConnectOptions::new()
        .filename(fresh)
        .connect()
        .await
        .map_err(|error| not_ours(error.to_string()))?;
    let health: String = sqlx::query_scalar("pragma integrity_check(1)")
        .fetch_one(&mut connection)
        .await
        .map_err(|error| not_ours(error.to_string()))?;
    if health != "ok" {
        return Err(not_ours(health));
    }
    let tables: i64 = sqlx::query_scalar("select count(*) from sqlite_master where name in ('servers', 'services', 'deployments', '_sqlx_migrations')")
        .fetch_one(&mut connection)
        .await
        .map_err(|error| not_ours(error.to_string()))?;
    if tables != 4 {
        return Err(not_ours("its tables are others".to_owned()));
    }
    sqlx::migrate!("../migrations/sqlite")
        .run(&mut connection)
        .await
        .map_err(|error| not_ours(error.to_string()))?;
    connection
        .close()
        .await
        .map_err(|error| not_ours(error.to_string()))
}

/// Moves what stands in the write-ahead log into the file itself.
async fn settle(file: &Path) -> Result<(), Error> {
    let options = SqliteConnectOptions::from_str("sqlite://")
        .map_err(StoreError::from)?
        .filename(file);
    let mut connection = options.connect().await.map_err(StoreError::from)?;
    sqlx::query("pragma wal_checkpoint(truncate)")
        .execute(&mut connection)
        .await
        .map_err(StoreError::from)?;
    connection.close().await.map_err(StoreError::from)?;
    Ok(())
}

fn beside(file: &Path, end: &str) -> PathBuf {
    with_end(file, &format!(".{end}"))
}

fn with_end(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Copies bytes, not the mode: the copy becomes the store.
fn copy_private(from: &Path, to: &Path) -> std::io::Result<()> {
    create_private(to)?;
    let mut source = std::fs::File::open(from)?;
    let mut copy = std::fs::OpenOptions::new().write(true).open(to)?;
    std::io::copy(&mut source, &mut copy).map(|_| ())
}

fn create_private(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(file)
        .map(|_| ())
}

fn sync(file: &Path) -> std::io::Result<()> {
    std::fs::File::open(file)?.sync_all()
}

fn remove_if_there(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn io_error(file: &Path, error: &std::io::Error) -> Error {
    Error::conflict(format!("`{}`: {error}", file.display()))
}
