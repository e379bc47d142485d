//! Serverless replications and data migrations under the verbs and under changes of the plan: deaths, lost answers, refusals.
//!
//! What tasks are put to in `deaths` and `trouble`, on the two kinds that DMS runs without an instance of ours.

use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::{
    Desk,
    deaths::{at_rest, each, watched, words},
    film::Film,
    said, text,
};
use crate::support::{edited_plan, in_parallel, report, thorough, write};

/// One of the two kinds.
struct Kind {
    plan: fn() -> PathBuf,
    name: &'static str,
    table: &'static str,
    status: &'static str,
    /// What reviews call it.
    noun: &'static str,
    /// What a cutover of it has to be told.
    reasons: &'static [&'static str],
    /// What the plan is changed in.
    edit: (&'static str, &'static str),
}

const SERVERLESS: Kind = Kind {
    plan: crate::serverless::plan,
    name: "serverless-oracle-to-aurora dev",
    table: "dms.replication-config",
    status: "Status",
    noun: "serverless replication shop-dev",
    reasons: &["target-health=its applications are no part of this plan"],
    edit: ("MaxCapacityUnits: 16", "MaxCapacityUnits: 32"),
};

const DATA: Kind = Kind {
    plan: crate::homogeneous::plan,
    name: "homogeneous-postgres dev",
    table: "dms.data-migration",
    status: "DataMigrationStatus",
    noun: "data migration shop-dev",
    reasons: &[
        "validation=counts and checksums compared by hand",
        "ddl=the schema is frozen since Monday",
        "target-health=its applications are no part of this plan",
    ],
    edit: ("NumberOfJobs: 8", "NumberOfJobs: 12"),
};

const START: [&str; 5] = ["replicate", "start", "--yes", "--wait", "loaded"];
const STOP: [&str; 3] = ["replicate", "stop", "--yes"];
const RESUME: [&str; 3] = ["replicate", "resume", "--yes"];

impl Kind {
    fn deployed_on(&self, plan: PathBuf) -> Desk {
        let desk = Desk::of(&plan, self.name);
        let old = plan.join("old-site.yaml");
        if old.exists() {
            let planted = desk.bare(&["--sandbox", "sandbox", "plant", &old.display().to_string()]);
            assert!(planted.status.success(), "{}", text(&planted));
        }
        desk.expect(0, &["up", "--yes"]);
        desk.expect(0, &["replicate", "test-connections", "--yes"]);
        desk
    }

    fn deployed(&self) -> Desk {
        self.deployed_on((self.plan)())
    }

    fn loaded(&self) -> Desk {
        let desk = self.deployed();
        desk.expect(0, &START);
        desk.expect(0, &["lag", "--check"]);
        desk
    }

    fn row(&self, desk: &Desk) -> Json {
        desk.account(|world| world.rows(self.table).next().expect("a replication").1.clone())
    }

    fn status(&self, desk: &Desk) -> String {
        self.row(desk)[self.status].as_str().expect("a state").to_owned()
    }

    fn cutting(&self, desk: &Desk) -> Vec<String> {
        let mut words = desk.cutting();
        for reason in self.reasons {
            words.extend(["--override".to_owned(), (*reason).to_owned()]);
        }
        words.extend(["--confirm".to_owned(), format!("no way back for {}", self.name)]);
        words
    }

    fn reload(&self) -> Vec<String> {
        let confirm = format!("reload {}", self.name);
        ["replicate", "reload", "--yes", "--confirm", &confirm].map(ToOwned::to_owned).to_vec()
    }
}

fn a_start_can_die(kind: &Kind) {
    let desk = kind.deployed();
    let film = Film::of(&desk, &START);
    watched(&film, &format!("start of {}", kind.name));
    each(&film, 3, "start", |desk, context| {
        let first = kind.row(desk)["_fresh"].clone();
        desk.expect(0, &START);
        let row = kind.row(desk);
        assert_eq!(row[kind.status], "running", "{context}");
        assert!(row["_fresh"].is_number(), "{context}: {row:#}");
        assert!(first.is_null() || first == row["_fresh"], "I6: {context}: {first} {}", row["_fresh"]);
        assert_eq!(desk.phase(), "following", "{context}");
        at_rest(desk, context);
    });
}

#[test]
fn a_start_of_a_serverless_replication_can_die_in_every_moment() {
    a_start_can_die(&SERVERLESS);
}

#[test]
fn a_start_of_a_data_migration_can_die_in_every_moment() {
    a_start_can_die(&DATA);
}

fn stop_resume_and_reload_can_die(kind: &Kind) {
    let desk = kind.loaded();
    let began = kind.row(&desk)["_fresh"].clone();
    let film = Film::of(&desk, &STOP);
    watched(&film, &format!("stop of {}", kind.name));
    each(&film, 2, "stop", |desk, context| {
        let output = desk.run(&STOP);
        assert!(matches!(output.status.code(), Some(0 | 7)), "{context}: {}", text(&output));
        assert_eq!(kind.status(desk), "stopped", "{context}: {}", text(&output));
        at_rest(desk, context);
    });
    desk.expect(0, &STOP);
    let film = Film::of(&desk, &RESUME);
    watched(&film, &format!("resume of {}", kind.name));
    each(&film, 2, "resume", |desk, context| {
        let output = desk.run(&RESUME);
        assert!(matches!(output.status.code(), Some(0 | 7)), "{context}: {}", text(&output));
        let row = kind.row(desk);
        assert_eq!(row[kind.status], "running", "{context}: {}", text(&output));
        assert_eq!(row["_fresh"], began, "nothing is loaded again: {context}");
        at_rest(desk, context);
    });
    desk.expect(0, &RESUME);
    let reload = kind.reload();
    let film = Film::of(&desk, &words(&reload));
    watched(&film, &format!("reload of {}", kind.name));
    each(&film, 2, "reload", |desk, context| {
        let output = desk.run(&words(&reload));
        assert!(matches!(output.status.code(), Some(0)), "{context}: {}", text(&output));
        let row = kind.row(desk);
        assert_eq!(row[kind.status], "running", "{context}");
        assert_ne!(row["_fresh"], began, "it is loaded again: {context}");
        at_rest(desk, context);
    });
}

#[test]
fn stop_resume_and_reload_of_a_serverless_replication_can_die() {
    stop_resume_and_reload_can_die(&SERVERLESS);
}

#[test]
fn stop_resume_and_reload_of_a_data_migration_can_die() {
    stop_resume_and_reload_can_die(&DATA);
}

fn a_cutover_and_a_rollback_can_die(kind: &Kind) {
    let desk = kind.loaded();
    let before = desk.operated();
    let cutting = kind.cutting(&desk);
    let film = Film::of(&desk, &words(&cutting));
    watched(&film, &format!("cutover of {}", kind.name));
    each(&film, 3, "cutover", |dead, context| {
        for end in ["--continue", "--abort"] {
            let desk = dead.fork();
            if !desk.interrupted() {
                continue;
            }
            let mut again = words(&cutting);
            again.push(end);
            let output = desk.run(&again);
            let context = format!("{context}, {end}: {}", text(&output));
            match (output.status.code(), end) {
                (Some(0), "--continue") => {
                    assert_eq!(desk.phase(), "live", "{context}");
                    assert_eq!(kind.status(&desk), "stopped", "{context}");
                }
                (Some(0), _) => assert_eq!(desk.operated(), before, "I7: {context}"),
                (Some(7), "--abort") => assert!(text(&output).contains("begun to open"), "{context}"),
                (code, _) => panic!("{code:?} {context}"),
            }
        }
    });
    // Before the cutover going back loses nothing; after it, and with nothing that copies back, everything.
    let rolling = desk.rolling();
    let early = Film::of(&desk, &words(&rolling));
    watched(&early, &format!("rollback of {} before its cutover", kind.name));
    each(&early, 2, "rollback before the cutover", |desk, context| {
        let output = desk.run(&words(&rolling));
        assert!(matches!(output.status.code(), Some(0 | 7)), "{context}: {}", text(&output));
        at_rest(desk, context);
    });
    desk.expect(0, &words(&cutting));
    const LOSE: [&str; 5] = ["rollback", "--yes", "--accept-loss", "--confirm", "lose all changes"];
    let film = Film::of(&desk, &LOSE);
    watched(&film, &format!("rollback of {}", kind.name));
    each(&film, 2, "rollback", |desk, context| {
        let output = desk.run(&LOSE);
        assert!(matches!(output.status.code(), Some(0 | 7)), "{context}: {}", text(&output));
        assert_eq!(desk.phase(), "rolled-back", "{context}: {}", text(&output));
        at_rest(desk, context);
    });
}

#[test]
fn a_cutover_and_a_rollback_of_a_serverless_replication_can_die() {
    a_cutover_and_a_rollback_can_die(&SERVERLESS);
}

#[test]
fn a_cutover_and_a_rollback_of_a_data_migration_can_die() {
    a_cutover_and_a_rollback_can_die(&DATA);
}

fn answers_get_lost(kind: &Kind, start: &str, stop: &str) {
    let lost =
        |operation: &str| json!([{"match": {"operation": operation, "nth": 1}, "action": "lose-answer"}]);
    let busy = |operation: &str| {
        json!([{"match": {"operation": operation, "times": 2},
            "action": {"error": {"code": "ThrottlingException", "status": 400, "message": "Rate exceeded"}}}])
    };
    let desk = kind.deployed();
    for fault in [lost, busy] {
        let desk = desk.fork();
        let output = desk.run_with(&START, Some(&fault(start)));
        assert_eq!(output.status.code(), Some(0), "{start}: {}", text(&output));
        let began = kind.row(&desk)["_fresh"].clone();
        let output = desk.run_with(&STOP, Some(&fault(stop)));
        assert_eq!(
            (output.status.code(), kind.status(&desk).as_str()),
            (Some(0), "stopped"),
            "{stop}: {}",
            text(&output)
        );
        let output = desk.run_with(&RESUME, Some(&fault(start)));
        assert_eq!(
            (output.status.code(), kind.status(&desk).as_str()),
            (Some(0), "running"),
            "{start}: {}",
            text(&output)
        );
        assert_eq!(kind.row(&desk)["_fresh"], began, "nothing was loaded again");
        let reload = kind.reload();
        let output = desk.run_with(&words(&reload), Some(&fault(start)));
        assert_eq!(
            (output.status.code(), kind.status(&desk).as_str()),
            (Some(0), "running"),
            "{start}: {}",
            text(&output)
        );
        assert_ne!(kind.row(&desk)["_fresh"], began, "loaded again");
        at_rest(&desk, kind.name);
    }
}

#[test]
fn answers_about_a_serverless_replication_get_lost() {
    answers_get_lost(&SERVERLESS, "StartReplication", "StopReplication");
}

#[test]
fn answers_about_a_data_migration_get_lost() {
    answers_get_lost(&DATA, "StartDataMigration", "StopDataMigration");
}

/// Deployed and loaded from a copy of the plan that is changed afterwards; the copy's folder goes with it.
fn about_to_change(kind: &Kind) -> (Desk, tempfile::TempDir) {
    let copy = edited_plan(&(kind.plan)(), &[]);
    let desk = kind.deployed_on(copy.path().to_owned());
    desk.expect(0, &START);
    let path = copy.path().join("template.yaml");
    let before = std::fs::read_to_string(&path).expect("the template");
    assert!(before.contains(kind.edit.0));
    write(&path, &before.replace(kind.edit.0, kind.edit.1));
    (desk, copy)
}

/// The plan asks first, stops it, changes it, resumes it, and then there is nothing left to do.
fn a_running_one_is_changed(kind: &Kind, changed: impl Fn(&Json) -> bool + Sync) {
    let (desk, _copy) = about_to_change(kind);
    let began = kind.row(&desk)["_fresh"].clone();
    // Without a terminal and without --yes nothing is done; with --yes what the review says is agreed to.
    let refused = desk.run(&["up"]);
    assert_ne!(refused.status.code(), Some(0), "{}", text(&refused));
    let told = said(&refused).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("! interrupts service: if it runs,"), "it says what the change interrupts: {told}");
    let now = format!("now: {} is running since 20", kind.noun);
    assert!(told.contains(&now), "it says what runs, and since when: {told}");
    if kind.status == "Status" {
        assert!(
            told.contains(" DCU provisioned, new provisioning available (The capacity was calculated"),
            "{told}"
        );
    }
    let json = desk.run(&["plan", "--json"]);
    let set: Json = serde_json::from_slice(&json.stdout).expect("a change set");
    let step = set["steps"].as_array().and_then(|steps| steps.iter().find(|step| !step["now"].is_null()));
    let step = step.unwrap_or_else(|| panic!("{set:#}"));
    assert_eq!((&step["now"][0]["state"], &step["now"][0]["busy"]), (&json!("running"), &json!(true)));
    assert!(set["expected_s"].as_u64() >= step["interrupts"][0]["seconds"].as_u64(), "{set:#}");
    assert!(step["interrupts"][0]["seconds"].as_u64() >= Some(600), "a start takes that long: {step:#}");
    // One that rests is not interrupted, and its change takes no time worth a word.
    let idle = desk.fork();
    idle.expect(0, &["replicate", "stop", "--yes"]);
    let told = said(&idle.expect(0, &["plan"])).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains(&format!("now: {} is stopped", kind.noun)), "{told}");
    assert!(!told.contains("interrupts service"), "{told}");
    let json = idle.run(&["plan", "--json"]);
    let set: Json = serde_json::from_slice(&json.stdout).expect("a change set");
    assert!(set["expected_s"].as_u64() < Some(60), "{set:#}");
    assert!(kind.status(&desk) == "running" && !changed(&kind.row(&desk)), "nothing was touched");
    let whole = desk.fork();
    let output = whole.expect(0, &["up", "--yes", "-vv", "--log-file", "calls.log"]);
    let row = kind.row(&whole);
    assert_eq!((&row[kind.status], &row["_fresh"]), (&json!("running"), &began), "{}", text(&output));
    assert!(changed(&row), "{row:#}");
    assert_eq!(whole.phase(), "following");
    let again = said(&whole.expect(0, &["plan"]));
    assert!(again.to_lowercase().contains("nothing to"), "{again}");
    // Killed at each call, so in each of its states: the next run brings it about, and nothing is loaded again.
    let log = std::fs::read_to_string(whole.dir.path().join("calls.log")).expect("a log");
    let calls = log.lines().filter(|line| line.contains(" operation=")).count();
    let acts = ["Start", "Stop", "Modify"].map(|verb| format!(" operation=\"{verb}"));
    let mut moments: Vec<usize> = log
        .lines()
        .filter(|line| line.contains(" operation="))
        .enumerate()
        .filter(|(_, line)| acts.iter().any(|act| line.contains(act.as_str())))
        .flat_map(|(at, _)| [at + 1, at + 2])
        .collect();
    assert!(moments.len() >= 6, "stop, modify and start are calls of it: {moments:?} of {calls}");
    if thorough() {
        moments = (1..=calls).collect();
    }
    let seen = std::sync::Mutex::new(std::collections::BTreeSet::new());
    in_parallel(&moments, |_, call| {
        let desk = desk.fork();
        let rule = json!([{"match": {"call": call}, "action": {"crash": "after"}}]);
        let died = desk.run_with(&["up", "--yes"], Some(&rule));
        assert_eq!(died.status.code(), Some(137), "call {call}: {}", text(&died));
        seen.lock().expect("no panic").insert(kind.status(&desk));
        let output = desk.run(&["up", "--yes"]);
        let row = kind.row(&desk);
        assert_eq!(output.status.code(), Some(0), "call {call}: {}", text(&output));
        assert_eq!(
            (&row[kind.status], &row["_fresh"]),
            (&json!("running"), &began),
            "call {call}: {}",
            text(&output)
        );
        assert!(changed(&row), "call {call}: {row:#}");
        let again = said(&desk.expect(0, &["plan"]));
        assert!(again.to_lowercase().contains("nothing to"), "call {call}: {again}");
    });
    report(&format!(
        "change of {}: killed in the states {:?}",
        kind.name,
        seen.into_inner().expect("no panic")
    ));
}

#[test]
fn a_running_serverless_replication_is_changed_from_the_shell() {
    a_running_one_is_changed(&SERVERLESS, |row| row["ComputeConfig"]["MaxCapacityUnits"] == 32);
}

#[test]
fn a_running_data_migration_is_changed_from_the_shell() {
    a_running_one_is_changed(&DATA, |row| row["DataMigrationSettings"]["NumberOfJobs"] == 12);
}

#[test]
fn a_data_migration_has_no_settings_of_its_target() {
    // The API has TargetDataSettings; the published schema of the type has not (AWS::DMS::DataMigration, properties).
    let plan = edited_plan(
        &crate::homogeneous::plan(),
        &[(
            "template.yaml",
            "      DataMigrationSettings:",
            "      TargetDataSettings: [{TablePreparationMode: truncate}]\n      DataMigrationSettings:",
        )],
    );
    let desk = Desk::of(plan.path(), DATA.name);
    let told = said(&desk.run(&["plan"]));
    assert!(told.contains("TargetDataSettings"), "{told}");
}
