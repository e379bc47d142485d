//! How far a migration is.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How far a migration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Phase {
    /// The resources are ready.
    Deployed,
    /// Every connection was tested.
    Tested,
    /// The full load runs.
    Loading,
    /// Changes are being replicated.
    Following,
    /// All gates of the cutover are open; computed, never sticky.
    Synced,
    /// So many percent of the traffic go to the target.
    Shifting(u8),
    /// Nothing writes to the source.
    Fenced,
    /// Everything committed at the source is on the target.
    Drained,
    /// Names lead to the target, which is still shut.
    Switched,
    /// The target takes writes.
    Live,
    /// The target is fenced, its changes are on the way home.
    RollingBack,
    /// The source serves again.
    RolledBack,
    /// Replication has ended for good.
    Finalized,
}

impl Phase {
    /// Whether an operator has taken over properties that `up` would otherwise set.
    #[must_use]
    pub fn operates(self) -> bool {
        !matches!(self, Self::Deployed | Self::Tested)
    }

    /// Whether `up` of operated resources and `destroy` are refused.
    #[must_use]
    pub fn protects(self) -> bool {
        matches!(self, Self::Fenced | Self::Drained | Self::Switched | Self::Live | Self::RollingBack)
    }

    /// Whether the source is shut and the target not yet open.
    #[must_use]
    pub fn in_window(self) -> bool {
        matches!(self, Self::Fenced | Self::Drained | Self::Switched | Self::RollingBack)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::Deployed => "deployed",
            Self::Tested => "tested",
            Self::Loading => "loading",
            Self::Following => "following",
            Self::Synced => "synced",
            Self::Shifting(percent) => return f.pad(&format!("shifting({percent})")),
            Self::Fenced => "fenced",
            Self::Drained => "drained",
            Self::Switched => "switched",
            Self::Live => "live",
            Self::RollingBack => "rolling-back",
            Self::RolledBack => "rolled-back",
            Self::Finalized => "finalized",
        };
        f.pad(name)
    }
}

impl FromStr for Phase {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text {
            "deployed" => Self::Deployed,
            "tested" => Self::Tested,
            "loading" => Self::Loading,
            "following" => Self::Following,
            "synced" => Self::Synced,
            "fenced" => Self::Fenced,
            "drained" => Self::Drained,
            "switched" => Self::Switched,
            "live" => Self::Live,
            "rolling-back" => Self::RollingBack,
            "rolled-back" => Self::RolledBack,
            "finalized" => Self::Finalized,
            other => {
                let percent = other.strip_prefix("shifting(").and_then(|rest| rest.strip_suffix(')'));
                let percent = percent.and_then(|text| text.parse().ok()).filter(|n| *n <= 100);
                Self::Shifting(percent.ok_or_else(|| format!("`{other}` is no phase"))?)
            }
        })
    }
}

impl TryFrom<String> for Phase {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Phase> for String {
    fn from(phase: Phase) -> Self {
        phase.to_string()
    }
}
