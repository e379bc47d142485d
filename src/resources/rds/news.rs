//! What RDS says of a database in its events.

use std::{cmp::Reverse, time::Duration};

use aws_sdk_rds::types::SourceType;

use crate::{
    aws::{OpError, op},
    resources::{Cx, event_minutes},
};

/// The events of one source since a wait began, failures before all others, the newest first. A source's identifier is
/// told with its type ("If SourceIdentifier is supplied, SourceType must also be provided",
/// <https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeEvents.html>); `failure` is a category of its own
/// (Amazon RDS User Guide, "Amazon RDS event categories and event messages").
pub(super) async fn news(
    cx: &Cx<'_>,
    kind: SourceType,
    name: &str,
    waited: Duration,
) -> Result<Vec<String>, OpError> {
    let call = cx.sdk.rds().describe_events().source_type(kind).source_identifier(name);
    let all = call.duration(event_minutes(waited)).into_paginator().items().send();
    let mut all = all.try_collect().await.map_err(op("DescribeEvents"))?;
    let failure =
        |event: &aws_sdk_rds::types::Event| event.event_categories().iter().any(|name| name == "failure");
    all.sort_by_key(|event| {
        Reverse((failure(event), event.date().map(|date| (date.secs(), date.subsec_nanos()))))
    });
    Ok(all.into_iter().filter_map(|event| event.message).collect())
}
