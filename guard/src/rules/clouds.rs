//! Cloud providers, services with an API, and requests to them.
//!
//! Their tools name what they do in the subcommand, so the verbs are judged and not each product.

pub(super) mod http;
mod money;
mod special;
mod tools;

use super::verbs::{self, Act, Deed};
use super::{Field, Finding, RuleDoc, View, report, rule, table};
use crate::Verdict;
use tools::{DATA, HOLDERS, JOBS, LOCAL, STOPPERS, TOOLS};

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
    RuleDoc {
        id: "clouds.money",
        field: "clouds",
        severity: Verdict::Ask,
        reason: "This moves money, or ends a contract, at a payment service.",
        alternative: "Use the keys and the host of its sandbox, and let a person do it for real.",
    },
    RuleDoc {
        id: "clouds.change",
        field: "clouds",
        severity: Verdict::Ask,
        reason: "This stops something at a provider, opens it to others, or takes a setting or a protection away.",
        alternative: "Show what it would change, and let a person do it.",
    },
];

/// Calls that other fields judge.
const OF_DATABASES: &[&str] = &[
    "flushall",
    "flushAll",
    "flushdb",
    "dropDatabase",
    "dropCollection",
    "drop_database",
    "drop_collection",
    "drop_all",
    "delete_all",
    "destroy_all",
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    http::judge(view, findings);
    let program = view.program.as_str();
    if program == "sdk-call" {
        let name = view.words().first().copied().unwrap_or_default();
        if !OF_DATABASES.contains(&name) {
            report(findings, rule(RULES, "clouds.delete"));
        }
        return;
    }
    let jenkins = program == "java" && view.args().iter().any(|arg| arg.text.contains("jenkins"));
    let known = jenkins || TOOLS.binary_search(&program).is_ok();
    if !known && !special::PROGRAMS.contains(&program) && !is_like_a_cloud_tool(program) {
        return;
    }
    if verbs::only_shows(view) || program == "rclone" && view.run.has(Some('n'), &[]) {
        return;
    }
    let found = if DATA
        .iter()
        .any(|(tool, words)| program == *tool && table::says(view, words))
    {
        Some("clouds.delete-data")
    } else {
        special::judge(view).or_else(|| verbs::act(view).and_then(|act| by_verb(view, &act, known)))
    };
    if let Some(id) = found {
        report(findings, rule(RULES, id));
    }
}

/// What the verb of a command tells.
fn by_verb(view: &View<'_>, act: &Act<'_>, known: bool) -> Option<&'static str> {
    let program = view.program.as_str();
    let local = LOCAL.iter().any(|(tool, words)| {
        *tool == program
            && (act
                .before
                .first()
                .is_some_and(|first| words.contains(first))
                || words.contains(&act.word))
    });
    let list = |words: &[&str], list: &[&str]| words.iter().any(|word| list.contains(word));
    let pieces: Vec<&str> = act.word.split(['-', ':']).skip(1).collect();
    match act.deed {
        _ if local => None,
        // An unknown tool is judged by the plainest verbs only.
        Deed::Delete if !known => matches!(
            act.word,
            "delete" | "destroy" | "drop" | "purge" | "terminate" | "wipe"
        )
        .then_some("clouds.delete"),
        _ if !known => None,
        Deed::Delete if list(&act.before, HOLDERS) && is_final(act.word) => {
            // What is below a holder, such as `databases users delete`, is not the holder.
            let holds = act.before.last().is_some_and(|last| HOLDERS.contains(last));
            Some(if holds {
                "clouds.delete-data"
            } else {
                "clouds.delete"
            })
        }
        Deed::Delete => Some("clouds.delete"),
        Deed::Stop if !STOPPERS.contains(&program) => None,
        Deed::Stop if list(&act.before, JOBS) || list(&pieces, JOBS) => None,
        Deed::Undo | Deed::Stop => Some("clouds.change"),
    }
}

fn is_final(word: &str) -> bool {
    matches!(
        word,
        "delete" | "destroy" | "remove" | "rm" | "drop" | "terminate" | "purge"
    )
}

/// Tools of services nobody has listed are often called `name-cli` or `namectl`.
fn is_like_a_cloud_tool(program: &str) -> bool {
    let local = [
        "kubectl",
        "nerdctl",
        "crictl",
        "redis-cli",
        "valkey-cli",
        "keydb-cli",
        "nmcli",
        "bluetoothctl",
        "loginctl",
        "systemctl",
        "machinectl",
        "journalctl",
        "launchctl",
        "supervisorctl",
        "sequelize-cli",
        "brctl",
        "vue-cli",
        "localectl",
        "timedatectl",
        "etcdctl",
        "talosctl",
        "calicoctl",
        "ovs-vsctl",
        "influx-cli",
    ];
    (program.ends_with("-cli") || program.ends_with("ctl")) && !local.contains(&program)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_tools_are_sorted() {
        assert!(super::TOOLS.is_sorted());
    }
}
