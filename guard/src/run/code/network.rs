//! Code that runs what it downloads, gives a shell to the network, or sends the environment.

use super::Step;
use super::tokens::Token;

/// Calls that bring text from elsewhere.
const FETCHERS: &[&str] = &[
    "urlopen",
    "fetch",
    "DownloadString",
    "requests.get",
    "httpx.get",
    "axios.get",
    "https.get",
    "http.get",
    "URI.open",
    "Net::HTTP.get",
];
/// Calls that post text to somewhere else.
const SENDERS: &[&str] = &["post", "put", "fetch", "urlopen", "request"];
/// Calls that run text.
const RUNNERS: &[&str] = &["eval", "system", "popen", "execSync", "exec"];

/// What the code does with the network, if it is one of these.
pub(super) fn step(tokens: &[Token]) -> Option<Step> {
    let name = |token: &Token| match token {
        Token::Name(name) => Some(name.clone()),
        _ => None,
    };
    let named = |test: &dyn Fn(&str) -> bool| tokens.iter().filter_map(name).any(|one| test(&one));
    let last = |name: &str| {
        name.rsplit(['.', ':'])
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let fetches = named(&|name| FETCHERS.iter().any(|call| name.ends_with(call)))
        || tokens.windows(3).any(|three| {
            matches!(three, [Token::Name(call), Token::Mark('('), Token::Text(text)]
                if matches!(call.as_str(), "get" | "getstore" | "file_get_contents" | "require" | "import")
                    && text.starts_with("http") && text.contains("://"))
        });
    let runs = tokens.iter().enumerate().any(|(index, token)| {
        let Some(name) = name(token) else {
            return false;
        };
        // `pattern.exec(text)` is a search.
        let calls =
            RUNNERS.contains(&last(&name).as_str()) && (!name.ends_with("exec") || name == "exec");
        calls
            && match tokens.get(index + 1..).unwrap_or_default() {
                [Token::Mark('('), Token::Name(_), ..] => true,
                [Token::Name(_) | Token::Mark(')'), ..] => name == "eval",
                _ => false,
            }
    });
    if fetches && runs {
        return Some(Step::Shell("curl code | sh".to_owned()));
    }
    let connects = named(&|name| {
        matches!(
            last(name).as_str(),
            "socket"
                | "create_connection"
                | "fsockopen"
                | "TCPSocket"
                | "Socket"
                | "createConnection"
        )
    });
    let has_shell = tokens.iter().any(|token| {
        matches!(token, Token::Text(text) if ["/bin/sh", "/bin/bash", "/bin/zsh", "cmd.exe"]
            .iter()
            .any(|shell| text.starts_with(shell)))
    });
    if connects && has_shell {
        return Some(Step::Argv(
            ["nc", "-e", "/bin/sh"].map(str::to_owned).to_vec(),
        ));
    }
    let environment = tokens.windows(3).any(|three| {
        matches!(three, [Token::Mark('('), Token::Name(name), Token::Mark(')')]
            if matches!(name.as_str(), "os.environ" | "process.env" | "ENV"))
    });
    let sends = named(&|name| SENDERS.contains(&last(name).as_str()));
    (environment && sends).then(|| {
        Step::Argv(
            ["curl", "-d", "@/proc/self/environ"]
                .map(str::to_owned)
                .to_vec(),
        )
    })
}
