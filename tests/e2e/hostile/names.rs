//! Names, versions and values that want to be something else.

use serde_json::{Value, json};
use tests::{Home, TestService};

use super::{add_service, contains, fjord, is_clean, refused, store_bytes, watched};

const NAMES: &[&str] = &[
    "a'b",
    "a\"b",
    "a\nb",
    "a;rm -rf /",
    "$(touch owned)",
    "`touch owned`",
    "../..",
    "..",
    ".hidden",
    "a/b",
    "a b",
    "A",
    "café",
    "日本",
    "a\u{202e}b",
    "a\u{0}b",
    "a\x1b[2J",
    "",
    "-",
    "_a",
    "%s%n",
    "a'; drop table servers; --",
    "а",
];

fn hostile_names() -> Vec<String> {
    let mut names: Vec<String> = NAMES
        .iter()
        .filter(|name| !name.contains('\0'))
        .map(|&name| name.to_owned())
        .collect();
    names.extend(["a".repeat(64), "a".repeat(100_000), "😀".repeat(40)]);
    names
}

fn list(home: &Home, kind: &str) -> Value {
    home.fjord_json([kind, "list"])["data"].clone()
}

#[test]
fn no_kind_takes_a_hostile_name() {
    let home = Home::new();
    add_service(&home, &[]);
    for name in hostile_names() {
        for kind in ["server", "secret"] {
            refused(&home, &[kind, "add", &name], (64, "invalid"));
        }
        refused(
            &home,
            &["service", "add", &name, "--server", "here"],
            (64, "invalid"),
        );
    }
    for name in [
        "a\nb",
        "a;rm -rf /",
        "$(touch owned)",
        "a'b",
        "../..",
        "",
        "a\x1b[2J",
        &"a".repeat(300),
    ] {
        refused(
            &home,
            &["route", "add", name, "--service", "api"],
            (64, "invalid"),
        );
        let output = home.fjord(["dep", "add", name, "--on", "api"]);
        is_clean(&output);
        assert!(matches!(output.code, Some(1 | 64)), "{output:?}");
    }
    for kind in ["server", "service", "route", "dep", "secret"] {
        refused(&home, &[kind, "add", "--name"], (64, "invalid"));
        refused(&home, &[kind, "add", "-rf"], (64, "invalid"));
        if matches!(kind, "server" | "secret") {
            refused(&home, &[kind, "add", "--", "-rf"], (64, "invalid"));
        }
        for verb in ["show", "set", "remove"] {
            for name in ["a\nb", "'; drop table services; --", "%", "../..", ""] {
                let mut arguments = vec!["--json", kind, verb, name];
                if verb == "set" {
                    arguments.extend(["--notes", "x"]);
                }
                let output = home.fjord(&arguments);
                is_clean(&output);
                assert!(
                    output.code != Some(0) || name.is_empty(),
                    "{arguments:?}: {output:?}"
                );
                serde_json::from_str::<Value>(&output.stdout).unwrap();
            }
        }
    }
    assert_eq!(list(&home, "server").as_array().unwrap().len(), 1);
    assert_eq!(list(&home, "service").as_array().unwrap().len(), 1);
    for kind in ["route", "dep", "secret"] {
        assert_eq!(list(&home, kind), json!([]));
    }
}

#[test]
fn a_name_of_63_is_taken_everywhere() {
    let home = Home::new();
    let name = "a".repeat(63);
    home.fjord(["server", "add", &name, "--hostname", "localhost"])
        .expect_code(0);
    home.fjord(["service", "add", &name, "--server", &name])
        .expect_code(0);
    home.fjord(["secret", "add", &name, "--service", &name])
        .expect_code(0);
    let full = format!("{name}@{name}");
    for arguments in [
        &["status"][..],
        &["status", &full],
        &["events"],
        &["history", &full],
        &["service", "list"],
    ] {
        let output = home.fjord(arguments);
        is_clean(&output);
        output.expect_code(0);
    }
}

/// Sets a field to each of these values; none is taken, and none is half taken.
fn none_is_taken(home: &Home, (kind, name): (&str, &str), fields: &[(&str, &[&str])]) {
    let before = home.fjord_json([kind, "show", name]);
    for (flag, values) in fields {
        for value in *values {
            let given = format!("{flag}={value}");
            let output = home.fjord(["--json", kind, "set", name, &given]);
            is_clean(&output);
            let shown = &value[..value.len().min(40)];
            assert!(
                matches!(output.code, Some(1 | 64)),
                "{kind} {flag} {shown:?}: {output:?}"
            );
            let document: Value = serde_json::from_str(&output.stdout).unwrap();
            let message = document["error"]["message"].as_str().unwrap();
            assert!(message.len() < 6_000, "{flag} {shown:?}");
        }
    }
    assert_eq!(home.fjord_json([kind, "show", name]), before);
}

#[test]
fn every_field_of_a_server_has_a_limit() {
    let home = Home::new();
    add_service(&home, &[]);
    let long = "x".repeat(5_000);
    let many = vec!["t"; 60].join(",");
    let odd_hosts = [
        &long,
        "a b",
        "-oProxyCommand=x",
        "a;b",
        "$(x)",
        "a\nb",
        "a\x1b[2J",
    ];
    let fields: &[(&str, &[&str])] = &[
        ("--hostname", &odd_hosts),
        ("--ip", &[&long, "not an address", &many]),
        ("--role", &["root", &long, ""]),
        ("--ssh-user", &[&long, "a\nb"]),
        ("--ssh-port", &["0", "65536", "-1", "x", "1e3"]),
        ("--ssh-key", &[&long, "a\nb"]),
        ("--ssh-jump", &[&long, "a\nb"]),
        ("--os", &[&long, "a\x07b"]),
        ("--cpu", &[&long]),
        ("--ram", &[&long]),
        ("--disk", &[&long]),
        ("--tag", &[&long, &many, "a\nb"]),
        ("--status", &["on fire"]),
        ("--notes", &[&long, "a\x1b[31m"]),
    ];
    none_is_taken(&home, ("server", "here"), fields);
}

#[test]
fn every_field_of_a_service_has_a_limit() {
    let home = Home::new();
    add_service(&home, &[]);
    let long = "x".repeat(5_000);
    let slashed = format!("/{long}");
    let many = vec!["t"; 60].join(",");
    let address = format!("http://h/{long}");
    let addresses = [
        &address,
        "file:///etc/passwd",
        "gopher://x",
        "http://",
        "x",
        "javascript:1",
    ];
    let settings = format!("{{\"a\":\"{}\"}}", "x".repeat(20_000));
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    let fields: &[(&str, &[&str])] = &[
        ("--server", &[&long, "no-such", "../.."]),
        ("--type", &["malware"]),
        ("--runtime", &[&long]),
        ("--port", &["0", "65536", "-1", "99999999999999999999", "x"]),
        ("--health-endpoint", &addresses),
        ("--settings", &[&settings, &deep, "[]", "{", "7", ""]),
        ("--env-var", &[&long, &many, "A-B", "1A", "A B", "$(x)"]),
        ("--project-path", &[&slashed, "relative", "a\nb"]),
        ("--git-repo", &[&long, "a\nb"]),
        ("--current-version", &[&long, "-v", "a b", "a\nb"]),
        ("--deploy-command", &[&long, "a\x1bb"]),
        ("--restart-command", &[&long]),
        ("--log-path", &[&slashed, "relative"]),
        ("--status", &["gone"]),
    ];
    none_is_taken(&home, ("service", "api"), fields);
}

#[test]
fn every_field_of_routes_dependencies_and_secrets_has_a_limit() {
    let home = Home::new();
    add_service(&home, &[]);
    let long = "x".repeat(5_000);
    let slashed = format!("/{long}");
    let of_a_route = |flag, value| ["example.org", "--service", "api", flag, value].to_vec();
    let of_a_dependency = |flag, value| ["api", "--external", "x", flag, value].to_vec();
    for (kind, arguments) in [
        ("route", of_a_route("--path", &slashed)),
        ("route", of_a_route("--path", "relative")),
        ("route", of_a_route("--method", &long)),
        ("route", of_a_route("--proxy-type", &long)),
        ("route", of_a_route("--rate-limit", &long)),
        ("route", of_a_route("--notes", &long)),
        ("dep", vec!["api", "--external", &long]),
        ("dep", of_a_dependency("--connection-string-env", "A=b")),
        ("dep", of_a_dependency("--notes", &long)),
        ("secret", vec!["s", "--secret-manager", &long]),
        ("secret", vec!["s", "--path", &long]),
        ("secret", vec!["s", "--last-rotated", "yesterday"]),
        ("secret", vec!["s", "--last-rotated", &long]),
        ("secret", vec!["s", "--rotation-policy", &long]),
        ("secret", vec!["s", "--notes", &long]),
    ] {
        refused(
            &home,
            &[&[kind, "add"], &*arguments].concat(),
            (64, "invalid"),
        );
        assert_eq!(list(&home, kind), json!([]), "{kind} {arguments:?}");
    }
}

#[test]
fn values_given_for_names_and_secrets_given_for_places_are_neither_kept_nor_repeated() {
    let home = Home::new();
    let value = ["hunter2", "correcthorse"].concat();
    let token = ["ghp_", &"a1B2c3D4e5F6g7H8i9".repeat(2)].concat();
    add_service(&home, &[]);
    let pair = format!("DATABASE_PASSWORD={value}");
    let in_address = format!("postgres://app:{value}@db/x");
    let in_connection = format!("--connection-string-env={in_address}");
    for arguments in [
        &["service", "set", "api", "--env-var", &pair][..],
        &["service", "set", "api", "--env-vars", &pair],
        &[
            "service",
            "add",
            "web",
            "--server",
            "here",
            "--env-var",
            &pair,
        ],
        &["secret", "add", "key", "--path", &token],
        &["secret", "add", "key", "--path", &in_address],
        &["secret", "add", "key", "--notes", &token],
        &["dep", "add", "api", "--external", "db", &in_connection],
    ] {
        for json in [false, true] {
            let mut arguments = arguments.to_vec();
            arguments.extend(json.then_some("--json"));
            let output = home.fjord(&arguments);
            is_clean(&output);
            output.expect_code(64);
            for secret in [&value, &token] {
                assert!(
                    !output.stdout.contains(secret.as_str())
                        && !output.stderr.contains(secret.as_str()),
                    "{output:?}"
                );
            }
        }
    }
    let bytes = store_bytes(&home);
    assert!(!contains(&bytes, &value) && !contains(&bytes, &token));
}

#[test]
fn a_hostile_version_never_runs() {
    let home = Home::with_config("[deploy]\nhealth_window_s = 2\ngate_successes = 1\n");
    let service = TestService::start();
    let folder = service.folder().display().to_string();
    let command = "printf '%s\\n' \"$FJORD_VERSION\" > version; printf '%s\\n' {version} > quoted; echo x{version}y >/dev/null";
    add_service(
        &home,
        &[
            "--health-endpoint",
            &service.health_url(),
            "--project-path",
            &folder,
            "--deploy-command",
            command,
        ],
    );
    for version in [
        "v1'; touch owned; '",
        "a\nb",
        "-rf",
        "--help",
        "",
        &"v".repeat(129),
        "a\tb",
        "a\x1b[2J",
    ] {
        let given = format!("--version={version}");
        refused(&home, &["deploy", "api", "--yes", &given], (64, "invalid"));
        refused(
            &home,
            &["rollback", "api", "--yes", &format!("--to={version}")],
            (64, "invalid"),
        );
    }
    assert_eq!(service.version(), "", "nothing ran");
    for version in [
        "v1';touch${IFS}owned;'",
        "$(touch${IFS}owned)",
        "`touch${IFS}owned`",
        "\";touch${IFS}owned;\"",
        "v1;>owned",
        "v1&>owned&",
        "../../etc/passwd",
        "{version}",
        "$FJORD_SERVICE",
        "v1\\",
        "日本-😀",
        "*",
        "~",
        "%s%n",
    ] {
        let output = home.fjord(["deploy", "api", "--version", version, "--yes"]);
        is_clean(&output);
        output.expect_code(0);
        assert_eq!(service.version(), version);
        let quoted = std::fs::read_to_string(service.folder().join("quoted")).unwrap();
        assert_eq!(quoted.trim_end_matches('\n'), version);
        assert!(
            !service.folder().join("owned").exists() && !home.path().join("owned").exists(),
            "{version}"
        );
    }
    let bytes = home.fjord(["history", "api", "-n", "50"]);
    is_clean(&bytes);
    bytes.expect_code(0);
}

#[test]
fn long_and_odd_texts_to_the_other_commands() {
    let home = Home::new();
    add_service(&home, &[]);
    let long = "api is slow ".repeat(8_000);
    for arguments in [
        &["incident", &*long][..],
        &["incident", "'; drop table services; --"],
        &["incident", ""],
        &["remember", &long],
        &["remember", ""],
        &["status", &long],
        &["health", &long],
        &["history", &long],
        &["events", "--limit", "0"],
        &["history", "api", "-n", "4294967295"],
        &["schedule", "add", "* * * * * * *", "brief"],
        &["schedule", "add", &long, "brief"],
        &["schedule", "add", "0 9 * * *", &long],
        &[
            "schedule",
            "add",
            "0 9 * * *",
            "brief",
            "--tz",
            "../../etc/passwd",
        ],
        &["schedule", "add", "0 9 31 2 *", "brief"],
        &["schedule", "show", "-1"],
        &["schedule", "cancel", "99999999999999999999"],
        &["rag", "forget", "'"],
        &["rag", "forget", ""],
        &["guard", "explain", &long],
        &["guard", "explain", ""],
        &["guard", "explain", &"$(".repeat(20_000)],
        &["guard", "explain", &"(".repeat(20_000)],
        &["guard", "explain", &"{a,b}".repeat(2_000)],
        &["cancel", "x;y"],
    ] {
        let mut with_json = vec!["--json"];
        with_json.extend(arguments);
        let (output, peak, took) = watched(fjord(&home, &with_json), Vec::new());
        let shown: Vec<&str> = arguments
            .iter()
            .map(|word| &word[..word.len().min(30)])
            .collect();
        is_clean(&output);
        assert!(
            peak < 200 << 10 && took.as_secs() < 20,
            "{shown:?}: {peak} KB {took:?}"
        );
        assert!(
            serde_json::from_str::<Value>(&output.stdout).is_ok(),
            "{shown:?}: {:?}",
            output.stdout.get(..500)
        );
    }
}
