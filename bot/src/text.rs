//! Text as Telegram takes it: escaped, counted in UTF-16 units, cut between lines.

use std::fmt::Write as _;

/// Longest message, UTF-16 units with its tags; Telegram's own limit is 4,096 without them.
pub(crate) const LONGEST_MESSAGE: usize = 4_000;
/// Longest single line, UTF-16 units.
const LONGEST_LINE: usize = 900;
/// Kept free for the note about what was cut.
const NOTE: usize = 120;
/// What `<pre></pre>` and a newline cost.
const PRE: usize = 12;

/// A message that is ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    /// The text with its tags.
    pub(crate) html: String,
    /// The whole of it, when the text had to be cut.
    pub(crate) document: Option<Document>,
    /// The buttons below it.
    pub(crate) buttons: Option<Buttons>,
}

/// A text file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Two buttons: one that does it, one that leaves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Buttons {
    pub(crate) ticket: String,
    pub(crate) yes: &'static str,
}

/// A message in the making. Every line closes its own tags, so that it can be cut after any.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    name: &'static str,
    lines: Vec<Line>,
}

#[derive(Clone, Debug)]
enum Line {
    Html(String),
    Pre(String),
}

impl Page {
    /// Makes an empty one; `name` is the file's when the text is too long for a message.
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            lines: Vec::new(),
        }
    }

    /// Adds the first line: a word that says what matters, and a sentence with backticks.
    pub(crate) fn head(mut self, word: &str, sentence: &str) -> Self {
        let word = escape(word);
        let colon = if sentence.is_empty() { "" } else { ": " };
        self.lines.push(Line::Html(format!(
            "<b>{word}</b>{colon}{}",
            sentence_html(sentence)
        )));
        self
    }

    /// Adds a line of HTML made by the caller from escaped parts.
    pub(crate) fn html(&mut self, html: impl Into<String>) -> &mut Self {
        self.lines.push(Line::Html(html.into()));
        self
    }

    /// Adds a sentence for people; what stands between backticks is shown as code.
    pub(crate) fn say(&mut self, sentence: &str) -> &mut Self {
        for line in sentence.lines() {
            self.lines.push(Line::Html(sentence_html(line)));
        }
        self
    }

    /// Adds text of others as it is, line by line.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        for line in text.lines() {
            self.lines
                .push(Line::Html(escape(&shorten(line, LONGEST_LINE))));
        }
        self
    }

    /// Adds lines that a machine printed.
    pub(crate) fn pre<'a>(&mut self, lines: impl IntoIterator<Item = &'a str>) -> &mut Self {
        for line in lines.into_iter().flat_map(str::lines) {
            self.lines
                .push(Line::Pre(escape(&shorten(line, LONGEST_LINE))));
        }
        self
    }

    /// Adds an empty line.
    pub(crate) fn gap(&mut self) -> &mut Self {
        self.html("")
    }

    /// Returns the message; what does not fit is cut, and the whole goes along as a file.
    pub(crate) fn message(self) -> Message {
        let whole: usize = self.lines.iter().map(Line::cost).sum();
        if whole <= LONGEST_MESSAGE {
            return Message {
                html: join(&self.lines),
                document: None,
                buttons: None,
            };
        }
        let mut left = LONGEST_MESSAGE - NOTE;
        let kept = self.lines.iter().take_while(|line| {
            let fits = line.cost() <= left;
            left = left.saturating_sub(line.cost());
            fits
        });
        let kept = kept.count();
        let mut html = join(&self.lines[..kept]);
        let _infallible = write!(
            html,
            "\n<i>… {} more lines are in the file below</i>",
            self.lines.len() - kept
        );
        let document = Document {
            name: format!("{}.txt", self.name),
            text: plain(&join(&self.lines)),
        };
        Message {
            html,
            document: Some(document),
            buttons: None,
        }
    }
}

impl Line {
    fn cost(&self) -> usize {
        match self {
            Self::Html(html) => units(html) + 1,
            Self::Pre(html) => units(html) + 1 + PRE,
        }
    }
}

fn join(lines: &[Line]) -> String {
    let mut out = String::new();
    let mut in_pre = false;
    for (index, line) in lines.iter().enumerate() {
        match (line, in_pre) {
            (Line::Pre(_), false) => {
                if index > 0 {
                    out.push('\n');
                }
                out.push_str("<pre>");
            }
            (Line::Html(_), true) => out.push_str("</pre>\n"),
            _ if index > 0 => out.push('\n'),
            _ => {}
        }
        let (Line::Html(text) | Line::Pre(text)) = line;
        out.push_str(text);
        in_pre = matches!(line, Line::Pre(_));
    }
    if in_pre {
        out.push_str("</pre>");
    }
    out
}

/// Escapes what HTML gives a meaning, and drops what no person can see.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' | '\t' => out.push(character),
            // A name that turns the reading direction could make one version look like another.
            '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            character if character.is_control() => {}
            character => out.push(character),
        }
    }
    out
}

/// Returns a name or a command as code.
pub(crate) fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(&shorten(text, LONGEST_LINE)))
}

/// Escapes a sentence and shows what stands between backticks as code.
pub(crate) fn sentence_html(sentence: &str) -> String {
    let escaped = escape(&shorten(sentence, LONGEST_LINE));
    let pieces: Vec<&str> = escaped.split('`').collect();
    // An odd number of backticks has one without a partner: leave them all as they are.
    if pieces.len().is_multiple_of(2) {
        return escaped;
    }
    let mut out = String::with_capacity(escaped.len());
    for (index, piece) in pieces.iter().enumerate() {
        if index % 2 == 0 || piece.is_empty() {
            out.push_str(piece);
        } else {
            let _infallible = write!(out, "<code>{piece}</code>");
        }
    }
    out
}

/// Counts as Telegram does.
pub(crate) fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Cuts a text to a number of UTF-16 units, never inside a character.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    if units(text) <= limit {
        return text.to_owned();
    }
    let mut left = limit.saturating_sub(1);
    let mut out: String = text
        .chars()
        .take_while(|character| {
            let fits = character.len_utf16() <= left;
            left = left.saturating_sub(character.len_utf16());
            fits
        })
        .collect();
    out.push('…');
    out
}

/// Returns what a person reads: without our tags, entities as characters.
pub(crate) fn plain(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut in_tag = false;
    for character in html.chars() {
        match character {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            character if !in_tag => out.push(character),
            _ => {}
        }
    }
    out.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_escaped(text: &str, expected: &str) {
        assert_eq!(escape(text), expected);
    }

    #[test]
    fn markup_in_a_name_is_shown_and_does_nothing() {
        check_escaped("<b>&amp;</b>", "&lt;b&gt;&amp;amp;&lt;/b&gt;");
        check_escaped("a\u{202e}b\0c\u{1b}[31m", "abc[31m");
        check_escaped("name\n\twith lines", "name\n\twith lines");
    }

    #[test]
    fn escaped_text_reads_as_it_was() {
        for text in [
            "<script>",
            "a & b",
            "&lt;",
            "x > y < z",
            "'quotes\"; rm -rf",
        ] {
            assert_eq!(plain(&escape(text)), text);
        }
    }

    #[test]
    fn backticks_become_code_when_they_pair() {
        assert_eq!(
            sentence_html("use `/deploy <x>` now"),
            "use <code>/deploy &lt;x&gt;</code> now"
        );
        assert_eq!(sentence_html("one ` alone"), "one ` alone");
        assert_eq!(sentence_html("`` empty"), " empty");
    }

    #[test]
    fn a_cut_never_splits_a_character() {
        assert_eq!(shorten("😀😀😀", 6), "😀😀😀");
        assert_eq!(shorten("😀😀😀", 5), "😀😀…");
        assert_eq!(shorten("😀😀😀", 4), "😀…");
        assert_eq!(shorten("abc", 2), "a…");
    }

    #[test]
    fn a_long_page_is_cut_between_lines_and_whole_in_the_file() {
        let mut page = Page::new("log").head("failed", "it did not start");
        let lines: Vec<String> = (0..500)
            .map(|number| format!("line {number} 😀 <&>"))
            .collect();
        page.pre(lines.iter().map(String::as_str));
        let message = page.message();
        assert!(
            units(&message.html) <= LONGEST_MESSAGE,
            "{}",
            units(&message.html)
        );
        assert!(
            message
                .html
                .ends_with("more lines are in the file below</i>"),
            "{}",
            message.html
        );
        assert_eq!(
            message.html.matches("<pre>").count(),
            message.html.matches("</pre>").count()
        );
        let document = message.document.unwrap();
        assert_eq!(document.name, "log.txt");
        assert!(
            document.text.ends_with("line 499 😀 <&>"),
            "{}",
            document.text
        );
    }

    #[test]
    fn a_short_page_is_not_cut() {
        let mut page = Page::new("status").head("ok", "");
        page.pre(["one", "two"]).say("done");
        let message = page.message();
        assert_eq!(message.html, "<b>ok</b>\n<pre>one\ntwo</pre>\ndone");
        assert_eq!(message.document, None);
    }

    #[test]
    fn one_endless_line_does_not_break_the_page() {
        let mut page = Page::new("text").head("ok", "");
        page.text(&"x".repeat(1_000_000));
        assert!(units(&page.message().html) <= LONGEST_MESSAGE);
    }
}
