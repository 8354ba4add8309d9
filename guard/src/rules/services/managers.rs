//! Programs that manage services, machines and processes, and what they say to stop them.

use super::super::tools::{Form, Tool, form, harmless};

const STOP: &str = "services.stop";
const POWER: &str = "services.power";
const KILL: &str = "services.kill-all";

const APACHE: &[Form] = &[
    form("stop|graceful-stop", STOP),
    form("stop|graceful-stop", STOP).with("-k"),
];
const SERVER_SCRIPT: &[Form] = &[form("stop", STOP)];
const ALWAYS_STOPS: &[Form] = &[form("", STOP).unless("-h")];
const ALWAYS_OFF: &[Form] = &[form("", POWER).unless("-h")];
const ALWAYS_SLEEPS: &[Form] = &[form("", POWER).unless("-h").ask()];
const LXD: &[Form] = &[
    form("stop|pause", STOP),
    form("restart", STOP).with("--all"),
];
const S6: &[Form] = &[form("", STOP).with("-d -x -k -O")];
const PROXMOX: &[Form] = &[form("stop|shutdown|suspend|reset|reboot", STOP)];

pub(crate) const TOOLS: &[Tool] = &[
    ("apache2ctl", APACHE),
    ("apachectl", APACHE),
    (
        "brew",
        &[
            form("services stop|kill", STOP).with("--all"),
            form("services kill", STOP),
        ],
    ),
    (
        "busctl",
        &[form(
            "call org.freedesktop.login1 * * Reboot|PowerOff|Halt|KExec",
            POWER,
        )],
    ),
    ("caddy", SERVER_SCRIPT),
    ("catalina.sh", SERVER_SCRIPT),
    (
        "chkconfig",
        &[form("* off", STOP), form("", STOP).with("--del")],
    ),
    ("circusctl", &[form("stop|quit", STOP)]),
    ("consul", &[form("leave|force-leave", STOP)]),
    ("forever", &[form("stopall", STOP), form("stop", STOP)]),
    (
        "govc",
        &[
            form("vm.power", STOP).with("-off -s -r -reset -suspend"),
            form("vm.destroy", STOP),
            form("host.shutdown|host.disconnect|host.remove", POWER),
        ],
    ),
    ("httpd", APACHE),
    (
        "ipmitool",
        &[
            form("power off|cycle|reset|soft|diag", POWER),
            form("chassis power off|cycle|reset|soft|diag", POWER),
            form("mc reset", POWER).ask(),
        ],
    ),
    ("kafka-server-stop", ALWAYS_STOPS),
    ("kafka-server-stop.sh", ALWAYS_STOPS),
    ("kexec", &[form("", POWER).with("-e --exec -f --force")]),
    ("killall5", &[form("", KILL)]),
    ("launchctl", &[form("reboot", POWER)]),
    (
        "loginctl",
        &[
            form("poweroff|reboot|halt|kexec", POWER),
            form(
                "suspend|hibernate|hybrid-sleep|suspend-then-hibernate",
                POWER,
            )
            .ask(),
            form("kill-session", STOP),
        ],
    ),
    ("lxc", LXD),
    ("lxc-destroy", ALWAYS_STOPS),
    ("lxc-stop", ALWAYS_STOPS),
    (
        "machinectl",
        &[form(
            "poweroff|reboot|terminate|kill|remove|disable|stop",
            STOP,
        )],
    ),
    ("mongod", &[form("", STOP).with("--shutdown")]),
    (
        "monit",
        &[
            form("stop|quit|unmonitor", STOP),
            form("* stop|unmonitor", STOP).with("-g"),
            form("", STOP).with("-k"),
        ],
    ),
    (
        "mysqladmin",
        &[form("shutdown", STOP), form("* shutdown", STOP)],
    ),
    ("net", &[form("stop *", STOP)]),
    (
        "nodetool",
        &[form(
            "stopdaemon|decommission|drain|removenode|assassinate",
            STOP,
        )],
    ),
    (
        "nomad",
        &[
            form("stop", STOP),
            form("job stop|restart|revert|scale", STOP),
            form("alloc stop|restart|signal", STOP),
            form("system gc", STOP),
            form("node drain", STOP).with("-enable --enable"),
            form("node purge", STOP),
            form("operator raft remove-peer", STOP),
            form("server force-leave|members-remove", STOP),
        ],
    ),
    ("openrc", &[form("shutdown|single|off|reboot", POWER)]),
    ("openrc-shutdown", ALWAYS_OFF),
    ("pct", PROXMOX),
    ("pg_ctlcluster", &[form("* * stop", STOP)]),
    ("pm-hibernate", ALWAYS_SLEEPS),
    ("pm-powersave", ALWAYS_SLEEPS),
    ("pm-suspend", ALWAYS_SLEEPS),
    (
        "pm2",
        &[
            form("kill", STOP),
            form("delete|del", STOP),
            form("stop all", STOP),
            form("unstartup", STOP),
        ],
    ),
    ("qm", PROXMOX),
    (
        "rabbitmqctl",
        &[form(
            "stop|stop_app|shutdown|force_reset|forget_cluster_node|hibernate",
            STOP,
        )],
    ),
    (
        "racadm",
        &[form(
            "serveraction powerdown|powercycle|hardreset|graceshutdown",
            POWER,
        )],
    ),
    ("rc-update", &[form("del/ete", STOP).unless("--user")]),
    ("remove-service", ALWAYS_STOPS),
    (
        "rtcwake",
        &[
            harmless("").with("--list-modes -n"),
            harmless("no|on|show|disable").with("-m --mode"),
            form("off", POWER).with("-m --mode"),
            form("", POWER).with("-m --mode").ask(),
        ],
    ),
    ("s6-rc", &[form("change *", STOP).with("-d")]),
    ("s6-svc", S6),
    ("sc", &[form("stop|delete|config|failure", STOP)]),
    ("skill", &[form("", KILL).with("-u")]),
    ("slay", &[form("*", KILL)]),
    ("snap", &[form("stop|disable", STOP)]),
    ("stop-computer", ALWAYS_OFF),
    ("stop-service", ALWAYS_STOPS),
    ("supervisorctl", &[form("stop|shutdown|remove|clear", STOP)]),
    ("svc", S6),
    (
        "systemctl",
        &[
            form(
                "isolate rescue|rescue.target|emergency|emergency.target|poweroff.target|reboot.target|halt.target|\
              kexec.target|shutdown.target|runlevel0.target|runlevel6.target|runlevel1.target",
                POWER,
            ),
            form("isolate", STOP),
            form("soft-reboot", POWER),
            form(
                "suspend|hibernate|hybrid-sleep|suspend-then-hibernate|sleep",
                POWER,
            )
            .ask(),
            form(
                "set-default rescue|rescue.target|emergency|emergency.target|poweroff.target|reboot.target|halt.target",
                POWER,
            ),
            form("set-default", STOP),
            form("clean", STOP),
            harmless("").with("--user"),
            form("mask", STOP),
        ],
    ),
    ("tmux", &[form("kill-server", KILL).ask()]),
    ("update-rc.d", &[form("* remove|disable", STOP)]),
    (
        "vboxmanage",
        &[form(
            "controlvm * poweroff|reset|acpipowerbutton|savestate",
            STOP,
        )],
    ),
    (
        "virsh",
        &[form("shutdown|reboot|reset|suspend|managedsave", STOP)],
    ),
    (
        "wmic",
        &[
            form("os * call reboot|shutdown|win32shutdown", POWER),
            form("os call reboot|shutdown|win32shutdown", POWER),
            form("service * call stopservice|delete", STOP),
        ],
    ),
    ("xl", &[form("destroy|shutdown|reboot", STOP)]),
    ("zkserver.sh", SERVER_SCRIPT),
];
