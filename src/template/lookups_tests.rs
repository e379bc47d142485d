use super::*;
use crate::template::{load, options::Options};

const TEMPLATE: &str = "Parameters:\n  VpcId: {Type: String, AllowedPattern: 'vpc-[a-f]+'}\n  SubnetIds: {Type: CommaDelimitedList}\nResources: {}\n";

fn plan(lookups: &str, set: &[&str]) -> Result<Loaded, String> {
    let folder = tempfile::tempdir().unwrap();
    let manifest = format!(
        "name: shop\nregion: eu-west-1\nparameters: {{Team: core}}\nlookups:\n{lookups}\nstacks:\n  - {{name: app, template: a.yaml}}\n"
    );
    for (name, text) in [("migration.yaml", manifest.as_str()), ("a.yaml", TEMPLATE)] {
        #[expect(clippy::disallowed_methods, reason = "a test's own file")]
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let set = set.iter().map(|text| (*text).to_owned()).collect();
    load(folder.path(), &Options { set, ..Options::default() })
        .map_err(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

const BOTH: &str = "  VpcId: {vpc: {tags: {Name: '${Team}-vpc'}}}\n  SubnetIds: {subnets: {vpc: '${VpcId}', tags: {Tier: db}}}";

fn found(parameter: &str, value: &str) -> Found {
    Found {
        stack: "app".into(),
        parameter: parameter.into(),
        region: "eu-west-1".into(),
        sought: String::new(),
        objects: vec![value.into()],
        value: value.into(),
    }
}

#[test]
fn a_lookup_may_need_another_ones_result() {
    let loaded = plan(BOTH, &[]).unwrap();
    let searches: Vec<_> = loaded.searches().collect();
    let names: Vec<&str> = searches.iter().map(|(_, name, _)| *name).collect();
    assert_eq!(names, ["VpcId", "SubnetIds"]);
    assert_eq!(searches[0].2.query.words(), "vpc with tag Name=core-vpc");
    assert_eq!(searches[1].2.filled(searches[1].0, &[]), None);
    let query = searches[1].2.filled(searches[1].0, &[found("VpcId", "vpc-a")]).unwrap();
    assert_eq!(query.words(), "subnets with tag Tier=db, vpc vpc-a");
    let full = loaded.with_found(&[found("VpcId", "vpc-a"), found("SubnetIds", "subnet-1,subnet-2")]);
    assert_eq!(full.stacks[0].parameters["SubnetIds"].text, "subnet-1,subnet-2");
}

#[test]
fn a_value_given_elsewhere_wins_and_is_not_looked_up() {
    let loaded = plan(BOTH, &["VpcId=vpc-b"]).unwrap();
    let searches: Vec<_> = loaded.searches().collect();
    let [(stack, "SubnetIds", lookup)] = searches[..] else { panic!("{searches:?}") };
    assert_eq!(lookup.filled(stack, &[]).unwrap().vpc.as_deref(), Some("vpc-b"));
    let loaded = plan(BOTH, &["SubnetIds=subnet-1", "VpcId=vpc-b"]).unwrap();
    assert_eq!(loaded.searches().count(), 0);
    // What only another lookup needed is not looked up for nobody.
    let helper =
        "  Helper: {vpc: {name: x}}\n  VpcId: {vpc: {id: vpc-a}}\n  SubnetIds: {subnets: {vpc: '${Helper}'}}";
    let loaded = plan(helper, &["SubnetIds=subnet-1"]).unwrap();
    assert_eq!(loaded.searches().map(|(_, name, _)| name).collect::<Vec<_>>(), ["VpcId"]);
    assert_eq!(plan(helper, &[]).unwrap().searches().count(), 3);
}

#[test]
fn made_up_values_stand_for_the_account_and_nothing_judges_them() {
    let loaded = plan(BOTH, &[]).unwrap().with_made_up();
    assert_eq!(loaded.stacks[0].parameters["SubnetIds"].text.split(',').count(), 3);
    let drafts = crate::template::draft(&loaded, &crate::template::Environment::offline());
    let errors: Vec<_> = drafts.findings.iter().filter(|f| f.code == "M1032").collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn what_a_lookup_cannot_say_is_named() {
    for (lookups, words) in [
        ("  VpcId: {vpcs: {name: x}}", "does not say what is looked for"),
        ("  VpcId: {}", "does not say what is looked for"),
        ("  VpcId: {vpc: {}}", "at least one of"),
        ("  VpcId: {vpc: {private: true, name: x}}", "is not looked up by `private`"),
        ("  VpcId: {vpc: {name: x}, attribute: Cidr}", "has no attribute `Cidr`"),
        ("  VpcId: {vpc: {name: x}, atribute: CidrBlock}", "`atribute` is no key of a lookup"),
        ("  VpcId: {vpc: {tags: {Name: [x]}}}", "must be a text"),
        ("  VpcId: {image: {name: x}}", "anybody can publish"),
        ("  VpcId: {hosted-zone: {private: maybe, name: x}}", "must be true or false"),
        ("  VpcId: {vpc: {name: '${Gone}'}}", "no parameter `Gone`"),
        ("  VpcId: {vpc: {name: '${VpcId}'}}", "depends on its own result"),
        (
            "  VpcId: {vpc: {name: '${SubnetIds}'}}\n  SubnetIds: {subnets: {vpc: '${VpcId}'}}",
            "depends on its own result",
        ),
    ] {
        let why = plan(lookups, &[]).unwrap_err();
        assert!(why.contains(words), "{lookups}: {why}");
    }
    let warned = plan("  VpcId: {vpc: {name: x}}\n  Other: {vpc: {name: x}}", &[]).unwrap().warnings;
    assert!(warned.iter().any(|w| w.code == "M1018" && w.message.contains("`Other`")), "{warned:?}");
}
