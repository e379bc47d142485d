//! Elastic Container Service.
//!
//! Tables: `ecs.cluster` (`region/name`), `ecs.family` (`region/family`, the last revision), and under their
//! ARNs `ecs.task-definition`, `ecs.service`, `ecs.task` and `ecs.attempt` (of services whose tasks do not start). Rows carry `_tags` (an object) and `_region`;
//! counts of tasks are never stored but counted.

mod account;
mod clusters;
mod common;
mod definitions;
mod providers;
mod rollout;
mod run;
mod services;
mod startup;
mod tags;
mod tasks;

pub use rollout::settle;

use crate::sandbox::Operation;
use common::{client, cluster, cluster_key, invalid, missing, no_cluster, short, shown_tags, tags_of};

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("CreateCapacityProvider", providers::create),
    Operation::write("CreateCluster", clusters::create),
    Operation::write("CreateService", services::create),
    Operation::write("DeleteAccountSetting", account::delete),
    Operation::write("DeleteCapacityProvider", providers::delete),
    Operation::write("DeleteCluster", clusters::delete),
    Operation::write("DeleteService", services::delete),
    Operation::write("DeleteTaskDefinitions", definitions::delete),
    Operation::write("DeregisterTaskDefinition", definitions::deregister),
    Operation::read("DescribeCapacityProviders", providers::describe),
    Operation::read("DescribeClusters", clusters::describe),
    Operation::read("DescribeServices", services::describe),
    Operation::read("DescribeTaskDefinition", definitions::describe),
    Operation::read("DescribeTasks", tasks::describe),
    Operation::read("ListAccountSettings", account::list),
    Operation::read("ListClusters", clusters::list),
    Operation::read("ListServices", services::list),
    Operation::read("ListTagsForResource", tags::list),
    Operation::read("ListTaskDefinitionFamilies", definitions::families),
    Operation::read("ListTaskDefinitions", definitions::list),
    Operation::read("ListTasks", tasks::list),
    Operation::write("PutAccountSetting", account::put),
    Operation::write("PutAccountSettingDefault", account::put),
    Operation::write("PutClusterCapacityProviders", clusters::put_capacity_providers),
    Operation::write("RegisterTaskDefinition", definitions::register),
    Operation::write("RunTask", run::run),
    Operation::write("StopTask", tasks::stop),
    Operation::write("TagResource", tags::tag),
    Operation::write("UntagResource", tags::untag),
    Operation::write("UpdateCapacityProvider", providers::update),
    Operation::write("UpdateCluster", clusters::update),
    Operation::write("UpdateClusterSettings", clusters::update),
    Operation::write("UpdateService", services::update),
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
