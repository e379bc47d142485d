//! `AWS::Backup::BackupVault`.

use aws_sdk_backup::{operation::describe_backup_vault::DescribeBackupVaultOutput, types};
use serde_json::{Value as Json, json};

use super::tags::{self, ABSENT, Map, Tags};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Document, Facts, Identity, NameRule, PhysicalId, Retry},
    resources::{Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, tags::to_map},
};

crate::words!(types::BackupVaultEvent);

crate::mirrored! {
    /// The properties of a vault.
    pub struct Props <= DescribeBackupVaultOutput {
        AccessPolicy: Json, BackupVaultName/backup_vault_name: String, BackupVaultTags: Map,
        EncryptionKeyArn/encryption_key_arn: String, LockConfiguration: LockConfiguration,
        Notifications: Notifications,
    }
}

crate::props! {
    /// How long recovery points have to stay.
    pub struct LockConfiguration { ChangeableForDays: i64, MaxRetentionDays: i64, MinRetentionDays: i64 }
    /// Which events go to a topic.
    pub struct Notifications { BackupVaultEvents: Vec<String>, SNSTopicArn: String }
}

/// A vault. It can be deleted only when it holds no recovery point.
pub struct BackupVault;

/// `Ref` and the name are the same, and `Fn::GetAtt` answers the name too (CloudFormation, return values of the type).
fn object(cx: &Cx<'_>, name: &str) -> Created {
    let attributes =
        [("Ref", json!(name)), ("BackupVaultName", json!(name)), ("BackupVaultArn", json!(arn(cx, name)))];
    Created {
        id: name.into(),
        attributes: attributes.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
    }
}

fn arn(cx: &Cx<'_>, name: &str) -> String {
    format!("arn:{}:backup:{}:{}:backup-vault:{name}", cx.partition, cx.region, cx.account)
}

async fn set_policy(cx: &Cx<'_>, name: &str, policy: Option<&Json>) -> Result<(), OpError> {
    let Some(policy) = policy else {
        let call = cx.sdk.backup().delete_backup_vault_access_policy().backup_vault_name(name);
        return call.send().await.map(drop).map_err(op("DeleteBackupVaultAccessPolicy"));
    };
    let text = policy.as_str().map_or_else(|| policy.to_string(), ToOwned::to_owned);
    let call = cx.sdk.backup().put_backup_vault_access_policy().backup_vault_name(name).policy(text);
    call.send().await.map(drop).map_err(op("PutBackupVaultAccessPolicy"))
}

async fn set_notifications(cx: &Cx<'_>, name: &str, wanted: Option<&Notifications>) -> Result<(), OpError> {
    let Some(wanted) = wanted else {
        let call = cx.sdk.backup().delete_backup_vault_notifications().backup_vault_name(name);
        return call.send().await.map(drop).map_err(op("DeleteBackupVaultNotifications"));
    };
    const OP: &str = "PutBackupVaultNotifications";
    let events = crate::resources::mirror::sent(OP, wanted.BackupVaultEvents.as_ref())?;
    let call = cx.sdk.backup().put_backup_vault_notifications().backup_vault_name(name);
    let call = call.set_sns_topic_arn(wanted.SNSTopicArn.clone()).set_backup_vault_events(events);
    call.send().await.map(drop).map_err(op(OP))
}

async fn set_lock(cx: &Cx<'_>, name: &str, wanted: Option<&LockConfiguration>) -> Result<(), OpError> {
    let Some(wanted) = wanted else {
        let call = cx.sdk.backup().delete_backup_vault_lock_configuration().backup_vault_name(name);
        return call.send().await.map(drop).map_err(op("DeleteBackupVaultLockConfiguration"));
    };
    let call = crate::pass!(
        "PutBackupVaultLockConfiguration",
        cx.sdk.backup().put_backup_vault_lock_configuration().backup_vault_name(name), wanted => {
            set_min_retention_days: MinRetentionDays, set_max_retention_days: MaxRetentionDays,
            set_changeable_for_days: ChangeableForDays,
        }
    );
    call.send().await.map(drop).map_err(op("PutBackupVaultLockConfiguration"))
}

/// A setting that is answered with "not found" where there is none.
fn optional<T>(answer: Result<T, OpError>) -> Result<Option<T>, OpError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Described for BackupVault {
    type Props = Props;
    type Live = DescribeBackupVaultOutput;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "BackupVaultName", max: 50, lower: false, separator: '-' }),
        configures: true,
        early: &["BackupVaultArn", "BackupVaultName", "Ref"],
        properties_are_attributes: true,
        retry: &[Retry {
            code: "InvalidParameterValueException",
            message: "principal",
            why: "a principal of the access policy is not known everywhere yet",
        }],
        // Describing a vault that is not there is answered so too (hashicorp/terraform-provider-aws,
        // internal/service/backup/vault.go).
        absent: &["AccessDeniedException", "ResourceNotFoundException"],
        documents: &[("AccessPolicy", Document::ResourcePolicy)],
        iam: &[
            "backup:CreateBackupVault",
            "backup:DeleteBackupVault",
            "backup:DeleteBackupVaultAccessPolicy",
            "backup:DeleteBackupVaultLockConfiguration",
            "backup:DeleteBackupVaultNotifications",
            "backup:DescribeBackupVault",
            "backup:GetBackupVaultAccessPolicy",
            "backup:GetBackupVaultNotifications",
            "backup:ListTags",
            "backup:PutBackupVaultAccessPolicy",
            "backup:PutBackupVaultLockConfiguration",
            "backup:PutBackupVaultNotifications",
            "backup:TagResource",
            "backup:UntagResource",
            "backup-storage:MountCapsule",
            "kms:CreateGrant",
            "kms:DescribeKey",
            "kms:GenerateDataKey",
            "kms:RetireGrant",
        ],
        ..Facts::new("AWS::Backup::BackupVault", "backup")
    };

    fn check(props: &Json) -> Vec<(String, String)> {
        let lock = &props["LockConfiguration"];
        let mut found = Vec::new();
        if let (Some(least), Some(most)) =
            (lock["MinRetentionDays"].as_i64(), lock["MaxRetentionDays"].as_i64())
            && least > most
        {
            found.push((
                "LockConfiguration.MaxRetentionDays".into(),
                "it is less than MinRetentionDays".into(),
            ));
        }
        // AWS Backup Developer Guide, vault lock: compliance mode starts after a grace time of three days at least.
        if lock["ChangeableForDays"].as_i64().is_some_and(|days| days < 3) {
            found.push((
                "LockConfiguration.ChangeableForDays".into(),
                "AWS Backup takes three days or more".into(),
            ));
        }
        found
    }

    fn effects(change: &Change<'_, Props>) -> Vec<String> {
        let locks = |props: &Props| {
            props.LockConfiguration.as_ref().is_some_and(|lock| lock.ChangeableForDays.is_some())
        };
        if change.has("LockConfiguration") && locks(change.new) {
            return vec![
                "once its grace time is over, nobody can take the lock off or delete what it holds".into(),
            ];
        }
        Vec::new()
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.BackupVaultName.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let call = cx.sdk.backup().describe_backup_vault().backup_vault_name(id.as_str());
        call.send().await.map(Some).map_err(op("DescribeBackupVault"))
    }

    fn object(cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(cx, live.backup_vault_name().unwrap_or_default())
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, &arn(cx, live.backup_vault_name().unwrap_or_default())).await.map(Some)
    }

    async fn props(cx: &Cx<'_>, live: Self::Live, own: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let name = live.backup_vault_name().unwrap_or_default();
        let call = cx.sdk.backup().get_backup_vault_access_policy().backup_vault_name(name);
        let policy = optional(call.send().await.map_err(op("GetBackupVaultAccessPolicy")))?;
        let policy = policy.and_then(|answer| serde_json::from_str(answer.policy()?).ok());
        let call = cx.sdk.backup().get_backup_vault_notifications().backup_vault_name(name);
        let sends = optional(call.send().await.map_err(op("GetBackupVaultNotifications")))?;
        let sends = sends.map(|answer| Notifications {
            BackupVaultEvents: Some(
                answer.backup_vault_events().iter().map(|e| e.as_str().to_owned()).collect(),
            ),
            SNSTopicArn: answer.sns_topic_arn,
        });
        // AWS shows only when the grace time ends, not how long it was.
        let grace = hint.LockConfiguration.as_ref().and_then(|lock| lock.ChangeableForDays);
        let lock = live.locked().unwrap_or_default().then(|| LockConfiguration {
            ChangeableForDays: grace,
            MaxRetentionDays: live.max_retention_days(),
            MinRetentionDays: live.min_retention_days(),
        });
        Ok(Props {
            AccessPolicy: policy,
            BackupVaultTags: tags::map(own),
            LockConfiguration: lock,
            Notifications: sends,
            ..Props::received(&live)
        })
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let call = crate::pass!("CreateBackupVault", cx.sdk.backup().create_backup_vault(), props => {
            set_backup_vault_name: BackupVaultName, set_encryption_key_arn: EncryptionKeyArn,
        });
        let tags = to_map(cx.tags(tags::list(props.BackupVaultTags.as_ref()).as_ref()));
        let call = call.set_backup_vault_tags(Some(tags)).creator_request_id(permit.token());
        call.send().await.map_err(op("CreateBackupVault"))?;
        Ok(object(cx, props.BackupVaultName.as_deref().unwrap_or_default()))
    }

    async fn configure(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        if let Some(policy) = &props.AccessPolicy {
            set_policy(cx, id.as_str(), Some(policy)).await?;
        }
        if let Some(wanted) = &props.Notifications {
            set_notifications(cx, id.as_str(), Some(wanted)).await?;
        }
        if let Some(wanted) = &props.LockConfiguration {
            set_lock(cx, id.as_str(), Some(wanted)).await?;
        }
        Ok(Progress::Done)
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let new = change.new;
        if change.has("AccessPolicy") {
            set_policy(cx, id.as_str(), new.AccessPolicy.as_ref()).await?;
        }
        if change.has("Notifications") {
            set_notifications(cx, id.as_str(), new.Notifications.as_ref()).await?;
        }
        if change.has("LockConfiguration") {
            set_lock(cx, id.as_str(), new.LockConfiguration.as_ref()).await?;
        }
        let (old, new) = (change.old.BackupVaultTags.as_ref(), new.BackupVaultTags.as_ref());
        Tags::turn(cx, &arn(cx, id.as_str()), old, new).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.backup().delete_backup_vault().backup_vault_name(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteBackupVault"))
    }
}
