//! What evaluation must know of the account.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::{
    aws::{
        lookup::{Answer, Question},
        objects::Objects,
    },
    error::Diagnostic,
    model::{Span, secret::Key},
};

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

/// The parameter type whose values are availability zones.
pub(super) const ZONE: &str = "AWS::EC2::AvailabilityZone::Name";

/// A question to CloudFormation that a plan's function asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The stack in which it stands.
    pub stack: String,
    /// What it asks.
    pub question: Question,
    /// Where it stands.
    pub span: Span,
}

/// What evaluation must know of the account.
#[derive(Debug, Clone, Default)]
pub struct Environment {
    /// Twelve digits.
    pub account: String,
    /// `aws`, `aws-cn` or `aws-us-gov`.
    pub partition: String,
    /// Availability zones by region, for `Fn::GetAZs`; see [`wanted`](super::wanted()).
    pub zones: BTreeMap<String, Vec<String>>,
    /// What other plans export.
    pub imports: Imports,
    /// What CloudFormation's stacks told; see [`questions`](super::questions).
    pub stacks: BTreeMap<Question, Answer>,
    /// Values kept in SSM, by region and name; see [`wanted`](super::wanted()).
    pub parameters: BTreeMap<String, BTreeMap<String, String>>,
    /// Things of the account that parameters name and rules ask about; see [`account_facts`](super::account_facts).
    pub objects: Objects,
    /// Make up three zones for regions that `zones` does not list.
    pub offline: bool,
    /// Where the key for digests of secrets comes from; without it they are made for this command only.
    pub key: Option<KeySource>,
}

/// Reads, or makes, the key for digests of secrets.
pub type KeySource = fn() -> Result<Key, Box<Diagnostic>>;

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

    /// All that was looked up of a parameter type in a region: names or ids.
    pub(super) fn names(&self, region: &str, kind: &str) -> Option<Vec<&str>> {
        if kind == ZONE {
            return self.zones.get(region).map(|zones| zones.iter().map(String::as_str).collect());
        }
        self.objects.get(region)?.get(kind).map(|known| known.keys().map(String::as_str).collect())
    }

    /// Whether the region has an object of that parameter type and name; `None` if nobody asked.
    pub(super) fn holds(&self, region: &str, kind: &str, name: &str) -> Option<bool> {
        if kind == ZONE {
            return self.zones.get(region).map(|zones| zones.iter().any(|zone| zone == name));
        }
        self.objects.get(region)?.get(kind).map(|known| known.contains_key(name))
    }

    /// `AWS::URLSuffix`.
    pub(super) fn url_suffix(&self) -> &'static str {
        if self.partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
    }
}
