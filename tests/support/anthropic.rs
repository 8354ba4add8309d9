//! A stand-in for the Messages API that plays a script to the real client, and remembers what the client sent.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Json, Response};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// What the model says in one turn.
#[derive(Debug, Clone)]
pub enum Turn {
    /// A text; the session's turn is over.
    Say(&'static str),
    /// A command for the tool `Bash`.
    Run(&'static str),
    /// Another tool and its input.
    Use(&'static str, Value),
}

/// The running stand-in; it stops when dropped.
#[derive(Debug)]
pub struct Anthropic {
    url: String,
    shared: Arc<Mutex<Shared>>,
    server: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    turns: VecDeque<Turn>,
    requests: Vec<Value>,
    tools: usize,
}

impl Anthropic {
    /// Starts one with an empty script: every answer is `Done.`.
    pub async fn start() -> Self {
        let shared = Arc::<Mutex<Shared>>::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("the loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let router = Router::new()
            .fallback(serve)
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            axum::serve(listener, router)
                .await
                .expect("the stand-in serves until it is dropped");
        });
        Self {
            url: format!("http://{address}"),
            shared,
            server,
        }
    }

    /// `http://…`, as `ANTHROPIC_BASE_URL` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Says what the model does next, turn by turn; requests without tools (titles, summaries) take none.
    pub fn play(&self, turns: impl IntoIterator<Item = Turn>) {
        lock(&self.shared).turns.extend(turns);
    }

    /// Returns the text of every request of the conversation since the last time, in order.
    pub fn take_requests(&self) -> Vec<String> {
        std::mem::take(&mut lock(&self.shared).requests)
            .iter()
            .map(Value::to_string)
            .collect()
    }
}

impl Drop for Anthropic {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(shared: &Arc<Mutex<Shared>>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(
    State(shared): State<Arc<Mutex<Shared>>>,
    method: Method,
    uri: Uri,
    body: Bytes,
) -> Response {
    match (method, uri.path()) {
        (Method::POST, "/v1/messages/count_tokens") => {
            Json(json!({ "input_tokens": body.len() / 4 + 1 })).into_response()
        }
        (Method::POST, "/v1/messages") => message(&shared, &body),
        (Method::POST, _) => StatusCode::NOT_FOUND.into_response(),
        _ => Json(json!({})).into_response(),
    }
}

fn message(shared: &Arc<Mutex<Shared>>, body: &Bytes) -> Response {
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    let is_conversation = request["tools"]
        .as_array()
        .is_some_and(|tools| !tools.is_empty());
    let mut shared = lock(shared);
    let turn = if is_conversation {
        shared.requests.push(request.clone());
        shared.turns.pop_front().unwrap_or(Turn::Say("Done."))
    } else {
        Turn::Say("ok")
    };
    shared.tools += 1;
    let block = match turn {
        Turn::Say(text) => json!({ "type": "text", "text": text }),
        Turn::Run(command) => tool(
            shared.tools,
            "Bash",
            &json!({ "command": command, "description": "a step of the script" }),
        ),
        Turn::Use(name, input) => tool(shared.tools, name, &input),
    };
    let stop = if block["type"] == "text" {
        "end_turn"
    } else {
        "tool_use"
    };
    let usage = json!({ "input_tokens": 10, "output_tokens": 10, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0 });
    let message = json!({
        "id": format!("msg_{}", shared.tools), "type": "message", "role": "assistant", "model": request["model"],
        "content": [block], "stop_reason": stop, "stop_sequence": null, "usage": usage,
    });
    if request["stream"] != true {
        return Json(message).into_response();
    }
    let events = events(&message, &block, (stop, &usage));
    ([(header::CONTENT_TYPE, "text/event-stream")], events).into_response()
}

fn tool(number: usize, name: &str, input: &Value) -> Value {
    json!({ "type": "tool_use", "id": format!("toolu_{number:04}"), "name": name, "input": input })
}

/// The answer as server-sent events.
fn events(message: &Value, block: &Value, (stop, usage): (&str, &Value)) -> String {
    let mut head = message.clone();
    head["content"] = json!([]);
    head["stop_reason"] = Value::Null;
    let (empty, delta) = if block["type"] == "text" {
        (
            json!({ "type": "text", "text": "" }),
            json!({ "type": "text_delta", "text": block["text"] }),
        )
    } else {
        let mut empty = block.clone();
        empty["input"] = json!({});
        (
            empty,
            json!({ "type": "input_json_delta", "partial_json": block["input"].to_string() }),
        )
    };
    let events = [
        json!({ "type": "message_start", "message": head }),
        json!({ "type": "content_block_start", "index": 0, "content_block": empty }),
        json!({ "type": "content_block_delta", "index": 0, "delta": delta }),
        json!({ "type": "content_block_stop", "index": 0 }),
        json!({ "type": "message_delta", "delta": { "stop_reason": stop, "stop_sequence": null }, "usage": usage }),
        json!({ "type": "message_stop" }),
    ];
    let mut text = String::new();
    for event in &events {
        let name = event["type"].as_str().unwrap_or_default();
        let _ = write!(text, "event: {name}\ndata: {event}\n\n");
    }
    text
}
