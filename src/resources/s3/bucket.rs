//! `AWS::S3::Bucket`.

mod access;
mod delivery;
mod emptying;
mod lifecycle;
mod metadata;
mod parts;
mod props;
mod protection;
mod replication;
mod reports;
mod same;
mod web;

use aws_sdk_s3::{Client, types as sdk};
use serde_json::{Value as Json, json};

pub use props::Props;

use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, OnConflict, Ownership, PhysicalId, Retry, Tag},
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare},
};

/// `AWS::S3::Bucket`. Tags, object lock and ownership are set by the create call; every other setting has a
/// call of its own.
pub struct Bucket;

const ABSENT: &[&str] = &["NoSuchBucket", "NotFound"];

/// Codes that say: the bucket exists, in another region or account.
const ELSEWHERE: &[&str] = &[
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "AccessDenied",
    "IllegalLocationConstraintException",
];

/// Regions whose website endpoints are written with a dash.
const DASHED: &[&str] = &[
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "eu-west-1",
    "sa-east-1",
    "us-gov-west-1",
];

fn attributes(cx: &Cx<'_>, bucket: &str) -> Attributes {
    let suffix = if cx.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    let region = cx.region;
    let dot = if DASHED.contains(&region) { '-' } else { '.' };
    [
        ("Ref", bucket.to_owned()),
        ("Arn", format!("arn:{}:s3:::{bucket}", cx.partition)),
        ("DomainName", format!("{bucket}.s3.{suffix}")),
        ("DualStackDomainName", format!("{bucket}.s3.dualstack.{region}.{suffix}")),
        ("RegionalDomainName", format!("{bucket}.s3.{region}.{suffix}")),
        ("WebsiteURL", format!("http://{bucket}.s3-website{dot}{region}.{suffix}")),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), json!(value)))
    .collect()
}

/// Brings every setting that `touched` names from `old` to `new`. What may fail for want of another setting
/// comes after it; what forbids another setting goes before it.
/// All tags of a bucket, `None` if there are none.
async fn tags(cx: &Cx<'_>, bucket: &str) -> Result<Option<Vec<Tag>>, OpError> {
    let arn = format!("arn:{}:s3:::{bucket}", cx.partition);
    if let Some(tags) = cx.shelved_tags(&arn) {
        return Ok(Some(tags));
    }
    protection::get_tags(cx.sdk.s3(), bucket).await
}

async fn apply(
    s3: &Client,
    bucket: &str,
    old: &Props,
    new: &Props,
    touched: impl Fn(&str) -> bool,
) -> Result<(), OpError> {
    // Versioning cannot be suspended while a replication configuration is there.
    if touched("ReplicationConfiguration") && new.ReplicationConfiguration.is_none() {
        replication::put(s3, bucket, None).await?;
    }
    if touched("VersioningConfiguration") {
        protection::put_versioning(s3, bucket, new.VersioningConfiguration.as_ref()).await?;
    }
    if touched("ObjectLockConfiguration")
        || (touched("ObjectLockEnabled")
            && old.ObjectLockEnabled != Some(true)
            && new.ObjectLockEnabled == Some(true))
    {
        protection::put_object_lock(s3, bucket, new.ObjectLockConfiguration.as_ref()).await?;
    }
    if touched("BucketEncryption") {
        access::put_encryption(s3, bucket, new.BucketEncryption.as_ref()).await?;
    }
    if touched("OwnershipControls") {
        access::put_ownership(s3, bucket, new.OwnershipControls.as_ref()).await?;
    }
    if touched("PublicAccessBlockConfiguration") {
        access::put_public_access(s3, bucket, new.PublicAccessBlockConfiguration.as_ref()).await?;
    }
    if touched("AccessControl")
        && (new.AccessControl.as_deref() != Some("Private") || old.AccessControl.is_some())
    {
        access::put_acl(s3, bucket, new.AccessControl.as_ref()).await?;
    }
    if touched("AbacStatus") {
        access::put_abac(s3, bucket, new.AbacStatus.as_ref()).await?;
    }
    if touched("LifecycleConfiguration") {
        lifecycle::put(s3, bucket, new.LifecycleConfiguration.as_ref()).await?;
    }
    if touched("CorsConfiguration") {
        web::put_cors(s3, bucket, new.CorsConfiguration.as_ref()).await?;
    }
    if touched("WebsiteConfiguration") {
        web::put_website(s3, bucket, new.WebsiteConfiguration.as_ref()).await?;
    }
    if touched("AccelerateConfiguration") {
        web::put_accelerate(s3, bucket, new.AccelerateConfiguration.as_ref()).await?;
    }
    if touched("MetricsConfigurations") {
        let (old, new) = (old.MetricsConfigurations.as_ref(), new.MetricsConfigurations.as_ref());
        reports::put_metrics(s3, bucket, old, new).await?;
    }
    if touched("AnalyticsConfigurations") {
        let (old, new) = (old.AnalyticsConfigurations.as_ref(), new.AnalyticsConfigurations.as_ref());
        reports::put_analytics(s3, bucket, old, new).await?;
    }
    if touched("InventoryConfigurations") {
        let (old, new) = (old.InventoryConfigurations.as_ref(), new.InventoryConfigurations.as_ref());
        reports::put_inventories(s3, bucket, old, new).await?;
    }
    if touched("IntelligentTieringConfigurations") {
        let (old, new) =
            (old.IntelligentTieringConfigurations.as_ref(), new.IntelligentTieringConfigurations.as_ref());
        reports::put_tierings(s3, bucket, old, new).await?;
    }
    // A bucket has one kind of metadata tables: what leaves makes room for the other.
    if touched("MetadataConfiguration") && new.MetadataConfiguration.is_none() {
        metadata::put(s3, bucket, old.MetadataConfiguration.as_ref(), None).await?;
    }
    if touched("MetadataTableConfiguration") {
        metadata::put_table(s3, bucket, new.MetadataTableConfiguration.as_ref()).await?;
    }
    if touched("MetadataConfiguration") && new.MetadataConfiguration.is_some() {
        let (old, new) = (old.MetadataConfiguration.as_ref(), new.MetadataConfiguration.as_ref());
        metadata::put(s3, bucket, old, new).await?;
    }
    if touched("LoggingConfiguration") {
        delivery::put_logging(s3, bucket, new.LoggingConfiguration.as_ref()).await?;
    }
    if touched("NotificationConfiguration") {
        delivery::put_notification(s3, bucket, new.NotificationConfiguration.as_ref()).await?;
    }
    if touched("ReplicationConfiguration") && new.ReplicationConfiguration.is_some() {
        replication::put(s3, bucket, new.ReplicationConfiguration.as_ref()).await?;
    }
    Ok(())
}

/// Whether a property is set.
fn is_set(props: &Props, property: &str) -> bool {
    serde_json::to_value(props).is_ok_and(|all| !all[property].is_null())
}

impl ResourceType for Bucket {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "BucketName", max: 63, lower: true, separator: '-' }),
        on_conflict: OnConflict::Overwrites,
        configures: true,
        early: &["Ref", "Arn", "DomainName", "DualStackDomainName", "RegionalDomainName", "WebsiteURL"],
        retry: &[
            Retry { code: "NoSuchBucket", message: "", why: "the new bucket is not seen everywhere yet" },
            Retry { code: "OperationAborted", message: "", why: "another change of the bucket is under way" },
            Retry {
                code: "InvalidRequest",
                message: "must have versioning enabled",
                why: "the destination bucket is not versioned yet",
            },
            Retry {
                code: "InvalidRequest",
                message: "Versioning must be 'Enabled'",
                why: "versioning has not taken effect yet",
            },
            Retry { code: "InvalidArgument", message: "role", why: "the replication role is not usable yet" },
            Retry {
                code: "InvalidArgument",
                message: "Unable to validate the following destination",
                why: "the destination does not admit S3 yet",
            },
            Retry {
                code: "InvalidTargetBucketForLogging",
                message: "",
                why: "the log bucket is not ready yet",
            },
        ],
        retry_delete: &[Retry {
            code: "OperationAborted",
            message: "",
            why: "another change of the bucket is under way",
        }],
        absent: ABSENT,
        iam: &[
            "s3:CreateBucket",
            "s3:DeleteBucket",
            "s3:ListBucket",
            "s3:TagResource",
            "s3:GetBucketTagging",
            "s3:PutBucketTagging",
            "s3:PutBucketAcl",
            "s3:GetBucketAbac",
            "s3:PutBucketAbac",
            "s3:GetAccelerateConfiguration",
            "s3:PutAccelerateConfiguration",
            "s3:GetAnalyticsConfiguration",
            "s3:PutAnalyticsConfiguration",
            "s3:GetEncryptionConfiguration",
            "s3:PutEncryptionConfiguration",
            "s3:GetBucketCORS",
            "s3:PutBucketCORS",
            "s3:GetIntelligentTieringConfiguration",
            "s3:PutIntelligentTieringConfiguration",
            "s3:GetInventoryConfiguration",
            "s3:PutInventoryConfiguration",
            "s3:GetLifecycleConfiguration",
            "s3:PutLifecycleConfiguration",
            "s3:GetBucketLogging",
            "s3:PutBucketLogging",
            "s3:GetMetricsConfiguration",
            "s3:PutMetricsConfiguration",
            "s3:GetBucketNotification",
            "s3:PutBucketNotification",
            "s3:GetBucketObjectLockConfiguration",
            "s3:PutBucketObjectLockConfiguration",
            "s3:GetBucketOwnershipControls",
            "s3:PutBucketOwnershipControls",
            "s3:GetBucketPublicAccessBlock",
            "s3:PutBucketPublicAccessBlock",
            "s3:GetReplicationConfiguration",
            "s3:PutReplicationConfiguration",
            "iam:PassRole",
            "s3:GetBucketVersioning",
            "s3:PutBucketVersioning",
            "s3:GetBucketWebsite",
            "s3:PutBucketWebsite",
            "s3:DeleteBucketWebsite",
            "s3:ListBucketVersions",
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
            "s3:ListBucketMultipartUploads",
            "s3:AbortMultipartUpload",
            "s3:CreateBucketMetadataTableConfiguration",
            "s3:DeleteBucketMetadataTableConfiguration",
            "s3:GetBucketMetadataTableConfiguration",
            "s3:UpdateBucketMetadataAnnotationTableConfiguration",
            "s3:UpdateBucketMetadataInventoryTableConfiguration",
            "s3:UpdateBucketMetadataJournalTableConfiguration",
        ],
        refused: &[(
            "BucketNamePrefix",
            "migrate makes up names itself; leave the prefix out or write the whole name into BucketName",
        )],
        stateful: Some("all objects and versions"),
        global: true,
        arn: Some((&["Arn"], "arn:{partition}:s3:::{name}")),
        // "The Amazon Resource Name (ARN) of the IAM role" (Amazon S3 API Reference, ReplicationConfiguration and
        // AnnotationTableConfiguration).
        role_arns: &[
            "MetadataConfiguration.AnnotationTableConfiguration.Role",
            "ReplicationConfiguration.Role",
        ],
        ..Facts::new("AWS::S3::Bucket", "s3")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        same::same(Self::FACTS.kind, property, desired, recorded)
    }

    /// Object lock, once on, stays on.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut names = compare::create_only(Self::FACTS.kind, change.changed);
        if change.has("ObjectLockEnabled") && change.old.ObjectLockEnabled == Some(true) {
            names.push("ObjectLockEnabled".into());
        }
        names
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        replication::check(props)
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(bucket) = props.BucketName.as_deref() else { return Ok(None) };
        let ownership = match tags(cx, bucket).await {
            // Buckets of ours are born with tags, so one without is somebody else's.
            Ok(tags) => cx.owns(tags.iter().flatten().map(|tag| (tag.key(), tag.value()))),
            Err(error) if error.is(ABSENT) => return Ok(None),
            Err(error) if error.is(ELSEWHERE) => Ownership::Foreign,
            Err(error) => return Err(error),
        };
        Ok(Some(Found { id: bucket.into(), attributes: attributes(cx, bucket), ownership }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let head = cx.sdk.s3().head_bucket().bucket(id.as_str()).send().await.map_err(op("HeadBucket"));
        let there = parts::unless(head, ABSENT)?.is_some();
        Ok(match (goal, there) {
            (Goal::Ready, true) => {
                let mut all = attributes(cx, id.as_str());
                all.extend(metadata::attributes(cx.sdk.s3(), id.as_str(), props).await?);
                Probe::Reached(all)
            }
            (Goal::Ready, false) => Probe::Pending("not seen yet".into()),
            (Goal::Gone, true) => Probe::Pending("still there".into()),
            (Goal::Gone, false) => Probe::Reached(Attributes::new()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let (s3, bucket) = (cx.sdk.s3(), id.as_str());
        let Some(tags) = parts::unless(tags(cx, bucket).await, ABSENT)? else {
            return Ok(None);
        };
        let mut live = Props {
            BucketName: Some(bucket.to_owned()),
            Tags: cx.own_tags(tags.iter().flatten().map(|tag| (tag.key(), tag.value()))),
            ..Props::default()
        };
        macro_rules! reads {
            ($($property:ident: $call:expr;)*) => {
                $(if hint.$property.is_some() { live.$property = $call.await?; })*
            };
        }
        reads! {
            AbacStatus: access::get_abac(s3, bucket);
            AccelerateConfiguration: web::get_accelerate(s3, bucket);
            AnalyticsConfigurations: reports::get_analytics(s3, bucket);
            BucketEncryption: access::get_encryption(s3, bucket);
            CorsConfiguration: web::get_cors(s3, bucket);
            IntelligentTieringConfigurations: reports::get_tierings(s3, bucket);
            InventoryConfigurations: reports::get_inventories(s3, bucket);
            LifecycleConfiguration: lifecycle::get(s3, bucket);
            MetadataConfiguration: metadata::get(s3, bucket);
            MetadataTableConfiguration: metadata::get_table(s3, bucket);
            MetricsConfigurations: reports::get_metrics(s3, bucket);
            OwnershipControls: access::get_ownership(s3, bucket);
            PublicAccessBlockConfiguration: access::get_public_access(s3, bucket);
            ReplicationConfiguration: replication::get(s3, bucket);
            VersioningConfiguration: protection::get_versioning(s3, bucket);
            WebsiteConfiguration: web::get_website(s3, bucket);
        }
        if let Some(hint) = &hint.LoggingConfiguration {
            live.LoggingConfiguration = delivery::get_logging(s3, bucket, hint).await?;
        }
        if let Some(hint) = &hint.NotificationConfiguration {
            live.NotificationConfiguration = delivery::get_notification(s3, bucket, hint).await?;
        }
        if hint.ObjectLockEnabled.is_some() || hint.ObjectLockConfiguration.is_some() {
            let lock = protection::get_object_lock(s3, bucket).await?;
            live.ObjectLockEnabled = Some(lock.is_some());
            live.ObjectLockConfiguration = lock;
        }
        Ok(Some(live))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let bucket = parts::text(props.BucketName.as_ref());
        let mut configuration = sdk::CreateBucketConfiguration::builder()
            .set_tags(Some(parts::tags(Some(&cx.tags(props.Tags.as_ref())))?));
        // The oldest region has no name here.
        if cx.region != "us-east-1" {
            configuration = configuration.location_constraint(cx.region.into());
        }
        cx.sdk
            .s3()
            .create_bucket()
            .bucket(bucket)
            .create_bucket_configuration(configuration.build())
            .set_bucket_namespace(props.BucketNamespace.as_deref().map(sdk::BucketNamespace::from))
            .set_object_lock_enabled_for_bucket(props.ObjectLockEnabled)
            .set_object_ownership(access::ownership(props.OwnershipControls.as_ref()))
            .send()
            .await
            .map_err(op("CreateBucket"))?;
        Ok(Created { id: bucket.into(), attributes: attributes(cx, bucket) })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        let by_create = ["OwnershipControls", "ObjectLockEnabled", "Tags"];
        let touched = |property: &str| !by_create.contains(&property) && is_set(props, property);
        apply(cx.sdk.s3(), id.as_str(), &Props::default(), props, touched).await?;
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        apply(cx.sdk.s3(), id.as_str(), change.old, change.new, |property| change.has(property)).await?;
        if change.has("Tags") {
            protection::put_tags(cx.sdk.s3(), id.as_str(), &cx.tags(change.new.Tags.as_ref())).await?;
        }
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let (s3, bucket) = (cx.sdk.s3(), id.as_str());
        if cx.empty_on_delete {
            match emptying::step(s3, bucket).await {
                Ok(Some(done)) => return Ok(Progress::Again(done)),
                Ok(None) => {}
                Err(error) => return Err(error),
            }
        }
        match s3.delete_bucket().bucket(bucket).send().await.map_err(op("DeleteBucket")) {
            Ok(_) => Ok(Progress::Done),
            Err(error) if error.is(&["BucketNotEmpty"]) && cx.empty_on_delete => {
                Ok(Progress::Again("the bucket is not seen empty yet".into()))
            }
            Err(mut error) if error.is(&["BucketNotEmpty"]) => {
                error.message.push_str(
                    "; to delete all its objects and versions with it, give the resource \
                     `Metadata: {Migrate: {EmptyOnDelete: true}}`",
                );
                Err(error)
            }
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
