//! Cuts a document into passages that each make sense alone.
//!
//! Headings are respected: no passage spans two sections, and each carries the path of headings it stands under.
//! Code fences stay whole when they fit.

/// How a document's text is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Markdown: `#` and underlined headings, fences.
    Markdown,
    /// Paragraphs between blank lines.
    Text,
}

impl Kind {
    /// The word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::Text => "text",
        }
    }
}

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The headings it stands under, outermost first, joined by ` > `; empty above the first heading.
    pub heading: String,
    /// The piece itself, never empty.
    pub text: String,
}

/// The size that passages are filled up to, in characters. About 250 tokens, what `all-minilm` reads.
pub const TARGET_CHARS: usize = 1_000;
/// No passage is longer, in characters: a code fence up to this size is kept whole.
pub const HARD_CHARS: usize = 6_000;
/// A heading path is cut to this many characters.
const HEADING_CHARS: usize = 300;
/// A last piece smaller than this joins the piece before it.
const SMALL_CHARS: usize = 200;

/// Cuts a text into passages, in order.
pub fn chunks(kind: Kind, text: &str) -> Vec<Chunk> {
    let text = normalize(text);
    let sections = match kind {
        Kind::Markdown => markdown_sections(&text),
        Kind::Text => {
            let mut section = Section::new(String::new());
            text.lines().for_each(|line| section.line(line));
            section.end_block();
            vec![section]
        }
    };
    let mut found = Vec::new();
    for (position, section) in sections.iter().enumerate() {
        if section.blocks.is_empty() {
            // A heading with nothing below it may be the whole statement: "Never restart db1 on Fridays".
            let is_leaf = sections
                .get(position + 1)
                .is_none_or(|next| next.level <= section.level);
            if is_leaf && !section.title.is_empty() {
                found.push(Chunk {
                    heading: section.heading.clone(),
                    text: cut(&section.title, HARD_CHARS),
                });
            }
            continue;
        }
        found.extend(pack(&section.blocks).into_iter().map(|text| Chunk {
            heading: section.heading.clone(),
            text,
        }));
    }
    found
}

/// The first top heading of a Markdown text.
pub(crate) fn title(kind: Kind, text: &str) -> Option<String> {
    if kind != Kind::Markdown {
        return None;
    }
    markdown_sections(&normalize(text))
        .into_iter()
        .find(|section| section.level == 1)
        .map(|section| cut(&section.title, HEADING_CHARS))
}

/// Cuts to at most `chars` characters, never inside one.
pub(crate) fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => text[..end].to_owned(),
        None => text.to_owned(),
    }
}

struct Section {
    level: usize,
    title: String,
    heading: String,
    blocks: Vec<Block>,
    open: Vec<String>,
}

struct Block {
    text: String,
    /// The opening and closing line, when this is a code fence.
    fence: Option<(String, String)>,
}

impl Section {
    fn new(heading: String) -> Self {
        Self {
            level: 0,
            title: String::new(),
            heading,
            blocks: Vec::new(),
            open: Vec::new(),
        }
    }

    fn line(&mut self, line: &str) {
        if line.trim().is_empty() {
            self.end_block();
        } else {
            self.open.push(line.to_owned());
        }
    }

    fn end_block(&mut self) {
        if !self.open.is_empty() {
            let text = std::mem::take(&mut self.open).join("\n");
            self.blocks.push(Block { text, fence: None });
        }
    }
}

fn normalize(text: &str) -> String {
    text.trim_start_matches('\u{feff}')
        .replace("\r\n", "\n")
        .replace('\r', "\n")
}

fn markdown_sections(text: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut section = Section::new(String::new());
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if let Some(mark) = fence_mark(line) {
            section.end_block();
            section.blocks.push(read_fence(line, mark, &mut lines));
            continue;
        }
        if number == 0 && line == "---" {
            // Front matter: its dashes are no headings.
            let matter: Vec<&str> = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| *line != "---")
                .collect();
            for line in matter {
                section.line(line);
            }
            section.end_block();
            continue;
        }
        let heading = atx_heading(line).or_else(|| {
            let level = underline_level(line)?;
            (section.open.len() == 1).then(|| (level, section.open.remove(0).trim().to_owned()))
        });
        let Some((level, title)) = heading else {
            section.line(line);
            continue;
        };
        section.end_block();
        sections.push(section);
        path.retain(|(above, _)| *above < level);
        path.push((level, title.clone()));
        let joined = path
            .iter()
            .map(|(_, title)| title.as_str())
            .collect::<Vec<_>>()
            .join(" > ");
        section = Section::new(cut(&joined, HEADING_CHARS));
        section.level = level;
        section.title = title;
    }
    section.end_block();
    sections.push(section);
    sections
}

/// The fence's character and length, when the line opens one.
fn fence_mark(line: &str) -> Option<(char, usize)> {
    let trimmed = line.trim_start();
    let mark = trimmed.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = trimmed.chars().take_while(|c| *c == mark).count();
    let info = &trimmed[length..];
    // A longer line is text that happens to begin so.
    let is_info = info.chars().count() <= 100 && !(mark == '`' && info.contains('`'));
    (length >= 3 && is_info).then_some((mark, length))
}

/// Reads up to the closing line; a fence that is never closed ends with the document.
fn read_fence<'a>(
    opening: &str,
    (mark, length): (char, usize),
    lines: &mut impl Iterator<Item = (usize, &'a str)>,
) -> Block {
    let mut all = vec![opening.to_owned()];
    let closing: String = std::iter::repeat_n(mark, length).collect();
    for (_, line) in lines {
        all.push(line.to_owned());
        let trimmed = line.trim();
        if trimmed.len() >= length && trimmed.chars().all(|c| c == mark) {
            break;
        }
    }
    Block {
        text: all.join("\n"),
        fence: Some((opening.trim().to_owned(), closing)),
    }
}

fn atx_heading(line: &str) -> Option<(usize, String)> {
    let level = line.chars().take_while(|c| *c == '#').count();
    let rest = &line[level..];
    if !(1..=6).contains(&level) || !(rest.is_empty() || rest.starts_with([' ', '\t'])) {
        return None;
    }
    Some((level, rest.trim().trim_end_matches('#').trim().to_owned()))
}

/// The level that an underline gives to the single line above it.
fn underline_level(line: &str) -> Option<usize> {
    let line = line.trim_end();
    match line.chars().next()? {
        '=' if line.chars().all(|c| c == '=') => Some(1),
        '-' if line.len() >= 2 && line.chars().all(|c| c == '-') => Some(2),
        _ => None,
    }
}

/// Joins small blocks and splits large ones.
fn pack(blocks: &[Block]) -> Vec<String> {
    let mut packed: Vec<String> = Vec::new();
    let mut filled = 0;
    for block in blocks {
        for piece in split_block(block) {
            let length = piece.chars().count();
            match packed.last_mut() {
                Some(last) if filled + 2 + length <= TARGET_CHARS => {
                    last.push_str("\n\n");
                    last.push_str(&piece);
                    filled += 2 + length;
                }
                _ => {
                    packed.push(piece);
                    filled = length;
                }
            }
        }
    }
    if packed.len() >= 2 && filled < SMALL_CHARS {
        let before = packed[packed.len() - 2].chars().count();
        if before + 2 + filled <= TARGET_CHARS + SMALL_CHARS + 2 {
            let small = packed.pop().unwrap_or_default();
            if let Some(last) = packed.last_mut() {
                last.push_str("\n\n");
                last.push_str(&small);
            }
        }
    }
    packed
}

fn split_block(block: &Block) -> Vec<String> {
    let length = block.text.chars().count();
    match &block.fence {
        None if length <= TARGET_CHARS => vec![block.text.clone()],
        None => split_text(&block.text, TARGET_CHARS),
        Some(_) if length <= HARD_CHARS => vec![block.text.clone()],
        Some((opening, closing)) => {
            // Each part gets the fence again, so that it still reads as code.
            let body: Vec<&str> = block.text.lines().skip(1).collect();
            let body = match body.split_last() {
                Some((last, rest)) if last.trim().starts_with(closing.as_str()) => rest.join("\n"),
                _ => body.join("\n"),
            };
            split_text(&body, TARGET_CHARS)
                .into_iter()
                .map(|part| format!("{opening}\n{part}\n{closing}"))
                .collect()
        }
    }
}

/// Splits at the last line end, sentence end or blank before the limit, in this order; else between two characters.
fn split_text(text: &str, limit: usize) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((end, _)) = rest.char_indices().nth(limit) {
        let window = &rest[..end];
        // A split in the first half would leave crumbs.
        let half = window.char_indices().nth(limit / 2).map_or(0, |(at, _)| at);
        let at = last_after(window, "\n", half)
            .or_else(|| last_after(window, ". ", half))
            .or_else(|| last_after(window, " ", half))
            .unwrap_or(end);
        push_trimmed(&mut parts, &rest[..at]);
        rest = &rest[at..];
    }
    push_trimmed(&mut parts, rest);
    parts
}

/// Where the text goes on after the last `mark`, when that is beyond `from`.
fn last_after(window: &str, mark: &str, from: usize) -> Option<usize> {
    window
        .rfind(mark)
        .map(|at| at + mark.len())
        .filter(|at| *at > from)
}

fn push_trimmed(parts: &mut Vec<String>, part: &str) {
    let part = part.trim_end().trim_start_matches('\n');
    if !part.trim().is_empty() {
        parts.push(part.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(text: &str) -> Vec<(String, String)> {
        chunks(Kind::Markdown, text)
            .into_iter()
            .map(|chunk| (chunk.heading, chunk.text))
            .collect()
    }

    fn pair(heading: &str, text: &str) -> (String, String) {
        (heading.to_owned(), text.to_owned())
    }

    #[test]
    fn each_passage_carries_its_heading_path() {
        let text =
            "intro\n\n# Runbook\nfirst\n## Restart\nrun it\n### Careful\nslow\n## Port ##\n8080\n";
        assert_eq!(
            show(text),
            [
                pair("", "intro"),
                pair("Runbook", "first"),
                pair("Runbook > Restart", "run it"),
                pair("Runbook > Restart > Careful", "slow"),
                pair("Runbook > Port", "8080"),
            ]
        );
    }

    #[test]
    fn underlined_headings_and_front_matter_are_understood() {
        let text = "---\ntitle: x\n---\nTop\n===\none\n\nSub\n---\ntwo\nthree\n---\nfour";
        assert_eq!(
            show(text),
            [
                pair("", "title: x"),
                pair("Top", "one"),
                pair("Top > Sub", "two\nthree\n---\nfour")
            ]
        );
    }

    #[test]
    fn a_heading_alone_is_kept_when_it_is_a_statement() {
        assert_eq!(
            show("# Rules\n## Never restart db1 on Fridays\n## Ask first\nyes"),
            [
                pair(
                    "Rules > Never restart db1 on Fridays",
                    "Never restart db1 on Fridays"
                ),
                pair("Rules > Ask first", "yes"),
            ]
        );
    }

    #[test]
    fn a_hash_inside_a_fence_is_no_heading() {
        let text = "# A\n```sh\n# comment\n\nls\n```\nafter";
        assert_eq!(
            show(text),
            [pair("A", "```sh\n# comment\n\nls\n```\n\nafter")]
        );
    }

    #[test]
    fn a_fence_that_fits_stays_whole_and_a_longer_one_is_fenced_again() {
        let fits = format!("```\n{}```", "echo line\n".repeat(500));
        assert_eq!(show(&fits).len(), 1);
        let long = format!("```sh\n{}```", "echo line\n".repeat(1_000));
        let parts = show(&long);
        assert!(parts.len() > 5);
        for (_, text) in parts {
            assert!(
                text.starts_with("```sh\necho line\n") && text.ends_with("echo line\n```"),
                "{text}"
            );
        }
    }

    #[test]
    fn no_passage_is_too_long_and_none_breaks_a_character() {
        for text in [
            "ü".repeat(20_000),
            "日本語 ".repeat(5_000),
            format!("~~~{}\n", "x".repeat(20_000)),
        ] {
            let found = chunks(Kind::Markdown, &text);
            assert!(
                found
                    .iter()
                    .all(|chunk| chunk.text.chars().count() <= HARD_CHARS)
            );
            assert!(!found.is_empty());
        }
    }

    #[test]
    fn long_prose_is_split_between_sentences() {
        let text = "A sentence of some words. ".repeat(100);
        let found = chunks(Kind::Text, &text);
        assert!(found.len() > 1);
        for chunk in found {
            assert!(chunk.text.ends_with("words."), "{}", chunk.text);
            assert!(chunk.text.chars().count() <= TARGET_CHARS);
        }
    }

    #[test]
    fn nothing_comes_of_nothing() {
        assert_eq!(chunks(Kind::Markdown, " \n\n\t\n"), []);
        assert_eq!(chunks(Kind::Text, ""), []);
    }

    #[test]
    fn windows_line_ends_and_a_byte_order_mark_are_no_text() {
        assert_eq!(show("\u{feff}# A\r\nb\r\n"), [pair("A", "b")]);
        assert_eq!(
            title(Kind::Markdown, "\u{feff}# A\r\nb\r\n").as_deref(),
            Some("A")
        );
    }
}
