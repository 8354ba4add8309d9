//! The installer against settings files of all kinds: the bytes before, after it, and after taking it out again.
//!
//! `tests/fixtures/settings/NAME` holds `before` (none: no file), and `after` or, where the file is refused,
//! `refused` with the sentence. `restored` is there where uninstalling rightly gives other bytes than `before`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use config::Environment;
use hooks::install::{Done, Failure, InstallError, Waits};
use hooks::{Installer, Scope};

const WAITS: Waits = Waits {
    person_s: 120,
    deadline_ms: 150,
    prompt_ms: 800,
};

/// A user with a home, a Fjord and a project.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("fjord-hook"), "#!/bin/sh\n").unwrap();
        std::fs::create_dir_all(folder.path().join("project/.claude")).unwrap();
        Self { folder }
    }

    fn with(bytes: &[u8]) -> Self {
        let place = Self::new();
        std::fs::write(place.settings(), bytes).unwrap();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn settings(&self) -> PathBuf {
        self.path("project/.claude/settings.json")
    }

    fn environment(&self) -> Environment {
        Environment::from_pairs([
            ("FJORD_HOME", self.path("fjord")),
            ("HOME", self.path("home")),
        ])
    }

    fn installer(&self, scope: Scope) -> Installer {
        Installer::new(scope, &self.path("project"), &self.environment(), WAITS).unwrap()
    }

    fn install(&self, seconds: i64) -> Result<Done, InstallError> {
        self.install_with(Failure::Continue, seconds)
    }

    fn install_with(&self, failure: Failure, seconds: i64) -> Result<Done, InstallError> {
        self.installer(Scope::Project)
            .install(&self.path("fjord-hook"), failure, at(seconds))
    }

    fn uninstall(&self, seconds: i64) -> Result<Done, InstallError> {
        self.installer(Scope::Project).uninstall(at(seconds))
    }

    /// The bytes of the settings, with the temporary folder left out.
    fn bytes(&self) -> Option<Vec<u8>> {
        let bytes = std::fs::read(self.settings()).ok()?;
        let folder = self.folder.path().to_str().unwrap();
        Some(match String::from_utf8(bytes) {
            Ok(text) => text.replace(folder, "/FOLDER").into_bytes(),
            Err(error) => error.into_bytes(),
        })
    }

    /// Fails unless installing is refused and every byte stays; returns the sentence.
    #[track_caller]
    fn refuses(&self) -> String {
        let before = self.bytes();
        let error = self.install(0).unwrap_err();
        assert_eq!(self.bytes(), before, "{error}");
        let folder = self.folder.path().to_str().unwrap();
        error.to_string().replace(folder, "/FOLDER")
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn shown(bytes: Option<&Vec<u8>>) -> String {
    bytes.map_or_else(
        || "no file".to_owned(),
        |bytes| String::from_utf8_lossy(bytes).into_owned(),
    )
}

#[test]
fn every_settings_file_of_the_table_is_changed_as_little_as_can_be_and_comes_back() {
    let table = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/settings");
    let mut cases = 0;
    for entry in std::fs::read_dir(&table).unwrap() {
        let case = entry.unwrap().path();
        let name = case.file_name().unwrap().to_str().unwrap().to_owned();
        let file = |name: &str| std::fs::read(case.join(name)).ok();
        let before = file("before");
        let place = match &before {
            Some(bytes) => Place::with(bytes),
            None => Place::new(),
        };
        cases += 1;
        if let Some(sentence) = file("refused") {
            let expected = String::from_utf8(sentence).unwrap();
            assert_eq!(place.refuses(), expected.trim_end(), "{name}");
            continue;
        }
        place
            .install(0)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let after = place.bytes();
        assert_eq!(
            shown(after.as_ref()),
            shown(file("after").as_ref()),
            "{name}: after"
        );
        assert!(
            !place.install(1).unwrap().changed,
            "{name}: a second time changes nothing"
        );
        place.uninstall(2).unwrap();
        let restored = file("restored").or(before);
        assert_eq!(
            shown(place.bytes().as_ref()),
            shown(restored.as_ref()),
            "{name}: restored"
        );
        assert_eq!(place.bytes(), restored, "{name}");
        assert!(
            !place.uninstall(3).unwrap().changed,
            "{name}: nothing is left"
        );
    }
    assert!(cases >= 40, "{cases} cases");
}

#[test]
fn an_upgrade_of_the_entries_still_gives_back_every_byte() {
    let before = b"{ \"a\" :1\n}\n\n";
    let place = Place::with(before);
    place.install_with(Failure::Block, 0).unwrap();
    let strict = place.bytes();
    place.install(1).unwrap();
    assert_ne!(place.bytes(), strict);
    // An entry that an earlier Fjord took and this one does not, written by that earlier one.
    let longer = Installer::new(
        Scope::Project,
        &place.path("project"),
        &place.environment(),
        Waits {
            person_s: 300,
            ..WAITS
        },
    )
    .unwrap();
    longer
        .install(&place.path("fjord-hook"), Failure::Continue, at(2))
        .unwrap();
    assert!(shown(place.bytes().as_ref()).contains("\"timeout\": 315"));
    place.uninstall(3).unwrap();
    assert_eq!(place.bytes().unwrap(), before);
}

#[test]
fn what_a_person_changed_since_stays_also_over_an_upgrade() {
    let place = Place::with(b"{\"a\": 1}");
    place.install(0).unwrap();
    let text = std::fs::read_to_string(place.settings()).unwrap();
    std::fs::write(place.settings(), text.replacen("\"a\": 1", "\"a\": 2", 1)).unwrap();
    place.install_with(Failure::Block, 1).unwrap();
    place.uninstall(2).unwrap();
    assert_eq!(place.bytes().unwrap(), b"{\"a\": 2}");
}

#[test]
fn what_was_made_goes_with_its_folder_and_foreign_files_stay() {
    for is_alone in [true, false] {
        let place = Place::new();
        std::fs::remove_dir(place.path("project/.claude")).unwrap();
        place.install(0).unwrap();
        if !is_alone {
            std::fs::write(place.path("project/.claude/other"), "x").unwrap();
        }
        place.uninstall(1).unwrap();
        assert!(!place.settings().exists());
        assert_eq!(place.path("project/.claude").exists(), !is_alone);
    }
}

#[test]
fn a_link_stays_a_link_and_the_mode_stays() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let target = place.path("dotfiles.json");
    std::fs::write(&target, "{}").unwrap();
    std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o640)).unwrap();
    std::os::unix::fs::symlink(&target, place.settings()).unwrap();
    place.install(0).unwrap();
    assert!(place.settings().is_symlink());
    let mode = std::fs::metadata(&target).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert!(
        std::fs::read_to_string(&target)
            .unwrap()
            .contains("fjord-hook")
    );
    place.uninstall(1).unwrap();
    assert!(place.settings().is_symlink());
    assert_eq!(std::fs::read(&target).unwrap(), b"{}");
}

#[test]
fn a_link_to_nowhere_is_refused_and_stays() {
    let place = Place::new();
    std::os::unix::fs::symlink(place.path("gone"), place.settings()).unwrap();
    assert!(place.refuses().starts_with("cannot read"));
    assert!(place.settings().is_symlink());
}

#[test]
fn what_is_read_only_stays_as_it_is_also_for_root() {
    use std::os::unix::fs::PermissionsExt;
    for name in ["project/.claude/settings.json", "project/.claude"] {
        let place = Place::with(b"{}");
        let mode = if name.ends_with("json") { 0o444 } else { 0o555 };
        let only = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(place.path(name), only).unwrap();
        let sentence = place.refuses();
        let all = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(place.path(name), all).unwrap();
        assert_eq!(
            sentence,
            format!("cannot write /FOLDER/{name}: it is read-only")
        );
    }
}

#[test]
fn what_is_no_file_is_refused_without_a_wait() {
    let place = Place::new();
    std::fs::create_dir(place.settings()).unwrap();
    assert!(place.refuses().ends_with("it is no file"));
    let place = Place::new();
    let made = std::process::Command::new("mkfifo")
        .arg(place.settings())
        .status();
    assert!(made.unwrap().success());
    let error = place.install(0).unwrap_err();
    assert!(error.to_string().ends_with("it is no file"), "{error}");
}

#[test]
fn a_large_file_is_taken_and_a_huge_one_refused() {
    let with = |megabytes: usize| {
        let text = format!("{{\n  \"a\": \"{}\"\n}}\n", "x".repeat(megabytes << 20));
        (Place::with(text.as_bytes()), text)
    };
    let (place, text) = with(2);
    place.install(0).unwrap();
    place.uninstall(1).unwrap();
    assert!(place.bytes().unwrap() == text.as_bytes());
    let (place, _) = with(9);
    assert!(place.refuses().ends_with("it is larger than 8 MB"));
}

#[test]
fn a_home_that_cannot_be_used_is_an_error_and_nothing_is_made() {
    let place = Place::new();
    std::fs::write(place.path("home"), "no folder").unwrap();
    let installer = place.installer(Scope::User);
    let error = installer
        .install(&place.path("fjord-hook"), Failure::Continue, at(0))
        .unwrap_err();
    assert!(
        error.to_string().contains("/home/.claude/settings.json"),
        "{error}"
    );
    assert!(!place.path("fjord/data/bin").exists());
    let nobody = Environment::from_pairs([("FJORD_HOME", place.path("fjord"))]);
    let error = Installer::new(Scope::User, Path::new("/"), &nobody, WAITS).unwrap_err();
    assert!(matches!(error, InstallError::NoHome), "{error}");
}

#[test]
fn bad_entries_of_others_are_told_with_their_place() {
    let place = Place::with(b"{\"hooks\":{\"Stop\":[{\"hooks\":[{\"type\":\"command\",\"command\":\"a\",\"timeout\":0}]}]}}");
    let done = place.install(0).unwrap();
    assert_eq!(done.problems.len(), 1);
    assert_eq!(done.problems[0].place, "hooks.Stop[0].hooks[0].timeout");
    assert!(!done.problems[0].drops_file);
    let text = std::fs::read_to_string(place.settings()).unwrap();
    let worse = text.replacen("\"timeout\":135", "\"timeout\":0", 1);
    assert_ne!(worse, text);
    std::fs::write(place.settings(), worse).unwrap();
    let status = place.installer(Scope::Project).status().unwrap();
    assert!(status.problems[0].drops_file, "{:?}", status.problems);
    assert!(!status.complete);
    // Our own bad entry is mended; that of others still stands.
    place.install(1).unwrap();
    assert!(place.installer(Scope::Project).status().unwrap().complete);
}

#[test]
fn a_plugin_folder_holds_the_same_entries_and_no_foreign_folder_is_written_to() {
    let place = Place::new();
    let plugin = place.path("plugin");
    let installer = place.installer(Scope::User);
    let write = || installer.plugin(&place.path("fjord-hook"), Failure::Continue, &plugin);
    assert_eq!(write().unwrap().len(), 3);
    let read = |name: &str| -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(plugin.join(name)).unwrap()).unwrap()
    };
    assert_eq!(read(".claude-plugin/plugin.json")["name"], "fjord");
    let hooks = read("hooks/hooks.json");
    assert_eq!(
        hooks["hooks"].as_object().unwrap().len(),
        hooks::install::events().count()
    );
    let program = hooks["hooks"]["PreToolUse"][0]["hooks"][0]["command"]
        .as_str()
        .unwrap();
    assert!(Path::new(program).is_file());
    write().unwrap();
    std::fs::write(
        plugin.join(".claude-plugin/plugin.json"),
        "{\"name\":\"other\"}",
    )
    .unwrap();
    assert!(matches!(write(), Err(InstallError::Malformed { .. })));
}
