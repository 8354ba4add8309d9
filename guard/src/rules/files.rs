//! Tools that read and write files, judged as the command that does the same.
//!
//! `Write` on `/etc/hosts` is `echo … > /etc/hosts`, `Read` of `.env` is `cat .env`: one rule for both.

use serde_json::Value;

use super::mcp::Name;
use crate::ToolCall;
use crate::paths;
use crate::run::{Arg, Run};
use crate::shell::RedirectKind;

/// How many paths of one call are looked at.
const MAX_PATHS: usize = 256;

const PATHS: &[&str] = &[
    "path",
    "filepath",
    "filename",
    "relativepath",
    "targetfile",
    "notebookpath",
    "absolutepath",
    "pathinproject",
    "uri",
    "paths",
    "directory",
    "dir",
    "folder",
];
const SOURCES: &[&str] = &["source", "sourcepath", "src", "from", "oldpath"];
const TARGETS: &[&str] = &[
    "destination",
    "destinationpath",
    "dest",
    "dst",
    "target",
    "to",
    "newpath",
];

/// What a call does to a file.
pub(crate) struct FileAct {
    /// The same as a command.
    pub(crate) run: Run,
    /// The absolute path that is written, if one is.
    pub(crate) written: Option<String>,
}

/// What a call does to files.
pub(crate) fn acts(call: &ToolCall, name: Option<&Name>, home: Option<&str>) -> Vec<FileAct> {
    let at = |path: &str| absolute(call.cwd, path, home);
    let path = || {
        ["file_path", "notebook_path", "path"]
            .iter()
            .find_map(|field| call.text(field))
    };
    match (call.tool, name) {
        ("Write", _) => path().map(at).map(|path| write(call, path, true)),
        ("Edit" | "MultiEdit" | "NotebookEdit", _) => {
            path().map(at).map(|path| write(call, path, false))
        }
        ("Read", _) => path().map(at).map(|path| command(call, &["cat", &path])),
        ("Grep", _) => searched(call, path().map(at).as_deref()),
        (_, Some(name)) => return of_server(call, name, home),
        _ => None,
    }
    .into_iter()
    .collect()
}

/// The absolute form of a path as people write it.
pub(crate) fn absolute(cwd: &str, path: &str, home: Option<&str>) -> String {
    let path = path.strip_prefix("file://").unwrap_or(path);
    let in_home = ["~", "$HOME", "${HOME}"].iter().find_map(|start| {
        path.strip_prefix(start)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let whole = match in_home {
        Some(rest) => format!("{}{rest}", home.unwrap_or("~")),
        None => path.to_owned(),
    };
    paths::resolve(Some(cwd), &whole).unwrap_or(whole)
}

fn write(call: &ToolCall, path: String, whole: bool) -> FileAct {
    let kind = if whole {
        RedirectKind::Write
    } else {
        RedirectKind::Append
    };
    FileAct {
        run: Run {
            argv: vec![Arg::new("echo"), Arg::new("…")],
            cwd: Some(call.cwd.to_owned()),
            redirects: vec![(kind, Arg::new(path.clone()))],
            ..Run::default()
        },
        written: Some(path),
    }
}

fn command(call: &ToolCall, words: &[&str]) -> FileAct {
    FileAct {
        run: Run {
            argv: words.iter().copied().map(Arg::new).collect(),
            cwd: Some(call.cwd.to_owned()),
            ..Run::default()
        },
        written: None,
    }
}

/// `Grep` shows lines only when it is told to; otherwise the names of files.
fn searched(call: &ToolCall, path: Option<&str>) -> Option<FileAct> {
    if call.text("output_mode") != Some("content") {
        return None;
    }
    let glob = call.text("glob").and_then(|glob| glob.rsplit('/').next());
    let mut words = vec!["grep", "-r", "-e", "…"];
    words.extend(path);
    words.extend(glob);
    (words.len() > 4).then(|| command(call, &words))
}

/// Fields of an input that say that its files are on no disk of this machine.
const ELSEWHERE: &[&str] = &[
    "owner",
    "repo",
    "repository",
    "project_id",
    "bucket",
    "host",
];
/// Words of a tool's name that say that it is about files.
const FILE_WORDS: &[&str] = &[
    "file",
    "text",
    "content",
    "media",
    "directory",
    "dir",
    "folder",
    "path",
    "editor",
];

/// The file tools of other servers, by the words of their names.
fn of_server(call: &ToolCall, name: &Name, home: Option<&str>) -> Vec<FileAct> {
    let Some(input) = call.input.as_object() else {
        return Vec::new();
    };
    // A file of a repository at a forge is none of this machine.
    if ELSEWHERE.iter().any(|field| input.contains_key(*field)) || name.is_browser() {
        return Vec::new();
    }
    let given = |names: &[&str]| -> Vec<String> {
        input
            .iter()
            .take(MAX_PATHS)
            .filter(|(key, _)| super::mcp::is_one_of(key, names))
            .flat_map(|(_, value)| match value {
                Value::Array(list) => list.iter().take(MAX_PATHS).collect(),
                one => vec![one],
            })
            .filter_map(Value::as_str)
            .filter(|path| !path.is_empty() && !path.contains("://") || path.starts_with("file://"))
            .map(|path| absolute(call.cwd, path, home))
            .collect()
    };
    let first = match name.words.first().map(String::as_str).unwrap_or_default() {
        // `str_replace_editor` and its like are told what to do.
        "str" => call.text("command").unwrap_or("edit"),
        first => first,
    };
    let is_file = name.says(FILE_WORDS);
    match first {
        _ if !is_file && !name.is_about(&["filesystem", "file", "fs"]) => Vec::new(),
        "write" | "create" | "save" | "put" if !name.says(&["directory", "dir", "folder"]) => {
            given(PATHS)
                .into_iter()
                .map(|path| write(call, path, true))
                .collect()
        }
        "edit" | "append" | "insert" | "replace" | "update" | "patch" | "modify"
        | "str_replace" => given(PATHS)
            .into_iter()
            .map(|path| write(call, path, false))
            .collect(),
        "read" | "get" | "view" | "open" | "cat"
            if !name.says(&[
                "info",
                "metadata",
                "size",
                "stat",
                "directory",
                "dir",
                "tree",
            ]) =>
        {
            given(PATHS)
                .into_iter()
                .map(|path| command(call, &["cat", &path]))
                .collect()
        }
        "delete" | "remove" | "rm" | "trash" | "unlink" => {
            let tree = name.says(&["directory", "dir", "folder", "tree"])
                || input.get("recursive").and_then(Value::as_bool) == Some(true);
            let program: &[&str] = if tree { &["rm", "-rf"] } else { &["rm"] };
            given(PATHS)
                .into_iter()
                .map(|path| command(call, &[program, &[path.as_str()]].concat()))
                .collect()
        }
        "move" | "rename" | "copy" => {
            let program = if first == "copy" { "cp" } else { "mv" };
            let (mut from, to) = (given(SOURCES), given(TARGETS));
            if from.is_empty() {
                from = given(PATHS);
            }
            let Some(to) = to.into_iter().next() else {
                return Vec::new();
            };
            let mut acts: Vec<FileAct> = from
                .iter()
                .map(|from| command(call, &[program, from, &to]))
                .collect();
            acts.push(write(call, to, true));
            acts
        }
        _ => Vec::new(),
    }
}

/// The texts that a call puts into a file, or takes out of it.
pub(super) fn texts<'a>(call: &ToolCall<'a>) -> impl Iterator<Item = &'a str> {
    let edits = call
        .input
        .get("edits")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    std::iter::once(call.input)
        .chain(edits)
        .filter_map(Value::as_object)
        .flat_map(|object| {
            object
                .iter()
                .filter(|(key, _)| !matches!(key.as_str(), "file_path" | "path"))
                .filter_map(|(_, value)| value.as_str())
        })
}
