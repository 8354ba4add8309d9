//! `service add|list|show|set|remove`.

use serde_json::json;

use crate::agent::Agent;
use crate::command::Item;
use crate::error::Error;
use crate::inventory::{
    LONG_TEXT_LIMIT, ServiceFields, TEXT_LIMIT, check_name, check_text, check_version, shown,
};
use crate::pass::Pass;
use crate::reply::Reply;
use crate::store::rows::{HealthStatus, Json, Service, ServiceStatus, ServiceType};

use super::change::{changed, exactly, only_if_won, refuse_while_used, taken};
use super::names::{find_server, find_service, find_services};
use super::server::{check_count, given};

pub(crate) async fn run(
    agent: &Agent,
    pass: &Pass,
    item: Item<ServiceFields>,
) -> Result<Reply, Error> {
    match item {
        Item::Add { name, fields } => add(agent, pass, name, fields).await,
        Item::List => Ok(Reply::Services(agent.store().services().await?)),
        Item::Show { name } => Ok(Reply::Services(find_services(
            &agent.store().services().await?,
            &name,
        )?)),
        Item::Set { name, fields } => set(agent, pass, &name, fields).await,
        Item::Remove { name } => remove(agent, &name).await,
    }
}

async fn add(
    agent: &Agent,
    pass: &Pass,
    name: String,
    mut fields: ServiceFields,
) -> Result<Reply, Error> {
    check_name("service", &name)?;
    let wanted = fields
        .server
        .take()
        .ok_or_else(|| Error::invalid("name the server it runs on: `--server NAME`"))?;
    let server = find_server(&agent.store().servers().await?, &wanted)?;
    let mut row = Service {
        id: 0,
        name,
        server_id: server.id,
        server: server.name,
        kind: ServiceType::App,
        runtime: None,
        port: None,
        health_endpoint: None,
        health_status: HealthStatus::Unknown,
        last_health_check: None,
        config: Json(json!({})),
        env_vars: Json(Vec::new()),
        project_path: None,
        git_repo: None,
        current_version: None,
        deploy_command: None,
        restart_command: None,
        log_path: None,
        status: ServiceStatus::Active,
        created_at: pass.at(),
        updated_at: pass.at(),
    };
    apply(&mut row, fields)?;
    let added = agent.store().insert_service(&row).await?;
    added.ok_or_else(|| taken("service", &row.full_name()))?;
    let mut notes = Vec::new();
    if row.deploy_command.is_none() {
        notes.push("it cannot be deployed yet: no `--deploy-command`".to_owned());
    } else if row.health_endpoint.is_none() {
        notes.push("nothing checks a deploy's result: no `--health-endpoint`".to_owned());
    }
    Ok(changed(
        agent,
        ("service", &row.full_name(), "added"),
        notes,
    ))
}

async fn set(
    agent: &Agent,
    pass: &Pass,
    name: &str,
    mut fields: ServiceFields,
) -> Result<Reply, Error> {
    let mut row = find_service(&agent.store().services().await?, name)?;
    if let Some(wanted) = fields.server.take() {
        let server = find_server(&agent.store().servers().await?, &wanted)?;
        (row.server_id, row.server) = (server.id, server.name);
    }
    let endpoint = row.health_endpoint.clone();
    apply(&mut row, fields)?;
    only_if_won(
        agent.store().update_service(&row, pass.at()).await?,
        &row.full_name(),
    )?;
    if row.health_endpoint != endpoint {
        agent.store().forget_health(row.id).await?;
    }
    Ok(changed(
        agent,
        ("service", &row.full_name(), "changed"),
        Vec::new(),
    ))
}

async fn remove(agent: &Agent, name: &str) -> Result<Reply, Error> {
    let services = agent.store().services().await?;
    let same_name = services.iter().filter(|row| row.name == name).count();
    let row = if same_name > 1 {
        find_service(&services, name)?
    } else {
        exactly(services, ("service", name), |row| {
            row.name == name || row.full_name() == name
        })?
    };
    let store = agent.store();
    let mut uses = Vec::new();
    for dependency in store.dependencies().await? {
        if dependency.depends_on_service_id == Some(row.id) {
            uses.push(format!("service `{}` (needs it)", dependency.service));
        } else if dependency.service_id == row.id {
            uses.push(format!(
                "dependency {} (on `{}`)",
                dependency.id,
                dependency.target()
            ));
        }
    }
    uses.extend(
        store
            .routes()
            .await?
            .iter()
            .filter(|route| route.service_id == row.id)
            .map(|route| format!("route `{}{}`", route.domain, route.path)),
    );
    uses.extend(
        store
            .secrets()
            .await?
            .iter()
            .filter(|secret| secret.service_id == Some(row.id))
            .map(|secret| format!("secret `{}`", secret.name)),
    );
    uses.extend(
        store
            .unfinished_deployments()
            .await?
            .iter()
            .filter(|deployment| deployment.service_id == row.id)
            .map(|deployment| format!("running deployment {}", deployment.id)),
    );
    refuse_while_used(("service", &row.full_name()), &uses)?;
    store.delete_service(row.id).await?;
    Ok(changed(
        agent,
        ("service", &row.full_name(), "removed"),
        Vec::new(),
    ))
}

fn apply(row: &mut Service, fields: ServiceFields) -> Result<(), Error> {
    if let Some(port) = fields.port {
        if !(1..=65_535).contains(&port) {
            return Err(Error::invalid(format!(
                "port {port} is out of bounds; give 1 to 65535"
            )));
        }
        row.port = Some(port);
    }
    if let Some(endpoint) = fields.health_endpoint {
        check_endpoint(&endpoint)?;
        row.health_endpoint = given(endpoint);
    }
    if let Some(config) = fields.config {
        if !config.is_object() || config.to_string().len() > 16_384 {
            return Err(Error::invalid("`config` is a JSON object of at most 16 KB"));
        }
        if holds_zero(&config) {
            return Err(Error::invalid(
                "`config` holds the character U+0000, which Postgres cannot keep",
            ));
        }
        row.config = Json(config);
    }
    if let Some(names) = fields.env_vars {
        check_count("env_vars", names.len())?;
        for name in &names {
            check_variable_name("env_vars", name)?;
        }
        row.env_vars = Json(names);
    }
    if let Some(version) = fields.current_version {
        if !version.is_empty() {
            check_version(&version)?;
        }
        row.current_version = given(version);
    }
    for (field, value, place) in [
        ("project_path", fields.project_path, &mut row.project_path),
        ("log_path", fields.log_path, &mut row.log_path),
    ] {
        if let Some(path) = value {
            check_text(field, &path, TEXT_LIMIT)?;
            if !path.is_empty() && !path.starts_with('/') {
                return Err(Error::invalid(format!(
                    "`{field}` is an absolute path, beginning with `/`"
                )));
            }
            *place = given(path);
        }
    }
    for (field, value, place, limit) in [
        ("runtime", fields.runtime, &mut row.runtime, 63),
        ("git_repo", fields.git_repo, &mut row.git_repo, TEXT_LIMIT),
        (
            "deploy_command",
            fields.deploy_command,
            &mut row.deploy_command,
            LONG_TEXT_LIMIT,
        ),
        (
            "restart_command",
            fields.restart_command,
            &mut row.restart_command,
            LONG_TEXT_LIMIT,
        ),
    ] {
        if let Some(text) = value {
            check_text(field, &text, limit)?;
            // A command needs what it holds; nothing here reads the repository.
            *place = given(if field == "git_repo" {
                crate::mask::text(&text)
            } else {
                text
            });
        }
    }
    row.kind = fields.kind.unwrap_or(row.kind);
    row.status = fields.status.unwrap_or(row.status);
    Ok(())
}

fn holds_zero(value: &serde_json::Value) -> bool {
    use serde_json::Value;
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_zero),
        Value::Object(fields) => fields
            .iter()
            .any(|(name, value)| name.contains('\0') || holds_zero(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn check_endpoint(endpoint: &str) -> Result<(), Error> {
    check_text("health_endpoint", endpoint, TEXT_LIMIT)?;
    if endpoint.is_empty() {
        return Ok(());
    }
    let fine = url::Url::parse(endpoint)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if fine {
        Ok(())
    } else {
        Err(Error::invalid(format!(
            "`{}` is not an `http://` or `https://` address",
            shown(endpoint)
        )))
    }
}

/// Names only: a value given by mistake must not end up in the store.
pub(super) fn check_variable_name(field: &str, name: &str) -> Result<(), Error> {
    let fine = !name.is_empty()
        && name.len() <= 128
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if fine {
        Ok(())
    } else {
        Err(Error::invalid(format!(
            "`{field}` takes the name of a variable such as `DATABASE_URL`, never a value"
        )))
    }
}
