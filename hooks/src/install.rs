//! Puts Fjord's entries into Claude Code's settings, and takes them out again, without touching anything else.
//!
//! The file's text is edited where the entries stand: foreign hooks, unknown keys, their order and the formatting
//! stay as they are. A file that is not what it should be is refused and left alone, because one bad entry makes
//! the client drop the user's own deny rules.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use config::hook::CONFIGURATION_LINK;
use config::{Environment, Paths, env};
use sha2::{Digest, Sha256};

mod check;
mod edit;
mod entries;
mod events;
mod file;
mod plugin;
mod record;
mod switches;

pub use check::Problem;
pub use events::events;
pub use switches::{SwitchedOff, switched_off};

use file::cannot;
use record::{Book, Installed, Original, digest, hex};

/// The program's name, by which Fjord's entries are known.
const PROGRAM: &str = "fjord-hook";
/// What a file that does not exist yet begins as.
const EMPTY: &str = "{}\n";

/// How long things may take; the client is told to wait longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    /// How long a person is waited for, seconds.
    pub person_s: u64,
    /// The deadline of most events, milliseconds.
    pub deadline_ms: u64,
    /// The deadline of a prompt, milliseconds.
    pub prompt_ms: u64,
}

impl From<&config::Hooks> for Waits {
    fn from(hooks: &config::Hooks) -> Self {
        Self {
            person_s: hooks.approve_wait_s,
            deadline_ms: hooks.deadline_ms,
            prompt_ms: hooks.prompt_deadline_ms,
        }
    }
}

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
    /// Somebody else wrote to the file meanwhile.
    #[error("{} was changed by somebody else just now and is left as it is; try again", file.display())]
    Changed {
        /// The settings file.
        file: PathBuf,
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
    /// Entries of others that the client does not take.
    pub problems: Vec<Problem>,
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
    /// Whether that is the one that `install` puts there, so that it may be run without a second thought.
    pub program_is_ours: bool,
    /// Entries that the client does not take.
    pub problems: Vec<Problem>,
}

/// Works on one settings file.
#[derive(Clone, Debug)]
pub struct Installer {
    settings: PathBuf,
    program: PathBuf,
    paths: Paths,
    waits: Waits,
}

impl Installer {
    /// Names the files of a scope; `project` is the project's folder. Does no I/O but follow a link.
    pub fn new(
        scope: Scope,
        project: &Path,
        environment: &Environment,
        waits: Waits,
    ) -> Result<Self, InstallError> {
        let settings = settings_file(scope, project, environment).ok_or(InstallError::NoHome)?;
        let paths = Paths::from(environment);
        let program = paths.bin_dir.join(PROGRAM);
        if program.to_str().is_none() {
            let source = std::io::Error::other("its path is no UTF-8 text, which JSON cannot hold");
            return Err(cannot("name", &program, source));
        }
        Ok(Self {
            // Whoever keeps the settings elsewhere and links to them wants the link to stay.
            settings: real(&settings),
            program,
            paths,
            waits,
        })
    }

    /// Copies the program to its stable place and writes the entries.
    pub fn install(
        &self,
        program: &Path,
        failure: Failure,
        now: DateTime<Utc>,
    ) -> Result<Done, InstallError> {
        let mut book = Book::open(&self.paths)?;
        let before = file::read(&self.settings)?;
        let present = before.as_deref().unwrap_or(EMPTY);
        let (settings, own) = entries::find(present).map_err(|why| self.malformed(why))?;
        let problems = check::problems(&without_own(&settings, present));
        if let Some(fatal) = problems.first().filter(|problem| problem.drops_file) {
            return Err(self.malformed(format!("{fatal}; mend it first")));
        }
        // What an earlier install wrote and nobody touched is made anew from what was there before it.
        let known = book.records.of(&self.settings);
        let known = known.filter(|known| known.written == digest(present) && before.is_some());
        let original = known.and_then(Self::original_text);
        let base = original.as_deref().unwrap_or(present);
        let after =
            entries::install(base, self.wanted(failure)).map_err(|why| self.malformed(why))?;
        let mut installed = Installed {
            hooks: entries::groups(self.wanted(failure)),
            written: digest(&after),
            original: match known {
                Some(known) => known.original.clone(),
                None if before.is_none() => Original::Nothing {
                    folder_made: self
                        .settings
                        .parent()
                        .is_some_and(|folder| !folder.exists()),
                },
                None => Original::Unknown,
            },
        };
        let is_changed = before.as_deref() != Some(after.as_str());
        if is_changed {
            file::check_writable(&self.settings)?;
        }
        self.copy_program(program)?;
        self.link_configuration()?;
        let mut backup = None;
        if is_changed && let Some(before) = &before {
            let file = self.back_up(before, now)?;
            if own.is_empty() {
                installed.original = Original::Backup(file.clone());
            }
            backup = Some(file);
        }
        // Before the file: a session that is open hears of the change at once.
        book.records.put(&self.settings, installed);
        book.save()?;
        if is_changed {
            file::replace(&self.settings, before.as_deref(), &after)?;
        }
        Ok(Done {
            settings: self.settings.clone(),
            changed: is_changed,
            backup,
            problems,
        })
    }

    /// Removes the entries; gives back the bytes from before where nothing else changed since.
    pub fn uninstall(&self, now: DateTime<Utc>) -> Result<Done, InstallError> {
        let mut book = Book::open(&self.paths)?;
        let before = file::read(&self.settings)?;
        let mut done = Done {
            settings: self.settings.clone(),
            changed: false,
            backup: None,
            problems: Vec::new(),
        };
        if let Some(before) = &before {
            let without = entries::remove(before).map_err(|why| self.malformed(why))?;
            let known = book.records.of(&self.settings);
            let known = known
                .filter(|known| known.written == digest(before))
                .cloned();
            let original = known.as_ref().and_then(Self::original_text);
            let nothing = match &known {
                Some(Installed {
                    original: Original::Nothing { folder_made },
                    ..
                }) => Some(*folder_made),
                _ => None,
            };
            let after = original.unwrap_or(without);
            done.changed = nothing.is_some() || after != *before;
            if done.changed {
                file::check_writable(&self.settings)?;
                done.backup = Some(self.back_up(before, now)?);
                book.records.leave(&self.settings, now.timestamp());
                book.save()?;
            }
            if let Some(folder_made) = nothing {
                self.remove_file(before, folder_made)?;
            } else if done.changed {
                file::replace(&self.settings, Some(before), &after)?;
            }
        }
        book.records.forget(&self.settings);
        book.save()?;
        Ok(done)
    }

    /// Says what is installed.
    pub fn status(&self) -> Result<Status, InstallError> {
        let text = file::read(&self.settings)?.unwrap_or_else(|| EMPTY.to_owned());
        let (settings, found) = entries::find(&text).map_err(|why| self.malformed(why))?;
        let program = found.first().map(|entry| PathBuf::from(&entry.program));
        let complete = [Failure::Continue, Failure::Block]
            .into_iter()
            .any(|failure| {
                !found.is_empty()
                    && entries::install(&text, self.wanted(failure))
                        .is_ok_and(|after| after == text)
            });
        let mut events: Vec<String> = found.into_iter().map(|entry| entry.event).collect();
        events.dedup();
        Ok(Status {
            settings: self.settings.clone(),
            events,
            complete,
            program_exists: program.as_deref().is_some_and(Path::is_file),
            program_is_ours: program.as_ref() == Some(&self.program),
            program,
            problems: check::problems(&settings),
        })
    }

    /// Writes a folder for the client's own plugin manager, with the same entries.
    pub fn plugin(
        &self,
        program: &Path,
        failure: Failure,
        folder: &Path,
    ) -> Result<Vec<PathBuf>, InstallError> {
        let files = plugin::files(self.wanted(failure));
        plugin::check(folder)?;
        self.copy_program(program)?;
        self.link_configuration()?;
        plugin::write(folder, &files)
    }

    fn wanted(&self, failure: Failure) -> entries::Wanted<'_> {
        entries::Wanted {
            program: self.program.to_str().unwrap_or_default(),
            failure,
            waits: self.waits,
        }
    }

    /// The text from before an install; `None`: it is not known.
    fn original_text(known: &Installed) -> Option<String> {
        match &known.original {
            Original::Unknown => None,
            Original::Nothing { .. } => Some(EMPTY.to_owned()),
            Original::Backup(file) => {
                let text = std::fs::read_to_string(file).ok()?;
                // Never gives back entries of ours, whatever became of that file.
                let (_, own) = entries::find(&text).ok()?;
                own.is_empty().then_some(text)
            }
        }
    }

    fn back_up(&self, text: &str, now: DateTime<Utc>) -> Result<PathBuf, InstallError> {
        let folder = self.paths.data_dir.join("backups");
        agent::store::make_private_folder(&folder)
            .map_err(|source| cannot("make", &folder, source))?;
        // Tells the backups of one settings file from those of another.
        let key = Sha256::digest(self.settings.as_os_str().as_encoded_bytes());
        let file = folder.join(format!(
            "claude-settings-{}-{}.json",
            hex(&key[..6]),
            now.format("%Y%m%dT%H%M%S%6fZ")
        ));
        file::write_whole(&file, text.as_bytes(), 0o600)
            .map_err(|source| cannot("write", &file, source))?;
        Ok(file)
    }

    /// Takes away what was made, unless it was changed since it was read.
    fn remove_file(&self, before: &str, folder_made: bool) -> Result<(), InstallError> {
        file::unchanged(&self.settings, Some(before))?;
        std::fs::remove_file(&self.settings)
            .map_err(|source| cannot("remove", &self.settings, source))?;
        if folder_made && let Some(folder) = self.settings.parent() {
            // Somebody may keep other files there by now.
            let _ = std::fs::remove_dir(folder);
        }
        Ok(())
    }

    fn copy_program(&self, from: &Path) -> Result<(), InstallError> {
        let bytes = std::fs::read(from).map_err(|source| cannot("read", from, source))?;
        if std::fs::read(&self.program).is_ok_and(|present| present == bytes) {
            return Ok(());
        }
        let failed = |source| cannot("write", &self.program, source);
        if let Some(folder) = self.program.parent() {
            agent::store::make_private_folder(folder).map_err(failed)?;
        }
        file::write_whole(&self.program, &bytes, 0o755).map_err(failed)
    }

    /// Tells the program where the configuration is, so that no variable has to: see `config::hook::placed`.
    fn link_configuration(&self) -> Result<(), InstallError> {
        let configuration = self.paths.config_file.with_file_name("");
        let link = self.program.with_file_name(CONFIGURATION_LINK);
        if std::fs::read_link(&link).is_ok_and(|present| present == configuration) {
            return Ok(());
        }
        let failed = |source| cannot("write", &link, source);
        let beside = link.with_extension("new");
        let _absent = std::fs::remove_file(&beside);
        std::os::unix::fs::symlink(&configuration, &beside).map_err(failed)?;
        std::fs::rename(&beside, &link).map_err(failed)
    }

    fn malformed(&self, why: String) -> InstallError {
        InstallError::Malformed {
            file: self.settings.clone(),
            why,
        }
    }
}

/// The settings file of a scope; `None`: there is no home.
fn settings_file(scope: Scope, project: &Path, environment: &Environment) -> Option<PathBuf> {
    Some(match scope {
        Scope::User => environment
            .folder(env::CLAUDE_CONFIG_DIR)
            .or_else(|| Some(environment.folder(env::HOME)?.join(".claude")))?
            .join("settings.json"),
        Scope::Project => project.join(".claude/settings.json"),
        Scope::Local => project.join(".claude/settings.local.json"),
    })
}

/// The file behind links, also where only its folder is there yet.
fn real(settings: &Path) -> PathBuf {
    settings.canonicalize().unwrap_or_else(|_| {
        let folder = settings
            .parent()
            .and_then(|folder| folder.canonicalize().ok());
        match (folder, settings.file_name()) {
            (Some(folder), Some(name)) if !settings.is_symlink() => folder.join(name),
            _ => settings.to_path_buf(),
        }
    })
}

/// The settings as others made them: an entry of an earlier Fjord is replaced, so it is no problem.
fn without_own(settings: &serde_json::Value, text: &str) -> serde_json::Value {
    let rest = entries::remove(text).ok();
    rest.and_then(|rest| entries::find(&rest).ok())
        .map_or_else(|| settings.clone(), |(rest, _)| rest)
}
