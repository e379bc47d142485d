//! Orders that AWS needs although no reference and no `DependsOn` says so. Each rule stands with the types that it is
//! about, in `orders.rs` of its service; every rule follows references or literal names, none compares all resources with
//! all others.

use std::collections::{HashMap, HashSet};

use super::{
    applicationautoscaling, cloudcontrol, dms, ec2, elasticloadbalancingv2, iam, logs, rds, registry, s3,
    secretsmanager,
};
use crate::{
    graph::{Edge, Graph, Node, Why},
    model::{Call, Document, Value},
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

/// Every rule. Where two of them find edges that would close a cycle, the earlier one's stands.
const RULES: &[fn(&mut Orders<'_>)] = &[
    iam::orders::roles,
    dms::orders::account_roles,
    elasticloadbalancingv2::orders::listeners,
    ec2::orders::gateways,
    ec2::orders::routes,
    ec2::orders::endpoints,
    ec2::orders::propagations,
    elasticloadbalancingv2::orders::balanced,
    ec2::orders::peerings,
    ec2::orders::blocks,
    secretsmanager::orders::secrets,
    rds::orders::answering,
    logs::orders::log_groups,
    s3::orders::buckets,
    applicationautoscaling::orders::scaling,
];

/// Finds all implicit edges of a graph whose explicit edges are known.
#[must_use]
pub fn candidates(graph: &Graph, edges: &[Vec<Edge>]) -> Vec<Candidate> {
    let mut orders = Orders { map: Map::new(graph, edges), found: Vec::new() };
    RULES.iter().for_each(|rule| rule(&mut orders));
    orders.found
}

/// Whether a property of a type only names roles, in a policy, and does not act with them.
pub(super) fn only_names_roles(kind: &str, property: &str) -> bool {
    let Some(facts) = registry::find(kind).map(|ty| ty.facts()) else { return false };
    let policy = facts.documents.iter().any(|(path, document)| {
        *document == Document::ResourcePolicy && path.split('.').next() == Some(property)
    });
    // What goes through Cloud Control has no facts of its own: AWS::SQS::QueuePolicy, AWS::Logs::ResourcePolicy.
    policy || (facts.service == cloudcontrol::SERVICE && property.ends_with("PolicyDocument"))
}

/// Indices by kind, name and reference.
pub(super) struct Map<'g> {
    graph: &'g Graph,
    edges: &'g [Vec<Edge>],
    kinds: HashMap<&'g str, Vec<usize>>,
    /// For each node its references: target and the top-level property they stand in.
    pub(super) refers: Vec<Vec<(usize, &'g str)>>,
    /// For each node those that refer to it, each once.
    pub(super) users: Vec<Vec<usize>>,
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
        Self { graph, edges, kinds, refers, users }
    }

    pub(super) fn node(&self, at: usize) -> &'g Node {
        &self.graph.nodes[at]
    }

    /// What a node says it waits for: the target, and the edge.
    pub(super) fn stated(&self, at: usize) -> impl Iterator<Item = (usize, &'g Edge)> {
        self.edges[at].iter().filter_map(|edge| Some((*self.graph.index.get(&edge.to)?, edge)))
    }

    /// How many nodes there are.
    pub(super) fn len(&self) -> usize {
        self.graph.nodes.len()
    }

    pub(super) fn of_kind(&self, kind: &str) -> Vec<usize> {
        self.kinds.get(kind).cloned().unwrap_or_default()
    }

    pub(super) fn is(&self, at: usize, kind: &str) -> bool {
        self.node(at).kind == kind
    }

    /// What a node refers to in one of its properties.
    pub(super) fn through(&self, at: usize, property: &str) -> impl Iterator<Item = usize> {
        self.refers[at].iter().filter(move |(_, top)| *top == property).map(|(to, _)| *to)
    }

    /// A property that is a plain text.
    pub(super) fn text(&self, at: usize, property: &str) -> Option<&'g str> {
        self.node(at).properties.get(property)?.as_str()
    }

    /// Nodes of a kind by a literal name, within a region (empty: names are global).
    pub(super) fn by_name(
        &self,
        kind: &str,
        property: &str,
        regional: bool,
    ) -> HashMap<(&'g str, &'g str), Vec<usize>> {
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
    pub(super) fn networks(&self, at: usize, property: &str) -> Vec<usize> {
        self.through(at, property)
            .filter(|to| self.is(*to, "AWS::EC2::Subnet"))
            .flat_map(|subnet| self.through(subnet, "VpcId").collect::<Vec<_>>())
            .collect()
    }
}

/// What the rules look at, and what they have found.
pub(super) struct Orders<'g> {
    pub(super) map: Map<'g>,
    found: Vec<Candidate>,
}

impl Orders<'_> {
    pub(super) fn add(&mut self, from: usize, to: usize, reason: String) {
        self.found.push(Candidate { from, to, reason });
    }

    /// The orders found so far that the node waits by.
    pub(super) fn found(&self) -> &[Candidate] {
        &self.found
    }
}

/// Calls `each` for a text, or for the texts of a list.
pub(super) fn each_text<'v>(value: Option<&'v Value>, each: &mut dyn FnMut(&'v str)) {
    match value {
        Some(Value::String(text)) => each(text),
        Some(Value::List(items)) => items.iter().filter_map(Value::as_str).for_each(each),
        _ => {}
    }
}

/// The literal text that a value ends with.
pub(super) fn last_text(value: &Value) -> Option<&str> {
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
