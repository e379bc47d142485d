//! The catalogue: every code that any command can answer with, explained and shown by an example.
//!
//! One file per family, each list sorted by code. A new code gets one line in its family's list; lints are
//! registered in [`crate::lint`] and are part of the catalogue by that. Codes are never reused for something
//! else.

use super::{assemblies, documents, files, language, lints, running, schema};
use crate::{error::Code, lint};

/// The families, in the order of their codes.
static FAMILIES: &[(&str, &[Code])] = &[
    ("Command line", running::COMMAND_LINE),
    ("Files and manifest", files::CODES),
    ("Template language", language::CODES),
    ("Cloud assemblies", assemblies::CODES),
    ("Properties", schema::CODES),
    ("Documents inside properties", documents::CODES),
    ("Resource graph", running::GRAPH),
    ("Ledger, account and run", running::RUN),
    ("Allowing lints", lints::CODES),
    (LINTS, &[]),
];

const LINTS: &str = "Lints";

/// Every code, sorted, each with its family's title.
pub fn families() -> impl Iterator<Item = (&'static str, Vec<&'static Code>)> {
    FAMILIES.iter().map(|(title, codes)| {
        let lints = lint::LINTS.iter().map(|lint| &lint.code).filter(|_| *title == LINTS);
        (*title, codes.iter().chain(lints).collect())
    })
}

/// Every code.
pub fn all() -> impl Iterator<Item = &'static Code> {
    families().flat_map(|(_, codes)| codes)
}

/// The code, or the lint, of that name.
#[must_use]
pub fn find(wanted: &str) -> Option<&'static Code> {
    all().find(|code| code.is(wanted))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;

    fn sources(folder: &Path, out: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, out);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                out.push_str(&std::fs::read_to_string(&path).unwrap());
                out.push('\n');
            }
        }
    }

    /// The literals of codes, but for those with which an entry of the catalogue begins.
    fn used(text: &str) -> BTreeSet<&str> {
        text.match_indices("\"M")
            .filter_map(|(at, _)| Some((at, text.get(at + 1..at + 7)?)))
            .filter(|(_, code)| code.ends_with('"') && code[1..5].bytes().all(|b| b.is_ascii_digit()))
            .filter(|(at, _)| {
                let before = text[..*at].trim_end();
                !["Code::error(", "Code::warning(", "Code::lint("].iter().any(|made| before.ends_with(made))
            })
            .map(|(_, code)| &code[..5])
            .collect()
    }

    #[test]
    fn every_code_in_use_is_explained_and_every_explained_one_is_in_use() {
        let mut text = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
        let mut used = used(&text);
        // Lints say their code once, where they are registered.
        used.extend(lint::LINTS.iter().map(|lint| lint.code.code));
        let explained: BTreeSet<&str> = all().map(|code| code.code).collect();
        let unexplained: Vec<_> = used.difference(&explained).collect();
        assert!(unexplained.is_empty(), "not in the catalogue: {unexplained:?}");
        let unused: Vec<_> = explained.difference(&used).collect();
        assert!(unused.is_empty(), "in the catalogue, but nowhere else: {unused:?}");
    }

    #[test]
    fn codes_and_names_are_sorted_unique_and_explained() {
        let mut names = BTreeSet::new();
        for (title, codes) in families() {
            assert!(codes.windows(2).all(|pair| pair[0].code < pair[1].code), "{title} is not sorted");
            for code in codes {
                assert!(names.insert(code.code), "{} is there twice", code.code);
                assert!(code.text.ends_with('.'), "{}: the explanation is a sentence", code.code);
                assert!(!code.title.is_empty() && !code.title.ends_with('.'), "{}", code.code);
                if let Some(name) = code.name {
                    assert!(names.insert(name), "{name} is there twice");
                    assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
                    assert!(code.source.is_some(), "{name} does not say where its rule comes from");
                }
            }
        }
        assert_eq!(find("m1001").map(|c| c.code), Some("M1001"));
    }
}
