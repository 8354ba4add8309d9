//! The walk over the parsed script.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::bounds::{self, Budget, STEP};
pub(super) use super::scope::{Around, Followed, Scope, Value, quote};
use super::swarm::{floods, multiplies};
use super::wrappers::{Inner, Unwrapped, texts, unwrap};
use super::{Arg, Input, Run, Runs, base_name};
use crate::shell::{Command, Item, Script, parse};

/// Leads to a function that starts itself twice at a time.
pub(crate) const ITSELF: &str = "itself";
/// How deep programs may stand in programs.
pub(super) const MAX_DEPTH: usize = 24;
/// How much of a command is read. A kernel hands no shell a longer one: a single argument ends at 128 KiB.
const MAX_TEXT: usize = 128 << 10;
/// How many commands before it a stage of a pipeline is told of.
const MAX_FEEDERS: usize = 128;
/// How many texts too long to be read are stepped over.
const MAX_PARTS: usize = 8;
/// How often a function is followed inside itself.
const MAX_RECURSION: usize = 2;
/// How many values of a loop are followed one by one.
const MAX_VALUES: usize = 8;

pub(super) struct Walker<'h> {
    pub(super) home: Option<&'h str>,
    pub(super) runs: Vec<Run>,
    pub(super) incomplete: bool,
    /// The commands met in substitutions since the last simple command began.
    pub(super) collected: Vec<usize>,
    /// What files written earlier in the line hold, where the text tells.
    pub(super) files: BTreeMap<String, String>,
    pub(super) budget: Budget,
    /// How many words and parts were parsed, in all programs together.
    pieces: usize,
    /// What `${name:=word}` named since the last simple command began.
    pub(super) named: Vec<(String, Arg)>,
    /// What a command that passes its input on hands to `>(…)` in its words.
    pub(super) feeding: Option<String>,
}

impl<'h> Walker<'h> {
    pub(super) fn new(home: Option<&'h str>) -> Self {
        Self {
            home,
            runs: Vec::new(),
            incomplete: false,
            collected: Vec::new(),
            files: BTreeMap::new(),
            budget: Budget::default(),
            pieces: 0,
            named: Vec::new(),
            feeding: None,
        }
    }

    pub(super) fn follow(mut self, text: &str, cwd: &str) -> Runs {
        let mut scope = Scope {
            cwd: cwd.starts_with('/').then(|| cwd.to_owned()),
            budget: self.budget.clone(),
            ..Scope::default()
        };
        let mut rest = text;
        #[cfg(test)]
        let mut read = 0;
        let mut unfinished = false;
        let mut unread = false;
        for _ in 0..MAX_PARTS {
            let mut end = rest.len().min(MAX_TEXT);
            while !rest.is_char_boundary(end) {
                end -= 1;
            }
            let script = parse(&rest[..end], &mut self.pieces);
            self.script(&mut scope, &script, &Input::default());
            #[cfg(test)]
            {
                read += end;
            }
            unread = end < rest.len();
            // A program inside this one may be known in part only: that says nothing about the line.
            unfinished = script.unfinished;
            if !unread {
                break;
            }
            // A text that is only written or shown is stepped over, however long it is.
            let Some(after) = script
                .open
                .as_ref()
                .filter(|_| is_shown(&script))
                .and_then(|open| {
                    let line = rest[..end].rfind('\n').map_or(0, |at| at + 1);
                    open.end_in(&rest[line..]).map(|at| line + at)
                })
            else {
                break;
            };
            rest = &rest[after..];
        }
        Runs {
            #[cfg(test)]
            work: self.pieces + (self.budget.spent() + read) / 64,
            list: self.runs,
            incomplete: self.incomplete || unread || self.budget.refused(),
            unfinished,
        }
    }

    /// Whether so much was followed that nothing further is.
    pub(super) fn is_spent(&self) -> bool {
        self.budget.is_spent()
    }

    /// Takes from the budget. Where nothing is left, what was wanted is not done.
    pub(super) fn spend(&mut self, cost: usize) -> bool {
        let fits = self.budget.spend(cost);
        self.incomplete |= !fits;
        fits
    }

    /// Follows a text that is a program of its own.
    pub(super) fn program(
        &mut self,
        scope: &mut Scope,
        text: &str,
        stdin: &Input,
    ) -> Option<String> {
        if scope.depth >= MAX_DEPTH || !self.spend(STEP + text.len()) {
            self.incomplete = true;
            return None;
        }
        scope.depth += 1;
        let script = parse(text, &mut self.pieces);
        let output = self.script(scope, &script, stdin);
        scope.depth -= 1;
        output
    }

    /// Follows a list; answers what it prints, where that can be told.
    pub(super) fn script(
        &mut self,
        scope: &mut Scope,
        script: &Script,
        stdin: &Input,
    ) -> Option<String> {
        self.incomplete |= script.cut;
        let mut printed = Some(String::new());
        for item in &script.items {
            let output = self.item(scope, item, stdin);
            printed = match (printed, output) {
                (Some(mut all), Some(more)) if self.spend(more.len()) => {
                    all.push_str(&more);
                    Some(all)
                }
                _ => None,
            };
        }
        printed
    }

    fn item(&mut self, scope: &mut Scope, item: &Item, stdin: &Input) -> Option<String> {
        if let [command] = item.commands.as_slice() {
            return self.command(scope, command, stdin);
        }
        let mut input = self.shared(stdin);
        for command in &item.commands {
            let start = self.runs.len();
            let mut stage = scope.clone();
            let text = self.command(&mut stage, command, &input);
            let mut from = std::mem::take(&mut input.from);
            from.extend(start..self.runs.len());
            from.drain(..from.len().saturating_sub(MAX_FEEDERS));
            input = Input {
                given: true,
                text,
                file: None,
                from,
            };
        }
        input.text
    }

    pub(super) fn command(
        &mut self,
        scope: &mut Scope,
        command: &Command,
        stdin: &Input,
    ) -> Option<String> {
        if !self.spend(STEP) || scope.depth >= MAX_DEPTH {
            self.incomplete = true;
            return None;
        }
        match command {
            Command::Simple(simple) => self.simple(scope, simple, stdin),
            Command::Group {
                body,
                subshell,
                redirects,
            } => {
                let around = self.around(scope, redirects, stdin);
                let start = self.runs.len();
                let output = if *subshell {
                    self.script(&mut scope.deeper("( )"), body, &around.stdin)
                } else {
                    self.script(scope, body, &around.stdin)
                };
                if let Some(text) = &output {
                    self.write(&around.redirects, text);
                }
                self.hold(scope, around, start);
                output
            }
            Command::Function { name, body } => {
                if scope.may_copy(&scope.functions) {
                    Rc::make_mut(&mut scope.functions)
                        .insert(name.as_str().into(), Rc::clone(body));
                }
                Some(String::new())
            }
            Command::Compound {
                variable,
                parts,
                redirects,
                repeats,
            } => {
                if *repeats && floods(parts) {
                    self.push(
                        &scope.deeper(ITSELF),
                        vec![Arg::new("while")],
                        Around::default(),
                    );
                }
                let around = self.around(scope, redirects, stdin);
                let start = self.runs.len();
                self.compound(scope, variable.as_ref(), parts, &around.stdin);
                self.hold(scope, around, start);
                None
            }
        }
    }

    fn compound(
        &mut self,
        scope: &mut Scope,
        variable: Option<&(String, Vec<crate::shell::Word>)>,
        parts: &[Script],
        stdin: &Input,
    ) {
        scope.depth += 1;
        let mut values = Vec::new();
        if let Some((name, words)) = variable {
            values = self.expand_all(scope, words);
            let one_by_one = !values.is_empty() && values.len() <= MAX_VALUES && !name.is_empty();
            if !one_by_one {
                if !name.is_empty() {
                    // Enough to see the worst: the values are tried together.
                    scope.set(
                        name,
                        if values.is_empty() {
                            vec![Arg::unknown()]
                        } else {
                            values.clone()
                        },
                    );
                }
                values.clear();
            }
        }
        for index in 0..values.len().max(1) {
            if let (Some((name, _)), Some(value)) = (variable, values.get(index)) {
                scope.set(name, vec![value.clone()]);
            }
            for part in parts {
                self.script(scope, part, stdin);
            }
        }
        scope.depth -= 1;
    }

    /// Records redirections of a group as a command without words, fed by the group.
    fn hold(&mut self, scope: &Scope, mut around: Around, start: usize) {
        if !around.redirects.is_empty() {
            around.inputs.extend(start..self.runs.len());
            self.push(scope, Vec::new(), around);
        }
    }

    /// Follows one command with its words expanded.
    #[expect(
        clippy::too_many_lines,
        reason = "the order in which a name is looked up is the shell's"
    )]
    pub(super) fn run(
        &mut self,
        scope: &mut Scope,
        argv: Vec<Arg>,
        around: Around,
    ) -> Option<String> {
        // Words that are handed on are copied at each step.
        let words: usize = match scope.depth {
            0 => 0,
            _ => argv
                .iter()
                .map(|arg| arg.text.len() + bounds::WORD / 2)
                .sum(),
        };
        if !self.spend(STEP + words) || scope.depth >= MAX_DEPTH {
            self.incomplete = true;
            return None;
        }
        let first = argv.first()?.text.clone();
        if let Some(body) = scope.functions.get(first.as_str()).cloned() {
            if multiplies(&body, &first) {
                self.push(&scope.deeper(ITSELF), argv, around);
                return None;
            }
            // Its commands were seen on the way here; only its words could differ.
            if scope.via.iter().filter(|via| **via == first).count() >= MAX_RECURSION {
                self.push(scope, argv, around);
                return None;
            }
            let mut inner = scope.deeper(&first);
            inner.set_positionals(argv.get(1..).unwrap_or_default());
            let output = self.command(&mut inner, &body, &around.stdin);
            scope.cwd = inner.cwd;
            return output;
        }
        let name = base_name(&first);
        if let Followed::To(output) = self.builtin(scope, &name, &argv, &around) {
            return output;
        }
        if let Some(Unwrapped {
            inner,
            there,
            keeps,
        }) = unwrap(&name, &argv)
        {
            if keeps {
                self.push(scope, argv.clone(), around.clone());
            }
            let mut deeper = scope.deeper(&name);
            if there.is_some() {
                deeper.cwd = None;
                deeper.variables = Rc::default();
                deeper.host = there;
            }
            return match inner {
                // One word with blanks is no program; who wrote it meant a line.
                Inner::Argv(inner, variables)
                    if variables.is_empty()
                        && matches!(inner.as_slice(), [one] if one.text.contains(' ')) =>
                {
                    self.program(
                        &mut deeper,
                        &texts(&inner).replace(super::UNKNOWN, "\"$_\""),
                        &around.stdin,
                    )
                }
                Inner::Argv(inner, variables) => {
                    for (name, value) in variables {
                        self.hook(scope, &name, &value);
                        deeper.set(&name, vec![value]);
                    }
                    if inner.is_empty() {
                        // `sudo -s` and its like start a shell, which reads its input.
                        let text = around.stdin.text.clone();
                        if !keeps {
                            self.push(scope, argv, around);
                        }
                        return text
                            .and_then(|text| self.program(&mut deeper, &text, &Input::default()));
                    }
                    // These step over a function of the same name.
                    if matches!(name.as_str(), "command" | "builtin")
                        && let Some(program) = inner.first()
                        && deeper.functions.contains_key(program.text.as_str())
                    {
                        Rc::make_mut(&mut deeper.functions).remove(program.text.as_str());
                    }
                    let output = self.run(&mut deeper, inner, around);
                    // These run builtins in the shell itself.
                    if matches!(name.as_str(), "time" | "builtin" | "command") {
                        scope.cwd = deeper.cwd;
                        scope.variables = deeper.variables;
                    }
                    output
                }
                Inner::Texts(texts) => {
                    let mut output = None;
                    for text in texts.iter().take(MAX_VALUES) {
                        let text = text.replace(super::UNKNOWN, "\"$_\"");
                        output = self.program(&mut deeper, &text, &around.stdin);
                    }
                    output.filter(|_| texts.len() == 1)
                }
            };
        }
        let words = argv.get(1..).unwrap_or_default();
        let mut named = self.named_by_input(scope, &name, words, &around);
        let mut argv = argv;
        argv.append(&mut named);
        if let Followed::To(output) = self.nested(scope, &name, &argv, &around) {
            return output;
        }
        let output = self.printed(&name, &argv, &around.stdin);
        if let Some(text) = &output {
            self.write(&around.redirects, text);
        }
        self.copies(&name, &argv, &around.stdin);
        // A file that was written before is a program of its own.
        let script = first.contains('/').then(|| self.file(&first)).flatten();
        let (rest, stdin) = (argv.get(1..).map(<[Arg]>::to_vec), around.stdin.clone());
        self.push(scope, argv, around);
        if let Some(script) = script {
            let mut inner = scope.deeper(&name);
            inner.set_positionals(&rest.unwrap_or_default());
            return self.script_file(&mut inner, &script, &stdin);
        }
        output
    }

    pub(super) fn push(&mut self, scope: &Scope, argv: Vec<Arg>, around: Around) {
        let Around {
            redirects,
            stdin,
            inputs,
        } = around;
        let run = Run {
            argv,
            cwd: scope.cwd.clone(),
            via: scope.via.clone(),
            host: scope.host.clone(),
            redirects,
            stdin,
            inputs,
            environment: environment(scope),
            mounts: Rc::clone(&scope.mounts),
        };
        self.budget.charge(bounds::kept(&run));
        self.runs.push(run);
    }
}

/// Variables that say on which machine a program works, on which database, and whether it is one of tests.
const NAMES_A_MACHINE: &[&str] = &[
    "APP_ENV",
    "CONTAINER_HOST",
    "DATABASE_URL",
    "DJANGO_ENV",
    "DOCKER_CONTEXT",
    "DOCKER_HOST",
    "FLASK_ENV",
    "HANAMI_ENV",
    "HELM_KUBECONTEXT",
    "MIX_ENV",
    "MYSQL_HOST",
    "NODE_ENV",
    "PGDATABASE",
    "PGHOST",
    "PGHOSTADDR",
    "RACK_ENV",
    "RAILS_ENV",
];

/// Longer values name no machine.
const LONGEST_VALUE: usize = 512;

fn environment(scope: &Scope) -> Vec<(&'static str, String)> {
    if scope.variables.is_empty() {
        return Vec::new();
    }
    NAMES_A_MACHINE
        .iter()
        .filter_map(|name| {
            let [value] = scope.variables.get(*name)?.args.as_slice() else {
                return None;
            };
            (value.text.len() <= LONGEST_VALUE).then(|| (*name, value.text.clone()))
        })
        .collect()
}

/// Whether the last command of a script only writes or shows its input.
fn is_shown(script: &Script) -> bool {
    matches!(
        script.items.last().map(|item| item.commands.as_slice()),
        Some([Command::Simple(simple)])
            if matches!(simple.words.first().and_then(crate::shell::Word::bare), Some("cat" | "tee"))
    )
}
