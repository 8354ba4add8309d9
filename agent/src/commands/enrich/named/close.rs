//! Whether a word is a known name with a slip of the fingers.

use super::meant::is_common;
use super::words::Word;
use super::{Entry, Kind};

/// A word of this length may have one slip.
const ONE_SLIP: usize = 5;
/// A word of this length may have two.
const TWO_SLIPS: usize = 9;
/// Longer words are no names.
const LONGEST: usize = 80;

/// Finds the one name that a word nearly is; `None`: there is none, or two are as near.
pub(super) fn nearest<'e>(
    word: &Word,
    entries: impl Iterator<Item = &'e Entry>,
) -> Option<&'e Entry> {
    let text = &word.text;
    if word.is_code
        || word.is_path
        || text.contains('@')
        || !(ONE_SLIP..=LONGEST).contains(&text.len())
    {
        return None;
    }
    let mut best: Option<(usize, &Entry)> = None;
    let mut is_tie = false;
    for entry in entries.filter(|entry| entry.kind != Kind::Tag && !entry.name.contains(['@', ':']))
    {
        let Some(slips) = slips(text, &entry.name) else {
            continue;
        };
        match best {
            Some((least, _)) if slips > least => {}
            Some((least, known)) if slips == least => {
                is_tie |= known.targets != entry.targets;
            }
            _ => {
                best = Some((slips, entry));
                is_tie = false;
            }
        }
    }
    best.filter(|_| !is_tie && !is_common(text))
        .map(|(_, entry)| entry)
}

/// Whether a word is a name, or nearly.
pub(super) fn is_close(word: &str, name: &str) -> bool {
    word == name || slips(word, name).is_some()
}

/// Takes out what people leave out or change: `billing_api` and `billingapi` are `billing-api`.
pub(super) fn squeezed(name: &str) -> String {
    name.chars()
        .filter(|sign| !matches!(sign, '-' | '_' | '.'))
        .collect()
}

/// Counts the slips between a word and a name; `None`: it is another word.
///
/// Digits are no slips: `web1` and `web2` are two machines. Each part of a name is compared with the same part of the
/// word, so that `billing-app` is not `billing-api`.
fn slips(word: &str, name: &str) -> Option<usize> {
    if word.len().abs_diff(name.len()) > 2 || !digits(word).eq(digits(name)) {
        return None;
    }
    let (word_parts, name_parts): (Vec<&str>, Vec<&str>) = (parts(word), parts(name));
    if word_parts.len() != name_parts.len() {
        return None;
    }
    let mut all = 0;
    for (word, name) in word_parts.into_iter().zip(name_parts) {
        if word == name {
            continue;
        }
        if is_inflected(word, name) || is_common(word) {
            return None;
        }
        let letters = name.chars().count().min(word.chars().count());
        let most = match letters {
            TWO_SLIPS.. => 2,
            ONE_SLIP.. => 1,
            // A letter too few still leaves a word of five.
            _ if letters + 1 == ONE_SLIP && name.chars().count() == ONE_SLIP => 1,
            _ => return None,
        };
        all += distance(word, name).filter(|&distance| distance <= most)?;
    }
    (1..=2).contains(&all).then_some(all)
}

fn parts(name: &str) -> Vec<&str> {
    name.split(['-', '_', '.']).collect()
}

fn digits(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(char::is_ascii_digit)
}

/// `gateways` is more than one gateway, not one that is called so.
fn is_inflected(word: &str, name: &str) -> bool {
    let is_form = |longer: &str, shorter: &str, endings: &[&str]| {
        endings
            .iter()
            .any(|ending| longer.strip_suffix(ending) == Some(shorter))
    };
    is_form(
        word,
        name,
        &["s", "es", "ed", "d", "ing", "er", "r", "ly", "y"],
    ) || is_form(name, word, &["s", "es", "ing"])
}

/// Counts letters left out, added, changed or swapped with their neighbour; `None`: more than two.
fn distance(one: &str, other: &str) -> Option<usize> {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len().abs_diff(other.len()) > 2 {
        return None;
    }
    let width = other.len() + 1;
    let mut before = vec![0; width];
    let mut last: Vec<usize> = (0..width).collect();
    for (row, &letter) in one.iter().enumerate() {
        let mut next = vec![row + 1; width];
        for (column, &expected) in other.iter().enumerate() {
            let changed = last[column] + usize::from(letter != expected);
            let mut fewest = changed.min(last[column + 1] + 1).min(next[column] + 1);
            if row > 0 && column > 0 && letter == other[column - 1] && one[row - 1] == expected {
                fewest = fewest.min(before[column - 1] + 1);
            }
            next[column + 1] = fewest;
        }
        if next.iter().all(|&slips| slips > 2) {
            return None;
        }
        before = std::mem::replace(&mut last, next);
    }
    last.last().copied().filter(|&slips| slips <= 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(word: &str, name: &str, expected: Option<usize>) {
        assert_eq!(slips(word, name), expected, "{word} {name}");
    }

    #[test]
    fn one_slip_in_five_letters_and_two_in_nine() {
        check("postgers", "postgres", Some(1));
        check("postgre", "postgres", None);
        check("grafna", "grafana", Some(1));
        check("grfna", "grafana", None);
        check("notificaton-hubb", "notification-hubb", Some(1));
        check("notfcation", "notification", Some(2));
        check("ntfcation", "notification", None);
        check("shp", "shop", None);
    }

    #[test]
    fn another_machine_and_another_part_are_no_slip() {
        check("gateway1", "gateway2", None);
        check("billing-app", "billing-api", None);
        check("biling-api", "billing-api", Some(1));
        check("gateways", "gateway", None);
        check("shop.exmaple.com", "shop.example.com", Some(1));
        check("shop.example.org", "shop.example.com", None);
    }
}
