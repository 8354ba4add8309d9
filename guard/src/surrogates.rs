//! Halves of surrogate pairs in JSON text. `fjord-hook` and the daemon read the client's events with it.

/// Replaces `\ud800` without its partner by `\ufffd`: JavaScript writes such halves, JSON has no place for them.
pub fn without_lone_surrogates(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut result = String::with_capacity(text.len());
    let mut from = 0;
    let mut at = 0;
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

/// The number of a `\uXXXX` that stands here.
fn escape(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::without_lone_surrogates;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(without_lone_surrogates(text), expected);
    }

    #[test]
    fn a_half_is_replaced_and_a_pair_stays() {
        check(r"x\ud83dy", r"x\ufffdy");
        check(r"\ud83d\ude00", r"\ud83d\ude00");
        check(r"\ud83d\ud83d\ude00", r"\ufffd\ud83d\ude00");
    }

    #[test]
    fn an_escaped_backslash_and_an_escape_cut_off_stay() {
        check(r"\\ud83d", r"\\ud83d");
        check(r"\ud8", r"\ud8");
        check("\\", "\\");
    }
}
