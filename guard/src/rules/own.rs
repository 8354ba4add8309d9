//! Fjord's own protection: what the coding agent may not do to the guard that watches it.

use super::{Field, FileView, Finding, RuleDoc, View, files, report, rule};
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
    RuleDoc {
        id: "own.unattended",
        field: "own",
        severity: Verdict::Ask,
        reason: "This starts a coding agent that asks nobody, or one with other settings than the person's.",
        alternative: "Name the tools it needs: `claude --allowedTools`.",
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
        fjord(view, findings);
    }
    if skips_asking(view) {
        report(findings, rule(RULES, "own.unattended"));
    }
    let stops = matches!(view.program.as_str(), "pkill" | "killall")
        || view.program == "systemctl"
            && view
                .words()
                .first()
                .is_some_and(|word| matches!(*word, "stop" | "disable" | "mask" | "kill"));
    let stops = stops
        || view.is(&["docker", "podman"])
            && matches!(
                view.words().first(),
                Some(&("stop" | "kill" | "rm" | "pause"))
            )
        || view.is(&["cargo", "apt", "apt-get", "dnf", "brew", "snap"])
            && matches!(
                view.words().first(),
                Some(&("uninstall" | "remove" | "purge"))
            );
    let by_search = view.is(&["kill", "rm", "mv", "chmod"])
        && view.feeders().take(8).any(|run| {
            matches!(
                run.program().as_str(),
                "pgrep" | "pidof" | "which" | "command"
            ) && run
                .args()
                .iter()
                .any(|arg| matches!(arg.text.as_str(), "fjord" | "fjord-hook"))
        })
        && !view.has_word("-0");
    let by_socket = view.program == "curl"
        && view
            .run
            .value(&["--unix-socket"])
            .is_some_and(|socket| socket.contains("fjord"));
    if by_search || by_socket {
        report(findings, rule(RULES, "own.files"));
    }
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
                view.args()
                    .iter()
                    .filter_map(|arg| arg.text.strip_prefix("of="))
                    .filter_map(|path| paths::resolve(view.run.cwd.as_deref(), path)),
            );
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
        let is_program = deletes
            && (path.ends_with("/bin/fjord") || path.rsplit('/').next() == Some("fjord-hook"));
        if is_program || is_protected(&path, deletes, view.facts) {
            report(findings, rule(RULES, "own.files"));
        } else if is_settings(&path) {
            report(findings, rule(RULES, "own.settings"));
        }
    }
}

fn fjord(view: &View<'_>, findings: &mut Vec<Finding>) {
    let words = view.words();
    let pair = (
        words.first().copied().unwrap_or_default(),
        words.get(1).copied().unwrap_or_default(),
    );
    let said_yes = view
        .run
        .stdin
        .text
        .as_deref()
        .is_some_and(|text| matches!(text.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
        || view.feeders().take(8).any(|run| run.program() == "yes");
    let answers = view.has_word("--yes") || view.run.has(Some('y'), &["yes"]) || said_yes;
    let looks = pair.0 == "approvals" && matches!(pair.1, "" | "list" | "show");
    if answers
        || pair == ("guard", "allow")
        || matches!(pair.0, "approvals" | "approve" | "confirm") && !looks
    {
        report(findings, rule(RULES, "own.confirm"));
    }
    let lowers =
        pair == ("hooks", "install") && view.args().iter().any(|arg| arg.text.starts_with("--no-"));
    if pair == ("hooks", "uninstall") || lowers {
        report(findings, rule(RULES, "own.hooks"));
    }
    if matches!(pair, ("config", "set" | "unset" | "edit")) {
        report(findings, rule(RULES, "own.files"));
    }
}

/// A coding agent started so that nobody is asked.
fn skips_asking(view: &View<'_>) -> bool {
    let has = |flag: &str| view.run.has(None, &[flag]);
    match view.program.as_str() {
        "claude" => {
            has("dangerously-skip-permissions")
                || view.run.value(&["--permission-mode"]) == Some("bypassPermissions")
                || view
                    .run
                    .value(&["--settings"])
                    .is_some_and(|text| text.contains("ooks"))
                || matches!(
                    view.words().as_slice(),
                    ["config", "set" | "add" | "remove", "hooks", ..]
                        | ["plugin", "disable" | "uninstall", "fjord", ..]
                )
        }
        "codex" => has("dangerously-bypass-approvals-and-sandbox") || has("yolo"),
        "gemini" => has("yolo"),
        _ => false,
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

/// Changes to the hook entries, told by the text that is written or taken out.
fn file(view: &FileView<'_>, findings: &mut Vec<Finding>) {
    if !is_settings(view.path) {
        return;
    }
    // A whole file may have hooks of its own; an edit names what it changes.
    let is_whole = ["content", "file_text"]
        .iter()
        .any(|field| view.call.text(field).is_some());
    let changes_hooks = files::texts(view.call).any(|text| {
        if is_whole {
            text.contains("disableAllHooks") || text.contains("fjord-hook")
        } else {
            text.contains("ooks") || text.contains("fjord")
        }
    });
    if changes_hooks {
        report(findings, rule(RULES, "own.hooks"));
    }
}
