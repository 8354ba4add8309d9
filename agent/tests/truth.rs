//! What is shown is what is so, and secrets that rows must hold stay inside.
#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use std::path::PathBuf;
use std::time::Duration;

use agent::deploy::Owner;
use agent::inventory::{DependencyFields, ServerFields, ServiceFields};
use agent::store::EventsWanted;
use agent::store::rows::{HealthStatus, ServerStatus};
use agent::{Actor, Agent, Clock, Command, Error, Face, Item, Parts, Progress, Reply};
use config::{Config, Environment, Paths};
use serde_json::json;
use tokio_util::sync::CancellationToken;

struct World {
    agent: Agent,
    folder: PathBuf,
}

impl Drop for World {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

impl World {
    /// A server `web1` that reads as online, and nothing else.
    async fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("fjord-truth-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let home = folder.to_str().unwrap().to_owned();
        let environment = Environment::from_pairs([("FJORD_HOME", home)]);
        let mut config = Config::default();
        config.store.url = "sqlite::memory:".into();
        config.health.timeout_s = 1;
        config.health.interval_s = 1;
        config.health.failures = 1;
        let parts = Parts {
            config,
            paths: Paths::from(&environment),
            clock: Clock::system(),
            supervisor: folder.join("fjord"),
            owner: Owner::this_process(),
            private_variables: Vec::new(),
        };
        let world = Self {
            agent: Agent::new(parts).unwrap(),
            folder,
        };
        let fields = ServerFields {
            hostname: Some("localhost".to_owned()),
            status: Some(ServerStatus::Online),
            ..ServerFields::default()
        };
        world
            .ask(Command::Server(Item::Add {
                name: "web1".to_owned(),
                fields,
            }))
            .await
            .unwrap();
        world
    }

    async fn ask(&self, command: Command) -> Result<Reply, Error> {
        let actor = Actor::local(Face::Argv, 1_000, "tester");
        self.agent.handle(&actor, command, &Progress::none()).await
    }

    async fn add_api(&self, fields: ServiceFields) {
        let fields = ServiceFields {
            server: Some("web1".to_owned()),
            ..fields
        };
        self.ask(Command::Service(Item::Add {
            name: "api".to_owned(),
            fields,
        }))
        .await
        .unwrap();
    }
}

#[tokio::test]
async fn secrets_in_a_services_row_are_not_shown() {
    let world = World::new("secrets").await;
    let password = "correct-horse-battery";
    world
        .add_api(ServiceFields {
            health_endpoint: Some(format!("http://probe:{password}@127.0.0.1:9/health")),
            deploy_command: Some(format!("API_TOKEN={password} ./deploy.sh")),
            git_repo: Some(format!("https://ci:{password}@example.com/api.git")),
            config: Some(json!({ "db": { "password": password } })),
            ..ServiceFields::default()
        })
        .await;
    let name = || "api".to_owned();
    for command in [
        Command::Service(Item::List),
        Command::Service(Item::Show { name: name() }),
        Command::Status { name: Some(name()) },
        Command::Health {
            service: Some(name()),
        },
    ] {
        let reply = world.ask(command).await.unwrap();
        let shown = serde_json::to_string(&reply).unwrap();
        assert!(!shown.contains(password), "{shown}");
    }
    // The command itself still has it.
    let row = world.agent.store().services().await.unwrap().remove(0);
    assert!(row.deploy_command.unwrap().contains(password));
}

#[tokio::test]
async fn an_address_with_a_password_is_no_name_of_a_variable() {
    let world = World::new("variable").await;
    world.add_api(ServiceFields::default()).await;
    let fields = DependencyFields {
        external: Some("the bank".to_owned()),
        connection_string_env: Some("postgres://u:secret@db/x".to_owned()),
        ..DependencyFields::default()
    };
    let refused = world
        .ask(Command::Dependency(Item::Add {
            name: "api".to_owned(),
            fields,
        }))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("never a value") && !refused.contains("secret"),
        "{refused}"
    );
}

#[tokio::test]
async fn a_server_on_which_nothing_answers_is_not_called_online() {
    let world = World::new("silent").await;
    world
        .add_api(ServiceFields {
            // Nobody listens on the port for discarding.
            health_endpoint: Some("http://127.0.0.1:9/health".to_owned()),
            ..ServiceFields::default()
        })
        .await;
    let stop = CancellationToken::new();
    let watching = tokio::spawn(agent::health::watch(world.agent.clone(), stop.clone()));
    let store = world.agent.store();
    let silent = async {
        loop {
            let server = store.servers().await.unwrap().remove(0);
            if server.status == ServerStatus::Unknown {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), silent)
        .await
        .unwrap();
    let service = store.services().await.unwrap().remove(0);
    assert_eq!(service.health_status, HealthStatus::Unhealthy);
    let wanted = EventsWanted {
        limit: 10,
        ..EventsWanted::default()
    };
    assert_eq!(store.events(&wanted).await.unwrap().len(), 1);
    stop.cancel();
    watching.await.unwrap();
    let now = world.agent.now();
    assert_eq!(
        store.lock_holder("health:checks", now).await.unwrap(),
        None,
        "whoever comes next checks at once"
    );
}
