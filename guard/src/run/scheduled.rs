//! Programs that run commands later or by name: `crontab`, `at`, `make`, `tmux send-keys`.

use super::walk::{Around, Scope, Walker};
use super::wrappers::{skip_flags, texts};
use super::{Arg, Input, UNKNOWN};

/// How many lines of a table or a makefile are followed.
const MAX_LINES: usize = 256;

impl Walker<'_> {
    /// A table of jobs, from the input or from a file written earlier in the line.
    pub(super) fn crontab(&mut self, scope: &Scope, args: &[Arg], around: &Around) {
        let (rest, _) = skip_flags(args, &["-u"]);
        let table = if let Some(file) = rest.first().filter(|file| file.text != "-") {
            self.file(&file.text)
        } else {
            let text = around.stdin.text.clone();
            text.or_else(|| self.pieces_of(&around.stdin))
        };
        for line in table.unwrap_or_default().lines().take(MAX_LINES) {
            if let Some(command) = job(line) {
                self.program(&mut scope.deeper("crontab"), command, &Input::default());
            }
        }
    }

    /// `at` and `batch` read a script from their input or from the file of `-f`.
    pub(super) fn at(&mut self, scope: &Scope, args: &[Arg], around: &Around) {
        let file = args
            .iter()
            .position(|arg| arg.text == "-f")
            .and_then(|at| args.get(at + 1));
        let script = match file {
            Some(file) if file.text != "/dev/stdin" => self.file(&file.text),
            _ => around.stdin.text.clone(),
        };
        if let Some(script) = script {
            self.program(&mut scope.deeper("at"), &script, &Input::default());
        }
    }

    /// The recipes of a makefile given on the line, written earlier in it, or read from the input.
    pub(super) fn make(&mut self, scope: &Scope, args: &[Arg], around: &Around) {
        const WITH_VALUE: &[&str] = &[
            "-f",
            "-C",
            "-I",
            "-j",
            "-l",
            "-o",
            "-W",
            "--file",
            "--directory",
        ];
        let asks = args.iter().any(|arg| {
            matches!(
                arg.text.as_str(),
                "-n" | "--just-print" | "--dry-run" | "--recon" | "-q" | "-t"
            )
        });
        if asks {
            return;
        }
        let mut text = String::new();
        let mut named = false;
        for (index, arg) in args.iter().enumerate() {
            let next = args.get(index + 1).map(|arg| arg.text.as_str());
            let file = match arg.text.as_str() {
                "-f" | "--file" | "--makefile" => next,
                other => other
                    .strip_prefix("--file=")
                    .or_else(|| other.strip_prefix("--makefile=")),
            };
            if let Some(file) = file {
                named = true;
                let found = if matches!(file, "-" | "/dev/stdin") {
                    around.stdin.text.as_ref()
                } else {
                    self.files.get(file)
                };
                text.push_str(found.map_or("", String::as_str));
                text.push('\n');
            }
            let given = match arg.text.as_str() {
                "--eval" | "-E" => next,
                other => other.strip_prefix("--eval="),
            };
            if let Some(given) = given {
                text.push_str(given);
                text.push('\n');
            }
        }
        if !named {
            let usual = ["GNUmakefile", "makefile", "Makefile"];
            if let Some(found) = usual.iter().find_map(|name| self.files.get(*name)) {
                text.push_str(found);
            }
        }
        let targets: Vec<&str> = skip_all(args, WITH_VALUE);
        let mut values: Vec<(String, String)> = args
            .iter()
            .filter_map(|arg| assignment(&arg.text))
            .collect();
        let mut wanted = false;
        let mut first = true;
        for line in text.lines().take(MAX_LINES) {
            let recipe = if let Some(recipe) = line.strip_prefix('\t') {
                Some(recipe)
            } else if let Some(found) = assignment(line) {
                values.push(found);
                None
            } else if let Some((names, rest)) = line.split_once(':') {
                // What a target needs is made too: every rule behind the first is taken for needed.
                let needs_others = !rest.split(';').next().unwrap_or_default().trim().is_empty();
                wanted = targets.is_empty() && first
                    || wanted && needs_others
                    || names.split_whitespace().any(|name| targets.contains(&name));
                first = false;
                rest.split_once(';').map(|(_, recipe)| recipe)
            } else {
                None
            };
            if let Some(recipe) = recipe.filter(|_| wanted) {
                let mut recipe = recipe.trim_start_matches(['@', '-', '+', ' ']).to_owned();
                for (name, value) in values.iter().take(32) {
                    recipe = recipe
                        .replace(&format!("$({name})"), value)
                        .replace(&format!("${{{name}}}"), value);
                }
                let recipe = recipe.replace("$$", "$");
                self.program(&mut scope.deeper("make"), &recipe, &Input::default());
            }
        }
    }

    /// What is typed into a terminal, or started in a new one.
    pub(super) fn terminal(&mut self, scope: &Scope, name: &str, args: &[Arg]) {
        let (rest, _) = skip_flags(args, &["-L", "-S", "-f", "-c"]);
        let Some((verb, rest)) = rest.split_first() else {
            return;
        };
        let text = match (name, verb.text.as_str()) {
            ("tmux", "send-keys" | "send") => {
                let (keys, _) = skip_flags(rest, &["-t", "-N"]);
                keys.iter()
                    .map(|key| match key.text.to_ascii_lowercase().as_str() {
                        "enter" | "c-m" | "kpenter" | "c-j" => "\n",
                        "space" => " ",
                        _ => key.text.as_str(),
                    })
                    .collect::<String>()
            }
            (
                "tmux",
                "new-session" | "new" | "new-window" | "neww" | "split-window" | "splitw"
                | "run-shell" | "run" | "respawn-pane" | "respawnp" | "popup" | "display-popup",
            ) => {
                // Flags may stand together: `-ds name`.
                let mut rest = rest;
                while let Some((flag, after)) = rest.split_first()
                    && flag.text.starts_with('-')
                {
                    let last = flag.text.chars().next_back().unwrap_or('-');
                    let takes = "tsncxyeFNp".contains(last);
                    rest = after.get(usize::from(takes)..).unwrap_or_default();
                }
                texts(rest)
            }
            ("tmux", "display-message" | "display" | "rename-window" | "rename-session") => return,
            _ if name == "screen"
                && args
                    .iter()
                    .any(|arg| arg.text.starts_with('-') && arg.text.contains(['d', 'D', 'm'])) =>
            {
                let (words, _) =
                    skip_flags(args, &["-S", "-c", "-T", "-e", "-h", "-s", "-p", "-t"]);
                self.run(&mut scope.deeper(name), words.to_vec(), Around::default());
                return;
            }
            _ => {
                for arg in args.iter().filter(|arg| arg.text.contains(' ')) {
                    let text = arg.text.replace(UNKNOWN, "\"$_\"");
                    self.program(&mut scope.deeper(name), &text, &Input::default());
                }
                return;
            }
        };
        let text = text.replace(UNKNOWN, "\"$_\"");
        self.program(
            &mut scope.deeper(&format!("{name} {}", verb.text)),
            &text,
            &Input::default(),
        );
    }
}

/// The command of one line of a crontab.
fn job(line: &str) -> Option<&str> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') || assignment(line).is_some() {
        return None;
    }
    let fields = if line.starts_with('@') { 1 } else { 5 };
    let mut rest = line;
    for _ in 0..fields {
        rest = rest.trim_start();
        rest = &rest[rest.find(char::is_whitespace)?..];
    }
    Some(rest.trim_start())
}

/// `NAME = value`, as makefiles and crontabs have it.
fn assignment(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim_end_matches([':', '?', '+', ' ']).trim();
    let plain = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    plain.then(|| (name.to_owned(), value.trim().to_owned()))
}

/// The targets among the words of `make`.
fn skip_all<'a>(args: &'a [Arg], with_value: &[&str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if with_value.contains(&arg.text.as_str()) || matches!(arg.text.as_str(), "--eval" | "-E") {
            args.next();
        } else if !arg.text.starts_with('-') && !arg.text.contains('=') {
            found.push(arg.text.as_str());
        }
    }
    found
}
