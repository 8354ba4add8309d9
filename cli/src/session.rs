//! Whether a coding agent started this process: then it must not answer questions meant for a person.
//!
//! The coding agent runs as the same user, so this stops mistakes and not a determined opponent; approval
//! by phone is the strong way.

use agent::Error;
use config::Environment;
use config::env::CLAUDECODE;

/// How many ancestors are looked at.
const DEPTH: usize = 64;

/// Refuses `what` in a coding agent's session.
pub(crate) fn refuse_in_session(environment: &Environment, what: &str) -> Result<(), Error> {
    match found(environment) {
        None => Ok(()),
        Some(sign) => Err(Error::forbidden(format!(
            "{what} is refused in a coding agent's session ({sign}); do it in a terminal of your own, or confirm it by phone"
        ))),
    }
}

fn found(environment: &Environment) -> Option<String> {
    if environment.is_set(CLAUDECODE) {
        return Some(format!("{CLAUDECODE} is set"));
    }
    let mut pid = rustix::process::getppid()?.as_raw_nonzero().get();
    for _ in 0..DEPTH {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        let words = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        if is_agent(name.trim(), &words) {
            return Some(format!("process {pid} is `claude`"));
        }
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        pid = parent(&stat)?;
    }
    None
}

/// The program's name, or a script of that name run by an interpreter.
fn is_agent(name: &str, command_line: &[u8]) -> bool {
    let base = |word: &[u8]| {
        String::from_utf8_lossy(word)
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let mut words = command_line.split(|&byte| byte == 0).map(base);
    let first = words.next().unwrap_or_default();
    let runs_script = matches!(first.as_str(), "node" | "bun" | "deno");
    name == "claude"
        || first == "claude"
        || (runs_script && words.next().is_some_and(|word| word == "claude"))
}

/// The parent's id comes after the name, which may hold blanks and brackets, and the state.
fn parent(stat: &str) -> Option<i32> {
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace()
        .nth(1)?
        .parse()
        .ok()
        .filter(|pid| *pid > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_found_behind_a_hostile_name() {
        assert_eq!(parent("42 (a) 7 (x) S 17 42 42"), Some(17));
        assert_eq!(parent("1 (init) S 0 1 1"), None);
    }

    #[test]
    fn the_agent_is_known_by_name_or_script() {
        assert!(is_agent("claude", b""));
        assert!(is_agent("node", b"node\0/usr/lib/bin/claude\0--resume"));
        assert!(!is_agent("bash", b"bash\0-c\0claude"));
    }

    #[test]
    fn the_variable_alone_is_enough() {
        let environment = Environment::from_pairs([(CLAUDECODE, "1")]);
        let error = refuse_in_session(&environment, "`--yes`").unwrap_err();
        assert_eq!(error.exit_code(), 77);
        assert!(error.to_string().contains("CLAUDECODE is set"), "{error}");
    }
}
