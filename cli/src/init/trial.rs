//! Tries each part that `fjord init` is told of; an empty answer is the embedded part, which needs no trial.

use std::time::Duration;

use agent::Error;
use agent::store::Store;
use agent::throttle::Throttle;
use config::{Paths, SecretString};
use serde::Deserialize;

/// Longest wait for one part.
const WAIT: Duration = Duration::from_secs(5);
/// Most of an answer that is read, bytes.
const LARGEST: usize = 1024 * 1024;

/// Connects to the store and makes its tables.
pub(super) async fn store(url: &str, paths: &Paths) -> Result<String, Error> {
    let embedded = paths.store_url();
    let store = Store::new(if url.is_empty() { &embedded } else { url })?;
    store.ready().await.map_err(Error::from)?;
    let version = store.version().await.map_err(Error::from)?;
    Ok(format!(
        "store: {} {version}, {}",
        store.kind(),
        store.place()
    ))
}

/// Asks Redis for its version.
pub(super) async fn redis(url: &str) -> Result<String, Error> {
    if url.is_empty() {
        return Ok(String::new());
    }
    let rows = Store::new("sqlite::memory:")?;
    let throttle = Throttle::new(&SecretString::from(url.to_owned()), rows)?;
    let redis = throttle
        .redis()
        .ok_or_else(|| Error::internal("the throttle has no Redis"))?;
    let (version, took) = redis
        .version(WAIT)
        .await
        .map_err(|why| Error::unavailable("redis", format!("{why}; start it, or leave it out")))?;
    Ok(format!("Redis {version} ({} ms)", took.as_millis()))
}

/// Asks Chroma for a sign of life.
pub(super) async fn chroma(url: &str) -> Result<String, Error> {
    if url.is_empty() {
        return Ok(String::new());
    }
    let address = address("rag.url", url, "api/v2/heartbeat")?;
    get("chroma", address).await?;
    Ok("Chroma answers".to_owned())
}

/// Asks Ollama for its models.
pub(super) async fn ollama(url: &str, model: &str) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Tags {
        models: Vec<Tag>,
    }
    #[derive(Deserialize)]
    struct Tag {
        name: String,
    }
    if url.is_empty() {
        return Ok(String::new());
    }
    let body = get("ollama", address("llm.url", url, "api/tags")?).await?;
    let tags: Tags = serde_json::from_slice(&body).map_err(|_| {
        Error::unavailable(
            "ollama",
            "the answer is not Ollama's list of models; is the address right?",
        )
    })?;
    let names: Vec<&str> = tags.models.iter().map(|tag| tag.name.as_str()).collect();
    let is_there = names
        .iter()
        .any(|name| *name == model || name.strip_suffix(":latest") == Some(model));
    Ok(if is_there {
        format!("Ollama has {model}")
    } else {
        format!("Ollama answers, without the model; `ollama pull {model}` fetches it")
    })
}

fn address(key: &str, url: &str, path: &str) -> Result<url::Url, Error> {
    let wrong = || {
        Error::invalid(format!(
            "`{key}`: `{}` is no http:// or https:// address",
            config::mask_url(url)
        ))
    };
    let mut address = url::Url::parse(url).map_err(|_| wrong())?;
    if !matches!(address.scheme(), "http" | "https") || address.host().is_none() {
        return Err(wrong());
    }
    address
        .path_segments_mut()
        .map_err(|()| wrong())?
        .pop_if_empty()
        .extend(path.split('/'));
    Ok(address)
}

async fn get(service: &str, address: url::Url) -> Result<Vec<u8>, Error> {
    let client = reqwest::Client::builder()
        .timeout(WAIT)
        .no_proxy()
        .build()
        .map_err(|error| Error::internal(error.to_string()))?;
    let shown = config::mask_url(address.as_str());
    let down = |why: String| Error::unavailable(service, format!("{shown}: {why}"));
    let mut answer = client
        .get(address.clone())
        .send()
        .await
        .map_err(|error| down(reason(&error)))?;
    if !answer.status().is_success() {
        return Err(down(format!("it answered {}", answer.status())));
    }
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| down(reason(&error)))? {
        if body.len() + piece.len() > LARGEST {
            return Err(down("the answer is too large".to_owned()));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

/// The innermost reason, without the address, which may hold a password.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return format!("no answer within {} s", WAIT.as_secs());
    }
    let mut inner: &dyn std::error::Error = error;
    while let Some(next) = inner.source() {
        inner = next;
    }
    inner.to_string()
}
