//! Settings and table mappings of DMS tasks.

use super::{Field, Findings, Unknown, Want, field, fits, needed, text_of};
use crate::model::item::{Item, Kind};

const COUNT: Want = Want::Whole(0, i64::MAX);
const DATA_ERROR: Want = Want::OneOf(&["IGNORE_RECORD", "LOG_ERROR", "SUSPEND_TABLE", "STOP_TASK"]);
const ESCALATION: Want = Want::OneOf(&["LOG_ERROR", "SUSPEND_TABLE", "STOP_TASK"]);

const APPLY: Want = Want::OneOf(&[
    "IGNORE_RECORD",
    "LOG_ERROR",
    "SUSPEND_TABLE",
    "STOP_TASK",
    "INSERT_RECORD",
    "UPDATE_RECORD",
]);

static SETTINGS: &[Field] = &[
    field("TargetMetadata", Want::Object(TARGET_METADATA)),
    field("FullLoadSettings", Want::Object(FULL_LOAD)),
    field("Logging", Want::Object(LOGGING)),
    field("ControlTablesSettings", Want::Object(CONTROL_TABLES)),
    field("StreamBufferSettings", Want::Object(STREAM_BUFFER)),
    field("ChangeProcessingTuning", Want::Object(TUNING)),
    field("ChangeProcessingDdlHandlingPolicy", Want::Object(DDL)),
    field("ErrorBehavior", Want::Object(ERRORS)),
    field("ValidationSettings", Want::Object(VALIDATION)),
    field("ResyncSettings", Want::Any),
    field("PostProcessingRules", Want::Any),
    field("CharacterSetSettings", Want::Any),
    field("LoopbackPreventionSettings", Want::Object(LOOPBACK)),
    field("BeforeImageSettings", Want::Object(BEFORE_IMAGE)),
    field("FailTaskWhenCleanTaskResourceFailed", Want::Truth),
    field("TTSettings", Want::Any),
];

static TARGET_METADATA: &[Field] = &[
    field("TargetSchema", Want::Text),
    field("SupportLobs", Want::Truth),
    field("FullLobMode", Want::Truth),
    field("LobChunkSize", COUNT),
    field("LimitedSizeLobMode", Want::Truth),
    field("LobMaxSize", COUNT),
    field("InlineLobMaxSize", COUNT),
    field("LoadMaxFileSize", COUNT),
    field("ParallelLoadThreads", COUNT),
    field("ParallelLoadBufferSize", COUNT),
    field("ParallelLoadQueuesPerThread", COUNT),
    field("ParallelApplyThreads", COUNT),
    field("ParallelApplyBufferSize", COUNT),
    field("ParallelApplyQueuesPerThread", COUNT),
    field("BatchApplyEnabled", Want::Truth),
    field("TaskRecoveryTableEnabled", Want::Truth),
];

static FULL_LOAD: &[Field] = &[
    field("TargetTablePrepMode", Want::OneOf(&["DO_NOTHING", "DROP_AND_CREATE", "TRUNCATE_BEFORE_LOAD"])),
    field("CreatePkAfterFullLoad", Want::Truth),
    field("StopTaskCachedChangesApplied", Want::Truth),
    field("StopTaskCachedChangesNotApplied", Want::Truth),
    field("MaxFullLoadSubTasks", Want::Whole(1, 49)),
    field("TransactionConsistencyTimeout", COUNT),
    field("CommitRate", Want::Whole(1, 50_000)),
];

static LOGGING: &[Field] = &[
    field("EnableLogging", Want::Truth),
    field("EnableLogContext", Want::Truth),
    field("LogComponents", Want::List(&Want::Object(LOG_COMPONENT))),
    field("CloudWatchLogGroup", Want::Text),
    field("CloudWatchLogStream", Want::Text),
];

static LOG_COMPONENT: &[Field] = &[
    needed("Id", Want::Text),
    needed(
        "Severity",
        Want::OneOf(&[
            "LOGGER_SEVERITY_ERROR",
            "LOGGER_SEVERITY_WARNING",
            "LOGGER_SEVERITY_INFO",
            "LOGGER_SEVERITY_DEFAULT",
            "LOGGER_SEVERITY_DEBUG",
            "LOGGER_SEVERITY_DETAILED_DEBUG",
        ]),
    ),
];

static CONTROL_TABLES: &[Field] = &[
    field("ControlSchema", Want::Text),
    field("HistoryTimeslotInMinutes", COUNT),
    field("historyTimeslotInMinutes", COUNT),
    field("HistoryTableEnabled", Want::Truth),
    field("SuspendedTablesTableEnabled", Want::Truth),
    field("StatusTableEnabled", Want::Truth),
    field("FullLoadExceptionTableEnabled", Want::Truth),
    field("CommitPositionTableEnabled", Want::Truth),
];

static STREAM_BUFFER: &[Field] = &[
    field("StreamBufferCount", COUNT),
    field("StreamBufferSizeInMB", COUNT),
    field("CtrlStreamBufferSizeInMB", COUNT),
];

static TUNING: &[Field] = &[
    field("BatchApplyPreserveTransaction", Want::Truth),
    field("BatchApplyTimeoutMin", COUNT),
    field("BatchApplyTimeoutMax", COUNT),
    field("BatchApplyMemoryLimit", COUNT),
    field("BatchSplitSize", COUNT),
    field("MinTransactionSize", COUNT),
    field("CommitTimeout", COUNT),
    field("MemoryLimitTotal", COUNT),
    field("MemoryKeepTime", COUNT),
    field("StatementCacheSize", COUNT),
    field("RecoveryTimeout", Want::Whole(-1, i64::MAX)),
];

static DDL: &[Field] = &[
    field("HandleSourceTableDropped", Want::Truth),
    field("HandleSourceTableTruncated", Want::Truth),
    field("HandleSourceTableAltered", Want::Truth),
];

static ERRORS: &[Field] = &[
    field("DataErrorPolicy", DATA_ERROR),
    field("EventErrorPolicy", Want::OneOf(&["IGNORE", "STOP_TASK"])),
    field("DataTruncationErrorPolicy", DATA_ERROR),
    field("DataMaskingErrorPolicy", DATA_ERROR),
    field("DataErrorEscalationPolicy", ESCALATION),
    field("DataErrorEscalationCount", COUNT),
    field("TableErrorPolicy", Want::OneOf(&["SUSPEND_TABLE", "STOP_TASK"])),
    field("TableErrorEscalationPolicy", Want::OneOf(&["STOP_TASK"])),
    field("TableErrorEscalationCount", COUNT),
    field("RecoverableErrorCount", Want::Whole(-1, i64::MAX)),
    field("RecoverableErrorInterval", COUNT),
    field("RecoverableErrorThrottling", Want::Truth),
    field("RecoverableErrorThrottlingMax", COUNT),
    field("RecoverableErrorStopRetryAfterThrottlingMax", Want::Truth),
    field("ApplyErrorDeletePolicy", DATA_ERROR),
    field("ApplyErrorInsertPolicy", APPLY),
    field("ApplyErrorUpdatePolicy", APPLY),
    field("ApplyErrorEscalationPolicy", ESCALATION),
    field("ApplyErrorEscalationCount", COUNT),
    field("ApplyErrorFailOnTruncationDdl", Want::Truth),
    field("FullLoadIgnoreConflicts", Want::Truth),
    field("FailOnTransactionConsistencyBreached", Want::Truth),
    field("FailOnNoTablesCaptured", Want::Truth),
];

static VALIDATION: &[Field] = &[
    field("EnableValidation", Want::Truth),
    field("ValidationMode", Want::OneOf(&["ROW_LEVEL", "GROUP_LEVEL"])),
    field("ValidationOnly", Want::Truth),
    field("ThreadCount", Want::Whole(1, i64::MAX)),
    field("FailureMaxCount", COUNT),
    field("TableFailureMaxCount", COUNT),
    field("HandleCollationDiff", Want::Truth),
    field("MaxKeyColumnSize", COUNT),
    field("PartitionSize", COUNT),
    field("RecordFailureDelayInMinutes", COUNT),
    field("RecordFailureDelayLimitInMinutes", COUNT),
    field("RecordSuspendDelayInMinutes", COUNT),
    field("SkipLobColumns", Want::Truth),
    field("ValidationPartialLobSize", COUNT),
    field("ValidationQueryCdcDelaySeconds", COUNT),
];

static LOOPBACK: &[Field] = &[
    field("EnableLoopbackPrevention", Want::Truth),
    field("SourceSchema", Want::Text),
    field("TargetSchema", Want::Text),
];

static BEFORE_IMAGE: &[Field] = &[
    field("EnableBeforeImage", Want::Truth),
    field("FieldName", Want::Text),
    field("ColumnFilter", Want::OneOf(&["pk-only", "non-lob", "all"])),
];

/// Checks task settings.
pub(super) fn settings(document: &Item, found: &mut Findings) {
    fits(document, &Want::Object(SETTINGS), "the task settings", Unknown::Ignored, found);
}

const TYPES: &[&str] = &["selection", "transformation", "table-settings", "object-mapping", "validation"];
const SELECTION: &[&str] = &["include", "exclude", "explicit"];
const TRANSFORMATION: &[&str] = &[
    "add-before-image-columns",
    "add-column",
    "add-prefix",
    "add-suffix",
    "change-data-type",
    "convert-lowercase",
    "convert-uppercase",
    "data-masking-digits-mask",
    "data-masking-digits-randomize",
    "data-masking-hash-mask",
    "define-primary-key",
    "include-column",
    "remove-column",
    "remove-prefix",
    "remove-suffix",
    "rename",
    "replace-prefix",
    "replace-suffix",
];

/// Members a rule of any type may have.
const RULE: &[&str] = &[
    "rule-type",
    "rule-id",
    "rule-name",
    "rule-action",
    "rule-target",
    "object-locator",
    "filters",
    "value",
    "old-value",
    "data-type",
    "expression",
    "primary-key-def",
    "before-image-def",
    "load-order",
    "parallel-load",
    "lob-settings",
    "mapping-parameters",
    "target-table-name",
    "rule-function",
    "override-validation-function",
    "source-function",
    "target-function",
];

static MAPPINGS: &[Field] = &[needed("rules", Want::List(&Want::Any))];

/// Checks table mappings.
pub(super) fn mappings(document: &Item, found: &mut Findings) {
    // DMS still takes a form that it no longer documents.
    if document.get("TableMappings").is_some() {
        return;
    }
    fits(document, &Want::Object(MAPPINGS), "the table mappings", Unknown::Ignored, found);
    let Some(Kind::List(rules)) = document.get("rules").map(|member| &member.value.kind) else { return };
    for (at, item) in rules.iter().enumerate() {
        match &item.kind {
            Kind::Map(_) => rule(item, found),
            Kind::Deferred(_) => {}
            _ => {
                found.error(
                    "M2103",
                    &item.span,
                    format!("a rule must be an object, not {}", item.describe()),
                );
            }
        }
        for key in ["rule-id", "rule-name"] {
            let Some((text, span)) = text_of(item, key) else { continue };
            let first = rules[..at].iter().find_map(|other| text_of(other, key).filter(|(t, _)| *t == text));
            if let Some((_, first)) = first {
                let label = (first.clone(), "first here".to_owned());
                found.error("M2107", span, format!("two rules have the {key} `{text}`")).labels.push(label);
            }
        }
    }
    let selects = rules.iter().any(|rule| {
        text_of(rule, "rule-type").is_none_or(|(text, _)| text == "selection" || !TYPES.contains(&text))
            && text_of(rule, "rule-action").is_none_or(|(text, _)| text != "exclude")
    });
    if !selects {
        let span = document.get("rules").map_or(&document.span, |member| &member.key_span);
        found.error("M2102", span, "no rule includes a table: there is nothing to replicate");
    }
}

fn rule(item: &Item, found: &mut Findings) {
    let Kind::Map(members) = &item.kind else { return };
    for member in members.iter().filter(|member| !RULE.contains(&member.key.as_str())) {
        super::unknown(member, "a rule", RULE.iter().copied(), Unknown::Ignored, found);
    }
    let mut needs = vec!["rule-type", "rule-id", "rule-name"];
    let kind = item.get("rule-type");
    if let Some(member) = kind {
        fits(&member.value, &Want::OneOf(TYPES), "rule-type", Unknown::Ignored, found);
    }
    let kind = text_of(item, "rule-type").map(|(text, _)| text);
    match kind {
        Some("selection") => {
            needs.extend(["rule-action", "object-locator"]);
            if let Some(member) = item.get("rule-action") {
                fits(&member.value, &Want::OneOf(SELECTION), "rule-action", Unknown::Ignored, found);
            }
            if let Some(member) = item.get("object-locator") {
                for name in ["schema-name", "table-name"] {
                    if member.value.get(name).is_none() && matches!(member.value.kind, Kind::Map(_)) {
                        found.error(
                            "M2102",
                            &member.value.span,
                            format!("the object-locator has no `{name}`"),
                        );
                    }
                }
            }
        }
        Some("transformation") => {
            needs.extend(["rule-action", "rule-target", "object-locator"]);
            if let Some(member) = item.get("rule-action") {
                fits(&member.value, &Want::OneOf(TRANSFORMATION), "rule-action", Unknown::Ignored, found);
            }
        }
        Some("table-settings") => needs.push("object-locator"),
        _ => {}
    }
    for name in needs.into_iter().filter(|name| item.get(name).is_none()) {
        found.error("M2102", &item.span, format!("the rule has no `{name}`"));
    }
}
