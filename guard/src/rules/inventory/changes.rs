//! What a command changes in production that its words alone would not be asked about.

use super::outside::{
    RECORDS, ansible, ansible_hosts, changed_domain, copied_to, copies, domain, request, site,
};
use super::{
    Aim, Change, Machine, View, behind, data, is_production, machine, place, project, service,
    service_at, service_on,
};
use crate::paths;
use crate::{ServerFact, ServiceFact};

/// What is aimed at, for what is found anyway.
pub(super) fn aim<'a>(view: &View<'a>) -> Option<Aim<'a>> {
    data::aim(view)
        .or_else(|| behind(view).map(both))
        .or_else(|| copied_to(view))
        .or_else(|| changed_domain(view))
        .or_else(|| ansible_hosts(view))
        .or_else(|| named_service(view))
        .or_else(|| named_path(view))
        .or_else(|| match machine(view) {
            Machine::Server(server) => Some(Aim {
                server,
                service: None,
            }),
            Machine::Here | Machine::Elsewhere => None,
        })
}

/// What is changed.
pub(super) fn change<'a>(view: &View<'a>) -> Option<Change<'a>> {
    match view.program.as_str() {
        "docker" | "podman" | "nerdctl" | "docker-compose" | "podman-compose" => containers(view),
        "git" | "npm" | "pnpm" | "yarn" | "bun" | "composer" | "bundle" => in_project(view),
        "kubectl" | "oc" | "k" | "kubecolor" | "helm" => cluster(view),
        "ansible" | "ansible-playbook" => ansible(view),
        "rsync" | "scp" | "sftp" | "ssh-copy-id" => copies(view),
        "kill" => killed(view),
        "rm" | "unlink" | "mv" | "a2dissite" | "truncate" | "shred" => site(view),
        "curl" | "curlie" | "http" | "https" | "xh" | "xhs" | "wget" => request(view),
        "systemctl" | "service" | "pm2" | "supervisorctl" => None,
        _ if RECORDS.contains(&view.program.as_str()) => domain(view),
        _ => data::change(view),
    }
}

pub(super) fn both<'a>((service, server): (&'a ServiceFact, &'a ServerFact)) -> Aim<'a> {
    Aim {
        server,
        service: Some(service),
    }
}

pub(super) fn deploys<'a>(act: &'static str, aim: Aim<'a>) -> Change<'a> {
    Change {
        rule: "production.deploy",
        act,
        aim,
    }
}

/// The first word that names a service where the command works.
fn named_service<'a>(view: &View<'a>) -> Option<Aim<'a>> {
    const MOST_WORDS: usize = 32;
    let manages = view.is(&[
        "docker",
        "podman",
        "nerdctl",
        "docker-compose",
        "podman-compose",
        "systemctl",
        "service",
        "pm2",
        "supervisorctl",
        "kubectl",
        "oc",
        "helm",
        "killall",
        "pkill",
    ]);
    view.args()
        .iter()
        .take(if manages { MOST_WORDS } else { 0 })
        .filter(|arg| !arg.text.starts_with('-'))
        .find_map(|arg| service(view, &arg.text))
        .or_else(|| project(view).filter(|_| manages))
        .map(both)
}

/// A path that lies in the project of a service.
fn named_path<'a>(view: &View<'a>) -> Option<Aim<'a>> {
    const MOST_WORDS: usize = 32;
    let there = place(view)?;
    view.args()
        .iter()
        .take(MOST_WORDS)
        .filter(|arg| arg.text.contains('/') && arg.is_known())
        .filter_map(|arg| paths::absolute(view.run, arg))
        .find_map(|path| service_at(view, there, &path))
        .map(both)
}

/// Containers: what is started anew, and what is copied into one.
fn containers<'a>(view: &View<'a>) -> Option<Change<'a>> {
    const WITH_VALUE: &[&str] = &[
        "-H",
        "--host",
        "-c",
        "--context",
        "-f",
        "--file",
        "-p",
        "--project-name",
        "--profile",
        "--env-file",
        "--project-directory",
        "--config",
        "-l",
        "--log-level",
    ];
    let operands = view.run.operands(WITH_VALUE);
    let mut words = operands.iter().map(|arg| arg.text.as_str());
    let first = words.next()?;
    let is_compose = first == "compose" || view.program.ends_with("-compose");
    let verb = if first == "compose" {
        words.next()?
    } else {
        first
    };
    if is_compose {
        if !matches!(verb, "up" | "pull" | "scale" | "create") {
            return None;
        }
        place(view).filter(|server| is_production(server))?;
        let named = words.find_map(|word| service(view, word));
        let found = named.or_else(|| project(view)).map(both);
        // Elsewhere a project is one of that server, known or not.
        let aim = found.or_else(|| match machine(view) {
            Machine::Server(server) => Some(Aim {
                server,
                service: None,
            }),
            Machine::Here | Machine::Elsewhere => None,
        })?;
        return Some(deploys("deploys anew", aim));
    }
    match (verb, words.next()) {
        ("cp", _) => {
            let into = operands.last()?.text.split_once(':')?.0;
            let aim = both(service(view, into)?);
            Some(Change {
                rule: "production.files",
                act: "writes files into",
                aim,
            })
        }
        ("run", _) | ("container", Some("run" | "create")) => match machine(view) {
            Machine::Server(server) => Some(deploys(
                "starts a container on",
                Aim {
                    server,
                    service: None,
                },
            )),
            Machine::Here | Machine::Elsewhere => None,
        },
        ("service", Some("update" | "scale" | "rollback")) | ("stack", Some("deploy")) => {
            let server = place(view)?;
            let named = words.find_map(|word| service(view, word.split('=').next()?));
            let aim = named.map_or(
                Aim {
                    server,
                    service: None,
                },
                both,
            );
            Some(deploys("deploys anew", aim))
        }
        _ => None,
    }
}

/// What changes the files that a service runs from.
fn in_project<'a>(view: &View<'a>) -> Option<Change<'a>> {
    let there = place(view).filter(|server| is_production(server))?;
    let folder = view.run.value(&[
        "-C",
        "--git-dir",
        "--prefix",
        "--cwd",
        "-d",
        "--working-dir",
    ]);
    let folder = folder.filter(|folder| folder.contains('/'));
    let cwd = view.run.cwd.as_deref();
    let path = match folder {
        Some(folder) => paths::resolve(cwd, folder.trim_end_matches("/.git"))?,
        None => cwd?.to_owned(),
    };
    let (service, server) = service_at(view, there, &path)?;
    let operands =
        view.run
            .operands(&["-C", "-c", "--git-dir", "--work-tree", "--prefix", "--cwd"]);
    let mut words = operands.iter().map(|arg| arg.text.as_str());
    let verb = words.next();
    let changes = if view.program == "git" {
        match verb? {
            "checkout" => !view.run.has(Some('b'), &["orphan"]),
            "pull" | "switch" | "merge" | "rebase" | "reset" | "revert" | "cherry-pick"
            | "restore" | "apply" | "am" | "stash" => {
                !matches!(words.next(), Some("list" | "show" | "create"))
            }
            _ => false,
        }
    } else if service.runtime == "docker" {
        // What runs is the image; what is installed beside it is not.
        false
    } else {
        match verb {
            Some(
                "install" | "ci" | "i" | "add" | "remove" | "uninstall" | "update" | "upgrade",
            ) => true,
            Some("build") => view.program != "composer",
            Some("run") => words
                .next()
                .is_some_and(|script| script.starts_with("build")),
            // `yarn` alone installs.
            None => matches!(view.program.as_str(), "yarn" | "bundle"),
            _ => false,
        }
    };
    changes.then(|| deploys("changes the files of", both((service, server))))
}

/// Clusters whose context has the name of a server.
fn cluster<'a>(view: &View<'a>) -> Option<Change<'a>> {
    const WITH_VALUE: &[&str] = &[
        "--context",
        "--kube-context",
        "-n",
        "--namespace",
        "--kubeconfig",
        "-f",
        "--filename",
        "-l",
        "--selector",
        "-o",
        "--output",
        "--as",
        "--cluster",
        "--user",
        "-s",
        "--server",
        "-p",
        "--patch",
        "--values",
        "--set",
        "--version",
        "--timeout",
        "-k",
    ];
    let Machine::Server(server) = machine(view) else {
        return None;
    };
    let operands = view.run.operands(WITH_VALUE);
    let mut words = operands.iter().map(|arg| arg.text.as_str());
    let changes = match (view.program.as_str(), words.next()?) {
        ("helm", verb) => matches!(
            verb,
            "install" | "upgrade" | "uninstall" | "delete" | "del" | "un" | "rollback"
        ),
        (_, "rollout") => matches!(words.next(), Some("restart" | "undo" | "pause" | "resume")),
        (_, "set") => true,
        (_, verb) => matches!(
            verb,
            "apply"
                | "create"
                | "delete"
                | "replace"
                | "patch"
                | "edit"
                | "scale"
                | "autoscale"
                | "label"
                | "annotate"
                | "cordon"
                | "uncordon"
                | "drain"
                | "taint"
                | "run"
                | "expose"
                | "cp"
        ),
    };
    let named = words.find_map(|word| service_on(view, Machine::Server(server), word));
    let aim = named.map_or(
        Aim {
            server,
            service: None,
        },
        both,
    );
    changes.then(|| deploys("changes", aim))
}

/// `kill $(pidof api)`.
fn killed<'a>(view: &View<'a>) -> Option<Change<'a>> {
    const MOST_FEEDERS: usize = 16;
    if view.args().iter().any(|arg| {
        matches!(
            arg.text.as_str(),
            "-0" | "-l" | "-L" | "-HUP" | "-USR1" | "-USR2"
        )
    }) {
        return None;
    }
    let found = view
        .feeders()
        .take(MOST_FEEDERS)
        .filter(|run| matches!(run.program().as_str(), "pidof" | "pgrep"))
        .flat_map(crate::run::Run::args)
        .filter(|arg| !arg.text.starts_with('-'))
        .find_map(|arg| service(view, &arg.text))?;
    Some(deploys("kills", both(found)))
}
