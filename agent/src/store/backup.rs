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
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter};

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
const LINE_LIMIT: u64 = 64 * 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    /// The form of this file; always 1.
    fjord_backup: u32,
    /// The last migration that was applied.
    migration: i64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    /// How many rows stand before it.
    rows: u64,
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
            Pool::Postgres(pool) => dump(pool, partial).await,
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
    // A file that was cut somewhere lacks this.
    let end =
        serde_json::to_string(&End { rows }).map_err(|error| Error::internal(error.to_string()))?;
    out.write_all(format!("{end}\n").as_bytes())
        .await
        .map_err(io)?;
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
    let mut lines = BufReader::new(tokio::fs::File::open(file).await.map_err(io)?);
    let first = next_line(&mut lines).await.map_err(io)?.unwrap_or_default();
    let head: Head =
        serde_json::from_slice(&first).map_err(|error| not_ours(1, error.to_string()))?;
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
    // Somebody who still works with the store is told of, not waited for without end.
    sqlx::query("set local lock_timeout = '10s'")
        .execute(&mut *tx)
        .await
        .map_err(StoreError::from)?;
    let all = TABLES.join(", ");
    sqlx::query(AssertSqlSafe(format!("truncate {all}")))
        .execute(&mut *tx)
        .await
        .map_err(in_use)?;
    let (mut rows, mut number, mut whole) = (0, 1, false);
    let mut known: HashMap<&str, (String, String)> = HashMap::new();
    while let Some(text) = next_line(&mut lines).await.map_err(io)? {
        number += 1;
        if whole {
            return Err(not_ours(number, "it stands after the end".to_owned()));
        }
        if let Ok(end) = serde_json::from_slice::<End>(&text) {
            if end.rows != rows {
                return Err(not_ours(number, format!("{rows} rows, not {}", end.rows)));
            }
            whole = true;
            continue;
        }
        let line: Line =
            serde_json::from_slice(&text).map_err(|error| not_ours(number, error.to_string()))?;
        let Some(table) = TABLES.iter().find(|table| **table == line.table) else {
            return Err(not_ours(number, "it names no table of Fjord".to_owned()));
        };
        if !known.contains_key(table) {
            known.insert(table, columns_of(&mut tx, table).await?);
        }
        let (columns, values) = &known[table];
        let sql = format!(
            "insert into {table} ({columns}) select {values} from json_populate_record(null::{table}, $1::json)"
        );
        sqlx::query(AssertSqlSafe(sql))
            .bind(line.row.get())
            .execute(&mut *tx)
            .await
            .map_err(|error| match StoreError::from(error) {
                down @ StoreError::Down(_) => down.into(),
                refused => not_ours(number, refused.to_string()),
            })?;
        rows += 1;
    }
    if !whole {
        return Err(not_ours(number, "the file ends too early".to_owned()));
    }
    reset_numbers(&mut tx).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(rows)
}

fn in_use(error: sqlx::Error) -> Error {
    let locked = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code)
        .is_some_and(|code| code == "55P03");
    if locked {
        return Error::conflict(
            "somebody works with the store; stop every other `fjord`, then restore again. Nothing was changed",
        );
    }
    StoreError::from(error).into()
}

/// Reads a line without its end; one that is too long is an error before it fills the memory.
async fn next_line(reader: &mut BufReader<tokio::fs::File>) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    let read = reader
        .take(LINE_LIMIT + 1)
        .read_until(b'\n', &mut line)
        .await?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
    } else if line.len() as u64 > LINE_LIMIT {
        return Err(std::io::Error::other("a line is too long for a backup"));
    }
    Ok(Some(line))
}

/// Columns that can be written, and how each is read from a row of the file: there, the JSON
/// value null looks like no value.
async fn columns_of(tx: &mut sqlx::PgConnection, table: &str) -> Result<(String, String), Error> {
    let (columns, values): (Option<String>, Option<String>) = sqlx::query_as(
        "select string_agg(quote_ident(column_name), ', ' order by ordinal_position), \
         string_agg(case when data_type = 'jsonb' and is_nullable = 'NO' then 'coalesce(' || quote_ident(column_name) || ', ''null'')' \
         else quote_ident(column_name) end, ', ' order by ordinal_position) from information_schema.columns \
         where table_schema = current_schema() and table_name = $1 and is_generated = 'NEVER'",
    )
    .bind(table)
    .fetch_one(tx)
    .await
    .map_err(StoreError::from)?;
    columns
        .zip(values)
        .ok_or_else(|| Error::internal(format!("the table {table} has no columns")))
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
