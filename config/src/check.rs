//! Checks one value of one layer. Messages never repeat a value, because it may be a secret.

use toml::Value;

use crate::schema::{self, EXCEPTION_FIELDS, EXCEPTION_WHO, EXCEPTIONS, Items, Key, RULES};
use crate::suggest::{did_you_mean, printable};
use crate::value::{expected, kind};

/// More rules or items than this are no configuration, and would cost `fjord-hook` its deadline.
pub(crate) const MOST_ITEMS: usize = 1000;
/// The longest name of a rule.
const MOST_NAME_CHARS: usize = 100;

/// What is wrong inside a value: the path to it, and the message.
pub(crate) type Finding = (String, String);

/// Checks a value against its key. `path` is the key's, or for one of the free map `guard.rules.NAME`.
pub(crate) fn check(key: &Key, path: &str, value: &Value) -> Result<(), Finding> {
    let refuse = |message: String| Err((path.to_owned(), format!("`{path}` {message}")));
    if path != key.path {
        return check_setting(path, value);
    }
    if !value.same_type(&key.default) {
        let wanted = match key.default {
            Value::Array(_) => key.items().describe(),
            ref default => expected(default),
        };
        return refuse(format!("must be {wanted}, not {}", kind(value)));
    }
    match value {
        Value::Integer(number) => {
            let (least, most) = schema::range(path);
            if (least..=most).contains(number) {
                Ok(())
            } else {
                refuse(format!("must be between {least} and {most}, not {number}"))
            }
        }
        Value::String(text) => check_text(path, text).or_else(refuse),
        Value::Array(items) if items.len() > MOST_ITEMS => {
            refuse(format!("must have at most {MOST_ITEMS} items"))
        }
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            check_item(key.items(), &format!("{path}[{index}]"), item)
        }),
        _ => Ok(()),
    }
}

fn check_setting(path: &str, value: &Value) -> Result<(), Finding> {
    let name = &path[RULES.len() + 1..];
    if name.is_empty() || name.len() > MOST_NAME_CHARS || name.contains(char::is_control) {
        let message = format!(
            "`{RULES}` has a name that no rule can have: `{}`",
            printable(name)
        );
        return Err((path.to_owned(), message));
    }
    let words = ["on", "off", "ask", "deny"];
    if value.as_str().is_some_and(|word| words.contains(&word)) {
        return Ok(());
    }
    let hint = if value.is_bool() {
        "; write \"on\" or \"off\" in quotes"
    } else {
        ""
    };
    Err((
        path.to_owned(),
        format!("`{path}` must be \"on\", \"off\", \"ask\" or \"deny\"{hint}"),
    ))
}

fn check_item(items: Items, path: &str, item: &Value) -> Result<(), Finding> {
    let fits = match (items, item) {
        (Items::UserIds, Value::Integer(id)) => *id > 0,
        (Items::ChatIds, Value::Integer(id)) => *id != 0,
        (Items::Uids, Value::Integer(id)) => u32::try_from(*id).is_ok(),
        (Items::Texts, Value::String(text)) => !text.trim().is_empty(),
        (Items::Exceptions, Value::Table(fields)) => return check_exception(path, fields),
        _ => false,
    };
    if fits {
        return Ok(());
    }
    let key = path.split('[').next().unwrap_or(path);
    Err((
        path.to_owned(),
        format!("`{key}` must be {}; see `{path}`", items.describe()),
    ))
}

fn check_exception(path: &str, fields: &toml::Table) -> Result<(), Finding> {
    for (name, value) in fields {
        if name == EXCEPTION_WHO {
            if !value.is_str() {
                let path = format!("{path}.{name}");
                let message = format!("`{path}` must be a string, not {}", kind(value));
                return Err((path, message));
            }
        } else if !EXCEPTION_FIELDS.contains(&name.as_str()) {
            let hint = did_you_mean(name, EXCEPTION_FIELDS.iter().copied()).unwrap_or_default();
            return Err((
                format!("{path}.{name}"),
                format!("unknown key `{path}.{}`{hint}", printable(name)),
            ));
        }
    }
    for name in EXCEPTION_FIELDS {
        let path = format!("{path}.{name}");
        let message = match fields.get(*name) {
            None => format!("`{EXCEPTIONS}` needs `{name}` in every table; `{path}` is missing"),
            Some(Value::String(text)) if text.trim().is_empty() => {
                format!("`{path}` must not be empty")
            }
            Some(Value::String(text)) if *name == "until" && !is_day(text) => {
                format!("`{path}` must be a day such as \"2027-01-31\"")
            }
            Some(Value::String(_)) => continue,
            Some(other) => format!("`{path}` must be a string, not {}", kind(other)),
        };
        return Err((path, message));
    }
    Ok(())
}

fn check_text(path: &str, text: &str) -> Result<(), String> {
    if text.chars().any(char::is_control) {
        return Err("must be one line without control characters".to_owned());
    }
    match path {
        "store.url" => check_url(
            text,
            &["sqlite", "postgres", "postgresql"],
            UserInfo::Allowed,
        ),
        "throttle.url" => check_url(text, &["redis", "rediss"], UserInfo::Allowed),
        "rag.url" => check_url(text, &["http", "https"], UserInfo::Allowed),
        "telegram.api_url" if text.is_empty() => Err("must not be empty".to_owned()),
        "llm.url" | "telegram.api_url" => check_url(text, &["http", "https"], UserInfo::Refused),
        "hooks.url" => check_hooks_url(text),
        "telegram.token" if !text.is_empty() && !is_bot_token(text) => {
            Err("must be the token as @BotFather shows it, `<numbers>:<letters>`".to_owned())
        }
        "hooks.token" if text.contains(char::is_whitespace) => {
            Err("must not contain blanks".to_owned())
        }
        "brief.timezone" if text.is_empty() => {
            Err("must name a time zone such as Europe/Berlin".to_owned())
        }
        "log.level" => check_level(text),
        _ => Ok(()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum UserInfo {
    Allowed,
    Refused,
}

/// Checks the parts of a URL that no server could make sense of; the rest is found when it is opened.
fn check_url(text: &str, schemes: &[&str], user_info: UserInfo) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let wanted = || {
        let schemes: Vec<String> = schemes
            .iter()
            .map(|scheme| format!("{scheme}://"))
            .collect();
        format!("must be a URL that begins with {}", schemes.join(" or "))
    };
    let (scheme, rest) = match text.split_once("://") {
        Some(parts) => parts,
        // `sqlite::memory:` and `sqlite:file.db` are what sqlx takes as well.
        None if text.starts_with("sqlite:") && schemes.contains(&"sqlite") => return Ok(()),
        None => return Err(wanted()),
    };
    if !schemes.contains(&scheme) {
        return Err(wanted());
    }
    if rest.contains(char::is_whitespace) && scheme != "sqlite" {
        return Err("must not contain blanks".to_owned());
    }
    if user_info == UserInfo::Refused && rest.contains('@') {
        return Err(
            "must not hold a user name or a password, because it is shown in logs".to_owned(),
        );
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if host.is_empty() && scheme.starts_with("http") {
        return Err("must name a host".to_owned());
    }
    Ok(())
}

/// The token travels with every call, so it may leave this machine only encrypted.
fn check_hooks_url(text: &str) -> Result<(), String> {
    check_url(text, &["https", "http", "unix"], UserInfo::Refused)?;
    let Some(rest) = text.strip_prefix("http://") else {
        return Ok(());
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    if ["127.0.0.1", "localhost", "::1"].contains(&host) {
        Ok(())
    } else {
        Err(
            "must be https:// for another machine; or forward its socket with ssh and use unix://"
                .to_owned(),
        )
    }
}

fn is_bot_token(text: &str) -> bool {
    text.split_once(':').is_some_and(|(id, secret)| {
        !id.is_empty()
            && id.bytes().all(|byte| byte.is_ascii_digit())
            && !secret.is_empty()
            && secret
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
    })
}

fn check_level(text: &str) -> Result<(), String> {
    let levels = ["off", "error", "warn", "info", "debug", "trace"];
    let fits = text.split(',').all(|part| {
        let level = part.rsplit('=').next().unwrap_or_default().trim();
        levels.contains(&level)
    });
    if fits {
        Ok(())
    } else {
        Err(format!(
            "must be one of {}, or such as info,sqlx=warn",
            levels.join(", ")
        ))
    }
}

/// Tells whether text is a day of the calendar, `YYYY-MM-DD`.
fn is_day(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return false;
    }
    let number = |range: std::ops::Range<usize>| -> Option<u32> {
        let digits = text.get(range)?;
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| digits.parse().ok())?
    };
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(5..7), number(8..10)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// Tells whether a path lies in the free map of rules.
pub(crate) fn is_rule(path: &str) -> bool {
    path.strip_prefix(RULES)
        .is_some_and(|rest| rest.starts_with('.'))
}
