//! A plan, an account and a ledger that outlive the runs made on them.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock},
};

use migrate::{
    aws::{Cloud, Realm, access::rehearsed},
    clock::{Clock, VirtualClock, from_millis},
    engine::{Seen, Stop, refresh, refresh_entries},
    error::Diagnostic,
    graph::{Graph, Links},
    ledger::{Binding, Entry, Ledger, Snapshot, memory::MemoryStore, store::Store},
    model::Address,
    planner::{self, PlanInput, Wait},
    resources::registry,
    runs::{Context, Task, run},
    sandbox::{FaultScript, Lag, Sandbox, SandboxOptions, World, durations},
    template::{self, Environment, Home, Options},
};

use super::{
    places::{Copied, Crash, Moments, Places, Watched},
    plans::{evaluated, linked},
    ran::{Ran, Recorder},
    second::Meddled,
    secrets,
    trouble::{Trouble, Verb},
};

/// Where every rehearsed world's calendar begins.
const EPOCH_MS: i64 = 1_767_225_600_000;

/// The ledger's bytes, and what they say.
type Read = (MemoryStore, Arc<Snapshot>);

/// A plan, an account and a ledger that outlive the runs made on them.
#[derive(Clone)]
pub struct Rehearsal {
    plan: PathBuf,
    /// Evaluated once: the plan's files do not change under a rehearsal.
    evaluated: Arc<OnceLock<(Graph, Links)>>,
    warned: bool,
    /// Resources that get a new object.
    pub replace: Vec<Address>,
    /// How far what is made is waited for.
    pub wait: Wait,
    /// No step is begun once one has failed.
    pub fail_fast: bool,
    /// The new ledger's lineage.
    pub lineage: &'static str,
    stacks: Vec<String>,
    /// The account's state between runs.
    pub world: World,
    /// The ledger's bytes between runs.
    pub store: MemoryStore,
    /// The ledger as it was read last, and its bytes then: the checks after a run look at the same one several times.
    seen: Arc<Mutex<Option<Read>>>,
}

impl Rehearsal {
    /// An empty account and no ledger.
    pub fn new(plan: &Path) -> Self {
        Self {
            plan: plan.to_owned(),
            evaluated: Arc::default(),
            warned: false,
            replace: Vec::new(),
            wait: Wait::default(),
            fail_fast: false,
            lineage: "0123456789abcdef",
            stacks: Vec::new(),
            world: World::new(7, EPOCH_MS),
            store: MemoryStore::default(),
            seen: Arc::default(),
        }
    }

    /// Another account, by its seed.
    pub fn seeded(mut self, seed: u64) -> Self {
        self.world.seed = seed;
        self
    }

    /// Goes on from where a process died.
    pub fn after(&self, crash: &Crash) -> Self {
        Self { world: crash.world.clone(), store: crash.store.fork(), seen: Arc::default(), ..self.clone() }
    }

    /// The same account and ledger, independent of this one from now on.
    pub fn fork(&self) -> Self {
        Self { store: self.store.fork(), seen: Arc::default(), ..self.clone() }
    }

    /// Another plan for the same ledger.
    pub fn with_plan(mut self, plan: &Path) -> Self {
        self.plan = plan.to_owned();
        self.evaluated = Arc::default();
        self
    }

    /// The plan may be one with warnings.
    pub fn with_warnings(mut self) -> Self {
        self.warned = true;
        self
    }

    /// Has the applications of the plan copied, as `plan` does, and evaluates it with their templates.
    pub fn with_applications(mut self) -> Self {
        let clock = VirtualClock::starting_at(from_millis(self.world.now()));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let sandbox = Sandbox::new(self.world.clone(), Arc::clone(&shared));
        let cloud = Cloud::new(Realm::Sandbox, sandbox.sdk_config("us-east-1"));
        let options = Options { fallback_region: Some("us-east-1".into()), ..Options::default() };
        let mut loaded = template::load(&self.plan, &options).unwrap_or_else(|e| panic!("{e:#?}"));
        loop {
            let wanted = template::remote_templates(&loaded, &Environment::offline());
            let Some(remote) = wanted.first() else { break };
            let Home::Application(application) = &remote.home else { panic!("{remote:?}") };
            let version = application.version.as_deref();
            let asked = cloud.application(shared.as_ref(), &remote.region, &application.id, version);
            let copy = clock.block_on(asked).expect("a copy");
            let Some(Home::Object { region, bucket, key }) = Home::object(&copy.url, &remote.region) else {
                panic!("{copy:?}")
            };
            let read = cloud.text(shared.as_ref(), &region, (&bucket, &key), 1 << 20);
            let text = clock.block_on(read).expect("the template");
            loaded.nest(remote, text).unwrap_or_else(|e| panic!("{e:#?}"));
        }
        self.world = sandbox.world(|world| world.clone());
        self.evaluated = Arc::new(OnceLock::from(linked(&loaded, true)));
        self
    }

    /// Only these stacks of the plan and what they depend on.
    pub fn choose(mut self, stacks: &[&str]) -> Self {
        self.stacks = stacks.iter().map(|stack| (*stack).to_owned()).collect();
        self.evaluated = Arc::default();
        self
    }

    /// The plan, evaluated for the sandbox's account.
    pub fn graph(&self) -> &(Graph, Links) {
        self.evaluated.get_or_init(|| evaluated(&self.plan, self.warned, &self.stacks, &self.world))
    }

    /// Why the plan cannot follow what the ledger holds; nothing is called.
    pub fn plan_errors(&self) -> Vec<Diagnostic> {
        let (graph, links) = self.graph();
        let (snapshot, types) = (self.snapshot(), &registry::find);
        let (account, replace) = (&self.world.account, &self.replace);
        let input = PlanInput { graph, links, snapshot: &snapshot, account, types, replace };
        planner::plan(&input).err().unwrap_or_default()
    }

    /// Runs `up`.
    pub fn up(&mut self) -> Ran {
        self.run(Verb::Up, Trouble::default())
    }

    /// Runs `destroy`.
    pub fn destroy(&mut self) -> Ran {
        self.run(Verb::Destroy, Trouble::default())
    }

    /// Runs under a fault script.
    pub fn run_with(&mut self, verb: Verb, script: FaultScript) -> Ran {
        self.run(verb, script.into())
    }

    /// Runs undisturbed and returns every distinct state in which the process could have died: before and after
    /// each append (with the line whole or torn), after each sync, and after each effect on the world that no
    /// answer has told of. A state before a request is sent is the one after its intent's sync.
    pub fn crashes(&mut self, verb: Verb) -> (Ran, Vec<Crash>, Moments) {
        self.crashes_with(verb, FaultScript::default())
    }

    /// The same of a run under a fault script.
    pub fn crashes_with(&mut self, verb: Verb, script: FaultScript) -> (Ran, Vec<Crash>, Moments) {
        let places = Arc::<Mutex<Places>>::default();
        let ran = self.run(verb, Trouble { script, places: Some(Arc::clone(&places)), ..Trouble::default() });
        let mut places = places.lock().expect("places");
        (ran, std::mem::take(&mut places.crashes), places.moments)
    }

    /// The ledger as it is on disk.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        let mut seen = self.seen.lock().expect("no panic while it was read");
        if let Some((_, snapshot)) = seen.as_ref().filter(|(store, _)| store.equals(&self.store)) {
            return Arc::clone(snapshot);
        }
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::starting_at(from_millis(self.world.now())));
        let ledger =
            Ledger::on(Box::new(self.store.fork()), clock, || "none".into()).expect("a readable ledger");
        let snapshot = Arc::new(ledger.snapshot().clone());
        *seen = Some((self.store.fork(), Arc::clone(&snapshot)));
        snapshot
    }

    /// Runs with trouble.
    pub fn run(&mut self, verb: Verb, trouble: Trouble) -> Ran {
        fastrand::seed(7);
        let mut known = secrets::of_world(&self.world);
        let clock = VirtualClock::starting_at(from_millis(self.world.now()));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let mut options = SandboxOptions { script: trouble.script, ..SandboxOptions::default() };
        options.delete_lag = trouble.delete_lag;
        // Every new object is hidden for a moment, unless a test says otherwise: what is rare on AWS is the rule here.
        options.read_lag = trouble.read_lag.unwrap_or(Lag::Fixed(durations::READ_LAG));
        let sandbox = Sandbox::with_options(self.world.clone(), Arc::clone(&shared), options);
        let killed = sandbox.killed();
        if let Some((nth, keep)) = trouble.dies_at_write {
            self.store.kill_at(nth, keep, Arc::clone(&killed));
        }
        if let Some(nth) = trouble.disk_full_at {
            self.store.fill_at(nth);
        }
        let store: Box<dyn Store> = match &trouble.places {
            Some(places) => {
                let (places, store) = (Arc::clone(places), self.store.clone());
                let seen = Arc::clone(&places);
                sandbox.set_sink(Box::new(move |world, _| {
                    let mut places = seen.lock().expect("places");
                    if places.remember("after an effect, before its answer", world, store.fork()) {
                        places.moments.effects += 1;
                    }
                    Ok(())
                }));
                Box::new(Watched { lines: 0, inner: self.store.clone(), sandbox: sandbox.clone(), places })
            }
            None => Box::new(self.store.clone()),
        };
        let store: Box<dyn Store> = match &trouble.second {
            Some(second) => Box::new(Meddled::new(store, sandbox.clone(), Arc::clone(second))),
            None => store,
        };
        let written = Arc::<Mutex<Vec<u8>>>::default();
        let store: Box<dyn Store> = Box::new(Copied { inner: store, written: Arc::clone(&written) });
        let (config, keys) = rehearsed(&sandbox.sdk_config("us-east-1"), sandbox.clock());
        keys.wait_for(trouble.auth_wait);
        let mut cloud = Cloud::with_keys(Realm::Sandbox, config, Some(keys));
        let (graph, links) = self.graph();
        let mut frontend = Recorder::default();
        let account = RefCell::new(String::new());
        let task = Task {
            admit: &|_| Ok(()),
            binding: Some(Binding {
                migration: graph.migration.clone(),
                environment: graph.environment.clone(),
                account: self.world.account.clone(),
                region: graph.main_region(),
                realm: Realm::Sandbox.as_str().into(),
                plan: None,
            }),
            stacks: graph.stacks.iter().map(|stack| (stack.name.clone(), stack.protected)).collect(),
            refresh: false,
            plan: &|snapshot| {
                let account = account.borrow();
                let types = &registry::find;
                if verb == Verb::Destroy {
                    return Ok(planner::teardown(snapshot, &account, types));
                }
                let replace = &self.replace;
                let input = PlanInput { graph, links, snapshot, account: &account, types, replace };
                let mut set = planner::plan(&input).unwrap_or_else(|e| panic!("{e:#?}"));
                set.wishes.wait = self.wait;
                Ok(set)
            },
            secrets: graph.secrets.clone(),
            lookups: None,
            rolls_back: verb == Verb::UpOrBack,
            fail_fast: self.fail_fast,
        };
        let finished = clock.block_on_until(
            async {
                let broke = |error: &dyn std::fmt::Debug| format!("{error:?}");
                let ledger =
                    Ledger::on(store, Arc::clone(&shared), || self.lineage.into()).map_err(|e| broke(&e))?;
                cloud.identify(shared.as_ref()).await.map_err(|e| e.to_string())?;
                account.borrow_mut().clone_from(&cloud.account);
                let clock = Arc::clone(&shared);
                let (stop, by) = (Stop::default(), "test".to_owned());
                let context = Context { cloud: &cloud, clock, stop, by, tick: None };
                let ended = run(&context, ledger, task, &mut frontend).await.map_err(|e| broke(&e))?;
                match ended.unresolved {
                    Some(unresolved) => Err(broke(&unresolved)),
                    None => Ok(ended.finished),
                }
            },
            &killed,
        );
        let Recorder { events, change_set } = frontend;
        self.store.power_off();
        self.world = sandbox.world(|world| world.clone());
        known.extend(secrets::of_world(&self.world));
        for event in &events {
            let line = serde_json::to_string(event).expect("an event");
            secrets::absent_from(&line, &known, "an event");
        }
        let journal = written.lock().expect("what was written");
        secrets::absent_from(&String::from_utf8_lossy(&journal), &known, "the journal");
        drop(journal);
        secrets::absent_from(&self.store.snapshot_text(), &known, "the ledger's snapshot");
        let log = sandbox.log();
        let (finished, broke_off) = match finished {
            Err(_) => (None, None),
            Ok(Ok(finished)) => (Some(finished), None),
            Ok(Err(why)) => (None, Some(why)),
        };
        Ran {
            finished,
            broke_off,
            events,
            change_set: change_set
                .unwrap_or_else(|| planner::teardown(&Snapshot::new("none".into()), "", &registry::find)),
            mutations: log
                .iter()
                .filter(|l| l.mutating)
                .map(|l| format!("{}:{}", l.service, l.operation))
                .collect(),
            calls: log.len(),
            faults: sandbox.faults_applied(),
        }
    }

    /// Reads every object of the ledger back from the world, as it is when everything shows.
    pub fn refresh(&self) -> Vec<Seen> {
        self.refresh_after(60_000)
    }

    /// Reads every object of the ledger back from the world so many milliseconds from now.
    pub fn refresh_after(&self, millis: i64) -> Vec<Seen> {
        self.refresh_with(millis, FaultScript::default()).0
    }

    /// The same under a fault script; and the operations that were called.
    pub fn refresh_with(&self, millis: i64, script: FaultScript) -> (Vec<Seen>, Vec<String>) {
        let clock = VirtualClock::starting_at(from_millis(self.world.now() + millis));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let options = SandboxOptions { script, ..SandboxOptions::default() };
        let sandbox = Sandbox::with_options(self.world.clone(), Arc::clone(&shared), options);
        let mut cloud = Cloud::new(Realm::Sandbox, sandbox.sdk_config("us-east-1"));
        let snapshot = self.snapshot();
        let seen = clock.block_on(async {
            cloud.identify(shared.as_ref()).await.expect("the sandbox knows its account");
            refresh(&cloud, &shared, &snapshot).await
        });
        let called = sandbox.log().into_iter().map(|line| format!("{}:{}", line.service, line.operation));
        (seen, called.collect())
    }

    /// Takes what the world holds into the ledger, as `up --refresh` does.
    pub fn learn(&mut self) {
        let seen = self.refresh();
        self.write(refresh_entries(&self.snapshot(), &seen));
    }

    /// Writes lines into the ledger between runs.
    pub fn write(&mut self, entries: Vec<Entry>) {
        let clock: Arc<dyn Clock> = Arc::new(VirtualClock::starting_at(from_millis(self.world.now())));
        let mut ledger =
            Ledger::on(Box::new(self.store.clone()), clock, || "none".into()).expect("a readable ledger");
        for entry in entries {
            ledger.append(entry).expect("an entry");
        }
        ledger.sync().expect("a sync");
    }
}
