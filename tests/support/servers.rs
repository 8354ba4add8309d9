//! The real servers: shared ones that `tests/run` started, and private ones that a test may stop.
//!
//! A test that needs a server asks for it and ends when there is none:
//!
//! ```ignore
//! let Some(database) = servers::postgres().await else { return };
//! ```
//!
//! That is counted as skipped, and under `CI` it is a failure.

mod private;
mod shared;

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) use private::wait_for_port;
pub use private::{ChromaServer, PostgresServer, RedisServer};
pub use shared::{TestChroma, TestDatabase, TestRedis, TestSshd, chroma, postgres, redis, sshd};

/// What `tests/run` says in the environment; nothing when `cargo test` runs alone.
fn variable(name: &str) -> Option<String> {
    config::Environment::read().get(name).map(str::to_owned)
}

/// Takes the value of a variable of `tests/run`, or skips the running test.
fn variable_or_skip(name: &str, server: &str) -> Option<String> {
    let value = variable(name);
    if value.is_none() {
        skip(&format!("needs {server}"));
    }
    value
}

/// Says that the running test ends here for want of something.
///
/// # Panics
///
/// Under `CI`, where everything has to be there.
pub fn skip(reason: &str) {
    assert!(
        variable("CI").is_none(),
        "this test {reason}, and under CI that must be there: run the tests with `tests/run`"
    );
    skip_also_under_ci(reason);
}

/// Skips the running test for something that no script can bring, such as not being root.
pub fn skip_also_under_ci(reason: &str) {
    static SKIPPED: AtomicUsize = AtomicUsize::new(0);
    let count = SKIPPED.fetch_add(1, Ordering::Relaxed) + 1;
    let thread = std::thread::current();
    // libtest names the thread after the test.
    let test = thread.name().unwrap_or("a test");
    // Straight to the terminal, because libtest hides what a passing test prints with `println!`;
    // in one piece, because other tests write there too.
    let line = format!(
        "skipped: {test} {reason} ({count} skipped here; `tests/run` starts the servers)\n"
    );
    let _closed = std::io::stderr().write_all(line.as_bytes());
    if let Some(file) = variable("FJORD_TEST_SKIPPED") {
        let program = std::env::current_exe().unwrap_or_default();
        let program = program.file_stem().unwrap_or_default().to_string_lossy();
        let program = program.rsplit_once('-').map_or(&*program, |(name, _)| name);
        let line = format!("{program}::{test} {reason}\n");
        std::fs::OpenOptions::new()
            .append(true)
            .open(file)
            .and_then(|mut file| file.write_all(line.as_bytes()))
            .expect("`tests/run` made the file of skipped tests");
    }
}
