//! What is sent that is no file of secrets itself: a copy of one, a variable, a file of the system.

use super::{is_packed, reads_secret, sends_by_redirect};
use crate::rules::View;
use crate::rules::clouds::http::parts;
use crate::run::{Arg, Run, UNKNOWN};
use crate::shell::RedirectKind;

/// How many commands of a line are looked at.
const MAX_RUNS: usize = 64;

/// Whether a file that is sent was made from a secret earlier on the line.
pub(super) fn copies_secret(view: &View<'_>) -> bool {
    let before = view
        .all
        .iter()
        .take(MAX_RUNS)
        .take_while(|run| !std::ptr::eq(*run, view.run));
    let mut made: Vec<&str> = Vec::new();
    for run in before {
        let secret =
            reads_secret(run).is_some() || run.args().iter().any(|arg| is_packed(run, arg));
        if !secret {
            continue;
        }
        made.extend(
            run.redirects
                .iter()
                .filter(|(kind, _)| matches!(kind, RedirectKind::Write | RedirectKind::Append))
                .map(|(_, target)| target.text.as_str()),
        );
        let packs = matches!(
            run.program().as_str(),
            "tar" | "zip" | "7z" | "openssl" | "gpg"
        );
        let copies = matches!(run.program().as_str(), "cp" | "mv" | "install" | "ln");
        if packs {
            made.extend(
                run.args()
                    .iter()
                    .map(|arg| arg.text.as_str())
                    .filter(|text| {
                        [
                            ".tar", ".gz", ".tgz", ".zip", ".7z", ".enc", ".gpg", ".bz2", ".xz",
                        ]
                        .iter()
                        .any(|end| text.ends_with(end))
                    }),
            );
        } else if copies {
            made.extend(run.args().last().map(|arg| arg.text.as_str()));
        }
    }
    made.retain(|path| path.len() > 2 && !path.starts_with('-'));
    if made.is_empty() {
        return false;
    }
    let input = view.run.stdin.file.as_ref();
    view.args()
        .iter()
        .take(MAX_RUNS)
        .chain(input)
        .any(|arg| made.contains(&plain(&arg.text)))
}

/// The path in `@path`, `name=@path`, `--upload-file=path`.
fn plain(text: &str) -> &str {
    let text = text.rsplit_once('@').map_or(text, |(_, path)| path);
    let text = text.rsplit_once('=').map_or(text, |(_, path)| path);
    text.strip_prefix('<').unwrap_or(text)
}

/// Flags after which a secret logs in, and is not handed over.
const LOGS_IN: &[&str] = &[
    "-H",
    "--header",
    "-u",
    "--user",
    "-b",
    "--cookie",
    "--oauth2-bearer",
    "-U",
    "--proxy-user",
    "-a",
    "--auth",
    "-x",
    "--proxy",
    "--aws-sigv4",
    "--password",
    "--http-password",
    "-o",
    "--output",
    "-A",
    "--user-agent",
];

/// Why what is sent to another machine should be looked at, if it should.
pub(super) fn sends_named(view: &View<'_>) -> Option<String> {
    if sends_by_redirect(view.run) {
        let name = view.args().iter().find_map(|arg| arg.secret.as_deref())?;
        return Some(format!(
            "This sends the value of `{name}` to another machine."
        ));
    }
    let by_http = view.is(&["curl", "wget", "http", "https", "xh"]);
    let by_pipe = view.is(&["nc", "ncat", "netcat", "socat", "telnet"]);
    if !by_http && !by_pipe {
        return None;
    }
    let args = view.args();
    let address = args
        .iter()
        .map(|arg| arg.text.as_str())
        .find(|text| text.contains("://"))
        .or_else(|| {
            args.iter()
                .map(|arg| arg.text.as_str())
                .find(|text| !text.starts_with('-'))
        })?;
    let (host, path) = parts(address);
    if is_local(host) || host.contains(UNKNOWN) {
        return None;
    }
    let system = args
        .iter()
        .enumerate()
        .filter(|_| by_http)
        .find(|(at, arg)| {
            let text = arg.text.as_str();
            let uploads = at
                .checked_sub(1)
                .is_some_and(|before| matches!(args[before].text.as_str(), "-T" | "--upload-file"));
            (uploads
                || text.contains('@')
                || text.starts_with("--upload-file=")
                || text.starts_with("--post-file="))
                && is_system(plain(text))
        })
        .map(|(_, arg)| plain(&arg.text))
        .or(view
            .run
            .stdin
            .file
            .as_ref()
            .map(|file| file.text.as_str())
            .filter(|file| is_system(file)))
        .or_else(|| read_by_a_feeder(view));
    if let Some(file) = system {
        return Some(format!(
            "This sends `{file}` of this machine to another one."
        ));
    }
    let said = args.iter().enumerate().filter(|(at, arg)| {
        let logs_in = at
            .checked_sub(1)
            .is_some_and(|before| LOGS_IN.contains(&args[before].text.as_str()));
        // `Authorization:…` of HTTPie; `-uname:…`, `--user=…`.
        let header = arg
            .text
            .split_once(':')
            .is_some_and(|(name, rest)| !rest.starts_with("//") && !name.contains(['/', '=']));
        let glued = LOGS_IN.iter().any(|flag| {
            arg.text
                .strip_prefix(flag)
                .is_some_and(|rest| !rest.is_empty())
                && !arg.text.contains("://")
        });
        by_http && !logs_in && !header && !glued
    });
    let fed = view
        .feeders()
        .filter(|run| matches!(run.program().as_str(), "echo" | "printf"))
        .flat_map(Run::args)
        .take(MAX_RUNS);
    said.map(|(_, arg)| arg).chain(fed).find_map(|arg| {
        let name = arg.secret.as_deref()?;
        (!is_meant(name, arg, host, path))
            .then(|| format!("This sends the value of `{name}` to another machine."))
    })
}

/// The file of the system that a command behind the input or the words prints.
fn read_by_a_feeder<'a>(view: &'a View<'_>) -> Option<&'a str> {
    view.feeders()
        .filter(|run| {
            matches!(
                run.program().as_str(),
                "cat" | "head" | "tail" | "base64" | "xxd" | "gzip" | "tac" | "strings"
            )
        })
        .take(MAX_RUNS)
        .flat_map(|run| run.args().iter().take(MAX_RUNS))
        .map(|arg| arg.text.as_str())
        .find(|text| is_system(text))
}

fn is_local(host: &str) -> bool {
    let host = host.split(':').next().unwrap_or_default();
    matches!(host, "" | "localhost" | "127.0.0.1" | "0.0.0.0" | "[")
        || matches!(
            host.rsplit('.').next(),
            Some("local" | "localhost" | "test" | "internal")
        )
}

/// Files that tell about the machine and its people.
fn is_system(path: &str) -> bool {
    let plain = [
        "hostname",
        "os-release",
        "machine-id",
        "lsb-release",
        "debian_version",
        "timezone",
    ];
    if path
        .strip_prefix("/etc/")
        .is_some_and(|name| plain.contains(&name) || name.starts_with("ssl/"))
    {
        return false;
    }
    path.starts_with("/etc/") || path.starts_with("/var/log/") || path.starts_with("/root/")
}

/// Words in the name of a variable that say nothing of whose secret it is.
const GENERAL: &[&str] = &[
    "access", "admin", "api", "apikey", "app", "auth", "bearer", "bot", "ci", "client", "deploy",
    "dev", "key", "my", "pass", "passwd", "password", "private", "prod", "public", "refresh",
    "secret", "service", "staging", "test", "token", "user", "webhook",
];
/// Words of secrets that belong to no address.
const NEVER: &[&str] = &[
    "aws",
    "database",
    "db",
    "jwt",
    "mysql",
    "pg",
    "postgres",
    "root",
    "ssh",
    "signing",
    "encryption",
];
/// Words that name the one service that a secret is for.
const OWNERS: &[&str] = &[
    "anthropic",
    "azure",
    "cf",
    "cloudflare",
    "digitalocean",
    "docker",
    "dockerhub",
    "gcp",
    "gh",
    "github",
    "gitlab",
    "gl",
    "google",
    "heroku",
    "hf",
    "npm",
    "openai",
    "pypi",
    "sendgrid",
    "slack",
    "stripe",
    "telegram",
    "tg",
    "twilio",
    "vault",
];
/// Short names and the hosts they are for.
const ALIASES: &[(&str, &str)] = &[
    ("aws", "amazonaws"),
    ("cf", "cloudflare"),
    ("do", "digitalocean"),
    ("gh", "github"),
    ("gl", "gitlab"),
    ("hf", "huggingface"),
    ("tg", "telegram"),
];
/// Parameters in which a service takes its own key.
const PARAMETERS: &[&str] = &[
    "access_token=",
    "api-key=",
    "api_key=",
    "apiKey=",
    "apikey=",
    "appid=",
    "auth=",
    "client_secret=",
    "key=",
    "password=",
    "private_token=",
    "secret=",
    "token=",
];

/// Whether a secret is handed to the one it is for.
fn is_meant(name: &str, arg: &Arg, host: &str, path: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    let mut pieces = lower.split('_').filter(|piece| !GENERAL.contains(piece));
    let own = pieces.clone().any(|piece| {
        piece.len() > 2 && host.contains(piece)
            || ALIASES
                .iter()
                .any(|(short, long)| *short == piece && host.contains(long))
    });
    if own {
        return true;
    }
    if pieces.clone().any(|piece| NEVER.contains(&piece)) {
        return false;
    }
    let logs_in = ["oauth", "token", "login", "auth", "session", "signin"]
        .iter()
        .any(|word| path.contains(word));
    // Whose it is is not said: where a service takes its key, it is the service's.
    let in_parameter = arg
        .text
        .split(UNKNOWN)
        .next()
        .is_some_and(|before| PARAMETERS.iter().any(|end| before.ends_with(end)))
        || arg.text.contains("\":\"\u{1}")
        || arg.text.contains("\": \"\u{1}");
    logs_in || in_parameter && !pieces.any(|piece| OWNERS.contains(&piece))
}
