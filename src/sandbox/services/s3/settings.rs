//! Settings of which a bucket has at most one: stored as sent, returned as stored.

use serde_json::{Value as Json, json};

use super::{
    buckets::default_encryption,
    rules,
    tables::{BUCKETS, bucket, setting},
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// How an answer carries a setting.
enum Shape {
    /// Under the setting's own name.
    Named,
    /// Its members are the answer's members.
    Flat,
}

/// One kind of setting.
struct Setting {
    /// The operation's name without `Get`, `Put` or `Delete`.
    noun: &'static str,
    /// The name it is stored and answered under.
    member: &'static str,
    /// Where the request has it.
    sent: &'static [&'static str],
    shape: Shape,
    /// What AWS says when there is none; an empty answer if it says nothing.
    absent: Option<(&'static str, &'static str)>,
}

const fn setting_of(
    noun: &'static str,
    member: &'static str,
    sent: &'static [&'static str],
    shape: Shape,
    absent: Option<(&'static str, &'static str)>,
) -> Setting {
    Setting { noun, member, sent, shape, absent }
}

const SETTINGS: &[Setting] = &[
    setting_of("BucketAbac", "AbacStatus", &["AbacStatus"], Shape::Named, None),
    setting_of(
        "BucketAccelerateConfiguration",
        "AccelerateConfiguration",
        &["AccelerateConfiguration"],
        Shape::Flat,
        None,
    ),
    setting_of(
        "BucketCors",
        "CORSConfiguration",
        &["CORSConfiguration"],
        Shape::Flat,
        Some(("NoSuchCORSConfiguration", "The CORS configuration does not exist")),
    ),
    setting_of(
        "BucketEncryption",
        "ServerSideEncryptionConfiguration",
        &["ServerSideEncryptionConfiguration"],
        Shape::Named,
        Some((
            "ServerSideEncryptionConfigurationNotFoundError",
            "The server side encryption configuration was not found",
        )),
    ),
    setting_of(
        "BucketLifecycleConfiguration",
        "LifecycleConfiguration",
        &["LifecycleConfiguration"],
        Shape::Flat,
        Some(("NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist")),
    ),
    setting_of(
        "BucketLogging",
        "LoggingEnabled",
        &["BucketLoggingStatus", "LoggingEnabled"],
        Shape::Named,
        None,
    ),
    setting_of(
        "BucketNotificationConfiguration",
        "NotificationConfiguration",
        &["NotificationConfiguration"],
        Shape::Flat,
        None,
    ),
    setting_of(
        "BucketOwnershipControls",
        "OwnershipControls",
        &["OwnershipControls"],
        Shape::Named,
        Some(("OwnershipControlsNotFoundError", "The bucket ownership controls were not found")),
    ),
    setting_of(
        "BucketPolicy",
        "Policy",
        &["Policy"],
        Shape::Named,
        Some(("NoSuchBucketPolicy", "The bucket policy does not exist")),
    ),
    setting_of(
        "BucketReplication",
        "ReplicationConfiguration",
        &["ReplicationConfiguration"],
        Shape::Named,
        Some(("ReplicationConfigurationNotFoundError", "The replication configuration was not found")),
    ),
    setting_of(
        "BucketRequestPayment",
        "RequestPaymentConfiguration",
        &["RequestPaymentConfiguration"],
        Shape::Flat,
        None,
    ),
    setting_of(
        "BucketTagging",
        "TagSet",
        &["Tagging", "TagSet"],
        Shape::Named,
        Some(("NoSuchTagSet", "The TagSet does not exist")),
    ),
    setting_of(
        "BucketVersioning",
        "VersioningConfiguration",
        &["VersioningConfiguration"],
        Shape::Flat,
        None,
    ),
    setting_of(
        "BucketWebsite",
        "WebsiteConfiguration",
        &["WebsiteConfiguration"],
        Shape::Flat,
        Some(("NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration")),
    ),
    setting_of(
        "ObjectLockConfiguration",
        "ObjectLockConfiguration",
        &["ObjectLockConfiguration"],
        Shape::Named,
        Some((
            "ObjectLockConfigurationNotFoundError",
            "Object Lock configuration does not exist for this bucket",
        )),
    ),
    setting_of(
        "PublicAccessBlock",
        "PublicAccessBlockConfiguration",
        &["PublicAccessBlockConfiguration"],
        Shape::Named,
        Some(("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found")),
    ),
];

fn kind(operation: &str) -> Result<&'static Setting, Fault> {
    let noun = operation.trim_start_matches("Get").trim_start_matches("Put").trim_start_matches("Delete");
    // The one deletion that is not named like its twin.
    let noun = if noun == "BucketLifecycle" { "BucketLifecycleConfiguration" } else { noun };
    SETTINGS
        .iter()
        .find(|setting| setting.noun == noun)
        .ok_or_else(|| Fault::new("NotImplemented", format!("no setting {noun}")).status(501))
}

pub(super) fn put(world: &mut World, rq: &Request<'_>) -> Reply {
    let kind = kind(rq.operation)?;
    let row = bucket(world, rq)?;
    let mut value = rq.input.clone();
    for step in kind.sent {
        value = value[*step].take();
    }
    let mut value = rules::admit(world, row, kind.member, value)?;
    let mut out = json!({});
    if kind.member == "LifecycleConfiguration" {
        let size = rq.opt("TransitionDefaultMinimumObjectSize").unwrap_or("all_storage_classes_128K");
        value["TransitionDefaultMinimumObjectSize"] = json!(size);
        out["TransitionDefaultMinimumObjectSize"] = json!(size);
        for rule in value["Rules"].as_array_mut().into_iter().flatten() {
            if !rule["ID"].is_string() {
                rule["ID"] = json!(world.hex(32));
            }
        }
    }
    if kind.member == "ReplicationConfiguration" {
        for rule in value["Rules"].as_array_mut().into_iter().flatten() {
            if !rule["ID"].is_string() {
                rule["ID"] = json!(world.hex(32));
            }
        }
    }
    if kind.member == "NotificationConfiguration" {
        for list in ["LambdaFunctionConfigurations", "QueueConfigurations", "TopicConfigurations"] {
            for one in value.get_mut(list).and_then(Json::as_array_mut).into_iter().flatten() {
                if !one["Id"].is_string() {
                    one["Id"] = json!(world.hex(32));
                }
            }
        }
    }
    if let Some(row) = world.get_mut(BUCKETS, rq.text("Bucket")) {
        row["_sub"][kind.member] = value;
    }
    Ok(out)
}

pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let kind = kind(rq.operation)?;
    let value = setting(bucket(world, rq)?, kind.member);
    let empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
    match (&kind.absent, &kind.shape) {
        (Some((code, message)), _) if empty => Err(Fault::new(*code, *message).status(404)),
        _ if kind.member == "RequestPaymentConfiguration" && empty => Ok(json!({"Payer": "BucketOwner"})),
        _ if kind.member == "AbacStatus" && empty => Ok(json!({"AbacStatus": {"Status": "Disabled"}})),
        _ if empty => done(),
        (_, Shape::Named) => Ok(json!({kind.member: value})),
        (_, Shape::Flat) => Ok(value.clone()),
    }
}

pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let kind = kind(rq.operation)?;
    bucket(world, rq)?;
    if let Some(sub) = world.get_mut(BUCKETS, rq.text("Bucket")).and_then(|row| row["_sub"].as_object_mut()) {
        sub.remove(kind.member);
        if kind.member == "ServerSideEncryptionConfiguration" {
            sub.insert(kind.member.into(), default_encryption());
        }
    }
    done()
}
