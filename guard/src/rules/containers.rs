//! Containers and their volumes.

use super::table::{self, Row, row, with};
use super::{Field, Finding, RuleDoc, View};
use crate::Verdict;

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: None,
};

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "containers.volume-remove",
        field: "containers",
        severity: Verdict::Deny,
        reason: "Volumes hold the data of databases and services, and removing them deletes it.",
        alternative: "Back the volume up first, and let a person remove it.",
    },
    RuleDoc {
        id: "containers.prune",
        field: "containers",
        severity: Verdict::Ask,
        reason: "Pruning deletes everything that is not running now, also what belongs to others.",
        alternative: "Remove the images or containers by name.",
    },
    RuleDoc {
        id: "containers.remove",
        field: "containers",
        severity: Verdict::Ask,
        reason: "This stops and deletes containers with what is stored inside them.",
        alternative: "`docker stop` first, and see whether anything still needs them.",
    },
];

const ENGINES: &[&str] = &["docker", "podman", "nerdctl"];

const ROWS: &[Row] = &[
    row(
        ENGINES,
        &["volume", "rm|remove|prune"],
        "containers.volume-remove",
    ),
    with(
        ENGINES,
        &["compose", "down"],
        &["-v", "--volumes", "--rmi"],
        "containers.volume-remove",
    ),
    with(
        &["docker-compose", "podman-compose"],
        &["down"],
        &["-v", "--volumes", "--rmi"],
        "containers.volume-remove",
    ),
    with(
        ENGINES,
        &["compose", "rm"],
        &["-v", "-f"],
        "containers.remove",
    ),
    with(
        ENGINES,
        &["system", "prune"],
        &["--volumes"],
        "containers.volume-remove",
    ),
    row(
        ENGINES,
        &["system|container|image|network|builder", "prune"],
        "containers.prune",
    ),
    row(ENGINES, &["system", "reset"], "containers.volume-remove"),
    with(
        ENGINES,
        &["rm"],
        &["-f", "-v", "--force", "--volumes"],
        "containers.remove",
    ),
    with(
        ENGINES,
        &["container", "rm"],
        &["-f", "-v", "--force", "--volumes"],
        "containers.remove",
    ),
    with(ENGINES, &["rmi"], &["-f", "--force"], "containers.prune"),
    row(
        ENGINES,
        &[
            "swarm|stack|service|secret|config|node|context",
            "leave|rm|remove",
        ],
        "containers.remove",
    ),
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    table::judge(view, ROWS, RULES, findings);
}
