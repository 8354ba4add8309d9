//! `dep add|list|show|set|remove`: what a service needs.

use crate::agent::Agent;
use crate::command::Item;
use crate::error::Error;
use crate::inventory::{DependencyFields, LONG_TEXT_LIMIT, check_text};
use crate::pass::Pass;
use crate::reply::Reply;
use crate::store::rows::{Dependency, DependencyType};

use super::change::{changed, taken};
use super::names::{find_service, find_services, one_of};
use super::server::given;
use super::service::check_variable_name;

pub(crate) async fn run(
    agent: &Agent,
    pass: &Pass,
    item: Item<DependencyFields>,
) -> Result<Reply, Error> {
    match item {
        Item::Add { name, fields } => add(agent, pass, &name, fields).await,
        Item::List => Ok(Reply::Dependencies(agent.store().dependencies().await?)),
        Item::Show { name } => show(agent, &name).await,
        Item::Set { name, fields } => set(agent, &name, fields).await,
        Item::Remove { name } => {
            let row = find(&agent.store().dependencies().await?, &name)?;
            agent.store().delete_dependency(row.id).await?;
            Ok(changed(agent, ("dep", &label(&row), "removed"), Vec::new()))
        }
    }
}

async fn add(
    agent: &Agent,
    pass: &Pass,
    name: &str,
    fields: DependencyFields,
) -> Result<Reply, Error> {
    let services = agent.store().services().await?;
    let service = find_service(&services, name)?;
    let (on, external) = match (&fields.on, &fields.external) {
        (Some(on), None) => (Some(find_service(&services, on)?), None),
        (None, Some(external)) => {
            check_text("external", external, 253)?;
            if external.trim().is_empty() {
                return Err(Error::invalid(
                    "`--external` is empty; name what it needs, for instance `api.stripe.com`",
                ));
            }
            (None, Some(crate::mask::text(external)))
        }
        _ => {
            return Err(Error::invalid(
                "name what it needs: either `--on SERVICE` or `--external NAME`",
            ));
        }
    };
    if on.as_ref().is_some_and(|on| on.id == service.id) {
        return Err(Error::invalid(format!(
            "`{}` cannot depend on itself",
            service.full_name()
        )));
    }
    let mut row = Dependency {
        id: 0,
        service_id: service.id,
        service: service.full_name(),
        depends_on_service_id: on.as_ref().map(|on| on.id),
        depends_on_service: on.map(|on| on.full_name()),
        depends_on_external: external,
        dependency_type: DependencyType::Other,
        connection_string_env: None,
        required: true,
        notes: None,
        created_at: pass.at(),
    };
    apply(&mut row, fields)?;
    agent
        .store()
        .insert_dependency(&row)
        .await?
        .ok_or_else(|| taken("dep", &label(&row)))?;
    Ok(changed(agent, ("dep", &label(&row), "added"), Vec::new()))
}

async fn show(agent: &Agent, name: &str) -> Result<Reply, Error> {
    let rows = agent.store().dependencies().await?;
    if let Ok(row) = find(&rows, name) {
        return Ok(Reply::Dependencies(vec![row]));
    }
    let services = find_services(&agent.store().services().await?, name)?;
    Ok(Reply::Dependencies(
        rows.into_iter()
            .filter(|row| services.iter().any(|service| service.id == row.service_id))
            .collect(),
    ))
}

async fn set(agent: &Agent, name: &str, fields: DependencyFields) -> Result<Reply, Error> {
    if fields.on.is_some() || fields.external.is_some() {
        return Err(Error::invalid(
            "what a dependency points at does not change; remove it and add another",
        ));
    }
    let mut row = find(&agent.store().dependencies().await?, name)?;
    apply(&mut row, fields)?;
    super::change::only_if_won(agent.store().update_dependency(&row).await?, &label(&row))?;
    Ok(changed(agent, ("dep", &label(&row), "changed"), Vec::new()))
}

fn label(row: &Dependency) -> String {
    format!("{} -> {}", row.service, row.target())
}

/// By number, by `service -> target`, or by a service that has one dependency only.
fn find(rows: &[Dependency], name: &str) -> Result<Dependency, Error> {
    if let Ok(id) = name.parse::<i64>()
        && let Some(row) = rows.iter().find(|row| row.id == id)
    {
        return Ok(row.clone());
    }
    let fitting: Vec<&Dependency> = rows
        .iter()
        .filter(|row| {
            label(row) == name || row.service == name || row.service.split('@').next() == Some(name)
        })
        .collect();
    one_of("dep", name, &fitting, |row| {
        format!("{} ({})", row.id, label(row))
    })
}

fn apply(row: &mut Dependency, fields: DependencyFields) -> Result<(), Error> {
    if let Some(name) = fields
        .connection_string_env
        .as_deref()
        .filter(|name| !name.is_empty())
    {
        check_variable_name("connection_string_env", name)?;
    }
    for (field, value, place, limit) in [
        (
            "connection_string_env",
            fields.connection_string_env,
            &mut row.connection_string_env,
            128,
        ),
        ("notes", fields.notes, &mut row.notes, LONG_TEXT_LIMIT),
    ] {
        if let Some(text) = value {
            check_text(field, &text, limit)?;
            *place = given(crate::mask::text(&text));
        }
    }
    row.dependency_type = fields.dependency_type.unwrap_or(row.dependency_type);
    row.required = fields.required.unwrap_or(row.required);
    Ok(())
}
