//! The resource graph as a picture: DOT for Graphviz, Mermaid for Markdown.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::graph::{Graph, Links, Why};

/// Edges of one node, one for each needed resource: its label, and whether only AWS asks for it.
fn arrows(links: &Links, node: usize) -> BTreeMap<&str, (String, bool)> {
    let mut arrows: BTreeMap<&str, (Vec<String>, bool)> = BTreeMap::new();
    for edge in links.of(node) {
        let (labels, implicit) = arrows.entry(edge.to.as_str()).or_insert((Vec::new(), true));
        let label = match &edge.why {
            Why::Reference { property, .. } => property.to_string(),
            Why::DependsOn => "DependsOn".into(),
            Why::Implicit(reason) => reason.clone(),
        };
        *implicit &= matches!(edge.why, Why::Implicit(_));
        if !labels.contains(&label) {
            labels.push(label);
        }
    }
    arrows
        .into_iter()
        .map(|(to, (labels, implicit))| {
            let shown = labels.len().min(3);
            let mut label = labels[..shown].join(", ");
            if labels.len() > shown {
                let _ = write!(label, " and {} more", labels.len() - shown);
            }
            (to, (label, implicit))
        })
        .collect()
}

/// Stacks in the graph's order with the indices of their nodes.
fn clusters(graph: &Graph) -> Vec<(&str, Vec<usize>)> {
    let mut clusters: Vec<(&str, Vec<usize>)> = Vec::new();
    let mut at: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, node) in graph.nodes.iter().enumerate() {
        let stack = node.address.stack();
        let cluster = *at.entry(stack).or_insert_with(|| {
            clusters.push((stack, Vec::new()));
            clusters.len() - 1
        });
        clusters[cluster].1.push(index);
    }
    clusters
}

fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " ");
    format!("\"{escaped}\"")
}

/// The graph in the DOT language. Arrows lead from a resource to what it waits for; dashed ones stand for
/// orders that only AWS asks for.
#[must_use]
pub fn dot(graph: &Graph, links: &Links) -> String {
    let mut out =
        String::from("digraph plan {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n");
    // Writing to a String cannot fail.
    for (stack, nodes) in clusters(graph) {
        let _ = writeln!(out, "  subgraph {} {{", quoted(&format!("cluster_{stack}")));
        let _ = writeln!(out, "    label={};", quoted(stack));
        for index in nodes {
            let node = &graph.nodes[index];
            let label =
                quoted(&format!("{}\n{}", node.address.logical_id(), node.kind).replace('\n', "\u{1}"))
                    .replace('\u{1}', "\\n");
            let _ = writeln!(out, "    {} [label={label}];", quoted(node.address.as_str()));
        }
        out.push_str("  }\n");
    }
    for (index, node) in graph.nodes.iter().enumerate() {
        for (to, (label, implicit)) in arrows(links, index) {
            let style = if implicit { ", style=dashed" } else { "" };
            let (from, to) = (quoted(node.address.as_str()), quoted(to));
            let _ = writeln!(out, "  {from} -> {to} [label={}{style}];", quoted(&label));
        }
    }
    out.push_str("}\n");
    out
}

/// Text that Mermaid takes between quotes.
fn entity(text: &str) -> String {
    text.replace('#', "#35;").replace('"', "#quot;").replace('<', "#lt;").replace(['\n', '\r'], " ")
}

/// The graph as a Mermaid flowchart, drawn as in [`dot`].
#[must_use]
pub fn mermaid(graph: &Graph, links: &Links) -> String {
    let mut out = String::from("flowchart LR\n");
    for (number, (stack, nodes)) in clusters(graph).into_iter().enumerate() {
        let _ = writeln!(out, "  subgraph s{number}[\"{}\"]", entity(stack));
        for index in nodes {
            let node = &graph.nodes[index];
            let (id, kind) = (entity(node.address.logical_id()), entity(&node.kind));
            let _ = writeln!(out, "    n{index}[\"{id}<br/>{kind}\"]");
        }
        out.push_str("  end\n");
    }
    for index in 0..graph.nodes.len() {
        for (to, (label, implicit)) in arrows(links, index) {
            let Some(to) = graph.index.get(to) else { continue };
            let arrow = if implicit { "-.->" } else { "-->" };
            let _ = writeln!(out, "  n{index} {arrow}|\"{}\"| n{to}", entity(&label));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{check::link, graph::testing::graph, planner::testing::types};

    fn example() -> (Graph, Links) {
        let graph = graph(&[
            ("app/Role", "AWS::IAM::Role", json!({})),
            ("app/Policy", "AWS::IAM::Policy", json!({"Roles": [{"Ref": "app/Role"}]})),
            (
                "run/Task",
                "AWS::ECS::TaskDefinition",
                json!({
                    "TaskRoleArn": {"Fn::GetAtt": "app/Role.Arn"}, "ExecutionRoleArn": {"Fn::GetAtt": "app/Role.Arn"}
                }),
            ),
        ]);
        let links = link(&graph, &types).expect("no cycle");
        (graph, links)
    }

    #[test]
    fn dot_has_clusters_labels_and_dashes() {
        let (graph, links) = example();
        insta::assert_snapshot!(dot(&graph, &links), @r#"
    digraph plan {
      rankdir=LR;
      node [shape=box, fontname="sans-serif"];
      subgraph "cluster_app" {
        label="app";
        "app/Role" [label="Role\nAWS::IAM::Role"];
        "app/Policy" [label="Policy\nAWS::IAM::Policy"];
      }
      subgraph "cluster_run" {
        label="run";
        "run/Task" [label="Task\nAWS::ECS::TaskDefinition"];
      }
      "app/Policy" -> "app/Role" [label="Roles.0"];
      "run/Task" -> "app/Policy" [label="run/Task uses role app/Role: its policies come first", style=dashed];
      "run/Task" -> "app/Role" [label="ExecutionRoleArn, TaskRoleArn"];
    }
    "#);
    }

    #[test]
    fn mermaid_has_the_same() {
        let (graph, links) = example();
        insta::assert_snapshot!(mermaid(&graph, &links), @r#"
    flowchart LR
      subgraph s0["app"]
        n0["Role<br/>AWS::IAM::Role"]
        n1["Policy<br/>AWS::IAM::Policy"]
      end
      subgraph s1["run"]
        n2["Task<br/>AWS::ECS::TaskDefinition"]
      end
      n1 -->|"Roles.0"| n0
      n2 -.->|"run/Task uses role app/Role: its policies come first"| n1
      n2 -->|"ExecutionRoleArn, TaskRoleArn"| n0
    "#);
    }

    #[test]
    fn names_cannot_break_out_of_their_quotes() {
        assert_eq!(quoted("a\"b\\c\nd"), "\"a\\\"b\\\\c d\"");
        assert_eq!(entity("a\"b<c"), "a#quot;b#lt;c");
    }
}
