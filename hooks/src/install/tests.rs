use super::*;

struct Place {
    _folder: tempfile::TempDir,
    program: PathBuf,
    installer: Installer,
}

fn place(text: Option<&str>) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let environment = Environment::from_pairs([
        ("FJORD_HOME", folder.path().join("fjord")),
        ("HOME", folder.path().join("home")),
    ]);
    let program = folder.path().join("fjord-hook");
    std::fs::write(&program, "#!/bin/sh\n").unwrap();
    let project = folder.path().join("project");
    std::fs::create_dir_all(project.join(".claude")).unwrap();
    if let Some(text) = text {
        std::fs::write(project.join(".claude/settings.json"), text).unwrap();
    }
    let installer = Installer::new(Scope::Project, &project, &environment, 120).unwrap();
    Place {
        _folder: folder,
        program,
        installer,
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

impl Place {
    fn text(&self) -> String {
        std::fs::read_to_string(&self.installer.settings).unwrap()
    }

    fn install(&self, seconds: i64) -> Result<Done, InstallError> {
        self.installer
            .install(&self.program, Failure::Continue, at(seconds))
    }
}

#[test]
fn a_new_file_holds_one_entry_an_event_in_exec_form() {
    let place = place(None);
    assert!(place.install(0).unwrap().changed);
    let program = place.installer.program_text();
    let text = place.text();
    let begin = format!(
        "{{\n  \"hooks\": {{\n    \"PreToolUse\": [\n      {{\n        \"hooks\": [\n          {{\"type\": \"command\", \"command\": \"{program}\", \"args\": [], \"timeout\": 135}}\n        ]\n      }}\n    ],\n    \"PermissionRequest\": ["
    );
    assert!(text.starts_with(&begin), "{text}");
    let status = place.installer.status().unwrap();
    assert_eq!(
        (status.events.len(), status.complete, status.program_exists),
        (EVENTS.len(), true, true)
    );
    assert!(
        !place.install(1).unwrap().changed,
        "a second time changes nothing"
    );
    assert!(place.installer.uninstall(at(2)).unwrap().changed);
    assert!(
        !place.installer.settings.exists(),
        "what was made is removed"
    );
}

#[track_caller]
fn comes_back(text: &str) {
    let place = place(Some(text));
    place.install(0).unwrap();
    let installed = place.text();
    assert_ne!(installed, text);
    place.installer.uninstall(at(1)).unwrap();
    assert_eq!(place.text(), text);
}

#[test]
fn uninstalling_gives_back_every_byte() {
    comes_back("{}");
    comes_back("{ }\n\n");
    comes_back("{\n}\n");
    comes_back("{\"model\":\"x\"}");
    comes_back("{\"hooks\":{\"Stop\":[]}}");
    comes_back("{\"hooks\":{}, \"z\" : [1,2 ,3]}");
    comes_back("{\r\n\t\"permissions\": {\"deny\": [\"Read(.env)\"]},\r\n\t\"a\": 1e5\r\n}\r\n");
    comes_back(
        "{\n    \"hooks\": {\n        \"PreToolUse\": [\n            { \"matcher\": \"Bash\", \"hooks\": [ {\"type\":\"command\",\"command\":\"x \\\"}]\"} ] }\n        ],\n        \"Unknown\": []\n    },\n    \"b\": {}\n}",
    );
}

#[test]
fn foreign_text_stays_where_it_was() {
    let text = "{\n  \"z\": 1.50,\n  \"hooks\": {\n    \"Stop\": [{\"hooks\": [{\"type\": \"command\", \"command\": \"say done\"}]}]\n  },\n  \"a\": \"\\u00e4\"\n}\n";
    let place = place(Some(text));
    place.install(0).unwrap();
    let after = place.text();
    assert!(after.starts_with("{\n  \"z\": 1.50,\n  \"hooks\": {\n    \"Stop\": [{\"hooks\": [{\"type\": \"command\", \"command\": \"say done\"}]},\n"), "{after}");
    assert!(
        after.ends_with("\n  },\n  \"a\": \"\\u00e4\"\n}\n"),
        "{after}"
    );
}

#[test]
fn what_a_person_changed_since_stays_when_the_entries_go() {
    let place = place(Some("{\"a\": 1}"));
    place.install(0).unwrap();
    let changed = place.text().replacen("\"a\": 1", "\"a\": 2", 1);
    std::fs::write(&place.installer.settings, changed).unwrap();
    place.installer.uninstall(at(1)).unwrap();
    assert_eq!(place.text(), "{\"a\": 2}");
}

#[test]
fn an_entry_of_an_older_place_is_replaced() {
    let old = "{\"hooks\":{\"Stop\":[{\"hooks\":[{\"type\":\"command\",\"command\":\"/old/fjord-hook\",\"args\":[]},{\"type\":\"command\",\"command\":\"mine\"}]}]}}";
    let place = place(Some(old));
    place.install(0).unwrap();
    let text = place.text();
    assert!(
        !text.contains("/old/fjord-hook") && text.contains("\"mine\""),
        "{text}"
    );
    assert!(place.installer.status().unwrap().complete);
}

#[test]
fn only_strict_blocks_when_the_program_fails() {
    let place = place(Some("{\n}"));
    place
        .installer
        .install(&place.program, Failure::Block, at(0))
        .unwrap();
    assert_eq!(place.text().matches("\"onFailure\": \"block\"").count(), 1);
    place.install(1).unwrap();
    assert_eq!(place.text().matches("onFailure").count(), 0);
}

#[test]
fn a_file_that_is_not_settings_is_left_alone() {
    for text in [
        "",
        "// mine\n{}",
        "{\"a\":1,}",
        "[]",
        "{\"hooks\":[]}",
        "{\"hooks\":{\"Stop\":{}}}",
        "{\"hooks\":{\"Stop\":[{}]}}",
        "{\"a\":1,\"a\":2}",
        "\u{feff}{}",
    ] {
        let place = place(Some(text));
        let error = place.install(0).unwrap_err();
        assert!(
            matches!(error, InstallError::Malformed { .. }),
            "{text}: {error}"
        );
        assert_eq!(place.text(), text);
        assert!(place.installer.uninstall(at(1)).is_err(), "{text}");
        assert_eq!(place.text(), text);
    }
}

#[test]
fn a_link_stays_a_link_and_the_mode_stays() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("dotfiles.json");
    std::fs::write(&target, "{}").unwrap();
    std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o640)).unwrap();
    let home = folder.path().join("home");
    std::fs::create_dir_all(home.join(".claude")).unwrap();
    let link = home.join(".claude/settings.json");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let environment =
        Environment::from_pairs([("FJORD_HOME", folder.path().join("fjord")), ("HOME", home)]);
    let program = folder.path().join("fjord-hook");
    std::fs::write(&program, "x").unwrap();
    let installer = Installer::new(Scope::User, Path::new("/"), &environment, 120).unwrap();
    installer
        .install(&program, Failure::Continue, at(0))
        .unwrap();
    assert!(link.is_symlink());
    assert_eq!(
        std::fs::metadata(&target).unwrap().permissions().mode() & 0o777,
        0o640
    );
    assert!(
        std::fs::read_to_string(&target)
            .unwrap()
            .contains("fjord-hook")
    );
}
