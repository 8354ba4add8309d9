//! Commands at providers whose danger is in a flag or in a word that is no verb.

use crate::rules::View;
use crate::rules::verbs::words;

const DELETE: &str = "clouds.delete";
const DATA: &str = "clouds.delete-data";
const CHANGE: &str = "clouds.change";

/// Programs judged here that are not in the list of tools.
pub(super) const PROGRAMS: &[&str] = &[
    "rndc",
    "nsupdate",
    "samba-tool",
    "dnscontrol",
    "octodns-sync",
    "grpcurl",
    "zkcli.sh",
    "ray",
    "ollama",
];

/// Program, leading words (`a|b` is one of several), flags of which one must be given, rule.
type Form = (&'static str, &'static str, &'static str, &'static str);

const FORMS: &[Form] = &[
    ("aws", "s3 sync", "--delete", DELETE),
    (
        "aws",
        "ec2 modify-instance-attribute",
        "--no-disable-api-termination",
        CHANGE,
    ),
    (
        "aws",
        "ec2 release-address|revoke-security-group-ingress|revoke-security-group-egress",
        "",
        CHANGE,
    ),
    (
        "aws",
        "ec2 authorize-security-group-ingress",
        "--cidr=0.0.0.0/0",
        CHANGE,
    ),
    (
        "aws",
        "rds modify-db-instance|modify-db-cluster",
        "--no-deletion-protection",
        CHANGE,
    ),
    (
        "aws",
        "cloudformation update-termination-protection",
        "--no-enable-termination-protection",
        CHANGE,
    ),
    ("aws", "dynamodb batch-write-item", "", DELETE),
    (
        "aws",
        "lambda put-function-concurrency",
        "--reserved-concurrent-executions=0",
        CHANGE,
    ),
    ("aws", "ecs update-service", "--desired-count=0", CHANGE),
    (
        "aws",
        "autoscaling update-auto-scaling-group|set-desired-capacity",
        "--desired-capacity=0",
        CHANGE,
    ),
    (
        "aws",
        "iam attach-user-policy|attach-role-policy|attach-group-policy|put-user-policy|put-role-policy",
        "",
        CHANGE,
    ),
    (
        "aws",
        "s3api put-bucket-versioning|put-bucket-lifecycle-configuration|put-bucket-acl|put-bucket-policy",
        "",
        CHANGE,
    ),
    ("aws", "route53 change-resource-record-sets", "", CHANGE),
    ("aws", "logs put-retention-policy", "", CHANGE),
    ("aws", "account close-account", "", DATA),
    (
        "aws",
        "organizations close-account|leave-organization",
        "",
        DATA,
    ),
    (
        "gcloud",
        "sql instances patch",
        "--no-deletion-protection",
        CHANGE,
    ),
    ("gcloud", "sql backups restore", "", DELETE),
    ("gcloud", "sql instances restore-backup|restart", "", CHANGE),
    (
        "gcloud",
        "container clusters resize",
        "--num-nodes=0 --size=0",
        CHANGE,
    ),
    (
        "gcloud",
        "storage rsync",
        "--delete-unmatched-destination-objects",
        DELETE,
    ),
    ("gcloud", "pubsub subscriptions seek", "", CHANGE),
    (
        "gcloud",
        "projects|organizations|folders set-iam-policy",
        "",
        CHANGE,
    ),
    (
        "gcloud",
        "projects|organizations|folders add-iam-policy-binding",
        "--member=allUsers --role=roles/owner --role=roles/editor",
        CHANGE,
    ),
    ("gcloud", "billing projects unlink", "", DELETE),
    ("gsutil", "iam|acl ch", "", CHANGE),
    ("gsutil", "versioning set off", "", CHANGE),
    ("gsutil", "lifecycle set", "", CHANGE),
    ("bq", "load", "--replace", DELETE),
    ("bq", "mk", "--force -f", DELETE),
    (
        "cbt",
        "deletetable|deletefamily|deleteallrows|dropallrows|deleteinstance",
        "",
        DATA,
    ),
    ("az", "vm|aks restart", "", CHANGE),
    (
        "az",
        "storage blob sync",
        "--delete-destination=true",
        DELETE,
    ),
    ("az", "role assignment create", "--role=Owner", CHANGE),
    (
        "az",
        "deployment group|sub create",
        "--mode=Complete",
        DELETE,
    ),
    ("az", "redis force-reboot", "", CHANGE),
    ("azd", "down", "", DATA),
    ("deck", "sync|reset", "", DELETE),
    ("deck", "gateway sync|reset", "", DELETE),
    ("azcopy", "sync", "--delete-destination=true", DELETE),
    ("doctl", "kubernetes|k8s cluster|c d", "", DATA),
    ("doctl", "registry garbage-collection start", "", DELETE),
    (
        "doctl",
        "compute droplet-action power-off|power-cycle|rebuild|restore|shutdown",
        "",
        CHANGE,
    ),
    (
        "oci",
        "compute instance action",
        "--action=STOP --action=SOFTSTOP --action=RESET",
        CHANGE,
    ),
    ("oci", "os object bulk-delete", "", DATA),
    ("fly", "scale count", "0", CHANGE),
    ("flyctl", "scale count", "0", CHANGE),
    ("fly", "ips release", "", CHANGE),
    ("flyctl", "ips release", "", CHANGE),
    (
        "heroku",
        "pg:copy|pg:restore|pg:backups:restore",
        "",
        DELETE,
    ),
    (
        "heroku",
        "pg:promote|apps:transfer|maintenance:on",
        "",
        CHANGE,
    ),
    ("heroku", "ps:scale", "=0", CHANGE),
    ("wrangler", "d1 time-travel restore", "", DELETE),
    ("neonctl", "branches restore", "", DELETE),
    ("neon", "branches restore", "", DELETE),
    ("supabase", "stop", "--no-backup", DATA),
    (
        "supabase",
        "network-restrictions update",
        "--db-allow-cidr=0.0.0.0/0",
        CHANGE,
    ),
    ("firebase", "database:set|auth:import", "", DELETE),
    ("pscale", "deploy-request deploy", "", CHANGE),
    ("atlas", "backups restores start", "", DELETE),
    ("s5cmd", "sync", "--delete", DELETE),
    ("s3cmd", "sync", "--delete-removed --delete", DELETE),
    ("s3cmd", "setacl", "--acl-public -P", CHANGE),
    ("rclone", "sync|move", "", DELETE),
    ("rclone", "dedupe", "", DELETE),
    ("rclone", "bisync", "--resync", DELETE),
    ("mc", "mirror", "--remove", DELETE),
    ("mc", "version suspend", "", CHANGE),
    ("mc", "anonymous|policy set", "", CHANGE),
    (
        "stripe",
        "refunds|payouts|transfers create",
        "--live",
        CHANGE,
    ),
    ("sentry-cli", "issues resolve", "--all", CHANGE),
    ("ldcli", "flags toggle-off", "", CHANGE),
    (
        "jenkins-cli",
        "safe-shutdown|quiet-down|shutdown",
        "",
        CHANGE,
    ),
    (
        "java",
        "safe-shutdown|quiet-down|shutdown|safe-restart",
        "",
        CHANGE,
    ),
    ("newrelic", "apiaccess apiAccessDeleteKeys", "", DELETE),
    ("fastly", "purge", "", DELETE),
    ("hasura", "migrate apply", "--down", DELETE),
    ("airflow", "db clean", "", DELETE),
    ("convex", "import", "--replace --replace-all", DELETE),
    ("ray", "down", "", DELETE),
    ("sky", "down", "", DELETE),
    ("railway", "down", "", DATA),
    ("rpk", "topic trim-prefix", "", DELETE),
    ("splunk", "clean", "", DATA),
    ("rndc", "delzone", "", DELETE),
    ("samba-tool", "dns|user|group|computer delete", "", DELETE),
    ("dnscontrol", "push", "", CHANGE),
    ("octodns-sync", "", "--doit", CHANGE),
    ("zkcli.sh", "deleteall|delete|rmr", "", DELETE),
    ("zkcli.sh", "", "deleteall rmr", DELETE),
    ("cli53", "rrdelete|rrpurge", "", DELETE),
];

/// The rule of a command whose form is listed.
pub(super) fn judge(view: &View<'_>) -> Option<&'static str> {
    let program = view.program.as_str();
    if program == "gsutil" && view.has_word("rsync") {
        let deletes = view.run.has(Some('d'), &[]) && !view.run.has(Some('n'), &[]);
        return deletes.then_some(DELETE);
    }
    if program == "grpcurl" {
        let method = view.args().last()?.text.rsplit(['/', '.']).next()?;
        let deletes = ["Delete", "Destroy", "Purge", "Drop", "Remove"]
            .iter()
            .any(|verb| method.starts_with(verb));
        return deletes.then_some(DELETE);
    }
    let tells = |text: &str| {
        text.lines()
            .any(|line| line.trim_start().starts_with("update delete"))
    };
    if program == "nsupdate" {
        return view
            .run
            .stdin
            .text
            .as_deref()
            .is_some_and(tells)
            .then_some(DELETE);
    }
    if !FORMS.iter().any(|form| form.0 == program) {
        return None;
    }
    let words = words(view);
    FORMS
        .iter()
        .filter(|form| form.0 == program)
        .find(|(_, says, flags, _)| starts(&words, says) && given(view, flags))
        .map(|form| form.3)
}

fn starts(words: &[&str], says: &str) -> bool {
    says.split_whitespace().enumerate().all(|(at, word)| {
        words
            .get(at)
            .is_some_and(|text| word.split('|').any(|one| one.eq_ignore_ascii_case(text)))
    })
}

/// Whether one of the flags is given, `--flag=value` also as two words.
fn given(view: &View<'_>, flags: &str) -> bool {
    flags.is_empty()
        || flags.split_whitespace().any(|flag| {
            let args = view.args();
            args.iter().enumerate().any(|(at, arg)| {
                let text = arg.text.as_str();
                match flag.split_once('=') {
                    // `web=0`
                    Some(("", _)) => text.ends_with(flag),
                    Some((name, value)) => {
                        text == flag
                            || text == name
                                && args.get(at + 1).is_some_and(|next| next.text == value)
                    }
                    None if flag == "0" => text == "0" || text.ends_with("=0"),
                    None => text == flag,
                }
            })
        })
}
