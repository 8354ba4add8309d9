//! Health endpoints that do not play fair, asked by hand and as the gate of a deploy.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Instant;

use tests::service::Health;
use tests::{Home, TestService};

use super::{add_service, end, fjord, is_clean, memory_comes_back, watched};

const CONFIG: &str = "[deploy]\nhealth_window_s = 2\ngate_successes = 2\n[health]\ntimeout_s = 1\ninterval_s = 1\nfailures = 1\n[llm]\nurl = \"\"\n";

/// Asks the endpoint by hand and as a gate; both tell the truth, in time and in little memory.
fn check(home: &Home, service: &TestService, expected: (&str, &str)) {
    let began = Instant::now();
    let (output, peak, _) = watched(fjord(home, &["health", "api", "--json"]), Vec::new());
    is_clean(&output);
    assert!(began.elapsed().as_secs() < 8, "{:?}", began.elapsed());
    assert!(peak < 100 << 10, "{peak} KB");
    let (status, why) = expected;
    assert!(
        output.stdout.contains(&format!("\"{status}\"")) && output.stdout.contains(why),
        "{output:?}"
    );
    serde_json::from_str::<serde_json::Value>(&output.stdout).unwrap();
    let began = Instant::now();
    let (output, peak, _) = watched(
        fjord(home, &["deploy", "api", "--version", "v2", "--yes"]),
        Vec::new(),
    );
    is_clean(&output);
    assert!(peak < 100 << 10, "{peak} KB");
    assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
    let healthy = status == "healthy";
    output.expect_code(i32::from(!healthy));
    assert_eq!(
        service.version(),
        if healthy { "v2" } else { "v1" },
        "{output:?}"
    );
}

fn stage() -> (Home, TestService) {
    let home = Home::with_config(CONFIG);
    let service = TestService::start();
    let folder = service.folder().display().to_string();
    let flags = [
        "--health-endpoint",
        &service.health_url(),
        "--project-path",
        &folder,
        "--deploy-command",
        service.deploy_command(),
    ];
    add_service(&home, &flags);
    home.fjord(["deploy", "api", "--version", "v1", "--yes"])
        .expect_code(0);
    (home, service)
}

/// The version that is ill is v2, so that the way back works.
fn check_ill(health: Health, expected: (&str, &str)) {
    let (home, service) = stage();
    service.behave("v2", health);
    std::fs::write(service.folder().join("version"), "v2").unwrap();
    check(&home, &service, expected);
}

#[test]
fn one_that_never_answers() {
    check_ill(Health::Hang, ("unhealthy", "no answer within 1 s"));
}

#[test]
fn one_that_sends_a_gigabyte() {
    check_ill(Health::Huge, ("healthy", "200"));
}

#[test]
fn one_that_sends_garbage() {
    check_ill(Health::Garbage, ("unhealthy", "error"));
}

#[test]
fn one_that_cuts() {
    check_ill(Health::Cut, ("unhealthy", "error"));
}

/// Answers each request on a free port with what `answer` makes of the port.
fn serve(answer: impl Fn(u16) -> Vec<u8> + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let _read = stream.read(&mut [0; 4_096]);
            let _gone = stream.write_all(&answer(port));
        }
    });
    port
}

#[test]
fn odd_answers_are_told_in_one_plain_line() {
    let home = Home::with_config(CONFIG);
    let token = ["ghp_", &"a1B2c3D4e5F6g7H8i9".repeat(2)].concat();
    let said = token.clone();
    let redirect = serve(|port| {
        format!("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:{port}/again\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").into_bytes()
    });
    let leaky = serve(move |_| {
        let body = format!(
            "token {said} is \x1b[31mbad\x1b[0m\x07\r\n{}",
            "x".repeat(100_000)
        );
        format!(
            "HTTP/1.1 500 No\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    });
    let endless_head = serve(|_| {
        ["HTTP/1.1 200 OK\r\n", &"X: y\r\n".repeat(1 << 18)]
            .concat()
            .into_bytes()
    });
    let lying = serve(|_| {
        b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\nConnection: close\r\n\r\nok"
            .to_vec()
    });
    home.fjord(["server", "add", "here", "--hostname", "localhost"])
        .expect_code(0);
    for (name, port) in [
        ("redirect", redirect),
        ("leaky", leaky),
        ("head", endless_head),
        ("lying", lying),
    ] {
        let endpoint = format!("http://user:hunter2-{name}@127.0.0.1:{port}/health?token=hunter2");
        home.fjord([
            "service",
            "add",
            name,
            "--server",
            "here",
            "--health-endpoint",
            &endpoint,
        ])
        .expect_code(0);
    }
    for json in [&[][..], &["--json"]] {
        let (output, peak, took) = watched(fjord(&home, &[&["health"], json].concat()), Vec::new());
        is_clean(&output);
        assert!(
            peak < 100 << 10 && took.as_secs() < 10,
            "{peak} KB {took:?}"
        );
        let all = output.stdout + &output.stderr;
        assert!(all.contains("HTTP 500: token "), "{all}");
        assert!(
            !all.contains(&token)
                && !all.contains('\x1b')
                && !all.contains('\x07')
                && !all.contains("\\u001b"),
            "{all}"
        );
        assert!(!all.contains("hunter2"), "{all}");
        assert!(all.len() < 8_000, "{all}");
    }
    assert!(!super::contains(&super::store_bytes(&home), &token));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_monitor_is_not_swamped() {
    let (home, service) = stage();
    service.behave("*", Health::Huge);
    let up = home.up();
    let before = up.resident_kilobytes().unwrap();
    let mut others = Vec::new();
    for (number, health) in [Health::Hang, Health::Garbage, Health::Cut, Health::Huge]
        .into_iter()
        .enumerate()
    {
        let other = TestService::start();
        other.behave("*", health);
        let name = format!("other{number}");
        home.fjord([
            "service",
            "add",
            &name,
            "--server",
            "here",
            "--health-endpoint",
            &other.health_url(),
        ])
        .expect_code(0);
        others.push(other);
    }
    tests::until("each to have been asked", async || {
        let services = home.fjord_json(["service", "list"]);
        let services = services["data"].as_array().unwrap().clone();
        services
            .iter()
            .all(|service| service["health_status"] != "unknown")
            .then_some(())
    })
    .await;
    assert!(super::peak_kilobytes(up.id()).unwrap() < before + super::GROWTH);
    memory_comes_back(&up, before).await;
    end(up);
}
