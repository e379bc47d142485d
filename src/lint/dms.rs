//! Database migration: defaults and settings that lose data silently.

use super::{
    Lint, Report,
    view::{Part, View},
};
use crate::{
    error::Code,
    model::{
        Span,
        item::{Item, Kind},
    },
    syntax,
};

/// What replicates, each with the properties that hold its settings and say what it moves.
pub(super) const TASKS: [(&str, &str, &str); 2] = [
    ("AWS::DMS::ReplicationTask", "ReplicationTaskSettings", "MigrationType"),
    ("AWS::DMS::ReplicationConfig", "ReplicationSettings", "ReplicationType"),
];

/// A task, or a serverless replication, whose settings are known.
pub(super) struct Task<'g> {
    pub(super) part: Part<'g>,
    /// The property with its settings.
    place: &'static str,
    /// The property that says what it moves.
    moves: &'static str,
    /// Nothing when the task says nothing: then all defaults hold.
    settings: Option<Item>,
}

/// What a setting is.
pub(super) enum Setting {
    /// The default, and the nearest place.
    Default(Option<Span>),
    Is(String, Span),
    Unknown,
}

impl Setting {
    pub(super) fn is(&self, wanted: &[&str]) -> bool {
        matches!(self, Self::Is(text, _) if wanted.iter().any(|w| text.eq_ignore_ascii_case(w)))
    }

    fn span(&self) -> Option<Span> {
        match self {
            Self::Default(span) => span.clone(),
            Self::Is(_, span) => Some(span.clone()),
            Self::Unknown => None,
        }
    }
}

pub(super) fn tasks<'g>(view: &View<'g>) -> Vec<Task<'g>> {
    let with_settings = |part: Part<'g>, place: &'static str, moves: &'static str| {
        let written = part.get(place);
        if written.is_missing() {
            return Some(Task { part, place, moves, settings: None });
        }
        let item = written.item()?;
        let settings = match syntax::document(&item) {
            // Written as an object.
            None => item.clone(),
            Some(text) => text.ok()?,
        };
        Some(Task { part, place, moves, settings: Some(settings) })
    };
    let all = TASKS.iter().flat_map(|(kind, place, moves)| {
        view.of(kind).filter_map(move |part| with_settings(part, place, moves)).collect::<Vec<_>>()
    });
    all.collect()
}

impl Task<'_> {
    /// The setting `Section.Name`.
    pub(super) fn setting(&self, section: &str, name: &str) -> Setting {
        let Some(settings) = &self.settings else { return Setting::Default(self.part.span()) };
        if !matches!(settings.kind, Kind::Map(_)) {
            return Setting::Unknown;
        }
        let Some(section) = settings.get(section) else {
            return Setting::Default(self.part.get(self.place).span());
        };
        match section.value.get(name).map(|member| &member.value) {
            None if matches!(section.value.kind, Kind::Map(_)) => {
                Setting::Default(Some(section.key_span.clone()))
            }
            Some(Item { kind: Kind::Null, .. }) => Setting::Default(Some(section.key_span.clone())),
            Some(Item { kind: Kind::Scalar(scalar), span }) => {
                Setting::Is(scalar.text.to_string(), span.clone())
            }
            _ => Setting::Unknown,
        }
    }

    fn loads(&self) -> bool {
        self.part.get(self.moves).text().is_some_and(|kind| kind.starts_with("full-load"))
    }

    pub(super) fn say(&self, report: &mut Report<'_>, place: &Setting, message: String, help: &str) {
        report.place(Some(&self.part.node.address), place.span(), message).help(help);
        if matches!(place, Setting::Default(_)) {
            report.by_default();
        }
    }
}

/// Settings that none of the lints has anything to say about, for the examples.
macro_rules! example {
    ($settings:expr) => {
        concat!(
            "Resources:
  Task:
    Type: AWS::DMS::ReplicationTask
    Properties:
      MigrationType: full-load-and-cdc
      ReplicationInstanceArn: arn:aws:dms:us-east-1:123456789012:rep:SHOP
      SourceEndpointArn: arn:aws:dms:us-east-1:123456789012:endpoint:SOURCE
      TargetEndpointArn: arn:aws:dms:us-east-1:123456789012:endpoint:TARGET
      TableMappings: |
        {\"rules\": [{\"rule-type\": \"selection\", \"rule-id\": \"1\", \"rule-name\": \"1\",
          \"object-locator\": {\"schema-name\": \"public\", \"table-name\": \"%\"}, \"rule-action\": \"include\"}]}
      ReplicationTaskSettings: |
",
            $settings
        )
    };
}

pub(super) static DROPS_TABLES: Lint = Lint {
    code: Code::lint(
        "M8401",
        "dms-drops-tables",
        "a full load that drops the target's tables",
        "DROP_AND_CREATE, which is also the default, drops what is in the target and makes tables without secondary indexes, defaults, triggers and foreign keys. TRUNCATE_BEFORE_LOAD keeps the tables, DO_NOTHING their rows too.",
    )
    .from("AWS Database Migration Service User Guide, Full-load task settings")
    .template(example!(
        "        {
          \"FullLoadSettings\": {\"TargetTablePrepMode\": \"DROP_AND_CREATE\"},
          \"TargetMetadata\": {\"SupportLobs\": true, \"LimitedSizeLobMode\": true, \"LobMaxSize\": 1024},
          \"ValidationSettings\": {\"EnableValidation\": true},
          \"Logging\": {\"EnableLogging\": true},
          \"ErrorBehavior\": {\"DataErrorPolicy\": \"SUSPEND_TABLE\", \"DataTruncationErrorPolicy\": \"SUSPEND_TABLE\"}
        }
"
    )),
    check: |view, report| {
        for task in tasks(view).iter().filter(|task| task.loads()) {
            let target = view.target_of(&task.part.get("TargetEndpointArn"), "AWS::DMS::Endpoint");
            let engine = target.as_ref().map(|target| target.get("EngineName"));
            if engine.and_then(|engine| engine.text()).is_some_and(|engine| !TABLES.contains(&engine)) {
                continue;
            }
            let mode = task.setting("FullLoadSettings", "TargetTablePrepMode");
            let message = match &mode {
                Setting::Default(_) => "by default the load drops the target's tables",
                _ if mode.is(&["DROP_AND_CREATE"]) => "the load drops the target's tables",
                _ => continue,
            };
            task.say(report, &mode, message.into(), "set TargetTablePrepMode to TRUNCATE_BEFORE_LOAD or DO_NOTHING");
        }
    },
};

pub(super) static TRUNCATES_LOBS: Lint = Lint {
    code: Code::lint(
        "M8402",
        "dms-truncates-lobs",
        "large values that are cut off or left out",
        "In limited LOB mode, the default, values longer than LobMaxSize (in KB, 32 by default) are cut off with a warning in the log only; without SupportLobs they are not migrated at all.",
    )
    .from("AWS Database Migration Service User Guide, Setting LOB support for source databases")
    .template(example!(
        "        {
          \"FullLoadSettings\": {\"TargetTablePrepMode\": \"TRUNCATE_BEFORE_LOAD\"},
          \"TargetMetadata\": {\"SupportLobs\": true, \"LimitedSizeLobMode\": true, \"LobMaxSize\": 32},
          \"ValidationSettings\": {\"EnableValidation\": true},
          \"Logging\": {\"EnableLogging\": true},
          \"ErrorBehavior\": {\"DataErrorPolicy\": \"SUSPEND_TABLE\", \"DataTruncationErrorPolicy\": \"SUSPEND_TABLE\"}
        }
"
    )),
    check: |view, report| {
        for task in tasks(view) {
            let lobs = task.setting("TargetMetadata", "SupportLobs");
            if lobs.is(&["false"]) {
                let help = "set SupportLobs to true, with LobMaxSize above the largest value";
                task.say(report, &lobs, "large values are not migrated".into(), help);
                continue;
            }
            let (full, limited) =
                (task.setting("TargetMetadata", "FullLobMode"), task.setting("TargetMetadata", "LimitedSizeLobMode"));
            if full.is(&["true"]) || limited.is(&["false"]) || matches!(limited, Setting::Unknown) {
                continue;
            }
            let size = task.setting("TargetMetadata", "LobMaxSize");
            let message = match &size {
                Setting::Default(_) => "by default values are cut off at 32 KB".to_owned(),
                Setting::Is(text, _) if text.parse::<u64>().is_ok_and(|kb| kb <= 32) => {
                    format!("values are cut off at {text} KB")
                }
                _ => continue,
            };
            task.say(report, &size, message, "set LobMaxSize (in KB) above the largest value, or use FullLobMode");
        }
    },
};

pub(super) static NOT_VALIDATED: Lint = Lint {
    code: Code::lint(
        "M8403",
        "dms-not-validated",
        "a replication without data validation",
        "Without validation, rows that differ between source and target are found by the users. EnableValidation compares them and reports each table's state.",
    )
    .from("AWS Database Migration Service User Guide, AWS DMS data validation")
    .template(example!(
        "        {
          \"FullLoadSettings\": {\"TargetTablePrepMode\": \"TRUNCATE_BEFORE_LOAD\"},
          \"TargetMetadata\": {\"SupportLobs\": true, \"LimitedSizeLobMode\": true, \"LobMaxSize\": 1024},
          \"ValidationSettings\": {\"EnableValidation\": false},
          \"Logging\": {\"EnableLogging\": true},
          \"ErrorBehavior\": {\"DataErrorPolicy\": \"SUSPEND_TABLE\", \"DataTruncationErrorPolicy\": \"SUSPEND_TABLE\"}
        }
"
    )),
    check: |view, report| {
        for task in tasks(view) {
            let cannot = |property: &'static str, known: &[&str]| {
                let endpoint = view.target_of(&task.part.get(property), "AWS::DMS::Endpoint");
                let engine = endpoint.as_ref().map(|endpoint| endpoint.get("EngineName"));
                engine.and_then(|engine| engine.text()).is_some_and(|engine| !known.contains(&engine))
            };
            if cannot("SourceEndpointArn", VALIDATED_SOURCES) || cannot("TargetEndpointArn", VALIDATED_TARGETS) {
                continue;
            }
            let on = task.setting("ValidationSettings", "EnableValidation");
            if matches!(on, Setting::Default(_)) || on.is(&["false"]) {
                task.say(report, &on, "the task's data validation is off: rows that differ between source and target go unnoticed".into(), "set ValidationSettings.EnableValidation to true");
            }
        }
    },
};

pub(super) static NOT_LOGGED: Lint = Lint {
    code: Code::lint(
        "M8404",
        "dms-not-logged",
        "a replication without a log",
        "Rows that DMS skips, cuts off or gives up on are told in the task's log and nowhere else; it is off by default.",
    )
    .from("AWS Database Migration Service User Guide, Logging task settings")
    .template(example!(
        "        {
          \"FullLoadSettings\": {\"TargetTablePrepMode\": \"TRUNCATE_BEFORE_LOAD\"},
          \"TargetMetadata\": {\"SupportLobs\": true, \"LimitedSizeLobMode\": true, \"LobMaxSize\": 1024},
          \"ValidationSettings\": {\"EnableValidation\": true},
          \"ErrorBehavior\": {\"DataErrorPolicy\": \"SUSPEND_TABLE\", \"DataTruncationErrorPolicy\": \"SUSPEND_TABLE\"}
        }
"
    )),
    check: |view, report| {
        for task in tasks(view) {
            let on = task.setting("Logging", "EnableLogging");
            if matches!(on, Setting::Default(_)) || on.is(&["false"]) {
                task.say(report, &on, "logging is off".into(), "set Logging.EnableLogging to true");
            }
        }
    },
};

pub(super) static LOGS_ERRORS_ONLY: Lint = Lint {
    code: Code::lint(
        "M8405",
        "dms-logs-errors-only",
        "rows with errors that are only logged",
        "By default a row that cannot be written is logged and left out, and the task goes on as if it were complete. SUSPEND_TABLE or STOP_TASK make the loss visible.",
    )
    .from("AWS Database Migration Service User Guide, Error handling task settings")
    .template(example!(
        "        {
          \"FullLoadSettings\": {\"TargetTablePrepMode\": \"TRUNCATE_BEFORE_LOAD\"},
          \"TargetMetadata\": {\"SupportLobs\": true, \"LimitedSizeLobMode\": true, \"LobMaxSize\": 1024},
          \"ValidationSettings\": {\"EnableValidation\": true},
          \"Logging\": {\"EnableLogging\": true},
          \"ErrorBehavior\": {\"DataErrorPolicy\": \"LOG_ERROR\", \"DataTruncationErrorPolicy\": \"SUSPEND_TABLE\"}
        }
"
    )),
    check: |view, report| {
        for task in tasks(view) {
            for (name, what) in
                [("DataErrorPolicy", "rows with errors"), ("DataTruncationErrorPolicy", "values that are too long")]
            {
                let policy = task.setting("ErrorBehavior", name);
                let message = match &policy {
                    Setting::Default(_) => format!("{name}: by default {what} are only logged"),
                    _ if policy.is(&["LOG_ERROR"]) => format!("{what} are only logged"),
                    _ if policy.is(&["IGNORE_RECORD"]) => format!("{what} are ignored"),
                    _ => continue,
                };
                let help = format!("set ErrorBehavior.{name} to SUSPEND_TABLE or STOP_TASK");
                task.say(report, &policy, message, &help);
            }
        }
    },
};

/// Engines that DMS talks to over a connection of their own, in clear text unless told otherwise.
const PLAIN_ENGINES: &[&str] = &[
    "aurora",
    "aurora-postgresql",
    "azuredb",
    "db2",
    "docdb",
    "mariadb",
    "mongodb",
    "mysql",
    "oracle",
    "postgres",
    "sqlserver",
    "sybase",
];

/// Sources whose rows DMS can compare ("AWS Database Migration Service User Guide", AWS DMS data validation).
const VALIDATED_SOURCES: &[&str] =
    &["aurora", "aurora-postgresql", "db2", "mariadb", "mysql", "oracle", "postgres", "sqlserver"];

/// Targets whose rows DMS can compare (the same chapter, and Amazon S3 target data validation). Streams, documents, graphs
/// and caches are not among them: Kinesis, Kafka, DynamoDB, OpenSearch, Neptune, DocumentDB, Redis.
const VALIDATED_TARGETS: &[&str] = &[
    "aurora",
    "aurora-postgresql",
    "db2",
    "mariadb",
    "mysql",
    "oracle",
    "postgres",
    "redshift",
    "s3",
    "sqlserver",
];

/// Targets that have tables to drop.
const TABLES: &[&str] = &[
    "aurora",
    "aurora-postgresql",
    "azuredb",
    "babelfish",
    "mariadb",
    "mysql",
    "oracle",
    "postgres",
    "redshift",
    "sqlserver",
    "sybase",
];

pub(super) static PLAIN_CONNECTION: Lint = Lint {
    code: Code::lint(
        "M8406",
        "dms-plain-connection",
        "a database connection without TLS",
        "SslMode is `none` unless it is set: rows and passwords cross the network in clear text. PostgreSQL takes require, verify-ca and verify-full; MySQL and MariaDB verify-ca and verify-full, with an imported certificate.",
    )
    .from("AWS Database Migration Service User Guide, Using SSL with AWS Database Migration Service")
    .template(
        "Resources:
  Endpoint:
    Type: AWS::DMS::Endpoint
    Properties:
      EndpointType: source
      EngineName: postgres
      ServerName: shop.example.com
      Port: 5432
      DatabaseName: shop
      Username: shop
      Password: '{{resolve:secretsmanager:shop:SecretString:password}}'
",
    ),
    check: |view, report| {
        for endpoint in view.of("AWS::DMS::Endpoint") {
            let mode = endpoint.get("SslMode");
            let engine = endpoint.get("EngineName");
            let plain = mode.is_missing() || mode.text() == Some("none");
            if plain && engine.text().is_some_and(|engine| PLAIN_ENGINES.contains(&engine)) {
                let message = if mode.is_missing() {
                    "without SslMode the connection is in clear text"
                } else {
                    "the connection is in clear text"
                };
                report.at(&mode, message).help("set SslMode");
            }
        }
    },
};
