//! `AWS::ApplicationAutoScaling::ScalableTarget`.

use std::collections::HashMap;

use aws_sdk_applicationautoscaling::types;
use serde_json::{Value as Json, json};

use super::scheduled::{self, Place, ScheduledAction};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, OnConflict, PhysicalId, Retry, Tag},
    resources::{
        Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare,
        mirror::{pruned, received, sent},
    },
};

crate::props! {
    /// The properties of a scalable target.
    pub struct Props {
        MaxCapacity: i32, MinCapacity: i32, ResourceId: String, RoleARN: String, ScalableDimension: String,
        ScheduledActions: Vec<ScheduledAction>, ServiceNamespace: String, SuspendedState: SuspendedState,
        Tags: Vec<Tag>,
    }
}

crate::mirrored! {
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

fn outputs(id: &str) -> Attributes {
    Attributes::from([("Ref".into(), json!(id)), ("Id".into(), json!(id))])
}

async fn look(cx: &Cx<'_>, place: &Place) -> Result<Option<types::ScalableTarget>, OpError> {
    let call = cx
        .sdk
        .autoscaling()
        .describe_scalable_targets()
        .service_namespace(place.namespace.as_str().into())
        .resource_ids(&place.resource)
        .scalable_dimension(place.dimension.as_str().into());
    let answer = call.send().await.map_err(op("DescribeScalableTargets"))?;
    Ok(answer.scalable_targets.unwrap_or_default().into_iter().next())
}

async fn read_tags(cx: &Cx<'_>, live: &types::ScalableTarget) -> Result<HashMap<String, String>, OpError> {
    let Some(arn) = live.scalable_target_arn() else { return Ok(HashMap::new()) };
    let call = cx.sdk.autoscaling().list_tags_for_resource().resource_arn(arn);
    match call.send().await.map_err(op("ListTagsForResource")) {
        Err(error) if error.is(&["ResourceNotFoundException"]) => Ok(HashMap::new()),
        answer => Ok(answer?.tags.unwrap_or_default()),
    }
}

fn pairs(tags: &HashMap<String, String>) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|(key, value)| (key.as_str(), value.as_str()))
}

fn map(tags: Vec<Tag>) -> HashMap<String, String> {
    tags.into_iter().map(|tag| (tag.Key.unwrap_or_default(), tag.Value.unwrap_or_default())).collect()
}

async fn register(cx: &Cx<'_>, props: &Props, tags: Option<Vec<Tag>>) -> Result<(), OpError> {
    const OP: &str = "RegisterScalableTarget";
    let call = cx
        .sdk
        .autoscaling()
        .register_scalable_target()
        .set_service_namespace(props.ServiceNamespace.as_deref().map(Into::into))
        .set_resource_id(props.ResourceId.clone())
        .set_scalable_dimension(props.ScalableDimension.as_deref().map(Into::into))
        .set_min_capacity(props.MinCapacity)
        .set_max_capacity(props.MaxCapacity)
        .set_role_arn(props.RoleARN.clone())
        .set_suspended_state(sent(OP, props.SuspendedState.as_ref())?)
        .set_tags(tags.map(map));
    call.send().await.map_err(op(OP))?;
    Ok(())
}

impl ResourceType for ScalableTarget {
    type Props = Props;

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

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(place) = place(props) else { return Ok(None) };
        let Some(live) = look(cx, &place).await? else { return Ok(None) };
        let tags = read_tags(cx, &live).await?;
        let id = place.id();
        Ok(Some(Found { attributes: outputs(&id), id: id.into(), ownership: cx.owns(pairs(&tags)) }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(match (look(cx, &parsed(id)?).await?, goal) {
            (Some(_), Goal::Ready) => Probe::Reached(outputs(id.as_str())),
            (Some(_), Goal::Gone) => Probe::Pending("present".into()),
            (None, Goal::Ready) => Probe::Pending("not visible yet".into()),
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let place = parsed(id)?;
        let Some(live) = look(cx, &place).await? else { return Ok(None) };
        let tags = read_tags(cx, &live).await?;
        let actions = match &hint.ScheduledActions {
            Some(_) => Some(scheduled::read(cx, &place).await?),
            None => None,
        };
        let props = Props {
            MaxCapacity: Some(live.max_capacity),
            MinCapacity: Some(live.min_capacity),
            ResourceId: Some(live.resource_id),
            // Write-only: AWS answers with the service-linked role whatever was sent.
            RoleARN: None,
            ScalableDimension: Some(live.scalable_dimension.as_str().to_owned()),
            ScheduledActions: actions,
            ServiceNamespace: Some(live.service_namespace.as_str().to_owned()),
            SuspendedState: received(live.suspended_state.as_ref()),
            Tags: cx.own_tags(pairs(&tags)),
        };
        Ok(Some(pruned(props, hint)))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let missing =
            || OpError::not_sent("RegisterScalableTarget", "ResourceId, dimension or namespace is missing");
        let id = place(props).ok_or_else(missing)?.id();
        register(cx, props, Some(cx.tags(props.Tags.as_ref()))).await?;
        Ok(Created { attributes: outputs(&id), id: id.into() })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        scheduled::put(cx, &parsed(id)?, props.ScheduledActions.as_deref().unwrap_or_default()).await?;
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let place = parsed(id)?;
        if ["MaxCapacity", "MinCapacity", "RoleARN", "SuspendedState"].iter().any(|name| change.has(name)) {
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
            let live = look(cx, &place).await?;
            let arn = live.and_then(|live| live.scalable_target_arn);
            let arn = arn.ok_or_else(|| OpError::missing("DescribeScalableTargets", "the target's ARN"))?;
            let (set, unset) = cx.tag_changes(change.old.Tags.as_ref(), change.new.Tags.as_ref());
            if !unset.is_empty() {
                let call = cx.sdk.autoscaling().untag_resource().resource_arn(&arn).set_tag_keys(Some(unset));
                call.send().await.map_err(op("UntagResource"))?;
            }
            if !set.is_empty() {
                let call = cx.sdk.autoscaling().tag_resource().resource_arn(&arn).set_tags(Some(map(set)));
                call.send().await.map_err(op("TagResource"))?;
            }
        }
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let place = parsed(id)?;
        let call = cx
            .sdk
            .autoscaling()
            .deregister_scalable_target()
            .service_namespace(place.namespace.as_str().into())
            .resource_id(&place.resource)
            .scalable_dimension(place.dimension.as_str().into());
        match call.send().await.map_err(op("DeregisterScalableTarget")) {
            Err(error) if error.is(&["ObjectNotFoundException"]) => {}
            answer => drop(answer?),
        }
        Ok(Progress::Done)
    }
}
