//! What the facts say, sorted when the first command of a call asks for it.

use std::cell::OnceCell;
use std::cmp::Ordering;

use crate::{DomainFact, Facts, ServerFact, ServiceFact};

/// The facts of one call and their tables.
pub(crate) struct Known<'a> {
    facts: &'a Facts,
    has_production: bool,
    tables: OnceCell<Tables>,
}

/// Each entry leads into a list of the inventory; each table is sorted by what is looked up in it.
#[derive(Default)]
struct Tables {
    /// Servers, with the name meant: 0 the name, 1 the host name, then the addresses.
    hosts: Vec<(usize, usize)>,
    /// Services by name, those in production first.
    services: Vec<usize>,
    /// Services by the name of their server and their own.
    placed: Vec<usize>,
    /// Services that hold data, by the name of their server.
    databases: Vec<usize>,
    /// Services by the folder of their project and the name of their server.
    projects: Vec<usize>,
    /// Domains and the zones above them, which begin at the second number. The domain itself comes before those
    /// below it, and of these the ones in production come first.
    domains: Vec<(usize, usize)>,
    /// Servers by name.
    servers: Vec<usize>,
    /// The server the guard runs on.
    local: Option<usize>,
}

impl<'a> Known<'a> {
    pub(crate) fn new(facts: &'a Facts) -> Self {
        Self {
            facts,
            has_production: facts.inventory.servers.iter().any(super::is_production),
            tables: OnceCell::new(),
        }
    }

    pub(crate) fn facts(&self) -> &'a Facts {
        self.facts
    }

    /// Whether any server is production; without one nothing has to be looked up.
    pub(super) fn has_production(&self) -> bool {
        self.has_production
    }

    /// The server a name, a host name or an address belongs to. Of several, the one in production.
    pub(crate) fn server(&self, text: &str) -> Option<&'a ServerFact> {
        let servers = &self.facts.inventory.servers;
        super::hosts_in(text)
            .filter_map(|host| {
                let found = found(&self.tables().hosts, host, |at| self.host(*at));
                first(found.iter().filter_map(|(server, _)| servers.get(*server)))
            })
            .min_by_key(|server| !super::is_production(server))
    }

    /// The server with this name.
    pub(super) fn server_named(&self, name: &str) -> Option<&'a ServerFact> {
        let servers = &self.facts.inventory.servers;
        let name_of = |at: &usize| servers.get(*at).map_or("", |server| &server.name);
        found(&self.tables().servers, name, name_of)
            .first()
            .and_then(|at| servers.get(*at))
    }

    /// The server the guard runs on.
    pub(super) fn local(&self) -> Option<&'a ServerFact> {
        self.facts.inventory.servers.get(self.tables().local?)
    }

    /// The service of this name, on whatever server, with its server. Of several, the one in production.
    pub(super) fn service(&self, name: &str) -> Option<(&'a ServiceFact, &'a ServerFact)> {
        let at = found(&self.tables().services, name, |at| &self.at(*at).name).first()?;
        let service = self.facts.inventory.services.get(*at)?;
        Some((service, self.server_named(&service.server)?))
    }

    /// The service of this name on a server.
    pub(super) fn service_on(&self, server: &ServerFact, name: &str) -> Option<&'a ServiceFact> {
        let order = |at: &usize| {
            let service = self.at(*at);
            folded(&service.server, &server.name).then_with(|| folded(&service.name, name))
        };
        let at = between(&self.tables().placed, order, name).first()?;
        self.facts.inventory.services.get(*at)
    }

    /// The services on a server that hold data.
    pub(super) fn databases_on(
        &self,
        server: &ServerFact,
    ) -> impl Iterator<Item = &'a ServiceFact> {
        /// More than these are not told apart by what they are called.
        const MOST: usize = 32;
        found(&self.tables().databases, &server.name, |at| {
            &self.at(*at).server
        })
        .iter()
        .take(MOST)
        .filter_map(|at| self.facts.inventory.services.get(*at))
    }

    /// The service whose project is this folder or the nearest one above it on a server.
    pub(super) fn service_at(&self, server: &ServerFact, path: &str) -> Option<&'a ServiceFact> {
        let slashes = path.match_indices('/').rev();
        std::iter::once(path.trim_end_matches('/'))
            .chain(slashes.filter_map(|(at, _)| path.get(..at)))
            .find_map(|above| {
                let order = |at: &usize| {
                    let service = self.at(*at);
                    let by_folder = project(service).cmp(above);
                    by_folder.then_with(|| folded(&service.server, &server.name))
                };
                let at = between(&self.tables().projects, order, above).first()?;
                self.facts.inventory.services.get(*at)
            })
    }

    /// The domain of this name.
    pub(crate) fn domain(&self, name: &str) -> Option<&'a DomainFact> {
        self.zone(name)
            .next()
            .filter(|domain| domain.domain.len() == name.len())
    }

    /// The domain of this name and one below it, in production if there is such a one.
    pub(super) fn zone(&self, name: &str) -> impl Iterator<Item = &'a DomainFact> {
        let domains = &self.facts.inventory.domains;
        found(&self.tables().domains, name, |at| self.zone_of(*at))
            .iter()
            .take(2)
            .filter_map(|(domain, _)| domains.get(*domain))
    }

    /// The service a domain leads to, with its server. Of several, the one in production.
    pub(super) fn behind(&self, domain: &DomainFact) -> Option<(&'a ServiceFact, &'a ServerFact)> {
        self.service(&domain.service)
    }

    fn host(&self, (server, which): (usize, usize)) -> &'a str {
        let Some(server) = self.facts.inventory.servers.get(server) else {
            return "";
        };
        match which {
            0 => &server.name,
            1 => server.hostname.trim_end_matches('.'),
            at => server.ip_addresses.get(at - 2).map_or("", String::as_str),
        }
    }

    fn zone_of(&self, (domain, from): (usize, usize)) -> &'a str {
        let domain = self.facts.inventory.domains.get(domain);
        domain
            .and_then(|domain| domain.domain.get(from..))
            .unwrap_or_default()
    }

    fn tables(&self) -> &Tables {
        self.tables.get_or_init(|| self.sorted())
    }

    /// The service at this place in the list; the tables hold no other places.
    fn at(&self, at: usize) -> &'a ServiceFact {
        &self.facts.inventory.services[at]
    }

    fn sorted(&self) -> Tables {
        let inventory = &self.facts.inventory;
        let services = &inventory.services;
        let mut tables = Tables {
            services: (0..services.len()).collect(),
            placed: (0..services.len()).collect(),
            databases: places(services, |service| {
                matches!(service.kind.as_str(), "database" | "cache" | "queue")
                    || super::data::is_a_database(&service.name)
            }),
            projects: places(services, |service| !project(service).is_empty()),
            servers: (0..inventory.servers.len()).collect(),
            local: inventory.servers.iter().position(|server| server.local),
            ..Tables::default()
        };
        for (at, server) in inventory.servers.iter().enumerate() {
            let names = 0..server.ip_addresses.len() + 2;
            tables.hosts.extend(names.map(|which| (at, which)));
        }
        for (at, domain) in inventory.domains.iter().enumerate() {
            tables.domains.push((at, 0));
            let dots = domain.domain.match_indices('.').map(|(dot, _)| dot + 1);
            // The last piece is nobody's zone.
            let zones = dots.filter(|from| {
                let zone = domain.domain.get(*from..);
                zone.is_some_and(|zone| zone.contains('.'))
            });
            tables.domains.extend(zones.map(|from| (at, from)));
        }
        tables
            .hosts
            .sort_by(|one, other| folded(self.host(*one), self.host(*other)));
        tables.servers.sort_by(|one, other| {
            folded(
                &inventory.servers[*one].name,
                &inventory.servers[*other].name,
            )
        });
        let found_servers = |name: &str| {
            let name_of = |at: &usize| inventory.servers[*at].name.as_str();
            let found = found(&tables.servers, name, name_of).first();
            found.is_some_and(|at| super::is_production(&inventory.servers[*at]))
        };
        let strict: Vec<bool> = services
            .iter()
            .map(|service| found_servers(&service.server))
            .collect();
        tables.services.sort_by(|one, other| {
            folded(&services[*one].name, &services[*other].name)
                .then_with(|| strict[*other].cmp(&strict[*one]))
        });
        tables.placed.sort_by(|one, other| {
            let (one, other) = (&services[*one], &services[*other]);
            folded(&one.server, &other.server).then_with(|| folded(&one.name, &other.name))
        });
        tables
            .databases
            .sort_by(|one, other| folded(&services[*one].server, &services[*other].server));
        tables.projects.sort_by(|one, other| {
            let (one, other) = (&services[*one], &services[*other]);
            let by_folder = project(one).cmp(project(other));
            by_folder.then_with(|| folded(&one.server, &other.server))
        });
        let leads: Vec<bool> = inventory
            .domains
            .iter()
            .map(|domain| {
                let name_of = |at: &usize| services[*at].name.as_str();
                let found = found(&tables.services, &domain.service, name_of).first();
                found.is_some_and(|at| strict[*at])
            })
            .collect();
        tables.domains.sort_by(|one, other| {
            folded(self.zone_of(*one), self.zone_of(*other))
                .then_with(|| (one.1 != 0).cmp(&(other.1 != 0)))
                .then_with(|| leads[other.0].cmp(&leads[one.0]))
        });
        tables
    }
}

/// Where the services stand in the list that are of a kind.
fn places(services: &[ServiceFact], is_wanted: impl Fn(&ServiceFact) -> bool) -> Vec<usize> {
    let numbered = services.iter().enumerate();
    numbered
        .filter(|(_, service)| is_wanted(service))
        .map(|(at, _)| at)
        .collect()
}

/// The folder of a service's project, without a slash at its end.
fn project(service: &ServiceFact) -> &str {
    service
        .project_path
        .as_deref()
        .unwrap_or_default()
        .trim_end_matches('/')
}

/// Of several servers the first in production.
fn first<'a>(servers: impl Iterator<Item = &'a ServerFact>) -> Option<&'a ServerFact> {
    servers.min_by_key(|server| !super::is_production(server))
}

/// The entries of a sorted table with this name. A name that is not there finds none.
fn found<'t, 'n, T>(table: &'t [T], name: &str, name_of: impl Fn(&T) -> &'n str) -> &'t [T] {
    between(table, |entry| folded(name_of(entry), name), name)
}

fn between<'t, T>(table: &'t [T], order: impl Fn(&T) -> Ordering, name: &str) -> &'t [T] {
    if name.is_empty() {
        return &[];
    }
    let from = table.partition_point(|entry| order(entry) == Ordering::Less);
    let rest = table.get(from..).unwrap_or_default();
    let length = rest.partition_point(|entry| order(entry) == Ordering::Equal);
    rest.get(..length).unwrap_or_default()
}

/// The order of two names, upper and lower case alike.
fn folded(one: &str, other: &str) -> Ordering {
    one.bytes()
        .map(|byte| byte.to_ascii_lowercase())
        .cmp(other.bytes().map(|byte| byte.to_ascii_lowercase()))
}
