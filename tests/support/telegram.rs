//! A stand-in for Telegram's Bot API over HTTP, with its limits, its refusals and its ways to fail.
//!
//! A message that no test read fails the test: end it with [`Telegram::finish`].

mod html;
mod multipart;
mod people;
mod wire;

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use self::people::{bot, chat, command_entities, user};
use crate::wait::DEADLINE;

/// The only token that the stand-in takes.
pub const TOKEN: &str = "1234567890:AAHtest-token-of-the-stand-in";

/// What goes wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// 429 with this `retry_after`, seconds.
    TooManyRequests(u32),
    /// 500.
    ServerError,
    /// 409, as when another process polls with the same token.
    Conflict,
    /// 403, as when the person has blocked the bot.
    Blocked,
    /// 400 with this description.
    BadRequest(String),
    /// The connection is cut; nothing was done.
    CutOff,
    /// It was done, and the connection is cut before the answer.
    AnswerLost,
    /// No answer comes, ever.
    Hang,
}

/// One call of the bot, as it came in.
#[derive(Debug, Clone)]
pub struct Call {
    /// The method, as Telegram's documentation writes it: `sendMessage`.
    pub method: String,
    /// The parameters.
    pub params: Value,
    /// Whether it was refused or cut off.
    pub failed: bool,
}

/// A message of the bot, as the person sees it now.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id.
    pub id: i64,
    /// The chat it stands in.
    pub chat_id: i64,
    /// The text as sent, with its markup.
    pub text: String,
    /// `HTML`, or nothing for plain text.
    pub parse_mode: Option<String>,
    /// The buttons below it, from left to right and top to bottom.
    pub buttons: Vec<Button>,
    /// Every text it has had, the first one first.
    pub versions: Vec<String>,
    /// The file it carries.
    pub document: Option<Document>,
    /// Whether the bot has deleted it.
    pub deleted: bool,
    read: bool,
}

/// A button below a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Button {
    /// What is written on it.
    pub text: String,
    /// What a tap sends back.
    pub data: String,
}

/// A file that the bot sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its name.
    pub name: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// The running stand-in; it stops when dropped.
#[derive(Debug)]
pub struct Telegram {
    url: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// Counts changes, so that nobody has to ask again and again.
    changes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    updates: VecDeque<Value>,
    given: Vec<Value>,
    last_update_id: i64,
    last_message_id: i64,
    last_tap_id: i64,
    /// Rises with each `getUpdates`; an older one that still waits is answered 409.
    pollers: u64,
    messages: Vec<Message>,
    calls: Vec<Call>,
    failures: VecDeque<(String, Failure)>,
    always: Vec<(String, Failure)>,
}

impl Telegram {
    /// Starts one.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("the loopback has a free port");
        let url = format!(
            "http://{}",
            listener.local_addr().expect("a listener has an address")
        );
        // Update ids of a real bot start anywhere; 0 would hide a wrong offset.
        let state = State {
            last_update_id: 700_000_000,
            last_message_id: 40,
            ..State::default()
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            changes: watch::Sender::new(0),
        });
        let router = wire::router(Arc::clone(&shared));
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

    /// `http://…`, as `[telegram] api_url` takes it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A person writes; a chat with the person's own id is private, a negative one is a group.
    ///
    /// Returns the update's id.
    pub fn say(&self, user_id: i64, chat_id: i64, text: &str) -> i64 {
        let entities = command_entities(text);
        self.shared.change(|state| {
            state.last_message_id += 1;
            let mut message = json!({
                "message_id": state.last_message_id, "date": 1_700_000_000,
                "from": user(user_id), "chat": chat(chat_id), "text": text,
            });
            if let Some(entities) = entities {
                message["entities"] = entities;
            }
            state.push_update("message", &message)
        })
    }

    /// A person taps a button of a message. Returns the update's id.
    ///
    /// # Panics
    ///
    /// When there is no such message.
    pub fn tap(&self, user_id: i64, message_id: i64, data: &str) -> i64 {
        self.shared.change(|state| {
            let message = state.message(message_id).expect("a tap is on a message of the bot").as_json();
            state.last_tap_id += 1;
            let query = json!({
                "id": format!("{}", 4_000_000_000_000_000_000 + state.last_tap_id), "from": user(user_id),
                "message": message, "chat_instance": "-2233445566778899", "data": data,
            });
            state.push_update("callback_query", &query)
        })
    }

    /// Hands out an update whose payload the test writes. Returns the update's id.
    pub fn send_update(&self, kind: &str, payload: &Value) -> i64 {
        self.shared.change(|state| state.push_update(kind, payload))
    }

    /// Hands out an earlier update once more, with the same id.
    ///
    /// # Panics
    ///
    /// When it was never handed out.
    pub fn redeliver(&self, update_id: i64) {
        self.shared.change(|state| {
            let again = state
                .given
                .iter()
                .find(|update| update["update_id"] == json!(update_id))
                .cloned();
            state
                .updates
                .push_front(again.expect("only an update that was handed out can come again"));
        });
    }

    /// Waits for a message that nobody has read and that `wanted` accepts, and marks it as read.
    ///
    /// Edited messages are looked at in their present state.
    pub async fn expect_message(&self, wanted: impl Fn(&Message) -> bool) -> Message {
        self.wait("a message", |state| {
            let found = state
                .messages
                .iter_mut()
                .find(|message| !message.read && !message.deleted && wanted(message))?;
            found.read = true;
            Some(found.clone())
        })
        .await
    }

    /// Waits for a message whose text holds `text`.
    pub async fn expect_text(&self, text: &str) -> Message {
        self.wait(&format!("a message with `{text}`"), |state| {
            let found = state
                .messages
                .iter_mut()
                .find(|message| !message.read && !message.deleted && message.text.contains(text))?;
            found.read = true;
            Some(found.clone())
        })
        .await
    }

    /// Waits until a message, read or not, looks as `wanted` says, and marks it as read.
    pub async fn expect_edit(&self, message_id: i64, wanted: impl Fn(&Message) -> bool) -> Message {
        self.wait(&format!("message {message_id} to change"), |state| {
            let found = state
                .messages
                .iter_mut()
                .find(|message| message.id == message_id && wanted(message))?;
            found.read = true;
            Some(found.clone())
        })
        .await
    }

    /// Waits for a call of `method` that was not refused and whose parameters `wanted` accepts.
    pub async fn expect_call(&self, method: &str, wanted: impl Fn(&Value) -> bool) -> Call {
        self.wait(&format!("a call of {method}"), |state| {
            state
                .calls
                .iter()
                .find(|call| call.method == method && !call.failed && wanted(&call.params))
                .cloned()
        })
        .await
    }

    /// Waits until every update has been confirmed by a later offset.
    pub async fn expect_all_taken(&self) {
        self.wait("every update to be taken", |state| {
            state.updates.is_empty().then_some(())
        })
        .await;
    }

    /// Makes the next call of `method` fail; several are taken in order.
    pub fn fail_next(&self, method: &str, failure: Failure) {
        self.shared
            .change(|state| state.failures.push_back((method.to_owned(), failure)));
    }

    /// Makes every call of `method` fail until [`Telegram::recover`]; `*` is every method.
    pub fn fail_always(&self, method: &str, failure: Failure) {
        self.shared
            .change(|state| state.always.push((method.to_owned(), failure)));
    }

    /// Ends every failure.
    pub fn recover(&self) {
        self.shared.change(|state| {
            state.failures.clear();
            state.always.clear();
        });
    }

    /// Every call so far, in order, `getUpdates` included.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.lock().calls.clone()
    }

    /// How often `method` was called, refused or not.
    pub fn count(&self, method: &str) -> usize {
        self.shared
            .lock()
            .calls
            .iter()
            .filter(|call| call.method == method)
            .count()
    }

    /// Every message of the bot as it looks now, deleted ones too.
    pub fn messages(&self) -> Vec<Message> {
        self.shared.lock().messages.clone()
    }

    /// Ends the test.
    ///
    /// # Panics
    ///
    /// When the bot has sent a message that the test did not read.
    pub fn finish(self) {
        let state = self.shared.lock();
        let mut unread = String::new();
        for message in state
            .messages
            .iter()
            .filter(|message| !message.read && !message.deleted)
        {
            let _infallible = writeln!(unread, "  to {}: {}", message.chat_id, message.text);
        }
        drop(state);
        assert!(
            unread.is_empty(),
            "the bot sent what no test read:\n{unread}"
        );
    }

    async fn wait<T>(&self, what: &str, mut look: impl FnMut(&mut State) -> Option<T>) -> T {
        let mut changes = self.shared.changes.subscribe();
        let found = tokio::time::timeout(DEADLINE, async {
            loop {
                if let Some(found) = look(&mut self.shared.lock()) {
                    return found;
                }
                changes
                    .changed()
                    .await
                    .expect("the stand-in holds the sender");
            }
        });
        if let Ok(found) = found.await {
            return found;
        }
        let state = self.shared.lock();
        let mut seen = String::new();
        for message in &state.messages {
            let read = if message.read { "read" } else { "unread" };
            let _infallible = writeln!(
                seen,
                "  {} to {} ({read}): {}",
                message.id, message.chat_id, message.text
            );
        }
        let calls: Vec<_> = state
            .calls
            .iter()
            .map(|call| call.method.as_str())
            .filter(|method| *method != "getUpdates")
            .collect();
        panic!(
            "waited {DEADLINE:?} for {what}; the messages are:\n{seen}the calls were: {calls:?}"
        );
    }
}

impl Drop for Telegram {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Message {
    /// The data of the button whose text holds `text`.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub fn button(&self, text: &str) -> &str {
        let found = self
            .buttons
            .iter()
            .find(|button| button.text.contains(text));
        &found
            .unwrap_or_else(|| panic!("no button `{text}` below: {self:?}"))
            .data
    }

    /// The text without tags and with entities as characters: what the person reads.
    pub fn plain(&self) -> String {
        if self.parse_mode.is_some() {
            html::plain(&self.text)
        } else {
            self.text.clone()
        }
    }

    fn as_json(&self) -> Value {
        let mut message = json!({
            "message_id": self.id, "date": 1_700_000_000, "chat": chat(self.chat_id), "text": self.plain(), "from": bot(),
        });
        if self.versions.len() > 1 {
            message["edit_date"] = json!(1_700_000_001);
        }
        if !self.buttons.is_empty() {
            let row: Vec<_> = self
                .buttons
                .iter()
                .map(|button| json!({ "text": button.text, "callback_data": button.data }))
                .collect();
            message["reply_markup"] = json!({ "inline_keyboard": [row] });
        }
        if let Some(document) = &self.document {
            message["document"] = json!({
                "file_id": format!("file{}", self.id), "file_unique_id": format!("unique{}", self.id),
                "file_name": document.name, "file_size": document.content.len(),
            });
            let object = message.as_object_mut().expect("a message is an object");
            let caption = object.remove("text");
            object.extend(caption.map(|caption| ("caption".to_owned(), caption)));
        }
        message
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .expect("no test panics while it holds this")
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changes.send_modify(|count| *count += 1);
        result
    }
}

impl State {
    fn push_update(&mut self, kind: &str, payload: &Value) -> i64 {
        self.last_update_id += 1;
        self.updates
            .push_back(json!({ "update_id": self.last_update_id, kind: payload }));
        self.last_update_id
    }

    fn message(&self, id: i64) -> Option<&Message> {
        self.messages
            .iter()
            .find(|message| message.id == id && !message.deleted)
    }

    /// Takes the failure that is planned for a call.
    fn failure_of(&mut self, method: &str) -> Option<Failure> {
        let planned = self.failures.iter().position(|(of, _)| of == method);
        if let Some((_, failure)) = planned.and_then(|index| self.failures.remove(index)) {
            return Some(failure);
        }
        self.always
            .iter()
            .find(|(of, _)| of == method || of == "*")
            .map(|(_, failure)| failure.clone())
    }
}

/// How long a client that polls is kept waiting at most.
const LONGEST_POLL: Duration = Duration::from_secs(50);
