//! The tool call as the coding agent makes it.

/// One tool call, before it runs.
#[derive(Debug, Clone, Copy)]
pub struct ToolCall<'a> {
    /// The tool's name: `Bash`, `Write`, `Edit`, `NotebookEdit`, `Read` or `mcp__server__tool`.
    pub tool: &'a str,
    /// The tool's input as the client sends it. Fields of a wrong type are taken as absent.
    pub input: &'a serde_json::Value,
    /// The absolute directory the call runs in.
    pub cwd: &'a str,
}

impl<'a> ToolCall<'a> {
    /// The text field of the input with this name, if it is a text.
    pub fn text(&self, field: &str) -> Option<&'a str> {
        self.input.get(field).and_then(serde_json::Value::as_str)
    }

    /// The shell command of the call, for the tools of the coding agent itself that run one.
    pub fn command(&self) -> Option<&'a str> {
        if matches!(self.tool, "Bash" | "PowerShell") {
            self.text("command").or_else(|| self.text("cmd"))
        } else {
            None
        }
    }
}
