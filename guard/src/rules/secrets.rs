//! Secrets: read into the conversation, or sent away.

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
];

/// Files and folders that hold secrets, by name.
const SECRET_NAMES: &[&str] = &[
    ".netrc",
    ".pgpass",
    ".my.cnf",
    ".npmrc",
    ".pypirc",
    ".git-credentials",
    "application_default_credentials.json",
    "admin.conf",
    "shadow",
    "master.key",
    "secrets.yml",
    "secrets.yaml",
    "secrets.json",
    "credentials.json",
    "service-account.json",
    "login.keychain-db",
    ".vault-token",
    ".boto",
    ".s3cfg",
];
const SECRET_ENDS: &[&str] = &[
    ".aws/credentials",
    ".aws/credential?",
    ".kube/config",
    ".docker/config.json",
    ".config/gh/hosts.yml",
    ".config/glab-cli/config.yml",
    "containers/auth.json",
    "pypoetry/auth.toml",
    ".cargo/credentials.toml",
    ".cargo/credentials",
    ".config/gcloud/credentials.db",
    ".terraform.d/credentials.tfrc.json",
];
const SECRET_FOLDERS: &[&str] = &[".gnupg", "Keychains", ".password-store"];

/// Programs that talk to the network.
const SENDERS: &[&str] = &[
    "curl", "wget", "nc", "ncat", "netcat", "socat", "scp", "sftp", "telnet", "http", "https",
    "xh", "ftp", "rclone", "ssh", "mail", "sendmail",
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    let own = reads_secret(view.run);
    if view.is(SENDERS)
        || sends_by_redirect(view.run)
        || view.program == "rsync" && view.args().iter().any(|arg| arg.text.contains(':'))
    {
        let by_name = view
            .args()
            .iter()
            .any(|arg| is_sent(&arg.text, &view.program));
        let fed = view.feeders().find(|run| {
            reads_secret(run).is_some()
                || prints_environment(run)
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
    if let Some(path) = own {
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
    if NAMES_ONLY.contains(&program.as_str()) {
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
    ]);
    let count = operands.len();
    for (index, arg) in operands.into_iter().enumerate() {
        if searches && index == 0 && !given_pattern || copies && count > 1 && index + 1 == count {
            continue;
        }
        if is_secret_path(&arg.text) {
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
            (value.contains('@')
                || text.starts_with("-T")
                || text.starts_with("file:")
                || !text.contains("://") && text.starts_with(['/', '.', '~']))
                && is_secret_path(at.trim_start_matches("file://"))
        }
        "scp" | "sftp" | "rsync" | "rclone" => is_secret_path(text) && !text.contains(':'),
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
    ) && is_secret_path(&arg.text)
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

fn prints_environment(run: &Run) -> bool {
    match run.program().as_str() {
        "printenv" => true,
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

/// Whether a path, by its name, holds secrets.
pub(super) fn is_secret_path(path: &str) -> bool {
    if path.contains([' ', '\n', ';', '(', '|']) || path.is_empty() || path.len() > 1_024 {
        return false;
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    if name == ".env" || name == ".envrc" {
        return true;
    }
    if let Some(rest) = name.strip_prefix(".env.") {
        return !["example", "sample", "template", "dist", "defaults", "test"]
            .iter()
            .any(|kind| rest.ends_with(kind));
    }
    SECRET_NAMES.contains(&name)
        || is_key_file(path)
        || SECRET_ENDS.iter().any(|end| path.ends_with(end))
        || path.split('/').any(|part| SECRET_FOLDERS.contains(&part))
}

/// Whether a path is a private key or says who may log in.
fn is_key_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.strip_suffix(".pem").unwrap_or_default();
    let ends = !is_certificate(stem)
        && [".pem", ".key", ".p12", ".pfx", ".jks", ".keystore"]
            .iter()
            .any(|end| name.len() > end.len() && name.ends_with(end));
    let in_ssh = path.split('/').rev().nth(1) == Some(".ssh") || path.ends_with("/.ssh");
    let harmless =
        name.rsplit('.').next() == Some("pub") || matches!(name, "known_hosts" | "config" | "");
    ends || [
        "id_rsa",
        "id_ed25519",
        "id_ecdsa",
        "id_dsa",
        "authorized_keys",
    ]
    .contains(&name)
        || in_ssh && !harmless
}

/// Whether a `.pem` file, by the rest of its name, holds what anybody may read.
fn is_certificate(stem: &str) -> bool {
    let stem = stem.to_ascii_lowercase();
    let is = |word: &&str| stem.contains(*word);
    let names_authority = stem.split(['-', '_', '.']).any(|part| part == "ca");
    stem.contains("pub")
        || !stem.contains("key")
            && (names_authority
                || ["cert", "chain", "bundle", "csr", "crl", "dhparam"]
                    .iter()
                    .any(is))
}

fn file(view: &FileView<'_>, findings: &mut Vec<Finding>) {
    if view.writes && is_key_file(&view.path) {
        report(findings, rule(RULES, "secrets.write"));
    } else if !view.writes && is_secret_path(&view.path) {
        report(findings, rule(RULES, "secrets.read"));
    }
}
