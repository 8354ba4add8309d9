//! The whole store in one file, and back.
//!
//! SQLite: a copy made by `vacuum into`, itself a database. Postgres: JSON lines, a head and then one row a line.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use futures_util::TryStreamExt;
use rag::pool::Pool;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgPool};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, BufWriter};

use super::{Store, StoreError, lock_file};
use crate::error::Error;

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

/// The longest line that a restore reads, in bytes.
const LINE_LIMIT: usize = 64 * 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    /// The form of this file; always 1.
    fjord_backup: u32,
    /// The last migration that was applied.
    migration: i64,
}

#[derive(Debug, Deserialize)]
struct Line {
    table: String,
    row: Box<RawValue>,
}

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
        let rows = match &self.pool {
            Pool::Sqlite(pool) => {
                let target = partial
                    .to_str()
                    .ok_or_else(|| Error::invalid("the file's name is not text"))?;
                create_private(&partial).map_err(|error| io_error(&partial, &error))?;
                sqlx::query("vacuum into $1")
                    .bind(target)
                    .execute(pool)
                    .await
                    .map_err(StoreError::from)?;
                self.count_rows().await?
            }
            Pool::Postgres(pool) => dump(pool, &partial).await?,
        };
        sync(&partial).map_err(|error| io_error(&partial, &error))?;
        std::fs::rename(&partial, file).map_err(|error| io_error(file, &error))?;
        Ok(rows)
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
                load(pool, file).await
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
        let fresh = beside(&target, "restoring");
        remove_if_there(&fresh).map_err(|error| io_error(&fresh, &error))?;
        std::fs::copy(file, &fresh).map_err(|error| io_error(file, &error))?;
        let checked = check_sqlite(&fresh, file).await;
        if let Err(error) = checked {
            remove_if_there(&fresh).map_err(|error| io_error(&fresh, &error))?;
            return Err(error);
        }
        let lock = lock_file(target.clone()).await?;
        if let Pool::Sqlite(pool) = &self.pool {
            pool.close().await;
        }
        let io = |error: std::io::Error| io_error(&target, &error);
        if target.exists() {
            // What still stands in the log belongs to the file from before.
            settle(&target).await?;
            std::fs::rename(&target, beside(&target, "before-restore")).map_err(io)?;
        }
        for end in ["-wal", "-shm"] {
            let mut name = target.clone().into_os_string();
            name.push(end);
            remove_if_there(Path::new(&name)).map_err(io)?;
        }
        sync(&fresh).map_err(io)?;
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
    if let Ok(mut connection) = options.connect().await {
        sqlx::query("pragma wal_checkpoint(truncate)")
            .execute(&mut connection)
            .await
            .map_err(StoreError::from)?;
        connection.close().await.map_err(StoreError::from)?;
    }
    Ok(())
}

async fn dump(pool: &PgPool, file: &Path) -> Result<u64, Error> {
    let io = |error: std::io::Error| io_error(file, &error);
    // One snapshot for all tables.
    let mut tx = pool
        .begin_with("begin isolation level repeatable read read only")
        .await
        .map_err(StoreError::from)?;
    let migration: i64 = sqlx::query_scalar("select max(version) from _sqlx_migrations")
        .fetch_one(&mut *tx)
        .await
        .map_err(StoreError::from)?;
    create_private(file).map_err(io)?;
    let out = tokio::fs::OpenOptions::new()
        .write(true)
        .open(file)
        .await
        .map_err(io)?;
    let mut out = BufWriter::new(out);
    let head = serde_json::to_string(&Head {
        fjord_backup: 1,
        migration,
    })
    .map_err(|error| Error::internal(error.to_string()))?;
    out.write_all(format!("{head}\n").as_bytes())
        .await
        .map_err(io)?;
    let mut rows = 0;
    for table in TABLES {
        let sql = AssertSqlSafe(format!("select row_to_json(t)::text from {table} t"));
        let mut stream = sqlx::query_scalar::<_, String>(sql).fetch(&mut *tx);
        while let Some(row) = stream.try_next().await.map_err(StoreError::from)? {
            out.write_all(format!("{{\"table\":\"{table}\",\"row\":{row}}}\n").as_bytes())
                .await
                .map_err(io)?;
            rows += 1;
        }
    }
    out.flush().await.map_err(io)?;
    Ok(rows)
}

async fn load(pool: &PgPool, file: &Path) -> Result<u64, Error> {
    let io = |error: std::io::Error| io_error(file, &error);
    let not_ours = |line: u64, why: String| {
        Error::invalid(format!(
            "`{}` line {line} is not of a Fjord backup: {why}; the store was not touched",
            file.display()
        ))
    };
    let mut lines = BufReader::new(tokio::fs::File::open(file).await.map_err(io)?).lines();
    let first = lines.next_line().await.map_err(io)?.unwrap_or_default();
    let head: Head =
        serde_json::from_str(&first).map_err(|error| not_ours(1, error.to_string()))?;
    let mut tx = pool.begin().await.map_err(StoreError::from)?;
    let ours: i64 = sqlx::query_scalar("select max(version) from _sqlx_migrations")
        .fetch_one(&mut *tx)
        .await
        .map_err(StoreError::from)?;
    if head.fjord_backup != 1 || head.migration > ours {
        return Err(not_ours(
            1,
            format!(
                "it was written by a newer Fjord (migration {}, ours is {ours})",
                head.migration
            ),
        ));
    }
    let all = TABLES.join(", ");
    sqlx::query(AssertSqlSafe(format!("truncate {all}")))
        .execute(&mut *tx)
        .await
        .map_err(StoreError::from)?;
    let (mut rows, mut number) = (0, 1);
    let mut known: HashMap<&str, String> = HashMap::new();
    while let Some(text) = lines.next_line().await.map_err(io)? {
        number += 1;
        if text.len() > LINE_LIMIT {
            return Err(not_ours(number, "the line is too long".to_owned()));
        }
        let line: Line =
            serde_json::from_str(&text).map_err(|error| not_ours(number, error.to_string()))?;
        let Some(table) = TABLES.iter().find(|table| **table == line.table) else {
            return Err(not_ours(number, "it names no table of Fjord".to_owned()));
        };
        if !known.contains_key(table) {
            known.insert(table, columns_of(&mut tx, table).await?);
        }
        let columns = &known[table];
        let sql = format!(
            "insert into {table} ({columns}) select {columns} from json_populate_record(null::{table}, $1::json)"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(line.row.get())
            .execute(&mut *tx)
            .await
            .map_err(|error| not_ours(number, error.to_string()))?;
        rows += 1;
    }
    reset_numbers(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(rows)
}

/// Columns that can be written; generated ones cannot.
async fn columns_of(tx: &mut sqlx::PgConnection, table: &str) -> Result<String, Error> {
    let columns: Option<String> = sqlx::query_scalar(
        "select string_agg(quote_ident(column_name), ', ' order by ordinal_position) from information_schema.columns \
         where table_schema = current_schema() and table_name = $1 and is_generated = 'NEVER'",
    )
    .bind(table)
    .fetch_one(tx)
    .await
    .map_err(StoreError::from)?;
    columns.ok_or_else(|| Error::internal(format!("the table {table} has no columns")))
}

/// The next number of each table comes after the largest restored one.
async fn reset_numbers(tx: &mut sqlx::PgConnection) -> Result<(), Error> {
    let with_numbers: Vec<(String, String)> = sqlx::query_as(
        "select table_name::text, column_name::text from information_schema.columns where table_schema = current_schema() and is_identity = 'YES'",
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(StoreError::from)?;
    for (table, column) in with_numbers
        .iter()
        .filter(|(table, _)| TABLES.contains(&table.as_str()))
    {
        let sql = format!(
            "select setval(pg_get_serial_sequence('{table}', '{column}'), coalesce((select max({column}) from {table}), 0) + 1, false)"
        );
        sqlx::query(AssertSqlSafe(sql))
            .execute(&mut *tx)
            .await
            .map_err(StoreError::from)?;
    }
    Ok(())
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(end);
    PathBuf::from(name)
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
