//! One number for the whole evaluated graph: a saved change set is applied only while it still holds.

use std::io;

use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::{
    graph::{Graph, Node, StackInfo},
    model::{Address, DeletionPolicy, Value},
};

/// What of a node decides the change set; spans do not.
#[derive(Serialize)]
struct Canonical<'g> {
    address: &'g Address,
    kind: &'g str,
    region: &'g str,
    properties: &'g Value,
    depends_on: Vec<&'g Address>,
    deletion_policy: DeletionPolicy,
    update_replace_policy: DeletionPolicy,
    metadata: Value,
}

impl<'g> Canonical<'g> {
    fn of(node: &'g Node) -> Self {
        let mut depends_on: Vec<&Address> = node.depends_on.iter().collect();
        depends_on.sort_unstable();
        Self {
            address: &node.address,
            kind: &node.kind,
            region: &node.region,
            properties: &node.properties,
            depends_on,
            deletion_policy: node.deletion_policy,
            update_replace_policy: node.update_replace_policy,
            // Through Value for its sorted keys.
            metadata: Value::from_json(node.metadata.clone()),
        }
    }
}

/// A list of which there is one item at a time: all of a large plan's are much.
struct Each<I>(I);

impl<I: Iterator<Item: Serialize> + Clone> Serialize for Each<I> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.0.clone())
    }
}

struct Hasher(Sha256);

impl io::Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// SHA-256 in hexadecimal over migration, environment, resources and outputs. The order in which resources
/// are declared and keys are written makes no difference.
#[must_use]
pub fn digest(graph: &Graph) -> String {
    let mut order: Vec<&Node> = graph.nodes.iter().collect();
    order.sort_unstable_by_key(|node| &node.address);
    let nodes = Each(order.iter().map(|node| Canonical::of(node)));
    let mut stacks: Vec<&StackInfo> = graph.stacks.iter().collect();
    stacks.sort_by(|a, b| a.name.cmp(&b.name));
    let mut hasher = Hasher(Sha256::new());
    // Neither the hasher nor the serialisation of these types can fail: all map keys are texts.
    let _ = serde_json::to_writer(&mut hasher, &(&graph.migration, &graph.environment, nodes, stacks));
    hex::encode(hasher.0.finalize())
}
