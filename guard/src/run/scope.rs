//! What is remembered while a script is followed.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::bounds::{Budget, NAME};
use super::{Arg, Input};
use crate::shell::{Command, RedirectKind};

/// How much of a name is kept in what leads to a command.
const MAX_VIA: usize = 96;

/// Names and what they stand for. To copy them all copies no text.
pub(super) type Names<T> = Rc<BTreeMap<Rc<str>, T>>;

/// What a shell would remember while it goes through the script.
#[derive(Debug, Clone, Default)]
pub(super) struct Scope {
    pub(super) cwd: Option<String>,
    pub(super) host: Option<String>,
    /// Folders of a container that are folders of this machine.
    pub(super) mounts: Rc<Vec<(String, String)>>,
    pub(super) via: Vec<String>,
    pub(super) variables: Names<Rc<Value>>,
    pub(super) functions: Names<Rc<Command>>,
    pub(super) aliases: Names<Rc<str>>,
    pub(super) depth: usize,
    /// The input that `exec` with a redirection left open.
    pub(super) held: Input,
    pub(super) budget: Budget,
}

/// A variable's value.
#[derive(Debug, Clone, Default)]
pub(super) struct Value {
    pub(super) args: Vec<Arg>,
    /// The commands whose output is in it.
    pub(super) inputs: Vec<usize>,
}

impl Scope {
    /// A scope for a program inside this one.
    pub(super) fn deeper(&self, via: &str) -> Self {
        let mut scope = self.clone();
        let led: usize = scope.via.iter().map(|via| via.len() + 16).sum();
        scope
            .budget
            .charge(led + scope.cwd.as_ref().map_or(0, String::len));
        scope.depth += 1;
        scope.via.push(via.chars().take(MAX_VIA).collect());
        scope
    }

    pub(super) fn set(&mut self, name: &str, args: Vec<Arg>) {
        let value = Value {
            args,
            inputs: Vec::new(),
        };
        self.assign([(name.to_owned(), value)]);
    }

    /// Names values. Copies are shared until one of them is written to.
    pub(super) fn assign(&mut self, values: impl IntoIterator<Item = (String, Value)>) {
        if self.may_copy(&self.variables) {
            let values = values
                .into_iter()
                .map(|(name, value)| (Rc::from(name), Rc::new(value)));
            Rc::make_mut(&mut self.variables).extend(values);
        }
    }

    /// Whether names may be written to. Those that others share are copied first, and that has an end.
    pub(super) fn may_copy<T>(&self, names: &Names<T>) -> bool {
        Rc::strong_count(names) == 1 || self.budget.spend(NAME * names.len())
    }

    /// Makes a name keep its value.
    pub(super) fn fix(&mut self, name: &str) {
        self.set(&format!("readonly {name}"), Vec::new());
    }

    /// Whether a name keeps its value.
    pub(super) fn is_fixed(&self, name: &str) -> bool {
        self.variables
            .contains_key(format!("readonly {name}").as_str())
    }

    pub(super) fn set_positionals(&mut self, args: &[Arg]) {
        self.set("@", args.to_vec());
        self.set("*", args.to_vec());
        for index in 0..9 {
            let name = (index + 1).to_string();
            match args.get(index) {
                Some(arg) => self.set(&name, vec![arg.clone()]),
                None if self.variables.contains_key(name.as_str())
                    && self.may_copy(&self.variables) =>
                {
                    Rc::make_mut(&mut self.variables).remove(name.as_str());
                }
                None => {}
            }
        }
    }

    pub(super) fn has_positionals(&self) -> bool {
        self.depth > 0
    }
}

/// Whether a command was followed to what is inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Followed {
    /// It is a plain command.
    Not,
    /// It was followed, and prints this, where that can be told.
    To(Option<String>),
}

/// What comes with a command's words.
#[derive(Debug, Clone, Default)]
pub(super) struct Around {
    pub(super) redirects: Vec<(RedirectKind, Arg)>,
    pub(super) stdin: Input,
    pub(super) inputs: Vec<usize>,
}

/// A word for a shell to read again: a glob stays one.
pub(super) fn requoted(arg: &Arg) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/*?[]._-~".contains(&byte);
    if arg.glob && arg.text.bytes().all(plain) {
        arg.text.clone()
    } else {
        quote(&arg.text)
    }
}

/// A word quoted so that a shell reads it back as it is.
pub(crate) fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
