//! `migrate destroy`: deletes everything the ledger holds, from the ledger alone.

use super::{
    Verdict,
    args::{DestroyCommand, Global},
    confirm,
    exit::Code,
    ledgers, neighbours,
    operate::guard,
    runs,
    session::Session,
    sign_in,
    terminal::Terminal,
};
use crate::{engine::Stop, graph::Secrets, planner, resources::registry, runs::Task, ui::Printer};

/// Runs the verb. What needs a permission in `up` needs the same here: data is lost only with `--allow-data-loss`, or
/// where the address was typed.
pub fn run(global: &Global, args: &DestroyCommand, printer: &mut Printer) -> Verdict {
    let dir = ledgers::find_ledger(global, &args.which, printer)?;
    let snapshot = ledgers::existing(global, &dir)?;
    ledgers::of_this_realm(global, &snapshot, &dir)?;
    let region = snapshot.binding.as_ref().map(|b| b.region.clone());
    let session = Session::open(global, region.as_deref())?;
    printer.banner(session.is_sandbox());
    if let Some(region) = region.as_deref().filter(|_| !session.is_sandbox()) {
        printer.advise(&sign_in::header(&session, region, "the ledger"));
    }
    ledgers::check_binding(&snapshot, &session, None, &dir)?;
    let beside = neighbours::read(&dir, Some(&session));
    printer.warnings(&beside.warnings());
    beside.keep_all(&snapshot)?;
    let account = session.cloud.account.clone();
    if args.dry_run {
        let mut set = planner::teardown(&snapshot, &account, &registry::find);
        runs::protect(&session, &snapshot, &mut set);
        let next = global.typed.again().without("dry_run").to_string();
        printer.plan(&set, Some(&next));
        session.close()?;
        return Ok(Code::Success);
    }
    let ledger = runs::open(&session, &dir, "destroy", || session.lineage())?;
    let again = global.typed.again().to_string();
    let task = Task {
        admit: &|snapshot| ledgers::check_binding(snapshot, &session, None, &dir),
        binding: None,
        stacks: Vec::new(),
        refresh: false,
        plan: &|snapshot| Ok(planner::teardown(snapshot, &account, &registry::find)),
        lookups: None,
        secrets: Secrets::default(),
        rolls_back: false,
        fail_fast: args.fail_fast,
    };
    let terminal = Terminal {
        printer,
        sandbox: session.is_sandbox(),
        again: again.clone(),
        stop: Stop::default(),
        ask: &|printer, set, snapshot| {
            guard::destroy(snapshot)?;
            confirm::unprotected_stacks(snapshot)?;
            confirm::known(set, snapshot, &args.allow_data_loss)?;
            confirm::unprotected(set)?;
            confirm::data_loss(printer, &confirm::unpermitted(set, &args.allow_data_loss), args.yes)?;
            if args.yes {
                return Ok(());
            }
            let name = format!("{}-{}", set.target.migration, set.target.environment);
            let region = region.as_deref().unwrap_or_default();
            let place = sign_in::whereto(&session, region, &set.target.environment);
            let question = format!("Everything above will be deleted{place}. Type {name} to confirm: ");
            let again = global.typed.again();
            let (dry, sure) = (again.clone().with("--dry-run"), again.with("--yes"));
            let without = format!("review with `{dry}`, then run `{sure}`");
            confirm::ask(printer, &question, &name, &without)
        },
    };
    session.wait_for_keys(args.auth_wait);
    let ended = runs::conduct(&session, &dir, ledger, task, terminal)?;
    printer.warnings(&sign_in::ran_out(&ended, &session, &again));
    session.close()?;
    runs::verdict(ended, &dir, &again)
}
