//! How a command is written does not matter: no wrapping lowers its verdict, no mention raises one.

use guard::{
    Facts, Inventory, Project, ServerFact, ServiceFact, Settings, ToolCall, Verdict, assess,
};
use serde_json::json;

/// Simple external commands of literal words, from every field.
const COMMANDS: &[&str] = &[
    "rm -rf /etc",
    "rm -rf node_modules",
    "rm -rf /home/ann/Documents",
    "find / -delete",
    "dd if=/dev/zero of=/dev/sda",
    "mkfs.ext4 /dev/sda1",
    "shred -u /etc/passwd",
    "chmod -R 777 /",
    "git reset --hard",
    "git clean -fdx",
    "git push --force origin main",
    "git status",
    "gh repo delete ann/app --yes",
    "docker volume rm shop_data",
    "docker system prune -af --volumes",
    "docker restart api",
    "docker ps",
    "kubectl delete namespace shop",
    "kubectl get pods",
    "helm uninstall shop",
    "terraform destroy -auto-approve",
    "terraform plan",
    "aws s3 rb s3://shop --force",
    "gcloud projects delete shop",
    "dropdb shop",
    "redis-cli flushall",
    "prisma migrate reset --force",
    "drizzle-kit push --force",
    "supabase db reset",
    "systemctl restart api",
    "systemctl stop postgresql",
    "shutdown now",
    "npm publish",
    "cargo yank app",
    "cargo build",
    "iptables -F",
    "ufw disable",
    "userdel ann",
    "crontab -r",
    "cat /home/ann/.ssh/id_rsa",
    "fjord approve 7 --yes",
    "ssh db-1 dropdb shop",
];

/// The tables of cases, field by field.
const TABLES: &[&str] = &[
    include_str!("fields/accounts.txt"),
    include_str!("fields/clouds.txt"),
    include_str!("fields/containers.txt"),
    include_str!("fields/databases.txt"),
    include_str!("fields/filesystem.txt"),
    include_str!("fields/git.txt"),
    include_str!("fields/infrastructure.txt"),
    include_str!("fields/kubernetes.txt"),
    include_str!("fields/network.txt"),
    include_str!("fields/orm.txt"),
    include_str!("fields/packages.txt"),
    include_str!("fields/services.txt"),
];

/// The commands of the tables that are simple and external, with literal words.
fn table_commands() -> impl Iterator<Item = &'static str> {
    const BUILTINS: &[&str] = &[
        "cd", "export", "eval", "source", ".", "history", "unset", "set", "kill", "trap", "exec",
    ];
    TABLES
        .iter()
        .flat_map(|table| table.lines())
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .flat_map(|line| line.split(" ~ ").skip(1))
        .filter(|command| {
            let plain = |one: char| one.is_ascii_alphanumeric() || " -_./:=,@%+".contains(one);
            let first = command.split(' ').next().unwrap_or_default();
            command.chars().all(plain) && !BUILTINS.contains(&first) && !first.contains('=')
        })
}

#[test]
fn the_commands_of_all_fields_are_judged_alike_however_they_are_wrapped_or_mentioned() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for command in table_commands() {
        tried += 1;
        let bare = verdict(command);
        let start = Written {
            text: command.to_owned(),
            simple: true,
        };
        for kind in 0..WRAPPINGS {
            let written = wrap(&start, kind);
            let found = verdict(&written.text);
            if found < bare {
                wrong.push(format!("{found:?} below {bare:?}: {}", written.text));
            }
        }
        for mention in [
            format!("echo {}", quoted(command)),
            format!("git commit -m {}", quoted(command)),
            format!("ls # {command}"),
            format!("cat <<'EOF'\n{command}\nEOF"),
        ] {
            let found = verdict(&mention);
            if found > Verdict::None {
                wrong.push(format!("{found:?}: {mention}"));
            }
        }
    }
    assert!(tried > 100, "{tried}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const ROUNDS: usize = 24;

/// The same numbers at every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % limit as u64).expect("it is below a usize")
    }

    fn of<'a>(&mut self, texts: &[&'a str]) -> &'a str {
        texts[self.below(texts.len())]
    }
}

fn facts() -> Facts {
    let server = |name: &str, local: bool| ServerFact {
        name: name.to_owned(),
        role: "production".to_owned(),
        local,
        ..ServerFact::default()
    };
    Facts {
        inventory: Inventory {
            servers: vec![server("web-1", true), server("db-1", false)],
            services: vec![ServiceFact {
                name: "api".to_owned(),
                server: "web-1".to_owned(),
                ..ServiceFact::default()
            }],
            ..Inventory::default()
        },
        project: Some(Project {
            root: "/home/ann/app".to_owned(),
            under_version_control: true,
        }),
        home: Some("/home/ann".to_owned()),
        ..Facts::default()
    }
}

fn verdict(command: &str) -> Verdict {
    let input = json!({"command": command});
    let call = ToolCall {
        tool: "Bash",
        input: &input,
        cwd: "/home/ann/app",
    };
    assess(&call, &facts(), &Settings::default()).verdict
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A command under way through its wrappers.
struct Written {
    text: String,
    /// Whether it is one simple command, which a program can take as its words.
    simple: bool,
}

const WRAPPINGS: usize = 11;

fn wrap(written: &Written, kind: usize) -> Written {
    const HARMLESS: &str = "echo ok";
    let Written { text, simple } = written;
    let shell = format!("sh -c {}", quoted(text));
    // What is not simple goes into a shell first.
    let words = if *simple { text } else { &shell };
    let (text, simple) = match kind {
        0 => (shell, true),
        1 => (format!("bash -lc {}", quoted(text)), true),
        2 => (format!("env X=1 {words}"), true),
        3 => (format!("sudo {words}"), true),
        4 => (format!("timeout 5 {words}"), true),
        5 => (format!("( {text} )"), false),
        6 => (format!("{{ {text}; }}"), false),
        7 => (format!("true && {text}"), false),
        8 => (format!("{HARMLESS}; {text}"), false),
        9 => (format!("{text}\n{HARMLESS}"), false),
        _ => (format!("{text} && {HARMLESS}"), false),
    };
    Written { text, simple }
}

/// Puts one letter or digit in quotes, or behind a backslash.
fn quote_a_letter(command: &str, numbers: &mut Numbers) -> String {
    let letters: Vec<usize> = command
        .char_indices()
        .filter(|(_, one)| one.is_ascii_alphanumeric())
        .map(|(at, _)| at)
        .collect();
    let at = letters[numbers.below(letters.len())];
    let (before, rest) = command.split_at(at);
    let (letter, after) = rest.split_at(1);
    let letter = match numbers.below(3) {
        0 => format!("'{letter}'"),
        1 => format!("\"{letter}\""),
        _ => format!("\\{letter}"),
    };
    format!("{before}{letter}{after}")
}

#[test]
fn no_wrapping_lowers_a_verdict() {
    let mut lowered = Vec::new();
    for command in COMMANDS {
        let bare = verdict(command);
        let start = Written {
            text: (*command).to_owned(),
            simple: true,
        };
        for first in 0..WRAPPINGS {
            let once = wrap(&start, first);
            for second in 0..WRAPPINGS {
                let twice = wrap(&once, second);
                for written in [&once, &twice] {
                    let found = verdict(&written.text);
                    if found < bare {
                        lowered.push(format!("{found:?} below {bare:?}: {}", written.text));
                    }
                }
            }
        }
    }
    lowered.dedup();
    assert!(lowered.is_empty(), "{}", lowered.join("\n"));
}

#[test]
fn quotes_and_many_wrappings_together_lower_no_verdict() {
    let mut numbers = Numbers(7);
    let mut lowered = Vec::new();
    for command in COMMANDS {
        let bare = verdict(command);
        for _ in 0..ROUNDS {
            let mut written = Written {
                text: quote_a_letter(command, &mut numbers),
                simple: true,
            };
            for _ in 0..numbers.below(5) {
                written = wrap(&written, numbers.below(WRAPPINGS));
            }
            let found = verdict(&written.text);
            if found < bare {
                lowered.push(format!("{found:?} below {bare:?}: {}", written.text));
            }
        }
    }
    assert!(lowered.is_empty(), "{}", lowered.join("\n"));
}

#[test]
fn a_mention_raises_no_verdict() {
    let mut numbers = Numbers(11);
    let mut raised = Vec::new();
    for command in COMMANDS {
        for _ in 0..ROUNDS {
            let mut written = Written {
                text: (*command).to_owned(),
                simple: true,
            };
            for _ in 0..numbers.below(3) {
                written = wrap(&written, numbers.below(WRAPPINGS));
            }
            let text = &written.text;
            let line = text.replace('\n', "; ");
            let around = numbers.of(&["", "git status; ", "cargo test && "]);
            let mention = match numbers.below(5) {
                0 => format!("echo {}", quoted(text)),
                1 => format!("git commit -m {}", quoted(text)),
                2 => format!("ls # {line}"),
                3 => format!("cat <<'EOF'\n{text}\nEOF"),
                _ => format!("cat > notes.md <<'EOF'\n{text}\nEOF"),
            };
            let found = verdict(&format!("{around}{mention}"));
            if found > Verdict::None {
                raised.push(format!("{found:?}: {around}{mention}"));
            }
        }
    }
    assert!(raised.is_empty(), "{}", raised.join("\n"));
}

#[test]
fn the_table_has_all_three_verdicts() {
    let count = |wanted: Verdict| {
        let found = COMMANDS.iter().filter(|command| verdict(command) == wanted);
        found.count()
    };
    assert!(count(Verdict::Deny) >= 20, "{}", count(Verdict::Deny));
    assert!(count(Verdict::Ask) >= 5, "{}", count(Verdict::Ask));
    assert!(count(Verdict::None) >= 5, "{}", count(Verdict::None));
}
