//! The small HTTP service that the tour deploys, and how it is started and stopped.
//!
//! `fjord demo-service PORT FOLDER` is what the deploy script runs: it stops the one before, starts the new one in
//! the background and waits until it listens. The service ends by itself when its folder is gone.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use agent::Error;
use config::Environment;
use config::env::FJORD_VERSION;

use crate::wire::own_program;

/// The version that answers its health check with 500.
const BROKEN: &str = "v2";
/// The longest life of the service, should everything else fail.
const LIFE: Duration = Duration::from_mins(2);
/// Longest wait for it to begin or to end.
const WAIT: Duration = Duration::from_secs(3);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// Writes the service's folder with its deploy script.
pub(super) fn write_script(folder: &Path, port: u16) -> Result<(), Error> {
    let program = own_program()?;
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
    let script = format!(
        "#!/bin/sh\nset -e\necho \"starting shop $FJORD_VERSION\"\nexec {} demo-service {port} {}\n",
        quoted(&program.to_string_lossy()),
        quoted(&folder.to_string_lossy())
    );
    let file = folder.join("deploy.sh");
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&file, script))
        .and_then(|()| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o700)))
        .map_err(|error| Error::internal(format!("the demo's service cannot be written: {error}")))
}

/// Replaces the service that runs by the version of the environment.
pub(crate) fn replace(environment: &Environment, port: u16, folder: &Path) -> ExitCode {
    let version = environment.get(FJORD_VERSION).unwrap_or("unknown");
    stop(port);
    let started = own_program()
        .map_err(|error| error.to_string())
        .and_then(|program| {
            Command::new(program)
                .args(["demo-service", &port.to_string()])
                .arg(folder)
                .arg("--serve")
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                // The deploy command's group is gone when it ends; the service is meant to stay.
                .process_group(0)
                .spawn()
                .map_err(|error| error.to_string())
        });
    let listens = started.is_ok() && until(|| connect(port).is_some());
    let line = match (&started, listens) {
        (Err(error), _) => format!("shop {version} cannot be started: {error}\n"),
        (Ok(_), false) => format!("shop {version} does not listen\n"),
        (Ok(_), true) => format!("shop {version} listens on port {port}\n"),
    };
    // Nobody reads it when Fjord is gone.
    let _unread = std::io::stdout().write_all(line.as_bytes());
    if listens {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Is the service, until it is stopped or its folder is gone.
pub(crate) fn serve(environment: &Environment, port: u16, folder: &Path) -> ExitCode {
    let version = environment
        .get(FJORD_VERSION)
        .unwrap_or("unknown")
        .to_owned();
    let began = Instant::now();
    let listener = loop {
        match TcpListener::bind(("127.0.0.1", port)) {
            Ok(listener) => break listener,
            Err(_) if began.elapsed() < WAIT => sleep(LOOK),
            Err(_) => return ExitCode::FAILURE,
        }
    };
    if listener.set_nonblocking(true).is_err() {
        return ExitCode::FAILURE;
    }
    while folder.exists() && began.elapsed() < LIFE {
        match listener.accept() {
            Ok((stream, _)) => {
                if answer(stream, &version).is_ok_and(|asked_to_stop| asked_to_stop) {
                    break;
                }
            }
            Err(_) => sleep(LOOK),
        }
    }
    ExitCode::SUCCESS
}

/// Asks the service to end and waits until it has; does nothing when there is none.
pub(super) fn stop(port: u16) {
    if let Some(mut stream) = connect(port) {
        let _gone = stream.write_all(b"POST /stop HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let _answered = stream.read(&mut [0; 256]);
    }
    until(|| connect(port).is_none());
}

fn answer(mut stream: TcpStream, version: &str) -> std::io::Result<bool> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(Duration::from_millis(500)))?;
    stream.set_write_timeout(Some(Duration::from_millis(500)))?;
    let mut bytes = [0; 4_096];
    let read = stream.read(&mut bytes)?;
    let request = String::from_utf8_lossy(&bytes[..read]);
    let asked_to_stop = request.starts_with("POST /stop ");
    let status = if version == BROKEN && request.starts_with("GET /health ") {
        "500 Internal Server Error"
    } else {
        "200 OK"
    };
    let body = format!("shop {version}\n");
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(answer.as_bytes())?;
    Ok(asked_to_stop)
}

fn connect(port: u16) -> Option<TcpStream> {
    let stream = TcpStream::connect_timeout(
        &SocketAddr::from(([127, 0, 0, 1], port)),
        Duration::from_millis(300),
    )
    .ok()?;
    // Connecting to a free port of one's own range may meet oneself.
    if stream.local_addr().ok()? == stream.peer_addr().ok()? {
        return None;
    }
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    Some(stream)
}

fn until(mut holds: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while began.elapsed() < WAIT {
        if holds() {
            return true;
        }
        sleep(LOOK);
    }
    false
}
