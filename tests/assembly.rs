//! CDK cloud assemblies as plans: the payments system as a team synthesised it, and small apps of our own.
//!
//! The folders below `tests/assemblies` are what `cdk synth` wrote; `tests/assemblies/README.md` says how to make
//! them again.

use std::path::{Path, PathBuf};

use migrate::{
    check,
    error::Severity,
    graph::Graph,
    model::{DeletionPolicy, Value},
    planner::Action,
    template::{self, Environment, Options},
};

use crate::{
    crash::converges,
    program::{migrate, text},
    support::{Ran, Rehearsal, Verb, write},
};

fn assembly(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/assemblies").join(name)
}

fn rehearse(name: &str) -> Rehearsal {
    Rehearsal::new(&assembly(name)).with_warnings()
}

/// Up, up again without a change, destroy, and the world is as it was. Returns the first run.
#[track_caller]
fn whole_life(mut rehearsal: Rehearsal) -> Ran {
    let before = rehearsal.census();
    let up = rehearsal.up().complete();
    rehearsal.check_invariants("after up");
    let again = rehearsal.up().complete();
    assert!(again.change_set.is_empty(), "{:#?}", again.change_set.steps);
    assert_eq!(again.mutations, Vec::<String>::new());
    rehearsal.destroy().complete();
    assert_eq!(rehearsal.snapshot().objects().count(), 0);
    assert_eq!(rehearsal.census(), before, "the world itself is empty");
    let finished = up.finished.as_ref().expect("finished");
    let (makespan, critical) = (finished.elapsed_s, finished.critical.seconds);
    assert!(
        makespan <= critical * 1.05,
        "makespan {makespan} s, critical path {critical} s: {:#?}",
        finished.critical
    );
    up
}

fn kinds(graph: &Graph) -> Vec<&str> {
    graph.nodes.iter().map(|node| node.kind.as_str()).collect()
}

#[test]
fn the_payments_assembly_lives_its_whole_life() {
    let up = whole_life(rehearse("payments-multi-stack"));
    assert_eq!(up.change_set.steps.len(), 145);
    let outputs = &up.finished.as_ref().expect("finished").outputs;
    assert_eq!(outputs.len(), 3, "DmsPrereq has no outputs");
    assert!(outputs["TapStackdev-001Source"].contains_key("VpcId"));
}

#[test]
fn what_the_cdk_does_by_functions_is_done_natively_and_said() {
    let rehearsal = rehearse("payments-multi-stack");
    let (graph, _) = rehearsal.graph();
    for kind in kinds(graph) {
        assert!(!kind.starts_with("Custom::") && kind != "AWS::Lambda::Function", "{kind}");
    }
    // Of the four bucket policies each permitted the function's role only.
    assert!(!kinds(graph).contains(&"AWS::S3::BucketPolicy"));
    let buckets: Vec<_> = graph.nodes.iter().filter(|node| node.kind == "AWS::S3::Bucket").collect();
    assert_eq!(buckets.len(), 4);
    for bucket in buckets {
        assert!(bucket.switch("EmptyOnDelete") && bucket.deletion_policy == DeletionPolicy::Delete);
    }
    let said = graph.notes.join("\n");
    for part in [
        "TapStackdev-001Source/CustomS3AutoDeleteObjectsCustomResourceProviderHandler9D90184F and \
         TapStackdev-001Source/CustomS3AutoDeleteObjectsCustomResourceProviderRole3B1BD092 are not made",
        "TapStackdev-001Source/s3sourcesourcedev001Policy470A8727 permitted nobody else and is not made",
        "TapStackdev-001Target/s3targettargetdev0012A4F8132 is emptied before it is deleted",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
}

#[test]
fn a_stack_dependency_without_references_holds_and_one_with_references_is_those() {
    let mut rehearsal = rehearse("payments-multi-stack");
    let set = rehearsal.up().complete().change_set;
    let step = |address: &str| {
        set.steps.iter().find(|step| step.address.as_str() == address).unwrap_or_else(|| panic!("{address}"))
    };
    let role = step("TapStackdev-001DmsPrereq/dmsvpcrole2E360769").id;
    let vpc = step("TapStackdev-001Source/vpcsourcedev00180F6FB3E");
    assert!(vpc.after.iter().any(|dependency| dependency.step == role), "{:?}", vpc.after);
    // The zone has no reference to the environments; its health checks and records have.
    assert!(step("TapStackdev-001Route53/hostedzonedev001E37190EF").after.is_empty());
    assert!(set.steps.iter().all(|step| matches!(step.action, Action::Create { .. })));
}

#[test]
fn stacks_are_chosen_with_what_they_depend_on() {
    let load = |stacks: &[&str]| {
        let options = Options {
            fallback_region: Some("us-east-1".into()),
            stacks: stacks.iter().map(|s| (*s).to_owned()).collect(),
            ..Options::default()
        };
        template::load(&assembly("payments-multi-stack"), &options)
            .map(|loaded| loaded.stacks.into_iter().map(|s| s.name).collect::<Vec<_>>())
    };
    assert_eq!(
        load(&["TapStackdev-001Source"]).unwrap(),
        ["TapStackdev-001DmsPrereq", "TapStackdev-001Source"]
    );
    assert_eq!(load(&["*Route53"]).unwrap().len(), 4);
    let errors = load(&["TapStackdev-001Sorce"]).unwrap_err();
    let error = errors.iter().find(|error| error.code == "M1903").expect("an error");
    assert!(error.help.as_deref().is_some_and(|help| help.contains("TapStackdev-001Source")), "{error:?}");
}

/// The errors with which an assembly is refused, as `code: message`.
fn refused(name: &str, stacks: &[&str]) -> Vec<String> {
    let options = Options {
        fallback_region: Some("us-east-1".into()),
        stacks: stacks.iter().map(|s| (*s).to_owned()).collect(),
        ..Options::default()
    };
    let found = template::load(&assembly(name), &options)
        .and_then(|loaded| check::check(template::draft(&loaded, &Environment::offline())).map(drop));
    let found = found.expect_err("it must be refused");
    let errors = found.into_iter().filter(|d| d.severity == Severity::Error);
    errors.map(|d| format!("{}: {}", d.code, d.message)).collect()
}

#[test]
fn an_assembly_without_an_environment_goes_wherever_the_session_is() {
    let rehearsal = rehearse("agnostic");
    let (graph, _) = rehearsal.graph();
    assert!(graph.stacks.iter().all(|stack| stack.region == "us-east-1"));
    let kinds = kinds(graph);
    assert!(!kinds.contains(&"AWS::CDK::Metadata"));
    assert_eq!(kinds.iter().filter(|kind| **kind == "Custom::VpcRestrictDefaultSG").count(), 1);
    assert_eq!(
        kinds.iter().filter(|kind| **kind == "AWS::Lambda::Function").count(),
        1,
        "only the app's own"
    );
    // The policy keeps what it says of others.
    let policy = graph.nodes.iter().find(|node| node.kind == "AWS::S3::BucketPolicy").expect("enforceSSL");
    let statements = policy.properties.get("PolicyDocument").and_then(|d| d.get("Statement"));
    assert!(matches!(statements, Some(Value::List(list)) if list.len() == 1), "{statements:?}");
    assert!(graph.stacks.iter().any(|stack| stack.name == "Data" && stack.protected));
}

#[test]
fn functions_get_their_code_in_the_call_and_their_network_is_closed() {
    // A retained bucket stays behind, so the data is left out here.
    let mut rehearsal = rehearse("agnostic").choose(&["App"]);
    let before = rehearsal.census();
    rehearsal.up().complete();
    let functions: Vec<_> = rehearsal.world.rows("lambda.function").collect();
    let [(_, function)] = functions.as_slice() else { panic!("{functions:?}") };
    assert!(function["CodeSize"].as_u64().is_some_and(|size| size > 100));
    let code = function["CodeSha256"].clone();
    let default = rehearsal
        .world
        .rows("ec2.security-group")
        .find(|(_, g)| g["GroupName"] == "default" && g["_original"] != true)
        .map(|(id, _)| id.to_owned());
    let default = default.expect("every VPC has a default group");
    let open = rehearsal
        .world
        .rows("ec2.security-group-rule")
        .filter(|(_, rule)| rule["GroupId"] == default.as_str())
        .count();
    assert_eq!(open, 0, "the default group has no rules");
    assert!(rehearsal.up().complete().change_set.is_empty());

    // Another file is another digest, and so an update of the function only.
    let copy = copied("agnostic");
    let folder =
        std::fs::read_dir(copy.path()).expect("the copy").filter_map(|e| Some(e.ok()?.path())).find(|path| {
            path.join("index.js").exists()
                && std::fs::read_to_string(path.join("index.js")).is_ok_and(|t| t.contains("event.Step"))
        });
    write(&folder.expect("the function's code").join("index.js"), "exports.handler = async () => 2;");
    let mut rehearsal = rehearsal.with_plan(copy.path());
    let ran = rehearsal.up().complete();
    let steps: Vec<String> =
        ran.change_set.steps.iter().map(|s| format!("{} {}", s.action.verb(), s.kind)).collect();
    assert_eq!(steps, ["update AWS::Lambda::Function"]);
    assert_ne!(rehearsal.world.rows("lambda.function").next().expect("still there").1["CodeSha256"], code);
    rehearsal.destroy().complete();
    assert_eq!(rehearsal.census(), before);
}

#[test]
fn what_bootstrapping_would_have_made_is_never_asked_for() {
    let mut rehearsal = rehearse("agnostic").choose(&["App"]);
    let ran = rehearsal.up().complete();
    assert!(!ran.mutations.iter().any(|call| call.starts_with("s3:")), "{:?}", ran.mutations);
    let text = serde_json::to_string(&ran.change_set).expect("a change set");
    assert!(!text.contains("cdk-hnb659fds"), "no name of the bootstrap stack is left");
}

#[test]
fn an_assembly_for_an_account_keeps_its_regions_names_and_order() {
    let mut rehearsal = rehearse("specific");
    let (graph, _) = rehearsal.graph();
    let stacks: Vec<(&str, &str)> =
        graph.stacks.iter().map(|s| (s.name.as_str(), s.region.as_str())).collect();
    assert_eq!(stacks, [("notices", "eu-west-1"), ("Second", "us-east-1")]);
    let set = rehearsal.up().complete().change_set;
    let topic = set.steps.iter().find(|s| s.kind == "AWS::SNS::Topic").expect("the topic").id;
    let role = set.steps.iter().find(|s| s.kind == "AWS::IAM::Role").expect("the role");
    assert!(
        role.after.iter().any(|d| d.step == topic && d.why == "stack Second depends on stack notices"),
        "{:?}",
        role.after
    );
    drop(whole_life(rehearse("specific")));
}

#[test]
fn secrets_are_rotated_by_functions_of_the_app() {
    let up = whole_life(rehearse("rotation"));
    let kinds: Vec<&str> = up.change_set.steps.iter().map(|step| step.kind.as_str()).collect();
    for kind in ["RotationSchedule", "ResourcePolicy"] {
        assert!(kinds.contains(&format!("AWS::SecretsManager::{kind}").as_str()), "{kinds:?}");
    }
    assert!(kinds.contains(&"AWS::Lambda::Permission"));
}

#[test]
fn stages_are_assemblies_of_their_own_and_may_be_of_other_accounts() {
    assert!(refused("stages", &["nothing"])[0].starts_with("M1903"));
    let mut rehearsal = rehearse("stages").choose(&["Dev/*"]);
    let (graph, _) = rehearsal.graph();
    assert_eq!(graph.stacks.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["Dev-Base", "Dev-App"]);
    rehearsal.up().complete();
    let options = Options { stacks: vec!["Prod/App".into()], ..Options::default() };
    let loaded = template::load(&assembly("stages"), &options).expect("a plan");
    assert_eq!(loaded.assembly.account.as_deref(), Some("210987654321"));
    let stacks: Vec<_> = loaded.stacks.iter().map(|s| (s.name.as_str(), s.region.as_str())).collect();
    assert_eq!(stacks, [("Prod-Base", "eu-west-1"), ("Prod-App", "eu-west-1")]);
}

#[test]
fn what_cannot_be_carried_out_is_refused_by_name() {
    whole_life(rehearse("customized"));
    assert_eq!(
        refused("image", &[]),
        ["M1905: stack `Image` needs the docker image `Function/AssetImage`, which would have to be built"]
    );
}

#[test]
fn files_go_into_a_bucket_of_the_plans_own() {
    let up = whole_life(rehearse("deployed"));
    let outputs = &up.finished.as_ref().expect("finished").outputs;
    let text = |stack: &str, name: &str| outputs[stack][name].as_str().expect("a text").to_owned();
    let (place, bucket) = (text("Deployed", "Where"), text("Elsewhere", "Bucket"));
    assert!(place.starts_with("s3://deployed-cdkassets-") && place.ends_with("93f17b.zip"), "{place}");
    let there = text("Elsewhere", "Where");
    assert!(there.starts_with(&format!("https://s3.eu-west-1.amazonaws.com/{bucket}/")), "{there}");
    assert!(!format!("{outputs:?}").contains("cdk-hnb659fds"));

    // Nobody is warned of what nobody wrote.
    let rehearsal = Rehearsal::new(&assembly("deployed"));
    let (graph, _) = rehearsal.graph();
    let count = |kind: &str| graph.nodes.iter().filter(|node| node.kind == kind).count();
    assert_eq!((count("AWS::S3::Bucket"), count("Custom::CDKAsset")), (2, 3));
    // The topic that names a file waits for it.
    let file = graph.nodes.iter().find(|node| node.address.as_str().starts_with("Deployed/CdkAsset3a9928d3"));
    let file = &file.expect("the single file").address;
    let topic = graph.nodes.iter().find(|node| node.depends_on.contains(file)).expect("who needs it");
    assert_eq!(topic.kind, "AWS::SNS::Topic");
    let said = graph.notes.join("\n");
    assert!(said.contains("the file `Folder` goes into Deployed/CdkAssets"), "{said}");
}

#[test]
fn a_changed_file_is_a_new_object_and_the_old_one_goes() {
    let dir = copied("deployed");
    let mut rehearsal = Rehearsal::new(dir.path()).with_warnings();
    rehearsal.up().complete();
    let asset = "asset.9461370c4cd901d092b07e7fdb00be4c9bab377cf2cbbc62e419288f9793f17b/index.js";
    write(&dir.path().join(asset), "exports.handler = async () => 'changed';");
    let again = rehearsal.with_plan(dir.path()).up().complete();
    let puts = again.mutations.iter().filter(|call| call.contains("PutObject")).count();
    assert_eq!((puts, again.mutations.len()), (2, 2), "{:?}", again.mutations);
}

/// A copy of an assembly, to change it.
fn copied(name: &str) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).expect("a folder");
        for entry in std::fs::read_dir(from).expect("a folder") {
            let from = entry.expect("an entry").path();
            let to = to.join(from.file_name().expect("a name"));
            if from.is_dir() {
                copy(&from, &to);
            } else {
                std::fs::copy(&from, &to).expect("a file");
            }
        }
    }
    let dir = tempfile::tempdir().expect("a folder");
    copy(&assembly(name), dir.path());
    dir
}

/// A copy in which texts of one file are exchanged; each must be there.
fn edited(name: &str, file: &str, edits: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = copied(name);
    let path = dir.path().join(file);
    let mut text = std::fs::read_to_string(&path).expect("the file");
    for (from, to) in edits {
        assert!(text.contains(from), "{file} has no `{from}`");
        text = text.replace(from, to);
    }
    write(&path, &text);
    dir
}

#[test]
fn assemblies_that_are_not_whole_are_refused() {
    let errors = |dir: &tempfile::TempDir| {
        let options = Options { fallback_region: Some("us-east-1".into()), ..Options::default() };
        let errors = template::load(dir.path(), &options).expect_err("it must be refused");
        errors
            .iter()
            .filter(|d| d.severity == Severity::Error)
            .map(|d| format!("{}: {}", d.code, d.message))
            .collect::<Vec<_>>()
    };
    let missing = "\"missing\": [{\"key\": \"availability-zones\", \"provider\": \"az\", \"props\": {}}], \"artifacts\"";
    let found = errors(&edited("specific", "manifest.json", &[("\"artifacts\"", missing)]));
    assert_eq!(found, ["M1902: the assembly lacks what was to be looked up: availability-zones"]);
    let found = errors(&edited(
        "specific",
        "manifest.json",
        &[("aws://123456789012/us-east-1", "aws://210987654321/us-east-1")],
    ));
    assert_eq!(
        found,
        ["M1904: the stacks belong to several accounts: 123456789012 (notices); 210987654321 (Second)"]
    );
    let found =
        errors(&edited("specific", "manifest.json", &[("Second.template.json", "Third.template.json")]));
    assert!(found.iter().any(|error| error.starts_with("M1001")), "{found:?}");
    let said = "\"/Second\": [{\"type\": \"aws:cdk:error\", \"data\": \"no good\"},";
    let found = errors(&edited("specific", "Second.metadata.json", &[("\"/Second\": [", said)]));
    assert_eq!(found, ["M1902: Second: no good"]);
    // A provider that is not the CDK's own may do anything.
    let names = [("CustomS3AutoDeleteObjectsCustomResourceProvider", "OurOwnProvider")];
    let found = errors(&edited("agnostic", "Data.template.json", &names));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("M1906: `Data/LogsAutoDeleteObjectsCustomResource"), "{found:?}");
}

#[test]
fn buckets_without_the_tag_are_left_alone_as_the_cdk_does() {
    let dir = edited("agnostic", "Data.template.json", &[("aws-cdk:auto-delete-objects", "another")]);
    let rehearsal = Rehearsal::new(dir.path()).with_warnings();
    let (graph, _) = rehearsal.graph();
    assert!(graph.nodes.iter().all(|node| !node.switch("EmptyOnDelete")));
    assert!(
        graph.notes.iter().any(|note| note.contains("is not emptied before it is deleted")),
        "{:?}",
        graph.notes
    );
}

#[test]
fn stacks_that_are_left_out_stay_as_they_are() {
    let mut rehearsal = rehearse("agnostic");
    let all = rehearsal.up().complete();
    let outputs = rehearsal.snapshot().outputs.clone();
    assert!(!outputs.is_empty());
    let mut rehearsal = rehearsal.choose(&["Base"]);
    let some = rehearsal.up().complete();
    assert!(some.change_set.is_empty(), "{:#?}", some.change_set.steps);
    assert!(some.change_set.notes.iter().any(|note| note.ends_with("all others stay as they are: Base")));
    assert_eq!(rehearsal.snapshot().outputs, outputs);
    assert_eq!(rehearsal.snapshot().objects().count(), all.change_set.steps.len());

    // The other way round: what is missing comes later.
    let mut rehearsal = rehearse("agnostic").choose(&["App"]);
    let some = rehearsal.up().complete().change_set.steps.len();
    let rest = rehearsal.choose(&[]).up().complete().change_set;
    assert_eq!(some + rest.steps.len(), all.change_set.steps.len());
    assert!(rest.steps.iter().all(|step| step.address.stack() == "Data"), "{:#?}", rest.steps);
}

#[test]
fn a_new_sandbox_becomes_the_account_and_another_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let (stages, specific) = (assembly("stages"), assembly("specific"));
    let (stages, specific) = (stages.to_str().expect("a path"), specific.to_str().expect("a path"));
    let run = |args: &[&str]| {
        let out = migrate(dir.path(), args);
        (out.status.code(), text(&out.stdout), text(&out.stderr))
    };
    let manifest = format!("{stages}/manifest.json");
    let (code, out, err) = run(&["validate", &manifest, "--region", "us-east-1", "--stack", "Prod/*"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.starts_with("stages is valid"), "{out}");
    let (code, _, err) = run(&["validate", stages, "--region", "us-east-1"]);
    assert_eq!(code, Some(0), "two stages, one of them without an account: {err}");

    let (code, out, err) = run(&["up", stages, "--stack", "Prod/App", "--sandbox", "--yes"]);
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("Outputs of Prod-App") || err.contains("Prod-App"), "{out}{err}");
    let (code, out, _) = run(&["status", stages, "--sandbox", "--json"]);
    let status: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &status["account"]), (Some(0), &serde_json::json!("210987654321")));
    assert_eq!(status["region"], "eu-west-1");

    let (code, _, err) = run(&["plan", specific, "--sandbox"]);
    assert_eq!(code, Some(6), "{err}");
    assert!(err.contains("M6104") && err.contains("123456789012"), "{err}");
    let (code, _, err) = run(&["destroy", stages, "--sandbox", "--yes", "--allow-data-loss", "all"]);
    assert_eq!(code, Some(0), "{err}");
    let (_, out, _) = run(&["sandbox", "show"]);
    assert!(out.contains("the account is empty"), "{out}");
}

#[test]
fn reviews_say_what_is_done_otherwise() {
    let dir = tempfile::tempdir().expect("a folder");
    let plan = assembly("agnostic");
    let out = migrate(dir.path(), &["plan", plan.to_str().expect("a path"), "--sandbox"]);
    let said = text(&out.stdout) + &text(&out.stderr);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(out.status.code(), Some(0), "{said}");
    for part in
        ["are not made: what the function would do is done natively", "is emptied before it is deleted"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn functions_and_closed_groups_converge_after_a_crash_anywhere() {
    let app = rehearse("agnostic").choose(&["App"]);
    converges("up of agnostic", &app, Verb::Up, 60);
    let mut rotation = rehearse("rotation");
    converges("up of rotation", &rotation, Verb::Up, 25);
    rotation.up().complete();
    converges("destroy of rotation", &rotation, Verb::Destroy, 25);
}

/// The part of an address that the CDK's logical ids begin with.
fn one<'g>(graph: &'g Graph, begins: &str) -> &'g migrate::graph::Node {
    let fits = |node: &&migrate::graph::Node| node.address.as_str().starts_with(begins);
    graph.nodes.iter().find(fits).unwrap_or_else(|| panic!("nothing begins with {begins}"))
}

#[test]
fn an_app_of_many_services_a_nested_stack_and_a_custom_resource_lives_its_whole_life() {
    let rehearsal = rehearse("wide");
    let (graph, links) = rehearsal.graph();
    for kind in [
        "AWS::ApiGateway::RestApi",
        "AWS::CloudFront::Distribution",
        "AWS::Cognito::UserPool",
        "AWS::DynamoDB::Table",
        "AWS::ECR::Repository",
        "AWS::EFS::FileSystem",
        "AWS::Events::Rule",
        "AWS::SQS::Queue",
        "AWS::StepFunctions::StateMachine",
        "Custom::Seed",
    ] {
        assert!(kinds(graph).contains(&kind), "{kind}");
    }
    // The nested stack's resources are the stack's, named within it, and wait for what they use.
    let notices = one(graph, "Wide/StorageNestedStackStorageNestedStackResource9807768E.Notices");
    let at = graph.nodes.iter().position(|node| node.address == notices.address).expect("it is there");
    let waits: Vec<&str> = links.of(at).iter().map(|edge| edge.to.as_str()).collect();
    assert_eq!(waits, ["Wide/JobsDF1CC2D4"]);
    let up = whole_life(rehearsal);
    let outputs = &up.finished.as_ref().expect("finished").outputs["Wide"];
    assert_eq!(outputs["Seeded"], "sandbox-Rows");
    assert!(outputs["FileSystem"].as_str().is_some_and(|id| !id.is_empty()), "{outputs:?}");
}

#[test]
fn a_changed_custom_resource_and_a_changed_nested_template_are_updated() {
    let mut rehearsal = rehearse("wide");
    rehearsal.up().complete();
    let copy = copied("wide");
    let edit = |file: &str, from: &str, to: &str| {
        let path = copy.path().join(file);
        let text = std::fs::read_to_string(&path).expect("the template");
        assert!(text.contains(from), "{file} has no {from}");
        write(&path, &text.replace(from, to));
    };
    edit("Wide.template.json", "\"Count\": 3", "\"Count\": 4");
    edit("WideStorage8EE5BF74.nested.template.json", "\"maxReceiveCount\": 3", "\"maxReceiveCount\": 5");
    let mut rehearsal = rehearsal.with_plan(copy.path());
    let ran = rehearsal.up().complete();
    let mut steps: Vec<String> =
        ran.change_set.steps.iter().map(|s| format!("{} {}", s.action.verb(), s.kind)).collect();
    steps.sort();
    assert_eq!(steps, ["update AWS::SQS::Queue", "update Custom::Seed"]);
    assert!(rehearsal.up().complete().change_set.is_empty());
    rehearsal.destroy().complete();
}

#[test]
fn nested_stacks_and_custom_resources_converge_after_a_crash_anywhere() {
    let mut app = rehearse("wide");
    converges("up of wide", &app, Verb::Up, 9);
    app.up().complete();
    converges("destroy of wide", &app, Verb::Destroy, 9);
}
