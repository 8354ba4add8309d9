//! Turns texts into vectors with Ollama's `/api/embed`.

use std::time::Duration;

use ollama_rs::Ollama;
use ollama_rs::error::OllamaError;
use ollama_rs::generation::embeddings::request::{EmbeddingsInput, GenerateEmbeddingsRequest};
use ollama_rs::generation::parameters::{KeepAlive, TimeUnit};
use url::Url;

use crate::breaker::Breaker;
use crate::chunk;
use crate::error::{RagError, root_cause};

/// How many texts go into one request.
pub(crate) const BATCH: usize = 32;
/// What `all-minilm` reads of a text is less than this; the rest would only be sent.
const MAX_CHARS: usize = 2_000;
/// Longest wait for the connection.
const CONNECT: Duration = Duration::from_secs(2);

/// The embedding model.
#[derive(Debug)]
pub(crate) struct Embedder {
    ollama: Ollama,
    model: String,
    dimensions: usize,
    timeout: Duration,
    breaker: Breaker,
}

impl Embedder {
    pub(crate) fn new(
        url: &str,
        model: &str,
        timeout: Duration,
        dimensions: usize,
    ) -> Result<Self, RagError> {
        let mut url = parse_url(url)?;
        // ollama-rs appends `api/embed` to the text of the URL.
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let client = http_client(&url, timeout)?;
        Ok(Self {
            ollama: Ollama::builder().url(url).reqwest_client(client).build(),
            model: model.to_owned(),
            dimensions,
            timeout,
            breaker: Breaker::default(),
        })
    }

    /// The model's name, as configured.
    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    /// One vector for each text, in order; refused at once for a few seconds after a failure.
    pub(crate) async fn embed(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, RagError> {
        self.breaker.admit().map_err(unavailable)?;
        self.embed_now(texts).await
    }

    /// As [`Self::embed`], but also right after a failure.
    pub(crate) async fn embed_now(&self, texts: &[String]) -> Result<Vec<Vec<f32>>, RagError> {
        let mut vectors = Vec::with_capacity(texts.len());
        for batch in texts.chunks(BATCH) {
            match self.request(batch).await {
                Ok(found) => vectors.extend(found),
                Err(why) => {
                    self.breaker.failed(&why);
                    return Err(unavailable(why));
                }
            }
        }
        self.breaker.succeeded();
        Ok(vectors)
    }

    async fn request(&self, batch: &[String]) -> Result<Vec<Vec<f32>>, String> {
        let texts: Vec<String> = batch
            .iter()
            .map(|text| chunk::cut(text, MAX_CHARS))
            .collect();
        // Loading the model takes longer than embedding: keep it for a while.
        let request =
            GenerateEmbeddingsRequest::new(self.model.clone(), EmbeddingsInput::Multiple(texts))
                .truncate(true)
                .keep_alive(KeepAlive::Until {
                    time: 30,
                    unit: TimeUnit::Minutes,
                });
        let answer = tokio::time::timeout(self.timeout, self.ollama.generate_embeddings(request))
            .await
            .map_err(|_| format!("no answer within {:?}", self.timeout))?
            .map_err(|error| self.explain(&error))?;
        self.check(batch.len(), &answer.embeddings)?;
        Ok(answer.embeddings)
    }

    fn check(&self, asked: usize, vectors: &[Vec<f32>]) -> Result<(), String> {
        if vectors.len() != asked {
            return Err(format!(
                "model `{}` answered {} vectors for {asked} texts",
                self.model,
                vectors.len()
            ));
        }
        if let Some(wrong) = vectors
            .iter()
            .find(|vector| vector.len() != self.dimensions)
        {
            return Err(format!(
                "model `{}` makes vectors of {} dimensions, the collections hold {}: set `[llm] embed_model` to one \
                 of that size, such as `all-minilm`",
                self.model,
                wrong.len(),
                self.dimensions
            ));
        }
        if vectors.iter().flatten().any(|number| !number.is_finite()) {
            return Err(format!(
                "model `{}` answered a vector that is not finite",
                self.model
            ));
        }
        Ok(())
    }

    fn explain(&self, error: &OllamaError) -> String {
        match error {
            OllamaError::Other(body) if body.contains("not found") && body.contains("model") => {
                format!("model `{0}` is missing: run `ollama pull {0}`", self.model)
            }
            OllamaError::Other(body) => {
                format!("Ollama answered: {}", chunk::cut(body.trim(), 200))
            }
            OllamaError::JsonError(_) => {
                "Ollama's answer is not what `/api/embed` answers: check `[llm] url`".to_owned()
            }
            OllamaError::ReqwestError(error) if error.is_timeout() => {
                format!("no answer within {:?}", self.timeout)
            }
            other => root_cause(other),
        }
    }
}

/// Reads an `http` or `https` URL, whose builder would panic on anything else.
fn parse_url(text: &str) -> Result<Url, RagError> {
    let url = Url::parse(text).map_err(|error| {
        RagError::Invalid(format!(
            "`[llm] url` is no URL ({error}): give one like `http://127.0.0.1:11434`"
        ))
    })?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(RagError::Invalid(
            "`[llm] url` must begin with `http://` or `https://` and name a host".to_owned(),
        ));
    }
    Ok(url)
}

/// A client with deadlines; a proxy is never asked for this machine itself.
pub(crate) fn http_client(url: &Url, timeout: Duration) -> Result<reqwest::Client, RagError> {
    let local = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT)
        .timeout(timeout);
    let builder = if local { builder.no_proxy() } else { builder };
    builder.build().map_err(|error| {
        RagError::Invalid(format!(
            "the HTTP client cannot be built: {}",
            root_cause(&error)
        ))
    })
}

fn unavailable(why: String) -> RagError {
    RagError::Unavailable {
        service: "the embedding model",
        why,
    }
}
