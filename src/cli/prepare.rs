//! From the command line to a graph, a ledger and a change set.

use std::{
    collections::BTreeSet,
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    args::{Global, PlanArgs},
    key, ledgers, locate, lookups,
    neighbours::{self, Neighbours},
    operate::guard,
    remote,
    session::{Session, one},
    sign_in, stacks, values,
};
use crate::{
    aws::access::Setting,
    check::{self, Checked},
    error::{Class, Diagnostic, Severity},
    graph::{Graph, Links, Needs},
    ledger::{Ledger, Snapshot},
    lint,
    model::{Found, secret::Key},
    operations,
    planner::{self, Action, ChangeSet, PlanInput, StepId, Wishes},
    resources::registry,
    template::{self, Environment, FallbackRegion, Loaded, Options},
    ui::Printer,
};

/// A plan, evaluated and linked.
pub struct Prepared {
    /// The resource graph.
    pub graph: Graph,
    /// Its edges.
    pub links: Links,
    /// Findings that do not stop the command.
    pub warnings: Vec<Diagnostic>,
    /// The ledgers beside this plan's.
    pub neighbours: Neighbours,
    /// What lookups found.
    pub found: Vec<Found>,
}

/// Reads the plan's files.
///
/// # Errors
/// Everything that is wrong with them.
pub fn load(global: &Global, args: &PlanArgs) -> Result<Loaded, Vec<Diagnostic>> {
    load_or(global, args, None).0
}

/// The region of plans that name none, for commands that ask no account.
const ASSUMED: &str = "us-east-1";

/// The same for commands that ask no account: a plan that names no region is checked for one, and a note says so.
///
/// # Errors
/// Everything that is wrong with the plan's files.
pub fn load_offline(
    global: &Global,
    args: &PlanArgs,
    printer: &mut Printer,
) -> Result<Loaded, Vec<Diagnostic>> {
    let (loaded, assumed) = load_or(global, args, Some(ASSUMED));
    if assumed && !printer.is_json() {
        let text = format!(
            "Note: neither the plan nor the environment names a region; it is checked for {ASSUMED}."
        );
        printer.advise(&text);
    }
    loaded
}

/// The same once more, when its files were changed: the note was made.
///
/// # Errors
/// Everything that is wrong with the plan's files.
pub fn load_again(global: &Global, args: &PlanArgs) -> Result<Loaded, Vec<Diagnostic>> {
    load_or(global, args, Some(ASSUMED)).0
}

/// Reads the plan's files; where neither they nor the environment name a region, for `otherwise`. Whether that was used.
fn load_or(
    global: &Global,
    args: &PlanArgs,
    otherwise: Option<&'static str>,
) -> (Result<Loaded, Vec<Diagnostic>>, bool) {
    // Only a plan that names no region has the AWS configuration read, and then whatever is wrong with that comes first.
    let wrong: Arc<OnceLock<Vec<Diagnostic>>> = Arc::default();
    let assumed = Arc::new(AtomicBool::new(false));
    let (told, used, which) = (Arc::clone(&wrong), Arc::clone(&assumed), global.clone());
    let ask = FallbackRegion::new(move || match fallback_region(&which) {
        Ok(Some(region)) => Some(region.value),
        Ok(None) => {
            used.store(otherwise.is_some(), Ordering::Relaxed);
            otherwise.map(ToOwned::to_owned)
        }
        Err(problems) => {
            let _ = told.set(problems);
            None
        }
    });
    let loaded = values::of(args).and_then(|set| load_in(global, args, set, ask));
    let loaded = match Arc::into_inner(wrong).and_then(OnceLock::into_inner) {
        Some(problems) => Err(problems),
        None => loaded,
    };
    (loaded, assumed.load(Ordering::Relaxed))
}

fn load_in(
    global: &Global,
    args: &PlanArgs,
    set: Vec<String>,
    fallback_region: FallbackRegion,
) -> Result<Loaded, Vec<Diagnostic>> {
    let options = Options {
        environment: args.environment.clone(),
        region: global.region.clone(),
        fallback_region: Some(fallback_region),
        set,
        stacks: args.stacks.clone(),
    };
    let (loaded, mut wrong) = template::load_readable(&args.plan, &options)?;
    // A file that cannot be parsed does not hide what is wrong with the others.
    let syntax = |one: &Diagnostic| matches!(one.code, "M1002" | "M1003" | "M1005" | "M1006");
    if !wrong.is_empty() && !loaded.stacks.is_empty() && wrong.iter().all(syntax) {
        // What the broken ones export, nobody knows.
        let follows = |one: &Diagnostic| matches!(one.code, "M1052" | "M1058");
        let more = examine(loaded.clone(), &Environment::offline()).err().unwrap_or_default();
        wrong.extend(more.into_iter().filter(|one| one.severity == Severity::Error && !follows(one)));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    global.typed.may_print(template::open_parameters(&loaded.sources()));
    Ok(loaded)
}

/// The region of plans that name none: the environment's, else the profile's. The sandbox looks at nothing outside.
fn fallback_region(global: &Global) -> Result<Option<Setting>, Vec<Diagnostic>> {
    if global.sandbox {
        return Ok(Some(Setting { value: "us-east-1".into(), source: "the sandbox".into() }));
    }
    sign_in::region_without_plan(global)
}

/// Who says in which region the plan is run, for people.
fn region_source(global: &Global, loaded: &Loaded) -> String {
    if global.region.is_some() {
        "--region".into()
    } else if loaded.names_region {
        "the plan".into()
    } else {
        fallback_region(global).ok().flatten().map_or_else(|| "the plan".into(), |region| region.source)
    }
}

/// Opens the account that a plan is for.
///
/// # Errors
/// As [`Session::open_for`]; what would have been looked up is told too.
pub fn open(global: &Global, loaded: &Loaded) -> Result<Session, Vec<Diagnostic>> {
    // A ledger that is named tells for which world it is, before anybody signs in to the other one.
    if let Some(dir) = &global.ledger
        && let Ok(Some(snapshot)) = Ledger::peek(dir)
    {
        ledgers::of_this_realm(global, &snapshot, dir)?;
    }
    Session::open_for(global, region(loaded), loaded.assembly.account.as_deref())
        .map_err(|problems| lookups::not_looked_up(loaded, problems))
}

/// Says where a plan is run and as whom, before anything else.
pub fn header(global: &Global, loaded: &Loaded, session: &Session, printer: &mut Printer) {
    printer.banner(session.is_sandbox());
    if let Some(region) = region(loaded).filter(|_| !session.is_sandbox()) {
        printer.advise(&sign_in::header(session, region, &region_source(global, loaded)));
    }
}

/// The plan's main region: its first stack's.
#[must_use]
pub fn region(loaded: &Loaded) -> Option<&str> {
    loaded.stacks.first().map(|stack| stack.region.as_str())
}

/// Evaluates, links and lints. Where no account is asked, lookups have made-up values.
///
/// # Errors
/// Everything that is wrong with the plan.
pub fn examine(mut loaded: Loaded, environment: &Environment) -> Result<Prepared, Vec<Diagnostic>> {
    if environment.offline {
        loaded = loaded.with_made_up();
    }
    let drafts = template::draft(&loaded, environment);
    // A large plan's trees are a third of its memory, and all that is needed of them is in the drafts now.
    loaded.keep_names();
    let sources = loaded.sources();
    let mask = |problems| template::mask(problems, &sources);
    let Checked { mut graph, links, mut warnings } = check::check(drafts).map_err(mask)?;
    // Where only some stacks were chosen, what is operated may stand in the others.
    warnings.extend(operations::review(loaded.operations.as_ref(), &graph, loaded.wanted.is_empty()));
    if warnings.iter().any(|finding| finding.severity == Severity::Error) {
        return Err(mask(warnings));
    }
    let key = || environment.key.map_or_else(|| Ok(Key::default()), |key| key());
    check::conceal(&mut graph, key).map_err(mask)?;
    // Only findings of checks need them, and a large plan's are a quarter of its memory.
    graph.nodes.iter_mut().for_each(|node| node.places = None);
    Ok(Prepared {
        graph,
        links,
        warnings: mask(warnings),
        neighbours: Neighbours::default(),
        found: Vec::new(),
    })
}

/// Evaluates with the account's facts and prints warnings.
///
/// # Errors
/// Everything that is wrong with the plan.
pub fn evaluate(
    loaded: Loaded,
    environment: &Environment,
    args: &PlanArgs,
    printer: &mut Printer,
) -> Result<Prepared, Vec<Diagnostic>> {
    let mut prepared = examine(loaded, environment)?;
    prepared.warnings.retain(|finding| args.advice || !lint::ADVICE.contains(&finding.code));
    if args.deny_warnings && !prepared.warnings.is_empty() {
        for warning in &mut prepared.warnings {
            warning.severity = Severity::Error;
        }
        return Err(prepared.warnings);
    }
    printer.findings(&prepared.warnings);
    Ok(prepared)
}

/// Evaluates against the session's account. What a saved change set looked up is not looked for anew. Of the plan's files
/// names remain ([`Loaded::keep_names`]).
///
/// # Errors
/// As [`evaluate`], when the account cannot be read, and when a lookup finds nothing or several objects.
pub fn online(
    global: &Global,
    args: &PlanArgs,
    loaded: &mut Loaded,
    session: &Session,
    saved: Option<&ChangeSet>,
    printer: &mut Printer,
) -> Result<Prepared, Vec<Diagnostic>> {
    if let Some(account) = loaded.assembly.account.as_deref().filter(|a| *a != session.cloud.account) {
        return Err(one(other_account(account, session)));
    }
    let own = locate::home(global, loaded);
    let mut neighbours = neighbours::read(&own, Some(session));
    printer.warnings(&neighbours.warnings());
    let saved = saved.map(|set| set.lookups.as_slice());
    let whole = loaded.clone();
    loaded.keep_names();
    let (whole, mut found) = lookups::resolve(global, whole, session, saved)?;
    let known = Environment {
        account: session.cloud.account.clone(),
        partition: session.cloud.partition.clone(),
        ..Environment::default()
    };
    let (whole, told) = remote::read(global, whole, &known, session, saved)?;
    found.extend(told);
    let wanted = template::wanted(&whole);
    let zones = session
        .block_on(session.cloud.zones(session.clock.as_ref(), &wanted.zones))
        .map_err(|error| one(sign_in::access(&error, global, session)))?;
    let parameters = session
        .block_on(session.cloud.parameters(session.clock.as_ref(), &wanted.parameters))
        .map_err(|error| one(sign_in::access(&error, global, session)))?;
    let mut environment = Environment {
        account: session.cloud.account.clone(),
        partition: session.cloud.partition.clone(),
        zones,
        parameters,
        imports: std::mem::take(&mut neighbours.exports),
        key: Some(key::load),
        ..Environment::default()
    };
    let wanted = template::account_facts(&whole, &environment);
    environment.objects = session
        .block_on(session.cloud.objects(session.clock.as_ref(), &wanted))
        .map_err(|error| one(sign_in::access(&error, global, session)))?;
    found.extend(stacks::ask(global, &whole, &mut environment, session, saved)?);
    let prepared = evaluate(whole, &environment, args, printer)?;
    Ok(Prepared { neighbours, found, ..prepared })
}

/// A cloud assembly that was synthesised for an account is for that account only.
fn other_account(wanted: &str, session: &Session) -> Diagnostic {
    let here = &session.cloud.account;
    let help = if session.is_sandbox() {
        format!(
            "the sandbox's account is {here}; a new one takes the plan's: choose one with --sandbox-dir DIR"
        )
    } else {
        format!(
            "use credentials of account {wanted} (--profile NAME); `migrate whoami` shows which are in use and why. \
             The account stands in the manifest's `account`, or in the CDK app's environment"
        )
    };
    let message = format!("the plan is for account {wanted}, but the credentials are for {here}");
    Diagnostic::error("M6104", Class::Access, message).help(help)
}

/// Reads the plan's files for commands that only need its names: a plan without a region has its ledger all the same.
///
/// # Errors
/// Everything that is wrong with them.
pub fn load_named(
    global: &Global,
    plan: &Path,
    environment: Option<&str>,
) -> Result<Loaded, Vec<Diagnostic>> {
    let args = PlanArgs {
        plan: plan.to_owned(),
        environment: environment.map(ToOwned::to_owned),
        set: Vec::new(),
        set_env: Vec::new(),
        set_stdin: Vec::new(),
        deny_warnings: false,
        advice: false,
        stacks: Vec::new(),
    };
    load_in(global, &args, Vec::new(), "us-east-1".into())
}

/// What the run will not wait for, for the review.
fn not_waited(set: &ChangeSet) -> Vec<String> {
    let wait = set.wishes.wait;
    let needed: BTreeSet<StepId> = set
        .steps
        .iter()
        .flat_map(|step| &step.after)
        .filter(|dependency| dependency.needs == Needs::Ready)
        .map(|dependency| dependency.step)
        .collect();
    let left = set.steps.iter().filter_map(|step| {
        let makes =
            matches!(step.action, Action::Create { .. } | Action::Update { .. } | Action::Finish { .. });
        let until = wait.omits(registry::find(&step.kind)?.facts().settles)?;
        let said = format!(
            "{} is not waited for until {until} (--wait {}); the next up does",
            step.address,
            wait.as_str()
        );
        (makes && !needed.contains(&step.id)).then_some(said)
    });
    left.collect()
}

/// Plans the graph against a snapshot.
///
/// # Errors
/// What the planner finds.
pub fn change_set(
    prepared: &Prepared,
    snapshot: &Snapshot,
    session: &Session,
    wishes: &Wishes,
) -> Result<ChangeSet, Vec<Diagnostic>> {
    let replace = wishes.replace.as_slice();
    if let Some(unknown) = replace.iter().find(|address| snapshot.current(address).is_none()) {
        let message = format!("--replace: the ledger holds no resource `{unknown}`");
        return Err(one(
            Diagnostic::error("M0008", Class::Usage, message).help("`migrate status` lists what it holds")
        ));
    }
    let masked = guard::masked(&prepared.graph, snapshot);
    let (graph, ledger) =
        masked.as_ref().map_or((&prepared.graph, snapshot), |(graph, ledger)| (graph, ledger));
    let mut set = planner::plan(&PlanInput {
        graph,
        links: &prepared.links,
        snapshot: ledger,
        account: &session.cloud.account,
        types: &registry::find,
        replace,
    })?;
    set.wishes = wishes.clone();
    let waits = not_waited(&set);
    set.notes.extend(waits);
    set.lookups.clone_from(&prepared.found);
    set.notes.extend(lookups::news(&prepared.found, &snapshot.lookups));
    if masked.is_some() {
        set.target.graph_digest = planner::digest(&prepared.graph);
    }
    guard::deploy(&set, snapshot)?;
    prepared.neighbours.keep_promises(&prepared.graph, &set, snapshot)?;
    Ok(set)
}
