//! CloudWatch Logs.
//!
//! Tables: `logs.group` (`region/name`, its filters in `_metrics` and `_subscriptions`), `logs.query-definition` and `logs.stream` (`region/group|stream`, its events in `_events`).

mod common;
mod events;
mod filters;
mod groups;
mod patterns;
mod policies;
mod tags;

use crate::sandbox::Operation;
pub use common::is_there;
use common::{drop_member, group, group_mut, invalid, key, name_of, no_group};

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
