//! What the tests stand on: real servers, stand-ins for Telegram and Ollama, the programs themselves.
//!
//! Databases, Redis, Chroma and sshd are real and started by `tests/run`. Telegram and Ollama are
//! stood in for over HTTP, with the answers, limits and failures of the real ones.

pub mod anthropic;
pub mod binaries;
pub mod home;
pub mod ollama;
pub mod process;
pub mod servers;
pub mod service;
pub mod telegram;
mod wait;

pub use anthropic::{Anthropic, Turn};
pub use home::{Home, Output, Up};
pub use ollama::Ollama;
pub use service::TestService;
pub use telegram::Telegram;
pub use wait::{DEADLINE, until};
