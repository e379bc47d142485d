//! What DMS needs of its sources: each lint both ways, and the corrections that `validate --fix` makes.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path, process::Command};

use super::findings_in;
use crate::support::write;

/// A database that a task reads changes from; what is given is put between the braces of its objects.
struct Case<'c> {
    engine: &'c str,
    parameters: &'c str,
    database: &'c str,
    endpoint: &'c str,
    settings: &'c str,
    moves: &'c str,
}

const USUAL: Case<'_> = Case {
    engine: "postgres",
    parameters: "rds.logical_replication: '1'",
    database: "",
    endpoint: "",
    settings: "\"SupportLobs\": true, \"LimitedSizeLobMode\": true, \"LobMaxSize\": 1024",
    moves: "cdc",
};

const ALLOW: &str = "{Migrate: {Allow: [{Code: dms-plain-connection, Reason: test}, {Code: dms-not-validated, Reason: test}, {Code: dms-drops-tables, Reason: test}, {Code: dms-truncates-lobs, Reason: test}]}}";

impl Case<'_> {
    fn template(&self) -> String {
        let Self { engine, parameters, database, endpoint, settings, moves } = self;
        let cluster = engine.starts_with("aurora");
        let (kind, name) = if cluster {
            ("DBCluster", "DBClusterParameterGroup")
        } else {
            ("DBInstance", "DBParameterGroup")
        };
        let own = if cluster { "" } else { "DBInstanceClass: db.m5.large, AllocatedStorage: '20'," };
        let dms = match *engine {
            "aurora-mysql" => "aurora",
            other if other.starts_with("oracle") => "oracle",
            other if other.starts_with("sqlserver") => "sqlserver",
            other => other,
        };
        format!(
            "Resources:
  Parameters:
    Type: AWS::RDS::{name}
    Properties:
      Description: a source  # of changes
      Family: any
      Parameters: {{{parameters}}}
  Database:
    Type: AWS::RDS::{kind}
    DeletionPolicy: Delete
    Properties: {{Engine: {engine}, {own} MasterUsername: shop, ManageMasterUserPassword: true, {name}Name: !Ref Parameters{database}}}
  Source:
    Type: AWS::DMS::Endpoint
    Metadata: {ALLOW}
    Properties: {{EndpointType: source, EngineName: {dms}, ServerName: !GetAtt Database.Endpoint.Address, Port: 5432,
      DatabaseName: shop, Username: shop, Password: '{{{{resolve:secretsmanager:shop:SecretString:password}}}}'{endpoint}}}
  Task:
    Type: AWS::DMS::ReplicationTask
    Metadata: {ALLOW}
    Properties:
      MigrationType: {moves}
      ReplicationInstanceArn: arn:aws:dms:us-east-1:123456789012:rep:SHOP
      SourceEndpointArn: !Ref Source
      TargetEndpointArn: arn:aws:dms:us-east-1:123456789012:endpoint:TARGET
      TableMappings: '{{\"rules\": [{{\"rule-type\": \"selection\", \"rule-id\": \"1\", \"rule-name\": \"1\",
        \"object-locator\": {{\"schema-name\": \"public\", \"table-name\": \"%\"}}, \"rule-action\": \"include\"}}]}}'
      ReplicationTaskSettings: |
        {{\"TargetMetadata\": {{{settings}}},
         \"ValidationSettings\": {{\"EnableValidation\": true}}, \"Logging\": {{\"EnableLogging\": true}},
         \"ErrorBehavior\": {{\"DataErrorPolicy\": \"SUSPEND_TABLE\", \"DataTruncationErrorPolicy\": \"SUSPEND_TABLE\"}}}}
"
        )
    }

    /// The codes of its findings that are about sources and endpoints.
    fn codes(&self) -> Vec<&'static str> {
        let mut codes: Vec<&str> = findings_in(&self.template()).iter().map(|finding| finding.code).collect();
        // The permissions above are for all cases; not every one needs them all.
        codes.retain(|code| *code != "M8002");
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

#[test]
fn logs_can_be_read_or_not() {
    let cases: &[(&str, &str, &str, &[&str])] = &[
        ("postgres", "rds.logical_replication: '1'", "cdc", &[]),
        ("postgres", "rds.logical_replication: 1", "full-load-and-cdc", &[]),
        ("postgres", "rds.logical_replication: '0'", "cdc", &["M8407"]),
        ("postgres", "rds.logical_replication: 0", "cdc", &["M8407"]),
        ("postgres", "rds.force_ssl: '1'", "cdc", &["M8407"]),
        ("postgres", "rds.force_ssl: '1'", "full-load", &[]),
        ("postgres", "rds.logical_replication: '{{resolve:ssm:/x}}'", "cdc", &[]),
        ("aurora-postgresql", "rds.logical_replication: '1'", "cdc", &[]),
        ("aurora-postgresql", "rds.force_ssl: '1'", "cdc", &["M8407"]),
        ("mysql", "binlog_format: row", "cdc", &["M8416"]),
        ("mysql", "binlog_format: MIXED", "cdc", &["M8407", "M8416"]),
        ("mariadb", "max_connections: '5'", "cdc", &["M8407", "M8416"]),
        ("aurora-mysql", "binlog_format: ROW", "cdc", &["M8416"]),
        ("aurora-mysql", "max_connections: '5'", "cdc", &["M8407", "M8416"]),
        ("mysql", "binlog_format: ROW, binlog_row_image: minimal", "cdc", &["M8408", "M8416"]),
        ("mysql", "binlog_format: ROW, binlog_row_image: FULL", "cdc", &["M8416"]),
        ("postgres", "rds.logical_replication: '1', max_replication_slots: '0'", "cdc", &["M8408"]),
        (
            "postgres",
            "rds.logical_replication: '1', max_replication_slots: '1', max_wal_senders: '20'",
            "cdc",
            &[],
        ),
        ("postgres", "rds.logical_replication: '1', wal_sender_timeout: '9999'", "cdc", &["M8408"]),
        ("postgres", "rds.logical_replication: '1', wal_sender_timeout: '0'", "cdc", &[]),
        ("postgres", "rds.logical_replication: '1', wal_sender_timeout: '10000'", "cdc", &[]),
    ];
    for (engine, parameters, moves, wanted) in cases {
        let case = Case { engine, parameters, moves, ..USUAL };
        assert_eq!(case.codes(), *wanted, "{engine}, {parameters}, {moves}");
    }
}

#[test]
fn a_database_without_backups_writes_no_log() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("mysql", ", BackupRetentionPeriod: 0", &["M8409", "M8416"]),
        ("mysql", ", BackupRetentionPeriod: 1", &["M8416"]),
        ("mysql", "", &["M8416"]),
        ("oracle-ee", ", BackupRetentionPeriod: 0", &["M8409", "M8416"]),
        ("sqlserver-se", ", BackupRetentionPeriod: 0", &["M8409", "M8416"]),
        ("sqlserver-ex", ", BackupRetentionPeriod: 7", &["M8412", "M8416"]),
        ("sqlserver-web", "", &["M8412", "M8416"]),
        ("sqlserver-ee", "", &["M8416"]),
        ("postgres", ", BackupRetentionPeriod: 0", &[]),
    ];
    for (engine, database, wanted) in cases {
        let parameters = if *engine == "mysql" { "binlog_format: ROW" } else { USUAL.parameters };
        let case = Case { engine, database, parameters, ..USUAL };
        assert_eq!(case.codes(), *wanted, "{engine}{database}");
    }
}

#[test]
fn settings_of_endpoints_that_contradict_each_other() {
    let oracle = |settings: &'static str| ("oracle-ee", settings);
    let server = |settings: &'static str| ("sqlserver-se", settings);
    let cases: &[((&str, &str), &[&str])] = &[
        (oracle(""), &["M8416"]),
        (oracle(", OracleSettings: {UseLogminerReader: false, UseBFile: true}"), &["M8416"]),
        (oracle(", OracleSettings: {UseLogminerReader: true}"), &["M8416"]),
        (oracle(", OracleSettings: {UseBFile: true}"), &["M8411", "M8416"]),
        (oracle(", OracleSettings: {UseLogminerReader: false}"), &["M8411", "M8416"]),
        (oracle(", ExtraConnectionAttributes: 'useLogminerReader=N;useBfile=Y'"), &["M8416"]),
        (oracle(", ExtraConnectionAttributes: 'useBfile=Y'"), &["M8411", "M8416"]),
        (
            oracle(", OracleSettings: {UseBFile: true}, ExtraConnectionAttributes: 'useLogminerReader=N'"),
            &["M8416"],
        ),
        (oracle(", OracleSettings: {AddSupplementalLogging: false}"), &["M8411", "M8416"]),
        (oracle(", OracleSettings: {AddSupplementalLogging: true}"), &["M8416"]),
        (oracle(", SslMode: require"), &["M8414", "M8416"]),
        (oracle(", SslMode: verify-ca"), &["M8414", "M8416"]),
        (
            oracle(", SslMode: verify-ca, CertificateArn: arn:aws:dms:us-east-1:123456789012:cert:CA"),
            &["M8416"],
        ),
        (server(""), &["M8416"]),
        (server(", SslMode: require"), &["M8416"]),
        (
            server(", SslMode: verify-ca, CertificateArn: arn:aws:dms:us-east-1:123456789012:cert:CA"),
            &["M8414", "M8416"],
        ),
        (server(", MicrosoftSqlServerSettings: {ReadBackupOnly: true}"), &["M8412", "M8416"]),
        (server(", MicrosoftSqlServerSettings: {ReadBackupOnly: false}"), &["M8416"]),
        (
            server(", MicrosoftSqlServerSettings: {SafeguardPolicy: EXCLUSIVE_AUTOMATIC_TRUNCATION}"),
            &["M8412", "M8416"],
        ),
        (
            server(", MicrosoftSqlServerSettings: {SafeguardPolicy: rely-on-sql-server-replication-agent}"),
            &["M8416"],
        ),
    ];
    for ((engine, endpoint), wanted) in cases {
        let case = Case { engine, endpoint, ..USUAL };
        assert_eq!(case.codes(), *wanted, "{engine}{endpoint}");
    }
}

#[test]
fn large_values_have_one_mode() {
    let cases: &[(&str, &[&str])] = &[
        ("\"SupportLobs\": true, \"FullLobMode\": true, \"LobChunkSize\": 64", &[]),
        (
            "\"SupportLobs\": true, \"FullLobMode\": false, \"LimitedSizeLobMode\": true, \"LobMaxSize\": 102400",
            &[],
        ),
        (
            "\"SupportLobs\": true, \"FullLobMode\": true, \"LimitedSizeLobMode\": true, \"LobMaxSize\": 64",
            &["M8413"],
        ),
        ("\"SupportLobs\": true, \"FullLobMode\": false, \"LimitedSizeLobMode\": false", &["M8413"]),
        ("\"SupportLobs\": true, \"FullLobMode\": true, \"BatchApplyEnabled\": true", &["M8413"]),
        (
            "\"SupportLobs\": true, \"LimitedSizeLobMode\": true, \"LobMaxSize\": 64, \"BatchApplyEnabled\": true",
            &[],
        ),
        ("\"SupportLobs\": true, \"LimitedSizeLobMode\": true, \"LobMaxSize\": 102401", &["M8413"]),
        ("\"SupportLobs\": false, \"FullLobMode\": true, \"BatchApplyEnabled\": true", &[]),
    ];
    for (settings, wanted) in cases {
        let case = Case { settings, ..USUAL };
        assert_eq!(case.codes(), *wanted, "{settings}");
    }
}

/// An endpoint that takes its secret with a role.
fn with_role(policies: &str, more: &str) -> Vec<&'static str> {
    let template = format!(
        "Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {{Version: '2012-10-17', Statement: [{{Effect: Allow,
        Principal: {{Service: dms.us-east-1.amazonaws.com}}, Action: 'sts:AssumeRole'}}]}}
{policies}  Source:
    Type: AWS::DMS::Endpoint
    Properties:
      EndpointType: source
      EngineName: postgres
      SslMode: require
      DatabaseName: shop
      PostgreSqlSettings:
        SecretsManagerSecretId: arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-a1B2c3
        SecretsManagerAccessRoleArn: !GetAtt Role.Arn
{more}"
    );
    findings_in(&template).iter().map(|finding| finding.code).collect()
}

#[test]
fn a_role_reads_the_secret_or_nothing_can_be_said() {
    let inline = |action: &str| {
        format!(
            "      Policies: [{{PolicyName: read, PolicyDocument: {{Version: '2012-10-17', Statement: [{{Effect: Allow,
        Action: {action}, Resource: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-a1B2c3'}}]}}}}]\n"
        )
    };
    assert_eq!(with_role("", ""), ["M8415"]);
    assert_eq!(with_role(&inline("'s3:GetObject'"), ""), ["M8415"]);
    assert_eq!(with_role(&inline("['secretsmanager:DescribeSecret']"), ""), ["M8415"]);
    for action in
        ["'secretsmanager:GetSecretValue'", "['secretsmanager:Get*', 'kms:Decrypt']", "'secretsmanager:*'"]
    {
        assert_eq!(with_role(&inline(action), ""), Vec::<&str>::new(), "{action}");
    }
    let managed = "      ManagedPolicyArns: ['arn:aws:iam::aws:policy/SecretsManagerReadWrite']\n";
    assert_eq!(with_role(managed, ""), Vec::<&str>::new(), "what AWS's policy allows is not known here");
    let beside = "  Policy:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: read
      Roles: [!Ref Role]
      PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'secretsmanager:GetSecretValue',
        Resource: 'arn:aws:secretsmanager:us-east-1:123456789012:secret:shop-a1B2c3'}]}
";
    assert_eq!(with_role("", beside), Vec::<&str>::new());
}

#[test]
fn slots_are_counted_by_database() {
    let second = USUAL.template().replace("  Task:\n", "  Other:\n");
    let second = second[second.find("  Other:\n").expect("a task")..].to_owned();
    let parameters = "rds.logical_replication: '1', max_replication_slots: '1'";
    let one = Case { parameters, ..USUAL }.template();
    assert_eq!(findings_in(&one).iter().filter(|finding| finding.code == "M8408").count(), 0);
    let two = findings_in(&format!("{one}{second}"));
    assert_eq!(two.iter().filter(|finding| finding.code == "M8408").count(), 1, "one slot, two tasks");
    let slot = ", PostgreSqlSettings: {SlotName: shop}";
    let shared = Case { endpoint: slot, ..USUAL }.template();
    assert!(findings_in(&shared).iter().all(|finding| finding.code != "M8410"));
    assert!(findings_in(&format!("{shared}{second}")).iter().any(|finding| finding.code == "M8410"));
}

fn validate(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_migrate"))
        .arg("validate")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("NO_COLOR", "1")
        .env("AWS_REGION", "us-east-1")
        .output()
        .expect("the program runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().expect("a code"), text(&output.stdout), text(&output.stderr))
}

#[test]
fn a_correction_changes_one_line_and_is_made_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("template.yaml");
    let before = Case { parameters: "rds.force_ssl: '1'", ..USUAL }.template();
    // As people write it: with comments, and lines of its own.
    let before = before.replace(
        "Parameters: {rds.force_ssl: '1'}",
        "Parameters:  # static ones\n        rds.force_ssl: '1'  # TLS only",
    );
    write(&path, &before);
    let (code, out, err) = validate(folder.path(), &["template.yaml", "--fix", "--dry-run"]);
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains("+        rds.logical_replication: '1'\n         rds.force_ssl: '1'  # TLS only\n"),
        "{out}"
    );
    assert!(err.contains("M8407"), "it is still there: {err}");
    assert_eq!(fs::read_to_string(&path).expect("the file"), before, "nothing was written");
    let (code, out, err) = validate(folder.path(), &["template.yaml", "--fix"]);
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("@@ -8,1 +8,2 @@"), "{out}");
    assert!(err.contains("Corrected M8407") && !err.contains("warning[M8407]"), "{err}");
    let after = fs::read_to_string(&path).expect("the file");
    let wanted = before
        .replace("        rds.force_ssl", "        rds.logical_replication: '1'\n        rds.force_ssl");
    assert_eq!(after, wanted);
    let (code, out, err) = validate(folder.path(), &["template.yaml", "--fix"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("Nothing that --fix could correct") && !out.contains("@@"), "{out}{err}");
    assert_eq!(fs::read_to_string(&path).expect("the file"), after);
}

#[test]
fn values_are_replaced_as_they_are_written_and_machines_are_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("template.yaml");
    let case = Case {
        engine: "mysql",
        parameters: "binlog_format: \"MIXED\", binlog_row_image: minimal",
        database: ", BackupRetentionPeriod: 0",
        ..USUAL
    };
    write(&path, &case.template());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).expect("a mode");
    let (code, out, err) = validate(folder.path(), &["template.yaml", "--fix", "--json"]);
    assert_eq!(code, 0, "{err}");
    let told: serde_json::Value = serde_json::from_str(&out).expect("one document");
    let codes: Vec<&str> = told["fixed"][0]["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter_map(|one| one["code"].as_str())
        .collect();
    assert_eq!(codes, ["M8407", "M8408", "M8409"], "{out}");
    let left = told["diagnostics"].as_array().expect("findings");
    assert!(left.iter().all(|one| one["code"] == "M8002"), "nothing is left: {out}");
    let after = fs::read_to_string(&path).expect("the file");
    assert!(after.contains("Parameters: {binlog_format: \"ROW\", binlog_row_image: full}"), "{after}");
    assert!(after.contains("BackupRetentionPeriod: 1}"), "{after}");
    assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o640, "its mode stays");
}

#[test]
fn what_a_program_wrote_is_corrected_there() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("cdk.out")).expect("a folder");
    let path = folder.path().join("cdk.out/template.yaml");
    let before = Case { parameters: "rds.force_ssl: '1'", ..USUAL }.template();
    write(&path, &before);
    let (code, _, err) = validate(folder.path(), &["cdk.out/template.yaml", "--fix"]);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("M0013") && err.contains("cdk synth"), "{err}");
    assert_eq!(fs::read_to_string(&path).expect("the file"), before);
    // A value of a parameter is not written where it is used: it is told, not corrected.
    let path = folder.path().join("plain.yaml");
    let template = before.replace("{rds.force_ssl: '1'}", "{rds.logical_replication: !Ref Logical}");
    write(&path, &format!("Parameters: {{Logical: {{Type: String, Default: '0'}}}}\n{template}"));
    let (code, _, err) = validate(folder.path(), &["plain.yaml", "--fix"]);
    assert_eq!(code, 0, "{err}");
    assert!(err.contains("warning[M8407]") && err.contains("Nothing that --fix could correct"), "{err}");
}
