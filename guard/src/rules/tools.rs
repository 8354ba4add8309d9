//! Rules that are a matter of words, found by the program's name.
//!
//! A field lists its tools sorted by name, so that a command costs one binary search however many
//! tools are listed.

use super::{Finding, RuleDoc, View, report, report_as, rule};
use crate::Verdict;

/// A program and the forms of its commands; the first that fits counts.
pub(crate) type Tool = (&'static str, &'static [Form]);

/// One form of a command.
pub(crate) struct Form {
    /// The sub-command's words in order. `a|b` is one of several, `*` is any, `li/st` is any of `li`, `lis`, `list`.
    words: &'static str,
    /// Flags of which one must be given; none when empty. Flags of one letter match in clusters.
    flags: &'static str,
    /// Flags of which none may be given.
    unless: &'static str,
    /// The rule's id; empty for a form that is harmless.
    rule: &'static str,
    verdict: Option<Verdict>,
}

/// A form with these words.
pub(super) const fn form(words: &'static str, rule: &'static str) -> Form {
    Form {
        words,
        flags: "",
        unless: "",
        rule,
        verdict: None,
    }
}

/// A form that has nothing to say: it shuts out the forms below it.
pub(super) const fn harmless(words: &'static str) -> Form {
    form(words, "")
}

impl Form {
    /// Needs one of these flags.
    pub(super) const fn with(mut self, flags: &'static str) -> Self {
        self.flags = flags;
        self
    }

    /// Needs that none of these flags is given.
    pub(super) const fn unless(mut self, flags: &'static str) -> Self {
        self.unless = flags;
        self
    }

    /// A person should look, whatever the rule's own verdict is.
    pub(super) const fn ask(mut self) -> Self {
        self.verdict = Some(Verdict::Ask);
        self
    }

    fn fits(&self, view: &View<'_>) -> bool {
        says(view, self.words)
            && (self.flags.is_empty() || gives(view, self.flags))
            && (self.unless.is_empty() || !gives(view, self.unless))
    }
}

/// Reports the first form that fits.
pub(super) fn judge(
    view: &View<'_>,
    tools: &[Tool],
    rules: &'static [RuleDoc],
    findings: &mut Vec<Finding>,
) {
    let Ok(at) = tools.binary_search_by(|(name, _)| (*name).cmp(view.program.as_str())) else {
        return;
    };
    if view.wants_help() || view.args().first().is_some_and(|arg| arg.text == "help") {
        return;
    }
    let fitting = tools[at].1.iter().find(|form| form.fits(view));
    let Some(form) = fitting.filter(|form| !form.rule.is_empty()) else {
        return;
    };
    let doc = rule(rules, form.rule);
    match form.verdict {
        Some(verdict) => report_as(findings, doc, verdict, doc.reason.to_owned()),
        None => report(findings, doc),
    }
}

/// Whether the sub-command's words stand first, flags and their values aside.
pub(super) fn says(view: &View<'_>, words: &str) -> bool {
    let args = view.args();
    let mut operands = args
        .iter()
        .enumerate()
        .filter(|(_, arg)| !arg.text.starts_with('-'));
    words.split_ascii_whitespace().all(|word| {
        operands
            .by_ref()
            .find_map(|(index, arg)| {
                // The value of a flag may stand before the word.
                let after_flag = index > 0
                    && args[index - 1].text.starts_with('-')
                    && !args[index - 1].text.contains('=');
                match is_one_of(&arg.text, word) {
                    true => Some(true),
                    false if after_flag => None,
                    false => Some(false),
                }
            })
            .unwrap_or(false)
    })
}

fn is_one_of(text: &str, words: &str) -> bool {
    words == "*" || words.split('|').any(|word| is_short_for(text, word))
}

/// Whether a text is a word, or its beginning down to the mark `/`.
fn is_short_for(text: &str, word: &str) -> bool {
    text.eq_ignore_ascii_case(word)
        || word.split_once('/').is_some_and(|(head, tail)| {
            !head.is_empty() && {
                let rest = text.get(head.len()..).unwrap_or("\0");
                text.get(..head.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(head))
                    && tail
                        .get(..rest.len())
                        .is_some_and(|start| start.eq_ignore_ascii_case(rest))
            }
        })
}

/// Whether one of the flags is given.
pub(super) fn gives(view: &View<'_>, flags: &str) -> bool {
    flags.split_ascii_whitespace().any(|flag| {
        let bytes = flag.as_bytes();
        if bytes.len() == 2 && bytes[0] == b'-' {
            return view.run.has(Some(char::from(bytes[1])), &[]);
        }
        view.args()
            .iter()
            .take_while(|arg| arg.text != "--")
            .any(|arg| {
                let whole = arg.text.as_str();
                let name = match whole.split_once('=') {
                    Some((name, _)) if !flag.contains('=') => name,
                    _ => whole,
                };
                is_short_for(name, flag)
            })
    })
}

#[cfg(test)]
mod tests {
    use super::super::{accounts, filesystem, git, network, services};
    use super::*;

    #[test]
    fn tools_are_sorted_by_name_and_their_rules_are_listed() {
        for tools in [
            accounts::TOOLS,
            filesystem::TOOLS,
            git::TOOLS,
            network::TOOLS,
            services::TOOLS,
        ] {
            for pair in tools.windows(2) {
                assert!(pair[0].0 < pair[1].0, "{} before {}", pair[0].0, pair[1].0);
            }
            for (name, forms) in tools {
                assert!(
                    forms.iter().all(|form| form.rule.is_empty()
                        || super::super::rules().any(|rule| rule.id == form.rule)),
                    "a rule of {name} is not listed"
                );
            }
        }
    }

    #[test]
    fn a_word_may_be_shortened_down_to_its_mark() {
        for (text, word, expected) in [
            ("del", "del/ete", true),
            ("delete", "del/ete", true),
            ("DELE", "del/ete", true),
            ("de", "del/ete", false),
            ("deleted", "del/ete", false),
            ("/delete", "/delete", true),
            ("22/tcp", "22/tcp", true),
        ] {
            assert_eq!(is_short_for(text, word), expected, "{text} {word}");
        }
    }
}
