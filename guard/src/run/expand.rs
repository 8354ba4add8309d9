//! Words become arguments: variables, substitutions, braces, splitting.

use super::bounds::WORD;
use super::walk::{MAX_DEPTH, Scope, Walker};
use super::{Arg, Input, UNKNOWN};
use crate::shell::{Part, Word};

/// How many words one brace expression may become.
const MAX_BRACES: usize = 64;
/// How long one brace expression may be.
const MAX_BRACE: usize = 4_096;
/// How many bytes of one word are searched for braces.
const MAX_SCANNED: usize = 256 << 10;

impl Walker<'_> {
    /// Expands words into arguments.
    pub(super) fn expand_all(&mut self, scope: &Scope, words: &[Word]) -> Vec<Arg> {
        let mut args = Vec::with_capacity(words.len());
        for word in words {
            self.expand(scope, word, &mut args);
        }
        args
    }

    /// Expands a word into one text, without splitting.
    pub(super) fn expand_one(&mut self, scope: &Scope, word: &Word) -> Arg {
        let mut args = Vec::new();
        self.expand(scope, word, &mut args);
        let glob = args.iter().any(|arg| arg.glob);
        let secret = args.iter_mut().find_map(|arg| arg.secret.take());
        let texts: Vec<String> = args.into_iter().map(|arg| arg.text).collect();
        Arg {
            text: texts.join(" "),
            glob,
            secret,
        }
    }

    fn expand(&mut self, scope: &Scope, word: &Word, args: &mut Vec<Arg>) {
        if let Some(words) = self.braces(word) {
            for word in &words {
                self.expand_parts(scope, word, args);
            }
        } else {
            self.expand_parts(scope, word, args);
        }
    }

    /// The words a brace expression stands for, if the word has one outside quotes.
    fn braces(&mut self, word: &Word) -> Option<Vec<Word>> {
        if !has_braces(word) {
            return None;
        }
        let mut done = Vec::new();
        let mut open = vec![word.clone()];
        while let Some(word) = open.pop() {
            if done.len() + open.len() > MAX_BRACES {
                return None;
            }
            let mut scanned = 0;
            let found = first_brace(&word, &mut scanned);
            if !self.spend(scanned) || scanned > MAX_SCANNED {
                self.incomplete = true;
                return None;
            }
            match found {
                Some(mut words) => {
                    words.reverse();
                    open.append(&mut words);
                }
                None => done.push(word),
            }
        }
        Some(done)
    }

    fn expand_parts(&mut self, scope: &Scope, word: &Word, args: &mut Vec<Arg>) {
        let mut current: Option<Arg> = None;
        for (index, part) in word.parts.iter().enumerate() {
            match part {
                Part::Literal { text, quoted } => {
                    let arg = current.get_or_insert_with(|| Arg::new(""));
                    if index == 0 && !quoted && (text == "~" || text.starts_with("~/")) {
                        arg.text.push_str(&self.home(scope));
                        arg.text.push_str(&text[1..]);
                    } else {
                        arg.text.push_str(text);
                    }
                    arg.glob |= !quoted && text.contains(['*', '?', '[']);
                }
                Part::Unknown => current
                    .get_or_insert_with(|| Arg::new(""))
                    .text
                    .push(UNKNOWN),
                Part::Variable {
                    name,
                    operation,
                    quoted,
                } => {
                    let mut values = self.variable(scope, name, operation.as_ref());
                    // `"$*"` is one word.
                    if *quoted && values.len() > 1 && (name == "*" || name.ends_with("[*]")) {
                        let texts: Vec<&str> =
                            values.iter().map(|value| value.text.as_str()).collect();
                        values = vec![Arg::new(texts.join(" "))];
                    }
                    let secret = is_telling(name) && values.iter().any(|value| !value.is_known());
                    self.join(scope, &values, *quoted, &mut current, args);
                    if secret && let Some(arg) = current.as_mut().or(args.last_mut()) {
                        arg.secret = Some(name.as_str().into());
                    }
                }
                Part::Substitution { script, quoted } => {
                    let text = self.substitution(scope, script);
                    let value = text
                        .map_or_else(Arg::unknown, |text| Arg::new(text.trim_end_matches('\n')));
                    self.join(scope, &[value], *quoted, &mut current, args);
                }
                Part::Process { script, reads } => {
                    let start = self.runs.len();
                    let mut printed = None;
                    if *reads {
                        printed = self.substitution(scope, script);
                    } else {
                        // What is written there comes from the command that holds it.
                        let stdin = Input {
                            given: true,
                            text: self.feeding.clone(),
                            ..Input::default()
                        };
                        self.script(&mut scope.deeper("process substitution"), script, &stdin);
                    }
                    self.collected.extend(start..self.runs.len());
                    let arg = current.get_or_insert_with(|| Arg::new(""));
                    arg.text.push_str("/dev/fd/");
                    arg.text.push(UNKNOWN);
                    if let Some(text) = printed {
                        // The descriptor's number tells whose text it is.
                        arg.text.push_str(&start.to_string());
                        self.files.insert(arg.text.clone(), text);
                    }
                }
            }
        }
        args.extend(current);
    }

    fn substitution(&mut self, scope: &Scope, script: &crate::shell::Script) -> Option<String> {
        if scope.depth >= MAX_DEPTH {
            self.incomplete = true;
            return None;
        }
        let start = self.runs.len();
        let saved = std::mem::take(&mut self.collected);
        let text = self.script(&mut scope.deeper("$(…)"), script, &Input::default());
        self.collected = saved;
        self.collected.extend(start..self.runs.len());
        text.filter(|text| self.spend(text.len()))
    }

    /// Appends values to the word at hand, splitting them where the shell would.
    fn join(
        &mut self,
        scope: &Scope,
        values: &[Arg],
        quoted: bool,
        current: &mut Option<Arg>,
        args: &mut Vec<Arg>,
    ) {
        for (index, value) in values.iter().enumerate() {
            if !self.spend(value.text.len() + 8) {
                current
                    .get_or_insert_with(|| Arg::new(""))
                    .text
                    .push(UNKNOWN);
                return;
            }
            if index > 0 {
                args.extend(current.take());
            }
            if quoted {
                current
                    .get_or_insert_with(|| Arg::new(""))
                    .text
                    .push_str(&value.text);
                continue;
            }
            let separators = scope
                .variables
                .get("IFS")
                .and_then(|ifs| ifs.args.first())
                .map_or(" \t\n", |arg| arg.text.as_str());
            // Blanks alone are between two words: `rm$IFS-rf`.
            if !value.text.is_empty() && value.text.chars().all(|one| separators.contains(one)) {
                args.extend(current.take());
                continue;
            }
            let starts_apart = value.text.starts_with(|one| separators.contains(one));
            let ends_apart = value.text.ends_with(|one| separators.contains(one));
            for (position, piece) in value
                .text
                .split(|one| separators.contains(one))
                .filter(|piece| !piece.is_empty())
                .enumerate()
            {
                if position > 0 || starts_apart {
                    args.extend(current.take());
                    // Many short words take more to hold than their text.
                    if !self.spend(WORD) {
                        args.push(Arg::unknown());
                        return;
                    }
                }
                let arg = current.get_or_insert_with(|| Arg::new(""));
                arg.text.push_str(piece);
                arg.glob |= piece.contains(['*', '?', '[']);
            }
            if ends_apart {
                args.extend(current.take());
            }
        }
    }
}

/// Whether a variable of the environment, by its name, holds a secret.
fn is_telling(name: &str) -> bool {
    let secret = ["SECRET", "PASSWORD", "PASSWD", "CREDENTIAL"]
        .iter()
        .any(|word| name.contains(word))
        || ["TOKEN", "_PASS", "_KEY", "APIKEY"]
            .iter()
            .any(|end| name.ends_with(end));
    let harmless = [
        "CACHE",
        "PUBLIC",
        "PRIMARY",
        "PAGE",
        "NEXT",
        "OBJECT",
        "PARTITION",
        "S3_KEY",
        "CSRF",
        "SORT",
    ];
    secret
        && name.len() < 64
        && !name.bytes().any(|one| one.is_ascii_lowercase())
        && !harmless.iter().any(|word| name.contains(word))
}

/// Whether the word has a brace expression outside quotes, as far as a glance tells.
fn has_braces(word: &Word) -> bool {
    word.parts.iter().any(|part| {
        matches!(part, Part::Literal { text, quoted: false }
            if text.contains('{') && text.contains(',') && text.contains('}'))
    })
}

fn first_brace(word: &Word, scanned: &mut usize) -> Option<Vec<Word>> {
    for (index, part) in word.parts.iter().enumerate() {
        let Part::Literal {
            text,
            quoted: false,
        } = part
        else {
            continue;
        };
        let mut from = 0;
        while let Some(start) = text.get(from..)?.find('{').map(|at| at + from) {
            *scanned += start - from;
            if *scanned > MAX_SCANNED {
                return None;
            }
            if let Some((end, choices)) = choices(text, start, scanned) {
                let make = |choice: &str| {
                    let mut parts = word.parts.clone();
                    parts[index] = Part::Literal {
                        text: format!("{}{choice}{}", &text[..start], &text[end + 1..]),
                        quoted: false,
                    };
                    Word { parts }
                };
                *scanned += (text.len() + 32) * choices.len();
                return Some(choices.into_iter().map(make).collect());
            }
            from = start + 1;
        }
    }
    None
}

/// The choices of the brace at `start`, and where it closes.
fn choices<'t>(text: &'t str, start: usize, scanned: &mut usize) -> Option<(usize, Vec<&'t str>)> {
    let mut depth = 0_usize;
    let mut found = Vec::new();
    let mut from = start + 1;
    for (offset, byte) in text.bytes().skip(start).take(MAX_BRACE).enumerate() {
        *scanned += 1;
        let at = start + offset;
        match byte {
            b'{' => depth += 1,
            b',' if depth == 1 => {
                found.push(&text[from..at]);
                from = at + 1;
            }
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    found.push(&text[from..at]);
                    return (found.len() > 1 && found.len() <= MAX_BRACES).then_some((at, found));
                }
            }
            _ => {}
        }
    }
    None
}
