//! From the command line to a graph, a ledger and a change set.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    args::{Global, LedgerArgs, PlanArgs},
    key, locate, lookups,
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
    files,
    graph::{Graph, Links, Needs},
    ledger::{Binding, Ledger, LedgerError, Snapshot, Source, store::DirStore},
    lint,
    model::{
        Found,
        secret::{self, Key},
    },
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
    let (told, used, whose) = (Arc::clone(&wrong), Arc::clone(&assumed), global.clone());
    let ask = FallbackRegion::new(move || match fallback_region(&whose) {
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
        let more = examine(&loaded, &Environment::offline()).err().unwrap_or_default();
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
        of_this_realm(global, &snapshot, dir)?;
    }
    Session::open_for(global, region(loaded), loaded.assembly.account.as_deref())
        .map_err(|problems| lookups::untold(loaded, problems))
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
pub fn examine(loaded: &Loaded, environment: &Environment) -> Result<Prepared, Vec<Diagnostic>> {
    let made_up = environment.offline.then(|| loaded.with_made_up());
    let loaded = made_up.as_ref().unwrap_or(loaded);
    let drafts = template::draft(loaded, environment);
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
    loaded: &Loaded,
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

/// Evaluates against the session's account. What a saved change set looked up is not looked for anew.
///
/// # Errors
/// As [`evaluate`], when the account cannot be read, and when a lookup finds nothing or several objects.
pub fn online(
    global: &Global,
    args: &PlanArgs,
    loaded: &Loaded,
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
    let (loaded, mut found) = lookups::resolve(global, loaded, session, saved)?;
    let known = Environment {
        account: session.cloud.account.clone(),
        partition: session.cloud.partition.clone(),
        ..Environment::default()
    };
    let loaded = &remote::read(global, loaded, &known, session)?;
    let regions = template::zone_regions(loaded);
    let zones = session
        .block_on(session.cloud.zones(session.clock.as_ref(), &regions))
        .map_err(|error| one(sign_in::access(&error, global, session)))?;
    let wanted = template::ssm_parameters(loaded);
    let parameters = session
        .block_on(session.cloud.parameters(session.clock.as_ref(), &wanted))
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
    let wanted = template::account_facts(loaded, &environment);
    environment.objects = session
        .block_on(session.cloud.objects(session.clock.as_ref(), &wanted))
        .map_err(|error| one(sign_in::access(&error, global, session)))?;
    found.extend(stacks::ask(global, loaded, &mut environment, session, saved)?);
    let prepared = evaluate(loaded, &environment, args, printer)?;
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

/// The ledger's folder for commands that do not need the plan's resources: named by `--ledger`, else looked up through
/// the plan's name. Only where nothing names a plan (no argument, no environment, no plan in the current folder) it
/// is the only ledger below `.migrate`: a misspelt or broken plan must never stand for another one. Where there is
/// none for AWS yet, it is that of the rehearsals, with a note: whoever calls AWS with it is refused.
///
/// # Errors
/// When it is not clear which ledger is meant, or it is another plan's.
pub fn find_ledger(
    global: &Global,
    whose: &LedgerArgs,
    printer: &mut Printer,
) -> Result<PathBuf, Vec<Diagnostic>> {
    if let (Some(dir), None) = (&global.ledger, &whose.plan) {
        return Ok(dir.clone());
    }
    let mut problems = match load_named(global, whose.plan(), whose.environment.as_deref()) {
        Ok(loaded) => return of_plan(global, &loaded, printer),
        // The plan's files are not needed where the ledger itself is named.
        Err(problems) => match &global.ledger {
            Some(dir) => return Ok(dir.clone()),
            None => problems,
        },
    };
    let state = if global.sandbox { global.sandbox_dir.as_path() } else { Path::new(locate::STATE) };
    let mut ledgers = locate::ledgers(state);
    let unnamed = whose.plan.is_none() && whose.environment.is_none() && !template::is_plan(Path::new("."));
    if unnamed && ledgers.is_empty() && !global.sandbox {
        ledgers = locate::ledgers(&global.sandbox_dir);
        if let [dir] = ledgers.as_slice() {
            rehearsal_note(dir, printer);
        }
    }
    if unnamed && ledgers.len() == 1 {
        return Ok(ledgers.remove(0));
    }
    if !ledgers.is_empty() {
        let names: Vec<String> = ledgers.iter().map(|dir| format!("--ledger {}", dir.display())).collect();
        let message = "the plan cannot be read, so its ledger is not known";
        problems.push(Diagnostic::error("M4120", Class::Plan, message).help(format!(
            "correct the plan's name or its files; or name the ledger itself: {}",
            names.join(", ")
        )));
    }
    Err(problems)
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

fn of_plan(global: &Global, loaded: &Loaded, printer: &mut Printer) -> Result<PathBuf, Vec<Diagnostic>> {
    let mut dir = locate::find(global, loaded, printer)?;
    if global.ledger.is_none() && !global.sandbox && !DirStore::exists(&dir) {
        let rehearsal = locate::rehearsal(global, loaded);
        if DirStore::exists(&rehearsal) {
            rehearsal_note(&rehearsal, printer);
            dir = rehearsal;
        }
    }
    // One that cannot be read is told about by whoever reads it.
    if let Ok(Some(snapshot)) = Ledger::peek(&dir) {
        locate::check(&snapshot, loaded, &dir)?;
    }
    Ok(dir)
}

fn rehearsal_note(dir: &Path, printer: &mut Printer) {
    printer.advise(&format!(
        "Note: there is no ledger for AWS yet; this is the sandbox's, in {} (as with --sandbox).",
        dir.display()
    ));
}

/// A ledger's failure as a diagnostic.
pub fn ledger_error(error: &LedgerError, dir: &Path) -> Vec<Diagnostic> {
    let (code, class, help) = match error {
        LedgerError::Locked { .. } => {
            ("M4101", Class::Locked, "wait for it to end; a lock never outlives its process".to_owned())
        }
        LedgerError::Io { source, .. } => ("M4102", Class::Ledger, mend(source, dir)),
        LedgerError::Edited { .. } => (
            "M4107",
            Class::Ledger,
            "restore it from a backup; or, if the change was meant, accept it with \
             `migrate ledger verify --accept-edits`"
                .to_owned(),
        ),
        LedgerError::Damaged { .. } => (
            "M4103",
            Class::Ledger,
            format!("restore {} from a backup; its lines are JSON and can be read", dir.display()),
        ),
        LedgerError::Format { .. } | LedgerError::UnknownEntry { .. } => {
            ("M4104", Class::Ledger, "use the newer migrate that wrote it".to_owned())
        }
    };
    one(Diagnostic::error(code, class, error.to_string()).help(help))
}

/// What mends a file operation that failed.
fn mend(source: &std::io::Error, dir: &Path) -> String {
    use std::io::ErrorKind::{
        FileTooLarge, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull,
    };
    if let Some(refused) = files::refusal(source) {
        return files::advice(refused);
    }
    let dir = dir.display();
    match source.kind() {
        StorageFull => format!("free space on the file system of {dir}"),
        QuotaExceeded => format!("free space, or raise your quota on the file system of {dir}"),
        FileTooLarge => "raise the limit on the size of files (`ulimit -f unlimited`)".to_owned(),
        ReadOnlyFilesystem => {
            format!("make the file system of {dir} writable, or name another folder with --ledger DIR")
        }
        PermissionDenied => {
            format!(
                "make {dir} and its files writable for this user, or name another folder with --ledger DIR"
            )
        }
        _ => format!("look after the disk and the permissions of {dir}"),
    }
}

/// A ledger's failure in mid run, when calls were made already.
pub fn ledger_broke(error: &LedgerError, dir: &Path, again: &str) -> Vec<Diagnostic> {
    let LedgerError::Io { source, .. } = error else { return ledger_error(error, dir) };
    let message = format!("the run ended early, as its ledger could not be written: {error}");
    let help = format!(
        "nothing was called after that. What was done before is in the ledger, and the next run finds what the \
         last calls did. {}; then resume with `{again}`",
        capitalised(&mend(source, dir))
    );
    one(Diagnostic::error("M4108", Class::Failed, message).help(help))
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Reads a ledger that must exist.
///
/// # Errors
/// None there, unreadable, damaged.
pub fn existing(dir: &Path) -> Result<Snapshot, Vec<Diagnostic>> {
    Ledger::peek(dir).map_err(|e| ledger_error(&e, dir))?.ok_or_else(|| {
        one(Diagnostic::error("M4105", Class::Ledger, format!("there is no ledger in {}", dir.display()))
            .help("name it with --ledger DIR, or run `migrate up` first"))
    })
}

/// Refuses a rehearsal's ledger without --sandbox before anybody is asked for credentials of AWS.
///
/// # Errors
/// It is a rehearsal's; the help is the command with --sandbox.
pub fn of_this_realm(global: &Global, snapshot: &Snapshot, dir: &Path) -> Result<(), Vec<Diagnostic>> {
    let rehearsed = snapshot.binding.as_ref().is_some_and(|binding| binding.realm == "sandbox");
    if !rehearsed || global.sandbox {
        return Ok(());
    }
    let message = format!("the ledger in {} belongs to the sandbox, not to AWS", dir.display());
    let again = global.typed.again().with("--sandbox");
    Err(one(
        Diagnostic::error("M6101", Class::Access, message).help(format!("it is a rehearsal's: `{again}`"))
    ))
}

/// Refuses a ledger of another migration, account, region or realm.
///
/// # Errors
/// What does not fit.
pub fn check_binding(
    snapshot: &Snapshot,
    session: &Session,
    plan: Option<(&Loaded, &str)>,
    dir: &Path,
) -> Result<(), Vec<Diagnostic>> {
    let Some(binding) = &snapshot.binding else { return Ok(()) };
    let realm = session.cloud.realm.as_str();
    let mut wrong = Vec::new();
    if binding.realm != realm {
        let (there, here) = (realm_words(&binding.realm), realm_words(realm));
        let help = if realm == "sandbox" { "leave --sandbox out" } else { "add --sandbox" };
        wrong.push(
            Diagnostic::error(
                "M6101",
                Class::Access,
                format!("the ledger in {} belongs to {there}, not to {here}", dir.display()),
            )
            .help(format!("{help}, or choose another ledger with --ledger DIR")),
        );
    } else if binding.account != session.cloud.account {
        wrong.push(
            Diagnostic::error(
                "M6102",
                Class::Access,
                format!(
                    "the ledger belongs to account {}, but the credentials are for {}",
                    binding.account, session.cloud.account
                ),
            )
            .help("use the other account's profile (--profile NAME), or another ledger (--ledger DIR)"),
        );
    }
    if let Some((loaded, region)) = plan {
        let Loaded { migration, environment, .. } = loaded;
        if binding.migration != *migration || binding.environment != *environment {
            wrong.push(other_migration(binding, loaded, dir));
        } else if binding.region != region {
            wrong.push(
                Diagnostic::error(
                    "M6103",
                    Class::Access,
                    format!("the ledger belongs to region {}, the plan is for {region}", binding.region),
                )
                .help("a migration does not move; destroy it first, or use another environment or ledger"),
            );
        } else if let Err(problems) = locate::check(snapshot, loaded, dir) {
            wrong.extend(problems);
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// The ledger's migration or environment is not the plan's.
pub fn other_migration(binding: &Binding, loaded: &Loaded, dir: &Path) -> Diagnostic {
    let Loaded { migration, environment, .. } = loaded;
    let message = format!(
        "the ledger in {} is of {} ({}), the plan is {migration} ({environment})",
        dir.display(),
        binding.migration,
        binding.environment
    );
    Diagnostic::error("M4106", Class::Ledger, message).help("name the right ledger with --ledger DIR")
}

fn realm_words(realm: &str) -> &'static str {
    if realm == "sandbox" { "the sandbox" } else { "AWS" }
}

/// The binding a first run writes.
#[must_use]
pub fn binding(graph: &Graph, session: &Session, plan: Source) -> Binding {
    Binding {
        migration: graph.migration.clone(),
        environment: graph.environment.clone(),
        account: session.cloud.account.clone(),
        region: graph.main_region(),
        realm: session.cloud.realm.as_str().into(),
        plan: Some(plan),
    }
}

/// Says so where the ledger's digests of secrets are by another key than this user's.
pub fn tell_other_key(graph: &Graph, snapshot: &Snapshot, printer: &mut Printer) {
    let Some(mark) = graph.secrets.0.keys().find_map(|reference| secret::mark_of(reference)) else { return };
    let count = snapshot
        .objects()
        .filter(|(_, object)| secret::by_another_key(&object.declared.properties, mark))
        .count();
    if count > 0 {
        printer.advise(&format!(
            "Note: for {count} resources the ledger has digests of secrets by another key (of another machine, user or \
             version). Whether these secrets have changed cannot be told: what can be set again is set again, and nothing \
             is replaced for it. See `migrate explain M4130`."
        ));
    }
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
    set.target.graph_digest = planner::digest(&prepared.graph);
    guard::deploy(&set, snapshot)?;
    prepared.neighbours.keep_promises(&prepared.graph, &set, snapshot)?;
    Ok(set)
}
