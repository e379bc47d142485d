//! One integration binary; each module is a family of scenarios.

mod applications;
mod assembly;
mod attacks;
mod blue_green;
mod cloudcontrol;
mod corpus;
mod crash;
mod diagnostics;
mod dns;
mod dual_stack;
mod faults;
mod fleets;
mod full_disk;
mod homogeneous;
mod how_far;
mod late;
mod layers;
mod ledger_formats;
mod ledgers;
mod lifecycle;
mod lifecycles;
mod lookups;
mod multi_stack;
mod mutants;
mod newcomer;
mod notices;
mod operations;
mod owners;
mod packaging;
mod pages;
mod payments_aurora;
mod permissions;
mod process;
mod program;
mod readiness;
mod rebuild;
mod renewed;
mod secrecy;
mod serverless;
mod signin;
mod stacks;
mod support;
mod views;

/// A file that nobody includes tests nothing.
#[test]
fn no_test_file_is_forgotten() {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let main = std::fs::read_to_string(here.join("main.rs")).expect("this file");
    for entry in std::fs::read_dir(here).expect("the folder of tests") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|s| s.to_str()).expect("a name").to_owned();
        let is_module = path.extension().is_some_and(|e| e == "rs") || path.join("mod.rs").exists();
        // Real clients measure out lifecycles in seconds: they have the machine to themselves, as a suite of their own.
        if is_module && !["main", "clients"].contains(&name.as_str()) {
            assert!(main.contains(&format!("mod {name};")), "tests/{name} is not part of the suite");
        }
    }
}
