//! Finds and reads the files that `rag add` is given.
//!
//! These functions block; the commands that use them run at a terminal.

use std::collections::HashSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::{Collection, Kind, RagError, Source, chunk};

/// The largest document taken, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 10 * 1024 * 1024;

const EXTENSIONS: [&str; 4] = ["md", "markdown", "txt", "rst"];
const SKIPPED_FOLDERS: [&str; 2] = ["node_modules", "target"];

/// Walks the paths given, in order: folders for Markdown and text, files as they are.
///
/// Hidden entries, `node_modules` and `target` are skipped; each file comes once, also through symbolic links.
/// A path that does not exist, or a folder that cannot be read, is an error item, and the walk goes on.
pub fn files(paths: &[PathBuf]) -> Files {
    Files {
        open: paths
            .iter()
            .rev()
            .map(|path| Entry {
                path: path.clone(),
                named: true,
            })
            .collect(),
        seen: HashSet::new(),
    }
}

/// The iterator of [`files`]; its paths are absolute and without symbolic links.
#[derive(Debug)]
pub struct Files {
    open: Vec<Entry>,
    seen: HashSet<PathBuf>,
}

#[derive(Debug)]
struct Entry {
    path: PathBuf,
    /// Named by the person, rather than found in a folder.
    named: bool,
}

impl Iterator for Files {
    type Item = Result<PathBuf, RagError>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(entry) = self.open.pop() {
            let path = match fs::canonicalize(&entry.path) {
                Ok(path) => path,
                // A dangling link inside a folder is nobody's mistake.
                Err(_) if !entry.named => continue,
                Err(error) => return Some(Err(unreadable(&entry.path, &error))),
            };
            if !self.seen.insert(path.clone()) {
                continue;
            }
            if !path.is_dir() {
                if entry.named || (path.is_file() && is_document(&entry.path)) {
                    return Some(Ok(path));
                }
                continue;
            }
            match fs::read_dir(&path) {
                Ok(entries) => self.open.extend(sorted(entries)),
                Err(error) => return Some(Err(unreadable(&path, &error))),
            }
        }
        None
    }
}

/// Reads one file as a source of the collection `documents`.
///
/// Binary files, invalid UTF-8 and more than [`MAX_DOCUMENT_BYTES`] are refused.
pub fn read(path: &Path) -> Result<Source, RagError> {
    let absolute = fs::canonicalize(path).map_err(|error| unreadable(path, &error))?;
    // A pipe or a device would block, or never end.
    if !absolute.is_file() {
        return Err(RagError::Invalid(format!(
            "`{}` is not a regular file",
            path.display()
        )));
    }
    let mut bytes = Vec::new();
    fs::File::open(&absolute)
        .and_then(|file| {
            file.take(MAX_DOCUMENT_BYTES as u64 + 1)
                .read_to_end(&mut bytes)
        })
        .map_err(|error| unreadable(path, &error))?;
    if bytes.len() > MAX_DOCUMENT_BYTES {
        return Err(RagError::Invalid(format!(
            "`{}` is larger than {} MB: split it, or leave it out",
            path.display(),
            MAX_DOCUMENT_BYTES / 1024 / 1024
        )));
    }
    if bytes.contains(&0) {
        return Err(RagError::Invalid(format!(
            "`{}` is a binary file: give Markdown or text",
            path.display()
        )));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        RagError::Invalid(format!(
            "`{}` is not UTF-8 text (byte {} is invalid): convert it with `iconv -t utf-8`",
            path.display(),
            error.utf8_error().valid_up_to()
        ))
    })?;
    let kind = kind_of(&absolute);
    let title = chunk::title(kind, &text)
        .or_else(|| {
            absolute
                .file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
        })
        .unwrap_or_default();
    Ok(Source {
        collection: Collection::Documents,
        source: absolute.to_string_lossy().into_owned(),
        title,
        kind,
        text,
    })
}

fn sorted(entries: fs::ReadDir) -> Vec<Entry> {
    let mut paths: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            !name.starts_with('.') && !SKIPPED_FOLDERS.contains(&name.as_ref())
        })
        .collect();
    // The last is taken first.
    paths.sort_by(|a, b| b.cmp(a));
    paths
        .into_iter()
        .map(|path| Entry { path, named: false })
        .collect()
}

fn extension(path: &Path) -> String {
    path.extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase()
}

fn is_document(path: &Path) -> bool {
    EXTENSIONS.contains(&extension(path).as_str())
}

fn kind_of(path: &Path) -> Kind {
    match extension(path).as_str() {
        "md" | "markdown" => Kind::Markdown,
        _ => Kind::Text,
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> RagError {
    RagError::Invalid(format!("cannot read `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("b.md", "# Title of b\ntext"),
            ("a.TXT", "a"),
            ("code.rs", "fn main() {}"),
            (".hidden.md", "x"),
            (".git/x.md", "x"),
            ("node_modules/x.md", "x"),
            ("target/x.md", "x"),
            ("sub/c.rst", "c"),
        ] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn names(paths: &[PathBuf]) -> Vec<String> {
        files(paths)
            .map(|path| {
                path.unwrap()
                    .file_name()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect()
    }

    #[test]
    fn a_folder_gives_its_documents_once_in_order() {
        let folder = folder();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("sub/loop")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("gone.md")).unwrap();
        let here = folder.path().to_path_buf();
        assert_eq!(
            names(&[here.clone(), here.join("b.md")]),
            ["a.TXT", "b.md", "c.rst"]
        );
    }

    #[test]
    fn a_named_file_is_taken_whatever_its_name() {
        let folder = folder();
        assert_eq!(names(&[folder.path().join("code.rs")]), ["code.rs"]);
    }

    #[test]
    fn a_missing_path_is_named_and_the_walk_goes_on() {
        let folder = folder();
        let found: Vec<_> =
            files(&["/no/such/folder".into(), folder.path().join("b.md")]).collect();
        let first = found[0].as_ref().unwrap_err().to_string();
        assert!(
            first.starts_with("cannot read `/no/such/folder`: "),
            "{first}"
        );
        assert!(found[1].is_ok());
    }

    #[test]
    fn the_title_is_the_first_heading_or_the_name() {
        let folder = folder();
        assert_eq!(
            read(&folder.path().join("b.md")).unwrap().title,
            "Title of b"
        );
        assert_eq!(read(&folder.path().join("a.TXT")).unwrap().title, "a");
    }

    #[test]
    fn what_is_no_text_is_refused_with_a_reason() {
        fn check(bytes: &[u8], expected: &str) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("x.md");
            fs::write(&path, bytes).unwrap();
            let error = read(&path).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        check(b"a\0b", "is a binary file");
        check(b"abc\xff", "is not UTF-8 text (byte 3 is invalid)");
        check(&vec![b'a'; MAX_DOCUMENT_BYTES + 1], "is larger than 10 MB");
        assert!(
            read(Path::new("/dev/zero"))
                .unwrap_err()
                .to_string()
                .contains("not a regular file")
        );
    }
}
