//! Flow logs of VPCs, subnets and interfaces. They are kept; nothing flows, so nothing is delivered.

use serde_json::{Value as Json, json};

use super::{
    common::{Noun, listed, plain},
    filters,
    interfaces::INTERFACE,
    subnets::SUBNET,
    vpcs::VPC,
};
use crate::sandbox::{Fault, Reply, Request, World, codec::NOT_IMPLEMENTED, services::logs};

pub(super) const FLOW_LOG: Noun = Noun {
    table: "ec2.flow-log",
    prefix: "fl",
    id: "FlowLogId",
    ids: "FlowLogIds",
    tags: "Tags",
    resource: "vpc-flow-log",
    missing: "InvalidFlowLogId.NotFound",
    malformed: "InvalidFlowLogId.Malformed",
    label: "flow log",
    filters: &[
        ("deliver-log-status", "DeliverLogsStatus"),
        ("flow-log-id", "FlowLogId"),
        ("log-destination-type", "LogDestinationType"),
        ("log-group-name", "LogGroupName"),
        ("resource-id", "ResourceId"),
        ("traffic-type", "TrafficType"),
    ],
};

/// The fields of a record when a request names none (Amazon VPC User Guide, "Flow log records").
const FORMAT: &str = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} \
                      ${packets} ${bytes} ${start} ${end} ${action} ${log-status}";

/// A parameter that needs another one (LocalStack's recordings of AWS, `test_ec2_flow_logs_s3_validation`; what they do
/// not have is worded as moto words it).
fn needs(parameter: &str, other: &str, value: &str) -> Fault {
    Fault::new("InvalidParameter", format!("{parameter} can't be empty if {other} is {value}."))
}

/// Where the records go, as the row shows it: destination type, destination, log group.
fn destination(rq: &Request<'_>, account: &str) -> Result<(String, Json, Json), Fault> {
    let kind = rq.opt("LogDestinationType").unwrap_or("cloud-watch-logs");
    let (group, target) = (rq.opt("LogGroupName"), rq.opt("LogDestination"));
    if group.is_none() && target.is_none() {
        return Err(needs("LogDestination", "LogGroupName", "not provided"));
    }
    if group.is_some() && target.is_some() {
        return Err(Fault::new(
            "InvalidParameter",
            "Please only provide LogGroupName or only provide LogDestination.",
        ));
    }
    if kind != "cloud-watch-logs" && group.is_some() {
        let message = "LogDestination type must be cloud-watch-logs if LogGroupName is provided.";
        return Err(Fault::new("InvalidParameter", message));
    }
    if kind != "cloud-watch-logs" {
        let Some(target) = target else {
            return Err(needs("LogDestination", "LogDestinationType", kind));
        };
        return Ok((kind.to_owned(), json!(target), Json::Null));
    }
    if rq.opt("DeliverLogsPermissionArn").is_none() {
        return Err(needs("DeliverLogsPermissionArn", "LogDestinationType", "cloud-watch-logs"));
    }
    // A group's ARN may end in `:*`; the answer has the group's name and its ARN (`TestAccVPCFlowLog_LogDestinationType_cloudWatchLogs`).
    let name = match (group, target) {
        (Some(name), _) => name.to_owned(),
        (None, Some(arn)) => arn.trim_end_matches(":*").splitn(7, ':').nth(6).unwrap_or_default().to_owned(),
        (None, None) => String::new(),
    };
    let arn = target.map_or_else(
        || format!("arn:aws:logs:{}:{account}:log-group:{name}", rq.region),
        |arn| arn.trim_end_matches(":*").to_owned(),
    );
    Ok((kind.to_owned(), json!(arn), json!(name)))
}

/// `CreateFlowLogs`: for each resource one log, or the reason why not.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let noun = match rq.text("ResourceType") {
        "VPC" => &VPC,
        "Subnet" => &SUBNET,
        "NetworkInterface" => &INTERFACE,
        other => {
            let message = format!("The sandbox has no flow logs of resources of type {other}.");
            return Err(Fault::new(NOT_IMPLEMENTED, message));
        }
    };
    let interval = rq.int("MaxAggregationInterval").unwrap_or(600);
    if ![60, 600].contains(&interval) {
        return Err(Fault::new("InvalidParameter", "Invalid Flow Log Max Aggregation Interval"));
    }
    let (kind, target, group) = destination(rq, &world.account)?;
    // Terraform's provider waits while it reads this (`resourceLogFlowCreate`).
    if let Some(arn) = rq.opt("DeliverLogsPermissionArn")
        && world.assumable(arn, "vpc-flow-logs.amazonaws.com").is_err()
    {
        return Err(Fault::new("InvalidParameter", "Unable to assume given IAM role"));
    }
    for id in rq.texts("ResourceIds") {
        noun.get(world, rq, id)?;
    }
    let (mut made, mut failed) = (Vec::new(), Vec::new());
    for id in rq.texts("ResourceIds") {
        let refused = refusal(world, rq, id, (&kind, &target));
        if let Some((code, message)) = refused {
            failed.push(json!({"ResourceId": id, "Error": {"Code": code, "Message": message}}));
            continue;
        }
        let options = rq.get("DestinationOptions");
        let options = (kind == "s3").then(|| {
            json!({
                "FileFormat": options["FileFormat"].as_str().unwrap_or("plain-text"),
                "HiveCompatiblePartitions": options["HiveCompatiblePartitions"] == true,
                "PerHourPartition": options["PerHourPartition"] == true,
            })
        });
        let delivered = group.as_str().is_none_or(|name| logs::is_there(world, rq.region, name));
        let row = json!({
            "CreationTime": world.now_secs(), "FlowLogStatus": "ACTIVE", "ResourceId": id,
            "TrafficType": rq.get("TrafficType"), "LogDestinationType": kind, "LogDestination": target,
            "LogGroupName": group, "LogFormat": rq.opt("LogFormat").unwrap_or(FORMAT),
            "MaxAggregationInterval": interval, "DestinationOptions": options,
            "DeliverLogsPermissionArn": rq.get("DeliverLogsPermissionArn"),
            "DeliverCrossAccountRole": rq.get("DeliverCrossAccountRole"),
            // A group that is not there is noticed with the first delivery (moto's test_create_flow_logs_unsuccessful).
            "DeliverLogsStatus": if delivered { "SUCCESS" } else { "FAILED" },
            "DeliverLogsErrorMessage": (!delivered).then_some("Access error"),
        });
        made.push(FLOW_LOG.create(world, rq, row)?);
    }
    // A token is answered whether one was sent or not (the recordings).
    let token = rq.opt("ClientToken").map_or_else(|| world.hex(32), ToOwned::to_owned);
    Ok(json!({"ClientToken": token, "FlowLogIds": made, "Unsuccessful": failed}))
}

/// Why a resource gets no log.
fn refusal(
    world: &World,
    rq: &Request<'_>,
    id: &str,
    (kind, target): (&str, &Json),
) -> Option<(&'static str, String)> {
    let same = |row: &&Json| {
        row["ResourceId"] == id
            && row["LogDestination"] == *target
            && row["TrafficType"] == *rq.get("TrafficType")
    };
    if FLOW_LOG.all(world, rq).any(|row| same(&row)) {
        let message = "Error. There is an existing Flow Log with the same configuration and log destination.";
        return Some(("FlowLogAlreadyExists", message.to_owned()));
    }
    let bucket = target.as_str().and_then(|arn| arn.splitn(6, ':').nth(5)).unwrap_or_default();
    let bucket = bucket.split('/').next().unwrap_or_default();
    (kind == "s3" && world.get("s3.bucket", bucket).is_none())
        .then(|| ("400", format!("LogDestination: {bucket} does not exist")))
}

/// `DescribeFlowLogs`; one that is not there is left out (`TestAccVPCFlowLog_disappears`).
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let ids = rq.texts("FlowLogIds");
    let rows =
        FLOW_LOG.all(world, rq).filter(|row| ids.is_empty() || ids.iter().any(|id| row["FlowLogId"] == *id));
    let rows = rows.map(|row| plain(world, row)).collect();
    listed(rq, "FlowLogs", filters::apply(rows, rq.list("Filter"), FLOW_LOG.filters, FLOW_LOG.tags)?)
}

/// `DeleteFlowLogs`: all of them, or none and the reason.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let ids = rq.texts("FlowLogIds");
    let lost: Vec<&str> = ids.iter().copied().filter(|id| FLOW_LOG.get(world, rq, id).is_err()).collect();
    if !lost.is_empty() {
        let message = format!(
            "These flow log ids in the input list are not found: [TotalCount: {}] {}",
            lost.len(),
            lost.join(" ")
        );
        return Err(Fault::new(FLOW_LOG.missing, message));
    }
    for id in ids {
        world.remove(FLOW_LOG.table, id);
    }
    Ok(json!({"Unsuccessful": []}))
}
