//! What a session that begins wants to know of its project.

use sqlx::{FromRow, QueryBuilder, query_as};

use super::locks::LockRow;
use super::rows::Time;
use super::{Store, StoreError};

/// A summary of a session at one moment.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
#[expect(missing_docs, reason = "the names say it")]
pub struct CheckpointRow {
    pub id: i64,
    pub session: String,
    pub at: Time,
    pub project: Option<String>,
    pub summary: String,
}

impl Store {
    /// Tells when another session was last seen in a folder or below it.
    pub async fn last_session_in(
        &self,
        folder: &str,
        not: &str,
    ) -> Result<Option<Time>, StoreError> {
        let below = format!("{}/", folder.trim_end_matches('/'));
        self.run(async {
            rag::db!(self.pool, |p| sqlx::query_scalar::<_, Option<Time>>(
                "select max(seen_at) from sessions where session <> $1 and (cwd = $2 or substr(cwd, 1, length($3)) = $3)"
            )
            .bind(not).bind(folder).bind(&below).fetch_one(p).await)
        })
        .await
    }

    /// Reads the last checkpoint of a project, which is known by any of these folders.
    pub async fn last_checkpoint_of(
        &self,
        folders: &[String],
    ) -> Result<Option<CheckpointRow>, StoreError> {
        if folders.is_empty() {
            return Ok(None);
        }
        self.run(async {
            rag::db!(self.pool, |p| {
                let mut query = QueryBuilder::new(
                    "select id, session, at, project, summary from checkpoints where project in (",
                );
                let mut list = query.separated(", ");
                for folder in folders {
                    list.push_bind(folder);
                }
                query.push(") order by at desc, id desc limit 1");
                query
                    .build_query_as::<CheckpointRow>()
                    .fetch_optional(p)
                    .await
            })
        })
        .await
    }

    /// Reads the locks that somebody holds, of those whose names begin so.
    pub async fn held_locks(&self, prefix: &str, now: Time) -> Result<Vec<LockRow>, StoreError> {
        self.run(async {
            rag::db!(self.pool, |p| query_as::<_, LockRow>(
                "select name, owner, fence, reason, acquired_at, expires_at from locks \
                 where substr(name, 1, length($1)) = $1 and owner is not null and (expires_at is null or expires_at > $2) order by name"
            )
            .bind(prefix).bind(now).fetch_all(p).await)
        })
        .await
    }
}
