//! The binary `fjord` as a terminal sees it: exit codes, texts, JSON.
#![expect(clippy::unwrap_used, reason = "everything here is a test")]

mod allow;
mod chat;
mod deploys;
mod guard;
mod home;
mod inventory;
mod setup;
mod terminal;
