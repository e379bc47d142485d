//! A place for trees that are made while others are evaluated, at addresses that stay.

use std::cell::{Cell, OnceCell};

use crate::syntax::Tree;

/// Slots of the first chunk; each further one has twice as many.
const FIRST: usize = 64;

/// Owns trees that evaluators borrow for as long as it lives.
#[derive(Default)]
pub(super) struct Arena {
    chunks: [OnceCell<Box<[OnceCell<Tree>]>>; 24],
    used: Cell<usize>,
}

impl Arena {
    /// Keeps the tree. `None` when it is full, which the bounds on expansion do not let happen.
    pub(super) fn keep(&self, tree: Tree) -> Option<&Tree> {
        let (mut at, mut chunk, mut size) = (self.used.get(), 0, FIRST);
        while at >= size {
            at -= size;
            size *= 2;
            chunk += 1;
        }
        let slots = self.chunks.get(chunk)?.get_or_init(|| (0..size).map(|_| OnceCell::new()).collect());
        self.used.set(self.used.get() + 1);
        Some(slots.get(at)?.get_or_init(|| tree))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::syntax::parse;

    #[test]
    fn trees_stay_where_they_are() {
        let arena = Arena::default();
        let tree = |n: usize| parse(Path::new("a.yaml"), n.to_string()).unwrap();
        let kept: Vec<&Tree> = (0..1000).map(|n| arena.keep(tree(n)).unwrap()).collect();
        for (n, tree) in kept.iter().enumerate() {
            assert_eq!(tree.as_text(), Some(n.to_string().as_str()));
        }
    }
}
