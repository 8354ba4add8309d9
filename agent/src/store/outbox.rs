//! Messages that must reach a chat, also after a restart.

use sqlx::query_as;

use super::rows::{Json, OutboxMessage, Time};
use super::{Store, StoreError};

impl Store {
    /// Puts a message into the outbox; false: one with that key is there already.
    pub async fn insert_outbox(
        &self,
        dedupe: &str,
        (chat, body): (i64, &serde_json::Value),
        now: Time,
    ) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "insert into outbox (dedupe, chat, body, created_at, not_before, attempts) values ($1, $2, $3, $4, $4, 0) on conflict (dedupe) do nothing"
            )
            .bind(dedupe).bind(chat).bind(Json(body)).bind(now).execute(p).await.map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Puts a message into the outbox that `owner` shows itself unless its lease ends; `None`: one with that key is there already.
    pub async fn insert_held_outbox(
        &self,
        dedupe: &str,
        (chat, body): (i64, &serde_json::Value),
        owner: &str,
        (now, lease_until): (Time, Time),
    ) -> Result<Option<i64>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, i64>(
                "insert into outbox (dedupe, chat, body, created_at, not_before, attempts, owner, lease_until) \
                 values ($1, $2, $3, $4, $4, 1, $5, $6) on conflict (dedupe) do nothing returning id"
            )
            .bind(dedupe).bind(chat).bind(Json(body)).bind(now).bind(owner).bind(lease_until).fetch_optional(p).await)
        })
        .await
    }

    /// Claims the next message that is due, until the lease ends.
    pub async fn claim_outbox(
        &self,
        owner: &str,
        now: Time,
        lease_until: Time,
    ) -> Result<Option<OutboxMessage>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| {
                let sql = rag::sql!(self.pool,
                    "update outbox set owner = $1, lease_until = $2, attempts = attempts + 1 where id = (select id from outbox \
                     where sent_at is null and not_before <= $3 and (lease_until is null or lease_until <= $3) order by id limit 1",
                    pg: " for update skip locked", lite: "",
                    ") returning id, chat, body, created_at, attempts");
                query_as::<_, OutboxMessage>(sql).bind(owner).bind(lease_until).bind(now).fetch_optional(p).await
            })
        })
        .await
    }

    /// Records that a message arrived.
    pub async fn finish_outbox(&self, id: i64, owner: &str, now: Time) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query("update outbox set sent_at = $1, lease_until = null where id = $2 and owner = $3 and sent_at is null")
                .bind(now).bind(id).bind(owner).execute(p).await.map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Puts a message back, to be tried again not before a time.
    pub async fn postpone_outbox(
        &self,
        id: i64,
        not_before: Time,
        error: &str,
    ) -> Result<(), StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query("update outbox set not_before = $1, lease_until = null, last_error = $2 where id = $3 and sent_at is null")
                .bind(not_before).bind(error).bind(id).execute(p).await.map(|_| ()))
        })
        .await
    }

    /// Counts messages that wait.
    pub async fn waiting_outbox(&self) -> Result<i64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, i64>(
                "select count(*) from outbox where sent_at is null"
            )
            .fetch_one(p)
            .await)
        })
        .await
    }
}
