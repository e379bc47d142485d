//! What an account holds of the things that templates' parameters name: whether they exist, and the facts that
//! rules ask for.
//!
//! CloudFormation looks these up before it begins, and so do we: a misspelt subnet is told while planning and not
//! twenty minutes into a run. Types whose objects no supported resource type takes (images, instances, key pairs,
//! volumes) are not asked for; their values are checked by form.
//! Rule functions: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-rules.html>

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use aws_sdk_ec2::types::{Filter, Tag};

use super::{Cloud, OpError, Sdk, cloud::patiently, op};
use crate::clock::Clock;

/// Names of an object's attributes and their values: `VpcId`, `Tags.Team`.
pub type Attributes = BTreeMap<String, String>;

/// Objects of one parameter type by name or id.
pub type Known = BTreeMap<String, Attributes>;

/// What accounts hold: by region and parameter type.
pub type Objects = BTreeMap<String, BTreeMap<String, Known>>;

/// What is asked about one parameter type in one region.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Every object, because a rule compares with all of them.
    pub all: bool,
    /// These, by name or id.
    pub names: BTreeSet<String>,
    /// A rule wants the VPC's default network ACL.
    pub default_acl: bool,
    /// A rule wants the VPC's default security group.
    pub default_group: bool,
}

/// What is asked about accounts: by region and parameter type.
pub type Wanted = BTreeMap<String, BTreeMap<String, Asked>>;

/// Parameter types whose objects are looked up.
pub const LOOKED_UP: &[&str] = &[
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::VPC::Id",
    "AWS::Route53::HostedZone::Id",
    "AWS::SSM::Parameter::Name",
];

/// An EC2 filter takes at most this many values.
const FILTER_VALUES: usize = 200;

impl Cloud {
    /// Looks up objects by region and parameter type; what does not exist is left out.
    ///
    /// # Errors
    /// When a service does not answer, or not these credentials.
    pub async fn objects(&self, clock: &dyn Clock, wanted: &Wanted) -> Result<Objects, OpError> {
        let mut out = Objects::new();
        for (region, types) in wanted {
            let sdk = self.sdk(region);
            for (kind, asked) in types {
                let mut known = Known::new();
                for names in asked.slices() {
                    known.extend(patiently(clock, async || look(&sdk, kind, &names).await).await?);
                }
                if kind == "AWS::EC2::VPC::Id" {
                    defaults(&sdk, clock, asked, &mut known).await?;
                }
                out.entry(region.clone()).or_default().insert(kind.clone(), known);
            }
        }
        Ok(out)
    }
}

impl Asked {
    /// The names in portions that a filter takes; one empty portion stands for everything.
    fn slices(&self) -> Vec<Vec<String>> {
        if self.all {
            return vec![Vec::new()];
        }
        let names: Vec<String> = self.names.iter().cloned().collect();
        names.chunks(FILTER_VALUES).map(<[String]>::to_vec).collect()
    }
}

/// A filter by names, or none for all.
fn filter(name: &str, values: &[String]) -> Option<Vec<Filter>> {
    (!values.is_empty()).then(|| vec![Filter::builder().name(name).set_values(Some(values.to_vec())).build()])
}

fn tagged(tags: &[Tag]) -> Attributes {
    let pair = |tag: &Tag| Some((format!("Tags.{}", tag.key()?), tag.value()?.to_owned()));
    tags.iter().filter_map(pair).collect()
}

async fn look(sdk: &Rc<Sdk>, kind: &str, names: &[String]) -> Result<Known, OpError> {
    match kind {
        "AWS::EC2::VPC::Id" => {
            let all = sdk.ec2().describe_vpcs().set_filters(filter("vpc-id", names));
            let found =
                all.into_paginator().items().send().try_collect().await.map_err(op("DescribeVpcs"))?;
            Ok(found.iter().filter_map(|v| Some((v.vpc_id()?.to_owned(), tagged(v.tags())))).collect())
        }
        "AWS::EC2::Subnet::Id" => {
            let all = sdk.ec2().describe_subnets().set_filters(filter("subnet-id", names));
            let found =
                all.into_paginator().items().send().try_collect().await.map_err(op("DescribeSubnets"))?;
            let subnet = |subnet: &aws_sdk_ec2::types::Subnet| {
                let mut facts = tagged(subnet.tags());
                facts.insert("VpcId".into(), subnet.vpc_id()?.to_owned());
                facts.insert("AvailabilityZone".into(), subnet.availability_zone()?.to_owned());
                Some((subnet.subnet_id()?.to_owned(), facts))
            };
            Ok(found.iter().filter_map(subnet).collect())
        }
        "AWS::EC2::SecurityGroup::Id" | "AWS::EC2::SecurityGroup::GroupName" => {
            let by_id = kind.ends_with("::Id");
            let by = if by_id { "group-id" } else { "group-name" };
            let all = sdk.ec2().describe_security_groups().set_filters(filter(by, names));
            let found = all.into_paginator().items().send();
            let found = found.try_collect().await.map_err(op("DescribeSecurityGroups"))?;
            let group = |group: &aws_sdk_ec2::types::SecurityGroup| {
                let name = if by_id { group.group_id() } else { group.group_name() };
                Some((name?.to_owned(), tagged(group.tags())))
            };
            Ok(found.iter().filter_map(group).collect())
        }
        "AWS::Route53::HostedZone::Id" => {
            let all = sdk.route53().list_hosted_zones().into_paginator().items().send();
            let found = all.try_collect().await.map_err(op("ListHostedZones"))?;
            let id = |zone: &aws_sdk_route53::types::HostedZone| {
                zone.id().trim_start_matches("/hostedzone/").to_owned()
            };
            let found = found.iter().map(id).filter(|id| names.is_empty() || names.contains(id));
            Ok(found.map(|id| (id, Attributes::new())).collect())
        }
        "AWS::SSM::Parameter::Name" => ssm_names(sdk, names).await,
        _ => Ok(Known::new()),
    }
}

/// Names are asked for one by one: `GetParameter` is what a user of SSM values may call anyway.
async fn ssm_names(sdk: &Rc<Sdk>, names: &[String]) -> Result<Known, OpError> {
    let mut known = Known::new();
    for name in names {
        match sdk.ssm().get_parameter().name(name).send().await.map_err(op("GetParameter")) {
            Ok(_) => {
                known.insert(name.clone(), Attributes::new());
            }
            Err(error) if error.code.as_deref() == Some("ParameterNotFound") => {}
            Err(error) => return Err(error),
        }
    }
    Ok(known)
}

/// The default network ACL and security group of each VPC, where a rule asks for them.
async fn defaults(sdk: &Rc<Sdk>, clock: &dyn Clock, asked: &Asked, known: &mut Known) -> Result<(), OpError> {
    let vpcs: Vec<String> = known.keys().cloned().collect();
    for vpcs in vpcs.chunks(FILTER_VALUES) {
        let with = |name: &str, value: &str| {
            let mut filters = filter("vpc-id", vpcs)?;
            filters.push(Filter::builder().name(name).values(value).build());
            Some(filters)
        };
        if asked.default_acl {
            let ask = async || {
                let all = sdk.ec2().describe_network_acls().set_filters(with("default", "true"));
                all.into_paginator().items().send().try_collect().await.map_err(op("DescribeNetworkAcls"))
            };
            for acl in patiently(clock, ask).await? {
                let pair = acl.vpc_id().zip(acl.network_acl_id());
                put(known, pair, "DefaultNetworkAcl");
            }
        }
        if asked.default_group {
            let ask = async || {
                let all = sdk.ec2().describe_security_groups().set_filters(with("group-name", "default"));
                all.into_paginator().items().send().try_collect().await.map_err(op("DescribeSecurityGroups"))
            };
            for group in patiently(clock, ask).await? {
                put(known, group.vpc_id().zip(group.group_id()), "DefaultSecurityGroup");
            }
        }
    }
    Ok(())
}

fn put(known: &mut Known, found: Option<(&str, &str)>, name: &str) {
    if let Some((vpc, id)) = found
        && let Some(facts) = known.get_mut(vpc)
    {
        facts.insert(name.to_owned(), id.to_owned());
    }
}
