//! The agent: one road for every face.
//!
//! A face turns its input into a [`Command`], calls [`Agent::handle`] and renders the
//! [`Reply`]. Who may do what, and how often, is decided in [`pass`]; nothing acts without
//! the [`pass::Pass`] made there.

mod actor;
mod agent;
mod clock;
mod command;
mod error;
pub mod ids;
pub mod line;
mod mask;
pub mod pass;
mod progress;
mod reply;

mod commands;

pub mod approvals;
pub mod deploy;
pub mod health;
pub mod inventory;
pub mod llm;
pub mod memory;
pub mod outbox;
pub mod project;
pub mod schedule;
pub mod snapshot;
pub mod store;
pub mod throttle;

pub use actor::{Actor, Face, Role};
pub use agent::{Agent, Parts};
pub use clock::Clock;
pub use command::{
    Answer, ApprovalCommand, Begin, Command, Enrich, EventFilter, Item, Judge, Learn, Observation,
    Permission, ScheduleCommand, SearchQuery,
};
pub use error::Error;
pub use progress::{Progress, Stage, Step};
pub use reply::*;
