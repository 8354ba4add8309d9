//! Finds the programs that belong to the running tests.

use std::path::PathBuf;

/// The program `fjord`.
pub fn fjord() -> PathBuf {
    find("fjord")
}

/// The program `fjord-hook`.
pub fn fjord_hook() -> PathBuf {
    find("fjord-hook")
}

/// The service that stories deploy.
pub fn test_service() -> PathBuf {
    find("test-service")
}

/// Programs are built beside the folder of the test programs; `CARGO_BIN_EXE_*` exists only in the
/// package that builds them.
fn find(name: &str) -> PathBuf {
    let test_program = std::env::current_exe().expect("a running program has a path");
    let profile_folder = test_program
        .ancestors()
        .find(|folder| folder.ends_with("deps"))
        .and_then(|deps| deps.parent())
        .expect("cargo puts test programs into `deps`");
    let path = profile_folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "there is no {}; build the programs first: `cargo build --workspace --bins`",
        path.display()
    );
    path
}
