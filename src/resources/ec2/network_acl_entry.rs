//! `AWS::EC2::NetworkAclEntry`. ACL, direction and number are the natural key, written `acl-...|egress|100`. Its published
//! schema has no read handler, so that Cloud Control cannot deploy it.

use aws_sdk_ec2::types;
use serde_json::{Value as Json, json};

use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, Once, PhysicalId, Retry, Stored},
    props,
    resources::{Change, Created, Cx, Described, Outcome, OwnTags, Progress, compare},
};

/// The type.
pub struct NetworkAclEntry;

props! {
    /// Type and code of ICMP; -1 stands for all.
    pub struct Icmp { Code: i32, Type: i32 }
    /// Ports, both included.
    pub struct PortRange { From: i32, To: i32 }
    /// The properties.
    pub struct Props {
        CidrBlock: String,
        Egress: bool,
        Icmp: Icmp,
        Ipv6CidrBlock: String,
        NetworkAclId: String,
        PortRange: PortRange,
        Protocol: i32,
        RuleAction: String,
        RuleNumber: i32,
    }
}

impl Props {
    /// "Whether this rule applies to egress traffic … The default is false" (the reference of the type).
    fn egress(&self) -> bool {
        self.Egress.unwrap_or(false)
    }

    fn id(&self) -> PhysicalId {
        let way = if self.egress() { "egress" } else { "ingress" };
        let acl = self.NetworkAclId.as_deref().unwrap_or_default();
        format!("{acl}|{way}|{}", self.RuleNumber.unwrap_or_default()).into()
    }

    fn icmp(&self) -> Option<types::IcmpTypeCode> {
        let icmp = self.Icmp.as_ref()?;
        Some(types::IcmpTypeCode::builder().set_code(icmp.Code).set_type(icmp.Type).build())
    }

    fn ports(&self) -> Option<types::PortRange> {
        let ports = self.PortRange.as_ref()?;
        Some(types::PortRange::builder().set_from(ports.From).set_to(ports.To).build())
    }
}

/// Passes all properties to a call; `CreateNetworkAclEntry` and `ReplaceNetworkAclEntry` name them alike.
macro_rules! with_entry {
    ($call:expr, $props:expr) => {
        $call
            .set_network_acl_id($props.NetworkAclId.clone())
            .egress($props.egress())
            .set_rule_number($props.RuleNumber)
            .set_protocol($props.Protocol.map(|number| number.to_string()))
            .set_rule_action($props.RuleAction.as_deref().map(types::RuleAction::from))
            .set_cidr_block($props.CidrBlock.clone())
            .set_ipv6_cidr_block($props.Ipv6CidrBlock.clone())
            .set_icmp_type_code($props.icmp())
            .set_port_range($props.ports())
    };
}

fn object(id: PhysicalId) -> Created {
    let attributes =
        Attributes::from([("Ref".into(), json!(id.as_str())), ("Id".into(), json!(id.as_str()))]);
    Created { attributes, id }
}

/// An entry and the ACL that has it.
pub struct Live {
    acl: String,
    entry: types::NetworkAclEntry,
}

/// The entry in the schema's terms.
fn shown(live: &Live) -> Props {
    let entry = &live.entry;
    let own = |text: Option<&str>| text.map(ToOwned::to_owned);
    Props {
        CidrBlock: own(entry.cidr_block()),
        Egress: entry.egress(),
        Icmp: entry.icmp_type_code().map(|icmp| Icmp { Code: icmp.code(), Type: icmp.r#type() }),
        Ipv6CidrBlock: own(entry.ipv6_cidr_block()),
        NetworkAclId: Some(live.acl.clone()),
        PortRange: entry.port_range().map(|ports| PortRange { From: ports.from(), To: ports.to() }),
        Protocol: entry.protocol().and_then(|protocol| protocol.parse().ok()),
        RuleAction: entry.rule_action().map(|action| action.as_str().to_owned()),
        RuleNumber: entry.rule_number(),
    }
}

impl Described for NetworkAclEntry {
    type Props = Props;
    type Live = Live;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        early: &["Id", "Ref"],
        retry: &[Retry {
            code: "InvalidNetworkAclID.NotFound",
            message: "",
            why: "the new network ACL is not visible yet",
        }],
        absent: &["InvalidNetworkAclEntry.NotFound", "InvalidNetworkAclID.NotFound"],
        iam: &[
            "ec2:CreateNetworkAclEntry",
            "ec2:DeleteNetworkAclEntry",
            "ec2:DescribeNetworkAcls",
            "ec2:ReplaceNetworkAclEntry",
        ],
        stored: &[("CidrBlock", Stored::Network), ("Ipv6CidrBlock", Stored::Network)],
        once: Some(&[Once::Together(&["NetworkAclId", "Egress", "RuleNumber"])]),
        ..Facts::new("AWS::EC2::NetworkAclEntry", "ec2")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            "Egress" => desired.as_bool().unwrap_or(false) == recorded.as_bool().unwrap_or(false),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        let given = |name: &str| !props[name].is_null();
        // "You must specify CidrBlock or Ipv6CidrBlock"; PortRange is "required if specifying 6 (TCP) or 17 (UDP)", Icmp
        // "required if specifying 1 (ICMP)" (the reference of the type).
        if given("CidrBlock") == given("Ipv6CidrBlock") {
            problems.push(("CidrBlock".to_owned(), "an entry has one block, of IPv4 or of IPv6".to_owned()));
        }
        let (property, missing) = match props["Protocol"].as_i64() {
            Some(6 | 17) => ("PortRange", !given("PortRange")),
            Some(1 | 58) => ("Icmp", !given("Icmp")),
            _ => ("", false),
        };
        if missing {
            problems.push((property.to_owned(), "the protocol needs it".to_owned()));
        }
        problems
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        Some(props.id())
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Live>, OpError> {
        let [acl, way, number] = id.parts()[..] else { return Ok(None) };
        let call = cx.sdk.ec2().describe_network_acls().network_acl_ids(acl);
        let page = call.send().await.map_err(op("DescribeNetworkAcls"))?;
        let entries =
            page.network_acls.unwrap_or_default().into_iter().flat_map(|acl| acl.entries.unwrap_or_default());
        let fits = |entry: &types::NetworkAclEntry| {
            entry.egress() == Some(way == "egress")
                && entry.rule_number().is_some_and(|known| known.to_string() == number)
        };
        Ok(entries.into_iter().find(fits).map(|entry| Live { acl: acl.to_owned(), entry }))
    }

    fn object(_cx: &Cx<'_>, live: &Live) -> Created {
        object(shown(live).id())
    }

    fn fits(live: &Live, props: &Props) -> bool {
        let shown = shown(live);
        (&shown.Protocol, &shown.RuleAction, &shown.CidrBlock, &shown.Ipv6CidrBlock)
            == (&props.Protocol, &props.RuleAction, &props.CidrBlock, &props.Ipv6CidrBlock)
    }

    async fn props(_: &Cx<'_>, live: Live, _: OwnTags, _: &Props) -> Result<Props, OpError> {
        Ok(shown(&live))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let call = with_entry!(cx.sdk.ec2().create_network_acl_entry(), props);
        call.send().await.map_err(op("CreateNetworkAclEntry"))?;
        Ok(object(props.id()))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, _id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let call = with_entry!(cx.sdk.ec2().replace_network_acl_entry(), change.new);
        call.send().await.map(|_| Progress::Done).map_err(op("ReplaceNetworkAclEntry"))
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, _id: &PhysicalId, props: &Props) -> Outcome {
        let call = cx.sdk.ec2().delete_network_acl_entry().egress(props.egress());
        let call = call.set_network_acl_id(props.NetworkAclId.clone()).set_rule_number(props.RuleNumber);
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteNetworkAclEntry"))
    }
}
