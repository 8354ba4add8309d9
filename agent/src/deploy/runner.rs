//! Runs one command under the supervisor and sees it through to its end.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};
use tokio_util::sync::CancellationToken;

use super::Runner;
use super::collect::Collector;
use super::supervisor::{Order, SUPERVISE, Word};
use crate::agent::Agent;
use crate::error::Error;

/// Between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(5);
/// How long output is waited for after the command has ended: something it left behind may hold it open.
const DRAIN: Duration = Duration::from_millis(300);
/// How long output is read after the command has ended, however much still comes.
const DRAIN_AT_MOST: Duration = Duration::from_secs(2);
/// How long a supervisor that was told to end its group may take before the group is killed without it.
const LAST_RESORT: Duration = Duration::from_secs(15);

/// What to run.
#[derive(Debug)]
pub(super) struct Job<'a> {
    /// As in the inventory; `{version}` is replaced, shell-quoted.
    pub command: &'a str,
    /// Where it runs.
    pub folder: &'a str,
    /// Passed as `FJORD_VERSION`.
    pub version: &'a str,
    /// Passed as `FJORD_SERVICE`.
    pub service: &'a str,
    /// The most it may take.
    pub timeout: Duration,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Exit code 0.
    Good,
    /// Another code, a signal, or it could not be started: one sentence.
    Bad(String),
    /// It took too long and was killed.
    TimedOut,
    /// It was told to stop and was killed.
    Cancelled,
}

/// Runs a job. `on_record` puts the process group on record before the command begins; when it fails, nothing runs.
pub(super) async fn run_job<F>(
    agent: &Agent,
    job: &Job<'_>,
    (collector, cancel): (&mut Collector, &CancellationToken),
    on_record: impl FnOnce(Runner) -> F,
) -> Result<End, Error>
where
    F: Future<Output = Result<(), Error>>,
{
    let mut started = start(agent, job).await?;
    let runner = match started.next_word().await {
        Some(Word::Ready(runner)) => runner,
        Some(Word::Refused(why)) => {
            return Ok(End::Bad(format!("the command could not be started: {why}")));
        }
        _ => return Err(Error::internal("the supervisor did not answer")),
    };
    // Dropping `started` on an error closes the pipe: the supervisor ends what waits.
    on_record(runner.clone()).await?;
    started.say("go\n").await?;
    let end = started
        .see_through(job.timeout, (collector, cancel), &runner)
        .await;
    collector.end_of_output();
    Ok(end)
}

struct Started {
    child: Child,
    stdin: Option<tokio::process::ChildStdin>,
    stdout: ChildStdout,
    words: BufReader<ChildStderr>,
}

async fn start(agent: &Agent, job: &Job<'_>) -> Result<Started, Error> {
    let mut command = Command::new(agent.supervisor());
    command
        .arg(SUPERVISE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C at a terminal goes to Fjord alone, which then decides.
        .process_group(0);
    for name in agent.private_variables() {
        command.env_remove(name);
    }
    let mut child = command.spawn().map_err(|error| {
        Error::internal(format!(
            "the supervisor `{}` cannot be started: {error}",
            agent.supervisor().display()
        ))
    })?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (Some(stdout), Some(stderr)) = (stdout, stderr) else {
        return Err(Error::internal("the supervisor has no pipes"));
    };
    let mut started = Started {
        child,
        stdin,
        stdout,
        words: BufReader::new(stderr),
    };
    let order = Order {
        command: job.command.replace("{version}", &quoted(job.version)),
        folder: job.folder.to_owned(),
        variables: vec![
            ("FJORD_VERSION".to_owned(), job.version.to_owned()),
            ("FJORD_SERVICE".to_owned(), job.service.to_owned()),
        ],
        grace_ms: u64::try_from(GRACE.as_millis()).unwrap_or(5_000),
    };
    let mut line =
        serde_json::to_string(&order).map_err(|error| Error::internal(error.to_string()))?;
    line.push('\n');
    started.say(&line).await?;
    Ok(started)
}

impl Started {
    async fn say(&mut self, text: &str) -> Result<(), Error> {
        let stdin = self
            .stdin
            .as_mut()
            .ok_or_else(|| Error::internal("the supervisor's pipe is closed"))?;
        let sent = async {
            stdin.write_all(text.as_bytes()).await?;
            stdin.flush().await
        };
        sent.await
            .map_err(|error| Error::internal(format!("the supervisor does not listen: {error}")))
    }

    async fn next_word(&mut self) -> Option<Word> {
        let mut line = String::new();
        let read =
            tokio::time::timeout(Duration::from_secs(10), self.words.read_line(&mut line)).await;
        matches!(read, Ok(Ok(length)) if length > 0)
            .then(|| serde_json::from_str(&line).ok())
            .flatten()
    }

    async fn see_through(
        mut self,
        timeout: Duration,
        (collector, cancel): (&mut Collector, &CancellationToken),
        runner: &Runner,
    ) -> End {
        let deadline = tokio::time::sleep(timeout);
        let last_resort = tokio::time::sleep(timeout + LAST_RESORT);
        tokio::pin!(deadline, last_resort);
        let mut stopped = None;
        let mut buffer = vec![0; 16 * 1024];
        // Bytes, not a string: what was read of a line must not be lost when another branch is taken.
        let mut line = Vec::new();
        let mut output_open = true;
        let word: Option<Word> = loop {
            tokio::select! {
                read = self.stdout.read(&mut buffer), if output_open => match read {
                    Ok(length) if length > 0 => collector.push(&buffer[..length]),
                    _ => output_open = false,
                },
                read = self.words.read_until(b'\n', &mut line) => match read {
                    Ok(_) => break serde_json::from_slice(&line).ok(),
                    Err(_) => break None,
                },
                () = &mut deadline, if stopped.is_none() => {
                    stopped = Some(End::TimedOut);
                    self.stdin = None;
                    last_resort.as_mut().reset(tokio::time::Instant::now() + LAST_RESORT);
                }
                () = cancel.cancelled(), if stopped.is_none() => {
                    stopped = Some(End::Cancelled);
                    self.stdin = None;
                    last_resort.as_mut().reset(tokio::time::Instant::now() + LAST_RESORT);
                }
                () = &mut last_resort, if stopped.is_some() => break None,
            }
        };
        if word.is_none() {
            // Nobody watches over the group any more; it must not run on beside what comes next.
            runner.kill_group();
            drop(self.child.start_kill());
        }
        // Something left in the background may print for ever.
        let drained = tokio::time::Instant::now() + DRAIN_AT_MOST;
        while output_open && tokio::time::Instant::now() < drained {
            match tokio::time::timeout(DRAIN, self.stdout.read(&mut buffer)).await {
                Ok(Ok(length)) if length > 0 => collector.push(&buffer[..length]),
                _ => output_open = false,
            }
        }
        self.stdin = None;
        let _reaped = tokio::time::timeout(GRACE, self.child.wait()).await;
        match (stopped, word) {
            (_, Some(Word::Exit(0))) => End::Good,
            (Some(stopped), _) => stopped,
            (None, Some(Word::Exit(code))) => End::Bad(format!("the command exited with {code}")),
            (None, Some(Word::Signal(signal))) => {
                End::Bad(format!("signal {signal} ended the command"))
            }
            (None, Some(Word::Refused(why))) => {
                End::Bad(format!("the command could not be started: {why}"))
            }
            (None, Some(Word::Killed | Word::Ready(_)) | None) => {
                End::Bad("the command's supervisor was killed, and the command with it".to_owned())
            }
        }
    }
}

/// Quotes a word for `sh`: nothing in it is special any more.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_hostile_version_is_one_word_for_the_shell() {
        assert_eq!(quoted("v1'; rm -rf /; '"), r"'v1'\''; rm -rf /; '\'''");
    }
}
