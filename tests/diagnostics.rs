//! The catalogue of diagnostics: every code is shown by its example, for people and as JSON.

mod documents;
mod engines;
mod lints;

use std::{fmt::Write as _, path::Path, process::Command};

use migrate::{
    cli::examine,
    codes,
    error::{Code, Diagnostic, Example},
    template::{self, Environment, Options},
    ui::diagnostics,
};
use serde_json::json;

use crate::support::write;

/// What `validate` finds in a plan.
pub fn findings(plan: &Path, set: &[&str]) -> Vec<Diagnostic> {
    let options = Options {
        set: set.iter().map(|text| (*text).to_owned()).collect(),
        fallback_region: Some("us-east-1".into()),
        ..Options::default()
    };
    let examined = template::load(plan, &options).and_then(|loaded| examine(loaded, &Environment::offline()));
    match examined {
        Ok(prepared) => prepared.warnings,
        Err(problems) => problems,
    }
}

/// What `validate` finds in one template.
pub fn findings_in(template: &str) -> Vec<Diagnostic> {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("example.yaml");
    write(&path, template);
    findings(&path, &[])
}

/// The part of the file that a finding underlines.
pub fn underlined(finding: &Diagnostic) -> &str {
    let span = finding.span.as_ref().expect("a place");
    &span.source.text[span.start as usize..span.end as usize]
}

/// What an example brings about, in human form and as JSON; nothing if it needs circumstances.
fn shown(code: &Code) -> Option<(String, serde_json::Value)> {
    let dir = tempfile::tempdir().expect("a folder");
    let place = |text: &str| {
        let prefix = format!("{}/", dir.path().display());
        text.replace(&prefix, "").replace(&dir.path().display().to_string(), ".")
    };
    let found = match code.example {
        Example::Template(text) => {
            write(&dir.path().join("example.yaml"), text);
            findings(&dir.path().join("example.yaml"), &[])
        }
        Example::With(text, arguments) => {
            assert_eq!(arguments[0], "--set", "{}: only --set is known here", code.code);
            write(&dir.path().join("example.yaml"), text);
            findings(&dir.path().join("example.yaml"), &arguments[1..])
        }
        Example::Files(files) => {
            for (name, text) in files {
                write(&dir.path().join(name), text);
            }
            let first = files[0].0;
            let folder = matches!(first, "migration.yaml" | "manifest.json");
            let plan = if folder { dir.path().to_owned() } else { dir.path().join(first) };
            findings(&plan, &[])
        }
        Example::Commands(commands) => {
            let mut last = None;
            for command in commands {
                let mut words = command.split(' ');
                assert_eq!(words.next(), Some("migrate"), "{command}");
                let output = Command::new(env!("CARGO_BIN_EXE_migrate"))
                    .args(words)
                    .current_dir(dir.path())
                    .env_clear()
                    .env("NO_COLOR", "1")
                    .env("COLUMNS", "80")
                    .output()
                    .expect("the program runs");
                last = Some(output);
            }
            let output = last.expect("a command");
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(text.contains(code.code), "{} is not what its command says:\n{text}", code.code);
            return Some((text, json!(null)));
        }
        Example::Circumstances(why) => {
            assert!(!why.is_empty(), "{} has no example", code.code);
            return None;
        }
    };
    let human = place(&diagnostics::render(&found, 80, false));
    let others: Vec<&str> = found.iter().map(|d| d.code).filter(|other| *other != code.code).collect();
    assert!(others.is_empty() && !found.is_empty(), "{} is not all its example shows:\n{human}", code.code);
    assert!(
        found.iter().all(|d| d.severity == code.severity),
        "{} is not as severe as the catalogue says",
        code.code
    );
    let machine = serde_json::to_string(&diagnostics::as_json(&found)).expect("JSON");
    Some((human, serde_json::from_str(&place(&machine)).expect("JSON")))
}

/// Each family's examples, in both forms, are pinned; each really brings its code about.
#[test]
fn every_code_is_shown_by_its_example() {
    let mut wrong = Vec::new();
    for (family, codes) in codes::families() {
        let (mut human, mut machine) = (String::new(), serde_json::Map::new());
        for code in codes {
            let attempt = std::panic::catch_unwind(|| shown(code));
            match attempt {
                Ok(Some((text, json))) => {
                    let _ = writeln!(human, "## {} {}\n\n{}", code.code, code.title, text.trim_end());
                    human.push('\n');
                    if !json.is_null() {
                        machine.insert(code.code.to_owned(), json);
                    }
                }
                Ok(None) => {
                    let Example::Circumstances(why) = code.example else { continue };
                    let _ = writeln!(human, "## {} {}\n\n(no example: {why})\n", code.code, code.title);
                }
                Err(panic) => wrong.push(panic.downcast_ref::<String>().cloned().unwrap_or_default()),
            }
        }
        let name = family.to_lowercase().replace([' ', ','], "-").replace("--", "-");
        if wrong.is_empty() {
            insta::assert_snapshot!(format!("{name}-human"), human);
            insta::assert_json_snapshot!(format!("{name}-json"), machine);
        }
    }
    assert!(wrong.is_empty(), "{} examples are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The list that `migrate explain` prints, and one page of it.
#[test]
fn the_catalogue_is_listed() {
    insta::assert_snapshot!("explain", migrate::ui::catalogue::list(100));
    let page = |name| migrate::ui::catalogue::page(codes::find(name).expect("a code"), 80);
    insta::assert_snapshot!("explain-open-database-port", page("open-database-port"));
    insta::assert_snapshot!("explain-M1014", page("m1014"));
}

/// A finding that belongs to two files shows both.
#[test]
fn labels_in_another_file_are_shown_there() {
    let dir = tempfile::tempdir().expect("a folder");
    let stack = "Resources:
  Topic:
    Type: AWS::SNS::Topic
Outputs:
  Topic: {Value: !Ref Topic, Export: {Name: orders}}
";
    write(&dir.path().join("a.yaml"), stack);
    write(&dir.path().join("b.yaml"), stack);
    let manifest = "name: shop
region: us-east-1
stacks: [{name: a, template: a.yaml}, {name: b, template: b.yaml}]
";
    write(&dir.path().join("migration.yaml"), manifest);
    let found = findings(dir.path(), &[]);
    let shown = diagnostics::render(&found, 100, false);
    assert!(
        shown.contains("b.yaml:5:45") && shown.contains("a.yaml:5") && shown.contains("first here"),
        "{shown}"
    );
    let json = diagnostics::as_json(&found);
    let label = &json["diagnostics"][0]["labels"][0];
    assert_eq!((&label["message"], &label["place"]["line"]), (&json!("first here"), &json!(5)), "{json}");
}
