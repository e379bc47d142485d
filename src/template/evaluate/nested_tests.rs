//! Nested stacks: what goes in, what comes out, and who waits for whom.

use std::path::Path;

use serde_json::json;

use crate::{
    check::{self, Checked},
    error::Diagnostic,
    graph::Node,
    model::DeletionPolicy,
    template::{self, Environment, Options, remote_templates},
};

#[expect(clippy::disallowed_methods, reason = "a test's input is no ledger")]
fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

fn load(files: &[(&str, &str)], sets: &[&str]) -> Result<template::Loaded, Vec<Diagnostic>> {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), files);
    let options = Options {
        region: Some("us-east-1".into()),
        set: sets.iter().map(|set| (*set).to_owned()).collect(),
        ..Options::default()
    };
    template::load(&folder.path().join("app.yaml"), &options)
}

fn check(files: &[(&str, &str)], sets: &[&str]) -> Result<Checked, Vec<Diagnostic>> {
    let loaded = load(files, sets)?;
    check::check(template::draft(&loaded, &Environment::offline()))
}

/// `code: message` of all errors.
fn refused(files: &[(&str, &str)]) -> Vec<String> {
    let errors = check(files, &[]).expect_err("it must be refused");
    errors.iter().map(|error| format!("{}: {}", error.code, error.message)).collect()
}

fn node<'c>(checked: &'c Checked, address: &str) -> &'c Node {
    checked.graph.nodes.iter().find(|node| node.address.as_str() == address).unwrap_or_else(|| {
        let all: Vec<&str> = checked.graph.nodes.iter().map(|node| node.address.as_str()).collect();
        panic!("no {address} among {all:?}")
    })
}

fn waits(checked: &Checked, address: &str) -> Vec<String> {
    let at = checked.graph.nodes.iter().position(|node| node.address.as_str() == address).unwrap();
    let mut out: Vec<String> = checked.links.of(at).iter().map(|edge| edge.to.to_string()).collect();
    out.sort();
    out.dedup();
    out
}

const TOPICS: &str = "
Parameters:
  Name: {Type: String, Default: none}
  Display: {Type: String, Default: ''}
  Names: {Type: CommaDelimitedList, Default: 'a,b'}
Conditions:
  Shown: !Not [!Equals [!Ref Display, '']]
Resources:
  First:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: !Sub '${AWS::StackName}-${Name}'
      DisplayName: !If [Shown, !Ref Display, !Ref AWS::NoValue]
  Second:
    Type: AWS::SNS::Topic
    Condition: Shown
    Properties: {TopicName: !Select [1, !Ref Names]}
Outputs:
  Arn: {Value: !Ref First}
  Name: {Value: !GetAtt First.TopicName}
  Maybe: {Condition: Shown, Value: !Ref Second}
";

#[test]
fn parameters_go_in_and_outputs_come_out() {
    let outer = "
Parameters: {Who: {Type: String, Default: app-topic}}
Resources:
  Topics:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: parts/topics.yaml
      Parameters: {Name: !Ref Who, Display: !Sub 'of ${AWS::StackName}', Names: 'x, y'}
      Tags: [{Key: part, Value: topics}]
      TimeoutInMinutes: 5
  Sub:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !GetAtt Topics.Outputs.Arn, Protocol: sqs, Endpoint: 'arn:aws:sqs:us-east-1:123456789012:q'}
Outputs:
  Out: {Value: !GetAtt Topics.Outputs.Maybe}
  Id: {Value: !Ref Topics}
";
    let checked = check(&[("app.yaml", outer), ("parts/topics.yaml", TOPICS)], &[]).expect("no problems");
    let first = node(&checked, "app/Topics.First").properties.known().unwrap();
    assert_eq!(first["TopicName"], "app-Topics-app-topic");
    assert_eq!(first["DisplayName"], "of app");
    assert_eq!(first["Tags"], json!([{"Key": "part", "Value": "topics"}]));
    assert_eq!(node(&checked, "app/Topics.Second").properties.known().unwrap()["TopicName"], "y");
    assert_eq!(waits(&checked, "app/Sub"), ["app/Topics.First"]);
    let outputs = &checked.graph.stacks[0].outputs;
    assert_eq!(outputs.iter().map(|o| o.name.as_str()).collect::<Vec<_>>(), ["Out", "Id"]);
    let id = "arn:aws:cloudformation:us-east-1:123456789012:stack/app-Topics/migrate";
    assert_eq!(outputs[1].value.as_str(), Some(id));
    assert!(checked.graph.notes.iter().any(|note| note.contains("app/Topics: TimeoutInMinutes")));
}

#[test]
fn what_only_resources_tell_is_passed_on_through_every_level() {
    let outer = "
Resources:
  Base: {Type: AWS::SNS::Topic}
  One:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: one.yaml, Parameters: {Arn: !Ref Base, Arns: !Join [',', [!Ref Base, b]]}}
  Two:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: ./two.yaml, Parameters: {Arn: !GetAtt One.Outputs.Out}}
";
    let one = "
Parameters: {Arn: {Type: String}, Arns: {Type: CommaDelimitedList}}
Conditions: {Given: !And [!Not [!Equals ['', !Ref Arn]], !Not [!Equals [!Join ['', !Ref Arns], '']]]}
Resources:
  Inner:
    Type: AWS::CloudFormation::Stack
    Condition: Given
    Properties: {TemplateURL: two.yaml, Parameters: {Arn: !Select [0, !Ref Arns]}}
Outputs: {Out: {Value: !GetAtt Inner.Outputs.Same}}
";
    let two = "
Parameters: {Arn: {Type: String}}
Resources:
  Subscription:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref Arn, Protocol: sqs, Endpoint: 'arn:aws:sqs:us-east-1:123456789012:q'}
Outputs: {Same: {Value: !Ref Arn}}
";
    let checked =
        check(&[("app.yaml", outer), ("one.yaml", one), ("two.yaml", two)], &[]).expect("no problems");
    for address in ["app/One.Inner.Subscription", "app/Two.Subscription"] {
        // Not for all of One: a nested stack is no barrier.
        assert_eq!(waits(&checked, address), ["app/Base"], "{address}");
    }
}

#[test]
fn dependencies_conditions_and_policies_reach_inside() {
    let outer = "
Parameters: {With: {Type: String, Default: 'no'}}
Conditions: {With: !Equals [!Ref With, 'yes']}
Resources:
  Before: {Type: AWS::SNS::Topic}
  Kept:
    Type: AWS::CloudFormation::Stack
    DeletionPolicy: Retain
    DependsOn: [Before, Maybe]
    Properties: {TemplateURL: topics.yaml}
  Maybe:
    Type: AWS::CloudFormation::Stack
    Condition: With
    Properties: {TemplateURL: topics.yaml}
  After: {Type: AWS::SNS::Topic, DependsOn: Kept}
";
    let files = [("app.yaml", outer), ("topics.yaml", TOPICS)];
    let without = check(&files, &[]).expect("no problems");
    let all = |checked: &Checked| {
        let mut all: Vec<String> = checked.graph.nodes.iter().map(|node| node.address.to_string()).collect();
        all.sort();
        all
    };
    assert_eq!(all(&without), ["app/After", "app/Before", "app/Kept.First"]);
    assert_eq!(node(&without, "app/Kept.First").deletion_policy, DeletionPolicy::Retain);
    assert_eq!(node(&without, "app/After").deletion_policy, DeletionPolicy::Delete);
    assert_eq!(waits(&without, "app/Kept.First"), ["app/Before"]);
    assert_eq!(waits(&without, "app/After"), ["app/Kept.First"]);
    let with = check(&files, &["With=yes"]).expect("no problems");
    assert_eq!(waits(&with, "app/Kept.First"), ["app/Before", "app/Maybe.First"]);
}

#[test]
fn secrets_that_are_passed_stay_secret() {
    let outer = "
Parameters: {Password: {Type: String, NoEcho: true, Default: hunter22}}
Resources:
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: inner.yaml, Parameters: {Own: swordfish, Passed: !Ref Password}}
";
    let inner = "
Parameters:
  Own: {Type: String, NoEcho: true, MinLength: 5}
  Passed: {Type: String}
Resources:
  A:
    Type: AWS::SecretsManager::Secret
    Properties: {SecretString: !Sub '${Own}/${Passed}'}
";
    let checked = check(&[("app.yaml", outer), ("inner.yaml", inner)], &[]).expect("no problems");
    let text = format!("{:?}", node(&checked, "app/Inner.A").properties);
    assert!(!text.contains("hunter22") && !text.contains("swordfish"), "{text}");
    assert!(text.contains("resolve:parameter:Own") && text.contains("resolve:parameter:Passed"), "{text}");
    let shorter = inner.replace("MinLength: 5", "MinLength: 50");
    let errors = check(&[("app.yaml", outer), ("inner.yaml", &shorter)], &[]).unwrap_err();
    assert!(errors.iter().any(|e| e.code == "M1032"), "{errors:?}");
    assert!(!format!("{errors:?}").contains("`swordfish`"), "{errors:?}");
}

#[test]
fn what_does_not_fit_between_two_templates_is_refused_by_name() {
    let outer = |properties: &str, more: &str| {
        format!(
            "Resources:\n  Inner:\n    Type: AWS::CloudFormation::Stack\n    Properties: {properties}\n  \
             T: {{Type: AWS::SNS::Topic{more}}}\n"
        )
    };
    let case = |properties: &str, more: &str| {
        refused(&[("app.yaml", &outer(properties, more)), ("topics.yaml", TOPICS)])
    };
    for (properties, more, wanted) in [
        (
            "{TemplateURL: topics.yaml, Parameters: {Nmae: x}}",
            "",
            "M1013: the template of the nested stack has no parameter `Nmae`",
        ),
        (
            "{TemplateURL: topics.yaml, Parameters: {Name: [a, b]}}",
            "",
            "M1049: the parameter `Name` of the nested stack is a text",
        ),
        (
            "{TemplateURL: topics.yaml, Colour: red}",
            "",
            "M2002: AWS::CloudFormation::Stack has no property `Colour`",
        ),
        ("{TemplateURL: topics.yaml}", ", Properties: {DisplayName: !GetAtt Inner.Outputs.Anr}", "M1044"),
        ("{TemplateURL: topics.yaml}", ", Properties: {DisplayName: !GetAtt Inner.Arn}", "M1044"),
        ("{TemplateURL: topics.yaml}", ", Properties: {DisplayName: !GetAtt Inner.Outputs.Maybe}", "M1048"),
        (
            "{TemplateURL: topics.yaml, Parameters: {Name: !Ref T}}",
            ", Properties: {DisplayName: !GetAtt Inner.Outputs.Name}",
            "M3001",
        ),
        (
            "{TemplateURL: 'https://example.com/t.yaml'}",
            "",
            "M1130: `https://example.com/t.yaml` is no address of S3",
        ),
        ("{TemplateURL: 'https://b.s3.amazonaws.com/t.yaml'}", "", "M1130: the nested template https://b.s3"),
        ("{Parameters: {}}", "", "M1130: the nested stack has no TemplateURL"),
    ] {
        let found = case(properties, more);
        assert!(found.iter().any(|error| error.starts_with(wanted)), "{properties}{more}: {found:?}");
    }
    // What decides a condition must be known.
    let found =
        case("{TemplateURL: topics.yaml, Parameters: {Display: !Select [0, !Split [',', !Ref T]]}}", "");
    assert!(found.iter().any(|e| e.contains("the value is that of app/T")), "{found:?}");
}

#[test]
fn files_outside_missing_ones_and_circles_are_refused() {
    let outer = |url: &str| {
        format!(
            "Resources:\n  Inner:\n    Type: AWS::CloudFormation::Stack\n    Properties: {{TemplateURL: {url}}}\n"
        )
    };
    let errors = |url: &str| {
        let text = outer(url);
        let errors = load(&[("app.yaml", &text)], &[]).expect_err("it must be refused");
        errors.iter().map(|e| format!("{}: {}", e.code, e.message)).collect::<Vec<_>>().join("\n")
    };
    assert!(errors("none.yaml").contains("none.yaml"), "{}", errors("none.yaml"));
    assert!(
        errors("../../../../../../etc/passwd").contains("M1019"),
        "{}",
        errors("../../../../../../etc/passwd")
    );
    assert!(errors("app.yaml").starts_with("M1130"), "{}", errors("app.yaml"));
}

#[test]
fn templates_in_s3_are_asked_for_and_taken_in() {
    let outer = "
Parameters: {Bucket: {Type: String, Default: b1}}
Conditions: {Never: !Equals [a, b]}
Resources:
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: !Sub 'https://${Bucket}.s3.eu-west-1.${AWS::URLSuffix}/parts/topics.yaml'
      Parameters: {Name: far}
  Not:
    Type: AWS::CloudFormation::Stack
    Condition: Never
    Properties: {TemplateURL: 'https://b.s3.amazonaws.com/none.yaml'}
";
    let mut loaded = load(&[("app.yaml", outer)], &[]).unwrap();
    let env = Environment::offline();
    let wanted = remote_templates(&loaded, &env);
    let [remote] = wanted.as_slice() else { panic!("{wanted:?}") };
    let (bucket, key) = ("b1".to_owned(), "parts/topics.yaml".to_owned());
    assert_eq!(remote.home, template::Home::Object { region: "eu-west-1".into(), bucket, key });
    loaded.nest(remote, TOPICS.to_owned()).unwrap();
    assert_eq!(remote_templates(&loaded, &env), []);
    let checked = check::check(template::draft(&loaded, &env)).expect("no problems");
    assert_eq!(node(&checked, "app/Inner.First").properties.known().unwrap()["TopicName"], "app-Inner-far");
}

/// What a nested template allows in its own `Metadata` holds for what stands in it, and for nothing around it.
#[test]
fn a_nested_template_allows_for_itself() {
    let outer = "
Parameters: {AppPassword: {Type: String, Default: a}}
Resources:
  One: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner.yaml, Parameters: {DbPassword: !Ref AppPassword}}}
  Two: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner.yaml, Parameters: {DbPassword: b}}}
";
    let inner = |metadata: &str| {
        format!(
            "
{metadata}
Parameters: {{DbPassword: {{Type: String}}}}
Resources: {{First: {{Type: AWS::SNS::Topic, Properties: {{DisplayName: !Ref DbPassword}}}}}}
"
        )
    };
    let told = |metadata: &str| -> Vec<String> {
        let text = inner(metadata);
        let checked = check(&[("app.yaml", outer), ("inner.yaml", &text)], &[]).expect("no errors");
        let shown = checked.warnings.iter().filter(|warning| warning.message.contains("is shown wherever"));
        let mut shown: Vec<String> = shown.map(|warning| warning.message.clone()).collect();
        shown.sort();
        shown.dedup();
        shown
    };
    let (app, db) = (
        "the parameter `AppPassword` is shown wherever it is used",
        "the parameter `DbPassword` is shown wherever it is used",
    );
    assert_eq!(told(""), [app, db]);
    let allow = "Metadata: {Migrate: {Allow: [{Code: secret-parameter-shown, Reason: a test}]}}";
    assert_eq!(told(allow), [app]);
}

#[test]
fn a_resource_of_a_nested_template_names_its_neighbours_by_their_logical_ids() {
    let outer = "
Resources:
  One: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: inner.yaml}}
";
    let inner = |metadata: &str| {
        format!("
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Statement: [{{Effect: Allow, Principal: {{Service: lambda.amazonaws.com}}, Action: 'sts:AssumeRole'}}]
  May:
    Type: AWS::IAM::Policy
    Properties:
      PolicyName: may
      Roles: [!Ref Role]
      PolicyDocument: {{Statement: [{{Effect: Allow, Action: 's3:GetObject', Resource: '*'}}]}}
  Work:
    Type: AWS::Lambda::Function
    {metadata}
    Properties: {{Runtime: python3.13, Handler: index.h, Role: !GetAtt Role.Arn, Code: {{ZipFile: 'def h(e, c): pass'}}}}
")
    };
    let waits_of = |metadata: &str| {
        let text = inner(metadata);
        let checked = check(&[("app.yaml", outer), ("inner.yaml", &text)], &[]).expect("no errors");
        waits(&checked, "app/One.Work")
    };
    assert_eq!(waits_of("DeletionPolicy: Delete"), ["app/One.May", "app/One.Role"]);
    assert_eq!(waits_of("Metadata: {Migrate: {DoNotWaitFor: [May]}}"), ["app/One.Role"]);
}
