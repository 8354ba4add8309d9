//! Here-documents: their bodies start at the next line.

use std::cell::OnceCell;
use std::rc::Rc;

use super::parse::Parser;
use super::{OpenDocument, Part, Word};

/// A body that is still to be read.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) delimiter: String,
    pub(super) quoted: bool,
    pub(super) strip_tabs: bool,
    pub(super) body: Rc<OnceCell<Word>>,
}

impl Parser<'_> {
    /// Steps over a newline and reads the bodies that were announced on the line it ends.
    pub(super) fn newline(&mut self) {
        self.position += 1;
        for pending in std::mem::take(&mut self.pending) {
            self.read_body(&pending);
        }
    }

    fn read_body(&mut self, pending: &Pending) {
        let mut body = String::new();
        let mut closed = false;
        while self.position < self.text.len() {
            let rest = self.text.get(self.position..).unwrap_or_default();
            let line = rest.split('\n').next().unwrap_or_default();
            let line_start = self.position;
            self.position = (self.position + line.len() + 1).min(self.text.len());
            let shown = if pending.strip_tabs {
                line.trim_start_matches('\t')
            } else {
                line
            };
            if shown.trim_end_matches('\r') == pending.delimiter {
                closed = true;
                break;
            }
            // `$(cat <<EOF … EOF)` closes the substitution on the delimiter's line.
            if let Some(after) = shown.strip_prefix(pending.delimiter.as_str())
                && after.starts_with(')')
                && self.depth > 0
            {
                self.position = line_start + line.len() - after.len();
                closed = true;
                break;
            }
            body.push_str(shown);
            body.push('\n');
        }
        self.unfinished |= !closed;
        if !closed && pending.quoted && self.depth == 0 {
            self.open = Some(OpenDocument {
                delimiter: pending.delimiter.clone(),
                strip_tabs: pending.strip_tabs,
            });
        }
        let word = if pending.quoted {
            Word {
                parts: vec![Part::Literal {
                    text: body,
                    quoted: true,
                }],
            }
        } else {
            self.inner_text(&body)
        };
        let _ = pending.body.set(word);
    }

    /// Reads text in which only expansions mean something.
    pub(super) fn inner_text(&mut self, text: &str) -> Word {
        if self.depth >= super::parse::MAX_DEPTH {
            self.cut = true;
            return Word {
                parts: vec![Part::Unknown],
            };
        }
        let mut inner = Parser::new(text, self.depth + 1);
        inner.pieces = self.pieces;
        let mut word = Word::default();
        inner.double_quoted(&mut word, None);
        self.unfinished |= inner.unfinished;
        self.cut |= inner.cut;
        self.pieces = inner.pieces;
        word
    }
}
