//! The way to the daemon: HTTP/1.1 requests over its socket, by hand.

use std::fmt::Write as _;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use guard::Verdict;
use serde_json::Value;

/// The largest answer that is read.
const MOST_BYTES: usize = 1 << 20;
/// How long one request for a person's answer may take; the daemon answers sooner.
const SLICE: Duration = Duration::from_secs(30);
/// How long is waited before a daemon that is gone is tried again.
const AGAIN: Duration = Duration::from_millis(250);
/// How long telling the daemon that an answer was handed on may take.
const LAST_WORD: Duration = Duration::from_secs(1);

/// What the daemon is told beside the event.
#[derive(Debug, Default)]
pub(crate) struct About {
    /// How long a person may be waited for, seconds; 0: not at all.
    pub(crate) can_wait_s: u64,
    /// Whether somebody sits before the session.
    pub(crate) is_attended: bool,
    /// The verdict of the guard in this program.
    pub(crate) own: Option<(Verdict, String)>,
}

/// What the daemon said.
#[derive(Debug, Default, PartialEq)]
pub(crate) enum Heard {
    /// Nothing; the event was taken.
    #[default]
    Nothing,
    /// One object to print.
    Object(Value),
    /// A person is asked, and may be waited for.
    Asked {
        /// How long, seconds.
        wait_s: u64,
    },
}

/// What became of a question to a person.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// A person answered.
    Answered {
        /// `allow`, `always` or `deny`.
        answer: String,
        /// What the coding agent is told with a no.
        note: Option<String>,
    },
    /// It was answered at the desk, or the session went on.
    Over,
    /// Nobody answered in time.
    Nobody,
}

/// An event on its way.
pub(crate) struct Waiting(mpsc::Receiver<io::Result<Heard>>);

impl About {
    fn headers(&self) -> String {
        let mut headers = format!(
            "Fjord-Client-Version: {}\r\nFjord-Attended: {}\r\n",
            env!("CARGO_PKG_VERSION"),
            u8::from(self.is_attended)
        );
        if self.can_wait_s > 0 {
            let _ = write!(headers, "Fjord-Can-Wait: {}\r\n", self.can_wait_s);
        }
        if let Some((verdict, rule)) = &self.own {
            let _ = write!(
                headers,
                "Fjord-Own-Verdict: {} {rule}\r\n",
                verdict.as_str()
            );
        }
        headers
    }
}

/// Starts to send an event. Connecting to a socket whose queue is full blocks and knows no timeout,
/// so a thread of its own does it and is left behind when the time is over.
pub(crate) fn send(
    socket: &Path,
    (id, body): (&str, String),
    about: &About,
    deadline: Instant,
) -> Waiting {
    let head = format!(
        "POST /v1/hook HTTP/1.1\r\nHost: fjord\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\nFjord-Event-Id: {id}\r\n{}\r\n",
        body.len(),
        about.headers(),
    );
    Waiting(start(socket.to_path_buf(), (head, body), deadline, heard))
}

/// Whether nobody serves the socket. One that is served but slow is there; so is one that cannot be told.
pub(crate) fn is_absent(socket: &Path, deadline: Duration) -> bool {
    let (sender, receiver) = mpsc::sync_channel(1);
    let socket = socket.to_path_buf();
    let connect = move || {
        let _ = sender.send(UnixStream::connect(&socket).err().map(|error| error.kind()));
    };
    std::thread::Builder::new().spawn(connect).is_ok()
        && receiver.recv_timeout(deadline).is_ok_and(|failed| {
            matches!(
                failed,
                Some(io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
            )
        })
}

impl Waiting {
    /// The daemon's answer. An error when it did not take the event in time.
    pub(crate) fn wait(self, deadline: Instant) -> io::Result<Heard> {
        received(&self.0, deadline)
    }
}

/// Waits for a person's answer; a daemon that is gone is tried again until the time is over.
pub(crate) fn wait_for_person(socket: &Path, id: &str, until: Instant) -> Word {
    let head =
        format!("GET /v1/approvals/{id} HTTP/1.1\r\nHost: fjord\r\nConnection: close\r\n\r\n");
    while Instant::now() < until {
        let deadline = until.min(Instant::now() + SLICE);
        let request = (head.clone(), String::new());
        let said = start(socket.to_path_buf(), request, deadline, word);
        match received(&said, deadline) {
            Ok(Some(word)) => return word,
            Ok(None) => {}
            Err(_) => {
                let left = until.saturating_duration_since(Instant::now());
                std::thread::sleep(AGAIN.min(left));
            }
        }
    }
    Word::Nobody
}

/// Tells the daemon that the session has the answer: only now is the person told that it counted.
pub(crate) fn tell_handed_on(socket: &Path, id: &str) {
    let head = format!(
        "POST /v1/approvals/{id}/handed HTTP/1.1\r\nHost: fjord\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let deadline = Instant::now() + LAST_WORD;
    let said = start(
        socket.to_path_buf(),
        (head, String::new()),
        deadline,
        |_, _| Some(()),
    );
    // Should it fail, the person is told that it is not known whether the session has the answer.
    let _ = received(&said, deadline);
}

fn start<T: Send + 'static>(
    socket: PathBuf,
    (head, body): (String, String),
    deadline: Instant,
    read: fn(&str, Option<Value>) -> Option<T>,
) -> mpsc::Receiver<io::Result<T>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    // Without a socket there is nobody to wait for, and a thread would cost more than this look.
    if !socket.try_exists().unwrap_or(true) {
        let _ = sender.send(Err(io::ErrorKind::NotFound.into()));
        return receiver;
    }
    let exchange = move || {
        let said = exchange(&socket, (&head, &body), deadline).and_then(|(status, object)| {
            read(&status, object)
                .ok_or_else(|| io::Error::other(format!("the daemon answered {status}")))
        });
        let _ = sender.send(said);
    };
    if std::thread::Builder::new().spawn(exchange).is_err() {
        // The receiver then finds its sender gone: the event is spooled.
    }
    receiver
}

fn received<T>(receiver: &mpsc::Receiver<io::Result<T>>, deadline: Instant) -> io::Result<T> {
    let left = deadline.saturating_duration_since(Instant::now());
    receiver
        .recv_timeout(left)
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

/// What an answer to an event means; `None`: the event was not taken.
fn heard(status: &str, object: Option<Value>) -> Option<Heard> {
    match status {
        "204" => Some(Heard::Nothing),
        // The event was taken; an answer that is no JSON says nothing.
        "200" => Some(object.map_or(Heard::Nothing, Heard::Object)),
        "202" => Some(
            object
                .and_then(|object| object.get("wait_s")?.as_u64())
                .map_or(Heard::Nothing, |wait_s| Heard::Asked { wait_s }),
        ),
        _ => None,
    }
}

/// What an answer to waiting means: a word, or nothing yet. `None`: the daemon cannot say.
#[expect(
    clippy::option_option,
    reason = "outer: whether the daemon could say, inner: whether there is a word yet"
)]
fn word(status: &str, object: Option<Value>) -> Option<Option<Word>> {
    match status {
        "204" => Some(None),
        "200" => {
            let object = object?;
            let text = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
            Some(Some(Word::Answered {
                answer: text("answer")?,
                note: text("note"),
            }))
        }
        "410" => {
            let closed =
                object.and_then(|object| Some(object.get("closed")?.as_str()? == "expired"));
            Some(Some(if closed == Some(true) {
                Word::Nobody
            } else {
                Word::Over
            }))
        }
        // Nothing was asked with this event: then nobody can answer.
        "404" => Some(Some(Word::Nobody)),
        _ => None,
    }
}

fn exchange(
    socket: &Path,
    (head, body): (&str, &str),
    deadline: Instant,
) -> io::Result<(String, Option<Value>)> {
    let mut stream = UnixStream::connect(socket)?;
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
            return Ok(parsed);
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

/// Reads a whole answer: its status, and its body if that is JSON. `None` while more must come.
fn parse(answer: &[u8]) -> Option<(String, Option<Value>)> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&answer[..end]);
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .unwrap_or_default()
        .to_owned();
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let Some(length) = length
        .and_then(|(_, value)| value.trim().parse::<usize>().ok())
        .filter(|length| *length <= MOST_BYTES)
    else {
        // Only 204 has no length; anything else without one was not said by the daemon.
        let status = if status == "204" {
            status
        } else {
            "broken".to_owned()
        };
        return Some((status, None));
    };
    let body = answer.get(end + 4..)?.get(..length)?;
    Some((status, serde_json::from_slice(body).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_when_it_is_whole() {
        assert!(parse(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n{\"a\":1").is_none());
        let (status, object) =
            parse(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{\"a\":1}").unwrap();
        assert_eq!(
            heard(&status, object),
            Some(Heard::Object(serde_json::json!({"a": 1})))
        );
        let (status, object) = parse(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
        assert_eq!(heard(&status, object), Some(Heard::Nothing));
        let (status, object) = parse(b"HTTP/1.1 500 No\r\n\r\n").unwrap();
        assert_eq!(heard(&status, object), None);
    }

    #[test]
    fn a_question_is_waited_for_until_there_is_a_word() {
        assert_eq!(
            heard(
                "202",
                Some(serde_json::json!({"approval": 7, "wait_s": 120}))
            ),
            Some(Heard::Asked { wait_s: 120 })
        );
        assert_eq!(word("204", None), Some(None));
        assert_eq!(
            word(
                "200",
                Some(serde_json::json!({"answer": "deny", "note": "use staging"}))
            ),
            Some(Some(Word::Answered {
                answer: "deny".to_owned(),
                note: Some("use staging".to_owned())
            }))
        );
        let closed = |why| word("410", Some(serde_json::json!({ "closed": why })));
        assert_eq!(closed("desk"), Some(Some(Word::Over)));
        assert_eq!(closed("expired"), Some(Some(Word::Nobody)));
        assert_eq!(word("503", None), None);
    }
}
