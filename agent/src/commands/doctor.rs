//! `doctor`: each dependency of Fjord itself, with its state, version, latency and stand-in.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use config::ExposeSecret;
use rag::{Helper, RagState};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::agent::Agent;
use crate::error::Error;
use crate::llm::{ModelError, clean};
use crate::reply::{Check, CheckState, Reply};

/// How long any one of them is waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// The most of an answer that is read.
const ANSWER_LIMIT: u64 = 64 * 1024;
/// The longest note, in characters.
const NOTE_LIMIT: usize = 300;

pub(crate) async fn run(agent: &Agent) -> Result<Reply, Error> {
    let (store, throttle, (chroma, embeddings), model, telegram, daemon, hooks) = tokio::join!(
        store(agent),
        throttle(agent),
        retrieval(agent),
        model(agent),
        telegram(agent),
        daemon(agent),
        hooks(agent),
    );
    let mut checks = vec![
        store, throttle, chroma, embeddings, model, telegram, daemon, hooks,
    ];
    for check in &mut checks {
        check.note = clean(&check.note.replace('\n', " "), NOTE_LIMIT);
    }
    Ok(Reply::Doctor(checks))
}

/// Makes a row; the rest is filled in where it is known.
fn row(name: &str, what: impl Into<String>, state: CheckState, note: impl Into<String>) -> Check {
    Check {
        name: name.to_owned(),
        what: what.into(),
        state,
        version: None,
        latency_ms: None,
        note: note.into(),
    }
}

fn answered(check: Check, version: impl Into<Option<String>>, latency: Duration) -> Check {
    Check {
        version: version.into(),
        latency_ms: u64::try_from(latency.as_millis()).ok(),
        ..check
    }
}

async fn store(agent: &Agent) -> Check {
    let store = agent.store();
    let began = Instant::now();
    let asked = tokio::time::timeout(PATIENCE, store.version()).await;
    let latency = began.elapsed();
    let why = match asked {
        Ok(Ok(version)) => {
            let check = row("store", store.kind(), CheckState::Ok, store.place());
            return answered(check, version, latency);
        }
        Ok(Err(error)) => error.to_string(),
        Err(_) => late(),
    };
    let note = format!(
        "{}: {why}; reads come from the last snapshot, writes are refused",
        store.place()
    );
    row("store", store.kind(), CheckState::Down, note)
}

async fn throttle(agent: &Agent) -> Check {
    let Some(redis) = agent.throttle().redis() else {
        let note = "rows of the store; set `throttle.url` to use redis";
        return row("throttle", agent.store().kind(), CheckState::Embedded, note);
    };
    match redis.version(PATIENCE).await {
        Ok((version, latency)) => {
            let note = "throttles of all machines that share it";
            answered(
                row("throttle", "redis", CheckState::Ok, note),
                version,
                latency,
            )
        }
        Err(why) => {
            let note = format!("rows of the store stand in: {why}");
            row("throttle", "redis", CheckState::Down, note)
        }
    }
}

async fn retrieval(agent: &Agent) -> (Check, Check) {
    let model = &agent.config().llm.embed_model;
    let asked = async {
        agent
            .store()
            .ready()
            .await
            .map_err(|error| error.to_string())?;
        agent.rag().state().await.map_err(|error| error.to_string())
    };
    let asked = tokio::time::timeout(PATIENCE, asked).await;
    match asked.unwrap_or_else(|_| Err(late())) {
        Ok(state) => (chroma(&state), embeddings(&state, model)),
        Err(why) => {
            let note = format!("could not be asked: {why}");
            (
                row("chroma", "chroma", CheckState::Down, note.clone()),
                row("embeddings", model.as_str(), CheckState::Down, note),
            )
        }
    }
}

fn chroma(state: &RagState) -> Check {
    let waiting = match state.waiting + state.to_remove {
        0 => String::new(),
        count => format!("; {count} vectors wait to be sent or deleted"),
    };
    match &state.chroma {
        Helper::Reachable {
            version,
            latency_ms,
        } => {
            let note = format!("{} passages{waiting}", state.passages);
            let check = row("chroma", "chroma", CheckState::Ok, note);
            answered(check, version.clone(), Duration::from_millis(*latency_ms))
        }
        Helper::Unreachable { why } => {
            let note = format!("{} stands in: {why}{waiting}", state.embedded);
            row("chroma", "chroma", CheckState::Down, note)
        }
        Helper::NotConfigured { hint } => {
            let note = format!("{} passages; {hint}", state.passages);
            row("chroma", state.embedded, CheckState::Embedded, note)
        }
    }
}

fn embeddings(state: &RagState, model: &str) -> Check {
    match &state.embeddings {
        Helper::Reachable {
            version,
            latency_ms,
        } => {
            let check = row(
                "embeddings",
                "ollama",
                CheckState::Ok,
                "retrieval by meaning",
            );
            answered(check, version.clone(), Duration::from_millis(*latency_ms))
        }
        Helper::Unreachable { why } => {
            let note = format!("full text stands in: {why}");
            row("embeddings", model, CheckState::Down, note)
        }
        Helper::NotConfigured { hint } => {
            let note = format!("full text does without; {hint}");
            row("embeddings", state.embedded, CheckState::Embedded, note)
        }
    }
}

async fn model(agent: &Agent) -> Check {
    let llm = agent.llm();
    let what = format!("ollama {}", llm.model());
    match llm.state().await {
        Ok(state) => {
            let missing = ModelError::Missing {
                model: llm.model().to_owned(),
            };
            let check = if state.present {
                row("model", what, CheckState::Ok, "the model is there")
            } else {
                let note = format!("facts without prose: {missing}");
                row("model", what, CheckState::Down, note)
            };
            answered(check, state.version, state.latency)
        }
        Err(error @ ModelError::NotConfigured(_)) => {
            let note = format!("facts without prose: {error}");
            row("model", "ollama", CheckState::Off, note)
        }
        Err(error) => {
            let note = format!("facts without prose: {error}");
            row("model", what, CheckState::Down, note)
        }
    }
}

async fn telegram(agent: &Agent) -> Check {
    let telegram = &agent.config().telegram;
    if telegram.token.expose_secret().is_empty() {
        let note = "no bot; set `telegram.token`, or `fjord init` asks for it";
        return row("telegram", "bot", CheckState::Off, note);
    }
    let began = Instant::now();
    let asked = get_me(&telegram.api_url, telegram.token.expose_secret());
    let asked = tokio::time::timeout(PATIENCE, asked).await;
    match asked.unwrap_or_else(|_| Err(late())) {
        Ok(name) => {
            let note = if telegram.admins.is_empty() && telegram.operators.is_empty() {
                format!("@{name}; nobody may deploy yet, set `telegram.admins`")
            } else {
                format!("@{name}")
            };
            let check = row("telegram", "bot", CheckState::Ok, note);
            answered(check, None, began.elapsed())
        }
        Err(why) => {
            let note = format!("messages wait in the outbox: {why}");
            row("telegram", "bot", CheckState::Down, note)
        }
    }
}

/// Asks the Bot API whose token it is. The token is part of the address, so no error may show that.
async fn get_me(api_url: &str, token: &str) -> Result<String, String> {
    let plain = |error: reqwest::Error| {
        let error = error.without_url();
        let mut deepest: &dyn std::error::Error = &error;
        while let Some(inner) = deepest.source() {
            deepest = inner;
        }
        deepest.to_string().replace(token, "***")
    };
    let http = reqwest::Client::builder()
        .connect_timeout(PATIENCE)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(plain)?;
    let address = format!("{}/bot{token}/getMe", api_url.trim_end_matches('/'));
    let address = reqwest::Url::parse(&address)
        .map_err(|_| "`telegram.api_url` and the token make no address".to_owned())?;
    let answer = http.get(address).send().await.map_err(plain)?;
    let status = answer.status();
    if matches!(status.as_u16(), 401 | 404) {
        return Err("the token is refused; get a new one from @BotFather".to_owned());
    }
    if !status.is_success() {
        return Err(format!("it answered HTTP {}", status.as_u16()));
    }
    let json: serde_json::Value = answer.json().await.map_err(plain)?;
    let name = json
        .pointer("/result/username")
        .and_then(|name| name.as_str());
    name.map(str::to_owned)
        .ok_or_else(|| "what answers is no Bot API; check `telegram.api_url`".to_owned())
}

async fn daemon(agent: &Agent) -> Check {
    let socket = &agent.paths().socket;
    let began = Instant::now();
    let asked = tokio::time::timeout(PATIENCE, ask_daemon(socket)).await;
    let latency = began.elapsed();
    let what = "fjord up";
    match asked.unwrap_or_else(|_| Err(Some(late()))) {
        Ok(version) => {
            let note = socket.display().to_string();
            let check = row("daemon", what, CheckState::Ok, note);
            answered(check, version, latency)
        }
        Err(None) => {
            let note = "not running: no bot, no schedules, no health checks; start `fjord up`";
            row("daemon", what, CheckState::Off, note)
        }
        Err(Some(why)) => {
            let note = format!(
                "{}: {why}; hooks are judged by the guard alone",
                socket.display()
            );
            row("daemon", what, CheckState::Down, note)
        }
    }
}

/// Asks `/v1/health` over the socket; the version, if it says one. `Err(None)`: nobody is there.
async fn ask_daemon(socket: &PathBuf) -> Result<Option<String>, Option<String>> {
    use std::io::ErrorKind::{ConnectionRefused, NotFound};
    let mut stream = match UnixStream::connect(socket).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), NotFound | ConnectionRefused) => return Err(None),
        Err(error) => return Err(Some(error.to_string())),
    };
    let told = |error: std::io::Error| Some(error.to_string());
    let request = b"GET /v1/health HTTP/1.1\r\nhost: fjord\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.map_err(told)?;
    let mut answer = Vec::new();
    stream
        .take(ANSWER_LIMIT)
        .read_to_end(&mut answer)
        .await
        .map_err(told)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split_whitespace().nth(1).unwrap_or("nothing");
    if status != "200" {
        return Err(Some(format!("it answered {status}")));
    }
    // The body may be chunked: the object is what stands between the outer braces.
    let object = body
        .find('{')
        .zip(body.rfind('}'))
        .and_then(|(begin, end)| body.get(begin..=end));
    let json = object.and_then(|object| serde_json::from_str::<serde_json::Value>(object).ok());
    let version = json.as_ref().and_then(|json| json["version"].as_str());
    Ok(version.map(str::to_owned))
}

async fn hooks(agent: &Agent) -> Check {
    let installed = agent.paths().bin_dir.join("fjord-hook");
    let beside = agent.supervisor().with_file_name("fjord-hook");
    let is_there = async |path: &PathBuf| {
        let about = tokio::time::timeout(PATIENCE, tokio::fs::metadata(path)).await;
        about.is_ok_and(|about| about.is_ok_and(|about| about.is_file()))
    };
    if is_there(&installed).await {
        let note = installed.display().to_string();
        return row("hooks", "fjord-hook", CheckState::Ok, note);
    }
    if is_there(&beside).await {
        let note = "built, not installed; `fjord hooks install` does that";
        return row("hooks", "fjord-hook", CheckState::Off, note);
    }
    let note = "the program is not there; build `fjord-hook`, then run `fjord hooks install`";
    row("hooks", "fjord-hook", CheckState::Off, note)
}

fn late() -> String {
    format!("no answer within {} s", PATIENCE.as_secs())
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, UnixListener};

    use super::*;

    const TOKEN: &str = "123456:top-secret";

    /// Answers one request with `answer` and returns what was asked.
    async fn serve(listener: TcpListener, answer: String) -> String {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4_096];
        let read = socket.read(&mut request).await.unwrap();
        socket.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8_lossy(&request[..read]).into_owned()
    }

    async fn check_telegram(status: &str, body: &str, expected: Result<&str, &str>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let (said, request) = tokio::join!(get_me(&url, TOKEN), serve(listener, answer));
        assert!(
            request.starts_with("GET /bot123456:top-secret/getMe "),
            "{request}"
        );
        assert_eq!(said, expected.map(str::to_owned).map_err(str::to_owned));
    }

    #[tokio::test]
    async fn the_bot_is_named_when_its_token_is_good() {
        let me = r#"{"ok":true,"result":{"id":1,"is_bot":true,"username":"fjord_bot"}}"#;
        check_telegram("200 OK", me, Ok("fjord_bot")).await;
    }

    #[tokio::test]
    async fn a_refused_token_is_told_without_it() {
        let refused = r#"{"ok":false,"error_code":401,"description":"Unauthorized"}"#;
        check_telegram(
            "401 Unauthorized",
            refused,
            Err("the token is refused; get a new one from @BotFather"),
        )
        .await;
        check_telegram("502 Bad Gateway", "", Err("it answered HTTP 502")).await;
    }

    #[tokio::test]
    async fn an_unreachable_bot_api_is_told_without_the_token() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let why = get_me(&format!("http://{address}"), TOKEN)
            .await
            .unwrap_err();
        assert!(!why.contains("secret"), "{why}");
        assert!(why.to_lowercase().contains("refused"), "{why}");
    }

    #[tokio::test]
    async fn the_daemon_is_there_silent_or_gone() {
        let socket = std::env::temp_dir().join(format!("fjord-doctor-{}.sock", std::process::id()));
        assert_eq!(ask_daemon(&socket).await, Err(None));
        let listener = UnixListener::bind(&socket).unwrap();
        let answer = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1_024];
            let _ = stream.read(&mut request).await.unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n13\r\n{\"version\":\"0.1.0\"}\r\n0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
        };
        let (asked, ()) = tokio::join!(ask_daemon(&socket), answer);
        assert_eq!(asked, Ok(Some("0.1.0".to_owned())));
        drop(listener);
        assert_eq!(ask_daemon(&socket).await, Err(None));
        std::fs::remove_file(&socket).unwrap();
    }
}
