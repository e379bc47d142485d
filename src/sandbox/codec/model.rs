//! The trimmed API models, loaded on first use.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::OnceLock,
};

use fancy_regex::Regex;
use serde::Deserialize;

use crate::sandbox::services::{SERVICES, Service};

/// One service's interface.
#[derive(Debug, Deserialize)]
pub struct Model {
    /// Names, versions and protocols.
    pub metadata: Metadata,
    /// Modelled operations by name.
    pub operations: BTreeMap<String, OperationModel>,
    /// Operations of the real service that the model was trimmed of.
    pub unmodelled: BTreeSet<String>,
    shapes: HashMap<String, Shape>,
}

/// What is said about the service as a whole.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    /// `ec2`, `query`, `json`, `rest-xml`, `smithy-rpc-v2-cbor`.
    pub protocol: String,
    /// `2011-06-15`; requests of the query protocols carry it.
    #[serde(default)]
    pub api_version: String,
    #[serde(default)]
    pub json_version: Option<String>,
    #[serde(default)]
    pub target_prefix: Option<String>,
    #[serde(default)]
    pub xml_namespace: Option<String>,
    /// `S3`, `EC2`.
    #[serde(default)]
    pub service_id: String,
    /// Present when errors also travel under the codes of the older query protocol.
    #[serde(default)]
    pub aws_query_compatible: Option<serde_json::Value>,
}

/// One operation's interface.
#[derive(Debug, Deserialize)]
pub struct OperationModel {
    /// `CreateVpc`.
    pub name: String,
    /// Where it travels.
    pub http: Http,
    /// Its parameters.
    #[serde(default)]
    pub input: Option<Ref>,
    /// Its answer.
    #[serde(default)]
    pub output: Option<Ref>,
}

/// The HTTP binding; query protocols bind everything to `POST /`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Http {
    pub method: String,
    pub request_uri: String,
    #[serde(default)]
    pub response_code: Option<u16>,
}

/// A reference to a shape, with the traits of the place that refers.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Ref {
    pub shape: String,
    location_name: Option<String>,
    pub location: Option<Location>,
    pub query_name: Option<String>,
    flattened: Option<bool>,
    pub xml_attribute: bool,
    xml_namespace: Option<Namespace>,
    timestamp_format: Option<String>,
    pub jsonvalue: bool,
    pub streaming: bool,
    pub result_wrapper: Option<String>,
}

impl Ref {
    /// Whether the place itself gives a wire name.
    #[must_use]
    pub fn has_name(&self) -> bool {
        self.location_name.is_some()
    }
}

/// Where a member travels if not in the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Location {
    Uri,
    Header,
    Headers,
    #[serde(rename = "querystring")]
    QueryString,
    StatusCode,
}

/// An XML namespace.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Namespace {
    pub uri: String,
    pub prefix: Option<String>,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Type {
    Structure,
    List,
    Map,
    String,
    Character,
    Boolean,
    Integer,
    Long,
    Double,
    Float,
    Blob,
    Timestamp,
}

/// The wire code and status of an error shape.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ErrorTrait {
    pub code: Option<String>,
    pub http_status_code: Option<u16>,
}

/// A type of the model.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shape {
    #[serde(rename = "type")]
    pub kind: Type,
    #[serde(default)]
    pub members: BTreeMap<String, Ref>,
    #[serde(default)]
    pub member: Option<Ref>,
    #[serde(default)]
    pub key: Option<Ref>,
    #[serde(default)]
    pub value: Option<Ref>,
    #[serde(default)]
    pub required: Vec<String>,
    #[serde(default, rename = "enum")]
    pub values: Vec<String>,
    #[serde(default)]
    pub pattern: Option<String>,
    #[serde(default)]
    pub min: Option<f64>,
    #[serde(default)]
    pub max: Option<f64>,
    #[serde(default)]
    pub payload: Option<String>,
    #[serde(default)]
    flattened: Option<bool>,
    #[serde(default)]
    location_name: Option<String>,
    #[serde(default)]
    xml_namespace: Option<Namespace>,
    #[serde(default)]
    timestamp_format: Option<String>,
    #[serde(default)]
    pub exception: bool,
    /// The service's own fault: 500 rather than 400.
    #[serde(default)]
    pub fault: bool,
    #[serde(default)]
    pub error: Option<ErrorTrait>,
    /// A value that refusals do not repeat.
    #[serde(default)]
    pub sensitive: bool,
    /// Free-form JSON.
    #[serde(default)]
    pub document: bool,
    #[serde(skip)]
    compiled: OnceLock<Option<Regex>>,
}

impl Shape {
    /// The pattern, compiled to match whole values; `None` if there is none or it is beyond the engine.
    pub fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(self.pattern.as_deref()?)).as_ref()
    }
}

/// Compiles a model's pattern (Java's syntax) so that it matches whole values.
pub fn compile(pattern: &str) -> Option<Regex> {
    // Java writes characters beyond the basic plane as pairs of surrogates.
    let pattern = pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\u{10000}-\u{10FFFF}");
    Regex::new(&format!(r"\A(?:{pattern})\z")).ok()
}

impl Model {
    /// The shape behind a reference.
    ///
    /// # Panics
    /// When the model refers to a shape that it lacks: a defect of the trimmed model, covered by a test.
    #[must_use]
    pub fn shape(&self, reference: &Ref) -> &Shape {
        self.named(&reference.shape).unwrap_or_else(|| panic!("the model lacks shape {}", reference.shape))
    }

    /// A shape by name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&Shape> {
        self.shapes.get(name)
    }

    /// All shapes with their names.
    pub fn shapes(&self) -> impl Iterator<Item = (&str, &Shape)> {
        self.shapes.iter().map(|(name, shape)| (name.as_str(), shape))
    }

    /// The wire name of a member or list item: the place's own name wins over the shape's.
    #[must_use]
    pub fn location_name<'m>(&'m self, reference: &'m Ref) -> Option<&'m str> {
        reference.location_name.as_deref().or(self.shape(reference).location_name.as_deref())
    }

    /// Whether a list or map repeats without a wrapping element.
    #[must_use]
    pub fn flattened(&self, reference: &Ref) -> bool {
        reference.flattened.or(self.shape(reference).flattened).unwrap_or(false)
    }

    /// The XML namespace of an element.
    #[must_use]
    pub fn namespace<'m>(&'m self, reference: &'m Ref) -> Option<&'m Namespace> {
        reference.xml_namespace.as_ref().or(self.shape(reference).xml_namespace.as_ref())
    }

    /// `iso8601`, `rfc822` or `unixTimestamp`, if the model says.
    #[must_use]
    pub fn timestamp_format<'m>(&'m self, reference: &'m Ref) -> Option<&'m str> {
        reference.timestamp_format.as_deref().or(self.shape(reference).timestamp_format.as_deref())
    }

    /// The error shape whose wire code or name is `code`, with its name.
    #[must_use]
    pub fn error(&self, code: &str) -> Option<(&str, &Shape)> {
        let by_code = self.shapes.iter().filter(|(_, shape)| {
            shape.exception && shape.error.as_ref().is_some_and(|e| e.code.as_deref() == Some(code))
        });
        // Several shapes may share a code; the smallest name makes the choice stable.
        let by_code = by_code.min_by_key(|(name, _)| name.as_str());
        let found = match self.shapes.get_key_value(code) {
            Some((name, shape)) if shape.exception => Some((name, shape)),
            _ => by_code,
        };
        found.map(|(name, shape)| (name.as_str(), shape))
    }
}

/// The model of a service.
///
/// # Panics
/// When the embedded model does not parse: a defect of this build, covered by a test.
#[must_use]
pub fn model(service: &Service) -> &'static Model {
    static CACHE: OnceLock<Vec<OnceLock<Model>>> = OnceLock::new();
    let cache = CACHE.get_or_init(|| SERVICES.iter().map(|_| OnceLock::new()).collect());
    let at = SERVICES.iter().position(|s| s.name == service.name).unwrap_or_default();
    cache[at].get_or_init(|| {
        serde_json::from_str(service.model)
            .unwrap_or_else(|error| panic!("model of {}: {error}", service.name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_loads_and_every_reference_resolves() {
        for service in SERVICES {
            let model = model(service);
            for (name, shape) in model.shapes() {
                let nested =
                    shape.members.values().chain(&shape.member).chain(&shape.key).chain(&shape.value);
                for reference in nested {
                    assert!(model.named(&reference.shape).is_some(), "{}: {name}", service.name);
                }
            }
            for implemented in service.operations {
                assert!(
                    model.operations.contains_key(implemented.name),
                    "{}: {} is implemented but not in the model",
                    service.name,
                    implemented.name
                );
            }
        }
    }

    #[test]
    fn patterns_compile() {
        let mut beyond = Vec::new();
        for service in SERVICES {
            for (name, shape) in model(service).shapes() {
                if shape.pattern.is_some() && shape.regex().is_none() {
                    beyond.push(format!("{}.{name}: {:?}", service.name, shape.pattern));
                }
            }
        }
        assert!(beyond.is_empty(), "{} patterns are beyond the engine: {beyond:#?}", beyond.len());
    }
}
