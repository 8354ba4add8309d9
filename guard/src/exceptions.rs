//! Whether a person has let a command through.

use crate::paths;
use crate::run::{Arg, Run};
use crate::{Exception, Settings, Verdict};

/// The exception that lets a finding on a command through, if a person made one that still counts.
pub(crate) fn exception<'s>(
    run: &Run,
    (rule, verdict): (&str, Verdict),
    settings: &'s Settings,
) -> Option<&'s Exception> {
    settings.live_exceptions().find(|exception| {
        names(exception, rule, verdict) && is_here(exception, run) && is_command(exception, run)
    })
}

/// Where a command runs, as an exception names it: a host, a kind of container, or empty for this machine.
pub(crate) fn place(run: &Run) -> String {
    let container = run.via.iter().rev().find(|step| {
        ["docker ", "podman ", "nerdctl ", "kubectl ", "oc "]
            .iter()
            .any(|program| step.starts_with(program))
    });
    match (run.host.as_deref(), container) {
        (None, None) => String::new(),
        (Some(host), None) => host.to_owned(),
        (None, Some(container)) => container.clone(),
        (Some(host), Some(container)) => format!("{container} on {host}"),
    }
}

/// The words of a command as a pattern of an exception, quoted where a blank or a quote would part them.
pub(crate) fn pattern(run: &Run) -> String {
    let words: Vec<String> = run.argv.iter().map(|arg| quoted(&arg.text)).collect();
    words.join(" ")
}

fn names(exception: &Exception, rule: &str, verdict: Verdict) -> bool {
    let rule_fits = exception.rule.is_empty()
        || exception.rule == rule
        || rule.split('.').next() == Some(exception.rule.as_str());
    rule_fits && exception.up_to.is_none_or(|most| verdict <= most)
}

fn is_here(exception: &Exception, run: &Run) -> bool {
    let folder_fits = exception.folder.is_empty()
        || run
            .cwd
            .as_deref()
            .is_some_and(|cwd| paths::is_within(cwd, &exception.folder));
    folder_fits && exception.place == place(run)
}

fn is_command(exception: &Exception, run: &Run) -> bool {
    let mut words = words(&exception.command);
    let open_ended = words.last().is_some_and(|word| word == "*");
    if open_ended {
        words.pop();
    }
    let as_long = if open_ended {
        words.len() <= run.argv.len()
    } else {
        words.len() == run.argv.len()
    };
    as_long
        && !words.is_empty()
        && run.redirects.is_empty()
        // What only a run could tell may be anything, also two words.
        && run.argv.iter().all(Arg::is_known)
        && words
            .iter()
            .zip(&run.argv)
            .all(|(pattern, arg)| fits(pattern, &arg.text))
}

/// The words of a pattern: parted by blanks, quotes taken off, a backslash takes the next character as it is.
fn words(pattern: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match (character, quote) {
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(characters.next()),
            (_, Some(open)) if character == open => quote = None,
            (_, Some(_)) => word.get_or_insert_default().push(character),
            ('\'' | '"', None) => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (blank, None) if blank.is_whitespace() => words.extend(word.take()),
            (other, None) => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

fn quoted(word: &str) -> String {
    let is_plain = !word.is_empty()
        && !word.contains(|one: char| one.is_whitespace() || matches!(one, '\'' | '"' | '\\'));
    if is_plain {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// Whether a text fits a pattern in which `*` is any text. Linear for one star, the usual case.
fn fits(pattern: &str, text: &str) -> bool {
    // `build-*` is no way to `build-/../../etc`.
    if pattern.contains('*') && climbs(text) && !climbs(pattern) {
        return false;
    }
    let mut pieces = pattern.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        if let Some(middle) = last.replace(piece) {
            match rest.find(middle) {
                Some(at) => rest = &rest[at + middle.len()..],
                None => return false,
            }
        }
    }
    last.map_or(rest.is_empty(), |last: &str| rest.ends_with(last))
}

fn climbs(text: &str) -> bool {
    text.split('/').any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, argv: &[&str], expected: bool) {
        let run = Run {
            argv: argv.iter().map(|word| Arg::new(*word)).collect(),
            ..Run::default()
        };
        let exception = Exception {
            command: pattern.to_owned(),
            ..Exception::default()
        };
        assert_eq!(is_command(&exception, &run), expected, "{pattern} {argv:?}");
    }

    #[test]
    fn a_pattern_is_held_against_whole_words() {
        check(
            "docker volume rm scratch-*",
            &["docker", "volume", "rm", "scratch-1"],
            true,
        );
        check(
            "docker volume rm scratch-*",
            &["docker", "volume", "rm", "scratch-1", "db"],
            false,
        );
        check(
            "docker volume rm *",
            &["docker", "volume", "rm", "a", "b"],
            true,
        );
        check("*", &["docker"], false);
        check("", &[], false);
    }

    #[test]
    fn a_quoted_word_keeps_its_blanks() {
        let drop = ["psql", "-c", "drop table scratch"];
        check("psql -c 'drop table scratch'", &drop, true);
        check("psql -c \"drop table *\"", &drop, true);
        check("psql -c drop table scratch", &drop, false);
        let run = Run {
            argv: ["psql", "-c", "select 'a' ", ""].map(Arg::new).to_vec(),
            ..Run::default()
        };
        assert_eq!(words(&pattern(&run)), ["psql", "-c", "select 'a' ", ""]);
    }

    #[test]
    fn a_star_leads_nowhere_else() {
        check("rm -rf build-*", &["rm", "-rf", "build-1/out"], true);
        check("rm -rf build-*", &["rm", "-rf", "build-1/../../etc"], false);
        check("rm -rf ../build-*", &["rm", "-rf", "../build-1"], true);
        check("rm -rf build-*", &["rm", "-rf", "build-\u{1}"], false);
    }
}
