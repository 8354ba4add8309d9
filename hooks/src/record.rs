//! Keeps events without making the coder wait for the store.
//!
//! The spool is the queue: an event is on the disk before the client hears that it was taken, so that not even
//! `kill -9` loses it, and the store gets it from there.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use agent::project::Surroundings;
use agent::{Actor, Agent, Command, Error, Judgement, Observation, Progress};
use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::spool::{self, Journal};
use crate::wire::HookInput;

/// The longest look at a project's folders. A file system that hangs must not stop all recording.
const LONGEST_LOOK: Duration = Duration::from_secs(2);
/// How often the spool is looked at when nothing is told: `fjord-hook` writes into it too.
const EVERY: Duration = Duration::from_secs(5);
/// How long an event that finds no place in the spool may take into the store: the client waits.
const LONGEST_STORE: Duration = Duration::from_millis(50);
/// How long an event in the spool waits for others: its answer goes out first, and the store is written less often.
const TOGETHER: Duration = Duration::from_millis(15);
/// How long a store that is down is left alone.
const STORE_DOWN: Duration = Duration::from_secs(1);

/// An event to be stored, unless its paths are ignored.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    observation: Observation,
    paths: Vec<String>,
}

/// The way into the spool.
#[derive(Clone, Debug)]
pub(crate) struct Recorder {
    agent: Agent,
    spooled: Arc<Notify>,
    journal: Journal,
}

impl Record {
    /// `None`: nothing is kept of this event.
    pub(crate) fn of(input: &HookInput, id: &str, at: Option<DateTime<Utc>>) -> Option<Self> {
        Some(Self {
            observation: input.observation(id, at)?,
            paths: input.paths(),
        })
    }

    /// Takes an observation from the spool: its paths were looked at before it got there.
    pub(crate) fn spooled(observation: Observation) -> Self {
        Self {
            observation,
            paths: Vec::new(),
        }
    }

    /// Adds what the guard said.
    pub(crate) fn judged(mut self, judgement: &Judgement) -> Self {
        self.observation.verdict = Some(judgement.verdict.as_str().to_owned());
        self.observation.rule.clone_from(&judgement.rule);
        self
    }
}

impl Recorder {
    /// Makes the way into the agent's spool.
    pub(crate) fn new(agent: &Agent) -> Self {
        Self {
            agent: agent.clone(),
            spooled: Arc::default(),
            journal: Journal::new(&agent.paths().spool_dir),
        }
    }

    /// Puts an event into the spool; false: it was not taken.
    pub(crate) async fn record(&self, mut record: Record) -> bool {
        record
            .observation
            .at
            .get_or_insert_with(|| self.agent.now());
        let (agent, journal) = (self.agent.clone(), self.journal.clone());
        let kept = tokio::task::spawn_blocking(move || {
            if is_ignored(&agent, &record.paths) {
                return None;
            }
            let kept = journal.keep(&record.observation);
            Some(kept.map_err(|error| (error, record.observation)))
        });
        match kept.await {
            Ok(None) => true,
            Ok(Some(Ok(()))) => {
                self.spooled.notify_one();
                true
            }
            Ok(Some(Err((error, observation)))) => {
                tracing::warn!(%error, "an event cannot be spooled; it goes to the store at once");
                let storing = store(&self.agent, vec![observation]);
                matches!(
                    tokio::time::timeout(LONGEST_STORE, storing).await,
                    Ok(Ok(()))
                )
            }
            Err(_) => false,
        }
    }

    /// Takes in what is spooled, by this process and by `fjord-hook`, until told to stop; then once more.
    pub(crate) async fn work(self, stop: CancellationToken) {
        loop {
            let pass = spool::pass(&self.agent, &self.journal).await;
            if stop.is_cancelled() {
                return;
            }
            let pause = async {
                if pass.is_store_down {
                    tokio::time::sleep(STORE_DOWN).await;
                }
                tokio::select! {
                    () = self.spooled.notified() => tokio::time::sleep(TOGETHER).await,
                    () = tokio::time::sleep(EVERY) => {}
                }
            };
            if pass.left > 0 && !pass.is_store_down && pass.taken > 0 {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = pause => {}
            }
        }
    }
}

/// What is to be stored of a spooled event: nothing where its paths are ignored, or cannot be looked at.
pub(crate) async fn kept(agent: &Agent, record: Record) -> Option<Observation> {
    let Record { observation, paths } = record;
    if paths.is_empty() {
        return Some(observation);
    }
    let looker = agent.clone();
    let look = tokio::task::spawn_blocking(move || is_ignored(&looker, &paths));
    match tokio::time::timeout(LONGEST_LOOK, look).await {
        Ok(Ok(false)) => Some(observation),
        Ok(Ok(true)) => None,
        Ok(Err(_)) | Err(_) => {
            tracing::warn!(
                event = observation.event,
                "whether its folder is ignored could not be told, so the event is not kept"
            );
            None
        }
    }
}

/// Stores events, each once: one that is there already is fine too.
pub(crate) async fn store(agent: &Agent, observations: Vec<Observation>) -> Result<(), Error> {
    let actor = Actor::session("spool");
    agent
        .handle(&actor, Command::Observe(observations), &Progress::none())
        .await
        .map(|_| ())
}

/// Tells whether one of the paths is in `hooks.ignore`, the project's own list included. Reads the disk.
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
