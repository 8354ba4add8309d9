//! `fjord up`: puts the parts together and keeps them running.
//!
//! No part ends the process: what fails is logged and begun again, later each time. A part that only a person
//! can mend says so and stays off.

mod housekeeping;
mod parts;

use std::fs::File;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use agent::{Agent, Error};
use config::ExposeSecret;
use config::env::NOTIFY_SOCKET;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::interrupt::Interrupts;
use crate::output::{mark, marked};
use crate::wire::{Logging, Wire};

use parts::{Ended, Waits, keep};

/// How long the parts have to end when the process is asked to.
const GRACE: Duration = Duration::from_millis(4_500);

/// Runs until a signal.
pub(crate) async fn run(wire: &Wire) -> Result<ExitCode, Error> {
    let agent = wire.agent(Logging::Configured)?;
    let _only_one = only_one(&agent.paths().socket)?;
    let mut interrupts = Interrupts::listen()?;
    let stop = CancellationToken::new();
    let tasks = TaskTracker::new();
    if let Err(error) = agent.store().ready().await {
        tracing::error!(%error, "the store is not available; going on without it and trying again");
        tasks.spawn(keep("store", Waits::default(), stop.clone(), {
            let agent = agent.clone();
            move |stop| housekeeping::wait_for_store(agent.clone(), stop)
        }));
    }
    start(&agent, &stop, &tasks);
    tasks.close();
    announce(wire, &agent);
    notify(wire, "READY=1");
    interrupts.next().await;
    notify(wire, "STOPPING=1");
    tracing::info!("stopping");
    stop.cancel();
    let ended = tokio::select! {
        ended = tokio::time::timeout(GRACE, tasks.wait()) => ended.is_ok(),
        () = interrupts.next() => false,
    };
    if !ended {
        tracing::warn!(
            "not everything ended in time; what was running is stopped and recorded at the next start"
        );
    }
    Ok(ExitCode::SUCCESS)
}

fn start(agent: &Agent, stop: &CancellationToken, tasks: &TaskTracker) {
    let part = |agent: &Agent| agent.clone();
    tasks.spawn(keep("recovery", Waits::default(), stop.clone(), {
        let agent = part(agent);
        move |stop| Ended::when_stopped(agent::deploy::keep_recovering(agent.clone(), stop))
    }));
    tasks.spawn(keep("hooks", Waits::default(), stop.clone(), {
        let agent = part(agent);
        move |stop| {
            let agent = agent.clone();
            async move { Ended::again(hooks::serve(agent, stop).await) }
        }
    }));
    if !agent.config().telegram.token.expose_secret().is_empty() {
        tasks.spawn(keep("bot", Waits::default(), stop.clone(), {
            let agent = part(agent);
            move |stop| {
                let agent = agent.clone();
                // It retries by itself what time can mend; what it gives up needs a person.
                async move { Ended::for_good(Box::pin(bot::run(agent, stop)).await) }
            }
        }));
    }
    tasks.spawn(keep("schedules", Waits::default(), stop.clone(), {
        let agent = part(agent);
        move |stop| Ended::when_stopped(agent::schedule::run(agent.clone(), stop))
    }));
    tasks.spawn(keep("health checks", Waits::default(), stop.clone(), {
        let agent = part(agent);
        move |stop| Ended::when_stopped(agent::health::watch(agent.clone(), stop))
    }));
    tasks.spawn(keep("snapshot", Waits::default(), stop.clone(), {
        let agent = part(agent);
        move |stop| Ended::when_stopped(agent::snapshot::keep(agent.clone(), stop))
    }));
    tasks.spawn(keep("vectors", Waits::default(), stop.clone(), {
        let agent = part(agent);
        move |stop| housekeeping::catch_up(agent.clone(), stop)
    }));
    tasks.spawn(keep("memory", Waits::default(), stop.clone(), {
        let agent = part(agent);
        move |stop| Ended::when_stopped(agent::memory::keep(agent.clone(), stop))
    }));
    tasks.spawn(keep("housekeeping", Waits::default(), stop.clone(), {
        let agent = part(agent);
        move |stop| housekeeping::run(agent.clone(), stop)
    }));
}

/// Holds a lock beside the socket for as long as this process lives.
fn only_one(socket: &Path) -> Result<File, Error> {
    let taken = || {
        Error::conflict(format!(
            "another `fjord up` serves {}; stop it first",
            socket.display()
        ))
    };
    let folder = socket.parent().unwrap_or(Path::new("/"));
    let cannot = |error: std::io::Error| {
        Error::conflict(format!(
            "the folder {} cannot be used: {error}",
            folder.display()
        ))
    };
    agent::store::make_private_folder(folder).map_err(cannot)?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(socket.with_extension("up.lock"))
        .map_err(cannot)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => return Err(taken()),
        Err(std::fs::TryLockError::Error(error)) => return Err(cannot(error)),
    }
    // A Fjord that keeps its lock elsewhere still answers on the socket.
    if UnixStream::connect(socket).is_ok() {
        return Err(taken());
    }
    Ok(file)
}

fn announce(wire: &Wire, agent: &Agent) {
    let config = agent.config();
    let throttle = config.throttle.url.expose_secret();
    let chroma = config.rag.url.expose_secret();
    let brief = &config.brief;
    let model = if config.llm.url.is_empty() || config.llm.model.is_empty() {
        "none: facts only".to_owned()
    } else {
        format!(
            "{} at {} (configured, not asked yet)",
            config.llm.model,
            config::mask_url(&config.llm.url)
        )
    };
    let lines = [
        (
            "store",
            format!("{} {}", agent.store().kind(), agent.store().place()),
        ),
        (
            "throttle",
            if throttle.is_empty() {
                "rows of the store".to_owned()
            } else {
                format!("redis {}", config::mask_url(throttle))
            },
        ),
        (
            "passages",
            if chroma.is_empty() {
                "full text in the store".to_owned()
            } else {
                format!("chroma {}", config::mask_url(chroma))
            },
        ),
        ("model", model),
        ("hooks", agent.paths().socket.display().to_string()),
        (
            "bot",
            (if config.telegram.token.expose_secret().is_empty() {
                "off: no `telegram.token`; `fjord init` sets one"
            } else {
                "on"
            })
            .to_owned(),
        ),
        ("health", format!("every {} s", config.health.interval_s)),
        (
            "brief",
            if brief.cron.is_empty() {
                "never by itself: no `brief.cron`".to_owned()
            } else {
                format!("{} ({})", brief.cron, brief.timezone)
            },
        ),
    ];
    if wire.output.json {
        let map: serde_json::Map<_, _> = lines
            .into_iter()
            .map(|(name, text)| (name.to_owned(), text.into()))
            .collect();
        wire.output.document(&serde_json::json!({ "up": map }));
        return;
    }
    let mut text = marked(
        mark::BOLD,
        concat!("fjord ", env!("CARGO_PKG_VERSION"), " is up"),
    );
    for (name, line) in lines {
        text.push_str(&format!("\n  {name:<9} {line}"));
    }
    wire.output.text(&text);
}

/// Tells systemd, when it listens.
fn notify(wire: &Wire, state: &str) {
    let Some(socket) = wire.environment.get(NOTIFY_SOCKET) else {
        return;
    };
    let told = UnixDatagram::unbound().and_then(|sender| match socket.strip_prefix('@') {
        #[cfg(target_os = "linux")]
        Some(name) => {
            use std::os::linux::net::SocketAddrExt;
            sender.send_to_addr(
                state.as_bytes(),
                &std::os::unix::net::SocketAddr::from_abstract_name(name)?,
            )
        }
        _ => sender.send_to(state.as_bytes(), socket),
    });
    if let Err(error) = told {
        tracing::debug!(%error, "systemd was not told");
    }
}
