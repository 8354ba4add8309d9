//! What is kept of a coding agent's events.

use rag::pool::Tx;
use sqlx::query_as;

use super::rows::{HookEventRow, Json, Time};
use super::{Store, StoreError};

impl Store {
    /// Stores an event and notes its session, once; false: it was there already.
    pub async fn insert_hook_event(&self, row: &HookEventRow) -> Result<bool, StoreError> {
        let new = self.insert_hook_events(std::slice::from_ref(row)).await?;
        Ok(new == [true])
    }

    /// Stores events and notes their sessions, each once, all in one transaction; false: it was there already.
    pub async fn insert_hook_events(&self, rows: &[HookEventRow]) -> Result<Vec<bool>, StoreError> {
        self.run(async {
            let mut tx = self.pool.begin().await?;
            let mut new = Vec::with_capacity(rows.len());
            for row in rows {
                new.push(insert(&mut tx, row).await?);
            }
            tx.commit().await?;
            Ok(new)
        })
        .await
    }

    /// Reads the last events of all sessions, the newest first.
    pub async fn hook_events(&self, limit: i64) -> Result<Vec<HookEventRow>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, HookEventRow>(
                "select event, session, at, name, tool, cwd, verdict, rule, detail from hook_events order by at desc limit $1"
            )
            .bind(limit).fetch_all(p).await)
        })
        .await
    }

    /// Forgets events older than a time.
    pub async fn forget_hook_events(&self, before: Time) -> Result<u64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from hook_events where at < $1"
            )
            .bind(before)
            .execute(p)
            .await
            .map(|done| done.rows_affected()))
        })
        .await
    }
}

async fn insert(tx: &mut Tx, row: &HookEventRow) -> Result<bool, sqlx::Error> {
    let new = rag::tx!(tx, |c| {
        sqlx::query(
        "insert into hook_events (event, session, at, name, tool, cwd, verdict, rule, detail) values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
         on conflict (event) do nothing"
    )
    .bind(&row.event).bind(&row.session).bind(row.at).bind(&row.name).bind(&row.tool).bind(&row.cwd).bind(&row.verdict)
    .bind(&row.rule).bind(Json(&row.detail.0)).execute(c).await.map(|done| done.rows_affected() == 1)
    })?;
    if new {
        rag::tx!(tx, |c| {
            sqlx::query(
            "insert into sessions (session, cwd, started_at, seen_at, events) values ($1, $2, $3, $3, 1) \
             on conflict (session) do update set cwd = excluded.cwd, seen_at = excluded.seen_at, events = sessions.events + 1"
        )
        .bind(&row.session).bind(&row.cwd).bind(row.at).execute(c).await.map(|_| ())
        })?;
    }
    Ok(new)
}
