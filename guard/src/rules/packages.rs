//! Packages: what is taken from the machine, and what is given to the world.

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
        id: "packages.publish",
        field: "packages",
        severity: Verdict::Ask,
        reason: "What is published can be downloaded by anybody, and its version number is spent for good.",
        alternative: "Try it with `--dry-run`, and let a person publish it.",
    },
    RuleDoc {
        id: "packages.unpublish",
        field: "packages",
        severity: Verdict::Deny,
        reason: "This takes a published package away from those who build on it.",
        alternative: "Publish a fixed version, or deprecate the old one.",
    },
    RuleDoc {
        id: "packages.withdraw",
        field: "packages",
        severity: Verdict::Ask,
        reason: "This changes a published package for everybody who uses it.",
        alternative: "Let a person who owns the package do it.",
    },
    RuleDoc {
        id: "packages.essential",
        field: "packages",
        severity: Verdict::Deny,
        reason: "Without this package the machine does not start, log in or run its tools.",
        alternative: "Install the version that is wanted beside it, and let a person remove it.",
    },
    RuleDoc {
        id: "packages.remove",
        field: "packages",
        severity: Verdict::Ask,
        reason: "This removes packages of the system, and what depends on them goes too.",
        alternative: "Simulate it first: `apt-get -s remove`, `dnf --assumeno remove`.",
    },
    RuleDoc {
        id: "packages.system-python",
        field: "packages",
        severity: Verdict::Ask,
        reason: "This removes modules that tools of the system are built on.",
        alternative: "Use a virtual environment.",
    },
];

/// A machine is not itself without these.
const ESSENTIAL: &[&str] = &[
    "libc6",
    "glibc",
    "systemd",
    "sudo",
    "bash",
    "coreutils",
    "dpkg",
    "apt",
    "rpm",
    "dnf",
    "yum",
    "pacman",
    "openssh-server",
    "openssh",
    "python3",
    "python3-minimal",
    "perl-base",
    "linux",
    "kernel",
    "grub",
    "grub-pc",
    "init",
    "util-linux",
    "network-manager",
    "networkmanager",
    "netplan.io",
    "ca-certificates",
    "initramfs-tools",
    "busybox",
    "musl",
];

const ROWS: &[Row] = &[
    row(
        &[
            "npm",
            "pnpm",
            "bun",
            "vsce",
            "ovsx",
            "jsr",
            "lerna",
            "changeset",
            "flit",
            "poetry",
            "uv",
            "pdm",
            "hatch",
            "nx",
        ],
        &["publish"],
        "packages.publish",
    ),
    row(&["yarn"], &["publish"], "packages.publish"),
    row(&["yarn"], &["npm", "publish"], "packages.publish"),
    row(&["nx"], &["release", "publish"], "packages.publish"),
    row(&["cargo"], &["publish"], "packages.publish"),
    row(&["twine"], &["upload"], "packages.publish"),
    row(
        &["python", "python3"],
        &["twine", "upload"],
        "packages.publish",
    ),
    row(&["gem"], &["push"], "packages.publish"),
    row(
        &["dart", "flutter"],
        &["pub", "publish"],
        "packages.publish",
    ),
    row(&["dotnet"], &["nuget", "push"], "packages.publish"),
    row(&["nuget"], &["push"], "packages.publish"),
    row(&["pod"], &["trunk", "push"], "packages.publish"),
    row(&["mix"], &["hex.publish"], "packages.publish"),
    row(&["mvn", "mvnw"], &["deploy"], "packages.publish"),
    row(
        &["gradle", "gradlew"],
        &["publish|publishPlugins"],
        "packages.publish",
    ),
    row(
        &["npm", "pnpm", "yarn"],
        &["unpublish"],
        "packages.unpublish",
    ),
    row(&["gem"], &["yank"], "packages.unpublish"),
    row(
        &["dotnet", "nuget"],
        &["nuget", "delete"],
        "packages.unpublish",
    ),
    row(&["nuget"], &["delete"], "packages.unpublish"),
    row(&["deno"], &["publish"], "packages.publish"),
    row(
        &["maturin", "cargo-release"],
        &["publish|upload"],
        "packages.publish",
    ),
    with(
        &["cargo"],
        &["release"],
        &["--execute", "-x"],
        "packages.publish",
    ),
    row(
        &["semantic-release", "np", "release-it"],
        &[],
        "packages.publish",
    ),
    row(
        &["python", "python3"],
        &["setup.py", "upload"],
        "packages.publish",
    ),
    row(&["mvn", "mvnw"], &["release:perform"], "packages.publish"),
    row(&["helm"], &["push"], "packages.publish"),
    row(
        &["conan", "anaconda", "luarocks"],
        &["upload"],
        "packages.publish",
    ),
    row(&["opam"], &["publish"], "packages.publish"),
    with(&["cabal"], &["upload"], &["--publish"], "packages.publish"),
    row(&["stack"], &["upload"], "packages.publish"),
    with(
        &["goreleaser"],
        &["release"],
        &["--clean", "--rm-dist"],
        "packages.publish",
    ),
    row(
        &["wapm", "elm", "spago", "nimble", "shards"],
        &["publish"],
        "packages.publish",
    ),
    row(&["rake"], &["release"], "packages.publish"),
    row(
        &["ansible-galaxy"],
        &["collection|role", "publish|import"],
        "packages.publish",
    ),
    row(&["apm", "ppm"], &["unpublish"], "packages.unpublish"),
    row(&["vsce"], &["unpublish"], "packages.unpublish"),
    row(&["mix"], &["hex.retire"], "packages.withdraw"),
    row(
        &["pod"],
        &["trunk", "delete|deprecate"],
        "packages.unpublish",
    ),
    row(&["cargo"], &["yank"], "packages.withdraw"),
    row(&["cargo"], &["owner"], "packages.withdraw"),
    row(&["npm", "pnpm"], &["deprecate"], "packages.withdraw"),
    row(
        &["npm", "pnpm"],
        &[
            "owner|dist-tag|team|token|org|hook",
            "add|rm|remove|revoke|destroy|create|set",
        ],
        "packages.withdraw",
    ),
    row(
        &["npm"],
        &["access", "set|public|restricted|grant|revoke"],
        "packages.withdraw",
    ),
    row(
        &["yarn"],
        &["npm", "tag", "add|remove"],
        "packages.withdraw",
    ),
    row(&["yarn"], &["owner|tag", "add|remove"], "packages.withdraw"),
    with(
        &["gem"],
        &["owner"],
        &["-a", "-r", "--add", "--remove"],
        "packages.withdraw",
    ),
    row(
        &["apt", "apt-get", "aptitude"],
        &["remove|purge|autoremove|autopurge"],
        "packages.remove",
    ),
    with(
        &["apt", "apt-get"],
        &["install"],
        &["--allow-remove-essential"],
        "packages.remove",
    ),
    with(
        &["dpkg"],
        &[],
        &["-P", "-r", "--purge", "--remove"],
        "packages.remove",
    ),
    row(
        &["yum", "dnf", "microdnf", "tdnf"],
        &["remove|erase|autoremove"],
        "packages.remove",
    ),
    with(&["rpm"], &[], &["-e", "--erase"], "packages.remove"),
    row(&["zypper"], &["remove|rm"], "packages.remove"),
    row(&["apk"], &["del"], "packages.remove"),
    with(
        &["pacman", "yay", "paru"],
        &[],
        &["-R", "--remove"],
        "packages.remove",
    ),
    row(
        &["snap", "flatpak"],
        &["remove|uninstall"],
        "packages.remove",
    ),
    with(
        &["emerge"],
        &[],
        &["--depclean", "--unmerge", "-C"],
        "packages.remove",
    ),
    with(
        &["conda", "mamba", "micromamba"],
        &["remove|uninstall"],
        &["--all"],
        "packages.remove",
    ),
    row(
        &["choco", "winget", "scoop"],
        &["uninstall"],
        "packages.remove",
    ),
    row(&["xbps-remove"], &[], "packages.remove"),
    row(&["rustup"], &["self", "uninstall"], "packages.remove"),
    row(&["do-release-upgrade"], &[], "packages.remove"),
    with(
        &["brew"],
        &["uninstall|remove|rm"],
        &["--force", "--zap", "--ignore-dependencies"],
        "packages.remove",
    ),
    row(
        &["port", "pkg"],
        &["uninstall|delete|remove"],
        "packages.remove",
    ),
    row(&["nix-collect-garbage"], &[], "packages.remove"),
];

fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    let simulates = view.is(&["apt", "apt-get", "aptitude"])
        && view.run.has(
            Some('s'),
            &["simulate", "just-print", "no-act", "download-only"],
        )
        || view.is(&["dnf", "yum"]) && view.run.has(None, &["assumeno"])
        || view.is(&["pacman"]) && view.run.has(Some('p'), &["print"])
        || view.is(&["emerge"]) && view.run.has(Some('p'), &["pretend"])
        || view.is(&["do-release-upgrade"])
            && view.run.has(Some('c'), &["check-dist-upgrade-only"])
        || view.is(&["np"]) && view.run.has(None, &["preview"])
        || view.is(&["goreleaser"]) && view.run.has(None, &["snapshot", "skip"])
        || view.is(&["conda", "mamba", "micromamba"]) && !names_base(view);
    if simulates || undone(view) {
        return;
    }
    let before = findings.len();
    table::judge(view, ROWS, RULES, findings);
    if let Some(found) = findings.get_mut(before)
        && found.rule.id == "packages.remove"
        && view.args().iter().any(|arg| is_essential(&arg.text))
    {
        findings.truncate(before);
        report(findings, rule(RULES, "packages.essential"));
    }
    pip(view, findings);
    let words = view.words();
    // `cargo +nightly publish`
    let with_toolchain = view.is(&["cargo"])
        && words.first().is_some_and(|word| word.starts_with('+'))
        && matches!(words.get(1), Some(&("publish" | "yank" | "owner")));
    if with_toolchain && !view.wants_help() {
        report(findings, rule(RULES, "packages.publish"));
    }
    let takes_itself = view.is(&["npm"])
        && matches!(words.first(), Some(&("uninstall" | "remove" | "rm" | "un")))
        && view.run.has(Some('g'), &["global"])
        && (words.contains(&"npm") || view.run.via.iter().any(|via| via == "xargs"));
    let takes_all = view.is(&["nix-env"])
        && view.run.has(Some('e'), &["uninstall"])
        && view
            .args()
            .iter()
            .any(|arg| arg.text == "*" || arg.text == ".*");
    if takes_itself || takes_all {
        report(findings, rule(RULES, "packages.remove"));
    }
}

/// Whether conda's own environment is meant.
fn names_base(view: &View<'_>) -> bool {
    view.run.value(&["-n", "--name"]) == Some("base")
}

/// `cargo yank --undo` gives back.
fn undone(view: &View<'_>) -> bool {
    view.is(&["cargo"]) && view.run.has(None, &["undo"])
        || view.has_word("--list")
        || view.is(&["cargo"])
            && table::says(view, &["owner"])
            && view.run.has(Some('l'), &["list"])
}

fn is_essential(name: &str) -> bool {
    let name = name.split([':', '=']).next().unwrap_or_default();
    ESSENTIAL.contains(&name) || name.starts_with("linux-image") || name.starts_with("kernel-core")
}

fn pip(view: &View<'_>, findings: &mut Vec<Finding>) {
    let direct =
        matches!(view.program.as_str(), "pip" | "pip3") && table::says(view, &["uninstall"]);
    let module = matches!(view.program.as_str(), "python" | "python3")
        && table::says(view, &["pip", "uninstall"]);
    let of_system = view.run.has(None, &["break-system-packages"])
        || view
            .run
            .via
            .iter()
            .any(|via| via == "sudo" || via == "doas");
    if (direct || module) && of_system {
        report(findings, rule(RULES, "packages.system-python"));
    }
}
