//! Tags of roles, users, policies and instance profiles.

use serde_json::{Value as Json, json};

use super::entity::{missing, paged};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Something that carries tags.
pub(super) struct Tagged {
    table: &'static str,
    member: &'static str,
    noun: &'static str,
}

/// Roles.
pub(super) const ROLE: Tagged = Tagged { table: "iam.role", member: "RoleName", noun: "role" };
/// Users.
pub(super) const USER: Tagged = Tagged { table: "iam.user", member: "UserName", noun: "user" };
/// Customer managed policies.
pub(super) const POLICY: Tagged = Tagged { table: "iam.policy", member: "PolicyArn", noun: "policy" };
/// Instance profiles.
pub(super) const PROFILE: Tagged =
    Tagged { table: "iam.instance-profile", member: "InstanceProfileName", noun: "instance profile" };

/// Server certificates.
pub(super) const CERTIFICATE: Tagged = Tagged {
    table: super::certificates::CERTIFICATES,
    member: "ServerCertificateName",
    noun: "server certificate",
};
/// OpenID Connect providers.
pub(super) const PROVIDER: Tagged = Tagged {
    table: super::certificates::PROVIDERS,
    member: "OpenIDConnectProviderArn",
    noun: "OpenIDConnect provider",
};
/// SAML providers.
pub(super) const SAML: Tagged =
    Tagged { table: super::saml::SAML, member: "SAMLProviderArn", noun: "SAML provider" };
/// MFA devices.
pub(super) const DEVICE: Tagged =
    Tagged { table: super::devices::DEVICES, member: "SerialNumber", noun: "MFA device" };

impl Tagged {
    fn missing(&self, name: &str) -> Fault {
        missing(format!("The {} with name {name} cannot be found.", self.noun))
    }
}

/// Refuses doubled keys and too many tags.
pub(super) fn check(tags: &[Json]) -> Result<(), Fault> {
    for (at, tag) in tags.iter().enumerate() {
        let key = tag["Key"].as_str().unwrap_or_default();
        if tags[..at].iter().any(|other| other["Key"].as_str().is_some_and(|k| k.eq_ignore_ascii_case(key))) {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(Fault::new("InvalidInput", message));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(Fault::new(
                "InvalidInput",
                "Tag keys starting with 'aws:' are reserved for system use",
            ));
        }
    }
    if tags.len() > 50 {
        return Err(Fault::new("LimitExceeded", "The number of tags has reached the maximum limit."));
    }
    Ok(())
}

/// `Tag*`.
pub(super) fn tag(world: &mut World, rq: &Request<'_>, what: &Tagged) -> Reply {
    let name = rq.text(what.member);
    let row = world.get(what.table, name).ok_or_else(|| what.missing(name))?;
    let mut tags: Vec<Json> = row["Tags"].as_array().cloned().unwrap_or_default();
    check(rq.list("Tags"))?;
    for tag in rq.list("Tags") {
        match tags.iter_mut().find(|old| old["Key"] == tag["Key"]) {
            Some(old) => *old = tag.clone(),
            None => tags.push(tag.clone()),
        }
    }
    check(&tags)?;
    if let Some(row) = world.get_mut(what.table, name) {
        row["Tags"] = json!(tags);
    }
    done()
}

/// `Untag*`.
pub(super) fn untag(world: &mut World, rq: &Request<'_>, what: &Tagged) -> Reply {
    let name = rq.text(what.member);
    let keys = rq.texts("TagKeys");
    let row = world.get_mut(what.table, name).ok_or_else(|| what.missing(name))?;
    if let Some(tags) = row["Tags"].as_array_mut() {
        tags.retain(|tag| !tag["Key"].as_str().is_some_and(|key| keys.contains(&key)));
    }
    done()
}

/// `List*Tags`.
pub(super) fn list(world: &mut World, rq: &Request<'_>, what: &Tagged) -> Reply {
    let name = rq.text(what.member);
    let row = world.get(what.table, name).ok_or_else(|| what.missing(name))?;
    paged(rq, "Tags", row["Tags"].as_array().cloned().unwrap_or_default())
}
