//! Where a coding agent works: the project's root, and what the project's own `.fjord.toml` tightens.

use std::path::{Path, PathBuf};

use config::hook::{HookConfig, project_folders};
use config::{Guard, Hooks};

use crate::agent::Agent;

/// Deeper folders are not looked through.
const DEEPEST: usize = 64;
/// What lies in the root of a folder under version control.
const VERSION_CONTROL: &[&str] = &[".git", ".jj", ".hg", ".svn"];

/// What counts in one folder.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The project's root; none when no folder above is under version control.
    pub project: Option<guard::Project>,
    /// The guard's settings, tightened by the project.
    pub guard: Guard,
    /// The settings of hooks, with what the project ignores.
    pub hooks: Hooks,
}

impl Surroundings {
    /// Looks through the folders from `cwd` upwards. Reads the disk: call it where waiting is fine.
    pub fn of(agent: &Agent, cwd: &Path) -> Self {
        let root = root_of(cwd);
        let mut settings = HookConfig {
            hooks: agent.config().hooks.clone(),
            guard: agent.config().guard.clone(),
            paths: agent.paths().clone(),
        };
        for folder in project_folders(cwd, root.as_deref()) {
            for problem in settings.with_project(&folder) {
                tracing::warn!(cwd = %cwd.display(), message = problem.message, "the project's configuration");
            }
        }
        let project = root.map(|root| guard::Project {
            root: root.to_string_lossy().into_owned(),
            under_version_control: true,
        });
        Self {
            project,
            guard: settings.guard,
            hooks: settings.hooks,
        }
    }

    /// Returns whether what happens at a path is neither stored nor enriched (`hooks.ignore`).
    pub fn ignores(&self, path: &Path, home: Option<&Path>) -> bool {
        self.hooks
            .ignore
            .iter()
            .any(|pattern| matches(pattern, path, home))
    }
}

/// A pattern with `/` or `~` is a folder and all below it; another fits any one name on the way.
fn matches(pattern: &str, path: &Path, home: Option<&Path>) -> bool {
    let pattern = pattern.trim_end_matches("/**").trim_end_matches('/');
    if pattern.is_empty() {
        return false;
    }
    let own = names(path);
    if pattern == "~" || pattern.starts_with("~/") {
        return home.is_some_and(|home| {
            begins(
                &names(&home.join(pattern[1..].trim_start_matches('/'))),
                &own,
            )
        });
    }
    let wanted = names(Path::new(pattern));
    if pattern.starts_with('/') {
        return begins(&wanted, &own);
    }
    (0..own.len()).any(|from| begins(&wanted, &own[from..]))
}

fn names(path: &Path) -> Vec<&[u8]> {
    path.components()
        .filter_map(|component| match component {
            std::path::Component::Normal(name) => Some(name.as_encoded_bytes()),
            _ => None,
        })
        .collect()
}

fn begins(wanted: &[&[u8]], own: &[&[u8]]) -> bool {
    wanted.len() <= own.len()
        && wanted
            .iter()
            .zip(own)
            .all(|(pattern, name)| fits(pattern, name))
}

/// Fits a name to a pattern in which `*` stands for anything; linear but for one step back.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while read < name.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, read));
            at += 1;
        } else if pattern.get(at) == Some(&name[read]) {
            at += 1;
            read += 1;
        } else if let Some((star_at, star_read)) = star {
            at = star_at + 1;
            read = star_read + 1;
            star = Some((star_at, read));
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

/// Finds the root of the project that a folder belongs to. Reads the disk.
pub(crate) fn root_of(cwd: &Path) -> Option<PathBuf> {
    upwards(cwd)
        .find(|folder| {
            VERSION_CONTROL
                .iter()
                .any(|name| folder.join(name).exists())
        })
        .map(Path::to_path_buf)
}

fn upwards(cwd: &Path) -> impl Iterator<Item = &Path> {
    cwd.ancestors()
        .take(DEEPEST)
        .filter(|folder| folder.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, path: &str, expected: bool) {
        assert_eq!(
            matches(pattern, Path::new(path), Some(Path::new("/home/me"))),
            expected,
            "{pattern} {path}"
        );
    }

    #[test]
    fn a_folder_is_ignored_with_all_below_it() {
        check("/srv/private", "/srv/private/notes.md", true);
        check("/srv/private/", "/srv/private", true);
        check("/srv/private", "/srv/private2/notes.md", false);
        check("~/diary", "/home/me/diary/2026.md", true);
        check("~/diary", "/srv/diary/2026.md", false);
    }

    #[test]
    fn a_name_is_ignored_wherever_it_stands() {
        check("secrets", "/srv/app/secrets/key", true);
        check("/srv/*-private/**", "/srv/a-private/notes.md", true);
        check("*.pem", "/srv/app/tls/server.pem", true);
        check("*.pem", "/srv/app/tls/server.pem.txt", false);
        check("app/secrets", "/srv/app/secrets/key", true);
        check("", "/srv/app", false);
    }
}
