//! `fjord chat`: the bot's commands at the terminal, or from a pipe.
//!
//! One piece of work runs at a time, so that a piped script does one thing after the other. Lines are read
//! meanwhile: `cancel SERVICE` is done at once, the others wait for their turn.

use std::collections::VecDeque;
use std::io::{BufRead, IsTerminal, Read};
use std::process::ExitCode;

use agent::{Actor, Agent, Answer, Command, Error, Face, Progress, Question, Reply, Step};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::interrupt::Interrupts;
use crate::render::{self, Moment};
use crate::road::{is_answer, is_yes};
use crate::session;
use crate::steps::StepPrinter;
use crate::wire::Wire;

/// Longest line that is read, in bytes; the rest of a longer one is refused with it.
const LONGEST_LINE: u64 = 64 * 1024;

/// Runs until `/quit` or the end of the input.
pub(crate) async fn run(wire: &Wire, agent: &Agent) -> Result<ExitCode, Error> {
    let mut chat = Chat {
        wire,
        agent,
        actor: wire.actor(Face::Chat),
        person: std::io::stdin().is_terminal(),
        question: None,
        work: None,
        waiting: VecDeque::new(),
        first_failure: 0,
    };
    let mut interrupts = Interrupts::listen()?;
    let mut lines = read_lines();
    let mut open = true;
    if chat.person {
        wire.output
            .remark("`/help` lists the commands, `/quit` leaves");
    }
    chat.prompt();
    while open || chat.work.is_some() {
        tokio::select! {
            biased;
            event = Chat::next_event(&mut chat.work) => match event {
                Event::Step(step) => chat.show(&step),
                Event::Ended(outcome) => {
                    chat.ended(*outcome);
                    open &= chat.take_waiting();
                    chat.prompt();
                }
            },
            line = lines.recv(), if open => match line {
                Some(line) if chat.work.is_some() => chat.line_during_work(line),
                Some(line) => {
                    open = chat.line(&line);
                    chat.prompt();
                }
                None => open = false,
            },
            () = interrupts.next() => match chat.work.as_mut() {
                Some(work) if !work.was_interrupted && work.service.is_some() => {
                    work.was_interrupted = true;
                    let service = work.service.clone().unwrap_or_default();
                    wire.output.remark(&format!("stopping the deployment of `{service}`; press Ctrl-C again to leave at once"));
                    chat.cancel(Command::Cancel { service });
                }
                _ => return Ok(ExitCode::FAILURE),
            },
        }
    }
    Ok(ExitCode::from(if chat.person {
        0
    } else {
        chat.first_failure
    }))
}

struct Chat<'a> {
    wire: &'a Wire,
    agent: &'a Agent,
    actor: Actor,
    person: bool,
    question: Option<Question>,
    work: Option<Work>,
    waiting: VecDeque<String>,
    first_failure: u8,
}

struct Work {
    handle: JoinHandle<Result<Reply, Error>>,
    steps: mpsc::Receiver<Step>,
    printer: StepPrinter,
    /// What it deploys, if it does.
    service: Option<String>,
    was_interrupted: bool,
}

enum Event {
    Step(Step),
    Ended(Box<Result<Reply, Error>>),
}

impl Chat<'_> {
    /// Does what a line says; false: leave.
    fn line(&mut self, line: &str) -> bool {
        let line = line.trim();
        let word = line.trim_start_matches('/').to_lowercase();
        match word.as_str() {
            "" => return true,
            "quit" | "exit" => return false,
            "help" | "start" => {
                self.say(&format!(
                    "{}\n/help · this list\n/quit · leave",
                    agent::line::help()
                ));
                return true;
            }
            "y" | "yes" | "n" | "no" => {
                self.answer(is_yes(line));
                return true;
            }
            _ => {}
        }
        if self.question.take().is_some() {
            self.wire
                .output
                .remark("the question before is left; nothing was done");
        }
        let command = agent::line::parse(line).and_then(|command| {
            if is_answer(&command) {
                session::refuse_in_session(&self.wire.environment, "answering for a coding agent")?;
            }
            Ok(command)
        });
        match command {
            Ok(command) => self.start(command, None),
            Err(error) => self.failed(&error),
        }
        true
    }

    /// While something runs, only stopping it is done at once.
    fn line_during_work(&mut self, line: String) {
        match agent::line::parse(&line) {
            Ok(command @ Command::Cancel { .. }) => self.cancel(command),
            _ => self.waiting.push_back(line),
        }
    }

    /// Does the lines that waited, until one of them runs; false: leave.
    fn take_waiting(&mut self) -> bool {
        while self.work.is_none() {
            let Some(line) = self.waiting.pop_front() else {
                break;
            };
            if !self.line(&line) {
                return false;
            }
        }
        true
    }

    fn answer(&mut self, yes: bool) {
        let Some(question) = self.question.take() else {
            self.failed(&Error::invalid(
                "nothing is asked; `/help` lists the commands",
            ));
            return;
        };
        if yes
            && let Err(error) =
                session::refuse_in_session(&self.wire.environment, "answering this question")
        {
            self.failed(&error);
            return;
        }
        let answer = if yes { Answer::Yes } else { Answer::No };
        let service = question.plan.map(|plan| plan.service).filter(|_| yes);
        self.start(
            Command::Confirm {
                ticket: question.ticket,
                answer,
            },
            service,
        );
    }

    fn start(&mut self, command: Command, service: Option<String>) {
        let (progress, steps) = Progress::channel();
        let output = self.wire.output;
        let acts = matches!(command, Command::Confirm { .. });
        let printer = if acts {
            StepPrinter::for_acting(output)
        } else {
            StepPrinter::for_reading(output)
        };
        let (agent, actor) = (self.agent.clone(), self.actor.clone());
        let handle = tokio::spawn(async move { agent.handle(&actor, command, &progress).await });
        self.work = Some(Work {
            handle,
            steps,
            printer,
            service,
            was_interrupted: false,
        });
    }

    fn cancel(&self, command: Command) {
        let (agent, actor, output) = (self.agent.clone(), self.actor.clone(), self.wire.output);
        tokio::spawn(async move {
            match agent.handle(&actor, command, &Progress::none()).await {
                Ok(reply) if output.json => output.document(&reply),
                Ok(reply) => output.text(&render::reply(&reply, Moment::at(agent.now()))),
                Err(error) => output.error(&error),
            }
        });
    }

    async fn next_event(work: &mut Option<Work>) -> Event {
        let Some(work) = work else {
            return std::future::pending().await;
        };
        tokio::select! {
            biased;
            Some(step) = work.steps.recv() => Event::Step(step),
            outcome = &mut work.handle => Event::Ended(Box::new(
                outcome.unwrap_or_else(|error| Err(Error::internal(format!("the work ended: {error}")))),
            )),
        }
    }

    fn show(&mut self, step: &Step) {
        if let Some(work) = &mut self.work {
            work.printer.show(step);
        }
    }

    fn ended(&mut self, outcome: Result<Reply, Error>) {
        let mut prose_was_shown = false;
        if let Some(mut work) = self.work.take() {
            while let Ok(step) = work.steps.try_recv() {
                work.printer.show(&step);
            }
            prose_was_shown = work.printer.finish();
        }
        match outcome {
            Ok(reply) => self.reply(reply, prose_was_shown),
            Err(error) => self.failed(&error),
        }
    }

    fn reply(&mut self, reply: Reply, prose_was_shown: bool) {
        self.note_failure(reply.exit_code());
        if self.wire.output.json {
            self.wire.output.document(&reply);
        } else {
            let moment = Moment {
                now: self.agent.now(),
                prose_was_shown,
            };
            self.wire.output.text(&render::reply(&reply, moment));
        }
        if let Reply::Confirm(question) = reply {
            self.wire
                .output
                .remark(&format!("{}? yes or no", question.text));
            self.question = Some(question);
        }
    }

    fn failed(&mut self, error: &Error) {
        self.note_failure(error.exit_code());
        self.wire.output.error(error);
    }

    fn note_failure(&mut self, code: u8) {
        if self.first_failure == 0 {
            self.first_failure = code;
        }
    }

    fn say(&self, text: &str) {
        if self.wire.output.json {
            self.wire
                .output
                .document(&serde_json::json!({ "text": text }));
        } else {
            self.wire.output.text(text);
        }
    }

    fn prompt(&self) {
        if self.person && self.work.is_none() {
            self.wire.output.ask("fjord> ");
        }
    }
}

/// Reads standard input on a thread of its own: it cannot be given up in the middle of a line.
fn read_lines() -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel(64);
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        loop {
            let mut bytes = Vec::new();
            match (&mut stdin)
                .take(LONGEST_LINE)
                .read_until(b'\n', &mut bytes)
            {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            // The agent refuses what is too long; the rest of such a line must not be taken as a new one.
            if !bytes.ends_with(b"\n")
                && bytes.len() as u64 == LONGEST_LINE
                && skip_line(&mut stdin).is_err()
            {
                return;
            }
            if sender
                .blocking_send(String::from_utf8_lossy(&bytes).into_owned())
                .is_err()
            {
                return;
            }
        }
    });
    receiver
}

/// Reads to the end of a line and keeps nothing of it.
pub(crate) fn skip_line(stdin: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let available = stdin.fill_buf()?;
        if available.is_empty() {
            return Ok(());
        }
        let end = available.iter().position(|&byte| byte == b'\n');
        let taken = end.map_or(available.len(), |end| end + 1);
        stdin.consume(taken);
        if end.is_some() {
            return Ok(());
        }
    }
}
