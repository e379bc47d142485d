//! What DMS says of instances and tasks in its events.

use std::{cmp::Reverse, time::Duration};

use crate::{
    aws::{OpError, op},
    resources::{Cx, event_minutes},
};

/// The events of one source since a wait began, failures before all others, the newest first. The API knows a source type
/// for instances only (<https://docs.aws.amazon.com/dms/latest/APIReference/API_DescribeEvents.html>, `SourceType`: Valid
/// Values: replication-instance), so that all events are read and those of the source are kept.
pub(super) async fn news(cx: &Cx<'_>, name: &str, waited: Duration) -> Result<Vec<String>, OpError> {
    let call = cx.sdk.dms().describe_events().duration(event_minutes(waited));
    let pages = call.into_paginator().send().try_collect().await.map_err(op("DescribeEvents"))?;
    let mut own: Vec<_> = pages
        .into_iter()
        .flat_map(|page| page.events.unwrap_or_default())
        .filter(|event| event.source_identifier().is_some_and(|source| source.eq_ignore_ascii_case(name)))
        .collect();
    // "DMS event categories and event messages", AWS DMS User Guide.
    let failure = |event: &aws_sdk_databasemigration::types::Event| {
        event.event_categories().iter().any(|name| name == "failure")
    };
    own.sort_by_key(|event| {
        Reverse((failure(event), event.date().map(|date| (date.secs(), date.subsec_nanos()))))
    });
    Ok(own.into_iter().filter_map(|event| event.message).collect())
}
