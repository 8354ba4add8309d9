//! Layered configuration of Fjord, read once at the edge.
//!
//! Default < `/etc/fjord/fjord.toml` < the user's file < `--config` < `FJORD_SECTION__KEY` < flags.
//! A project's `.fjord.toml` may only tighten the guard and add to `hooks.ignore`; a variable may only tighten the
//! guard too, because a project can set variables for the coding agent's hooks.

mod sections;

mod load;
mod show;

pub mod allowed;
pub mod hook;
mod project;

pub mod reference;

pub mod env;
mod paths;

mod check;
mod layer;
mod problem;
mod schema;
mod suggest;
mod value;

#[cfg(test)]
mod tests;

pub use allowed::{Allowed, Strictness};
pub use env::Environment;
pub use load::{Loaded, Loader};
pub use paths::{PROJECT_CONFIG_FILE, Paths, SYSTEM_CONFIG_FILE};
pub use problem::{ConfigError, Origin, Problem};
pub use secrecy::{ExposeSecret, SecretString};
pub use sections::{
    Brief, Config, Deploy, Exception, Guard, Health, Hooks, Llm, Local, Log, Rag, RuleSetting,
    Store, Telegram, Throttle,
};
pub use show::{Shown, mask_url};
