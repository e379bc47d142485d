//! `migrate validate` and `migrate explain`.

use serde_json::json;

use super::{
    Verdict,
    args::{ExplainCommand, Global, ValidateArgs},
    exit::Code,
    prepare,
    session::one,
};
use crate::{
    error::{Class, Diagnostic},
    template::{Environment, codes, suggest},
    ui::Printer,
};

/// Checks the plan's files without an account.
pub fn run(global: &Global, args: &ValidateArgs, printer: &mut Printer) -> Verdict {
    let loaded = prepare::load(global, &args.plan)?;
    let prepared = prepare::evaluate(&loaded, &Environment::offline(), args.plan.deny_warnings, printer)?;
    let (stacks, resources) = (prepared.graph.stacks.len(), prepared.graph.nodes.len());
    if printer.is_json() {
        printer.json(&json!({"format": 1, "valid": true, "stacks": stacks, "resources": resources}));
    } else {
        let name = &prepared.graph.migration;
        printer.out(&format!(
            "{name} is valid: {resources} resources in {stacks} stack{}\n",
            if stacks == 1 { "" } else { "s" }
        ));
    }
    Ok(Code::Success)
}

/// Explains a code.
pub fn explain(args: &ExplainCommand, printer: &mut Printer) -> Verdict {
    let Some(wanted) = &args.code else {
        for (code, title, _) in codes::CODES {
            printer.out(&format!("{code}  {title}\n"));
        }
        return Ok(Code::Success);
    };
    let found = codes::CODES.iter().find(|(code, _, _)| code.eq_ignore_ascii_case(wanted));
    let Some((code, title, text)) = found else {
        let near = suggest::suggest(wanted, codes::CODES.iter().map(|(code, _, _)| *code));
        let diagnostic = Diagnostic::error("M0006", Class::Usage, format!("there is no code `{wanted}`"));
        return Err(one(match near {
            Some(near) => diagnostic.help(format!("did you mean {near}? `migrate explain` lists all")),
            None => diagnostic.help("`migrate explain` lists all codes"),
        }));
    };
    printer.out(&format!("{code}: {title}\n\n{text}\n"));
    Ok(Code::Success)
}
