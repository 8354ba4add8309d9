//! What holds for any masked text.

use guard::redact::{redact as mask, redact_json};
use serde_json::{Value, json};

/// The longest mark that stands for a secret.
const LONGEST_MARK: usize = "[masked: authorization]".len();

/// Masks the text, alone and in JSON, and checks what always holds of the result.
pub(crate) fn redact(data: &[u8]) {
    let text = String::from_utf8_lossy(data);

    let once = mask(&text);
    assert!(once.text.len() <= text.len() + once.count() * LONGEST_MARK);
    assert_eq!(once.count() == 0, once.text == text);
    // No secret that it knows is left, also none that the marks themselves bring about.
    let twice = mask(&once.text);
    assert_eq!(twice.masked, [], "{:?} became {:?}", once.text, twice.text);
    assert_eq!(twice.text, once.text);

    for mut value in [
        serde_json::from_str::<Value>(&text).unwrap_or_default(),
        json!({"stdout": text, "password": text, "parts": [text, {"api_key": text}]}),
    ] {
        let before = value.to_string().len();
        let count = redact_json(&mut value);
        assert!(value.to_string().len() <= before + count * LONGEST_MARK);
        let masked = value.clone();
        assert_eq!(redact_json(&mut value), 0, "{masked} became {value}");
    }

    let public = guard::without_private(&text);
    assert_eq!(guard::without_private(&public), public);
    let whole = guard::without_lone_surrogates(&text);
    assert_eq!(guard::without_lone_surrogates(&whole), whole);
    guard::swells(data);
}
