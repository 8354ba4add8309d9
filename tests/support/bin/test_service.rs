//! A small HTTP service for stories to deploy, well or ill as they ask.
//!
//! `test-service FOLDER` listens on a free port of the loopback and writes it to `FOLDER/port`.
//! Each request reads `FOLDER/version` (what the deploy command wrote; `FJORD_VERSION` in the
//! environment goes before it) and `FOLDER/behaviour`, lines of `VERSION BEHAVIOUR`. So a deploy
//! command is as short as `echo "$FJORD_VERSION" > version`.
//!
//! `/health` is then `good`, `bad` (500), `slow` (answers after 3 s), `hang` (never answers),
//! `huge` (1 GB), `garbage` (not HTTP) or `cut` (closes at once); `/version` says the version.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(
        std::env::args_os()
            .nth(1)
            .expect("usage: test-service FOLDER"),
    );
    let fixed_port = std::fs::read_to_string(folder.join("port"))
        .ok()
        .and_then(|port| port.trim().parse().ok());
    let listener = TcpListener::bind(("127.0.0.1", fixed_port.unwrap_or(0)))?;
    // Renamed into place, so that a reader never sees half a number.
    let unfinished = folder.join("port.new");
    std::fs::write(&unfinished, listener.local_addr()?.port().to_string())?;
    std::fs::rename(unfinished, folder.join("port"))?;
    for stream in listener.incoming() {
        let folder = folder.clone();
        std::thread::spawn(move || {
            // A client that went away is no concern of the service.
            let _went_away = stream.and_then(|stream| answer(stream, &folder));
        });
    }
    Ok(())
}

fn answer(mut stream: TcpStream, folder: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    for line in lines {
        if line?.is_empty() {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or("/");
    let version = version(folder);
    if path == "/version" {
        return reply(&mut stream, "200 OK", &version);
    }
    if path != "/health" {
        return reply(&mut stream, "404 Not Found", "try /health or /version");
    }
    match behaviour(folder, &version).as_str() {
        "bad" => reply(
            &mut stream,
            "500 Internal Server Error",
            "the database is gone",
        ),
        "slow" => {
            std::thread::sleep(Duration::from_secs(3));
            reply(&mut stream, "200 OK", "ok, at last")
        }
        "hang" => loop {
            std::thread::sleep(Duration::from_hours(1));
        },
        "huge" => {
            const GIGABYTE: usize = 1 << 30;
            let block = vec![b'x'; 1 << 16];
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {GIGABYTE}\r\n\r\n"
            )?;
            (0..GIGABYTE / block.len()).try_for_each(|_| stream.write_all(&block))
        }
        "garbage" => stream.write_all(b"\xff\xfe this is not HTTP\n"),
        "cut" => Ok(()),
        _ => reply(&mut stream, "200 OK", "ok"),
    }
}

fn reply(stream: &mut TcpStream, status: &str, body: &str) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[expect(
    clippy::disallowed_methods,
    reason = "the deployed service is no part of Fjord; it takes its version as any service does"
)]
fn version(folder: &Path) -> String {
    let given = std::env::var("FJORD_VERSION").ok();
    let version = given.or_else(|| std::fs::read_to_string(folder.join("version")).ok());
    version.unwrap_or_default().trim().to_owned()
}

fn behaviour(folder: &Path, version: &str) -> String {
    let lines = std::fs::read_to_string(folder.join("behaviour")).unwrap_or_default();
    let last_word = lines.lines().rev().find_map(|line| {
        let (of, behaviour) = line.split_once(' ')?;
        (of == version || of == "*").then(|| behaviour.to_owned())
    });
    last_word.unwrap_or_else(|| "good".to_owned())
}
