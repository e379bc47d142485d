//! Instance refreshes: the instances of a group are replaced in batches. Each call looks at how far the last one is.

use aws_sdk_autoscaling::types::{
    AutoScalingGroup, DesiredConfiguration, InstanceRefresh, InstanceRefreshStatus as Status,
};

use super::{group::Props, update_policy::Rolling};
use crate::{
    aws::{Certainty, OpError, op},
    ledger::Permit,
    resources::{Change, Cx, Outcome, Progress, mirror::sent},
};

/// What the instances are to be launched with; `None` of a group with a launch configuration: a desired configuration has no
/// such member (`DesiredConfiguration`, Amazon EC2 Auto Scaling API Reference), and the group has the new one already.
fn wanted(props: &Props) -> Result<Option<DesiredConfiguration>, OpError> {
    const OP: &str = "StartInstanceRefresh";
    if props.LaunchTemplate.is_none() && props.MixedInstancesPolicy.is_none() {
        return Ok(None);
    }
    let wanted = DesiredConfiguration::builder()
        .set_launch_template(sent(OP, props.LaunchTemplate.as_ref())?)
        .set_mixed_instances_policy(sent(OP, props.MixedInstancesPolicy.as_ref())?);
    Ok(Some(wanted.build()))
}

/// The refresh of that id, or the one that began last.
async fn seen(cx: &Cx<'_>, group: &str, id: Option<&str>) -> Result<Option<InstanceRefresh>, OpError> {
    let call = cx.sdk.auto_scaling().describe_instance_refreshes().auto_scaling_group_name(group);
    let call = match id {
        Some(id) => call.instance_refresh_ids(id),
        None => call.max_records(1),
    };
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

/// Whether every instance was launched with the group's launch configuration.
fn configured(live: &AutoScalingGroup) -> bool {
    let name = live.launch_configuration_name();
    name.is_some() && live.instances().iter().all(|one| one.launch_configuration_name() == name)
}

/// Replaces the instances of a group by such as are launched with what it has now. A refresh that this update began is known
/// by its request; after a death or a lost answer, by the launch template that it brings, or by the instances' launch
/// configuration. Where neither tells (other subnets), instances are replaced once more, which costs time and nothing else.
pub(super) async fn roll(
    cx: &Cx<'_>,
    permit: &Permit,
    live: &AutoScalingGroup,
    change: &Change<'_, Props>,
    rolling: &Rolling,
) -> Outcome {
    const OP: &str = "StartInstanceRefresh";
    let group = live.auto_scaling_group_name().unwrap_or_default();
    let wanted = wanted(change.new)?;
    let moves = change.any(&["PlacementGroup", "VPCZoneIdentifier"]);
    let known = permit.request();
    let tells = |refresh: &InstanceRefresh| {
        known.is_some() || !moves && wanted.as_ref().is_some_and(|wanted| brings(refresh, wanted))
    };
    let last = seen(cx, group, known).await?;
    match last.as_ref().and_then(|one| one.status().map(|status| (one, status))) {
        Some((one, Status::Pending | Status::InProgress | Status::Baking)) => {
            let detail = format!("replacing instances: {} %", one.percentage_complete().unwrap_or_default());
            let id = one.instance_refresh_id().filter(|_| tells(one));
            return Ok(match id.map(ToOwned::to_owned) {
                Some(request) => Progress::Underway { request, detail },
                None => Progress::Again(format!("another replacement goes first: {detail}")),
            });
        }
        Some((one, Status::Cancelling | Status::RollbackInProgress)) => {
            let detail = "a replacement of instances is being taken back".to_owned();
            return Ok(match one.instance_refresh_id().filter(|_| known.is_some()) {
                Some(id) => Progress::Underway { request: id.to_owned(), detail },
                None => Progress::Again(detail),
            });
        }
        Some((one, Status::Successful)) if tells(one) => {
            resume(cx, group, &rolling.suspended).await?;
            return Ok(Progress::Done);
        }
        // One that failed before this update began is not ours to judge: it is begun anew. One of ours has our
        // configuration, and the group has not.
        Some((
            one,
            status @ (Status::Cancelled
            | Status::Failed
            | Status::RollbackFailed
            | Status::RollbackSuccessful),
        )) if known.is_some() || *status != Status::Cancelled && tells(one) && is_recent(one, cx) => {
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
    if !moves && wanted.is_none() && configured(live) {
        resume(cx, group, &rolling.suspended).await?;
        return Ok(Progress::Done);
    }
    suspend(cx, group, &rolling.suspended).await?;
    // Instances that have the wanted template already stay: a refresh that is begun again does nothing twice. One that is to
    // move instances skips none, and "You can't use skip matching with a new launch configuration" (Amazon EC2 Auto Scaling
    // User Guide, instance refresh).
    let skip = !moves && wanted.is_some();
    let call = cx.sdk.auto_scaling().start_instance_refresh().auto_scaling_group_name(group);
    let call = call.set_desired_configuration(wanted);
    let call = call.preferences(rolling.preferences(live.desired_capacity().unwrap_or(1), skip));
    let begun = call.send().await.map_err(op(OP))?;
    let detail = "replacing instances".to_owned();
    Ok(match begun.instance_refresh_id {
        Some(request) => Progress::Underway { request, detail },
        None => Progress::Again(detail),
    })
}

/// Whether this very update began it: an earlier form of the object was never recorded, so nothing else can have.
fn is_recent(_refresh: &InstanceRefresh, cx: &Cx<'_>) -> bool {
    !cx.attempted.is_empty()
}
