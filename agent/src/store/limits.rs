//! Throttle rows: what stands in for Redis.

use std::time::Duration;

use super::rows::Time;
use super::{Store, StoreError};
use crate::throttle::Bucket;

impl Store {
    /// Takes one token of a bucket; otherwise tells how long until there is one.
    pub async fn take_token(
        &self,
        key: &str,
        bucket: Bucket,
        now: Time,
    ) -> Result<Option<Duration>, StoreError> {
        self.run(async {
            let mut tx = self.pool.begin().await?;
            let full = f64::from(bucket.capacity);
            let expires = now + bucket.full_after();
            rag::tx!(tx, |c| sqlx::query(
                "insert into limits (key, tokens, updated_at, expires_at) values ($1, $2, $3, $4) on conflict (key) do nothing"
            )
            .bind(key).bind(full).bind(now).bind(expires).execute(c).await.map(|_| ()))?;
            let sql = rag::sql!(tx, "select tokens, updated_at from limits where key = $1", pg: " for update", lite: "", "");
            let (tokens, at) = rag::tx!(tx, |c| sqlx::query_as::<_, (f64, Time)>(sql).bind(key).fetch_one(c).await)?;
            let (left, wait) = bucket.take(tokens, (now - at).to_std().unwrap_or_default());
            rag::tx!(tx, |c| sqlx::query("update limits set tokens = $1, updated_at = $2, expires_at = $3 where key = $4")
                .bind(left).bind(now.max(at)).bind(expires).bind(key).execute(c).await.map(|_| ()))?;
            tx.commit().await?;
            Ok(wait)
        })
        .await
    }

    /// Marks a key until a time; false: it was marked already.
    pub async fn mark_once(&self, key: &str, now: Time, until: Time) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "insert into limits (key, tokens, updated_at, expires_at) values ($1, 0, $2, $3) \
                 on conflict (key) do update set updated_at = excluded.updated_at, expires_at = excluded.expires_at \
                 where limits.expires_at <= $2"
            )
            .bind(key).bind(now).bind(until).execute(p).await.map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Marks keys until a time, in one statement; false for each that was marked already.
    pub async fn mark_each_once(
        &self,
        keys: &[String],
        now: Time,
        until: Time,
    ) -> Result<Vec<bool>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        // One statement must not touch a row twice.
        let different: std::collections::BTreeSet<&String> = keys.iter().collect();
        let marked: Vec<String> = self
            .run(async {
                rag::db!(self.pool, |p| {
                    let mut query = sqlx::QueryBuilder::new(
                        "insert into limits (key, tokens, updated_at, expires_at) ",
                    );
                    query.push_values(&different, |mut row, key| {
                        row.push_bind(*key).push("0").push_bind(now).push_bind(until);
                    });
                    query.push(
                        " on conflict (key) do update set updated_at = excluded.updated_at, expires_at = excluded.expires_at \
                         where limits.expires_at <= ",
                    );
                    query.push_bind(now);
                    query.push(" returning key");
                    query.build_query_scalar().fetch_all(p).await
                })
            })
            .await?;
        let mut new: std::collections::BTreeSet<String> = marked.into_iter().collect();
        Ok(keys.iter().map(|key| new.remove(key)).collect())
    }

    /// Takes a mark away; false: there was none.
    pub async fn unmark(&self, key: &str) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from limits where key = $1"
            )
            .bind(key)
            .execute(p)
            .await
            .map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Forgets rows that no longer limit anything.
    pub async fn forget_limits(&self, now: Time) -> Result<u64, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(
                "delete from limits where expires_at <= $1"
            )
            .bind(now)
            .execute(p)
            .await
            .map(|done| done.rows_affected()))
        })
        .await
    }
}
