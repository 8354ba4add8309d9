//! Calls that delete files: by name, by a pattern, or one by one in a loop.

use super::Step;
use super::tokens::Token;

/// Calls that delete one file, by their whole name.
const BY_NAME: &[&str] = &[
    "Deno.remove",
    "Deno.removeSync",
    "File.delete",
    "File.unlink",
    "FileUtils.rm",
    "FileUtils.rm_f",
    "Files.delete",
    "Files.deleteIfExists",
    "file.remove",
    "fs.promises.rm",
    "fs.promises.unlink",
    "fs.remove",
    "fs.rm",
    "fs.unlink",
    "fsPromises.rm",
    "fsPromises.unlink",
    "fsp.rm",
    "fsp.unlink",
    "os.remove",
    "os.unlink",
];
/// Calls that do whatever they belong to.
const BY_LAST: &[&str] = &["unlink", "unlinkSync", "removeSync"];
/// Calls that delete a tree, which `calls` follows where their path is a literal.
const TREES: &[&str] = &[
    "rmtree",
    "rmSync",
    "rm_rf",
    "rm_r",
    "remove_tree",
    "rmdirSync",
];
/// Calls that list by a pattern.
const PATTERNS: &[&str] = &["glob", "iglob", "globSync", "rglob"];
/// Calls that list a folder.
const FOLDERS: &[&str] = &[
    "children",
    "entries",
    "iterdir",
    "listdir",
    "readdir",
    "readdirSync",
    "scandir",
    "walk",
];
/// Names that tell one file from another.
const FILTERS: &[&str] = &[
    "endsWith",
    "endswith",
    "extname",
    "fnmatch",
    "match",
    "preg_match",
    "splitext",
    "startsWith",
    "startswith",
    "suffix",
    "test",
    "end_with?",
    "getmtime",
    "st_mtime",
    "mtime",
];

/// What is deleted by the calls of a program.
pub(super) fn steps(tokens: &[Token], found: &mut Vec<Step>) {
    let mut swept = false;
    for (index, token) in tokens.iter().enumerate() {
        let (tree, named) = match token {
            Token::Name(name) => {
                let last = token.last();
                let tree = TREES.contains(&last);
                let one = BY_NAME.contains(&name.as_str()) || BY_LAST.contains(&last);
                if !tree && !one {
                    continue;
                }
                (tree, !tree)
            }
            // `array_map("unlink", glob(…))`.
            Token::Text(name) if BY_LAST.contains(&name.as_str()) => (false, false),
            _ => continue,
        };
        let rest = tokens.get(index + 1..).unwrap_or_default();
        let recursive = tree
            || rest.iter().take(16).any(is_recursive)
            || matches!(rest, [Token::Mark('('), ..]) && token.last() == "removeSync";
        let before = tokens.get(..index).unwrap_or_default();
        match rest {
            [Token::Mark('('), Token::Text(path), ..] | [Token::Text(path), ..] if named => {
                found.push(remove(path.clone(), false, recursive));
            }
            // `Path("x").unlink()`.
            [Token::Mark('('), Token::Mark(')'), ..] if ends_in_path(before).is_some() => {
                let path = ends_in_path(before).unwrap_or_default();
                found.push(remove(path.to_owned(), false, recursive));
            }
            _ if !swept => {
                swept = true;
                found.extend(listed(tokens).map(|path| remove(path, true, recursive)));
            }
            _ => {}
        }
    }
}

/// `{recursive: true}`, also without the blank.
fn is_recursive(token: &Token) -> bool {
    matches!(token, Token::Name(name) if name.split(':').next() == Some("recursive"))
}

fn remove(path: String, pattern: bool, recursive: bool) -> Step {
    Step::Remove {
        path,
        pattern,
        recursive,
    }
}

/// The literal of `Path("x")` at the end of some tokens.
fn ends_in_path(tokens: &[Token]) -> Option<&str> {
    match tokens {
        [
            ..,
            name,
            Token::Mark('('),
            Token::Text(path),
            Token::Mark(')'),
        ] if matches!(name.last(), "Path" | "PosixPath" | "Pathname") => Some(path),
        _ => None,
    }
}

/// The pattern for what a program lists: the first that it does.
fn listed(tokens: &[Token]) -> Option<String> {
    // Files that the program picks have something in their names.
    let picks = tokens.iter().any(|token| {
        FILTERS.contains(&token.last())
            || matches!(token, Token::Name(name) if name.ends_with(".suffix"))
    });
    let all = if picks { "*.picked" } else { "*" };
    tokens.iter().enumerate().find_map(|(index, token)| {
        let by_pattern = PATTERNS.contains(&token.last());
        if !by_pattern && !FOLDERS.contains(&token.last()) {
            return None;
        }
        let before = ends_in_path(tokens.get(..index).unwrap_or_default());
        let literal = match tokens.get(index + 1..).unwrap_or_default() {
            [Token::Mark('('), Token::Text(text), ..] | [Token::Text(text), ..] => {
                Some(text.as_str())
            }
            _ => None,
        };
        match (before, literal) {
            (Some(folder), Some(pattern)) => {
                Some(format!("{}/{pattern}", folder.trim_end_matches('/')))
            }
            (None, Some(pattern)) if by_pattern => Some(if picks && pattern.ends_with("/*") {
                format!("{pattern}.picked")
            } else {
                pattern.to_owned()
            }),
            (Some(folder), None) | (None, Some(folder)) => {
                Some(format!("{}/{all}", folder.trim_end_matches('/')))
            }
            (None, None) => None,
        }
    })
}
