//! Resource policies of functions: statements are added and removed one by one.

use serde_json::{Value as Json, json};

use super::{TABLE, invalid, row};
use crate::sandbox::{Fault, Reply, Request, World};

/// A principal as the policy shows it.
fn principal(world: &World, wanted: &str) -> Json {
    if wanted == "*" {
        return json!("*");
    }
    if wanted.len() == 12 && wanted.bytes().all(|b| b.is_ascii_digit()) {
        let partition = world.arn("iam", "", "x").split(':').nth(1).unwrap_or("aws").to_owned();
        return json!({"AWS": format!("arn:{partition}:iam::{wanted}:root")});
    }
    if wanted.starts_with("arn:") { json!({"AWS": wanted}) } else { json!({"Service": wanted}) }
}

pub fn add(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, row) = row(world, rq)?;
    if rq.opt("Qualifier") == Some("$LATEST") {
        return Err(invalid("We currently do not support adding policies for $LATEST."));
    }
    let id = rq.text("StatementId");
    let statements = row["_statements"].as_array().cloned().unwrap_or_default();
    if statements.iter().any(|s| s["Sid"] == id) {
        return Err(Fault::new(
            "ResourceConflictException",
            format!(
                "The statement id ({id}) provided already exists. Please provide a new statement id, or remove the existing statement."
            ),
        ));
    }
    let mut statement = json!({
        "Sid": id, "Effect": "Allow", "Principal": principal(world, rq.text("Principal")), "Action": rq.get("Action"),
        "Resource": row["FunctionArn"],
    });
    for (member, operator, name) in [
        ("SourceArn", "ArnLike", "AWS:SourceArn"),
        ("SourceAccount", "StringEquals", "AWS:SourceAccount"),
        ("EventSourceToken", "StringEquals", "lambda:EventSourceToken"),
        ("PrincipalOrgID", "StringEquals", "aws:PrincipalOrgID"),
        ("FunctionUrlAuthType", "StringEquals", "lambda:FunctionUrlAuthType"),
    ] {
        if let Some(text) = rq.opt(member) {
            statement["Condition"][operator][name] = json!(text);
        }
    }
    if let Some(flag) = rq.get("InvokedViaFunctionUrl").as_bool() {
        statement["Condition"]["Bool"]["lambda:InvokedViaFunctionUrl"] = json!(flag.to_string());
    }
    if let Some(list) = world.get_mut(TABLE, &key).and_then(|row| row["_statements"].as_array_mut()) {
        list.push(statement.clone());
    }
    Ok(json!({"Statement": statement.to_string()}))
}

pub fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let (_, row) = row(world, rq)?;
    if row["_statements"].as_array().is_none_or(Vec::is_empty) {
        return Err(Fault::new("ResourceNotFoundException", "The resource you requested does not exist."));
    }
    let policy = json!({"Version": "2012-10-17", "Id": "default", "Statement": row["_statements"]});
    Ok(json!({"Policy": policy.to_string(), "RevisionId": row["RevisionId"]}))
}

pub fn remove(world: &mut World, rq: &Request<'_>) -> Reply {
    let (key, row) = row(world, rq)?;
    let id = rq.text("StatementId");
    if !row["_statements"].as_array().into_iter().flatten().any(|s| s["Sid"] == id) {
        return Err(Fault::new(
            "ResourceNotFoundException",
            format!("Statement {id} is not found in resource policy."),
        ));
    }
    if let Some(list) = world.get_mut(TABLE, &key).and_then(|row| row["_statements"].as_array_mut()) {
        list.retain(|s| s["Sid"] != id);
    }
    Ok(json!({}))
}
