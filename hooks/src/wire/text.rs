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
    let repaired = guard::without_lone_surrogates(&text);
    serde_json::from_str(&repaired).map_err(|_| WireError::Syntax {
        line: error.line(),
        column: error.column(),
    })
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
