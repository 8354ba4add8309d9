//! The road of one command line: command, question, answer, reply.

use std::io::IsTerminal;
use std::process::ExitCode;

use agent::{Actor, Agent, Answer, Command, Error, Progress, Question, Reply};

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
                self.wire.output.error(&error);
                ExitCode::from(error.exit_code())
            }
        }
    }

    async fn answer(&self, command: Command) -> Result<(Reply, bool), Error> {
        if self.consent.yes {
            session::refuse_in_session(&self.wire.environment, "`--yes`")?;
        }
        let mut printer = StepPrinter::for_reading(self.wire.output);
        let reply = self.handle(command, &mut printer).await;
        let prose_was_shown = printer.finish();
        match reply? {
            Reply::Confirm(question) => Ok((self.ask(question).await?, false)),
            reply => Ok((reply, prose_was_shown)),
        }
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
        if !output.json {
            output.text(&render::question(&question, self.agent.now()));
        }
        if !(std::io::stdin().is_terminal() && output.errors_are_watched()) {
            return Err(Error::forbidden(format!(
                "{}: this needs `--yes` or a terminal to answer on; nothing was done",
                question.text
            )));
        }
        session::refuse_in_session(&self.wire.environment, "answering this question")?;
        if output.json {
            output.remark(&render::question(&question, self.agent.now()));
        }
        output.ask(&format!("{} [y/N] ", question.text));
        let line = tokio::task::spawn_blocking(|| {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).map(|_| line)
        });
        let line = line.await.ok().and_then(Result::ok).unwrap_or_default();
        if is_yes(&line) {
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

/// Tells whether a typed answer is a yes.
pub(crate) fn is_yes(line: &str) -> bool {
    matches!(
        line.trim().trim_start_matches('/').to_lowercase().as_str(),
        "y" | "yes"
    )
}
