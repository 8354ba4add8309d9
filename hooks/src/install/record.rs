//! What was installed where. `uninstall` finds the bytes from before by it, and `fjord-hook` the entries that should
//! be there when a session changes its settings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use config::Paths;
use config::hook::INSTALLED;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::InstallError;
use super::file::{cannot, write_whole};

/// What is known of one settings file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Installed {
    /// The group under each event, as it was written.
    pub(super) hooks: Map<String, Value>,
    /// Digest of the whole text that was written.
    #[serde(default)]
    pub(super) written: String,
    /// What was there before.
    #[serde(default)]
    pub(super) original: Original,
}

/// What was there before Fjord's entries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Original {
    /// Not known: the entries are cut out.
    #[default]
    Unknown,
    /// Nothing; whether the folder was made as well.
    Nothing {
        /// The folder goes, too, when it is empty.
        folder_made: bool,
    },
    /// This backup.
    Backup(PathBuf),
}

/// The file with all of it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Records {
    files: BTreeMap<PathBuf, Installed>,
    /// A person takes the entries out: since when, seconds of the epoch.
    leaving: BTreeMap<PathBuf, i64>,
}

/// Holds the file while it is read and written.
#[derive(Debug)]
pub(super) struct Book {
    file: PathBuf,
    _lock: std::fs::File,
    pub(super) records: Records,
}

impl Book {
    /// Opens the book and keeps others out until it is dropped. A broken one is begun anew.
    pub(super) fn open(paths: &Paths) -> Result<Self, InstallError> {
        let file = paths.data_dir.join(INSTALLED);
        agent::store::make_private_folder(&paths.data_dir)
            .map_err(|source| cannot("make", &paths.data_dir, source))?;
        let lock = file.with_extension("lock");
        let held = std::fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock)
            .and_then(|open| open.lock().map(|()| open))
            .map_err(|source| cannot("lock", &lock, source))?;
        Ok(Self {
            records: Records::read(&file),
            file,
            _lock: held,
        })
    }

    /// Writes it.
    pub(super) fn save(&self) -> Result<(), InstallError> {
        let text = serde_json::to_vec(&self.records).unwrap_or_default();
        write_whole(&self.file, &text, 0o600).map_err(|source| cannot("write", &self.file, source))
    }
}

impl Records {
    fn read(file: &Path) -> Self {
        std::fs::read(file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    pub(super) fn of(&self, settings: &Path) -> Option<&Installed> {
        self.files.get(settings)
    }

    pub(super) fn put(&mut self, settings: &Path, installed: Installed) {
        self.leaving.remove(settings);
        self.files.insert(settings.to_path_buf(), installed);
    }

    /// Notes that a person takes the entries out now, before it is done: the client tells its hooks at once.
    pub(super) fn leave(&mut self, settings: &Path, now: i64) {
        // Those of other days say nothing any more.
        self.leaving.retain(|_, since| now - *since < 3_600);
        self.leaving.insert(settings.to_path_buf(), now);
    }

    /// Takes out what is known; the note of leaving stays for a minute.
    pub(super) fn forget(&mut self, settings: &Path) {
        self.files.remove(settings);
    }
}

/// Tells one text from another.
pub(super) fn digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// Writes bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
