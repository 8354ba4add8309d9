//! Commands that a person has let through at a terminal: `fjord guard allow` writes them, everybody who judges reads them.
//!
//! One JSON object a line, in a file of its own. A line that cannot be read is reported and passed over. A line stays
//! for a time after its end, so that the file is also the record of who allowed what.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::problem::{Origin, Problem};

/// A larger file was not written by Fjord.
const MOST_BYTES: u64 = 1 << 20;
/// More lines than this are not kept: the oldest that have ended go first.
const MOST_LINES: usize = 500;

/// The strictest verdict that is let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Strictness {
    /// A question.
    Ask,
    /// A denial too.
    Deny,
}

/// One command that a person has let through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// What `fjord guard disallow` takes.
    pub id: String,
    /// All words of the parsed command; `*` fits any text in a word, a last `*` any further words.
    pub command: String,
    /// Where it runs: a host, such as `docker exec`, or empty for this machine.
    #[serde(default)]
    pub place: String,
    /// The absolute folder it must run in or below; empty: any.
    #[serde(default)]
    pub folder: String,
    /// The rules that are kept silent, at least one.
    pub rules: Vec<String>,
    /// The strictest verdict that is let through.
    pub up_to: Strictness,
    /// Why.
    pub reason: String,
    /// Who, as `user@host`.
    pub who: String,
    /// When it was made, as `2026-01-31T10:00:00Z`.
    pub created: String,
    /// The last moment it counts, in the same form.
    pub until: String,
    /// When a person ended it, in the same form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<String>,
    /// Who ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<String>,
    /// Whether the store has an audit row of it; when it was down, this line is the record.
    #[serde(default)]
    pub audited: bool,
}

impl Allowed {
    /// Tells whether it counts at a moment written as `2026-01-31T10:00:00Z`.
    pub fn counts(&self, now: &str) -> bool {
        self.ended.is_none() && now <= self.until.as_str()
    }

    fn fault(&self) -> Option<&'static str> {
        if !is_moment(&self.until) || !is_moment(&self.created) {
            return Some("`created` and `until` must be moments such as \"2027-01-31T10:00:00Z\"");
        }
        if self.rules.is_empty() || self.rules.iter().any(String::is_empty) {
            return Some("`rules` must name rules");
        }
        let empty = [&self.id, &self.command, &self.reason, &self.who]
            .iter()
            .any(|text| text.trim().is_empty());
        empty.then_some("`id`, `command`, `reason` and `who` must not be empty")
    }
}

/// Why the file was not changed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {what} {}: {source}", file.display())]
pub struct AllowedError {
    what: &'static str,
    file: std::path::PathBuf,
    source: std::io::Error,
}

/// Reads what has not been ended by a person; nothing when there is no file.
///
/// An open that fails is all that an absent file costs.
pub fn read(file: &Path) -> (Vec<Allowed>, Vec<Problem>) {
    let (mut lines, problems) = read_all(file);
    lines.retain(|allowed| allowed.ended.is_none());
    (lines, problems)
}

/// Reads every line, also what has ended.
pub fn read_all(file: &Path) -> (Vec<Allowed>, Vec<Problem>) {
    match read_bytes(file) {
        Ok(bytes) => {
            let (lines, problems) = parse(file, &bytes);
            (lines.into_iter().filter_map(Result::ok).collect(), problems)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => (Vec::new(), Vec::new()),
        Err(error) => (
            Vec::new(),
            vec![problem(file, None, &format!("cannot be read: {error}"))],
        ),
    }
}

/// Changes the file: two that change it at once wait for each other, and a reader sees it as it was or as it becomes.
///
/// Lines that cannot be read are kept as they are.
pub fn change<T>(
    file: &Path,
    now: &str,
    act: impl FnOnce(&mut Vec<Allowed>) -> T,
) -> Result<T, AllowedError> {
    let failed = |what| {
        move |source| AllowedError {
            what,
            file: file.to_owned(),
            source,
        }
    };
    if let Some(folder) = file.parent() {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(failed("make the folder of"))?;
    }
    let lock = private(&file.with_extension("lock")).map_err(failed("lock"))?;
    lock.lock().map_err(failed("lock"))?;
    let bytes = match read_bytes(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(failed("read")(error)),
    };
    let mut allowed = Vec::new();
    let mut strange = Vec::new();
    for line in parse(file, &bytes).0 {
        match line {
            Ok(line) => allowed.push(line),
            Err(line) => strange.push(line),
        }
    }
    let outcome = act(&mut allowed);
    forget_oldest(&mut allowed, now);
    let mut text = strange.join("\n");
    for line in allowed
        .iter()
        .filter_map(|line| serde_json::to_string(line).ok())
    {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&line);
    }
    text.push('\n');
    let beside = file.with_extension("new");
    let written = private(&beside).and_then(|mut new| {
        new.set_len(0)?;
        new.write_all(text.as_bytes())?;
        new.sync_all()
    });
    written.map_err(failed("write"))?;
    std::fs::rename(&beside, file).map_err(failed("replace"))?;
    Ok(outcome)
}

/// What has ended goes first, the oldest first; what counts is never forgotten.
fn forget_oldest(lines: &mut Vec<Allowed>, now: &str) {
    let mut surplus = lines.len().saturating_sub(MOST_LINES);
    lines.retain(|line| {
        let goes = surplus > 0 && !line.counts(now);
        surplus -= usize::from(goes);
        !goes
    });
}

fn private(file: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(file)
}

fn read_bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let opened = File::open(file)?;
    if !opened.metadata()?.is_file() {
        return Err(std::io::Error::other("it is no plain file"));
    }
    opened.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(std::io::Error::other("it is larger than 1 MB"));
    }
    Ok(bytes)
}

/// Each line as what it says, or as it stands when it cannot be read.
fn parse(file: &Path, bytes: &[u8]) -> (Vec<Result<Allowed, String>>, Vec<Problem>) {
    let mut lines = Vec::new();
    let mut problems = Vec::new();
    for (index, line) in bytes.split(|&byte| byte == b'\n').enumerate() {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let read = serde_json::from_slice::<Allowed>(line)
            .map_err(|_| "is no exception as `fjord guard allow` writes it")
            .and_then(|allowed| match allowed.fault() {
                None => Ok(allowed),
                Some(fault) => Err(fault),
            });
        match read {
            Ok(allowed) => lines.push(Ok(allowed)),
            Err(why) => {
                problems.push(problem(
                    file,
                    Some(index + 1),
                    &format!("{why}; the line is passed over"),
                ));
                lines.push(Err(String::from_utf8_lossy(line).into_owned()));
            }
        }
    }
    (lines, problems)
}

fn problem(file: &Path, line: Option<usize>, message: &str) -> Problem {
    Problem {
        origin: Origin::File {
            path: file.to_owned(),
            line,
        },
        message: message.to_owned(),
    }
}

/// Tells whether text is a moment as it is written here, `2026-01-31T10:00:00Z`; such texts order like the times.
fn is_moment(text: &str) -> bool {
    let form = b"dddd-dd-ddTdd:dd:ddZ";
    text.len() == form.len()
        && text.bytes().zip(form).all(|(byte, wanted)| match wanted {
            b'd' => byte.is_ascii_digit(),
            other => byte == *other,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-05-02T10:00:00Z";

    fn allowed(id: &str, until: &str) -> Allowed {
        Allowed {
            id: id.to_owned(),
            command: "docker volume rm scratch-*".to_owned(),
            place: String::new(),
            folder: String::new(),
            rules: vec!["containers.volume-remove".to_owned()],
            up_to: Strictness::Deny,
            reason: "rebuilt".to_owned(),
            who: "ann@desk".to_owned(),
            created: NOW.to_owned(),
            until: until.to_owned(),
            ended: None,
            ended_by: None,
            audited: false,
        }
    }

    #[test]
    fn what_is_written_is_read_and_only_the_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("data/allowed.jsonl");
        assert_eq!(read(&file), (Vec::new(), Vec::new()));
        let one = allowed("a", "2026-05-02T12:00:00Z");
        change(&file, NOW, |lines| lines.push(one.clone())).unwrap();
        assert_eq!(read(&file), (vec![one], Vec::new()));
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_line_that_cannot_be_read_is_reported_passed_over_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("allowed.jsonl");
        let good = serde_json::to_string(&allowed("a", "2026-05-02T12:00:00Z")).unwrap();
        let endless = serde_json::to_string(&allowed("b", "never")).unwrap();
        std::fs::write(&file, format!("{{\"id\":\n\n{good}\n{endless}\n\u{0}")).unwrap();
        let (lines, problems) = read(&file);
        assert_eq!(lines.len(), 1);
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(
            said[0].contains("allowed.jsonl:1: is no exception"),
            "{said:?}"
        );
        assert!(
            said[1].contains("allowed.jsonl:4: `created` and `until`"),
            "{said:?}"
        );
        assert_eq!(said.len(), 3, "{said:?}");
        change(&file, NOW, |lines| {
            lines.push(allowed("c", "2026-05-02T12:00:00Z"));
        })
        .unwrap();
        let (lines, problems) = read(&file);
        assert_eq!((lines.len(), problems.len()), (2, 3));
    }

    #[test]
    fn two_who_write_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("allowed.jsonl");
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let file = &file;
                scope.spawn(move || {
                    for line in 0..20 {
                        let id = format!("{writer}-{line}");
                        change(file, NOW, |lines| {
                            lines.push(allowed(&id, "2026-05-02T12:00:00Z"));
                        })
                        .unwrap();
                    }
                });
            }
        });
        assert_eq!(read(&file).0.len(), 160);
    }

    #[test]
    fn what_has_ended_is_forgotten_first_and_what_counts_never() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("allowed.jsonl");
        change(&file, NOW, |lines| {
            lines.extend(
                (0..MOST_LINES).map(|id| allowed(&format!("old-{id}"), "2026-01-01T00:00:00Z")),
            );
            lines.extend(
                (0..MOST_LINES).map(|id| allowed(&format!("new-{id}"), "2026-05-03T00:00:00Z")),
            );
        })
        .unwrap();
        let (lines, _) = read(&file);
        assert_eq!(lines.len(), MOST_LINES);
        assert!(lines.iter().all(|line| line.counts(NOW)));
    }

    #[test]
    fn a_file_that_is_none_lets_nothing_through() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(read(folder.path()).1.len(), 1);
        let large = folder.path().join("large");
        File::create(&large)
            .unwrap()
            .set_len(MOST_BYTES + 1)
            .unwrap();
        let (lines, problems) = read(&large);
        assert_eq!((lines.len(), problems.len()), (0, 1));
        assert!(change(&large, NOW, |_| ()).is_err());
    }
}
