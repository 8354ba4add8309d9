//! Which servers and services a prompt names: by name, by alias, or nearly so.
//!
//! Facts about something that nobody asked for are worse than none: a name that is also an ordinary word counts only
//! where the sentence is about something that runs.

use std::collections::HashMap;

use crate::snapshot::Snapshot;
use crate::store::rows::{Service, ServiceStatus};

use self::words::Word;

mod close;
mod meant;
mod words;

/// Most services, and most servers, that one prompt gets facts about.
const MOST: usize = 8;
/// How many words of a prompt are compared with every name. The first ones say what it is about.
const COMPARED: usize = 200;

/// What a prompt names, in the order of the prompt.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Named {
    /// Services by their place in the snapshot.
    pub(super) services: Vec<Mention>,
    /// Servers by their place in the snapshot.
    pub(super) servers: Vec<Mention>,
    /// Services that are named with their server.
    exact: Vec<(i64, String)>,
}

/// One thing that is named.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mention {
    /// Its place in the snapshot.
    pub(super) place: usize,
    /// How the prompt writes it, when that is not its name.
    pub(super) written: Option<String>,
}

/// Something a name can stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Service(usize),
    Server(usize),
}

/// A name with all that bears it.
#[derive(Debug)]
struct Entry {
    name: String,
    kind: Kind,
    targets: Vec<Target>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    /// A name that a person gave.
    Name,
    /// A host name, an address, a domain or `service@server`: means nothing else.
    Exact,
    /// A tag of servers.
    Tag,
}

/// Finds what a prompt names.
pub(super) fn find(known: &Snapshot, prompt: &str) -> Named {
    let words = words::of(prompt);
    if words.is_empty() {
        return Named::default();
    }
    let entries = entries(known);
    let by_name = index(&entries);
    // `api@web1` means that one, not its namesakes.
    let exact = known.services.iter().filter(|row| {
        let full_name = row.full_name().to_lowercase();
        words.iter().any(|word| word.text == full_name)
    });
    let mut named = Named {
        exact: exact.map(|row| (row.id, row.name.clone())).collect(),
        ..Named::default()
    };
    let mut unknown = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let consumed = exactly(known, &entries, &by_name, (&words, at), &mut named);
        if consumed == 0 {
            unknown.push(at);
        }
        at += consumed.max(1);
    }
    for at in unknown.into_iter().take(COMPARED) {
        let Some(entry) = close::nearest(&words[at], entries.iter()) else {
            continue;
        };
        if entry.kind == Kind::Exact || meant::is_meant(&words, at..at + 1, &entry.name) {
            named.add(known, &entry.targets, Some(&words[at].text));
        }
    }
    named
}

/// Looks for names that begin at a word; returns how many words need no further look.
fn exactly(
    known: &Snapshot,
    entries: &[Entry],
    by_name: &HashMap<String, Vec<usize>>,
    (words, at): (&[Word], usize),
    named: &mut Named,
) -> usize {
    // `billing-api` may be written `billing api`; the longest comes first.
    for length in (1..=3).rev() {
        let Some(range) = words.get(at..at + length) else {
            continue;
        };
        if length > 1
            && range
                .iter()
                .any(|word| word.sentence != words[at].sentence || word.is_path)
        {
            continue;
        }
        let joined: String = range
            .iter()
            .map(|word| close::squeezed(&word.text))
            .collect();
        let mut is_known = false;
        for &place in by_name.get(&joined).into_iter().flatten() {
            let entry = &entries[place];
            if !fits(entry, range) {
                continue;
            }
            is_known = true;
            let is_named = match entry.kind {
                Kind::Exact => length == 1,
                Kind::Name => meant::is_meant(words, at..at + length, &entry.name),
                Kind::Tag => meant::is_tag(words, at, &entry.name),
            };
            if is_named {
                named.add(known, &entry.targets, None);
            }
        }
        if is_known {
            return length;
        }
    }
    // `pg@web1`, where one of the two is written nearly right.
    let pair = words[at].text.split_once('@');
    if let Some((service, server)) =
        pair.filter(|(service, server)| !service.is_empty() && !server.is_empty())
    {
        let places = known.services.iter().enumerate().filter(|(_, row)| {
            let (name, host) = (row.name.to_lowercase(), row.server.to_lowercase());
            (name == service && close::is_close(server, &host))
                || (host == server && close::is_close(service, &name))
        });
        let targets: Vec<Target> = places.map(|(place, _)| Target::Service(place)).collect();
        named.add(known, &targets, Some(&words[at].text));
        return 1;
    }
    0
}

/// Whether the words, which agree but for their separators, write this name.
fn fits(entry: &Entry, range: &[Word]) -> bool {
    if let [word] = range {
        return word.text == entry.name
            || (entry.kind == Kind::Name
                && (word.text.matches('.').count() == entry.name.matches('.').count()
                    && !word.text.contains('@')));
    }
    entry.kind == Kind::Name
        && entry
            .name
            .split(['-', '_', '.'])
            .eq(range.iter().map(|word| word.text.as_str()))
}

fn entries(known: &Snapshot) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut places: HashMap<(String, Kind), usize> = HashMap::new();
    let mut add = |name: &str, kind: Kind, target: Target| {
        let name = name.trim().to_lowercase();
        if name.is_empty() || name == "localhost" || name == "127.0.0.1" || name == "::1" {
            return;
        }
        let place = *places.entry((name.clone(), kind)).or_insert_with(|| {
            entries.push(Entry {
                name,
                kind,
                targets: Vec::new(),
            });
            entries.len() - 1
        });
        if !entries[place].targets.contains(&target) {
            entries[place].targets.push(target);
        }
    };
    let mut by_id = HashMap::new();
    for (place, row) in known.services.iter().enumerate() {
        let target = Target::Service(place);
        by_id.insert(row.id, target);
        add(&row.full_name(), Kind::Exact, target);
        if row.status != ServiceStatus::Retired {
            add(&row.name, Kind::Name, target);
        }
    }
    for row in &known.routes {
        if let Some(&target) = by_id.get(&row.service_id) {
            add(row.domain.trim_start_matches("*."), Kind::Exact, target);
        }
    }
    for (place, row) in known.servers.iter().enumerate() {
        let target = Target::Server(place);
        add(&row.name, Kind::Name, target);
        for alias in [&row.hostname].into_iter().chain(&row.ip_addresses.0) {
            let is_telling = alias.contains(['.', ':']);
            add(
                alias,
                if is_telling { Kind::Exact } else { Kind::Name },
                target,
            );
        }
        for tag in &row.tags.0 {
            add(tag, Kind::Tag, target);
        }
    }
    entries
}

/// Names without their separators, so that `billing api` finds `billing-api`.
fn index(entries: &[Entry]) -> HashMap<String, Vec<usize>> {
    let mut index: HashMap<String, Vec<usize>> = HashMap::new();
    for (place, entry) in entries.iter().enumerate() {
        index
            .entry(close::squeezed(&entry.name))
            .or_default()
            .push(place);
    }
    index
}

impl Named {
    fn add(&mut self, known: &Snapshot, targets: &[Target], written: Option<&str>) {
        for target in targets {
            let (list, place) = match *target {
                Target::Service(place) if self.is_namesake(&known.services[place]) => continue,
                Target::Service(place) => (&mut self.services, place),
                Target::Server(place) => (&mut self.servers, place),
            };
            if list.len() < MOST && list.iter().all(|mention| mention.place != place) {
                list.push(Mention {
                    place,
                    written: written.map(str::to_owned),
                });
            }
        }
    }

    fn is_namesake(&self, row: &Service) -> bool {
        let mut same = self
            .exact
            .iter()
            .filter(|(_, name)| *name == row.name)
            .peekable();
        same.peek().is_some() && same.all(|(id, _)| *id != row.id)
    }
}

#[cfg(test)]
mod tests;
