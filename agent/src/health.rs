//! Health: asking an endpoint, and the checks that `fjord up` makes by itself.

mod monitor;
mod probe;

pub(crate) use monitor::record;
pub use monitor::watch;
pub use probe::{Probe, probe};
