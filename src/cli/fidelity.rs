//! `migrate sandbox operations` and `migrate sandbox differences`: what the sandbox does, and where it is known
//! to differ from AWS. Both come from the registry of operations.

use serde_json::{Value as Json, json};

use crate::{
    sandbox::{
        Kind,
        differences::{self, Difference},
        services::{SERVICES, Service},
    },
    ui::{Printer, table, wrap_whole},
};

/// Lists every operation the sandbox implements.
pub fn operations(printer: &mut Printer) {
    let all = || SERVICES.iter().flat_map(|s| s.operations.iter().map(move |o| (s.name, o)));
    if printer.is_json() {
        let listed: Vec<Json> = all()
            .map(|(service, o)| json!({"service": service, "operation": o.name, "write": o.kind == Kind::Write}))
            .collect();
        printer.json(&json!({"format": 1, "operations": listed}));
        return;
    }
    let rows: Vec<Vec<String>> = all()
        .map(|(service, o)| {
            let kind = if o.kind == Kind::Write { "write" } else { "read" };
            vec![service.to_owned(), o.name.to_owned(), kind.to_owned()]
        })
        .collect();
    printer.out(&table(&["service", "operation", "kind"], &rows, printer.table_width()));
}

/// Where a difference shows, as the listing names it.
fn place(difference: &Difference) -> String {
    match (difference.service, difference.operation) {
        ("*", _) => "everywhere".to_owned(),
        (service, "*") => service.to_owned(),
        (service, operation) => format!("{service}:{operation}"),
    }
}

/// Lists what is known to differ from AWS, and the operations of AWS that the sandbox refuses.
pub fn differences(printer: &mut Printer) {
    let known: Vec<Difference> = differences::all().collect();
    let refused: Vec<(&Service, Vec<&str>)> =
        SERVICES.iter().map(|service| (service, differences::refused(service))).collect();
    if printer.is_json() {
        let known: Vec<Json> = known
            .iter()
            .map(|d| json!({"service": d.service, "operation": d.operation, "differs": d.differs}))
            .collect();
        let refused: serde_json::Map<String, Json> =
            refused.iter().map(|(service, names)| (service.name.to_owned(), json!(names))).collect();
        printer.json(&json!({"format": 1, "differences": known, "refused": refused}));
        return;
    }
    let width = printer.width().saturating_sub(2).max(40);
    printer.out("Known to differ from AWS:\n");
    for difference in known {
        printer.out(&format!("\n{}\n", place(&difference)));
        for line in wrap_whole(difference.differs, width) {
            printer.out(&format!("  {line}\n"));
        }
    }
    printer.out("\nOperations of AWS that are refused with SandboxOperationNotImplemented:\n");
    for (service, names) in refused {
        let (have, lack) = (service.operations.len(), names.len());
        printer.out(&format!("\n{} (implements {have}, refuses {lack})\n", service.name));
        for line in wrap_whole(&names.join(" "), width) {
            printer.out(&format!("  {line}\n"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_named() {
        let at = |service, operation| place(&Difference { service, operation, differs: "" });
        assert_eq!(at("*", "*"), "everywhere");
        assert_eq!(at("ec2", "*"), "ec2");
        assert_eq!(at("ec2", "CreateVpc"), "ec2:CreateVpc");
    }
}
