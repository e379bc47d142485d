//! What lies on an object that is made anew under its old name goes with it, and has to be put there again: wherever a run
//! dies, and though no name in the plan has changed.

use std::path::Path;

use migrate::{model::Address, planner::Action};

use crate::{
    program::{migrate, text},
    support::{Rehearsal, Verb, in_parallel, report, thorough, write},
};

/// Everything that lies on something else, and what it lies on with a name that the template fixes.
const LODGERS: &str = r#"
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: tasks, AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [
    {Effect: Allow, Principal: {Service: [ecs-tasks.amazonaws.com, ec2.amazonaws.com]}, Action: 'sts:AssumeRole'}]}}}
  Other: {Type: AWS::IAM::Role, Properties: {RoleName: other, AssumeRolePolicyDocument: {Version: '2012-10-17', Statement: [
    {Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: 'sts:AssumeRole'}]}}}
  Inline: {Type: AWS::IAM::Policy, Properties: {PolicyName: in, Roles: [!Ref Role, !Ref Other], PolicyDocument: {Version: '2012-10-17',
    Statement: [{Effect: Allow, Action: 'sns:Publish', Resource: '*'}]}}}
  Single: {Type: AWS::IAM::RolePolicy, Properties: {PolicyName: single, RoleName: !Ref Role, PolicyDocument: {Version: '2012-10-17',
    Statement: [{Effect: Allow, Action: 'sns:Publish', Resource: '*'}]}}}
  Managed: {Type: AWS::IAM::ManagedPolicy, Properties: {ManagedPolicyName: managed, Roles: [!Ref Role, !Ref Other],
    PolicyDocument: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'sns:Publish', Resource: '*'}]}}}
  Profile: {Type: AWS::IAM::InstanceProfile, Properties: {InstanceProfileName: profile, Roles: [!Ref Role]}}
  Function: {Type: AWS::Lambda::Function, Properties: {FunctionName: fn, Runtime: python3.12, Handler: index.h, Role: !GetAtt Other.Arn,
    Code: {ZipFile: 'def h(e, c): pass'}}}
  Permission: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Function, Action: 'lambda:InvokeFunction',
    Principal: sns.amazonaws.com}}
  Topic: {Type: AWS::SNS::Topic, Properties: {TopicName: alerts}}
  More: {Type: AWS::SNS::Topic, Properties: {TopicName: more}}
  TopicPolicy: {Type: AWS::SNS::TopicPolicy, Properties: {Topics: [!Ref Topic, !Ref More], PolicyDocument: {Version: '2012-10-17',
    Statement: [{Sid: x, Effect: Allow, Principal: {Service: events.amazonaws.com}, Action: 'sns:Publish', Resource: !Ref Topic}]}}}
  One: {Type: AWS::SNS::Topic, Properties: {TopicName: one}}
  OnePolicy: {Type: AWS::SNS::TopicPolicy, Properties: {Topics: [!Ref One], PolicyDocument: {Version: '2012-10-17', Statement: [
    {Sid: x, Effect: Allow, Principal: {Service: events.amazonaws.com}, Action: 'sns:Publish', Resource: !Ref One}]}}}
  Subscription: {Type: AWS::SNS::Subscription, Properties: {TopicArn: !Ref Topic, Protocol: sqs,
    Endpoint: 'arn:aws:sqs:us-east-1:123456789012:q'}}
  Bucket: {Type: AWS::S3::Bucket, DeletionPolicy: Delete, UpdateReplacePolicy: Delete, Properties: {BucketName: orders-of-ours}}
  BucketPolicy: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: !Ref Bucket, PolicyDocument: {Version: '2012-10-17', Statement: [
    {Sid: x, Effect: Deny, Principal: '*', Action: 's3:PutObject', Resource: 'arn:aws:s3:::orders-of-ours/*'}]}}}
  Secret: {Type: AWS::SecretsManager::Secret, DeletionPolicy: Delete, UpdateReplacePolicy: Delete, Properties: {Name: orders,
    GenerateSecretString: {PasswordLength: 24}}}
  SecretPolicy: {Type: AWS::SecretsManager::ResourcePolicy, Properties: {SecretId: !Ref Secret, ResourcePolicy: {Version: '2012-10-17',
    Statement: [{Effect: Deny, Principal: '*', Action: 'secretsmanager:DeleteSecret', Resource: '*',
      Condition: {StringEquals: {'aws:PrincipalTag/x': 'y'}}}]}}}
"#;

fn deployed(dir: &Path, text: &str) -> Rehearsal {
    let file = dir.join("plan.yaml");
    write(&file, text);
    let mut life = Rehearsal::new(&file).with_warnings();
    life.up().complete();
    life.check_world("deployed");
    life
}

/// Fails without `Facts::parts_in` and `engine/parts.rs`: the run says complete, and the new role has no policies.
#[test]
fn what_lies_on_a_renewed_object_is_put_there_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let life = deployed(dir.path(), LODGERS);
    let hosts: Vec<&str> = vec!["Role", "Other", "Function", "Topic", "More", "One", "Bucket", "Secret"];
    in_parallel(&hosts, |_, host| {
        let mut life = life.fork();
        life.replace = vec![Address::new("plan", host)];
        let ran = life.up().complete();
        let creates = |step: &&migrate::planner::Step| matches!(step.action, Action::Create { .. });
        assert!(ran.change_set.steps.iter().filter(creates).count() >= 1, "{host}");
        life.check_world(host);
        life.check_invariants(host);
        life.replace.clear();
        assert!(life.up().complete().change_set.is_empty(), "{host}: the second run changes something");
    });
}

/// Fails where only the run that made an object anew knows of it: the next one finds every name as it was.
#[test]
fn what_lies_on_renewed_objects_is_put_there_again_wherever_the_run_dies() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut life = deployed(dir.path(), LODGERS);
    life.replace =
        ["Role", "Function", "Topic", "One"].iter().map(|host| Address::new("plan", host)).collect();
    let (ran, crashes, _) = life.fork().crashes(Verb::Up);
    ran.complete();
    let every = if thorough() { 1 } else { 4 };
    let sample: Vec<_> = crashes.iter().step_by(every).collect();
    assert!(sample.len() > 20, "{} places", sample.len());
    in_parallel(&sample, |_, crash| {
        let mut again = life.after(crash);
        again.replace.clear();
        again.up().complete();
        again.check_settled(&crash.at);
        again.check_world(&crash.at);
        assert!(
            again.up().complete().change_set.is_empty(),
            "{}: the second run changes something",
            crash.at
        );
    });
    report(&format!("renewed objects: {} of {} places", sample.len(), crashes.len()));
}

const DATABASE: &str = r#"
Resources:
  Secret: {Type: AWS::SecretsManager::Secret, DeletionPolicy: Delete, UpdateReplacePolicy: Delete, Properties: {
    GenerateSecretString: {SecretStringTemplate: '{"username": "app"}', GenerateStringKey: password, ExcludeCharacters: '/@" '}}}
  Database: {Type: AWS::RDS::DBInstance, DeletionPolicy: Delete, UpdateReplacePolicy: Delete, Properties: {DBInstanceIdentifier: orders,
    DBInstanceClass: db.t3.micro, Engine: ENGINE, AllocatedStorage: '20', MasterUsername: app,
    MasterUserPassword: !Sub '{{resolve:secretsmanager:${Secret}:SecretString:password}}'}}
  Attachment: {Type: AWS::SecretsManager::SecretTargetAttachment, Properties: {SecretId: !Ref Secret, TargetId: !Ref Database,
    TargetType: 'AWS::RDS::DBInstance'}}
"#;

/// A secret tells the engine and the port of the database that was there before, if it is only known by name.
#[test]
fn a_secret_is_attached_again_to_another_database_of_the_same_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let life = deployed(dir.path(), &DATABASE.replace("ENGINE", "postgres"));
    let file = dir.path().join("plan.yaml");
    write(&file, &DATABASE.replace("ENGINE", "mysql"));
    let mut life = life.with_plan(&file);
    life.up().complete();
    let told =
        |text: &str| life.world.rows("secretsmanager.secret").any(|(_, row)| row.to_string().contains(text));
    assert!(told("mysql") && told("3306"), "the secret tells the new database");
}

/// Fails without the questions that are asked before a database makes room (`db_instance_foresee.rs`).
#[test]
fn a_database_stays_while_rds_would_refuse_its_successor() {
    const PLAN: &str = r#"
Resources:
  Database: {Type: AWS::RDS::DBInstance, DeletionPolicy: Delete, UpdateReplacePolicy: Delete, Properties: {DBInstanceIdentifier: orders,
    DBInstanceClass: db.t3.micro, Engine: postgres, EngineVersion: '15.7', AllocatedStorage: '20', MasterUsername: app,
    ManageMasterUserPassword: true}}
"#;
    for (what, from, to) in [
        ("a class that RDS has not", "db.t3.micro", "db.t3.enormous"),
        (
            "a version that RDS has not",
            "EngineVersion: '15.7'",
            "StorageEncrypted: true, EngineVersion: '15.777'",
        ),
        (
            "a group that is not there",
            "MasterUsername: app",
            "MasterUsername: other, DBParameterGroupName: misspelt",
        ),
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("plan.yaml");
        write(&file, PLAN);
        let run = |args: &[&str]| migrate(dir.path(), &[args, &["plan.yaml", "--sandbox"]].concat());
        assert_eq!(run(&["up", "--yes"]).status.code(), Some(0));
        write(&file, &PLAN.replace(from, to).replace("MasterUsername: app", "MasterUsername: another"));
        let refused = run(&["up", "--yes", "--allow-data-loss", "all"]);
        assert_ne!(refused.status.code(), Some(0), "{what}");
        // Whether while planning or before the deletion: the old database is there, as the ledger knows it.
        let same = run(&["refresh", "--detailed-exitcode"]);
        let said = text(&refused.stderr) + &text(&same.stdout) + &text(&same.stderr);
        assert_eq!(same.status.code(), Some(0), "{what}: {said}");
        assert!(said.contains("1 in sync"), "{what}: {said}");
    }
}
