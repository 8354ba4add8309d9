//! Names that do not exist: how to print them, and the nearest one that does.

/// A longer name is cut when printed, and has no nearest one.
const MOST_CHARS: usize = 80;
/// Below this likeness a name is no help.
const LIKE_ENOUGH: f64 = 0.5;

/// Returns `` ; did you mean `name`? `` for the nearest name, if one is near.
pub(crate) fn did_you_mean<'a>(
    unknown: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(unknown, names).map(|name| format!("; did you mean `{name}`?"))
}

/// Returns the nearest of the names, if one is near. A key's last part counts as well as the whole,
/// so that a key in the wrong section finds its place.
pub(crate) fn nearest<'a>(
    unknown: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    if unknown.len() > MOST_CHARS {
        return None;
    }
    let mut best = None;
    let mut likeness = LIKE_ENOUGH;
    for name in names {
        let whole = strsim::normalized_damerau_levenshtein(unknown, name);
        // A whole match in the last part must not beat a likely slip in the same section.
        let last =
            0.8 * strsim::normalized_damerau_levenshtein(last_part(unknown), last_part(name));
        let score = whole.max(last);
        if score > likeness {
            likeness = score;
            best = Some(name);
        }
    }
    best
}

/// Returns a name fit for a terminal: short, and without control characters.
pub(crate) fn printable(name: &str) -> String {
    let mut text: String = name
        .chars()
        .take(MOST_CHARS)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if name.chars().count() > MOST_CHARS {
        text.push('…');
    }
    text
}

fn last_part(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
