//! What can be typed after `fjord guard`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What `fjord guard` does.
#[derive(Debug, Subcommand)]
pub(crate) enum GuardCommand {
    /// Shows what a command would run, part by part, and what the guard thinks of each.
    ///
    /// It exits 0 whatever the verdict: it explains, and refuses nothing. The last line is the verdict of the whole.
    #[command(after_help = "Examples:\n  \
        fjord guard explain \"ssh web-1 'docker compose down -v'\"\n  \
        fjord guard explain rm -rf build\n  \
        fjord guard explain \"dropdb shop\" --cwd ~/shop --json\n  \
        fjord guard explain --tool Write --input '{\"file_path\": \"/etc/hosts\"}'")]
    Explain(ExplainArgs),
    /// Judges JSON lines from standard input with the default rules, one answer a line.
    ///
    /// In: `{"command": …}`, and if wanted `cwd`, or `tool` and `input` for a tool that is no shell. Out:
    /// `{"command", "verdict", "rule", "reason"}`. A line that is no such row is answered by `{"error", "line"}`, the
    /// rest goes on, and the exit code is 1.
    #[command(after_help = "Examples:\n  \
        echo '{\"command\": \"git push --force\"}' | fjord guard check\n  \
        fjord guard check < calls.jsonl > answers.jsonl\n  \
        fjord guard check --inventory ~/.local/share/fjord/inventory.json < calls.jsonl")]
    Check {
        /// Judge with the inventory of this file, as Fjord keeps it in `inventory.json`.
        #[arg(long, value_name = "FILE")]
        inventory: Option<PathBuf>,
    },
    /// Lists the rules, field by field: the verdict by default, and as configured and where.
    #[command(after_help = "Examples:\n  \
        fjord guard rules\n  \
        fjord guard rules git\n  \
        fjord guard rules --json")]
    Rules {
        /// Only this field, or this rule.
        name: Option<String>,
        /// As configured for this folder; none: this one.
        #[arg(long, value_name = "DIR")]
        cwd: Option<PathBuf>,
    },
    /// Lets one command through for a time; only for a person at a terminal.
    ///
    /// It keeps the rules silent that answer to this command now, up to the verdict they have now, on the machine it
    /// would run on. All words must fit; `*` fits any text in a word, a last `*` any further words.
    #[command(after_help = "Examples:\n  \
        fjord guard allow \"docker volume rm scratch-*\" --for 2h --reason \"rebuilt every night\"\n  \
        fjord guard allow \"git push --force origin wip\" --for 30m --reason \"my own branch\" --project\n  \
        fjord guard allow \"ssh web-1 systemctl restart api\" --for 1h --reason \"maintenance\"")]
    Allow(AllowArgs),
    /// Lists the commands that are let through.
    #[command(after_help = "Examples:\n  \
        fjord guard allowed\n  \
        fjord guard allowed --all --json")]
    Allowed {
        /// Also those that have ended.
        #[arg(long)]
        all: bool,
    },
    /// Ends an exception before its time; only for a person at a terminal.
    #[command(after_help = "Example:\n  fjord guard disallow 3f9a21")]
    Disallow {
        /// As `fjord guard allowed` shows it.
        id: String,
    },
}

/// What to explain.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The command; in quotes it is judged exactly as written, without them its words are joined by blanks.
    #[arg(
        required_unless_present = "input",
        conflicts_with = "input",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub(crate) command: Vec<String>,
    /// The folder it runs in; none: this one.
    #[arg(long, value_name = "DIR")]
    pub(crate) cwd: Option<PathBuf>,
    /// The coding agent's tool: `Bash`, `Write`, `Edit`, `Read`, `mcp__server__tool` …
    #[arg(long, value_name = "NAME", requires = "input")]
    pub(crate) tool: Option<String>,
    /// The tool's input as JSON.
    #[arg(long, value_name = "JSON")]
    pub(crate) input: Option<String>,
}

/// What to let through.
#[derive(Debug, Args)]
pub(crate) struct AllowArgs {
    /// The command, as one text in quotes.
    pub(crate) command: String,
    /// How long, at most 30 days: `30m`, `2h`, `7d`.
    #[arg(long = "for", value_name = "TIME")]
    pub(crate) time: String,
    /// Why, for whoever reads it later.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Only this rule or field; none: the rules that answer to the command now.
    #[arg(long, value_name = "ID")]
    pub(crate) rule: Option<String>,
    /// Only in this project: the folder under version control that this one is in.
    #[arg(long)]
    pub(crate) project: bool,
}

impl ExplainArgs {
    /// Takes back the flags behind a command in quotes; returns whether `--json` was among them.
    pub(crate) fn settle(&mut self) -> bool {
        let behind = self.command.get(1..).unwrap_or_default();
        let Some((json, cwd)) = own_flags(behind) else {
            return false;
        };
        self.command.truncate(1);
        self.cwd = cwd.or(self.cwd.take());
        json
    }
}

/// Reads words that are nothing but flags of `guard explain`; else they belong to the command explained.
fn own_flags(words: &[String]) -> Option<(bool, Option<PathBuf>)> {
    let (mut json, mut cwd) = (false, None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match word.split_once('=') {
            None if word == "--json" => json = true,
            None if word == "--cwd" => cwd = Some(words.next()?.into()),
            Some(("--cwd", folder)) => cwd = Some(folder.into()),
            _ => return None,
        }
    }
    Some((json, cwd))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Cli, CliCommand};
    use super::GuardCommand;

    #[track_caller]
    fn check_explain(line: &[&str], expected: (&str, bool, Option<&str>)) {
        let words = ["fjord", "guard", "explain"].iter().chain(line);
        let cli = Cli::try_parse_from(words).unwrap().settled();
        let CliCommand::Guard(GuardCommand::Explain(explain)) = cli.command else {
            panic!("it is no explain");
        };
        let cwd = explain.cwd.as_deref().and_then(std::path::Path::to_str);
        assert_eq!(
            (explain.command.join(" ").as_str(), cli.json, cwd),
            expected
        );
    }

    #[test]
    fn explain_keeps_its_flags_and_the_flags_of_the_command_apart() {
        check_explain(&["ls", "--json"], ("ls", true, None));
        check_explain(
            &["--json", "docker", "ps", "--json"],
            ("docker ps --json", true, None),
        );
        check_explain(
            &["git push -f", "--cwd", "/srv", "--json"],
            ("git push -f", true, Some("/srv")),
        );
        check_explain(&["rm", "-rf", "data"], ("rm -rf data", false, None));
        check_explain(&["--tool", "Write", "--input", "{}"], ("", false, None));
    }
}
