//! Search by meaning: the embedding model and Chroma together.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::embed::{self, Embedder};
use crate::error::RagError;
use crate::index::chroma::{Chroma, Entry};
use crate::index::vectors::{self, Waiting};
use crate::index::{Collection, documents};
use crate::pool::Pool;

/// Below this cosine similarity a passage is not about the query: `all-minilm` gives unrelated texts about 0.1,
/// and 0.35 upwards to a question and its answer.
const FLOOR: f32 = 0.3;
/// How many vectors are deleted in one go.
const REMOVE_BATCH: i64 = 1_000;

/// What retrieval needs to know of its helpers.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Chroma's URL, with user and password if it wants them; empty: full text only.
    pub chroma_url: SecretString,
    /// Ollama's URL; empty: full text only.
    pub ollama_url: String,
    /// The model for vectors; empty: full text only.
    pub embed_model: String,
    /// How many numbers a vector has.
    pub dimensions: usize,
    /// Longest wait for one batch of vectors.
    pub timeout: Duration,
}

impl Settings {
    /// Takes them from the configuration; vectors have 384 dimensions, those of `all-minilm`.
    pub fn new(rag: &config::Rag, llm: &config::Llm) -> Self {
        Self {
            chroma_url: rag.url.clone(),
            ollama_url: llm.url.clone(),
            embed_model: llm.embed_model.clone(),
            dimensions: 384,
            timeout: Duration::from_secs(llm.timeout_s.clamp(1, 60)),
        }
    }
}

/// How a helper is, for `fjord doctor`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum Helper {
    /// Not wanted by the configuration.
    NotConfigured {
        /// What to set to have it.
        hint: String,
    },
    /// It answered.
    Reachable {
        /// Its version, or the model's name.
        version: String,
        /// How long the answer took.
        latency_ms: u64,
    },
    /// It did not.
    Unreachable {
        /// Why, and what to do.
        why: String,
    },
}

/// What [`Rag::catch_up`](crate::Rag::catch_up) did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct CaughtUp {
    /// Vectors sent to Chroma.
    pub embedded: usize,
    /// Vectors deleted from Chroma.
    pub removed: usize,
}

/// Both helpers, when both are configured.
#[derive(Debug)]
pub(crate) struct Semantic {
    pub(crate) chroma: Chroma,
    pub(crate) embedder: Embedder,
}

impl Semantic {
    /// Builds the clients; the inner error says what is not configured. Asks nobody.
    pub(crate) fn new(settings: &Settings) -> Result<Result<Self, String>, RagError> {
        if settings.chroma_url.expose_secret().is_empty() {
            return Ok(Err("Chroma is not configured: set `[rag] url`".to_owned()));
        }
        if settings.ollama_url.is_empty() || settings.embed_model.is_empty() {
            return Ok(Err(
                "no embedding model is configured: set `[llm] url` and `embed_model`".to_owned(),
            ));
        }
        Ok(Ok(Self {
            chroma: Chroma::new(settings.chroma_url.expose_secret())?,
            embedder: Embedder::new(
                &settings.ollama_url,
                &settings.embed_model,
                settings.timeout,
                settings.dimensions,
            )?,
        }))
    }

    /// The passages nearest in meaning, with their similarity, nearest first; none below the floor.
    pub(crate) async fn nearest(
        &self,
        collections: &[Collection],
        text: String,
        limit: usize,
    ) -> Result<Vec<(Uuid, f32)>, RagError> {
        self.chroma.ready()?;
        let vectors = self.embedder.embed(&[text]).await?;
        let vector = vectors.first().map_or(&[][..], Vec::as_slice);
        let mut hits = Vec::new();
        for collection in collections {
            hits.extend(self.chroma.nearest(*collection, vector, limit).await?);
        }
        hits.retain(|(_, similarity)| *similarity >= FLOOR);
        hits.sort_by(|a, b| b.1.total_cmp(&a.1));
        hits.truncate(limit);
        Ok(hits)
    }

    /// Sends what waits of one document.
    pub(crate) async fn send_document(
        &self,
        pool: &Pool,
        document: Uuid,
        now: DateTime<Utc>,
    ) -> Result<usize, RagError> {
        let mut sent = 0;
        loop {
            let waiting = vectors::waiting_of(pool, document, embed::BATCH as i64).await?;
            if waiting.is_empty() {
                return Ok(sent);
            }
            sent += self.send(pool, waiting, now).await?;
        }
    }

    /// Deletes and sends all that waits, and what Chroma has lost.
    pub(crate) async fn catch_up(
        &self,
        pool: &Pool,
        now: DateTime<Utc>,
    ) -> Result<CaughtUp, RagError> {
        let mut done = CaughtUp {
            removed: self.delete_removed(pool).await?,
            ..CaughtUp::default()
        };
        vectors::unmark_other_models(pool, self.embedder.model()).await?;
        for collection in documents::collections(pool).await? {
            let marked = vectors::marked(pool, collection).await?;
            let held = if marked > 0 {
                self.chroma.count(collection).await?
            } else {
                0
            };
            // Its folder was lost or another server stands there now.
            if (held as i64) < marked {
                vectors::unmark(pool, collection).await?;
            }
        }
        loop {
            let waiting = vectors::waiting(pool, embed::BATCH as i64).await?;
            if waiting.is_empty() {
                return Ok(done);
            }
            done.embedded += self.send(pool, waiting, now).await?;
        }
    }

    /// Deletes from Chroma what is gone from the store.
    pub(crate) async fn delete_removed(&self, pool: &Pool) -> Result<usize, RagError> {
        let mut deleted = 0;
        loop {
            let removed = vectors::removed(pool, REMOVE_BATCH).await?;
            if removed.is_empty() {
                return Ok(deleted);
            }
            let mut by_collection: BTreeMap<Collection, Vec<Uuid>> = BTreeMap::new();
            for (id, collection) in removed {
                by_collection.entry(collection).or_default().push(id);
            }
            for (collection, ids) in by_collection {
                self.chroma.delete(collection, &ids).await?;
                vectors::clear_removed(pool, &ids).await?;
                deleted += ids.len();
            }
        }
    }

    pub(crate) async fn embedder_state(&self) -> Helper {
        let started = std::time::Instant::now();
        match self.embedder.embed_now(&["ready?".to_owned()]).await {
            Ok(_) => Helper::Reachable {
                version: self.embedder.model().to_owned(),
                latency_ms: milliseconds(started.elapsed()),
            },
            Err(error) => Helper::Unreachable { why: why(error) },
        }
    }

    pub(crate) async fn chroma_state(&self) -> Helper {
        match self.chroma.probe().await {
            Ok(probe) => Helper::Reachable {
                version: probe.version,
                latency_ms: milliseconds(probe.latency),
            },
            Err(error) => Helper::Unreachable { why: why(error) },
        }
    }

    async fn send(
        &self,
        pool: &Pool,
        waiting: Vec<Waiting>,
        now: DateTime<Utc>,
    ) -> Result<usize, RagError> {
        self.chroma.ready()?;
        let texts: Vec<String> = waiting.iter().map(text_to_embed).collect();
        let found = self.embedder.embed(&texts).await?;
        let mut by_collection: BTreeMap<Collection, Vec<Entry>> = BTreeMap::new();
        for (passage, vector) in waiting.into_iter().zip(found) {
            by_collection
                .entry(passage.collection)
                .or_default()
                .push(Entry {
                    id: passage.id,
                    vector,
                    text: passage.text,
                    document: passage.document_id,
                    source: passage.source,
                    heading: passage.heading,
                });
        }
        let mut sent = 0;
        for (collection, entries) in by_collection {
            self.chroma.upsert(collection, &entries).await?;
            let marked: Vec<(Uuid, Collection)> =
                entries.iter().map(|entry| (entry.id, collection)).collect();
            vectors::mark(pool, &marked, self.embedder.model(), now).await?;
            sent += marked.len();
        }
        Ok(sent)
    }
}

/// A short passage means little without what it stands under.
fn text_to_embed(passage: &Waiting) -> String {
    let above = if passage.heading.is_empty() {
        &passage.title
    } else {
        &passage.heading
    };
    format!("{above}\n{}", passage.text)
}

/// The reason without the service's name, where the reader sees that name beside it.
fn why(error: RagError) -> String {
    match error {
        RagError::Unavailable { why, .. } => why,
        other => other.to_string(),
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
