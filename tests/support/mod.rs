//! A rehearsal in process: plan, world, ledger and clock in memory, so that thousands of runs take seconds.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    rc::Rc,
    sync::Arc,
};

use migrate::{
    aws::{Cloud, Realm},
    clock::{Clock, VirtualClock, from_millis},
    engine::{Engine, Event, Finished, Observer, Outcome, SecretStore, Stop, recover},
    graph::{self, Graph, Links},
    ledger::{Entry, Ledger, Snapshot, memory::MemoryStore, store::Store},
    planner::{self, ChangeSet, PlanInput},
    resources::registry,
    sandbox::{FaultScript, Sandbox, SandboxOptions, World},
    template::{self, Environment, Options},
};

/// Where every rehearsed world's calendar begins.
const EPOCH_MS: i64 = 1_767_225_600_000;

/// The payments plan.
pub fn payments() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("plans/payments-single-stack")
}

/// Writes a test's input.
#[expect(clippy::disallowed_methods, reason = "a test's input is no ledger")]
pub fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("a file in a temporary folder");
}

/// A plan, an account and a ledger that outlive the runs made on them.
pub struct Rehearsal {
    plan: PathBuf,
    set: Vec<String>,
    warned: bool,
    /// The account's state between runs.
    pub world: World,
    /// The ledger's bytes between runs.
    pub store: MemoryStore,
}

/// What one run did.
pub struct Ran {
    /// `None` when the process was killed.
    pub finished: Option<Finished>,
    /// The whole stream.
    pub events: Vec<Event>,
    /// What was to be done.
    pub change_set: ChangeSet,
    /// Mutating operations the sandbox saw.
    pub mutations: Vec<String>,
}

impl Ran {
    /// The run's outcome.
    ///
    /// # Panics
    /// If the run was killed.
    pub fn outcome(&self) -> Outcome {
        self.finished.as_ref().expect("the run was killed").outcome
    }

    /// Asserts that the run was complete, and says why not.
    ///
    /// # Panics
    /// If it was not.
    #[track_caller]
    pub fn complete(self) -> Self {
        let finished = self.finished.as_ref().expect("the run was killed");
        assert_eq!(
            finished.outcome,
            Outcome::Complete,
            "{:#?}\n{:?}",
            finished.failures,
            finished.ledger_error
        );
        self
    }
}

/// A state of world and ledger in which the process died.
#[derive(Clone)]
pub struct Crash {
    /// What the journal was about to hold, for messages.
    pub at: String,
    /// The account at that moment.
    pub world: World,
    /// The ledger's durable bytes at that moment.
    pub store: MemoryStore,
}

/// A store that remembers world and disk at every append and sync: each is a place to die.
struct Watched {
    inner: MemoryStore,
    sandbox: Sandbox,
    crashes: Rc<RefCell<Vec<Crash>>>,
}

impl Watched {
    fn remember(&self, at: &str) {
        let at = at.chars().take(200).collect();
        let world = self.sandbox.world(|world| world.clone());
        self.crashes.borrow_mut().push(Crash { at, world, store: self.inner.fork() });
    }
}

impl Store for Watched {
    fn load(&mut self) -> io::Result<(Option<Vec<u8>>, Vec<u8>)> {
        self.inner.load()
    }
    fn truncate_journal(&mut self, len: u64) -> io::Result<()> {
        self.inner.truncate_journal(len)
    }
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.remember(&format!("before appending {}", String::from_utf8_lossy(bytes)));
        self.inner.append(bytes)
    }
    fn sync(&mut self) -> io::Result<()> {
        self.inner.sync()?;
        self.remember("after a sync");
        Ok(())
    }
    fn replace_snapshot(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.replace_snapshot(bytes)
    }
    fn name(&self) -> String {
        "memory".into()
    }
}

/// Up or destroy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Up,
    Destroy,
}

impl Rehearsal {
    /// An empty account and no ledger.
    pub fn new(plan: &Path) -> Self {
        Self {
            plan: plan.to_owned(),
            set: Vec::new(),
            warned: false,
            world: World::new(7, EPOCH_MS),
            store: MemoryStore::default(),
        }
    }

    /// Goes on from where a process died.
    pub fn after(&self, crash: &Crash) -> Self {
        Self {
            plan: self.plan.clone(),
            set: self.set.clone(),
            warned: self.warned,
            world: crash.world.clone(),
            store: crash.store.clone(),
        }
    }

    /// Another plan for the same ledger.
    pub fn with_plan(mut self, plan: &Path) -> Self {
        self.plan = plan.to_owned();
        self
    }

    /// The plan may be one with warnings.
    pub fn with_warnings(mut self) -> Self {
        self.warned = true;
        self
    }

    /// The plan, evaluated for the sandbox's account.
    pub fn graph(&self) -> (Graph, Links) {
        let options = Options {
            set: self.set.clone(),
            fallback_region: Some("us-east-1".into()),
            ..Options::default()
        };
        let loaded = template::load(&self.plan, &options).unwrap_or_else(|e| panic!("{e:#?}"));
        let (graph, warnings) =
            template::evaluate(&loaded, &Environment::offline()).unwrap_or_else(|e| panic!("{e:#?}"));
        assert!(self.warned || warnings.is_empty(), "{warnings:#?}");
        let links = graph::link(&graph, &registry::find).unwrap_or_else(|e| panic!("{e:#?}"));
        (graph, links)
    }

    /// Runs `up`.
    pub fn up(&mut self) -> Ran {
        self.run(Verb::Up, FaultScript::default(), None)
    }

    /// Runs `destroy`.
    pub fn destroy(&mut self) -> Ran {
        self.run(Verb::Destroy, FaultScript::default(), None)
    }

    /// Runs under a fault script.
    pub fn run_with(&mut self, verb: Verb, script: FaultScript) -> Ran {
        self.run(verb, script, None)
    }

    /// Runs undisturbed and returns every state in which the process could have died.
    pub fn crashes(&mut self, verb: Verb) -> (Ran, Vec<Crash>) {
        let crashes = Rc::new(RefCell::new(Vec::new()));
        let ran = self.run(verb, FaultScript::default(), Some(Rc::clone(&crashes)));
        let mut crashes = crashes.take();
        // States between two writes of the same tick are the same state.
        crashes.dedup_by(|a, b| {
            a.store.durable() == b.store.durable()
                && serde_json::to_string(&a.world).ok() == serde_json::to_string(&b.world).ok()
        });
        (ran, crashes)
    }

    /// The ledger as it is on disk.
    pub fn snapshot(&self) -> Snapshot {
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::starting_at(from_millis(self.world.now())));
        let ledger =
            Ledger::on(Box::new(self.store.fork()), clock, || "none".into()).expect("a readable ledger");
        ledger.snapshot().clone()
    }

    fn run(&mut self, verb: Verb, script: FaultScript, watch: Option<Rc<RefCell<Vec<Crash>>>>) -> Ran {
        fastrand::seed(7);
        let clock = VirtualClock::starting_at(from_millis(self.world.now()));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let options = SandboxOptions { script, ..SandboxOptions::default() };
        let sandbox = Sandbox::with_options(self.world.clone(), Arc::clone(&shared), options);
        let store: Box<dyn Store> = match watch {
            Some(crashes) => {
                Box::new(Watched { inner: self.store.clone(), sandbox: sandbox.clone(), crashes })
            }
            None => Box::new(self.store.clone()),
        };
        let ledger = Ledger::on(store, Arc::clone(&shared), || "0123456789abcdef".into()).expect("a ledger");
        let ledger = RefCell::new(ledger);
        let mut cloud = Cloud::new(Realm::Sandbox, sandbox.sdk_config("us-east-1"));
        let mut events: Vec<Event> = Vec::new();
        let killed = sandbox.killed();
        let (graph, links) = self.graph();
        let mut change_set = None;
        let finished = clock.block_on_until(
            async {
                cloud.identify(shared.as_ref()).await.expect("the sandbox knows its account");
                if ledger.borrow().snapshot().binding.is_none() {
                    let bound = Entry::Bound {
                        migration: graph.migration.clone(),
                        environment: graph.environment.clone(),
                        account: cloud.account.clone(),
                        region: graph.stacks[0].region.clone(),
                        realm: "sandbox".into(),
                    };
                    ledger.borrow_mut().append(bound).expect("an entry");
                }
                recover(&cloud, &shared, &ledger).await.expect("recovery");
                let snapshot = ledger.borrow().snapshot().clone();
                let set = match verb {
                    Verb::Up => planner::plan(&PlanInput {
                        graph: &graph,
                        links: &links,
                        snapshot: &snapshot,
                        account: &cloud.account,
                        types: &registry::find,
                    })
                    .unwrap_or_else(|e| panic!("{e:#?}")),
                    Verb::Destroy => planner::teardown(&snapshot, &cloud.account, &registry::find),
                };
                change_set = Some(set.clone());
                let secrets = SecretStore::new(graph.secrets.clone());
                let observer: RefCell<&mut dyn Observer> = RefCell::new(&mut events);
                let engine = Engine {
                    cloud: &cloud,
                    clock: Arc::clone(&shared),
                    ledger: &ledger,
                    observer: &observer,
                    secrets: &secrets,
                    stop: Stop::default(),
                    by: "test".into(),
                    tick: None,
                };
                engine.run(&set).await
            },
            &killed,
        );
        drop(ledger);
        self.store.power_off();
        self.world = sandbox.world(|world| world.clone());
        let log = sandbox.log();
        Ran {
            finished: finished.ok(),
            events,
            change_set: change_set.expect("the run came as far as planning"),
            mutations: log
                .iter()
                .filter(|l| l.mutating)
                .map(|l| format!("{}:{}", l.service, l.operation))
                .collect(),
        }
    }

    /// No orphan, no phantom, nothing open: every tagged object of the world belongs to the ledger, and the
    /// ledger has no open intent.
    #[track_caller]
    pub fn check_invariants(&self, context: &str) {
        let snapshot = self.snapshot();
        assert!(snapshot.open.is_empty(), "{context}: open intents {:?}", snapshot.open);
        assert!(
            snapshot.objects().all(|(_, o)| o.stage == migrate::ledger::Stage::Ready),
            "{context}: unfinished objects"
        );
    }

    /// Objects of the world by table, without what AWS keeps by itself and what merely lingers.
    pub fn census(&self) -> BTreeMap<String, usize> {
        let mut world = self.world.clone();
        // Interfaces linger and change batches settle: look an hour later.
        let later = world.now() + 3_600_000;
        world.advance_to(later);
        world.census()
    }
}
