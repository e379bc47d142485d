//! Topic policies.

use serde_json::{Value as Json, json};

use super::topics::{TOPICS, invalid, topic};
use crate::sandbox::{Fault, Reply, Request, World, done};

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
