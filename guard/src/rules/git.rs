//! Version control: what throws work or history away.

mod internals;
mod others;

pub(crate) use others::TOOLS;

use super::tools;
use super::{Field, Finding, RuleDoc, View, report, report_as, rule};
use crate::Verdict;
use crate::run::Arg;

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: Some(internals::file),
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
    RuleDoc {
        id: "git.internals",
        field: "git",
        severity: Verdict::Ask,
        reason: "This writes into `.git` past `git`: its settings, its hooks, its branches or its objects.",
        alternative: "Use `git config`, `git branch` or `git update-ref`, and keep hooks in a folder of the project.",
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
    internals::redirects(view, findings);
    if view.program != "git" {
        forge(view, findings);
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
    if let Some((id, verdict)) = found(&verb.text, &line, asks_first) {
        let doc = rule(RULES, id);
        report_as(
            findings,
            doc,
            verdict.unwrap_or(doc.severity),
            doc.reason.to_owned(),
        );
    }
}

/// The rule that a sub-command falls under, and a verdict other than the rule's own.
fn found(verb: &str, line: &Line<'_>, asks_first: bool) -> Option<(&'static str, Option<Verdict>)> {
    if line.wants_help() {
        return None;
    }
    let id = match verb {
        "reset" if line.long("hard") || line.long("merge") => "git.reset-hard",
        "clean"
            if (line.flag('f', "force") || !asks_first)
                && !line.dry()
                && !line.before_dashes().any(only_lists) =>
        {
            "git.clean"
        }
        "push" | "send-pack" => return push(line),
        "branch" if branch(line) => "git.delete-branch",
        "tag" if line.flag('d', "delete") || line.flag('f', "force") => "git.delete-branch",
        "stash" if line.first_is(&["drop", "clear"]) => "git.stash-drop",
        "checkout" | "restore" if line.names_locks_only() => return None,
        "filter-repo" if line.starts("--analyze") || line.dry() => return None,
        "checkout" if checkout(line) => "git.discard",
        "switch" if line.flag('f', "force") || line.long("discard-changes") => "git.discard",
        "restore" if restore(line) => "git.discard",
        "rm" if line.flag('f', "force") && !line.long("cached") && !line.dry() => "git.discard",
        "worktree" if line.first_is(&["remove"]) && line.flag('f', "force") => "git.discard",
        "submodule" if line.first_is(&["deinit"]) && line.flag('f', "force") => "git.discard",
        "read-tree" if line.long("reset") && line.flag('u', "") => "git.discard",
        "checkout-index" if line.flag('f', "force") && !line.starts("--prefix") => "git.discard",
        "annex"
            if line.first_is(&["drop", "dropunused", "dropkey", "uninit"])
                && line.flag('f', "force") =>
        {
            "git.discard"
        }
        "lfs" if line.first_is(&["prune"]) && line.flag('f', "force") && !line.dry() => {
            "git.discard"
        }
        "lfs" if line.first_is(&["migrate"]) && line.operands().get(1) != Some(&"info") => {
            "git.rewrite"
        }
        "fetch" if overwrites_branch(line) => "git.delete-branch",
        "filter-branch" | "filter-repo" => "git.rewrite",
        "reflog" if line.first_is(&["expire", "delete", "drop"]) && !line.dry() => "git.rewrite",
        "gc" if line.starts("--prune=now")
            || line.starts("--prune=all")
            || line.starts("--prune=0") =>
        {
            "git.rewrite"
        }
        "prune" if !line.dry() => "git.rewrite",
        "update-ref" if line.flag('d', "") => "git.rewrite",
        "symbolic-ref" if line.flag('d', "delete") => {
            return Some(("git.rewrite", Some(Verdict::Ask)));
        }
        "fast-import" if line.flag('f', "force") => "git.rewrite",
        // `git town`, where it is installed.
        "town" if line.first_is(&["kill", "delete"]) => "git.delete-branch",
        _ => return None,
    };
    Some((id, None))
}

/// The words after the subcommand.
/// What package managers write again from what stands beside it.
const LOCKS: &[&str] = &[
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
    "Cargo.lock",
    "poetry.lock",
    "uv.lock",
    "composer.lock",
    "Gemfile.lock",
    "go.sum",
];

struct Line<'a> {
    args: &'a [Arg],
}

impl Line<'_> {
    /// Whether all the paths given are what a package manager writes again.
    fn names_locks_only(&self) -> bool {
        let dashes = self.args.iter().position(|arg| arg.text == "--");
        let first = dashes.map_or(0, |at| at + 1);
        let paths = self.args.get(first..).unwrap_or_default();
        !paths.is_empty()
            && paths.iter().all(|arg| {
                let name = arg.text.rsplit('/').next().unwrap_or_default();
                LOCKS.contains(&name)
            })
    }

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
            text.starts_with("--dr") && "--dry-run".starts_with(text)
                || text.starts_with('-')
                    && !text.starts_with("--")
                    // The letters after `-e` are its pattern.
                    && text.chars().take_while(|one| *one != 'e').any(|one| one == 'n')
        })
    }

    fn wants_help(&self) -> bool {
        let mut before = "";
        self.before_dashes().any(|text| {
            // After an option that takes a value it is that value.
            let asks = matches!(text, "-h" | "--help") && !TAKES_VALUE.contains(&before);
            before = text;
            asks
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

/// Options of sub-commands whose next word is their value, whatever it looks like.
const TAKES_VALUE: &[&str] = &[
    "--repo",
    "--receive-pack",
    "--exec",
    "--push-option",
    "-o",
    "--message",
    "-m",
    "--file",
    "-F",
    "--author",
    "--date",
];

/// Whether a push takes something away on the remote, and a verdict other than the rule's own.
fn push(line: &Line<'_>) -> Option<(&'static str, Option<Verdict>)> {
    if line.dry() {
        return None;
    }
    let refspecs = line.operands();
    let refspecs = refspecs.get(1..).unwrap_or_default();
    // A lease is checked by the remote: it loses nothing that was not seen.
    let leased = line.starts("--force-w") || line.starts("--force-i");
    let forced = line.before_dashes().any(|text| {
        text == "--prune"
            || text.len() > 4
                && ["--force", "--mirror", "--delete"]
                    .iter()
                    .any(|flag| flag.starts_with(text))
    }) || line.flag('f', "")
        || line.flag('d', "");
    let plus = refspecs
        .iter()
        .any(|text| text.starts_with('+') || text.starts_with(':') && text.len() > 1);
    if forced && (!leased || line.flag('f', "")) || plus {
        return Some(("git.push-force", None));
    }
    None
}

/// Whether a branch is deleted unmerged, or moved away from its commits.
fn branch(line: &Line<'_>) -> bool {
    let operands = line.operands();
    line.flag('D', "")
        || line.flag('d', "delete") && line.flag('f', "force")
        // `git branch -M main` only gives the current branch its name.
        || line.flag('M', "") && operands.len() > 1
        || line.flag('C', "") && operands.len() > 1
        || line.flag('f', "force") && !line.flag('m', "move") && operands.len() > 1
}

/// `git fetch origin +main:main` puts the remote's branch in the place of one's own.
fn overwrites_branch(line: &Line<'_>) -> bool {
    let forced = line.flag('f', "force");
    line.operands().iter().skip(1).any(|text| {
        let (plus, spec) = match text.strip_prefix('+') {
            Some(spec) => (true, spec),
            None => (false, *text),
        };
        (plus || forced)
            && spec.split_once(':').is_some_and(|(_, to)| {
                !to.is_empty() && (!to.starts_with("refs/") || to.starts_with("refs/heads/"))
            })
    })
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
    !makes_branch && !track && (operands.len() > 1 || operands.iter().any(|text| is_path(text)))
}

/// Whether a word is a path rather than a branch: `.`, `src/`, `./x`, `src/main.rs`.
fn is_path(text: &str) -> bool {
    const ENDS: &[&str] = &[
        "rs", "py", "js", "ts", "jsx", "tsx", "mjs", "cjs", "vue", "svelte", "go", "java", "kt",
        "c", "h", "cc", "cpp", "hpp", "cs", "rb", "php", "swift", "sh", "sql", "md", "txt", "toml",
        "yaml", "yml", "json", "css", "scss", "html", "xml", "tf", "ex", "exs", "ipynb",
    ];
    matches!(text, "." | ":/" | "*")
        || text.starts_with("./")
        || text.starts_with("../")
        || text.len() > 1 && text.ends_with('/')
        || text
            .rsplit_once('.')
            .is_some_and(|(name, end)| !name.is_empty() && ENDS.contains(&end))
}

fn restore(line: &Line<'_>) -> bool {
    let staged = line.flag('S', "staged");
    let worktree = line.flag('W', "worktree");
    !staged || worktree
}

/// The tools of forges and of other version control.
fn forge(view: &View<'_>, findings: &mut Vec<Finding>) {
    if view.program == "java" {
        let strips = view.args().iter().any(|arg| {
            let name = arg.text.rsplit('/').next().unwrap_or_default();
            name.starts_with("bfg")
                && name
                    .rsplit_once('.')
                    .is_some_and(|(_, end)| end.eq_ignore_ascii_case("jar"))
        });
        if strips && !view.wants_help() {
            report(findings, rule(RULES, "git.rewrite"));
        }
        return;
    }
    let calls_api = view.is(&["gh", "glab", "hub", "tea"]) && view.words().first() == Some(&"api");
    if !calls_api {
        tools::judge(view, TOOLS, RULES, findings);
        return;
    }
    let deletes = view
        .run
        .value(&["-X", "--method"])
        .is_some_and(|method| method.eq_ignore_ascii_case("delete"));
    // `deleteRepository`, `deleteRef`: in GraphQL the verb is part of the mutation's name.
    let mutates = view.args().iter().any(|arg| {
        arg.text
            .split_once('=')
            .is_some_and(|(_, query)| query.contains("mutation") && query.contains("delete"))
    });
    if (deletes || mutates) && !view.wants_help() {
        report(findings, rule(RULES, "git.forge-delete"));
    }
}

/// Whether a cluster of flags of `git clean` has `n`. `-e` takes the rest of its word for a pattern.
fn only_lists(flags: &str) -> bool {
    flags.strip_prefix('-').is_some_and(|cluster| {
        cluster.contains('n') && cluster.chars().all(|one| "ndfxXqi".contains(one))
    })
}
