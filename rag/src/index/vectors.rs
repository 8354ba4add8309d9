//! The store's memory of what Chroma has and what it still has to be told.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::index::Collection;
use crate::pool::Pool;
use crate::{db, tx};

/// A passage whose vector is not in Chroma yet.
#[derive(Debug, FromRow)]
pub(crate) struct Waiting {
    pub(crate) id: Uuid,
    pub(crate) collection: Collection,
    pub(crate) document_id: Uuid,
    pub(crate) source: String,
    pub(crate) title: String,
    pub(crate) heading: String,
    pub(crate) text: String,
}

/// The oldest passages that wait, at most `limit`.
pub(crate) async fn waiting(pool: &Pool, limit: i64) -> Result<Vec<Waiting>, sqlx::Error> {
    db!(pool, |p| sqlx::query_as(
        "select p.id, d.collection, p.document_id, d.source, d.title, p.heading, p.text \
         from passages p join documents d on d.id = p.document_id \
         where p.embedded_at is null order by p.number limit $1"
    )
    .bind(limit)
    .fetch_all(p)
    .await)
}

/// The passages of one document that wait, at most `limit`.
pub(crate) async fn waiting_of(
    pool: &Pool,
    document: Uuid,
    limit: i64,
) -> Result<Vec<Waiting>, sqlx::Error> {
    db!(pool, |p| sqlx::query_as(
        "select p.id, d.collection, p.document_id, d.source, d.title, p.heading, p.text \
         from passages p join documents d on d.id = p.document_id \
         where p.embedded_at is null and p.document_id = $1 order by p.number limit $2"
    )
    .bind(document)
    .bind(limit)
    .fetch_all(p)
    .await)
}

/// How many passages have no vector of this model, and how many vectors wait to be deleted.
pub(crate) async fn pending(pool: &Pool, model: &str) -> Result<(i64, i64), sqlx::Error> {
    db!(pool, |p| sqlx::query_as(
        "select (select count(*) from passages where embedded_at is null or embedded_with <> $1), \
                (select count(*) from passages_removed)"
    )
    .bind(model)
    .fetch_one(p)
    .await)
}

/// Marks passages as embedded; one that was forgotten meanwhile is noted for deletion instead.
pub(crate) async fn mark(
    pool: &Pool,
    passages: &[(Uuid, Collection)],
    model: &str,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    for (id, collection) in passages {
        let marked = tx!(tx, |c| sqlx::query(
            "update passages set embedded_at = $1, embedded_with = $2 where id = $3"
        )
        .bind(now)
        .bind(model)
        .bind(id)
        .execute(c)
        .await
        .map(|done| done.rows_affected()))?;
        if marked == 0 {
            tx!(tx, |c| sqlx::query(
                "insert into passages_removed (id, collection, removed_at) values ($1, $2, $3) \
                 on conflict (id) do nothing"
            )
            .bind(id)
            .bind(collection)
            .bind(now)
            .execute(c)
            .await
            .map(|_| ()))?;
        }
    }
    tx.commit().await
}

/// Sends passages embedded with another model to the queue again: vectors of two models cannot be compared.
pub(crate) async fn unmark_other_models(pool: &Pool, model: &str) -> Result<(), sqlx::Error> {
    db!(pool, |p| sqlx::query(
        "update passages set embedded_at = null, embedded_with = null where embedded_with <> $1"
    )
    .bind(model)
    .execute(p)
    .await
    .map(|_| ()))
}

/// How many passages of a collection are held to be in Chroma.
pub(crate) async fn marked(pool: &Pool, collection: Collection) -> Result<i64, sqlx::Error> {
    db!(pool, |p| sqlx::query_scalar(
        "select count(*) from passages p join documents d on d.id = p.document_id \
         where d.collection = $1 and p.embedded_at is not null"
    )
    .bind(collection)
    .fetch_one(p)
    .await)
}

/// Sends a whole collection to the queue again, because Chroma lost it.
pub(crate) async fn unmark(pool: &Pool, collection: Collection) -> Result<(), sqlx::Error> {
    db!(pool, |p| sqlx::query(
        "update passages set embedded_at = null, embedded_with = null \
         where document_id in (select id from documents where collection = $1)"
    )
    .bind(collection)
    .execute(p)
    .await
    .map(|_| ()))
}

/// Passages that Chroma still has to delete, at most `limit`.
pub(crate) async fn removed(
    pool: &Pool,
    limit: i64,
) -> Result<Vec<(Uuid, Collection)>, sqlx::Error> {
    db!(pool, |p| sqlx::query_as(
        "select id, collection from passages_removed order by removed_at, id limit $1"
    )
    .bind(limit)
    .fetch_all(p)
    .await)
}

/// Forgets what Chroma has deleted.
pub(crate) async fn clear_removed(pool: &Pool, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    let mut tx = pool.begin().await?;
    for id in ids {
        tx!(tx, |c| sqlx::query(
            "delete from passages_removed where id = $1"
        )
        .bind(id)
        .execute(c)
        .await
        .map(|_| ()))?;
    }
    tx.commit().await
}
