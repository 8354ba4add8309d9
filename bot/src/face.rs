//! What the parts of the bot share: the agent, the wire, and the work that is going on.

use std::collections::{HashSet, VecDeque};
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use agent::{Actor, Agent};
use teloxide::types::BotCommand;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::text::{Message, Page, shorten};
use crate::wire::{Place, Trouble, Wire};

/// How long a message is tried again before it is somebody else's matter.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// How many ids are kept in mind.
const KEPT: usize = 1_000;

/// One bot of one process; clones share everything.
#[derive(Clone, Debug)]
pub(crate) struct Face {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    agent: Agent,
    wire: Wire,
    owner: String,
    name: OnceLock<String>,
    tasks: TaskTracker,
    cut: CancellationToken,
    memory: Mutex<Memory>,
}

/// What a restart may forget.
#[derive(Debug, Default)]
struct Memory {
    /// The fencing number of the polling lease; `None`: it is not ours, or nobody can tell.
    lease: Option<i64>,
    /// Updates that are being worked on here.
    working: HashSet<i64>,
    /// Updates seen while the store could not record them.
    unrecorded: VecDeque<i64>,
    /// Messages that show, or showed, what became of a question.
    answered: VecDeque<(i64, i32)>,
}

impl Face {
    /// Makes one.
    pub(crate) fn new(agent: Agent, wire: Wire) -> Self {
        let inner = Inner {
            owner: agent.owner().as_text(),
            agent,
            wire,
            name: OnceLock::new(),
            tasks: TaskTracker::new(),
            cut: CancellationToken::new(),
            memory: Mutex::default(),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    pub(crate) fn agent(&self) -> &Agent {
        &self.inner.agent
    }

    pub(crate) fn wire(&self) -> &Wire {
        &self.inner.wire
    }

    /// Returns what leases of this bot are held under.
    pub(crate) fn owner(&self) -> &str {
        &self.inner.owner
    }

    /// Returns the bot's own name, once Telegram has told it.
    pub(crate) fn name(&self) -> Option<&str> {
        self.inner.name.get().map(String::as_str)
    }

    /// Asks Telegram for the bot's own name, once.
    pub(crate) async fn learn_name(&self) -> Result<(), Trouble> {
        if self.inner.name.get().is_none() {
            let name = self.inner.wire.own_name().await?;
            tracing::info!(bot = %name, "the bot is connected");
            let _already_known = self.inner.name.set(name);
        }
        Ok(())
    }

    /// Works on something beside the poll.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.inner
            .tasks
            .spawn(self.inner.cut.clone().run_until_cancelled_owned(work));
    }

    /// Waits until all work is done; once `stop` is given, no longer than `grace`.
    pub(crate) async fn end_work(&self, stop: &CancellationToken, grace: Duration) {
        self.inner.tasks.close();
        tokio::select! {
            () = self.inner.tasks.wait() => {}
            () = async { stop.cancelled().await; tokio::time::sleep(grace).await } => {
                tracing::warn!(left = self.inner.tasks.len(), "work of the bot is cut off");
                self.inner.cut.cancel();
                self.inner.tasks.wait().await;
            }
        }
    }

    pub(crate) fn lease(&self) -> Option<i64> {
        self.memory().lease
    }

    pub(crate) fn set_lease(&self, fence: Option<i64>) {
        self.memory().lease = fence;
    }

    /// Notes that an update is worked on here.
    pub(crate) fn begin(&self, update: i64) {
        self.memory().working.insert(update);
    }

    pub(crate) fn is_working_on(&self, update: i64) -> bool {
        self.memory().working.contains(&update)
    }

    /// Records that an update was dealt with.
    pub(crate) async fn finish(&self, update: i64) {
        if let Err(error) = self
            .agent()
            .store()
            .finish_update(update, self.agent().now())
            .await
        {
            tracing::warn!(%error, update, "an update could not be recorded as done");
        }
        self.memory().working.remove(&update);
    }

    /// Notes an update that the store could not record; false: it was seen before.
    pub(crate) fn see_unrecorded(&self, update: i64) -> bool {
        remember(&mut self.memory().unrecorded, update)
    }

    /// Notes that a message shows what became of its question.
    pub(crate) fn note_answered(&self, place: Place, message: i32) {
        remember(&mut self.memory().answered, (place.chat, message));
    }

    /// Tells whether a message shows what became of its question.
    pub(crate) fn is_answered(&self, place: Place, message: i32) -> bool {
        self.memory().answered.contains(&(place.chat, message))
    }

    /// Sends a message and its file; a group that moved is followed.
    pub(crate) async fn send(&self, place: Place, message: &Message) -> Result<(), Trouble> {
        let place = match self
            .inner
            .wire
            .send(place, &message.html, message.buttons.as_ref())
            .await
        {
            Err(Trouble::Moved(chat)) => {
                let place = self.follow(place, chat).await;
                self.inner
                    .wire
                    .send(place, &message.html, message.buttons.as_ref())
                    .await?;
                place
            }
            sent => sent.map(|_| place)?,
        };
        self.send_file(place, message).await;
        Ok(())
    }

    /// Sends a message, and tries again while Telegram is busy or down.
    pub(crate) async fn send_patiently(
        &self,
        place: Place,
        message: &Message,
        patience: Duration,
    ) -> Result<(), Trouble> {
        patiently(patience, || self.send(place, message)).await
    }

    /// Changes a message for good, and tries again while Telegram is busy or down.
    ///
    /// A message that is gone is sent anew.
    pub(crate) async fn edit_patiently(
        &self,
        (place, id): (Place, i32),
        message: &Message,
        patience: Duration,
    ) -> Result<(), Trouble> {
        let edited = patiently(patience, || self.inner.wire.edit(place, id, &message.html)).await;
        match edited {
            Ok(()) => {
                self.send_file(place, message).await;
                Ok(())
            }
            Err(Trouble::Missing | Trouble::Moved(_) | Trouble::Refused(_)) => {
                self.send_patiently(place, message, patience).await
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Sends a message that may be lost: an error, a greeting.
    pub(crate) async fn tell(&self, place: Place, message: &Message) {
        if let Err(trouble) = self.send_patiently(place, message, PATIENCE).await {
            tracing::warn!(chat = place.chat, ?trouble, "a message could not be sent");
        }
    }

    /// Tells the people whose requests a crash cut off. Nothing is done again.
    pub(crate) async fn tell_interrupted(&self) {
        let now = self.agent().now();
        let interrupted = match self
            .agent()
            .store()
            .take_interrupted_updates(now, now)
            .await
        {
            Ok(interrupted) => interrupted,
            Err(error) => {
                tracing::warn!(%error, "updates that a restart cut off could not be read");
                return;
            }
        };
        for (update, asker, summary) in interrupted {
            let known = asker.as_deref().and_then(Asker::parse).filter(|asker| {
                !self.is_working_on(update)
                    && self
                        .agent()
                        .role_of(&Actor::telegram(asker.user, "", asker.chat))
                        .is_some()
            });
            let Some(asker) = known else { continue };
            let message = interrupted_text(summary.as_deref().unwrap_or("your message"));
            let face = self.clone();
            self.spawn(async move { face.tell(Place::chat(asker.chat), &message).await });
        }
    }

    /// Sets the menu of commands; tried again until Telegram takes it.
    pub(crate) async fn offer_menu(self) {
        let mut commands = vec![BotCommand::new("help", "what I can do")];
        commands.extend(agent::line::OFFERS.iter().map(|offer| {
            let form = if offer.arguments.is_empty() {
                String::new()
            } else {
                format!("{} · ", offer.arguments)
            };
            BotCommand::new(offer.word, shorten(&format!("{form}{}", offer.help), 256))
        }));
        let mut wait = Duration::from_secs(1);
        loop {
            match self.wire().set_menu(commands.clone()).await {
                Ok(()) => return,
                Err(Trouble::Later(time)) => tokio::time::sleep(time).await,
                Err(Trouble::Down(_)) => {
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(Duration::from_mins(1));
                }
                Err(trouble) => {
                    tracing::warn!(?trouble, "the command menu could not be set");
                    return;
                }
            }
        }
    }

    async fn send_file(&self, place: Place, message: &Message) {
        let Some(document) = &message.document else {
            return;
        };
        if let Err(trouble) =
            patiently(PATIENCE, || self.inner.wire.send_document(place, document)).await
        {
            tracing::warn!(chat = place.chat, ?trouble, "a file could not be sent");
        }
    }

    async fn follow(&self, place: Place, chat: i64) -> Place {
        tracing::info!(from = place.chat, to = chat, "a group has a new id");
        if let Err(error) = self
            .agent()
            .store()
            .move_chat(place.chat, chat, self.agent().now())
            .await
        {
            tracing::warn!(%error, "the new id of a group could not be stored");
        }
        Place {
            chat,
            thread: place.thread,
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.inner
            .memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who sent an update, as the store keeps it: `telegram:USER`, with `@CHAT` in a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker {
    pub(crate) user: u64,
    pub(crate) chat: i64,
}

impl Asker {
    /// Returns the text that is stored.
    pub(crate) fn text(self) -> String {
        if i64::try_from(self.user) == Ok(self.chat) {
            format!("telegram:{}", self.user)
        } else {
            format!("telegram:{}@{}", self.user, self.chat)
        }
    }

    /// Reads the text that was stored.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("telegram:")?;
        let (user, chat) = text.split_once('@').unwrap_or((text, text));
        Some(Self {
            user: user.parse().ok()?,
            chat: chat.parse().ok()?,
        })
    }
}

fn interrupted_text(summary: &str) -> Message {
    let advice = if summary.starts_with('/') {
        "Send it again if you still want it."
    } else {
        "`/status` tells how it stands now."
    };
    let mut page = Page::new("restart").head(
        "restarted",
        &format!("I was restarted while working on `{summary}`; nothing was repeated."),
    );
    page.say(advice);
    page.message()
}

/// Tries again while Telegram is busy or down.
async fn patiently<T, F>(patience: Duration, mut attempt: impl FnMut() -> F) -> Result<T, Trouble>
where
    F: Future<Output = Result<T, Trouble>>,
{
    let end = Instant::now() + patience;
    let mut wait = Duration::from_millis(500);
    loop {
        let trouble = match attempt().await {
            Ok(value) => return Ok(value),
            Err(trouble) => trouble,
        };
        let pause = match &trouble {
            Trouble::Later(time) => *time,
            Trouble::Down(_) => {
                wait *= 2;
                wait
            }
            _ => return Err(trouble),
        };
        if Instant::now() + pause > end {
            return Err(trouble);
        }
        tokio::time::sleep(pause).await;
    }
}

/// Keeps something in mind; false: it is there already.
fn remember<T: PartialEq>(kept: &mut VecDeque<T>, new: T) -> bool {
    if kept.contains(&new) {
        return false;
    }
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(new);
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asker_is_read_back_from_the_store() {
        for asker in [
            Asker { user: 5, chat: 5 },
            Asker {
                user: 5,
                chat: -100_123,
            },
        ] {
            assert_eq!(Asker::parse(&asker.text()), Some(asker));
        }
        assert_eq!(Asker { user: 5, chat: 5 }.text(), "telegram:5");
        assert_eq!(Asker::parse("local:1000"), None);
        assert_eq!(Asker::parse("telegram:x"), None);
    }

    #[test]
    fn after_a_restart_a_person_is_told_and_nothing_is_repeated() {
        assert_eq!(
            interrupted_text("/deploy api v2").html,
            "<b>restarted</b>: I was restarted while working on <code>/deploy api v2</code>; nothing was repeated.\n\
             Send it again if you still want it."
        );
        assert!(
            interrupted_text("deploy api@web1")
                .html
                .contains("<code>/status</code> tells how it stands now.")
        );
    }

    #[test]
    fn only_the_last_ids_are_kept_in_mind() {
        let mut kept = VecDeque::new();
        for id in 0..2_000 {
            assert!(remember(&mut kept, id));
        }
        assert!(!remember(&mut kept, 1_999));
        assert_eq!(kept.len(), KEPT);
    }
}
