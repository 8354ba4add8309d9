//! Chroma, through the `chromadb` crate, which is used in this file only.
//!
//! Its traps are handled here: it has no timeouts, its constructor wants a live server, its `heartbeat` and
//! `version` ask an API that is gone, a hit without a document cannot be decoded, and each client holds 128
//! connections' worth of HTTP clients, so there is one. It speaks no TLS.

use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chromadb::client::{ChromaAuthMethod, ChromaClientOptions};
use chromadb::collection::{CollectionEntries, QueryOptions};
use chromadb::{ChromaClient, ChromaCollection};
use serde_json::json;
use tokio::sync::{Mutex, OnceCell};
use url::Url;
use uuid::Uuid;

use crate::breaker::Breaker;
use crate::chunk;
use crate::embed::http_client;
use crate::error::{RagError, root_cause};
use crate::index::Collection;

/// The most entries the server takes at once.
const BATCH: usize = 5_461;
/// Longest wait for a question.
const ASK: Duration = Duration::from_secs(3);
/// Longest wait for a write, which may index thousands of vectors.
const WRITE: Duration = Duration::from_secs(30);

/// One Chroma server.
pub(crate) struct Chroma {
    url: Url,
    user: Option<(String, String)>,
    http: reqwest::Client,
    client: OnceCell<ChromaClient>,
    collections: Mutex<HashMap<Collection, Arc<ChromaCollection>>>,
    breaker: Breaker,
}

/// A vector with what belongs to it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) id: Uuid,
    pub(crate) vector: Vec<f32>,
    pub(crate) text: String,
    pub(crate) document: Uuid,
    pub(crate) source: String,
    pub(crate) heading: String,
}

/// What the server says about itself.
#[derive(Debug)]
pub(crate) struct Probe {
    pub(crate) version: String,
    pub(crate) latency: Duration,
}

impl std::fmt::Debug for Chroma {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chroma")
            .field("url", &self.url.as_str())
            .finish_non_exhaustive()
    }
}

impl Chroma {
    /// Takes the URL apart; asks nobody.
    pub(crate) fn new(text: &str) -> Result<Self, RagError> {
        // The URL may hold a password: it is never repeated in an error.
        let mut url = Url::parse(text).map_err(|error| {
            RagError::Invalid(format!(
                "`[rag] url` is no URL ({error}): give one like `http://127.0.0.1:8000`"
            ))
        })?;
        match url.scheme() {
            "http" if url.host().is_some() => {}
            "https" => {
                return Err(RagError::Invalid(
                    "`[rag] url` is `https`, which the Chroma client here does not speak: forward the port with \
                     `ssh -N -L 8000:127.0.0.1:8000 HOST` and set it to `http://127.0.0.1:8000`"
                        .to_owned(),
                ));
            }
            _ => {
                return Err(RagError::Invalid(
                    "`[rag] url` must begin with `http://` and name a host, like `http://127.0.0.1:8000`".to_owned(),
                ));
            }
        }
        let user = (!url.username().is_empty()).then(|| {
            (
                url.username().to_owned(),
                url.password().unwrap_or_default().to_owned(),
            )
        });
        // Neither can fail on an `http` URL with a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.set_fragment(None);
        Ok(Self {
            http: http_client(&url, ASK)?,
            url,
            user,
            client: OnceCell::new(),
            collections: Mutex::default(),
            breaker: Breaker::default(),
        })
    }

    /// Asks for the server's version, also right after a failure.
    pub(crate) async fn probe(&self) -> Result<Probe, RagError> {
        let started = Instant::now();
        let version = match self.ask_version().await {
            Ok(version) => version,
            Err(error) => {
                let why = if error.is_timeout() {
                    format!("no answer within {ASK:?}")
                } else {
                    root_cause(&error)
                };
                return Err(self.failed(why));
            }
        };
        self.breaker.succeeded();
        Ok(Probe {
            version,
            latency: started.elapsed(),
        })
    }

    /// Is an error while a call would be refused, so that nobody makes vectors for nothing.
    pub(crate) fn ready(&self) -> Result<(), RagError> {
        self.breaker
            .refusal()
            .map_or(Ok(()), |why| Err(unavailable(why)))
    }

    /// Adds or replaces vectors.
    pub(crate) async fn upsert(
        &self,
        collection: Collection,
        entries: &[Entry],
    ) -> Result<(), RagError> {
        for batch in entries.chunks(BATCH) {
            self.with_collection(collection, WRITE, |target| async move {
                let ids: Vec<String> = batch.iter().map(|entry| entry.id.to_string()).collect();
                let entries = CollectionEntries {
                    ids: ids.iter().map(String::as_str).collect(),
                    embeddings: Some(batch.iter().map(|entry| entry.vector.clone()).collect()),
                    documents: Some(batch.iter().map(|entry| entry.text.as_str()).collect()),
                    metadatas: Some(batch.iter().map(metadata).collect()),
                };
                target.upsert(entries, None).await.map(|_| ())
            })
            .await?;
        }
        Ok(())
    }

    /// The nearest passages with their cosine similarity, nearest first.
    pub(crate) async fn nearest(
        &self,
        collection: Collection,
        vector: &[f32],
        limit: usize,
    ) -> Result<Vec<(Uuid, f32)>, RagError> {
        let found = self
            .with_collection(collection, ASK, |target| async move {
                let options = QueryOptions {
                    query_embeddings: Some(vec![vector.to_vec()]),
                    n_results: Some(limit),
                    include: Some(vec!["distances"]),
                    ..QueryOptions::default()
                };
                target.query(options, None).await
            })
            .await?;
        let ids = found.ids.into_iter().flatten();
        let distances = found.distances.unwrap_or_default().into_iter().flatten();
        // An id that is no UUID was put there by someone else.
        Ok(ids
            .zip(distances)
            .filter_map(|(id, distance)| Some((id.parse().ok()?, (1.0 - distance).min(1.0))))
            .collect())
    }

    /// Deletes vectors; ids that are not there are no error.
    pub(crate) async fn delete(
        &self,
        collection: Collection,
        ids: &[Uuid],
    ) -> Result<(), RagError> {
        for batch in ids.chunks(BATCH) {
            self.with_collection(collection, WRITE, |target| async move {
                let ids: Vec<String> = batch.iter().map(Uuid::to_string).collect();
                target
                    .delete(Some(ids.iter().map(String::as_str).collect()), None, None)
                    .await
            })
            .await?;
        }
        Ok(())
    }

    /// How many vectors a collection holds.
    pub(crate) async fn count(&self, collection: Collection) -> Result<usize, RagError> {
        self.with_collection(
            collection,
            ASK,
            |target| async move { target.count().await },
        )
        .await
    }

    async fn ask_version(&self) -> Result<String, reqwest::Error> {
        let base = self.url.as_str().trim_end_matches('/');
        for path in ["heartbeat", "version"] {
            let mut request = self.http.get(format!("{base}/api/v2/{path}"));
            if let Some((name, password)) = &self.user {
                request = request.basic_auth(name, Some(password));
            }
            let answer = request.send().await?.error_for_status()?.text().await?;
            if path == "version" {
                return Ok(chunk::cut(answer.trim().trim_matches('"'), 40));
            }
        }
        Ok(String::new())
    }

    /// Runs one call with a deadline. A collection that was deleted behind our back is made again, once.
    async fn with_collection<T, F, R>(
        &self,
        collection: Collection,
        limit: Duration,
        call: F,
    ) -> Result<T, RagError>
    where
        F: Fn(Arc<ChromaCollection>) -> R,
        R: Future<Output = Result<T, anyhow::Error>>,
    {
        self.breaker.admit().map_err(unavailable)?;
        let work = async {
            let target = self.collection(collection).await?;
            match call(target).await {
                Err(error) if status(&error) == Some(404) => {
                    self.collections.lock().await.remove(&collection);
                    let target = self.collection(collection).await?;
                    call(target).await
                }
                other => other,
            }
        };
        match tokio::time::timeout(limit, work).await {
            Err(_) => Err(self.failed(format!("no answer within {limit:?}"))),
            Ok(Err(error)) => {
                let text = error.to_string();
                if status(&error) == Some(400) && text.contains("dimension") {
                    return Err(RagError::Invalid(format!(
                        "the Chroma collection `{}` holds vectors of another size: set `[llm] embed_model` to the \
                         model it was filled with, or delete the collection",
                        collection.chroma_name()
                    )));
                }
                let why = if status(&error).is_some() {
                    text
                } else {
                    error.root_cause().to_string()
                };
                Err(self.failed(chunk::cut(&why, 200)))
            }
            Ok(Ok(value)) => {
                self.breaker.succeeded();
                Ok(value)
            }
        }
    }

    async fn collection(
        &self,
        collection: Collection,
    ) -> Result<Arc<ChromaCollection>, anyhow::Error> {
        let mut known = self.collections.lock().await;
        if let Some(found) = known.get(&collection) {
            return Ok(Arc::clone(found));
        }
        let client = self
            .client
            .get_or_try_init(|| ChromaClient::new(self.options()))
            .await?;
        let metadata = json!({ "hnsw:space": "cosine" }).as_object().cloned();
        let made = Arc::new(
            client
                .get_or_create_collection(collection.chroma_name(), metadata)
                .await?,
        );
        known.insert(collection, Arc::clone(&made));
        Ok(made)
    }

    fn options(&self) -> ChromaClientOptions {
        let auth = match &self.user {
            Some((username, password)) => ChromaAuthMethod::BasicAuth {
                username: username.clone(),
                password: password.clone(),
            },
            None => ChromaAuthMethod::None,
        };
        ChromaClientOptions {
            url: Some(self.url.as_str().trim_end_matches('/').to_owned()),
            auth,
            ..ChromaClientOptions::default()
        }
    }

    fn failed(&self, why: String) -> RagError {
        self.breaker.failed(&why);
        unavailable(why)
    }
}

fn metadata(entry: &Entry) -> serde_json::Map<String, serde_json::Value> {
    [
        ("document", entry.document.to_string()),
        ("source", entry.source.clone()),
        ("heading", entry.heading.clone()),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.into()))
    .collect()
}

/// The HTTP status: the crate's errors are texts that begin with it.
fn status(error: &anyhow::Error) -> Option<u16> {
    error.to_string().get(..3)?.parse().ok()
}

fn unavailable(why: String) -> RagError {
    RagError::Unavailable {
        service: "Chroma",
        why,
    }
}
