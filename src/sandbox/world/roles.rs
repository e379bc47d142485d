//! Whether a service may assume a role: services check it when they are handed one.
//!
//! Roles live in table `iam.role` under their name, with `Arn`, `AssumeRolePolicyDocument` (plain JSON text)
//! and `_usable` (milliseconds since the epoch; IAM propagation).

use serde_json::Value as Json;

use super::World;

/// Why a role cannot be assumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleProblem {
    /// There is no such role, or it has not propagated yet: AWS does not tell the two apart.
    Unknown,
    /// Its trust policy does not name the service.
    NotTrusted,
}

impl World {
    /// Checks that `principal` (`ecs-tasks.amazonaws.com`) may assume the role of that ARN.
    ///
    /// # Errors
    /// Why not; each service words its own error.
    pub fn assumable(&self, role_arn: &str, principal: &str) -> Result<(), RoleProblem> {
        let (_, role) =
            self.rows("iam.role").find(|(_, role)| role["Arn"] == role_arn).ok_or(RoleProblem::Unknown)?;
        if role["_usable"].as_i64().is_some_and(|at| at > self.now()) {
            return Err(RoleProblem::Unknown);
        }
        if trusts(role, principal) { Ok(()) } else { Err(RoleProblem::NotTrusted) }
    }

    /// Checks the trust policy alone, of a service that assumes the role only later.
    ///
    /// # Errors
    /// There is no such role, or its policy does not name the service.
    pub fn trusted(&self, role_arn: &str, principal: &str) -> Result<(), RoleProblem> {
        let (_, role) =
            self.rows("iam.role").find(|(_, role)| role["Arn"] == role_arn).ok_or(RoleProblem::Unknown)?;
        if trusts(role, principal) { Ok(()) } else { Err(RoleProblem::NotTrusted) }
    }
}

/// Whether a role's trust policy names a service.
fn trusts(role: &Json, principal: &str) -> bool {
    let text = role["AssumeRolePolicyDocument"].as_str().unwrap_or_default();
    let trust: Json = serde_json::from_str(text).unwrap_or_default();
    let statements = match &trust["Statement"] {
        Json::Array(many) => many.clone(),
        one => vec![one.clone()],
    };
    let named = |value: &Json| match value {
        Json::String(one) => one == principal,
        Json::Array(many) => many.iter().any(|item| item == principal),
        _ => false,
    };
    statements.iter().any(|s| s["Effect"] == "Allow" && named(&s["Principal"]["Service"]))
}
