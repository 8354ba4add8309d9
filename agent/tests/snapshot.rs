//! What the guard knows, and what is answered while the store is down.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use agent::deploy::Owner;
use agent::inventory::ServerFields;
use agent::store::rows::ServerRole;
use agent::{Actor, Agent, Clock, Command, Error, Face, Item, Judge, Parts, Progress, Reply};
use config::{Config, Environment, Paths};
use guard::Verdict;
use serde_json::json;

struct Home(PathBuf);

impl Drop for Home {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

impl Home {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("fjord-known-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn paths(&self) -> Paths {
        let home = self.0.to_str().unwrap().to_owned();
        Paths::from(&Environment::from_pairs([("FJORD_HOME", home)]))
    }

    /// One process with its own memory; they share the files.
    fn process(&self, store: &str) -> Agent {
        let mut config = Config::default();
        config.store.url = store.into();
        Agent::new(Parts {
            config,
            paths: self.paths(),
            clock: Clock::system(),
            supervisor: self.0.join("fjord"),
            owner: Owner::this_process(),
            private_variables: Vec::new(),
        })
        .unwrap()
    }
}

async fn ask(agent: &Agent, command: Command) -> Result<Reply, Error> {
    let actor = Actor::local(Face::Argv, 1_000, "tester");
    agent.handle(&actor, command, &Progress::none()).await
}

async fn add_server(agent: &Agent, name: &str) {
    let fields = ServerFields {
        hostname: Some(format!("{name}.example.com")),
        role: Some(ServerRole::Production),
        ..ServerFields::default()
    };
    let name = name.to_owned();
    ask(agent, Command::Server(Item::Add { name, fields }))
        .await
        .unwrap();
}

async fn verdict(agent: &Agent, command: &str) -> Verdict {
    let judge = Judge {
        event: "e1".to_owned(),
        session: "s1".to_owned(),
        tool: "Bash".to_owned(),
        input: json!({ "command": command }),
        cwd: "/srv".to_owned(),
    };
    let (session, nobody) = (Actor::session("s1"), Progress::none());
    let judged = agent.handle(&session, Command::Judge(judge), &nobody).await;
    match judged.unwrap() {
        Reply::Judged(judgement) => judgement.verdict,
        other => panic!("{other:?}"),
    }
}

fn says(file: &Path, word: &str) -> bool {
    std::fs::read_to_string(file).is_ok_and(|text| text.contains(word))
}

#[tokio::test]
async fn a_new_server_is_guarded_as_soon_as_it_is_added_also_by_another_process() {
    let home = Home::new("guarded");
    let (daemon, one_shot) = (home.process(""), home.process(""));
    let command = "ssh web1 systemctl stop api";
    assert_eq!(verdict(&daemon, command).await, Verdict::None);
    add_server(&one_shot, "web1").await;
    assert!(says(&home.paths().inventory, "web1"));
    assert_ne!(verdict(&daemon, command).await, Verdict::None);
    let name = "web1".to_owned();
    ask(&one_shot, Command::Server(Item::Remove { name }))
        .await
        .unwrap();
    assert!(!says(&home.paths().inventory, "web1"));
    assert_eq!(verdict(&daemon, command).await, Verdict::None);
}

#[tokio::test]
async fn a_store_without_a_snapshot_gets_one_with_its_first_read() {
    let home = Home::new("first");
    let agent = home.process("");
    add_server(&agent, "web1").await;
    let paths = home.paths();
    std::fs::remove_file(&paths.inventory).unwrap();
    ask(&agent, Command::Server(Item::List)).await.unwrap();
    assert!(says(&paths.inventory, "web1"));
    std::fs::remove_file(&paths.inventory).unwrap();
    std::fs::remove_file(&paths.snapshot).unwrap();
    ask(&home.process(""), Command::Status { name: None })
        .await
        .unwrap();
    assert!(says(&paths.inventory, "web1") && says(&paths.snapshot, "web1"));
}

#[tokio::test]
async fn a_snapshot_of_another_store_answers_nothing_and_stays() {
    let home = Home::new("another");
    add_server(&home.process(""), "web1").await;
    // Nobody listens on the port for discarding.
    let other = home.process("postgres://fjord:secret@127.0.0.1:9/fjord");
    let began = Instant::now();
    let error = ask(&other, Command::Status { name: None })
        .await
        .unwrap_err()
        .to_string();
    assert!(began.elapsed() < Duration::from_secs(4));
    assert!(
        error.contains("connection refused at 127.0.0.1:9") && !error.contains("pool"),
        "{error}"
    );
    let empty = home.process("sqlite::memory:");
    ask(&empty, Command::Status { name: None }).await.unwrap();
    assert!(says(&home.paths().inventory, "web1"));
}
