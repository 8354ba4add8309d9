//! The road of one command line: command, question, answer, reply.

use std::io::IsTerminal;
use std::process::ExitCode;

use agent::{
    Actor, Agent, Answer, ApprovalCommand, Command, Error, Item, Progress, Question, Reply,
    ScheduleCommand,
};

use crate::argv::Consent;
use crate::interrupt::Interrupts;
use crate::render::{self, Moment};
use crate::session;
use crate::steps::StepPrinter;
use crate::wire::Wire;

/// One command line on its way.
#[derive(Debug)]
pub(crate) struct Road<'a> {
    /// Streams and environment.
    pub(crate) wire: &'a Wire,
    /// The agent.
    pub(crate) agent: &'a Agent,
    /// Who asks.
    pub(crate) actor: Actor,
    /// How a question is answered.
    pub(crate) consent: Consent,
    /// One item is shown in full.
    pub(crate) shows_one: bool,
}

impl Road<'_> {
    /// Runs a command to its end, prints the reply and returns the exit code.
    pub(crate) async fn run(&self, command: Command) -> ExitCode {
        match Box::pin(self.answer(command)).await {
            Ok((reply, prose_was_shown)) => {
                self.print(&reply, prose_was_shown);
                ExitCode::from(reply.exit_code())
            }
            Err(error) => {
                let error = as_typed(error);
                self.wire.output.error(&error);
                ExitCode::from(error.exit_code())
            }
        }
    }

    async fn answer(&self, command: Command) -> Result<(Reply, bool), Error> {
        if is_answer(&command) {
            session::refuse_in_session(&self.wire.environment, "answering for a coding agent")?;
        }
        if self.consent.yes {
            session::refuse_in_session(&self.wire.environment, "`--yes`")?;
        }
        let mut printer = StepPrinter::for_reading(self.wire.output);
        if !self.consent.yes && !self.can_ask() {
            self.refuse_to_ask(&command, &mut printer).await?;
        }
        if let Some(what) = removed(&command)
            && !self.consent.yes
            && self.can_ask()
            && !self.agrees(&what).await?
        {
            let text = format!("{what}: not done");
            return Ok((Reply::Declined { text }, false));
        }
        let reply = self.handle(command, &mut printer).await;
        let prose_was_shown = printer.finish();
        match reply? {
            Reply::Confirm(question) => Ok((self.ask(question).await?, false)),
            reply => Ok((reply, prose_was_shown)),
        }
    }

    /// Tells whether somebody can answer a question.
    fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal() && self.wire.output.errors_are_watched()
    }

    /// Refuses what would be asked about, before a question is made that nobody can answer; shows what it would do.
    async fn refuse_to_ask(
        &self,
        command: &Command,
        printer: &mut StepPrinter,
    ) -> Result<(), Error> {
        let what = match command {
            Command::Deploy { service, version } => {
                let plan = Command::Plan {
                    service: service.clone(),
                    version: version.clone(),
                };
                let plan = self.handle(plan, printer).await?;
                printer.finish();
                if !self.wire.output.json {
                    self.print(&plan, false);
                }
                format!("deploying `{service}`")
            }
            Command::Rollback { service, .. } => format!("rolling back `{service}`"),
            _ => return Ok(()),
        };
        Err(nobody_to_ask(&what))
    }

    async fn agrees(&self, what: &str) -> Result<bool, Error> {
        session::refuse_in_session(&self.wire.environment, "answering this question")?;
        self.wire.output.ask(&format!("{what}? [y/N] "));
        Ok(is_yes(&typed_line().await))
    }

    async fn handle(&self, command: Command, printer: &mut StepPrinter) -> Result<Reply, Error> {
        let (progress, mut steps) = Progress::channel();
        let work = self.agent.handle(&self.actor, command, &progress);
        tokio::pin!(work);
        loop {
            tokio::select! {
                biased;
                Some(step) = steps.recv() => printer.show(&step),
                outcome = &mut work => {
                    while let Ok(step) = steps.try_recv() {
                        printer.show(&step);
                    }
                    return outcome;
                }
            }
        }
    }

    async fn ask(&self, question: Question) -> Result<Reply, Error> {
        let output = self.wire.output;
        if self.consent.yes {
            if !output.json {
                output.text(&render::intent(&question));
            }
            return self.carry_out(question).await;
        }
        if !self.can_ask() {
            if !output.json {
                output.text(&render::intent(&question));
            }
            return Err(nobody_to_ask(&question.text));
        }
        session::refuse_in_session(&self.wire.environment, "answering this question")?;
        let text = render::question(&question, self.agent.now());
        if output.json {
            output.remark(&text);
        } else {
            output.text(&text);
        }
        output.ask(&format!("{} [y/N] ", question.text));
        if is_yes(&typed_line().await) {
            return self.carry_out(question).await;
        }
        let command = Command::Confirm {
            ticket: question.ticket,
            answer: Answer::No,
        };
        self.agent
            .handle(&self.actor, command, &Progress::none())
            .await
    }

    /// Does what was confirmed. The first interrupt stops the deployment, the second leaves.
    async fn carry_out(&self, question: Question) -> Result<Reply, Error> {
        let service = question.plan.map(|plan| plan.service);
        let mut interrupts = Interrupts::listen()?;
        let mut printer = StepPrinter::for_acting(self.wire.output);
        let (progress, mut steps) = Progress::channel();
        let command = Command::Confirm {
            ticket: question.ticket,
            answer: Answer::Yes,
        };
        let work = self.agent.handle(&self.actor, command, &progress);
        tokio::pin!(work);
        let mut was_interrupted = false;
        loop {
            tokio::select! {
                biased;
                Some(step) = steps.recv() => printer.show(&step),
                outcome = &mut work => {
                    while let Ok(step) = steps.try_recv() {
                        printer.show(&step);
                    }
                    if progress.dropped() > 0 {
                        self.wire.output.remark(&format!("{} steps were not shown", progress.dropped()));
                    }
                    return outcome;
                }
                () = interrupts.next() => match (&service, was_interrupted) {
                    (Some(service), false) => {
                        was_interrupted = true;
                        self.wire.output.remark(&format!("stopping the deployment of `{service}`; press Ctrl-C again to leave at once"));
                        self.stop(service.clone());
                    }
                    _ => return Err(Error::conflict(
                        "left before the end; what was started is stopped, and `fjord history` tells how it ended",
                    )),
                },
            }
        }
    }

    /// Runs beside the deployment, which has to go on to be stopped in order.
    fn stop(&self, service: String) {
        let (agent, actor, output) = (self.agent.clone(), self.actor.clone(), self.wire.output);
        tokio::spawn(async move {
            if let Err(error) = agent
                .handle(&actor, Command::Cancel { service }, &Progress::none())
                .await
            {
                output.remark(&format!("the deployment cannot be stopped: {error}"));
            }
        });
    }

    fn print(&self, reply: &Reply, prose_was_shown: bool) {
        if self.wire.output.json {
            self.wire.output.document(reply);
            return;
        }
        let moment = Moment {
            now: self.agent.now(),
            prose_was_shown,
        };
        let text = if self.shows_one {
            render::shown(reply, moment)
        } else {
            render::reply(reply, moment)
        };
        self.wire.output.text(&text);
    }
}

/// Gives the hints of an error, which are lines of a chat, the form that is typed in a shell.
fn as_typed(mut error: Error) -> Error {
    if let Error::Invalid { message } | Error::NotFound { message } | Error::Conflict { message } =
        &mut error
    {
        for (line, typed) in [
            ("`cancel ", "`fjord cancel "),
            ("`remember ", "`fjord remember "),
            ("`search ", "`fjord rag search "),
            ("`incident ", "`fjord incident "),
            ("`deploy ", "`fjord deploy "),
        ] {
            *message = message.replace(line, typed);
        }
    }
    error
}

fn nobody_to_ask(what: &str) -> Error {
    Error::forbidden(format!(
        "{what}: this needs `--yes` or a terminal to answer on; nothing was done"
    ))
}

/// Tells whether a command answers what a coding agent asked: that is for a person.
pub(crate) fn is_answer(command: &Command) -> bool {
    matches!(command, Command::Approvals(ApprovalCommand::Answer { .. }))
}

/// What a command takes away for good; `None`: nothing, or the agent itself asks.
fn removed(command: &Command) -> Option<String> {
    fn item<F>(kind: &str, item: &Item<F>) -> Option<String> {
        match item {
            Item::Remove { name } => Some(format!("remove {kind} `{name}`")),
            _ => None,
        }
    }
    match command {
        Command::Server(server) => item("server", server),
        Command::Service(service) => item("service", service),
        Command::Route(route) => item("route", route),
        Command::Dependency(dependency) => item("dependency", dependency),
        Command::Secret(secret) => item("the registration of secret", secret),
        Command::Forget { id } => Some(format!("forget `{id}`")),
        Command::Schedule(ScheduleCommand::Cancel { id }) => Some(format!("end schedule {id}")),
        _ => None,
    }
}

/// Reads on a thread of its own, so that an interrupt is heard meanwhile; nothing: an empty line.
async fn typed_line() -> String {
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().read_line(&mut line).map(|_| line)
    });
    line.await.ok().and_then(Result::ok).unwrap_or_default()
}

/// Tells whether a typed answer is a yes.
pub(crate) fn is_yes(line: &str) -> bool {
    matches!(
        line.trim().trim_start_matches('/').to_lowercase().as_str(),
        "y" | "yes"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_what_can_be_typed_in_a_shell() {
        let error = Error::conflict("`api` is locked; wait for its end or `cancel api`");
        assert_eq!(
            as_typed(error).to_string(),
            "`api` is locked; wait for its end or `fjord cancel api`"
        );
    }
}
