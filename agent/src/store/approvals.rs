//! What sessions wait for a person to allow. Each step is one conditional statement, so that the first one wins.

use sqlx::query_as;

use super::rows::{Approval, ApprovalEnd, Decision, Json, Time};
use super::{Store, StoreError};

/// A question to be kept.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are explained at `Approval`")]
pub struct NewApproval<'a> {
    pub event: &'a str,
    pub session: &'a str,
    pub tool: &'a str,
    pub digest: &'a str,
    pub detail: &'a serde_json::Value,
    pub asked_at: Time,
    pub expires_at: Time,
}

/// What a person said.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the columns are explained at `Approval`")]
pub struct NewAnswer<'a> {
    pub decision: Decision,
    pub by: &'a str,
    pub note: Option<&'a str>,
    pub at: Time,
}

impl Store {
    /// Keeps a question, once for each event, and returns it as it stands.
    pub async fn ask_approval(&self, new: &NewApproval<'_>) -> Result<Approval, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Approval>(
                "insert into approvals (event, session, tool, digest, detail, asked_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7) \
                 on conflict (event) do update set event = excluded.event \
                 returning id, event, session, tool, digest, detail, asked_at, expires_at, answer, answered_by, answered_at, note, taken_at, handed_at, closed, closed_at"
            )
            .bind(new.event).bind(new.session).bind(new.tool).bind(new.digest).bind(Json(new.detail)).bind(new.asked_at).bind(new.expires_at)
            .fetch_one(p).await)
        })
        .await
    }

    /// Reads a question by its number.
    pub async fn approval(&self, id: i64) -> Result<Option<Approval>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Approval>(
                "select id, event, session, tool, digest, detail, asked_at, expires_at, answer, answered_by, answered_at, note, taken_at, handed_at, closed, closed_at \
                 from approvals where id = $1"
            )
            .bind(id).fetch_optional(p).await)
        })
        .await
    }

    /// Reads the question that an event asked.
    pub async fn approval_of(&self, event: &str) -> Result<Option<Approval>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Approval>(
                "select id, event, session, tool, digest, detail, asked_at, expires_at, answer, answered_by, answered_at, note, taken_at, handed_at, closed, closed_at \
                 from approvals where event = $1"
            )
            .bind(event).fetch_optional(p).await)
        })
        .await
    }

    /// Reads the questions that can still be answered, the oldest first.
    pub async fn open_approvals(&self, now: Time) -> Result<Vec<Approval>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Approval>(
                "select id, event, session, tool, digest, detail, asked_at, expires_at, answer, answered_by, answered_at, note, taken_at, handed_at, closed, closed_at \
                 from approvals where answer is null and closed is null and expires_at > $1 order by id limit 500"
            )
            .bind(now).fetch_all(p).await)
        })
        .await
    }

    /// Reads the last questions, the newest first.
    pub async fn approvals(&self, limit: i64) -> Result<Vec<Approval>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Approval>(
                "select id, event, session, tool, digest, detail, asked_at, expires_at, answer, answered_by, answered_at, note, taken_at, handed_at, closed, closed_at \
                 from approvals order by asked_at desc, id desc limit $1"
            )
            .bind(limit).fetch_all(p).await)
        })
        .await
    }

    /// Answers a question; false: somebody was first, or nobody waits any more.
    pub async fn answer_approval(
        &self,
        id: i64,
        answer: NewAnswer<'_>,
    ) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update approvals set answer = $1, answered_by = $2, note = $3, answered_at = $4 \
                 where id = $5 and answer is null and closed is null and expires_at > $4"
            )
            .bind(answer.decision)
            .bind(answer.by)
            .bind(answer.note)
            .bind(answer.at)
            .bind(id)
            .execute(p)
            .await
            .map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Takes the answer for the hook that waits; false: there is none, or it was given up.
    pub async fn take_answer(&self, event: &str, now: Time) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update approvals set taken_at = coalesce(taken_at, $1) where event = $2 and answer is not null and closed is null"
            )
            .bind(now).bind(event).execute(p).await.map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Notes that the hook has handed the answer on; false: it had not taken one.
    pub async fn hand_on_answer(&self, event: &str, now: Time) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update approvals set handed_at = coalesce(handed_at, $1) where event = $2 and taken_at is not null"
            )
            .bind(now).bind(event).execute(p).await.map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Closes a question whose answer no hook has taken; false: one has.
    pub async fn close_approval(
        &self,
        id: i64,
        end: ApprovalEnd,
        now: Time,
    ) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update approvals set closed = $1, closed_at = $2 where id = $3 and taken_at is null and closed is null"
            )
            .bind(end).bind(now).bind(id).execute(p).await.map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Closes what a session asked and nobody has answered: one call of it, or all.
    pub async fn close_approvals(
        &self,
        session: &str,
        digest: Option<&str>,
        (end, now): (ApprovalEnd, Time),
    ) -> Result<u64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update approvals set closed = $1, closed_at = $2 \
                 where session = $3 and ($4 is null or digest = $4) and answer is null and closed is null and asked_at <= $2"
            )
            .bind(end).bind(now).bind(session).bind(digest)
            .execute(p).await.map(|done| done.rows_affected()))
        })
        .await
    }

    /// Closes what nobody answered in time.
    pub async fn expire_approvals(&self, now: Time) -> Result<u64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "update approvals set closed = 'expired', closed_at = $1 where answer is null and closed is null and expires_at <= $1"
            )
            .bind(now).execute(p).await.map(|done| done.rows_affected()))
        })
        .await
    }

    /// Forgets questions older than a time.
    pub async fn forget_approvals(&self, before: Time) -> Result<u64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from approvals where asked_at < $1"
            )
            .bind(before)
            .execute(p)
            .await
            .map(|done| done.rows_affected()))
        })
        .await
    }
}
