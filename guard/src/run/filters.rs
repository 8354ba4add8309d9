//! Text tools whose output can be told from their input.

use super::{Arg, output};

/// How much text is rewritten.
const MAX_TEXT: usize = 16 << 10;

/// Programs that pass their input on, more or less as it is.
const PASSING: &[&str] = &[
    "cat", "tee", "sort", "uniq", "head", "tail", "tac", "grep", "egrep", "fgrep", "rg", "pv",
    "sponge", "iconv", "dos2unix", "fold", "fmt", "strings", "column", "bat",
];

/// Programs that make a text from another.
const MAKING: &[&str] = &[
    "rev", "tr", "cut", "sed", "gsed", "awk", "gawk", "mawk", "xxd", "openssl", "python", "python3",
];

pub(super) fn is_filter(name: &str) -> bool {
    PASSING.contains(&name) || MAKING.contains(&name)
}

/// What a text tool prints. `None` where that cannot be told.
pub(super) fn filtered(
    name: &str,
    args: &[Arg],
    read: impl FnOnce() -> Option<String>,
) -> Option<String> {
    let words: Vec<&str> = args.iter().map(|arg| arg.text.as_str()).collect();
    if PASSING.contains(&name) {
        return read();
    }
    // Most commands are told apart before their input is copied.
    let plan = match name {
        "rev" => Plan::Rev,
        "tr" => Plan::Tr,
        "cut" => Plan::Cut,
        "sed" | "gsed" => Plan::Sed,
        "xxd" if words.iter().any(|word| word.starts_with("-r")) => Plan::Hex,
        "openssl" if words.contains(&"-d") && !words.contains(&"-in") => {
            let plain = words.first() == Some(&"base64") || words.contains(&"-base64");
            if plain { Plan::Base64 } else { return None }
        }
        "python" | "python3" if matches!(words.as_slice(), ["-m", "base64", "-d" | "-u", ..]) => {
            Plan::Base64
        }
        "awk" | "gawk" | "mawk" => Plan::Awk,
        _ => return None,
    };
    let text = read().filter(|text| text.len() <= MAX_TEXT)?;
    let each = |make: &dyn Fn(&str) -> Option<String>| {
        let mut made = String::with_capacity(text.len());
        for line in text.lines() {
            made.push_str(&make(line)?);
            made.push('\n');
        }
        Some(made)
    };
    match plan {
        Plan::Rev => each(&|line| Some(line.chars().rev().collect())),
        Plan::Tr => tr(&words, &text),
        Plan::Cut => each(&|line| cut(&words, line)),
        Plan::Sed => {
            let steps = substitutions(&words)?;
            each(&|line| {
                let mut line = line.to_owned();
                for step in &steps {
                    line = step.apply(&line);
                }
                Some(line)
            })
        }
        Plan::Hex => hex(&text),
        Plan::Base64 => output::base64(&text),
        Plan::Awk => {
            let program = words.iter().find(|word| word.contains('{'))?;
            each(&|line| awk(program, line))
        }
    }
}

enum Plan {
    Rev,
    Tr,
    Cut,
    Sed,
    Hex,
    Base64,
    Awk,
}

/// The text behind pairs of hexadecimal digits.
pub(super) fn hex(text: &str) -> Option<String> {
    let digits: Vec<u32> = text.chars().filter_map(|one| one.to_digit(16)).collect();
    let bytes: Vec<u8> = digits
        .chunks_exact(2)
        .filter_map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok())
        .collect();
    String::from_utf8(bytes).ok()
}

fn tr(words: &[&str], text: &str) -> Option<String> {
    let mut sets = words
        .iter()
        .filter(|word| !word.starts_with('-') || word.len() < 2);
    let from = set(sets.next()?);
    let flags: String = words
        .iter()
        .filter_map(|word| word.strip_prefix('-'))
        .collect();
    if flags.contains('c') || flags.contains('C') {
        return None;
    }
    if flags.contains('d') {
        return Some(text.chars().filter(|one| !from.contains(one)).collect());
    }
    let Some(to) = sets.next().map(|to| set(to)) else {
        // Only squeezed.
        return Some(text.to_owned());
    };
    let last = *to.last()?;
    let turned = text.chars().map(|one| {
        let at = from.iter().position(|from| *from == one);
        at.map_or(one, |at| to.get(at).copied().unwrap_or(last))
    });
    Some(turned.collect())
}

/// The characters of a set of `tr`.
fn set(text: &str) -> Vec<char> {
    let text = text
        .replace("[:upper:]", "A-Z")
        .replace("[:lower:]", "a-z")
        .replace("[:digit:]", "0-9")
        .replace("[:space:]", " \t\n")
        .replace("\\n", "\n")
        .replace("\\t", "\t");
    let all: Vec<char> = text.chars().take(256).collect();
    let mut found = Vec::new();
    let mut index = 0;
    while let Some(one) = all.get(index) {
        match (all.get(index + 1), all.get(index + 2)) {
            (Some('-'), Some(end)) if end >= one && end.is_ascii() => {
                found.extend(*one..=*end);
                index += 3;
            }
            _ => {
                found.push(*one);
                index += 1;
            }
        }
    }
    found
}

fn cut(words: &[&str], line: &str) -> Option<String> {
    let value = |flag: &str| {
        words.iter().enumerate().find_map(|(index, word)| {
            let rest = word.strip_prefix(flag)?;
            if rest.is_empty() {
                words.get(index + 1).copied()
            } else {
                Some(rest)
            }
        })
    };
    let range = |list: &str| -> Option<(usize, usize)> {
        let number = |text: &str, other: usize| {
            if text.is_empty() {
                Some(other)
            } else {
                text.parse().ok()
            }
        };
        match list.split_once('-') {
            Some((from, to)) => Some((number(from, 1)?, number(to, usize::MAX)?)),
            None => list.parse().ok().map(|one| (one, one)),
        }
    };
    if let Some(list) = value("-c").or_else(|| value("-b")) {
        let (from, to) = range(list)?;
        return Some(line.chars().take(to).skip(from.checked_sub(1)?).collect());
    }
    let (from, to) = range(value("-f")?)?;
    let delimiter = value("-d").unwrap_or("\t");
    if delimiter.is_empty() {
        return None;
    }
    let fields: Vec<&str> = line
        .split(delimiter)
        .take(to)
        .skip(from.checked_sub(1)?)
        .collect();
    Some(fields.join(delimiter))
}

/// One `s` of a script for `sed`.
struct Substitution {
    from: String,
    by: String,
    all: bool,
    at_start: bool,
    at_end: bool,
}

impl Substitution {
    fn apply(&self, line: &str) -> String {
        match (self.at_start, self.at_end) {
            (true, _) => line
                .strip_prefix(self.from.as_str())
                .map_or_else(|| line.to_owned(), |rest| format!("{}{rest}", self.by)),
            (_, true) => line
                .strip_suffix(self.from.as_str())
                .map_or_else(|| line.to_owned(), |rest| format!("{rest}{}", self.by)),
            _ if self.all => line.replace(&self.from, &self.by),
            _ => line.replacen(&self.from, &self.by, 1),
        }
    }
}

/// The script of `sed`, when it is nothing but plain substitutions.
fn substitutions(words: &[&str]) -> Option<Vec<Substitution>> {
    let mut scripts: Vec<&str> = words
        .windows(2)
        .filter(|pair| matches!(pair[0], "-e" | "--expression"))
        .map(|pair| pair[1])
        .collect();
    if scripts.is_empty() {
        scripts.extend(words.iter().find(|word| !word.starts_with('-')));
    }
    let mut found = Vec::new();
    for one in scripts
        .iter()
        .flat_map(|script| script.split(';'))
        .map(str::trim)
    {
        let Some(rest) = one.strip_prefix('s') else {
            if one.is_empty() {
                continue;
            }
            return None;
        };
        let mark = rest.chars().next()?;
        let mut pieces = rest[mark.len_utf8()..].split(mark);
        let (from, by, flags) = (pieces.next()?, pieces.next()?, pieces.next()?);
        let at_start = from.starts_with('^');
        let at_end = from.ends_with('$');
        let plain = from.trim_start_matches('^').trim_end_matches('$');
        let special = ['*', '[', '\\', '(', '+', '?', '|', '&'];
        if plain.contains(special) || plain == "." || by.contains(['\\', '&']) {
            return None;
        }
        if plain.is_empty() && !at_start && !at_end {
            return None;
        }
        found.push(Substitution {
            from: plain.to_owned(),
            by: by.to_owned(),
            all: flags.contains('g'),
            at_start,
            at_end,
        });
    }
    Some(found)
}

/// What the simplest programs of `awk` print of a line.
fn awk(program: &str, line: &str) -> Option<String> {
    let body = program
        .trim()
        .trim_start_matches('{')
        .trim_end_matches(['}', ';', ' '])
        .trim();
    let what = body.strip_prefix("print")?.trim();
    if what.is_empty() || what == "$0" {
        return Some(line.to_owned());
    }
    if let Some(column) = what.strip_prefix('$') {
        let column: usize = column.parse().ok()?;
        return line
            .split_whitespace()
            .nth(column.checked_sub(1)?)
            .map(str::to_owned);
    }
    let inner = what.strip_prefix("substr($0,")?.strip_suffix(')')?;
    let from: usize = inner.trim().parse().ok()?;
    Some(line.chars().skip(from.saturating_sub(1)).collect())
}
