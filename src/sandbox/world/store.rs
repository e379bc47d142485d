//! Tables of JSON rows, and transitions that happen when their time comes.
//!
//! A table is named `service.noun` (`ec2.vpc`), a row's key is unique in it across regions: ids where AWS
//! hands out ids, `region/name` where names are regional, `name` where they are global. Rows hold what the API
//! returns, under the API's member names; members that start with `_` are the world's own.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{
    durations,
    index::Lazily,
    queue::{Effect, Queue, QueueOp},
};

/// What changed between two moments; its size is that of the change, not of the world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delta {
    now: i64,
    counter: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    queue: Vec<QueueOp>,
    /// `(table, key, row)`; a null row was removed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    rows: Vec<(String, String, Json)>,
}

/// How long reads hide what was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lag {
    /// Not at all.
    #[default]
    None,
    /// Every new object for as many milliseconds.
    Fixed(i64),
    /// As was drawn for each object when it was made: hardly any of them, and then for seconds.
    Drawn,
}

/// How a served world's lifecycle clock maps to dates.
#[derive(Debug, Clone, Copy)]
struct Calendar {
    /// What the lifecycle clock showed when serving began.
    clock: i64,
    /// The date at that moment.
    date: i64,
    /// How many times faster than the calendar lifecycles pass.
    speed: i64,
}

/// How moments of the lifecycle clock map to dates, for what is worked out without the world.
#[derive(Debug, Clone, Copy)]
pub struct Dates(Option<Calendar>);

impl Dates {
    /// The date of a moment of the lifecycle clock, in milliseconds since the epoch.
    #[must_use]
    pub fn of(self, clock: i64) -> i64 {
        self.0.map_or(clock, |c| c.date + (clock - c.clock) / c.speed)
    }

    /// The same in seconds, as timestamps travel in answers.
    #[must_use]
    pub fn secs(self, clock: i64) -> f64 {
        World::seconds(self.of(clock))
    }
}

fn hidden_one_in() -> u64 {
    durations::HIDDEN_ONE_IN
}

fn commercial() -> &'static str {
    "aws"
}

/// The partition a region is in.
#[must_use]
pub fn partition(region: &str) -> &'static str {
    // As botocore's partitions.json has them.
    match region {
        r if r.starts_with("cn-") => "aws-cn",
        r if r.starts_with("us-gov-") => "aws-us-gov",
        r if r.starts_with("us-isob-") => "aws-iso-b",
        r if r.starts_with("us-isof-") => "aws-iso-f",
        r if r.starts_with("us-iso-") => "aws-iso",
        r if r.starts_with("eu-isoe-") => "aws-iso-e",
        r if r.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

/// Rows by key.
pub(super) type Table = BTreeMap<String, Arc<Json>>;

/// The account.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct World {
    /// Twelve digits.
    pub account: String,
    /// Chooses ids and small variations of durations.
    pub seed: u64,
    pub(super) now: i64,
    /// Shared until one of the sharers changes a row: a copy of a world costs a pointer for each table, and tables that
    /// two worlds share are known to be equal.
    pub(super) tables: BTreeMap<String, Arc<Table>>,
    pub(super) queue: Queue,
    counter: u64,
    /// Which new rows are invisible to the running (read) operation.
    #[serde(skip)]
    pub(super) lag: Lag,
    /// Of so many objects of EC2 and IAM reads hide one for a while; 0: of none.
    #[serde(skip, default = "hidden_one_in")]
    hidden_one_in: u64,
    /// Of a served world: the calendar runs as the client's does, however fast lifecycles pass.
    #[serde(skip)]
    calendar: Option<Calendar>,
    /// The partition of the running operation's region; what global services name their ARNs after.
    #[serde(skip, default = "commercial")]
    partition: &'static str,
    /// Whether archives of functions are kept, to be run.
    #[serde(skip)]
    code: bool,
    #[serde(skip)]
    pub(super) indexes: Lazily,
    #[serde(skip)]
    dirty: BTreeSet<(String, String)>,
    #[serde(skip)]
    pub(super) dirty_queue: Vec<QueueOp>,
    /// The counter's value when changes were last taken.
    #[serde(skip)]
    clean_counter: u64,
}

impl World {
    /// An empty account whose clock shows `now` (milliseconds since the epoch).
    #[must_use]
    pub fn new(seed: u64, now: i64) -> Self {
        Self {
            account: "123456789012".into(),
            seed,
            now,
            tables: BTreeMap::new(),
            queue: Queue::default(),
            counter: 0,
            lag: Lag::None,
            hidden_one_in: hidden_one_in(),
            calendar: None,
            partition: commercial(),
            code: false,
            indexes: Lazily::default(),
            dirty: BTreeSet::new(),
            dirty_queue: Vec::new(),
            clean_counter: 0,
        }
    }

    /// From now on archives of functions are kept: they are run.
    pub fn keep_code(&mut self) {
        self.code = true;
    }

    /// Whether archives of functions are kept.
    #[must_use]
    pub fn keeps_code(&self) -> bool {
        self.code
    }

    /// The clock that lifecycles run on, in milliseconds since the epoch; clients are shown dates: [`Self::date`].
    #[must_use]
    pub fn now(&self) -> i64 {
        self.now
    }

    /// The date of the moment, in milliseconds since the epoch. It is the lifecycle clock itself, except in a
    /// served world, where clients bring timestamps of their own clocks.
    #[must_use]
    pub fn date(&self) -> i64 {
        self.date_of(self.now)
    }

    /// The date of the moment `millis` of lifecycle time from now.
    #[must_use]
    pub fn date_after(&self, millis: i64) -> i64 {
        self.date_of(self.now + millis)
    }

    fn date_of(&self, clock: i64) -> i64 {
        self.dates().of(clock)
    }

    /// How moments of the lifecycle clock map to dates.
    #[must_use]
    pub fn dates(&self) -> Dates {
        Dates(self.calendar)
    }

    /// How long a stretch of calendar time is on the lifecycle clock.
    #[must_use]
    pub fn lifecycle_time(&self, millis: i64) -> i64 {
        self.calendar.map_or(millis, |c| millis.saturating_mul(c.speed))
    }

    /// Ties the calendar to a date now; from here on it advances `speed` times slower than lifecycles.
    pub fn keep_date(&mut self, date: i64, speed: u32) {
        self.calendar = Some(Calendar { clock: self.now, date, speed: i64::from(speed.max(1)) });
    }

    /// The date in seconds since the epoch, as timestamps travel in answers.
    #[must_use]
    pub fn now_secs(&self) -> f64 {
        Self::seconds(self.date())
    }

    /// A date in milliseconds as timestamps travel in answers.
    #[must_use]
    pub fn seconds(millis: i64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "milliseconds since the epoch fit a double")]
        let secs = millis as f64 / 1000.0;
        secs
    }

    /// Notes which region the running operation is called in.
    pub fn set_region(&mut self, region: &str) {
        self.partition = partition(region);
    }

    /// The partition of the running operation's region.
    #[must_use]
    pub fn partition(&self) -> &'static str {
        self.partition
    }

    /// Lets everything happen that is due by `now`, in order.
    pub fn advance_to(&mut self, now: i64) {
        while let Some(at) = self.queue.first() {
            if at > now {
                break;
            }
            let due = self.queue.take(at);
            self.now = self.now.max(at);
            self.dirty_queue.push(QueueOp::Happened(at));
            for transition in due {
                match transition.effect {
                    Effect::Set(members) => {
                        if let Some(row) = self.get_mut(&transition.table, &transition.key) {
                            merge(row, &members);
                        }
                    }
                    Effect::Remove => {
                        self.remove(&transition.table, &transition.key);
                    }
                }
            }
        }
        self.now = self.now.max(now);
    }

    /// Hides new rows until the next call; the dispatcher sets it around reads.
    pub fn set_lag(&mut self, lag: Lag) {
        self.lag = lag;
    }

    /// From now on reads may hide one of so many new objects; 0: none. Answers how many it was.
    pub fn hide_one_in(&mut self, objects: u64) -> u64 {
        std::mem::replace(&mut self.hidden_one_in, objects)
    }

    /// For how many milliseconds reads hide a new object, as the seed has it.
    fn drawn(&self, table: &str, key: &str) -> Option<i64> {
        use sha2::{Digest, Sha256};
        if self.hidden_one_in == 0 || !(table.starts_with("ec2.") || table.starts_with("iam.")) {
            return None;
        }
        let digest = Sha256::digest(format!("hidden:{}:{table}:{key}", self.seed));
        let draw =
            |from: usize| digest[from..from + 6].iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        if !draw(0).is_multiple_of(self.hidden_one_in) {
            return None;
        }
        // The longer the rarer: the product of two draws.
        let (least, most) = durations::HIDDEN;
        let part = (draw(6) % 1_000) * (draw(12) % 1_000) / 1_000;
        Some(least + (most - least) * i64::try_from(part).unwrap_or_default() / 1_000)
    }

    /// A row.
    #[must_use]
    pub fn get(&self, table: &str, key: &str) -> Option<&Json> {
        self.tables.get(table)?.get(key).map(Arc::as_ref).filter(|row| self.visible(row))
    }

    /// A row with its key.
    #[must_use]
    pub fn entry<'w>(&'w self, table: &str, key: &str) -> Option<(&'w str, &'w Json)> {
        let (key, row) = self.tables.get(table)?.get_key_value(key)?;
        self.visible(row).then(|| (key.as_str(), row.as_ref()))
    }

    /// A row, to be changed.
    pub fn get_mut(&mut self, table: &str, key: &str) -> Option<&mut Json> {
        let rows = self.tables.get_mut(table).filter(|rows| rows.contains_key(key))?;
        let row = Arc::make_mut(rows).get_mut(key)?;
        self.indexes.get_mut().note(table, key);
        self.dirty.insert((table.into(), key.into()));
        Some(Arc::make_mut(row))
    }

    /// Adds or replaces a row. The world notes when it was born.
    pub fn put(&mut self, table: &str, key: &str, mut row: Json) {
        if row["_born"].is_null() {
            row["_born"] = json!(self.now);
            if let Some(hidden) = self.drawn(table, key) {
                row["_hidden"] = json!(hidden);
            }
        }
        Arc::make_mut(self.tables.entry(table.into()).or_default()).insert(key.into(), Arc::new(row));
        self.indexes.get_mut().note(table, key);
        self.dirty.insert((table.into(), key.into()));
    }

    /// Takes a row out; its pending transitions are dropped.
    pub fn remove(&mut self, table: &str, key: &str) -> Option<Json> {
        let rows = self.tables.get_mut(table).filter(|rows| rows.contains_key(key))?;
        let row = Arc::make_mut(rows).remove(key)?;
        self.cancel(table, key);
        self.indexes.get_mut().note(table, key);
        self.dirty.insert((table.into(), key.into()));
        Some(Arc::unwrap_or_clone(row))
    }

    /// Keys of a table's rows that were changed, added or removed since this was asked last; `None` if it was not asked yet. One
    /// asker a table.
    pub fn news(&mut self, table: &str) -> Option<BTreeSet<String>> {
        self.indexes.get_mut().news(table)
    }

    /// A number that was never handed out before.
    #[expect(
        clippy::should_implement_trait,
        reason = "a world is no iterator; the name reads well at every caller"
    )]
    pub fn next(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// `len` hexadecimal digits that were never handed out before; the same for the same seed and history.
    pub fn hex(&mut self, len: usize) -> String {
        use sha2::{Digest, Sha256};
        let n = self.next();
        let digest = Sha256::digest(format!("{}:{n}", self.seed));
        hex::encode(digest)[..len.min(64)].to_owned()
    }

    /// An id of the form that most services give (RFC 9562, version 4), of the world's own numbers.
    pub fn uuid(&mut self) -> String {
        crate::sandbox::ids::uuid(&self.hex(32))
    }

    /// That many characters of an alphabet, of which some services make their ids.
    pub fn letters(&mut self, len: usize, alphabet: &[u8]) -> String {
        let hex = self.hex(64);
        let digits = hex.as_bytes().chunks(2).cycle().take(len);
        digits
            .filter_map(|pair| usize::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .map(|n| char::from(alphabet[n % alphabet.len()]))
            .collect()
    }

    /// An id as EC2 makes them: `vpc-` and 17 hexadecimal digits.
    pub fn id(&mut self, prefix: &str) -> String {
        format!("{prefix}-0{}", self.hex(16))
    }

    /// An id that depends on what it is for and on nothing that happened before: what an account has from the
    /// start is named so, and does not shift the ids of what is made later.
    #[must_use]
    pub fn fixed_id(&self, prefix: &str, what: &str) -> String {
        use sha2::{Digest, Sha256};
        let digest = Sha256::digest(format!("{}:from the start:{prefix}:{what}", self.seed));
        format!("{prefix}-0{}", &hex::encode(digest)[..16])
    }

    /// `arn:aws:service:region:account:resource`; region empty for global services, which are named after the
    /// partition they are called in.
    #[must_use]
    pub fn arn(&self, service: &str, region: &str, resource: &str) -> String {
        let partition = if region.is_empty() { self.partition } else { partition(region) };
        format!("arn:{partition}:{service}:{region}:{}:{resource}", self.account)
    }

    /// Whether nobody who reads the two from a disk could tell them apart.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        // What is shared is not looked into.
        let same = |(one, other): (&Arc<Table>, &Arc<Table>)| Arc::ptr_eq(one, other) || one == other;
        (self.now, self.counter, self.seed, &self.account)
            == (other.now, other.counter, other.seed, &other.account)
            && self.queue == other.queue
            && self.tables.keys().eq(other.tables.keys())
            && self.tables.values().zip(other.tables.values()).all(same)
    }

    /// Rows changed since the last [`Self::take_delta`] whose table fits; `*` ending the pattern fits any rest.
    #[must_use]
    pub fn touched(&self, pattern: &str) -> Vec<(String, String)> {
        let fits = |table: &str| match pattern.strip_suffix('*') {
            Some(start) => table.starts_with(start),
            None => table == pattern,
        };
        self.dirty.iter().filter(|(table, _)| fits(table)).cloned().collect()
    }

    /// Forgets what changed: nobody keeps a journal.
    pub fn forget_delta(&mut self) {
        self.dirty.clear();
        self.dirty_queue.clear();
        self.clean_counter = self.counter;
    }

    /// What changed since the last call, for the world's own journal; `None` if nothing but the time.
    pub fn take_delta(&mut self) -> Option<Delta> {
        let dirty = std::mem::take(&mut self.dirty);
        let queue = std::mem::take(&mut self.dirty_queue);
        let counted = std::mem::replace(&mut self.clean_counter, self.counter) != self.counter;
        if dirty.is_empty() && queue.is_empty() && !counted {
            return None;
        }
        let rows = dirty
            .into_iter()
            .map(|(table, key)| {
                let row = self.tables.get(&table).and_then(|rows| rows.get(&key));
                let row = row.map_or(Json::Null, |row| row.as_ref().clone());
                (table, key, row)
            })
            .collect();
        Some(Delta { now: self.now, counter: self.counter, queue, rows })
    }

    /// Repeats a change that another process took from its world.
    pub fn apply(&mut self, delta: Delta) {
        self.now = delta.now;
        self.counter = delta.counter;
        for op in delta.queue {
            match op {
                QueueOp::Add(at, transition) => self.queue.add(at, transition),
                QueueOp::Cancel(table, key) => {
                    self.queue.drop_of(&table, &key);
                }
                QueueOp::Happened(at) => {
                    self.queue.take(at);
                }
            }
        }
        for (table, key, row) in delta.rows {
            self.indexes.get_mut().note(&table, &key);
            let rows = Arc::make_mut(self.tables.entry(table).or_default());
            if row.is_null() {
                rows.remove(&key);
            } else {
                rows.insert(key, Arc::new(row));
            }
        }
        self.forget_delta();
    }
}

/// Sets members of `row`; `"A.B"` reaches into an object.
fn merge(row: &mut Json, members: &Json) {
    for (path, value) in members.as_object().into_iter().flatten() {
        let mut at = &mut *row;
        let mut parts = path.split('.').peekable();
        while let Some(part) = parts.next() {
            at = &mut at[part];
            if parts.peek().is_none() {
                *at = value.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transitions_happen_in_order_and_die_with_their_row() {
        let mut world = World::new(1, 1_000);
        world.put("ec2.nat", "nat-1", json!({"State": "pending"}));
        world.set_after(100, "ec2.nat", "nat-1", json!({"State": "available", "Inner.Done": true}));
        world.after(200, "ec2.nat", "nat-1", Effect::Remove);
        world.advance_to(1_150);
        assert_eq!(world.get("ec2.nat", "nat-1").unwrap()["State"], "available");
        assert_eq!(world.get("ec2.nat", "nat-1").unwrap()["Inner"]["Done"], true);
        world.remove("ec2.nat", "nat-1");
        world.put("ec2.nat", "nat-1", json!({"State": "pending"}));
        world.advance_to(5_000);
        assert!(world.get("ec2.nat", "nat-1").is_some());
    }

    #[test]
    fn reads_lag_behind_writes_only_when_told() {
        let mut world = World::new(1, 0);
        world.put("t", "k", json!({}));
        assert!(world.get("t", "k").is_some());
        world.set_lag(Lag::Fixed(500));
        assert!(world.get("t", "k").is_none());
        world.advance_to(500);
        assert!(world.get("t", "k").is_some());
    }

    /// Hardly any object is hidden, and that for seconds at most; the seed chooses which, and other services hide none.
    #[test]
    fn a_few_new_objects_are_hidden_for_a_while() {
        let hidden = |seed: u64, table: &str| {
            let mut world = World::new(seed, 0);
            for n in 0..20_000 {
                world.put(table, &format!("vpc-{n}"), json!({}));
            }
            world.set_lag(Lag::Drawn);
            let mut counts = Vec::new();
            for now in [0, 500, 2_000, durations::HIDDEN.1] {
                world.advance_to(now);
                counts.push(20_000 - world.rows(table).count());
            }
            counts
        };
        let counts = hidden(1, "ec2.vpc");
        assert!((40..160).contains(&counts[0]), "{counts:?}");
        assert!(counts[1] > counts[2] && counts[2] > 0 && counts[2] < counts[0] / 2, "{counts:?}");
        assert_eq!(counts[3], 0);
        assert_eq!(hidden(1, "ec2.vpc"), counts);
        assert_ne!(hidden(2, "ec2.vpc"), counts);
        assert_eq!(hidden(1, "logs.group"), [0; 4]);
    }
}
