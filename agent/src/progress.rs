//! How long work tells its face what it is doing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// The part of the work that a step belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Waiting for, or taking, the lock.
    Lock,
    /// Running the deploy command.
    Command,
    /// Asking the health endpoint until it holds.
    Gate,
    /// Running the deploy command with the earlier version.
    Rollback,
    /// Asking the health endpoint after going back.
    RollbackGate,
    /// Writing down how it ended.
    Record,
    /// Gathering facts for a brief or an incident.
    Gather,
    /// The model writes.
    Model,
}

/// One thing worth showing while work goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// A part of the work begins, or has something to say.
    Stage {
        /// Which part.
        stage: Stage,
        /// One line for people.
        text: String,
    },
    /// A line that a command printed, with secrets masked.
    Line {
        /// The line without its newline.
        text: String,
    },
    /// A piece of the model's text, to be appended.
    Text {
        /// The piece.
        text: String,
    },
}

/// The sending end. Never waits: what a slow face does not take in time is counted, not kept.
#[derive(Clone, Debug)]
pub struct Progress {
    sender: Option<mpsc::Sender<Step>>,
    dropped: Arc<AtomicU64>,
}

impl Progress {
    /// Makes a channel that nobody listens to.
    pub fn none() -> Self {
        Self {
            sender: None,
            dropped: Arc::default(),
        }
    }

    /// Makes a channel and its receiving end.
    pub fn channel() -> (Self, mpsc::Receiver<Step>) {
        let (sender, receiver) = mpsc::channel(1024);
        (
            Self {
                sender: Some(sender),
                dropped: Arc::default(),
            },
            receiver,
        )
    }

    /// Tells of a part of the work.
    pub fn stage(&self, stage: Stage, text: impl Into<String>) {
        self.send(Step::Stage {
            stage,
            text: text.into(),
        });
    }

    /// Tells of a line printed.
    pub fn line(&self, text: impl Into<String>) {
        self.send(Step::Line { text: text.into() });
    }

    /// Tells of a piece of the model's text.
    pub fn text(&self, text: impl Into<String>) {
        self.send(Step::Text { text: text.into() });
    }

    /// Returns how many steps a slow face missed.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    fn send(&self, step: Step) {
        if let Some(sender) = &self.sender
            && sender.try_send(step).is_err()
        {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}
