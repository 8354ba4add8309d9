//! Infrastructure as code: what takes apart what is described, and what forgets it.

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
    row(
        TERRAFORM,
        &["state", "rm|push|mv|replace-provider"],
        "infrastructure.state",
    ),
    row(TERRAFORM, &["taint|force-unlock"], "infrastructure.state"),
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
        &["state", "delete|unprotect|edit"],
        "infrastructure.state",
    ),
    row(&["pulumi"], &["cancel"], "infrastructure.state"),
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
    row(&["qm", "pct"], &["destroy"], "infrastructure.machines"),
    with(
        &["vboxmanage"],
        &["unregistervm"],
        &["--delete"],
        "infrastructure.machines",
    ),
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    table::judge(view, ROWS, RULES, findings);
}
