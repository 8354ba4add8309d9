//! Network and firewall: what opens a machine to everybody, and what cuts it off.

mod firewall;
mod links;

use super::tools::{self, Form, Tool, form, gives, harmless};
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

const OFF: &str = "network.firewall-off";
const POLICY: &str = "network.firewall-policy";
const PROTECTION: &str = "network.protection-off";
const CUT: &str = "network.cut-off";
const CHANGE: &str = "network.change";

const TABLES: &[Form] = &[
    form("", OFF).with("-F -X --flush --delete-chain"),
    form("", POLICY).with("-Z --zero"),
];
const RESTORE: &[Form] = &[form("", POLICY).unless("-t --test -h --help")];
const CONFINED: &[Form] = &[form("", PROTECTION).unless("-h")];

pub(crate) const TOOLS: &[Tool] = &[
    ("aa-complain", CONFINED),
    ("aa-disable", CONFINED),
    ("aa-teardown", CONFINED),
    ("arp", &[form("", CHANGE).with("-d -s")]),
    ("arptables", TABLES),
    ("auditctl", &[form("", PROTECTION).with("-D"), form("0", PROTECTION).with("-e")]),
    ("birdc", &[form("down", CHANGE), form("disable", CHANGE)]),
    ("brctl", &[form("delbr|delif", CHANGE)]),
    ("bridge", &[form("fdb flush", CHANGE), form("vlan del|flush", CHANGE)]),
    ("cloudflared", &[form("tunnel delete|cleanup", CHANGE)]),
    ("conntrack", &[form("", CHANGE).with("-F -D --flush --delete")]),
    ("csf", &[form("", OFF).with("-x -f --disable --stop")]),
    ("csrutil", &[form("disable", PROTECTION)]),
    ("dhclient", &[form("", CUT).with("-r -x")]),
    ("dhcpcd", &[form("", CUT).with("-k --release -x --exit")]),
    ("disable-netadapter", &[form("", CUT)]),
    ("ebtables", TABLES),
    ("ethtool", &[form("", CHANGE).with("-s -A -G -K -L --change --reset --pause --set-ring --offload --features")]),
    ("fail2ban-client", &[form("stop", PROTECTION), form("unban", PROTECTION).with("--all")]),
    (
        "firewall-cmd",
        &[
            form("", CUT).with("--panic-on"),
            form("", OFF).with("--set-default-zone=trusted"),
            form("trusted", OFF).with("--set-default-zone"),
            form("", POLICY).with(
                "--complete-reload --reset-to-defaults --set-default-zone --delete-zone --remove-service=ssh \
                 --remove-port=22/tcp --set-target --load-zone-defaults",
            ),
            form("ssh", POLICY).with("--remove-service"),
            form("22/tcp", POLICY).with("--remove-port"),
        ],
    ),
    ("hostname", &[harmless("").with("-I -i -f -s -d -A -a -y --fqdn --ip-address --short --domain"), form("*", CHANGE)]),
    ("hostnamectl", &[form("set-hostname|hostname *", CHANGE)]),
    ("ifdown", &[form("", CUT)]),
    ("ip6tables", TABLES),
    ("ip6tables-restore", RESTORE),
    ("ipfw", &[form("flush|delete", OFF), form("-q|-f flush", OFF), form("disable firewall", OFF)]),
    ("ipset", &[form("flush|destroy|-F|-X", OFF), form("", OFF).with("-F -X")]),
    ("iptables", TABLES),
    ("iptables-legacy", TABLES),
    ("iptables-nft", TABLES),
    ("iptables-restore", RESTORE),
    ("ipvsadm", &[form("", CHANGE).with("-C -D -d --clear --delete-service --delete-server")]),
    ("iw", &[form("dev * disconnect|del", CUT)]),
    ("iwconfig", &[form("* txpower off", CUT)]),
    (
        "netplan",
        &[form("apply", CHANGE), form("set", CHANGE)],
    ),
    (
        "netsh",
        &[
            form("advfirewall reset", OFF),
            form("advfirewall firewall delete", POLICY),
            form("int/erface set interface * disable/d|admin=disable/d", CUT),
            form("int/erface ip|ipv4|ipv6 reset", CHANGE),
            form("int/erface ip|ipv4|ipv6 set|delete", CHANGE),
            form("winsock reset", CHANGE),
            form("wlan delete|disconnect", CHANGE),
        ],
    ),
    ("networkctl", &[form("down|delete", CUT), form("reconfigure|renew", CHANGE)]),
    (
        "networksetup",
        &[form("", CHANGE).with(
            "-setairportpower -setnetworkserviceenabled -setdnsservers -setmanual -setoff -removenetworkservice \
             -setwebproxy -setv4off -setv6off",
        )],
    ),
    ("nft", &[
        harmless("").with("-c --check"),
        form("flush ruleset|table|chain", OFF),
        form("delete|destroy table|chain", OFF),
        form("delete|destroy|replace rule", POLICY),
        form("flush|delete|destroy set|map", POLICY),
        form("", POLICY).with("-f --file"),
    ]),
    (
        "nmcli",
        &[
            form("n/etworking|r/adio of/f", CUT),
            form("r/adio w/ifi|wwan|a/ll of/f", CUT),
            form("c/onnection d/own|d/elete", CUT),
            form("d/evice dis/connect|de/lete|do/wn", CUT),
            form("c/onnection m/odify", CHANGE),
            form("g/eneral h/ostname *", CHANGE),
        ],
    ),
    ("ovs-ofctl", &[form("del-flows|del-groups", CHANGE)]),
    ("ovs-vsctl", &[form("del-br|del-port|del-controller|emer-reset", CHANGE), form("", CHANGE).with("--if-exists")]),
    ("pfctl", &[harmless("").with("-n"), form("", OFF).with("-d -F")]),
    ("remove-netfirewallrule", &[form("", POLICY)]),
    ("resolvectl", &[form("revert", CHANGE), form("dns|domain|default-route * *", CHANGE)]),
    ("rfkill", &[form("block", CUT)]),
    ("route", &[
        form("del/ete|flush", CUT),
        form("add default|change", CHANGE),
        form("add * default", CHANGE),
    ]),
    ("scutil", &[form("", CHANGE).with("--set")]),
    ("set-mppreference", &[form("", PROTECTION).with("-DisableRealtimeMonitoring")]),
    ("setenforce", &[form("0|permissive", PROTECTION)]),
    ("shorewall", &[form("clear|stop", OFF)]),
    ("spctl", &[form("", PROTECTION).with("--master-disable --global-disable")]),
    ("systemctl", &[form("restart|try-restart|reload-or-restart|condrestart \
        networking|networking.service|NetworkManager|NetworkManager.service|systemd-networkd|systemd-networkd.service|network|network.service|wpa_supplicant|wpa_supplicant.service", CHANGE)]),
    ("tailscale", &[
        harmless("serve|funnel status"),
            form("down|logout|switch|funnel", CHANGE),
        form("serve|funnel reset|off", CHANGE),
        form("up", CHANGE).with("--reset"),
        form("set", CHANGE).with("--ssh=false --exit-node --accept-routes --shields-up"),
    ]),
    ("tc", &[harmless("").with("lo"), form("qdisc|class|filter del|add|replace|change|d", CHANGE)]),
    ("uci", &[form("delete|set|commit *", CHANGE)]),
    ("ufw", &[
        form("disable|reset", OFF),
        form("default allow", OFF).ask(),
        form("default allow|deny|reject", POLICY),
        form("", POLICY).with("--force"),
        form("deny|reject 22|ssh|22/tcp|OpenSSH", POLICY),
        form("delete allow|limit 22|ssh|22/tcp|OpenSSH", POLICY),
    ]),
    ("wg", &[form("set|setconf|syncconf", CHANGE)]),
    ("wg-quick", &[form("down", CHANGE)]),
    ("wifi", &[form("down", CUT)]),
    ("wpa_cli", &[form("terminate|disconnect|remove_network|disable_network", CUT)]),
    ("zerotier-cli", &[form("leave", CHANGE)]),
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    if firewall::judge(view, findings) || links::judge(view, findings) {
        return;
    }
    if view.program == "netsh" && gives(view, "off") && gives(view, "state") {
        report(findings, rule(RULES, OFF));
        return;
    }
    if view.program == "sysctl" {
        sysctl(view, findings);
        return;
    }
    if matches!(view.program.as_str(), "service" | "networking" | "network") {
        restarted(view, findings);
        return;
    }
    tools::judge(view, TOOLS, RULES, findings);
}

/// `service networking restart` and `/etc/init.d/networking restart`.
fn restarted(view: &View<'_>, findings: &mut Vec<Finding>) {
    let network = "networking|network|network-manager|NetworkManager";
    let as_script = view
        .run
        .argv
        .first()
        .is_some_and(|word| word.text.starts_with("/etc/init.d/"));
    let acts = "restart|stop|force-reload";
    if view.program == "service" && tools::says(view, &format!("{network} {acts}"))
        || as_script && tools::says(view, acts)
    {
        report(findings, rule(RULES, CHANGE));
    }
}

/// Settings of the kernel that protect it, or that carry traffic.
fn sysctl(view: &View<'_>, findings: &mut Vec<Finding>) {
    const PROTECTING: &[&str] = &[
        "kernel.randomize_va_space=0",
        "kernel.yama.ptrace_scope=0",
        "net.ipv4.tcp_syncookies=0",
        "net.ipv4.conf.all.rp_filter=0",
        "net.ipv4.conf.default.rp_filter=0",
        "fs.protected_symlinks=0",
        "fs.protected_hardlinks=0",
        "fs.suid_dumpable=1",
        "fs.suid_dumpable=2",
    ];
    const CARRYING: &[&str] = &[
        "net.ipv4.ip_forward=0",
        "net.ipv6.conf.all.disable_ipv6=1",
        "net.ipv6.conf.default.disable_ipv6=1",
        "net.ipv4.icmp_echo_ignore_all=1",
        "net.ipv6.conf.all.forwarding=0",
    ];
    for arg in view.args() {
        let set = arg.text.replace([' ', '\t'], "").replace('/', ".");
        if PROTECTING.contains(&set.as_str()) {
            report(findings, rule(RULES, PROTECTION));
        } else if CARRYING.contains(&set.as_str()) {
            report(findings, rule(RULES, CHANGE));
        }
    }
}
