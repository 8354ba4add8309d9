//! The configuration as types: one struct per section of `default.toml`.
//!
//! Code takes the section it needs, not the tree.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::Paths;
use crate::schema::DEFAULT_TOML;

/// Holds the merged configuration.
///
/// Its `Debug` shows no secret. `default()` is `default.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where rows are kept.
    pub store: Store,
    /// What holds throttles and locks.
    pub throttle: Throttle,
    /// Where passages are searched.
    pub rag: Rag,
    /// What a coding agent may do.
    pub guard: Guard,
    /// The language model.
    pub llm: Llm,
    /// The bot.
    pub telegram: Telegram,
    /// The hook handler of the coding agent.
    pub hooks: Hooks,
    /// Health checks.
    pub health: Health,
    /// Deployments.
    pub deploy: Deploy,
    /// Roles of the users of this machine.
    pub local: Local,
    /// The scheduled brief.
    pub brief: Brief,
    /// What is logged.
    pub log: Log,
}

impl Default for Config {
    fn default() -> Self {
        toml::from_str(DEFAULT_TOML).expect("a test reads default.toml into these types")
    }
}

/// Says where rows are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// `sqlite://` or `postgres://` URL, which may hold a password; empty: see [`Store::resolved_url`].
    pub url: SecretString,
}

impl Store {
    /// Returns the URL to open: the configured one, or the SQLite file in the data folder.
    pub fn resolved_url(&self, paths: &Paths) -> SecretString {
        if self.url.expose_secret().is_empty() {
            paths.store_url().into()
        } else {
            self.url.clone()
        }
    }
}

/// Says what holds throttles and locks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Throttle {
    /// `redis://` or `rediss://` URL, which may hold a password; empty: rows in the store.
    pub url: SecretString,
}

/// Says where passages are searched.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rag {
    /// Chroma's URL, which may hold a password; empty: embedded full text.
    pub url: SecretString,
}

/// Says how strict the guard is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// By rule id or field; what is not named is [`RuleSetting::On`].
    pub rules: BTreeMap<String, RuleSetting>,
    /// Commands that pass a rule until a day.
    pub exceptions: Vec<Exception>,
}

impl Guard {
    /// Returns what a rule or field is set to: by its own name, else by the field's.
    pub fn setting(&self, rule: &str) -> RuleSetting {
        self.rules
            .get(rule)
            .or_else(|| self.rules.get(field_of(rule)))
            .copied()
            .unwrap_or_default()
    }
}

/// Returns the field of a rule: `git` of `git.clean`.
pub(crate) fn field_of(rule: &str) -> &str {
    rule.split('.').next().unwrap_or(rule)
}

/// Sets one rule or field of the guard.
///
/// Ordered by strictness: a later one never lets more pass than an earlier one. `On` stands above
/// `Ask` because a rule's own verdict may be a denial.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleSetting {
    /// The rule is not applied.
    Off,
    /// The rule asks, also where its own verdict is a denial.
    Ask,
    /// The rule's own verdict.
    #[default]
    On,
    /// The rule denies, also where its own verdict is a question.
    Deny,
}

impl RuleSetting {
    /// Returns the word that stands in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Ask => "ask",
            Self::On => "on",
            Self::Deny => "deny",
        }
    }
}

/// Lets commands pass a rule until a day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exception {
    /// The rule's id.
    pub rule: String,
    /// All words of the commands: `*` fits within a word, a last word `*` fits the rest; never empty.
    pub command: String,
    /// The last day, `YYYY-MM-DD`; the day is checked, so these compare as text.
    pub until: String,
    /// Why, for whoever reads it later; never empty.
    pub reason: String,
    /// Who decided it; may be left out.
    #[serde(default)]
    pub who: String,
}

/// Names the language model.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Llm {
    /// Longest wait for one answer, seconds.
    pub timeout_s: u64,
    /// Ollama's URL, without user and password; empty: no model.
    pub url: String,
    /// Model for prose; empty: none.
    pub model: String,
    /// Model for vectors; empty: full text only.
    pub embed_model: String,
    /// Context window, tokens.
    pub context: u32,
}

/// Sets up the bot.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telegram {
    /// The bot's token; empty: no bot.
    pub token: SecretString,
    /// The Bot API's URL.
    pub api_url: String,
    /// User ids that may do everything.
    pub admins: Vec<u64>,
    /// User ids that may deploy and roll back.
    pub operators: Vec<u64>,
    /// User ids that may look.
    pub viewers: Vec<u64>,
    /// Chats that get alerts and briefs; groups are negative.
    pub chats: Vec<i64>,
}

/// Bounds the hook handler.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hooks {
    /// Longest wait of a tool call, milliseconds.
    pub deadline_ms: u64,
    /// Longest wait of a prompt, milliseconds.
    pub prompt_deadline_ms: u64,
    /// Longest wait for an approval, seconds; 0: none.
    pub approve_wait_s: u64,
    /// Most context added to a prompt, UTF-16 units, at most 10,000.
    pub context_chars: usize,
    /// Idle time after which the person is away, seconds.
    pub away_after_s: u64,
    /// Folders and patterns without recording and context; the guard still judges there.
    pub ignore: Vec<String>,
    /// How long events are kept, days.
    pub keep_days: u32,
    /// A Fjord elsewhere; empty: the local socket.
    pub url: String,
    /// The token for it; empty: none.
    pub token: SecretString,
}

// Written out, because `fjord-hook` starts without reading default.toml; a test compares the two.
impl Default for Hooks {
    fn default() -> Self {
        Self {
            deadline_ms: 150,
            prompt_deadline_ms: 800,
            approve_wait_s: 120,
            context_chars: 4000,
            away_after_s: 120,
            ignore: Vec::new(),
            keep_days: 90,
            url: String::new(),
            token: SecretString::default(),
        }
    }
}

/// Times the health checks.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// Time between two checks, seconds.
    pub interval_s: u64,
    /// Longest wait for one check, seconds.
    pub timeout_s: u64,
    /// Failed checks in a row until unhealthy.
    pub failures: u32,
    /// Good checks in a row until healthy.
    pub successes: u32,
    /// Checks at once.
    pub concurrency: usize,
}

/// Times the deployments.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deploy {
    /// Longest run of a deploy command, seconds.
    pub timeout_s: u64,
    /// How long a new version has to become healthy, seconds.
    pub health_window_s: u64,
    /// Versions offered for a roll back.
    pub keep_versions: u32,
    /// Whether a version that fails its health check is rolled back.
    pub auto_rollback: bool,
    /// Good answers in a row until healthy.
    pub gate_successes: u32,
}

/// Gives roles to users of this machine, by uid; whoever is in no list is an operator.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Local {
    /// May do everything.
    pub admins: Vec<u32>,
    /// May deploy and roll back.
    pub operators: Vec<u32>,
    /// May look.
    pub viewers: Vec<u32>,
}

/// Times the brief that goes to `telegram.chats`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brief {
    /// A cron expression, checked by the agent; empty: never.
    pub cron: String,
    /// An IANA time zone name, checked by the agent.
    pub timezone: String,
}

/// Says what is logged.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// A level, or levels by module as `tracing` reads them.
    pub level: String,
}

/// Takes the section's default from `default.toml`.
macro_rules! default_from_file {
    ($($section:ident: $field:ident),*) => {
        $(impl Default for $section {
            fn default() -> Self {
                Config::default().$field
            }
        })*
    };
}

default_from_file!(
    Store: store, Throttle: throttle, Rag: rag, Llm: llm, Telegram: telegram, Health: health,
    Deploy: deploy, Local: local, Brief: brief, Log: log
);
