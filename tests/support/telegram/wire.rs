//! The Bot API's side of the wire.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State as Shelf;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::people::{bot, chat};
use super::{
    Button, Call, Document, Failure, LONGEST_POLL, Message, Shared, State, TOKEN, html, multipart,
};

/// Longest text of a message, UTF-16 units after entities.
const LONGEST_TEXT: usize = 4096;
/// Longest caption of a file, UTF-16 units.
const LONGEST_CAPTION: usize = 1024;
/// Longest `callback_data`, bytes.
const LONGEST_BUTTON_DATA: usize = 64;

/// The methods that the stand-in knows, as the documentation writes them.
const METHODS: &[&str] = &[
    "getMe",
    "getWebhookInfo",
    "deleteWebhook",
    "setMyCommands",
    "getMyCommands",
    "setMyDescription",
    "setMyShortDescription",
    "getUpdates",
    "sendMessage",
    "editMessageText",
    "editMessageReplyMarkup",
    "deleteMessage",
    "answerCallbackQuery",
    "sendChatAction",
    "sendDocument",
    "pinChatMessage",
    "unpinChatMessage",
    "getChat",
];

type Answer = Result<Value, (StatusCode, String, Option<u32>)>;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new().fallback(serve).with_state(shared)
}

async fn serve(
    Shelf(shared): Shelf<Arc<Shared>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some((token, written)) = uri
        .path()
        .strip_prefix("/bot")
        .and_then(|rest| rest.rsplit_once('/'))
    else {
        return render(Err((StatusCode::NOT_FOUND, "Not Found".to_owned(), None)));
    };
    if token != TOKEN {
        return render(Err((
            StatusCode::UNAUTHORIZED,
            "Unauthorized".to_owned(),
            None,
        )));
    }
    // Telegram does not look at the case of a method, and teloxide writes `SendMessage`.
    let Some(method) = METHODS
        .iter()
        .copied()
        .find(|method| method.eq_ignore_ascii_case(written))
    else {
        return render(Err((
            StatusCode::NOT_FOUND,
            format!("Not Found: method {written}"),
            None,
        )));
    };
    let Some((params, document)) = parameters(&uri, &headers, &body) else {
        return render(Err(bad_request("can't parse the request")));
    };
    let failure = shared.change(|state| {
        let failure = state.failure_of(method);
        let failed = failure
            .as_ref()
            .is_some_and(|failure| *failure != Failure::AnswerLost);
        state.calls.push(Call {
            method: method.to_owned(),
            params: params.clone(),
            failed,
        });
        failure
    });
    match failure {
        None => {}
        Some(Failure::AnswerLost) => {
            let _lost = act(&shared, method, &params, document).await;
            return cut_off();
        }
        Some(Failure::Hang) => match std::future::pending::<Infallible>().await {},
        Some(Failure::CutOff) => return cut_off(),
        Some(failure) => return render(Err(refusal(failure))),
    }
    let answer = act(&shared, method, &params, document).await;
    if answer.is_err() {
        shared.change(|state| {
            if let Some(call) = state
                .calls
                .iter_mut()
                .rev()
                .find(|call| call.method == method && call.params == params)
            {
                call.failed = true;
            }
        });
    }
    render(answer)
}

async fn act(shared: &Shared, method: &str, params: &Value, document: Option<Document>) -> Answer {
    match method {
        "getUpdates" => poll(shared, params).await,
        "getMe" => {
            let mut me = bot();
            for ability in [
                "can_join_groups",
                "can_read_all_group_messages",
                "supports_inline_queries",
                "can_connect_to_business",
                "has_main_web_app",
            ] {
                me[ability] = json!(ability == "can_join_groups");
            }
            Ok(me)
        }
        "getWebhookInfo" => {
            Ok(json!({ "url": "", "has_custom_certificate": false, "pending_update_count": 0 }))
        }
        "getMyCommands" => Ok(json!([])),
        "getChat" => {
            let mut found = chat(params["chat_id"].as_i64().unwrap_or_default());
            found["accent_color_id"] = json!(1);
            found["max_reaction_count"] = json!(11);
            Ok(found)
        }
        "sendMessage" => shared.change(|state| send(state, params, None)),
        "sendDocument" => shared.change(|state| send(state, params, document)),
        "editMessageText" | "editMessageReplyMarkup" => shared.change(|state| edit(state, params)),
        "deleteMessage" => shared.change(|state| delete(state, params)),
        _ => Ok(json!(true)),
    }
}

/// Long polling: an offset confirms what is below it, and a newer poll ends an older one.
async fn poll(shared: &Shared, params: &Value) -> Answer {
    let offset = params["offset"].as_i64().unwrap_or(0);
    let limit = params["limit"]
        .as_u64()
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(100);
    let patience = Duration::from_secs(params["timeout"].as_u64().unwrap_or(0)).min(LONGEST_POLL);
    let ours = shared.change(|state| {
        state.pollers += 1;
        state
            .updates
            .retain(|update| update["update_id"].as_i64() >= Some(offset));
        state.pollers
    });
    let mut changes = shared.changes.subscribe();
    let waiting = tokio::time::timeout(patience, async {
        loop {
            if let Some(answer) = take_updates(shared, ours, limit) {
                return answer;
            }
            changes
                .changed()
                .await
                .expect("the stand-in holds the sender");
        }
    });
    waiting.await.unwrap_or_else(|_nothing_came| Ok(json!([])))
}

fn take_updates(shared: &Shared, ours: u64, limit: usize) -> Option<Answer> {
    let mut state = shared.lock();
    if state.pollers != ours {
        return Some(Err(refusal(Failure::Conflict)));
    }
    // A failure that was planned while this poll waited ends it.
    if let Some(failure) = state.failure_of("getUpdates") {
        return Some(match failure {
            Failure::Hang | Failure::CutOff | Failure::AnswerLost => Ok(json!([])),
            failure => Err(refusal(failure)),
        });
    }
    if state.updates.is_empty() {
        return None;
    }
    let updates: Vec<Value> = state.updates.iter().take(limit).cloned().collect();
    for update in &updates {
        if !state.given.contains(update) {
            state.given.push(update.clone());
        }
    }
    Some(Ok(json!(updates)))
}

fn send(state: &mut State, params: &Value, document: Option<Document>) -> Answer {
    let chat_id = params["chat_id"]
        .as_i64()
        .ok_or_else(|| bad_request("chat not found"))?;
    let field = if document.is_some() {
        "caption"
    } else {
        "text"
    };
    let text = params[field].as_str().unwrap_or_default().to_owned();
    let parse_mode = params["parse_mode"].as_str().map(str::to_owned);
    let longest = if document.is_some() {
        LONGEST_CAPTION
    } else {
        LONGEST_TEXT
    };
    check_text(&text, parse_mode.as_deref(), longest)?;
    if text.trim().is_empty() && document.is_none() {
        return Err(bad_request("message text is empty"));
    }
    let buttons = buttons(&params["reply_markup"])?;
    state.last_message_id += 1;
    let message = Message {
        id: state.last_message_id,
        chat_id,
        versions: vec![text.clone()],
        text,
        parse_mode,
        buttons,
        document,
        deleted: false,
        read: false,
    };
    let answer = message.as_json();
    state.messages.push(message);
    Ok(answer)
}

fn edit(state: &mut State, params: &Value) -> Answer {
    let id = params["message_id"].as_i64();
    let parse_mode = params["parse_mode"].as_str().map(str::to_owned);
    let buttons = buttons(&params["reply_markup"])?;
    let message = state
        .messages
        .iter_mut()
        .find(|message| {
            Some(message.id) == id
                && params["chat_id"].as_i64() == Some(message.chat_id)
                && !message.deleted
        })
        .ok_or_else(|| bad_request("message to edit not found"))?;
    let text = params["text"]
        .as_str()
        .map_or_else(|| message.text.clone(), str::to_owned);
    check_text(&text, parse_mode.as_deref(), LONGEST_TEXT)?;
    if text == message.text && buttons == message.buttons {
        return Err(bad_request(
            "message is not modified: specified new message content and reply markup are exactly the same \
             as a current content and reply markup of the message",
        ));
    }
    if params.get("text").is_some() {
        message.parse_mode = parse_mode;
        message.versions.push(text.clone());
    }
    message.text = text;
    message.buttons = buttons;
    Ok(message.as_json())
}

fn delete(state: &mut State, params: &Value) -> Answer {
    let id = params["message_id"].as_i64();
    let message = state
        .messages
        .iter_mut()
        .find(|message| Some(message.id) == id && !message.deleted)
        .ok_or_else(|| bad_request("message to delete not found"))?;
    message.deleted = true;
    Ok(json!(true))
}

fn check_text(
    text: &str,
    parse_mode: Option<&str>,
    longest: usize,
) -> Result<(), (StatusCode, String, Option<u32>)> {
    let plain = match parse_mode {
        Some("HTML") => {
            html::check(text).map_err(|description| bad_request(&description))?;
            html::plain(text)
        }
        _ => text.to_owned(),
    };
    if plain.encode_utf16().count() > longest {
        return Err(bad_request("message is too long"));
    }
    Ok(())
}

fn buttons(markup: &Value) -> Result<Vec<Button>, (StatusCode, String, Option<u32>)> {
    // In a form the keyboard comes as text.
    let parsed = markup
        .as_str()
        .and_then(|text| serde_json::from_str(text).ok());
    let markup: &Value = parsed.as_ref().unwrap_or(markup);
    let rows = markup["inline_keyboard"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let mut buttons = Vec::new();
    for button in rows.iter().filter_map(Value::as_array).flatten() {
        let data = button["callback_data"].as_str().unwrap_or_default();
        let is_link = button.get("url").is_some();
        if !is_link && !(1..=LONGEST_BUTTON_DATA).contains(&data.len()) {
            return Err(bad_request("BUTTON_DATA_INVALID"));
        }
        buttons.push(Button {
            text: button["text"].as_str().unwrap_or_default().to_owned(),
            data: data.to_owned(),
        });
    }
    Ok(buttons)
}

fn parameters(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Option<(Value, Option<Document>)> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if content_type.starts_with("multipart/form-data") {
        return multipart::parse(content_type, body);
    }
    if !body.is_empty() {
        return Some((serde_json::from_slice(body).ok()?, None));
    }
    let address = reqwest::Url::parse(&format!("http://telegram{uri}")).ok()?;
    let pairs = address.query_pairs().map(|(key, text)| {
        let number = text.parse::<i64>().ok().map(|number| json!(number));
        (key.into_owned(), number.unwrap_or_else(|| json!(text)))
    });
    Some((Value::Object(pairs.collect()), None))
}

fn refusal(failure: Failure) -> (StatusCode, String, Option<u32>) {
    match failure {
        Failure::TooManyRequests(seconds) => (
            StatusCode::TOO_MANY_REQUESTS,
            format!("Too Many Requests: retry after {seconds}"),
            Some(seconds),
        ),
        Failure::Conflict => (
            StatusCode::CONFLICT,
            "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running".to_owned(),
            None,
        ),
        Failure::Blocked => (StatusCode::FORBIDDEN, "Forbidden: bot was blocked by the user".to_owned(), None),
        Failure::BadRequest(description) => bad_request(&description),
        Failure::ServerError | Failure::CutOff | Failure::AnswerLost | Failure::Hang => {
            (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error".to_owned(), None)
        }
    }
}

fn bad_request(description: &str) -> (StatusCode, String, Option<u32>) {
    (
        StatusCode::BAD_REQUEST,
        format!("Bad Request: {description}"),
        None,
    )
}

fn render(answer: Answer) -> Response {
    let (status, body) = match answer {
        Ok(result) => (StatusCode::OK, json!({ "ok": true, "result": result })),
        Err((status, description, retry_after)) => {
            let mut body =
                json!({ "ok": false, "error_code": status.as_u16(), "description": description });
            if let Some(seconds) = retry_after {
                body["parameters"] = json!({ "retry_after": seconds });
            }
            (status, body)
        }
    };
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

fn cut_off() -> Response {
    let broken = futures_util::stream::iter([
        Ok(Bytes::from_static(b"{\"ok\":")),
        Err(std::io::Error::other("cut off")),
    ]);
    Body::from_stream(broken).into_response()
}
