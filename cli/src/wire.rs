//! From the environment to an agent: the only place where the parts are put together.

use std::path::{Path, PathBuf};

use agent::{Actor, Agent, Clock, Error, Face, Parts};
use config::env::{COLUMNS, USER};
use config::{Environment, Loaded, Loader, Paths, Problem};
use tracing_subscriber::EnvFilter;

use crate::output::Output;

/// What a command needs besides the agent.
#[derive(Debug)]
pub(crate) struct Wire {
    /// The variables as they were at the start.
    pub(crate) environment: Environment,
    /// The streams.
    pub(crate) output: Output,
    /// `--config FILE`.
    pub(crate) config_file: Option<PathBuf>,
}

/// How much is logged to standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logging {
    /// Warnings, since the answer is what a person asked for.
    Warnings,
    /// What `log.level` says.
    Configured,
}

impl Wire {
    /// Loads the configuration, and refuses with everything that is wrong.
    pub(crate) fn load(&self) -> Result<Loaded, Error> {
        let mut loader = Loader::new(&self.environment);
        if let Some(file) = &self.config_file {
            loader = loader.config_file(file);
        }
        loader
            .load()
            .map_err(|error| Error::invalid(format!("the configuration is refused\n{error}")))
    }

    /// Loads what can be used of the configuration, as the guard does: what is wrong is returned, the defaults stand.
    pub(crate) fn load_leniently(&self) -> (Loaded, Vec<Problem>) {
        let mut loader = Loader::new(&self.environment);
        if let Some(file) = &self.config_file {
            loader = loader.config_file(file);
        }
        loader.load_leniently()
    }

    /// Returns how wide the text on standard output may be.
    pub(crate) fn columns(&self) -> usize {
        let told = self
            .environment
            .get(COLUMNS)
            .and_then(|columns| columns.parse::<usize>().ok());
        let seen = || {
            let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
            Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
        };
        told.or_else(seen).unwrap_or(100).clamp(40, 120)
    }

    /// Makes the agent of the configuration and begins to log.
    pub(crate) fn agent(&self, logging: Logging) -> Result<Agent, Error> {
        let loaded = self.load()?;
        self.log(logging, &loaded.config.log.level);
        Agent::new(Parts {
            config: loaded.config,
            paths: Paths::from(&self.environment),
            clock: Clock::system(),
            supervisor: own_program()?,
            owner: agent::deploy::Owner::this_process(),
            private_variables: self.environment.private_names(),
        })
    }

    /// Returns the person at this terminal.
    pub(crate) fn actor(&self, face: Face) -> Actor {
        let name = self.environment.get(USER).unwrap_or("local user");
        Actor::local(face, self.environment.uid(), name)
    }

    /// Begins to log to standard error; a second call changes nothing.
    pub(crate) fn log(&self, logging: Logging, level: &str) {
        let level = match logging {
            Logging::Warnings => "warn",
            Logging::Configured => level,
        };
        let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
        let _begun_already = tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(self.output.errors_are_coloured())
            .with_target(false)
            .try_init();
    }
}

/// Returns the path of this very program.
pub(crate) fn own_program() -> Result<PathBuf, Error> {
    std::env::current_exe()
        .map_err(|error| Error::internal(format!("the path of this program is not known: {error}")))
}

/// Returns a path with the folder it is asked from in front.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path)
        .map_err(|error| Error::invalid(format!("`{}` is no path: {error}", path.display())))
}
