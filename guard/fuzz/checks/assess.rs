//! What holds for the answer to any call.

use guard::{
    Exception, Facts, Inventory, Project, RuleSetting, ServerFact, ServiceFact, Settings, ToolCall,
    Verdict, assess as judge, explain, facts_needed,
};
use serde_json::{Value, json};

/// Judges the call that the bytes stand for, and checks what always holds of the answer.
///
/// The first three lines are the tool, the directory and words for facts and settings
/// (`home:/home/ann server:web-1/production set:git=off`). The rest is the input as JSON, or a command.
pub(crate) fn assess(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (tool, cwd, words, rest) = (line(), line(), line(), line());
    let (facts, settings) = known(words);
    let input = match serde_json::from_str::<Value>(rest) {
        Ok(input @ Value::Object(_)) => input,
        _ => json!({"command": rest}),
    };
    let call = ToolCall {
        tool,
        input: &input,
        cwd,
    };

    let needed = facts_needed(&call);
    assert!(needed.paths.len() <= 256 && needed.words.len() <= 256);
    let first = judge(&call, &facts, &settings);
    assert_eq!(first, judge(&call, &facts, &settings));
    let explained = explain(&call, &facts, &settings);
    assert_eq!(first, explained.assessment);
    assert!(
        explained
            .parts
            .iter()
            .all(|part| part.verdict <= first.verdict)
    );
    if first.verdict == Verdict::None {
        assert_eq!(first.rule, None);
    } else {
        let rule = first.rule.as_deref().unwrap_or_default();
        assert!(guard::rules().any(|known| known.id == rule), "{rule:?}");
        assert!(!first.reason.trim().is_empty());
        assert!(
            first
                .alternative
                .is_some_and(|text| !text.trim().is_empty())
        );
    }
}

/// Reads facts and settings. What is no known word says nothing.
fn known(words: &str) -> (Facts, Settings) {
    let (mut facts, mut settings) = (Facts::default(), Settings::default());
    for word in words.split(' ') {
        let (name, value) = word.split_once(':').unwrap_or((word, ""));
        let mut cells = value.split('/').map(str::to_owned);
        let mut cell = || cells.next().unwrap_or_default();
        match name {
            "home" => facts.home = Some(value.to_owned()),
            "project" | "versioned" => {
                facts.project = Some(Project {
                    root: value.to_owned(),
                    under_version_control: name == "versioned",
                });
            }
            "protected" => facts.protected_paths.push(value.to_owned()),
            "server" | "local" => facts.inventory.servers.push(ServerFact {
                name: cell(),
                role: cell(),
                hostname: cell(),
                ip_addresses: vec![cell()],
                local: name == "local",
            }),
            "service" => facts.inventory.services.push(ServiceFact {
                name: cell(),
                server: cell(),
                runtime: cell(),
                kind: cell(),
                dependents: vec![cell()],
                project_path: Some(format!("/srv/{}", cell())),
            }),
            "set" => {
                let (rule, setting) = value.split_once('=').unwrap_or((value, "ask"));
                let setting = match setting {
                    "off" => RuleSetting::Off,
                    "deny" => RuleSetting::Deny,
                    "on" => RuleSetting::On,
                    _ => RuleSetting::Ask,
                };
                settings.rules.insert(rule.to_owned(), setting);
            }
            "allow" => {
                settings.today = Some("2026-01-31T10:00:00Z".to_owned());
                settings.exceptions.push(Exception {
                    command: value.replace('+', " "),
                    until: "2026-02-01".to_owned(),
                    ..Exception::default()
                });
            }
            _ => {}
        }
    }
    facts.inventory = Inventory {
        taken_at: "2026-01-31T10:00:00Z".to_owned(),
        ..facts.inventory
    };
    (facts, settings)
}
