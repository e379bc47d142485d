//! What a bucket tells others: access logs and event notifications.

use aws_sdk_s3::{Client, types as sdk};
use serde_json::json;

use super::{
    parts::{Outcome, built, text},
    props::{
        EventBridge, FilterRule, KeyFilter, LambdaNotification, LogKeyFormat, Logging, Notification,
        NotificationFilter, PartitionedPrefix, QueueNotification, TopicNotification,
    },
};
use crate::aws::op;

/// Sets where access logs go; without the property nothing is logged. A bucket that names no destination logs
/// into itself.
pub(super) async fn put_logging(s3: &Client, bucket: &str, want: Option<&Logging>) -> Outcome<()> {
    let mut status = sdk::BucketLoggingStatus::builder();
    if let Some(want) = want {
        let format = want.TargetObjectKeyFormat.as_ref().map(|format| {
            let by_date = format.PartitionedPrefix.as_ref().map(|p| {
                let source = p.PartitionDateSource.as_deref().map(sdk::PartitionDateSource::from);
                sdk::PartitionedPrefix::builder().set_partition_date_source(source).build()
            });
            let simple = format.SimplePrefix.as_ref().map(|_| sdk::SimplePrefix::builder().build());
            sdk::TargetObjectKeyFormat::builder()
                .set_partitioned_prefix(by_date)
                .set_simple_prefix(simple)
                .build()
        });
        status = status.logging_enabled(built(
            sdk::LoggingEnabled::builder()
                .target_bucket(want.DestinationBucketName.as_deref().unwrap_or(bucket))
                .target_prefix(text(want.LogFilePrefix.as_ref()))
                .set_target_object_key_format(format)
                .build(),
        )?);
    }
    s3.put_bucket_logging()
        .bucket(bucket)
        .bucket_logging_status(status.build())
        .send()
        .await
        .map_err(op("PutBucketLogging"))?;
    Ok(())
}

/// Reads where access logs go.
pub(super) async fn get_logging(s3: &Client, bucket: &str, hint: &Logging) -> Outcome<Option<Logging>> {
    let answer = s3.get_bucket_logging().bucket(bucket).send().await.map_err(op("GetBucketLogging"))?;
    Ok(answer.logging_enabled.map(|on| {
        let itself = hint.DestinationBucketName.is_none() && on.target_bucket == bucket;
        let no_prefix = hint.LogFilePrefix.is_none() && on.target_prefix.is_empty();
        Logging {
            DestinationBucketName: (!itself).then_some(on.target_bucket),
            LogFilePrefix: (!no_prefix).then_some(on.target_prefix),
            TargetObjectKeyFormat: on.target_object_key_format.map(|format| LogKeyFormat {
                PartitionedPrefix: format.partitioned_prefix.map(|p| PartitionedPrefix {
                    PartitionDateSource: p.partition_date_source.map(|s| s.as_str().into()),
                }),
                SimplePrefix: format.simple_prefix.map(|_| json!({})),
            }),
        }
    }))
}

fn send_filter(filter: Option<&NotificationFilter>) -> Option<sdk::NotificationConfigurationFilter> {
    let rules = filter?.S3Key.as_ref()?.Rules.as_ref()?.iter().map(|rule| {
        sdk::FilterRule::builder()
            .set_name(rule.Name.as_ref().map(|name| sdk::FilterRuleName::from(name.to_lowercase().as_str())))
            .set_value(rule.Value.clone())
            .build()
    });
    let key = sdk::S3KeyFilter::builder().set_filter_rules(Some(rules.collect())).build();
    Some(sdk::NotificationConfigurationFilter::builder().key(key).build())
}

fn read_filter(filter: Option<&sdk::NotificationConfigurationFilter>) -> Option<NotificationFilter> {
    let rules = filter?.key.as_ref()?.filter_rules().iter().map(|rule| FilterRule {
        Name: rule.name.as_ref().map(|name| name.as_str().to_lowercase()),
        Value: rule.value.clone(),
    });
    let rules: Vec<FilterRule> = rules.collect();
    (!rules.is_empty()).then_some(NotificationFilter { S3Key: Some(KeyFilter { Rules: Some(rules) }) })
}

fn event(text: Option<&String>) -> Option<Vec<sdk::Event>> {
    text.map(|text| vec![sdk::Event::from(text.as_str())])
}

/// Sets the notifications; without the property there are none.
pub(super) async fn put_notification(s3: &Client, bucket: &str, want: Option<&Notification>) -> Outcome<()> {
    let mut all = sdk::NotificationConfiguration::builder();
    if let Some(want) = want {
        for one in want.LambdaConfigurations.iter().flatten() {
            all = all.lambda_function_configurations(built(
                sdk::LambdaFunctionConfiguration::builder()
                    .lambda_function_arn(text(one.Function.as_ref()))
                    .set_events(event(one.Event.as_ref()))
                    .set_filter(send_filter(one.Filter.as_ref()))
                    .build(),
            )?);
        }
        for one in want.QueueConfigurations.iter().flatten() {
            all = all.queue_configurations(built(
                sdk::QueueConfiguration::builder()
                    .queue_arn(text(one.Queue.as_ref()))
                    .set_events(event(one.Event.as_ref()))
                    .set_filter(send_filter(one.Filter.as_ref()))
                    .build(),
            )?);
        }
        for one in want.TopicConfigurations.iter().flatten() {
            all = all.topic_configurations(built(
                sdk::TopicConfiguration::builder()
                    .topic_arn(text(one.Topic.as_ref()))
                    .set_events(event(one.Event.as_ref()))
                    .set_filter(send_filter(one.Filter.as_ref()))
                    .build(),
            )?);
        }
        if want.EventBridgeConfiguration.as_ref().is_some_and(|e| e.EventBridgeEnabled != Some(false)) {
            all = all.event_bridge_configuration(sdk::EventBridgeConfiguration::builder().build());
        }
    }
    s3.put_bucket_notification_configuration()
        .bucket(bucket)
        .notification_configuration(all.build())
        .send()
        .await
        .map_err(op("PutBucketNotificationConfiguration"))?;
    Ok(())
}

/// A configuration with several events is, in the template's terms, one configuration per event.
fn each<T>(events: &[sdk::Event], make: impl Fn(String) -> T) -> Vec<T> {
    events.iter().map(|event| make(event.as_str().to_owned())).collect()
}

/// Reads the notifications. Switched off for EventBridge and not set at all look the same; `hint` decides.
pub(super) async fn get_notification(
    s3: &Client,
    bucket: &str,
    hint: &Notification,
) -> Outcome<Option<Notification>> {
    let live = s3
        .get_bucket_notification_configuration()
        .bucket(bucket)
        .send()
        .await
        .map_err(op("GetBucketNotificationConfiguration"))?;
    let some = |was_empty: bool, empty: bool| !empty || was_empty;
    let lambdas: Vec<LambdaNotification> = live
        .lambda_function_configurations()
        .iter()
        .flat_map(|one| {
            each(&one.events, |event| LambdaNotification {
                Event: Some(event),
                Filter: read_filter(one.filter.as_ref()),
                Function: Some(one.lambda_function_arn.clone()),
            })
        })
        .collect();
    let queues: Vec<QueueNotification> = live
        .queue_configurations()
        .iter()
        .flat_map(|one| {
            each(&one.events, |event| QueueNotification {
                Event: Some(event),
                Filter: read_filter(one.filter.as_ref()),
                Queue: Some(one.queue_arn.clone()),
            })
        })
        .collect();
    let topics: Vec<TopicNotification> = live
        .topic_configurations()
        .iter()
        .flat_map(|one| {
            each(&one.events, |event| TopicNotification {
                Event: Some(event),
                Filter: read_filter(one.filter.as_ref()),
                Topic: Some(one.topic_arn.clone()),
            })
        })
        .collect();
    let bridge = live.event_bridge_configuration.is_some();
    Ok(Some(Notification {
        EventBridgeConfiguration: (bridge || hint.EventBridgeConfiguration.is_some())
            .then_some(EventBridge { EventBridgeEnabled: Some(bridge) }),
        LambdaConfigurations: some(hint.LambdaConfigurations.is_some(), lambdas.is_empty())
            .then_some(lambdas),
        QueueConfigurations: some(hint.QueueConfigurations.is_some(), queues.is_empty()).then_some(queues),
        TopicConfigurations: some(hint.TopicConfigurations.is_some(), topics.is_empty()).then_some(topics),
    }))
}
