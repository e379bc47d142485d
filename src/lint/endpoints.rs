//! Settings of DMS endpoints and tasks that do not go together, or not with the engine.

use super::{
    Lint, Report,
    dms::{Setting, tasks},
    readers::{Family, readers},
    view::{Part, View},
};
use crate::{error::Code, model::Value};

/// An endpoint with settings, and a task that follows its changes.
macro_rules! example {
    ($engine:literal, $settings:literal) => {
        concat!(
            "Resources:
  Source:
    Type: AWS::DMS::Endpoint
    Properties:
      EndpointType: source
      SslMode: verify-ca
      CertificateArn: arn:aws:dms:us-east-1:123456789012:cert:CA
      EngineName: ",
            $engine,
            "
      ServerName: shop.example.com
      Port: 1521
      DatabaseName: shop
      Username: shop
      Password: '{{resolve:secretsmanager:shop:SecretString:password}}'
      ",
            $settings,
            "
  Task:
    Type: AWS::DMS::ReplicationTask
    Properties:
      MigrationType: cdc
      ReplicationInstanceArn: arn:aws:dms:us-east-1:123456789012:rep:SHOP
      SourceEndpointArn: !Ref Source
      TargetEndpointArn: arn:aws:dms:us-east-1:123456789012:endpoint:TARGET
      TableMappings: |
        {\"rules\": [{\"rule-type\": \"selection\", \"rule-id\": \"1\", \"rule-name\": \"1\",
          \"object-locator\": {\"schema-name\": \"SHOP\", \"table-name\": \"%\"}, \"rule-action\": \"include\"}]}
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

/// A setting of an endpoint: in its block, or among the extra connection attributes.
struct Choice<'g> {
    part: Part<'g>,
    /// Nothing where it is not set, or not known.
    value: Option<String>,
    missing: bool,
}

impl Choice<'_> {
    fn is_on(&self) -> bool {
        self.value
            .as_deref()
            .is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "y" | "yes" | "1"))
    }

    fn is_off(&self) -> bool {
        self.value
            .as_deref()
            .is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "false" | "n" | "no" | "0"))
    }
}

fn choice<'g>(endpoint: &Part<'g>, block: &'static str, name: &'static str) -> Choice<'g> {
    let part = endpoint.get(block).get(name);
    let said = match part.value() {
        Some(Value::Bool(truth)) => Some(truth.to_string()),
        _ => part.text().map(ToOwned::to_owned),
    };
    if said.is_some() {
        return Choice { part, value: said, missing: false };
    }
    let extra = endpoint.get("ExtraConnectionAttributes");
    let found = extra.text().and_then(|text| {
        let mut pairs = text.split(';').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| key.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    });
    if found.is_some() {
        return Choice { part: extra, value: found, missing: false };
    }
    let missing = part.is_missing() && (extra.is_missing() || extra.text().is_some());
    Choice { part, value: None, missing }
}

/// The endpoints of an engine whose changes are read, each once, with the engine of the plan's database behind it.
fn followed<'g>(view: &View<'g>, engine: &str) -> Vec<(Part<'g>, Option<&'g str>)> {
    let mut all: Vec<(Part<'g>, Option<&'g str>)> = Vec::new();
    for reader in readers(view) {
        let Some(endpoint) = reader.source.filter(|source| source.get("EngineName").text() == Some(engine))
        else {
            continue;
        };
        if all.iter().all(|(known, _)| known.node.address != endpoint.node.address) {
            all.push((endpoint, reader.database.and_then(|database| database.get("Engine").text())));
        }
    }
    all
}

pub(super) static ORACLE_READER: Lint = Lint {
    code: Code::lint(
        "M8411",
        "dms-oracle-reader",
        "an Oracle source that says two things about who reads the redo logs",
        "LogMiner reads them unless UseLogminerReader is false; Binary Reader does with UseLogminerReader false and UseBFile true, one without the other does neither. With AddSupplementalLogging false DMS adds no supplemental logging to the tables: changes of those that have none of their own cannot be applied.",
    )
    .from("AWS Database Migration Service User Guide, Using an Oracle database as a source, Endpoint settings when using Oracle as a source")
    .template(example!("oracle", "OracleSettings: {UseBFile: true}")),
    check: |view, report| {
        for (endpoint, _) in followed(view, "oracle") {
            let of = |name: &'static str| choice(&endpoint, "OracleSettings", name);
            let (miner, file) = (of("UseLogminerReader"), of("UseBFile"));
            if file.is_on() && (miner.is_on() || miner.missing) {
                report
                    .at(&file.part, "UseBFile is set, but LogMiner reads the redo logs")
                    .help("set UseLogminerReader to false for Binary Reader, or leave UseBFile out for LogMiner");
            }
            if miner.is_off() && (file.is_off() || file.missing) {
                report
                    .at(&miner.part, "UseLogminerReader is off, but Binary Reader needs UseBFile too")
                    .help("set UseBFile to true, or leave UseLogminerReader out");
            }
            let logging = of("AddSupplementalLogging");
            if logging.is_off() {
                report
                    .at(&logging.part, "DMS adds no supplemental logging: changes of tables without it cannot be applied")
                    .help("set AddSupplementalLogging to true, or allow dms-oracle-reader if every table has its own");
            }
        }
    },
};

pub(super) static SQL_SERVER: Lint = Lint {
    code: Code::lint(
        "M8412",
        "dms-sql-server-source",
        "a SQL Server on RDS that DMS cannot follow this way",
        "On RDS, DMS follows Enterprise and Standard Edition only; Express and Web are for full loads. ReadBackupOnly does not work, because RDS makes its backups in another way, nor does the safeguard EXCLUSIVE_AUTOMATIC_TRUNCATION, because nobody but RDS may run sp_repldone.",
    )
    .from("AWS Database Migration Service User Guide, Using a Microsoft SQL Server database as a source, Limitations")
    .template(
        "Resources:
  Database:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    Properties:
      Engine: sqlserver-web
      LicenseModel: license-included
      DBInstanceClass: db.t3.medium
      AllocatedStorage: '20'
      MasterUsername: shop
      ManageMasterUserPassword: true
  Source:
    Type: AWS::DMS::Endpoint
    Properties:
      EndpointType: source
      EngineName: sqlserver
      SslMode: require
      ServerName: !GetAtt Database.Endpoint.Address
      Port: 1433
      DatabaseName: shop
      Username: shop
      Password: '{{resolve:secretsmanager:shop:SecretString:password}}'
  Task:
    Type: AWS::DMS::ReplicationTask
    Metadata: {Migrate: {Allow: [{Code: dms-source-statements, Reason: an example}]}}
    Properties:
      MigrationType: cdc
      ReplicationInstanceArn: arn:aws:dms:us-east-1:123456789012:rep:SHOP
      SourceEndpointArn: !Ref Source
      TargetEndpointArn: arn:aws:dms:us-east-1:123456789012:endpoint:TARGET
      TableMappings: |
        {\"rules\": [{\"rule-type\": \"selection\", \"rule-id\": \"1\", \"rule-name\": \"1\",
          \"object-locator\": {\"schema-name\": \"dbo\", \"table-name\": \"%\"}, \"rule-action\": \"include\"}]}
      ReplicationTaskSettings: |
        {
          \"TargetMetadata\": {\"SupportLobs\": true, \"LimitedSizeLobMode\": true, \"LobMaxSize\": 1024},
          \"ValidationSettings\": {\"EnableValidation\": true},
          \"Logging\": {\"EnableLogging\": true},
          \"ErrorBehavior\": {\"DataErrorPolicy\": \"SUSPEND_TABLE\", \"DataTruncationErrorPolicy\": \"SUSPEND_TABLE\"}
        }
",
    ),
    check: |view, report| {
        let mut told: Vec<&crate::model::Address> = Vec::new();
        for reader in readers(view) {
            let Some(database) = &reader.database else { continue };
            let engine = database.get("Engine");
            if engine.text().and_then(Family::of) != Some(Family::SqlServer) {
                continue;
            }
            if matches!(engine.text(), Some("sqlserver-ex" | "sqlserver-web")) && !told.contains(&&database.node.address) {
                told.push(&database.node.address);
                report
                    .at(&engine, "DMS follows no changes of this edition")
                    .label(&reader.place, "what reads changes")
                    .help("use sqlserver-se or sqlserver-ee, or full-load");
            }
        }
        for (endpoint, engine) in followed(view, "sqlserver") {
            if engine.and_then(Family::of) != Some(Family::SqlServer) {
                continue;
            }
            let of = |name: &'static str| choice(&endpoint, "MicrosoftSqlServerSettings", name);
            let (backups, safeguard) = (of("ReadBackupOnly"), of("SafeguardPolicy"));
            if backups.is_on() {
                report.at(&backups.part, "ReadBackupOnly does not work with RDS").help("leave ReadBackupOnly out");
            }
            let policy = safeguard.value.as_deref().map(|value| value.to_ascii_lowercase().replace('_', "-"));
            if policy.as_deref() == Some("exclusive-automatic-truncation") {
                report
                    .at(&safeguard.part, "this SafeguardPolicy needs sp_repldone, which nobody may run on RDS")
                    .help("set SafeguardPolicy to rely-on-sql-server-replication-agent");
            }
        }
    },
};

/// Most kilobytes of a large value in limited mode, as DMS recommends.
const LIMITED: u64 = 102_400;

pub(super) static LOB_MODE: Lint = Lint {
    code: Code::lint(
        "M8413",
        "dms-lob-mode",
        "settings for large values that do not go together",
        "A task has one LOB mode: full or limited. Changes are applied in batches (BatchApplyEnabled) in limited mode only, full mode does not work with S3 and Redshift, and limited mode takes at most 102,400 KB. In full mode DMS writes a row first and its large values afterwards, which it finds by the key: tables need a primary or unique key on both sides. No plan knows the tables' keys; the assessment table-with-lob-but-without-primary-key-or-unique-constraint (`migrate replicate assess`) does.",
    )
    .from("AWS Database Migration Service User Guide, Target metadata task settings, Setting LOB support for source databases")
    .template(
        "Resources:
  Task:
    Type: AWS::DMS::ReplicationTask
    Properties:
      MigrationType: cdc
      ReplicationInstanceArn: arn:aws:dms:us-east-1:123456789012:rep:SHOP
      SourceEndpointArn: arn:aws:dms:us-east-1:123456789012:endpoint:SOURCE
      TargetEndpointArn: arn:aws:dms:us-east-1:123456789012:endpoint:TARGET
      TableMappings: |
        {\"rules\": [{\"rule-type\": \"selection\", \"rule-id\": \"1\", \"rule-name\": \"1\",
          \"object-locator\": {\"schema-name\": \"SHOP\", \"table-name\": \"%\"}, \"rule-action\": \"include\"}]}
      ReplicationTaskSettings: |
        {
          \"TargetMetadata\": {\"SupportLobs\": true, \"FullLobMode\": true, \"LobChunkSize\": 64, \"BatchApplyEnabled\": true},
          \"ValidationSettings\": {\"EnableValidation\": true},
          \"Logging\": {\"EnableLogging\": true},
          \"ErrorBehavior\": {\"DataErrorPolicy\": \"SUSPEND_TABLE\", \"DataTruncationErrorPolicy\": \"SUSPEND_TABLE\"}
        }
",
    ),
    check: |view, report| {
        for task in tasks(view) {
            let of = |name: &str| task.setting("TargetMetadata", name);
            if of("SupportLobs").is(&["false"]) {
                continue;
            }
            let (full, limited, batch) = (of("FullLobMode"), of("LimitedSizeLobMode"), of("BatchApplyEnabled"));
            if full.is(&["true"]) && limited.is(&["true"]) {
                let message = "FullLobMode and LimitedSizeLobMode are both on".to_owned();
                task.say(report, &full, message, "set one of the two to true");
            }
            if full.is(&["false"]) && limited.is(&["false"]) {
                let message = "large values are wanted, but neither FullLobMode nor LimitedSizeLobMode is on".to_owned();
                task.say(report, &limited, message, "set one of the two to true");
            }
            if full.is(&["true"]) && batch.is(&["true"]) {
                let message = "changes are applied in batches in limited LOB mode only".to_owned();
                task.say(report, &batch, message, "set BatchApplyEnabled to false, or use LimitedSizeLobMode with LobMaxSize");
            }
            let target = view.target_of(&task.part.get("TargetEndpointArn"), "AWS::DMS::Endpoint");
            let engine = target.as_ref().map(|target| target.get("EngineName"));
            if let Some(engine @ ("s3" | "redshift")) = engine.as_ref().and_then(|engine| engine.text())
                && full.is(&["true"])
            {
                let message = format!("{engine} targets have no full LOB mode");
                task.say(report, &full, message, "use LimitedSizeLobMode with LobMaxSize");
            }
            let size = of("LobMaxSize");
            if let Setting::Is(text, _) = &size
                && limited.is(&["true"])
                && text.parse::<u64>().is_ok_and(|kb| kb > LIMITED)
            {
                let message = format!("limited LOB mode takes {LIMITED} KB at most, not {text}");
                task.say(report, &size, message, "set LobMaxSize to 102400 or less, or use FullLobMode");
            }
        }
    },
};

/// What each engine takes as SSL mode.
const MODES: &[(&[&str], &[&str])] = &[
    (&["aurora", "mariadb", "mysql"], &["none", "verify-ca", "verify-full"]),
    (&["sqlserver", "babelfish"], &["none", "require", "verify-full"]),
    (&["aurora-postgresql", "postgres"], &["none", "require", "verify-ca", "verify-full"]),
    (&["redshift"], &["none"]),
    (&["db2", "db2-zos", "oracle"], &["none", "verify-ca"]),
    (&["sybase"], &["none", "verify-full"]),
    (&["mongodb"], &["none", "require", "verify-full"]),
];

pub(super) static SSL_MODE: Lint = Lint {
    code: Code::lint(
        "M8414",
        "dms-ssl-mode",
        "an SSL mode that the engine does not take, or that needs a certificate",
        "require encrypts, verify-ca checks the server's certificate too, verify-full its name as well; both need the CA's certificate, imported as an AWS::DMS::Certificate. PostgreSQL takes all three, MySQL and MariaDB both that verify, SQL Server and MongoDB require and verify-full, Oracle and Db2 verify-ca, SAP ASE verify-full, Redshift none.",
    )
    .from("AWS Database Migration Service User Guide, Using SSL with AWS Database Migration Service")
    .template(
        "Resources:
  Source:
    Type: AWS::DMS::Endpoint
    Properties:
      EndpointType: source
      EngineName: oracle
      SslMode: verify-ca
      ServerName: shop.example.com
      Port: 2484
      DatabaseName: shop
      Username: shop
      Password: '{{resolve:secretsmanager:shop:SecretString:password}}'
",
    ),
    check: |view, report| {
        for endpoint in view.of("AWS::DMS::Endpoint") {
            mode(report, &endpoint.get("EngineName"), &endpoint);
        }
        for provider in view.of("AWS::DMS::DataProvider") {
            for (_, block) in provider.get("Settings").members() {
                mode(report, &provider.get("Engine"), &block);
            }
        }
    },
};

/// The SSL mode among an endpoint's or a data provider's settings.
fn mode(report: &mut Report<'_>, engine: &Part<'_>, settings: &Part<'_>) {
    let place = settings.get("SslMode");
    let (Some(mode), Some(engine)) = (place.text().map(str::to_ascii_lowercase), engine.text()) else {
        return;
    };
    let Some((_, modes)) = MODES.iter().find(|(engines, _)| engines.contains(&engine)) else { return };
    if !modes.contains(&mode.as_str()) {
        let others: Vec<&str> = modes.iter().copied().filter(|mode| *mode != "none").collect();
        let help = if others.is_empty() {
            "leave SslMode out".to_owned()
        } else {
            format!("use {}", others.join(" or "))
        };
        report.at(&place, format!("{engine} does not take the SSL mode {mode}")).help(help);
    } else if mode.starts_with("verify") && settings.get("CertificateArn").is_missing() {
        report
            .at(&place, format!("{mode} checks the server's certificate, but there is none of its CA"))
            .help("import the CA's certificate as an AWS::DMS::Certificate and set CertificateArn");
    }
}

pub(super) static SECRET: Lint = Lint {
    code: Code::lint(
        "M8415",
        "dms-unusable-secret",
        "a secret that DMS cannot use",
        "DMS takes the server's address from the secret too: one that RDS manages (ManageMasterUserPassword) holds user and password only. And it reads the secret as the role that is named beside it, which must be allowed to (secretsmanager:GetSecretValue).",
    )
    .from("AWS Database Migration Service User Guide, Using secrets to access AWS Database Migration Service endpoints")
    .template(
        "Resources:
  Database:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    Properties:
      Engine: postgres
      DBInstanceClass: db.t4g.medium
      AllocatedStorage: '20'
      MasterUsername: shop
      ManageMasterUserPassword: true
  Source:
    Type: AWS::DMS::Endpoint
    Properties:
      EndpointType: source
      EngineName: postgres
      SslMode: require
      DatabaseName: shop
      PostgreSqlSettings:
        SecretsManagerSecretId: !GetAtt Database.MasterUserSecret.SecretArn
        SecretsManagerAccessRoleArn: arn:aws:iam::123456789012:role/dms-secrets
",
    ),
    check: |view, report| {
        let mut holders: Vec<Part<'_>> = Vec::new();
        for endpoint in view.of("AWS::DMS::Endpoint") {
            holders.extend(endpoint.members().into_iter().map(|(_, block)| block));
        }
        for project in view.of("AWS::DMS::MigrationProject") {
            for side in ["SourceDataProviderDescriptors", "TargetDataProviderDescriptors"] {
                holders.extend(project.get(side).each());
            }
        }
        for holder in holders {
            let (secret, place) = (holder.get("SecretsManagerSecretId"), holder.get("SecretsManagerAccessRoleArn"));
            if let Some(database) = view.target(&secret).filter(|owner| owner.node.kind.starts_with("AWS::RDS::")) {
                let name = database.node.address.logical_id();
                report
                    .at(&secret, format!("RDS manages this secret of {name}: it holds no address, so DMS cannot use it"))
                    .help("give DMS a user and a secret of its own, with host and port");
            }
            let Some(role) = view.target_of(&place, "AWS::IAM::Role") else { continue };
            if reads_secrets(view, &role) == Some(false) {
                let name = role.node.address.logical_id();
                report
                    .at(&place, format!("nothing in the plan lets {name} read secrets"))
                    .label(&role, "the role")
                    .help("allow it secretsmanager:GetSecretValue and secretsmanager:DescribeSecret on the secret");
            }
        }
    },
};

/// Whether some policy of a role allows reading secrets; `None` if it cannot be said.
fn reads_secrets(view: &View<'_>, role: &Part<'_>) -> Option<bool> {
    // What the plan does not make may allow anything, and so may the secret's own policy.
    if view.of("AWS::SecretsManager::ResourcePolicy").next().is_some()
        || !role.get("ManagedPolicyArns").each().is_empty()
        || !role.get("ManagedPolicyArns").is_missing()
    {
        return None;
    }
    let mut documents: Vec<Part<'_>> =
        role.get("Policies").each().iter().map(|one| one.get("PolicyDocument")).collect();
    if documents.is_empty() && !role.get("Policies").is_missing() {
        return None;
    }
    for kind in ["AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"] {
        for policy in view.of(kind) {
            let roles = policy.get("Roles");
            if roles
                .each()
                .iter()
                .any(|one| one.reference().is_none_or(|other| other.address == role.node.address))
            {
                documents.push(policy.get("PolicyDocument"));
            }
        }
    }
    for policy in view.of("AWS::IAM::RolePolicy") {
        let of = policy.get("RoleName");
        if of.reference().is_none_or(|other| other.address == role.node.address) {
            documents.push(policy.get("PolicyDocument"));
        }
    }
    let mut allowed = false;
    for statement in documents.iter().flat_map(|document| document.get("Statement").each()) {
        let actions = statement.get("Action").each();
        // What is not known, and what is said by exclusion, may be it.
        if actions.is_empty() || actions.iter().any(|action| action.text().is_none()) {
            return None;
        }
        let reads = |action: &str| {
            let action = action.to_ascii_lowercase();
            match action.split_once('*') {
                Some((prefix, _)) => "secretsmanager:getsecretvalue".starts_with(prefix),
                None => action == "secretsmanager:getsecretvalue",
            }
        };
        let allows = statement.get("Effect").text() != Some("Deny");
        allowed |= allows && actions.iter().filter_map(Part::text).any(reads);
    }
    Some(allowed)
}
