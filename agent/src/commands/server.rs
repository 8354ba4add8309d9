//! `server add|list|show|set|remove`.

use crate::agent::Agent;
use crate::command::Item;
use crate::error::Error;
use crate::inventory::{
    LIST_LIMIT, LONG_TEXT_LIMIT, ServerFields, TEXT_LIMIT, check_name, check_text,
};
use crate::pass::Pass;
use crate::reply::Reply;
use crate::store::rows::{Json, Server, ServerRole, ServerStatus, SshConfig};

use super::change::{changed, only_if_won, taken};
use super::names::find_server;

pub(crate) async fn run(
    agent: &Agent,
    pass: &Pass,
    item: Item<ServerFields>,
) -> Result<Reply, Error> {
    match item {
        Item::Add { name, fields } => add(agent, pass, name, fields).await,
        Item::List => Ok(Reply::Servers(agent.store().servers().await?)),
        Item::Show { name } => Ok(Reply::Servers(vec![find_server(
            &agent.store().servers().await?,
            &name,
        )?])),
        Item::Set { name, fields } => set(agent, pass, &name, fields).await,
        Item::Remove { name } => remove(agent, &name).await,
    }
}

async fn add(
    agent: &Agent,
    pass: &Pass,
    name: String,
    fields: ServerFields,
) -> Result<Reply, Error> {
    check_name("server", &name)?;
    let mut row = Server {
        id: 0,
        hostname: name.clone(),
        name,
        ip_addresses: Json(Vec::new()),
        role: ServerRole::Development,
        ssh_config: Json(SshConfig::default()),
        os: None,
        resources: Json::default(),
        tags: Json(Vec::new()),
        status: ServerStatus::Unknown,
        last_seen: None,
        notes: None,
        created_at: pass.at(),
        updated_at: pass.at(),
    };
    apply(&mut row, fields)?;
    let added = agent.store().insert_server(&row).await?;
    added.ok_or_else(|| taken("server", &row.name))?;
    let mut notes = Vec::new();
    if row.role == ServerRole::Development {
        notes.push(
            "its role is `development`; the guard is strict on `--role production` only".to_owned(),
        );
    }
    Ok(changed(agent, ("server", &row.name, "added"), notes))
}

async fn set(agent: &Agent, pass: &Pass, name: &str, fields: ServerFields) -> Result<Reply, Error> {
    let mut row = find_server(&agent.store().servers().await?, name)?;
    let status = fields.status;
    apply(&mut row, fields)?;
    only_if_won(
        agent.store().update_server(&row, pass.at()).await?,
        &row.name,
    )?;
    if let Some(status) = status {
        agent
            .store()
            .record_server_status(row.id, status, None)
            .await?;
    }
    Ok(changed(agent, ("server", &row.name, "changed"), Vec::new()))
}

async fn remove(agent: &Agent, name: &str) -> Result<Reply, Error> {
    let row = super::change::exactly(agent.store().servers().await?, ("server", name), |row| {
        row.name == name
    })?;
    let mut uses: Vec<String> = agent
        .store()
        .services()
        .await?
        .iter()
        .filter(|service| service.server_id == row.id)
        .map(|service| format!("service `{}`", service.full_name()))
        .collect();
    uses.extend(
        agent
            .store()
            .secrets()
            .await?
            .iter()
            .filter(|secret| secret.server_id == Some(row.id))
            .map(|secret| format!("secret `{}`", secret.name)),
    );
    super::change::refuse_while_used(("server", name), &uses)?;
    agent.store().delete_server(row.id).await?;
    Ok(changed(agent, ("server", name, "removed"), Vec::new()))
}

fn apply(row: &mut Server, fields: ServerFields) -> Result<(), Error> {
    if let Some(hostname) = fields.hostname {
        check_hostname(&hostname)?;
        row.hostname = hostname;
    }
    if let Some(addresses) = fields.ip_addresses {
        for address in &addresses {
            let parsed: Result<std::net::IpAddr, _> = address.parse();
            parsed.map_err(|_| {
                Error::invalid(format!(
                    "`{}` is not an IP address",
                    crate::inventory::shown(address)
                ))
            })?;
        }
        check_count("ip_addresses", addresses.len())?;
        row.ip_addresses = Json(addresses);
    }
    if let Some(ssh) = fields.ssh_config {
        for text in [&ssh.user, &ssh.key_path, &ssh.jump_host]
            .into_iter()
            .flatten()
        {
            check_text("ssh_config", text, TEXT_LIMIT)?;
            // ssh takes an argument that begins with a dash as an option.
            if text.starts_with('-') {
                return Err(Error::invalid(
                    "`ssh_config` values must not begin with `-`",
                ));
            }
        }
        if ssh.port == Some(0) {
            return Err(Error::invalid("`ssh_config.port` is 1 to 65535"));
        }
        row.ssh_config = Json(ssh);
    }
    if let Some(resources) = fields.resources {
        for text in [&resources.cpu, &resources.ram, &resources.disk]
            .into_iter()
            .flatten()
        {
            check_text("resources", text, TEXT_LIMIT)?;
        }
        row.resources = Json(resources);
    }
    if let Some(tags) = fields.tags {
        check_count("tags", tags.len())?;
        for tag in &tags {
            check_text("tags", tag, 63)?;
        }
        row.tags = Json(tags);
    }
    if let Some(os) = fields.os {
        check_text("os", &os, TEXT_LIMIT)?;
        row.os = given(os);
    }
    if let Some(notes) = fields.notes {
        check_text("notes", &notes, LONG_TEXT_LIMIT)?;
        row.notes = given(crate::mask::text(&notes));
    }
    row.role = fields.role.unwrap_or(row.role);
    row.status = fields.status.unwrap_or(row.status);
    Ok(())
}

/// An empty text unsets a field.
pub(super) fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

pub(super) fn check_count(field: &str, count: usize) -> Result<(), Error> {
    if count <= LIST_LIMIT {
        Ok(())
    } else {
        Err(Error::invalid(format!(
            "`{field}` has {count} entries; at most {LIST_LIMIT} fit"
        )))
    }
}

fn check_hostname(hostname: &str) -> Result<(), Error> {
    let fine = !hostname.is_empty()
        && hostname.len() <= 253
        && !hostname.starts_with('-')
        && hostname
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-:_".contains(&byte));
    if fine {
        Ok(())
    } else {
        Err(Error::invalid(format!(
            "`{}` is not a host name or address",
            crate::inventory::shown(hostname)
        )))
    }
}
