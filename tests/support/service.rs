//! The small service that stories deploy, as a test sees it.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::binaries;
use crate::process::Process;
use crate::wait::block_until;

/// How a version of the service answers `/health`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// 200.
    Good,
    /// 500.
    Bad,
    /// 200, after three seconds.
    Slow,
    /// Never.
    Hang,
    /// 200, and a body of 1 GB.
    Huge,
    /// Bytes that are not HTTP.
    Garbage,
    /// The connection is closed at once.
    Cut,
}

/// A running `test-service` in a folder of its own; stopped when dropped.
#[derive(Debug)]
pub struct TestService {
    process: Option<Process>,
    folder: TempDir,
    port: u16,
}

impl TestService {
    /// Starts one that is healthy in every version.
    pub fn start() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let mut service = Self {
            process: None,
            folder,
            port: 0,
        };
        service.restart();
        service
    }

    /// Its folder: the `project_path` of a story.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The port it listens on, the same over a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where its health is asked.
    pub fn health_url(&self) -> String {
        format!("http://127.0.0.1:{}/health", self.port)
    }

    /// A command that deploys it, to be run in its folder.
    pub fn deploy_command(&self) -> &'static str {
        "echo \"$FJORD_VERSION\" > version"
    }

    /// The version that runs now; empty before the first deploy.
    pub fn version(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("version"))
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    /// Says how `version` answers from now on; `*` is every version.
    pub fn behave(&self, version: &str, health: Health) {
        let path = self.folder.path().join("behaviour");
        let mut lines = std::fs::read_to_string(&path).unwrap_or_default();
        let word = match health {
            Health::Good => "good",
            Health::Bad => "bad",
            Health::Slow => "slow",
            Health::Hang => "hang",
            Health::Huge => "huge",
            Health::Garbage => "garbage",
            Health::Cut => "cut",
        };
        writeln!(lines, "{version} {word}").expect("a string takes any text");
        std::fs::write(path, lines).expect("the folder of a service can be written");
    }

    /// Stops it: connections are refused.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// Starts it again on the same port.
    pub fn restart(&mut self) {
        self.stop();
        let mut command = Command::new(binaries::test_service());
        command
            .arg(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        self.process = Some(Process::start(&mut command, self.folder.path()));
        let port_file = self.folder.path().join("port");
        self.port = block_until("the test service to name its port", || {
            std::fs::read_to_string(&port_file)
                .ok()?
                .trim()
                .parse()
                .ok()
        });
        crate::servers::wait_for_port(self.port);
    }
}
