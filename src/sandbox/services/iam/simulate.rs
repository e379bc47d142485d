//! What policies would decide: simulations, and the condition keys that they need.
//!
//! Decisions follow the IAM User Guide ("Policy evaluation logic", "Testing IAM policies with the IAM policy simulator");
//! the shape of answers LocalStack's recordings of AWS (`test_simulate_principle_policy`).

use serde_json::{Value as Json, json};

use super::{
    conditions,
    entity::{USER, paged},
    evaluate::{Asked, Decision, Matched, Policy, Principal, once, together},
    patterns::Context,
    subjects::{Subject, identity, invalid},
};
use crate::sandbox::{Fault, Reply, Request, World};

/// Scenarios of the API reference and the two that EC2-Classic had (`ResourceHandlingOption`).
const SCENARIOS: &[&str] = &[
    "EC2-Classic-EBS",
    "EC2-Classic-InstanceStore",
    "EC2-VPC-EBS",
    "EC2-VPC-EBS-Subnet",
    "EC2-VPC-InstanceStore",
    "EC2-VPC-InstanceStore-Subnet",
];

/// Everything that one simulation goes by.
struct Simulation {
    policies: Vec<Policy>,
    boundary: Option<Policy>,
    resource_policy: Option<Policy>,
    /// Service control policies, from the organization's root down.
    levels: Vec<Vec<Policy>>,
    caller: Option<Principal>,
    /// The account of resources whose ARN names none.
    owner: Option<String>,
    context: Context,
    /// The keys that the caller sent, in lower case.
    sent: Vec<String>,
    resources: Vec<String>,
}

/// What was decided about one resource.
struct Finding {
    decision: Decision,
    matched: Vec<Matched>,
    missing: Vec<String>,
    within_boundary: Option<bool>,
    within_organization: Option<bool>,
    /// What each kind of policy decided, of resources of other accounts.
    details: Option<Vec<(&'static str, Decision)>>,
}

/// A policy of a request; `InvalidInput` is the only refusal that the operations have for a bad one.
fn sent_policy(text: &str, id: String, kind: &'static str) -> Result<Policy, Fault> {
    Policy::of_identity(text, id, kind).map_err(|fault| invalid(fault.message))
}

fn sent_policies(texts: &[&str], list: &str) -> Result<Vec<Policy>, Fault> {
    let numbered = texts.iter().enumerate();
    numbered.map(|(at, text)| sent_policy(text, format!("{list}.{}", at + 1), "IAM Policy")).collect()
}

/// Checks the values of a context entry against its type.
fn check_value(key: &str, kind: &str, value: &str) -> Result<(), Fault> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let (good, expected) = match kind {
        "numeric" => (value.parse::<f64>().is_ok(), "numeric format"),
        "date" => (conditions::date(value).is_some(), "DateTime format"),
        "ip" => (conditions::address(value).is_some(), "IP address"),
        "binary" => (STANDARD.decode(value).is_ok(), "base-64 encoded binary format"),
        _ => (true, ""),
    };
    if good {
        Ok(())
    } else {
        Err(invalid(format!("Invalid context value for key {key}: expected {expected}.")))
    }
}

/// The values of condition keys that a request brings.
fn context(entries: &[Json]) -> Result<(Context, Vec<String>), Fault> {
    let (mut context, mut sent) = (Context::default(), Vec::new());
    for entry in entries {
        let key = entry["ContextKeyName"].as_str().unwrap_or_default();
        if key.is_empty() {
            return Err(invalid("ContextKeyName cannot be null or empty."));
        }
        let Some(kind) = entry["ContextKeyType"].as_str() else {
            return Err(invalid(format!("Context key {key} has invalid type null.")));
        };
        let values = entry["ContextKeyValues"].as_array().into_iter().flatten();
        let values: Vec<String> = values.filter_map(Json::as_str).map(ToOwned::to_owned).collect();
        if values.is_empty() {
            return Err(invalid(format!("Context values for context key {key} cannot be null or empty.")));
        }
        let single = kind.strip_suffix("List").unwrap_or(kind);
        if single == kind && values.len() > 1 {
            let count = values.len();
            return Err(invalid(format!(
                "Context key {kind} expected a single value, but received {count}."
            )));
        }
        for value in &values {
            check_value(key, single, value)?;
        }
        if sent.contains(&key.to_ascii_lowercase()) {
            return Err(invalid(format!("Duplicate context key: {key}.")));
        }
        sent.push(key.to_ascii_lowercase());
        context.set(key, values);
    }
    Ok((context, sent))
}

/// The resources of a request, and whether its actions can be simulated with them.
fn resources(rq: &Request<'_>) -> Result<Vec<String>, Fault> {
    let arns = rq.texts("ResourceArns");
    for arn in arns.iter().filter(|arn| **arn != "*" || arns.len() > 1) {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        // aws-containers/amazon-ecs-exec-checker#35.
        if parts.len() < 6
            || parts[0] != "arn"
            || parts[1].is_empty()
            || parts[2].is_empty()
            || parts[5].is_empty()
        {
            return Err(invalid(format!("ResourceNames are not in a valid ARN format: {arn}.")));
        }
    }
    let named = !arns.is_empty() && arns != ["*"];
    for action in rq.texts("ActionNames") {
        if !action.contains(':') {
            return Err(invalid("The action is invalid since it is missing names"));
        }
        if let Some(option) = rq.opt("ResourceHandlingOption").filter(|_| named)
            && !(action.eq_ignore_ascii_case("ec2:RunInstances") && SCENARIOS.contains(&option))
        {
            let what = "Action does not support resource handling options";
            return Err(invalid(format!("Invalid input resource handling options. {what}: {action}.")));
        }
    }
    Ok(if named { arns.into_iter().map(ToOwned::to_owned).collect() } else { vec!["*".to_owned()] })
}

impl Simulation {
    fn of(world: &World, rq: &Request<'_>, subject: Option<&Subject>) -> Result<Self, Fault> {
        let resources = resources(rq)?;
        let (mut context, sent) = context(rq.list("ContextEntries"))?;
        let mut policies = subject.map(Subject::policies).transpose()?.unwrap_or_default();
        policies.extend(sent_policies(&rq.texts("PolicyInputList"), "PolicyInputList")?);
        let mut boundary = subject.map(Subject::boundary).transpose()?.flatten();
        let boundaries = rq.texts("PermissionsBoundaryPolicyInputList");
        if boundaries.len() > 1 {
            return Err(invalid("The list of Permissions Boundary policies cannot exceed 1 items."));
        }
        if let Some(text) = boundaries.first() {
            let id = "PermissionsBoundaryPolicyInputList.1".to_owned();
            boundary = Some(sent_policy(text, id, "Permissions Boundary Policy")?);
        }
        let mut levels = Vec::new();
        for level in rq.list("OrderedOrganizationPolicyInputList") {
            let texts = level["ServiceControlPolicyInputList"].as_array().into_iter().flatten();
            let texts: Vec<&str> = texts.filter_map(Json::as_str).collect();
            levels.push(sent_policies(&texts, "ServiceControlPolicyInputList")?);
        }
        let caller = rq.opt("CallerArn").or(subject.map(|subject| subject.arn.as_str()));
        let caller = caller.map(|arn| principal(arn, &mut context)).transpose()?;
        if caller.is_none() {
            context.fill("aws:PrincipalAccount", &world.account);
            context.fill("aws:userid", "STUB_PRINCIPAL_FOR_POLICY_SIMULATOR");
        }
        let owner = rq.opt("ResourceOwner").map(owner).transpose()?;
        let resource_policy = rq.opt("ResourcePolicy");
        let resource_policy = resource_policy.map(|text| {
            if caller.is_none() {
                return Err(invalid("Invalid caller - Caller cannot be null or empty."));
            }
            if resources == ["*"] {
                return Err(invalid("Invalid Entity Arn: * does not clearly define entity type and name."));
            }
            let policy = Policy::of_resource(text).map_err(|fault| invalid(fault.message))?;
            if policy.has_star() {
                return Err(invalid("ResourceNames are not in a valid ARN format: *."));
            }
            Ok(policy)
        });
        let resource_policy = resource_policy.transpose()?;
        Ok(Self { policies, boundary, resource_policy, levels, caller, owner, context, sent, resources })
    }

    /// The keys that the policies look at and the caller did not send: also those that have a value all the same, and those
    /// of statements about other actions (aws/aws-sdk-java-v2#1751), but not those of an organization's policies
    /// (aws/aws-cli#10525).
    fn missing(&self) -> Vec<String> {
        let all = self.policies.iter().chain(&self.boundary).chain(&self.resource_policy);
        let unsent = |key: &String| !self.sent.contains(&key.to_ascii_lowercase());
        once(all.flat_map(Policy::keys).filter(unsent).collect())
    }

    /// What the organization's levels decide: each has to allow.
    fn organization(&self, asked: &Asked<'_>) -> Decision {
        self.levels.iter().map(|level| together(level, asked).0).max().unwrap_or(Decision::Allowed)
    }

    fn decide(&self, action: &str, resource: &str) -> Finding {
        let asked = Asked { action, resource, context: &self.context };
        let organization = self.organization(&asked);
        let within_organization = (!self.levels.is_empty()).then_some(organization == Decision::Allowed);
        let mut finding = Finding {
            decision: organization,
            matched: Vec::new(),
            missing: Vec::new(),
            within_boundary: None,
            within_organization,
            details: None,
        };
        // "If an Organizations SCP denies access, the simulation ends."
        if organization != Decision::Allowed {
            return finding;
        }
        let (identity, by_identity) = together(&self.policies, &asked);
        let boundary = self.boundary.as_ref().map(|policy| policy.decide(&asked, None));
        let (bounds, by_boundary) = boundary.clone().unwrap_or((Decision::Allowed, Vec::new()));
        // The simulator checks trust policies and leaves them out of its decision (aws/aws-cli#10314).
        let trust = action.to_ascii_lowercase().starts_with("sts:assume");
        let resource_policy = self.resource_policy.as_ref().filter(|_| !trust);
        let granted = resource_policy.map(|policy| policy.decide(&asked, self.caller.as_ref()));
        let (grant, by_resource) = granted.unwrap_or((Decision::ImplicitDeny, Vec::new()));
        let own = resource.split(':').nth(4).filter(|account| !account.is_empty());
        let foreign = self.resource_policy.is_some()
            && self
                .caller
                .as_ref()
                .zip(own.or(self.owner.as_deref()))
                .is_some_and(|(caller, owner)| caller.account != owner);
        let each = [identity, bounds, grant];
        finding.decision = if each.contains(&Decision::ExplicitDeny) {
            Decision::ExplicitDeny
        } else if foreign {
            // Both accounts have to allow it.
            identity.max(bounds).max(grant)
        } else if grant == Decision::Allowed {
            // A resource's policy that names the caller needs no other, and no boundary limits it.
            Decision::Allowed
        } else {
            identity.max(bounds)
        };
        if foreign {
            let mut details = vec![("IAM Policy", identity), ("Resource Policy", grant)];
            details.extend(boundary.as_ref().map(|(decision, _)| ("Permissions Boundary Policy", *decision)));
            finding.details = Some(details);
        }
        finding.within_boundary = boundary.map(|(decision, _)| decision == Decision::Allowed);
        if finding.decision == Decision::ImplicitDeny {
            finding.missing = self.missing();
            return finding;
        }
        let decided = |(one, matched): (Decision, Vec<Matched>)| {
            if one == finding.decision { matched } else { Vec::new() }
        };
        let mut matched = decided((identity, by_identity));
        matched.extend(decided((grant, by_resource)));
        // Of a boundary, what denies is told, and not what allows.
        if finding.decision == Decision::ExplicitDeny {
            matched.extend(decided((bounds, by_boundary)));
        }
        finding.matched = matched;
        finding
    }

    /// The result of one action on all resources.
    fn result(&self, action: &str) -> Json {
        let findings: Vec<(&str, Finding)> = self
            .resources
            .iter()
            .map(|resource| (resource.as_str(), self.decide(action, resource)))
            .collect();
        let decision = findings.iter().map(|(_, finding)| finding.decision).max();
        let decision = decision.unwrap_or(Decision::ImplicitDeny);
        // "Only statements that contributed to the reported decision are included."
        let mut matched: Vec<&Matched> = Vec::new();
        for one in findings.iter().filter(|(_, f)| f.decision == decision).flat_map(|(_, f)| &f.matched) {
            if !matched.contains(&one) {
                matched.push(one);
            }
        }
        let all = |of: fn(&Finding) -> Option<bool>| {
            let each: Vec<bool> = findings.iter().filter_map(|(_, finding)| of(finding)).collect();
            (!each.is_empty()).then(|| each.iter().all(|one| *one))
        };
        let missing: Vec<String> = findings.iter().flat_map(|(_, finding)| finding.missing.clone()).collect();
        let named = self.resources != ["*"];
        let single = if self.resources.len() == 1 { self.resources[0].as_str() } else { "*" };
        let mut result = json!({
            "EvalActionName": action, "EvalResourceName": single, "EvalDecision": decision.shown(),
            "MatchedStatements": statements(matched.into_iter()), "MissingContextValues": once(missing),
        });
        if let Some(within) = all(|finding| finding.within_boundary) {
            result["PermissionsBoundaryDecisionDetail"] = json!({"AllowedByPermissionsBoundary": within});
        }
        if let Some(within) = all(|finding| finding.within_organization) {
            result["OrganizationsDecisionDetail"] = json!({"AllowedByOrganizations": within});
        }
        if named {
            // "the map reports the most restrictive decision per policy type across all requested resources", and is empty
            // where no other account has a part in it.
            let mut details = serde_json::Map::new();
            for kind in ["IAM Policy", "Resource Policy", "Permissions Boundary Policy"] {
                let each = findings.iter().filter_map(|(_, finding)| finding.details.as_ref()).flatten();
                if let Some(most) =
                    each.filter(|(name, _)| *name == kind).map(|(_, decision)| *decision).max()
                {
                    details.insert(kind.to_owned(), json!(most.shown()));
                }
            }
            result["EvalDecisionDetails"] = Json::Object(details);
            result["ResourceSpecificResults"] =
                findings.iter().map(|(name, finding)| specific(name, finding)).collect();
        }
        result
    }
}

fn statements<'m>(matched: impl Iterator<Item = &'m Matched>) -> Vec<Json> {
    let one = |matched: &Matched| {
        json!({
            "SourcePolicyId": matched.id, "SourcePolicyType": matched.kind,
            "StartPosition": matched.place.0.shown(), "EndPosition": matched.place.1.shown(),
        })
    };
    matched.map(one).collect()
}

/// The result about one resource.
fn specific(resource: &str, finding: &Finding) -> Json {
    let mut result = json!({
        "EvalResourceName": resource, "EvalResourceDecision": finding.decision.shown(),
        "MatchedStatements": statements(finding.matched.iter()), "MissingContextValues": finding.missing,
    });
    if let Some(within) = finding.within_boundary {
        result["PermissionsBoundaryDecisionDetail"] = json!({"AllowedByPermissionsBoundary": within});
    }
    if let Some(details) = &finding.details {
        let details = details.iter().map(|(kind, decision)| ((*kind).to_owned(), json!(decision.shown())));
        result["EvalDecisionDetails"] = Json::Object(details.collect());
    }
    result
}

/// Who calls, and what policies can see of that.
fn principal(arn: &str, context: &mut Context) -> Result<Principal, Fault> {
    let (entity, name) = identity(arn).ok_or_else(|| {
        invalid("Invalid caller - Caller must be an IAM user, role or group in this context.")
    })?;
    let account = arn.split(':').nth(4).unwrap_or_default().to_owned();
    context.fill("aws:PrincipalArn", arn);
    context.fill("aws:PrincipalAccount", &account);
    context.fill("aws:userid", arn);
    if entity.noun == USER.noun {
        context.fill("aws:username", name);
    }
    Ok(Principal { arn: arn.to_owned(), account })
}

/// The account of `arn:aws:iam::123456789012:root`; a bare number is refused (boto/botocore#1346).
fn owner(arn: &str) -> Result<String, Fault> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, "iam", "", account, _] if account.len() == 12 => Ok(account.to_owned()),
        _ => Err(invalid(format!("'{arn}' is not a valid as a Resource Owner."))),
    }
}

fn simulate(world: &World, rq: &Request<'_>, subject: Option<&Subject>) -> Reply {
    let simulation = Simulation::of(world, rq, subject)?;
    let results = rq.texts("ActionNames").into_iter().map(|action| simulation.result(action)).collect();
    paged(rq, "EvaluationResults", results)
}

/// `SimulateCustomPolicy`.
pub(super) fn custom(world: &mut World, rq: &Request<'_>) -> Reply {
    simulate(world, rq, None)
}

/// `SimulatePrincipalPolicy`.
pub(super) fn of_principal(world: &mut World, rq: &Request<'_>) -> Reply {
    let subject = Subject::of(world, rq.text("PolicySourceArn"))?.without(rq.list("PolicyExclusionList"))?;
    simulate(world, rq, Some(&subject))
}

/// The keys of policies, and of policies that the request has.
fn keys(rq: &Request<'_>, policies: &[Policy]) -> Reply {
    let mut names: Vec<String> = policies.iter().flat_map(Policy::keys).collect();
    for (at, text) in rq.texts("PolicyInputList").into_iter().enumerate() {
        let policy = Policy::of_identity(text, "", "IAM Policy")
            .map_err(|_| invalid(format!("Policy input list item {} has invalid content", at + 1)))?;
        names.extend(policy.keys());
    }
    Ok(json!({"ContextKeyNames": once(names)}))
}

/// `GetContextKeysForCustomPolicy`.
pub(super) fn custom_keys(_: &mut World, rq: &Request<'_>) -> Reply {
    keys(rq, &[])
}

/// `GetContextKeysForPrincipalPolicy`.
pub(super) fn principal_keys(world: &mut World, rq: &Request<'_>) -> Reply {
    let subject = Subject::of(world, rq.text("PolicySourceArn"))?;
    keys(rq, &subject.policies()?)
}
