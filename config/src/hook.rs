//! What `fjord-hook` needs, without ever failing and without reading TOML when there is none.

use std::path::Path;

use crate::env::{Environment, KEY_PREFIX};
use crate::load::Loader;
use crate::paths::{Paths, SYSTEM_CONFIG_FILE};
use crate::problem::Problem;
use crate::project;
use crate::sections::{Guard, Hooks};

/// Holds the part of the configuration that judging one tool call needs.
#[derive(Debug, Clone)]
pub struct HookConfig {
    /// Deadlines, and where the agent is.
    pub hooks: Hooks,
    /// How strict the guard is.
    pub guard: Guard,
    /// Socket, spool and snapshot.
    pub paths: Paths,
}

/// Loads it. What is wrong is returned, and in its place stands the default.
pub fn load(environment: &Environment) -> (HookConfig, Vec<Problem>) {
    load_from(environment, Path::new(SYSTEM_CONFIG_FILE))
}

impl HookConfig {
    /// Applies a project's `.fjord.toml`; see [`crate::Loaded::with_project`].
    pub fn with_project(&mut self, folder: &Path) -> Vec<Problem> {
        if !exists(&folder.join(crate::PROJECT_CONFIG_FILE)) {
            return Vec::new();
        }
        project::apply(folder, &mut self.guard, &mut self.hooks).1
    }
}

/// Loads with another file in place of `/etc/fjord/fjord.toml`.
pub(crate) fn load_from(
    environment: &Environment,
    system_file: &Path,
) -> (HookConfig, Vec<Problem>) {
    let paths = Paths::from(environment);
    let nothing_set = !exists(system_file)
        && !exists(&paths.config_file)
        && !environment
            .fjord_variables()
            .any(|(name, _)| may_be_key(name));
    if nothing_set {
        return (
            HookConfig {
                hooks: Hooks::default(),
                guard: Guard::default(),
                paths,
            },
            Vec::new(),
        );
    }
    let (loaded, problems) = Loader::new(environment)
        .system_file(system_file)
        .load_leniently();
    (
        HookConfig {
            hooks: loaded.config.hooks,
            guard: loaded.config.guard,
            paths,
        },
        problems,
    )
}

/// Anything but a clear "no" counts, so that a file that cannot be reached is reported.
fn exists(file: &Path) -> bool {
    file.try_exists().unwrap_or(true)
}

fn may_be_key(name: &str) -> bool {
    name.starts_with(KEY_PREFIX) && !crate::env::ALL.contains(&name)
}
