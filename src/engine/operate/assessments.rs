//! Reads assessment runs of tasks.

use serde_json::{Value as Json, json};

use super::read::{Reader, filter};
use crate::aws::{OpError, op};

/// An assessment run as DMS describes it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Assessment {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// `starting`, `provisioning`, `running`, `passed`, `warning`, `failed`, ...
    pub status: String,
    /// Its last failure.
    pub failure: Option<String>,
    /// When it was created, in milliseconds since the epoch.
    pub created: Option<i64>,
    /// Whether it is the task's latest.
    pub latest: bool,
}

impl Reader<'_> {
    /// All assessment runs of a task.
    ///
    /// # Errors
    /// When AWS does not answer.
    pub async fn assessments(&self, region: &str, task: &str) -> Result<Vec<Assessment>, OpError> {
        let sdk = self.sdk(region);
        let by = filter("replication-task-arn", &[task])?;
        let (mut all, mut marker) = (Vec::new(), None::<String>);
        loop {
            let ask = async || {
                let call = sdk.dms().describe_replication_task_assessment_runs().filters(by.clone());
                let sent = call.set_marker(marker.clone()).send().await;
                match sent.map_err(op("DescribeReplicationTaskAssessmentRuns")) {
                    Err(error) if error.is(&["ResourceNotFoundFault"]) => Ok(None),
                    answer => Ok(Some(answer?)),
                }
            };
            let Some(page) = self.ask("dms", ask).await? else { return Ok(all) };
            for run in page.replication_task_assessment_runs.unwrap_or_default() {
                let created = run.replication_task_assessment_run_creation_date;
                all.push(Assessment {
                    arn: run.replication_task_assessment_run_arn.unwrap_or_default(),
                    name: run.assessment_run_name.unwrap_or_default(),
                    status: run.status.unwrap_or_default(),
                    failure: run.last_failure_message,
                    created: created.and_then(|at| at.to_millis().ok()),
                    latest: run.is_latest_task_assessment_run,
                });
            }
            marker = page.marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(all);
            }
        }
    }

    /// Individual assessments of a run that did not pass, each with its state.
    ///
    /// # Errors
    /// When AWS does not answer.
    pub async fn not_passed(&self, region: &str, run: &str) -> Result<Vec<String>, OpError> {
        let sdk = self.sdk(region);
        let by = filter("replication-task-assessment-run-arn", &[run])?;
        let (mut all, mut marker) = (Vec::new(), None::<String>);
        loop {
            let ask = async || {
                let call = sdk.dms().describe_replication_task_individual_assessments().filters(by.clone());
                let sent = call.set_marker(marker.clone()).send().await;
                sent.map_err(op("DescribeReplicationTaskIndividualAssessments"))
            };
            let page = self.ask("dms", ask).await?;
            for one in page.replication_task_individual_assessments.unwrap_or_default() {
                let status = one.status.unwrap_or_default();
                if !matches!(status.as_str(), "passed" | "skipped" | "pending" | "running") {
                    all.push(format!("{} {status}", one.individual_assessment_name.unwrap_or_default()));
                }
            }
            marker = page.marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(all);
            }
        }
    }

    /// One run, as facts.
    pub(super) async fn assessment(
        &self,
        region: &str,
        task: &str,
        name: &str,
    ) -> Result<Vec<(&'static str, Json)>, OpError> {
        let all = self.assessments(region, task).await?;
        let found = all.into_iter().find(|run| run.name == name);
        Ok(vec![
            ("exists", json!(found.is_some())),
            ("Status", json!(found.as_ref().map(|run| run.status.clone()))),
            ("CreationDate", json!(found.and_then(|run| run.created))),
        ])
    }
}
