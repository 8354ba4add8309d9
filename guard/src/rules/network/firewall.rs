//! `iptables` and `ufw`: what one rule does to everything else.

use super::super::{Finding, View, report, rule};
use super::{OFF, POLICY, RULES};

const TABLES: &[&str] = &[
    "iptables",
    "ip6tables",
    "iptables-legacy",
    "iptables-nft",
    "ip6tables-legacy",
    "ip6tables-nft",
    "ebtables",
    "arptables",
];

/// Whether the command was one of these and said something.
pub(super) fn judge(view: &View<'_>, findings: &mut Vec<Finding>) -> bool {
    let before = findings.len();
    if view.is(TABLES) {
        chains(view, findings);
    } else if view.program == "ufw" && !view.wants_help() {
        whole(view, findings);
    }
    findings.len() > before
}

fn chains(view: &View<'_>, findings: &mut Vec<Finding>) {
    let words = view.words();
    if view.run.has(Some('P'), &["policy"]) {
        let opens = words.iter().any(|word| word.eq_ignore_ascii_case("accept"));
        report(findings, rule(RULES, if opens { OFF } else { POLICY }));
        return;
    }
    let target = view.run.value(&["-j", "--jump"]).unwrap_or_default();
    let blocks = matches!(target, "DROP" | "REJECT");
    let narrow = [
        "-s",
        "-d",
        "-p",
        "-i",
        "-o",
        "-m",
        "--source",
        "--destination",
        "--src",
        "--dst",
        "--protocol",
        "--in-interface",
        "--out-interface",
        "--match",
        "--dport",
        "--sport",
    ]
    .iter()
    .any(|flag| view.has_word(flag));
    let login = view
        .run
        .value(&["--dport", "--dports", "--destination-port"])
        .is_some_and(|ports| {
            ports
                .split(',')
                .any(|port| matches!(port, "22" | "ssh" | "0:65535" | "1:65535"))
        });
    let adds = view.run.has(Some('A'), &["append"]) || view.run.has(Some('I'), &["insert"]);
    let built_in = words
        .iter()
        .any(|word| matches!(*word, "INPUT" | "OUTPUT" | "FORWARD"));
    let everything = adds && built_in && !narrow && (blocks || target == "ACCEPT");
    let locks_out = adds && blocks && login && !view.has_word("-s") && !view.has_word("--source");
    let deletes = view.run.has(Some('D'), &["delete"])
        && (login && !blocks
            || !narrow
                && words
                    .last()
                    .is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit())));
    if everything || locks_out || deletes {
        report(findings, rule(RULES, POLICY));
    }
}

/// A rule of `ufw` for everybody and every port, or deleted by its number alone.
fn whole(view: &View<'_>, findings: &mut Vec<Finding>) {
    let words = view.words();
    let from_all = matches!(
        words.as_slice(),
        ["allow" | "deny" | "reject", "from", "any" | "0.0.0.0/0"]
            | ["allow" | "deny" | "reject", "from", "any", "to", "any"]
            | ["allow" | "deny" | "reject", "in" | "out"]
    );
    let by_number = matches!(words.as_slice(), ["delete", number] if number.bytes().all(|byte| byte.is_ascii_digit()));
    if from_all || by_number {
        report(findings, rule(RULES, POLICY));
    }
}
