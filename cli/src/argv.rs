//! The command line: what can be typed after `fjord`, and the commands it means.

mod approvals;
mod guard;
mod inventory;
mod work;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use approvals::ApprovalArgs;
pub(crate) use guard::{AllowArgs, ExplainArgs, GuardCommand};
pub(crate) use inventory::InventoryCommand;
pub(crate) use work::{EventArgs, ForgetArgs, RagCommand, ScheduleArgs};

/// Runs your software from your phone, and keeps the coding agent at your desk from breaking it.
#[derive(Debug, Parser)]
#[command(
    name = "fjord",
    version,
    max_term_width = 100,
    arg_required_else_help = true
)]
#[command(after_help = "Begin with `fjord demo`, then `fjord init`.\n\
    Exit codes: 0 done, 1 failed, 64 usage, 69 a needed service is down, 77 not allowed.\n\
    What only reports (`health`, `guard explain`, `status`) exits 0 also when the news are bad.")]
pub(crate) struct Cli {
    /// Print one JSON document, or one a line while work goes on.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Also read this configuration file; it must exist.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: CliCommand,
}

impl Cli {
    /// Gives `guard explain 'COMMAND' --json` its flags back: words without quotes take everything that follows.
    #[must_use]
    pub(crate) fn settled(mut self) -> Self {
        if let CliCommand::Guard(GuardCommand::Explain(explain)) = &mut self.command {
            self.json |= explain.settle();
        }
        self
    }
}

/// Everything that `fjord` does.
#[derive(Debug, Subcommand)]
pub(crate) enum CliCommand {
    /// Shows the whole tour on embedded parts in under 20 s; needs nothing and leaves nothing behind.
    Demo,
    /// Sets Fjord up: asks, or takes flags; tries each part and writes the configuration.
    Init(InitArgs),
    /// Runs the agent: bot (if a token is set), hook socket, scheduler, health checks.
    Up,
    /// Takes the bot's commands at the terminal, or from a pipe; `/help` lists them.
    Chat,
    /// Tells how each of Fjord's own helpers is, and what stands in for it.
    Doctor {
        /// Exit 1 unless everything configured answers.
        #[arg(long)]
        strict: bool,
        /// Ask only the store.
        #[arg(long)]
        quick: bool,
    },
    #[command(flatten)]
    Inventory(InventoryCommand),
    /// Shows the state of everything, or of one server or service.
    Status {
        /// A service, a server or `service@server`.
        name: Option<String>,
    },
    /// Asks health endpoints now.
    ///
    /// It exits 0 when all were asked, also when a service is unhealthy; `--json` tells programs which.
    Health {
        /// A service; none: all that have an endpoint.
        service: Option<String>,
    },
    /// Shows what happened, the newest first.
    Events(EventArgs),
    /// Shows the deployments of a service, the newest first.
    History {
        /// The service.
        service: String,
        /// At most this many, 1 to 200.
        #[arg(short = 'n', long, default_value_t = 10)]
        limit: u32,
    },
    /// Deploys a version; asks before it acts.
    Deploy {
        /// The service.
        service: String,
        /// The version to deploy.
        #[arg(value_name = "VERSION", conflicts_with = "version")]
        positional: Option<String>,
        /// The version to deploy.
        #[arg(long)]
        version: Option<String>,
        /// Show what would be done, and do nothing.
        #[arg(long)]
        plan: bool,
        #[command(flatten)]
        consent: Consent,
    },
    /// Goes back to an earlier version; asks before it acts.
    Rollback {
        /// The service.
        service: String,
        /// The version to go back to; none: the one before the current.
        #[arg(long, value_name = "VERSION")]
        to: Option<String>,
        #[command(flatten)]
        consent: Consent,
    },
    /// Stops a running deployment and what it started.
    Cancel {
        /// The service.
        service: String,
    },
    /// Tells what matters today.
    Brief,
    /// Finds what is wrong, from a sentence that names a service.
    Incident {
        /// For instance: api returning 500s.
        #[arg(required = true)]
        text: Vec<String>,
    },
    /// Keeps a note for later retrieval.
    Remember {
        /// The note.
        #[arg(required = true)]
        text: Vec<String>,
    },
    /// Forgets a note or a document, as `fjord rag forget` does; asks at a terminal.
    Forget(ForgetArgs),
    /// Takes documents in, finds passages in them.
    #[command(subcommand)]
    Rag(RagCommand),
    /// Runs a line at set times.
    #[command(subcommand)]
    Schedule(ScheduleArgs),
    /// Lists the calls of coding agents that wait for a person; answers one.
    Approvals(ApprovalArgs),
    /// Tells what the guard thinks of commands, and lets one through for a time.
    #[command(subcommand)]
    Guard(GuardCommand),
    /// Connects the coding agent, and shows what its hooks brought in.
    #[command(subcommand)]
    Hooks(HooksCommand),
    /// Shows the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Writes everything in the store to a file.
    Backup {
        /// A file that does not exist yet.
        file: PathBuf,
    },
    /// Replaces everything in the store by a backup; asks before it acts.
    Restore {
        /// A file that `fjord backup` wrote.
        file: PathBuf,
        #[command(flatten)]
        consent: Consent,
    },
    /// Is the service that `fjord demo` deploys.
    #[command(hide = true)]
    DemoService {
        /// Where it listens.
        port: u16,
        /// It ends when this folder is gone.
        folder: PathBuf,
        /// Be the service, rather than replace the one that runs.
        #[arg(long)]
        serve: bool,
    },
}

/// How a question is answered that stands before what changes the world.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct Consent {
    /// Answer the question with yes; refused in a coding agent's session.
    #[arg(long)]
    pub(crate) yes: bool,
}

/// What `fjord hooks` does.
#[derive(Debug, Subcommand)]
pub(crate) enum HooksCommand {
    /// Writes the hooks into the coding agent's settings and keeps what else is there.
    Install {
        #[command(flatten)]
        place: HooksPlace,
        /// Let the coding agent do nothing while `fjord-hook` is missing.
        #[arg(long)]
        strict: bool,
    },
    /// Takes the hooks out of the settings again; refused in a coding agent's session.
    Uninstall {
        #[command(flatten)]
        place: HooksPlace,
    },
    /// Writes the hooks as a folder for the coding agent's own plugin manager.
    Plugin {
        /// An empty folder, or one that is not there yet.
        dir: PathBuf,
        /// Let the coding agent do nothing while `fjord-hook` is missing.
        #[arg(long)]
        strict: bool,
    },
    /// Tells whether the hooks are installed, in each scope, and whether they reach Fjord.
    Status {
        /// Only `user`, `project` or `local`; none: all three.
        #[arg(long, value_parser = ["user", "project", "local"])]
        scope: Option<String>,
        /// The project, for `project` and `local`; none: this folder.
        #[arg(long, value_name = "PROJECT")]
        dir: Option<PathBuf>,
    },
    /// Shows what the hooks brought in, the newest first: calls of tools and how they were judged.
    Log {
        /// At most this many, 1 to 500.
        #[arg(short = 'n', long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
        limit: u16,
    },
}

/// Which settings file.
#[derive(Debug, Args)]
pub(crate) struct HooksPlace {
    /// `user`, `project` or `local`.
    #[arg(long, default_value = "user", value_parser = ["user", "project", "local"])]
    pub(crate) scope: String,
    /// The project, for `project` and `local`; none: this folder.
    #[arg(long, value_name = "PROJECT")]
    pub(crate) dir: Option<PathBuf>,
}

/// What `fjord config` does.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Prints every key, its value with secrets masked, and where it comes from.
    Show,
}

/// What `fjord init` may be told; it asks for the rest at a terminal.
#[derive(Clone, Debug, Default, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "these are flags of a command line"
)]
pub(crate) struct InitArgs {
    /// The store: `postgres://…` or `sqlite://PATH`; empty: a file in the data folder.
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
    /// Redis: `redis://…`; empty: none.
    #[arg(long, value_name = "URL")]
    pub(crate) redis: Option<String>,
    /// Chroma: `http://127.0.0.1:8000`; empty: embedded full text.
    #[arg(long, value_name = "URL")]
    pub(crate) chroma: Option<String>,
    /// Ollama: `http://127.0.0.1:11434`; empty: no model.
    #[arg(long, value_name = "URL")]
    pub(crate) ollama: Option<String>,
    /// The model that puts facts into words.
    #[arg(long, value_name = "NAME")]
    pub(crate) model: Option<String>,
    /// The bot's token; other users can see it in the process list, so let `-` read it from standard input.
    #[arg(long, value_name = "TOKEN")]
    pub(crate) telegram_token: Option<String>,
    /// Telegram user id of the first admin; none: found by a one-time code sent to the bot.
    #[arg(long, value_name = "USER_ID")]
    pub(crate) admin: Option<u64>,
    /// A Bot API server of your own.
    #[arg(long, value_name = "URL")]
    pub(crate) api_url: Option<String>,
    /// Ask nothing: take the flags, and the defaults for the rest.
    #[arg(long)]
    pub(crate) yes: bool,
    /// Replace a configuration that is there; it is kept beside the new one.
    #[arg(long)]
    pub(crate) force: bool,
    /// Write a systemd user unit that runs `fjord up`.
    #[arg(long, conflicts_with = "launchd")]
    pub(crate) systemd: bool,
    /// Write a launchd agent that runs `fjord up`.
    #[arg(long)]
    pub(crate) launchd: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_put_together_soundly() {
        Cli::command().debug_assert();
    }
}
