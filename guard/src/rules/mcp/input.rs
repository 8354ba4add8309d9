//! What the input of an MCP tool would run: commands, code, SQL and requests, found by the names of its fields.

use serde_json::{Map, Value};

use super::name::{Name, words};
use crate::run::{Run, as_shell, quote};

/// How deep objects in objects are read.
const MAX_DEPTH: usize = 4;
/// How many values are looked at.
const MAX_VALUES: usize = 4_096;
/// How many commands are followed.
const MAX_COMMANDS: usize = 64;

const COMMANDS: &[&str] = &[
    "command",
    "commands",
    "cmd",
    "cmds",
    "clicommand",
    "commandline",
    "shellcommand",
    "bashcommand",
    "bash",
    "shell",
];
/// What is typed into a terminal.
const TYPED: &[&str] = &["input", "text", "keys", "data"];
const SQL: &[&str] = &[
    "sql",
    "query",
    "queries",
    "statement",
    "statements",
    "sqlquery",
    "sqlqueries",
    "sqlstatement",
    "sqlstatements",
    "querytext",
];
const CODE: &[&str] = &["code", "script", "source", "sourcecode", "snippet"];
const FOLDERS: &[&str] = &[
    "cwd",
    "workdir",
    "workingdir",
    "workingdirectory",
    "directory",
    "repopath",
];
const HOSTS: &[&str] = &["host", "hostname", "server", "servername", "machine"];
const CONTAINERS: &[&str] = &[
    "container",
    "containerid",
    "containername",
    "pod",
    "podname",
];

/// Programs that a tool may be called after, whose words it then takes.
const PROGRAMS: &[&str] = &[
    "aws",
    "az",
    "docker",
    "flyctl",
    "gcloud",
    "gh",
    "git",
    "glab",
    "helm",
    "heroku",
    "kubectl",
    "netlify",
    "npm",
    "podman",
    "pulumi",
    "terraform",
    "tofu",
    "vercel",
    "wrangler",
];

/// One command that a tool would run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// The command, as a shell would have it.
    pub(crate) text: String,
    /// The folder it runs in, when the input says so.
    pub(crate) cwd: Option<String>,
    /// The machine or container it runs in, when the input says so.
    pub(crate) host: Option<String>,
}

/// What an input would run.
#[derive(Debug, Default)]
pub(crate) struct Asked {
    pub(crate) lines: Vec<Line>,
    /// All SQL, one statement after the other.
    pub(super) sql: String,
    /// The database's server, when the input says so.
    pub(super) sql_host: Option<String>,
    /// Whether there was more than is looked at.
    pub(crate) too_much: bool,
}

/// Where what is found in an object would run.
#[derive(Clone, Default)]
struct Around<'a> {
    cwd: Option<&'a str>,
    host: Option<String>,
}

struct Reader<'n> {
    name: &'n Name<'n>,
    runs_sql: bool,
    runs_commands: bool,
    values: usize,
    asked: Asked,
}

impl Asked {
    /// Reads the input of a tool.
    pub(super) fn of(name: &Name<'_>, input: &Value) -> Self {
        let mut reader = Reader {
            name,
            runs_sql: name.runs_sql(),
            runs_commands: name.runs_commands(),
            values: 0,
            asked: Self::default(),
        };
        let runs = reader.runs_sql || reader.runs_commands;
        if let Some(object) = input.as_object().filter(|_| runs && !name.is_browser()) {
            reader.object(object, &Around::default(), 0);
        }
        reader.asked
    }

    /// The SQL as a command that reads it.
    pub(super) fn sql_run(&self, name: &Name<'_>, cwd: &str) -> Option<Run> {
        let client = if name.is_about(&["neo4j", "cypher", "memgraph"]) {
            "cypher-shell"
        } else {
            "sql"
        };
        (!self.sql.is_empty()).then(|| {
            let mut run = Run {
                argv: vec![crate::run::Arg::new(client)],
                cwd: Some(cwd.to_owned()),
                host: self.sql_host.clone(),
                ..Run::default()
            };
            run.stdin.given = true;
            run.stdin.text = Some(self.sql.clone());
            run
        })
    }
}

impl Reader<'_> {
    fn object(&mut self, object: &Map<String, Value>, outside: &Around<'_>, depth: usize) {
        let mut around = outside.clone();
        let text = |names: &[&str]| {
            object
                .iter()
                .take(MAX_COMMANDS)
                .filter(|(key, _)| is_one_of(key, names))
                .find_map(|(_, value)| value.as_str().filter(|text| !text.is_empty()))
        };
        around.cwd = text(FOLDERS).or(around.cwd);
        let container = text(CONTAINERS).map(|container| format!("container {container}"));
        around.host = container
            .or_else(|| text(HOSTS).map(str::to_owned))
            .or_else(|| {
                let inside = self.name.says(&["exec"]) && self.name.says(&["pod", "container"]);
                inside.then(|| "container of the input".to_owned())
            })
            .or(around.host);
        self.request(text(&["method"]), text(&["url", "uri"]), &around);
        let language = text(&["language", "lang", "runtime", "interpreter"]);
        let args: Vec<String> = object
            .iter()
            .find(|(key, _)| matches!(key.as_str(), "args" | "arguments" | "argv"))
            .and_then(|(_, value)| listed(value))
            .unwrap_or_default();
        let mut has_command = false;
        for (key, value) in object {
            self.values += 1;
            if self.values > MAX_VALUES {
                self.asked.too_much = true;
                return;
            }
            if self.runs_commands && is_one_of(key, COMMANDS) {
                has_command = true;
                self.commands(key, value, &args, &around);
            } else if self.runs_sql && is_one_of(key, SQL) {
                self.statements(value, &around);
            } else if self.runs_commands && is_one_of(key, CODE) {
                if let Some(code) = value.as_str() {
                    self.code(code, language, key == "script", &around);
                }
            } else if let (true, Some(text)) = (is_one_of(key, TYPED), value.as_str())
                && self.runs_commands
                && self.name.is_terminal()
            {
                self.line(text.to_owned(), &around);
            }
            self.deeper(value, &around, depth);
        }
        if !has_command
            && !args.is_empty()
            && self.runs_commands
            && let Some(program) = self.program()
        {
            self.line(format!("{program} {}", args.join(" ")), &around);
        }
    }

    /// Objects below, also in a list.
    fn deeper(&mut self, value: &Value, around: &Around<'_>, depth: usize) {
        match value {
            Value::Object(object) if depth < MAX_DEPTH => self.object(object, around, depth + 1),
            Value::Array(list) => {
                for value in list {
                    self.values += 1;
                    if self.values > MAX_VALUES {
                        self.asked.too_much = true;
                        return;
                    }
                    if let Some(object) = value.as_object().filter(|_| depth < MAX_DEPTH) {
                        self.object(object, around, depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    fn line(&mut self, text: String, around: &Around<'_>) {
        if self.asked.lines.len() >= MAX_COMMANDS {
            self.asked.too_much = true;
            return;
        }
        self.asked.lines.push(Line {
            text,
            cwd: around.cwd.map(str::to_owned),
            host: around.host.clone(),
        });
    }

    /// `"git push"`, `["git", "push"]`, `"git"` beside `"args": ["push"]`, or several in `commands`.
    fn commands(&mut self, key: &str, value: &Value, args: &[String], around: &Around<'_>) {
        let several = matches!(key, "commands" | "cmds");
        match value {
            Value::Array(list) if several => {
                for one in list {
                    if let Some(text) = one.as_str() {
                        self.command(text, &[], around);
                    } else if let Some(words) = listed(one) {
                        self.line(words.join(" "), around);
                    }
                }
            }
            Value::Array(_) => {
                if let Some(words) = listed(value).filter(|words| !words.is_empty()) {
                    self.line(words.join(" "), around);
                }
            }
            _ => {
                if let Some(text) = value.as_str() {
                    self.command(text, args, around);
                }
            }
        }
    }

    fn command(&mut self, text: &str, args: &[String], around: &Around<'_>) {
        let mut line = text.to_owned();
        for arg in args {
            line.push(' ');
            line.push_str(arg);
        }
        // `kubectl` takes `delete pod x` as well as `kubectl delete pod x`.
        let first = text.split_whitespace().next().unwrap_or_default();
        if let Some(program) = self.program().filter(|program| *program != first) {
            line = format!("{program} {line}");
        }
        self.line(line, around);
    }

    /// The program that the tool is called after.
    fn program(&self) -> Option<&'static str> {
        if self.name.is_about(&["redis", "valkey"]) && !self.name.says(&["shell", "exec"]) {
            return Some("redis-cli");
        }
        let (mut called, mut others) = (None, 0);
        for word in &words(self.name.tool) {
            match PROGRAMS.iter().find(|program| *program == word) {
                Some(program) => called = Some(*program),
                None if matches!(
                    word.as_str(),
                    "call"
                        | "cli"
                        | "cmd"
                        | "command"
                        | "execute"
                        | "generic"
                        | "invoke"
                        | "raw"
                        | "tool"
                ) => {}
                None if word == "run" && called.is_none() => {}
                None => others += 1,
            }
        }
        called.filter(|_| others == 0)
    }

    fn statements(&mut self, value: &Value, around: &Around<'_>) {
        let found: Vec<&str> = match value {
            Value::String(text) => vec![text],
            Value::Array(list) => list
                .iter()
                .take(MAX_VALUES)
                .filter_map(Value::as_str)
                .collect(),
            _ => return,
        };
        for text in found {
            self.sql(text, around);
        }
    }

    fn sql(&mut self, text: &str, around: &Around<'_>) {
        self.asked.sql.push_str(text);
        self.asked.sql.push_str("\n;\n");
        if self.asked.sql_host.is_none() {
            self.asked.sql_host.clone_from(&around.host);
        }
    }

    /// Code in a language that is named: by a field, or by the tool.
    fn code(&mut self, code: &str, language: Option<&str>, is_script: bool, around: &Around<'_>) {
        let language = language.map(|language| words(language).join(" "));
        let is = |names: &[&str]| match &language {
            Some(language) => language
                .split(' ')
                .any(|word| names.contains(&word.trim_end_matches(char::is_numeric))),
            None => self.name.is_about(names),
        };
        let given = if is(&["python", "ipython", "jupyter", "py", "kernel"]) {
            format!("python3 -c {}", quote(code))
        } else if is(&[
            "javascript",
            "typescript",
            "node",
            "js",
            "ts",
            "nodejs",
            "deno",
        ]) {
            format!("node -e {}", quote(code))
        } else if is(&["ruby"]) {
            format!("ruby -e {}", quote(code))
        } else if is(&["perl"]) {
            format!("perl -e {}", quote(code))
        } else if is(&["php"]) {
            format!("php -r {}", quote(code))
        } else if is(&["powershell", "pwsh"]) {
            as_shell(code)
        } else if is(&["sql"]) {
            self.sql(code, around);
            return;
        } else if is(&["applescript", "osascript"]) {
            format!("osascript -e {}", quote(code))
        } else if is(&["bash", "sh", "shell", "zsh", "terminal"]) || is_script && language.is_none()
        {
            code.to_owned()
        } else {
            return;
        };
        self.line(given, around);
    }

    fn request(&mut self, method: Option<&str>, url: Option<&str>, around: &Around<'_>) {
        if let (Some(method), Some(url)) = (method, url)
            && method.eq_ignore_ascii_case("delete")
            && self.runs_commands
        {
            self.line(format!("curl -X DELETE {}", quote(url)), around);
        }
    }
}

/// The texts of a list as quoted words.
fn listed(value: &Value) -> Option<Vec<String>> {
    let words = value.as_array()?.iter().take(MAX_VALUES);
    words.map(|word| word.as_str().map(quote)).collect()
}

/// Whether a field is called one of these: `sqlStatements`, `sql_statements` and `SQL-Statements` alike.
pub(in crate::rules) fn is_one_of(key: &str, names: &[&str]) -> bool {
    names.iter().any(|name| {
        let mut letters = key
            .bytes()
            .filter(|byte| !matches!(byte, b'_' | b'-'))
            .map(|byte| byte.to_ascii_lowercase());
        name.bytes().all(|byte| letters.next() == Some(byte)) && letters.next().is_none()
    })
}
