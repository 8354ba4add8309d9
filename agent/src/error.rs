//! Errors, sorted by what the asker can do about them.

use serde::Serialize;

/// Why a command was not done. Each text names the next step.
#[derive(Clone, Debug, PartialEq, thiserror::Error, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Error {
    /// Fix the request: a malformed name, a value out of bounds, a missing version.
    #[error("{message}")]
    Invalid {
        /// What is wrong and what would be right.
        message: String,
    },
    /// Name something that exists.
    #[error("{message}")]
    NotFound {
        /// What was looked for, with the nearest names.
        message: String,
    },
    /// Name one thing: the name fits several.
    #[error("`{name}` fits several: {}; name one of them", candidates.join(", "))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// All that it fits.
        candidates: Vec<String>,
    },
    /// The state stands in the way: a lock is held, something depends on it, a ticket is used.
    #[error("{message}")]
    Conflict {
        /// What stands in the way and what to do.
        message: String,
    },
    /// Get permission.
    #[error("{message}")]
    Forbidden {
        /// Which role is needed and who can give it.
        message: String,
    },
    /// Wait.
    #[error("too many requests; try again in {retry_after_s} s")]
    Throttled {
        /// Seconds until the next request is let through.
        retry_after_s: u64,
    },
    /// A service that is needed is down.
    #[error("{service} is not available: {message}")]
    Unavailable {
        /// Which service: `store`, `chroma`, `ollama`, `redis`.
        service: String,
        /// What it said, and the next step.
        message: String,
    },
    /// Ours: nothing the asker can do but report it.
    #[error("internal error: {message}; this is a fault of Fjord, its log says more")]
    Internal {
        /// What went wrong.
        message: String,
    },
}

impl Error {
    /// Makes an error about the request itself.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::Invalid {
            message: message.into(),
        }
    }

    /// Makes an error about something that does not exist.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::NotFound {
            message: message.into(),
        }
    }

    /// Makes an error about a state that stands in the way.
    pub fn conflict(message: impl Into<String>) -> Self {
        Self::Conflict {
            message: message.into(),
        }
    }

    /// Makes an error about a missing permission.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::Forbidden {
            message: message.into(),
        }
    }

    /// Makes an error about a service that is down.
    pub fn unavailable(service: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Unavailable {
            service: service.into(),
            message: message.into(),
        }
    }

    /// Makes an error about a fault of ours.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::Internal {
            message: message.into(),
        }
    }

    /// Returns the exit code of `fjord`: 64 usage, 69 a service is down, 77 not allowed, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Invalid { .. } => 64,
            Self::Unavailable { .. } => 69,
            Self::Forbidden { .. } => 77,
            Self::NotFound { .. }
            | Self::Ambiguous { .. }
            | Self::Conflict { .. }
            | Self::Throttled { .. }
            | Self::Internal { .. } => 1,
        }
    }
}
