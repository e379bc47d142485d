//! Which values are secret, and where they must not be.

use std::path::Path;

use migrate::sandbox::{Home, World};
use serde_json::Value as Json;

/// The secret values that a world holds: every secret's text, or the passwords in it where it is JSON.
pub fn of_world(world: &World) -> Vec<String> {
    let mut values = Vec::new();
    for (_, row) in world.rows("secretsmanager.version").chain(world.rows("secretsmanager.secret")) {
        collect(row, &mut values);
    }
    values.sort();
    values.dedup();
    values
}

/// The secret values of a world that nobody has open.
pub fn of_folder(sandbox: &Path) -> Vec<String> {
    let (_home, world) = Home::open(sandbox, 1, 0).expect("the world");
    of_world(&world)
}

/// All files below a folder.
pub fn files(dir: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(dir).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files(&path, found);
        } else {
            let bytes = std::fs::read(&path).expect("a file");
            found.push((path.display().to_string(), bytes));
        }
    }
}

/// Every `SecretString` inside a row, and the passwords inside those that are JSON.
fn collect(value: &Json, values: &mut Vec<String>) {
    match value {
        Json::Object(members) => {
            for (name, member) in members {
                match (name.trim_start_matches('_'), member.as_str()) {
                    ("SecretString", Some(text)) => match serde_json::from_str(text) {
                        // Whoever shows the document shows the password.
                        Ok(Json::Object(inner)) => {
                            values
                                .extend(inner.get("password").and_then(Json::as_str).map(ToOwned::to_owned));
                        }
                        _ => values.push(text.to_owned()),
                    },
                    _ => collect(member, values),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| collect(item, values)),
        _ => {}
    }
}

/// No secret is in a text.
#[track_caller]
pub fn absent_from(text: &str, secrets: &[String], place: &str) {
    for secret in secrets {
        assert!(!text.contains(secret.as_str()), "a secret is in {place}");
    }
}
