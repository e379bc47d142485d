//! Error answers in each protocol's form.

use serde_json::{Map, Value as Json, json};

use super::{
    cbor, json as json_body,
    model::{Model, Shape},
    wire::Protocol,
    xml_out,
};
use crate::sandbox::Fault;

/// The code of an operation that AWS knows and the sandbox does not implement. It answers 400, so that no
/// client takes it for a passing trouble.
pub const NOT_IMPLEMENTED: &str = "SandboxOperationNotImplemented";

/// What an error is on the wire.
pub struct Wired {
    pub status: u16,
    pub body: Vec<u8>,
    pub headers: Vec<(&'static str, String)>,
}

/// Writes an error answer.
pub fn write(service: &str, model: &Model, protocol: Protocol, fault: &Fault, request_id: &str) -> Wired {
    let known = model.error(&fault.code);
    let (name, shape) = known.map_or((fault.code.as_str(), None), |(name, shape)| (name, Some(shape)));
    let code = shape.and_then(|s| s.error.as_ref()?.code.as_deref()).unwrap_or(&fault.code);
    let status = fault
        .status
        .or_else(|| shape?.error.as_ref()?.http_status_code)
        .unwrap_or_else(|| if shape.is_some_and(|s| s.fault) { 500 } else { default_status(&fault.code) });
    let mut headers = fault.headers.clone();
    let body = match protocol {
        Protocol::Json | Protocol::RestJson | Protocol::Cbor => {
            if model.metadata.aws_query_compatible.is_some() {
                let party = if status < 500 { "Sender" } else { "Receiver" };
                headers.push(("x-amzn-query-error", format!("{code};{party}")));
            }
            let body = typed_body(model, name, shape, fault);
            if protocol == Protocol::Cbor {
                cbor::bytes(&cbor::untyped(&body))
            } else {
                if protocol == Protocol::RestJson {
                    headers.push(("x-amzn-errortype", name.to_owned()));
                }
                body.to_string().into_bytes()
            }
        }
        Protocol::Ec2 => format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{}</Code><Message>{}</Message>\
             </Error></Errors><RequestID>{request_id}</RequestID></Response>",
            xml_out::escape(code),
            xml_out::escape(&fault.message)
        )
        .into_bytes(),
        Protocol::Query | Protocol::RestXml => {
            let mut inner = String::new();
            if service != "s3" {
                inner.push_str(if status < 500 { "<Type>Sender</Type>" } else { "<Type>Receiver</Type>" });
            }
            inner.push_str(&format!(
                "<Code>{}</Code><Message>{}</Message>",
                xml_out::escape(code),
                xml_out::escape(&fault.message)
            ));
            extra_members(model, shape, fault, &mut inner);
            if service == "s3" {
                format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error>{inner}<RequestId>{request_id}</RequestId>\
                     <HostId>{request_id}</HostId></Error>"
                )
            } else {
                let namespace = match &model.metadata.xml_namespace {
                    Some(uri) => format!(" xmlns=\"{uri}\""),
                    None => " xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"".to_owned(),
                };
                format!(
                    "<?xml version=\"1.0\"?>\n<ErrorResponse{namespace}><Error>{inner}</Error>\
                     <RequestId>{request_id}</RequestId></ErrorResponse>"
                )
            }
            .into_bytes()
        }
    };
    Wired { status, body, headers }
}

fn default_status(code: &str) -> u16 {
    match code {
        "AccessDenied"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "InvalidClientTokenId"
        | "ExpiredToken"
        | "OptInRequired" => 403,
        "AuthFailure" => 401,
        "NoSuchKey"
        | "NoSuchVersion"
        | "NoSuchUpload"
        | "NoSuchBucketPolicy"
        | "NoSuchTagSet"
        | "NoSuchLifecycleConfiguration"
        | "NoSuchCORSConfiguration"
        | "NoSuchPublicAccessBlockConfiguration"
        | "NoSuchWebsiteConfiguration"
        | "ReplicationConfigurationNotFoundError"
        | "NoSuchBucket"
        | "ServerSideEncryptionConfigurationNotFoundError"
        | "OwnershipControlsNotFoundError"
        | "ObjectLockConfigurationNotFoundError" => 404,
        "BucketNotEmpty" | "OperationAborted" | "InvalidBucketState" => 409,
        "MethodNotAllowed" => 405,
        "PreconditionFailed" => 412,
        "SlowDown" | "ServiceUnavailable" | "RequestLimitExceeded" => 503,
        "InternalError" | "InternalFailure" => 500,
        _ => 400,
    }
}

/// JSON and CBOR name the shape, and spell `message` as the shape does.
fn typed_body(model: &Model, name: &str, shape: Option<&Shape>, fault: &Fault) -> Json {
    let mut body = Map::new();
    body.insert("__type".into(), json!(name));
    let message = shape
        .and_then(|s| s.members.keys().find(|member| member.eq_ignore_ascii_case("message")))
        .map_or("message", String::as_str);
    body.insert(message.to_owned(), json!(fault.message));
    // Lambda says whose mistake it was.
    if shape.is_some_and(|s| s.members.contains_key("Type")) && fault.members["Type"].is_null() {
        let whose = if shape.is_some_and(|s| s.fault) { "Service" } else { "User" };
        body.insert("Type".into(), json!(whose));
    }
    for (member, value) in fault.members.as_object().into_iter().flatten() {
        if let Some(reference) = shape.and_then(|s| s.members.get(member)) {
            body.insert(member.clone(), json_body::project(model, reference, value, member));
        }
    }
    Json::Object(body)
}

fn extra_members(model: &Model, shape: Option<&Shape>, fault: &Fault, out: &mut String) {
    for (member, value) in fault.members.as_object().into_iter().flatten() {
        match shape.and_then(|s| s.members.get(member)) {
            Some(reference) => {
                let value = json_body::project(model, reference, value, member);
                xml_out::element(
                    model,
                    model.location_name(reference).unwrap_or(member),
                    reference,
                    &value,
                    out,
                );
            }
            // S3 tells details (BucketName, Key) that no shape lists.
            None => {
                let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
                out.push_str(&format!("<{member}>{}</{member}>", xml_out::escape(&text)));
            }
        }
    }
}
