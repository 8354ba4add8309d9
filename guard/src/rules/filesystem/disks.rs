//! Programs that work on whole disks.

use super::super::{Finding, View, report, rule};
use super::RULES;

/// Programs that work on whole disks.
const DISK_TOOLS: &[(&str, &[&str])] = &[
    ("wipefs", &["-a", "--all", "-af", "-fa"]),
    ("fdisk", &[]),
    ("sfdisk", &[]),
    ("cfdisk", &[]),
    ("sgdisk", &[]),
    ("parted", &[]),
    ("blkdiscard", &[]),
    ("pvremove", &[]),
    ("vgremove", &[]),
    ("lvremove", &[]),
    ("lvreduce", &[]),
    (
        "mdadm",
        &[
            "--stop",
            "-S",
            "--zero-superblock",
            "--remove",
            "--fail",
            "--create",
        ],
    ),
    ("zpool", &["destroy", "labelclear"]),
    ("zfs", &["destroy", "rollback"]),
    ("btrfs", &["--repair", "delete", "device"]),
    ("dmsetup", &["remove", "remove_all", "wipe_table"]),
    ("nbd-client", &["-d"]),
    ("cryptsetup", &["luksFormat", "luksErase", "erase"]),
];

pub(super) fn judge(view: &View<'_>, name: &str, findings: &mut Vec<Finding>) {
    let Some((_, words)) = DISK_TOOLS.iter().find(|(tool, _)| *tool == name) else {
        return;
    };
    let lists = view.args().iter().any(|arg| {
        matches!(
            arg.text.as_str(),
            "-l" | "--list" | "print" | "-d" | "--dump" | "-n" | "--no-act"
        )
    }) && words.is_empty();
    let matches = words.is_empty() && !view.args().is_empty()
        || view
            .args()
            .iter()
            .any(|arg| words.contains(&arg.text.as_str()));
    if matches && !lists && !view.wants_help() {
        report(findings, rule(RULES, "filesystem.device"));
    }
}
