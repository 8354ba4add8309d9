//! Code that nobody here has read, handed to something that runs it.

use super::{Field, Finding, RuleDoc, View, report, rule};
use crate::Verdict;
use crate::run::{DATA, Run, SHELLS};

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: None,
};

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "remote-code.pipe",
        field: "remote-code",
        severity: Verdict::Deny,
        reason: "This runs a program that is downloaded or decoded in the same breath, unread.",
        alternative: "Download it to a file, read it, then run it in a step of its own.",
    },
    RuleDoc {
        id: "remote-code.shell",
        field: "remote-code",
        severity: Verdict::Deny,
        reason: "This gives a shell to the network.",
        alternative: "Use `ssh` with a key.",
    },
    RuleDoc {
        id: "remote-code.data",
        field: "remote-code",
        severity: Verdict::Ask,
        reason: "This puts text that nobody has read into the source of a program.",
        alternative: "Hand it over as a word of its own: `sh -c '… \"$1\" …' _ {}`.",
    },
];

const INTERPRETERS: &[&str] = &[
    "python",
    "python2",
    "python3",
    "node",
    "nodejs",
    "ruby",
    "perl",
    "php",
    "bun",
    "deno",
    "pwsh",
    "powershell",
    "lua",
    "osascript",
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    if view.is(&["nc", "ncat", "netcat", "socat"]) {
        let line = view.run.line();
        let hands_over = view.run.has(Some('e'), &["exec", "sh-exec"])
            || line.contains("EXEC:") && (line.contains("/sh") || line.contains("bash"));
        if hands_over && (line.contains("sh") || view.is(&["nc", "netcat"])) {
            report(findings, rule(RULES, "remote-code.shell"));
        }
    }
    if view.run.via.last().is_some_and(|via| via == DATA) {
        report(findings, rule(RULES, "remote-code.data"));
        return;
    }
    let is_shell = view.is(SHELLS);
    let runs_text = view.is(&["eval", "source", "."]);
    if !is_shell && !runs_text && !view.is(INTERPRETERS) {
        return;
    }
    // `bash -n` reads a script and runs nothing of it.
    if is_shell && view.run.has(Some('n'), &[]) {
        return;
    }
    let has_file = view.args().iter().any(|arg| !arg.text.starts_with('-'));
    let script_given = view.args().iter().any(|arg| {
        arg.text.starts_with('-') && arg.text.contains('c') && !arg.text.starts_with("--")
    });
    let from_words = view
        .run
        .inputs
        .iter()
        .filter_map(|index| view.all.get(*index))
        .any(fetches);
    // A script on the line reads its input as data, unless it is the script.
    let reads_program = (is_shell || view.is(INTERPRETERS))
        && !has_file
        && !script_given
        && view.run.stdin.given
        && view.run.stdin.text.is_none();
    let from_input = reads_program
        && (view.feeders().any(fetches)
            || view
                .run
                .stdin
                .file
                .as_ref()
                .is_some_and(|file| file.text.starts_with("/dev/tcp") || !file.is_known()));
    if from_words && (is_shell || runs_text || !script_given) || from_input || runs_downloaded(view)
    {
        report(findings, rule(RULES, "remote-code.pipe"));
    }
}

/// Whether a command brings text from elsewhere or decodes it.
fn fetches(run: &Run) -> bool {
    match run.program().as_str() {
        "curl" | "wget" | "fetch" | "aria2c" | "nc" | "ncat" | "netcat" | "lynx" | "http"
        | "xh" | "socat" => true,
        "base64" | "base32" => run.has(Some('d'), &["decode"]) || run.has(Some('D'), &[]),
        "openssl" => run.args().iter().any(|arg| arg.text == "-d"),
        "xxd" => run.has(Some('r'), &[]),
        "gpg" => run.has(Some('d'), &["decrypt"]),
        _ => false,
    }
}

/// Whether the file that runs was downloaded earlier in the line.
fn runs_downloaded(view: &View<'_>) -> bool {
    let Some(file) = view
        .args()
        .iter()
        .rev()
        .find(|arg| !arg.text.starts_with('-'))
    else {
        return false;
    };
    let mut name = file.text.trim_start_matches("./").to_owned();
    // Backwards, following copies: what is `b` now was `a` before `mv a b`.
    for run in view.all.iter().rev() {
        let written = |text: &str| text.trim_start_matches("./") == name;
        match run.program().as_str() {
            "mv" | "cp" | "install" | "ln" => {
                let operands = run.operands(&["-m", "-o", "-g"]);
                if let [source, .., target] = operands.as_slice()
                    && written(&target.text)
                {
                    source.text.trim_start_matches("./").clone_into(&mut name);
                }
            }
            "curl" | "wget" | "aria2c" => {
                let out = run
                    .value(&["-o", "-O", "--output", "--output-document"])
                    .is_some_and(written);
                if out
                    || run
                        .redirects
                        .iter()
                        .any(|(_, target)| written(&target.text))
                {
                    return true;
                }
            }
            "rsync" | "scp" => {
                let operands = run.operands(&["-e"]);
                if operands.last().is_some_and(|target| written(&target.text))
                    && operands
                        .first()
                        .is_some_and(|source| source.text.contains(':'))
                {
                    return true;
                }
            }
            _ => {}
        }
    }
    false
}
