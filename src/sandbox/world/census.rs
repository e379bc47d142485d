//! What exists, what was there from the start, and what only reminds of former objects.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::store::World;

impl World {
    /// Objects that exist, by table. Left out is what the real services too keep for a while after the object
    /// is gone (a deleted NAT gateway, an inactive cluster, a stopped task) and their records of the past, and
    /// what every account has from the start.
    #[must_use]
    pub fn census(&self) -> BTreeMap<String, usize> {
        self.count(|table, row| !remembered(table, row) && !original(row))
    }

    /// What every account has from the start (default VPCs and what is in them, the caller's user), by table.
    #[must_use]
    pub fn originals(&self) -> BTreeMap<String, usize> {
        self.count(|table, row| !remembered(table, row) && original(row))
    }

    /// What only reminds of former objects, by table.
    #[must_use]
    pub fn memories(&self) -> BTreeMap<String, usize> {
        self.count(|table, row| remembered(table, row) && !original(row))
    }

    fn count(&self, fits: fn(&str, &Json) -> bool) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for (name, rows) in &self.tables {
            let count = rows.values().filter(|row| fits(name, row)).count();
            if count > 0 {
                counts.insert(name.clone(), count);
            }
        }
        counts
    }
}

/// Whether a row was there before anybody made anything.
fn original(row: &Json) -> bool {
    row["_original"] == true
}

/// Whether a row is a record of the past and no object that costs, blocks or can be deleted.
fn remembered(table: &str, row: &Json) -> bool {
    match table {
        // Logs and counters.
        "asg.activity"
        | "backup.job"
        | "cloudcontrol.request"
        | "cloudwatch.history"
        | "dms.announcement"
        | "dms.event"
        | "ec2.ebs-defaults"
        | "ec2.volume-modification"
        | "events.delivery"
        | "outside.writers"
        | "rds.event"
        | "rds.said"
        | "route53.change"
        | "route53.spent"
        | "ecs.attempt"
        | "ecs.family"
        | "iam.linked-deletion"
        | "kms.import"
        | "kms.private"
        | "lambda.code"
        | "lambda.queue"
        | "account.region"
        | "sts.session"
        | "cloudwatch.metric"
        | "s3.name"
        | "sns.message"
        | "sqs.message" => true,
        "backup.plan" => !row["DeletionDate"].is_null(),
        "ec2.instance" => row["State"]["Name"] == "terminated",
        "ec2.nat-gateway" => row["State"] == "deleted",
        "ec2.vpc-peering-connection" => {
            matches!(row["Status"]["Code"].as_str(), Some("deleted" | "expired" | "failed" | "rejected"))
        }
        // Keys wait for weeks; what is deleted here may be had back until then.
        "kms.key" => row["KeyState"] == "PendingDeletion",
        "ecs.cluster" | "ecs.container-instance" | "ecs.service" => row["status"] == "INACTIVE",
        "ecs.task" => row["lastStatus"] == "STOPPED",
        "ecs.task-definition" => row["status"] != "ACTIVE",
        // Exports are told of for good; there is no deleting them.
        "rds.export-task" => matches!(row["Status"].as_str(), Some("CANCELED" | "COMPLETE" | "FAILED")),
        _ => false,
    }
}
