//! A stand-in for Ollama over HTTP, with its wire format and its ways to fail.

mod vectors;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

pub use vectors::{DIMENSIONS, embed};

/// What goes wrong with one request, or with each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// 404: the model was never pulled.
    ModelMissing,
    /// 500 with this text.
    ServerError(String),
    /// A line `{"error": …}` after that many pieces of a streamed answer.
    ErrorLineAfter(usize),
    /// The connection is cut after that many pieces; 0 cuts a plain answer too.
    CutAfter(usize),
    /// Nothing comes after that many pieces; 0 never answers at all.
    HangAfter(usize),
    /// The answer comes in packets of that many bytes, across lines and characters.
    PacketsOf(usize),
    /// 200 with bytes that are not JSON.
    Garbage,
}

/// One request as it came in.
#[derive(Debug, Clone)]
pub struct Request {
    /// `/api/chat`, `/api/embed`, …
    pub path: String,
    /// The JSON body; null for a GET.
    pub body: Value,
}

/// The running stand-in; it stops when dropped.
#[derive(Debug)]
pub struct Ollama {
    url: String,
    shared: Arc<Mutex<Shared>>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    models: Vec<String>,
    answer: String,
    answers: VecDeque<String>,
    once: VecDeque<(String, Trouble)>,
    always: Option<Trouble>,
    requests: Vec<Request>,
}

impl Ollama {
    /// Starts one with the two models that Fjord uses by default.
    pub async fn start() -> Self {
        let shared = Arc::new(Mutex::new(Shared {
            models: vec!["llama3.2:latest".to_owned(), "all-minilm:latest".to_owned()],
            answer: "All services are healthy. Nothing to do.".to_owned(),
            answers: VecDeque::new(),
            once: VecDeque::new(),
            always: None,
            requests: Vec::new(),
        }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("the loopback has a free port");
        let url = format!(
            "http://{}",
            listener.local_addr().expect("a listener has an address")
        );
        let router = Router::new()
            .fallback(serve)
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("the stand-in serves until it is dropped");
        });
        Self {
            url,
            shared,
            server,
        }
    }

    /// `http://…`, as `[llm] url` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Says what the model answers from now on.
    pub fn answer_with(&self, text: &str) {
        text.clone_into(&mut self.lock().answer);
    }

    /// Says what the model answers to the next request that has no answer yet.
    pub fn answer_once_with(&self, text: &str) {
        self.lock().answers.push_back(text.to_owned());
    }

    /// Replaces the models that were pulled.
    pub fn set_models(&self, names: &[&str]) {
        self.lock().models = names.iter().map(|name| (*name).to_owned()).collect();
    }

    /// Makes the next request to `path` fail.
    pub fn fail_once(&self, path: &str, trouble: Trouble) {
        self.lock().once.push_back((path.to_owned(), trouble));
    }

    /// Makes every request fail until [`Ollama::recover`].
    pub fn fail_always(&self, trouble: Trouble) {
        self.lock().always = Some(trouble);
    }

    /// Ends every failure.
    pub fn recover(&self) {
        let mut shared = self.lock();
        shared.always = None;
        shared.once.clear();
    }

    /// Every request so far, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    /// The bodies of the requests to the model, in order.
    pub fn prompts(&self) -> Vec<Value> {
        let asks_model =
            |request: &Request| matches!(request.path.as_str(), "/api/chat" | "/api/generate");
        self.lock()
            .requests
            .iter()
            .filter(|request| asks_model(request))
            .map(|request| request.body.clone())
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared
            .lock()
            .expect("no test panics while it holds this")
    }
}

impl Drop for Ollama {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(
    State(shared): State<Arc<Mutex<Shared>>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    let path = uri.path().to_owned();
    let body: Value = if body.is_empty() {
        Value::Null
    } else {
        match serde_json::from_slice(&body) {
            Ok(body) => body,
            Err(error) => return failure(StatusCode::BAD_REQUEST, &error.to_string()),
        }
    };
    let (trouble, models) = {
        let mut shared = shared.lock().expect("no test panics while it holds this");
        shared.requests.push(Request {
            path: path.clone(),
            body: body.clone(),
        });
        let planned = shared.once.iter().position(|(of, _)| *of == path);
        let once = planned
            .and_then(|index| shared.once.remove(index))
            .map(|(_, trouble)| trouble);
        (
            once.or_else(|| shared.always.clone()),
            shared.models.clone(),
        )
    };
    match &trouble {
        Some(Trouble::ServerError(text)) => {
            return failure(StatusCode::INTERNAL_SERVER_ERROR, text);
        }
        Some(Trouble::Garbage) => return (StatusCode::OK, "<html>not JSON</html>").into_response(),
        Some(Trouble::HangAfter(0)) => std::future::pending().await,
        Some(Trouble::CutAfter(0)) => return pieces(Vec::new(), Some(Ending::Cut)),
        _ => {}
    }
    let model = body["model"]
        .as_str()
        .or_else(|| body["name"].as_str())
        .unwrap_or_default();
    let needs_model = matches!(
        path.as_str(),
        "/api/chat" | "/api/generate" | "/api/embed" | "/api/embeddings" | "/api/show"
    );
    if needs_model && (trouble == Some(Trouble::ModelMissing) || !pulled(&models, model)) {
        return failure(StatusCode::NOT_FOUND, &format!("model '{model}' not found"));
    }
    match (method, path.as_str()) {
        (Method::GET | Method::HEAD, "/") => "Ollama is running".into_response(),
        (Method::GET, "/api/version") => document(&json!({ "version": "0.9.6" })),
        (Method::GET, "/api/tags") => {
            document(&json!({ "models": models.iter().map(|name| tag(name)).collect::<Vec<_>>() }))
        }
        (Method::GET, "/api/ps") => document(&json!({ "models": [] })),
        (Method::POST, "/api/show") => document(&shown(model)),
        (Method::POST, "/api/embed") => match texts(&body["input"]) {
            Some(texts) => {
                let vectors: Vec<Vec<f32>> = texts.iter().map(|text| embed(text)).collect();
                document(
                    &json!({ "model": model, "embeddings": vectors, "total_duration": 14_143_917, "load_duration": 1_019_500, "prompt_eval_count": 8 }),
                )
            }
            None => failure(StatusCode::BAD_REQUEST, "invalid input type"),
        },
        (Method::POST, "/api/embeddings") => {
            document(&json!({ "embedding": embed(body["prompt"].as_str().unwrap_or_default()) }))
        }
        (Method::POST, "/api/chat" | "/api/generate") => {
            let text = {
                let mut shared = shared.lock().expect("no test panics while it holds this");
                shared
                    .answers
                    .pop_front()
                    .unwrap_or_else(|| shared.answer.clone())
            };
            speak(&path, model, &text, &body, trouble.as_ref())
        }
        _ => (StatusCode::NOT_FOUND, "404 page not found").into_response(),
    }
}

/// How a streamed answer ends before its time.
#[derive(Clone, Copy)]
enum Ending {
    Cut,
    Hang,
}

/// Answers in one document, or in a line for each word when `stream` is not false, which is the default.
fn speak(
    path: &str,
    model: &str,
    text: &str,
    request: &Value,
    trouble: Option<&Trouble>,
) -> Response {
    let line = |piece: &str, done: bool| {
        let mut line =
            json!({ "model": model, "created_at": "2026-01-01T00:00:00.000000Z", "done": done });
        if path == "/api/chat" {
            line["message"] = json!({ "role": "assistant", "content": piece });
        } else {
            line["response"] = json!(piece);
        }
        if done {
            line["done_reason"] = json!("stop");
            for figure in [
                "total_duration",
                "load_duration",
                "prompt_eval_duration",
                "eval_duration",
            ] {
                line[figure] = json!(1_000_000);
            }
            line["prompt_eval_count"] = json!(26);
            line["eval_count"] = json!(42);
        }
        line
    };
    if request["stream"] == json!(false) {
        return match trouble {
            Some(Trouble::ErrorLineAfter(_)) => failure(
                StatusCode::INTERNAL_SERVER_ERROR,
                "model runner has unexpectedly stopped",
            ),
            Some(Trouble::CutAfter(_)) => pieces(vec![b"{\"model\":".to_vec()], Some(Ending::Cut)),
            Some(Trouble::HangAfter(_)) => {
                pieces(vec![b"{\"model\":".to_vec()], Some(Ending::Hang))
            }
            _ => document(&line(text, true)),
        };
    }
    let mut lines: Vec<Vec<u8>> = text
        .split_inclusive(' ')
        .map(|word| ndjson(&line(word, false)))
        .collect();
    lines.push(ndjson(&line("", true)));
    match trouble {
        Some(Trouble::ErrorLineAfter(count)) => {
            lines.truncate(*count);
            lines.push(ndjson(
                &json!({ "error": "model runner has unexpectedly stopped" }),
            ));
            pieces(lines, None)
        }
        Some(Trouble::CutAfter(count)) => {
            lines.truncate(*count);
            pieces(lines, Some(Ending::Cut))
        }
        Some(Trouble::HangAfter(count)) => {
            lines.truncate(*count);
            pieces(lines, Some(Ending::Hang))
        }
        Some(Trouble::PacketsOf(size)) => {
            let all = lines.concat();
            pieces(
                all.chunks((*size).max(1)).map(<[u8]>::to_vec).collect(),
                None,
            )
        }
        _ => pieces(lines, None),
    }
}

/// A body that comes piece by piece and ends well or not.
fn pieces(pieces: Vec<Vec<u8>>, ending: Option<Ending>) -> Response {
    let body = stream::iter(pieces).then(|piece| async move {
        // Lets the packet before it leave, so that pieces arrive as pieces.
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok::<_, std::io::Error>(Bytes::from(piece))
    });
    let end = stream::iter(ending).then(|ending| async move {
        match ending {
            Ending::Cut => Err(std::io::Error::other("cut off")),
            Ending::Hang => match std::future::pending::<Infallible>().await {},
        }
    });
    (
        [(header::CONTENT_TYPE, "application/x-ndjson")],
        Body::from_stream(body.chain(end)),
    )
        .into_response()
}

fn ndjson(line: &Value) -> Vec<u8> {
    format!("{line}\n").into_bytes()
}

fn document(body: &Value) -> Response {
    (
        [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
        body.to_string(),
    )
        .into_response()
}

fn failure(status: StatusCode, text: &str) -> Response {
    (status, document(&json!({ "error": text }))).into_response()
}

/// A name without a tag means `latest`.
fn pulled(models: &[String], name: &str) -> bool {
    let full = if name.contains(':') {
        name.to_owned()
    } else {
        format!("{name}:latest")
    };
    models.iter().any(|model| *model == full || *model == name)
}

fn tag(name: &str) -> Value {
    json!({
        "name": name, "model": name, "modified_at": "2026-01-01T00:00:00.000000000Z", "size": 2_019_393_189_u64,
        "digest": "a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72",
        "details": details()
    })
}

fn shown(name: &str) -> Value {
    let capability = if name.contains("minilm") {
        "embedding"
    } else {
        "completion"
    };
    json!({
        "license": "", "modelfile": format!("FROM {name}"), "parameters": "", "template": "{{ .Prompt }}",
        "details": details(), "model_info": { "general.architecture": "llama", "llama.context_length": 131_072 },
        "capabilities": [capability], "modified_at": "2026-01-01T00:00:00.000000000Z"
    })
}

fn details() -> Value {
    json!({ "parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"], "parameter_size": "3.2B", "quantization_level": "Q4_K_M" })
}

fn texts(input: &Value) -> Option<Vec<String>> {
    match input {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(texts) => texts
            .iter()
            .map(|text| text.as_str().map(str::to_owned))
            .collect(),
        _ => None,
    }
}
