//! `AWS::Logs::LogGroup`.

use aws_sdk_cloudwatchlogs::types;
use serde_json::{Value as Json, json};

use super::tags::Tags;
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, PhysicalId, Retry, Tag},
    resources::{
        Asked, Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress,
        tags::{Tagging, to_map},
    },
};

crate::words!(types::LogGroupClass);

crate::mirrored! {
    /// The properties of a log group.
    pub struct Props <= types::LogGroup {
        BearerTokenAuthenticationEnabled/bearer_token_authentication_enabled: bool, DataProtectionPolicy: Json,
        DeletionProtectionEnabled/deletion_protection_enabled: bool, FieldIndexPolicies: Vec<Json>,
        KmsKeyId/kms_key_id: String, LogGroupClass/log_group_class: String, LogGroupName/log_group_name: String,
        ResourcePolicyDocument: Json, RetentionInDays/retention_in_days: i32, Tags: Vec<Tag>,
    }
}

/// A group of log streams.
pub struct LogGroup;

fn arn(cx: &Cx<'_>, name: &str) -> String {
    format!("arn:{}:logs:{}:{}:log-group:{name}", cx.partition, cx.region, cx.account)
}

fn object(cx: &Cx<'_>, name: &str) -> Created {
    // Policies for the group's streams need the form with the star, and CloudFormation returns that one.
    let attributes = [("Ref".into(), json!(name)), ("Arn".into(), json!(format!("{}:*", arn(cx, name))))];
    Created { id: name.into(), attributes: Attributes::from(attributes) }
}

/// A policy as the API takes it: a template may hold it as an object or as its text.
fn text(policy: &Json) -> String {
    policy.as_str().map_or_else(|| policy.to_string(), ToOwned::to_owned)
}

fn parsed(policy: Option<&str>) -> Option<Json> {
    policy.and_then(|text| serde_json::from_str(text).ok())
}

async fn set_retention(cx: &Cx<'_>, name: &str, days: Option<i32>) -> Result<(), OpError> {
    match days {
        Some(days) => {
            let call = cx.sdk.logs().put_retention_policy().log_group_name(name).retention_in_days(days);
            call.send().await.map_err(op("PutRetentionPolicy"))?;
        }
        None => {
            let call = cx.sdk.logs().delete_retention_policy().log_group_name(name);
            call.send().await.map_err(op("DeleteRetentionPolicy"))?;
        }
    }
    Ok(())
}

async fn set_protection(cx: &Cx<'_>, name: &str, policy: Option<&Json>) -> Result<(), OpError> {
    match policy {
        Some(policy) => {
            let call = cx.sdk.logs().put_data_protection_policy().log_group_identifier(name);
            call.policy_document(text(policy)).send().await.map_err(op("PutDataProtectionPolicy"))?;
        }
        None => {
            let call = cx.sdk.logs().delete_data_protection_policy().log_group_identifier(name);
            call.send().await.map_err(op("DeleteDataProtectionPolicy"))?;
        }
    }
    Ok(())
}

async fn set_indexes(cx: &Cx<'_>, name: &str, policies: &[Json]) -> Result<(), OpError> {
    match policies {
        [] => {
            let call = cx.sdk.logs().delete_index_policy().log_group_identifier(name);
            call.send().await.map_err(op("DeleteIndexPolicy"))?;
        }
        // A log group has one policy; a second one overwrites it, as under CloudFormation.
        all => {
            for policy in all {
                let call = cx.sdk.logs().put_index_policy().log_group_identifier(name);
                call.policy_document(text(policy)).send().await.map_err(op("PutIndexPolicy"))?;
            }
        }
    }
    Ok(())
}

async fn set_bearer_tokens(cx: &Cx<'_>, name: &str, on: bool) -> Result<(), OpError> {
    let call = cx.sdk.logs().put_bearer_token_authentication().log_group_identifier(name);
    let call = call.bearer_token_authentication_enabled(on);
    call.send().await.map(drop).map_err(op("PutBearerTokenAuthentication"))
}

/// The policy of the log group itself, not those of the account.
async fn resource_policy(cx: &Cx<'_>, name: &str) -> Result<Option<types::ResourcePolicy>, OpError> {
    let call = cx.sdk.logs().describe_resource_policies().resource_arn(arn(cx, name));
    let call = call.policy_scope(types::PolicyScope::Resource);
    match call.send().await.map_err(op("DescribeResourcePolicies")) {
        Err(error) if error.is(&["ResourceNotFoundException"]) => Ok(None),
        answer => Ok(answer?.resource_policies.unwrap_or_default().into_iter().next()),
    }
}

/// A change must name the revision it changes.
async fn set_resource_policy(cx: &Cx<'_>, name: &str, policy: Option<&Json>) -> Result<(), OpError> {
    let live = resource_policy(cx, name).await?;
    let revision = live.as_ref().and_then(|live| live.revision_id.clone());
    if let Some(policy) = policy {
        let call = cx.sdk.logs().put_resource_policy().resource_arn(arn(cx, name));
        let call = call.policy_document(text(policy)).set_expected_revision_id(revision);
        call.send().await.map_err(op("PutResourcePolicy"))?;
    } else if live.is_some() {
        let call = cx.sdk.logs().delete_resource_policy().resource_arn(arn(cx, name));
        call.set_expected_revision_id(revision).send().await.map_err(op("DeleteResourcePolicy"))?;
    }
    Ok(())
}

impl Described for LogGroup {
    type Props = Props;
    type Live = types::LogGroup;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "LogGroupName", max: 512, lower: false, separator: '-' }),
        configures: true,
        early: &["Ref", "Arn"],
        retry: &[
            Retry {
                code: "OperationAbortedException",
                message: "",
                why: "another change of the log group is under way",
            },
            Retry {
                code: "InvalidParameterException",
                message: "KMS",
                why: "CloudWatch Logs may not use the key yet",
            },
        ],
        retry_delete: &[Retry {
            code: "OperationAbortedException",
            message: "",
            why: "another change of the log group is under way",
        }],
        absent: &["ResourceNotFoundException"],
        iam: &[
            "logs:AssociateKmsKey",
            "logs:CreateLogGroup",
            "logs:DeleteDataProtectionPolicy",
            "logs:DeleteIndexPolicy",
            "logs:DeleteLogGroup",
            "logs:DeleteResourcePolicy",
            "logs:DeleteRetentionPolicy",
            "logs:DescribeIndexPolicies",
            "logs:DescribeLogGroups",
            "logs:DescribeResourcePolicies",
            "logs:DisassociateKmsKey",
            "logs:GetDataProtectionPolicy",
            "logs:ListTagsForResource",
            "logs:PutBearerTokenAuthentication",
            "logs:PutDataProtectionPolicy",
            "logs:PutIndexPolicy",
            "logs:PutLogGroupDeletionProtection",
            "logs:PutResourcePolicy",
            "logs:PutRetentionPolicy",
            "logs:TagResource",
            "logs:UntagResource",
        ],
        stateful: Some("the log events"),
        arn: Some((&["Arn"], "arn:{partition}:logs:{region}:{account}:log-group:{name}:*")),
        ..Facts::new("AWS::Logs::LogGroup", "logs")
    };

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        if props["FieldIndexPolicies"].as_array().is_some_and(|all| all.len() > 1) {
            problems
                .push(("FieldIndexPolicies".into(), "a log group has at most one field index policy".into()));
        }
        problems
    }

    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut replacing = crate::resources::compare::create_only(Self::FACTS.kind, change.changed);
        // No API call changes the class of a log group.
        if change.has("LogGroupClass") {
            replacing.push("LogGroupClass".into());
        }
        replacing
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.LogGroupName.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        if let Some(live) = cx.shelved(id.as_str()) {
            return Ok(Some(live));
        }
        let mut token = None;
        loop {
            let call = cx.sdk.logs().describe_log_groups().log_group_name_prefix(id.as_str());
            let answer = call.set_next_token(token).send().await.map_err(op("DescribeLogGroups"))?;
            let mut groups = answer.log_groups.unwrap_or_default().into_iter();
            let found = groups.find(|group| group.log_group_name() == Some(id.as_str()));
            if found.is_some() || answer.next_token.is_none() {
                return Ok(found);
            }
            token = answer.next_token;
        }
    }

    /// "Amazon CloudWatch Logs API Reference", DescribeLogGroups: at most 50 identifiers, which are names in one's own account.
    const MANY: usize = 50;

    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        let names: Vec<String> = asked.iter().map(|one| one.id.to_string()).collect();
        let call = cx.sdk.logs().describe_log_groups().set_log_group_identifiers(Some(names)).limit(50);
        for live in call.send().await.map_err(op("DescribeLogGroups"))?.log_groups() {
            cx.shelve(live.log_group_name().unwrap_or_default(), live);
        }
        Ok(())
    }

    fn object(cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(cx, live.log_group_name().unwrap_or_default())
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, &arn(cx, live.log_group_name().unwrap_or_default())).await.map(Some)
    }

    async fn props(cx: &Cx<'_>, live: Self::Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let name = live.log_group_name().unwrap_or_default();
        let mut props = Props { Tags: tags, ..Props::received(&live) };
        // Off, where AWS says nothing.
        props.BearerTokenAuthenticationEnabled.get_or_insert(false);
        props.DeletionProtectionEnabled.get_or_insert(false);
        if hint.DataProtectionPolicy.is_some() {
            let call = cx.sdk.logs().get_data_protection_policy().log_group_identifier(name);
            let answer = call.send().await.map_err(op("GetDataProtectionPolicy"))?;
            props.DataProtectionPolicy = parsed(answer.policy_document());
        }
        if hint.FieldIndexPolicies.is_some() {
            let call = cx.sdk.logs().describe_index_policies().log_group_identifiers(name);
            let answer = call.send().await.map_err(op("DescribeIndexPolicies"))?;
            let own =
                answer.index_policies().iter().filter(|p| p.source() != Some(&types::IndexSource::Account));
            props.FieldIndexPolicies =
                Some(own.filter_map(|policy| parsed(policy.policy_document())).collect());
        }
        if hint.ResourcePolicyDocument.is_some() {
            let policy = resource_policy(cx, name).await?;
            props.ResourcePolicyDocument = policy.and_then(|policy| parsed(policy.policy_document()));
        }
        Ok(props)
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateLogGroup";
        let call = crate::pass!(OP, cx.sdk.logs().create_log_group(), props => {
            set_log_group_name: LogGroupName, set_kms_key_id: KmsKeyId, set_log_group_class: LogGroupClass,
            set_deletion_protection_enabled: DeletionProtectionEnabled,
        });
        call.set_tags(Some(to_map(cx.tags(props.Tags.as_ref())))).send().await.map_err(op(OP))?;
        Ok(object(cx, props.LogGroupName.as_deref().unwrap_or_default()))
    }

    async fn configure(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        let name = id.as_str();
        if props.RetentionInDays.is_some() {
            set_retention(cx, name, props.RetentionInDays).await?;
        }
        if props.DataProtectionPolicy.is_some() {
            set_protection(cx, name, props.DataProtectionPolicy.as_ref()).await?;
        }
        if let Some(policies) = props.FieldIndexPolicies.as_deref().filter(|all| !all.is_empty()) {
            set_indexes(cx, name, policies).await?;
        }
        if props.BearerTokenAuthenticationEnabled == Some(true) {
            set_bearer_tokens(cx, name, true).await?;
        }
        if props.ResourcePolicyDocument.is_some() {
            set_resource_policy(cx, name, props.ResourcePolicyDocument.as_ref()).await?;
        }
        Ok(Progress::Done)
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let (name, new) = (id.as_str(), change.new);
        if change.has("RetentionInDays") {
            set_retention(cx, name, new.RetentionInDays).await?;
        }
        if change.has("KmsKeyId") {
            match &new.KmsKeyId {
                Some(key) => {
                    let call = cx.sdk.logs().associate_kms_key().log_group_name(name).kms_key_id(key);
                    call.send().await.map_err(op("AssociateKmsKey"))?;
                }
                None => {
                    let call = cx.sdk.logs().disassociate_kms_key().log_group_name(name);
                    call.send().await.map_err(op("DisassociateKmsKey"))?;
                }
            }
        }
        if change.has("DataProtectionPolicy") {
            set_protection(cx, name, new.DataProtectionPolicy.as_ref()).await?;
        }
        if change.has("FieldIndexPolicies") {
            set_indexes(cx, name, new.FieldIndexPolicies.as_deref().unwrap_or_default()).await?;
        }
        if change.has("BearerTokenAuthenticationEnabled") {
            set_bearer_tokens(cx, name, new.BearerTokenAuthenticationEnabled.unwrap_or(false)).await?;
        }
        if change.has("ResourcePolicyDocument") {
            set_resource_policy(cx, name, new.ResourcePolicyDocument.as_ref()).await?;
        }
        if change.has("DeletionProtectionEnabled") {
            let on = new.DeletionProtectionEnabled.unwrap_or(false);
            let call = cx.sdk.logs().put_log_group_deletion_protection().log_group_identifier(name);
            call.deletion_protection_enabled(on).send().await.map_err(op("PutLogGroupDeletionProtection"))?;
        }
        Tags::change(cx, &arn(cx, name), change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.logs().delete_log_group().log_group_name(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteLogGroup"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::{ResourceType, bench::Bench};

    const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/1";

    #[test]
    fn a_log_group_keeps_the_law() {
        let bench = Bench::new();
        let props = json!({
            "LogGroupName": "/ecs/payment-service", "RetentionInDays": 7, "LogGroupClass": "STANDARD",
            "KmsKeyId": KEY, "DeletionProtectionEnabled": true,
            "DataProtectionPolicy": {"Name": "p", "Version": "2021-06-01", "Statement": [
                {"Sid": "a", "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],
                 "Operation": {"Audit": {"FindingsDestination": {}}}},
                {"Sid": "b", "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],
                 "Operation": {"Deidentify": {"MaskConfig": {}}}}]},
            "FieldIndexPolicies": [{"Fields": ["requestId"]}],
            "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
        });
        let bare = json!({
            "LogGroupName": "/ecs/payment-service", "LogGroupClass": "STANDARD", "DeletionProtectionEnabled": false,
            "Tags": [{"Key": "a", "Value": "2"}],
        });
        let back = json!({"LogGroupName": "plain", "Tags": [{"Key": "a", "Value": "1"}]});
        let keyed = json!({"LogGroupName": "plain", "KmsKeyId": KEY, "RetentionInDays": 14});
        let policy = |effect: &str| {
            json!({"Version": "2012-10-17", "Statement": [{
                "Effect": effect, "Principal": {"Service": "delivery.logs.amazonaws.com"},
                "Action": "logs:PutLogEvents", "Resource": "*"}]})
        };
        let open = |on: bool, effect: &str| {
            json!({
                "LogGroupName": "open", "BearerTokenAuthenticationEnabled": on,
                "ResourcePolicyDocument": policy(effect),
            })
        };
        bench.law_covering::<LogGroup>(&[
            (props, Some(bare)),
            (back, Some(keyed)),
            (open(true, "Allow"), Some(open(false, "Deny"))),
            (open(false, "Allow"), Some(json!({"LogGroupName": "open"}))),
        ]);
    }

    #[test]
    fn protection_is_answered_and_names_that_begin_alike_are_told_apart() {
        let bench = Bench::new();
        bench.run(async {
            let logs = bench.sdk().logs();
            for name in ["web-old", "web-older"] {
                logs.create_log_group().log_group_name(name).send().await.unwrap();
            }
            let call = logs.put_log_group_deletion_protection().log_group_identifier("web-old");
            call.deletion_protection_enabled(true).send().await.unwrap();
            let error = logs.delete_log_group().log_group_name("web-old").send().await.unwrap_err();
            assert!(op("")(error).is(&["ValidationException"]));
            let error = logs.create_log_group().log_group_name("web-old").send().await.unwrap_err();
            assert!(op("")(error).is(&["ResourceAlreadyExistsException"]));
        });
        let props = Props { LogGroupName: Some("web".into()), ..Props::default() };
        assert_eq!(bench.cx(|cx| bench.run(<LogGroup as ResourceType>::find(cx, &props))).unwrap(), None);
    }
}
