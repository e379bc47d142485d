use std::{path::Path, sync::Arc};

use serde_json::{Value as Json, json};

use super::{Environment, testing::evaluate};
use crate::{
    aws::lookup::Answer,
    error::{Diagnostic, Severity},
    graph::Graph,
    model::{Address, Value},
    syntax,
    template::{Assembly, Given, Loaded, Place, StackSource},
};

pub(super) fn stack(name: &str, region: &str, text: &str, parameters: &[(&str, &str)]) -> StackSource {
    let path = Path::new(name).with_extension("yaml");
    StackSource {
        name: name.into(),
        region: region.into(),
        template: Arc::new(syntax::parse(&path, text.into()).unwrap()),
        path,
        parameters: parameters
            .iter()
            .map(|(key, value)| ((*key).to_owned(), Given { text: (*value).to_owned(), span: None }))
            .collect(),
        tags: [].into(),
        protected: false,
        lookups: [].into(),
        made_up: [].into(),
    }
}

pub(super) fn plan(stacks: Vec<StackSource>) -> Loaded {
    Loaded {
        migration: "test".into(),
        description: None,
        environment: "default".into(),
        stacks,
        nested: Vec::new(),
        warnings: Vec::new(),
        assembly: Assembly::default(),
        wanted: Vec::new(),
        operations: None,
        names_region: true,
        place: Place::default(),
    }
}

pub(super) type Outcome = Result<(Graph, Vec<Diagnostic>), Vec<Diagnostic>>;

pub(super) fn run(text: &str, parameters: &[(&str, &str)]) -> Outcome {
    evaluate(&plan(vec![stack("app", "us-east-1", text, parameters)]), &Environment::offline())
}

/// Errors of the language, not of the schema: these tests use what the registry has or does not have yet.
pub(super) fn language(outcome: &Outcome) -> Vec<(&'static str, (usize, usize))> {
    let findings = match outcome {
        Ok((_, warnings)) => warnings,
        Err(all) => all,
    };
    findings
        .iter()
        .filter(|d| d.code.starts_with("M1"))
        .map(|d| (d.code, d.span.as_ref().map_or((0, 0), crate::model::Span::line_column)))
        .collect()
}

const HEAD: &str = "\
Transform: AWS::LanguageExtensions
Parameters:
  Name: {Type: String, Default: web}
  Count: {Type: Number, Default: 3}
  List: {Type: CommaDelimitedList, Default: 'a, b,c'}
  Password: {Type: String, NoEcho: true, Default: hunter22}
  Ami: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /aws/ami}
Mappings:
  Sizes: {prod: {cpu: 4, zones: [x, y]}, dev: {cpu: 012}}
Conditions:
  Yes: !Equals [!Ref Name, web]
  No: !Not [!Condition Yes]
  Secret: !Equals [!Ref Password, hunter22]
  All: !And [!Condition Yes, !Condition Secret, !Equals [!Ref Count, '3']]
  Any: !Or [!Condition No, !Equals [!FindInMap [Sizes, prod, cpu], 4]]
  Used: !Or [!Condition All, !Condition Any]
Resources: {}
Outputs:
";

/// The value of one output.
fn value(expression: &str) -> Result<Json, Vec<&'static str>> {
    let text = format!("{HEAD}  Out:\n    Value: {expression}\n");
    match run(&text, &[]) {
        Ok((graph, _)) => Ok(graph.stacks[0].outputs[0].value.known().unwrap()),
        Err(errors) => Err(errors.iter().filter(|d| d.severity == Severity::Error).map(|d| d.code).collect()),
    }
}

#[test]
fn functions_over_known_values_are_computed() {
    let cases = [
        ("!Ref Name", "web"),
        ("!Ref Count", "3"),
        ("!Ref AWS::AccountId", "123456789012"),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref AWS::StackName", "app"),
        ("!Ref AWS::URLSuffix", "amazonaws.com"),
        ("!Ref AWS::StackId", "arn:aws:cloudformation:us-east-1:123456789012:stack/app/migrate"),
        ("!Sub 'x-${Name}-${AWS::Partition}-${!Kept}-${List}'", "x-web-aws-${Kept}-a,b,c"),
        ("!Sub ['${A}${Name}', {A: !Ref Count}]", "3web"),
        ("!Join ['-', [a, !Ref Name, 012, true]]", "a-web-012-true"),
        ("!Join ['', !Ref List]", "abc"),
        ("!Select [1, !Ref List]", "b"),
        ("!Select ['2', [a, b, !Sub '${Name}']]", "web"),
        ("!Select [1, !Split ['|', 'a|b|c']]", "b"),
        ("!Select [0, !GetAZs '']", "us-east-1a"),
        ("!Select [2, !GetAZs eu-west-1]", "eu-west-1c"),
        ("!Select [1, !Cidr [10.0.0.0/16, 4, 8]]", "10.0.1.0/24"),
        ("!Base64 hello", "aGVsbG8="),
        ("{'Fn::Base64': !Sub '${Name}'}", "d2Vi"),
        ("!FindInMap [Sizes, dev, cpu]", "012"),
        ("!Join [',', !FindInMap [Sizes, prod, zones]]", "x,y"),
        ("!FindInMap [Sizes, test, cpu, DefaultValue: 7]", "7"),
        ("!If [Yes, a, b]", "a"),
        ("!If [No, !Ref AWS::NoValue, b]", "b"),
        ("!If [All, 1, 2]", "1"),
        ("!If [Any, 1, 2]", "1"),
        ("!Join ['', [a, !If [No, b, !Ref AWS::NoValue]]]", "a"),
        ("!Sub ['${N}', {N: !Length [1, 2, 3]}]", "3"),
        ("!ToJsonString {a: [1, 'x', true], b: !Ref Name}", r#"{"a":[1,"x",true],"b":"web"}"#),
        ("!Ref Ami", "{{resolve:ssm:/aws/ami}}"),
        ("!Sub 'p=${Password}'", "p={{resolve:parameter:Password:2f5b}}"),
        (
            "'{{resolve:secretsmanager:db:SecretString:password}}'",
            "{{resolve:secretsmanager:db:SecretString:password}}",
        ),
        ("!Join ['', ['{{resolve:ssm:', !Ref Name, '}}']]", "{{resolve:ssm:web}}"),
        ("!Sub ['${A}web}}', {A: '{{resolve:ssm:'}]", "{{resolve:ssm:web}}"),
        ("yes", "true"),
        ("012", "012"),
    ];
    for (expression, wanted) in cases {
        let got = value(expression);
        // The digest is what it is; only its form matters.
        if wanted.contains("parameter:Password") {
            let text = got.unwrap().as_str().unwrap().to_owned();
            assert!(
                text.starts_with("p={{resolve:parameter:Password:") && text.len() == wanted.len(),
                "{text}"
            );
            continue;
        }
        assert_eq!(got, Ok(json!(wanted)), "{expression}");
    }
}

#[test]
fn mistakes_in_functions_have_their_own_codes() {
    let cases = [
        ("!Ref Nmae", "M1043"),
        ("!Sub '${Nmae}'", "M1043"),
        ("!Sub '${Name:-x}'", "M1041"),
        ("!Sub '${}'", "M1041"),
        ("!GetAtt Db.Endpoint", "M1043"),
        ("!GetAtt Db", "M1041"),
        ("!Ref [a]", "M1041"),
        ("!Join [a]", "M1041"),
        ("!Join [!Ref Name, [a]]", "M1041"),
        ("!Join [',', {a: b}]", "M1049"),
        ("!Join [',', [{a: b}]]", "M1049"),
        ("!Select [9, !Ref List]", "M1049"),
        ("!Select [-1, !Ref List]", "M1049"),
        ("!Split ['', a]", "M1049"),
        ("!Cidr [10.0.0.0/24, 9, 5]", "M1049"),
        ("!Cidr [10.0.0.0/24, 1]", "M1041"),
        ("!FindInMap [Size, dev, cpu]", "M1045"),
        ("!FindInMap [Sizes, dev, gpu]", "M1045"),
        ("!FindInMap [Sizes, test, cpu]", "M1045"),
        ("!If [Maybe, a, b]", "M1046"),
        ("!If [Yes, a]", "M1041"),
        ("!If [!Equals [a, b], a, b]", "M1041"),
        ("!Equals [a, b]", "M1042"),
        ("{'Fn::Jon': [a, b]}", "M1040"),
        ("!ToJsonString {'Fn::Join': ['', [a]], b: c}", "M1041"),
        ("{'Fn::Transform': {Name: x}}", "M1022"),
        ("!Select [0, !Split [':', !Ref Password]]", "M1055"),
        ("!Select [0, !Split ['/', !Ref Ami]]", "M1055"),
        ("!ToJsonString {a: !Ref Password}", "M1055"),
        ("!Select [!Ref Ami, [a]]", "M1050"),
        ("'{{resolve:ssm:a'", "M1054"),
        ("'{{resolve:vault:a}}'", "M1054"),
        ("'{{resolve:parameter:Password:0000}}'", "M1054"),
        ("!Sub '{{resolve:vault:${Name}}}'", "M1054"),
        ("!Join ['', ['{{resolve:ssm:', !Ref Name]]", "M1054"),
        ("!If [No, a, !Ref Nmae]", "M1043"),
        ("!If [No, !Ref Nmae, a]", "M1043"),
        ("!Ref List", "M1049"),
        ("{a: b}", "M1049"),
    ];
    for (expression, code) in cases {
        let errors = value(expression).unwrap_err();
        assert_eq!(errors.first(), Some(&code), "{expression}: {errors:?}");
    }
}

#[test]
fn one_mistake_makes_one_error_at_its_place() {
    let text = format!(
        "{HEAD}  A:\n    Value: !Sub 'größe ${{Name}} ${{Nmae}}'\n  B: {{Value: !Join ['', [!Ref Cuont]]}}\n"
    );
    let errors = run(&text, &[]).unwrap_err();
    let errors: Vec<&Diagnostic> = errors.iter().filter(|d| d.severity == Severity::Error).collect();
    assert_eq!(errors.len(), 2, "{errors:#?}");
    assert_eq!(errors[0].help.as_deref(), Some("did you mean `Name`?"));
    assert_eq!(errors[0].span.as_ref().unwrap().line_column(), (20, 32));
    assert_eq!(errors[1].help.as_deref(), Some("did you mean `Count`?"));
    assert_eq!(errors[1].span.as_ref().unwrap().line_column(), (21, 31));
}

#[test]
fn parameters_are_checked_against_their_constraints() {
    let declare = |body: &str| {
        format!("Parameters:\n  P: {{{body}}}\nResources: {{}}\nOutputs: {{O: {{Value: !Sub '${{P}}'}}}}\n")
    };
    let cases: &[(&str, Option<&str>, Result<&str, &str>)] = &[
        ("Type: String", None, Err("M1031")),
        ("Type: String", Some("x"), Ok("x")),
        ("Type: String, Default: 012", None, Ok("012")),
        ("Type: Number", Some("x"), Err("M1032")),
        ("Type: Number, MinValue: 2, MaxValue: 4", Some("5"), Err("M1032")),
        ("Type: Number, AllowedValues: [1, 2.0]", Some("2"), Ok("2")),
        ("Type: String, AllowedValues: [a, b]", Some("c"), Err("M1032")),
        ("Type: String, AllowedPattern: '[a-z]+'", Some("abc1"), Err("M1032")),
        ("Type: String, AllowedPattern: '(?=.*x)[a-z]+'", Some("axb"), Ok("axb")),
        ("Type: String, AllowedPattern: '['", Some("a"), Err("M1030")),
        ("Type: String, MinLength: 3", Some("ab"), Err("M1032")),
        ("Type: String, MaxLength: 3", Some("größe"), Err("M1032")),
        ("Type: List<Number>", Some("1, 2,3"), Ok("1,2,3")),
        ("Type: List<Number>", Some("1,x"), Err("M1032")),
        ("Type: 'List<AWS::EC2::Subnet::Id>'", Some("subnet-1,subnet-2"), Ok("subnet-1,subnet-2")),
        ("Type: AWS::EC2::VPC::Id", Some("subnet-1"), Err("M1032")),
        ("Type: CommaDelimitedList, Default: ''", None, Ok("")),
        ("Type: Text", Some("x"), Err("M1033")),
        ("Default: x", None, Err("M1030")),
        ("Type: String, Defualt: x", Some("x"), Err("M1030")),
        ("Type: 'AWS::SSM::Parameter::Value<String>'", Some("a b"), Err("M1032")),
        ("Type: 'AWS::SSM::Parameter::Value<Text>'", Some("x"), Err("M1033")),
    ];
    for (body, given, wanted) in cases {
        let given: Vec<(&str, &str)> = given.iter().map(|value| ("P", *value)).collect();
        match (run(&declare(body), &given), wanted) {
            (Ok((graph, _)), Ok(text)) => {
                assert_eq!(graph.stacks[0].outputs[0].value.as_str(), Some(*text), "{body}")
            }
            (Err(errors), Err(code)) => assert_eq!(errors[0].code, *code, "{body}: {errors:?}"),
            (got, _) => panic!("{body}: {got:?}"),
        }
    }
}

#[test]
fn secrets_are_kept_apart_and_never_shown() {
    let text = "\
Parameters:
  Pw: {Type: String, NoEcho: true, AllowedPattern: '[a-z]+'}
Mappings: {M: {a: {b: c}}}
Conditions: {C: !Equals [!FindInMap [M, !Ref Pw, b], c]}
Resources: {}
Outputs: {O: {Value: !If [C, a, b]}, P: {Value: !Ref Pw}}
";
    for secret in ["verysecret", "Wrong1Secret"] {
        let errors = run(text, &[("Pw", secret)]).unwrap_err();
        assert!(!format!("{errors:?}").contains(secret), "{errors:?}");
    }
    let fine = text.replace("!FindInMap [M, !Ref Pw, b]", "!Ref Pw");
    let (graph, _) = run(&fine, &[("Pw", "verysecret")]).unwrap();
    let shown = graph.stacks[0].outputs[1].value.as_str().unwrap().to_owned();
    assert_eq!(graph.secrets.0.get(&shown).map(String::as_str), Some("verysecret"));
    assert!(!format!("{graph:?}").contains("verysecret"));
}

#[test]
fn conditions_are_lazy_and_circles_are_found() {
    let text = "\
Conditions:
  A: !Not [!Condition B]
  B: !Or [!Condition A, !Condition A]
  C: !Equals [1, !Ref Db]
  D: !Equals [1]
  E: text
  F: !Equals [!GetAtt Db.Arn, 1]
  G: !Ref AWS::Region
Resources:
  Db: {Type: AWS::Nothing::Here, Condition: Missing}
";
    let found = language(&run(text, &[]));
    let codes: Vec<_> = found.iter().filter(|(code, _)| *code != "M1061").collect();
    let wanted = [
        ("M1047", (2, 3)),
        ("M1042", (4, 23)),
        ("M1041", (5, 14)),
        ("M1041", (6, 6)),
        ("M1042", (7, 15)),
        ("M1041", (8, 6)),
        ("M1046", (10, 45)),
    ];
    assert_eq!(codes, wanted.iter().collect::<Vec<_>>());
}

#[test]
fn resources_that_are_not_made_are_left_out_and_not_referred_to() {
    let text = "\
Conditions: {Never: !Equals [a, b]}
Resources:
  Gone: {Type: AWS::EC2::VPC, Condition: Never, Properties: {CidrBlock: 10.0.0.0/16}}
  There: {Type: AWS::X::Y, DependsOn: [Gone], Properties: {A: !If [Never, !Ref Gone, x]}}
  Bad: {Type: AWS::X::Y, DependsOn: [Nope, Bad], Properties: {A: !Ref Gone}}
Outputs:
  Skipped: {Condition: Never, Value: !Ref Gone}
  Broken: {Value: !Sub '${Gone}'}
";
    let found = language(&run(text, &[]));
    assert_eq!(found, [("M1057", (5, 38)), ("M1057", (5, 44)), ("M1048", (5, 66)), ("M1048", (8, 25))]);
}

#[test]
fn sections_and_attributes_out_of_place_are_refused_by_name() {
    let text = "\
AWSTemplateFormatVersion: 2010-09-10
Resoures: {}
Transform: [AWS::Serverless-2016-10-31, AWS::LanguageExtensions]
Hooks: {}
Resources:
  bad-name: {Type: AWS::X::Y}
  A: {Properties: {}}
  B: {Type: AWS::X::Y, Propertys: {}, DeletionPolicy: Retian, CreationPolicy: {ResourceSignal: {Count: 1}}, UpdatePolicy: {}}
  C: {Type: AWS::EC2::VPC, DeletionPolicy: Snapshot, DependsOn: [!Ref A]}
  D: [a]
  Fn::ForEach::Loop: [X, [a], {}]
Outputs:
  O: {Valeu: 1}
  P: {Value: 1, Export: {Nam: x}}
";
    let found = language(&run(text, &[]));
    let lines: Vec<(&str, usize)> = found.iter().map(|(code, (line, _))| (*code, *line)).collect();
    let wanted = [
        ("M1021", 1),
        ("M1020", 2),
        ("M1022", 3),
        ("M1022", 4),
        ("M1023", 6),
        ("M1021", 7),
        ("M1021", 8),
        ("M1024", 8),
        ("M1022", 8),
        ("M1024", 9),
        ("M1021", 9),
        ("M1021", 10),
        ("M1101", 11),
        ("M1021", 13),
        ("M1021", 13),
        ("M1021", 14),
    ];
    let mut sorted = lines.clone();
    sorted.sort_unstable();
    let mut expected = wanted.to_vec();
    expected.sort_unstable();
    assert_eq!(sorted, expected, "{lines:?}");
}

#[test]
fn rules_are_checked_where_the_values_are_known() {
    let text = "\
Parameters:
  Env: {Type: String, Default: dev}
  Version: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /cdk/version}
Rules:
  CheckVersion:
    Assertions:
      - Assert: !Not [!Contains [['1', '2'], !Ref Version]]
        AssertDescription: too old
  Known:
    RuleCondition: !Equals [!Ref Env, dev]
    Assertions:
      - Assert: !Contains [[dev, test], !Ref Env]
      - Assert: !Contains [[prod], !Ref Env]
        AssertDescription: dev is not prod
Resources: {}
";
    let errors = run(text, &[]).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!((errors[0].code, errors[0].help.as_deref()), ("M1056", Some("dev is not prod")));
    assert!(run(text, &[("Env", "prod")]).is_ok());
}

#[test]
fn what_nobody_uses_is_warned_of() {
    let text = "\
Parameters: {A: {Type: String, Default: x}, B: {Type: String, Default: x}}
Mappings: {M: {a: {b: c}}}
Conditions: {C: !Equals [!Ref B, x]}
Resources: {}
";
    let (_, warnings) = run(text, &[]).unwrap();
    let found: Vec<_> = warnings.iter().map(|d| (d.code, d.severity)).collect();
    let warning = Severity::Warning;
    assert_eq!(found, [("M1060", warning), ("M1062", warning), ("M1061", warning)]);
}

#[test]
fn reserved_tags_are_refused() {
    let tags = "[{Key: 'migrate:lineage', Value: x}, {Key: 'AWS:x', Value: y}, {Key: ok, Value: z}]";
    let text = format!(
        "Resources: {{A: {{Type: AWS::EC2::VPC, Properties: {{CidrBlock: 10.0.0.0/16, Tags: {tags}}}}}}}"
    );
    let errors = run(&text, &[]).unwrap_err();
    assert_eq!(errors.iter().filter(|d| d.code == "M2018").count(), 2, "{errors:?}");
}

#[test]
fn a_database_keeps_cloudformations_default_policy() {
    let text = "\
Resources:
  A: {Type: AWS::RDS::DBInstance, Properties: {DBInstanceClass: db.t3.micro}}
  B: {Type: AWS::RDS::DBInstance, DeletionPolicy: Delete, Properties: {DBInstanceClass: db.t3.micro}}
  C: {Type: AWS::RDS::DBInstance, Properties: {DBInstanceClass: db.t3.micro, DBClusterIdentifier: x}}
";
    let Ok((graph, _)) = run(text, &[]) else { return };
    let policies: Vec<_> = graph.nodes.iter().map(|node| node.deletion_policy).collect();
    use crate::model::DeletionPolicy::{Delete, Snapshot};
    assert_eq!(policies, [Snapshot, Delete, Delete]);
}

#[test]
fn references_and_policies_reach_the_graph() {
    let text = "\
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}, DeletionPolicy: Retain, Metadata: {Migrate: {Keep: true}}}
  Subnet:
    Type: AWS::EC2::Subnet
    DependsOn: Vpc
    Properties:
      VpcId: !Ref Vpc
      CidrBlock: !Select [0, !Cidr [!GetAtt Vpc.CidrBlock, 4, 8]]
      Tags: [{Key: Name, Value: !Sub '${Vpc}-a'}]
";
    let mut source = stack("app", "us-east-1", text, &[]);
    source.tags = [("Name".to_owned(), "plan".to_owned()), ("Team".to_owned(), "core".to_owned())].into();
    let (graph, warnings) = match evaluate(&plan(vec![source]), &Environment::offline()) {
        Ok(done) => done,
        Err(errors) => {
            assert!(errors.iter().all(|d| d.code == "M2001"), "{errors:?}");
            return;
        }
    };
    assert!(warnings.is_empty());
    let subnet = graph.node(&Address::new("app", "Subnet")).unwrap();
    assert_eq!(subnet.properties.get("CidrBlock").unwrap().known(), Some(json!("10.0.0.0/24")));
    let mut used = Vec::new();
    subnet.properties.references(&mut |reference| used.push(reference.to_string()));
    assert_eq!(used, ["app/Vpc", "app/Vpc"]);
    let Some(Value::List(tags)) = subnet.properties.get("Tags") else { panic!() };
    assert_eq!(tags.len(), 2);
    assert_eq!(tags[1].known(), Some(json!({"Key": "Team", "Value": "core"})));
    let vpc = graph.node(&Address::new("app", "Vpc")).unwrap();
    assert!(vpc.switch("Keep"));
    assert_eq!(vpc.properties.get("Tags").unwrap().known().unwrap().as_array().unwrap().len(), 2);
    assert_eq!(subnet.depends_on, [Address::new("app", "Vpc")]);
}

#[test]
fn secure_parameters_are_read_only_where_aws_allows_it() {
    let text = |kind: &str, property: &str| {
        format!(
            "Resources:\n  R:\n    Type: {kind}\n    Properties:\n      {property}: '{{{{resolve:ssm-secure:/pw}}}}'\n"
        )
    };
    let codes = |text: &str| language(&run(text, &[])).iter().map(|(code, _)| *code).collect::<Vec<_>>();
    assert_eq!(codes(&text("AWS::RDS::DBInstance", "MasterUserPassword")), Vec::<&str>::new());
    assert_eq!(codes(&text("AWS::SNS::Topic", "DisplayName")), ["M1103"]);
    let output = "Resources: {}\nOutputs: {O: {Value: '{{resolve:ssm-secure:/pw:1}}'}}\n";
    assert_eq!(codes(output), ["M1103"]);
}

#[test]
fn what_cloudformation_told_is_a_value_and_what_nobody_was_asked_is_open() {
    let text = "\
Resources: {}
Outputs:
  A: {Value: !Sub ['x-${V}', {V: !ImportValue vpc}]}
  B: {Value: {'Fn::GetStackOutput': {StackName: other, OutputName: Id, Region: eu-west-1}}}
  C: {Value: {'Fn::GetStackOutput': {StackName: app, OutputName: Own, RoleArn: 'arn:aws:iam::210987654321:role/r'}}}
  D: {Value: !If [Never, !ImportValue never, 'd']}
  Own: {Value: own}
Conditions: {Never: !Equals [a, b]}
";
    let loaded = plan(vec![stack("app", "us-east-1", text, &[])]);
    // Without an account: notes, no errors.
    let (_, warnings) = evaluate(&loaded, &Environment::offline()).unwrap();
    assert_eq!(warnings.iter().map(|d| d.code).collect::<Vec<_>>(), ["M1124", "M1124"]);
    // With one: three questions, the branch that is not taken asks nothing.
    let mut env = Environment { offline: false, ..Environment::offline() };
    let asked: Vec<String> =
        super::questions(&loaded, &env).iter().map(|asked| asked.question.function()).collect();
    assert_eq!(asked, ["Fn::ImportValue vpc", "Fn::GetStackOutput other.Id", "Fn::GetStackOutput app.Own"]);
    for (at, asked) in super::questions(&loaded, &env).into_iter().enumerate() {
        let told = Answer::Told { value: format!("value-{at}"), stack: "arn".into() };
        env.stacks.insert(asked.question, told);
    }
    let (graph, _) = evaluate(&loaded, &env).unwrap();
    let got: Vec<&str> =
        graph.stacks[0].outputs.iter().map(|output| output.value.as_str().unwrap_or("?")).collect();
    assert_eq!(got, ["x-value-0", "value-1", "value-2", "d", "own"]);
    // Why there is no answer stands in the finding, with what is there instead.
    for answer in env.stacks.values_mut() {
        *answer = Answer::Not {
            why: "nobody has it".into(),
            near: vec!["vpcs".into(), "othr".into(), "ap".into()],
        };
    }
    let errors = evaluate(&loaded, &env).unwrap_err();
    let told: Vec<_> = errors.iter().map(|d| (d.code, d.help.as_deref().unwrap_or_default())).collect();
    assert_eq!(
        told,
        [
            ("M1052", "did you mean `vpcs`?"),
            ("M1058", "did you mean `othr`?"),
            // Its name is that of the plan's own stack: the account is another one.
            ("M1058", "did you mean `app`?"),
        ]
    );
    assert!(errors[0].message.ends_with("nobody has it"), "{}", errors[0].message);
}
