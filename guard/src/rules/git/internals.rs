//! What `git` keeps for itself, written past it.

use super::{RULES, report, rule};
use crate::paths::{self, Place};
use crate::rules::{FileView, Finding, View};
use crate::run::{Arg, Run};
use crate::shell::RedirectKind;

/// What is text for people, or what is to be ignored in this clone alone.
const TEXTS: &[&str] = &[
    "COMMIT_EDITMSG",
    "MERGE_MSG",
    "SQUASH_MSG",
    "TAG_EDITMSG",
    "NOTES_EDITMSG",
    "PULLREQ_EDITMSG",
    "description",
    "info/exclude",
    "info/sparse-checkout",
];

/// A file tool. What it writes to a hook runs at the next commit.
pub(super) fn file(view: &FileView<'_>, findings: &mut Vec<Finding>) {
    let here = Run::default();
    let place = paths::place(&here, &Arg::new(view.path), view.facts);
    if place == Place::VersionControl && inside(view.path).is_some() {
        report(findings, rule(RULES, "git.internals"));
    }
}

/// A redirection. Hooks and settings are written so on purpose.
pub(super) fn redirects(view: &View<'_>, findings: &mut Vec<Finding>) {
    for (kind, target) in &view.run.redirects {
        if !matches!(kind, RedirectKind::Write | RedirectKind::Append) {
            continue;
        }
        let Some(path) = paths::absolute(view.run, target) else {
            continue;
        };
        let matters = inside(&path).is_some_and(|inside| {
            matches!(inside, "HEAD" | "index" | "packed-refs")
                || inside.starts_with("refs/")
                || inside.starts_with("objects/")
        });
        if matters && paths::place(view.run, target, view.facts) == Place::VersionControl {
            report(findings, rule(RULES, "git.internals"));
        }
    }
}

/// The path below `.git`, unless it is one of the texts.
fn inside(path: &str) -> Option<&str> {
    let (_, inside) = path.split_once("/.git/")?;
    (!TEXTS.contains(&inside)).then_some(inside)
}
