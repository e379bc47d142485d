//! Identifiers: what the properties give, what a live object has, and what `Ref` and `Fn::GetAtt` answer.

use serde_json::{Value as Json, json};

use crate::{
    model::{Attributes, PhysicalId},
    schema::TypeSchema,
};

/// Before the token of a request that is to make an object whose identifier is not known yet.
const REQUEST: &str = "request:";

/// What a handle stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Handle<'h> {
    /// The request that makes the object.
    Request(&'h str),
    /// The object's primary identifier.
    Object(&'h str),
}

/// The handle of an object that a request makes.
pub(super) fn pending(request: &str) -> PhysicalId {
    format!("{REQUEST}{request}").into()
}

/// What a handle stands for.
pub(super) fn handle(id: &PhysicalId) -> Handle<'_> {
    match id.as_str().strip_prefix(REQUEST) {
        Some(request) => Handle::Request(request),
        None => Handle::Object(id.as_str()),
    }
}

fn at<'v>(value: &'v Json, path: &str) -> Option<&'v Json> {
    value.pointer(&format!("/{path}"))
}

fn text(value: &Json) -> Option<String> {
    match value {
        Json::String(text) if !text.is_empty() && !text.contains("{{resolve:") => Some(text.clone()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

/// The primary identifier as the properties give it: its parts joined by `|`
/// (<https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/resource-identifier.html>). `None` if AWS makes a part
/// of it up.
pub(super) fn given(schema: &TypeSchema, properties: &Json) -> Option<String> {
    let parts = schema.identifier();
    let values: Option<Vec<String>> = parts
        .iter()
        .map(|path| (!schema.is_read_only(path)).then(|| at(properties, path).and_then(text))?)
        .collect();
    values.filter(|values| !values.is_empty()).map(|values| values.join("|"))
}

/// Whether every object of the type has an identifier that its properties give.
pub(super) fn always_given(schema: &TypeSchema) -> bool {
    let required = |name: &str| {
        let required = schema.document()["required"].as_array();
        required.is_some_and(|names| names.iter().any(|one| one == name))
    };
    let parts = schema.identifier();
    !parts.is_empty()
        && parts.iter().all(|path| !path.contains('/') && !schema.is_read_only(path) && required(path))
}

/// Whether AWS makes the identifier up and never uses it again. A name stays a name inside an ARN or a URL.
pub(super) fn never_again(schema: &TypeSchema) -> bool {
    schema.identifier().iter().any(|path| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let named = ["Arn", "ARN", "Url", "Name"].iter().any(|end| name.ends_with(end));
        schema.is_read_only(path) && !named
    })
}

/// The values of the primary identifier's parts, by path.
fn parts<'s, 'i>(schema: &'s TypeSchema, identifier: &'i str) -> Vec<(&'s str, &'i str)> {
    match schema.identifier().as_slice() {
        [one] => vec![(*one, identifier)],
        many => many.iter().copied().zip(identifier.split('|')).collect(),
    }
}

/// What `Ref` answers: the primary identifier, or the properties that the type answers instead.
fn reference(schema: &TypeSchema, identifier: &str, live: &Json) -> String {
    let names = schema.reference();
    if names.is_empty() {
        return identifier.to_owned();
    }
    let parts = parts(schema, identifier);
    let value = |name: &&str| {
        let part = parts.iter().find(|(path, _)| path == name).map(|(_, value)| (*value).to_owned());
        part.or_else(|| at(live, name).and_then(text))
    };
    let values: Vec<String> = names.iter().filter_map(value).collect();
    if values.is_empty() { identifier.to_owned() } else { values.join("|") }
}

/// What `Ref` and `Fn::GetAtt` answer for a live object.
pub(super) fn attributes(schema: &TypeSchema, identifier: &str, live: &Json) -> Attributes {
    let mut found = Attributes::from([("Ref".to_owned(), json!(reference(schema, identifier, live)))]);
    for (path, value) in parts(schema, identifier) {
        if schema.is_read_only(path) {
            found.insert(path.replace('/', "."), json!(value));
        }
    }
    for path in schema.read_only().filter(|path| !path.contains('*')) {
        if let Some(value) = at(live, path).filter(|value| !value.is_null()) {
            spread(&path.replace('/', "."), value, &mut found);
        }
    }
    for name in super::facts::told_too(schema.kind()) {
        if let Some(value) = at(live, name).filter(|value| !value.is_null()) {
            found.insert(name.to_owned(), value.clone());
        }
    }
    found
}

/// An object can be asked for as a whole and by its members.
fn spread(name: &str, value: &Json, found: &mut Attributes) {
    for (member, inner) in value.as_object().into_iter().flatten() {
        spread(&format!("{name}.{member}"), inner, found);
    }
    found.insert(name.to_owned(), value.clone());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    #[test]
    fn identifiers_come_from_properties_that_can_be_set() {
        let queue = schema::as_published("AWS::SQS::Queue").unwrap();
        assert_eq!(given(queue, &json!({"QueueName": "q", "QueueUrl": "no"})), None);
        let stage = schema::as_published("AWS::ApiGateway::Stage").unwrap();
        assert_eq!(
            given(stage, &json!({"RestApiId": "a1", "StageName": "prod"})).as_deref(),
            Some("a1|prod")
        );
        assert_eq!(given(stage, &json!({"RestApiId": "a1"})), None);
        assert_eq!(given(stage, &json!({"RestApiId": "a1", "StageName": "{{resolve:ssm:x}}"})), None);
    }

    #[test]
    fn references_and_attributes_follow_the_type() {
        let method = schema::as_published("AWS::ApiGateway::Resource").unwrap();
        assert_eq!(attributes(method, "api|res", &json!({}))["Ref"], "res");
        let domain = schema::as_published("AWS::OpenSearchService::Domain").unwrap();
        let live = json!({"DomainName": "d", "DomainEndpoints": {"vpc": "x.example"}, "Id": "1/d"});
        let known = attributes(domain, "d", &live);
        assert_eq!((&known["Ref"], &known["Id"]), (&json!("d"), &json!("1/d")));
    }

    #[test]
    fn only_identifiers_that_aws_makes_up_are_never_used_again() {
        let yes = |kind: &str| never_again(schema::as_published(kind).unwrap());
        assert!(yes("AWS::EFS::FileSystem") && yes("AWS::KMS::Key") && yes("AWS::ApiGateway::RestApi"));
        assert!(
            !yes("AWS::SQS::Queue")
                && !yes("AWS::StepFunctions::StateMachine")
                && !yes("AWS::DynamoDB::Table")
        );
    }
}
