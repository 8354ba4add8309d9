//! The rows of `documents` and `passages`.

use chrono::{DateTime, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use crate::chunk::Chunk;
use crate::index::Collection;
use crate::pool::{Pool, Tx};
use crate::{db, ids, sql, tx};

/// A document as `fjord rag list` shows it.
#[derive(Debug, Clone, PartialEq, Eq, FromRow, serde::Serialize)]
pub struct Document {
    /// The id to forget it by.
    pub id: Uuid,
    /// What it is about.
    pub collection: Collection,
    /// Where it came from: an absolute path, or a name given by the caller.
    pub source: String,
    /// Its title.
    pub title: String,
    /// `markdown` or `text`.
    pub kind: String,
    /// How many passages were cut from it.
    pub passages: i64,
    /// How many of these are not in Chroma yet (all of them, when there is no Chroma).
    pub waiting: i64,
    /// When its text last changed.
    pub updated_at: DateTime<Utc>,
}

/// What is written when a document is added.
#[derive(Debug)]
pub(crate) struct NewDocument<'a> {
    pub(crate) collection: Collection,
    pub(crate) source: &'a str,
    pub(crate) title: &'a str,
    pub(crate) kind: &'static str,
    pub(crate) digest: &'a str,
}

/// What became of a document that was added.
#[derive(Debug)]
pub(crate) struct Replaced {
    pub(crate) document: Uuid,
    pub(crate) passages: usize,
    pub(crate) unchanged: bool,
}

/// Whether passages that go away must be deleted from Chroma even when they are not known to be there:
/// a crash after the upload and before the mark leaves such.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Vectors {
    Used,
    NotUsed,
}

/// Stores a document, or replaces the one of the same source, in one transaction.
pub(crate) async fn replace(
    pool: &Pool,
    new: &NewDocument<'_>,
    chunks: &[Chunk],
    vectors: Vectors,
    now: DateTime<Utc>,
) -> Result<Replaced, sqlx::Error> {
    let mut tx = pool.begin().await?;
    if let Some(document) = same_digest(&mut tx, new).await? {
        let passages = count_of(&mut tx, document).await?;
        tx.rollback().await?;
        return Ok(Replaced {
            document,
            passages: usize::try_from(passages).unwrap_or(0),
            unchanged: true,
        });
    }
    let document = upsert_document(&mut tx, new, now).await?;
    remove_passages(&mut tx, document, vectors, now).await?;
    for (ordinal, chunk) in chunks.iter().enumerate() {
        insert_passage(&mut tx, document, ordinal as i64, chunk, now).await?;
    }
    tx.commit().await?;
    Ok(Replaced {
        document,
        passages: chunks.len(),
        unchanged: false,
    })
}

/// Which documents to forget.
#[derive(Debug)]
pub(crate) enum Which<'a> {
    Id(Uuid),
    /// The source itself, or all below it.
    Source(&'a str),
}

/// Deletes documents with their passages and tells how many.
pub(crate) async fn remove(
    pool: &Pool,
    which: &Which<'_>,
    vectors: Vectors,
    now: DateTime<Utc>,
) -> Result<usize, sqlx::Error> {
    let mut tx = pool.begin().await?;
    let documents = match which {
        Which::Id(id) => by_id(&mut tx, *id).await?,
        Which::Source(source) => by_source(&mut tx, source).await?,
    };
    for document in &documents {
        remove_passages(&mut tx, *document, vectors, now).await?;
        delete_document(&mut tx, *document).await?;
    }
    tx.commit().await?;
    Ok(documents.len())
}

/// All documents, by source.
pub(crate) async fn list(pool: &Pool) -> Result<Vec<Document>, sqlx::Error> {
    db!(pool, |p| sqlx::query_as(
        "select d.id, d.collection, d.source, d.title, d.kind, d.updated_at, \
                count(p.id) as passages, count(p.id) - count(p.embedded_at) as waiting \
         from documents d left join passages p on p.document_id = d.id \
         group by d.id, d.collection, d.source, d.title, d.kind, d.updated_at \
         order by d.source, d.collection"
    )
    .fetch_all(p)
    .await)
}

/// The collections that hold documents.
pub(crate) async fn collections(pool: &Pool) -> Result<Vec<Collection>, sqlx::Error> {
    db!(pool, |p| sqlx::query_scalar(
        "select distinct collection from documents order by collection"
    )
    .fetch_all(p)
    .await)
}

/// How many documents and passages there are.
pub(crate) async fn counts(pool: &Pool) -> Result<(i64, i64), sqlx::Error> {
    db!(pool, |p| sqlx::query_as(
        "select (select count(*) from documents), (select count(*) from passages)"
    )
    .fetch_one(p)
    .await)
}

async fn same_digest(tx: &mut Tx, new: &NewDocument<'_>) -> Result<Option<Uuid>, sqlx::Error> {
    tx!(tx, |c| sqlx::query_scalar(
        "select id from documents where collection = $1 and source = $2 and digest = $3"
    )
    .bind(new.collection)
    .bind(new.source)
    .bind(new.digest)
    .fetch_optional(c)
    .await)
}

async fn count_of(tx: &mut Tx, document: Uuid) -> Result<i64, sqlx::Error> {
    tx!(tx, |c| sqlx::query_scalar(
        "select count(*) from passages where document_id = $1"
    )
    .bind(document)
    .fetch_one(c)
    .await)
}

/// The row stays locked until the transaction ends, so two writers of one source come after each other.
async fn upsert_document(
    tx: &mut Tx,
    new: &NewDocument<'_>,
    now: DateTime<Utc>,
) -> Result<Uuid, sqlx::Error> {
    tx!(tx, |c| {
        sqlx::query_scalar(
        "insert into documents (id, collection, source, title, digest, kind, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $7) \
         on conflict (collection, source) do update set title = excluded.title, digest = excluded.digest, \
             kind = excluded.kind, updated_at = excluded.updated_at \
         returning id"
    )
    .bind(ids::new_id())
    .bind(new.collection)
    .bind(new.source)
    .bind(new.title)
    .bind(new.digest)
    .bind(new.kind)
    .bind(now)
    .fetch_one(c)
    .await
    })
}

async fn insert_passage(
    tx: &mut Tx,
    document: Uuid,
    ordinal: i64,
    chunk: &Chunk,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    tx!(tx, |c| {
        sqlx::query(
        "insert into passages (id, document_id, ordinal, heading, text, created_at) values ($1, $2, $3, $4, $5, $6)"
    )
    .bind(ids::new_id())
    .bind(document)
    .bind(ordinal)
    .bind(&chunk.heading)
    .bind(&chunk.text)
    .bind(now)
    .execute(c)
    .await
    .map(|_| ())
    })
}

/// Deletes the passages and remembers which Chroma has to delete.
async fn remove_passages(
    tx: &mut Tx,
    document: Uuid,
    vectors: Vectors,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    tx!(tx, |c| sqlx::query(
        "insert into passages_removed (id, collection, removed_at) \
         select p.id, d.collection, $1 from passages p join documents d on d.id = p.document_id \
         where d.id = $2 and (p.embedded_at is not null or $3) \
         on conflict (id) do nothing"
    )
    .bind(now)
    .bind(document)
    .bind(vectors == Vectors::Used)
    .execute(c)
    .await
    .map(|_| ()))?;
    tx!(tx, |c| sqlx::query(
        "delete from passages where document_id = $1"
    )
    .bind(document)
    .execute(c)
    .await
    .map(|_| ()))
}

async fn delete_document(tx: &mut Tx, document: Uuid) -> Result<(), sqlx::Error> {
    tx!(tx, |c| sqlx::query("delete from documents where id = $1")
        .bind(document)
        .execute(c)
        .await
        .map(|_| ()))
}

async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Vec<Uuid>, sqlx::Error> {
    let text = sql!(tx, "select id from documents where id = $1", pg: " for update", lite: "");
    tx!(tx, |c| sqlx::query_scalar(text).bind(id).fetch_all(c).await)
}

async fn by_source(tx: &mut Tx, source: &str) -> Result<Vec<Uuid>, sqlx::Error> {
    let below = format!("{}/", source.trim_end_matches('/'));
    let text = sql!(
        tx,
        "select id from documents where source = $1 or substr(source, 1, $2) = $3",
        pg: " for update",
        lite: ""
    );
    tx!(tx, |c| sqlx::query_scalar(text)
        .bind(source)
        .bind(i32::try_from(below.chars().count()).unwrap_or(i32::MAX))
        .bind(&below)
        .fetch_all(c)
        .await)
}
