//! Forges, and version control other than `git`.

use super::super::tools::{Form, Tool, form, harmless};

const CLEAN: &str = "git.clean";
const PUSH: &str = "git.push-force";
const BRANCH: &str = "git.delete-branch";
const DISCARD: &str = "git.discard";
const REWRITE: &str = "git.rewrite";
const FORGE: &str = "git.forge-delete";

const STRIPS: &[Form] = &[
    form("*", REWRITE).unless("-h"),
    form("", REWRITE).with("--force --invert-paths --path"),
];
const OTHER_FORGE: &[Form] = &[
    form(
        "repo|repos|repository|project|release|releases|branch|branches|org|secret|label|tag delete|rm|remove|d",
        FORGE,
    ),
    form("delete", FORGE),
    form("api", FORGE).with("-XDELETE --method=DELETE -X=DELETE"),
    form("api delete", FORGE).with("-X --method"),
];
const SAPLING: &[Form] = &[
    form("strip|debugstrip|prune|hide", REWRITE).ask(),
    form("purge|clean", CLEAN).unless("-p --print"),
    form("update|up|checkout|co|goto|go", DISCARD).with("-C --clean"),
    form("revert", DISCARD).with("-a --all -C --no-backup"),
    form("rollback", REWRITE).ask(),
    form("push", PUSH).with("-f --force"),
    form("bookmark|bookmarks|book", BRANCH).with("-d --delete"),
];

pub(crate) const TOOLS: &[Tool] = &[
    ("bb", OTHER_FORGE),
    ("berg", OTHER_FORGE),
    ("bfg", STRIPS),
    (
        "bzr",
        &[
            form("revert", DISCARD),
            form("clean-tree", CLEAN).with("--force"),
            form("push", PUSH).with("--overwrite"),
        ],
    ),
    (
        "cvs",
        &[
            form("release", DISCARD).with("-d"),
            form("update|up", DISCARD).with("-C"),
        ],
    ),
    (
        "darcs",
        &[
            form("obliterate|unpull", REWRITE),
            form("revert", DISCARD).with("-a --all"),
            form("unrecord", REWRITE).ask(),
        ],
    ),
    (
        "fossil",
        &[
            form("purge|scrub|shun", REWRITE),
            form("revert", DISCARD),
            form("clean|extras", CLEAN).with("-f --force --verily -x"),
        ],
    ),
    (
        "gh",
        &[
            form(
                "repo|release|secret|variable|project|ssh-key|gpg-key|codespace|environment|org|issue|token delete|remove|purge|delete-asset|d",
                FORGE,
            ),
            form("repo deploy-key|autolink delete|remove", FORGE),
            form("repo archive|rename", FORGE).ask(),
            form("repo edit", FORGE).with("--visibility").ask(),
            form("repo sync", PUSH).with("--force"),
            form("cache|label|gist|run delete|remove", FORGE).ask(),
            form("project item-delete|field-delete", FORGE).ask(),
            form("workflow disable", FORGE).ask(),
            form("issue transfer", FORGE).ask(),
            form("pr close", BRANCH).with("-d --delete-branch"),
            form("pr merge", PUSH).with("--admin").ask(),
        ],
    ),
    ("git-filter-branch", STRIPS),
    ("git-filter-repo", STRIPS),
    ("gitea", &[form("admin user|repo delete", FORGE)]),
    (
        "glab",
        &[
            form(
                "repo|project|release|variable|ssh-key|deploy-key|issue|token|cluster|schedule|securefile delete|remove|revoke",
                FORGE,
            ),
            form(
                "mr|ci|label|snippet|milestone|pipeline|incident delete|remove",
                FORGE,
            )
            .ask(),
            form("repo archive|transfer", FORGE).ask(),
        ],
    ),
    (
        "gt",
        &[
            form("delete|dl", BRANCH).with("-f --force"),
            form("branch delete", BRANCH),
        ],
    ),
    ("hg", SAPLING),
    ("hub", OTHER_FORGE),
    (
        "jj",
        &[
            form("abandon", DISCARD),
            form("restore", DISCARD),
            form("op|operation abandon", REWRITE),
            form("op|operation restore|revert", DISCARD),
            form("util gc", REWRITE).with("--expire"),
            form("git push", PUSH).with("--delete --deleted"),
            form("bookmark|branch|b delete|forget|d|f", BRANCH),
            form("workspace forget", DISCARD),
        ],
    ),
    (
        "p4",
        &[
            harmless("obliterate").unless("-y"),
            form("obliterate", REWRITE),
            form("revert", DISCARD).unless("-n -a"),
            form(
                "client|workspace|branch|label|user|depot|stream|group",
                FORGE,
            )
            .with("-d")
            .ask(),
            form("clean", CLEAN).unless("-n"),
            form("sync|update", DISCARD).with("-f"),
            form("change|shelve", DISCARD).with("-d"),
        ],
    ),
    ("sl", SAPLING),
    (
        "svn",
        &[
            form("revert", DISCARD),
            form("cleanup", CLEAN).with("--remove-unversioned --remove-ignored"),
            form("delete|del|remove|rm", DISCARD).with("--force"),
            form("propdel", REWRITE).with("--revprop").ask(),
        ],
    ),
    (
        "svnadmin",
        &[form("rmtxns|setrevprop|rev-size|delrevprop", REWRITE).ask()],
    ),
    ("tea", OTHER_FORGE),
];
