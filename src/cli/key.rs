//! The key for digests of secrets: a file of this user, apart from every ledger.

use std::path::{Path, PathBuf};

use crate::{
    error::{Class, Diagnostic},
    files,
    model::secret::Key,
};

/// Names the key file, for machines that share one.
const VARIABLE: &str = "MIGRATE_SECRETS_KEY_FILE";

/// Largest key file, in bytes.
const MAX_BYTES: u64 = 4_096;

/// Fewest bytes that are taken for a key: 128 bits of hexadecimal digits.
const MIN_BYTES: usize = 32;

/// Reads the key; makes one if this user has none.
///
/// # Errors
/// It can be neither read nor made.
pub fn load() -> Result<Key, Box<Diagnostic>> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let named = set(VARIABLE);
    let default = || {
        let config = set("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
        Some(config.or_else(|| Some(std::env::home_dir()?.join(".config")))?.join("migrate/secrets.key"))
    };
    match named {
        Some(path) => read(&path).and_then(|key| key.ok_or_else(|| wrong(&path, "it does not exist"))),
        None => match default() {
            Some(path) => read_or_make(&path),
            None => Err(wrong(Path::new("secrets.key"), "this user has no home folder")),
        },
    }
}

fn wrong(path: &Path, why: &str) -> Box<Diagnostic> {
    let message = format!("the key for digests of secrets, {}, cannot be used: {why}", path.display());
    let help = format!("name a file of at least {MIN_BYTES} random characters with {VARIABLE}=FILE");
    Box::new(Diagnostic::error("M4130", Class::Ledger, message).help(help))
}

fn read(path: &Path) -> Result<Option<Key>, Box<Diagnostic>> {
    match files::read_input(path, MAX_BYTES) {
        Ok(bytes) => {
            let key = bytes.trim_ascii();
            if key.len() < MIN_BYTES {
                return Err(wrong(path, "it is too short"));
            }
            Ok(Some(Key::new(key)))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(wrong(path, &error.to_string())),
    }
}

fn read_or_make(path: &Path) -> Result<Key, Box<Diagnostic>> {
    if let Some(key) = read(path)? {
        return Ok(key);
    }
    // Of two that make one at the same time, one wins, and both read that.
    files::create_private(path, fresh().as_bytes()).map_err(|error| wrong(path, &error.to_string()))?;
    read(path)?.ok_or_else(|| wrong(path, "it was deleted at once"))
}

/// Two random numbers of 122 bits each, from the system.
#[expect(clippy::disallowed_methods, reason = "a key must be random")]
fn fresh() -> String {
    format!("{}{}\n", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test's input is no ledger")]
    fn a_key_is_made_once_and_for_its_owner_only() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config/migrate/secrets.key");
        let key = read_or_make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
        assert!(read_or_make(&path).unwrap() == key);
        assert!(!files::create_private(&path, b"another").unwrap());
        assert!(read_or_make(&dir.path().join("other/secrets.key")).unwrap() != key);
        fs::write(&path, "short\n").unwrap();
        assert_eq!(read_or_make(&path).unwrap_err().code, "M4130");
    }
}
