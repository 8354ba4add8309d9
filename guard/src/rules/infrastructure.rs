//! Infrastructure as code: what takes apart what is described, and what forgets it.

use super::table::{self, Row, row, with};
use super::verbs::{self, Deed};
use super::{Field, Finding, RuleDoc, View, report, rule};
use crate::Verdict;

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: None,
};

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "infrastructure.destroy",
        field: "infrastructure",
        severity: Verdict::Deny,
        reason: "This destroys infrastructure that is described in code, with the data on it.",
        alternative: "Show the plan (`terraform plan -destroy`) and let a person apply it.",
    },
    RuleDoc {
        id: "infrastructure.state",
        field: "infrastructure",
        severity: Verdict::Deny,
        reason: "This changes what the tool knows of the infrastructure, and the next run may destroy or double it.",
        alternative: "`terraform state pull` keeps a copy; let a person change the state.",
    },
    RuleDoc {
        id: "infrastructure.unseen",
        field: "infrastructure",
        severity: Verdict::Ask,
        reason: "This changes infrastructure without showing the plan to anybody.",
        alternative: "`terraform plan -out=plan` or `pulumi preview`, and let a person apply it.",
    },
    RuleDoc {
        id: "infrastructure.machines",
        field: "infrastructure",
        severity: Verdict::Ask,
        reason: "This deletes virtual machines with their disks.",
        alternative: "Halt them; their disks stay.",
    },
    RuleDoc {
        id: "infrastructure.change",
        field: "infrastructure",
        severity: Verdict::Ask,
        reason: "This deletes, stops or rewrites something that many machines or services are managed by.",
        alternative: "Look at it with the tool's `list`, `show` or check mode first, and let a person do it.",
    },
];

/// Tools whose verbs are judged.
const TOOLS: &[&str] = &[
    "arc",
    "atlantis",
    "bosh",
    "boundary",
    "cf",
    "chalice",
    "cloudfoundry",
    "consul",
    "eb",
    "env0",
    "govc",
    "juju",
    "knife",
    "maas",
    "nixops",
    "nomad",
    "openstack",
    "prlctl",
    "puppet",
    "puppetserver",
    "sfctl",
    "spacectl",
    "tfc-cli",
    "tfe",
    "up",
    "vault",
    "waypoint",
    "zappa",
];

const TERRAFORM: &[&str] = &["terraform", "tofu", "terragrunt", "terramate"];
const STACKS: &[&str] = &[
    "serverless",
    "sls",
    "sst",
    "cdk",
    "cdktf",
    "sam",
    "copilot",
    "amplify",
];

const ROWS: &[Row] = &[
    row(TERRAFORM, &["destroy"], "infrastructure.destroy"),
    row(
        TERRAFORM,
        &["run-all|stack|run", "destroy"],
        "infrastructure.destroy",
    ),
    with(
        TERRAFORM,
        &["apply"],
        &["--destroy", "-destroy"],
        "infrastructure.destroy",
    ),
    row(TERRAFORM, &["state", "rm|push"], "infrastructure.state"),
    row(
        TERRAFORM,
        &["state", "mv|replace-provider"],
        "infrastructure.change",
    ),
    row(
        TERRAFORM,
        &["taint|force-unlock|import"],
        "infrastructure.change",
    ),
    row(TERRAFORM, &["destroy-all"], "infrastructure.destroy"),
    row(
        TERRAFORM,
        &["stack", "run", "destroy"],
        "infrastructure.destroy",
    ),
    row(TERRAFORM, &["apply-all"], "infrastructure.unseen"),
    with(
        TERRAFORM,
        &["init"],
        &["-force-copy", "--force-copy"],
        "infrastructure.change",
    ),
    row(
        &["atmos"],
        &["terraform", "destroy"],
        "infrastructure.destroy",
    ),
    row(TERRAFORM, &["workspace", "delete"], "infrastructure.state"),
    with(
        TERRAFORM,
        &["apply"],
        &["-auto-approve", "--auto-approve"],
        "infrastructure.unseen",
    ),
    with(
        TERRAFORM,
        &["run-all|stack|run", "apply"],
        &[
            "-auto-approve",
            "--auto-approve",
            "--terragrunt-non-interactive",
            "--non-interactive",
        ],
        "infrastructure.unseen",
    ),
    row(&["pulumi"], &["destroy|down"], "infrastructure.destroy"),
    row(&["pulumi"], &["stack", "rm"], "infrastructure.state"),
    row(
        &["pulumi"],
        &["state", "unprotect|edit"],
        "infrastructure.change",
    ),
    row(&["pulumi"], &["state", "delete"], "infrastructure.state"),
    row(&["pulumi"], &["cancel"], "infrastructure.change"),
    row(&["pulumi"], &["stack", "import"], "infrastructure.change"),
    with(
        &["pulumi"],
        &["refresh"],
        &["--yes", "-y", "-f"],
        "infrastructure.unseen",
    ),
    with(
        &["cdk", "cdktf"],
        &["deploy"],
        &["--auto-approve"],
        "infrastructure.unseen",
    ),
    row(
        &["serverless", "sls"],
        &["rollback"],
        "infrastructure.change",
    ),
    with(
        &["packer"],
        &["build"],
        &["-force", "--force"],
        "infrastructure.change",
    ),
    row(
        &["puppetserver"],
        &["ca", "clean|revoke"],
        "infrastructure.change",
    ),
    row(&["salt-key"], &[], "infrastructure.change"),
    row(
        &["vagrant"],
        &["snapshot", "delete"],
        "infrastructure.machines",
    ),
    row(&["amplify"], &["env", "remove"], "infrastructure.destroy"),
    row(&["zappa"], &["undeploy"], "infrastructure.destroy"),
    row(
        &["nixops", "waypoint", "arc", "env0", "tfc-cli", "up"],
        &["destroy"],
        "infrastructure.destroy",
    ),
    row(&["chalice"], &["delete"], "infrastructure.destroy"),
    row(&["eb"], &["terminate"], "infrastructure.destroy"),
    row(
        &["bosh"],
        &["delete-deployment|delete-env"],
        "infrastructure.destroy",
    ),
    row(
        &["juju"],
        &["destroy-model|destroy-controller|kill-controller"],
        "infrastructure.destroy",
    ),
    row(
        &["cf"],
        &["delete-space|delete-org|delete-service"],
        "infrastructure.destroy",
    ),
    row(
        &["openstack"],
        &["project|volume|stack", "delete"],
        "infrastructure.destroy",
    ),
    row(
        &["vault"],
        &["secrets", "disable"],
        "infrastructure.destroy",
    ),
    row(&["vault"], &["kv", "destroy"], "infrastructure.destroy"),
    row(
        &["vault"],
        &["kv", "metadata", "delete"],
        "infrastructure.destroy",
    ),
    row(
        &["vault"],
        &["operator", "seal|step-down|rekey|generate-root|migrate"],
        "infrastructure.change",
    ),
    row(
        &["vault", "consul", "nomad"],
        &["operator", "raft", "remove-peer"],
        "infrastructure.change",
    ),
    row(
        &["vault", "consul", "nomad"],
        &["operator", "snapshot", "restore"],
        "infrastructure.change",
    ),
    row(
        &["vault"],
        &["operator", "raft", "snapshot", "restore"],
        "infrastructure.change",
    ),
    row(
        &["consul"],
        &["snapshot", "restore"],
        "infrastructure.change",
    ),
    row(&["consul"], &["force-leave|leave"], "infrastructure.change"),
    with(
        &["consul"],
        &["maint"],
        &["-enable"],
        "infrastructure.change",
    ),
    row(&["vault"], &["write", "sys/seal"], "infrastructure.change"),
    row(&["nomad"], &["system", "gc"], "infrastructure.change"),
    with(
        &["nomad"],
        &["node", "drain"],
        &["-enable"],
        "infrastructure.change",
    ),
    with(
        &["nomad"],
        &["node", "eligibility"],
        &["-disable"],
        "infrastructure.change",
    ),
    row(
        &["nomad"],
        &["server", "force-leave"],
        "infrastructure.change",
    ),
    row(&["nomad"], &["deployment", "fail"], "infrastructure.change"),
    with(
        &["pulumi"],
        &["up|update"],
        &["--yes", "-y", "--skip-preview", "-f"],
        "infrastructure.unseen",
    ),
    row(STACKS, &["destroy|remove|delete"], "infrastructure.destroy"),
    row(
        STACKS,
        &["app|env|svc|job|pipeline", "delete"],
        "infrastructure.destroy",
    ),
    row(&["vagrant"], &["destroy"], "infrastructure.machines"),
    row(
        &["virsh"],
        &["destroy|undefine|vol-delete|pool-delete|snapshot-delete"],
        "infrastructure.machines",
    ),
    row(&["multipass"], &["delete|purge"], "infrastructure.machines"),
    row(
        &["limactl", "colima"],
        &["delete|factory-reset"],
        "infrastructure.machines",
    ),
    row(&["lxc", "incus"], &["delete"], "infrastructure.machines"),
    row(
        &["lxc", "incus"],
        &["storage|snapshot|profile|project|network|image", "delete"],
        "infrastructure.machines",
    ),
    row(
        &["lxc", "incus"],
        &["storage", "volume|bucket", "delete"],
        "infrastructure.machines",
    ),
    row(&["qm", "pct"], &["destroy"], "infrastructure.machines"),
    with(
        &["vboxmanage"],
        &["unregistervm|closemedium"],
        &["--delete"],
        "infrastructure.machines",
    ),
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    let before = findings.len();
    let program = view.program.as_str();
    let by_verb = TOOLS.contains(&program);
    let id = match program {
        "ansible" => ansible(view),
        "ansible-playbook" => playbook(view),
        "salt" | "salt-call" | "salt-ssh" => salt(view),
        "terraform" | "tofu" | "terragrunt" => answered(view),
        "cdk" if view.run.value(&["--require-approval"]) == Some("never") => {
            Some("infrastructure.unseen")
        }
        "puppet" => puppet(view),
        _ => None,
    };
    let listed = ROWS.iter().any(|row| view.is(row.programs));
    if !by_verb && !listed && id.is_none() || verbs::only_shows(view) {
        return;
    }
    let lists_keys = program == "salt-key"
        && !view.run.has(Some('d'), &["delete"])
        && !view.run.has(Some('D'), &["delete-all"]);
    if !lists_keys {
        table::judge(view, ROWS, RULES, findings);
    }
    if findings.len() > before {
        return;
    }
    if let Some(id) = id {
        report(findings, rule(RULES, id));
    } else if by_verb && let Some(act) = verbs::act(view) {
        // Starting and stopping virtual machines is daily work.
        let daily = matches!(program, "prlctl" | "openstack" | "govc" | "maas")
            && act.deed == Deed::Stop
            || act.word == "rollback" && program == "eb";
        if !daily {
            report(findings, rule(RULES, "infrastructure.change"));
        }
    } else if program == "nomad" && view.words().last() == Some(&"0") && view.has_word("scale") {
        report(findings, rule(RULES, "infrastructure.change"));
    }
}

/// `yes | terraform apply`: nobody sees the plan.
fn answered(view: &View<'_>) -> Option<&'static str> {
    let applies = view.words().contains(&"apply");
    let answered = view
        .run
        .stdin
        .text
        .as_deref()
        .is_some_and(|text| text.trim() == "yes")
        || view.feeders().any(|feeder| feeder.program() == "yes");
    (applies && answered).then_some("infrastructure.unseen")
}

/// A module that removes, stops or restarts, on every machine of a group.
fn ansible(view: &View<'_>) -> Option<&'static str> {
    if view.run.has(Some('C'), &["check", "list-hosts"]) {
        return None;
    }
    let module = view.run.value(&["-m", "--module-name"]).unwrap_or_default();
    let module = module.rsplit('.').next().unwrap_or_default();
    let takes_away = view.run.value(&["-a", "--args"]).is_some_and(|args| {
        args.split_whitespace()
            .any(|word| matches!(word, "state=absent" | "state=stopped" | "state=restarted"))
    });
    let runs_text = matches!(module, "" | "shell" | "command" | "raw" | "script");
    (module == "reboot" || module == "shutdown" || takes_away && !runs_text)
        .then_some("infrastructure.change")
}

/// A playbook that says in its name or its variables that it takes things away.
fn playbook(view: &View<'_>) -> Option<&'static str> {
    if view.run.has(
        Some('C'),
        &[
            "check",
            "syntax-check",
            "list-hosts",
            "list-tasks",
            "list-tags",
        ],
    ) {
        return None;
    }
    let named = verbs::words(view).iter().any(|word| {
        let name = word.rsplit('/').next().unwrap_or_default();
        let stem = name
            .strip_suffix(".yml")
            .or_else(|| name.strip_suffix(".yaml"));
        stem.is_some_and(|stem| {
            stem.split(['-', '_']).any(|piece| {
                matches!(
                    piece,
                    "destroy"
                        | "teardown"
                        | "wipe"
                        | "purge"
                        | "uninstall"
                        | "decommission"
                        | "delete"
                        | "reset"
                        | "nuke"
                )
            })
        })
    });
    let absent = view
        .run
        .value(&["-e", "--extra-vars"])
        .is_some_and(|value| value.contains("state=absent"));
    (named || absent).then_some("infrastructure.change")
}

/// `salt '*' pkg.remove postgresql`.
fn salt(view: &View<'_>) -> Option<&'static str> {
    verbs::words(view)
        .iter()
        .take(2)
        .filter_map(|word| word.split_once('.'))
        .any(|(module, function)| {
            let verb = function.split('_').next().unwrap_or_default();
            matches!(
                verb,
                "remove"
                    | "delete"
                    | "purge"
                    | "stop"
                    | "disable"
                    | "reboot"
                    | "shutdown"
                    | "halt"
                    | "poweroff"
                    | "kill"
                    | "drop"
                    | "flush"
                    | "rmdir"
            ) && !module.is_empty()
        })
        .then_some("infrastructure.change")
}

/// `puppet resource package nginx ensure=absent`.
fn puppet(view: &View<'_>) -> Option<&'static str> {
    let words = view.words();
    let resource = words.first() == Some(&"resource")
        && words
            .iter()
            .any(|word| matches!(*word, "ensure=absent" | "ensure=stopped" | "ensure=purged"));
    let node =
        matches!(words.first(), Some(&("node" | "cert" | "ca"))) && words.get(1) == Some(&"clean");
    (resource || node).then_some("infrastructure.change")
}
