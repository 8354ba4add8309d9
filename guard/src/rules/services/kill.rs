//! Processes ended in bulk: by everything there is, by a user, by a pattern that fits all.

use super::super::tools::gives;
use super::super::{Finding, View, report, rule};
use super::RULES;
use crate::run::Run;

/// How far back the commands that write the ids are followed.
const MAX_FEEDERS: usize = 16;

pub(super) fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    let everything = match view.program.as_str() {
        "kill" => everybody(view) || fed_by_all(view),
        "pkill" | "killall" => {
            let tells = gives(view, "-l -0 --list") || view.has_word("-0");
            !tells && (of_user(view) || fits_all(view))
        }
        "fuser" => gives(view, "-k --kill") && holds_a_tree(view),
        "taskkill" | "stop-process" => view.words().iter().any(|word| {
            let word = word.to_ascii_lowercase();
            matches!(
                word.as_str(),
                "*" | "explorer.exe" | "winlogon.exe" | "csrss.exe" | "lsass.exe" | "svchost.exe"
            )
        }),
        _ => false,
    };
    if everything {
        report(findings, rule(RULES, "services.kill-all"));
    }
}

/// `kill -9 -1` and `kill 1`. The first `-1` alone is the signal.
fn everybody(view: &View<'_>) -> bool {
    let mut words: Vec<&str> = view.args().iter().map(|arg| arg.text.as_str()).collect();
    if matches!(words.first(), Some(&"-s" | &"-n" | &"--signal")) {
        if words.get(1) == Some(&"0") {
            return false;
        }
        words.drain(..words.len().min(2));
    } else if words
        .first()
        .is_some_and(|word| word.starts_with('-') && *word != "--")
    {
        let signal = words.remove(0);
        if matches!(signal, "-0" | "-l" | "-L" | "--list" | "--table") {
            return false;
        }
        // Older ones take a lone `-1` for everybody.
        if words.is_empty() {
            return signal == "-1";
        }
    }
    // `kill 0` ends the script's own group, as in a trap.
    words.iter().any(|word| matches!(*word, "-1" | "1"))
}

/// The ids are those of every process, or of every process of a user.
fn fed_by_all(view: &View<'_>) -> bool {
    let mut all = false;
    let mut open: Vec<&Run> = view.feeders().collect();
    let mut seen = 0;
    while let Some(run) = open.pop() {
        seen += 1;
        if seen > MAX_FEEDERS {
            return false;
        }
        let program = run.program();
        match program.as_str() {
            "ps" => {
                let narrow = run.args().iter().any(|arg| {
                    matches!(
                        arg.text.as_str(),
                        "-C" | "-p" | "--pid" | "--ppid" | "-q" | "-g" | "-s"
                    )
                });
                all |= !narrow;
            }
            "pgrep" => {
                let words = run.operands(&["-u", "-U", "-g", "-P", "-s", "-t"]);
                let of_user = run.has(Some('u'), &["euid"]) || run.has(Some('U'), &["uid"]);
                all |= words.iter().any(|arg| is_for_all(&arg.text)) || words.is_empty() && of_user;
            }
            "grep" | "egrep" | "rg" | "ag" | "fgrep" => {
                let only_excludes = run.has(Some('v'), &["invert-match"]);
                if !only_excludes {
                    return false;
                }
            }
            "awk" | "gawk" | "mawk" | "sed" | "perl" => {
                // `/vite/ {print $2}` picks, `{print $2}` takes all.
                let picks = run.args().iter().any(|arg| {
                    arg.text.contains('/') || arg.text.contains('~') || arg.text.contains("==")
                });
                if picks {
                    return false;
                }
            }
            "lsof" | "fuser" | "docker" | "jps" => return false,
            _ => {}
        }
        open.extend(
            run.inputs
                .iter()
                .chain(&run.stdin.from)
                .filter_map(|index| view.all.get(*index)),
        );
    }
    all
}

/// `-u ann`; `-USR1` is a signal.
fn of_user(view: &View<'_>) -> bool {
    gives(view, "--user --euid --uid")
        || view.args().iter().any(|arg| {
            arg.text
                .strip_prefix('-')
                .filter(|letters| {
                    letters.len() == 1 || !letters.contains(|one: char| one.is_ascii_uppercase())
                })
                .is_some_and(|letters| {
                    !letters.starts_with('-') && letters.ends_with('u') || letters == "U"
                })
        })
}

/// A pattern that fits every process.
fn fits_all(view: &View<'_>) -> bool {
    view.run
        .operands(&[])
        .iter()
        .any(|arg| is_for_all(&arg.text))
}

fn is_for_all(pattern: &str) -> bool {
    matches!(pattern, "" | "." | ".*" | "^" | "$" | ".+" | "^.*$" | "*")
}

/// `fuser -k` on a tree ends everything that has a file open in it.
fn holds_a_tree(view: &View<'_>) -> bool {
    let paths = view
        .run
        .operands(&["-n", "--namespace", "-s"])
        .into_iter()
        .filter(|arg| arg.text.starts_with(['/', '~']) || arg.text == ".");
    let mounted = gives(view, "-m -M --mount --ismountpoint");
    paths.into_iter().any(|arg| {
        mounted
            || matches!(
                arg.text.as_str(),
                "/" | "/home" | "/var" | "/usr" | "/tmp" | "/etc"
            )
    })
}
