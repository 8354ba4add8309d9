//! Puts Fjord's entries into Claude Code's settings, and takes them out again, without touching anything else.
//!
//! The file's text is edited where the entries stand: foreign hooks, unknown keys, their order and the formatting
//! stay as they are. A file that is not what it should be is refused and left alone, because one bad entry makes
//! the client drop the user's own deny rules.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use config::hook::CONFIGURATION_LINK;
use config::{Environment, Paths, env};
use sha2::{Digest, Sha256};

mod edit;
mod entries;

/// The events that are taken.
pub const EVENTS: &[&str] = &[
    "PreToolUse",
    "PermissionRequest",
    "UserPromptSubmit",
    "PostToolUse",
    "PostToolUseFailure",
    "SessionStart",
    "SessionEnd",
    "Stop",
];
/// The program's name, by which Fjord's entries are known.
const PROGRAM: &str = "fjord-hook";
/// A larger settings file is refused.
const LARGEST_FILE: u64 = 8 << 20;
/// What a file that does not exist yet begins as.
const EMPTY: &str = "{}\n";

/// Whose settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `~/.claude/settings.json`, for all projects of the user.
    User,
    /// `.claude/settings.json` of a project, for all who work on it.
    Project,
    /// `.claude/settings.local.json` of a project, for this user only.
    Local,
}

impl std::str::FromStr for Scope {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "user" => Ok(Self::User),
            "project" => Ok(Self::Project),
            "local" => Ok(Self::Local),
            _ => Err(format!("`{word}` is none of user, project, local")),
        }
    }
}

/// What happens when `fjord-hook` itself fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The tool call goes on.
    Continue,
    /// The tool call is blocked (`onFailure`, `--strict`).
    Block,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The file is not settings as the client reads them.
    #[error("{} is left as it is: {why}", file.display())]
    Malformed {
        /// The settings file.
        file: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is no home folder to find the user's settings in.
    #[error("no home folder is known; name the settings with `--scope project --dir DIR`")]
    NoHome,
    /// A file cannot be read or written.
    #[error("cannot {what} {}: {source}", file.display())]
    Io {
        /// What was tried.
        what: &'static str,
        /// With which file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Done {
    /// The settings file.
    pub settings: PathBuf,
    /// Whether it was changed; `false`: it was right already.
    pub changed: bool,
    /// Where its bytes from before are kept.
    pub backup: Option<PathBuf>,
}

/// What is installed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Status {
    /// The settings file.
    pub settings: PathBuf,
    /// The events with an entry of Fjord's.
    pub events: Vec<String>,
    /// Whether every event has exactly the entry that `install` would write.
    pub complete: bool,
    /// The program that the entries name.
    pub program: Option<PathBuf>,
    /// Whether that is there.
    pub program_exists: bool,
}

/// Works on one settings file.
#[derive(Clone, Debug)]
pub struct Installer {
    settings: PathBuf,
    program: PathBuf,
    backups: PathBuf,
    wait_s: u64,
    configuration: PathBuf,
}

impl Installer {
    /// Names the files of a scope; `project` is the project's folder, `wait_s` how long a person is waited for.
    /// Does no I/O but follow a link.
    pub fn new(
        scope: Scope,
        project: &Path,
        environment: &Environment,
        wait_s: u64,
    ) -> Result<Self, InstallError> {
        let settings = match scope {
            Scope::User => environment
                .folder(env::CLAUDE_CONFIG_DIR)
                .or_else(|| Some(environment.folder(env::HOME)?.join(".claude")))
                .ok_or(InstallError::NoHome)?
                .join("settings.json"),
            Scope::Project => project.join(".claude/settings.json"),
            Scope::Local => project.join(".claude/settings.local.json"),
        };
        let paths = Paths::from(environment);
        Ok(Self {
            // Whoever keeps the settings elsewhere and links to them wants the link to stay.
            settings: settings.canonicalize().unwrap_or(settings),
            program: paths.bin_dir.join(PROGRAM),
            backups: paths.data_dir.join("backups"),
            wait_s,
            configuration: paths.config_file.with_file_name(""),
        })
    }

    /// Copies the program to its stable place and writes the entries.
    pub fn install(
        &self,
        program: &Path,
        failure: Failure,
        now: DateTime<Utc>,
    ) -> Result<Done, InstallError> {
        let before = self.read()?;
        let text = before.as_deref().unwrap_or(EMPTY);
        let after = entries::install(text, self.wanted(&self.program_text(), failure))
            .map_err(|why| self.malformed(why))?;
        self.copy_program(program)?;
        self.link_configuration()?;
        self.replace(before.as_deref(), &after, now)
    }

    /// Removes the entries; gives back the bytes from before where nothing else changed since.
    pub fn uninstall(&self, now: DateTime<Utc>) -> Result<Done, InstallError> {
        let Some(before) = self.read()? else {
            return Ok(Done {
                settings: self.settings.clone(),
                changed: false,
                backup: None,
            });
        };
        let without = entries::remove(&before).map_err(|why| self.malformed(why))?;
        let original = self
            .last_backup()
            .filter(|(_, original)| self.leads_to(original, &before));
        let (before, after) = match original {
            Some((_, original)) => (before, original),
            None if without == before => {
                return Ok(Done {
                    settings: self.settings.clone(),
                    changed: false,
                    backup: None,
                });
            }
            None if without == EMPTY && self.leads_to(EMPTY, &before) => {
                std::fs::remove_file(&self.settings).map_err(|source| self.io("remove", source))?;
                return Ok(Done {
                    settings: self.settings.clone(),
                    changed: true,
                    backup: None,
                });
            }
            None => (before, without),
        };
        self.replace(Some(&before), &after, now)
    }

    /// Says what is installed.
    pub fn status(&self) -> Result<Status, InstallError> {
        let text = self.read()?.unwrap_or_else(|| EMPTY.to_owned());
        let found = entries::find(&text).map_err(|why| self.malformed(why))?;
        let program = found.first().map(|entry| PathBuf::from(&entry.program));
        let complete = [Failure::Continue, Failure::Block]
            .into_iter()
            .any(|failure| {
                !found.is_empty()
                    && entries::install(&text, self.wanted(&self.program_text(), failure))
                        .is_ok_and(|after| after == text)
            });
        let mut events: Vec<String> = found.into_iter().map(|entry| entry.event).collect();
        events.dedup();
        Ok(Status {
            settings: self.settings.clone(),
            events,
            complete,
            program_exists: program.as_deref().is_some_and(Path::is_file),
            program,
        })
    }

    /// Whether installing into the original gives the present text: then nothing else changed.
    fn leads_to(&self, original: &str, present: &str) -> bool {
        [Failure::Continue, Failure::Block]
            .into_iter()
            .any(|failure| {
                entries::install(original, self.wanted(&self.program_text(), failure))
                    .is_ok_and(|text| text == present && original != present)
            })
    }

    fn wanted<'a>(&self, program: &'a str, failure: Failure) -> entries::Wanted<'a> {
        entries::Wanted {
            program,
            failure,
            wait_s: self.wait_s,
        }
    }

    fn program_text(&self) -> String {
        self.program.to_string_lossy().into_owned()
    }

    fn read(&self) -> Result<Option<String>, InstallError> {
        let about = match std::fs::metadata(&self.settings) {
            Ok(about) => about,
            Err(error) if error.kind() == ErrorKind::NotFound && !self.settings.is_symlink() => {
                return Ok(None);
            }
            Err(source) => return Err(self.io("read", source)),
        };
        if !about.is_file() || about.len() > LARGEST_FILE {
            return Err(self.malformed(format!(
                "it is no file of at most {} MB",
                LARGEST_FILE >> 20
            )));
        }
        let bytes = std::fs::read(&self.settings).map_err(|source| self.io("read", source))?;
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| self.malformed("it is no UTF-8 text".to_owned()))
    }

    /// Writes the new text beside the old and gives it the name; the old goes to a dated backup first.
    fn replace(
        &self,
        before: Option<&str>,
        after: &str,
        now: DateTime<Utc>,
    ) -> Result<Done, InstallError> {
        if before == Some(after) {
            return Ok(Done {
                settings: self.settings.clone(),
                changed: false,
                backup: None,
            });
        }
        let mut backup = None;
        let mut mode = 0o600;
        if let Some(before) = before {
            use std::os::unix::fs::PermissionsExt;
            // Renaming needs no right to the file itself; a read-only file is meant to stay.
            let open = std::fs::OpenOptions::new()
                .append(true)
                .open(&self.settings)
                .map_err(|source| self.io("write", source))?;
            mode = open
                .metadata()
                .map_err(|source| self.io("read", source))?
                .permissions()
                .mode()
                & 0o777;
            let file = self.backups.join(format!(
                "{}-{}.json",
                self.key(),
                now.format("%Y%m%dT%H%M%S%6fZ")
            ));
            agent::store::make_private_folder(&self.backups).map_err(|source| {
                InstallError::Io {
                    what: "make",
                    file: self.backups.clone(),
                    source,
                }
            })?;
            write_whole(&file, before.as_bytes(), 0o600).map_err(|source| InstallError::Io {
                what: "write",
                file: file.clone(),
                source,
            })?;
            backup = Some(file);
        }
        if let Some(folder) = self.settings.parent() {
            std::fs::create_dir_all(folder).map_err(|source| InstallError::Io {
                what: "make",
                file: folder.to_path_buf(),
                source,
            })?;
        }
        write_whole(&self.settings, after.as_bytes(), mode)
            .map_err(|source| self.io("write", source))?;
        Ok(Done {
            settings: self.settings.clone(),
            changed: true,
            backup,
        })
    }

    fn copy_program(&self, from: &Path) -> Result<(), InstallError> {
        let bytes = std::fs::read(from).map_err(|source| InstallError::Io {
            what: "read",
            file: from.to_path_buf(),
            source,
        })?;
        if std::fs::read(&self.program).is_ok_and(|present| present == bytes) {
            return Ok(());
        }
        let cannot = |source| InstallError::Io {
            what: "write",
            file: self.program.clone(),
            source,
        };
        if let Some(folder) = self.program.parent() {
            agent::store::make_private_folder(folder).map_err(cannot)?;
        }
        write_whole(&self.program, &bytes, 0o755).map_err(cannot)
    }

    /// Tells the program where the configuration is, so that no variable has to: see `config::hook::placed`.
    fn link_configuration(&self) -> Result<(), InstallError> {
        let link = self.program.with_file_name(CONFIGURATION_LINK);
        if std::fs::read_link(&link).is_ok_and(|present| present == self.configuration) {
            return Ok(());
        }
        let cannot = |source| InstallError::Io {
            what: "write",
            file: link.clone(),
            source,
        };
        let beside = link.with_extension("new");
        let _absent = std::fs::remove_file(&beside);
        std::os::unix::fs::symlink(&self.configuration, &beside).map_err(cannot)?;
        std::fs::rename(&beside, &link).map_err(cannot)
    }

    fn last_backup(&self) -> Option<(PathBuf, String)> {
        let key = self.key();
        let entries = std::fs::read_dir(&self.backups)
            .ok()?
            .filter_map(|entry| Some(entry.ok()?.path()));
        // The names end in the date.
        let last = entries
            .filter(|path| {
                path.file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with(&key))
            })
            .max()?;
        let text = std::fs::read_to_string(&last).ok()?;
        Some((last, text))
    }

    /// Tells the backups of one settings file from those of another.
    fn key(&self) -> String {
        use std::fmt::Write as _;
        let digest = Sha256::digest(self.settings.as_os_str().as_encoded_bytes());
        digest
            .iter()
            .take(6)
            .fold("claude-settings-".to_owned(), |mut key, byte| {
                let _ = write!(key, "{byte:02x}");
                key
            })
    }

    fn malformed(&self, why: String) -> InstallError {
        InstallError::Malformed {
            file: self.settings.clone(),
            why,
        }
    }

    fn io(&self, what: &'static str, source: std::io::Error) -> InstallError {
        InstallError::Io {
            what,
            file: self.settings.clone(),
            source,
        }
    }
}

fn write_whole(file: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
    let mut name = file.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = file.with_file_name(name);
    let written = std::fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(mode)
        .open(&temporary)
        .and_then(|mut open| {
            open.write_all(bytes)?;
            // The mode above is cut by the umask.
            open.set_permissions(std::fs::Permissions::from_mode(mode))?;
            open.sync_all()
        })
        .and_then(|()| std::fs::rename(&temporary, file));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests;
