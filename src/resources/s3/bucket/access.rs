//! Who may do what: public access, ownership, canned ACL, attribute-based access; and default encryption.

use aws_sdk_s3::{Client, types as sdk};

use super::{
    parts::{Outcome, built, text, unless},
    props::{
        BlockedEncryption, Encryption, EncryptionDefault, EncryptionRule, OwnershipRule, Ownerships,
        PublicAccessBlock,
    },
};
use crate::aws::op;

/// Sets the four switches. Without the property a bucket gets what new buckets have: all four on.
pub(super) async fn put_public_access(
    s3: &Client,
    bucket: &str,
    want: Option<&PublicAccessBlock>,
) -> Outcome<()> {
    let flag = |pick: fn(&PublicAccessBlock) -> Option<bool>| want.is_none_or(|w| pick(w).unwrap_or(false));
    let block = sdk::PublicAccessBlockConfiguration::builder()
        .block_public_acls(flag(|w| w.BlockPublicAcls))
        .block_public_policy(flag(|w| w.BlockPublicPolicy))
        .ignore_public_acls(flag(|w| w.IgnorePublicAcls))
        .restrict_public_buckets(flag(|w| w.RestrictPublicBuckets))
        .build();
    s3.put_public_access_block()
        .bucket(bucket)
        .public_access_block_configuration(block)
        .send()
        .await
        .map_err(op("PutPublicAccessBlock"))?;
    Ok(())
}

/// Reads the four switches.
pub(super) async fn get_public_access(s3: &Client, bucket: &str) -> Outcome<Option<PublicAccessBlock>> {
    let answer = s3.get_public_access_block().bucket(bucket).send().await.map_err(op("GetPublicAccessBlock"));
    let answer = unless(answer, &["NoSuchPublicAccessBlockConfiguration"])?;
    Ok(answer.and_then(|a| a.public_access_block_configuration).map(|block| PublicAccessBlock {
        BlockPublicAcls: block.block_public_acls,
        BlockPublicPolicy: block.block_public_policy,
        IgnorePublicAcls: block.ignore_public_acls,
        RestrictPublicBuckets: block.restrict_public_buckets,
    }))
}

/// The object ownership that the template asks for.
pub(super) fn ownership(want: Option<&Ownerships>) -> Option<sdk::ObjectOwnership> {
    want?.Rules.as_ref()?.first()?.ObjectOwnership.as_deref().map(sdk::ObjectOwnership::from)
}

/// Sets the object ownership; without the property what new buckets have.
pub(super) async fn put_ownership(s3: &Client, bucket: &str, want: Option<&Ownerships>) -> Outcome<()> {
    let owner = ownership(want).unwrap_or(sdk::ObjectOwnership::BucketOwnerEnforced);
    let rule = built(sdk::OwnershipControlsRule::builder().object_ownership(owner).build())?;
    s3.put_bucket_ownership_controls()
        .bucket(bucket)
        .ownership_controls(built(sdk::OwnershipControls::builder().rules(rule).build())?)
        .send()
        .await
        .map_err(op("PutBucketOwnershipControls"))?;
    Ok(())
}

/// Reads the object ownership.
pub(super) async fn get_ownership(s3: &Client, bucket: &str) -> Outcome<Option<Ownerships>> {
    let answer = s3
        .get_bucket_ownership_controls()
        .bucket(bucket)
        .send()
        .await
        .map_err(op("GetBucketOwnershipControls"));
    let answer = unless(answer, &["OwnershipControlsNotFoundError"])?;
    Ok(answer.and_then(|a| a.ownership_controls).map(|controls| Ownerships {
        Rules: Some(
            controls
                .rules
                .iter()
                .map(|rule| OwnershipRule { ObjectOwnership: Some(rule.object_ownership.as_str().into()) })
                .collect(),
        ),
    }))
}

/// The canned ACL under its name on the wire: `BucketOwnerRead` is `bucket-owner-read`.
fn wire_acl(name: &str) -> String {
    let mut out = String::new();
    for ch in name.chars() {
        if ch.is_ascii_uppercase() && !out.is_empty() {
            out.push('-');
        }
        out.push(ch.to_ascii_lowercase());
    }
    out
}

/// Sets the canned ACL. It comes after ownership and public access, which may forbid it.
pub(super) async fn put_acl(s3: &Client, bucket: &str, want: Option<&String>) -> Outcome<()> {
    let acl = wire_acl(want.map_or("Private", String::as_str));
    s3.put_bucket_acl()
        .bucket(bucket)
        .acl(sdk::BucketCannedAcl::from(acl.as_str()))
        .send()
        .await
        .map_err(op("PutBucketAcl"))?;
    Ok(())
}

/// Switches attribute-based access.
pub(super) async fn put_abac(s3: &Client, bucket: &str, want: Option<&String>) -> Outcome<()> {
    let status = sdk::BucketAbacStatus::from(want.map_or("Disabled", String::as_str));
    s3.put_bucket_abac()
        .bucket(bucket)
        .abac_status(sdk::AbacStatus::builder().status(status).build())
        .send()
        .await
        .map_err(op("PutBucketAbac"))?;
    Ok(())
}

/// Reads whether access is attribute-based.
pub(super) async fn get_abac(s3: &Client, bucket: &str) -> Outcome<Option<String>> {
    let answer = s3.get_bucket_abac().bucket(bucket).send().await.map_err(op("GetBucketAbac"))?;
    Ok(answer.abac_status.and_then(|a| a.status).map(|status| status.as_str().to_owned()))
}

/// Sets default encryption; without the property AWS falls back to its own keys.
pub(super) async fn put_encryption(s3: &Client, bucket: &str, want: Option<&Encryption>) -> Outcome<()> {
    let Some(want) = want else {
        s3.delete_bucket_encryption().bucket(bucket).send().await.map_err(op("DeleteBucketEncryption"))?;
        return Ok(());
    };
    let mut rules = Vec::new();
    for rule in want.ServerSideEncryptionConfiguration.iter().flatten() {
        let default = match &rule.ServerSideEncryptionByDefault {
            Some(default) => Some(built(
                sdk::ServerSideEncryptionByDefault::builder()
                    .sse_algorithm(text(default.SSEAlgorithm.as_ref()).into())
                    .set_kms_master_key_id(default.KMSMasterKeyID.clone())
                    .build(),
            )?),
            None => None,
        };
        let blocked = rule.BlockedEncryptionTypes.as_ref().map(|blocked| {
            let types =
                blocked.EncryptionType.iter().flatten().map(|t| sdk::EncryptionType::from(t.as_str()));
            sdk::BlockedEncryptionTypes::builder().set_encryption_type(Some(types.collect())).build()
        });
        rules.push(
            sdk::ServerSideEncryptionRule::builder()
                .set_apply_server_side_encryption_by_default(default)
                .set_bucket_key_enabled(rule.BucketKeyEnabled)
                .set_blocked_encryption_types(blocked)
                .build(),
        );
    }
    let configuration =
        built(sdk::ServerSideEncryptionConfiguration::builder().set_rules(Some(rules)).build())?;
    s3.put_bucket_encryption()
        .bucket(bucket)
        .server_side_encryption_configuration(configuration)
        .send()
        .await
        .map_err(op("PutBucketEncryption"))?;
    Ok(())
}

/// Reads default encryption.
pub(super) async fn get_encryption(s3: &Client, bucket: &str) -> Outcome<Option<Encryption>> {
    let answer = s3.get_bucket_encryption().bucket(bucket).send().await.map_err(op("GetBucketEncryption"));
    let answer = unless(answer, &["ServerSideEncryptionConfigurationNotFoundError"])?;
    Ok(answer.and_then(|a| a.server_side_encryption_configuration).map(|configuration| Encryption {
        ServerSideEncryptionConfiguration: Some(
            configuration
                .rules
                .iter()
                .map(|rule| EncryptionRule {
                    BucketKeyEnabled: rule.bucket_key_enabled,
                    BlockedEncryptionTypes: rule.blocked_encryption_types.as_ref().map(|blocked| {
                        BlockedEncryption {
                            EncryptionType: Some(
                                blocked.encryption_type().iter().map(|t| t.as_str().to_owned()).collect(),
                            ),
                        }
                    }),
                    ServerSideEncryptionByDefault: rule.apply_server_side_encryption_by_default.as_ref().map(
                        |d| EncryptionDefault {
                            KMSMasterKeyID: d.kms_master_key_id.clone(),
                            SSEAlgorithm: Some(d.sse_algorithm.as_str().into()),
                        },
                    ),
                })
                .collect(),
        ),
    }))
}
