//! Programs in other languages given on the line: what they hand to a shell, delete, read or send.
//!
//! This reads names, brackets and string literals, no more: enough for `os.system("rm -rf /")`.

use super::Arg;

/// Something the code does.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A text handed to a shell.
    Shell(String),
    /// The same as this command.
    Argv(Vec<String>),
}

/// The code given on the line, and the flag that gave it.
pub(super) fn inline<'a>(name: &str, args: &'a [Arg]) -> Option<(&'a Arg, &'static str)> {
    let family = name.trim_end_matches(|one: char| one.is_ascii_digit() || one == '.');
    let (flags, shown): (&[&str], &'static str) = match family {
        "python" | "pypy" | "ipython" => (&["-c"], "-c"),
        "node" | "nodejs" | "bun" | "deno" | "tsx" | "ts-node" => {
            (&["-e", "--eval", "-p", "--print", "-pe"], "-e")
        }
        "perl" | "ruby" => (&["-e", "-E"], "-e"),
        "php" => (&["-r"], "-r"),
        "lua" | "rscript" | "osascript" | "groovy" => (&["-e"], "-e"),
        "awk" | "gawk" | "mawk" => {
            let (rest, _) = super::wrappers::skip_flags(args, &["-F", "-v", "-f"]);
            return rest.first().map(|arg| (arg, "program"));
        }
        "rails" | "gitlab-rails" => {
            let at = args
                .iter()
                .position(|arg| matches!(arg.text.as_str(), "runner" | "r"))?;
            return args.get(at + 1).map(|code| (code, "runner"));
        }
        _ => return None,
    };
    for (index, arg) in args.iter().enumerate() {
        let clustered = arg.text.strip_prefix('-').is_some_and(|cluster| {
            !cluster.starts_with('-')
                && flags.iter().any(|flag| {
                    flag.len() == 2 && cluster.len() < 6 && cluster.ends_with(&flag[1..])
                })
        });
        if flags.contains(&arg.text.as_str()) || clustered {
            return args.get(index + 1).map(|code| (code, shown));
        }
        if !arg.text.starts_with('-') {
            return None;
        }
    }
    None
}

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Name(String),
    Text(String),
    Mark(char),
}

/// What the code does, as far as its names and literals tell.
pub(super) fn steps(code: &str, language: &str) -> Vec<Step> {
    let tokens = tokens(code, language);
    let mut found = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        let Token::Name(name) = token else { continue };
        let last = name.rsplit(['.', ':']).next().unwrap_or_default();
        if DELETES.contains(&last) {
            found.push(Step::Argv(vec!["sdk-call".to_owned(), last.to_owned()]));
            continue;
        }
        if SHELL_CALLS.contains(&last) && decodes(&tokens[index + 1..]) {
            found.push(Step::Shell("base64 -d | sh".to_owned()));
            continue;
        }
        // `system 'rm'` needs no bracket in Ruby and Perl.
        let literals = literals(&tokens[index + 1..]);
        let Some(first) = literals.first() else {
            continue;
        };
        match last {
            "system" | "popen" | "exec" | "execSync" | "spawn" | "spawnSync" | "run" | "call"
            | "check_call" | "check_output" | "Popen" | "getoutput" | "getstatusoutput"
            | "execFileSync" | "execFile" | "shell_exec" | "passthru" | "qx" | "backquote" => {
                found.push(if literals.len() > 1 {
                    Step::Argv(literals)
                } else {
                    Step::Shell(first.clone())
                });
            }
            "rmtree"
            | "rmSync"
            | "rm_rf"
            | "rm_r"
            | "remove_tree"
            | "rmdirSync"
            | "remove_entry_secure" => {
                found.push(Step::Argv(
                    ["rm", "-rf", "--"]
                        .into_iter()
                        .map(str::to_owned)
                        .chain(literals.into_iter().take(1))
                        .collect(),
                ));
            }
            "open" | "readFileSync" | "readFile" | "file_get_contents" | "read_text" | "read"
            | "Path" => {
                found.push(Step::Argv(vec!["cat".to_owned(), first.clone()]));
            }
            "execute" | "query" | "executescript" => {
                found.push(Step::Argv(vec!["sql".to_owned(), first.clone()]));
            }
            _ => {}
        }
    }
    let hides = tokens.iter().any(decoder);
    // A secret file that is named is read sooner or later.
    found.extend(
        tokens
            .iter()
            .filter_map(|token| match token {
                Token::Text(text) if names_secret(text) => Some(text.clone()),
                // A name that is hidden is meant.
                Token::Text(text) if hides && text.len() < 256 => super::output::decode(text)
                    .and_then(|bytes| String::from_utf8(bytes).ok())
                    .filter(|text| names_secret(text)),
                _ => None,
            })
            .map(|text| Step::Argv(vec!["cat".to_owned(), text])),
    );
    found.truncate(64);
    found
}

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

const SHELL_CALLS: &[&str] = &[
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
    "eval",
];

/// Whether the call that starts here is given something that is decoded first.
fn decodes(tokens: &[Token]) -> bool {
    tokens
        .iter()
        .take(24)
        .take_while(|token| !matches!(token, Token::Mark(';' | '\n')))
        .any(decoder)
}

fn decoder(token: &Token) -> bool {
    matches!(token, Token::Name(name) if matches!(
        name.rsplit(['.', ':']).next().unwrap_or_default(),
        "b64decode" | "decode64" | "atob" | "base64_decode" | "urlsafe_b64decode"
    ))
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
fn literals(tokens: &[Token]) -> Vec<String> {
    let mut depth = 0_usize;
    let mut found = Vec::new();
    for token in tokens.iter().take(64) {
        match token {
            Token::Mark('(' | '[') => depth += 1,
            Token::Mark(')' | ']') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            // `{` starts options after the words: `{shell: true}`.
            Token::Mark(';' | '\n' | '{') => break,
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

fn tokens(code: &str, language: &str) -> Vec<Token> {
    let shell_quotes = matches!(language, "ruby" | "perl" | "php");
    let mut found = Vec::new();
    let mut characters = code.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\'' | '"' | '`' => {
                if character == '`' && shell_quotes {
                    found.push(Token::Name("backquote".to_owned()));
                }
                let mut text = String::new();
                while let Some(next) = characters.next() {
                    match next {
                        '\\' => text.extend(
                            characters
                                .next()
                                .map(|escaped| if escaped == 'n' { '\n' } else { escaped }),
                        ),
                        other if other == character => break,
                        other => text.push(other),
                    }
                }
                found.push(Token::Text(text));
            }
            '#' if !matches!(language, "node" | "bun" | "deno" | "nodejs") => {
                while characters.next_if(|one| *one != '\n').is_some() {}
            }
            one if one.is_alphabetic() || one == '_' => {
                let mut name = String::from(one);
                while let Some(next) = characters
                    .next_if(|next| next.is_alphanumeric() || matches!(next, '_' | '.' | ':'))
                {
                    name.push(next);
                }
                found.push(Token::Name(name));
            }
            '.' if matches!(found.last(), Some(Token::Mark(')'))) => {}
            one if one.is_whitespace() && one != '\n' => {}
            one => found.push(Token::Mark(one)),
        }
        if found.len() > 4_096 {
            break;
        }
    }
    found
}
