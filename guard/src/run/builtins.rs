//! What the shell does itself: it moves, names things, and reads further programs.

use super::walk::{Around, Scope, Value, Walker};
use super::{Arg, UNKNOWN};
use crate::paths;

impl Walker<'_> {
    /// Follows a builtin. The outer `None` means that it is none.
    pub(super) fn builtin(
        &mut self,
        scope: &mut Scope,
        name: &str,
        argv: &[Arg],
        around: &Around,
    ) -> Option<Option<String>> {
        let args = argv.get(1..).unwrap_or_default();
        match name {
            "cd" | "pushd" | "chdir" => {
                let target = args
                    .iter()
                    .find(|arg| !arg.text.starts_with('-') || arg.text == "-");
                scope.cwd = match target {
                    None if name == "pushd" => None,
                    None => Some(self.home(scope)),
                    Some(arg) if arg.text == "-" || !arg.is_known() || arg.glob => None,
                    Some(arg) => paths::resolve(scope.cwd.as_deref(), &arg.text),
                };
                Some(Some(String::new()))
            }
            "popd" => {
                scope.cwd = None;
                Some(Some(String::new()))
            }
            "export" | "readonly" | "declare" | "local" | "typeset" => {
                for arg in args.iter().filter(|arg| !arg.text.starts_with('-')) {
                    if let Some((name, value)) = arg.text.split_once('=') {
                        let value = Value {
                            args: vec![Arg::new(value)],
                            inputs: around.inputs.clone(),
                        };
                        scope.variables.insert(name.to_owned(), value);
                    }
                }
                // `export` alone prints the environment: the rules look at that.
                if args.iter().any(|arg| !arg.text.starts_with('-')) {
                    Some(Some(String::new()))
                } else {
                    None
                }
            }
            "unset" => {
                for arg in args {
                    scope.variables.remove(&arg.text);
                    scope.functions.remove(&arg.text);
                }
                Some(Some(String::new()))
            }
            "alias" => {
                for arg in args {
                    if let Some((name, value)) = arg.text.split_once('=') {
                        scope.aliases.insert(name.to_owned(), value.to_owned());
                    }
                }
                Some(Some(String::new()))
            }
            "set" => {
                if let Some(at) = args.iter().position(|arg| arg.text == "--") {
                    scope.set_positionals(args.get(at + 1..).unwrap_or_default());
                }
                Some(Some(String::new()))
            }
            "read" | "readarray" | "mapfile" => {
                let text = around.stdin.text.clone();
                for arg in args
                    .iter()
                    .filter(|arg| !arg.text.starts_with('-') && arg.is_known())
                {
                    let value = text
                        .as_deref()
                        .map_or_else(Arg::unknown, |text| Arg::new(text.trim_end_matches('\n')));
                    scope.variables.insert(
                        arg.text.clone(),
                        Value {
                            args: vec![value],
                            inputs: around.stdin.from.clone(),
                        },
                    );
                }
                Some(Some(String::new()))
            }
            "eval" => {
                let texts: Vec<&str> = args.iter().map(|arg| arg.text.as_str()).collect();
                let text = texts.join(" ");
                if text.contains(UNKNOWN) {
                    self.push(scope, argv.to_vec(), around.clone());
                }
                Some(self.program(scope, &text.replace(UNKNOWN, "\"$_\""), &around.stdin))
            }
            "trap" => {
                let script = args
                    .iter()
                    .find(|arg| !arg.text.starts_with('-'))?
                    .text
                    .clone();
                self.program(
                    &mut scope.deeper("trap"),
                    &script.replace(UNKNOWN, "\"$_\""),
                    &around.stdin,
                );
                Some(Some(String::new()))
            }
            "source" | "." => {
                let file = args.first()?;
                self.push(scope, argv.to_vec(), around.clone());
                let text = self.files.get(&file.text).cloned();
                Some(text.and_then(|text| self.program(scope, &text, &around.stdin)))
            }
            ":" | "true" | "false" | "exit" | "return" | "break" | "continue" | "shift"
            | "wait" | "sleep" | "umask" | "shopt" => {
                self.push(scope, argv.to_vec(), around.clone());
                Some(Some(String::new()))
            }
            _ => None,
        }
    }
}
