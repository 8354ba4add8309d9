//! Stories through the real programs, servers and wires.
#![expect(clippy::unwrap_used, reason = "everything here is a test")]

mod crash;
mod degraded;
mod one_road;
mod stand_ins;
mod start;
