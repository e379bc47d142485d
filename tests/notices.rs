//! `THIRD-PARTY-NOTICES.md` names every crate of `Cargo.lock`, with the licence it is used under and the texts that
//! licence wants to be passed on. It is written by this file, and a test fails when it is out of date:
//!
//! ```sh
//! MIGRATE_NOTICES=write cargo test --test main notices
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value as Json;

const FILE: &str = "THIRD-PARTY-NOTICES.md";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Name and version of every crate that is not ours.
fn locked() -> BTreeSet<(String, String)> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("Cargo.lock");
    let value = |block: &str, key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(&format!("{key} = \"")))?;
        Some(line.trim_end_matches('"').to_owned())
    };
    lock.split("[[package]]")
        .filter(|block| value(block, "source").is_some())
        .map(|block| (value(block, "name").expect("a name"), value(block, "version").expect("a version")))
        .collect()
}

/// The crates that the notices name.
fn named(notices: &str) -> BTreeSet<(String, String)> {
    notices
        .lines()
        .skip_while(|line| !line.starts_with("## Crates"))
        .take_while(|line| !line.starts_with("## Texts"))
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| ")?.split(" | ");
            Some((cells.next()?.to_owned(), cells.next()?.to_owned()))
        })
        .filter(|(name, _)| name != "crate" && !name.starts_with('-'))
        .collect()
}

#[test]
#[expect(clippy::disallowed_methods, reason = "a document, written on request")]
fn third_party_notices_are_up_to_date() {
    if std::env::var("MIGRATE_NOTICES").is_ok_and(|value| value == "write") {
        std::fs::write(root().join(FILE), written()).expect("the notices are written");
    }
    let notices = std::fs::read_to_string(root().join(FILE)).expect("the notices");
    let (locked, named) = (locked(), named(&notices));
    assert!(locked.len() > 100, "Cargo.lock is understood");
    let missing: Vec<_> = locked.difference(&named).collect();
    let left: Vec<_> = named.difference(&locked).collect();
    assert!(
        missing.is_empty() && left.is_empty(),
        "{FILE} is out of date: missing {missing:?}, no longer used {left:?}; MIGRATE_NOTICES=write cargo test --test \
         main notices writes it"
    );
}

/// The licence that a crate is used under: Apache-2.0 wherever it is offered, since its text is in this repository.
fn chosen(expression: &str) -> &str {
    let offered =
        expression.split(" OR ").flat_map(|part| part.split('/')).any(|part| part.trim() == "Apache-2.0");
    if offered && !expression.contains(" AND ") { "Apache-2.0" } else { expression }
}

fn written() -> String {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    let metadata: Json = serde_json::from_slice(&output.stdout).expect("cargo metadata");
    let mut packages: Vec<&Json> = metadata["packages"]
        .as_array()
        .expect("packages")
        .iter()
        .filter(|package| !package["source"].is_null())
        .collect();
    packages.sort_by_key(|package| (package["name"].as_str(), package["version"].as_str()));
    let mut table = String::new();
    // Text, and whose it is: many crates of one author have the same.
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut first: Vec<String> = Vec::new();
    for package in packages {
        let (name, version) =
            (package["name"].as_str().expect("a name"), package["version"].as_str().expect("a version"));
        let expression = package["license"].as_str().unwrap_or("see its text");
        let licence = chosen(expression);
        let source = package["repository"].as_str().unwrap_or("");
        table.push_str(&format!("| {name} | {version} | {expression} | {licence} | {source} |\n"));
        let folder =
            Path::new(package["manifest_path"].as_str().expect("a path")).parent().expect("a folder");
        let mut found = false;
        for (file, text) in texts_in(folder) {
            let notice = file.starts_with("NOTICE");
            if notice || licence != "Apache-2.0" {
                found |= !notice;
                if !texts.contains_key(&text) {
                    first.push(text.clone());
                }
                texts.entry(text).or_default().push(format!("{name} {version}"));
            }
        }
        if !found && licence != "Apache-2.0" {
            let authors: Vec<&str> =
                package["authors"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            let text = format!("{licence}, by {}. The package has no text of it.", authors.join(", "));
            if !texts.contains_key(&text) {
                first.push(text.clone());
            }
            texts.entry(text).or_default().push(format!("{name} {version}"));
        }
    }
    let mut out = format!(
        "# Third-party notices\n\nWritten by `tests/notices.rs`; do not edit. `migrate` is built from, or tested with, \
         these crates. Where several licences are offered it uses them under Apache-2.0, whose text is in \
         [LICENSE-APACHE](LICENSE-APACHE).\n\n## Crates\n\n| crate | version | licence | used under | source \
         |\n|---|---|---|---|---|\n{table}\n## Texts\n"
    );
    for text in first {
        out.push_str(&format!("\n### {}\n\n```text\n{text}\n```\n", texts[&text].join(", ")));
    }
    out
}

/// The licence and notice files of a package.
fn texts_in(folder: &Path) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().to_uppercase();
            let wanted = ["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"]
                .iter()
                .any(|start| name.starts_with(start));
            let text = wanted.then(|| std::fs::read_to_string(entry.path()).ok())??;
            let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
            Some((name, lines.join("\n").trim().replace("```", "'''")))
        })
        .filter(|(_, text)| !text.is_empty())
        .collect();
    found.sort();
    found
}
