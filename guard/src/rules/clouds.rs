//! Cloud providers, infrastructure as code, and services with an API.
//!
//! Their tools name what they do in the subcommand, so the verbs are judged and not each product.

use super::{Field, Finding, RuleDoc, View, report, rule};
use crate::Verdict;

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: None,
};

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "clouds.delete",
        field: "clouds",
        severity: Verdict::Ask,
        reason: "This deletes or resets something at a provider.",
        alternative: "List it first, and let a person delete it.",
    },
    RuleDoc {
        id: "clouds.destroy",
        field: "clouds",
        severity: Verdict::Deny,
        reason: "This destroys infrastructure that is described in code, with the data on it.",
        alternative: "Show the plan (`terraform plan -destroy`) and let a person apply it.",
    },
    RuleDoc {
        id: "clouds.api-delete",
        field: "clouds",
        severity: Verdict::Ask,
        reason: "A `DELETE` request deletes something behind an API.",
        alternative: "`GET` it first, and let a person delete it.",
    },
];

const CODE_TOOLS: &[&str] = &[
    "terraform",
    "tofu",
    "terragrunt",
    "pulumi",
    "cdk",
    "serverless",
    "sls",
    "sst",
    "cdktf",
];

const TOOLS: &[&str] = &[
    "aws",
    "gcloud",
    "gsutil",
    "az",
    "doctl",
    "hcloud",
    "flyctl",
    "fly",
    "heroku",
    "vercel",
    "netlify",
    "wrangler",
    "firebase",
    "apigeecli",
    "fastly",
    "circleci",
    "ldcli",
    "split",
    "unleash",
    "datadog-ci",
    "newrelic",
    "deck",
    "kong",
    "restic",
    "borg",
    "velero",
    "stripe",
    "square",
    "pd",
    "splunk",
    "flipt",
    "oci",
    "ibmcloud",
    "linode-cli",
    "scw",
    "railway",
    "render",
    "planetscale",
    "pscale",
    "neonctl",
    "turso",
    "mc",
    "s3cmd",
    "b2",
    "vault",
    "consul",
    "nomad",
    "java",
    "dopplerctl",
    "auth0",
    "okta",
];

const VERBS: &[&str] = &[
    "delete",
    "destroy",
    "remove",
    "rm",
    "rb",
    "purge",
    "terminate",
    "uninstall",
    "forget",
    "reset",
    "prune",
    "apps:destroy",
    "pg:reset",
    "undelete-all",
    "archive-all",
    "del",
    "erase",
    "wipe",
    "sync",
];

const PREFIXES: &[&str] = &[
    "delete-",
    "terminate-",
    "deregister-",
    "purge-",
    "remove-",
    "destroy-",
    "schedule-key-deletion",
    "kv:namespace-delete",
    "reset-",
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    if view.wants_help() {
        return;
    }
    let words = view.words();
    let is_verb = |word: &&str| {
        VERBS.contains(word)
            || PREFIXES.iter().any(|prefix| word.starts_with(prefix))
            || word.ends_with(":destroy")
    };
    if view.is(CODE_TOOLS) {
        let destroys = words
            .iter()
            .take(3)
            .any(|word| matches!(*word, "destroy" | "remove" | "taint" | "force-unlock"));
        let state = words.first() == Some(&"state")
            && words
                .get(1)
                .is_some_and(|word| matches!(*word, "rm" | "delete" | "push"));
        let unseen = words.first() == Some(&"apply")
            && (view.has_word("-destroy") || view.has_word("--destroy"));
        if destroys || state || unseen {
            report(findings, rule(RULES, "clouds.destroy"));
        }
    } else if view.is(TOOLS) {
        let lists = words
            .iter()
            .take(3)
            .any(|word| matches!(*word, "list" | "ls" | "get" | "describe" | "diff" | "show"));
        let s3_recursive =
            view.program != "aws" || !words.contains(&"sync") || view.has_word("--delete");
        let sync = words.iter().take(4).any(|word| *word == "sync")
            && !matches!(view.program.as_str(), "aws" | "deck" | "gsutil");
        if words.iter().take(5).any(is_verb)
            && !lists
            && s3_recursive
            && !sync
            && (view.program != "java"
                || view.args().iter().any(|arg| arg.text.contains("jenkins")))
        {
            report(findings, rule(RULES, "clouds.delete"));
        }
    } else if view.is(&["curl", "http", "https", "xh"]) {
        let method = view
            .run
            .value(&["-X", "--request"])
            .is_some_and(|method| method.eq_ignore_ascii_case("delete"));
        let word = view.program != "curl" && words.first().is_some_and(|word| *word == "DELETE");
        if method || word {
            report(findings, rule(RULES, "clouds.api-delete"));
        }
    }
}
