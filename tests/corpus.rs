//! Small templates with the verdict each must get. The files beside this one hold the cases by topic; README.md
//! tells how they are made.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
};

use migrate::{
    check,
    error::{Diagnostic, Severity},
    resources::registry,
    syntax,
    template::{self, Environment, Given, Loaded, StackSource},
};

/// The codes of all errors.
fn errors(findings: &[Diagnostic]) -> BTreeSet<&'static str> {
    findings.iter().filter(|d| d.severity == Severity::Error).map(|d| d.code).collect()
}

/// What `migrate validate` says about one template.
fn verdict(text: &str, parameters: BTreeMap<String, Given>) -> BTreeSet<&'static str> {
    let path = Path::new("case.yaml");
    let tree = match syntax::parse(path, text.to_owned()) {
        Ok(tree) => tree,
        Err(findings) => return errors(&findings),
    };
    let stack = StackSource {
        name: "case".into(),
        region: "us-east-1".into(),
        path: path.into(),
        template: Arc::new(tree),
        parameters,
        protected: false,
        lookups: [].into(),
        made_up: [].into(),
        tags: BTreeMap::new(),
    };
    let loaded = Loaded { migration: "corpus".into(), stacks: vec![stack], ..Loaded::default() };
    match check::graph(&mut template::draft(&loaded, &Environment::offline())) {
        Err(findings) => errors(&findings),
        Ok((graph, _)) => match check::link(&graph, &registry::find) {
            Ok(_) => BTreeSet::new(),
            Err(findings) => errors(&findings),
        },
    }
}

#[test]
fn every_case_gets_its_verdict() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let (mut wrong, mut count) = (Vec::new(), 0);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the corpus")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "yaml"))
        .collect();
    files.sort();
    for file in files {
        let topic = file.file_name().expect("a name").to_string_lossy().into_owned();
        let cases = syntax::read(&file).expect("a file of cases");
        for case in cases.as_list().expect("a list of cases") {
            count += 1;
            let text = |key: &str| case.get(key).and_then(|tree| tree.as_name()).unwrap_or_default();
            let given = case.get("parameters").and_then(|tree| tree.as_map()).unwrap_or_default();
            let given = given.iter().map(|entry| {
                let text = entry.value.as_text().expect("a text").to_owned();
                (entry.key.to_string(), Given { text, span: None })
            });
            let wanted: BTreeSet<&str> = match case.get("expect").and_then(|tree| tree.as_list()) {
                Some(codes) => codes.iter().filter_map(|code| code.as_name()).collect(),
                None => {
                    assert_eq!(text("expect"), "ok", "{topic}: {}", text("name"));
                    BTreeSet::new()
                }
            };
            assert!(!text("template").is_empty() || text("name") == "empty", "{topic}: {}", text("name"));
            let got = verdict(text("template"), given.collect());
            if got != wanted {
                wrong.push(format!("{topic}/{}: {got:?} instead of {wanted:?}", text("name")));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 300, "only {count} cases");
}
