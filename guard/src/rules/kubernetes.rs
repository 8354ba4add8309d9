//! Kubernetes, its package manager, and the clusters themselves.

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
        id: "kubernetes.delete-namespace",
        field: "kubernetes",
        severity: Verdict::Deny,
        reason: "Deleting a namespace or a definition deletes everything in it, volumes included.",
        alternative: "Delete the one object by name, and let a person delete the rest.",
    },
    RuleDoc {
        id: "kubernetes.delete-volume",
        field: "kubernetes",
        severity: Verdict::Deny,
        reason: "A volume or its claim holds the data of a database, and deleting it deletes the data.",
        alternative: "Take a snapshot of the volume first, and let a person delete it.",
    },
    RuleDoc {
        id: "kubernetes.delete-all",
        field: "kubernetes",
        severity: Verdict::Deny,
        reason: "This deletes every object of a kind, also those of others.",
        alternative: "Delete the one object by name.",
    },
    RuleDoc {
        id: "kubernetes.delete",
        field: "kubernetes",
        severity: Verdict::Ask,
        reason: "This deletes or empties something in a cluster.",
        alternative: "Show it with `--dry-run=client -o yaml` and let a person apply it.",
    },
    RuleDoc {
        id: "kubernetes.disrupt",
        field: "kubernetes",
        severity: Verdict::Ask,
        reason: "This stops or moves what runs in a cluster.",
        alternative: "`kubectl get pods -o wide` shows what it would hit; let a person do it.",
    },
    RuleDoc {
        id: "kubernetes.release",
        field: "kubernetes",
        severity: Verdict::Ask,
        reason: "This removes a release or puts an older one in its place.",
        alternative: "`helm get manifest` shows what would go; try it with `--dry-run`.",
    },
    RuleDoc {
        id: "kubernetes.cluster",
        field: "kubernetes",
        severity: Verdict::Ask,
        reason: "This deletes a whole cluster with all that runs on it.",
        alternative: "Let a person delete it.",
    },
    RuleDoc {
        id: "kubernetes.cluster-state",
        field: "kubernetes",
        severity: Verdict::Deny,
        reason: "This takes a node or the cluster's own store apart.",
        alternative: "`etcdctl snapshot save` first, and let a person do it.",
    },
];

const KUBE: &[&str] = &["kubectl", "oc", "k", "k3s-kubectl"];

const ROWS: &[Row] = &[
    row(
        KUBE,
        &[
            "delete",
            "namespace|namespaces|ns|crd|crds|customresourcedefinition|project",
        ],
        "kubernetes.delete-namespace",
    ),
    row(
        KUBE,
        &[
            "delete",
            "pv|pvc|persistentvolume|persistentvolumes|persistentvolumeclaim|persistentvolumeclaims|statefulset|sts|volumesnapshot|storageclass|sc",
        ],
        "kubernetes.delete-volume",
    ),
    with(
        KUBE,
        &["delete"],
        &["--all", "--all-namespaces", "-A"],
        "kubernetes.delete-all",
    ),
    row(KUBE, &["delete", "all"], "kubernetes.delete-all"),
    row(KUBE, &["delete"], "kubernetes.delete"),
    with(KUBE, &["replace"], &["--force"], "kubernetes.delete"),
    row(KUBE, &["replace"], "kubernetes.delete"),
    with(KUBE, &["apply"], &["--prune"], "kubernetes.delete"),
    row(KUBE, &["drain|cordon|taint"], "kubernetes.disrupt"),
    row(KUBE, &["rollout", "undo"], "kubernetes.disrupt"),
    row(KUBE, &["scale"], "kubernetes.disrupt"),
    row(
        &["helm"],
        &["uninstall|delete|del|un|rollback"],
        "kubernetes.release",
    ),
    row(&["helmfile"], &["destroy|delete"], "kubernetes.release"),
    row(
        &["argocd"],
        &["app", "delete|rollback"],
        "kubernetes.release",
    ),
    row(&["flux"], &["uninstall|delete"], "kubernetes.release"),
    row(&["istioctl"], &["uninstall"], "kubernetes.release"),
    row(&["velero"], &["uninstall"], "kubernetes.release"),
    row(
        &["kind", "minikube", "k3d", "eksctl", "kops"],
        &["delete"],
        "kubernetes.cluster",
    ),
    row(
        &["k3d", "kind", "eksctl"],
        &["cluster", "delete"],
        "kubernetes.cluster",
    ),
    row(
        &["kubeadm", "talosctl", "microk8s"],
        &["reset"],
        "kubernetes.cluster-state",
    ),
    row(
        &[
            "k3s-uninstall.sh",
            "k3s-agent-uninstall.sh",
            "rke2-uninstall.sh",
        ],
        &[],
        "kubernetes.cluster-state",
    ),
    row(&["etcdctl"], &["del"], "kubernetes.cluster-state"),
    row(
        &["etcdctl"],
        &["member", "remove"],
        "kubernetes.cluster-state",
    ),
    row(
        &["etcdctl"],
        &["snapshot", "restore"],
        "kubernetes.cluster-state",
    ),
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    // Scaling matters when it is to nothing.
    let scales = view.is(KUBE) && view.words().first() == Some(&"scale");
    if scales && view.run.value(&["--replicas"]) != Some("0") {
        return;
    }
    let dry = view
        .args()
        .iter()
        .any(|arg| arg.text.starts_with("--dry-run"));
    if !dry {
        table::judge(view, ROWS, RULES, findings);
    }
}
