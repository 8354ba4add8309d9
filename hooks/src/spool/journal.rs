//! The daemon's own part of the spool: one file to which every event adds a line, closed when the store takes it.
//!
//! A line that was written survives `kill -9`, as the system holds it; a power cut may lose the last seconds.
//! While it is written the file is hidden and locked. Closed, it is called `<id>.jsonl` and never written again.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use agent::Observation;
use serde_json::json;

use super::{DROPPED, is_hidden};

/// How many bytes may wait for the store, as in `fjord-hook`.
const MOST_BYTES: u64 = 64 << 20;
/// A file of this size is closed, so that what is read again after a failure stays small.
const LARGEST: u64 = 4 << 20;
/// How the file is called while it is written.
const OPEN_END: &str = ".log";
/// And then.
pub(super) const END: &str = "jsonl";

/// The daemon's way into the spool. Waits for the disk: call it where waiting is fine.
#[derive(Clone, Debug)]
pub(crate) struct Journal {
    folder: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    open: Option<Open>,
    /// Bytes in all files that are not in the store yet.
    waiting: u64,
}

#[derive(Debug)]
struct Open {
    file: File,
    id: String,
    size: u64,
}

impl Journal {
    /// Makes the way; what a killed daemon left is closed, so that it is taken in.
    pub(crate) fn new(folder: &Path) -> Self {
        let mut state = State::default();
        for path in files(folder) {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if is_hidden(&path) && name.ends_with(OPEN_END) {
                // One that is locked is written by somebody just now.
                let is_left = File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
                let id = name.trim_start_matches('.').trim_end_matches(OPEN_END);
                let closed = folder.join(format!("{id}.{END}"));
                if is_left && std::fs::rename(&path, &closed).is_ok() {
                    state.waiting += size_of(&closed);
                }
            } else if path.extension().is_some_and(|end| end == END) {
                state.waiting += size_of(&path);
            }
        }
        Self {
            folder: folder.to_path_buf(),
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Adds an event, on the disk when this returns. What finds no place is counted.
    pub(crate) fn keep(&self, observation: &Observation) -> std::io::Result<()> {
        let mut value = json!({ "observation": observation });
        guard::redact::redact_json(&mut value);
        let line = format!("{value}\n");
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.waiting + line.len() as u64 > MOST_BYTES {
            agent::store::make_private_folder(&self.folder)?;
            return private(OpenOptions::new().append(true).create(true))
                .open(self.folder.join(DROPPED))?
                .write_all(b".");
        }
        let mut open = match state.open.take() {
            Some(open) => open,
            None => self.begin()?,
        };
        let written = open.file.write_all(line.as_bytes());
        if written.is_err() {
            // A torn line in the middle would take the next one with it.
            if open.file.set_len(open.size).is_ok() {
                state.open = Some(open);
            } else {
                self.close(&open);
            }
            return written;
        }
        open.size += line.len() as u64;
        state.waiting += line.len() as u64;
        if open.size < LARGEST {
            state.open = Some(open);
        } else {
            self.close(&open);
        }
        Ok(())
    }

    /// Closes the file that is written, so that it can be read.
    pub(super) fn seal(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = state.open.take() {
            self.close(&open);
        }
    }

    /// Makes room: so many bytes are in the store.
    pub(super) fn stored(&self, bytes: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting = state.waiting.saturating_sub(bytes);
    }

    fn begin(&self) -> std::io::Result<Open> {
        agent::store::make_private_folder(&self.folder)?;
        let id = agent::ids::ordered().to_string();
        let path = self.folder.join(format!(".{id}{OPEN_END}"));
        let file = private(OpenOptions::new().append(true).create_new(true)).open(path)?;
        file.try_lock().map_err(std::io::Error::from)?;
        Ok(Open { file, id, size: 0 })
    }

    /// Gives the file its last name. One that cannot be renamed is found at the next start.
    fn close(&self, Open { id, .. }: &Open) {
        let hidden = self.folder.join(format!(".{id}{OPEN_END}"));
        let closed = self.folder.join(format!("{id}.{END}"));
        if let Err(error) = std::fs::rename(hidden, closed) {
            tracing::warn!(%error, "events wait in the spool until the next start");
        }
    }
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options.mode(0o600)
}

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
}

fn size_of(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |about| about.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn observation(event: &str) -> Observation {
        Observation {
            event: event.to_owned(),
            session: "s".to_owned(),
            cwd: "/srv".to_owned(),
            name: "Stop".to_owned(),
            tool: None,
            detail: json!({}),
            at: None,
            verdict: None,
            rule: None,
        }
    }

    fn named(folder: &Path, end: &str) -> Vec<PathBuf> {
        files(folder)
            .filter(|path| path.to_string_lossy().ends_with(end))
            .collect()
    }

    #[test]
    fn a_line_is_an_event_and_a_closed_file_is_not_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(folder.path());
        for event in ["e1", "e2"] {
            journal.keep(&observation(event)).unwrap();
        }
        assert!(named(folder.path(), ".jsonl").is_empty());
        journal.seal();
        journal.keep(&observation("e3")).unwrap();
        let closed = named(folder.path(), ".jsonl");
        let text = std::fs::read_to_string(&closed[0]).unwrap();
        assert_eq!((closed.len(), text.lines().count()), (1, 2), "{text}");
    }

    #[test]
    fn what_a_killed_daemon_left_is_closed_and_what_another_writes_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let live = Journal::new(folder.path());
        live.keep(&observation("e1")).unwrap();
        Journal::new(folder.path());
        assert_eq!(named(folder.path(), ".log").len(), 1);
        drop(live);
        let next = Journal::new(folder.path());
        assert_eq!(named(folder.path(), ".jsonl").len(), 1);
        let waiting = next.state.lock().unwrap().waiting;
        assert!(waiting > 0, "{waiting}");
    }

    #[test]
    fn what_finds_no_place_is_counted_until_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::new(folder.path());
        journal.state.lock().unwrap().waiting = MOST_BYTES;
        journal.keep(&observation("e1")).unwrap();
        journal.keep(&observation("e2")).unwrap();
        assert_eq!(size_of(&folder.path().join(DROPPED)), 2);
        journal.stored(MOST_BYTES);
        journal.keep(&observation("e3")).unwrap();
        assert_eq!(named(folder.path(), ".log").len(), 1);
    }
}
