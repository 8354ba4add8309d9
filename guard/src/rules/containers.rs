//! Containers and their volumes.

use super::table::{self, Row, row, with};
use super::{Field, Finding, RuleDoc, View, report, rule};
use crate::Verdict;
use crate::run::{Arg, base_name};

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
    RuleDoc {
        id: "containers.host-root",
        field: "containers",
        severity: Verdict::Ask,
        reason: "This gives a shell with all rights on the machine itself, and not in a container only.",
        alternative: "Mount the one folder that is needed, and leave `--privileged` out.",
    },
    RuleDoc {
        id: "containers.registry",
        field: "containers",
        severity: Verdict::Ask,
        reason: "This takes an image out of a registry that others pull from.",
        alternative: "List its tags first, and let a person delete it.",
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
        &["-v", "--volumes"],
        "containers.volume-remove",
    ),
    with(
        &["docker-compose", "podman-compose"],
        &["down"],
        &["-v", "--volumes"],
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
        &["system|container|network|pod", "prune"],
        "containers.prune",
    ),
    // Without `-a` only what nobody names any more goes, and is built again.
    with(
        ENGINES,
        &["image|builder|buildx", "prune"],
        &["-a", "--all"],
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
    with(
        ENGINES,
        &["rmi"],
        &["-f", "--force", "-a", "--all"],
        "containers.prune",
    ),
    with(
        ENGINES,
        &["image", "rm|remove"],
        &["-f", "--force", "-a", "--all"],
        "containers.prune",
    ),
    with(
        ENGINES,
        &["compose", "down"],
        &["--rmi"],
        "containers.prune",
    ),
    with(
        &["docker-compose", "podman-compose"],
        &["down"],
        &["--rmi"],
        "containers.prune",
    ),
    with(
        &["docker-compose", "podman-compose"],
        &["rm"],
        &["-v", "-f"],
        "containers.remove",
    ),
    with(
        &["podman", "nerdctl"],
        &["kill|stop|rm"],
        &["-a", "--all"],
        "containers.remove",
    ),
    with(
        &["podman"],
        &["pod", "rm|kill|stop"],
        &["-a", "-f", "--all", "--force"],
        "containers.remove",
    ),
    row(&["podman"], &["machine", "rm|reset"], "containers.remove"),
    with(
        &["podman"],
        &["kube|play", "down"],
        &["--force"],
        "containers.volume-remove",
    ),
    row(
        ENGINES,
        &["network|namespace", "rm|remove"],
        "containers.remove",
    ),
    row(&["docker"], &["node", "demote"], "containers.remove"),
    with(
        &["docker"],
        &["swarm", "init"],
        &["--force-new-cluster"],
        "containers.remove",
    ),
    with(
        &["docker"],
        &["plugin", "rm|remove|disable"],
        &["-f", "--force"],
        "containers.remove",
    ),
    row(&["docker"], &["trust", "revoke"], "containers.registry"),
    with(
        &["buildah"],
        &["rm|rmi"],
        &["-a", "--all", "-f", "--force"],
        "containers.prune",
    ),
    with(
        &["crictl"],
        &["rm|rmp"],
        &["-a", "-f", "--all", "--force"],
        "containers.remove",
    ),
    row(&["crictl"], &["stopp"], "containers.remove"),
    with(
        &["crictl"],
        &["rmi"],
        &["-a", "--all", "--prune"],
        "containers.prune",
    ),
    row(
        &["ctr"],
        &[
            "containers|container|c|namespaces|namespace|ns|snapshots|snapshot|leases|tasks|task|t",
            "rm|remove|delete|del|kill",
        ],
        "containers.remove",
    ),
    row(
        &["ctr", "nerdctl"],
        &["images|image|i|content", "rm|remove|delete|prune"],
        "containers.prune",
    ),
    row(&["lxc-destroy"], &[], "containers.volume-remove"),
    row(
        &["skopeo", "crane", "gcrane"],
        &["delete"],
        "containers.registry",
    ),
    row(
        &["regctl", "oras", "reg", "regclient"],
        &["tag|image|manifest|repo|blob|rm", "delete|rm"],
        "containers.registry",
    ),
    row(
        ENGINES,
        &[
            "swarm|stack|service|secret|config|node|context",
            "leave|rm|remove",
        ],
        "containers.remove",
    ),
];

/// Programs that give a prompt, or step out of the container.
const SHELLS: &[&str] = &["sh", "bash", "ash", "zsh", "fish", "dash"];

/// A shell in a container that has the whole machine.
fn hands_over_the_host(view: &View<'_>, findings: &mut Vec<Finding>) {
    let args = view.args();
    let name = |arg: &Arg| base_name(&arg.text);
    let of_the_machine = view.run.has(None, &["privileged"])
        || view.run.value(&["--pid"]) == Some("host")
        || view
            .run
            .value(&["--cap-add"])
            .is_some_and(|right| matches!(right, "ALL" | "all" | "SYS_ADMIN"));
    let whole = args.iter().any(|arg| {
        let value = arg.text.strip_prefix("--volume=").unwrap_or(&arg.text);
        let value = value.strip_prefix("-v").unwrap_or(value);
        value.starts_with("/:/")
            || arg.text.contains("type=bind")
                && arg
                    .text
                    .split(',')
                    .any(|part| matches!(part, "source=/" | "src=/"))
    });
    let prompts = args
        .last()
        .is_some_and(|arg| SHELLS.contains(&name(arg).as_str()));
    // With a command behind it, that command is followed and judged as one of the machine.
    let steps_out = match args {
        [.., before, _] if name(before) == "chroot" => true,
        _ => args
            .iter()
            .position(|arg| name(arg) == "nsenter")
            .and_then(|at| args.get(at + 1..))
            .is_some_and(|rest| {
                rest.iter().all(|arg| {
                    arg.text
                        .starts_with(|one: char| one == '-' || one.is_ascii_digit())
                })
            }),
    };
    if (of_the_machine || whole) && (prompts || steps_out) {
        report(findings, rule(RULES, "containers.host-root"));
    }
}

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    table::judge(view, ROWS, RULES, findings);
    if !view.is(ENGINES) || view.wants_help() {
        return;
    }
    let words = view.words();
    let first = words.first().copied().unwrap_or_default();
    let second = words.get(1).copied().unwrap_or_default();
    // `docker stop $(docker ps -q)` means all of them, whoever they belong to.
    let takes_away = |word: &str| matches!(word, "stop" | "kill" | "rm" | "rmi");
    let listed = (takes_away(first)
        || matches!(first, "container" | "image") && takes_away(second))
        && view.args().iter().any(|arg| !arg.is_known())
        && view.run.inputs.iter().any(|index| {
            view.all.get(*index).is_some_and(|feeder| {
                ENGINES.contains(&feeder.program().as_str()) && feeder.has(Some('q'), &["quiet"])
            })
        });
    if matches!(first, "run" | "create") || first == "container" && second == "run" {
        hands_over_the_host(view, findings);
    }
    let replicas = view.run.value(&["--replicas"]) == Some("0");
    let to_nothing = first == "service"
        && (second == "scale" && words.iter().any(|word| word.ends_with("=0"))
            || second == "update" && replicas);
    let drained = first == "node"
        && second == "update"
        && matches!(view.run.value(&["--availability"]), Some("drain" | "pause"));
    if listed || to_nothing || drained {
        report(findings, rule(RULES, "containers.remove"));
    }
}
