//! Tools of MCP servers: what their input would run, and what their name says they do.

mod deeds;
mod input;
mod name;

pub(crate) use input::Asked;
pub(super) use input::is_one_of;
pub(crate) use name::Name;

use super::{Field, FileView, Finding, RuleDoc};
use crate::run::Run;
use crate::{ToolCall, Verdict};

pub(super) const FIELD: Field = Field {
    rules: RULES,
    run: |_, _| {},
    file: Some(judge),
};

const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "tools.delete",
        field: "tools",
        severity: Verdict::Ask,
        reason: "A tool of another server deletes something there.",
        alternative: "List or read it first, and let a person delete it.",
    },
    RuleDoc {
        id: "tools.change",
        field: "tools",
        severity: Verdict::Ask,
        reason: "A tool of another server stops something, or takes a protection, a right or an older state away.",
        alternative: "Show what it would change, and let a person do it.",
    },
    RuleDoc {
        id: "tools.pay",
        field: "tools",
        severity: Verdict::Ask,
        reason: "A tool of another server moves money or ends a contract.",
        alternative: "Show the amount and the receiver, and let a person do it.",
    },
];

/// What a call of an MCP tool is, read once.
pub(crate) struct Called<'a> {
    pub(crate) name: Name<'a>,
    pub(crate) asked: Asked,
    /// Its SQL, as the command that would read it.
    pub(crate) sql: Option<Run>,
}

impl<'a> Called<'a> {
    /// Reads a call. `None` for a tool that is no MCP server's.
    pub(crate) fn of(call: &ToolCall<'a>) -> Option<Self> {
        let name = Name::of(call.tool)?;
        let asked = Asked::of(&name, call.input);
        let sql = asked.sql_run(&name, call.cwd);
        Some(Self { name, asked, sql })
    }
}

/// Short texts of an input, which may name a server or a service.
pub(crate) fn names<'a>(call: &ToolCall<'a>) -> impl Iterator<Item = &'a str> {
    call.input
        .as_object()
        .into_iter()
        .flatten()
        .take(64)
        .filter_map(|(_, value)| value.as_str())
        .filter(|text| !text.is_empty() && text.len() < 256 && !text.contains(char::is_whitespace))
}

fn judge(view: &FileView<'_>, findings: &mut Vec<Finding>) {
    if let Some(name) = view.name {
        deeds::judge(view, name, findings);
    }
}
