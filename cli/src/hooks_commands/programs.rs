//! The programs that the hooks need: `fjord-hook`, and the client itself. What is run is asked for its version only,
//! with a deadline, and nothing is run that a repository could have named.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use config::{Environment, env};
use hooks::install::Status;
use serde::Serialize;

/// How long a program may take to tell its version.
const DEADLINE: Duration = Duration::from_secs(3);
/// The client's program.
const CLIENT: &str = "claude";
/// The client's package; those of single platforms begin with it.
const PACKAGE: &str = "@anthropic-ai/claude-code";
/// How far above the program its package is looked for.
const ABOVE: usize = 4;
/// A larger file is no description of a package.
const LARGEST: u64 = 1 << 20;

/// How `fjord-hook` is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    /// It answers, and is of this version.
    Version(String),
    /// It is not there.
    Gone,
    /// It is there and cannot be run.
    NotExecutable,
    /// It was run and said nothing of use in time.
    Silent,
    /// Another Fjord's, or somebody else's: it was not run.
    NotOurs,
}

/// The client, where it was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Client {
    /// Its program.
    pub(crate) program: PathBuf,
    /// Its version; `None`: it did not tell.
    pub(crate) version: Option<String>,
}

/// Looks at the program that the entries name. `None`: there are no entries.
pub(crate) async fn hook(status: &Status) -> Option<Answer> {
    let program = status.program.as_deref()?;
    Some(if !program.is_file() {
        Answer::Gone
    } else if !status.program_is_ours {
        Answer::NotOurs
    } else if !is_executable(program) {
        Answer::NotExecutable
    } else {
        let said = said(program, &[]).await;
        let version = said
            .as_deref()
            .and_then(|said| said.strip_prefix("fjord-hook "));
        version.map_or(Answer::Silent, |version| {
            Answer::Version(version.to_owned())
        })
    })
}

/// Finds the client on the path: its version stands in its package or its name; only else it is asked.
pub(crate) async fn client(environment: &Environment) -> Option<Client> {
    let path = environment.get(env::PATH)?.to_owned();
    let program = path
        .split(':')
        .map(Path::new)
        // A relative place is wherever one stands, a repository for instance.
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(CLIENT))
        .find(|program| program.is_file() && is_executable(program))?;
    let mut version = written_version(&program);
    if version.is_none() {
        let kept = [env::HOME, env::PATH]
            .into_iter()
            .filter_map(|name| Some((name, environment.get(name)?)));
        let said = said(&program, &kept.collect::<Vec<_>>()).await;
        version = said.and_then(|said| version_in(said.split_whitespace().next()?));
    }
    Some(Client { program, version })
}

fn written_version(program: &Path) -> Option<String> {
    let real = program.canonicalize().ok()?;
    // The installer of its own keeps each version as a file of that name.
    if let Some(version) = real.file_name().and_then(|name| version_in(name.to_str()?)) {
        return Some(version);
    }
    real.ancestors().skip(1).take(ABOVE).find_map(|folder| {
        let file = folder.join("package.json");
        let about = std::fs::metadata(&file).ok()?;
        if !about.is_file() || about.len() > LARGEST {
            return None;
        }
        let package: serde_json::Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
        let is_client = package.get("name")?.as_str()?.starts_with(PACKAGE);
        is_client.then(|| version_in(package.get("version")?.as_str()?))?
    })
}

/// The text, if it is a version.
fn version_in(text: &str) -> Option<String> {
    let parts: Vec<&str> = text.split('.').collect();
    let is_number =
        |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (parts.len() == 3 && parts.iter().all(is_number)).then(|| text.to_owned())
}

fn is_executable(program: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(program).is_ok_and(|about| about.permissions().mode() & 0o111 != 0)
}

/// The first line that a program prints when it is asked for its version.
async fn said(program: &Path, variables: &[(&str, &str)]) -> Option<String> {
    let mut command = tokio::process::Command::new(program);
    command
        .arg("--version")
        .env_clear()
        .envs(variables.iter().copied())
        .env("DISABLE_AUTOUPDATER", "1")
        .current_dir("/")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let output = tokio::time::timeout(DEADLINE, command.output())
        .await
        .ok()?
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let line = text.lines().next()?.trim();
    (output.status.success() && line.len() <= 100).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn make(file: &Path, text: &str, mode: u32) {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    async fn version_on(path: &str) -> Option<String> {
        let environment = Environment::from_pairs([("PATH", path)]);
        client(&environment).await?.version
    }

    #[tokio::test]
    async fn the_clients_version_is_read_where_it_stands_and_else_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let text = |name: &str| at(name).to_str().unwrap().to_owned();
        // A program that would tell another version must not even be run.
        let wrong = "#!/bin/sh\necho 9.9.9\n";
        make(&at("npm/claude-code/bin/claude.exe"), wrong, 0o755);
        let package = "{\"name\":\"@anthropic-ai/claude-code\",\"version\":\"2.1.329\"}";
        make(&at("npm/claude-code/package.json"), package, 0o644);
        make(&at("versions/2.1.197"), wrong, 0o755);
        for (folder, target) in [
            ("a", "npm/claude-code/bin/claude.exe"),
            ("b", "versions/2.1.197"),
        ] {
            std::fs::create_dir(at(folder)).unwrap();
            std::os::unix::fs::symlink(at(target), at(folder).join("claude")).unwrap();
        }
        make(
            &at("c/claude"),
            "#!/bin/sh\necho '2.0.1 (Claude Code)'\n",
            0o755,
        );
        make(&at("d/claude"), "#!/bin/sh\necho nonsense\n", 0o755);
        make(&at("e/claude"), "#!/bin/sh\necho 2.0.1\n", 0o644);
        assert_eq!(version_on(&text("a")).await.as_deref(), Some("2.1.329"));
        assert_eq!(version_on(&text("b")).await.as_deref(), Some("2.1.197"));
        let two = format!("relative:{}:{}", text("e"), text("c"));
        assert_eq!(version_on(&two).await.as_deref(), Some("2.0.1"));
        assert_eq!(version_on(&text("d")).await, None);
        assert_eq!(version_on(&text("e")).await, None);
    }

    #[tokio::test]
    async fn a_program_that_hangs_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("fjord-hook");
        make(&program, "#!/bin/sh\nexec /bin/sleep 60\n", 0o755);
        let status = Status {
            settings: PathBuf::new(),
            events: Vec::new(),
            complete: true,
            program: Some(program),
            program_exists: true,
            program_is_ours: true,
            problems: Vec::new(),
        };
        assert_eq!(hook(&status).await, Some(Answer::Silent));
        let foreign = Status {
            program_is_ours: false,
            ..status
        };
        assert_eq!(hook(&foreign).await, Some(Answer::NotOurs));
    }
}
