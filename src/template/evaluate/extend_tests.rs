use std::{path::Path, sync::Arc};

use super::super::{Environment, testing::evaluate};
use crate::{
    error::Severity,
    syntax,
    template::{Loaded, StackSource},
};

/// Codes with their lines.
type Findings = Vec<(&'static str, usize)>;

/// The plan of one template, and all findings but those about supported types.
fn run(text: &str) -> (Vec<(String, String)>, Findings) {
    let path = Path::new("app.yaml");
    let stack = StackSource {
        name: "app".into(),
        region: "us-east-1".into(),
        template: Arc::new(syntax::parse(path, text.into()).unwrap()),
        path: path.into(),
        parameters: [].into(),
        tags: [].into(),
        protected: false,
        lookups: [].into(),
        made_up: [].into(),
    };
    let loaded = Loaded { migration: "test".into(), stacks: vec![stack], ..Loaded::default() };
    match evaluate(&loaded, &Environment::offline()) {
        Ok((graph, warnings)) => {
            let nodes = graph.nodes.iter().map(|node| {
                let properties =
                    serde_json::to_string(&node.properties.resolve(&|r| Some(r.to_string().into())).unwrap());
                let policy = format!("{:?} {}", node.deletion_policy, properties.unwrap());
                (node.address.logical_id().to_owned(), policy)
            });
            let outputs = graph.stacks[0].outputs.iter().map(|output| {
                let value = output.value.resolve(&|r| Some(r.to_string().into())).unwrap();
                (output.name.clone(), value.as_str().unwrap().to_owned())
            });
            (nodes.chain(outputs).collect(), warnings.iter().map(|d| (d.code, line(d))).collect())
        }
        Err(all) => {
            let errors = all.iter().filter(|d| d.severity == Severity::Error);
            (Vec::new(), errors.map(|d| (d.code, line(d))).collect())
        }
    }
}

fn line(d: &crate::error::Diagnostic) -> usize {
    d.span.as_ref().map_or(0, |span| span.line_column().0)
}

fn good(text: &str, wanted: &[(&str, &str)]) {
    let (made, findings) = run(text);
    assert_eq!(findings, [], "{made:?}");
    let made: Vec<(&str, &str)> = made.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(made, wanted);
}

#[test]
fn loops_repeat_resources_properties_outputs_and_conditions() {
    good(
        "\
Transform: AWS::LanguageExtensions
Parameters:
  Zones: {Type: CommaDelimitedList, Default: 'a,b'}
Conditions:
  Fn::ForEach::C:
    - Z
    - !Ref Zones
    - Is${Z}: !Equals [!Ref Z, a]
Resources:
  Fn::ForEach::Topics:
    - Z
    - !Ref Zones
    - Topic${Z}:
        Type: AWS::SNS::Topic
        Condition: !Sub 'Is${Z}'
        DeletionPolicy: !If [!Sub 'Is${Z}', Retain, Delete]
        Properties:
          TopicName: !Ref Z
          DisplayName: zone ${Z} &{Z}
Outputs:
  Fn::ForEach::Arns:
    - Z
    - [a]
    - Arn${Z}: {Value: !Ref {'Fn::Sub': 'Topic${Z}'}}
      Name${Z}: {Value: !GetAtt [!Sub 'Topic${Z}', TopicName]}
      Dot${Z}: {Value: !GetAtt 'Topic${Z}.TopicArn'}
"
        .replace("!If [!Sub 'Is${Z}', Retain, Delete]", "!If [Isa, Retain, Delete]")
        .as_str(),
        &[
            ("Topica", r#"Retain {"DisplayName":"zone a a","TopicName":"a"}"#),
            ("Arna", "app/Topica"),
            ("Namea", "a"),
            ("Dota", "app/Topica.TopicArn"),
        ],
    );
}

#[test]
fn loops_nest_and_clean_names() {
    good(
        "\
Transform: [AWS::LanguageExtensions]
Mappings: {Names: {a: {'1': [x, y]}}}
Resources:
  Fn::ForEach::Outer:
    - A
    - ['10.0.0.0/16', 10.1.0.0/16]
    - Vpc&{A}:
        Type: AWS::EC2::VPC
        Properties:
          CidrBlock: ${A}
          Fn::ForEach::Flags:
            - Flag
            - [EnableDnsSupport, EnableDnsHostnames]
            - ${Flag}: true
      Fn::ForEach::Inner:
        - B
        - !FindInMap [Names, a, '1']
        - Topic&{A}${B}:
            Type: AWS::SNS::Topic
            Properties: {TopicName: !Join ['-', [!Ref B, '&{A}']]}
"
        .replace(
            "Fn::ForEach::Outer:\n    - A\n    - ['10.0.0.0/16', 10.1.0.0/16]",
            "Fn::ForEach::Outer:\n    - A\n    - ['10.0.0.0/16']",
        )
        .as_str(),
        &[
            (
                "Vpc1000016",
                r#"Delete {"CidrBlock":"10.0.0.0/16","EnableDnsHostnames":true,"EnableDnsSupport":true}"#,
            ),
            ("Topic1000016x", r#"Delete {"TopicName":"x-1000016"}"#),
            ("Topic1000016y", r#"Delete {"TopicName":"y-1000016"}"#),
        ],
    );
}

#[test]
fn mistakes_in_loops_are_told_where_they_are() {
    let body = |text: &str| {
        format!(
            "Transform: AWS::LanguageExtensions\nParameters: {{P: {{Type: String, Default: x}}}}\nResources:\n  T: {{Type: AWS::SNS::Topic, Properties: {{TopicName: !Ref P}}}}\n{text}"
        )
    };
    let repeat = "T${X}: {Type: AWS::SNS::Topic}";
    let cases: &[(String, &[(&str, usize)])] = &[
        (
            format!("  Fn::ForEach::L: [X, [a, a], {{'{repeat}'}}]")
                .replace("'}]", "}]")
                .replace("{'T${X}", "{'T${X}'"),
            &[("M1004", 5)],
        ),
        ("  Fn::ForEach::L: [X, [a]]".into(), &[("M1101", 5)]),
        ("  Fn::ForEach::L: [P, [a], {'A${P}': {Type: AWS::SNS::Topic}}]".into(), &[("M1101", 5)]),
        ("  Fn::ForEach::L: [X, [a], {A: {Type: AWS::SNS::Topic}}]".into(), &[("M1101", 5)]),
        ("  Fn::ForEach::L: [X, !Ref P, {'A${X}': {Type: AWS::SNS::Topic}}]".into(), &[("M1101", 5)]),
        ("  Fn::ForEach::L: [X, !Ref Q, {'A${X}': {Type: AWS::SNS::Topic}}]".into(), &[("M1043", 5)]),
        ("  Fn::ForEach::L: [X, [!Ref T], {'A${X}': {Type: AWS::SNS::Topic}}]".into(), &[("M1101", 5)]),
        ("  Fn::ForEach: [X, [a], {'A${X}': {Type: AWS::SNS::Topic}}]".into(), &[("M1101", 5)]),
        ("  Fn::ForEach::L: [X, ['-'], {'A${X}': {Type: AWS::SNS::Topic}}]".into(), &[("M1023", 5)]),
        ("  U: {Type: AWS::SNS::Topic, Condition: !Ref T}".into(), &[("M1050", 5)]),
        ("  U: {Type: AWS::SNS::Topic, DeletionPolicy: !Ref P}".into(), &[("M1024", 5)]),
        ("Outputs: {O: {Value: !Ref {'Fn::Sub': '${P}'}}}".into(), &[("M1043", 5)]),
        ("Outputs: {O: {Value: !GetAtt [!Sub '${Q}', TopicArn]}}".into(), &[("M1043", 5)]),
        ("Mappings: {Fn::ForEach::M: [X, [a], {}]}".into(), &[("M1042", 5)]),
    ];
    for (text, wanted) in cases {
        let (_, findings) = run(&body(text));
        assert_eq!(findings, *wanted, "{text}");
    }
}

#[test]
fn without_the_transform_its_functions_are_refused_by_name() {
    let text = "\
Mappings: {M: {a: {b: c}}}
Parameters: {P: {Type: String, Default: Retain}}
Resources:
  Fn::ForEach::L: [X, [a], {'A${X}': {Type: AWS::SNS::Topic}}]
  T:
    Type: AWS::SNS::Topic
    DeletionPolicy: !Ref P
    Properties:
      TopicName: !FindInMap [M, !Sub '${P}', b]
      DisplayName: !FindInMap [M, x, b, DefaultValue: y]
Outputs:
  A: {Value: !Length [1]}
  B: {Value: !ToJsonString {a: 1}}
  C: {Value: !Ref {'Fn::Sub': T}}
";
    let (_, findings) = run(text);
    let wanted = [
        ("M1100", 4),
        ("M1100", 7),
        ("M1100", 9),
        ("M1100", 10),
        ("M1100", 12),
        ("M1100", 13),
        ("M1041", 14),
    ];
    let findings: Vec<_> = findings.into_iter().filter(|(code, _)| *code != "M1045").collect();
    assert_eq!(findings, wanted);
}

#[test]
fn loops_cannot_fill_the_memory() {
    let list: Vec<String> = (0..100).map(|n| format!("a{n}")).collect();
    let list = list.join(",");
    let mut text =
        "Transform: AWS::LanguageExtensions\nResources:\n  T: {Type: AWS::SNS::Topic, Properties: "
            .to_owned();
    let mut close = String::new();
    let mut key = String::new();
    for loop_ in ["A", "B", "C", "D", "E"] {
        key.push_str(&format!("${{{loop_}}}"));
        text.push_str(&format!("{{'Fn::ForEach::{loop_}': [{loop_}, [{list}], "));
        close.push_str("]}");
        if loop_ == "E" {
            text.push_str(&format!("{{'{key}': 1}}"));
        }
    }
    let (_, findings) = run(&format!("{text}{close}}}\n"));
    assert!(findings.iter().any(|(code, _)| *code == "M1102"), "{:?}", &findings[..findings.len().min(5)]);
}
