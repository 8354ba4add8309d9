//! Which files hold secrets, by their names.

/// Files and folders that hold secrets, by name.
const SECRET_NAMES: &[&str] = &[
    ".netrc",
    ".pgpass",
    ".my.cnf",
    ".pypirc",
    ".git-credentials",
    "application_default_credentials.json",
    "admin.conf",
    "master.key",
    "secrets.yml",
    "secrets.yaml",
    "secrets.json",
    "credentials.json",
    "service-account.json",
    "login.keychain-db",
    ".vault-token",
    ".boto",
    ".s3cfg",
    "terraform.tfstate",
    "terraform.tfstate.backup",
    "wallet.dat",
    ".credentials.json",
    "accessTokens.json",
    "rclone.conf",
    ".htpasswd",
    "secring.gpg",
];
const SECRET_ENDS: &[&str] = &[
    "/shadow",
    ".aws/credentials",
    ".aws/credential?",
    ".kube/config",
    ".docker/config.json",
    ".config/gh/hosts.yml",
    ".config/glab-cli/config.yml",
    "containers/auth.json",
    "pypoetry/auth.toml",
    ".cargo/credentials.toml",
    ".cargo/credentials",
    ".config/gcloud/credentials.db",
    ".terraform.d/credentials.tfrc.json",
    "~/.npmrc",
    ".gem/credentials",
    ".config/op/config",
    ".azure/msal_token_cache.json",
    ".config/doctl/config.yaml",
    ".config/hcloud/cli.toml",
    ".fly/config.yml",
    ".config/configstore/firebase-tools.json",
    ".kaggle/kaggle.json",
    ".cache/huggingface/token",
    ".jupyter/jupyter_server_config.json",
    ".rustup/credentials",
    "serviceaccount/token",
];
const SECRET_FOLDERS: &[&str] = &[".gnupg", "Keychains", ".password-store"];

/// Files of a browser's profile that hold logins and sessions.
const BROWSER_NAMES: &[&str] = &[
    "Login Data",
    "Cookies",
    "Web Data",
    "Local State",
    "logins.json",
    "logins.db",
    "key4.db",
    "cookies.sqlite",
];
const BROWSERS: &[&str] = &[
    "google-chrome",
    "/Chrome/",
    "chromium",
    "BraveSoftware",
    "Microsoft Edge",
    ".mozilla",
    "Firefox",
];

/// Whether a path, by its name, holds secrets.
pub(in crate::rules) fn is_secret_path(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    if BROWSER_NAMES.contains(&name) && BROWSERS.iter().any(|browser| path.contains(browser)) {
        return true;
    }
    if path.contains([' ', '\n', ';', '(', '|'])
        || path.is_empty()
        || path.contains("://") && !path.starts_with("file:")
        || path.len() > 1_024
    {
        return false;
    }
    if name == ".env" || name == ".envrc" {
        return true;
    }
    if let Some(rest) = name.strip_prefix(".env.") {
        return ![
            "example", "sample", "template", "dist", "defaults", "test", "schema", "d.ts", "md",
        ]
        .iter()
        .any(|kind| rest.ends_with(kind));
    }
    // The project's own `.npmrc` says where packages come from.
    if name == ".npmrc" {
        return path.len() > name.len() && is_home_file(path);
    }
    if path.starts_with("/proc/") && name == "environ" {
        return true;
    }
    if path.starts_with("/run/secrets/") || path.starts_with("/var/run/secrets/") {
        return !name.is_empty();
    }
    SECRET_NAMES.contains(&name)
        || is_key_file(path)
        || SECRET_ENDS.iter().any(|end| path.ends_with(end))
        || path.split('/').any(|part| SECRET_FOLDERS.contains(&part))
}

/// Whether a path is a private key or says who may log in.
pub(super) fn is_key_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.strip_suffix(".pem").unwrap_or_default();
    let ends = !is_certificate(stem)
        && !name.ends_with(".gpg.key")
        && [".pem", ".key", ".p12", ".pfx", ".jks", ".keystore"]
            .iter()
            .any(|end| name.len() > end.len() && name.ends_with(end));
    let in_ssh = path.split('/').rev().nth(1) == Some(".ssh") || path.ends_with("/.ssh");
    let harmless =
        name.rsplit('.').next() == Some("pub") || matches!(name, "known_hosts" | "config" | "");
    ends || [
        "id_rsa",
        "id_ed25519",
        "id_ecdsa",
        "id_dsa",
        "authorized_keys",
    ]
    .contains(&name)
        || in_ssh && !harmless
}

/// Whether a `.pem` file, by the rest of its name, holds what anybody may read.
fn is_certificate(stem: &str) -> bool {
    let stem = stem.to_ascii_lowercase();
    let is = |word: &&str| stem.contains(*word);
    let names_authority = stem.split(['-', '_', '.']).any(|part| part == "ca");
    stem.contains("pub")
        || !stem.contains("key")
            && (names_authority
                || ["cert", "chain", "bundle", "csr", "crl", "dhparam"]
                    .iter()
                    .any(is))
}

/// A file right below a home.
fn is_home_file(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    matches!(
        parts.as_slice(),
        ["~" | "$HOME", _] | ["", "root", _] | ["", "home" | "Users", _, _]
    )
}

/// Whether a folder is one of credentials.
pub(super) fn is_secret_folder(path: &str) -> bool {
    let path = path.trim_end_matches('/');
    matches!(
        path.rsplit('/').next(),
        Some(".aws" | ".ssh" | ".gnupg" | ".kube" | ".password-store" | ".docker" | ".azure")
    )
}
