//! Whether a word that is also an ordinary one means the thing that runs.

use std::ops::Range;

use super::words::Word;

/// Words that tell nothing by themselves: English as documentation writes it, everyday words, and what services and
/// programs are usually called.
const COMMON: &str = include_str!("../common.txt");
/// What is said of something that runs, and seldom of code.
const OF_OPERATION: &[&str] = &[
    "500",
    "500s",
    "502",
    "502s",
    "503",
    "503s",
    "504",
    "504s",
    "alert",
    "alerts",
    "crash",
    "crashed",
    "crashes",
    "crashing",
    "crashloop",
    "degraded",
    "deploy",
    "deployed",
    "deploying",
    "deployment",
    "deployments",
    "deploys",
    "down",
    "downtime",
    "failing",
    "flapping",
    "healthy",
    "hanging",
    "hangs",
    "incident",
    "incidents",
    "killed",
    "latency",
    "lagging",
    "logs",
    "maintenance",
    "oom",
    "outage",
    "outages",
    "overloaded",
    "prod",
    "production",
    "reachable",
    "reboot",
    "rebooted",
    "redeploy",
    "redeployed",
    "released",
    "responding",
    "responds",
    "restart",
    "restarted",
    "restarting",
    "restarts",
    "rollback",
    "rolled",
    "rollout",
    "slow",
    "slower",
    "slowly",
    "staging",
    "stuck",
    "timeouts",
    "timing",
    "unavailable",
    "unhealthy",
    "unreachable",
    "uptime",
    "offline",
    "online",
];
/// What is said of both: counts when it is the one thing and not some thing.
const OF_BOTH: &[&str] = &[
    "backup",
    "backups",
    "broken",
    "certificate",
    "check",
    "cpu",
    "dependencies",
    "depends",
    "disk",
    "error",
    "errors",
    "failed",
    "fails",
    "happened",
    "health",
    "host",
    "load",
    "look",
    "log",
    "memory",
    "migrate",
    "migration",
    "port",
    "release",
    "restore",
    "run",
    "running",
    "runs",
    "scale",
    "serve",
    "serving",
    "start",
    "started",
    "state",
    "status",
    "stop",
    "stopped",
    "timeout",
    "up",
    "upgrade",
    "version",
    "wrong",
    "works",
    "working",
];
/// What makes the word before or after it a thing that runs.
const THINGS: &[&str] = &[
    "box",
    "cluster",
    "container",
    "daemon",
    "host",
    "instance",
    "machine",
    "node",
    "pod",
    "server",
    "service",
    "vm",
];
/// What makes a word stand for any such thing.
const ANY: &[&str] = &[
    "a", "an", "another", "any", "each", "every", "new", "no", "some", "simple", "small", "own",
    "called", "named",
];
/// What makes a word stand for the one.
const THE_ONE: &[&str] = &[
    "the", "our", "my", "is", "are", "on", "of", "did", "does", "has", "was", "to", "with", "why",
    "at", "and", "for", "check", "start", "stop", "upgrade", "scale", "migrate", "restore", "in",
    "can", "will", "should",
];
/// What begins the object of a verb.
const OBJECT: &[&str] = &[
    "a", "an", "it", "my", "our", "the", "them", "these", "through",
];
/// What makes the word after it no verb.
const ARTICLE: &[&str] = &["my", "our", "the"];
/// What makes the word before it a part of code.
const OF_CODE: &[&str] = &[
    "article",
    "book",
    "button",
    "call",
    "calls",
    "class",
    "client",
    "clients",
    "code",
    "column",
    "component",
    "crate",
    "design",
    "directory",
    "doc",
    "docs",
    "documentation",
    "endpoint",
    "endpoints",
    "enum",
    "example",
    "examples",
    "field",
    "file",
    "files",
    "folder",
    "form",
    "function",
    "functions",
    "handler",
    "handlers",
    "helper",
    "hook",
    "interface",
    "key",
    "keys",
    "layer",
    "layout",
    "library",
    "method",
    "methods",
    "model",
    "models",
    "module",
    "modules",
    "package",
    "page",
    "pages",
    "parameter",
    "parser",
    "pattern",
    "query",
    "reference",
    "request",
    "requests",
    "response",
    "responses",
    "route",
    "routes",
    "schema",
    "script",
    "spec",
    "struct",
    "table",
    "test",
    "tests",
    "token",
    "tokens",
    "trait",
    "tutorial",
    "type",
    "types",
    "variable",
    "view",
];
/// What follows a tag of servers.
const OF_MACHINES: &[&str] = &["boxes", "fleet", "hosts", "machines", "nodes", "servers"];
/// What stands before a tag of servers.
const BEFORE_A_TAG: &[&str] = &["label", "labelled", "labeled", "tag", "tagged"];
/// How far before a name an article may stand.
const REACH: usize = 2;

/// Whether the words of this range mean what bears the name.
pub(super) fn is_meant(words: &[Word], range: Range<usize>, name: &str) -> bool {
    if !is_ordinary(name) {
        // In a path, only what cannot be a folder of any project.
        return !words[range.start].is_path
            || name.contains(|sign: char| sign.is_ascii_digit() || sign == '-');
    }
    let word = &words[range.start];
    if word.is_path || word.is_code {
        return false;
    }
    if word.is_marked && range.len() == 1 {
        return true;
    }
    let near = |at: Option<usize>| {
        at.and_then(|at| words.get(at))
            .filter(|near| near.sentence == word.sentence)
            .map_or("", |near| near.text.as_str())
    };
    let before = near(range.start.checked_sub(1));
    let after = near(Some(range.end));
    let is_any = (1..=REACH).any(|back| ANY.contains(&near(range.start.checked_sub(back))));
    if is_any || OF_CODE.contains(&after) {
        return false;
    }
    // `search the logs` asks for a search.
    if OBJECT.contains(&after) && !ARTICLE.contains(&before) {
        return false;
    }
    // `the shop service`, and `server db`.
    if THINGS.contains(&after) || (THINGS.contains(&before) && !is_common_thing(name)) {
        return true;
    }
    let sentence = || {
        words
            .iter()
            .enumerate()
            .filter(|(at, near)| near.sentence == word.sentence && !range.contains(at))
    };
    let says = |list: &[&str]| sentence().any(|(_, near)| list.contains(&near.text.as_str()));
    let is_the_one = THE_ONE.contains(&before) || range.start == 0 || before.is_empty();
    says(OF_OPERATION) || (is_the_one && says(OF_BOTH))
}

/// Whether a word is a tag that stands for its servers.
pub(super) fn is_tag(words: &[Word], at: usize, tag: &str) -> bool {
    let word = &words[at];
    if word.is_tagged {
        return true;
    }
    let near = |at: Option<usize>| {
        at.and_then(|at| words.get(at))
            .map_or("", |near| near.text.as_str())
    };
    let before = near(at.checked_sub(1));
    OF_MACHINES.contains(&near(Some(at + 1)))
        || BEFORE_A_TAG.contains(&before)
        || (!word.is_path
            && !word.is_code
            && !is_ordinary(tag)
            && tag.contains(|sign: char| sign.is_ascii_digit() || sign == '-'))
}

/// Whether each part of a name is an ordinary word.
fn is_ordinary(name: &str) -> bool {
    name.split(['-', '_', '.']).all(|part| {
        part.chars().count() < 3 && part.chars().all(char::is_alphabetic) || is_common(part)
    })
}

/// Whether a word is an ordinary one, in any of its forms.
pub(super) fn is_common(word: &str) -> bool {
    let is_there = |form: &str| form.len() > 1 && is_listed(form);
    is_there(word)
        || ["s", "es", "ed", "d", "ing", "ly", "er", "ers"]
            .iter()
            .any(|ending| {
                word.strip_suffix(ending)
                    .is_some_and(|stem| stem.len() > 3 && is_there(stem))
            })
}

/// Looks a word up in the list, which is sorted, without making anything of it first.
fn is_listed(word: &str) -> bool {
    let (mut from, mut to) = (0, COMMON.len());
    while from < to {
        let middle = from + (to - from) / 2;
        // The list is plain ASCII, which a test says.
        let is_blank = |sign: &u8| sign.is_ascii_whitespace();
        let bytes = COMMON.as_bytes();
        let start = bytes[from..middle]
            .iter()
            .rposition(is_blank)
            .map_or(from, |at| from + at + 1);
        let end = bytes[middle..to]
            .iter()
            .position(is_blank)
            .map_or(to, |at| middle + at);
        let found = COMMON.get(start..end).unwrap_or_default();
        match word.cmp(found.trim()) {
            std::cmp::Ordering::Equal => return true,
            std::cmp::Ordering::Less => to = start.saturating_sub(1).max(from),
            std::cmp::Ordering::Greater => from = (end + 1).min(to),
        }
    }
    false
}

fn is_common_thing(name: &str) -> bool {
    THINGS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_list_is_found_in_it() {
        assert!(COMMON.is_ascii());
        let words: Vec<&str> = COMMON.split_ascii_whitespace().collect();
        assert!(words.is_sorted(), "the list is searched by halves");
        assert!(words.iter().all(|word| is_listed(word)));
        for other in ["", "zzzz", "aaaa", "webshop7", "hallo"] {
            assert!(!is_listed(other), "{other}");
        }
    }

    #[test]
    fn a_name_of_ordinary_words_is_ordinary() {
        for (name, expected) in [
            ("api", true),
            ("search", true),
            ("user-service", true),
            ("web1", false),
            ("billing-api", true),
            ("grafana", true),
            ("fjordling", false),
            ("shop-eu2", false),
        ] {
            assert_eq!(is_ordinary(name), expected, "{name}");
        }
    }
}
