//! Secrets: read into the conversation, or sent away.

mod mild;
mod paths;
mod sent;
mod shown;
mod uses;

use mild::{found_and_read, hides_values, loads, opens_key, takes_apart};
pub(super) use paths::is_secret_path;
use paths::{is_key_file, is_secret_folder};
use uses::{is_used, is_value_in_use, shows_nothing};

use super::{Field, FileView, Finding, RuleDoc, View, report, report_as, rule};
use crate::Verdict;
use crate::run::{Arg, Run};
use crate::shell::RedirectKind;

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: Some(file),
};

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "secrets.send",
        field: "secrets",
        severity: Verdict::Deny,
        reason: "This sends secrets over the network.",
        alternative: "Let the program that needs the secret read it where it is.",
    },
    RuleDoc {
        id: "secrets.read",
        field: "secrets",
        severity: Verdict::Ask,
        reason: "This reads a file that holds secrets, and what is read here is kept in the conversation.",
        alternative: "Ask the person for what you need to know of it; of an `.env` file, the `.example` beside it has the names.",
    },
    RuleDoc {
        id: "secrets.send-folder",
        field: "secrets",
        severity: Verdict::Ask,
        reason: "This sends a whole folder over the network, with whatever secrets are in it.",
        alternative: "Name the files to send, or use `git push`.",
    },
    RuleDoc {
        id: "secrets.write",
        field: "secrets",
        severity: Verdict::Ask,
        reason: "This changes a key, a credential or who may log in.",
        alternative: "Let a person change it.",
    },
    RuleDoc {
        id: "secrets.show",
        field: "secrets",
        severity: Verdict::Ask,
        reason: "This prints a secret, and what is printed is kept in the conversation.",
        alternative: "Hand it straight to the program that needs it, as in `TOKEN=$(gh auth token)`.",
    },
    RuleDoc {
        id: "secrets.commit",
        field: "secrets",
        severity: Verdict::Ask,
        reason: "This puts a file of secrets under version control, where everybody with the repository has it.",
        alternative: "Add it to `.gitignore`, and commit an `.example` without values.",
    },
];

/// Programs that only look at the name of a file, or never show what is in it.
const NAMES_ONLY: &[&str] = &[
    "ls",
    "test",
    "[",
    "[[",
    "stat",
    "echo",
    "printf",
    "touch",
    "mkdir",
    "cd",
    "find",
    "fd",
    "rm",
    "chmod",
    "chown",
    "exit",
    "git",
    "which",
    "file",
    "wc",
    "du",
    "source",
    ".",
    "export",
    "ssh-add",
    "ssh-keygen",
    "ssh",
    "basename",
    "dirname",
    "realpath",
    "readlink",
    "docker",
    "docker-compose",
    "podman",
    "kubectl",
    "sql",
    "fjord",
    "ssh-copy-id",
    "sha256sum",
    "sha1sum",
    "md5sum",
    "shasum",
    "cksum",
    "sops",
    "vercel",
    "chgrp",
    "lsattr",
    "getfacl",
    "trash",
    "code",
    "dotenv",
    "dotenvx",
    "npm",
    "npx",
    "pnpm",
    "yarn",
    "gpg-agent",
    "ansible-playbook",
    "ansible",
    "keytool",
    "certbot",
    "mosh",
    "sshfs",
    "direnv",
    "shellcheck",
    "helm",
];

/// Programs that talk to the network.
const SENDERS: &[&str] = &[
    "curl", "wget", "nc", "ncat", "netcat", "socat", "scp", "sftp", "telnet", "http", "https",
    "xh", "ftp", "rclone", "ssh", "mail", "sendmail", "dig", "nslookup", "host", "ping",
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    let own = reads_secret(view.run);
    if shown::shows(view) {
        report(findings, rule(RULES, "secrets.show"));
    }
    let commits = view.program == "git"
        && view.words().first() == Some(&"add")
        && !view.wants_help()
        && view.args().iter().any(|arg| is_secret_path(&arg.text));
    if commits {
        report(findings, rule(RULES, "secrets.commit"));
    }
    if takes_apart(view) {
        report(findings, rule(RULES, "secrets.write"));
    }
    if view.is(SENDERS)
        || sends_by_redirect(view.run)
        || view.is(&["gh", "glab"])
            && view.words().first().is_some_and(|verb| {
                matches!(*verb, "issue" | "pr" | "mr" | "gist" | "release" | "api")
            })
        || view.program == "rsync" && view.args().iter().any(|arg| arg.text.contains(':'))
    {
        let by_name = view.args().iter().enumerate().any(|(index, arg)| {
            // The key to log in with is no file to send.
            let is_identity = view.is(&["scp", "sftp", "rsync", "ssh"])
                && index > 0
                && matches!(
                    view.args()[index - 1].text.as_str(),
                    "-i" | "-F" | "-e" | "--rsh"
                );
            let before = index.checked_sub(1).and_then(|at| view.args().get(at));
            !is_identity
                && !before.is_some_and(|flag| is_used(&flag.text, &view.program))
                && is_sent(&arg.text, &view.program)
        }) || puts_secret(view)
            || sent::copies_secret(view)
            || view.run.stdin.file.is_some() && own.is_some() && !view.is(&["ssh"]);
        let fed = view.feeders().find(|run| {
            reads_secret(run).is_some()
                || prints_environment(run)
                || reads_history(run)
                || run.args().iter().any(|arg| is_packed(run, arg))
        });
        if by_name || fed.is_some() || own.is_some() && sends_by_redirect(view.run) {
            let source = fed.map_or_else(|| view.run.line(), Run::line);
            let source = if source.len() > 120 {
                "what it reads".to_owned()
            } else {
                format!("`{source}`")
            };
            report_as(
                findings,
                rule(RULES, "secrets.send"),
                Verdict::Deny,
                format!("This sends secrets over the network: {source}."),
            );
            return;
        }
    }
    if (view.is(SENDERS) || sends_by_redirect(view.run))
        && let Some(reason) = sent::sends_named(view)
    {
        report_as(findings, rule(RULES, "secrets.send"), Verdict::Ask, reason);
    }
    let sends_folder = view.is(&[
        "curl", "wget", "nc", "ncat", "netcat", "http", "https", "xh",
    ]) && view.feeders().any(packs_folder);
    if sends_folder {
        report(findings, rule(RULES, "secrets.send-folder"));
    }
    let patched = view.run.stdin.text.as_deref().filter(|_| {
        view.program == "patch"
            || view.program == "git"
                && view
                    .words()
                    .first()
                    .is_some_and(|word| matches!(*word, "apply" | "am"))
    });
    let writes_secret = patched.is_some_and(|text| {
        text.lines()
            .filter_map(|line| line.strip_prefix("+++ "))
            .any(|path| is_secret_path(path.split('\t').next().unwrap_or_default()))
    });
    if writes_secret {
        report(findings, rule(RULES, "secrets.write"));
    }
    let by_search = (own.is_none() && view.program == "find").then(|| found_and_read(view));
    if let Some(path) = own
        .filter(|_| !hides_values(view) && !loads(view))
        .or(by_search.flatten())
    {
        let reason =
            format!("`{path}` holds secrets, and what is read here is kept in the conversation.");
        report_as(findings, rule(RULES, "secrets.read"), Verdict::Ask, reason);
    }
    for (kind, target) in &view.run.redirects {
        if matches!(kind, RedirectKind::Write | RedirectKind::Append) && is_key_file(&target.text) {
            report(findings, rule(RULES, "secrets.write"));
        }
    }
}

/// The secret file a command reads, if it does.
fn reads_secret(run: &Run) -> Option<String> {
    if let Some(file) = run
        .stdin
        .file
        .as_ref()
        .filter(|file| is_secret_path(&file.text))
    {
        return Some(file.text.clone());
    }
    let program = run.program();
    if program == "git" {
        // `HEAD:.env` is the file as committed.
        let shows = run
            .args()
            .iter()
            .any(|arg| matches!(arg.text.as_str(), "show" | "cat-file" | "archive"));
        return run.args().iter().filter(|_| shows).find_map(|arg| {
            arg.text
                .split_once(':')
                .map(|(_, path)| path)
                .filter(|path| is_secret_path(path))
                .map(str::to_owned)
        });
    }
    if NAMES_ONLY.contains(&program.as_str())
        || program == "gh" && run.args().first().is_some_and(|verb| verb.text == "secret")
        || program == "openssl" && !opens_key(run)
        || shows_nothing(run, &program)
    {
        return None;
    }
    let searches = matches!(
        program.as_str(),
        "grep" | "rg" | "egrep" | "fgrep" | "ag" | "ack"
    );
    let given_pattern = run.args().iter().any(|arg| {
        arg.text == "--files"
            || arg.text.starts_with("--regexp")
            || matches!(arg.text.as_str(), "-e" | "-f")
            || arg.text.starts_with("--file")
            || arg.text.len() < 8
                && arg.text.strip_prefix('-').is_some_and(|cluster| {
                    !cluster.starts_with('-') && cluster.ends_with(['e', 'f'])
                })
    });
    if program == "openssl" && !openssl_shows(run) {
        return None;
    }
    let copies = matches!(program.as_str(), "cp" | "mv" | "install");
    let operands = run.operands(&[
        "--env-file",
        "-o",
        "--output",
        "-O",
        "-e",
        "--regexp",
        "--include",
        "--exclude",
        "-A",
        "-B",
        "-C",
        "-m",
        "--cert",
        "--key",
        "--cacert",
        "--netrc-file",
        "-E",
        "--identity",
        "--kubeconfig",
        "-out",
        "-i",
    ]);
    let count = operands.len();
    for (index, arg) in operands.into_iter().enumerate() {
        if searches && index == 0 && !given_pattern || copies && count > 1 && index + 1 == count {
            continue;
        }
        if (is_secret_path(&arg.text) || searches && is_secret_folder(&arg.text))
            && !is_value_in_use(run, arg, &program)
        {
            return Some(arg.text.clone());
        }
    }
    // `--file=.env`, `of=.env` and the like.
    let takes_file = |name: &str| {
        matches!(
            name,
            "--file"
                | "--post-file"
                | "--body-file"
                | "--data-file"
                | "--in"
                | "if"
                | "--upload-file"
        )
    };
    run.args().iter().find_map(|arg| {
        arg.text
            .split_once('=')
            .filter(|(name, value)| takes_file(name) && is_secret_path(value))
            .map(|(_, value)| value.to_owned())
    })
}

/// Whether `openssl` prints the key it is given. Most of its verbs only work with one.
fn openssl_shows(run: &Run) -> bool {
    let verb = run.args().first().map_or("", |arg| arg.text.as_str());
    let silent = ["-noout", "-pubout", "-pubin", "-out", "-check"];
    match verb {
        "rsa" | "ec" | "dsa" | "pkey" | "pkcs8" | "pkcs12" => !run
            .args()
            .iter()
            .any(|arg| silent.contains(&arg.text.as_str())),
        "enc" | "base64" | "asn1parse" | "smime" | "cms" => true,
        cipher => cipher.starts_with("aes") || cipher.starts_with("des"),
    }
}

/// Whether an argument names a secret file as something to send.
fn is_sent(text: &str, program: &str) -> bool {
    let value = text.rsplit_once('=').map_or(text, |(_, value)| value);
    match program {
        "curl" | "http" | "https" | "xh" => {
            let at = value.rsplit_once('@').map_or(value, |(_, path)| path);
            let at = at.strip_prefix('<').unwrap_or(at);
            (value.contains('@')
                || value.starts_with('<')
                || text.starts_with("-T")
                || text.starts_with("file:")
                || !text.contains("://") && text.starts_with(['/', '.', '~']))
                && is_secret_path(at.trim_start_matches("file://"))
        }
        "scp" | "sftp" | "rsync" | "rclone" => {
            (is_secret_path(text) || is_secret_folder(text)) && !text.contains(':')
        }
        "wget" => {
            (text.starts_with("--post-f") || text.starts_with("--body-f")) && is_secret_path(value)
        }
        "socat" => text.split([':', '!', ' ', ',']).any(is_secret_path),
        _ => false,
    }
}

/// Whether a command packs secrets for the one it feeds.
fn is_packed(run: &Run, arg: &Arg) -> bool {
    matches!(
        run.program().as_str(),
        "tar" | "zip" | "gzip" | "base64" | "openssl"
    ) && (is_secret_path(&arg.text) || is_secret_folder(&arg.text))
}

/// Whether a command packs folders onto its output.
fn packs_folder(run: &Run) -> bool {
    let onto_output = |run: &Run| {
        run.args().iter().any(|arg| arg.text == "-")
            || run
                .args()
                .first()
                .is_some_and(|flags| !flags.text.contains('f'))
    };
    match run.program().as_str() {
        "tar" => {
            onto_output(run)
                && run.args().iter().any(|arg| {
                    arg.text == "--create"
                        || !arg.text.starts_with("--")
                            && arg.text.trim_start_matches('-').starts_with('c')
                })
        }
        "zip" => run.args().iter().any(|arg| arg.text == "-") && run.has(Some('r'), &[]),
        "git" => run
            .args()
            .first()
            .is_some_and(|verb| verb.text == "archive"),
        _ => false,
    }
}

/// `put .env`, typed at `ftp` or `sftp`.
fn puts_secret(view: &View<'_>) -> bool {
    view.is(&["ftp", "sftp", "lftp"])
        && view.run.stdin.text.as_deref().is_some_and(|text| {
            text.lines().take(256).any(|line| {
                let mut words = line.split_whitespace();
                matches!(words.next(), Some("put" | "mput" | "send" | "reput"))
                    && words.any(is_secret_path)
            })
        })
}

/// The commands that were typed, and the passwords in them.
fn reads_history(run: &Run) -> bool {
    run.args().iter().any(|arg| {
        matches!(
            arg.text.rsplit('/').next(),
            Some(".bash_history" | ".zsh_history" | ".psql_history" | ".mysql_history")
        )
    })
}

fn prints_environment(run: &Run) -> bool {
    match run.program().as_str() {
        "printenv" | "history" => true,
        "gpg" | "gpg2" => run
            .args()
            .iter()
            .any(|arg| arg.text.starts_with("--export-secret")),
        "env" | "set" | "export" | "declare" => {
            run.args().iter().all(|arg| arg.text.starts_with('-'))
        }
        _ => false,
    }
}

fn sends_by_redirect(run: &Run) -> bool {
    run.redirects.iter().any(|(kind, target)| {
        matches!(
            kind,
            RedirectKind::Write | RedirectKind::Append | RedirectKind::ReadWrite
        ) && (target.text.starts_with("/dev/tcp/") || target.text.starts_with("/dev/udp/"))
    })
}

/// Stores of credentials outside the project. An `.env` and the project's own files are written every day.
fn file(view: &FileView<'_>, findings: &mut Vec<Finding>) {
    let path = view.path;
    let is_own = path.starts_with("/tmp/")
        || view
            .facts
            .project
            .as_ref()
            .is_some_and(|project| crate::paths::is_within(path, &project.root));
    let name = path.rsplit('/').next().unwrap_or_default();
    if !is_own
        && !name.starts_with(".env")
        && (is_secret_path(path) || path.ends_with("/.ssh/config"))
    {
        report(findings, rule(RULES, "secrets.write"));
    }
}
