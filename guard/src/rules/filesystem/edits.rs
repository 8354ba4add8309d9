//! Files changed or emptied in place, packed and then deleted, hidden behind a link.

use super::places::{is_device, is_system_file};
use super::rebuilt::is_rebuilt;
use super::{RULES, report, report_as, rule, system_write};
use crate::Verdict;
use crate::paths::{self, Place};
use crate::run::{Arg, Run};

use super::super::tools::{gives, says};
use super::{Finding, View};

/// Ends of files that are a database's.
const DATA_ENDS: &[&str] = &[
    ".db", ".db3", ".sqlite", ".sqlite3", ".mdb", ".ibd", ".frm", ".rdb", ".aof", ".duckdb",
    ".realm",
];
/// Ends of files that are emptied without a thought.
const EMPTIED_ENDS: &[&str] = &[
    ".log", ".tmp", ".txt", ".out", ".err", ".pid", ".cache", ".img",
];

/// Ends of archives, and of what is packed away every night.
const PACKED_ENDS: &[&str] = &[".tgz", ".log", ".zip", ".7z"];

pub(super) fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    match view.program.as_str() {
        "sed" if gives(view, "-i --in-place") || in_place(view) => {
            for target in view.run.operands(&["-e", "-f"]) {
                system_write(view, target, findings);
            }
        }
        "perl" | "ruby" if in_place(view) => {
            for target in view.run.operands(&["-e"]) {
                system_write(view, target, findings);
            }
        }
        "ln" if gives(view, "-f --force") => {
            if let Some(target) = view.run.operands(&["-t", "-S"]).last() {
                system_write(view, target, findings);
            }
        }
        "gzip" | "bzip2" | "xz" | "zstd"
            if !gives(view, "-k -c -t -l --keep --stdout --test --list") =>
        {
            for target in view.run.operands(&["-S"]) {
                system_write(view, target, findings);
            }
        }
        "tar" | "gtar" | "bsdtar" if gives(view, "--remove-files") => packed(view, findings),
        "zip" if gives(view, "-m --move") => packed(view, findings),
        "7z" | "7za" | "7zz" if gives(view, "-sdel") => packed(view, findings),
        "gio" if says(view, "remove") => {
            let outside = view.run.operands(&[]).iter().skip(1).any(|target| {
                !matches!(
                    paths::place(view.run, target, view.facts),
                    Place::Project | Place::Temporary
                )
            });
            if outside {
                report(findings, rule(RULES, "filesystem.delete-file"));
            }
        }
        "perl" | "python" | "python3" | "ruby" => forks(view, findings),
        "fd" | "fdfind" => swept_by_fd(view, findings),
        _ => {}
    }
    rights(view, findings);
    fed(view, findings);
}

/// `-i` in a cluster such as `-pi`.
fn in_place(view: &View<'_>) -> bool {
    view.args().iter().any(|arg| {
        matches!(
            arg.text.as_str(),
            "-pi" | "-pie" | "-ni" | "-i" | "-i.bak" | "-pi.bak"
        )
    })
}

/// What is packed is deleted where it was.
fn packed(view: &View<'_>, findings: &mut Vec<Finding>) {
    let sources = view.run.operands(&["-f", "-C", "--file", "--directory"]);
    let matters = sources.iter().any(|target| {
        !is_rebuilt(target)
            && !target.text.contains(".tar")
            && matches!(
                paths::place(view.run, target, view.facts),
                Place::Project
                    | Place::Root
                    | Place::System
                    | Place::Home
                    | Place::ProjectRoot
                    | Place::Outside
                    | Place::VersionControl
            )
            && !PACKED_ENDS.iter().any(|end| target.text.ends_with(end))
            && target.text.len() > 1
    });
    if matters {
        report_as(
            findings,
            rule(RULES, "filesystem.delete-file"),
            Verdict::Ask,
            "What is packed is deleted where it was.".to_owned(),
        );
    }
}

/// `perl -e 'fork while fork'` in an interpreter.
fn forks(view: &View<'_>, findings: &mut Vec<Finding>) {
    let program = view.run.value(&["-e", "-c"]).unwrap_or_default();
    let repeats = ["while", "loop", "for(;;)", "for (;;)"]
        .iter()
        .any(|word| program.contains(word));
    let short = program.len() < 200;
    if short && repeats && program.matches("fork").count() > 0 && !program.contains("wait") {
        report(findings, rule(RULES, "filesystem.fork-bomb"));
    }
}

/// Rights of one file that the system is built on.
fn rights(view: &View<'_>, findings: &mut Vec<Finding>) {
    if view.program != "chmod" {
        return;
    }
    let operands = view.run.operands(&[]);
    let Some((mode, targets)) = operands.split_first() else {
        return;
    };
    let taken = view
        .args()
        .iter()
        .any(|arg| arg.text == "-x" || arg.text == "-r");
    let digits = mode.text.trim_start_matches('0');
    let opens = digits.ends_with(['2', '3', '6', '7']) && digits.len() >= 3
        || mode.text.contains("a+w")
        || mode.text.contains("o+w")
        || digits.is_empty();
    let targets = if taken { operands.as_slice() } else { targets };
    if (opens || taken) && targets.iter().any(|target| is_system_file(view, target)) {
        report_as(
            findings,
            rule(RULES, "filesystem.permissions"),
            Verdict::Ask,
            "This changes the permissions of a file of the system.".to_owned(),
        );
    }
}

/// Whether a file that is emptied holds something.
pub(super) fn holds_data(view: &View<'_>, target: &Arg) -> bool {
    let text = target.text.as_str();
    if DATA_ENDS.iter().any(|end| text.ends_with(end)) {
        return true;
    }
    let place = paths::place(view.run, target, view.facts);
    place == Place::System && text.contains("/lib/")
        || place == Place::Project
            && text.contains('.')
            && !EMPTIED_ENDS.iter().any(|end| text.ends_with(end))
            && !is_rebuilt(target)
}

/// Whether nothing but emptiness is written: `: > data.db`.
pub(super) fn empties_data(view: &View<'_>, target: &Arg) -> bool {
    let writes_nothing = matches!(view.program.as_str(), "" | ":" | "true")
        || view.program == "cat" && view.args().iter().all(|arg| arg.text == "/dev/null");
    writes_nothing && DATA_ENDS.iter().any(|end| target.text.ends_with(end))
}

/// `find /var | xargs rm`, `git ls-files | xargs rm`: the names come from the pipe.
fn fed(view: &View<'_>, findings: &mut Vec<Finding>) {
    if !view.is(&["rm", "unlink", "shred", "srm"])
        || view.run.via.last().is_none_or(|via| via != "xargs")
    {
        return;
    }
    let feeders: Vec<&Run> = view.feeders().collect();
    let filtered = feeders.iter().any(|run| {
        matches!(
            run.program().as_str(),
            "grep" | "rg" | "awk" | "head" | "tail" | "sed"
        )
    });
    let sweeps = feeders.iter().any(|run| match run.program().as_str() {
        "git" => {
            run.args().iter().any(|arg| arg.text == "ls-files")
                && !run.has(Some('o'), &["others", "deleted", "modified"])
                && !run.has(Some('d'), &[])
                && run.operands(&["-C"]).len() == 1
        }
        "find" => run
            .args()
            .iter()
            .take_while(|arg| !arg.text.starts_with('-'))
            .any(|start| match paths::place(run, start, view.facts) {
                Place::Root | Place::System | Place::Home => true,
                Place::ProjectRoot => !picks(run),
                _ => false,
            }),
        _ => false,
    });
    if sweeps && !filtered {
        report(findings, rule(RULES, "filesystem.find-delete"));
    }
}

/// Whether a `find` takes some of what is there, and not all.
fn picks(run: &Run) -> bool {
    let tests = [
        "-name",
        "-iname",
        "-path",
        "-ipath",
        "-regex",
        "-iregex",
        "-wholename",
        "-mtime",
        "-mmin",
        "-atime",
        "-ctime",
        "-newer",
        "-empty",
        "-size",
        "-user",
        "-perm",
    ];
    run.args()
        .iter()
        .any(|arg| tests.contains(&arg.text.as_str()))
}

/// `fd -X rm` without a pattern, or below the system or a home.
fn swept_by_fd(view: &View<'_>, findings: &mut Vec<Finding>) {
    let args = view.args();
    let Some(at) = args
        .iter()
        .position(|arg| matches!(arg.text.as_str(), "-x" | "-X" | "--exec" | "--exec-batch"))
    else {
        return;
    };
    let deletes = args
        .get(at + 1)
        .is_some_and(|program| matches!(program.text.as_str(), "rm" | "shred" | "unlink" | "srm"));
    if !deletes {
        return;
    }
    let before = args.get(..at).unwrap_or_default();
    let far = before.iter().any(|arg| {
        arg.text.starts_with(['/', '~'])
            && matches!(
                paths::place(view.run, arg, view.facts),
                Place::Root | Place::System | Place::Home
            )
    });
    let picks = before
        .iter()
        .any(|arg| !arg.text.starts_with('-') && !matches!(arg.text.as_str(), "." | "f" | "d"));
    let doc = rule(RULES, "filesystem.find-delete");
    if far {
        report_as(findings, doc, Verdict::Deny, doc.reason.to_owned());
    } else if !picks {
        report(findings, doc);
    }
}

/// Whether a path is a start-up file of a home, which is overwritten as a whole.
pub(super) fn is_start_up(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    path.contains('/')
        && !is_device(path)
        && matches!(
            name,
            ".bashrc"
                | ".zshrc"
                | ".profile"
                | ".bash_profile"
                | ".zprofile"
                | ".zshenv"
                | ".bash_login"
        )
}
