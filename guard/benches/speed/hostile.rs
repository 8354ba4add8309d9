//! Input made to hurt: what a shell would choke on, said again and again. The bench and the tests share it.

/// What is said again and again, to the end of the text: a JSON text on each line.
const PIECES: &str = include_str!("pieces.txt");

/// Values that are long, or many, and what carries them along.
const CARRIED: &str = include_str!("carried.txt");

/// The names of all hostile texts.
pub(crate) fn names() -> Vec<String> {
    let mut names = Vec::new();
    each(0, &mut |name, _| names.push(name.to_owned()));
    names
}

/// The text of this number, of about this many bytes.
pub(crate) fn text(size: usize, wanted: usize) -> Option<String> {
    let (mut index, mut found) = (0, None);
    each(size, &mut |_, make| {
        if index == wanted {
            found = Some(make());
        }
        index += 1;
    });
    found
}

/// Names every text, with what makes it: all of them together are too much to hold.
fn each(size: usize, add: &mut dyn FnMut(&str, &dyn Fn() -> String)) {
    for line in PIECES.lines().filter(|line| !line.starts_with('#')) {
        let piece: String = serde_json::from_str(line).expect("each line is a JSON text");
        let make = || piece.repeat(size / piece.len());
        add(&format!("{line} again and again"), &make);
    }

    let open_and_close = |open: &str, close: &str| {
        let times = size / (open.len() + close.len());
        format!("{}a{}", open.repeat(times), close.repeat(times))
    };
    for (open, close) in [
        ("(", ")"),
        ("$(", ")"),
        ("{ ", ";}"),
        ("${a:-", "}"),
        ("<(", ")"),
        ("if a; then ", "; fi"),
        ("f() { ", "; }"),
        ("\"$(", ")\""),
        ("{a,", "}"),
        ("$((", "))"),
        ("while a; do ", "; done"),
        ("WITH a AS (", ")"),
        ("for a in b; do ", "; done"),
    ] {
        add(&format!("{open:?} and as many {close:?}"), &|| {
            open_and_close(open, close)
        });
    }

    for line in CARRIED.lines().filter(|line| !line.starts_with('#')) {
        let [name, head, each, tail]: [String; 4] =
            serde_json::from_str(line).expect("each line is a list of four JSON texts");
        // The guard stops reading on the way: some of it ends before that, some behind.
        for (place, part) in [("", 1), (" at first", 10)] {
            add(&format!("{name}{place}"), &|| {
                let (head, tail) = (filled(&head, size), filled(&tail, size));
                let left = size.saturating_sub(head.len() + tail.len());
                let middle = each.repeat(left / part / each.len());
                let rest = " ".repeat(left - middle.len());
                format!("{head}{middle}{tail}{rest}")
            });
        }
    }
    add("a shell in a shell", &|| shells_in_shells(size));
}

/// Puts in what stands between the angle brackets.
fn filled(text: &str, size: usize) -> String {
    let mut pieces = text.split(['⟨', '⟩']);
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    while let Some(inner) = pieces.next() {
        match inner.split_once(' ') {
            None if inner == "long" => filled.push_str(&"x".repeat(size / 10)),
            None => filled.push_str(&"x ".repeat(size / 20)),
            Some((times, text)) => {
                let times: usize = times.parse().expect("a number and a text");
                for number in 0..times {
                    let text = text.replace('#', &number.to_string());
                    filled.push_str(&text);
                }
            }
        }
        filled.push_str(pieces.next().unwrap_or_default());
    }
    filled
}

/// Quoted again for each shell, so that the quotes double.
fn shells_in_shells(size: usize) -> String {
    let mut text = "rm -rf /".to_owned();
    while text.len() < size / 4 {
        text = format!("sh -c '{}'", text.replace('\'', "'\\''"));
    }
    text
}
