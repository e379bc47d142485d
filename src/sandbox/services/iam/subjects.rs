//! Whose policies a simulation is about, and which of them it leaves out.

use serde_json::Value as Json;

use super::{
    aws_managed,
    entity::{Entity, GROUP, ROLE, USER},
    evaluate::Policy,
    grammar::texts,
    patterns::{Piece, Reading, matches, pieces},
};
use crate::sandbox::{Fault, World};

/// `InvalidInput`.
pub(super) fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidInput", message)
}

/// Where a policy comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    /// A managed policy.
    Managed { arn: String, aws: bool },
    /// In an entity.
    Inline { noun: &'static str, owner: String },
}

/// A policy of a principal.
#[derive(Debug)]
struct Held {
    from: Origin,
    name: String,
    text: String,
}

/// A user, group or role with what it may do.
#[derive(Debug)]
pub(super) struct Subject {
    /// Its ARN.
    pub arn: String,
    held: Vec<Held>,
    boundary: Option<Held>,
}

/// The kind and the name that an ARN of IAM has.
pub(super) fn identity(arn: &str) -> Option<(&'static Entity, &str)> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, "iam", "", account, resource] = parts[..] else { return None };
    let (kind, path) = resource.split_once('/')?;
    let name = path.rsplit('/').next().filter(|name| !name.is_empty())?;
    let entity = [&USER, &GROUP, &ROLE].into_iter().find(|entity| entity.noun == kind)?;
    (account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit())).then_some((entity, name))
}

fn managed(world: &World, arn: &str) -> Result<Held, Fault> {
    let name = arn.rsplit('/').next().unwrap_or(arn).to_owned();
    let from = Origin::Managed { arn: arn.to_owned(), aws: aws_managed::reserved(arn) };
    let text = if aws_managed::reserved(arn) {
        let known = aws_managed::text(arn).ok_or_else(|| {
            let message = format!("The sandbox does not have the text of {arn} and cannot simulate with it.");
            Fault::new("SandboxOperationNotImplemented", message).status(501)
        })?;
        known.to_owned()
    } else {
        let row = world.get("iam.policy", arn);
        let versions = row.and_then(|row| row["_versions"].as_array()).into_iter().flatten();
        let default = versions.into_iter().find(|version| version["IsDefaultVersion"] == true);
        default.and_then(|version| version["Document"].as_str()).unwrap_or_default().to_owned()
    };
    Ok(Held { from, name, text })
}

fn held(world: &World, entity: &'static Entity, name: &str, row: &Json) -> Result<Vec<Held>, Fault> {
    let inline = row["_policies"].as_object().into_iter().flatten().map(|(policy, text)| {
        let from = Origin::Inline { noun: entity.noun, owner: name.to_owned() };
        Ok(Held { from, name: policy.clone(), text: text.as_str().unwrap_or_default().to_owned() })
    });
    inline.chain(texts(&row["_attached"]).into_iter().map(|arn| managed(world, arn))).collect()
}

impl Subject {
    /// Looks a principal up: a user with the policies of its groups.
    ///
    /// # Errors
    /// The ARN is none of an entity, or there is no such entity.
    pub(super) fn of(world: &World, arn: &str) -> Result<Self, Fault> {
        // The words of newrelic/newrelic-lambda-cli#96, where an assumed role was sent.
        let unclear =
            || invalid(format!("Invalid Entity Arn: {arn} does not clearly define entity type and name."));
        let (entity, name) = identity(arn).ok_or_else(unclear)?;
        if arn.split(':').nth(4) != Some(world.account.as_str()) {
            return Err(unclear());
        }
        let row = world.get(entity.table, name).ok_or_else(|| entity.missing(name))?;
        let mut all = held(world, entity, name, row)?;
        for group in texts(&row["_groups"]) {
            let Some(row) = world.get(GROUP.table, group) else { continue };
            for policy in held(world, &GROUP, group, row)? {
                // A managed policy that several bring is one.
                let known = matches!(policy.from, Origin::Managed { .. })
                    && all.iter().any(|other| other.from == policy.from);
                if !known {
                    all.push(policy);
                }
            }
        }
        let boundary = row["PermissionsBoundary"]["PermissionsBoundaryArn"].as_str();
        let boundary = boundary.map(|arn| managed(world, arn)).transpose()?;
        Ok(Self { arn: row["Arn"].as_str().unwrap_or(arn).to_owned(), held: all, boundary })
    }

    /// Leaves out what identifiers of policies name.
    ///
    /// # Errors
    /// One of them is no identifier.
    pub(super) fn without(mut self, exclusions: &[Json]) -> Result<Self, Fault> {
        for exclusion in exclusions {
            let exclusion = Exclusion::of(exclusion)?;
            self.held.retain(|policy| !exclusion.takes(policy));
            if exclusion == Exclusion::Boundary {
                self.boundary = None;
            }
        }
        Ok(self)
    }

    /// Its policies, as they are evaluated. An inline policy is named after whom it is in: `user_NAME_POLICY`
    /// (TestAccIAMPrincipalPolicySimulationDataSource), a managed one by its name (AWS CLI, `simulate-principal-policy`).
    pub(super) fn policies(&self) -> Result<Vec<Policy>, Fault> {
        let one = |held: &Held| {
            let id = match &held.from {
                Origin::Managed { .. } => held.name.clone(),
                Origin::Inline { noun, owner } => format!("{noun}_{owner}_{}", held.name),
            };
            Policy::of_identity(&held.text, id, "IAM Policy")
        };
        self.held.iter().map(one).collect()
    }

    /// Its permissions boundary.
    pub(super) fn boundary(&self) -> Result<Option<Policy>, Fault> {
        let one =
            |held: &Held| Policy::of_identity(&held.text, held.name.clone(), "Permissions Boundary Policy");
        self.boundary.as_ref().map(one).transpose()
    }
}

/// Which policies a simulation leaves out (IAM API Reference, `PolicyIdentifier`).
#[derive(Debug, PartialEq, Eq)]
enum Exclusion {
    Inline,
    Managed {
        aws: bool,
    },
    Boundary,
    /// Policies of organizations, of which there are none.
    Other,
    Arn(Vec<Piece>),
    Of {
        noun: String,
        owner: Vec<Piece>,
        policy: String,
    },
}

/// "at most one `*`, and any number of `?`".
fn selector(text: &str) -> Result<Vec<Piece>, Fault> {
    if text.matches('*').count() > 1 {
        return Err(invalid(format!("Invalid policy identifier: {text} has more than one wildcard.")));
    }
    Ok(pieces(text, Reading { wild: true, variables: None }).unwrap_or_default())
}

impl Exclusion {
    fn of(identifier: &Json) -> Result<Self, Fault> {
        let members = ["PolicyType", "PolicyArn", "InlinePolicyIdentifier"];
        if members.iter().filter(|member| !identifier[**member].is_null()).count() != 1 {
            return Err(invalid(format!("Specify exactly one of {}.", members.join(", "))));
        }
        if let Some(arn) = identifier["PolicyArn"].as_str() {
            let parts: Vec<&str> = arn.splitn(6, ':').collect();
            let good =
                matches!(parts[..], ["arn", _, "iam", "", _, resource] if resource.starts_with("policy/"));
            if !good || parts[..5].iter().any(|part| part.contains(['*', '?'])) {
                return Err(invalid(format!(
                    "Invalid policy identifier: {arn} is not the ARN of a managed policy."
                )));
            }
            return Ok(Self::Arn(selector(arn)?));
        }
        if let Some(kind) = identifier["PolicyType"].as_str() {
            return Ok(match kind {
                "inline" => Self::Inline,
                "aws-managed" => Self::Managed { aws: true },
                "user-managed" => Self::Managed { aws: false },
                "permission-boundary" => Self::Boundary,
                _ => Self::Other,
            });
        }
        let inline = &identifier["InlinePolicyIdentifier"];
        let text = |member: &str| inline[member].as_str().unwrap_or_default().to_owned();
        let owner = selector(&text("AttachmentName"))?;
        Ok(Self::Of { noun: text("AttachmentType").to_ascii_lowercase(), owner, policy: text("PolicyName") })
    }

    fn takes(&self, policy: &Held) -> bool {
        match (self, &policy.from) {
            (Self::Inline, Origin::Inline { .. }) => true,
            (Self::Managed { aws: wanted }, Origin::Managed { aws, .. }) => wanted == aws,
            (Self::Arn(wanted), Origin::Managed { arn, .. }) => matches(wanted, arn),
            (Self::Of { noun: kind, owner: wanted, policy: name }, Origin::Inline { noun, owner }) => {
                kind == noun && matches(wanted, owner) && *name == policy.name
            }
            _ => false,
        }
    }
}
