//! Layered configuration of Fjord, read once at the edge.
//!
//! Default < `/etc/fjord/fjord.toml` < the user's file < `--config` < `FJORD_SECTION__KEY` < flags.
//! A project's `.fjord.toml` may only tighten the guard and add to `hooks.ignore`.

pub mod env;
mod paths;
mod problem;
mod schema;
mod sections;

pub use env::Environment;
pub use paths::{PROJECT_CONFIG_FILE, Paths, SYSTEM_CONFIG_FILE};
pub use problem::{ConfigError, Origin, Problem};
pub use secrecy::{ExposeSecret, SecretString};
pub use sections::{
    Brief, Config, Deploy, Exception, Guard, Health, Hooks, Llm, Local, Log, Rag, RuleSetting,
    Store, Telegram, Throttle,
};
