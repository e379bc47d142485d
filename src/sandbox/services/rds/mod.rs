//! RDS: instances, parameter groups, subnet groups, snapshots, engine versions, tags.

mod backups;
mod certificates;
mod create;
mod delete;
mod engines;
mod instances;
mod modify;
mod options;
mod origins;
mod parameters;
mod snapshots;
mod store;
mod subnets;
mod tags;
#[cfg(test)]
mod tests;
mod volumes;
mod windows;

use crate::sandbox::Operation;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("AddRoleToDBInstance", instances::add_role),
    Operation::write("AddTagsToResource", tags::add_tags_to_resource),
    Operation::write("CopyOptionGroup", options::copy),
    Operation::write("CreateDBClusterParameterGroup", parameters::create_db_parameter_group),
    Operation::write("CreateDBInstance", create::create_db_instance),
    Operation::write("CreateDBInstanceReadReplica", origins::replica),
    Operation::write("CreateDBParameterGroup", parameters::create_db_parameter_group),
    Operation::write("CreateDBSnapshot", snapshots::create_db_snapshot),
    Operation::write("CreateDBSubnetGroup", subnets::create_db_subnet_group),
    Operation::write("CreateOptionGroup", options::create),
    Operation::write("DeleteDBClusterParameterGroup", parameters::delete_db_parameter_group),
    Operation::write("DeleteDBInstance", delete::delete_db_instance),
    Operation::write("DeleteDBInstanceAutomatedBackup", backups::delete),
    Operation::write("DeleteDBParameterGroup", parameters::delete_db_parameter_group),
    Operation::write("DeleteDBSnapshot", snapshots::delete_db_snapshot),
    Operation::write("DeleteDBSubnetGroup", subnets::delete_db_subnet_group),
    Operation::write("DeleteOptionGroup", options::delete),
    Operation::read("DescribeCertificates", certificates::describe),
    Operation::read("DescribeDBClusterParameterGroups", parameters::describe_db_parameter_groups),
    Operation::read("DescribeDBClusterParameters", parameters::describe_db_parameters),
    Operation::read("DescribeDBEngineVersions", engines::describe_db_engine_versions),
    Operation::read("DescribeDBInstanceAutomatedBackups", backups::describe),
    Operation::read("DescribeDBInstances", instances::describe_db_instances),
    Operation::read("DescribeDBParameterGroups", parameters::describe_db_parameter_groups),
    Operation::read("DescribeDBParameters", parameters::describe_db_parameters),
    Operation::read("DescribeDBSnapshotAttributes", snapshots::describe_attributes),
    Operation::read("DescribeDBSnapshots", snapshots::describe_db_snapshots),
    Operation::read("DescribeDBSubnetGroups", subnets::describe_db_subnet_groups),
    Operation::read("DescribeEngineDefaultParameters", parameters::describe_defaults),
    Operation::read("DescribeOptionGroupOptions", options::describe_options),
    Operation::read("DescribeOptionGroups", options::describe),
    Operation::read("DescribeOrderableDBInstanceOptions", engines::describe_orderable_db_instance_options),
    Operation::read("ListTagsForResource", tags::list_tags_for_resource),
    Operation::write("ModifyCertificates", certificates::modify),
    Operation::write("ModifyDBClusterParameterGroup", parameters::modify_db_parameter_group),
    Operation::write("ModifyDBInstance", modify::modify_db_instance),
    Operation::write("ModifyDBParameterGroup", parameters::modify_db_parameter_group),
    Operation::write("ModifyDBSnapshotAttribute", snapshots::modify_attribute),
    Operation::write("ModifyDBSubnetGroup", subnets::modify_db_subnet_group),
    Operation::write("ModifyOptionGroup", options::modify),
    Operation::write("PromoteReadReplica", origins::promote),
    Operation::write("RebootDBInstance", instances::reboot_db_instance),
    Operation::write("RemoveRoleFromDBInstance", instances::remove_role),
    Operation::write("RemoveTagsFromResource", tags::remove_tags_from_resource),
    Operation::write("ResetDBClusterParameterGroup", parameters::reset_db_parameter_group),
    Operation::write("ResetDBParameterGroup", parameters::reset_db_parameter_group),
    Operation::write("RestoreDBInstanceFromDBSnapshot", origins::from_snapshot),
    Operation::write("RestoreDBInstanceToPointInTime", origins::to_point_in_time),
    Operation::write("StartDBInstance", instances::start_db_instance),
    Operation::write("StartDBInstanceAutomatedBackupsReplication", backups::start),
    Operation::write("StopDBInstance", instances::stop_db_instance),
    Operation::write("StopDBInstanceAutomatedBackupsReplication", backups::stop),
];
