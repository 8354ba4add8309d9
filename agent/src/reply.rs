//! What a command is answered with: plain data, no markup.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use crate::approvals::{Answered, Delivery};
use crate::store::rows::{
    Approval, AuditRow, Dependency, Deployment, Event, Execution, HealthStatus, HookEventRow,
    Route, Schedule, Secret, Server, ServerStatus, Service,
};

/// The answer. A new variant must not compile until every face renders it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", content = "data", rename_all = "snake_case")]
pub enum Reply {
    /// The state of everything, or of one server.
    Status(StatusReport),
    /// One service in detail; several when a name fits a group.
    ServiceDetail(Vec<ServiceDetail>),
    /// Health endpoints asked just now.
    Health(Vec<HealthReport>),
    /// What a deploy would do.
    Plan(DeployPlan),
    /// A question to be answered with [`crate::Command::Confirm`] before anything is done.
    Confirm(Question),
    /// A confirmation was answered with no.
    Declined {
        /// What is not done.
        text: String,
    },
    /// How a deployment or a roll back ended.
    Deployed(DeploymentReport),
    /// A running deployment was told to stop.
    Cancelling {
        /// The service as `service@server`.
        service: String,
        /// The deployment's number.
        deployment: i64,
    },
    /// Deployments, the newest first.
    History {
        /// The service as `service@server`.
        service: String,
        /// The newest first.
        deployments: Vec<Deployment>,
    },
    /// Events, the newest first.
    Events(Vec<Event>),
    /// What matters today.
    Brief(Brief),
    /// What is wrong and why it seems so.
    Incident(IncidentReport),
    /// A document or note was taken in.
    Learned(Learned),
    /// Passages found.
    Passages(Passages),
    /// Documents, the newest first.
    Documents(Vec<DocumentInfo>),
    /// Something is no longer there: how many documents, what they were.
    Forgotten {
        /// How many.
        count: u64,
    },
    /// Servers by name.
    Servers(Vec<Server>),
    /// Services by name.
    Services(Vec<Service>),
    /// Routes by domain and path.
    Routes(Vec<Route>),
    /// Dependencies by service.
    Dependencies(Vec<Dependency>),
    /// Registered secrets by name.
    Secrets(Vec<Secret>),
    /// An inventory item was added, changed or removed.
    Changed(Change),
    /// Schedules by number.
    Schedules(Vec<Schedule>),
    /// One schedule with its last runs, the newest first.
    ScheduleDetail {
        /// The schedule.
        schedule: Schedule,
        /// The newest first.
        executions: Vec<Execution>,
    },
    /// What a schedule's run answered.
    Ran {
        /// The schedule's number.
        id: i64,
        /// What its line was answered with.
        reply: Box<Reply>,
    },
    /// A schedule's run was not done.
    NotRun {
        /// The schedule's number.
        id: i64,
        /// Its line.
        line: String,
        /// Why not, and the next step.
        why: String,
    },
    /// Each dependency of Fjord itself.
    Doctor(Vec<Check>),
    /// What coding agents wait for.
    Approvals(Vec<Approval>),
    /// A person answered a coding agent's question, and whether that counted.
    Answered(Box<Answered>),
    /// A tool call was put before a person.
    Asked(Box<Approval>),
    /// What the guard thinks of a tool call.
    Judged(Judgement),
    /// What goes in beside a coding agent's prompt; empty: nothing.
    Context {
        /// The text, at most `hooks.context_chars`; quoted data only.
        text: String,
    },
    /// A session waits for a person who is away.
    Notice(Notice),
    /// Observations are stored.
    Noted {
        /// False: all of them were there already.
        new: bool,
    },
    /// Another reply, made from the last snapshot since the store is down.
    AsOf {
        /// When the snapshot was taken.
        at: DateTime<Utc>,
        /// The reply.
        reply: Box<Reply>,
    },
}

impl Reply {
    /// Returns the exit code of `fjord`: 1 when it tells of something not done, else 0.
    pub fn exit_code(&self) -> u8 {
        use crate::store::rows::DeploymentStatus as Status;
        match self {
            Self::Deployed(report) => {
                let wanted = matches!(report.deployment.status, Status::Success);
                u8::from(!wanted)
            }
            Self::NotRun { .. } => 1,
            Self::Answered(answered) => u8::from(answered.delivery != Delivery::HandedOn),
            Self::Ran { reply, .. } | Self::AsOf { reply, .. } => reply.exit_code(),
            _ => 0,
        }
    }
}

/// The state of everything, problems first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StatusReport {
    /// One line a server, those with problems first.
    pub servers: Vec<ServerState>,
    /// Deployments that have not ended.
    pub running: Vec<Deployment>,
}

/// A server and what runs on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServerState {
    /// Its name.
    pub name: String,
    /// What it is for: production, staging, development, homelab.
    pub role: String,
    /// What is known of it.
    pub status: ServerStatus,
    /// Its services, those with problems first.
    pub services: Vec<ServiceState>,
}

/// A service in one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceState {
    /// Its name.
    pub name: String,
    /// What the last check said.
    pub health: HealthStatus,
    /// When it was last asked.
    pub checked_at: Option<DateTime<Utc>>,
    /// What runs.
    pub version: Option<String>,
    /// `failed`, `rolled_back`, `interrupted`, ... of the last deployment, if that did not go well.
    pub last_deployment_problem: Option<String>,
}

/// A service with all that is known of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ServiceDetail {
    /// The row.
    pub service: Service,
    /// What it needs.
    pub needs: Vec<Dependency>,
    /// What needs it, as `service@server`.
    pub needed_by: Vec<String>,
    /// Domains and paths it answers.
    pub routes: Vec<Route>,
    /// The last deployments, the newest first.
    pub deployments: Vec<Deployment>,
}

/// What a health endpoint said just now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthReport {
    /// The service as `service@server`.
    pub service: String,
    /// What it meant.
    pub status: HealthStatus,
    /// The HTTP status, if one came.
    pub http_status: Option<u16>,
    /// How long it took.
    pub latency_ms: Option<u64>,
    /// Why it is not healthy.
    pub error: Option<String>,
    /// The address asked, without credentials.
    pub endpoint: Option<String>,
}

/// What a deploy or roll back would do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeployPlan {
    /// `deploy` or `rollback`.
    pub action: String,
    /// The service as `service@server`.
    pub service: String,
    /// The server's role.
    pub role: String,
    /// What runs now.
    pub from: Option<String>,
    /// What will run.
    pub to: String,
    /// The exact command, as in the inventory.
    pub deploy_command: String,
    /// Where it runs.
    pub project_path: String,
    /// How the result is checked; none: it is not, and success will read `unverified`.
    pub health_endpoint: Option<String>,
    /// The version gone back to when it fails.
    pub rollback_to: Option<String>,
    /// What depends on it, as `service@server`.
    pub dependents: Vec<String>,
    /// What makes it risky now, one sentence each.
    pub risks: Vec<String>,
}

/// A question to a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Goes back with the answer; single use.
    pub ticket: String,
    /// One sentence, for instance ``deploy `api@web1` v1 -> v2``.
    pub text: String,
    /// What exactly would be done, when it is a deploy or roll back.
    pub plan: Option<DeployPlan>,
    /// When the ticket is void.
    pub expires_at: DateTime<Utc>,
}

/// How a deployment ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeploymentReport {
    /// The row as stored.
    pub deployment: Deployment,
    /// One sentence a tired person understands.
    pub summary: String,
    /// The last lines printed, when it did not go well.
    pub log_tail: Vec<String>,
}

/// How a text came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prose {
    /// The model put the facts into words.
    Written {
        /// What it wrote; show it as text, escaped.
        text: String,
        /// Which model.
        model: String,
    },
    /// There is no prose: facts only.
    Unavailable {
        /// One sentence, beginning `model unavailable: facts only`.
        why: String,
    },
}

/// What matters today.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    /// When the facts were gathered.
    pub at: DateTime<Utc>,
    /// The facts in a fixed form, problems first.
    pub facts: Vec<String>,
    /// At most eight lines of prose, or why there is none.
    pub prose: Prose,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentReport {
    /// What was asked.
    pub text: String,
    /// The services the text names, as `service@server`.
    pub services: Vec<String>,
    /// One sentence: the first suspect, or that nothing is failing.
    pub verdict: String,
    /// The likeliest first.
    pub suspects: Vec<Suspect>,
    /// What was found, numbered from 1.
    pub evidence: Vec<Evidence>,
    /// What could not be gathered in time, one sentence each.
    pub missing: Vec<String>,
    /// The same in words, or why not.
    pub prose: Prose,
}

/// What may be the cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Suspect {
    /// `dependency`, `deployment`, `change` or `service`.
    pub kind: String,
    /// What it is: a service, a deployment.
    pub name: String,
    /// Why it is suspected, one sentence.
    pub why: String,
    /// Numbers of the evidence.
    pub evidence: Vec<usize>,
}

/// One thing found, secrets masked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// From 1.
    pub number: usize,
    /// `health`, `event`, `deployment`, `dependency` or `log`.
    pub kind: String,
    /// When it was, if known.
    pub at: Option<DateTime<Utc>>,
    /// One or a few lines.
    pub text: String,
}

/// A document taken in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    /// The document's id.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How many passages it has.
    pub passages: u64,
    /// True: it was there already, word for word.
    pub unchanged: bool,
    /// Kinds and counts of secrets masked, for instance `github token: 1`.
    pub masked: Vec<String>,
}

/// Passages found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Passages {
    /// What was looked for.
    pub query: String,
    /// The best first.
    pub passages: Vec<PassageInfo>,
    /// `semantic` or `full-text`.
    pub retrieval: String,
    /// Why it is full text only, if so.
    pub why: Option<String>,
}

/// A piece of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PassageInfo {
    /// Where the document comes from.
    pub source: String,
    /// The document's title.
    pub title: String,
    /// The headings above it.
    pub heading: Option<String>,
    /// The text.
    pub text: String,
    /// Higher is better; comparable within one answer only.
    pub score: f64,
}

/// A document in one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DocumentInfo {
    /// Its id.
    pub id: String,
    /// Where it comes from.
    pub source: String,
    /// Its title.
    pub title: String,
    /// How many passages it has.
    pub passages: u64,
    /// When it was last taken in.
    pub updated_at: DateTime<Utc>,
}

/// What happened to an inventory item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// `server`, `service`, `route`, `dependency`, `secret`, `schedule`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// `added`, `changed` or `removed`.
    pub what: String,
    /// Worth knowing: for instance that nothing checks the result of a deploy.
    pub notes: Vec<String>,
}

/// One dependency of Fjord itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// `store`, `throttle`, `chroma`, `embeddings`, `model`, `telegram`, `daemon`, `hooks`.
    pub name: String,
    /// What it is, for instance `postgres` or `sqlite`.
    pub what: String,
    /// How it is.
    pub state: CheckState,
    /// Its version, where it says so.
    pub version: Option<String>,
    /// How long the question took.
    pub latency_ms: Option<u64>,
    /// One line: what was found, what stands in, what to do.
    pub note: String,
}

/// How a dependency is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// It answers.
    Ok,
    /// Not configured; something embedded does its work.
    Embedded,
    /// Configured and not reachable; something stands in.
    Down,
    /// Not configured, and nothing does its work.
    Off,
}

/// A session of a coding agent waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// The session.
    pub session: String,
    /// Since when.
    pub at: DateTime<Utc>,
    /// What it waits for, in the client's word: `permission_prompt`, `idle_prompt`, ...
    pub kind: String,
    /// Where it works.
    pub cwd: String,
    /// The client's heading, if it has one.
    pub title: Option<String>,
    /// What the client says.
    pub message: String,
}

/// What the guard thinks of a tool call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// What it thinks, with reason and alternative.
    pub verdict: guard::Verdict,
    /// The rule that decided.
    pub rule: Option<String>,
    /// Why, for the coding agent and the person.
    pub reason: String,
    /// What to do instead.
    pub alternative: Option<String>,
}

/// A stored hook event, for lists.
pub type HookEvent = HookEventRow;
/// An audit row, for lists.
pub type Audit = AuditRow;
