//! The two files and the copy in memory.

use std::fs::Metadata;
use std::io::{Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};
use config::Paths;
use serde::Serialize;
use tokio::sync::{MutexGuard, Notify};

use super::Snapshot;

/// How old an unchanged file may get before it is written again for its time alone.
const STAMP_AFTER: TimeDelta = TimeDelta::seconds(60);
/// A larger file is not ours.
const LARGEST_FILE: u64 = 256 * 1024 * 1024;

/// The two files of one store, and what was last known of it.
#[derive(Debug)]
pub struct SnapshotFile {
    file: PathBuf,
    inventory_file: PathBuf,
    /// The store that the snapshot must be of.
    store: String,
    known: RwLock<Option<Arc<Snapshot>>>,
    /// The file that was read last.
    looked: Mutex<Option<Stamp>>,
    written_at: RwLock<Option<DateTime<Utc>>>,
    is_changed: AtomicBool,
    changed: Notify,
    turn: tokio::sync::Mutex<()>,
}

/// What tells one version of the file from the next, which is another file of that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    inode: u64,
    seconds: i64,
    nanoseconds: i64,
    size: u64,
}

impl SnapshotFile {
    /// Names the files and the store they must be of. Does no I/O.
    pub fn new(paths: &Paths, store: String) -> Self {
        Self {
            file: paths.snapshot.clone(),
            inventory_file: paths.inventory.clone(),
            store,
            known: RwLock::default(),
            looked: Mutex::default(),
            written_at: RwLock::default(),
            is_changed: AtomicBool::new(false),
            changed: Notify::new(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Says that the inventory or a deployment changed: the store is read before the command
    /// returns, and by [`super::keep`] now.
    pub fn changed(&self) {
        self.mark_changed();
        self.changed.notify_one();
    }

    /// Returns what is known of the store: from memory, or from the disk when another process wrote there.
    pub fn current(&self) -> Option<Arc<Snapshot>> {
        if let Some(newer) = self.written_by_others() {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            if known
                .as_deref()
                .is_none_or(|known| known.taken_at <= newer.taken_at)
            {
                *known = Some(Arc::new(newer));
            }
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }

    /// Reads the file if it is another than last time, and of this store.
    fn written_by_others(&self) -> Option<Snapshot> {
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = Stamp::of(&std::fs::metadata(&self.file).ok()?);
        if looked.replace(stamp) == Some(stamp) {
            return None;
        }
        match read(&self.file) {
            Ok(snapshot) => snapshot.filter(|snapshot| snapshot.store == self.store),
            Err(error) => {
                tracing::warn!(%error, file = %self.file.display(), "the snapshot cannot be read; the next one replaces it");
                None
            }
        }
    }

    /// Returns whether a first read has to write the files. What another store wrote stays, since
    /// asking once with another configuration must not change what the guard knows.
    pub(super) fn is_missing(&self) -> bool {
        if self.current().is_some() {
            return !self.inventory_file.exists();
        }
        match read(&self.file) {
            Ok(Some(other)) => other.store.is_empty(),
            Ok(None) | Err(_) => true,
        }
    }

    pub(super) fn is_changed(&self) -> bool {
        self.is_changed.load(Ordering::Acquire)
    }

    pub(super) fn mark_changed(&self) {
        self.is_changed.store(true, Ordering::Release);
    }

    pub(super) fn take_changed(&self) {
        self.is_changed.store(false, Ordering::Release);
    }

    /// Waits until somebody says that something changed.
    pub(super) async fn told(&self) {
        self.changed.notified().await;
    }

    pub(super) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Remembers a snapshot, and writes it when it says something new.
    pub(super) async fn keep(&self, snapshot: Arc<Snapshot>) -> std::io::Result<()> {
        let taken_at = snapshot.taken_at;
        let due = self.is_due(&snapshot);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&snapshot));
        if !due {
            return Ok(());
        }
        let (file, inventory_file) = (self.file.clone(), self.inventory_file.clone());
        tokio::task::spawn_blocking(move || {
            write(&inventory_file, &snapshot.inventory, taken_at)?;
            write(&file, &*snapshot, taken_at)
        })
        .await
        .map_err(std::io::Error::other)??;
        *self
            .written_at
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(taken_at);
        Ok(())
    }

    fn is_due(&self, snapshot: &Snapshot) -> bool {
        let written_at = *self
            .written_at
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let (Some(written_at), Some(known)) = (written_at, known.as_deref()) else {
            return true;
        };
        !known.says_the_same_as(snapshot)
            || snapshot.taken_at - written_at >= STAMP_AFTER
            || !self.file.exists()
            || !self.inventory_file.exists()
    }
}

impl Stamp {
    fn of(file: &Metadata) -> Self {
        Self {
            inode: file.ino(),
            seconds: file.mtime(),
            nanoseconds: file.mtime_nsec(),
            size: file.size(),
        }
    }
}

pub(super) fn read(file: &Path) -> std::io::Result<Option<Snapshot>> {
    let open = match std::fs::File::open(file) {
        Ok(open) => open,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    open.take(LARGEST_FILE).read_to_end(&mut bytes)?;
    let snapshot: Snapshot = serde_json::from_slice(&bytes)?;
    Ok(Some(snapshot.with_inventory()))
}

/// Several processes write: each into a file of its own, which then takes the name.
pub(super) fn write<T: Serialize>(
    file: &Path,
    value: &T,
    at: DateTime<Utc>,
) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let bytes = serde_json::to_vec(value)?;
    if let Some(folder) = file.parent() {
        crate::store::make_private_folder(folder)?;
    }
    let temporary = file.with_extension(format!(
        "{}-{}.tmp",
        std::process::id(),
        at.timestamp_micros()
    ));
    let written = std::fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&temporary)
        .and_then(|mut open| open.write_all(&bytes))
        .and_then(|()| std::fs::rename(&temporary, file));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}
