//! A prompt as words, each with what stands around it.

/// How much of a prompt is looked through, in bytes.
const LONGEST: usize = 64 << 10;
/// Most words.
const MOST: usize = 4_000;

/// A word as names are written.
#[derive(Clone, Debug, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one thing seen around a word, and any of them may hold together"
)]
pub(super) struct Word {
    /// In lower case, without the port and without signs around it.
    pub(super) text: String,
    /// The number of its sentence.
    pub(super) sentence: usize,
    /// It stands alone in quotes or back ticks.
    pub(super) is_marked: bool,
    /// It is part of a path.
    pub(super) is_path: bool,
    /// It stands in a block of code or output.
    pub(super) is_code: bool,
    /// It begins with `#` or follows `tag:`.
    pub(super) is_tagged: bool,
}

/// Splits a prompt; `api.` at the end of a sentence is `api`.
pub(super) fn of(prompt: &str) -> Vec<Word> {
    let mut end = prompt.len().min(LONGEST);
    while !prompt.is_char_boundary(end) {
        end -= 1;
    }
    let prompt = &prompt[..end];
    let mut words = Vec::new();
    let (mut sentence, mut is_code, mut from) = (0, false, 0);
    while from < prompt.len() && words.len() < MOST {
        let rest = &prompt[from..];
        let Some(first) = rest.chars().next() else {
            break;
        };
        if !is_part(first) {
            if rest.starts_with("```") {
                is_code = !is_code;
                from += 3;
                continue;
            }
            if matches!(first, '\n' | '!' | '?' | ';') {
                sentence += 1;
            }
            from += first.len_utf8();
            continue;
        }
        let length = rest.find(|sign: char| !is_part(sign)).unwrap_or(rest.len());
        let (raw, after) = (&rest[..length], rest[length..].chars().next());
        let before = prompt[..from].chars().next_back();
        push(&mut words, raw, (before, after), (sentence, is_code));
        if raw.ends_with(['.', ':']) {
            sentence += 1;
        }
        from += length;
    }
    words
}

fn push(
    words: &mut Vec<Word>,
    raw: &str,
    around: (Option<char>, Option<char>),
    (sentence, is_code): (usize, bool),
) {
    let signs = |sign: char| "._-@:".contains(sign);
    let trimmed = raw.trim_matches(signs);
    let (is_tagged, trimmed) = match trimmed.split_once(':') {
        Some((kind, tag)) if kind.eq_ignore_ascii_case("tag") && !tag.is_empty() => (true, tag),
        // An address of version 6 is one word; another word ends at its port.
        Some((name, _)) if trimmed.matches(':').count() == 1 => (false, name),
        _ => (around.0 == Some('#'), trimmed),
    };
    let text = trimmed.trim_matches(signs).to_lowercase();
    let text = text.strip_prefix("www.").unwrap_or(&text).to_owned();
    if text.is_empty() {
        return;
    }
    let is_quote =
        |sign: Option<char>| matches!(sign, Some('`' | '"' | '\'' | '“' | '”' | '«' | '»' | '„'));
    let is_slash = |sign: Option<char>| matches!(sign, Some('/' | '\\'));
    words.push(Word {
        is_marked: is_quote(around.0) && is_quote(around.1),
        is_path: (is_slash(around.0) || is_slash(around.1)) && !text.contains(['.', '@']),
        is_code,
        is_tagged,
        sentence,
        text,
    });
}

fn is_part(sign: char) -> bool {
    sign.is_alphanumeric() || "._-@:".contains(sign)
}
