//! A Fjord of one test, in a folder of its own.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_fjord");

/// A temporary `FJORD_HOME`.
pub(crate) struct Home(TempDir);

/// What a run printed, and its exit code.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    /// A home with the server `web` and, on it, the service `api` that deploys by `command`.
    pub(crate) fn with_service(command: &str) -> Self {
        let home = Self::new();
        home.run(["server", "add", "web", "--hostname", "localhost"])
            .expect(0);
        let folder = home.path().to_str().unwrap();
        home.run([
            "service",
            "add",
            "api",
            "--server",
            "web",
            "--deploy-command",
            command,
            "--project-path",
            folder,
        ])
        .expect(0);
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// The program with nothing of this test's environment but what it needs.
    pub(crate) fn command(&self) -> Command {
        self.prepared(Command::new(PROGRAM))
    }

    /// The same with no process above it: whoever runs the tests may be a coding agent.
    pub(crate) fn command_alone(&self) -> Command {
        self.alone(Path::new(PROGRAM))
    }

    /// Any program with no process above it.
    pub(crate) fn alone(&self, program: &Path) -> Command {
        let mut command = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/alone"));
        command.arg(program);
        self.prepared(command)
    }

    fn prepared(&self, mut command: Command) -> Command {
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.path())
            .env("FJORD_HOME", self.path())
            // A model on this machine would make the answers differ.
            .env("FJORD_LLM__URL", "")
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run<const N: usize>(&self, arguments: [&str; N]) -> Ran {
        let mut command = self.command();
        command.args(arguments);
        finish(command)
    }

    pub(crate) fn run_with_input<const N: usize>(&self, arguments: [&str; N], input: &str) -> Ran {
        let mut command = self.command();
        let mut child = command
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A program that ends early is judged by its output.
        let _closed = stdin.write_all(input.as_bytes());
        drop(stdin);
        ran(&child.wait_with_output().unwrap())
    }

    /// The one JSON document that a successful run prints.
    pub(crate) fn json<const N: usize>(&self, arguments: [&str; N]) -> serde_json::Value {
        let mut command = self.command();
        command.args(arguments).arg("--json");
        finish(command).expect(0).document()
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// Standard output as one JSON document.
    #[track_caller]
    pub(crate) fn document(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Standard output as one JSON document a line.
    #[track_caller]
    pub(crate) fn documents(&self) -> Vec<serde_json::Value> {
        self.out
            .lines()
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
            })
            .collect()
    }
}

pub(crate) fn finish(mut command: Command) -> Ran {
    ran(&command.output().unwrap())
}

fn ran(output: &std::process::Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
