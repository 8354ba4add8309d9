//! Calls to Telegram, and what their failures mean for us.

use std::sync::Arc;
use std::time::Duration;

use config::ExposeSecret;
use teloxide::payloads::{
    AnswerCallbackQuerySetters, EditMessageTextSetters, GetUpdatesSetters, SendDocumentSetters,
    SendMessageSetters,
};
use teloxide::requests::Requester;
use teloxide::types::{
    AllowedUpdate, BotCommand, CallbackQueryId, ChatAction, ChatId, InlineKeyboardButton,
    InlineKeyboardMarkup, InputFile, LinkPreviewOptions, MessageId, ParseMode, ThreadId, Update,
};
use teloxide::{ApiError, Bot, RequestError};

use crate::error::BotError;
use crate::limits::Limits;
use crate::text::{Buttons, Document, plain};
use crate::ticket;

/// How long Telegram holds a poll when there is nothing new.
const POLL: u32 = 10;

/// Where a message goes: a chat, or one topic of it. The General topic is the chat itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) chat: i64,
    pub(crate) thread: Option<ThreadId>,
}

impl Place {
    /// Makes the place that is a whole chat.
    pub(crate) fn chat(chat: i64) -> Self {
        Self { chat, thread: None }
    }
}

/// What a failed call means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Telegram wants us to wait this long.
    Later(Duration),
    /// The group has another id now.
    Moved(i64),
    /// The message to be edited is no longer there.
    Missing,
    /// The chat cannot be written to: blocked, kicked, deleted.
    Gone(String),
    /// Telegram does not answer, or not well.
    Down(String),
    /// Telegram does not know the token.
    Token,
    /// Another program polls with the same token.
    Conflict(String),
    /// Telegram does not take the call as it is: ours.
    Refused(String),
}

/// A connection to the Bot API.
#[derive(Clone, Debug)]
pub(crate) struct Wire {
    bot: Bot,
    limits: Arc<Limits>,
}

impl Wire {
    /// Makes one. Connects to nothing.
    pub(crate) fn new(telegram: &config::Telegram) -> Result<Self, BotError> {
        let token = telegram.token.expose_secret();
        if token.is_empty() {
            return Err(BotError::Setting(
                "there is no token; set `telegram.token` to the one of @BotFather".to_owned(),
            ));
        }
        let url = reqwest::Url::parse(telegram.api_url.trim_end_matches('/'))
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| {
                BotError::Setting("`telegram.api_url` is no http:// or https:// URL".to_owned())
            })?;
        Ok(Self {
            bot: Bot::new(token).set_api_url(url),
            limits: Arc::new(Limits::new()),
        })
    }

    /// Returns the limits that all calls keep to.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Returns the bot's own name, without the `@`.
    pub(crate) async fn own_name(&self) -> Result<String, Trouble> {
        let me = self.bot.get_me().await.map_err(|error| trouble(&error))?;
        Ok(me.username().to_owned())
    }

    /// Waits for updates; asking with `offset` acknowledges everything before it.
    pub(crate) async fn updates(&self, offset: Option<i32>) -> Result<Vec<Update>, Trouble> {
        self.updates_within(offset, POLL).await
    }

    /// Waits for updates at most so many seconds.
    pub(crate) async fn updates_within(
        &self,
        offset: Option<i32>,
        seconds: u32,
    ) -> Result<Vec<Update>, Trouble> {
        let mut request = self
            .bot
            .get_updates()
            .timeout(seconds)
            .allowed_updates([AllowedUpdate::Message, AllowedUpdate::CallbackQuery]);
        request.offset = offset;
        request.await.map_err(|error| trouble(&error))
    }

    /// Sends a message and returns its id.
    pub(crate) async fn send(
        &self,
        place: Place,
        html: &str,
        buttons: Option<&Buttons>,
    ) -> Result<i32, Trouble> {
        self.limits.wait(place.chat).await;
        let request = |text: String, mode: Option<ParseMode>| {
            let mut request = self
                .bot
                .send_message(ChatId(place.chat), text)
                .link_preview_options(no_preview());
            request.message_thread_id = place.thread;
            request.parse_mode = mode;
            request.reply_markup = buttons.map(|buttons| keyboard(buttons).into());
            request
        };
        let sent = match request(html.to_owned(), Some(ParseMode::Html)).await {
            Err(RequestError::Api(ApiError::CantParseEntities(why))) => {
                tracing::warn!(
                    why,
                    "Telegram could not read our markup; the message goes as plain text"
                );
                request(plain(html), None).await
            }
            sent => sent,
        };
        sent.map(|message| message.id.0)
            .map_err(|error| self.trouble_in(place.chat, &error))
    }

    /// Changes a message. A message that is already so is no failure.
    pub(crate) async fn edit(&self, place: Place, message: i32, html: &str) -> Result<(), Trouble> {
        self.limits.wait(place.chat).await;
        self.edit_counted(place, message, html).await
    }

    /// Changes a message if its chat may be written to right now; false: not now.
    pub(crate) async fn edit_if_free(
        &self,
        place: Place,
        message: i32,
        html: &str,
    ) -> Result<bool, Trouble> {
        if !self.limits.is_free(place.chat) {
            return Ok(false);
        }
        self.edit_counted(place, message, html).await.map(|()| true)
    }

    async fn edit_counted(&self, place: Place, message: i32, html: &str) -> Result<(), Trouble> {
        let request = |text: String, mode: Option<ParseMode>| {
            let mut request = self
                .bot
                .edit_message_text(ChatId(place.chat), MessageId(message), text)
                .link_preview_options(no_preview());
            request.parse_mode = mode;
            request
        };
        let edited = match request(html.to_owned(), Some(ParseMode::Html)).await {
            Err(RequestError::Api(ApiError::CantParseEntities(why))) => {
                tracing::warn!(
                    why,
                    "Telegram could not read our markup; the message goes as plain text"
                );
                request(plain(html), None).await
            }
            edited => edited,
        };
        match edited {
            Ok(_) | Err(RequestError::Api(ApiError::MessageNotModified)) => Ok(()),
            Err(error) => Err(self.trouble_in(place.chat, &error)),
        }
    }

    /// Sends a text file.
    pub(crate) async fn send_document(
        &self,
        place: Place,
        document: &Document,
    ) -> Result<(), Trouble> {
        self.limits.wait(place.chat).await;
        let file =
            InputFile::memory(document.text.clone().into_bytes()).file_name(document.name.clone());
        let mut request = self
            .bot
            .send_document(ChatId(place.chat), file)
            .disable_content_type_detection(true);
        request.message_thread_id = place.thread;
        request
            .await
            .map(|_| ())
            .map_err(|error| self.trouble_in(place.chat, &error))
    }

    /// Ends the spinner of a tapped button, with an alert if there is something to say.
    pub(crate) async fn answer_tap(&self, tap: CallbackQueryId, alert: Option<&str>) {
        let mut request = self.bot.answer_callback_query(tap);
        if let Some(text) = alert {
            request = request.text(text).show_alert(true);
        }
        // Too old to be answered, or no network: the message itself tells how it went.
        if let Err(error) = request.await {
            tracing::debug!(trouble = ?trouble(&error), "a tap could not be answered");
        }
    }

    /// Shows that something is going on.
    pub(crate) async fn show_typing(&self, place: Place) {
        let mut request = self
            .bot
            .send_chat_action(ChatId(place.chat), ChatAction::Typing);
        request.message_thread_id = place.thread;
        if let Err(error) = request.await {
            tracing::debug!(trouble = ?trouble(&error), "typing could not be shown");
        }
    }

    /// Sets the menu of commands.
    pub(crate) async fn set_menu(&self, commands: Vec<BotCommand>) -> Result<(), Trouble> {
        self.bot
            .set_my_commands(commands)
            .await
            .map(|_| ())
            .map_err(|error| trouble(&error))
    }

    fn trouble_in(&self, chat: i64, error: &RequestError) -> Trouble {
        let trouble = trouble(error);
        if let Trouble::Later(time) = &trouble {
            self.limits.pause_for(chat, *time);
        }
        trouble
    }
}

fn keyboard(buttons: &Buttons) -> InlineKeyboardMarkup {
    InlineKeyboardMarkup::new([[
        InlineKeyboardButton::callback(
            buttons.yes,
            ticket::data(agent::Answer::Yes, &buttons.ticket),
        ),
        InlineKeyboardButton::callback("Cancel", ticket::data(agent::Answer::No, &buttons.ticket)),
    ]])
}

fn no_preview() -> LinkPreviewOptions {
    LinkPreviewOptions {
        is_disabled: true,
        url: None,
        prefer_small_media: false,
        prefer_large_media: false,
        show_above_text: false,
    }
}

/// Sorts a failure. The texts of network errors are not passed on: their URL holds the token.
fn trouble(error: &RequestError) -> Trouble {
    match error {
        RequestError::RetryAfter(seconds) => Trouble::Later(seconds.duration()),
        RequestError::MigrateToChatId(chat) => Trouble::Moved(chat.0),
        RequestError::Network(error) if error.is_timeout() => {
            Trouble::Down("no answer in time".to_owned())
        }
        RequestError::Network(error) if error.is_connect() => {
            Trouble::Down("no connection".to_owned())
        }
        RequestError::Network(_) => Trouble::Down("the connection broke".to_owned()),
        RequestError::InvalidJson { .. } => {
            Trouble::Down("an answer that cannot be read".to_owned())
        }
        RequestError::Io(error) => Trouble::Down(error.kind().to_string()),
        RequestError::Api(error) => api_trouble(error),
    }
}

fn api_trouble(error: &ApiError) -> Trouble {
    match error {
        ApiError::InvalidToken => Trouble::Token,
        ApiError::TerminatedByOtherGetUpdates => Trouble::Conflict("it ended our poll".to_owned()),
        ApiError::CantGetUpdates => {
            Trouble::Conflict("a webhook is set; delete it with `deleteWebhook`".to_owned())
        }
        ApiError::MessageToEditNotFound | ApiError::MessageIdInvalid => Trouble::Missing,
        ApiError::BotBlocked
        | ApiError::BotKicked
        | ApiError::BotKickedFromSupergroup
        | ApiError::BotKickedFromChannel
        | ApiError::ChatNotFound
        | ApiError::UserDeactivated
        | ApiError::GroupDeactivated
        | ApiError::CantInitiateConversation
        | ApiError::CantTalkWithBots => Trouble::Gone(error.to_string()),
        ApiError::Unknown(text) if text.contains("webhook is active") => {
            Trouble::Conflict("a webhook is set; delete it with `deleteWebhook`".to_owned())
        }
        ApiError::Unknown(text)
            if [
                "Internal Server Error",
                "Bad Gateway",
                "Gateway Timeout",
                "Service Unavailable",
            ]
            .iter()
            .any(|known| text.contains(known)) =>
        {
            Trouble::Down(text.clone())
        }
        ApiError::Unknown(text) if text.starts_with("Forbidden") => Trouble::Gone(text.clone()),
        error => Trouble::Refused(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn telegram(token: &str, api_url: &str) -> config::Telegram {
        config::Telegram {
            token: token.to_owned().into(),
            api_url: api_url.to_owned(),
            ..config::Telegram::default()
        }
    }

    #[test]
    fn a_missing_token_and_a_bad_address_are_named() {
        let error = Wire::new(&telegram("", "https://api.telegram.org")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no token; set `telegram.token` to the one of @BotFather"
        );
        let error = Wire::new(&telegram("1:a", "file:///etc/passwd")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`telegram.api_url` is no http:// or https:// URL"
        );
    }

    #[test]
    fn a_slash_at_the_end_of_the_address_is_no_matter() {
        assert!(Wire::new(&telegram("1:a", "http://127.0.0.1:8081/")).is_ok());
    }

    #[test]
    fn failures_are_sorted_by_what_they_mean() {
        assert_eq!(
            api_trouble(&ApiError::Unknown("Bad Gateway".to_owned())),
            Trouble::Down("Bad Gateway".to_owned())
        );
        assert_eq!(
            api_trouble(&ApiError::MessageToEditNotFound),
            Trouble::Missing
        );
        assert_eq!(api_trouble(&ApiError::InvalidToken), Trouble::Token);
        assert!(matches!(
            api_trouble(&ApiError::BotBlocked),
            Trouble::Gone(_)
        ));
        assert!(matches!(
            api_trouble(&ApiError::ButtonDataInvalid),
            Trouble::Refused(_)
        ));
    }
}
