//! A Fjord of one test: its own folder, its own configuration, the real programs.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use config::Paths;
use config::{Environment, env};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::process::Process;
use crate::wait::{DEADLINE, block_until};
use crate::{binaries, process};

/// A temporary `FJORD_HOME`; everything that Fjord keeps is below it.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    variables: Vec<(String, String)>,
}

/// What a program printed, and how it ended.
#[derive(Debug, Clone)]
pub struct Output {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// A running `fjord up`; killed when dropped.
#[derive(Debug)]
pub struct Up {
    process: Process,
    log: PathBuf,
}

impl Home {
    /// Makes an empty home.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("h")
            .rand_bytes(6)
            .tempdir()
            .expect("a temporary folder");
        Self {
            folder,
            variables: Vec::new(),
        }
    }

    /// Makes a home with this configuration file.
    pub fn with_config(toml: &str) -> Self {
        let home = Self::new();
        home.write_config(toml);
        home
    }

    /// Writes or replaces the configuration file.
    pub fn write_config(&self, toml: &str) {
        let path = self.paths().config_file;
        let folder = path.parent().expect("a file is in a folder");
        std::fs::create_dir_all(folder).expect("a temporary folder can be written");
        std::fs::write(path, toml).expect("a temporary folder can be written");
    }

    /// Sets a variable for every program that is run from now on.
    pub fn set_variable(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where Fjord keeps its files in this home.
    pub fn paths(&self) -> Paths {
        Paths::from(&Environment::from_pairs([(
            env::FJORD_HOME,
            self.path().as_os_str(),
        )]))
    }

    /// Runs `fjord` to its end.
    pub fn fjord<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Output {
        self.fjord_with_input(arguments, b"")
    }

    /// Runs `fjord` to its end with `input` on standard input.
    pub fn fjord_with_input<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
        input: &[u8],
    ) -> Output {
        let mut command = self.command(&binaries::fjord());
        command.args(arguments);
        run(command, input)
    }

    /// Runs `fjord` and returns the JSON document it printed.
    ///
    /// # Panics
    ///
    /// When it fails or prints anything else.
    pub fn fjord_json<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
    ) -> serde_json::Value {
        let mut command = self.command(&binaries::fjord());
        command.args(arguments).arg("--json");
        let output = run(command, b"");
        assert_eq!(output.code, Some(0), "{output:?}");
        serde_json::from_str(&output.stdout)
            .unwrap_or_else(|error| panic!("not one JSON document: {error}: {output:?}"))
    }

    /// Runs `fjord-hook` with one event on standard input.
    pub fn hook(&self, event: &[u8]) -> Output {
        run(self.command(&binaries::fjord_hook()), event)
    }

    /// A command for a program of Fjord with nothing of this process's environment but what programs need.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let ours = Environment::read();
        command
            .env_clear()
            .env(env::PATH, ours.get(env::PATH).unwrap_or("/usr/bin:/bin"))
            .env(env::HOME, self.path())
            .env(env::USER, "tester")
            .env(env::NO_COLOR, "1")
            .env("TMPDIR", std::env::temp_dir())
            .env("LC_ALL", "C.UTF-8")
            .env("RUST_BACKTRACE", "1")
            .env(env::FJORD_HOME, self.path())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(self.path());
        command
    }

    /// Starts `fjord up` and waits until its socket takes connections.
    pub fn up(&self) -> Up {
        let mut up = self.begin_up();
        let socket = self.paths().socket;
        block_until("the socket of `fjord up`", || {
            assert!(up.process.is_running(), "`fjord up` ended: {}", up.log());
            UnixStream::connect(&socket).ok()
        });
        up
    }

    /// Starts `fjord up` and does not wait.
    pub fn begin_up(&self) -> Up {
        let log = self.path().join("up.log");
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log)
            .expect("a temporary folder");
        let errors = file.try_clone().expect("a file can be opened twice");
        let mut command = self.command(&binaries::fjord());
        command
            .arg("up")
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors);
        Up {
            process: Process::start(&mut command, self.path()),
            log,
        }
    }

    /// Starts `fjord` and returns at once; standard output goes to `NAME.log` in the home.
    pub fn begin_fjord<S: AsRef<OsStr>>(
        &self,
        name: &str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Up {
        let log = self.path().join(format!("{name}.log"));
        let file = std::fs::File::create(&log).expect("a temporary folder");
        let errors = file.try_clone().expect("a file can be opened twice");
        let mut command = self.command(&binaries::fjord());
        command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors);
        Up {
            process: Process::start(&mut command, self.path()),
            log,
        }
    }
}

impl Default for Home {
    fn default() -> Self {
        Self::new()
    }
}

impl Up {
    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// What it has printed so far, both streams.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Kills it at once, as `kill -9` does.
    pub fn kill(mut self) {
        self.process.kill();
    }

    /// Interrupts it as Ctrl-C does and waits until it has ended.
    pub fn interrupt(mut self) -> ExitStatus {
        self.process.stop(Signal::INT)
    }

    /// Asks it to end as systemd does and waits until it has.
    pub fn terminate(mut self) -> ExitStatus {
        self.process.stop(Signal::TERM)
    }

    /// Memory that it has to itself, in kilobytes; only Linux tells.
    pub fn resident_kilobytes(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }
}

impl Output {
    /// Fails with everything that was printed unless the program exited with `code`.
    #[track_caller]
    pub fn expect_code(&self, code: i32) {
        let Self { stdout, stderr, .. } = self;
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{stdout}\nstderr:\n{stderr}"
        );
    }
}

/// Runs a program to its end; one that hangs is killed, which fails the test.
pub fn run(mut command: Command, input: &[u8]) -> Output {
    let folder = TempDir::new().expect("a temporary folder");
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut process = process::Process::start(&mut command, folder.path());
    let mut stdin = process.child().stdin.take().expect("it was piped");
    let stdout = read_all(process.child().stdout.take().expect("it was piped"));
    let stderr = read_all(process.child().stderr.take().expect("it was piped"));
    let input = input.to_vec();
    let writer = std::thread::spawn(move || {
        // A program that ends before it has read everything is judged by its output.
        let _closed_early = stdin.write_all(&input);
    });
    let started = Instant::now();
    while process.is_running() {
        if started.elapsed() > 3 * DEADLINE {
            process.kill();
            let printed = String::from_utf8_lossy(&stdout.join().unwrap_or_default()).into_owned();
            panic!(
                "{command:?} did not end within {:?}; it printed:\n{printed}",
                3 * DEADLINE
            );
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let status = process.kill();
    let _wrote = writer.join();
    Output {
        code: status.code(),
        stdout: String::from_utf8_lossy(&stdout.join().expect("a reader does not panic"))
            .into_owned(),
        stderr: String::from_utf8_lossy(&stderr.join().expect("a reader does not panic"))
            .into_owned(),
    }
}

fn read_all(mut pipe: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _cut_off = pipe.read_to_end(&mut bytes);
        bytes
    })
}
