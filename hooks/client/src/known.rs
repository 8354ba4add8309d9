//! What the program knows without the daemon: the project, the last inventory, Fjord's own files.

use std::io::Read;
use std::path::Path;

use config::Environment;
use config::hook::HookConfig;
use guard::{Facts, Inventory, Project};

/// The largest inventory that is read.
const MOST_BYTES: u64 = 16 << 20;

/// The project a directory belongs to: the nearest folder under version control, else the session's.
pub(crate) fn project(environment: &Environment, cwd: &str) -> Option<Project> {
    let mut folder = Some(Path::new(cwd)).filter(|folder| folder.is_absolute());
    while let Some(current) = folder {
        if [".git", ".jj", ".hg", ".svn"]
            .iter()
            .any(|name| current.join(name).exists())
        {
            return Some(Project {
                root: text(current),
                under_version_control: true,
            });
        }
        folder = current.parent();
    }
    let session = environment.folder(config::env::CLAUDE_PROJECT_DIR)?;
    Some(Project {
        root: text(&session),
        under_version_control: false,
    })
}

/// Everything the guard is told.
pub(crate) fn facts(
    project: Option<Project>,
    configuration: &HookConfig,
    environment: &Environment,
) -> Facts {
    let paths = &configuration.paths;
    Facts {
        inventory: inventory(&paths.inventory),
        project,
        home: environment
            .folder(config::env::HOME)
            .map(|home| text(&home)),
        protected_paths: paths.own(),
    }
}

/// The last snapshot; none or a broken one is an empty inventory.
fn inventory(path: &Path) -> Inventory {
    let Ok(file) = std::fs::File::open(path) else {
        return Inventory::default();
    };
    let mut bytes = Vec::new();
    if file.take(MOST_BYTES).read_to_end(&mut bytes).is_err() {
        return Inventory::default();
    }
    serde_json::from_slice(&bytes).unwrap_or_else(|_| {
        crate::complain("the snapshot of the inventory cannot be read; judging without it");
        Inventory::default()
    })
}

/// Whether events from a directory are neither recorded nor enriched.
pub(crate) fn is_ignored(patterns: &[String], cwd: &str, environment: &Environment) -> bool {
    let home = environment
        .folder(config::env::HOME)
        .map(|home| text(&home))
        .unwrap_or_default();
    patterns.iter().any(|pattern| {
        let pattern = pattern
            .strip_prefix("~/")
            .map_or_else(|| pattern.clone(), |rest| format!("{home}/{rest}"));
        let folder = pattern.trim_end_matches("/**").trim_end_matches('/');
        if !folder.contains('*') {
            return cwd == folder
                || cwd
                    .strip_prefix(folder)
                    .is_some_and(|rest| rest.starts_with('/'));
        }
        let parts: Vec<&str> = folder.split('/').collect();
        let own: Vec<&str> = cwd.split('/').collect();
        own.len() >= parts.len() && parts.iter().zip(&own).all(|(part, own)| fits(part, own))
    })
}

/// One `*` in a name of a folder stands for any text.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((before, after)) => {
            name.len() >= before.len() + after.len()
                && name.starts_with(before)
                && name.ends_with(after)
        }
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_ignored_with_what_is_below_them() {
        let environment = Environment::from_pairs([("HOME", "/home/ann")]);
        let check = |pattern: &str, cwd: &str| is_ignored(&[pattern.to_owned()], cwd, &environment);
        assert!(check("~/private", "/home/ann/private/diary"));
        assert!(!check("~/private", "/home/ann/privateer"));
        assert!(check("/data/*-secret/**", "/data/a-secret/src"));
        assert!(!check("/data/*-secret", "/data/a"));
    }
}
