//! `AWS::KMS::Key`.
//!
//! A key is never deleted at once: it is scheduled for deletion, and until then it cannot be used but can be had back
//! (KMS Developer Guide, "Deleting AWS KMS keys"). The review says how long. For this program such a key is gone.
//!
//! Somebody else may have scheduled the deletion of a key that the plan still wants. To make another key would lose
//! what the old one has encrypted, so the old one is shown as what it is, disabled and without rotation
//! (`GetKeyRotationStatus`: "While a KMS key is pending deletion, its key rotation status is false"), and the change
//! that puts this right cancels its deletion and enables it. The two cases differ by a tag: whoever deletes a key here
//! takes [`TAG_MIGRATION`] off first, for the tags of a key pending deletion cannot be changed any more ("Key states of
//! AWS KMS keys").

use std::collections::BTreeSet;

use aws_sdk_kms::types::{KeyMetadata, KeySpec, KeyState, KeyUsageType, OriginType};
use serde_json::{Value as Json, json};

use super::tags::Tags;
use crate::{
    aws::{OpError, TAG_ADDRESS, TAG_LINEAGE, TAG_MIGRATION, op},
    ledger::Permit,
    model::{Attributes, Document, Facts, PhysicalId, Retry, Tag},
    props,
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, State, compare,
        s3::policy_document,
        tags::{self, Tagging},
    },
};

/// `AWS::KMS::Key`.
pub struct Key;

props! {
    /// The properties.
    pub struct Props {
        BypassPolicyLockoutSafetyCheck: bool, Description: String, EnableKeyRotation: bool, Enabled: bool,
        KeyPolicy: Json, KeySpec: String, KeyUsage: String, MultiRegion: bool, Origin: String,
        PendingWindowInDays: i32, RotationPeriodInDays: i32, Tags: Vec<Tag>,
    }
}

/// A key and its tags.
pub struct Live {
    key: KeyMetadata,
    tags: Vec<Tag>,
}

impl Live {
    fn state(&self) -> KeyState {
        self.key.key_state.clone().unwrap_or(KeyState::Enabled)
    }

    fn pending(&self) -> bool {
        matches!(self.state(), KeyState::PendingDeletion | KeyState::PendingReplicaDeletion)
    }

    /// Whether its deletion was scheduled here.
    fn left(&self) -> bool {
        self.pending() && !self.tags.iter().any(|tag| tag.key() == TAG_MIGRATION)
    }
}

/// Properties that a key has for life. CloudFormation fails an update of them, so that no key is lost by accident
/// (template reference of the type); it is refused here before anything is sent.
const FOR_LIFE: &[&str] = &["KeySpec", "KeyUsage", "MultiRegion", "Origin"];

/// Waiting period when the template names none (`ScheduleKeyDeletion`: "If you do not include a value, it defaults to
/// 30").
const WAITING_DAYS: i64 = 30;

fn text(policy: &Json) -> String {
    policy.as_str().map_or_else(|| policy.to_string(), ToOwned::to_owned)
}

/// The policy of a key that was given none (KMS Developer Guide, "Default key policy").
fn default_policy(cx: &Cx<'_>) -> Json {
    json!({"Version": "2012-10-17", "Id": "key-default-1", "Statement": [{
        "Sid": "Enable IAM User Permissions", "Effect": "Allow", "Action": "kms:*", "Resource": "*",
        "Principal": {"AWS": format!("arn:{}:iam::{}:root", cx.partition, cx.account)},
    }]})
}

async fn describe(cx: &Cx<'_>, key: &str) -> Result<Option<KeyMetadata>, OpError> {
    let answer = cx.sdk.kms().describe_key().key_id(key).send().await;
    Ok(answer.map_err(op("DescribeKey"))?.key_metadata)
}

/// Enables or disables the key as wanted, a key that is about to be deleted included; rotation in between, which KMS
/// refuses for disabled keys (`EnableKeyRotation`: DisabledException).
async fn settle(cx: &Cx<'_>, id: &str, props: &Props, rotates: bool) -> Result<(), OpError> {
    let kms = cx.sdk.kms();
    let Some(key) = describe(cx, id).await? else { return Ok(()) };
    let wanted = props.Enabled != Some(false);
    let mut state = key.key_state.unwrap_or(KeyState::Enabled);
    if state == KeyState::PendingDeletion {
        kms.cancel_key_deletion().key_id(id).send().await.map_err(op("CancelKeyDeletion"))?;
        // "After the key deletion is canceled, the key is disabled" (`CancelKeyDeletion`).
        state = KeyState::Disabled;
    }
    if state == KeyState::Disabled && (wanted || rotates) {
        kms.enable_key().key_id(id).send().await.map_err(op("EnableKey"))?;
        state = KeyState::Enabled;
    }
    if rotates {
        if props.EnableKeyRotation == Some(true) {
            let call = kms.enable_key_rotation().key_id(id);
            let call = call.set_rotation_period_in_days(props.RotationPeriodInDays);
            call.send().await.map_err(op("EnableKeyRotation"))?;
        } else {
            kms.disable_key_rotation().key_id(id).send().await.map_err(op("DisableKeyRotation"))?;
        }
    }
    if state == KeyState::Enabled && !wanted {
        kms.disable_key().key_id(id).send().await.map_err(op("DisableKey"))?;
    }
    Ok(())
}

impl Described for Key {
    type Props = Props;
    type Live = Live;

    const FACTS: Facts = Facts {
        configures: true,
        retry: &[
            Retry {
                code: "MalformedPolicyDocumentException",
                message: "invalid principals",
                why: "a principal of the key policy is not visible yet",
            },
            Retry { code: "NotFoundException", message: "", why: "the key is not visible everywhere yet" },
            Retry {
                code: "KMSInvalidStateException",
                message: "Creating",
                why: "the key is still being made",
            },
        ],
        absent: &["NotFoundException"],
        iam: &[
            "kms:CancelKeyDeletion",
            "kms:CreateKey",
            "kms:DescribeKey",
            "kms:DisableKey",
            "kms:DisableKeyRotation",
            "kms:EnableKey",
            "kms:EnableKeyRotation",
            "kms:GetKeyPolicy",
            "kms:GetKeyRotationStatus",
            "kms:ListResourceTags",
            "kms:PutKeyPolicy",
            "kms:ScheduleKeyDeletion",
            "kms:TagResource",
            "kms:UntagResource",
            "kms:UpdateKeyDescription",
            "tag:GetResources",
        ],
        stateful: Some("the key, and with it everything encrypted under it"),
        documents: &[("KeyPolicy", Document::ResourcePolicy)],
        unique_handle: true,
        ..Facts::new("AWS::KMS::Key", "kms")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        if property == "KeyPolicy" {
            return policy_document::same(desired, recorded);
        }
        compare::same(Self::FACTS.kind, property, desired, recorded)
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        let mut say = |property: &str, what: &str| problems.push((property.to_owned(), what.to_owned()));
        let symmetric = props["KeySpec"].as_str().is_none_or(|spec| spec == "SYMMETRIC_DEFAULT");
        let of_kms = props["Origin"].as_str().is_none_or(|origin| origin == "AWS_KMS");
        if props["EnableKeyRotation"] == true && !(symmetric && of_kms) {
            say("EnableKeyRotation", "only symmetric keys whose material KMS made are rotated by KMS");
        }
        if !props["RotationPeriodInDays"].is_null() && props["EnableKeyRotation"] != true {
            say("RotationPeriodInDays", "needs EnableKeyRotation: true");
        }
        if !symmetric && props["KeyUsage"].is_null() {
            say("KeyUsage", "is needed for a KeySpec other than SYMMETRIC_DEFAULT");
        }
        problems
    }

    fn refused(change: &Change<'_, Props>) -> Vec<(String, String)> {
        let refusal = |name: &&str| {
            let why = "a key has it for life. Make another key under another logical id, encrypt anew with it, and \
                       remove this one afterwards";
            ((*name).to_owned(), why.to_owned())
        };
        FOR_LIFE.iter().filter(|name| change.has(name)).map(refusal).collect()
    }

    fn grace(props: &Json) -> Option<String> {
        let days = props["PendingWindowInDays"].as_i64().unwrap_or(WAITING_DAYS);
        Some(format!("KMS keeps it for {days} days; until then `aws kms cancel-key-deletion` brings it back"))
    }

    fn object(_cx: &Cx<'_>, live: &Live) -> Created {
        let id = live.key.key_id.as_str();
        let mut attributes = Attributes::from([("Ref".into(), json!(id)), ("KeyId".into(), json!(id))]);
        attributes.extend(live.key.arn.as_ref().map(|arn| ("Arn".into(), json!(arn))));
        Created { id: id.into(), attributes }
    }

    fn state(live: &Live) -> State {
        match live.state() {
            _ if live.left() => State::Gone("scheduled for deletion".into()),
            KeyState::Creating | KeyState::Updating => State::Pending("creating".into()),
            KeyState::Unavailable => State::Failed("the key store is not connected".into()),
            _ => State::Ready,
        }
    }

    async fn tags(_cx: &Cx<'_>, live: &Live) -> Result<LiveTags, OpError> {
        Ok(Some(live.tags.clone()))
    }

    async fn props(cx: &Cx<'_>, live: Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let kms = cx.sdk.kms();
        let id = live.key.key_id.as_str();
        let mut props = Props {
            Description: live.key.description.clone().filter(|text| !text.is_empty()),
            Enabled: Some(live.state() == KeyState::Enabled),
            KeySpec: live.key.key_spec.as_ref().map(|spec| spec.as_str().to_owned()),
            KeyUsage: live.key.key_usage.as_ref().map(|usage| usage.as_str().to_owned()),
            MultiRegion: live.key.multi_region,
            Origin: live.key.origin.as_ref().map(|origin| origin.as_str().to_owned()),
            Tags: tags,
            ..Props::default()
        };
        if hint.KeyPolicy.is_some() {
            let answer = kms.get_key_policy().key_id(id).policy_name("default").send().await;
            let policy = answer.map_err(op("GetKeyPolicy"))?.policy.unwrap_or_default();
            props.KeyPolicy = Some(serde_json::from_str(&policy).unwrap_or(Json::String(policy)));
        }
        if hint.EnableKeyRotation.is_some() {
            let answer = kms.get_key_rotation_status().key_id(id).send().await;
            match answer.map_err(op("GetKeyRotationStatus")) {
                Ok(answer) => {
                    props.EnableKeyRotation = Some(answer.key_rotation_enabled);
                    props.RotationPeriodInDays = answer.rotation_period_in_days;
                }
                // Keys that KMS does not rotate have no such status.
                Err(error) if error.is(&["UnsupportedOperationException"]) => {
                    props.EnableKeyRotation = Some(false);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(props)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Live>, OpError> {
        let Some(key) = describe(cx, id.as_str()).await? else { return Ok(None) };
        let tags = Tags::list(cx, &key.key_id).await?;
        Ok(Some(Live { key, tags }))
    }

    /// By the ownership tags; `ListKeys` has no filter.
    async fn list(cx: &Cx<'_>, hint: &Props) -> Result<Vec<Live>, OpError> {
        let filter = |key: &str, value: &str| {
            aws_sdk_resourcegroupstagging::types::TagFilter::builder().key(key).values(value).build()
        };
        let mut arns = BTreeSet::new();
        let mut token = None;
        loop {
            let call = cx.sdk.tagging().get_resources().resource_type_filters("kms:key");
            let call = call.tag_filters(filter(TAG_LINEAGE, &cx.owner.mark()));
            let call = call.tag_filters(filter(TAG_ADDRESS, cx.address.as_str()));
            let page = call.set_pagination_token(token).send().await.map_err(op("GetResources"))?;
            arns.extend(page.resource_tag_mapping_list().iter().filter_map(|item| item.resource_arn.clone()));
            token = page.pagination_token.filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
        let mut found = Vec::new();
        for arn in arns {
            match Self::get(cx, &arn.as_str().into(), hint).await {
                Ok(live) => found.extend(live),
                Err(error) if error.is(Self::FACTS.absent) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateKey";
        let call = cx.sdk.kms().create_key();
        let call = call
            .set_policy(props.KeyPolicy.as_ref().map(text))
            .set_bypass_policy_lockout_safety_check(props.BypassPolicyLockoutSafetyCheck)
            .set_description(props.Description.clone())
            .set_key_spec(props.KeySpec.as_deref().map(KeySpec::from))
            .set_key_usage(props.KeyUsage.as_deref().map(KeyUsageType::from))
            .set_multi_region(props.MultiRegion)
            .set_origin(props.Origin.as_deref().map(OriginType::from))
            .set_tags(tags::create(cx, OP, props.Tags.as_ref())?);
        let key = call.send().await.map_err(op(OP))?.key_metadata;
        let key = key.ok_or_else(|| OpError::missing(OP, "the key"))?;
        Ok(Self::object(cx, &Live { key, tags: Vec::new() }))
    }

    async fn configure(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        settle(cx, id.as_str(), props, props.EnableKeyRotation == Some(true)).await?;
        Ok(Progress::Done)
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let (key, new, kms) = (id.as_str(), change.new, cx.sdk.kms());
        // First: KMS changes nothing of a key that is pending deletion.
        let rotates = change.any(&["EnableKeyRotation", "RotationPeriodInDays"]);
        settle(cx, key, new, rotates).await?;
        if change.has("KeyPolicy") {
            let policy = new.KeyPolicy.clone().unwrap_or_else(|| default_policy(cx));
            let call = kms.put_key_policy().key_id(key).policy_name("default").policy(text(&policy));
            let call = call.set_bypass_policy_lockout_safety_check(new.BypassPolicyLockoutSafetyCheck);
            call.send().await.map_err(op("PutKeyPolicy"))?;
        }
        if change.has("Description") {
            let call = kms.update_key_description().key_id(key);
            let call = call.description(new.Description.clone().unwrap_or_default());
            call.send().await.map_err(op("UpdateKeyDescription"))?;
        }
        if change.has("Tags") {
            Tags::change(cx, key, change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        }
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        let Some(live) = Self::get(cx, id, props).await? else { return Ok(Progress::Absent) };
        if live.pending() {
            return Ok(Progress::Absent);
        }
        Tags::unset(cx, id.as_str(), vec![TAG_MIGRATION.to_owned()]).await?;
        let call = cx.sdk.kms().schedule_key_deletion().key_id(id.as_str());
        let call = call.set_pending_window_in_days(props.PendingWindowInDays);
        call.send().await.map(|_| Progress::Done).map_err(op("ScheduleKeyDeletion"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::{bench::Bench, mirror::Mirror as _};

    const ROOT: &str = "arn:aws:iam::123456789012:root";

    fn policy(sid: &str) -> Json {
        json!({"Version": "2012-10-17", "Statement": [{"Sid": sid, "Effect": "Allow", "Action": "kms:*",
            "Resource": "*", "Principal": {"AWS": ROOT}}]})
    }

    #[test]
    fn keeps_the_law() {
        let bench = Bench::new();
        let before = bench.operations().len();
        let full = json!({"Description": "for payments", "EnableKeyRotation": true, "RotationPeriodInDays": 180,
            "KeyPolicy": policy("one"), "KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT",
            "MultiRegion": false, "Origin": "AWS_KMS", "PendingWindowInDays": 7, "Enabled": true,
            "Tags": [{"Key": "team", "Value": "payments"}]});
        let changed = json!({"EnableKeyRotation": false, "KeySpec": "SYMMETRIC_DEFAULT", "Enabled": false,
            "KeyUsage": "ENCRYPT_DECRYPT", "MultiRegion": false, "Origin": "AWS_KMS", "PendingWindowInDays": 30,
            "KeyPolicy": policy("two"), "Tags": [{"Key": "cost", "Value": "1"}]});
        bench.law::<Key>(full, Some(changed));
        let signs = json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY", "Enabled": false});
        let enabled = json!({"KeySpec": "ECC_NIST_P256", "KeyUsage": "SIGN_VERIFY", "Enabled": true,
            "Description": "it signs"});
        bench.law::<Key>(signs, Some(enabled));
        bench.law::<Key>(json!({}), None);
        bench.covers::<Key>(before, &["kms:CancelKeyDeletion"]);
    }

    /// A key whose deletion somebody else scheduled is had back; one that was deleted here is gone.
    #[test]
    fn a_key_that_others_scheduled_for_deletion_is_had_back() {
        let bench = Bench::new();
        let props: Props = serde_json::from_value(json!({"EnableKeyRotation": true})).unwrap();
        let changed = ["EnableKeyRotation".to_owned()];
        let change = Change { old: &props, new: &props, changed: &changed };
        bench.cx(|cx| {
            bench.run(async {
                let id = Key::create(cx, &bench.permit(), &props).await.unwrap().id;
                Key::configure(cx, &bench.permit(), &id, &props).await.unwrap();
                let kms = cx.sdk.kms();
                kms.schedule_key_deletion().key_id(id.as_str()).send().await.unwrap();
                let seen =
                    <Key as crate::resources::ResourceType>::sight(cx, &id, &props).await.unwrap().unwrap();
                assert_eq!(seen.ownership, crate::model::Ownership::Ours);
                assert_eq!(seen.properties.EnableKeyRotation, Some(false), "it shows as a difference");
                assert_eq!(seen.properties.Enabled, Some(false));
                Key::update(cx, &bench.permit(), &id, &change).await.unwrap();
                let key = describe(cx, id.as_str()).await.unwrap().unwrap();
                assert_eq!(key.key_state, Some(KeyState::Enabled));
                Key::delete(cx, &bench.permit(), &id, &props).await.unwrap();
                let key = describe(cx, id.as_str()).await.unwrap().unwrap();
                assert_eq!(key.pending_deletion_window_in_days, None);
                assert!(key.deletion_date.is_some());
                assert!(
                    <Key as crate::resources::ResourceType>::sight(cx, &id, &props).await.unwrap().is_none()
                );
                assert_eq!(Key::delete(cx, &bench.permit(), &id, &props).await.unwrap(), Progress::Absent);
            });
        });
    }

    #[test]
    fn what_a_key_has_for_life_is_refused_and_the_waiting_period_is_told() {
        let key = |json: Json| -> Props { serde_json::from_value(json).unwrap() };
        let (old, new) = (key(json!({})), key(json!({"MultiRegion": true})));
        let changed = ["MultiRegion".to_owned()];
        let refused = Key::refused(&Change { old: &old, new: &new, changed: &changed });
        assert_eq!(refused[0].0, "MultiRegion");
        assert!(Key::grace(&json!({})).unwrap().contains("30 days"));
        assert!(Key::grace(&json!({"PendingWindowInDays": 7})).unwrap().contains("7 days"));
        let wrong = |props: Json| Key::check(&props).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        let asymmetric = json!({"KeySpec": "RSA_2048", "EnableKeyRotation": true});
        assert_eq!(wrong(asymmetric), ["EnableKeyRotation", "KeyUsage"]);
        assert_eq!(wrong(json!({"RotationPeriodInDays": 90})), ["RotationPeriodInDays"]);
        let tag: aws_sdk_kms::types::Tag = Tag::new("a", "b").send().unwrap();
        assert!(Tag::receive(&tag) == Tag::new("a", "b"));
    }
}
