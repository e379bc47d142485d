//! The events of replication instances and tasks, as the AWS DMS User Guide lists them: ids, categories and sentences
//! ("AWS DMS event categories and event messages for SNS notifications"). Only those that something in this sandbox brings
//! about: nothing here fills a disk, upgrades an operating system or reads from a source that pauses.
//!
//! The guide lists no event for the end of a full load or the beginning of the changes after it: a task that follows changes
//! stays `running`, one that only loads stops.

/// What an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Instance,
    Task,
}

impl Source {
    /// As `DescribeEvents` and subscriptions name it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Instance => "replication-instance",
            Self::Task => "replication-task",
        }
    }

    /// As EventBridge names it in `detail.type`.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Instance => "REPLICATION_INSTANCE",
            Self::Task => "REPLICATION_TASK",
        }
    }
}

/// The categories of a kind of source (`DescribeEventCategories`).
pub(super) const CATEGORIES: [(Source, &[Category]); 2] = [
    (
        Source::Instance,
        &[
            Category::LowStorage,
            Category::ConfigurationChange,
            Category::Maintenance,
            Category::Deletion,
            Category::Creation,
            Category::Failover,
            Category::Failure,
        ],
    ),
    (
        Source::Task,
        &[
            Category::ConfigurationChange,
            Category::StateChange,
            Category::Deletion,
            Category::Creation,
            Category::Failure,
        ],
    ),
];

/// What kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Category {
    ConfigurationChange,
    Creation,
    Deletion,
    Failover,
    Failure,
    LowStorage,
    Maintenance,
    StateChange,
}

impl Category {
    /// As `DescribeEvents` and subscriptions name it (CreateEventSubscription; `EventCategories: [state change]`).
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::ConfigurationChange => "configuration change",
            Self::Creation => "creation",
            Self::Deletion => "deletion",
            Self::Failover => "failover",
            Self::Failure => "failure",
            Self::LowStorage => "low storage",
            Self::Maintenance => "maintenance",
            Self::StateChange => "state change",
        }
    }

    /// As EventBridge names it in `detail.category`.
    pub(super) fn detail(self) -> &'static str {
        match self {
            Self::ConfigurationChange => "ConfigurationChange",
            Self::Creation => "Creation",
            Self::Deletion => "Deletion",
            Self::Failover => "Failover",
            Self::Failure => "Failure",
            Self::LowStorage => "LowStorage",
            Self::Maintenance => "Maintenance",
            Self::StateChange => "StateChange",
        }
    }
}

/// One event of the guide's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct News {
    /// The number in `DMS-EVENT-0069`.
    pub(super) id: u16,
    pub(super) source: Source,
    pub(super) category: Category,
    /// `detail.eventType` on EventBridge.
    pub(super) kind: &'static str,
    /// Which of EventBridge's `DMS ... State Change` it comes as (Amazon EventBridge Events Reference, AWS DMS).
    pub(super) detail_type: &'static str,
    /// What it says.
    pub(super) message: &'static str,
}

const fn instance(
    id: u16,
    category: Category,
    kind: &'static str,
    detail_type: &'static str,
    message: &'static str,
) -> News {
    News { id, source: Source::Instance, category, kind, detail_type, message }
}

const fn task(id: u16, category: Category, kind: &'static str, message: &'static str) -> News {
    News {
        id,
        source: Source::Task,
        category,
        kind,
        detail_type: "DMS Replication Task State Change",
        message,
    }
}

const STATE: &str = "DMS Replication Instance State Change";
const CLASS: &str = "DMS Replication Instance Class State Change";
const STORAGE: &str = "DMS Replication Instance Storage State Change";
const MULTI_AZ: &str = "DMS Replication Instance Multi-AZ State Change";
const PATCH: &str = "DMS Replication Instance Patch State";
const FAILOVER: &str = "DMS Replication Instance Failover State";

use Category::{ConfigurationChange, Creation, Deletion, Failover, Failure, Maintenance, StateChange};

pub(super) const INSTANCE_CREATING: News =
    instance(67, Creation, "REPLICATION_INSTANCE_CREATING", STATE, "Replication instance is being created");
pub(super) const INSTANCE_CREATED: News =
    instance(5, Creation, "REPLICATION_INSTANCE_CREATED", STATE, "Replication instance created");
pub(super) const INSTANCE_DELETING: News =
    instance(66, Deletion, "REPLICATION_INSTANCE_DELETING", STATE, "Replication instance is being deleted");
pub(super) const INSTANCE_DELETED: News =
    instance(3, Deletion, "REPLICATION_INSTANCE_DELETED", STATE, "Replication instance deleted");
pub(super) const CLASS_CHANGING: News = instance(
    12,
    ConfigurationChange,
    "REPLICATION_INSTANCE_CLASS_CHANGING",
    CLASS,
    "The replication instance class for this replication instance is being changed.",
);
pub(super) const CLASS_CHANGED: News = instance(
    14,
    ConfigurationChange,
    "REPLICATION_INSTANCE_CLASS_CHANGED",
    CLASS,
    "The replication instance class for this replication instance has changed.",
);
pub(super) const STORAGE_INCREASING: News = instance(
    18,
    ConfigurationChange,
    "REPLICATION_INSTANCE_STORAGE_INCREASING",
    STORAGE,
    "The storage for the replication instance is being increased.",
);
pub(super) const STORAGE_INCREASED: News = instance(
    17,
    ConfigurationChange,
    "REPLICATION_INSTANCE_STORAGE_INCREASED",
    STORAGE,
    "The storage for the replication instance has been increased.",
);
pub(super) const TO_MULTI_AZ: News = instance(
    24,
    ConfigurationChange,
    "REPLICATION_INSTANCE_MULTI_AZ_STARTED",
    MULTI_AZ,
    "The replication instance is transitioning to a Multi-AZ configuration.",
);
pub(super) const IS_MULTI_AZ: News = instance(
    25,
    ConfigurationChange,
    "REPLICATION_INSTANCE_MULTI_AZ_FINISHED",
    MULTI_AZ,
    "The replication instance finished transitioning to a Multi-AZ configuration.",
);
pub(super) const TO_SINGLE_AZ: News = instance(
    30,
    ConfigurationChange,
    "REPLICATION_INSTANCE_SINGLE_AZ_STARTED",
    MULTI_AZ,
    "The replication instance is transitioning to a Single-AZ configuration.",
);
pub(super) const IS_SINGLE_AZ: News = instance(
    29,
    ConfigurationChange,
    "REPLICATION_INSTANCE_SINGLE_AZ_FINISHED",
    MULTI_AZ,
    "The replication instance has finished transitioning to a Single-AZ configuration.",
);
pub(super) const MAINTENANCE: News = instance(
    26,
    Maintenance,
    "REPLICATION_INSTANCE_MAINTENANCE_STARTED",
    PATCH,
    "Offline maintenance of the replication instance is taking place. The replication instance is currently unavailable.",
);
pub(super) const MAINTAINED: News = instance(
    27,
    Maintenance,
    "REPLICATION_INSTANCE_MAINTENANCE_FINISHED",
    PATCH,
    "Offline maintenance of the replication instance is complete. The replication instance is now available.",
);
pub(super) const UPDATED: News = instance(
    47,
    Maintenance,
    "REPLICATION_INSTANCE_SOFTWARE_UPDATED",
    PATCH,
    "Management software on the replication instance has been updated.",
);
pub(super) const FAILOVER_STARTED: News = instance(
    13,
    Failover,
    "REPLICATION_INSTANCE_FAILOVER_STARTED",
    FAILOVER,
    "Failover started for a Multi-AZ replication instance.",
);
pub(super) const FAILED_OVER: News = instance(
    49,
    Failover,
    "REPLICATION_INSTANCE_FAILOVER_FINISHED",
    FAILOVER,
    "Failover is complete for a Multi-AZ replication instance.",
);
pub(super) const STORAGE_FAILURE: News = instance(
    31,
    Failure,
    "REPLICATION_INSTANCE_STORAGE_FAILURE",
    STATE,
    "The replication instance has gone into storage failure.",
);
pub(super) const NETWORK_FAILURE: News = instance(
    36,
    Failure,
    "REPLICATION_INSTANCE_INCOMPATIBLE_NETWORK",
    STATE,
    "The replication instance has failed due to an incompatible network.",
);
pub(super) const KEY_FAILURE: News = instance(
    37,
    Failure,
    "REPLICATION_INSTANCE_KEY_INACCESSIBLE",
    STATE,
    "The service can't access the AWS KMS key used to encrypt the data volume.",
);

// Types and sentences of tasks are those of recorded events.
pub(super) const TASK_CREATED: News =
    task(74, Creation, "REPLICATION_TASK_CREATED", "Replication task has been created.");
pub(super) const TASK_STARTED: News =
    task(69, StateChange, "REPLICATION_TASK_STARTED", "Replication task has started.");
pub(super) const TASK_STOPPED: News =
    task(79, StateChange, "REPLICATION_TASK_STOPPED", "Replication task has stopped.");
pub(super) const RELOAD_REQUESTED: News = task(
    81,
    StateChange,
    "REPLICATION_TASK_TABLE_RELOAD_REQUESTED",
    "A reload of table details has been requested.",
);
pub(super) const TASK_FAILED: News =
    task(78, Failure, "REPLICATION_TASK_FAILED", "Replication task has failed.");
pub(super) const TASK_MODIFIED: News =
    task(80, ConfigurationChange, "REPLICATION_TASK_MODIFIED", "Replication task has been modified.");
pub(super) const TASK_DELETED: News =
    task(73, Deletion, "REPLICATION_TASK_DELETED", "Replication task has been deleted.");

/// All of them.
pub(super) const ALL: &[News] = &[
    INSTANCE_CREATING,
    INSTANCE_CREATED,
    INSTANCE_DELETING,
    INSTANCE_DELETED,
    CLASS_CHANGING,
    CLASS_CHANGED,
    STORAGE_INCREASING,
    STORAGE_INCREASED,
    TO_MULTI_AZ,
    IS_MULTI_AZ,
    TO_SINGLE_AZ,
    IS_SINGLE_AZ,
    MAINTENANCE,
    MAINTAINED,
    UPDATED,
    FAILOVER_STARTED,
    FAILED_OVER,
    STORAGE_FAILURE,
    NETWORK_FAILURE,
    KEY_FAILURE,
    TASK_CREATED,
    TASK_STARTED,
    TASK_STOPPED,
    RELOAD_REQUESTED,
    TASK_FAILED,
    TASK_MODIFIED,
    TASK_DELETED,
];

/// What a change of an instance is announced as: while it is made, and once it is.
pub(super) fn changes(member: &str, to: &serde_json::Value) -> &'static [(News, News)] {
    match member {
        "ReplicationInstanceClass" => &[(CLASS_CHANGING, CLASS_CHANGED)],
        "AllocatedStorage" => &[(STORAGE_INCREASING, STORAGE_INCREASED)],
        "MultiAZ" if *to == true => &[(TO_MULTI_AZ, IS_MULTI_AZ)],
        "MultiAZ" => &[(TO_SINGLE_AZ, IS_SINGLE_AZ)],
        "EngineVersion" => &[(MAINTENANCE, MAINTAINED)],
        _ => &[],
    }
}
