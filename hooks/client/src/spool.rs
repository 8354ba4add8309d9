//! Keeps events on disk until the daemon takes them: one file an event, written whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use serde_json::Value;

/// How many events may wait.
const MOST_FILES: usize = 10_000;
/// How many bytes may wait.
const MOST_BYTES: u64 = 64 << 20;
/// Among fewer files a small event is not weighed.
const FEW_FILES: usize = 1_000;
/// Holds one byte for each event that found no place.
const DROPPED: &str = "dropped";

/// Writes `<id>.json`. False: an event over the bound, which is counted and not kept.
pub(crate) fn keep(folder: &Path, id: &str, event: &Value) -> io::Result<bool> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    let text = event.to_string();
    if !has_room(folder, text.len() as u64, MOST_FILES, MOST_BYTES)? {
        return count_dropped(folder).map(|()| false);
    }
    let hidden = folder.join(format!(".{id}.tmp"));
    let written = write(&hidden, text.as_bytes())
        .and_then(|()| fs::rename(&hidden, folder.join(format!("{id}.json"))));
    if written.is_err() {
        let _ = fs::remove_file(&hidden);
    }
    written.map(|()| true)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(bytes)
}

/// Looking at each file takes time, so among few files a small event has room unseen: all of these together are no
/// larger than the bound itself.
fn has_room(folder: &Path, size: u64, most_files: usize, most_bytes: u64) -> io::Result<bool> {
    let is_small = size <= most_bytes / FEW_FILES as u64;
    if is_small && fs::read_dir(folder)?.take(FEW_FILES).count() < FEW_FILES.min(most_files) {
        return Ok(true);
    }
    let (mut files, mut bytes) = (0, size);
    for entry in fs::read_dir(folder)? {
        files += 1;
        // Whoever takes events out may take this one just now.
        bytes += entry?.metadata().map_or(0, |metadata| metadata.len());
    }
    Ok(files < most_files && bytes <= most_bytes)
}

/// Appends one byte, which needs no lock: the file's length is the count.
fn count_dropped(folder: &Path) -> io::Result<()> {
    let mut file: File = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(folder.join(DROPPED))?;
    file.write_all(b".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_count_files_and_bytes() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.json"), "12345").unwrap();
        assert!(has_room(folder.path(), 5, 2, 10).unwrap());
        assert!(!has_room(folder.path(), 6, 2, 10).unwrap());
        assert!(!has_room(folder.path(), 5, 1, 10).unwrap());
    }

    #[test]
    fn a_small_event_is_not_weighed_among_few_files() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.json"), vec![0; 20_000]).unwrap();
        assert!(has_room(folder.path(), 10, 2, 10_000).unwrap());
        assert!(!has_room(folder.path(), 11, 2, 10_000).unwrap());
        assert!(!has_room(folder.path(), 10, 1, 10_000).unwrap());
    }

    #[test]
    fn what_finds_no_place_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        count_dropped(folder.path()).unwrap();
        count_dropped(folder.path()).unwrap();
        assert_eq!(fs::metadata(folder.path().join(DROPPED)).unwrap().len(), 2);
    }
}
