//! Code that nobody here has read, handed to something that runs it.

use super::{Field, Finding, RuleDoc, View, report, report_as, rule};
use crate::Verdict;
use crate::run::{DATA, Run, SHELLS, plain_name};

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
    if gives_shell(view) {
        report(findings, rule(RULES, "remote-code.shell"));
    }
    if let Some(address) = runs_address(view) {
        report_as(
            findings,
            rule(RULES, "remote-code.pipe"),
            Verdict::Ask,
            format!("This downloads `{address}` and runs it, unread."),
        );
    }
    if view.run.via.last().is_some_and(|via| via == DATA) {
        report(findings, rule(RULES, "remote-code.data"));
        return;
    }
    let is_shell = view.is(SHELLS);
    let runs_text = view.is(&["eval", "source", "."]);
    let by_path = view
        .run
        .argv
        .first()
        .is_some_and(|word| word.text.contains('/') && !word.text.starts_with(['/', '~']));
    if by_path && downloaded(&view.run.argv[0].text, view.all) {
        report_as(
            findings,
            rule(RULES, "remote-code.pipe"),
            Verdict::Ask,
            "This runs a file that was downloaded in the same breath, unread.".to_owned(),
        );
    }
    if !is_shell && !runs_text && !view.is(INTERPRETERS) {
        let makes = view.is(&["make", "gmake"])
            && view.run.has(Some('f'), &["file"])
            && view.feeders().any(fetches);
        if makes {
            report(findings, rule(RULES, "remote-code.pipe"));
        }
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
        | "xh" | "socat" | "dig" | "nslookup" | "host" | "w3m" | "elinks" | "tftp" | "curlie" => {
            true
        }
        "base64" | "base32" => run.has(Some('d'), &["decode"]) || run.has(Some('D'), &[]),
        "openssl" => run
            .args()
            .iter()
            .any(|arg| matches!(arg.text.as_str(), "-d" | "s_client")),
        "aws" => {
            run.args().iter().any(|arg| arg.text == "cp")
                && run.args().last().is_some_and(|arg| arg.text == "-")
        }
        "gsutil" => run
            .args()
            .iter()
            .any(|arg| matches!(arg.text.as_str(), "cat" | "cp")),
        "gh" | "glab" => run
            .args()
            .first()
            .is_some_and(|verb| matches!(verb.text.as_str(), "gist" | "api")),
        // Letters put in other places hide what is run.
        "tr" => run.args().iter().any(|arg| {
            let set = arg.text.to_ascii_lowercase();
            set.contains("n-za-m") || set.contains("a-mn-z")
        }),
        "xxd" => run.has(Some('r'), &[]),
        "gpg" => run.has(Some('d'), &["decrypt"]),
        _ => false,
    }
}

/// What puts files into their places.
const BRING: &[&str] = &[
    "mv", "cp", "install", "ln", "curl", "wget", "aria2c", "rsync", "scp",
];

/// How many commands of the line are searched for where a file comes from.
const MAX_BACKWARDS: usize = 256;

/// Whether the file that runs was downloaded earlier in the line.
fn runs_downloaded(view: &View<'_>) -> bool {
    // What comes after the script is handed to it.
    view.args()
        .iter()
        .find(|arg| !arg.text.starts_with('-'))
        .is_some_and(|file| downloaded(&file.text, view.all))
}

/// Whether a file was downloaded earlier in the line.
fn downloaded(file: &str, all: &[Run]) -> bool {
    let mut name = file.trim_start_matches("./").to_owned();
    // Backwards, following copies: what is `b` now was `a` before `mv a b`.
    let brings = |run: &&Run| {
        let name = run.argv.first().map(|word| plain_name(&word.text));
        name.is_some_and(|name| BRING.iter().any(|one| one.eq_ignore_ascii_case(name)))
    };
    for run in all.iter().rev().take(MAX_BACKWARDS).filter(brings) {
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
                // Without a name it keeps the address's.
                let keeps = run.program() != "curl"
                    || run.has(Some('O'), &["remote-name", "remote-name-all"]);
                let by_address = keeps
                    && run.args().iter().any(|arg| {
                        arg.text.contains("://")
                            && arg.text.rsplit('/').next().is_some_and(|end| {
                                !end.is_empty() && written(end.split('?').next().unwrap_or(end))
                            })
                    });
                if out
                    || by_address
                    || run
                        .redirects
                        .iter()
                        .any(|(_, target)| written(&target.text))
                {
                    return true;
                }
            }
            "rsync" | "scp" => {
                let operands = run.operands(&["-e", "-i", "-P"]);
                if operands.last().is_some_and(|target| {
                    written(&target.text)
                        || target.text == "."
                            && operands.first().is_some_and(|source| {
                                source.text.rsplit(['/', ':']).next().is_some_and(written)
                            })
                }) && operands
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

/// Whether a shell's input or output is a connection.
fn gives_shell(view: &View<'_>) -> bool {
    let is_pipe_end = view.is(&["nc", "ncat", "netcat", "socat", "telnet"]);
    if is_pipe_end || view.program == "openssl" && view.has_word("s_client") {
        let line = view.run.line();
        let hands_over = is_pipe_end && view.run.has(Some('e'), &["exec", "sh-exec"])
            || line.contains("EXEC:") && (line.contains("/sh") || line.contains("bash"));
        let fed_by_shell = view.feeders().any(|run| {
            SHELLS.contains(&run.program().as_str())
                && run.stdin.given
                && run.args().iter().all(|arg| arg.text == "-i")
        });
        return hands_over && (line.contains("sh") || view.is(&["nc", "netcat"])) || fed_by_shell;
    }
    view.is(SHELLS)
        && view.run.redirects.iter().any(|(_, target)| {
            target.text.starts_with("/dev/tcp/") || target.text.starts_with("/dev/udp/")
        })
        && view.args().iter().all(|arg| arg.text == "-i")
}

/// The address of a program that is run straight from it.
fn runs_address<'a>(view: &'a View<'_>) -> Option<&'a str> {
    let remote = |text: &str| {
        (text.starts_with("https://") || text.starts_with("http://"))
            && !text.contains("://localhost")
            && !text.contains("://127.")
    };
    let words = view.words();
    match view.program.as_str() {
        "deno" if words.first() == Some(&"run") => view
            .args()
            .iter()
            .map(|arg| arg.text.as_str())
            .find(|text| {
                remote(text)
                    && !text.starts_with("https://deno.land/")
                    && !text.starts_with("https://jsr.io/")
            }),
        "npx" | "bunx" => words.first().copied().filter(|text| remote(text)),
        "mshta" => words.first().copied().filter(|text| remote(text)),
        "regsvr32" => view
            .args()
            .iter()
            .map(|arg| arg.text.as_str())
            .find(|text| text.get(3..).is_some_and(remote)),
        _ => None,
    }
}
