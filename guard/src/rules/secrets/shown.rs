//! Programs that print a secret, and whether what they print is seen.
//!
//! One named secret out of a secret manager is not among them: handing it out is what the manager is for, and the
//! manager decides who may and keeps a log. A dump of all, a keychain and a person's own login are.

use crate::rules::View;
use crate::rules::table::says;
use crate::run::Run;
use crate::shell::RedirectKind;

/// One command that prints a secret: the program, its first words, and a flag it needs.
struct Printer {
    programs: &'static [&'static str],
    words: &'static [&'static str],
    flags: &'static [&'static str],
}

const fn prints(programs: &'static [&'static str], words: &'static [&'static str]) -> Printer {
    Printer {
        programs,
        words,
        flags: &[],
    }
}

const fn prints_with(
    programs: &'static [&'static str],
    words: &'static [&'static str],
    flags: &'static [&'static str],
) -> Printer {
    Printer {
        programs,
        words,
        flags,
    }
}

const PRINTERS: &[Printer] = &[
    prints(&["aws"], &["iam", "create-access-key"]),
    prints(&["aws"], &["configure", "export-credentials"]),
    prints(
        &["aws"],
        &[
            "configure",
            "get",
            "aws_secret_access_key|aws_session_token",
        ],
    ),
    prints(&["gcloud"], &["iam", "service-accounts", "keys", "create"]),
    prints(&["az"], &["storage", "account", "keys", "list"]),
    prints(&["az"], &["storage", "account", "show-connection-string"]),
    prints(&["az"], &["acr", "credential", "show"]),
    prints(&["vault"], &["token", "create"]),
    prints(&["gh"], &["auth", "token"]),
    prints_with(
        &["gh", "glab"],
        &["auth", "status"],
        &["-t", "--show-token"],
    ),
    prints(&["heroku"], &["config|auth:token"]),
    prints(&["doppler"], &["secrets"]),
    prints(&["infisical"], &["secrets|export"]),
    prints(&["op"], &["inject"]),
    prints(&["bw"], &["export"]),
    prints(&["pass", "gopass", "lpass"], &["export"]),
    prints(&["keepassxc-cli"], &["export"]),
    prints(&["secret-tool"], &["lookup|search"]),
    prints_with(
        &["security"],
        &["find-generic-password|find-internet-password"],
        &["-w", "-g"],
    ),
    prints(&["security"], &["dump-keychain|export"]),
    prints(&["keyring"], &["get"]),
    prints(&["git"], &["credential", "fill"]),
    prints(
        &["git"],
        &[
            "credential-osxkeychain|credential-store|credential-manager",
            "get",
        ],
    ),
    prints(&["ansible-vault"], &["decrypt"]),
    prints_with(&["sops"], &[], &["-d", "--decrypt"]),
    prints(&["sops"], &["decrypt"]),
    prints_with(&["kubectl", "oc"], &["config", "view"], &["--raw"]),
    prints_with(
        &["gpg", "gpg2"],
        &[],
        &["--export-secret-keys", "--export-secret-subkeys"],
    ),
    prints(&["fly", "flyctl"], &["auth", "token"]),
    prints(&["cmdkey"], &["/list"]),
];

/// Endpoints of clouds that hand out credentials to whatever runs on the machine.
const ENDPOINTS: &[&str] = &[
    "/latest/meta-data/iam/security-credentials/",
    "/service-accounts/default/token",
    "/metadata/identity/oauth2/token",
    "/latest/user-data",
];

/// Whether this command prints a secret that is seen.
pub(super) fn shows(view: &View<'_>) -> bool {
    !view.wants_help() && prints_secret(view) && is_seen(view)
}

fn prints_secret(view: &View<'_>) -> bool {
    let of_table = PRINTERS.iter().any(|printer| {
        view.is(printer.programs)
            && says(view, printer.words)
            && (printer.flags.is_empty() || has_flag(view, printer.flags))
    });
    if of_table {
        // `doppler secrets set` and its like write, `get` names one.
        let second = view.words().get(1).copied().unwrap_or_default();
        return !(view.is(&["doppler", "infisical"])
            && matches!(
                second,
                "get" | "set" | "delete" | "upload" | "notes" | "folders"
            ));
    }
    match view.program.as_str() {
        "kubectl" | "oc" => kubernetes(view),
        "curl" | "wget" => view
            .args()
            .iter()
            .any(|arg| ENDPOINTS.iter().any(|end| arg.text.contains(end))),
        "printenv" => view.args().iter().any(|arg| is_telling(&arg.text)),
        "npm" | "yarn" | "pnpm" => {
            says(view, &["config", "get"])
                && view.args().iter().any(|arg| {
                    arg.text.ends_with(":_authToken") || arg.text.ends_with(":_password")
                })
        }
        _ => false,
    }
}

fn has_flag(view: &View<'_>, flags: &[&str]) -> bool {
    flags.iter().any(|flag| {
        view.args()
            .iter()
            .any(|arg| arg.text.split('=').next() == Some(*flag))
    })
}

/// `kubectl get secret NAME -o yaml`.
fn kubernetes(view: &View<'_>) -> bool {
    if !says(view, &["get"]) {
        return false;
    }
    let of_secret = view.words().get(1).is_some_and(|kind| {
        kind.split(',').any(|kind| {
            matches!(
                kind.split('/').next().unwrap_or_default(),
                "secret" | "secrets"
            )
        })
    });
    let format = view
        .run
        .value(&["-o", "--output"])
        .or_else(|| view.run.value(&["--template"]))
        .unwrap_or_default();
    of_secret
        && (matches!(format, "yaml" | "json")
            || format.contains(".data")
            || format.contains("\"data\""))
}

/// Whether the name of a variable says that its value is a secret.
fn is_telling(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    [
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "PRIVATE_KEY",
        "API_KEY",
        "ACCESS_KEY",
        "_TOKEN",
    ]
    .iter()
    .any(|part| name.contains(part))
}

/// Longer lists are taken for seen, so that the work stays linear.
const MAX_RUNS: usize = 64;
/// Programs that pass on what they read.
const FILTERS: &[&str] = &[
    "cat", "head", "tail", "tee", "grep", "rg", "sed", "awk", "cut", "tr", "jq", "yq", "sort",
    "uniq", "base64", "base32", "xxd", "od", "hexdump", "echo", "printf", "less", "more", "bat",
    "python", "python3", "column", "fold", "strings", "rev", "nl", "wc", "openssl", "xargs",
];

/// Whether what a command prints reaches the conversation, and not only another program.
pub(super) fn is_seen(view: &View<'_>) -> bool {
    let Some(index) = view
        .all
        .iter()
        .take(MAX_RUNS)
        .position(|run| std::ptr::eq(run, view.run))
    else {
        return true;
    };
    if view.all.len() > MAX_RUNS {
        return true;
    }
    seen(view.all, index, 0)
}

/// Whether what a command prints ends in a variable, and nobody reads it on the way there.
pub(super) fn is_kept(view: &View<'_>) -> bool {
    let mut at = view
        .all
        .iter()
        .take(MAX_RUNS)
        .position(|run| std::ptr::eq(run, view.run));
    let mut last = None;
    while let Some(index) = at.filter(|_| view.all.len() <= MAX_RUNS) {
        last = view.all.get(index);
        at = (index + 1..view.all.len()).find(|other| {
            let other = &view.all[*other];
            other.inputs.contains(&index) || other.stdin.from.contains(&index)
        });
    }
    last.is_some_and(|run| run.via.last().is_some_and(|via| via == "$(…)"))
}

fn seen(all: &[Run], index: usize, depth: usize) -> bool {
    let run = &all[index];
    let into_file = run.redirects.iter().any(|(kind, target)| {
        matches!(kind, RedirectKind::Write | RedirectKind::Append)
            && !target.text.starts_with("/dev/")
    });
    if into_file {
        return false;
    }
    if depth > 8 {
        return true;
    }
    let readers: Vec<usize> = all
        .iter()
        .enumerate()
        .skip(index + 1)
        .filter(|(_, other)| other.inputs.contains(&index) || other.stdin.from.contains(&index))
        .map(|(at, _)| at)
        .collect();
    let Some(last) = readers.last().copied() else {
        // What nobody reads of a substitution is kept in a variable.
        return run.via.last().is_none_or(|via| via != "$(…)");
    };
    // Only the last reader matters: those before it feed it.
    FILTERS.contains(&all[last].program().as_str()) && seen(all, last, depth + 1)
}
