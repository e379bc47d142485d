//! Texts that stand for secrets: `{{resolve:parameter:NAME:DIGEST}}` for `NoEcho` parameters,
//! `{{resolve:literal:PLACE:DIGEST}}` for what the template itself says in a secret property.
//!
//! The digest tells whether a secret has changed. It is keyed: ledgers, change sets and events hold it, the key is in
//! none of them, and without it nobody can try passwords against a digest. In front stands a mark of the key, since
//! digests by two keys cannot be compared.

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

/// What digests of secrets are made with. The default is for commands that keep nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a key")
    }
}

/// Bytes of a digest, and of a key's mark.
const DIGEST: usize = 16;
const MARK: usize = 4;

impl Key {
    /// A key of these bytes, however many there are.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The key's mark: tells keys apart and says nothing about them.
    #[must_use]
    pub fn mark(&self) -> String {
        hex::encode(&self.tag(&[b"the mark of this key"])[..MARK])
    }

    /// The text that stands for a secret.
    #[must_use]
    pub fn reference(&self, source: Source, name: &str, value: &str) -> String {
        let service = source.service();
        let length = (name.len() as u64).to_be_bytes();
        let digest = self.tag(&[service.as_bytes(), &length, name.as_bytes(), value.as_bytes()]);
        format!("{OPEN}{service}:{name}:{}-{}{CLOSE}", self.mark(), hex::encode(&digest[..DIGEST]))
    }

    fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return [0; 32] };
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// Where a secret comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A `NoEcho` parameter.
    Parameter,
    /// The template's own text.
    Literal,
}

impl Source {
    fn service(self) -> &'static str {
        match self {
            Self::Parameter => "parameter",
            Self::Literal => "literal",
        }
    }
}

const OPEN: &str = "{{resolve:";
const CLOSE: &str = "}}";

/// Stands for a secret that was read from an object and of which nothing is known: it equals nothing.
pub const UNKNOWN: &str = "{{resolve:literal:unknown:-}}";

/// A text that stands for a secret, taken apart: everything but the digest, the key's mark, the digest.
fn parse(reference: &str) -> Option<(&str, &str, &str)> {
    let inner = reference.strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
    let ours = inner.starts_with("parameter:") || inner.starts_with("literal:");
    let (head, tail) = inner.rsplit_once(':').filter(|_| ours)?;
    // Ledgers of earlier versions have digests without a key.
    let (mark, digest) = tail.split_once('-').unwrap_or(("", tail));
    Some((head, mark, digest))
}

/// Whether two texts stand for the same parameter or property, by digests that cannot be compared.
#[must_use]
pub fn incomparable(one: &str, other: &str) -> bool {
    match (parse(one), parse(other)) {
        (Some((a, key, digest)), Some((b, other_key, other_digest))) => {
            a == b && key != other_key && !digest.is_empty() && !other_digest.is_empty()
        }
        _ => false,
    }
}

/// Whether two values are the same but for secrets whose digests cannot be compared.
#[must_use]
pub fn same_but_for_keys(one: &Json, other: &Json) -> bool {
    match (one, other) {
        (Json::String(one), Json::String(other)) => one == other || same_texts(one, other),
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same_but_for_keys(a, b))
        }
        (Json::Object(one), Json::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, a)| other.get(key).is_some_and(|b| same_but_for_keys(a, b)))
        }
        _ => one == other,
    }
}

fn same_texts(one: &str, other: &str) -> bool {
    let (one, other) = (pieces(one), pieces(other));
    one.len() == other.len() && one.iter().zip(&other).all(|(a, b)| a == b || incomparable(a, b))
}

/// A text cut into dynamic references and what stands between them.
#[must_use]
pub fn pieces(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(OPEN) {
        let Some(length) = rest[start..].find(CLOSE) else { break };
        let end = start + length + CLOSE.len();
        out.extend(Some(&rest[..start]).filter(|piece| !piece.is_empty()));
        out.push(&rest[start..end]);
        rest = &rest[end..];
    }
    out.extend(Some(rest).filter(|piece| !piece.is_empty()));
    out
}

/// Whether a piece is a dynamic reference.
#[must_use]
pub fn is_reference(piece: &str) -> bool {
    piece.starts_with(OPEN) && piece.ends_with(CLOSE)
}

/// The mark of the key that a text's digest was made with.
#[must_use]
pub fn mark_of(reference: &str) -> Option<&str> {
    parse(reference).map(|(_, mark, _)| mark).filter(|mark| !mark.is_empty())
}

/// Whether anything in a value stands for a secret by the digest of another key than that of this mark.
#[must_use]
pub fn by_another_key(value: &Json, key: &str) -> bool {
    match value {
        Json::String(text) => pieces(text)
            .into_iter()
            .filter_map(parse)
            .any(|(_, mark, digest)| !digest.is_empty() && mark != key),
        Json::Array(items) => items.iter().any(|item| by_another_key(item, key)),
        Json::Object(members) => members.values().any(|item| by_another_key(item, key)),
        _ => false,
    }
}

/// Words that messages of AWS consist of: as a secret's value they protect nothing, and without them nobody would understand
/// a message any more.
const COMMON: &[&str] = &[
    "access",
    "account",
    "action",
    "admin",
    "administrator",
    "application",
    "backup",
    "bucket",
    "changeme",
    "class",
    "client",
    "cluster",
    "code",
    "connection",
    "create",
    "database",
    "default",
    "delete",
    "demo",
    "denied",
    "description",
    "development",
    "endpoint",
    "engine",
    "error",
    "example",
    "exist",
    "exists",
    "failed",
    "false",
    "field",
    "function",
    "group",
    "guest",
    "host",
    "identifier",
    "instance",
    "invalid",
    "length",
    "limit",
    "list",
    "local",
    "mariadb",
    "master",
    "message",
    "mysql",
    "name",
    "network",
    "none",
    "null",
    "object",
    "operation",
    "oracle",
    "parameter",
    "password",
    "policy",
    "port",
    "postgres",
    "postgresql",
    "private",
    "prod",
    "production",
    "property",
    "provided",
    "public",
    "region",
    "replication",
    "request",
    "required",
    "resource",
    "role",
    "root",
    "sample",
    "schema",
    "secret",
    "security",
    "server",
    "service",
    "source",
    "stack",
    "staging",
    "status",
    "storage",
    "string",
    "subnet",
    "table",
    "target",
    "task",
    "template",
    "test",
    "testing",
    "text",
    "this",
    "token",
    "true",
    "type",
    "user",
    "username",
    "valid",
    "value",
    "version",
    "with",
    "zone",
];

/// The text with a secret's value exchanged for other words. A common word is exchanged only where it stands as a value:
/// in quotes, or behind `=` or `:`.
#[must_use]
pub fn hidden(text: String, value: &str, words: &str) -> String {
    const OPENS: &[char] = &['\'', '"', '`', '=', ':', '>', '\u{201c}'];
    const CLOSES: &[char] = &['\'', '"', '`', ',', ';', '.', ')', ']', '}', '<', '&', ' ', '\n', '\u{201d}'];
    if value.is_empty() || !text.contains(value) {
        return text;
    }
    if !COMMON.contains(&value.to_ascii_lowercase().as_str()) {
        return text.replace(value, words);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(value) {
        let (before, after) = (&rest[..at], &rest[at + value.len()..]);
        out.push_str(before);
        let opens = out.trim_end_matches(' ').ends_with(OPENS);
        let closes = after.is_empty() || after.starts_with(CLOSES);
        out.push_str(if opens && closes { words } else { value });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Names like `MasterUserPassword`, `DB_PASSWORD`, `ApiToken`; not `PASSWORD_LENGTH`, `SECRET_ARN`.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let endings = [
        "password",
        "passwd",
        "passphrase",
        "secretkey",
        "apikey",
        "authtoken",
        "accesstoken",
        "privatekey",
        "secretaccesskey",
        "secretstring",
    ];
    endings.iter().any(|word| name.ends_with(word))
        || ["secret", "token", "pwd"]
            .iter()
            .any(|word| name == *word || name.ends_with(&format!("client{word}")))
}

/// Properties of types that hold a secret though their names do not say so.
///
/// `SecurityDbEncryption`: "the transparent data encryption (TDE) password required by AWM DMS to access Oracle redo
/// logs", <https://docs.aws.amazon.com/dms/latest/APIReference/API_OracleSettings.html>.
const ALSO: &[(&str, &str)] = &[("AWS::DMS::Endpoint", "OracleSettings.SecurityDbEncryption")];

/// Whether the text at a place of a resource is a secret. Places are written `A.B.0.C`.
///
/// Names decide, over all types: what CloudFormation's schemas call write-only includes much that is none (a snapshot's
/// id), and environment variables of functions and containers are in no schema.
#[must_use]
pub fn is_secret_place(kind: &str, place: &str) -> bool {
    let name = place.rsplit('.').next().unwrap_or(place);
    is_secret_name(name) || ALSO.contains(&(kind, place))
}

/// Whether a text in a place that may hold anything is a secret: extra connection attributes of DMS take
/// `asmPassword=...` and the like (AWS DMS User Guide, "Using an Oracle database as a source").
#[must_use]
pub fn holds_password(kind: &str, place: &str, text: &str) -> bool {
    let attributes = kind == "AWS::DMS::Endpoint" && place == "ExtraConnectionAttributes";
    attributes
        && text
            .split(';')
            .filter_map(|pair| pair.split_once('='))
            .any(|(name, _)| is_secret_name(name.trim()))
}

/// A text that says where the secret is, not what it is.
#[must_use]
pub fn points_elsewhere(text: &str) -> bool {
    text.starts_with("arn:")
}

/// Exchanges what the live value of a property says of secrets for [`UNKNOWN`], so that it can be kept and shown.
pub fn forget(kind: &str, place: &str, value: &mut Json) {
    match value {
        Json::String(text) => {
            let secret = is_secret_place(kind, place) || holds_password(kind, place, text);
            if secret && !text.is_empty() && !points_elsewhere(text) {
                UNKNOWN.clone_into(text);
            }
        }
        Json::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                forget(kind, &format!("{place}.{at}"), item);
            }
        }
        Json::Object(members) => {
            let named = members.get("Name").and_then(Json::as_str).is_some_and(is_secret_name);
            for (name, item) in members {
                if named && name == "Value" && item.is_string() {
                    *item = UNKNOWN.into();
                } else {
                    forget(kind, &format!("{place}.{name}"), item);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn digests_depend_on_key_place_and_value_and_on_nothing_else() {
        let (key, other) = (Key::new(b"one"), Key::new(b"two"));
        let reference = |key: &Key, name, value| key.reference(Source::Parameter, name, value);
        assert_eq!(reference(&key, "Password", "hunter2"), reference(&key, "Password", "hunter2"));
        let all = [
            reference(&key, "Password", "hunter2"),
            reference(&key, "Password", "hunter3"),
            reference(&key, "Other", "hunter2"),
            reference(&other, "Password", "hunter2"),
            key.reference(Source::Literal, "Password", "hunter2"),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(all[at + 1..].iter().all(|later| later != one), "{one}");
            assert!(!one.contains("hunter"));
        }
        // An unkeyed digest of the value is nowhere in it.
        assert!(!all[0].contains(&hex::encode(Sha256::digest(b"hunter2"))[..4 * 2]));
    }

    #[test]
    fn digests_of_two_keys_cannot_be_compared_those_of_one_can() {
        let (key, other) = (Key::new(b"one"), Key::new(b"two"));
        let text = |key: &Key, value| {
            json!(["x", format!("u:{}@h", key.reference(Source::Literal, "a/B.C", value))])
        };
        assert!(same_but_for_keys(&text(&key, "1"), &text(&other, "2")));
        assert!(!same_but_for_keys(&text(&key, "1"), &text(&key, "2")));
        let old = json!(["x", "u:{{resolve:literal:a/B.C:2f5b}}@h"]);
        assert!(same_but_for_keys(&text(&key, "1"), &old));
        assert!(!same_but_for_keys(&text(&key, "1"), &json!(["x", format!("u:{UNKNOWN}@h")])));
        assert!(by_another_key(&text(&other, "1"), &key.mark()) && by_another_key(&old, &key.mark()));
        assert!(
            !by_another_key(&text(&key, "1"), &key.mark()) && !by_another_key(&json!(UNKNOWN), &key.mark())
        );
    }

    #[test]
    fn names_of_secrets_are_told_from_names_about_secrets() {
        for name in
            ["DB_PASSWORD", "MasterUserPassword", "ApiKey", "TOKEN", "aws_secret_access_key", "ClientSecret"]
        {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["PASSWORD_LENGTH", "SECRET_ARN", "DB_SECRET_NAME", "Tokenizer", "KeyId", "NextToken"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn what_an_object_says_of_secrets_is_not_kept() {
        let mut live = json!([{"Name": "app", "Environment": [
            {"Name": "DB_PASSWORD", "Value": "hunter2"}, {"Name": "STAGE", "Value": "dev"}]}]);
        forget("AWS::ECS::TaskDefinition", "ContainerDefinitions", &mut live);
        assert!(!live.to_string().contains("hunter2") && live.to_string().contains("dev"), "{live}");
        let mut live = json!("asmPassword=hunter2;useBfile=Y");
        forget("AWS::DMS::Endpoint", "ExtraConnectionAttributes", &mut live);
        assert_eq!(live, json!(UNKNOWN));
    }
}
