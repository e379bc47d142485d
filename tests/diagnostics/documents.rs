//! Mistakes inside documents, each with its code and exactly the part that is wrong.

use super::{findings_in, underlined};

/// Codes of the errors, each with what is underlined.
fn errors(template: &str) -> Vec<(&'static str, String)> {
    let found = findings_in(template);
    found.iter().map(|finding| (finding.code, underlined(finding).to_owned())).collect()
}

fn policy(kind: &str, property: &str, statement: &str) -> String {
    let more = match kind {
        "AWS::S3::BucketPolicy" => "      Bucket: shop\n",
        "AWS::SNS::TopicPolicy" => "      Topics: [arn:aws:sns:us-east-1:123456789012:shop]\n",
        _ => "",
    };
    format!(
        "Resources:
  Policy:
    Type: {kind}
    Properties:
{more}      {property}:
        Version: '2012-10-17'
        Statement: {statement}
"
    )
}

/// Type and property, statement, and each error's code with what is underlined.
type Case<'c> = ((&'c str, &'c str), &'c str, &'c [(&'c str, &'c str)]);

#[test]
fn policies_are_checked_by_whose_they_are() {
    const IDENTITY: (&str, &str) = ("AWS::IAM::ManagedPolicy", "PolicyDocument");
    const TRUST: (&str, &str) = ("AWS::IAM::Role", "AssumeRolePolicyDocument");
    const TOPIC: (&str, &str) = ("AWS::SNS::TopicPolicy", "PolicyDocument");
    let cases: &[Case<'_>] = &[
        (IDENTITY, "{Effect: Allow, Action: 's3:Get*', Resource: arn:aws:s3:::shop}", &[]),
        (IDENTITY, "[{Effect: Allow, NotAction: ['iam:*'], NotResource: [arn:aws:s3:::shop]}]", &[]),
        (IDENTITY, "{Effect: allow, Action: 's3:Get*', Resource: 'a'}", &[("M2103", "allow")]),
        (IDENTITY, "{Efect: Allow, Action: 's3:Get*', Resource: 'a'}", &[("M2101", "Efect")]),
        (IDENTITY, "{Effect: Allow, Resource: 'a'}", &[("M2102", "{Effect: Allow, Resource: 'a'}")]),
        (IDENTITY, "{Effect: Allow, Action: [], Resource: 'a'}", &[("M2102", "[]")]),
        (IDENTITY, "[]", &[("M2102", "[]")]),
        (IDENTITY, "[Allow]", &[("M2103", "Allow")]),
        (IDENTITY, "{Effect: Allow, Action: GetObject, Resource: 'a'}", &[("M2105", "GetObject")]),
        (IDENTITY, "{Effect: Allow, Action: 's3:', Resource: 'a'}", &[("M2105", "'s3:'")]),
        (
            IDENTITY,
            "{Effect: Allow, Action: '*', NotAction: 's3:*', Resource: 'a'}",
            &[("M2104", "NotAction")],
        ),
        (
            IDENTITY,
            "{Effect: Allow, Principal: '*', Action: 's3:Get*', Resource: 'a'}",
            &[("M2104", "Principal")],
        ),
        (
            IDENTITY,
            "{Effect: Deny, Action: 's3:Get*', Resource: 'a', Condition: {Bol: {a: b}}}",
            &[("M2106", "Bol")],
        ),
        (
            IDENTITY,
            "{Effect: Deny, Action: 's3:Get*', Resource: 'a', Condition: {'ForAllValues:StringLikeIfExists': {a: b}}}",
            &[],
        ),
        (TRUST, "{Effect: Allow, Principal: {Service: ec2.amazonaws.com}, Action: 'sts:AssumeRole'}", &[]),
        (
            TRUST,
            "{Effect: Allow, Action: 'sts:AssumeRole'}",
            &[("M2104", "{Effect: Allow, Action: 'sts:AssumeRole'}")],
        ),
        (
            TRUST,
            "{Effect: Allow, Principal: ec2.amazonaws.com, Action: 'sts:AssumeRole'}",
            &[("M2103", "ec2.amazonaws.com")],
        ),
        (
            TRUST,
            "{Effect: Allow, Principal: {Services: ec2.amazonaws.com}, Action: 'sts:AssumeRole'}",
            &[("M2101", "Services")],
        ),
        (
            TRUST,
            "{Effect: Allow, Principal: '*', Action: 'sts:AssumeRole', Resource: '*'}",
            &[("M2104", "Resource")],
        ),
        (
            TOPIC,
            "{Effect: Allow, Principal: {Service: events.amazonaws.com}, Action: 'sns:Publish', Resource: '*'}",
            &[],
        ),
        (
            TOPIC,
            "{Effect: Allow, Action: 'sns:Publish', Resource: '*'}",
            &[("M2104", "{Effect: Allow, Action: 'sns:Publish', Resource: '*'}")],
        ),
    ];
    for ((kind, property), statement, wanted) in cases {
        let found = errors(&policy(kind, property, statement));
        let found: Vec<(&str, &str)> = found.iter().map(|(code, text)| (*code, text.as_str())).collect();
        assert_eq!(found, *wanted, "{statement}");
    }
}

/// A replication task about which the lints have nothing to say; `mappings` and `settings` are block scalars.
fn task(mappings: &str, settings: &str) -> String {
    let indent = |text: &str| text.lines().map(|line| format!("        {line}\n")).collect::<String>();
    format!(
        "Resources:
  Task:
    Type: AWS::DMS::ReplicationTask
    Properties:
      MigrationType: cdc
      ReplicationInstanceArn: arn:aws:dms:us-east-1:123456789012:rep:SHOP
      SourceEndpointArn: arn:aws:dms:us-east-1:123456789012:endpoint:SOURCE
      TargetEndpointArn: arn:aws:dms:us-east-1:123456789012:endpoint:TARGET
      TableMappings: |
{}      ReplicationTaskSettings: !Sub |
{}",
        indent(mappings),
        indent(settings)
    )
}

const MAPPINGS: &str = r#"{"rules": [{"rule-type": "selection", "rule-id": "1", "rule-name": "1", "rule-action": "include",
  "object-locator": {"schema-name": "public", "table-name": "%"}}]}"#;

const SETTINGS: &str = r#"{"TargetMetadata": {"SupportLobs": true, "LobMaxSize": 1024},
 "ValidationSettings": {"EnableValidation": true, "ThreadCount": 5},
 "Logging": {"EnableLogging": true, "LogComponents": [{"Id": "SORTER-${AWS::Region}", "Severity": "LOGGER_SEVERITY_INFO"}]},
 "ErrorBehavior": {"DataErrorPolicy": "SUSPEND_TABLE", "DataTruncationErrorPolicy": "SUSPEND_TABLE"}}"#;

#[test]
fn mistakes_in_task_settings_are_underlined_inside_the_text() {
    assert_eq!(errors(&task(MAPPINGS, SETTINGS)), []);
    let cases = [
        ("\"ThreadCount\": 5", "\"ThreadCount\": \"five\"", "M2103", "\"five\""),
        ("\"ThreadCount\": 5", "\"ThreadCount\": 0", "M2103", "0"),
        ("ThreadCount", "ThreadCuont", "M2111", "\"ThreadCuont\""),
        (
            "\"DataErrorPolicy\": \"SUSPEND_TABLE\"",
            "\"DataErrorPolicy\": \"SUSPEND\"",
            "M2103",
            "\"SUSPEND\"",
        ),
        // Behind what Fn::Sub puts in.
        ("LOGGER_SEVERITY_INFO", "INFO", "M2103", "\"INFO\""),
        ("\"LogComponents\": [", "\"LogComponents\": {", "M2016", ""),
        ("\"ErrorBehavior\": {", "\"ErrorBehavior\": {,", "M2016", ","),
    ];
    for (right, wrong, code, marked) in cases {
        let found = errors(&task(MAPPINGS, &SETTINGS.replace(right, wrong)));
        assert_eq!(found.len(), 1, "{wrong}: {found:?}");
        assert_eq!(found[0].0, code, "{wrong}");
        assert!(marked.is_empty() || found[0].1 == marked, "{wrong}: {found:?}");
    }
}

#[test]
fn mistakes_in_table_mappings_are_underlined_inside_the_text() {
    let cases = [
        ("\"selection\"", "\"selections\"", "M2103", "\"selections\""),
        ("\"include\"", "\"included\"", "M2103", "\"included\""),
        ("\"rule-action\": \"include\",", "", "M2102", "{"),
        ("\"include\"", "\"exclude\"", "M2102", "\"rules\""),
        ("rule-name", "rulename", "M2102", "{"),
        ("\"schema-name\": \"public\", ", "", "M2102", "{"),
        ("{\"rules\": [", "{\"rules\": [7, ", "M2103", "7"),
        ("\"rules\"", "\"rule\"", "M2102", "{"),
    ];
    for (right, wrong, code, marked) in cases {
        let found = errors(&task(&MAPPINGS.replacen(right, wrong, 1), SETTINGS));
        assert_eq!(found[0].0, code, "{wrong}: {found:?}");
        assert!(found[0].1.starts_with(marked), "{wrong}: {found:?}");
    }
    let rule = &MAPPINGS[MAPPINGS.find("[{").expect("a rule") + 1..MAPPINGS.len() - 2];
    let twice =
        format!("{{\"rules\": [{rule},\n{}]}}", rule.replace("\"rule-name\": \"1\"", "\"rule-name\": \"2\""));
    let found = findings_in(&task(&twice, SETTINGS));
    assert_eq!((found[0].code, underlined(&found[0]), found.len()), ("M2107", "\"1\"", 1));
    assert_eq!(found[0].labels.len(), 1, "the first place is shown too");
    assert_ne!(found[0].span.as_ref(), Some(&found[0].labels[0].0));
}

#[test]
fn dashboards_know_their_widgets_and_what_waits_is_left_alone() {
    let board = |body: &str| {
        format!(
            "Resources:
  Topic:
    Type: AWS::SNS::Topic
  Board:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardBody: !Sub '{body}'
"
        )
    };
    let text = r#"{"type": "text", "x": 0, "y": 0, "width": 6, "height": 2, "properties": {"markdown": "${Topic}"}}"#;
    let fine = format!(r#"{{"widgets": [{text}]}}"#);
    assert_eq!(errors(&board(&fine)), []);
    // A number that waits.
    assert_eq!(errors(&board(&fine.replace("\"width\": 6", "\"width\": ${Topic}"))), []);
    let cases = [
        ("\"text\"", "\"txt\"", "M2103", "\"txt\""),
        ("\"width\": 6", "\"width\": 25", "M2103", "25"),
        ("\"x\": 0", "\"x\": 20", "M2103", "\"width\""),
        ("\"markdown\"", "\"text\"", "M2102", "{\"text\": \"${Topic}\"}"),
        ("\"height\"", "\"heigth\"", "M2111", "\"heigth\""),
    ];
    for (right, wrong, code, marked) in cases {
        let found = errors(&board(&fine.replacen(right, wrong, 1)));
        assert_eq!(found[0], (code, marked.to_owned()), "{wrong}: {found:?}");
    }
    let found = errors(&board(&fine.replace("\"widgets\"", "\"widget\"")));
    assert_eq!(found.iter().map(|(code, _)| *code).collect::<Vec<_>>(), ["M2102", "M2111"]);
}

#[test]
fn everything_that_is_wrong_is_told_in_one_pass() {
    let found = errors(
        "Parameters:
  Unused: {Type: String, Default: ''}
Resources:
  A:
    Type: AWS::SNS::Topic
    Properties: {DisplayName: !GetAtt B.TopicName}
  B:
    Type: AWS::SNS::Topic
    DependsOn: A
    Properties: {TopicNmae: x}
  C:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16, EnableDnsSupport: perhaps}
  D:
    Type: AWS::SNS::Topic
    Properties: {TopicName: !Ref Nobody, DisplayName: !GetAtt A.Arm}
  E:
    Type: AWS::IAM::ManagedPolicy
    Properties: {PolicyDocument: {Version: '2012-10-17', Statement: {Effect: Allow, Action: nothing, Resource: '*'}}}
  H:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/8}
  F:
    Type: AWS::Logs::LogGroup
    Properties: {RetentionInDays: 31}
  G:
    Type: AWS::SNS::Subscription
    Properties: {Protocol: email, Endpoint: ops@example.com}
",
    );
    let mut codes: Vec<&str> = found.iter().map(|(code, _)| *code).collect();
    codes.sort_unstable();
    let wanted = ["M1043", "M1044", "M1060", "M2002", "M2004", "M2005", "M2006", "M2105", "M3001", "M8101"];
    assert_eq!(codes, wanted, "{found:?}");
}
