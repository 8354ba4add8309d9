//! `fjord guard`: what the guard thinks of commands, without the agent.

mod allow;
mod check;
mod explain;
mod rules;
mod tree;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use agent::{Clock, Error};
use config::env::HOME;
use config::{Allowed, Loaded, Paths};
use guard::{Facts, Inventory, Project, Settings};

use crate::argv::GuardCommand;
use crate::output::{mark, marked};
use crate::wire::{Wire, absolute};

/// What lies in the root of a folder under version control.
const VERSION_CONTROL: [&str; 4] = [".git", ".jj", ".hg", ".svn"];

/// Runs one of the guard's commands.
pub(crate) async fn run(wire: &Wire, command: &GuardCommand) -> Result<ExitCode, Error> {
    match command {
        GuardCommand::Explain(asked) => explain::run(wire, asked)?,
        GuardCommand::Check { inventory } => return check::run(wire, inventory.as_deref()),
        GuardCommand::Rules { name, cwd } => rules::run(wire, name.as_deref(), cwd.as_deref())?,
        GuardCommand::Allow(asked) => allow::allow(wire, asked).await?,
        GuardCommand::Allowed { all } => allow::list(wire, *all),
        GuardCommand::Disallow { id } => allow::disallow(wire, id).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What counts in one folder, as `fjord-hook` finds it: what is wrong is told, and the defaults stand.
struct Place {
    folder: PathBuf,
    root: Option<PathBuf>,
    loaded: Loaded,
    allowed: Vec<Allowed>,
    paths: Paths,
    now: String,
}

impl Place {
    fn of(wire: &Wire, cwd: Option<&Path>) -> Result<Self, Error> {
        let folder = absolute(cwd.unwrap_or(Path::new(".")))?;
        let root = folder
            .ancestors()
            .find(|folder| {
                VERSION_CONTROL
                    .iter()
                    .any(|name| folder.join(name).exists())
            })
            .map(Path::to_path_buf);
        let paths = Paths::from(&wire.environment);
        let (mut loaded, mut problems) = wire.load_leniently();
        for folder in config::hook::project_folders(&folder, root.as_deref()) {
            problems.extend(loaded.with_project(&folder));
        }
        let (allowed, passed_over) = config::allowed::read(&paths.allowed);
        problems.extend(passed_over);
        for problem in problems {
            wire.output
                .remark(&format!("{} {problem}", marked(mark::WARN, "note:")));
        }
        Ok(Self {
            folder,
            root,
            loaded,
            allowed,
            paths,
            now: moment(Clock::system().now()),
        })
    }

    fn facts(&self, wire: &Wire) -> Facts {
        Facts {
            // Without a snapshot nothing is known of servers and services, as for `fjord-hook`.
            inventory: read_inventory(&self.paths.inventory).unwrap_or_default(),
            project: Some(Project {
                root: self
                    .root
                    .as_ref()
                    .unwrap_or(&self.folder)
                    .to_string_lossy()
                    .into_owned(),
                under_version_control: self.root.is_some(),
            }),
            home: wire.environment.get(HOME).map(str::to_owned),
            protected_paths: self.paths.own(),
        }
    }

    fn settings(&self) -> Settings {
        Settings::of_person(&self.loaded.config.guard, &self.allowed, self.now.clone())
    }
}

/// A time as exceptions write it.
fn moment(time: chrono::DateTime<chrono::Utc>) -> String {
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn read_inventory(file: &Path) -> Result<Inventory, Error> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| Error::invalid(format!("`{}` cannot be read: {error}", file.display())))?;
    serde_json::from_str(&text)
        .map_err(|error| Error::invalid(format!("`{}` is no inventory: {error}", file.display())))
}
