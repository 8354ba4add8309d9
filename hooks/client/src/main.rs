//! The small program Claude Code calls for each hook event; all of it is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    fjord_hook::run()
}
