//! `fjord demo`: the whole tour on embedded parts in a temporary folder.
//!
//! Nothing of the user's own Fjord is read or written. The thing deployed is a small HTTP service of this very
//! program (`demo/service.rs`); it and the folder are gone at the end, also after Ctrl-C.

mod guide;
pub(crate) mod service;

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use agent::inventory::{ServerFields, ServiceFields};
use agent::store::rows::{DeploymentStatus, ServerRole};
use agent::{Actor, Agent, Clock, Command, Enrich, Error, Face, Item, Judge, Parts, Reply};
use config::env::{FJORD_HOME, HOME, PATH};
use config::{Config, Environment, Paths};
use guard::Verdict;
use tempfile::TempDir;

use crate::interrupt::Interrupts;
use crate::wire::{Logging, Wire, own_program};

use guide::{Guide, Stopping};

/// The service that is deployed.
const SERVICE: &str = "shop";
/// The server that it runs on.
const SERVER: &str = "demo-server";
/// What a coding agent tries in the tour.
const DESTRUCTIVE: &str = "docker compose down -v && git push --force origin main";
/// What a person asks a coding agent in the tour.
const PROMPT: &str = "why was the last deploy of shop rolled back?";
/// How long the tour may take to stop in order.
const GRACE: Duration = Duration::from_secs(6);

/// Gives the tour.
pub(crate) async fn run(wire: &Wire) -> Result<ExitCode, Error> {
    wire.log(Logging::Warnings, "warn");
    let began = Instant::now();
    let mut interrupts = Interrupts::listen()?;
    let stopping = Stopping::default();
    let folder = tempfile::Builder::new()
        .prefix("fjord-demo-")
        .tempdir()
        .map_err(|error| Error::internal(format!("no temporary folder: {error}")))?;
    let port = free_port()?;
    let agent = agent(wire, folder.path())?;
    let guide = Guide {
        output: wire.output,
        agent: &agent,
        actor: wire.actor(Face::Argv),
        stopping: stopping.clone(),
    };
    let place = folder.path().to_path_buf();
    let outcome = {
        let tour = tour(&guide, &place, port);
        tokio::pin!(tour);
        tokio::select! {
            outcome = &mut tour => outcome,
            () = interrupts.next() => {
                wire.output.remark("stopping, and clearing up");
                stopping.stop();
                guide.cancel(SERVICE).await;
                // The step that runs ends in order; what hangs is ended by its supervisor.
                let _in_time = tokio::time::timeout(GRACE, &mut tour).await;
                Err(Error::conflict("stopped before the end"))
            }
        }
    };
    let cleared = clear_up(folder, port).await;
    if outcome.is_ok() {
        guide.end(began.elapsed());
    }
    outcome.and(cleared).map(|()| ExitCode::SUCCESS)
}

async fn tour(guide: &Guide<'_>, folder: &Path, port: u16) -> Result<(), Error> {
    guide.say("This is Fjord on embedded parts: an SQLite file and full text, no services, in a temporary folder.");
    inventory(guide, folder, port).await?;

    guide.chapter("A deploy that goes well");
    deploy(guide, "v1", DeploymentStatus::Success).await?;

    guide.chapter("A deploy that fails its health check and is rolled back");
    deploy(guide, "v2", DeploymentStatus::RolledBack).await?;

    guide.chapter("What is known afterwards");
    guide
        .show("fjord status", Command::Status { name: None })
        .await?;
    guide
        .show(
            "fjord history shop",
            Command::History {
                service: SERVICE.to_owned(),
                limit: 5,
            },
        )
        .await?;
    guide.show("fjord brief", Command::Brief).await?;

    guide.chapter("The coding agent at the desk");
    agent::snapshot::refresh(guide.agent).await?;
    judge(guide, folder).await?;
    enrich(guide, folder).await
}

async fn inventory(guide: &Guide<'_>, folder: &Path, port: u16) -> Result<(), Error> {
    guide.chapter("The inventory: what runs where");
    let server = ServerFields {
        hostname: Some("localhost".to_owned()),
        role: Some(ServerRole::Production),
        ..ServerFields::default()
    };
    let add = Command::Server(Item::Add {
        name: SERVER.to_owned(),
        fields: server,
    });
    guide
        .show(
            "fjord server add demo-server --hostname localhost --role production",
            add,
        )
        .await?;
    let project = folder.join(SERVICE);
    service::write_script(&project, port)?;
    let service = ServiceFields {
        server: Some(SERVER.to_owned()),
        port: Some(i64::from(port)),
        health_endpoint: Some(format!("http://127.0.0.1:{port}/health")),
        project_path: Some(project.to_string_lossy().into_owned()),
        deploy_command: Some("./deploy.sh".to_owned()),
        ..ServiceFields::default()
    };
    let typed = format!(
        "fjord service add shop --server demo-server --deploy-command ./deploy.sh --project-path {} --health-endpoint http://127.0.0.1:{port}/health",
        project.display()
    );
    guide
        .show(
            &typed,
            Command::Service(Item::Add {
                name: SERVICE.to_owned(),
                fields: service,
            }),
        )
        .await?;
    Ok(())
}

async fn deploy(guide: &Guide<'_>, version: &str, expected: DeploymentStatus) -> Result<(), Error> {
    let command = Command::Deploy {
        service: SERVICE.to_owned(),
        version: Some(version.to_owned()),
    };
    let reply = guide
        .act(
            &format!("fjord deploy shop --version {version} --yes"),
            command,
        )
        .await?;
    match reply {
        Reply::Deployed(report) if report.deployment.status == expected => Ok(()),
        Reply::Deployed(report) => Err(Error::internal(format!(
            "{version} ended as {}: {}",
            report.deployment.status, report.summary
        ))),
        _ => Err(Error::internal("a deploy was answered with something else")),
    }
}

async fn judge(guide: &Guide<'_>, folder: &Path) -> Result<(), Error> {
    let call = Judge {
        event: agent::ids::ordered().to_string(),
        session: "demo".to_owned(),
        cwd: folder.join(SERVICE).to_string_lossy().into_owned(),
        tool: "Bash".to_owned(),
        input: serde_json::json!({ "command": DESTRUCTIVE }),
    };
    let typed = format!("a coding agent is about to run (PreToolUse): {DESTRUCTIVE}");
    match guide.hook(&typed, Command::Judge(call)).await? {
        Reply::Judged(judgement) if judgement.verdict == Verdict::Deny => Ok(()),
        _ => Err(Error::internal("the guard let a destructive command pass")),
    }
}

async fn enrich(guide: &Guide<'_>, folder: &Path) -> Result<(), Error> {
    let prompt = Enrich {
        event: agent::ids::ordered().to_string(),
        session: "demo".to_owned(),
        cwd: folder.join(SERVICE).to_string_lossy().into_owned(),
        prompt: PROMPT.to_owned(),
    };
    let typed = format!("a person asks the coding agent (UserPromptSubmit): {PROMPT}");
    match guide.hook(&typed, Command::Enrich(prompt)).await? {
        Reply::Context { text } if text.contains(SERVICE) => Ok(()),
        _ => Err(Error::internal("the prompt got no facts about the service")),
    }
}

/// An agent of the defaults, with short waits, whose every file is in the folder.
fn agent(wire: &Wire, folder: &Path) -> Result<Agent, Error> {
    let home = folder.as_os_str();
    let environment = Environment::from_pairs([
        (FJORD_HOME, home),
        (HOME, home),
        (PATH, wire.environment.os(PATH).unwrap_or_default()),
    ]);
    let mut config = Config::default();
    // The tour shows what is there without anything installed.
    config.llm.url = String::new();
    config.deploy.health_window_s = 3;
    config.deploy.gate_successes = 2;
    config.health.timeout_s = 1;
    Agent::new(Parts {
        config,
        paths: Paths::from(&environment),
        clock: Clock::system(),
        supervisor: own_program()?,
        owner: agent::deploy::Owner::this_process(),
        private_variables: wire.environment.private_names(),
    })
}

fn free_port() -> Result<u16, Error> {
    std::net::TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| Error::internal(format!("no free port: {error}")))
}

async fn clear_up(folder: TempDir, port: u16) -> Result<(), Error> {
    tokio::task::spawn_blocking(move || {
        service::stop(port);
        let place = folder.path().to_path_buf();
        folder.close().or_else(|_| {
            // Something may have been written in between.
            std::fs::remove_dir_all(&place)
                .or_else(|error| if place.exists() { Err(error) } else { Ok(()) })
        })
    })
    .await
    .map_err(|error| Error::internal(error.to_string()))?
    .map_err(|error| Error::internal(format!("the temporary folder is still there: {error}")))
}

/// The actor of the coding agent in the tour.
fn coding_agent() -> Actor {
    Actor::session("demo")
}
