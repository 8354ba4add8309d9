//! Tries each part that `fjord init` is told of; an empty answer is the embedded part, which needs no trial.

use std::time::Duration;

use agent::Error;
use agent::store::{Store, StoreError};
use agent::throttle::Throttle;
use config::{Paths, SecretString};
use serde::Deserialize;

/// Longest wait for one part.
const WAIT: Duration = Duration::from_secs(5);
/// Most of an answer that is read, bytes.
const LARGEST: usize = 1024 * 1024;

/// Refuses a store that is no URL, before a file of that name is made.
pub(super) fn store_url(url: &str) -> Result<(), Error> {
    begins_with(url, &["sqlite://", "postgres://", "postgresql://"])
}

/// Connects to the store and makes its tables.
pub(super) async fn store(url: &str, paths: &Paths) -> Result<String, Error> {
    let embedded = paths.store_url();
    let store = Store::new(if url.is_empty() { &embedded } else { url })?;
    store.ready().await.map_err(down)?;
    let version = store.version().await.map_err(down)?;
    Ok(format!(
        "store: {} {version}, {}",
        store.kind(),
        store.place()
    ))
}

/// `fjord doctor` would look at the configuration from before, so it is not advised here.
fn down(error: StoreError) -> Error {
    match error {
        StoreError::Down(message) => Error::unavailable("store", message),
        other => Error::from(other),
    }
}

/// Refuses what is no URL of one of the kinds, before anything is opened or made.
fn begins_with(url: &str, kinds: &[&str]) -> Result<(), Error> {
    if url.is_empty() || kinds.iter().any(|kind| url.starts_with(kind)) {
        return Ok(());
    }
    let kinds: Vec<String> = kinds.iter().map(|kind| format!("`{kind}…`")).collect();
    Err(Error::invalid(format!(
        "`{}` is no URL; write {}, or nothing",
        typed(url),
        kinds.join(" or ")
    )))
}

/// What was typed, without a password that may stand in it.
fn typed(text: &str) -> String {
    if text.contains('@') {
        config::mask_url(text)
    } else {
        agent::inventory::shown(text)
    }
}

/// Asks Redis for its version.
pub(super) async fn redis(url: &str) -> Result<String, Error> {
    if url.is_empty() {
        return Ok(String::new());
    }
    begins_with(url, &["redis://", "rediss://"])?;
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
    let address = address(url, "api/v2/heartbeat")?;
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
    let body = get("ollama", address(url, "api/tags")?).await?;
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

fn address(url: &str, path: &str) -> Result<url::Url, Error> {
    begins_with(url, &["http://", "https://"])?;
    let wrong = || Error::invalid(format!("`{}` names no host", typed(url)));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_answer_that_is_no_url_is_named() {
        assert_eq!(
            store_url("foo").unwrap_err().to_string(),
            "`foo` is no URL; write `sqlite://…` or `postgres://…` or `postgresql://…`, or nothing"
        );
        assert!(
            redis("nonsense")
                .await
                .unwrap_err()
                .to_string()
                .starts_with("`nonsense` is no URL")
        );
        assert!(
            chroma("localhost")
                .await
                .unwrap_err()
                .to_string()
                .starts_with("`localhost` is no URL")
        );
    }

    #[test]
    fn a_password_typed_without_a_scheme_is_not_repeated() {
        let error = begins_with("user:secret@host/db", &["postgres://"]).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
