//! JSON that takes little to send and much to hold: `[0,0,0,…` grows to sixteen times its size when it is parsed.

/// The most values that one event may hold. Real ones hold a few thousand.
const MOST_VALUES: usize = 500_000;

/// Tells whether a JSON text holds more values than an event may; looks at it without parsing.
pub fn swells(json: &[u8]) -> bool {
    // No text holds more values than bytes.
    if json.len() <= MOST_VALUES {
        return false;
    }
    let mut values = 1_usize;
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        at += 1;
        match byte {
            b'"' => at = end_of_text(json, at),
            b',' | b'[' | b'{' => values += 1,
            _ => {}
        }
    }
    values > MOST_VALUES
}

/// Returns where the text that begins at `at` is over.
fn end_of_text(json: &[u8], mut at: usize) -> usize {
    while let Some(found) = json
        .get(at..)
        .and_then(|rest| rest.iter().position(|byte| matches!(byte, b'"' | b'\\')))
    {
        at += found;
        if json[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::swells;

    #[test]
    fn many_small_values_swell_and_a_long_text_does_not() {
        let many = format!("[{}0]", "0,".repeat(600_000));
        assert!(swells(many.as_bytes()));
        let text = format!(r#"{{"stdout":"{}\","}}"#, r"[1,\\,{\u0041".repeat(200_000));
        assert!(!swells(text.as_bytes()));
        assert!(swells(format!(r#"["\\",{many}]"#).as_bytes()));
        assert!(!swells(b"[0,0]"));
    }
}
