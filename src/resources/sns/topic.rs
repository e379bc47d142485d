//! `AWS::SNS::Topic`.

use aws_sdk_sns::types as sdk;
use serde_json::{Value as Json, json};

use super::topic_form::{self, InlineSubscription, Props};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, OnConflict, PhysicalId, Tag},
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType},
};

/// `AWS::SNS::Topic`: all properties are implemented. Subscriptions listed in the topic are made after it;
/// others of the topic are left alone.
pub struct Topic;

const ABSENT: &[&str] = &["NotFound", "ResourceNotFound"];

fn arn(cx: &Cx<'_>, name: &str) -> String {
    format!("arn:{}:sns:{}:{}:{name}", cx.partition, cx.region, cx.account)
}

fn attributes(arn: &str) -> Attributes {
    let name = arn.rsplit(':').next().unwrap_or_default();
    [("Ref", arn), ("TopicArn", arn), ("TopicName", name)]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), json!(value)))
        .collect()
}

fn sent(tags: &[Tag]) -> Result<Vec<sdk::Tag>, OpError> {
    tags.iter()
        .map(|tag| sdk::Tag::builder().key(tag.key()).value(tag.value()).build())
        .collect::<Result<_, _>>()
        .map_err(|error| OpError::not_sent("CreateTopic", error.to_string()))
}

async fn live_tags(cx: &Cx<'_>, arn: &str) -> Result<Option<Vec<Tag>>, OpError> {
    if let Some(tags) = cx.shelved_tags(arn) {
        return Ok(Some(tags));
    }
    let answer = cx.sdk.sns().list_tags_for_resource().resource_arn(arn).send().await;
    match answer.map_err(op("ListTagsForResource")) {
        Ok(answer) => Ok(Some(answer.tags().iter().map(|tag| Tag::new(tag.key(), tag.value())).collect())),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Every subscription of the topic.
async fn subscriptions(cx: &Cx<'_>, arn: &str) -> Result<Vec<sdk::Subscription>, OpError> {
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let call = cx.sdk.sns().list_subscriptions_by_topic().topic_arn(arn).set_next_token(token);
        let page = call.send().await.map_err(op("ListSubscriptionsByTopic"))?;
        all.extend_from_slice(page.subscriptions());
        token = page.next_token;
        if token.is_none() {
            return Ok(all);
        }
    }
}

fn is(live: &sdk::Subscription, wanted: &InlineSubscription) -> bool {
    live.endpoint == wanted.Endpoint && live.protocol == wanted.Protocol
}

async fn subscribe(cx: &Cx<'_>, arn: &str, wanted: &InlineSubscription) -> Result<(), OpError> {
    cx.sdk
        .sns()
        .subscribe()
        .topic_arn(arn)
        .set_protocol(wanted.Protocol.clone())
        .set_endpoint(wanted.Endpoint.clone())
        .send()
        .await
        .map_err(op("Subscribe"))?;
    Ok(())
}

async fn set(cx: &Cx<'_>, arn: &str, name: &str, value: &str) -> Result<(), OpError> {
    let call = cx.sdk.sns().set_topic_attributes().topic_arn(arn).attribute_name(name).attribute_value(value);
    call.send().await.map_err(op("SetTopicAttributes"))?;
    Ok(())
}

impl ResourceType for Topic {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        // AWS takes 256; generated names of FIFO topics get `.fifo` behind them, which must not cut their hash.
        name: Some(NameRule { property: "TopicName", max: 251, lower: false, separator: '-' }),
        on_conflict: OnConflict::Overwrites,
        configures: true,
        early: &["Ref", "TopicArn", "TopicName"],
        properties_are_attributes: true,
        absent: ABSENT,
        silent_delete: Some(
            "deleting a topic that does not exist is no error (DeleteTopic, SNS API Reference)",
        ),
        iam: &[
            "sns:CreateTopic",
            "sns:DeleteTopic",
            "sns:GetTopicAttributes",
            "sns:SetTopicAttributes",
            "sns:GetDataProtectionPolicy",
            "sns:PutDataProtectionPolicy",
            "sns:Subscribe",
            "sns:Unsubscribe",
            "sns:ListSubscriptionsByTopic",
            "sns:ListTagsForResource",
            "sns:TagResource",
            "sns:UntagResource",
            "iam:PassRole",
        ],
        arn: Some((&["Ref", "TopicArn"], "arn:{partition}:sns:{region}:{account}:{name}")),
        ..Facts::new("AWS::SNS::Topic", "sns")
    };

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        let fifo = props["FifoTopic"] == true;
        if !fifo && props["TopicName"].as_str().is_some_and(|name| name.ends_with(".fifo")) {
            problems.push(("TopicName".into(), "a name that ends in .fifo needs FifoTopic: true".into()));
        }
        for only in ["ContentBasedDeduplication", "FifoThroughputScope", "ArchivePolicy"] {
            if !fifo && !props[only].is_null() && props[only] != false {
                problems.push((only.into(), "only FIFO topics have this".into()));
            }
        }
        problems
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let arn = arn(cx, &topic_form::name(props));
        Ok(live_tags(cx, &arn).await?.map(|tags| Found {
            id: arn.as_str().into(),
            attributes: attributes(&arn),
            ownership: cx.owns(tags.iter().map(|tag| (tag.key(), tag.value()))),
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let there = live_tags(cx, id.as_str()).await?.is_some();
        Ok(match (goal, there) {
            (Goal::Ready, true) => Probe::Reached(attributes(id.as_str())),
            (Goal::Ready, false) => Probe::Pending("not seen yet".into()),
            (Goal::Gone, true) => Probe::Pending("still there".into()),
            (Goal::Gone, false) => Probe::Reached(Attributes::new()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let arn = id.as_str();
        let answer = cx.sdk.sns().get_topic_attributes().topic_arn(arn).send().await;
        let answer = match answer.map_err(op("GetTopicAttributes")) {
            Ok(answer) => answer.attributes.unwrap_or_default(),
            Err(error) if error.is(ABSENT) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut live = topic_form::own(&answer.into_iter().collect());
        live.FifoTopic = live.FifoTopic.or(hint.FifoTopic.map(|_| false));
        let full = arn.rsplit(':').next().unwrap_or_default();
        live.TopicName = Some(if full == topic_form::name(hint) {
            hint.TopicName.clone().unwrap_or_else(|| full.to_owned())
        } else {
            full.to_owned()
        });
        let tags = live_tags(cx, arn).await?.unwrap_or_default();
        live.Tags = cx.own_tags(tags.iter().map(|tag| (tag.key(), tag.value())));
        if hint.DataProtectionPolicy.is_some() {
            let call = cx.sdk.sns().get_data_protection_policy().resource_arn(arn);
            let answer = call.send().await.map_err(op("GetDataProtectionPolicy"))?;
            live.DataProtectionPolicy = topic_form::parsed(answer.data_protection_policy.as_ref());
        }
        if let Some(wanted) = &hint.Subscription {
            let all = subscriptions(cx, arn).await?;
            let there = wanted.iter().filter(|wanted| all.iter().any(|live| is(live, wanted)));
            live.Subscription = Some(there.cloned().collect());
        }
        Ok(Some(live))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let answer = cx
            .sdk
            .sns()
            .create_topic()
            .name(topic_form::name(props))
            .set_attributes(Some(topic_form::attributes(props).into_iter().collect()))
            .set_data_protection_policy(props.DataProtectionPolicy.as_ref().map(topic_form::document))
            .set_tags(Some(sent(&cx.tags(props.Tags.as_ref()))?))
            .send()
            .await
            .map_err(op("CreateTopic"))?;
        let arn = answer.topic_arn.ok_or_else(|| OpError::missing("CreateTopic", "TopicArn"))?;
        Ok(Created { id: arn.as_str().into(), attributes: attributes(&arn) })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        for wanted in props.Subscription.iter().flatten() {
            subscribe(cx, id.as_str(), wanted).await?;
        }
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let arn = id.as_str();
        for (name, value) in topic_form::changes(change.old, change.new) {
            set(cx, arn, &name, &value).await?;
        }
        if change.has("DataProtectionPolicy") {
            let policy =
                change.new.DataProtectionPolicy.as_ref().map(topic_form::document).unwrap_or_default();
            let call =
                cx.sdk.sns().put_data_protection_policy().resource_arn(arn).data_protection_policy(policy);
            call.send().await.map_err(op("PutDataProtectionPolicy"))?;
        }
        if change.has("Subscription") {
            let new = change.new.Subscription.as_deref().unwrap_or_default();
            let gone: Vec<&InlineSubscription> =
                change.old.Subscription.iter().flatten().filter(|old| !new.contains(old)).collect();
            for live in subscriptions(cx, arn).await? {
                let id = live.subscription_arn.clone().unwrap_or_default();
                // One that was never confirmed has no ARN here and goes by itself.
                if id.starts_with("arn:") && gone.iter().any(|old| is(&live, old)) {
                    cx.sdk
                        .sns()
                        .unsubscribe()
                        .subscription_arn(id)
                        .send()
                        .await
                        .map_err(op("Unsubscribe"))?;
                }
            }
            for wanted in new {
                subscribe(cx, arn, wanted).await?;
            }
        }
        if change.has("Tags") {
            let (set, unset) = cx.tag_changes(change.old.Tags.as_ref(), change.new.Tags.as_ref());
            if !unset.is_empty() {
                let call = cx.sdk.sns().untag_resource().resource_arn(arn).set_tag_keys(Some(unset));
                call.send().await.map_err(op("UntagResource"))?;
            }
            if !set.is_empty() {
                let call = cx.sdk.sns().tag_resource().resource_arn(arn).set_tags(Some(sent(&set)?));
                call.send().await.map_err(op("TagResource"))?;
            }
        }
        Ok(Progress::Done)
    }

    /// Deletes the topic; its subscriptions go with it.
    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.sns().delete_topic().topic_arn(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteTopic"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    #[test]
    fn the_law_for_standard_and_fifo_topics() {
        let props = json!({
            "TopicName": "events", "DisplayName": "Migration events", "KmsMasterKeyId": "alias/aws/sns",
            "SignatureVersion": "2", "TracingConfig": "Active",
            "DeliveryStatusLogging": [{"Protocol": "sqs", "SuccessFeedbackSampleRate": "50",
                "SuccessFeedbackRoleArn": "arn:aws:iam::123456789012:role/log",
                "FailureFeedbackRoleArn": "arn:aws:iam::123456789012:role/log"}],
            "DataProtectionPolicy": {"Name": "p", "Version": "2021-06-01", "Statement": []},
            "Subscription": [{"Protocol": "sqs", "Endpoint": "arn:aws:sqs:us-east-1:123456789012:a"},
                {"Protocol": "email", "Endpoint": "ops@example.com"}],
            "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
        });
        let mut changed = props.clone();
        changed["Tags"] = json!([{"Key": "a", "Value": "3"}]);
        changed["DisplayName"] = json!("Events");
        changed["DataProtectionPolicy"]["Name"] = json!("q");
        changed["Subscription"] =
            json!([{"Protocol": "sqs", "Endpoint": "arn:aws:sqs:us-east-1:123456789012:b"}]);
        changed.as_object_mut().unwrap().remove("DeliveryStatusLogging");
        changed.as_object_mut().unwrap().remove("KmsMasterKeyId");
        let fifo = json!({"TopicName": "orders", "FifoTopic": true, "ContentBasedDeduplication": true,
            "FifoThroughputScope": "MessageGroup", "ArchivePolicy": {"MessageRetentionPeriod": "30"}});
        let mut unarchived = fifo.clone();
        unarchived.as_object_mut().unwrap().remove("ArchivePolicy");
        Bench::new().law_covering::<Topic>(&[(props, Some(changed)), (fifo, Some(unarchived))]);
    }

    /// Generated names differ by their hash alone where addresses are long; the suffix of FIFO topics must not cut it.
    #[test]
    fn long_names_of_fifo_topics_do_not_collide() {
        let rule = Topic::FACTS.name.unwrap();
        let made = |end: &str| {
            let address = crate::model::Address::new("stack", &format!("{}{end}", "Orders".repeat(60)));
            let name = crate::aws::physical_name(&rule, "c0ffee", &address, 0);
            topic_form::name(&Props { TopicName: Some(name), FifoTopic: Some(true), ..Props::default() })
        };
        assert_ne!(made("A"), made("B"));
        assert!(made("A").len() <= 256 && made("A").ends_with(".fifo"));
    }
}
