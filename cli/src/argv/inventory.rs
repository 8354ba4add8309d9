//! Flags of the inventory: a flag for each field.

use agent::inventory::{DependencyFields, RouteFields, SecretFields, ServerFields, ServiceFields};
use agent::store::rows::{
    DependencyType, Resources, ServerRole, ServerStatus, ServiceStatus, ServiceType, SshConfig,
};
use agent::{Command, Error, Item};
use clap::{Args, Subcommand};

/// The five kinds of things that Fjord knows.
#[derive(Debug, Subcommand)]
pub(crate) enum InventoryCommand {
    /// The servers of the inventory.
    #[command(subcommand)]
    Server(Do<ServerFlags>),
    /// The services of the inventory.
    #[command(subcommand)]
    Service(Do<ServiceFlags>),
    /// The routes of the inventory; a name is `DOMAIN` or `DOMAIN/PATH`.
    #[command(subcommand)]
    Route(Do<RouteFlags>),
    /// What services need; a name is the service, or the number as listed.
    #[command(subcommand)]
    Dep(Do<DependencyFlags>),
    /// Where secrets are kept and when they were rotated; never the secrets.
    #[command(subcommand)]
    Secret(Do<SecretFlags>),
}

/// What can be done with one kind of thing.
#[derive(Debug, Subcommand)]
pub(crate) enum Do<F: Args> {
    /// Adds one.
    Add {
        /// Its name: 1 to 63 of a-z 0-9 . _ -
        name: String,
        #[command(flatten)]
        fields: F,
    },
    /// Lists all.
    List,
    /// Shows one.
    Show {
        /// Its name, or a part that fits one.
        name: String,
    },
    /// Changes the fields given.
    Set {
        /// Its name, or a part that fits one.
        name: String,
        #[command(flatten)]
        fields: F,
    },
    /// Removes one; asks at a terminal; refused while something depends on it.
    Remove {
        /// Its exact name.
        name: String,
        #[command(flatten)]
        consent: super::Consent,
    },
}

impl InventoryCommand {
    /// Returns the command.
    pub(crate) fn command(self) -> Result<Command, Error> {
        Ok(match self {
            Self::Server(item) => Command::Server(item.into_item(|flags| Ok(flags.fields()))?),
            Self::Service(item) => Command::Service(item.into_item(ServiceFlags::fields)?),
            Self::Route(item) => Command::Route(item.into_item(|flags| Ok(flags.fields()))?),
            Self::Dep(item) => Command::Dependency(item.into_item(|flags| Ok(flags.fields()))?),
            Self::Secret(item) => Command::Secret(item.into_item(|flags| Ok(flags.fields()))?),
        })
    }

    /// Returns how the question before a removal is answered.
    pub(crate) fn consent(&self) -> super::Consent {
        match self {
            Self::Server(item) => item.consent(),
            Self::Service(item) => item.consent(),
            Self::Route(item) => item.consent(),
            Self::Dep(item) => item.consent(),
            Self::Secret(item) => item.consent(),
        }
    }

    /// Tells whether one item is to be shown in full.
    pub(crate) fn shows_one(&self) -> bool {
        match self {
            Self::Server(item) => matches!(item, Do::Show { .. }),
            Self::Service(item) => matches!(item, Do::Show { .. }),
            Self::Route(item) => matches!(item, Do::Show { .. }),
            Self::Dep(item) => matches!(item, Do::Show { .. }),
            Self::Secret(item) => matches!(item, Do::Show { .. }),
        }
    }
}

impl<A: Args> Do<A> {
    /// Returns how the question before a removal is answered.
    fn consent(&self) -> super::Consent {
        match self {
            Self::Remove { consent, .. } => *consent,
            _ => super::Consent::default(),
        }
    }

    fn into_item<F: Default + PartialEq>(
        self,
        fields_of: impl FnOnce(A) -> Result<F, Error>,
    ) -> Result<Item<F>, Error> {
        Ok(match self {
            Self::Add { name, fields } => Item::Add {
                name,
                fields: fields_of(fields)?,
            },
            Self::List => Item::List,
            Self::Show { name } => Item::Show { name },
            Self::Set { name, fields } => {
                let fields = fields_of(fields)?;
                if fields == F::default() {
                    return Err(Error::invalid(format!(
                        "nothing to set for `{}`: give at least one of {}",
                        agent::inventory::shown(&name),
                        flags::<A>()
                    )));
                }
                Item::Set { name, fields }
            }
            Self::Remove { name, .. } => Item::Remove { name },
        })
    }
}

/// The flags that set a field, as they are typed.
fn flags<A: Args>() -> String {
    let command = A::augment_args(clap::Command::new("set"));
    let flags: Vec<String> = command
        .get_arguments()
        .filter_map(clap::Arg::get_long)
        .map(|name| format!("--{name}"))
        .collect();
    flags.join(", ")
}

/// Fields of a server.
#[derive(Debug, Args)]
pub(crate) struct ServerFlags {
    /// A DNS name or an address; `localhost` is this machine.
    #[arg(long)]
    hostname: Option<String>,
    /// Addresses, separated by commas or repeated.
    #[arg(
        long = "ip",
        visible_alias = "ip-addresses",
        value_name = "ADDRESS",
        value_delimiter = ','
    )]
    ip_addresses: Option<Vec<String>>,
    /// production, staging, development or homelab.
    #[arg(long)]
    role: Option<ServerRole>,
    /// Login name.
    #[arg(long, value_name = "USER")]
    ssh_user: Option<String>,
    /// 1 to 65535.
    #[arg(long, value_name = "PORT")]
    ssh_port: Option<u16>,
    /// Path of the private key.
    #[arg(long, value_name = "PATH")]
    ssh_key: Option<String>,
    /// `user@host:port` to go through.
    #[arg(long, value_name = "HOST")]
    ssh_jump: Option<String>,
    /// For instance `Debian 12`.
    #[arg(long)]
    os: Option<String>,
    /// Processors, for instance `4`.
    #[arg(long)]
    cpu: Option<String>,
    /// Memory, for instance `16 GB`.
    #[arg(long)]
    ram: Option<String>,
    /// Disks, for instance `500 GB`.
    #[arg(long)]
    disk: Option<String>,
    /// Free words, separated by commas or repeated.
    #[arg(
        long = "tag",
        visible_alias = "tags",
        value_name = "TAG",
        value_delimiter = ','
    )]
    tags: Option<Vec<String>>,
    /// online, offline, degraded or unknown.
    #[arg(long)]
    status: Option<ServerStatus>,
    /// Free text.
    #[arg(long)]
    notes: Option<String>,
}

impl ServerFlags {
    fn fields(self) -> ServerFields {
        let ssh = SshConfig {
            user: self.ssh_user,
            port: self.ssh_port,
            key_path: self.ssh_key,
            jump_host: self.ssh_jump,
        };
        let resources = Resources {
            cpu: self.cpu,
            ram: self.ram,
            disk: self.disk,
        };
        ServerFields {
            hostname: self.hostname,
            ip_addresses: self.ip_addresses.map(list),
            role: self.role,
            ssh_config: (ssh != SshConfig::default()).then_some(ssh),
            os: self.os,
            resources: (resources != Resources::default()).then_some(resources),
            tags: self.tags.map(list),
            status: self.status,
            notes: self.notes,
        }
    }
}

/// Fields of a service.
#[derive(Debug, Args)]
pub(crate) struct ServiceFlags {
    /// The server it runs on; needed to add one.
    #[arg(long)]
    server: Option<String>,
    /// app, database, cache, queue or proxy.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<ServiceType>,
    /// docker, systemd, node, ...
    #[arg(long)]
    runtime: Option<String>,
    /// 1 to 65535.
    #[arg(long)]
    port: Option<i64>,
    /// An http:// or https:// address that is asked how the service is.
    #[arg(long, value_name = "URL")]
    health_endpoint: Option<String>,
    /// Free settings, a JSON object.
    #[arg(long, value_name = "JSON")]
    settings: Option<String>,
    /// Names of environment variables, separated by commas or repeated; never values.
    #[arg(
        long = "env-var",
        visible_alias = "env-vars",
        value_name = "NAME",
        value_delimiter = ','
    )]
    env_vars: Option<Vec<String>>,
    /// The absolute folder that commands run in.
    #[arg(long, value_name = "DIR")]
    project_path: Option<String>,
    /// Address of the repository.
    #[arg(long, value_name = "URL")]
    git_repo: Option<String>,
    /// What runs now; deploys set it.
    #[arg(long, value_name = "VERSION")]
    current_version: Option<String>,
    /// Run by `sh -c` with the version in `FJORD_VERSION`.
    #[arg(long, value_name = "COMMAND")]
    deploy_command: Option<String>,
    /// Run by `sh -c`.
    #[arg(long, value_name = "COMMAND")]
    restart_command: Option<String>,
    /// The absolute path of its log file.
    #[arg(long, value_name = "FILE")]
    log_path: Option<String>,
    /// active, paused or retired.
    #[arg(long)]
    status: Option<ServiceStatus>,
}

impl ServiceFlags {
    fn fields(self) -> Result<ServiceFields, Error> {
        let config = self.settings.map(|text| settings(&text)).transpose()?;
        Ok(ServiceFields {
            server: self.server,
            kind: self.kind,
            runtime: self.runtime,
            port: self.port,
            health_endpoint: self.health_endpoint,
            config,
            env_vars: self.env_vars.map(list),
            project_path: self.project_path,
            git_repo: self.git_repo,
            current_version: self.current_version,
            deploy_command: self.deploy_command,
            restart_command: self.restart_command,
            log_path: self.log_path,
            status: self.status,
        })
    }
}

fn settings(text: &str) -> Result<serde_json::Value, Error> {
    let value: serde_json::Value = serde_json::from_str(text)
        .map_err(|error| Error::invalid(format!("`--settings` is not JSON: {error}")))?;
    if value.is_object() {
        Ok(value)
    } else {
        Err(Error::invalid(
            "`--settings` must be a JSON object such as `{\"replicas\": 2}`",
        ))
    }
}

/// Fields of a route.
#[derive(Debug, Args)]
pub(crate) struct RouteFlags {
    /// Begins with `/`; none: `/`.
    #[arg(long)]
    path: Option<String>,
    /// The service that answers; needed to add one.
    #[arg(long)]
    service: Option<String>,
    /// An HTTP method or `any`.
    #[arg(long)]
    method: Option<String>,
    /// nginx, caddy, traefik, ...
    #[arg(long, value_name = "TYPE")]
    proxy_type: Option<String>,
    /// Served over TLS.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    ssl: Option<bool>,
    /// Free text, for instance `100/m`.
    #[arg(long, value_name = "LIMIT")]
    rate_limit: Option<String>,
    /// Behind a login.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    auth_required: Option<bool>,
    /// Free text.
    #[arg(long)]
    notes: Option<String>,
}

impl RouteFlags {
    fn fields(self) -> RouteFields {
        RouteFields {
            path: self.path,
            service: self.service,
            method: self.method,
            proxy_type: self.proxy_type,
            ssl: self.ssl,
            rate_limit: self.rate_limit,
            auth_required: self.auth_required,
            notes: self.notes,
        }
    }
}

/// Fields of a dependency.
#[derive(Debug, Args)]
pub(crate) struct DependencyFlags {
    /// The service depended on; this or `--external`.
    #[arg(long, value_name = "SERVICE")]
    on: Option<String>,
    /// Something outside the inventory, for instance api.stripe.com.
    #[arg(long, value_name = "WHAT")]
    external: Option<String>,
    /// database, cache, queue, http, storage or other.
    #[arg(long = "type", visible_alias = "dependency-type", value_name = "TYPE")]
    dependency_type: Option<DependencyType>,
    /// The name of the variable that holds the address.
    #[arg(long, visible_alias = "env-var", value_name = "NAME")]
    connection_string_env: Option<String>,
    /// `--required=false`: it can do without.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "true|false")]
    required: Option<bool>,
    /// Free text.
    #[arg(long)]
    notes: Option<String>,
}

impl DependencyFlags {
    fn fields(self) -> DependencyFields {
        DependencyFields {
            on: self.on,
            external: self.external,
            dependency_type: self.dependency_type,
            connection_string_env: self.connection_string_env,
            required: self.required,
            notes: self.notes,
        }
    }
}

/// Fields of a secret's registration.
#[derive(Debug, Args)]
pub(crate) struct SecretFlags {
    /// The service that uses it.
    #[arg(long)]
    service: Option<String>,
    /// The server it lies on.
    #[arg(long)]
    server: Option<String>,
    /// vault, 1password, env-file, ...
    #[arg(long, visible_alias = "secret-manager", value_name = "NAME")]
    manager: Option<String>,
    /// Where the manager keeps it.
    #[arg(long)]
    path: Option<String>,
    /// RFC 3339 time or YYYY-MM-DD.
    #[arg(long, value_name = "TIME")]
    last_rotated: Option<String>,
    /// For instance `90d`.
    #[arg(long, value_name = "POLICY")]
    rotation_policy: Option<String>,
    /// Free text.
    #[arg(long)]
    notes: Option<String>,
}

impl SecretFlags {
    fn fields(self) -> SecretFields {
        SecretFields {
            service: self.service,
            server: self.server,
            secret_manager: self.manager,
            path: self.path,
            last_rotated: self.last_rotated,
            rotation_policy: self.rotation_policy,
            notes: self.notes,
        }
    }
}

/// Drops empty entries, so that `--tag ""` empties the list.
fn list(entries: Vec<String>) -> Vec<String> {
    entries
        .into_iter()
        .map(|entry| entry.trim().to_owned())
        .filter(|entry| !entry.is_empty())
        .collect()
}
