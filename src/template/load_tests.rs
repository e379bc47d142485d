use super::*;

const TEMPLATE: &str =
    "Parameters:\n  Suffix: {Type: String}\n  Size: {Type: Number, Default: 1}\nResources: {}\n";

fn plan(files: &[(&str, &str)], options: &Options) -> Result<Loaded, Vec<Diagnostic>> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        #[expect(clippy::disallowed_methods, reason = "a test's own file")]
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let path = if files.len() == 1 { folder.path().join(files[0].0) } else { folder.path().to_owned() };
    load(&path, options)
}

fn with(set: &[&str]) -> Options {
    Options {
        fallback_region: Some("us-east-1".into()),
        set: set.iter().map(|s| (*s).to_owned()).collect(),
        ..Options::default()
    }
}

const MANIFEST: &str = "\
name: payments
description: moves payments
region: eu-west-1
parameters: {Suffix: dev, Team: core}
tags: {Project: pay, Owner: '${Team}'}
environments:
  prod: {region: us-west-2, parameters: {Suffix: prod}, tags: {Project: pay-prod}}
stacks:
  - name: source-${Suffix}
    template: a.yaml
  - name: target
    template: a.yaml
    region: us-east-1
    parameters: {Suffix: 't-${Suffix}', Size: 5}
    tags: {Owner: 007}
";

#[test]
fn levels_override_each_other_in_the_documented_order() {
    let files = [("migration.yaml", MANIFEST), ("a.yaml", TEMPLATE)];
    let loaded = plan(&files, &with(&[])).unwrap();
    assert_eq!((loaded.migration.as_str(), loaded.environment.as_str()), ("payments", "default"));
    let [source, target] = &loaded.stacks[..] else { panic!() };
    assert_eq!((source.name.as_str(), source.region.as_str()), ("source-dev", "eu-west-1"));
    assert_eq!((target.name.as_str(), target.region.as_str()), ("target", "us-east-1"));
    assert_eq!(source.parameters["Suffix"].text, "dev");
    assert_eq!(target.parameters["Suffix"].text, "t-dev");
    assert_eq!(target.parameters["Size"].text, "5");
    assert_eq!(source.tags["Owner"], "core");
    assert_eq!(target.tags["Owner"], "007");
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert!(Arc::ptr_eq(&source.template, &target.template));

    let prod = Options { environment: Some("prod".into()), ..with(&["Size=9", "target.Suffix=x"]) };
    let loaded = plan(&files, &prod).unwrap();
    let [source, target] = &loaded.stacks[..] else { panic!() };
    assert_eq!((source.name.as_str(), source.region.as_str()), ("source-prod", "us-west-2"));
    assert_eq!(source.parameters["Size"].text, "9");
    assert_eq!(target.parameters["Suffix"].text, "x");
    assert_eq!(target.parameters["Size"].text, "9");
    assert_eq!(source.tags["Project"], "pay-prod");

    let moved = Options { region: Some("ap-south-1".into()), ..with(&["Suffix=q"]) };
    let loaded = plan(&files, &moved).unwrap();
    assert_eq!(loaded.stacks[0].region, "ap-south-1");
    assert_eq!(loaded.stacks[0].name, "source-q");
    assert_eq!(loaded.stacks[0].parameters["Suffix"].text, "q");
    assert_eq!(loaded.stacks[1].parameters["Suffix"].text, "t-q");
    assert_eq!(loaded.stacks[1].region, "us-east-1");
    assert!(!format!("{loaded:?} {moved:?}").contains("t-dev"));
}

#[test]
fn a_single_template_is_a_plan() {
    let loaded = plan(&[("my_app.template.yaml", TEMPLATE)], &with(&["Suffix=x"])).unwrap();
    assert_eq!((loaded.migration.as_str(), loaded.stacks[0].name.as_str()), ("my-app", "my-app"));
    assert_eq!(loaded.stacks[0].parameters["Suffix"].text, "x");
    assert_eq!(loaded.stacks[0].region, "us-east-1");
}

#[test]
fn mistakes_are_reported_together_with_place_and_help() {
    let manifest = "\
nmae: x
stacks:
  - {name: a b, template: a.yaml, parameters: {Sufix: 1}, extra: 1}
  - {name: dup, template: a.yaml}
  - {name: dup, template: missing.yaml, region: mars}
  - {name: '${Nothing}', template: a.yaml}
  - {template: a.yaml}
parameters: {Unused: 1, Bad: {a: 1}}
environment: prod
environments: {production: {}}
";
    let errors = plan(
        &[("migration.yaml", manifest), ("a.yaml", TEMPLATE)],
        &with(&["Sise=1", "dop.Size=1", "dup.Sise=1", "nonsense"]),
    )
    .unwrap_err();
    let found: Vec<(&str, usize)> =
        errors.iter().map(|d| (d.code, d.span.as_ref().map_or(0, |s| s.line_column().0))).collect();
    let wanted = [
        ("M1014", 0),
        ("M1013", 0),
        ("M1013", 0),
        ("M1013", 0),
        ("M1010", 1),
        ("M1016", 3),
        ("M1013", 3),
        ("M1010", 3),
        ("M1016", 5),
        ("M1001", 5),
        ("M1015", 5),
        ("M1017", 6),
        ("M1016", 6),
        ("M1011", 7),
        ("M1018", 8),
        ("M1011", 8),
        ("M1012", 9),
    ];
    let mut sorted = found.clone();
    sorted.sort_unstable();
    let mut expected = wanted.to_vec();
    expected.sort_unstable();
    assert_eq!(sorted, expected, "{errors:#?}");
    let help = |code: &str, part: &str| {
        assert!(
            errors.iter().any(|d| d.code == code && d.help.as_deref().is_some_and(|h| h.contains(part))),
            "{code} {part}: {errors:#?}"
        );
    };
    help("M1010", "`name`");
    help("M1013", "`Suffix`");
    help("M1013", "`Size`");
    help("M1013", "`dup`");
    help("M1012", "`production`");
    assert!(!format!("{errors:?}").contains("nonsense"));
}

#[test]
fn what_is_missing_is_said() {
    let code = |files: &[(&str, &str)], options: &Options| plan(files, options).unwrap_err()[0].code;
    assert_eq!(code(&[("a.yaml", TEMPLATE)], &Options::default()), "M1015");
    assert_eq!(code(&[("b.yaml", TEMPLATE), ("c.yaml", TEMPLATE)], &with(&[])), "M1001");
    assert_eq!(code(&[("migration.yaml", "name: x\n")], &with(&[])), "M1011");
    assert_eq!(code(&[("migration.yaml", "[]")], &with(&[])), "M1011");
    let unknown = Options { environment: Some("prod".into()), ..with(&[]) };
    assert_eq!(
        code(&[("migration.yaml", "stacks: [{name: a, template: a.yaml}]"), ("a.yaml", TEMPLATE)], &unknown),
        "M1012"
    );
}

#[test]
fn what_stays_of_templates_masks_excerpts_and_knows_their_resources() {
    let text = "\
Parameters:
  Password: {Type: String, NoEcho: true, Default: hunter2}
  Shown: {Type: String, Default: visible}
Mappings: {M: {a: {b: c}}}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Ref Shown}}
";
    let mut loaded = plan(&[("app.yaml", text)], &with(&["Password=s3cret"])).expect("a plan");
    let (name, span) = (loaded.stacks[0].name.clone(), loaded.stacks[0].template.span.clone());
    let excerpt = |loaded: &Loaded| {
        let finding = Diagnostic::error("M1032", Class::Plan, "m").span(Some(span.clone()));
        let masked = crate::template::mask(vec![finding], &loaded.sources());
        masked[0].span.as_ref().map(|span| span.source.text.clone()).unwrap_or_default()
    };
    let before = excerpt(&loaded);
    assert!(!before.contains("hunter2") && before.contains("visible"), "{before}");
    assert!(loaded.declares(&name, "Topic") && !loaded.declares(&name, "Other"));
    loaded.keep_names();
    assert_eq!(excerpt(&loaded), before);
    assert!(loaded.declares(&name, "Topic") && !loaded.declares(&name, "Other"));
    let left = &loaded.stacks[0].template;
    assert!(left.get("Mappings").is_none(), "the rest is given back");
    let topic = left.get("Resources").and_then(|all| all.get("Topic"));
    assert!(topic.is_some_and(|topic| topic.as_map().is_none()), "of a resource its name stays");
}
