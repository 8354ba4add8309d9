//! Programs that run the program named in their words.

use super::carriers::{CARRIERS, Carrier, Takes};
use super::{Arg, base_name};

/// Words between a package manager and the program it runs.
const RUNNERS: &[(&str, &[&str])] = &[
    ("npm", &["exec", "x"]),
    ("pnpm", &["exec", "dlx"]),
    ("yarn", &["dlx", "exec"]),
    ("bun", &["x"]),
    ("npx", &[]),
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
pub(super) struct Unwrapped {
    pub(super) inner: Inner,
    /// The machine it runs on, when it is another one.
    pub(super) there: Option<String>,
    /// Whether the wrapper is worth judging itself.
    pub(super) keeps: bool,
}

pub(super) enum Inner {
    /// Words, with variables set before them.
    Argv(Vec<Arg>, Vec<(String, Arg)>),
    /// Texts for a shell.
    Texts(Vec<String>),
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
        "env" => {
            if let Some(text) = env_split(args) {
                return Some(here(Inner::Texts(vec![text])));
            }
        }
        "mosh" => {
            // The words after the host, also without a line between.
            let (rest, _) = skip_flags(args, &["-p", "--port"]);
            let (host, rest) = rest.split_first()?;
            let rest = match rest.first() {
                Some(first) if first.text == "--" => rest.get(1..).unwrap_or_default(),
                _ => rest,
            };
            return Some(Unwrapped {
                there: Some(host.text.rsplit('@').next().unwrap_or_default().to_owned()),
                keeps: true,
                ..plain(rest)
            });
        }
        _ => {}
    }
    if RUNNERS.iter().any(|(runner, _)| *runner == name) {
        return packaged(name, args);
    }
    let first = CARRIERS.partition_point(|(carrier, _)| *carrier < name);
    CARRIERS
        .get(first..)
        .unwrap_or_default()
        .iter()
        .take_while(|(carrier, _)| *carrier == name)
        .find_map(|(_, carrier)| carrier.carried(name, args))
}

impl Carrier {
    fn carried(&self, name: &str, args: &[Arg]) -> Option<Unwrapped> {
        let mut rest = args;
        for verbs in self.verbs {
            rest = skip_flags(rest, self.with_value).0;
            let (first, after) = rest.split_first()?;
            if !verbs.split('|').any(|verb| verb == first.text) {
                return None;
            }
            rest = after;
        }
        let after_dashes = || {
            let at = rest.iter().position(|arg| arg.text == "--")?;
            rest.get(at + 1..)
        };
        let (mut words, _) = skip_flags(rest, self.with_value);
        let there = self.there.then(|| {
            let named = words.first().filter(|_| self.own > 0);
            named.map_or_else(
                || name.to_owned(),
                |arg| arg.text.rsplit('@').next().unwrap_or_default().to_owned(),
            )
        });
        if self.own > 0 {
            words = words.get(self.own..).unwrap_or_default();
            words = skip_flags(words, self.with_value).0;
        }
        let inner = match self.takes {
            Takes::Words => self.argv(name, words),
            Takes::Dashes => self.argv(name, after_dashes().unwrap_or(words)),
            Takes::OnlyDashes => self.argv(name, after_dashes()?),
            Takes::After(flags) => {
                let at = rest
                    .iter()
                    .position(|arg| flags.contains(&arg.text.as_str()))?;
                let mut words = rest.get(at + 1..).unwrap_or_default().to_vec();
                if words.get(1).is_some_and(|arg| arg.text == "--") {
                    words.remove(1);
                }
                self.argv(name, &words)
            }
            Takes::Line => {
                let mut words = words.to_vec();
                while self.variables
                    && words
                        .first()
                        .is_some_and(|arg| arg.text.contains('=') && !arg.text.contains(' '))
                {
                    words.remove(0);
                }
                if words.is_empty() {
                    return None;
                }
                Inner::Texts(vec![texts(&words)])
            }
            Takes::Each => {
                let found: Vec<String> = words.iter().map(|arg| arg.text.clone()).collect();
                Inner::Texts(found)
            }
            Takes::Text(flags) => {
                let found = values(rest, flags);
                if found.is_empty() {
                    return None;
                }
                Inner::Texts(found)
            }
        };
        Some(Unwrapped {
            inner,
            there,
            keeps: self.keeps,
        })
    }

    fn argv(&self, name: &str, words: &[Arg]) -> Inner {
        let mut rest = words;
        let mut variables = Vec::new();
        if self.variables {
            // `env -` starts with no environment.
            if name == "env" && rest.first().is_some_and(|arg| arg.text == "-") {
                rest = rest.get(1..).unwrap_or_default();
            }
            while let Some((name, value)) = rest.first().and_then(|arg| arg.text.split_once('=')) {
                variables.push((name.to_owned(), Arg::new(value)));
                rest = rest.get(1..).unwrap_or_default();
            }
            if rest.first().is_some_and(|arg| arg.text == "--") {
                rest = rest.get(1..).unwrap_or_default();
            }
        }
        let mut rest = rest.to_vec();
        // `hatch run test:pytest`: the environment stands before the program.
        if name == "hatch"
            && let Some(first) = rest.first_mut()
            && let Some((_, program)) = first.text.split_once(':')
        {
            first.text = program.to_owned();
        }
        Inner::Argv(rest, variables)
    }
}

/// The values of flags that hold a text for a shell, in all the forms they may have.
pub(super) fn values(args: &[Arg], flags: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (index, arg) in args.iter().enumerate() {
        let text = arg.text.as_str();
        if text == "--" {
            break;
        }
        let next = || args.get(index + 1).map(|next| next.text.clone());
        for flag in flags {
            let short = flag.strip_prefix('-').filter(|short| short.len() == 1);
            if text == *flag {
                found.extend(next());
                break;
            }
            let Some(rest) = text.strip_prefix(flag) else {
                // `-qc text`.
                let clustered = short.is_some_and(|short| {
                    text.starts_with('-')
                        && !text.starts_with("--")
                        && (3..6).contains(&text.len())
                        && text.ends_with(short)
                        && text[1..].bytes().all(|one| one.is_ascii_alphabetic())
                });
                if clustered {
                    found.extend(next());
                    break;
                }
                continue;
            };
            if let Some(value) = rest.strip_prefix('=') {
                found.push(value.to_owned());
                break;
            }
            if short.is_some() && rest.contains(' ') {
                found.push(rest.to_owned());
                break;
            }
        }
    }
    found
}

/// What a package manager runs.
fn packaged(name: &str, args: &[Arg]) -> Option<Unwrapped> {
    let (_, words) = RUNNERS.iter().find(|(runner, _)| *runner == name)?;
    let given = values(args, &["-c", "--call"]);
    if matches!(name, "npx" | "npm") && !given.is_empty() {
        return Some(here(Inner::Texts(given)));
    }
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
            "-p",
            "--package",
        ],
    );
    let first = rest.first()?;
    if name == "npx" {
        return Some(plain(rest));
    }
    if words.contains(&first.text.as_str()) {
        let rest = rest.get(1..).unwrap_or_default();
        let (rest, _) = skip_flags(rest, &["-p", "--package", "--filter", "-C", "--dir"]);
        return Some(plain(rest));
    }
    PACKAGED
        .contains(&base_name(&first.text).as_str())
        .then(|| plain(rest))
}

fn here(inner: Inner) -> Unwrapped {
    Unwrapped {
        inner,
        there: None,
        keeps: false,
    }
}

fn plain(argv: &[Arg]) -> Unwrapped {
    here(Inner::Argv(argv.to_vec(), Vec::new()))
}

/// `env -S 'text'`, also in a cluster: `env -iS 'text'`.
fn env_split(args: &[Arg]) -> Option<String> {
    let splits = |text: &str| {
        text.starts_with("-S")
            || text.starts_with("--split-string")
            || text.strip_prefix('-').is_some_and(|cluster| {
                cluster.len() < 5 && cluster.ends_with('S') && !cluster.starts_with(['-', 'u'])
            })
    };
    let at = args.iter().position(|arg| splits(&arg.text))?;
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
        index += if with_value.contains(&arg.text.as_str()) || ends_with_value(arg, with_value) {
            2
        } else {
            1
        };
    }
    let index = index.min(args.len());
    (&args[index..], &args[..index])
}

/// Whether the last flag of a cluster takes the next word: `-nu name`.
fn ends_with_value(arg: &Arg, with_value: &[&str]) -> bool {
    let Some(cluster) = arg.text.strip_prefix('-') else {
        return false;
    };
    if !(2..6).contains(&cluster.len()) || !cluster.bytes().all(|one| one.is_ascii_alphabetic()) {
        return false;
    }
    let takes = |letter: &str| {
        with_value
            .iter()
            .any(|flag| flag.len() == 2 && flag.ends_with(letter))
    };
    // `-upostgres` has its value in it.
    takes(&cluster[cluster.len() - 1..])
        && !cluster[..cluster.len() - 1]
            .char_indices()
            .any(|(at, one)| takes(&cluster[at..at + one.len_utf8()]))
}

/// Words joined as a shell would join them.
pub(super) fn texts(args: &[Arg]) -> String {
    let texts: Vec<&str> = args.iter().map(|arg| arg.text.as_str()).collect();
    texts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carriers_are_in_order_so_that_they_can_be_searched_by_halves() {
        assert!(CARRIERS.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    }
}
