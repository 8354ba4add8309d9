//! What a command prints: cut into lines, masked, shown live, and the end of it kept.

use std::collections::VecDeque;

use crate::progress::Progress;

/// The most that is kept for the row, in bytes.
const KEEP: usize = 64 * 1024;
/// A longer line is cut here.
const LINE: usize = 8 * 1024;
/// So much of a cut line is given up, back to a blank: half a secret is not known for one.
const LAST_WORD: usize = 1024;

/// Takes bytes, gives lines.
#[derive(Debug)]
pub(super) struct Collector {
    progress: Progress,
    partial: Vec<u8>,
    partial_is_cut: bool,
    kept: VecDeque<String>,
    kept_bytes: usize,
    total_bytes: u64,
    in_private_key: bool,
}

impl Collector {
    /// Makes an empty one that shows lines through `progress`.
    pub(super) fn new(progress: Progress) -> Self {
        Self {
            progress,
            partial: Vec::new(),
            partial_is_cut: false,
            kept: VecDeque::new(),
            kept_bytes: 0,
            total_bytes: 0,
            in_private_key: false,
        }
    }

    /// Takes a piece of output.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.total_bytes += bytes.len() as u64;
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let (piece, ends) = piece
                .strip_suffix(b"\n")
                .map_or((piece, false), |piece| (piece, true));
            let room = LINE.saturating_sub(self.partial.len());
            self.partial
                .extend_from_slice(&piece[..piece.len().min(room)]);
            self.partial_is_cut |= piece.len() > room;
            if ends {
                self.finish_line();
            }
        }
    }

    /// Adds a line of Fjord's own, for instance where a roll back begins.
    pub(super) fn note(&mut self, text: &str) {
        self.end_of_output();
        self.keep(format!("[fjord] {text}"));
    }

    /// Takes what stands without a newline as the last line.
    pub(super) fn end_of_output(&mut self) {
        if !self.partial.is_empty() {
            self.finish_line();
        }
        self.in_private_key = false;
    }

    /// Returns what is kept, the oldest first.
    pub(super) fn text(&self) -> String {
        let mut out = String::with_capacity(self.kept_bytes + 128);
        let kept: u64 = self.kept.iter().map(|line| line.len() as u64 + 1).sum();
        if self.total_bytes > kept + LINE as u64 {
            out.push_str("[fjord] earlier output is left out\n");
        }
        for line in &self.kept {
            out.push_str(line);
            out.push('\n');
        }
        out
    }

    /// Returns the last lines kept.
    pub(super) fn tail(&self, lines: usize) -> Vec<String> {
        self.kept
            .iter()
            .skip(self.kept.len().saturating_sub(lines))
            .cloned()
            .collect()
    }

    fn finish_line(&mut self) {
        let mut bytes = std::mem::take(&mut self.partial);
        if std::mem::take(&mut self.partial_is_cut) {
            let from = bytes.len().saturating_sub(LAST_WORD);
            let blank = bytes[from..].iter().rposition(u8::is_ascii_whitespace);
            bytes.truncate(from + blank.unwrap_or(0));
        }
        let text = String::from_utf8_lossy(&bytes);
        let line = self.mask(&plain(&text));
        self.progress.line(line.clone());
        self.keep(line);
    }

    /// A private key spans lines, so its body is masked by where it stands.
    fn mask(&mut self, line: &str) -> String {
        if line.contains("-----BEGIN") && line.contains("PRIVATE KEY") {
            self.in_private_key = !line.contains("-----END");
            return "[private key masked]".to_owned();
        }
        if self.in_private_key {
            self.in_private_key = !line.contains("-----END");
            return "[private key masked]".to_owned();
        }
        guard::redact::redact(line).text.into_owned()
    }

    fn keep(&mut self, line: String) {
        self.kept_bytes += line.len() + 1;
        self.kept.push_back(line);
        while self.kept_bytes > KEEP {
            let Some(oldest) = self.kept.pop_front() else {
                break;
            };
            self.kept_bytes -= oldest.len() + 1;
        }
    }
}

/// Drops escape sequences and control characters: a log must not move somebody's cursor.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => match characters.peek() {
                Some('[') => {
                    characters.next();
                    while characters
                        .next()
                        .is_some_and(|next| !('@'..='~').contains(&next))
                    {}
                }
                Some(']') => {
                    while characters
                        .next()
                        .is_some_and(|next| next != '\u{7}' && next != '\u{1b}')
                    {
                    }
                }
                _ => {
                    characters.next();
                }
            },
            // A progress bar redraws its line: what stands last is what was meant.
            '\r' if characters.peek().is_some() => out.clear(),
            '\t' => out.push_str("    "),
            character if character.is_control() => {}
            character => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let mut collector = Collector::new(Progress::none());
        for piece in pieces {
            collector.push(piece);
        }
        collector.end_of_output();
        collector.tail(100)
    }

    #[test]
    fn lines_are_put_together_from_pieces() {
        assert_eq!(lines(&[b"one\ntw", b"o\nthree"]), ["one", "two", "three"]);
    }

    #[test]
    fn colours_and_redrawn_progress_bars_are_dropped() {
        assert_eq!(
            lines(&[b"\x1b[31mred\x1b[0m\n10%\r50%\r100%\n"]),
            ["red", "100%"]
        );
    }

    #[test]
    fn bytes_that_are_not_text_are_shown_as_such() {
        assert_eq!(lines(&[b"caf\xe9\n"]), ["caf\u{fffd}"]);
    }

    #[test]
    fn the_body_of_a_private_key_is_masked() {
        let begin = ["-----BEGIN ", "PRIVATE KEY-----\n"].concat();
        let end = ["-----END ", "PRIVATE KEY-----\n"].concat();
        let all = lines(&[begin.as_bytes(), b"MIIabc\n", end.as_bytes(), b"after\n"]);
        assert_eq!(
            all,
            [
                "[private key masked]",
                "[private key masked]",
                "[private key masked]",
                "after"
            ]
        );
    }

    #[test]
    fn endless_output_is_bounded_and_its_end_kept() {
        let mut collector = Collector::new(Progress::none());
        for number in 0..100_000 {
            collector.push(format!("line {number}\n").as_bytes());
        }
        collector.push(&vec![b'x'; 1_000_000]);
        collector.end_of_output();
        let text = collector.text();
        assert!(text.len() < KEEP + LINE + 200, "{}", text.len());
        assert!(text.starts_with("[fjord] earlier output is left out"));
        assert!(text.contains("line 99999"));
    }
}
