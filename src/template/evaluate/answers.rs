//! The bucket in which custom resources answer and to which signals go: a stack that has any gets one of its own, so that
//! nothing has to be there before it, and nothing is left behind.

use std::collections::BTreeMap;

use serde_json::json;

use crate::{
    graph::{Draft, StackDraft},
    model::{
        Address, Packed, Reference, Value,
        item::{Item, Kind, Member},
    },
    resources::custom::{ANSWERS, takes_answers},
};

const BUCKET: &str = "AWS::S3::Bucket";

/// Gives the stack its bucket if it needs one, and returns the note that says so.
pub(super) fn provide(stack: &mut StackDraft) -> Option<String> {
    let first = stack.resources.iter().find(|draft| takes_answers(&draft.kind))?;
    let span = first.span.clone();
    let mut id = ANSWERS.to_owned();
    while stack.resources.iter().any(|draft| draft.address.logical_id() == id) {
        id.push('X');
    }
    let address = Address::new(&stack.name, &id);
    for draft in stack.resources.iter_mut().filter(|draft| takes_answers(&draft.kind)) {
        let mut properties = draft.properties.item();
        if let Kind::Map(members) = &mut properties.kind {
            let reference = Reference { address: address.clone(), attribute: "Ref".into() };
            let value = Item::deferred(Value::Attribute(reference.into()), &draft.span);
            members.retain(|member| member.key != ANSWERS);
            members.push(Member { key: ANSWERS.into(), key_span: draft.span.clone(), value });
            draft.properties = Packed::new(&properties);
        }
    }
    // Signals of one address are versions of one object.
    let properties = json!({
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true,
        },
        "VersioningConfiguration": {"Status": "Enabled"},
    });
    let metadata = json!({"Migrate": {
        "EmptyOnDelete": true,
        "Allow": [{"Code": "plain-http-bucket", "Reason": "answers of functions, written under addresses signed for TLS"}],
    }});
    stack.resources.push(Draft {
        address: address.clone(),
        span: span.clone(),
        kind: BUCKET.into(),
        kind_span: span.clone(),
        properties: Packed::new(&Item::from_json(&properties, &span)),
        depends_on: Vec::new(),
        deletion_policy: None,
        update_replace_policy: None,
        metadata_item: Some(Item::from_json(&metadata, &span)),
        metadata,
        tags: BTreeMap::new(),
    });
    Some(format!("{address}: a bucket of the plan's own, for what custom resources answer and for signals"))
}
