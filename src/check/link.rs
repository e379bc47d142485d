//! Who waits for whom: edges from references and `DependsOn`, and those AWS needs though no template says so.

use std::{collections::HashSet, fmt::Write as _};

use super::{ignored, stacks};
use crate::{
    error::{Class, Diagnostic},
    graph::{Edge, Graph, Links, Needs, Node, Why, cycles},
    model::{Reference, Value},
    resources::{
        Lookup,
        orders::{self, Candidate},
    },
};

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
    let strongly_connected = cycles::strongly_connected(&needs);
    if !strongly_connected.is_empty() {
        return Err(strongly_connected
            .iter()
            .map(|group| cycle(graph, &edges, &cycles::shortest_cycle(&needs, group)))
            .collect());
    }
    let mut candidates = orders::candidates(graph, &edges);
    candidates.extend(stacks::candidates(graph, &edges));
    let mut notes = ignored::take(graph, &edges, &mut candidates)?;
    notes.extend(accept(graph, &mut edges, &mut needs, candidates));
    let order = cycles::order(&needs, |node| node).unwrap_or_default();
    Ok(Links::new(edges, order, notes))
}

fn explicit(graph: &Graph, node: &Node, types: Lookup<'_>, problems: &mut Vec<Diagnostic>) -> Vec<Edge> {
    let facts = types(&node.kind).map(|ty| ty.facts());
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
        let top = property.split('.').next().unwrap_or_default();
        let needs = types(&producer.kind).map_or(Needs::Ready, |ty| {
            let certain = ty.facts().certain(&reference.attribute);
            facts.map_or(certain, |facts| facts.needs(top, ty.facts(), &reference.attribute))
        });
        let why = Why::Reference { attribute: reference.attribute.clone(), property: property.into() };
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
    edges.shrink_to_fit();
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
        if let Some(span) = edge.and_then(|edge| from.places.as_ref()?.edge(edge)) {
            places.push((span, format!("{} waits for {to}", from.address)));
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
#[path = "link_tests.rs"]
mod tests;
