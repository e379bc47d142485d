//! Laws of the bucket type.

use serde_json::json;

use super::*;
use crate::resources::bench::Bench;

const METADATA: &[&str] = &[
    "MetadataTableConfiguration.S3TablesDestination.TableNamespace",
    "MetadataTableConfiguration.S3TablesDestination.TableArn",
    "MetadataConfiguration.Destination",
    "MetadataConfiguration.JournalTableConfiguration.TableName",
    "MetadataConfiguration.JournalTableConfiguration.TableArn",
    "MetadataConfiguration.InventoryTableConfiguration.TableName",
    "MetadataConfiguration.InventoryTableConfiguration.TableArn",
    "MetadataConfiguration.AnnotationTableConfiguration.TableName",
    "MetadataConfiguration.AnnotationTableConfiguration.TableArn",
];

fn bench() -> Bench {
    let bench = Bench::new().optional(METADATA);
    bench.world(|world| {
        let trust = json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}}]});
        world.put(
            "iam.role",
            "replicator",
            json!({
                "Arn": "arn:aws:iam::123456789012:role/replicator", "AssumeRolePolicyDocument": trust.to_string(),
                "_usable": world.now() + 10_000,
            }),
        );
        let policy = json!({"Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}}]});
        let topic = "arn:aws:sns:us-east-1:123456789012:events";
        world.put("sns.topic", topic, json!({"TopicArn": topic, "_attributes": {"Policy": policy.to_string()}}));
        for name in ["replicas", "access-logs"] {
            world.put(
                "s3.bucket",
                name,
                json!({
                    "Name": name, "CreationDate": 0, "_region": "us-east-1", "_owner": "123456789012",
                    "_sub": {"VersioningConfiguration": {"Status": "Enabled"}},
                }),
            );
        }
    });
    bench
}

fn rich() -> Json {
    json!({
        "BucketName": "bench-rich-bucket",
        "VersioningConfiguration": {"Status": "Enabled"},
        "BucketEncryption": {"ServerSideEncryptionConfiguration": [
            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/one"}}]},
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": true, "RestrictPublicBuckets": true},
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]},
        "AbacStatus": "Enabled",
        "AccelerateConfiguration": {"AccelerationStatus": "Enabled"},
        "LifecycleConfiguration": {"Rules": [
            {"Id": "old", "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 3},
             "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}},
            {"Status": "Disabled", "Prefix": "logs/", "ObjectSizeGreaterThan": "1000",
             "TagFilters": [{"Key": "a", "Value": "1"}], "ExpirationInDays": 365,
             "Transitions": [{"StorageClass": "GLACIER", "TransitionInDays": 90}],
             "NoncurrentVersionTransitions": [{"StorageClass": "STANDARD_IA", "TransitionInDays": 30}]},
            {"Id": "date", "Status": "Enabled", "Prefix": "x", "ExpirationDate": "2030-01-01T00:00:00.000Z"}]},
        "CorsConfiguration": {"CorsRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://a.example"],
            "AllowedHeaders": ["*"], "ExposedHeaders": ["ETag"], "MaxAge": 300, "Id": "web"}]},
        "WebsiteConfiguration": {"IndexDocument": "index.html", "ErrorDocument": "error.html", "RoutingRules": [
            {"RoutingRuleCondition": {"KeyPrefixEquals": "docs/"}, "RedirectRule": {"ReplaceKeyPrefixWith": "d/"}}]},
        "LoggingConfiguration": {"DestinationBucketName": "access-logs", "LogFilePrefix": "rich/",
            "TargetObjectKeyFormat": {"PartitionedPrefix": {"PartitionDateSource": "EventTime"}}},
        "NotificationConfiguration": {
            "EventBridgeConfiguration": {"EventBridgeEnabled": true},
            "TopicConfigurations": [{"Topic": "arn:aws:sns:us-east-1:123456789012:events",
                "Event": "s3:ObjectCreated:*", "Filter": {"S3Key": {"Rules": [{"Name": "Prefix", "Value": "in/"}]}}}]},
        "ReplicationConfiguration": {"Role": "arn:aws:iam::123456789012:role/replicator", "Rules": [
            {"Id": "all", "Status": "Enabled", "Priority": 1, "Filter": {"Prefix": ""},
             "DeleteMarkerReplication": {"Status": "Disabled"},
             "Destination": {"Bucket": "arn:aws:s3:::replicas", "StorageClass": "STANDARD_IA",
                "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
                "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}}}}]},
        "MetricsConfigurations": [{"Id": "all"}, {"Id": "some", "Prefix": "p/", "TagFilters": [{"Key": "k", "Value": "v"}]}],
        "AnalyticsConfigurations": [{"Id": "a", "Prefix": "p/", "StorageClassAnalysis": {"DataExport": {
            "OutputSchemaVersion": "V_1",
            "Destination": {"BucketArn": "arn:aws:s3:::access-logs", "Format": "CSV", "Prefix": "an"}}}}],
        "InventoryConfigurations": [{"Id": "i", "Enabled": true, "IncludedObjectVersions": "All",
            "ScheduleFrequency": "Weekly", "OptionalFields": ["Size", "ETag"], "Prefix": "p/",
            "Destination": {"BucketArn": "arn:aws:s3:::access-logs", "Format": "CSV"}}],
        "IntelligentTieringConfigurations": [{"Id": "t", "Status": "Enabled", "TagFilters": [{"Key": "k", "Value": "v"}],
            "Tierings": [{"AccessTier": "ARCHIVE_ACCESS", "Days": 90}]}],
        "Tags": [{"Key": "team", "Value": "payments"}],
    })
}

#[test]
fn the_law_with_every_setting() {
    let bench = bench();
    let mut changed = rich();
    changed["VersioningConfiguration"] = json!({"Status": "Suspended"});
    changed["Tags"] = json!([{"Key": "team", "Value": "platform"}, {"Key": "cost", "Value": "1"}]);
    changed["MetricsConfigurations"] = json!([{"Id": "all", "Prefix": "q/"}]);
    changed["OwnershipControls"] = json!({"Rules": [{"ObjectOwnership": "ObjectWriter"}]});
    for gone in [
        "ReplicationConfiguration",
        "LifecycleConfiguration",
        "CorsConfiguration",
        "WebsiteConfiguration",
        "LoggingConfiguration",
        "NotificationConfiguration",
        "BucketEncryption",
        "AnalyticsConfigurations",
        "InventoryConfigurations",
        "IntelligentTieringConfigurations",
        "PublicAccessBlockConfiguration",
        "AbacStatus",
    ] {
        changed.as_object_mut().unwrap().remove(gone);
    }
    bench.law::<Bucket>(rich(), Some(changed));
}

#[test]
fn the_law_with_object_lock_and_a_public_acl() {
    let bench = bench();
    let props = json!({
        "BucketName": "bench-locked-bucket", "ObjectLockEnabled": true,
        "ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}},
    });
    bench.law::<Bucket>(
        props.clone(),
        Some(json!({"BucketName": "bench-locked-bucket", "ObjectLockEnabled": true})),
    );
    let props = json!({
        "BucketName": "bench-public-bucket", "AccessControl": "PublicRead",
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
        "PublicAccessBlockConfiguration": {"BlockPublicAcls": false},
    });
    let mut private = props.clone();
    private["AccessControl"] = json!("Private");
    private["Tags"] = json!([{"Key": "a", "Value": "b"}]);
    bench.law::<Bucket>(props, Some(private));
}

fn with_metadata(metadata: Json) -> Json {
    json!({"BucketName": "bench-metadata-bucket", "MetadataConfiguration": metadata})
}

fn with_table(name: &str) -> Json {
    let bucket = "arn:aws:s3tables:us-east-1:123456789012:bucket/tables";
    json!({
        "BucketName": "bench-table-bucket",
        "MetadataTableConfiguration": {"S3TablesDestination": {"TableBucketArn": bucket, "TableName": name}},
    })
}

/// The ways between forms of the metadata tables: switched on, switched off, made anew for another key.
fn metadata_cases() -> Vec<(Json, Option<Json>)> {
    let key = json!({"SseAlgorithm": "aws:kms", "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1"});
    let aes = json!({"SseAlgorithm": "AES256"});
    let role = |name: &str| json!(format!("arn:aws:iam::123456789012:role/{name}"));
    let journal = json!({"RecordExpiration": {"Expiration": "DISABLED"}});
    let first = json!({
        "JournalTableConfiguration": {"RecordExpiration": {"Expiration": "ENABLED", "Days": 30}, "EncryptionConfiguration": aes},
        "InventoryTableConfiguration": {"ConfigurationState": "ENABLED", "EncryptionConfiguration": aes},
    });
    let second = json!({
        "JournalTableConfiguration": {"RecordExpiration": {"Expiration": "DISABLED"}, "EncryptionConfiguration": aes},
        "InventoryTableConfiguration": {"ConfigurationState": "ENABLED", "EncryptionConfiguration": key},
        "AnnotationTableConfiguration": {"ConfigurationState": "ENABLED", "Role": role("one")},
    });
    let third = json!({
        "JournalTableConfiguration": {"RecordExpiration": {"Expiration": "DISABLED"}, "EncryptionConfiguration": key},
        "AnnotationTableConfiguration": {"ConfigurationState": "ENABLED", "Role": role("two")},
    });
    let annotated = |name: &str| {
        let on = json!({"ConfigurationState": "ENABLED", "Role": role(name)});
        json!({"JournalTableConfiguration": journal, "AnnotationTableConfiguration": on})
    };
    // One kind makes room for the other.
    let mut older = with_table("one");
    older["BucketName"] = json!("bench-metadata-bucket");
    vec![
        (older.clone(), Some(with_metadata(annotated("one")))),
        (with_metadata(annotated("one")), Some(older)),
        (with_metadata(first), Some(with_metadata(second.clone()))),
        (with_metadata(second), Some(with_metadata(third))),
        (with_metadata(annotated("one")), Some(with_metadata(annotated("two")))),
        (with_metadata(annotated("one")), Some(with_metadata(json!({"JournalTableConfiguration": journal})))),
        (with_metadata(annotated("one")), Some(json!({"BucketName": "bench-metadata-bucket"}))),
        (with_table("one"), Some(with_table("two"))),
        (with_table("one"), Some(json!({"BucketName": "bench-table-bucket"}))),
    ]
}

#[test]
fn the_law_with_metadata_tables() {
    for (props, update) in metadata_cases() {
        bench().law::<Bucket>(props, update);
    }
}

/// What the template may ask of the tables with `Fn::GetAtt`.
#[test]
fn metadata_tables_have_attributes() {
    let bench = bench();
    let permit = bench.permit();
    let all = [metadata_cases().swap_remove(3).0, with_table("objects")].map(|props| {
        let props: Props = serde_json::from_value(props).unwrap();
        let id = PhysicalId::from(props.BucketName.clone().unwrap());
        bench.cx(|cx| {
            bench.run(async {
                Bucket::create(cx, &permit, &props).await.unwrap();
                Bucket::configure(cx, &permit, &id, &props).await.unwrap();
                match Bucket::probe(cx, &id, &props, Goal::Ready).await.unwrap() {
                    Probe::Reached(attributes) => attributes,
                    other => panic!("{other:?}"),
                }
            })
        })
    });
    for name in METADATA {
        assert!(all.iter().any(|attributes| attributes.contains_key(*name)), "{name}");
    }
}

/// Buckets hold what others wrote: without permission they stay, with it they are emptied page by page.
#[test]
fn a_full_bucket_goes_only_with_permission() {
    let bench = bench();
    let props = Props {
        BucketName: Some("bench-full-bucket".into()),
        VersioningConfiguration: Some(props::Versioning { Status: Some("Enabled".into()) }),
        ..Props::default()
    };
    let id = PhysicalId::from("bench-full-bucket");
    let permit = bench.permit();
    bench.cx(|cx| {
        bench.run(async {
            Bucket::create(cx, &permit, &props).await.unwrap();
            Bucket::configure(cx, &permit, &id, &props).await.unwrap();
            let s3 = cx.sdk.s3();
            for n in 0..1100 {
                let body = bytes::Bytes::from_static(b"x");
                let put = s3.put_object().bucket(id.as_str()).key(format!("k{}", n % 7)).body(body.into());
                put.send().await.unwrap();
            }
            s3.delete_object().bucket(id.as_str()).key("k1").send().await.unwrap();
            s3.create_multipart_upload().bucket(id.as_str()).key("part").send().await.unwrap();
            let error = Bucket::delete(cx, &permit, &id, &props).await.unwrap_err();
            assert!(error.is(&["BucketNotEmpty"]) && error.message.contains("EmptyOnDelete"), "{error}");
        });
    });
    bench.cx(|cx| {
        let allowed = Cx {
            sdk: cx.sdk,
            region: cx.region,
            account: cx.account,
            partition: cx.partition,
            owner: cx.owner,
            address: cx.address,
            empty_on_delete: true,
            snapshot: None,
            attempted: &[],
            takes: &[],
            update_policy: &serde_json::Value::Null,
            shelf: None,
        };
        let mut steps = Vec::new();
        bench.run(async {
            while let Progress::Again(detail) = Bucket::delete(&allowed, &permit, &id, &props).await.unwrap()
            {
                steps.push(detail);
            }
        });
        assert_eq!(
            steps,
            [
                "emptying the bucket: 1000 versions deleted",
                "emptying the bucket: 101 versions deleted",
                "emptying the bucket: 1 unfinished uploads dropped",
            ]
        );
    });
    assert_eq!(bench.world(|world| world.census().get("s3.bucket").copied()), Some(2));
}

/// Every action of the type is used by one of the ways through it: the law, with and without object lock, and
/// the emptying of a full bucket (whose actions the law cannot reach, as it has no permission to empty).
#[test]
fn every_declared_action_is_used_by_bucket() {
    let bench = bench();
    bench.law::<Bucket>(rich(), Some(json!({"BucketName": "bench-rich-bucket"})));
    let locked = json!({
        "BucketName": "bench-locked-bucket", "ObjectLockEnabled": true, "AccessControl": "Private",
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
    });
    let mut open = locked.clone();
    open["ObjectLockConfiguration"] = json!({"ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 1}}});
    open["OwnershipControls"] = json!({"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]});
    open["AccessControl"] = json!("AuthenticatedRead");
    open["PublicAccessBlockConfiguration"] = json!({});
    bench.law::<Bucket>(locked, Some(open));
    for (props, update) in metadata_cases() {
        bench.law::<Bucket>(props, update);
    }
    let used: std::collections::BTreeSet<String> = bench
        .operations()
        .into_iter()
        .flat_map(|(service, operation)| crate::aws::iam_actions::of(&service, &operation))
        .collect();
    let emptying = [
        "s3:ListBucketVersions",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:ListBucketMultipartUploads",
        "s3:AbortMultipartUpload",
    ];
    let idle: Vec<&str> = Bucket::FACTS
        .iam
        .iter()
        .copied()
        .filter(|action| !used.contains(*action) && !emptying.contains(action))
        .filter(|action| !crate::aws::iam_actions::is_implied(action))
        .collect();
    assert!(idle.is_empty(), "declared, but unused: {idle:?}");
}

#[test]
fn strangers_buckets_are_foreign() {
    let bench = bench();
    bench.world(|world| {
        let row = |owner: &str, region: &str| json!({"_owner": owner, "_region": region, "_sub": {}});
        world.put("s3.bucket", "theirs", row("999999999999", "us-east-1"));
        world.put("s3.bucket", "ours-elsewhere", row("123456789012", "eu-west-1"));
        world.put("s3.bucket", "ours-untagged", row("123456789012", "us-east-1"));
    });
    for name in ["theirs", "ours-elsewhere", "ours-untagged"] {
        let props = Props { BucketName: Some(name.into()), ..Props::default() };
        let found = bench.cx(|cx| bench.run(Bucket::find(cx, &props))).unwrap().unwrap();
        assert_eq!(found.ownership, Ownership::Foreign, "{name}");
    }
}

#[test]
fn replication_rules_are_checked_before_anything_is_sent() {
    let mut props = rich();
    assert!(Bucket::check(&props).is_empty());
    props["VersioningConfiguration"] = json!({"Status": "Suspended"});
    props["ReplicationConfiguration"]["Rules"][0].as_object_mut().unwrap().remove("Priority");
    props["ReplicationConfiguration"]["Rules"][0]["Destination"].as_object_mut().unwrap().remove("Metrics");
    assert_eq!(Bucket::check(&props).len(), 3);
}
