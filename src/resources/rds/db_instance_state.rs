//! How far an instance is, and the roles that only an available one takes.

use aws_sdk_rds::types::DbInstance as Live;
use serde_json::Value as Json;

use super::{
    db_instance::DbInstance,
    db_instance_props::{Props, attributes, same},
};
use crate::{
    aws::{OpError, op},
    model::Attributes,
    resources::{Cx, ResourceType},
};

/// States an instance does not leave by itself.
pub(super) const DEAD: &[&str] = &[
    "failed",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "inaccessible-encryption-credentials",
    "restore-error",
    "stopped",
];

/// The word for its state.
pub(super) fn status(live: &Live) -> &str {
    live.db_instance_status().unwrap_or_default()
}

/// Whether a change that was asked for at once has not begun yet: the instance stays `available` for some
/// seconds after `ModifyDBInstance`. Values that wait for the maintenance window are not those wanted now.
pub(super) fn still_pending(live: &Live, props: &Props) -> bool {
    let Some(pending) = live.pending_modified_values().filter(|_| props.ApplyImmediately != Some(false))
    else {
        return false;
    };
    let text = |pending: Option<&str>, wanted: Option<&String>| {
        pending.is_some() && pending == wanted.map(String::as_str)
    };
    let count = |pending: Option<i32>, wanted: Option<i32>| pending.is_some() && pending == wanted;
    let parsed = |text: Option<&String>| text.and_then(|text| text.parse().ok());
    text(pending.db_instance_class(), props.DBInstanceClass.as_ref())
        || text(pending.storage_type(), props.StorageType.as_ref())
        || text(pending.license_model(), props.LicenseModel.as_ref())
        || text(pending.ca_certificate_identifier(), props.CACertificateIdentifier.as_ref())
        || pending.engine_version().is_some_and(|v| {
            props
                .EngineVersion
                .as_ref()
                .is_some_and(|w| same("EngineVersion", &Json::from(w.as_str()), &Json::from(v)))
        })
        || count(pending.allocated_storage(), parsed(props.AllocatedStorage.as_ref()))
        || count(pending.port(), parsed(props.Port.as_ref()))
        || count(pending.iops(), props.Iops)
        || count(pending.storage_throughput(), props.StorageThroughput)
        || count(pending.backup_retention_period(), props.BackupRetentionPeriod)
        || (pending.multi_az().is_some() && pending.multi_az() == props.MultiAZ)
        || (pending.iam_database_authentication_enabled().is_some()
            && pending.iam_database_authentication_enabled() == props.EnableIAMDatabaseAuthentication)
        || pending.master_user_password().is_some()
        || !pending.additional_storage_volumes().is_empty()
}

/// Everything that is known of an instance which has an address and is not available yet.
pub(super) fn addressed(live: &Live) -> Option<Attributes> {
    let known = attributes(live);
    let told = |name: &&str| known.get(*name).is_some_and(|value| !value.is_null());
    let stage = <DbInstance as ResourceType>::FACTS.addressable?;
    stage.attributes.iter().all(told).then_some(known)
}

/// Associates and takes away roles; needs an available instance.
pub(super) async fn settle_roles(
    cx: &Cx<'_>,
    live: &Live,
    props: &Props,
    old: Option<&Props>,
) -> Result<(), OpError> {
    let name = live.db_instance_identifier().unwrap_or_default();
    let roles = |props: &Props| -> Vec<(String, String)> {
        props
            .AssociatedRoles
            .iter()
            .flatten()
            .map(|role| {
                (role.FeatureName.clone().unwrap_or_default(), role.RoleArn.clone().unwrap_or_default())
            })
            .collect()
    };
    let have: Vec<(String, String)> = live
        .associated_roles()
        .iter()
        .map(|role| {
            (
                role.feature_name().unwrap_or_default().to_owned(),
                role.role_arn().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let wanted = roles(props);
    for (feature, role) in
        old.map(roles).unwrap_or_default().iter().filter(|r| have.contains(r) && !wanted.contains(r))
    {
        cx.sdk
            .rds()
            .remove_role_from_db_instance()
            .db_instance_identifier(name)
            .feature_name(feature)
            .role_arn(role)
            .send()
            .await
            .map_err(op("RemoveRoleFromDBInstance"))?;
    }
    for (feature, role) in wanted.iter().filter(|r| !have.contains(r)) {
        cx.sdk
            .rds()
            .add_role_to_db_instance()
            .db_instance_identifier(name)
            .feature_name(feature)
            .role_arn(role)
            .send()
            .await
            .map_err(op("AddRoleToDBInstance"))?;
    }
    Ok(())
}
