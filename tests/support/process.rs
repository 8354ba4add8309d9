//! A child process that does not outlive its test.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use crate::wait::block_until;

/// A running program; it is killed when this value is dropped.
///
/// Its pid is written to a file below the temporary folder, so that `tests/run` can stop it when
/// the test program itself is killed.
#[derive(Debug)]
pub struct Process {
    child: Child,
    pid_file: PathBuf,
}

impl Process {
    /// Starts `command` and records its pid in `folder`.
    pub fn start(command: &mut Command, folder: &Path) -> Self {
        let program = PathBuf::from(command.get_program());
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", program.display()));
        let pid_file = folder.join(format!("process-{}.pid", child.id()));
        std::fs::write(&pid_file, child.id().to_string())
            .expect("the folder of a test can be written");
        Self { child, pid_file }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child
            .try_wait()
            .expect("a child can be asked")
            .is_none()
    }

    /// Asks it to stop with `signal` and waits until it has.
    pub fn stop(&mut self, signal: Signal) -> ExitStatus {
        if self.is_running() {
            let _gone_meanwhile = kill_process(Pid::from_child(&self.child), signal);
        }
        let status = block_until("a process to stop", || {
            self.child.try_wait().expect("a child can be asked")
        });
        let _never_written = std::fs::remove_file(&self.pid_file);
        status
    }

    /// Kills it at once, as a power cut would.
    pub fn kill(&mut self) -> ExitStatus {
        self.stop(Signal::KILL)
    }

    /// The running child, for its pipes.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _already_gone = self.child.kill();
        let _status = self.child.wait();
        let _never_written = std::fs::remove_file(&self.pid_file);
    }
}

/// Whether any process has this id.
pub fn exists(pid: u32) -> bool {
    i32::try_from(pid)
        .ok()
        .and_then(Pid::from_raw)
        .is_some_and(|pid| test_kill_process(pid).is_ok())
}

/// A port of 127.0.0.1 that nobody listens on at this moment.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .expect("the loopback has a free port")
        .port()
}
