//! What reaches production from elsewhere: playbooks, copies, domains and requests.

use super::super::clouds::http;
use super::changes::{both, deploys};
use super::{Aim, Change, Machine, View, behind, is_production, place, service_at, service_on};
use crate::paths;

/// The first production server among the hosts of `ansible`.
pub(super) fn ansible_hosts<'a>(view: &View<'a>) -> Option<Aim<'a>> {
    if !view.is(&["ansible", "ansible-playbook"]) {
        return None;
    }
    let limit = view.run.value(&["-l", "--limit"]);
    let inventory = view
        .run
        .value(&["-i", "--inventory"])
        .filter(|list| list.contains(','));
    let pattern = view
        .words()
        .first()
        .copied()
        .filter(|_| view.program == "ansible");
    limit
        .into_iter()
        .chain(inventory)
        .chain(pattern)
        .flat_map(|hosts| hosts.split([',', ':']))
        .filter(|host| !host.starts_with('!'))
        .filter_map(|host| view.known.server(host.trim_start_matches('&')))
        .min_by_key(|server| !is_production(server))
        .map(|server| Aim {
            server,
            service: None,
        })
}

pub(super) fn ansible<'a>(view: &View<'a>) -> Option<Change<'a>> {
    let shows = [
        "check",
        "syntax-check",
        "list-hosts",
        "list-tasks",
        "list-tags",
    ];
    if view.run.has(Some('C'), &shows) {
        return None;
    }
    let aim = ansible_hosts(view)?;
    if view.program == "ansible-playbook" {
        return Some(deploys("runs a playbook on", aim));
    }
    let module = view.run.value(&["-m", "--module-name"])?;
    let module = module.rsplit('.').next().unwrap_or(module);
    // What a command does is followed.
    let shows = [
        "ping",
        "setup",
        "debug",
        "gather_facts",
        "stat",
        "command",
        "shell",
        "raw",
        "slurp",
        "fetch",
        "service_facts",
        "package_facts",
        "find",
        "assert",
        "wait_for",
        "win_ping",
    ];
    if shows.contains(&module) {
        return None;
    }
    let named = view.run.value(&["-a", "--args"]).and_then(|args| {
        let name = args
            .split_whitespace()
            .find_map(|pair| pair.strip_prefix("name="))?;
        service_on(view, Machine::Server(aim.server), name)
    });
    Some(deploys("changes", named.map_or(aim, both)))
}

/// Where files are copied to.
pub(super) fn copied_to<'a>(view: &View<'a>) -> Option<Aim<'a>> {
    let operands = view.run.operands(&[
        "-P",
        "-p",
        "-i",
        "-e",
        "--rsh",
        "-o",
        "-F",
        "-J",
        "-c",
        "-l",
        "-S",
        "-b",
        "-B",
        "-f",
        "--exclude",
        "--include",
        "--filter",
        "--files-from",
        "--port",
        "--exclude-from",
    ]);
    let target = operands.last()?.text.as_str();
    let (host, path) = match view.program.as_str() {
        "rsync" | "scp" if operands.len() < 2 => return None,
        "rsync" | "scp" => match target.split_once("://") {
            Some((_, rest)) => rest.split_once('/').unwrap_or((rest, "")),
            None if target.starts_with(['/', '.']) => return None,
            None => match target.rsplit_once("]:") {
                Some((host, path)) => (host.rsplit('[').next().unwrap_or(host), path),
                None => target.split_once(':')?,
            },
        },
        "sftp" | "ssh-copy-id" => (target, ""),
        _ => return None,
    };
    let server = view.known.server(host)?;
    let found = service_at(view, server, path);
    Some(found.map_or(
        Aim {
            server,
            service: None,
        },
        both,
    ))
}

pub(super) fn copies<'a>(view: &View<'a>) -> Option<Change<'a>> {
    let writes = match view.program.as_str() {
        "rsync" => !view.run.has(Some('n'), &["dry-run", "list-only"]),
        // Typed by hand nothing is known, and nobody types here.
        "sftp" => match view.run.stdin.text.as_deref() {
            Some(text) => text.lines().any(|line| {
                let verb = line.split_whitespace().next().unwrap_or_default();
                matches!(
                    verb.trim_start_matches('-'),
                    "put"
                        | "mput"
                        | "reput"
                        | "rm"
                        | "rmdir"
                        | "rename"
                        | "chmod"
                        | "chown"
                        | "symlink"
                        | "ln"
                        | "mkdir"
                )
            }),
            None => view.run.stdin.given || view.run.value(&["-b"]).is_some(),
        },
        "ssh-copy-id" => !view.run.has(Some('n'), &[]),
        _ => true,
    };
    let aim = copied_to(view).filter(|_| writes)?;
    Some(Change {
        rule: "production.files",
        act: "writes files on",
        aim,
    })
}

/// A proxy's or a certificate's file that has the name of a domain.
pub(super) fn site<'a>(view: &View<'a>) -> Option<Change<'a>> {
    const SERVERS: &[&str] = &[
        "nginx",
        "caddy",
        "apache2",
        "httpd",
        "traefik",
        "haproxy",
        "letsencrypt",
    ];
    let disables = view.program == "a2dissite";
    let there = place(view).filter(|server| is_production(server))?;
    let found = view.args().iter().find_map(|arg| {
        let path = paths::absolute(view.run, arg)?;
        if !disables && !path.split('/').any(|piece| SERVERS.contains(&piece)) {
            return None;
        }
        let name = path.trim_end_matches('/').rsplit('/').next()?;
        let plain = [".conf", ".caddy", ".yml", ".yaml", ".toml"]
            .iter()
            .find_map(|end| name.strip_suffix(end))
            .unwrap_or(name);
        let domain = view.known.domain(plain)?;
        view.known
            .behind(domain)
            .filter(|(_, server)| server.name == there.name)
    })?;
    Some(Change {
        rule: "production.domain",
        act: "takes away the address of",
        aim: both(found),
    })
}

/// Tools that change DNS records, routes and certificates.
pub(super) const RECORDS: &[&str] = &[
    "aws",
    "gcloud",
    "az",
    "doctl",
    "hcloud",
    "flarectl",
    "cloudflared",
    "wrangler",
    "cli53",
    "certbot",
    "acme.sh",
    "nsupdate",
    "pdnsutil",
    "vercel",
    "netlify",
    "octodns-sync",
    "dnscontrol",
    "gandi",
    "linode-cli",
    "scw",
    "ovhai",
    "heroku",
    "flyctl",
    "fly",
];

/// The production service whose domain is named in a command or its input.
pub(super) fn changed_domain<'a>(view: &View<'a>) -> Option<Aim<'a>> {
    const MOST_WORDS: usize = 64;
    if !RECORDS.contains(&view.program.as_str()) {
        return None;
    }
    let input = view.run.stdin.text.as_deref();
    view.args()
        .iter()
        .take(MOST_WORDS)
        .map(|arg| arg.text.as_str())
        .chain(input)
        .flat_map(|text| {
            text.split(|one: char| !one.is_ascii_alphanumeric() && !matches!(one, '.' | '-'))
        })
        .filter(|word| word.contains('.'))
        .flat_map(|word| view.known.zone(word.trim_end_matches('.')))
        .filter_map(|domain| view.known.behind(domain))
        .find(|(_, server)| is_production(server))
        .map(both)
}

pub(super) fn domain<'a>(view: &View<'a>) -> Option<Change<'a>> {
    let words = view.words();
    let says = |list: &[&str]| words.iter().any(|word| list.contains(word));
    let changes = match view.program.as_str() {
        "aws" => {
            says(&[
                "route53",
                "route53domains",
                "acm",
                "cloudfront",
                "apigateway",
                "ses",
                "sesv2",
            ]) && words.iter().any(|word| {
                [
                    "change-",
                    "delete-",
                    "update-",
                    "create-",
                    "disassociate-",
                    "transfer-",
                ]
                .iter()
                .any(|start| word.starts_with(start))
            })
        }
        "nsupdate" | "octodns-sync" => true,
        "dnscontrol" => says(&["push"]),
        "acme.sh" => view.run.has(None, &["remove", "revoke"]),
        "certbot" => says(&["delete", "revoke"]),
        "pdnsutil" => words
            .iter()
            .any(|word| word.starts_with("delete-") || word.starts_with("replace-")),
        "cli53" => says(&["rrcreate", "rrdelete", "rrpurge", "delete", "import"]),
        "cloudflared" => says(&["route", "delete", "cleanup"]),
        _ => {
            let about = says(&[
                "dns",
                "domain",
                "domains",
                "record",
                "records",
                "record-set",
                "record-sets",
                "zone",
                "zones",
                "certs",
                "certificate",
                "certificates",
                "alias",
                "network",
            ]);
            about
                && says(&[
                    "create",
                    "update",
                    "delete",
                    "remove",
                    "rm",
                    "add",
                    "set",
                    "destroy",
                    "patch",
                    "create-or-update",
                    "transfer",
                    "move",
                    "import",
                ])
        }
    };
    changes
        .then(|| changed_domain(view))
        .flatten()
        .map(|aim| Change {
            rule: "production.domain",
            act: "changes the address of",
            aim,
        })
}

/// A request that does more than read.
pub(super) fn request<'a>(view: &View<'a>) -> Option<Change<'a>> {
    const SENDS: &[&str] = &[
        "data",
        "data-raw",
        "data-binary",
        "data-urlencode",
        "json",
        "form",
        "form-string",
        "upload-file",
        "post-data",
        "post-file",
        "body-data",
        "body-file",
    ];
    let named = http::method(view).or_else(|| {
        let first = view.words().first().copied();
        first.filter(|_| !view.is(&["curl", "curlie", "wget"]))
    });
    let changes = named.is_some_and(|method| {
        ["post", "put", "patch", "delete"]
            .iter()
            .any(|verb| method.eq_ignore_ascii_case(verb))
    });
    let is_curl = view.is(&["curl", "curlie"]);
    let reads = view
        .run
        .has(Some('G').filter(|_| is_curl), &["get", "head"])
        || view.run.has(Some('I').filter(|_| is_curl), &[])
        || named.is_some_and(|method| {
            method.eq_ignore_ascii_case("get") || method.eq_ignore_ascii_case("head")
        });
    let sends = view.run.has(None, SENDS)
        || is_curl
            && view.args().iter().any(|arg| {
                arg.text.starts_with("-d")
                    || arg.text.starts_with("-F")
                    || arg.text.starts_with("-T")
            });
    if !changes && (reads || !sends) {
        return None;
    }
    let found = behind(view)?;
    Some(Change {
        rule: "production.request",
        act: "changes something behind",
        aim: both(found),
    })
}
