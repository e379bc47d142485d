//! `AWS::RDS::EventSubscription`: which events of RDS go to an SNS topic. Sources come and go with calls of their own.

use aws_sdk_rds::types;
use serde_json::{Value as Json, json};

use super::tags::{Tags, arn};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, PhysicalId, Retry, Tag, WaitPolicy},
    props,
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, State, compare,
        described::look,
        tags::{self, Tagging},
    },
};

/// `AWS::RDS::EventSubscription`.
pub struct EventSubscription;

props! {
    /// The properties.
    pub struct Props {
        Enabled: bool, EventCategories: Vec<String>, SnsTopicArn: String, SourceIds: Vec<String>, SourceType: String,
        SubscriptionName: String, Tags: Vec<Tag>,
    }
}

/// RDS keeps no order, and an empty list is none.
fn set(value: &Json) -> Vec<&str> {
    let mut all: Vec<&str> = value.as_array().into_iter().flatten().filter_map(Json::as_str).collect();
    all.sort_unstable();
    all
}

const BUSY: Retry = Retry {
    code: "InvalidEventSubscriptionState",
    message: "",
    why: "RDS is still busy with an earlier change of the subscription",
};

impl Described for EventSubscription {
    type Props = Props;
    type Live = types::EventSubscription;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "SubscriptionName", max: 255, lower: true, separator: '-' }),
        ready: Some(WaitPolicy::secs(10, 3, 600)),
        gone: Some(WaitPolicy::secs(10, 3, 600)),
        retry: &[
            BUSY,
            Retry { code: "SNSNoAuthorization", message: "", why: "the topic's policy is not in effect yet" },
        ],
        retry_delete: &[BUSY],
        absent: &["SubscriptionNotFound"],
        iam: &[
            "rds:AddSourceIdentifierToSubscription",
            "rds:AddTagsToResource",
            "rds:CreateEventSubscription",
            "rds:DeleteEventSubscription",
            "rds:DescribeEventSubscriptions",
            "rds:ListTagsForResource",
            "rds:ModifyEventSubscription",
            "rds:RemoveSourceIdentifierFromSubscription",
            "rds:RemoveTagsFromResource",
        ],
        ..Facts::new("AWS::RDS::EventSubscription", "rds")
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
        // "If SourceIds are supplied, SourceType must also be provided" (CreateEventSubscription, RDS API Reference).
        if !set(&props["SourceIds"]).is_empty() && props["SourceType"].is_null() {
            return vec![("SourceType".into(), "is needed with SourceIds".into())];
        }
        Vec::new()
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.SubscriptionName.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let call = cx.sdk.rds().describe_event_subscriptions().subscription_name(id.as_str());
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
            // EventSubscription, Status: the topic's policy does not let RDS publish, or the topic was deleted.
            "no-permission" => State::Failed("RDS may not publish to the SNS topic (no-permission)".into()),
            "topic-not-exist" => State::Failed("the SNS topic does not exist (topic-not-exist)".into()),
            other => State::Pending(other.to_owned()),
        }
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        let name = live.cust_subscription_id().unwrap_or_default();
        let arn = live.event_subscription_arn().map_or_else(|| arn(cx, "es", name), ToOwned::to_owned);
        Tags::list(cx, &arn).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, _: &Props) -> Result<Props, OpError> {
        let some = |list: Option<Vec<String>>| list.filter(|list| !list.is_empty());
        Ok(Props {
            Enabled: live.enabled,
            EventCategories: some(live.event_categories_list),
            SnsTopicArn: live.sns_topic_arn,
            SourceIds: some(live.source_ids_list),
            SourceType: live.source_type.filter(|kind| !kind.is_empty()),
            SubscriptionName: live.cust_subscription_id,
            Tags: tags,
        })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateEventSubscription";
        let call = crate::pass!(OP, cx.sdk.rds().create_event_subscription(), props => {
            set_subscription_name: SubscriptionName, set_sns_topic_arn: SnsTopicArn, set_source_type: SourceType,
            set_event_categories: EventCategories, set_source_ids: SourceIds, set_enabled: Enabled,
        });
        let call = call.set_tags(tags::create(cx, OP, props.Tags.as_ref())?);
        let live = call.send().await.map_err(op(OP))?.event_subscription;
        let live = live.filter(|live| live.cust_subscription_id().is_some());
        Ok(Self::object(cx, &live.ok_or_else(|| OpError::missing(OP, "the subscription's name"))?))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let (new, rds) = (change.new, cx.sdk.rds());
        let Some(live) = look::<Self>(cx, id, new).await? else {
            return Err(OpError::not_sent(
                "ModifyEventSubscription",
                format!("{id} does not exist any more"),
            ));
        };
        let have = live.source_ids_list();
        let wanted = new.SourceIds.as_deref().unwrap_or_default();
        // Sources are of one type: those that go do so before it changes, those that come do so after it.
        for gone in
            change.old.SourceIds.iter().flatten().filter(|id| !wanted.contains(id) && have.contains(id))
        {
            let call = rds.remove_source_identifier_from_subscription().subscription_name(id.as_str());
            let call = call.source_identifier(gone).send().await;
            call.map_err(op("RemoveSourceIdentifierFromSubscription"))?;
        }
        if change.any(&["SourceType", "EventCategories", "Enabled"]) {
            let call = rds.modify_event_subscription().subscription_name(id.as_str());
            let call = call
                .set_source_type(new.SourceType.clone())
                .set_event_categories(Some(new.EventCategories.clone().unwrap_or_default()))
                .enabled(new.Enabled.unwrap_or(true));
            call.send().await.map_err(op("ModifyEventSubscription"))?;
        }
        for come in wanted.iter().filter(|id| !have.contains(id)) {
            let call = rds.add_source_identifier_to_subscription().subscription_name(id.as_str());
            let call = call.source_identifier(come).send().await;
            call.map_err(op("AddSourceIdentifierToSubscription"))?;
        }
        let arn = arn(cx, "es", id.as_str());
        Tags::change(cx, &arn, change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        match look::<Self>(cx, id, props).await? {
            None => return Ok(Progress::Absent),
            Some(live) if live.status() == Some("deleting") => return Ok(Progress::Done),
            Some(_) => {}
        }
        let call = cx.sdk.rds().delete_event_subscription().subscription_name(id.as_str());
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
        let answer = bench.run(bench.sdk().sns().create_topic().name("one").send());
        let topic = answer.unwrap().topic_arn.unwrap_or_default();
        let props = json!({"SubscriptionName": "databases", "SnsTopicArn": topic, "SourceType": "db-instance",
            "SourceIds": ["db-b", "db-a"], "EventCategories": ["failure", "failover"], "Enabled": true,
            "Tags": [{"Key": "team", "Value": "payments"}]});
        let changed = json!({"SubscriptionName": "databases", "SnsTopicArn": topic, "SourceType": "db-instance",
            "SourceIds": ["db-a", "db-c"], "Enabled": false, "Tags": [{"Key": "cost", "Value": "1"}]});
        let all = json!({"SubscriptionName": "all", "SnsTopicArn": topic});
        bench.law_covering::<EventSubscription>(&[(props, Some(changed)), (all, None)]);
        assert_eq!(EventSubscription::check(&json!({"SourceIds": ["a"]}))[0].0, "SourceType");
    }
}
