//! Programs that get a program: shells, `ssh`, containers, interpreters, `git`.

use super::walk::{Around, Followed, Scope, Walker};
use super::{Arg, Input, UNKNOWN, code};

/// Shells that read `-c text`, a file, or their input.
pub(crate) const SHELLS: &[&str] = &[
    "sh", "bash", "dash", "zsh", "ksh", "mksh", "ash", "fish", "rbash",
];

/// Shells with a grammar of their own, near enough for their `-c`.
const OTHER_SHELLS: &[&str] = &[
    "csh", "tcsh", "elvish", "nu", "xonsh", "osh", "oil", "ysh", "yash", "pdksh", "hush",
];

impl Walker<'_> {
    /// Follows what is inside.
    pub(super) fn nested(
        &mut self,
        scope: &mut Scope,
        name: &str,
        whole: &[Arg],
        around: &Around,
    ) -> Followed {
        let args = whole.get(1..).unwrap_or_default();
        if SHELLS.contains(&name) || OTHER_SHELLS.contains(&name) {
            return Followed::To(self.shell(scope, name, whole, around));
        }
        match name {
            "ssh" | "autossh" => self.ssh(scope, whole, around),
            "docker" | "podman" | "nerdctl" | "kubectl" | "docker-compose" | "oc" | "k"
            | "kubecolor" | "podman-compose" | "finch" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.container(scope, name, args, around);
            }
            "ansible" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.ansible(scope, args);
            }
            "aws" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.ssm(scope, args);
            }
            "scp" | "sftp" | "rsync" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.escapes(scope, name, args, around);
                self.transport(scope, name, args);
            }
            "xargs" => self.xargs(scope, whole, around),
            "parallel" => self.parallel(scope, whole, around),
            "find" | "fd" | "gfind" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.find(scope, args, around);
            }
            "tmux" | "screen" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.terminal(scope, name, args);
            }
            "crontab" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.crontab(scope, args, around);
            }
            "at" | "batch" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.at(scope, args, around);
            }
            "make" | "gmake" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.make(scope, args, around);
            }
            "pwsh" | "powershell" | "cmd" => {
                self.push(scope, whole.to_vec(), around.clone());
                self.powershell(scope, name, args, around);
            }
            "su" => {
                let text = around.stdin.text.clone();
                self.push(scope, whole.to_vec(), around.clone());
                if let Some(text) = text {
                    self.program(&mut scope.deeper(name), &text, &Input::default());
                }
            }
            "git" => self.git(scope, whole, around),
            "shx" => {
                self.run(&mut scope.deeper(name), args.to_vec(), around.clone());
            }
            _ => {
                if self.cmdlet(scope, name, whole, around) {
                    return Followed::To(None);
                }
                self.escapes(scope, name, args, around);
                if !code::is_language(name) || !self.language(scope, name, whole, around) {
                    return Followed::Not;
                }
                return Followed::To(self.printed(name, whole, &around.stdin));
            }
        }
        Followed::To(None)
    }

    fn shell(
        &mut self,
        scope: &mut Scope,
        name: &str,
        whole: &[Arg],
        around: &Around,
    ) -> Option<String> {
        let args = whole.get(1..).unwrap_or_default();
        let mut index = 0;
        let mut wants_text = false;
        let mut reads_input = false;
        while let Some(arg) = args.get(index) {
            let Some(flags) = arg.text.strip_prefix(['-', '+']) else {
                break;
            };
            if arg.text == "--" {
                index += 1;
                break;
            }
            if !arg.text.starts_with("--") {
                wants_text |= flags.contains('c');
                reads_input |= flags.contains('s');
            }
            index += if matches!(
                arg.text.as_str(),
                "-o" | "+o" | "-O" | "+O" | "--rcfile" | "--init-file"
            ) {
                2
            } else {
                1
            };
        }
        let mut deeper = scope.deeper(&if wants_text {
            format!("{name} -c")
        } else {
            name.to_owned()
        });
        let rest = args.get(index..).unwrap_or_default();
        if wants_text {
            let text = rest.first()?.clone();
            if !text.is_known() {
                self.push(scope, whole.to_vec(), around.clone());
            }
            if let Some(named) = rest.get(1) {
                deeper.set("0", vec![named.clone()]);
            }
            deeper.set_positionals(rest.get(2..).unwrap_or_default());
            return self.program(
                &mut deeper,
                &text.text.replace(UNKNOWN, "\"$_\""),
                &around.stdin,
            );
        }
        // A file that is a descriptor is an input.
        if let Some(stdin) = rest
            .first()
            .and_then(|file| super::files::open(scope, &file.text, around))
        {
            let around = Around {
                stdin,
                ..Around::default()
            };
            return self.shell(scope, name, whole.get(..1).unwrap_or_default(), &around);
        }
        self.push(scope, whole.to_vec(), around.clone());
        if let Some(file) = rest.first().filter(|file| file.text != "-" && !reads_input) {
            let text = self.file(&file.text)?;
            deeper.set_positionals(rest.get(1..).unwrap_or_default());
            return self.program(&mut deeper, &text, &around.stdin);
        }
        let text = around
            .stdin
            .text
            .clone()
            .or_else(|| self.pieces_of(&around.stdin))?;
        if reads_input {
            deeper.set_positionals(rest);
        }
        self.program(
            &mut deeper,
            &text.replace(UNKNOWN, "\"$_\""),
            &Input::default(),
        )
    }
}
