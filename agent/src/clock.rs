//! The one place that asks what time it is.

use chrono::{DateTime, SubsecRound, Utc};

/// Tells the time, in whole microseconds since that is what Postgres keeps.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    read: fn() -> DateTime<Utc>,
}

impl Clock {
    /// Makes the clock of the machine.
    pub fn system() -> Self {
        Self { read: system_now }
    }

    /// Makes a clock that answers what `read` says.
    pub fn from_fn(read: fn() -> DateTime<Utc>) -> Self {
        Self { read }
    }

    /// Returns the time, cut to microseconds.
    pub fn now(&self) -> DateTime<Utc> {
        (self.read)().trunc_subsecs(6)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that everything else is handed"
)]
fn system_now() -> DateTime<Utc> {
    Utc::now()
}
