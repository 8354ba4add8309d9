//! The way to the daemon: one HTTP/1.1 request over its socket, by hand.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The largest answer that is read.
const MOST_BYTES: usize = 1 << 20;

/// An event on its way.
pub(crate) struct Waiting(mpsc::Receiver<io::Result<Option<Value>>>);

/// Starts to send an event. Connecting to a socket whose queue is full blocks and knows no timeout,
/// so a thread of its own does it and is left behind when the time is over.
pub(crate) fn send(socket: &Path, id: &str, body: String, deadline: Instant) -> Waiting {
    let (sender, receiver) = mpsc::sync_channel(1);
    let (socket, id) = (socket.to_path_buf(), id.to_owned());
    let exchange = move || {
        let _ = sender.send(exchange(&socket, &id, &body, deadline));
    };
    if std::thread::Builder::new().spawn(exchange).is_err() {
        // The receiver then finds its sender gone: the event is spooled.
    }
    Waiting(receiver)
}

impl Waiting {
    /// The daemon's answer, `None` when it has nothing to say. An error when it did not take the event in time.
    pub(crate) fn wait(self, deadline: Instant) -> io::Result<Option<Value>> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.0
            .recv_timeout(left)
            .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
    }
}

fn exchange(socket: &Path, id: &str, body: &str, deadline: Instant) -> io::Result<Option<Value>> {
    let mut stream = UnixStream::connect(socket)?;
    let head = format!(
        "POST /v1/hook HTTP/1.1\r\nHost: fjord\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\nFjord-Event-Id: {id}\r\nFjord-Client-Version: {}\r\n\r\n",
        body.len(),
        env!("CARGO_PKG_VERSION"),
    );
    for mut rest in [head.as_bytes(), body.as_bytes()] {
        while !rest.is_empty() {
            stream.set_write_timeout(Some(left(deadline)?))?;
            let written = stream.write(rest)?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            rest = &rest[written..];
        }
    }
    let mut answer = Vec::new();
    let mut buffer = [0_u8; 8_192];
    loop {
        if let Some(parsed) = parse(&answer) {
            return parsed;
        }
        stream.set_read_timeout(Some(left(deadline)?))?;
        let read = stream.read(&mut buffer)?;
        if read == 0 || answer.len() > MOST_BYTES {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the answer is cut off",
            ));
        }
        answer.extend_from_slice(&buffer[..read]);
    }
}

fn left(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        Err(io::ErrorKind::TimedOut.into())
    } else {
        Ok(left)
    }
}

/// Reads a whole answer; `None` while more must come.
fn parse(answer: &[u8]) -> Option<io::Result<Option<Value>>> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]);
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .unwrap_or_default();
    let refused = || {
        Some(Err(io::Error::other(format!(
            "the daemon answered {status}"
        ))))
    };
    match status {
        "204" => return Some(Ok(None)),
        "200" => {}
        _ => return refused(),
    }
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let Some(length) = length
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .filter(|length| *length <= MOST_BYTES)
    else {
        return refused();
    };
    let body = answer.get(end + 4..)?.get(..length)?;
    // The event was taken; an answer that is no JSON says nothing.
    Some(Ok(serde_json::from_slice(body).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_it_is_whole() {
        assert!(parse(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"a\":1").is_none());
        let answer = parse(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}")
            .unwrap()
            .unwrap();
        assert_eq!(answer, Some(serde_json::json!({"a": 1})));
        assert_eq!(
            parse(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap(),
            None
        );
        assert!(parse(b"HTTP/1.1 500 No\r\n\r\n").unwrap().is_err());
    }
}
