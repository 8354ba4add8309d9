//! What is kept of a coding agent's events.

use rag::pool::Tx;
use sqlx::{FromRow, query_as};

use super::events::insert_event;
use super::memory::{learn_failure, learn_success, make_checkpoint, put_notice, withdraw_notices};
use super::rows::{HookEventRow, Json, Time};
use super::{Store, StoreError};
use crate::memory::Taken;

/// What the session's row says after an event was counted.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Counted {
    pub(super) project: Option<String>,
    pub(super) started_at: Time,
    pub(super) prompts: i64,
    pub(super) tools: i64,
    pub(super) commands: i64,
    pub(super) failed: i64,
    pub(super) changes: i64,
    pub(super) open_failures: i64,
    pub(super) notices: i64,
    pub(super) last_prompt_at: Option<Time>,
}

impl Store {
    /// Stores an event and notes its session, once; false: it was there already.
    pub async fn insert_hook_event(&self, row: &HookEventRow) -> Result<bool, StoreError> {
        let taken = [Taken::plain(row.clone())];
        Ok(self.take_in(&taken).await? == [true])
    }

    /// Stores events and notes their sessions, each once, all in one transaction; false: it was there already.
    pub async fn insert_hook_events(&self, rows: &[HookEventRow]) -> Result<Vec<bool>, StoreError> {
        let taken: Vec<Taken> = rows.iter().cloned().map(Taken::plain).collect();
        self.take_in(&taken).await
    }

    /// Stores events with all that they teach, each once, all in one transaction; false: it was there already.
    pub async fn take_in(&self, events: &[Taken]) -> Result<Vec<bool>, StoreError> {
        self.run(async {
            let mut tx = self.pool.begin().await?;
            let mut new = Vec::with_capacity(events.len());
            for taken in events {
                new.push(take_one(&mut tx, taken).await?);
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

async fn take_one(tx: &mut Tx, taken: &Taken) -> Result<bool, sqlx::Error> {
    if !insert(tx, taken).await? {
        return Ok(false);
    }
    let counted = count(tx, taken).await?;
    for change in &taken.changes {
        rag::tx!(tx, |c| insert_event!(change, c))?;
    }
    if let Some(failure) = &taken.failure {
        learn_failure(tx, &taken.row, failure, &counted).await?;
    }
    if counted.open_failures > 0
        && let Some(success) = &taken.success
    {
        learn_success(tx, &taken.row, success, &counted).await?;
    }
    if let Some(checkpoint) = &taken.checkpoint {
        make_checkpoint(tx, &taken.row, checkpoint, &counted).await?;
    }
    if counted.notices > 0 && taken.shows_presence() {
        withdraw_notices(tx, &taken.row.session, &taken.chats).await?;
    }
    if let Some(notice) = &taken.notice {
        put_notice(tx, &taken.row, notice, (&counted, &taken.chats)).await?;
    }
    Ok(true)
}

async fn insert(tx: &mut Tx, taken: &Taken) -> Result<bool, sqlx::Error> {
    let row = &taken.row;
    rag::tx!(tx, |c| {
        sqlx::query(
        "insert into hook_events (event, session, at, name, tool, cwd, verdict, rule, detail, change) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
         on conflict (event) do nothing"
    )
    .bind(&row.event).bind(&row.session).bind(row.at).bind(&row.name).bind(&row.tool).bind(&row.cwd).bind(&row.verdict)
    .bind(&row.rule).bind(Json(&row.detail.0)).bind(&taken.change).execute(c).await.map(|done| done.rows_affected() == 1)
    })
}

async fn count(tx: &mut Tx, taken: &Taken) -> Result<Counted, sqlx::Error> {
    let row = &taken.row;
    let is_tool = matches!(row.name.as_str(), "PostToolUse" | "PostToolUseFailure");
    let is_command = is_tool && row.tool.as_deref().is_some_and(crate::memory::is_shell);
    let is_prompt = crate::memory::is_prompt(row);
    let ended_at = (row.name == "SessionEnd").then_some(row.at);
    rag::tx!(tx, |c| {
        query_as::<_, Counted>(
        "insert into sessions (session, cwd, project, started_at, seen_at, events, prompts, tools, commands, failed, changes, last_prompt_at, ended_at) \
         values ($1, $2, $3, $4, $4, 1, $5, $6, $7, $8, $9, $10, $11) \
         on conflict (session) do update set cwd = excluded.cwd, project = coalesce(sessions.project, excluded.project), seen_at = excluded.seen_at, \
         events = sessions.events + 1, prompts = sessions.prompts + excluded.prompts, tools = sessions.tools + excluded.tools, \
         commands = sessions.commands + excluded.commands, failed = sessions.failed + excluded.failed, changes = sessions.changes + excluded.changes, \
         last_prompt_at = coalesce(excluded.last_prompt_at, sessions.last_prompt_at), \
         ended_at = case when $12 then null else coalesce(excluded.ended_at, sessions.ended_at) end, \
         prose_at = case when excluded.ended_at is null then sessions.prose_at else null end \
         returning project, started_at, prompts, tools, commands, failed, changes, open_failures, notices, last_prompt_at"
    )
    .bind(&row.session).bind(&row.cwd).bind(&taken.project).bind(row.at)
    .bind(i64::from(is_prompt)).bind(i64::from(is_tool)).bind(i64::from(is_command))
    .bind(i64::from(row.name == "PostToolUseFailure")).bind(i64::from(taken.change.is_some()))
    .bind(is_prompt.then_some(row.at)).bind(ended_at).bind(row.name == "SessionStart")
    .fetch_one(c).await
    })
}
