//! Stories through the real programs, servers and wires.
#![expect(clippy::unwrap_used, reason = "everything here is a test")]

mod stand_ins;
