//! `AWS::ApplicationAutoScaling::ScalableTarget`.

use aws_sdk_applicationautoscaling::types;
use serde_json::Value as Json;

use super::{
    scheduled::{self, Place, ScheduledAction},
    tags::Tags,
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, Identity, OnConflict, PhysicalId, Retry, Tag},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, compare,
        described::{alike, look},
        mirror::pruned,
        tags::{Tagging, to_map},
    },
};

crate::words!(types::ScalableDimension, types::ServiceNamespace);

crate::mirrored! {
    /// The properties of a scalable target. AWS answers with the service-linked role whatever `RoleARN` was sent.
    pub struct Props <= types::ScalableTarget {
        MaxCapacity/max_capacity: i32, MinCapacity/min_capacity: i32, ResourceId/resource_id: String,
        RoleARN: String, ScalableDimension/scalable_dimension: String, ScheduledActions: Vec<ScheduledAction>,
        ServiceNamespace/service_namespace: String, SuspendedState/suspended_state: SuspendedState, Tags: Vec<Tag>,
    }
    /// What is suspended.
    pub struct SuspendedState: types::SuspendedState = types::SuspendedState::builder().build() => {
        DynamicScalingInSuspended/dynamic_scaling_in_suspended: bool,
        DynamicScalingOutSuspended/dynamic_scaling_out_suspended: bool,
        ScheduledScalingSuspended/scheduled_scaling_suspended: bool,
    }
}

/// A resource whose capacity may be scaled within bounds.
pub struct ScalableTarget;

fn place(props: &Props) -> Option<Place> {
    Some(Place {
        resource: props.ResourceId.clone()?,
        dimension: props.ScalableDimension.clone()?,
        namespace: props.ServiceNamespace.clone()?,
    })
}

fn parsed(id: &PhysicalId) -> Result<Place, OpError> {
    Place::parse(id.as_str())
        .ok_or_else(|| OpError::not_sent("DescribeScalableTargets", format!("odd id {id}")))
}

fn object(id: &str) -> Created {
    Created { id: id.into(), attributes: alike(&["Ref", "Id"], id) }
}

async fn register(cx: &Cx<'_>, props: &Props, tags: Option<Vec<Tag>>) -> Result<(), OpError> {
    const OP: &str = "RegisterScalableTarget";
    let call = crate::pass!(OP, cx.sdk.autoscaling().register_scalable_target(), props => {
        set_service_namespace: ServiceNamespace, set_resource_id: ResourceId,
        set_scalable_dimension: ScalableDimension, set_min_capacity: MinCapacity,
        set_max_capacity: MaxCapacity, set_role_arn: RoleARN, set_suspended_state: SuspendedState,
    });
    let call = call.set_tags(tags.map(to_map));
    call.send().await.map_err(op(OP))?;
    Ok(())
}

impl Described for ScalableTarget {
    type Props = Props;
    type Live = types::ScalableTarget;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        on_conflict: OnConflict::Overwrites,
        configures: true,
        early: &["Ref", "Id"],
        retry: &[
            Retry {
                code: "ValidationException",
                message: "service doesn't exist",
                why: "the service is not visible to auto scaling yet",
            },
            Retry {
                code: "ValidationException",
                message: "assume",
                why: "the role of auto scaling is not usable yet",
            },
            Retry {
                code: "ConcurrentUpdateException",
                message: "",
                why: "another update of the target is under way",
            },
        ],
        retry_delete: &[Retry {
            code: "ConcurrentUpdateException",
            message: "",
            why: "another update of the target is under way",
        }],
        absent: &["ObjectNotFoundException", "ResourceNotFoundException"],
        iam: &[
            "application-autoscaling:DeleteScheduledAction",
            "application-autoscaling:DeregisterScalableTarget",
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScheduledActions",
            "application-autoscaling:ListTagsForResource",
            "application-autoscaling:PutScheduledAction",
            "application-autoscaling:RegisterScalableTarget",
            "application-autoscaling:TagResource",
            "application-autoscaling:UntagResource",
            "iam:CreateServiceLinkedRole",
            "iam:PassRole",
        ],
        ..Facts::new("AWS::ApplicationAutoScaling::ScalableTarget", "application-autoscaling")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        if property != "ScheduledActions" {
            return compare::same(Self::FACTS.kind, property, desired, recorded);
        }
        let normal = |value: &Json| -> Json {
            let Ok(mut actions) = serde_json::from_value::<Vec<ScheduledAction>>(value.clone()) else {
                return value.clone();
            };
            scheduled::normal(&mut actions);
            serde_json::to_value(actions).unwrap_or_default()
        };
        compare::same(Self::FACTS.kind, property, &normal(desired), &normal(recorded))
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        place(props).map(|place| place.id().into())
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let place = parsed(id)?;
        let call = cx.sdk.autoscaling().describe_scalable_targets().resource_ids(&place.resource);
        let call = call.service_namespace(place.namespace.as_str().into());
        let call = call.scalable_dimension(place.dimension.as_str().into());
        let answer = call.send().await.map_err(op("DescribeScalableTargets"))?;
        Ok(answer.scalable_targets.unwrap_or_default().into_iter().next())
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(&place(&Props::received(live)).map(|place| place.id()).unwrap_or_default())
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        let Some(arn) = live.scalable_target_arn() else { return Ok(Some(Vec::new())) };
        Tags::list(cx, arn).await.map(Some)
    }

    async fn props(cx: &Cx<'_>, live: Self::Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let mut props = Props { Tags: tags, ..Props::received(&live) };
        if let (Some(_), Some(place)) = (&hint.ScheduledActions, place(&props)) {
            props.ScheduledActions = Some(scheduled::read(cx, &place).await?);
        }
        Ok(pruned(props, hint))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let missing =
            || OpError::not_sent("RegisterScalableTarget", "ResourceId, dimension or namespace is missing");
        let id = place(props).ok_or_else(missing)?.id();
        register(cx, props, Some(cx.tags(props.Tags.as_ref()))).await?;
        Ok(object(&id))
    }

    async fn configure(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        scheduled::put(cx, &parsed(id)?, props.ScheduledActions.as_deref().unwrap_or_default()).await?;
        Ok(Progress::Done)
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let place = parsed(id)?;
        if change.any(&["MaxCapacity", "MinCapacity", "RoleARN", "SuspendedState"]) {
            let mut props = change.new.clone();
            if props.SuspendedState.is_none() && change.has("SuspendedState") {
                props.SuspendedState = Some(SuspendedState {
                    DynamicScalingInSuspended: Some(false),
                    DynamicScalingOutSuspended: Some(false),
                    ScheduledScalingSuspended: Some(false),
                });
            }
            register(cx, &props, None).await?;
        }
        if change.has("ScheduledActions") {
            let old = change.old.ScheduledActions.as_deref().unwrap_or_default();
            let new = change.new.ScheduledActions.as_deref().unwrap_or_default();
            scheduled::remove(cx, &place, old, new).await?;
            scheduled::put(cx, &place, new).await?;
        }
        if change.has("Tags") {
            let live = look::<Self>(cx, id, change.new).await?;
            let arn = live.and_then(|live| live.scalable_target_arn);
            let arn = arn.ok_or_else(|| OpError::missing("DescribeScalableTargets", "the target's ARN"))?;
            Tags::change(cx, &arn, change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        }
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let place = parsed(id)?;
        let call = cx.sdk.autoscaling().deregister_scalable_target().resource_id(&place.resource);
        let call = call.service_namespace(place.namespace.as_str().into());
        let call = call.scalable_dimension(place.dimension.as_str().into());
        call.send().await.map(|_| Progress::Done).map_err(op("DeregisterScalableTarget"))
    }
}
