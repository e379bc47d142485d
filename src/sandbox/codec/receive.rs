//! From an HTTP request to an operation and its decoded, validated input.

use serde_json::{Map, Value as Json};

use super::{
    cbor, empty,
    fault::NOT_IMPLEMENTED,
    form, json,
    model::{Model, OperationModel, model},
    paging, rest, validate,
    wire::{Incoming, Protocol},
};
use crate::sandbox::{
    Fault,
    reply::{Kind, Operation},
    services::Service,
};

/// A request as far as it could be understood.
pub struct Call {
    /// The service it is for.
    pub service: &'static Service,
    /// Its model.
    pub model: &'static Model,
    /// The protocol to answer in.
    pub protocol: Protocol,
    /// The region it is signed for.
    pub region: String,
    /// The access key it is signed with; empty if it is not signed.
    pub access_key: String,
    /// The HTTP method; answers to `HEAD` have no body.
    pub head: bool,
    /// The operation's name as the client gave it; empty if none could be told.
    pub name: String,
    /// The operation, if the model knows it.
    pub operation: Option<&'static OperationModel>,
    /// The implementation, if there is one.
    pub implementation: Option<&'static Operation>,
    /// The input, or why there is none.
    pub input: Result<Json, Fault>,
}

/// Understands a request; `None` if it is for no service of the sandbox.
#[must_use]
pub fn receive(services: &'static [Service], rq: &Incoming) -> Option<Call> {
    let (service, region) = service_of(services, rq)?;
    let model = model(service);
    let protocol = protocol_of(model, rq);
    let mut call = Call {
        service,
        model,
        protocol,
        region,
        access_key: rq.access_key().to_owned(),
        head: rq.method == "HEAD",
        name: String::new(),
        operation: None,
        implementation: None,
        input: Ok(Json::Null),
    };
    call.input = read(&mut call, rq);
    if reads_only(&rq.method) && call.implementation.is_some_and(|operation| operation.kind == Kind::Write) {
        let message = format!("{} changes the account; send it with POST", call.name);
        call.input = Err(Fault::new("MethodNotAllowed", message).status(405));
    }
    Some(call)
}

/// Methods that an image or a link in any web page sends. No SDK uses them for writes; AWS's query services would
/// take them, signed.
fn reads_only(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

fn service_of(services: &'static [Service], rq: &Incoming) -> Option<(&'static Service, String)> {
    if let Some((region, signing)) = rq.scope() {
        let service = services.iter().find(|s| s.signing == signing)?;
        return Some((service, region.to_owned()));
    }
    let labels: Vec<&str> = rq.host().split('.').collect();
    let named = |s: &&Service| labels.iter().any(|label| *label == s.signing || *label == s.name);
    let service = services.iter().find(named);
    let service = match (service, rq.header("x-amz-target")) {
        (Some(service), _) => service,
        (None, Some(target)) => {
            let target = target.split('.').next();
            services.iter().find(|s| model(s).metadata.target_prefix.as_deref() == target)?
        }
        // STS takes roles for web identities and SAML assertions unsigned.
        (None, None) if form::is_form(rq) => form_service(services, rq)?,
        // An unsigned request without a telling host is how a browser or curl asks for a public object.
        (None, None) => services.iter().find(|s| s.name == "s3")?,
    };
    let region =
        labels.iter().find(|l| l.split('-').count() == 3 && l.ends_with(|c: char| c.is_ascii_digit()));
    Some((service, region.map_or("us-east-1", |r| r).to_owned()))
}

/// The service that has the action and the version of a form.
fn form_service(services: &'static [Service], rq: &Incoming) -> Option<&'static Service> {
    let parameters = form::parameters(&rq.body);
    let value = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let (action, version) = (value("Action")?, value("Version").unwrap_or_default());
    let has = |service: &&Service| {
        let model = model(service);
        let queries = matches!(model.metadata.protocol.as_str(), "query" | "ec2" | "smithy-rpc-v2-cbor");
        queries
            && (version.is_empty() || model.metadata.api_version == version)
            && (model.operations.contains_key(action) || model.unmodelled.contains(action))
    };
    services.iter().find(has)
}

fn protocol_of(model: &Model, rq: &Incoming) -> Protocol {
    if rq.header("smithy-protocol").is_some_and(|v| v == "rpc-v2-cbor") {
        return Protocol::Cbor;
    }
    if rq.header("x-amz-target").is_some() {
        return Protocol::Json;
    }
    match model.metadata.protocol.as_str() {
        "ec2" => Protocol::Ec2,
        "json" => Protocol::Json,
        "rest-json" => Protocol::RestJson,
        "rest-xml" => Protocol::RestXml,
        _ => Protocol::Query,
    }
}

fn read(call: &mut Call, rq: &Incoming) -> Result<Json, Fault> {
    let model = call.model;
    let input = match call.protocol {
        Protocol::Json => {
            let target = rq.header("x-amz-target").unwrap_or_default();
            name(call, target.rsplit('.').next().unwrap_or_default())?;
            let value = if rq.body.is_empty() {
                Json::Object(Map::new())
            } else {
                serde_json::from_slice(&rq.body).map_err(|error| {
                    Fault::new("SerializationException", format!("The body is not JSON: {error}"))
                })?
            };
            typed(call, &value)?
        }
        Protocol::Cbor => {
            name(call, rq.path.rsplit('/').next().unwrap_or_default())?;
            let value = cbor::read(&rq.body)
                .ok_or_else(|| Fault::new("SerializationException", "The body is not CBOR"))?;
            typed(call, &value)?
        }
        Protocol::Query | Protocol::Ec2 => {
            let mut parameters = form::parameters(&rq.body);
            parameters
                .extend(rq.query.iter().map(|(key, value)| (key.clone(), value.clone().unwrap_or_default())));
            let action = parameters.iter().find(|(key, _)| key == "Action").map(|(_, value)| value.clone());
            let action = action.ok_or_else(|| {
                Fault::new("MissingAction", "The request is missing an action or a required parameter")
            })?;
            name(call, &action)?;
            let reference = call.operation.and_then(|operation| operation.input.as_ref());
            form::read(model, call.protocol, reference, &parameters)?
        }
        Protocol::RestXml | Protocol::RestJson => {
            let path = if call.service.name == "s3" { rest::bucket_path(rq) } else { rq.path.clone() };
            let Some((operation, labels)) = rest::route(model, rq, &path) else {
                return Err(Fault::new(
                    NOT_IMPLEMENTED,
                    format!("the sandbox does not model {} {} of {}", rq.method, path, call.service.name),
                ));
            };
            name(call, &operation.name)?;
            rest::read(model, call.protocol, operation, &labels, rq)?
        }
    };
    let reference = call.operation.and_then(|operation| operation.input.as_ref());
    let (service, mut input) = (call.service.name, input);
    empty::drop(service, &call.name, model, reference, &mut input);
    validate::check(service, model, reference, &mut input)?;
    paging::check(service, &call.name, &mut input)?;
    Ok(input)
}

fn typed(call: &Call, value: &Json) -> Result<Json, Fault> {
    match call.operation.and_then(|operation| operation.input.as_ref()) {
        Some(reference) => json::read(call.model, reference, value, ""),
        None => Ok(Json::Object(Map::new())),
    }
}

/// Notes the operation's name and finds its model and implementation.
fn name(call: &mut Call, name: &str) -> Result<(), Fault> {
    call.name = name.to_owned();
    call.operation = call.model.operations.get(name);
    call.implementation = call.service.operations.iter().find(|operation| operation.name == name);
    if call.operation.is_some() && call.implementation.is_some() {
        return Ok(());
    }
    let service = call.service.name;
    if call.operation.is_some() || call.model.unmodelled.contains(name) {
        return Err(Fault::new(
            NOT_IMPLEMENTED,
            format!("the sandbox does not implement {service}:{name}; nothing was done"),
        ));
    }
    Err(match call.protocol {
        Protocol::Query | Protocol::Ec2 => {
            Fault::new("InvalidAction", format!("The action {name} is not valid for this web service."))
        }
        _ => {
            Fault::new("UnknownOperationException", format!("{service} has no operation {name}")).status(404)
        }
    })
}
