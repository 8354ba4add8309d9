//! What a button carries: a word and a ticket, never an action or a name.

use agent::Answer;

/// Telegram's limit of `callback_data`, bytes.
const LONGEST: usize = 64;

/// Returns the data of a button.
pub(crate) fn data(answer: Answer, ticket: &str) -> String {
    let word = match answer {
        Answer::Yes => 'y',
        Answer::No => 'n',
    };
    format!("{word}:{ticket}")
}

/// Reads the data of a button back; `None`: it is not one of ours.
pub(crate) fn parse(data: &str) -> Option<(Answer, &str)> {
    let (word, ticket) = data.split_once(':')?;
    let answer = match word {
        "y" => Answer::Yes,
        "n" => Answer::No,
        _ => return None,
    };
    let well_formed = !ticket.is_empty()
        && data.len() <= LONGEST
        && ticket.bytes().all(|byte| byte.is_ascii_alphanumeric());
    well_formed.then_some((answer, ticket))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_carries_the_ticket_there_and_back() {
        let ticket = agent::ids::ticket();
        for answer in [Answer::Yes, Answer::No] {
            let data = data(answer, &ticket);
            assert!(data.len() <= LONGEST, "{data}");
            assert_eq!(parse(&data), Some((answer, ticket.as_str())));
        }
    }

    #[test]
    fn data_that_is_not_ours_is_no_answer() {
        for data in [
            "",
            "y",
            "y:",
            "x:abc",
            "deploy api v2",
            "y:a b",
            "y:'; drop table",
            &format!("y:{}", "a".repeat(63)),
        ] {
            assert_eq!(parse(data), None, "{data}");
        }
    }
}
