//! Rotation schedules. The function is looked at, not run: a rotation changes no value.

use serde_json::{Value as Json, json};

use super::store::{TABLE, bad, live_key, token};
use crate::sandbox::{Fault, Reply, Request, World};

const DAY: f64 = 86_400.0;

/// Whether the function is there and lets Secrets Manager call it.
fn callable(world: &World, arn: &str) -> bool {
    world.rows("lambda.function").any(|(_, row)| {
        row["FunctionArn"] == arn
            && row["_statements"].as_array().into_iter().flatten().any(|s| {
                let action = s["Action"].as_str().unwrap_or_default();
                s["Effect"] == "Allow"
                    && s["Principal"]["Service"] == "secretsmanager.amazonaws.com"
                    && ["lambda:InvokeFunction", "lambda:*", "*"].contains(&action)
            })
    })
}

/// Days between two rotations, as the service works them out.
fn days(rules: &Json) -> Result<i64, Fault> {
    let (days, expression) = (rules["AutomaticallyAfterDays"].as_i64(), rules["ScheduleExpression"].as_str());
    match (days, expression) {
        (Some(_), Some(_)) => {
            Err(bad("You can't specify both AutomaticallyAfterDays and ScheduleExpression."))
        }
        (Some(days), None) => Ok(days),
        (None, Some(expression)) => {
            let body = expression.strip_prefix("rate(").and_then(|rest| rest.strip_suffix(')'));
            let rate = body
                .and_then(|body| body.split_once(' '))
                .and_then(|(n, unit)| Some((n.parse::<i64>().ok()?, unit)));
            match rate {
                Some((count, "day" | "days")) => Ok(count),
                Some((count, "hour" | "hours")) if count >= 4 => Ok((count / 24).max(1)),
                None if expression.starts_with("cron(") && expression.ends_with(')') => Ok(1),
                _ => Err(bad(format!("Invalid ScheduleExpression: {expression}"))),
            }
        }
        (None, None) => Err(bad("A rotation schedule is needed.")),
    }
}

pub fn rotate_secret(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = live_key(world, rq, rq.text("SecretId"))?;
    let (token, now) = (token(world, rq), world.now_secs());
    let row = world.get(TABLE, &key).cloned().unwrap_or_default();
    let function = rq
        .opt("RotationLambdaARN")
        .map(str::to_owned)
        .or(row["RotationLambdaARN"].as_str().map(str::to_owned));
    let external = !rq.get("ExternalSecretRotationRoleArn").is_null();
    if function.is_none() && !external {
        return Err(Fault::new(
            "InvalidRequestException",
            "No Lambda rotation function ARN is associated with this secret.",
        ));
    }
    if let Some(arn) = &function
        && !callable(world, arn)
    {
        let message = "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.";
        return Err(Fault::new("AccessDeniedException", message).status(400));
    }
    let mut rules = if rq.get("RotationRules").is_null() {
        row["RotationRules"].clone()
    } else {
        rq.get("RotationRules").clone()
    };
    if rules.is_null() {
        rules = json!({"AutomaticallyAfterDays": 30});
    }
    let days = days(&rules)?;
    rules["AutomaticallyAfterDays"] = json!(days);
    let Some(row) = world.get_mut(TABLE, &key) else { return Ok(json!({})) };
    row["RotationEnabled"] = json!(true);
    row["RotationLambdaARN"] = json!(function);
    row["RotationRules"] = rules;
    #[expect(clippy::cast_precision_loss, reason = "at most some thousand days")]
    let next = now + days as f64 * DAY;
    row["NextRotationDate"] = json!(next);
    for member in ["ExternalSecretRotationMetadata", "ExternalSecretRotationRoleArn"] {
        if !rq.get(member).is_null() {
            row[member] = rq.get(member).clone();
        }
    }
    if rq.get("RotateImmediately").as_bool().unwrap_or(true) {
        row["LastRotatedDate"] = json!(now);
    }
    Ok(json!({"ARN": row["ARN"], "Name": row["Name"], "VersionId": token}))
}

pub fn cancel_rotate_secret(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = live_key(world, rq, rq.text("SecretId"))?;
    let Some(row) = world.get_mut(TABLE, &key) else { return Ok(json!({})) };
    row["RotationEnabled"] = json!(false);
    row["NextRotationDate"] = Json::Null;
    Ok(json!({"ARN": row["ARN"], "Name": row["Name"]}))
}
