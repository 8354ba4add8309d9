//! The wire as Ollama speaks it, and each way it can fail, from a socket that says exactly that.

use std::sync::Mutex as StdMutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// What the stand-in does with one connection.
#[derive(Clone)]
enum Act {
    /// Sends these packets, each on its own, and ends properly.
    Send(u16, Vec<Vec<u8>>),
    /// Sends these packets and closes without the end that chunked transfer needs.
    SendThenCut(Vec<Vec<u8>>),
    /// Sends these packets and then nothing more.
    SendThenHang(Vec<Vec<u8>>),
    /// Reads the request and says nothing.
    Hang,
}

struct StandIn {
    url: String,
    requests: Arc<StdMutex<Vec<String>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl StandIn {
    async fn start(act: Act) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(StdMutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        let server = tokio::spawn(async move {
            loop {
                let (mut socket, _) = listener.accept().await.unwrap();
                let request = read_request(&mut socket).await;
                seen.lock().unwrap().push(request);
                serve(&mut socket, &act).await;
            }
        });
        Self {
            url,
            requests,
            server,
        }
    }

    fn body(&self) -> serde_json::Value {
        let requests = self.requests.lock().unwrap();
        let (_, body) = requests[0].split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap()
    }
}

async fn read_request(socket: &mut tokio::net::TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = socket.read(&mut buffer).await.unwrap();
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_lowercase()
                        .strip_prefix("content-length: ")?
                        .parse()
                        .ok()
                })
                .unwrap_or(0);
            if body.len() >= length {
                return text.into_owned();
            }
        }
        assert!(read > 0, "the request ended early");
    }
}

async fn serve(socket: &mut tokio::net::TcpStream, act: &Act) {
    let (status, packets) = match act {
        Act::Send(status, packets) => (*status, packets.as_slice()),
        Act::SendThenCut(packets) | Act::SendThenHang(packets) => (200, packets.as_slice()),
        Act::Hang => {
            std::future::pending::<()>().await;
            return;
        }
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/x-ndjson\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    for packet in packets {
        let mut chunk = format!("{:x}\r\n", packet.len()).into_bytes();
        chunk.extend_from_slice(packet);
        chunk.extend_from_slice(b"\r\n");
        socket.write_all(&chunk).await.unwrap();
        socket.flush().await.unwrap();
        // Lets the reader have this packet alone.
        tokio::task::yield_now().await;
    }
    match act {
        Act::SendThenHang(_) => std::future::pending::<()>().await,
        Act::Send(..) => socket.write_all(b"0\r\n\r\n").await.unwrap(),
        _ => {}
    }
}

fn line(content: &str, done: bool) -> String {
    let line = serde_json::json!({
        "model": "llama3.2", "created_at": "2025-01-01T00:00:00Z",
        "message": {"role": "assistant", "content": content}, "done": done,
    });
    format!("{line}\n")
}

fn packets(lines: &[String]) -> Vec<Vec<u8>> {
    lines.iter().map(|line| line.clone().into_bytes()).collect()
}

fn llm(url: &str) -> Llm {
    let mut llm = Llm::new(&config::Llm {
        timeout_s: 20,
        url: url.to_owned(),
        model: "llama3.2".to_owned(),
        embed_model: String::new(),
        context: 4_096,
    });
    llm.deadlines.first_byte = Duration::from_millis(300);
    llm.deadlines.silence = Duration::from_millis(300);
    llm.deadlines.state = Duration::from_millis(300);
    llm
}

async fn ask(llm: &Llm) -> Result<String, String> {
    let prompt = Prompt {
        system: "be brief".to_owned(),
        user: "facts".to_owned(),
        max_lines: 8,
    };
    llm.write(prompt, |_| {})
        .await
        .map_err(|error| error.to_string())
}

async fn check(act: Act, expected: Result<&str, &str>) {
    let stand_in = StandIn::start(act).await;
    let outcome = ask(&llm(&stand_in.url)).await;
    let outcome = outcome.map_err(|error| error.replace(&stand_in.url, "URL"));
    assert_eq!(outcome, expected.map(str::to_owned).map_err(str::to_owned));
}

#[tokio::test]
async fn lines_and_characters_may_come_in_any_pieces() {
    let all = [line("Größe: ", false), line("5 €.", false), line("", true)].concat();
    for size in [1, 2, 3, 7, 1_000] {
        let packets = all.as_bytes().chunks(size).map(<[u8]>::to_vec).collect();
        check(Act::Send(200, packets), Ok("Größe: 5 €.")).await;
    }
}

#[tokio::test]
async fn the_request_streams_with_the_configured_context() {
    let stand_in = StandIn::start(Act::Send(200, packets(&[line("ok", true)]))).await;
    assert_eq!(ask(&llm(&stand_in.url)).await.as_deref(), Ok("ok"));
    let body = stand_in.body();
    assert_eq!(body["stream"], true);
    assert_eq!(body["options"]["num_ctx"], 4_096);
    assert_eq!(body["model"], "llama3.2");
    assert_eq!(body["messages"][1]["content"], "facts");
}

#[tokio::test]
async fn text_is_handed_on_while_it_comes() {
    let lines = packets(&[line("One.\nTwo", false)]);
    let stand_in = StandIn::start(Act::SendThenHang(lines)).await;
    let prompt = Prompt {
        system: String::new(),
        user: String::new(),
        max_lines: 8,
    };
    let mut shown = Vec::new();
    let outcome = llm(&stand_in.url)
        .write(prompt, |text| shown.push(text.to_owned()))
        .await;
    assert_eq!(shown, ["One.\n"]);
    assert_eq!(
        outcome.unwrap_err().to_string(),
        "ollama did not go on with its answer within 300 ms"
    );
}

#[tokio::test]
async fn a_model_that_never_stops_is_left_after_eight_lines() {
    let lines: Vec<String> = (1..=9)
        .map(|number| line(&format!("{number}\n"), false))
        .collect();
    check(
        Act::SendThenHang(packets(&lines)),
        Ok("1\n2\n3\n4\n5\n6\n7\n8"),
    )
    .await;
}

#[tokio::test]
async fn the_last_line_may_lack_its_newline() {
    let last = line("fine", true).trim_end().as_bytes().to_vec();
    check(Act::Send(200, vec![last]), Ok("fine")).await;
}

#[tokio::test]
async fn an_error_line_in_the_middle_is_told() {
    let lines = [
        line("All", false),
        "{\"error\":\"llama runner crashed\"}\n".to_owned(),
    ];
    check(
        Act::Send(200, packets(&lines)),
        Err("ollama stopped in the middle of its answer: llama runner crashed"),
    )
    .await;
}

#[tokio::test]
async fn a_cut_connection_is_told() {
    let told = Err("the connection was cut in the middle of ollama's answer");
    check(Act::SendThenCut(packets(&[line("All", false)])), told).await;
    check(Act::Send(200, packets(&[line("All", false)])), told).await;
    check(Act::Send(200, vec![b"{\"message\":{\"con".to_vec()]), told).await;
}

#[tokio::test]
async fn a_missing_model_is_answered_with_the_command_to_get_it() {
    let body = br#"{"error":"model 'llama3.2' not found"}"#.to_vec();
    check(
        Act::Send(404, vec![body]),
        Err("model `llama3.2` is not there; run `ollama pull llama3.2`"),
    )
    .await;
}

#[tokio::test]
async fn a_500_is_told_with_what_it_said() {
    let body = br#"{"error":"llama runner process has terminated"}"#.to_vec();
    check(
        Act::Send(500, vec![body]),
        Err("ollama answered 500: llama runner process has terminated"),
    )
    .await;
}

#[tokio::test]
async fn a_server_that_is_no_ollama_is_told() {
    let told = Err("what answers at URL does not speak ollama's language; check `llm.url`");
    check(Act::Send(200, vec![b"<html>hello</html>\n".to_vec()]), told).await;
    check(
        Act::Send(404, vec![b"<html>not found</html>".to_vec()]),
        told,
    )
    .await;
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    check(
        Act::Hang,
        Err("ollama did not begin its answer within 300 ms"),
    )
    .await;
}

#[tokio::test]
async fn the_deadline_covers_the_whole_answer() {
    let stand_in = StandIn::start(Act::SendThenHang(packets(&[line("All", false)]))).await;
    let mut llm = llm(&stand_in.url);
    llm.deadlines.whole = Duration::from_millis(100);
    assert_eq!(
        ask(&llm).await,
        Err("ollama did not finish its answer within 100 ms".to_owned())
    );
}

#[tokio::test]
async fn a_dead_server_is_left_alone_for_a_while() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let llm = llm(&format!("http://user:hunter2@{address}"));
    let told = ask(&llm).await.unwrap_err();
    assert!(
        told.starts_with(&format!("ollama at http://{address} cannot be reached: ")),
        "{told}"
    );
    // Somebody answers there now, and is not asked yet.
    let listener = TcpListener::bind(address).await.unwrap();
    assert_eq!(ask(&llm).await.unwrap_err(), told);
    let waiting = tokio::time::timeout(Duration::from_millis(20), listener.accept()).await;
    assert!(waiting.is_err(), "it was asked again at once");
}

#[tokio::test]
async fn a_bad_address_is_told_when_asked() {
    for (url, told) in [
        ("", "no model is configured; set `llm.url` and `llm.model`"),
        (
            "not an address",
            "`llm.url` is no http address; write one like `http://127.0.0.1:11434`",
        ),
        (
            "unix:/run/ollama.sock",
            "`llm.url` is no http address; write one like `http://127.0.0.1:11434`",
        ),
    ] {
        let llm = llm(url);
        assert_eq!(ask(&llm).await, Err(told.to_owned()));
        assert_eq!(llm.state().await.unwrap_err().to_string(), told);
    }
}

#[tokio::test]
async fn any_failure_becomes_facts_only() {
    let prose = llm("")
        .prose(
            Prompt {
                system: String::new(),
                user: String::new(),
                max_lines: 8,
            },
            &Progress::none(),
        )
        .await;
    assert_eq!(
        prose,
        Prose::Unavailable {
            why: "model unavailable: facts only (no model is configured; set `llm.url` and `llm.model`)".to_owned()
        }
    );
}

#[test]
fn a_tag_of_latest_need_not_be_written() {
    assert!(is_same("llama3.2:latest", "llama3.2"));
    assert!(is_same("llama3.2:1b", "llama3.2:1b"));
    assert!(!is_same("llama3.2:1b", "llama3.2"));
}
