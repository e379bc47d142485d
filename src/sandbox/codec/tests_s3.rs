//! S3's many ways to bind members, exercised by the SDK's client.

use aws_sdk_s3::{primitives::ByteStream, types};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use serde_json::json;

use super::tests::{Wire, fault};

#[test]
fn objects_travel_with_bodies_metadata_and_checksums() {
    let wire = Wire::new();
    let s3 = aws_sdk_s3::Client::new(&wire.config);
    let (seen, out) = wire.call(
        Ok(json!({"ETag": "\"abc\"", "VersionId": "v1"})),
        s3.put_object()
            .bucket("data-bucket")
            .key("a/b c+d.txt")
            .content_type("text/plain")
            .metadata("origin", "test")
            .body(ByteStream::from_static(b"hello world"))
            .send(),
    );
    assert_eq!((seen["Bucket"].as_str(), seen["Key"].as_str()), (Some("data-bucket"), Some("a/b c+d.txt")));
    assert_eq!(seen["Body"], "aGVsbG8gd29ybGQ=");
    assert_eq!(seen["Metadata"], json!({"origin": "test"}));
    assert_eq!(seen["ContentType"], "text/plain");
    assert_eq!(out.unwrap().e_tag(), Some("\"abc\""));

    let (seen, out) = wire.call(
        Ok(json!({"Body": "aGVsbG8=", "ContentLength": 5, "LastModified": 1_760_000_000.0,
            "Metadata": {"origin": "test"}})),
        s3.get_object().bucket("data-bucket").key("k").version_id("v1").send(),
    );
    assert_eq!(seen["VersionId"], "v1");
    let out = out.unwrap();
    assert_eq!(out.last_modified().unwrap().secs(), 1_760_000_000);
    assert_eq!(out.metadata().unwrap()["origin"], "test");
    assert_eq!(wire.clock.block_on(out.body.collect()).unwrap().into_bytes().as_ref(), b"hello");

    let id = |key: &str| types::ObjectIdentifier::builder().key(key).version_id("v").build().unwrap();
    let delete = types::Delete::builder().objects(id("a")).objects(id("b<")).quiet(true).build().unwrap();
    let (seen, out) = wire.call(
        Ok(json!({"Deleted": [{"Key": "a"}], "Errors": [{"Key": "b<", "Code": "AccessDenied", "Message": "no"}]})),
        s3.delete_objects().bucket("data-bucket").delete(delete).send(),
    );
    assert_eq!(
        seen["Delete"],
        json!({"Objects": [{"Key": "a", "VersionId": "v"}, {"Key": "b<", "VersionId": "v"}], "Quiet": true})
    );
    let out = out.unwrap();
    assert_eq!((out.deleted().len(), out.errors()[0].key()), (1, Some("b<")));
}

#[test]
fn markers_choose_the_operation_and_roots_are_s3s() {
    let wire = Wire::new();
    let s3 = aws_sdk_s3::Client::new(&wire.config);
    let (seen, out) = wire.call(
        Ok(json!({"Name": "data-bucket", "KeyCount": 1, "IsTruncated": false,
            "Contents": [{"Key": "k", "Size": 3, "LastModified": 1_760_000_000.0}]})),
        s3.list_objects_v2().bucket("data-bucket").prefix("k").max_keys(3).send(),
    );
    assert_eq!(seen, json!({"Bucket": "data-bucket", "Prefix": "k", "MaxKeys": 3}));
    assert_eq!(out.unwrap().contents()[0].size(), Some(3));

    let (_, out) =
        wire.call(Ok(json!({"Status": "Enabled"})), s3.get_bucket_versioning().bucket("data-bucket").send());
    assert_eq!(out.unwrap().status(), Some(&types::BucketVersioningStatus::Enabled));
    let (_, out) = wire.call(
        Ok(json!({"LocationConstraint": "eu-west-1"})),
        s3.get_bucket_location().bucket("data-bucket").send(),
    );
    assert_eq!(out.unwrap().location_constraint().unwrap().as_str(), "eu-west-1");
    let (_, out) = wire.call(
        Ok(json!({"Versions": [{"Key": "k", "VersionId": "v"}], "DeleteMarkers": [{"Key": "d", "VersionId": "w"}]})),
        s3.list_object_versions().bucket("data-bucket").send(),
    );
    let out = out.unwrap();
    assert_eq!((out.versions().len(), out.delete_markers().len()), (1, 1));
    let (_, out) = wire.call(
        Ok(json!({"Buckets": [{"Name": "b", "CreationDate": 1.0}], "Owner": {"ID": "x"}})),
        s3.list_buckets().send(),
    );
    assert_eq!(out.unwrap().buckets()[0].name(), Some("b"));
    let (_, out) = wire.call(
        Ok(json!({"PublicAccessBlockConfiguration": {"BlockPublicAcls": true}})),
        s3.get_public_access_block().bucket("data-bucket").send(),
    );
    assert_eq!(out.unwrap().public_access_block_configuration().unwrap().block_public_acls(), Some(true));
    let (seen, out) =
        wire.call(Ok(json!({"Policy": "{\"a\": 1}"})), s3.get_bucket_policy().bucket("data-bucket").send());
    assert_eq!(seen, json!({"Bucket": "data-bucket"}));
    assert_eq!(out.unwrap().policy(), Some("{\"a\": 1}"));
}

#[test]
fn configurations_are_read_with_flat_lists_and_attributes() {
    let wire = Wire::new();
    let s3 = aws_sdk_s3::Client::new(&wire.config);
    let tag = types::Tag::builder().key("k").value("v").build().unwrap();
    let and = types::LifecycleRuleAndOperator::builder().prefix("p").tags(tag.clone()).tags(tag);
    let rule = types::LifecycleRule::builder()
        .id("r")
        .status(types::ExpirationStatus::Enabled)
        .filter(types::LifecycleRuleFilter::builder().and(and.build()).build())
        .transitions(types::Transition::builder().days(30).storage_class("GLACIER".into()).build())
        .build()
        .unwrap();
    let lifecycle = types::BucketLifecycleConfiguration::builder().rules(rule).build().unwrap();
    let (seen, out) = wire.call(
        Ok(json!({})),
        s3.put_bucket_lifecycle_configuration()
            .bucket("data-bucket")
            .lifecycle_configuration(lifecycle)
            .send(),
    );
    out.unwrap();
    assert_eq!(
        seen["LifecycleConfiguration"],
        json!({"Rules": [{"ID": "r", "Status": "Enabled",
            "Filter": {"And": {"Prefix": "p", "Tags": [{"Key": "k", "Value": "v"}, {"Key": "k", "Value": "v"}]}},
            "Transitions": [{"Days": 30, "StorageClass": "GLACIER"}]}]})
    );
    let owner = types::Grantee::builder().r#type(types::Type::CanonicalUser).id("x").build().unwrap();
    let grant = types::Grant::builder().grantee(owner).permission(types::Permission::FullControl).build();
    let policy = types::AccessControlPolicy::builder().grants(grant).build();
    let (seen, _) = wire
        .call(Ok(json!({})), s3.put_bucket_acl().bucket("data-bucket").access_control_policy(policy).send());
    assert_eq!(
        seen["AccessControlPolicy"]["Grants"],
        json!([{"Grantee": {"Type": "CanonicalUser", "ID": "x"}, "Permission": "FULL_CONTROL"}])
    );
    let (_, out) = wire.call(
        Ok(json!({"Grants": [{"Grantee": {"Type": "Group", "URI": "u"}, "Permission": "READ"}]})),
        s3.get_bucket_acl().bucket("data-bucket").send(),
    );
    assert_eq!(out.unwrap().grants()[0].grantee().unwrap().r#type(), &types::Type::Group);
    let (seen, _) = wire.call(Ok(json!({})), s3.create_bucket().bucket("data-bucket").send());
    assert_eq!(seen, json!({"Bucket": "data-bucket"}));
}

#[test]
fn errors_and_heads() {
    let wire = Wire::new();
    let s3 = aws_sdk_s3::Client::new(&wire.config);
    let (_, out) = wire.call(fault("NoSuchBucket"), s3.get_bucket_tagging().bucket("data-bucket").send());
    let error = out.unwrap_err();
    assert_eq!((error.code(), error.raw_response().unwrap().status().as_u16()), (Some("NoSuchBucket"), 404));
    let (_, out) = wire.call(fault("NoSuchBucket"), s3.head_bucket().bucket("data-bucket").send());
    let error = out.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 404);
    assert!(error.as_service_error().unwrap().is_not_found());
}
