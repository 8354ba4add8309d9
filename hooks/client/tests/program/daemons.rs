//! The daemon it meets may be older, slow, or replaced meanwhile.

use super::*;

fn permission_request() -> Vec<u8> {
    json!({ "session_id": "s", "cwd": "/home/ann/app", "hook_event_name": "PermissionRequest", "tool_name": "Bash", "tool_input": { "command": "ls" } })
        .to_string()
        .into_bytes()
}

#[test]
fn an_older_daemon_knows_no_approvals_and_the_sessions_own_flow_goes_on() {
    let home = Home::new();
    home.configure("[hooks]\ndeadline_ms = 5000\n");
    let start = Instant::now();
    let daemon = serve(home.listen(), OLD_NOTHING);
    assert!(said(&home.run(&permission_request())).is_none());
    let request = daemon.join().expect("the daemon ends");
    assert!(request.contains("\r\nFjord-Can-Wait: 120\r\n"), "{request}");
    std::fs::remove_file(home.path().join("fjord.sock")).expect("the socket");
    let daemon = serve(home.listen(), OLD_ASK);
    assert_eq!(decision(&home.run_with(&bash("ls"), UNATTENDED)), "deny");
    daemon.join().expect("the daemon ends");
    assert!(start.elapsed() < Duration::from_secs(5), "nobody waited");
    assert!(home.spooled().is_empty());
}

#[test]
fn a_daemon_that_is_replaced_by_an_older_one_meanwhile_ends_the_waiting() {
    let home = Home::new();
    home.configure("[hooks]\ndeadline_ms = 5000\n");
    for (event, variables, expected) in [
        (permission_request(), &[][..], "nothing"),
        (bash("ls"), UNATTENDED, "deny"),
    ] {
        let _none_yet = std::fs::remove_file(home.path().join("fjord.sock"));
        let listener = home.listen();
        let daemon = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a caller");
            request(&mut stream);
            stream
                .write_all(ASKED.as_bytes())
                .expect("the caller listens");
            let (mut stream, _) = listener.accept().expect("the caller waits");
            let mut head = [0; 4_096];
            assert!(stream.read(&mut head).expect("a request") > 0);
            stream
                .write_all(OLD_NOT_FOUND.as_bytes())
                .expect("the caller listens");
        });
        let start = Instant::now();
        let output = home.run_with(&event, variables);
        assert_eq!(decision(&output), expected);
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "{:?}",
            start.elapsed()
        );
        daemon.join().expect("the daemon ends");
    }
}

#[test]
fn a_mild_daemon_does_not_soften_the_guard() {
    let home = Home::new();
    home.configure("[hooks]\ndeadline_ms = 5000\n");
    let daemon = serve(home.listen(), "HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(
        decision(&home.run(&bash("git push --force origin main"))),
        "deny"
    );
    daemon.join().expect("the daemon ends");
    assert!(home.spooled().is_empty());
}

#[test]
fn a_daemon_that_hangs_is_left_at_the_deadline() {
    let home = Home::new();
    let listener = home.listen();
    let start = Instant::now();
    let output = home.run(&bash("dropdb shop"));
    let took = start.elapsed();
    assert_eq!(decision(&output), "deny");
    // The deadline is 150 ms; the rest is the start of a process on a busy machine.
    assert!(took < Duration::from_millis(1_500), "{took:?}");
    assert_eq!(home.spooled().len(), 1);
    drop(listener);
}

#[test]
fn a_daemon_that_drips_is_left_at_the_deadline() {
    let home = Home::new();
    let listener = home.listen();
    let (done, is_done) = std::sync::mpsc::channel::<()>();
    let daemon = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a caller");
        // Waiting for the end of the test is what paces the drops.
        while is_done.recv_timeout(Duration::from_millis(20))
            == Err(std::sync::mpsc::RecvTimeoutError::Timeout)
            && stream.write_all(b"H").is_ok()
        {}
    });
    let start = Instant::now();
    assert_eq!(decision(&home.run(&bash("dropdb shop"))), "deny");
    assert!(start.elapsed() < Duration::from_millis(1_500));
    drop(done);
    daemon.join().expect("the daemon ends");
    assert_eq!(home.spooled().len(), 1);
}
