//! Questions of `fjord init`: asked at a terminal, answered by flags elsewhere.

use std::io::{IsTerminal, Read};

use agent::Error;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::output::{mark, marked};
use crate::wire::Wire;

/// Longest token that is read.
const LONGEST_TOKEN: u64 = 1_024;

/// Asks, when there is somebody to ask.
#[derive(Debug)]
pub(super) struct Asker<'a> {
    wire: &'a Wire,
    person: bool,
}

impl<'a> Asker<'a> {
    /// Refuses when nobody can be asked and the flags do not say to go on.
    pub(super) fn new(wire: &'a Wire, yes: bool) -> Result<Self, Error> {
        let person = !yes && std::io::stdin().is_terminal() && wire.output.errors_are_watched();
        if !person && !yes {
            return Err(Error::forbidden(
                "`fjord init` needs a terminal to ask on, or `--yes` to take flags and defaults (see `fjord init --help`)",
            ));
        }
        Ok(Self { wire, person })
    }

    /// Tells whether somebody can be asked.
    pub(super) fn is_person(&self) -> bool {
        self.person
    }

    /// Takes the flag, or asks, and tries what was said; an empty answer is the default.
    ///
    /// A person is asked again until the answer works, so that the answers before are not lost.
    pub(super) async fn part(
        &self,
        (flag, question): (&str, &str),
        given: Option<String>,
        trial: impl AsyncFn(&str) -> Result<String, Error>,
    ) -> Result<String, Error> {
        if let Some(given) = given {
            let given = given.trim().to_owned();
            match trial(&given).await {
                Ok(found) => {
                    self.found(&found);
                    return Ok(given);
                }
                Err(error) if self.person => self.missing(&of_flag(flag, error).to_string()),
                Err(error) => return Err(of_flag(flag, error)),
            }
        }
        loop {
            let answer = if self.person {
                self.line(question).await?
            } else {
                String::new()
            };
            match trial(&answer).await {
                Ok(found) => {
                    self.found(&found);
                    return Ok(answer);
                }
                Err(error) if self.person => self.missing(&error.to_string()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Takes the token from the flag, from standard input (`-`), or asks without showing it.
    pub(super) async fn token(&self, given: Option<&str>) -> Result<String, Error> {
        match given {
            Some("-") => {
                let mut text = String::new();
                std::io::stdin()
                    .take(LONGEST_TOKEN)
                    .read_to_string(&mut text)
                    .map_err(|error| {
                        Error::invalid(format!(
                            "the token cannot be read from standard input: {error}"
                        ))
                    })?;
                let token = text.trim().to_owned();
                if token.is_empty() {
                    return Err(Error::invalid(
                        "standard input holds no token; pipe it: `printf %s \"$TOKEN\" | fjord init --telegram-token - …`",
                    ));
                }
                Ok(token)
            }
            Some(token) => Ok(token.trim().to_owned()),
            None if self.person => {
                let _hidden = Hidden::begin();
                let token = self
                    .line("the bot's token from @BotFather (not shown), or nothing for no bot")
                    .await?;
                self.wire.output.remark("");
                Ok(token)
            }
            None => Ok(String::new()),
        }
    }

    /// Asks for a yes; no when nobody can be asked.
    pub(super) async fn agrees(&self, question: &str) -> Result<bool, Error> {
        Ok(self.person && crate::road::is_yes(&self.line(&format!("{question} [y/N]")).await?))
    }

    /// Tells that a part works.
    pub(super) fn found(&self, text: &str) {
        if !text.is_empty() {
            self.wire
                .output
                .remark(&format!("{} {text}", marked(mark::GOOD, "   ok")));
        }
    }

    /// Tells that a part does not work.
    pub(super) fn missing(&self, text: &str) {
        self.wire
            .output
            .remark(&format!("{} {text}", marked(mark::WARN, " note")));
    }

    /// Reads on a thread of its own, so that an interrupt is heard meanwhile.
    async fn line(&self, question: &str) -> Result<String, Error> {
        self.wire.output.ask(&format!("{question}: "));
        let read = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin()
                .read_line(&mut line)
                .map(|length| (length, line))
        });
        match read.await {
            Ok(Ok((0, _))) => Err(Error::conflict("the input ended; nothing was written")),
            Ok(Ok((_, line))) => Ok(line.trim().to_owned()),
            Ok(Err(error)) => Err(Error::invalid(format!(
                "the answer cannot be read: {error}"
            ))),
            Err(error) => Err(Error::internal(format!(
                "the answer cannot be read: {error}"
            ))),
        }
    }
}

/// Says which flag was wrong.
pub(super) fn of_flag(flag: &str, error: Error) -> Error {
    match error {
        Error::Invalid { message } => Error::invalid(format!("`{flag}`: {message}")),
        Error::Unavailable { service, message } => {
            Error::unavailable(service, format!("{message} (`{flag}`)"))
        }
        other => other,
    }
}

/// Types blindly while it lives.
struct Hidden(Option<rustix::termios::Termios>);

impl Hidden {
    fn begin() -> Self {
        let stdin = std::io::stdin();
        let Ok(before) = tcgetattr(&stdin) else {
            return Self(None);
        };
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        if tcsetattr(&stdin, OptionalActions::Now, &quiet).is_err() {
            return Self(None);
        }
        Self(Some(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // The terminal is gone when this fails.
            let _gone = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        }
    }
}
