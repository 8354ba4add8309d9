//! Requests to an API: what their method and address say.

use super::{RULES, money};
use crate::rules::{Finding, View, inventory, report, report_as, rule};

pub(super) fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    if !view.is(&[
        "curl", "curlie", "http", "https", "xh", "xhs", "wget", "httpie",
    ]) {
        return;
    }
    let words = view.words();
    let named = method(view).or_else(|| {
        words
            .iter()
            .find(|word| {
                view.program != "curl"
                    && view.program != "wget"
                    && ["delete", "get", "patch", "post", "put"]
                        .iter()
                        .any(|verb| word.eq_ignore_ascii_case(verb))
            })
            .copied()
    });
    let is = |verb: &str| named.is_some_and(|method| method.eq_ignore_ascii_case(verb));
    let sends =
        named.is_none() && has_body(view) && !view.has_word("-G") && !view.has_word("--get");
    let own = is_development(view, &words);
    let posts = is("post") || is("put") || is("patch") || sends;
    let addresses = || {
        words
            .iter()
            .map(|word| word.strip_prefix("url=").unwrap_or(word))
            .filter(|word| word.contains('/') && !word.contains(' '))
    };
    if (is("delete") || is("purge") || is("ban")) && !own
        || posts && !own && addresses().any(ends_in_deletion)
    {
        let known = rule(RULES, "clouds.api-delete");
        match inventory::behind(view) {
            Some((service, server)) => {
                let reason = inventory::sentence("deletes something behind", service, server);
                report_as(findings, known, known.severity, reason);
            }
            None => report(findings, known),
        }
    } else if posts && addresses().any(money::moves) && !money::plays(view.args()) {
        report(findings, rule(RULES, "clouds.money"));
    } else if posts && !own && addresses().any(stops_jenkins) {
        report(findings, rule(RULES, "clouds.change"));
    }
}

/// Whether a request is given a body, which makes it a `POST`.
fn has_body(view: &View<'_>) -> bool {
    view.run.has(
        None,
        &[
            "data",
            "data-raw",
            "data-binary",
            "data-urlencode",
            "json",
            "form",
            "post-data",
            "post-file",
        ],
    ) || view.program.starts_with("curl")
        && view
            .args()
            .iter()
            .any(|arg| arg.text.starts_with("-d") || arg.text.starts_with("-F"))
}

/// Addresses at which Jenkins stops, restarts or deletes.
fn stops_jenkins(address: &str) -> bool {
    let (host, path) = parts(address);
    let last = path
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    matches!(
        last,
        "doDelete" | "safeExit" | "quietDown" | "safeRestart" | "doWipeOutWorkspace" | "doKill"
    ) || matches!(last, "exit" | "restart" | "kill" | "doDisconnect")
        && (host.contains("jenkins") || host.split(['.', '-', ':']).any(|part| part == "ci"))
}

/// The host and the path of an address.
pub(in crate::rules) fn parts(address: &str) -> (&str, &str) {
    let address = address.split_once("://").map_or(address, |(_, rest)| rest);
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let (place, path) = address.split_once('/').unwrap_or((address, ""));
    (place.rsplit('@').next().unwrap_or_default(), path)
}

/// The method that a flag names: `-X DELETE`, `-sXDELETE`, `--request=DELETE`, `--method DELETE`.
pub(in crate::rules) fn method<'a>(view: &'a View<'_>) -> Option<&'a str> {
    if let Some(method) = view.run.value(&["-X", "--request", "--method"]) {
        return Some(method);
    }
    let args = view.args();
    args.iter().enumerate().find_map(|(index, arg)| {
        let cluster = arg
            .text
            .strip_prefix('-')
            .filter(|rest| !rest.starts_with('-'))?;
        let at = cluster.find('X').filter(|at| *at > 0 && *at < 6)?;
        let switches = cluster.get(..at)?;
        if !switches
            .bytes()
            .all(|one| b"sSfikLvgG#0123456".contains(&one))
        {
            return None;
        }
        match cluster.get(at + 1..)? {
            "" => args.get(index + 1).map(|next| next.text.as_str()),
            rest => Some(rest),
        }
    })
}

/// Where stores and control planes listen: Elasticsearch, etcd, Consul, Vault, Docker, Kubernetes and their like.
const STORE_PORTS: &[&str] = &[
    "9200", "9201", "2379", "8500", "8200", "2375", "2376", "6443", "8001", "5984", "6333", "8086",
    "9090", "9091", "7700", "8108", "8983", "8123", "15672", "8474", "8083", "8091", "9000",
    "7474", "8529", "9998", "19530", "2019",
];

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
    // Grafana keeps its dashboards at a port that is also used by what is developed.
    let of_a_store = ["api/dashboards", "api/datasources", "api/folders"]
        .iter()
        .any(|start| path.starts_with(start));
    view.run.host.is_none()
        && (matches!(host, "localhost" | "127.0.0.1" | "0.0.0.0" | "[::1]")
            || host.is_empty() && !port.is_empty())
        && !STORE_PORTS.contains(&port)
        && !of_a_store
        && path.contains('/')
}

/// Whether the last piece of an address says that something is deleted or closed.
fn ends_in_deletion(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let Some((_, last)) = path.trim_end_matches('/').rsplit_once('/') else {
        return false;
    };
    let mut parts = last
        .split(['-', '_', ':'])
        .filter(|part| !part.is_empty())
        .skip_while(|part| matches!(*part, "bulk" | "batch" | "mass" | "force" | "hard"));
    // `chat.delete`, `conversations.archive`.
    if matches!(
        last.split_once('.'),
        Some((_, "delete" | "archive" | "remove" | "kick" | "revoke"))
    ) {
        return true;
    }
    // An issue is closed every day, an index is not.
    last == "_close"
        // A password is reset every day, a store is not.
        || matches!(last, "reset" | "factory-reset" | "reset-all" | "wipe-all" | "deleteAll")
            && !["password", "totp", "mfa", "session"]
                .iter()
                .any(|word| path.contains(word))
        || parts.next().is_some_and(|verb| {
            matches!(
                verb,
                "delete"
                    | "destroy"
                    | "purge"
                    | "wipe"
                    | "terminate"
                    | "drop"
                    | "flush"
                    | "truncate"
                    | "revoke"
                    | "unpublish"
                    | "erase"
                    | "decommission"
                    | "dodelete"
            )
        })
}
