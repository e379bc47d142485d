//! What the account has once: its password policy, and the summary of what it holds.

use serde_json::{Value as Json, json};

use super::entity::missing;
use crate::sandbox::{Reply, Request, World, done};

/// The password policy, under one key.
const POLICY: &str = "iam.password-policy";
const KEY: &str = "account";

/// `UpdateAccountPasswordPolicy`: what is not sent has its default again (API reference: "This operation does not
/// support partial updates").
pub(super) fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let flag = |member: &str| json!(rq.flag(member));
    let mut row = json!({"MinimumPasswordLength": rq.int("MinimumPasswordLength").unwrap_or(6)});
    for member in [
        "RequireSymbols",
        "RequireNumbers",
        "RequireUppercaseCharacters",
        "RequireLowercaseCharacters",
        "AllowUsersToChangePassword",
    ] {
        row[member] = flag(member);
    }
    // "Specifying 0 has the same effect as not specifying" an age.
    let age = rq.int("MaxPasswordAge").filter(|days| *days > 0);
    row["ExpirePasswords"] = json!(age.is_some());
    for (member, value) in [
        ("MaxPasswordAge", age),
        ("PasswordReusePrevention", rq.int("PasswordReusePrevention").filter(|n| *n > 0)),
    ] {
        if let Some(value) = value {
            row[member] = json!(value);
        }
    }
    if !rq.get("HardExpiry").is_null() {
        row["HardExpiry"] = flag("HardExpiry");
    }
    world.put(POLICY, KEY, row);
    done()
}

/// The account's own policy, if it has one.
pub(super) fn password_policy(world: &World) -> Option<&Json> {
    world.get(POLICY, KEY)
}

/// `GetAccountPasswordPolicy`.
pub(super) fn get(world: &mut World, _rq: &Request<'_>) -> Reply {
    let absent =
        || missing(format!("The Password Policy with domain name {} cannot be found.", world.account));
    Ok(json!({"PasswordPolicy": world.get(POLICY, KEY).ok_or_else(absent)?}))
}

/// `DeleteAccountPasswordPolicy`.
pub(super) fn delete(world: &mut World, _rq: &Request<'_>) -> Reply {
    let gone = world.remove(POLICY, KEY);
    gone.map_or_else(
        || Err(missing("The account policy with name PasswordPolicy cannot be found.")),
        |_| done(),
    )
}

/// `GetAccountSummary`; quotas of the IAM User Guide, "IAM and AWS STS quotas".
pub(super) fn summary(world: &mut World, _rq: &Request<'_>) -> Reply {
    let count = |table: &str| world.rows(table).count();
    let of =
        |table: &str, fits: &dyn Fn(&Json) -> bool| world.rows(table).filter(|(_, row)| fits(row)).count();
    let versions: usize =
        world.rows("iam.policy").map(|(_, row)| row["_versions"].as_array().map_or(0, Vec::len)).sum();
    let devices = super::devices::DEVICES;
    Ok(json!({"SummaryMap": {
        "Users": count("iam.user"), "Groups": count("iam.group"), "Roles": count("iam.role"), "Policies": count("iam.policy"),
        "InstanceProfiles": count("iam.instance-profile"), "ServerCertificates": count(super::certificates::CERTIFICATES),
        "MFADevices": count(devices), "MFADevicesInUse": of(devices, &|row| row["_user"].is_string()),
        "PolicyVersionsInUse": versions, "Providers": count(super::certificates::PROVIDERS),
        "AccountMFAEnabled": 0, "AccountAccessKeysPresent": 0, "AccountSigningCertificatesPresent": 0,
        "AccountPasswordPresent": 1, "UsersQuota": 5_000, "GroupsQuota": 300, "RolesQuota": 1_000, "PoliciesQuota": 1_500,
        "InstanceProfilesQuota": 1_000, "ServerCertificatesQuota": 20, "PolicyVersionsInUseQuota": 10_000,
        "VersionsPerPolicyQuota": 5, "PolicySizeQuota": 6_144, "AttachedPoliciesPerUserQuota": 10,
        "AttachedPoliciesPerGroupQuota": 10, "AttachedPoliciesPerRoleQuota": 10, "AccessKeysPerUserQuota": 2,
        "SigningCertificatesPerUserQuota": 2, "GroupsPerUserQuota": 10, "UserPolicySizeQuota": 2_048,
        "GroupPolicySizeQuota": 5_120, "RolePolicySizeQuota": 10_240, "AssumeRolePolicySizeQuota": 2_048,
        "GlobalEndpointTokenVersion": 1,
    }}))
}
