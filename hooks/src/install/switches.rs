//! Whether other settings of the client switch hooks off.

use std::path::{Path, PathBuf};

use config::Environment;
use serde_json::Value;

use super::{Scope, file, settings_file};

/// Where an administrator keeps settings that stand above all others.
const MANAGED: &[&str] = &[
    "/etc/claude-code",
    "/Library/Application Support/ClaudeCode",
];
/// The managed file, and the folder with parts of it beside it.
const MANAGED_FILE: &str = "managed-settings.json";
const MANAGED_PARTS: &str = "managed-settings.d";

/// A setting that keeps Fjord's hooks from running.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct SwitchedOff {
    /// Where it stands.
    pub file: PathBuf,
    /// `disableAllHooks` or `allowManagedHooksOnly`.
    pub setting: &'static str,
}

/// Finds the setting that switches hooks off in this project, if one does. Files that cannot be read say nothing.
pub fn switched_off(project: &Path, environment: &Environment) -> Option<SwitchedOff> {
    found(&managed(MANAGED), project, environment)
}

fn found(managed: &[PathBuf], project: &Path, environment: &Environment) -> Option<SwitchedOff> {
    let switch = |file: &Path, setting: &str| {
        let text = file::read(file).ok()??;
        let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
        value.get(setting)?.as_bool()
    };
    for setting in ["allowManagedHooksOnly", "disableAllHooks"] {
        let told = managed
            .iter()
            .find_map(|file| Some((file, switch(file, setting)?)));
        match told {
            Some((file, true)) => {
                return Some(SwitchedOff {
                    file: file.clone(),
                    setting,
                });
            }
            Some((_, false)) if setting == "disableAllHooks" => return None,
            _ => {}
        }
    }
    // The narrowest scope that says anything counts.
    [Scope::Local, Scope::Project, Scope::User]
        .into_iter()
        .filter_map(|scope| settings_file(scope, project, environment))
        .find_map(|file| {
            let is_off = switch(&file, "disableAllHooks")?;
            Some((file, is_off))
        })
        .filter(|(_, is_off)| *is_off)
        .map(|(file, _)| SwitchedOff {
            file,
            setting: "disableAllHooks",
        })
}

/// The managed files, the one that counts first in front.
fn managed(folders: &[&str]) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for folder in folders.iter().map(Path::new) {
        let parts = std::fs::read_dir(folder.join(MANAGED_PARTS));
        let mut parts: Vec<PathBuf> = parts
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|end| end == "json"))
            .collect();
        parts.sort_unstable_by(|one, other| other.cmp(one));
        files.extend(parts);
        files.push(folder.join(MANAGED_FILE));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_setting_that_counts_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let environment = Environment::from_pairs([("HOME", at("home"))]);
        let look = |managed: &[PathBuf]| found(managed, &at("project"), &environment);
        for name in ["home/.claude", "project/.claude"] {
            std::fs::create_dir_all(at(name)).unwrap();
        }
        assert_eq!(look(&[]), None);
        let user = at("home/.claude/settings.json");
        std::fs::write(&user, "{\"disableAllHooks\": true}").unwrap();
        assert_eq!(look(&[]).unwrap().file, user);
        std::fs::write(
            at("project/.claude/settings.local.json"),
            "{\"disableAllHooks\": false}",
        )
        .unwrap();
        assert_eq!(look(&[]), None, "the narrower scope counts");
        let managed = at("managed.json");
        std::fs::write(&managed, "{\"allowManagedHooksOnly\": true}").unwrap();
        let found = look(std::slice::from_ref(&managed)).unwrap();
        assert_eq!(
            (found.file, found.setting),
            (managed, "allowManagedHooksOnly")
        );
    }
}
