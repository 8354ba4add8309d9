//! Cloud providers, infrastructure as code, and services with an API.
//!
//! Their tools name what they do in the subcommand, so the verbs are judged and not each product.

use super::table;
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
        id: "clouds.delete-data",
        field: "clouds",
        severity: Verdict::Deny,
        reason: "This deletes a database, a disk, a bucket or a whole project at a provider, with its data.",
        alternative: "Take a snapshot, and let a person delete it in the console.",
    },
    RuleDoc {
        id: "clouds.api-delete",
        field: "clouds",
        severity: Verdict::Ask,
        reason: "A `DELETE` request deletes something behind an API.",
        alternative: "`GET` it first, and let a person delete it.",
    },
];

/// Where stores and control planes listen: Elasticsearch, etcd, Consul, Vault, Docker, Kubernetes and their like.
const STORE_PORTS: &[&str] = &[
    "9200", "9201", "2379", "8500", "8200", "2375", "2376", "6443", "8001", "5984", "6333", "8086",
    "9090", "9091", "7700", "8108", "8983", "8123", "15672", "8474", "8083", "8091", "9000",
    "7474", "8529", "9998", "19530", "2019",
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
    "op",
    "doppler",
    "infisical",
    "supabase",
    "convex",
    "upstash",
    "mongocli",
    "atlas",
    "ccloud",
    "confluent",
    "civo",
    "vultr-cli",
    "exo",
    "openstack",
    "cf",
    "eb",
    "surge",
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

/// What holds data, tool by tool.
const DATA: &[(&str, &[&str])] = &[
    (
        "aws",
        &[
            "rds",
            "delete-db-instance|delete-db-cluster|delete-db-snapshot|delete-db-cluster-snapshot",
        ],
    ),
    ("aws", &["dynamodb", "delete-table|delete-backup"]),
    ("aws", &["s3", "rb"]),
    ("aws", &["s3api", "delete-bucket|delete-objects"]),
    ("aws", &["ec2", "delete-volume|delete-snapshot"]),
    ("aws", &["efs", "delete-file-system"]),
    (
        "aws",
        &["kms", "schedule-key-deletion|delete-imported-key-material"],
    ),
    ("aws", &["cloudformation", "delete-stack"]),
    (
        "aws",
        &[
            "elasticache",
            "delete-cache-cluster|delete-replication-group",
        ],
    ),
    ("aws", &["redshift", "delete-cluster"]),
    (
        "aws",
        &["backup", "delete-recovery-point|delete-backup-vault"],
    ),
    ("aws", &["ecr", "delete-repository"]),
    ("aws", &["eks", "delete-cluster"]),
    ("gcloud", &["projects", "delete"]),
    ("gcloud", &["sql", "instances|databases|backups", "delete"]),
    ("gcloud", &["compute", "disks|snapshots", "delete"]),
    ("gcloud", &["container", "clusters", "delete"]),
    (
        "gcloud",
        &["spanner|bigtable", "instances|databases", "delete"],
    ),
    ("gcloud", &["storage", "buckets", "delete"]),
    ("gcloud", &["firestore", "databases", "delete"]),
    ("gsutil", &["rb"]),
    ("bq", &["rm"]),
    ("az", &["group", "delete"]),
    (
        "az",
        &[
            "sql|postgres|mysql|cosmosdb",
            "db|server|flexible-server|delete",
            "delete",
        ],
    ),
    ("az", &["storage", "account|container", "delete"]),
    ("az", &["disk|snapshot|aks", "delete"]),
    ("az", &["keyvault", "purge|delete"]),
    ("doctl", &["databases", "delete"]),
    ("doctl", &["compute", "volume|snapshot", "delete"]),
    ("doctl", &["kubernetes", "cluster", "delete"]),
    ("hcloud", &["volume|server|image", "delete"]),
    ("fly", &["apps|volumes|volume|postgres", "destroy|delete"]),
    (
        "flyctl",
        &["apps|volumes|volume|postgres", "destroy|delete"],
    ),
    ("heroku", &["pg:reset|apps:destroy|addons:destroy"]),
    (
        "firebase",
        &["projects:delete|firestore:delete|database:remove"],
    ),
    (
        "wrangler",
        &["d1|r2|kv", "delete|bucket|namespace", "delete"],
    ),
    ("wrangler", &["d1", "delete"]),
    ("netlify", &["sites:delete"]),
    ("railway", &["down|delete"]),
    ("pscale", &["database|branch", "delete"]),
    ("turso", &["db", "destroy"]),
    ("neonctl", &["projects|branches|databases", "delete"]),
    ("linode-cli", &["linodes|volumes|databases", "delete|rm"]),
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
            || [":destroy", ":delete", ":remove", ":rm", ":reset", ":unset"]
                .iter()
                .any(|ending| word.ends_with(ending))
    };
    if DATA
        .iter()
        .any(|(tool, words)| view.program == *tool && table::says(view, words))
    {
        report(findings, rule(RULES, "clouds.delete-data"));
    } else if view.program == "gsutil" && words.contains(&"rsync") && view.run.has(Some('d'), &[])
        || view.program == "azcopy"
            && view
                .args()
                .iter()
                .any(|arg| arg.text == "--delete-destination=true")
        || view.program == "sdk-call"
    {
        report(findings, rule(RULES, "clouds.delete"));
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
        let posts = view
            .run
            .value(&["-X", "--request"])
            .is_some_and(|method| method.eq_ignore_ascii_case("post"))
            || words.first().is_some_and(|word| *word == "POST");
        if (method || word) && !is_development(view, &words)
            || posts && words.iter().any(|word| ends_in_deletion(word))
        {
            report(findings, rule(RULES, "clouds.api-delete"));
        }
    }
}

/// Whether a request goes to what is being developed here, and not to a store that listens here too.
fn is_development(view: &View<'_>, words: &[&str]) -> bool {
    let mut addresses = words
        .iter()
        .filter(|word| word.contains('/') || word.contains(':'))
        .filter(|word| !word.contains(' ') && !word.starts_with(['@', '{']));
    let Some(address) = addresses.next() else {
        return false;
    };
    let address = address
        .strip_prefix("http://")
        .or_else(|| address.strip_prefix("https://"))
        .unwrap_or(address);
    let (host, path) = address.split_once('/').unwrap_or((address, ""));
    let (host, port) = host.rsplit_once(':').unwrap_or((host, ""));
    view.run.host.is_none()
        && matches!(host, "localhost" | "127.0.0.1" | "0.0.0.0" | "[::1]")
        && !STORE_PORTS.contains(&port)
        && path.contains('/')
}

/// Whether the last piece of an address says that something is deleted or closed.
fn ends_in_deletion(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let Some((_, last)) = path.trim_end_matches('/').rsplit_once('/') else {
        return false;
    };
    let mut parts = last.split(['-', '_', ':']).filter(|part| !part.is_empty());
    // An issue is closed every day, an index is not.
    last == "_close"
        || parts.next().is_some_and(|verb| {
            matches!(
                verb,
                "delete" | "destroy" | "purge" | "drop" | "flush" | "truncate" | "wipe"
            )
        })
}
