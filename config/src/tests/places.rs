//! Where files are, and what the snapshot of the environment says.

use super::file;
use crate::{Environment, ExposeSecret, Paths, Store, env};

fn paths(pairs: &[(&str, &str)]) -> Paths {
    Paths::from(&Environment::from_pairs(pairs.iter().copied()))
}

/// Compares configuration file, data folder and socket.
fn check(pairs: &[(&str, &str)], expected: [&str; 3]) {
    let paths = paths(pairs);
    assert_eq!(
        [paths.config_file.as_path(), &paths.data_dir, &paths.socket],
        expected.map(file)
    );
}

#[test]
fn files_follow_fjord_home_then_xdg_then_home() {
    check(
        &[("HOME", "/home/me")],
        [
            "/home/me/.config/fjord/fjord.toml",
            "/home/me/.local/share/fjord",
            "/tmp/fjord-1000/fjord.sock",
        ],
    );
    check(
        &[
            ("HOME", "/h"),
            ("XDG_CONFIG_HOME", "/c"),
            ("XDG_DATA_HOME", "/d"),
            ("XDG_RUNTIME_DIR", "/run/user/1000"),
        ],
        [
            "/c/fjord/fjord.toml",
            "/d/fjord",
            "/run/user/1000/fjord/fjord.sock",
        ],
    );
    check(
        &[
            ("HOME", "/h"),
            ("XDG_RUNTIME_DIR", "/r"),
            ("FJORD_HOME", "/f"),
        ],
        ["/f/config/fjord.toml", "/f/data", "/f/fjord.sock"],
    );
}

#[test]
fn relative_and_empty_folders_are_ignored() {
    check(
        &[
            ("HOME", "/h"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_CONFIG_HOME", ""),
            ("FJORD_HOME", ""),
        ],
        [
            "/h/.config/fjord/fjord.toml",
            "/h/.local/share/fjord",
            "/tmp/fjord-1000/fjord.sock",
        ],
    );
}

#[test]
fn a_service_without_a_home_uses_the_folders_of_the_machine() {
    check(
        &[],
        [
            "/etc/fjord/fjord.toml",
            "/var/lib/fjord",
            "/tmp/fjord-1000/fjord.sock",
        ],
    );
}

#[test]
fn everything_else_lies_in_the_data_folder() {
    let paths = paths(&[("FJORD_HOME", "/f")]);
    assert_eq!(paths.spool_dir, file("/f/data/spool"));
    assert_eq!(paths.snapshot, file("/f/data/snapshot.json"));
    assert_eq!(paths.inventory, file("/f/data/inventory.json"));
    assert_eq!(paths.bin_dir, file("/f/data/bin"));
}

#[test]
fn the_store_is_a_file_there_unless_configured() {
    let store = Store::default();
    assert_eq!(
        store
            .resolved_url(&paths(&[("FJORD_HOME", "/f")]))
            .expose_secret(),
        "sqlite:///f/data/fjord.db"
    );
    let odd = paths(&[("FJORD_HOME", "/a?b#c%d")]);
    assert_eq!(
        store.resolved_url(&odd).expose_secret(),
        "sqlite:///a%3Fb%23c%25d/data/fjord.db"
    );
    let store = Store {
        url: "postgres://db/fjord".into(),
    };
    assert_eq!(
        store.resolved_url(&odd).expose_secret(),
        "postgres://db/fjord"
    );
}

#[test]
fn the_snapshot_knows_who_we_are_and_no_other_variables() {
    let environment = Environment::read();
    let own = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap());
    assert_eq!(environment.uid(), own);
    assert_eq!(environment.get("CARGO_PKG_NAME"), None);
    assert!(environment.is_set(env::PATH));
}

#[test]
fn a_variable_that_is_set_to_nothing_is_not_set() {
    let environment = Environment::from_pairs([("CI", ""), ("NO_COLOR", "1")]).with_uid(7);
    assert!(!environment.is_set(env::CI));
    assert!(environment.is_set(env::NO_COLOR));
    assert_eq!(environment.uid(), 7);
}
