//! CloudWatch Logs.
//!
//! Tables: `logs.group` (`region/name`, its filters in `_metrics` and `_subscriptions`), `logs.query-definition` and `logs.stream` (`region/group|stream`, its events in `_events`).

mod events;
mod filters;
mod groups;
mod patterns;
mod policies;
mod tags;

use serde_json::Value as Json;

use crate::sandbox::{Fault, Operation, Request, World};

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[
    Operation::write("AssociateKmsKey", groups::associate_key),
    Operation::write("CreateLogGroup", groups::create),
    Operation::write("CreateLogStream", events::create_stream),
    Operation::write("DeleteDataProtectionPolicy", policies::delete_protection),
    Operation::write("DeleteIndexPolicy", policies::delete_index),
    Operation::write("DeleteLogGroup", groups::delete),
    Operation::write("DeleteLogStream", events::delete_stream),
    Operation::write("DeleteMetricFilter", filters::delete_metric),
    Operation::write("DeleteQueryDefinition", filters::delete_query),
    Operation::write("DeleteResourcePolicy", policies::delete_resource),
    Operation::write("DeleteRetentionPolicy", groups::delete_retention),
    Operation::write("DeleteSubscriptionFilter", filters::delete_subscription),
    Operation::read("DescribeIndexPolicies", policies::describe_index),
    Operation::read("DescribeLogGroups", groups::describe),
    Operation::read("DescribeLogStreams", events::describe_streams),
    Operation::read("DescribeMetricFilters", filters::describe_metrics),
    Operation::read("DescribeQueryDefinitions", filters::describe_queries),
    Operation::read("DescribeResourcePolicies", policies::describe_resource),
    Operation::read("DescribeSubscriptionFilters", filters::describe_subscriptions),
    Operation::write("DisassociateKmsKey", groups::disassociate_key),
    Operation::read("FilterLogEvents", events::filter),
    Operation::read("GetDataProtectionPolicy", policies::get_protection),
    Operation::read("GetLogEvents", events::get),
    Operation::read("ListTagsForResource", tags::list),
    Operation::read("ListTagsLogGroup", tags::list),
    Operation::write("PutBearerTokenAuthentication", groups::bearer_tokens),
    Operation::write("PutDataProtectionPolicy", policies::put_protection),
    Operation::write("PutIndexPolicy", policies::put_index),
    Operation::write("PutLogEvents", events::put),
    Operation::write("PutLogGroupDeletionProtection", groups::protect),
    Operation::write("PutMetricFilter", filters::put_metric),
    Operation::write("PutQueryDefinition", filters::put_query),
    Operation::write("PutResourcePolicy", policies::put_resource),
    Operation::write("PutRetentionPolicy", groups::put_retention),
    Operation::write("PutSubscriptionFilter", filters::put_subscription),
    Operation::write("TagLogGroup", tags::tag),
    Operation::write("TagResource", tags::tag),
    Operation::read("TestMetricFilter", filters::test),
    Operation::write("UntagLogGroup", tags::untag),
    Operation::write("UntagResource", tags::untag),
];

/// Log groups.
const GROUPS: &str = "logs.group";
/// Log streams.
const STREAMS: &str = "logs.stream";

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("InvalidParameterException", message)
}

fn no_group() -> Fault {
    Fault::new("ResourceNotFoundException", "The specified log group does not exist.")
}

/// The group's name in a name or an ARN.
fn name_of(identifier: &str) -> &str {
    match identifier.split_once(":log-group:") {
        Some((_, tail)) => tail.strip_suffix(":*").unwrap_or(tail),
        None => identifier,
    }
}

/// The key of the group that a request names in one of the usual members.
fn key(rq: &Request<'_>) -> String {
    let members = ["logGroupName", "logGroupIdentifier", "resourceArn", "resourceIdentifier"];
    let name = members.iter().find_map(|member| rq.opt(member)).unwrap_or_default();
    format!("{}/{}", rq.region, name_of(name))
}

/// Whether a region has a log group of that name.
pub fn is_there(world: &World, region: &str, name: &str) -> bool {
    world.get(GROUPS, &format!("{region}/{name}")).is_some()
}

/// Refuses a group that is named in two ways (LocalStack's recordings of AWS,
/// `test_describe_log_streams_with_log_group_identifier`).
fn exclusive(rq: &Request<'_>) -> Result<(), Fault> {
    if rq.opt("logGroupName").is_some() && rq.opt("logGroupIdentifier").is_some() {
        let message = "LogGroup name and LogGroup ARN are mutually exclusive parameters.";
        return Err(Fault::new("ValidationException", message));
    }
    Ok(())
}

fn group<'w>(world: &'w World, rq: &Request<'_>) -> Result<&'w Json, Fault> {
    exclusive(rq)?;
    world.get(GROUPS, &key(rq)).ok_or_else(no_group)
}

fn group_mut<'w>(world: &'w mut World, rq: &Request<'_>) -> Result<&'w mut Json, Fault> {
    world.get_mut(GROUPS, &key(rq)).ok_or_else(no_group)
}

/// Takes a member out of a row.
fn drop_member(row: &mut Json, member: &str) {
    if let Some(members) = row.as_object_mut() {
        members.remove(member);
    }
}
