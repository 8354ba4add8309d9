//! Persons, chats and the bot, as Telegram writes them.

use serde_json::{Value, json};

pub(super) fn user(id: i64) -> Value {
    json!({ "id": id, "is_bot": false, "first_name": format!("Person {id}"), "username": format!("person{id}"), "language_code": "en" })
}

pub(super) fn bot() -> Value {
    json!({ "id": 1_234_567_890, "is_bot": true, "first_name": "Fjord", "username": "fjord_test_bot" })
}

pub(super) fn chat(id: i64) -> Value {
    if id < 0 {
        json!({ "id": id, "type": "supergroup", "title": "Operations" })
    } else {
        json!({ "id": id, "type": "private", "first_name": format!("Person {id}"), "username": format!("person{id}") })
    }
}

/// Telegram marks a command at the start of a text.
pub(super) fn command_entities(text: &str) -> Option<Value> {
    let command = text.strip_prefix('/')?.split_whitespace().next()?;
    Some(
        json!([{ "type": "bot_command", "offset": 0, "length": command.encode_utf16().count() + 1 }]),
    )
}
