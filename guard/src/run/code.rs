//! Programs in other languages given on the line: what they hand to a shell, delete, read or send.
//!
//! This reads names, brackets and string literals, no more: enough for `os.system("rm -rf /")`.

mod calls;
mod network;
mod removals;
mod requests;
mod sdk;
mod tokens;

use super::walk::{Around, Scope, Walker};
use super::wrappers::skip_flags;
use super::{Arg, Input};

/// Something the code does.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// A text handed to a shell.
    Shell(String),
    /// The same as this command.
    Argv(Vec<String>),
    /// Files deleted: `rm`, with a pattern as a glob.
    Remove {
        path: String,
        pattern: bool,
        recursive: bool,
    },
    /// Its input handed to a shell.
    Input,
}

/// How a language takes its code.
struct Language {
    names: &'static [&'static str],
    /// Words before the code's flags: `eval` of `deno eval`.
    verbs: &'static [&'static str],
    /// Flags whose value is code; none when the first word is the code.
    flags: &'static [&'static str],
    /// Other flags with a value.
    with_value: &'static [&'static str],
    /// Whether it also reads a file, or its input.
    reads: bool,
}

const fn language(
    names: &'static [&'static str],
    flags: &'static [&'static str],
    with_value: &'static [&'static str],
) -> Language {
    Language {
        names,
        verbs: &[],
        flags,
        with_value,
        reads: true,
    }
}

const fn verb(
    names: &'static [&'static str],
    verbs: &'static [&'static str],
    flags: &'static [&'static str],
) -> Language {
    Language {
        names,
        verbs,
        flags,
        with_value: &[],
        reads: false,
    }
}

const LANGUAGES: &[Language] = &[
    language(
        &["python", "pypy", "ipython", "jython", "micropython", "sage"],
        &["-c"],
        &["-W", "-X", "-Q"],
    ),
    language(
        &["node", "nodejs", "bun", "tsx", "ts-node", "zx"],
        &["-e", "--eval", "-p", "--print", "-pe"],
        &[
            "-r",
            "--require",
            "--import",
            "--loader",
            "--env-file",
            "-C",
            "--conditions",
        ],
    ),
    verb(&["deno"], &["eval"], &[]),
    language(&["perl"], &["-e", "-E"], &[]),
    language(&["ruby", "irb"], &["-e"], &[]),
    language(&["php"], &["-r", "-R", "-B"], &["-d", "-c"]),
    language(&["lua", "luajit"], &["-e"], &["-l"]),
    language(&["rscript", "r", "littler"], &["-e"], &[]),
    language(&["osascript"], &["-e"], &["-l"]),
    language(&["julia"], &["-e", "-E", "--eval"], &["-p", "-t", "-L"]),
    language(
        &["elixir", "iex"],
        &["-e", "--eval"],
        &["-r", "--name", "--sname"],
    ),
    verb(&["mix"], &["run"], &["-e", "--eval"]),
    language(&["erl"], &["-eval"], &["-name", "-sname", "-pa"]),
    language(&["ghc", "runghc"], &["-e"], &[]),
    language(
        &["groovy", "scala", "scala-cli", "swift", "kotlin"],
        &["-e"],
        &[],
    ),
    language(&["jshell", "ocaml"], &[], &["--class-path"]),
    language(&["clojure", "clj", "bb"], &["-e", "-M"], &[]),
    language(&["guile"], &["-c"], &["-l", "-L"]),
    language(&["racket"], &["-e"], &["-l"]),
    language(&["sbcl"], &["--eval"], &["--load"]),
    language(
        &["emacs", "emacsclient"],
        &["--eval", "-eval", "-e", "--execute"],
        &["-l", "--load"],
    ),
    verb(&["crystal"], &["eval"], &[]),
    language(&["nim"], &["--eval"], &[]),
    language(
        &["gnuplot", "octave", "matlab"],
        &["-e", "--eval", "-batch", "-r"],
        &[],
    ),
    language(
        &["mongosh", "mongo"],
        &["--eval"],
        &["--host", "--port", "-u", "-p", "--file", "-f"],
    ),
    verb(&["rails", "gitlab-rails"], &["runner"], &[]),
    verb(&["rails"], &["r"], &[]),
    verb(&["rails"], &["console"], &["--execute"]),
    verb(&["rails"], &["c"], &["--execute"]),
    verb(
        &["manage.py", "django-admin"],
        &["shell"],
        &["-c", "--command"],
    ),
    verb(&["artisan"], &["tinker"], &["--execute"]),
    verb(&["flask"], &["shell"], &["-c"]),
];

const AWK: &[&str] = &["awk", "gawk", "mawk", "nawk"];

/// Languages whose statements are words, with the words that run a program.
const WORDS: &[&str] = &["tclsh", "wish", "expect"];

/// The language of a program, its name without a version.
fn family(name: &str) -> &str {
    name.trim_end_matches(|one: char| one.is_ascii_digit() || matches!(one, '.' | '-'))
}

/// Whether a program runs code of another language.
pub(super) fn is_language(name: &str) -> bool {
    let name = family(name);
    AWK.contains(&name)
        || WORDS.contains(&name)
        || LANGUAGES
            .iter()
            .any(|language| language.names.contains(&name))
}

/// Where the code of a call is.
enum Source<'a> {
    /// On the line.
    Given(Vec<String>),
    /// In a file, or in the input where there is none.
    File(Option<&'a Arg>),
}

impl Walker<'_> {
    /// Follows the code of another language; answers whether there was any.
    pub(super) fn language(
        &mut self,
        scope: &Scope,
        name: &str,
        whole: &[Arg],
        around: &Around,
    ) -> bool {
        let args = whole.get(1..).unwrap_or_default();
        let short = family(name);
        // `python manage.py shell -c …`, `php artisan tinker …` run a language of their own.
        if matches!(short, "python" | "php" | "ruby")
            && let Some(script) = args.first()
            && let inner = super::base_name(&script.text)
            && matches!(inner.as_str(), "manage.py" | "artisan" | "rails")
            && self.language(scope, &inner, args, around)
        {
            return true;
        }
        let Some(source) = source(short, args) else {
            return false;
        };
        let mut given = Vec::new();
        let texts: Vec<String> = match source {
            Source::Given(code) => {
                if AWK.contains(&short) {
                    given = variables(args);
                }
                code
            }
            Source::File(Some(file)) if file.text != "-" && file.text != "/dev/stdin" => {
                self.file(&file.text).into_iter().collect()
            }
            Source::File(_) => around.stdin.text.clone().into_iter().collect(),
        };
        if texts.is_empty() {
            return false;
        }
        self.push(scope, whole.to_vec(), around.clone());
        for text in texts {
            if self.spend(text.len()) {
                self.follow_code(scope, short, &text, &given, &around.stdin);
            }
        }
        true
    }

    /// Follows a text that is code of a language.
    pub(super) fn code(&mut self, scope: &Scope, name: &str, text: &str) {
        if self.spend(text.len()) {
            self.follow_code(scope, family(name), text, &[], &Input::default());
        }
    }

    fn follow_code(
        &mut self,
        scope: &Scope,
        name: &str,
        text: &str,
        given: &[(String, String)],
        stdin: &Input,
    ) {
        let mut deeper = scope.deeper(&format!("code of {name}"));
        let steps = if WORDS.contains(&name) {
            statements(text)
        } else {
            calls::steps(text, name, given)
        };
        if steps.is_empty() && is_shell_text(text, name) {
            // No such program would run; what the writer meant is plain.
            let text = text.trim_start().trim_start_matches('!');
            self.program(&mut deeper, text, &Input::default());
        }
        for step in steps {
            match step {
                Step::Shell(text) => {
                    self.program(&mut deeper, &text, &Input::default());
                }
                Step::Argv(words) => {
                    let words = words.into_iter().map(Arg::new).collect();
                    self.run(&mut deeper, words, Around::default());
                }
                Step::Remove {
                    path,
                    pattern,
                    recursive,
                } => {
                    let flags = if recursive { "-rf" } else { "-f" };
                    let mut words = ["rm", flags, "--"].map(Arg::new).to_vec();
                    words.push(Arg {
                        glob: pattern,
                        ..Arg::new(path)
                    });
                    self.run(&mut deeper, words, Around::default());
                }
                Step::Input => {
                    if let Some(text) = stdin.text.clone() {
                        self.program(&mut deeper, &text, &Input::default());
                    }
                }
            }
        }
    }
}

fn source<'a>(name: &str, args: &'a [Arg]) -> Option<Source<'a>> {
    if AWK.contains(&name) {
        if args.iter().any(|arg| arg.text.starts_with("-f")) {
            return None;
        }
        let (rest, _) = skip_flags(args, &["-F", "-v", "--assign"]);
        return rest
            .first()
            .map(|arg| Source::Given(vec![arg.text.clone()]));
    }
    if WORDS.contains(&name) {
        let at = args.iter().position(|arg| arg.text == "-c");
        return Some(match at.and_then(|at| args.get(at + 1)) {
            Some(code) => Source::Given(vec![code.text.clone()]),
            None => Source::File(args.iter().find(|arg| !arg.text.starts_with('-'))),
        });
    }
    LANGUAGES
        .iter()
        .filter(|language| language.names.contains(&name))
        .find_map(|language| language.source(args))
}

impl Language {
    fn source<'a>(&self, args: &'a [Arg]) -> Option<Source<'a>> {
        let mut rest = args;
        for verb in self.verbs {
            rest = skip_flags(rest, self.with_value).0;
            let (first, after) = rest.split_first()?;
            if first.text != *verb {
                return None;
            }
            rest = after;
        }
        if self.flags.is_empty() && !self.verbs.is_empty() {
            let (words, _) = skip_flags(rest, self.with_value);
            return words
                .first()
                .map(|code| Source::Given(vec![code.text.clone()]));
        }
        let mut found = Vec::new();
        let mut file = None;
        let mut index = 0;
        while let Some(arg) = rest.get(index) {
            let text = arg.text.as_str();
            index += 1;
            // `-Bc`, `-lane`: the code's flag stands last in a cluster.
            let clustered = text.strip_prefix('-').is_some_and(|cluster| {
                !cluster.starts_with('-')
                    && cluster.len() < 6
                    && self
                        .flags
                        .iter()
                        .any(|flag| flag.len() == 2 && cluster.ends_with(&flag[1..]))
            });
            if self.flags.contains(&text) || clustered {
                found.extend(rest.get(index).map(|arg| arg.text.clone()));
                index += 1;
            } else if self.with_value.contains(&text) {
                index += 1;
            } else if let Some((flag, code)) = text.split_once('=')
                && flag.starts_with("--")
                && self.flags.contains(&flag)
            {
                found.push(code.to_owned());
            } else if !text.starts_with('-') || text == "-" {
                file = Some(arg);
                break;
            }
        }
        // A Lisp's program may be the word itself: `bb '(shell "…")'`.
        if found.is_empty() {
            if let Some(code) = file.filter(|arg| arg.text.starts_with('(')) {
                return Some(Source::Given(vec![code.text.clone()]));
            }
            return (self.reads || !self.verbs.is_empty()).then_some(Source::File(file));
        }
        Some(Source::Given(found))
    }
}

/// `-v name=value` of `awk`.
fn variables(args: &[Arg]) -> Vec<(String, String)> {
    args.iter()
        .filter_map(|arg| {
            let text = arg.text.strip_prefix("-v").unwrap_or(&arg.text);
            text.split_once('=')
        })
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .filter(|(name, _)| {
            name.bytes()
                .all(|one| one.is_ascii_alphanumeric() || one == b'_')
        })
        .collect()
}

/// The programs that statements of words run: `exec sh -c {…}`, `spawn rm x`.
fn statements(text: &str) -> Vec<Step> {
    text.split(['\n', ';'])
        .filter_map(|line| {
            let (word, rest) = line.trim().split_once(' ')?;
            matches!(word, "exec" | "spawn" | "system" | "send")
                .then(|| Step::Shell(rest.replace(['{', '}'], "'")))
        })
        .take(64)
        .collect()
}

/// Whether a text given as code is a command of the shell: a name, then words, and no call.
fn is_shell_text(text: &str, name: &str) -> bool {
    if !matches!(
        name,
        "node"
            | "nodejs"
            | "python"
            | "ruby"
            | "perl"
            | "php"
            | "bun"
            | "deno"
            | "ipython"
            | "zx"
            | "lua"
    ) {
        return false;
    }
    let text = text.trim().trim_start_matches('!');
    let mut words = text.split_whitespace();
    let (Some(first), Some(second)) = (words.next(), words.next()) else {
        return false;
    };
    first.len() > 1
        && first
            .bytes()
            .all(|one| one.is_ascii_lowercase() || matches!(one, b'-' | b'_' | b'0'..=b'9'))
        && !text.contains('(')
        && !second.starts_with(['=', '"', '\'', '$', '+', '?', '<', '>', '|', '&'])
}
