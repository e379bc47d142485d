//! Where a verb of the operations works: the ledger's lock, the account, what is operated, and whoever answers questions.

use std::{cell::RefCell, future::poll_fn, path::Path, pin::pin, sync::Arc, task::Poll};

use serde_json::json;

use super::{
    Act, evidence, known,
    report::{self, Lines},
};
use crate::{
    aws::OpError,
    cli::{
        Verdict,
        args::{Global, LedgerArgs},
        confirm,
        exit::Code,
        ledgers, runs,
        session::{Session, one},
        sign_in::access,
        signals,
    },
    engine::{
        EventKind, Limits, Observer, Outcome, Redactor, Stop,
        operate::{Halt, Operator, Reader},
    },
    error::{Class, Diagnostic},
    ledger::{Entry, Happened, Ledger, Snapshot, Verb, digest},
    operations::{
        discover::Resolved,
        drive::{Driver, Failure},
        phase,
        steps::{Step, refused_s},
    },
    runs::{Run, RunError},
    ui::Printer,
};

/// Why a verb ended early.
pub enum End {
    /// What was to be done failed.
    Failed(Failure),
    /// It says itself why.
    Told(Vec<Diagnostic>),
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Halt> for End {
    fn from(halt: Halt) -> Self {
        Self::Failed(halt.into())
    }
}

impl From<OpError> for End {
    fn from(error: OpError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<Diagnostic> for End {
    fn from(diagnostic: Diagnostic) -> Self {
        Self::Told(vec![diagnostic])
    }
}

impl From<Vec<Diagnostic>> for End {
    fn from(list: Vec<Diagnostic>) -> Self {
        Self::Told(list)
    }
}

/// What is operated, or why nothing can be.
///
/// # Errors
/// What is wrong with the declaration, or that there is nothing to operate.
pub fn resolved(
    global: &Global,
    which: &LedgerArgs,
    snapshot: &Snapshot,
    printer: &mut Printer,
) -> Result<Resolved, Vec<Diagnostic>> {
    let found = known::discovered(global, which, snapshot)?;
    let errors: Vec<Diagnostic> = found.errors().cloned().collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    printer.warnings(&found.problems);
    found.resolved.ok_or_else(|| {
        let message = "there is no replication task with a full load in the ledger";
        one(Diagnostic::error("O2005", Class::Plan, message)
            .help("deploy one with `migrate up`; `migrate status` lists what there is"))
    })
}

/// Runs a verb that only reads: no lock, no journal.
///
/// # Errors
/// No ledger, no access, nothing to operate, or that AWS does not answer.
pub fn reading<T>(
    global: &Global,
    which: &LedgerArgs,
    printer: &mut Printer,
    work: impl AsyncFnOnce(&Reader<'_>, &Resolved, &Snapshot, &mut Printer) -> Result<T, OpError>,
) -> Result<T, Vec<Diagnostic>> {
    let dir = ledgers::find_ledger(global, which, printer)?;
    let snapshot = ledgers::existing(global, &dir)?;
    let region = snapshot.binding.as_ref().map(|binding| binding.region.clone());
    ledgers::of_this_realm(global, &snapshot, &dir)?;
    let session = Session::open(global, region.as_deref())?;
    printer.banner(session.is_sandbox());
    ledgers::check_binding(&snapshot, &session, None, &dir)?;
    let resolved = resolved(global, which, &snapshot, printer)?;
    let reader = Reader {
        cloud: &session.cloud,
        clock: Arc::clone(&session.clock),
        limits: Limits::new(Arc::clone(&session.clock)),
    };
    let answer = session.block_on(work(&reader, &resolved, &snapshot, printer));
    let answer = answer.map_err(|error| {
        if error.is_credentials() {
            return one(access(&error, global, &session));
        }
        let request = error.request_id.clone();
        one(Diagnostic::error("O2008", Class::Failed, error.to_string()).request(request))
    });
    session.close()?;
    answer
}

/// Whoever answers questions.
pub struct Desk<'d, 'q> {
    printer: &'d RefCell<&'q mut Printer>,
    /// What the command line says.
    pub act: &'d Act,
    /// The command that resumes.
    pub again: String,
    /// Who runs it.
    pub by: String,
}

impl Desk<'_, '_> {
    /// Asks for a text to be typed in full, and writes that it was. `--yes` is no answer to that.
    ///
    /// # Errors
    /// When it was neither typed nor given with --confirm.
    pub fn typed(&self, driver: &Driver<'_>, text: &str, why: &str) -> Result<(), End> {
        if !self.act.confirm.iter().any(|given| given == text) {
            let mut printer = self.printer.borrow_mut();
            if !printer.can_ask() {
                let message = format!("{why}: this needs the text `{text}`");
                let help = format!("`{} --confirm '{text}'`", self.again);
                return Err(Diagnostic::error("O2006", Class::Refused, message).help(help).into());
            }
            let question = format!("{why}.\nType {text}: ");
            confirm::ask(&mut printer, &question, text, "--confirm TEXT")?;
        }
        driver.note(Happened::Confirmed { text: text.to_owned(), by: self.by.clone() })?;
        Ok(())
    }

    /// Asks for a yes.
    ///
    /// # Errors
    /// When nobody says so.
    pub fn agreed(&self, question: &str) -> Result<(), End> {
        if self.act.yes {
            return Ok(());
        }
        let mut printer = self.printer.borrow_mut();
        let without = format!("review with `{0} --dry-run`, then run `{0} --yes`", self.again);
        Ok(confirm::ask(&mut printer, &format!("{question} Type yes: "), "yes", &without)?)
    }

    /// Whether somebody is there to answer.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        self.printer.borrow().can_ask()
    }

    /// Says something to people, and to programs as a remark among the events.
    pub fn advise(&self, driver: &Driver<'_>, text: &str) {
        if self.printer.borrow().is_json() {
            driver.operator.emit(EventKind::Remark { text: text.to_owned() });
        } else {
            self.printer.borrow_mut().advise(text);
        }
    }
}

/// Runs a verb that acts: under the ledger's lock, as one record of its history.
///
/// # Errors
/// Everything that kept it from its end.
pub fn acting(
    global: &Global,
    act: &Act,
    verb: &'static str,
    printer: &mut Printer,
    work: impl AsyncFnOnce(&Desk<'_, '_>, &Driver<'_>) -> Result<(), End>,
) -> Verdict {
    let dir = ledgers::find_ledger(global, &act.which, printer)?;
    let snapshot = ledgers::existing(global, &dir)?;
    let region = snapshot.binding.as_ref().map(|binding| binding.region.clone());
    ledgers::of_this_realm(global, &snapshot, &dir)?;
    let session = Session::open(global, region.as_deref())?;
    printer.banner(session.is_sandbox());
    ledgers::check_binding(&snapshot, &session, None, &dir)?;
    let ledger = runs::open(&session, &dir, verb, || session.lineage())?;
    let stop = Stop::default();
    let context = runs::context(&session, stop.clone());
    let admit = |snapshot: &Snapshot| ledgers::check_binding(snapshot, &session, None, &dir);
    let mut run = Run::open(&context, ledger, admit).map_err(|error| runs::run_error(error, &dir))?;
    let again = global.typed.again().to_string();
    session.block_on(run.settle()).map_err(|error| runs::run_error(error, &dir))?;
    let snapshot = run.snapshot().clone();
    let resolved = resolved(global, &act.which, &snapshot, printer)?;
    unresolved(&snapshot, &again)?;
    signals::listen(&stop);
    session.wait_for_keys(act.auth_wait);
    let sandbox = session.is_sandbox();
    let play = |name: &str, token: Option<&str>| session.play(name, token);
    let by = session.who();
    let folder = folder(act.which.plan());
    let printer = RefCell::new(printer);
    let desk = Desk { printer: &printer, act, again: again.clone(), by };
    let ran = session.block_on(run.operate(verb, 0, async |context, ledger| {
        let mut lines = Lines::new(&printer, sandbox);
        let observer: RefCell<&mut dyn Observer> = RefCell::new(&mut lines);
        let clock = Arc::clone(&context.clock);
        let started = clock.now();
        let name = ledger.borrow().snapshot().running.clone().unwrap_or_default();
        let driver = Driver {
            operator: Operator {
                reader: Reader { cloud: context.cloud, limits: Limits::new(Arc::clone(&clock)), clock },
                ledger,
                observer: &observer,
                stop: context.stop.clone(),
                redactor: Redactor::default(),
                seq: std::cell::Cell::new(0),
                started,
            },
            resolved: &resolved,
            folder,
            run: name,
            verb,
            overridden: act.overrides.iter().map(|one| one.gate.clone()).collect(),
            proven: RefCell::new(phase::Seen {
                switched: resolved.traffic.is_empty(),
                ..phase::Seen::default()
            }),
            rehearsal: sandbox.then_some(&play as &dyn Fn(&str, Option<&str>) -> String),
            patience: std::cell::Cell::new(1),
            heard: std::cell::Cell::new(0),
            left: std::cell::Cell::new(0),
        };
        let ended = match begin(&desk, &driver) {
            Ok(()) => attended(&driver, work(&desk, &driver)).await,
            Err(failure) => Err(End::Failed(failure)),
        };
        let (outcome, told) = match ended {
            Ok(()) => (Outcome::Complete, Vec::new()),
            Err(End::Failed(Failure::Halt(Halt::Ledger(error)))) => return Err(RunError::Ledger(error)),
            Err(End::Failed(failure)) => {
                let outcome = match &failure {
                    Failure::Stopped(_) | Failure::Halt(Halt::Stopped(_)) => Outcome::Stopped,
                    Failure::Halt(Halt::Unresolved(_)) => Outcome::Doubtful,
                    _ => Outcome::Failed,
                };
                (outcome, report::diagnostics(failure, &dir, &again))
            }
            Err(End::Told(told)) => (Outcome::Failed, told),
        };
        let phase = driver.known().phase().to_string();
        driver.operator.emit(EventKind::OperationFinished { outcome: outcome.as_str().into(), phase });
        Ok((outcome, told))
    }));
    let (_, told) = ran.map_err(|error| runs::run_error(error, &dir))?;
    session.close()?;
    if matches!(verb, "cutover" | "rollback" | "finalize") {
        testify(&dir, &mut printer.borrow_mut());
    }
    if told.is_empty() { Ok(Code::Success) } else { Err(told) }
}

/// Goes on with the work, and tells of credentials that ran out or were renewed meanwhile. A signal ends the wait for new
/// ones.
async fn attended<T>(driver: &Driver<'_>, work: impl Future<Output = T>) -> T {
    let cloud = driver.operator.reader.cloud;
    let stop = driver.operator.stop.clone();
    let mut work = pin!(work);
    loop {
        let level = stop.level();
        let mut raised = pin!(stop.reached(level + 1));
        let ended = poll_fn(|cx| {
            let polled = work.as_mut().poll(cx);
            for notice in cloud.keys_notices() {
                driver.operator.emit(EventKind::from(&notice));
            }
            if let Poll::Ready(value) = polled {
                return Poll::Ready(Some(value));
            }
            raised.as_mut().poll(cx).map(|_| None)
        })
        .await;
        if let Some(value) = ended {
            return value;
        }
        if let Some(keys) = cloud.keys().filter(|keys| keys.is_waiting()) {
            keys.give_up();
        }
    }
}

/// Writes the evidence beside the ledger, however the verb ended. That it cannot be written changes nothing of that.
fn testify(dir: &Path, printer: &mut Printer) {
    let Some(snapshot) = Ledger::peek(dir).ok().flatten() else { return };
    let text = match evidence::save(&snapshot, dir, None) {
        Ok((folder, bundle)) => {
            let head = bundle["head"].as_str().unwrap_or_default().to_owned();
            format!("Evidence in {}, head {head}", folder.display())
        }
        Err(why) => {
            let why: Vec<String> = why.into_iter().map(|one| one.message).collect();
            format!("The evidence is not written: {}. `migrate evidence` tries again.", why.join("; "))
        }
    };
    if !printer.is_json() {
        printer.advise(&text);
    }
}

/// The folder that hooks run in.
fn folder(plan: &Path) -> std::path::PathBuf {
    if plan.is_dir() {
        return plan.to_owned();
    }
    plan.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned()
}

/// Writes what is operated, where that has changed, and which gates are passed over.
fn begin(desk: &Desk<'_, '_>, driver: &Driver<'_>) -> Result<(), Failure> {
    let known = driver.known();
    let declared = serde_json::to_value(driver.resolved).unwrap_or_default();
    let sum = digest(&declared);
    let mut entries =
        vec![Entry::Happened(Happened::Began { verb: driver.verb.into(), by: desk.by.clone() })];
    if known.digest != sum && !known.protects() {
        entries.push(Entry::Declared { resolved: declared, digest: sum });
    }
    for passed in &desk.act.overrides {
        let (gate, reason) = (passed.gate.clone(), passed.reason.clone());
        entries.push(Entry::Happened(Happened::Override { gate, reason, by: desk.by.clone() }));
    }
    Ok(driver.operator.write(entries)?)
}

/// Refuses to act while it is not known what an earlier call did.
fn unresolved(snapshot: &Snapshot, again: &str) -> Result<(), Vec<Diagnostic>> {
    let open = snapshot.open.values().filter(|open| open.verb == Verb::Operate);
    let told: Vec<Diagnostic> = open
        .map(|open| {
            let what = open.operate.as_ref().map(|call| call.name.clone()).unwrap_or_default();
            let message = format!("whether an earlier call took effect is not known: {what}");
            let help = format!(
                "look at it by hand, then `migrate ledger resolve {} --absent` if it had none; or `{again}` later",
                open.address
            );
            Diagnostic::error("O2009", Class::Doubtful, message).at(&open.address).help(help)
        })
        .collect();
    if told.is_empty() { Ok(()) } else { Err(told) }
}

/// Shows what a verb would do.
pub fn preview(printer: &mut Printer, steps: &[Step]) -> Code {
    let refused = refused_s(steps, false);
    if printer.is_json() {
        printer.json(&json!({"format": 1, "steps": steps, "expected_refused_s": refused}));
        return Code::Success;
    }
    let mut text = String::new();
    for (at, step) in steps.iter().enumerate() {
        text.push_str(&format!("{:>3}  {}\n", at + 1, step.words()));
        if let Step::Call { call, .. } = step {
            text.push_str(&format!("     {}\n", crate::operations::calls::as_command(&call.request)));
        }
    }
    if steps.is_empty() {
        text.push_str("nothing to do\n");
    }
    if let Some(seconds) = refused {
        // Ends that are told as steps: until the target opens nothing is lost by going back.
        let minutes = seconds.div_ceil(60);
        text.push_str(&format!("\nWrites are refused for about {minutes} min, if nothing goes wrong.\n"));
        if let Some(at) = steps.iter().position(|step| matches!(step, Step::Opens)) {
            text.push_str(&format!(
                "Up to step {at} a failure undoes everything, and nothing is lost; from step {} on, `migrate rollback` \
                 goes back.\n",
                at + 1
            ));
        }
    }
    printer.prose(&text);
    Code::Success
}
