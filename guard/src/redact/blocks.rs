//! Secrets that span lines: key blocks, the private lines of `PuTTY`, the data of a Kubernetes secret.

use super::{Kind, Span};

/// `-----BEGIN … PRIVATE KEY-----` up to its end, as far as its lines look like one.
pub(super) fn key_block(bytes: &[u8], at: usize, steps: &mut usize) -> Option<Span> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    const LONGEST_HEAD: usize = 80;
    let rest = bytes.get(at..)?;
    if !rest.starts_with(BEGIN) {
        return None;
    }
    let look = &rest[..rest.len().min(LONGEST_HEAD)];
    let close = look
        .get(BEGIN.len()..)?
        .windows(5)
        .position(|piece| piece == b"-----")?;
    let head = &look[BEGIN.len()..BEGIN.len() + close];
    *steps += close;
    let is_private = [
        &b"PRIVATE KEY"[..],
        b"PRIVATE KEY BLOCK",
        b"OpenVPN Static key V1",
    ]
    .iter()
    .any(|end| head.ends_with(end));
    if !is_private {
        return None;
    }
    let body = at + BEGIN.len() + close + 5;
    let mut from = body;
    let mut letters = 0;
    loop {
        let begin = skip_marks(bytes, from);
        if bytes[begin..].starts_with(b"-----END") {
            let tail = &bytes[begin + 8..bytes.len().min(begin + 8 + LONGEST_HEAD)];
            let close = tail.windows(5).position(|piece| piece == b"-----");
            let end = begin + 8 + close.map_or(0, |close| close + 5);
            *steps += end - from;
            return (letters > 0).then_some(Span {
                start: at,
                end,
                kind: Kind::PrivateKey,
            });
        }
        let mut to = begin;
        while to < bytes.len() && is_body(bytes[to]) {
            to += 1;
        }
        // `Proc-Type: 4,ENCRYPTED` and its like stand before the body.
        let is_header = letters == 0 || bytes[from..begin].contains(&b'\n');
        if to > begin
            && is_header
            && bytes.get(to) == Some(&b':')
            && bytes.get(to + 1) == Some(&b' ')
        {
            let line = &bytes[to..bytes.len().min(begin + LONGEST_HEAD)];
            let length = line.iter().position(|byte| *byte == b'\n');
            // What was masked in it would not have been, were it a header.
            if let Some(length) = length
                && !line[..length].windows(9).any(|piece| piece == b"[masked: ")
            {
                to += length;
            }
        }
        *steps += to - from;
        let is_last = to == begin || !at_line_end(bytes, to, to - begin);
        if is_last {
            let is_cut = to == bytes.len() && to > begin;
            if is_cut {
                letters += to - begin;
            }
            let end = if is_cut { to } else { from };
            return (letters >= 3).then_some(Span {
                start: at,
                end,
                kind: Kind::PrivateKey,
            });
        }
        letters += to - begin;
        from = to;
    }
}

fn is_body(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

/// Whether a line ends here: in the text itself, in an escape, or where a blank took the place of the end.
fn at_line_end(bytes: &[u8], at: usize, length: usize) -> bool {
    match bytes.get(at) {
        None => true,
        Some(b' ') => length >= 32 || bytes[at..].starts_with(b" -----END"),
        Some(byte) => matches!(byte, b'\n' | b'\r' | b'\\' | b'"' | b'\''),
    }
}

/// The end of a line, what stands before the next one, and quotes around both.
fn skip_marks(bytes: &[u8], from: usize) -> usize {
    const MOST: usize = 96;
    let mut at = from;
    while at < bytes.len() && at < from + MOST {
        match bytes[at] {
            b'\\' if matches!(bytes.get(at + 1), Some(b'n' | b'r' | b'\\')) => at += 2,
            b'n' | b'r' if at > from && bytes[at - 1] == b'\\' => at += 1,
            b'\n' | b'\r' | b' ' | b'\t' | b'"' | b'\'' | b'>' | b'#' | b'*' | b'|' | b'\\' => {
                at += 1;
            }
            b'+' | b'/' if at > from && matches!(bytes[at - 1], b'\n' | b' ' | b'/' | b'"') => {
                at += 1;
            }
            _ => break,
        }
    }
    at
}

/// The lines behind `Private-Lines: 8`.
pub(super) fn putty_lines(bytes: &[u8], end: usize, steps: &mut usize) -> Option<Span> {
    let line = bytes
        .get(end..)?
        .iter()
        .take(16)
        .position(|byte| *byte == b'\n')?;
    let start = end + line + 1;
    let mut to = start;
    loop {
        let length = bytes[to..]
            .iter()
            .take(80)
            .take_while(|byte| is_body(**byte))
            .count();
        *steps += length;
        if length < 16
            || bytes
                .get(to + length)
                .is_some_and(|byte| !matches!(byte, b'\n' | b'\r'))
        {
            break;
        }
        to += length;
        if to >= bytes.len() {
            break;
        }
        to += if bytes[to..].starts_with(b"\r\n") {
            2
        } else {
            1
        };
    }
    let end = if to > start && bytes[to - 1] == b'\n' {
        to - 1
    } else {
        to
    };
    (end > start).then_some(Span {
        start,
        end,
        kind: Kind::PrivateKey,
    })
}

/// What is known of the YAML document the scan is in.
#[derive(Debug, Default)]
pub(super) struct Document {
    range: std::ops::Range<usize>,
    is_secret: bool,
}

impl Document {
    /// Whether the document around this place is a Kubernetes secret; each document is searched once.
    fn is_secret(&mut self, bytes: &[u8], at: usize, steps: &mut usize) -> bool {
        if !self.range.contains(&at) {
            let from = self.range.end.min(at);
            let mut start = from;
            let mut is_secret = false;
            let mut line = from;
            let mut end = bytes.len();
            while line < bytes.len() {
                let length = bytes[line..].iter().position(|byte| *byte == b'\n');
                let next = length.map_or(bytes.len(), |length| line + length + 1);
                let words = bytes[line..next].trim_ascii();
                if words == b"---" {
                    if line >= at {
                        end = next;
                        break;
                    }
                    start = next;
                    is_secret = false;
                }
                is_secret |= matches!(
                    words,
                    b"kind: Secret"
                        | b"- kind: Secret"
                        | b"\"kind\": \"Secret\","
                        | b"\"kind\": \"Secret\""
                );
                line = next;
            }
            *steps += end - from;
            self.range = start..end;
            self.is_secret = is_secret;
        }
        self.is_secret
    }

    /// The values of the lines below `data:`, each a span.
    pub(super) fn data(
        &mut self,
        bytes: &[u8],
        start: usize,
        end: usize,
        found: &mut Vec<Span>,
        steps: &mut usize,
    ) -> usize {
        let open = bytes.get(end..).unwrap_or_default();
        let open = open.iter().take(4).position(|byte| *byte == b'\n');
        let Some(open) =
            open.filter(|_| bytes.get(end) == Some(&b':') || bytes.get(end) == Some(&b'"'))
        else {
            return end;
        };
        if !self.is_secret(bytes, start, steps) {
            return end;
        }
        let indent = bytes[..start]
            .iter()
            .rev()
            .take(64)
            .take_while(|byte| matches!(byte, b' ' | b'"'))
            .count();
        let mut line = end + open + 1;
        while line < bytes.len() {
            let length = bytes[line..].iter().position(|byte| *byte == b'\n');
            let to = length.map_or(bytes.len(), |length| line + length);
            *steps += to - line;
            let text = &bytes[line..to];
            let blanks = text.iter().take_while(|byte| **byte == b' ').count();
            let Some(colon) = text.windows(2).position(|pair| pair == b": ") else {
                break;
            };
            if blanks <= indent || text.contains(&b'{') {
                break;
            }
            let behind = &text[colon + 2..];
            let is_around = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'"' | b',');
            let lead = behind.iter().take_while(|byte| is_around(byte)).count();
            let trail = behind[lead..]
                .iter()
                .rev()
                .take_while(|byte| is_around(byte))
                .count();
            let offset = colon + 2 + lead;
            let value = &behind[lead..behind.len() - trail];
            // A value of which a part was masked had a sign that ended the block; masking again must end there too.
            let is_masked = value.starts_with(b"[masked: ") && value.ends_with(b"]");
            if !is_masked && value.windows(9).any(|piece| piece == b"[masked: ") {
                break;
            }
            if value.len() >= 4
                && !value.starts_with(b"[masked")
                && !value.starts_with(b"{{")
                && !matches!(value[0], b'$' | b'<' | b'|' | b'>')
            {
                found.push(Span {
                    start: line + offset,
                    end: line + offset + value.len(),
                    kind: Kind::Assignment,
                });
            }
            line = to + 1;
        }
        line.min(bytes.len())
    }
}
