//! Programs that run a program on another machine or in a container.

use std::rc::Rc;

use super::walk::{Around, Scope, Walker};
use super::wrappers::{skip_flags, texts};
use super::{Arg, Input, UNKNOWN};

impl Walker<'_> {
    pub(super) fn ssh(&mut self, scope: &mut Scope, whole: &[Arg], around: &Around) {
        const WITH_VALUE: &[&str] = &[
            "-b", "-c", "-D", "-E", "-e", "-F", "-I", "-i", "-J", "-L", "-l", "-m", "-O", "-o",
            "-p", "-Q", "-R", "-S", "-W", "-w",
        ];
        let mut args = whole.get(1..).unwrap_or_default();
        self.push(scope, whole.to_vec(), around.clone());
        // `autossh -M port` comes before what is for `ssh`.
        if args.first().is_some_and(|arg| arg.text == "-M")
            && whole.first().is_some_and(|name| name.text == "autossh")
        {
            args = args.get(2..).unwrap_or_default();
        }
        for command in args.iter().filter_map(|arg| of_option(&arg.text)) {
            let mut inner = scope.deeper("ssh -o");
            self.program(&mut inner, command, &Input::default());
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
        remote.host = Some(super::bounds::host(&name));
        if rest.is_empty() {
            if let Some(text) = &around.stdin.text {
                self.program(&mut remote, text, &Input::default());
            }
        } else {
            // The other side splits `sh -c 'a b'` again, which is not what was meant by it.
            if rest.len() > 2 && rest.iter().any(|word| word.text.contains(' ')) {
                self.run(&mut remote.clone(), rest.to_vec(), around.clone());
            }
            self.program(
                &mut remote,
                &texts(rest).replace(UNKNOWN, "\"$_\""),
                &around.stdin,
            );
        }
    }

    /// `ansible hosts -m shell -a '…'`; without a module `-a` is a command.
    pub(super) fn ansible(&mut self, scope: &Scope, args: &[Arg]) {
        let value = |short: &str, long: &str| {
            args.iter().enumerate().find_map(|(index, arg)| {
                let text = arg.text.as_str();
                if text == short || text == long {
                    return args.get(index + 1).map(|arg| arg.text.as_str());
                }
                text.strip_prefix(long)
                    .and_then(|rest| rest.strip_prefix('='))
                    .or_else(|| text.strip_prefix(short).filter(|_| !text.starts_with("--")))
            })
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
            // `cmd='…'` and `chdir=/ …` are words of the module.
            let mut command = command;
            while let Some((word, rest)) = command.split_once('=')
                && [
                    "cmd",
                    "chdir",
                    "creates",
                    "removes",
                    "executable",
                    "_raw_params",
                ]
                .contains(&word)
            {
                command = match word {
                    "cmd" | "_raw_params" => rest.trim_matches(['\'', '"']),
                    _ => rest.split_once(' ').map_or("", |(_, rest)| rest),
                };
            }
            self.program(&mut remote, command, &Input::default());
        }
    }

    /// `aws ssm send-command --parameters commands=…`, also as JSON.
    pub(super) fn ssm(&mut self, scope: &Scope, args: &[Arg]) {
        if args.first().is_none_or(|arg| arg.text != "ssm") {
            return;
        }
        for given in super::wrappers::values(args, &["--parameters"]) {
            let Some((_, rest)) = given.split_once("command") else {
                continue;
            };
            let rest = rest.trim_start_matches(['s', '"', '\'', '=', ':', ' ']);
            let list = rest.trim_matches(['[', ']', '}', '{']);
            let mut remote = scope.deeper("aws ssm");
            remote.cwd = None;
            remote.host = Some("aws ssm".to_owned());
            for text in list.split("\",").take(16) {
                let text = text
                    .trim()
                    .trim_matches(['"', ']', '}'])
                    .replace("\\\"", "\"");
                self.program(&mut remote.clone(), &text, &Input::default());
            }
        }
    }

    /// The program that carries a copy: `-o ProxyCommand=…`, `rsync -e …`.
    pub(super) fn transport(&mut self, scope: &Scope, name: &str, args: &[Arg]) {
        for (index, arg) in args.iter().enumerate() {
            let shell = if let Some(command) = of_option(&arg.text) {
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

    #[expect(
        clippy::too_many_lines,
        reason = "flags, verb and words of one family of programs"
    )]
    pub(super) fn container(&mut self, scope: &Scope, name: &str, args: &[Arg], around: &Around) {
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
            "--profile",
            "--env-file",
            "--project-directory",
            "--log-level",
            "-l",
            "--ansi",
            "--parallel",
            "--cluster",
            "--user",
            "-s",
            "--server",
            "--as",
            "--token",
            "--url",
            "--connection",
            "-a",
            "--address",
        ];
        let is_kube = matches!(name, "kubectl" | "oc" | "k" | "kubecolor");
        let (mut rest, _) = skip_flags(args, GLOBAL);
        let mut is_service = false;
        while let Some(word) = rest.first()
            && matches!(
                word.text.as_str(),
                "compose" | "container" | "service" | "kubectl"
            )
        {
            is_service |= word.text == "service";
            rest = skip_flags(&rest[1..], GLOBAL).0;
        }
        let Some((verb, rest)) = rest.split_first() else {
            return;
        };
        let verb = verb.text.as_str();
        let mut inner = scope.deeper(&format!("{name} {verb}"));
        inner.cwd = None;
        inner.variables = Rc::default();
        match verb {
            "exec" | "run" | "debug" | "rsh" => {}
            "create" if !is_kube || rest.iter().any(|arg| arg.text == "--") => {}
            "machine" | "unshare" => {
                let rest = match rest.first() {
                    Some(word) if word.text == "ssh" => rest.get(1..).unwrap_or_default(),
                    _ => rest,
                };
                let (words, _) = skip_flags(rest, &[]);
                let text = texts(words).replace(UNKNOWN, "\"$_\"");
                let other = words.get(1..).map(texts).unwrap_or_default();
                inner.host = Some(format!("{name} machine"));
                self.program(&mut inner.clone(), &text, &around.stdin);
                if verb == "machine" && !other.is_empty() {
                    // The first word may be the machine's name.
                    self.program(&mut inner, &other, &around.stdin);
                }
                return;
            }
            "build" if !is_kube => {
                let text = around.stdin.text.clone().unwrap_or_default();
                inner.host = Some("container build".to_owned());
                for line in text
                    .lines()
                    .take(64)
                    .filter_map(|line| line.strip_prefix("RUN "))
                {
                    self.program(&mut inner.clone(), line, &Input::default());
                }
                return;
            }
            _ => return,
        }
        let entrypoint = super::wrappers::values(rest, &["--entrypoint"])
            .into_iter()
            .next();
        if !is_kube {
            inner.mounts = Rc::new(mounts(rest, scope.cwd.as_deref()));
            inner.cwd = super::wrappers::values(rest, &["-w", "--workdir"])
                .into_iter()
                .next()
                .filter(|folder| folder.starts_with('/'));
        }
        let rest = if is_kube {
            skip_flags(
                rest,
                &[
                    "-c",
                    "--container",
                    "-n",
                    "--namespace",
                    "--image",
                    "--as",
                    "-l",
                    "--target",
                ],
            )
            .0
        } else {
            skip_options(rest)
        };
        let Some((target, rest)) = rest.split_first() else {
            return;
        };
        let mut rest = if is_kube {
            let at = rest.iter().position(|arg| arg.text == "--");
            at.map_or(rest, |at| rest.get(at + 1..).unwrap_or_default())
        } else {
            rest
        }
        .to_vec();
        let _ = is_service;
        if let Some(entrypoint) = entrypoint.filter(|text| !text.is_empty()) {
            rest.insert(0, Arg::new(entrypoint));
        }
        inner.host = Some(format!("container {}", super::bounds::host(&target.text)));
        if !rest.is_empty() {
            self.run(
                &mut inner,
                rest,
                Around {
                    stdin: around.stdin.clone(),
                    ..Around::default()
                },
            );
        }
    }
}

/// How many mounts of a container are kept.
const MAX_MOUNTS: usize = 8;

/// The folders of this machine that a container is given, by their names in it.
/// What it may only read is its own as far as deleting goes.
fn mounts(args: &[Arg], cwd: Option<&str>) -> Vec<(String, String)> {
    let options = args.len().saturating_sub(skip_options(args).len());
    let options = args.get(..options).unwrap_or_default();
    let short = super::wrappers::values(options, &["-v", "--volume"]);
    let long = super::wrappers::values(options, &["--mount"]);
    let short = short.iter().filter_map(|value| {
        let mut parts = value.split(':');
        let (source, target) = (parts.next()?, parts.next()?);
        let read_only = parts
            .next()
            .is_some_and(|options| options.split(',').any(|one| one == "ro"));
        (!read_only).then_some((source, target))
    });
    let long = long.iter().filter_map(|value| {
        let named = |names: &[&str]| {
            value
                .split(',')
                .filter_map(|part| part.split_once('='))
                .find(|(name, _)| names.contains(name))
                .map(|(_, value)| value)
        };
        let read_only = value
            .split(',')
            .any(|part| part.starts_with("readonly") || part == "ro");
        let source = named(&["source", "src"])?;
        let target = named(&["target", "dst", "destination"])?;
        (!read_only).then_some((source, target))
    });
    short
        .chain(long)
        .filter(|(source, target)| {
            source.starts_with(['/', '.', '~']) && target.starts_with('/') && target.len() < 256
        })
        .filter_map(|(source, target)| {
            let source = crate::paths::resolve(cwd, source)?;
            Some((target.trim_end_matches('/').to_owned(), source))
        })
        .take(MAX_MOUNTS)
        .collect()
}

/// The words after the options of `docker run` and its like: those without a value are few.
fn skip_options(args: &[Arg]) -> &[Arg] {
    const ALONE: &[&str] = &[
        "--build",
        "--detach",
        "--disable-content-trust",
        "--init",
        "--interactive",
        "--no-deps",
        "--no-healthcheck",
        "--no-TTY",
        "--no-tty",
        "--oom-kill-disable",
        "--privileged",
        "--publish-all",
        "--quiet",
        "--quiet-pull",
        "--read-only",
        "--remove-orphans",
        "--rm",
        "--service-ports",
        "--sig-proxy",
        "--tty",
        "--use-aliases",
        "--replace",
        "--tls-verify",
        "--http-proxy",
        "--latest",
        "--systemd",
        "--no-hosts",
        "--rmi",
        "--tlsverify",
        "--sync",
    ];
    const ALONE_SHORT: &str = "ditPqT";
    let mut index = 0;
    while let Some(arg) = args.get(index) {
        let text = arg.text.as_str();
        if text == "--" {
            index += 1;
            break;
        }
        let Some(flags) = text.strip_prefix('-').filter(|flags| !flags.is_empty()) else {
            break;
        };
        let alone = if flags.starts_with('-') {
            ALONE.contains(&text) || text.contains('=')
        } else {
            // `-p80:80` has its value in it, `-itu name` before it.
            !flags.bytes().all(|one| one.is_ascii_alphabetic())
                || flags.ends_with(|one| ALONE_SHORT.contains(one))
        };
        index += if alone { 1 } else { 2 };
    }
    args.get(index..).unwrap_or_default()
}

/// The command in an option of `ssh`.
fn of_option(text: &str) -> Option<&str> {
    let text = text.strip_prefix("-o").unwrap_or(text);
    if let Some(rest) = text.strip_prefix("Match=exec ") {
        return Some(rest);
    }
    [
        "ProxyCommand",
        "LocalCommand",
        "KnownHostsCommand",
        "RemoteCommand",
    ]
    .iter()
    .find_map(|name| {
        // `-qoProxyCommand=…` too.
        let (_, rest) = text.split_once(name)?;
        rest.strip_prefix(['=', ' '])
    })
}
