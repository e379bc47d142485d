//! Stacks that wait for stacks, as a cloud assembly declares it.
//!
//! Where one stack refers to the other, the references are the order: the CDK declares such a dependency itself, and
//! stacks interleave along them. Where nothing refers, the dependency was declared by hand and means the whole
//! stack: each resource that begins the one waits for each that ends the other. That is all it takes, because
//! everything else of the two stacks comes after those beginnings and before those ends.

use std::collections::HashSet;

use crate::{
    graph::{Edge, Graph, Needs},
    resources::orders::Candidate,
};

/// The edges that stack dependencies need.
pub(super) fn candidates(graph: &Graph, edges: &[Vec<Edge>]) -> Vec<Candidate> {
    let mut found = Vec::new();
    for (later, earlier) in &graph.stacks_after {
        let refers = edges.iter().enumerate().any(|(at, list)| {
            graph.nodes[at].address.stack() == later && list.iter().any(|edge| edge.to.stack() == earlier)
        });
        if refers {
            continue;
        }
        let ends = ends(graph, edges, earlier);
        for (from, node) in graph.nodes.iter().enumerate() {
            let begins =
                node.address.stack() == later && edges[from].iter().all(|edge| edge.to.stack() != later);
            if begins {
                let reason = || format!("stack {later} depends on stack {earlier}");
                found.extend(ends.iter().map(|to| Candidate { from, to: *to, reason: reason() }));
            }
        }
    }
    found
}

/// The resources of a stack which nothing else of it waits to be ready.
fn ends(graph: &Graph, edges: &[Vec<Edge>], stack: &str) -> Vec<usize> {
    let inner = (0..graph.nodes.len()).filter(|at| graph.nodes[*at].address.stack() == stack);
    let awaited: HashSet<_> = inner
        .clone()
        .flat_map(|at| edges[at].iter().filter(|edge| edge.needs == Needs::Ready).map(|edge| &edge.to))
        .collect();
    inner.filter(|at| !awaited.contains(&graph.nodes[*at].address)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{
        check::link,
        graph::{Graph, StackInfo, Why, testing::graph},
        planner::testing::types,
    };

    fn waits(graph: &Graph) -> Vec<String> {
        let links = link(graph, &types).expect("no problems");
        let mut found = Vec::new();
        for (at, node) in graph.nodes.iter().enumerate() {
            for edge in links.of(at).iter().filter(|edge| matches!(edge.why, Why::Implicit(_))) {
                found.push(format!("{} -> {}", node.address, edge.to));
            }
        }
        found.sort();
        found
    }

    fn two(refer: bool) -> Graph {
        let topic = if refer { json!({"Ref": "base/Zone"}) } else { json!("x") };
        let mut graph = graph(&[
            ("base/Zone", "AWS::Route53::HostedZone", json!({})),
            ("base/Check", "AWS::Route53::HealthCheck", json!({"Zone": {"Ref": "base/Zone"}})),
            ("base/Lone", "AWS::Route53::HealthCheck", json!({})),
            ("app/First", "AWS::SNS::Topic", json!({"TopicName": topic})),
            ("app/Second", "AWS::SNS::Subscription", json!({"TopicArn": {"Ref": "app/First"}})),
        ]);
        graph.stacks_after.push(("app".into(), "base".into()));
        graph
    }

    #[test]
    fn beginnings_wait_for_ends_where_nothing_refers() {
        let waits = waits(&two(false));
        assert!(waits.contains(&"app/First -> base/Check".into()), "{waits:?}");
        assert!(waits.contains(&"app/First -> base/Lone".into()), "{waits:?}");
        assert!(!waits.iter().any(|w| w.starts_with("app/Second")), "{waits:?}");
    }

    #[test]
    fn chosen_stacks_bring_along_what_they_wait_for() {
        let stack = |name: &str| StackInfo {
            name: name.into(),
            region: "r".into(),
            description: None,
            outputs: vec![],
            imports: vec![],
            protected: false,
        };
        let choose = |wanted: &str| {
            let mut graph = two(true);
            graph.stacks = vec![stack("base"), stack("app")];
            let links = link(&graph, &types).expect("no problems");
            graph
                .choose(&links, &[wanted.to_owned()])
                .map(|()| (graph.nodes.len(), graph.index.len(), graph.partial))
        };
        assert_eq!(choose("app"), Ok((5, 5, false)));
        assert_eq!(choose("base"), Ok((3, 3, true)));
        assert_eq!(choose("other"), Err(vec!["other".to_owned()]));
    }

    #[test]
    fn references_are_the_order_where_there_are_any() {
        assert_eq!(waits(&two(true)), Vec::<String>::new());
    }
}
