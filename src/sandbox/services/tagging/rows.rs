//! Which tables have taggable rows, and how ARN and tags stand in them.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::sandbox::World;

/// Tables with taggable rows, and where their ARN is: a member, or a pattern for rows that hold none.
pub(super) const TABLES: &[(&str, &str)] = &[
    ("asg.group", "AutoScalingGroupARN"),
    ("acm.certificate", "key"),
    ("backup.plan", "BackupPlanArn"),
    ("backup.vault", "BackupVaultArn"),
    ("cloudwatch.alarm", "AlarmArn"),
    ("codebuild.project", "arn"),
    ("dms.certificate", "key"),
    ("dms.data-migration", "key"),
    ("dms.data-provider", "key"),
    ("dms.endpoint", "key"),
    ("dms.event-subscription", "arn:{partition}:dms:{region}:{account}:es:{name}"),
    ("dms.instance", "key"),
    ("dms.instance-profile", "key"),
    ("dms.migration-project", "key"),
    ("dms.replication-config", "key"),
    ("dms.subnet-group", "arn:{partition}:dms:{region}:{account}:subgrp:{name}"),
    ("dms.task", "key"),
    ("ec2.address", "arn:{partition}:ec2:{region}:{account}:elastic-ip/{key}"),
    ("ec2.instance", "arn:{partition}:ec2:{region}:{account}:instance/{key}"),
    ("ec2.internet-gateway", "arn:{partition}:ec2:{region}:{account}:internet-gateway/{key}"),
    ("ec2.launch-template", "arn:{partition}:ec2:{region}:{account}:launch-template/{key}"),
    ("ec2.nat-gateway", "arn:{partition}:ec2:{region}:{account}:natgateway/{key}"),
    ("ec2.route-table", "arn:{partition}:ec2:{region}:{account}:route-table/{key}"),
    ("ec2.security-group", "arn:{partition}:ec2:{region}:{account}:security-group/{key}"),
    ("ec2.security-group-rule", "arn:{partition}:ec2:{region}:{account}:security-group-rule/{key}"),
    ("ec2.subnet", "arn:{partition}:ec2:{region}:{account}:subnet/{key}"),
    ("ec2.vpc", "arn:{partition}:ec2:{region}:{account}:vpc/{key}"),
    ("ec2.vpc-endpoint", "arn:{partition}:ec2:{region}:{account}:vpc-endpoint/{key}"),
    ("ec2.vpc-peering-connection", "arn:{partition}:ec2:{region}:{account}:vpc-peering-connection/{key}"),
    ("ec2.vpn-connection", "arn:{partition}:ec2:{region}:{account}:vpn-connection/{key}"),
    ("ec2.vpn-gateway", "arn:{partition}:ec2:{region}:{account}:vpn-gateway/{key}"),
    ("ecs.cluster", "clusterArn"),
    ("ecs.service", "key"),
    ("ecs.task-definition", "key"),
    ("elbv2.listener", "key"),
    ("elbv2.load-balancer", "key"),
    ("elbv2.rule", "key"),
    ("elbv2.target-group", "key"),
    ("events.rule", "key"),
    ("iam.instance-profile", "Arn"),
    ("kms.key", "Arn"),
    ("lambda.function", "FunctionArn"),
    ("logs.group", "arn:{partition}:logs:{region}:{account}:log-group:{name}"),
    ("rds.db-cluster", "DBClusterArn"),
    ("rds.db-cluster-parameter-group", "DBClusterParameterGroupArn"),
    ("rds.db-instance", "DBInstanceArn"),
    ("rds.db-parameter-group", "DBParameterGroupArn"),
    ("rds.db-subnet-group", "DBSubnetGroupArn"),
    ("rds.event-subscription", "EventSubscriptionArn"),
    ("rds.option-group", "OptionGroupArn"),
    ("route53.health-check", "arn:{partition}:route53:::healthcheck/{key}"),
    ("route53.zone", "arn:{partition}:route53:::hostedzone/{key}"),
    ("s3.bucket", "arn:{partition}:s3:::{key}"),
    ("secretsmanager.secret", "ARN"),
    ("sns.topic", "key"),
    ("ssm.parameter", "arn:{partition}:ssm:{region}:{account}:parameter/{name}"),
];

/// Where global services are asked.
const GLOBAL: &str = "us-east-1";

fn arn(world: &World, table: &str, place: &str, key: &str, row: &Json, region: &str) -> Option<String> {
    if place == "key" {
        return Some(key.to_owned());
    }
    if !place.starts_with("arn:") {
        return row[place].as_str().map(ToOwned::to_owned);
    }
    let name = match table {
        "dms.subnet-group" => row["ReplicationSubnetGroupIdentifier"].as_str(),
        "logs.group" => row["logGroupName"].as_str(),
        "ssm.parameter" => row["Name"].as_str().map(|name| name.trim_start_matches('/')),
        _ => None,
    };
    let partition = world.arn("s3", "", "x");
    let partition = partition.split(':').nth(1).unwrap_or("aws");
    let last = key.rsplit('/').next().unwrap_or(key);
    Some(
        place
            .replace("{partition}", partition)
            .replace("{region}", region)
            .replace("{account}", &world.account)
            .replace("{key}", last)
            .replace("{name}", name.unwrap_or(last)),
    )
}

/// The tags of a row, in whatever form its service keeps them.
fn tags(table: &str, row: &Json) -> BTreeMap<String, String> {
    let kept = match table {
        "s3.bucket" => &row["_sub"]["TagSet"],
        _ if !row["_tags"].is_null() => &row["_tags"],
        "rds.db-cluster" => &row["TagList"],
        _ => &row["Tags"],
    };
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    match kept {
        Json::Object(members) => members.iter().map(|(key, value)| (key.clone(), text(value))).collect(),
        Json::Array(list) => list.iter().map(|tag| (text(&tag["Key"]), text(&tag["Value"]))).collect(),
        _ => BTreeMap::new(),
    }
}

/// ARN and tags of a row, if it has any and the region shows it.
pub(super) fn of_row(
    world: &World,
    (table, place): (&str, &str),
    (key, row): (&str, &Json),
    region: &str,
) -> Option<(String, BTreeMap<String, String>)> {
    let tags = tags(table, row);
    let status = row["status"].as_str().or(row["State"].as_str()).unwrap_or_default();
    if tags.is_empty() || matches!(status, "INACTIVE" | "DELETE_IN_PROGRESS" | "deleted") {
        return None;
    }
    let arn = arn(world, table, place, key, row, region)?;
    let there = arn.split(':').nth(3).unwrap_or_default();
    let here = row["_region"].as_str().unwrap_or(if there.is_empty() { GLOBAL } else { there });
    (here == region).then_some((arn, tags))
}
