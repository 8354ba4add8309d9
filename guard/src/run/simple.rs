//! Simple commands: assignments, words, redirections.

use std::rc::Rc;

use super::scope::requoted;
use super::walk::{Around, Scope, Value, Walker};
use super::{Arg, Input};
use crate::shell::{DECLARES, Redirect, RedirectKind, Simple};

impl Walker<'_> {
    #[expect(
        clippy::too_many_lines,
        reason = "the order of expansion is the shell's"
    )]
    pub(super) fn simple(
        &mut self,
        scope: &mut Scope,
        simple: &Simple,
        stdin: &Input,
    ) -> Option<String> {
        self.collected.clear();
        let mut around = self.around(scope, &simple.redirects, stdin);
        let before_assignments = self.collected.len();
        let mut assigned = Vec::new();
        for assignment in &simple.assignments {
            let mut args = Vec::new();
            if assignment.array {
                args = self.expand_all(scope, &assignment.values);
            } else {
                for word in &assignment.values {
                    args.push(self.expand_one(scope, word));
                }
            }
            if assignment.array && assignment.append {
                let old = scope.variables.get(assignment.name.as_str());
                let mut all = old.map_or_else(Vec::new, |old| old.args.clone());
                let length = all.iter().map(|arg| arg.text.len() + 16).sum();
                if !self.spend(length) {
                    all.clear();
                }
                all.append(&mut args);
                args = all;
            } else if assignment.append
                && let Some(old) = scope.variables.get(assignment.name.as_str())
            {
                let length = old.args.iter().map(|arg| arg.text.len()).sum();
                let texts = old.args.iter().chain(&args).map(|arg| arg.text.as_str());
                args = vec![if self.spend(length) {
                    Arg::new(texts.collect::<String>())
                } else {
                    Arg::unknown()
                }];
            }
            let inputs = self
                .collected
                .get(before_assignments..)
                .unwrap_or_default()
                .to_vec();
            assigned.push((assignment.name.clone(), Value { args, inputs }));
        }
        assigned.retain(|(name, _)| !scope.is_fixed(name));
        for (name, value) in &assigned {
            if let [value] = value.args.as_slice() {
                self.hook(scope, name, value);
            }
        }
        let passes_on = simple.words.first().and_then(crate::shell::Word::bare) == Some("tee");
        self.feeding = around.stdin.text.clone().filter(|_| passes_on);
        let mut argv = self.expand_all(scope, &simple.words);
        self.feeding = None;
        around.inputs.append(&mut self.collected);
        for (name, value) in std::mem::take(&mut self.named) {
            scope.set(&name, vec![value]);
        }
        // `local x=(…)` names it for what follows.
        let declares = simple
            .words
            .first()
            .and_then(crate::shell::Word::bare)
            .is_some_and(|word| DECLARES.contains(&word));
        if argv.is_empty() || declares {
            scope.assign(std::mem::take(&mut assigned));
        }
        if argv.is_empty() {
            // `$(<file)` is what is in it.
            let read = around
                .stdin
                .text
                .clone()
                .filter(|_| around.stdin.file.is_some());
            if !around.redirects.is_empty() {
                self.push(scope, argv, around);
            }
            return Some(read.unwrap_or_default());
        }
        if let Some(name) = simple.words.first().and_then(crate::shell::Word::bare)
            && let Some(alias) = scope.aliases.get(name).cloned()
        {
            argv.remove(0);
            let line = std::iter::once(alias.to_string())
                .chain(argv.iter().map(requoted))
                .collect::<Vec<_>>()
                .join(" ");
            let mut inner = scope.deeper("alias");
            if inner.may_copy(&inner.aliases) {
                Rc::make_mut(&mut inner.aliases).remove(name);
            }
            return self.program(&mut inner, &line, &around.stdin);
        }
        if assigned.is_empty() {
            return self.run(scope, argv, around);
        }
        let names_things = argv.first().is_some_and(|first| {
            matches!(
                first.text.as_str(),
                "read" | "readarray" | "mapfile" | "eval" | "." | "source" | "cd" | "export"
            )
        });
        let mut inner = scope.clone();
        let own: Vec<String> = assigned.iter().map(|(name, _)| name.clone()).collect();
        inner.assign(assigned);
        let output = self.run(&mut inner, argv, around);
        if names_things {
            // What a builtin names stays; what was set for it alone does not.
            for name in own {
                let before = scope.variables.get(name.as_str()).cloned();
                let variables = Rc::make_mut(&mut inner.variables);
                match before {
                    Some(value) => variables.insert(name.into(), value),
                    None => variables.remove(name.as_str()),
                };
            }
            scope.variables = inner.variables;
            scope.functions = inner.functions;
            scope.cwd = inner.cwd;
        }
        output
    }

    pub(super) fn around(
        &mut self,
        scope: &Scope,
        redirects: &[Redirect],
        stdin: &Input,
    ) -> Around {
        let mut around = Around {
            stdin: self.shared(stdin),
            ..Around::default()
        };
        for redirect in redirects {
            match redirect.kind {
                RedirectKind::Heredoc => {
                    let text = redirect.body.get().map(|body| self.expand_one(scope, body));
                    around.stdin = Input {
                        given: true,
                        text: text.map(|arg| arg.text),
                        file: None,
                        from: self.collected.clone(),
                    };
                }
                RedirectKind::HereString => {
                    let text = self.expand_one(scope, &redirect.target).text;
                    around.stdin = Input {
                        given: true,
                        text: Some(text),
                        file: None,
                        from: self.collected.clone(),
                    };
                }
                kind => {
                    let target = self.expand_one(scope, &redirect.target);
                    if matches!(kind, RedirectKind::Read | RedirectKind::ReadWrite) {
                        let from = self.collected.clone();
                        let text = self.file(&target.text);
                        around.stdin = Input {
                            given: true,
                            text,
                            file: Some(target.clone()),
                            from,
                        };
                    }
                    let is_descriptor = kind == RedirectKind::Duplicate
                        && (target.text == "-"
                            || target.text.bytes().all(|byte| byte.is_ascii_digit()));
                    // `<&$fd` reads from what only a run could tell.
                    if kind == RedirectKind::Duplicate && !target.is_known() && !around.stdin.given
                    {
                        around.stdin = Input {
                            given: true,
                            file: Some(target.clone()),
                            ..Input::default()
                        };
                    }
                    if !is_descriptor {
                        around.redirects.push((kind, target));
                    }
                }
            }
        }
        around
    }
}
