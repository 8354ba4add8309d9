//! The one grammar of a typed line: chat, Telegram and schedules read the same words.

use crate::command::{ApprovalCommand, Command, EventFilter, ScheduleCommand, SearchQuery};
use crate::error::Error;
use crate::inventory::shown;
use crate::store::rows::Decision;

/// Longest line that is read, in characters.
const LINE_LIMIT: usize = 4_096;

/// One command as it is offered to people: in `/help`, in Telegram's menu and in `fjord chat`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The word, without the slash.
    pub word: &'static str,
    /// What comes after it.
    pub arguments: &'static str,
    /// What it does, in a few words.
    pub help: &'static str,
}

/// All commands that can be typed, in the order they are offered.
pub const OFFERS: &[Offer] = &[
    Offer {
        word: "status",
        arguments: "[NAME]",
        help: "state of everything, or of one server or service",
    },
    Offer {
        word: "health",
        arguments: "[SERVICE]",
        help: "ask the health endpoints now",
    },
    Offer {
        word: "deploy",
        arguments: "SERVICE VERSION",
        help: "deploy a version; asks before it acts",
    },
    Offer {
        word: "rollback",
        arguments: "SERVICE [VERSION]",
        help: "go back to an earlier version; asks before it acts",
    },
    Offer {
        word: "cancel",
        arguments: "SERVICE",
        help: "stop a running deployment",
    },
    Offer {
        word: "plan",
        arguments: "SERVICE VERSION",
        help: "what a deploy would do",
    },
    Offer {
        word: "history",
        arguments: "SERVICE",
        help: "the last deployments",
    },
    Offer {
        word: "events",
        arguments: "[SERVICE]",
        help: "what happened last",
    },
    Offer {
        word: "brief",
        arguments: "",
        help: "what matters today",
    },
    Offer {
        word: "incident",
        arguments: "TEXT",
        help: "what is wrong, and why it seems so",
    },
    Offer {
        word: "search",
        arguments: "TEXT",
        help: "find a passage in what Fjord was told",
    },
    Offer {
        word: "remember",
        arguments: "TEXT",
        help: "keep a note",
    },
    Offer {
        word: "approvals",
        arguments: "[all]",
        help: "what coding agents wait for",
    },
    Offer {
        word: "approve",
        arguments: "NUMBER [always]",
        help: "let a coding agent do what it asks for",
    },
    Offer {
        word: "deny",
        arguments: "NUMBER [NOTE]",
        help: "refuse it; the note goes to the coding agent",
    },
    Offer {
        word: "schedules",
        arguments: "",
        help: "what runs by itself, and when",
    },
    Offer {
        word: "doctor",
        arguments: "",
        help: "how Fjord's own helpers are",
    },
];

/// Returns one line a command, for people.
pub fn help() -> String {
    let mut out = String::new();
    for offer in OFFERS {
        out.push('/');
        out.push_str(offer.word);
        if !offer.arguments.is_empty() {
            out.push(' ');
            out.push_str(offer.arguments);
        }
        out.push_str(" · ");
        out.push_str(offer.help);
        out.push('\n');
    }
    out.pop();
    out
}

/// Reads a line such as `/deploy api v2` or `deploy api v2`; `@name` after the command word is dropped.
pub fn parse(line: &str) -> Result<Command, Error> {
    let line = line.trim();
    let length = line.chars().count();
    if length > LINE_LIMIT {
        return Err(Error::invalid(format!(
            "the line has {length} characters; at most {LINE_LIMIT} are read"
        )));
    }
    if line.contains(|character: char| {
        character.is_control() && !matches!(character, '\n' | '\r' | '\t')
    }) {
        return Err(Error::invalid(
            "the line holds control characters; give it as plain text",
        ));
    }
    let line = line.strip_prefix('/').unwrap_or(line);
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let word = word.split('@').next().unwrap_or(word).to_lowercase();
    let rest = rest.trim();
    let arguments: Vec<&str> = rest.split_whitespace().collect();
    match word.as_str() {
        "status" => Ok(Command::Status {
            name: at_most_one(&word, &arguments)?,
        }),
        "health" => Ok(Command::Health {
            service: at_most_one(&word, &arguments)?,
        }),
        "deploy" => {
            let (service, version) = one_or_two(&word, &arguments)?;
            Ok(Command::Deploy { service, version })
        }
        "plan" => {
            let (service, version) = one_or_two(&word, &arguments)?;
            Ok(Command::Plan { service, version })
        }
        "rollback" => {
            let (service, to) = one_or_two(&word, &arguments)?;
            Ok(Command::Rollback { service, to })
        }
        "cancel" => Ok(Command::Cancel {
            service: exactly_one(&word, &arguments)?,
        }),
        "history" => Ok(Command::History {
            service: exactly_one(&word, &arguments)?,
            limit: 10,
        }),
        "events" => Ok(Command::Events(EventFilter {
            service: at_most_one(&word, &arguments)?,
            ..EventFilter::default()
        })),
        "brief" => none(&word, &arguments).map(|()| Command::Brief),
        "incident" => Ok(Command::Incident {
            text: text(&word, rest)?,
        }),
        "search" => Ok(Command::Search(SearchQuery {
            text: text(&word, rest)?,
            limit: None,
        })),
        "remember" => Ok(Command::Remember {
            text: text(&word, rest)?,
        }),
        "approvals" => match arguments.as_slice() {
            [] => Ok(Command::Approvals(ApprovalCommand::List { all: false })),
            ["all"] => Ok(Command::Approvals(ApprovalCommand::List { all: true })),
            _ => Err(usage(&word)),
        },
        "approve" => {
            let (id, always) = one_or_two(&word, &arguments)?;
            let decision = match always.as_deref() {
                None => Decision::Allow,
                Some("always") => Decision::Always,
                Some(_) => return Err(usage(&word)),
            };
            answer(&word, &id, decision, None)
        }
        "deny" => {
            let (id, note) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let note = Some(note.trim().to_owned()).filter(|note| !note.is_empty());
            answer(&word, id, Decision::Deny, note)
        }
        "schedules" => none(&word, &arguments).map(|()| Command::Schedule(ScheduleCommand::List)),
        "doctor" => none(&word, &arguments).map(|()| Command::Doctor),
        "" => Err(Error::invalid(
            "the line is empty; `/help` lists the commands",
        )),
        _ => Err(unknown(&word)),
    }
}

fn answer(
    word: &str,
    id: &str,
    decision: Decision,
    note: Option<String>,
) -> Result<Command, Error> {
    let id = id
        .trim_start_matches('#')
        .parse()
        .map_err(|_| usage(word))?;
    Ok(Command::Approvals(ApprovalCommand::Answer {
        id,
        decision,
        note,
    }))
}

fn unknown(word: &str) -> Error {
    let nearest = OFFERS
        .iter()
        .map(|offer| offer.word)
        .find(|known| known.starts_with(word) || word.starts_with(known));
    let hint = nearest.map_or_else(
        || "`/help` lists the commands".to_owned(),
        |known| format!("did you mean `/{known}`?"),
    );
    Error::invalid(format!("`{}` is no command; {hint}", shown(word)))
}

fn usage(word: &str) -> Error {
    let offer = OFFERS.iter().find(|offer| offer.word == word);
    let form = offer.map_or_else(
        || word.to_owned(),
        |offer| format!("{} {}", offer.word, offer.arguments),
    );
    Error::invalid(format!("write `/{}`", form.trim_end()))
}

fn none(word: &str, arguments: &[&str]) -> Result<(), Error> {
    if arguments.is_empty() {
        Ok(())
    } else {
        Err(usage(word))
    }
}

fn at_most_one(word: &str, arguments: &[&str]) -> Result<Option<String>, Error> {
    match arguments {
        [] => Ok(None),
        [one] => Ok(Some((*one).to_owned())),
        _ => Err(usage(word)),
    }
}

fn exactly_one(word: &str, arguments: &[&str]) -> Result<String, Error> {
    at_most_one(word, arguments)?.ok_or_else(|| usage(word))
}

fn one_or_two(word: &str, arguments: &[&str]) -> Result<(String, Option<String>), Error> {
    match arguments {
        [one] => Ok(((*one).to_owned(), None)),
        [one, two] => Ok(((*one).to_owned(), Some((*two).to_owned()))),
        _ => Err(usage(word)),
    }
}

fn text(word: &str, rest: &str) -> Result<String, Error> {
    if rest.is_empty() {
        Err(usage(word))
    } else {
        Ok(rest.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Result<Command, &str>) {
        assert_eq!(
            parse(line).map_err(|error| error.to_string()),
            expected.map_err(str::to_owned)
        );
    }

    #[test]
    fn a_slash_and_the_bots_name_are_optional() {
        let deploy = Command::Deploy {
            service: "api".to_owned(),
            version: Some("v2".to_owned()),
        };
        check("deploy api v2", Ok(deploy.clone()));
        check("/deploy@fjord_bot  api   v2 ", Ok(deploy));
    }

    #[test]
    fn a_missing_argument_is_answered_with_the_form() {
        check("/deploy", Err("write `/deploy SERVICE VERSION`"));
        check("/incident", Err("write `/incident TEXT`"));
        check("/brief now", Err("write `/brief`"));
    }

    #[test]
    fn a_mistyped_command_is_answered_with_the_nearest() {
        check(
            "/stat",
            Err("`stat` is no command; did you mean `/status`?"),
        );
        check(
            "/;rm -rf",
            Err("`;rm` is no command; `/help` lists the commands"),
        );
        check(
            "/deploy api\0 v2",
            Err("the line holds control characters; give it as plain text"),
        );
        check("", Err("the line is empty; `/help` lists the commands"));
    }

    #[test]
    fn every_offer_is_understood() {
        for offer in OFFERS {
            let line = format!(
                "/{} {}",
                offer.word,
                offer
                    .arguments
                    .replace(['[', ']'], "")
                    .replace("NUMBER", "#7")
            );
            assert!(parse(&line).is_ok(), "{line}");
        }
    }
}
