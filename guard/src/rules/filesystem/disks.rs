//! Programs that work on whole disks, volumes and backups.

use super::super::tools::{self, Form, Tool, form, harmless};
use super::super::{Finding, View};
use super::RULES;

const DEVICE: &str = "filesystem.device";
const TREE: &str = "filesystem.delete-tree";
const SYNC: &str = "filesystem.sync-delete";
const SYSTEM: &str = "filesystem.system-write";

const ALWAYS: &[Form] = &[form("*", DEVICE).unless("-h -n --test -t")];
const CHECKS: &[Form] = &[
    harmless("").with("-n -N -V"),
    form("/dev/mapper", DEVICE),
    form("*", DEVICE).with("-y -a -p -f").ask(),
];
const PARTITIONS: &[Form] = &[
    harmless("").with("-l --list -s -d --dump -x -V -h --show-size -T --list-types"),
    form("*", DEVICE),
    form("", DEVICE).with("--delete --wipe"),
];

pub(crate) const TOOLS: &[Tool] = &[
    ("badblocks", &[form("", DEVICE).with("-w")]),
    ("bcache", &[form("make|unregister", DEVICE)]),
    ("bcdedit", &[form("/delete|/deletevalue|/import", SYSTEM)]),
    ("blkdiscard", ALWAYS),
    ("btrfs", &[
        form("su/bvolume d/elete", DEVICE),
        form("dev/ice d/elete|rem/ove", DEVICE),
        form("check|rescue", DEVICE).with("--repair --init-csum-tree --init-extent-tree"),
        form("rescue zero-log|clear-uuid-tree", DEVICE),
    ]),
    ("ceph", &[
        form("osd pool delete|rm", DEVICE),
        form("osd purge|destroy|lost|rm", DEVICE),
        form("fs rm|fail", DEVICE),
        form("osd out|down", DEVICE).ask(),
    ]),
    ("cfdisk", PARTITIONS),
    ("cryptsetup", &[
        form("luksFormat|luksErase|erase|luksKillSlot|luksRemoveKey|reencrypt", DEVICE),
        form("luksHeaderRestore|luksChangeKey", DEVICE).ask(),
    ]),
    ("debugfs", &[form("", DEVICE).with("-w")]),
    ("diskutil", &[
        form(
            "eraseDisk|eraseVolume|eraseOptical|zeroDisk|randomDisk|secureErase|partitionDisk|reformat|\
             splitPartition|mergePartitions",
            DEVICE,
        ),
        form("apfs|ap deleteContainer|deleteVolume|deleteVolumeGroup|eraseVolume|deleteSnapshot", DEVICE),
        form("appleRAID|ar delete|remove", DEVICE),
        form("unmountDisk force", DEVICE).ask(),
    ]),
    ("dmsetup", &[form("remove|remove_all|wipe_table|clear", DEVICE)]),
    ("drbdadm", &[form("create-md|wipe-md|invalidate|invalidate-remote", DEVICE)]),
    ("duplicity", &[form(
        "remove-all-but-n-full|remove-older-than|remove-all-inc-of-but-n-full|cleanup",
        SYNC,
    )
    .with("--force")]),
    ("e2fsck", CHECKS),
    ("fdisk", PARTITIONS),
    ("fsck", CHECKS),
    ("fsck.ext4", CHECKS),
    ("gdisk", PARTITIONS),
    ("gio", &[form("trash", TREE).with("--empty").ask()]),
    ("gluster", &[form("volume|peer|snapshot delete|stop|detach|reset", DEVICE)]),
    ("hdparm", &[form("", DEVICE).with(
        "--security-erase --security-erase-enhanced --trim-sector-ranges --make-bad-sector --write-sector \
         --repair-sector --sanitize-block-erase --sanitize-crypto-scramble --sanitize-overwrite",
    )]),
    ("lftp", &[form("", SYNC).with("--delete")]),
    ("losetup", &[form("", DEVICE).with("-D --detach-all").ask()]),
    ("lvconvert", &[form("", DEVICE).with("--merge --uncache --repair").ask()]),
    ("lvreduce", ALWAYS),
    ("lvremove", ALWAYS),
    ("mdadm", &[form("", DEVICE).with(
        "-S -f -r --stop --zero-superblock --remove --fail --create -C",
    )]),
    ("mountvol", &[form("", DEVICE).with("/d /p").ask()]),
    ("multipath", &[form("", DEVICE).with("-F -f")]),
    ("nbd-client", &[form("", DEVICE).with("-d")]),
    ("nvme", &[form("format|sanitize|delete-ns|create-ns|detach-ns|write-zeroes|write|fw-commit|dsm", DEVICE)]),
    ("parted", &[
        harmless("").with("-l --list -v -h"),
        harmless("print"),
        harmless("* print|unit|align-check|p"),
        form("*", DEVICE),
    ]),
    ("pvcreate", ALWAYS),
    ("pvremove", ALWAYS),
    ("rbd", &[form("rm|remove|purge|resize", DEVICE), form("snap|trash rm|remove|purge|rollback", DEVICE)]),
    ("reg", &[form("delete|import|restore", SYSTEM)]),
    ("resize2fs", &[form("* *", DEVICE).unless("-P").ask(), form("", DEVICE).with("-M").ask()]),
    ("rsnapshot", &[form("sync", SYNC).with("--delete")]),
    ("scrub", ALWAYS),
    ("sfdisk", PARTITIONS),
    ("sgdisk", &[
        harmless("").with("-p -i -v -V -b -L -O -E -F -f --print --info --verify --backup --version --list-types")
            .unless("-o -z -Z -d -n -l -g --zap --zap-all --clear --delete --new --load-backup --mbrtogpt"),
        form("*", DEVICE),
    ]),
    ("snapper", &[form("delete|remove|rm|delete-config|rollback|undochange", DEVICE), form("* delete|rollback|undochange", DEVICE)]),
    ("timeshift", &[form("", DEVICE).with("--delete --delete-all --restore")]),
    ("tmutil", &[form("delete|deletelocalsnapshots|disable|removedestination|deleteinprogress", DEVICE).ask()]),
    ("trash-empty", &[form("", TREE).unless("-h").ask()]),
    ("tune2fs", &[harmless("").with("-l"), form("*", DEVICE).ask()]),
    ("umount", &[
        form("/|/home|/boot|/usr|/var|/srv|/opt|/data", DEVICE).ask(),
        form("", DEVICE).with("-a --all").ask(),
    ]),
    ("unison", &[form("", SYNC).with("-force --force")]),
    ("vgcfgrestore", ALWAYS),
    ("vgreduce", ALWAYS),
    ("vgremove", ALWAYS),
    ("vssadmin", &[form("delete", DEVICE), form("resize shadowstorage", DEVICE)]),
    ("wbadmin", &[form("delete", DEVICE)]),
    ("wipefs", &[harmless("").with("-n --no-act"), form("", DEVICE).with("-a -o --all --offset")]),
    ("xfs_repair", &[harmless("").with("-n"), form("", DEVICE).with("-L"), form("*", DEVICE).ask()]),
    ("zerofree", ALWAYS),
    ("zfs", &[
        harmless("destroy|rollback|receive|recv").with("-n"),
        form("destroy|rollback", DEVICE),
        form("receive|recv", DEVICE).with("-F"),
    ]),
    ("zpool", &[
        harmless("").with("-n"),
        form("destroy|labelclear|create", DEVICE),
        form("remove|offline|detach|export|split|replace", DEVICE).ask(),
    ]),
];

/// Programs that take commands for files on another machine.
const TRANSFERS: &[&str] = &["ftp", "lftp", "ncftp", "sftp", "smbclient", "tnftp"];
/// What deletes there.
const DELETE_THERE: &[&str] = &[
    "rm", "rmdir", "mrm", "mdel", "mdelete", "del", "delete", "deltree",
];

pub(super) fn judge(view: &View<'_>, findings: &mut Vec<Finding>) {
    tools::judge(view, TOOLS, RULES, findings);
    // `lftp -e 'mirror -R --delete'` carries its words in one.
    if view.program == "lftp"
        && let Some(script) = view.run.value(&["-e", "-c"])
    {
        let mut words = script.split([' ', ';']);
        if words.clone().any(|word| word == "mirror") && words.any(|word| word == "--delete") {
            super::report(findings, super::rule(RULES, SYNC));
        }
    }
}

/// What is typed at a program that moves files.
pub(super) fn typed(view: &View<'_>, findings: &mut Vec<Finding>) {
    if TRANSFERS.contains(&view.program.as_str()) {
        let typed = ["-e", "-c"]
            .iter()
            .filter_map(|flag| view.run.value(&[flag]))
            .chain(view.run.stdin.text.as_deref());
        let deletes = typed
            .flat_map(|text| text.split(['\n', ';']).take(256))
            .filter_map(|line| line.split_whitespace().next())
            .any(|verb| DELETE_THERE.contains(&verb.trim_start_matches('-')));
        if deletes {
            super::report(findings, super::rule(RULES, "filesystem.delete-elsewhere"));
        }
    }
}
