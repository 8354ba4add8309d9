//! What a tool with sub-commands is told to do, read from the verb and not from a list of its products.
//!
//! `gcloud compute instances delete web`, `aws ecr batch-delete-image`, `heroku pg:backups:delete`,
//! `netlify api deleteSite`: the first verb on the way decides, so a name such as `deploy delete-user`
//! or `lambda invoke` says nothing.

use super::View;

/// What a verb does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// Deletes something.
    Delete,
    /// Takes access, a setting, a protection or an older state away.
    Undo,
    /// Stops what runs.
    Stop,
}

/// The verb that decides, and the words before it.
pub(super) struct Act<'a> {
    pub(super) deed: Deed,
    /// The word that holds the verb.
    pub(super) word: &'a str,
    /// The words before, flags and their values aside.
    pub(super) before: Vec<&'a str>,
}

const DELETE: &[&str] = &[
    "cleanup",
    "decommission",
    "del",
    "delete",
    "deleteall",
    "deletefile",
    "deletion",
    "destroy",
    "drop",
    "empty",
    "erase",
    "expunge",
    "nuke",
    "obliterate",
    "prune",
    "purge",
    "rb",
    "remove",
    "reset",
    "rm",
    "rmdir",
    "rmdirs",
    "rrdelete",
    "rrpurge",
    "teardown",
    "terminate",
    "trash",
    "truncate",
    "undeploy",
    "uninstall",
    "wipe",
];

const UNDO: &[&str] = &[
    "archive",
    "clear",
    "close",
    "deactivate",
    "deauthorize",
    "demote",
    "deprovision",
    "deregister",
    "detach",
    "disable",
    "disassociate",
    "dismiss",
    "evict",
    "expire",
    "failover",
    "flush",
    "forget",
    "invalidate",
    "leave",
    "revert",
    "revoke",
    "rollback",
    "unassign",
    "unbind",
    "unlist",
    "unpublish",
    "unregister",
    "unset",
    "unsubscribe",
];

const STOP: &[&str] = &[
    "cancel",
    "deallocate",
    "halt",
    "kill",
    "killall",
    "pause",
    "poweroff",
    "reboot",
    "rebuild",
    "reinstall",
    "shutdown",
    "stop",
    "suspend",
];

/// Verbs after which a word is a name.
const HARMLESS: &[&str] = &[
    "add", "apply", "attach", "build", "call", "can-i", "check", "clone", "connect", "console",
    "consume", "copy", "cp", "create", "decrypt", "deploy", "describe", "dev", "diff", "download",
    "enable", "encrypt", "estimate", "events", "exec", "execute", "explain", "export", "filter",
    "fixtures", "fmt", "follow", "generate", "get", "head", "help", "info", "init", "inspect",
    "install", "invoke", "launch", "link", "lint", "list", "listen", "log", "login", "logout",
    "logs", "ls", "mb", "mount", "new", "open", "plan", "preview", "proxy", "pub", "publish",
    "pull", "push", "put", "query", "read", "receive", "register", "render", "resend", "resume",
    "run", "scan", "search", "select", "send", "serve", "set", "show", "sign", "simulate", "ssh",
    "start", "stat", "status", "sub", "submit", "sync", "tail", "test", "trigger", "undelete",
    "unpause", "up", "upload", "validate", "verify", "view", "wait", "watch", "whoami",
];

/// Words before a verb: `batch-delete-image`, `admin-disable-user`, `bulk-delete`.
const ADVERBS: &[&str] = &[
    "admin",
    "batch",
    "bulk",
    "force",
    "hard",
    "permanent",
    "permanently",
    "safe",
    "schedule",
    "soft",
];

/// Harmless verbs that are also the name of something, which a later verb may delete.
const NAMES: &[&str] = &[
    "build", "connect", "deploy", "events", "export", "log", "logs", "mount", "plan", "proxy",
    "query", "run", "search", "ssh", "test",
];

/// Tools whose verb comes last: `instance-delete`, `addons-remove`.
const VERB_LAST: &[&str] = &[
    "avn",
    "ibmcloud",
    "linode-cli",
    "qovery",
    "rabbitmqctl",
    "scalingo",
    "sfdx",
];

/// Tools whose first word names a product: `gcloud run`, `aws logs`, `az search`.
const PRODUCT_FIRST: &[&str] = &[
    "aliyun",
    "aws",
    "awslocal",
    "az",
    "gcloud",
    "ibmcloud",
    "oci",
    "openstack",
    "tccli",
    "yc",
];

/// Flags without a value that people write before the verb.
const SWITCHES: &[&str] = &[
    "--all",
    "--assume-yes",
    "--auto-approve",
    "--debug",
    "--dev",
    "--force",
    "--json",
    "--live",
    "--local",
    "--non-interactive",
    "--prod",
    "--quiet",
    "--recursive",
    "--silent",
    "--verbose",
    "--yes",
    "-F",
    "-R",
    "-f",
    "-m",
    "-q",
    "-v",
    "-y",
];

/// The verb of a command, if one is found before a harmless one.
pub(super) fn act<'a>(view: &'a View<'_>) -> Option<Act<'a>> {
    let mut words = words(view);
    if PRODUCT_FIRST.contains(&view.program.as_str()) && words.len() > 1 {
        let rest = words.split_off(1);
        return decide(view, &rest, words);
    }
    decide(view, &words, Vec::new())
}

fn decide<'a>(view: &View<'_>, words: &[&'a str], mut before: Vec<&'a str>) -> Option<Act<'a>> {
    let last = VERB_LAST.contains(&view.program.as_str());
    for (at, word) in words.iter().take(6).enumerate() {
        let names = at < 2
            && NAMES.contains(word)
            && words
                .get(at + 1..)
                .unwrap_or_default()
                .iter()
                .take(2)
                .any(|later| {
                    matches!(
                        *later,
                        "delete" | "destroy" | "drop" | "purge" | "remove" | "rm"
                    )
                });
        match deed(word, last).filter(|_| !names) {
            Some(Some(deed)) => return Some(Act { deed, word, before }),
            Some(None) => return None,
            None => before.push(word),
        }
    }
    None
}

/// The words that are no flags and no values of flags.
pub(super) fn words<'a>(view: &'a View<'_>) -> Vec<&'a str> {
    let args = view.args();
    let mut found = Vec::new();
    for (index, arg) in args.iter().enumerate() {
        let text = arg.text.as_str();
        let flag_before = index
            .checked_sub(1)
            .map(|before| args[before].text.as_str())
            .filter(|flag| {
                flag.starts_with('-')
                    && !flag.contains('=')
                    && !SWITCHES.contains(flag)
                    && !flag.starts_with("--no-")
                    && *flag != "--"
            });
        if !text.starts_with('-') && flag_before.is_none() {
            found.push(text);
        }
    }
    found
}

/// What a word does: nothing when it is no verb, `Some(None)` when the verb is harmless.
#[expect(
    clippy::option_option,
    reason = "no verb and a harmless verb are two answers"
)]
fn deed(word: &str, verb_last: bool) -> Option<Option<Deed>> {
    if word.contains(['/', '=', ' ']) {
        return None;
    }
    // `functions:delete`, `pg:backups:delete`, `files.delete`: the last piece that is a verb.
    if word.contains(':') {
        return word.rsplit(':').find_map(|piece| deed(piece, false));
    }
    if let Some((_, last)) = word.rsplit_once('.') {
        return exact(last);
    }
    if let Some(found) = exact(word) {
        return Some(found);
    }
    let camel = word
        .char_indices()
        .skip(1)
        .find(|(_, one)| one.is_ascii_uppercase())
        .and_then(|(at, _)| word.get(..at));
    if let Some(first) = camel {
        return exact(&first.to_ascii_lowercase());
    }
    let mut pieces = word
        .split(['-', '_'])
        .skip_while(|piece| ADVERBS.contains(piece));
    let first = pieces.next()?;
    let first = exact(first).filter(|_| !NAMES.contains(&first));
    first.or_else(|| exact(pieces.last()?).filter(|_| verb_last))
}

#[expect(
    clippy::option_option,
    reason = "no verb and a harmless verb are two answers"
)]
fn exact(word: &str) -> Option<Option<Deed>> {
    let among = |list: &[&str]| list.binary_search(&word).is_ok();
    if among(DELETE) {
        Some(Some(Deed::Delete))
    } else if among(UNDO) {
        Some(Some(Deed::Undo))
    } else if among(STOP) || matches!(word, "power-off" | "power-cycle") {
        Some(Some(Deed::Stop))
    } else {
        among(HARMLESS).then_some(None)
    }
}

/// What a single word does, when it takes something away.
pub(super) fn of(word: &str) -> Option<Deed> {
    exact(word).flatten()
}

/// Whether the command only says what it would do, or how it is used.
pub(super) fn only_shows(view: &View<'_>) -> bool {
    view.wants_help()
        || view.args().last().is_some_and(|arg| arg.text == "help")
        || view.args().iter().any(|arg| {
            let flag = arg.text.to_ascii_lowercase();
            let (flag, value) = flag.split_once('=').unwrap_or((flag.as_str(), ""));
            flag.starts_with('-')
                && matches!(
                    flag.trim_start_matches('-'),
                    "dry-run"
                        | "dry_run"
                        | "dryrun"
                        | "what-if"
                        | "whatif"
                        | "preview"
                        | "preview-only"
                        | "help"
                        | "just-print"
                        | "simulate"
                        | "noop"
                )
                && !matches!(value, "none" | "false")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verbs_are_sorted_and_stand_once() {
        for list in [DELETE, UNDO, STOP, HARMLESS] {
            assert!(list.is_sorted(), "{list:?}");
            for verb in list {
                let lists = [DELETE, UNDO, STOP, HARMLESS];
                assert_eq!(
                    lists.iter().filter(|list| list.contains(verb)).count(),
                    1,
                    "{verb}"
                );
            }
        }
    }

    #[test]
    fn the_first_verb_in_a_word_decides() {
        for (word, last, expected) in [
            ("delete-db-instance", false, Some(Some(Deed::Delete))),
            ("batch-delete-image", false, Some(Some(Deed::Delete))),
            ("admin-disable-user", false, Some(Some(Deed::Undo))),
            ("instance-delete", true, Some(Some(Deed::Delete))),
            ("instance-delete", false, None),
            ("pg:backups:delete", false, Some(Some(Deed::Delete))),
            ("deleteSite", false, Some(Some(Deed::Delete))),
            ("files.delete", false, Some(Some(Deed::Delete))),
            ("delete.txt", false, None),
            ("enable-delete-protection", false, Some(None)),
            ("functions:invoke", false, Some(None)),
            ("s3://delete/x", false, None),
        ] {
            assert_eq!(deed(word, last), expected, "{word}");
        }
    }
}
