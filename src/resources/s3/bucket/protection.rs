//! What keeps objects: versions and object lock; and the bucket's tags.

use aws_sdk_s3::{Client, types as sdk};

use super::{
    parts::{Outcome, tags, unless},
    props::{EventHold, ObjectLock, ObjectLockRule, Retention, Versioning},
};
use crate::{aws::op, model::Tag};

/// Sets versioning. Once enabled it can only be suspended, so that is what taking the property away does.
pub(super) async fn put_versioning(s3: &Client, bucket: &str, want: Option<&Versioning>) -> Outcome<()> {
    let status = want.and_then(|w| w.Status.as_deref()).unwrap_or("Suspended");
    let configuration = sdk::VersioningConfiguration::builder().status(status.into()).build();
    s3.put_bucket_versioning()
        .bucket(bucket)
        .versioning_configuration(configuration)
        .send()
        .await
        .map_err(op("PutBucketVersioning"))?;
    Ok(())
}

/// Reads versioning; `None` if it was never set.
pub(super) async fn get_versioning(s3: &Client, bucket: &str) -> Outcome<Option<Versioning>> {
    let answer = s3.get_bucket_versioning().bucket(bucket).send().await.map_err(op("GetBucketVersioning"))?;
    Ok(answer.status.map(|status| Versioning { Status: Some(status.as_str().into()) }))
}

/// Sets the default retention, or takes it away; object lock itself stays on.
pub(super) async fn put_object_lock(s3: &Client, bucket: &str, want: Option<&ObjectLock>) -> Outcome<()> {
    let rule = want.and_then(|w| w.Rule.as_ref()).map(|rule| {
        let retention = rule.DefaultRetention.as_ref().map(|r| {
            let hold = r.DefaultEventHold.as_ref().map(|hold| {
                sdk::EventHoldDuration::builder().set_days(hold.Days).set_years(hold.Years).build()
            });
            sdk::DefaultRetention::builder()
                .set_mode(r.Mode.as_deref().map(sdk::ObjectLockRetentionMode::from))
                .set_days(r.Days)
                .set_years(r.Years)
                .set_default_event_hold(hold)
                .build()
        });
        sdk::ObjectLockRule::builder().set_default_retention(retention).build()
    });
    let configuration = sdk::ObjectLockConfiguration::builder()
        .object_lock_enabled(sdk::ObjectLockEnabled::Enabled)
        .set_rule(rule)
        .build();
    s3.put_object_lock_configuration()
        .bucket(bucket)
        .object_lock_configuration(configuration)
        .send()
        .await
        .map_err(op("PutObjectLockConfiguration"))?;
    Ok(())
}

/// Reads object lock; `None` if it is off.
pub(super) async fn get_object_lock(s3: &Client, bucket: &str) -> Outcome<Option<ObjectLock>> {
    let answer = s3
        .get_object_lock_configuration()
        .bucket(bucket)
        .send()
        .await
        .map_err(op("GetObjectLockConfiguration"));
    let answer = unless(answer, &["ObjectLockConfigurationNotFoundError"])?;
    Ok(answer.and_then(|a| a.object_lock_configuration).map(|lock| ObjectLock {
        ObjectLockEnabled: lock.object_lock_enabled.map(|e| e.as_str().into()),
        Rule: lock.rule.map(|rule| ObjectLockRule {
            DefaultRetention: rule.default_retention.map(|r| Retention {
                DefaultEventHold: r.default_event_hold.map(|h| EventHold { Days: h.days, Years: h.years }),
                Days: r.days,
                Mode: r.mode.map(|m| m.as_str().into()),
                Years: r.years,
            }),
        }),
    }))
}

/// Replaces all tags.
pub(super) async fn put_tags(s3: &Client, bucket: &str, all: &Vec<Tag>) -> Outcome<()> {
    let set = super::parts::built(sdk::Tagging::builder().set_tag_set(Some(tags(Some(all))?)).build())?;
    s3.put_bucket_tagging().bucket(bucket).tagging(set).send().await.map_err(op("PutBucketTagging"))?;
    Ok(())
}

/// Reads all tags; `None` if there are none.
pub(super) async fn get_tags(s3: &Client, bucket: &str) -> Outcome<Option<Vec<Tag>>> {
    let answer = s3.get_bucket_tagging().bucket(bucket).send().await.map_err(op("GetBucketTagging"));
    let answer = unless(answer, &["NoSuchTagSet"])?;
    Ok(answer.and_then(|a| super::parts::own_tags(&a.tag_set)))
}
