//! Takes from foreign text what a model could read as structure or as somebody speaking to it.
//!
//! What stays is plain words. An order that a runbook gives to people stays too, as quoted data; a sentence that
//! speaks to the model that reads it is left out.

mod orders;

/// Names of tags that clients and models give a meaning to; other tags keep their names, as in `deploy ‹service›`.
const CONTROL_TAGS: &[&str] = &[
    "admin",
    "antml",
    "assistant",
    "command",
    "context",
    "developer",
    "function",
    "human",
    "im_",
    "important",
    "instruction",
    "invoke",
    "parameter",
    "persisted",
    "policy",
    "prompt",
    "result",
    "root",
    "s",
    "system",
    "sys",
    "task",
    "thinking",
    "tool",
    "turn",
    "user",
    "|",
];
/// Who speaks in a transcript: never followed by a colon.
const TURNS: &[&str] = &["human", "assistant", "claude"];
/// Who speaks when it begins a line; elsewhere these are ordinary words.
const TURNS_AT_START: &[&str] = &[
    "ai",
    "assistant",
    "chatgpt",
    "claude",
    "developer",
    "gpt",
    "human",
    "instruction",
    "instructions",
    "model",
    "response",
    "system",
    "system message",
    "system prompt",
    "tool",
    "tool result",
    "user",
];
/// Longest name of a tag, in characters.
const LONGEST_NAME: usize = 40;
/// Longest tag that is looked at as one, in characters.
const LONGEST_TAG: usize = 200;

/// Returns the lines of a text, disarmed; empty ones are left out.
pub(super) fn lines(text: &str) -> Vec<String> {
    let visible = visible(text);
    let shown: Vec<String> = visible
        .split([
            '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
        ])
        .map(without_structure)
        .filter(|line| !line.is_empty())
        .collect();
    orders::without(shown)
}

/// Takes out escape sequences and what nobody sees; tabs become blanks, full-width signs plain ones.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => match characters.next() {
                Some('[') => skip_sequence(&mut characters),
                Some(']' | 'P' | '^' | '_' | 'X') => skip_string(&mut characters),
                _ => {}
            },
            '\u{9b}' => skip_sequence(&mut characters),
            '\u{90}' | '\u{9d}' => skip_string(&mut characters),
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' => shown.push(character),
            '\t' => shown.push(' '),
            hidden if hidden.is_control() || is_invisible(hidden) => {}
            // Full-width forms of the visible ASCII signs.
            wide @ '\u{ff01}'..='\u{ff5e}' => {
                shown.push(char::from_u32(u32::from(wide) - 0xfee0).unwrap_or(' '));
            }
            '\u{fe64}' | '\u{2329}' | '\u{27e8}' | '\u{3008}' | '\u{276e}' | '\u{2039}' => {
                shown.push('<');
            }
            '\u{fe65}' | '\u{232a}' | '\u{27e9}' | '\u{3009}' | '\u{276f}' | '\u{203a}' => {
                shown.push('>');
            }
            '\u{fe55}' | '\u{a789}' | '\u{2236}' => shown.push(':'),
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
                shown.push(' ');
            }
            other => shown.push(other),
        }
    }
    for (entity, sign) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#x3c;", "<"),
        ("&#x3e;", ">"),
        ("&#x3C;", "<"),
        ("&#x3E;", ">"),
        ("&LT;", "<"),
        ("&GT;", ">"),
    ] {
        if shown.contains(entity) {
            shown = shown.replace(entity, sign);
        }
    }
    shown
}

fn skip_sequence(characters: &mut impl Iterator<Item = char>) {
    for character in characters.by_ref().take(64) {
        if ('\u{40}'..='\u{7e}').contains(&character) {
            return;
        }
    }
}

fn skip_string(characters: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    for _ in 0..256 {
        match characters.peek() {
            Some('\n' | '\r') | None => return,
            Some('\u{7}' | '\u{9c}') => {
                characters.next();
                return;
            }
            Some('\u{1b}') => {
                characters.next();
                characters.next_if_eq(&'\\');
                return;
            }
            Some(_) => {
                characters.next();
            }
        }
    }
}

/// Zero-width characters, direction marks, fillers, variation selectors and tag characters: seen by models only.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Takes from a line the signs by which models and clients tell parts of a text apart.
fn without_structure(line: &str) -> String {
    let mut plain = without_tags(line);
    for fence in ["```", "~~~"] {
        while plain.contains(fence) {
            plain = plain.replace(fence, "");
        }
    }
    for (sign, instead) in [
        ("![", "["),
        ("[INST]", "(INST)"),
        ("[/INST]", "(/INST)"),
        ("[[", "["),
        ("]]", "]"),
    ] {
        if plain.contains(sign) {
            plain = plain.replace(sign, instead);
        }
    }
    // A heading, a quote or a list begins nothing here.
    let plain = plain.trim_end();
    let text = plain.trim_start_matches([' ', '#', '=', '*', '_', '›', '-']);
    let plain = if text.is_empty() {
        ""
    } else if without_turn_at_start(text).is_some() {
        text
    } else {
        match plain.trim_start_matches(['#', '=']) {
            same if same.len() == plain.len() => plain,
            heading => heading.trim_start(),
        }
    };
    let plain = without_turn_at_start(plain).unwrap_or_else(|| plain.to_owned());
    without_turns(plain.trim_end())
}

/// Replaces angle brackets; tags that mean something to a model lose their names.
fn without_tags(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['<', '>']) {
        plain.push_str(&rest[..at]);
        let inside = &rest[at + 1..];
        let end = if rest.as_bytes()[at] == b'<' {
            inside
                .char_indices()
                .take(LONGEST_TAG)
                .find(|(_, sign)| matches!(sign, '<' | '>'))
                .map(|(end, _)| end)
        } else {
            None
        };
        let name = inside.trim_start_matches(['/', '!', '?', ' ']);
        let name: String = name
            .chars()
            .take(LONGEST_NAME)
            .flat_map(char::to_lowercase)
            .collect();
        let is_control =
            rest.as_bytes()[at] == b'<' && CONTROL_TAGS.iter().any(|tag| names_tag(&name, tag));
        match end {
            Some(end) if is_control && inside.as_bytes()[end] == b'>' => {
                plain.push_str("‹tag›");
                rest = &inside[end + 1..];
            }
            _ if is_control => {
                plain.push_str("‹tag ");
                let letters = inside.trim_start_matches(|sign: char| {
                    !sign.is_whitespace() && sign != '<' && sign != '>'
                });
                rest = letters;
            }
            _ => {
                plain.push(if rest.as_bytes()[at] == b'<' {
                    '‹'
                } else {
                    '›'
                });
                rest = inside;
            }
        }
    }
    plain.push_str(rest);
    plain
}

/// Whether a tag has this name, or one that begins so and goes on with more than letters.
fn names_tag(text: &str, tag: &str) -> bool {
    text.strip_prefix(tag).is_some_and(|more| {
        tag.ends_with(['_', '|'])
            || more
                .strip_prefix('s')
                .unwrap_or(more)
                .chars()
                .next()
                .is_none_or(|next| !next.is_alphanumeric())
    })
}

/// Takes the colon from a line that begins as somebody's turn.
fn without_turn_at_start(line: &str) -> Option<String> {
    let (who, said) = line.split_once(':')?;
    let name = who
        .trim_matches([
            ' ', '*', '_', '#', '›', '-', '[', ']', '(', ')', '`', '"', '|',
        ])
        .to_lowercase();
    TURNS_AT_START
        .contains(&name.as_str())
        .then(|| format!("{} -{said}", who.trim_end()))
}

/// Takes the colon from a turn mark anywhere in a line.
fn without_turns(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    for (number, part) in line.split(':').enumerate() {
        if number > 0 {
            let before = plain.trim_end_matches([' ', '*', '_', ']', ')']);
            let is_turn = TURNS.iter().any(|who| {
                let (from, end) = (before.len().wrapping_sub(who.len()), before.len());
                before
                    .get(from..end)
                    .is_some_and(|name| name.eq_ignore_ascii_case(who))
                    && !before[..from].ends_with(char::is_alphanumeric)
            });
            plain.push_str(if is_turn { " -" } else { ":" });
        }
        plain.push_str(part);
    }
    plain
}

#[cfg(test)]
mod tests;
