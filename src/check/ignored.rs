//! `Metadata: {Migrate: {DoNotWaitFor: [LogicalId]}}`: inferred edges that a plan does without.

use crate::{
    error::{Class, Diagnostic, suggest},
    graph::{Edge, Graph, Node, Why},
    model::Address,
    resources::orders::Candidate,
};

/// The member below `Metadata: {Migrate: {...}}`.
const MEMBER: &str = "DoNotWaitFor";
/// The code of a member that names no inferred edge.
const CODE: &str = "M3008";

/// Takes out the candidates that their resources do not want to wait by. What the review says of each: what it is that
/// is not waited for, and the risk.
///
/// # Errors
/// `M3008`: names that are no resource's, or of which nothing was inferred.
pub(super) fn take(
    graph: &Graph,
    edges: &[Vec<Edge>],
    candidates: &mut Vec<Candidate>,
) -> Result<Vec<String>, Vec<Diagnostic>> {
    let (mut notes, mut problems) = (Vec::new(), Vec::new());
    for (at, node) in graph.nodes.iter().enumerate() {
        let wanted = &node.metadata["Migrate"][MEMBER];
        let names: Vec<&str> = match wanted {
            serde_json::Value::Null => continue,
            serde_json::Value::String(name) => vec![name],
            serde_json::Value::Array(items) if items.iter().all(serde_json::Value::is_string) => {
                items.iter().filter_map(serde_json::Value::as_str).collect()
            }
            _ => {
                problems.push(problem(node, format!("{MEMBER} is a list of logical ids")));
                continue;
            }
        };
        for name in names {
            match find(graph, node, name) {
                Some(to) => {
                    let mut reasons = Vec::new();
                    candidates.retain(|candidate| {
                        let named = candidate.from == at && graph.nodes[candidate.to].address == *to;
                        if named {
                            reasons.push(candidate.reason.clone());
                        }
                        !named
                    });
                    if reasons.is_empty() {
                        problems.push(nothing_inferred(graph, node, &edges[at], candidates, at, to));
                    }
                    reasons.dedup();
                    notes.extend(reasons.into_iter().map(|reason| {
                        format!(
                            "{} does not wait for {to}, as its Metadata says ({MEMBER}). What may fail without it: \
                             {reason}",
                            node.address
                        )
                    }));
                }
                None => {
                    let ids = graph.nodes.iter().map(|node| node.address.as_str());
                    let near = suggest(&format!("{}/{name}", node.address.stack()), ids);
                    let error = problem(node, format!("{MEMBER} names {name}, which is not in the plan"));
                    problems.push(match near {
                        Some(near) => error.help(format!("did you mean {near}?")),
                        None => error.help("name a resource by its logical id, or as stack/LogicalId"),
                    });
                }
            }
        }
    }
    if problems.is_empty() { Ok(notes) } else { Err(problems) }
}

/// The resource of that logical id in the node's own template, or else in its stack, or of that address. What stands in a
/// nested template is `stack/Nested.LogicalId`, and its template knows it as `LogicalId`.
fn find<'g>(graph: &'g Graph, node: &Node, name: &str) -> Option<&'g Address> {
    if !name.contains('/')
        && let Some((path, _)) = node.address.logical_id().rsplit_once('.')
        && let Ok(address) = format!("{}/{path}.{name}", node.address.stack()).parse::<Address>()
        && let Some(near) = graph.node(&address)
    {
        return Some(&near.address);
    }
    let whole = if name.contains('/') { name.to_owned() } else { format!("{}/{name}", node.address.stack()) };
    let address: Address = whole.parse().ok()?;
    graph.node(&address).map(|node| &node.address)
}

fn problem(node: &Node, message: String) -> Diagnostic {
    let place = node.places.as_ref().and_then(|places| places.metadata.as_ref()?.get("Migrate"));
    let span = place.map(|member| member.value.span.clone()).or_else(|| node.span.clone());
    Diagnostic::error(CODE, Class::Plan, message).at(&node.address).span(span)
}

fn nothing_inferred(
    graph: &Graph,
    node: &Node,
    edges: &[Edge],
    candidates: &[Candidate],
    at: usize,
    to: &Address,
) -> Diagnostic {
    let stated = edges.iter().find(|edge| edge.to == *to && !matches!(edge.why, Why::Implicit(_)));
    if let Some(edge) = stated {
        let message = format!("{MEMBER} names {to}, and the template itself says so: {}", edge.why.words(to));
        return problem(node, message)
            .help("only orders that migrate infers can be left out; change the template");
    }
    let others = candidates.iter().filter(|candidate| candidate.from == at);
    let mut names: Vec<&str> = others.map(|other| graph.nodes[other.to].address.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let message = format!("{MEMBER} names {to}, but no order between the two is inferred");
    problem(node, message).help(if names.is_empty() {
        "take it out: migrate infers no order for this resource".to_owned()
    } else {
        format!("take it out; inferred are waits for {}", names.join(", "))
    })
}
