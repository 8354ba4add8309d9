//! What the inventory knows about a command, as sentences for people.

use super::{Known, View, inventory};
use crate::Facts;
use crate::run::Run;

/// More words of one command than these are not looked up.
const MOST_WORDS: usize = 64;

/// Says what is known about the machine a command runs on and about what it names.
pub(crate) fn about(run: &Run, all: &[Run], facts: &Facts) -> Vec<String> {
    let mut known = Vec::new();
    let index = Known::new(facts);
    if let Some(host) = run.host.as_deref() {
        known.push(match index.server(host) {
            Some(server) => {
                let role = if server.role.is_empty() {
                    "server without a role"
                } else {
                    &server.role
                };
                format!("`{host}` is `{}` in the inventory, {role}.", server.name)
            }
            None => format!("`{host}` is not in the inventory."),
        });
    }
    let view = View {
        run,
        all,
        program: run.program(),
        facts,
        known: &index,
    };
    for arg in run
        .args()
        .iter()
        .take(MOST_WORDS)
        .filter(|arg| arg.is_known())
    {
        if let Some((service, server)) = inventory::service(&view, &arg.text) {
            let dependents = match service.dependents.len() {
                0 => "; nothing depends on it".to_owned(),
                1 => format!("; {} depends on it", inventory::listed(&service.dependents)),
                _ => format!("; {} depend on it", inventory::listed(&service.dependents)),
            };
            known.push(format!(
                "`{}` is a service on `{}`, {}{dependents}.",
                service.name, server.name, server.role
            ));
        } else if let Some(server) = index.server(&arg.text) {
            known.push(format!(
                "`{}` is `{}` in the inventory, {}.",
                arg.text, server.name, server.role
            ));
        } else if let Some(domain) = index.domain(&arg.text) {
            known.push(format!(
                "`{}` leads to the service `{}`.",
                domain.domain, domain.service
            ));
        }
    }
    known
}
