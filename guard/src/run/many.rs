//! Programs that run another once for each of many things: `find`, `xargs`, `parallel`.

use super::nested::SHELLS;
use super::walk::{Around, Scope, Walker, quote};
use super::wrappers::skip_flags;
use super::{Arg, Input, UNKNOWN, base_name};

/// How many known words of input are followed one by one.
const MAX_ITEMS: usize = 32;

/// Leads to a program that data becomes part of.
pub(crate) const DATA: &str = "data in a program";

/// Where the source stands in the words of `sh -c source`, wrappers before it or not.
/// That is behind the last word when the source is still to come.
fn source_of(words: &[Arg]) -> Option<usize> {
    let shell = words
        .iter()
        .position(|arg| SHELLS.contains(&base_name(&arg.text).as_str()))?;
    let flag = words.iter().skip(shell + 1).position(|arg| {
        arg.text
            .strip_prefix('-')
            .is_some_and(|flags| !flags.starts_with('-') && flags.contains('c'))
    })?;
    Some(shell + flag + 2)
}

impl Walker<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "its flags, then its words, read in one go"
    )]
    pub(super) fn xargs(&mut self, scope: &mut Scope, whole: &[Arg], around: &Around) {
        const WITH_VALUE: &[&str] = &[
            "-I",
            "-J",
            "-n",
            "-P",
            "-L",
            "-s",
            "-d",
            "-E",
            "-a",
            "-R",
            "--max-args",
            "--max-procs",
            "--delimiter",
            "--arg-file",
            "--max-lines",
        ];
        let args = whole.get(1..).unwrap_or_default();
        let (inner, flags) = skip_flags(args, WITH_VALUE);
        let mut replaced = None;
        for (index, flag) in flags.iter().enumerate() {
            if matches!(flag.text.as_str(), "-I" | "-J") {
                replaced = flags.get(index + 1).map(|arg| arg.text.clone());
            } else if let Some(text) = flag
                .text
                .strip_prefix("-I")
                .or_else(|| flag.text.strip_prefix("--replace="))
            {
                replaced = Some(text.to_owned());
            } else if matches!(flag.text.as_str(), "-i" | "--replace") {
                replaced = Some("{}".to_owned());
            }
        }
        let by_line = replaced.is_some();
        let mut separator = None;
        let mut one_by_one = false;
        let mut listed = around.stdin.text.clone();
        for (index, flag) in flags.iter().enumerate() {
            let next = flags.get(index + 1).map(|arg| arg.text.as_str());
            let text = flag.text.as_str();
            if let Some(value) = text.strip_prefix("--delimiter=") {
                separator = Some(value);
            } else if matches!(text, "-d" | "--delimiter") {
                separator = next;
            } else if matches!(text, "-a" | "--arg-file") {
                listed = next.and_then(|file| self.file(file));
            } else if let Some(cluster) = text.strip_prefix('-') {
                if text == "--null"
                    || !cluster.starts_with('-')
                        && cluster.contains('0')
                        && !cluster.starts_with(['n', 'P', 'L', 's'])
                {
                    separator = Some("\0");
                }
                one_by_one |= matches!(text, "-n1" | "-L1" | "--max-args=1")
                    || matches!(text, "-n" | "-L") && next == Some("1");
            }
        }
        let separator = match separator {
            Some("\\n") => Some("\n"),
            Some("\\0") => Some("\0"),
            None if by_line => Some("\n"),
            other => other,
        };
        let items: Vec<Arg> = listed.as_deref().map_or_else(
            || self.listed(scope, around),
            |text| {
                let text = text.trim_end_matches('\n');
                match separator {
                    Some(separator) if !separator.is_empty() => text
                        .split(separator)
                        .map(|item| item.trim_matches(['\0', '\n']))
                        .filter(|item| !item.is_empty())
                        .take(MAX_ITEMS)
                        .map(Arg::new)
                        .collect(),
                    _ => text
                        .split_whitespace()
                        .take(MAX_ITEMS)
                        .map(|item| Arg::new(item.trim_matches(['\'', '"'])))
                        .collect(),
                }
            },
        );
        let mut deeper = scope.deeper("xargs");
        let own = Around {
            inputs: around.stdin.from.clone(),
            ..Around::default()
        };
        if inner.is_empty() {
            self.push(scope, whole.to_vec(), around.clone());
            return;
        }
        let source = source_of(inner);
        let taken_in = match &replaced {
            Some(mark) => source.is_some_and(|at| {
                inner
                    .get(at)
                    .is_some_and(|text| text.text.contains(mark.as_str()))
            }),
            // The source itself comes from the input.
            None => source == Some(inner.len()),
        };
        if taken_in && items.iter().any(|item| !item.is_known()) {
            self.takes_data(scope, whole, around);
            return;
        }
        match replaced {
            Some(mark) if !mark.is_empty() => {
                for item in items {
                    if self.is_spent() {
                        self.incomplete = true;
                        break;
                    }
                    let words = inner
                        .iter()
                        .map(|arg| Arg {
                            text: self.filled(&arg.text, &mark, &item.text),
                            glob: arg.glob,
                            secret: arg.secret.clone(),
                        })
                        .collect();
                    self.run(&mut deeper, words, own.clone());
                }
            }
            _ if one_by_one => {
                for item in items {
                    let words = inner.iter().cloned().chain([item]).collect();
                    self.run(&mut deeper, words, own.clone());
                }
            }
            _ => {
                // Words for a script are followed as lines too: who quotes them means a whole one.
                if let (Some(text), Some(_), None) = (&listed, source, separator)
                    && text.trim().contains(' ')
                {
                    let lines = text.lines().take(MAX_ITEMS).map(Arg::new);
                    let words = inner.iter().cloned().chain(lines).collect();
                    self.run(&mut deeper, words, own.clone());
                }
                let words = inner.iter().cloned().chain(items).collect();
                self.run(&mut deeper, words, own);
            }
        }
    }

    /// The names that a packer reads from its input, as words of its own: `zip -@`, `tar -T -`.
    pub(super) fn named_by_input(
        &self,
        scope: &Scope,
        name: &str,
        args: &[Arg],
        around: &Around,
    ) -> Vec<Arg> {
        let has = |word: &str| args.iter().any(|arg| arg.text == word);
        let reads = match name {
            "zip" => has("-@"),
            "tar" | "gtar" | "bsdtar" => {
                has("-T-") || has("--files-from=-") || has("-T") && has("-")
            }
            "rsync" => has("--files-from=-"),
            "cpio" => args
                .iter()
                .any(|arg| arg.text.starts_with("-o") || arg.text == "--create"),
            _ => false,
        };
        if !reads || !around.stdin.given {
            return Vec::new();
        }
        match &around.stdin.text {
            Some(text) => text.lines().take(MAX_ITEMS).map(Arg::new).collect(),
            None => self.listed(scope, around),
        }
    }

    /// What a `find` by name feeds to `xargs`: unknown, but for where it is and how it is called.
    fn listed(&self, scope: &Scope, around: &Around) -> Vec<Arg> {
        let unknown = || vec![Arg::unknown()];
        let [feeder] = around.stdin.from.as_slice() else {
            return unknown();
        };
        let Some(run) = self.runs.get(*feeder) else {
            return unknown();
        };
        let (program, args) = (run.program(), run.args());
        if program != "find" || run.cwd != scope.cwd || run.host != scope.host {
            return unknown();
        }
        let Some(name) = found_name(args) else {
            return unknown();
        };
        let starts: Vec<Arg> = starts_of(args)
            .iter()
            .map(|start| Arg::new(found_below(start, Some(name))))
            .collect();
        if starts.is_empty() { unknown() } else { starts }
    }

    /// Records that data nobody has read becomes part of a program.
    fn takes_data(&mut self, scope: &Scope, whole: &[Arg], around: &Around) {
        self.push(&scope.deeper(DATA), whole.to_vec(), around.clone());
    }

    pub(super) fn parallel(&mut self, scope: &mut Scope, whole: &[Arg], around: &Around) {
        let args = whole.get(1..).unwrap_or_default();
        let (rest, _) = skip_flags(
            args,
            &[
                "-j",
                "--jobs",
                "--results",
                "-S",
                "--sshlogin",
                "--joblog",
                "-a",
                "-n",
                "-N",
                "--delay",
                "--timeout",
                "-I",
            ],
        );
        let at = rest
            .iter()
            .position(|arg| matches!(arg.text.as_str(), ":::" | "::::" | ":::+"))
            .unwrap_or(rest.len());
        let inner = &rest[..at];
        let given: Vec<Arg> = rest
            .get(at + 1..)
            .unwrap_or_default()
            .iter()
            .filter(|arg| arg.text != ":::")
            .take(MAX_ITEMS)
            .cloned()
            .collect();
        let lines = || {
            around.stdin.text.as_deref().map(|text| {
                text.lines()
                    .take(MAX_ITEMS)
                    .map(Arg::new)
                    .collect::<Vec<_>>()
            })
        };
        // `-a file` and `:::: file` read the file that was written before.
        let listed = args
            .windows(2)
            .find(|pair| matches!(pair[0].text.as_str(), "-a" | "--arg-file" | "::::"))
            .and_then(|pair| self.file(&pair[1].text))
            .map(|text| text.lines().take(MAX_ITEMS).map(Arg::new).collect());
        let items = if let Some(listed) = listed {
            listed
        } else if given.is_empty() {
            lines().unwrap_or_else(|| vec![Arg::unknown()])
        } else {
            given
        };
        let taken_in = source_of(inner)
            .and_then(|at| inner.get(at))
            .is_some_and(|text| text.text.contains("{}"));
        if taken_in && items.iter().any(|item| !item.is_known()) {
            self.takes_data(scope, whole, around);
            return;
        }
        for item in items {
            if self.is_spent() {
                self.incomplete = true;
                break;
            }
            if taken_in {
                let words = inner
                    .iter()
                    .map(|arg| Arg::new(self.filled(&arg.text, "{}", &item.text)))
                    .collect();
                self.run(&mut scope.deeper("parallel"), words, Around::default());
                continue;
            }
            let mut line: Vec<String> = inner
                .iter()
                .map(|arg| {
                    if inner.len() == 1 {
                        self.filled(&arg.text, "{}", &item.text)
                    } else {
                        quote(&self.filled(&arg.text, "{}", &item.text))
                    }
                })
                .collect();
            if !inner.iter().any(|arg| arg.text.contains("{}")) {
                line.push(if inner.is_empty() {
                    item.text.clone()
                } else {
                    quote(&item.text)
                });
            }
            self.program(
                &mut scope.deeper("parallel"),
                &line.join(" ").replace(UNKNOWN, "\"$_\""),
                &Input::default(),
            );
        }
    }

    pub(super) fn find(&mut self, scope: &Scope, args: &[Arg], around: &Around) {
        let starts = starts_of(args);
        let files_only = args.iter().any(|kind| kind.text == "f");
        let narrowed = args.iter().any(|arg| {
            matches!(
                arg.text.as_str(),
                "-name"
                    | "-iname"
                    | "-path"
                    | "-ipath"
                    | "-regex"
                    | "-iregex"
                    | "-mtime"
                    | "-mmin"
                    | "-newer"
                    | "-empty"
                    | "-size"
                    | "-user"
                    | "-perm"
                    | "-mindepth"
                    | "-wholename"
            ) || arg.text == "-type" && files_only
        });
        let name = found_name(args);
        let mut index = 0;
        while index < args.len() {
            if !matches!(
                args[index].text.as_str(),
                "-exec" | "-execdir" | "-ok" | "-okdir" | "-x" | "-X" | "--exec" | "--exec-batch"
            ) {
                index += 1;
                continue;
            }
            let rest = args.get(index + 1..).unwrap_or_default();
            let end = rest
                .iter()
                .position(|arg| arg.text == ";" || arg.text == "+")
                .unwrap_or(rest.len());
            let inner = &rest[..end];
            if source_of(inner)
                .and_then(|at| inner.get(at))
                .is_some_and(|text| text.text.contains("{}"))
            {
                self.takes_data(scope, inner, around);
            }
            for start in starts.iter().take(MAX_ITEMS) {
                if self.is_spent() {
                    self.incomplete = true;
                    return;
                }
                let found = if narrowed {
                    found_below(start, name)
                } else {
                    start.text.clone()
                };
                let words = rest[..end]
                    .iter()
                    .map(|arg| Arg {
                        text: self.filled(&arg.text, "{}", &found),
                        glob: arg.glob,
                        secret: arg.secret.clone(),
                    })
                    .collect();
                self.run(
                    &mut scope.deeper("find -exec"),
                    words,
                    Around {
                        inputs: around.inputs.clone(),
                        ..Around::default()
                    },
                );
            }
            index += end + 1;
        }
    }
}

/// The folders a `find` starts from.
fn starts_of(args: &[Arg]) -> Vec<Arg> {
    let is_test = |arg: &Arg| arg.text.starts_with('-') || arg.text == "!" || arg.text == "(";
    let paths: Vec<Arg> = args
        .iter()
        .skip_while(|arg| matches!(arg.text.as_str(), "-H" | "-L" | "-P"))
        .take_while(|arg| !is_test(arg))
        .take(MAX_ITEMS)
        .cloned()
        .collect();
    if paths.is_empty() {
        vec![Arg::new(".")]
    } else {
        paths
    }
}

/// The one name or pattern that all a `find` finds has, if its tests say so.
pub(crate) fn found_name(args: &[Arg]) -> Option<&str> {
    let opens_up = |arg: &Arg| matches!(arg.text.as_str(), "-o" | "-or" | "!" | "-not" | ",");
    let mut names = args
        .windows(2)
        .filter(|pair| matches!(pair[0].text.as_str(), "-name" | "-iname"));
    let name = &names.next()?[1];
    let has_letters = name.text.chars().any(char::is_alphanumeric) && !name.text.contains('[');
    (names.next().is_none() && has_letters && name.is_known() && !args.iter().any(opens_up))
        .then_some(name.text.as_str())
}

/// A path somewhere below a start, by the name found there.
fn found_below(start: &Arg, name: Option<&str>) -> String {
    let start = start.text.trim_end_matches('/');
    match name {
        Some(name) => format!("{start}/{UNKNOWN}/{name}"),
        None => format!("{start}/{UNKNOWN}"),
    }
}
