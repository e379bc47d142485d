//! `AWS::AutoScaling::AutoScalingGroup`.

use aws_sdk_autoscaling::types;
use serde_json::{Value as Json, json};

use super::{
    group_extras::{self as extras, MetricsCollection, NotificationConfiguration},
    group_form::{
        AvailabilityZoneDistribution, AvailabilityZoneImpairmentPolicy, CapacityReservationSpecification,
        InstanceLifecyclePolicy, InstanceMaintenancePolicy, LaunchTemplateSpecification,
        LifecycleHookSpecification, MixedInstancesPolicy, TrafficSourceIdentifier,
    },
    group_tags::{all_tags, turn_tags},
    refresh::roll,
    update_policy::{self, INSTANCES, Rolling},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, Identity, NameRule, PhysicalId, Retry, Settles, Tag, WaitPolicy},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, State, compare,
        described::look,
        mirror::{pruned, sent},
    },
};

crate::words!(types::DeletionProtection);

crate::mirrored! {
    /// The properties of a group. CloudFormation writes sizes as texts.
    pub struct Props <= types::AutoScalingGroup {
        AutoScalingGroupName/auto_scaling_group_name: String,
        AvailabilityZoneDistribution/availability_zone_distribution: AvailabilityZoneDistribution,
        AvailabilityZoneIds/availability_zone_ids: Vec<String>,
        AvailabilityZoneImpairmentPolicy/availability_zone_impairment_policy: AvailabilityZoneImpairmentPolicy,
        AvailabilityZones/availability_zones: Vec<String>, CapacityRebalance/capacity_rebalance: bool,
        CapacityReservationSpecification/capacity_reservation_specification: CapacityReservationSpecification,
        Context/context: String, Cooldown: String, DefaultInstanceWarmup/default_instance_warmup: i32,
        DeletionProtection/deletion_protection: String, DesiredCapacity: String,
        DesiredCapacityType/desired_capacity_type: String, HealthCheckGracePeriod/health_check_grace_period: i32,
        HealthCheckType/health_check_type: String, InstanceId: String,
        InstanceLifecyclePolicy/instance_lifecycle_policy: InstanceLifecyclePolicy,
        InstanceMaintenancePolicy/instance_maintenance_policy: InstanceMaintenancePolicy,
        LaunchConfigurationName/launch_configuration_name: String,
        LaunchTemplate/launch_template: LaunchTemplateSpecification,
        LifecycleHookSpecificationList: Vec<LifecycleHookSpecification>,
        LoadBalancerNames/load_balancer_names: Vec<String>, MaxInstanceLifetime/max_instance_lifetime: i32,
        MaxSize: String, MetricsCollection: Vec<MetricsCollection>, MinSize: String,
        MixedInstancesPolicy/mixed_instances_policy: MixedInstancesPolicy,
        NewInstancesProtectedFromScaleIn/new_instances_protected_from_scale_in: bool,
        NotificationConfiguration: NotificationConfiguration,
        NotificationConfigurations: Vec<NotificationConfiguration>, PlacementGroup/placement_group: String,
        ServiceLinkedRoleARN/service_linked_role_arn: String, SkipZonalShiftValidation: bool,
        Tags: Vec<TagProperty>, TargetGroupARNs/target_group_arns: Vec<String>,
        TerminationPolicies/termination_policies: Vec<String>, TrafficSources/traffic_sources: Vec<TrafficSourceIdentifier>,
        VPCZoneIdentifier: Vec<String>,
    }
}

crate::props! {
    /// A tag, and whether the group's instances get it too.
    pub struct TagProperty { Key: String, PropagateAtLaunch: bool, Value: String }
}

/// A group of instances that is kept at a size.
pub struct AutoScalingGroup;

/// Settings that the update call takes as they are.
const SETTINGS: &[&str] = &[
    "AvailabilityZoneDistribution",
    "AvailabilityZoneIds",
    "AvailabilityZoneImpairmentPolicy",
    "AvailabilityZones",
    "CapacityRebalance",
    "CapacityReservationSpecification",
    "Context",
    "Cooldown",
    "DefaultInstanceWarmup",
    "DeletionProtection",
    "DesiredCapacity",
    "DesiredCapacityType",
    "HealthCheckGracePeriod",
    "HealthCheckType",
    "InstanceLifecyclePolicy",
    "InstanceMaintenancePolicy",
    "LaunchConfigurationName",
    "MaxInstanceLifetime",
    "MaxSize",
    "MinSize",
    "NewInstancesProtectedFromScaleIn",
    "PlacementGroup",
    "ServiceLinkedRoleARN",
    "TerminationPolicies",
    "VPCZoneIdentifier",
];
/// What instances are launched with.
const LAUNCH: &[&str] = &["LaunchTemplate", "MixedInstancesPolicy"];

/// A size; the schema lets only digits through.
fn size(text: Option<&String>) -> Option<i32> {
    text.and_then(|text| text.trim().parse().ok())
}

pub(super) fn name(props: &Props) -> &str {
    props.AutoScalingGroupName.as_deref().unwrap_or_default()
}

fn object(name: &str, arn: &str) -> Created {
    let attributes = [("Ref", json!(name)), ("AutoScalingGroupARN", json!(arn))];
    Created {
        id: name.into(),
        attributes: attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
    }
}

/// Instances that serve, of all that the group has.
fn serving(live: &types::AutoScalingGroup) -> (usize, usize) {
    let all = live.instances();
    let fine = |one: &&types::Instance| {
        one.lifecycle_state().is_some_and(|state| state.as_str() == "InService")
            && one.health_status() == Some("Healthy")
    };
    (all.iter().filter(fine).count(), all.len())
}

/// The call that changes settings: only what changes is sent, so that sizes which scaling has moved stay.
async fn settings(cx: &Cx<'_>, change: &Change<'_, Props>, launch: bool) -> Result<(), OpError> {
    const OP: &str = "UpdateAutoScalingGroup";
    let new = change.new;
    let settings = change.any(SETTINGS) || (launch && change.any(LAUNCH));
    if !settings {
        return Ok(());
    }
    let is = |property: &str| change.has(property);
    let mut call = cx.sdk.auto_scaling().update_auto_scaling_group().auto_scaling_group_name(name(new));
    for (property, value) in [("MinSize", &new.MinSize), ("MaxSize", &new.MaxSize)] {
        if is(property) {
            let value = size(value.as_ref());
            call = if property == "MinSize" { call.set_min_size(value) } else { call.set_max_size(value) };
        }
    }
    if is("DesiredCapacity") {
        call = call.set_desired_capacity(size(new.DesiredCapacity.as_ref()));
    }
    if is("Cooldown") {
        // AWS's default, where the property is taken away.
        call = call.default_cooldown(size(new.Cooldown.as_ref()).unwrap_or(300));
    }
    if is("HealthCheckGracePeriod") {
        call = call.health_check_grace_period(new.HealthCheckGracePeriod.unwrap_or(0));
    }
    if is("HealthCheckType") {
        call = call.health_check_type(new.HealthCheckType.clone().unwrap_or_else(|| "EC2".into()));
    }
    if is("VPCZoneIdentifier") {
        call = call.set_vpc_zone_identifier(new.VPCZoneIdentifier.as_ref().map(|all| all.join(",")));
    }
    if is("AvailabilityZones") {
        call = call.set_availability_zones(new.AvailabilityZones.clone());
    }
    if is("AvailabilityZoneIds") {
        call = call.set_availability_zone_ids(new.AvailabilityZoneIds.clone());
    }
    if is("TerminationPolicies") {
        let default = || vec!["Default".to_owned()];
        call = call.set_termination_policies(Some(new.TerminationPolicies.clone().unwrap_or_else(default)));
    }
    if is("NewInstancesProtectedFromScaleIn") {
        call =
            call.new_instances_protected_from_scale_in(new.NewInstancesProtectedFromScaleIn.unwrap_or(false));
    }
    if is("CapacityRebalance") {
        call = call.capacity_rebalance(new.CapacityRebalance.unwrap_or(false));
    }
    if is("MaxInstanceLifetime") {
        call = call.max_instance_lifetime(new.MaxInstanceLifetime.unwrap_or(0));
    }
    if is("DefaultInstanceWarmup") {
        // Minus one takes the value away (API reference, UpdateAutoScalingGroup).
        call = call.default_instance_warmup(new.DefaultInstanceWarmup.unwrap_or(-1));
    }
    if is("InstanceMaintenancePolicy") {
        let none =
            || InstanceMaintenancePolicy { MaxHealthyPercentage: Some(-1), MinHealthyPercentage: Some(-1) };
        let wanted = new.InstanceMaintenancePolicy.clone().unwrap_or_else(none);
        call = call.set_instance_maintenance_policy(sent(OP, Some(&wanted))?);
    }
    if is("DeletionProtection") {
        let wanted = new.DeletionProtection.clone().unwrap_or_else(|| "none".into());
        call = call.set_deletion_protection(sent(OP, Some(&wanted))?);
    }
    if is("PlacementGroup") {
        call = call.placement_group(new.PlacementGroup.clone().unwrap_or_default());
    }
    if is("Context") {
        call = call.context(new.Context.clone().unwrap_or_default());
    }
    if is("LaunchConfigurationName") {
        call = call.set_launch_configuration_name(new.LaunchConfigurationName.clone());
    }
    let others = [
        "AvailabilityZoneDistribution",
        "AvailabilityZoneImpairmentPolicy",
        "CapacityReservationSpecification",
        "DesiredCapacityType",
        "InstanceLifecyclePolicy",
        "ServiceLinkedRoleARN",
    ];
    if change.any(&others) {
        call = crate::pass!(OP, call, new => {
            set_availability_zone_distribution: AvailabilityZoneDistribution,
            set_availability_zone_impairment_policy: AvailabilityZoneImpairmentPolicy,
            set_capacity_reservation_specification: CapacityReservationSpecification,
            set_desired_capacity_type: DesiredCapacityType, set_instance_lifecycle_policy: InstanceLifecyclePolicy,
            set_service_linked_role_arn: ServiceLinkedRoleARN,
            set_skip_zonal_shift_validation: SkipZonalShiftValidation,
        });
    }
    if launch && change.any(LAUNCH) {
        call = crate::pass!(OP, call, new => {
            set_launch_template: LaunchTemplate, set_mixed_instances_policy: MixedInstancesPolicy,
        });
    }
    call.send().await.map(drop).map_err(op(OP))
}

async fn rolled(
    cx: &Cx<'_>,
    permit: &Permit,
    id: &PhysicalId,
    change: &Change<'_, Props>,
    rolling: &Rolling,
) -> Outcome {
    let live = look::<AutoScalingGroup>(cx, id, change.new).await?;
    let live = live.ok_or_else(|| OpError::missing("DescribeAutoScalingGroups", "the group"))?;
    roll(cx, permit, &live, change, rolling).await
}

impl Described for AutoScalingGroup {
    type Props = Props;
    type Live = types::AutoScalingGroup;

    const FACTS: Facts = Facts {
        leaves_interfaces: Some(std::time::Duration::from_secs(12 * 60)),
        identity: Identity::Name,
        name: Some(NameRule { property: "AutoScalingGroupName", max: 255, lower: false, separator: '-' }),
        configures: true,
        early: &["Ref"],
        ready: Some(WaitPolicy::secs(90, 5, 1800)),
        settles: Some(Settles { works: None, steady: "its instances are in service" }),
        gone: Some(WaitPolicy::secs(60, 5, 1800)),
        retry: &[
            // hashicorp/terraform-provider-aws, internal/service/autoscaling/group.go.
            Retry {
                code: "ValidationError",
                message: "Invalid IAM Instance Profile",
                why: "the new instance profile is not visible yet",
            },
            Retry {
                code: "ValidationError",
                message: "Invalid IamInstanceProfile",
                why: "the new instance profile is not visible yet",
            },
            Retry {
                code: "ValidationError",
                message: "launch template",
                why: "the new launch template is not visible yet",
            },
            Retry {
                code: "ResourceContention",
                message: "",
                why: "another change of the group is under way",
            },
            Retry { code: "ScalingActivityInProgress", message: "", why: "the group is being scaled" },
        ],
        retry_delete: &[
            Retry {
                code: "ResourceContention",
                message: "",
                why: "another change of the group is under way",
            },
            Retry { code: "ScalingActivityInProgress", message: "", why: "the group is being scaled" },
            Retry {
                code: "ResourceInUse",
                message: "instances",
                why: "instances are still being terminated",
            },
        ],
        iam: &[
            "autoscaling:AttachLoadBalancerTargetGroups",
            "autoscaling:AttachLoadBalancers",
            "autoscaling:AttachTrafficSources",
            "autoscaling:CreateAutoScalingGroup",
            "autoscaling:CreateOrUpdateTags",
            "autoscaling:DeleteAutoScalingGroup",
            "autoscaling:DeleteLifecycleHook",
            "autoscaling:DeleteNotificationConfiguration",
            "autoscaling:DeleteTags",
            "autoscaling:DescribeAutoScalingGroups",
            "autoscaling:DescribeInstanceRefreshes",
            "autoscaling:DescribeLifecycleHooks",
            "autoscaling:DescribeNotificationConfigurations",
            "autoscaling:DescribeScalingActivities",
            "autoscaling:DetachLoadBalancerTargetGroups",
            "autoscaling:DetachLoadBalancers",
            "autoscaling:DetachTrafficSources",
            "autoscaling:DisableMetricsCollection",
            "autoscaling:EnableMetricsCollection",
            "autoscaling:PutLifecycleHook",
            "autoscaling:PutNotificationConfiguration",
            "autoscaling:ResumeProcesses",
            "autoscaling:StartInstanceRefresh",
            "autoscaling:SuspendProcesses",
            "autoscaling:UpdateAutoScalingGroup",
            "iam:CreateServiceLinkedRole",
            "iam:PassRole",
        ],
        update_policy: Some(update_policy::check),
        policy_replaces: Some(update_policy::replaces),
        ..Facts::new("AWS::AutoScaling::AutoScalingGroup", "autoscaling")
    };

    /// What is conditionally create-only in the schema changes in place here: instances are replaced, not the group.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        compare::create_only(Self::FACTS.kind, change.changed)
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let number = |name: &str| props[name].as_i64().or_else(|| props[name].as_str()?.parse().ok());
        let (least, most, wanted) = (number("MinSize"), number("MaxSize"), number("DesiredCapacity"));
        if let (Some(least), Some(most)) = (least, most)
            && least > most
        {
            found.push(("MaxSize".to_owned(), format!("it is less than MinSize ({least})")));
        }
        let outside =
            |wanted: i64| least.is_some_and(|least| wanted < least) || most.is_some_and(|most| wanted > most);
        if wanted.is_some_and(outside) {
            found.push(("DesiredCapacity".into(), "it is not between MinSize and MaxSize".into()));
        }
        if props["VPCZoneIdentifier"].is_null()
            && props["AvailabilityZones"].is_null()
            && props["AvailabilityZoneIds"].is_null()
        {
            found.push(("VPCZoneIdentifier".into(), "a group needs subnets or zones".into()));
        }
        found
    }

    fn effects(change: &Change<'_, Props>) -> Vec<String> {
        if change.any(INSTANCES) {
            return vec![
                "instances are replaced in batches if its UpdatePolicy has an AutoScalingRollingUpdate; else those that run \
                 stay as they are until they are replaced"
                    .into(),
            ];
        }
        Vec::new()
    }

    /// Activities that are not done say why no instance comes ("Amazon EC2 Auto Scaling API Reference",
    /// DescribeScalingActivities: the newest first).
    async fn news(
        cx: &Cx<'_>,
        id: &PhysicalId,
        _props: &Props,
        _waited: std::time::Duration,
    ) -> Result<Vec<String>, OpError> {
        let call = cx.sdk.auto_scaling().describe_scaling_activities().auto_scaling_group_name(id.as_str());
        let answer = call.max_records(10).send().await.map_err(op("DescribeScalingActivities"))?;
        let told = |activity: &aws_sdk_autoscaling::types::Activity| {
            let status = activity.status_code()?.as_str();
            let why = activity.status_message().or(activity.description())?;
            (status != "Successful").then(|| format!("{status}: {why}"))
        };
        Ok(answer.activities().iter().filter_map(told).collect())
    }

    /// Scaling moves the size between the bounds.
    fn moved_by_aws(property: &str, _sent: &Json, live: &Json) -> bool {
        property == "DesiredCapacity" && live["DesiredCapacity"].is_string()
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.AutoScalingGroupName.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let call = cx.sdk.auto_scaling().describe_auto_scaling_groups().auto_scaling_group_names(id.as_str());
        let page = call.send().await.map_err(op("DescribeAutoScalingGroups"))?;
        Ok(page.auto_scaling_groups.unwrap_or_default().into_iter().next())
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(
            live.auto_scaling_group_name().unwrap_or_default(),
            live.auto_scaling_group_arn().unwrap_or_default(),
        )
    }

    /// Usable when as many instances serve as are wanted.
    fn state(live: &Self::Live) -> State {
        if live.status().is_some_and(|status| status.starts_with("Delete")) {
            return State::Leaving("being deleted".into());
        }
        let (serve, _) = serving(live);
        let wanted = usize::try_from(live.desired_capacity().unwrap_or_default()).unwrap_or_default();
        if serve >= wanted {
            return State::Ready;
        }
        State::Pending(format!("{serve} of {wanted} instances in service"))
    }

    async fn tags(_cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        let tags = live
            .tags()
            .iter()
            .map(|one| Tag::new(one.key().unwrap_or_default(), one.value().unwrap_or_default()));
        Ok(Some(tags.collect()))
    }

    async fn props(cx: &Cx<'_>, live: Self::Live, own: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let group = live.auto_scaling_group_name().unwrap_or_default().to_owned();
        let propagated = |key: &str| {
            live.tags().iter().any(|one| one.key() == Some(key) && one.propagate_at_launch() == Some(true))
        };
        let tags = own.map(|tags| {
            let turned = tags.iter().map(|one| TagProperty {
                Key: Some(one.key().to_owned()),
                PropagateAtLaunch: Some(propagated(one.key())),
                Value: Some(one.value().to_owned()),
            });
            turned.collect()
        });
        let text = |number: Option<i32>| number.map(|number| number.to_string());
        let zones = live.vpc_zone_identifier().filter(|text| !text.is_empty());
        let mut read = Props {
            Cooldown: text(live.default_cooldown()),
            DesiredCapacity: text(live.desired_capacity()),
            MaxSize: text(live.max_size()),
            MetricsCollection: extras::collected(&live, hint),
            MinSize: text(live.min_size()),
            SkipZonalShiftValidation: hint.SkipZonalShiftValidation,
            Tags: tags,
            VPCZoneIdentifier: zones.map(|text| text.split(',').map(|one| one.trim().to_owned()).collect()),
            ..Props::received(&live)
        };
        if !extras::notifications(hint).is_empty() {
            let mut seen = extras::notified(cx, &group).await?;
            let ours = |one: &NotificationConfiguration| {
                hint.NotificationConfiguration.as_ref().is_some_and(|own| own.TopicARN == one.TopicARN)
            };
            if hint.NotificationConfiguration.is_some() {
                let at = seen.iter().position(ours);
                read.NotificationConfiguration = at.map(|at| seen.remove(at));
            }
            // The order of the kinds means nothing, but the schema does not say so.
            let sent = |one: &NotificationConfiguration| {
                let hinted = extras::notifications(hint).into_iter().find(|own| own.TopicARN == one.TopicARN);
                hinted.and_then(|own| own.NotificationTypes)
            };
            for one in seen.iter_mut().chain(&mut read.NotificationConfiguration) {
                if let Some(order) = sent(one) {
                    let mut sorted = order.clone();
                    sorted.sort();
                    if Some(&sorted) == one.NotificationTypes.as_ref() {
                        one.NotificationTypes = Some(order);
                    }
                }
            }
            read.NotificationConfigurations = hint.NotificationConfigurations.as_ref().map(|_| seen);
        }
        if hint.LifecycleHookSpecificationList.is_some() {
            read.LifecycleHookSpecificationList = Some(extras::hooks(cx, &group).await?);
        }
        if hint.TargetGroupARNs.is_none() {
            read.TargetGroupARNs.take_if(|all| all.is_empty());
        }
        Ok(pruned(read, hint))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateAutoScalingGroup";
        let call = crate::pass!(OP, cx.sdk.auto_scaling().create_auto_scaling_group(), props => {
            set_auto_scaling_group_name: AutoScalingGroupName,
            set_availability_zone_distribution: AvailabilityZoneDistribution,
            set_availability_zone_ids: AvailabilityZoneIds,
            set_availability_zone_impairment_policy: AvailabilityZoneImpairmentPolicy,
            set_availability_zones: AvailabilityZones, set_capacity_rebalance: CapacityRebalance,
            set_capacity_reservation_specification: CapacityReservationSpecification, set_context: Context,
            set_default_instance_warmup: DefaultInstanceWarmup, set_deletion_protection: DeletionProtection,
            set_desired_capacity_type: DesiredCapacityType, set_health_check_grace_period: HealthCheckGracePeriod,
            set_health_check_type: HealthCheckType, set_instance_id: InstanceId,
            set_instance_lifecycle_policy: InstanceLifecyclePolicy,
            set_instance_maintenance_policy: InstanceMaintenancePolicy,
            set_launch_configuration_name: LaunchConfigurationName, set_launch_template: LaunchTemplate,
            set_lifecycle_hook_specification_list: LifecycleHookSpecificationList,
            set_load_balancer_names: LoadBalancerNames, set_max_instance_lifetime: MaxInstanceLifetime,
            set_mixed_instances_policy: MixedInstancesPolicy,
            set_new_instances_protected_from_scale_in: NewInstancesProtectedFromScaleIn,
            set_placement_group: PlacementGroup, set_service_linked_role_arn: ServiceLinkedRoleARN,
            set_skip_zonal_shift_validation: SkipZonalShiftValidation, set_target_group_arns: TargetGroupARNs,
            set_termination_policies: TerminationPolicies, set_traffic_sources: TrafficSources,
        });
        let call = call
            .set_min_size(size(props.MinSize.as_ref()))
            .set_max_size(size(props.MaxSize.as_ref()))
            .set_desired_capacity(size(props.DesiredCapacity.as_ref()))
            .set_default_cooldown(size(props.Cooldown.as_ref()))
            .set_vpc_zone_identifier(props.VPCZoneIdentifier.as_ref().map(|all| all.join(",")))
            .set_tags(Some(all_tags(cx, props)));
        call.send().await.map_err(op(OP))?;
        let id: PhysicalId = name(props).into();
        Ok(Created { attributes: [("Ref".to_owned(), json!(name(props)))].into(), id })
    }

    async fn configure(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        extras::notify(cx, id.as_str(), &[], &extras::notifications(props)).await?;
        extras::collect(cx, id.as_str(), None, props.MetricsCollection.as_ref()).await?;
        Ok(Progress::Done)
    }

    /// Settings first; then, if the update policy says so, the instances are replaced by such as have the new ones.
    async fn update(cx: &Cx<'_>, permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let (old, new) = (change.old, change.new);
        let rolling = Rolling::of(cx.update_policy).filter(|_| change.any(INSTANCES));
        if let (Some(_), Some(rolling)) = (permit.request(), &rolling) {
            // Everything else was set before the instances' replacement began.
            return rolled(cx, permit, id, change, rolling).await;
        }
        settings(cx, change, rolling.is_none()).await?;
        turn_tags(cx, old, new).await?;
        extras::traffic(cx, id.as_str(), old, new).await?;
        if change.any(&["NotificationConfiguration", "NotificationConfigurations"]) {
            let (was, is) = (extras::notifications(old), extras::notifications(new));
            extras::notify(cx, id.as_str(), &was, &is).await?;
        }
        if change.has("MetricsCollection") {
            let (was, is) = (old.MetricsCollection.as_ref(), new.MetricsCollection.as_ref());
            extras::collect(cx, id.as_str(), was, is).await?;
        }
        if change.has("LifecycleHookSpecificationList") {
            let (was, is) =
                (old.LifecycleHookSpecificationList.as_ref(), new.LifecycleHookSpecificationList.as_ref());
            extras::hook(cx, id.as_str(), was, is).await?;
        }
        let Some(rolling) = rolling else { return Ok(Progress::Done) };
        rolled(cx, permit, id, change, &rolling).await
    }

    /// The group is emptied first, so that load balancers drain what it has; then it is deleted.
    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        const OP: &str = "DeleteAutoScalingGroup";
        let Some(live) = look::<Self>(cx, id, props).await? else { return Ok(Progress::Absent) };
        if live.status().is_some_and(|status| status.starts_with("Delete")) {
            return Ok(Progress::Done);
        }
        let left = live.instances();
        if !left.is_empty() || live.desired_capacity() != Some(0) {
            if live.max_size() != Some(0) {
                let call =
                    cx.sdk.auto_scaling().update_auto_scaling_group().auto_scaling_group_name(id.as_str());
                let call = call.min_size(0).max_size(0).desired_capacity(0);
                call.send().await.map_err(op("UpdateAutoScalingGroup"))?;
            }
            // Instances that are protected from scaling in stay: only deleting the group with force ends them.
            let stuck = left.iter().all(|one| one.protected_from_scale_in() == Some(true));
            if left.is_empty() || !stuck {
                return Ok(Progress::Again(format!("draining {} instances", left.len())));
            }
        }
        let force = !left.is_empty();
        let call = cx.sdk.auto_scaling().delete_auto_scaling_group().auto_scaling_group_name(id.as_str());
        call.force_delete(force).send().await.map(|_| Progress::Done).map_err(op(OP))
    }
}
