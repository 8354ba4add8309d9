//! What the shell does itself: it moves, names things, and reads further programs.

use std::rc::Rc;

use super::walk::{Around, Followed, Scope, Value, Walker};
use super::{Arg, Input, UNKNOWN};
use crate::paths;

/// How long the path of the working directory may become.
const MAX_PATH: usize = 1_024;

/// How many lines or words of input become a list.
const MAX_LIST: usize = 64;

impl Walker<'_> {
    /// Follows a builtin.
    #[expect(clippy::too_many_lines, reason = "one arm a builtin")]
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
            "pwd" => {
                self.push(scope, whole.to_vec(), around.clone());
                Followed::To(scope.cwd.as_ref().map(|cwd| format!("{cwd}\n")))
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
                    && scope.may_copy(&scope.aliases)
                {
                    Rc::make_mut(&mut scope.aliases)
                        .insert(name.text.as_str().into(), path.text.as_str().into());
                }
                silent()
            }
            "export" | "declare" | "local" | "typeset" => {
                let refers = args
                    .iter()
                    .any(|arg| arg.text.starts_with('-') && arg.text.contains('n'));
                if name != "export" && refers {
                    for arg in args.iter().filter(|arg| !arg.text.starts_with('-')) {
                        let plain = arg.text.split('=').next().unwrap_or_default();
                        scope.set(&format!("nameref {plain}"), Vec::new());
                    }
                }
                for arg in args {
                    if let Some((name, value)) = arg.text.split_once('=') {
                        self.hook(scope, name, &Arg::new(value));
                    }
                }
                export(scope, args, around)
            }
            "printf" if args.first().is_some_and(|arg| arg.text == "-v") => {
                let (Some(named), Some(values)) = (args.get(1), args.get(2..)) else {
                    return silent();
                };
                let value = if values.iter().all(Arg::is_known) {
                    Arg::new(super::output::printf(values))
                } else {
                    Arg::unknown()
                };
                scope.set(&named.text, vec![value]);
                silent()
            }
            "unset" => {
                for arg in args
                    .iter()
                    .filter(|arg| !scope.is_fixed(&arg.text))
                    .collect::<Vec<_>>()
                {
                    if scope.may_copy(&scope.variables) && scope.may_copy(&scope.functions) {
                        Rc::make_mut(&mut scope.variables).remove(arg.text.as_str());
                        Rc::make_mut(&mut scope.functions).remove(arg.text.as_str());
                    }
                }
                silent()
            }
            "alias" => {
                for arg in args {
                    if let Some((name, value)) = arg.text.split_once('=')
                        && scope.may_copy(&scope.aliases)
                    {
                        Rc::make_mut(&mut scope.aliases).insert(name.into(), value.into());
                    }
                }
                silent()
            }
            "set" => {
                if let Some(at) = args.iter().position(|arg| arg.text == "--") {
                    scope.set_positionals(args.get(at + 1..).unwrap_or_default());
                } else if args
                    .first()
                    .is_some_and(|arg| !arg.text.starts_with(['-', '+']))
                {
                    scope.set_positionals(args);
                }
                if args.is_empty() {
                    Followed::Not
                } else {
                    silent()
                }
            }
            "shift" => {
                let by = args.first().map_or(1, |arg| arg.text.parse().unwrap_or(1));
                let rest = scope.variables.get("@").map(|value| value.args.clone());
                if let Some(rest) = rest {
                    scope.set_positionals(rest.get(by..).unwrap_or_default());
                }
                silent()
            }
            "exec" if args.is_empty() && around.stdin.given => {
                scope.held = around.stdin.clone();
                Followed::Not
            }
            "read" | "readarray" | "mapfile" => read(scope, name, args, around),
            "eval" => {
                let args = match args.first() {
                    Some(first) if first.text == "--" => args.get(1..).unwrap_or_default(),
                    _ => args,
                };
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
                let input = super::files::open(scope, &file.text, around);
                let known = input.as_ref().and_then(|input| input.text.clone());
                let text = known.or_else(|| self.file(&file.text));
                let around = Around {
                    stdin: input.unwrap_or_else(|| around.stdin.clone()),
                    ..around.clone()
                };
                self.push(scope, whole.to_vec(), around.clone());
                Followed::To(text.and_then(|text| self.program(scope, &text, &Input::default())))
            }
            ":" | "true" | "false" | "exit" | "return" | "break" | "continue" | "wait"
            | "sleep" | "umask" | "shopt" => {
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
fn read(scope: &mut Scope, name: &str, args: &[Arg], around: &Around) -> Followed {
    const READ: &[&str] = &["-d", "-n", "-N", "-p", "-t", "-u", "-i"];
    const LIST: &[&str] = &["-d", "-n", "-O", "-s", "-u", "-C", "-c"];
    let with_value = if name == "read" { READ } else { LIST };
    let stdin = if around.stdin.given {
        &around.stdin
    } else {
        &scope.held
    };
    // Each line of it may be read by a command of its own.
    if !scope
        .budget
        .spend(stdin.text.as_ref().map_or(0, String::len))
    {
        return silent();
    }
    let stdin = stdin.clone();
    let text = stdin.text;
    let separators = scope
        .variables
        .get("IFS")
        .and_then(|ifs| ifs.args.first())
        .map_or_else(|| " \t".to_owned(), |arg| arg.text.clone());
    let mut names = Vec::new();
    let mut list = name != "read";
    let mut words = args.iter();
    while let Some(word) = words.next() {
        let flags = word.text.strip_prefix('-');
        if name == "read" && flags.is_some_and(|flags| flags.ends_with('a')) {
            list = true;
        } else if with_value.contains(&word.text.as_str())
            || name == "read"
                && flags
                    .is_some_and(|flags| flags.len() > 1 && flags.ends_with(['d', 'p', 't', 'u']))
        {
            words.next();
        } else if flags.is_none() && word.is_known() {
            names.push(word.text.clone());
        }
    }
    let fields = |line: &str, most: usize| -> Vec<String> {
        line.splitn(most, |one| separators.contains(one))
            .map(str::to_owned)
            .collect()
    };
    let count = names.len();
    for (index, named) in names.into_iter().enumerate() {
        let values = match text.as_deref() {
            None => vec![Arg::unknown()],
            Some(text) if list && name == "read" => {
                let line = text.trim_end_matches('\n');
                line.split(|one| separators.contains(one))
                    .filter(|field| !field.is_empty())
                    .take(MAX_LIST)
                    .map(Arg::new)
                    .collect()
            }
            Some(text) if list => text.lines().take(MAX_LIST).map(Arg::new).collect(),
            Some(text) if count > 1 => {
                // The same field of every line: a loop reads them one after the other.
                let each: Vec<String> = text
                    .lines()
                    .take(MAX_LIST)
                    .filter_map(|line| fields(line, count).into_iter().nth(index))
                    .collect();
                vec![Arg::new(each.join("\n"))]
            }
            Some(text) => vec![Arg::new(text.trim_end_matches('\n'))],
        };
        let value = Value {
            args: values,
            inputs: stdin.from.clone(),
        };
        scope.assign([(named, value)]);
    }
    silent()
}
