//! What the shell does itself: it moves, names things, and reads further programs.

use std::rc::Rc;

use super::walk::{Around, Followed, Scope, Value, Walker};
use super::{Arg, UNKNOWN};
use crate::paths;

/// How long the path of the working directory may become.
const MAX_PATH: usize = 1_024;

impl Walker<'_> {
    /// Follows a builtin.
    pub(super) fn builtin(
        &mut self,
        scope: &mut Scope,
        name: &str,
        whole: &[Arg],
        around: &Around,
    ) -> Followed {
        let args = whole.get(1..).unwrap_or_default();
        match name {
            "cd" | "pushd" | "chdir" => {
                let target = args
                    .iter()
                    .find(|arg| !arg.text.starts_with('-') || arg.text == "-");
                scope.cwd = match target {
                    None if name == "pushd" => None,
                    None => Some(self.home(scope)),
                    Some(arg) if arg.text == "-" || !arg.is_known() || arg.glob => None,
                    // Longer than any real path: not followed further.
                    Some(arg) => paths::resolve(scope.cwd.as_deref(), &arg.text)
                        .filter(|path| path.len() <= MAX_PATH),
                };
                silent()
            }
            "popd" => {
                scope.cwd = None;
                silent()
            }
            "readonly" => {
                let followed = export(scope, args, around);
                for arg in args.iter().filter(|arg| !arg.text.starts_with('-')) {
                    scope.fix(arg.text.split('=').next().unwrap_or_default());
                }
                followed
            }
            // `hash -p path name`: the name stands for that program from now on.
            "hash" => {
                if let Some(at) = args.iter().position(|arg| arg.text == "-p")
                    && let (Some(path), Some(name)) = (args.get(at + 1), args.get(at + 2))
                {
                    Rc::make_mut(&mut scope.aliases).insert(name.text.clone(), path.text.clone());
                }
                silent()
            }
            "export" | "declare" | "local" | "typeset" => export(scope, args, around),
            "unset" => {
                for arg in args
                    .iter()
                    .filter(|arg| !scope.is_fixed(&arg.text))
                    .collect::<Vec<_>>()
                {
                    Rc::make_mut(&mut scope.variables).remove(&arg.text);
                    Rc::make_mut(&mut scope.functions).remove(&arg.text);
                }
                silent()
            }
            "alias" => {
                for arg in args {
                    if let Some((name, value)) = arg.text.split_once('=') {
                        Rc::make_mut(&mut scope.aliases).insert(name.to_owned(), value.to_owned());
                    }
                }
                silent()
            }
            "set" => {
                if let Some(at) = args.iter().position(|arg| arg.text == "--") {
                    scope.set_positionals(args.get(at + 1..).unwrap_or_default());
                }
                silent()
            }
            "exec" if args.is_empty() && around.stdin.given => {
                scope.held = around.stdin.clone();
                Followed::Not
            }
            "read" | "readarray" | "mapfile" => read(scope, args, around),
            "eval" => {
                let texts: Vec<&str> = args.iter().map(|arg| arg.text.as_str()).collect();
                let text = texts.join(" ");
                if text.contains(UNKNOWN) {
                    self.push(scope, whole.to_vec(), around.clone());
                }
                Followed::To(self.program(scope, &text.replace(UNKNOWN, "\"$_\""), &around.stdin))
            }
            "trap" => {
                let Some(script) = args.iter().find(|arg| !arg.text.starts_with('-')) else {
                    return Followed::Not;
                };
                self.program(
                    &mut scope.deeper("trap"),
                    &script.text.replace(UNKNOWN, "\"$_\""),
                    &around.stdin,
                );
                silent()
            }
            "source" | "." => {
                let Some(file) = args.first() else {
                    return Followed::Not;
                };
                self.push(scope, whole.to_vec(), around.clone());
                let text = self.files.get(&file.text).cloned();
                Followed::To(text.and_then(|text| self.program(scope, &text, &around.stdin)))
            }
            ":" | "true" | "false" | "exit" | "return" | "break" | "continue" | "shift"
            | "wait" | "sleep" | "umask" | "shopt" => {
                self.push(scope, whole.to_vec(), around.clone());
                silent()
            }
            _ => Followed::Not,
        }
    }
}

/// Done by the shell itself, without output.
fn silent() -> Followed {
    Followed::To(Some(String::new()))
}

/// `export` and its like name things.
fn export(scope: &mut Scope, args: &[Arg], around: &Around) -> Followed {
    for arg in args.iter().filter(|arg| !arg.text.starts_with('-')) {
        if let Some((name, value)) = arg.text.split_once('=') {
            let value = Value {
                args: vec![Arg::new(value)],
                inputs: around.inputs.clone(),
            };
            scope.assign([(name.to_owned(), value)]);
        }
    }
    // `export` alone prints the environment: the rules look at that.
    if args.iter().any(|arg| !arg.text.starts_with('-')) {
        silent()
    } else {
        Followed::Not
    }
}

/// `read` and its like name what comes in.
fn read(scope: &mut Scope, args: &[Arg], around: &Around) -> Followed {
    let stdin = if around.stdin.given {
        &around.stdin
    } else {
        &scope.held
    }
    .clone();
    let text = stdin.text;
    for arg in args
        .iter()
        .filter(|arg| !arg.text.starts_with('-') && arg.is_known())
    {
        let value = text
            .as_deref()
            .map_or_else(Arg::unknown, |text| Arg::new(text.trim_end_matches('\n')));
        let value = Value {
            args: vec![value],
            inputs: stdin.from.clone(),
        };
        scope.assign([(arg.text.clone(), value)]);
    }
    silent()
}
