//! Finds and changes parts of a JSON text without writing the rest anew.
//!
//! The text has been parsed before, so its form is known to be right.

use std::ops::Range;

/// A name and its value in an object; the ranges are bytes of the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name, unescaped.
    pub(super) name: String,
    /// From the name's quote to the end of the value.
    pub(super) whole: Range<usize>,
    /// The value.
    pub(super) value: Range<usize>,
}

/// How the text is laid out.
#[derive(Clone, Debug)]
struct Layout {
    newline: &'static str,
    unit: String,
    is_compact: bool,
}

/// Returns the one value of the text.
pub(super) fn root(text: &str) -> Range<usize> {
    let start = blanks(text, 0);
    start..value_end(text, start)
}

/// Returns the members of an object.
pub(super) fn members(text: &str, object: &Range<usize>) -> Vec<Member> {
    let mut found = Vec::new();
    let mut at = blanks(text, object.start + 1);
    while text.as_bytes().get(at) == Some(&b'"') {
        let name_end = value_end(text, at);
        let colon = blanks(text, name_end);
        let start = blanks(text, colon + 1);
        let end = value_end(text, start);
        let name = serde_json::from_str(&text[at..name_end]).unwrap_or_default();
        found.push(Member {
            name,
            whole: at..end,
            value: start..end,
        });
        at = next(text, end);
    }
    found
}

/// Returns the elements of an array.
pub(super) fn elements(text: &str, array: &Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = blanks(text, array.start + 1);
    while at + 1 < array.end {
        let end = value_end(text, at);
        found.push(at..end);
        at = next(text, end);
    }
    found
}

/// Returns the value of a name in an object.
pub(super) fn value_of(text: &str, object: &Range<usize>, name: &str) -> Option<Range<usize>> {
    members(text, object)
        .into_iter()
        .find(|member| member.name == name)
        .map(|member| member.value)
}

/// Puts an item (`"name": value`, or a value) at the end of an object or array, in the text's own layout.
pub(super) fn append(
    text: &str,
    container: &Range<usize>,
    items: &[Range<usize>],
    item: &Item,
) -> String {
    let layout = Layout::of(text);
    let (at, until, before, after) = match items.last() {
        Some(last) if layout.is_compact => (last.end, last.end, ",".to_owned(), String::new()),
        Some(last) => {
            let indent = line_indent(text, items[0].start);
            (
                last.end,
                last.end,
                format!(",{}{indent}", layout.newline),
                String::new(),
            )
        }
        None if layout.is_compact => (
            container.start + 1,
            container.end - 1,
            String::new(),
            String::new(),
        ),
        None => {
            let outer = line_indent(text, container.start);
            (
                container.start + 1,
                container.end - 1,
                format!("{}{outer}{}", layout.newline, layout.unit),
                format!("{}{outer}", layout.newline),
            )
        }
    };
    let own_indent = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .trim_start_matches(',');
    let written = item.written(&layout, own_indent);
    format!("{}{before}{written}{after}{}", &text[..at], &text[until..])
}

/// Takes an item out, with the comma that goes with it.
pub(super) fn cut(
    text: &str,
    container: &Range<usize>,
    items: &[Range<usize>],
    index: usize,
) -> String {
    let gone = match (
        index.checked_sub(1).and_then(|before| items.get(before)),
        items.get(index + 1),
    ) {
        (Some(before), _) => before.end..items[index].end,
        (None, Some(after)) => items[index].start..after.start,
        (None, None) => container.start + 1..container.end - 1,
    };
    format!("{}{}", &text[..gone.start], &text[gone.end..])
}

/// What is put in.
pub(super) struct Item<'a> {
    /// The name, in an object.
    pub(super) name: Option<&'a str>,
    /// The value.
    pub(super) value: &'a dyn Written,
}

/// A value that can be laid out.
pub(super) trait Written {
    /// Returns it as JSON with its own order of names: on one line, or indented by two blanks a level.
    fn json(&self, is_compact: bool) -> String;
}

impl Item<'_> {
    fn written(&self, layout: &Layout, indent: &str) -> String {
        let json = self.value.json(layout.is_compact);
        let lines = json.split('\n').enumerate().map(|(number, line)| {
            let content = line.trim_start_matches("  ");
            let depth = (line.len() - content.len()) / 2;
            if number == 0 {
                line.to_owned()
            } else {
                format!("{indent}{}{content}", layout.unit.repeat(depth))
            }
        });
        let value = lines.collect::<Vec<_>>().join(layout.newline);
        match self.name {
            Some(name) if layout.is_compact => format!("\"{name}\":{value}"),
            Some(name) => format!("\"{name}\": {value}"),
            None => value,
        }
    }
}

impl Layout {
    fn of(text: &str) -> Self {
        let root = root(text);
        let inner = &text[root.clone()];
        let first = blanks(text, root.start + 1);
        let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let is_empty = first + 1 >= root.end;
        let unit = if is_empty || !inner.contains('\n') {
            String::new()
        } else {
            line_indent(text, first).to_owned()
        };
        Self {
            newline,
            unit: if unit.is_empty() {
                "  ".to_owned()
            } else {
                unit
            },
            is_compact: !is_empty && !inner.contains('\n'),
        }
    }
}

/// Returns the blanks at the beginning of the line that a byte stands in.
fn line_indent(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = &text[start..at];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

fn blanks(text: &str, mut at: usize) -> usize {
    while matches!(text.as_bytes().get(at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
        at += 1;
    }
    at
}

/// Returns where the next item begins, or the end of the container.
fn next(text: &str, end: usize) -> usize {
    let at = blanks(text, end);
    if text.as_bytes().get(at) == Some(&b',') {
        blanks(text, at + 1)
    } else {
        at
    }
}

fn value_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut in_text) = (start, 0_usize, false);
    while let Some(&byte) = bytes.get(at) {
        match (in_text, byte) {
            (true, b'\\') => at += 1,
            (true, b'"') => {
                in_text = false;
                if depth == 0 {
                    return at + 1;
                }
            }
            (false, b'"') => in_text = true,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') if depth <= 1 => return if depth == 0 { at } else { at + 1 },
            (false, b'}' | b']') => depth -= 1,
            (false, b',' | b' ' | b'\t' | b'\n' | b'\r') if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}
