//! Follows a parsed script and lists what would really run.
//!
//! Nothing is executed. Variables, `cd`, functions, aliases, wrappers (`sudo`, `env`, …) and programs
//! inside programs (`sh -c`, `ssh`, `find -exec`, `xargs`) are followed as far as the text tells;
//! the rest is marked unknown.

mod bounds;
mod builtins;
mod carriers;
mod code;
mod escapes;
mod expand;
mod files;
mod filters;
mod git;
mod many;
mod nested;
mod output;
mod parameter;
mod powershell;
mod remote;
mod scheduled;
mod scope;
mod simple;
mod swarm;
mod walk;
#[cfg(test)]
mod work;
mod wrappers;

pub(crate) use many::{DATA, found_name};
pub(crate) use nested::SHELLS;
pub(crate) use powershell::as_shell;
pub(crate) use scope::quote;
pub(crate) use walk::ITSELF;

use std::rc::Rc;

use crate::shell::RedirectKind;

/// Stands in a text for what cannot be known.
pub(crate) const UNKNOWN: char = '\u{1}';

/// A word after expansion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Arg {
    /// The text; [`UNKNOWN`] stands for what cannot be known.
    pub(crate) text: String,
    /// Whether it has unquoted `*`, `?` or `[`.
    pub(crate) glob: bool,
    /// A variable of the environment in it whose name tells of a secret.
    pub(crate) secret: Option<Box<str>>,
}

impl Arg {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            glob: false,
            secret: None,
        }
    }

    pub(crate) fn unknown() -> Self {
        Self::new(UNKNOWN.to_string())
    }

    pub(crate) fn is_known(&self) -> bool {
        !self.text.contains(UNKNOWN)
    }
}

/// Where a command's input comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Input {
    /// Whether input is given at all, by a pipe or a redirection.
    pub(crate) given: bool,
    /// The text, if known.
    pub(crate) text: Option<String>,
    /// The file it is read from.
    pub(crate) file: Option<Arg>,
    /// The commands that write it, as indexes into the list.
    pub(crate) from: Vec<usize>,
}

/// One command that would run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Run {
    /// The words, the program first.
    pub(crate) argv: Vec<Arg>,
    /// The directory, if known.
    pub(crate) cwd: Option<String>,
    /// What leads to it, outermost first.
    pub(crate) via: Vec<String>,
    /// The machine, when it is another one.
    pub(crate) host: Option<String>,
    /// Its redirections with a file.
    pub(crate) redirects: Vec<(RedirectKind, Arg)>,
    /// Its input.
    pub(crate) stdin: Input,
    /// The commands whose output is in its words.
    pub(crate) inputs: Vec<usize>,
    /// What is set on the line for it and names a machine or what it is for: see [`walk::NAMES_A_MACHINE`].
    pub(crate) environment: Vec<(&'static str, String)>,
    /// In a container: its folders that are folders of this machine, and which.
    pub(crate) mounts: Rc<Vec<(String, String)>>,
}

/// All that a script would run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Runs {
    pub(crate) list: Vec<Run>,
    /// Whether something could not be followed: too deep, too long.
    pub(crate) incomplete: bool,
    /// Whether a quote or bracket is never closed.
    pub(crate) unfinished: bool,
    /// How much was done to find it, for tests of that.
    #[cfg(test)]
    pub(crate) work: usize,
}

/// Follows a script from a directory.
pub(crate) fn follow(text: &str, cwd: &str, home: Option<&str>) -> Runs {
    walk::Walker::new(home).follow(text, cwd)
}

impl Run {
    /// The program's plain name: without folder, version and `.exe`, in lower case.
    pub(crate) fn program(&self) -> String {
        self.argv
            .first()
            .map(|word| base_name(&word.text))
            .unwrap_or_default()
    }

    /// The words after the program.
    pub(crate) fn args(&self) -> &[Arg] {
        self.argv.get(1..).unwrap_or_default()
    }

    /// Whether a flag is given: `short` alone or in a cluster, or one of the long names.
    pub(crate) fn has(&self, short: Option<char>, long: &[&str]) -> bool {
        self.args()
            .iter()
            .take_while(|arg| arg.text != "--")
            .any(|arg| {
                if let Some(name) = arg.text.strip_prefix("--") {
                    let name = name.split('=').next().unwrap_or_default();
                    long.contains(&name)
                } else if let Some(cluster) = arg.text.strip_prefix('-') {
                    long.contains(&arg.text.as_str())
                        || short.is_some_and(|short| {
                            cluster
                                .chars()
                                .take_while(char::is_ascii_alphanumeric)
                                .any(|one| one == short)
                        })
                } else {
                    false
                }
            })
    }

    /// The words that are no flags and no values of the given flags. After `--` all are.
    pub(crate) fn operands(&self, with_value: &[&str]) -> Vec<&Arg> {
        let mut found = Vec::new();
        let mut args = self.args().iter();
        while let Some(arg) = args.next() {
            if arg.text == "--" {
                found.extend(args);
                break;
            }
            if with_value.contains(&arg.text.as_str()) {
                args.next();
            } else if !arg.text.starts_with('-') || arg.text == "-" {
                found.push(arg);
            }
        }
        found
    }

    /// The value of a flag, given as `-f value`, `-fvalue`, `--flag value` or `--flag=value`.
    pub(crate) fn value(&self, names: &[&str]) -> Option<&str> {
        let args = self.args();
        args.iter().enumerate().find_map(|(index, arg)| {
            names.iter().find_map(|name| {
                let rest = arg.text.strip_prefix(name)?;
                if rest.is_empty() {
                    args.get(index + 1).map(|next| next.text.as_str())
                } else if let Some(value) = rest.strip_prefix('=') {
                    Some(value)
                } else {
                    (!name.starts_with("--") && name.len() == 2).then_some(rest)
                }
            })
        })
    }

    /// What is set on the line under one of these names.
    pub(crate) fn variable(&self, names: &[&str]) -> Option<&str> {
        self.environment
            .iter()
            .find(|(name, _)| names.contains(name))
            .map(|(_, value)| value.as_str())
    }

    /// The words as one line for people.
    pub(crate) fn line(&self) -> String {
        let words: Vec<String> = self
            .argv
            .iter()
            .map(|arg| arg.text.replace(UNKNOWN, "?"))
            .collect();
        words.join(" ")
    }
}

/// The plain name of a program, in lower case.
pub(crate) fn base_name(text: &str) -> String {
    plain_name(text).to_ascii_lowercase()
}

/// The plain name of a program, as it was written.
pub(crate) fn plain_name(text: &str) -> &str {
    let name = text.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = name
        .strip_suffix(".exe")
        .or_else(|| name.strip_suffix(".cmd"))
        .unwrap_or(name);
    // `prisma@5.1` is `prisma`.
    match name.find('@') {
        Some(at) if at > 0 => &name[..at],
        _ => name,
    }
}
