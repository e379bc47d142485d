//! What evaluation must know of the account.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// What other plans export, by region and name.
pub type Imports = BTreeMap<String, BTreeMap<String, Foreign>>;

/// Another plan's export.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreign {
    /// Its value.
    pub value: Json,
    /// Whose it is, for messages.
    pub owner: String,
}

/// What evaluation must know of the account.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Twelve digits.
    pub account: String,
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    /// Availability zones by region, for `Fn::GetAZs`; see [`zone_regions`](super::zone_regions).
    pub zones: BTreeMap<String, Vec<String>>,
    /// What other plans export.
    pub imports: Imports,
    /// Values kept in SSM, by region and name; see [`ssm_parameters`](super::ssm_parameters).
    pub parameters: BTreeMap<String, BTreeMap<String, String>>,
    /// Make up three zones for regions that `zones` does not list.
    pub offline: bool,
}

impl Environment {
    /// For commands that look at the plan's files only: a made-up account with made-up zones.
    #[must_use]
    pub fn offline() -> Self {
        Self { account: "123456789012".into(), partition: "aws".into(), offline: true, ..Self::default() }
    }

    /// The zones of a region.
    pub(super) fn zones_of(&self, region: &str) -> Option<Vec<String>> {
        let made_up = || ["a", "b", "c"].iter().map(|zone| format!("{region}{zone}")).collect();
        self.zones.get(region).cloned().or_else(|| self.offline.then(made_up))
    }

    /// `AWS::URLSuffix`.
    pub(super) fn url_suffix(&self) -> &'static str {
        if self.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
    }
}
