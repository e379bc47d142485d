//! Task settings: DMS keeps the whole document, what nobody set filled in.

use serde_json::{Value as Json, json};

use super::store::invalid;
use crate::sandbox::Fault;

/// Everything DMS fills in.
fn defaults() -> Json {
    let log = |id: &str| json!({"Id": id, "Severity": "LOGGER_SEVERITY_DEFAULT"});
    json!({
        "TargetMetadata": {
            "TargetSchema": "", "SupportLobs": true, "FullLobMode": false, "LobChunkSize": 0, "LimitedSizeLobMode": true,
            "LobMaxSize": 32, "InlineLobMaxSize": 0, "LoadMaxFileSize": 0, "ParallelLoadThreads": 0,
            "ParallelLoadBufferSize": 0, "BatchApplyEnabled": false, "TaskRecoveryTableEnabled": false,
            "ParallelApplyThreads": 0, "ParallelApplyBufferSize": 0, "ParallelApplyQueuesPerThread": 0,
            "ParallelLoadQueuesPerThread": 0,
        },
        "FullLoadSettings": {
            "TargetTablePrepMode": "DROP_AND_CREATE", "CreatePkAfterFullLoad": false,
            "StopTaskCachedChangesApplied": false, "StopTaskCachedChangesNotApplied": false, "MaxFullLoadSubTasks": 8,
            "TransactionConsistencyTimeout": 600, "CommitRate": 10_000,
        },
        "Logging": {
            "EnableLogging": false, "EnableLogContext": false,
            "LogComponents": [
                log("TRANSFORMATION"), log("SOURCE_UNLOAD"), log("IO"), log("TARGET_LOAD"), log("PERFORMANCE"),
                log("SOURCE_CAPTURE"), log("SORTER"), log("REST_SERVER"), log("VALIDATOR_EXT"), log("TARGET_APPLY"),
                log("TASK_MANAGER"), log("TABLES_MANAGER"), log("METADATA_MANAGER"), log("FILE_FACTORY"),
                log("COMMON"), log("ADDONS"), log("DATA_STRUCTURE"), log("COMMUNICATION"), log("FILE_TRANSFER"),
            ],
            "CloudWatchLogGroup": null, "CloudWatchLogStream": null,
        },
        "ControlTablesSettings": {
            "historyTimeslotInMinutes": 5, "ControlSchema": "", "HistoryTimeslotInMinutes": 5,
            "HistoryTableEnabled": false, "SuspendedTablesTableEnabled": false, "StatusTableEnabled": false,
            "FullLoadExceptionTableEnabled": false,
        },
        "StreamBufferSettings": {"StreamBufferCount": 3, "StreamBufferSizeInMB": 8, "CtrlStreamBufferSizeInMB": 5},
        "ChangeProcessingDdlHandlingPolicy": {
            "HandleSourceTableDropped": true, "HandleSourceTableTruncated": true, "HandleSourceTableAltered": true,
        },
        "ErrorBehavior": {
            "DataErrorPolicy": "LOG_ERROR", "DataTruncationErrorPolicy": "LOG_ERROR", "DataMaskingErrorPolicy": "STOP_TASK",
            "DataErrorEscalationPolicy": "SUSPEND_TABLE", "DataErrorEscalationCount": 0,
            "EventErrorPolicy": "IGNORE", "FailOnNoTablesCaptured": true, "TableErrorPolicy": "SUSPEND_TABLE",
            "TableErrorEscalationPolicy": "STOP_TASK", "TableErrorEscalationCount": 0,
            "RecoverableErrorCount": -1, "RecoverableErrorInterval": 5, "RecoverableErrorThrottling": true,
            "RecoverableErrorThrottlingMax": 1800, "RecoverableErrorStopRetryAfterThrottlingMax": true,
            "ApplyErrorDeletePolicy": "IGNORE_RECORD", "ApplyErrorInsertPolicy": "LOG_ERROR",
            "ApplyErrorUpdatePolicy": "LOG_ERROR", "ApplyErrorEscalationPolicy": "LOG_ERROR",
            "ApplyErrorEscalationCount": 0, "ApplyErrorFailOnTruncationDdl": false, "FullLoadIgnoreConflicts": true,
            "FailOnTransactionConsistencyBreached": false,
        },
        "ChangeProcessingTuning": {
            "BatchApplyPreserveTransaction": true, "BatchApplyTimeoutMin": 1, "BatchApplyTimeoutMax": 30,
            "BatchApplyMemoryLimit": 500, "BatchSplitSize": 0, "MinTransactionSize": 1000, "CommitTimeout": 1,
            "MemoryLimitTotal": 1024, "MemoryKeepTime": 60, "StatementCacheSize": 50, "RecoveryTimeout": -1,
        },
        "ValidationSettings": {
            "EnableValidation": false, "ValidationMode": "ROW_LEVEL", "ThreadCount": 5, "FailureMaxCount": 10_000,
            "RecordFailureDelayInMinutes": 5, "RecordSuspendDelayInMinutes": 30, "MaxKeyColumnSize": 8096,
            "TableFailureMaxCount": 1000, "ValidationOnly": false, "HandleCollationDiff": false,
            "RecordFailureDelayLimitInMinutes": 0, "SkipLobColumns": false, "ValidationPartialLobSize": 0,
            "ValidationQueryCdcDelaySeconds": 0, "PartitionSize": 10_000,
        },
        "PostProcessingRules": null, "CharacterSetSettings": null, "LoopbackPreventionSettings": null,
        "BeforeImageSettings": null, "FailTaskWhenCleanTaskResourceFailed": false, "TTSettings": null,
    })
}

/// The document as DMS keeps it.
///
/// # Errors
/// It is no JSON object, names a section DMS does not know, or chooses its own log group.
pub(super) fn completed(sent: &str, base: Option<&str>) -> Result<String, Fault> {
    let wanted: Json = if sent.is_empty() {
        json!({})
    } else {
        serde_json::from_str(sent).map_err(|_| invalid("Invalid task settings JSON"))?
    };
    let Some(sections) = wanted.as_object() else { return Err(invalid("Invalid task settings JSON")) };
    let known = defaults();
    if let Some(strange) = sections.keys().find(|name| known.get(name.as_str()).is_none()) {
        return Err(invalid(format!("Invalid task settings JSON: unknown section {strange}")));
    }
    for (name, section) in sections {
        if known[name].is_object() && !section.is_object() {
            return Err(invalid(format!("Invalid task settings JSON: {name} must be an object")));
        }
    }
    let logging = &wanted["Logging"];
    if !logging["CloudWatchLogGroup"].is_null() || !logging["CloudWatchLogStream"].is_null() {
        let when = if base.is_some() { "modify" } else { "create" };
        return Err(invalid(format!(
            "Task Settings CloudWatchLogGroup or CloudWatchLogStream cannot be set on {when}."
        )));
    }
    let mut whole = base.and_then(|text| serde_json::from_str(text).ok()).unwrap_or(known);
    lay_over(&mut whole, &wanted);
    Ok(whole.to_string())
}

/// Objects member by member, lists of components by their ids, all else replaced.
fn lay_over(base: &mut Json, over: &Json) {
    match (base, over) {
        (Json::Object(base), Json::Object(over)) => {
            for (name, value) in over {
                lay_over(base.entry(name.clone()).or_insert(Json::Null), value);
            }
        }
        (Json::Array(base), Json::Array(over)) if over.iter().all(|item| item["Id"].is_string()) => {
            for item in over {
                match base.iter_mut().find(|old| old["Id"] == item["Id"]) {
                    Some(old) => *old = item.clone(),
                    None => base.push(item.clone()),
                }
            }
        }
        (base, over) => *base = over.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_set_is_filled_in() {
        let sent = r#"{"FullLoadSettings": {"TargetTablePrepMode": "DO_NOTHING"}, "Logging": {"EnableLogging": true,
            "LogComponents": [{"Id": "IO", "Severity": "LOGGER_SEVERITY_DEBUG"}]}}"#;
        let whole: Json = serde_json::from_str(&completed(sent, None).unwrap()).unwrap();
        assert_eq!(whole["FullLoadSettings"]["TargetTablePrepMode"], "DO_NOTHING");
        assert_eq!(whole["FullLoadSettings"]["MaxFullLoadSubTasks"], 8);
        assert_eq!(whole["Logging"]["LogComponents"].as_array().unwrap().len(), 19);
        assert_eq!(whole["Logging"]["LogComponents"][2]["Severity"], "LOGGER_SEVERITY_DEBUG");
        assert!(completed("{'Python': True}", None).is_err());
        assert!(completed(r#"{"Nonsense": {}}"#, None).is_err());
        assert!(completed(r#"{"Logging": {"CloudWatchLogGroup": "mine"}}"#, None).is_err());
    }
}
