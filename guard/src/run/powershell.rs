//! `PowerShell` and `cmd`: their common forms, read as what they would be in a shell.
//!
//! This is a translation and no parser of its own: quotes, paths, and the commands that matter.

use super::walk::{Around, Scope, Walker};
use super::wrappers::texts;
use super::{Arg, UNKNOWN, output};

impl Walker<'_> {
    /// `pwsh -Command …`, `powershell -EncodedCommand …`, `cmd /c …`.
    pub(super) fn powershell(&mut self, scope: &Scope, name: &str, args: &[Arg], around: &Around) {
        let mut text = None;
        for (index, arg) in args.iter().enumerate() {
            let flag = arg.text.to_ascii_lowercase();
            let rest = args.get(index + 1..).unwrap_or_default();
            if name == "cmd" {
                if matches!(flag.as_str(), "/c" | "/k" | "/r" | "-c" | "//c") {
                    text = Some(texts(rest));
                    break;
                }
                continue;
            }
            let Some(long) = flag.strip_prefix(['-', '/']) else {
                // `powershell x` is a command, `pwsh x` a file.
                if name == "powershell" || arg.text.contains(' ') {
                    text = Some(texts(&args[index..]));
                }
                break;
            };
            if matches!(long, "ec" | "e") || long.len() > 2 && "encodedcommand".starts_with(long) {
                text = rest.first().and_then(|code| decoded(&code.text));
                break;
            }
            if !long.is_empty() && "command".starts_with(long) {
                text = Some(texts(rest));
                break;
            }
        }
        let piped = || around.stdin.text.clone().filter(|_| args.is_empty());
        if let Some(text) = text.or_else(piped) {
            let text = as_shell(&text).replace(UNKNOWN, "\"$_\"");
            self.program(&mut scope.deeper(name), &text, &around.stdin);
        }
    }

    /// A command that only `PowerShell` or `cmd` has, run as its like in a shell.
    pub(super) fn cmdlet(
        &mut self,
        scope: &mut Scope,
        name: &str,
        whole: &[Arg],
        around: &Around,
    ) -> bool {
        let args = whole.get(1..).unwrap_or_default();
        let Some(line) = translated(name, args) else {
            return false;
        };
        self.push(scope, whole.to_vec(), around.clone());
        self.run(&mut scope.deeper(name), line, around.clone());
        true
    }
}

/// A text of `PowerShell` with quotes, escapes and paths as a shell has them.
pub(crate) fn as_shell(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut quote = None;
    let mut characters = text.chars().peekable();
    let mut before = ' ';
    while let Some(character) = characters.next() {
        match character {
            '\\' => result.push('/'),
            '`' if quote != Some('\'') => {
                result.push('\\');
                result.extend(characters.next());
            }
            '\'' if quote == Some('\'') && characters.peek() == Some(&'\'') => {
                characters.next();
                result.push_str("'\\''");
            }
            '\'' | '"' => {
                quote = match quote {
                    None => Some(character),
                    Some(open) if open == character => None,
                    other => other,
                };
                result.push(character);
            }
            // `$env:NAME` is `$NAME`.
            '$' if quote != Some('\'') => {
                result.push('$');
                let mut name = String::new();
                while let Some(next) =
                    characters.next_if(|next| next.is_alphanumeric() || matches!(next, '_' | ':'))
                {
                    name.push(next);
                }
                let short = name
                    .get(..4)
                    .filter(|scope| scope.eq_ignore_ascii_case("env:"));
                result.push_str(if short.is_some() { &name[4..] } else { &name });
            }
            // A block runs; what it is for does not matter here.
            '{' | '}' if quote.is_none() && before != '$' && before != '@' => {
                result.push_str(" ; ");
            }
            // `C:\x` is `/x`.
            ':' if before.is_ascii_alphabetic()
                && matches!(characters.peek(), Some('\\' | '/'))
                && drive(&result) =>
            {
                result.pop();
            }
            other => result.push(other),
        }
        before = character;
    }
    result
}

/// Whether what was just read is one letter on its own.
fn drive(text: &str) -> bool {
    text.chars()
        .rev()
        .nth(1)
        .is_none_or(|one| !one.is_alphanumeric() && !matches!(one, '-' | '_' | '/'))
}

/// Base64 of UTF-16, as `-EncodedCommand` takes it.
fn decoded(text: &str) -> Option<String> {
    let bytes = output::decode(text)?;
    let units: Vec<u16> = bytes
        .chunks_exact(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    String::from_utf16(&units).ok()
}

/// Flags of cmdlets whose value says what is acted on.
const NAMING: &[&str] = &[
    "-path",
    "-literalpath",
    "-filepath",
    "-name",
    "-uri",
    "-destination",
    "-command",
    "-argumentlist",
    "-force",
    "-recurse",
    "-confirm",
    "-verbose",
];

/// The command that does the same in a shell. `None` when it is none of theirs.
fn translated(name: &str, args: &[Arg]) -> Option<Vec<Arg>> {
    let has = |flag: &str| {
        args.iter().any(|arg| {
            let text = arg.text.split(':').next().unwrap_or_default();
            // Names may be cut short: `-Recurse` is `-rec`.
            text.len() >= 2
                && text.starts_with('-')
                && flag
                    .get(..text.len())
                    .is_some_and(|start| start.eq_ignore_ascii_case(text))
        })
    };
    let slashed = |flag: &str| args.iter().any(|arg| arg.text.eq_ignore_ascii_case(flag));
    let own_flags = args.iter().any(|arg| {
        ["-recurse", "-force", "-path", "-literalpath", "-rec"]
            .iter()
            .any(|flag| arg.text.eq_ignore_ascii_case(flag))
    });
    let words = |start: &[&str]| {
        let mut line: Vec<Arg> = start.iter().map(|word| Arg::new(*word)).collect();
        line.extend(operands(args));
        Some(line)
    };
    match name {
        "remove-item" | "ri" | "rm" | "rmdir" | "rd" | "del" | "erase" if !has("-whatif") => {
            let cmd = slashed("/s") || slashed("/q");
            if matches!(name, "rm" | "rmdir") && !own_flags && !cmd {
                return None;
            }
            match (has("-recurse") || slashed("/s"), has("-force") || cmd) {
                (true, _) => words(&["rm", "-rf", "--"]),
                (false, true) => words(&["rm", "-f", "--"]),
                (false, false) => words(&["rm", "--"]),
            }
        }
        "clear-content" | "clc" => words(&["truncate", "-s", "0"]),
        "move-item" | "mi" => words(&["mv"]),
        "copy-item" | "cpi" => words(&["cp"]),
        "get-content" | "gc" => words(&["cat"]),
        "set-content" | "add-content" | "out-file" => {
            let mut line = vec![Arg::new("tee")];
            line.extend(operands(args).into_iter().take(1));
            Some(line)
        }
        "stop-computer" => words(&["poweroff"]),
        "restart-computer" => words(&["reboot"]),
        "stop-service" => words(&["systemctl", "stop"]),
        "restart-service" => words(&["systemctl", "restart"]),
        "format-volume" | "clear-disk" | "initialize-disk" | "remove-partition" => {
            Some(["wipefs", "-a", "/dev/disk"].map(Arg::new).to_vec())
        }
        "format"
            if args
                .first()
                .is_some_and(|arg| arg.text.len() == 2 && arg.text.ends_with(':')) =>
        {
            Some(["wipefs", "-a", "/dev/disk"].map(Arg::new).to_vec())
        }
        "remove-localuser" => words(&["userdel"]),
        "disable-netadapter" => Some(["ip", "link", "set", "eth0", "down"].map(Arg::new).to_vec()),
        "remove-netfirewallrule" => Some(["iptables", "-F"].map(Arg::new).to_vec()),
        "set-netfirewallprofile" if slashed("false") || slashed("$false") => {
            Some(["ufw", "disable"].map(Arg::new).to_vec())
        }
        "remove-azresourcegroup" => words(&["az", "group", "delete"]),
        // Without words it runs its input.
        "invoke-expression" | "iex" => {
            let given = operands(args);
            let word = if given.is_empty() { "sh" } else { "eval" };
            Some(std::iter::once(Arg::new(word)).chain(given).collect())
        }
        "invoke-webrequest" | "iwr" | "invoke-restmethod" | "irm" => {
            let mut line = vec![Arg::new("curl")];
            for (index, arg) in args.iter().enumerate() {
                let flag = match arg.text.to_ascii_lowercase().as_str() {
                    "-method" => "-X",
                    "-outfile" => "-o",
                    "-infile" => "-T",
                    "-body" => "-d",
                    _ => continue,
                };
                line.push(Arg::new(flag));
                line.extend(args.get(index + 1).cloned());
            }
            line.extend(operands(args));
            Some(line)
        }
        "start-process" | "saps" => Some(operands(args)),
        _ => None,
    }
}

/// The words that are no flags and no values of flags that only say how.
fn operands(args: &[Arg]) -> Vec<Arg> {
    let mut found = Vec::new();
    let mut skips = false;
    for arg in args {
        let flag = arg.text.to_ascii_lowercase();
        if arg.text.starts_with('-') && arg.text.len() > 1 {
            skips = !NAMING.contains(&flag.as_str())
                && !flag.contains(':')
                && !matches!(
                    flag.as_str(),
                    "-whatif"
                        | "-usebasicparsing"
                        | "-wait"
                        | "-nonewline"
                        | "-append"
                        | "-rec"
                        | "-r"
                        | "-fo"
                        | "-f"
                        | "-useb"
                );
        } else if arg.text.len() == 2 && arg.text.starts_with('/') {
            skips = false;
        } else if !std::mem::take(&mut skips) {
            // Lists have commas: `a, b`.
            found.push(Arg {
                text: arg.text.trim_end_matches(',').to_owned(),
                glob: arg.glob,
                secret: arg.secret.clone(),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::as_shell;

    #[test]
    fn paths_quotes_and_names_are_read_as_a_shell_has_them() {
        assert_eq!(
            as_shell(r"Remove-Item C:\Users\ann -Recurse"),
            "Remove-Item /Users/ann -Recurse"
        );
        assert_eq!(as_shell(r#"del "$env:TEMP\x""#), r#"del "$TEMP/x""#);
        assert_eq!(as_shell("'it''s'"), r"'it'\''s'");
        assert_eq!(
            as_shell("iwr https://example.com/a"),
            "iwr https://example.com/a"
        );
    }
}
