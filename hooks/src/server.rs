//! The socket of `fjord up`: HTTP/1.1, so that `curl --unix-socket` can talk to it.
//!
//! The coder waits for a verdict and for context, each within its deadline, and never for the store: what is to be
//! kept goes to the spool, and from there to the store.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use agent::{Actor, Agent, Command, Permission, Progress, Reply};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use serde_json::json;
use tokio::net::UnixListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::asking::{self, Asker, Waiting};
use crate::record::{self, Record, Recorder};
use crate::render::render;
use crate::spool;
use crate::wire::{HookInput, WireError};

/// The largest event that is read.
const LARGEST_EVENT: usize = 64 << 20;
/// A larger one is parsed where it holds nobody up, and waits for its turn.
const LARGE_EVENT: usize = 256 << 10;
/// How many large events are held at once. The client spools what is not taken in time.
const LARGE_AT_ONCE: usize = 2;
/// The longest an event may take to come in.
const LONGEST_BODY: Duration = Duration::from_secs(10);
/// How long answers and stores that are under way get at the end.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Why the socket cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Another `fjord up` of this user runs.
    #[error("another Fjord serves {}; stop it first, or give this one its own `FJORD_HOME`", socket.display())]
    Busy {
        /// The socket.
        socket: PathBuf,
    },
    /// The folder is somebody else's, or open to others and cannot be closed.
    #[error("the socket's folder {} is not safe: {why}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The socket cannot be made.
    #[error("the socket {} cannot be made: {source}", socket.display())]
    Bind {
        /// The socket.
        socket: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Serving broke off.
    #[error("the socket broke: {0}")]
    Broken(#[from] std::io::Error),
}

/// Serves hook events until told to stop, then stores what is under way and removes the socket.
pub async fn serve(agent: Agent, stop: CancellationToken) -> Result<(), ServeError> {
    let socket = agent.paths().socket.clone();
    let (listener, lock) = listen(&socket)?;
    tracing::info!(socket = %socket.display(), "hooks are served");
    spool::sweep(&agent.paths().spool_dir, agent.now());
    let recorder = Recorder::new(&agent);
    let waiting = Waiting::default();
    waiting.load(&agent).await;
    let served_all = CancellationToken::new();
    let recording = tokio::spawn(recorder.clone().work(served_all.clone()));
    let router = Router::new()
        .route("/v1/hook", post(hook))
        .route("/v1/health", get(health))
        .route("/v1/approvals/{event}", get(asking::answer))
        .route("/v1/approvals/{event}/handed", post(asking::handed))
        .with_state(Served {
            agent,
            recorder,
            waiting,
            large: Arc::new(Semaphore::new(LARGE_AT_ONCE)),
        });
    let serving =
        axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
    let mut serving = tokio::spawn(async move { serving.await });
    let served = tokio::select! {
        served = &mut serving => served,
        () = async { stop.cancelled().await; tokio::time::sleep(LAST_WORDS).await } => {
            // A connection that never ends must not hold the end up.
            serving.abort();
            Ok(Ok(()))
        }
    };
    let _ = std::fs::remove_file(&socket);
    drop(lock);
    // What came in last is stored now, or stays in the spool for the next start.
    served_all.cancel();
    let _ = tokio::time::timeout(LAST_WORDS, recording).await;
    match served {
        Ok(outcome) => Ok(outcome?),
        Err(error) => Err(ServeError::Broken(std::io::Error::other(error))),
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Served {
    agent: Agent,
    recorder: Recorder,
    waiting: Waiting,
    large: Arc<Semaphore>,
}

impl Served {
    pub(crate) fn agent(&self) -> &Agent {
        &self.agent
    }
}

async fn health() -> Response {
    Json(json!({ "version": env!("CARGO_PKG_VERSION"), "pid": std::process::id() })).into_response()
}

/// Answers 200 with one JSON object, 202 when a person is asked and the client may wait, 204 when there is nothing to
/// say, and another status when the event was not taken: then the client goes by its own verdict and spools the event.
async fn hook(State(served): State<Served>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let id = event_id(&head.headers);
    let asker = Asker::of(&head.headers);
    let input = match take(&served, &head.headers, body).await {
        Ok(input) => input,
        Err(refusal) => return refusal.into_response(),
    };
    let (event, paths) = (input.event.name().to_owned(), input.paths());
    let told = paths.clone();
    let record = Record::of(&input, &id, None);
    served.waiting.follow(&served.agent, &input);
    let host = served.agent.owner().host().to_owned();
    let mut question = asker.question(&input, (&id, &host), None);
    let recall = input.recall(&id);
    let unattended = asker.asks_before(&input).then(|| input.clone());
    let (record, mut answer) = match input.into_command(&id, None) {
        None => (None, None),
        Some(command @ (Command::Judge(_) | Command::Begin(_) | Command::Enrich(_))) => {
            let Some(mut reply) = ask(&served.agent, command, paths).await else {
                return (StatusCode::SERVICE_UNAVAILABLE, "no answer in time").into_response();
            };
            let record = match &mut reply {
                Reply::Judged(judgement) => {
                    asker.stricter(judgement);
                    question = unattended
                        .and_then(|input| asker.question(&input, (&id, &host), Some(judgement)));
                    record.map(|record| record.judged(judgement))
                }
                _ => record,
            };
            (record, render(&event, &reply))
        }
        Some(_) => (record, None),
    };
    if let Some(record) = record
        && !served.recorder.record(record).await
    {
        return (StatusCode::SERVICE_UNAVAILABLE, "the event cannot be kept").into_response();
    }
    if let Some(command) = recall {
        // Without an answer in time there is none; the event is kept already.
        let reply = ask(&served.agent, command, told).await;
        answer = reply.and_then(|reply| render(&event, &reply));
    }
    if let Some(question) = question {
        match put(&served.agent, question).await {
            Some(Reply::Asked(approval)) => return served.waiting.asked(&approval),
            Some(reply) => answer = render(&event, &reply),
            // The client goes by its own flow, as it would without us.
            None => {}
        }
    }
    answer.map_or_else(
        || StatusCode::NO_CONTENT.into_response(),
        |answer| Json(answer).into_response(),
    )
}

/// Puts a question before a person, inside the deadline of the client; `None`: it could not be put.
async fn put(agent: &Agent, question: Permission) -> Option<Reply> {
    let actor = Actor::session(&question.session);
    let deadline = Duration::from_millis(agent.config().hooks.deadline_ms).mul_f32(0.7);
    let progress = Progress::none();
    let asking = agent.handle(&actor, Command::Ask(question), &progress);
    match tokio::time::timeout(deadline, asking).await {
        Ok(Ok(reply)) => Some(reply),
        Ok(Err(error)) => {
            tracing::warn!(%error, "a person could not be asked");
            None
        }
        Err(_) => {
            tracing::warn!("a person could not be asked in time");
            None
        }
    }
}

/// Asks the agent, inside the deadline of the client; `None`: no answer.
async fn ask(agent: &Agent, command: Command, paths: Vec<String>) -> Option<Reply> {
    let hooks = &agent.config().hooks;
    let (deadline, session) = match &command {
        Command::Enrich(enrich) => (hooks.prompt_deadline_ms, &enrich.session),
        Command::Judge(judge) => (hooks.deadline_ms, &judge.session),
        Command::Begin(begin) => (hooks.deadline_ms, &begin.session),
        Command::Recall(failure) => (hooks.deadline_ms, &failure.session),
        _ => return None,
    };
    let actor = Actor::session(session);
    let answer = async {
        if matches!(
            command,
            Command::Begin(_) | Command::Enrich(_) | Command::Recall(_)
        ) {
            let looker = agent.clone();
            let ignored =
                tokio::task::spawn_blocking(move || record::is_ignored(&looker, &paths)).await;
            if ignored.unwrap_or(true) {
                return Ok(Reply::Context {
                    text: String::new(),
                });
            }
        }
        agent.handle(&actor, command, &Progress::none()).await
    };
    // The client needs a part of its deadline for the way here and back.
    match tokio::time::timeout(Duration::from_millis(deadline).mul_f32(0.9), answer).await {
        Ok(Ok(reply)) => Some(reply),
        Ok(Err(error)) => {
            tracing::warn!(%error, "a hook event has no answer");
            None
        }
        Err(_) => {
            tracing::warn!(deadline, "a hook event was not answered in time");
            None
        }
    }
}

/// Reads an event from the wire; large ones one after the other, so that many together need no more memory than two.
async fn take(
    served: &Served,
    headers: &HeaderMap,
    body: Body,
) -> Result<HookInput, (StatusCode, String)> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    let largest = LARGEST_EVENT >> 20;
    if length.is_some_and(|length| length > LARGEST_EVENT) {
        let why = format!("an event is at most {largest} MB");
        return Err((StatusCode::PAYLOAD_TOO_LARGE, why));
    }
    let read = async {
        let is_small = length.is_some_and(|length| length <= LARGE_EVENT);
        let turn = if is_small {
            None
        } else {
            served.large.acquire().await.ok()
        };
        (axum::body::to_bytes(body, LARGEST_EVENT).await, turn)
    };
    let late = || (StatusCode::REQUEST_TIMEOUT, "the event is late".to_owned());
    let (bytes, _turn) = tokio::time::timeout(LONGEST_BODY, read)
        .await
        .map_err(|_| late())?;
    let bytes = bytes.map_err(|_| {
        let why = format!("the event is broken, or larger than {largest} MB");
        (StatusCode::BAD_REQUEST, why)
    })?;
    parse(bytes)
        .await
        .map_err(|error| (StatusCode::BAD_REQUEST, error.to_string()))
}

async fn parse(body: Bytes) -> Result<HookInput, WireError> {
    if body.len() < LARGE_EVENT {
        return HookInput::parse(&body);
    }
    tokio::task::spawn_blocking(move || HookInput::parse(&body))
        .await
        .unwrap_or(Err(WireError::NoEvent))
}

/// Takes the client's id, or makes one for those who sent none.
fn event_id(headers: &HeaderMap) -> String {
    let given = headers
        .get("fjord-event-id")
        .and_then(|value| value.to_str().ok());
    given
        .filter(|id| spool::is_id(id))
        .map_or_else(|| agent::ids::ordered().to_string(), str::to_owned)
}

/// Makes the socket. A lock beside it tells a live Fjord from a stale socket, also when two start at once.
fn listen(socket: &Path) -> Result<(UnixListener, std::fs::File), ServeError> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let folder = socket.parent().unwrap_or(Path::new("/"));
    close_folder(folder)?;
    let cannot = |source| ServeError::Bind {
        socket: socket.to_path_buf(),
        source,
    };
    let lock = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(socket.with_extension("lock"))
        .map_err(cannot)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            return Err(ServeError::Busy {
                socket: socket.to_path_buf(),
            });
        }
        Err(std::fs::TryLockError::Error(source)) => return Err(cannot(source)),
    }
    match std::os::unix::net::UnixStream::connect(socket) {
        Ok(_) => {
            return Err(ServeError::Busy {
                socket: socket.to_path_buf(),
            });
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
            std::fs::remove_file(socket).map_err(cannot)?;
        }
        Err(source) => return Err(cannot(source)),
    }
    let listener = UnixListener::bind(socket).map_err(cannot)?;
    std::fs::set_permissions(socket, std::fs::Permissions::from_mode(0o600)).map_err(cannot)?;
    Ok((listener, lock))
}

/// Makes the folder, or makes sure that it is the user's own and closed to others.
fn close_folder(folder: &Path) -> Result<(), ServeError> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let unsafe_since = |why: String| ServeError::Folder {
        folder: folder.to_path_buf(),
        why,
    };
    agent::store::make_private_folder(folder).map_err(|error| unsafe_since(error.to_string()))?;
    let about =
        std::fs::symlink_metadata(folder).map_err(|error| unsafe_since(error.to_string()))?;
    // In `/tmp` somebody else may have made it first, or a link in its place.
    if about.uid() != rustix::process::geteuid().as_raw() || !about.is_dir() {
        return Err(unsafe_since(
            "it belongs to somebody else or is a link; remove it, or set `XDG_RUNTIME_DIR`"
                .to_owned(),
        ));
    }
    if about.permissions().mode() & 0o077 != 0 {
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
            .map_err(|error| unsafe_since(error.to_string()))?;
    }
    Ok(())
}
