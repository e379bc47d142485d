//! No secret reaches disk or terminal: every byte is searched for every secret value the world generated.

use std::process::{Command, Output};

use crate::support::{report, secrets, write};

/// Secrets of every origin: generated, generated inside JSON, typed by the user, used by other resources.
const PLAN: &str = "
Parameters:
  Password: {Type: String, NoEcho: true}
Resources:
  Generated:
    Type: AWS::SecretsManager::Secret
    Properties: {GenerateSecretString: {PasswordLength: 32, ExcludePunctuation: true}}
  Credentials:
    Type: AWS::SecretsManager::Secret
    Properties:
      GenerateSecretString: {SecretStringTemplate: '{\"username\":\"app\"}', GenerateStringKey: password,
        PasswordLength: 30, ExcludeCharacters: '/@\" '}
  Typed:
    Type: AWS::SecretsManager::Secret
    Properties: {SecretString: !Ref Password}
  Database:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    Properties: {DBInstanceClass: db.t3.micro, Engine: postgres, AllocatedStorage: '20',
      MasterUsername: !Sub '{{resolve:secretsmanager:${Credentials}:SecretString:username}}',
      MasterUserPassword: !Sub '{{resolve:secretsmanager:${Credentials}:SecretString:password}}'}
  Literal:
    Type: AWS::SecretsManager::Secret
    Properties: {SecretString: '{\"password\": \"written-in-the-template\"}'}
  Target:
    Type: AWS::DMS::Endpoint
    Properties: {EndpointType: target, EngineName: postgres, ServerName: db.example.com, Port: 5432,
      DatabaseName: postgres, SslMode: require, Username: app, Password: written-in-the-template}
  Attachment:
    Type: AWS::SecretsManager::SecretTargetAttachment
    Properties: {SecretId: !Ref Credentials, TargetId: !Ref Database, TargetType: 'AWS::RDS::DBInstance'}
  Endpoint:
    Type: AWS::DMS::Endpoint
    Properties: {EndpointType: source, EngineName: postgres, ServerName: !GetAtt Database.Endpoint.Address, Port: 5432,
      DatabaseName: postgres, SslMode: require, Username: app, Password: !Ref Password}
  Setting:
    Type: AWS::SSM::Parameter
    Properties: {Type: String, Value: !Ref Password}
  Cluster:
    Type: AWS::RDS::DBCluster
    DeletionPolicy: Delete
    Properties: {Engine: aurora-mysql, MasterUsername: app, MasterUserPassword: !Ref Password}
Outputs:
  Address: {Value: !GetAtt Database.Endpoint.Address}
";

const TYPED: &str = "correct-horse-battery-staple";

#[test]
fn no_byte_on_disk_or_terminal_is_a_secret() {
    let dir = tempfile::tempdir().expect("a folder");
    let sandbox = tempfile::tempdir().expect("a folder for the world, which may know its own secrets");
    let world = sandbox.path().join("world");
    write(&dir.path().join("plan.yaml"), PLAN);
    let mut seen: Vec<(String, Vec<u8>)> = Vec::new();
    let mut run = |args: &[&str]| -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_migrate"));
        command
            .args(args)
            .args(["--sandbox-dir", world.to_str().expect("a path"), "-v"])
            .current_dir(dir.path());
        command.env_clear().env("NO_COLOR", "1").env("HOME", sandbox.path()).env("MIGRATE_LOG", "trace");
        let output = command.output().expect("the program runs");
        seen.push((format!("stdout of {args:?}"), output.stdout.clone()));
        seen.push((format!("stderr of {args:?}"), output.stderr.clone()));
        // After every command: the ledger may be folded by the next.
        secrets::files(dir.path(), &mut seen);
        // A rehearsal's ledgers lie with the sandbox, whose own files may know its secrets.
        for entry in std::fs::read_dir(&world).into_iter().flatten().flatten() {
            if entry.path().is_dir() {
                secrets::files(&entry.path(), &mut seen);
            }
        }
        seen.retain(|(place, _)| !place.ends_with("/plan.yaml"));
        output
    };
    let set = format!("Password={TYPED}");
    let rule = |operation: &str, action: &str| {
        format!(r#"[{{"match": {{"operation": "{operation}"}}, "action": {action}}}]"#)
    };
    let refusal = format!(
        r#"{{"error": {{"code": "InvalidParameterValue", "status": 400, "message": "The password {TYPED} is weak."}}}}"#
    );
    run(&["plan", "plan.yaml", "--sandbox", "--set", &set]);
    run(&["plan", "plan.yaml", "--sandbox", "--set", &set, "--json"]);
    run(&["plan", "plan.yaml", "--sandbox", "--set", &set, "--out", "saved.json"]);
    // AWS may repeat a secret in its own error text.
    for (operation, action) in [
        ("CreateEndpoint", refusal.as_str()),
        ("CreateDBInstance", r#""garble""#),
        ("CreateSecret", r#""lose-answer""#),
    ] {
        let faults = sandbox.path().join("faults.json");
        write(&faults, &rule(operation, action));
        run(&[
            "up",
            "plan.yaml",
            "--sandbox",
            "--yes",
            "--set",
            &set,
            "--faults",
            faults.to_str().expect("a path"),
        ]);
        run(&["status", "plan.yaml", "--json"]);
    }
    let up = run(&["up", "plan.yaml", "--sandbox", "--yes", "--set", &set, "--json"]);
    assert_eq!(up.status.code(), Some(0), "{}", String::from_utf8_lossy(&up.stderr));
    for args in [
        &["status", "plan.yaml"][..],
        &["outputs", "plan.yaml"],
        &["ledger", "show", "plan.yaml"],
        &["ledger", "history", "plan.yaml", "--json"],
        &["refresh", "plan.yaml", "--sandbox"],
        &["refresh", "plan.yaml", "--sandbox", "--json"],
        &["up", "plan.yaml", "--sandbox", "--yes", "--refresh", "--set", "Password=another-secret-entirely"],
        &["graph", "plan.yaml", "--sandbox", "--set", "Password=another-secret-entirely"],
        &["validate", "plan.yaml", "--set", "Password=another-secret-entirely", "--region", "us-east-1"],
    ] {
        run(args);
    }
    let mut known = secrets::of_folder(&world);
    assert!(known.iter().any(|value| value == "written-in-the-template"), "the call had it");
    known.push(TYPED.to_owned());
    run(&["destroy", "plan.yaml", "--sandbox", "--yes", "--allow-data-loss", "all"]);
    // The generated ones, the typed one, and the JSON documents around them.
    assert!(known.len() >= 4, "the world knows {} secrets only", known.len());
    let mut bytes = 0;
    for (place, content) in &seen {
        bytes += content.len();
        let content = String::from_utf8_lossy(content);
        for secret in known.iter().map(String::as_str).chain(["another-secret-entirely"]) {
            assert!(!content.contains(secret), "a secret is in {place}");
        }
    }
    report(&format!("searched {bytes} bytes in {} places for {} secrets", seen.len(), known.len() + 1));
}

/// A user name that is a secret is create-only: the digest of another key must not cost a database.
const DATABASE: &str = "
Parameters:
  User: {Type: String, NoEcho: true}
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    Properties: {DBInstanceClass: db.t3.micro, Engine: postgres, AllocatedStorage: '20', MasterUsername: !Ref User,
      MasterUserPassword: written-in-the-template}
";

#[test]
fn another_key_sets_secrets_again_and_replaces_nothing() {
    let dir = tempfile::tempdir().expect("a folder");
    write(&dir.path().join("plan.yaml"), DATABASE);
    let run = |home: &str, user: &str, args: &[&str]| -> Output {
        let user = format!("User={user}");
        Command::new(env!("CARGO_BIN_EXE_migrate"))
            .args(args)
            .args(["plan.yaml", "--sandbox", "--set", &user])
            .current_dir(dir.path())
            .env_clear()
            .env("NO_COLOR", "1")
            .env("HOME", dir.path().join(home))
            .output()
            .expect("the program runs")
    };
    let done = |output: &Output, code: i32| {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{}{said}", String::from_utf8_lossy(&output.stdout));
        (String::from_utf8_lossy(&output.stdout).into_owned(), said)
    };
    done(&run("one", "app", &["up", "--yes"]), 0);
    let (_, said) = done(&run("one", "app", &["plan", "--detailed-exitcode"]), 0);
    assert!(!said.contains("another key"), "{said}");
    let (review, said) = done(&run("two", "app", &["plan", "--detailed-exitcode"]), 10);
    assert!(said.contains("another key"), "{said}");
    assert!(
        review.contains("MasterUserPassword changes in place") && !review.contains("replace"),
        "{review}"
    );
    done(&run("two", "app", &["up", "--yes"]), 0);
    done(&run("two", "app", &["plan", "--detailed-exitcode"]), 0);
    // With one key a change is seen, and it is what it is.
    let (review, _) = done(&run("two", "other", &["plan", "--detailed-exitcode"]), 10);
    assert!(review.contains("MasterUsername is create-only and changes"), "{review}");
    for name in ["plan.yaml", "one", "two"] {
        assert!(dir.path().join(name).exists());
    }
}
