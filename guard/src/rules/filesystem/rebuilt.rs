//! What builds, tests and tools make again, and what nobody misses.

use super::View;
use crate::paths;
use crate::run::{Arg, UNKNOWN};

/// Folders and files that builds make again.
const REBUILT: &[&str] = &[
    "node_modules",
    "bower_components",
    "dist",
    "dist-newstyle",
    "target",
    ".next",
    ".nuxt",
    ".svelte-kit",
    ".astro",
    ".docusaurus",
    ".expo",
    ".turbo",
    ".cache",
    ".sass-cache",
    ".webpack",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".ipynb_checkpoints",
    ".tox",
    ".nox",
    "coverage",
    "test-results",
    "playwright-report",
    "blob-report",
    "allure-results",
    "out",
    ".gradle",
    ".kotlin",
    ".bloop",
    ".metals",
    ".dart_tool",
    "Pods",
    "zig-out",
    "zig-cache",
    ".zig-cache",
    ".stack-work",
    "_build",
    "_site",
    ".parcel-cache",
    ".eslintcache",
    ".venv",
    "venv",
    "htmlcov",
    ".nyc_output",
    "tmp",
    ".tmp",
    "tmp_check",
    ".eggs",
    "bin",
    "obj",
    "DerivedData",
    ".angular",
    ".vite",
    ".output",
    "storybook-static",
    "build",
    ".build",
    "package-lock.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "bun.lockb",
];

/// Of these, the ones that are also folders of a system.
const AMBIGUOUS: &[&str] = &[
    "bin", "tmp", "build", "out", "target", ".cache", "venv", ".venv",
];

/// Ends of names that compilers, editors and systems leave behind.
const JUNK_ENDS: &[&str] = &[
    ".pyc",
    ".pyo",
    ".o",
    ".obj",
    ".class",
    ".gcda",
    ".gcno",
    ".gcov",
    ".profraw",
    ".orig",
    ".rej",
    ".swp",
    ".swo",
    ".tmp",
    ".egg-info",
    ".map",
    ".tsbuildinfo",
    ".dSYM",
    ".DS_Store",
    "Thumbs.db",
    "~",
];

/// Caches in a home, and of the package managers.
const CACHES: &[&str] = &[
    "/.cache/",
    "/.npm/_cacache",
    "/.npm/_npx",
    "/Library/Caches/",
    "/Library/Developer/Xcode/DerivedData/",
    "/.gradle/caches/",
    "/.cargo/registry/cache",
];
const SYSTEM_CACHES: &[&str] = &[
    "/var/lib/apt/lists/",
    "/var/cache/apt/",
    "/var/cache/apk/",
    "/var/cache/yum/",
    "/var/cache/dnf/",
];

/// Whether a path is something that is built again.
pub(super) fn is_rebuilt(target: &Arg) -> bool {
    let text = target.text.trim_end_matches(['/', '*']);
    let is_known = |part: &str| {
        REBUILT.contains(&part)
            || is_junk(part)
            || part.rsplit('.').next() == Some("log")
            || part.starts_with("cmake-build-")
    };
    if let Some((_, after)) = text.rsplit_once(UNKNOWN) {
        // `$DIR/node_modules` is, `$DIR/bin` may be the system's, `$DIR-dist` may be anything.
        return after.strip_prefix('/').is_some_and(|after| {
            after
                .split('/')
                .any(|part| is_known(part) && !AMBIGUOUS.contains(&part))
        });
    }
    text.split('/').any(is_known)
}

/// Whether a name is one that a tool left behind.
pub(super) fn is_junk(name: &str) -> bool {
    JUNK_ENDS.iter().any(|end| name.ends_with(end))
        || REBUILT.contains(&name.rsplit('/').next().unwrap_or_default())
}

/// Whether a path is below a cache that its tool fills again.
pub(super) fn is_cache(view: &View<'_>, target: &Arg) -> bool {
    let Some(path) = paths::absolute(view.run, target) else {
        return false;
    };
    let below = |start: &str, cache: &str| {
        path.strip_prefix(start)
            .and_then(|rest| rest.strip_prefix(cache))
            .is_some_and(|rest| {
                !cache.ends_with('/') || !rest.starts_with(['*', '?', '.', UNKNOWN])
            })
    };
    let home = view.facts.home.as_deref().unwrap_or("~");
    let homes = [home.trim_end_matches('/'), "~"];
    homes
        .iter()
        .any(|home| CACHES.iter().any(|cache| below(home, cache)))
        || SYSTEM_CACHES.iter().any(|cache| path.starts_with(cache))
}
