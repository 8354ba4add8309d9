//! The parsed command as a tree for a terminal, bounded and escaped whatever it holds.

use guard::{Explanation, Part, Verdict};

use crate::output::{mark, marked};
use crate::render::prose::{bounded, escaped, wrapped};

/// More parts than these are counted, not drawn; those with a verdict come first.
const MOST_PARTS: usize = 60;
/// The command itself is shown up to here, in characters.
const LONGEST_TITLE: usize = 400;
/// One part, one fact or one step is shown up to here, in characters.
const LONGEST_TEXT: usize = 300;
/// Deeper steps are drawn as one.
const DEEPEST: usize = 12;

/// Draws an explanation; the last line is the verdict of the whole.
pub(super) fn drawn(title: &str, explanation: &Explanation, columns: usize) -> String {
    let mut lines = wrapped(&bounded(&escaped(title), LONGEST_TITLE), columns);
    for line in &mut lines {
        *line = marked(mark::BOLD, line);
    }
    let (parts, left_out) = chosen(&explanation.parts);
    let mut tree = Tree::default();
    for part in parts {
        tree.add(part);
    }
    tree.draw("", columns, &mut lines);
    if left_out > 0 {
        lines.push(format!(
            "and {left_out} more parts, none of them stricter than what is shown"
        ));
    }
    if explanation.parts.is_empty() {
        lines.push("nothing would run".to_owned());
    }
    if explanation.unfinished {
        lines.push("A quote or a bracket is never closed: a shell would refuse this.".to_owned());
    }
    lines.push(whole(explanation));
    lines.join("\n")
}

/// The parts to draw, in their order: all with the strictest verdicts, and the first others.
fn chosen(parts: &[Part]) -> (Vec<&Part>, usize) {
    let mut order: Vec<usize> = (0..parts.len()).collect();
    order.sort_by_key(|&index| (std::cmp::Reverse(parts[index].verdict), index));
    order.truncate(MOST_PARTS);
    order.sort_unstable();
    let chosen: Vec<&Part> = order.into_iter().map(|index| &parts[index]).collect();
    let left_out = parts.len() - chosen.len();
    (chosen, left_out)
}

fn whole(explanation: &Explanation) -> String {
    let assessment = &explanation.assessment;
    let meaning = match assessment.verdict {
        Verdict::None => "nothing to say; your own permission flow goes on",
        Verdict::Ask => "a person should look",
        Verdict::Deny => "it does not run",
    };
    let rule = assessment
        .rule
        .as_ref()
        .map_or_else(String::new, |rule| format!(" ({rule})"));
    format!("{}{rule}: {meaning}", verdict(assessment.verdict))
}

fn verdict(verdict: Verdict) -> String {
    let colour = match verdict {
        Verdict::None => mark::DIM,
        Verdict::Ask => mark::WARN,
        Verdict::Deny => mark::BAD,
    };
    marked(colour, verdict.as_str())
}

/// One step on the way, or a part at its end.
enum Node<'a> {
    Step(&'a str, Tree<'a>),
    Part(&'a Part),
}

#[derive(Default)]
struct Tree<'a>(Vec<Node<'a>>);

impl<'a> Tree<'a> {
    /// Parts that follow each other share the steps that lead to them.
    fn add(&mut self, part: &'a Part) {
        let mut tree = self;
        for step in part.via.iter().take(DEEPEST) {
            let is_last = matches!(tree.0.last(), Some(Node::Step(last, _)) if last == step);
            if !is_last {
                tree.0.push(Node::Step(step, Tree::default()));
            }
            let Some(Node::Step(_, below)) = tree.0.last_mut() else {
                return;
            };
            tree = below;
        }
        tree.0.push(Node::Part(part));
    }

    fn draw(&self, before: &str, columns: usize, lines: &mut Vec<String>) {
        for (index, node) in self.0.iter().enumerate() {
            let (branch, below) = if index + 1 == self.0.len() {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            let below = format!("{before}{below}");
            let room = columns.saturating_sub(below.chars().count()).max(20);
            let text = match node {
                Node::Step(step, _) => escaped(step),
                Node::Part(part) => escaped(&part.text),
            };
            let text = if text.is_empty() {
                "(a redirection)".to_owned()
            } else {
                text
            };
            for (row, line) in wrapped(&bounded(&text, LONGEST_TEXT), room)
                .into_iter()
                .enumerate()
            {
                let lead = if row == 0 {
                    format!("{before}{branch}")
                } else {
                    below.clone()
                };
                lines.push(format!("{}{line}", marked(mark::DIM, &lead)));
            }
            match node {
                Node::Step(_, tree) => tree.draw(&below, columns, lines),
                Node::Part(part) => {
                    for (name, text) in about(part) {
                        let named = format!("{name:<9}");
                        for (row, line) in wrapped(&text, room.saturating_sub(9).max(20))
                            .into_iter()
                            .enumerate()
                        {
                            let lead = if row == 0 {
                                named.as_str()
                            } else {
                                "         "
                            };
                            lines.push(format!(
                                "{}{line}",
                                marked(mark::DIM, &format!("{below}{lead}"))
                            ));
                        }
                    }
                }
            }
        }
    }
}

/// What is said about a part, each under its name.
fn about(part: &Part) -> Vec<(&'static str, String)> {
    let mut rows = Vec::new();
    let rule = part
        .rule
        .as_ref()
        .map_or_else(String::new, |rule| format!(" ({rule})"));
    rows.push(("verdict", format!("{}{rule}", verdict(part.verdict))));
    if part.verdict != Verdict::None {
        rows.push(("why", escaped(&part.reason)));
    }
    if let Some(alternative) = &part.alternative {
        rows.push(("instead", escaped(alternative)));
    }
    for through in &part.let_through {
        let exception = &through.exception;
        let who = if exception.who.is_empty() {
            "the configuration"
        } else {
            &exception.who
        };
        let text = format!(
            "{} by {who} until {}: {}",
            through.rule, exception.until, exception.reason
        );
        rows.push(("let by", bounded(&escaped(&text), LONGEST_TEXT)));
    }
    if let Some(host) = &part.host {
        rows.push(("host", bounded(&escaped(host), LONGEST_TEXT)));
    }
    if let Some(cwd) = &part.cwd {
        rows.push(("folder", bounded(&escaped(cwd), LONGEST_TEXT)));
    }
    for fact in &part.facts {
        rows.push(("known", bounded(&escaped(fact), LONGEST_TEXT)));
    }
    for unknown in &part.unknown {
        rows.push(("unknown", unknown.clone()));
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use guard::{Facts, Settings, ToolCall};

    fn plain(text: &str) -> String {
        text.chars()
            .filter(|one| !('\u{206a}'..='\u{206f}').contains(one))
            .collect()
    }

    fn explained(command: &str, columns: usize) -> String {
        let input = serde_json::json!({ "command": command });
        let call = ToolCall {
            tool: "Bash",
            input: &input,
            cwd: "/home/dev/app",
        };
        let explanation = guard::explain(&call, &Facts::default(), &Settings::default());
        plain(&drawn(command, &explanation, columns))
    }

    #[test]
    fn what_leads_to_a_part_stands_above_it() {
        let text = explained("sudo sh -c \"ssh web-1 'rm -rf /srv/data'\"", 100);
        let at = |needle: &str| {
            text.find(needle)
                .unwrap_or_else(|| panic!("{needle} in {text}"))
        };
        assert!(at("└─ sudo") < at("└─ sh -c"));
        assert!(at("└─ sh -c") < at("└─ ssh web-1"));
        assert!(at("└─ ssh web-1") < at("└─ rm -rf /srv/data"));
        assert!(text.contains("`web-1` is not in the inventory."), "{text}");
        assert!(
            text.ends_with("deny (filesystem.delete-tree): it does not run"),
            "{text}"
        );
    }

    #[test]
    fn sixty_columns_are_enough_and_no_word_is_cut() {
        let command = "git push --force origin main && terraform destroy -auto-approve";
        let text = explained(command, 60);
        assert!(
            text.lines().all(|line| line.chars().count() <= 60),
            "{text}"
        );
        let words: Vec<&str> = text
            .split_whitespace()
            .filter(|word| !matches!(*word, "│" | "├─" | "└─"))
            .collect();
        let flat = words.join(" ");
        for rule in ["git.push-force", "infrastructure.destroy"] {
            let rule = guard::rules().find(|known| known.id == rule).unwrap();
            assert!(
                flat.contains(rule.alternative),
                "{} in {flat}",
                rule.alternative
            );
        }
    }

    #[test]
    fn hostile_text_is_shown_escaped_and_bounded() {
        let text = explained("rm -rf /\u{1b}[2J\u{202e}\u{200b} '\n\r\u{7}'", 80);
        assert!(text.contains("\\u{1b}[2J\\u{202e}\\u{200b}"), "{text}");
        assert!(
            !text.contains(['\u{1b}', '\u{202e}', '\r', '\u{7}']),
            "{text:?}"
        );
        let long = explained(&"x".repeat(1_000_000), 80);
        assert!(long.len() < 4_000, "{}", long.len());
        let many = explained(&"echo a;".repeat(100_000), 80);
        assert!(many.lines().count() < 400, "{}", many.lines().count());
        let deep = explained(&"sudo ".repeat(500), 60);
        assert!(deep.lines().count() < 200);
    }

    #[test]
    fn what_is_dangerous_is_drawn_also_behind_thousands_that_are_not() {
        let text = explained(&format!("{}dropdb shop", "echo a;".repeat(500)), 80);
        assert!(text.contains("dropdb shop"), "{text}");
        assert!(text.contains("more parts"), "{text}");
    }
}
