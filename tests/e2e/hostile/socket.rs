//! What the socket of `fjord up` is sent.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use agent::store::Store;
use serde_json::json;
use tests::Home;

use super::{end, event, memory_comes_back, peak_kilobytes};

/// Sends pieces until the other side has had enough, and returns what it said.
fn talk<'a>(socket: &Path, pieces: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream
        .set_write_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    for piece in pieces {
        match stream.write_all(piece) {
            Ok(()) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
                ) =>
            {
                break;
            }
            Err(error) => panic!("the socket neither takes nor refuses: {error}"),
        }
    }
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn post(body: &str) -> String {
    format!(
        "POST /v1/hook HTTP/1.1\r\nHost: f\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// Fjord still answers, and at once.
#[track_caller]
fn answers(socket: &Path) {
    let began = Instant::now();
    let answer = talk(
        socket,
        [&b"GET /v1/health HTTP/1.1\r\nHost: f\r\nConnection: close\r\n\r\n"[..]],
    );
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_http_or_not_ours_is_refused() {
    let home = Home::new();
    let up = home.up();
    let socket = home.paths().socket;
    let check = |request: &[u8], status: &str| {
        let answer = talk(&socket, [request]);
        assert!(
            answer.starts_with(status),
            "{:?} {answer:?}",
            String::from_utf8_lossy(&request[..request.len().min(60)])
        );
    };
    check(
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not http\r\n\r\n",
        "HTTP/1.1 400",
    );
    check(&[0; 4_096], "HTTP/1.1 400");
    check(
        b"GET /v1/hook HTTP/1.1\r\nHost: f\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 405",
    );
    check(b"POST /../../etc/passwd HTTP/1.1\r\nHost: f\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", "HTTP/1.1 404");
    check(
        b"DELETE /v1/health HTTP/1.1\r\nHost: f\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 405",
    );
    check(
        b"POST /v1/hook HTTP/1.1\r\nHost: f\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 400",
    );
    check(
        b"POST /v1/hook HTTP/1.1\r\nHost: f\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 400",
    );
    check(
        b"POST /v1/hook HTTP/1.1\r\nHost: f\r\nContent-Length: 900000000000\r\n\r\n{",
        "HTTP/1.1 413",
    );
    check(post("").as_bytes(), "HTTP/1.1 400");
    check(post("[]").as_bytes(), "HTTP/1.1 400");
    check(post(&"[".repeat(100_000)).as_bytes(), "HTTP/1.1 400");
    check(b"POST /v1/hook HTTP/1.1\r\nHost: f\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nzz\r\n", "HTTP/1.1 400");
    let head = format!(
        "GET /v1/health HTTP/1.1\r\nHost: f\r\nX: {}\r\n\r\n",
        "x".repeat(1 << 20)
    );
    check(head.as_bytes(), "HTTP/1.1 431");
    answers(&socket);
    end(up);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_in_chunks_is_taken() {
    let home = Home::new();
    let up = home.up();
    let body = event("Stop", &json!({})).to_string();
    let (first, second) = body.split_at(20);
    let head = "POST /v1/hook HTTP/1.1\r\nHost: f\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    let rest = format!(
        "{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len()
    );
    let answer = talk(&home.paths().socket, [head.as_bytes(), rest.as_bytes()]);
    assert!(answer.starts_with("HTTP/1.1 204"), "{answer}");
    let store = Store::new(&home.paths().store_url()).unwrap();
    tests::until("the event to be stored", async || {
        (store.hook_events(5).await.unwrap().len() == 1).then_some(())
    })
    .await;
    end(up);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_and_swollen_bodies_are_bounded() {
    let home = Home::new();
    let up = home.up();
    let socket = home.paths().socket;
    let before = up.resident_kilobytes().unwrap();
    let head = b"POST /v1/hook HTTP/1.1\r\nHost: f\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    let chunk = [b"100000\r\n".as_slice(), &vec![b'x'; 1 << 20], b"\r\n"].concat();
    let endless = std::iter::once(&head[..]).chain(std::iter::repeat_n(&chunk[..], 200));
    let answer = talk(&socket, endless);
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 400"),
        "{answer}"
    );
    // Small values swell most when they are parsed. Several at once, as from several sessions.
    let swollen = event("PostToolUse", &json!({})).to_string();
    let swollen = post(&format!(
        "{},\"tool_response\":[{}0]}}",
        &swollen[..swollen.len() - 1],
        "0,".repeat(10 << 20)
    ));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let answer = talk(&socket, [swollen.as_bytes()]);
                assert!(
                    answer.starts_with("HTTP/1.1 400") && answer.contains("too many values"),
                    "{answer:?}"
                );
            });
        }
        answers(&socket);
    });
    let peak = peak_kilobytes(up.id()).unwrap();
    assert!(peak < 300 << 10, "{peak} KB");
    memory_comes_back(&up, before).await;
    answers(&socket);
    end(up);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_never_send_hold_nobody_up() {
    let home = Home::new();
    let up = home.up();
    let socket = home.paths().socket;
    let before = up.resident_kilobytes().unwrap();
    let mut held = Vec::new();
    for number in 0..100 {
        let mut stream = UnixStream::connect(&socket).unwrap();
        let half: &[u8] = match number % 3 {
            0 => b"",
            1 => b"POST /v1/hook HT",
            _ => b"POST /v1/hook HTTP/1.1\r\nHost: f\r\nContent-Length: 60000000\r\n\r\n{",
        };
        stream.write_all(half).unwrap();
        held.push(stream);
    }
    answers(&socket);
    let input = json!({ "tool_input": { "command": "rm -rf /" } });
    let output = home.hook(event("PreToolUse", &input).to_string().as_bytes());
    assert!(output.stdout.contains("\"deny\""), "{output:?}");
    let store = Store::new(&home.paths().store_url()).unwrap();
    tests::until("the event to be stored", async || {
        (store.hook_events(5).await.unwrap().len() == 1).then_some(())
    })
    .await;
    memory_comes_back(&up, before).await;
    // With all of them still open, Fjord ends in time.
    let began = Instant::now();
    end(up);
    assert!(
        began.elapsed() < Duration::from_secs(12),
        "{:?}",
        began.elapsed()
    );
    assert!(!socket.exists());
    drop(held);
}
