//! Trust policies: who may assume a role.

use serde_json::Value as Json;

use super::caller::Caller;
use crate::sandbox::World;

/// Whether the caller showed the code of an MFA device; absent where it showed none
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-multifactorauthpresent>).
pub(super) const MFA: &str = "aws:multifactorauthpresent";

/// What is asked for, as far as trust policies look at it.
pub(super) struct Asked<'a> {
    /// `sts:AssumeRole`.
    pub action: &'a str,
    /// Values of condition keys, by their lower-case name.
    pub keys: Vec<(String, String)>,
}

fn texts(value: &Json) -> Vec<&str> {
    match value {
        Json::String(one) => vec![one],
        Json::Array(many) => many.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Whether a text matches a pattern with `*` and `?`.
pub fn like(pattern: &str, text: &str) -> bool {
    fn go(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*', rest @ ..] => (0..=text.len()).any(|skip| go(rest, &text[skip..])),
            [b'?', rest @ ..] => !text.is_empty() && go(rest, &text[1..]),
            [literal, rest @ ..] => text.first() == Some(literal) && go(rest, &text[1..]),
        }
    }
    go(pattern.as_bytes(), text.as_bytes())
}

/// The statements of a role's trust policy.
fn statements(role: &Json) -> Vec<Json> {
    let text = role["AssumeRolePolicyDocument"].as_str().unwrap_or_default();
    let trust: Json = serde_json::from_str(text).unwrap_or_default();
    match &trust["Statement"] {
        Json::Array(many) => many.clone(),
        one => vec![one.clone()],
    }
}

/// Whether the conditions that can be told from a request hold; the others are taken to hold, which `sandbox
/// differences` says.
fn holds(condition: &Json, asked: &Asked<'_>) -> bool {
    condition.as_object().into_iter().flatten().all(|(operator, tests)| {
        let name = operator.to_ascii_lowercase();
        let (name, if_exists) =
            name.strip_suffix("ifexists").map_or((name.as_str(), false), |name| (name, true));
        let name = name.rsplit(':').next().unwrap_or(name);
        tests.as_object().into_iter().flatten().all(|(key, wanted)| {
            let key = key.to_ascii_lowercase();
            let told = key == "sts:externalid"
                || key == MFA
                || key.ends_with(":aud")
                || key.ends_with(":sub")
                || key.ends_with(":amr");
            let sent: Vec<&str> =
                asked.keys.iter().filter(|(name, _)| *name == key).map(|(_, value)| value.as_str()).collect();
            let any = |fits: &dyn Fn(&str, &str) -> bool| {
                sent.iter().any(|value| texts(wanted).iter().any(|pattern| fits(pattern, value)))
            };
            match name {
                _ if !told || (if_exists && sent.is_empty()) => true,
                "bool" => any(&|a, b| a.eq_ignore_ascii_case(b)),
                "stringequals" => any(&|a, b| a == b),
                "stringlike" => any(&like),
                "stringequalsignorecase" => any(&|a, b| a.eq_ignore_ascii_case(b)),
                "stringnotequals" => !any(&|a, b| a == b),
                "stringnotlike" => !any(&like),
                _ => true,
            }
        })
    })
}

fn acts(statement: &Json, action: &str) -> bool {
    let fits = |pattern: &&str| like(&pattern.to_ascii_lowercase(), &action.to_ascii_lowercase());
    if statement["NotAction"].is_null() {
        texts(&statement["Action"]).iter().any(fits)
    } else {
        !texts(&statement["NotAction"]).iter().any(fits)
    }
}

/// Whether a statement names a principal of this account.
fn names(world: &World, statement: &Json, caller: &Caller) -> bool {
    let root = world.arn("iam", "", "root");
    let one = |who: &str| {
        who == "*"
            || who == world.account
            || who == root
            || who == caller.arn
            || caller.role.as_deref() == Some(who)
    };
    let listed = |principal: &Json| match principal {
        Json::String(all) => all == "*",
        some => texts(&some["AWS"]).iter().any(|who| one(who)),
    };
    if statement["NotPrincipal"].is_null() {
        listed(&statement["Principal"])
    } else {
        !listed(&statement["NotPrincipal"])
    }
}

/// Whether a statement names a federated provider.
fn federates(statement: &Json, provider: &str) -> bool {
    match &statement["Principal"] {
        Json::String(all) => all == "*",
        some => texts(&some["Federated"]).iter().any(|who| {
            *who == "*"
                || *who == provider
                || who.split_once(":oidc-provider/").is_some_and(|(_, url)| url == provider)
        }),
    }
}

fn decided(role: &Json, asked: &Asked<'_>, named: impl Fn(&Json) -> bool) -> bool {
    let mut allowed = false;
    for statement in statements(role) {
        if !acts(&statement, asked.action) || !named(&statement) || !holds(&statement["Condition"], asked) {
            continue;
        }
        match statement["Effect"].as_str() {
            Some("Deny") => return false,
            _ => allowed = true,
        }
    }
    allowed
}

/// Whether a role's policy lets a caller of this account assume it.
pub(super) fn trusts(world: &World, role: &Json, caller: &Caller, asked: &Asked<'_>) -> bool {
    decided(role, asked, |statement| names(world, statement, caller))
}

/// Whether a role's policy lets whom a provider vouches for assume it.
pub(super) fn trusts_provider(role: &Json, provider: &str, asked: &Asked<'_>) -> bool {
    decided(role, asked, |statement| federates(statement, provider))
}
