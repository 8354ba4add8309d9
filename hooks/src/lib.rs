//! The Claude Code face: what the client sends, what it is answered, the socket, the spool and the installer.
//!
//! Everything about the client's format was measured on version 2.1.329. Input is read leniently: a missing
//! or new field, an unknown event and an unknown word are no errors, since the client changes often.

pub mod install;
pub mod render;
pub mod server;
pub mod spool;
pub mod wire;

mod asking;
mod record;

pub use install::{Installer, Scope};
pub use server::{ServeError, serve};
pub use spool::take_in;
