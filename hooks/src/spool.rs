//! Events that waited on disk, because the daemon or the store was away: taken in, each exactly once.
//!
//! `fjord-hook` writes `<id>.json` with the event as the client sent it, secrets masked. The daemon adds lines
//! `{"observation": …}` to its `Journal`. The id is unique in the store, so what is taken twice counts once.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use agent::store::NewEvent;
use agent::store::rows::Severity;
use agent::{Agent, Error, Observation};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::record::{self, Record};
use crate::wire::HookInput;

mod journal;

pub(crate) use journal::Journal;

/// Files of `fjord-hook` taken in one go; the rest comes with the next.
const AT_ONCE: usize = 5_000;
/// Events stored in one transaction, and the bytes of it.
const TOGETHER: usize = 256;
const BYTES_TOGETHER: usize = 1 << 20;
/// A larger file is not ours.
const LARGEST_FILE: u64 = 64 << 20;
/// Holds one byte for each event that found no place, as in `fjord-hook`.
const DROPPED: &str = "dropped";
/// How the daemon's half-written files ended before it had a journal.
const OWN_END: &str = ".daemon.tmp";
/// Where broken files go.
const BAD: &str = "bad";

/// Stores what waits in the spool and removes it; returns how many events were taken.
///
/// A broken file is moved to `spool/bad/`. With the store down everything stays.
pub async fn take_in(agent: &Agent) -> usize {
    pass(agent, &Journal::new(&agent.paths().spool_dir))
        .await
        .taken
}

/// What came of one go through the spool.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pass {
    /// Events that are in the store now.
    pub(crate) taken: usize,
    /// Files that stay for the next time.
    pub(crate) left: usize,
    /// Whether the store made it end early.
    pub(crate) is_store_down: bool,
}

/// Goes through the spool once.
pub(crate) async fn pass(agent: &Agent, journal: &Journal) -> Pass {
    let folder = agent.paths().spool_dir.clone();
    let listed = {
        let (folder, journal) = (folder.clone(), journal.clone());
        tokio::task::spawn_blocking(move || {
            journal.seal();
            list(&folder)
        })
        .await
    };
    let (closed, single) = listed.unwrap_or_default();
    let mut pass = Pass {
        left: closed.len() + single.len(),
        ..Pass::default()
    };
    if let Err(error) = take_all(agent, journal, (&closed, &single), &mut pass).await {
        pass.is_store_down = true;
        tracing::debug!(%error, "the spool waits for the store");
    }
    tracing::debug!(pass.taken, pass.left, "the spool was gone through");
    pass
}

/// An error: the store is down.
async fn take_all(
    agent: &Agent,
    journal: &Journal,
    (closed, single): (&[PathBuf], &[PathBuf]),
    pass: &mut Pass,
) -> Result<(), Error> {
    tell_dropped(agent).await?;
    for file in closed {
        take_closed(agent, journal, file, pass).await?;
    }
    let folder = &agent.paths().spool_dir;
    let mut files = single.iter().take(AT_ONCE).peekable();
    while files.peek().is_some() {
        let (mut batch, mut done) = (Vec::new(), Vec::new());
        for file in files.by_ref().take(TOGETHER) {
            let path = file.clone();
            let spooled =
                tokio::task::spawn_blocking(move || read(&path).unwrap_or_else(Spooled::Broken));
            match spooled.await.unwrap_or(Spooled::Gone) {
                Spooled::Event(record) => {
                    batch.extend(record::kept(agent, *record).await);
                    done.push(file);
                }
                Spooled::Silent => done.push(file),
                Spooled::Gone => pass.left -= 1,
                Spooled::Broken(why) => {
                    tracing::warn!(why, file = %file.display(), "a spooled file is no event; it is moved to `bad`");
                    set_aside(folder, file);
                    pass.left -= 1;
                }
            }
        }
        store(agent, batch).await?;
        pass.taken += done.len();
        pass.left -= done.len();
        for file in done {
            remove(file);
        }
    }
    Ok(())
}

/// Takes in one file of the daemon, some of its events at a time.
async fn take_closed(
    agent: &Agent,
    journal: &Journal,
    file: &Path,
    pass: &mut Pass,
) -> Result<(), Error> {
    let Ok(open) = std::fs::File::open(file) else {
        return Ok(());
    };
    let mut lines = BufReader::new(open);
    let (mut events, mut bytes) = (0, 0);
    loop {
        let read = tokio::task::spawn_blocking(move || {
            let read = some_of(&mut lines);
            (read, lines)
        });
        match read.await {
            Ok((Ok((_, 0)), _)) => break,
            Ok((Ok((batch, read)), rest)) => {
                events += batch.len();
                bytes += read as u64;
                lines = rest;
                store(agent, batch).await?;
            }
            Ok((Err(error), _)) => {
                tracing::warn!(%error, file = %file.display(), "the spooled events stay for the next time");
                return Ok(());
            }
            Err(_) => return Ok(()),
        }
    }
    remove(file);
    journal.stored(bytes);
    pass.taken += events;
    pass.left -= 1;
    Ok(())
}

/// Reads the next observations and tells how many bytes they took. A last line without an end was never confirmed.
fn some_of(lines: &mut impl BufRead) -> std::io::Result<(Vec<Observation>, usize)> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    while batch.len() < TOGETHER && bytes < BYTES_TOGETHER {
        let mut line = Vec::new();
        bytes += lines.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            break;
        }
        let observation = serde_json::from_slice(&line)
            .ok()
            .and_then(|mut value: Value| value.get_mut("observation").map(Value::take))
            .and_then(|observation| serde_json::from_value::<Observation>(observation).ok());
        if let Some(observation) = observation.filter(|observation| is_id(&observation.event)) {
            batch.push(observation);
        } else {
            tracing::warn!("a line of the spool is no event; it is passed over");
        }
    }
    Ok((batch, bytes))
}

/// Stores events together; where the store refuses one of them, each alone. An error: the store is down.
async fn store(agent: &Agent, batch: Vec<Observation>) -> Result<(), Error> {
    if batch.is_empty() {
        return Ok(());
    }
    match record::store(agent, batch.clone()).await {
        Ok(()) => return Ok(()),
        Err(error @ Error::Unavailable { .. }) => return Err(error),
        Err(_) => {}
    }
    let folder = agent.paths().spool_dir.join(BAD);
    for observation in batch {
        let event = observation.event.clone();
        let text = serde_json::json!({ "observation": observation }).to_string();
        match record::store(agent, vec![observation]).await {
            Ok(()) => {}
            Err(error @ Error::Unavailable { .. }) => return Err(error),
            Err(error) => {
                tracing::warn!(%error, event, "the store refuses an event; it is written to `bad`");
                let written = agent::store::make_private_folder(&folder)
                    .and_then(|()| std::fs::write(folder.join(format!("{event}.json")), text));
                if let Err(error) = written {
                    tracing::warn!(%error, event, "the event is lost");
                }
            }
        }
    }
    Ok(())
}

/// What a file of the spool turned out to be.
enum Spooled {
    /// An event to be stored.
    Event(Box<Record>),
    /// An event of which nothing is kept.
    Silent,
    /// Somebody else took it.
    Gone,
    /// No event; the text says why.
    Broken(String),
}

fn read(file: &Path) -> Result<Spooled, String> {
    // A pipe would hold everything up behind it, and a link leads to what is not ours.
    if std::fs::symlink_metadata(file).is_ok_and(|about| !about.is_file()) {
        return Err("it is no regular file".to_owned());
    }
    let open = match std::fs::File::open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Spooled::Gone),
        Err(error) => return Err(error.to_string()),
    };
    let mut bytes = Vec::new();
    open.take(LARGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LARGEST_FILE {
        return Err(format!("it is larger than {} MB", LARGEST_FILE >> 20));
    }
    let id = file
        .file_stem()
        .and_then(|stem| stem.to_str())
        .filter(|id| is_id(id))
        .ok_or("its name is no event id")?;
    if guard::swells(&bytes) {
        return Err("it holds too many values".to_owned());
    }
    let mut value: Value =
        serde_json::from_slice(&bytes).map_err(|_| "it is no JSON".to_owned())?;
    if let Some(spooled) = value.get_mut("observation") {
        let mut observation: Observation = serde_json::from_value(spooled.take())
            .map_err(|_| "it is no observation".to_owned())?;
        id.clone_into(&mut observation.event);
        return Ok(Spooled::Event(Box::new(Record::spooled(observation))));
    }
    let input = HookInput::from_value(value).map_err(|error| error.to_string())?;
    Ok(Record::of(&input, id, time_of(id))
        .map_or(Spooled::Silent, |record| Spooled::Event(Box::new(record))))
}

/// An id as clients make them, and nothing that leads out of a folder.
pub(crate) fn is_id(id: &str) -> bool {
    (1..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// The client's ids are version 7 UUIDs, which hold the time.
fn time_of(id: &str) -> Option<DateTime<Utc>> {
    let (seconds, nanoseconds) = uuid::Uuid::try_parse(id).ok()?.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanoseconds)
}

/// The daemon's closed files, and the files of single events.
fn list(folder: &Path) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return (Vec::new(), Vec::new());
    };
    let (mut closed, mut single) = (Vec::new(), Vec::new());
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        match path.extension().and_then(|end| end.to_str()) {
            _ if is_hidden(&path) => {}
            Some(journal::END) if path.is_file() => closed.push(path),
            Some("json") => single.push(path),
            _ => {}
        }
    }
    // The names begin with the time.
    closed.sort();
    single.sort();
    (closed, single)
}

/// Removes what a writer that was killed left half done: the daemon's own at once, others after an hour.
pub(crate) fn sweep(folder: &Path, now: DateTime<Utc>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let is_old = || {
            let written = std::fs::metadata(&path)
                .and_then(|about| about.modified())
                .map(DateTime::<Utc>::from);
            written.is_ok_and(|written| now - written > TimeDelta::hours(1))
        };
        let is_half_written = path.extension().is_some_and(|end| end == "tmp");
        if is_half_written && (name.ends_with(OWN_END) || is_old()) {
            remove(&path);
        }
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn set_aside(folder: &Path, file: &Path) {
    let bad = folder.join(BAD);
    let moved = agent::store::make_private_folder(&bad).and_then(|()| match file.file_name() {
        Some(name) => std::fs::rename(file, bad.join(name)),
        None => Ok(()),
    });
    if let Err(error) = moved {
        tracing::warn!(%error, file = %file.display(), "the broken file cannot be moved");
    }
}

fn remove(file: &Path) {
    if let Err(error) = std::fs::remove_file(file)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, file = %file.display(), "the spooled event is stored, but its file cannot be removed");
    }
}

/// Tells of events that found no place: in the log, and as an event of Fjord's own. An error: the store is down.
async fn tell_dropped(agent: &Agent) -> Result<(), Error> {
    let file = agent.paths().spool_dir.join(DROPPED);
    let Ok(about) = std::fs::metadata(&file) else {
        return Ok(());
    };
    let (events, what) = match about.len() {
        1 => (1, "event"),
        events => (events, "events"),
    };
    let event = NewEvent {
        at: agent.now(),
        server: None,
        service: None,
        event_type: "hooks".to_owned(),
        severity: Severity::Warning,
        title: format!(
            "{events} {what} of coding sessions found no place in the spool and are lost"
        ),
        description: None,
        metadata: serde_json::json!({ "events": events }),
    };
    agent.store().insert_event(&event).await?;
    tracing::warn!(events, "the spool was full; these events are lost");
    remove(&file);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_an_event_is_in_its_id() {
        let at = time_of("0192f3a4-5b6c-7000-8000-000000000001").unwrap();
        assert_eq!(at.timestamp_millis(), 0x0192_f3a4_5b6c);
        assert_eq!(time_of("e1"), None);
    }

    #[test]
    fn what_a_killed_writer_left_is_swept_away() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".a.daemon.tmp", ".b.tmp", "c.json"] {
            std::fs::write(folder.path().join(name), "{").unwrap();
        }
        let left = || std::fs::read_dir(folder.path()).unwrap().count();
        let written: DateTime<Utc> = std::fs::metadata(folder.path().join(".b.tmp"))
            .unwrap()
            .modified()
            .unwrap()
            .into();
        sweep(folder.path(), written);
        assert_eq!(left(), 2);
        sweep(folder.path(), written + TimeDelta::hours(2));
        assert_eq!(left(), 1);
    }

    #[test]
    fn an_id_never_leads_out_of_the_folder() {
        assert!(is_id("0192f3a4-5b6c-7000-8000-000000000001"));
        assert!(!is_id("../x") && !is_id("") && !is_id(".bad") && !is_id("a b"));
    }
}
