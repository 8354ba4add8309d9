//! Deploys on the local machine: plan, lock, run, gate, record, or go back; and what is done after a crash.
//!
//! A deployment is a row before anything runs, and ends exactly once: every write that ends it is conditional
//! on the fencing number of the lock it was begun under.

mod collect;
mod engine;
mod gate;
mod owner;
mod plan;
mod record;
mod recover;
mod runner;
mod runs;
mod supervisor;

pub use owner::{Owner, Runner};
pub use recover::{keep_recovering, recover};
pub use supervisor::{SUPERVISE, supervise_main};

pub(crate) use engine::run;
pub(crate) use owner::is_local;
pub(crate) use plan::{Wanted, plan_deploy, plan_rollback};
pub(crate) use recover::free_from_the_dead;
pub(crate) use runs::Runs;

/// Returns the name of the lock that guards a service, as `service@server`.
pub fn lock_name(service: &str) -> String {
    format!("fjord:lock:deploy:{service}")
}
