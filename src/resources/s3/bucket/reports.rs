//! Settings that come in numbers, each with an id: metrics, analyses, inventories, intelligent tiering.

use std::collections::BTreeSet;

use aws_sdk_s3::{Client, types as sdk};

use super::{
    parts::{Outcome, built, own_tag, own_tags, tags, text, unless},
    props::{
        Analytics, DataExport, IntelligentTiering, Inventory, Metrics, ReportDestination,
        StorageClassAnalysis, Tiering,
    },
};
use crate::{aws::op, model::Tag};

const ABSENT: &[&str] = &["NoSuchConfiguration"];

/// The ids that are no longer wanted.
fn dropped<'p, P>(
    old: Option<&'p Vec<P>>,
    new: Option<&'p Vec<P>>,
    id: impl Fn(&'p P) -> Option<&'p String>,
) -> Vec<&'p str> {
    let keep: BTreeSet<&str> = new.into_iter().flatten().filter_map(&id).map(String::as_str).collect();
    old.into_iter().flatten().filter_map(id).map(String::as_str).filter(|i| !keep.contains(i)).collect()
}

/// What a filter of one criterion or of several says, in the template's terms.
type Criteria = (Option<String>, Option<Vec<Tag>>);

/// Sets the metrics filters and drops those that are no longer wanted.
pub(super) async fn put_metrics(
    s3: &Client,
    bucket: &str,
    old: Option<&Vec<Metrics>>,
    new: Option<&Vec<Metrics>>,
) -> Outcome<()> {
    for want in new.into_iter().flatten() {
        let mut tags = tags(want.TagFilters.as_ref())?;
        let criteria =
            usize::from(want.Prefix.is_some()) + usize::from(want.AccessPointArn.is_some()) + tags.len();
        let filter = if criteria > 1 {
            let and = sdk::MetricsAndOperator::builder()
                .set_prefix(want.Prefix.clone())
                .set_access_point_arn(want.AccessPointArn.clone())
                .set_tags((!tags.is_empty()).then_some(tags));
            Some(sdk::MetricsFilter::And(and.build()))
        } else if let Some(prefix) = &want.Prefix {
            Some(sdk::MetricsFilter::Prefix(prefix.clone()))
        } else if let Some(arn) = &want.AccessPointArn {
            Some(sdk::MetricsFilter::AccessPointArn(arn.clone()))
        } else {
            tags.pop().map(sdk::MetricsFilter::Tag)
        };
        let id = text(want.Id.as_ref());
        s3.put_bucket_metrics_configuration()
            .bucket(bucket)
            .id(id)
            .metrics_configuration(built(
                sdk::MetricsConfiguration::builder().id(id).set_filter(filter).build(),
            )?)
            .send()
            .await
            .map_err(op("PutBucketMetricsConfiguration"))?;
    }
    for id in dropped(old, new, |p| p.Id.as_ref()) {
        let gone = s3.delete_bucket_metrics_configuration().bucket(bucket).id(id).send().await;
        unless(gone.map_err(op("DeleteBucketMetricsConfiguration")), ABSENT)?;
    }
    Ok(())
}

/// Reads the metrics filters.
pub(super) async fn get_metrics(s3: &Client, bucket: &str) -> Outcome<Option<Vec<Metrics>>> {
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let page = s3
            .list_bucket_metrics_configurations()
            .bucket(bucket)
            .set_continuation_token(token)
            .send()
            .await
            .map_err(op("ListBucketMetricsConfigurations"))?;
        for one in page.metrics_configuration_list() {
            let mut live = Metrics { Id: Some(one.id.clone()), ..Metrics::default() };
            match &one.filter {
                Some(sdk::MetricsFilter::Prefix(prefix)) => live.Prefix = Some(prefix.clone()),
                Some(sdk::MetricsFilter::AccessPointArn(arn)) => live.AccessPointArn = Some(arn.clone()),
                Some(sdk::MetricsFilter::Tag(tag)) => live.TagFilters = Some(vec![own_tag(tag)]),
                Some(sdk::MetricsFilter::And(and)) => {
                    live.Prefix = and.prefix.clone();
                    live.AccessPointArn = and.access_point_arn.clone();
                    live.TagFilters = own_tags(and.tags());
                }
                _ => {}
            }
            all.push(live);
        }
        token = page.next_continuation_token;
        if token.is_none() {
            return Ok((!all.is_empty()).then_some(all));
        }
    }
}

fn send_to(to: Option<&ReportDestination>) -> ReportDestination {
    to.cloned().unwrap_or_default()
}

/// Sets the analyses and drops those that are no longer wanted.
pub(super) async fn put_analytics(
    s3: &Client,
    bucket: &str,
    old: Option<&Vec<Analytics>>,
    new: Option<&Vec<Analytics>>,
) -> Outcome<()> {
    for want in new.into_iter().flatten() {
        let mut tags = tags(want.TagFilters.as_ref())?;
        let filter = if usize::from(want.Prefix.is_some()) + tags.len() > 1 {
            let and =
                sdk::AnalyticsAndOperator::builder().set_prefix(want.Prefix.clone()).set_tags(Some(tags));
            Some(sdk::AnalyticsFilter::And(and.build()))
        } else if let Some(prefix) = &want.Prefix {
            Some(sdk::AnalyticsFilter::Prefix(prefix.clone()))
        } else {
            tags.pop().map(sdk::AnalyticsFilter::Tag)
        };
        let mut analysis = sdk::StorageClassAnalysis::builder();
        if let Some(export) = want.StorageClassAnalysis.as_ref().and_then(|a| a.DataExport.as_ref()) {
            let to = send_to(export.Destination.as_ref());
            let bucket = sdk::AnalyticsS3BucketDestination::builder()
                .bucket(text(to.BucketArn.as_ref()))
                .set_bucket_account_id(to.BucketAccountId)
                .format(text(to.Format.as_ref()).into())
                .set_prefix(to.Prefix);
            let destination = sdk::AnalyticsExportDestination::builder()
                .s3_bucket_destination(built(bucket.build())?)
                .build();
            analysis = analysis.data_export(built(
                sdk::StorageClassAnalysisDataExport::builder()
                    .output_schema_version(text(export.OutputSchemaVersion.as_ref()).into())
                    .destination(destination)
                    .build(),
            )?);
        }
        let id = text(want.Id.as_ref());
        let configuration = sdk::AnalyticsConfiguration::builder()
            .id(id)
            .set_filter(filter)
            .storage_class_analysis(analysis.build())
            .build();
        s3.put_bucket_analytics_configuration()
            .bucket(bucket)
            .id(id)
            .analytics_configuration(built(configuration)?)
            .send()
            .await
            .map_err(op("PutBucketAnalyticsConfiguration"))?;
    }
    for id in dropped(old, new, |p| p.Id.as_ref()) {
        let gone = s3.delete_bucket_analytics_configuration().bucket(bucket).id(id).send().await;
        unless(gone.map_err(op("DeleteBucketAnalyticsConfiguration")), ABSENT)?;
    }
    Ok(())
}

fn read_analysis(one: &sdk::AnalyticsConfiguration) -> Analytics {
    let (prefix, filters): Criteria = match &one.filter {
        Some(sdk::AnalyticsFilter::Prefix(prefix)) => (Some(prefix.clone()), None),
        Some(sdk::AnalyticsFilter::Tag(tag)) => (None, Some(vec![own_tag(tag)])),
        Some(sdk::AnalyticsFilter::And(and)) => (and.prefix.clone(), own_tags(and.tags())),
        _ => (None, None),
    };
    let export = one.storage_class_analysis.as_ref().and_then(|a| a.data_export.as_ref());
    let to = export.and_then(|e| e.destination.as_ref()).and_then(|d| d.s3_bucket_destination.as_ref());
    Analytics {
        Id: Some(one.id.clone()),
        Prefix: prefix,
        TagFilters: filters,
        StorageClassAnalysis: Some(StorageClassAnalysis {
            DataExport: export.map(|export| DataExport {
                OutputSchemaVersion: Some(export.output_schema_version.as_str().into()),
                Destination: to.map(|to| ReportDestination {
                    BucketAccountId: to.bucket_account_id.clone(),
                    BucketArn: Some(to.bucket.clone()),
                    Format: Some(to.format.as_str().into()),
                    Prefix: to.prefix.clone(),
                }),
            }),
        }),
    }
}

/// Reads the analyses.
pub(super) async fn get_analytics(s3: &Client, bucket: &str) -> Outcome<Option<Vec<Analytics>>> {
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let page = s3
            .list_bucket_analytics_configurations()
            .bucket(bucket)
            .set_continuation_token(token)
            .send()
            .await
            .map_err(op("ListBucketAnalyticsConfigurations"))?;
        all.extend(page.analytics_configuration_list().iter().map(read_analysis));
        token = page.next_continuation_token;
        if token.is_none() {
            return Ok((!all.is_empty()).then_some(all));
        }
    }
}

/// Sets the inventories and drops those that are no longer wanted.
pub(super) async fn put_inventories(
    s3: &Client,
    bucket: &str,
    old: Option<&Vec<Inventory>>,
    new: Option<&Vec<Inventory>>,
) -> Outcome<()> {
    for want in new.into_iter().flatten() {
        let to = send_to(want.Destination.as_ref());
        let target = sdk::InventoryS3BucketDestination::builder()
            .bucket(text(to.BucketArn.as_ref()))
            .set_account_id(to.BucketAccountId)
            .format(text(to.Format.as_ref()).into())
            .set_prefix(to.Prefix);
        let destination =
            sdk::InventoryDestination::builder().s3_bucket_destination(built(target.build())?).build();
        let schedule =
            sdk::InventorySchedule::builder().frequency(text(want.ScheduleFrequency.as_ref()).into());
        let filter = match &want.Prefix {
            Some(prefix) => Some(built(sdk::InventoryFilter::builder().prefix(prefix).build())?),
            None => None,
        };
        let fields = want.OptionalFields.as_ref();
        let fields =
            fields.map(|f| f.iter().map(|name| sdk::InventoryOptionalField::from(name.as_str())).collect());
        let id = text(want.Id.as_ref());
        let configuration = sdk::InventoryConfiguration::builder()
            .id(id)
            .is_enabled(want.Enabled.unwrap_or(false))
            .included_object_versions(text(want.IncludedObjectVersions.as_ref()).into())
            .destination(destination)
            .schedule(built(schedule.build())?)
            .set_filter(filter)
            .set_optional_fields(fields)
            .build();
        s3.put_bucket_inventory_configuration()
            .bucket(bucket)
            .id(id)
            .inventory_configuration(built(configuration)?)
            .send()
            .await
            .map_err(op("PutBucketInventoryConfiguration"))?;
    }
    for id in dropped(old, new, |p| p.Id.as_ref()) {
        let gone = s3.delete_bucket_inventory_configuration().bucket(bucket).id(id).send().await;
        unless(gone.map_err(op("DeleteBucketInventoryConfiguration")), ABSENT)?;
    }
    Ok(())
}

/// Reads the inventories.
pub(super) async fn get_inventories(s3: &Client, bucket: &str) -> Outcome<Option<Vec<Inventory>>> {
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let page = s3
            .list_bucket_inventory_configurations()
            .bucket(bucket)
            .set_continuation_token(token)
            .send()
            .await
            .map_err(op("ListBucketInventoryConfigurations"))?;
        for one in page.inventory_configuration_list() {
            let to = one.destination.as_ref().and_then(|d| d.s3_bucket_destination.as_ref());
            let fields: Vec<String> = one.optional_fields().iter().map(|f| f.as_str().to_owned()).collect();
            all.push(Inventory {
                Destination: to.map(|to| ReportDestination {
                    BucketAccountId: to.account_id.clone(),
                    BucketArn: Some(to.bucket.clone()),
                    Format: Some(to.format.as_str().into()),
                    Prefix: to.prefix.clone(),
                }),
                Enabled: Some(one.is_enabled),
                Id: Some(one.id.clone()),
                IncludedObjectVersions: Some(one.included_object_versions.as_str().into()),
                OptionalFields: (!fields.is_empty()).then_some(fields),
                Prefix: one.filter.as_ref().map(|f| f.prefix.clone()),
                ScheduleFrequency: one.schedule.as_ref().map(|s| s.frequency.as_str().into()),
            });
        }
        token = page.next_continuation_token;
        if token.is_none() {
            return Ok((!all.is_empty()).then_some(all));
        }
    }
}

/// Sets the tierings and drops those that are no longer wanted.
pub(super) async fn put_tierings(
    s3: &Client,
    bucket: &str,
    old: Option<&Vec<IntelligentTiering>>,
    new: Option<&Vec<IntelligentTiering>>,
) -> Outcome<()> {
    for want in new.into_iter().flatten() {
        let mut tags = tags(want.TagFilters.as_ref())?;
        let builder = sdk::IntelligentTieringFilter::builder();
        let filter = match usize::from(want.Prefix.is_some()) + tags.len() {
            0 => None,
            1 => Some(builder.set_prefix(want.Prefix.clone()).set_tag(tags.pop()).build()),
            _ => {
                let and = sdk::IntelligentTieringAndOperator::builder()
                    .set_prefix(want.Prefix.clone())
                    .set_tags(Some(tags))
                    .build();
                Some(builder.and(and).build())
            }
        };
        let mut steps = Vec::new();
        for step in want.Tierings.iter().flatten() {
            let tier = text(step.AccessTier.as_ref()).into();
            steps.push(built(sdk::Tiering::builder().access_tier(tier).set_days(step.Days).build())?);
        }
        let id = text(want.Id.as_ref());
        let configuration = sdk::IntelligentTieringConfiguration::builder()
            .id(id)
            .status(text(want.Status.as_ref()).into())
            .set_filter(filter)
            .set_tierings(Some(steps))
            .build();
        s3.put_bucket_intelligent_tiering_configuration()
            .bucket(bucket)
            .id(id)
            .intelligent_tiering_configuration(built(configuration)?)
            .send()
            .await
            .map_err(op("PutBucketIntelligentTieringConfiguration"))?;
    }
    for id in dropped(old, new, |p| p.Id.as_ref()) {
        let gone = s3.delete_bucket_intelligent_tiering_configuration().bucket(bucket).id(id).send().await;
        unless(gone.map_err(op("DeleteBucketIntelligentTieringConfiguration")), ABSENT)?;
    }
    Ok(())
}

/// Reads the tierings.
pub(super) async fn get_tierings(s3: &Client, bucket: &str) -> Outcome<Option<Vec<IntelligentTiering>>> {
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let page = s3
            .list_bucket_intelligent_tiering_configurations()
            .bucket(bucket)
            .set_continuation_token(token)
            .send()
            .await
            .map_err(op("ListBucketIntelligentTieringConfigurations"))?;
        for one in page.intelligent_tiering_configuration_list() {
            let filter = one.filter.as_ref();
            let and = filter.and_then(|f| f.and.as_ref());
            let single = filter.and_then(|f| f.tag.as_ref()).map(|tag| vec![own_tag(tag)]);
            all.push(IntelligentTiering {
                Id: Some(one.id.clone()),
                Prefix: filter.and_then(|f| f.prefix.clone()).or_else(|| and?.prefix.clone()),
                Status: Some(one.status.as_str().into()),
                TagFilters: single.or_else(|| own_tags(and?.tags())),
                Tierings: Some(
                    one.tierings
                        .iter()
                        .map(|step| Tiering {
                            AccessTier: Some(step.access_tier.as_str().into()),
                            Days: Some(step.days),
                        })
                        .collect(),
                ),
            });
        }
        token = page.next_continuation_token;
        if token.is_none() {
            return Ok((!all.is_empty()).then_some(all));
        }
    }
}
