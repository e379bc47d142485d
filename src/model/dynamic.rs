//! Dynamic references: `{{resolve:SERVICE:...}}` inside texts.

use base64::Engine as _;

/// A dynamic reference's parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DynamicReference {
    /// `{{resolve:ssm:NAME[:VERSION]}}` and `{{resolve:ssm-secure:...}}`.
    Parameter {
        /// Whether the value is a secret.
        secure: bool,
        /// The parameter's name.
        name: String,
        /// A fixed version.
        version: Option<u64>,
    },
    /// `{{resolve:secretsmanager:ID[:SecretString[:KEY[:STAGE[:VERSION]]]]}}`.
    Secret {
        /// Name or ARN.
        id: String,
        /// A key of the secret's JSON.
        key: Option<String>,
        /// A version stage.
        stage: Option<String>,
        /// A version id.
        version: Option<String>,
    },
    /// What `migrate` itself puts in the place of a `NoEcho` parameter or of code.
    NoEcho,
}

const OPEN: &str = "{{resolve:";

/// Whether the text holds the start of a dynamic reference.
#[must_use]
pub fn is_dynamic(text: &str) -> bool {
    text.contains(OPEN)
}

/// All dynamic references of a whole text.
///
/// # Errors
/// What is wrong with the first one that is none.
pub fn references(text: &str) -> Result<Vec<DynamicReference>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(OPEN) {
        let body = &rest[at + OPEN.len()..];
        let end = body.find("}}").ok_or("the dynamic reference does not end with `}}`")?;
        match body[..end].strip_prefix("base64:") {
            Some(code) => found.extend(references(&encoded(code).ok_or("the text is no Base64")?)?),
            None => found.push(one(&body[..end])?),
        }
        rest = &body[end + 2..];
    }
    Ok(found)
}

/// The text that `{{resolve:base64:...}}` stands for: `Fn::Base64` of a text with dynamic references, which are answered
/// before it is encoded.
#[must_use]
pub fn encoded(code: &str) -> Option<String> {
    let bytes = base64::engine::general_purpose::STANDARD.decode(code).ok()?;
    String::from_utf8(bytes).ok()
}

fn one(body: &str) -> Result<DynamicReference, String> {
    let (service, rest) = body.split_once(':').unwrap_or((body, ""));
    let some = |part: &str| (!part.is_empty()).then(|| part.to_owned());
    match service {
        "ssm" | "ssm-secure" => {
            let (name, version) = match rest.rsplit_once(':') {
                Some((name, version)) if !name.is_empty() && !rest.starts_with("arn:") => {
                    (name, Some(version))
                }
                _ => (rest, None),
            };
            if name.is_empty() {
                return Err(format!("`{{{{resolve:{service}:...}}}}` names no parameter"));
            }
            let version = version
                .map(|v| {
                    v.parse().map_err(|_| format!("the parameter's version is a whole number, not `{v}`"))
                })
                .transpose()?;
            Ok(DynamicReference::Parameter {
                secure: service == "ssm-secure",
                name: name.to_owned(),
                version,
            })
        }
        "secretsmanager" => {
            // An ARN has seven parts, separated by the same colon.
            let id_parts = if rest.starts_with("arn:") { 7 } else { 1 };
            let parts: Vec<&str> = rest.split(':').collect();
            let id = parts[..id_parts.min(parts.len())].join(":");
            let more = parts.get(id_parts..).unwrap_or_default();
            if id.is_empty() || parts.len() < id_parts {
                return Err("`{{resolve:secretsmanager:...}}` names no secret".to_owned());
            }
            if more.first().is_some_and(|kind| !kind.is_empty() && *kind != "SecretString") {
                return Err(format!("only `SecretString` can be read from a secret, not `{}`", more[0]));
            }
            if more.len() > 4 {
                return Err("the dynamic reference has too many parts".to_owned());
            }
            let part = |at: usize| more.get(at).copied().and_then(some);
            let (stage, version) = (part(2), part(3));
            if stage.is_some() && version.is_some() {
                return Err("a version stage and a version id exclude each other".to_owned());
            }
            Ok(DynamicReference::Secret { id, key: part(1), stage, version })
        }
        "parameter" | "asset" => Ok(DynamicReference::NoEcho),
        other => {
            Err(format!("`{other}` is no service of dynamic references: ssm, ssm-secure or secretsmanager"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_understood() {
        let secret = |id: &str, key: Option<&str>| DynamicReference::Secret {
            id: id.into(),
            key: key.map(Into::into),
            stage: None,
            version: None,
        };
        let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf";
        let cases = [
            (
                "{{resolve:secretsmanager:db:SecretString:password}}".to_owned(),
                secret("db", Some("password")),
            ),
            (
                "{{resolve:secretsmanager:db:SecretString:password::}}".to_owned(),
                secret("db", Some("password")),
            ),
            ("x{{resolve:secretsmanager:db}}y".to_owned(), secret("db", None)),
            (format!("{{{{resolve:secretsmanager:{arn}:SecretString:user}}}}"), secret(arn, Some("user"))),
            (
                "{{resolve:ssm:/a/b:3}}".to_owned(),
                DynamicReference::Parameter { secure: false, name: "/a/b".into(), version: Some(3) },
            ),
            (
                "{{resolve:ssm-secure:p}}".to_owned(),
                DynamicReference::Parameter { secure: true, name: "p".into(), version: None },
            ),
        ];
        for (text, wanted) in cases {
            assert_eq!(references(&text), Ok(vec![wanted]), "{text}");
        }
        assert_eq!(references("{{resolve:ssm:a}}{{resolve:ssm:b}}").unwrap().len(), 2);
        assert_eq!(references("{{ not.one }}"), Ok(vec![]));
    }

    #[test]
    fn mistakes_are_refused() {
        for text in [
            "{{resolve:ssm:a",
            "{{resolve:s3:a}}",
            "{{resolve:ssm}}",
            "{{resolve:ssm:a:latest}}",
            "{{resolve:secretsmanager:}}",
            "{{resolve:secretsmanager:arn:aws:x}}",
            "{{resolve:secretsmanager:a:SecretBinary:x}}",
            "{{resolve:secretsmanager:a:SecretString:k:AWSCURRENT:v1}}",
        ] {
            assert!(references(text).is_err(), "{text}");
        }
    }
}
