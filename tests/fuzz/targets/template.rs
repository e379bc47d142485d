//! Any bytes as a template: an answer, never a panic.
#![no_main]

use std::{collections::BTreeMap, path::Path, sync::Arc};

use libfuzzer_sys::fuzz_target;
use migrate::{check, syntax, template::{Environment, Loaded, StackSource, draft}};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let path = Path::new("fuzz.yaml");
    let Ok(tree) = syntax::parse(path, text.to_owned()) else { return };
    let stack = StackSource {
        name: "fuzz".into(),
        region: "us-east-1".into(),
        path: path.into(),
        template: Arc::new(tree),
        parameters: BTreeMap::new(),
        tags: BTreeMap::new(),
        protected: false,
        lookups: [].into(),
        made_up: [].into(),
    };
    let loaded = Loaded { migration: "fuzz".into(), stacks: vec![stack], ..Loaded::default() };
    drop(check::check(draft(&loaded, &Environment::offline())));
});
