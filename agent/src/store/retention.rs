//! What waits for words or for retrieval, and what is old enough to be forgotten. Small batches: nobody waits for them.

use sqlx::query_as;

use super::rows::{Checkpoint, Pattern, Session, Time};
use super::{Store, StoreError};

impl Store {
    /// Claims the last ended session that has no words yet, once.
    pub async fn claim_for_prose(&self, now: Time) -> Result<Option<Session>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Session>(
                "update sessions set prose_at = $1 where prose_at is null and session = (select session from sessions \
                 where ended_at is not null and prose_at is null and summary is not null order by ended_at desc limit 1) \
                 returning session, cwd, project, started_at, seen_at, ended_at, events, prompts, tools, commands, failed, changes, last_prompt_at, summary, prose"
            )
            .bind(now).fetch_optional(p).await)
        })
        .await
    }

    /// Keeps what the model wrote about a session.
    pub async fn put_prose(&self, session: &str, prose: &str) -> Result<(), StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update sessions set prose = $1, indexed_at = null where session = $2"
            )
            .bind(prose)
            .bind(session)
            .execute(p)
            .await
            .map(|_| ()))
        })
        .await
    }

    /// Reads ended sessions that retrieval does not know as they are.
    pub async fn sessions_to_index(&self, limit: i64) -> Result<Vec<Session>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Session>(
                "select session, cwd, project, started_at, seen_at, ended_at, events, prompts, tools, commands, failed, changes, last_prompt_at, summary, prose \
                 from sessions where indexed_at is null and summary is not null order by session limit $1"
            )
            .bind(limit).fetch_all(p).await)
        })
        .await
    }

    /// Notes that retrieval knows a session.
    pub async fn mark_session_indexed(&self, session: &str, now: Time) -> Result<(), StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update sessions set indexed_at = $1 where session = $2"
            )
            .bind(now)
            .bind(session)
            .execute(p)
            .await
            .map(|_| ()))
        })
        .await
    }

    /// Reads checkpoints that stand and that retrieval does not know. Those of a turn change too often, those of an
    /// end say what the session says.
    pub async fn checkpoints_to_index(&self, limit: i64) -> Result<Vec<Checkpoint>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Checkpoint>(
                "select id, session, at, project, kind, summary, facts, upto from checkpoints where kind = 'compact' and indexed_at is null order by id limit $1"
            )
            .bind(limit).fetch_all(p).await)
        })
        .await
    }

    /// Notes that retrieval knows a checkpoint.
    pub async fn mark_checkpoint_indexed(&self, id: i64, now: Time) -> Result<(), StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update checkpoints set indexed_at = $1 where id = $2"
            )
            .bind(now)
            .bind(id)
            .execute(p)
            .await
            .map(|_| ()))
        })
        .await
    }

    /// Reads patterns with a fix that retrieval does not know as they are, and those that lost theirs.
    pub async fn patterns_to_index(&self, limit: i64) -> Result<Vec<Pattern>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Pattern>(
                "select fingerprint, tool, command, problem, fix, project, seen, sessions, fixed, refuted, first_at, last_at, fixed_at, fixed_in \
                 from patterns where indexed_at is null and fixed_at is not null order by fingerprint limit $1"
            )
            .bind(limit).fetch_all(p).await)
        })
        .await
    }

    /// Notes that retrieval knows a pattern.
    pub async fn mark_pattern_indexed(
        &self,
        fingerprint: &str,
        now: Time,
    ) -> Result<(), StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update patterns set indexed_at = $1 where fingerprint = $2"
            )
            .bind(now)
            .bind(fingerprint)
            .execute(p)
            .await
            .map(|_| ()))
        })
        .await
    }

    /// Forgets some events older than a time.
    pub async fn forget_some_hook_events(
        &self,
        before: Time,
        limit: i64,
    ) -> Result<u64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from hook_events where event in (select event from hook_events where at < $1 order by at limit $2)"
            )
            .bind(before).bind(limit).execute(p).await.map(|done| done.rows_affected()))
        })
        .await
    }

    /// Forgets some failures older than a time.
    pub async fn forget_failures(&self, before: Time, limit: i64) -> Result<u64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from failures where id in (select id from failures where at < $1 order by at limit $2)"
            )
            .bind(before).bind(limit).execute(p).await.map(|done| done.rows_affected()))
        })
        .await
    }

    /// Forgets when sessions sent notices, before a time.
    pub async fn forget_notices(&self, before: Time) -> Result<u64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from notices where at < $1"
            )
            .bind(before)
            .execute(p)
            .await
            .map(|done| done.rows_affected()))
        })
        .await
    }

    /// Reads some checkpoints older than a time: the session and the number.
    pub async fn old_checkpoints(
        &self,
        before: Time,
        limit: i64,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, (String, i64)>(
                "select session, id from checkpoints where at < $1 order by id limit $2"
            )
            .bind(before)
            .bind(limit)
            .fetch_all(p)
            .await)
        })
        .await
    }

    /// Forgets a checkpoint.
    pub async fn forget_checkpoint(&self, id: i64) -> Result<u64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from checkpoints where id = $1"
            )
            .bind(id)
            .execute(p)
            .await
            .map(|done| done.rows_affected()))
        })
        .await
    }

    /// Reads some sessions that were not seen since a time.
    pub async fn old_sessions(&self, before: Time, limit: i64) -> Result<Vec<String>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, String>(
                "select session from sessions where seen_at < $1 order by seen_at limit $2"
            )
            .bind(before)
            .bind(limit)
            .fetch_all(p)
            .await)
        })
        .await
    }

    /// Forgets the row of a session that was not seen since a time.
    pub async fn forget_old_session(&self, session: &str, before: Time) -> Result<u64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from sessions where session = $1 and seen_at < $2"
            )
            .bind(session)
            .bind(before)
            .execute(p)
            .await
            .map(|done| done.rows_affected()))
        })
        .await
    }

    /// Reads some patterns that were not seen since a time.
    pub async fn old_patterns(&self, before: Time, limit: i64) -> Result<Vec<String>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, String>(
                "select fingerprint from patterns where last_at < $1 order by last_at limit $2"
            )
            .bind(before)
            .bind(limit)
            .fetch_all(p)
            .await)
        })
        .await
    }

    /// Forgets a pattern that was not seen since a time.
    pub async fn forget_pattern(&self, fingerprint: &str, before: Time) -> Result<u64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from patterns where fingerprint = $1 and last_at < $2"
            )
            .bind(fingerprint)
            .bind(before)
            .execute(p)
            .await
            .map(|done| done.rows_affected()))
        })
        .await
    }
}
