//! Plans of tests: copies with texts exchanged, and graphs as the engine gets them.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use migrate::{
    aws::{Cloud, Realm},
    check,
    clock::{Clock, VirtualClock, from_millis},
    graph::{Graph, Links},
    model::Found,
    resources::registry,
    sandbox::{Sandbox, World},
    template::{self, Environment, Loaded, Options},
};

/// The payments plan.
pub fn payments() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plans/payments-single-stack")
}

/// Writes a test's input.
#[expect(clippy::disallowed_methods, reason = "a test's input is no ledger")]
pub fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("a file in a temporary folder");
}

/// A copy of the payments plan with texts exchanged; each must be there.
pub fn edited(edits: &[(&str, &str, &str)]) -> tempfile::TempDir {
    edited_plan(&payments(), edits)
}

/// A copy of a plan in which the first of each text is exchanged; every text must be there.
pub fn edited_plan(plan: &Path, edits: &[(&str, &str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(plan).expect("the plan") {
        let path = entry.expect("an entry").path();
        let file = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let mut text = std::fs::read_to_string(&path).expect("a file of the plan");
        for (_, from, to) in edits.iter().filter(|(name, ..)| *name == file) {
            assert!(text.contains(from), "{file} has no `{from}`");
            text = text.replacen(from, to, 1);
        }
        write(&dir.path().join(file), &text);
    }
    dir
}

/// The plan, evaluated for the sandbox's account.
pub(super) fn evaluated(plan: &Path, warned: bool, stacks: &[String], world: &World) -> (Graph, Links) {
    let options =
        Options { fallback_region: Some("us-east-1".into()), stacks: stacks.to_vec(), ..Options::default() };
    let loaded = template::load(plan, &options).unwrap_or_else(|e| panic!("{e:#?}"));
    linked(&looked_up(&loaded, world), warned)
}

pub(super) fn linked(loaded: &Loaded, warned: bool) -> (Graph, Links) {
    let (mut graph, warnings) = check::graph(&mut template::draft(loaded, &Environment::offline()))
        .unwrap_or_else(|e| panic!("{e:#?}"));
    assert!(warned || warnings.is_empty(), "{warnings:#?}");
    check::as_kept(&mut graph);
    let links = check::link(&graph, &registry::find).unwrap_or_else(|e| panic!("{e:#?}"));
    (graph, links)
}

/// The plan with what its lookups find in a world; each must find something.
fn looked_up(loaded: &Loaded, world: &World) -> Loaded {
    let clock = VirtualClock::starting_at(from_millis(world.now() + 60_000));
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let sandbox = Sandbox::new(world.clone(), Arc::clone(&shared));
    let cloud = Cloud::new(Realm::Sandbox, sandbox.sdk_config("us-east-1"));
    let mut found: Vec<Found> = Vec::new();
    for (stack, parameter, lookup) in loaded.searches() {
        let query = lookup.filled(stack, &found).expect("what it needs was found");
        let looked =
            clock.block_on(cloud.look_up(shared.as_ref(), &stack.region, &query)).expect("an answer");
        let first = looked.matching.first().unwrap_or_else(|| panic!("{parameter}: no {}", query.words()));
        found.push(Found {
            stack: stack.name.clone(),
            parameter: parameter.to_owned(),
            region: stack.region.clone(),
            sought: query.words(),
            objects: vec![first.id.clone()],
            value: first.attributes[lookup.attribute].clone(),
        });
    }
    loaded.with_found(&found)
}
