//! Deletion policies.

use serde::{Deserialize, Serialize};

/// What happens to the object when its resource leaves the plan or the plan is destroyed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum DeletionPolicy {
    /// It is deleted.
    #[default]
    Delete,
    /// It stays and is forgotten.
    Retain,
    /// It stays unless this very run created it.
    RetainExceptOnCreate,
    /// A final snapshot is taken, then it is deleted.
    Snapshot,
}
