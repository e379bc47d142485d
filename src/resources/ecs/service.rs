//! `AWS::ECS::Service`.

use aws_sdk_ecs::types;
use serde_json::{Value as Json, json};

use super::{
    connect::{
        LoadBalancer, Monitoring, ServiceConnectConfiguration, ServiceRegistry, VpcLatticeConfiguration,
    },
    deployment::{
        CapacityProviderStrategyItem, DeploymentConfiguration, DeploymentController, NetworkConfiguration,
        PlacementConstraint, PlacementStrategy,
    },
    steady::{Steadiness, judge},
    tags,
    volume::ServiceVolumeConfiguration,
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{
        Attributes, Facts, Identity, NameRule, Once, Ownership, PhysicalId, Retry, Settles, Tag, WaitPolicy,
    },
    resources::{
        Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare,
        mirror::{Mirror, pruned, received, sent},
    },
};

crate::props! {
    /// The properties of a service.
    pub struct Props {
        AvailabilityZoneRebalancing: String, CapacityProviderStrategy: Vec<CapacityProviderStrategyItem>,
        Cluster: String, DeploymentConfiguration: DeploymentConfiguration,
        DeploymentController: DeploymentController, DesiredCount: i32, EnableECSManagedTags: bool,
        EnableExecuteCommand: bool, ForceNewDeployment: ForceNewDeployment, HealthCheckGracePeriodSeconds: i32,
        LaunchType: String, LoadBalancers: Vec<LoadBalancer>, Monitoring: Monitoring,
        NetworkConfiguration: NetworkConfiguration, PlacementConstraints: Vec<PlacementConstraint>,
        PlacementStrategies: Vec<PlacementStrategy>, PlatformVersion: String, PropagateTags: String, Role: String,
        SchedulingStrategy: String, ServiceConnectConfiguration: ServiceConnectConfiguration, ServiceName: String,
        ServiceRegistries: Vec<ServiceRegistry>, Tags: Vec<Tag>, TaskDefinition: String,
        VolumeConfigurations: Vec<ServiceVolumeConfiguration>,
        VpcLatticeConfigurations: Vec<VpcLatticeConfiguration>,
    }
    /// A change of it starts all tasks anew.
    pub struct ForceNewDeployment { EnableForceNewDeployment: bool, ForceNewDeploymentNonce: String }
}

/// Tasks that are kept running.
pub struct Service;

/// The cluster and the service's name: both are in the ARN (`service/cluster/name`); the old short form has
/// only the name.
fn place<'a>(id: &'a PhysicalId, props: &'a Props) -> (Option<&'a str>, &'a str) {
    let path = id.as_str().rsplit(':').next().unwrap_or_default();
    let mut parts = path.split('/').skip(1);
    match (parts.next(), parts.next()) {
        (Some(cluster), Some(name)) => (Some(cluster), name),
        (Some(name), None) => (props.Cluster.as_deref(), name),
        _ => (props.Cluster.as_deref(), id.as_str()),
    }
}

fn outputs(live: &types::Service) -> Attributes {
    Attributes::from([
        ("Ref".into(), json!(live.service_arn())),
        ("ServiceArn".into(), json!(live.service_arn())),
        ("Name".into(), json!(live.service_name())),
    ])
}

/// The service, unless it is deleted; deleted services stay visible for a while as `INACTIVE`.
async fn look(cx: &Cx<'_>, cluster: Option<&str>, name: &str) -> Result<Option<types::Service>, OpError> {
    let handle = format!("{}|{name}", cluster.unwrap_or_default());
    if let Some(live) = cx.shelved(&handle) {
        return Ok(Some(live));
    }
    let call = cx.sdk.ecs().describe_services().services(name).include(types::ServiceField::Tags);
    let call = call.set_cluster(cluster.map(Into::into));
    match call.send().await.map_err(op("DescribeServices")) {
        Err(error) if error.is(&["ClusterNotFoundException"]) => Ok(None),
        answer => {
            let live = answer?.services.unwrap_or_default().into_iter().next();
            let live = live.filter(|service| service.status() != Some("INACTIVE"));
            live.iter().for_each(|live| cx.shelve(&handle, live));
            Ok(live)
        }
    }
}

/// Answers hold ARNs where names may have been sent: a name that ends the ARN is the same.
fn as_sent(live: Option<String>, sent: Option<&String>) -> Option<String> {
    match (live, sent) {
        (Some(live), Some(sent))
            if !sent.starts_with("arn:") && {
                let last = live.rsplit('/').next().unwrap_or_default();
                last == sent || last.split(':').next() == Some(sent.as_str())
            } =>
        {
            Some(sent.clone())
        }
        (live, _) => live,
    }
}

/// What `UpdateService` sends for a list: the new one, and an empty one when it left the template.
fn list<P: Mirror<S> + Clone, S>(
    change: &Change<'_, Props>,
    property: &str,
    new: Option<&Vec<P>>,
) -> Result<Option<Vec<S>>, OpError> {
    if !change.has(property) {
        return Ok(None);
    }
    sent("UpdateService", Some(&new.cloned().unwrap_or_default()))
}

/// What `UpdateService` sends for a scalar: the new value, and AWS's default when it left the template.
fn scalar<T: Clone>(
    change: &Change<'_, Props>,
    property: &str,
    new: Option<&T>,
    default: Option<T>,
) -> Option<T> {
    if change.has(property) { new.cloned().or(default) } else { None }
}

impl ResourceType for Service {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "ServiceName", max: 255, lower: false, separator: '-' }),
        early: &["Ref", "Name", "ServiceArn"],
        ready: Some(WaitPolicy::secs(150, 10, 2_400)),
        settles: Some(Settles {
            works: Some(("the tasks of its new deployment run", std::time::Duration::from_secs(60))),
            steady: "its deployment is complete",
        }),
        gone: Some(WaitPolicy::secs(15, 5, 1_200)),
        retry: &[
            Retry {
                code: "InvalidParameterException",
                message: "does not have an associated load balancer",
                why: "no listener uses the target group yet",
            },
            Retry {
                code: "InvalidParameterException",
                message: "service linked role",
                why: "the service-linked role of ECS is not usable yet",
            },
            Retry {
                code: "InvalidParameterException",
                message: "Unable to Start a service that is still Draining",
                why: "the former service of that name is still draining",
            },
            Retry {
                code: "InvalidParameterException",
                message: "assume",
                why: "a role of the service or its tasks is not usable yet",
            },
            Retry {
                code: "ClientException",
                message: "assume",
                why: "a role of the service or its tasks is not usable yet",
            },
        ],
        retry_delete: &[Retry {
            code: "InvalidParameterException",
            message: "cannot be stopped while",
            why: "the service is still scaling down",
        }],
        absent: &["ClusterNotFoundException", "ServiceNotActiveException", "ServiceNotFoundException"],
        iam: &[
            "ecs:CreateService",
            "ecs:DeleteService",
            "ecs:DescribeServices",
            "ecs:DescribeTaskDefinition",
            "ecs:TagResource",
            "ecs:UntagResource",
            "ecs:UpdateService",
            "iam:CreateServiceLinkedRole",
            "iam:PassRole",
        ],
        refused: &[(
            "GatewayConnectors",
            "AWS shows them in service revisions only, which migrate does not read, so it could not see a change",
        )],
        // The waiter of the SDKs, ServicesStable, looks at once after UpdateService too: the answer of the call has the new
        // deployment already.
        authoritative: true,
        // A service that drains stops its tasks by itself. It takes no new requests, so nothing has to lead to it any more,
        // and pulls no more images. Its target groups, roles, log groups and databases stay until its tasks have ended:
        // they finish requests with them.
        frees_early: &[
            "AWS::EC2::NatGateway",
            "AWS::EC2::Route",
            "AWS::EC2::SubnetRouteTableAssociation",
            "AWS::EC2::VPCEndpoint",
            "AWS::ElasticLoadBalancingV2::Listener",
            "AWS::ElasticLoadBalancingV2::ListenerRule",
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
        ],
        // CreateService: the name is unique within a cluster, and cannot be used while the old service drains.
        once: Some(&[Once::Together(&["ServiceName", "Cluster"])]),
        leaves_interfaces: Some(std::time::Duration::from_secs(12 * 60)),
        // "The name or full Amazon Resource Name (ARN) of the IAM role" (Amazon ECS API Reference, CreateService, `role`).
        roles_by_name: &["Role"],
        ..Facts::new("AWS::ECS::Service", "ecs")
    };

    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut replacing = compare::create_only(Self::FACTS.kind, change.changed);
        // A service moves from a launch type to capacity providers in place; nothing else changes a launch type.
        if change.has("LaunchType") && change.new.CapacityProviderStrategy.is_none() {
            replacing.push("LaunchType".into());
        }
        replacing
    }

    /// A service goes to make room for another one only if that one could run its tasks.
    async fn foresee(cx: &Cx<'_>, props: &Json) -> Result<Vec<(String, String)>, OpError> {
        let Some(name) = props["TaskDefinition"].as_str() else { return Ok(Vec::new()) };
        let call = cx.sdk.ecs().describe_task_definition().task_definition(name);
        let problem = match call.send().await.map_err(op("DescribeTaskDefinition")) {
            Err(error) if error.is(&["ClientException"]) => {
                Some("there is no such task definition".to_owned())
            }
            answer => answer?.task_definition().and_then(|definition| {
                let kind = props["LaunchType"].as_str();
                let runs = kind
                    .is_none_or(|kind| definition.compatibilities().iter().any(|fits| fits.as_str() == kind));
                if definition.status() != Some(&aws_sdk_ecs::types::TaskDefinitionStatus::Active) {
                    Some("the task definition is not active".to_owned())
                } else if !runs {
                    Some(format!(
                        "the task definition does not support launch type {}",
                        kind.unwrap_or_default()
                    ))
                } else {
                    None
                }
            }),
        };
        Ok(problem.map(|why| ("TaskDefinition".to_owned(), format!("{name}: {why}"))).into_iter().collect())
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(name) = &props.ServiceName else { return Ok(None) };
        let live = look(cx, props.Cluster.as_deref(), name).await?;
        let live = live.filter(|service| service.status() == Some("ACTIVE"));
        Ok(live.map(|live| Found {
            id: live.service_arn().unwrap_or_default().into(),
            attributes: outputs(&live),
            ownership: cx.owns(tags::pairs(live.tags())),
        }))
    }

    async fn ownership(cx: &Cx<'_>, id: &PhysicalId, props: &Props) -> Result<Option<Ownership>, OpError> {
        let (cluster, name) = place(id, props);
        // One that drains is on its way out already.
        let live = look(cx, cluster, name).await?.filter(|service| service.status() == Some("ACTIVE"));
        Ok(live.map(|live| cx.owns(tags::pairs(live.tags()))))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let (cluster, name) = place(id, props);
        Ok(match (look(cx, cluster, name).await?, goal) {
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
            (None, Goal::Ready) => Probe::Pending("not visible yet".into()),
            (Some(live), Goal::Gone) => Probe::Pending(live.status().unwrap_or("unknown").to_owned()),
            (Some(live), Goal::Ready) => match judge(&live, props.TaskDefinition.as_deref()) {
                Steadiness::Steady => Probe::Reached(outputs(&live)),
                Steadiness::Moving(how) => Probe::Pending(how),
                Steadiness::Working(how) => Probe::Works(how),
                Steadiness::Failed(why) => Probe::Failed(why),
            },
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let (cluster, name) = place(id, hint);
        let Some(live) = look(cx, cluster, name).await? else { return Ok(None) };
        let lattice = live.deployments().iter().find(|d| d.status() == Some("PRIMARY"));
        let lattice = received(lattice.and_then(|d| d.vpc_lattice_configurations.as_ref()));
        let props = Props {
            AvailabilityZoneRebalancing: live.availability_zone_rebalancing.map(|v| v.as_str().to_owned()),
            CapacityProviderStrategy: received(live.capacity_provider_strategy.as_ref()),
            Cluster: as_sent(live.cluster_arn, hint.Cluster.as_ref()),
            DeploymentConfiguration: received(live.deployment_configuration.as_ref()),
            DeploymentController: received(live.deployment_controller.as_ref()),
            // Auto scaling moves the count; that is its work, not drift. Only the template's own change counts.
            DesiredCount: hint.DesiredCount.or(Some(live.desired_count)),
            EnableECSManagedTags: Some(live.enable_ecs_managed_tags),
            EnableExecuteCommand: Some(live.enable_execute_command),
            ForceNewDeployment: None,
            HealthCheckGracePeriodSeconds: live.health_check_grace_period_seconds,
            LaunchType: live.launch_type.map(|v| v.as_str().to_owned()),
            LoadBalancers: received(live.load_balancers.as_ref()),
            Monitoring: None,
            NetworkConfiguration: received(live.network_configuration.as_ref()),
            PlacementConstraints: received(live.placement_constraints.as_ref()),
            PlacementStrategies: received(live.placement_strategy.as_ref()),
            PlatformVersion: live.platform_version,
            PropagateTags: live.propagate_tags.map(|v| v.as_str().to_owned()),
            Role: as_sent(live.role_arn, hint.Role.as_ref()),
            SchedulingStrategy: live.scheduling_strategy.map(|v| v.as_str().to_owned()),
            ServiceConnectConfiguration: None,
            ServiceName: live.service_name,
            ServiceRegistries: received(live.service_registries.as_ref()),
            Tags: cx.own_tags(tags::pairs(live.tags.as_deref().unwrap_or_default())),
            TaskDefinition: as_sent(live.task_definition, hint.TaskDefinition.as_ref()),
            VolumeConfigurations: None,
            VpcLatticeConfigurations: lattice,
        };
        Ok(Some(pruned(props, hint)))
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateService";
        let daemon = props.SchedulingStrategy.as_deref() == Some("DAEMON");
        let call = cx
            .sdk
            .ecs()
            .create_service()
            .client_token(permit.token())
            .set_cluster(props.Cluster.clone())
            .set_service_name(props.ServiceName.clone())
            .set_task_definition(props.TaskDefinition.clone())
            .set_availability_zone_rebalancing(props.AvailabilityZoneRebalancing.as_deref().map(Into::into))
            .set_load_balancers(sent(OP, props.LoadBalancers.as_ref())?)
            .set_service_registries(sent(OP, props.ServiceRegistries.as_ref())?)
            // CloudFormation's default where the API has none.
            .set_desired_count(props.DesiredCount.or((!daemon).then_some(1)))
            .set_launch_type(props.LaunchType.as_deref().map(Into::into))
            .set_capacity_provider_strategy(sent(OP, props.CapacityProviderStrategy.as_ref())?)
            .set_platform_version(props.PlatformVersion.clone())
            .set_role(props.Role.clone())
            .set_deployment_configuration(sent(OP, props.DeploymentConfiguration.as_ref())?)
            .set_placement_constraints(sent(OP, props.PlacementConstraints.as_ref())?)
            .set_placement_strategy(sent(OP, props.PlacementStrategies.as_ref())?)
            .set_network_configuration(sent(OP, props.NetworkConfiguration.as_ref())?)
            .set_health_check_grace_period_seconds(props.HealthCheckGracePeriodSeconds)
            .set_scheduling_strategy(props.SchedulingStrategy.as_deref().map(Into::into))
            .set_deployment_controller(sent(OP, props.DeploymentController.as_ref())?)
            .set_enable_ecs_managed_tags(props.EnableECSManagedTags)
            .set_propagate_tags(props.PropagateTags.as_deref().map(Into::into))
            .set_enable_execute_command(props.EnableExecuteCommand)
            .set_service_connect_configuration(sent(OP, props.ServiceConnectConfiguration.as_ref())?)
            .set_volume_configurations(sent(OP, props.VolumeConfigurations.as_ref())?)
            .set_vpc_lattice_configurations(sent(OP, props.VpcLatticeConfigurations.as_ref())?)
            .set_monitoring(sent(OP, props.Monitoring.as_ref())?)
            .set_tags(tags::sdk(cx.tags(props.Tags.as_ref())));
        let live =
            call.send().await.map_err(op(OP))?.service.ok_or_else(|| OpError::missing(OP, "the service"))?;
        let arn = live.service_arn().ok_or_else(|| OpError::missing(OP, "the service's ARN"))?;
        Ok(Created { id: arn.into(), attributes: outputs(&live) })
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        const OP: &str = "UpdateService";
        let new = change.new;
        // A launch type left the template together with capacity providers coming in: the strategy says it all.
        let moved = change.changed.iter().any(|name| name != "Tags" && name != "LaunchType");
        if moved {
            let (cluster, name) = place(id, new);
            let has = |property: &str| change.has(property);
            let force = has("ForceNewDeployment")
                && new.ForceNewDeployment.as_ref().is_some_and(|f| f.EnableForceNewDeployment == Some(true));
            let off = types::ServiceConnectConfiguration::builder().enabled(false).build();
            let connect = match (has("ServiceConnectConfiguration"), &new.ServiceConnectConfiguration) {
                (false, _) => None,
                (true, None) => Some(off),
                (true, wanted) => sent(OP, wanted.as_ref())?,
            };
            let on = |property: &str| has(property).then_some(());
            let call = cx
                .sdk
                .ecs()
                .update_service()
                .set_cluster(cluster.map(Into::into))
                .service(name)
                // A launch type's count belongs to auto scaling unless the template itself changed it.
                .set_desired_count(scalar(change, "DesiredCount", new.DesiredCount.as_ref(), None))
                .set_task_definition(scalar(change, "TaskDefinition", new.TaskDefinition.as_ref(), None))
                .set_capacity_provider_strategy(list(
                    change,
                    "CapacityProviderStrategy",
                    new.CapacityProviderStrategy.as_ref(),
                )?)
                .set_deployment_configuration(sent(
                    OP,
                    on("DeploymentConfiguration").and(new.DeploymentConfiguration.as_ref()),
                )?)
                .set_availability_zone_rebalancing(
                    scalar(
                        change,
                        "AvailabilityZoneRebalancing",
                        new.AvailabilityZoneRebalancing.as_ref(),
                        Some("DISABLED".to_owned()),
                    )
                    .map(|word| word.as_str().into()),
                )
                .set_network_configuration(sent(
                    OP,
                    on("NetworkConfiguration").and(new.NetworkConfiguration.as_ref()),
                )?)
                .set_placement_constraints(list(
                    change,
                    "PlacementConstraints",
                    new.PlacementConstraints.as_ref(),
                )?)
                .set_placement_strategy(list(
                    change,
                    "PlacementStrategies",
                    new.PlacementStrategies.as_ref(),
                )?)
                .set_platform_version(scalar(
                    change,
                    "PlatformVersion",
                    new.PlatformVersion.as_ref(),
                    Some("LATEST".to_owned()),
                ))
                .set_force_new_deployment(force.then_some(true))
                .set_health_check_grace_period_seconds(scalar(
                    change,
                    "HealthCheckGracePeriodSeconds",
                    new.HealthCheckGracePeriodSeconds.as_ref(),
                    Some(0),
                ))
                .set_deployment_controller(sent(
                    OP,
                    on("DeploymentController").and(new.DeploymentController.as_ref()),
                )?)
                .set_enable_execute_command(scalar(
                    change,
                    "EnableExecuteCommand",
                    new.EnableExecuteCommand.as_ref(),
                    Some(false),
                ))
                .set_enable_ecs_managed_tags(scalar(
                    change,
                    "EnableECSManagedTags",
                    new.EnableECSManagedTags.as_ref(),
                    Some(false),
                ))
                .set_load_balancers(list(change, "LoadBalancers", new.LoadBalancers.as_ref())?)
                .set_propagate_tags(
                    scalar(change, "PropagateTags", new.PropagateTags.as_ref(), Some("NONE".to_owned()))
                        .map(|word| word.as_str().into()),
                )
                .set_service_registries(list(change, "ServiceRegistries", new.ServiceRegistries.as_ref())?)
                .set_service_connect_configuration(connect)
                .set_volume_configurations(list(
                    change,
                    "VolumeConfigurations",
                    new.VolumeConfigurations.as_ref(),
                )?)
                .set_vpc_lattice_configurations(list(
                    change,
                    "VpcLatticeConfigurations",
                    new.VpcLatticeConfigurations.as_ref(),
                )?)
                .set_monitoring(sent(OP, on("Monitoring").and(new.Monitoring.as_ref()))?);
            call.send().await.map_err(op(OP))?;
        }
        tags::update(cx, id.as_str(), change, |props| props.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        let (cluster, name) = place(id, props);
        let Some(live) = look(cx, cluster, name).await? else { return Ok(Progress::Absent) };
        match live.status() {
            Some("ACTIVE") => {}
            // ECS shows a deleted service for a while.
            Some("INACTIVE") => return Ok(Progress::Absent),
            _ => return Ok(Progress::Done),
        }
        // Daemons have no count; deployments of other controllers only go by force.
        let replica = live.scheduling_strategy() != Some(&types::SchedulingStrategy::Daemon)
            && live
                .deployment_controller()
                .is_none_or(|c| *c.r#type() == types::DeploymentControllerType::Ecs);
        if replica && live.desired_count() > 0 {
            let call = cx.sdk.ecs().update_service().set_cluster(cluster.map(Into::into)).service(name);
            call.desired_count(0).send().await.map_err(op("UpdateService"))?;
            return Ok(Progress::Again(format!(
                "stopping {} tasks",
                live.running_count() + live.pending_count()
            )));
        }
        if replica && live.running_count() + live.pending_count() > 0 {
            return Ok(Progress::Again(format!(
                "draining {} tasks",
                live.running_count() + live.pending_count()
            )));
        }
        let call = cx.sdk.ecs().delete_service().set_cluster(cluster.map(Into::into)).service(name);
        call.force(!replica).send().await.map(|_| Progress::Done).map_err(op("DeleteService"))
    }
}
