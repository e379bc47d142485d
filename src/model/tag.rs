//! Tags.

crate::props! {
    /// A tag as CloudFormation writes it; most types take a list of these under `Tags`.
    pub struct Tag { Key: String, Value: String }
}

impl Tag {
    /// A tag.
    #[must_use]
    pub fn new(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self { Key: Some(key.into()), Value: Some(value.into()) }
    }

    /// The key; empty if the template has none.
    #[must_use]
    pub fn key(&self) -> &str {
        self.Key.as_deref().unwrap_or_default()
    }

    /// The value; empty if the template has none.
    #[must_use]
    pub fn value(&self) -> &str {
        self.Value.as_deref().unwrap_or_default()
    }
}
