//! Goes through steps.

use std::{cell::RefCell, path::PathBuf, time::Duration};

use serde_json::{Value as Json, json};

use super::{hook, mirror};
use crate::{
    clock::{from_rfc3339, millis},
    engine::{
        EventKind,
        operate::{Halt, Operator},
    },
    ledger::{Entry, Facts, Happened, Operations, Phase, digest},
    operations::{
        calls::{self, Difference},
        declare::{Hook, POSITION},
        discover::{Resolved, Task},
        gates::{self, Reading, Samples, Verdict},
        measure::{self, Wanted},
        phase::{self, Refusal},
        steering,
        steps::{Step, Until, expected_s},
    },
};

/// Why steps were not carried out to their end.
#[derive(Debug)]
pub enum Failure {
    /// A call did not take effect, or the ledger could not be written.
    Halt(Halt),
    /// Somebody else changed what is operated; nothing was changed since.
    Changed(Vec<Difference>),
    /// A gate is closed.
    Closed(Vec<Reading>),
    /// What a step waits for did not appear in its time.
    Late {
        /// What for.
        what: String,
        /// How it stood.
        detail: String,
        /// How long it was waited, in seconds.
        limit_s: u64,
    },
    /// What a step waits for cannot appear any more.
    Broken {
        /// What for.
        what: String,
        /// Why not.
        why: String,
    },
    /// A hook failed.
    Hook {
        /// Which.
        name: String,
        /// Why.
        why: String,
    },
    /// A phase was not earned.
    Phase(Refusal),
    /// A signal.
    Stopped(u8),
}

impl From<Halt> for Failure {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Stopped(level) => Self::Stopped(level),
            other => Self::Halt(other),
        }
    }
}

impl From<crate::aws::OpError> for Failure {
    fn from(error: crate::aws::OpError) -> Self {
        Self::Halt(Halt::Aws(error))
    }
}

/// Plays a hook in a rehearsal, given its name and token, and answers what it prints.
pub type Play<'p> = &'p dyn Fn(&str, Option<&str>) -> String;

/// Carries steps out.
pub struct Driver<'d> {
    /// Makes the calls.
    pub operator: Operator<'d>,
    /// What is operated.
    pub resolved: &'d Resolved,
    /// Where hooks run: the manifest's folder.
    pub folder: PathBuf,
    /// The run's name, for hooks and comments.
    pub run: String,
    /// The verb, for hooks.
    pub verb: &'static str,
    /// Gates that are passed over.
    pub overridden: Vec<String>,
    /// What the waits so far have shown.
    pub proven: RefCell<phase::Seen>,
    /// In a rehearsal: plays a hook, given its name and token, and answers what it prints.
    pub rehearsal: Option<Play<'d>>,
    /// The signal's level that ends the steps.
    pub patience: std::cell::Cell<u8>,
    /// The signal's level that was answered.
    pub heard: std::cell::Cell<u8>,
    /// How long the rest of the steps takes, in seconds, from experience.
    pub left: std::cell::Cell<u64>,
}

impl Driver<'_> {
    /// What the ledger knows of operations.
    #[must_use]
    pub fn known(&self) -> Operations {
        self.operator.ledger.borrow().snapshot().operations.clone()
    }

    /// Writes what happened.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn note(&self, happened: Happened) -> Result<(), Failure> {
        Ok(self.operator.write(vec![Entry::Happened(happened)])?)
    }

    /// Looks at everything that is operated or watched, and compares it with the last look.
    ///
    /// # Errors
    /// What somebody else changed, or that AWS does not answer.
    pub async fn scan(&self) -> Result<Facts, Failure> {
        let now = self.operator.reader.facts(&calls::watched(self.resolved)).await?;
        let known = self.known();
        let changed = calls::differences(&known.facts, &now, known.phase());
        if changed.is_empty() { Ok(now) } else { Err(Failure::Changed(changed)) }
    }

    /// Scans, and writes what was seen.
    ///
    /// # Errors
    /// As [`Self::scan`].
    pub async fn observe(&self, baseline: bool) -> Result<Facts, Failure> {
        let facts = self.scan().await?;
        self.operator.write(vec![Entry::Observed { facts: facts.clone(), baseline }])?;
        Ok(facts)
    }

    /// Measures gates once.
    ///
    /// # Errors
    /// When AWS does not answer.
    pub async fn samples(&self, wanted: Wanted<'_>) -> Result<Samples, Failure> {
        let known = self.known();
        let mut samples = measure::measure(&self.operator.reader, self.resolved, &known, wanted).await?;
        if wanted.gates.contains(&"transactions") {
            samples.transactions = self.transactions().await?;
        }
        Ok(samples)
    }

    /// Judges gates, tells and writes what they say.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn judge(&self, names: &[&str], samples: &Samples) -> Result<Vec<Reading>, Failure> {
        let limits = self.resolved.declared.limits;
        let readings: Vec<Reading> = names.iter().map(|gate| gates::judge(gate, samples, &limits)).collect();
        self.tell(&readings)?;
        Ok(readings)
    }

    /// Tells and writes what gates say.
    fn tell(&self, readings: &[Reading]) -> Result<(), Failure> {
        let mut entries = Vec::new();
        for reading in readings {
            self.operator.emit(EventKind::GateMeasured {
                gate: reading.gate.clone(),
                verdict: reading.verdict.as_str().into(),
                summary: reading.summary.clone(),
            });
            entries.push(Entry::Happened(Happened::Measured {
                gate: reading.gate.clone(),
                verdict: reading.verdict.as_str().into(),
                samples_sha256: digest(&reading.samples),
                summary: reading.summary.clone(),
                samples: reading.samples.clone(),
            }));
        }
        Ok(self.operator.write(entries)?)
    }

    /// The gates that the plan declares itself, as hooks `custom:NAME`: exit code 0 is open, 1 is closed, and whatever else
    /// happens is unknown.
    async fn custom(&self) -> Result<Vec<Reading>, Failure> {
        let names = self.resolved.declared.hooks.keys().filter(|name| name.starts_with(gates::CUSTOM));
        let mut readings = Vec::new();
        for name in names {
            let (verdict, summary) = match self.run(name, None).await? {
                Ok((Some(0), said)) => (Verdict::Open, said),
                Ok((Some(1), said)) => (Verdict::Closed, said),
                Ok((Some(code), _)) => (Verdict::Unknown, format!("its hook ended with exit code {code}")),
                Ok((None, _)) => {
                    (Verdict::Unknown, format!("its hook did not end within {} s", self.limit(name)))
                }
                Err(why) => (Verdict::Unknown, format!("its hook cannot be run: {why}")),
            };
            // The first line is for people; the rest is the hook's own affair.
            let summary = summary.lines().next().unwrap_or_default().chars().take(200).collect();
            readings.push(Reading { gate: name.clone(), verdict, summary, samples: Json::Null });
        }
        self.tell(&readings)?;
        Ok(readings)
    }

    /// As [`Self::pass`], with the gates that the plan declares itself.
    ///
    /// # Errors
    /// The closed ones.
    pub async fn pass_all(&self, names: &[&str]) -> Result<(), Failure> {
        let samples = self.samples(Wanted::forward(self.resolved, names)).await?;
        let mut readings = self.judge(names, &samples)?;
        readings.extend(self.custom().await?);
        let barred = self.barred(&readings);
        if barred.is_empty() { Ok(()) } else { Err(Failure::Closed(barred)) }
    }

    /// The gates among these that keep it from going on: not open, and not passed over.
    #[must_use]
    pub fn barred(&self, readings: &[Reading]) -> Vec<Reading> {
        let passed = |gate: &str| self.overridden.iter().any(|name| name == gate);
        let shut = |reading: &&Reading| reading.verdict != Verdict::Open && !passed(&reading.gate);
        readings.iter().filter(shut).cloned().collect()
    }

    /// Measures gates, and goes on only if all are open or passed over.
    ///
    /// # Errors
    /// The closed ones.
    pub async fn pass(&self, names: &[&str]) -> Result<Vec<Reading>, Failure> {
        let samples = self.samples(Wanted::forward(self.resolved, names)).await?;
        let readings = self.judge(names, &samples)?;
        let barred = self.barred(&readings);
        if barred.is_empty() { Ok(readings) } else { Err(Failure::Closed(barred)) }
    }

    /// Carries steps out, in order.
    ///
    /// # Errors
    /// What ended them.
    pub async fn carry(&self, steps: &[Step]) -> Result<(), Failure> {
        for (at, step) in steps.iter().enumerate() {
            let level = self.operator.stop.level();
            if level >= self.patience.get() {
                return Err(Failure::Stopped(level));
            }
            self.left.set(expected_s(&steps[at..]));
            self.answer();
            match step {
                Step::Call { address, call } => {
                    self.operator.act(address, call).await?;
                    if self.verb == "cutover" && steering::moves(&call.request) {
                        // The names lead to the other side: from here on finishing is the short way.
                        self.patience.set(self.patience.get().max(2));
                    }
                }
                Step::Wait { name, until, every_s, limit_s } => {
                    self.wait(name, until, *every_s, *limit_s).await?;
                    self.earn(until);
                }
                Step::Hook { name } => {
                    let printed = self.hook(name, None).await?;
                    if name == POSITION {
                        self.keep_position(&printed)?;
                    }
                }
                Step::StartAt { task } => self.start_at(task).await?,
                Step::Phase { to, why } => {
                    self.enter(*to, why).await?;
                    if *to == Phase::Live {
                        // The window is closed: nothing is shut that should be open.
                        self.patience.set(self.operator.stop.level() + 1);
                    }
                }
                Step::RefusalStarts { side, reopen } => {
                    if self.known().refused_since().is_none() {
                        self.note(Happened::RefusalStarted)?;
                    }
                    let (side, reopen) = (side.as_str(), reopen.clone());
                    self.operator.emit(EventKind::RefusalStarted { side, reopen });
                }
                Step::Rebind { region, group } => self.rebind(region, group).await?,
                Step::Opens => {
                    self.note(Happened::Noted { name: "opening".into(), value: json!(true) })?;
                    // From here on finishing is the safe way, not stopping.
                    self.patience.set(2);
                }
                Step::RefusalEnds => self.refusal_ends()?,
            }
        }
        Ok(())
    }

    /// Says what a signal brings about that does not end the steps.
    fn answer(&self) {
        let level = self.operator.stop.level();
        if level > self.heard.get() && level < self.patience.get() {
            self.heard.set(level);
            let text = format!(
                "stopped by a signal, but ending here would leave one side shut: the rest takes about {} s; another signal \
                 ends it where it stands",
                self.left.get()
            );
            self.operator.emit(EventKind::Remark { text });
        }
    }

    /// A rule that was revoked and put back is another object for EC2. The resource it belongs to gets its new id, or
    /// `destroy` would look for the old one.
    async fn rebind(&self, region: &str, group: &str) -> Result<(), Failure> {
        let subject = calls::group(region, group);
        let now = self.operator.reader.facts(std::slice::from_ref(&subject)).await?;
        let list = |facts: &Facts| {
            facts.get(&subject, "rules").and_then(Json::as_array).cloned().unwrap_or_default()
        };
        let (before, present) = (list(&self.known().baseline.unwrap_or_default()), list(&now));
        let mut entries = Vec::new();
        for was in &before {
            let Some(is) = present.iter().find(|is| is["rule"] == was["rule"] && is["id"] != was["id"])
            else {
                continue;
            };
            let (Some(old), Some(new)) = (was["id"].as_str(), is["id"].as_str()) else { continue };
            let ledger = self.operator.ledger.borrow();
            let owner = ledger.snapshot().objects().find(|(_, object)| object.physical_id.as_str() == old);
            if let Some((address, object)) = owner {
                let mut attributes = object.attributes.clone();
                for value in attributes.values_mut().filter(|value| value.as_str() == Some(old)) {
                    *value = json!(new);
                }
                entries.push(Entry::PutBack {
                    address: address.clone(),
                    generation: object.generation,
                    physical_id: new.into(),
                    attributes,
                });
            }
        }
        Ok(self.operator.write(entries)?)
    }

    fn refusal_ends(&self) -> Result<(), Failure> {
        let Some(began) = self.known().refused_since().and_then(from_rfc3339) else { return Ok(()) };
        let clock = self.operator.ledger.borrow().now();
        let seconds = u64::try_from((millis(clock) - millis(began)) / 1_000).unwrap_or_default();
        self.note(Happened::RefusalEnded { seconds })?;
        self.operator.emit(EventKind::RefusalEnded { seconds });
        Ok(())
    }

    /// What a wait that has ended proves.
    fn earn(&self, until: &Until) {
        let mut proven = self.proven.borrow_mut();
        match until {
            Until::Quiet { .. } => proven.fenced = true,
            Until::Drained { .. } => proven.drained = true,
            Until::Expired { .. } | Until::Applied { .. } => proven.switched = true,
            Until::Serving { .. } => (proven.open, proven.home, proven.restored) = (true, true, true),
            Until::Stopped { .. } => proven.ended = true,
            _ => {}
        }
    }

    /// Enters a phase, writes it, and mirrors it.
    ///
    /// # Errors
    /// When nothing has proven it.
    pub async fn enter(&self, to: Phase, why: &str) -> Result<(), Failure> {
        let from = self.known().phase();
        if from == to {
            return Ok(());
        }
        phase::enter(from, to, &self.proven.borrow()).map_err(Failure::Phase)?;
        self.record(from, to, why)?;
        mirror::write(self, to).await
    }

    /// Writes a phase that was computed from what is seen.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record(&self, from: Phase, to: Phase, why: &str) -> Result<(), Failure> {
        if matches!(to, Phase::Synced | Phase::Shifting(_) | Phase::RolledBack) && self.known().opened() {
            // Before the phase: a process that dies in between must not leave a mark that keeps a later cutover from
            // being undone.
            self.note(Happened::Noted { name: "opening".into(), value: json!(false) })?;
        }
        self.note(Happened::Phase { from, to, why: why.to_owned() })?;
        self.operator.emit(EventKind::PhaseChanged {
            from: from.to_string(),
            to: to.to_string(),
            why: why.into(),
        });
        Ok(())
    }

    /// Runs a hook. Answers what it printed.
    ///
    /// # Errors
    /// When it fails, hangs, or the ledger cannot be written.
    pub async fn hook(&self, name: &str, token: Option<&str>) -> Result<String, Failure> {
        let failed = |why: String| Failure::Hook { name: name.to_owned(), why };
        match self.run(name, token).await? {
            Ok((Some(0), output)) => Ok(output),
            Ok((Some(code), _)) => Err(failed(format!("it ended with exit code {code}"))),
            Ok((None, _)) => {
                Err(failed(format!("it did not end within {} s and was killed", self.limit(name))))
            }
            Err(error) => Err(failed(format!("it cannot be run: {error}"))),
        }
    }

    /// How long a hook may run, in seconds.
    fn limit(&self, name: &str) -> u64 {
        self.resolved.declared.hook_limits.get(name).copied().unwrap_or(hook::LIMIT_S)
    }

    /// The oldest open transaction, as the hook of that name tells it.
    async fn transactions(&self) -> Result<Option<Result<f64, String>>, Failure> {
        const HOOK: &str = "transactions";
        if !self.resolved.declared.hooks.contains_key(HOOK) {
            return Ok(None);
        }
        let told = match self.run(HOOK, None).await? {
            Ok((Some(0), said)) => match said.trim().parse::<f64>() {
                Ok(seconds) if seconds.is_finite() && seconds >= 0.0 => Ok(seconds),
                _ => Err("its hook does not print a number of seconds".to_owned()),
            },
            Ok((Some(code), _)) => Err(format!("its hook ended with exit code {code}")),
            Ok((None, _)) => Err(format!("its hook did not end within {} s", self.limit(HOOK))),
            Err(why) => Err(format!("its hook cannot be run: {why}")),
        };
        Ok(Some(told))
    }

    /// Keeps the position that a hook has printed.
    fn keep_position(&self, printed: &str) -> Result<(), Failure> {
        let position = printed.trim();
        let fits = |c: char| c.is_ascii_alphanumeric() || "._:/-".contains(c);
        if position.is_empty() || position.len() > 256 || !position.chars().all(fits) {
            let why = "it must print one position: an LSN, or file:position".to_owned();
            return Err(Failure::Hook { name: POSITION.into(), why });
        }
        self.note(Happened::Noted { name: POSITION.into(), value: json!(position) })
    }

    /// Starts a reverse task at the position that was kept.
    async fn start_at(&self, task: &Task) -> Result<(), Failure> {
        let noted = self.noted(POSITION);
        let Some(position) = noted.as_ref().and_then(Json::as_str) else {
            let what = format!("start task {}", task.address);
            return Err(Failure::Broken { what, why: "no position was kept".into() });
        };
        let subject = calls::task(task);
        let facts = self.operator.reader.facts(std::slice::from_ref(&subject)).await?;
        self.operator.act(&task.address, &calls::start_at(task, position, &facts)).await?;
        Ok(())
    }

    /// Runs a hook, and writes how it ended: its exit code, `None` when it was killed, and what it printed.
    async fn run(
        &self,
        name: &str,
        token: Option<&str>,
    ) -> Result<std::io::Result<(Option<i32>, String)>, Failure> {
        let Some(kind) = self.resolved.declared.hooks.get(name) else {
            return Err(Failure::Hook { name: name.to_owned(), why: "it is not declared".into() });
        };
        let phase = self.known().phase().to_string();
        let mut variables =
            vec![("MIGRATE_OP", self.verb), ("MIGRATE_PHASE", phase.as_str()), ("MIGRATE_RUN", &self.run)];
        variables.extend(token.map(|token| ("MIGRATE_TOKEN", token)));
        if self.rehearsal.is_some() {
            variables.push(("MIGRATE_REHEARSAL", "1"));
        }
        // A rehearsal must not lock the writers of a real server: what a hook does there is played.
        let played = self.rehearsal.filter(|_| !self.resolved.declared.rehearsed.contains(name));
        let ran = match played {
            Some(play) => {
                if name != "sentinel-read" {
                    let text =
                        format!("rehearsal: the hook {name} is played, not run (`rehearse: true` runs it)");
                    self.operator.emit(EventKind::Remark { text });
                }
                Ok(hook::Ran { exit: Some(0), output: play(name, token) })
            }
            None => match kind {
                Hook::Exec(argv) => hook::run(argv, &self.folder, &variables, self.limit(name)),
                Hook::Lambda { .. } => self.invoke(name, &variables).await,
            },
        };
        let (exit, output) = match &ran {
            Ok(ran) => (ran.exit, ran.output.as_str()),
            Err(_) => (None, ""),
        };
        self.note(Happened::Hook {
            name: name.to_owned(),
            argv_sha256: digest(&json!(kind)),
            exit,
            out_sha256: digest(&json!(output)),
        })?;
        self.operator.emit(EventKind::HookFinished { name: name.to_owned(), exit });
        Ok(ran.map(|ran| (ran.exit, ran.output)))
    }

    /// Runs a hook that is a function.
    async fn invoke(&self, name: &str, variables: &[(&str, &str)]) -> std::io::Result<hook::Ran> {
        let function = self.resolved.functions.iter().find(|function| function.hook == name);
        let function = function.ok_or_else(|| std::io::Error::other("the plan has no such function"))?;
        let sdk = self.operator.reader.sdk(&function.region);
        let ran = hook::invoke(&sdk, function, variables, self.limit(name)).await;
        ran.map_err(|error| std::io::Error::other(self.operator.redactor.clean_error(error).to_string()))
    }

    /// Repeats a look until it says so; each minute everything operated is scanned.
    ///
    /// # Errors
    /// Late, changed, stopped, or what the look says.
    pub async fn until(
        &self,
        name: &str,
        every_s: u64,
        limit_s: u64,
        mut look: impl AsyncFnMut() -> Result<Result<(), String>, Failure>,
    ) -> Result<(), Failure> {
        let began = millis(self.operator.reader.clock.now());
        let mut scanned = began;
        loop {
            let detail = match look().await? {
                Ok(()) => return Ok(()),
                Err(detail) => detail,
            };
            let now = millis(self.operator.reader.clock.now());
            let waited = u64::try_from((now - began) / 1_000).unwrap_or_default();
            self.operator.emit(EventKind::OperationWaiting {
                name: name.to_owned(),
                detail: detail.clone(),
                #[expect(clippy::cast_precision_loss, reason = "seconds of a wait")]
                waited_s: waited as f64,
                limit_s,
            });
            if waited >= limit_s {
                return Err(Failure::Late { what: name.to_owned(), detail, limit_s });
            }
            let level = self.operator.stop.level();
            let patience = self.patience.get();
            match self.operator.pause(Duration::from_secs(every_s.max(1)), patience.min(level + 1)).await {
                Err(Halt::Stopped(heard)) if heard < patience => self.answer(),
                ended => ended?,
            }
            if now - scanned >= 60_000 {
                scanned = now;
                self.scan().await?;
            }
        }
    }

    /// A value noted earlier.
    #[must_use]
    pub fn noted(&self, name: &str) -> Option<Json> {
        self.known().noted(name).cloned()
    }
}
