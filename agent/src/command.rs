//! What a face asks for: plain data, no wire words.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::inventory::{DependencyFields, RouteFields, SecretFields, ServerFields, ServiceFields};
use crate::reply::Judgement;
use crate::store::rows::Decision;

/// One request. Every face makes these and nothing else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// The state of everything, or of one server or service.
    Status {
        /// A service, a server or `service@server`; none: all.
        name: Option<String>,
    },
    /// Asks health endpoints now.
    Health {
        /// A service; none: all that have an endpoint.
        service: Option<String>,
    },
    /// Shows what a deploy would do and does nothing.
    Plan {
        /// The service.
        service: String,
        /// The version to deploy.
        version: Option<String>,
    },
    /// Deploys; answered with a confirmation to give.
    Deploy {
        /// The service.
        service: String,
        /// The version to deploy; none is refused with the last ones listed.
        version: Option<String>,
    },
    /// Goes back to an earlier version; answered with a confirmation to give.
    Rollback {
        /// The service.
        service: String,
        /// The version to go back to; none: the one before the current.
        to: Option<String>,
    },
    /// Stops a running deployment and what it started.
    Cancel {
        /// The service.
        service: String,
    },
    /// Answers a confirmation.
    Confirm {
        /// The ticket that came with [`crate::Reply::Confirm`].
        ticket: String,
        /// Yes or no.
        answer: Answer,
    },
    /// The deployments of a service, the newest first.
    History {
        /// The service.
        service: String,
        /// At most this many, 1 to 200.
        limit: u32,
    },
    /// The events, the newest first.
    Events(EventFilter),
    /// Facts of the last day, put into words by the model if there is one.
    Brief,
    /// What is wrong, from a sentence that names a service.
    Incident {
        /// For instance `api returning 500s`.
        text: String,
    },
    /// Keeps a note for later retrieval.
    Remember {
        /// The note.
        text: String,
    },
    /// Takes a document in.
    Learn(Learn),
    /// Finds passages.
    Search(SearchQuery),
    /// Lists the documents.
    Documents,
    /// Forgets a document.
    Forget {
        /// The document's id, a unique start of it, or its source.
        id: String,
    },
    /// The servers of the inventory.
    Server(Item<ServerFields>),
    /// The services of the inventory.
    Service(Item<ServiceFields>),
    /// The routes of the inventory; the name is `domain` or `domain/path`.
    Route(Item<RouteFields>),
    /// The dependencies; the name is the service, or its id as listed.
    Dependency(Item<DependencyFields>),
    /// Where secrets are kept; never the secrets.
    Secret(Item<SecretFields>),
    /// Schedules.
    Schedule(ScheduleCommand),
    /// Each dependency of Fjord itself: reachable, version, latency, stand-in.
    Doctor,
    /// What coding agents wait for, and a person's answer to it.
    Approvals(ApprovalCommand),
    /// Judges a coding agent's tool call before it runs.
    Judge(Judge),
    /// Puts a coding agent's tool call before a person.
    Ask(Permission),
    /// Tells a coding agent's session that begins what matters in its folder.
    Begin(Begin),
    /// Adds facts and passages to a coding agent's prompt.
    Enrich(Enrich),
    /// Stores what coding agents did, together: all of it or, when the store is down, nothing.
    Observe(Vec<Observation>),
    /// Tells what solved a failure like this one before, if anything did.
    Recall(Observation),
}

/// What a person says to a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Do it.
    Yes,
    /// Leave it.
    No,
}

/// What can be done with one kind of inventory item.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Item<F> {
    /// Adds one; refused when the name is taken.
    Add {
        /// The new name.
        name: String,
        /// Its fields; what is not given takes the default.
        fields: F,
    },
    /// Lists all.
    List,
    /// Shows one.
    Show {
        /// A name, or a part of it that fits one.
        name: String,
    },
    /// Changes the fields given.
    Set {
        /// A name, or a part of it that fits one.
        name: String,
        /// What to change; what is not given stays.
        fields: F,
    },
    /// Removes one; refused while something depends on it.
    Remove {
        /// The exact name.
        name: String,
    },
}

/// Which events to show.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EventFilter {
    /// Of this service only.
    pub service: Option<String>,
    /// Of this server only.
    pub server: Option<String>,
    /// `info`, `warning`, `error` or `critical`: this and worse.
    pub severity: Option<String>,
    /// Not older than this.
    pub since: Option<DateTime<Utc>>,
    /// At most this many, 1 to 500; none: 20.
    pub limit: Option<u32>,
}

/// A document to take in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Learn {
    /// Where it comes from: a path or an address; the same source replaces.
    pub source: String,
    /// Its title.
    pub title: String,
    /// `markdown` or `text`.
    pub kind: String,
    /// The whole text.
    pub text: String,
}

/// What to look for among the passages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchQuery {
    /// Words or a question.
    pub text: String,
    /// At most this many passages, 1 to 50; none: 5.
    pub limit: Option<u32>,
}

/// What can be done with schedules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ScheduleCommand {
    /// Makes one; what changes the world is answered with a confirmation to give.
    Add {
        /// Five cron fields.
        cron: String,
        /// A line as typed in chat, for instance `deploy api v2`.
        line: String,
        /// A name of the IANA time zone database; none: the configured one.
        timezone: Option<String>,
    },
    /// Lists all that are active.
    List,
    /// Shows one with its last runs.
    Show {
        /// Its number.
        id: i64,
    },
    /// Ends one.
    Cancel {
        /// Its number.
        id: i64,
    },
    /// Runs one now.
    Run {
        /// Its number.
        id: i64,
    },
}

/// A tool call to be judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judge {
    /// The event's id, unique in the store.
    pub event: String,
    /// The coding agent's session.
    pub session: String,
    /// Where it works.
    pub cwd: String,
    /// The tool, for instance `Bash`.
    pub tool: String,
    /// What the tool was given.
    pub input: serde_json::Value,
}

/// What can be done with the calls that wait for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ApprovalCommand {
    /// Lists those that can still be answered.
    List {
        /// Also the last ones that were answered or given up.
        all: bool,
    },
    /// Shows one.
    Show {
        /// Its number.
        id: i64,
    },
    /// Answers one; the first answer wins.
    Answer {
        /// Its number.
        id: i64,
        /// What is said.
        decision: Decision,
        /// Goes back to the coding agent with a no.
        note: Option<String>,
    },
}

/// A tool call that a person should allow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Permission {
    /// The event's id, unique in the store.
    pub event: String,
    /// The coding agent's session.
    pub session: String,
    /// Where it works.
    pub cwd: String,
    /// The machine it works on.
    pub host: String,
    /// The tool, for instance `Bash`.
    pub tool: String,
    /// What the tool was given.
    pub input: serde_json::Value,
    /// The rules that the client suggests for "always".
    pub suggestions: Vec<serde_json::Value>,
    /// Whether somebody sits before the session.
    pub attended: bool,
    /// What the guard in the client's hook said.
    pub judged: Option<Judgement>,
    /// How long the session waits, seconds.
    pub wait_s: u32,
}

/// A session that begins or goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Begin {
    /// The event's id, unique in the store.
    pub event: String,
    /// The coding agent's session.
    pub session: String,
    /// Where it works.
    pub cwd: String,
    /// `startup`, `resume`, `clear`, `compact`, `fork`, or what comes next.
    pub source: String,
}

/// A prompt to be enriched.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Enrich {
    /// The event's id, unique in the store.
    pub event: String,
    /// The coding agent's session.
    pub session: String,
    /// Where it works.
    pub cwd: String,
    /// What the person asked.
    pub prompt: String,
}

/// Something a coding agent did or went through.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// The event's id, unique in the store.
    pub event: String,
    /// The coding agent's session.
    pub session: String,
    /// Where it works.
    pub cwd: String,
    /// What happened, for instance `PostToolUse`.
    pub name: String,
    /// The tool, if one.
    pub tool: Option<String>,
    /// What is kept of it, in short; secrets are masked before it is stored.
    pub detail: serde_json::Value,
    /// When it happened; none: now.
    pub at: Option<DateTime<Utc>>,
    /// `none`, `ask` or `deny`, of a judged call.
    pub verdict: Option<String>,
    /// The rule that decided.
    pub rule: Option<String>,
}
