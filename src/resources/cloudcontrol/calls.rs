//! The calls of Cloud Control, and what a request's progress says.

use aws_sdk_cloudcontrol::types::{Operation, OperationStatus, ProgressEvent, ResourceRequestStatusFilter};
use serde_json::Value as Json;

use crate::{
    aws::{Certainty, OpError, op},
    resources::Cx,
};

/// The codes with which calls and requests say that there is no such object.
pub(super) const ABSENT: &[&str] = &["ResourceNotFoundException", "NotFound"];

/// Another request works on the object.
pub(super) const BUSY: &[&str] = &["ConcurrentOperationException"];

/// Cloud Control does not know the request any more: "requests older than 7 days are not available"
/// (GetResourceRequestStatus, Cloud Control API Reference).
pub(super) const FORGOTTEN: &[&str] = &["RequestTokenNotFoundException"];

/// How far a request is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Progress {
    /// Being worked on; AWS's words.
    Running(String),
    /// Done.
    Done,
    /// It failed or was cancelled: the code of the handler, and AWS's words.
    Failed { code: String, message: String },
}

/// A request and how far it is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    /// Its token.
    pub request: String,
    /// The object's primary identifier, as soon as it is known.
    pub identifier: Option<String>,
    /// How far it is.
    pub progress: Progress,
}

impl Event {
    fn of(operation: &str, event: Option<ProgressEvent>) -> Result<Self, OpError> {
        let event = event.ok_or_else(|| OpError::missing(operation, "the progress of the request"))?;
        let message = event.status_message.unwrap_or_default();
        let code =
            || event.error_code.as_ref().map_or_else(|| "Failed".to_owned(), |code| code.as_str().to_owned());
        let progress = match &event.operation_status {
            Some(OperationStatus::Success) => Progress::Done,
            Some(OperationStatus::Failed) => Progress::Failed { code: code(), message },
            Some(OperationStatus::CancelComplete) => Progress::Failed {
                code: "Cancelled".into(),
                message: "somebody cancelled the request".into(),
            },
            Some(status) => {
                Progress::Running(if message.is_empty() { status.as_str().to_owned() } else { message })
            }
            None => return Err(OpError::missing(operation, "the status of the request")),
        };
        let request =
            event.request_token.ok_or_else(|| OpError::missing(operation, "the token of the request"))?;
        Ok(Self { request, identifier: event.identifier, progress })
    }
}

/// A request that failed, as the failure of the call that began it: Cloud Control undid nothing, and retries nothing.
pub(super) fn failed(operation: &str, code: String, message: String) -> OpError {
    OpError {
        operation: operation.to_owned(),
        code: Some(code),
        message,
        request_id: None,
        certainty: Certainty::Rejected,
        barrier: None,
    }
}

/// `CreateResource`. The same token within 36 hours is the same request ("A client token is valid for 36 hours once
/// used. After that, a resource request with the same client token is treated as a new request", API Reference).
pub(super) async fn create(cx: &Cx<'_>, kind: &str, state: &Json, token: &str) -> Result<Event, OpError> {
    const OP: &str = "CreateResource";
    let call = cx.sdk.cloudcontrol().create_resource().type_name(kind).desired_state(state.to_string());
    let answer = call.client_token(token).send().await.map_err(op(OP))?;
    Event::of(OP, answer.progress_event)
}

/// `UpdateResource`.
pub(super) async fn update(
    cx: &Cx<'_>,
    kind: &str,
    identifier: &str,
    patch: Vec<Json>,
    token: &str,
) -> Result<Event, OpError> {
    const OP: &str = "UpdateResource";
    let call = cx.sdk.cloudcontrol().update_resource().type_name(kind).identifier(identifier);
    let call = call.patch_document(Json::Array(patch).to_string()).client_token(token);
    let answer = call.send().await.map_err(op(OP))?;
    Event::of(OP, answer.progress_event)
}

/// `DeleteResource`.
pub(super) async fn delete(cx: &Cx<'_>, kind: &str, identifier: &str, token: &str) -> Result<Event, OpError> {
    const OP: &str = "DeleteResource";
    let call = cx.sdk.cloudcontrol().delete_resource().type_name(kind).identifier(identifier);
    let answer = call.client_token(token).send().await.map_err(op(OP))?;
    Event::of(OP, answer.progress_event)
}

/// `GetResourceRequestStatus`.
pub(super) async fn status(cx: &Cx<'_>, request: &str) -> Result<Event, OpError> {
    const OP: &str = "GetResourceRequestStatus";
    let call = cx.sdk.cloudcontrol().get_resource_request_status().request_token(request);
    let answer = call.send().await.map_err(op(OP))?;
    Event::of(OP, answer.progress_event)
}

/// `ListResourceRequests`: the request that changes an object now, if one does. What a request sets may show before it ends.
pub(super) async fn changing(cx: &Cx<'_>, kind: &str, identifier: &str) -> Result<Option<Event>, OpError> {
    const OP: &str = "ListResourceRequests";
    let filter = ResourceRequestStatusFilter::builder()
        .operations(Operation::Update)
        .operation_statuses(OperationStatus::Pending)
        .operation_statuses(OperationStatus::InProgress)
        .build();
    let all = cx.sdk.cloudcontrol().list_resource_requests().resource_request_status_filter(filter);
    let all = all.into_paginator().send().try_collect().await.map_err(op(OP))?;
    let ours = |event: &ProgressEvent| {
        event.type_name.as_deref() == Some(kind) && event.identifier.as_deref() == Some(identifier)
    };
    let mut events =
        all.into_iter().flat_map(|page| page.resource_request_status_summaries.unwrap_or_default());
    events.find(ours).map(|event| Event::of(OP, Some(event))).transpose()
}

/// The codes with which `ListResources` says that a type's objects cannot be listed, or not without saying which.
const NO_LIST: &[&str] = &["InvalidRequestException", "TypeNotFoundException", "UnsupportedActionException"];

/// `ListResources`: the identifiers of all objects of a type, where its handler can list them. `model` holds the
/// properties that some list handlers want ("Resources that require additional information", Cloud Control API User Guide).
pub(super) async fn list(cx: &Cx<'_>, kind: &str, model: Option<&Json>) -> Result<Vec<String>, OpError> {
    const OP: &str = "ListResources";
    let (mut identifiers, mut token) = (Vec::new(), None);
    loop {
        let call = cx.sdk.cloudcontrol().list_resources().type_name(kind);
        let call = call.set_resource_model(model.map(Json::to_string)).set_next_token(token);
        let answer = match call.send().await.map_err(op(OP)) {
            Err(error) if error.is(NO_LIST) => return Ok(identifiers),
            answer => answer?,
        };
        let page = answer.resource_descriptions.unwrap_or_default();
        identifiers.extend(page.into_iter().filter_map(|one| one.identifier));
        token = answer.next_token.filter(|token| !token.is_empty());
        if token.is_none() {
            return Ok(identifiers);
        }
    }
}

/// `GetResource`: the live properties; `None` if there is no such object.
pub(super) async fn get(cx: &Cx<'_>, kind: &str, identifier: &str) -> Result<Option<Json>, OpError> {
    const OP: &str = "GetResource";
    let call = cx.sdk.cloudcontrol().get_resource().type_name(kind).identifier(identifier);
    let answer = match call.send().await.map_err(op(OP)) {
        Err(error) if error.is(ABSENT) => return Ok(None),
        answer => answer?,
    };
    let text = answer.resource_description.and_then(|description| description.properties);
    let text = text.ok_or_else(|| OpError::missing(OP, "the properties"))?;
    let live: Json = serde_json::from_str(&text).map_err(|_| OpError::missing(OP, "readable properties"))?;
    Ok(Some(live))
}
