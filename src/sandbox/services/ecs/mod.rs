//! Elastic Container Service.
//!
//! Tables: `ecs.cluster` (`region/name`), `ecs.family` (`region/family`, the last revision), and under their
//! ARNs `ecs.task-definition`, `ecs.service`, `ecs.task`, `ecs.container-instance`, `ecs.task-set` and `ecs.attempt` (of services whose tasks do not start). Rows carry `_tags` (an object) and `_region`;
//! counts of tasks are never stored but counted.

mod account;
mod attributes;
mod clusters;
mod common;
mod definitions;
mod instances;
mod placement;
mod providers;
mod query;
mod rollout;
mod run;
mod services;
mod startup;
mod tags;
mod tasks;
mod tasksets;

pub use common::settle;

use crate::sandbox::Operation;
use common::{
    client, cluster, cluster_key, default_launch, invalid, missing, no_cluster, short, shown_tags, tags_of,
};

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("CreateCapacityProvider", providers::create),
    Operation::write("CreateCluster", clusters::create),
    Operation::write("CreateService", services::create),
    Operation::write("CreateTaskSet", tasksets::create),
    Operation::write("DeleteAccountSetting", account::delete),
    Operation::write("DeleteAttributes", attributes::delete),
    Operation::write("DeleteCapacityProvider", providers::delete),
    Operation::write("DeleteCluster", clusters::delete),
    Operation::write("DeleteService", services::delete),
    Operation::write("DeleteTaskDefinitions", definitions::delete),
    Operation::write("DeleteTaskSet", tasksets::delete),
    Operation::write("DeregisterContainerInstance", instances::deregister),
    Operation::write("DeregisterTaskDefinition", definitions::deregister),
    Operation::read("DescribeCapacityProviders", providers::describe),
    Operation::read("DescribeClusters", clusters::describe),
    Operation::read("DescribeContainerInstances", instances::describe),
    Operation::read("DescribeServices", services::describe),
    Operation::read("DescribeTaskDefinition", definitions::describe),
    Operation::read("DescribeTaskSets", tasksets::describe),
    Operation::read("DescribeTasks", tasks::describe),
    Operation::read("ListAccountSettings", account::list),
    Operation::read("ListAttributes", attributes::list),
    Operation::read("ListClusters", clusters::list),
    Operation::read("ListContainerInstances", instances::list),
    Operation::read("ListServices", services::list),
    Operation::read("ListTagsForResource", tags::list),
    Operation::read("ListTaskDefinitionFamilies", definitions::families),
    Operation::read("ListTaskDefinitions", definitions::list),
    Operation::read("ListTasks", tasks::list),
    Operation::write("PutAccountSetting", account::put),
    Operation::write("PutAccountSettingDefault", account::put),
    Operation::write("PutAttributes", attributes::put),
    Operation::write("PutClusterCapacityProviders", clusters::put_capacity_providers),
    Operation::write("RegisterContainerInstance", instances::register),
    Operation::write("RegisterTaskDefinition", definitions::register),
    Operation::write("RunTask", run::run),
    Operation::write("StartTask", run::start),
    Operation::write("StopTask", tasks::stop),
    Operation::write("TagResource", tags::tag),
    Operation::write("UntagResource", tags::untag),
    Operation::write("UpdateCapacityProvider", providers::update),
    Operation::write("UpdateCluster", clusters::update),
    Operation::write("UpdateClusterSettings", clusters::update),
    Operation::write("UpdateContainerAgent", instances::update_agent),
    Operation::write("UpdateContainerInstancesState", instances::update_state),
    Operation::write("UpdateService", services::update),
    Operation::write("UpdateServicePrimaryTaskSet", tasksets::make_primary),
    Operation::write("UpdateTaskSet", tasksets::update),
];

/// Clusters.
const CLUSTERS: &str = "ecs.cluster";
/// Last revisions of families.
const FAMILIES: &str = "ecs.family";
/// Task definitions.
const DEFINITIONS: &str = "ecs.task-definition";
/// Services.
pub const SERVICES: &str = "ecs.service";
/// Services whose tasks do not start, and when that is looked at again.
const ATTEMPTS: &str = "ecs.attempt";
/// Tasks.
const TASKS: &str = "ecs.task";
