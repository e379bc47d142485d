//! `AWS::SNS::TopicInlinePolicy`: the policy of one topic. A topic has one policy, so the topic is the natural key
//! (CloudFormation User Guide, "AWS::SNS::TopicInlinePolicy": "associates one Amazon SNS topic with one policy").

use serde_json::Value as Json;

use super::{topic_form::document, topic_policy};
use crate::{
    aws::OpError,
    ledger::Permit,
    model::{Document, Facts, Identity, OnConflict, PhysicalId},
    resources::{
        Change, Created, Cx, Described, Outcome, OwnTags, Progress, described::alike, s3::policy_document,
    },
};

crate::props! {
    /// The policy and its topic.
    pub struct TopicInlinePolicyProps { PolicyDocument: Json, TopicArn: String }
}

/// `AWS::SNS::TopicInlinePolicy`. Deletion gives the topic back the policy it was born with.
pub struct TopicInlinePolicy;

fn object(topic: &str) -> Created {
    Created { id: topic.into(), attributes: alike(&["Ref"], topic) }
}

async fn put(cx: &Cx<'_>, topic: &str, props: &TopicInlinePolicyProps) -> Result<(), OpError> {
    let text = props.PolicyDocument.as_ref().map(document).unwrap_or_default();
    topic_policy::set(cx, topic, &text).await
}

impl Described for TopicInlinePolicy {
    type Props = TopicInlinePolicyProps;
    /// The topic, and its policy if it is not the one that topics are born with.
    type Live = (String, Json);

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        on_conflict: OnConflict::Overwrites,
        early: &["Ref"],
        retry: topic_policy::RETRY,
        documents: &[("PolicyDocument", Document::ResourcePolicy)],
        absent: topic_policy::ABSENT,
        iam: &["sns:SetTopicAttributes", "sns:GetTopicAttributes"],
        ..Facts::new("AWS::SNS::TopicInlinePolicy", "sns")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            "PolicyDocument" => policy_document::same(desired, recorded),
            _ => desired == recorded,
        }
    }

    fn fits(live: &Self::Live, props: &Self::Props) -> bool {
        props.PolicyDocument.as_ref().is_some_and(|document| policy_document::same(document, &live.1))
    }

    fn key(_cx: &Cx<'_>, props: &Self::Props) -> Option<PhysicalId> {
        props.TopicArn.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Self::Props) -> Result<Option<Self::Live>, OpError> {
        Ok(topic_policy::live(cx, id.as_str()).await?.map(|policy| (id.to_string(), policy)))
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(&live.0)
    }

    async fn props(
        _: &Cx<'_>,
        live: Self::Live,
        _: OwnTags,
        _: &Self::Props,
    ) -> Result<Self::Props, OpError> {
        Ok(TopicInlinePolicyProps { PolicyDocument: Some(live.1), TopicArn: Some(live.0) })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Self::Props) -> Result<Created, OpError> {
        let topic = props.TopicArn.as_deref().unwrap_or_default();
        put(cx, topic, props).await?;
        Ok(object(topic))
    }

    async fn update(cx: &Cx<'_>, _: &Permit, id: &PhysicalId, change: &Change<'_, Self::Props>) -> Outcome {
        put(cx, id.as_str(), change.new).await.map(|()| Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Self::Props) -> Outcome {
        // To set a topic's first policy succeeds whether or not it has another one.
        if topic_policy::live(cx, id.as_str()).await?.is_none() {
            return Ok(Progress::Absent);
        }
        Ok(if topic_policy::restore(cx, id.as_str()).await? { Progress::Done } else { Progress::Absent })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{model::Ownership, resources::bench::Bench};

    const TOPIC: &str = "arn:aws:sns:us-east-1:123456789012:a";

    fn policy(service: &str) -> Json {
        json!({"TopicArn": TOPIC, "PolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sns:Publish", "Resource": TOPIC}]}})
    }

    #[test]
    fn the_law_for_a_topics_own_policy() {
        let bench = Bench::new();
        bench.run(async {
            bench.sdk().sns().create_topic().name("a").send().await.unwrap();
        });
        let then = policy("s3.amazonaws.com");
        bench.law_covering::<TopicInlinePolicy>(&[(policy("events.amazonaws.com"), Some(then))]);
        let left = bench.cx(|cx| bench.run(topic_policy::live(cx, TOPIC))).unwrap();
        assert_eq!(left, None, "the topic has its first policy again");
    }

    #[test]
    fn a_policy_that_somebody_else_set_is_found_as_theirs() {
        let bench = Bench::new();
        let of =
            |service: &str| -> TopicInlinePolicyProps { serde_json::from_value(policy(service)).unwrap() };
        bench.cx(|cx| {
            bench.run(async {
                bench.sdk().sns().create_topic().name("a").send().await.unwrap();
                let ours = of("events.amazonaws.com");
                assert!(<TopicInlinePolicy as Described>::find_all(cx, &ours).await.unwrap().is_empty());
                put(cx, TOPIC, &of("s3.amazonaws.com")).await.unwrap();
                let found = <TopicInlinePolicy as Described>::find_all(cx, &ours).await.unwrap();
                assert_eq!(found[0].ownership, Ownership::Foreign);
                put(cx, TOPIC, &ours).await.unwrap();
                let found = <TopicInlinePolicy as Described>::find_all(cx, &ours).await.unwrap();
                assert_eq!(found[0].ownership, Ownership::Untaggable);
            });
        });
    }
}
