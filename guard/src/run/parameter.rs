//! What `${name…}` stands for.

use super::walk::{Scope, Walker};
use super::{Arg, UNKNOWN};
use crate::shell::{Operation, Word};

/// Longer values are not cut or searched.
const MAX_CUT: usize = 256;
/// Longer patterns are not tried.
const MAX_PATTERN: usize = 64;

impl Walker<'_> {
    pub(super) fn variable(
        &mut self,
        scope: &Scope,
        name: &str,
        operation: Option<&(Operation, Word)>,
    ) -> Vec<Arg> {
        let known = self.value_of(scope, name);
        let Some((operation, word)) = operation else {
            return known.unwrap_or_else(|| {
                let has_none = !scope.has_positionals();
                if has_none && matches!(name, "@" | "*") {
                    Vec::new()
                } else if has_none && matches!(name.as_bytes(), [b'1'..=b'9']) {
                    // `rm$IFS$9-rf`: a line that is typed has no words of its own.
                    vec![Arg::new("")]
                } else {
                    vec![Arg::unknown()]
                }
            });
        };
        let word = self.expand_one(scope, word);
        match operation {
            Operation::Default => known
                .filter(|args| !args.is_empty())
                .unwrap_or_else(|| vec![word]),
            Operation::Assign => known.filter(|args| !args.is_empty()).unwrap_or_else(|| {
                self.named.push((name.to_owned(), word.clone()));
                vec![word]
            }),
            // Unset variables may come from outside: both can happen, the word is the one that matters.
            Operation::Alternative => vec![word],
            Operation::Indirect => {
                let named = known.and_then(|args| args.into_iter().next());
                named
                    .filter(Arg::is_known)
                    .and_then(|named| self.value_of(scope, &named.text))
                    .unwrap_or_else(|| vec![Arg::unknown()])
            }
            Operation::Slice if matches!(name, "@" | "*") || name.ends_with("[@]") => {
                let from: usize = word.text.trim().parse().unwrap_or(0);
                let from = from.saturating_sub(usize::from(matches!(name, "@" | "*")));
                let rest = known.as_deref().and_then(|args| args.get(from..));
                rest.map_or_else(|| vec![Arg::unknown()], <[Arg]>::to_vec)
            }
            Operation::Other => vec![Arg::unknown()],
            operation => match known {
                // Patterns are tried at every place.
                Some(args) if self.spend(args.len() * (64 + 16 * word.text.len())) => args
                    .into_iter()
                    .map(|arg| changed(&arg, *operation, &word))
                    .collect(),
                _ => vec![Arg::unknown()],
            },
        }
    }

    /// The value of a name, of one element where an index is given.
    fn value_of(&mut self, scope: &Scope, name: &str) -> Option<Vec<Arg>> {
        let (plain, index) = match name.split_once('[') {
            Some((plain, index)) => (plain, Some(index.trim_end_matches(']'))),
            None => (name, None),
        };
        let Some(value) = scope.variables.get(plain) else {
            return self.well_known(scope, plain);
        };
        let length: usize = value.args.iter().map(|arg| arg.text.len()).sum();
        if length > MAX_CUT && !self.spend(length) {
            return Some(vec![Arg::unknown()]);
        }
        // Told once for each mention, within the budget.
        if self.spend(4 * value.inputs.len()) {
            self.collected.extend(&value.inputs);
        }
        // `declare -n`: the name stands for another.
        if let [Arg { text, .. }] = value.args.as_slice()
            && scope
                .variables
                .contains_key(format!("nameref {plain}").as_str())
            && text != plain
        {
            return scope
                .variables
                .get(text.as_str())
                .map(|value| value.args.clone());
        }
        let one = index
            .and_then(|index| index.parse::<usize>().ok())
            .and_then(|index| value.args.get(index));
        Some(one.map_or_else(|| value.args.clone(), |one| vec![one.clone()]))
    }

    fn well_known(&self, scope: &Scope, name: &str) -> Option<Vec<Arg>> {
        match name {
            "HOME" | "USERPROFILE" => Some(vec![Arg::new(self.home(scope))]),
            "PWD" => scope.cwd.clone().map(|cwd| vec![Arg::new(cwd)]),
            "TMPDIR" | "TEMP" | "TMP" if scope.host.is_none() => Some(vec![Arg::new("/tmp")]),
            // What nobody has set is as it always is.
            "IFS" => Some(vec![Arg::new(" \t\n")]),
            "SHELL" => Some(vec![Arg::new("sh")]),
            _ => None,
        }
    }

    /// The home directory; `~` where it is not known.
    pub(super) fn home(&self, scope: &Scope) -> String {
        if let Some(home) = scope
            .variables
            .get("HOME")
            .and_then(|value| value.args.first())
        {
            return home.text.clone();
        }
        self.home
            .filter(|_| scope.host.is_none())
            .unwrap_or("~")
            .to_owned()
    }
}

/// A known value after its operation.
fn changed(arg: &Arg, operation: Operation, word: &Arg) -> Arg {
    if arg.text.len() > MAX_CUT || !arg.is_known() || !word.is_known() {
        return Arg::unknown();
    }
    let text = arg.text.as_str();
    let word = word.text.as_str();
    let found = match operation {
        Operation::Prefix { longest } => {
            let cuts = || ends(text).filter(|at| fits(word, &text[..*at]));
            let cut = if longest {
                cuts().last()
            } else {
                cuts().next()
            };
            Some(text[cut.unwrap_or(0)..].to_owned())
        }
        Operation::Suffix { longest } => {
            let cuts = || ends(text).filter(|at| fits(word, &text[*at..]));
            let cut = if longest {
                cuts().next()
            } else {
                cuts().last()
            };
            Some(text[..cut.unwrap_or(text.len())].to_owned())
        }
        Operation::Replace => {
            let (all, word) = match word.strip_prefix('/') {
                Some(word) => (true, word),
                None => (false, word),
            };
            let (pattern, by) = word.split_once('/').unwrap_or((word, ""));
            if pattern.is_empty() || pattern.contains(['*', '?', '[']) {
                None
            } else if all {
                Some(text.replace(pattern, by))
            } else {
                Some(text.replacen(pattern, by, 1))
            }
        }
        Operation::Slice => slice(text, word),
        Operation::Lower => Some(text.to_lowercase()),
        Operation::Upper => Some(text.to_uppercase()),
        _ => None,
    };
    found.map_or_else(Arg::unknown, |text| Arg {
        text,
        glob: arg.glob,
        secret: arg.secret.clone(),
    })
}

/// Where characters of a text end, with its start.
fn ends(text: &str) -> impl Iterator<Item = usize> {
    (0..=text.len()).filter(|at| text.is_char_boundary(*at))
}

/// `from` or `from:length`, counted from the end when negative.
fn slice(text: &str, word: &str) -> Option<String> {
    let count = i64::try_from(text.chars().count()).ok()?;
    let (from, length) = match word.split_once(':') {
        Some((from, length)) => (from, Some(length)),
        None => (word, None),
    };
    let place = |number: &str| -> Option<i64> {
        let number = number.trim();
        if number.is_empty() {
            Some(0)
        } else {
            number.parse().ok()
        }
    };
    let mut from = place(from)?;
    if from < 0 {
        from += count;
    }
    let to = match length {
        None => count,
        Some(length) => {
            let length = place(length)?;
            if length < 0 {
                count + length
            } else {
                from.saturating_add(length)
            }
        }
    };
    let from = usize::try_from(from.clamp(0, count)).ok()?;
    let to = usize::try_from(to.clamp(0, count)).ok()?;
    Some(
        text.chars()
            .take(to)
            .skip(from)
            .filter(|one| *one != UNKNOWN)
            .collect(),
    )
}

/// Whether a pattern with `*` and `?` fits a whole text.
pub(super) fn fits(pattern: &str, text: &str) -> bool {
    if pattern.len() > MAX_PATTERN {
        return false;
    }
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut back = None;
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                back = Some((p, t));
                p += 1;
            }
            Some('?') => {
                p += 1;
                t += 1;
            }
            Some(one) if *one == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match back {
                Some((star, at)) => {
                    back = Some((star, at + 1));
                    p = star + 1;
                    t = at + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p.min(pattern.len())..]
        .iter()
        .all(|one| *one == '*')
}
