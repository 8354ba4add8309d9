//! Makes what a model wrote fit to be shown: plain, short, without secrets.

use guard::redact::redact;

/// The most of a model's text that is kept, in bytes.
const TEXT_LIMIT: usize = 8 * 1024;
/// The longest text of an error that is shown, in characters.
const ERROR_LIMIT: usize = 200;

/// Collects a model's text piece by piece. Text is let out by sentence or line, because a secret
/// is known as one only when all of it is there.
#[derive(Debug)]
pub(super) struct Words {
    max_lines: usize,
    text: String,
    pending: String,
    lines: usize,
    full: bool,
}

impl Words {
    pub(super) fn new(max_lines: usize) -> Self {
        Self {
            max_lines,
            text: String::new(),
            pending: String::new(),
            lines: 0,
            full: max_lines == 0,
        }
    }

    /// Takes a piece in; returns what may be shown now, to be appended to what was shown before.
    pub(super) fn push(&mut self, piece: &str) -> Option<String> {
        self.pending.extend(piece.chars().filter_map(plain));
        let mut shown = String::new();
        while !self.full
            && let Some(end) = end_of_unit(&self.pending)
        {
            let unit: String = self.pending.drain(..end).collect();
            self.let_out(&unit, &mut shown);
        }
        if self.pending.len() > TEXT_LIMIT {
            let unit = std::mem::take(&mut self.pending);
            self.let_out(&unit, &mut shown);
        }
        (!shown.is_empty()).then_some(shown)
    }

    /// Returns what is left to be shown.
    pub(super) fn flush(&mut self) -> Option<String> {
        let mut shown = String::new();
        let unit = std::mem::take(&mut self.pending);
        self.let_out(&unit, &mut shown);
        (!shown.is_empty()).then_some(shown)
    }

    /// Returns whether as much is there as will be kept.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Returns all of it; once more without secrets, which may span sentences.
    pub(super) fn into_text(self) -> String {
        redact(self.text.trim()).text.into_owned()
    }

    fn let_out(&mut self, unit: &str, shown: &mut String) {
        let at_start = self.text.is_empty() || self.text.ends_with('\n');
        // Blank lines count for nothing and say nothing.
        if self.full || (at_start && unit.trim().is_empty()) {
            return;
        }
        let unit = redact(unit).text.into_owned();
        let room = TEXT_LIMIT - self.text.len();
        let cut = unit.floor_char_boundary(room.min(unit.len()));
        self.text.push_str(&unit[..cut]);
        shown.push_str(&unit[..cut]);
        if unit.ends_with('\n') {
            self.lines += 1;
        }
        self.full = self.lines >= self.max_lines || cut < unit.len();
    }
}

/// Makes a text of many lines plain: no control characters, at most `limit` characters.
pub(crate) fn clean(text: &str, limit: usize) -> String {
    let text: String = text.chars().filter_map(plain).collect();
    let text = redact(&text).text.into_owned();
    if text.chars().count() <= limit {
        return text;
    }
    let mut cut: String = text.chars().take(limit.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

/// Makes one plain line of an error's text, secrets masked.
pub(super) fn one_line(text: &str) -> String {
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    clean(line, ERROR_LIMIT)
}

/// Where the first sentence or line ends, behind its blank.
fn end_of_unit(text: &str) -> Option<usize> {
    let mut before = ' ';
    for (at, character) in text.char_indices() {
        let sentence = character.is_whitespace() && matches!(before, '.' | '!' | '?');
        if character == '\n' || sentence {
            return Some(at + character.len_utf8());
        }
        before = character;
    }
    None
}

/// Drops what a terminal or a chat would obey rather than show.
fn plain(character: char) -> Option<char> {
    match character {
        '\n' => Some('\n'),
        '\t' => Some(' '),
        // These turn the direction of the text around them.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => None,
        character if character.is_control() => None,
        character => Some(character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pieces: &[&str], max_lines: usize, expected: &str) {
        let mut words = Words::new(max_lines);
        let mut shown = String::new();
        for piece in pieces {
            shown.extend(words.push(piece));
        }
        shown.extend(words.flush());
        assert_eq!(shown.trim(), expected, "what was shown");
        assert_eq!(words.into_text(), expected, "what is kept");
    }

    #[test]
    fn eight_lines_are_kept_and_no_more() {
        let twelve: Vec<String> = (1..=12).map(|line| format!("line {line}\n\n")).collect();
        let eight: Vec<String> = (1..=8).map(|line| format!("line {line}")).collect();
        check(&[&twelve.concat()], 8, &eight.join("\n"));
    }

    #[test]
    fn control_characters_and_turned_text_are_dropped() {
        check(
            &["\u{1b}[31mapi\u{7} is ", "\u{202e}down\u{202c}.\r\n"],
            8,
            "[31mapi is down.",
        );
    }

    #[test]
    fn a_text_without_end_is_cut_at_eight_kilobytes() {
        let mut words = Words::new(8);
        for _ in 0..10_000 {
            words.push("é word ");
        }
        words.flush();
        let kept = words.into_text();
        assert!(
            kept.len() <= TEXT_LIMIT && kept.len() > TEXT_LIMIT - 16,
            "{}",
            kept.len()
        );
    }

    #[test]
    fn a_sentence_is_shown_as_soon_as_it_ends() {
        let mut words = Words::new(8);
        assert_eq!(words.push("All is"), None);
        assert_eq!(words.push(" well. Noth").as_deref(), Some("All is well. "));
        assert_eq!(words.push("ing to do").as_deref(), None);
        assert_eq!(words.flush().as_deref(), Some("Nothing to do"));
    }
}
