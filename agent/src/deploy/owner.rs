//! Names processes so that a later Fjord can tell whether they still live.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::store::rows::Server;

/// A Fjord process: where its number means something, the number, and when it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    host: String,
    pid: u32,
    began: String,
}

impl Owner {
    /// Names this process.
    pub fn this_process() -> Self {
        let pid = std::process::id();
        Self {
            host: this_host(),
            pid,
            began: began_at(pid).unwrap_or_default(),
        }
    }

    /// Returns the name of its machine.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns it as it stands in rows: `host/pid/began`.
    pub fn as_text(&self) -> String {
        format!("{}/{}/{}", self.host, self.pid, self.began)
    }

    /// Reads it from a row.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.rsplitn(3, '/');
        let began = parts.next()?.to_owned();
        let pid = parts.next()?.parse().ok()?;
        Some(Self {
            host: parts.next()?.to_owned(),
            pid,
            began,
        })
    }

    /// Returns whether it runs where the process numbers of `other` mean the same: one machine since its start,
    /// and not another container on it.
    pub fn is_on_the_host_of(&self, other: &Self) -> bool {
        self.host == other.host
    }

    /// Returns whether the process still lives; only meaningful on its own host.
    pub fn is_alive(&self) -> bool {
        began_at(self.pid).is_some_and(|began| began == self.began)
    }
}

/// The process group of a running command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Runner {
    /// The group's leader.
    pub pid: u32,
    /// When the leader began, so that a reused number is not mistaken for it.
    pub began: String,
}

impl Runner {
    /// Names a running process.
    pub fn of(pid: u32) -> Option<Self> {
        Some(Self {
            pid,
            began: began_at(pid)?,
        })
    }

    /// Kills what is left of the group, if its leader is the one it was or the group outlived it.
    pub fn kill_group(&self) -> bool {
        // A leader that is gone leaves its number reserved while the group has members; a leader of that
        // number which began at another time is a stranger.
        if began_at(self.pid).is_some_and(|began| began != self.began) {
            return false;
        }
        let Some(group) = i32::try_from(self.pid)
            .ok()
            .and_then(rustix::process::Pid::from_raw)
        else {
            return false;
        };
        rustix::process::kill_process_group(group, rustix::process::Signal::KILL).is_ok()
    }
}

/// Returns whether a server is the machine that Fjord runs on.
pub(crate) fn is_local(server: &Server) -> bool {
    let name = server.hostname.as_str();
    name == "localhost"
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
        || name.eq_ignore_ascii_case(&host_name())
}

/// Returns the machine's name.
pub(crate) fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// Names the place in which process numbers mean something: two machines, or two containers on one, may have the
/// same name.
fn this_host() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let space = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let space: String = space
        .to_string_lossy()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    format!(
        "{}:{}:{space}",
        host_name(),
        boot.get(..8).unwrap_or_default()
    )
}

/// Tells when a living process began, in a form that only serves to be compared; `None`: there is none.
fn began_at(pid: u32) -> Option<String> {
    if Path::new("/proc/self/stat").exists() {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name may hold blanks and brackets; the fields begin after the last one.
        let (_, fields) = stat.rsplit_once(") ")?;
        let mut fields = fields.split(' ');
        let state = fields.next()?;
        if matches!(state, "Z" | "X") {
            return None;
        }
        let ticks = fields.nth(18)?;
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        return Some(format!("{ticks}.{}", boot.get(..8).unwrap_or("0")));
    }
    // No /proc (macOS): the second it began is what there is.
    let output = std::process::Command::new("ps")
        .args(["-o", "lstart=", "-p", &pid.to_string()])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout)
        .trim()
        .replace(' ', "_");
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_is_read_back_from_its_text() {
        let owner = Owner::this_process();
        assert!(owner.is_alive());
        assert_eq!(Owner::from_text(&owner.as_text()), Some(owner));
    }

    #[test]
    fn a_process_that_began_at_another_time_is_dead() {
        let owner = Owner {
            began: "1.00000000".to_owned(),
            ..Owner::this_process()
        };
        assert!(!owner.is_alive());
    }

    #[test]
    fn a_container_of_the_same_name_is_another_host() {
        let ours = Owner::this_process();
        let theirs = Owner {
            host: ours.host.replace(|last: char| last.is_ascii_digit(), "0"),
            ..ours.clone()
        };
        assert!(!theirs.is_on_the_host_of(&ours), "{theirs:?}");
    }

    #[test]
    fn a_slash_in_a_hosts_name_is_part_of_it() {
        let owner = Owner {
            host: "a/b".to_owned(),
            ..Owner::this_process()
        };
        assert_eq!(Owner::from_text(&owner.as_text()), Some(owner));
    }

    #[test]
    fn nonsense_in_a_row_is_no_owner() {
        assert_eq!(Owner::from_text("nonsense"), None);
        assert_eq!(Owner::from_text("host/notanumber/1"), None);
    }
}
