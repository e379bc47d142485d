//! `AWS::CloudFormation::CustomResource` and `Custom::Anything`, behind which is a Lambda function of the user's.
//!
//! The handle of an object is its physical id and the request whose answer told it: `ID@REQUEST`; of one that is being made,
//! `request:REQUEST`. All questions are asynchronous invocations, as CloudFormation makes them.

use serde_json::{Map, Value as Json, json};

use super::protocol::{self, Answer, Ask};
use crate::{
    aws::{Certainty, OpError},
    ledger::Permit,
    model::PhysicalId,
    resources::{Created, Cx, Found, Goal, Probe, Progress},
};

const PENDING: &str = "request:";

/// The note that says which answer counts by now.
const CURRENT: &str = "current";

/// Between a request and the one that follows from it.
const THEN: char = '>';

fn refused(operation: &str, message: String) -> OpError {
    OpError {
        operation: operation.to_owned(),
        code: Some("CustomResourceFailed".to_owned()),
        message,
        request_id: None,
        certainty: Certainty::Rejected,
        barrier: None,
    }
}

/// The handle of what an answer told.
fn handle(cx: &Cx<'_>, request: &str, answer: &Answer) -> PhysicalId {
    let id = answer.physical_resource_id.clone().unwrap_or_else(|| protocol::nameless(cx));
    format!("{id}@{request}").into()
}

/// Physical id and request of a handle; no id while the object is being made.
fn parts(id: &PhysicalId) -> (Option<&str>, &str) {
    match id.as_str().strip_prefix(PENDING) {
        Some(request) => (None, request),
        None => {
            id.as_str().rsplit_once('@').map_or((Some(id.as_str()), ""), |(id, request)| (Some(id), request))
        }
    }
}

/// The request whose answer counts: that of the handle, or of an update that the ledger has not heard of.
async fn current(cx: &Cx<'_>, id: &PhysicalId, props: &Json) -> Result<String, OpError> {
    let noted = protocol::noted(cx, props, CURRENT).await?;
    Ok(noted.unwrap_or_else(|| parts(id).1.to_owned()))
}

pub(super) async fn create(cx: &Cx<'_>, kind: &str, props: &Json) -> Result<Created, OpError> {
    let request = protocol::request_id(cx, "create", "");
    // A call whose answer was lost may have been heard.
    if protocol::answer(cx, props, &request).await?.is_none() {
        protocol::ask(cx, kind, props, Ask::Create, &request).await?;
    }
    Ok(Created { id: format!("{PENDING}{request}").into(), attributes: Default::default() })
}

pub(super) async fn find(cx: &Cx<'_>, props: &Json) -> Result<Option<Found>, OpError> {
    let request = protocol::request_id(cx, "create", "");
    let known = props[super::ANSWERS].is_string() && protocol::answer(cx, props, &request).await?.is_some();
    Ok(known.then(|| Found {
        id: format!("{PENDING}{request}").into(),
        attributes: Default::default(),
        ownership: crate::model::Ownership::Ours,
    }))
}

/// An object that could not be made is taken away, and made again, when a later run finishes it.
pub(super) async fn configure(
    cx: &Cx<'_>,
    kind: &str,
    permit: &Permit,
    id: &PhysicalId,
    props: &Json,
) -> Result<Progress, OpError> {
    let (None, request) = parts(id) else { return Ok(Progress::Done) };
    if protocol::noted(cx, props, "begun").await?.is_none() {
        protocol::note(cx, props, "begun", request).await?;
        return Ok(Progress::Done);
    }
    let failed = protocol::answer(cx, props, request).await?.filter(|answer| !answer.succeeded());
    let Some(failed) = failed else { return Ok(Progress::Done) };
    let undo = protocol::request_id(cx, "undo", request);
    let left = failed.physical_resource_id.clone().unwrap_or_else(|| protocol::nameless(cx));
    if let Some(wait) = asked(cx, kind, permit, (props, Ask::Delete(&left)), &undo).await? {
        return Ok(wait);
    }
    // What could not be deleted was reported by the function; it is asked to make the object all the same.
    protocol::forget(cx, props, request).await?;
    protocol::forget(cx, props, &undo).await?;
    protocol::ask(cx, kind, props, Ask::Create, request).await?;
    Ok(Progress::Done)
}

/// Asks once and waits for the answer; `None` when it is there.
async fn asked(
    cx: &Cx<'_>,
    kind: &str,
    permit: &Permit,
    (props, ask): (&Json, Ask<'_>),
    request: &str,
) -> Result<Option<Progress>, OpError> {
    if protocol::answer(cx, props, request).await?.is_some() {
        return Ok(None);
    }
    if permit.request() != Some(request) {
        protocol::ask(cx, kind, props, ask, request).await?;
    }
    let detail = "waiting for the function's answer".to_owned();
    Ok(Some(Progress::Underway { request: request.to_owned(), detail }))
}

pub(super) async fn probe(cx: &Cx<'_>, id: &PhysicalId, props: &Json, goal: Goal) -> Result<Probe, OpError> {
    let request = current(cx, id, props).await?;
    let answer = protocol::answer(cx, props, &request).await?;
    let waiting = || Probe::Pending("waiting for the function's answer".to_owned());
    Ok(match (goal, answer, parts(id)) {
        (Goal::Gone, _, _) => Probe::Reached(Default::default()),
        (Goal::Ready, Some(answer), _) if answer.succeeded() => {
            let attributes = protocol::attributes(cx, props, &request, &answer);
            let handle = handle(cx, &request, &answer);
            if handle == *id { Probe::Reached(attributes) } else { Probe::Named(handle, attributes) }
        }
        (Goal::Ready, Some(answer), (None, _)) => Probe::Failed(format!(
            "{} (the next `migrate up` has the function delete what it may have left, and calls it again)",
            answer.why()
        )),
        (Goal::Ready, None, (None, _)) => waiting(),
        // The answers were taken away: what the ledger has of it still holds.
        (Goal::Ready, _, (Some(_), _)) => Probe::Reached(Default::default()),
    })
}

pub(super) async fn update(
    cx: &Cx<'_>,
    kind: &str,
    permit: &Permit,
    id: &PhysicalId,
    (old, new): (&Json, &Json),
) -> Result<Progress, OpError> {
    const OP: &str = "update";
    let (physical, made_by) = parts(id);
    let physical = match physical {
        Some(physical) => physical.to_owned(),
        // It was made a moment ago, by the run that goes on to change it.
        None => protocol::answer(cx, new, made_by)
            .await?
            .filter(Answer::succeeded)
            .map(|answer| answer.physical_resource_id.unwrap_or_else(|| protocol::nameless(cx)))
            .ok_or_else(|| OpError::not_sent(OP, "the function has not told the physical id yet"))?,
    };
    let physical = physical.as_str();
    let request =
        protocol::request_id(cx, OP, &format!("{made_by}{}", protocol::digest(&protocol::shown(new))));
    if permit.request().is_none_or(|under_way| !under_way.contains(THEN)) {
        if permit.request().is_none()
            && protocol::answer(cx, new, &request).await?.is_some_and(|answer| !answer.succeeded())
        {
            // The failure of an earlier attempt: it was told then.
            protocol::forget(cx, new, &request).await?;
        }
        let question = (new, Ask::Update { id: physical, old });
        if let Some(wait) = asked(cx, kind, permit, question, &request).await? {
            return Ok(wait);
        }
    }
    let Some(answer) = protocol::answer(cx, new, &request).await? else {
        return Err(OpError::not_sent(OP, "the function's answer is not there any more"));
    };
    if !answer.succeeded() {
        let why = answer.why();
        protocol::forget(cx, new, &request).await?;
        return Err(refused(OP, why));
    }
    let now = answer.physical_resource_id.clone().unwrap_or_else(|| physical.to_owned());
    if now != physical {
        // "If the physical id that is returned differs from the old one, it is a replacement": the old one is deleted.
        let removal = protocol::request_id(cx, "replaced", &request);
        let following = format!("{request}{THEN}{removal}");
        match protocol::answer(cx, new, &removal).await? {
            Some(answer) if answer.succeeded() => {}
            Some(answer) => {
                protocol::forget(cx, new, &removal).await?;
                let why = answer.why();
                return Err(refused(
                    OP,
                    format!("the function has made `{now}`, and failed to delete `{physical}`: {why}"),
                ));
            }
            None => {
                if permit.request() != Some(following.as_str()) {
                    protocol::ask(cx, kind, old_with(old, new).as_ref(), Ask::Delete(physical), &removal)
                        .await?;
                }
                let detail = format!("waiting for the function to delete `{physical}`");
                return Ok(Progress::Underway { request: following, detail });
            }
        }
    }
    protocol::note(cx, new, CURRENT, &request).await?;
    Ok(Progress::Done)
}

/// The old properties, to be asked of the function that there is now.
fn old_with(old: &Json, new: &Json) -> std::borrow::Cow<'static, Json> {
    let mut props = old.as_object().cloned().unwrap_or_else(Map::new);
    for name in ["ServiceToken", super::ANSWERS] {
        props.insert(name.to_owned(), new[name].clone());
    }
    std::borrow::Cow::Owned(Json::Object(props))
}

pub(super) async fn delete(
    cx: &Cx<'_>,
    kind: &str,
    permit: &Permit,
    id: &PhysicalId,
    props: &Json,
) -> Result<Progress, OpError> {
    const OP: &str = "delete";
    let counts = current(cx, id, props).await?;
    let made = protocol::answer(cx, props, &counts).await?;
    let told = made.as_ref().and_then(|answer| answer.physical_resource_id.clone());
    let physical = told.or_else(|| parts(id).0.map(str::to_owned)).unwrap_or_else(|| protocol::nameless(cx));
    let request = protocol::request_id(cx, OP, parts(id).1);
    if permit.request().is_none()
        && protocol::answer(cx, props, &request).await?.is_some_and(|answer| !answer.succeeded())
    {
        protocol::forget(cx, props, &request).await?;
    }
    if let Some(wait) = asked(cx, kind, permit, (props, Ask::Delete(&physical)), &request).await? {
        return Ok(wait);
    }
    match protocol::answer(cx, props, &request).await? {
        Some(answer) if !answer.succeeded() => {
            let why = answer.why();
            protocol::forget(cx, props, &request).await?;
            Err(refused(OP, why))
        }
        _ => {
            // What the answers told is not needed any more; that to this question stays, for whoever asks again.
            for name in [counts.as_str(), parts(id).1, CURRENT, "begun"] {
                if !name.is_empty() {
                    protocol::forget(cx, props, name).await?;
                }
            }
            Ok(Progress::Done)
        }
    }
}

/// What is wrong with the properties.
pub(super) fn check(props: &Json) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    match props["ServiceToken"].as_str() {
        None => problems.push(("ServiceToken".to_owned(), "it is missing; name a Lambda function by its ARN".to_owned())),
        Some(token) if token.contains("{{resolve:") => {
            // The reference of a topic is known by its type where the plan is evaluated.
        }
        Some(token) if token.split(':').nth(2) == Some("sns") => problems.push((
            "ServiceToken".to_owned(),
            "a custom resource behind an SNS topic is not supported: whoever listens there cannot be told from here. Name \
             a Lambda function"
                .to_owned(),
        )),
        Some(token) if token.split(':').nth(2) != Some("lambda") => {
            problems.push(("ServiceToken".to_owned(), format!("`{token}` is no ARN of a Lambda function")));
        }
        Some(_) => {}
    }
    let timeout = &props["ServiceTimeout"];
    if !timeout.is_null() && !timeout.as_str().is_some_and(|text| text.contains("{{resolve:")) {
        // "An integer from 1 to 3600", the reference of the type.
        let seconds = seconds(timeout);
        if !seconds.is_some_and(|seconds| (1..=3600).contains(&seconds)) {
            problems
                .push(("ServiceTimeout".to_owned(), "it is a number of seconds from 1 to 3600".to_owned()));
        }
    }
    problems
}

/// A number of seconds, as a number or a text.
pub(super) fn seconds(value: &Json) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// How a changed resource says so in the review.
pub(super) fn effects(changed: &[String]) -> Vec<String> {
    let mut out = vec![
        "if the function answers with another physical id, it is told to delete the old object at once"
            .to_owned(),
    ];
    if changed.iter().any(|name| name == "ServiceToken") {
        out.push("another function is asked from now on".to_owned());
    }
    out
}

/// What there is of a live object: functions are not asked for it.
pub(super) fn read(hint: &Json) -> Json {
    let mut props = hint.clone();
    if let Some(map) = props.as_object_mut() {
        map.retain(|_, value| *value != json!(null));
    }
    props
}
