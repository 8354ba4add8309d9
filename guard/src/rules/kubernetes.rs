//! Kubernetes, its package manager, and the clusters themselves.

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
        id: "kubernetes.access",
        field: "kubernetes",
        severity: Verdict::Ask,
        reason: "This lets somebody do everything in a cluster.",
        alternative: "Bind a role that allows what is needed, in the one namespace.",
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

const KUBE: &[&str] = &["kubectl", "oc", "k", "k3s-kubectl", "kubecolor"];

/// Tools of a cluster whose verbs are judged, and what their verbs do.
const TOOLS: &[(&str, &str)] = &[
    ("argo", "kubernetes.delete"),
    ("argocd", "kubernetes.release"),
    ("calicoctl", "kubernetes.delete"),
    ("cilium", "kubernetes.release"),
    ("clusterctl", "kubernetes.cluster"),
    ("devspace", "kubernetes.release"),
    ("eksctl", "kubernetes.cluster"),
    ("etcdctl", "kubernetes.cluster-state"),
    ("flux", "kubernetes.release"),
    ("garden", "kubernetes.release"),
    ("istioctl", "kubernetes.release"),
    ("k0s", "kubernetes.cluster-state"),
    ("k0sctl", "kubernetes.cluster-state"),
    ("kapp", "kubernetes.release"),
    ("kn", "kubernetes.delete"),
    ("linkerd", "kubernetes.release"),
    ("longhornctl", "kubernetes.delete"),
    ("okteto", "kubernetes.release"),
    ("rancher", "kubernetes.delete"),
    ("rke", "kubernetes.cluster-state"),
    ("talosctl", "kubernetes.cluster-state"),
    ("tkn", "kubernetes.delete"),
    ("vcluster", "kubernetes.cluster"),
    ("velero", "kubernetes.delete"),
    ("werf", "kubernetes.release"),
];

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
    row(KUBE, &["evict"], "kubernetes.disrupt"),
    row(KUBE, &["adm", "drain|cordon|taint"], "kubernetes.disrupt"),
    with(KUBE, &["adm", "prune"], &["--confirm"], "kubernetes.delete"),
    row(
        KUBE,
        &[
            "adm",
            "policy",
            "remove-cluster-role-from-user|remove-cluster-role-from-group|remove-role-from-user",
        ],
        "kubernetes.delete",
    ),
    row(
        KUBE,
        &["cnpg|minio|kudo|rook-ceph|pgo|argo", "destroy|delete"],
        "kubernetes.delete",
    ),
    row(
        KUBE,
        &["minio|cnpg|argo", "tenant|cluster|rollouts", "delete|abort"],
        "kubernetes.delete",
    ),
    with(
        &["argocd"],
        &["app", "sync"],
        &["--prune"],
        "kubernetes.delete",
    ),
    row(&["argocd"], &["app", "terminate-op"], "kubernetes.disrupt"),
    row(&["argo"], &["terminate|stop"], "kubernetes.disrupt"),
    with(
        &["kops"],
        &["rolling-update"],
        &["--cloudonly"],
        "kubernetes.disrupt",
    ),
    row(&["talosctl"], &["reboot|shutdown"], "kubernetes.disrupt"),
    row(
        &["talosctl"],
        &["etcd", "forfeit-leadership"],
        "kubernetes.disrupt",
    ),
    row(
        &["talosctl"],
        &["etcd", "remove-member|leave"],
        "kubernetes.cluster-state",
    ),
    row(&["talosctl"], &["cluster", "destroy"], "kubernetes.cluster"),
    row(
        &["k3s"],
        &["etcd-snapshot", "delete|prune"],
        "kubernetes.delete",
    ),
    with(
        &["k3s"],
        &["server"],
        &["--cluster-reset"],
        "kubernetes.cluster-state",
    ),
    row(&["microk8s"], &["disable"], "kubernetes.disrupt"),
    row(&["etcdctl"], &["auth", "disable"], "kubernetes.delete"),
    row(
        &["etcdutl"],
        &["snapshot", "restore"],
        "kubernetes.cluster-state",
    ),
    row(&["k3s-killall.sh"], &[], "kubernetes.disrupt"),
    row(
        &["rdctl", "rancher-desktop"],
        &["factory-reset"],
        "kubernetes.cluster",
    ),
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
        &["kind", "minikube", "k3d"],
        &["delete"],
        "kubernetes.cluster",
    ),
    // Without `--yes` it only lists.
    with(
        &["kops"],
        &["delete"],
        &["--yes", "-y"],
        "kubernetes.cluster",
    ),
    row(
        &["kops"],
        &["delete", "instancegroup|ig|secret"],
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

/// Programs that hand the rest to `kubectl`: `k3s kubectl get pods`.
const CARRIERS: &[&str] = &["k3s", "k0s", "microk8s", "minikube", "rancher"];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    let carried = view.is(CARRIERS)
        && view
            .args()
            .first()
            .is_some_and(|arg| arg.text == "kubectl" || arg.text == "kc");
    if carried {
        let from = if view.args().get(1).is_some_and(|arg| arg.text == "--") {
            2
        } else {
            1
        };
        let mut run = view.run.clone();
        run.argv.drain(..from);
        let inner = View {
            run: &run,
            all: view.all,
            program: "kubectl".to_owned(),
            facts: view.facts,
            known: view.known,
        };
        return judge(&inner, findings);
    }
    let tool = TOOLS.iter().find(|(tool, _)| *tool == view.program);
    if tool.is_none() && !ROWS.iter().any(|row| view.is(row.programs)) || verbs::only_shows(view) {
        return;
    }
    // Scaling matters when it is to nothing.
    let words = view.words();
    let scales = view.is(KUBE) && words.first() == Some(&"scale");
    if scales && view.run.value(&["--replicas"]) != Some("0") {
        return;
    }
    let before = findings.len();
    table::judge(view, ROWS, RULES, findings);
    if findings.len() > before {
        return;
    }
    // Whoever is bound to it may do everything in the cluster.
    let hands_over = view.is(KUBE)
        && (matches!(
            words.as_slice(),
            ["create", "clusterrolebinding" | "rolebinding", ..]
        ) && view.run.value(&["--clusterrole"]) == Some("cluster-admin")
            || matches!(
                words.as_slice(),
                [
                    "adm",
                    "policy",
                    "add-cluster-role-to-user" | "add-cluster-role-to-group",
                    "cluster-admin",
                    ..
                ]
            )
            || matches!(
                words.as_slice(),
                [
                    "adm",
                    "policy",
                    "add-scc-to-user" | "add-scc-to-group",
                    "privileged",
                    ..
                ]
            ));
    let takes_rights = view.is(KUBE)
        && matches!(words.as_slice(), ["auth", "reconcile", ..])
        && (view.has_word("--remove-extra-permissions")
            || view.has_word("--remove-extra-subjects"));
    if takes_rights {
        report(findings, rule(RULES, "kubernetes.delete"));
    }
    if hands_over {
        report(findings, rule(RULES, "kubernetes.access"));
    }
    // A finalizer is what keeps an object until its data is safe.
    let finalizers = view.is(KUBE)
        && words.first() == Some(&"patch")
        && view.args().iter().any(|arg| {
            let text: String = arg
                .text
                .chars()
                .filter(|one| !one.is_whitespace())
                .collect();
            [
                "finalizers\":null",
                "finalizers\":[]",
                "finalizers:null",
                "finalizers:[]",
                "claimRef\":null",
            ]
            .iter()
            .any(|end| text.contains(end))
                || text.contains("op\":\"remove\"") && text.contains("/finalizers")
        });
    if finalizers {
        report(findings, rule(RULES, "kubernetes.delete"));
    }
    if let Some((_, id)) = tool
        && verbs::act(view).is_some_and(|act| {
            act.deed == Deed::Delete || matches!(act.word, "rollback" | "dismiss")
        })
    {
        report(findings, rule(RULES, id));
    }
}
