//! Every environment variable that Fjord reads, and the only place that reads them.
//!
//! [`Environment::read`] takes a snapshot once, at the edge; everything else takes `&Environment`.
//! Configuration keys have a variable each (`FJORD_SECTION__KEY`); they are not repeated here.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Puts config, data and socket of Fjord under one folder.
pub const FJORD_HOME: &str = "FJORD_HOME";
/// Holds the version for a service's deploy command; Fjord sets it and never reads it.
pub const FJORD_VERSION: &str = "FJORD_VERSION";
/// Holds the service's name for its deploy command; Fjord sets it and never reads it.
pub const FJORD_SERVICE: &str = "FJORD_SERVICE";
/// URL of a Postgres server for the contract tests.
pub const FJORD_TEST_POSTGRES: &str = "FJORD_TEST_POSTGRES";
/// URL of a Redis server for the contract tests.
pub const FJORD_TEST_REDIS: &str = "FJORD_TEST_REDIS";
/// URL of a Chroma server for the contract tests.
pub const FJORD_TEST_CHROMA: &str = "FJORD_TEST_CHROMA";
/// Address of an SSH server for the contract tests.
pub const FJORD_TEST_SSHD: &str = "FJORD_TEST_SSHD";
/// The Claude Code client that the optional suite of the tests runs.
pub const FJORD_TEST_CLAUDE: &str = "FJORD_TEST_CLAUDE";
/// Folder of the local socket, private to the user and gone at logout.
pub const XDG_RUNTIME_DIR: &str = "XDG_RUNTIME_DIR";
/// Folder of data, instead of `~/.local/share`.
pub const XDG_DATA_HOME: &str = "XDG_DATA_HOME";
/// Folder of configuration, instead of `~/.config`.
pub const XDG_CONFIG_HOME: &str = "XDG_CONFIG_HOME";
/// The user's folder.
pub const HOME: &str = "HOME";
/// Name of the user, for audit rows of commands at the terminal.
pub const USER: &str = "USER";
/// Where programs are looked up.
pub const PATH: &str = "PATH";
/// Name of the editor for longer input.
pub const EDITOR: &str = "EDITOR";
/// Set in continuous integration: a missing test server is then a failure.
pub const CI: &str = "CI";
/// Set to anything but nothing: no colour.
pub const NO_COLOR: &str = "NO_COLOR";
/// Kind of terminal; `dumb` gets plain lines.
pub const TERM: &str = "TERM";
/// Width of the terminal, columns.
pub const COLUMNS: &str = "COLUMNS";
/// Set by Claude Code in the processes it starts.
pub const CLAUDECODE: &str = "CLAUDECODE";
/// Set by Gemini CLI in the processes it starts.
pub const GEMINI_CLI: &str = "GEMINI_CLI";
/// Set by Cursor's agent in the processes it starts.
pub const CURSOR_AGENT: &str = "CURSOR_AGENT";
/// Set by Codex in the processes it starts in a sandbox.
pub const CODEX_SANDBOX: &str = "CODEX_SANDBOX";
/// Set by opencode in the processes it starts.
pub const OPENCODE: &str = "OPENCODE";
/// Root of the project that Claude Code works in.
pub const CLAUDE_PROJECT_DIR: &str = "CLAUDE_PROJECT_DIR";
/// Process id of Claude Code.
pub const CLAUDE_PID: &str = "CLAUDE_PID";
/// Set to `0` by Claude Code where nobody sits before the session.
pub const CLAUDE_CODE_SESSION_ATTENDED: &str = "CLAUDE_CODE_SESSION_ATTENDED";
/// How Claude Code was started: `cli` or `sdk-cli`.
pub const CLAUDE_CODE_ENTRYPOINT: &str = "CLAUDE_CODE_ENTRYPOINT";
/// Folder of Claude Code's settings, instead of `~/.claude`.
pub const CLAUDE_CONFIG_DIR: &str = "CLAUDE_CONFIG_DIR";
/// Socket of the SSH agent.
pub const SSH_AUTH_SOCK: &str = "SSH_AUTH_SOCK";
/// Socket on which systemd waits for "ready".
pub const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";
/// Size in bytes from which glibc gives memory back as soon as it is freed.
pub const MALLOC_MMAP_THRESHOLD: &str = "MALLOC_MMAP_THRESHOLD_";
/// How many heaps glibc keeps for the threads of a process.
pub const MALLOC_ARENA_MAX: &str = "MALLOC_ARENA_MAX";

/// Variables by which a process knows that a coding agent started it.
pub const AGENT_SESSION: &[&str] = &[
    CLAUDECODE,
    GEMINI_CLI,
    CURSOR_AGENT,
    CODEX_SANDBOX,
    OPENCODE,
];

/// What the variables of configuration keys begin with.
pub(crate) const KEY_PREFIX: &str = "FJORD_";
/// What stands between section and key in them.
pub(crate) const KEY_SEPARATOR: &str = "__";

/// Lists every variable by name, `FJORD_SECTION__KEY` aside.
pub const ALL: &[&str] = &[
    FJORD_HOME,
    FJORD_VERSION,
    FJORD_SERVICE,
    FJORD_TEST_POSTGRES,
    FJORD_TEST_REDIS,
    FJORD_TEST_CHROMA,
    FJORD_TEST_SSHD,
    FJORD_TEST_CLAUDE,
    XDG_RUNTIME_DIR,
    XDG_DATA_HOME,
    XDG_CONFIG_HOME,
    HOME,
    USER,
    PATH,
    EDITOR,
    CI,
    NO_COLOR,
    TERM,
    COLUMNS,
    CLAUDECODE,
    GEMINI_CLI,
    CURSOR_AGENT,
    CODEX_SANDBOX,
    OPENCODE,
    CLAUDE_PROJECT_DIR,
    CLAUDE_PID,
    CLAUDE_CODE_SESSION_ATTENDED,
    CLAUDE_CODE_ENTRYPOINT,
    CLAUDE_CONFIG_DIR,
    SSH_AUTH_SOCK,
    NOTIFY_SOCKET,
    MALLOC_MMAP_THRESHOLD,
    MALLOC_ARENA_MAX,
];

/// Holds the variables that Fjord uses and the user's id, as they were at the start.
///
/// Its `Debug` shows names only, because a value may be a secret.
#[derive(Clone, Default)]
pub struct Environment {
    values: BTreeMap<String, OsString>,
    uid: u32,
}

impl Environment {
    /// Takes the snapshot. A relative `FJORD_HOME` is made absolute.
    pub fn read() -> Self {
        #[expect(
            clippy::disallowed_methods,
            reason = "this is the one place that reads the environment"
        )]
        let mut values: BTreeMap<String, OsString> = ALL
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), std::env::var_os(name)?)))
            .collect();
        for (name, value) in std::env::vars_os() {
            if let Some(name) = name.to_str().filter(|name| name.starts_with(KEY_PREFIX)) {
                values.insert(name.to_owned(), value);
            }
        }
        if let Some(home) = values.get_mut(FJORD_HOME)
            && let Ok(absolute) = std::path::absolute(&*home)
        {
            *home = absolute.into_os_string();
        }
        let uid = user_id(values.get(HOME).map(OsString::as_os_str));
        Self { values, uid }
    }

    /// Makes a snapshot for a test; the user's id is 1000.
    pub fn from_pairs<N: Into<String>, V: Into<OsString>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        Self {
            values: pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
            uid: 1000,
        }
    }

    /// Replaces the user's id.
    #[must_use]
    pub fn with_uid(mut self, uid: u32) -> Self {
        self.uid = uid;
        self
    }

    /// Sets a variable to a folder, or takes it out.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, folder: Option<&Path>) -> Self {
        match folder {
            Some(folder) => self.values.insert(name.to_owned(), folder.into()),
            None => self.values.remove(name),
        };
        self
    }

    /// Returns a variable; one that is set to nothing counts as not set.
    pub fn os(&self, name: &str) -> Option<&OsStr> {
        self.values
            .get(name)
            .map(OsString::as_os_str)
            .filter(|value| !value.is_empty())
    }

    /// Returns a variable that is set to text.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.os(name).and_then(OsStr::to_str)
    }

    /// Tells whether a variable is set to anything.
    pub fn is_set(&self, name: &str) -> bool {
        self.os(name).is_some()
    }

    /// Returns a folder; a relative one is ignored, as the XDG specification asks.
    pub fn folder(&self, name: &str) -> Option<PathBuf> {
        self.os(name)
            .map(PathBuf::from)
            .filter(|folder| folder.is_absolute())
    }

    /// Returns the id of the user that runs Fjord.
    pub fn uid(&self) -> u32 {
        self.uid
    }

    /// Returns the names of the variables that commands which Fjord runs must not inherit: those that begin with
    /// `FJORD_`, since one may hold the bot's token, and those that `fjord up` sets for its own memory.
    pub fn private_names(&self) -> Vec<String> {
        let ours = [MALLOC_MMAP_THRESHOLD, MALLOC_ARENA_MAX]
            .into_iter()
            .filter(|name| self.is_set(name));
        self.fjord_variables()
            .map(|(name, _)| name)
            .chain(ours)
            .map(str::to_owned)
            .collect()
    }

    /// Returns the variables that begin with `FJORD_`, sorted by name.
    pub(crate) fn fjord_variables(&self) -> impl Iterator<Item = (&str, &OsStr)> {
        self.values
            .iter()
            .filter(|(name, _)| name.starts_with(KEY_PREFIX))
            .map(|(name, value)| (name.as_str(), value.as_os_str()))
    }
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Environment")
            .field("names", &self.values.keys().collect::<Vec<_>>())
            .field("uid", &self.uid)
            .finish()
    }
}

/// Asks the file system who we are: `/proc/self` belongs to us, and so does our home where there is no `/proc`.
fn user_id(home: Option<&OsStr>) -> u32 {
    std::fs::metadata("/proc/self")
        .or_else(|_| std::fs::metadata(home.map_or(Path::new("/"), Path::new)))
        .map_or(0, |metadata| metadata.uid())
}
