//! The ways to break an event.

use serde_json::{Map, Value, json};

/// Numbers from a seed, the same each time (`SplitMix64`).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, which is not 0.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).unwrap()
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Breaks an event in one of the ways; says which.
#[expect(clippy::too_many_lines, reason = "one arm a way to break an event")]
pub(super) fn broken(event: &[u8], random: &mut Random) -> (&'static str, Vec<u8>) {
    let mut value: Value = serde_json::from_slice(event).unwrap();
    let mut text = String::from_utf8(event.to_vec()).unwrap();
    match random.below(16) {
        0 => {
            with_some_field(&mut value, random, |fields, key| {
                fields.remove(key);
            });
            ("a field is missing", bytes_of(&value))
        }
        1 => {
            for number in 0..=random.below(40) {
                value[format!("new_{number}")] = odd_value(random);
            }
            ("fields are new", bytes_of(&value))
        }
        2 => {
            let other = odd_value(random);
            with_some_field(&mut value, random, |fields, key| {
                fields.insert(key.to_owned(), other);
            });
            ("a field is of another type", bytes_of(&value))
        }
        3 => {
            let unit = *random.of(&[
                "x",
                "ä",
                "\u{1f600}",
                "\\",
                "\"",
                "\n",
                "$(",
                "'",
                "a b ",
                "\0",
            ]);
            let long = Value::String(unit.repeat(1 + random.below(30_000)));
            with_some_field(&mut value, random, |fields, key| {
                fields.insert(key.to_owned(), long);
            });
            ("a text is huge", bytes_of(&value))
        }
        4 => {
            let half = *random.of(&[
                "\\ud83d",
                "\\udc00",
                "\\ud83d\\ud83d",
                "\\udfff\\ud800",
                "\\ud83",
            ]);
            insert_in_text(&mut text, half, random);
            ("half a surrogate pair", text.into_bytes())
        }
        5 => {
            let mut bytes = event.to_vec();
            for _ in 0..=random.below(4) {
                let at = random.below(bytes.len());
                bytes.insert(at, *random.of(&[0xff, 0xc0, 0x80, 0xed, 0xf5]));
            }
            ("bad bytes", bytes)
        }
        6 => {
            let key = *random.of(&[
                "hook_event_name",
                "tool_name",
                "tool_input",
                "session_id",
                "cwd",
            ]);
            let twice = format!("{{\"{key}\":{},", odd_value(random));
            text.replace_range(..1, &twice);
            ("a key stands twice", text.into_bytes())
        }
        7 => {
            let deep = 1 + random.below(3_000);
            let (open, close) = *random.of(&[("[", "]"), ("{\"a\":", "}")]);
            let nested = format!("{{\"deep\":{}1{},", open.repeat(deep), close.repeat(deep));
            text.replace_range(..1, &nested);
            ("nested deep", text.into_bytes())
        }
        8 => ("cut off", event[..random.below(event.len())].to_vec()),
        9 => {
            let between = *random.of(&["", "\n", " ", ","]);
            ("twice in one", [event, between.as_bytes(), event].concat())
        }
        10 => ("a byte order mark", [b"\xef\xbb\xbf", event].concat()),
        11 => {
            let mut bytes = event.to_vec();
            bytes.insert(random.below(event.len()), 0);
            ("a NUL", bytes)
        }
        12 => {
            let mut bytes = event.to_vec();
            for _ in 0..=random.below(8) {
                let at = random.below(bytes.len());
                bytes[at] = u8::try_from(random.below(256)).unwrap();
            }
            ("other bytes", bytes)
        }
        13 => {
            let number = *random.of(&[
                "1e999",
                "-0",
                "18446744073709551616",
                "-1",
                "0.1e-400",
                "00",
                "NaN",
            ]);
            text.replace_range(..1, &format!("{{\"duration_ms\":{number},"));
            ("an odd number", text.into_bytes())
        }
        14 => {
            let name = *random.of(&[
                "",
                "pretooluse",
                "PreToolUse ",
                "SomethingNew",
                "Pre\u{0}ToolUse",
                "\u{202e}Stop",
            ]);
            value["hook_event_name"] = json!(name);
            ("another name", bytes_of(&value))
        }
        _ => {
            let mut pretty = serde_json::to_string_pretty(&value).unwrap();
            let blanks = ["\r\n\t ", "\n", "\u{feff}"];
            let before = blanks[random.below(blanks.len())];
            pretty.insert_str(0, before);
            ("other white space", pretty.into_bytes())
        }
    }
}

fn bytes_of(value: &Value) -> Vec<u8> {
    let mut bytes = value.to_string().into_bytes();
    bytes.push(b'\n');
    bytes
}

fn odd_value(random: &mut Random) -> Value {
    random
        .of(&[
            json!(null),
            json!(true),
            json!(-7),
            json!(1.5e300),
            json!(""),
            json!("/etc/passwd\n--rm"),
            json!([]),
            json!([[], {}, null, "a"]),
            json!({}),
            json!({ "command": ["rm", "-rf", "/"] }),
            json!({ "command": "rm -rf /", "file_path": 1 }),
        ])
        .clone()
}

/// Changes one field, at the top or one of its objects.
fn with_some_field(
    value: &mut Value,
    random: &mut Random,
    change: impl FnOnce(&mut Map<String, Value>, &str),
) {
    let mut fields = value.as_object_mut().unwrap();
    loop {
        let keys: Vec<String> = fields.keys().cloned().collect();
        let key = random.of(&keys);
        let goes_deeper = random.below(2) == 0
            && fields[key]
                .as_object()
                .is_some_and(|inner| !inner.is_empty());
        if !goes_deeper {
            change(fields, key);
            return;
        }
        fields = fields[key].as_object_mut().unwrap();
    }
}

/// Puts something behind a quotation mark.
fn insert_in_text(text: &mut String, what: &str, random: &mut Random) {
    let marks: Vec<usize> = text.match_indices('"').map(|(at, _)| at + 1).collect();
    text.insert_str(*random.of(&marks), what);
}
