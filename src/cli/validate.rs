//! `migrate validate` and `migrate explain`.

use serde_json::json;

use super::{
    Verdict,
    args::{ExplainCommand, Global, ValidateArgs},
    exit::Code,
    fixing, locate, lookups, neighbours, prepare,
    session::one,
};
use crate::{
    codes,
    error::{Class, Diagnostic, suggest},
    template::Environment,
    ui::{Printer, catalogue, diagnostics},
};

/// Checks the plan's files without an account.
pub fn run(global: &Global, args: &ValidateArgs, printer: &mut Printer) -> Verdict {
    let mut loaded = prepare::load_offline(global, &args.plan, printer)?;
    let mut environment = Environment::offline();
    if let Some(account) = &loaded.assembly.account {
        environment.account.clone_from(account);
    }
    lookups::tell_made_up(&loaded, printer);
    let own = locate::home(global, &loaded);
    let beside = neighbours::read(&own, None);
    printer.warnings(&beside.warnings());
    environment.imports = beside.exports;
    let mut fixed = Vec::new();
    if args.fix {
        let findings = prepare::examine(loaded.clone(), &environment)?.warnings;
        fixed = fixing::plan(&findings)?;
        if !printer.is_json() {
            fixed.iter().for_each(|edited| printer.out(&edited.diff));
            printer.advise(&fixing::summary(&fixed, args.dry_run));
        }
        if !args.dry_run && !fixed.is_empty() {
            fixing::write(&fixed)?;
            loaded = prepare::load_again(global, &args.plan)?;
        }
    }
    let prepared = prepare::evaluate(loaded, &environment, &args.plan, printer)?;
    let (stacks, resources) = (prepared.graph.stacks.len(), prepared.graph.nodes.len());
    if printer.is_json() {
        let warnings = &diagnostics::as_json(&prepared.warnings)["diagnostics"];
        let mut document = json!({
            "format": 1, "valid": true, "stacks": stacks, "resources": resources, "diagnostics": warnings,
        });
        if args.fix {
            document["fixed"] = fixing::as_json(&fixed, !args.dry_run);
        }
        printer.json(&document);
    } else {
        let name = &prepared.graph.migration;
        printer.out(&format!(
            "{name} is valid: {resources} resource{} in {stacks} stack{}\n",
            if resources == 1 { "" } else { "s" },
            if stacks == 1 { "" } else { "s" }
        ));
    }
    Ok(Code::Success)
}

/// Explains a code, or lists all of them.
pub fn explain(args: &ExplainCommand, printer: &mut Printer) -> Verdict {
    let Some(wanted) = &args.code else {
        if printer.is_json() {
            let codes: Vec<_> = codes::families()
                .flat_map(|(family, codes)| codes.into_iter().map(move |code| catalogue::entry(family, code)))
                .collect();
            printer.json(&json!({"format": 1, "codes": codes}));
        } else {
            printer.out(&catalogue::list(printer.width()));
        }
        return Ok(Code::Success);
    };
    let Some(code) = codes::find(wanted) else {
        let known = codes::all().flat_map(|code| [Some(code.code), code.name]).flatten();
        let near = suggest(wanted, known);
        let diagnostic = Diagnostic::error("M0006", Class::Usage, format!("there is no code `{wanted}`"));
        return Err(one(match near {
            Some(near) => diagnostic.help(format!("did you mean {near}? `migrate explain` lists all")),
            None => diagnostic.help("`migrate explain` lists all codes"),
        }));
    };
    if printer.is_json() {
        let family = codes::families().find(|(_, codes)| codes.iter().any(|c| c.code == code.code));
        printer.json(&catalogue::entry(family.map_or("", |(title, _)| title), code));
    } else {
        printer.out(&catalogue::page(code, printer.width()));
    }
    Ok(Code::Success)
}
