//! Files that are written and read within one line.

use super::walk::{Around, Scope, Walker};
use super::{Arg, Input, UNKNOWN};
use crate::shell::RedirectKind;

impl Walker<'_> {
    /// What a file written earlier in the line holds, where the text tells.
    pub(super) fn file(&mut self, path: &str) -> Option<String> {
        let length = self.files.get(plain(path))?.len();
        // Reading it is a copy; a long one is read a few times only.
        if !self.spend(length / 4) {
            return None;
        }
        self.files.get(plain(path)).cloned()
    }

    /// Whether it is known what a file holds.
    pub(super) fn knows_file(&self, path: &str) -> bool {
        self.files.contains_key(plain(path))
    }

    /// Remembers what is written to files.
    pub(super) fn write(&mut self, redirects: &[(RedirectKind, Arg)], text: &str) {
        for (kind, target) in redirects.iter().filter(|(_, target)| target.is_known()) {
            match kind {
                RedirectKind::Write => {
                    self.hold_file(&target.text, text);
                }
                RedirectKind::Append => {
                    let old = self.file(&target.text).unwrap_or_default();
                    self.hold_file(&target.text, &(old + text));
                }
                _ => {}
            }
        }
    }

    pub(super) fn hold_file(&mut self, path: &str, text: &str) {
        if self.spend(text.len()) {
            self.files.insert(plain(path).to_owned(), text.to_owned());
        }
    }

    /// What `cp`, `mv` and `tee` do to files that are known.
    pub(super) fn copies(&mut self, name: &str, whole: &[Arg], stdin: &Input) {
        let mut operands = whole
            .get(1..)
            .unwrap_or_default()
            .iter()
            .filter(|arg| !arg.text.starts_with('-'));
        match name {
            "cp" | "mv" | "ln" | "install" => {
                let (Some(source), Some(target)) = (operands.next(), operands.next_back()) else {
                    return;
                };
                let text = if is_descriptor(&source.text) {
                    stdin.text.clone()
                } else {
                    self.file(&source.text)
                };
                if let Some(text) = text {
                    self.hold_file(&target.text, &text);
                }
            }
            "tee" => {
                if let Some(text) = &stdin.text {
                    for target in operands {
                        self.hold_file(&target.text, text);
                    }
                }
            }
            _ => {}
        }
    }

    /// What is known of an input that is not known as a whole: the texts that go into it.
    pub(super) fn pieces_of(&self, stdin: &Input) -> Option<String> {
        let texts: Vec<String> = stdin
            .from
            .iter()
            .filter_map(|index| self.runs.get(*index))
            .filter(|run| run.args().iter().all(Arg::is_known))
            .filter_map(|run| match run.program().as_str() {
                "echo" => Some(super::output::echo(run.args())),
                "printf" => Some(super::output::printf(run.args())),
                "cat" => run.stdin.text.clone(),
                _ => None,
            })
            .collect();
        (!texts.is_empty()).then(|| texts.concat())
    }

    /// Follows a file as the program that its first line names.
    pub(super) fn script_file(
        &mut self,
        scope: &mut Scope,
        text: &str,
        stdin: &Input,
    ) -> Option<String> {
        let first = text.lines().next().unwrap_or_default();
        if let Some(program) = first.strip_prefix("#!") {
            let name = program
                .split_whitespace()
                .map(super::base_name)
                .find(|name| name != "env" && !name.starts_with('-'))
                .unwrap_or_default();
            if super::code::is_language(&name) {
                self.code(scope, &name, text);
                return None;
            }
        }
        self.program(scope, text, stdin)
    }
}

/// The input behind a path that stands for an open one.
pub(super) fn open(scope: &Scope, path: &str, around: &Around) -> Option<Input> {
    if !is_descriptor(path) {
        return None;
    }
    let held = if around.stdin.given {
        &around.stdin
    } else {
        &scope.held
    };
    held.given.then(|| held.clone())
}

/// Whether a path stands for an open input.
pub(super) fn is_descriptor(path: &str) -> bool {
    matches!(path, "/dev/stdin" | "/proc/self/fd/0")
        || path.starts_with("/dev/fd/") && !path.contains(UNKNOWN)
        || path.starts_with("/proc/") && path.contains("/fd/")
}

fn plain(path: &str) -> &str {
    let mut path = path;
    while let Some(rest) = path.strip_prefix("./") {
        path = rest;
    }
    path
}
