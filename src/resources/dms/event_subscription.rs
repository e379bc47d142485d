//! `AWS::DMS::EventSubscription`: which events of DMS go to an SNS topic.

use aws_sdk_databasemigration::types;
use serde_json::{Value as Json, json};

use super::{
    support::{ABSENT, BUSY},
    tags::Tags,
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, PhysicalId, Retry, Tag, WaitPolicy},
    props,
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, State, compare,
        tags::{self, Tagging},
    },
};

/// `AWS::DMS::EventSubscription`.
pub struct EventSubscription;

props! {
    /// The properties.
    pub struct Props {
        Enabled: bool, EventCategories: Vec<String>, SnsTopicArn: String, SourceIds: Vec<String>, SourceType: String,
        SubscriptionName: String, Tags: Vec<Tag>,
    }
}

fn arn(cx: &Cx<'_>, name: &str) -> String {
    format!("arn:{}:dms:{}:{}:es:{name}", cx.partition, cx.region, cx.account)
}

/// DMS keeps no order, and an empty list is none.
fn set(value: &Json) -> Vec<&str> {
    let mut all: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    all.sort_unstable();
    all
}

impl Described for EventSubscription {
    type Props = Props;
    type Live = types::EventSubscription;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "SubscriptionName", max: 254, lower: true, separator: '-' }),
        ready: Some(WaitPolicy::secs(5, 3, 300)),
        gone: Some(WaitPolicy::secs(5, 3, 300)),
        retry: &[
            BUSY,
            Retry {
                code: "SNSNoAuthorizationFault",
                message: "",
                why: "the topic's policy is not in effect yet",
            },
        ],
        retry_delete: &[BUSY],
        absent: ABSENT,
        iam: &[
            "dms:AddTagsToResource",
            "dms:CreateEventSubscription",
            "dms:DeleteEventSubscription",
            "dms:DescribeEventSubscriptions",
            "dms:ListTagsForResource",
            "dms:ModifyEventSubscription",
            "dms:RemoveTagsFromResource",
        ],
        ..Facts::new("AWS::DMS::EventSubscription", "dms")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            "EventCategories" | "SourceIds" => set(desired) == set(recorded),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    /// An empty type is no type to the call that changes it: a subscription to everything is another one.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut names = compare::create_only(Self::FACTS.kind, change.changed);
        if change.has("SourceType") && change.new.SourceType.is_none() {
            names.push("SourceType".into());
        }
        names
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        // "If you supply SourceIds, you must also provide SourceType" (CreateEventSubscription, DMS API Reference).
        if !set(&props["SourceIds"]).is_empty() && props["SourceType"].is_null() {
            problems.push(("SourceType".into(), "is needed with SourceIds".into()));
        }
        let known = ["replication-instance", "replication-task"];
        if props["SourceType"].as_str().is_some_and(|kind| !kind.contains("{{") && !known.contains(&kind)) {
            problems.push(("SourceType".into(), "must be replication-instance or replication-task".into()));
        }
        problems
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.SubscriptionName.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let call = cx.sdk.dms().describe_event_subscriptions().subscription_name(id.as_str());
        let answer = call.send().await.map_err(op("DescribeEventSubscriptions"))?;
        Ok(answer.event_subscriptions_list.unwrap_or_default().into_iter().next())
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let name = live.cust_subscription_id().unwrap_or_default();
        Created { id: name.into(), attributes: Attributes::from([("Ref".into(), json!(name))]) }
    }

    fn state(live: &Self::Live) -> State {
        match live.status().unwrap_or_default() {
            "active" => State::Ready,
            "deleting" => State::Leaving("deleting".into()),
            // "no-permission indicates that DMS no longer has permission to post to the SNS topic. topic-not-exist
            // indicates that the topic was deleted after the subscription was created" (EventSubscription, DMS API).
            "no-permission" => State::Failed("DMS may not publish to the SNS topic (no-permission)".into()),
            "topic-not-exist" => State::Failed("the SNS topic does not exist (topic-not-exist)".into()),
            other => State::Pending(other.to_owned()),
        }
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, &arn(cx, live.cust_subscription_id().unwrap_or_default())).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, _: &Props) -> Result<Props, OpError> {
        Ok(Props {
            Enabled: Some(live.enabled),
            EventCategories: live.event_categories_list,
            SnsTopicArn: live.sns_topic_arn,
            SourceIds: live.source_ids_list,
            SourceType: live.source_type.filter(|kind| !kind.is_empty()),
            SubscriptionName: live.cust_subscription_id,
            Tags: tags,
        })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateEventSubscription";
        let call = crate::pass!(OP, cx.sdk.dms().create_event_subscription(), props => {
            set_subscription_name: SubscriptionName, set_sns_topic_arn: SnsTopicArn, set_source_type: SourceType,
            set_event_categories: EventCategories, set_source_ids: SourceIds, set_enabled: Enabled,
        });
        let call = call.set_tags(tags::create(cx, OP, props.Tags.as_ref())?);
        let live = call.send().await.map_err(op(OP))?.event_subscription;
        let live = live.filter(|live| live.cust_subscription_id().is_some());
        Ok(Self::object(cx, &live.ok_or_else(|| OpError::missing(OP, "the subscription's name"))?))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        const OP: &str = "ModifyEventSubscription";
        let new = change.new;
        if change.any(&["SnsTopicArn", "SourceType", "EventCategories", "Enabled"]) {
            let call = cx.sdk.dms().modify_event_subscription().subscription_name(id.as_str());
            let call = call
                .set_sns_topic_arn(new.SnsTopicArn.clone())
                .set_source_type(new.SourceType.clone())
                .set_event_categories(Some(new.EventCategories.clone().unwrap_or_default()))
                .enabled(new.Enabled.unwrap_or(true));
            call.send().await.map_err(op(OP))?;
        }
        let arn = arn(cx, id.as_str());
        Tags::change(cx, &arn, change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        match super::super::described::look::<Self>(cx, id, props).await? {
            None => return Ok(Progress::Absent),
            Some(live) if live.status() == Some("deleting") => return Ok(Progress::Done),
            Some(_) => {}
        }
        let call = cx.sdk.dms().delete_event_subscription().subscription_name(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteEventSubscription"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    #[test]
    fn keeps_the_law() {
        let bench = Bench::new();
        let topic = |name: &str| {
            let answer = bench.run(bench.sdk().sns().create_topic().name(name).send());
            answer.unwrap().topic_arn.unwrap_or_default()
        };
        let (one, two) = (topic("one"), topic("two"));
        let props = json!({"SubscriptionName": "tasks", "SnsTopicArn": one, "SourceType": "replication-task",
            "SourceIds": ["task-b", "task-a"], "EventCategories": ["failure", "state change"], "Enabled": true,
            "Tags": [{"Key": "team", "Value": "payments"}]});
        let changed = json!({"SubscriptionName": "tasks", "SnsTopicArn": two, "SourceType": "replication-task",
            "SourceIds": ["task-a", "task-b"], "Enabled": false, "Tags": [{"Key": "cost", "Value": "1"}]});
        let all = json!({"SubscriptionName": "all", "SnsTopicArn": one});
        bench.law_covering::<EventSubscription>(&[(props, Some(changed)), (all, None)]);
        let wrong = EventSubscription::check(&json!({"SourceIds": ["a"]}));
        assert_eq!(wrong[0].0, "SourceType");
    }
}
