//! `stack/LogicalId`: the name of a resource everywhere.

use std::{borrow::Borrow, fmt, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};

/// The name of a resource in command lines, ledger, events and errors: `stack/LogicalId`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(Arc<str>);

impl Address {
    /// Joins a stack's name and a logical id.
    #[must_use]
    pub fn new(stack: &str, logical_id: &str) -> Self {
        Self(format!("{stack}/{logical_id}").into())
    }

    /// The part before the slash.
    #[must_use]
    pub fn stack(&self) -> &str {
        self.0.split_once('/').map_or("", |(stack, _)| stack)
    }

    /// The part after the slash.
    #[must_use]
    pub fn logical_id(&self) -> &str {
        self.0.split_once('/').map_or(&self.0, |(_, id)| id)
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('/') {
            Some((stack, id)) if !stack.is_empty() && !id.is_empty() && !id.contains('/') => {
                Ok(Self(text.into()))
            }
            _ => Err(format!("`{text}` is not an address; write it as stack/LogicalId")),
        }
    }
}

impl TryFrom<String> for Address {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0.as_ref().to_owned()
    }
}

impl Borrow<str> for Address {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
