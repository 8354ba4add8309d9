//! What simple programs print, where the text tells.

use super::walk::Walker;
use super::{Arg, Input, UNKNOWN, filters};

/// Longer output is not followed.
const MAX_PRINTED: usize = 256 << 10;

impl Walker<'_> {
    pub(super) fn printed(&mut self, name: &str, whole: &[Arg], stdin: &Input) -> Option<String> {
        let args = whole.get(1..).unwrap_or_default();
        // `cat <(…)` reads what is known.
        if !args
            .iter()
            .all(|arg| arg.is_known() || self.knows_file(&arg.text))
        {
            return None;
        }
        let text = match name {
            "mktemp" => Some(temporary(args)),
            "printf" => Some(printf(args)),
            "echo" | "yes" => Some(echo(args)),
            "base64" => {
                let decodes = ["-d", "-D", "-di", "-id", "--decode"];
                if args.iter().any(|arg| decodes.contains(&arg.text.as_str())) {
                    base64(&self.read_by(args, stdin)?)
                } else {
                    None
                }
            }
            _ if filters::is_filter(name) => {
                filters::filtered(name, args, || self.read_by(args, stdin))
            }
            _ => None,
        }?;
        (text.len() <= MAX_PRINTED && self.spend(text.len())).then_some(text)
    }

    /// What a text tool reads: the file that was written before, or its input.
    fn read_by(&mut self, args: &[Arg], stdin: &Input) -> Option<String> {
        let file = args
            .iter()
            .rev()
            .find(|arg| !arg.text.starts_with('-'))
            .and_then(|arg| self.file(&arg.text));
        file.or_else(|| stdin.text.clone())
    }
}

/// What `mktemp` prints: a new path, of which only the place is known.
fn temporary(args: &[Arg]) -> String {
    let mut folder = None;
    let mut template = None;
    let mut words = args.iter();
    while let Some(arg) = words.next() {
        match arg.text.as_str() {
            "-p" => folder = words.next().map(|arg| arg.text.as_str()),
            "-t" => {}
            "--suffix" => {
                words.next();
            }
            text if text.starts_with("--tmpdir=") => folder = text.strip_prefix("--tmpdir="),
            text if text.starts_with('-') => {}
            text => template = Some(text),
        }
    }
    let named = args
        .iter()
        .any(|arg| matches!(arg.text.as_str(), "-t" | "--tmpdir"));
    let folder = match (folder, template) {
        (Some(folder), _) => format!("{folder}/"),
        (None, Some(_)) if !named => String::new(),
        _ => "/tmp/".to_owned(),
    };
    let name = template.unwrap_or("tmp.XXX").trim_end_matches('X');
    format!("{folder}{name}{UNKNOWN}\n")
}

pub(super) fn echo(args: &[Arg]) -> String {
    let flags = args
        .iter()
        .take_while(|arg| matches!(arg.text.as_str(), "-n" | "-e" | "-E" | "-ne" | "-en"))
        .count();
    let escapes = args[..flags].iter().any(|arg| arg.text.contains('e'));
    let texts: Vec<&str> = args[flags..].iter().map(|arg| arg.text.as_str()).collect();
    let text = texts.join(" ");
    let text = if escapes { unescape(&text) } else { text };
    format!("{text}\n")
}

pub(super) fn printf(args: &[Arg]) -> String {
    let args = if args.first().is_some_and(|arg| arg.text == "--") {
        &args[1..]
    } else {
        args
    };
    let Some((format, mut values)) = args.split_first() else {
        return String::new();
    };
    let format = unescape(&format.text);
    let mut text = String::new();
    for _ in 0..=values.len().min(256) {
        let mut used = false;
        let mut characters = format.chars().peekable();
        while let Some(character) = characters.next() {
            if character != '%' {
                text.push(character);
                continue;
            }
            while characters
                .peek()
                .is_some_and(|one| matches!(one, '-' | '+' | ' ' | '#' | '.' | '0'..='9'))
            {
                characters.next();
            }
            match characters.next() {
                Some('%') | None => text.push('%'),
                Some(kind) => {
                    used = true;
                    if let Some((value, rest)) = values.split_first() {
                        values = rest;
                        if kind == 'b' {
                            text.push_str(&unescape(&value.text));
                        } else {
                            text.push_str(&value.text);
                        }
                    }
                }
            }
        }
        if values.is_empty() || !used || text.len() > MAX_PRINTED {
            break;
        }
    }
    text
}

fn unescape(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character != '\\' {
            result.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => result.push('\n'),
            Some('t') => result.push('\t'),
            Some('x') => result.extend(take_number(&mut characters, 16, 2, 0)),
            Some(digit @ '0'..='7') => result.extend(take_number(
                &mut characters,
                8,
                if digit == '0' { 3 } else { 2 },
                digit.to_digit(8).unwrap_or(0),
            )),
            Some('\\') | None => result.push('\\'),
            Some(other) => {
                result.push('\\');
                result.push(other);
            }
        }
    }
    result
}

fn take_number(
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    radix: u32,
    digits: usize,
    first: u32,
) -> Option<char> {
    let mut value = first;
    for _ in 0..digits {
        let Some(digit) = characters.peek().and_then(|one| one.to_digit(radix)) else {
            break;
        };
        value = value * radix + digit;
        characters.next();
    }
    char::from_u32(value)
}

pub(super) fn base64(text: &str) -> Option<String> {
    String::from_utf8(decode(text)?).ok()
}

/// The bytes behind a text in base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=')
    {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from((bits >> count) & 0xff).unwrap_or_default());
        }
    }
    Some(bytes)
}
