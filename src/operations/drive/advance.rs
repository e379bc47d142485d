//! Where a migration stands by itself: the phases before the fence follow from what is seen.

use serde_json::Value as Json;

use super::driver::{Driver, Failure};
use crate::{
    ledger::{Facts, Phase},
    operations::{
        calls,
        gates::{Verdict, judge},
        measure::Wanted,
        phase::{Seen, stands},
    },
};

/// The phases up to the cutover, in order.
const WAY: [Phase; 5] = [Phase::Deployed, Phase::Tested, Phase::Loading, Phase::Following, Phase::Synced];

impl Driver<'_> {
    /// All connections of all tasks: instance and endpoint, each pair once.
    #[must_use]
    pub fn connections(&self) -> Vec<(&crate::model::Address, crate::ledger::Subject)> {
        let mut all = Vec::new();
        // A serverless replication tests its connections itself when it starts.
        let tasks = self.resolved.forward.iter().chain(&self.resolved.reverse);
        for task in tasks.filter(|task| task.kind.is_task()) {
            for endpoint in [&task.from, &task.to] {
                let subject = calls::connection(&task.region, &task.instance, endpoint);
                if all.iter().all(|(_, known)| *known != subject) {
                    all.push((&task.address, subject));
                }
            }
        }
        all
    }

    /// What a connection is called: the task that needs it, and which of its ends.
    fn called(&self, subject: &crate::ledger::Subject) -> String {
        let tasks = self.resolved.forward.iter().chain(&self.resolved.reverse);
        let end = |task: &&crate::operations::discover::Task| {
            *subject == calls::connection(&task.region, &task.instance, &task.from)
        };
        let mut all = tasks.clone();
        match all.find(|task| end(task)) {
            Some(task) => format!("{} to its source", task.address),
            None => {
                let is_end = |task: &&crate::operations::discover::Task| {
                    *subject == calls::connection(&task.region, &task.instance, &task.to)
                };
                let mut all = tasks;
                all.find(|task| is_end(task))
                    .map_or_else(|| subject.to_string(), |task| format!("{} to its target", task.address))
            }
        }
    }

    /// Connections whose last test was not successful, each with its state.
    ///
    /// # Errors
    /// When AWS does not answer.
    pub async fn untested(&self) -> Result<Vec<String>, Failure> {
        let mut wrong = Vec::new();
        for (_, subject) in self.connections() {
            let facts = self.operator.reader.facts(std::slice::from_ref(&subject)).await?;
            let status = facts.get(&subject, "Status").and_then(Json::as_str).unwrap_or("never tested");
            if status != "successful" {
                let message =
                    facts.get(&subject, "LastFailureMessage").and_then(Json::as_str).unwrap_or_default();
                wrong.push(format!("{}: {status} {message}", self.called(&subject)).trim_end().to_owned());
            }
        }
        Ok(wrong)
    }

    /// Records the phase that follows from what is seen, as far as nobody has to do anything for it.
    ///
    /// # Errors
    /// When AWS does not answer or the ledger cannot be written.
    pub async fn advance(&self, facts: &Facts) -> Result<Phase, Failure> {
        let phase = self.known().phase();
        let started = self.resolved.forward.iter().all(|task| calls::started(task, facts));
        let following = started && {
            let wanted = Wanted::forward(self.resolved, &["full-load"]);
            let samples = self.samples(wanted).await?;
            judge("full-load", &samples, &self.resolved.declared.limits).verdict == Verdict::Open
        };
        let connected = started || self.untested().await?.is_empty();
        let seen = Seen { connected, started, following, ..Seen::default() };
        let to = stands(phase, &seen);
        let place = |phase: Phase| WAY.iter().position(|one| *one == phase);
        match (place(phase), place(to)) {
            (Some(from), Some(end)) if from < end => {
                for at in from..end {
                    self.record(WAY[at], WAY[at + 1], "observed")?;
                }
            }
            _ if to != phase => self.record(phase, to, "observed")?,
            _ => {}
        }
        Ok(to)
    }
}
