//! Telegram's HTML: enough to refuse what the real one refuses.

const TAGS: &[&str] = &[
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "strike",
    "del",
    "span",
    "tg-spoiler",
    "a",
    "code",
    "pre",
    "blockquote",
    "tg-emoji",
];

/// Checks a text as Telegram does; the error is its description.
pub(super) fn check(text: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let after = &rest[start + 1..];
        let end = after
            .find('>')
            .ok_or("can't parse entities: Unexpected end of tag")?;
        let tag = &after[..end];
        rest = &after[end + 1..];
        if let Some(name) = tag.strip_prefix('/') {
            let last = open
                .pop()
                .ok_or_else(|| format!("can't parse entities: Unexpected end tag at </{name}>"))?;
            if last != name.trim() {
                return Err(format!(
                    "can't parse entities: Unmatched end tag, expected \"</{last}>\", found \"</{name}>\""
                ));
            }
        } else {
            let name = tag.split_whitespace().next().unwrap_or_default();
            if !TAGS.contains(&name) {
                return Err(format!(
                    "can't parse entities: Unsupported start tag \"{name}\""
                ));
            }
            open.push(name);
        }
    }
    match open.last() {
        None => Ok(()),
        Some(name) => Err(format!(
            "can't parse entities: Can't find end tag corresponding to start tag \"{name}\""
        )),
    }
}

/// The text that a person reads.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut inside_tag = false;
    for letter in text.chars() {
        match letter {
            '<' => inside_tag = true,
            '>' if inside_tag => inside_tag = false,
            _ if inside_tag => {}
            _ => plain.push(letter),
        }
    }
    plain
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unclosed_or_unknown_tag_is_refused() {
        assert_eq!(check("<b>fine</b> &lt;x&gt; <a href=\"u\">y</a>"), Ok(()));
        assert!(check("<b>never closed").is_err());
        assert!(check("a <table> of things").is_err());
        assert!(check("<b><i>crossed</b></i>").is_err());
    }

    #[test]
    fn a_person_reads_no_tags() {
        assert_eq!(plain("<b>1 &lt; 2</b> &amp;amp;"), "1 < 2 &amp;");
    }
}
