//! Not written yet.

use crate::sandbox::Operation;

/// Implemented operations.
pub const OPERATIONS: &[Operation] = &[];
