//! The keys that exist, read from `default.toml`, and what their values may be.

use toml::Value;
use toml::de::{DeTable, DeValue};

use crate::env::{KEY_PREFIX, KEY_SEPARATOR};
use crate::value;

/// The compiled-in defaults.
pub(crate) const DEFAULT_TOML: &str = include_str!("../default.toml");

/// Keys whose value is never printed.
pub(crate) const SECRET_KEYS: &[&str] = &["telegram.token", "hooks.token"];

/// Keys that name a URL; user info in them is never printed.
pub(crate) const URL_KEYS: &[&str] = &[
    "store.url",
    "throttle.url",
    "rag.url",
    "llm.url",
    "telegram.api_url",
    "hooks.url",
];

/// The free map from rule or field to its setting.
pub(crate) const RULES: &str = "guard.rules";
/// The list of exception tables.
pub(crate) const EXCEPTIONS: &str = "guard.exceptions";
/// The fields of an exception that must be there.
pub(crate) const EXCEPTION_FIELDS: &[&str] = &["rule", "command", "until", "reason"];
/// The field of an exception that may be left out.
pub(crate) const EXCEPTION_WHO: &str = "who";

/// Describes one key of `default.toml`.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    /// `section.name`.
    pub(crate) path: String,
    /// The default.
    pub(crate) default: Value,
    /// The default as it is written in the file.
    pub(crate) default_text: &'static str,
    /// The comment above it.
    pub(crate) doc: String,
}

impl Key {
    /// Returns the section's name.
    pub(crate) fn section(&self) -> &str {
        self.path.split_once('.').map_or("", |(section, _)| section)
    }

    /// Returns the name within the section.
    pub(crate) fn name(&self) -> &str {
        self.path.split_once('.').map_or("", |(_, name)| name)
    }

    /// Returns the environment variable that sets it.
    pub(crate) fn variable(&self) -> String {
        format!(
            "{KEY_PREFIX}{}",
            self.path.to_uppercase().replace('.', KEY_SEPARATOR)
        )
    }

    /// Returns what the items of its list are.
    pub(crate) fn items(&self) -> Items {
        match self.path.as_str() {
            "telegram.chats" => Items::ChatIds,
            "local.admins" | "local.operators" | "local.viewers" => Items::Uids,
            "telegram.admins" | "telegram.operators" | "telegram.viewers" => Items::UserIds,
            EXCEPTIONS => Items::Exceptions,
            _ => Items::Texts,
        }
    }
}

/// Says what a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Items {
    /// Telegram users.
    UserIds,
    /// Telegram chats.
    ChatIds,
    /// Users of this machine.
    Uids,
    /// Strings.
    Texts,
    /// Tables with the [`EXCEPTION_FIELDS`].
    Exceptions,
}

impl Items {
    /// Names the list in a message.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::UserIds => "a list of Telegram user ids (positive numbers)",
            Self::ChatIds => "a list of Telegram chat ids (numbers, negative for groups)",
            Self::Uids => "a list of user ids (numbers as `id -u` prints them)",
            Self::Texts => "a list of strings",
            Self::Exceptions => "a list of tables with rule, command, until and reason",
        }
    }
}

/// Returns the smallest and the largest value of a number's key.
pub(crate) fn range(path: &str) -> (i64, i64) {
    match path {
        "llm.timeout_s" | "deploy.health_window_s" => (1, 3600),
        "llm.context" => (512, 1_048_576),
        "hooks.deadline_ms" => (1, 10_000),
        "hooks.prompt_deadline_ms" => (1, 30_000),
        "hooks.approve_wait_s" => (0, 3600),
        "hooks.context_chars" => (0, 10_000),
        "hooks.away_after_s" => (0, 86_400),
        "hooks.keep_days" => (1, 3650),
        "health.timeout_s" => (1, 300),
        "health.failures" | "health.successes" | "deploy.gate_successes" => (1, 100),
        "health.concurrency" => (1, 1024),
        "health.interval_s" | "deploy.timeout_s" => (1, 86_400),
        "deploy.keep_versions" => (1, 1000),
        // A key that is forgotten here takes no number at all, which the test of the ranges shows.
        _ => (0, -1),
    }
}

/// Reads the keys of `default.toml` in the order of the file.
pub(crate) fn keys() -> Vec<Key> {
    let document = DeTable::parse(DEFAULT_TOML).expect("a test parses default.toml");
    let mut keys = Vec::new();
    for (section, table) in document.get_ref() {
        let DeValue::Table(table) = table.get_ref() else {
            continue;
        };
        for (name, value) in table {
            let position = name.span().start;
            let key = Key {
                path: format!("{}.{}", section.get_ref(), name.get_ref()),
                default: value::owned(value.get_ref()).expect("default.toml holds plain values"),
                default_text: &DEFAULT_TOML[value.span()],
                doc: comment_above(position),
            };
            keys.push((position, key));
        }
    }
    keys.sort_by_key(|(position, _)| *position);
    keys.into_iter().map(|(_, key)| key).collect()
}

/// Returns the comment in the line before a position.
fn comment_above(position: usize) -> String {
    let line = DEFAULT_TOML[..position]
        .lines()
        .next_back()
        .unwrap_or_default();
    line.strip_prefix('#').unwrap_or_default().trim().to_owned()
}
