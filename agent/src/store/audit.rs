//! Who did what, and the questions put before it.

use sqlx::query_as;

use super::rows::{AuditRow, Confirmation, Json, Time};
use super::{Store, StoreError};

/// An audit row to be written.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the columns are explained at `AuditRow`")]
pub struct NewAudit<'a> {
    pub at: Time,
    pub actor: &'a str,
    pub face: &'a str,
    pub action: &'a str,
    pub target: Option<&'a str>,
    pub result: &'a str,
    pub detail: Option<&'a str>,
}

impl Store {
    /// Writes an audit row.
    pub async fn insert_audit(&self, row: &NewAudit<'_>) -> Result<(), StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "insert into audit (at, actor, face, action, target, result, detail) values ($1, $2, $3, $4, $5, $6, $7)"
            )
            .bind(row.at).bind(row.actor).bind(row.face).bind(row.action).bind(row.target).bind(row.result).bind(row.detail)
            .execute(p).await.map(|_| ()))
        })
        .await
    }

    /// Reads the last audit rows, the newest first.
    pub async fn audit(&self, limit: i64) -> Result<Vec<AuditRow>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, AuditRow>(
                "select id, at, actor, face, action, target, result, detail from audit order by at desc, id desc limit $1"
            )
            .bind(limit).fetch_all(p).await)
        })
        .await
    }

    /// Keeps a question until it is answered or void.
    pub async fn insert_confirmation(&self, row: &Confirmation) -> Result<(), StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "insert into confirmations (ticket, actor, command, plan, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)"
            )
            .bind(&row.ticket).bind(&row.actor).bind(Json(&row.command.0)).bind(Json(&row.plan.0)).bind(row.created_at).bind(row.expires_at)
            .execute(p).await.map(|_| ()))
        })
        .await
    }

    /// Uses a ticket, once, by the actor who asked and in time; `None`: it cannot be used (any more).
    pub async fn use_confirmation(
        &self,
        ticket: &str,
        actor: &str,
        (now, answer): (Time, &str),
    ) -> Result<Option<Confirmation>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, Confirmation>(
                "update confirmations set used_at = $1, answer = $2 where ticket = $3 and actor = $4 and used_at is null and expires_at > $1 \
                 returning ticket, actor, command, plan, created_at, expires_at"
            )
            .bind(now).bind(answer).bind(ticket).bind(actor).fetch_optional(p).await)
        })
        .await
    }

    /// Tells why a ticket could not be used: its actor, whether it was used, when it was void.
    pub async fn confirmation_state(
        &self,
        ticket: &str,
    ) -> Result<Option<(String, bool, Time)>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, (String, Option<Time>, Time)>(
                "select actor, used_at, expires_at from confirmations where ticket = $1"
            )
            .bind(ticket)
            .fetch_optional(p)
            .await)
        })
        .await
        .map(|row| row.map(|(actor, used, expires)| (actor, used.is_some(), expires)))
    }

    /// Forgets questions that were void before a time.
    pub async fn forget_confirmations(&self, before: Time) -> Result<u64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from confirmations where expires_at < $1"
            )
            .bind(before)
            .execute(p)
            .await
            .map(|done| done.rows_affected()))
        })
        .await
    }
}
