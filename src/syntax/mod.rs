//! YAML and JSON as one tree in which every value knows its place in the file.

mod document;
mod inner;
mod json;
mod read;
mod relaxed;
mod tree;
mod yaml;

pub use document::document;
pub use inner::Inner;
pub use read::{MAX_BYTES, parse, read, read_template};
use tree::Keys;
pub use tree::{Entry, Node, Tree};

/// Deepest nesting a plan file may have; real templates stay below 30.
pub const MAX_DEPTH: usize = 128;

/// Most values one file may hold after its aliases are expanded.
pub const MAX_NODES: usize = 2_000_000;

/// Most bytes of text that aliases may add to a file.
pub const MAX_ALIASED_BYTES: usize = 16 << 20;

/// Most values that aliases may add to a file.
pub const MAX_ALIASED: usize = 100_000;
