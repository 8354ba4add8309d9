//! What sessions teach. Everything here runs inside the transaction that stores the event, so it happens once.

use chrono::TimeDelta;
use rag::pool::Tx;
use sqlx::query_as;

use super::hooks::Counted;
use super::rows::{
    Checkpoint, CheckpointKind, Deed, Failure, HookEventRow, Json, Pattern, Session, Time,
};
use super::{Store, StoreError};
use crate::memory::{
    self, CheckpointFacts, NewCheckpoint, NewFailure, NewNotice, REPEATS_AFTER, Signature, lesson,
};

/// How long a failure waits for what solves it.
const MENDED_WITHIN: TimeDelta = TimeDelta::minutes(30);
/// And for how many tool calls.
const MENDED_AFTER: i64 = 30;
/// How often a fix may fail before it is no fix.
const MOST_REFUTED: i64 = 2;
/// Events before a checkpoint's time that are read again: they may have come in late.
const OVERLAP: TimeDelta = TimeDelta::minutes(2);

impl Store {
    /// Reads a pattern.
    pub async fn pattern(&self, fingerprint: &str) -> Result<Option<Pattern>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Pattern>(
                "select fingerprint, tool, command, problem, fix, project, seen, sessions, fixed, refuted, first_at, last_at, fixed_at, fixed_in \
                 from patterns where fingerprint = $1"
            )
            .bind(fingerprint).fetch_optional(p).await)
        })
        .await
    }

    /// Reads the last patterns, the newest first.
    pub async fn patterns(&self, limit: i64) -> Result<Vec<Pattern>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Pattern>(
                "select fingerprint, tool, command, problem, fix, project, seen, sessions, fixed, refuted, first_at, last_at, fixed_at, fixed_in \
                 from patterns order by last_at desc limit $1"
            )
            .bind(limit).fetch_all(p).await)
        })
        .await
    }

    /// Reads a session.
    pub async fn session(&self, session: &str) -> Result<Option<Session>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Session>(
                "select session, cwd, project, started_at, seen_at, ended_at, events, prompts, tools, commands, failed, changes, last_prompt_at, summary, prose \
                 from sessions where session = $1"
            )
            .bind(session).fetch_optional(p).await)
        })
        .await
    }

    /// Reads the checkpoints of a session, the newest first.
    pub async fn checkpoints_of(&self, session: &str) -> Result<Vec<Checkpoint>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Checkpoint>(
                "select id, session, at, project, kind, summary, facts, upto from checkpoints where session = $1 order by at desc, id desc limit 100"
            )
            .bind(session).fetch_all(p).await)
        })
        .await
    }

    /// Reads the last checkpoint of a project that another session made.
    pub async fn last_checkpoint(
        &self,
        project: &str,
        not_of: &str,
    ) -> Result<Option<Checkpoint>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Checkpoint>(
                "select id, session, at, project, kind, summary, facts, upto from checkpoints where project = $1 and session <> $2 order by at desc, id desc limit 1"
            )
            .bind(project).bind(not_of).fetch_optional(p).await)
        })
        .await
    }
}

/// Notes a failure and counts it; a fix after which it came back twice is dropped.
pub(super) async fn learn_failure(
    tx: &mut Tx,
    row: &HookEventRow,
    new: &NewFailure,
    counted: &Counted,
) -> Result<(), sqlx::Error> {
    let (times, last) = rag::tx!(tx, |c| {
        query_as::<_, (i64, Option<Time>)>(
        "select count(*), max(case when solved_at is null then at end) from failures where fingerprint = $1 and session = $2"
    )
    .bind(&new.fingerprint).bind(&row.session).fetch_one(c).await
    })?;
    rag::tx!(tx, |c| {
        sqlx::query(
        "insert into failures (event, session, at, project, fingerprint, signature, problem, command, tools) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (event) do nothing"
    )
    .bind(&row.event).bind(&row.session).bind(row.at).bind(&new.project).bind(&new.fingerprint)
    .bind(Json(&new.signature)).bind(&new.problem).bind(&new.command).bind(counted.tools)
    .execute(c).await.map(|_| ())
    })?;
    let tool = row.tool.as_deref().unwrap_or_default();
    let (fixed_at, refuted) = rag::tx!(tx, |c| {
        query_as::<_, (Option<Time>, i64)>(
        "insert into patterns (fingerprint, tool, command, problem, project, seen, sessions, first_at, last_at) values ($1, $2, $3, $4, $5, 1, 1, $6, $6) \
         on conflict (fingerprint) do update set seen = patterns.seen + 1, sessions = patterns.sessions + $7, last_at = excluded.last_at \
         returning case when fix is null then null else fixed_at end, refuted"
    )
    .bind(&new.fingerprint).bind(tool).bind(&new.family).bind(&new.problem).bind(&new.project).bind(row.at)
    .bind(i64::from(times == 0)).fetch_one(c).await
    })?;
    // The session failed like this before, was told of the fix, and fails again.
    let was_told = matches!((fixed_at, last), (Some(fixed), Some(last)) if fixed <= last && row.at - last <= MENDED_WITHIN);
    if was_told && refuted + 1 >= MOST_REFUTED {
        rag::tx!(tx, |c| {
            sqlx::query("update patterns set fix = null, fixed = 0, refuted = 0, indexed_at = null where fingerprint = $1")
            .bind(&new.fingerprint).execute(c).await.map(|_| ())
        })?;
    } else if was_told {
        rag::tx!(tx, |c| sqlx::query(
            "update patterns set refuted = refuted + 1 where fingerprint = $1"
        )
        .bind(&new.fingerprint)
        .execute(c)
        .await
        .map(|_| ()))?;
    }
    rag::tx!(tx, |c| sqlx::query(
        "update sessions set open_failures = open_failures + 1 where session = $1"
    )
    .bind(&row.session)
    .execute(c)
    .await
    .map(|_| ()))
}

/// Learns from a call that worked what solved the failures of its kind.
pub(super) async fn learn_success(
    tx: &mut Tx,
    row: &HookEventRow,
    success: &Signature,
    counted: &Counted,
) -> Result<(), sqlx::Error> {
    let open = rag::tx!(tx, |c| {
        query_as::<_, Failure>(
        "select id, event, at, project, fingerprint, signature, problem, command, tools from failures \
         where session = $1 and solved_at is null and at >= $2 and at <= $3 order by at desc, id desc limit 20"
    )
    .bind(&row.session).bind(row.at - MENDED_WITHIN).bind(row.at).fetch_all(c).await
    })?;
    let open: Vec<Failure> = open
        .into_iter()
        .filter(|failure| counted.tools - failure.tools <= MENDED_AFTER)
        .collect();
    let left = open.len();
    let solved = lesson::solved(open, row, success);
    for solved in &solved {
        let deeds = rag::tx!(tx, |c| {
            query_as::<_, Deed>(
            "select event, at, name, tool, detail, change from hook_events where session = $1 and at >= $2 and at <= $3 and name = 'PostToolUse' \
             order by at, event limit 200"
        )
        .bind(&row.session).bind(solved.failure.at).bind(solved.until).fetch_all(c).await
        })?;
        if let Some(fix) = lesson::fix(&solved.failure, &deeds, row) {
            rag::tx!(tx, |c| {
                sqlx::query(
                "update patterns set fix = $1, problem = $2, project = $3, fixed = fixed + 1, refuted = 0, fixed_at = $4, fixed_in = $5, indexed_at = null \
                 where fingerprint = $6"
            )
            .bind(&fix).bind(&solved.failure.problem).bind(&solved.failure.project).bind(row.at).bind(&row.session)
            .bind(&solved.failure.fingerprint).execute(c).await.map(|_| ())
            })?;
        }
    }
    let ids: Vec<i64> = solved
        .iter()
        .flat_map(|solved| solved.ids.iter().copied())
        .collect();
    for id in &ids {
        rag::tx!(tx, |c| sqlx::query(
            "update failures set solved_at = $1 where id = $2"
        )
        .bind(row.at)
        .bind(id)
        .execute(c)
        .await
        .map(|_| ()))?;
    }
    // What waited too long waits no more, so that the next success need not look.
    let open = i64::try_from(left - ids.len()).unwrap_or_default();
    if open == counted.open_failures {
        return Ok(());
    }
    rag::tx!(tx, |c| sqlx::query(
        "update sessions set open_failures = $1 where session = $2"
    )
    .bind(open)
    .bind(&row.session)
    .execute(c)
    .await
    .map(|_| ()))
}

/// Makes a checkpoint, or refreshes the one of the last turn.
pub(super) async fn make_checkpoint(
    tx: &mut Tx,
    row: &HookEventRow,
    new: &NewCheckpoint,
    counted: &Counted,
) -> Result<(), sqlx::Error> {
    let upto = counted.prompts + counted.tools;
    let last = rag::tx!(tx, |c| {
        query_as::<_, Checkpoint>(
        "select id, session, at, project, kind, summary, facts, upto from checkpoints where session = $1 order by at desc, id desc limit 1"
    )
    .bind(&row.session).fetch_optional(c).await
    })?;
    let nothing_new = last.as_ref().map_or(upto == 0, |last| last.upto >= upto);
    let is_end = new.kind == CheckpointKind::End;
    if nothing_new && !(is_end && last.is_some()) {
        return Ok(());
    }
    let since = last
        .as_ref()
        .map_or(counted.started_at, |last| last.at - OVERLAP);
    let deeds = rag::tx!(tx, |c| {
        query_as::<_, Deed>(
        "select event, at, name, tool, detail, change from hook_events where session = $1 and at >= $2 and at <= $3 \
         and name in ('PostToolUse', 'PostToolUseFailure') order by at desc, event desc limit 500"
    )
    .bind(&row.session).bind(since).bind(row.at).fetch_all(c).await
    })?;
    let open = rag::tx!(tx, |c| {
        sqlx::query_scalar::<_, String>(
        "select problem from failures where session = $1 and solved_at is null order by at desc, id desc limit 3"
    )
    .bind(&row.session).fetch_all(c).await
    })?;
    let before = last
        .as_ref()
        .and_then(|last| serde_json::from_value(last.facts.0.clone()).ok());
    let mut facts: CheckpointFacts = before.unwrap_or_default();
    let project = counted.project.clone().or_else(|| new.project.clone());
    facts.add(&deeds, project.as_deref());
    facts.prompts = counted.prompts;
    facts.commands = counted.commands;
    facts.failed = counted.failed;
    facts.changed = counted.changes;
    facts.open_failures = open;
    facts.say(new);
    let summary = facts.text();
    let facts = serde_json::to_value(&facts).unwrap_or_default();
    let refreshed = last.filter(|last| last.kind == CheckpointKind::Turn);
    if let Some(last) = refreshed {
        rag::tx!(tx, |c| {
            sqlx::query(
            "update checkpoints set at = $1, project = $2, kind = $3, summary = $4, facts = $5, upto = $6, indexed_at = null where id = $7"
        )
        .bind(row.at).bind(&project).bind(new.kind).bind(&summary).bind(Json(&facts)).bind(upto).bind(last.id)
        .execute(c).await.map(|_| ())
        })?;
    } else {
        rag::tx!(tx, |c| {
            sqlx::query(
            "insert into checkpoints (session, at, project, kind, summary, facts, upto) values ($1, $2, $3, $4, $5, $6, $7)"
        )
        .bind(&row.session).bind(row.at).bind(&project).bind(new.kind).bind(&summary).bind(Json(&facts)).bind(upto)
        .execute(c).await.map(|_| ())
        })?;
    }
    if is_end {
        rag::tx!(tx, |c| sqlx::query(
            "update sessions set summary = $1, indexed_at = null where session = $2"
        )
        .bind(&summary)
        .bind(&row.session)
        .execute(c)
        .await
        .map(|_| ()))?;
    }
    Ok(())
}

/// Leaves a notice for the phone: when the person is away, and not sooner.
pub(super) async fn put_notice(
    tx: &mut Tx,
    row: &HookEventRow,
    notice: &NewNotice,
    (counted, chats): (&Counted, &[i64]),
) -> Result<(), sqlx::Error> {
    if notice.asks_permission {
        let asked = rag::tx!(tx, |c| {
            sqlx::query_scalar::<_, i64>(
            "select count(*) from approvals where session = $1 \
             and (asked_at >= $2 or answered_at >= $2 or (answer is null and closed is null and expires_at > $3))"
        )
        .bind(&row.session).bind(row.at - REPEATS_AFTER).bind(row.at).fetch_one(c).await
        })?;
        if asked > 0 {
            return Ok(());
        }
    }
    let is_first = rag::tx!(tx, |c| {
        sqlx::query(
        "insert into notices (session, kind, event, at) values ($1, $2, $3, $4) \
         on conflict (session, kind) do update set event = excluded.event, at = excluded.at where notices.at <= $5"
    )
    .bind(&row.session).bind(&notice.kind).bind(&row.event).bind(row.at).bind(row.at - REPEATS_AFTER)
    .execute(c).await.map(|done| done.rows_affected() == 1)
    })?;
    if !is_first {
        return Ok(());
    }
    let last_input = counted.last_prompt_at.unwrap_or(counted.started_at);
    let not_before = (last_input + notice.away_after).max(row.at);
    for chat in chats {
        rag::tx!(tx, |c| {
            sqlx::query(
            "insert into outbox (dedupe, chat, body, created_at, not_before, attempts) values ($1, $2, $3, $4, $5, 0) on conflict (dedupe) do nothing"
        )
        .bind(memory::notice_key(&row.event, *chat)).bind(chat).bind(Json(&notice.body)).bind(row.at).bind(not_before)
        .execute(c).await.map(|_| ())
        })?;
    }
    rag::tx!(tx, |c| sqlx::query(
        "update sessions set notices = notices + 1 where session = $1"
    )
    .bind(&row.session)
    .execute(c)
    .await
    .map(|_| ()))
}

/// Takes back what was not sent yet: the person is there, or the session went on.
pub(super) async fn withdraw_notices(
    tx: &mut Tx,
    session: &str,
    chats: &[i64],
) -> Result<(), sqlx::Error> {
    let events = rag::tx!(tx, |c| sqlx::query_scalar::<_, String>(
        "select event from notices where session = $1"
    )
    .bind(session)
    .fetch_all(c)
    .await)?;
    for event in &events {
        for chat in chats {
            rag::tx!(tx, |c| sqlx::query(
                "delete from outbox where dedupe = $1 and sent_at is null and attempts = 0"
            )
            .bind(memory::notice_key(event, *chat))
            .execute(c)
            .await
            .map(|_| ()))?;
        }
    }
    rag::tx!(tx, |c| sqlx::query(
        "update sessions set notices = 0 where session = $1"
    )
    .bind(session)
    .execute(c)
    .await
    .map(|_| ()))
}
