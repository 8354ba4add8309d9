//! Programs with a way out to the shell in their own commands, and variables that name a program.

use super::walk::{Around, Scope, Walker};
use super::wrappers::skip_flags;
use super::{Arg, Input, UNKNOWN};

/// Variables whose value is a command that other programs run.
const HOOKS: &[&str] = &[
    "BROWSER",
    "EDITOR",
    "GIT_ASKPASS",
    "GIT_EDITOR",
    "GIT_EXTERNAL_DIFF",
    "GIT_PAGER",
    "GIT_PROXY_COMMAND",
    "GIT_SEQUENCE_EDITOR",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "LESSOPEN",
    "MANPAGER",
    "PAGER",
    "PROMPT_COMMAND",
    "SSH_ASKPASS",
    "SUDO_ASKPASS",
    "VISUAL",
    "RSYNC_RSH",
    "CVS_RSH",
    "SYSTEMD_PAGER",
    "PSQL_EDITOR",
    "PSQL_PAGER",
    "MYSQL_PAGER",
];

/// How many commands of an editor or a client are followed.
const MAX_LINES: usize = 64;

impl Walker<'_> {
    /// Follows the value of a variable that other programs run.
    pub(super) fn hook(&mut self, scope: &Scope, name: &str, value: &Arg) {
        let text = if HOOKS.contains(&name) {
            // `LESSOPEN='|program %s'`.
            Some(value.text.trim_start_matches(['|', '-', ' ']).to_owned())
        } else if matches!(name, "BASH_ENV" | "ENV") {
            self.file(&value.text)
        } else {
            None
        };
        if let Some(text) = text.filter(|text| text.contains([' ', '/'])) {
            self.escaped(scope, name, &text);
        }
    }

    fn escaped(&mut self, scope: &Scope, via: &str, text: &str) {
        let text = text.replace(UNKNOWN, "\"$_\"");
        self.program(&mut scope.deeper(via), &text, &Input::default());
    }

    /// Follows what a program's own commands hand to a shell.
    #[expect(clippy::too_many_lines, reason = "one arm a program")]
    pub(super) fn escapes(&mut self, scope: &Scope, name: &str, args: &[Arg], around: &Around) {
        let after = |flags: &[&str]| -> Vec<String> {
            args.windows(2)
                .filter(|pair| flags.contains(&pair[0].text.as_str()))
                .map(|pair| pair[1].text.clone())
                .collect()
        };
        let input = || -> Vec<String> {
            let text = around.stdin.text.as_deref().unwrap_or_default();
            text.lines().take(MAX_LINES).map(str::to_owned).collect()
        };
        let found: Vec<String> = match name {
            "vim" | "vi" | "nvim" | "ex" | "view" | "gvim" | "vimdiff" => {
                let mut commands = after(&["-c", "--cmd", "-sc", "-S"]);
                commands.extend(
                    args.iter()
                        .filter_map(|arg| arg.text.strip_prefix('+').map(str::to_owned)),
                );
                if name == "ex" {
                    commands.extend(input());
                }
                for command in &commands {
                    if command.contains("system(") || command.contains("os.execute") {
                        self.code(scope, "lua", command);
                    }
                }
                commands
                    .iter()
                    .filter_map(|command| bang(command))
                    .collect()
            }
            "ed" | "red" | "ftp" | "sftp" | "tnftp" | "lftp" | "smbclient" | "sqlplus" | "dc"
            | "mail" | "mailx" | "telnet" | "gdb" | "lldb" | "less" | "more" => {
                let mut commands = input();
                commands.extend(after(&["-c", "-e", "-ex", "-iex", "-o", "--eval-command"]));
                commands.extend(
                    args.iter()
                        .filter_map(|arg| arg.text.strip_prefix('+').map(str::to_owned)),
                );
                commands
                    .iter()
                    .filter_map(|command| escape(command))
                    .collect()
            }
            "sqlite3" | "sqlite" => {
                let mut commands = input();
                commands.extend(args.iter().map(|arg| arg.text.clone()));
                commands
                    .iter()
                    .filter_map(|command| {
                        let (word, rest) = command.trim().split_once(' ')?;
                        matches!(word, ".shell" | ".system").then(|| unquoted(rest))
                    })
                    .collect()
            }
            "psql" | "mysql" | "mariadb" | "clickhouse" | "clickhouse-client" => {
                let mut commands = input();
                commands.extend(after(&[
                    "-c",
                    "--command",
                    "-e",
                    "--execute",
                    "-q",
                    "--query",
                ]));
                commands
                    .iter()
                    .filter_map(|command| of_client(command))
                    .collect()
            }
            "man" => {
                let mut pagers = after(&["-P", "--pager"]);
                pagers.extend(
                    args.iter()
                        .filter_map(|arg| arg.text.strip_prefix("--pager=").map(str::to_owned)),
                );
                pagers
            }
            "sed" | "gsed" => {
                self.sed(scope, args, around);
                Vec::new()
            }
            "socat" => args
                .iter()
                .filter_map(|arg| {
                    let (kind, rest) = arg.text.split_once(':')?;
                    let runs = ["exec", "system", "shell"]
                        .iter()
                        .any(|one| kind.eq_ignore_ascii_case(one));
                    runs.then(|| rest.split(',').next().unwrap_or_default().to_owned())
                })
                .collect(),
            "m4" => around
                .stdin
                .text
                .as_deref()
                .and_then(|text| text.split_once("syscmd("))
                .and_then(|(_, rest)| rest.split_once(')'))
                .map(|(text, _)| text.trim_matches(['`', '\'']).to_owned())
                .into_iter()
                .collect(),
            "hg" => after(&["--config"])
                .iter()
                .filter_map(|pair| {
                    let (name, value) = pair.split_once('=')?;
                    let runs = name.starts_with("hooks.") || value.starts_with('!');
                    runs.then(|| value.trim_start_matches('!').to_owned())
                })
                .collect(),
            "cmake" => {
                let first = args.first().map(|arg| arg.text.as_str());
                if first == Some("-E") {
                    let (rest, _) = skip_flags(args.get(1..).unwrap_or_default(), &[]);
                    let (Some(verb), Some(rest)) = (rest.first(), rest.get(1..)) else {
                        return;
                    };
                    if matches!(verb.text.as_str(), "env" | "time") {
                        let mut words = vec![Arg::new("env")];
                        words.extend(rest.iter().cloned());
                        self.run(&mut scope.deeper("cmake -E"), words, around.clone());
                    }
                }
                Vec::new()
            }
            _ => return,
        };
        for text in found.iter().take(MAX_LINES) {
            self.escaped(scope, name, text);
        }
    }

    /// `e command` and `s/…/command/e`.
    fn sed(&mut self, scope: &Scope, args: &[Arg], around: &Around) {
        let mut scripts: Vec<&str> = args
            .windows(2)
            .filter(|pair| matches!(pair[0].text.as_str(), "-e" | "--expression"))
            .map(|pair| pair[1].text.as_str())
            .collect();
        if scripts.is_empty() {
            let first = args.iter().find(|arg| !arg.text.starts_with('-'));
            scripts.extend(first.map(|arg| arg.text.as_str()));
        }
        let mut found = Vec::new();
        for script in scripts {
            for step in script.split([';', '\n']).take(MAX_LINES) {
                let step = step.trim_start_matches(|one: char| {
                    one.is_ascii_digit() || matches!(one, ' ' | '$' | ',' | '!' | '{')
                });
                if let Some(command) = step.strip_prefix('e') {
                    found.push(command.trim().to_owned());
                } else if let Some(rest) = step.strip_prefix('s')
                    && let Some(mark) = rest.chars().next()
                {
                    let rest = &rest[mark.len_utf8()..];
                    let Some((_, by)) = rest.split_once(mark) else {
                        continue;
                    };
                    let Some((by, flags)) = by.rsplit_once(mark) else {
                        continue;
                    };
                    if flags.contains('e') && flags.len() < 4 {
                        if by == "&" {
                            found.extend(around.stdin.text.clone());
                        } else {
                            found.push(by.to_owned());
                        }
                    }
                }
            }
        }
        for text in found {
            self.escaped(scope, "sed e", &text);
        }
    }
}

/// `:!command`, `:r !command`, `:silent !command` of vi and its like.
fn bang(command: &str) -> Option<String> {
    let (before, rest) = command.split_once('!')?;
    let before = before.trim_start_matches(':').trim();
    let runs = before.is_empty()
        || before.chars().all(|one| !one.is_alphabetic())
        || [
            "r", "read", "w", "write", "sil", "silent", "exe", "execute", "%",
        ]
        .contains(&before);
    let rest = rest.trim();
    (runs && !rest.is_empty()).then(|| rest.to_owned())
}

/// `!command`, `~!command`, `shell command`, `HOST command`.
fn escape(command: &str) -> Option<String> {
    let command = command.trim();
    if let Some(rest) = command
        .strip_prefix("~!")
        .or_else(|| command.strip_prefix('!'))
    {
        return Some(rest.to_owned());
    }
    let (word, rest) = command.split_once(' ')?;
    ["shell", "host", "system"]
        .iter()
        .any(|one| word.eq_ignore_ascii_case(one))
        .then(|| rest.split("; quit").next().unwrap_or(rest).to_owned())
}

/// `\! command` of database clients, and SQL that runs a program.
fn of_client(command: &str) -> Option<String> {
    if let Some((_, rest)) = command.split_once("\\!") {
        return Some(rest.trim().to_owned());
    }
    if let Some(rest) = command.strip_prefix("system ") {
        return Some(rest.to_owned());
    }
    // `COPY … FROM PROGRAM` is the rules' own; a function of ClickHouse is not SQL they know.
    let at = command.find("executable('")? + "executable('".len();
    let rest = command.get(at..)?;
    Some(rest.split('\'').next().unwrap_or_default().to_owned())
}

fn unquoted(text: &str) -> String {
    text.trim().trim_matches(['\'', '"']).to_owned()
}
