//! The line of an output that tells what went wrong, and what of it is the same the next time.

/// The most lines that are looked at.
const MOST_LINES: usize = 400;
/// The longest line that is kept, in characters.
const LONGEST_LINE: usize = 240;
/// What a telling line holds, in lower case.
const TELLING: &[&str] = &[
    "error",
    "fatal",
    "failed",
    "failure",
    "cannot",
    "can't",
    "could not",
    "couldn't",
    "unable to",
    "not found",
    "no such",
    "denied",
    "exception",
    "panicked",
    "unknown",
    "undefined",
    "unresolved",
    "refused",
    "invalid",
    "missing",
    "unexpected",
    "not permitted",
    "does not exist",
    "doesn't exist",
    "is not",
    "conflict",
    "timed out",
    "already in use",
    "unrecognized",
    "mismatch",
    "no module",
];
/// What only counts, summarises or leads in.
const NOT_TELLING: &[&str] = &[
    "exit code ",
    "traceback (most recent",
    "0 errors",
    "no errors",
    "0 failed",
    "test result:",
    "error: could not compile",
    "error: test failed, to rerun",
    "npm err! code",
    "npm error code",
    "a complete log of this run",
    "errors:",
    "failures:",
    "error:",
    "failed:",
];
/// Ends of names that are hosts.
const TOP_LEVEL: &[&str] = &[
    "com", "net", "org", "io", "dev", "local", "internal", "example", "test", "lan", "app",
    "cloud", "de", "eu", "uk", "fr", "ch", "at", "us", "co",
];

/// Returns the first telling line of an output.
///
/// An error that Python or Node put behind its stack is found as well: their stacks tell nothing.
pub(crate) fn telling(output: &str) -> Option<String> {
    let lines = || {
        output
            .lines()
            .take(MOST_LINES)
            .map(str::trim)
            .filter(|line| line.len() > 3)
    };
    let found = lines().find(|line| is_telling(line)).or_else(|| {
        lines().find(|line| {
            let lower = line.to_lowercase();
            line.chars().filter(|one| one.is_alphabetic()).count() >= 8
                && !NOT_TELLING.iter().any(|no| lower.starts_with(no))
        })
    })?;
    Some(found.chars().take(LONGEST_LINE).collect())
}

/// Whether a line says that a word was not understood.
pub(crate) fn blames_a_word(line: &str) -> bool {
    let lower = line.to_lowercase();
    [
        "not found",
        "unknown",
        "unrecognized",
        "unexpected argument",
        "no such",
        "invalid",
        "missing script",
        "did you mean",
        "is not a",
        "no rule to make",
        "most similar",
        "does not exist",
        "unexpected option",
    ]
    .iter()
    .any(|word| lower.contains(word))
}

/// Blanks what differs from run to run: paths, numbers, hashes, ids, hosts, times, addresses.
pub(crate) fn blanked(line: &str) -> String {
    let words: Vec<String> = line.split_whitespace().map(blanked_word).collect();
    words.join(" ").to_lowercase()
}

fn is_telling(line: &str) -> bool {
    let lower = line.to_lowercase();
    if NOT_TELLING
        .iter()
        .any(|no| lower.starts_with(no) && (!no.ends_with(':') || lower.len() < no.len() + 4))
    {
        return false;
    }
    // A frame of a stack.
    if lower.starts_with("at ") || lower.starts_with("file \"") {
        return false;
    }
    TELLING.iter().any(|word| lower.contains(word))
}

fn blanked_word(word: &str) -> String {
    let is_edge = |one: char| "'\"`()[]{},;:.!?<>|=‘’“”".contains(one);
    let core = word.trim_matches(is_edge);
    if core.is_empty() {
        return word.to_owned();
    }
    let Some(at) = word.find(core) else {
        return word.to_owned();
    };
    let (before, after) = (&word[..at], &word[at + core.len()..]);
    let blank = match () {
        () if core.contains("://") => "<url>",
        () if is_uuid(core) || is_hash(core) => "<id>",
        () if is_host(core) => "<host>",
        () if core.contains('/') && core.len() > 1 || core.contains('\\') => "<path>",
        () if is_file_and_line(core) => "<path>",
        () if is_number(core) => "#",
        () => return word.to_owned(),
    };
    format!("{before}{blank}{after}")
}

fn is_uuid(word: &str) -> bool {
    word.len() == 36
        && word
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

fn is_hash(word: &str) -> bool {
    let word = word.strip_prefix("0x").unwrap_or(word);
    word.len() >= 7
        && word.bytes().all(|byte| byte.is_ascii_hexdigit())
        && word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Numbers, sizes, durations and times; not the codes of errors, which begin with letters.
fn is_number(word: &str) -> bool {
    let rest = word.trim_start_matches(['-', '+', '#', '~', '$']);
    rest.starts_with(|first: char| first.is_ascii_digit())
        && rest.chars().filter(|one| one.is_alphabetic()).count() <= 4
        && rest
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || ".:,-+/%µ_".contains(one))
}

/// `main.rs:12:5`, `app.py:7`
fn is_file_and_line(word: &str) -> bool {
    let mut parts = word.split(':');
    let file = parts.next().unwrap_or_default();
    let mut numbers = 0;
    let only_numbers = parts.all(|part| {
        numbers += 1;
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
    });
    numbers > 0 && only_numbers && file.contains('.')
}

fn is_host(word: &str) -> bool {
    let (name, port) = word.split_once(':').unwrap_or((word, ""));
    if !port.is_empty() && !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return false;
    }
    let name = name.rsplit('@').next().unwrap_or(name);
    let labels: Vec<&str> = name.split('.').collect();
    let is_address = labels.len() == 4
        && labels
            .iter()
            .all(|label| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_digit()));
    let is_name = labels.len() >= 2
        && labels.iter().all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
        && labels.last().is_some_and(|last| TOP_LEVEL.contains(last));
    is_address || is_name || (!port.is_empty() && name == "localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(output: &str, expected: &str) {
        assert_eq!(telling(output).as_deref().unwrap_or("nothing"), expected);
    }

    #[test]
    fn the_first_telling_line_is_found() {
        check(
            "Exit code 101\n   Compiling api v0.1.0\nerror[E0432]: unresolved import `x`\nerror: could not compile `api`",
            "error[E0432]: unresolved import `x`",
        );
        check(
            "Exit code 1\nTraceback (most recent call last):\n  File \"/srv/a.py\", line 3, in <module>\nModuleNotFoundError: No module named 'yaml'",
            "ModuleNotFoundError: No module named 'yaml'",
        );
        check(
            "Exit code 1\n\n> api@1.0.0 test\nsomething strange happened",
            "something strange happened",
        );
        check("Exit code 1", "nothing");
        check("Exit code 2\n1 2 3", "nothing");
    }

    #[track_caller]
    fn same(one: &str, other: &str, expected: bool) {
        assert_eq!(
            blanked(one) == blanked(other),
            expected,
            "{} {}",
            blanked(one),
            blanked(other)
        );
    }

    #[test]
    fn what_differs_from_run_to_run_is_blank() {
        same(
            "error: /srv/a/x.rs:12:5 is bad",
            "error: /home/b/y.rs:7:1 is bad",
            true,
        );
        same(
            "connect to 10.0.0.7:5432 refused after 30s",
            "connect to 10.0.0.9:5432 refused after 12s",
            true,
        );
        same(
            "lock 3f2a9bc77d of 2026-01-02T03:04:05Z",
            "lock 99aa77bb12 of 2026-05-06T07:08:09Z",
            true,
        );
        same(
            "cannot reach db1.example.com",
            "cannot reach db2.example.com",
            true,
        );
        same(
            "job 5f6c1e2a-0000-4000-8000-000000000001 failed",
            "job 6f6c1e2a-0000-4000-8000-000000000002 failed",
            true,
        );
    }

    #[test]
    fn what_tells_errors_apart_stays() {
        same(
            "error[E0432]: unresolved",
            "error[E0433]: unresolved",
            false,
        );
        same("No module named 'yaml'", "No module named 'toml'", false);
        same(
            "error TS2304: Cannot find name 'x'",
            "error TS2305: Cannot find name 'x'",
            false,
        );
        same(
            "No module named 'foo.bar'",
            "No module named 'foo.baz'",
            false,
        );
    }
}
