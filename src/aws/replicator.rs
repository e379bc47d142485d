//! What copies data and follows changes: replication tasks, serverless replications and homogeneous data migrations. Their ARNs
//! tell them apart.

use aws_sdk_databasemigration::types::ProvisionData;
use serde::{Deserialize, Serialize};

/// What copies and follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Replicator {
    /// A task on a replication instance.
    #[default]
    Task,
    /// A serverless replication.
    Serverless,
    /// A homogeneous data migration.
    Data,
}

impl Replicator {
    /// That of an ARN.
    #[must_use]
    pub fn of(arn: &str) -> Self {
        match arn.split(':').nth(5) {
            Some("replication-config") => Self::Serverless,
            Some("data-migration") => Self::Data,
            _ => Self::Task,
        }
    }

    /// Whether it is a task.
    #[must_use]
    pub fn is_task(&self) -> bool {
        *self == Self::Task
    }

    /// As people say it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Serverless => "serverless replication",
            Self::Data => "data migration",
        }
    }

    /// As people say it where nothing else tells of what it is a task.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Task => "replication task",
            other => other.words(),
        }
    }

    /// How long it may take until a start has it running, in seconds.
    #[must_use]
    pub fn starts_within(self) -> u64 {
        match self {
            Self::Task => 900,
            // The first start takes up to an hour (AWS's DMS workshop).
            Self::Serverless => 5_400,
            Self::Data => 3_600,
        }
    }
}

/// States in which a start is under way, each with how long it usually takes. Tasks: API Reference, ReplicationTask.
/// Serverless replications: user guide, AWS DMS Serverless components; durations: AWS's DMS workshop.
const STARTING: &[(&str, &str)] = &[
    ("starting", "about 1 min"),
    ("initializing", "2 to 5 min"),
    ("preparing_metadata_resources", "15 to 20 min, the first time"),
    ("testing_connection", "2 to 5 min"),
    ("fetching_metadata", "up to 5 min"),
    ("calculating_capacity", "1 to 2 min"),
    ("provisioning_capacity", "15 to 20 min"),
    ("replication_starting", "1 to 2 min"),
];

/// Whether a start is under way in that state.
#[must_use]
pub fn is_starting(status: &str) -> bool {
    STARTING.iter().any(|(state, _)| *state == status)
}

/// How long a state on the way to `running` usually takes.
#[must_use]
pub fn usually(kind: Replicator, status: &str) -> Option<&'static str> {
    if kind == Replicator::Data && status == "starting" {
        // User guide, Managing data migrations.
        return Some("up to 15 min");
    }
    STARTING.iter().find(|(state, _)| *state == status).map(|(_, takes)| *takes)
}

/// A data migration's state in one word, as tasks have it. The API's model lists none; the user guide (Statuses of homogeneous
/// data migrations in AWS DMS) has four for one that runs: "Load running", "Load complete, replication ongoing", "Replication
/// ongoing" and "Reloading target". How the API spells them is not documented, so case and separators do not count.
#[must_use]
pub fn data_migration_state(told: &str) -> String {
    let words: Vec<String> = told
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let words = words.join(" ");
    match words.as_str() {
        "load running" | "load complete replication ongoing" | "replication ongoing" | "reloading target" => {
            "running".to_owned()
        }
        _ => words,
    }
}

/// The capacity of a serverless replication.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Provision {
    /// `provisioned`, ...
    pub state: String,
    /// Capacity units it has.
    pub units: i32,
    /// Since when, in milliseconds since the epoch.
    pub since: Option<i64>,
    /// Whether another capacity is available.
    pub new_available: bool,
    /// Why DMS provisions it.
    pub reason: Option<String>,
}

impl From<&ProvisionData> for Provision {
    fn from(data: &ProvisionData) -> Self {
        Self {
            state: data.provision_state.clone().unwrap_or_default(),
            units: data.provisioned_capacity_units,
            since: data.date_provisioned.as_ref().and_then(|at| at.to_millis().ok()),
            new_available: data.is_new_provisioning_available,
            reason: data.reason_for_new_provisioning_data.clone(),
        }
    }
}

impl Provision {
    /// As people read it.
    #[must_use]
    pub fn words(&self) -> String {
        let mut text = format!("{} DCU {}", self.units, self.state);
        if self.new_available {
            text.push_str(", new provisioning available");
        }
        if let Some(reason) = &self.reason {
            text.push_str(&format!(" ({})", reason.trim_end_matches('.')));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_spelling_one_that_runs_runs() {
        let running = [
            "running",
            "RUNNING",
            "Load running",
            "LOAD_RUNNING",
            "load-complete-replication-ongoing",
            "Load complete, replication ongoing",
            "replication ongoing",
            "Reloading target",
        ];
        for told in running {
            assert_eq!(data_migration_state(told), "running", "{told}");
        }
        for (told, state) in [("Ready", "ready"), ("STOPPED", "stopped"), ("Starting", "starting"), ("", "")]
        {
            assert_eq!(data_migration_state(told), state);
        }
    }
}
