//! `fjord rag add PATH..`: finds the files and hands them over one by one.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use agent::{Actor, Agent, Command, Error, Face, Learn, Progress, Reply};
use indicatif::{ProgressBar, ProgressStyle};

use crate::output::{mark, marked};
use crate::wire::{Wire, absolute};

/// What became of the files.
#[derive(Debug, Default, serde::Serialize)]
struct Sum {
    /// Taken in, new or changed.
    added: u64,
    /// Known already, word for word.
    unchanged: u64,
    /// Found in a folder and no text: the reason each.
    skipped: Vec<String>,
    /// Named and not taken in: the reason each.
    failed: Vec<String>,
    /// Passages of what was added.
    passages: u64,
}

/// Takes files in; one that cannot be read is told of, and the others go on.
pub(crate) async fn run(
    wire: &Wire,
    agent: &Agent,
    paths: Vec<PathBuf>,
) -> Result<ExitCode, Error> {
    let named: HashSet<PathBuf> = paths
        .iter()
        .filter_map(|path| path.canonicalize().ok())
        .collect();
    let found: Vec<_> = tokio::task::spawn_blocking(move || rag::files(&paths).collect())
        .await
        .map_err(|error| Error::internal(format!("the files cannot be listed: {error}")))?;
    let bar = bar(wire, found.len() as u64);
    let actor = wire.actor(Face::Argv);
    let mut sum = Sum::default();
    for file in found {
        // What only lies in a folder that was named is not what was asked for.
        let is_named = file.as_ref().map_or(true, |path| named.contains(path));
        let learned = match file {
            Ok(path) => {
                bar.set_message(
                    path.file_name()
                        .unwrap_or_default()
                        .to_string_lossy()
                        .into_owned(),
                );
                read(path).await
            }
            Err(error) => Err(Error::invalid(error.to_string())),
        };
        let outcome = match learned {
            Ok(learn) => {
                let source = learn.source.clone();
                hand_over(agent, &actor, learn)
                    .await
                    .map_err(|error| (Some(source), error))
            }
            Err(error) => Err((None, error)),
        };
        bar.inc(1);
        match outcome {
            Ok(Reply::Learned(learned)) if learned.unchanged => sum.unchanged += 1,
            Ok(Reply::Learned(learned)) => {
                sum.added += 1;
                sum.passages += learned.passages;
                if !learned.masked.is_empty() {
                    let masked = format!(
                        "{} `{}`: {}",
                        marked(mark::WARN, "secrets masked in"),
                        learned.title,
                        learned.masked.join(", ")
                    );
                    bar.suspend(|| wire.output.remark(&masked));
                }
            }
            Ok(_) => sum.added += 1,
            // Every other file would fail the same way.
            Err((_, error @ (Error::Unavailable { .. } | Error::Forbidden { .. }))) => {
                bar.finish_and_clear();
                return Err(error);
            }
            Err((source, error)) => {
                let reason = source.map_or_else(
                    || error.to_string(),
                    |source| format!("`{source}`: {error}"),
                );
                let (label, list) = if is_named {
                    (marked(mark::BAD, "not taken in:"), &mut sum.failed)
                } else {
                    (marked(mark::WARN, "skipped:"), &mut sum.skipped)
                };
                bar.suspend(|| wire.output.remark(&format!("{label} {reason}")));
                list.push(reason);
            }
        }
    }
    bar.finish_and_clear();
    print(wire, &sum);
    Ok(if sum.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Returns what to forget: a path as `rag add` stored it, where the words name no document by themselves.
pub(crate) async fn named(wire: &Wire, agent: &Agent, asked: String) -> Result<String, Error> {
    let path = absolute(Path::new(asked.trim()))?;
    // A file that is gone has no canonical path; its folder may still have one.
    let path = path
        .canonicalize()
        .ok()
        .or_else(|| Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?)))
        .unwrap_or(path);
    let path = path.to_string_lossy();
    let reply = agent
        .handle(
            &wire.actor(Face::Argv),
            Command::Documents,
            &Progress::none(),
        )
        .await?;
    let Reply::Documents(documents) = reply else {
        return Ok(asked);
    };
    let below = format!("{path}/");
    let is_known = documents
        .iter()
        .any(|document| document.source == asked || document.id == asked);
    let is_path = documents
        .iter()
        .any(|document| document.source == path || document.source.starts_with(&below));
    Ok(if is_path && !is_known {
        path.into_owned()
    } else {
        asked
    })
}

/// Many files are more than a person's requests: it waits where it is asked to.
async fn hand_over(agent: &Agent, actor: &Actor, learn: Learn) -> Result<Reply, Error> {
    loop {
        match agent
            .handle(actor, Command::Learn(learn.clone()), &Progress::none())
            .await
        {
            Err(Error::Throttled { retry_after_s }) => {
                tokio::time::sleep(Duration::from_secs(retry_after_s)).await;
            }
            outcome => return outcome,
        }
    }
}

async fn read(path: PathBuf) -> Result<Learn, Error> {
    let source = tokio::task::spawn_blocking(move || rag::read(&path))
        .await
        .map_err(|error| Error::internal(format!("the file cannot be read: {error}")))?
        .map_err(|error| Error::invalid(error.to_string()))?;
    let kind = match source.kind {
        rag::Kind::Markdown => "markdown",
        rag::Kind::Text => "text",
    };
    Ok(Learn {
        source: source.source,
        title: source.title,
        kind: kind.to_owned(),
        text: source.text,
    })
}

fn bar(wire: &Wire, files: u64) -> ProgressBar {
    if wire.output.json || !wire.output.errors_are_watched() {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(files).with_style(style)
}

fn print(wire: &Wire, sum: &Sum) {
    if wire.output.json {
        wire.output.document(sum);
        return;
    }
    let mut text = format!(
        "{} added with {} passages, {} unchanged",
        sum.added, sum.passages, sum.unchanged
    );
    if !sum.skipped.is_empty() {
        text.push_str(&format!(", {} skipped", sum.skipped.len()));
    }
    if !sum.failed.is_empty() {
        text.push_str(&format!(
            ", {}",
            marked(mark::BAD, &format!("{} not taken in", sum.failed.len()))
        ));
    } else if sum.skipped.is_empty() && sum.added + sum.unchanged == 0 {
        "no Markdown or text found there".clone_into(&mut text);
    }
    wire.output.text(&text);
}
