//! The name of an MCP tool, taken apart: `mcp__server__deleteRepository` is `delete` and `repository`.

use crate::rules::verbs::{self, Deed};

/// Longer names are read to here.
const MOST_LETTERS: usize = 160;

/// Verbs that only look. What they carry is searched for or asked about.
const LOOKS: &[&str] = &[
    "analyze",
    "answer",
    "ask",
    "browse",
    "calculate",
    "check",
    "compare",
    "convert",
    "count",
    "crawl",
    "describe",
    "diff",
    "download",
    "explain",
    "explore",
    "export",
    "extract",
    "fetch",
    "find",
    "get",
    "glob",
    "grep",
    "has",
    "head",
    "help",
    "info",
    "inspect",
    "is",
    "lint",
    "list",
    "look",
    "lookup",
    "ls",
    "monitor",
    "plan",
    "poll",
    "preview",
    "read",
    "research",
    "resolve",
    "retrieve",
    "scan",
    "scrape",
    "search",
    "show",
    "stat",
    "status",
    "suggest",
    "summarize",
    "tail",
    "think",
    "translate",
    "tree",
    "validate",
    "verify",
    "view",
    "wait",
    "watch",
    "whoami",
];

/// Verbs that put a text somewhere, where it is not run.
const TELLS: &[&str] = &[
    "add", "append", "assign", "attach", "comment", "commit", "create", "draft", "edit", "import",
    "insert", "label", "log", "modify", "move", "note", "post", "put", "record", "remember",
    "rename", "replace", "reply", "save", "send", "set", "share", "store", "submit", "tag",
    "update", "upload", "upsert", "write",
];

/// Verbs that run what they are given.
const RUNS: &[&str] = &[
    "apply", "call", "deploy", "enable", "exec", "execute", "install", "invoke", "perform",
    "query", "restart", "run", "scale", "start",
];

/// Verbs that are also the name of something, which a later verb may delete.
const NAMES: &[&str] = &[
    "comment", "deploy", "draft", "export", "import", "label", "log", "note", "plan", "post",
    "query", "record", "run", "search", "share", "store", "tag", "tree",
];

/// What a query in plain words goes to.
const TEXTS: &[&str] = &[
    "doc",
    "documentation",
    "issue",
    "knowledge",
    "log",
    "loki",
    "memory",
    "metric",
    "page",
    "prometheus",
    "rag",
    "symbol",
    "trace",
    "wiki",
];

/// Servers that drive a browser: what they run, they run in a page.
const BROWSERS: &[&str] = &[
    "browser",
    "browserbase",
    "browsermcp",
    "chrome",
    "playwright",
    "puppeteer",
    "selenium",
    "stagehand",
];

/// What a tool does with what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Looks,
    Tells,
    Runs,
    Does(Deed),
}

/// A name as its server, its tool and the words of both.
pub(crate) struct Name<'a> {
    pub(super) server: &'a str,
    pub(super) tool: &'a str,
    server_words: Vec<String>,
    pub(in crate::rules) words: Vec<String>,
}

impl<'a> Name<'a> {
    /// Takes the name of an MCP tool apart. `None` for any other tool.
    pub(super) fn of(tool: &'a str) -> Option<Self> {
        let (server, tool) = tool.strip_prefix("mcp__")?.split_once("__")?;
        // `mcp__plugin__server__tool` has its tool last.
        let (server, tool) = match tool.rsplit_once("__") {
            Some((_, last)) if !last.is_empty() => (server, last),
            _ => (server, tool),
        };
        let server_words = words(server);
        let mut words = words(tool);
        // `github_delete_repository` of `github`.
        while words.len() > 1
            && words
                .first()
                .is_some_and(|first| first == "api" || server_words.contains(first))
        {
            words.remove(0);
        }
        Some(Self {
            server,
            tool,
            server_words,
            words,
        })
    }

    /// Whether the server or the tool is called one of these.
    pub(in crate::rules) fn is_about(&self, names: &[&str]) -> bool {
        self.server_words
            .iter()
            .chain(&self.words)
            .any(|word| names.contains(&word.as_str()) || names.contains(&singular(word)))
    }

    /// Whether the tool's own words have one of these.
    pub(in crate::rules) fn says(&self, names: &[&str]) -> bool {
        says(&self.words, names)
    }

    pub(in crate::rules) fn is_browser(&self) -> bool {
        self.is_about(BROWSERS)
    }

    /// Whether what is given is typed into a shell.
    pub(super) fn is_terminal(&self) -> bool {
        self.says(&["terminal", "process", "shell", "repl"])
            || self.says(&["key", "text", "input", "line"])
                && self.is_about(&["tmux", "iterm", "pty", "terminal", "zellij"])
    }

    pub(super) fn verb(&self) -> Option<(usize, Verb)> {
        verb(&self.words)
    }

    /// Whether what stands where SQL may stand is SQL that runs.
    pub(super) fn runs_sql(&self) -> bool {
        let is_query = self.says(&["query", "sql", "statement", "migration", "cypher"]);
        let first = self.words.first().map(String::as_str).unwrap_or_default();
        match self.verb().map(|(_, verb)| verb) {
            Some(Verb::Looks) => is_query && !matches!(first, "search" | "find" | "list"),
            Some(Verb::Tells) => is_query,
            _ => !self.says(TEXTS),
        }
    }

    /// Whether what stands where a command may stand is run.
    pub(super) fn runs_commands(&self) -> bool {
        match self.verb().map(|(_, verb)| verb) {
            Some(Verb::Looks) => false,
            Some(Verb::Tells) => {
                self.is_terminal() || self.says(&["command", "console", "session"])
            }
            _ => true,
        }
    }
}

/// The first verb of a name, and where it stands. `logs_delete` deletes, `list_deleted` lists.
pub(super) fn verb(words: &[String]) -> Option<(usize, Verb)> {
    words.iter().enumerate().find_map(|(at, word)| {
        let is_name = NAMES.contains(&singular(word))
            && words
                .last()
                .is_some_and(|last| at + 1 < words.len() && verbs::of(last).is_some());
        kind(word).filter(|_| !is_name).map(|verb| (at, verb))
    })
}

fn kind(word: &str) -> Option<Verb> {
    if LOOKS.contains(&word) {
        Some(Verb::Looks)
    } else if TELLS.contains(&word) {
        Some(Verb::Tells)
    } else if RUNS.contains(&word) {
        Some(Verb::Runs)
    } else {
        verbs::of(word).map(Verb::Does)
    }
}

pub(super) fn says(words: &[String], names: &[&str]) -> bool {
    words.iter().any(|word| names.contains(&singular(word)))
}

/// `branches` as `branch`, `entities` stays: the lists have what is needed.
pub(super) fn singular(word: &str) -> &str {
    match word
        .strip_suffix("ches")
        .or_else(|| word.strip_suffix("xes"))
    {
        Some(_) => word.strip_suffix("es").unwrap_or(word),
        None if word.ends_with("ss") || word.ends_with("us") || word.ends_with("is") => word,
        None => word.strip_suffix('s').unwrap_or(word),
    }
}

/// The words of `delete-repository`, `deleteRepository`, `DeleteDBInstance` or `DELETE_REPOSITORY`.
pub(super) fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().take(MOST_LETTERS).collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let next = letters.get(at + 1);
        let starts = letter.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_uppercase()
                        && next.is_some_and(char::is_ascii_lowercase)
                        && !matches!((letter, next), (_, Some('s')))
            });
        if (starts || !letter.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_taken_apart_however_it_is_written() {
        for (name, expected) in [
            ("delete_repository", "delete repository"),
            ("delete-repository", "delete repository"),
            ("deleteRepository", "delete repository"),
            ("DeleteDBInstance", "delete db instance"),
            ("DELETE_REPOSITORY", "delete repository"),
            ("listURLs", "list urls"),
            ("pods.delete", "pods delete"),
            ("", ""),
        ] {
            assert_eq!(words(name).join(" "), expected, "{name}");
        }
    }

    #[test]
    fn the_first_verb_decides_unless_it_is_the_name_of_what_is_deleted() {
        for (name, expected) in [
            ("delete_repository", Some(Verb::Does(Deed::Delete))),
            ("pods_delete", Some(Verb::Does(Deed::Delete))),
            ("logs_delete", Some(Verb::Does(Deed::Delete))),
            ("list_deleted", Some(Verb::Looks)),
            ("get_delete_token", Some(Verb::Looks)),
            ("create_delete_job", Some(Verb::Tells)),
            ("execute_sql", Some(Verb::Runs)),
            ("ping", None),
        ] {
            assert_eq!(verb(&words(name)).map(|(_, verb)| verb), expected, "{name}");
        }
    }

    #[test]
    fn the_servers_name_in_front_of_the_tools_says_nothing() {
        let name = Name::of("mcp__github__github_delete_repo").unwrap();
        assert_eq!(name.words, ["delete", "repo"]);
        assert_eq!(name.server, "github");
        assert!(Name::of("Bash").is_none());
    }
}
