//! Elastic Container Service.
//!
//! Tables: `ecs.cluster` (`region/name`), `ecs.family` (`region/family`, the last revision), and under their
//! ARNs `ecs.task-definition`, `ecs.service`, `ecs.task`, `ecs.container-instance`, `ecs.task-set` and `ecs.attempt` (of services whose tasks do not start). Rows carry `_tags` (an object) and `_region`;
//! counts of tasks are never stored but counted.

mod account;
mod attributes;
mod clusters;
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

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Operation, Request, World};

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

/// Lets happen what follows from what other services did meanwhile; called before each request.
pub fn settle(world: &mut World) {
    instances::settle(world);
    rollout::settle(world);
}

fn client(message: impl Into<String>) -> Fault {
    Fault::new("ClientException", message)
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterException", message)
}

fn no_cluster() -> Fault {
    Fault::new("ClusterNotFoundException", "Cluster not found.")
}

/// The name in a name or an ARN.
fn short(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

/// The key of the cluster that a request means; `default` if it names none.
fn cluster_key(rq: &Request<'_>, member: &str) -> String {
    format!("{}/{}", rq.region, short(rq.opt(member).unwrap_or("default")))
}

/// The active cluster that a request means.
fn cluster<'w>(world: &'w World, rq: &Request<'_>) -> Result<&'w Json, Fault> {
    let row = world.get(CLUSTERS, &cluster_key(rq, "cluster"));
    row.filter(|row| row["status"] != "INACTIVE").ok_or_else(no_cluster)
}

/// A request's tags as an object.
fn tags_of(rq: &Request<'_>) -> Json {
    let mut tags = json!({});
    for tag in rq.list("tags") {
        tags[tag["key"].as_str().unwrap_or_default()] = tag["value"].as_str().unwrap_or_default().into();
    }
    tags
}

/// A row's tags as answers hold them.
fn shown_tags(row: &Json) -> Vec<Json> {
    let all = row["_tags"].as_object().into_iter().flatten();
    all.map(|(key, value)| json!({"key": key, "value": value})).collect()
}

/// Something that is not there, as describe calls report it.
fn missing(arn: &str) -> Json {
    json!({"arn": arn, "reason": "MISSING"})
}
