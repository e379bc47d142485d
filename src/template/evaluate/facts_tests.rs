use serde_json::json;

use super::{
    Environment, account_facts,
    testing::evaluate,
    tests::{language, plan, run, stack},
    wanted,
};
use crate::aws::objects::{Asked, Objects};

#[test]
fn regions_of_zones_are_known_before_evaluation() {
    let text = "\
Parameters: {R: {Type: String, Default: eu-west-3}}
Resources:
  A: {Type: AWS::X::Y, Properties: {Z: [!Select [0, !GetAZs ''], !GetAZs us-west-2, !GetAZs {Ref: R}]}}
";
    let regions = wanted(&plan(vec![stack("app", "us-east-1", text, &[])])).zones;
    assert_eq!(regions.into_iter().collect::<Vec<_>>(), ["eu-west-3", "us-east-1", "us-west-2"]);
    let mut env =
        Environment { account: "123456789012".into(), partition: "aws".into(), ..Environment::default() };
    env.zones.insert("us-east-1".into(), vec!["us-east-1f".into()]);
    let text = "Resources: {}\nOutputs: {A: {Value: !Select [0, !GetAZs '']}, B: {Value: !Select [0, !GetAZs mars-1-1]}}\n";
    let errors = evaluate(&plan(vec![stack("app", "us-east-1", text, &[])]), &env).unwrap_err();
    assert_eq!(errors.iter().map(|d| d.code).collect::<Vec<_>>(), ["M1063"]);
}

#[test]
fn values_kept_in_ssm_are_known_where_the_account_is() {
    let text = "\
Parameters:
  Zones: {Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /zones}
  Port: {Type: 'AWS::SSM::Parameter::Value<Number>', Default: /port}
Conditions: {High: !Equals [!Ref Port, '8080']}
Resources: {}
Outputs:
  A: {Value: !Select [1, !Ref Zones]}
  B: {Value: !If [High, yes, no]}
";
    let loaded = plan(vec![stack("app", "us-east-1", text, &[])]);
    let wanted = wanted(&loaded).parameters;
    assert_eq!(wanted, [("us-east-1".to_owned(), ["/port".to_owned(), "/zones".to_owned()].into())].into());
    let mut env = Environment { offline: false, ..Environment::offline() };
    assert_eq!(evaluate(&loaded, &env).unwrap_err()[0].code, "M1104");
    let known = [("/zones".to_owned(), "a, b".to_owned()), ("/port".to_owned(), "8080".to_owned())];
    env.parameters.insert("us-east-1".into(), known.into());
    let (graph, _) = evaluate(&loaded, &env).unwrap();
    let values: Vec<_> = graph.stacks[0].outputs.iter().map(|o| o.value.as_str().unwrap()).collect();
    assert_eq!(values, ["b", "true"]);
    env.parameters.insert("us-east-1".into(), [("/port".to_owned(), "http".to_owned())].into());
    let codes: Vec<_> = evaluate(&loaded, &env).unwrap_err().iter().map(|d| d.code).collect();
    assert_eq!(codes, ["M1104", "M1032"]);
    // Without an account a list is a list, and no more is known of it.
    let text = text.replace("High: !Equals [!Ref Port, '8080']", "High: !Equals [a, b]");
    let loaded = plan(vec![stack("app", "us-east-1", &text, &[])]);
    assert!(evaluate(&loaded, &Environment::offline()).is_ok());
}

#[test]
fn rules_that_ask_the_account_are_told_and_not_guessed() {
    let text = "\
Parameters:
  Subnets: {Type: 'List<AWS::EC2::Subnet::Id>', Default: subnet-1}
  Vpc: {Type: AWS::EC2::VPC::Id, Default: vpc-1}
Rules:
  Inside:
    Assertions:
      - Assert: !EachMemberEquals [!ValueOf [Subnets, VpcId], !Ref Vpc]
      - Assert: !EachMemberIn [!ValueOfAll ['AWS::EC2::Subnet::Id', VpcId], !RefAll 'AWS::EC2::VPC::Id']
      - Assert: !EachMemberIn [!ValueOfAll [Subnet], !RefAll {a: b}]
      - Assert: !EachMemberEquals [!ValueOf [Subnts, VpcId], x]
Resources: {}
";
    let found = language(&run(text, &[]));
    let errors: Vec<_> = found.iter().filter(|(code, _)| *code != "M1107").copied().collect();
    assert_eq!(errors, [("M1041", (9, 44)), ("M1041", (9, 62)), ("M1043", (10, 46))]);
    assert_eq!(found.len() - errors.len(), 2);
}

const RULES: &str = "\
Parameters:
  Subnets: {Type: 'List<AWS::EC2::Subnet::Id>', Default: 'subnet-1, subnet-2'}
  Vpc: {Type: AWS::EC2::VPC::Id, Default: vpc-1}
  Zone: {Type: AWS::EC2::AvailabilityZone::Name, Default: us-east-1a}
  Key: {Type: AWS::EC2::KeyPair::KeyName, Default: ops}
Rules:
  Inside:
    Assertions:
      - Assert: !EachMemberEquals [!ValueOf [Subnets, VpcId], !Ref Vpc]
        AssertDescription: the subnets must be in the VPC
      - Assert: !EachMemberIn [!ValueOfAll ['AWS::EC2::Subnet::Id', VpcId], !RefAll 'AWS::EC2::VPC::Id']
      - Assert: !Equals [!ValueOf [Vpc, Tags.Team], core]
      - Assert: !Not [!Equals [!ValueOf [Vpc, DefaultSecurityGroup], '']]
Resources: {}
";

fn objects(region: &str, second: &str) -> Objects {
    let known = json!({region: {
        "AWS::EC2::Subnet::Id": {
            "subnet-1": {"VpcId": "vpc-1", "AvailabilityZone": "us-east-1a"},
            "subnet-2": {"VpcId": second, "AvailabilityZone": "us-east-1b"},
        },
        "AWS::EC2::VPC::Id": {"vpc-1": {"Tags.Team": "core", "DefaultSecurityGroup": "sg-1"}},
    }});
    serde_json::from_value(known).unwrap()
}

fn here(objects: Objects) -> Environment {
    let zones = [("us-east-1".to_owned(), vec!["us-east-1a".to_owned()])].into();
    Environment { offline: false, zones, objects, ..Environment::offline() }
}

/// Errors and warnings of the language, for an account that holds `objects`.
fn told(text: &str, objects: Objects) -> Vec<String> {
    let found = match evaluate(&plan(vec![stack("app", "us-east-1", text, &[])]), &here(objects)) {
        Ok((_, warnings)) => warnings,
        Err(all) => all,
    };
    found.iter().filter(|d| d.code.starts_with("M1")).map(ToString::to_string).collect()
}

#[test]
fn what_parameters_and_rules_ask_is_asked_at_once() {
    let wanted = account_facts(&plan(vec![stack("app", "us-east-1", RULES, &[])]), &Environment::offline());
    let subnets =
        Asked { all: true, names: ["subnet-1".to_owned(), "subnet-2".to_owned()].into(), ..Asked::default() };
    let vpc =
        Asked { all: true, names: ["vpc-1".to_owned()].into(), default_group: true, ..Asked::default() };
    let types = [("AWS::EC2::Subnet::Id".to_owned(), subnets), ("AWS::EC2::VPC::Id".to_owned(), vpc)].into();
    assert_eq!(wanted, [("us-east-1".to_owned(), types)].into());
    let nothing = "Parameters: {A: {Type: String, Default: a}}\nResources: {}\n";
    assert!(
        account_facts(&plan(vec![stack("app", "us-east-1", nothing, &[])]), &Environment::offline())
            .is_empty()
    );
}

#[test]
fn rules_compare_with_what_the_account_holds() {
    let errors =
        |objects| told(RULES, objects).into_iter().filter(|d| !d.contains("never used")).collect::<Vec<_>>();
    assert_eq!(errors(objects("us-east-1", "vpc-1")), Vec::<String>::new());
    let elsewhere = errors(objects("us-east-1", "vpc-2"));
    assert_eq!(elsewhere, ["M1056: the parameters break the rule `Inside`"; 2]);
    let mut untagged = objects("us-east-1", "vpc-1");
    let vpcs = untagged.get_mut("us-east-1").unwrap().get_mut("AWS::EC2::VPC::Id").unwrap();
    vpcs.get_mut("vpc-1").unwrap().remove("Tags.Team");
    assert_eq!(errors(untagged), ["M1056: the parameters break the rule `Inside`"]);
}

#[test]
fn parameters_name_what_is_there() {
    let text =
        RULES.replace("subnet-1, subnet-2", "subnet-1, subnet-3").replace("us-east-1a}", "us-east-1f}");
    let errors: Vec<_> =
        told(&text, objects("us-east-1", "vpc-1")).into_iter().filter(|d| d.contains("M1108")).collect();
    assert_eq!(
        errors,
        [
            "M1108: the parameter `Subnets` of stack `app`: us-east-1 has no subnet `subnet-3`",
            "M1108: the parameter `Zone` of stack `app`: us-east-1 has no availability zone `us-east-1f`",
        ]
    );
    // A secret stays one.
    let text =
        text.replace("AWS::EC2::VPC::Id, Default: vpc-1", "AWS::EC2::VPC::Id, NoEcho: true, Default: vpc-2");
    let errors: Vec<_> =
        told(&text, objects("us-east-1", "vpc-1")).into_iter().filter(|d| d.contains("Vpc")).collect();
    assert_eq!(errors, ["M1108: the parameter `Vpc` of stack `app`: us-east-1 has no such VPC"]);
}

#[test]
fn rules_ask_only_for_what_there_is() {
    let text = RULES
        .replace("Tags.Team", "Team")
        .replace("[Vpc, DefaultSecurityGroup]", "[Key, Tags.a]")
        .replace("'AWS::EC2::Subnet::Id', VpcId", "'AWS::EC2::Subnets::Id', VpcId");
    let errors: Vec<_> = told(&text, objects("us-east-1", "vpc-1"))
        .into_iter()
        .filter(|d| !d.contains("never used"))
        .collect();
    assert_eq!(
        errors,
        [
            "M1041: `AWS::EC2::Subnets::Id` is no parameter type that names something of AWS",
            "M1041: rules cannot ask for `Team` of AWS::EC2::VPC::Id",
            "M1107: the rule `Inside` is not checked: it asks for facts of the account",
        ]
    );
}

#[test]
fn the_account_is_asked_over_the_wire() {
    use crate::{
        aws::{Cloud, Realm},
        resources::bench::Bench,
    };
    let bench = Bench::new();
    let found = bench.run(async {
        let ec2 = bench.sdk().ec2();
        let vpc = ec2.create_vpc().cidr_block("10.0.0.0/16").send().await.unwrap();
        let vpc = vpc.vpc().unwrap().vpc_id().unwrap().to_owned();
        let subnet = ec2.create_subnet().vpc_id(&vpc).cidr_block("10.0.0.0/24").send().await.unwrap();
        let subnet = subnet.subnet().unwrap().subnet_id().unwrap().to_owned();
        (vpc, subnet)
    });
    let (vpc, subnet) = found;
    // EC2 shows new objects a little later.
    bench.advance(std::time::Duration::from_secs(10));
    let asked =
        |names: &[&str]| Asked { names: names.iter().map(|n| (*n).to_owned()).collect(), ..Asked::default() };
    let all = Asked { all: true, default_acl: true, default_group: true, ..Asked::default() };
    let types = [
        ("AWS::EC2::VPC::Id", all),
        ("AWS::EC2::Subnet::Id", asked(&[&subnet, "subnet-0a1b2c3d4e5f60718"])),
        ("AWS::EC2::SecurityGroup::Id", asked(&["sg-0a1b2c3d4e5f60718"])),
        ("AWS::EC2::SecurityGroup::GroupName", asked(&["default"])),
        ("AWS::Route53::HostedZone::Id", asked(&["Z0123456789ABCDEFGHIJ"])),
        ("AWS::SSM::Parameter::Name", asked(&["/missing"])),
    ];
    let types = types.into_iter().map(|(kind, asked)| (kind.to_owned(), asked)).collect();
    let cloud = Cloud::new(Realm::Sandbox, bench.sandbox().sdk_config("us-east-1"));
    let wanted = [("us-east-1".to_owned(), types)].into();
    let found = bench.run(async { cloud.objects(bench.clock(), &wanted).await.unwrap() });
    let mut found = found["us-east-1"].clone();
    let vpcs = found.remove("AWS::EC2::VPC::Id").unwrap();
    assert!(vpcs[&vpc]["DefaultNetworkAcl"].starts_with("acl-"));
    assert!(vpcs[&vpc]["DefaultSecurityGroup"].starts_with("sg-"));
    let subnets = found.remove("AWS::EC2::Subnet::Id").unwrap();
    assert_eq!(subnets.keys().collect::<Vec<_>>(), [&subnet]);
    assert_eq!(subnets[&subnet]["VpcId"], vpc);
    assert_eq!(found.remove("AWS::EC2::SecurityGroup::GroupName").unwrap().len(), 1);
    assert!(found.values().all(std::collections::BTreeMap::is_empty), "{found:?}");
}

#[test]
fn zones_are_asked_for_wherever_their_function_stands() {
    let zones = |text: &str| {
        let regions = wanted(&plan(vec![stack("app", "us-east-1", text, &[])])).zones;
        regions.into_iter().collect::<Vec<_>>()
    };
    let property =
        |value: &str| format!("Resources:\n  A: {{Type: AWS::X::Y, Properties: {{Z: {value}}}}}\n");
    let looped = "\
Transform: AWS::LanguageExtensions
Resources:
  Fn::ForEach::All:
    - Name
    - [GetAZs]
    - A${Name}: {Type: AWS::X::Y, Properties: {Z: {'Fn::${Name}': eu-west-2}}}
";
    let rule = "\
Rules:
  Inside: {Assertions: [{Assert: !Contains [!RefAll 'AWS::EC2::AvailabilityZone::Name', a]}]}
Resources: {}
";
    let parameter = "\
Parameters: {Zone: {Type: 'List<AWS::EC2::AvailabilityZone::Name>', Default: us-east-1a}}
Resources: {}
";
    assert_eq!(zones(looped), ["eu-west-2"], "a loop makes the function of its parts");
    assert_eq!(zones(&property("[{a: [!GetAZs eu-west-3]}]")), ["eu-west-3"]);
    assert_eq!(zones("Resources: {}\nOutputs: {A: {Value: !Select [0, !GetAZs '']}}\n"), ["us-east-1"]);
    assert_eq!(zones(rule), ["us-east-1"]);
    assert_eq!(zones(parameter), ["us-east-1"]);
    assert_eq!(zones(&property("!Ref AWS::Region")), Vec::<String>::new());
    // A text, and an object that is no function.
    assert_eq!(zones(&property("{'Fn::GetAZs': '', b: 1}")), Vec::<String>::new());
    assert_eq!(zones(&property("'Fn::GetAZs'")), Vec::<String>::new());
}

#[test]
fn what_only_a_nested_stack_is_passed_is_asked_for() {
    let outer = "\
Resources:
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: inner.yaml, Parameters: {Vpc: !Sub 'vpc-${AWS::AccountId}', Port: /port}}
";
    let inner = "\
Parameters:
  Vpc: {Type: AWS::EC2::VPC::Id}
  Port: {Type: 'AWS::SSM::Parameter::Value<Number>'}
Resources: {}
";
    let mut loaded = plan(vec![stack("app", "us-east-1", outer, &[])]);
    let template = (*stack("inner", "us-east-1", inner, &[]).template).clone();
    let parent = loaded.stacks[0].clone();
    loaded.nested.push(crate::template::nested::nested(&parent, "Inner", "inner.yaml".into(), template));
    let env = Environment { account: "123456789012".into(), ..Environment::default() };
    let asked = account_facts(&loaded, &env);
    let names = &asked["us-east-1"]["AWS::EC2::VPC::Id"].names;
    assert_eq!(names.iter().collect::<Vec<_>>(), ["vpc-123456789012"]);
    let parameters = wanted(&loaded).parameters;
    assert_eq!(parameters, [("us-east-1".to_owned(), ["/port".to_owned()].into())].into());
}
