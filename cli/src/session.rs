//! Whether a coding agent started this process: then it must not answer questions meant for a person.
//!
//! The one place that tells. The coding agent runs as the same user, so this stops mistakes and not a determined
//! opponent: a process can leave its parents. Approval by phone is the strong way.

use std::io::IsTerminal;

use agent::Error;
use config::Environment;
use config::env::AGENT_SESSION;

/// How many ancestors are looked at.
const DEPTH: usize = 64;
/// The programs of coding agents. An editor with a terminal in it is none: a person types there.
const AGENTS: &[&str] = &[
    "claude",
    "codex",
    "cursor-agent",
    "aider",
    "opencode",
    "gemini",
    "qwen",
    "copilot",
    "auggie",
    "crush",
    "kiro-cli",
];
/// The packages they are installed as, where an interpreter runs them.
const PACKAGES: &[&str] = &[
    "claude-code",
    "codex",
    "aider",
    "aider-chat",
    "opencode-ai",
    "gemini-cli",
    "qwen-code",
];
const INTERPRETERS: &[&str] = &["node", "bun", "deno", "python", "python3"];

/// Refuses `what` in a coding agent's session.
pub(crate) fn refuse_in_session(environment: &Environment, what: &str) -> Result<(), Error> {
    match sign(environment, table::process) {
        None => Ok(()),
        Some(sign) => Err(Error::forbidden(format!(
            "{what} is refused in a coding agent's session ({sign}); do it in a terminal of your own, or confirm it by phone"
        ))),
    }
}

/// Refuses `what` unless a person can be at this terminal: it must be one, and no coding agent's.
pub(crate) fn refuse_without_person(environment: &Environment, what: &str) -> Result<(), Error> {
    refuse_in_session(environment, what)?;
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() {
        return Ok(());
    }
    Err(Error::forbidden(format!(
        "{what} is for a person at a terminal, and this is a pipe or a script; type it in a terminal of your own"
    )))
}

/// One process, as the table of processes has it.
#[derive(Clone, Debug, Default)]
struct Process {
    parent: i32,
    name: String,
    words: Vec<String>,
    /// Names of variables, as far as they can be seen.
    variables: Vec<String>,
}

/// The sign that a coding agent is above this process.
fn sign(
    environment: &Environment,
    process: impl Fn(Option<i32>) -> Option<Process>,
) -> Option<String> {
    if let Some(name) = AGENT_SESSION.iter().find(|name| environment.is_set(name)) {
        return Some(format!("{name} is set"));
    }
    let mut id = process(None)?.parent;
    for _ in 0..DEPTH {
        if id <= 0 {
            return None;
        }
        let one = process(Some(id))?;
        if let Some(agent) = agent_of(&one) {
            return Some(format!("process {id} is `{agent}`"));
        }
        let marked = AGENT_SESSION
            .iter()
            .find(|name| one.variables.iter().any(|set| set == *name));
        if let Some(name) = marked {
            return Some(format!("{name} is set in process {id}"));
        }
        id = one.parent;
    }
    None
}

/// The coding agent that a process is: by its name, or as a script or a module that an interpreter runs.
fn agent_of(process: &Process) -> Option<&'static str> {
    let known = |name: &str| AGENTS.iter().find(|agent| **agent == name).copied();
    let first = process.words.first().map_or("", |word| base(word));
    if let Some(agent) = known(&process.name).or_else(|| known(first)) {
        return Some(agent);
    }
    let interpreter = first.trim_end_matches(|one: char| one.is_ascii_digit() || one == '.');
    if !INTERPRETERS.contains(&first) && !INTERPRETERS.contains(&interpreter) {
        return None;
    }
    let script = process.words[1..]
        .iter()
        .find(|word| !word.starts_with('-'))?;
    let name = base(script);
    let stem = name.split('.').next().unwrap_or(name);
    known(stem).or_else(|| {
        let package = script
            .split('/')
            .find_map(|part| PACKAGES.iter().find(|package| **package == part));
        package.copied()
    })
}

fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// The system's table of processes.
mod table {
    use super::Process;

    /// A process by its id; none: this one.
    pub(super) fn process(id: Option<i32>) -> Option<Process> {
        let id = match id {
            Some(id) => id.to_string(),
            None => "self".to_owned(),
        };
        match std::fs::read_to_string(format!("/proc/{id}/stat")) {
            Ok(stat) => from_proc(&id, &stat),
            Err(_) if std::path::Path::new("/proc/self/stat").exists() => None,
            Err(_) => from_ps(&id),
        }
    }

    fn from_proc(id: &str, stat: &str) -> Option<Process> {
        let texts = |file: &str| -> Vec<String> {
            let bytes = std::fs::read(format!("/proc/{id}/{file}")).unwrap_or_default();
            bytes
                .split(|&byte| byte == 0)
                .filter(|text| !text.is_empty())
                .map(|text| String::from_utf8_lossy(text).into_owned())
                .collect()
        };
        let (name, parent) = name_and_parent(stat)?;
        let name_of = |text: String| text.split('=').next().unwrap_or_default().to_owned();
        Some(Process {
            parent,
            name,
            words: texts("cmdline"),
            variables: texts("environ").into_iter().map(name_of).collect(),
        })
    }

    /// The name stands in brackets and may hold blanks and brackets; the state and the parent's id come after it.
    pub(super) fn name_and_parent(stat: &str) -> Option<(String, i32)> {
        let (before, rest) = stat.rsplit_once(')')?;
        let (_, name) = before.split_once('(')?;
        let parent = rest.split_whitespace().nth(1)?.parse().ok()?;
        Some((name.to_owned(), parent))
    }

    /// Where there is no `/proc`, as on macOS, `ps` tells; it shows no variables.
    fn from_ps(id: &str) -> Option<Process> {
        let id = if id == "self" {
            std::process::id().to_string()
        } else {
            id.to_owned()
        };
        let told = std::process::Command::new("/bin/ps")
            .args(["-o", "ppid=,args=", "-p", &id])
            .output()
            .ok()?;
        let text = String::from_utf8_lossy(&told.stdout).into_owned();
        from_line(&text)
    }

    pub(super) fn from_line(line: &str) -> Option<Process> {
        let mut words = line.split_whitespace().map(str::to_owned);
        let parent = words.next()?.parse().ok()?;
        let words: Vec<String> = words.collect();
        Some(Process {
            parent,
            name: super::base(words.first()?).to_owned(),
            words,
            variables: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(parent: i32, line: &str) -> Process {
        table::from_line(&format!("{parent} {line}")).unwrap()
    }

    /// Looks from process 9, whose parent is 8, and so on up to 1.
    #[track_caller]
    fn check(lines: [&str; 3], expected: Option<&str>) {
        let found = sign(&Environment::default(), |id| match id {
            None => Some(process(8, "fjord")),
            Some(8) => Some(process(7, lines[0])),
            Some(7) => Some(process(6, lines[1])),
            Some(6) => Some(process(1, lines[2])),
            Some(1) => Some(process(0, "/sbin/init")),
            Some(_) => None,
        });
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn a_coding_agent_is_found_at_any_distance() {
        check(["bash", "claude", "zsh"], Some("process 7 is `claude`"));
        check(
            ["/bin/sh -c x", "bash", "/opt/bin/codex exec"],
            Some("process 6 is `codex`"),
        );
        check(
            ["cursor-agent", "bash", "zsh"],
            Some("process 8 is `cursor-agent`"),
        );
        check(
            [
                "bash",
                "node /usr/lib/node_modules/@anthropic-ai/claude-code/cli.js",
                "zsh",
            ],
            Some("process 7 is `claude-code`"),
        );
        check(
            ["bash", "node --no-warnings /usr/local/bin/gemini -y", "zsh"],
            Some("process 7 is `gemini`"),
        );
        check(
            ["bash", "/usr/bin/python3.12 -m aider", "zsh"],
            Some("process 7 is `aider`"),
        );
    }

    #[test]
    fn a_person_is_none_also_in_an_editor_and_beside_files_of_that_name() {
        check(["zsh", "tmux", "login"], None);
        check(["bash -c claude", "code", "gnome-shell"], None);
        check(["vim claude", "bash", "sshd"], None);
        check(["node server.js claude", "bash", "zsh"], None);
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let found = sign(&Environment::default(), |_| Some(process(5, "bash")));
        assert_eq!(found, None);
    }

    #[test]
    fn a_variable_of_a_coding_agent_is_enough_also_in_an_ancestor() {
        let environment = Environment::from_pairs([("CLAUDECODE", "1")]);
        let error = refuse_in_session(&environment, "`--yes`").unwrap_err();
        assert_eq!(error.exit_code(), 77);
        assert!(error.to_string().contains("CLAUDECODE is set"), "{error}");
        let found = sign(&Environment::default(), |id| {
            Some(Process {
                variables: vec!["GEMINI_CLI".to_owned()],
                ..process(id.map_or(8, |_| 1), "bash")
            })
        });
        assert_eq!(found.as_deref(), Some("GEMINI_CLI is set in process 8"));
    }

    #[test]
    fn the_parent_is_found_behind_a_hostile_name() {
        let read = |stat| table::name_and_parent(stat);
        assert_eq!(
            read("42 (a) 7 (x) S 17 42 42"),
            Some(("a) 7 (x".to_owned(), 17))
        );
        assert_eq!(read("nonsense"), None);
    }
}
