//! From the client's bytes to JSON, as leniently as JSON allows.

use serde_json::Value;

use super::WireError;

/// Reads one JSON value. Bad bytes and halves of surrogate pairs become U+FFFD, as in the client.
pub(super) fn read(bytes: &[u8]) -> Result<Value, WireError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if guard::swells(bytes) {
        return Err(WireError::Swollen);
    }
    let text = String::from_utf8_lossy(bytes);
    let error = match serde_json::from_str(&text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let repaired = without_lone_surrogates(&text);
    serde_json::from_str(&repaired).map_err(|_| WireError::Syntax {
        line: error.line(),
        column: error.column(),
    })
}

/// Replaces `\ud800` without its partner by `\ufffd`: JavaScript writes such halves, JSON has no place for them.
fn without_lone_surrogates(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut result = String::with_capacity(text.len());
    let (mut from, mut at) = (0, 0);
    while at < bytes.len() {
        if bytes[at] != b'\\' {
            at += 1;
            continue;
        }
        match escape(bytes, at) {
            Some(0xD800..=0xDBFF) if matches!(escape(bytes, at + 6), Some(0xDC00..=0xDFFF)) => {
                at += 12;
            }
            Some(0xD800..=0xDFFF) => {
                result.push_str(text.get(from..at).unwrap_or_default());
                result.push_str("\\ufffd");
                at += 6;
                from = at;
            }
            _ => at += 2,
        }
    }
    result.push_str(text.get(from..).unwrap_or_default());
    result
}

/// Returns the number of a `\uXXXX` that stands here.
fn escape(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_pairs_bad_bytes_and_a_byte_order_mark_are_read() {
        let value =
            read(b"\xef\xbb\xbf{\"a\":\"x\\ud83dy\",\"b\":\"\\ud83d\\ude00\",\"c\":\"\xff\"}")
                .unwrap();
        assert_eq!(
            value,
            serde_json::json!({ "a": "x\u{fffd}y", "b": "😀", "c": "\u{fffd}" })
        );
    }

    #[test]
    fn an_error_says_where_and_not_what() {
        let error = read(br#"{"prompt": "hunter2" oops"#).unwrap_err();
        assert_eq!(error.to_string(), "this is no JSON (line 1, column 22)");
    }
}
