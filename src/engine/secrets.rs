//! Dynamic references become values in the copy that goes into a call, and nowhere else.

use std::{cell::RefCell, collections::BTreeMap};

use serde_json::Value as Json;

use crate::{
    aws::{Cloud, OpError, op},
    graph::Secrets,
};

/// Replaces every secret value this run has seen by `(secret)`.
#[derive(Debug, Default)]
pub struct Redactor(RefCell<Vec<String>>);

impl Redactor {
    /// Remembers a value. Very short ones are left alone: redacting `1` would garble every message and protect
    /// nothing.
    pub fn learn(&self, value: &str) {
        let mut known = self.0.borrow_mut();
        if value.len() >= 4 && !known.iter().any(|k| k == value) {
            known.push(value.to_owned());
            // Longest first, so that a secret that contains another is replaced whole.
            known.sort_by_key(|v| std::cmp::Reverse(v.len()));
        }
    }

    /// The text without secrets.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for secret in self.0.borrow().iter() {
            if out.contains(secret.as_str()) {
                out = out.replace(secret.as_str(), "(secret)");
            }
        }
        out
    }

    /// The error without secrets.
    #[must_use]
    pub fn clean_error(&self, mut error: OpError) -> OpError {
        error.message = self.clean(&error.message);
        error
    }
}

/// Where dynamic references are answered.
pub struct SecretStore {
    parameters: Secrets,
    cache: RefCell<BTreeMap<(String, String), Json>>,
    /// What must not be shown.
    pub redactor: Redactor,
}

const OPEN: &str = "{{resolve:";
const ASSET: &str = "{{resolve:asset:";

impl SecretStore {
    /// `parameters` answers `{{resolve:parameter:...}}` and `{{resolve:asset:...}}`, the code of functions.
    #[must_use]
    pub fn new(parameters: Secrets) -> Self {
        let redactor = Redactor::default();
        for (reference, value) in &parameters.0 {
            if !reference.starts_with(ASSET) {
                redactor.learn(value);
            }
        }
        Self { parameters, cache: RefCell::default(), redactor }
    }

    /// A copy of `properties` with every dynamic reference answered.
    ///
    /// # Errors
    /// When a reference cannot be answered; the text names the reference, never a value.
    pub async fn fill(&self, cloud: &Cloud, region: &str, properties: &Json) -> Result<Json, OpError> {
        let mut found = Vec::new();
        collect(properties, &mut found);
        found.sort();
        found.dedup();
        let mut values = BTreeMap::new();
        for reference in found {
            let value = self.answer(cloud, region, &reference).await?;
            values.insert(reference, value);
        }
        let mut copy = properties.clone();
        substitute(&mut copy, &values);
        Ok(copy)
    }

    async fn answer(&self, cloud: &Cloud, region: &str, reference: &str) -> Result<String, OpError> {
        let inner = reference.trim_start_matches(OPEN).trim_end_matches("}}");
        let (kind, rest) = inner.split_once(':').unwrap_or((inner, ""));
        let value = match kind {
            "parameter" | "asset" => self.parameters.0.get(reference).cloned().ok_or_else(|| {
                OpError::not_sent("resolve", format!("what {reference} stands for is not known in this run"))
            })?,
            "secretsmanager" => self.secret(cloud, region, reference, rest).await?,
            "ssm" | "ssm-secure" => self.parameter(cloud, region, rest, kind == "ssm-secure").await?,
            other => {
                return Err(OpError::not_sent(
                    "resolve",
                    format!("unknown dynamic reference service `{other}`"),
                ));
            }
        };
        if !matches!(kind, "ssm" | "asset") {
            self.redactor.learn(&value);
        }
        Ok(value)
    }

    async fn secret(
        &self,
        cloud: &Cloud,
        region: &str,
        reference: &str,
        rest: &str,
    ) -> Result<String, OpError> {
        // The id may be an ARN, which holds six colons of its own.
        let parts: Vec<&str> = rest.split(':').collect();
        let id_parts = if rest.starts_with("arn:") { 7 } else { 1 };
        let id = parts.iter().take(id_parts).copied().collect::<Vec<_>>().join(":");
        let mut tail = parts.iter().skip(id_parts).copied();
        let _secret_string = tail.next();
        let key = tail.next().filter(|k| !k.is_empty());
        let stage = tail.next().filter(|s| !s.is_empty());
        let version = tail.next().filter(|v| !v.is_empty());
        let cache_key =
            (region.to_owned(), format!("{id}:{}:{}", stage.unwrap_or(""), version.unwrap_or("")));
        let cached = self.cache.borrow().get(&cache_key).cloned();
        let text = match cached {
            Some(text) => text,
            None => {
                let answer = cloud
                    .sdk(region)
                    .secrets()
                    .get_secret_value()
                    .secret_id(&id)
                    .set_version_stage(stage.map(ToOwned::to_owned))
                    .set_version_id(version.map(ToOwned::to_owned))
                    .send()
                    .await
                    .map_err(op("GetSecretValue"))?;
                let text = Json::String(answer.secret_string().unwrap_or_default().to_owned());
                self.cache.borrow_mut().insert(cache_key, text.clone());
                text
            }
        };
        let text = text.as_str().unwrap_or_default();
        self.redactor.learn(text);
        let Some(key) = key else { return Ok(text.to_owned()) };
        let document: Json = serde_json::from_str(text).map_err(|_| {
            OpError::not_sent(
                "GetSecretValue",
                format!("{reference} asks for a key, but the secret is no JSON object"),
            )
        })?;
        match &document[key] {
            Json::String(value) => Ok(value.clone()),
            Json::Null => Err(OpError::not_sent(
                "GetSecretValue",
                format!("{reference}: the secret has no key `{key}`"),
            )),
            other => Ok(other.to_string()),
        }
    }

    async fn parameter(
        &self,
        cloud: &Cloud,
        region: &str,
        name: &str,
        decrypt: bool,
    ) -> Result<String, OpError> {
        let key = (region.to_owned(), format!("ssm:{name}"));
        if let Some(value) = self.cache.borrow().get(&key) {
            return Ok(value.as_str().unwrap_or_default().to_owned());
        }
        let answer = cloud
            .sdk(region)
            .ssm()
            .get_parameter()
            .name(name)
            .with_decryption(decrypt)
            .send()
            .await
            .map_err(op("GetParameter"))?;
        let value = answer.parameter().and_then(|p| p.value()).unwrap_or_default().to_owned();
        self.cache.borrow_mut().insert(key, Json::String(value.clone()));
        Ok(value)
    }
}

fn collect(value: &Json, found: &mut Vec<String>) {
    match value {
        Json::String(text) => found.extend(references(text).map(ToOwned::to_owned)),
        Json::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Json::Object(map) => map.values().for_each(|item| collect(item, found)),
        _ => {}
    }
}

fn references(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.find(OPEN)?;
        let end = rest[start..].find("}}")? + start + 2;
        let reference = &rest[start..end];
        rest = &rest[end..];
        Some(reference)
    })
}

fn substitute(value: &mut Json, values: &BTreeMap<String, String>) {
    match value {
        Json::String(text) if text.contains(OPEN) => {
            for (reference, secret) in values {
                *text = text.replace(reference.as_str(), secret);
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| substitute(item, values)),
        Json::Object(map) => map.values_mut().for_each(|item| substitute(item, values)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_are_found_inside_texts_and_values_go_only_into_the_copy() {
        let reference = "{{resolve:parameter:Password:1a2b}}";
        let original = json!({"Url": format!("postgres://u:{reference}@h"), "Other": [reference]});
        let mut found = Vec::new();
        collect(&original, &mut found);
        assert_eq!(found, [reference, reference]);
        let mut copy = original.clone();
        substitute(&mut copy, &BTreeMap::from([(reference.to_owned(), "s3cret".to_owned())]));
        assert_eq!(copy, json!({"Url": "postgres://u:s3cret@h", "Other": ["s3cret"]}));
    }

    #[test]
    fn a_redactor_hides_the_longest_secret_first() {
        let redactor = Redactor::default();
        redactor.learn("hunter2");
        redactor.learn("hunter2-long");
        redactor.learn("ab");
        assert_eq!(redactor.clean("got hunter2-long and hunter2, ab"), "got (secret) and (secret), ab");
    }
}
