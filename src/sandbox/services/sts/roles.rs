//! `AssumeRole`, and what all ways to a role share.

use serde_json::{Value as Json, json};

use super::{
    caller::{self, SESSION},
    sessions,
    trust::{self, Asked},
};
use crate::sandbox::{Fault, Reply, Request, World};

fn denied(message: impl Into<String>) -> Fault {
    Fault::new("AccessDenied", message).status(403)
}

/// `ValidationError` unless the text is an ARN of a role (LocalStack's recordings of AWS,
/// `test_sts_invalid_parameters`).
pub(super) fn check_arn(arn: &str) -> Result<(), Fault> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let good = matches!(parts[..], ["arn", partition, "iam", "", account, resource]
        if partition.starts_with("aws") && account.len() == 12 && resource.starts_with("role/"));
    if good { Ok(()) } else { Err(Fault::new("ValidationError", format!("{arn} is invalid"))) }
}

/// The role of that ARN, if it exists and has propagated.
pub(super) fn usable(world: &World, arn: &str) -> Option<Json> {
    let ready = |role: &Json| role["_usable"].as_i64().is_none_or(|at| at <= world.now());
    world.rows("iam.role").find(|(_, role)| role["Arn"] == arn && ready(role)).map(|(_, role)| role.clone())
}

/// Refuses sessions longer than the role allows.
pub(super) fn seconds(rq: &Request<'_>, role: &Json, chained: bool) -> Result<i64, Fault> {
    let longest = role["MaxSessionDuration"].as_i64().unwrap_or(3_600);
    let wanted = rq.int("DurationSeconds").unwrap_or(3_600);
    if chained && wanted > 3_600 {
        let message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining";
        return Err(Fault::new("ValidationError", message));
    }
    if wanted > longest {
        let message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        return Err(Fault::new("ValidationError", message));
    }
    Ok(wanted)
}

/// Lends the role. Answers the credentials and the assumed role's user.
pub(super) fn assumed(world: &mut World, rq: &Request<'_>, role: &Json, seconds: i64, tags: Json) -> Json {
    let session = rq.text("RoleSessionName");
    let text = |member: &str| role[member].as_str().unwrap_or_default();
    let arn = world.arn("sts", "", &format!("assumed-role/{}/{session}", text("RoleName")));
    let id = format!("{}:{session}", text("RoleId"));
    let row = json!({"Arn": arn, "UserId": id, "Role": role["Arn"], "Transitive": tags});
    let credentials = sessions::lend(world, seconds, row);
    json!({"Credentials": credentials, "AssumedRoleUser": {"AssumedRoleId": id, "Arn": arn}})
}

/// How full of policies and tags a session is, in percent; nothing where there are none.
fn packed(rq: &Request<'_>) -> Option<i64> {
    let policy = rq.text("Policy").len();
    let arns: usize =
        rq.list("PolicyArns").iter().map(|one| one["arn"].as_str().unwrap_or_default().len()).sum();
    let tag = |tag: &Json| {
        ["Key", "Value"].iter().map(|m| tag[*m].as_str().unwrap_or_default().len()).sum::<usize>()
    };
    let tags: usize = rq.list("Tags").iter().map(tag).sum();
    let total = policy + arns + tags;
    // How AWS packs is not documented; its plain text limit is 2,048 characters.
    (total > 0).then(|| i64::try_from(total * 100 / 2_048).unwrap_or(100).clamp(1, 100))
}

/// `AssumeRole`.
pub(super) fn assume(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("RoleArn");
    check_arn(arn)?;
    let earlier = world.get(SESSION, rq.access_key).cloned().unwrap_or_default();
    let inherited = earlier["Transitive"].as_array().cloned().unwrap_or_default();
    sessions::check_tags(rq, &inherited)?;
    let caller = caller::caller_of(world, rq);
    let mut keys: Vec<(String, String)> =
        rq.opt("ExternalId").map(|id| ("sts:externalid".to_owned(), id.to_owned())).into_iter().collect();
    match (rq.opt("SerialNumber"), rq.opt("TokenCode")) {
        (None, None) => {}
        // Codes are not checked, which `sandbox differences` says.
        (Some(_), Some(_)) => keys.push((trust::MFA.to_owned(), "true".to_owned())),
        _ => {
            return Err(denied(
                "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.",
            ));
        }
    }
    let asked = Asked { action: "sts:AssumeRole", keys };
    let trusted = |role: &Json| trust::trusts(world, role, &caller, &asked);
    let Some(role) = usable(world, arn).filter(trusted) else {
        // A role that is not there and one that does not trust the caller look the same.
        return Err(denied(format!(
            "User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}",
            caller.arn
        )));
    };
    if !rq.list("Tags").is_empty() {
        let tagging = Asked { action: "sts:TagSession", keys: asked.keys.clone() };
        if !trust::trusts(world, &role, &caller, &tagging) {
            return Err(denied(format!(
                "User: {} is not authorized to perform: sts:TagSession on resource: {arn}",
                caller.arn
            )));
        }
    }
    let seconds = seconds(rq, &role, caller.role.is_some())?;
    let wanted = rq.texts("TransitiveTagKeys");
    let carried = rq.list("Tags").iter().filter(|tag| {
        wanted.iter().any(|key| tag["Key"].as_str().is_some_and(|own| own.eq_ignore_ascii_case(key)))
    });
    let tags: Vec<Json> = inherited.iter().chain(carried).cloned().collect();
    let mut answer = assumed(world, rq, &role, seconds, json!(tags));
    if let Some(percent) = packed(rq) {
        answer["PackedPolicySize"] = json!(percent);
    }
    if let Some(who) = rq.opt("SourceIdentity") {
        answer["SourceIdentity"] = json!(who);
    }
    Ok(answer)
}
