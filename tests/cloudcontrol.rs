//! A plan whose types go through Cloud Control: its life, the process's death at every place, failures in the
//! background, and tokens that ran out.

use std::path::Path;

use migrate::{
    engine::Outcome,
    sandbox::{Action, FaultRule, FaultScript, Moment, Selector},
};

use crate::support::{Rehearsal, Trouble, Verb, in_parallel, report, sample, write};

/// Queues, a table, an API, a bus, a user pool, a state machine, a distribution, a registry and a file system in native subnets.
const PLAN: &str = r#"
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}
  DeadLetters:
    Type: AWS::SQS::Queue
  Orders:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: orders
      VisibilityTimeout: 30
      RedrivePolicy: {deadLetterTargetArn: !GetAtt DeadLetters.Arn, maxReceiveCount: 3}
      Tags: [{Key: team, Value: shop}]
  Table:
    Type: AWS::DynamoDB::Table
    DeletionPolicy: Delete
    Properties:
      TableName: orders
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties: {Name: shop}
  Path:
    Type: AWS::ApiGateway::Resource
    Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: orders}
  Method:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Path
      HttpMethod: GET
      AuthorizationType: NONE
  Bus:
    Type: AWS::Events::EventBus
    Properties: {Name: shop}
  Users:
    Type: AWS::Cognito::UserPool
    Properties: {UserPoolName: customers}
  Client:
    Type: AWS::Cognito::UserPoolClient
    Properties: {UserPoolId: !Ref Users, ClientName: web}
  Images:
    Type: AWS::ECR::Repository
    Properties: {RepositoryName: shop/web}
  Files:
    Type: AWS::EFS::FileSystem
    Properties: {Encrypted: true}
  Mount:
    Type: AWS::EFS::MountTarget
    Properties: {FileSystemId: !Ref Files, SubnetId: !Ref Subnet, SecurityGroups: [!GetAtt Vpc.DefaultSecurityGroup]}
  MachineRole:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: states.amazonaws.com}, Action: 'sts:AssumeRole'}]
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt MachineRole.Arn
      DefinitionString: '{"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}'
  Front:
    Type: AWS::CloudFront::Distribution
    Properties:
      DistributionConfig:
        Enabled: true
        DefaultCacheBehavior: {TargetOriginId: api, ViewerProtocolPolicy: https-only}
        Origins:
          - Id: api
            DomainName: !Sub '${Api}.execute-api.us-east-1.amazonaws.com'
            CustomOriginConfig: {OriginProtocolPolicy: https-only}
Outputs:
  Queue: {Value: !Ref Orders}
  QueueArn: {Value: !GetAtt Orders.Arn}
  QueueNames: {Value: !Join [' ', [!GetAtt Orders.QueueName, !GetAtt DeadLetters.QueueName]]}
  Path: {Value: !Ref Path}
"#;

fn plan(folder: &Path, text: &str) -> Rehearsal {
    let path = folder.join("shop.yaml");
    write(&path, text);
    Rehearsal::new(&path).with_warnings()
}

fn edited(rehearsal: &Rehearsal, folder: &Path, edits: &[(&str, &str)]) -> Rehearsal {
    let mut text = PLAN.to_owned();
    for (from, to) in edits {
        assert!(text.contains(from), "{from}");
        text = text.replacen(from, to, 1);
    }
    let path = folder.join("shop.yaml");
    write(&path, &text);
    rehearsal.clone().with_plan(&path)
}

const EDITS: &[(&str, &str)] = &[
    ("VisibilityTimeout: 30", "VisibilityTimeout: 60"),
    // Create-only, under a name that only one queue can have.
    ("QueueName: orders\n", "QueueName: orders\n      MessageRetentionPeriod: 3600\n"),
    ("PathPart: orders", "PathPart: carts"),
    ("Encrypted: true", "Encrypted: true, ThroughputMode: elastic"),
];

fn deleted(census: &std::collections::BTreeMap<String, usize>) -> bool {
    census.keys().all(|table| !table.starts_with("cloudcontrol"))
}

#[test]
fn a_plan_of_cloud_control_types_lives_changes_and_goes() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut rehearsal = plan(folder.path(), PLAN);
    let ran = rehearsal.up().complete();
    let through = ran.change_set.notes.iter().find(|note| note.contains("Cloud Control")).expect("a note");
    assert!(
        through.contains("resources go through Cloud Control") && through.contains("shop/Orders"),
        "{through}"
    );
    rehearsal.check_invariants("after up");
    rehearsal.check_world("after up");
    let outputs = rehearsal.snapshot().outputs["shop"].clone();
    // "QueueName" is an attribute, whether the template gives one or not.
    let names = outputs["QueueNames"].as_str().unwrap_or_default();
    assert!(names.starts_with("orders ") && names.len() > "orders ".len(), "{names}");
    assert_eq!(outputs["QueueArn"], "arn:aws:sqs:us-east-1:123456789012:orders");
    assert_eq!(outputs["Queue"], "https://sqs.us-east-1.amazonaws.com/123456789012/orders");
    assert!(!outputs["Path"].as_str().unwrap_or("|").contains('|'), "{outputs:?}");
    assert!(rehearsal.up().complete().change_set.is_empty(), "a second run changes something");
    let mut changed = edited(&rehearsal, folder.path(), EDITS);
    let set = changed.up().complete().change_set;
    let verb = |name: &str| {
        let step = set.steps.iter().find(|step| step.address.as_str() == format!("shop/{name}"));
        step.map(|step| step.action.verb())
    };
    assert_eq!(
        (verb("Orders"), verb("Path"), verb("Files")),
        (Some("update"), Some("replace"), Some("update"))
    );
    assert!(changed.up().complete().change_set.is_empty());
    changed.run(Verb::Destroy, Trouble::default()).complete();
    assert!(deleted(&changed.census()), "{:?}", changed.census());
}

/// Resumes from every `stride`-th place. What is made in the background may show after recovery has looked: that it is
/// found late is right here, as long as everything is as in the undisturbed end.
fn converges(what: &str, before: &Rehearsal, verb: Verb, stride: usize) {
    let mut undisturbed = before.fork();
    let (ran, crashes, moments) = undisturbed.crashes(verb);
    ran.complete();
    let places = crashes.len();
    let visited = sample(&crashes, stride);
    report(&format!("{what}: died at {} of {places} places, {moments:?}", visited.len()));
    let census = undisturbed.census();
    let resources = undisturbed.snapshot().objects().count();
    in_parallel(&visited, |_, (n, crash)| {
        let mut resumed = undisturbed.after(crash);
        let context = format!("{what}, crash {n} of {places}, {}", crash.at);
        let ran = resumed.run(verb, Trouble::default());
        assert_eq!(ran.outcome(), Outcome::Complete, "{context}: {:#?}", ran.finished);
        resumed.check_settled(&context);
        resumed.check_world(&context);
        assert_eq!(resumed.snapshot().objects().count(), resources, "{context}");
        assert_eq!(resumed.census(), census, "{context}: the account differs from the undisturbed run's");
    });
}

#[test]
fn cloud_control_types_converge_after_a_crash_anywhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let fresh = plan(folder.path(), PLAN);
    converges("up of Cloud Control types", &fresh, Verb::Up, 12);
    let mut deployed = fresh.fork();
    deployed.up().complete();
    converges("destroy of Cloud Control types", &deployed, Verb::Destroy, 18);
    let other = tempfile::tempdir().expect("a folder");
    converges("update of Cloud Control types", &edited(&deployed, other.path(), EDITS), Verb::Up, 12);
}

fn rule(operation: &str, action: Action) -> FaultScript {
    let selector = Selector { operation: Some(operation.into()), nth: Some(1), ..Selector::default() };
    FaultScript { rules: vec![FaultRule { selector, action }] }
}

const ONE: &str = "
Resources:
  Orders:
    Type: AWS::SQS::Queue
";

/// The request fails in the background after a second, with that code and those words.
fn fails(code: &str, message: &str) -> FaultScript {
    let members =
        serde_json::json!({"OperationStatus": "FAILED", "ErrorCode": code, "StatusMessage": message});
    rule(
        "CreateResource",
        Action::LifecycleFail { table: "cloudcontrol.request".into(), millis: 1_000, members },
    )
}

#[test]
fn a_creation_that_fails_in_the_background_leaves_nothing_and_passing_reasons_are_outwaited() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut rehearsal = plan(folder.path(), ONE);
    let ran = rehearsal.run(Verb::Up, fails("InvalidRequest", "The queue is too long.").into());
    assert_eq!(ran.outcome(), Outcome::Failed);
    let failure = format!("{:?}", ran.finished.expect("an end").failures);
    assert!(failure.contains("InvalidRequest") && failure.contains("too long"), "{failure}");
    assert_eq!(rehearsal.snapshot().objects().count(), 0);
    rehearsal.up().complete();

    let mut rehearsal = plan(folder.path(), ONE);
    let ran =
        rehearsal.run(Verb::Up, fails("InvalidRequest", "The role cannot be assumed.").into()).complete();
    assert_eq!(ran.mutations.iter().filter(|name| *name == "cloudcontrol:CreateResource").count(), 2);
    assert_eq!(rehearsal.snapshot().objects().count(), 1);
}

#[test]
fn a_lost_answer_is_called_again_with_the_same_token_and_after_its_life_it_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut rehearsal = plan(folder.path(), ONE);
    rehearsal.run(Verb::Up, rule("CreateResource", Action::LoseAnswer).into()).complete();
    let queues = |rehearsal: &Rehearsal| rehearsal.census().get("cloudcontrol.AWS::SQS::Queue").copied();
    assert_eq!(queues(&rehearsal), Some(1));

    let mut died = plan(folder.path(), ONE);
    let ran = died.run(Verb::Up, rule("CreateResource", Action::Crash(Moment::After)).into());
    assert!(ran.finished.is_none(), "the process was to die");
    let mut soon = died.fork();
    soon.up().complete();
    assert_eq!(queues(&soon), Some(1));
    // The token is forgotten: whether there is a queue, nobody can tell.
    let later = died.world.now() + 37 * 3600 * 1000;
    died.world.advance_to(later);
    let ran = died.up();
    assert!(ran.broke_off.as_deref().is_some_and(|why| why.contains("TokenExpired")), "{:?}", ran.broke_off);
    assert_eq!(queues(&died), Some(1));
    assert!(ran.mutations.is_empty(), "{:?}", ran.mutations);
}

/// Each part is an object of its own, found again and deleted by itself; what waits for the policy waits for all of them.
const PARTS: &str = r#"
Resources:
  Orders: {Type: 'AWS::SQS::Queue'}
  Bills: {Type: 'AWS::SQS::Queue'}
  Send:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Orders, !Ref Bills]
      PolicyDocument:
        Version: '2012-10-17'
        Statement: [{Effect: Allow, Principal: {Service: sns.amazonaws.com}, Action: 'sqs:SendMessage', Resource: '*'}]
  Alerts: {Type: 'AWS::SNS::Topic', DependsOn: Send}
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet: {Type: 'AWS::EC2::Subnet', Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24}}
  Server:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64
      InstanceType: t3.micro
      SubnetId: !Ref Subnet
      SsmAssociations:
        - DocumentName: AWS-JoinDirectoryServiceDomain
          AssociationParameters: [{Key: directoryId, Value: [d-0123456789]}, {Key: dnsIpAddresses, Value: [10.0.0.9, 10.0.0.10]}]
"#;

#[test]
fn a_queue_policy_and_associations_of_an_instance_are_objects_of_their_own() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut rehearsal = plan(folder.path(), PARTS);
    let set = rehearsal.up().complete().change_set;
    let kind = |rehearsal: &Rehearsal, name: &str| {
        let address = migrate::model::Address::new("shop", name);
        rehearsal.snapshot().current(&address).map(|object| object.declared.kind.clone())
    };
    let inline = Some("AWS::SQS::QueueInlinePolicy".to_owned());
    assert_eq!((kind(&rehearsal, "Send"), kind(&rehearsal, "SendBills")), (inline.clone(), inline));
    assert_eq!(kind(&rehearsal, "ServerAssociation1").as_deref(), Some("AWS::SSM::Association"));
    let alerts = set.steps.iter().find(|step| step.address.logical_id() == "Alerts").expect("the topic");
    for name in ["Send", "SendBills"] {
        let part = set.steps.iter().find(|step| step.address.logical_id() == name).expect("a policy");
        assert!(alerts.after.iter().any(|wait| wait.step == part.id), "the topic does not wait for {name}");
    }
    let association = rehearsal
        .world
        .rows("cloudcontrol.AWS::SSM::Association")
        .map(|(_, row)| row["Properties"].clone())
        .next()
        .expect("an association");
    assert_eq!(association["Name"], "AWS-JoinDirectoryServiceDomain");
    assert_eq!(association["Parameters"]["dnsIpAddresses"], serde_json::json!(["10.0.0.9", "10.0.0.10"]));
    assert!(association["InstanceId"].as_str().is_some_and(|id| id.starts_with("i-")), "{association}");
    rehearsal.check_world("after up");
    assert!(rehearsal.up().complete().change_set.is_empty());
    // One queue less, and another way to say the policy.
    let text = PARTS.replace("[!Ref Orders, !Ref Bills]", "[!Ref Orders]").replace("10.0.0.9, ", "");
    let other = tempfile::tempdir().expect("a folder");
    let mut changed = rehearsal.clone().with_plan(&other.path().join("shop.yaml"));
    write(&other.path().join("shop.yaml"), &text);
    let set = changed.up().complete().change_set;
    let verbs: Vec<(&str, &str)> =
        set.steps.iter().map(|step| (step.address.logical_id(), step.action.verb())).collect();
    assert!(
        verbs.contains(&("SendBills", "delete")) && verbs.contains(&("ServerAssociation1", "update")),
        "{verbs:?}"
    );
    converges("destroy of a policy of queues", &changed, Verb::Destroy, 9);
    changed.run(Verb::Destroy, Trouble::default()).complete();
    assert!(deleted(&changed.census()), "{:?}", changed.census());
}
