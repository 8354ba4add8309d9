//! Programs that get a program: shells, `ssh`, containers, interpreters, `git`.

use std::rc::Rc;

use super::walk::{Around, Followed, Scope, Walker, quote};
use super::wrappers::{skip_flags, texts};
use super::{Arg, Input, UNKNOWN, code};

/// Shells that read `-c text`, a file, or their input.
pub(crate) const SHELLS: &[&str] = &[
    "sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "fish", "rbash",
];

impl Walker<'_> {
    /// Follows what is inside.
    pub(super) fn nested(
        &mut self,
        scope: &mut Scope,
        name: &str,
        whole: &[Arg],
        around: &Around,
    ) -> Followed {
        let args = whole.get(1..).unwrap_or_default();
        if SHELLS.contains(&name) {
            return Followed::To(self.shell(scope, name, whole, around));
        }
        match name {
            "ssh" => self.ssh(scope, whole, around),
            "docker" | "podman" | "nerdctl" | "kubectl" | "docker-compose" | "oc" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.container(scope, name, args, around);
            }
            "ansible" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.ansible(scope, args);
            }
            "scp" | "sftp" | "rsync" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.transport(scope, name, args);
            }
            "xargs" => self.xargs(scope, whole, around),
            "parallel" => self.parallel(scope, whole, around),
            "find" | "fd" | "gfind" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.find(scope, args, around);
            }
            "tmux" | "screen" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.terminal(scope, name, args);
            }
            "crontab" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.crontab(scope, args, around);
            }
            "at" | "batch" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.at(scope, args, around);
            }
            "make" | "gmake" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.make(scope, args, around);
            }
            "pwsh" | "powershell" | "cmd" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.powershell(scope, name, args, around);
            }
            "git" => self.git(scope, whole, around),
            "shx" => {
                self.run(&mut scope.deeper(name), args.to_vec(), around.clone());
            }
            _ => {
                if self.cmdlet(scope, name, whole, around) {
                    return Followed::To(None);
                }
                let Some((text, separate)) = code::inline(name, args) else {
                    return Followed::Not;
                };
                self.push(scope, whole.to_vec(), around.clone());
                let mut deeper = scope.deeper(&format!("{name} {separate}"));
                for step in code::steps(&text.text, name) {
                    match step {
                        code::Step::Shell(text) => {
                            self.program(&mut deeper, &text, &Input::default());
                        }
                        code::Step::Argv(words) => {
                            self.run(
                                &mut deeper,
                                words.into_iter().map(Arg::new).collect(),
                                Around::default(),
                            );
                        }
                    }
                }
            }
        }
        Followed::To(None)
    }

    fn shell(
        &mut self,
        scope: &mut Scope,
        name: &str,
        whole: &[Arg],
        around: &Around,
    ) -> Option<String> {
        let args = whole.get(1..).unwrap_or_default();
        let mut index = 0;
        let mut wants_text = false;
        while let Some(arg) = args.get(index) {
            let Some(flags) = arg.text.strip_prefix(['-', '+']) else {
                break;
            };
            if arg.text == "--" {
                index += 1;
                break;
            }
            if !arg.text.starts_with("--") {
                wants_text |= flags.contains('c');
            }
            index += if matches!(
                arg.text.as_str(),
                "-o" | "+o" | "-O" | "+O" | "--rcfile" | "--init-file"
            ) {
                2
            } else {
                1
            };
        }
        let mut deeper = scope.deeper(&if wants_text {
            format!("{name} -c")
        } else {
            name.to_owned()
        });
        let rest = args.get(index..).unwrap_or_default();
        if wants_text {
            let text = rest.first()?.clone();
            if !text.is_known() {
                self.push(scope, whole.to_vec(), around.clone());
            }
            deeper.set_positionals(rest.get(2..).unwrap_or_default());
            return self.program(
                &mut deeper,
                &text.text.replace(UNKNOWN, "\"$_\""),
                &around.stdin,
            );
        }
        // A file that is a descriptor is an input.
        if rest.first().is_some_and(|file| is_descriptor(&file.text)) {
            let held = if around.stdin.given {
                around.stdin.clone()
            } else {
                scope.held.clone()
            };
            if held.given {
                let around = Around {
                    stdin: held,
                    ..Around::default()
                };
                return self.shell(scope, name, whole.get(..1).unwrap_or_default(), &around);
            }
        }
        self.push(scope, whole.to_vec(), around.clone());
        if let Some(file) = rest.first().filter(|file| file.text != "-") {
            let text = self.files.get(&file.text).cloned()?;
            deeper.set_positionals(rest.get(1..).unwrap_or_default());
            return self.program(&mut deeper, &text, &around.stdin);
        }
        let text = around.stdin.text.clone()?;
        self.program(
            &mut deeper,
            &text.replace(UNKNOWN, "\"$_\""),
            &Input::default(),
        )
    }

    fn ssh(&mut self, scope: &mut Scope, whole: &[Arg], around: &Around) {
        const WITH_VALUE: &[&str] = &[
            "-b", "-c", "-D", "-E", "-e", "-F", "-I", "-i", "-J", "-L", "-l", "-m", "-O", "-o",
            "-p", "-Q", "-R", "-S", "-W", "-w",
        ];
        let args = whole.get(1..).unwrap_or_default();
        self.push(scope, whole.to_vec(), around.clone());
        for arg in args {
            if let Some((_, command)) = arg.text.split_once("ProxyCommand=") {
                self.program(
                    &mut scope.deeper("ssh -o ProxyCommand"),
                    command,
                    &Input::default(),
                );
            }
        }
        let (rest, _) = skip_flags(args, WITH_VALUE);
        let Some((host, rest)) = rest.split_first() else {
            return;
        };
        let (rest, _) = skip_flags(rest, WITH_VALUE);
        let name = host.text.rsplit('@').next().unwrap_or_default().to_owned();
        let mut remote = scope.deeper(&format!("ssh {name}"));
        remote.cwd = None;
        remote.variables = Rc::default();
        remote.host = Some(name);
        if rest.is_empty() {
            if let Some(text) = &around.stdin.text {
                self.program(&mut remote, text, &Input::default());
            }
        } else {
            self.program(
                &mut remote,
                &texts(rest).replace(UNKNOWN, "\"$_\""),
                &around.stdin,
            );
        }
    }

    /// `ansible hosts -m shell -a '…'`; without a module `-a` is a command.
    fn ansible(&mut self, scope: &Scope, args: &[Arg]) {
        let value = |short: &str, long: &str| {
            let at = args
                .iter()
                .position(|arg| arg.text == short || arg.text == long)?;
            args.get(at + 1).map(|arg| arg.text.as_str())
        };
        let module = value("-m", "--module-name").unwrap_or("command");
        let runs = ["command", "shell", "raw", "script"];
        if let Some(command) = value("-a", "--args")
            && runs.contains(&module.rsplit('.').next().unwrap_or_default())
        {
            let mut remote = scope.deeper("ansible");
            remote.cwd = None;
            remote.host = args
                .iter()
                .find(|arg| !arg.text.starts_with('-'))
                .map(|arg| arg.text.clone());
            self.program(&mut remote, command, &Input::default());
        }
    }

    /// The program that carries a copy: `-o ProxyCommand=…`, `rsync -e …`.
    fn transport(&mut self, scope: &Scope, name: &str, args: &[Arg]) {
        for (index, arg) in args.iter().enumerate() {
            let shell = if let Some((_, command)) = arg.text.split_once("ProxyCommand=") {
                Some(command)
            } else if name != "rsync" {
                None
            } else if let Some(command) = arg.text.strip_prefix("--rsh=") {
                Some(command)
            } else {
                let cluster = arg.text.starts_with('-') && !arg.text.starts_with("--");
                let takes = cluster && arg.text.ends_with('e') || arg.text == "--rsh";
                args.get(index + 1)
                    .filter(|_| takes)
                    .map(|arg| arg.text.as_str())
            };
            if let Some(command) = shell {
                let via = format!("{name} transport");
                self.program(&mut scope.deeper(&via), command, &Input::default());
            }
        }
    }

    fn container(&mut self, scope: &Scope, name: &str, args: &[Arg], around: &Around) {
        const GLOBAL: &[&str] = &[
            "-H",
            "--host",
            "-c",
            "--context",
            "--config",
            "-n",
            "--namespace",
            "-f",
            "--file",
            "-p",
            "--project-name",
            "--kubeconfig",
        ];
        const WITH_VALUE: &[&str] = &[
            "-e",
            "--env",
            "-u",
            "--user",
            "-w",
            "--workdir",
            "--env-file",
            "-v",
            "--volume",
            "-p",
            "--publish",
            "--name",
            "--network",
            "--mount",
            "-n",
            "--namespace",
            "-c",
            "--container",
            "--entrypoint",
            "-h",
            "--hostname",
            "--platform",
            "-l",
            "--label",
            "-m",
            "--memory",
            "--cpus",
        ];
        let (mut rest, _) = skip_flags(args, GLOBAL);
        while rest
            .first()
            .is_some_and(|arg| matches!(arg.text.as_str(), "compose" | "container"))
        {
            rest = skip_flags(&rest[1..], GLOBAL).0;
        }
        let Some((verb, rest)) = rest.split_first() else {
            return;
        };
        if !matches!(verb.text.as_str(), "exec" | "run" | "debug") {
            return;
        }
        let mut inner = scope.deeper(&format!("{name} {}", verb.text));
        inner.cwd = None;
        inner.variables = Rc::default();
        let (rest, _) = skip_flags(rest, WITH_VALUE);
        let Some((target, rest)) = rest.split_first() else {
            return;
        };
        let rest = if matches!(name, "kubectl" | "oc") {
            let at = rest.iter().position(|arg| arg.text == "--");
            at.map_or(rest, |at| rest.get(at + 1..).unwrap_or_default())
        } else {
            rest
        };
        inner.host = Some(format!("container {}", target.text));
        if !rest.is_empty() {
            self.run(
                &mut inner,
                rest.to_vec(),
                Around {
                    stdin: around.stdin.clone(),
                    ..Around::default()
                },
            );
        }
    }

    fn git(&mut self, scope: &mut Scope, whole: &[Arg], around: &Around) {
        if let Some((name, value)) = configured(whole) {
            scope.set(&name, vec![value]);
        }
        let mut aliases = given_aliases(scope);
        for pair in whole.windows(2) {
            if pair[0].text == "-c"
                && let Some((name, value)) = pair[1].text.split_once('=')
            {
                match name.strip_prefix("alias.") {
                    Some(alias) => aliases.push((alias.to_owned(), value.to_owned())),
                    None if matches!(
                        name,
                        "core.pager" | "core.editor" | "core.sshCommand" | "core.fsmonitor"
                    ) =>
                    {
                        self.program(&mut scope.deeper("git -c"), value, &Input::default());
                    }
                    None => {}
                }
            }
        }
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
        if let Some(line) = carried(whole) {
            self.program(&mut scope.deeper("git"), &line, &Input::default());
        }
    }
}

/// The command that `git submodule foreach`, `git bisect run` and `git rebase --exec` run.
fn carried(whole: &[Arg]) -> Option<String> {
    let words: Vec<&str> = whole.iter().map(|arg| arg.text.as_str()).collect();
    let at = words
        .iter()
        .position(|word| matches!(*word, "submodule" | "bisect" | "rebase"))?;
    let rest = words.get(at + 1..)?;
    if words[at] == "rebase" {
        let exec = rest
            .iter()
            .position(|word| matches!(*word, "-x" | "--exec"))?;
        return rest.get(exec + 1).map(|line| (*line).to_owned());
    }
    let (verb, rest) = rest.split_first()?;
    if !matches!(*verb, "foreach" | "run") {
        return None;
    }
    let flags = rest.iter().take_while(|word| word.starts_with('-')).count();
    match &rest[flags..] {
        [] => None,
        [line] => Some((*line).to_owned()),
        words => Some(
            words
                .iter()
                .map(|word| quote(word))
                .collect::<Vec<_>>()
                .join(" "),
        ),
    }
}

/// Whether a path stands for an open input.
fn is_descriptor(path: &str) -> bool {
    path == "/dev/stdin"
        || path.starts_with("/dev/fd/") && !path.ends_with(UNKNOWN)
        || path.starts_with("/proc/") && path.contains("/fd/")
}

/// How a configured alias is remembered: a name that no variable has.
const ALIAS: &str = "git alias.";

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
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(ALIAS)?, value.args.first()?)))
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
