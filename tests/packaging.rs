//! What builds and packages rely on.

use std::{collections::BTreeSet, path::Path};

fn root(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The generated SDK crates in the lock file.
fn sdk_crates() -> BTreeSet<String> {
    let names = root("Cargo.lock");
    let names = names.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"'));
    names.filter(|name| name.starts_with("aws-sdk-")).map(ToOwned::to_owned).collect()
}

/// Cargo has no pattern for "all SDK crates", so each profile lists them: one that is missing would be built optimised
/// for speed, which takes minutes, or unoptimised in what is shipped.
#[test]
fn every_profile_names_every_sdk_crate() {
    let manifest = root("Cargo.toml");
    let wanted = sdk_crates();
    assert!(wanted.contains("aws-sdk-ec2"), "{wanted:?}");
    for (profile, level) in [("dev", "0"), ("release", "0"), ("dist", "\"z\"")] {
        let head = format!("[profile.{profile}.package.aws-sdk-");
        let named: BTreeSet<String> = manifest
            .lines()
            .filter_map(|line| Some(format!("aws-sdk-{}", line.strip_prefix(&head)?.strip_suffix(']')?)))
            .collect();
        assert_eq!(named, wanted, "[profile.{profile}.package.*]");
        for name in &named {
            let stanza = format!("[profile.{profile}.package.{name}]\nopt-level = {level}\n");
            assert!(manifest.contains(&stanza), "{stanza}");
        }
    }
}
