//! Starting: several at once, and with a configuration that cannot be right.

use tests::Home;

#[test]
fn six_processes_open_a_new_store_at_once() {
    let home = Home::new();
    std::thread::scope(|scope| {
        let started: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| home.fjord(["server", "list", "--json"])))
            .collect();
        for process in started {
            let output = process.join().unwrap();
            output.expect_code(0);
            serde_json::from_str::<serde_json::Value>(&output.stdout).unwrap();
        }
    });
}

#[test]
fn a_half_written_configuration_is_refused_with_its_line() {
    let home = Home::with_config("[store]\nurl = \"sqlite://");
    let output = home.fjord(["status"]);
    assert_ne!(output.code, Some(0), "{output:?}");
    assert!(output.stderr.contains("fjord.toml:2"), "{output:?}");
}

#[test]
fn a_wrong_flag_is_a_usage_error() {
    Home::new().fjord(["status", "--colour"]).expect_code(64);
}
