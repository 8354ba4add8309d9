//! What a tool does, told by the verb in its name: `delete_repository`, `pods_delete`, `create_refund`.

use serde_json::{Map, Value};

use super::name::{Name, Verb, says, singular, verb, words};
use super::{RULES, names};
use crate::Verdict;
use crate::rules::verbs::Deed;
use crate::rules::{FileView, Finding, RuleDoc, inventory, report, report_as, rule, rules};

/// What is taken away without a loss.
const MILD: &[&str] = &[
    "assignee",
    "attribute",
    "background",
    "bookmark",
    "breakpoint",
    "cache",
    "cart",
    "cell",
    "class",
    "context",
    "cookie",
    "draft",
    "duplicate",
    "element",
    "entitie",
    "entity",
    "favorite",
    "filter",
    "formatting",
    "highlight",
    "item",
    "label",
    "layer",
    "like",
    "link",
    "marker",
    "memorie",
    "memory",
    "noise",
    "observation",
    "pending",
    "pin",
    "process",
    "reaction",
    "relation",
    "reviewer",
    "selection",
    "session",
    "shape",
    "shell",
    "star",
    "style",
    "sub",
    "subtask",
    "tab",
    "tag",
    "task",
    "terminal",
    "thought",
    "todo",
    "vote",
    "watcher",
    "whitespace",
    "window",
];

/// Servers whose work can be undone there, and simulators.
const EDITORS: &[&str] = &[
    "blender",
    "canva",
    "excalidraw",
    "figma",
    "godot",
    "memory",
    "miro",
    "mobile",
    "photoshop",
    "simulator",
    "sketch",
    "spotify",
    "tldraw",
    "unity",
    "unreal",
    "xcode",
];

/// What is money by its name.
const MONEY: &[&str] = &["payout", "refund"];

/// What holds data: to reset, clear or empty it is to delete.
const DATA: &[&str] = &[
    "all",
    "backup",
    "bin",
    "branch",
    "bucket",
    "calendar",
    "cluster",
    "collection",
    "data",
    "database",
    "db",
    "environment",
    "folder",
    "index",
    "inbox",
    "indices",
    "keyspace",
    "namespace",
    "password",
    "project",
    "queue",
    "repo",
    "repository",
    "schema",
    "snapshot",
    "storage",
    "store",
    "stream",
    "table",
    "topic",
    "trash",
    "volume",
    "workspace",
];

/// What others depend on while it runs.
const MACHINES: &[&str] = &[
    "cluster", "database", "db", "droplet", "host", "instance", "machine", "node", "server", "vm",
];

/// Verbs that take a right, a protection or a state away.
const TAKES: &[&str] = &[
    "ban",
    "cordon",
    "deactivate",
    "deauthorize",
    "deprovision",
    "deregister",
    "detach",
    "disable",
    "drain",
    "evict",
    "failover",
    "revoke",
    "rollback",
    "suspend",
    "unpublish",
];

pub(super) fn judge(view: &FileView<'_>, name: &Name<'_>, findings: &mut Vec<Finding>) {
    let Some(input) = view.call.input.as_object() else {
        return;
    };
    if name.is_browser() || name.is_about(EDITORS) || name.words.is_empty() {
        return;
    }
    let called = if matches!(name.verb(), None | Some((_, Verb::Runs))) {
        inner(input).unwrap_or_else(|| name.words.clone())
    } else {
        name.words.clone()
    };
    let act = Act {
        view,
        name,
        input,
        words: &called,
    };
    let looks = matches!(verb(&called), Some((_, Verb::Looks)));
    if looks {
        return;
    }
    act.store(findings);
    act.messages(findings);
    act.inputs(findings);
    act.others(findings);
}

/// The words of what a general tool is told to do: `{"action": "remove"}`, `{"tool_slug": "DELETE_…"}`.
fn inner(input: &Map<String, Value>) -> Option<Vec<String>> {
    // The method of a request is judged with its address.
    if input.contains_key("url") {
        return None;
    }
    input
        .iter()
        .take(64)
        .filter(|(key, _)| {
            super::is_one_of(
                key,
                &[
                    "action",
                    "operation",
                    "op",
                    "method",
                    "tool",
                    "toolname",
                    "toolslug",
                ],
            )
        })
        .filter_map(|(_, value)| value.as_str())
        .filter(|text| text.len() <= 96 && !text.contains(char::is_whitespace))
        .map(words)
        .find(|words| verb(words).is_some() || says(words, MONEY))
}

struct Act<'v> {
    view: &'v FileView<'v>,
    name: &'v Name<'v>,
    input: &'v Map<String, Value>,
    words: &'v [String],
}

impl Act<'_> {
    fn says(&self, names: &[&str]) -> bool {
        says(self.words, names)
    }

    fn has(&self, words: &[&str]) -> bool {
        self.words.iter().any(|word| words.contains(&word.as_str()))
    }

    fn is_on(&self, field: &str) -> bool {
        self.input.get(field).and_then(Value::as_bool) == Some(true)
    }

    /// A finding that names the tool, and the production server when the input does.
    fn found(&self, findings: &mut Vec<Finding>, doc: &'static RuleDoc, does: &str) {
        let mut reason = format!(
            "The tool `{}` of `{}` {does}.",
            short(self.name.tool),
            short(self.name.server)
        );
        if let Some(production) = self.production() {
            reason.push(' ');
            reason.push_str(&production);
        }
        report_as(findings, doc, doc.severity, reason);
    }

    /// What the input names in production, as a sentence.
    fn production(&self) -> Option<String> {
        let known = self.view.known;
        names(self.view.call)
            .find_map(|text| inventory::in_production(known, text))
            .map(|named| format!("Its input names {named}."))
    }

    /// Databases and stores as a whole.
    fn store(&self, findings: &mut Vec<Finding>) {
        let drops = self.has(&["drop"])
            && self.says(&[
                "collection",
                "database",
                "db",
                "table",
                "schema",
                "keyspace",
            ]);
        let flushes = self.has(&["flushall", "flushdb"])
            || self.has(&["flush"]) && self.says(&["all", "database", "db"]);
        let sweeps = self.has(&["many"])
            && self.has(&["delete", "update", "remove"])
            && self
                .input
                .get("filter")
                .or_else(|| self.input.get("query"))
                .is_none_or(|filter| match filter {
                    Value::Object(filter) => filter.is_empty(),
                    Value::String(filter) => matches!(filter.trim(), "" | "{}"),
                    _ => true,
                });
        if drops {
            report(findings, other("databases.drop"));
        } else if flushes {
            report(findings, other("databases.flush"));
        } else if sweeps {
            report_as(
                findings,
                other("databases.delete-all"),
                Verdict::Deny,
                "An empty filter stands for everything in the collection.".to_owned(),
            );
        }
    }

    /// Mail, money and what is published.
    fn messages(&self, findings: &mut Vec<Finding>) {
        const MAIL: &[&str] = &[
            "email", "gmail", "mail", "mailgun", "outlook", "postmark", "resend", "sendgrid",
            "sms", "twilio",
        ];
        let sends = self.has(&["send", "schedule", "launch"]);
        let to_many = self.says(&["campaign", "newsletter", "broadcast"])
            || self.has(&["bulk", "batch"]) && self.name.is_about(MAIL);
        if sends && to_many {
            report(findings, other("messaging.bulk"));
        } else if self.has(&["send", "reply", "forward"]) && self.name.is_about(MAIL) {
            self.found(
                findings,
                other("messaging.send"),
                "sends mail or SMS in the person's name",
            );
        }
        let money = self.says(MONEY)
            || self.has(&["finalize", "void"]) && self.says(&["invoice"])
            || self.has(&["pay", "send", "transfer", "withdraw", "capture"])
                && self.says(&["charge", "crypto", "fund", "invoice", "money", "payment"])
            || self.has(&["cancel"]) && self.says(&["subscription", "contract", "policy"]);
        if money {
            self.found(
                findings,
                rule(RULES, "tools.pay"),
                "moves money or ends a contract",
            );
        }
        if self.has(&["publish"])
            && (self.says(&["package", "crate"])
                || self.name.is_about(&["npm", "pypi", "crate", "rubygem"]))
        {
            report(findings, other("packages.publish"));
        }
        let forced = self.is_on("force") || self.has(&["force"]);
        if forced && (self.has(&["push"]) || self.has(&["update"]) && self.says(&["ref"])) {
            report(findings, other("git.push-force"));
        }
    }

    /// Git, and what GraphQL is told to do.
    fn inputs(&self, findings: &mut Vec<Finding>) {
        let text = |field: &str| self.input.get(field).and_then(Value::as_str);
        let is_hard = text("mode").is_some_and(|mode| mode.trim_start_matches('-') == "hard")
            || self.is_on("hard");
        if self.has(&["reset"]) && is_hard {
            report(findings, other("git.reset-hard"));
        }
        let mutation = ["query", "mutation"]
            .iter()
            .filter_map(|field| text(field))
            .find(|text| text.trim_start().starts_with("mutation"));
        if mutation.is_some_and(deletes) {
            self.found(findings, rule(RULES, "tools.delete"), "deletes something");
        }
    }

    fn others(&self, findings: &mut Vec<Finding>) {
        if self.has(&["recreate", "reformat", "reimage"]) && self.says(MACHINES) {
            self.found(findings, rule(RULES, "tools.delete"), "deletes something");
            return;
        }
        let Some((at, verb)) = verb(self.words) else {
            self.restarts(findings, self.words);
            return;
        };
        let word = self.words.get(at).map(String::as_str).unwrap_or_default();
        let leaves = word == "remove"
            && self.has(&["from"])
            && !self.says(&["user", "member", "collaborator", "role"]);
        let ends = word == "terminate" && self.says(&["app", "application"]);
        let is_mild = self.says(MILD) || self.is_key() || self.is_local_file() || leaves || ends;
        let holds_data = self.says(DATA);
        match verb {
            Verb::Does(Deed::Delete) if !is_mild => {
                let many = self.has(&["many"]);
                let loses = match word {
                    "trash" | "drop" | "cleanup" => false,
                    "reset" | "truncate" | "empty" => holds_data,
                    _ => !many && !is_purge_of_nothing(word, self.words),
                } || word == "drop" && self.says(&["index", "volume", "branch"]);
                if loses {
                    self.found(findings, rule(RULES, "tools.delete"), "deletes something");
                }
            }
            Verb::Does(Deed::Undo)
                if matches!(word, "clear" | "flush") && holds_data && !is_mild =>
            {
                self.found(findings, rule(RULES, "tools.delete"), "empties something");
            }
            Verb::Does(_) if TAKES.contains(&word) && !is_mild => {
                self.found(
                    findings,
                    rule(RULES, "tools.change"),
                    "takes something away that is in use",
                );
            }
            Verb::Does(Deed::Stop)
                if !is_mild
                    && word != "cancel"
                    && (self.says(MACHINES) || word == "pause" && self.says(&["project"])) =>
            {
                self.found(findings, rule(RULES, "tools.change"), "stops something");
            }
            _ => self.restarts(findings, self.words),
        }
    }

    /// What is stopped, started again or scaled is asked about in production only.
    fn restarts(&self, findings: &mut Vec<Finding>, words: &[String]) {
        let takes_away = words.iter().any(|word| TAKES.contains(&word.as_str()));
        let powers = words
            .windows(2)
            .any(|pair| pair[0] == "power" && matches!(pair[1].as_str(), "off" | "cycle" | "down"));
        let stops = powers
            || self.has(&["restart", "scale"])
            || matches!(verb(words), Some((_, Verb::Does(Deed::Stop))));
        if takes_away && !self.says(MILD)
            || powers
            || stops && !self.has(&["start"]) && self.production().is_some()
        {
            self.found(
                findings,
                rule(RULES, "tools.change"),
                "stops or restarts something",
            );
        }
    }

    /// One key of a store such as Redis, or one process of this machine.
    fn is_key(&self) -> bool {
        if self.input.contains_key("pid") {
            return true;
        }
        self.input.contains_key("key")
            && self.name.is_about(&["redis", "valkey", "memcached", "kv"])
    }

    /// Files are judged by where they lie; those of a repository at a forge stay in its history.
    fn is_local_file(&self) -> bool {
        self.says(&["file", "directory", "folder", "dir"])
            && ["path", "file_path", "filePath", "paths", "repo"]
                .iter()
                .any(|field| self.input.contains_key(*field))
    }
}

/// `purge_cache` and `prune` of nothing that is named, as in a text.
fn is_purge_of_nothing(word: &str, words: &[String]) -> bool {
    word == "purge" && words.iter().any(|one| singular(one) == "url")
}

/// Whether a mutation of GraphQL deletes: the names right inside its outermost braces say so.
fn deletes(text: &str) -> bool {
    let (mut open, mut brackets) = (0_usize, 0_usize);
    let mut name = String::new();
    for letter in text.chars().take(65_536) {
        if letter.is_alphanumeric() || letter == '_' {
            if open == 1 && brackets == 0 && name.len() < 128 {
                name.push(letter);
            }
            continue;
        }
        if matches!(
            verb(&words(&std::mem::take(&mut name))),
            Some((_, Verb::Does(Deed::Delete)))
        ) {
            return true;
        }
        match letter {
            '{' => open += 1,
            '}' => open = open.saturating_sub(1),
            '(' => brackets += 1,
            ')' => brackets = brackets.saturating_sub(1),
            _ => {}
        }
    }
    false
}

/// A rule of another field.
fn other(id: &str) -> &'static RuleDoc {
    rules()
        .find(|rule| rule.id == id)
        .unwrap_or_else(|| rule(&[], id))
}

fn short(text: &str) -> &str {
    text.char_indices()
        .nth(80)
        .map_or(text, |(at, _)| text.get(..at).unwrap_or_default())
}
