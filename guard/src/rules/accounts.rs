//! Accounts, keys, and what a machine does by itself at set times.

use super::table::{self, Row, row, with};
use super::{Field, Finding, RuleDoc, View, report, rule};
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
        id: "accounts.traces",
        field: "accounts",
        severity: Verdict::Ask,
        reason: "This deletes the record of what was done on the machine.",
        alternative: "Leave the history and the logs as they are.",
    },
];

const ROWS: &[Row] = &[
    row(
        &[
            "userdel",
            "deluser",
            "groupdel",
            "delgroup",
            "remove-localuser",
        ],
        &[],
        "accounts.delete",
    ),
    row(&["pw"], &["userdel|groupdel"], "accounts.delete"),
    with(&["sysadminctl"], &[], &["-deleteUser"], "accounts.delete"),
    with(
        &["usermod"],
        &[],
        &[
            "-p",
            "-G",
            "-L",
            "-s",
            "-l",
            "-u",
            "-e",
            "--password",
            "--groups",
            "--lock",
            "--shell",
            "--login",
            "--uid",
            "--expiredate",
        ],
        "accounts.change",
    ),
    row(
        &["chpasswd", "vipw", "vigr", "visudo", "newusers"],
        &[],
        "accounts.change",
    ),
    row(&["gpasswd", "chage", "chsh"], &[], "accounts.change"),
    row(&["ssh-copy-id"], &[], "accounts.login-keys"),
    with(
        &["gpg", "gpg2"],
        &[],
        &[
            "--delete-secret-keys",
            "--delete-secret-key",
            "--delete-secret-and-public-key",
        ],
        "accounts.delete-keys",
    ),
    row(
        &["security"],
        &["delete-keychain|delete-identity|delete-generic-password|delete-internet-password"],
        "accounts.delete-keys",
    ),
    with(&["keytool"], &[], &["-delete"], "accounts.delete-keys"),
    with(&["ssh-add"], &[], &["-D"], "accounts.login-keys"),
    row(
        &["loginctl"],
        &["terminate-user|kill-user|terminate-session"],
        "accounts.change",
    ),
    row(&["atrm"], &[], "accounts.schedule"),
    with(&["history"], &[], &["-c", "-d"], "accounts.traces"),
    with(
        &["journalctl"],
        &[],
        &["--vacuum-size", "--vacuum-time", "--vacuum-files"],
        "accounts.traces",
    ),
    row(&["wevtutil"], &["cl|clear-log"], "accounts.traces"),
    row(&["clear-history", "clear-eventlog"], &[], "accounts.traces"),
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
        "crontab" if view.run.has(Some('r'), &[]) => {
            report(findings, rule(RULES, "accounts.schedule"));
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
        "tee" | "cp" | "mv" | "install" | "rm" | "truncate" | "shred" | "sed" => {
            let edits = view.program != "sed"
                || view
                    .args()
                    .iter()
                    .any(|arg| arg.text.starts_with("-i") || arg.text.starts_with("--in-place"));
            let operands = view.run.operands(&["-m", "-o", "-g", "-s"]);
            let from = if view.is(&["cp", "install"]) {
                operands.len().saturating_sub(1)
            } else {
                0
            };
            let touched = operands.get(from..).unwrap_or_default();
            if edits && touched.iter().any(|arg| decides_login(&arg.text)) {
                report(findings, rule(RULES, "accounts.login-keys"));
            } else if edits
                && view.program != "tee"
                && touched.iter().any(|arg| is_history(&arg.text))
            {
                report(findings, rule(RULES, "accounts.traces"));
            }
        }
        "dscl"
            if view
                .args()
                .iter()
                .any(|arg| arg.text.eq_ignore_ascii_case("-delete"))
                && view.args().iter().any(|arg| {
                    arg.text.starts_with("/Users/") || arg.text.starts_with("/Groups/")
                }) =>
        {
            report(findings, rule(RULES, "accounts.delete"));
        }
        "net"
            if view.words().first() == Some(&"user")
                && view
                    .args()
                    .iter()
                    .any(|arg| arg.text.eq_ignore_ascii_case("/delete")) =>
        {
            report(findings, rule(RULES, "accounts.delete"));
        }
        _ => table::judge(view, ROWS, RULES, findings),
    }
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
    matches!(
        name,
        ".bash_history"
            | ".zsh_history"
            | ".sh_history"
            | "fish_history"
            | ".python_history"
            | ".psql_history"
            | "wtmp"
            | "btmp"
            | "lastlog"
    )
}
