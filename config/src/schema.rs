//! The keys that exist, read from `default.toml`.

/// The compiled-in defaults.
pub(crate) const DEFAULT_TOML: &str = include_str!("../default.toml");
