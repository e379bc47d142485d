//! Templates that somebody else wrote.

use std::{io::Write as _, process::Stdio};

use serde_json::Value as Json;

use super::place::{Place, flat, text};
use crate::support::write;

pub(super) const NETWORK: &str = "
  Net: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.9.0.0/16}}
  Gate: {Type: AWS::EC2::InternetGateway}
  Join: {Type: AWS::EC2::VPCGatewayAttachment, Properties: {VpcId: !Ref Net, InternetGatewayId: !Ref Gate}}
  A: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Net, CidrBlock: 10.9.0.0/24, AvailabilityZone: us-east-1a}}
  B: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Net, CidrBlock: 10.9.1.0/24, AvailabilityZone: us-east-1b}}
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Net}}
  Out: {Type: AWS::EC2::Route, DependsOn: Join, Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0,
    GatewayId: !Ref Gate}}
  Link: {Type: AWS::EC2::SubnetRouteTableAssociation, Properties: {RouteTableId: !Ref Table, SubnetId: !Ref A}}
";

fn role(service: &str) -> String {
    format!(
        "  Who:\n    Type: AWS::IAM::Role\n    Properties: {{AssumeRolePolicyDocument: {{Version: '2012-10-17', Statement: \
         [{{Effect: Allow, Principal: {{Service: {service}}}, Action: 'sts:AssumeRole'}}]}}}}\n"
    )
}

/// An ECS service whose tasks have that role.
fn service(trusted: &str, named: &str) -> String {
    format!(
        "Resources:{NETWORK}{}
  Herd: {{Type: AWS::ECS::Cluster}}
  Job:
    Type: AWS::ECS::TaskDefinition
    Properties: {{NetworkMode: awsvpc, RequiresCompatibilities: [FARGATE], Cpu: 256, Memory: 512, TaskRoleArn: {named},
      ExecutionRoleArn: {named}, ContainerDefinitions: [{{Name: a, Image: nginx}}]}}
  Run:
    Type: AWS::ECS::Service
    DependsOn: [Out, Link]
    Properties: {{Cluster: !Ref Herd, TaskDefinition: !Ref Job, LaunchType: FARGATE, DesiredCount: 1,
      NetworkConfiguration: {{AwsvpcConfiguration: {{AssignPublicIp: ENABLED, Subnets: [!Ref A]}}}}}}
",
        role(trusted)
    )
}

#[test]
fn yaml_that_other_readers_take_is_taken() {
    let cases = [
        "Resources:\n  T:\n    Type: AWS::ECS::TaskDefinition\n    Properties:\n      ContainerDefinitions:\n        - Name: a\n          \
         Image: nginx\n          Memory: 128\n          Command: [\n            \"sleep\",\n            \"9\"\n          ]\n",
        "Parameters:\n  K:\n    Type: String\n    Default: a\n    Description: 'first\n    second'\nResources:\n  T:\n    Type: \
         AWS::SNS::Topic\n    Properties: {DisplayName: !Ref K}\n",
        "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties: {\n    DisplayName: a,\n  FifoTopic: false\n}\n",
        "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Description: where the news go\n    Version: '1.0'\n",
        "Resources:\n  V: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}\n  G:\n    Type: AWS::EC2::SecurityGroup\n    \
         Properties:\n      GroupDescription: web\n      VpcId: !Ref V\n      SecurityGroupIngress: {IpProtocol: tcp, FromPort: \
         80, ToPort: 80, CidrIp: 10.0.0.0/8}\n",
    ];
    for template in cases {
        let place = Place::new(template);
        // No region is named anywhere: it is checked all the same.
        assert!(place.says(0, &["validate", "app.yaml"]).contains("is valid"), "{template}");
    }
    // What is wrong either way is told of the text as it is.
    let broken = Place::new("Resources:\n  T: [\n]]\n");
    assert!(broken.says(3, &["validate", "app.yaml"]).contains("app.yaml:3:"), "the place");
}

#[test]
fn the_last_of_two_keys_counts_and_a_warning_says_so() {
    let place = Place::new(
        "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: one\n      DisplayName: two\n",
    );
    let told = place.says(0, &["validate", "app.yaml"]);
    assert!(told.contains("warning[M1004]") && told.contains("takes the last"), "{told}");
    let plan: Json = serde_json::from_slice(&place.run(&["plan", "app.yaml", "--sandbox", "--json"]).stdout)
        .expect("JSON");
    assert_eq!(plan["steps"][0]["properties"]["DisplayName"], "two");
    place.says(3, &["validate", "app.yaml", "--deny-warnings"]);
}

#[test]
fn assemblies_need_no_marker_and_stacks_without_resources_are_left_out() {
    let place = Place::new("");
    let stack = |name: &str| {
        format!(
            r#""{name}":{{"type":"aws:cloudformation:stack","environment":"aws://unknown-account/unknown-region","properties":{{"templateFile":"{name}.json"}}}}"#
        )
    };
    let manifest = format!(r#"{{"version":"39.0.0","artifacts":{{{},{}}}}}"#, stack("Check"), stack("News"));
    std::fs::create_dir(place.path().join("out")).expect("a folder");
    write(&place.path().join("out/manifest.json"), &manifest);
    write(
        &place.path().join("out/Check.json"),
        r#"{"Parameters": {"P": {"Type": "String", "Default": "x"}}}"#,
    );
    write(&place.path().join("out/News.json"), r#"{"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}"#);
    let told = flat(&place.says(0, &["up", "out", "--sandbox", "--yes"]));
    assert!(told.contains("stack Check has no resources and is left out"), "{told}");
    write(&place.path().join("out/News.json"), r#"{"Resources": {}}"#);
    assert!(place.says(3, &["validate", "out"]).contains("M1901"), "nothing is left");
}

#[test]
fn roles_by_name_run_and_roles_that_ecs_cannot_assume_are_told_with_the_reason() {
    Place::new(&service("ecs-tasks.amazonaws.com", "!Ref Who")).up();
    for (trusted, named) in [
        ("lambda.amazonaws.com", "!GetAtt Who.Arn"),
        ("ecs-tasks.amazonaws.com", "arn:aws:iam::123456789012:role/none"),
    ] {
        let place = Place::new(&service(trusted, named));
        let told = flat(&place.says(1, &["up", "app.yaml", "--sandbox", "--yes"]));
        // While waiting, and in the recap.
        assert!(told.matches("was unable to assume the role").count() >= 2, "{told}");
        assert!(told.contains("What to do: look into the service's own events"), "{told}");
    }
}

#[test]
fn attributes_that_were_left_to_aws_are_known() {
    let template = format!(
        "Resources:{NETWORK}
  Door: {{Type: AWS::ElasticLoadBalancingV2::LoadBalancer, DependsOn: Join, Properties: {{Subnets: [!Ref A, !Ref B]}}}}
  Wall:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: from the balancer only
      VpcId: !Ref Net
      SecurityGroupIngress: [{{IpProtocol: tcp, FromPort: 80, ToPort: 80,
        SourceSecurityGroupId: !Select [0, !GetAtt Door.SecurityGroups]}}]
  Say: {{Type: AWS::SNS::Topic}}
Outputs:
  Groups: {{Value: !Select [0, !GetAtt Door.SecurityGroups]}}
  Title: {{Value: !GetAtt Say.DisplayName}}
  Tenancy: {{Value: !GetAtt Net.InstanceTenancy}}
  Text: {{Value: !GetAtt Wall.GroupDescription}}
"
    );
    let told = Place::new(&template).up();
    assert!(!told.contains("(unknown") && told.contains("from the balancer only"), "{told}");
}

#[test]
fn subnets_lie_in_secondary_blocks_too() {
    let place = Place::new(
        "Resources:
  Net: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.9.0.0/16}}
  More: {Type: AWS::EC2::VPCCidrBlock, Properties: {VpcId: !Ref Net, CidrBlock: 100.64.0.0/16}}
  Part: {Type: AWS::EC2::Subnet, DependsOn: More, Properties: {VpcId: !Ref Net, CidrBlock: 100.64.1.0/24}}
",
    );
    place.up();
    place.says(0, &["destroy", "app.yaml", "--sandbox", "--yes", "--allow-data-loss", "all"]);
}

#[test]
fn old_spellings_and_policies_written_otherwise_are_no_change() {
    let template = |action: &str| {
        format!(
            "Resources:
  Store:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: {{Status: Enabled}}
      LifecycleConfiguration:
        Rules:
          - {{Status: Enabled, NoncurrentVersionExpirationInDays: 30, Transition: {{StorageClass: GLACIER, TransitionInDays: 30}}}}
  Net: {{Type: AWS::EC2::VPC, Properties: {{CidrBlock: 10.0.0.0/16}}}}
  Way:
    Type: AWS::EC2::VPCEndpoint
    Properties: {{VpcId: !Ref Net, ServiceName: !Sub 'com.amazonaws.${{AWS::Region}}.s3', PolicyDocument: {{Version:
      '2012-10-17', Statement: [{{Effect: Allow, Principal: '*', Action: {action}, Resource: '*'}}]}}}}
"
        )
    };
    let place = Place::new(&template("'s3:*'"));
    place.up();
    assert!(place.says(0, &["refresh", "app.yaml", "--sandbox"]).contains("0 drifted"), "old spellings");
    write(&place.path().join("app.yaml"), &template("['s3:*']"));
    assert!(
        place.says(0, &["plan", "app.yaml", "--sandbox"]).contains("Nothing to do"),
        "one action, one in a list"
    );
    write(&place.path().join("app.yaml"), &template("['s3:*', 'kms:*']"));
    let told = flat(&place.says(0, &["plan", "app.yaml", "--sandbox"]));
    assert!(told.contains("kms:*"), "{told}");
}

#[test]
fn letter_case_and_inherited_properties_are_as_rds_takes_them() {
    let place = Place::new(
        "Resources:
  Data:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    Properties: {Engine: MySQL, EngineVersion: '8.0', StorageType: GP2, DBInstanceClass: db.t3.micro, AllocatedStorage: 20,
      MasterUsername: boss, ManageMasterUserPassword: true, BackupRetentionPeriod: 1, DBParameterGroupName: !Ref Knobs}
  Copy:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Delete
    Properties: {SourceDBInstanceIdentifier: !Ref Data, DBInstanceClass: db.t3.micro, MasterUsername: boss, DBName: shop,
      MasterUserPassword: '{{resolve:ssm-secure:x}}', CharacterSetName: utf8, StorageEncrypted: false}
  Knobs: {Type: AWS::RDS::DBParameterGroup, Properties: {Description: k, Family: MySQL8.0}}
  Herd:
    Type: AWS::RDS::DBCluster
    DeletionPolicy: Delete
    Properties: {Engine: Aurora-MySQL, MasterUsername: boss, ManageMasterUserPassword: true,
      DBClusterParameterGroupName: !Ref Rules}
  Rules: {Type: AWS::RDS::DBClusterParameterGroup, Properties: {Description: k, Family: Aurora-MySQL8.0, Parameters: {}}}
",
    );
    let told = place.says(0, &["validate", "app.yaml"]);
    assert_eq!(told.matches("warning[M2021]").count(), 5, "{told}");
    place.up();
    assert!(place.says(0, &["plan", "app.yaml", "--sandbox"]).contains("Nothing to do"));
    assert!(place.says(0, &["refresh", "app.yaml", "--sandbox"]).contains("0 drifted"));
}

#[test]
fn a_name_where_an_arn_is_wanted_is_told_before_anything_runs() {
    let function = |role: &str| {
        format!(
            "Resources:\n{}  Work:\n    Type: AWS::Lambda::Function\n    Properties: {{Role: {role}, Runtime: python3.12, Handler: \
             i.h, Code: {{ZipFile: 'def h(e, c): pass'}}}}\n",
            self::role("lambda.amazonaws.com")
        )
    };
    let told = Place::new(&function("!Ref Who")).says(3, &["validate", "app.yaml"]);
    assert!(told.contains("error[M2020]") && told.contains("write !GetAtt Who.Arn"), "{told}");
    Place::new(&function("!GetAtt Who.Arn")).says(0, &["validate", "app.yaml"]);
    let endpoint = |role: &str| {
        format!(
            "Resources:\n{}  Store: {{Type: AWS::S3::Bucket}}\n  Sink:\n    Type: AWS::DMS::Endpoint\n    Properties: {{EndpointType: \
             target, EngineName: s3, S3Settings: {{BucketName: !Ref Store, ServiceAccessRoleArn: {role}}}}}\n",
            self::role("dms.amazonaws.com")
        )
    };
    assert!(Place::new(&endpoint("!Ref Who")).says(3, &["validate", "app.yaml"]).contains("error[M2020]"));
    Place::new(&endpoint("!GetAtt Who.Arn")).says(0, &["validate", "app.yaml"]);
    // A name that is written is no ARN either.
    assert!(Place::new(&endpoint("dms-s3")).says(3, &["validate", "app.yaml"]).contains("error[M2020]"));
    let replicated = |role: &str| {
        format!(
            "Resources:\n{}  Copy: {{Type: AWS::S3::Bucket, Properties: {{VersioningConfiguration: {{Status: Enabled}}}}}}\n  Store:\n    \
             Type: AWS::S3::Bucket\n    Properties: {{VersioningConfiguration: {{Status: Enabled}}, ReplicationConfiguration: {{Role: \
             {role}, Rules: [{{Status: Enabled, Priority: 1, Filter: {{Prefix: ''}}, DeleteMarkerReplication: {{Status: Disabled}}, \
             Destination: {{Bucket: !GetAtt Copy.Arn}}}}]}}}}\n",
            self::role("s3.amazonaws.com")
        )
    };
    let told = Place::new(&replicated("!Ref Who")).says(3, &["validate", "app.yaml"]);
    assert!(told.contains("error[M2020]") && told.contains("write !GetAtt Who.Arn"), "{told}");
    assert!(
        Place::new(&replicated("replicator")).says(3, &["validate", "app.yaml"]).contains("error[M2020]")
    );
    Place::new(&replicated("!GetAtt Who.Arn")).says(0, &["validate", "app.yaml"]);
}

/// A secret inside Fn::Base64 reaches AWS encoded, and no file of the ledger.
#[test]
fn secrets_are_encoded_at_the_call() {
    let place = Place::new(
        "Parameters:
  Key: {Type: String, NoEcho: true}
Resources:
  Form:
    Type: AWS::EC2::LaunchTemplate
    Properties: {LaunchTemplateData: {UserData: {'Fn::Base64': !Sub 'key=${Key}'}}}
",
    );
    let up = ["up", "app.yaml", "--sandbox", "--yes", "--set-from-env", "Key=HIDDEN"];
    let output = place.command(&up).env("HIDDEN", "correct-horse-battery").output().expect("it runs");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    // The same value again, from standard input: nothing changes.
    let mut child = place
        .command(&["plan", "app.yaml", "--sandbox", "--set-from-stdin", "Key"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    child.stdin.take().expect("its input").write_all(b"correct-horse-battery\n").expect("a line");
    let output = child.wait_with_output().expect("it ends");
    assert!(text(&output).contains("Nothing to do"), "{}", text(&output));
    let world = std::fs::read_to_string(place.path().join(".migrate/sandbox/world.json")).unwrap_or_default();
    let ledger =
        std::fs::read_to_string(place.path().join(".migrate/sandbox/app-default/ledger.json")).expect("it");
    assert!(!ledger.contains("correct-horse") && !ledger.contains("a2V5PWNvcnJlY3Q"), "{ledger}");
    // `key=correct…` in Base64.
    assert!(world.is_empty() || world.contains("a2V5PWNvcnJlY3Q"), "the object has the encoded text");
    let told = place.says(2, &["plan", "app.yaml", "--sandbox", "--set-from-env", "Key=NOWHERE"]);
    assert!(told.contains("M0011") && told.contains("NOWHERE"), "{told}");
}

#[test]
fn outputs_of_the_plans_own_stacks_are_read_and_others_refused_by_name() {
    let place = Place::new("");
    write(
        &place.path().join("migration.yaml"),
        "name: two\nregion: us-east-1\nstacks:\n  - {name: one, template: one.yaml}\n  - {name: other, template: other.yaml}\n",
    );
    write(
        &place.path().join("one.yaml"),
        "Resources:\n  T: {Type: AWS::SNS::Topic}\nOutputs:\n  Title: {Value: !GetAtt T.TopicName}\n",
    );
    let other = |stack: &str, output: &str| {
        format!(
            "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n      DisplayName: {{'Fn::GetStackOutput': {{StackName: \
             {stack}, OutputName: {output}}}}}\n"
        )
    };
    write(&place.path().join("other.yaml"), &other("one", "Title"));
    place.says(0, &["up", ".", "--sandbox", "--yes"]);
    write(&place.path().join("other.yaml"), &other("one", "Titel"));
    assert!(place.says(3, &["validate", "."]).contains("error[M1058]"));
    // Others only the account can tell.
    write(&place.path().join("other.yaml"), &other("elsewhere", "Title"));
    assert!(place.says(0, &["validate", "."]).contains("warning[M1124]"));
    assert!(place.says(3, &["plan", ".", "--sandbox"]).contains("error[M1058]"));
}

#[test]
fn a_broken_file_does_not_hide_what_is_wrong_with_the_others() {
    let place = Place::new("");
    write(
        &place.path().join("migration.yaml"),
        "name: two\nregion: us-east-1\nstacks:\n  - {name: one, template: one.yaml}\n  - {name: other, template: other.yaml}\n",
    );
    write(&place.path().join("one.yaml"), "Resources:\n  T: [}\n");
    write(
        &place.path().join("other.yaml"),
        "Resources:\n  T: {Type: AWS::SNS::Topic, Properties: {DisplayNam: x}}\n",
    );
    let told = place.says(3, &["validate", "."]);
    assert!(told.contains("error[M1003]") && told.contains("did you mean `DisplayName`?"), "{told}");
}
