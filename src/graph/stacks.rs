//! Some stacks of a plan, with all that they wait for.

use std::collections::BTreeSet;

use super::{Graph, Links};

impl Graph {
    /// Leaves out all stacks but those and what they wait for, as the links tell. The graph has to be linked anew.
    ///
    /// # Errors
    /// Names that are no stack's.
    pub fn choose(&mut self, links: &Links, wanted: &[String]) -> Result<(), Vec<String>> {
        let known = |name: &&String| self.stacks.iter().any(|stack| stack.name == **name);
        let unknown: Vec<String> = wanted.iter().filter(|name| !known(name)).cloned().collect();
        if !unknown.is_empty() {
            return Err(unknown);
        }
        let mut chosen: BTreeSet<String> = wanted.iter().cloned().collect();
        // A stack that is added for one resource is wanted whole.
        loop {
            let before = chosen.len();
            for (at, node) in self.nodes.iter().enumerate() {
                if chosen.contains(node.address.stack()) {
                    chosen.extend(links.of(at).iter().map(|edge| edge.to.stack().to_owned()));
                }
            }
            if chosen.len() == before {
                break;
            }
        }
        self.region = Some(self.main_region());
        self.partial |= chosen.len() < self.stacks.len();
        self.stacks.retain(|stack| chosen.contains(&stack.name));
        self.nodes.retain(|node| chosen.contains(node.address.stack()));
        self.index = self.nodes.iter().enumerate().map(|(at, node)| (node.address.clone(), at)).collect();
        Ok(())
    }
}
