//! Network and firewall: what opens a machine to everybody, and what cuts it off.

use super::table::{self, Row, row, with};
use super::{Field, Finding, RuleDoc, View, report, rule};
use crate::Verdict;

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: None,
};

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "network.firewall-off",
        field: "network",
        severity: Verdict::Deny,
        reason: "This takes the firewall's rules away, and the machine stands open.",
        alternative: "Add or delete the one rule that is wanted; save the rules first.",
    },
    RuleDoc {
        id: "network.firewall-policy",
        field: "network",
        severity: Verdict::Ask,
        reason: "This changes what the firewall does with everything else, and may lock everybody out.",
        alternative: "Let a person change it, with a timer that puts it back.",
    },
    RuleDoc {
        id: "network.protection-off",
        field: "network",
        severity: Verdict::Deny,
        reason: "This turns a protection of the system off.",
        alternative: "Allow the one thing that is refused.",
    },
    RuleDoc {
        id: "network.cut-off",
        field: "network",
        severity: Verdict::Deny,
        reason: "This takes an interface or the way out down, and nobody reaches the machine any more.",
        alternative: "Let a person do it who can reach the machine's console.",
    },
    RuleDoc {
        id: "network.change",
        field: "network",
        severity: Verdict::Ask,
        reason: "This changes how the machine reaches the network.",
        alternative: "`netplan try` and its like put it back when nobody confirms.",
    },
];

const TABLES: &[&str] = &[
    "iptables",
    "ip6tables",
    "iptables-legacy",
    "iptables-nft",
    "ebtables",
    "arptables",
];

const ROWS: &[Row] = &[
    with(
        TABLES,
        &[],
        &["-F", "-X", "--flush", "--delete-chain"],
        "network.firewall-off",
    ),
    row(
        &["nft"],
        &["flush", "ruleset|table|chain"],
        "network.firewall-off",
    ),
    row(&["nft"], &["delete", "table|chain"], "network.firewall-off"),
    row(&["ufw"], &["disable|reset"], "network.firewall-off"),
    with(&["ufw"], &[], &["--force"], "network.firewall-policy"),
    row(
        &["ufw"],
        &["default", "allow|deny|reject"],
        "network.firewall-policy",
    ),
    with(&["firewall-cmd"], &[], &["--panic-on"], "network.cut-off"),
    with(
        &["firewall-cmd"],
        &[],
        &["--complete-reload", "--reset-to-defaults"],
        "network.firewall-policy",
    ),
    with(&["pfctl"], &[], &["-d", "-F"], "network.firewall-off"),
    row(&["ipset"], &["flush|destroy"], "network.firewall-off"),
    row(
        &["netsh"],
        &["advfirewall", "reset"],
        "network.firewall-off",
    ),
    row(&["setenforce"], &["0|permissive"], "network.protection-off"),
    row(&["aa-teardown"], &[], "network.protection-off"),
    row(
        &["aa-disable", "aa-complain"],
        &[],
        "network.protection-off",
    ),
    row(&["csrutil"], &["disable"], "network.protection-off"),
    with(
        &["spctl"],
        &[],
        &["--master-disable"],
        "network.protection-off",
    ),
    row(&["ip"], &["link|l", "delete|del"], "network.cut-off"),
    row(
        &["ip"],
        &["address|addr|a|route|r|rule|neigh", "flush"],
        "network.cut-off",
    ),
    row(
        &["ip"],
        &["route|r", "delete|del", "default"],
        "network.cut-off",
    ),
    row(&["route"], &["del|delete|flush"], "network.cut-off"),
    row(
        &["ip"],
        &["address|addr|a|route|r|rule", "delete|del"],
        "network.change",
    ),
    row(&["ifdown"], &[], "network.cut-off"),
    row(
        &["nmcli"],
        &["networking|n|radio", "off"],
        "network.cut-off",
    ),
    row(&["nmcli"], &["radio", "wifi|all", "off"], "network.cut-off"),
    row(
        &["nmcli"],
        &["connection|con|c|device|dev|d", "down|delete|disconnect"],
        "network.cut-off",
    ),
    with(
        &["networksetup"],
        &[],
        &["-setairportpower", "-setnetworkserviceenabled"],
        "network.change",
    ),
    row(&["wg-quick"], &["down"], "network.change"),
    row(&["tailscale"], &["down|logout"], "network.change"),
    row(&["netplan"], &["apply"], "network.change"),
    row(&["brctl"], &["delbr|delif"], "network.change"),
    row(&["tc"], &["qdisc", "del|add|replace"], "network.change"),
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    let words = view.words();
    // What is done inside a network name space of its own stays there.
    let inside = view.program == "ip"
        && (view.has_word("netns") || view.run.has(None, &["netns", "-n", "-netns"]));
    if inside {
        return;
    }
    let takes_down = match view.program.as_str() {
        "ip" => {
            words
                .iter()
                .take(2)
                .any(|word| matches!(*word, "link" | "l"))
                && words.contains(&"down")
                && words.contains(&"set")
        }
        "ifconfig" => words.len() > 1 && words.contains(&"down"),
        _ => false,
    };
    if takes_down && !view.wants_help() {
        report(findings, rule(RULES, "network.cut-off"));
        return;
    }
    if view.is(TABLES) && view.run.has(Some('P'), &["policy"]) {
        let opens = words.iter().any(|word| word.eq_ignore_ascii_case("accept"));
        let id = if opens {
            "network.firewall-off"
        } else {
            "network.firewall-policy"
        };
        report(findings, rule(RULES, id));
        return;
    }
    if view.program == "netsh" && words.contains(&"off") && words.contains(&"state") {
        report(findings, rule(RULES, "network.firewall-off"));
        return;
    }
    if view.program == "pfctl" && view.run.has(Some('n'), &[]) {
        return;
    }
    if view.program == "sysctl"
        && view
            .args()
            .iter()
            .any(|arg| arg.text.replace(' ', "") == "kernel.randomize_va_space=0")
    {
        report(findings, rule(RULES, "network.protection-off"));
    }
    table::judge(view, ROWS, RULES, findings);
}
