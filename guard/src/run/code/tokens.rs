//! Names, brackets and string literals of most languages, and no more.

use std::collections::BTreeMap;

use super::super::{filters, output};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Name(String),
    Text(String),
    Mark(char),
}

impl Token {
    pub(super) fn is(&self, mark: char) -> bool {
        *self == Token::Mark(mark)
    }

    /// The last part of a name: `system` of `os.system`.
    pub(super) fn last(&self) -> &str {
        match self {
            Token::Name(name) => name.rsplit(['.', ':', '/']).next().unwrap_or_default(),
            _ => "",
        }
    }
}

/// How many tokens are read.
const MAX_TOKENS: usize = 4_096;

/// Languages in which a backquote runs a command.
pub(super) fn runs_backquotes(language: &str) -> bool {
    matches!(language, "ruby" | "perl" | "php" | "julia" | "irb")
}

pub(super) fn is_lisp(language: &str) -> bool {
    matches!(
        language,
        "emacs" | "emacsclient" | "guile" | "racket" | "sbcl" | "clojure" | "clj" | "bb"
    )
}

pub(super) fn tokens(code: &str, language: &str) -> Vec<Token> {
    let hash_comments = !matches!(
        language,
        "node"
            | "bun"
            | "deno"
            | "nodejs"
            | "tsx"
            | "ts-node"
            | "zx"
            | "mongosh"
            | "mongo"
            | "osascript"
            | "erl"
            | "scala"
            | "groovy"
            | "swift"
            | "jshell"
            | "dart"
    ) && !is_lisp(language);
    let mut found = Vec::new();
    let mut characters = code.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            // A quote alone starts a symbol in a Lisp.
            '\'' if is_lisp(language) => {}
            '\'' | '"' | '`' => {
                if character == '`' && runs_backquotes(language) {
                    found.push(Token::Name("backquote".to_owned()));
                }
                // `$`…`` runs it in Bun and zx.
                if character == '`' && matches!(found.last(), Some(Token::Mark('$'))) {
                    found.push(Token::Name("backquote".to_owned()));
                }
                found.push(Token::Text(literal(&mut characters, character)));
            }
            '#' if hash_comments => while characters.next_if(|one| *one != '\n').is_some() {},
            '%' if matches!(characters.peek(), Some('x')) && language == "ruby" => {
                characters.next();
                quoted(&mut characters, &mut found);
            }
            one if one.is_alphabetic() || one == '_' => {
                let mut name = String::from(one);
                let lisp = is_lisp(language);
                while let Some(next) = characters.next_if(|next| {
                    next.is_alphanumeric()
                        || matches!(next, '_' | '.' | ':')
                        || lisp && matches!(next, '-' | '/')
                }) {
                    name.push(next);
                }
                if name == "qx" && matches!(language, "perl") {
                    quoted(&mut characters, &mut found);
                } else {
                    found.push(Token::Name(name));
                }
            }
            '.' if matches!(found.last(), Some(Token::Mark(')'))) => {}
            one if one.is_whitespace() && one != '\n' => {}
            one => found.push(Token::Mark(one)),
        }
        if found.len() > MAX_TOKENS {
            break;
        }
    }
    found
}

fn literal(characters: &mut std::iter::Peekable<std::str::Chars<'_>>, end: char) -> String {
    let mut text = String::new();
    while let Some(next) = characters.next() {
        match next {
            '\\' => text.extend(
                characters
                    .next()
                    .map(|escaped| if escaped == 'n' { '\n' } else { escaped }),
            ),
            other if other == end => break,
            other => text.push(other),
        }
    }
    text
}

/// `qx(…)`, `%x{…}`: a command between brackets or marks of any kind.
fn quoted(characters: &mut std::iter::Peekable<std::str::Chars<'_>>, found: &mut Vec<Token>) {
    let Some(open) = characters.next_if(char::is_ascii_punctuation) else {
        found.push(Token::Name("qx".to_owned()));
        return;
    };
    let close = match open {
        '(' => ')',
        '{' => '}',
        '[' => ']',
        '<' => '>',
        other => other,
    };
    let mut text = String::new();
    let mut depth = 0_usize;
    for next in characters.by_ref() {
        if next == close && depth == 0 {
            break;
        }
        if close != open && next == open {
            depth += 1;
        } else if next == close {
            depth -= 1;
        }
        text.push(next);
    }
    // What ends the text early may have been part of the command: `qx/rm -rf //`.
    if close == '/' && text.ends_with(' ') {
        text.push('/');
    }
    found.push(Token::Name("backquote".to_owned()));
    found.push(Token::Text(text));
}

/// Puts texts together that the code puts together, and names that stand for a text or a call.
pub(super) fn resolved(tokens: &[Token], given: &[(String, String)]) -> Vec<Token> {
    let mut texts: BTreeMap<String, String> = given.iter().cloned().collect();
    let mut calls: BTreeMap<String, String> = BTreeMap::new();
    let mut done: Vec<Token> = Vec::with_capacity(tokens.len());
    let mut index = 0;
    while let Some(token) = tokens.get(index) {
        let next = |offset: usize| tokens.get(index + offset);
        match token {
            Token::Name(name) => {
                if let (Some(Token::Name(word)), Some(Token::Name(other))) = (next(1), next(2))
                    && word == "as"
                {
                    calls.insert(other.clone(), name.clone());
                }
                // `[:=]` and `<-` name things too.
                let assigns = match (next(1), next(2)) {
                    (Some(Token::Mark('=')), Some(Token::Text(_))) => Some(2),
                    (Some(Token::Mark(':' | '<')), Some(Token::Mark('=' | '-'))) => Some(3),
                    _ => None,
                };
                if let Some(at) = assigns
                    && let Some(Token::Text(text)) = next(at)
                    && !matches!(next(at + 1), Some(Token::Mark('+' | '.')))
                {
                    texts.insert(name.clone(), text.clone());
                }
                if decodes(token)
                    && next(1).is_some_and(|mark| mark.is('('))
                    && let Some(Token::Text(text)) = next(2)
                    && let Some(decoded) = decoded(name, text, next(4))
                {
                    done.push(Token::Text(decoded));
                    // What follows the text up to the bracket says how it was encoded.
                    let rest = tokens.get(index + 3..).unwrap_or_default();
                    let end = rest.iter().take(8).position(|token| token.is(')'));
                    index += 4 + end.unwrap_or(0);
                    continue;
                }
                let assigned = matches!(next(1), Some(Token::Mark('=' | ':' | '<')));
                if let Some(text) = texts.get(name).filter(|_| !assigned) {
                    done.push(Token::Text(text.clone()));
                } else if let Some(call) = calls.get(name) {
                    done.push(Token::Name(call.clone()));
                } else {
                    done.push(token.clone());
                }
            }
            Token::Text(text) => {
                let joined = matches!(done.as_slice(), [.., Token::Text(_), Token::Mark('+')]);
                if joined {
                    done.pop();
                    if let Some(Token::Text(before)) = done.last_mut()
                        && before.len() + text.len() < 1 << 16
                    {
                        before.push_str(text);
                    }
                } else if next(1).is_some_and(|mark| mark.is('.'))
                    && next(2).is_some_and(|name| name.last() == "join")
                {
                    // The separator of a list that follows.
                    index += 2;
                } else if reversed(tokens.get(index + 1..).unwrap_or_default()) {
                    done.push(Token::Text(text.chars().rev().collect()));
                    index += 6;
                } else {
                    done.push(token.clone());
                }
            }
            Token::Mark(_) => done.push(token.clone()),
        }
        index += 1;
    }
    done
}

/// `[::-1]`.
fn reversed(rest: &[Token]) -> bool {
    let marks: Vec<char> = rest
        .iter()
        .take(6)
        .map_while(|token| match token {
            Token::Mark(mark) => Some(*mark),
            _ => None,
        })
        .collect();
    marks.starts_with(&['[', ':', ':', '-', '1', ']'])
}

/// Whether a name decodes a text.
pub(super) fn decodes(token: &Token) -> bool {
    matches!(
        token.last(),
        "b64decode"
            | "decode64"
            | "atob"
            | "base64_decode"
            | "urlsafe_b64decode"
            | "fromhex"
            | "unhexlify"
            | "hex2bin"
            | "decode_base64"
    ) || matches!(token, Token::Name(name) if name == "Buffer.from")
}

fn decoded(name: &str, text: &str, how: Option<&Token>) -> Option<String> {
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_hex = matches!(last, "fromhex" | "unhexlify" | "hex2bin")
        || matches!(how, Some(Token::Text(how)) if how == "hex");
    if name == "Buffer.from" && !matches!(how, Some(Token::Text(_))) {
        return Some(text.to_owned());
    }
    if is_hex {
        filters::hex(text)
    } else {
        output::base64(text)
    }
}
