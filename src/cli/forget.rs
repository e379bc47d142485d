//! `migrate forget`: lets a resource go without touching it. Makes no call.

use super::{
    Verdict,
    args::{ForgetCommand, Global},
    confirm,
    exit::Code,
    ledgers, runs,
    session::{one, who},
};
use crate::{
    error::{Class, Diagnostic, suggest},
    ledger::{Entry, Resolution, Snapshot},
    model::{Address, Attributes},
    runs::record,
    ui::Printer,
};

/// Runs the verb.
pub fn run(global: &Global, args: &ForgetCommand, printer: &mut Printer) -> Verdict {
    let dir = ledgers::find_ledger(global, &args.which, printer)?;
    let snapshot = ledgers::existing(global, &dir)?;
    let address = &args.address;
    known(&snapshot, address)?;
    let users: Vec<&Address> = snapshot
        .objects()
        .filter(|(other, object)| *other != address && object.declared.depends_on.contains(address))
        .map(|(other, _)| other)
        .collect();
    for (_, object) in snapshot.objects().filter(|(other, _)| *other == address) {
        printer.advise(&format!(
            "{address} ({}, {}) will be forgotten: it stays in the account, and nothing here will ever change or \
             delete it again.",
            object.declared.kind, object.physical_id
        ));
    }
    if !users.is_empty() {
        let list: Vec<String> = users.iter().map(ToString::to_string).collect();
        printer.advise(&format!("Used by {}: they keep using it.", list.join(", ")));
    }
    if !args.yes {
        confirm::ask(
            printer,
            &format!("Type {address} to confirm: "),
            address.as_str(),
            &confirm::unasked(global),
        )?;
    }
    let mut ledger = runs::open_alone(&dir, "forget")?;
    let mut entries = Vec::new();
    for open in ledger.snapshot().open.values().filter(|open| open.address == *address) {
        let by = Resolution::Operator("forgotten".into());
        entries.push(Entry::Resolved { op: open.op, by, attributes: Attributes::new(), shared: false });
    }
    for (_, object) in ledger.snapshot().objects().filter(|(other, _)| *other == address) {
        let kept = Some("forgotten by an operator".to_owned());
        entries.push(Entry::Gone { address: address.clone(), generation: object.generation, kept });
    }
    record(&mut ledger, "forget", &who(), entries).map_err(|error| ledgers::ledger_error(&error, &dir))?;
    printer.out(&format!("{address} is forgotten.\n"));
    Ok(Code::Success)
}

/// Refuses an address the ledger does not hold.
///
/// # Errors
/// With the nearest address it holds.
pub fn known(snapshot: &Snapshot, address: &Address) -> Result<(), Vec<Diagnostic>> {
    let opens = snapshot.open.values().map(|open| &open.address);
    let all: Vec<&Address> = snapshot.objects().map(|(address, _)| address).chain(opens).collect();
    if all.contains(&address) {
        return Ok(());
    }
    let near = suggest(address.as_str(), all.iter().map(|a| a.as_str()));
    let diagnostic =
        Diagnostic::error("M0008", Class::Usage, format!("the ledger holds no resource `{address}`"));
    Err(one(match near {
        Some(near) => diagnostic.help(format!("did you mean {near}? `migrate status` lists all")),
        None => diagnostic.help("`migrate status` lists what it holds"),
    }))
}
