//! Metadata tables of buckets, of both kinds. The tables themselves would be in S3 Tables, which is not here.

use serde_json::{Value as Json, json};

use super::tables::{BUCKETS, bucket, setting};
use crate::sandbox::{Fault, Reply, Request, World, done};

const TABLES: &str = "MetadataConfigurationResult";
const TABLE: &str = "S3TablesDestinationResult";

/// How long tables are being made.
const CREATING: i64 = 60_000;
/// How long tables of objects are then filled with what is already there.
const BACKFILLING: i64 = 60_000;

fn missing() -> Fault {
    Fault::new("MetadataConfigurationNotFound", "The metadata configuration does not exist.").status(404)
}

/// The older operations are not for the newer kind.
fn newer() -> Fault {
    Fault::new("MethodNotAllowed", "The specified method is not allowed against this resource.").status(405)
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

/// How long a journal is kept: for days if it expires, and only then.
fn check_expiration(journal: &Json) -> Result<(), Fault> {
    let expiration = &journal["RecordExpiration"];
    let days = expiration["Days"].as_i64();
    if days.is_some() != (expiration["Expiration"] == "ENABLED") || days.is_some_and(|days| days < 7) {
        return Err(Fault::new("InvalidRequest", "Records that expire are kept for seven days or more."));
    }
    Ok(())
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
    check_expiration(&wanted["JournalTableConfiguration"])?;
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

/// What the newer operation shows of the older kind: its one table is a journal in the customer's own bucket.
fn as_journal(world: &World, to: &Json) -> Json {
    json!({
        "DestinationResult": {
            "TableBucketType": "customer", "TableBucketArn": to["TableBucketArn"], "TableNamespace": to["TableNamespace"],
        },
        "JournalTableConfigurationResult": {
            "TableName": to["TableName"], "TableArn": to["TableArn"], "RecordExpiration": {"Expiration": "DISABLED"},
            "TableStatus": status(world, "Journal", to),
        },
    })
}

fn status(world: &World, kind: &str, table: &Json) -> &'static str {
    let age = world.now() - table["_made"].as_i64().unwrap_or_default();
    match kind {
        _ if age < CREATING => "CREATING",
        "Inventory" | "Annotation" if age < CREATING + BACKFILLING => "BACKFILLING",
        _ => "ACTIVE",
    }
}

/// `GetBucketMetadataConfiguration`, of both kinds.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = bucket(world, rq)?;
    let older = setting(row, TABLE);
    if !older.is_null() {
        return Ok(json!({"GetBucketMetadataConfigurationResult": {TABLES: as_journal(world, older)}}));
    }
    let mut tables = setting(row, TABLES).clone();
    if tables.is_null() {
        return Err(missing());
    }
    for kind in ["Journal", "Inventory", "Annotation"] {
        let table = &mut tables[format!("{kind}TableConfigurationResult")];
        if table["_made"].is_i64() {
            table["TableStatus"] = json!(status(world, kind, table));
        }
    }
    for table in tables.as_object_mut().into_iter().flat_map(|all| all.values_mut()) {
        if let Some(members) = table.as_object_mut() {
            members.retain(|name, _| name != "_made");
        }
    }
    if let Some(all) = tables.as_object_mut() {
        all.retain(|_, table| !table.is_null());
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
    let (name, wanted) =
        (member.trim_end_matches("TableConfiguration").to_lowercase(), rq.get(member).clone());
    check_encryption(&wanted)?;
    let table = &mut tables[format!("{member}Result")];
    let running = table["ConfigurationState"] == "ENABLED" && wanted["ConfigurationState"] == "ENABLED";
    // A table of annotations may be given another role while it runs.
    let same_role = name != "annotation"
        || !wanted["EncryptionConfiguration"].is_null()
        || table["Role"] == wanted["Role"];
    if running && same_role {
        let message = "The table is enabled already; disable it first.";
        return Err(Fault::new("InvalidRequest", message));
    }
    if name == "journal" {
        check_expiration(&wanted)?;
        table["RecordExpiration"] = wanted["RecordExpiration"].clone();
    } else if running {
        table["Role"] = wanted["Role"].clone();
    } else {
        *table = named(world, rq, &name, wanted);
    }
    keep(world, rq, TABLES, tables)
}

/// Takes away the first of these kinds that the bucket has.
fn delete_members(world: &mut World, rq: &Request<'_>, members: &[&str]) -> Reply {
    bucket(world, rq)?;
    let sub = world.get_mut(BUCKETS, rq.text("Bucket")).and_then(|row| row["_sub"].as_object_mut());
    sub.and_then(|sub| members.iter().find_map(|member| sub.remove(*member))).ok_or_else(missing)?;
    done()
}

/// `DeleteBucketMetadataConfiguration`, of both kinds.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    delete_members(world, rq, &[TABLES, TABLE])
}

/// `CreateBucketMetadataTableConfiguration`, the older kind.
pub(super) fn create_table(world: &mut World, rq: &Request<'_>) -> Reply {
    none_yet(bucket(world, rq)?)?;
    let mut to = rq.get("MetadataTableConfiguration")["S3TablesDestination"].clone();
    let bucket_arn = to["TableBucketArn"].as_str().unwrap_or_default().to_owned();
    to["TableArn"] = json!(format!("{bucket_arn}/table/{}", to["TableName"].as_str().unwrap_or_default()));
    to["TableNamespace"] = json!("aws_s3_metadata");
    to["_made"] = json!(world.now());
    keep(world, rq, TABLE, to)
}

/// `GetBucketMetadataTableConfiguration`, of the older kind only.
pub(super) fn get_table(world: &mut World, rq: &Request<'_>) -> Reply {
    let row = bucket(world, rq)?;
    if !setting(row, TABLES).is_null() {
        return Err(newer());
    }
    let mut to = setting(row, TABLE).clone();
    if to.is_null() {
        return Err(missing());
    }
    let status = status(world, "Journal", &to);
    if let Some(members) = to.as_object_mut() {
        members.remove("_made");
    }
    Ok(json!({"GetBucketMetadataTableConfigurationResult": {
        "MetadataTableConfigurationResult": {TABLE: to}, "Status": status,
    }}))
}

/// `DeleteBucketMetadataTableConfiguration`, of the older kind only.
pub(super) fn delete_table(world: &mut World, rq: &Request<'_>) -> Reply {
    if !setting(bucket(world, rq)?, TABLES).is_null() {
        return Err(newer());
    }
    delete_members(world, rq, &[TABLE])
}
