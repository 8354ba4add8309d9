//! Reads and writes whole files: settings, their backups, the program.

use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::InstallError;

/// A larger settings file is refused.
const LARGEST: u64 = 8 << 20;
/// Nobody may write.
const WRITABLE: u32 = 0o222;

/// Reads a settings file; `None`: there is none.
pub(super) fn read(settings: &Path) -> Result<Option<String>, InstallError> {
    let malformed = |why: &str| InstallError::Malformed {
        file: settings.to_path_buf(),
        why: why.to_owned(),
    };
    let about = match std::fs::metadata(settings) {
        Ok(about) => about,
        Err(error) if error.kind() == ErrorKind::NotFound && !settings.is_symlink() => {
            return Ok(None);
        }
        Err(source) => return Err(cannot("read", settings, source)),
    };
    if !about.is_file() {
        return Err(malformed("it is no file"));
    }
    if about.len() > LARGEST {
        return Err(malformed("it is larger than 8 MB"));
    }
    let bytes = std::fs::read(settings).map_err(|source| cannot("read", settings, source))?;
    String::from_utf8(bytes)
        .map(Some)
        .map_err(|_| malformed("it is no UTF-8 text"))
}

/// Refuses where a person took the right to write away. Renaming needs no right to the file itself, and root needs
/// none at all, so both are asked for.
pub(super) fn check_writable(settings: &Path) -> Result<(), InstallError> {
    let refused = |file: &Path| {
        let source = std::io::Error::new(ErrorKind::PermissionDenied, "it is read-only");
        Err(cannot("write", file, source))
    };
    match std::fs::metadata(settings) {
        Ok(about) if about.permissions().mode() & WRITABLE == 0 => return refused(settings),
        Ok(_) => {
            std::fs::OpenOptions::new()
                .append(true)
                .open(settings)
                .map_err(|source| cannot("write", settings, source))?;
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(source) => return Err(cannot("write", settings, source)),
    }
    match settings
        .parent()
        .map(|folder| (folder, std::fs::metadata(folder)))
    {
        Some((folder, Ok(about))) if about.permissions().mode() & WRITABLE == 0 => refused(folder),
        _ => Ok(()),
    }
}

/// Gives a settings file other bytes, unless somebody else changed it since it was read.
pub(super) fn replace(
    settings: &Path,
    before: Option<&str>,
    after: &str,
) -> Result<(), InstallError> {
    let mode =
        std::fs::metadata(settings).map_or(0o600, |about| about.permissions().mode() & 0o777);
    if let Some(folder) = settings.parent() {
        std::fs::create_dir_all(folder).map_err(|source| cannot("make", folder, source))?;
    }
    let beside = write_beside(settings, after.as_bytes(), mode)
        .map_err(|source| cannot("write", settings, source))?;
    let replaced = unchanged(settings, before).and_then(|()| {
        std::fs::rename(&beside, settings).map_err(|source| cannot("write", settings, source))
    });
    if replaced.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    replaced
}

/// Refuses when the file is not what was read any more.
pub(super) fn unchanged(settings: &Path, before: Option<&str>) -> Result<(), InstallError> {
    if read(settings)?.as_deref() == before {
        Ok(())
    } else {
        Err(InstallError::Changed {
            file: settings.to_path_buf(),
        })
    }
}

/// Writes a file that is there whole or not at all.
pub(super) fn write_whole(file: &Path, bytes: &[u8], mode: u32) -> std::io::Result<()> {
    let beside = write_beside(file, bytes, mode)?;
    std::fs::rename(&beside, file).inspect_err(|_| {
        let _ = std::fs::remove_file(&beside);
    })
}

fn write_beside(file: &Path, bytes: &[u8], mode: u32) -> std::io::Result<PathBuf> {
    let mut name = file.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = file.with_file_name(name);
    std::fs::OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(mode)
        .open(&beside)
        .and_then(|mut open| {
            open.write_all(bytes)?;
            // The mode above is cut by the umask.
            open.set_permissions(std::fs::Permissions::from_mode(mode))?;
            open.sync_all()
        })
        .inspect_err(|_| {
            let _ = std::fs::remove_file(&beside);
        })?;
    Ok(beside)
}

pub(super) fn cannot(what: &'static str, file: &Path, source: std::io::Error) -> InstallError {
    InstallError::Io {
        what,
        file: file.to_path_buf(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_else_wrote_meanwhile_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("settings.json");
        std::fs::write(&file, "theirs").unwrap();
        for before in [Some("ours"), None] {
            let error = replace(&file, before, "new").unwrap_err();
            assert!(matches!(error, InstallError::Changed { .. }), "{error}");
            assert_eq!(std::fs::read_to_string(&file).unwrap(), "theirs");
        }
        replace(&file, Some("theirs"), "new").unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
