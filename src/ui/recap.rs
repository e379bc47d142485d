//! What a failed run is told with at its end: what was done, which calls failed and how, and what to do about each.

use std::collections::BTreeMap;

use super::text::{count, wrap_whole};
use crate::{
    aws::{Certainty, OpError},
    engine::Finished,
    model::Address,
    planner::ChangeSet,
};

/// What the events of a run told, as far as a recap needs it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Steps that were done.
    pub(super) done: usize,
    /// Steps that failed.
    pub(super) failed: usize,
    /// Steps that were not begun, by the step whose failure kept them from it.
    pub(super) skipped: BTreeMap<Address, Vec<Address>>,
}

/// The recap, in lines of at most `width` columns where words allow it.
pub(super) fn recap(
    set: &ChangeSet,
    finished: &Finished,
    tally: &Tally,
    again: &str,
    width: usize,
) -> String {
    let skipped: usize = tally.skipped.values().map(Vec::len).sum();
    let all = set.steps.len();
    let left = all.saturating_sub(tally.done + tally.failed + skipped);
    let mut head = format!("{} of {} done, {} failed", tally.done, count(all, "step"), tally.failed);
    if skipped > 0 {
        head.push_str(&format!(", {skipped} skipped"));
    }
    if left > 0 {
        head.push_str(&format!(", {left} not begun"));
    }
    let mut out = format!("\n{head}.\n");
    for (address, error) in &finished.failures {
        let kind =
            set.steps.iter().find(|step| step.address == *address).map_or("", |step| step.kind.as_str());
        let mut put = |indent: usize, text: &str| {
            for line in wrap_whole(text, width.saturating_sub(indent).max(20)) {
                out.push_str(&format!("{}{line}\n", " ".repeat(indent)));
            }
        };
        put(0, &format!("! {address} ({})", kind.trim_start_matches("AWS::")));
        put(4, &error.to_string());
        if let Some(id) = &error.request_id {
            put(4, &format!("AWS request id {id}"));
        }
        if let Some(skipped) = tally.skipped.get(address) {
            let names: Vec<&str> = skipped.iter().map(Address::as_str).collect();
            put(4, &format!("Not begun because of it: {}", names.join(", ")));
        }
        put(4, &format!("What to do: {}", advice(address, kind, error, again)));
    }
    out
}

/// What to do about an error: by AWS's code where it is one that many services share, else by where it came from.
fn advice(address: &Address, kind: &str, error: &OpError, again: &str) -> String {
    let code = error.code.as_deref().unwrap_or_default();
    let says = |parts: &[&str]| parts.iter().any(|part| code.contains(part));
    if error.barrier.is_some() || error.is_credentials() {
        return "see which credentials are in use with `migrate whoami`".into();
    }
    if says(&["AccessDenied", "UnauthorizedOperation", "NotAuthorized", "AuthFailure"]) {
        if error.message.contains("is not configured properly") {
            return "correct the role's trust policy and permissions; AWS needs some seconds to see a new role".into();
        }
        return format!("permit it to the caller: `migrate types {kind}` lists the IAM actions");
    }
    if says(&["LimitExceeded", "QuotaExceeded", "QuotaFault", "TooMany", "MaximumLimit"]) {
        return "raise the quota (Service Quotas), or delete what is not needed any more".into();
    }
    if error.is_throttle() {
        return format!("wait a minute, then `{again}`");
    }
    if says(&["InsufficientInstanceCapacity", "InsufficientCapacity", "InsufficientDBInstanceCapacity"]) {
        return "AWS has no such capacity there at the moment: try another zone or class, or again later"
            .into();
    }
    if says(&[
        "AlreadyExists",
        "AlreadyOwnedByYou",
        "Duplicate",
        "EntityAlreadyExists",
        "ResourceConflict",
        "InUse",
    ]) && error.operation.starts_with("Create")
    {
        return format!("give it another name, or take the existing one over: `migrate import {address} ID`");
    }
    if says(&["DependencyViolation", "DeleteConflict", "ResourceInUse", "HasAssociations"]) {
        return "something outside the plan still uses it: remove that first".into();
    }
    if says(&["NotFound", "NoSuch", "DoesNotExist"]) {
        return "create what it refers to, or correct the reference in the plan".into();
    }
    if code == "DeadlineExceeded" {
        return format!("look into the service's own events and logs; `{again}` waits on");
    }
    if code == "LifecycleFailed" {
        return format!(
            "fix what AWS names; if the object cannot be repaired, `{again} --replace {address}` makes a new one"
        );
    }
    if says(&["Invalid", "Validation", "Malformed", "MissingParameter", "Unsupported"]) {
        return "correct the property in the plan".into();
    }
    if error.certainty == Certainty::Unknown {
        return format!("`{again}` finds out what the call did");
    }
    "fix the cause that AWS names".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn advised(operation: &str, code: &str) -> String {
        let error = OpError { code: Some(code.into()), ..OpError::not_sent(operation, "m") };
        advice(&Address::new("app", "Db"), "AWS::RDS::DBInstance", &error, "migrate up app.yaml")
    }

    #[test]
    fn advice_follows_the_code() {
        assert!(advised("CreateDBInstance", "AccessDenied").contains("`migrate types AWS::RDS::DBInstance`"));
        assert!(advised("CreateNatGateway", "NatGatewayLimitExceeded").contains("quota"));
        assert!(advised("CreateBucket", "BucketAlreadyExists").contains("`migrate import app/Db ID`"));
        assert!(advised("CreateDBInstance", "InvalidParameterValue").contains("correct the property"));
        assert!(advised("CreateReplicationTask", "ResourceNotFoundFault").contains("refers to"));
        assert!(
            advised("wait for AWS::ECS::Service", "DeadlineExceeded")
                .contains("`migrate up app.yaml` waits on")
        );
        assert!(advised("wait for AWS::RDS::DBInstance", "LifecycleFailed").contains("--replace app/Db"));
        assert!(advised("DeleteSubnet", "DependencyViolation").contains("outside the plan"));
    }
}
