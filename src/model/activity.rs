//! What runs at this moment and would be interrupted.

use serde::{Deserialize, Serialize};

/// What an object, or something that uses it, does at this moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Who does it, in words (`serverless replication orders`).
    pub who: String,
    /// Its state, AWS's own word.
    pub state: String,
    /// Since when, as RFC 3339, where AWS tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// How long that state usually lasts, where it passes by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usually: Option<String>,
    /// The capacity it has, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<String>,
    /// Whether it works, or is to work again: what rests is not interrupted.
    pub busy: bool,
    /// An update that did not end has stopped it and owes it a start.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub owed: bool,
}

impl Activity {
    /// As people read it.
    #[must_use]
    pub fn words(&self) -> String {
        let mut text = format!("{} is {}", self.who, self.state);
        for (before, part) in
            [(" since ", &self.since), (", usually ", &self.usually), (", capacity ", &self.capacity)]
        {
            if let Some(part) = part {
                text.push_str(before);
                text.push_str(part);
            }
        }
        if self.owed {
            text.push_str(", stopped by an update that did not end; it is resumed after the change");
        }
        text
    }
}
