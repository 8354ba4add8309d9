//! Tells a name that nothing has from the ordinary words of a complaint.

use super::ORDINARY;
use crate::store::rows::Server;

/// Words that are about something without naming it.
const GENERAL: &[&str] = &[
    "a",
    "again",
    "all",
    "also",
    "always",
    "an",
    "and",
    "app",
    "application",
    "are",
    "be",
    "been",
    "being",
    "but",
    "can",
    "completely",
    "customer",
    "database",
    "deploy",
    "deployment",
    "everything",
    "he",
    "here",
    "homepage",
    "i",
    "it",
    "just",
    "machine",
    "my",
    "network",
    "nobody",
    "not",
    "nothing",
    "now",
    "often",
    "one",
    "or",
    "our",
    "page",
    "prod",
    "production",
    "really",
    "server",
    "service",
    "she",
    "site",
    "so",
    "someone",
    "something",
    "sometimes",
    "staging",
    "still",
    "suddenly",
    "system",
    "that",
    "the",
    "their",
    "there",
    "they",
    "this",
    "today",
    "too",
    "traffic",
    "user",
    "very",
    "we",
    "website",
    "were",
    "what",
    "which",
    "who",
    "why",
    "will",
    "you",
    "your",
];
/// Words that follow a name in a complaint.
const COMPLAINTS: &[&str] = &[
    "broken",
    "crashed",
    "crashes",
    "crashing",
    "dead",
    "does",
    "doesn",
    "down",
    "failing",
    "fails",
    "feels",
    "hanging",
    "hangs",
    "has",
    "is",
    "isn",
    "keeps",
    "offline",
    "responds",
    "restarts",
    "returning",
    "returns",
    "seems",
    "slow",
    "stopped",
    "throws",
    "times",
    "unhealthy",
    "unreachable",
    "was",
];

/// Finds a word that looks like a name: by its form, by what follows or comes before, or alone.
pub(super) fn unknown(words: &[String], servers: &[Server]) -> Option<String> {
    let is_ordinary = |word: &str| {
        GENERAL.contains(&word) || ORDINARY.contains(&word) || COMPLAINTS.contains(&word)
    };
    let looks_like_one = |at: usize, word: &str| {
        let before = at.checked_sub(1).map_or("", |at| words[at].as_str());
        let after = words.get(at + 1).map_or("", String::as_str);
        let by_form = word.contains(['-', '_', '@', '.'])
            || word.contains(char::is_alphabetic) && word.contains(|c: char| c.is_ascii_digit());
        by_form
            || words.len() == 1
            || COMPLAINTS.contains(&after)
            || matches!(before, "service" | "called" | "named")
    };
    words
        .iter()
        .enumerate()
        // `500s` and `5xx` are no names.
        .filter(|(_, word)| word.starts_with(char::is_alphabetic) && !is_ordinary(word))
        .find(|(at, word)| looks_like_one(*at, word))
        .map(|(_, word)| word.clone())
        .filter(|word| !servers.iter().any(|server| server.name == *word))
}
