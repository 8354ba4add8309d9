//! The same entries as a folder for the client's own plugin manager.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::entries::{self, Wanted};
use super::file::{cannot, write_whole};
use super::{InstallError, PROGRAM};

/// The plugin's name, and that of the market it can be installed from.
const NAME: &str = "fjord";
/// What tells the folder of a plugin.
const MANIFEST: &str = ".claude-plugin/plugin.json";
const DESCRIPTION: &str = "Judges tool calls, adds what Fjord knows of the servers and services, and lets a person approve by phone";

/// Names each file of the plugin and what it holds.
pub(super) fn files(wanted: Wanted<'_>) -> [(&'static str, String); 3] {
    let groups: serde_json::Map<_, _> = entries::groups(wanted)
        .into_iter()
        .map(|(event, group)| (event, json!([group])))
        .collect();
    let author = json!({ "name": "Fjord" });
    let version = env!("CARGO_PKG_VERSION");
    let plugin =
        json!({ "name": NAME, "version": version, "description": DESCRIPTION, "author": author });
    let market = json!({
        "name": NAME,
        "description": DESCRIPTION,
        "owner": author,
        "plugins": [{ "name": NAME, "source": "./", "description": DESCRIPTION }],
    });
    let hooks =
        json!({ "description": format!("Calls {PROGRAM} for each event"), "hooks": groups });
    let text = |value| format!("{value:#}\n");
    [
        (MANIFEST, text(plugin)),
        (".claude-plugin/marketplace.json", text(market)),
        ("hooks/hooks.json", text(hooks)),
    ]
}

/// Refuses a folder that holds anything but an earlier plugin of Fjord's.
pub(super) fn check(folder: &Path) -> Result<(), InstallError> {
    let is_empty = match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == ErrorKind::NotFound => true,
        Err(source) => return Err(cannot("read", folder, source)),
    };
    let is_ours = || {
        let bytes = std::fs::read(folder.join(MANIFEST)).ok()?;
        let manifest: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
        (manifest.get("name")?.as_str()? == NAME).then_some(())
    };
    if is_empty || is_ours().is_some() {
        return Ok(());
    }
    Err(InstallError::Malformed {
        file: folder.to_path_buf(),
        why: "the folder holds other files; name an empty one, or one that is not there yet"
            .to_owned(),
    })
}

/// Writes them, and returns their places.
pub(super) fn write(
    folder: &Path,
    files: &[(&'static str, String)],
) -> Result<Vec<PathBuf>, InstallError> {
    let mut written = Vec::new();
    for (name, text) in files {
        let file = folder.join(name);
        let parent = file.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|source| cannot("make", parent, source))?;
        write_whole(&file, text.as_bytes(), 0o644)
            .map_err(|source| cannot("write", &file, source))?;
        written.push(file);
    }
    Ok(written)
}
