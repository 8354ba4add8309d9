//! Telegram updates: recorded before they are acted on, so that none is acted on twice.

use super::rows::Time;
use super::{Store, StoreError};

impl Store {
    /// Records an update as received; false: it was received before.
    pub async fn receive_update(
        &self,
        id: i64,
        (actor, summary): (&str, &str),
        now: Time,
    ) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "insert into updates (id, state, actor, summary, received_at) values ($1, 'received', $2, $3, $4) on conflict (id) do nothing"
            )
            .bind(id).bind(actor).bind(summary).bind(now).execute(p).await.map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Records that an update was dealt with.
    pub async fn finish_update(&self, id: i64, now: Time) -> Result<(), StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query("update updates set state = 'done', done_at = $1 where id = $2 and state = 'received'")
                .bind(now).bind(id).execute(p).await.map(|_| ()))
        })
        .await
    }

    /// Returns updates that a crash left half-way: id, actor and summary. Each is returned once.
    pub async fn take_interrupted_updates(
        &self,
        before: Time,
        now: Time,
    ) -> Result<Vec<(i64, Option<String>, Option<String>)>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_as::<_, (i64, Option<String>, Option<String>)>(
                "update updates set state = 'done', done_at = $1 where state = 'received' and received_at < $2 returning id, actor, summary"
            )
            .bind(now).bind(before).fetch_all(p).await)
        })
        .await
    }

    /// Forgets updates older than Telegram keeps them.
    pub async fn forget_updates(&self, before: Time) -> Result<u64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from updates where state = 'done' and received_at < $1"
            )
            .bind(before)
            .execute(p)
            .await
            .map(|done| done.rows_affected()))
        })
        .await
    }

    /// Keeps in mind a chat that talked to the bot.
    pub async fn note_chat(&self, chat: i64, kind: &str, now: Time) -> Result<(), StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "insert into chats (chat, kind, seen_at) values ($1, $2, $3) on conflict (chat) do update set kind = excluded.kind, seen_at = excluded.seen_at"
            )
            .bind(chat).bind(kind).bind(now).execute(p).await.map(|_| ()))
        })
        .await
    }

    /// Keeps in mind that a group has a new id.
    pub async fn move_chat(&self, from: i64, to: i64, now: Time) -> Result<(), StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "insert into chats (chat, kind, seen_at, moved_to) values ($1, 'group', $2, $3) on conflict (chat) do update set moved_to = excluded.moved_to"
            )
            .bind(from).bind(now).bind(to).execute(p).await.map(|_| ()))
        })
        .await
    }

    /// Returns the id that a chat has now.
    pub async fn current_chat(&self, chat: i64) -> Result<i64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, Option<i64>>(
                "select moved_to from chats where chat = $1"
            )
            .bind(chat)
            .fetch_optional(p)
            .await)
        })
        .await
        .map(|moved| moved.flatten().unwrap_or(chat))
    }
}
