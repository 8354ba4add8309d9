//! `fjord guard explain`: a tool call taken apart.

use agent::Error;
use guard::ToolCall;
use serde_json::{Value, json};

use super::{Place, tree};
use crate::argv::ExplainArgs;
use crate::wire::Wire;

pub(super) fn run(wire: &Wire, asked: &ExplainArgs) -> Result<(), Error> {
    let input = match &asked.input {
        Some(text) => serde_json::from_str::<Value>(text)
            .map_err(|error| Error::invalid(format!("`--input` is no JSON: {error}")))?,
        None => json!({ "command": asked.command.join(" ") }),
    };
    if !input.is_object() {
        return Err(Error::invalid(
            "`--input` must be an object such as {\"file_path\": \"/etc/hosts\"}",
        ));
    }
    let tool = asked.tool.as_deref().unwrap_or("Bash");
    let place = Place::of(wire, asked.cwd.as_deref())?;
    let cwd = place.folder.to_string_lossy();
    let call = ToolCall {
        tool,
        input: &input,
        cwd: &cwd,
    };
    let explanation = guard::explain(&call, &place.facts(wire), &place.settings());
    if wire.output.json {
        wire.output.document(&explanation);
        return Ok(());
    }
    let title = match call.command() {
        Some(command) => command.to_owned(),
        None => format!("{tool} {input}"),
    };
    let text = tree::drawn(&title, &explanation, wire.columns());
    wire.output.text(&text);
    Ok(())
}
