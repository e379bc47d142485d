use std::fs;

use clap::Parser as _;
use serde_json::json;

use super::*;
use crate::{
    cli::args::Cli,
    ledger::{Binding, Resource},
    model::Attributes,
    planner::testing::object,
    template::{self, Options},
};

fn loaded(path: &Path) -> Loaded {
    let options = Options { region: Some("us-east-1".into()), ..Options::default() };
    template::load(path, &options).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "a test's input is no ledger")]
fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

const TOPIC: &str = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}\n";
const QUEUE: &str = "Resources: {Other: {Type: 'AWS::SNS::Topic'}}\n";

/// A ledger that holds `template/Topic`, of that plan.
fn ledger(plan: Option<Source>) -> Snapshot {
    let mut snapshot = Snapshot::new("a1b2".into());
    snapshot.binding = Some(Binding { plan, ..Binding::default() });
    let topic = object("AWS::SNS::Topic", "Topic", 0, json!({}), Vec::new(), Attributes::new());
    let resource = Resource { current: Some(topic), ..Resource::default() };
    snapshot.resources.insert("template/Topic".parse().unwrap(), resource);
    snapshot
}

#[test]
fn a_ledger_lies_beside_its_plan_and_beside_an_assembly_not_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let global = Cli::parse_from(["migrate", "plan"]).global;
    write(&root.join("a/template.yaml"), TOPIC);
    assert_eq!(
        home(&global, &loaded(&root.join("a/template.yaml"))),
        root.join("a/.migrate/template-default")
    );
    let manifest = "name: pay\nstacks: [{name: s, template: t.yaml}]\n";
    write(&root.join("b/migration.yaml"), manifest);
    write(&root.join("b/t.yaml"), TOPIC);
    for named in ["b", "b/migration.yaml", "a/../b"] {
        assert_eq!(home(&global, &loaded(&root.join(named))), root.join("b/.migrate/pay-default"), "{named}");
    }
    write(&root.join("app/cdk.out/cdk.out"), "{\"version\": \"38.0.0\"}");
    write(
        &root.join("app/cdk.out/manifest.json"),
        r#"{"version": "38.0.0", "artifacts": {"S": {"type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region", "properties": {"templateFile": "S.json"}}}}"#,
    );
    write(&root.join("app/cdk.out/S.json"), "{\"Resources\": {\"T\": {\"Type\": \"AWS::SNS::Topic\"}}}");
    std::os::unix::fs::symlink(root.join("app/cdk.out"), root.join("a/link")).unwrap();
    for named in ["app/cdk.out", "app/cdk.out/manifest.json", "a/link"] {
        let found = home(&global, &loaded(&root.join(named)));
        assert_eq!(found.parent(), Some(root.join("app/.migrate").as_path()), "{named}");
    }
}

#[test]
fn two_plans_of_one_name_never_share_a_ledger_and_a_moved_one_finds_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    let place = root.join("kept");
    for folder in ["a", "b", "moved"] {
        write(&root.join(folder).join("template.yaml"), TOPIC);
    }
    write(&root.join("other/template.yaml"), QUEUE);
    let of = |folder: &str| loaded(&root.join(folder).join("template.yaml"));
    let snapshot = ledger(Some(source(&place, &of("a").place)));
    assert!(check(&snapshot, &of("a"), &place).is_ok());
    let refused = check(&snapshot, &of("b"), &place).unwrap_err();
    assert_eq!(refused[0].code, "M4114");
    assert!(refused[0].message.contains("a/template.yaml"), "{}", refused[0].message);
    // The first plan is gone: the same plan elsewhere has moved, another one has not taken its place.
    fs::remove_file(root.join("a/template.yaml")).unwrap();
    assert!(check(&snapshot, &of("moved"), &place).is_ok());
    assert_eq!(check(&snapshot, &of("other"), &place).unwrap_err()[0].code, "M4114");
    // A ledger of an earlier version says nothing about its plan but what it holds.
    assert!(check(&ledger(None), &of("b"), &place).is_ok());
    assert_eq!(check(&ledger(None), &of("other"), &place).unwrap_err()[0].code, "M4114");
}

#[test]
fn the_same_file_of_another_work_tree_is_the_same_plan() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    for tree in ["one", "two"] {
        write(&root.join(tree).join(".git/HEAD"), "ref: refs/heads/main\n");
        write(&root.join(tree).join("net/template.yaml"), TOPIC);
    }
    write(&root.join("two/other/template.yaml"), TOPIC);
    let place = root.join("kept");
    let snapshot = ledger(Some(source(&place, &loaded(&root.join("one/net/template.yaml")).place)));
    assert!(check(&snapshot, &loaded(&root.join("two/net/template.yaml")), &place).is_ok());
    assert!(check(&snapshot, &loaded(&root.join("two/other/template.yaml")), &place).is_err());
}

#[test]
fn rehearsals_of_several_plans_in_one_sandbox_have_a_ledger_each() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().canonicalize().unwrap();
    for folder in [".", "a", "b"] {
        write(&root.join(folder).join("template.yaml"), TOPIC);
    }
    let state = root.join(".migrate/sandbox");
    let global =
        Cli::parse_from(["migrate", "plan", "--sandbox", "--sandbox-dir", state.to_str().unwrap()]).global;
    let of = |folder: &str| home(&global, &loaded(&root.join(folder).join("template.yaml")));
    assert_eq!(of("."), state.join("template-default"));
    assert_ne!(of("a"), of("b"));
    assert_ne!(of("a"), of("."));
}

#[test]
fn ways_lead_from_folder_to_file() {
    assert_eq!(relative(Path::new("/a/.migrate/x"), Path::new("/a/t.yaml")), "../../t.yaml");
    assert_eq!(relative(Path::new("/a"), Path::new("/a")), "");
    assert_eq!(plain(Path::new("/a/b/../../c/./d")), PathBuf::from("/c/d"));
}
