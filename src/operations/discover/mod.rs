//! From a declaration and what exists to what is operated: tasks, databases, traffic, writers, door, alarms. What is not
//! declared is found, and each finding says why.

mod advice;
mod found;
mod resolve;
mod search;
mod traffic;
mod writers;

pub use found::{
    Assessing, Database, Discovery, Finding, Fleet, Forwarding, Function, Group, Record, Records, Resolved,
    Steering, Task, TrafficSet, Watched, Writer,
};
pub use resolve::discover;

/// What replicates.
const TASKS: [&str; 3] =
    ["AWS::DMS::ReplicationTask", "AWS::DMS::ReplicationConfig", "AWS::DMS::DataMigration"];
/// What stands for a database: an endpoint, or the data provider of a data migration.
const ENDPOINTS: [&str; 2] = ["AWS::DMS::Endpoint", "AWS::DMS::DataProvider"];
const PROJECT: &str = "AWS::DMS::MigrationProject";
const PROFILE: &str = "AWS::DMS::InstanceProfile";
const INSTANCE: &str = "AWS::DMS::ReplicationInstance";
const RECORD: &str = "AWS::Route53::RecordSet";
const SERVICE: &str = "AWS::ECS::Service";
const FLEET: &str = "AWS::AutoScaling::AutoScalingGroup";
const LISTENERS: [&str; 2] =
    ["AWS::ElasticLoadBalancingV2::ListenerRule", "AWS::ElasticLoadBalancingV2::Listener"];
const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";
const FUNCTION: &str = "AWS::Lambda::Function";
const ALARM: &str = "AWS::CloudWatch::Alarm";
const DATABASES: [&str; 2] = ["AWS::RDS::DBInstance", "AWS::RDS::DBCluster"];
