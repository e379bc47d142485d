//! What a group has besides its own settings, each with calls of its own: notifications, metrics, lifecycle hooks, and
//! what sends it traffic.

use aws_sdk_autoscaling::types;

use super::{group::Props, group_form::LifecycleHookSpecification};
use crate::{
    aws::{OpError, op},
    resources::{
        Cx,
        mirror::{received, sent},
    },
};

crate::props! {
    /// Which events go to a topic.
    pub struct NotificationConfiguration { NotificationTypes: Vec<String>, TopicARN: String }
    /// Which group metrics are collected.
    pub struct MetricsCollection { Granularity: String, Metrics: Vec<String> }
}

/// All notifications that properties name: CloudFormation has two properties for them.
pub(super) fn notifications(props: &Props) -> Vec<NotificationConfiguration> {
    let many = props.NotificationConfigurations.iter().flatten();
    many.chain(&props.NotificationConfiguration).cloned().collect()
}

pub(super) async fn notify(
    cx: &Cx<'_>,
    group: &str,
    old: &[NotificationConfiguration],
    new: &[NotificationConfiguration],
) -> Result<(), OpError> {
    for one in old.iter().filter(|one| !new.iter().any(|other| other.TopicARN == one.TopicARN)) {
        let call = cx.sdk.auto_scaling().delete_notification_configuration().auto_scaling_group_name(group);
        let call = call.set_topic_arn(one.TopicARN.clone());
        call.send().await.map_err(op("DeleteNotificationConfiguration"))?;
    }
    for one in new.iter().filter(|one| !old.contains(one)) {
        let call = cx.sdk.auto_scaling().put_notification_configuration().auto_scaling_group_name(group);
        let call =
            call.set_topic_arn(one.TopicARN.clone()).set_notification_types(one.NotificationTypes.clone());
        call.send().await.map_err(op("PutNotificationConfiguration"))?;
    }
    Ok(())
}

/// The notifications of a group, by topic.
pub(super) async fn notified(cx: &Cx<'_>, group: &str) -> Result<Vec<NotificationConfiguration>, OpError> {
    let call = cx.sdk.auto_scaling().describe_notification_configurations().auto_scaling_group_names(group);
    let all = call.into_paginator().items().send().try_collect().await;
    let mut found: Vec<NotificationConfiguration> = Vec::new();
    for one in all.map_err(op("DescribeNotificationConfigurations"))? {
        let kind = one.notification_type.unwrap_or_default();
        match found.iter_mut().find(|known| known.TopicARN == one.topic_arn) {
            Some(known) => known.NotificationTypes.get_or_insert_default().push(kind),
            None => found.push(NotificationConfiguration {
                NotificationTypes: Some(vec![kind]),
                TopicARN: one.topic_arn,
            }),
        }
    }
    for one in &mut found {
        one.NotificationTypes.get_or_insert_default().sort();
    }
    Ok(found)
}

pub(super) async fn collect(
    cx: &Cx<'_>,
    group: &str,
    old: Option<&Vec<MetricsCollection>>,
    new: Option<&Vec<MetricsCollection>>,
) -> Result<(), OpError> {
    // Without names, all metrics are meant (API reference, EnableMetricsCollection).
    if old.is_some() {
        let call = cx.sdk.auto_scaling().disable_metrics_collection().auto_scaling_group_name(group);
        call.send().await.map_err(op("DisableMetricsCollection"))?;
    }
    for one in new.into_iter().flatten() {
        let call = cx.sdk.auto_scaling().enable_metrics_collection().auto_scaling_group_name(group);
        let call = call.set_granularity(one.Granularity.clone()).set_metrics(one.Metrics.clone());
        call.send().await.map_err(op("EnableMetricsCollection"))?;
    }
    Ok(())
}

/// The metrics of a group, as far as the properties ask for them by name.
pub(super) fn collected(live: &types::AutoScalingGroup, hint: &Props) -> Option<Vec<MetricsCollection>> {
    let wanted = hint.MetricsCollection.as_ref()?;
    let on: Vec<&str> = live.enabled_metrics().iter().filter_map(|one| one.metric()).collect();
    let found = wanted.iter().filter(|_| !on.is_empty()).map(|one| MetricsCollection {
        Granularity: one.Granularity.clone(),
        Metrics: one
            .Metrics
            .as_ref()
            .map(|names| names.iter().filter(|name| on.contains(&name.as_str())).cloned().collect()),
    });
    let found: Vec<MetricsCollection> = found.collect();
    (!found.is_empty()).then_some(found)
}

pub(super) async fn hooks(cx: &Cx<'_>, group: &str) -> Result<Vec<LifecycleHookSpecification>, OpError> {
    let call = cx.sdk.auto_scaling().describe_lifecycle_hooks().auto_scaling_group_name(group);
    let answer = call.send().await.map_err(op("DescribeLifecycleHooks"))?;
    let all = answer.lifecycle_hooks.unwrap_or_default().into_iter().map(|hook| {
        types::LifecycleHookSpecification::builder()
            .set_lifecycle_hook_name(hook.lifecycle_hook_name)
            .set_lifecycle_transition(hook.lifecycle_transition)
            .set_notification_metadata(hook.notification_metadata)
            .set_heartbeat_timeout(hook.heartbeat_timeout)
            .set_default_result(hook.default_result)
            .set_notification_target_arn(hook.notification_target_arn)
            .set_role_arn(hook.role_arn)
            .build()
    });
    let all: Vec<types::LifecycleHookSpecification> = all.collect();
    Ok(received(Some(&all)).unwrap_or_default())
}

pub(super) async fn hook(
    cx: &Cx<'_>,
    group: &str,
    old: Option<&Vec<LifecycleHookSpecification>>,
    new: Option<&Vec<LifecycleHookSpecification>>,
) -> Result<(), OpError> {
    let (old, new) = (old.map_or(&[][..], Vec::as_slice), new.map_or(&[][..], Vec::as_slice));
    for one in
        old.iter().filter(|one| !new.iter().any(|other| other.LifecycleHookName == one.LifecycleHookName))
    {
        let call = cx.sdk.auto_scaling().delete_lifecycle_hook().auto_scaling_group_name(group);
        let call = call.set_lifecycle_hook_name(one.LifecycleHookName.clone());
        match call.send().await.map_err(op("DeleteLifecycleHook")) {
            // An earlier call, whose answer was lost, took it away (terraform-provider-aws, `lifecycle_hook.go`).
            Err(error)
                if error.is(&["ValidationError"]) && error.message.contains("No Lifecycle Hook found") => {}
            answer => _ = answer?,
        }
    }
    for one in new.iter().filter(|one| !old.contains(one)) {
        let call = crate::pass!(
            "PutLifecycleHook", cx.sdk.auto_scaling().put_lifecycle_hook().auto_scaling_group_name(group), one => {
                set_lifecycle_hook_name: LifecycleHookName, set_lifecycle_transition: LifecycleTransition,
                set_role_arn: RoleARN, set_notification_target_arn: NotificationTargetARN,
                set_notification_metadata: NotificationMetadata, set_heartbeat_timeout: HeartbeatTimeout,
                set_default_result: DefaultResult,
            }
        );
        call.send().await.map_err(op("PutLifecycleHook"))?;
    }
    Ok(())
}

/// Members of `one` that `other` lacks.
fn more<T: Clone + PartialEq>(one: Option<&Vec<T>>, other: Option<&Vec<T>>) -> Vec<T> {
    let lacks = |item: &&T| !other.is_some_and(|other| other.contains(item));
    one.into_iter().flatten().filter(lacks).cloned().collect()
}

/// Brings target groups, classic load balancers and other sources of traffic from `old` to `new`; new ones first.
pub(super) async fn traffic(cx: &Cx<'_>, group: &str, old: &Props, new: &Props) -> Result<(), OpError> {
    let scaling = cx.sdk.auto_scaling();
    let (was, is) = (old.TargetGroupARNs.as_ref(), new.TargetGroupARNs.as_ref());
    let (attach, detach) = (more(is, was), more(was, is));
    if !attach.is_empty() {
        let call = scaling.attach_load_balancer_target_groups().auto_scaling_group_name(group);
        let call = call.set_target_group_arns(Some(attach));
        call.send().await.map_err(op("AttachLoadBalancerTargetGroups"))?;
    }
    if !detach.is_empty() {
        let call = scaling.detach_load_balancer_target_groups().auto_scaling_group_name(group);
        let call = call.set_target_group_arns(Some(detach));
        detached(call.send().await.map_err(op("DetachLoadBalancerTargetGroups")))?;
    }
    let (was, is) = (old.LoadBalancerNames.as_ref(), new.LoadBalancerNames.as_ref());
    let (attach, detach) = (more(is, was), more(was, is));
    if !attach.is_empty() {
        let call = scaling.attach_load_balancers().auto_scaling_group_name(group);
        call.set_load_balancer_names(Some(attach)).send().await.map_err(op("AttachLoadBalancers"))?;
    }
    if !detach.is_empty() {
        let call = scaling.detach_load_balancers().auto_scaling_group_name(group);
        let call = call.set_load_balancer_names(Some(detach));
        detached(call.send().await.map_err(op("DetachLoadBalancers")))?;
    }
    let (was, is) = (old.TrafficSources.as_ref(), new.TrafficSources.as_ref());
    let (attach, detach) = (more(is, was), more(was, is));
    if !attach.is_empty() {
        const OP: &str = "AttachTrafficSources";
        let call = scaling.attach_traffic_sources().auto_scaling_group_name(group);
        call.set_traffic_sources(sent(OP, Some(&attach))?).send().await.map_err(op(OP))?;
    }
    if !detach.is_empty() {
        const OP: &str = "DetachTrafficSources";
        let call = scaling.detach_traffic_sources().auto_scaling_group_name(group);
        detached(call.set_traffic_sources(sent(OP, Some(&detach))?).send().await.map_err(op(OP)))?;
    }
    Ok(())
}

/// A detachment that was done before is refused, with a message that says so.
fn detached<T>(answer: Result<T, OpError>) -> Result<(), OpError> {
    match answer {
        Err(error)
            if error.code.as_deref() == Some("ValidationError")
                && error.message.contains("not part of the group") =>
        {
            Ok(())
        }
        other => other.map(drop),
    }
}
