//! Names and places that only one object can hold at a time: they decide whether a replacement may be made before the
//! old object is gone.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value as Json;

use crate::{
    aws::physical_name,
    model::{Address, Facts, Identity, NameRule, Once},
    resources::{AnyType, cloudcontrol},
    schema,
};

/// A property as far as it is known.
pub(super) enum Held {
    /// Its value.
    Value(Json),
    /// Not set.
    Absent,
    /// It hangs on another step. Parts that are known are there; the rest is null.
    Unknown(Json),
}

impl Held {
    /// A member of recorded properties.
    pub(super) fn recorded(properties: &Json, name: &str) -> Self {
        match properties.get(name) {
            None | Some(Json::Null) => Self::Absent,
            Some(value) => Self::Value(value.clone()),
        }
    }
}

/// Something that only one object can hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    key: String,
    what: What,
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    Whole,
    Block(IpNet),
    /// Two may hold it if both say that they belong to the same.
    Within(Option<String>),
}

impl Place {
    /// Whether not both can be held at the same time.
    pub(super) fn collides(&self, other: &Self) -> bool {
        self.key == other.key
            && match (&self.what, &other.what) {
                (What::Whole, What::Whole) => true,
                (What::Block(one), What::Block(two)) => one.contains(two) || two.contains(one),
                (What::Within(one), What::Within(two)) => one.is_none() || two.is_none() || one != two,
                _ => false,
            }
    }

    /// Where places that may collide are looked for.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Why a new holder waits for the old one, which has that address.
    pub(super) fn words(&self, old: &Address) -> String {
        match self.what {
            What::Within(_) => format!(
                "a target group belongs to one load balancer at a time: {old} goes first, and requests fail until the \
                 new one is there"
            ),
            What::Whole | What::Block(_) => format!("{old} holds the same name or place until it is gone"),
        }
    }

    /// Why a new object waits for the one that it replaces.
    pub(super) fn in_the_way(&self) -> String {
        match self.what {
            What::Within(_) => {
                "the old object keeps a target group that only one load balancer can have; requests \
                                fail until the new one is there"
                    .to_owned()
            }
            What::Whole | What::Block(_) => "the old object is in the way until it is gone".to_owned(),
        }
    }
}

/// What an object holds alone.
pub(super) fn taken(ty: &dyn AnyType, region: &str, property: &dyn Fn(&str) -> Held) -> Vec<Place> {
    let facts = ty.facts();
    let place = if facts.global { "" } else { region };
    let holder = Holder { start: format!("{} {place}", facts.kind), property };
    if let Some(rules) = facts.once {
        return rules.iter().flat_map(|rule| holder.places(rule)).collect();
    }
    if let Some(rule) = facts.name {
        return holder.together(&[rule.property], false).into_iter().collect();
    }
    if facts.identity == Identity::Name {
        return holder.together(&natural_key(facts), false).into_iter().collect();
    }
    if facts.service == cloudcontrol::SERVICE {
        return holder.together(&fixed_name(facts), false).into_iter().collect();
    }
    Vec::new()
}

/// Of a type that Cloud Control deploys and whose identifier AWS may make up: the properties that identify it if they
/// are set, or the name of which AWS makes the identifier (`QueueName`). A name that can be changed identifies nothing.
fn fixed_name(facts: &Facts) -> Vec<&'static str> {
    let Some(schema) = schema::of(facts.kind) else { return Vec::new() };
    let identifier = schema.identifier();
    if identifier.iter().all(|path| !schema.is_read_only(path)) {
        return identifier.into_iter().filter(|path| !path.contains('/')).collect();
    }
    let noun = facts.kind.rsplit("::").next().unwrap_or_default();
    let named = |property: &&str| *property == "Name" || property.strip_suffix("Name") == Some(noun);
    schema.create_only().filter(named).collect()
}

/// Properties that say where an object is: what refers to another object there goes with it.
pub(super) fn places_in(facts: &Facts) -> Vec<&'static str> {
    if !facts.lives_in.is_empty() {
        return facts.lives_in.to_vec();
    }
    match facts.once {
        Some(rules) => rules
            .iter()
            .flat_map(|rule| match rule {
                Once::Together(names) | Once::AnyCase(names) => names.to_vec(),
                Once::Each(name, names) | Once::Block(name, names) => {
                    let top = name.split('.').next().unwrap_or(name);
                    std::iter::once(top).chain(names.iter().copied()).collect()
                }
                Once::Targets(_, balancer) => vec![*balancer],
            })
            .collect(),
        None => natural_key(facts),
    }
}

struct Holder<'p> {
    start: String,
    property: &'p dyn Fn(&str) -> Held,
}

impl Holder<'_> {
    fn places(&self, rule: &Once) -> Vec<Place> {
        match rule {
            Once::Together(names) => self.together(names, false).into_iter().collect(),
            Once::AnyCase(names) => self.together(names, true).into_iter().collect(),
            Once::Each(list, names) => self.each(list, names),
            Once::Block(block, names) => self.block(block, names).into_iter().collect(),
            Once::Targets(actions, balancer) => self.targets(actions, balancer),
        }
    }

    /// A text that is equal for equal properties; `None` if one of them is not known or none is set.
    fn key(&self, names: &[&str], any_case: bool) -> Option<String> {
        let mut text = self.start.clone();
        let mut any = false;
        for name in names {
            match (self.property)(name) {
                Held::Value(value) => {
                    any = true;
                    let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
                    let value = if any_case { value.to_lowercase() } else { value };
                    text.push_str(&format!("\n{name}={value}"));
                }
                Held::Absent => {}
                Held::Unknown(_) => return None,
            }
        }
        any.then_some(text)
    }

    fn together(&self, names: &[&str], any_case: bool) -> Option<Place> {
        Some(Place { key: self.key(names, any_case)?, what: What::Whole })
    }

    fn each(&self, list: &str, names: &[&str]) -> Vec<Place> {
        let (top, member) = list.split_once('.').unwrap_or((list, ""));
        let (Held::Value(Json::Array(items)) | Held::Unknown(Json::Array(items))) = (self.property)(top)
        else {
            return Vec::new();
        };
        let start = match (names, self.key(names, false)) {
            ([], _) => self.start.clone(),
            (_, Some(start)) => start,
            (_, None) => return Vec::new(),
        };
        let texts =
            items.iter().filter_map(|item| if member.is_empty() { item } else { &item[member] }.as_str());
        texts.map(|text| Place { key: format!("{start}\n{list}={text}"), what: What::Whole }).collect()
    }

    fn block(&self, block: &str, names: &[&str]) -> Option<Place> {
        let Held::Value(Json::String(text)) = (self.property)(block) else { return None };
        let net: IpNet = text.parse().ok()?;
        let family = if matches!(net.addr(), IpAddr::V4(_)) { 4 } else { 6 };
        Some(Place { key: format!("{}\nIPv{family}", self.key(names, false)?), what: What::Block(net) })
    }

    fn targets(&self, actions: &str, balancer: &str) -> Vec<Place> {
        let (Held::Value(actions) | Held::Unknown(actions)) = (self.property)(actions) else {
            return Vec::new();
        };
        let within = match (self.property)(balancer) {
            Held::Value(Json::String(arn)) => Some(balancer_of(&arn)),
            _ => None,
        };
        let mut groups = Vec::new();
        for action in actions.as_array().into_iter().flatten() {
            groups.extend(action["TargetGroupArn"].as_str());
            let weighted = action["ForwardConfig"]["TargetGroups"].as_array();
            groups
                .extend(weighted.into_iter().flatten().filter_map(|group| group["TargetGroupArn"].as_str()));
        }
        groups.sort_unstable();
        groups.dedup();
        let key = |group: &str| format!("a target group\n{group}");
        groups.into_iter().map(|g| Place { key: key(g), what: What::Within(within.clone()) }).collect()
    }
}

/// The load balancer's name and id in its own ARN or in one of a listener of it.
fn balancer_of(arn: &str) -> String {
    let path = arn.split_once(":listener/").or_else(|| arn.split_once(":loadbalancer/"));
    path.map_or_else(|| arn.to_owned(), |(_, path)| path.split('/').take(3).collect::<Vec<_>>().join("/"))
}

/// The key of the objects that change with this one in one call.
pub(super) fn together(ty: &dyn AnyType, property: &dyn Fn(&str) -> Held) -> Option<String> {
    let together = ty.facts().together?;
    match property(together.property) {
        Held::Value(value) => value.as_str().map(together.key),
        Held::Absent | Held::Unknown(_) => None,
    }
}

/// The writable part of the schema's primary identifier; where AWS makes the whole of it up, the create-only
/// properties.
fn natural_key(facts: &Facts) -> Vec<&'static str> {
    let Some(schema) = schema::of(facts.kind) else { return Vec::new() };
    let identifier: Vec<&str> = schema
        .root()
        .keyword("primaryIdentifier")
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|path| path.as_str()?.strip_prefix("/properties/"))
        .filter(|name| !name.contains('/') && !schema.is_read_only(name))
        .collect();
    if identifier.is_empty() {
        schema.create_only().filter(|path| !path.contains('/')).collect()
    } else {
        identifier
    }
}

/// Whether a recorded name is one that was made up for that object (and not one the template once gave).
pub(super) fn is_generated(
    rule: &NameRule,
    lineage: &str,
    address: &Address,
    generation: u32,
    name: &str,
) -> bool {
    // The stem may be fitted differently by another version of this program; the hash stays.
    let generated = physical_name(rule, lineage, address, generation);
    let hash = generated.rsplit(rule.separator).next().unwrap_or(&generated);
    name.ends_with(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::registry;
    use serde_json::json;

    fn places(kind: &str, properties: &Json) -> Vec<Place> {
        taken(registry::find(kind).unwrap(), "us-east-1", &|name| Held::recorded(properties, name))
    }

    fn collide(kind: &str, one: Json, two: Json) -> bool {
        let (one, two) = (places(kind, &one), places(kind, &two));
        one.iter().any(|a| two.iter().any(|b| a.collides(b) && b.collides(a)))
    }

    #[test]
    fn what_aws_allows_twice_is_in_nobodys_way() {
        for (kind, one, two) in [
            ("AWS::ECS::TaskDefinition", json!({"Family": "web"}), json!({"Family": "web"})),
            ("AWS::Route53::HostedZone", json!({"Name": "a.example"}), json!({"Name": "a.example"})),
            (
                "AWS::Route53::HostedZone",
                json!({"Name": "a.example", "VPCs": [{"VPCId": "vpc-1"}]}),
                json!({"Name": "a.example", "VPCs": [{"VPCId": "vpc-2"}]}),
            ),
            (
                "AWS::EC2::SecurityGroup",
                json!({"GroupName": "web", "VpcId": "vpc-1"}),
                json!({"GroupName": "web", "VpcId": "vpc-2"}),
            ),
            (
                "AWS::ECS::Service",
                json!({"ServiceName": "web", "Cluster": "a"}),
                json!({"ServiceName": "web", "Cluster": "b"}),
            ),
            (
                "AWS::IAM::Policy",
                json!({"PolicyName": "rights", "Roles": ["a"]}),
                json!({"PolicyName": "rights", "Roles": ["b"]}),
            ),
            ("AWS::Lambda::Permission", json!({"FunctionName": "f"}), json!({"FunctionName": "f"})),
            (
                "AWS::ApplicationAutoScaling::ScalingPolicy",
                json!({"PolicyName": "up", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": "a"}),
                json!({"PolicyName": "up", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": "b"}),
            ),
            (
                "AWS::EC2::Subnet",
                json!({"VpcId": "v", "CidrBlock": "10.0.0.0/24"}),
                json!({"VpcId": "v", "CidrBlock": "10.0.1.0/24"}),
            ),
        ] {
            assert!(
                !collide(kind, one.clone(), two.clone()),
                "{kind}: {one} and {two} can exist side by side"
            );
        }
    }

    #[test]
    fn what_aws_allows_once_is_in_the_way() {
        for (kind, one, two) in [
            (
                "AWS::RDS::DBInstance",
                json!({"DBInstanceIdentifier": "a"}),
                json!({"DBInstanceIdentifier": "a"}),
            ),
            ("AWS::IAM::Role", json!({"RoleName": "Web"}), json!({"RoleName": "web"})),
            (
                "AWS::EC2::Subnet",
                json!({"VpcId": "v", "CidrBlock": "10.0.0.0/24"}),
                json!({"VpcId": "v", "CidrBlock": "10.0.0.0/23"}),
            ),
            (
                "AWS::Route53::HostedZone",
                json!({"Name": "a.example", "VPCs": [{"VPCId": "vpc-1"}]}),
                json!({"Name": "a.example", "VPCs": [{"VPCId": "vpc-2"}, {"VPCId": "vpc-1"}]}),
            ),
            (
                "AWS::EC2::SecurityGroupIngress",
                json!({"GroupId": "g", "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "10.0.0.0/8"}),
                json!({"GroupId": "g", "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "CidrIp": "10.0.0.0/8",
                       "Description": "another one"}),
            ),
            ("AWS::SNS::TopicPolicy", json!({"Topics": ["a", "b"]}), json!({"Topics": ["b"]})),
            ("AWS::S3::BucketPolicy", json!({"Bucket": "b"}), json!({"Bucket": "b"})),
        ] {
            assert!(
                collide(kind, one.clone(), two.clone()),
                "{kind}: {one} and {two} cannot exist side by side"
            );
        }
    }

    #[test]
    fn a_target_group_is_in_the_way_of_another_balancers_listener_only() {
        let kind = "AWS::ElasticLoadBalancingV2::Listener";
        let arn = |id: &str| {
            format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/lb/{id}")
        };
        let forward = json!([{"Type": "forward", "TargetGroupArn": "tg"}]);
        let weighted =
            json!([{"Type": "forward", "ForwardConfig": {"TargetGroups": [{"TargetGroupArn": "tg"}]}}]);
        let old = json!({"LoadBalancerArn": arn("1"), "Port": 80, "DefaultActions": forward});
        let on = |id: &str| json!({"LoadBalancerArn": arn(id), "Port": 81, "DefaultActions": weighted});
        assert!(collide(kind, old.clone(), on("2")));
        assert!(!collide(kind, old.clone(), on("1")));
        let unknown = |name: &str| match name {
            "LoadBalancerArn" => Held::Unknown(Json::Null),
            other => Held::recorded(&on("2"), other),
        };
        let new = taken(registry::find(kind).unwrap(), "us-east-1", &unknown);
        assert!(places(kind, &old).iter().any(|a| new.iter().any(|b| a.collides(b))));
        assert_eq!(
            balancer_of("arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/lb/1/9f"),
            balancer_of(&arn("1"))
        );
    }

    #[test]
    fn what_is_allowed_once_is_said_of_properties_of_the_schema() {
        for ty in registry::TYPES.iter().filter(|ty| ty.facts().once.is_some()) {
            let kind = ty.facts().kind;
            let schema = schema::of(kind).unwrap();
            for name in places_in(ty.facts()) {
                assert!(schema.root().keyword("properties").get(name).is_some(), "{kind} has no {name}");
            }
        }
    }

    /// What an update may move to another key. A create that would overwrite is checked by the engine; so must be every
    /// such move. A type that is not here may only change what is no part of its key, or is replaced.
    const MOVES: &[(&str, &str, &str)] = &[
        (
            "AWS::EC2::VPCGatewayAttachment",
            "InternetGatewayId",
            "AWS refuses a gateway that is attached (AttachInternetGateway)",
        ),
        (
            "AWS::ElasticLoadBalancingV2::Listener",
            "DefaultActions",
            "AWS refuses another balancer's group (TargetGroupAssociationLimit)",
        ),
        (
            "AWS::ElasticLoadBalancingV2::Listener",
            "Port",
            "AWS refuses a port that is in use (DuplicateListener)",
        ),
        (
            "AWS::ElasticLoadBalancingV2::ListenerRule",
            "Priority",
            "AWS refuses a priority that is in use (PriorityInUse)",
        ),
        ("AWS::IAM::Policy", "Groups", "its update looks at each principal"),
        ("AWS::IAM::Policy", "Roles", "its update looks at each principal"),
        ("AWS::IAM::Policy", "Users", "its update looks at each principal"),
        (
            "AWS::DMS::Endpoint",
            "EndpointIdentifier",
            "AWS refuses an identifier in use (ResourceAlreadyExistsFault)",
        ),
        (
            "AWS::DMS::ReplicationInstance",
            "ReplicationInstanceIdentifier",
            "AWS refuses an identifier in use",
        ),
        ("AWS::DMS::ReplicationTask", "ReplicationTaskIdentifier", "AWS refuses an identifier in use"),
        (
            "AWS::DMS::ReplicationTask",
            "ReplicationInstanceArn",
            "a task that moves to another instance (MoveReplicationTask) keeps its identifier, which is unique in the region",
        ),
        ("AWS::DMS::ReplicationConfig", "ReplicationConfigIdentifier", "AWS refuses an identifier in use"),
        ("AWS::DMS::DataProvider", "DataProviderName", "AWS refuses a name in use"),
        ("AWS::DMS::InstanceProfile", "InstanceProfileName", "AWS refuses a name in use"),
        ("AWS::DMS::MigrationProject", "MigrationProjectName", "AWS refuses a name in use"),
        ("AWS::DMS::DataMigration", "DataMigrationName", "AWS refuses a name in use"),
        ("AWS::SNS::TopicPolicy", "Topics", "its update looks at each topic"),
        (
            "AWS::Route53::HostedZone",
            "VPCs",
            "AWS refuses a VPC that has such a zone (ConflictingDomainExists)",
        ),
    ];

    #[test]
    fn whatever_moves_to_another_key_in_place_is_checked_as_a_create_is() {
        let mut unchecked = Vec::new();
        for ty in registry::TYPES {
            let facts = ty.facts();
            // Records of a name change together, and look at everything of the name.
            if facts.together.is_some() {
                continue;
            }
            let mut places = places_in(facts);
            places.extend(facts.name.map(|rule| rule.property));
            for name in places {
                let changed = [name.to_owned()];
                let replaces = ty.replaces(&json!({}), &json!({}), &changed).unwrap();
                let known = MOVES.iter().any(|(kind, property, _)| *kind == facts.kind && *property == name);
                if !replaces.contains(&changed[0]) && !known {
                    unchecked.push(format!("{} {name}", facts.kind));
                }
            }
        }
        assert!(unchecked.is_empty(), "{unchecked:#?}");
    }
}
