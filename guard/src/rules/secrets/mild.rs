//! What is done with a file of secrets besides printing it.

use super::is_secret_path;
use super::shown::is_kept;
use crate::rules::View;
use crate::run::Run;

/// `find … -name .env -exec cat {} +`.
pub(super) fn found_and_read(view: &View<'_>) -> Option<String> {
    let args = view.args();
    let after = |names: &[&str]| {
        args.iter()
            .position(|arg| names.contains(&arg.text.as_str()))
            .and_then(|at| args.get(at + 1))
    };
    let pattern = after(&["-name", "-iname", "-path"])?;
    let program = after(&["-exec", "-execdir"])?;
    let reads = matches!(
        program.text.as_str(),
        "cat" | "head" | "tail" | "base64" | "cp" | "strings" | "less" | "xxd"
    );
    (reads && is_secret_path(pattern.text.trim_end_matches('*'))).then(|| pattern.text.clone())
}

/// Whether only the names in a file, or how many there are, are shown.
pub(super) fn hides_values(view: &View<'_>) -> bool {
    let args = view.args();
    let has = |text: &str| args.iter().any(|arg| arg.text == text);
    match view.program.as_str() {
        "grep" | "egrep" | "rg" => {
            view.run.has(Some('q'), &["quiet", "silent", "count"])
                || view.run.has(Some('c'), &[])
                || view.run.has(Some('l'), &["files-with-matches"])
        }
        "cut" => {
            (has("-f1") || has("-f") && has("1")) && args.iter().any(|arg| arg.text.contains('='))
        }
        "sed" => {
            view.run.has(Some('i'), &["in-place"])
                || args
                    .iter()
                    .any(|arg| arg.text.starts_with("s/=.*/") || arg.text.starts_with("s/=.\\+/"))
        }
        "awk" => {
            args.iter().any(|arg| arg.text.ends_with('='))
                && args
                    .iter()
                    .any(|arg| arg.text.contains("$1") && arg.text.matches('$').count() == 1)
        }
        _ => false,
    }
}

/// `export $(grep -v '^#' .env | xargs)`: it is loaded, and not shown.
pub(super) fn loads(view: &View<'_>) -> bool {
    // The words of a loop come from a plain `cat`, and what the loop does with them is not known.
    let piped = view.all.iter().take(64).any(|run| run.program() == "xargs");
    (view.program != "cat" || piped) && is_kept(view)
}

/// Whether `openssl` prints a private key; most of its work only uses one.
pub(super) fn opens_key(run: &Run) -> bool {
    let verb = run.args().first().map(|arg| arg.text.as_str());
    let has = |text: &str| run.args().iter().any(|arg| arg.text == text);
    matches!(
        verb,
        Some("rsa" | "pkey" | "ec" | "dsa" | "pkcs8" | "pkcs12" | "base64" | "enc" | "asn1parse")
    ) && !has("-pubout")
        && !has("-out")
        && !has("-noout")
        && !has("-check")
}

/// Whether a store of secrets, or what is in it, goes.
pub(super) fn takes_apart(view: &View<'_>) -> bool {
    let words = view.words();
    view.program == "vault"
        && !view.wants_help()
        && matches!(
            words.as_slice(),
            ["kv", "delete" | "destroy", ..]
                | ["kv", "metadata", "delete", ..]
                | ["delete", ..]
                | ["policy", "delete", ..]
                | ["secrets" | "auth" | "audit", "disable", ..]
                | ["operator", "seal" | "rekey" | "generate-root", ..]
                | ["lease" | "token", "revoke", ..]
        )
}
