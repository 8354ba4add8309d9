//! The agent itself: what it is made of, and the one road through it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use config::{Config, ExposeSecret, Paths};
use rag::Rag;

use crate::actor::{Actor, Role};
use crate::clock::Clock;
use crate::command::Command;
use crate::deploy::{Owner, Runs};
use crate::error::Error;
use crate::llm::Llm;
use crate::pass;
use crate::progress::Progress;
use crate::reply::Reply;
use crate::snapshot::SnapshotFile;
use crate::store::{NewAudit, Store};
use crate::throttle::Throttle;

/// What `main` hands to the agent.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The merged configuration.
    pub config: Config,
    /// Where Fjord's files are.
    pub paths: Paths,
    /// What tells the time.
    pub clock: Clock,
    /// The program that runs local commands: `fjord` itself, called with `supervise`.
    pub supervisor: PathBuf,
    /// This process.
    pub owner: Owner,
    /// Names of variables that commands must not inherit, see `config::Environment::private_names`.
    pub private_variables: Vec<String>,
}

/// One agent serves every face of a process; clones share everything.
#[derive(Clone, Debug)]
pub struct Agent {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    parts: Parts,
    store: Store,
    throttle: Throttle,
    rag: Rag,
    llm: Llm,
    http: reqwest::Client,
    snapshot: SnapshotFile,
    runs: Runs,
}

impl Agent {
    /// Makes the agent. Connects to nothing: what is down is found out when it is needed.
    pub fn new(parts: Parts) -> Result<Self, Error> {
        let store = store_of(&parts)?;
        let throttle = Throttle::new(&parts.config.throttle.url, store.clone())?;
        let rag = Rag::new(&parts.config.rag, &parts.config.llm, store.pool().clone())
            .map_err(|error| Error::invalid(error.to_string()))?;
        let llm = Llm::new(&parts.config.llm);
        let http = reqwest::Client::builder()
            .user_agent(concat!("fjord/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::limited(5))
            .connect_timeout(Duration::from_secs(parts.config.health.timeout_s))
            .pool_max_idle_per_host(1)
            .no_proxy()
            .build()
            .map_err(|error| Error::internal(format!("the HTTP client cannot be made: {error}")))?;
        let snapshot = SnapshotFile::new(&parts.paths, crate::snapshot::name_of(&store));
        Ok(Self {
            inner: Arc::new(Inner {
                parts,
                store,
                throttle,
                rag,
                llm,
                http,
                snapshot,
                runs: Runs::default(),
            }),
        })
    }

    /// Does what `actor` asks, if it may, and tells `progress` what is going on.
    pub async fn handle(
        &self,
        actor: &Actor,
        command: Command,
        progress: &Progress,
    ) -> Result<Reply, Error> {
        let name = command.name();
        let target = command.target();
        let leaves_a_row = command.acts();
        let snapshot_can_answer = command.is_answered_by_snapshot();
        // A hook waits for its answer.
        let may_take_time = !matches!(
            command,
            Command::Judge(_)
                | Command::Ask(_)
                | Command::Begin(_)
                | Command::Enrich(_)
                | Command::Observe(_)
                | Command::Recall(_)
        );
        let outcome = match pass::admit(self, actor, &command).await {
            Ok(pass) => {
                let again = snapshot_can_answer.then(|| command.clone());
                // On the heap: it holds the state of the largest command.
                match Box::pin(crate::commands::run(self, pass, command, progress)).await {
                    Err(Error::Unavailable { service, message })
                        if service == "store" && again.is_some() =>
                    {
                        again.map_or_else(
                            || Err(Error::internal("no command to answer from the snapshot")),
                            |command| crate::snapshot::answer(self, &command, &message),
                        )
                    }
                    outcome => outcome,
                }
            }
            Err(error) => Err(error),
        }
        .map(crate::mask::masked);
        if may_take_time
            && outcome
                .as_ref()
                .is_ok_and(|reply| !matches!(reply, Reply::AsOf { .. }))
        {
            Box::pin(crate::snapshot::after(self, snapshot_can_answer)).await;
        }
        if leaves_a_row {
            let (result, detail) = match &outcome {
                Ok(reply) if reply.exit_code() != 0 => ("failed", None),
                Ok(Reply::Confirm(_)) => ("asked", None),
                Ok(_) => ("done", None),
                Err(error @ (Error::Forbidden { .. } | Error::Throttled { .. })) => {
                    ("refused", Some(error.to_string()))
                }
                Err(error) => ("failed", Some(error.to_string())),
            };
            self.audit(
                actor,
                (name, target.as_deref()),
                (result, detail.as_deref()),
            )
            .await;
        }
        outcome
    }

    /// Replaces the whole store by a backup, see [`Store::restore`]; returns how many rows it holds.
    ///
    /// What the services' last checks said is forgotten: it was true when the backup was made.
    pub async fn restore(&self, file: &std::path::Path) -> Result<u64, Error> {
        let rows = self.store().restore(file).await?;
        // The connections of this agent belong to the store from before.
        store_of(&self.inner.parts)?.forget_all_health().await?;
        Ok(rows)
    }

    /// Returns the role of an actor; `None`: nobody we know.
    pub fn role_of(&self, actor: &Actor) -> Option<Role> {
        pass::role_of(self.config(), actor)
    }

    /// Notes that somebody unknown wrote, and tells whether to refuse aloud: once an hour each.
    pub async fn meet_stranger(&self, actor: &Actor) -> bool {
        let key = format!("fjord:stranger:{}", actor.id);
        let aloud = self
            .throttle()
            .once(&key, Duration::from_hours(1), self.now())
            .await
            .unwrap_or(false);
        if aloud {
            self.audit(actor, ("message", None), ("refused", Some("unknown user")))
                .await;
        }
        aloud
    }

    /// Writes an audit row; when the store is down the log has it instead.
    pub async fn audit(
        &self,
        actor: &Actor,
        (action, target): (&str, Option<&str>),
        (result, detail): (&str, Option<&str>),
    ) {
        // Postgres takes no zero byte in a text; the row matters more than the byte.
        let clean = |text: &str| crate::mask::text(text).replace('\0', "");
        let detail = detail.map(clean);
        let target = target.map(clean);
        let row = NewAudit {
            at: self.now(),
            actor: &actor.id,
            face: actor.face.as_str(),
            action,
            target: target.as_deref(),
            result,
            detail: detail.as_deref(),
        };
        if let Err(error) = self.store().insert_audit(&row).await {
            tracing::warn!(%error, actor = row.actor, action, result, "the audit row could not be stored");
        }
    }

    /// Returns the merged configuration.
    pub fn config(&self) -> &Config {
        &self.inner.parts.config
    }

    /// Returns where Fjord's files are.
    pub fn paths(&self) -> &Paths {
        &self.inner.parts.paths
    }

    /// Returns what time it is.
    pub fn now(&self) -> DateTime<Utc> {
        self.inner.parts.clock.now()
    }

    /// Returns the store.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// Returns the throttle.
    pub fn throttle(&self) -> &Throttle {
        &self.inner.throttle
    }

    /// Returns retrieval.
    pub fn rag(&self) -> &Rag {
        &self.inner.rag
    }

    /// Returns the model's client.
    pub fn llm(&self) -> &Llm {
        &self.inner.llm
    }

    /// Returns the client that asks health endpoints.
    pub fn http(&self) -> &reqwest::Client {
        &self.inner.http
    }

    /// Returns the files that hold the last known state.
    pub fn snapshot(&self) -> &SnapshotFile {
        &self.inner.snapshot
    }

    /// Returns the deployments that this process works on.
    pub(crate) fn runs(&self) -> &Runs {
        &self.inner.runs
    }

    /// Returns this process, as deployments and leases name it.
    pub fn owner(&self) -> &Owner {
        &self.inner.parts.owner
    }

    /// Returns the names of variables that commands must not inherit.
    pub fn private_variables(&self) -> &[String] {
        &self.inner.parts.private_variables
    }

    /// Returns the program that runs local commands.
    pub fn supervisor(&self) -> &std::path::Path {
        &self.inner.parts.supervisor
    }
}

fn store_of(parts: &Parts) -> Result<Store, Error> {
    let configured = parts.config.store.url.expose_secret();
    if configured.is_empty() {
        Store::new(&parts.paths.store_url())
    } else {
        Store::new(configured)
    }
}

impl Command {
    /// Returns its name as people type it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Health { .. } => "health",
            Self::Plan { .. } => "plan",
            Self::Deploy { .. } => "deploy",
            Self::Rollback { .. } => "rollback",
            Self::Cancel { .. } => "cancel",
            Self::Confirm { .. } => "confirm",
            Self::History { .. } => "history",
            Self::Events(_) => "events",
            Self::Brief => "brief",
            Self::Incident { .. } => "incident",
            Self::Remember { .. } => "remember",
            Self::Learn(_) => "rag add",
            Self::Search(_) => "search",
            Self::Documents => "rag list",
            Self::Forget { .. } => "rag forget",
            Self::Server(_) => "server",
            Self::Service(_) => "service",
            Self::Route(_) => "route",
            Self::Dependency(_) => "dep",
            Self::Secret(_) => "secret",
            Self::Schedule(_) => "schedule",
            Self::Doctor => "doctor",
            Self::Approvals(_) => "approvals",
            Self::Judge(_) => "judge",
            Self::Ask(_) => "ask",
            Self::Begin(_) => "begin",
            Self::Enrich(_) => "enrich",
            Self::Observe(_) => "observe",
            Self::Recall(_) => "recall",
        }
    }

    /// Returns what it is about, for the audit row.
    pub fn target(&self) -> Option<String> {
        use crate::command::{ApprovalCommand, Item, ScheduleCommand};
        fn item<F>(item: &Item<F>) -> Option<String> {
            match item {
                Item::List => None,
                Item::Add { name, .. } => Some(format!("add {name}")),
                Item::Show { name } => Some(format!("show {name}")),
                Item::Set { name, .. } => Some(format!("set {name}")),
                Item::Remove { name } => Some(format!("remove {name}")),
            }
        }
        match self {
            Self::Status { name } => name.clone(),
            Self::Health { service } => service.clone(),
            Self::Plan { service, version } | Self::Deploy { service, version } => Some(
                version
                    .as_ref()
                    .map_or_else(|| service.clone(), |version| format!("{service} {version}")),
            ),
            Self::Rollback { service, to } => Some(
                to.as_ref()
                    .map_or_else(|| service.clone(), |to| format!("{service} {to}")),
            ),
            Self::Cancel { service } | Self::History { service, .. } => Some(service.clone()),
            Self::Confirm { answer, .. } => Some(format!("{answer:?}").to_lowercase()),
            Self::Learn(learn) => Some(learn.source.clone()),
            Self::Forget { id } => Some(id.clone()),
            Self::Server(command) => item(command),
            Self::Service(command) => item(command),
            Self::Route(command) => item(command),
            Self::Dependency(command) => item(command),
            Self::Secret(command) => item(command),
            Self::Schedule(ScheduleCommand::Add { line, .. }) => Some(format!("add {line}")),
            Self::Schedule(ScheduleCommand::Cancel { id }) => Some(format!("cancel {id}")),
            Self::Schedule(ScheduleCommand::Run { id }) => Some(format!("run {id}")),
            Self::Approvals(ApprovalCommand::Answer { id, decision, .. }) => {
                Some(format!("{decision} {id}"))
            }
            _ => None,
        }
    }

    /// Returns whether it changes anything and so leaves an audit row.
    pub fn acts(&self) -> bool {
        // A verdict and an observation are stored as hook events, which say the same.
        pass::role_needed(self) > Role::Viewer || matches!(self, Self::Confirm { .. })
    }

    /// Returns whether the last snapshot can answer it while the store is down.
    pub fn is_answered_by_snapshot(&self) -> bool {
        use crate::command::Item;
        match self {
            Self::Status { .. } | Self::Health { service: Some(_) } => true,
            Self::Server(item) => matches!(item, Item::List | Item::Show { .. }),
            Self::Service(item) => matches!(item, Item::List | Item::Show { .. }),
            Self::Route(item) => matches!(item, Item::List | Item::Show { .. }),
            Self::Dependency(item) => matches!(item, Item::List | Item::Show { .. }),
            Self::Secret(item) => matches!(item, Item::List | Item::Show { .. }),
            _ => false,
        }
    }
}
