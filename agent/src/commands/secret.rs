//! `secret add|list|show|set|remove`: where secrets are kept and when they were rotated, never the secrets.

use chrono::{DateTime, NaiveDate, SubsecRound, Utc};

use crate::agent::Agent;
use crate::command::Item;
use crate::error::Error;
use crate::inventory::{LONG_TEXT_LIMIT, SecretFields, TEXT_LIMIT, check_name, check_text, shown};
use crate::pass::Pass;
use crate::reply::Reply;
use crate::store::rows::Secret;

use super::change::{changed, exactly, only_if_won, taken};
use super::names::{add_nearest, find_server, find_service, one_of};
use super::server::given;

pub(crate) async fn run(
    agent: &Agent,
    pass: &Pass,
    item: Item<SecretFields>,
) -> Result<Reply, Error> {
    match item {
        Item::Add { name, fields } => add(agent, pass, name, fields).await,
        Item::List => Ok(Reply::Secrets(agent.store().secrets().await?)),
        Item::Show { name } => Ok(Reply::Secrets(vec![find(
            &agent.store().secrets().await?,
            &name,
        )?])),
        Item::Set { name, fields } => set(agent, pass, &name, fields).await,
        Item::Remove { name } => {
            let row = exactly(agent.store().secrets().await?, ("secret", &name), |row| {
                row.name == name
            })?;
            agent.store().delete_secret(row.id).await?;
            Ok(changed(agent, ("secret", &row.name, "removed"), Vec::new()))
        }
    }
}

async fn add(
    agent: &Agent,
    pass: &Pass,
    name: String,
    fields: SecretFields,
) -> Result<Reply, Error> {
    check_name("secret", &name)?;
    let mut row = Secret {
        id: 0,
        name,
        service_id: None,
        service: None,
        server_id: None,
        server: None,
        secret_manager: None,
        path: None,
        last_rotated: None,
        rotation_policy: None,
        notes: None,
        created_at: pass.at(),
        updated_at: pass.at(),
    };
    apply(agent, &mut row, fields).await?;
    agent
        .store()
        .insert_secret(&row)
        .await?
        .ok_or_else(|| taken("secret", &row.name))?;
    Ok(changed(agent, ("secret", &row.name, "added"), Vec::new()))
}

async fn set(agent: &Agent, pass: &Pass, name: &str, fields: SecretFields) -> Result<Reply, Error> {
    let mut row = find(&agent.store().secrets().await?, name)?;
    apply(agent, &mut row, fields).await?;
    only_if_won(
        agent.store().update_secret(&row, pass.at()).await?,
        &row.name,
    )?;
    Ok(changed(agent, ("secret", &row.name, "changed"), Vec::new()))
}

fn find(rows: &[Secret], name: &str) -> Result<Secret, Error> {
    if let Some(row) = rows.iter().find(|row| row.name == name) {
        return Ok(row.clone());
    }
    let fitting: Vec<&Secret> = rows
        .iter()
        .filter(|row| !name.is_empty() && row.name.contains(name))
        .collect();
    one_of("secret", name, &fitting, |row| row.name.clone()).map_err(|error| {
        add_nearest(
            error,
            "secret",
            name,
            rows.iter().map(|row| row.name.as_str()),
        )
    })
}

async fn apply(agent: &Agent, row: &mut Secret, fields: SecretFields) -> Result<(), Error> {
    if let Some(name) = fields.service {
        let service = find_service(&agent.store().services().await?, &name)?;
        (row.service_id, row.service) = (Some(service.id), Some(service.full_name()));
    }
    if let Some(name) = fields.server {
        let server = find_server(&agent.store().servers().await?, &name)?;
        (row.server_id, row.server) = (Some(server.id), Some(server.name));
    }
    if let Some(when) = fields.last_rotated {
        row.last_rotated = Some(parse_time(&when)?);
    }
    for (field, value, place, limit) in [
        (
            "secret_manager",
            fields.secret_manager,
            &mut row.secret_manager,
            63,
        ),
        ("path", fields.path, &mut row.path, TEXT_LIMIT),
        (
            "rotation_policy",
            fields.rotation_policy,
            &mut row.rotation_policy,
            63,
        ),
        ("notes", fields.notes, &mut row.notes, LONG_TEXT_LIMIT),
    ] {
        if let Some(text) = value {
            check_text(field, &text, limit)?;
            refuse_a_secret(field, &text)?;
            *place = given(text);
        }
    }
    Ok(())
}

/// The registry says where a secret is; the secret itself has no place here.
fn refuse_a_secret(field: &str, text: &str) -> Result<(), Error> {
    if guard::redact::redact(text).count() == 0 {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "`{field}` looks like a secret itself; give the place where it is kept, nothing was stored"
    )))
}

fn parse_time(text: &str) -> Result<DateTime<Utc>, Error> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc().trunc_subsecs(6));
    }
    let day: NaiveDate = text.parse().map_err(|_| {
        Error::invalid(format!(
            "`{}` is neither `YYYY-MM-DD` nor an RFC 3339 time",
            shown(text)
        ))
    })?;
    Ok(day.and_time(chrono::NaiveTime::MIN).and_utc())
}
