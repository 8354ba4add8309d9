//! Servers of one test, which it stops and starts again in the middle.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tempfile::TempDir;

use super::{TestDatabase, variable_or_skip};
use crate::process::{Process, free_port};
use crate::wait::{block_until, until};

/// A Redis that keeps its port, and nothing else, over a restart.
#[derive(Debug)]
pub struct RedisServer {
    process: Option<Process>,
    port: u16,
    binary: String,
    folder: TempDir,
}

impl RedisServer {
    /// Starts one, or skips the running test.
    pub async fn start() -> Option<Self> {
        let binary = variable_or_skip("FJORD_TEST_REDIS_BIN", "redis-server")?;
        let mut server = Self {
            process: None,
            port: free_port(),
            binary,
            folder: new_folder(),
        };
        server.restart().await;
        Some(server)
    }

    /// `redis://…`, the same over a restart.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Stops it; nobody listens on its port any more.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// Freezes it: connections stay open and nothing is answered, until [`RedisServer::thaw`].
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a frozen one go on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Starts it again and waits until it answers.
    pub async fn restart(&mut self) {
        self.stop();
        let mut command = Command::new(&self.binary);
        command
            .args([
                "--port",
                &self.port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .arg("--dir")
            .arg(self.folder.path());
        quiet(&mut command, self.folder.path());
        self.process = Some(Process::start(&mut command, self.folder.path()));
        let client = redis::Client::open(self.url()).expect("a Redis URL");
        until("a private Redis to answer", || async {
            let mut connection = client.get_multiplexed_async_connection().await.ok()?;
            redis::cmd("PING")
                .query_async::<String>(&mut connection)
                .await
                .ok()
        })
        .await;
    }

    fn signal(&self, signal: Signal) {
        let process = self
            .process
            .as_ref()
            .expect("a stopped server cannot be signalled");
        let pid = i32::try_from(process.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        rustix::process::kill_process(pid.expect("a pid fits"), signal)
            .expect("a child can be signalled");
    }
}

/// A Postgres cluster that keeps its data and its port over a restart.
#[derive(Debug)]
pub struct PostgresServer {
    process: Option<Process>,
    port: u16,
    binaries: String,
    folder: TempDir,
}

impl PostgresServer {
    /// Makes a cluster and starts it, or skips the running test.
    pub async fn start() -> Option<Self> {
        let binaries = variable_or_skip("FJORD_TEST_POSTGRES_BIN", "PostgreSQL's own programs")?;
        let mut server = Self {
            process: None,
            port: free_port(),
            binaries,
            folder: new_folder(),
        };
        server.make_cluster();
        server.restart().await;
        Some(server)
    }

    /// Makes a database in it; its URL is the same over a restart.
    pub async fn database(&self) -> TestDatabase {
        TestDatabase::create(&self.url()).await
    }

    /// `postgres://…` of the database `postgres`, the same over a restart.
    pub fn url(&self) -> String {
        format!("postgres://test@127.0.0.1:{}/postgres", self.port)
    }

    /// Stops it without waiting for its clients.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // SIGINT is its fast shutdown; a SIGKILL would leave its workers behind.
            process.stop(Signal::INT);
        }
    }

    /// Starts it again and waits until it answers.
    pub async fn restart(&mut self) {
        self.stop();
        let mut command = self.as_ordinary_user("postgres");
        command
            .arg("-D")
            .arg(self.folder.path().join("data"))
            .arg("-k")
            .arg(self.folder.path())
            .args([
                "-p",
                &self.port.to_string(),
                "-c",
                "listen_addresses=127.0.0.1",
            ])
            .args([
                "-c",
                "fsync=off",
                "-c",
                "synchronous_commit=off",
                "-c",
                "full_page_writes=off",
            ]);
        quiet(&mut command, self.folder.path());
        self.process = Some(Process::start(&mut command, self.folder.path()));
        let url = self.url();
        until("a private PostgreSQL to answer", || async {
            use sqlx::Connection;
            sqlx::PgConnection::connect(&url)
                .await
                .ok()?
                .ping()
                .await
                .ok()
        })
        .await;
    }

    fn make_cluster(&self) {
        if let Some((user, group)) = postgres_account() {
            std::os::unix::fs::chown(self.folder.path(), Some(user), Some(group))
                .expect("root gives folders away");
        }
        let mut command = self.as_ordinary_user("initdb");
        command
            .arg("-D")
            .arg(self.folder.path().join("data"))
            .args([
                "-U",
                "test",
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--locale=C",
                "--no-sync",
            ]);
        let made = command
            .current_dir(self.folder.path())
            .output()
            .expect("initdb can be run");
        assert!(
            made.status.success(),
            "initdb failed: {}",
            String::from_utf8_lossy(&made.stderr)
        );
    }

    /// Postgres refuses to run as root; root runs it as the account that its package made.
    fn as_ordinary_user(&self, program: &str) -> Command {
        let program = Path::new(&self.binaries).join(program);
        match postgres_account() {
            None => Command::new(program),
            Some((user, group)) => {
                let mut command = Command::new("setpriv");
                command
                    .arg(format!("--reuid={user}"))
                    .arg(format!("--regid={group}"))
                    .arg("--clear-groups")
                    .arg(program);
                command
            }
        }
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A Chroma server that keeps its data and its port over a restart.
#[derive(Debug)]
pub struct ChromaServer {
    process: Option<Process>,
    port: u16,
    python: String,
    folder: TempDir,
}

impl ChromaServer {
    /// Starts one, or skips the running test.
    pub async fn start() -> Option<Self> {
        let python = variable_or_skip("FJORD_TEST_CHROMA_BIN", "the Chroma server")?;
        let mut server = Self {
            process: None,
            port: free_port(),
            python,
            folder: new_folder(),
        };
        server.restart().await;
        Some(server)
    }

    /// `http://…`, the same over a restart.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Stops it; nobody listens on its port any more.
    pub fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
    }

    /// Starts it again and waits until it answers.
    pub async fn restart(&mut self) {
        self.stop();
        let mut command = Command::new(&self.python);
        command
            .arg("-c")
            .arg("import sys, chromadb_rust_bindings as b; b.cli(['chroma'] + sys.argv[1:])")
            .arg("run")
            .arg("--path")
            .arg(self.folder.path().join("data"))
            .args(["--host", "127.0.0.1", "--port", &self.port.to_string()]);
        quiet(&mut command, self.folder.path());
        self.process = Some(Process::start(&mut command, self.folder.path()));
        let heartbeat = format!("{}/api/v2/heartbeat", self.url());
        until("a private Chroma to answer", || async {
            reqwest::get(&heartbeat).await.ok()?.error_for_status().ok()
        })
        .await;
    }
}

/// Waits until somebody listens on a port of the loopback.
pub(crate) fn wait_for_port(port: u16) {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    block_until("a port to be listened on", || {
        TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok()
    });
}

/// The numbers of the account `postgres` when this is root.
fn postgres_account() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let number = |flag: &str| {
        let answer = Command::new("id")
            .args([flag, "postgres"])
            .output()
            .expect("`id` can be run");
        String::from_utf8_lossy(&answer.stdout)
            .trim()
            .parse()
            .expect("PostgreSQL's package made its account")
    };
    Some((number("-u"), number("-g")))
}

/// Short paths (a Unix socket's must stay below 108 bytes) that another account may enter.
fn new_folder() -> TempDir {
    let folder = tempfile::Builder::new()
        .prefix("s")
        .rand_bytes(6)
        .tempdir()
        .expect("a temporary folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755))
        .expect("it is ours");
    folder
}

fn quiet(command: &mut Command, folder: &Path) {
    let log =
        std::fs::File::create(folder.join("log")).expect("the folder of a server can be written");
    let errors = log.try_clone().expect("a file can be opened twice");
    command
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors);
}
