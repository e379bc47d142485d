//! `migrate destroy`: deletes everything the ledger holds, from the ledger alone.

use super::{
    Verdict,
    args::{DestroyCommand, Global},
    confirm,
    exit::Code,
    neighbours, prepare, runs,
    session::Session,
};
use crate::{graph::Secrets, planner, resources::registry, ui::Printer};

/// Runs the verb. What needs a permission in `up` needs the same here: data is lost only with `--allow-data-loss`, or
/// where the address was typed.
pub fn run(global: &Global, args: &DestroyCommand, printer: &mut Printer) -> Verdict {
    let dir = prepare::find_ledger(global, &args.whose)?;
    let snapshot = prepare::existing(&dir)?;
    let region = snapshot.binding.as_ref().map(|b| b.region.clone());
    let session = Session::open(global, region.as_deref())?;
    printer.banner(session.is_sandbox());
    prepare::check_binding(&snapshot, &session, None, &dir)?;
    let beside = neighbours::read(&dir, Some(&session));
    printer.warnings(&beside.warnings());
    beside.keep_all(&snapshot)?;
    let account = session.cloud.account.clone();
    if args.dry_run {
        let mut set = planner::teardown(&snapshot, &account, &registry::find);
        runs::protect(&session, &snapshot, &mut set);
        printer.plan(&set, None);
        session.close()?;
        return Ok(Code::Success);
    }
    let ledger = runs::open(&session, &dir, "destroy", || session.lineage())?;
    let recovered = runs::settle(&session, &ledger, &dir)?;
    let mut set = planner::teardown(ledger.borrow().snapshot(), &account, &registry::find);
    runs::protect(&session, ledger.borrow().snapshot(), &mut set);
    printer.review(&set);
    if !set.is_empty() {
        confirm::unprotected_stacks(ledger.borrow().snapshot())?;
        confirm::unprotected(&set)?;
        confirm::data_loss(printer, &confirm::unpermitted(&set, &args.allow_data_loss), args.yes)?;
    }
    if !set.is_empty() && !args.yes {
        let name = format!("{}-{}", set.target.migration, set.target.environment);
        let question = format!("Everything above will be deleted. Type {name} to confirm: ");
        confirm::ask(
            printer,
            &question,
            &name,
            "review with `migrate destroy --dry-run`, then run `migrate destroy --yes`",
        )?;
    }
    let again = runs::again(global, "destroy", args.whose.plan(), args.whose.environment.as_deref());
    let job = runs::Job { set: &set, secrets: Secrets::default(), recovered, again, rollback: false };
    runs::execute(session, runs::Opened { dir, ledger }, job, printer)
}
