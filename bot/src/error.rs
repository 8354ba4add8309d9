//! Why the bot cannot go on.

use std::time::Duration;

/// What a person has to mend before the bot can work.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BotError {
    /// A setting of `[telegram]` cannot be used.
    #[error("{0}")]
    Setting(String),
    /// Telegram does not know the token.
    #[error(
        "Telegram refuses the token; ask @BotFather for the right one and set `telegram.token`"
    )]
    Token,
    /// Somebody else polls with the same token.
    #[error(
        "another program polls Telegram with the same token (409): {0}; stop it, or give Fjord a bot of its own, then restart Fjord"
    )]
    Conflict(String),
    /// Telegram does not answer.
    #[error("Telegram does not answer: {0}; `telegram.api_url` says where it is asked")]
    Unreachable(String),
    /// Nobody sent the code in time.
    #[error("nobody sent the code within {} s; run it again for a new code", .0.as_secs())]
    NobodyCame(Duration),
}
