//! A unit for the service manager of the user's login: systemd, or launchd on a Mac.

use std::path::{Path, PathBuf};

use agent::Error;
use config::env::{FJORD_HOME, HOME, PATH, XDG_CONFIG_HOME};

use super::ask::Asker;
use crate::argv::InitArgs;
use crate::wire::{Wire, own_program};

/// Writes the unit that was asked for; returns where.
pub(super) async fn write(
    wire: &Wire,
    asker: &Asker<'_>,
    args: &InitArgs,
) -> Result<Option<PathBuf>, Error> {
    let on_mac = cfg!(target_os = "macos");
    let asked_for = args.systemd || args.launchd;
    if !asked_for
        && !asker
            .agrees(if on_mac {
                "run `fjord up` by launchd"
            } else {
                "run `fjord up` by a systemd user unit"
            })
            .await?
    {
        return Ok(None);
    }
    let launchd = args.launchd || (on_mac && !args.systemd);
    let program = own_program()?;
    let variables = variables(wire);
    let (file, text, next) = if launchd {
        (
            home(wire)?.join("Library/LaunchAgents/dev.fjord.up.plist"),
            plist(&program, &variables),
            "launchctl load -w FILE",
        )
    } else {
        let folder = match wire.environment.folder(XDG_CONFIG_HOME) {
            Some(folder) => folder,
            None => home(wire)?.join(".config"),
        };
        (
            folder.join("systemd/user/fjord.service"),
            unit(&program, &variables),
            "systemctl --user daemon-reload && systemctl --user enable --now fjord",
        )
    };
    let cannot = |error: std::io::Error| {
        Error::conflict(format!("{} cannot be written: {error}", file.display()))
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(cannot)?;
    }
    std::fs::write(&file, text).map_err(cannot)?;
    wire.output.remark(&format!(
        "written: {}\nstart it: `{}`",
        file.display(),
        next.replace("FILE", &file.display().to_string())
    ));
    Ok(Some(file))
}

fn home(wire: &Wire) -> Result<PathBuf, Error> {
    wire.environment
        .folder(HOME)
        .ok_or_else(|| Error::invalid("`HOME` is not set, so there is no place for the unit"))
}

/// The service manager starts with an almost empty environment; deploy commands need the path of today.
fn variables(wire: &Wire) -> Vec<(&'static str, String)> {
    [FJORD_HOME, PATH]
        .into_iter()
        .filter_map(|name| Some((name, wire.environment.get(name)?.to_owned())))
        .collect()
}

fn unit(program: &Path, variables: &[(&str, String)]) -> String {
    let mut out = String::from(
        "[Unit]\nDescription=Fjord\nAfter=network-online.target\n\n[Service]\nType=notify\n",
    );
    out.push_str(&format!(
        "ExecStart={} up\n",
        unit_quoted(&program.display().to_string())
    ));
    for (name, value) in variables {
        out.push_str(&format!(
            "Environment={}\n",
            unit_quoted(&format!("{name}={value}"))
        ));
    }
    // 64: the configuration is refused, which no restart mends.
    out.push_str("Restart=on-failure\nRestartSec=5\nRestartPreventExitStatus=64\nTimeoutStopSec=15\n\n[Install]\nWantedBy=default.target\n");
    out
}

/// systemd reads `%` and, in commands, `$` as its own.
fn unit_quoted(text: &str) -> String {
    format!(
        "\"{}\"",
        text.replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('%', "%%")
            .replace('$', "$$")
            .replace('\n', " ")
    )
}

fn plist(program: &Path, variables: &[(&str, String)]) -> String {
    let mut entries = String::new();
    for (name, value) in variables {
        entries.push_str(&format!(
            "      <key>{}</key><string>{}</string>\n",
            escaped(name),
            escaped(value)
        ));
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n  <dict>\n\
         \x20   <key>Label</key><string>dev.fjord.up</string>\n\
         \x20   <key>ProgramArguments</key><array><string>{}</string><string>up</string></array>\n\
         \x20   <key>EnvironmentVariables</key><dict>\n{entries}    </dict>\n\
         \x20   <key>RunAtLoad</key><true/>\n\
         \x20   <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>\n\
         \x20 </dict>\n</plist>\n",
        escaped(&program.display().to_string())
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_survives_odd_folders() {
        let made = unit(
            Path::new("/opt/a b/50%/fjord"),
            &[(FJORD_HOME, "/srv/\"x\"".to_owned())],
        );
        assert!(
            made.contains("ExecStart=\"/opt/a b/50%%/fjord\" up\n"),
            "{made}"
        );
        assert!(
            made.contains("Environment=\"FJORD_HOME=/srv/\\\"x\\\"\"\n"),
            "{made}"
        );
    }

    #[test]
    fn a_plist_escapes_what_xml_reads() {
        let made = plist(Path::new("/opt/a&b/fjord"), &[]);
        assert!(
            made.contains("<string>/opt/a&amp;b/fjord</string>"),
            "{made}"
        );
    }
}
