//! Services and machines: stopping and restarting what others depend on.

mod kill;
mod managers;

pub(crate) use managers::TOOLS;

use super::tools::{self, gives, says};
use super::{Field, Finding, RuleDoc, View, inventory, report, report_as, rule};
use crate::Verdict;

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: judge,
    file: None,
};

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "services.production",
        field: "services",
        severity: Verdict::Ask,
        reason: "This stops or restarts a service on a production server.",
        alternative: "`fjord deploy SERVICE VERSION` asks the right person, checks its health and goes back if it fails.",
    },
    RuleDoc {
        id: "services.stop",
        field: "services",
        severity: Verdict::Ask,
        reason: "This stops a service that other things on the machine use.",
        alternative: "Look who uses it first: `fjord status SERVICE` says what needs it.",
    },
    RuleDoc {
        id: "services.power",
        field: "services",
        severity: Verdict::Deny,
        reason: "This turns the machine off or restarts it.",
        alternative: "Let a person do it.",
    },
    RuleDoc {
        id: "services.kill-all",
        field: "services",
        severity: Verdict::Deny,
        reason: "This ends processes that the command did not start.",
        alternative: "End the one process by its id.",
    },
];

/// Services that are rarely alone on a machine.
const SHARED: &[&str] = &[
    "nginx",
    "haproxy",
    "traefik",
    "caddy",
    "apache2",
    "httpd",
    "envoy",
    "postgresql",
    "postgres",
    "mysql",
    "mariadb",
    "mysqld",
    "redis",
    "redis-server",
    "mongod",
    "rabbitmq",
    "rabbitmq-server",
    "kafka",
    "docker",
    "containerd",
    "ssh",
    "sshd",
    "networking",
    "NetworkManager",
    "systemd-networkd",
    "systemd-resolved",
    "systemd-journald",
    "systemd-logind",
    "firewalld",
    "ufw",
    "nftables",
    "iptables",
    "ip6tables",
    "shorewall",
    "fail2ban",
    "crowdsec",
    "apparmor",
    "auditd",
    "rsyslog",
    "syslog",
    "cron",
    "crond",
    "dbus",
    "chronyd",
    "ntpd",
    "named",
    "bind9",
    "dnsmasq",
    "unbound",
    "postfix",
    "dovecot",
    "exim4",
    "slapd",
    "smbd",
    "nfs-server",
    "libvirtd",
    "dockerd",
    "lxd",
    "k3s",
    "k3s-agent",
    "kubelet",
    "etcd",
    "consul",
    "nomad",
    "vault",
    "elasticsearch",
    "opensearch",
    "clickhouse-server",
    "cassandra",
    "memcached",
    "mosquitto",
    "php-fpm",
    "tomcat",
    "openvpn",
    "wireguard",
    "tailscaled",
    "cloudflared",
    "display-manager",
    "gdm",
    "lightdm",
    "sddm",
    "gnome-shell",
    "xorg",
];

/// What a command does to which services.
struct Act<'a> {
    /// As in "This … `api`".
    says: &'static str,
    stops: bool,
    names: Vec<&'a str>,
}

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    power(view, findings);
    kill::judge(view, findings);
    // A proxy is told through its socket to take servers out.
    let told = view.run.stdin.text.as_deref().is_some_and(|text| {
        text.split([';', '\n']).any(|line| {
            let mut words = line.split_whitespace();
            matches!(words.next(), Some("disable" | "shutdown"))
                && matches!(
                    words.next(),
                    Some("server" | "frontend" | "backend" | "sessions" | "session")
                )
        })
    });
    if told && view.is(&["socat", "nc", "ncat"]) {
        report(findings, rule(RULES, "services.stop"));
    }
    stopped(view, findings);
    // After what the inventory says, which names server and dependents.
    managed(view, findings);
}

/// What is stopped by name.
fn stopped(view: &View<'_>, findings: &mut Vec<Finding>) {
    let Some(act) = act(view) else { return };
    if act.names.is_empty() {
        whole_project(view, &act, findings);
    }
    for name in &act.names {
        match inventory::service(view, name) {
            Some((service, server)) if inventory::is_production(server) => {
                report_as(
                    findings,
                    rule(RULES, "services.production"),
                    Verdict::Ask,
                    inventory::sentence(act.says, service, server),
                );
            }
            Some(_) => {}
            None => match inventory::host(view).filter(|server| inventory::is_production(server)) {
                Some(server) => {
                    let reason = format!(
                        "This {} `{name}` on the production server `{}`.",
                        act.says, server.name
                    );
                    report_as(
                        findings,
                        rule(RULES, "services.production"),
                        Verdict::Ask,
                        reason,
                    );
                }
                None if act.stops && is_shared(name) && !is_development(view) => {
                    report(findings, rule(RULES, "services.stop"));
                }
                None => {}
            },
        }
    }
}

/// A compose command that names no service means all of its project.
fn whole_project(view: &View<'_>, act: &Act<'_>, findings: &mut Vec<Finding>) {
    let is_compose = view.is(&["docker-compose", "podman-compose"])
        || view.words().first().is_some_and(|word| *word == "compose");
    if !is_compose {
        return;
    }
    let known = rule(RULES, "services.production");
    let there = inventory::host(view);
    if let Some((service, server)) = inventory::project(view) {
        if inventory::is_production(server) {
            let reason = inventory::sentence(act.says, service, server);
            report_as(findings, known, Verdict::Ask, reason);
        }
    } else if let Some(server) = there.filter(|server| inventory::is_production(server)) {
        let reason = format!(
            "This {} a whole compose project on the production server `{}`.",
            act.says, server.name
        );
        report_as(findings, known, Verdict::Ask, reason);
    }
}

/// Whether a name is a service others use, or a pattern for all of them.
fn is_shared(name: &str) -> bool {
    // `postgresql@16-main.service` is `postgresql`.
    let plain = name
        .trim_end_matches(".service")
        .trim_end_matches(".socket")
        .split('@')
        .next()
        .unwrap_or_default();
    SHARED
        .iter()
        .any(|shared| shared.eq_ignore_ascii_case(plain))
        || matches!(name, "*" | "*.service" | "*.target" | "all")
}

/// What the programs that manage services stop, unless the inventory knows better.
fn managed(view: &View<'_>, findings: &mut Vec<Finding>) {
    let mut found = Vec::new();
    tools::judge(view, TOOLS, RULES, &mut found);
    by_launchd(view, &mut found);
    let is_known = || {
        act(view).is_some_and(|act| {
            act.names
                .iter()
                .any(|name| inventory::service(view, name).is_some())
        })
    };
    found.retain(|finding| {
        finding.rule.id != "services.stop" || !is_development(view) && !is_known()
    });
    findings.append(&mut found);
}

/// What macOS runs for the system or for a whole session; an agent of one's own is one's own.
fn by_launchd(view: &View<'_>, findings: &mut Vec<Finding>) {
    if view.program != "launchctl"
        || !says(
            view,
            "unload|bootout|remove|stop|kill|disable|kickstart|unsetenv",
        )
        || says(view, "kickstart") && !gives(view, "-k")
    {
        return;
    }
    let matters = view.words().iter().skip(1).any(|word| {
        word.starts_with("system/")
            || *word == "system"
            || word.starts_with("com.apple.")
            || word.starts_with("/Library/")
            || word.starts_with("/System/")
            || matches!(word.split_once('/'), Some(("gui" | "user", rest)) if !rest.contains('/'))
    });
    if matters {
        report(findings, rule(RULES, "services.stop"));
    }
}

/// Whether the machine is known, and known as one for development.
fn is_development(view: &View<'_>) -> bool {
    view.run.host.is_none()
        && view
            .facts
            .inventory
            .servers
            .iter()
            .any(|server| server.local && matches!(server.role.as_str(), "development" | "homelab"))
}

fn act<'a>(view: &'a View<'_>) -> Option<Act<'a>> {
    let words = view.words();
    let (verb, names): (&str, Vec<&str>) = match view.program.as_str() {
        "systemctl" if gives(view, "--user") => return None,
        "systemctl" | "pm2" | "supervisorctl" | "launchctl" | "initctl" | "sv" => {
            let verb = after_values(view, &words)?;
            (words.get(verb)?, words.get(verb + 1..)?.to_vec())
        }
        "stop" => ("stop", words.clone()),
        "service" | "invoke-rc.d" | "rc-service" => (words.get(1)?, words.get(..1)?.to_vec()),
        "start-stop-daemon" if gives(view, "-K --stop") => {
            ("stop", vec![view.run.value(&["-n", "--name"])?])
        }
        // `/etc/init.d/nginx stop` is a program of that name.
        name if view
            .run
            .argv
            .first()
            .is_some_and(|word| word.text.contains("/init.d/") || word.text.contains("/rc.d/")) =>
        {
            (words.first()?, vec![name])
        }
        // `docker kill -s HUP` makes a program read its settings anew.
        "docker" | "podman" | "nerdctl" | "docker-compose"
            if view.run.value(&["-s", "--signal"]).is_some_and(|signal| {
                matches!(
                    signal.trim_start_matches("SIG"),
                    "HUP" | "USR1" | "USR2" | "WINCH" | "1"
                )
            }) =>
        {
            return None;
        }
        "docker" | "podman" | "nerdctl" | "docker-compose" => {
            let known = [
                "stop", "kill", "restart", "rm", "pause", "down", "update", "remove",
            ];
            let at = words
                .iter()
                .position(|word| known.contains(word))
                .filter(|at| *at <= 3)?;
            if words
                .iter()
                .take(at)
                .any(|word| matches!(*word, "volume" | "image" | "network" | "run" | "exec"))
            {
                return None;
            }
            (words.get(at)?, words.get(at + 1..)?.to_vec())
        }
        "nginx"
            if view
                .run
                .value(&["-s"])
                .is_some_and(|signal| matches!(signal, "stop" | "quit")) =>
        {
            ("stop", vec!["nginx"])
        }
        "pg_ctl"
            if says(view, "stop|restart|kill")
                && view
                    .run
                    .value(&["-D", "--pgdata"])
                    .is_some_and(|path| path.starts_with("/var/") || path.starts_with("/usr/")) =>
        {
            ("stop", vec!["postgresql"])
        }
        "haproxy" if view.has_word("-sf") || view.has_word("-st") => ("restart", vec!["haproxy"]),
        "killall" | "pkill" => ("kill", view.words()),
        _ => return None,
    };
    let (says, stops) = match verb {
        "stop" | "down" | "pause" | "bootout" | "unload" | "force-stop" | "exit" | "shutdown"
        | "force-shutdown" | "zap" => ("stops", true),
        "kill" => ("kills", true),
        "restart" | "try-restart" | "kickstart" | "reload-or-restart" => ("restarts", false),
        "disable" | "mask" => ("disables", true),
        "rm" | "remove" | "delete" | "del" => ("removes", true),
        _ => return None,
    };
    Some(Act { says, stops, names })
}

/// Where the verb stands: the values of flags such as `-H web-1` come before it.
fn after_values(view: &View<'_>, words: &[&str]) -> Option<usize> {
    let with_value = [
        "-H",
        "--host",
        "-M",
        "--machine",
        "-s",
        "--signal",
        "-t",
        "--type",
        "-c",
        "-w",
        "-n",
        "-o",
        "--state",
        "--job-mode",
        "--root",
        "-p",
    ];
    let verb = view
        .run
        .operands(&with_value)
        .first()
        .map(|arg| arg.text.as_str())?;
    words.iter().position(|word| *word == verb)
}

fn power(view: &View<'_>, findings: &mut Vec<Finding>) {
    let words = view.words();
    let turns_off = match view.program.as_str() {
        "reboot" | "poweroff" | "halt" => !gives(view, "-w --wtmp-only"),
        "shutdown" => !gives(view, "-c -k --show") && !gives(view, "/a"),
        "init" | "telinit" => words
            .first()
            .is_some_and(|word| matches!(*word, "0" | "1" | "6" | "s" | "S")),
        "systemctl" => says(view, "reboot|poweroff|halt|kexec|rescue|emergency|exit"),
        "dbus-send" | "gdbus" | "qdbus" => view.args().iter().any(|arg| {
            arg.text
                .rsplit_once("login1.Manager.")
                .is_some_and(|(_, call)| matches!(call, "Reboot" | "PowerOff" | "Halt"))
        }),
        "osascript" => view.args().iter().any(|arg| {
            let said = arg.text.to_ascii_lowercase();
            (said.contains("system events") || said.contains("finder"))
                && (said.contains("shut down") || said.contains("to restart"))
        }),
        _ => false,
    };
    if turns_off && !view.wants_help() {
        report(findings, rule(RULES, "services.power"));
    }
}
