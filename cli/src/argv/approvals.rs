//! Flags of approvals.

use agent::store::rows::Decision;
use agent::{ApprovalCommand, Command};
use clap::{Args, Subcommand};

/// What `fjord approvals` shows or does.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(
    after_help = "The first answer wins. It counts only once the session has it; the exit code is 1 when it came too late.\n\
    Answering is refused in a coding agent's session."
)]
pub(crate) struct ApprovalArgs {
    /// Also show the last ones that were answered or given up.
    #[arg(long)]
    all: bool,
    #[command(subcommand)]
    what: Option<ApprovalSubcommand>,
}

#[derive(Debug, Subcommand)]
enum ApprovalSubcommand {
    /// Shows one.
    Show {
        /// Its number.
        number: i64,
    },
    /// Lets the coding agent do what it asks for, once.
    Allow {
        /// Its number.
        number: i64,
        /// From now on, by the rule that the client suggested.
        #[arg(long)]
        always: bool,
    },
    /// Refuses.
    Deny {
        /// Its number.
        number: i64,
        /// What the coding agent is told.
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
}

impl ApprovalArgs {
    /// Returns the command.
    pub(crate) fn command(self) -> Command {
        Command::Approvals(match self.what {
            None => ApprovalCommand::List { all: self.all },
            Some(ApprovalSubcommand::Show { number }) => ApprovalCommand::Show { id: number },
            Some(ApprovalSubcommand::Allow { number, always }) => ApprovalCommand::Answer {
                id: number,
                decision: if always {
                    Decision::Always
                } else {
                    Decision::Allow
                },
                note: None,
            },
            Some(ApprovalSubcommand::Deny { number, note }) => ApprovalCommand::Answer {
                id: number,
                decision: Decision::Deny,
                note,
            },
        })
    }
}
