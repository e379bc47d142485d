//! Metadata tables of buckets, of both kinds. The tables themselves would be in S3 Tables, which is not here.

use serde_json::{Value as Json, json};

use super::tables::{BUCKETS, bucket, setting};
use crate::sandbox::{Fault, Reply, Request, World, done};

const TABLES: &str = "MetadataConfigurationResult";
const TABLE: &str = "S3TablesDestinationResult";

/// How long tables are being made.
const CREATING: i64 = 60_000;

fn missing() -> Fault {
    Fault::new("MetadataConfigurationNotFound", "The metadata configuration does not exist.").status(404)
}

fn keep(world: &mut World, rq: &Request<'_>, member: &str, value: Json) -> Reply {
    let row = world.get_mut(BUCKETS, rq.text("Bucket"));
    row.into_iter().for_each(|row| row["_sub"][member] = value.clone());
    done()
}

/// A bucket has one kind of metadata, once.
fn none_yet(row: &Json) -> Result<(), Fault> {
    if [TABLES, TABLE].iter().any(|member| !setting(row, member).is_null()) {
        let message = "The bucket already has a metadata configuration.";
        return Err(Fault::new("MetadataConfigurationAlreadyExists", message).status(409));
    }
    Ok(())
}

/// A customer's key only for the algorithm that takes one.
fn check_encryption(table: &Json) -> Result<(), Fault> {
    let encryption = &table["EncryptionConfiguration"];
    if (encryption["SseAlgorithm"] == "aws:kms") == encryption["KmsKeyArn"].is_string() {
        return Ok(());
    }
    Err(Fault::new("InvalidRequest", "A KMS key is given with aws:kms, and only then."))
}

fn named(world: &World, rq: &Request<'_>, name: &str, mut table: Json) -> Json {
    if let Some(members) = table.as_object_mut() {
        members.remove("EncryptionConfiguration");
    }
    let arn = world.arn("s3tables", rq.region, &format!("bucket/aws-s3/table/{name}-{}", rq.text("Bucket")));
    if table["ConfigurationState"] != "DISABLED" {
        table["TableName"] = json!(name);
        table["TableArn"] = json!(arn);
        table["_made"] = json!(world.now());
    }
    table
}

/// `CreateBucketMetadataConfiguration`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    none_yet(bucket(world, rq)?)?;
    let wanted = rq.get("MetadataConfiguration");
    let mut tables = json!({"DestinationResult": {
        "TableBucketType": "aws", "TableBucketArn": world.arn("s3tables", rq.region, "bucket/aws-s3"),
        "TableNamespace": format!("b_{}", rq.text("Bucket")),
    }});
    for (kind, name) in [("Journal", "journal"), ("Inventory", "inventory"), ("Annotation", "annotation")] {
        let table = &wanted[format!("{kind}TableConfiguration")];
        if table.is_object() {
            check_encryption(table)?;
            tables[format!("{kind}TableConfigurationResult")] = named(world, rq, name, table.clone());
        }
    }
    keep(world, rq, TABLES, tables)
}

/// `GetBucketMetadataConfiguration`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut tables = setting(bucket(world, rq)?, TABLES).clone();
    if tables.is_null() {
        return Err(missing());
    }
    let now = world.now();
    for table in tables.as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
        if let Some(made) = table["_made"].as_i64() {
            table["TableStatus"] = json!(if now < made + CREATING { "CREATING" } else { "ACTIVE" });
        }
        if let Some(members) = table.as_object_mut() {
            members.retain(|name, _| name != "_made");
        }
    }
    Ok(json!({"GetBucketMetadataConfigurationResult": {TABLES: tables}}))
}

/// `UpdateBucketMetadata(Journal|Inventory|Annotation)TableConfiguration`.
pub(super) fn update(world: &mut World, rq: &Request<'_>) -> Reply {
    let mut tables = setting(bucket(world, rq)?, TABLES).clone();
    if tables.is_null() {
        return Err(missing());
    }
    let member = rq.operation.trim_start_matches("UpdateBucketMetadata");
    let (name, wanted) = (member.trim_end_matches("TableConfiguration").to_lowercase(), rq.get(member).clone());
    check_encryption(&wanted)?;
    let table = &mut tables[format!("{member}Result")];
    let running = table["ConfigurationState"] == "ENABLED" && wanted["ConfigurationState"] == "ENABLED";
    if running && name != "journal" {
        let message = "The table is enabled already; disable it first.";
        return Err(Fault::new("InvalidRequest", message));
    }
    if name == "journal" {
        table["RecordExpiration"] = wanted["RecordExpiration"].clone();
    } else {
        *table = named(world, rq, &name, wanted);
    }
    keep(world, rq, TABLES, tables)
}

fn delete_member(world: &mut World, rq: &Request<'_>, member: &str) -> Reply {
    bucket(world, rq)?;
    let sub = world.get_mut(BUCKETS, rq.text("Bucket")).and_then(|row| row["_sub"].as_object_mut());
    sub.and_then(|sub| sub.remove(member)).ok_or_else(missing)?;
    done()
}

/// `DeleteBucketMetadataConfiguration`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    delete_member(world, rq, TABLES)
}

/// `CreateBucketMetadataTableConfiguration`, the older kind.
pub(super) fn create_table(world: &mut World, rq: &Request<'_>) -> Reply {
    none_yet(bucket(world, rq)?)?;
    let mut to = rq.get("MetadataTableConfiguration")["S3TablesDestination"].clone();
    let bucket_arn = to["TableBucketArn"].as_str().unwrap_or_default().to_owned();
    to["TableArn"] = json!(format!("{bucket_arn}/table/{}", to["TableName"].as_str().unwrap_or_default()));
    to["TableNamespace"] = json!("aws_s3_metadata");
    keep(world, rq, TABLE, to)
}

/// `GetBucketMetadataTableConfiguration`.
pub(super) fn get_table(world: &mut World, rq: &Request<'_>) -> Reply {
    let to = setting(bucket(world, rq)?, TABLE);
    if to.is_null() {
        return Err(missing());
    }
    Ok(json!({"GetBucketMetadataTableConfigurationResult": {
        "MetadataTableConfigurationResult": {TABLE: to}, "Status": "ACTIVE",
    }}))
}

/// `DeleteBucketMetadataTableConfiguration`.
pub(super) fn delete_table(world: &mut World, rq: &Request<'_>) -> Reply {
    delete_member(world, rq, TABLE)
}
