//! Writes the configuration: complete or not at all, for its owner's eyes only.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use agent::Error;
use config::{Loader, Origin};

use crate::wire::Wire;

/// What stands in the file; empty: the default stays.
#[derive(Default)]
pub(super) struct Settings {
    pub(super) store: String,
    pub(super) redis: String,
    pub(super) chroma: String,
    pub(super) ollama: Option<String>,
    pub(super) model: Option<String>,
    pub(super) token: String,
    pub(super) api_url: Option<String>,
    pub(super) admins: Vec<u64>,
}

/// Writes the file; returns where the one before is kept.
pub(super) fn write(
    wire: &Wire,
    file: &Path,
    settings: &Settings,
) -> Result<Option<PathBuf>, Error> {
    let folder = file.parent().unwrap_or(Path::new("/"));
    let cannot = |what: &str, error: &std::io::Error| {
        Error::conflict(format!("{what} cannot be written: {error}"))
    };
    agent::store::make_private_folder(folder)
        .map_err(|error| cannot(&folder.display().to_string(), &error))?;
    let fresh = with_ending(file, "new");
    let written =
        save(&fresh, &text(settings)).map_err(|error| cannot(&fresh.display().to_string(), &error));
    let checked = written.and_then(|()| check(wire, &fresh));
    let kept = checked.and_then(|()| {
        keep(file).map_err(|error| cannot("a copy of the old configuration", &error))
    });
    let outcome = kept.and_then(|kept| {
        std::fs::rename(&fresh, file)
            .map(|()| kept)
            .map_err(|error| cannot(&file.display().to_string(), &error))
    });
    if outcome.is_err() {
        // What is left of a failed attempt may hold the token.
        let _gone = std::fs::remove_file(&fresh);
    }
    outcome
}

fn save(file: &Path, text: &str) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut open = File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)?;
    open.write_all(text.as_bytes())?;
    open.sync_all()
}

/// What `fjord` would refuse at its next start is refused now.
fn check(wire: &Wire, file: &Path) -> Result<(), Error> {
    let problems = problems(wire, file);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid(format!(
            "the configuration is refused\n{}",
            problems.join("\n")
        )))
    }
}

/// Refuses answers that the finished configuration would be refused for, while they can be asked again.
pub(super) fn check_answers(wire: &Wire, settings: &Settings) -> Result<(), Error> {
    let cannot = |error: std::io::Error| {
        Error::internal(format!("no temporary file for the check: {error}"))
    };
    let mut trial = tempfile::NamedTempFile::new().map_err(cannot)?;
    trial.write_all(text(settings).as_bytes()).map_err(cannot)?;
    let problems = problems(wire, trial.path());
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Error::invalid(problems.join("; ")))
    }
}

/// What is wrong in this file, whatever stands in the others.
fn problems(wire: &Wire, file: &Path) -> Vec<String> {
    let loader = Loader::new(&wire.environment).config_file(file);
    let (_, problems) = loader.load_leniently();
    problems
        .into_iter()
        .filter(|problem| matches!(&problem.origin, Origin::File { path, .. } if path == file))
        .map(|problem| problem.message)
        .collect()
}

fn keep(file: &Path) -> std::io::Result<Option<PathBuf>> {
    if !file.exists() {
        return Ok(None);
    }
    let free = (1..1_000_u32)
        .map(|number| with_ending(file, &format!("old.{number}")))
        .find(|kept| !kept.exists());
    let kept = free.unwrap_or_else(|| with_ending(file, "old"));
    std::fs::hard_link(file, &kept).or_else(|_| std::fs::copy(file, &kept).map(|_| ()))?;
    Ok(Some(kept))
}

fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    file.with_file_name(name)
}

fn text(settings: &Settings) -> String {
    let mut out = String::from(
        "# Written by `fjord init`. Every key and its default: `fjord config show`.\n",
    );
    let mut section = |name: &str, keys: &[(&str, Option<String>)]| {
        let set: Vec<_> = keys
            .iter()
            .filter_map(|(key, value)| value.as_ref().map(|value| (key, value)))
            .collect();
        if set.is_empty() {
            return;
        }
        let _string = write!(out, "\n[{name}]\n");
        for (key, value) in set {
            let _string = writeln!(out, "{key} = {value}");
        }
    };
    section("store", &[("url", quoted(&settings.store))]);
    section("throttle", &[("url", quoted(&settings.redis))]);
    section("rag", &[("url", quoted(&settings.chroma))]);
    section(
        "llm",
        &[
            ("url", settings.ollama.as_deref().map(quote)),
            ("model", settings.model.as_deref().map(quote)),
        ],
    );
    let admins: Vec<String> = settings.admins.iter().map(ToString::to_string).collect();
    section(
        "telegram",
        &[
            ("token", quoted(&settings.token)),
            ("api_url", settings.api_url.as_deref().and_then(quoted)),
            (
                "admins",
                (!admins.is_empty()).then(|| format!("[{}]", admins.join(", "))),
            ),
        ],
    );
    out
}

fn quoted(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| quote(text))
}

/// A basic string of TOML; its escapes are those of JSON.
fn quote(text: &str) -> String {
    let mut out = serde_json::Value::from(text).to_string();
    // JSON leaves this one as it is, TOML does not.
    out = out.replace('\u{7f}', "\\u007f");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_said_is_written() {
        let settings = Settings {
            store: "postgres://u:p\"w@h/db".to_owned(),
            ollama: Some(String::new()),
            token: "1:a".to_owned(),
            admins: vec![7],
            ..Settings::default()
        };
        assert_eq!(
            text(&settings),
            "# Written by `fjord init`. Every key and its default: `fjord config show`.\n\
             \n[store]\nurl = \"postgres://u:p\\\"w@h/db\"\n\
             \n[llm]\nurl = \"\"\n\
             \n[telegram]\ntoken = \"1:a\"\nadmins = [7]\n"
        );
    }

    #[test]
    fn an_old_file_is_kept_under_a_free_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("fjord.toml");
        assert_eq!(keep(&file).unwrap(), None);
        std::fs::write(&file, "first").unwrap();
        let first = keep(&file).unwrap().unwrap();
        let second = keep(&file).unwrap().unwrap();
        assert_ne!(first, second);
        assert_eq!(std::fs::read_to_string(second).unwrap(), "first");
    }
}
