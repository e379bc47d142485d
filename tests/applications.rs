//! Applications of the Serverless Application Repository and hosted rotation functions, as a user meets them: planned, deployed,
//! unchanged, changed, saved, gone; and the process's death at every place.

use std::path::Path;

use serde_json::Value as Json;

use crate::{
    crash::converges,
    program::{migrate, text},
    support::{Rehearsal, Verb, write},
};

/// One of each: the application as the CDK writes it (`SecretRotation`), and `hostedRotationLambda`.
const PLAN: &str = r#"
Transform: [AWS::Serverless-2016-10-31, AWS::SecretsManager-2024-09-16]
Mappings:
  Application:
    aws: {id: 'arn:aws:serverlessrepo:us-east-1:297356227824:applications/SecretsManagerRDSMySQLRotationMultiUser', version: 1.1.618}
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}}
  Group: {Type: 'AWS::EC2::SecurityGroup', Properties: {GroupDescription: rotation, VpcId: !Ref Vpc}}
  Superuser: {Type: 'AWS::SecretsManager::Secret', Properties: {GenerateSecretString: {}}}
  User: {Type: 'AWS::SecretsManager::Secret', Properties: {GenerateSecretString: {}}}
  Other: {Type: 'AWS::SecretsManager::Secret', Properties: {GenerateSecretString: {}}}
  Rotation:
    Type: AWS::Serverless::Application
    Properties:
      Location:
        ApplicationId: !FindInMap [Application, !Ref AWS::Partition, id]
        SemanticVersion: !FindInMap [Application, !Ref AWS::Partition, version]
      Parameters:
        endpoint: !Sub 'https://secretsmanager.${AWS::Region}.${AWS::URLSuffix}'
        functionName: rotate-user
        masterSecretArn: !Ref Superuser
        vpcSubnetIds: !Ref Subnet
        vpcSecurityGroupIds: !Ref Group
        excludeCharacters: ' %+'
  Schedule:
    Type: AWS::SecretsManager::RotationSchedule
    Properties:
      SecretId: !Ref User
      RotationLambdaARN: !GetAtt Rotation.Outputs.RotationLambdaARN
      RotationRules: {AutomaticallyAfterDays: 30}
  Hosted:
    Type: AWS::SecretsManager::RotationSchedule
    Properties:
      SecretId: !Ref Other
      RotationRules: {AutomaticallyAfterDays: 7}
      HostedRotationLambda: {RotationType: PostgreSQLSingleUser, ExcludeCharacters: '/@'}
Outputs:
  Function: {Value: !GetAtt Rotation.Outputs.RotationLambdaARN}
"#;

#[track_caller]
fn says(dir: &Path, code: i32, args: &[&str]) -> String {
    let output = migrate(dir, args);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    said.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn json_of(dir: &Path, args: &[&str]) -> Json {
    let output = migrate(dir, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn folder(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    write(&folder.path().join("app.yaml"), text);
    folder
}

const WHERE: &[&str] = &["--sandbox", "--region", "us-east-1"];

fn with<'a>(args: &[&'a str]) -> Vec<&'a str> {
    args.iter().chain(WHERE).copied().collect()
}

#[test]
fn rotation_functions_are_deployed_stay_change_and_go() {
    let folder = folder(PLAN);
    let dir = folder.path();
    // Who asks no account is told what is missing.
    let said = says(dir, 3, &["validate", "app.yaml", "--region", "us-east-1"]);
    assert!(said.contains("M1130") && said.contains("is in the Serverless Application Repository"), "{said}");
    let said = says(dir, 0, &with(&["plan", "app.yaml"]));
    assert!(
        said.contains("SecretsManagerRDSMySQLRotationMultiUser of the Serverless Application Repository"),
        "{said}"
    );
    says(dir, 0, &with(&["up", "app.yaml", "--yes"]));
    let outputs = json_of(dir, &["outputs", "app.yaml", "--json"]);
    assert!(
        outputs.to_string().contains("arn:aws:lambda:us-east-1:123456789012:function:rotate-user"),
        "{outputs}"
    );
    // A second copy of the same version is no change.
    let again = says(dir, 0, &with(&["up", "app.yaml", "--yes"]));
    assert!(
        again.contains("Nothing to do") || again.contains("no changes") || again.contains("0 to create"),
        "{again}"
    );
    write(&dir.join("app.yaml"), &PLAN.replace("excludeCharacters: ' %+'", "excludeCharacters: ' %+*'"));
    let changed = says(dir, 0, &with(&["up", "app.yaml", "--yes"]));
    assert!(changed.contains("SecretsManagerRDSMySQLRotationMultiUser"), "{changed}");
    // What a saved change set was told is what is applied.
    write(&dir.join("app.yaml"), &PLAN.replace("functionName: rotate-user", "functionName: rotate-app-user"));
    says(dir, 0, &with(&["plan", "app.yaml", "--out", "set.json"]));
    says(dir, 0, &with(&["up", "app.yaml", "--change-set", "set.json", "--yes"]));
    says(dir, 0, &["destroy", "app.yaml", "--sandbox", "--yes", "--allow-data-loss", "all"]);
    let left = says(dir, 0, &["sandbox", "show"]);
    assert!(!left.contains("lambda.function") && !left.contains("iam.role"), "{left}");
}

#[test]
fn another_version_is_a_change_and_an_unknown_application_is_named() {
    let folder = folder(PLAN);
    let dir = folder.path();
    says(dir, 0, &with(&["up", "app.yaml", "--yes"]));
    write(&dir.join("app.yaml"), &PLAN.replace("version: 1.1.618", "version: 1.1.700"));
    let said = says(dir, 0, &with(&["plan", "app.yaml"]));
    assert!(
        said.contains("1.1.700; at the last run it was 1.1.618") && said.contains("1 to update"),
        "{said}"
    );
    write(&dir.join("app.yaml"), &PLAN.replace("RotationMultiUser", "RotationNoUser"));
    let said = says(dir, 3, &with(&["plan", "app.yaml"]));
    assert!(said.contains("M1130") && said.contains("RotationNoUser does not exist"), "{said}");
}

/// Nobody signals: an hour and a minute later it fails.
const AN_HOUR: &str = r"
Resources:
  Handle: {Type: 'AWS::CloudFormation::WaitConditionHandle'}
  Hour: {Type: 'AWS::CloudFormation::WaitCondition', Properties: {Handle: !Ref Handle, Timeout: '3660'}}
";

#[test]
fn a_saved_change_set_outlives_its_copy_of_an_application_by_no_minute() {
    let folder = folder(PLAN);
    let dir = folder.path();
    says(dir, 0, &with(&["plan", "app.yaml", "--out", "set.json"]));
    write(&dir.join("hour.yaml"), AN_HOUR);
    says(dir, 1, &with(&["up", "hour.yaml", "--yes"]));
    let said = says(dir, 7, &with(&["up", "app.yaml", "--change-set", "set.json", "--yes"]));
    let expired = "the copy of SecretsManagerRDSMySQLRotationMultiUser of the Serverless Application Repository 1.1.618 has \
                   expired";
    assert!(said.contains("M5102") && said.contains(expired), "{said}");
    assert!(said.contains("migrate plan app.yaml --out FILE"), "{said}");
    // Nothing was made, and a new review gets a new copy.
    assert!(!says(dir, 0, &["sandbox", "show"]).contains("lambda.function"));
    says(dir, 0, &with(&["plan", "app.yaml", "--out", "set.json"]));
    says(dir, 0, &with(&["up", "app.yaml", "--change-set", "set.json", "--yes"]));
}

#[test]
fn rotation_functions_converge_after_a_crash_anywhere() {
    let folder = folder(PLAN);
    let fresh = Rehearsal::new(&folder.path().join("app.yaml")).with_applications();
    converges("up of rotation functions", &fresh, Verb::Up, 9);
    let mut deployed = fresh.fork();
    deployed.up().complete();
    converges("destroy of rotation functions", &deployed, Verb::Destroy, 9);
}
