//! Whatever stands in a file: an answer, never a panic, in bounded time and memory.

use std::{path::Path, sync::Arc};

use proptest::prelude::*;

use super::{Environment, Loaded, StackSource, evaluate::testing::evaluate};
use crate::syntax;

const SEED: &str = "\
Transform: AWS::LanguageExtensions
Parameters:
  P: {Type: CommaDelimitedList, Default: 'a,b'}
  Q: {Type: String, NoEcho: true, Default: hunter22}
Mappings: {M: {a: {b: [c, d]}}}
Conditions:
  C: !And [!Equals [!Ref AWS::Region, us-east-1], !Not [!Equals [!Join ['', !Ref P], ab]]]
Rules: {R: {Assertions: [{Assert: !EachMemberIn [!Ref P, [a, b]]}]}}
Resources:
  Fn::ForEach::L: [X, !Ref P, {'Topic${X}': {Type: AWS::SNS::Topic, Condition: C, Properties: {DisplayName: !Sub '${X}&{X}'}}}]
  Vpc: {Type: AWS::EC2::VPC, DeletionPolicy: !If [C, Retain, Delete], Properties: {CidrBlock: !Select [0, !Cidr [10.0.0.0/8, 2, 16]], Tags: [{Key: a, Value: !ToJsonString {x: !Ref Q}}]}}
Outputs:
  O: {Value: !Sub ['${A}${Vpc}', {A: !FindInMap [M, a, b, DefaultValue: x]}], Export: {Name: e}}
  I: {Value: !ImportValue e}
";

/// Loads and evaluates; how many findings there are.
fn swallow(text: &str) -> usize {
    let path = Path::new("a.yaml");
    let tree = match syntax::parse(path, text.to_owned()) {
        Ok(tree) => tree,
        Err(findings) => return findings.len(),
    };
    let stack = StackSource {
        name: "a".into(),
        region: "us-east-1".into(),
        path: path.into(),
        template: Arc::new(tree),
        parameters: [].into(),
        tags: [].into(),
        protected: false,
        lookups: [].into(),
        made_up: [].into(),
    };
    let loaded = Loaded { migration: "m".into(), stacks: vec![stack], ..Loaded::default() };
    match evaluate(&loaded, &Environment::offline()) {
        Ok((_, findings)) | Err(findings) => findings.len(),
    }
}

fn has(text: &str, code: &str) -> bool {
    let tree = syntax::parse(Path::new("a.yaml"), text.to_owned()).unwrap();
    let stack = StackSource {
        name: "a".into(),
        region: "us-east-1".into(),
        path: "a.yaml".into(),
        template: Arc::new(tree),
        parameters: [].into(),
        tags: [].into(),
        protected: false,
        lookups: [].into(),
        made_up: [].into(),
    };
    let loaded = Loaded { migration: "m".into(), stacks: vec![stack], ..Loaded::default() };
    evaluate(&loaded, &Environment::offline()).is_err_and(|all| all.iter().any(|d| d.code == code))
}

#[test]
fn outputs_that_double_each_other_end_early() {
    let mut text = "Resources: {}\nOutputs:\n  O0: {Value: abcdefgh, Export: {Name: e0}}\n".to_owned();
    for n in 1..60 {
        let before = n - 1;
        text.push_str(&format!(
            "  O{n}: {{Value: !Join ['', [!ImportValue e{before}, !ImportValue e{before}]], Export: {{Name: e{n}}}}}\n"
        ));
    }
    assert!(has(&text, "M1102"));
    // The same with something that is known only later.
    let text = text
        .replace("Resources: {}", "Resources: {T: {Type: AWS::SNS::Topic}}")
        .replace("abcdefgh", "!Ref T");
    assert!(has(&text, "M1102"));
}

#[test]
fn variables_of_nested_subs_are_evaluated_once() {
    let mut value = "''".to_owned();
    for _ in 0..40 {
        value = format!("!Sub ['${{V}}${{V}}', {{V: {value}}}]");
    }
    assert_eq!(swallow(&format!("Resources: {{}}\nOutputs: {{O: {{Value: {value}}}}}\n")), 0);
    // With text in it each level doubles the result, which is bounded.
    let text = value.replace("''", "abcdefgh");
    assert!(has(&format!("Resources: {{}}\nOutputs: {{O: {{Value: {text}}}}}\n"), "M1102"));
}

#[test]
fn references_to_large_texts_are_counted_in_bytes() {
    let uses = |one: &str, count: usize| vec![one; count].join(", ");
    let text = "x".repeat(200_000);
    let mapped = format!(
        "Mappings: {{M: {{a: {{b: {text}}}}}}}\nResources: {{}}\nOutputs: {{O: {{Value: !Join ['', [{}]]}}}}\n",
        uses("!FindInMap [M, a, b]", 20_000)
    );
    assert!(has(&mapped, "M1102"));
    let parameter = |size: usize, count: usize| {
        format!(
            "Parameters: {{P: {{Type: String, Default: {}}}}}\nResources:\n  T:\n    Type: AWS::SNS::Topic\n    \
             Metadata: {{A: b}}\n    Properties: {{Tags: [{{Key: a, Value: !Select [0, [{}]]}}]}}\n",
            "x".repeat(size),
            uses("!Ref P", count)
        )
    };
    assert!(has(&parameter(4_097, 1), "M1032"));
    assert!(!has(&parameter(4_096, 1), "M1032"));
    assert!(has(&parameter(4_096, 60_000), "M1102"));
}

#[test]
fn a_pattern_that_takes_too_long_allows_nothing() {
    let text = format!(
        "Parameters: {{P: {{Type: String, AllowedPattern: '(a|aa|(?=b)b)+(?!x)$', Default: {}c}}}}\nResources: {{}}\n",
        "a".repeat(200)
    );
    assert!(has(&text, "M1032"));
}

#[test]
fn long_chains_end_early() {
    let mut text = "Resources: {}\nOutputs:\n".to_owned();
    for n in 0..3000 {
        text.push_str(&format!("  O{n}: {{Value: !ImportValue e{}, Export: {{Name: e{n}}}}}\n", n + 1));
    }
    assert!(has(&text, "M1102"));
    let deep = format!(
        "Transform: AWS::LanguageExtensions\nResources: {{}}\nOutputs: {{O: {{Value: {}x{}}}}}\n",
        "{'Fn::ToJsonString': [".repeat(40),
        "]}".repeat(40)
    );
    assert!(swallow(&deep) > 0);
    let separator = "x".repeat(100_000);
    let list = vec!["a"; 1000].join(",");
    let join = format!("Resources: {{}}\nOutputs: {{O: {{Value: !Join ['{separator}', [{list}]]}}}}\n");
    assert!(has(&join, "M1102"));
}

#[test]
fn odd_files_get_an_answer() {
    for text in [
        "\u{feff}",
        "\u{feff}{}",
        "\0",
        "\t\t",
        "{{{{{{",
        "- - - - -",
        "!!!",
        "&a *a",
        "? x\n: y",
        "%YAML 9.9\n---\n",
        "'",
        "\"\\u",
        "a: |\n\t b",
        "\r\r\n",
        "Resources: !Ref",
        "Resources: {A: !GetAtt}",
        "Resources: {A: {Type: !Sub}}",
        "Outputs: {O: !Sub ['${', {}]}",
    ] {
        swallow(text);
        swallow(&format!("Resources:\n  A:\n    Type: AWS::SNS::Topic\n    Properties: {text}\n"));
    }
    assert!(swallow(&"[".repeat(100_000)) > 0);
    assert!(swallow(&"{a: ".repeat(100_000)) > 0);
    assert!(swallow(&"- ".repeat(100_000)) > 0);
    let megabyte = "x".repeat(1 << 20);
    assert_eq!(swallow(&format!("Resources: {{}}\nDescription: {megabyte}\n")), 0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutated_templates_never_panic(
        cuts in prop::collection::vec((0..SEED.len(), 0..40usize, 0..SEED.len(), any::<bool>()), 1..6),
        noise in prop::collection::vec("[\\[\\]{}:,!&*${}'\"#|>\\-\n\t a-zA-Z0-9]{0,6}", 6),
    ) {
        let mut text = SEED.to_owned();
        for (n, (from, length, to, copy)) in cuts.into_iter().enumerate() {
            // The seed is ASCII, and so is all noise.
            let from = from.min(text.len());
            let end = (from + length).min(text.len());
            let piece = if copy { text[from..end].to_owned() } else { noise[n].clone() };
            if !copy {
                text.replace_range(from..end, "");
            }
            let to = to.min(text.len());
            text.insert_str(to, &piece);
        }
        swallow(&text);
    }
}
