//! Values that stacks export and import, of the plan's own stacks and of others.

use serde_json::json;

use super::{
    Environment, Foreign,
    testing::evaluate,
    tests::{plan, stack},
};
use crate::model::Value;

#[test]
fn stacks_import_from_each_other() {
    let network = "\
Resources: {Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}}
Outputs:
  Id: {Value: !Ref Vpc, Export: {Name: !Sub '${AWS::StackName}-vpc'}}
  Text: {Value: known, Export: {Name: text}}
";
    let app = "\
Resources: {}
Outputs:
  A: {Value: !ImportValue network-vpc}
  B: {Value: {'Fn::ImportValue': !Sub '${AWS::StackName}-other'}}
  C: {Value: !Sub ['x-${T}', {T: !ImportValue text}]}
  D: {Value: !ImportValue outside}
";
    let app = app.replace("${AWS::StackName}-other", "text");
    let mut env = Environment::offline();
    let foreign = Foreign { value: json!("from afar"), owner: "other (dev)".into() };
    env.imports.insert("us-east-1".into(), [("outside".to_owned(), foreign.clone())].into());
    env.imports.insert("eu-west-1".into(), [("abroad".to_owned(), foreign)].into());
    for (text, code) in [
        ("O: {Value: !ImportValue abroad}", "M1105"),
        ("O: {Value: x, Export: {Name: outside}}", "M1051"),
        ("O: {Value: x, Export: {Name: a/b}}", "M1023"),
    ] {
        let text = format!("Resources: {{}}\nOutputs: {{{text}}}\n");
        let errors = evaluate(&plan(vec![stack("app", "us-east-1", &text, &[])]), &env).unwrap_err();
        assert_eq!(errors.iter().map(|d| d.code).collect::<Vec<_>>(), [code], "{text}");
    }
    let loaded =
        plan(vec![stack("app", "us-east-1", &app, &[]), stack("network", "us-east-1", network, &[])]);
    let (graph, _) = evaluate(&loaded, &env).unwrap();
    assert_eq!(graph.stacks[0].imports, ["outside"]);
    let outputs = &graph.stacks[0].outputs;
    let reference = |value: &Value| match value {
        Value::Attribute(reference) => reference.to_string(),
        other => other.as_str().unwrap().to_owned(),
    };
    let got: Vec<String> = outputs.iter().map(|output| reference(&output.value)).collect();
    assert_eq!(got, ["network/Vpc", "known", "x-known", "from afar"]);
}

#[test]
fn exports_are_unique_by_region_and_imports_do_not_run_in_circles() {
    let exporting = "Resources: {}\nOutputs: {O: {Value: x, Export: {Name: shared}}}\n";
    let importing = "Resources: {}\nOutputs: {O: {Value: !ImportValue sharde}}\n";
    let twice = plan(vec![
        stack("a", "us-east-1", exporting, &[]),
        stack("b", "us-east-1", exporting, &[]),
        stack("c", "us-east-1", importing, &[]),
    ]);
    let account = Environment { offline: false, ..Environment::offline() };
    let errors = evaluate(&twice, &account).unwrap_err();
    assert_eq!(errors.iter().map(|d| d.code).collect::<Vec<_>>(), ["M1051", "M1052"]);
    assert_eq!(errors[1].help.as_deref(), Some("did you mean `shared`?"));
    let regions =
        plan(vec![stack("a", "us-east-1", exporting, &[]), stack("b", "us-west-2", exporting, &[])]);
    assert!(evaluate(&regions, &Environment::offline()).is_ok());
    let circle = |own: &str, other: &str| {
        format!("Resources: {{}}\nOutputs: {{O: {{Value: !ImportValue {other}, Export: {{Name: {own}}}}}}}\n")
    };
    let circle = plan(vec![
        stack("a", "us-east-1", &circle("x", "y"), &[]),
        stack("b", "us-east-1", &circle("y", "x"), &[]),
    ]);
    let errors = evaluate(&circle, &Environment::offline()).unwrap_err();
    assert_eq!(errors.iter().map(|d| d.code).collect::<Vec<_>>(), ["M1053"]);
}
