//! Postgres as JSON lines: a head, one row a line, an end that tells how many there were.

use std::collections::HashMap;
use std::path::Path;

use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, BufWriter};

use super::{TABLES, create_private, io_error};
use crate::error::Error;
use crate::store::StoreError;

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

pub(super) async fn dump(pool: &PgPool, file: &Path) -> Result<u64, Error> {
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

pub(super) async fn load(pool: &PgPool, file: &Path) -> Result<u64, Error> {
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
