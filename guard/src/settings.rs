//! What the configuration says about rules.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Verdict;

/// How one rule or one field of rules is set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RuleSetting {
    /// The rule's own verdict stands.
    #[default]
    On,
    /// The rule says nothing.
    Off,
    /// Every finding of the rule is an `ask`.
    Ask,
    /// Every finding of the rule is a `deny`.
    Deny,
}

/// A command that a person has let through for a time.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// The rule it lets through; empty: any.
    #[serde(default)]
    pub rule: String,
    /// All words of the parsed command, in order: `docker volume rm scratch-*`. A `*` fits any text
    /// in a word; a last word that is nothing but `*` fits any further words. Quotes keep blanks in a word.
    pub command: String,
    /// Where the command runs: a host, such as `docker exec`, or empty for this machine.
    #[serde(default)]
    pub place: String,
    /// The absolute folder it must run in or below; empty: any.
    #[serde(default)]
    pub folder: String,
    /// The strictest verdict it lets through; none: any.
    #[serde(default)]
    pub up_to: Option<Verdict>,
    /// Why.
    #[serde(default)]
    pub reason: String,
    /// Who allowed it.
    #[serde(default)]
    pub who: String,
    /// The last moment it counts, as `2026-01-31` or `2026-01-31T10:00:00Z`.
    #[serde(default)]
    pub until: String,
}

/// The guard's part of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// By rule id (`git.reset-hard`) or field (`git`); the id wins.
    pub rules: BTreeMap<String, RuleSetting>,
    /// Commands let through for a time.
    pub exceptions: Vec<Exception>,
    /// The time now in UTC as `2026-01-31T10:00:00Z`. Without it no exception counts.
    pub today: Option<String>,
}

impl Settings {
    /// The setting of one rule.
    pub fn of(&self, field: &str, id: &str) -> RuleSetting {
        self.rules
            .get(id)
            .or_else(|| self.rules.get(field))
            .copied()
            .unwrap_or_default()
    }

    /// The exceptions that still count.
    pub fn live_exceptions(&self) -> impl Iterator<Item = &Exception> {
        let today = self.today.as_deref().unwrap_or_default();
        self.exceptions.iter().filter(move |exception| {
            // A date counts to its end; texts of one form order like the times they name.
            let length = exception.until.len();
            !today.is_empty()
                && length >= 10
                && today
                    .get(..length.min(today.len()))
                    .is_some_and(|now| now <= exception.until.as_str())
        })
    }
}

impl Settings {
    /// Takes the configured rules and exceptions and those that people made by `fjord guard allow`, at a time
    /// written as `2026-01-31T10:00:00Z`.
    pub fn of_person(guard: &config::Guard, allowed: &[config::Allowed], now: String) -> Self {
        let mut settings = Self::from(guard);
        settings
            .exceptions
            .extend(allowed.iter().flat_map(|allowed| {
                let up_to = match allowed.up_to {
                    config::Strictness::Ask => Verdict::Ask,
                    config::Strictness::Deny => Verdict::Deny,
                };
                allowed.rules.iter().map(move |rule| Exception {
                    rule: rule.clone(),
                    command: allowed.command.clone(),
                    place: allowed.place.clone(),
                    folder: allowed.folder.clone(),
                    up_to: Some(up_to),
                    reason: allowed.reason.clone(),
                    who: allowed.who.clone(),
                    until: allowed.until.clone(),
                })
            }));
        settings.today = Some(now);
        settings
    }
}

impl From<&config::Guard> for Settings {
    /// Takes the configured rules and exceptions; [`Settings::today`] stays unset.
    fn from(guard: &config::Guard) -> Self {
        let rules = guard.rules.iter().map(|(name, setting)| {
            let setting = match setting {
                config::RuleSetting::On => RuleSetting::On,
                config::RuleSetting::Off => RuleSetting::Off,
                config::RuleSetting::Ask => RuleSetting::Ask,
                config::RuleSetting::Deny => RuleSetting::Deny,
            };
            (name.clone(), setting)
        });
        let exceptions = guard.exceptions.iter().map(|exception| Exception {
            rule: exception.rule.clone(),
            command: exception.command.clone(),
            reason: exception.reason.clone(),
            who: exception.who.clone(),
            until: exception.until.clone(),
            ..Exception::default()
        });
        Self {
            rules: rules.collect(),
            exceptions: exceptions.collect(),
            today: None,
        }
    }
}
