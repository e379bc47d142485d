//! Rules of the twin that the resource types do not reach.

use base64::Engine;
use serde_json::{Value as Json, json};

use super::*;
use crate::sandbox::{Reply, Request, World};

fn call_in(world: &mut World, region: &str, operation: &str, input: Json) -> Reply {
    let run = OPERATIONS.iter().find(|o| o.name == operation).unwrap().run;
    run(world, &Request { operation, region, access_key: "", input })
}

fn call(world: &mut World, operation: &str, input: Json) -> Reply {
    call_in(world, "us-east-1", operation, input)
}

fn versioned(world: &mut World, name: &str) {
    call(world, "CreateBucket", json!({"Bucket": name})).unwrap();
    let on = json!({"Bucket": name, "VersioningConfiguration": {"Status": "Enabled"}});
    call(world, "PutBucketVersioning", on).unwrap();
}

fn put(world: &mut World, bucket: &str, key: &str, body: &str) -> Json {
    let body = base64::engine::general_purpose::STANDARD.encode(body);
    call(world, "PutObject", json!({"Bucket": bucket, "Key": key, "Body": body})).unwrap()
}

fn code(reply: Reply) -> String {
    reply.unwrap_err().code
}

#[test]
fn names_and_regions() {
    let mut world = World::new(1, 0);
    let bucket = json!({"Bucket": "a-bucket"});
    call(&mut world, "CreateBucket", bucket.clone()).unwrap();
    call(&mut world, "CreateBucket", bucket.clone()).unwrap();
    let elsewhere =
        json!({"Bucket": "a-bucket", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}});
    assert_eq!(code(call_in(&mut world, "eu-west-1", "CreateBucket", elsewhere)), "BucketAlreadyOwnedByYou");
    let none = json!({"Bucket": "b-bucket"});
    assert_eq!(
        code(call_in(&mut world, "eu-west-1", "CreateBucket", none)),
        "IllegalLocationConstraintException"
    );
    assert_eq!(
        code(call_in(&mut world, "eu-west-1", "GetBucketTagging", bucket.clone())),
        "PermanentRedirect"
    );
    assert_eq!(code(call(&mut world, "CreateBucket", json!({"Bucket": "192.168.0.1"}))), "InvalidBucketName");
    call(&mut world, "DeleteBucket", bucket.clone()).unwrap();
    // Where it was, a name is free at once; on its way to another region it is not.
    let moved =
        json!({"Bucket": "a-bucket", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}});
    assert_eq!(code(call_in(&mut world, "eu-west-1", "CreateBucket", moved.clone())), "OperationAborted");
    call(&mut world, "CreateBucket", bucket.clone()).unwrap();
    call(&mut world, "DeleteBucket", bucket).unwrap();
    world.advance_to(5_000);
    call_in(&mut world, "eu-west-1", "CreateBucket", moved).unwrap();
}

#[test]
fn versions_and_markers_are_listed_page_by_page_and_hold_the_bucket() {
    let mut world = World::new(1, 0);
    versioned(&mut world, "v-bucket");
    put(&mut world, "v-bucket", "k", "one");
    let second = put(&mut world, "v-bucket", "k", "two");
    call(&mut world, "DeleteObject", json!({"Bucket": "v-bucket", "Key": "k"})).unwrap();
    assert_eq!(code(call(&mut world, "GetObject", json!({"Bucket": "v-bucket", "Key": "k"}))), "NoSuchKey");
    let old = json!({"Bucket": "v-bucket", "Key": "k", "VersionId": second["VersionId"]});
    let body = call(&mut world, "GetObject", old).unwrap()["Body"].clone();
    assert_eq!(body, base64::engine::general_purpose::STANDARD.encode("two"));
    let listed = call(&mut world, "ListObjectsV2", json!({"Bucket": "v-bucket"})).unwrap();
    assert_eq!(listed["KeyCount"], 0);
    let (mut seen, mut marker) = (0, json!({"Bucket": "v-bucket", "MaxKeys": 1}));
    loop {
        let page = call(&mut world, "ListObjectVersions", marker.clone()).unwrap();
        seen += ["Versions", "DeleteMarkers"]
            .iter()
            .map(|l| page[*l].as_array().map_or(0, Vec::len))
            .sum::<usize>();
        if page["IsTruncated"] == false {
            break;
        }
        marker["KeyMarker"] = page["NextKeyMarker"].clone();
        marker["VersionIdMarker"] = page["NextVersionIdMarker"].clone();
    }
    assert_eq!(seen, 3);
    assert_eq!(code(call(&mut world, "DeleteBucket", json!({"Bucket": "v-bucket"}))), "BucketNotEmpty");
}

#[test]
fn matching_objects_are_replicated_after_a_while() {
    let mut world = World::new(1, 100_000);
    versioned(&mut world, "source");
    call(&mut world, "CreateBucket", json!({"Bucket": "target"})).unwrap();
    let trust = json!({"Statement": {"Effect": "Allow", "Principal": {"Service": ["s3.amazonaws.com"]}}});
    let arn = "arn:aws:iam::123456789012:role/r";
    world.put("iam.role", "r", json!({"Arn": arn, "AssumeRolePolicyDocument": trust.to_string()}));
    let rules = json!({"Bucket": "source", "ReplicationConfiguration": {"Role": arn, "Rules": [
        {"Status": "Enabled", "Priority": 1, "Filter": {"Prefix": "in/"}, "DeleteMarkerReplication": {"Status": "Disabled"},
         "Destination": {"Bucket": "arn:aws:s3:::target"}}]}});
    let fault = call(&mut world, "PutBucketReplication", rules.clone()).unwrap_err();
    assert_eq!(fault.message, "Destination bucket must have versioning enabled.");
    let on = json!({"Bucket": "target", "VersioningConfiguration": {"Status": "Enabled"}});
    call(&mut world, "PutBucketVersioning", on).unwrap();
    let mut incomplete = rules.clone();
    incomplete["ReplicationConfiguration"]["Rules"][0].as_object_mut().unwrap().remove("Priority");
    assert_eq!(code(call(&mut world, "PutBucketReplication", incomplete)), "InvalidRequest");
    call(&mut world, "PutBucketReplication", rules).unwrap();
    put(&mut world, "source", "in/a", "x");
    put(&mut world, "source", "out/a", "x");
    let status = |world: &mut World, bucket: &str, key: &str| {
        call(world, "HeadObject", json!({"Bucket": bucket, "Key": key}))
            .map(|head| head["ReplicationStatus"].clone())
    };
    assert_eq!(status(&mut world, "source", "in/a").unwrap(), "PENDING");
    assert!(status(&mut world, "target", "in/a").is_err());
    world.advance_to(world.now() + 15_000);
    assert_eq!(status(&mut world, "source", "in/a").unwrap(), "COMPLETED");
    assert_eq!(status(&mut world, "target", "in/a").unwrap(), "REPLICA");
    assert!(status(&mut world, "target", "out/a").is_err());
    let off = json!({"Bucket": "source", "VersioningConfiguration": {"Status": "Suspended"}});
    assert_eq!(code(call(&mut world, "PutBucketVersioning", off)), "InvalidBucketState");
}

#[test]
fn locked_versions_stay() {
    let mut world = World::new(1, 0);
    call(&mut world, "CreateBucket", json!({"Bucket": "locked", "ObjectLockEnabledForBucket": true}))
        .unwrap();
    let rule = json!({"Bucket": "locked", "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}}});
    call(&mut world, "PutObjectLockConfiguration", rule).unwrap();
    let made = put(&mut world, "locked", "k", "x");
    let mut delete = json!({"Bucket": "locked", "Key": "k", "VersionId": made["VersionId"]});
    assert_eq!(code(call(&mut world, "DeleteObject", delete.clone())), "AccessDenied");
    delete["BypassGovernanceRetention"] = json!(true);
    call(&mut world, "DeleteObject", delete).unwrap();
}

#[test]
fn uploads_in_parts_and_folders() {
    let mut world = World::new(1, 0);
    call(&mut world, "CreateBucket", json!({"Bucket": "parts"})).unwrap();
    let start = call(&mut world, "CreateMultipartUpload", json!({"Bucket": "parts", "Key": "a/b"})).unwrap();
    let id = start["UploadId"].clone();
    let body = base64::engine::general_purpose::STANDARD.encode("tail");
    let part = json!({"Bucket": "parts", "Key": "a/b", "UploadId": id, "PartNumber": 1, "Body": body});
    let tag = call(&mut world, "UploadPart", part).unwrap()["ETag"].clone();
    let end = json!({"Bucket": "parts", "Key": "a/b", "UploadId": id,
        "MultipartUpload": {"Parts": [{"PartNumber": 1, "ETag": tag}]}});
    let made = call(&mut world, "CompleteMultipartUpload", end.clone()).unwrap();
    assert!(made["ETag"].as_str().unwrap().ends_with("-1\""));
    // Completed again, it answers as before, as long as the object is there.
    assert_eq!(call(&mut world, "CompleteMultipartUpload", end.clone()).unwrap()["ETag"], made["ETag"]);
    call(&mut world, "DeleteObject", json!({"Bucket": "parts", "Key": "a/b"})).unwrap();
    assert_eq!(code(call(&mut world, "CompleteMultipartUpload", end)), "NoSuchUpload");
    put(&mut world, "parts", "a/b", "tail");
    put(&mut world, "parts", "top", "x");
    let listed = call(&mut world, "ListObjectsV2", json!({"Bucket": "parts", "Delimiter": "/"})).unwrap();
    assert_eq!(listed["CommonPrefixes"], json!([{"Prefix": "a/"}]));
    assert_eq!(listed["Contents"][0]["Key"], "top");
}

#[test]
fn policies_are_about_this_bucket_and_public_ones_are_blocked() {
    let mut world = World::new(1, 0);
    call(&mut world, "CreateBucket", json!({"Bucket": "guarded"})).unwrap();
    let mut put = |principal: Json, resource: &str| {
        let policy = json!({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": resource}]});
        call(&mut world, "PutBucketPolicy", json!({"Bucket": "guarded", "Policy": policy.to_string()}))
    };
    assert_eq!(code(put(json!("*"), "arn:aws:s3:::guarded/*")), "AccessDenied");
    let account = json!({"AWS": "123456789012"});
    assert_eq!(code(put(account.clone(), "arn:aws:s3:::other/*")), "MalformedPolicy");
    let stranger = json!({"AWS": "arn:aws:iam::123456789012:role/nobody"});
    assert_eq!(put(stranger, "arn:aws:s3:::guarded/*").unwrap_err().message, "Invalid principal in policy");
    put(account, "arn:aws:s3:::guarded/*").unwrap();
}

#[test]
fn the_newer_operations_know_both_kinds_of_metadata_tables() {
    let mut world = World::new(1, 0);
    let bucket = json!({"Bucket": "a-bucket"});
    call(&mut world, "CreateBucket", bucket.clone()).unwrap();
    for name in [
        "GetBucketMetadataConfiguration",
        "GetBucketMetadataTableConfiguration",
        "DeleteBucketMetadataConfiguration",
    ] {
        assert_eq!(code(call(&mut world, name, bucket.clone())), "MetadataConfigurationNotFound");
    }
    let mut older = bucket.clone();
    older["MetadataTableConfiguration"] =
        json!({"S3TablesDestination": {"TableBucketArn": "arn", "TableName": "t"}});
    let mut newer = bucket.clone();
    newer["MetadataConfiguration"] = json!({
        "JournalTableConfiguration": {"RecordExpiration": {"Expiration": "ENABLED", "Days": 6}},
        "InventoryTableConfiguration": {"ConfigurationState": "ENABLED"},
    });
    call(&mut world, "CreateBucketMetadataTableConfiguration", older.clone()).unwrap();
    let shown = call(&mut world, "GetBucketMetadataConfiguration", bucket.clone()).unwrap();
    let shown = &shown["GetBucketMetadataConfigurationResult"]["MetadataConfigurationResult"];
    assert_eq!(shown["DestinationResult"]["TableBucketType"], "customer");
    assert_eq!(
        code(call(&mut world, "CreateBucketMetadataConfiguration", newer.clone())),
        "MetadataConfigurationAlreadyExists"
    );
    call(&mut world, "DeleteBucketMetadataConfiguration", bucket.clone()).unwrap();
    assert_eq!(code(call(&mut world, "CreateBucketMetadataConfiguration", newer.clone())), "InvalidRequest");
    newer["MetadataConfiguration"]["JournalTableConfiguration"]["RecordExpiration"]["Days"] = json!(7);
    call(&mut world, "CreateBucketMetadataConfiguration", newer).unwrap();
    for name in ["GetBucketMetadataTableConfiguration", "DeleteBucketMetadataTableConfiguration"] {
        let fault = call(&mut world, name, bucket.clone()).unwrap_err();
        assert_eq!(fault.code, "MethodNotAllowed");
    }
    assert_eq!(
        code(call(&mut world, "CreateBucketMetadataTableConfiguration", older)),
        "MetadataConfigurationAlreadyExists"
    );
    let mut status = |at: i64| {
        world.advance_to(at);
        let shown = call(&mut world, "GetBucketMetadataConfiguration", bucket.clone()).unwrap();
        let shown = &shown["GetBucketMetadataConfigurationResult"]["MetadataConfigurationResult"];
        [&shown["JournalTableConfigurationResult"], &shown["InventoryTableConfigurationResult"]]
            .map(|table| table["TableStatus"].as_str().unwrap().to_owned())
    };
    assert_eq!(status(1_000), ["CREATING", "CREATING"]);
    assert_eq!(status(61_000), ["ACTIVE", "BACKFILLING"]);
    assert_eq!(status(121_000), ["ACTIVE", "ACTIVE"]);
}
