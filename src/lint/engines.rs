//! What DMS needs of the databases whose changes it reads: parameters, backups, slots, and what only SQL can set.

use super::{
    Lint, Report, edits,
    readers::{Family, Group, Reader, group, parameter, readers},
    view::{Part, View},
};
use crate::error::{Code, Fix};

/// A database with a parameter group, an endpoint that reads it, and a task; two lists of properties are filled in.
macro_rules! example {
    ($engine:literal, $family:literal, $parameters:literal, $database:literal, $allow:literal) => {
        concat!(
            "Resources:
  Parameters:
    Type: AWS::RDS::DBParameterGroup
    Properties:
      Description: a source of changes
      Family: ",
            $family,
            "
      Parameters: {",
            $parameters,
            "}
  Database:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    Properties:
      Engine: ",
            $engine,
            "
      DBInstanceClass: db.t3.medium
      AllocatedStorage: '20'
      MasterUsername: shop
      ManageMasterUserPassword: true
      DBParameterGroupName: !Ref Parameters
      ",
            $database,
            "
  Source:
    Type: AWS::DMS::Endpoint
    Metadata: {Migrate: {Allow: [{Code: dms-plain-connection, Reason: an example}]}}
    Properties:
      EndpointType: source
      EngineName: ",
            $engine,
            "
      ServerName: !GetAtt Database.Endpoint.Address
      Port: 5432
      DatabaseName: shop
      Username: shop
      Password: '{{resolve:secretsmanager:shop:SecretString:password}}'
  Task:
    Type: AWS::DMS::ReplicationTask
    ",
            $allow,
            "
    Properties:
      MigrationType: cdc
      ReplicationInstanceArn: arn:aws:dms:us-east-1:123456789012:rep:SHOP
      SourceEndpointArn: !Ref Source
      TargetEndpointArn: arn:aws:dms:us-east-1:123456789012:endpoint:TARGET
      TableMappings: |
        {\"rules\": [{\"rule-type\": \"selection\", \"rule-id\": \"1\", \"rule-name\": \"1\",
          \"object-locator\": {\"schema-name\": \"public\", \"table-name\": \"%\"}, \"rule-action\": \"include\"}]}
      ReplicationTaskSettings: |
        {
          \"TargetMetadata\": {\"SupportLobs\": true, \"LimitedSizeLobMode\": true, \"LobMaxSize\": 1024},
          \"ValidationSettings\": {\"EnableValidation\": true},
          \"Logging\": {\"EnableLogging\": true},
          \"ErrorBehavior\": {\"DataErrorPolicy\": \"SUSPEND_TABLE\", \"DataTruncationErrorPolicy\": \"SUSPEND_TABLE\"}
        }
"
        )
    };
}

/// The databases of the plan whose changes are read, each with everything that reads it.
fn sources<'g>(view: &View<'g>) -> Vec<(Part<'g>, Family, Vec<Reader<'g>>)> {
    let mut all: Vec<(Part<'g>, Family, Vec<Reader<'g>>)> = Vec::new();
    for reader in readers(view) {
        let Some(database) = reader.database.clone() else { continue };
        let Some(family) = database.get("Engine").text().and_then(Family::of) else { continue };
        match all.iter_mut().find(|(known, ..)| known.node.address == database.node.address) {
            Some((.., readers)) => readers.push(reader),
            None => all.push((database, family, vec![reader])),
        }
    }
    all
}

/// The edit that sets a parameter of a group of the plan.
fn fixed(group: &Part<'_>, name: &str, value: &str) -> Option<Fix> {
    edits::set_in(&group.node.places.as_ref()?.properties.item(), "Parameters", name, value)
}

pub(super) static NOT_LOGICAL: Lint = Lint {
    code: Code::lint(
        "M8407",
        "dms-source-without-log",
        "a source of changes whose log cannot be read",
        "DMS reads changes from the database's log. PostgreSQL on RDS, Aurora included, writes what is needed with rds.logical_replication = 1, MySQL, MariaDB and Aurora MySQL with binlog_format = ROW; both belong into the parameter group of the instance, or of the Aurora cluster, the first from the beginning, because it takes a reboot. `migrate validate --fix` sets it where the group is the plan's.",
    )
    .from("AWS Database Migration Service User Guide, Using a PostgreSQL database as a source, Using a MySQL-compatible database as a source")
    .template(example!("postgres", "postgres16", "rds.force_ssl: '1'", "BackupRetentionPeriod: 7", "DependsOn: Source")),
    check: |view, report| {
        for (database, family, readers) in sources(view) {
            let (name, wanted) = match family {
                Family::PostgreSql => ("rds.logical_replication", "1"),
                Family::MySql => ("binlog_format", "ROW"),
                Family::Oracle | Family::SqlServer => continue,
            };
            let (place, group) = group(view, &database);
            let fix = match &group {
                Group::Elsewhere => continue,
                Group::Default => None,
                Group::Ours(group) => match parameter(group, name) {
                    None => continue,
                    Some(Some(value)) if value.eq_ignore_ascii_case(wanted) => continue,
                    Some(_) => fixed(group, name, wanted),
                },
            };
            let reader = readers[0].task.node.address.logical_id();
            report
                .at(&place, format!("{reader} reads changes from here, but {name} is not {wanted}"))
                .label(&readers[0].place, "what reads changes")
                .help(format!("use a parameter group with {name}: '{wanted}'"))
                .fix(fix);
        }
    },
};

pub(super) static LOG_PARAMETERS: Lint = Lint {
    code: Code::lint(
        "M8408",
        "dms-log-parameters",
        "parameters that starve what reads a log",
        "Each replication takes a slot and a sender of PostgreSQL for as long as it exists: max_replication_slots and max_wal_senders must not be below their number. With a wal_sender_timeout of 1 to 9,999 milliseconds DMS fails; 0 turns it off. MySQL and MariaDB must log whole rows: binlog_row_image = full.",
    )
    .from("AWS Database Migration Service User Guide, Using a PostgreSQL database as a source, Using a MySQL-compatible database as a source")
    .template(example!(
        "postgres",
        "postgres16",
        "rds.logical_replication: '1', wal_sender_timeout: '5000'",
        "BackupRetentionPeriod: 7",
        "DependsOn: Source"
    )),
    check: |view, report| {
        for (database, family, readers) in sources(view) {
            let (_, Group::Ours(group)) = group(view, &database) else { continue };
            let is = |name: &str| parameter(&group, name).flatten();
            let number = |name: &str| is(name).and_then(|value| value.trim().parse::<usize>().ok());
            let reader = &readers[0];
            let mut say = |name: &str, message: String, value: &str| {
                // Names with dots are names here, not paths.
                let all = group.get("Parameters").item();
                let place = all.as_ref().and_then(|all| all.get(name));
                report
                    .place(Some(&group.node.address), place.map(|member| member.value.span.clone()), message)
                    .label(&reader.place, "what reads changes")
                    .help(format!("set {name}: '{value}'"))
                    .fix(fixed(&group, name, value));
            };
            match family {
                Family::MySql => {
                    if is("binlog_row_image").is_some_and(|image| !image.eq_ignore_ascii_case("full")) {
                        say("binlog_row_image", "the binary log holds parts of rows only, DMS needs them whole".into(), "full");
                    }
                }
                Family::PostgreSql => {
                    for name in ["max_replication_slots", "max_wal_senders"] {
                        let Some(most) = number(name).filter(|most| *most < readers.len().max(1)) else { continue };
                        let message = format!("{name} is {most}, and replications that read from here: {}", readers.len());
                        // The server's own default, or more where that is not enough.
                        say(name, message, &readers.len().max(10).to_string());
                    }
                    if let Some(ms) = number("wal_sender_timeout").filter(|ms| (1..10_000).contains(ms)) {
                        let message = format!("DMS fails with a wal_sender_timeout of {ms} ms: it takes 0, or 10000 and more");
                        say("wal_sender_timeout", message, "60000");
                    }
                }
                Family::Oracle | Family::SqlServer => {}
            }
        }
    },
};

pub(super) static NO_BACKUPS: Lint = Lint {
    code: Code::lint(
        "M8409",
        "dms-source-without-backups",
        "a source of changes that RDS makes no backups of",
        "RDS turns the log that DMS reads off together with the automatic backups: MySQL and MariaDB write no binary log, Oracle does not run in ARCHIVELOG mode, SQL Server's recovery model is SIMPLE. BackupRetentionPeriod must not be 0.",
    )
    .from("AWS Database Migration Service User Guide, Working with an AWS-managed database as a source; Amazon RDS User Guide, Introduction to backups")
    .template(example!(
        "mysql",
        "mysql8.0",
        "binlog_format: ROW",
        "BackupRetentionPeriod: 0",
        "Metadata: {Migrate: {Allow: [{Code: dms-source-statements, Reason: an example}]}}"
    )),
    check: |view, report| {
        for (database, family, readers) in sources(view) {
            let place = database.get("BackupRetentionPeriod");
            if family == Family::PostgreSql || place.number() != Some(0) {
                continue;
            }
            let off = match family {
                Family::MySql => "there is no binary log",
                Family::Oracle => "the redo logs are not archived",
                Family::SqlServer | Family::PostgreSql => "the recovery model is SIMPLE",
            };
            let reader = readers[0].task.node.address.logical_id();
            report
                .at(&place, format!("{reader} reads changes from here, but without backups {off}"))
                .label(&readers[0].place, "what reads changes")
                .help("set BackupRetentionPeriod: 1")
                .fix(place.item().and_then(|item| edits::replace(&item, "1")));
        }
    },
};

pub(super) static SHARED_SLOT: Lint = Lint {
    code: Code::lint(
        "M8410",
        "dms-shared-slot",
        "a replication slot that several replications read",
        "PostgreSQL streams a slot to one reader at a time; the second one fails, and what the first has read the second never sees. Without SlotName DMS makes a slot for each task.",
    )
    .from("AWS Database Migration Service User Guide, Enabling change data capture (CDC) using logical replication; PostgreSQL documentation, Logical Decoding Concepts")
    .template(
        "Resources:
  Source:
    Type: AWS::DMS::Endpoint
    Properties:
      EndpointType: source
      EngineName: postgres
      SslMode: require
      ServerName: shop.example.com
      Port: 5432
      DatabaseName: shop
      Username: shop
      Password: '{{resolve:secretsmanager:shop:SecretString:password}}'
      PostgreSqlSettings: {SlotName: shop}
  Orders: &task
    Type: AWS::DMS::ReplicationTask
    Properties:
      MigrationType: cdc
      ReplicationInstanceArn: arn:aws:dms:us-east-1:123456789012:rep:SHOP
      SourceEndpointArn: !Ref Source
      TargetEndpointArn: arn:aws:dms:us-east-1:123456789012:endpoint:TARGET
      TableMappings: |
        {\"rules\": [{\"rule-type\": \"selection\", \"rule-id\": \"1\", \"rule-name\": \"1\",
          \"object-locator\": {\"schema-name\": \"public\", \"table-name\": \"%\"}, \"rule-action\": \"include\"}]}
      ReplicationTaskSettings: |
        {
          \"TargetMetadata\": {\"SupportLobs\": true, \"LimitedSizeLobMode\": true, \"LobMaxSize\": 1024},
          \"ValidationSettings\": {\"EnableValidation\": true},
          \"Logging\": {\"EnableLogging\": true},
          \"ErrorBehavior\": {\"DataErrorPolicy\": \"SUSPEND_TABLE\", \"DataTruncationErrorPolicy\": \"SUSPEND_TABLE\"}
        }
  Customers: *task
",
    ),
    check: |view, report| {
        let mut slots: Vec<(Part<'_>, Vec<Reader<'_>>)> = Vec::new();
        for reader in readers(view) {
            let slot = reader.source.as_ref().map(|source| source.get("PostgreSqlSettings.SlotName"));
            let Some(slot) = slot.filter(|slot| slot.text().is_some()) else { continue };
            match slots.iter_mut().find(|(known, _)| known.node.address == slot.node.address) {
                Some((_, readers)) => readers.push(reader),
                None => slots.push((slot, vec![reader])),
            }
        }
        for (slot, readers) in slots.iter().filter(|(_, readers)| readers.len() > 1) {
            let names: Vec<&str> = readers.iter().map(|reader| reader.task.node.address.logical_id()).collect();
            let message = format!("{} read one slot, which PostgreSQL gives to one of them at a time", names.join(" and "));
            report.at(slot, message).help("give each an endpoint with a slot of its own, or leave SlotName out");
        }
    },
};

pub(super) static STATEMENTS: Lint = Lint {
    code: Code::lint(
        "M8416",
        "dms-source-statements",
        "a source of changes that needs statements of SQL",
        "What no API sets, and so no plan: how long RDS keeps the log that DMS reads, which by default is not longer than RDS needs it itself, supplemental logging of Oracle, and change data capture of SQL Server, for which RDS has no MS-REPLICATION. Run the statements before the replication starts, and allow this lint with the reason. It is advice, told on request: `migrate validate --advice`.",
    )
    .from("AWS Database Migration Service User Guide, Working with an AWS-managed database as a source, of MySQL, Oracle and SQL Server")
    .template(example!(
        "mysql",
        "mysql8.0",
        "binlog_format: ROW",
        "BackupRetentionPeriod: 7",
        "DependsOn: Source"
    )),
    check: |view, report| {
        for (database, family, readers) in sources(view) {
            let (what, statements) = match family {
                Family::PostgreSql => continue,
                Family::MySql => (
                    "the binary log is purged as soon as RDS has no use for it",
                    "CALL mysql.rds_set_configuration('binlog retention hours', 24)",
                ),
                Family::Oracle => (
                    "archived logs are not kept, and there is no supplemental logging",
                    "exec rdsadmin.rdsadmin_util.set_configuration('archivelog retention hours', 24); exec rdsadmin.rdsadmin_util.alter_supplemental_logging('ADD'); exec rdsadmin.rdsadmin_util.alter_supplemental_logging('ADD', 'PRIMARY KEY')",
                ),
                Family::SqlServer => (
                    "no changes are captured",
                    "exec msdb.dbo.rds_cdc_enable_db 'DATABASE'; exec sys.sp_cdc_enable_table for each table; exec sys.sp_cdc_change_job @job_type = 'capture', @pollinginterval = 86399",
                ),
            };
            let name = database.node.address.logical_id();
            for reader in readers {
                said(report, &reader, format!("unless SQL was run on {name}, {what}"), statements);
            }
        }
    },
};

fn said(report: &mut Report<'_>, reader: &Reader<'_>, message: String, statements: &str) {
    report
        .at(&reader.place, message)
        .help(format!("run `{statements}`; then allow dms-source-statements with the reason"));
}
