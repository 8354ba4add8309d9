//! What `fjord config show` prints, as plain data: secrets are masked here.

use toml::Value;

use crate::check::is_rule;
use crate::problem::Origin;
use crate::schema::{EXCEPTIONS, RULES, SECRET_KEYS, URL_KEYS};

/// What stands in place of a secret; always this long, whatever the secret is.
const MASK: &str = "********";

/// One key as a person may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// `section.name`, or `guard.rules.NAME`.
    pub key: String,
    /// The value as TOML, masked.
    pub value: String,
    /// Where it comes from.
    pub origin: Origin,
}

/// Hides user, password and secret parameters of a URL, and keeps scheme, host and path.
///
/// What is no URL is hidden whole.
pub fn mask_url(url: &str) -> String {
    if url.is_empty() || url.starts_with("sqlite:") {
        return url.to_owned();
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return MASK.to_owned();
    };
    // The last `@` ends the user info, also where a password holds a `/` that should have been encoded.
    let (user_info, rest) = match rest.rsplit_once('@') {
        Some((_, rest)) => (format!("{MASK}@"), rest),
        None => (String::new(), rest),
    };
    let (place, parameters) = match rest.split_once('?') {
        Some((place, parameters)) => (place, format!("?{}", mask_parameters(parameters))),
        None => (rest, String::new()),
    };
    format!("{scheme}://{user_info}{place}{parameters}")
}

/// Returns a value as TOML, masked as its key asks.
pub(crate) fn masked(path: &str, value: &Value) -> String {
    match value {
        Value::String(text) if text.is_empty() => "\"\"".to_owned(),
        Value::String(_) if SECRET_KEYS.contains(&path) => MASK.to_owned(),
        Value::String(text) if URL_KEYS.contains(&path) => {
            Value::String(mask_url(text)).to_string()
        }
        other => other.to_string(),
    }
}

/// Puts a row in the place of the one with the same key; a new rule goes to the other rules.
pub(crate) fn replace(rows: &mut Vec<Shown>, row: Shown) {
    if let Some(old) = rows.iter_mut().find(|old| old.key == row.key) {
        *old = row;
        return;
    }
    if is_rule(&row.key) {
        rows.retain(|old| old.key != RULES);
    }
    let place = rows
        .iter()
        .position(|old| old.key == EXCEPTIONS)
        .unwrap_or(rows.len());
    rows.insert(place, row);
}

fn mask_parameters(parameters: &str) -> String {
    let masked = parameters
        .split('&')
        .map(|parameter| match parameter.split_once('=') {
            Some((name, _)) if is_secret_name(name) => format!("{name}={MASK}"),
            _ => parameter.to_owned(),
        });
    masked.collect::<Vec<_>>().join("&")
}

fn is_secret_name(name: &str) -> bool {
    let name = name.to_lowercase();
    ["pass", "pwd", "secret", "token", "key", "auth"]
        .iter()
        .any(|part| name.contains(part))
}
