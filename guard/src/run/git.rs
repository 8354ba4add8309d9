//! `git`: aliases, and the many settings and flags that name a program.

use std::ops::Bound;

use super::walk::{Around, Scope, Walker, quote};
use super::wrappers::{skip_flags, texts, values};
use super::{Arg, Input, UNKNOWN};

impl Walker<'_> {
    pub(super) fn git(&mut self, scope: &mut Scope, whole: &[Arg], around: &Around) {
        if let Some((name, value)) = configured(whole) {
            scope.set(&name, vec![value]);
        }
        let mut aliases = given_aliases(scope);
        for (name, value) in settings(scope, whole) {
            match name.strip_prefix("alias.") {
                Some(alias) => aliases.push((alias.to_owned(), value)),
                None if runs(&name) => {
                    let value = value.trim_start_matches('!').replace(UNKNOWN, "\"$_\"");
                    let mut inner = scope.deeper("git setting");
                    std::rc::Rc::make_mut(&mut inner.variables).remove("GIT_CONFIG_COUNT");
                    self.program(&mut inner, &value, &Input::default());
                }
                None => {}
            }
        }
        self.given_programs(scope, whole, around);
        aliases.truncate(MAX_ALIASES);
        // They are read anew for each command, and each of its words is compared with them.
        self.spend(128 * aliases.len());
        for (index, arg) in whole.iter().enumerate().skip(1) {
            let Some((_, text)) = aliases
                .iter()
                .find(|(alias, _)| alias.eq_ignore_ascii_case(&arg.text))
            else {
                continue;
            };
            let rest: Vec<String> = whole
                .get(index + 1..)
                .unwrap_or_default()
                .iter()
                .map(|arg| quote(&arg.text))
                .collect();
            let line = match text.strip_prefix('!') {
                Some(shell) => format!("{shell} {}", rest.join(" ")),
                None => format!("git {text} {}", rest.join(" ")),
            };
            self.program(&mut scope.deeper("git alias"), &line, &around.stdin);
            return;
        }
        self.push(scope, whole.to_vec(), around.clone());
    }

    /// Programs in the words and flags of subcommands.
    fn given_programs(&mut self, scope: &Scope, whole: &[Arg], around: &Around) {
        const GLOBAL: &[&str] = &["-C", "-c", "--git-dir", "--work-tree", "--namespace"];
        let args = whole.get(1..).unwrap_or_default();
        let Some((verb, rest)) = skip_flags(args, GLOBAL).0.split_first() else {
            return;
        };
        let flags: &[&str] = match verb.text.as_str() {
            "bisect" if rest.first().is_some_and(|word| word.text == "run") => {
                let words = rest.get(1..).unwrap_or_default().to_vec();
                self.run(&mut scope.deeper("git bisect run"), words, around.clone());
                return;
            }
            "submodule" => {
                let (rest, _) = skip_flags(rest, &[]);
                if rest.first().is_some_and(|word| word.text == "foreach") {
                    let (words, _) = skip_flags(rest.get(1..).unwrap_or_default(), &[]);
                    let text = texts(words).replace(UNKNOWN, "\"$_\"");
                    let mut inner = scope.deeper("git submodule foreach");
                    self.program(&mut inner, &text, &around.stdin);
                }
                return;
            }
            "rebase" => &["-x", "--exec"],
            "difftool" => &["-x", "--extcmd"],
            "clone" => &["-u", "--upload-pack"],
            "fetch" | "pull" | "ls-remote" => &["--upload-pack"],
            "push" => &["--receive-pack", "--exec"],
            "grep" => &["-O", "--open-files-in-pager"],
            "send-email" => &["--sendmail-cmd", "--smtp-server"],
            _ => &[],
        };
        let mut found = if flags.is_empty() {
            Vec::new()
        } else {
            values(rest, flags)
        };
        // `ext::program` is a transport of its own.
        found.extend(
            rest.iter()
                .filter_map(|arg| arg.text.strip_prefix("ext::"))
                .map(str::to_owned),
        );
        for text in found {
            let text = text.replace(UNKNOWN, "\"$_\"");
            let via = format!("git {}", verb.text);
            self.program(&mut scope.deeper(&via), &text, &Input::default());
        }
    }
}

/// Whether the value of a setting is a command.
fn runs(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut parts = name.split('.');
    let section = parts.next().unwrap_or_default();
    let last = parts.next_back().unwrap_or_default();
    match section {
        "core" => matches!(
            last,
            "pager" | "editor" | "sshcommand" | "fsmonitor" | "askpass" | "gitproxy"
        ),
        "pager" => true,
        "sequence" => last == "editor",
        "diff" => matches!(last, "external" | "command" | "textconv"),
        "difftool" | "mergetool" | "browser" | "man" => last == "cmd",
        "filter" => matches!(last, "clean" | "smudge" | "process"),
        "merge" => last == "driver",
        "gpg" => last == "program",
        "credential" => last == "helper",
        "uploadpack" => last == "packobjectshook",
        "remote" => matches!(last, "uploadpack" | "receivepack"),
        "sendemail" => last == "sendmailcmd",
        "interactive" => last == "difffilter",
        _ => false,
    }
}

/// The settings given with the call: by `-c`, by `git config`, by the environment.
fn settings(scope: &Scope, whole: &[Arg]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for pair in whole.windows(2) {
        if matches!(pair[0].text.as_str(), "-c" | "--config")
            && let Some((name, value)) = pair[1].text.split_once('=')
        {
            found.push((name.to_owned(), value.to_owned()));
        }
    }
    let (rest, _) = skip_flags(whole.get(1..).unwrap_or_default(), &["-C", "-c"]);
    if rest.first().is_some_and(|verb| verb.text == "config") {
        let (rest, _) = skip_flags(rest.get(1..).unwrap_or_default(), &["-f", "--file"]);
        let rest = match rest.first() {
            Some(first) if first.text == "set" => rest.get(1..).unwrap_or_default(),
            _ => rest,
        };
        if let [name, value, ..] = rest
            && !name.text.starts_with("alias.")
        {
            found.push((name.text.clone(), value.text.clone()));
        }
    }
    let text = |name: String| {
        let value = scope.variables.get(name.as_str())?;
        value.args.first().map(|arg| arg.text.clone())
    };
    if scope.variables.contains_key("GIT_CONFIG_COUNT") {
        for index in 0..8 {
            if let (Some(name), Some(value)) = (
                text(format!("GIT_CONFIG_KEY_{index}")),
                text(format!("GIT_CONFIG_VALUE_{index}")),
            ) {
                found.push((name, value));
            }
        }
    }
    found
}

/// How a configured alias is remembered: a name that no variable has.
const ALIAS: &str = "git alias.";

/// How many aliases are looked through for each word.
const MAX_ALIASES: usize = 32;

/// `git config alias.name value`.
fn configured(whole: &[Arg]) -> Option<(String, Arg)> {
    let at = whole.iter().position(|arg| arg.text == "config")?;
    let rest = whole.get(at + 1..)?;
    let name = rest.iter().position(|arg| arg.text.starts_with("alias."))?;
    let alias = rest[name].text.strip_prefix("alias.")?;
    Some((format!("{ALIAS}{alias}"), rest.get(name + 1)?.clone()))
}

/// The aliases that were configured earlier in the line or come with the environment.
fn given_aliases(scope: &Scope) -> Vec<(String, String)> {
    let text = |name: &str| {
        let value = scope.variables.get(name)?;
        value.args.first().map(|arg| arg.text.clone())
    };
    let mut found: Vec<(String, String)> = scope
        .variables
        .range::<str, _>((Bound::Included(ALIAS), Bound::Unbounded))
        .map_while(|(name, value)| Some((name.strip_prefix(ALIAS)?, value.args.first()?)))
        .take(MAX_ALIASES)
        .map(|(name, value)| (name.to_owned(), value.text.clone()))
        .collect();
    for pair in text("GIT_CONFIG_PARAMETERS")
        .unwrap_or_default()
        .split('\'')
        .filter_map(|pair| pair.strip_prefix("alias."))
    {
        if let Some((name, value)) = pair.split_once('=') {
            found.push((name.to_owned(), value.to_owned()));
        }
    }
    for index in 0..8 {
        let name = text(&format!("GIT_CONFIG_KEY_{index}"));
        let value = text(&format!("GIT_CONFIG_VALUE_{index}"));
        if let (Some(name), Some(value)) = (name, value)
            && let Some(name) = name.strip_prefix("alias.")
        {
            found.push((name.to_owned(), value));
        }
    }
    found
}
