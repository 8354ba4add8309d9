//! The rules, one file per field.
//!
//! A field is a table of [`RuleDoc`]s and a function that looks at one command that would run.
//! A new field is a new file and one line in [`FIELDS`].

mod accounts;
mod clouds;
mod containers;
mod databases;
pub(crate) mod files;
mod filesystem;
mod git;
mod infrastructure;
mod inventory;
pub(crate) mod known;
mod kubernetes;
pub(crate) mod mcp;
mod messaging;
mod network;
mod orm;
mod own;
mod packages;
mod remote_code;
mod secrets;
mod services;
mod table;
mod tools;
mod verbs;

pub(crate) use inventory::{Known, named_in};

use crate::run::{Arg, Run};
use crate::{Facts, ToolCall, Verdict};

/// What a rule says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct RuleDoc {
    /// The id: `field.name`.
    pub id: &'static str,
    /// The field, which can be set as a whole.
    pub field: &'static str,
    /// The verdict by default; facts may raise or lower it.
    pub severity: Verdict,
    /// One sentence: what it matches and why that matters.
    pub reason: &'static str,
    /// What to do instead.
    pub alternative: &'static str,
}

/// All rules, field by field.
pub fn rules() -> impl Iterator<Item = &'static RuleDoc> {
    FIELDS
        .iter()
        .flat_map(|field| field.rules)
        .chain(std::iter::once(&UNREADABLE))
}

/// One field of rules.
pub(crate) struct Field {
    pub(crate) rules: &'static [RuleDoc],
    /// Judges one command.
    pub(crate) run: fn(&View<'_>, &mut Vec<Finding>),
    /// Judges a call of another tool by what no command says: the text that is written, the tool's name.
    pub(crate) file: Option<fn(&FileView<'_>, &mut Vec<Finding>)>,
}

/// Every field, in the order they are listed for people.
pub(crate) const FIELDS: &[Field] = &[
    filesystem::FIELD,
    git::FIELD,
    containers::FIELD,
    kubernetes::FIELD,
    infrastructure::FIELD,
    databases::FIELD,
    orm::FIELD,
    services::FIELD,
    clouds::FIELD,
    packages::FIELD,
    network::FIELD,
    accounts::FIELD,
    messaging::FIELD,
    remote_code::FIELD,
    secrets::FIELD,
    mcp::FIELD,
    own::FIELD,
    // Last: it names what the findings before it are aimed at.
    inventory::FIELD,
];

/// What a rule found.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) rule: &'static RuleDoc,
    pub(crate) verdict: Verdict,
    pub(crate) reason: String,
}

/// One command among all that would run, with the facts.
pub(crate) struct View<'a> {
    pub(crate) run: &'a Run,
    pub(crate) all: &'a [Run],
    pub(crate) program: String,
    pub(crate) facts: &'a Facts,
    /// What the facts say, looked up once for a call.
    pub(crate) known: &'a Known<'a>,
}

/// One call of a tool that is no shell.
pub(crate) struct FileView<'a> {
    pub(crate) call: &'a ToolCall<'a>,
    /// The tool's name, taken apart, when it is an MCP server's.
    pub(crate) name: Option<&'a mcp::Name<'a>>,
    /// The absolute path that is written; empty when none is.
    pub(crate) path: &'a str,
    pub(crate) facts: &'a Facts,
    pub(crate) known: &'a Known<'a>,
}

impl View<'_> {
    pub(crate) fn is(&self, programs: &[&str]) -> bool {
        programs.contains(&self.program.as_str())
    }

    pub(crate) fn args(&self) -> &[Arg] {
        self.run.args()
    }

    pub(crate) fn has_word(&self, word: &str) -> bool {
        self.args().iter().any(|arg| arg.text == word)
    }

    /// The words that are no flags.
    pub(crate) fn words(&self) -> Vec<&str> {
        self.args()
            .iter()
            .filter(|arg| !arg.text.starts_with('-'))
            .map(|arg| arg.text.as_str())
            .collect()
    }

    /// The commands whose output this one reads, in its words or its input.
    pub(crate) fn feeders(&self) -> impl Iterator<Item = &Run> {
        self.run
            .inputs
            .iter()
            .chain(&self.run.stdin.from)
            .filter_map(|index| self.all.get(*index))
    }

    pub(crate) fn wants_help(&self) -> bool {
        // `--version 1.0` names one, `--version` alone asks for it.
        self.args().last().is_some_and(|arg| {
            matches!(arg.text.as_str(), "--version" | "-help")
                || arg.text == "help" && self.program == "aws"
        }) || self.args().iter().any(|arg| {
            matches!(
                arg.text.as_str(),
                "--help" | "--dry-run" | "--dryrun" | "--dry_run" | "--preview-only"
            )
        }) || self.args().last().is_some_and(|arg| arg.text == "-h")
            && SHORT_HELP.binary_search(&self.program.as_str()).is_ok()
    }
}

/// Tools in which a last `-h` is a question, and never a host or a switch. Sorted.
const SHORT_HELP: &[&str] = &[
    "alembic",
    "ansible-playbook",
    "az",
    "bundle",
    "cdk",
    "doctl",
    "firebase",
    "fly",
    "flyctl",
    "gh",
    "glab",
    "hcloud",
    "helm",
    "kubectl",
    "netlify",
    "npm",
    "oc",
    "pip",
    "pnpm",
    "prisma",
    "pulumi",
    "rails",
    "railway",
    "rake",
    "rclone",
    "restic",
    "scw",
    "supabase",
    "terraform",
    "tofu",
    "vercel",
    "wrangler",
];

/// The rule with this id out of a field's table.
pub(crate) fn rule(rules: &'static [RuleDoc], id: &str) -> &'static RuleDoc {
    rules.iter().find(|rule| rule.id == id).unwrap_or(&UNLISTED)
}

/// Adds a finding with the rule's own verdict and reason.
pub(crate) fn report(findings: &mut Vec<Finding>, rule: &'static RuleDoc) {
    findings.push(Finding {
        rule,
        verdict: rule.severity,
        reason: rule.reason.to_owned(),
    });
}

/// Adds a finding with a verdict and a reason of its own.
pub(crate) fn report_as(
    findings: &mut Vec<Finding>,
    rule: &'static RuleDoc,
    verdict: Verdict,
    reason: String,
) {
    findings.push(Finding {
        rule,
        verdict,
        reason,
    });
}

/// Stands in for an id that no table has; a test keeps it unused.
static UNLISTED: RuleDoc = RuleDoc {
    id: "guard.unlisted",
    field: "guard",
    severity: Verdict::Ask,
    reason: "A rule without an entry matched.",
    alternative: "Ask a person.",
};

/// What could not be followed is an assessment of its own.
pub(crate) static UNREADABLE: RuleDoc = RuleDoc {
    id: "guard.unreadable",
    field: "guard",
    severity: Verdict::Ask,
    reason: "The command nests too deep or is too long to be followed to its end.",
    alternative: "Run it in smaller steps.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_one_id_in_its_field_and_says_what_to_do() {
        let mut ids = std::collections::BTreeSet::new();
        for rule in rules() {
            assert!(ids.insert(rule.id), "{} is listed twice", rule.id);
            assert_eq!(rule.id.split('.').next(), Some(rule.field));
            assert!(
                rule.reason.ends_with('.') && rule.alternative.ends_with(['.', '`']),
                "{}",
                rule.id
            );
            assert_ne!(rule.severity, Verdict::None);
        }
    }

    #[test]
    fn every_id_named_in_a_rule_file_is_listed() {
        let files = [
            include_str!("accounts.rs"),
            include_str!("accounts/tables.rs"),
            include_str!("clouds.rs"),
            include_str!("clouds/special.rs"),
            include_str!("infrastructure.rs"),
            include_str!("kubernetes.rs"),
            include_str!("network.rs"),
            include_str!("network/links.rs"),
            include_str!("network/firewall.rs"),
            include_str!("packages.rs"),
            include_str!("containers.rs"),
            include_str!("databases.rs"),
            include_str!("filesystem.rs"),
            include_str!("filesystem/disks.rs"),
            include_str!("filesystem/edits.rs"),
            include_str!("git.rs"),
            include_str!("git/internals.rs"),
            include_str!("git/others.rs"),
            include_str!("mcp.rs"),
            include_str!("mcp/deeds.rs"),
            include_str!("messaging.rs"),
            include_str!("orm.rs"),
            include_str!("own.rs"),
            include_str!("remote_code.rs"),
            include_str!("secrets.rs"),
            include_str!("services.rs"),
            include_str!("services/kill.rs"),
            include_str!("services/managers.rs"),
        ];
        let fields: std::collections::BTreeSet<&str> = rules().map(|rule| rule.field).collect();
        for literal in files
            .iter()
            .flat_map(|file| file.split('"').skip(1).step_by(2))
        {
            let names_rule = literal.split_once('.').is_some_and(|(field, name)| {
                fields.contains(field)
                    && !name.is_empty()
                    && name
                        .bytes()
                        .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
            });
            assert!(
                !names_rule
                    || rules().any(|rule| rule.id == literal)
                    || literal.starts_with("secrets.")
                        && matches!(literal.rsplit('.').next(), Some("yml" | "yaml" | "json")),
                "`{literal}` is not listed"
            );
        }
    }
}
