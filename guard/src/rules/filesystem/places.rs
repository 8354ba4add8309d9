//! Places that belong to the system or are devices.

use super::View;
use crate::paths::{self, Place};
use crate::run::Arg;

/// Whether a path is a file of the operating system.
pub(super) fn is_system_file(view: &View<'_>, target: &Arg) -> bool {
    // On another machine or in a container the system's files are somebody else's.
    if view
        .run
        .host
        .as_deref()
        .is_some_and(|host| host.starts_with("container "))
        && paths::mounted(view.run, target).is_none()
    {
        return false;
    }
    let Some(path) = paths::absolute(view.run, target) else {
        return false;
    };
    let parts = [
        "/etc",
        "/boot",
        "/usr",
        "/bin",
        "/sbin",
        "/lib",
        "/lib64",
        "/sys",
        "/proc",
        "/System",
        "/var/spool/cron",
    ];
    parts.iter().any(|part| paths::is_within(&path, part))
        && !paths::is_within(&path, "/usr/local")
        && paths::place(view.run, target, view.facts) == Place::System
}

/// Whether a path names a disk, a partition or the memory.
pub(super) fn is_device(path: &str) -> bool {
    let Some(name) = path.strip_prefix("/dev/") else {
        return false;
    };
    [
        "sd", "hd", "vd", "xvd", "nvme", "mmcblk", "disk", "rdisk", "mapper/", "md", "dm-", "loop",
        "mem", "kmem", "port", "nbd",
    ]
    .iter()
    .any(|prefix| name.starts_with(prefix))
}
