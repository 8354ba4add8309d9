//! However a command is written, wrapped, encoded or sent elsewhere, it is judged as if it stood alone.
//!
//! The ways are text, one file a family, a way on a line. Marks stand for a command in some form
//! (see [`written`]), `\n` and `\t` for line breaks and tabs. Each way is tried with commands that
//! must be found, and with near twins that must stay silent.

use guard::{Facts, Project, Settings, ToolCall, Verdict, assess};
use serde_json::json;

const TABLES: &[(&str, &str)] = &[
    ("shell", include_str!("evasions/shell.txt")),
    ("wrappers", include_str!("evasions/wrappers.txt")),
    ("elsewhere", include_str!("evasions/elsewhere.txt")),
    ("code", include_str!("evasions/code.txt")),
];

/// Commands that must be found however they are written, and the near twin of each.
const COMMANDS: &[(&str, &str)] = &[
    ("rm -rf /", "ls -la src"),
    ("git push --force", "git status --short"),
    ("dropdb prod", "createdb scratch"),
];

fn verdict(command: &str) -> (Verdict, String) {
    let facts = Facts {
        project: Some(Project {
            root: "/home/ann/app".to_owned(),
            under_version_control: true,
        }),
        home: Some("/home/ann".to_owned()),
        ..Facts::default()
    };
    let input = json!({"command": command});
    let call = ToolCall {
        tool: "Bash",
        input: &input,
        cwd: "/home/ann/app",
    };
    let found = assess(&call, &facts, &Settings::default());
    (found.verdict, found.rule.unwrap_or_default())
}

/// A way with its marks replaced by forms of a command.
fn written(way: &str, command: &str) -> String {
    let (first, rest) = command.split_once(' ').expect("a command has words");
    let in_single = |text: &str| text.replace('\'', r"'\''");
    let in_double = |text: &str| {
        let mut quoted = String::new();
        for one in text.chars() {
            if "\\\"$`".contains(one) {
                quoted.push('\\');
            }
            quoted.push(one);
        }
        quoted
    };
    let each = |make: fn(u8) -> String| command.bytes().map(make).collect::<String>();
    let turned = |by: u8| {
        let turn = |one: char, first: u8| {
            char::from((u8::try_from(one).expect("ASCII") - first + by) % 26 + first)
        };
        command
            .chars()
            .map(|one| match one {
                'a'..='z' => turn(one, b'a'),
                'A'..='Z' => turn(one, b'A'),
                other => other,
            })
            .collect::<String>()
    };
    let way = way.replace("\\n", "\n").replace("\\t", "\t");
    let mut text = String::new();
    let mut pieces = way.split('@');
    text.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let mark = piece.chars().next().unwrap_or(' ');
        let form = match mark {
            // The command, its first word, the words after it.
            'P' => command.to_owned(),
            '1' => first.to_owned(),
            'R' => rest.to_owned(),
            // Quoted; inside single or double quotes; in a literal inside single quotes, once and twice.
            'Q' => format!("'{}'", in_single(command)),
            'S' => in_single(command),
            'D' => in_double(command),
            'C' => in_single(&in_double(command)),
            'c' => in_single(&in_double(&in_double(command))),
            // Encoded: base64, of UTF-16 too, hexadecimal, escapes, backwards, capitals, turned alphabets.
            'B' => base64(command.as_bytes()),
            'U' => base64(&command.bytes().flat_map(|one| [one, 0]).collect::<Vec<_>>()),
            'X' => each(|one| format!("{one:02x}")),
            'H' => each(|one| format!("\\x{one:02x}")),
            'O' => each(|one| format!("\\{one:03o}")),
            'V' => command.chars().rev().collect(),
            'I' => command.to_uppercase(),
            'T' => turned(13),
            'K' => turned(25),
            _ => {
                text.push('@');
                text.push_str(piece);
                continue;
            }
        };
        text.push_str(&form);
        text.push_str(&piece[1..]);
    }
    text
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for index in 0..4 {
            let letter = LETTERS[usize::try_from(bits >> (18 - 6 * index) & 63).expect("six bits")];
            text.push(if index <= chunk.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    text
}

fn ways(table: &str) -> impl Iterator<Item = &str> {
    table
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
}

#[test]
fn every_way_of_writing_a_command_is_seen_through() {
    let mut missed = Vec::new();
    let mut tried = 0;
    for (family, table) in TABLES {
        for way in ways(table) {
            for (command, _) in COMMANDS {
                let text = written(way, command);
                tried += 1;
                if verdict(&text).0 == Verdict::None {
                    missed.push(format!("{family}: {text}"));
                }
            }
        }
    }
    assert!(
        missed.is_empty(),
        "{} of {tried}:\n{}",
        missed.len(),
        missed.join("\n")
    );
}

#[test]
fn every_way_is_silent_on_near_twins() {
    let mut raised = Vec::new();
    let mut tried = 0;
    for (family, table) in TABLES {
        for way in ways(table) {
            for (_, twin) in COMMANDS {
                let text = written(way, twin);
                tried += 1;
                let (verdict, rule) = verdict(&text);
                if verdict != Verdict::None {
                    raised.push(format!("{family}: {rule}: {text}"));
                }
            }
        }
    }
    assert!(
        raised.is_empty(),
        "{} of {tried}:\n{}",
        raised.len(),
        raised.join("\n")
    );
}
