//! Fjord's own protection: what the coding agent may not do to the guard that watches it.

use super::{Field, FileView, Finding, RuleDoc, View, report, rule};
use crate::paths;
use crate::shell::RedirectKind;
use crate::{Facts, Verdict};

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: Some(file),
};

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "own.files",
        field: "own",
        severity: Verdict::Deny,
        reason: "This changes Fjord's own configuration, data or socket.",
        alternative: "Ask the person to change it: `fjord config show` tells where it is.",
    },
    RuleDoc {
        id: "own.hooks",
        field: "own",
        severity: Verdict::Deny,
        reason: "This changes the hook entries that the guard runs by.",
        alternative: "Ask the person to run `fjord hooks install` or `fjord hooks uninstall`.",
    },
    RuleDoc {
        id: "own.settings",
        field: "own",
        severity: Verdict::Ask,
        reason: "This writes to the coding agent's settings, which also hold the hook entries.",
        alternative: "Tell the person what to change.",
    },
    RuleDoc {
        id: "own.confirm",
        field: "own",
        severity: Verdict::Deny,
        reason: "Confirming, approving and allowing is for a person at a terminal or a phone.",
        alternative: "Run the command without it; Fjord asks the person.",
    },
];

/// Programs that only read.
const READERS: &[&str] = &[
    "cat",
    "ls",
    "head",
    "tail",
    "less",
    "more",
    "grep",
    "rg",
    "stat",
    "test",
    "[",
    "wc",
    "file",
    "find",
    "du",
    "echo",
    "printf",
    "cd",
    "jq",
    "diff",
    "curl",
    "git",
    "readlink",
    "realpath",
    "fjord",
    "fjord-hook",
    "sqlite3",
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    if view.program == "fjord" {
        let words = view.words();
        let pair = (
            words.first().copied().unwrap_or_default(),
            words.get(1).copied().unwrap_or_default(),
        );
        let answers = view.has_word("--yes") || view.run.has(Some('y'), &["yes"]);
        if answers
            || pair == ("guard", "allow")
            || pair.0 == "approvals"
            || pair.0 == "approve"
            || pair.0 == "confirm"
        {
            report(findings, rule(RULES, "own.confirm"));
        }
        if pair == ("hooks", "uninstall") {
            report(findings, rule(RULES, "own.hooks"));
        }
    }
    let stops = matches!(view.program.as_str(), "pkill" | "killall")
        || view.program == "systemctl"
            && view
                .words()
                .first()
                .is_some_and(|word| matches!(*word, "stop" | "disable" | "mask" | "kill"));
    if stops
        && view
            .args()
            .iter()
            .any(|arg| matches!(arg.text.as_str(), "fjord" | "fjord.service" | "fjord-hook"))
    {
        report(findings, rule(RULES, "own.files"));
    }
    if view.run.host.is_some() {
        return;
    }
    let mut written: Vec<String> = Vec::new();
    for (kind, target) in &view.run.redirects {
        if matches!(
            kind,
            RedirectKind::Write | RedirectKind::Append | RedirectKind::ReadWrite
        ) {
            written.extend(paths::absolute(view.run, target));
        }
    }
    if !view.is(READERS) || view.program == "sqlite3" {
        let reads_by_flag = view.program == "sed"
            && !view
                .args()
                .iter()
                .any(|arg| arg.text.starts_with("-i") || arg.text.starts_with("--in-place"));
        if !reads_by_flag {
            // Copying from is reading: only the last word of `cp` is written.
            let operands = view.run.operands(&[]);
            let from = if view.program == "cp" && operands.len() > 1 {
                operands.len() - 1
            } else {
                0
            };
            written.extend(
                operands[from..]
                    .iter()
                    .filter(|arg| arg.text.len() < 4_096)
                    .filter_map(|arg| paths::absolute(view.run, arg)),
            );
        }
    }
    let deletes = view.is(&["rm", "mv", "rimraf"]);
    for path in written {
        if is_protected(&path, deletes, view.facts) {
            report(findings, rule(RULES, "own.files"));
        } else if is_settings(&path) {
            report(findings, rule(RULES, "own.settings"));
        }
    }
}

fn is_protected(path: &str, with_parents: bool, facts: &Facts) -> bool {
    facts.protected_paths.iter().any(|own| {
        !own.is_empty()
            && (paths::is_within(path, own) || with_parents && paths::is_within(own, path))
    })
}

fn is_settings(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.split('/').rev().nth(1) == Some(".claude")
        && matches!(name, "settings.json" | "settings.local.json")
}

fn file(view: &FileView<'_>, findings: &mut Vec<Finding>) {
    if !view.writes {
        return;
    }
    if is_protected(&view.path, false, view.facts) {
        report(findings, rule(RULES, "own.files"));
    } else if is_settings(&view.path) {
        let text = |field: &str| view.call.text(field).unwrap_or_default();
        let edits_hooks = ["old_string", "new_string"]
            .iter()
            .any(|field| text(field).contains("fjord") || text(field).contains("ooks"));
        let switches_off = text("content").contains("disableAllHooks");
        report(
            findings,
            rule(
                RULES,
                if edits_hooks || switches_off {
                    "own.hooks"
                } else {
                    "own.settings"
                },
            ),
        );
    }
}
