//! What `fjord-hook` needs, without ever failing and without reading TOML when there is none.

use std::path::{Path, PathBuf};

use crate::env::{self, Environment, KEY_PREFIX};
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

/// Deeper folders are not looked through.
const DEEPEST: usize = 64;

/// The link beside the installed program that leads to the folder of the user's configuration.
pub const CONFIGURATION_LINK: &str = "config";

/// The file in the data folder that tells which entries `fjord hooks install` wrote where.
pub const INSTALLED: &str = "hooks-installed.json";

/// Takes Fjord's places from where the installed program lies, not from variables: a repository can carry settings of
/// the coding agent that set variables for its hooks, and `FJORD_HOME` elsewhere would be another configuration.
///
/// A program that `fjord hooks install` did not put in its place goes by the variables.
pub fn placed(environment: Environment, program: Option<&Path>) -> Environment {
    let bin = program.and_then(Path::parent);
    let data = bin
        .filter(|bin| bin.ends_with("bin"))
        .and_then(Path::parent);
    let (Some(bin), Some(data)) = (bin, data) else {
        return environment;
    };
    let Some(above) = data.parent() else {
        return environment;
    };
    if data.ends_with("data") {
        return environment.with(env::FJORD_HOME, Some(above));
    }
    if !data.ends_with("fjord") {
        return environment;
    }
    let linked = std::fs::read_link(bin.join(CONFIGURATION_LINK)).ok();
    let configuration = linked
        .as_deref()
        .and_then(Path::parent)
        .map(Path::to_path_buf)
        .or_else(|| {
            let home = above
                .ends_with(".local/share")
                .then(|| above.ancestors().nth(2))?;
            Some(home?.join(".config"))
        });
    let environment = environment
        .with(env::FJORD_HOME, None)
        .with(env::XDG_DATA_HOME, Some(above));
    match configuration {
        Some(folder) => environment.with(env::XDG_CONFIG_HOME, Some(&folder)),
        None => environment,
    }
}

/// Loads it. What is wrong is returned, and in its place stands the default.
pub fn load(environment: &Environment) -> (HookConfig, Vec<Problem>) {
    load_from(environment, Path::new(SYSTEM_CONFIG_FILE))
}

/// Names the folders whose `.fjord.toml` counts in a folder, the outermost first: from the project's root, or where
/// none is known from the top, down to the folder. A file further in cannot take back what one further out tightens.
pub fn project_folders(cwd: &Path, root: Option<&Path>) -> Vec<PathBuf> {
    let inside = cwd
        .ancestors()
        .take(DEEPEST)
        .filter(|folder| folder.is_absolute())
        .take_while(|folder| root.is_none_or(|root| folder.starts_with(root)));
    let beside = root.filter(|root| !cwd.starts_with(root));
    let mut folders: Vec<PathBuf> = inside
        .chain(beside)
        .filter(|folder| exists(&folder.join(crate::PROJECT_CONFIG_FILE)))
        .map(Path::to_path_buf)
        .collect();
    folders.reverse();
    folders
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
