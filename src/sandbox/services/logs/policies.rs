//! Data protection, field index and resource policies of log groups.

use serde_json::{Value as Json, json};

use super::{GROUPS, drop_member, group, group_mut, invalid, name_of, no_group};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// `PutDataProtectionPolicy`.
pub fn put_protection(world: &mut World, rq: &Request<'_>) -> Reply {
    let text = rq.text("policyDocument").to_owned();
    let document: Json =
        serde_json::from_str(&text).map_err(|_| invalid("The policy document is not valid JSON."))?;
    if document["Statement"].as_array().is_none_or(|all| all.len() != 2) {
        return Err(invalid(
            "A data protection policy needs one statement that audits and one that de-identifies.",
        ));
    }
    let now = world.date();
    let row = group_mut(world, rq)?;
    row["dataProtectionStatus"] = json!("ACTIVATED");
    row["_protection"] = json!({"policyDocument": text, "lastUpdatedTime": now});
    Ok(json!({
        "logGroupIdentifier": rq.text("logGroupIdentifier"), "policyDocument": text, "lastUpdatedTime": now,
    }))
}

/// `GetDataProtectionPolicy`.
pub fn get_protection(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = group(world, rq)?;
    let mut answer = json!({"logGroupIdentifier": rq.text("logGroupIdentifier")});
    for (member, value) in row["_protection"].as_object().into_iter().flatten() {
        answer[member] = value.clone();
    }
    Ok(answer)
}

/// `DeleteDataProtectionPolicy`.
pub fn delete_protection(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = group_mut(world, rq)?;
    drop_member(row, "_protection");
    row["dataProtectionStatus"] = json!("DELETED");
    done()
}

/// `PutIndexPolicy`.
pub fn put_index(world: &mut World, rq: &Request<'_>) -> Reply {
    let text = rq.text("policyDocument").to_owned();
    let document: Json =
        serde_json::from_str(&text).map_err(|_| invalid("The policy document is not valid JSON."))?;
    let known = ["Fields", "FieldsV2"].iter().any(|member| !document[*member].is_null());
    if !known || document["Fields"].as_array().is_some_and(|fields| fields.len() > 20) {
        return Err(invalid("A field index policy names up to 20 fields."));
    }
    let now = world.date();
    let row = group_mut(world, rq)?;
    row["_index"] = json!({
        "logGroupIdentifier": row["logGroupArn"], "lastUpdateTime": now, "policyDocument": text,
        "source": "LOG_GROUP",
    });
    Ok(json!({"indexPolicy": row["_index"]}))
}

/// `DescribeIndexPolicies`.
pub fn describe_index(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut found = Vec::new();
    for identifier in rq.texts("logGroupIdentifiers") {
        let row =
            world.get(GROUPS, &format!("{}/{}", rq.region, name_of(identifier))).ok_or_else(no_group)?;
        if !row["_index"].is_null() {
            found.push(row["_index"].clone());
        }
    }
    Ok(json!({"indexPolicies": found}))
}

/// `DeleteIndexPolicy`.
pub fn delete_index(world: &mut World, rq: &Request<'_>) -> Reply {
    drop_member(group_mut(world, rq)?, "_index");
    done()
}

/// Where the policy that a request means is kept: the account's policies in their table, a log group's own in it.
const POLICIES: &str = "logs.resource-policy";

/// How many policies the account may have in a region, besides those of log groups.
const MOST: usize = 10;

/// The row of the log group that the request names by its ARN, if it names one.
fn resource<'w>(world: &'w World, rq: &Request<'_>) -> Result<Option<&'w Json>, Fault> {
    rq.opt("resourceArn").map(|_| group(world, rq)).transpose()
}

/// The revision a change expects must be the current one.
fn expected(rq: &Request<'_>, current: &Json) -> Result<(), Fault> {
    if rq.opt("expectedRevisionId") == current["revisionId"].as_str() {
        return Ok(());
    }
    let message = "The expected revision ID is not the current one.";
    Err(Fault::new("OperationAbortedException", message))
}

/// `PutResourcePolicy`: of a log group, or under a name of the account.
pub fn put_resource(world: &mut World, rq: &Request<'_>) -> Reply {
    let text = rq.text("policyDocument");
    let document: Json =
        serde_json::from_str(text).map_err(|_| invalid("The policy document is not valid JSON."))?;
    if !document["Statement"].is_array() {
        return Err(invalid("The policy document has no statements."));
    }
    let mut policy = json!({"policyDocument": text, "lastUpdatedTime": world.date()});
    let revision = world.hex(32);
    if let Some(row) = resource(world, rq)? {
        expected(rq, &row["_resource"])?;
        policy["revisionId"] = json!(revision);
        policy["resourceArn"] = row["logGroupArn"].clone();
        policy["policyScope"] = json!("RESOURCE");
        group_mut(world, rq)?["_resource"] = policy.clone();
    } else {
        let name = rq.opt("policyName").ok_or_else(|| invalid("A policy of the account needs a name."))?;
        let others =
            world.rows(POLICIES).filter(|(_, row)| row["_region"] == rq.region && row["policyName"] != name);
        if others.count() >= MOST {
            return Err(Fault::new("LimitExceededException", "Resource limit exceeded."));
        }
        policy["policyName"] = json!(name);
        policy["policyScope"] = json!("ACCOUNT");
        policy["_region"] = json!(rq.region);
        world.put(POLICIES, &format!("{}/{name}", rq.region), policy.clone());
    }
    let mut answer = json!({"resourcePolicy": policy});
    if policy["revisionId"].is_string() {
        answer["revisionId"] = policy["revisionId"].clone();
    }
    Ok(answer)
}

/// `DescribeResourcePolicies`: the account's, or those of log groups.
pub fn describe_resource(world: &mut World, rq: &Request<'_>) -> Reply {
    let one = resource(world, rq)?.map(|row| row["logGroupArn"].clone());
    let of_groups = rq.opt("policyScope") == Some("RESOURCE");
    let rows = world.rows(if of_groups { GROUPS } else { POLICIES }).map(|(_, row)| row);
    let found = rows.filter(|row| row["_region"] == rq.region);
    let found: Vec<Json> = if of_groups {
        let own = found.filter(|row| one.as_ref().is_none_or(|arn| row["logGroupArn"] == *arn));
        own.map(|row| row["_resource"].clone()).filter(|policy| !policy.is_null()).collect()
    } else {
        found.cloned().collect()
    };
    let (page, next) = rq.page(found, "limit", "nextToken", 50, "InvalidParameterException")?;
    let mut answer = json!({"resourcePolicies": page});
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer)
}

/// `DeleteResourcePolicy`.
pub fn delete_resource(world: &mut World, rq: &Request<'_>) -> Reply {
    let missing = || Fault::new("ResourceNotFoundException", "The specified resource policy does not exist.");
    if let Some(row) = resource(world, rq)? {
        if row["_resource"].is_null() {
            return Err(missing());
        }
        expected(rq, &row["_resource"])?;
        drop_member(group_mut(world, rq)?, "_resource");
    } else {
        let key = format!("{}/{}", rq.region, rq.opt("policyName").unwrap_or_default());
        world.remove(POLICIES, &key).ok_or_else(missing)?;
    }
    done()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::services::logs::OPERATIONS;

    fn call(world: &mut World, operation: &str, input: Json) -> Reply {
        let run = OPERATIONS.iter().find(|o| o.name == operation).unwrap().run;
        run(world, &Request { operation, region: "us-east-1", access_key: "", input })
    }

    #[test]
    fn policies_come_in_pages_and_are_ten_at_most() {
        let mut world = World::new(1, 0);
        let put = |name: &str| json!({"policyName": name, "policyDocument": r#"{"Statement": []}"#});
        for n in 0..10 {
            let made = call(&mut world, "PutResourcePolicy", put(&format!("p{n}"))).unwrap();
            assert!(made["revisionId"].is_null() && made["resourcePolicy"]["revisionId"].is_null());
        }
        assert_eq!(
            call(&mut world, "PutResourcePolicy", put("p10")).unwrap_err().code,
            "LimitExceededException"
        );
        call(&mut world, "PutResourcePolicy", put("p9")).unwrap();
        let (mut names, mut token) = (Vec::new(), Json::Null);
        for (size, more) in [(4, true), (4, true), (2, false)] {
            let page = call(&mut world, "DescribeResourcePolicies", json!({"limit": 4, "nextToken": token}))
                .unwrap();
            let found = page["resourcePolicies"].as_array().unwrap();
            assert_eq!((found.len(), page["nextToken"].is_string()), (size, more));
            names.extend(found.iter().map(|policy| policy["policyName"].clone()));
            token = page["nextToken"].clone();
        }
        assert_eq!(names, (0..10).map(|n| json!(format!("p{n}"))).collect::<Vec<_>>());
    }

    #[test]
    fn policies_of_log_groups_are_a_scope_of_their_own() {
        let mut world = World::new(1, 0);
        for name in ["/one", "/two"] {
            call(&mut world, "CreateLogGroup", json!({"logGroupName": name})).unwrap();
            let arn = world.arn("logs", "us-east-1", &format!("log-group:{name}"));
            let policy = json!({"resourceArn": arn, "policyDocument": r#"{"Statement": []}"#});
            assert!(call(&mut world, "PutResourcePolicy", policy).unwrap()["revisionId"].is_string());
        }
        let count = |world: &mut World, input: Json| {
            call(world, "DescribeResourcePolicies", input).unwrap()["resourcePolicies"]
                .as_array()
                .unwrap()
                .len()
        };
        let arn = world.arn("logs", "us-east-1", "log-group:/two");
        assert_eq!(count(&mut world, json!({})), 0);
        assert_eq!(count(&mut world, json!({"policyScope": "RESOURCE"})), 2);
        assert_eq!(count(&mut world, json!({"policyScope": "RESOURCE", "resourceArn": arn})), 1);
    }
}
