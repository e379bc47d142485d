//! CDK cloud assemblies as plans: the payments system as a team synthesised it, and small apps of our own.
//!
//! The folders below `tests/assemblies` are what `cdk synth` wrote; `tests/assemblies/README.md` says how to make
//! them again.

use std::path::{Path, PathBuf};

use migrate::{
    graph::{DeletionPolicy, Graph},
    planner::Action,
    template::{self, Options},
};

use crate::support::{Ran, Rehearsal};

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
