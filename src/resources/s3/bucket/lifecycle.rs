//! Lifecycle rules.

use aws_sdk_s3::{Client, types as sdk};
use aws_smithy_types::{DateTime, date_time::Format};

use super::{
    parts::{Outcome, built, own_tag, own_tags, tags, text, unless},
    props::{AbortUploads, Lifecycle, LifecycleRule, NoncurrentExpiration, NoncurrentTransition, Transition},
};
use crate::aws::{OpError, op};

fn date(text: Option<&String>) -> Outcome<Option<DateTime>> {
    text.map(|text| {
        DateTime::from_str(text, Format::DateTime)
            .map_err(|error| OpError::not_sent("PutBucketLifecycleConfiguration", format!("{text}: {error}")))
    })
    .transpose()
}

fn size(text: Option<&String>) -> Outcome<Option<i64>> {
    text.map(|text| {
        text.parse::<i64>().map_err(|_| {
            OpError::not_sent("PutBucketLifecycleConfiguration", format!("'{text}' is not a size in bytes"))
        })
    })
    .transpose()
}

/// An old spelling that CloudFormation still takes.
fn storage_class(text: Option<&String>) -> Option<sdk::TransitionStorageClass> {
    text.map(|text| if text == "Glacier" { "GLACIER" } else { text.as_str() })
        .map(sdk::TransitionStorageClass::from)
}

/// One criterion stands alone, several stand under `And`, none is an empty prefix.
fn filter(rule: &LifecycleRule) -> Outcome<sdk::LifecycleRuleFilter> {
    let (greater, less) =
        (size(rule.ObjectSizeGreaterThan.as_ref())?, size(rule.ObjectSizeLessThan.as_ref())?);
    let tags = tags(rule.TagFilters.as_ref())?;
    let criteria = usize::from(rule.Prefix.is_some())
        + usize::from(greater.is_some())
        + usize::from(less.is_some())
        + tags.len();
    let filter = sdk::LifecycleRuleFilter::builder();
    Ok(match criteria {
        0 => filter.prefix("").build(),
        1 => filter
            .set_prefix(rule.Prefix.clone())
            .set_object_size_greater_than(greater)
            .set_object_size_less_than(less)
            .set_tag(tags.into_iter().next())
            .build(),
        _ => {
            let and = sdk::LifecycleRuleAndOperator::builder()
                .set_prefix(rule.Prefix.clone())
                .set_object_size_greater_than(greater)
                .set_object_size_less_than(less)
                .set_tags((!tags.is_empty()).then_some(tags));
            filter.and(and.build()).build()
        }
    })
}

fn expiration(rule: &LifecycleRule) -> Outcome<Option<sdk::LifecycleExpiration>> {
    let date = date(rule.ExpirationDate.as_ref())?;
    let any = date.is_some() || rule.ExpirationInDays.is_some() || rule.ExpiredObjectDeleteMarker.is_some();
    Ok(any.then(|| {
        sdk::LifecycleExpiration::builder()
            .set_date(date)
            .set_days(rule.ExpirationInDays)
            .set_expired_object_delete_marker(rule.ExpiredObjectDeleteMarker)
            .build()
    }))
}

fn send_rule(rule: &LifecycleRule) -> Outcome<sdk::LifecycleRule> {
    let mut out = sdk::LifecycleRule::builder()
        .set_id(rule.Id.clone())
        .status(text(rule.Status.as_ref()).into())
        .filter(filter(rule)?)
        .set_expiration(expiration(rule)?);
    for step in rule.Transition.iter().chain(rule.Transitions.iter().flatten()) {
        out = out.transitions(
            sdk::Transition::builder()
                .set_date(date(step.TransitionDate.as_ref())?)
                .set_days(step.TransitionInDays)
                .set_storage_class(storage_class(step.StorageClass.as_ref()))
                .build(),
        );
    }
    for step in
        rule.NoncurrentVersionTransition.iter().chain(rule.NoncurrentVersionTransitions.iter().flatten())
    {
        out = out.noncurrent_version_transitions(
            sdk::NoncurrentVersionTransition::builder()
                .set_newer_noncurrent_versions(step.NewerNoncurrentVersions)
                .set_noncurrent_days(step.TransitionInDays)
                .set_storage_class(storage_class(step.StorageClass.as_ref()))
                .build(),
        );
    }
    let old = match (&rule.NoncurrentVersionExpiration, rule.NoncurrentVersionExpirationInDays) {
        (Some(old), _) => Some((old.NoncurrentDays, old.NewerNoncurrentVersions)),
        (None, Some(days)) => Some((Some(days), None)),
        (None, None) => None,
    };
    let old = old.map(|(days, newer)| {
        sdk::NoncurrentVersionExpiration::builder()
            .set_noncurrent_days(days)
            .set_newer_noncurrent_versions(newer)
            .build()
    });
    let abort = rule.AbortIncompleteMultipartUpload.as_ref().map(|abort| {
        sdk::AbortIncompleteMultipartUpload::builder()
            .set_days_after_initiation(abort.DaysAfterInitiation)
            .build()
    });
    built(out.set_noncurrent_version_expiration(old).set_abort_incomplete_multipart_upload(abort).build())
}

/// Sets the rules or takes them away.
pub(super) async fn put(s3: &Client, bucket: &str, want: Option<&Lifecycle>) -> Outcome<()> {
    let Some(want) = want else {
        s3.delete_bucket_lifecycle().bucket(bucket).send().await.map_err(op("DeleteBucketLifecycle"))?;
        return Ok(());
    };
    let rules: Vec<_> = want.Rules.iter().flatten().map(send_rule).collect::<Outcome<_>>()?;
    let minimum = want.TransitionDefaultMinimumObjectSize.as_deref();
    s3.put_bucket_lifecycle_configuration()
        .bucket(bucket)
        .lifecycle_configuration(built(
            sdk::BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build(),
        )?)
        .set_transition_default_minimum_object_size(
            minimum.map(sdk::TransitionDefaultMinimumObjectSize::from),
        )
        .send()
        .await
        .map_err(op("PutBucketLifecycleConfiguration"))?;
    Ok(())
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn shown(date: Option<DateTime>) -> Option<String> {
    date.and_then(|date| date.fmt(Format::DateTime).ok())
}

#[expect(deprecated, reason = "rules made before filters existed carry their prefix outside one")]
fn read_rule(rule: &sdk::LifecycleRule) -> LifecycleRule {
    let mut out = LifecycleRule {
        Id: rule.id.clone(),
        Status: Some(rule.status.as_str().into()),
        Prefix: rule.prefix.clone(),
        AbortIncompleteMultipartUpload: rule
            .abort_incomplete_multipart_upload
            .as_ref()
            .map(|abort| AbortUploads { DaysAfterInitiation: abort.days_after_initiation }),
        NoncurrentVersionExpiration: rule.noncurrent_version_expiration.as_ref().map(|old| {
            NoncurrentExpiration {
                NewerNoncurrentVersions: old.newer_noncurrent_versions,
                NoncurrentDays: old.noncurrent_days,
            }
        }),
        Transitions: some(
            rule.transitions()
                .iter()
                .map(|step| Transition {
                    StorageClass: step.storage_class.as_ref().map(|c| c.as_str().into()),
                    TransitionDate: shown(step.date),
                    TransitionInDays: step.days,
                })
                .collect(),
        ),
        NoncurrentVersionTransitions: some(
            rule.noncurrent_version_transitions()
                .iter()
                .map(|step| NoncurrentTransition {
                    NewerNoncurrentVersions: step.newer_noncurrent_versions,
                    StorageClass: step.storage_class.as_ref().map(|c| c.as_str().into()),
                    TransitionInDays: step.noncurrent_days,
                })
                .collect(),
        ),
        ..LifecycleRule::default()
    };
    if let Some(end) = &rule.expiration {
        out.ExpirationDate = shown(end.date);
        out.ExpirationInDays = end.days;
        out.ExpiredObjectDeleteMarker = end.expired_object_delete_marker;
    }
    if let Some(filter) = &rule.filter {
        let and = filter.and.as_ref();
        let size = |alone: Option<i64>, both: Option<i64>| alone.or(both).map(|n| n.to_string());
        out.Prefix = filter.prefix.clone().or_else(|| and?.prefix.clone()).or(out.Prefix);
        out.ObjectSizeGreaterThan =
            size(filter.object_size_greater_than, and.and_then(|a| a.object_size_greater_than));
        out.ObjectSizeLessThan =
            size(filter.object_size_less_than, and.and_then(|a| a.object_size_less_than));
        out.TagFilters =
            filter.tag.as_ref().map(|tag| vec![own_tag(tag)]).or_else(|| own_tags(and?.tags.as_ref()?));
    }
    out
}

/// Reads the rules.
pub(super) async fn get(s3: &Client, bucket: &str) -> Outcome<Option<Lifecycle>> {
    let answer = s3
        .get_bucket_lifecycle_configuration()
        .bucket(bucket)
        .send()
        .await
        .map_err(op("GetBucketLifecycleConfiguration"));
    let answer = unless(answer, &["NoSuchLifecycleConfiguration"])?;
    Ok(answer.map(|answer| Lifecycle {
        Rules: Some(answer.rules().iter().map(read_rule).collect()),
        TransitionDefaultMinimumObjectSize: answer
            .transition_default_minimum_object_size
            .as_ref()
            .map(|size| size.as_str().into()),
    }))
}
