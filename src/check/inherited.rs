//! Properties that come with the data of a source or a snapshot. CloudFormation's handlers do not send them for such
//! databases, so templates in use have them; here they are left out, and a warning says so.
//!
//! "AWS::RDS::DBInstance", `MasterUsername`: "If you specify the SourceDBInstanceIdentifier or DBSnapshotIdentifier property,
//! don't specify this property. The value is inherited"; the calls themselves (CreateDBInstanceReadReplica,
//! RestoreDBInstanceFromDBSnapshot, RestoreDBInstanceToPointInTime, RestoreDBClusterFromSnapshot,
//! RestoreDBClusterToPointInTime, "Amazon RDS API Reference") have no parameter for them.

use crate::{
    error::{Class, Diagnostic},
    model::item::{Item, Kind},
};

const DB_INSTANCE: &str = "AWS::RDS::DBInstance";
const DB_CLUSTER: &str = "AWS::RDS::DBCluster";

/// What an instance has from a snapshot or from another instance's point in time.
const RESTORED: &[&str] = &["MasterUsername", "CharacterSetName", "NcharCharacterSetName", "Timezone"];

/// What a read replica has from its source.
const REPLICATED: &[&str] = &[
    "MasterUsername",
    "MasterUserPassword",
    "ManageMasterUserPassword",
    "MasterUserSecret",
    "DBName",
    "CharacterSetName",
    "NcharCharacterSetName",
    "Timezone",
    "StorageEncrypted",
];

/// What a restored cluster has from its snapshot or source.
const RESTORED_CLUSTER: &[&str] = &["MasterUsername"];

/// Leaves out what comes with the data.
pub(super) fn leave_out(kind: &str, properties: &mut Item) -> Vec<Diagnostic> {
    let Some((names, from)) = inherited(kind, properties) else { return Vec::new() };
    let Kind::Map(members) = &mut properties.kind else { return Vec::new() };
    let mut found = Vec::new();
    members.retain(|member| {
        let inherited = names.contains(&member.key.as_str());
        if inherited {
            let message = format!(
                "`{}` comes with the data of {from}: it is left out, as CloudFormation does",
                member.key
            );
            let warning =
                Diagnostic::warning("M2021", Class::Plan, message).span(Some(member.key_span.clone()));
            found.push(warning.help("remove it"));
        }
        !inherited
    });
    found
}

fn inherited(kind: &str, properties: &Item) -> Option<(&'static [&'static str], &'static str)> {
    // An empty name means none: templates with a parameter for it rely on that.
    let given = |name: &str| match properties.get(name).map(|member| &member.value.kind) {
        None | Some(Kind::Null | Kind::NoValue | Kind::Poison) => false,
        Some(Kind::Scalar(scalar)) => !scalar.text.is_empty() && scalar.text != "false",
        Some(_) => true,
    };
    let any = |names: &[&str]| names.iter().any(|name| given(name));
    match kind {
        DB_INSTANCE if any(&["DBSnapshotIdentifier", "DBClusterSnapshotIdentifier"]) => {
            Some((RESTORED, "the snapshot"))
        }
        DB_INSTANCE if any(&["RestoreTime", "UseLatestRestorableTime"]) => Some((RESTORED, "the source")),
        DB_INSTANCE if any(&["SourceDBInstanceIdentifier", "SourceDBClusterIdentifier"]) => {
            Some((REPLICATED, "the source"))
        }
        DB_CLUSTER if any(&["SnapshotIdentifier"]) => Some((RESTORED_CLUSTER, "the snapshot")),
        DB_CLUSTER if any(&["SourceDBClusterIdentifier", "SourceDbClusterResourceId"]) => {
            Some((RESTORED_CLUSTER, "the source"))
        }
        _ => None,
    }
}
