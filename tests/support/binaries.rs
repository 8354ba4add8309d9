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
    let folder = test_program.parent().expect("a program is in a folder");
    // Test programs are in `deps`, the benchmark is beside the programs.
    let profile_folder = if folder.ends_with("deps") {
        folder.parent().expect("`deps` is in a folder")
    } else {
        folder
    };
    let path = profile_folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    assert!(
        path.is_file(),
        "there is no {}; build the programs first: `cargo build --workspace --bins`",
        path.display()
    );
    path
}
