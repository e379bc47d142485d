//! Instance refreshes: the instances of a group are replaced in batches. Each call looks at how far the last one is.

use aws_sdk_autoscaling::types::{
    AutoScalingGroup, DesiredConfiguration, InstanceRefresh, InstanceRefreshStatus as Status,
};

use super::{group::Props, update_policy::Rolling};
use crate::{
    aws::{Certainty, OpError, op},
    resources::{Cx, Outcome, Progress, mirror::sent},
};

/// What the instances are to be launched with.
fn wanted(props: &Props) -> Result<DesiredConfiguration, OpError> {
    const OP: &str = "StartInstanceRefresh";
    Ok(DesiredConfiguration::builder()
        .set_launch_template(sent(OP, props.LaunchTemplate.as_ref())?)
        .set_mixed_instances_policy(sent(OP, props.MixedInstancesPolicy.as_ref())?)
        .build())
}

/// The refresh that began last.
async fn last(cx: &Cx<'_>, group: &str) -> Result<Option<InstanceRefresh>, OpError> {
    let call =
        cx.sdk.auto_scaling().describe_instance_refreshes().auto_scaling_group_name(group).max_records(1);
    let page = call.send().await.map_err(op("DescribeInstanceRefreshes"))?;
    Ok(page.instance_refreshes.unwrap_or_default().into_iter().next())
}

async fn suspend(cx: &Cx<'_>, group: &str, processes: &[String]) -> Result<(), OpError> {
    if processes.is_empty() {
        return Ok(());
    }
    let call = cx.sdk.auto_scaling().suspend_processes().auto_scaling_group_name(group);
    let call = call.set_scaling_processes(Some(processes.to_vec()));
    call.send().await.map(drop).map_err(op("SuspendProcesses"))
}

async fn resume(cx: &Cx<'_>, group: &str, processes: &[String]) -> Result<(), OpError> {
    if processes.is_empty() {
        return Ok(());
    }
    let call = cx.sdk.auto_scaling().resume_processes().auto_scaling_group_name(group);
    let call = call.set_scaling_processes(Some(processes.to_vec()));
    call.send().await.map(drop).map_err(op("ResumeProcesses"))
}

/// Whether a refresh was, or is, to bring what is wanted now.
fn brings(refresh: &InstanceRefresh, wanted: &DesiredConfiguration) -> bool {
    let same_template = match (refresh.desired_configuration(), wanted.launch_template()) {
        (Some(had), Some(template)) => had.launch_template().is_some_and(|other| {
            // AWS fills in the template's other name.
            other.version() == template.version()
                && (template.launch_template_id().is_none()
                    || other.launch_template_id() == template.launch_template_id())
                && (template.launch_template_name().is_none()
                    || other.launch_template_name() == template.launch_template_name())
        }),
        (had, None) => had.and_then(DesiredConfiguration::launch_template).is_none(),
        (None, Some(_)) => false,
    };
    let mixed = |one: Option<&DesiredConfiguration>| {
        one.and_then(DesiredConfiguration::mixed_instances_policy).cloned()
    };
    same_template && mixed(refresh.desired_configuration()) == mixed(Some(wanted))
}

/// Replaces the instances of a group by such as are launched with what `props` says.
pub(super) async fn roll(cx: &Cx<'_>, live: &AutoScalingGroup, props: &Props, rolling: &Rolling) -> Outcome {
    const OP: &str = "StartInstanceRefresh";
    let group = live.auto_scaling_group_name().unwrap_or_default();
    let wanted = wanted(props)?;
    let last = last(cx, group).await?;
    match last.as_ref().and_then(|one| one.status().map(|status| (one, status))) {
        Some((one, Status::Pending | Status::InProgress | Status::Baking)) => {
            let done = one.percentage_complete().unwrap_or_default();
            return Ok(Progress::Again(format!("replacing instances: {done} %")));
        }
        Some((_, Status::Cancelling | Status::RollbackInProgress)) => {
            return Ok(Progress::Again("an earlier replacement of instances is being taken back".into()));
        }
        Some((one, Status::Successful)) if brings(one, &wanted) => {
            resume(cx, group, &rolling.suspended).await?;
            return Ok(Progress::Done);
        }
        // One that failed before this update began is not ours to judge: it is begun anew. One of ours has our
        // configuration, and the group has not.
        Some((one, status @ (Status::Failed | Status::RollbackFailed | Status::RollbackSuccessful)))
            if brings(one, &wanted) && is_recent(one, cx) =>
        {
            resume(cx, group, &rolling.suspended).await?;
            let why = one.status_reason().unwrap_or("AWS gives no reason");
            return Err(OpError {
                operation: OP.into(),
                code: Some(format!("InstanceRefresh{}", status.as_str())),
                message: format!("the instances could not be replaced: {why}"),
                request_id: None,
                certainty: Certainty::Rejected,
                barrier: None,
            });
        }
        _ => {}
    }
    suspend(cx, group, &rolling.suspended).await?;
    let call = cx.sdk.auto_scaling().start_instance_refresh().auto_scaling_group_name(group);
    let call = call.desired_configuration(wanted);
    let call = call.preferences(rolling.preferences(live.desired_capacity().unwrap_or(1)));
    call.send().await.map_err(op(OP))?;
    Ok(Progress::Again("replacing instances".into()))
}

/// Whether this very update began it: an earlier form of the object was never recorded, so nothing else can have.
fn is_recent(_refresh: &InstanceRefresh, cx: &Cx<'_>) -> bool {
    !cx.attempted.is_empty()
}
