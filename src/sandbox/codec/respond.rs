//! From an operation's answer to an HTTP response.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Map, Value as Json};

use super::{
    cbor, fault, form, json,
    model::{Location, Model, Ref, Type},
    receive::Call,
    wire::{Incoming, Protocol},
    xml_out,
};
use crate::sandbox::Reply;

/// Root elements that S3 gives other names than its shapes have.
const S3_ROOTS: &[(&str, &str)] = &[
    ("CompleteMultipartUpload", "CompleteMultipartUploadResult"),
    ("CreateMultipartUpload", "InitiateMultipartUploadResult"),
    ("DeleteObjects", "DeleteResult"),
    ("GetBucketAccelerateConfiguration", "AccelerateConfiguration"),
    ("GetBucketAcl", "AccessControlPolicy"),
    ("GetBucketCors", "CORSConfiguration"),
    ("GetBucketLifecycleConfiguration", "LifecycleConfiguration"),
    ("GetBucketLogging", "BucketLoggingStatus"),
    ("GetBucketNotificationConfiguration", "NotificationConfiguration"),
    ("GetBucketRequestPayment", "RequestPaymentConfiguration"),
    ("GetBucketTagging", "Tagging"),
    ("GetBucketVersioning", "VersioningConfiguration"),
    ("GetBucketWebsite", "WebsiteConfiguration"),
    ("GetObjectAcl", "AccessControlPolicy"),
    ("GetObjectAttributes", "GetObjectAttributesResponse"),
    ("GetObjectTagging", "Tagging"),
    ("ListBucketAnalyticsConfigurations", "ListBucketAnalyticsConfigurationResult"),
    ("ListBucketInventoryConfigurations", "ListInventoryConfigurationsResult"),
    ("ListBucketMetricsConfigurations", "ListMetricsConfigurationsResult"),
    ("ListBuckets", "ListAllMyBucketsResult"),
    ("ListMultipartUploads", "ListMultipartUploadsResult"),
    ("ListObjectVersions", "ListVersionsResult"),
    ("ListObjects", "ListBucketResult"),
    ("ListObjectsV2", "ListBucketResult"),
    ("ListParts", "ListPartsResult"),
];

/// Operations of S3 that answer 204 although the model says 200 (LocalStack's recordings of AWS,
/// `test_put_bucket_policy`, `test_bucket_tagging_crud`, `test_put_bucket_metrics_configuration`, …).
const NO_CONTENT: &[&str] = &[
    "PutBucketAnalyticsConfiguration",
    "PutBucketIntelligentTieringConfiguration",
    "PutBucketInventoryConfiguration",
    "PutBucketMetricsConfiguration",
    "PutBucketPolicy",
    "PutBucketTagging",
];

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// Writes the answer of a call.
#[must_use]
pub fn respond(call: &Call, reply: &Reply, request_id: &str) -> Response<Bytes> {
    let mut answer = match reply {
        Ok(value) => success(call, value, request_id),
        Err(fault) => {
            let wired = fault::write(call.service.name, call.model, call.protocol, fault, request_id);
            let headers = wired.headers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            Answer { status: wired.status, headers, body: wired.body }
        }
    };
    let mut add = |name: &str, value: String| {
        if !answer.headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            answer.headers.push((name.to_owned(), value));
        }
    };
    match call.protocol {
        Protocol::Json => {
            let version = call.model.metadata.json_version.as_deref().unwrap_or("1.1");
            add("content-type", format!("application/x-amz-json-{version}"));
        }
        Protocol::RestJson => add("content-type", "application/json".into()),
        Protocol::Cbor => {
            add("content-type", "application/cbor".into());
            add("smithy-protocol", "rpc-v2-cbor".into());
        }
        Protocol::Ec2 => add("content-type", "text/xml;charset=UTF-8".into()),
        Protocol::Query => add("content-type", "text/xml".into()),
        // moto's test_header_content_type, which AWS passes.
        Protocol::RestXml if answer.body.is_empty() && call.name != "HeadBucket" => {}
        Protocol::RestXml => add("content-type", "application/xml".into()),
    }
    if call.service.name == "s3" {
        add("x-amz-request-id", request_id.into());
        add("x-amz-id-2", request_id.into());
    } else {
        add("x-amzn-requestid", request_id.into());
    }
    if call.head {
        answer.body.clear();
    }
    build(answer)
}

/// A request for a service that the sandbox does not have, as far as its answer must fit it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unroutable {
    /// The service's signing name; empty if the request is not signed.
    service: String,
    /// The protocol it speaks, told from what it looks like.
    protocol: Protocol,
}

/// Signing names of services that speak XML over REST; nearly all others that have paths speak JSON.
const REST_XML: &[&str] = &["cloudfront", "route53", "s3", "s3-outposts", "s3express"];

impl Unroutable {
    /// Looks at a request.
    #[must_use]
    pub fn of(rq: &Incoming) -> Self {
        let service = rq.scope().map(|(_, service)| service.to_owned()).unwrap_or_default();
        let cbor = rq.header("smithy-protocol").is_some_and(|v| v == "rpc-v2-cbor");
        let json = rq.header("x-amz-target").is_some()
            || rq.header("content-type").is_some_and(|kind| kind.starts_with("application/x-amz-json"));
        let protocol = if cbor {
            Protocol::Cbor
        } else if json {
            Protocol::Json
        } else if form::is_form(rq) || rq.parameter("Action").is_some() {
            Protocol::Query
        } else if REST_XML.contains(&service.as_str()) {
            Protocol::RestXml
        } else {
            Protocol::RestJson
        };
        Self { service, protocol }
    }
}

/// The answer to a request that is for no service of the sandbox, in the protocol it speaks.
#[must_use]
pub fn respond_unroutable(unroutable: &Unroutable, request_id: &str) -> Response<Bytes> {
    let code = fault::NOT_IMPLEMENTED;
    let service = if unroutable.service.is_empty() { "this service" } else { &unroutable.service };
    let message = format!("the sandbox does not have {service}; nothing was done");
    let typed = serde_json::json!({"__type": code, "message": message});
    let mut headers = vec![
        ("x-amzn-errortype".to_owned(), code.to_owned()),
        ("x-amzn-requestid".to_owned(), request_id.to_owned()),
    ];
    let (kind, body) = match unroutable.protocol {
        Protocol::Json => ("application/x-amz-json-1.1", typed.to_string().into_bytes()),
        Protocol::RestJson => ("application/json", typed.to_string().into_bytes()),
        Protocol::Cbor => {
            headers.push(("smithy-protocol".to_owned(), "rpc-v2-cbor".to_owned()));
            ("application/cbor", cbor::bytes(&cbor::untyped(&typed)))
        }
        Protocol::Query | Protocol::Ec2 | Protocol::RestXml => (
            "text/xml",
            format!(
                "{XML}<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{}</Message></Error>\
                 <RequestId>{request_id}</RequestId></ErrorResponse>",
                xml_out::escape(&message)
            )
            .into_bytes(),
        ),
    };
    headers.push(("content-type".to_owned(), kind.to_owned()));
    build(Answer { status: 400, headers, body })
}

fn build(answer: Answer) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        // Values that HTTP cannot carry are dropped, as a proxy would.
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

fn success(call: &Call, value: &Json, request_id: &str) -> Answer {
    let name = &call.name;
    let model = call.model;
    let output = call.operation.and_then(|operation| operation.output.as_ref());
    let value = match output {
        Some(reference) => json::project(model, reference, value, name),
        None => {
            let stray =
                value.as_object().is_some_and(|o| o.iter().any(|(k, v)| !v.is_null() && !k.starts_with('_')));
            assert!(!(cfg!(strict) && stray), "{name} has no output, but the operation answered {value}");
            Json::Object(Map::new())
        }
    };
    let modelled = call.operation.and_then(|operation| operation.http.response_code).unwrap_or(200);
    let status = match call.service.name {
        "s3" if NO_CONTENT.contains(&name.as_str()) => 204,
        "s3" if !value["ContentRange"].is_null() => 206,
        _ => modelled,
    };
    let mut answer = Answer { status, headers: Vec::new(), body: Vec::new() };
    match call.protocol {
        Protocol::Json => {
            if let Some(reference) = output {
                answer.body = json::write(model, reference, &value).to_string().into_bytes();
            }
        }
        Protocol::Cbor => {
            let body = output.map_or_else(|| cbor::untyped(&value), |r| cbor::write(model, r, &value));
            answer.body = cbor::bytes(&body);
        }
        Protocol::Ec2 => {
            let namespace = model.metadata.xml_namespace.as_deref().unwrap_or_default().trim_end_matches('/');
            let mut out =
                format!("{XML}<{name}Response xmlns=\"{namespace}/\"><requestId>{request_id}</requestId>");
            match output {
                Some(reference) => body_members(model, reference, &value, &mut out),
                None => out.push_str("<return>true</return>"),
            }
            out.push_str(&format!("</{name}Response>"));
            answer.body = out.into_bytes();
        }
        Protocol::Query => {
            let namespace = model.metadata.xml_namespace.as_deref().unwrap_or_default();
            let mut out = format!("<{name}Response xmlns=\"{namespace}\">");
            if let Some(reference) = output {
                let wrapper = reference.result_wrapper.clone().unwrap_or_else(|| format!("{name}Result"));
                out.push_str(&format!("<{wrapper}>"));
                body_members(model, reference, &value, &mut out);
                out.push_str(&format!("</{wrapper}>"));
            }
            out.push_str(&format!(
                "<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}Response>"
            ));
            answer.body = out.into_bytes();
        }
        Protocol::RestXml | Protocol::RestJson => {
            if let Some(reference) = output {
                rest(call, reference, &value, &mut answer);
            }
        }
    }
    answer
}

fn body_members(model: &Model, reference: &Ref, value: &Json, out: &mut String) {
    if let Some(members) = value.as_object() {
        xml_out::members(model, model.shape(reference), members, out);
    }
}

fn rest(call: &Call, output: &Ref, value: &Json, answer: &mut Answer) {
    let model = call.model;
    let shape = model.shape(output);
    let empty = Map::new();
    let members = value.as_object().unwrap_or(&empty);
    for (member, inner) in members {
        let Some(reference) = shape.members.get(member) else { continue };
        let name = model.location_name(reference).unwrap_or(member);
        match (reference.location, inner) {
            (Some(Location::Header), Json::Array(items)) => {
                let item = model.shape(reference).member.as_ref();
                let texts = items.iter().filter_map(|i| Some(xml_out::text(model, item?, i, "rfc822")));
                answer.headers.push((name.to_owned(), texts.collect::<Vec<_>>().join(", ")));
            }
            (Some(Location::Header), _) => {
                answer.headers.push((name.to_owned(), xml_out::text(model, reference, inner, "rfc822")));
            }
            (Some(Location::Headers), Json::Object(entries)) => {
                for (key, text) in entries {
                    answer
                        .headers
                        .push((format!("{name}{key}"), text.as_str().unwrap_or_default().to_owned()));
                }
            }
            (Some(Location::StatusCode), _) => {
                let code = inner.as_u64().and_then(|code| u16::try_from(code).ok());
                answer.status = code.unwrap_or(answer.status);
            }
            _ => {}
        }
    }
    let json = call.protocol == Protocol::RestJson;
    if let Some((member, reference)) =
        shape.payload.as_ref().and_then(|name| shape.members.get_key_value(name))
    {
        let Some(inner) = members.get(member) else { return };
        answer.body = match model.shape(reference).kind {
            Type::Blob => STANDARD.decode(inner.as_str().unwrap_or_default()).unwrap_or_default(),
            Type::String => inner.as_str().unwrap_or_default().as_bytes().to_vec(),
            _ if json => json::write(model, reference, inner).to_string().into_bytes(),
            _ => {
                let name = model.location_name(reference).unwrap_or(&reference.shape);
                let mut out = XML.to_owned();
                xml_out::element(model, name, reference, inner, &mut out);
                out.into_bytes()
            }
        };
        return;
    }
    if json {
        answer.body = json::write(model, output, value).to_string().into_bytes();
        return;
    }
    if !shape.members.values().any(|reference| reference.location.is_none()) {
        return;
    }
    let mut out = XML.to_owned();
    if call.name == "GetBucketLocation" {
        // The one answer whose root is the value itself; us-east-1 is the empty text.
        let region = members.get("LocationConstraint").and_then(Json::as_str).unwrap_or_default();
        out.push_str(&format!(
            "<LocationConstraint xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{}</LocationConstraint>",
            xml_out::escape(region)
        ));
        answer.body = out.into_bytes();
        return;
    }
    let (root, namespace) = if call.service.name == "s3" {
        let root = S3_ROOTS.iter().find(|(operation, _)| *operation == call.name).map(|(_, root)| *root);
        (root.unwrap_or(&output.shape), "http://s3.amazonaws.com/doc/2006-03-01/")
    } else {
        (output.shape.as_str(), "https://route53.amazonaws.com/doc/2013-04-01/")
    };
    out.push_str(&format!("<{root} xmlns=\"{namespace}\">"));
    xml_out::members(model, shape, members, &mut out);
    out.push_str(&format!("</{root}>"));
    answer.body = out.into_bytes();
}
