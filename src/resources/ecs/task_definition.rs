//! `AWS::ECS::TaskDefinition`.

use aws_sdk_ecs::{operation::describe_task_definition::DescribeTaskDefinitionOutput, types};
use serde_json::json;

use super::{
    container::{ContainerDefinition, KeyValuePair},
    tags,
    volume::Volume,
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, Ownership, PhysicalId, Tag},
    resources::{
        Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType,
        mirror::{pruned, received, sent},
    },
};

crate::props! {
    /// The properties of a task definition.
    pub struct Props {
        ContainerDefinitions: Vec<ContainerDefinition>, Cpu: String, EnableFaultInjection: bool,
        EphemeralStorage: EphemeralStorage, ExecutionRoleArn: String, Family: String,
        IpcMode: String, Memory: String, NetworkMode: String,
        PidMode: String, PlacementConstraints: Vec<PlacementConstraint>, ProxyConfiguration: ProxyConfiguration,
        RequiresCompatibilities: Vec<String>, RuntimePlatform: RuntimePlatform, Tags: Vec<Tag>,
        TaskRoleArn: String, Volumes: Vec<Volume>,
    }
}

crate::words!(
    types::Compatibility,
    types::CpuArchitecture,
    types::OsFamily,
    types::ProxyConfigurationType,
    types::TaskDefinitionPlacementConstraintType,
);

crate::mirrored! {
    /// Storage that goes with the task.
    pub struct EphemeralStorage: types::EphemeralStorage = types::EphemeralStorage::builder().build() => {
        SizeInGiB/size_in_gib: i32,
    }
    /// Where tasks may be placed.
    pub struct PlacementConstraint: types::TaskDefinitionPlacementConstraint
        = types::TaskDefinitionPlacementConstraint::builder().build() => { Expression/expression: String, Type/r#type: String }
    /// The App Mesh proxy.
    pub struct ProxyConfiguration: types::ProxyConfiguration = types::ProxyConfiguration::builder()
        .container_name("").build()? => {
        ContainerName/container_name: String, ProxyConfigurationProperties/properties: Vec<KeyValuePair>,
        Type/r#type: String,
    }
    /// Processor and operating system.
    pub struct RuntimePlatform: types::RuntimePlatform = types::RuntimePlatform::builder().build() => {
        CpuArchitecture/cpu_architecture: String, OperatingSystemFamily/operating_system_family: String,
    }
}

/// How many of a family's latest revisions `find` looks at. One of ours is among the very last: it was
/// registered by the run that is being recovered.
const LOOK_BACK: i32 = 20;

/// A revision of a family of task definitions.
pub struct TaskDefinition;

fn outputs(arn: &str) -> Attributes {
    Attributes::from([("Ref".into(), json!(arn)), ("TaskDefinitionArn".into(), json!(arn))])
}

/// A revision by its ARN, or a family's latest active one by its name. Deleted ones are not there.
async fn look(cx: &Cx<'_>, name: &str) -> Result<Option<DescribeTaskDefinitionOutput>, OpError> {
    if let Some(live) = cx.shelved(name) {
        return Ok(Some(live));
    }
    let call = cx.sdk.ecs().describe_task_definition().task_definition(name);
    let call = call.include(types::TaskDefinitionField::Tags);
    match call.send().await.map_err(op("DescribeTaskDefinition")) {
        // AWS words a missing one so: "Unable to describe task definition."
        Err(error) if error.is(&["ClientException"]) => Ok(None),
        answer => {
            let answer = answer?;
            let status = answer.task_definition().and_then(types::TaskDefinition::status);
            let live = (status != Some(&types::TaskDefinitionStatus::DeleteInProgress)).then_some(answer);
            live.iter().for_each(|live| cx.shelve(name, live));
            Ok(live)
        }
    }
}

fn arn(answer: &DescribeTaskDefinitionOutput) -> &str {
    answer.task_definition().and_then(types::TaskDefinition::task_definition_arn).unwrap_or_default()
}

fn ours(cx: &Cx<'_>, answer: &DescribeTaskDefinitionOutput) -> Option<Found> {
    let owned = cx.owns(tags::pairs(answer.tags())) == Ownership::Ours;
    let arn = arn(answer);
    owned.then(|| Found { id: arn.into(), attributes: outputs(arn), ownership: Ownership::Ours })
}

impl ResourceType for TaskDefinition {
    type Props = Props;

    const FACTS: Facts = Facts {
        // The family is a name that many revisions share: what tells them apart are the tags.
        identity: Identity::Tag,
        name: Some(NameRule { property: "Family", max: 255, lower: false, separator: '-' }),
        early: &["Ref", "TaskDefinitionArn"],
        absent: &["TASK_DEFINITION_NOT_FOUND"],
        iam: &[
            "ecs:DeleteTaskDefinitions",
            "ecs:DeregisterTaskDefinition",
            "ecs:DescribeTaskDefinition",
            "ecs:ListTaskDefinitions",
            "ecs:RegisterTaskDefinition",
            "ecs:TagResource",
            "ecs:UntagResource",
            "iam:PassRole",
        ],
        refused: &[(
            "InferenceAccelerators",
            "AWS has ended Elastic Inference and offers no such devices any more",
        )],
        // RegisterTaskDefinition: every call adds a revision to the family, which is no exclusive name.
        once: Some(&[]),
        // "The short name or full ARN" (Amazon ECS API Reference, RegisterTaskDefinition).
        roles_by_name: &["ExecutionRoleArn", "TaskRoleArn"],
        ..Facts::new("AWS::ECS::TaskDefinition", "ecs")
    };

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        // Nearly always the latest revision is ours: one call.
        let Some(family) = &props.Family else { return Ok(None) };
        let Some(latest) = look(cx, family).await? else { return Ok(None) };
        match ours(cx, &latest) {
            Some(found) => Ok(Some(found)),
            None => Ok(Self::find_all(cx, props).await?.into_iter().next()),
        }
    }

    async fn find_all(cx: &Cx<'_>, props: &Props) -> Result<Vec<Found>, OpError> {
        let Some(family) = &props.Family else { return Ok(Vec::new()) };
        let call = cx
            .sdk
            .ecs()
            .list_task_definitions()
            .family_prefix(family)
            .status(types::TaskDefinitionStatus::Active)
            .sort(types::SortOrder::Desc)
            .max_results(LOOK_BACK);
        let answer = call.send().await.map_err(op("ListTaskDefinitions"))?;
        let mut found = Vec::new();
        for revision in answer.task_definition_arns() {
            // Revisions of others do not stand in the way: registering adds one.
            found.extend(look(cx, revision).await?.and_then(|answer| ours(cx, &answer)));
        }
        Ok(found)
    }

    async fn ownership(cx: &Cx<'_>, id: &PhysicalId, _props: &Props) -> Result<Option<Ownership>, OpError> {
        let Some(answer) = look(cx, id.as_str()).await? else { return Ok(None) };
        let status = answer.task_definition().and_then(types::TaskDefinition::status);
        let whose = cx.owns(tags::pairs(answer.tags()));
        Ok((status == Some(&types::TaskDefinitionStatus::Active)).then_some(whose))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(match (look(cx, id.as_str()).await?, goal) {
            (Some(_), Goal::Ready) => Probe::Reached(outputs(id.as_str())),
            (Some(_), Goal::Gone) => Probe::Pending("present".into()),
            (None, Goal::Ready) => Probe::Pending("not visible yet".into()),
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(answer) = look(cx, id.as_str()).await? else { return Ok(None) };
        let Some(live) = answer.task_definition() else { return Ok(None) };
        if live.status() == Some(&types::TaskDefinitionStatus::Inactive) {
            return Ok(None);
        }
        let props = Props {
            ContainerDefinitions: received(live.container_definitions.as_ref()),
            Cpu: live.cpu.clone(),
            EnableFaultInjection: live.enable_fault_injection,
            EphemeralStorage: received(live.ephemeral_storage.as_ref()),
            ExecutionRoleArn: live.execution_role_arn.clone(),
            Family: live.family.clone(),
            IpcMode: live.ipc_mode.as_ref().map(|mode| mode.as_str().to_owned()),
            Memory: live.memory.clone(),
            NetworkMode: live.network_mode.as_ref().map(|mode| mode.as_str().to_owned()),
            PidMode: live.pid_mode.as_ref().map(|mode| mode.as_str().to_owned()),
            PlacementConstraints: received(live.placement_constraints.as_ref()),
            ProxyConfiguration: received(live.proxy_configuration.as_ref()),
            RequiresCompatibilities: received(live.requires_compatibilities.as_ref()),
            RuntimePlatform: received(live.runtime_platform.as_ref()),
            Tags: cx.own_tags(tags::pairs(answer.tags())),
            TaskRoleArn: live.task_role_arn.clone(),
            Volumes: received(live.volumes.as_ref()),
        };
        Ok(Some(pruned(props, hint)))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "RegisterTaskDefinition";
        let call = cx
            .sdk
            .ecs()
            .register_task_definition()
            .set_family(props.Family.clone())
            .set_task_role_arn(props.TaskRoleArn.clone())
            .set_execution_role_arn(props.ExecutionRoleArn.clone())
            .set_network_mode(props.NetworkMode.as_deref().map(Into::into))
            .set_container_definitions(sent(OP, props.ContainerDefinitions.as_ref())?)
            .set_volumes(sent(OP, props.Volumes.as_ref())?)
            .set_placement_constraints(sent(OP, props.PlacementConstraints.as_ref())?)
            .set_requires_compatibilities(sent(OP, props.RequiresCompatibilities.as_ref())?)
            .set_cpu(props.Cpu.clone())
            .set_memory(props.Memory.clone())
            .set_pid_mode(props.PidMode.as_deref().map(Into::into))
            .set_ipc_mode(props.IpcMode.as_deref().map(Into::into))
            .set_proxy_configuration(sent(OP, props.ProxyConfiguration.as_ref())?)
            .set_ephemeral_storage(sent(OP, props.EphemeralStorage.as_ref())?)
            .set_runtime_platform(sent(OP, props.RuntimePlatform.as_ref())?)
            .set_enable_fault_injection(props.EnableFaultInjection)
            .set_tags(tags::sdk(cx.tags(props.Tags.as_ref())));
        let answer = call.send().await.map_err(op(OP))?;
        let arn = answer.task_definition().and_then(types::TaskDefinition::task_definition_arn);
        let arn = arn.ok_or_else(|| OpError::missing(OP, "the task definition's ARN"))?;
        Ok(Created { id: arn.into(), attributes: outputs(arn) })
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        // Everything but the tags makes a new revision.
        tags::update(cx, id.as_str(), change, |props| props.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        const DELETE: &str = "DeleteTaskDefinitions";
        let Some(answer) = look(cx, id.as_str()).await? else { return Ok(Progress::Absent) };
        if answer.task_definition().and_then(types::TaskDefinition::status)
            == Some(&types::TaskDefinitionStatus::Active)
        {
            let call = cx.sdk.ecs().deregister_task_definition().task_definition(id.as_str());
            call.send().await.map_err(op("DeregisterTaskDefinition"))?;
            return Ok(Progress::Again("deregistered, to be deleted".into()));
        }
        let call = cx.sdk.ecs().delete_task_definitions().task_definitions(id.as_str());
        let answer = call.send().await.map_err(op(DELETE))?;
        match answer.failures().first() {
            Some(failure) => Err(OpError {
                operation: DELETE.into(),
                code: failure.reason().map(Into::into),
                message: failure.detail().unwrap_or("the task definition was not deleted").into(),
                request_id: None,
                certainty: crate::aws::Certainty::Rejected,
                barrier: None,
            }),
            _ => Ok(Progress::Done),
        }
    }
}
