//! Reads what replicates, in one form: replication tasks, serverless replications and homogeneous data migrations. Their ARNs
//! tell them apart.

use std::time::Duration;

use aws_sdk_databasemigration::types as dms;
use aws_smithy_types::DateTime;
use serde_json::{Value as Json, json};

use super::read::{Reader, filter};
use crate::aws::{OpError, Provision, Replicator, data_migration_state, is_starting, op};

/// A replication, as DMS describes it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Replication {
    /// Its name.
    pub name: String,
    /// `running`, ...
    pub status: String,
    /// Why it stopped.
    pub stop_reason: Option<String>,
    /// What went wrong.
    pub failure: Option<String>,
    /// Where it stopped.
    pub checkpoint: Option<String>,
    /// When it was started last, in milliseconds since the epoch.
    pub started: Option<i64>,
    /// When it was started for the first time or anew.
    pub fresh: Option<i64>,
    /// When the full load was complete.
    pub finished: Option<i64>,
    /// Percent of the full load.
    pub percent: Option<i64>,
    /// Tables with errors.
    pub errored: Option<i64>,
    /// Tables that load.
    pub loading: Option<i64>,
    /// Tables that wait.
    pub queued: Option<i64>,
    /// Tables that are loaded; only of data migrations, of which DMS tells no tables by name.
    pub loaded: Option<i64>,
    /// How far it is behind, in seconds; only of data migrations.
    pub latency_s: Option<i64>,
    /// Public addresses from which DMS connects, which a firewall must let in; only of data migrations.
    pub addresses: Vec<String>,
    /// When it was created.
    pub created: Option<i64>,
    /// When its state changed last; only of serverless replications.
    pub since: Option<i64>,
    /// Its capacity; only of serverless replications.
    pub provision: Option<Provision>,
    /// Its settings, where they were asked for.
    pub settings: Json,
}

fn date(at: Option<&DateTime>) -> Option<i64> {
    at.and_then(|at| at.to_millis().ok())
}

fn count(number: Option<i32>) -> Option<i64> {
    number.map(i64::from)
}

fn of_task(task: &dms::ReplicationTask) -> Replication {
    let stats = task.replication_task_stats.as_ref();
    Replication {
        name: task.replication_task_identifier.clone().unwrap_or_default(),
        status: task.status.clone().unwrap_or_default(),
        stop_reason: task.stop_reason.clone(),
        failure: task.last_failure_message.clone(),
        checkpoint: task.recovery_checkpoint.clone(),
        started: date(stats.and_then(|stats| stats.start_date.as_ref())),
        fresh: date(stats.and_then(|stats| stats.fresh_start_date.as_ref())),
        finished: date(stats.and_then(|stats| stats.full_load_finish_date.as_ref())),
        percent: count(stats.map(|stats| stats.full_load_progress_percent)),
        errored: count(stats.map(|stats| stats.tables_errored)),
        loading: count(stats.map(|stats| stats.tables_loading)),
        queued: count(stats.map(|stats| stats.tables_queued)),
        created: date(task.replication_task_creation_date.as_ref()),
        settings: parsed(task.replication_task_settings.as_deref()),
        ..Replication::default()
    }
}

fn of_data(live: &dms::DataMigration) -> Replication {
    let stats = live.data_migration_statistics.as_ref();
    let status = data_migration_state(live.data_migration_status().unwrap_or_default());
    let (percent, loading, queued) = (
        stats.map(|stats| i64::from(stats.full_load_percentage)),
        stats.map(|stats| i64::from(stats.tables_loading)),
        stats.map(|stats| i64::from(stats.tables_queued)),
    );
    let done = percent == Some(100) && loading == Some(0) && queued == Some(0);
    let started = date(live.data_migration_start_time.as_ref());
    Replication {
        name: live.data_migration_name.clone().unwrap_or_default(),
        stop_reason: live.stop_reason.clone(),
        failure: live.last_failure_message.clone(),
        started: started.filter(|_| !is_starting(&status)),
        // DMS dates neither the first start nor the end of the load.
        finished: started.filter(|_| done),
        percent,
        errored: stats.map(|stats| i64::from(stats.tables_errored)),
        loading,
        queued,
        loaded: stats.map(|stats| i64::from(stats.tables_loaded)),
        latency_s: stats.map(|stats| i64::from(stats.cdc_latency)),
        addresses: live.public_ip_addresses().to_vec(),
        created: date(live.data_migration_create_time.as_ref()),
        status,
        ..Replication::default()
    }
}

fn of_serverless(live: &dms::Replication) -> Replication {
    let stats = live.replication_stats.as_ref();
    let status = live.status.clone().unwrap_or_default();
    // While it starts, the dates are still those of an earlier run: they say nothing of this one.
    let under_way = is_starting(&status);
    let resumes = live.start_replication_type.as_deref() == Some("resume-processing");
    let failures = live.failure_messages();
    Replication {
        name: live.replication_config_identifier.clone().unwrap_or_default(),
        stop_reason: live.stop_reason.clone(),
        failure: (!failures.is_empty()).then(|| failures.join("; ")),
        checkpoint: live.recovery_checkpoint.clone(),
        started: date(stats.and_then(|stats| stats.start_date.as_ref())).filter(|_| !under_way),
        fresh: date(stats.and_then(|stats| stats.fresh_start_date.as_ref()))
            .filter(|_| !under_way || resumes),
        finished: date(stats.and_then(|stats| stats.full_load_finish_date.as_ref())),
        percent: count(stats.map(|stats| stats.full_load_progress_percent)),
        errored: count(stats.map(|stats| stats.tables_errored)),
        loading: count(stats.map(|stats| stats.tables_loading)),
        queued: count(stats.map(|stats| stats.tables_queued)),
        created: date(live.replication_create_time.as_ref()),
        since: date(live.replication_update_time.as_ref()),
        provision: live.provision_data.as_ref().map(Provision::from),
        status,
        ..Replication::default()
    }
}

fn parsed(text: Option<&str>) -> Json {
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// A table, as DMS counts it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counted {
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub table: String,
    /// `Table completed`, ...
    pub state: String,
    /// When its load began, in milliseconds since the epoch.
    pub load_started: Option<i64>,
    /// `Validated`, ...
    pub validation: String,
    /// Rows whose validation waits, that differ, and that could not be compared.
    pub compared: [i64; 3],
    /// Captured inserts, updates and deletes.
    pub captured: i64,
    /// Applied inserts, updates and deletes.
    pub applied: i64,
    /// Captured DDL.
    pub ddls: i64,
    /// Applied DDL.
    pub applied_ddls: i64,
}

/// The statistics of both kinds have the same members in two types.
macro_rules! counted {
    ($row:expr) => {{
        let row = $row;
        Counted {
            schema: row.schema_name.clone().unwrap_or_default(),
            table: row.table_name.clone().unwrap_or_default(),
            state: row.table_state.clone().unwrap_or_default(),
            load_started: date(row.full_load_start_time.as_ref()),
            validation: row.validation_state.clone().unwrap_or_default(),
            compared: [
                row.validation_pending_records,
                row.validation_failed_records,
                row.validation_suspended_records,
            ],
            captured: row.inserts + row.updates + row.deletes,
            applied: row.applied_inserts.unwrap_or_default()
                + row.applied_updates.unwrap_or_default()
                + row.applied_deletes.unwrap_or_default(),
            ddls: row.ddls,
            applied_ddls: row.applied_ddls.unwrap_or_default(),
        }
    }};
}

const ABSENT: &[&str] = &["ResourceNotFoundFault"];

impl Reader<'_> {
    /// A task or a serverless replication; `None` if it is gone.
    ///
    /// # Errors
    /// When AWS does not answer.
    pub async fn replication(
        &self,
        region: &str,
        arn: &str,
        settings: bool,
    ) -> Result<Option<Replication>, OpError> {
        let sdk = self.sdk(region);
        if Replicator::of(arn) == Replicator::Task {
            let by = filter("replication-task-arn", &[arn])?;
            let ask = async || {
                let call = sdk.dms().describe_replication_tasks().filters(by.clone());
                match call.without_settings(!settings).send().await.map_err(op("DescribeReplicationTasks")) {
                    Err(error) if error.is(ABSENT) => Ok(None),
                    answer => Ok(answer?.replication_tasks().first().map(of_task)),
                }
            };
            return self.ask("dms", ask).await;
        }
        if Replicator::of(arn) == Replicator::Data {
            let by = filter("data-migration-identifier", &[arn])?;
            let ask = async || {
                let call = sdk.dms().describe_data_migrations().filters(by.clone());
                match call.send().await.map_err(op("DescribeDataMigrations")) {
                    Err(error) if error.is(ABSENT) => Ok(None),
                    answer => Ok(answer?.data_migrations().first().map(of_data)),
                }
            };
            return self.ask("dms", ask).await;
        }
        let by = filter("replication-config-arn", &[arn])?;
        let ask = async || {
            let call = sdk.dms().describe_replications().filters(by.clone());
            match call.send().await.map_err(op("DescribeReplications")) {
                Err(error) if error.is(ABSENT) => Ok(None),
                answer => Ok(answer?.replications().first().map(of_serverless)),
            }
        };
        let Some(mut found) = self.ask("dms", ask).await? else { return Ok(None) };
        if settings {
            let ask = async || {
                let call = sdk.dms().describe_replication_configs().filters(by.clone());
                match call.send().await.map_err(op("DescribeReplicationConfigs")) {
                    Err(error) if error.is(ABSENT) => Ok(Json::Null),
                    answer => Ok(parsed(
                        answer?.replication_configs().first().and_then(|live| live.replication_settings()),
                    )),
                }
            };
            found.settings = self.ask("dms", ask).await?;
        }
        Ok(Some(found))
    }

    /// The statistics of tables; of one, or of all.
    ///
    /// # Errors
    /// When AWS does not answer.
    pub async fn counted(
        &self,
        region: &str,
        arn: &str,
        one: Option<(&str, &str)>,
    ) -> Result<Vec<Counted>, OpError> {
        if Replicator::of(arn) == Replicator::Data {
            return Ok(Vec::new());
        }
        let sdk = self.sdk(region);
        let filters = match one {
            Some((schema, table)) => {
                Some(vec![filter("schema-name", &[schema])?, filter("table-name", &[table])?])
            }
            None => None,
        };
        let (mut all, mut marker) = (Vec::new(), None::<String>);
        loop {
            let ask = async || {
                if Replicator::of(arn) == Replicator::Task {
                    let call = sdk.dms().describe_table_statistics().replication_task_arn(arn);
                    let call = call.set_filters(filters.clone()).set_marker(marker.clone());
                    let page = call.send().await.map_err(op("DescribeTableStatistics"))?;
                    let rows: Vec<Counted> =
                        page.table_statistics().iter().map(|row| counted!(row)).collect();
                    return Ok((rows, page.marker));
                }
                let call = sdk.dms().describe_replication_table_statistics().replication_config_arn(arn);
                let call = call.set_filters(filters.clone()).set_marker(marker.clone());
                let page = call.send().await.map_err(op("DescribeReplicationTableStatistics"))?;
                let rows: Vec<Counted> =
                    page.replication_table_statistics().iter().map(|row| counted!(row)).collect();
                Ok((rows, page.marker))
            };
            let (rows, next) = self.ask("dms", ask).await?;
            all.extend(rows);
            marker = next.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(all);
            }
        }
    }

    /// What replicates, as facts.
    pub(super) async fn task(&self, region: &str, arn: &str) -> Result<Vec<(&'static str, Json)>, OpError> {
        let Some(found) = self.replication(region, arn, false).await? else {
            return Ok(vec![("Status", json!("gone"))]);
        };
        let mut facts = vec![
            ("Status", json!(found.status)),
            ("StopReason", json!(found.stop_reason)),
            ("LastFailureMessage", json!(found.failure)),
            ("RecoveryCheckpoint", json!(found.checkpoint)),
            ("StartDate", json!(found.started)),
            ("FreshStartDate", json!(found.fresh)),
            ("FullLoadFinishDate", json!(found.finished)),
            ("FullLoadProgressPercent", json!(found.percent)),
            ("TablesErrored", json!(found.errored)),
            ("TablesLoading", json!(found.loading)),
            ("TablesQueued", json!(found.queued)),
        ];
        if let Some(provision) = &found.provision {
            facts.push(("Provision", json!(provision)));
        }
        if let Some(latency) = found.latency_s {
            facts.push(("LatencySeconds", json!(latency)));
        }
        if !found.addresses.is_empty() {
            facts.push(("PublicIpAddresses", json!(found.addresses)));
        }
        if found.since.is_some() {
            facts.push(("StateSince", json!(found.since)));
        }
        Ok(facts)
    }

    /// A table of a task or of a serverless replication, as facts.
    pub(super) async fn table(
        &self,
        region: &str,
        arn: &str,
        schema: &str,
        table: &str,
    ) -> Result<Vec<(&'static str, Json)>, OpError> {
        let rows = self.counted(region, arn, Some((schema, table))).await?;
        let row = rows.first();
        Ok(vec![
            ("TableState", json!(row.map(|row| &row.state).filter(|text| !text.is_empty()))),
            ("FullLoadStartTime", json!(row.and_then(|row| row.load_started))),
            ("ValidationState", json!(row.map(|row| &row.validation).filter(|text| !text.is_empty()))),
        ])
    }
}

/// A length of time in a few words: `12 min`.
#[must_use]
pub fn lasted(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds / 60) }
}
