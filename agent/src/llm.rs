//! The model: Ollama over HTTP.
//!
//! The request is ollama-rs's own type; the stream is read here, byte by byte, because a line may
//! come in pieces and an error may come in the middle of it.

use std::error::Error as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ollama_rs::Ollama;
use ollama_rs::error::OllamaError;
use ollama_rs::generation::chat::ChatMessage;
use ollama_rs::generation::chat::request::ChatMessageRequest;
use ollama_rs::models::ModelOptions;
use reqwest::{Response, StatusCode};
use url::Url;

use crate::progress::{Progress, Stage};
use crate::reply::Prose;

mod stream;
mod words;

pub(crate) use words::clean;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// Longest wait for the first byte; a large model takes a while to load.
const FIRST_BYTE: Duration = Duration::from_secs(30);
/// Longest silence in the middle of an answer.
const SILENCE: Duration = Duration::from_secs(20);
/// Longest wait for `doctor`'s question.
const STATE: Duration = Duration::from_secs(2);
/// After a connection failed, how long calls fail at once.
const REST: Duration = Duration::from_secs(5);
/// What a model may write at most, in tokens: eight lines are far less.
const MAX_TOKENS: i32 = 1_024;
/// The most of a refusal that is read.
const REFUSAL_LIMIT: usize = 4 * 1024;

/// What the model is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prompt {
    /// What it is to do.
    pub system: String,
    /// The data it is to do it with.
    pub user: String,
    /// The most lines that are kept of its answer.
    pub max_lines: usize,
}

/// Why the model wrote nothing. Each text is one sentence without a final dot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// The configuration names no usable model.
    #[error("{0}")]
    NotConfigured(String),
    /// There is no connection.
    #[error("ollama at {place} cannot be reached: {why}; start it with `ollama serve`")]
    Unreachable {
        /// The address, without credentials.
        place: String,
        /// What the connection said.
        why: String,
    },
    /// The server does not have the model.
    #[error("model `{model}` is not there; run `ollama pull {model}`")]
    Missing {
        /// The model's name.
        model: String,
    },
    /// The server refused.
    #[error("ollama answered {status}: {said}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it said.
        said: String,
    },
    /// The server gave up in the middle of its answer.
    #[error("ollama stopped in the middle of its answer: {0}")]
    Stopped(String),
    /// The connection ended before the answer did.
    #[error("the connection was cut in the middle of ollama's answer")]
    Cut,
    /// It took too long.
    #[error("ollama did not {what} within {}", seconds(*.within))]
    Late {
        /// What it should have done.
        what: &'static str,
        /// The deadline.
        within: Duration,
    },
    /// It is not Ollama, or not as it should be.
    #[error("what answers at {place} does not speak ollama's language; check `llm.url`")]
    Nonsense {
        /// The address, without credentials.
        place: String,
    },
    /// It said nothing.
    #[error("the model wrote nothing")]
    Empty,
}

/// How the model's server is, for `doctor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelState {
    /// The server's version.
    pub version: String,
    /// The models it has.
    pub models: Vec<String>,
    /// Whether the configured model is one of them.
    pub present: bool,
    /// How long both questions took.
    pub latency: Duration,
}

/// The client of an Ollama server. Makes no connection until asked; clones share what they learnt.
#[derive(Clone, Debug)]
pub struct Llm {
    model: String,
    context: u64,
    server: Result<Server, ModelError>,
    deadlines: Deadlines,
    resting: Arc<Mutex<Option<(Instant, ModelError)>>>,
}

#[derive(Clone, Debug)]
struct Server {
    /// Ends with `/`: ollama-rs appends to its text.
    url: Url,
    http: reqwest::Client,
}

#[derive(Clone, Copy, Debug)]
struct Deadlines {
    whole: Duration,
    first_byte: Duration,
    silence: Duration,
    state: Duration,
}

impl Llm {
    /// Makes the client of `llm.url`. Does no I/O and never fails: what is wrong is told when it is asked.
    pub fn new(llm: &config::Llm) -> Self {
        Self {
            model: llm.model.clone(),
            context: u64::from(llm.context),
            server: Server::new(&llm.url, &llm.model),
            deadlines: Deadlines {
                whole: Duration::from_secs(llm.timeout_s),
                first_byte: FIRST_BYTE,
                silence: SILENCE,
                state: STATE,
            },
            resting: Arc::default(),
        }
    }

    /// Whether there is a model to ask.
    pub fn is_configured(&self) -> bool {
        self.server.is_ok()
    }

    /// Returns the model's name.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Lets the model write. `on_text` gets each finished sentence or line as it comes, fit to be shown.
    ///
    /// What is returned is plain text of at most `max_lines` lines and 8 KB, with secrets masked.
    pub async fn write(
        &self,
        request: Prompt,
        on_text: impl FnMut(&str),
    ) -> Result<String, ModelError> {
        let server = self.server.as_ref().map_err(Clone::clone)?;
        self.check_rest()?;
        let whole = self.deadlines.whole;
        let outcome = tokio::time::timeout(whole, self.ask(server, request, on_text)).await;
        let outcome = outcome.unwrap_or(Err(ModelError::Late {
            what: "finish its answer",
            within: whole,
        }));
        self.remember(&outcome);
        outcome
    }

    /// Lets the model write and tells `progress`; whatever goes wrong becomes one sentence.
    pub(crate) async fn prose(&self, request: Prompt, progress: &Progress) -> Prose {
        if self.server.is_ok() {
            progress.stage(Stage::Model, format!("asking {}", self.model));
        }
        match self.write(request, |text| progress.text(text)).await {
            Ok(text) => Prose::Written {
                text,
                model: self.model.clone(),
            },
            Err(error) => {
                tracing::debug!(%error, "the model wrote nothing");
                Prose::Unavailable {
                    why: format!("model unavailable: facts only ({error})"),
                }
            }
        }
    }

    /// Asks the server for its version and models, also right after a failure.
    pub async fn state(&self) -> Result<ModelState, ModelError> {
        let server = self.server.as_ref().map_err(Clone::clone)?;
        let within = self.deadlines.state;
        let began = Instant::now();
        let asked = tokio::time::timeout(within, server.state()).await;
        let outcome = asked.unwrap_or(Err(ModelError::Late {
            what: "answer",
            within,
        }));
        self.remember(&outcome);
        let (version, models) = outcome?;
        Ok(ModelState {
            version,
            present: models.iter().any(|name| is_same(name, &self.model)),
            models,
            latency: began.elapsed(),
        })
    }

    async fn ask(
        &self,
        server: &Server,
        request: Prompt,
        on_text: impl FnMut(&str),
    ) -> Result<String, ModelError> {
        let max_lines = request.max_lines;
        let first_byte = self.deadlines.first_byte;
        let sent = tokio::time::timeout(first_byte, server.post(&self.body(request)?)).await;
        let answer = sent.unwrap_or(Err(ModelError::Late {
            what: "begin its answer",
            within: first_byte,
        }))?;
        if !answer.status().is_success() {
            return Err(self.refusal(answer).await);
        }
        let reader = stream::Reader {
            silence: self.deadlines.silence,
            place: server.place(),
            max_lines,
        };
        reader.read(answer, on_text).await
    }

    /// ollama-rs keeps `stream` to itself, so it is set in the JSON.
    fn body(&self, request: Prompt) -> Result<serde_json::Value, ModelError> {
        let messages = vec![
            ChatMessage::system(request.system),
            ChatMessage::user(request.user),
        ];
        let options = ModelOptions::default()
            .num_ctx(self.context)
            .num_predict(MAX_TOKENS)
            .temperature(0.2);
        let request = ChatMessageRequest::new(self.model.clone(), messages).options(options);
        let mut body = serde_json::to_value(request)
            .map_err(|error| ModelError::NotConfigured(error.to_string()))?;
        body["stream"] = true.into();
        Ok(body)
    }

    async fn refusal(&self, mut answer: Response) -> ModelError {
        let status = answer.status();
        let mut body = Vec::new();
        while body.len() < REFUSAL_LIMIT
            && let Ok(Ok(Some(chunk))) =
                tokio::time::timeout(self.deadlines.silence, answer.chunk()).await
        {
            body.extend_from_slice(&chunk[..chunk.len().min(REFUSAL_LIMIT - body.len())]);
        }
        let said = match serde_json::from_slice::<serde_json::Value>(&body) {
            Ok(json) => json.get("error").map(stream::text_of).unwrap_or_default(),
            Err(_) => String::from_utf8_lossy(&body).into_owned(),
        };
        // A 404 of something that is no Ollama says nothing of a model.
        if status == StatusCode::NOT_FOUND && said.contains("model") {
            return ModelError::Missing {
                model: self.model.clone(),
            };
        }
        if status == StatusCode::NOT_FOUND {
            let place = self.server.as_ref().map(Server::place).unwrap_or_default();
            return ModelError::Nonsense { place };
        }
        let said = match words::one_line(&said) {
            said if said.is_empty() => "nothing more".to_owned(),
            said => said,
        };
        ModelError::Refused {
            status: status.as_u16(),
            said,
        }
    }

    fn check_rest(&self) -> Result<(), ModelError> {
        let resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        match &*resting {
            Some((since, error)) if since.elapsed() < REST => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Only a server that is not there is left alone for a while; any other failure may be of that call.
    fn remember<T>(&self, outcome: &Result<T, ModelError>) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        *resting = match outcome {
            Err(error @ ModelError::Unreachable { .. }) => Some((Instant::now(), error.clone())),
            _ => None,
        };
    }
}

impl Server {
    fn new(url: &str, model: &str) -> Result<Self, ModelError> {
        if url.is_empty() || model.is_empty() {
            let hint = "no model is configured; set `llm.url` and `llm.model`";
            return Err(ModelError::NotConfigured(hint.to_owned()));
        }
        let wrong = || {
            ModelError::NotConfigured(
                "`llm.url` is no http address; write one like `http://127.0.0.1:11434`".to_owned(),
            )
        };
        let mut url = Url::parse(url).map_err(|_| wrong())?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(wrong());
        }
        if !url.path().ends_with('/') {
            url.set_path(&format!("{}/", url.path()));
        }
        let local = match url.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let builder = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .redirect(reqwest::redirect::Policy::none());
        let builder = if local { builder.no_proxy() } else { builder };
        let http = builder.build().map_err(|error| {
            ModelError::NotConfigured(format!("the HTTP client cannot be made: {error}"))
        })?;
        Ok(Self { url, http })
    }

    async fn post(&self, body: &serde_json::Value) -> Result<Response, ModelError> {
        let sent = self.http.post(format!("{}api/chat", self.url)).json(body);
        sent.send().await.map_err(|error| self.explain(&error))
    }

    async fn state(&self) -> Result<(String, Vec<String>), ModelError> {
        let nonsense = || ModelError::Nonsense {
            place: self.place(),
        };
        let ollama = Ollama::builder()
            .url(self.url.clone())
            .reqwest_client(self.http.clone())
            .build();
        let version = async {
            let answer = self.http.get(format!("{}api/version", self.url)).send();
            let answer = answer.await.map_err(|error| self.explain(&error))?;
            let json: serde_json::Value = answer.json().await.map_err(|_| nonsense())?;
            let version = json.get("version").and_then(|version| version.as_str());
            version.map(words::one_line).ok_or_else(nonsense)
        };
        let models = async {
            let found = ollama.list_local_models().await;
            match found {
                Ok(models) => Ok(models.into_iter().map(|model| model.name).collect()),
                Err(OllamaError::ReqwestError(error)) => Err(self.explain(&error)),
                Err(_) => Err(nonsense()),
            }
        };
        tokio::try_join!(version, models)
    }

    fn explain(&self, error: &reqwest::Error) -> ModelError {
        if error.is_body() || error.is_decode() {
            return ModelError::Cut;
        }
        ModelError::Unreachable {
            place: self.place(),
            why: root_of(error),
        }
    }

    /// The address for people: without user and password.
    fn place(&self) -> String {
        let port = self.url.port().map(|port| format!(":{port}"));
        format!(
            "{}://{}{}",
            self.url.scheme(),
            self.url.host_str().unwrap_or_default(),
            port.unwrap_or_default()
        )
    }
}

/// Names the root of an error: reqwest's own message says only which URL was asked.
fn root_of(error: &reqwest::Error) -> String {
    let mut deepest: Option<&dyn std::error::Error> = error.source();
    while let Some(inner) = deepest.and_then(std::error::Error::source) {
        deepest = Some(inner);
    }
    let text = deepest.map_or_else(|| "the request failed".to_owned(), ToString::to_string);
    if text.contains("://") {
        return "the request failed".to_owned();
    }
    words::one_line(&text)
}

/// `llama3.2` is `llama3.2:latest`.
fn is_same(name: &str, wanted: &str) -> bool {
    name == wanted || name.strip_suffix(":latest") == Some(wanted)
}

fn seconds(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        return format!("{} ms", duration.as_millis());
    }
    format!("{} s", duration.as_secs())
}

#[cfg(test)]
mod tests;
