//! Accounts, keys, and what a machine does by itself at set times.

mod tables;

pub(crate) use tables::TOOLS;

use super::tools::{self, gives};
use super::{Field, Finding, RuleDoc, View, report, report_as, rule};
use crate::Verdict;
use crate::shell::RedirectKind;

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: None,
};

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "accounts.delete",
        field: "accounts",
        severity: Verdict::Deny,
        reason: "This deletes an account or a group, and who used it cannot log in any more.",
        alternative: "Lock it, and let a person delete it.",
    },
    RuleDoc {
        id: "accounts.change",
        field: "accounts",
        severity: Verdict::Ask,
        reason: "This changes a password or what an account may do.",
        alternative: "Let a person change it.",
    },
    RuleDoc {
        id: "accounts.login-keys",
        field: "accounts",
        severity: Verdict::Ask,
        reason: "This changes who may log in.",
        alternative: "Tell the person which key to add or to remove.",
    },
    RuleDoc {
        id: "accounts.delete-keys",
        field: "accounts",
        severity: Verdict::Deny,
        reason: "A secret key that is deleted is gone, with all that only it can open.",
        alternative: "Let a person delete it, with a copy kept elsewhere.",
    },
    RuleDoc {
        id: "accounts.schedule",
        field: "accounts",
        severity: Verdict::Deny,
        reason: "This deletes every scheduled job of the account at once.",
        alternative: "`crontab -l > backup` first; take out the one line.",
    },
    RuleDoc {
        id: "accounts.protection",
        field: "accounts",
        severity: Verdict::Ask,
        reason: "This takes a file's protection against change away, or puts one on that is hard to see.",
        alternative: "`lsattr` shows who protected it; let a person change it.",
    },
    RuleDoc {
        id: "accounts.privileges",
        field: "accounts",
        severity: Verdict::Ask,
        reason: "This lets a program do more than the one who starts it may.",
        alternative: "Start it with `sudo` where it is needed, or grant the one capability to a service.",
    },
    RuleDoc {
        id: "accounts.traces",
        field: "accounts",
        severity: Verdict::Ask,
        reason: "This deletes the record of what was done on the machine.",
        alternative: "Leave the history and the logs as they are.",
    },
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    for (kind, target) in &view.run.redirects {
        let writes = matches!(kind, RedirectKind::Write | RedirectKind::ReadWrite);
        if writes && is_history(&target.text) {
            report(findings, rule(RULES, "accounts.traces"));
        } else if (writes || *kind == RedirectKind::Append) && decides_login(&target.text) {
            report(findings, rule(RULES, "accounts.login-keys"));
        }
    }
    match view.program.as_str() {
        "passwd" => {
            // `passwd -S` tells, and only the letters of one word are its flags.
            if !view.run.has(Some('S'), &["status"]) && !view.wants_help() {
                report(findings, rule(RULES, "accounts.change"));
            }
        }
        "crontab" if gives(view, "-r --remove") || empties(view) => {
            report(findings, rule(RULES, "accounts.schedule"));
        }
        "chmod" => modes(view, findings),
        "ssh-keygen" => {
            // Asked whether to overwrite, it is answered before it asks.
            if view.run.stdin.given
                && view
                    .run
                    .value(&["-f"])
                    .is_some_and(|path| path.contains(".ssh/"))
                && !gives(view, "-y -l -F -R -p -e -i")
            {
                report_as(
                    findings,
                    rule(RULES, "accounts.delete-keys"),
                    Verdict::Ask,
                    "This overwrites a key that may be in use.".to_owned(),
                );
            }
        }
        "kadmin" | "kadmin.local" => {
            let asked = view.run.value(&["-q"]).unwrap_or_default();
            if asked.starts_with("delprinc") || asked.starts_with("delete_principal") {
                report(findings, rule(RULES, "accounts.delete"));
            }
        }
        "gpg-connect-agent"
            if view
                .args()
                .iter()
                .any(|arg| arg.text.to_ascii_uppercase().starts_with("DELETE_KEY")) =>
        {
            report(findings, rule(RULES, "accounts.delete-keys"));
        }
        "chattr" => {
            let changes = view.args().iter().any(|arg| {
                arg.text
                    .strip_prefix(['+', '-', '='])
                    .is_some_and(|letters| letters.contains(['i', 'a']) && letters.len() < 12)
            });
            if changes {
                report(findings, rule(RULES, "accounts.protection"));
            }
        }
        "tee" | "cp" | "mv" | "install" | "rm" | "unlink" | "truncate" | "shred" | "srm"
        | "sed" | "ln" => {
            let edits = view.program != "sed"
                || view
                    .args()
                    .iter()
                    .any(|arg| arg.text.starts_with("-i") || arg.text.starts_with("--in-place"));
            let operands = view.run.operands(&["-m", "-o", "-g", "-s"]);
            let from = if view.is(&["cp", "install", "ln"]) {
                operands.len().saturating_sub(1)
            } else {
                0
            };
            let touched = operands.get(from..).unwrap_or_default();
            if view.is(&["rm", "unlink", "shred", "srm", "truncate"])
                && touched.iter().any(|arg| is_private_key(&arg.text))
            {
                report(findings, rule(RULES, "accounts.delete-keys"));
            } else if edits && touched.iter().any(|arg| decides_login(&arg.text)) {
                report(findings, rule(RULES, "accounts.login-keys"));
            } else if edits
                && (view.program != "tee" || !view.run.has(Some('a'), &["append"]))
                && touched.iter().any(|arg| is_history(&arg.text))
            {
                report(findings, rule(RULES, "accounts.traces"));
            }
        }
        _ => tools::judge(view, TOOLS, RULES, findings),
    }
}

/// Whether `crontab` is given nothing to put in its place.
fn empties(view: &View<'_>) -> bool {
    let from_file = view
        .run
        .operands(&["-u"])
        .first()
        .is_some_and(|arg| arg.text == "/dev/null");
    let stdin = &view.run.stdin;
    from_file
        || stdin
            .file
            .as_ref()
            .is_some_and(|file| file.text == "/dev/null")
        || stdin.given
            && stdin
                .text
                .as_deref()
                .is_some_and(|text| text.trim().is_empty())
}

/// Modes that hand rights on: a program that runs as its owner, a private key that others read.
fn modes(view: &View<'_>, findings: &mut Vec<Finding>) {
    let operands = view.run.operands(&[]);
    let Some((mode, targets)) = operands.split_first() else {
        return;
    };
    // `-s` takes it away and reads like a flag; `u+s`, `+s`, `4755` and `06755` give it.
    let digits = mode.text.trim_start_matches('0');
    let by_number = digits.len() == 4
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && digits.starts_with(['2', '4', '6', '7']);
    let by_letter = mode.text.split(',').any(|part| {
        part.split_once('+')
            .is_some_and(|(who, what)| what.contains('s') && who != "g")
    });
    let is_group_folder = digits.starts_with('2') && by_number;
    if (by_number && !is_group_folder || by_letter) && !targets.is_empty() {
        report(findings, rule(RULES, "accounts.privileges"));
    }
    let opens = digits.len() == 3 && !digits.ends_with("00")
        || mode.text.contains("o+")
        || mode.text.contains("g+")
        || mode.text.contains("a+");
    if opens && targets.iter().any(|arg| is_private_key(&arg.text)) {
        report_as(
            findings,
            rule(RULES, "accounts.privileges"),
            Verdict::Ask,
            "This lets others read a private key.".to_owned(),
        );
    }
}

/// A private key of `ssh` or `gpg`, by its usual name.
fn is_private_key(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    (path.contains(".ssh/") || path.starts_with("/etc/ssh/"))
        && (name.starts_with("id_") || name.starts_with("ssh_host_"))
        && name.rsplit('.').next() != Some("pub")
        || path.contains(".gnupg/private-keys")
}

/// Whether a file decides who may log in or become another.
fn decides_login(path: &str) -> bool {
    path.ends_with(".ssh/authorized_keys")
        || path.ends_with(".ssh/authorized_keys2")
        || matches!(
            path,
            "/etc/sudoers" | "/etc/passwd" | "/etc/shadow" | "/etc/group" | "/etc/gshadow"
        )
        || path.starts_with("/etc/sudoers.d/")
        || path.starts_with("/etc/pam.d/")
}

fn is_history(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let of_audit = path.strip_prefix("/var/log/").is_some_and(|rest| {
        matches!(
            rest,
            "auth.log" | "secure" | "faillog" | "tallylog" | "sudo.log" | "audit/audit.log"
        )
    });
    of_audit
        || matches!(
            name,
            ".bash_history"
                | ".zsh_history"
                | ".sh_history"
                | "fish_history"
                | ".python_history"
                | ".psql_history"
                | "wtmp"
                | "utmp"
                | "btmp"
                | "lastlog"
        )
}
