//! Requests that code makes, as the same request of `curl`.

use super::Step;
use super::tokens::Token;

/// Libraries whose calls are named for a method.
const LIBRARIES: &[&str] = &[
    "HTTParty",
    "HTTP",
    "RestClient",
    "axios",
    "got",
    "http",
    "httpx",
    "requests",
    "session",
    "superagent",
];

/// The request of a call with this name and these literals, if it writes.
pub(super) fn step(name: &str, literals: &[String], rest: &[Token]) -> Option<Step> {
    let url = literals.first().filter(|text| text.starts_with("http"))?;
    let (library, last) = name.rsplit_once(['.', ':']).unwrap_or(("", name));
    let library = library.trim_end_matches(':');
    let method = if LIBRARIES.contains(&library) {
        ["delete", "patch", "post", "put"]
            .into_iter()
            .find(|method| *method == last)?
    } else if last == "fetch" {
        // `{method: "DELETE"}`.
        let said = rest.windows(2).take(32).find_map(|pair| match pair {
            [Token::Name(name), Token::Text(method)] if name.trim_end_matches(':') == "method" => {
                Some(method.as_str())
            }
            _ => None,
        })?;
        ["delete", "patch", "post", "put"]
            .into_iter()
            .find(|method| method.eq_ignore_ascii_case(said))?
    } else {
        return None;
    };
    Some(Step::Argv(vec![
        "curl".to_owned(),
        "-X".to_owned(),
        method.to_ascii_uppercase(),
        url.clone(),
    ]))
}
