//! Where a folder's repository comes from, read from `.git/config` without running git.

use std::io::Read;
use std::path::{Path, PathBuf};

/// No `.git/config` that people write is larger.
const LARGEST: u64 = 64 << 10;

/// Returns the address of `origin`, comparable; `None`: there is none, or no repository.
pub(super) fn of(root: &Path) -> Option<String> {
    let config = text(&git_folder(root)?.join("config"))?;
    comparable(origin_in(&config)?)
}

/// Makes addresses comparable: `git@host:team/api.git` and `https://name:token@host/team/api` are both `host/team/api`.
pub(super) fn comparable(address: &str) -> Option<String> {
    let address = address.trim().trim_end_matches('/');
    let address = address
        .strip_suffix(".git")
        .unwrap_or(address)
        .trim_end_matches('/');
    let (host, path) = if let Some((_, rest)) = address.split_once("://") {
        rest.split_once('/')?
    } else {
        let (host, path) = address.split_once(':')?;
        // `C:\work` and `./a:b` are paths.
        if host.contains('/') || host.len() < 2 {
            return None;
        }
        (host, path)
    };
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let path = path.trim_matches('/');
    (!host.is_empty() && !path.is_empty()).then(|| format!("{}/{path}", host.to_lowercase()))
}

/// The folder of git's files: in a work tree or a submodule, `.git` is a file that says where.
fn git_folder(root: &Path) -> Option<PathBuf> {
    let git = root.join(".git");
    if git.is_dir() {
        return Some(git);
    }
    let said = text(&git)?;
    let folder = root.join(said.trim().strip_prefix("gitdir:")?.trim());
    let common = text(&folder.join("commondir")).map(|common| folder.join(common.trim()));
    Some(common.unwrap_or(folder))
}

fn origin_in(config: &str) -> Option<&str> {
    let mut is_origin = false;
    for line in config.lines().map(str::trim) {
        if line.starts_with('[') {
            is_origin = line
                .trim_end_matches(']')
                .trim_start_matches('[')
                .split_whitespace()
                .eq(["remote", "\"origin\""]);
        } else if is_origin
            && let Some((key, value)) = line.split_once('=')
            && key.trim().eq_ignore_ascii_case("url")
        {
            return Some(value.trim().trim_matches('"'));
        }
    }
    None
}

fn text(file: &Path) -> Option<String> {
    let about = std::fs::metadata(file).ok()?;
    // A pipe would wait for ever.
    if !about.is_file() {
        return None;
    }
    let mut text = String::new();
    let file = std::fs::File::open(file).ok()?;
    file.take(LARGEST).read_to_string(&mut text).ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_repository_are_the_same() {
        for address in [
            "git@Example.com:team/api.git",
            "https://example.com/team/api",
            "https://me:token@example.com/team/api.git/",
            "ssh://git@example.com:2222/team/api.git",
        ] {
            assert_eq!(
                comparable(address).as_deref(),
                Some("example.com/team/api"),
                "{address}"
            );
        }
        for address in ["", "/srv/git/api.git", "./a:b/c", "https://example.com"] {
            assert_eq!(comparable(address), None, "{address}");
        }
    }

    #[test]
    fn the_origin_is_read_from_the_configuration() {
        let config = "[core]\n\tbare = false\n[remote \"up\"]\n\turl = git@a.b:x/y\n[remote \"origin\"]\n\tfetch = +refs\n\turl = git@example.com:team/api.git\n";
        assert_eq!(origin_in(config), Some("git@example.com:team/api.git"));
        assert_eq!(origin_in("[core]\n\turl = x\n"), None);
    }
}
