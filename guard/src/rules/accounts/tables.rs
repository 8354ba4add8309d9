//! The tools that manage accounts, groups, keys, jobs and logs.

use super::super::tools::{Form, Tool, form, harmless};

const DELETE: &str = "accounts.delete";
const CHANGE: &str = "accounts.change";
const LOGIN: &str = "accounts.login-keys";
const KEYS: &str = "accounts.delete-keys";
const SCHEDULE: &str = "accounts.schedule";
const PROTECTION: &str = "accounts.protection";
const PRIVILEGES: &str = "accounts.privileges";
const TRACES: &str = "accounts.traces";

const ALWAYS_DELETES: &[Form] = &[form("", DELETE).unless("-h -WhatIf")];
const ALWAYS_CHANGES: &[Form] = &[form("", CHANGE).unless("-h -WhatIf")];
const CLEARS_LOG: &[Form] = &[form("", TRACES)];
const AGING: &[Form] = &[form("", CHANGE).unless("-l --list --list-shells -h")];
const DIRECTORY: &[Form] = &[
    form("* delete", DELETE),
    form("", DELETE).with("-delete"),
    form("* passwd|append|create|change|merge", CHANGE),
    form("", CHANGE).with("-passwd -append -create -change -merge"),
];
const GPG: &[Form] = &[
    form("", KEYS).with("--delete-secret-k/eys --delete-secret-and-public-k/eys"),
    form("", KEYS).with("--delete-k/eys").ask(),
];
const NEW_ACCOUNT: &[Form] = &[
    form("0", CHANGE).with("-u --uid"),
    form("", CHANGE).with("--uid=0 -o --non-unique"),
    form("* sudo|wheel|admin|root|docker|adm|lxd|libvirt", CHANGE),
    form("sudo|wheel|admin|root|docker|adm|lxd|libvirt", CHANGE).with("-G --groups --ingroup"),
    form("", CHANGE).with("--groups=sudo --groups=wheel --groups=docker"),
];
const USER: &[Form] = &[form("", CHANGE).unless("-h")];
const PASS: &[Form] = &[form("rm|remove|delete", KEYS).ask()];

pub(crate) const TOOLS: &[Tool] = &[
    ("add-localgroupmember", ALWAYS_CHANGES),
    ("adduser", NEW_ACCOUNT),
    ("at", &[form("*", SCHEDULE).with("-d -r").ask()]),
    ("atrm", &[form("", SCHEDULE).ask()]),
    (
        "authselect",
        &[form("select|disable-feature|apply-changes", CHANGE)],
    ),
    ("bw", &[form("delete", KEYS).ask()]),
    ("certbot", &[form("delete|revoke", KEYS).ask()]),
    ("chage", AGING),
    (
        "chflags",
        &[form("", PROTECTION).with(
            "schg noschg uchg nouchg simmutable nosimmutable sappnd nosappnd uappnd nouappnd",
        )],
    ),
    ("chpasswd", ALWAYS_CHANGES),
    ("chsh", AGING),
    ("clear-eventlog", CLEARS_LOG),
    ("clear-history", CLEARS_LOG),
    ("delgroup", ALWAYS_DELETES),
    (
        "deluser",
        &[
            form("* sudo|wheel|admin|docker", CHANGE),
            form("", DELETE).unless("-h"),
        ],
    ),
    ("disable-adaccount", ALWAYS_CHANGES),
    ("disable-localuser", ALWAYS_CHANGES),
    (
        "dmesg",
        &[form("", TRACES).with("-C -c --clear --read-clear")],
    ),
    ("dscl", DIRECTORY),
    (
        "dseditgroup",
        &[form("edit|delete", CHANGE), form("", CHANGE).with("-d -a")],
    ),
    ("faillock", &[form("", CHANGE).with("--reset")]),
    ("gopass", PASS),
    ("gpasswd", ALWAYS_CHANGES),
    ("gpg", GPG),
    ("gpg2", GPG),
    ("groupdel", ALWAYS_DELETES),
    (
        "groupmems",
        &[form("", CHANGE).with("-a -d -p --add --delete --purge")],
    ),
    ("groupmod", USER),
    ("grpunconv", ALWAYS_CHANGES),
    ("history", &[form("", TRACES).with("-c -d")]),
    ("htpasswd", &[form("", CHANGE).with("-D")]),
    (
        "ipa",
        &[
            form(
                "user-del|group-del|host-del|service-del|sudorule-del|hbacrule-del",
                DELETE,
            ),
            form("user-disable|passwd|group-remove-member|user-mod", CHANGE),
        ],
    ),
    (
        "journalctl",
        &[form("", TRACES).with("--vacuum-size --vacuum-time --vacuum-files")],
    ),
    (
        "keyctl",
        &[form("clear|purge|invalidate|revoke", KEYS).ask()],
    ),
    ("keytool", &[form("", KEYS).with("-delete")]),
    ("lastlog", &[form("", TRACES).with("-C -S --clear --set")]),
    ("lchage", AGING),
    ("ldapdelete", &[harmless("").with("-n"), form("", DELETE)]),
    ("ldapmodify", &[harmless("").with("-n"), form("", CHANGE)]),
    ("ldappasswd", ALWAYS_CHANGES),
    ("lgroupdel", ALWAYS_DELETES),
    (
        "loginctl",
        &[
            form(
                "terminate-user|kill-user|terminate-session|lock-sessions",
                CHANGE,
            ),
            form("disable-linger", CHANGE),
        ],
    ),
    ("lpasswd", ALWAYS_CHANGES),
    ("luserdel", ALWAYS_DELETES),
    ("lusermod", ALWAYS_CHANGES),
    (
        "net",
        &[
            form("user * /delete|/del", DELETE),
            form("user * *", CHANGE),
            form("localgroup|group * /delete|/del", DELETE),
            form("localgroup|group * * /add|/delete|/del", CHANGE),
            form("ads leave", CHANGE),
        ],
    ),
    ("newusers", ALWAYS_CHANGES),
    (
        "pam-auth-update",
        &[form("", CHANGE).with("--force --remove --disable --enable")],
    ),
    ("pass", PASS),
    ("pdbedit", &[form("", DELETE).with("-x --delete")]),
    (
        "pw",
        &[
            form("userdel|groupdel", DELETE),
            form("user|group del", DELETE),
            form("usermod|groupmod|lock|unlock", CHANGE),
        ],
    ),
    (
        "pwpolicy",
        &[form("", CHANGE).with("-clearaccountpolicies -setaccountpolicies -disableuser")],
    ),
    ("pwunconv", ALWAYS_CHANGES),
    ("realm", &[form("leave|deny|permit", CHANGE)]),
    ("remove-adgroup", ALWAYS_DELETES),
    ("remove-aduser", ALWAYS_DELETES),
    ("remove-eventlog", CLEARS_LOG),
    ("remove-localgroup", ALWAYS_DELETES),
    ("remove-localuser", ALWAYS_DELETES),
    ("rmuser", ALWAYS_DELETES),
    (
        "samba-tool",
        &[
            form("user|group|computer delete", DELETE),
            form("user disable|setpassword", CHANGE),
            form("domain demote", DELETE),
        ],
    ),
    (
        "schtasks",
        &[
            form("/delete /tn *", SCHEDULE),
            form("/delete", SCHEDULE).ask(),
        ],
    ),
    ("secret-tool", &[form("clear", KEYS).ask()]),
    (
        "security",
        &[form(
            "delete-keychain|delete-identity|delete-generic-password|delete-internet-password|delete-certificate",
            KEYS,
        )],
    ),
    (
        "semanage",
        &[form("user|login", CHANGE).with("-d -D --delete --deleteall -m")],
    ),
    ("set-localuser", ALWAYS_CHANGES),
    ("setcap", &[form("", PRIVILEGES)]),
    (
        "smbpasswd",
        &[
            form("", DELETE).with("-x"),
            form("", CHANGE).with("-d -a -n"),
        ],
    ),
    ("ssh-add", &[form("", LOGIN).with("-D")]),
    ("ssh-copy-id", &[form("", LOGIN).unless("-n -h")]),
    ("step", &[form("ca revoke", KEYS).ask()]),
    (
        "sysadminctl",
        &[
            form("", DELETE).with("-deleteUser"),
            form("", CHANGE).with("-admin -resetPasswordFor -newPassword -secureTokenOff"),
        ],
    ),
    ("unregister-scheduledtask", &[form("", SCHEDULE).ask()]),
    ("useradd", NEW_ACCOUNT),
    ("userdel", ALWAYS_DELETES),
    ("usermod", USER),
    (
        "vault",
        &[
            form("secrets|auth disable", KEYS),
            form("operator seal", CHANGE),
            form("token|lease revoke", KEYS).ask(),
            form("policy delete", CHANGE),
        ],
    ),
    ("vigr", ALWAYS_CHANGES),
    ("vipw", ALWAYS_CHANGES),
    (
        "visudo",
        &[
            harmless("").with("-c --check"),
            form("", CHANGE).unless("-h -V"),
        ],
    ),
    ("wevtutil", &[form("cl|clear-log", TRACES)]),
];
