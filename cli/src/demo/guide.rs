//! Shows the tour: what is typed, what happens, what is answered; one stream, so that it reads in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use agent::{Actor, Agent, Answer, Command, Error, Progress, Reply, Step};

use crate::output::{Output, mark, marked};
use crate::render::{self, Moment};

/// Whether the tour is to end after the step that runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Stopping(Arc<AtomicBool>);

impl Stopping {
    /// Ends the tour.
    pub(super) fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn check(&self) -> Result<(), Error> {
        if self.0.load(Ordering::Relaxed) {
            Err(Error::conflict("stopped before the end"))
        } else {
            Ok(())
        }
    }
}

/// Leads through the tour.
pub(super) struct Guide<'a> {
    pub(super) output: Output,
    pub(super) agent: &'a Agent,
    pub(super) actor: Actor,
    pub(super) stopping: Stopping,
}

impl Guide<'_> {
    /// Says something.
    pub(super) fn say(&self, text: &str) {
        if self.output.json {
            self.output.document(&serde_json::json!({ "text": text }));
        } else {
            self.output.text(text);
        }
    }

    /// Begins a part.
    pub(super) fn chapter(&self, title: &str) {
        if self.output.json {
            self.output
                .document(&serde_json::json!({ "chapter": title }));
        } else {
            self.output
                .text(&format!("\n{}", marked(mark::BOLD, &format!("== {title}"))));
        }
    }

    /// Types a command that only shows or adds something.
    pub(super) async fn show(&self, typed: &str, command: Command) -> Result<Reply, Error> {
        self.stopping.check()?;
        self.typed(&format!("$ {typed}"));
        let reply = self
            .agent
            .handle(&self.actor, command, &Progress::none())
            .await?;
        self.reply(&reply);
        Ok(reply)
    }

    /// Lets the coding agent's client ask.
    pub(super) async fn hook(&self, event: &str, command: Command) -> Result<Reply, Error> {
        self.stopping.check()?;
        self.typed(event);
        let reply = self
            .agent
            .handle(&super::coding_agent(), command, &Progress::none())
            .await?;
        self.reply(&reply);
        Ok(reply)
    }

    /// Types a command that acts, and answers its question.
    pub(super) async fn act(&self, typed: &str, command: Command) -> Result<Reply, Error> {
        let question = match self.show(typed, command).await? {
            Reply::Confirm(question) => question,
            reply => return Ok(reply),
        };
        self.stopping.check()?;
        let (progress, mut steps) = Progress::channel();
        let confirm = Command::Confirm {
            ticket: question.ticket,
            answer: Answer::Yes,
        };
        let work = self.agent.handle(&self.actor, confirm, &progress);
        tokio::pin!(work);
        let reply = loop {
            tokio::select! {
                biased;
                Some(step) = steps.recv() => self.step(&step),
                outcome = &mut work => break outcome?,
            }
        };
        while let Ok(step) = steps.try_recv() {
            self.step(&step);
        }
        self.reply(&reply);
        Ok(reply)
    }

    /// Stops a deployment that may be running.
    pub(super) async fn cancel(&self, service: &str) {
        let command = Command::Cancel {
            service: service.to_owned(),
        };
        // Between two deployments there is nothing to stop.
        let _nothing_runs = self
            .agent
            .handle(&self.actor, command, &Progress::none())
            .await;
    }

    /// Ends the tour.
    pub(super) fn end(&self, took: Duration) {
        let seconds = took.as_secs_f32();
        if self.output.json {
            self.output
                .document(&serde_json::json!({ "done": true, "seconds": seconds }));
            return;
        }
        self.output.text(&format!(
            "\n{} in {seconds:.1} s. The service is stopped and the folder is gone; nothing is left behind.\n\
             Next: `fjord init` sets up your own, `fjord hooks install` connects the coding agent.",
            marked(mark::GOOD, "done")
        ));
    }

    fn typed(&self, text: &str) {
        if self.output.json {
            self.output.document(&serde_json::json!({ "typed": text }));
        } else {
            self.output.text(&format!("\n{}", marked(mark::BOLD, text)));
        }
    }

    fn step(&self, step: &Step) {
        if self.output.json {
            self.output.document(step);
            return;
        }
        match step {
            Step::Stage { text, .. } => self
                .output
                .text(&format!("  {} {text}", marked(mark::DIM, ">"))),
            Step::Line { text } => self
                .output
                .text(&format!("  {} {text}", marked(mark::DIM, "|"))),
            Step::Text { .. } => {}
        }
    }

    fn reply(&self, reply: &Reply) {
        if self.output.json {
            self.output.document(reply);
            return;
        }
        let text = match reply {
            // The answer comes at once.
            Reply::Confirm(question) => render::intent(question),
            reply => render::reply(reply, Moment::at(self.agent.now())),
        };
        self.output.text(&text);
    }
}
