//! The form of what AWS makes up, where its documents show one: identifiers and ARNs of the types that plans use most. What
//! is not here has a form by its name and its pattern (`made`).
//!
//! In a form, `{hex:17}` are hexadecimal digits, `{lower:10}` lower-case letters and digits, `{upper:13}` the same in upper
//! case, `{mixed:9}` all letters and digits, `{uuid}` a UUID, `{moment}` the time of creation, `{region}`, `{account}` and
//! `{partition}` what they say, and `{Name}` the property of that name.
//!
//! Sources: the examples of the return values in the CloudFormation Template Reference of each type, and "Resource types
//! defined by" the service in the Service Authorization Reference for its ARNs.

/// A form: the type, the property, the form, and the property without which there is none.
pub type Form = (&'static str, &'static str, &'static str, Option<&'static str>);

const ARN: &str = "arn:{partition}:";

/// All of them, by type.
pub const FORMS: &[Form] = &[
    ("AWS::ApiGateway::ApiKey", "APIKeyId", "{lower:10}", None),
    ("AWS::ApiGateway::Authorizer", "AuthorizerId", "{lower:6}", None),
    ("AWS::ApiGateway::Deployment", "DeploymentId", "{lower:6}", None),
    ("AWS::ApiGateway::RequestValidator", "RequestValidatorId", "{lower:6}", None),
    ("AWS::ApiGateway::Resource", "ResourceId", "{lower:6}", None),
    ("AWS::ApiGateway::RestApi", "RestApiId", "{lower:10}", None),
    ("AWS::ApiGateway::RestApi", "RootResourceId", "{lower:10}", None),
    ("AWS::ApiGateway::UsagePlan", "Id", "{lower:6}", None),
    ("AWS::ApiGateway::VpcLink", "VpcLinkId", "{lower:6}", None),
    ("AWS::ApiGatewayV2::Api", "ApiEndpoint", "https://{ApiId}.execute-api.{region}.amazonaws.com", None),
    ("AWS::ApiGatewayV2::Api", "ApiId", "{lower:10}", None),
    ("AWS::ApiGatewayV2::Authorizer", "AuthorizerId", "{lower:6}", None),
    ("AWS::ApiGatewayV2::Deployment", "DeploymentId", "{lower:6}", None),
    ("AWS::ApiGatewayV2::Integration", "IntegrationId", "{lower:7}", None),
    ("AWS::ApiGatewayV2::Route", "RouteId", "{lower:7}", None),
    ("AWS::ApiGatewayV2::VpcLink", "VpcLinkId", "{lower:6}", None),
    ("AWS::AppSync::GraphQLApi", "ApiId", "{lower:26}", None),
    ("AWS::AppSync::GraphQLApi", "Arn", "{arn}appsync:{region}:{account}:apis/{ApiId}", None),
    (
        "AWS::CertificateManager::Certificate",
        "CertificateArn",
        "{arn}acm:{region}:{account}:certificate/{uuid}",
        None,
    ),
    ("AWS::CloudFront::CachePolicy", "Id", "{uuid}", None),
    ("AWS::CloudFront::CloudFrontOriginAccessIdentity", "Id", "E{upper:13}", None),
    ("AWS::CloudFront::CloudFrontOriginAccessIdentity", "S3CanonicalUserId", "{hex:96}", None),
    ("AWS::CloudFront::Distribution", "DomainName", "d{lower:13}.cloudfront.net", None),
    ("AWS::CloudFront::Distribution", "Id", "E{upper:13}", None),
    ("AWS::CloudFront::OriginAccessControl", "Id", "E{upper:13}", None),
    ("AWS::CloudFront::OriginRequestPolicy", "Id", "{uuid}", None),
    ("AWS::CloudFront::ResponseHeadersPolicy", "Id", "{uuid}", None),
    ("AWS::CloudTrail::Trail", "Arn", "{arn}cloudtrail:{region}:{account}:trail/{TrailName}", None),
    ("AWS::CodePipeline::Pipeline", "Arn", "{arn}codepipeline:{region}:{account}:{Name}", None),
    ("AWS::Cognito::IdentityPool", "Id", "{region}:{uuid}", None),
    ("AWS::Cognito::UserPool", "Arn", "{arn}cognito-idp:{region}:{account}:userpool/{UserPoolId}", None),
    ("AWS::Cognito::UserPool", "ProviderName", "cognito-idp.{region}.amazonaws.com/{UserPoolId}", None),
    (
        "AWS::Cognito::UserPool",
        "ProviderURL",
        "https://cognito-idp.{region}.amazonaws.com/{UserPoolId}",
        None,
    ),
    ("AWS::Cognito::UserPool", "UserPoolId", "{region}_{mixed:9}", None),
    ("AWS::Cognito::UserPoolClient", "ClientId", "{lower:26}", None),
    ("AWS::DynamoDB::GlobalTable", "Arn", "{arn}dynamodb:{region}:{account}:table/{TableName}", None),
    ("AWS::DynamoDB::GlobalTable", "StreamArn", "{Arn}/stream/{moment}", Some("StreamSpecification")),
    ("AWS::DynamoDB::GlobalTable", "TableId", "{uuid}", None),
    ("AWS::DynamoDB::Table", "Arn", "{arn}dynamodb:{region}:{account}:table/{TableName}", None),
    ("AWS::DynamoDB::Table", "StreamArn", "{Arn}/stream/{moment}", Some("StreamSpecification")),
    ("AWS::EC2::CapacityReservation", "Id", "cr-{hex:17}", None),
    ("AWS::EC2::CustomerGateway", "CustomerGatewayId", "cgw-{hex:17}", None),
    ("AWS::EC2::DHCPOptions", "DhcpOptionsId", "dopt-{hex:17}", None),
    ("AWS::EC2::EC2Fleet", "FleetId", "fleet-{uuid}", None),
    ("AWS::EC2::EIPAssociation", "Id", "eipassoc-{hex:17}", None),
    ("AWS::EC2::EgressOnlyInternetGateway", "Id", "eigw-{hex:17}", None),
    ("AWS::EC2::FlowLog", "Id", "fl-{hex:17}", None),
    ("AWS::EC2::Host", "HostId", "h-{hex:17}", None),
    ("AWS::EC2::KeyPair", "KeyPairId", "key-{hex:17}", None),
    ("AWS::EC2::NetworkInterface", "Id", "eni-{hex:17}", None),
    ("AWS::EC2::PrefixList", "Arn", "{arn}ec2:{region}:{account}:prefix-list/{PrefixListId}", None),
    ("AWS::EC2::PrefixList", "PrefixListId", "pl-{hex:17}", None),
    ("AWS::EC2::SpotFleet", "Id", "sfr-{uuid}", None),
    ("AWS::EC2::SubnetCidrBlock", "Id", "subnet-cidr-assoc-{hex:17}", None),
    ("AWS::EC2::TransitGateway", "Id", "tgw-{hex:17}", None),
    (
        "AWS::EC2::TransitGateway",
        "TransitGatewayArn",
        "{arn}ec2:{region}:{account}:transit-gateway/{Id}",
        None,
    ),
    ("AWS::EC2::TransitGatewayAttachment", "Id", "tgw-attach-{hex:17}", None),
    ("AWS::EC2::TransitGatewayRouteTable", "TransitGatewayRouteTableId", "tgw-rtb-{hex:17}", None),
    ("AWS::EC2::VPCCidrBlock", "Id", "vpc-cidr-assoc-{hex:17}", None),
    ("AWS::EC2::VPNConnection", "VpnConnectionId", "vpn-{hex:17}", None),
    ("AWS::EC2::Volume", "VolumeId", "vol-{hex:17}", None),
    ("AWS::ECR::Repository", "Arn", "{arn}ecr:{region}:{account}:repository/{RepositoryName}", None),
    (
        "AWS::ECR::Repository",
        "RepositoryUri",
        "{account}.dkr.ecr.{region}.amazonaws.com/{RepositoryName}",
        None,
    ),
    ("AWS::EFS::AccessPoint", "AccessPointId", "fsap-{hex:17}", None),
    (
        "AWS::EFS::AccessPoint",
        "Arn",
        "{arn}elasticfilesystem:{region}:{account}:access-point/{AccessPointId}",
        None,
    ),
    (
        "AWS::EFS::FileSystem",
        "Arn",
        "{arn}elasticfilesystem:{region}:{account}:file-system/{FileSystemId}",
        None,
    ),
    ("AWS::EFS::FileSystem", "FileSystemId", "fs-{hex:17}", None),
    ("AWS::EFS::MountTarget", "Id", "fsmt-{hex:17}", None),
    ("AWS::Events::EventBus", "Arn", "{arn}events:{region}:{account}:event-bus/{Name}", None),
    ("AWS::GuardDuty::Detector", "Id", "{hex:32}", None),
    ("AWS::IAM::Group", "Arn", "{arn}iam::{account}:group/{GroupName}", None),
    ("AWS::IAM::User", "Arn", "{arn}iam::{account}:user/{UserName}", None),
    ("AWS::Kinesis::Stream", "Arn", "{arn}kinesis:{region}:{account}:stream/{Name}", None),
    (
        "AWS::KinesisFirehose::DeliveryStream",
        "Arn",
        "{arn}firehose:{region}:{account}:deliverystream/{DeliveryStreamName}",
        None,
    ),
    (
        "AWS::Lambda::EventSourceMapping",
        "EventSourceMappingArn",
        "{arn}lambda:{region}:{account}:event-source-mapping:{Id}",
        None,
    ),
    ("AWS::Lambda::EventSourceMapping", "Id", "{uuid}", None),
    (
        "AWS::Lambda::LayerVersion",
        "LayerVersionArn",
        "{arn}lambda:{region}:{account}:layer:{LayerName}:1",
        None,
    ),
    ("AWS::Logs::QueryDefinition", "QueryDefinitionId", "{uuid}", None),
    (
        "AWS::Route53Resolver::ResolverEndpoint",
        "Arn",
        "{arn}route53resolver:{region}:{account}:resolver-endpoint/{ResolverEndpointId}",
        None,
    ),
    ("AWS::Route53Resolver::ResolverEndpoint", "ResolverEndpointId", "rslvr-in-{hex:17}", None),
    (
        "AWS::Route53Resolver::ResolverRule",
        "Arn",
        "{arn}route53resolver:{region}:{account}:resolver-rule/{ResolverRuleId}",
        None,
    ),
    ("AWS::Route53Resolver::ResolverRule", "ResolverRuleId", "rslvr-rr-{hex:17}", None),
    (
        "AWS::Route53Resolver::ResolverRuleAssociation",
        "ResolverRuleAssociationId",
        "rslvr-rrassoc-{hex:17}",
        None,
    ),
    ("AWS::SSM::Association", "AssociationId", "{uuid}", None),
    ("AWS::SSM::MaintenanceWindow", "WindowId", "mw-{hex:17}", None),
    ("AWS::SSM::PatchBaseline", "Id", "pb-{hex:17}", None),
    (
        "AWS::ServiceDiscovery::PrivateDnsNamespace",
        "Arn",
        "{arn}servicediscovery:{region}:{account}:namespace/{Id}",
        None,
    ),
    ("AWS::ServiceDiscovery::PrivateDnsNamespace", "Id", "ns-{lower:16}", None),
    ("AWS::ServiceDiscovery::Service", "Arn", "{arn}servicediscovery:{region}:{account}:service/{Id}", None),
    ("AWS::ServiceDiscovery::Service", "Id", "srv-{lower:16}", None),
    ("AWS::StepFunctions::Activity", "Arn", "{arn}states:{region}:{account}:activity:{Name}", None),
    (
        "AWS::StepFunctions::StateMachine",
        "Arn",
        "{arn}states:{region}:{account}:stateMachine:{StateMachineName}",
        None,
    ),
    ("AWS::StepFunctions::StateMachine", "Name", "{StateMachineName}", None),
    ("AWS::WAFv2::WebACL", "Id", "{uuid}", None),
];

/// The form of a property of a type.
pub fn of(kind: &str, property: &str) -> Option<&'static Form> {
    FORMS.iter().find(|(of, name, _, _)| *of == kind && *name == property)
}

/// Those of a type.
pub fn of_kind(kind: &str) -> impl Iterator<Item = &'static Form> + use<'_> {
    FORMS.iter().filter(move |(of, ..)| *of == kind)
}

/// A form filled in: `word` answers for what stands in braces.
pub fn fill(form: &str, word: &dyn Fn(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = form;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, more) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(before);
        out.push_str(&if name == "arn" { fill(ARN, word) } else { word(name) });
        rest = more;
    }
    out.push_str(rest);
    out
}

/// That many characters of a kind, from digits of which there are as many as are needed.
pub fn characters(kind: &str, len: usize, digest: &[u8]) -> String {
    let alphabet: &[u8] = match kind {
        "hex" => b"0123456789abcdef",
        "lower" => b"abcdefghijklmnopqrstuvwxyz0123456789",
        "upper" => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
        _ => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
    };
    let stretched = digest.iter().copied().cycle().take(len).enumerate();
    stretched
        .map(|(at, byte)| {
            let turn = usize::from(byte) + (at / digest.len().max(1)) * 7;
            char::from(alphabet[turn % alphabet.len()])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    #[test]
    fn forms_are_of_types_and_properties_that_there_are() {
        let sorted = FORMS.windows(2).all(|pair| (pair[0].0, pair[0].1) < (pair[1].0, pair[1].1));
        assert!(sorted, "by type and property");
        for (kind, property, form, when) in FORMS {
            let document = schema::of(kind).unwrap_or_else(|| panic!("{kind}")).document();
            let known = |name: &str| document["properties"][name].is_object();
            assert!(known(property), "{kind}: {property}");
            assert!(when.is_none_or(known), "{kind}: {when:?}");
            let names = fill(form, &|name| {
                let own = ["region", "account", "partition", "uuid", "moment"].contains(&name);
                let drawn = ["hex:", "lower:", "upper:", "mixed:"].iter().any(|kind| name.starts_with(kind));
                assert!(own || drawn || known(name), "{kind}: {{{name}}}");
                String::new()
            });
            assert!(!names.contains(['{', '}']), "{kind}: {form}");
        }
    }
}
