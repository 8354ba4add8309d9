//! Paths, by their text alone: joined, normalised, and put in their place.

use crate::Facts;
use crate::run::{Arg, Run, UNKNOWN};

/// Where a path leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// `/` or all that is in it.
    Root,
    /// A directory of the system, or below it.
    System,
    /// A home directory itself, or all that is in it.
    Home,
    /// Below a temporary directory.
    Temporary,
    /// The project's root, or a directory above it.
    ProjectRoot,
    /// The project's own version control data.
    VersionControl,
    /// Below the project's root.
    Project,
    /// Somewhere else.
    Outside,
    /// It cannot be known.
    Unknown,
}

const SYSTEM: &[&str] = &[
    "bin",
    "boot",
    "dev",
    "etc",
    "lib",
    "lib32",
    "lib64",
    "opt",
    "proc",
    "root",
    "run",
    "sbin",
    "srv",
    "sys",
    "usr",
    "var",
    "System",
    "Library",
    "Applications",
    "private",
    "Windows",
    "mnt",
    "media",
    "snap",
    "nix",
];

/// Joins a path to a directory and takes `.` and `..` out. `None` for a relative path from an unknown place.
pub(crate) fn resolve(cwd: Option<&str>, path: &str) -> Option<String> {
    let whole = if path.starts_with('/') || path.starts_with('~') {
        path.to_owned()
    } else {
        format!("{}/{path}", cwd?)
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    let joined = parts.join("/");
    Some(if joined.starts_with('~') {
        joined
    } else {
        format!("/{joined}")
    })
}

/// The path on this machine of what a container has from it.
pub(crate) fn mounted(run: &Run, arg: &Arg) -> Option<String> {
    if run.mounts.is_empty() {
        return None;
    }
    let path = resolve(run.cwd.as_deref(), &arg.text)?;
    run.mounts
        .iter()
        .filter(|(target, _)| is_within(&path, target))
        .max_by_key(|(target, _)| target.len())
        .map(|(target, source)| {
            let rest = path.get(target.len()..).unwrap_or_default();
            format!("{}{rest}", source.trim_end_matches('/'))
        })
        .map(|path| {
            if path.is_empty() {
                "/".to_owned()
            } else {
                path
            }
        })
}

/// The absolute text of an argument, as seen from a command's directory.
pub(crate) fn absolute(run: &Run, arg: &Arg) -> Option<String> {
    if let Some(path) = mounted(run, arg) {
        return Some(path);
    }
    resolve(run.cwd.as_deref(), &arg.text)
}

/// Whether `path` is `parent` or below it.
pub(crate) fn is_within(path: &str, parent: &str) -> bool {
    let parent = parent.trim_end_matches('/');
    path == parent
        || path
            .strip_prefix(parent)
            .is_some_and(|rest| rest.starts_with('/'))
}

/// Puts the path of an argument in its place.
pub(crate) fn place(run: &Run, arg: &Arg, facts: &Facts) -> Place {
    let text = arg.text.as_str();
    if text.is_empty() {
        return Place::Project;
    }
    if let Some(path) = mounted(run, arg) {
        let here = Arg {
            glob: arg.glob,
            ..Arg::new(path)
        };
        return place(&Run::default(), &here, facts);
    }
    let absolute_path = text.starts_with(['/', '~']);
    let Some(mut path) = resolve(run.cwd.as_deref(), text) else {
        // `..` from an unknown place may be anything; a name below it is below it.
        return Place::Unknown;
    };
    // What a glob or an unknown piece stands for is below what comes before it.
    let is_open = |part: &str| part.contains(UNKNOWN) || arg.glob && part.contains(['*', '?', '[']);
    let mut contents = false;
    if let Some(at) = path.split('/').position(is_open) {
        let parts: Vec<&str> = path.split('/').collect();
        if !absolute_path && at == 0 || text.starts_with(UNKNOWN) {
            return Place::Unknown;
        }
        // `/home/me/app/build/$X` is below build; `/etc/*.conf` is in /etc.
        contents = true;
        let before = parts[..at].join("/");
        // `*.log` in the project's root is some of it, `*` is all of it.
        if facts
            .project
            .as_ref()
            .is_some_and(|project| project.root.trim_end_matches('/') == before)
            && run.host.is_none()
            && parts[at..].iter().any(|part| is_name(part))
            && !may_be_history(parts[at])
        {
            return Place::Project;
        }
        path = if before.is_empty() {
            "/".to_owned()
        } else {
            before
        };
    }
    place_of(&path, contents, run.host.is_some(), facts)
}

/// Whether a pattern names some files of a folder and not all of them.
pub(crate) fn names_some(arg: &Arg) -> bool {
    arg.glob
        && arg
            .text
            .rsplit('/')
            .next()
            .is_some_and(|part| is_name(part) && !part.starts_with('.'))
}

/// Whether a part of a path has letters of its own, outside what stands for anything.
fn is_name(part: &str) -> bool {
    let mut in_brackets = false;
    part.chars().any(|character| {
        match character {
            '[' => in_brackets = true,
            ']' => in_brackets = false,
            _ => {}
        }
        !in_brackets && character.is_alphanumeric()
    })
}

/// Whether a pattern may stand for `.git`.
fn may_be_history(pattern: &str) -> bool {
    let end = pattern
        .find(|one: char| matches!(one, '*' | '?' | '[' | UNKNOWN))
        .unwrap_or(pattern.len());
    end > 0 && (".git".starts_with(&pattern[..end]) || pattern.starts_with(".git"))
}

fn place_of(path: &str, contents: bool, elsewhere: bool, facts: &Facts) -> Place {
    if path == "/" {
        return Place::Root;
    }
    if ["/tmp", "/var/tmp", "/private/tmp", "/var/folders"]
        .iter()
        .any(|tmp| is_within(path, tmp))
        || path.starts_with("/dev/shm/")
    {
        let itself = matches!(path, "/tmp" | "/var/tmp" | "/private/tmp");
        return if itself && !contents {
            Place::Outside
        } else {
            Place::Temporary
        };
    }
    if !elsewhere && let Some(project) = &facts.project {
        let root = project.root.trim_end_matches('/');
        if !root.is_empty() {
            if is_within(path, &format!("{root}/.git")) {
                return Place::VersionControl;
            }
            if path == root || is_within(root, path) {
                return if is_home(path, facts) {
                    Place::Home
                } else if path == "/home" {
                    Place::System
                } else {
                    Place::ProjectRoot
                };
            }
            if is_within(path, root) {
                return if path.split('/').any(|part| part == ".git") {
                    Place::VersionControl
                } else {
                    Place::Project
                };
            }
        }
    }
    if is_home(path, facts) {
        return Place::Home;
    }
    if path
        .split('/')
        .any(|part| part.rsplit('.').next() == Some("git") && part.contains('.'))
    {
        return Place::VersionControl;
    }
    let first = path.split('/').nth(1).unwrap_or_default();
    if path == "/home" || path == "/Users" || SYSTEM.contains(&first) {
        Place::System
    } else {
        Place::Outside
    }
}

fn is_home(path: &str, facts: &Facts) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    path == "~"
        || path == "/root"
        || facts
            .home
            .as_deref()
            .is_some_and(|home| home.trim_end_matches('/') == path)
        || matches!(parts.as_slice(), ["", "home" | "Users", _])
}
