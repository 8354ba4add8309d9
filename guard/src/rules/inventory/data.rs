//! Databases: which one a client speaks to, and whether what it says changes something.

use super::said::{administers, always, documents, keys, migrates, restores, statements};
use super::{Aim, Change, Machine, View, hosts_in, is_production, machine, place, service_on};
use crate::ServiceFact;

/// Clients, the names their servers go by, and the options that name a host or an address.
struct Client {
    programs: &'static [&'static str],
    servers: &'static [&'static str],
    hosts: &'static [&'static str],
    variables: &'static [&'static str],
    writes: fn(&View<'_>) -> bool,
}

const POSTGRES: &[&str] = &["postgres", "pg", "timescale", "cockroach", "pgbouncer"];
const MYSQL: &[&str] = &["mysql", "mariadb", "percona"];
const MONGO: &[&str] = &["mongo"];

const CLIENTS: &[Client] = &[
    Client {
        programs: &["psql", "pgcli", "cockroach", "usql"],
        servers: POSTGRES,
        hosts: &["-h", "--host", "-d", "--dbname", "--url"],
        variables: &["PGHOST", "PGHOSTADDR"],
        writes: statements,
    },
    Client {
        programs: &[
            "dropdb",
            "createdb",
            "dropuser",
            "createuser",
            "reindexdb",
            "clusterdb",
        ],
        servers: POSTGRES,
        hosts: &["-h", "--host", "--maintenance-db"],
        variables: &["PGHOST", "PGHOSTADDR"],
        writes: always,
    },
    Client {
        programs: &["pg_restore"],
        servers: POSTGRES,
        hosts: &["-h", "--host", "-d", "--dbname"],
        variables: &["PGHOST", "PGHOSTADDR"],
        writes: restores,
    },
    Client {
        programs: &["mysql", "mariadb", "mycli"],
        servers: MYSQL,
        hosts: &["-h", "--host"],
        variables: &["MYSQL_HOST"],
        writes: statements,
    },
    Client {
        programs: &["mysqladmin", "mariadb-admin"],
        servers: MYSQL,
        hosts: &["-h", "--host"],
        variables: &["MYSQL_HOST"],
        writes: administers,
    },
    Client {
        programs: &["mysqlimport", "mariadb-import"],
        servers: MYSQL,
        hosts: &["-h", "--host"],
        variables: &["MYSQL_HOST"],
        writes: always,
    },
    Client {
        programs: &["redis-cli", "valkey-cli", "keydb-cli"],
        servers: &["redis", "valkey", "keydb", "cache"],
        hosts: &["-h", "-u", "--uri"],
        variables: &[],
        writes: keys,
    },
    Client {
        programs: &["mongosh", "mongo"],
        servers: MONGO,
        hosts: &["--host"],
        variables: &[],
        writes: documents,
    },
    Client {
        programs: &["mongorestore", "mongoimport"],
        servers: MONGO,
        hosts: &["-h", "--host", "--uri"],
        variables: &[],
        writes: always,
    },
    Client {
        programs: &["clickhouse-client", "clickhouse"],
        servers: &["clickhouse"],
        hosts: &["-h", "--host"],
        variables: &[],
        writes: statements,
    },
    Client {
        programs: &["cqlsh"],
        servers: &["cassandra", "scylla"],
        hosts: &["--host"],
        variables: &[],
        writes: statements,
    },
    Client {
        programs: &["sqlcmd", "mssql-cli"],
        servers: &["mssql", "sqlserver"],
        hosts: &["-S", "--server"],
        variables: &[],
        writes: statements,
    },
    Client {
        programs: &[
            "prisma",
            "drizzle-kit",
            "sequelize",
            "sequelize-cli",
            "typeorm",
            "knex",
            "rails",
            "rake",
            "alembic",
            "flyway",
            "liquibase",
            "sqlx",
            "diesel",
            "migrate",
            "dbmate",
            "goose",
            "artisan",
            "manage.py",
            "django-admin",
            "mix",
            "atlas",
        ],
        servers: &["postgres", "pg", "mysql", "mariadb"],
        hosts: &[
            "--url",
            "-url",
            "--database-url",
            "-database",
            "--database",
            "-u",
            "--migrate-from-url",
        ],
        variables: &["DATABASE_URL"],
        writes: migrates,
    },
];

/// The database a client speaks to, and whether what it says changes something.
pub(super) fn aim<'a>(view: &View<'a>) -> Option<Aim<'a>> {
    spoken_to(view, client(view)?)
}

/// What a client changes in a production database.
pub(super) fn change<'a>(view: &View<'a>) -> Option<Change<'a>> {
    let client = client(view)?;
    let aim = spoken_to(view, client).filter(|aim| is_production(aim.server))?;
    (client.writes)(view).then_some(Change {
        rule: "production.database",
        act: "writes to",
        aim,
    })
}

fn client(view: &View<'_>) -> Option<&'static Client> {
    CLIENTS.iter().find(|client| view.is(client.programs))
}

fn spoken_to<'a>(view: &View<'a>, client: &Client) -> Option<Aim<'a>> {
    let addresses = addresses(view, client);
    for host in addresses.iter().flat_map(|address| hosts_in(address)) {
        if let Some(server) = view.known.server(host) {
            let service = served(view, client, server);
            return Some(Aim { server, service });
        }
        // The name of a service, as others in its network call it, or a domain that leads to it.
        let named = service_on(view, machine(view), host)
            .or_else(|| view.known.behind(view.known.domain(host)?));
        if let Some((service, server)) = named {
            return Some(Aim {
                server,
                service: Some(service),
            });
        }
    }
    let is_local = addresses
        .iter()
        .flat_map(|one| hosts_in(one))
        .all(super::is_here);
    if !is_local {
        return None;
    }
    // In a container, where it ran, and where no host is named: the database beside it.
    let container = view.run.host.as_deref()?.strip_prefix("container ");
    if let Some((service, server)) =
        container.and_then(|name| service_on(view, machine(view), name))
    {
        return Some(Aim {
            server,
            service: Some(service),
        });
    }
    let server = place(view)?;
    let service = served(view, client, server);
    (service.is_some() || matches!(machine(view), Machine::Server(_)))
        .then_some(Aim { server, service })
}

/// The database of this kind on a server: by its name, or the only one there is.
fn served<'a>(
    view: &View<'a>,
    client: &Client,
    server: &crate::ServerFact,
) -> Option<&'a ServiceFact> {
    let is_family = |service: &&ServiceFact| {
        let name = service.name.to_ascii_lowercase();
        client.servers.iter().any(|family| name.contains(family))
    };
    view.known.databases_on(server).find(is_family).or_else(|| {
        let mut databases = view
            .known
            .databases_on(server)
            .filter(|service| matches!(service.kind.as_str(), "database" | "cache"));
        let only = databases.next()?;
        databases.next().is_none().then_some(only)
    })
}

/// Whether a service is called as the servers of databases are.
pub(super) fn is_a_database(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let mut families = CLIENTS.iter().flat_map(|client| client.servers);
    families.any(|family| name.contains(family))
}

/// What a command says about the host: options, addresses among its words, its environment.
fn addresses<'v>(view: &'v View<'_>, client: &Client) -> Vec<&'v str> {
    let mut found = Vec::new();
    for name in client.hosts {
        let value = view.run.value(&[name]).unwrap_or_default();
        let is_host = name.contains("-h") || name.contains("host") || *name == "-S";
        if is_host && !value.is_empty() || value.contains("://") {
            found.push(value);
        }
    }
    for word in view.args().iter().map(|arg| arg.text.as_str()) {
        if word.contains("://") && !word.starts_with('-') && !word.contains(char::is_whitespace) {
            found.push(word);
        }
        // `psql "host=db-1 dbname=shop"`.
        for piece in word.split_whitespace().take(16) {
            if let Some(host) = piece
                .strip_prefix("host=")
                .or_else(|| piece.strip_prefix("hostaddr="))
            {
                found.push(host);
            }
        }
    }
    // `mongosh db-1/shop`, `mongosh db-1:27017`, `cqlsh db-1`.
    if view.is(&["mongosh", "mongo", "cqlsh"])
        && let Some(first) = view.words().first()
        && !first.contains("://")
        && (view.program == "cqlsh" || first.contains(['/', ':']))
        && !first.contains(['(', ' '])
    {
        found.push(*first);
    }
    if found.is_empty() {
        found.extend(view.run.variable(client.variables));
    }
    found
}
