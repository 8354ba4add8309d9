//! Programs that run the program named in their words.

use super::{Arg, base_name};

/// How a wrapper's own words end.
struct Wrapper {
    names: &'static [&'static str],
    /// Flags whose value is the next word.
    with_value: &'static [&'static str],
    /// Words of its own before the program.
    positionals: usize,
    /// Whether `NAME=value` words may come before the program.
    variables: bool,
    /// Whether the wrapper is worth judging itself.
    keeps: bool,
}

const fn wrapper(
    names: &'static [&'static str],
    with_value: &'static [&'static str],
    positionals: usize,
) -> Wrapper {
    Wrapper {
        names,
        with_value,
        positionals,
        variables: false,
        keeps: false,
    }
}

const WRAPPERS: &[Wrapper] = &[
    Wrapper {
        variables: true,
        ..wrapper(
            &["sudo"],
            &[
                "-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-U", "-r", "-t", "--user",
                "--group", "--chdir", "--host", "--prompt",
            ],
            0,
        )
    },
    Wrapper {
        variables: true,
        keeps: false,
        ..wrapper(&["env"], &["-u", "-C", "--unset", "--chdir"], 0)
    },
    wrapper(&["doas"], &["-u", "-C"], 0),
    wrapper(&["nice"], &["-n", "--adjustment"], 0),
    wrapper(&["ionice"], &["-c", "-n", "--class", "--classdata"], 0),
    wrapper(
        &["timeout", "gtimeout"],
        &["-s", "-k", "--signal", "--kill-after"],
        1,
    ),
    wrapper(&["time"], &["-f", "-o", "--format", "--output"], 0),
    wrapper(
        &["stdbuf"],
        &["-i", "-o", "-e", "--input", "--output", "--error"],
        0,
    ),
    wrapper(
        &[
            "nohup",
            "setsid",
            "builtin",
            "busybox",
            "toybox",
            "rtk",
            "lvm",
            "caffeinate",
            "unbuffer",
            "catchsegv",
        ],
        &[],
        0,
    ),
    wrapper(&["exec"], &["-a"], 0),
    wrapper(
        &["strace", "ltrace"],
        &["-o", "-e", "-p", "-s", "-u", "-E", "-P"],
        0,
    ),
    wrapper(&["chroot"], &[], 1),
    wrapper(&["taskset", "chrt"], &[], 1),
    wrapper(
        &["unshare", "nsenter"],
        &["-S", "-G", "-t", "-R", "-w", "--target", "--root", "--wd"],
        0,
    ),
    wrapper(
        &["systemd-run"],
        &["-p", "-u", "-t", "--unit", "--property"],
        0,
    ),
    wrapper(&["npx", "bunx", "pnpx"], &["-p", "--package"], 0),
    Wrapper {
        variables: true,
        ..wrapper(&["cross-env", "dotenv"], &["-e", "-f"], 0)
    },
    wrapper(&["xvfb-run"], &["-n", "-s", "-e"], 0),
];

/// Words between a package manager and the program it runs.
const RUNNERS: &[(&str, &[&str])] = &[
    ("npm", &["exec", "x"]),
    ("pnpm", &["exec", "dlx"]),
    ("yarn", &["dlx", "exec"]),
    ("bun", &["x"]),
    ("poetry", &["run"]),
    ("uv", &["run"]),
    ("pipenv", &["run"]),
    ("pdm", &["run"]),
    ("hatch", &["run"]),
    ("bundle", &["exec"]),
    ("mise", &["exec", "x"]),
    ("op", &["run"]),
    ("doppler", &["run"]),
    ("infisical", &["run"]),
    ("heroku", &["run"]),
    ("dotenvx", &["run"]),
];

/// Tools that package managers also run without a word between.
const PACKAGED: &[&str] = &[
    "prisma",
    "drizzle-kit",
    "sequelize",
    "sequelize-cli",
    "typeorm",
    "knex",
    "supabase",
    "wrangler",
    "vercel",
    "netlify",
    "firebase",
    "mikro-orm",
    "node-pg-migrate",
    "cdk",
    "serverless",
    "sls",
    "sst",
    "rimraf",
    "shx",
    "cross-env",
    "dotenv",
    "ts-node",
    "tsx",
];

/// What a wrapper runs.
pub(super) enum Unwrapped {
    /// Words, with variables set before them.
    Argv {
        argv: Vec<Arg>,
        variables: Vec<(String, Arg)>,
        keeps: bool,
    },
    /// A text for a shell.
    Text(String),
}

/// Takes one wrapper off. `None` when the program is none.
pub(super) fn unwrap(name: &str, whole: &[Arg]) -> Option<Unwrapped> {
    let args = whole.get(1..).unwrap_or_default();
    match name {
        "command" => {
            // `command -v x` only asks.
            let asks = args
                .first()
                .is_some_and(|arg| matches!(arg.text.as_str(), "-v" | "-V"));
            return (!asks).then(|| plain(skip_flags(args, &[]).0));
        }
        "watch" => {
            let (rest, _) = skip_flags(args, &["-n", "--interval", "-q"]);
            return (!rest.is_empty()).then(|| Unwrapped::Text(texts(rest)));
        }
        "su" | "runuser" => {
            return args
                .iter()
                .position(|arg| matches!(arg.text.as_str(), "-c" | "--command"))
                .and_then(|at| args.get(at + 1))
                .map(|arg| Unwrapped::Text(arg.text.clone()));
        }
        "script" => {
            return args
                .iter()
                .position(|arg| arg.text == "-c")
                .and_then(|at| args.get(at + 1))
                .map(|arg| Unwrapped::Text(arg.text.clone()));
        }
        "flock" => {
            if let Some(at) = args
                .iter()
                .position(|arg| matches!(arg.text.as_str(), "-c" | "--command"))
            {
                return args
                    .get(at + 1)
                    .map(|arg| Unwrapped::Text(arg.text.clone()));
            }
            let (rest, _) = skip_flags(args, &["-w", "-E", "--timeout"]);
            return Some(plain(rest.get(1..).unwrap_or_default()));
        }
        "direnv" => {
            return (args.first()?.text == "exec")
                .then(|| plain(args.get(2..).unwrap_or_default()));
        }
        "env" => {
            if let Some(text) = env_split(args) {
                return Some(Unwrapped::Text(text));
            }
        }
        _ => {}
    }
    if RUNNERS.iter().any(|(runner, _)| *runner == name) {
        return packaged(name, args);
    }
    let wrapper = WRAPPERS
        .iter()
        .find(|wrapper| wrapper.names.contains(&name))?;
    let (mut rest, _) = skip_flags(args, wrapper.with_value);
    rest = rest.get(wrapper.positionals..).unwrap_or_default();
    let mut variables = Vec::new();
    if wrapper.variables {
        while let Some((name, value)) = rest.first().and_then(|arg| arg.text.split_once('=')) {
            variables.push((name.to_owned(), Arg::new(value)));
            rest = rest.get(1..).unwrap_or_default();
        }
        if rest.first().is_some_and(|arg| arg.text == "--") {
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    Some(Unwrapped::Argv {
        argv: rest.to_vec(),
        variables,
        keeps: wrapper.keeps,
    })
}

/// What a package manager runs.
fn packaged(name: &str, args: &[Arg]) -> Option<Unwrapped> {
    let (_, words) = RUNNERS.iter().find(|(runner, _)| *runner == name)?;
    let (rest, _) = skip_flags(
        args,
        &[
            "-C",
            "--dir",
            "--filter",
            "--cwd",
            "--prefix",
            "-w",
            "--workspace",
            "--env-file",
            "-f",
            "--project",
            "--config",
        ],
    );
    let first = rest.first()?;
    if words.contains(&first.text.as_str()) {
        let rest = rest.get(1..).unwrap_or_default();
        let rest = match rest.iter().position(|arg| arg.text == "--") {
            Some(at) if matches!(name, "mise" | "op" | "doppler" | "infisical") => {
                rest.get(at + 1..).unwrap_or_default()
            }
            _ => {
                skip_flags(
                    rest,
                    &[
                        "-p",
                        "--package",
                        "--with",
                        "--python",
                        "-f",
                        "--env-file",
                        "-a",
                        "--app",
                    ],
                )
                .0
            }
        };
        return Some(plain(rest));
    }
    PACKAGED
        .contains(&base_name(&first.text).as_str())
        .then(|| plain(rest))
}

fn plain(argv: &[Arg]) -> Unwrapped {
    Unwrapped::Argv {
        argv: argv.to_vec(),
        variables: Vec::new(),
        keeps: false,
    }
}

/// `env -S 'text'`.
fn env_split(args: &[Arg]) -> Option<String> {
    let at = args
        .iter()
        .position(|arg| arg.text.starts_with("-S") || arg.text.starts_with("--split-string"))?;
    let own = args.get(..at)?.iter().all(|arg| arg.text.starts_with('-'));
    let first = &args[at].text;
    let inline = first
        .strip_prefix("--split-string=")
        .or_else(|| first.strip_prefix("-S").filter(|text| !text.is_empty()));
    let mut words: Vec<&str> = inline.into_iter().collect();
    words.extend(
        args.get(at + 1..)
            .unwrap_or_default()
            .iter()
            .map(|arg| arg.text.as_str()),
    );
    own.then(|| words.join(" "))
}

/// The words from the first that is no flag and no flag's value, and the flags before.
pub(super) fn skip_flags<'a>(args: &'a [Arg], with_value: &[&str]) -> (&'a [Arg], &'a [Arg]) {
    let mut index = 0;
    while let Some(arg) = args.get(index) {
        if arg.text == "--" {
            return (args.get(index + 1..).unwrap_or_default(), &args[..index]);
        }
        if !arg.text.starts_with('-') || arg.text == "-" {
            break;
        }
        index += if with_value.contains(&arg.text.as_str()) {
            2
        } else {
            1
        };
    }
    let index = index.min(args.len());
    (&args[index..], &args[..index])
}

/// Words joined as a shell would join them.
pub(super) fn texts(args: &[Arg]) -> String {
    let texts: Vec<&str> = args.iter().map(|arg| arg.text.as_str()).collect();
    texts.join(" ")
}
