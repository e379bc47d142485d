//! The longest chain of waits of a plan, before anything runs: in typical times, from a first run on.

use crate::{
    graph::{Graph, Links, Needs, Why},
    model::Address,
    resources::Lookup,
};

/// One reason why a resource waits for the one before it on the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// In words.
    pub why: String,
    /// How far the one before must be.
    pub needs: Needs,
    /// The template does not say so: AWS usually needs it.
    pub inferred: bool,
    /// How much sooner the run would end without this reason alone, in seconds.
    pub costs_s: u64,
}

/// One resource on the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// The resource.
    pub address: Address,
    /// Its type.
    pub kind: String,
    /// When its first call is made, in seconds after the run began.
    pub starts_s: u64,
    /// How long it takes until the next one may start, or to the end for the last.
    pub takes_s: u64,
    /// How far that is.
    pub needed: Needs,
    /// Why it waits for the one before it; empty for the first.
    pub reasons: Vec<Reason>,
}

/// The longest chain of waits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TypicalPath {
    /// Its length in seconds.
    pub seconds: u64,
    /// Its resources, first to last.
    pub stops: Vec<Stop>,
    /// How many orders of the whole plan are inferred.
    pub inferred: usize,
}

/// An edge left out: its node, and its number among that node's edges.
type Without = Option<(usize, usize)>;

struct Times<'p> {
    graph: &'p Graph,
    links: &'p Links,
    types: Lookup<'p>,
}

impl Times<'_> {
    /// How long a resource typically takes until it is so far.
    fn until(&self, node: usize, needs: Needs) -> u64 {
        let facts = (self.types)(&self.graph.nodes[node].kind).map(|ty| ty.facts());
        let ready = facts.map_or(1, super::order::typical_ready);
        match needs {
            Needs::Created => ready.min(1),
            Needs::Addressable => {
                let stage = facts.and_then(|facts| facts.addressable);
                stage.map_or(ready, |stage| stage.typical.as_secs().min(ready))
            }
            Needs::Ready => ready,
        }
    }

    /// When each resource starts, and by which of its edges.
    fn starts(&self, without: Without) -> Vec<(u64, Option<usize>)> {
        let mut starts = vec![(0, None); self.graph.nodes.len()];
        for &at in self.links.order() {
            for (number, edge) in self.links.of(at).iter().enumerate() {
                let Some(&to) = self.graph.index.get(&edge.to) else { continue };
                let end = starts[to].0 + self.until(to, edge.needs);
                if without != Some((at, number)) && end > starts[at].0 {
                    starts[at] = (end, Some(number));
                }
            }
        }
        starts
    }

    fn length(&self, starts: &[(u64, Option<usize>)]) -> u64 {
        let ends = starts.iter().enumerate().map(|(at, (start, _))| start + self.until(at, Needs::Ready));
        ends.max().unwrap_or(0)
    }
}

/// Finds the longest chain of waits, and what each of them costs.
#[must_use]
pub fn typical_path(graph: &Graph, links: &Links, types: Lookup<'_>) -> TypicalPath {
    let times = Times { graph, links, types };
    let starts = times.starts(None);
    let seconds = times.length(&starts);
    let all = (0..graph.nodes.len()).flat_map(|at| links.of(at));
    let inferred = all.filter(|edge| matches!(edge.why, Why::Implicit(_))).count();
    let last = (0..graph.nodes.len()).rev().max_by_key(|at| starts[*at].0 + times.until(*at, Needs::Ready));
    let mut stops = Vec::new();
    let mut next = last.map(|at| (at, Needs::Ready));
    while let Some((at, needed)) = next {
        let (start, by) = starts[at];
        let node = &graph.nodes[at];
        let edges = links.of(at);
        let on = by.and_then(|number| Some((*graph.index.get(&edges[number].to)?, edges[number].needs)));
        let to = on.map(|(to, _)| &graph.nodes[to].address);
        let mut reasons: Vec<Reason> = Vec::new();
        for (number, edge) in edges.iter().enumerate().filter(|(_, edge)| Some(&edge.to) == to) {
            let why = edge.why.words(&edge.to);
            if reasons.iter().any(|reason| reason.why == why) {
                continue;
            }
            let sooner = times.length(&times.starts(Some((at, number))));
            reasons.push(Reason {
                why,
                needs: edge.needs,
                inferred: matches!(edge.why, Why::Implicit(_)),
                costs_s: seconds.saturating_sub(sooner),
            });
        }
        stops.push(Stop {
            address: node.address.clone(),
            kind: node.kind.to_string(),
            starts_s: start,
            takes_s: times.until(at, needed),
            needed,
            reasons,
        });
        next = on;
    }
    stops.reverse();
    TypicalPath { seconds, stops, inferred }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{check::link, graph::testing::graph, planner::testing::types};

    #[test]
    fn the_path_names_every_reason_and_what_it_costs() {
        let graph = graph(&[
            ("app/Secret", "AWS::SecretsManager::Secret", json!({})),
            ("app/Db", "AWS::RDS::DBInstance", json!({})),
            (
                "app/Attached",
                "AWS::SecretsManager::SecretTargetAttachment",
                json!({"SecretId": {"Ref": "app/Secret"}, "TargetId": {"Ref": "app/Db"}}),
            ),
            ("app/Task", "AWS::ECS::TaskDefinition", json!({"Secret": {"Ref": "app/Secret"}})),
        ]);
        let links = link(&graph, &types).expect("no cycle");
        let path = typical_path(&graph, &links, &types);
        let told: Vec<_> = path.stops.iter().map(|s| (s.address.logical_id(), s.takes_s, s.needed)).collect();
        // The secret is attached when the database has its address; the database itself takes 420 s.
        assert_eq!(path.seconds, 420);
        assert_eq!(told, [("Db", 420, Needs::Ready)]);
        let starts = Times { graph: &graph, links: &links, types: &types }.starts(None);
        assert_eq!(starts.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 0, 360, 361]);
        assert_eq!(path.inferred, 1);
    }

    #[test]
    fn an_edge_costs_what_the_run_would_be_shorter_without_it() {
        let mut graph = graph(&[
            ("app/Db", "AWS::RDS::DBInstance", json!({})),
            ("app/Other", "AWS::RDS::DBInstance", json!({"X": {"Fn::GetAtt": "app/Db.Endpoint.Address"}})),
            ("app/Topic", "AWS::SNS::Topic", json!({})),
        ]);
        let links = link(&graph, &types).expect("no cycle");
        let path = typical_path(&graph, &links, &types);
        assert_eq!(path.seconds, 780);
        assert_eq!(path.stops[1].reasons.len(), 1);
        assert_eq!((path.stops[1].reasons[0].costs_s, path.stops[1].reasons[0].inferred), (360, false));
        // Said twice: neither of the two costs anything but what it needs more than the other.
        graph.nodes[1].depends_on = vec![graph.nodes[0].address.clone()];
        let links = link(&graph, &types).expect("no cycle");
        let path = typical_path(&graph, &links, &types);
        assert_eq!(path.seconds, 840);
        let costs: Vec<u64> = path.stops[1].reasons.iter().map(|reason| reason.costs_s).collect();
        assert_eq!(costs, [0, 60]);
    }
}
