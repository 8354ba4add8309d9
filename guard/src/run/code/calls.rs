//! Calls that run a shell, delete, read or query.

use super::super::output;
use super::Step;
use super::tokens::{Token, decodes, is_lisp, resolved, tokens};

/// Calls that hand a text to a shell, or words to a program.
const RUNS: &[&str] = &[
    "system",
    "popen",
    "exec",
    "execSync",
    "spawn",
    "spawnSync",
    "run",
    "call",
    "check_call",
    "check_output",
    "Popen",
    "getoutput",
    "getstatusoutput",
    "execFileSync",
    "execFile",
    "shell_exec",
    "passthru",
    "proc_open",
    "qx",
    "backquote",
    "capture2",
    "capture2e",
    "capture3",
    "popen3",
    "popen2e",
    "pcntl_exec",
    "create_subprocess_shell",
    "create_subprocess_exec",
    "system2",
    "shell",
    "cmd",
    "Command",
    "command",
    "callCommand",
    "doShellScript",
    "run-program",
    "shell-command",
    "shell-command-to-string",
    "async-shell-command",
    "call-process-shell-command",
    "system*",
    "sh",
    "syscmd",
    "esyscmd",
    "spawn_shell",
    "execaCommand",
    "execaCommandSync",
    "execa",
];

/// Names of calls that mean something else in `JavaScript` more often than not.
const MANY_THINGS: &[&str] = &[
    "run",
    "call",
    "command",
    "cmd",
    "shell",
    "sh",
    "system",
    "shell_exec",
];

fn is_script(language: &str) -> bool {
    matches!(
        language,
        "node" | "nodejs" | "bun" | "deno" | "tsx" | "ts-node" | "mongosh" | "mongo"
    )
}

/// The same, with the name of the program before its words.
const NAMED_RUNS: &[&str] = &[
    "execv",
    "execve",
    "execvp",
    "execvpe",
    "execl",
    "execle",
    "execlp",
    "execlpe",
    "spawnl",
    "spawnle",
    "spawnlp",
    "spawnv",
    "spawnve",
    "spawnvp",
    "posix_spawn",
    "posix_spawnp",
];

/// Calls that delete a tree.
const DELETE_TREES: &[&str] = &[
    "rmtree",
    "rmSync",
    "rm_rf",
    "rm_r",
    "remove_tree",
    "rmdirSync",
    "remove_entry_secure",
    "delete-directory",
    "remove_dir_all",
    "rm_f_r",
];

/// Calls of clients and mappers that delete many things at once.
const DELETES: &[&str] = &[
    "deleteIndex",
    "delete_index",
    "dropDatabase",
    "dropCollection",
    "drop_database",
    "drop_collection",
    "destroy_all",
    "delete_all",
    "drop_all",
    "deleteBucket",
    "delete_bucket",
    "deleteTable",
    "delete_table",
    "flushall",
    "flushAll",
    "flushdb",
];

/// How deep code may stand in code.
const MAX_NESTED: usize = 3;

/// What the code does, as far as its names and literals tell. `given` are texts with a name from outside.
pub(super) fn steps(code: &str, language: &str, given: &[(String, String)]) -> Vec<Step> {
    let mut found = Vec::new();
    gather(code, language, given, 0, &mut found);
    found.truncate(64);
    found
}

#[expect(clippy::too_many_lines, reason = "one arm a kind of call")]
fn gather(
    code: &str,
    language: &str,
    given: &[(String, String)],
    depth: usize,
    found: &mut Vec<Step>,
) {
    let plain = tokens(code, language);
    let hides = plain.iter().any(decodes);
    let tokens = resolved(&plain, given);
    found.extend(super::network::step(&tokens));
    found.extend(super::sdk::step(&tokens));
    super::removals::steps(&tokens, found);
    for (index, token) in tokens.iter().enumerate() {
        let rest = tokens.get(index + 1..).unwrap_or_default();
        let before = index.checked_sub(1).and_then(|at| tokens.get(at));
        let last = match token {
            Token::Name(_) => token.last(),
            // `getattr(os, "system")(…)`, `cp["execSync"](…)`.
            Token::Text(name)
                if matches!(rest, [Token::Mark(')' | ']'), Token::Mark('('), ..])
                    && matches!(before, Some(Token::Mark(',' | '['))) =>
            {
                name
            }
            Token::Text(text) => {
                found.extend(piped(text, language, before, rest, &tokens[..index]));
                continue;
            }
            Token::Mark(_) => continue,
        };
        let rest = match token {
            Token::Text(_) => rest.get(1..).unwrap_or_default(),
            _ => rest,
        };
        if DELETES.contains(&last) {
            found.push(Step::Argv(vec!["sdk-call".to_owned(), last.to_owned()]));
            continue;
        }
        let by_name = match token {
            // These names mean a shell in some languages only.
            Token::Name(name) if is_script(language) && MANY_THINGS.contains(&last) => {
                name.starts_with("Deno.")
            }
            _ => true,
        };
        let is_call = RUNS.contains(&last) && by_name;
        let runs = is_call || last == "eval";
        if runs && still_hidden(rest) {
            found.push(Step::Shell("base64 -d | sh".to_owned()));
            continue;
        }
        // `system($0)` of `awk`.
        if matches!(
            rest,
            [
                Token::Mark('('),
                Token::Mark('$'),
                Token::Mark('0'),
                Token::Mark(')'),
                ..
            ]
        ) && last == "system"
        {
            found.push(Step::Input);
            continue;
        }
        // `system 'rm'` needs no bracket in Ruby and Perl.
        let rest = match rest {
            // `open F, "|command"`.
            [Token::Name(_), Token::Mark(','), rest @ ..] if last == "open" => rest,
            rest => rest,
        };
        let mut literals = literals(rest, is_lisp(language));
        let Some(first) = literals.first().cloned() else {
            continue;
        };
        if let Token::Name(name) = token
            && let Some(request) = super::requests::step(name, &literals, rest)
        {
            found.push(request);
            continue;
        }
        let is_python = language.starts_with("py") || language == "ipython";
        if depth < MAX_NESTED && (last == "eval" || last == "exec" && is_python) {
            gather(&first, language, given, depth + 1, found);
        } else if last == "execute" && language.starts_with("lua")
            || last == "script" && language == "osascript"
        {
            found.push(Step::Shell(first));
        } else if is_call {
            found.push(if literals.len() > 1 && !is_mode(&literals[1]) {
                Step::Argv(literals)
            } else {
                Step::Shell(first)
            });
        } else if NAMED_RUNS.contains(&last) {
            literals.remove(0);
            found.push(Step::Argv(literals));
        } else if DELETE_TREES.contains(&last) {
            found.push(Step::Argv(
                ["rm", "-rf", "--"]
                    .into_iter()
                    .map(str::to_owned)
                    .chain([first])
                    .collect(),
            ));
        } else {
            match last {
                // `open(F, "rm x |")` runs it.
                "open" if language == "perl" && literals.iter().any(|text| is_pipe(text)) => {
                    let command = literals.into_iter().find(|text| is_pipe(text));
                    found.extend(
                        command.map(|text| Step::Shell(text.trim_matches(['|', ' ']).to_owned())),
                    );
                }
                "move" | "rename" | "renameSync" | "mv" if literals.len() == 2 => {
                    let words = ["mv".to_owned()].into_iter().chain(literals);
                    found.push(Step::Argv(words.collect()));
                }
                "truncate" | "truncateSync" if first.starts_with('/') => {
                    let words = ["truncate", "-s", "0"].map(str::to_owned);
                    found.push(Step::Argv(words.into_iter().chain([first]).collect()));
                }
                // What is written is as if `tee` wrote it.
                "writeFileSync" | "writeFile" | "appendFileSync" | "appendFile"
                | "file_put_contents" => {
                    found.push(Step::Argv(vec!["tee".to_owned(), first]));
                }
                "open"
                    if literals.get(1).is_some_and(|mode| {
                        mode.len() < 4 && mode.starts_with(['w', 'a', 'x'])
                    }) =>
                {
                    found.push(Step::Argv(vec!["tee".to_owned(), first]));
                }
                "open" | "readFileSync" | "readFile" | "file_get_contents" | "read_text"
                | "read" | "Path" => found.push(Step::Argv(vec!["cat".to_owned(), first])),
                "run" if matches!(token, Token::Name(name) if name.starts_with("db.")) => {
                    found.push(Step::Argv(vec!["sql".to_owned(), first]));
                }
                "execute" | "query" | "executescript" => {
                    found.push(Step::Argv(vec!["sql".to_owned(), first]));
                }
                _ => {}
            }
        }
    }
    // A secret file that is named is read sooner or later.
    found.extend(
        tokens
            .iter()
            .filter_map(|token| match token {
                Token::Text(text) if names_secret(text) => Some(text.clone()),
                // A name that is hidden is meant.
                Token::Text(text) if hides && text.len() < 256 => output::decode(text)
                    .and_then(|bytes| String::from_utf8(bytes).ok())
                    .filter(|text| names_secret(text)),
                _ => None,
            })
            .map(|text| Step::Argv(vec!["cat".to_owned(), text])),
    );
}

/// Texts that are run without a call: `"…" | getline`, `print | "…"`, `"…".execute()`.
fn piped(
    text: &str,
    language: &str,
    before: Option<&Token>,
    rest: &[Token],
    earlier: &[Token],
) -> Option<Step> {
    let shell = || Some(Step::Shell(text.to_owned()));
    match language {
        "awk" | "gawk" | "mawk" | "nawk" => {
            if matches!(rest, [Token::Mark('|'), name, ..] if name.last() == "getline") {
                return shell();
            }
            if !before.is_some_and(|mark| mark.is('|')) {
                return None;
            }
            if !super::super::SHELLS.contains(&super::super::base_name(text).as_str()) {
                return shell();
            }
            earlier.iter().rev().take(16).find_map(|token| match token {
                Token::Text(text) => Some(Step::Shell(text.clone())),
                Token::Name(name) if name == "print" => Some(Step::Input),
                _ => None,
            })
        }
        "groovy" | "scala" => match rest {
            [Token::Mark('.'), Token::Mark('!'), ..] => shell(),
            [Token::Mark('.'), name, ..] if name.last() == "execute" => shell(),
            _ => None,
        },
        _ => None,
    }
}

/// The mode of `popen(command, "r")` and its like.
fn is_mode(text: &str) -> bool {
    matches!(
        text,
        "r" | "w" | "rw" | "rb" | "r+" | "inherit" | "pipe" | "utf8" | "utf-8" | "*a" | "a"
    )
}

fn is_pipe(text: &str) -> bool {
    let text = text.trim();
    text.len() > 2 && (text.starts_with('|') || text.ends_with('|'))
}

/// Whether the call that starts here is given something that is decoded first, and could not be.
fn still_hidden(tokens: &[Token]) -> bool {
    tokens
        .iter()
        .take(24)
        .take_while(|token| !matches!(token, Token::Mark(';' | '\n')))
        .any(decodes)
}

/// Whether a text is the usual name of a file of secrets.
fn names_secret(text: &str) -> bool {
    let name = text.rsplit('/').next().unwrap_or_default();
    text.len() < 256
        && (name == ".env"
            || name.starts_with(".env.")
            || name.starts_with("id_rsa")
            || name.starts_with("id_ed25519")
            || text.ends_with(".aws/credentials")
            || text.contains('/') && matches!(name.rsplit('.').next(), Some("key" | "pem")))
}

/// The literals of the call that starts here, up to its closing bracket.
/// In a Lisp that bracket is open already.
fn literals(tokens: &[Token], is_open: bool) -> Vec<String> {
    let mut depth = usize::from(is_open);
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate().take(64) {
        match token {
            Token::Mark('(' | '[') => depth += 1,
            Token::Mark(')' | ']') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            // `{` starts options after the words: `{shell: true}`.
            Token::Mark('{') => {
                let words = tokens.get(index + 1).map_or("", Token::last);
                if !matches!(words.trim_end_matches(':'), "args" | "cmd" | "") || depth == 0 {
                    break;
                }
            }
            Token::Mark(';' | '\n') => break,
            Token::Text(text) => {
                found.push(text.clone());
                if depth == 0 {
                    break;
                }
            }
            Token::Name(_) if depth == 0 => break,
            _ => {}
        }
    }
    found
}
