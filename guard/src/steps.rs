//! What a call would run, without a judgement: for those who keep records of it.

use crate::ToolCall;
use crate::judge::in_shell;
use crate::run::{Run, UNKNOWN, follow};

/// One command of a call, as it would run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// The program's plain name: without folder, version and `.exe`, in lower case.
    pub program: String,
    /// Its arguments after expansion; `?` stands for what cannot be known.
    pub arguments: Vec<String>,
    /// The directory it runs in, if known.
    pub cwd: Option<String>,
    /// The machine it runs on, when it is not this one.
    pub host: Option<String>,
    /// What leads to it, outermost first: `sudo`, `sh -c`, `ssh web-1`.
    pub via: Vec<String>,
    /// The text it is given on its input, if known.
    pub input: Option<String>,
}

/// Lists the commands that a call would run, in order; empty for tools that run none.
pub fn steps(call: &ToolCall, home: Option<&str>) -> Vec<Step> {
    let Some(command) = call.command() else {
        return Vec::new();
    };
    let runs = follow(&in_shell(call, command), call.cwd, home);
    runs.list.into_iter().map(step).collect()
}

fn step(run: Run) -> Step {
    let known = |text: &str| text.replace(UNKNOWN, "?");
    Step {
        program: known(&run.program()),
        arguments: run.args().iter().map(|word| known(&word.text)).collect(),
        cwd: run.cwd,
        host: run.host,
        via: run.via,
        input: run.stdin.text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(command: &str, expected: &[&str]) {
        let input = json!({ "command": command });
        let call = ToolCall {
            tool: "Bash",
            input: &input,
            cwd: "/srv/api",
        };
        let found: Vec<String> = steps(&call, Some("/home/me"))
            .into_iter()
            .map(|step| {
                let host = step.host.unwrap_or_default();
                let cwd = step.cwd.unwrap_or_default();
                format!("{host}:{cwd} {} {}", step.program, step.arguments.join(" "))
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_only_said_does_not_run() {
        check("echo 'npm test'", &[":/srv/api echo npm test"]);
    }

    #[test]
    fn a_step_knows_its_directory_and_its_machine() {
        check(
            "cd web && CI=1 npm test | tail -5",
            &[":/srv/api/web npm test", ":/srv/api/web tail -5"],
        );
        check(
            "ssh deploy@web1 'sudo systemctl restart api'",
            &[
                ":/srv/api ssh deploy@web1 sudo systemctl restart api",
                "web1: systemctl restart api",
            ],
        );
    }
}
