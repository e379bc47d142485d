//! Orders that AWS needs although no reference and no `DependsOn` says so. Every rule follows references or
//! literal names; none compares all resources with all others.

use std::collections::{HashMap, HashSet};

use crate::{
    graph::{Edge, Graph, Node, Why},
    model::{Call, Value},
};

/// An edge that AWS would like; dropped where it would close a cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Index of the waiting node.
    pub from: usize,
    /// Index of the node it waits for.
    pub to: usize,
    /// Why, in words.
    pub reason: String,
}

const ROLE: &str = "AWS::IAM::Role";
const SERVICE: &str = "AWS::ECS::Service";
/// What DMS makes with its two roles.
const DMS_USERS: &[&str] =
    &["AWS::DMS::ReplicationSubnetGroup", "AWS::DMS::ReplicationInstance", "AWS::DMS::ReplicationTask"];
const SCALED: &str = "AWS::AutoScaling::AutoScalingGroup";
const GROUP: &str = "AWS::EC2::SecurityGroup";
const SUBNET: &str = "AWS::EC2::Subnet";
const SECRET: &str = "AWS::SecretsManager::Secret";
const ATTACHMENT: &str = "AWS::SecretsManager::SecretTargetAttachment";

/// Kinds that only name a role in a policy and do not act with it.
const NAME_ROLES_ONLY: &[&str] = &[
    "AWS::KMS::Key",
    "AWS::Logs::ResourcePolicy",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SecretsManager::ResourcePolicy",
];

/// Finds all implicit edges of a graph whose explicit edges are known.
#[must_use]
pub fn candidates(graph: &Graph, edges: &[Vec<Edge>]) -> Vec<Candidate> {
    let mut rules = Rules { map: Map::new(graph, edges), found: Vec::new() };
    rules.roles();
    rules.dms_roles();
    rules.listeners();
    rules.gateways();
    rules.routes();
    rules.endpoints();
    rules.propagations();
    rules.balanced();
    rules.peerings();
    rules.secrets();
    rules.log_groups();
    rules.buckets();
    rules.scaling();
    rules.found
}

/// Indices by kind, name and reference.
struct Map<'g> {
    graph: &'g Graph,
    kinds: HashMap<&'g str, Vec<usize>>,
    /// For each node its references: target and the top-level property they stand in.
    refers: Vec<Vec<(usize, &'g str)>>,
    /// For each node those that refer to it, each once.
    users: Vec<Vec<usize>>,
}

impl<'g> Map<'g> {
    fn new(graph: &'g Graph, edges: &'g [Vec<Edge>]) -> Self {
        let mut kinds: HashMap<&str, Vec<usize>> = HashMap::new();
        let mut refers = Vec::with_capacity(graph.nodes.len());
        let mut users = vec![Vec::new(); graph.nodes.len()];
        for (at, node) in graph.nodes.iter().enumerate() {
            kinds.entry(&node.kind).or_default().push(at);
            let mut list = Vec::new();
            let mut seen = HashSet::new();
            for edge in &edges[at] {
                if let (Why::Reference { property, .. }, Some(to)) = (&edge.why, graph.index.get(&edge.to)) {
                    let top = property.split('.').next().unwrap_or_default();
                    if seen.insert((*to, top)) {
                        list.push((*to, top));
                    }
                }
            }
            for (to, _) in &list {
                if users[*to].last() != Some(&at) {
                    users[*to].push(at);
                }
            }
            refers.push(list);
        }
        Self { graph, kinds, refers, users }
    }

    fn node(&self, at: usize) -> &'g Node {
        &self.graph.nodes[at]
    }

    fn of_kind(&self, kind: &str) -> Vec<usize> {
        self.kinds.get(kind).cloned().unwrap_or_default()
    }

    fn is(&self, at: usize, kind: &str) -> bool {
        self.node(at).kind == kind
    }

    /// What a node refers to in one of its properties.
    fn through(&self, at: usize, property: &str) -> impl Iterator<Item = usize> {
        self.refers[at].iter().filter(move |(_, top)| *top == property).map(|(to, _)| *to)
    }

    /// A property that is a plain text.
    fn text(&self, at: usize, property: &str) -> Option<&'g str> {
        self.node(at).properties.get(property)?.as_str()
    }

    /// Nodes of a kind by a literal name, within a region (empty: names are global).
    fn by_name(&self, kind: &str, property: &str, regional: bool) -> HashMap<(&'g str, &'g str), Vec<usize>> {
        let mut names: HashMap<_, Vec<usize>> = HashMap::new();
        for at in self.of_kind(kind) {
            if let Some(name) = self.text(at, property) {
                let region = if regional { self.node(at).region.as_str() } else { "" };
                names.entry((region, name)).or_default().push(at);
            }
        }
        names
    }

    /// The networks that the subnets in a property belong to.
    fn networks(&self, at: usize, property: &str) -> Vec<usize> {
        self.through(at, property)
            .filter(|to| self.is(*to, SUBNET))
            .flat_map(|subnet| self.through(subnet, "VpcId").collect::<Vec<_>>())
            .collect()
    }
}

struct Rules<'g> {
    map: Map<'g>,
    found: Vec<Candidate>,
}

impl Rules<'_> {
    fn add(&mut self, from: usize, to: usize, reason: String) {
        self.found.push(Candidate { from, to, reason });
    }

    /// Nodes that attach policies to a role, by the role.
    fn attachments(&self) -> HashMap<usize, Vec<usize>> {
        let names = self.map.by_name(ROLE, "RoleName", false);
        let mut attached: HashMap<usize, Vec<usize>> = HashMap::new();
        for (kind, property) in [
            ("AWS::IAM::ManagedPolicy", "Roles"),
            ("AWS::IAM::Policy", "Roles"),
            ("AWS::IAM::RolePolicy", "RoleName"),
        ] {
            for policy in self.map.of_kind(kind) {
                let mut roles: Vec<usize> =
                    self.map.through(policy, property).filter(|to| self.map.is(*to, ROLE)).collect();
                each_text(self.map.node(policy).properties.get(property), &mut |name| {
                    roles.extend(names.get(&("", name)).into_iter().flatten());
                });
                for role in roles {
                    attached.entry(role).or_default().push(policy);
                }
            }
        }
        attached
    }

    /// A role's policies before everything that acts with the role.
    fn roles(&mut self) {
        let attached = self.attachments();
        for role in self.map.of_kind(ROLE) {
            let Some(policies) = attached.get(&role) else { continue };
            let users: Vec<usize> = self.map.users[role]
                .iter()
                .copied()
                .filter(|user| {
                    let kind = self.map.node(*user).kind.as_str();
                    !kind.starts_with("AWS::IAM::") && !NAME_ROLES_ONLY.contains(&kind)
                })
                .collect();
            self.policies_first(role, policies, &users);
        }
    }

    fn policies_first(&mut self, role: usize, policies: &[usize], users: &[usize]) {
        for user in users {
            for policy in policies {
                let (user_name, role_name) = (&self.map.node(*user).address, &self.map.node(role).address);
                let reason = format!("{user_name} uses role {role_name}: its policies come first");
                self.add(*user, *policy, reason);
            }
        }
    }

    /// DMS finds two roles by their fixed names, so nothing refers to them. Both are there before its first object
    /// and go after its last: as long as there is one, the roles are kept.
    fn dms_roles(&mut self) {
        let attached = self.attachments();
        let names = self.map.by_name(ROLE, "RoleName", false);
        let users: Vec<usize> = DMS_USERS.iter().flat_map(|kind| self.map.of_kind(kind)).collect();
        for name in ["dms-vpc-role", "dms-cloudwatch-logs-role"] {
            for role in names.get(&("", name)).cloned().unwrap_or_default() {
                for user in &users {
                    self.add(*user, role, format!("DMS looks for the account's role {name} by its name"));
                }
                if let Some(policies) = attached.get(&role) {
                    self.policies_first(role, policies, &users);
                }
            }
        }
    }

    /// Listeners before the ECS services behind their target groups.
    fn listeners(&mut self) {
        let mut serving: HashMap<usize, Vec<usize>> = HashMap::new();
        for kind in ["AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"] {
            for listener in self.map.of_kind(kind) {
                for (group, _) in &self.map.refers[listener] {
                    if self.map.is(*group, "AWS::ElasticLoadBalancingV2::TargetGroup") {
                        serving.entry(*group).or_default().push(listener);
                    }
                }
            }
        }
        for service in self.map.of_kind(SERVICE) {
            let groups: Vec<usize> = self.map.through(service, "LoadBalancers").collect();
            for listener in groups.iter().filter_map(|group| serving.get(group)).flatten() {
                self.add(service, *listener, "ECS refuses a target group that no listener uses".into());
            }
        }
    }

    /// The internet gateway's attachment before everything that AWS makes only in a network with one.
    fn gateways(&mut self) {
        let (mut by_gateway, mut by_network) = (HashMap::<_, Vec<_>>::new(), HashMap::<_, Vec<_>>::new());
        for attachment in self.map.of_kind("AWS::EC2::VPCGatewayAttachment") {
            let gateways: Vec<usize> = self.map.through(attachment, "InternetGatewayId").collect();
            let internet = !gateways.is_empty() || self.map.text(attachment, "InternetGatewayId").is_some();
            for gateway in gateways {
                by_gateway.entry(gateway).or_default().push(attachment);
            }
            for network in self.map.through(attachment, "VpcId").filter(|_| internet) {
                by_network.entry(network).or_default().push(attachment);
            }
        }
        if by_gateway.is_empty() && by_network.is_empty() {
            return;
        }
        let mut waits: Vec<(usize, usize, &str)> = Vec::new();
        for route in self.map.of_kind("AWS::EC2::Route") {
            for gateway in self.map.through(route, "GatewayId") {
                for attachment in by_gateway.get(&gateway).into_iter().flatten() {
                    waits.push((route, *attachment, "a route needs its internet gateway attached"));
                }
            }
        }
        let mut within = |user: usize, networks: Vec<usize>, reason: &'static str| {
            for attachment in networks.iter().filter_map(|network| by_network.get(network)).flatten() {
                waits.push((user, *attachment, reason));
            }
        };
        for nat in self.map.of_kind("AWS::EC2::NatGateway") {
            if self.map.text(nat, "ConnectivityType") == Some("private") {
                continue;
            }
            let networks = self.map.networks(nat, "SubnetId");
            for address in
                self.map.through(nat, "AllocationId").filter(|to| self.map.is(*to, "AWS::EC2::EIP"))
            {
                within(address, networks.clone(), "AWS::EC2::EIP needs the internet gateway attached");
            }
            within(nat, networks, "a public AWS::EC2::NatGateway needs the internet gateway attached");
        }
        for balancer in self.map.of_kind("AWS::ElasticLoadBalancingV2::LoadBalancer") {
            if self.map.text(balancer, "Scheme") != Some("internal") {
                let mut networks = self.map.networks(balancer, "Subnets");
                networks.extend(self.map.networks(balancer, "SubnetMappings"));
                within(
                    balancer,
                    networks,
                    "an internet-facing load balancer needs the internet gateway attached",
                );
            }
        }
        for (kind, property, subnets) in [
            ("AWS::RDS::DBInstance", "DBSubnetGroupName", "SubnetIds"),
            ("AWS::DMS::ReplicationInstance", "ReplicationSubnetGroupIdentifier", "SubnetIds"),
        ] {
            for instance in self.map.of_kind(kind) {
                if self.map.node(instance).properties.get("PubliclyAccessible") == Some(&Value::Bool(true)) {
                    let networks = self
                        .map
                        .through(instance, property)
                        .flat_map(|group| self.map.networks(group, subnets));
                    within(instance, networks.collect(), "public access needs the internet gateway attached");
                }
            }
        }
        for (user, attachment, reason) in waits {
            self.add(user, attachment, reason.into());
        }
    }

    /// Route tables before the ECS services and Auto Scaling groups in their subnets: tasks pull images through them, and
    /// instances what they install.
    fn routes(&mut self) {
        let mut associations: HashMap<usize, Vec<usize>> = HashMap::new();
        for association in self.map.of_kind("AWS::EC2::SubnetRouteTableAssociation") {
            for subnet in self.map.through(association, "SubnetId") {
                associations.entry(subnet).or_default().push(association);
            }
        }
        let mut routes: HashMap<usize, Vec<usize>> = HashMap::new();
        for route in self.map.of_kind("AWS::EC2::Route") {
            // No image comes over a peering: it leads into the other network and no further.
            if self.map.node(route).properties.get("VpcPeeringConnectionId").is_some() {
                continue;
            }
            for table in self.map.through(route, "RouteTableId") {
                routes.entry(table).or_default().push(route);
            }
        }
        let users = [
            (SERVICE, "NetworkConfiguration", "its tasks pull their images through this"),
            (SCALED, "VPCZoneIdentifier", "its instances reach what they install through this"),
        ];
        for (kind, property, why) in users {
            for user in self.map.of_kind(kind) {
                let subnets: Vec<usize> =
                    self.map.through(user, property).filter(|to| self.map.is(*to, SUBNET)).collect();
                for association in subnets.iter().filter_map(|subnet| associations.get(subnet)).flatten() {
                    self.add(user, *association, format!("{why} route table"));
                    let tables: Vec<usize> = self.map.through(*association, "RouteTableId").collect();
                    for route in tables.iter().filter_map(|table| routes.get(table)).flatten() {
                        self.add(user, *route, format!("{why} route"));
                    }
                }
            }
        }
    }

    /// Endpoints of a network before what starts in it and reaches AWS through them: instances and tasks.
    fn endpoints(&mut self) {
        let mut of_network: HashMap<usize, Vec<usize>> = HashMap::new();
        for endpoint in self.map.of_kind("AWS::EC2::VPCEndpoint") {
            for network in self.map.through(endpoint, "VpcId") {
                of_network.entry(network).or_default().push(endpoint);
            }
        }
        for (kind, property) in [(SERVICE, "NetworkConfiguration"), (SCALED, "VPCZoneIdentifier")] {
            for user in self.map.of_kind(kind) {
                let mut networks = self.map.networks(user, property);
                networks.sort_unstable();
                networks.dedup();
                for endpoint in networks.iter().filter_map(|network| of_network.get(network)).flatten() {
                    self.add(user, *endpoint, "it reaches AWS through this endpoint when it starts".into());
                }
            }
        }
    }

    /// A virtual private gateway's attachment before its routes are propagated: EC2 refuses it earlier
    /// (CloudFormation, `AWS::EC2::VPNGatewayRoutePropagation`).
    fn propagations(&mut self) {
        let mut attached: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for attachment in self.map.of_kind("AWS::EC2::VPCGatewayAttachment") {
            for gateway in self.map.through(attachment, "VpnGatewayId") {
                attached.entry(gateway).or_default().push(attachment);
            }
            if let Some(id) = self.map.text(attachment, "VpnGatewayId") {
                by_name.entry(id).or_default().push(attachment);
            }
        }
        for propagation in self.map.of_kind("AWS::EC2::VPNGatewayRoutePropagation") {
            let mut needed: Vec<usize> = self
                .map
                .through(propagation, "VpnGatewayId")
                .filter_map(|gateway| attached.get(&gateway))
                .flatten()
                .copied()
                .collect();
            if let Some(id) = self.map.text(propagation, "VpnGatewayId") {
                needed.extend(by_name.get(id).into_iter().flatten());
            }
            for attachment in needed {
                self.add(
                    propagation,
                    attachment,
                    "routes are propagated from a gateway that is attached".into(),
                );
            }
        }
    }

    /// Listeners before the Auto Scaling groups behind their target groups: until then nothing checks the health of what
    /// the group launches.
    fn balanced(&mut self) {
        let mut serving: HashMap<usize, Vec<usize>> = HashMap::new();
        for kind in ["AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"] {
            for listener in self.map.of_kind(kind) {
                for (group, _) in &self.map.refers[listener] {
                    if self.map.is(*group, "AWS::ElasticLoadBalancingV2::TargetGroup") {
                        serving.entry(*group).or_default().push(listener);
                    }
                }
            }
        }
        for scaled in self.map.of_kind(SCALED) {
            let groups: Vec<usize> = self.map.through(scaled, "TargetGroupARNs").collect();
            for listener in groups.iter().filter_map(|group| serving.get(group)).flatten() {
                self.add(scaled, *listener, "targets are checked once a listener uses their group".into());
            }
        }
    }

    /// Peering connections before the security-group rules that name a group of the other network.
    fn peerings(&mut self) {
        let ends = |at: usize, property: &str| self.map.through(at, property).collect::<Vec<_>>();
        let pairs: Vec<(usize, Vec<usize>, Vec<usize>)> = self
            .map
            .of_kind("AWS::EC2::VPCPeeringConnection")
            .into_iter()
            .map(|at| (at, ends(at, "VpcId"), ends(at, "PeerVpcId")))
            .collect();
        if pairs.is_empty() {
            return;
        }
        let mut waits = Vec::new();
        for (kind, own, peers) in [
            (GROUP, "", &["SecurityGroupIngress", "SecurityGroupEgress"][..]),
            ("AWS::EC2::SecurityGroupIngress", "GroupId", &["SourceSecurityGroupId"][..]),
            ("AWS::EC2::SecurityGroupEgress", "GroupId", &["DestinationSecurityGroupId"][..]),
        ] {
            for rule in self.map.of_kind(kind) {
                let holders = if own.is_empty() { vec![rule] } else { ends(rule, own) };
                let here: Vec<usize> = holders.iter().flat_map(|group| ends(*group, "VpcId")).collect();
                let named = peers.iter().flat_map(|property| ends(rule, property));
                let there: Vec<usize> = named
                    .filter(|to| self.map.is(*to, GROUP))
                    .flat_map(|group| ends(group, "VpcId"))
                    .collect();
                let meets =
                    |side: &[usize], networks: &[usize]| side.iter().any(|one| networks.contains(one));
                for (peering, one, other) in &pairs {
                    if (meets(one, &here) && meets(other, &there))
                        || (meets(other, &here) && meets(one, &there))
                    {
                        waits.push((rule, *peering));
                    }
                }
            }
        }
        for (rule, peering) in waits {
            self.add(
                rule,
                peering,
                "a rule may name the other network's group once the two are peered".into(),
            );
        }
    }

    /// A secret is attached to its database before others read it.
    fn secrets(&mut self) {
        for attachment in self.map.of_kind(ATTACHMENT) {
            // The database itself takes its password from the secret, before it can be attached to it.
            let mut before: HashSet<usize> = HashSet::from([attachment]);
            for (to, _) in &self.map.refers[attachment] {
                before.insert(*to);
                before.extend(self.map.refers[*to].iter().map(|(next, _)| *next));
            }
            let secrets: Vec<usize> =
                self.map.through(attachment, "SecretId").filter(|to| self.map.is(*to, SECRET)).collect();
            for secret in secrets {
                for user in self.map.users[secret].clone() {
                    let kind = self.map.node(user).kind.as_str();
                    let reads = !kind.starts_with("AWS::IAM::")
                        && kind != ATTACHMENT
                        && kind != "AWS::SecretsManager::ResourcePolicy";
                    if reads && !before.contains(&user) {
                        let name = &self.map.node(secret).address;
                        let reason = format!("the secret {name} has no host and port before it is attached");
                        self.add(user, attachment, reason);
                    }
                }
            }
        }
    }

    /// Log groups that task definitions know by name only, before the services that write to them.
    fn log_groups(&mut self) {
        let groups = self.map.by_name("AWS::Logs::LogGroup", "LogGroupName", true);
        if groups.is_empty() {
            return;
        }
        for service in self.map.of_kind(SERVICE) {
            for task in self.map.through(service, "TaskDefinition").collect::<Vec<_>>() {
                let region = self.map.node(task).region.as_str();
                let Some(Value::List(containers)) =
                    self.map.node(task).properties.get("ContainerDefinitions")
                else {
                    continue;
                };
                for container in containers {
                    let options = container.get("LogConfiguration").and_then(|log| log.get("Options"));
                    let name = options.and_then(|o| o.get("awslogs-group")).and_then(Value::as_str);
                    for group in
                        name.and_then(|name| groups.get(&(region, name))).cloned().unwrap_or_default()
                    {
                        self.add(service, group, "its containers log to this group by name".into());
                    }
                }
            }
        }
    }

    /// Destination buckets known by name only, before the buckets that replicate to them.
    fn buckets(&mut self) {
        let buckets = self.map.by_name("AWS::S3::Bucket", "BucketName", false);
        for source in self.map.of_kind("AWS::S3::Bucket") {
            let Some(Value::List(rules)) =
                self.map.node(source).properties.get("ReplicationConfiguration").and_then(|c| c.get("Rules"))
            else {
                continue;
            };
            for rule in rules {
                let text = rule.get("Destination").and_then(|d| d.get("Bucket")).and_then(Value::as_str);
                let name = text.and_then(|arn| arn.rsplit(':').next());
                for bucket in name.and_then(|name| buckets.get(&("", name))).cloned().unwrap_or_default() {
                    self.add(
                        source,
                        bucket,
                        "S3 replicates only to a bucket that exists and is versioned".into(),
                    );
                }
            }
        }
    }

    /// Services that scalable targets know by name only; scalable targets that policies know by name only.
    fn scaling(&mut self) {
        let services = self.map.by_name(SERVICE, "ServiceName", true);
        for target in self.map.of_kind("AWS::ApplicationAutoScaling::ScalableTarget") {
            let id = self.map.node(target).properties.get("ResourceId");
            let Some(name) = id.and_then(last_text).and_then(|text| text.rsplit('/').next()) else {
                continue;
            };
            let region = self.map.node(target).region.as_str();
            for service in services.get(&(region, name)).cloned().unwrap_or_default() {
                self.add(
                    target,
                    service,
                    "Application Auto Scaling refuses a service that does not exist".into(),
                );
            }
        }
        let targets = self.map.by_name("AWS::ApplicationAutoScaling::ScalableTarget", "ResourceId", true);
        for policy in self.map.of_kind("AWS::ApplicationAutoScaling::ScalingPolicy") {
            let region = self.map.node(policy).region.as_str();
            let Some(id) = self.map.text(policy, "ResourceId") else { continue };
            for target in targets.get(&(region, id)).cloned().unwrap_or_default() {
                self.add(policy, target, "a scaling policy needs its scalable target registered".into());
            }
        }
    }
}

/// Calls `each` for a text, or for the texts of a list.
fn each_text<'v>(value: Option<&'v Value>, each: &mut dyn FnMut(&'v str)) {
    match value {
        Some(Value::String(text)) => each(text),
        Some(Value::List(items)) => items.iter().filter_map(Value::as_str).for_each(each),
        _ => {}
    }
}

/// The literal text that a value ends with.
fn last_text(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        Value::Call(call) => match call.as_ref() {
            Call::Concat(parts) => parts.last().and_then(last_text),
            Call::Join { list: Value::List(items), .. } => items.last().and_then(last_text),
            _ => None,
        },
        _ => None,
    }
}
