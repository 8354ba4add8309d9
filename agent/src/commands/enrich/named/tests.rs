use super::*;
use crate::snapshot::example;
use crate::store::rows::{Json, Route, Server};

/// Servers `web1`, `db1`, `edge-fra`, `edge-nyc`; services with telling and with ordinary names.
fn inventory() -> Snapshot {
    let mut known = example();
    let (server, service) = (known.servers[0].clone(), known.services[0].clone());
    known.servers[0].tags = Json(vec!["frontline".to_owned(), "eu-west".to_owned()]);
    known.servers[1].ip_addresses = Json(vec!["10.20.0.7".to_owned(), "2001:db8::7".to_owned()]);
    for (id, name) in [(3, "edge-fra"), (4, "edge-nyc")] {
        known.servers.push(Server {
            id,
            name: name.to_owned(),
            hostname: format!("{name}.example.net"),
            tags: Json(vec!["edge".to_owned()]),
            ..server.clone()
        });
    }
    for (id, name, host) in [
        (4, "billing-api", 1),
        (5, "grafana", 1),
        (6, "search", 1),
        (7, "checkoutd", 1),
        (8, "notification-hub", 2),
        (9, "api", 2),
        (10, "zanzibar", 1),
        (11, "worker", 1),
    ] {
        known.services.push(Service {
            id,
            name: name.to_owned(),
            server_id: host,
            server: if host == 1 { "web1" } else { "db1" }.to_owned(),
            ..service.clone()
        });
    }
    for (id, domain, service_id) in [(1, "shop.example.com", 3), (2, "*.pay.example.com", 4)] {
        known.routes.push(Route {
            id,
            domain: domain.to_owned(),
            path: "/".to_owned(),
            service_id,
            service: String::new(),
            method: "any".to_owned(),
            proxy_type: None,
            ssl: true,
            rate_limit: None,
            auth_required: false,
            notes: None,
            created_at: chrono::DateTime::default(),
            updated_at: chrono::DateTime::default(),
        });
    }
    known
}

fn names(known: &Snapshot, prompt: &str) -> String {
    let named = find(known, prompt);
    let services = named
        .services
        .iter()
        .map(|mention| known.services[mention.place].full_name());
    let servers = named
        .servers
        .iter()
        .map(|mention| known.servers[mention.place].name.clone());
    services.chain(servers).collect::<Vec<_>>().join(" ")
}

/// What each prompt names; nothing is the commonest answer.
const PROMPTS: &[(&str, &str)] = &[
    // By name.
    ("Why is the api slow?", "api@web1 api@db1"),
    ("restart grafana please", "grafana@web1"),
    (
        "what version of billing-api runs in production?",
        "billing-api@web1",
    ),
    ("ssh into web1 and look at the disk", "web1"),
    ("zanzibar returns 502 since noon", "zanzibar@web1"),
    ("deploy the search to staging", "search@web1"),
    ("Is `worker` healthy?", "worker@web1"),
    ("roll the shop service back", "shop@web1"),
    ("the worker is stuck again", "worker@web1"),
    (
        "what happened to postgres last night? it was down",
        "postgres@web1",
    ),
    ("compare db1 with web1", "db1 web1"),
    ("edge-fra.", "edge-fra"),
    ("checkoutd's memory grows", "checkoutd@web1"),
    ("is the api up?", "api@web1 api@db1"),
    ("look at `api` and tell me what broke", "api@web1 api@db1"),
    // By alias.
    ("restart shop@web1:8080, then wait", "shop@web1"),
    (
        "api@db1 leaks; api on the other machine does not",
        "api@db1",
    ),
    (
        "https://shop.example.com/cart?x=1 gives a blank page",
        "shop@web1",
    ),
    ("www.shop.example.com has an old certificate", "shop@web1"),
    ("pay.example.com answers slowly", "billing-api@web1"),
    ("can you reach 10.20.0.7?", "db1"),
    ("ping db1.example.com", "db1"),
    ("edge-nyc.example.net lost its route", "edge-nyc"),
    ("patch all edge servers", "edge-fra edge-nyc"),
    ("patch everything with tag:edge", "edge-fra edge-nyc"),
    ("what runs on #frontline", "web1"),
    ("move it to eu-west", "web1"),
    ("the billing api is down", "billing-api@web1"),
    ("deploy billing_api v7", "billing-api@web1"),
    ("restart the notification hub", "notification-hub@db1"),
    ("is 2001:db8::7 reachable", "db1"),
    // By close spelling.
    ("restart grafna", "grafana@web1"),
    ("why is postgers down", "postgres@web1"),
    ("zanzbar is slow", "zanzibar@web1"),
    ("deploy biling-api v3", "billing-api@web1"),
    ("is notificaton-hub up?", "notification-hub@db1"),
    ("notifcaton-hub crashed", "notification-hub@db1"),
    ("chekoutd logs please", "checkoutd@web1"),
    ("shop.exmaple.com is down", "shop@web1"),
    ("restart grafna@web1", "grafana@web1"),
    ("edge-frra is offline", ""),
    // Nothing.
    ("write a poem about apis and webs", ""),
    ("add an API endpoint that lists users", ""),
    ("write a search function over the array", ""),
    ("rename the worker module", ""),
    ("the api docs need a new heading", ""),
    ("how do I install postgres on my laptop?", ""),
    ("refactor src/search/mod.rs", ""),
    ("make a worker pool with four threads", ""),
    ("fix the tests in services/api/tests", ""),
    ("web2 and web10 do not exist", ""),
    ("we need a shop for winter shoes", ""),
    ("bump serde to 1.0.200", ""),
    ("mail me@shop.example.com when it is done", ""),
    ("the checkout page has a typo", ""),
    ("search for the string foo", ""),
    ("what is a graph?", ""),
    ("explain the edge cases of this parser", ""),
    ("run the api tests", ""),
    ("granada is a city in Spain", ""),
    (
        "```\nerror in search: worker failed\n```\nwhat does this mean?",
        "",
    ),
    ("use REST api keys from the environment", ""),
    ("create a new service called api", ""),
    ("shop.example.org is somebody else's", ""),
    ("the billing app crashed", ""),
    ("what does billing mean here", ""),
    ("delete node_modules and start again", ""),
    ("http://localhost:3000 shows nothing", ""),
    ("change the colour of the shop button", ""),
    ("please search the logs of the compiler", ""),
    ("", ""),
];

#[test]
fn prompts_name_what_is_meant_and_nothing_else() {
    let known = inventory();
    let wrong: Vec<String> = PROMPTS
        .iter()
        .filter_map(|(prompt, expected)| {
            let found = names(&known, prompt);
            (found != *expected).then(|| format!("{prompt:?}: {found:?}, not {expected:?}"))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        PROMPTS.len(),
        wrong.join("\n")
    );
    assert!(PROMPTS.len() >= 60);
}

#[test]
fn every_slip_in_a_telling_name_is_seen_and_none_in_another_machine() {
    let known = inventory();
    for name in ["grafana", "zanzibar"] {
        for at in 0..name.len() {
            let (before, after) = name.split_at(at);
            let slip = format!("restart {before}{}", &after[1..]);
            assert!(names(&known, &slip).starts_with(name), "{slip}");
        }
    }
    assert_eq!(names(&known, "restart web3 and db2, then edge-fra2"), "");
}

#[test]
fn how_the_prompt_writes_it_is_kept() {
    let known = inventory();
    let named = find(&known, "restart grafna");
    assert_eq!(named.services[0].written.as_deref(), Some("grafna"));
    assert_eq!(find(&known, "restart grafana").services[0].written, None);
}

#[test]
fn long_prompts_over_a_large_inventory_take_no_time() {
    let mut known = inventory();
    let one = known.services[9].clone();
    for id in 100..600 {
        known.services.push(Service {
            id,
            name: format!("tenant-{id}-gatekeeper"),
            ..one.clone()
        });
    }
    let prompt =
        "the gatekeepr of tenantt-311-gatekeeper printed zzyzx-warning: reallyunknownword "
            .repeat(1_000);
    let began = std::time::Instant::now();
    assert!(find(&known, &prompt).services.len() <= MOST);
    // Milliseconds; a second is what a busy machine and a build without optimisation may take.
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}
