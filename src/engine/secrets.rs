//! Dynamic references become values in the copy that goes into a call, and nowhere else.

use std::{cell::RefCell, collections::BTreeMap};

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;

use crate::{
    aws::{Cloud, OpError, op},
    graph::Secrets,
    model::{dynamic, secret},
};

/// Replaces every secret value this run has seen by `(secret)`.
#[derive(Debug, Default)]
pub struct Redactor(RefCell<Vec<String>>);

impl Redactor {
    /// Remembers a value in all forms in which answers and messages carry it. Very short ones are left alone:
    /// redacting `1` would garble every message and protect nothing.
    pub fn learn(&self, value: &str) {
        if value.len() < SHORTEST {
            return;
        }
        let mut known = self.0.borrow_mut();
        for form in forms(value) {
            if !known.contains(&form) {
                known.push(form);
            }
        }
        // Longest first, so that a secret that contains another is replaced whole.
        known.sort_by_key(|v| std::cmp::Reverse(v.len()));
    }

    /// The text without secrets.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for value in self.0.borrow().iter() {
            out = secret::hidden(out, value, "(secret)");
        }
        out
    }

    /// The error without secrets.
    #[must_use]
    pub fn clean_error(&self, mut error: OpError) -> OpError {
        error.message = self.clean(&error.message);
        error.code = error.code.map(|code| self.clean(&code));
        error
    }
}

/// Shorter values are not redacted, in bytes.
const SHORTEST: usize = 4;

/// Shorter encodings are not redacted: they would be found by chance.
const SHORTEST_CODE: usize = 8;

/// What a value looks like: as it is; inside JSON, and inside JSON that is a text of JSON; in URLs and forms; in XML;
/// in base64, by itself or as a part of something longer; in hexadecimal.
fn forms(value: &str) -> Vec<String> {
    let escaped = |text: &str| {
        let quoted = serde_json::to_string(text).unwrap_or_default();
        quoted[1.min(quoted.len())..quoted.len().saturating_sub(1)].to_owned()
    };
    let json = escaped(value);
    let url = utf8_percent_encode(value, UNRESERVED).to_string();
    let all = utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
    let path = url.replace("%2F", "/");
    let xml = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let xml_quoted = xml.replace('"', "&quot;").replace('\'', "&apos;");
    let xml_numbered = xml.replace('"', "&#34;").replace('\'', "&#39;");
    let mut forms = vec![value.to_owned(), escaped(&json), json];
    forms.extend([&url, &all, &path].map(|form| lower_escapes(form)));
    forms.extend([url.replace("%20", "+"), url, all, path, xml, xml_quoted, xml_numbered]);
    let mut codes = vec![hex::encode(value), hex::encode_upper(value)];
    for before in 0..3 {
        let code = aligned(value.as_bytes(), before);
        codes.push(code.replace('+', "-").replace('/', "_"));
        codes.push(code);
    }
    forms.extend(codes.into_iter().filter(|code| code.len() >= SHORTEST_CODE));
    forms
}

/// What RFC 3986 leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Some encoders write `%2f`.
fn lower_escapes(text: &str) -> String {
    let mut left = 0;
    text.chars()
        .map(|ch| {
            left = if ch == '%' { 2 } else { left - 1_i32.min(left) };
            if left > 0 || ch == '%' { ch.to_ascii_lowercase() } else { ch }
        })
        .collect()
}

/// The characters of base64 that depend on the value alone when so many bytes (modulo three) stand before it.
fn aligned(value: &[u8], before: usize) -> String {
    let padded: Vec<u8> = std::iter::repeat_n(0, before).chain(value.iter().copied()).collect();
    let code = BASE64_STANDARD_NO_PAD.encode(&padded);
    let (first, last) = ((before * 8).div_ceil(6), padded.len() * 8 / 6);
    code[first..last.max(first)].to_owned()
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
            "parameter" | "literal" | "asset" => self.given(reference).ok_or_else(|| {
                OpError::not_sent("resolve", format!("what {reference} stands for is not known in this run"))
            })?,
            "secretsmanager" => self.secret(cloud, region, reference, rest).await?,
            "base64" => {
                let text = dynamic::encoded(rest)
                    .ok_or_else(|| OpError::not_sent("resolve", "a text that is to be encoded is damaged"))?;
                let filled = Box::pin(self.fill(cloud, region, &Json::String(text))).await?;
                BASE64_STANDARD.encode(filled.as_str().unwrap_or_default())
            }
            "answer" => self.answered(cloud, region, rest).await?,
            "ssm" | "ssm-secure" => self.parameter(cloud, region, rest, kind == "ssm-secure").await?,
            other => {
                return Err(OpError::not_sent(
                    "resolve",
                    format!("unknown dynamic reference service `{other}`"),
                ));
            }
        };
        // The secrets in an encoded text were learnt when they were answered, with their encodings.
        if !matches!(kind, "ssm" | "asset" | "base64") {
            self.redactor.learn(&value);
        }
        Ok(value)
    }

    /// What the plan gives. An interrupted run on another machine may have left a digest by another key.
    fn given(&self, reference: &str) -> Option<String> {
        let known = &self.parameters.0;
        let exact = known.get(reference);
        let mut others = known.iter().filter(|(other, _)| secret::incomparable(other, reference));
        let only = others.next().filter(|_| others.next().is_none());
        exact.or_else(|| only.map(|(_, value)| value)).cloned()
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

    /// A part of a custom resource's answer that must not be shown: `BUCKET:KEY:NAME`.
    async fn answered(&self, cloud: &Cloud, region: &str, rest: &str) -> Result<String, OpError> {
        const OP: &str = "GetObject";
        let lost = |what: &str| OpError::not_sent(OP, format!("a custom resource's answer {what}"));
        let (place, name) = rest.rsplit_once(':').ok_or_else(|| lost("is not named"))?;
        let (bucket, key) = place.split_once(':').ok_or_else(|| lost("is not named"))?;
        let cached = (region.to_owned(), format!("answer:{place}"));
        let known = self.cache.borrow().get(&cached).cloned();
        let document = match known {
            Some(document) => document,
            None => {
                let answer = cloud
                    .sdk(region)
                    .s3()
                    .get_object()
                    .bucket(bucket)
                    .key(key)
                    .send()
                    .await
                    .map_err(op(OP))?;
                let bytes =
                    answer.body.collect().await.map_err(|error| lost(&format!("broke off: {error}")))?;
                let document: Json =
                    serde_json::from_slice(&bytes.to_vec()).map_err(|_| lost("is no JSON document"))?;
                self.cache.borrow_mut().insert(cached, document.clone());
                document
            }
        };
        match &document["Data"][name] {
            Json::String(text) => Ok(text.clone()),
            Json::Null => Err(lost(&format!("has no `{name}` any more"))),
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
    fn a_common_word_hides_itself_and_not_half_of_the_message() {
        let redactor = Redactor::default();
        redactor.learn("database");
        let message = "The database instance cannot be made: 'database' is no password for database db-database-1 (value=database)";
        assert_eq!(
            redactor.clean(message),
            "The database instance cannot be made: '(secret)' is no password for database db-database-1 (value=(secret))"
        );
    }

    #[test]
    fn a_redactor_hides_the_longest_secret_first() {
        let redactor = Redactor::default();
        redactor.learn("hunter2");
        redactor.learn("hunter2-long");
        redactor.learn("ab");
        assert_eq!(redactor.clean("got hunter2-long and hunter2, ab"), "got (secret) and (secret), ab");
    }

    #[test]
    fn a_redactor_knows_every_form_of_a_secret() {
        let secret = "p\"ss/w&rd+ü\\ 1'<x>";
        let redactor = Redactor::default();
        redactor.learn(secret);
        let json = json!({"password": secret});
        let url = utf8_percent_encode(secret, NON_ALPHANUMERIC).to_string();
        let mut texts = vec![
            format!("bad password {secret}"),
            json.to_string(),
            json!({"body": json.to_string()}).to_string(),
            format!("https://h/?p={url}"),
            format!("https://h/?p={}", lower_escapes(&url)),
            format!("p={}", form(secret)),
            format!("<p>{}</p>", quick_xml::escape::escape(secret)),
            hex::encode(secret),
        ];
        for before in ["", "u", "us", "use"] {
            texts.push(BASE64_STANDARD_NO_PAD.encode(format!("{before}{secret}@host")));
            texts.push(base64::prelude::BASE64_URL_SAFE.encode(format!("{before}{secret}")));
        }
        for text in texts {
            let clean = redactor.clean(&text);
            assert!(clean.contains("(secret)"), "{text} became {clean}");
            for form in forms(secret) {
                assert!(!clean.contains(&form), "{clean} holds {form}");
            }
        }
    }

    fn form(text: &str) -> String {
        utf8_percent_encode(text, UNRESERVED).to_string().replace("%20", "+")
    }

    #[test]
    fn base64_is_found_wherever_it_begins() {
        for before in 0..3 {
            let whole = BASE64_STANDARD_NO_PAD.encode([&b"xxx"[..before], b"hunter2hunter2", b"yy"].concat());
            assert!(whole.contains(&aligned(b"hunter2hunter2", before)), "{before}");
        }
    }
}
