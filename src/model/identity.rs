//! How objects are known in the account.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// The handle by which AWS knows the object (`vpc-0abc...`, a name, an ARN). Where a type's natural key has
/// several parts they are joined with `|`, as CloudFormation joins compound identifiers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PhysicalId(pub String);

impl PhysicalId {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts of a compound identifier.
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        self.0.split('|').collect()
    }
}

impl<T: Into<String>> From<T> for PhysicalId {
    fn from(text: T) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Display for PhysicalId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// What `Ref` and `Fn::GetAtt` answer, by attribute name; `Ref` is one of the keys.
pub type Attributes = BTreeMap<String, Json>;

/// Whose an existing object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ownership {
    /// It carries this resource's ownership tags.
    Ours,
    /// It carries none, or another owner's: never adopted by recovery.
    Foreign,
    /// The type cannot carry tags (a route, an inline policy, a dashboard): the natural key decides.
    Untaggable,
}
