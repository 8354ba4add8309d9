//! Stories through the real programs, servers and wires.
#![expect(clippy::unwrap_used, reason = "everything here is a test")]

mod approvals;
mod by_meaning;
mod claude;
mod context;
mod crash;
mod degraded;
mod guard_alike;
mod hostile;
mod install;
mod memory;
mod mutations;
mod one_road;
mod recorded;
mod schedule;
mod stand_ins;
mod start;
mod storm;
mod telegram;
mod telegram_hostile;
