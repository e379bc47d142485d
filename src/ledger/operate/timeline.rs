//! Everything that happened in the course of operations, folded.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{
    call::{Operate, Request},
    facts::{Facts, Noun},
    phase::Phase,
};

/// The note that says whether a cutover is under way.
pub const CUTOVER: &str = "cutover";

/// What that note says once an abort has begun.
pub const ABORTING: &str = "aborting";

/// Something that happened in the course of operations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "did", rename_all = "kebab-case")]
pub enum Happened {
    /// A verb began.
    Began {
        /// The verb.
        verb: String,
        /// Who ran it.
        by: String,
    },
    /// A verb ended.
    Ended {
        /// `complete`, `failed`, ...
        outcome: String,
    },
    /// The phase changed.
    Phase {
        /// From.
        from: Phase,
        /// To.
        to: Phase,
        /// Why.
        why: String,
    },
    /// A gate was measured.
    Measured {
        /// Which.
        gate: String,
        /// `open`, `closed`, `unknown`.
        verdict: String,
        /// SHA-256 of the samples.
        samples_sha256: String,
        /// In words.
        summary: String,
        /// The samples.
        samples: Json,
    },
    /// A gate was passed over.
    Override {
        /// Which.
        gate: String,
        /// Why.
        reason: String,
        /// By whom.
        by: String,
    },
    /// A text was typed, or given on the command line.
    Confirmed {
        /// The text.
        text: String,
        /// By whom.
        by: String,
    },
    /// Somebody else approved a dry run.
    Approved {
        /// Its digest.
        digest: String,
        /// By whom.
        by: String,
    },
    /// A hook ran.
    Hook {
        /// Which.
        name: String,
        /// SHA-256 of its command line.
        argv_sha256: String,
        /// Its exit code; `None` when it was ended.
        exit: Option<i32>,
        /// SHA-256 of its output.
        out_sha256: String,
    },
    /// A call was made.
    Called {
        /// The intent's number.
        op: u64,
        /// What it does.
        name: String,
        /// The request.
        request: Request,
        /// `landed`, `refused`, `found`, `absent`, `unresolved`.
        outcome: String,
        /// AWS's request id.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        /// The change that Route 53 spreads.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        change_id: Option<String>,
    },
    /// Something worth keeping: a checkpoint, a change id.
    Noted {
        /// What it is.
        name: String,
        /// Its value.
        value: Json,
    },
    /// Writes are refused from here on.
    RefusalStarted,
    /// Writes are taken again.
    RefusalEnded {
        /// After so many seconds.
        seconds: u64,
    },
    /// An external change was taken over.
    Reconciled {
        /// Which.
        what: String,
        /// Why.
        reason: String,
        /// By whom.
        by: String,
    },
}

/// Something that happened, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// The journal's sequence number.
    pub seq: u64,
    /// RFC 3339.
    pub at: String,
    /// What.
    #[serde(flatten)]
    pub happened: Happened,
}

/// Everything about the operations of a migration.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Operations {
    /// How far it is; `None` until operations begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// Since when.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub since: String,
    /// The declaration as it was resolved, so that a rollback works without the plan's files.
    #[serde(default, skip_serializing_if = "Json::is_null")]
    pub declared: Json,
    /// Its SHA-256.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// What was last seen of the operated and watched properties, or follows from our own calls.
    #[serde(default)]
    pub facts: Facts,
    /// The same as it was when the cutover began: what an abort restores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Facts>,
    /// What happened, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub timeline: Vec<Moment>,
}

impl Operations {
    /// Whether operations have never begun.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The phase; a migration whose operations have not begun is deployed.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase.unwrap_or(Phase::Deployed)
    }

    /// When writes began to be refused, if they still are.
    #[must_use]
    pub fn refused_since(&self) -> Option<&str> {
        self.timeline.iter().rev().find_map(|moment| match moment.happened {
            Happened::RefusalStarted => Some(Some(moment.at.as_str())),
            Happened::RefusalEnded { .. } => Some(None),
            _ => None,
        })?
    }

    /// The latest value noted under a name.
    #[must_use]
    pub fn noted(&self, wanted: &str) -> Option<&Json> {
        self.timeline.iter().rev().find_map(|moment| match &moment.happened {
            Happened::Noted { name, value } if name == wanted => Some(value),
            _ => None,
        })
    }

    /// Whether something was noted since another thing was last.
    #[must_use]
    pub fn noted_since(&self, wanted: &str, since: &str) -> bool {
        let last = |wanted: &str| {
            self.timeline.iter().rposition(
                |moment| matches!(&moment.happened, Happened::Noted { name, .. } if name == wanted),
            )
        };
        last(wanted).is_some_and(|at| last(since).is_some_and(|since| since < at))
    }

    /// The change id of the latest call of that name; `None` if its answer was lost.
    #[must_use]
    pub fn change(&self, wanted: &str) -> Option<&str> {
        self.timeline.iter().rev().find_map(|moment| match &moment.happened {
            Happened::Called { name, outcome, change_id, .. }
                if name == wanted && matches!(outcome.as_str(), "landed" | "found") =>
            {
                Some(change_id.as_deref())
            }
            _ => None,
        })?
    }

    /// Whether names were moved since the cutover or rollback that is under way began to refuse writes: resolvers may
    /// still have any answer, whatever the weights are.
    #[must_use]
    pub fn names_sent(&self) -> bool {
        let recent = self.timeline.iter().rev().take_while(|moment| match &moment.happened {
            Happened::RefusalStarted => false,
            Happened::Noted { name, value } => name != CUTOVER || *value != true,
            _ => true,
        });
        let sent = |happened: &Happened| match happened {
            Happened::Called { request, outcome, .. } => {
                request.operation == "ChangeResourceRecordSets"
                    && !matches!(outcome.as_str(), "refused" | "absent")
            }
            _ => false,
        };
        recent.into_iter().any(|moment| sent(&moment.happened))
    }

    /// Whether a cutover has begun to open the target, and was not rolled back since.
    #[must_use]
    pub fn opened(&self) -> bool {
        self.noted("opening").is_some_and(|value| value == true)
    }

    /// Whether a cutover has begun and neither gone live nor been undone completely: what it has shut may still be shut.
    #[must_use]
    pub fn interrupted(&self) -> bool {
        let last = self.timeline.iter().rev().find_map(|moment| match &moment.happened {
            Happened::Noted { name, value } if name == CUTOVER => Some(value != false),
            Happened::Phase {
                to: Phase::Live | Phase::RollingBack | Phase::RolledBack | Phase::Finalized | Phase::Loading,
                ..
            } => Some(false),
            _ => None,
        });
        last.unwrap_or_else(|| matches!(self.phase(), Phase::Fenced | Phase::Drained | Phase::Switched))
    }

    /// Whether an abort has begun and not ended: something may be open again that a cutover needs shut, so that only the
    /// abort can be completed.
    #[must_use]
    pub fn aborting(&self) -> bool {
        self.interrupted() && self.noted(CUTOVER).is_some_and(|value| value == ABORTING)
    }

    /// Whether deployments and other verbs leave alone what is operated: from the beginning of a cutover until the
    /// migration is finalized, rolled back, or everything is as it was before.
    #[must_use]
    pub fn protects(&self) -> bool {
        self.phase().protects() || self.interrupted()
    }

    /// The phase that the last cutover began in: an abort returns to it.
    #[must_use]
    pub fn began_in(&self) -> Phase {
        let fenced = self.timeline.iter().rev().find_map(|moment| match &moment.happened {
            Happened::Phase { from, to: Phase::Fenced, .. } => Some(*from),
            _ => None,
        });
        fenced.filter(|phase| matches!(phase, Phase::Shifting(_))).unwrap_or(Phase::Synced)
    }

    /// After a deployment what a plan sets is looked at anew. What operations have set, deployments leave alone.
    pub(in crate::ledger) fn deployed(&mut self) {
        let kept = |noun: Noun| {
            matches!(
                noun,
                Noun::Record | Noun::Listener | Noun::Service | Noun::Scaling | Noun::Fleet | Noun::Task
            )
        };
        let operates = self.phase().operates();
        self.facts.0.retain(|(subject, _), _| operates && kept(subject.noun));
    }

    /// Folds in what happened.
    pub(in crate::ledger) fn note(&mut self, seq: u64, at: &str, happened: Happened) {
        if let Happened::Phase { to, .. } = &happened {
            self.phase = Some(*to);
            self.since = at.to_owned();
        }
        self.timeline.push(Moment { seq, at: at.to_owned(), happened });
    }

    /// Folds in the end of a call.
    pub(in crate::ledger) fn called(
        &mut self,
        seq: u64,
        at: &str,
        op: u64,
        operate: &Operate,
        outcome: &str,
        answer: &std::collections::BTreeMap<String, Json>,
    ) {
        let text = |name: &str| answer.get(name).and_then(Json::as_str).map(ToOwned::to_owned);
        if matches!(outcome, "landed" | "found") {
            self.facts.learn(&operate.expect);
            self.facts.learn(&operate.touches);
        }
        let happened = Happened::Called {
            op,
            name: operate.name.clone(),
            request: operate.request.clone(),
            outcome: outcome.to_owned(),
            request_id: text("RequestId"),
            change_id: text("ChangeId"),
        };
        self.note(seq, at, happened);
    }
}
