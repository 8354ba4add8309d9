//! Work that may take long: done beside everything else, shown while it goes on.

use std::time::Duration;

use agent::{Actor, Command, Error, Progress, Reply, Step, outbox};
use chrono::TimeDelta;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::task::AbortOnDropHandle;

use crate::face::{Face, PATIENCE};
use crate::live::Live;
use crate::render;
use crate::wire::{Place, Trouble};

/// How often it is looked whether there is something to show.
const LOOK: Duration = Duration::from_millis(250);
/// Telegram shows typing for five seconds.
const TYPING: Duration = Duration::from_millis(4_500);
/// Work that is done sooner shows no typing.
const TYPING_AFTER: Duration = Duration::from_millis(300);
/// How long a live message may take to show a result before any Fjord delivers it.
const HOLD: TimeDelta = TimeDelta::seconds(90);
/// How long a live message is tried for what the outbox would deliver too.
const HELD_PATIENCE: Duration = Duration::from_secs(10);

/// A command that the agent works on.
pub(crate) struct Work {
    outcome: AbortOnDropHandle<Result<Reply, Error>>,
    steps: mpsc::Receiver<Step>,
}

/// The first that is heard of work.
pub(crate) enum Sign {
    /// It has ended.
    Ended(Box<Result<Reply, Error>>),
    /// It goes on.
    Step(Step),
    /// Nothing yet.
    Nothing,
}

impl Work {
    /// Starts it in a task of its own, so that a slow Telegram never slows it.
    pub(crate) fn start(face: &Face, actor: Actor, command: Command) -> Self {
        let (progress, steps) = Progress::channel();
        let agent = face.agent().clone();
        let task = tokio::spawn(async move { agent.handle(&actor, command, &progress).await });
        Self {
            outcome: AbortOnDropHandle::new(task),
            steps,
        }
    }

    /// Waits for the first step, or the end.
    pub(crate) async fn first_sign(&mut self) -> Sign {
        match self.steps.recv().await {
            Some(step) => Sign::Step(step),
            None => Sign::Ended(Box::new(self.end().await)),
        }
    }

    /// Shows what is going on until it has ended.
    pub(crate) async fn follow(mut self, mut live: Live) -> (Live, Result<Reply, Error>) {
        let mut look = tokio::time::interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut typing = tokio::time::interval_at(Instant::now() + TYPING_AFTER, TYPING);
        typing.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                step = self.steps.recv() => match step {
                    Some(step) => live.take(step),
                    None => break,
                },
                _ = look.tick() => live.refresh().await,
                _ = typing.tick() => live.show_typing(),
            }
        }
        let outcome = self.end().await;
        (live, outcome)
    }

    async fn end(&mut self) -> Result<Reply, Error> {
        (&mut self.outcome)
            .await
            .unwrap_or_else(|error| Err(Error::internal(format!("a command did not end: {error}"))))
    }
}

/// Shows how it ended. A deployment's result reaches the chat also when Fjord dies here.
pub(crate) async fn tell(
    face: &Face,
    live: Live,
    (place, update): (Place, i64),
    outcome: Result<Reply, Error>,
) {
    let reply = match outcome {
        Ok(reply) => reply,
        Err(error) => {
            if let Err(trouble) = live.finish(&render::error(&error), PATIENCE).await {
                tracing::warn!(?trouble, %error, "an error could not be told");
            }
            return;
        }
    };
    let held = hold(face, place, &reply).await;
    let patience = if held.is_some() {
        HELD_PATIENCE
    } else {
        PATIENCE
    };
    let shown = live.finish(&render::reply(&reply), patience).await;
    match (held, shown) {
        (Some(id), Ok(())) => {
            if let Err(error) = face
                .agent()
                .store()
                .finish_outbox(id, face.owner(), face.agent().now())
                .await
            {
                tracing::warn!(%error, "a result that was shown may be sent once more");
            }
        }
        (Some(id), Err(trouble)) => {
            let wait = if let Trouble::Later(time) = trouble {
                time
            } else {
                Duration::from_secs(5)
            };
            let not_before = face.agent().now() + wait;
            if let Err(error) = face
                .agent()
                .store()
                .postpone_outbox(id, not_before, "the live message could not be edited")
                .await
            {
                tracing::warn!(%error, "a result waits until its lease ends");
            }
        }
        (None, Ok(())) => {}
        (None, Err(trouble)) => keep(face, (place, update), &reply, &trouble).await,
    }
}

/// Puts a deployment's result into the outbox before it is shown, so that it cannot get lost between.
async fn hold(face: &Face, place: Place, reply: &Reply) -> Option<i64> {
    let Reply::Deployed(report) = reply else {
        return None;
    };
    let key = format!("deployment:{}:{}", report.deployment.id, place.chat);
    match outbox::hold(
        face.agent(),
        (&key, place.chat),
        reply,
        (face.owner(), HOLD),
    )
    .await
    {
        Ok(id) => id,
        Err(error) => {
            tracing::warn!(%error, "a result could not be put into the outbox");
            None
        }
    }
}

/// Leaves what could not be shown to the outbox.
async fn keep(face: &Face, (place, update): (Place, i64), reply: &Reply, trouble: &Trouble) {
    tracing::warn!(chat = place.chat, ?trouble, "an answer could not be sent");
    // A question is void before anybody could answer it.
    let worthwhile = !matches!(reply, Reply::Confirm(_))
        && matches!(trouble, Trouble::Later(_) | Trouble::Down(_));
    if worthwhile
        && let Err(error) =
            outbox::put(face.agent(), &format!("update:{update}"), place.chat, reply).await
    {
        tracing::warn!(%error, "an answer could not be put into the outbox");
    }
}
