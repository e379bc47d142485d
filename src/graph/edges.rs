//! Who waits for whom: edges from references and `DependsOn`, and those AWS needs though no template says so.

use std::{collections::HashSet, fmt::Write as _};

use super::{
    Edge, Graph, Needs, Node, Reference, Value, Why, cycles,
    implicit::{self, Candidate},
    stacks,
};
use crate::{
    error::{Class, Diagnostic},
    resources::AnyType,
};

/// Finds a resource type by its CloudFormation name; [`crate::resources::registry::find`] outside of tests.
pub type Lookup<'t> = &'t dyn Fn(&str) -> Option<&'static dyn AnyType>;

/// The edges of every node of one graph.
#[derive(Debug, Clone, Default)]
pub struct Links {
    edges: Vec<Vec<Edge>>,
    order: Vec<usize>,
    notes: Vec<String>,
}

impl Links {
    /// What the node at that index of [`Graph::nodes`] waits for.
    #[must_use]
    pub fn of(&self, node: usize) -> &[Edge] {
        self.edges.get(node).map_or(&[], Vec::as_slice)
    }

    /// Indices of all nodes, each after everything it waits for.
    #[must_use]
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// Implicit edges that were left out because they would have closed a cycle.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

impl Why {
    /// The reason in words, for an edge that leads to `to`.
    #[must_use]
    pub fn words(&self, to: &super::Address) -> String {
        match self {
            Self::Reference { attribute, property } if attribute == "Ref" => {
                format!("{property} refers to {to}")
            }
            Self::Reference { attribute, property } => format!("{property} uses {to}.{attribute}"),
            Self::DependsOn => format!("DependsOn {to}"),
            Self::Implicit(reason) => reason.clone(),
        }
    }
}

/// Calls `each` for every reference below `value` with the place where it stands.
fn walk<'v>(value: &'v Value, path: &mut String, each: &mut dyn FnMut(&'v Reference, &str)) {
    let length = path.len();
    match value {
        Value::List(items) => {
            for (at, item) in items.iter().enumerate() {
                // Writing to a String cannot fail.
                let _ = write!(path, ".{at}");
                walk(item, path, each);
                path.truncate(length);
            }
        }
        Value::Map(map) => {
            for (key, item) in map {
                if length > 0 {
                    path.push('.');
                }
                path.push_str(key);
                walk(item, path, each);
                path.truncate(length);
            }
        }
        // Functions have no place of their own in the finished value.
        other => other.references(&mut |reference| each(reference, path)),
    }
}

/// Finds all edges.
///
/// # Errors
/// References to resources that do not exist (`M3002`), and cycles (`M3001`), each with its whole path.
pub fn link(graph: &Graph, types: Lookup<'_>) -> Result<Links, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut edges: Vec<Vec<Edge>> =
        graph.nodes.iter().map(|node| explicit(graph, node, types, &mut problems)).collect();
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut needs: Vec<Vec<usize>> = edges.iter().map(|list| targets(graph, list)).collect();
    let knots = cycles::knots(&needs);
    if !knots.is_empty() {
        return Err(knots
            .iter()
            .map(|knot| cycle(graph, &edges, &cycles::shortest_cycle(&needs, knot)))
            .collect());
    }
    let mut candidates = implicit::candidates(graph, &edges);
    candidates.extend(stacks::candidates(graph, &edges));
    let notes = accept(graph, &mut edges, &mut needs, candidates);
    let order = cycles::order(&needs, |node| node).unwrap_or_default();
    Ok(Links { edges, order, notes })
}

fn explicit(graph: &Graph, node: &Node, types: Lookup<'_>, problems: &mut Vec<Diagnostic>) -> Vec<Edge> {
    let late = types(&node.kind).map_or(&[][..], |t| t.facts().needs_ready);
    let mut edges: Vec<Edge> = Vec::new();
    walk(&node.properties, &mut String::new(), &mut |reference, property| {
        let Some(producer) = graph.node(&reference.address) else {
            let message = format!("{property} refers to {}, which is not in the plan", reference.address);
            problems.push(
                Diagnostic::error("M3002", Class::Plan, message)
                    .at(&node.address)
                    .span(node.span.clone())
                    .help("declare the resource, or correct the name"),
            );
            return;
        };
        let early =
            types(&producer.kind).is_some_and(|t| t.facts().early.contains(&reference.attribute.as_str()));
        let top = property.split('.').next().unwrap_or_default();
        let needs = if early && !late.contains(&top) { Needs::Created } else { Needs::Ready };
        let why = Why::Reference { attribute: reference.attribute.clone(), property: property.to_owned() };
        let edge = Edge { to: reference.address.clone(), needs, why };
        if edges.last() != Some(&edge) {
            edges.push(edge);
        }
    });
    for to in &node.depends_on {
        if graph.node(to).is_some() {
            edges.push(Edge { to: to.clone(), needs: Needs::Ready, why: Why::DependsOn });
        } else {
            let message = format!("DependsOn names {to}, which is not in the plan");
            problems.push(
                Diagnostic::error("M3002", Class::Plan, message)
                    .at(&node.address)
                    .span(node.span.clone())
                    .help("declare the resource, or take it out of DependsOn"),
            );
        }
    }
    edges
}

/// Indices the edges lead to, each once.
fn targets(graph: &Graph, edges: &[Edge]) -> Vec<usize> {
    let mut targets: Vec<usize> =
        edges.iter().filter_map(|edge| graph.index.get(&edge.to).copied()).collect();
    targets.sort_unstable();
    targets.dedup();
    targets
}

/// The code of resources that wait for each other.
pub const CIRCLE: &str = "M3001";

fn cycle(graph: &Graph, edges: &[Vec<Edge>], path: &[usize]) -> Diagnostic {
    let mut ways = Vec::new();
    let mut places = Vec::new();
    for pair in path.windows(2) {
        let (from, to) = (&graph.nodes[pair[0]], &graph.nodes[pair[1]].address);
        let edge = edges[pair[0]].iter().find(|edge| edge.to == *to);
        let why = edge.map_or_else(String::new, |edge| edge.why.words(to));
        ways.push(format!("{} ({why})", from.address));
        if let Some(span) = edge.and_then(|edge| from.places.edge(edge)) {
            places.push((span.clone(), format!("{} waits for {to}", from.address)));
        }
    }
    let first = &graph.nodes[path[0]];
    let message = if path.len() == 2 {
        format!("{} waits for itself: {}", first.address, ways.join(""))
    } else {
        format!("resources wait for each other: {} -> {}", ways.join(" -> "), first.address)
    };
    let groups = path.iter().all(|at| graph.nodes[*at].kind == "AWS::EC2::SecurityGroup");
    let help = if groups {
        "move the rules of one of the groups into AWS::EC2::SecurityGroupIngress and Egress resources"
    } else {
        "take one of these references or DependsOn entries out"
    };
    let mut error = Diagnostic::error(CIRCLE, Class::Plan, message)
        .at(&first.address)
        .span(first.span.clone())
        .help(help);
    error.labels = places;
    error
}

/// Adds the candidates that close no cycle; tells about the others.
fn accept(
    graph: &Graph,
    edges: &mut [Vec<Edge>],
    needs: &mut [Vec<usize>],
    mut candidates: Vec<Candidate>,
) -> Vec<String> {
    let mut seen = HashSet::new();
    candidates.retain(|c| {
        let to = &graph.nodes[c.to].address;
        c.from != c.to
            && seen.insert((c.from, c.to))
            && !edges[c.from].iter().any(|edge| edge.to == *to && edge.needs == Needs::Ready)
    });
    // All at once first: one linear pass shows the few that need a closer look.
    let mut together = needs.to_vec();
    for c in &candidates {
        together[c.from].push(c.to);
    }
    let component = cycles::components(&together);
    let (doubtful, safe): (Vec<_>, Vec<_>) =
        candidates.into_iter().partition(|c| component[c.from] == component[c.to]);
    let mut add = |needs: &mut [Vec<usize>], c: Candidate| {
        let to = graph.nodes[c.to].address.clone();
        edges[c.from].push(Edge { to, needs: Needs::Ready, why: Why::Implicit(c.reason) });
        if !needs[c.from].contains(&c.to) {
            needs[c.from].push(c.to);
        }
    };
    for c in safe {
        add(needs, c);
    }
    let mut notes = Vec::new();
    for c in doubtful {
        if reaches(needs, &component, c.to, c.from) {
            let (from, to) = (&graph.nodes[c.from].address, &graph.nodes[c.to].address);
            notes.push(format!(
                "{from} does not wait for {to}, because {to} already waits for {from} (left out: {})",
                c.reason
            ));
        } else {
            add(needs, c);
        }
    }
    notes
}

/// Whether `from` waits for `to`, directly or not, without leaving their common component.
fn reaches(needs: &[Vec<usize>], component: &[usize], from: usize, to: usize) -> bool {
    let mut seen = HashSet::from([from]);
    let mut stack = vec![from];
    while let Some(at) = stack.pop() {
        if at == to {
            return true;
        }
        stack.extend(
            needs[at].iter().filter(|next| component[**next] == component[to] && seen.insert(**next)),
        );
    }
    false
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::{
        graph::{Address, testing::graph},
        planner::testing::types,
    };

    fn linked(nodes: &[(&str, &str, Json)]) -> (Graph, Links) {
        let graph = graph(nodes);
        let links = link(&graph, &types).expect("no problems");
        (graph, links)
    }

    /// `from -> to` of all implicit edges, sorted.
    fn implicit(nodes: &[(&str, &str, Json)]) -> Vec<String> {
        let (graph, links) = linked(nodes);
        let mut found = Vec::new();
        for (at, node) in graph.nodes.iter().enumerate() {
            for edge in links.of(at) {
                if matches!(edge.why, Why::Implicit(_)) {
                    assert_eq!(edge.needs, Needs::Ready);
                    found.push(format!("{} -> {}", node.address.logical_id(), edge.to.logical_id()));
                }
            }
        }
        found.sort();
        found
    }

    #[test]
    fn an_early_attribute_needs_only_creation_unless_the_consumer_objects() {
        let (_, links) = linked(&[
            ("app/Db", "AWS::RDS::DBInstance", json!({})),
            (
                "app/Alarm",
                "AWS::CloudWatch::Alarm",
                json!({
                    "Dimensions": [{"Name": "Db", "Value": {"Ref": "app/Db"}}],
                    "AlarmDescription": {"Concat": ["at ", {"Fn::GetAtt": "app/Db.Endpoint.Address"}]},
                }),
            ),
            (
                "app/Attach",
                "AWS::SecretsManager::SecretTargetAttachment",
                json!({"TargetId": {"Ref": "app/Db"}}),
            ),
        ]);
        let told: Vec<(Needs, String)> =
            links.of(1).iter().chain(links.of(2)).map(|e| (e.needs, e.why.words(&e.to))).collect();
        assert_eq!(
            told,
            [
                (Needs::Ready, "AlarmDescription uses app/Db.Endpoint.Address".into()),
                (Needs::Created, "Dimensions.0.Value refers to app/Db".into()),
                (Needs::Ready, "TargetId refers to app/Db".into()),
            ]
        );
        assert_eq!(links.order(), [0, 1, 2]);
    }

    #[test]
    fn a_cycle_is_told_with_its_whole_path() {
        let mut graph = graph(&[
            ("app/A", "AWS::EC2::SecurityGroup", json!({"X": [{"Ref": "app/B"}]})),
            ("app/B", "AWS::EC2::SecurityGroup", json!({})),
            ("app/C", "AWS::EC2::SecurityGroup", json!({"Y": {"Fn::GetAtt": "app/A.GroupId"}})),
            ("app/Self", "AWS::EC2::SecurityGroup", json!({"Z": {"Ref": "app/Self"}})),
        ]);
        graph.nodes[1].depends_on = vec![Address::new("app", "C")];
        let problems = link(&graph, &types).expect_err("two cycles");
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "M3001: resources wait for each other: app/A (X.0 refers to app/B) -> app/B (DependsOn app/C) -> app/C (Y uses app/A.GroupId) -> app/A",
                "M3001: app/Self waits for itself: app/Self (Z refers to app/Self)",
            ]
        );
    }

    #[test]
    fn a_reference_into_nowhere_is_refused() {
        let graph = graph(&[("app/A", "AWS::EC2::Subnet", json!({"VpcId": {"Ref": "net/Vpc"}}))]);
        let problems = link(&graph, &types).expect_err("no such resource");
        assert_eq!(problems[0].to_string(), "M3002: VpcId refers to net/Vpc, which is not in the plan");
    }

    #[test]
    fn a_role_is_used_only_with_its_policies() {
        let nodes = [
            ("app/Role", "AWS::IAM::Role", json!({"RoleName": "worker"})),
            ("app/Inline", "AWS::IAM::Policy", json!({"Roles": [{"Ref": "app/Role"}]})),
            ("app/Managed", "AWS::IAM::ManagedPolicy", json!({"Roles": ["worker"]})),
            ("app/Task", "AWS::ECS::TaskDefinition", json!({"TaskRoleArn": {"Fn::GetAtt": "app/Role.Arn"}})),
            ("app/Trust", "AWS::S3::BucketPolicy", json!({"PolicyDocument": {"Fn::GetAtt": "app/Role.Arn"}})),
        ];
        assert_eq!(implicit(&nodes), ["Task -> Inline", "Task -> Managed"]);
    }

    #[test]
    fn an_implicit_edge_never_closes_a_cycle() {
        // The policy names the bucket, the bucket names the role: the bucket cannot wait for the policy.
        let nodes = [
            ("app/Role", "AWS::IAM::Role", json!({})),
            (
                "app/Policy",
                "AWS::IAM::Policy",
                json!({
                    "Roles": [{"Ref": "app/Role"}], "PolicyDocument": {"Resource": {"Fn::GetAtt": "app/Bucket.Arn"}}
                }),
            ),
            (
                "app/Bucket",
                "AWS::S3::Bucket",
                json!({
                    "ReplicationConfiguration": {"Role": {"Fn::GetAtt": "app/Role.Arn"}}
                }),
            ),
            (
                "app/Other",
                "AWS::S3::Bucket",
                json!({
                    "ReplicationConfiguration": {"Role": {"Fn::GetAtt": "app/Role.Arn"}}
                }),
            ),
        ];
        assert_eq!(implicit(&nodes), ["Other -> Policy"]);
        let (_, links) = linked(&nodes);
        assert_eq!(
            links.notes(),
            [
                "app/Bucket does not wait for app/Policy, because app/Policy already waits for app/Bucket (left out: app/Bucket uses role app/Role: its policies come first)"
            ]
        );
        assert_eq!(links.order(), [0, 2, 1, 3]);
    }

    #[test]
    fn services_wait_for_listeners_routes_and_log_groups() {
        let nodes = [
            ("app/Group", "AWS::ElasticLoadBalancingV2::TargetGroup", json!({})),
            ("app/Unused", "AWS::ElasticLoadBalancingV2::TargetGroup", json!({})),
            (
                "app/Listener",
                "AWS::ElasticLoadBalancingV2::Listener",
                json!({
                    "DefaultActions": [{"TargetGroupArn": {"Ref": "app/Group"}}]
                }),
            ),
            ("app/Private", "AWS::EC2::Subnet", json!({})),
            ("app/Elsewhere", "AWS::EC2::Subnet", json!({})),
            ("app/Table", "AWS::EC2::RouteTable", json!({})),
            ("app/Route", "AWS::EC2::Route", json!({"RouteTableId": {"Ref": "app/Table"}})),
            (
                "app/Peered",
                "AWS::EC2::Route",
                json!({"RouteTableId": {"Ref": "app/Table"}, "VpcPeeringConnectionId": "pcx-1"}),
            ),
            (
                "app/Assoc",
                "AWS::EC2::SubnetRouteTableAssociation",
                json!({
                    "SubnetId": {"Ref": "app/Private"}, "RouteTableId": {"Ref": "app/Table"}
                }),
            ),
            (
                "app/OtherAssoc",
                "AWS::EC2::SubnetRouteTableAssociation",
                json!({
                    "SubnetId": {"Ref": "app/Elsewhere"}, "RouteTableId": {"Ref": "app/Table"}
                }),
            ),
            ("app/Logs", "AWS::Logs::LogGroup", json!({"LogGroupName": "/ecs/app"})),
            (
                "app/Task",
                "AWS::ECS::TaskDefinition",
                json!({
                    "ContainerDefinitions": [{"LogConfiguration": {"Options": {"awslogs-group": "/ecs/app"}}}]
                }),
            ),
            (
                "app/Service",
                "AWS::ECS::Service",
                json!({
                    "ServiceName": "web",
                    "TaskDefinition": {"Ref": "app/Task"},
                    "LoadBalancers": [{"TargetGroupArn": {"Ref": "app/Group"}}],
                    "NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": [{"Ref": "app/Private"}]}},
                }),
            ),
            (
                "app/Target",
                "AWS::ApplicationAutoScaling::ScalableTarget",
                json!({
                    "ResourceId": {"Concat": ["service/", "cluster", "/web"]}
                }),
            ),
        ];
        assert_eq!(
            implicit(&nodes),
            [
                "Service -> Assoc",
                "Service -> Listener",
                "Service -> Logs",
                "Service -> Route",
                "Target -> Service"
            ]
        );
    }

    #[test]
    fn public_things_wait_for_the_gateway_of_their_own_network() {
        let nodes = [
            ("net/Vpc", "AWS::EC2::VPC", json!({})),
            ("net/Gateway", "AWS::EC2::InternetGateway", json!({})),
            (
                "net/Attach",
                "AWS::EC2::VPCGatewayAttachment",
                json!({
                    "VpcId": {"Ref": "net/Vpc"}, "InternetGatewayId": {"Ref": "net/Gateway"}
                }),
            ),
            ("net/Subnet", "AWS::EC2::Subnet", json!({"VpcId": {"Ref": "net/Vpc"}})),
            ("net/Eip", "AWS::EC2::EIP", json!({})),
            ("net/FreeEip", "AWS::EC2::EIP", json!({})),
            (
                "net/Nat",
                "AWS::EC2::NatGateway",
                json!({
                    "SubnetId": {"Ref": "net/Subnet"}, "AllocationId": {"Fn::GetAtt": "net/Eip.AllocationId"}
                }),
            ),
            (
                "net/PrivateNat",
                "AWS::EC2::NatGateway",
                json!({
                    "SubnetId": {"Ref": "net/Subnet"}, "ConnectivityType": "private"
                }),
            ),
            ("net/Route", "AWS::EC2::Route", json!({"GatewayId": {"Ref": "net/Gateway"}})),
            (
                "net/Lb",
                "AWS::ElasticLoadBalancingV2::LoadBalancer",
                json!({"Subnets": [{"Ref": "net/Subnet"}]}),
            ),
            (
                "net/Inner",
                "AWS::ElasticLoadBalancingV2::LoadBalancer",
                json!({
                    "Scheme": "internal", "Subnets": [{"Ref": "net/Subnet"}]
                }),
            ),
            ("other/Vpc", "AWS::EC2::VPC", json!({})),
            ("other/Subnet", "AWS::EC2::Subnet", json!({"VpcId": {"Ref": "other/Vpc"}})),
            ("other/Far", "AWS::EC2::NatGateway", json!({"SubnetId": {"Ref": "other/Subnet"}})),
        ];
        assert_eq!(implicit(&nodes), ["Eip -> Attach", "Lb -> Attach", "Nat -> Attach", "Route -> Attach"]);
    }

    #[test]
    fn rules_between_two_networks_wait_for_their_peering() {
        const RULE: &str = "AWS::EC2::SecurityGroupIngress";
        let group = |network: &str| json!({"VpcId": {"Ref": format!("{network}/Vpc")}});
        let rule =
            |own: &str, peer: &str| json!({"GroupId": {"Ref": own}, "SourceSecurityGroupId": {"Ref": peer}});
        let ends = json!({"VpcId": {"Ref": "a/Vpc"}, "PeerVpcId": {"Ref": "b/Vpc"}});
        let nodes = [
            ("a/Vpc", "AWS::EC2::VPC", json!({})),
            ("b/Vpc", "AWS::EC2::VPC", json!({})),
            ("a/Group", "AWS::EC2::SecurityGroup", group("a")),
            ("a/Other", "AWS::EC2::SecurityGroup", group("a")),
            ("b/Far", "AWS::EC2::SecurityGroup", group("b")),
            ("p/Peering", "AWS::EC2::VPCPeeringConnection", ends),
            ("p/There", RULE, rule("a/Group", "b/Far")),
            ("p/Back", RULE, rule("b/Far", "a/Group")),
            ("p/Within", RULE, rule("a/Group", "a/Other")),
            ("p/Block", RULE, json!({"GroupId": {"Ref": "a/Group"}, "CidrIp": "10.1.0.0/16"})),
        ];
        assert_eq!(implicit(&nodes), ["Back -> Peering", "There -> Peering"]);
    }

    #[test]
    fn secrets_are_attached_before_they_are_read_but_after_the_database() {
        let password = json!({"Concat": ["{{resolve:secretsmanager:", {"Ref": "app/Secret"}, ":SecretString:password}}"]});
        let nodes = [
            ("app/Secret", "AWS::SecretsManager::Secret", json!({})),
            ("app/Db", "AWS::RDS::DBInstance", json!({"MasterUserPassword": password})),
            (
                "app/Attach",
                "AWS::SecretsManager::SecretTargetAttachment",
                json!({
                    "SecretId": {"Ref": "app/Secret"}, "TargetId": {"Ref": "app/Db"}
                }),
            ),
            (
                "app/Endpoint",
                "AWS::DMS::Endpoint",
                json!({
                    "PostgreSqlSettings": {"SecretsManagerSecretId": {"Ref": "app/Secret"}}
                }),
            ),
            ("app/Reader", "AWS::IAM::Role", json!({"Policies": [{"Resource": {"Ref": "app/Secret"}}]})),
        ];
        assert_eq!(implicit(&nodes), ["Endpoint -> Attach"]);
        assert_eq!(linked(&nodes).1.notes(), [""; 0]);
    }

    #[test]
    fn dms_roles_and_replication_targets_are_known_by_name() {
        let nodes = [
            ("pre/VpcRole", "AWS::IAM::Role", json!({"RoleName": "dms-vpc-role"})),
            ("pre/VpcPolicy", "AWS::IAM::Policy", json!({"Roles": [{"Ref": "pre/VpcRole"}]})),
            ("pre/LogsRole", "AWS::IAM::Role", json!({"RoleName": "dms-cloudwatch-logs-role"})),
            ("app/Subnets", "AWS::DMS::ReplicationSubnetGroup", json!({})),
            ("app/Instance", "AWS::DMS::ReplicationInstance", json!({})),
            ("app/Task", "AWS::DMS::ReplicationTask", json!({})),
            ("app/Copy", "AWS::S3::Bucket", json!({"BucketName": "shop-copy"})),
            (
                "app/Source",
                "AWS::S3::Bucket",
                json!({
                    "ReplicationConfiguration": {"Rules": [{"Destination": {"Bucket": "arn:aws:s3:::shop-copy"}}]}
                }),
            ),
        ];
        assert_eq!(
            implicit(&nodes),
            [
                "Instance -> LogsRole",
                "Instance -> VpcPolicy",
                "Instance -> VpcRole",
                "Source -> Copy",
                "Subnets -> LogsRole",
                "Subnets -> VpcPolicy",
                "Subnets -> VpcRole",
                "Task -> LogsRole",
                "Task -> VpcPolicy",
                "Task -> VpcRole",
            ]
        );
    }
}
