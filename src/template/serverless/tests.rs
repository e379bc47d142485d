//! What the transforms make of templates.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::{Application, application, expand};
use crate::{error::Problems, syntax};

/// The template as its transforms make it, and what is wrong with it.
fn expanded(text: &str) -> (Json, Vec<String>) {
    let tree = syntax::parse(Path::new("t.yaml"), text.to_owned()).expect("YAML");
    let mut problems = Problems::default();
    let made = expand("app", &tree, &mut problems).unwrap_or(tree);
    let wrong = problems.finish().err().unwrap_or_default();
    (
        made.to_json(),
        wrong.into_iter().map(|problem| format!("{}: {}", problem.code, problem.message)).collect(),
    )
}

#[test]
fn a_function_becomes_a_function_and_a_role() {
    let (made, wrong) = expanded(
        "
Transform: AWS::Serverless-2016-10-31
Conditions: {Key: !Equals [a, a]}
Resources:
  Rotate:
    Type: AWS::Serverless::Function
    Condition: Key
    DependsOn: Topic
    Properties:
      FunctionName: rotate
      CodeUri: s3://bucket/some/key?versionId=7
      Handler: lambda_function.lambda_handler
      Runtime: python3.12
      Tags: {Team: data}
      VpcConfig: {SubnetIds: [subnet-1], SecurityGroupIds: [sg-1]}
      Policies:
        - AmazonS3ReadOnlyAccess
        - VPCAccessPolicy: {}
        - AWSSecretsManagerRotationPolicy: {FunctionName: rotate}
        - !If [Key, {Statement: [{Effect: Allow, Action: 'kms:Decrypt', Resource: '*'}]}, !Ref AWS::NoValue]
  Topic: {Type: 'AWS::SNS::Topic'}
",
    );
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(made.get("Transform"), None);
    let function = &made["Resources"]["Rotate"];
    assert_eq!(
        (&function["Type"], &function["DependsOn"]),
        (&json!("AWS::Lambda::Function"), &json!("Topic"))
    );
    let properties = &function["Properties"];
    assert_eq!(
        properties["Code"],
        json!({"S3Bucket": "bucket", "S3Key": "some/key", "S3ObjectVersion": "7"})
    );
    assert_eq!(properties["Role"], json!({"Fn::GetAtt": ["RotateRole", "Arn"]}));
    assert_eq!(
        properties["Tags"],
        json!([{"Key": "lambda:createdBy", "Value": "SAM"}, {"Key": "Team", "Value": "data"}])
    );
    let role = &made["Resources"]["RotateRole"];
    assert_eq!((&role["Condition"], role.get("DependsOn")), (&json!("Key"), None));
    let managed: Vec<String> = role["Properties"]["ManagedPolicyArns"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            one["Fn::Sub"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned()
        })
        .collect();
    assert_eq!(
        managed,
        ["AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole", "AmazonS3ReadOnlyAccess"]
    );
    let inline = role["Properties"]["Policies"].as_array().expect("a list");
    assert_eq!((&inline[0]["PolicyName"], inline.len()), (&json!("RotateRolePolicy0"), 3));
    let rotates = &inline[1]["PolicyDocument"]["Statement"];
    let only = &rotates[0]["Condition"]["StringEquals"]["secretsmanager:resource/AllowRotationLambdaArn"];
    assert!(only.to_string().contains("rotate"), "{only}");
    assert_eq!(rotates[1]["Action"], json!(["secretsmanager:GetRandomPassword"]));
    assert_eq!(inline[2]["Fn::If"][1]["PolicyName"], "RotateRolePolicy2");
    assert_eq!(inline[2]["Fn::If"][2], json!({"Ref": "AWS::NoValue"}));
}

#[test]
fn an_application_and_a_hosted_function_become_nested_stacks() {
    let (made, wrong) = expanded(
        "
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31, AWS::SecretsManager-2024-09-16]
Resources:
  App:
    Type: AWS::Serverless::Application
    Properties:
      Location: {ApplicationId: !FindInMap [M, !Ref AWS::Partition, id], SemanticVersion: 1.1.3}
      Parameters: {endpoint: e}
      Tags: {Team: data}
  Schedule:
    Type: AWS::SecretsManager::RotationSchedule
    Properties:
      SecretId: !Ref Secret
      RotationRules: {AutomaticallyAfterDays: 30}
      HostedRotationLambda: {RotationType: PostgreSQLSingleUser, VpcSubnetIds: 'a,b', KmsKeyArn: k}
  Secret: {Type: 'AWS::SecretsManager::Secret'}
",
    );
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(made["Transform"], json!(["AWS::LanguageExtensions"]));
    let app = &made["Resources"]["App"];
    assert_eq!(app["Type"], "AWS::CloudFormation::Stack");
    assert_eq!(app["Properties"]["Tags"], json!([{"Key": "Team", "Value": "data"}]));
    assert!(app["Properties"]["TemplateURL"].to_string().contains("FindInMap"));
    let schedule = &made["Resources"]["Schedule"]["Properties"];
    assert_eq!(
        schedule["RotationLambdaARN"],
        json!({"Fn::GetAtt": ["ScheduleHostedRotationLambda", "Outputs.RotationLambdaARN"]})
    );
    assert_eq!(schedule.get("HostedRotationLambda"), None);
    let hosted = &made["Resources"]["ScheduleHostedRotationLambda"]["Properties"];
    let parameters = &hosted["Parameters"];
    assert_eq!((&parameters["vpcSubnetIds"], &parameters["kmsKeyArn"]), (&json!("a,b"), &json!("k")));
    let name = parameters["functionName"].as_str().expect("a name");
    assert!(name.starts_with("SecretsManager-app-Schedule-") && name.len() <= 64, "{name}");
    let address = hosted["TemplateURL"]["Fn::Join"][1].as_array().expect("parts");
    let address: String = address.iter().filter_map(Json::as_str).collect();
    let found = application(&address).expect("an application");
    assert_eq!((found.name(), &found.version), ("SecretsManagerRDSPostgreSQLRotationSingleUser", &None));
    let abroad = found.within("aws-us-gov");
    assert!(abroad.id.starts_with("arn:aws-us-gov:serverlessrepo:us-gov-west-1:"), "{}", abroad.id);
    let own = Application {
        id: "arn:aws:serverlessrepo:us-east-1:123456789012:applications/own".into(),
        version: None,
    };
    assert_eq!(own.clone().within("aws-cn"), own);
}

#[test]
fn what_is_not_supported_is_refused_by_name() {
    let (_, wrong) = expanded(
        "
Transform: [AWS::Serverless-2016-10-31, AWS::SecretsManager-2020-07-23]
Globals: {Function: {Timeout: 3}}
Resources:
  Api: {Type: 'AWS::Serverless::Api', Properties: {StageName: s}}
  Local: {Type: 'AWS::Serverless::Function', Properties: {CodeUri: ./src, Handler: a.b, Events: {}}}
  Wide: {Type: 'AWS::Serverless::Function', Properties: {CodeUri: s3://b/k, Policies: [{S3ReadPolicy: {BucketName: b}}]}}
  Own: {Type: 'AWS::Serverless::Application', Properties: {Location: ./t.yaml, Colour: red}}
  Schedule:
    Type: AWS::SecretsManager::RotationSchedule
    Properties: {SecretId: s, HostedRotationLambda: {RotationType: PostgresSingleUser}}
  Both:
    Type: AWS::SecretsManager::RotationSchedule
    Properties: {SecretId: s, RotationLambdaARN: f, HostedRotationLambda: {RotationType: MySQLSingleUser}}
",
    );
    for part in [
        "`Globals`",
        "`AWS::Serverless::Api`",
        "`CodeUri` is not in S3",
        "`Events` of",
        "the policy template `S3ReadPolicy`",
        "`Location` names an application",
        "no property `Colour`",
        "`PostgresSingleUser` is no RotationType",
        "either HostedRotationLambda or RotationLambdaARN",
    ] {
        assert!(wrong.iter().any(|one| one.contains(part)), "{part} of {wrong:#?}");
    }
    assert_eq!(wrong.len(), 9, "{wrong:#?}");
}

#[test]
fn a_template_without_the_transforms_stays_as_it_is() {
    let text = "Resources: {F: {Type: 'AWS::Serverless::Function'}}";
    let tree = syntax::parse(Path::new("t.yaml"), text.to_owned()).expect("YAML");
    assert!(expand("app", &tree, &mut Problems::default()).is_none());
}
