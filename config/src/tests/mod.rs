//! Tests of the crate as its users see it: files and variables in, configuration or messages out.

mod hook;
mod layers;
mod places;
mod project;
mod reference;
mod refusals;
mod secrets;

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{Environment, Loaded, Loader, Problem};

/// A machine with nothing on it but what a test writes: `etc.toml`, and `home` as `FJORD_HOME`.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn write_user(&self, text: impl AsRef<[u8]>) -> PathBuf {
        self.write("home/config/fjord.toml", text)
    }

    fn system_file(&self) -> PathBuf {
        self.path("etc.toml")
    }

    fn environment(&self, pairs: &[(&str, &str)]) -> Environment {
        let home = self.path("home").into_os_string();
        let pairs = pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).into()));
        Environment::from_pairs(pairs.chain([("FJORD_HOME".to_owned(), home)]))
    }

    /// Loads with the variables given, leniently.
    fn load(&self, pairs: &[(&str, &str)]) -> (Loaded, Vec<Problem>) {
        Loader::new(&self.environment(pairs))
            .system_file(self.system_file())
            .load_leniently()
    }

    /// Loads what must be in order.
    fn loaded(&self, pairs: &[(&str, &str)]) -> Loaded {
        Loader::new(&self.environment(pairs))
            .system_file(self.system_file())
            .load()
            .unwrap()
    }

    /// Prints problems as a person reads them, with the folder of the test left out.
    fn text(&self, problems: &[Problem]) -> String {
        let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
        lines
            .join("\n")
            .replace(&format!("{}/", self.folder.path().display()), "")
    }
}

/// Returns a key's line of `fjord config show`.
fn shown(machine: &Machine, loaded: &Loaded, key: &str) -> String {
    let row = loaded
        .show()
        .into_iter()
        .find(|row| row.key == key)
        .unwrap();
    let origin = row
        .origin
        .to_string()
        .replace(&format!("{}/", machine.folder.path().display()), "");
    format!("{} ({origin})", row.value)
}

fn file(path: &str) -> &Path {
    Path::new(path)
}
