//! The catalogue of codes, for people and for machines.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::text::{hung, wrap};
use crate::{
    codes::families,
    error::{Code, Example, Severity},
};

/// All codes by family, one a line.
#[must_use]
pub fn list(width: usize) -> String {
    let mut out = String::new();
    for (family, codes) in families().filter(|(_, codes)| !codes.is_empty()) {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(&format!("{family}\n"));
        for code in codes {
            let name = code.name.map(|name| format!(" ({name})")).unwrap_or_default();
            let warning = if code.severity == Severity::Warning { "warning: " } else { "" };
            let title = format!("{warning}{}{name}", code.title);
            out.push_str(&hung(&format!("  {}  ", code.code), &title, width));
        }
    }
    out
}

/// One code in full.
#[must_use]
pub fn page(code: &Code, width: usize) -> String {
    let severity = match code.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let name = code.name.map(|name| format!(", {name}")).unwrap_or_default();
    let mut out = hung(&format!("{}: ", code.code), code.title, width);
    out.push_str(&format!("({severity}{name})\n\n"));
    for line in wrap(code.text, width.min(100)) {
        out.push_str(&line);
        out.push('\n');
    }
    if let Some(source) = code.source {
        out.push_str(&format!("\nSource: {source}\n"));
    }
    if let (Some(name), Severity::Warning) = (code.name, code.severity) {
        out.push_str("\nWhere it is meant, allow it in the resource's Metadata, with the reason:\n\n");
        let allow = format!(
            "Metadata:\n  Migrate:\n    Allow:\n      - Code: {name}\n        Reason: why this is right here\n"
        );
        out.push_str(&indent(&allow));
    }
    out.push_str(&example(&code.example));
    out
}

fn example(example: &Example) -> String {
    let mut out = String::new();
    match example {
        Example::Template(text) => {
            out.push_str(&format!("\nFor example, this is WRONG:\n\n{}", indent(text)))
        }
        Example::With(text, arguments) => {
            let said =
                format!("\nFor example, this is WRONG with {}:\n\n{}", arguments.join(" "), indent(text));
            out.push_str(&said);
        }
        Example::Files(files) => {
            for (file, text) in *files {
                out.push_str(&format!("\nFor example, this is WRONG, {file}:\n\n{}", indent(text)));
            }
        }
        Example::Commands(commands) => {
            out.push_str("\nFor example, this is REFUSED:\n\n");
            for command in *commands {
                out.push_str(&format!("    {command}\n"));
            }
        }
        Example::Circumstances(_) => {}
    }
    out
}

fn indent(text: &str) -> String {
    let line = |line: &str| if line.is_empty() { "\n".to_owned() } else { format!("    {line}\n") };
    text.lines().map(line).collect()
}

/// One code for machines.
#[must_use]
pub fn entry(family: &str, code: &Code) -> Json {
    json!({
        "code": code.code, "name": code.name, "family": family, "severity": code.severity,
        "title": code.title, "explanation": code.text, "source": code.source,
        "example": match code.example {
            Example::Template(text) => json!({"template": text}),
            Example::With(text, arguments) => json!({"template": text, "arguments": arguments}),
            Example::Files(files) => json!({"files": files.iter().copied().collect::<BTreeMap<_, _>>()}),
            Example::Commands(commands) => json!({"commands": commands}),
            Example::Circumstances(_) => Json::Null,
        },
    })
}
