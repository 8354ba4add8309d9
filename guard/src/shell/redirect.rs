//! Redirections.

use std::cell::OnceCell;
use std::rc::Rc;

use super::heredoc::Pending;
use super::parse::Parser;
use super::{Part, Redirect, RedirectKind};

impl Parser<'_> {
    pub(super) fn redirects(&mut self) -> Vec<Redirect> {
        let mut redirects = Vec::new();
        loop {
            self.skip_blanks();
            match self.redirect() {
                Some(redirect) => redirects.push(redirect),
                None => return redirects,
            }
        }
    }

    pub(super) fn redirect(&mut self) -> Option<Redirect> {
        let bytes = self.text.as_bytes();
        let mut at = self.position;
        if bytes.get(at) == Some(&b'{') {
            at += 1;
            while bytes
                .get(at)
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
            {
                at += 1;
            }
            if bytes.get(at) != Some(&b'}') || at == self.position + 1 {
                return None;
            }
            at += 1;
        } else {
            while bytes.get(at).is_some_and(u8::is_ascii_digit) {
                at += 1;
            }
        }
        if bytes.get(at) == Some(&b'&') && bytes.get(at + 1) == Some(&b'>') && at == self.position {
            at += 1;
        }
        if !matches!(bytes.get(at), Some(b'<' | b'>')) {
            return None;
        }
        let rest = self.text.get(at..).unwrap_or_default();
        // A process substitution is a word, not a redirection.
        if rest.starts_with("<(") || rest.starts_with(">(") {
            return None;
        }
        let (length, kind, strip_tabs) = match rest {
            _ if rest.starts_with("<<<") => (3, RedirectKind::HereString, false),
            _ if rest.starts_with("<<-") => (3, RedirectKind::Heredoc, true),
            _ if rest.starts_with("<<") => (2, RedirectKind::Heredoc, false),
            _ if rest.starts_with("<&") || rest.starts_with(">&") => {
                (2, RedirectKind::Duplicate, false)
            }
            _ if rest.starts_with("<>") => (2, RedirectKind::ReadWrite, false),
            _ if rest.starts_with(">>") => (2, RedirectKind::Append, false),
            _ if rest.starts_with(">|") => (2, RedirectKind::Write, false),
            _ if rest.starts_with('>') => (1, RedirectKind::Write, false),
            _ => (1, RedirectKind::Read, false),
        };
        self.position = at + length;
        self.skip_blanks();
        let target = self.word();
        let body = Rc::new(OnceCell::new());
        if kind == RedirectKind::Heredoc {
            let mut delimiter = String::new();
            let mut is_quoted = false;
            for part in &target.parts {
                if let Part::Literal { text, quoted } = part {
                    delimiter.push_str(text);
                    is_quoted |= quoted;
                }
            }
            self.pending.push(Pending {
                delimiter,
                quoted: is_quoted,
                strip_tabs,
                body: Rc::clone(&body),
            });
        }
        Some(Redirect { kind, target, body })
    }
}
