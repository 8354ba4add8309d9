//! Refuses a change of the client's settings that would take Fjord's own entries out of a session.
//!
//! The client tells its hooks of a change after the file was written; a refusal keeps the old settings in the
//! session. What should be there is known from `fjord hooks install`, so this needs no daemon.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::hook::INSTALLED;
use serde_json::{Map, Value, json};

use crate::event::Event;
use crate::{check, identity};

/// The largest file that is read, as in the installer.
const MOST_BYTES: u64 = 8 << 20;
/// How long a note of leaving counts, seconds.
const LEAVING_S: u64 = 60;
/// A file may be half-written: how often it is read, and the pause between.
const TRIES: usize = 4;
const PAUSE: Duration = Duration::from_millis(20);
/// The field of the event that tells the daemon.
const NOTE: &str = "fjord_refused";

/// Looks at a change of settings; the answer refuses it. The event gets a note for the daemon.
pub(crate) fn refuse(event: &mut Event, data: &Path) -> Option<Value> {
    if event.name != "ConfigChange" {
        return None;
    }
    let file = event.value.get("file_path").and_then(Value::as_str)?;
    let file = real(Path::new(file));
    let known: Value = serde_json::from_slice(&read(&data.join(INSTALLED)).ok()?).ok()?;
    let loss = loss(&known, &file)?;
    event.note(NOTE, loss.clone());
    let reason = format!(
        "Fjord's hooks stay on in this session: {loss}. A person takes them out with `fjord hooks uninstall`, in a terminal of their own."
    );
    Some(json!({
        "decision": "block",
        "reason": reason,
        "systemMessage": format!("{reason} The file itself was changed; `fjord hooks status` tells what is left of it."),
    }))
}

/// What Fjord would lose; `None`: nothing, or a person wants it so.
fn loss(known: &Value, file: &Path) -> Option<String> {
    let name = file.to_string_lossy();
    let leaving = known.get("leaving").and_then(|files| files.get(&*name));
    if let Some(since) = leaving.and_then(Value::as_u64)
        && identity::seconds().abs_diff(since) <= LEAVING_S
    {
        return None;
    }
    let files = known.get("files").and_then(Value::as_object)?;
    if files.is_empty() {
        return None;
    }
    let groups = files
        .get(&*name)
        .and_then(|file| file.get("hooks")?.as_object());
    let Some(settings) = settings(file) else {
        groups?;
        return Some(format!("{name} cannot be read any more"));
    };
    if settings.get("disableAllHooks") == Some(&Value::Bool(true)) {
        return Some(format!("{name} switches all hooks off"));
    }
    let groups = groups?;
    let hooks = settings.get("hooks").and_then(Value::as_object);
    if let Some(problem) = check::problems(&settings)
        .into_iter()
        .find(|problem| problem.drops_file)
    {
        return Some(format!("{name} is broken: {problem}"));
    }
    let gone: Vec<&str> = groups
        .iter()
        .filter(|(event, group)| !holds(hooks, event, group))
        .map(|(event, _)| event.as_str())
        .collect();
    (!gone.is_empty())
        .then(|| format!("{name} has no longer Fjord's entry for {}", gone.join(", ")))
}

/// Whether the one hook of a group stands under its event, for the same tools and as it was written.
fn holds(hooks: Option<&Map<String, Value>>, event: &str, group: &Value) -> bool {
    let wanted = group.pointer("/hooks/0");
    let groups = hooks.and_then(|hooks| hooks.get(event)?.as_array());
    groups.into_iter().flatten().any(|present| {
        present.get("matcher") == group.get("matcher")
            && present
                .get("hooks")
                .and_then(Value::as_array)
                .is_some_and(|hooks| hooks.iter().any(|hook| Some(hook) == wanted))
    })
}

/// Reads the settings as the client does; a file that is gone holds none, and `None` is no settings at all.
fn settings(file: &Path) -> Option<Value> {
    for attempt in 0..TRIES {
        if attempt > 0 {
            std::thread::sleep(PAUSE);
        }
        match read(file) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes);
                let text = text.trim_start_matches('\u{feff}');
                if let Ok(Value::Object(settings)) = serde_json::from_str(text) {
                    return Some(Value::Object(settings));
                }
                // Somebody may be about to fill it.
                if attempt + 1 == TRIES && text.trim().is_empty() {
                    return Some(json!({}));
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                if attempt + 1 == TRIES {
                    return Some(json!({}));
                }
            }
            Err(_) => return None,
        }
    }
    None
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    // A fifo would never end.
    if !std::fs::metadata(file)?.is_file() {
        return Err(std::io::Error::other("this is no file"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(file)?
        .take(MOST_BYTES)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The file behind links, as the installer names it.
fn real(file: &Path) -> PathBuf {
    file.canonicalize().unwrap_or_else(|_| {
        let folder = file.parent().and_then(|folder| folder.canonicalize().ok());
        match (folder, file.file_name()) {
            (Some(folder), Some(name)) => folder.join(name),
            _ => file.to_path_buf(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is lost with these settings; the file is known with one entry.
    fn lost(settings: Option<&str>) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().canonicalize().unwrap().join("settings.json");
        if let Some(text) = settings {
            std::fs::write(&file, text).unwrap();
        }
        let name = file.to_string_lossy().into_owned();
        let known = json!({ "files": { name: { "hooks": {
            "Stop": { "matcher": "a", "hooks": [{ "type": "command", "command": "/x/fjord-hook", "args": [] }] },
        } } } });
        loss(&known, &file)
    }

    const OWN: &str = r#"{"type":"command","command":"/x/fjord-hook","args":[]}"#;

    #[test]
    fn a_change_that_leaves_the_entries_is_none_of_our_business() {
        let with = |group: &str| format!(r#"{{"model":"x","hooks":{{"Stop":[{group}]}}}}"#);
        let foreign = r#"{"hooks":[{"type":"command","command":"y"}]}"#;
        let own = format!(r#"{{"hooks":[{OWN}],"matcher":"a"}}"#);
        assert_eq!(lost(Some(&with(&own))), None);
        assert_eq!(lost(Some(&with(&format!("{foreign},{own}")))), None);
        let shared =
            format!(r#"{{"matcher":"a","hooks":[{{"type":"prompt","prompt":"p"}},{OWN}]}}"#);
        assert_eq!(lost(Some(&with(&shared))), None);
        assert_eq!(lost(Some(&format!("\u{feff}{}", with(&own)))), None);
    }

    #[test]
    fn taking_out_narrowing_breaking_and_switching_off_are_told() {
        let own = format!(r#"{{"matcher":"a","hooks":[{OWN}]}}"#);
        let cases = [
            "{}".to_owned(),
            String::new(),
            "no settings".to_owned(),
            r#"{"hooks":{"Stop":[]}}"#.to_owned(),
            format!(
                r#"{{"hooks":{{"Stop":[{}]}}}}"#,
                own.replace("\"a\"", "\"b\"")
            ),
            format!(
                r#"{{"hooks":{{"Stop":[{}]}}}}"#,
                own.replace("[]", "[\"x\"]")
            ),
            format!(
                r#"{{"hooks":{{"Stop":[{}]}}}}"#,
                own.replace("\"args\"", "\"if\":\"Bash\",\"args\"")
            ),
            format!(r#"{{"hooks":{{"Stop":[{own}],"PreToolUse":[{{"matcher":1,"hooks":[]}}]}}}}"#),
            format!(r#"{{"disableAllHooks":true,"hooks":{{"Stop":[{own}]}}}}"#),
        ];
        for settings in cases {
            assert!(lost(Some(&settings)).is_some(), "{settings}");
        }
        assert!(lost(None).unwrap().ends_with("entry for Stop"));
    }

    #[test]
    fn a_file_without_entries_may_change_but_not_switch_hooks_off() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("other.json");
        let known = json!({ "files": { "/elsewhere/settings.json": { "hooks": {} } } });
        for (text, is_loss) in [
            ("{}", false),
            ("{", false),
            ("{\"disableAllHooks\":true}", true),
        ] {
            std::fs::write(&file, text).unwrap();
            assert_eq!(loss(&known, &file).is_some(), is_loss, "{text}");
        }
        assert_eq!(loss(&json!({}), &file), None, "nothing is installed");
    }

    #[test]
    fn a_person_who_takes_them_out_is_let_for_a_minute() {
        let name = "/p/settings.json";
        let known = |since: u64| {
            json!({
                "files": { name: { "hooks": { "Stop": { "hooks": [{}] } } } },
                "leaving": { name: since },
            })
        };
        let now = identity::seconds();
        assert_eq!(loss(&known(now - 5), Path::new(name)), None);
        assert!(loss(&known(now - 300), Path::new(name)).is_some());
    }
}
