//! The layers of the program: which module may import which. Arrows go down only, so there are no circles.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Every module of the crate, the lowest first, and what it imports. A row names rows above it only.
const ALLOWED: &[(&str, &str)] = &[
    ("clock", ""),
    ("engines", ""),
    ("files", ""),
    ("model", ""),
    ("printable", ""),
    ("error", "model"),
    ("schema", "model"),
    ("syntax", "error files model"),
    ("graph", "error model"),
    ("aws", "clock files model printable"),
    ("ledger", "aws clock files model"),
    ("resources", "aws ledger model schema"),
    ("lint", "error graph model syntax"),
    ("codes", "error lint"),
    ("check", "error graph lint model resources schema syntax"),
    ("template", "aws error files graph model resources schema syntax"),
    ("planner", "aws error graph ledger model resources schema"),
    ("engine", "aws clock graph ledger model planner resources schema"),
    ("operations", "aws clock engine error graph ledger model syntax"),
    ("runs", "aws clock engine error graph ledger model planner resources"),
    ("sandbox", "clock engines error files schema"),
    ("ui", "clock codes engine error graph model planner printable"),
    (
        "cli",
        "aws check clock codes engine error files graph ledger model operations planner resources runs sandbox schema \
         syntax template ui",
    ),
];

/// Benchmarks and tests build worlds for themselves: they are compiled for tests only.
fn is_test(path: &Path) -> bool {
    let name = path.file_name().expect("a file has a name").to_string_lossy();
    let parts: BTreeSet<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    name.ends_with("tests.rs") || matches!(&*name, "testing.rs" | "bench.rs") || parts.contains("tests")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_test(&path) {
            found.push(path);
        }
    }
}

/// The modules that a source text names after `crate::`, alone or in a group, tests at its end left out.
fn imports(text: &str) -> BTreeSet<String> {
    let code: String = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| line.to_owned() + "\n")
        .collect();
    let code = code.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let mut found = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            found.insert(word(rest));
            continue;
        };
        let (mut depth, mut begins) = (1, true);
        for (at, character) in group.char_indices() {
            match character {
                '{' => depth += 1,
                '}' if depth == 1 => break,
                '}' => depth -= 1,
                ',' if depth == 1 => begins = true,
                _ if begins && depth == 1 && character.is_alphabetic() => {
                    begins = false;
                    found.insert(word(&group[at..]));
                }
                _ => {}
            }
        }
    }
    found
}

fn word(text: &str) -> String {
    text.chars().take_while(|character| character.is_alphanumeric() || *character == '_').collect()
}

#[test]
fn imports_go_down_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let known: BTreeSet<&str> = ALLOWED.iter().map(|(module, _)| *module).collect();
    let mut files = Vec::new();
    sources(&root, &mut files);
    let (mut seen, mut used): (BTreeSet<String>, BTreeMap<String, BTreeSet<String>>) = Default::default();
    let mut wrong = Vec::new();
    for path in files {
        let inner = path.strip_prefix(&root).unwrap();
        let module = inner.iter().next().unwrap().to_string_lossy().trim_end_matches(".rs").to_owned();
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        seen.insert(module.clone());
        let allowed = ALLOWED.iter().find(|(name, _)| *name == module).map(|(_, list)| *list);
        let Some(allowed) = allowed else {
            wrong.push(format!("src/{module} has no row in the table"));
            continue;
        };
        for import in imports(&fs::read_to_string(&path).unwrap()) {
            if import == module || !known.contains(import.as_str()) {
                continue;
            }
            if !allowed.split(' ').any(|name| name == import) {
                wrong.push(format!("{module} may not import {import} (src/{})", inner.display()));
            }
            used.entry(module.clone()).or_default().insert(import);
        }
    }
    for (at, (module, allowed)) in ALLOWED.iter().enumerate() {
        for name in allowed.split_whitespace() {
            if !ALLOWED[..at].iter().any(|(below, _)| *below == name) {
                wrong.push(format!("{name} does not stand below {module}"));
            }
            if !used.get(*module).is_some_and(|used| used.contains(name)) {
                wrong.push(format!("{module} no longer imports {name}: take it out of the table"));
            }
        }
        if !seen.contains(*module) {
            wrong.push(format!("there is no src/{module}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_map_in_lib_rs_names_every_module_from_the_top_down() {
    let lib = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let rows: Vec<String> = lib.lines().filter_map(|line| line.strip_prefix("//! | [`")).map(word).collect();
    let layers: Vec<&str> = ALLOWED.iter().rev().map(|(module, _)| *module).collect();
    assert_eq!(rows, layers);
}

#[test]
fn imports_are_seen_in_every_form() {
    let text = "use crate::{\n    aws::{Op, op},\n    model,\n    ui::Color as Paint,\n};\nuse crate::graph;\n// crate::cli\n\
                fn f() { crate::error::x() }\n#[cfg(test)]\nmod tests { use crate::engine; }";
    let expected = ["aws", "error", "graph", "model", "ui"].map(str::to_owned);
    assert_eq!(imports(text), expected.into());
}
