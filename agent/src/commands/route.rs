//! `route add|list|show|set|remove`: domains and paths, and the service behind them.

use crate::agent::Agent;
use crate::command::Item;
use crate::error::Error;
use crate::inventory::{LONG_TEXT_LIMIT, RouteFields, TEXT_LIMIT, check_text, shown};
use crate::pass::Pass;
use crate::reply::Reply;
use crate::store::rows::Route;

use super::change::{changed, exactly, only_if_won, taken};
use super::names::{add_nearest, find_service, one_of};
use super::server::given;

const METHODS: [&str; 8] = [
    "any", "get", "post", "put", "patch", "delete", "head", "options",
];

pub(crate) async fn run(
    agent: &Agent,
    pass: &Pass,
    item: Item<RouteFields>,
) -> Result<Reply, Error> {
    match item {
        Item::Add { name, fields } => add(agent, pass, &name, fields).await,
        Item::List => Ok(Reply::Routes(agent.store().routes().await?)),
        Item::Show { name } => Ok(Reply::Routes(vec![find(
            &agent.store().routes().await?,
            &name,
        )?])),
        Item::Set { name, fields } => set(agent, pass, &name, fields).await,
        Item::Remove { name } => {
            let row = exactly(agent.store().routes().await?, ("route", &name), |row| {
                label(row) == name || (row.path == "/" && row.domain == name)
            })?;
            agent.store().delete_route(row.id).await?;
            Ok(changed(
                agent,
                ("route", &label(&row), "removed"),
                Vec::new(),
            ))
        }
    }
}

async fn add(
    agent: &Agent,
    pass: &Pass,
    name: &str,
    mut fields: RouteFields,
) -> Result<Reply, Error> {
    let (domain, path) = name.split_once('/').map_or((name, None), |(domain, path)| {
        (domain, Some(format!("/{path}")))
    });
    check_domain(domain)?;
    if fields.path.is_none() {
        fields.path = path;
    }
    let wanted = fields
        .service
        .take()
        .ok_or_else(|| Error::invalid("name the service that answers: `--service NAME`"))?;
    let service = find_service(&agent.store().services().await?, &wanted)?;
    let mut row = Route {
        id: 0,
        domain: domain.to_owned(),
        path: "/".to_owned(),
        service_id: service.id,
        service: service.full_name(),
        method: "any".to_owned(),
        proxy_type: None,
        ssl: true,
        rate_limit: None,
        auth_required: false,
        notes: None,
        created_at: pass.at(),
        updated_at: pass.at(),
    };
    apply(&mut row, fields)?;
    let added = agent.store().insert_route(&row).await?;
    added.ok_or_else(|| taken("route", &label(&row)))?;
    Ok(changed(agent, ("route", &label(&row), "added"), Vec::new()))
}

async fn set(
    agent: &Agent,
    pass: &Pass,
    name: &str,
    mut fields: RouteFields,
) -> Result<Reply, Error> {
    let mut row = find(&agent.store().routes().await?, name)?;
    if let Some(wanted) = fields.service.take() {
        let service = find_service(&agent.store().services().await?, &wanted)?;
        (row.service_id, row.service) = (service.id, service.full_name());
    }
    apply(&mut row, fields)?;
    only_if_won(
        agent.store().update_route(&row, pass.at()).await?,
        &label(&row),
    )?;
    Ok(changed(
        agent,
        ("route", &label(&row), "changed"),
        Vec::new(),
    ))
}

fn label(row: &Route) -> String {
    let path = format!("{}{}", row.domain, row.path);
    if row.method == "any" {
        path
    } else {
        format!("{path} {}", row.method)
    }
}

fn find(routes: &[Route], name: &str) -> Result<Route, Error> {
    let exact: Vec<&Route> = routes
        .iter()
        .filter(|row| label(row) == name || format!("{}{}", row.domain, row.path) == name)
        .collect();
    let fitting = if exact.is_empty() {
        routes
            .iter()
            .filter(|row| !name.is_empty() && label(row).contains(name))
            .collect()
    } else {
        exact
    };
    one_of("route", name, &fitting, label).map_err(|error| {
        add_nearest(
            error,
            "route",
            name,
            routes.iter().map(|row| row.domain.as_str()),
        )
    })
}

fn apply(row: &mut Route, fields: RouteFields) -> Result<(), Error> {
    if let Some(path) = fields.path {
        check_text("path", &path, TEXT_LIMIT)?;
        if !path.starts_with('/') || path.contains(char::is_whitespace) {
            return Err(Error::invalid("`path` begins with `/` and has no blanks"));
        }
        row.path = path;
    }
    if let Some(method) = fields.method {
        let method = method.to_lowercase();
        if !METHODS.contains(&method.as_str()) {
            return Err(Error::invalid(format!(
                "`{}` is none of {}",
                shown(&method),
                METHODS.join(", ")
            )));
        }
        row.method = method;
    }
    for (field, value, place, limit) in [
        ("proxy_type", fields.proxy_type, &mut row.proxy_type, 63),
        ("rate_limit", fields.rate_limit, &mut row.rate_limit, 63),
        ("notes", fields.notes, &mut row.notes, LONG_TEXT_LIMIT),
    ] {
        if let Some(text) = value {
            check_text(field, &text, limit)?;
            *place = given(crate::mask::text(&text));
        }
    }
    row.ssl = fields.ssl.unwrap_or(row.ssl);
    row.auth_required = fields.auth_required.unwrap_or(row.auth_required);
    Ok(())
}

fn check_domain(domain: &str) -> Result<(), Error> {
    let fine = !domain.is_empty()
        && domain.len() <= 253
        && !domain.starts_with(['-', '.'])
        && domain.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-*_".contains(&byte)
        });
    if fine {
        Ok(())
    } else {
        Err(Error::invalid(format!(
            "`{}` is not a domain; write it in small letters, for instance `api.example.org`",
            shown(domain)
        )))
    }
}
