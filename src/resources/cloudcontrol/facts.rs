//! The facts of a type, as its schema tells them.

use std::{collections::BTreeSet, time::Duration};

use super::{calls::ABSENT, identity, stateful};
use crate::{
    model::{Facts, Identity, Retry, WaitPolicy, shape::Field},
    schema::TypeSchema,
};

/// The endpoint prefix of Cloud Control: its calls are counted and limited under it, whatever the type.
pub const SERVICE: &str = "cloudcontrolapi";

/// A client token's life: "A client token is valid for 36 hours once used" (CreateResource, API Reference).
const TOKEN_LIFE: Duration = Duration::from_secs(36 * 60 * 60);

/// What Cloud Control itself needs: its actions belong to CloudFormation
/// (<https://docs.aws.amazon.com/cloudcontrolapi/latest/userguide/security.html>).
const ACTIONS: &[&str] = &[
    "cloudformation:CreateResource",
    "cloudformation:DeleteResource",
    "cloudformation:GetResource",
    "cloudformation:GetResourceRequestStatus",
    "cloudformation:ListResourceRequests",
    "cloudformation:UpdateResource",
];

/// Handlers fail with the service's own words for a role that is not usable everywhere yet, and with codes of their own
/// (HandlerErrorCode, CloudFormation CLI User Guide).
const RETRY: &[Retry] = &[
    Retry { code: "AccessDenied", message: "assume", why: "the role is not usable yet" },
    Retry { code: "GeneralServiceException", message: "assume", why: "the role is not usable yet" },
    Retry { code: "InvalidRequest", message: "assume", why: "the role is not usable yet" },
    Retry { code: "ConcurrentOperationException", message: "", why: "another request works on it" },
    Retry { code: "NetworkFailure", message: "", why: "the type's handler did not reach the service" },
    Retry { code: "ServiceInternalError", message: "", why: "the service failed" },
    Retry { code: "Throttling", message: "", why: "the service asks the type's handler to slow down" },
];

const RETRY_DELETE: &[Retry] = &[
    Retry { code: "ResourceConflict", message: "", why: "something still uses it" },
    Retry { code: "GeneralServiceException", message: "in use", why: "something still uses it" },
    Retry { code: "InvalidRequest", message: "in use", why: "something still uses it" },
    Retry { code: "InvalidRequest", message: "dependen", why: "something still uses it" },
    Retry { code: "GeneralServiceException", message: "dependen", why: "something still uses it" },
    Retry { code: "ConcurrentOperationException", message: "", why: "another request works on it" },
    Retry { code: "NetworkFailure", message: "", why: "the type's handler did not reach the service" },
    Retry { code: "ServiceInternalError", message: "", why: "the service failed" },
    Retry { code: "Throttling", message: "", why: "the service asks the type's handler to slow down" },
];

/// Services whose names are unique in the account, not in a region: their ARNs have no region (Service Authorization
/// Reference).
const GLOBAL: &[&str] = &[
    "Budgets",
    "CloudFront",
    "GlobalAccelerator",
    "IAM",
    "NetworkManager",
    "Organizations",
    "Route53",
    "Route53RecoveryControl",
    "Shield",
];

/// Seconds that types typically take; all others are made in less than half a minute.
const TYPICAL: &[(&str, u64)] = &[
    ("AWS::AmazonMQ::Broker", 900),
    ("AWS::CertificateManager::Certificate", 300),
    ("AWS::CloudFront::Distribution", 300),
    ("AWS::DirectoryService::MicrosoftAD", 1500),
    ("AWS::DocDBElastic::Cluster", 900),
    ("AWS::EC2::Instance", 60),
    ("AWS::EC2::TransitGateway", 120),
    ("AWS::EC2::TransitGatewayAttachment", 120),
    ("AWS::EC2::VPCEndpoint", 120),
    ("AWS::EC2::VPNConnection", 300),
    ("AWS::EKS::Addon", 120),
    ("AWS::EKS::Cluster", 600),
    ("AWS::EKS::Nodegroup", 180),
    ("AWS::ElastiCache::CacheCluster", 420),
    ("AWS::ElastiCache::ReplicationGroup", 600),
    ("AWS::ElastiCache::ServerlessCache", 300),
    ("AWS::FSx::FileSystem", 900),
    ("AWS::GlobalAccelerator::Accelerator", 120),
    ("AWS::MSK::Cluster", 1500),
    ("AWS::MSK::ServerlessCluster", 300),
    ("AWS::MemoryDB::Cluster", 600),
    ("AWS::Neptune::DBCluster", 120),
    ("AWS::Neptune::DBInstance", 600),
    ("AWS::OpenSearchServerless::Collection", 300),
    ("AWS::OpenSearchService::Domain", 1200),
    ("AWS::RDS::DBCluster", 120),
    ("AWS::RDS::DBProxy", 300),
    ("AWS::Redshift::Cluster", 300),
    ("AWS::RedshiftServerless::Workgroup", 300),
    ("AWS::Synthetics::Canary", 60),
    ("AWS::Transfer::Server", 180),
];

/// A property that names an object, and the attributes of that one.
type Altered = (&'static str, &'static [&'static str]);

/// Whose attributes objects change, see [`Facts::alters`].
const ALTERS: &[(&str, &[Altered])] = &[
    ("AWS::EC2::SubnetCidrBlock", &[("SubnetId", &["Ipv6CidrBlocks"])]),
    ("AWS::EC2::VPCCidrBlock", &[("VpcId", &["CidrBlockAssociations", "Ipv6CidrBlocks"])]),
];

/// Properties that can be set and that `Fn::GetAtt` answers for as well, although the published schemas do not say so:
/// "QueueName: Returns the queue name" (AWS::SQS::Queue, return values).
const TOLD_TOO: &[(&str, &str)] = &[("AWS::SQS::Queue", "QueueName")];

/// Those of a type.
pub(super) fn told_too(kind: &str) -> impl Iterator<Item = &'static str> + use<'_> {
    TOLD_TOO.iter().filter(move |(of, _)| *of == kind).map(|(_, property)| *property)
}

fn leak(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}

fn service(kind: &str) -> &str {
    kind.split("::").nth(1).unwrap_or_default()
}

/// Every IAM action that making, changing and deleting an object may need.
fn actions(schema: &TypeSchema) -> &'static [&'static str] {
    let handlers = ["create", "read", "update", "delete"];
    let mut all: BTreeSet<&str> = handlers.iter().flat_map(|verb| schema.permissions(verb)).collect();
    all.extend(schema.tag_permissions());
    all.extend(ACTIONS);
    Box::leak(all.into_iter().map(leak).collect())
}

/// The properties that name what an object alters.
fn holders(alters: &[(&'static str, &[&str])]) -> &'static [&'static str] {
    Box::leak(alters.iter().map(|(property, _)| *property).collect())
}

/// The facts of a type that Cloud Control deploys. They live as long as the program; each type is asked for once.
pub(super) fn facts(schema: &'static TypeSchema) -> Facts {
    let kind = schema.kind();
    let altered = ALTERS.iter().find(|(name, _)| *name == kind);
    let typical = TYPICAL.binary_search_by(|(name, _)| (*name).cmp(kind)).map_or(20, |at| TYPICAL[at].1);
    // The deadline of the slowest handler; the request is asked for at most every ten seconds.
    let minutes = schema.minutes("create").max(schema.minutes("update"));
    Facts {
        identity: if identity::always_given(schema) { Identity::Name } else { Identity::Token },
        token_life: Some(TOKEN_LIFE),
        // Its own wait must not record attributes that were read before the change.
        needs_ready: altered.map_or(&[], |(_, alters)| holders(alters)),
        alters: altered.map_or(&[], |(_, alters)| *alters),
        ready: Some(WaitPolicy::secs(typical, if typical > 60 { 10 } else { 3 }, minutes * 60)),
        retry: RETRY,
        retry_delete: RETRY_DELETE,
        absent: ABSENT,
        iam: actions(schema),
        stateful: stateful::loss(kind),
        global: GLOBAL.contains(&service(kind)),
        unique_handle: identity::never_again(schema),
        properties_are_attributes: told_too(kind).next().is_some(),
        ..Facts::new(kind, SERVICE)
    }
}

/// Every property that can be set.
pub(super) fn fields(schema: &'static TypeSchema) -> &'static [Field] {
    let writable = schema.properties().filter(|name| !schema.is_read_only(name));
    Box::leak(writable.map(|name| Field { name, nested: &[] }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    #[test]
    fn tables_are_sorted_and_name_published_types() {
        assert!(TYPICAL.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (kind, alters) in ALTERS {
            let schema = schema::as_published(kind).unwrap();
            assert!(alters.iter().all(|(property, _)| schema.property(property).is_some()), "{kind}");
        }
        for (kind, _) in TYPICAL {
            assert!(schema::as_published(kind).is_some(), "{kind} is not published");
        }
    }

    #[test]
    fn facts_follow_the_schema() {
        let queue = facts(schema::as_published("AWS::SQS::Queue").unwrap());
        assert_eq!(queue.identity, Identity::Token);
        assert!(
            queue.iam.contains(&"sqs:CreateQueue") && queue.iam.contains(&"cloudformation:CreateResource")
        );
        assert!(queue.stateful.is_some() && !queue.global);
        let alias = facts(schema::as_published("AWS::KMS::Alias").unwrap());
        assert_eq!(alias.identity, Identity::Name);
        assert!(facts(schema::as_published("AWS::CloudFront::Distribution").unwrap()).global);
        let names: Vec<&str> =
            fields(schema::as_published("AWS::SQS::Queue").unwrap()).iter().map(|f| f.name).collect();
        assert!(names.contains(&"QueueName") && !names.contains(&"QueueUrl"));
    }
}
