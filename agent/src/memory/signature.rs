//! What kind of call it was: the same program and sub-command on the same thing, whatever else differs.

use std::collections::BTreeSet;

use guard::Step;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Most steps of one call that count.
const MOST_STEPS: usize = 6;
/// Most words of a step that are kept.
const MOST_WORDS: usize = 30;
/// The longest word, in characters.
const LONGEST_WORD: usize = 200;

/// Programs that look, wait or say something: their failing teaches nothing, nor does their success.
const TRIVIAL: &[&str] = &[
    "",
    ":",
    "[",
    "[[",
    "?",
    "ag",
    "alias",
    "basename",
    "break",
    "cat",
    "cd",
    "cmp",
    "column",
    "comm",
    "command",
    "continue",
    "curl",
    "cut",
    "date",
    "df",
    "diff",
    "dig",
    "dirname",
    "du",
    "echo",
    "egrep",
    "env",
    "eval",
    "exit",
    "export",
    "expr",
    "false",
    "fd",
    "fgrep",
    "file",
    "find",
    "grep",
    "head",
    "hexdump",
    "host",
    "hostname",
    "id",
    "jobs",
    "jq",
    "kill",
    "less",
    "local",
    "ls",
    "lsof",
    "md5sum",
    "mkdir",
    "more",
    "nc",
    "netstat",
    "nslookup",
    "pgrep",
    "ping",
    "pkill",
    "popd",
    "printenv",
    "printf",
    "ps",
    "pushd",
    "pwd",
    "read",
    "readlink",
    "readonly",
    "realpath",
    "return",
    "rev",
    "rg",
    "rmdir",
    "seq",
    "set",
    "sha256sum",
    "shift",
    "sleep",
    "sort",
    "source",
    "ss",
    "stat",
    "strings",
    "sudo",
    "tac",
    "tail",
    "tee",
    "test",
    "time",
    "timeout",
    "touch",
    "tr",
    "trap",
    "tree",
    "true",
    "type",
    "ulimit",
    "umask",
    "uname",
    "uniq",
    "unset",
    "uptime",
    "wait",
    "watch",
    "wc",
    "wget",
    "which",
    "whoami",
    "xargs",
    "xxd",
    "yes",
];
/// Sub-commands that only look, of programs that also do.
const LOOKS: &[(&str, &[&str])] = &[
    (
        "git",
        &[
            "blame",
            "branch",
            "diff",
            "grep",
            "log",
            "ls-files",
            "rev-parse",
            "show",
            "status",
        ],
    ),
    ("docker", &["images", "inspect", "logs", "ps", "stats"]),
    ("kubectl", &["describe", "explain", "get", "logs", "top"]),
    (
        "systemctl",
        &[
            "cat",
            "is-active",
            "is-enabled",
            "is-failed",
            "list-units",
            "show",
            "status",
        ],
    ),
    ("sed", &[]),
    ("awk", &[]),
];
/// Words after which another word belongs to the sub-command.
const LEADS_ON: &[&str] = &[
    "ai",
    "app",
    "cluster",
    "compose",
    "config",
    "container",
    "db",
    "dlx",
    "ecs",
    "exec",
    "image",
    "job",
    "jobs",
    "lambda",
    "migrate",
    "migration",
    "migrations",
    "network",
    "node",
    "remote",
    "rollout",
    "run",
    "run-script",
    "s3",
    "script",
    "service",
    "stack",
    "stash",
    "submodule",
    "task",
    "volume",
    "workspace",
    "worktree",
    "x",
];
/// Programs that run a file or a module, which is what tells one call from another.
const INTERPRETERS: &[&str] = &[
    "bash", "bun", "deno", "dash", "node", "nodejs", "perl", "php", "python", "ruby", "sh",
    "ts-node", "tsx", "zsh",
];
/// What a tool that is no shell works on.
const TARGETS: &[&str] = &[
    "file_path",
    "notebook_path",
    "path",
    "url",
    "query",
    "pattern",
    "command",
    "skill",
    "subagent_type",
];

/// One command, without what differs from call to call.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kind {
    /// Program and sub-command, or the tool.
    pub(crate) name: String,
    /// The machine, when it is another one.
    pub(crate) host: String,
    /// What it works on.
    pub(crate) targets: BTreeSet<String>,
    /// All words after the program, for a slip of the pen.
    pub(crate) words: Vec<String>,
}

/// What a call did that can fail and be mended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signature {
    /// The tool.
    pub(crate) tool: String,
    /// Its commands, in order; of other tools the one thing that they do.
    pub(crate) kinds: Vec<Kind>,
}

impl Signature {
    /// Returns what a call did; `None`: nothing to be learnt from.
    pub(crate) fn of(tool: &str, detail: &Value, steps: &[Step]) -> Option<Self> {
        let kinds: Vec<Kind> = if is_shell(tool) {
            let telling = steps.iter().filter(|step| !is_trivial(step));
            telling.take(MOST_STEPS).map(command).collect()
        } else if tool.is_empty() || matches!(tool, "AskUserQuestion" | "ExitPlanMode") {
            Vec::new()
        } else {
            vec![other(tool, detail)]
        };
        (!kinds.is_empty()).then(|| Self {
            tool: tool.to_owned(),
            kinds,
        })
    }

    /// Returns what fails alike has in common, as text.
    pub(crate) fn family(&self) -> String {
        let names: Vec<String> = self.kinds.iter().map(|kind| kind.name.clone()).collect();
        names.join(" && ")
    }

    /// Whether this call, having worked, shows that the other one is mended: each of its commands worked on the same.
    pub(crate) fn mends(&self, failed: &Self) -> bool {
        self.tool == failed.tool
            && failed.kinds.iter().all(|failed| {
                self.kinds.iter().any(|own| {
                    own.name == failed.name
                        && own.host == failed.host
                        && failed.targets.is_subset(&own.targets)
                })
            })
    }

    /// Whether this call is the other one with one word spelled right.
    pub(crate) fn corrects(&self, failed: &Self) -> bool {
        let ([own], [failed_one]) = (self.kinds.as_slice(), failed.kinds.as_slice()) else {
            return false;
        };
        if self.tool != failed.tool
            || own.host != failed_one.host
            || own.words.len() != failed_one.words.len()
        {
            return false;
        }
        let mut differing = own
            .words
            .iter()
            .zip(&failed_one.words)
            .filter(|(own, failed)| own != failed);
        let Some((right, wrong)) = differing.next() else {
            return false;
        };
        differing.next().is_none() && is_slip(right, wrong)
    }
}

/// Whether a tool runs commands.
pub(crate) fn is_shell(tool: &str) -> bool {
    matches!(tool, "Bash" | "PowerShell")
}

/// Whether a command only looks, waits or says something.
pub(crate) fn is_trivial(step: &Step) -> bool {
    let program = step.program.as_str();
    if TRIVIAL.contains(&program) || (program == "ssh" && step.arguments.len() > 1) {
        return true;
    }
    let looks = LOOKS.iter().find(|(name, _)| *name == program);
    looks.is_some_and(|(_, verbs)| {
        verbs.is_empty()
            || step
                .arguments
                .iter()
                .find(|word| !word.starts_with('-'))
                .is_some_and(|verb| verbs.contains(&verb.as_str()))
    })
}

/// A program without its version: `python3.12` is `python`.
pub(crate) fn plain_program(program: &str) -> &str {
    let plain = program.trim_end_matches(|one: char| one.is_ascii_digit() || one == '.');
    match plain {
        "nodejs" => "node",
        "python" | "pip" | "ruby" | "php" | "perl" => plain,
        _ => program,
    }
}

fn command(step: &Step) -> Kind {
    let mut name = plain_program(&step.program).to_owned();
    let is_interpreter = INTERPRETERS.contains(&name.as_str());
    let mut targets = BTreeSet::new();
    let mut sub_commands = 0;
    let mut is_over = false;
    let mut module_follows = false;
    let mut after_flag = false;
    for word in step.arguments.iter().take(MOST_WORDS) {
        if word.starts_with('-') && word.len() > 1 {
            after_flag = true;
            module_follows = is_interpreter && word == "-m" && !is_over;
            continue;
        }
        let is_plain = is_plain(word);
        // `-f dev.yml` stands before the sub-command as well as behind it.
        let is_value = std::mem::take(&mut after_flag) && !is_plain && !is_interpreter;
        if module_follows {
            name = format!("{name} -m {word}");
            (module_follows, is_over) = (false, true);
        } else if !is_over && is_interpreter {
            let file = word.rsplit('/').next().unwrap_or(word);
            name = format!("{name} {}", cut(file, 80));
            targets.insert(cut(word, LONGEST_WORD));
            is_over = true;
        } else if !is_over && is_plain {
            let leads_on = LEADS_ON.contains(&word.as_str());
            name = format!("{name} {word}");
            sub_commands += 1;
            is_over = !leads_on || sub_commands >= 3;
        } else {
            is_over |= !is_value;
            targets.insert(cut(without_version(word), LONGEST_WORD));
        }
    }
    let words = std::iter::once(&step.program)
        .chain(&step.arguments)
        .take(MOST_WORDS)
        .map(|word| cut(word, LONGEST_WORD))
        .collect();
    Kind {
        name,
        host: step.host.clone().unwrap_or_default(),
        targets,
        words,
    }
}

fn other(tool: &str, detail: &Value) -> Kind {
    let targets: BTreeSet<String> = TARGETS
        .iter()
        .filter_map(|field| {
            let value = detail.get(field)?.as_str()?;
            Some(cut(&format!("{field}={value}"), LONGEST_WORD * 2))
        })
        .collect();
    Kind {
        name: tool.to_owned(),
        host: String::new(),
        words: targets.iter().cloned().collect(),
        targets,
    }
}

/// A word that can be a sub-command: `build`, `db:migrate`, `run-script`.
fn is_plain(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_lowercase())
        && word.len() <= 30
        && word.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b":-_".contains(&byte)
        })
}

/// `left-pad@1.3` and `left-pad` are the same thing.
fn without_version(word: &str) -> &str {
    match word.find(['=', '<', '>', '~', '@']) {
        Some(at) if at > 0 && !word.contains('/') => &word[..at],
        _ => word,
    }
}

fn is_slip(right: &str, wrong: &str) -> bool {
    let (right, wrong): (Vec<char>, Vec<char>) = (right.chars().collect(), wrong.chars().collect());
    if right.len().abs_diff(wrong.len()) > 2 || right.len().max(wrong.len()) > 80 {
        return false;
    }
    // A number is no slip of another.
    let letters = |word: &[char]| {
        word.iter()
            .filter(|character| !character.is_ascii_digit())
            .count()
    };
    letters(&right) >= 3 && distance(&right, &wrong) <= 2
}

/// Counts the letters to add, take out, replace or swap.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, wanted) in other.iter().enumerate() {
            let replaced = last[column] + usize::from(letter != wanted);
            let mut fewest = replaced.min(last[column + 1] + 1).min(next[column] + 1);
            let is_swap =
                row > 0 && column > 0 && one[row - 1] == *wanted && *letter == other[column - 1];
            if is_swap {
                fewest = fewest.min(before[column - 1] + 1);
            }
            next.push(fewest);
        }
        before = std::mem::replace(&mut last, next);
    }
    last.last().copied().unwrap_or_default()
}

fn cut(text: &str, longest: usize) -> String {
    text.chars().take(longest).collect()
}

#[cfg(test)]
mod tests;
