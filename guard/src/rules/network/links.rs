//! `ip` and `ifconfig`: links, addresses and routes. `ip` takes every word shortened.

use super::super::tools::says;
use super::super::{Finding, View, report, rule};
use super::{CHANGE, CUT, RULES};

/// Interfaces that only exist for tests and containers of one's own.
const OWN: &[&str] = &["veth", "dummy", "vcan", "tap", "lo"];

const CUTTING: &[&str] = &[
    "l/ink d/elete",
    "a/ddress f/lush",
    "addr f/lush",
    "r/oute f/lush",
    "ru/le f/lush",
    "n/eighbour f/lush",
    "neigh f/lush",
    "r/oute d/elete default",
];
const CHANGING: &[&str] = &[
    "a/ddress d/elete",
    "addr d/elete",
    "r/oute d/elete",
    "ru/le d/elete",
    "r/oute r/eplace|c/hange default",
    "r/oute a/dd default",
    "tu/nnel d/elete",
    "x/frm state|policy f/lush|d/eleteall",
];

/// Whether the command was one of these and said something.
pub(super) fn judge(view: &View<'_>, findings: &mut Vec<Finding>) -> bool {
    let found = match view.program.as_str() {
        "ip" => ip(view),
        "ifconfig" => ifconfig(view),
        _ => None,
    };
    if let Some(id) = found.filter(|_| !view.wants_help()) {
        report(findings, rule(RULES, id));
    }
    found.is_some()
}

fn ip(view: &View<'_>) -> Option<&'static str> {
    if says(view, "netns d/elete") && view.run.has(None, &["-all", "-a", "all"]) {
        return Some(CHANGE);
    }
    // What is done inside a network name space of its own stays there.
    let inside = says(view, "netns") || view.run.has(None, &["netns", "-n", "-netns"]);
    if inside {
        return None;
    }
    if says(view, "l/ink s/et") {
        let words = view.words();
        let interface = words.get(2..).unwrap_or_default();
        let interface = match interface {
            ["dev", name, ..] | [name, ..] => *name,
            [] => return None,
        };
        if is_own(interface) {
            return None;
        }
        return match words.get(3..).unwrap_or_default() {
            rest if rest.contains(&"down") || rest.contains(&"netns") => Some(CUT),
            rest if rest.contains(&"mtu") || rest.contains(&"address") => Some(CHANGE),
            _ => None,
        };
    }
    let own = view
        .words()
        .get(2..)
        .unwrap_or_default()
        .iter()
        .any(|word| is_own(word));
    if own {
        return None;
    }
    if CUTTING.iter().any(|words| says(view, words)) {
        Some(CUT)
    } else if CHANGING.iter().any(|words| says(view, words)) {
        Some(CHANGE)
    } else {
        None
    }
}

fn ifconfig(view: &View<'_>) -> Option<&'static str> {
    let words = view.words();
    let (interface, rest) = words.split_first()?;
    if is_own(interface) {
        None
    } else if rest.contains(&"down") || rest.contains(&"0.0.0.0") {
        Some(CUT)
    } else if rest
        .iter()
        .any(|word| matches!(*word, "delete" | "-alias" | "mtu" | "netmask" | "inet"))
    {
        Some(CHANGE)
    } else {
        None
    }
}

fn is_own(interface: &str) -> bool {
    OWN.iter().any(|prefix| interface.starts_with(prefix)) && !interface.starts_with("lo.")
}
