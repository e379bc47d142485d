//! What is operated, as discovery resolves it.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::{
    engine::operate::Replicator,
    error::{Diagnostic, Severity},
    model::Address,
    operations::declare::{Declaration, Splits},
};

/// What copies and follows: a replication task, a serverless replication, or a homogeneous data migration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Which of them.
    #[serde(default, skip_serializing_if = "Replicator::is_task")]
    pub kind: Replicator,
    /// Its resource.
    pub address: Address,
    /// Where it is.
    pub region: String,
    /// Its ARN.
    pub arn: String,
    /// The last part of its ARN: its metrics are filed under it.
    pub metric_id: String,
    /// The instance's ARN; empty of a serverless replication.
    pub instance: String,
    /// The instance's name, as metrics have it; empty of a serverless replication.
    pub instance_name: String,
    /// The ARN of the source endpoint.
    pub from: String,
    /// The ARN of the target endpoint.
    pub to: String,
    /// Its settings as declared.
    pub settings: Json,
}

impl Task {
    /// The dimensions of its metrics. Those of a serverless replication are grouped by replication (user guide, AWS DMS
    /// Serverless components, metrics), which the guide does not name: `ReplicationConfigId`, the account and the last part
    /// of the ARN, is what alarms and dashboards of public Terraform modules read.
    #[must_use]
    pub fn dimensions(&self) -> Vec<(&'static str, &str)> {
        match self.kind {
            Replicator::Task => vec![
                ("ReplicationInstanceIdentifier", self.instance_name.as_str()),
                ("ReplicationTaskIdentifier", self.metric_id.as_str()),
            ],
            Replicator::Serverless => vec![("ReplicationConfigId", self.metric_id.as_str())],
            // What it tells of itself is measured instead.
            Replicator::Data => Vec::new(),
        }
    }
}

/// A database.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Database {
    /// Its resource; `None` for one outside of the plan.
    pub address: Option<Address>,
    /// Its type.
    pub kind: String,
    /// Where it is.
    pub region: String,
    /// Its identifier, or its host name.
    pub id: String,
    /// Its engine.
    pub engine: String,
    /// Its security groups.
    pub groups: Vec<String>,
}

impl Database {
    /// Whether it is outside of the plan.
    #[must_use]
    pub fn is_external(&self) -> bool {
        self.address.is_none()
    }
}

/// A weighted record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its resource.
    pub address: Address,
    /// Its set identifier.
    pub set: String,
}

/// A name with two weighted records.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Records {
    /// The hosted zone.
    pub zone: String,
    /// The DNS name.
    pub record: String,
    /// The record type.
    pub kind: String,
    /// The record that leads to the source.
    pub source: Record,
    /// The record that leads to the target.
    pub target: Record,
    /// How long resolvers keep an answer.
    pub ttl_s: u64,
}

/// A target group behind a listener.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its resource.
    pub address: Address,
    /// Its ARN.
    pub arn: String,
}

/// A listener, or one of its rules, that forwards to two target groups.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Forwarding {
    /// Its resource.
    pub listener: Address,
    /// Its ARN.
    pub arn: String,
    /// Whether it is a rule, and not the listener with its default action.
    pub rule: bool,
    /// The group that leads to the source.
    pub source_group: Group,
    /// The group that leads to the target.
    pub target_group: Group,
}

/// What shares requests out between source and target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Steering {
    /// Weighted records.
    Records(Records),
    /// A load balancer.
    Listener(Forwarding),
}

/// What leads clients to the source or to the target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrafficSet {
    /// Its name.
    pub name: String,
    /// Where calls are signed for.
    pub region: String,
    /// What shares requests out.
    #[serde(flatten)]
    pub by: Steering,
    /// Whether it may be split.
    pub splits: Splits,
    /// Why.
    pub reason: String,
    /// The whole weight when everything goes to one side.
    pub weight: u64,
}

/// What kind of fleet writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fleet {
    /// Tasks of an ECS service.
    #[default]
    Tasks,
    /// Instances of an EC2 Auto Scaling group.
    Instances,
}

impl Fleet {
    /// Whether it is the usual one.
    #[must_use]
    pub fn is_tasks(&self) -> bool {
        *self == Self::Tasks
    }
}

/// A service or an Auto Scaling group that writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Writer {
    /// Its resource.
    pub address: Address,
    /// What it consists of.
    #[serde(default, skip_serializing_if = "Fleet::is_tasks")]
    pub fleet: Fleet,
    /// Where it is.
    pub region: String,
    /// The cluster's name or ARN; empty for an Auto Scaling group.
    pub cluster: String,
    /// The service's or the group's name.
    pub service: String,
    /// The resource id of its scalable target, and that resource.
    pub scaling: Option<(String, Address)>,
    /// Its target groups.
    pub groups: Vec<String>,
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Where it is.
    pub region: String,
    /// Its name.
    pub name: String,
    /// Whether it watches the forward task, which is stopped once the target serves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forward: bool,
}

/// What an assessment run needs. Runs of tasks need both; serverless replications are assessed by their start and need
/// neither.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Assessing {
    /// The role's ARN.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The bucket's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<String>,
}

/// A function that is a hook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Function {
    /// The hook.
    pub hook: String,
    /// Where it is.
    pub region: String,
    /// The function's name.
    pub name: String,
}

/// What was found, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What it is.
    pub what: String,
    /// Which.
    pub which: String,
    /// Why.
    pub why: String,
}

/// What is operated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resolved {
    /// The migration's name.
    pub migration: String,
    /// The environment's name.
    pub environment: String,
    /// The forward tasks, moved as one set.
    pub forward: Vec<Task>,
    /// The reverse task.
    pub reverse: Option<Task>,
    /// Why there is no way back.
    pub no_reverse: Option<String>,
    /// The source.
    pub source: Database,
    /// The target.
    pub target: Database,
    /// The names.
    pub traffic: Vec<TrafficSet>,
    /// What writes to the source.
    pub source_writers: Vec<Writer>,
    /// What writes to the target only.
    pub target_writers: Vec<Writer>,
    /// Groups whose rules stay when the door shuts.
    pub keep: Vec<String>,
    /// Alarms that must be OK.
    pub alarms: Vec<Watched>,
    /// The parameter that mirrors the phase.
    pub state_parameter: Option<(String, String)>,
    /// Functions that are hooks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub functions: Vec<Function>,
    /// What an assessment run needs, where one is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assessment: Option<Assessing>,
    /// The rest of the declaration.
    pub declared: Declaration,
    /// What was found, and why.
    pub findings: Vec<Finding>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Discovery {
    /// What is operated, if there is anything to operate.
    pub resolved: Option<Resolved>,
    /// Errors, and what people should know.
    pub problems: Vec<Diagnostic>,
}

impl Discovery {
    /// The errors among the problems.
    pub fn errors(&self) -> impl Iterator<Item = &Diagnostic> {
        self.problems.iter().filter(|problem| problem.severity == Severity::Error)
    }
}
