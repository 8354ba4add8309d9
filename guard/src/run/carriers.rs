//! Which programs run what is in their words, and where in the words it stands.

/// Where a program's words hold what it runs.
#[derive(Debug, Clone, Copy)]
pub(super) enum Takes {
    /// The words after its own.
    Words,
    /// The words after `--`; without one, those after its own.
    Dashes,
    /// The words after `--` only.
    OnlyDashes,
    /// The words after its own are a text for a shell.
    Line,
    /// Each word of its own is a text for a shell.
    Each,
    /// The words after one of these flags.
    After(&'static [&'static str]),
    /// The value of one of these flags is a text for a shell.
    Text(&'static [&'static str]),
}

/// How a program carries another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Carrier {
    /// Words that stand first: `exec`. `a|b` is one of several.
    pub(super) verbs: &'static [&'static str],
    /// Flags whose value is the next word.
    pub(super) with_value: &'static [&'static str],
    /// Words of its own before the program.
    pub(super) own: usize,
    /// Whether `NAME=value` words may come before the program.
    pub(super) variables: bool,
    pub(super) takes: Takes,
    /// Whether it runs on another machine.
    pub(super) there: bool,
    /// Whether the program is worth judging itself.
    pub(super) keeps: bool,
}

impl Carrier {
    const fn own(self, own: usize) -> Self {
        Self { own, ..self }
    }

    const fn verbs(self, verbs: &'static [&'static str]) -> Self {
        Self { verbs, ..self }
    }

    const fn there(self) -> Self {
        Self {
            there: true,
            keeps: true,
            ..self
        }
    }

    const fn kept(self) -> Self {
        Self {
            keeps: true,
            ..self
        }
    }

    const fn variables(self) -> Self {
        Self {
            variables: true,
            ..self
        }
    }
}

const fn carrier(takes: Takes, with_value: &'static [&'static str]) -> Carrier {
    Carrier {
        verbs: &[],
        with_value,
        own: 0,
        variables: false,
        takes,
        there: false,
        keeps: false,
    }
}

const fn words(with_value: &'static [&'static str]) -> Carrier {
    carrier(Takes::Words, with_value)
}

const fn dashes(with_value: &'static [&'static str]) -> Carrier {
    carrier(Takes::Dashes, with_value)
}

const fn line(with_value: &'static [&'static str]) -> Carrier {
    carrier(Takes::Line, with_value)
}

const fn each(with_value: &'static [&'static str]) -> Carrier {
    carrier(Takes::Each, with_value)
}

const fn text(flags: &'static [&'static str]) -> Carrier {
    carrier(Takes::Text(flags), &[])
}

const COMMAND: &[&str] = &["-c", "--command"];
const USER: &[&str] = &["-u", "--user", "-g", "--group"];
const SUDO: &[&str] = &[
    "-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "-U", "-r", "-t", "--user", "--group",
    "--chdir", "--host", "--prompt",
];
const PACKAGES: &[&str] = &[
    "-C",
    "--dir",
    "--filter",
    "--cwd",
    "--prefix",
    "-w",
    "--workspace",
    "--env-file",
    "-f",
    "--project",
    "--config",
    "--directory",
    "-p",
    "--package",
    "--with",
    "--python",
    "-a",
    "--app",
    "-e",
    "--env",
    "--from",
    "-n",
    "--name",
    "-F",
    "--extra",
    "--group",
    "--manifest-path",
];
const HOSTS: &[&str] = &[
    "-h",
    "-H",
    "-l",
    "-t",
    "-o",
    "-e",
    "-p",
    "-O",
    "-x",
    "-w",
    "-g",
    "-f",
    "-u",
    "-R",
    "-m",
    "--hosts",
    "--host",
    "--user",
    "--par",
    "--timeout",
    "--outdir",
    "--errdir",
];
const FOLLOWED: &[&str] = &[
    "-e",
    "--exts",
    "-w",
    "--watch",
    "-i",
    "--ignore",
    "-d",
    "--debounce",
    "-f",
    "--filter",
    "-s",
    "--signal",
    "-g",
    "--glob",
];

/// Every program that carries another, by name, in order: it is searched by halves.
/// A row is a line.
#[rustfmt::skip]
pub(super) const CARRIERS: &[(&str, Carrier)] = &[
    ("abduco", words(&[]).own(1)),
    ("alacritty", words(&["--working-directory", "-t", "--title"])),
    ("apptainer", words(&["-B", "--bind", "--pwd", "-H"]).verbs(&["exec|run"]).own(1)),
    ("arch", words(&["-arch"])),
    ("asdf", words(&[]).verbs(&["exec"])),
    ("aws", text(&["--command"]).verbs(&["ecs", "execute-command"]).there()),
    ("aws-vault", dashes(&["--duration", "-d", "--region"]).verbs(&["exec"]).own(1)),
    ("az", text(&["--scripts", "--script"]).verbs(&["vm|vmss", "run-command"]).there()),
    ("az", text(&["--exec-command", "--command"]).there()),
    ("az", carrier(Takes::OnlyDashes, &[]).verbs(&["ssh"]).there()),
    ("balena", line(&[]).verbs(&["ssh"]).own(1).there()),
    ("berglas", dashes(&[]).verbs(&["exec"])),
    ("bolt", line(&[]).verbs(&["command", "run"]).there()),
    ("buildah", dashes(&[]).verbs(&["run"]).own(1).there()),
    ("builtin", words(&[])),
    ("bundle", words(&["--gemfile"]).verbs(&["exec"])),
    ("bunx", words(&["-p", "--package"])),
    ("busybox", words(&[])),
    ("bwrap", words(&["--dev", "--bind", "--ro-bind", "--proc", "--tmpfs", "--chdir", "--hostname", "--uid", "--gid", "--dir", "--unsetenv"])),
    ("byobu", text(&["new", "new-session", "neww", "new-window"])),
    ("caffeinate", words(&["-t", "-w"])),
    ("catchsegv", words(&[])),
    ("ccache", words(&[])),
    ("cf", text(COMMAND).verbs(&["ssh|run-task"]).there()),
    ("cgexec", words(&["-g"])),
    ("chamber", dashes(&[]).verbs(&["exec"]).own(1)),
    ("chokidar", text(COMMAND)),
    ("chpst", words(&["-u", "-U", "-e", "-n", "-m", "-b", "-/"])),
    ("chronic", words(&[])),
    ("chroot", words(&[]).own(1)),
    ("chrt", words(&["-T", "-P", "-D"]).own(1)),
    ("chruby-exec", dashes(&[]).own(1)),
    ("clush", line(HOSTS).there()),
    ("colima", dashes(&["-p", "--profile"]).verbs(&["ssh"]).there()),
    ("concurrently", each(&["-n", "--names", "-c", "--prefix-colors", "-p", "--prefix"])),
    ("conda", words(&["-n", "-p", "--name", "--prefix", "--cwd"]).verbs(&["run"])),
    ("consul", dashes(&[]).verbs(&["exec"])),
    ("consul", dashes(&[]).verbs(&["lock"]).own(1)),
    ("copilot", text(COMMAND).verbs(&["svc|task|job", "exec"]).there()),
    ("corepack", words(&[])),
    ("cpulimit", words(&["-l", "-p", "-e"])),
    ("crictl", words(&["-r", "--timeout"]).verbs(&["exec"]).own(1).there()),
    ("cross-env", words(&["-e", "-f"]).variables()),
    ("cross-env-shell", line(&[]).variables()),
    ("ctr", words(&["--exec-id", "--user", "--cwd"]).verbs(&["task|tasks|t", "exec"]).own(1).there()),
    ("ctr", words(&["-n", "--namespace", "--mount", "--env"]).verbs(&["run"]).own(2).there()),
    ("daemon", dashes(&["-n", "--name", "-u"])),
    ("daemonize", words(&["-p", "-l", "-u", "-o", "-e", "-c"])),
    ("dbclient", line(&["-p", "-l", "-i", "-J"]).own(1).there()),
    ("dbus-launch", words(&[])),
    ("dbus-run-session", words(&["--config-file"])),
    ("devbox", line(&["-c", "--config", "-e", "--env"]).verbs(&["run"])),
    ("devcontainer", words(&["--workspace-folder", "--container-id", "--config", "--remote-env"]).verbs(&["exec"]).there()),
    ("devenv", dashes(&[]).verbs(&["shell"])),
    ("direnv", words(&[]).verbs(&["exec"]).own(1)),
    ("distrobox", dashes(&["-n", "--name"]).verbs(&["enter"]).own(1)),
    ("distrobox-enter", dashes(&["-n", "--name"])),
    ("doas", words(&["-u", "-C"])),
    ("doctl", text(&["--ssh-command"]).verbs(&["compute", "ssh"]).there()),
    ("dokku", words(&[]).verbs(&["run"]).own(1).there()),
    ("dokku", words(&[]).verbs(&["enter"]).own(2).there()),
    ("doppler", text(&["--command"]).verbs(&["run"])),
    ("doppler", dashes(&["-p", "--project", "-c", "--config"]).verbs(&["run"])),
    ("dotenv", words(&["-e", "-f"]).verbs(&["run"])),
    ("dotenv", words(&["-e", "-f"]).variables()),
    ("dotenvx", dashes(&["-f", "--env-file"]).verbs(&["run"])),
    ("dsh", line(HOSTS).there()),
    ("dtach", words(&["-r", "-e"]).own(1)),
    ("dumb-init", words(&["-r", "--rewrite"])),
    ("eatmydata", words(&[])),
    ("eb", text(COMMAND).verbs(&["ssh"]).there()),
    ("entr", text(&["-s"])),
    ("entr", words(&[])),
    ("env", words(&["-u", "-C", "--unset", "--chdir"]).variables()),
    ("env-cmd", words(&["-f", "--file", "-e", "--environments", "-r"])),
    ("envchain", words(&[]).own(1)),
    ("envconsul", words(&["-prefix", "-secret", "-config"])),
    ("et", text(COMMAND).there()),
    ("exec", words(&["-a"])),
    ("fab", carrier(Takes::OnlyDashes, &[]).there()),
    ("fakechroot", words(&[])),
    ("fakeroot", words(&["-l", "-s", "-i", "-b"])),
    ("firejail", words(&[])),
    ("flatpak-spawn", words(&[])),
    ("flock", text(COMMAND)),
    ("flock", words(&["-w", "-E", "--timeout", "--wait"]).own(1)),
    ("flox", dashes(&["-d", "-r"]).verbs(&["activate"])),
    ("fly", text(&["-C", "--command"]).verbs(&["ssh", "console"]).there()),
    ("fly", line(&["-a", "--app"]).verbs(&["machine|machines|m", "exec"]).own(1).there()),
    ("fly", words(&["-a", "--app"]).verbs(&["machine|machines|m", "run"]).own(1).there()),
    ("flyctl", text(&["-C", "--command"]).verbs(&["ssh", "console"]).there()),
    ("flyctl", line(&["-a", "--app"]).verbs(&["machine|machines|m", "exec"]).own(1).there()),
    ("fnm", words(&["--using"]).verbs(&["exec"])),
    ("foreman", words(&["-e", "-f", "-d"]).verbs(&["run"])),
    ("gcloud", text(&["--command"]).verbs(&["compute|cloud-shell", "ssh"]).there()),
    ("gcloud", carrier(Takes::OnlyDashes, &[]).verbs(&["compute", "ssh"]).there()),
    ("gdb", carrier(Takes::After(&["--args", "-args"]), &[])),
    ("gnome-terminal", carrier(Takes::OnlyDashes, &[])),
    ("gosu", words(&[]).own(1)),
    ("gtimeout", words(&["-s", "-k", "--signal", "--kill-after"]).own(1)),
    ("guix", carrier(Takes::OnlyDashes, &[]).verbs(&["shell|environment"])),
    ("gum", dashes(&["--title", "--spinner", "-s"]).verbs(&["spin"])),
    ("hatch", words(PACKAGES).verbs(&["run"])),
    ("hcloud", line(&[]).verbs(&["server", "ssh"]).own(1).there()),
    ("heaptrack", words(&["-o", "-p"])),
    ("heroku", line(PACKAGES).verbs(&["run|run:detached|ps:exec"]).there()),
    ("honcho", words(&["-e", "-f", "-d"]).verbs(&["run"])),
    ("hyperfine", each(&["-r", "--runs", "-w", "--warmup", "-m", "-M", "-n", "--command-name", "-L", "-P", "-p", "--prepare", "-c", "-S", "--shell", "--export-json", "--export-markdown", "--export-csv"])),
    ("ifne", words(&[])),
    ("incus", dashes(&["--env", "--cwd", "--user", "-T"]).verbs(&["exec"]).own(1).there()),
    ("infisical", text(&["--command"]).verbs(&["run"])),
    ("infisical", dashes(&["--env", "--path", "--projectId"]).verbs(&["run"])),
    ("ionice", words(&["-c", "-n", "--class", "--classdata"])),
    ("ip", words(&[]).verbs(&["netns", "exec"]).own(1)),
    ("jj", dashes(&[]).verbs(&["util", "exec"])),
    ("juju", line(&["-m", "--model"]).verbs(&["ssh"]).own(1).there()),
    ("juju", line(&["--unit", "-u", "--application", "-a", "--machine", "-m"]).verbs(&["exec|run"]).there()),
    ("just", carrier(Takes::After(&["-c", "--command"]), &[])),
    ("k3s", words(&[]).kept()),
    ("kamal", line(&["-r", "-h", "-d", "--roles", "--hosts"]).verbs(&["app|server", "exec"]).there()),
    ("kitty", words(&["-d", "--directory", "-T", "--title"])),
    ("knife", line(HOSTS).verbs(&["ssh"]).own(1).there()),
    ("konsole", words(&["--workdir"])),
    ("ld-linux-x86-64.so.2", words(&["--library-path", "--preload"])),
    ("lerna", line(&["--scope", "--ignore", "--concurrency"]).verbs(&["exec"])),
    ("lima", words(&[]).there()),
    ("limactl", dashes(&["--workdir"]).verbs(&["shell"]).own(1).there()),
    ("linux32", words(&[])),
    ("linux64", words(&[])),
    ("lldb", carrier(Takes::OnlyDashes, &["-o"])),
    ("ltrace", words(&["-o", "-e", "-p", "-s", "-u", "-E", "-P"])),
    ("lvm", words(&[])),
    ("lxc", dashes(&["--env", "--cwd", "--user"]).verbs(&["exec"]).own(1).there()),
    ("lxc-attach", dashes(&["-n", "--name"]).there()),
    ("machinectl", words(&["--uid", "-E", "--setenv"]).verbs(&["shell"]).own(1).there()),
    ("mamba", words(&["-n", "-p", "--name", "--prefix"]).verbs(&["run"])),
    ("mco", line(&[]).verbs(&["shell", "run"]).there()),
    ("microk8s", words(&[]).kept()),
    ("micromamba", words(&["-n", "-p", "--name", "--prefix"]).verbs(&["run"])),
    ("minikube", line(&["-p", "--profile", "-n", "--node"]).verbs(&["ssh"]).there()),
    ("mise", text(COMMAND).verbs(&["exec|x"])),
    ("mise", dashes(&["-C", "--cd", "-E", "--env", "-j"]).verbs(&["exec|x"])),
    ("mispipe", each(&[])),
    ("mosh", dashes(&["-p", "--port"]).own(1).there()),
    ("multipass", dashes(&["-d", "--working-directory"]).verbs(&["exec"]).own(1).there()),
    ("mussh", text(&["-c"]).there()),
    ("nc", text(&["-c", "-e"]).kept()),
    ("ncat", text(&["-c", "--sh-exec", "-e", "--exec"]).kept()),
    ("nice", words(&["-n", "--adjustment"])),
    ("nix", carrier(Takes::After(&["--command", "-c"]), &[]).verbs(&["develop|shell|env"])),
    ("nix-shell", text(&["--run", "--command"])),
    ("nodemon", text(&["-x", "--exec"])),
    ("nodenv", words(&[]).verbs(&["exec"])),
    ("nohup", words(&[])),
    ("nomad", words(&["-task", "-job"]).verbs(&["alloc", "exec"]).own(1).there()),
    ("nomad", words(&["-task", "-job"]).verbs(&["exec"]).own(1).there()),
    ("npm-run-all", each(&[])),
    ("nq", words(&[])),
    ("nsenter", words(&["-S", "-G", "-t", "-R", "-w", "--target", "--root", "--wd", "--setuid", "--setgid"])),
    ("numactl", words(&["-N", "-m", "-C", "-i", "-p"])),
    ("nvm", words(&[]).verbs(&["exec"]).own(1)),
    ("nx", dashes(&[]).verbs(&["exec"])),
    ("okteto", dashes(&[]).verbs(&["exec"]).there()),
    ("op", dashes(&["--env-file", "--account"]).verbs(&["run"])),
    ("openvpn", text(&["--up", "--down", "--route-up"]).kept()),
    ("orb", words(&["-m", "-u", "-w"]).there()),
    ("overmind", words(&[]).verbs(&["run"])),
    ("parallel-ssh", line(HOSTS).there()),
    ("pct", dashes(&[]).verbs(&["exec"]).own(1).there()),
    ("pdm", words(PACKAGES).verbs(&["run"])),
    ("pdsh", line(HOSTS).there()),
    ("pee", each(&[])),
    ("perf", words(&["-e", "-o", "-r", "-F", "-C", "-p", "-g"]).verbs(&["stat|record|trace|mem"])),
    ("pipenv", words(PACKAGES).verbs(&["run"])),
    ("pixi", words(PACKAGES).verbs(&["run"])),
    ("pkexec", words(&["--user"])),
    ("platform", line(HOSTS).verbs(&["ssh|environment:ssh"]).there()),
    ("plink", line(&["-P", "-l", "-pw", "-i", "-m"]).own(1).there()),
    ("pnpx", words(&["-p", "--package"])),
    ("poetry", words(PACKAGES).verbs(&["run"])),
    ("prlimit", words(&["--pid", "-p"])),
    ("proot", words(&["-r", "-b", "-w", "-q"])),
    ("proxychains", words(&["-f"])),
    ("proxychains4", words(&["-f"])),
    ("pssh", line(HOSTS).there()),
    ("pueue", dashes(&["-g", "--group", "-w", "-l", "--label"]).verbs(&["add"])),
    ("pyenv", words(&[]).verbs(&["exec"])),
    ("pyinfra", carrier(Takes::OnlyDashes, &[]).there()),
    ("railway", words(&["-s", "--service", "-e", "--environment"]).verbs(&["run|ssh"])),
    ("rbenv", words(&[]).verbs(&["exec"])),
    ("reflex", dashes(FOLLOWED)),
    ("retry", words(&["-t", "-d", "-m", "--times", "--delay"])),
    ("rlwrap", words(&["-f", "-H", "-p", "-C", "-b", "-s"])),
    ("rsh", line(&["-l"]).own(1).there()),
    ("rtk", words(&[]).verbs(&["proxy|err|test|summary"])),
    ("rtk", words(&[])),
    ("run0", words(USER)),
    ("runc", words(&["-u", "-e", "--cwd"]).verbs(&["exec"]).own(1).there()),
    ("runuser", text(COMMAND)),
    ("runuser", dashes(USER)),
    ("rush", each(&["-j", "-d"])),
    ("rush-pnpm", words(PACKAGES).verbs(&["exec"])),
    ("rvm", words(&[]).own(2)),
    ("rye", words(PACKAGES).verbs(&["run"])),
    ("s6-setuidgid", words(&[]).own(1)),
    ("salt", line(HOSTS).own(2).there()),
    ("salt-call", line(HOSTS).own(1).there()),
    ("salt-ssh", line(HOSTS).own(2).there()),
    ("saml2aws", dashes(&["-a", "-p"]).verbs(&["exec"])),
    ("scalingo", words(&["-a", "--app"]).verbs(&["run"]).there()),
    ("schedtool", words(&["-a", "-n"])),
    ("schroot", dashes(&["-c", "-u", "-d"])),
    ("scp", text(&["-S"]).kept()),
    ("script", text(COMMAND)),
    ("script", words(&["-t", "-E", "-m", "-o"]).own(1)),
    ("sem", words(&["-j", "--jobs", "--id", "--semaphorename"])),
    ("setarch", words(&[]).own(1)),
    ("setpriv", words(&["--reuid", "--regid", "--groups"])),
    ("setsid", words(&[])),
    ("setuidgid", words(&[]).own(1)),
    ("singularity", words(&["-B", "--bind", "--pwd", "-H"]).verbs(&["exec|run"]).own(1)),
    ("softlimit", words(&["-m", "-d", "-s", "-l", "-a", "-o", "-p"])),
    ("sops", line(&[]).verbs(&["exec-env|exec-file"]).own(1)),
    ("sort", text(&["--compress-program"]).kept()),
    ("split", text(&["--filter"]).kept()),
    ("spring", words(&[])),
    ("ssh-agent", words(&["-a", "-t", "-E"])),
    ("sshpass", words(&["-p", "-f", "-d", "-P"])),
    ("start-stop-daemon", carrier(Takes::After(&["-x", "--exec", "-a", "--startas"]), &[])),
    ("stdbuf", words(&["-i", "-o", "-e", "--input", "--output", "--error"])),
    ("strace", words(&["-o", "-e", "-p", "-s", "-u", "-E", "-P"])),
    ("su", text(&["-c", "--command", "--session-command"])),
    ("su-exec", words(&[]).own(1)),
    ("sudo", words(SUDO).variables()),
    ("sudo-rs", words(SUDO).variables()),
    ("summon", words(&["-f", "-p", "-e", "-D"])),
    ("systemd-cat", words(&["-t", "-p"])),
    ("systemd-inhibit", words(&["--what", "--who", "--why", "--mode"])),
    ("systemd-nspawn", words(&["-D", "-M", "-i", "-u", "--bind"]).there()),
    ("systemd-run", words(&["-p", "-u", "-t", "--unit", "--property", "-M", "-H", "--uid", "--gid", "-E", "--setenv"])),
    ("tailscale", line(&[]).verbs(&["ssh"]).own(1).there()),
    ("tar", text(&["--to-command", "--use-compress-program", "-I", "--checkpoint-action=exec"]).kept()),
    ("taskset", words(&[]).own(1)),
    ("telepresence", carrier(Takes::OnlyDashes, &[])),
    ("teller", dashes(&["-c"]).verbs(&["run"])),
    ("time", words(&["-f", "-o", "--format", "--output"])),
    ("timelimit", words(&["-t", "-T", "-s", "-S"])),
    ("timeout", words(&["-s", "-k", "--signal", "--kill-after"]).own(1)),
    ("tini", words(&["-p", "-e"])),
    ("toolbox", words(&["-c", "--container", "-r", "-d"]).verbs(&["run"])),
    ("torsocks", words(&["-a", "-P", "-u", "-p"])),
    ("toybox", words(&[])),
    ("trickle", words(&["-d", "-u", "-w", "-t", "-l"])),
    ("ts", words(&["-L", "-N", "-S"])),
    ("tsh", line(&["--proxy", "--user", "--cluster", "-l"]).verbs(&["ssh"]).own(1).there()),
    ("tsocks", words(&[])),
    ("tsp", words(&["-L", "-N", "-S"])),
    ("turbo", words(&[]).verbs(&["exec"])),
    ("unbuffer", words(&[])),
    ("unshare", words(&["-S", "-G", "-R", "-w", "--root", "--wd", "--setuid", "--setgid"])),
    ("uv", words(PACKAGES).verbs(&["run"])),
    ("uv", words(PACKAGES).verbs(&["tool", "run"])),
    ("uvx", words(PACKAGES)),
    ("vagrant", text(COMMAND).verbs(&["ssh"]).there()),
    ("vagrant", carrier(Takes::OnlyDashes, &[]).verbs(&["ssh"]).there()),
    ("valgrind", words(&[])),
    ("vault", carrier(Takes::OnlyDashes, &[]).verbs(&["exec"])),
    ("volta", words(&["--node", "--npm", "--yarn", "--pnpm"]).verbs(&["run"])),
    ("watch", line(&["-n", "--interval", "-q"])),
    ("watchexec", words(FOLLOWED)),
    ("with-contenv", words(&[])),
    ("with-env", words(&[])),
    ("wsl", words(&["-d", "--distribution", "-u", "--user", "--cd"])),
    ("xterm", words(&["-T", "-title", "-geometry", "-fn", "-bg", "-fg"])),
    ("xvfb-run", words(&["-n", "-s", "-e"])),
    ("zellij", dashes(&["-n", "--name", "-d", "--cwd"]).verbs(&["run"])),
    ("zip", text(&["-TT", "--unzip-command"]).kept()),
];
