//! Where Fjord's files are.

use std::path::{Path, PathBuf};

use crate::env::{self, Environment};

/// The configuration of the whole machine.
pub const SYSTEM_CONFIG_FILE: &str = "/etc/fjord/fjord.toml";
/// The name of a project's own configuration.
pub const PROJECT_CONFIG_FILE: &str = ".fjord.toml";

/// Names every file and folder of Fjord; none of them need exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The user's configuration file.
    pub config_file: PathBuf,
    /// The data folder.
    pub data_dir: PathBuf,
    /// The socket of `fjord up`; its folder must be 0700, the socket 0600.
    pub socket: PathBuf,
    /// Events that wait for `fjord up`.
    pub spool_dir: PathBuf,
    /// The last snapshot of what the guard needs to know.
    pub snapshot: PathBuf,
    /// The last copy of the inventory, for when the store is down.
    pub inventory: PathBuf,
    /// Commands that a person has let through: see [`crate::allowed`].
    pub allowed: PathBuf,
    /// Programs that must stay where they are, such as `fjord-hook`.
    pub bin_dir: PathBuf,
    /// The user's folder, if there is one.
    pub home: Option<PathBuf>,
}

impl Paths {
    /// Names Fjord's own files, which no coding agent may write to: configuration, data and socket.
    pub fn own(&self) -> Vec<String> {
        let folder = |file: &Path| file.parent().unwrap_or(file).to_string_lossy().into_owned();
        vec![
            folder(&self.config_file),
            folder(Path::new(SYSTEM_CONFIG_FILE)),
            self.data_dir.to_string_lossy().into_owned(),
            self.socket.to_string_lossy().into_owned(),
        ]
    }

    /// Returns the URL of the store that is used when none is configured.
    pub fn store_url(&self) -> String {
        let file = self.data_dir.join("fjord.db");
        let mut url = String::from("sqlite://");
        for character in file.to_string_lossy().chars() {
            match character {
                // These three would end the path or be decoded by whoever opens the URL.
                '%' => url.push_str("%25"),
                '?' => url.push_str("%3F"),
                '#' => url.push_str("%23"),
                other => url.push(other),
            }
        }
        url
    }
}

impl From<&Environment> for Paths {
    /// Places the files by `FJORD_HOME`, else by the XDG folders, else (a service without a home) in
    /// `/etc/fjord` and `/var/lib/fjord`.
    fn from(environment: &Environment) -> Self {
        let (config_dir, data_dir, socket) = match environment.folder(env::FJORD_HOME) {
            Some(home) => (
                home.join("config"),
                home.join("data"),
                home.join("fjord.sock"),
            ),
            None => (
                config_dir(environment),
                data_dir(environment),
                socket(environment),
            ),
        };
        Self {
            config_file: config_dir.join("fjord.toml"),
            spool_dir: data_dir.join("spool"),
            snapshot: data_dir.join("snapshot.json"),
            inventory: data_dir.join("inventory.json"),
            allowed: data_dir.join("allowed.jsonl"),
            bin_dir: data_dir.join("bin"),
            data_dir,
            socket,
            home: environment.folder(env::HOME),
        }
    }
}

fn config_dir(environment: &Environment) -> PathBuf {
    environment
        .folder(env::XDG_CONFIG_HOME)
        .or_else(|| Some(environment.folder(env::HOME)?.join(".config")))
        .map_or_else(
            || Path::new(SYSTEM_CONFIG_FILE).with_file_name(""),
            |folder| folder.join("fjord"),
        )
}

fn data_dir(environment: &Environment) -> PathBuf {
    environment
        .folder(env::XDG_DATA_HOME)
        .or_else(|| Some(environment.folder(env::HOME)?.join(".local/share")))
        .map_or_else(
            || PathBuf::from("/var/lib/fjord"),
            |folder| folder.join("fjord"),
        )
}

fn socket(environment: &Environment) -> PathBuf {
    environment
        .folder(env::XDG_RUNTIME_DIR)
        .map_or_else(
            || PathBuf::from(format!("/tmp/fjord-{}", environment.uid())),
            |folder| folder.join("fjord"),
        )
        .join("fjord.sock")
}
