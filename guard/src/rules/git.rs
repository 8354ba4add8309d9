//! Version control: what throws work or history away.

use super::{Field, Finding, RuleDoc, View, report, rule};
use crate::Verdict;
use crate::run::Arg;

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: None,
};

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "git.reset-hard",
        field: "git",
        severity: Verdict::Deny,
        reason: "This throws away changes that were never committed.",
        alternative: "`git stash push -u` first, or `git reset --keep`.",
    },
    RuleDoc {
        id: "git.clean",
        field: "git",
        severity: Verdict::Deny,
        reason: "This deletes files that version control has never seen.",
        alternative: "`git clean -n` lists them; `git stash push -u` keeps them.",
    },
    RuleDoc {
        id: "git.push-force",
        field: "git",
        severity: Verdict::Deny,
        reason: "This overwrites or deletes history on the remote that others may have.",
        alternative: "`git push --force-with-lease` on your own branch, or a new commit.",
    },
    RuleDoc {
        id: "git.delete-branch",
        field: "git",
        severity: Verdict::Ask,
        reason: "This deletes a branch or tag whose commits may be on no other.",
        alternative: "`git branch -d` refuses when work would be lost.",
    },
    RuleDoc {
        id: "git.stash-drop",
        field: "git",
        severity: Verdict::Ask,
        reason: "This deletes stashed work.",
        alternative: "`git stash list` and `git stash apply` keep it.",
    },
    RuleDoc {
        id: "git.discard",
        field: "git",
        severity: Verdict::Ask,
        reason: "This overwrites changes in the working tree that were never committed.",
        alternative: "`git stash push` keeps them.",
    },
    RuleDoc {
        id: "git.rewrite",
        field: "git",
        severity: Verdict::Deny,
        reason: "This rewrites history or deletes what could bring it back.",
        alternative: "Work on a fresh clone and let a person swap it in.",
    },
    RuleDoc {
        id: "git.forge-delete",
        field: "git",
        severity: Verdict::Deny,
        reason: "This deletes something on the forge that is not in any clone.",
        alternative: "Archive it, or let a person delete it on the web page.",
    },
];

const GLOBAL_VALUES: &[&str] = &[
    "-C",
    "-c",
    "--git-dir",
    "--work-tree",
    "--namespace",
    "--config-env",
    "--exec-path",
    "--super-prefix",
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    if view.is(&["gh", "glab"]) {
        forge(view, findings);
    }
    if view.program != "git" {
        return;
    }
    let mut args = view.args();
    let mut asks_first = true;
    while let Some((first, rest)) = args.split_first() {
        if first.text == "--" {
            args = rest;
        } else if GLOBAL_VALUES.contains(&first.text.as_str()) {
            asks_first &= !rest.first().is_some_and(|arg| {
                matches!(
                    arg.text.to_ascii_lowercase().as_str(),
                    "clean.requireforce=false" | "clean.requireforce=no" | "clean.requireforce=0"
                )
            });
            args = rest.get(1..).unwrap_or_default();
        } else if first.text.starts_with('-') {
            args = rest;
        } else {
            break;
        }
    }
    let Some((verb, args)) = args.split_first() else {
        return;
    };
    let line = Line { args };
    let found = match verb.text.as_str() {
        "reset" if line.long("hard") || line.long("merge") => Some("git.reset-hard"),
        "clean" if (line.flag('f', "force") || !asks_first) && !line.dry() => Some("git.clean"),
        "push" => push(&line).then_some("git.push-force"),
        "branch"
            if line.flag('D', "")
                || line.flag('d', "delete") && line.flag('f', "force")
                || line.flag('M', "") =>
        {
            Some("git.delete-branch")
        }
        "tag" if line.flag('d', "delete") => Some("git.delete-branch"),
        "stash" if line.first_is(&["drop", "clear"]) => Some("git.stash-drop"),
        "checkout" => checkout(&line).then_some("git.discard"),
        "switch" if line.flag('f', "force") || line.long("discard-changes") => Some("git.discard"),
        "restore" => restore(&line).then_some("git.discard"),
        "rm" if line.flag('f', "force") && !line.long("cached") && !line.dry() => {
            Some("git.discard")
        }
        "worktree" if line.first_is(&["remove"]) && line.flag('f', "force") => Some("git.discard"),
        "submodule" if line.first_is(&["deinit"]) && line.flag('f', "force") => Some("git.discard"),
        "filter-branch" | "filter-repo" => Some("git.rewrite"),
        "reflog" if line.first_is(&["expire", "delete"]) && !line.dry() => Some("git.rewrite"),
        "gc" if line.starts("--prune=now")
            || line.starts("--prune=all")
            || line.starts("--prune=0") =>
        {
            Some("git.rewrite")
        }
        "prune" if line.starts("--expire") && !line.dry() => Some("git.rewrite"),
        "update-ref" if line.flag('d', "") => Some("git.rewrite"),
        _ => None,
    };
    if let Some(id) = found {
        report(findings, rule(RULES, id));
    }
}

/// The words after the subcommand.
struct Line<'a> {
    args: &'a [Arg],
}

impl Line<'_> {
    fn before_dashes(&self) -> impl Iterator<Item = &str> {
        self.args
            .iter()
            .map(|arg| arg.text.as_str())
            .take_while(|text| *text != "--")
    }

    fn long(&self, name: &str) -> bool {
        self.before_dashes().any(|text| {
            text.strip_prefix("--").is_some_and(|rest| {
                rest == name || rest.len() >= 3 && !name.is_empty() && name.starts_with(rest)
            })
        })
    }

    fn flag(&self, short: char, long: &str) -> bool {
        let clustered = |text: &str| {
            text.starts_with('-')
                && !text.starts_with("--")
                && text[1..]
                    .chars()
                    .take_while(char::is_ascii_alphabetic)
                    .any(|one| one == short)
        };
        self.before_dashes().any(clustered) || !long.is_empty() && self.long(long)
    }

    fn starts(&self, prefix: &str) -> bool {
        self.before_dashes().any(|text| text.starts_with(prefix))
    }

    fn dry(&self) -> bool {
        self.before_dashes().any(|text| {
            text == "--dry-run"
                || text.starts_with('-')
                    && !text.starts_with("--")
                    && text.contains('n')
                    && !text.contains('f')
        })
    }

    fn first_is(&self, words: &[&str]) -> bool {
        self.before_dashes()
            .find(|text| !text.starts_with('-'))
            .is_some_and(|word| words.contains(&word))
    }

    fn operands(&self) -> Vec<&str> {
        self.before_dashes()
            .filter(|text| !text.starts_with('-'))
            .collect()
    }

    fn after_dashes(&self) -> Option<&[Arg]> {
        let at = self.args.iter().position(|arg| arg.text == "--")?;
        self.args.get(at + 1..)
    }
}

fn push(line: &Line<'_>) -> bool {
    if line.dry() {
        return false;
    }
    // A lease is checked by the remote: it loses nothing that was not seen.
    let leased = line.starts("--force-with-lease") || line.starts("--force-if-includes");
    let forced = line.before_dashes().any(|text| {
        text == "--force" || text == "--mirror" || text == "--delete" || text == "--prune"
    }) || line.flag('f', "")
        || line.flag('d', "");
    let refspecs = line.operands();
    let plus = refspecs
        .iter()
        .skip(1)
        .any(|text| text.starts_with('+') || text.starts_with(':') && text.len() > 1);
    forced && (!leased || line.flag('f', "")) || plus
}

fn checkout(line: &Line<'_>) -> bool {
    if line.flag('f', "force") {
        return true;
    }
    let makes_branch = line.flag('b', "") || line.flag('B', "") || line.long("orphan");
    if line.after_dashes().is_some_and(|paths| !paths.is_empty()) && !makes_branch
        || line.starts("--pathspec-from-file")
    {
        return true;
    }
    let operands = line.operands();
    let track = line.before_dashes().any(|text| text == "-t");
    !makes_branch && !track && (operands.contains(&".") || operands.len() > 1)
}

fn restore(line: &Line<'_>) -> bool {
    if line
        .args
        .iter()
        .any(|arg| matches!(arg.text.as_str(), "-h" | "--help"))
    {
        return false;
    }
    let staged = line.flag('S', "staged");
    let worktree = line.flag('W', "worktree");
    !staged || worktree
}

fn forge(view: &View<'_>, findings: &mut Vec<Finding>) {
    let words = view.words();
    let deletes = words
        .iter()
        .take(4)
        .any(|word| matches!(*word, "delete" | "remove" | "purge" | "delete-asset"));
    let what = [
        "repo",
        "release",
        "secret",
        "variable",
        "project",
        "ssh-key",
        "gpg-key",
        "codespace",
        "cache",
        "environment",
        "org",
        "deploy-key",
        "issue",
        "label",
        "gist",
        "run",
        "token",
    ];
    let by_method = words.first() == Some(&"api")
        && view
            .run
            .value(&["-X", "--method"])
            .is_some_and(|method| method.eq_ignore_ascii_case("delete"));
    if (deletes && words.iter().take(3).any(|word| what.contains(word)) || by_method)
        && !view.wants_help()
    {
        report(findings, rule(RULES, "git.forge-delete"));
    }
}
