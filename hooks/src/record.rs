//! Stores events behind the coder's back: through a bounded queue, and to the spool when that is full or the store is down.

use std::path::Path;
use std::time::Duration;

use agent::project::Surroundings;
use agent::{Actor, Agent, Command, Error, Observation, Progress};
use tokio::sync::mpsc;

use crate::spool;
use crate::wire::HookInput;

/// Events that may wait for the store; an event is at most some 20 KB.
const WAITING: usize = 1_024;
/// The longest look at a project's folders. A file system that hangs must not stop all recording.
const LONGEST_LOOK: Duration = Duration::from_secs(2);

/// An event to be stored, unless its paths are ignored.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    observation: Observation,
    paths: Vec<String>,
}

/// The way into the queue.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    queue: mpsc::Sender<Record>,
    agent: Agent,
}

/// The other end of the queue.
pub(crate) type Waiting = mpsc::Receiver<Record>;

impl Record {
    /// `None`: nothing is kept of this event.
    pub(crate) fn of(
        input: &HookInput,
        id: &str,
        at: Option<chrono::DateTime<chrono::Utc>>,
    ) -> Option<Self> {
        Some(Self {
            observation: input.observation(id, at)?,
            paths: input.paths(),
        })
    }

    /// Takes an observation that was spooled because the store was down: its paths were looked at then.
    pub(crate) fn spooled(observation: Observation) -> Self {
        Self {
            observation,
            paths: Vec::new(),
        }
    }

    /// Adds what the guard said.
    pub(crate) fn judged(mut self, judgement: &agent::Judgement) -> Self {
        self.observation.verdict = Some(judgement.verdict.as_str().to_owned());
        self.observation.rule.clone_from(&judgement.rule);
        self
    }
}

impl Recorder {
    /// Makes the queue.
    pub(crate) fn new(agent: &Agent) -> (Self, Waiting) {
        let (queue, waiting) = mpsc::channel(WAITING);
        (
            Self {
                queue,
                agent: agent.clone(),
            },
            waiting,
        )
    }

    /// Puts an event into the queue; never waits.
    pub(crate) fn record(&self, mut record: Record) {
        record
            .observation
            .at
            .get_or_insert_with(|| self.agent.now());
        let record = match self.queue.try_send(record) {
            Ok(()) => return,
            Err(
                mpsc::error::TrySendError::Full(record) | mpsc::error::TrySendError::Closed(record),
            ) => record,
        };
        let agent = self.agent.clone();
        tokio::task::spawn_blocking(move || {
            if !is_ignored(&agent, &record.paths) {
                spool::keep(&agent, &record.observation);
            }
        });
    }
}

/// Stores what comes through the queue, until every sender is gone and the queue is empty.
pub(crate) async fn work(agent: Agent, mut waiting: Waiting) {
    while let Some(record) = waiting.recv().await {
        let observation = record.observation.clone();
        match store(&agent, record).await {
            Ok(()) => {}
            Err(Error::Unavailable { .. } | Error::Internal { .. }) => {
                let agent = agent.clone();
                let _ =
                    tokio::task::spawn_blocking(move || spool::keep(&agent, &observation)).await;
            }
            Err(error) => {
                tracing::warn!(%error, event = observation.event, "the event is not stored");
            }
        }
    }
}

/// Stores one event, once: an event that is there already, or is ignored, is fine too.
pub(crate) async fn store(agent: &Agent, record: Record) -> Result<(), Error> {
    let Record { observation, paths } = record;
    let looker = agent.clone();
    let look = tokio::task::spawn_blocking(move || is_ignored(&looker, &paths));
    match tokio::time::timeout(LONGEST_LOOK, look).await {
        Ok(Ok(false)) => {}
        Ok(Ok(true)) => return Ok(()),
        Ok(Err(_)) | Err(_) => {
            tracing::warn!(
                event = observation.event,
                "whether the folder is ignored could not be told, so the event is not kept"
            );
            return Ok(());
        }
    }
    let actor = Actor::session(&observation.session);
    agent
        .handle(&actor, Command::Observe(observation), &Progress::none())
        .await
        .map(|_| ())
}

/// Tells whether one of the paths is in `hooks.ignore`, the project's own list included.
pub(crate) fn is_ignored(agent: &Agent, paths: &[String]) -> bool {
    let Some(cwd) = paths.first() else {
        return false;
    };
    let surroundings = Surroundings::of(agent, Path::new(cwd));
    let home = agent.paths().home.as_deref();
    paths
        .iter()
        .any(|path| surroundings.ignores(Path::new(path), home))
}
