//! Resources that are several objects of other types. CloudFormation's handlers make these objects one after the other; here
//! each is a resource of its own, so that each has its intent, is found again and goes by itself.
//!
//! * `AWS::SQS::QueuePolicy` sets the attribute `Policy` of each of its queues. It has no read handler, so Cloud Control does
//!   not take it; `AWS::SQS::QueueInlinePolicy` sets the same attribute of one queue, and Cloud Control takes that.
//!   <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sqs-queueinlinepolicy.html>
//! * `SsmAssociations` of an instance are associations of State Manager with that instance (`AWS::SSM::Association`).
//!   <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-ec2-instance-ssmassociation.html>

use std::collections::{BTreeMap, HashSet};

use crate::{
    error::Problems,
    graph::{Draft, StackDraft},
    model::{
        Address, Packed, Reference, Span, Value,
        item::{Item, Kind, Member},
    },
    resources::cloudcontrol::stands_for,
};

const QUEUE_POLICY: &str = "AWS::SQS::QueuePolicy";
const INSTANCE: &str = "AWS::EC2::Instance";
const ASSOCIATION: &str = "AWS::SSM::Association";

/// Takes the resources of a plan apart that are several objects. What waits for one of them waits for all of its objects.
pub(super) fn apart(stacks: &mut [StackDraft], problems: &mut Problems) {
    let mut parts: BTreeMap<Address, Vec<Address>> = BTreeMap::new();
    for stack in stacks.iter_mut() {
        let mut taken: HashSet<Address> = stack.resources.iter().map(|draft| draft.address.clone()).collect();
        let mut all = Vec::with_capacity(stack.resources.len());
        for mut draft in std::mem::take(&mut stack.resources) {
            let more = match draft.kind.as_str() {
                QUEUE_POLICY => queues(&mut draft, &mut taken, problems),
                INSTANCE => associations(&mut draft, &mut taken),
                _ => Vec::new(),
            };
            if !more.is_empty() {
                parts.insert(draft.address.clone(), more.iter().map(|one| one.address.clone()).collect());
            }
            all.push(draft);
            all.extend(more);
        }
        stack.resources = all;
    }
    if parts.is_empty() {
        return;
    }
    for draft in stacks.iter_mut().flat_map(|stack| &mut stack.resources) {
        let waits = draft.depends_on.iter();
        let more: Vec<(Address, Span)> = waits
            .filter_map(|(address, span)| Some((parts.get(address)?, span)))
            .flat_map(|(parts, span)| parts.iter().map(|part| (part.clone(), span.clone())))
            .filter(|(part, _)| *part != draft.address)
            .collect();
        draft.depends_on.extend(more);
    }
}

/// An address beside `base` that no other resource has.
fn beside(base: &Address, name: &str, taken: &mut HashSet<Address>) -> Address {
    let mut id = format!("{}{name}", base.logical_id());
    while !taken.insert(Address::new(base.stack(), &id)) {
        id.push('X');
    }
    Address::new(base.stack(), &id)
}

/// The other resource that an item refers to, by its logical id; else its number.
fn named(item: &Item, at: usize) -> String {
    match item.reference() {
        Some(reference) => {
            let id = reference.address.logical_id();
            id.rsplit('.').next().unwrap_or(id).to_owned()
        }
        None => at.to_string(),
    }
}

fn take(properties: &mut Item, name: &str) -> Option<Member> {
    let Kind::Map(members) = &mut properties.kind else { return None };
    let at = members.iter().position(|member| member.key == name)?;
    Some(members.remove(at))
}

fn put(properties: &mut Item, key: &str, key_span: &Span, value: Item) {
    if let Kind::Map(members) = &mut properties.kind {
        members.push(Member { key: key.into(), key_span: key_span.clone(), value });
    }
}

/// The policy of the first queue keeps the resource's address.
fn queues(draft: &mut Draft, taken: &mut HashSet<Address>, problems: &mut Problems) -> Vec<Draft> {
    let Some(part) = stands_for(QUEUE_POLICY) else { return Vec::new() };
    let mut properties = draft.properties.item();
    let Some(queues) = take(&mut properties, "Queues") else {
        // The other type says what is missing in its own words, which name a property that nobody wrote.
        if matches!(properties.kind, Kind::Map(_)) {
            let message = "`Queues` is missing: the queues that get the policy";
            problems.error("M2004", Some(&draft.span), message);
            draft.properties = Packed::new(&Item::poison(&properties.span));
        }
        draft.kind = part.into();
        return Vec::new();
    };
    draft.kind = part.into();
    // An object, where this type takes its text as well.
    if let Some(document) = take(&mut properties, "PolicyDocument") {
        let parsed = match &document.value.kind {
            Kind::Scalar(scalar) => serde_json::from_str(scalar.as_text()).ok(),
            _ => None,
        };
        let value =
            parsed.map_or(document.value.clone(), |json| Item::from_json(&json, &document.value.span));
        put(&mut properties, "PolicyDocument", &document.key_span, value);
    }
    let span = queues.value.span;
    let listed = match queues.value.kind {
        Kind::List(items) => items,
        Kind::Poison => vec![Item::poison(&span)],
        _ => {
            let message =
                "the queues of a policy have to be listed one by one: each gets a policy of its own";
            problems.error("M2005", Some(&span), message);
            vec![Item::poison(&span)]
        }
    };
    let mut listed = listed.into_iter().filter(|item| item.kind != Kind::NoValue).enumerate();
    let Some((_, first)) = listed.next() else {
        problems.error("M2005", Some(&span), "`Queues` is empty");
        draft.properties = Packed::new(&Item::poison(&properties.span));
        return Vec::new();
    };
    let rest = listed
        .map(|(at, queue)| {
            let mut more = draft.clone();
            more.address = beside(&draft.address, &named(&queue, at + 1), taken);
            let mut own = properties.clone();
            put(&mut own, "Queue", &queues.key_span, queue);
            more.properties = Packed::new(&own);
            more
        })
        .collect();
    put(&mut properties, "Queue", &queues.key_span, first);
    draft.properties = Packed::new(&properties);
    rest
}

/// A list that is not known before other resources are made stays where it is, and is refused there.
fn associations(draft: &mut Draft, taken: &mut HashSet<Address>) -> Vec<Draft> {
    let known = draft.properties.place("SsmAssociations").map(|(_, part)| part.item().kind);
    if !matches!(known, Some(Kind::List(_) | Kind::NoValue)) {
        return Vec::new();
    }
    let mut properties = draft.properties.item();
    let listed = take(&mut properties, "SsmAssociations");
    draft.properties = Packed::new(&properties);
    let Some(Member { value: Item { kind: Kind::List(items), .. }, key_span, .. }) = listed else {
        return Vec::new();
    };
    let items = items.into_iter().filter(|item| item.kind != Kind::NoValue).enumerate();
    items
        .map(|(at, item)| {
            let reference = Reference { address: draft.address.clone(), attribute: "Ref".into() };
            let instance = Item::deferred(Value::Attribute(reference.into()), &key_span);
            let mut properties = associated(item);
            put(&mut properties, "InstanceId", &key_span, instance);
            Draft {
                address: beside(&draft.address, &format!("Association{}", at + 1), taken),
                span: key_span.clone(),
                kind: ASSOCIATION.into(),
                kind_span: key_span.clone(),
                properties: Packed::new(&properties),
                depends_on: Vec::new(),
                deletion_policy: draft.deletion_policy,
                update_replace_policy: draft.update_replace_policy,
                metadata: serde_json::Value::Null,
                metadata_item: None,
                tags: draft.tags.clone(),
            }
        })
        .collect()
}

/// `{DocumentName, AssociationParameters: [{Key, Value: [..]}]}` in the other type's words: `{Name, Parameters: {KEY: [..]}}`.
fn associated(mut item: Item) -> Item {
    if let Some(name) = take(&mut item, "DocumentName") {
        put(&mut item, "Name", &name.key_span, name.value);
    }
    let Some(parameters) = take(&mut item, "AssociationParameters") else { return item };
    let Kind::List(pairs) = &parameters.value.kind else {
        put(&mut item, "Parameters", &parameters.key_span, parameters.value);
        return item;
    };
    let members = pairs.iter().filter(|pair| pair.kind != Kind::NoValue).map(|pair| {
        let key = pair.get("Key").map(|key| &key.value.kind);
        let (Some(Kind::Scalar(key)), Some(value)) = (key, pair.get("Value")) else { return None };
        Some(Member { key: key.as_text().into(), key_span: pair.span.clone(), value: value.value.clone() })
    });
    let members: Option<Vec<Member>> = members.collect();
    // What cannot be read as pairs is refused by the other type's schema.
    let value = match members {
        Some(members) => Item::new(Kind::Map(members), &parameters.value.span),
        None => parameters.value.clone(),
    };
    put(&mut item, "Parameters", &parameters.key_span, value);
    item
}
