//! What a large inventory adds to a call of many parts: it is sorted once, and looked up for each part.

use std::time::{Duration, Instant};

use guard::{
    DomainFact, Facts, Inventory, Project, ServerFact, ServiceFact, Settings, ToolCall, assess,
};
use serde_json::json;

const SERVERS: usize = 36;
const SERVICES: usize = 500;
const PARTS: usize = 1_000;
const ROUNDS: usize = 40;

/// Prints the median with and without the inventory, for parts of different kinds.
pub(crate) fn measure() {
    println!("{SERVERS} servers, {SERVICES} services, {PARTS} parts");
    for part in [
        "ls src; ",
        "docker restart api-7; ",
        "docker -H ssh://web-3 restart nothing; ",
        "psql -h web-5 shop -c 'select 1'; ",
        "curl https://s3.example.com/a; ",
        "git -C /srv/s9/a/b/c status; ",
        "rsync -a a web-9:/srv/s9/; ",
    ] {
        let command = part.repeat(PARTS);
        let known = median(&command, &facts("production"));
        let unknown = median(&command, &facts("development"));
        let none = median(&command, &facts(""));
        println!(
            "{part:42} {:8.1} µs without, {:8.1} µs in development, {:8.1} µs in production",
            micros(none),
            micros(unknown),
            micros(known)
        );
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn median(command: &str, facts: &Facts) -> Duration {
    let input = json!({ "command": command });
    let call = ToolCall {
        tool: "Bash",
        input: &input,
        cwd: "/home/ann/app",
    };
    let settings = Settings::default();
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(assess(&call, facts, &settings));
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

/// All servers have this role; without a role there is no inventory.
fn facts(role: &str) -> Facts {
    let project = Some(Project {
        root: "/home/ann/app".to_owned(),
        under_version_control: true,
    });
    if role.is_empty() {
        return Facts {
            project,
            ..Facts::default()
        };
    }
    let servers = (0..SERVERS).map(|index| ServerFact {
        name: format!("web-{index}"),
        hostname: format!("web-{index}.example.net"),
        ip_addresses: vec![format!("203.0.113.{index}")],
        role: role.to_owned(),
        local: index == 0,
    });
    let services = (0..SERVICES).map(|index| ServiceFact {
        name: format!("s{index}"),
        server: format!("web-{}", index % SERVERS),
        kind: if index % 5 == 0 { "database" } else { "app" }.to_owned(),
        project_path: Some(format!("/srv/s{index}")),
        dependents: vec![format!("s{}", index / 2)],
        ..ServiceFact::default()
    });
    let domains = (0..SERVICES).map(|index| DomainFact {
        domain: format!("s{index}.example.com"),
        service: format!("s{index}"),
    });
    Facts {
        inventory: Inventory {
            servers: servers.collect(),
            services: services.collect(),
            domains: domains.collect(),
            ..Inventory::default()
        },
        project,
        ..Facts::default()
    }
}
