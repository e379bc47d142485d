//! Topic policies.

use serde_json::{Value as Json, json};

use super::topics::{TOPICS, invalid, topic};
use crate::sandbox::{Fault, Reply, Request, World, done, services::sts::like};

/// The policy a topic is born with: its own account may do everything.
pub(super) fn default(world: &World, arn: &str) -> String {
    json!({
        "Version": "2008-10-17", "Id": "__default_policy_ID",
        "Statement": [{
            "Effect": "Allow", "Sid": "__default_statement_ID", "Principal": {"AWS": "*"},
            "Action": [
                "SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission",
                "SNS:DeleteTopic", "SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish",
            ],
            "Resource": arn, "Condition": {"StringEquals": {"AWS:SourceOwner": world.account}},
        }],
    })
    .to_string()
}

fn texts(value: &Json) -> Vec<&str> {
    match value {
        Json::String(one) => vec![one.as_str()],
        Json::Array(many) => many.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether SNS knows a principal now; roles need to have propagated.
fn known(world: &World, principal: &str) -> bool {
    let own_role = principal.contains(":role/") && principal.contains(&format!("::{}:", world.account));
    !own_role
        || world.rows("iam.role").any(|(_, role)| {
            role["Arn"] == principal && role["_usable"].as_i64().is_none_or(|at| at <= world.now())
        })
}

/// Checks a policy for a topic.
///
/// Resources may be anything, also other topics and patterns (`TestAccSNSTopic_policy`).
pub(super) fn admit(world: &World, text: &str) -> Result<(), Fault> {
    let document: Json = serde_json::from_str(text).map_err(|_| invalid("Policy Error: null"))?;
    let statements = match &document["Statement"] {
        Json::Array(many) if !many.is_empty() => many.clone(),
        Json::Object(_) => vec![document["Statement"].clone()],
        _ => return Err(invalid("Policy statement missing")),
    };
    for statement in &statements {
        if !matches!(statement["Effect"].as_str(), Some("Allow" | "Deny")) {
            return Err(invalid("Policy Error: null"));
        }
        if statement["Principal"].is_null() && statement["NotPrincipal"].is_null() {
            return Err(invalid("Policy Error: null"));
        }
        if !texts(&statement["Principal"]["AWS"]).into_iter().all(|who| known(world, who)) {
            return Err(invalid("Policy Error: PrincipalNotFound"));
        }
        let actions = texts(&statement["Action"]);
        if actions.iter().any(|action| *action != "*" && !action.to_lowercase().starts_with("sns:")) {
            return Err(invalid("Policy statement action out of service scope!"));
        }
    }
    Ok(())
}

fn edit(world: &mut World, rq: &Request<'_>, act: impl FnOnce(&mut Vec<Json>) -> Result<(), Fault>) -> Reply {
    let arn = rq.text("TopicArn");
    let text = topic(world, rq, arn)?["_attributes"]["Policy"].as_str().unwrap_or_default();
    let mut document: Json = serde_json::from_str(text).unwrap_or_default();
    let mut statements = document["Statement"].as_array().cloned().unwrap_or_default();
    act(&mut statements)?;
    document["Statement"] = json!(statements);
    if let Some(row) = world.get_mut(TOPICS, arn) {
        row["_attributes"]["Policy"] = json!(document.to_string());
    }
    done()
}

/// What a topic's policy can allow (SNS Developer Guide, "Amazon SNS actions").
const GRANTABLE: &[&str] = &[
    "*",
    "AddPermission",
    "DeleteTopic",
    "GetDataProtectionPolicy",
    "GetTopicAttributes",
    "ListSubscriptionsByTopic",
    "ListTagsForResource",
    "Publish",
    "PutDataProtectionPolicy",
    "RemovePermission",
    "SetTopicAttributes",
    "Subscribe",
];

/// One value as itself, several as a list.
fn single(mut all: Vec<String>) -> Json {
    if all.len() == 1 { json!(all.pop()) } else { json!(all) }
}

pub(super) fn add(world: &mut World, rq: &Request<'_>) -> Reply {
    let label = rq.text("Label");
    let accounts: Vec<String> = rq
        .texts("AWSAccountId")
        .iter()
        .map(|id| format!("arn:{}:iam::{id}:root", world.partition()))
        .collect();
    if rq.texts("ActionName").iter().any(|action| !GRANTABLE.contains(action)) {
        return Err(invalid("Policy statement action out of service scope!"));
    }
    let actions: Vec<String> = rq.texts("ActionName").iter().map(|action| format!("SNS:{action}")).collect();
    edit(world, rq, |statements| {
        if statements.iter().any(|statement| statement["Sid"] == label) {
            return Err(invalid("Statement already exists"));
        }
        statements.push(json!({
            "Sid": label, "Effect": "Allow", "Principal": {"AWS": single(accounts)}, "Action": single(actions),
            "Resource": rq.text("TopicArn"),
        }));
        Ok(())
    })
}

pub(super) fn remove(world: &mut World, rq: &Request<'_>) -> Reply {
    edit(world, rq, |statements| {
        statements.retain(|statement| statement["Sid"] != rq.text("Label"));
        Ok(())
    })
}

/// A service that publishes.
#[derive(Debug, Clone, Copy)]
pub struct Sender<'s> {
    /// `events.amazonaws.com`.
    pub service: &'s str,
    /// The ARN of the resource on whose behalf it does.
    pub source: &'s str,
    /// Whether the policy that a topic is born with is enough for it: its one statement is for the owner's account. For
    /// EventBridge it is not (EventBridge User Guide, using resource-based policies: Amazon SNS permissions).
    pub by_default: bool,
}

/// Whether a statement's conditions hold for a sender of the topic's own account. Conditions on other keys than those that
/// services set (SNS Developer Guide, "Allow any AWS resource to publish") are taken to hold.
fn holds(conditions: &Json, account: &str, from: Sender<'_>) -> bool {
    conditions.as_object().into_iter().flatten().all(|(operator, keys)| {
        keys.as_object().into_iter().flatten().all(|(key, wanted)| {
            let have = match key.to_lowercase().as_str() {
                "aws:sourcearn" => from.source,
                "aws:sourceaccount" | "aws:sourceowner" => account,
                _ => return true,
            };
            texts(wanted).into_iter().any(|pattern| match operator.as_str() {
                "StringEquals" | "StringEqualsIgnoreCase" => pattern.eq_ignore_ascii_case(have),
                "StringLike" | "ArnLike" | "ArnEquals" => like(pattern, have),
                _ => true,
            })
        })
    })
}

/// Whether a topic's policy lets a service publish.
pub(super) fn lets_publish(policy: &str, account: &str, from: Sender<'_>) -> bool {
    let document: Json = serde_json::from_str(policy).unwrap_or_default();
    let statements = match &document["Statement"] {
        Json::Array(many) => many.clone(),
        Json::Null => Vec::new(),
        one => vec![one.clone()],
    };
    let applies = |statement: &Json, effect: &str| {
        let principal = &statement["Principal"];
        let services = texts(&principal["Service"]);
        let anybody = *principal == "*" || texts(&principal["AWS"]).contains(&"*");
        // A statement for everybody of the owner's account is the one that topics are born with.
        let owners = anybody && !statement["Condition"].is_null();
        let who = services.contains(&from.service) || anybody && (!owners || from.by_default);
        let action = |one: &&str| ["*", "sns:*", "sns:publish"].contains(&one.to_lowercase().as_str());
        statement["Effect"] == effect
            && who
            && texts(&statement["Action"]).iter().any(action)
            && holds(&statement["Condition"], account, from)
    };
    // Denials on other keys, such as those without TLS, are not for services: they call with TLS.
    let denied = statements.iter().any(|one| one["Condition"].is_null() && applies(one, "Deny"));
    !denied && statements.iter().any(|one| applies(one, "Allow"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_lets_a_service_publish_for_its_own_resources_only() {
        let from = |source| Sender { service: "dms.amazonaws.com", source, by_default: false };
        let policy = |condition: &Json| {
            json!({"Statement": {"Effect": "Allow", "Principal": {"Service": "dms.amazonaws.com"}, "Action": "SNS:Publish",
                "Resource": "*", "Condition": condition}})
            .to_string()
        };
        let (own, other) =
            ("arn:aws:dms:us-east-1:123456789012:es:own", "arn:aws:dms:us-east-1:123456789012:es:other");
        let account = "123456789012";
        for (condition, lets_own, lets_other) in [
            (json!({"StringEquals": {"aws:SourceArn": own}}), true, false),
            (json!({"ArnLike": {"aws:SourceArn": "arn:aws:dms:*:123456789012:es:o?n"}}), true, false),
            (json!({"ArnLike": {"aws:SourceArn": "arn:aws:dms:us-east-1:*"}}), true, true),
            (json!({"StringEquals": {"aws:SourceAccount": account}}), true, true),
            (json!({"StringEquals": {"aws:SourceAccount": "210987654321"}}), false, false),
        ] {
            let text = policy(&condition);
            let lets = [own, other].map(|source| lets_publish(&text, account, from(source)));
            assert_eq!(lets, [lets_own, lets_other], "{condition}");
        }
        let events = Sender { service: "events.amazonaws.com", ..from(own) };
        assert!(!lets_publish(&policy(&json!(null)), account, events), "it is for another service");
    }

    #[test]
    fn the_policy_of_a_new_topic_is_enough_for_some_services() {
        let world = World::new(1, 0);
        let text = default(&world, "arn:aws:sns:us-east-1:123456789012:t");
        let sender = |by_default| Sender { service: "dms.amazonaws.com", source: "arn", by_default };
        assert!(lets_publish(&text, &world.account, sender(true)));
        assert!(!lets_publish(&text, &world.account, sender(false)));
        assert!(!lets_publish(&text, "210987654321", sender(true)), "it is for the owner's account");
    }
}
