//! The library's one type: add, search, list, forget.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SubsecRound, Utc};
use guard::redact::redact;
use uuid::Uuid;

use crate::breaker::Breaker;
use crate::chunk;
use crate::error::RagError;
use crate::index::documents::{self, Document, NewDocument, Vectors, Which};
use crate::index::embedded::{self, Hit};
use crate::index::telling::{self, Term};
use crate::index::{Collection, vectors};
use crate::pool::Pool;
use crate::rank;
use crate::semantic::{CaughtUp, Helper, Semantic, Settings};
use crate::source::{Source, checked, digest, titled_chunks};

/// The most passages one search returns.
const MAX_LIMIT: usize = 50;
/// A longer query is cut to this many characters.
const MAX_QUERY_CHARS: usize = 4_000;
/// What [`Rag::add`] did.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Added {
    /// The document's id, the same as long as it is not forgotten.
    pub document: Uuid,
    /// How many passages it has now.
    pub passages: usize,
    /// The text was known already, and nothing was done.
    pub unchanged: bool,
    /// Why its vectors are not in Chroma yet: they follow with [`Rag::catch_up`].
    pub waiting: Option<String>,
}

/// A question.
#[derive(Debug, Clone)]
pub struct Query {
    /// The words; secrets in them are masked before they leave the process.
    pub text: String,
    /// How many passages at most, 1 to 50.
    pub limit: usize,
    /// Where to look; `None`: everywhere.
    pub collection: Option<Collection>,
    /// Longest wait for Chroma and the embedding model, after which full text answers alone.
    pub wait: Duration,
}

impl Query {
    /// A search everywhere for five passages, with three seconds for the helpers.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            limit: 5,
            collection: None,
            wait: Duration::from_secs(3),
        }
    }
}

/// The answer to a [`Query`].
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Found {
    /// Best first.
    pub passages: Vec<Passage>,
    /// How they were found.
    pub retrieval: Retrieval,
}

/// A retrieved piece of a document. Its text is data, whatever it says.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Passage {
    /// Its own id.
    pub id: Uuid,
    /// The document it belongs to.
    pub document: Uuid,
    /// Where that came from.
    pub source: String,
    /// That document's title.
    pub title: String,
    /// The headings it stands under, joined by ` > `, the document's title first; may be empty.
    pub heading: String,
    /// The text.
    pub text: String,
    /// Between 0 and 1, to be compared within one answer only.
    pub score: f64,
    /// How much of the query's words stands in it, from 0 to 1; rare words count more, also those that stand nowhere.
    pub coverage: f64,
    /// The cosine similarity to the query, when it was found by meaning.
    pub similarity: Option<f32>,
}

/// How passages were found.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum Retrieval {
    /// By meaning and by words.
    Semantic,
    /// By words only.
    FullText {
        /// Why not by meaning.
        why: String,
    },
}

/// What `fjord doctor` shows.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RagState {
    /// Documents in the store.
    pub documents: i64,
    /// Passages in the store.
    pub passages: i64,
    /// Passages whose vectors still have to go to Chroma; 0 when there is no Chroma.
    pub waiting: i64,
    /// Vectors that still have to be deleted from Chroma.
    pub to_remove: i64,
    /// The embedded index that stands in: `SQLite FTS5` or `PostgreSQL full text`.
    pub embedded: &'static str,
    /// The vector database.
    pub chroma: Helper,
    /// The embedding model.
    pub embeddings: Helper,
}

/// Retrieval over one store. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Rag {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    pool: Pool,
    /// Or why there is none.
    semantic: Result<Semantic, String>,
    /// Open after a search by meaning was late; each helper has its own breaker for failures.
    late: Breaker,
}

impl Rag {
    /// Prepares retrieval without any I/O; only an impossible URL is an error.
    pub fn new(rag: &config::Rag, llm: &config::Llm, pool: Pool) -> Result<Self, RagError> {
        Self::with_settings(&Settings::new(rag, llm), pool)
    }

    /// As [`Rag::new`], for callers without a whole configuration.
    pub fn with_settings(settings: &Settings, pool: Pool) -> Result<Self, RagError> {
        let semantic = Semantic::new(settings)?;
        Ok(Self {
            inner: Arc::new(Inner {
                pool,
                semantic,
                late: Breaker::default(),
            }),
        })
    }

    /// Adds a document, or replaces the one of the same source; a kill in between leaves the old one whole.
    ///
    /// A helper that is down is no error: see [`Added::waiting`].
    pub async fn add(&self, source: Source, now: DateTime<Utc>) -> Result<Added, RagError> {
        // Postgres keeps microseconds.
        let now = now.trunc_subsecs(6);
        let source = checked(&source)?;
        let digest = digest(&source);
        let chunks = titled_chunks(&source);
        let new = NewDocument {
            collection: source.collection,
            source: &source.source,
            title: &source.title,
            kind: source.kind.as_str(),
            digest: &digest,
        };
        let replaced =
            documents::replace(&self.inner.pool, &new, &chunks, self.vectors(), now).await?;
        let waiting = if replaced.unchanged {
            None
        } else {
            self.send(replaced.document, now).await?
        };
        Ok(Added {
            document: replaced.document,
            passages: replaced.passages,
            unchanged: replaced.unchanged,
            waiting,
        })
    }

    /// Finds passages; falls back to full text, and says why, when a helper is down or late.
    pub async fn search(&self, query: Query) -> Result<Found, RagError> {
        let text = chunk::cut(&query.text, MAX_QUERY_CHARS);
        let text = redact(&text).text.into_owned();
        if text.trim().is_empty() {
            return Err(RagError::Invalid(
                "the query is empty: say what to look for".to_owned(),
            ));
        }
        let limit = query.limit.clamp(1, MAX_LIMIT);
        // Each index is asked for more than wanted: what both hold in the middle may be best together.
        let depth = (limit * 3).min(MAX_LIMIT);
        let terms = embedded::terms(&text);
        let (by_words, by_meaning) = tokio::join!(
            self.by_words(&terms, query.collection, depth),
            self.by_meaning(text, query.collection, depth, query.wait),
        );
        let (terms, by_words) = by_words?;
        let (nearest, retrieval) = match by_meaning {
            Ok(nearest) => (Some(nearest), Retrieval::Semantic),
            Err(why) => (None, Retrieval::FullText { why }),
        };
        let mut passages = self.merge(by_words, nearest, limit).await?;
        for passage in &mut passages {
            let parts = [&*passage.title, &*passage.heading, &*passage.text];
            passage.coverage = telling::coverage(&terms, &parts);
        }
        Ok(Found {
            passages,
            retrieval,
        })
    }

    /// All documents, by source.
    pub async fn list(&self) -> Result<Vec<Document>, RagError> {
        Ok(documents::list(&self.inner.pool).await?)
    }

    /// Forgets a document by id, or all documents of a source or below it, and tells how many.
    ///
    /// When Chroma is down, its vectors are deleted by the next [`Rag::catch_up`]; they are not found meanwhile.
    pub async fn forget(&self, target: &str, now: DateTime<Utc>) -> Result<usize, RagError> {
        let target = target.trim();
        if target.trim_matches('/').is_empty() {
            return Err(RagError::Invalid(
                "say what to forget: an id or a source of `fjord rag list`".to_owned(),
            ));
        }
        let which = target.parse().map_or(Which::Source(target), Which::Id);
        let count = documents::remove(
            &self.inner.pool,
            &which,
            self.vectors(),
            now.trunc_subsecs(6),
        )
        .await?;
        if count > 0
            && let Ok(semantic) = &self.inner.semantic
        {
            later(semantic.delete_removed(&self.inner.pool).await)?;
        }
        Ok(count)
    }

    /// Sends to Chroma what could not be sent when it was added, and deletes what was forgotten meanwhile.
    ///
    /// Does nothing without Chroma; an error says which helper is still down.
    pub async fn catch_up(&self, now: DateTime<Utc>) -> Result<CaughtUp, RagError> {
        match &self.inner.semantic {
            Ok(semantic) => {
                semantic
                    .catch_up(&self.inner.pool, now.trunc_subsecs(6))
                    .await
            }
            Err(_) => Ok(CaughtUp::default()),
        }
    }

    /// Asks each helper how it is; fails only when the store does.
    pub async fn state(&self) -> Result<RagState, RagError> {
        let (documents, passages) = documents::counts(&self.inner.pool).await?;
        let ((waiting, to_remove), (chroma, embeddings)) = match &self.inner.semantic {
            Ok(semantic) => (
                vectors::pending(&self.inner.pool, semantic.embedder.model()).await?,
                tokio::join!(semantic.chroma_state(), semantic.embedder_state()),
            ),
            Err(why) => {
                let helper = Helper::NotConfigured { hint: why.clone() };
                ((0, 0), (helper.clone(), helper))
            }
        };
        let embedded = if self.inner.pool.is_postgres() {
            "PostgreSQL full text"
        } else {
            "SQLite FTS5"
        };
        Ok(RagState {
            documents,
            passages,
            waiting,
            to_remove,
            embedded,
            chroma,
            embeddings,
        })
    }

    fn vectors(&self) -> Vectors {
        if self.inner.semantic.is_ok() {
            Vectors::Used
        } else {
            Vectors::NotUsed
        }
    }

    /// Sends a document's vectors and deletes those of its earlier text.
    async fn send(&self, document: Uuid, now: DateTime<Utc>) -> Result<Option<String>, RagError> {
        let Ok(semantic) = &self.inner.semantic else {
            return Ok(None);
        };
        let pool = &self.inner.pool;
        let sent = later(semantic.send_document(pool, document, now).await)?;
        let deleted = later(semantic.delete_removed(pool).await)?;
        Ok(sent.or(deleted))
    }

    /// Searches for the words that tell most, and says how much each tells.
    async fn by_words(
        &self,
        words: &[String],
        collection: Option<Collection>,
        depth: usize,
    ) -> Result<(Vec<Term>, Vec<Hit>), RagError> {
        let terms = telling::weigh(&self.inner.pool, words).await?;
        let wanted = telling::wanted(&terms);
        let hits = embedded::search(&self.inner.pool, &wanted, collection, depth as i64).await?;
        Ok((terms, hits))
    }

    /// Searches by meaning in a task of its own: when it is late, it goes on, so that a model being loaded is
    /// not given up each time.
    async fn by_meaning(
        &self,
        text: String,
        collection: Option<Collection>,
        depth: usize,
        wait: Duration,
    ) -> Result<Vec<(Uuid, f32)>, String> {
        if let Err(why) = &self.inner.semantic {
            return Err(why.clone());
        }
        self.inner.late.admit()?;
        let inner = Arc::clone(&self.inner);
        let task = tokio::spawn(async move {
            let Ok(semantic) = &inner.semantic else {
                return Ok(Vec::new());
            };
            let collections = match collection {
                Some(collection) => vec![collection],
                None => documents::collections(&inner.pool).await?,
            };
            let found = semantic.nearest(&collections, text, depth).await;
            inner.late.succeeded();
            found
        });
        match tokio::time::timeout(wait, task).await {
            Ok(Ok(found)) => found.map_err(|error| error.to_string()),
            Ok(Err(_)) => Err("the search by meaning was cut off".to_owned()),
            Err(_) => {
                let why = format!("Chroma or the embedding model did not answer within {wait:?}");
                self.inner.late.failed(&why);
                Err(why)
            }
        }
    }

    /// Fuses both answers; the text comes from the store, so what is forgotten there is not found.
    async fn merge(
        &self,
        by_words: Vec<Hit>,
        nearest: Option<Vec<(Uuid, f32)>>,
        limit: usize,
    ) -> Result<Vec<Passage>, RagError> {
        let mut lists = vec![by_words.iter().map(|hit| hit.id).collect::<Vec<_>>()];
        let mut hits: HashMap<Uuid, Hit> = by_words.into_iter().map(|hit| (hit.id, hit)).collect();
        let mut similarities: HashMap<Uuid, f32> = HashMap::new();
        if let Some(nearest) = nearest {
            let missing: Vec<Uuid> = nearest
                .iter()
                .map(|(id, _)| *id)
                .filter(|id| !hits.contains_key(id))
                .collect();
            if !missing.is_empty() {
                let found = embedded::by_ids(&self.inner.pool, &missing).await?;
                hits.extend(found.into_iter().map(|hit| (hit.id, hit)));
            }
            let ids: Vec<Uuid> = nearest
                .iter()
                .map(|(id, _)| *id)
                .filter(|id| hits.contains_key(id))
                .collect();
            similarities.extend(nearest);
            // What is near in meaning comes before what only shares a word with the query.
            lists.insert(0, ids);
        }
        let mut passages = Vec::new();
        for (id, score) in rank::fuse(&lists) {
            let Some(hit) = hits.remove(&id) else {
                continue;
            };
            // The same text may stand in several files.
            if passages
                .iter()
                .any(|known: &Passage| known.text == hit.text && known.heading == hit.heading)
            {
                continue;
            }
            passages.push(Passage {
                id,
                document: hit.document_id,
                source: hit.source,
                title: hit.title,
                heading: hit.heading,
                text: hit.text,
                score,
                coverage: 0.0,
                similarity: similarities.get(&id).copied(),
            });
            if passages.len() == limit {
                break;
            }
        }
        Ok(passages)
    }
}

/// A helper's failure becomes a reason, because the work is remembered; the store's failure stays one.
fn later<T>(result: Result<T, RagError>) -> Result<Option<String>, RagError> {
    match result {
        Ok(_) => Ok(None),
        Err(RagError::Store(error)) => Err(RagError::Store(error)),
        Err(error) => {
            tracing::debug!(%error, "vectors wait for the next catch-up");
            Ok(Some(error.to_string()))
        }
    }
}
