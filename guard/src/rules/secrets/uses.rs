//! Commands that work with a secret and show nothing of it.

use crate::run::{Arg, Run};

/// Whether a command reads a file without showing what it holds.
pub(super) fn shows_nothing(run: &Run, program: &str) -> bool {
    let first = run.args().first().map_or("", |arg| arg.text.as_str());
    let environment = |arg: &Arg| base(&arg.text).starts_with(".env");
    match program {
        "grep" | "egrep" | "fgrep" | "rg" => {
            run.has(
                Some('q'),
                &["quiet", "silent", "count", "files-with-matches"],
            ) || run.has(Some('c'), &[])
                || run.has(Some('l'), &[])
        }
        "sed" => run.has(Some('i'), &["in-place"]) && !run.has(Some('n'), &["quiet", "silent"]),
        // The names of variables, not their values.
        "cut" => {
            run.value(&["-f", "--fields"]) == Some("1")
                && run.args().iter().any(|arg| arg.text == "-d=")
        }
        "tee" | "cp" | "mv" | "ln" => run.operands(&[]).into_iter().all(environment),
        "vercel" => run.args().iter().any(|arg| arg.text == "pull"),
        "ansible-vault" => first.starts_with("encrypt"),
        "security" => first.ends_with("-certificate"),
        _ => false,
    }
}

/// How many words of a command are searched for the flag before an argument.
const MAX_WORDS: usize = 64;

/// Whether an argument is the value of a flag by which a program uses a key or leaves a file out.
pub(super) fn is_value_in_use(run: &Run, arg: &Arg, program: &str) -> bool {
    run.args()
        .windows(2)
        .take(MAX_WORDS)
        .any(|pair| std::ptr::eq(&raw const pair[1], arg) && is_used(&pair[0].text, program))
}

/// Whether a flag's value is a key to work with, or what is left out.
pub(super) fn is_used(flag: &str, program: &str) -> bool {
    let Some(name) = flag.strip_prefix('-') else {
        return false;
    };
    let name = name.trim_start_matches('-').to_ascii_lowercase();
    match program {
        "scp" | "sftp" if matches!(flag, "-i" | "-F") => return true,
        "zip" if flag == "-x" => return true,
        "http-server" if matches!(flag, "-K" | "-C") => return true,
        _ => {}
    }
    matches!(
        name.as_str(),
        "ks" | "userconfig" | "kubeconfig" | "exclude"
    ) || name.len() > 2
        && [
            "key",
            "keyfile",
            "key-file",
            "keystore",
            "cert",
            "identity-file",
        ]
        .iter()
        .any(|end| name.ends_with(end))
}

/// The last part of a path.
fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}
