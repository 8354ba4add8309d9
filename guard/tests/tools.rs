//! Other tools than Bash.

use guard::{Facts, Settings, ToolCall, assess};
use serde_json::json;

#[test]
fn the_tool_of_powershell_is_read_as_powershell() {
    let found = |tool: &str, command: &str| {
        let input = json!({"command": command});
        let call = ToolCall {
            tool,
            input: &input,
            cwd: "/home/ann/app",
        };
        let found = assess(&call, &Facts::default(), &Settings::default());
        found.verdict.as_str()
    };
    let command = r"Remove-Item -Recurse -Force C:\Windows";
    assert_eq!(found("PowerShell", command), "deny");
    assert_eq!(found("PowerShell", r"Get-ChildItem C:\Windows"), "none");
    assert_eq!(
        found("PowerShell", "Write-Output 'Remove-Item -Recurse /'"),
        "none"
    );
}
