//! Rules that are a matter of words: a program, its subcommand, its flags.

use super::{Finding, RuleDoc, View, report, rule};

/// One form of a command that a rule matches.
pub(super) struct Row {
    pub(super) programs: &'static [&'static str],
    /// The subcommand's words in order; `a|b` is one of several.
    pub(super) words: &'static [&'static str],
    /// Flags of which one must be given; none when empty. Flags of one letter match in clusters.
    pub(super) flags: &'static [&'static str],
    pub(super) rule: &'static str,
}

/// A row without flags.
pub(super) const fn row(
    programs: &'static [&'static str],
    words: &'static [&'static str],
    rule: &'static str,
) -> Row {
    Row {
        programs,
        words,
        flags: &[],
        rule,
    }
}

/// A row that needs one of the flags.
pub(super) const fn with(
    programs: &'static [&'static str],
    words: &'static [&'static str],
    flags: &'static [&'static str],
    rule: &'static str,
) -> Row {
    Row {
        programs,
        words,
        flags,
        rule,
    }
}

/// Reports the first row that matches.
pub(super) fn judge(
    view: &View<'_>,
    rows: &[Row],
    rules: &'static [RuleDoc],
    findings: &mut Vec<Finding>,
) {
    if view.wants_help() {
        return;
    }
    if let Some(row) = rows
        .iter()
        .find(|row| view.is(row.programs) && says(view, row.words) && flagged(view, row))
    {
        report(findings, rule(rules, row.rule));
    }
}

/// Whether the subcommand's words stand first, flags and their values aside.
pub(super) fn says(view: &View<'_>, words: &[&str]) -> bool {
    let args = view.args();
    let mut operands = Vec::new();
    for (index, arg) in args.iter().enumerate() {
        if arg.text.starts_with('-') {
            continue;
        }
        let after_flag = index > 0
            && args[index - 1].text.starts_with('-')
            && !args[index - 1].text.contains('=');
        operands.push((arg.text.as_str(), after_flag));
    }
    let fits = |from: usize| {
        let mut at = from;
        words.iter().all(|word| {
            // The value of a flag may stand between two words.
            while operands
                .get(at)
                .is_some_and(|(text, after_flag)| *after_flag && !is_one_of(text, word))
            {
                at += 1;
            }
            let fits = operands
                .get(at)
                .is_some_and(|(text, _)| is_one_of(text, word));
            at += 1;
            fits
        })
    };
    words.is_empty() || fits(0)
}

fn is_one_of(text: &str, word: &str) -> bool {
    word.split('|').any(|word| word.eq_ignore_ascii_case(text))
}

fn flagged(view: &View<'_>, row: &Row) -> bool {
    row.flags.is_empty()
        || row.flags.iter().any(|flag| match flag.strip_prefix("--") {
            Some(long) => view.run.has(None, &[long]),
            // `-destroy` is one word with one dash, not a cluster.
            None if flag.len() > 2 => view
                .args()
                .iter()
                .any(|arg| arg.text.split('=').next() == Some(*flag)),
            None => flag
                .chars()
                .nth(1)
                .is_some_and(|short| has_short(view, row, short)),
        })
}

/// A flag of one letter counts after the subcommand: `compose -f dev.yml rm` forces nothing.
fn has_short(view: &View<'_>, row: &Row, short: char) -> bool {
    let args = view.args();
    let from = row
        .words
        .last()
        .and_then(|word| args.iter().position(|arg| is_one_of(&arg.text, word)));
    args.iter()
        .skip(from.map_or(0, |at| at + 1))
        .take_while(|arg| arg.text != "--")
        .filter_map(|arg| arg.text.strip_prefix('-'))
        .any(|cluster| {
            cluster
                .chars()
                .take_while(char::is_ascii_alphanumeric)
                .any(|one| one == short)
        })
}
