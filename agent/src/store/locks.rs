//! Locks with a lease and a fencing number that only grows.

use sqlx::{FromRow, query_as};

use super::rows::Time;
use super::{Store, StoreError};

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the names say it")]
pub struct LockRow {
    pub name: String,
    pub owner: Option<String>,
    pub fence: i64,
    pub reason: Option<String>,
    pub acquired_at: Option<Time>,
    pub expires_at: Option<Time>,
}

/// Frees a lock, if it is still the one of that fencing number.
pub(super) const RELEASE: &str = "update locks set owner = null, reason = null, expires_at = null where name = $1 and fence = $2 and owner is not null";

impl Store {
    /// Takes a lock that is free or whose lease has ended; returns its fencing number, `None` when somebody holds it.
    pub async fn acquire_lock(
        &self,
        name: &str,
        owner: &str,
        reason: &str,
        (now, until): (Time, Time),
    ) -> Result<Option<i64>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, i64>(
                "insert into locks (name, owner, fence, reason, acquired_at, expires_at) values ($1, $2, 1, $3, $4, $5) \
                 on conflict (name) do update set owner = excluded.owner, fence = locks.fence + 1, reason = excluded.reason, \
                 acquired_at = excluded.acquired_at, expires_at = excluded.expires_at \
                 where locks.owner is null or locks.expires_at <= $4 returning fence"
            )
            .bind(name).bind(owner).bind(reason).bind(now).bind(until).fetch_optional(p).await)
        })
        .await
    }

    /// Extends a lease; false: it is somebody else's by now.
    pub async fn renew_lock(
        &self,
        name: &str,
        fence: i64,
        until: Time,
    ) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query("update locks set expires_at = $1 where name = $2 and fence = $3 and owner is not null")
                .bind(until).bind(name).bind(fence).execute(p).await.map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Frees a lock; false: it is somebody else's by now.
    pub async fn release_lock(&self, name: &str, fence: i64) -> Result<bool, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query(RELEASE)
                .bind(name)
                .bind(fence)
                .execute(p)
                .await
                .map(|done| done.rows_affected() == 1))
        })
        .await
    }

    /// Tells who holds a lock, if somebody does.
    pub async fn lock_holder(&self, name: &str, now: Time) -> Result<Option<LockRow>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, LockRow>(
                "select name, owner, fence, reason, acquired_at, expires_at from locks \
                 where name = $1 and owner is not null and (expires_at is null or expires_at > $2)"
            )
            .bind(name)
            .bind(now)
            .fetch_optional(p)
            .await)
        })
        .await
    }
}
