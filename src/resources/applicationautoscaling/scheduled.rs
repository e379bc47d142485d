//! Scheduled actions: bounds of a scalable target that change at a time.

use aws_sdk_applicationautoscaling::types;
use aws_smithy_types::{DateTime, date_time::Format};

use crate::{
    aws::{OpError, op},
    resources::{
        Cx,
        mirror::{received, sent},
    },
};

crate::props! {
    /// A scheduled action.
    pub struct ScheduledAction {
        EndTime: String, ScalableTargetAction: ScalableTargetAction, Schedule: String, ScheduledActionName: String,
        StartTime: String, Timezone: String,
    }
}

crate::mirrored! {
    /// The bounds from then on.
    pub struct ScalableTargetAction: types::ScalableTargetAction = types::ScalableTargetAction::builder().build() => {
        MaxCapacity/max_capacity: i32, MinCapacity/min_capacity: i32,
    }
}

/// The three parts that name a scalable target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// `service/cluster/name`.
    pub resource: String,
    /// `ecs:service:DesiredCount`.
    pub dimension: String,
    /// `ecs`.
    pub namespace: String,
}

impl Place {
    /// From the compound identifier `resource|dimension|namespace`.
    pub fn parse(id: &str) -> Option<Self> {
        let mut parts = id.split('|').map(ToOwned::to_owned);
        Some(Self { resource: parts.next()?, dimension: parts.next()?, namespace: parts.next()? })
    }

    /// The compound identifier.
    pub fn id(&self) -> String {
        format!("{}|{}|{}", self.resource, self.dimension, self.namespace)
    }
}

fn time(text: Option<&String>) -> Result<Option<DateTime>, OpError> {
    let parse = |text: &String| DateTime::from_str(text, Format::DateTimeWithOffset);
    text.map(parse).transpose().map_err(|error| OpError::not_sent("PutScheduledAction", error.to_string()))
}

fn text(time: Option<&DateTime>) -> Option<String> {
    time.and_then(|time| time.fmt(Format::DateTime).ok())
}

/// Creates or overwrites the actions.
pub async fn put(cx: &Cx<'_>, place: &Place, actions: &[ScheduledAction]) -> Result<(), OpError> {
    const OP: &str = "PutScheduledAction";
    for action in actions {
        let call = cx
            .sdk
            .autoscaling()
            .put_scheduled_action()
            .service_namespace(place.namespace.as_str().into())
            .resource_id(&place.resource)
            .scalable_dimension(place.dimension.as_str().into())
            .set_schedule(action.Schedule.clone())
            .set_timezone(action.Timezone.clone())
            .set_scheduled_action_name(action.ScheduledActionName.clone())
            .set_start_time(time(action.StartTime.as_ref())?)
            .set_end_time(time(action.EndTime.as_ref())?)
            .set_scalable_target_action(sent(OP, action.ScalableTargetAction.as_ref())?);
        call.send().await.map_err(op(OP))?;
    }
    Ok(())
}

/// Deletes those of `old` that `new` no longer has.
pub async fn remove(
    cx: &Cx<'_>,
    place: &Place,
    old: &[ScheduledAction],
    new: &[ScheduledAction],
) -> Result<(), OpError> {
    let gone = old.iter().filter(|a| !new.iter().any(|b| a.ScheduledActionName == b.ScheduledActionName));
    for action in gone {
        let call = cx
            .sdk
            .autoscaling()
            .delete_scheduled_action()
            .service_namespace(place.namespace.as_str().into())
            .resource_id(&place.resource)
            .scalable_dimension(place.dimension.as_str().into())
            .set_scheduled_action_name(action.ScheduledActionName.clone());
        match call.send().await.map_err(op("DeleteScheduledAction")) {
            Err(error) if error.is(&["ObjectNotFoundException"]) => {}
            answer => drop(answer?),
        }
    }
    Ok(())
}

/// The live actions.
pub async fn read(cx: &Cx<'_>, place: &Place) -> Result<Vec<ScheduledAction>, OpError> {
    let (mut all, mut token) = (Vec::new(), None);
    loop {
        let call = cx
            .sdk
            .autoscaling()
            .describe_scheduled_actions()
            .service_namespace(place.namespace.as_str().into())
            .resource_id(&place.resource)
            .scalable_dimension(place.dimension.as_str().into())
            .set_next_token(token);
        let answer = call.send().await.map_err(op("DescribeScheduledActions"))?;
        all.extend(answer.scheduled_actions().iter().map(|live| ScheduledAction {
            EndTime: text(live.end_time()),
            ScalableTargetAction: received(live.scalable_target_action()),
            Schedule: Some(live.schedule().to_owned()),
            ScheduledActionName: Some(live.scheduled_action_name().to_owned()),
            StartTime: text(live.start_time()),
            Timezone: live.timezone().map(ToOwned::to_owned),
        }));
        token = answer.next_token;
        if token.is_none() {
            return Ok(all);
        }
    }
}

/// A time written in any way, as the service writes it.
pub fn normal(actions: &mut [ScheduledAction]) {
    for action in actions {
        for field in [&mut action.StartTime, &mut action.EndTime] {
            if let Ok(Some(time)) = time(field.as_ref()) {
                *field = text(Some(&time));
            }
        }
    }
}
