//! The binary `fjord`: reads the command line, prints the answers, puts the parts of `fjord up` together.

#![expect(
    clippy::format_push_string,
    reason = "these are a few lines for a person, and `write!` to a string only adds a result to ignore"
)]

mod argv;
mod commands;

mod backup;
mod chat;
mod demo;
mod guard_commands;
mod hooks_commands;
mod init;
mod learn;
mod road;
mod up;

mod interrupt;
mod output;
mod render;
mod session;
mod steps;
mod wire;

use std::ffi::OsStr;
use std::process::ExitCode;

use agent::Error;
use clap::Parser;
use clap::error::ErrorKind;
use config::{Environment, env};

use crate::argv::{Cli, CliCommand};
use crate::output::Output;
use crate::wire::Wire;

/// Exit code of a command line that cannot be read, from BSD's sysexits.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    // Two providers may be compiled in; the first use without a choice would panic.
    let _set_already = rustls::crypto::ring::default_provider().install_default();
    let environment = Environment::read();
    // Before anything else: the supervisor of a local command must start fast and parse nothing.
    if std::env::args_os().nth(1).as_deref() == Some(OsStr::new("supervise")) {
        return agent::deploy::supervise_main();
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli.settled(),
        Err(error) => return refused(&error, &environment),
    };
    if let CliCommand::DemoService {
        port,
        folder,
        serve,
    } = &cli.command
    {
        let begin = if *serve {
            demo::service::serve
        } else {
            demo::service::replace
        };
        return begin(&environment, *port, folder);
    }
    if matches!(cli.command, CliCommand::Up) {
        with_memory_given_back(&environment);
    }
    let output = Output::new(&environment, cli.json);
    let wire = Wire {
        environment,
        output,
        config_file: cli.config,
    };
    run(&wire, cli.command).unwrap_or_else(|error| {
        output.error(&error);
        ExitCode::from(error.exit_code())
    })
}

/// Starts this program once more with glibc told to give freed memory back, which it reads at its start only.
///
/// Otherwise a few events of 20 MB would leave a daemon that holds 100 MB for good. Where it does not work, the
/// daemon runs without.
fn with_memory_given_back(environment: &Environment) {
    use std::os::unix::process::CommandExt;
    if !cfg!(target_env = "gnu") || environment.is_set(env::MALLOC_MMAP_THRESHOLD) {
        return;
    }
    if let Ok(program) = std::env::current_exe() {
        let error = std::process::Command::new(program)
            .args(std::env::args_os().skip(1))
            .env(env::MALLOC_MMAP_THRESHOLD, "131072")
            .env(env::MALLOC_ARENA_MAX, "2")
            .exec();
        tracing::debug!(%error, "memory is given back late");
    }
}

fn run(wire: &Wire, command: CliCommand) -> Result<ExitCode, Error> {
    let mut runtime = if matches!(command, CliCommand::Up) {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2);
        builder
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    let runtime = runtime
        .enable_all()
        .build()
        .map_err(|error| Error::internal(format!("the runtime cannot start: {error}")))?;
    let outcome = runtime.block_on(commands::run(wire, command));
    // A thread that waits for the keyboard must not keep the process.
    runtime.shutdown_background();
    outcome
}

/// Help and version are answers; everything else is a usage error.
fn refused(error: &clap::Error, environment: &Environment) -> ExitCode {
    let asked_for = matches!(
        error.kind(),
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
    );
    let wants_json = std::env::args_os().any(|argument| argument == "--json");
    if wants_json && !asked_for {
        let text = error.to_string();
        let message = text.trim().trim_start_matches("error: ");
        let document = serde_json::json!({ "error": { "kind": "invalid", "message": message } });
        Output::new(environment, true).document(&document);
    }
    // A reader that went away is no error.
    let _printed = error.print();
    if asked_for {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(USAGE)
    }
}
