//! Files, trees and devices.

mod disks;
mod edits;
mod places;
mod rebuilt;

#[cfg(test)]
pub(crate) use disks::TOOLS;
use places::{is_device, is_system_file};
use rebuilt::{is_cache, is_junk, is_rebuilt};

use super::{Field, Finding, RuleDoc, View, report, report_as, rule};
use crate::Verdict;
use crate::paths::{self, Place, names_some};
use crate::run::{Arg, ITSELF, UNKNOWN, found_name};
use crate::shell::RedirectKind;

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: None,
};

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "filesystem.delete-tree",
        field: "filesystem",
        severity: Verdict::Deny,
        reason: "This deletes a whole tree, and nothing brings it back.",
        alternative: "Name the exact build output to delete, or move the folder aside.",
    },
    RuleDoc {
        id: "filesystem.delete-file",
        field: "filesystem",
        severity: Verdict::Ask,
        reason: "This deletes a file of the system or of version control.",
        alternative: "Move the file aside, or let a person delete it.",
    },
    RuleDoc {
        id: "filesystem.find-delete",
        field: "filesystem",
        severity: Verdict::Ask,
        reason: "`find` deletes everything it finds, and what it finds is seen only afterwards.",
        alternative: "Run the same `find` with `-print` first and delete what it lists.",
    },
    RuleDoc {
        id: "filesystem.delete-elsewhere",
        field: "filesystem",
        severity: Verdict::Ask,
        reason: "This deletes files on another machine, where nobody has seen which.",
        alternative: "List them there first, and let a person delete them.",
    },
    RuleDoc {
        id: "filesystem.shred",
        field: "filesystem",
        severity: Verdict::Ask,
        reason: "This overwrites or empties files so that they cannot be recovered.",
        alternative: "Move the file aside.",
    },
    RuleDoc {
        id: "filesystem.device",
        field: "filesystem",
        severity: Verdict::Deny,
        reason: "This writes to a disk, a partition or a volume as a whole.",
        alternative: "Work on an image file, or let a person do it at the machine.",
    },
    RuleDoc {
        id: "filesystem.system-write",
        field: "filesystem",
        severity: Verdict::Ask,
        reason: "This overwrites a file of the system.",
        alternative: "Write to a file in the project and let a person install it.",
    },
    RuleDoc {
        id: "filesystem.permissions",
        field: "filesystem",
        severity: Verdict::Deny,
        reason: "This changes owners or permissions of a whole system tree.",
        alternative: "Change the one file that needs it.",
    },
    RuleDoc {
        id: "filesystem.move-away",
        field: "filesystem",
        severity: Verdict::Ask,
        reason: "This moves a system tree, a home or the project away from its place.",
        alternative: "Copy what is needed.",
    },
    RuleDoc {
        id: "filesystem.sync-delete",
        field: "filesystem",
        severity: Verdict::Ask,
        reason: "The copy deletes what the source does not have.",
        alternative: "Run it with `--dry-run` first, or without deleting.",
    },
    RuleDoc {
        id: "filesystem.fork-bomb",
        field: "filesystem",
        severity: Verdict::Deny,
        reason: "A function that starts itself in the background brings the machine down.",
        alternative: "Bound the number of processes.",
    },
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    redirects(view, findings);
    edits::judge(view, findings);
    disks::typed(view, findings);
    if view.run.via.last().is_some_and(|via| via == ITSELF) {
        report(findings, rule(RULES, "filesystem.fork-bomb"));
        return;
    }
    match view.program.as_str() {
        "rm" | "rimraf" | "rmdir" | "unlink" | "srm" | "trash" => remove(view, findings),
        "find" | "fd" | "gfind" if view.has_word("-delete") => find_delete(view, findings),
        "shred" | "truncate" | "wipe" | "fallocate" => shred(view, findings),
        "dd" => {
            let target = view
                .args()
                .iter()
                .find_map(|arg| arg.text.strip_prefix("of="));
            if target.is_some_and(is_device) {
                report(findings, rule(RULES, "filesystem.device"));
            } else if let Some(target) = target {
                system_write(view, &Arg::new(target), findings);
            }
        }
        "chmod" | "chown" | "chgrp" | "setfacl" => permissions(view, findings),
        "mv" => move_away(view, findings),
        "rsync" | "rclone" => sync_delete(view, findings),
        "scp" | "sftp" => copy_over(view, findings),
        "tee" | "cp" | "install" => {
            let operands = view.run.operands(&["-t", "-m", "-o", "-g"]);
            let targets = if view.program == "tee" {
                operands.as_slice()
            } else {
                operands
                    .last()
                    .map(std::slice::from_ref)
                    .unwrap_or_default()
            };
            for target in targets {
                system_write(view, target, findings);
            }
            let empties =
                view.program == "cp" && operands.first().is_some_and(|arg| arg.text == "/dev/null");
            if empties && targets.iter().any(|arg| edits::holds_data(view, arg)) {
                report(findings, rule(RULES, "filesystem.shred"));
            }
        }
        name if name == "mkfs"
            || name.starts_with("mkfs.")
            || name == "mkswap"
            || name == "mke2fs" =>
        {
            if !view.wants_help() {
                let image = view
                    .run
                    .operands(&["-t", "-L"])
                    .last()
                    .is_some_and(|arg| !is_device(&arg.text) && arg.text.contains('.'));
                if !image {
                    report(findings, rule(RULES, "filesystem.device"));
                }
            }
        }
        _ => disks::judge(view, findings),
    }
}

fn remove(view: &View<'_>, findings: &mut Vec<Finding>) {
    let recursive = view.program == "rimraf"
        || view.run.has(Some('r'), &["recursive", "recurs", "rec"])
        || view.run.has(Some('R'), &[]);
    let force = view.program == "rimraf" || view.run.has(Some('f'), &["force"]);
    let only_empty = view.program == "rmdir";
    let on_server = view
        .run
        .host
        .as_deref()
        .is_some_and(|host| !host.starts_with("container "));
    // Given by `find`, so that nobody has seen the names.
    let swept = view.run.via.last().is_some_and(|via| via == "find -exec");
    for target in view.run.operands(&[]) {
        let place = paths::place(view.run, target, view.facts);
        let shown = target.text.replace(UNKNOWN, "?");
        let shown = if shown.len() > 120 {
            "a path"
        } else {
            shown.as_str()
        };
        let tree = rule(RULES, "filesystem.delete-tree");
        if !recursive || only_empty {
            let matters = match place {
                Place::System => true,
                Place::Root | Place::ProjectRoot => target.glob || force,
                Place::Home => (target.glob || force) && !names_some(target),
                // A lock that a broken run left behind is in everybody's way.
                Place::VersionControl => {
                    target.glob || force && target.text.rsplit('.').next() != Some("lock")
                }
                Place::Project => force && swept && !is_junk(&target.text),
                _ => false,
            };
            if matters && !only_empty {
                report_as(
                    findings,
                    rule(RULES, "filesystem.delete-file"),
                    Verdict::Ask,
                    if place == Place::Project {
                        format!("This deletes all that `{shown}` stands for.")
                    } else {
                        format!("`{shown}` belongs to the system, a home or version control.")
                    },
                );
            }
            continue;
        }
        if !on_server && is_cache(view, target)
            || target.text.ends_with(".git/rebase-apply")
            || target.text.ends_with(".git/rebase-merge")
        {
            continue;
        }
        let (verdict, what) = match place {
            Place::Root => (Verdict::Deny, "is the whole file system"),
            Place::System => (Verdict::Deny, "belongs to the system"),
            Place::Home => (Verdict::Deny, "is a whole home directory"),
            Place::ProjectRoot => (Verdict::Deny, "is the project itself or holds it"),
            Place::VersionControl => (Verdict::Deny, "holds the history of the project"),
            Place::Outside
                if view.facts.home.as_deref().is_some_and(|home| {
                    paths::absolute(view.run, target)
                        .is_some_and(|path| paths::is_within(&path, home))
                }) && force =>
            {
                (
                    Verdict::Deny,
                    "is in the home directory and not in the project",
                )
            }
            Place::Outside if in_a_home(view, target) && force => (
                Verdict::Deny,
                "is in a home directory and not in the project",
            ),
            Place::Outside if force => (Verdict::Ask, "is not in the project"),
            Place::Project
                if force
                    && !is_rebuilt(target)
                    && (view.run.host.is_none() || paths::mounted(view.run, target).is_some()) =>
            {
                (
                    Verdict::Ask,
                    "is in the project and no build makes it again",
                )
            }
            Place::Unknown if force && (!is_rebuilt(target) || on_server) => {
                (Verdict::Ask, "cannot be known before it runs")
            }
            _ => continue,
        };
        report_as(
            findings,
            tree,
            verdict,
            format!("This deletes a whole tree, and `{shown}` {what}."),
        );
    }
}

fn in_a_home(view: &View<'_>, target: &Arg) -> bool {
    paths::absolute(view.run, target).is_some_and(|path| {
        path.starts_with("~/") || path.starts_with("/home/") || path.starts_with("/Users/")
    })
}

fn find_delete(view: &View<'_>, findings: &mut Vec<Finding>) {
    let starts: Vec<&Arg> = view
        .args()
        .iter()
        .skip_while(|arg| matches!(arg.text.as_str(), "-f" | "-H" | "-L"))
        .take_while(|arg| !arg.text.starts_with('-'))
        .collect();
    let here = Arg::new(".");
    let starts = if starts.is_empty() {
        vec![&here]
    } else {
        starts
    };
    let places: Vec<Place> = starts
        .iter()
        .map(|start| paths::place(view.run, start, view.facts))
        .collect();
    let doc = rule(RULES, "filesystem.find-delete");
    let narrowed = view.args().iter().any(|arg| {
        matches!(
            arg.text.as_str(),
            "-name" | "-iname" | "-path" | "-regex" | "-empty" | "-mtime"
        )
    });
    if places
        .iter()
        .any(|place| matches!(place, Place::Root | Place::System | Place::Home))
        || !narrowed && places.contains(&Place::ProjectRoot)
    {
        report_as(findings, doc, Verdict::Deny, doc.reason.to_owned());
    } else if places.iter().any(|place| *place != Place::Temporary)
        && !starts.iter().all(|start| is_rebuilt(start))
        && !(places.iter().all(|place| {
            matches!(
                place,
                Place::Project | Place::ProjectRoot | Place::Temporary
            )
        }) && (found_name(view.args()).is_some_and(is_junk) || view.has_word("-empty")))
    {
        report(findings, doc);
    }
}

fn shred(view: &View<'_>, findings: &mut Vec<Finding>) {
    let targets = view
        .run
        .operands(&["-n", "-s", "--size", "--iterations", "-r"]);
    if targets.iter().any(|arg| is_device(&arg.text)) {
        report(findings, rule(RULES, "filesystem.device"));
    } else if view.is(&["shred", "wipe"]) && !view.wants_help() && !targets.is_empty()
        || view.program == "truncate"
            && view
                .run
                .value(&["-s", "--size"])
                .is_some_and(|size| matches!(size, "0" | "0K" | "0M" | "00"))
            && targets.iter().any(|arg| edits::holds_data(view, arg))
        || targets.iter().any(|arg| is_system_file(view, arg))
    {
        report(findings, rule(RULES, "filesystem.shred"));
    }
}

fn permissions(view: &View<'_>, findings: &mut Vec<Finding>) {
    let recursive = view
        .run
        .has(Some('R'), &["recursive", "recursiv", "recurs", "rec"]);
    let operands = view.run.operands(&[]);
    let by_reference = view
        .args()
        .iter()
        .any(|arg| arg.text.starts_with("--reference"));
    for target in operands.iter().skip(usize::from(!by_reference)) {
        let place = paths::place(view.run, target, view.facts);
        let worst = matches!(place, Place::Root | Place::System | Place::Home)
            && (recursive || view.run.via.iter().any(|via| via == "find -exec"));
        if worst || place == Place::Root {
            report(findings, rule(RULES, "filesystem.permissions"));
            return;
        }
    }
}

fn move_away(view: &View<'_>, findings: &mut Vec<Finding>) {
    let operands = view.run.operands(&["-t", "--target-directory", "-S"]);
    let explicit = view
        .args()
        .iter()
        .any(|arg| arg.text == "-t" || arg.text.starts_with("--target-directory"));
    let sources = if explicit {
        operands.as_slice()
    } else {
        operands
            .split_last()
            .map(|(_, rest)| rest)
            .unwrap_or_default()
    };
    if sources
        .iter()
        .any(|arg| match paths::place(view.run, arg, view.facts) {
            Place::Root | Place::ProjectRoot | Place::System => true,
            Place::VersionControl => {
                arg.text.trim_end_matches('/').rsplit('/').next() == Some(".git")
            }
            Place::Home => !names_some(arg),
            _ => false,
        })
    {
        report(findings, rule(RULES, "filesystem.move-away"));
    } else if operands.last().is_some_and(|arg| arg.text == "/dev/null") {
        report_as(
            findings,
            rule(RULES, "filesystem.delete-tree"),
            Verdict::Deny,
            "Moving to `/dev/null` deletes.".to_owned(),
        );
    }
}

/// Copying onto the system files of another machine.
fn copy_over(view: &View<'_>, findings: &mut Vec<Finding>) {
    const TREES: &[&str] = &[
        "etc", "usr", "bin", "sbin", "lib", "lib32", "lib64", "boot", "var",
    ];
    let operands = view
        .run
        .operands(&["-P", "-i", "-o", "-F", "-J", "-l", "-c", "-S"]);
    let target = operands.last().and_then(|arg| arg.text.split_once(':'));
    let harmless = |path: &str| path.starts_with("/var/www/") || path.starts_with("/var/tmp/");
    if operands.len() > 1
        && target.is_some_and(|(_, path)| {
            path.strip_prefix('/')
                .is_some_and(|rest| TREES.contains(&rest.split('/').next().unwrap_or_default()))
                && !harmless(path)
        })
    {
        report(findings, rule(RULES, "filesystem.system-write"));
    }
}

fn sync_delete(view: &View<'_>, findings: &mut Vec<Finding>) {
    let deletes = view.args().iter().any(|arg| {
        arg.text.starts_with("--delete")
            || arg.text == "--del"
            || arg.text == "--remove-source-files"
    });
    let verbs = [
        "sync",
        "move",
        "delete",
        "deletefile",
        "purge",
        "dedupe",
        "cleanup",
        "rmdirs",
        "bisync",
    ];
    let rclone = view.program == "rclone"
        && view
            .words()
            .first()
            .is_some_and(|word| verbs.contains(word));
    let scratch = view.program == "rsync"
        && view
            .run
            .operands(&["-e", "--exclude"])
            .last()
            .is_some_and(|target| {
                !target.text.contains(':')
                    && (paths::place(view.run, target, view.facts) == Place::Temporary
                        || is_rebuilt(target))
            })
        && !view
            .args()
            .iter()
            .any(|arg| arg.text == "--remove-source-files");
    if (deletes && view.program == "rsync" && !scratch || rclone)
        && !super::verbs::only_shows(view)
        && !view.run.has(Some('n'), &[])
    {
        report(findings, rule(RULES, "filesystem.sync-delete"));
    }
}

fn redirects(view: &View<'_>, findings: &mut Vec<Finding>) {
    for (kind, target) in &view.run.redirects {
        if !matches!(
            kind,
            RedirectKind::Write
                | RedirectKind::Append
                | RedirectKind::ReadWrite
                | RedirectKind::Duplicate
        ) {
            continue;
        }
        if is_device(&target.text) || target.text.starts_with("/proc/sysrq") {
            report(findings, rule(RULES, "filesystem.device"));
        } else if !target.text.starts_with("/dev/") {
            system_write(view, target, findings);
            let emptied = *kind == RedirectKind::Write && edits::empties_data(view, target);
            if emptied {
                report(findings, rule(RULES, "filesystem.shred"));
            } else if *kind == RedirectKind::Write
                && edits::is_start_up(&target.text)
                && paths::place(view.run, target, view.facts) != Place::Project
            {
                report_as(
                    findings,
                    rule(RULES, "filesystem.system-write"),
                    Verdict::Ask,
                    "This replaces a start-up file of a home as a whole.".to_owned(),
                );
            }
        }
    }
}

fn system_write(view: &View<'_>, target: &Arg, findings: &mut Vec<Finding>) {
    if is_device(&target.text) {
        report(findings, rule(RULES, "filesystem.device"));
    } else if is_system_file(view, target) {
        report(findings, rule(RULES, "filesystem.system-write"));
    }
}
