//! Replication to other buckets.

use aws_sdk_s3::{Client, types as sdk};
use serde_json::Value as Json;

use super::{
    parts::{Outcome, built, own_tag, own_tags, tag, tags, text, unless},
    props::{
        Minutes, OwnerTranslation, ReplicaEncryption, Replication, ReplicationAnd, ReplicationDestination,
        ReplicationFilter, ReplicationMetrics, ReplicationRule, ReplicationTime, SourceSelection, Switch,
    },
};
use crate::aws::op;

fn send_filter(filter: &ReplicationFilter) -> Outcome<sdk::ReplicationRuleFilter> {
    let mut out = sdk::ReplicationRuleFilter::builder().set_prefix(filter.Prefix.clone());
    if let Some(one) = &filter.TagFilter {
        out = out.tag(tag(one)?);
    }
    if let Some(and) = &filter.And {
        out = out.and(
            sdk::ReplicationRuleAndOperator::builder()
                .set_prefix(and.Prefix.clone())
                .set_tags(Some(tags(and.TagFilters.as_ref())?))
                .build(),
        );
    }
    Ok(out.build())
}

fn minutes(value: Option<&Minutes>) -> sdk::ReplicationTimeValue {
    sdk::ReplicationTimeValue::builder().set_minutes(value.and_then(|v| v.Minutes)).build()
}

fn send_destination(to: &ReplicationDestination) -> Outcome<sdk::Destination> {
    let mut out = sdk::Destination::builder()
        .bucket(text(to.Bucket.as_ref()))
        .set_account(to.Account.clone())
        .set_storage_class(to.StorageClass.as_deref().map(sdk::StorageClass::from));
    if let Some(owner) = &to.AccessControlTranslation {
        let owner = sdk::OwnerOverride::from(text(owner.Owner.as_ref()));
        out = out.access_control_translation(built(
            sdk::AccessControlTranslation::builder().owner(owner).build(),
        )?);
    }
    if let Some(encryption) = &to.EncryptionConfiguration {
        out = out.encryption_configuration(
            sdk::EncryptionConfiguration::builder()
                .set_replica_kms_key_id(encryption.ReplicaKmsKeyID.clone())
                .build(),
        );
    }
    if let Some(time) = &to.ReplicationTime {
        out = out.replication_time(built(
            sdk::ReplicationTime::builder()
                .status(text(time.Status.as_ref()).into())
                .time(minutes(time.Time.as_ref()))
                .build(),
        )?);
    }
    if let Some(metrics) = &to.Metrics {
        out = out.metrics(built(
            sdk::Metrics::builder()
                .status(text(metrics.Status.as_ref()).into())
                .set_event_threshold(metrics.EventThreshold.as_ref().map(|t| minutes(Some(t))))
                .build(),
        )?);
    }
    built(out.build())
}

fn send_selection(selection: &SourceSelection) -> Outcome<sdk::SourceSelectionCriteria> {
    let mut out = sdk::SourceSelectionCriteria::builder();
    if let Some(switch) = &selection.ReplicaModifications {
        let status = text(switch.Status.as_ref()).into();
        out = out.replica_modifications(built(sdk::ReplicaModifications::builder().status(status).build())?);
    }
    if let Some(switch) = &selection.SseKmsEncryptedObjects {
        let status = text(switch.Status.as_ref()).into();
        out = out
            .sse_kms_encrypted_objects(built(sdk::SseKmsEncryptedObjects::builder().status(status).build())?);
    }
    Ok(out.build())
}

#[expect(
    deprecated,
    reason = "rules of the first version have a prefix and no filter; templates still use them"
)]
fn send_rule(rule: &ReplicationRule) -> Outcome<sdk::ReplicationRule> {
    let mut out = sdk::ReplicationRule::builder()
        .set_id(rule.Id.clone())
        .set_priority(rule.Priority)
        .set_prefix(rule.Prefix.clone())
        .status(text(rule.Status.as_ref()).into());
    if let Some(filter) = &rule.Filter {
        out = out.filter(send_filter(filter)?);
    } else if rule.Prefix.is_none() {
        out = out.prefix("");
    }
    if let Some(to) = &rule.Destination {
        out = out.destination(send_destination(to)?);
    }
    if let Some(markers) = &rule.DeleteMarkerReplication {
        let status = markers.Status.as_deref().map(sdk::DeleteMarkerReplicationStatus::from);
        out =
            out.delete_marker_replication(sdk::DeleteMarkerReplication::builder().set_status(status).build());
    }
    if let Some(selection) = &rule.SourceSelectionCriteria {
        out = out.source_selection_criteria(send_selection(selection)?);
    }
    built(out.build())
}

/// Sets the rules or takes them away.
pub(super) async fn put(s3: &Client, bucket: &str, want: Option<&Replication>) -> Outcome<()> {
    let Some(want) = want else {
        s3.delete_bucket_replication().bucket(bucket).send().await.map_err(op("DeleteBucketReplication"))?;
        return Ok(());
    };
    let rules: Vec<_> = want.Rules.iter().flatten().map(send_rule).collect::<Outcome<_>>()?;
    let configuration = sdk::ReplicationConfiguration::builder()
        .role(text(want.Role.as_ref()))
        .set_rules(Some(rules))
        .build();
    s3.put_bucket_replication()
        .bucket(bucket)
        .replication_configuration(built(configuration)?)
        .send()
        .await
        .map_err(op("PutBucketReplication"))?;
    Ok(())
}

fn read_destination(to: &sdk::Destination) -> ReplicationDestination {
    let duration = |value: Option<&sdk::ReplicationTimeValue>| value.map(|v| Minutes { Minutes: v.minutes });
    ReplicationDestination {
        AccessControlTranslation: to
            .access_control_translation
            .as_ref()
            .map(|owner| OwnerTranslation { Owner: Some(owner.owner.as_str().into()) }),
        Account: to.account.clone(),
        Bucket: Some(to.bucket.clone()),
        EncryptionConfiguration: to
            .encryption_configuration
            .as_ref()
            .map(|e| ReplicaEncryption { ReplicaKmsKeyID: e.replica_kms_key_id.clone() }),
        Metrics: to.metrics.as_ref().map(|m| ReplicationMetrics {
            EventThreshold: duration(m.event_threshold.as_ref()),
            Status: Some(m.status.as_str().into()),
        }),
        ReplicationTime: to.replication_time.as_ref().map(|time| ReplicationTime {
            Status: Some(time.status.as_str().into()),
            Time: duration(time.time.as_ref()),
        }),
        StorageClass: to.storage_class.as_ref().map(|c| c.as_str().into()),
    }
}

#[expect(
    deprecated,
    reason = "rules of the first version have a prefix and no filter; templates still use them"
)]
fn read_rule(rule: &sdk::ReplicationRule) -> ReplicationRule {
    let on = |status: &str| Some(Switch { Status: Some(status.to_owned()) });
    ReplicationRule {
        DeleteMarkerReplication: rule
            .delete_marker_replication
            .as_ref()
            .and_then(|d| d.status.as_ref())
            .and_then(|status| on(status.as_str())),
        Destination: rule.destination.as_ref().map(read_destination),
        Filter: rule.filter.as_ref().map(|filter| ReplicationFilter {
            And: filter
                .and
                .as_ref()
                .map(|and| ReplicationAnd { Prefix: and.prefix.clone(), TagFilters: own_tags(and.tags()) }),
            Prefix: filter.prefix.clone(),
            TagFilter: filter.tag.as_ref().map(own_tag),
        }),
        Id: rule.id.clone(),
        Prefix: rule.prefix.clone(),
        Priority: rule.priority,
        SourceSelectionCriteria: rule.source_selection_criteria.as_ref().map(|s| SourceSelection {
            ReplicaModifications: s.replica_modifications.as_ref().and_then(|m| on(m.status.as_str())),
            SseKmsEncryptedObjects: s.sse_kms_encrypted_objects.as_ref().and_then(|m| on(m.status.as_str())),
        }),
        Status: Some(rule.status.as_str().into()),
    }
}

/// Reads the rules.
pub(super) async fn get(s3: &Client, bucket: &str) -> Outcome<Option<Replication>> {
    let answer = s3.get_bucket_replication().bucket(bucket).send().await.map_err(op("GetBucketReplication"));
    let answer = unless(answer, &["ReplicationConfigurationNotFoundError"])?;
    Ok(answer.and_then(|a| a.replication_configuration).map(|configuration| Replication {
        Role: Some(configuration.role.clone()),
        Rules: Some(configuration.rules.iter().map(read_rule).collect()),
    }))
}

/// What AWS would refuse, found while planning.
pub(super) fn check(props: &Json) -> Vec<(String, String)> {
    let property = "ReplicationConfiguration".to_owned();
    let mut problems = Vec::new();
    let configuration = &props["ReplicationConfiguration"];
    if configuration.is_null() {
        return problems;
    }
    let versioning = &props["VersioningConfiguration"]["Status"];
    if props["ObjectLockEnabled"] != true && (versioning.is_null() || versioning == "Suspended") {
        problems.push((
            property.clone(),
            "replication needs VersioningConfiguration with Status Enabled on this bucket".into(),
        ));
    }
    for (at, rule) in configuration["Rules"].as_array().into_iter().flatten().enumerate() {
        let mut say = |what: &str| problems.push((property.clone(), format!("rule {}: {what}", at + 1)));
        if rule["Filter"].is_object() {
            if rule["DeleteMarkerReplication"].is_null() {
                say("a rule with Filter needs DeleteMarkerReplication");
            }
            if rule["Priority"].is_null() {
                say("a rule with Filter needs Priority");
            }
            if rule["Prefix"].is_string() {
                say("Prefix belongs inside Filter when there is one");
            }
        }
        let to = &rule["Destination"];
        if to["ReplicationTime"]["Status"] == "Enabled" {
            if to["ReplicationTime"]["Time"]["Minutes"].as_i64().is_some_and(|m| m != 15) {
                say("replication time control knows 15 minutes only");
            }
            if to["Metrics"].is_null() {
                say("replication time control needs Metrics");
            }
        }
    }
    problems
}
