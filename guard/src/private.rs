//! What a person marks as private never gets further than here.

const BEGIN: &str = "<private>";
const END: &str = "</private>";

/// Leaves out what stands between `<private>` and `</private>`; without an end, all that follows.
pub fn without_private(text: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(start) = lower[at..].find(BEGIN).map(|found| at + found) {
        kept.push_str(&text[at..start]);
        kept.push_str("[private]");
        match lower[start..].find(END) {
            Some(end) => at = start + end + END.len(),
            None => return kept,
        }
    }
    kept.push_str(&text[at..]);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_parts_are_left_out_also_without_an_end() {
        assert_eq!(
            without_private("a <private>b</private> c <PRIVATE>d"),
            "a [private] c [private]"
        );
        assert_eq!(
            without_private("<private>x</private><private>y</private>z"),
            "[private][private]z"
        );
        assert_eq!(
            without_private("nothing İ hidden </private>"),
            "nothing İ hidden </private>"
        );
    }
}
