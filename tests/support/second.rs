//! A second owner of the same account: it creates objects, takes names, puts its own objects in the place of ours and
//! deletes ours, at any moment of a run. What is its own must stay as it is.
//!
//! It acts on the world's rows. An object of ours that carries other ownership tags from one moment to the next stands for
//! both: one that was retagged, and one that was deleted and made again under its name. It leaves alone what a call is
//! under way for (an intent without an outcome): no client of AWS could tell what came first.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, Mutex},
};

use migrate::{
    aws::{Cloud, Realm, Sdk},
    clock::{Clock, VirtualClock, from_millis},
    ledger::store::Store,
    sandbox::{Sandbox, SandboxOptions, World},
};
use serde_json::{Value as Json, json};

/// How the lineage in our ownership tags begins, in every test.
const OURS: &str = "0123456789abcdef.";
const THEIRS: &str = "fedcba9876543210.";

/// What others do with a client of their own, while none of our commands runs.
pub fn meanwhile<T>(world: &mut World, act: impl AsyncFnOnce(&Sdk) -> T) -> T {
    let clock = VirtualClock::starting_at(from_millis(world.now()));
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let sandbox = Sandbox::with_options(world.clone(), shared, SandboxOptions::default());
    let cloud = Cloud::new(Realm::Sandbox, sandbox.sdk_config("us-east-1"));
    let sdk = cloud.sdk("us-east-1");
    let done = clock.block_on(act(&sdk));
    *world = sandbox.world(|world| world.clone());
    done
}

/// Where something of theirs is: table, key, and the path of what they wrote into another's row.
type Place = (String, String, &'static str, String);

/// The second owner.
pub struct Second {
    dice: fastrand::Rng,
    /// How many of a hundred moments it acts at.
    pub eager: usize,
    theirs: BTreeMap<Place, String>,
    serial: usize,
    /// What it did, for messages.
    pub did: Vec<String>,
}

/// What is known by the caller reference that it was created with, which nobody can change: other tags make it nobody
/// else's.
pub const BORN_OURS: &[&str] = &["route53.zone", "route53.health-check"];

/// Objects that others can delete without leaving anything behind.
const LEAVES: &[&str] = &["logs.group", "cloudwatch.alarm", "cloudwatch.dashboard", "rds.parameter-group"];

/// What goes with another object, as AWS does it: table, member that names the other one, its table.
const WITHIN: &[(&str, &str, &str)] = &[("ec2.security-group-rule", "GroupId", "ec2.security-group")];

/// Whether the object went with the one it was part of.
fn went_along(world: &World, table: &str, wrote: &str) -> bool {
    let row: Json = serde_json::from_str(wrote).unwrap_or_default();
    let part = WITHIN.iter().find(|(part, ..)| *part == table);
    part.is_some_and(|(_, member, whole)| {
        row[*member].as_str().is_some_and(|key| world.get(whole, key).is_none())
    })
}

/// What is put on others' objects: table, member that holds it.
const PUT_ON: &[(&str, &str)] =
    &[("s3.bucket", "_sub"), ("sns.topic", "_attributes"), ("iam.role", "_policies")];

/// Whether AWS accepted the object's deletion already: whoever writes to it then comes too late, whatever its tags say.
fn going(row: &Json) -> bool {
    let states = ["deleting", "delete_in_progress", "draining", "inactive", "shutting-down"];
    row.as_object().into_iter().flatten().any(|(name, value)| {
        let state = value.as_str().map(str::to_lowercase);
        (name == "DeletedDate" && !value.is_null())
            || state.is_some_and(|state| states.contains(&state.as_str()))
    })
}

/// What a row says about its object, without what time and others change.
fn essence(row: &Json) -> String {
    let moves = ["Status", "State", "Count", "Date", "Time", "Endpoint", "Version", "Used", "Last"];
    let members = row.as_object().into_iter().flatten().filter(|(name, value)| {
        let tags = name.to_lowercase().contains("tag");
        let scalar = value.is_string() || value.is_number() || value.is_boolean();
        tags || scalar && !name.starts_with('_') && !moves.iter().any(|part| name.contains(part))
    });
    json!(members.collect::<BTreeMap<_, _>>()).to_string()
}

impl Second {
    pub fn new(seed: u64, eager: usize) -> Self {
        let (theirs, did) = (BTreeMap::new(), Vec::new());
        Self { dice: fastrand::Rng::with_seed(seed), eager, theirs, serial: 0, did }
    }

    fn pick<T>(&mut self, mut from: Vec<T>) -> Option<T> {
        if from.is_empty() { None } else { Some(from.swap_remove(self.dice.usize(0..from.len()))) }
    }

    /// Rows of ours that no call is under way for.
    fn ours(world: &World, busy: &BTreeSet<String>, fits: impl Fn(&str) -> bool) -> Vec<(String, String)> {
        let tables: Vec<String> = world.census().into_keys().filter(|table| fits(table)).collect();
        let mut found = Vec::new();
        for table in tables {
            for (key, row) in world.rows(&table) {
                let text = row.to_string();
                let idle = busy.iter().all(|address| !text.contains(&format!("\"{address}\"")));
                if text.contains(OURS) && idle && !going(row) {
                    found.push((table.clone(), key.to_owned()));
                }
            }
        }
        found
    }

    /// One deed, or none. `busy`: addresses with a call under way.
    pub fn act(&mut self, world: &mut World, busy: &BTreeSet<String>) {
        if self.dice.usize(0..100) >= self.eager {
            return;
        }
        match self.dice.usize(0..10) {
            0..5 => self.seize(world, busy, "seized"),
            5 | 6 => self.overwrite(world, busy),
            7 => self.delete(world, busy),
            _ => self.create(world),
        }
    }

    /// One of ours becomes theirs.
    fn seize(&mut self, world: &mut World, busy: &BTreeSet<String>, how: &str) {
        let Some((table, key)) = self.pick(Self::ours(world, busy, |_| true)) else { return };
        if BORN_OURS.contains(&table.as_str()) {
            return;
        }
        let Some(row) = world.get(&table, &key) else { return };
        let text = row.to_string().replace(OURS, THEIRS);
        let row: Json = serde_json::from_str(&text).expect("a row");
        self.theirs.insert((table.clone(), key.clone(), "", String::new()), essence(&row));
        self.did.push(format!("{how} {table} {key}"));
        world.put(&table, &key, row);
    }

    /// A policy or a record of ours is replaced by theirs: what has no tags.
    fn overwrite(&mut self, world: &mut World, busy: &BTreeSet<String>) {
        if !busy.is_empty() {
            return;
        }
        let record = |(key, row): (&str, &Json)| {
            (row["Type"] == "A")
                .then(|| ("route53.record".to_owned(), key.to_owned(), "ResourceRecords", String::new()))
        };
        let mut places: Vec<Place> = world.rows("route53.record").filter_map(record).collect();
        for (table, member) in PUT_ON {
            for (key, row) in world.rows(table) {
                let names = row[*member].as_object().into_iter().flatten();
                let names = names.filter(|(name, _)| *table == "iam.role" || *name == "Policy");
                places.extend(
                    names.map(|(name, _)| ((*table).to_owned(), key.to_owned(), *member, name.clone())),
                );
            }
        }
        let Some(place) = self.pick(places) else { return };
        self.serial += 1;
        let n = self.serial;
        let (table, key, member, name) = place.clone();
        let Some(row) = world.get_mut(&table, &key) else { return };
        let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Sid": format!("Theirs{n}"),
            "Resource": "*"}]});
        let wrote = match member {
            "ResourceRecords" => {
                row[member] = json!([{"Value": format!("198.51.100.{}", n % 250)}]);
                row[member].to_string()
            }
            _ => {
                row[member][&name] = json!(policy.to_string());
                row[member][&name].to_string()
            }
        };
        self.did.push(format!("overwrote {member} {name} of {table} {key}"));
        self.theirs.insert(place, wrote);
    }

    /// One of ours is gone.
    fn delete(&mut self, world: &mut World, busy: &BTreeSet<String>) {
        let Some((table, key)) = self.pick(Self::ours(world, busy, |table| LEAVES.contains(&table))) else {
            return;
        };
        self.did.push(format!("deleted {table} {key}"));
        world.remove(&table, &key);
    }

    /// Something new of theirs, sometimes under a name that the plan may want.
    fn create(&mut self, world: &mut World) {
        self.serial += 1;
        let name = match self.dice.usize(0..2) {
            0 => format!("theirs-{}", self.serial),
            _ => format!("board-{}-{}", self.dice.usize(0..30), self.dice.usize(0..2)),
        };
        let body = format!(
            "{{\"widgets\":[{{\"type\":\"text\",\"x\":{},\"y\":0,\"width\":6,\"height\":3,\"properties\":{{\"markdown\":\"theirs\"}}}}]}}",
            self.serial % 18
        );
        if world.get("cloudwatch.dashboard", &name).is_some() {
            return;
        }
        meanwhile(world, async |sdk| {
            let call = sdk.cloudwatch().put_dashboard().dashboard_name(&name).dashboard_body(body);
            call.send().await.expect("a dashboard");
        });
        let row = world.get("cloudwatch.dashboard", &name).expect("the dashboard");
        self.did.push(format!("created dashboard {name}"));
        self.theirs.insert(("cloudwatch.dashboard".into(), name.clone(), "", String::new()), essence(row));
    }

    /// Everything of theirs is there, as they left it.
    #[track_caller]
    pub fn check(&self, world: &World, context: &str) {
        for ((table, key, member, name), wrote) in &self.theirs {
            let row = world.get(table, key);
            let Some(row) = row else {
                // What is on an object of ours goes with it; the review shows it.
                let with_it = !member.is_empty() && *member != "ResourceRecords";
                assert!(
                    with_it || went_along(world, table, wrote),
                    "{context}: {table} {key} of the second owner is gone\n{:#?}",
                    self.did
                );
                continue;
            };
            let now = match *member {
                "" => essence(row),
                "ResourceRecords" => row[*member].to_string(),
                _ => row[*member][name].to_string(),
            };
            assert_eq!(now, *wrote, "{context}: {table} {key} {member} {name} was changed\n{:#?}", self.did);
        }
    }
}

/// A store that lets the second owner act after each line of the journal.
pub(super) struct Meddled {
    inner: Box<dyn Store>,
    sandbox: Sandbox,
    second: Arc<Mutex<Second>>,
    /// Open intents: address, and whether it makes the object.
    open: BTreeMap<u64, (String, bool)>,
    /// Addresses whose object is made and not usable yet: its step sets it up without asking again.
    making: BTreeSet<String>,
}

impl Meddled {
    pub(super) fn new(inner: Box<dyn Store>, sandbox: Sandbox, second: Arc<Mutex<Second>>) -> Self {
        Self { inner, sandbox, second, open: BTreeMap::new(), making: BTreeSet::new() }
    }
}

impl Store for Meddled {
    fn load(&mut self) -> io::Result<(Option<Vec<u8>>, Vec<u8>)> {
        self.inner.load()
    }
    fn truncate_journal(&mut self, len: u64) -> io::Result<()> {
        self.inner.truncate_journal(len)
    }
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.append(bytes)?;
        for line in bytes.split(|byte| *byte == b'\n') {
            let Ok(line) = serde_json::from_slice::<Json>(line) else { continue };
            let op = line["op"].as_u64().unwrap_or_default();
            match line["kind"].as_str() {
                Some("intent") => {
                    let address = line["address"].as_str().unwrap_or_default().to_owned();
                    let makes = line["verb"] == "create";
                    if makes {
                        self.making.insert(address.clone());
                    }
                    self.open.insert(op, (address, makes));
                }
                Some("landed") => {
                    self.open.remove(&op);
                }
                Some("refused" | "resolved" | "doubtful") => {
                    let adopted = line["by"]["adopted"].is_string();
                    if let Some((address, true)) = self.open.remove(&op).filter(|_| !adopted) {
                        self.making.remove(&address);
                    }
                }
                Some("ready" | "gone") => {
                    self.making.remove(line["address"].as_str().unwrap_or_default());
                }
                _ => {}
            }
        }
        let mut busy: BTreeSet<String> = self.open.values().map(|(address, _)| address.clone()).collect();
        busy.extend(self.making.iter().cloned());
        let mut second = self.second.lock().expect("the second owner");
        self.sandbox.world(|world| second.act(world, &busy));
        Ok(())
    }
    fn sync(&mut self) -> io::Result<()> {
        self.inner.sync()
    }
    fn replace_snapshot(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.inner.replace_snapshot(bytes)
    }
    fn name(&self) -> String {
        self.inner.name()
    }
}
