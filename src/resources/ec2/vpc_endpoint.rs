//! `AWS::EC2::VPCEndpoint`: gateway endpoints (routes to S3 and DynamoDB), interface endpoints and the rest.

use aws_sdk_ec2::types;
use aws_smithy_types::{date_time::Format, error::operation::BuildError};
use serde_json::{Value as Json, json};

use super::{
    support::{NEW_GROUP, NEW_SUBNET, NEW_TABLE, NEW_VPC, described_by, ours_in},
    tags::{self, Tags, specification},
};
use crate::{
    aws::{Certainty, OpError, op},
    ledger::Permit,
    model::{Attributes, Document, Facts, PhysicalId, Retry, Tag, WaitPolicy},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, State,
        mirror::{Member, Mirror, pruned, sent},
        tags::Tagging,
    },
};

crate::words!(types::DnsRecordIpType, types::IpAddressType, types::VpcEndpointType);

crate::mirrored! {
    /// The properties.
    pub struct Props <= types::VpcEndpoint {
        DnsOptions/dns_options: DnsOptions, IpAddressType/ip_address_type: String, PolicyDocument: Json,
        PrivateDnsEnabled/private_dns_enabled: bool, ResourceConfigurationArn/resource_configuration_arn: String,
        RouteTableIds/route_table_ids: Vec<String>, SecurityGroupIds: Vec<String>, ServiceName/service_name: String,
        ServiceNetworkArn/service_network_arn: String, ServiceRegion/service_region: String,
        SubnetIds/subnet_ids: Vec<String>, Tags: Vec<Tag>, VpcEndpointType/vpc_endpoint_type: String,
        VpcId/vpc_id: String,
    }
}

crate::props! {
    /// Names of an interface endpoint.
    pub struct DnsOptions {
        DnsRecordIpType: String, PrivateDnsOnlyForInboundResolverEndpoint: String, PrivateDnsPreference: String,
        PrivateDnsSpecifiedDomains: Vec<String>,
    }
}

/// The type.
pub struct VpcEndpoint;

/// CloudFormation has words where the API has a switch.
fn only_inbound(word: Option<&String>) -> Option<bool> {
    match word.map(String::as_str) {
        Some("OnlyInboundResolver") => Some(true),
        Some("AllResolvers") => Some(false),
        _ => None,
    }
}

impl Mirror<types::DnsOptionsSpecification> for DnsOptions {
    fn send(&self) -> Result<types::DnsOptionsSpecification, BuildError> {
        Ok(types::DnsOptionsSpecification::builder()
            .set_dns_record_ip_type(self.DnsRecordIpType.as_ref().map(Mirror::send).transpose()?)
            .set_private_dns_only_for_inbound_resolver_endpoint(only_inbound(
                self.PrivateDnsOnlyForInboundResolverEndpoint.as_ref(),
            ))
            .set_private_dns_preference(self.PrivateDnsPreference.clone())
            .set_private_dns_specified_domains(self.PrivateDnsSpecifiedDomains.clone())
            .build())
    }

    fn receive(sdk: &types::DnsOptionsSpecification) -> Self {
        Self { PrivateDnsPreference: sdk.private_dns_preference.clone(), ..Self::default() }
    }
}

impl Mirror<types::DnsOptions> for DnsOptions {
    fn send(&self) -> Result<types::DnsOptions, BuildError> {
        Ok(types::DnsOptions::builder().build())
    }

    fn receive(sdk: &types::DnsOptions) -> Self {
        let word = |only: bool| if only { "OnlyInboundResolver" } else { "AllResolvers" };
        Self {
            DnsRecordIpType: Member::take(&sdk.dns_record_ip_type),
            PrivateDnsOnlyForInboundResolverEndpoint: sdk
                .private_dns_only_for_inbound_resolver_endpoint
                .map(|only| word(only).to_owned()),
            PrivateDnsPreference: sdk.private_dns_preference.clone(),
            PrivateDnsSpecifiedDomains: sdk.private_dns_specified_domains.clone(),
        }
    }
}

fn living(cx: &Cx<'_>) -> Vec<types::Filter> {
    ours_in(cx, "vpc-endpoint-state", &["pendingAcceptance", "pending", "available", "rejected", "failed"])
}

fn text(policy: &Json) -> String {
    policy.as_str().map_or_else(|| policy.to_string(), ToOwned::to_owned)
}

/// Members of `one` that `other` lacks.
fn more(one: Option<&Vec<String>>, other: Option<&Vec<String>>) -> Option<Vec<String>> {
    let lacks = |item: &&String| !other.is_some_and(|other| other.contains(item));
    let found: Vec<String> = one.into_iter().flatten().filter(lacks).cloned().collect();
    (!found.is_empty()).then_some(found)
}

impl Described for VpcEndpoint {
    type Props = Props;
    type Live = types::VpcEndpoint;

    const FACTS: Facts = Facts {
        leaves_interfaces: Some(std::time::Duration::from_secs(12 * 60)),
        unique_handle: true,
        early: &["Id", "Ref"],
        // Interfaces take a minute or two; a gateway endpoint is there at once.
        ready: Some(WaitPolicy::secs(60, 5, 900)),
        gone: Some(WaitPolicy::secs(60, 5, 1800)),
        retry: &[
            NEW_VPC,
            NEW_SUBNET,
            NEW_TABLE,
            NEW_GROUP,
            Retry { code: "InvalidVpcId.NotFound", message: "", why: "the new VPC is not visible yet" },
            Retry {
                code: "InvalidParameter",
                message: "already a conflicting DNS domain",
                why: "another endpoint still has the service's private name",
            },
            Retry {
                code: "InvalidParameter",
                message: "enableDnsHostnames",
                why: "the DNS settings of the new VPC are not in force yet",
            },
        ],
        absent: &["InvalidVpcEndpointId.NotFound"],
        documents: &[("PolicyDocument", Document::ResourcePolicy)],
        iam: &[
            "ec2:CreateTags",
            "ec2:CreateVpcEndpoint",
            "ec2:DeleteTags",
            "ec2:DeleteVpcEndpoints",
            "ec2:DescribeVpcEndpoints",
            "ec2:ModifyVpcEndpoint",
        ],
        ..Facts::new("AWS::EC2::VPCEndpoint", "ec2")
    };

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let kind = props["VpcEndpointType"].as_str().unwrap_or("Gateway");
        let only = |name: &str, kinds: &[&str]| {
            let set = !props[name].is_null() && props[name] != json!([]);
            (set && !kinds.contains(&kind)).then(|| {
                (
                    name.to_owned(),
                    format!("a {kind} endpoint takes none (VpcEndpointType); {} does", kinds.join(" or ")),
                )
            })
        };
        // API reference, CreateVpcEndpoint.
        found.extend(only("RouteTableIds", &["Gateway"]));
        found.extend(only("SecurityGroupIds", &["Interface", "Resource", "ServiceNetwork"]));
        found.extend(only("SubnetIds", &["Interface", "GatewayLoadBalancer", "Resource", "ServiceNetwork"]));
        let private = props["PrivateDnsEnabled"] == true;
        found.extend(
            only("PrivateDnsEnabled", &["Interface", "Resource", "ServiceNetwork"]).filter(|_| private),
        );
        if props["ServiceName"].is_null() && ["Gateway", "Interface", "GatewayLoadBalancer"].contains(&kind) {
            found.push(("ServiceName".into(), format!("a {kind} endpoint needs a service")));
        }
        found
    }

    described_by!(
        "DescribeVpcEndpoints", describe_vpc_endpoints, vpc_endpoint_ids, "vpc-endpoint-id" => vpc_endpoints, set_filters, living
    );

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let id = live.vpc_endpoint_id().unwrap_or_default();
        let made = live.creation_timestamp().and_then(|at| at.fmt(Format::DateTime).ok()).unwrap_or_default();
        // CloudFormation joins zone and name (return value `DnsEntries`).
        let entries: Vec<String> = live
            .dns_entries()
            .iter()
            .map(|one| {
                format!("{}:{}", one.hosted_zone_id().unwrap_or_default(), one.dns_name().unwrap_or_default())
            })
            .collect();
        let attributes = Attributes::from([
            ("Ref".into(), json!(id)),
            ("Id".into(), json!(id)),
            ("CreationTimestamp".into(), json!(made)),
            ("DnsEntries".into(), json!(entries)),
            ("NetworkInterfaceIds".into(), json!(live.network_interface_ids())),
        ]);
        Created { id: id.into(), attributes }
    }

    fn state(live: &Self::Live) -> State {
        let word = live.state().map_or("pending", |state| state.as_str());
        let why = || {
            let last = live.last_error().and_then(|error| error.message());
            live.failure_reason().or(last).unwrap_or(word).to_owned()
        };
        match word.to_ascii_lowercase().as_str() {
            "available" => State::Ready,
            "deleting" => State::Leaving("deleting".into()),
            "deleted" => State::Gone("deleted".into()),
            "failed" | "rejected" | "expired" => State::Failed(why()),
            // The owner of the service decides when: it counts as made, as under CloudFormation.
            "pendingacceptance" => State::Ready,
            _ => State::Pending(word.to_owned()),
        }
    }

    async fn tags(_cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Ok(tags::of(&live.tags))
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let groups: Vec<String> =
            live.groups().iter().filter_map(|group| group.group_id().map(ToOwned::to_owned)).collect();
        let read = Props {
            PolicyDocument: live.policy_document().and_then(|text| serde_json::from_str(text).ok()),
            SecurityGroupIds: Some(groups),
            Tags: tags,
            ..Props::received(&live)
        };
        Ok(pruned(read, hint))
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateVpcEndpoint";
        let tags = specification(cx, OP, types::ResourceType::VpcEndpoint, props.Tags.as_ref())?;
        let call = crate::pass!(OP, cx.sdk.ec2().create_vpc_endpoint().client_token(permit.token()), props => {
            set_vpc_endpoint_type: VpcEndpointType, set_vpc_id: VpcId, set_service_name: ServiceName,
            set_route_table_ids: RouteTableIds, set_subnet_ids: SubnetIds,
            set_security_group_ids: SecurityGroupIds, set_ip_address_type: IpAddressType,
            set_dns_options: DnsOptions, set_private_dns_enabled: PrivateDnsEnabled,
            set_service_network_arn: ServiceNetworkArn, set_resource_configuration_arn: ResourceConfigurationArn,
            set_service_region: ServiceRegion,
        });
        let call = call.set_policy_document(props.PolicyDocument.as_ref().map(text));
        let endpoint = call.tag_specifications(tags).send().await.map_err(op(OP))?.vpc_endpoint;
        let endpoint = endpoint.filter(|endpoint| endpoint.vpc_endpoint_id().is_some());
        Ok(Self::object(cx, &endpoint.ok_or_else(|| OpError::missing(OP, "the endpoint's id"))?))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        const OP: &str = "ModifyVpcEndpoint";
        let (old, new) = (change.old, change.new);
        Tags::change(cx, id.as_str(), old.Tags.as_ref(), new.Tags.as_ref()).await?;
        if change.changed.iter().all(|name| name == "Tags") {
            return Ok(Progress::Done);
        }
        // What the endpoint has already is not added again: the call refuses it.
        let Some(live) = crate::resources::described::look::<Self>(cx, id, new).await? else {
            return Err(OpError::missing("DescribeVpcEndpoints", "the endpoint"));
        };
        let seen = Self::props(cx, live, None, new).await?;
        let sets = [
            (&old.RouteTableIds, &new.RouteTableIds, &seen.RouteTableIds),
            (&old.SubnetIds, &new.SubnetIds, &seen.SubnetIds),
            (&old.SecurityGroupIds, &new.SecurityGroupIds, &seen.SecurityGroupIds),
        ];
        let added = sets.map(|(_, new, live)| more(new.as_ref(), live.as_ref()));
        let gone = sets.map(|(old, new, live)| {
            let gone = more(old.as_ref(), new.as_ref())?;
            let left: Vec<String> =
                gone.into_iter().filter(|one| live.as_ref().is_some_and(|live| live.contains(one))).collect();
            (!left.is_empty()).then_some(left)
        });
        let [tables, subnets, groups] = added;
        let [no_tables, no_subnets, no_groups] = gone;
        let mut call = cx
            .sdk
            .ec2()
            .modify_vpc_endpoint()
            .vpc_endpoint_id(id.as_str())
            .set_add_route_table_ids(tables)
            .set_remove_route_table_ids(no_tables)
            .set_add_subnet_ids(subnets)
            .set_remove_subnet_ids(no_subnets)
            .set_add_security_group_ids(groups)
            .set_remove_security_group_ids(no_groups);
        if change.has("PolicyDocument") {
            call = match &new.PolicyDocument {
                Some(policy) => call.policy_document(text(policy)),
                None => call.reset_policy(true),
            };
        }
        if change.has("PrivateDnsEnabled") {
            call = call.private_dns_enabled(new.PrivateDnsEnabled.unwrap_or(false));
        }
        if change.has("IpAddressType") {
            call = call.set_ip_address_type(sent(OP, new.IpAddressType.as_ref())?);
        }
        if change.has("DnsOptions") {
            call = call.set_dns_options(sent(OP, new.DnsOptions.as_ref())?);
        }
        call.send().await.map(|_| Progress::Done).map_err(op(OP))
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        const OP: &str = "DeleteVpcEndpoints";
        let call = cx.sdk.ec2().delete_vpc_endpoints().vpc_endpoint_ids(id.as_str());
        let answer = call.send().await.map_err(op(OP))?;
        let Some(error) = answer.unsuccessful().first().and_then(|one| one.error()) else {
            return Ok(Progress::Done);
        };
        Err(OpError {
            operation: OP.into(),
            code: error.code().map(ToOwned::to_owned),
            message: error.message().unwrap_or_default().to_owned(),
            request_id: None,
            certainty: Certainty::Rejected,
            barrier: None,
        })
    }
}
