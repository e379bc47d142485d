//! `AWS::EC2::NetworkAcl`.

use aws_sdk_ec2::types;

use super::{
    support::{IN_USE, NEW_VPC, described_by},
    tags::{self, Tags, specification},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, PhysicalId, Tag},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, described::alike, tags::Tagging,
    },
};

/// The type.
pub struct NetworkAcl;

crate::mirrored! {
    /// The properties.
    pub struct Props <= types::NetworkAcl { Tags: Vec<Tag>, VpcId/vpc_id: String }
}

impl Described for NetworkAcl {
    type Props = Props;
    type Live = types::NetworkAcl;

    const FACTS: Facts = Facts {
        early: &["Id", "Ref"],
        retry: &[NEW_VPC],
        held_by_users: true,
        retry_delete: &[IN_USE],
        absent: &["InvalidNetworkAclID.NotFound"],
        iam: &[
            "ec2:CreateNetworkAcl",
            "ec2:CreateTags",
            "ec2:DeleteNetworkAcl",
            "ec2:DeleteTags",
            "ec2:DescribeNetworkAcls",
        ],
        ..Facts::new("AWS::EC2::NetworkAcl", "ec2")
    };

    described_by!("DescribeNetworkAcls", describe_network_acls, network_acl_ids, "network-acl-id" => network_acls);

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let id = live.network_acl_id().unwrap_or_default();
        Created { id: id.into(), attributes: alike(&["Ref", "Id"], id) }
    }

    async fn tags(_cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Ok(tags::of(&live.tags))
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, _: &Props) -> Result<Props, OpError> {
        Ok(Props { Tags: tags, ..Props::received(&live) })
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateNetworkAcl";
        let tags = specification(cx, OP, types::ResourceType::NetworkAcl, props.Tags.as_ref())?;
        let call = cx.sdk.ec2().create_network_acl().client_token(permit.token()).tag_specifications(tags);
        let answer = call.set_vpc_id(props.VpcId.clone()).send().await.map_err(op(OP))?;
        let acl = answer.network_acl.filter(|acl| acl.network_acl_id().is_some());
        Ok(Self::object(cx, &acl.ok_or_else(|| OpError::missing(OP, "the network ACL's id"))?))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.ec2().delete_network_acl().network_acl_id(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteNetworkAcl"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::{
        super::{NetworkAclEntry, SubnetNetworkAclAssociation},
        *,
    };
    use crate::resources::bench::Bench;

    /// A VPC, a subnet of it, and two ACLs.
    fn network(bench: &Bench) -> (String, String, [String; 2]) {
        bench.run(async {
            let ec2 = bench.sdk().ec2();
            let vpc = ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap().vpc.unwrap();
            let vpc = vpc.vpc_id.unwrap();
            bench.advance(std::time::Duration::from_secs(5));
            let subnet = ec2.create_subnet().vpc_id(&vpc).cidr_block("10.0.1.0/24").send().await.unwrap();
            let mut acls = Vec::new();
            for _ in 0..2 {
                let acl = ec2.create_network_acl().vpc_id(&vpc).send().await.unwrap().network_acl.unwrap();
                acls.push(acl.network_acl_id.unwrap());
            }
            bench.advance(std::time::Duration::from_secs(5));
            (vpc, subnet.subnet.unwrap().subnet_id.unwrap(), acls.try_into().unwrap())
        })
    }

    #[test]
    fn an_acl_keeps_the_law() {
        let bench = Bench::new();
        let (vpc, ..) = network(&bench);
        let props = |tag: &str| json!({"VpcId": vpc, "Tags": [{"Key": tag, "Value": "edge"}]});
        bench.law_covering::<NetworkAcl>(&[(props("Name"), Some(props("team")))]);
    }

    #[test]
    fn an_entry_keeps_the_law() {
        let bench = Bench::new();
        let (.., [acl, _]) = network(&bench);
        let entry = |number: u32, more: Json| {
            let mut props = json!({"NetworkAclId": acl, "RuleNumber": number, "RuleAction": "allow"});
            props.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            props
        };
        let web = json!({"Protocol": 6, "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 80, "To": 443}, "Egress": false});
        let tighter = json!({"Protocol": 6, "CidrBlock": "10.0.0.0/8", "PortRange": {"From": 443, "To": 443},
                             "Egress": false, "RuleAction": "deny"});
        let six = json!({"Protocol": 58, "Ipv6CidrBlock": "::/0", "Icmp": {"Code": -1, "Type": -1}, "Egress": true});
        bench.law_covering::<NetworkAclEntry>(&[
            (entry(100, web), Some(entry(100, tighter))),
            (entry(100, six), None),
            (entry(200, json!({"Protocol": -1, "CidrBlock": "0.0.0.0/0"})), None),
        ]);
    }

    #[test]
    fn a_subnet_changes_its_acl_and_goes_back_to_the_default_one() {
        let bench = Bench::new();
        let (_, subnet, [one, two]) = network(&bench);
        let of = |acl: &str| json!({"SubnetId": subnet, "NetworkAclId": acl});
        bench.law_covering::<SubnetNetworkAclAssociation>(&[(of(&one), None), (of(&two), None)]);
        let of_subnet = bench.run(async {
            let acls = bench.sdk().ec2().describe_network_acls().send().await.unwrap();
            let all = acls.network_acls.unwrap();
            let holds = |acl: &&types::NetworkAcl| {
                acl.associations().iter().any(|a| a.subnet_id() == Some(subnet.as_str()))
            };
            all.iter().find(holds).and_then(types::NetworkAcl::is_default)
        });
        assert_eq!(of_subnet, Some(true));
    }
}
