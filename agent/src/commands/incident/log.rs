//! The end of a log file, and the lines of it that say most.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use guard::redact::redact;
use rustix::fs::OFlags;

/// How much is read from the end of a file.
const BYTES: u64 = 256 * 1024;
/// How many of the last lines are looked at.
const LINES: usize = 200;
/// The longest line that is kept, in characters.
const LINE_LIMIT: usize = 300;
/// How many lines are picked at most.
const PICKED: usize = 12;
/// How many of these may belong to a stack trace, and how many may be ordinary.
const TRACES: usize = 4;
const ORDINARY: usize = 3;

/// What a line is, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// An error or worse.
    Error,
    /// Part of a stack trace.
    Trace,
    /// A warning.
    Warning,
    /// Anything else.
    Ordinary,
}

/// A line picked from a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Picked {
    pub(super) weight: Weight,
    /// The line as it stood last, secrets masked.
    pub(super) text: String,
    /// How many lines had its shape.
    pub(super) count: usize,
}

/// Reads the last lines of a file, secrets masked. Blocks; never on a pipe or a device.
pub(super) fn tail(path: &Path) -> Result<Vec<String>, String> {
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let plain = |error: std::io::Error| error.to_string();
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)
        .map_err(plain)?;
    let about = file.metadata().map_err(plain)?;
    if !about.is_file() {
        return Err("it is not a file".to_owned());
    }
    let begin = about.len().saturating_sub(BYTES);
    file.seek(SeekFrom::Start(begin)).map_err(plain)?;
    let mut bytes = Vec::new();
    file.take(BYTES).read_to_end(&mut bytes).map_err(plain)?;
    if begin > 0 {
        // The first line is cut; without any line end all is one line.
        let end = bytes.iter().position(|&byte| byte == b'\n');
        bytes.drain(..end.map_or(0, |end| end + 1));
    }
    Ok(lines(&bytes))
}

fn lines(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    // As a whole: a private key spans lines.
    let text = redact(&text).text;
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LINES)..]
        .iter()
        .map(|line| shown(line))
        .filter(|line| !line.trim().is_empty())
        .collect()
}

/// Without colours and other things a terminal would obey.
fn shown(line: &str) -> String {
    let mut out = String::new();
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' && characters.peek() == Some(&'[') {
            characters.next();
            while characters
                .next()
                .is_some_and(|part| !part.is_ascii_alphabetic())
            {}
        } else if character == '\t' {
            out.push_str("    ");
        } else if !character.is_control() {
            out.push(character);
        }
        if out.len() > LINE_LIMIT * 4 {
            break;
        }
    }
    if out.chars().count() > LINE_LIMIT {
        out = out.chars().take(LINE_LIMIT - 1).collect();
        out.push('…');
    }
    out
}

/// Picks the lines that say most, in the order of the log; lines of one shape become one.
pub(super) fn pick(lines: &[String]) -> Vec<Picked> {
    let mut shapes: HashMap<String, (usize, usize, Weight)> = HashMap::new();
    let mut in_trace = false;
    for (at, line) in lines.iter().enumerate() {
        let weight = weigh(line, in_trace);
        in_trace = weight <= Weight::Trace;
        let entry = shapes.entry(shape(line)).or_insert((at, 0, weight));
        *entry = (at, entry.1 + 1, entry.2.min(weight));
    }
    let mut order: Vec<(usize, usize, Weight)> = shapes.into_values().collect();
    order.sort_by_key(|&(at, _, weight)| (weight, std::cmp::Reverse(at)));
    let mut room = [PICKED, TRACES, PICKED, ORDINARY];
    order.retain(|&(_, _, weight)| {
        let left = &mut room[weight as usize];
        let fits = *left > 0;
        *left = left.saturating_sub(1);
        fits
    });
    order.truncate(PICKED);
    order.sort_by_key(|&(at, _, _)| at);
    order
        .into_iter()
        .map(|(at, count, weight)| Picked {
            weight,
            text: lines[at].trim_end().to_owned(),
            count,
        })
        .collect()
}

fn weigh(line: &str, in_trace: bool) -> Weight {
    let lower = line.to_lowercase();
    let trimmed = lower.trim_start();
    let indented = line.starts_with("  ");
    let continues = ["at ", "caused by", "file \"", "... ", "from ", "in "]
        .iter()
        .any(|begin| trimmed.starts_with(begin));
    if in_trace && (trimmed.starts_with("caused by") || (indented && continues)) {
        return Weight::Trace;
    }
    let words = |wanted: &[&str]| {
        lower
            .split(|character: char| !character.is_ascii_alphanumeric())
            .any(|word| wanted.contains(&word))
    };
    let errors = [
        "error",
        "errors",
        "err",
        "fatal",
        "panic",
        "panicked",
        "critical",
        "crit",
        "emerg",
        "alert",
        "severe",
        "failed",
        "failure",
        "fail",
        "exception",
        "traceback",
        "refused",
        "segfault",
        "oom",
        "killed",
        "denied",
        "unreachable",
    ];
    // A count of none is no error.
    let none =
        lower.contains("0 errors") || lower.contains("errors=0") || lower.contains("error=null");
    let named = lower.contains("exception:") || lower.contains("error:");
    if (words(&errors) || named) && !none || server_error(&lower) {
        return Weight::Error;
    }
    if in_trace && indented {
        return Weight::Trace;
    }
    let warnings = [
        "warn",
        "warning",
        "warnings",
        "timeout",
        "retry",
        "retrying",
        "slow",
        "deprecated",
        "degraded",
    ];
    if words(&warnings) || lower.contains("timed out") {
        return Weight::Warning;
    }
    Weight::Ordinary
}

/// An access log's or a structured log's 5xx.
fn server_error(lower: &str) -> bool {
    let is_5xx = |text: &str| {
        let digits: String = text
            .trim_start_matches([' ', '"', ':', '='])
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        digits.len() == 3 && digits.starts_with('5')
    };
    ["\" ", "status", "http ", "http/1.1 ", "code"]
        .iter()
        .any(|before| {
            lower
                .match_indices(before)
                .any(|(at, found)| is_5xx(&lower[at + found.len()..]))
        })
}

/// A line without what differs each time: numbers, ids, addresses.
fn shape(line: &str) -> String {
    let mut out = String::new();
    for word in line.split_whitespace() {
        let is_id = word.len() >= 8
            && word.chars().any(|character| character.is_ascii_digit())
            && word
                .chars()
                .all(|character| character.is_ascii_hexdigit() || !character.is_alphanumeric());
        if is_id {
            out.push('#');
        } else {
            let mut digits = false;
            for character in word.chars() {
                if !character.is_ascii_digit() {
                    out.push(character);
                } else if !digits {
                    out.push('#');
                }
                digits = character.is_ascii_digit();
            }
        }
        out.push(' ');
    }
    out
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[track_caller]
    fn check(lines: &[&str], expected: &[(&str, usize)]) {
        let lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        let picked = pick(&lines);
        let picked: Vec<(&str, usize)> = picked
            .iter()
            .map(|line| (line.text.as_str(), line.count))
            .collect();
        assert_eq!(picked, expected);
    }

    #[test]
    fn lines_of_one_shape_become_one_with_their_count() {
        check(
            &[
                "2025-03-01T12:00:00Z ERROR cannot connect to 10.0.0.7:5432",
                "2025-03-01T12:00:05Z ERROR cannot connect to 10.0.0.7:5432",
                "2025-03-01T12:00:09Z ERROR cannot connect to 10.0.0.8:5432",
            ],
            &[(
                "2025-03-01T12:00:09Z ERROR cannot connect to 10.0.0.8:5432",
                3,
            )],
        );
    }

    #[test]
    fn a_stack_trace_stays_with_its_error() {
        check(
            &[
                "listening",
                "java.lang.IllegalStateException: no pool",
                "    at app.Db.open(Db.java:10)",
                "Caused by: java.net.ConnectException: refused",
                "still listening",
            ],
            &[
                ("listening", 1),
                ("java.lang.IllegalStateException: no pool", 1),
                ("    at app.Db.open(Db.java:10)", 1),
                ("Caused by: java.net.ConnectException: refused", 1),
                ("still listening", 1),
            ],
        );
    }

    #[test]
    fn errors_leave_no_room_for_chatter() {
        let words = [
            "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
            "eleven", "twelve", "thirteen",
        ];
        let mut lines: Vec<String> = words.iter().map(|word| format!("ERROR {word}")).collect();
        lines.extend(words.iter().map(|word| format!("info {word}")));
        let picked = pick(&lines);
        assert_eq!(picked.len(), PICKED);
        assert!(picked.iter().all(|line| line.weight == Weight::Error));
        assert_eq!(picked[0].text, "ERROR two");
    }

    #[track_caller]
    fn check_weight(line: &str, expected: Weight) {
        assert_eq!(weigh(line, false), expected, "{line}");
    }

    #[test]
    fn lines_are_weighed_by_what_they_say() {
        check_weight("level=error msg=\"no route\"", Weight::Error);
        check_weight("GET /cart HTTP/1.1\" 502 157", Weight::Error);
        check_weight("{\"status\":503,\"path\":\"/\"}", Weight::Error);
        check_weight("thread 'main' panicked at src/main.rs", Weight::Error);
        check_weight("WARN pool is nearly full", Weight::Warning);
        check_weight("request timed out, will try again", Weight::Warning);
        check_weight("GET /cart HTTP/1.1\" 200 500", Weight::Ordinary);
        check_weight("done: 0 errors", Weight::Ordinary);
        check_weight("terrors of the deep", Weight::Ordinary);
    }

    #[test]
    fn the_end_of_a_large_and_broken_file_is_read() {
        let path = std::env::temp_dir().join(format!("fjord-log-{}.log", std::process::id()));
        let mut file = std::fs::File::create(&path).unwrap();
        for number in 0..50_000 {
            writeln!(file, "line {number}").unwrap();
        }
        file.write_all(b"\xff\xfe \x1b[31mred\x1b[0m\n").unwrap();
        let lines = tail(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert_eq!(lines.len(), LINES);
        assert_eq!(lines[0], "line 49801");
        assert_eq!(lines[LINES - 1], "\u{fffd}\u{fffd} red");
    }

    #[test]
    fn what_is_no_file_is_not_read() {
        assert_eq!(
            tail(Path::new("/dev/null")),
            Err("it is not a file".to_owned())
        );
        assert_eq!(
            tail(&std::env::temp_dir()),
            Err("it is not a file".to_owned())
        );
        assert!(tail(Path::new("/nowhere/at/all")).is_err());
    }
}
