//! What is warned of, and what is not.

use super::{place::Place, templates::NETWORK};

/// What lints say of a template, by code; warnings on the command line.
fn lints(template: &str, more: &[&str]) -> Vec<String> {
    let place = Place::new(template);
    let told = place.says(0, &[&["validate", "app.yaml", "--region", "us-east-1"], more].concat());
    let code = |line: &str| Some(line.strip_prefix("warning[")?.split(']').next()?.to_owned());
    told.lines().filter_map(code).collect()
}

fn task(target: &str) -> String {
    format!(
        "Resources:
  Sink: {{Type: AWS::DMS::Endpoint, Properties: {{EndpointType: target, {target}}}}}
  Copy:
    Type: AWS::DMS::ReplicationTask
    Properties:
      MigrationType: cdc
      ReplicationInstanceArn: arn:aws:dms:us-east-1:123456789012:rep:ABCDEFGHIJKLMNOPQRSTUVWXYZ
      SourceEndpointArn: arn:aws:dms:us-east-1:123456789012:endpoint:ABCDEFGHIJKLMNOPQRSTUVWXYZ
      TargetEndpointArn: !Ref Sink
      TableMappings: '{{\"rules\":[{{\"rule-type\":\"selection\",\"rule-id\":\"1\",\"rule-name\":\"1\",\"object-locator\":\
         {{\"schema-name\":\"a\",\"table-name\":\"%\"}},\"rule-action\":\"include\"}}]}}'
"
    )
}

#[test]
fn the_defaults_of_dms_are_one_line_and_targets_that_cannot_be_validated_are_not_asked_to_be() {
    let streams = "EngineName: kinesis, KinesisSettings: {StreamArn: 'arn:aws:kinesis:us-east-1:123456789012:stream/s', \
                   MessageFormat: json, ServiceAccessRoleArn: 'arn:aws:iam::123456789012:role/r'}";
    let told = Place::new(&task(streams)).says(0, &["validate", "app.yaml"]);
    assert_eq!(told.matches("warning[").count(), 1, "{told}");
    assert!(told.contains("DMS's defaults hold here") && !told.contains("M8403"), "{told}");
    let database = "EngineName: postgres, ServerName: db.example.com, Port: 5432, Username: u, DatabaseName: d, SslMode: \
                    require, Password: '{{resolve:secretsmanager:p}}'";
    assert!(Place::new(&task(database)).says(0, &["validate", "app.yaml"]).contains("(M8403)"), "a database");
}

#[test]
fn switches_and_placeholders_are_no_secrets() {
    let container = |name: &str, value: &str| {
        format!(
            "Resources:\n  Job:\n    Type: AWS::ECS::TaskDefinition\n    Properties: {{ContainerDefinitions: [{{Name: a, Image: nginx, \
             Memory: 128, Environment: [{{Name: {name}, Value: '{value}'}}]}}]}}\n"
        )
    };
    for value in ["true", "false", "changeme", "CHANGE_ME", "<your password>", "xxxxxx", "REPLACE_WITH_REAL"]
    {
        assert!(lints(&container("DB_PASSWORD", value), &[]).is_empty(), "{value}");
    }
    assert_eq!(lints(&container("DB_PASSWORD", "correct-horse"), &[]), ["M8201"]);
    let secret = |text: &str| {
        format!(
            "Resources:\n  S: {{Type: AWS::SecretsManager::Secret, Properties: {{SecretString: '{text}'}}}}\n"
        )
    };
    assert!(lints(&secret(r#"{"username": "admin", "password": "CHANGE_ME"}"#), &[]).is_empty());
    assert_eq!(lints(&secret(r#"{"username": "admin", "password": "hunter22"}"#), &[]), ["M8201"]);
    // A database is made with what stands there, whatever the words are.
    let database = "Resources:\n  D:\n    Type: AWS::RDS::DBInstance\n    DeletionPolicy: Delete\n    Properties: {Engine: mysql, \
                    DBInstanceClass: db.t3.micro, AllocatedStorage: 20, MasterUsername: boss, MasterUserPassword: changeme}\n";
    assert!(lints(database, &[]).contains(&"M8201".to_owned()));
    let parameter = |more: &str| {
        format!(
            "Parameters:\n  UsePassword: {{Type: String, {more}}}\nResources:\n  T: {{Type: AWS::SNS::Topic, Properties: \
                 {{DisplayName: !Ref UsePassword}}}}\n"
        )
    };
    assert!(lints(&parameter("AllowedValues: ['yes', 'no'], Default: 'yes'"), &[]).is_empty());
    assert_eq!(lints(&parameter("Default: correct-horse"), &[]), ["M8202"]);
}

#[test]
fn a_balancers_ports_are_its_own_and_advice_is_told_on_request() {
    let group = |user: &str| {
        format!(
            "Resources:{NETWORK}
  Wall:
    Type: AWS::EC2::SecurityGroup
    Properties: {{GroupDescription: d, VpcId: !Ref Net, SecurityGroupIngress: [{{IpProtocol: -1, CidrIp: 0.0.0.0/0}}]}}
{user}"
        )
    };
    let balancer = "  Door: {Type: AWS::ElasticLoadBalancingV2::LoadBalancer, DependsOn: Join, Properties: {Subnets: [!Ref A, !Ref \
                    B], SecurityGroups: [!Ref Wall]}}\n";
    assert!(lints(&group(balancer), &[]).is_empty());
    assert_eq!(lints(&group(""), &[]), ["M8106"]);
    let bucket = "Resources:\n  Store: {Type: AWS::S3::Bucket}\n";
    assert!(lints(bucket, &[]).is_empty());
    assert_eq!(lints(bucket, &["--advice"]), ["M8502"]);
    let place = Place::new(bucket);
    place.says(0, &["validate", "app.yaml", "--region", "us-east-1", "--deny-warnings"]);
}
