//! The test of the tests: rules broken on purpose, one at a time, must make the suite fail.
//!
//! `cargo test --test main mutants -- --ignored --nocapture` copies the repository, breaks one rule, builds, runs
//! the scenarios named beside it and expects a failure; about two minutes for each (`MIGRATE_MUTANT=TEXT`: only
//! rules that contain the text; `MIGRATE_MUTANTS_TARGET=DIR`: where to build). The usual suite only checks
//! that every mutation still fits the source.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{report, write};

struct Mutant {
    /// The rule that is broken.
    rule: &'static str,
    /// File, its text, what stands there instead.
    edits: &'static [(&'static str, &'static str, &'static str)],
    /// Which scenarios must notice.
    scenarios: &'static [&'static str],
}

const MUTANTS: &[Mutant] = &[
    Mutant {
        rule: "what is appended is synced",
        edits: &[(
            "src/ledger/journal.rs",
            "self.store.sync().map_err(|e| self.failed(\"sync the journal in\", e))?;",
            "",
        )],
        scenarios: &["crash::up_of_payments"],
    },
    Mutant {
        rule: "an intent is on disk before its call is made",
        edits: &[
            ("src/engine/call.rs", "self.durable(draft.seq()).await?;", ""),
            ("src/ledger/journal.rs", "if self.synced < draft.seq {", "if false {"),
        ],
        scenarios: &["crash::up_of_payments"],
    },
    Mutant {
        rule: "dependents wait until what they need is ready",
        edits: &[(
            "src/engine/step.rs",
            "self.milestone(step.id, Needs::Created);\n        if rest {",
            "self.milestone(step.id, Needs::Created);\n        self.milestone(step.id, Needs::Ready);\n        if rest {",
        )],
        scenarios: &["lifecycle::"],
    },
    Mutant {
        rule: "what connects to a database waits until it answers",
        edits: &[("src/resources/orders.rs", "    rds::orders::answering,\n", "")],
        scenarios: &["readiness::what_connects"],
    },
    Mutant {
        rule: "a deletion that needs no more than acceptance does not wait for more",
        edits: &[("src/engine/step.rs", "self.accepted(&life).await?;", "")],
        scenarios: &["readiness::a_teardown"],
    },
    Mutant {
        rule: "a lost answer is looked for",
        edits: &[(
            "src/engine/call.rs",
            "match self.look(life).await {",
            "match Ok::<Option<Found>, OpError>(None) {",
        )],
        scenarios: &["faults::any_call_of_up", "random_lives"],
    },
    Mutant {
        rule: "recovery adopts what an interrupted call made",
        edits: &[(
            "src/engine/recover.rs",
            "Some(found) if fits(ty, &cx, &reads, &found, intent, declared).await? => {",
            "Some(found) if false && fits(ty, &cx, &reads, &found, intent, declared).await? => {",
        )],
        scenarios: &["crash::up_of_payments"],
    },
    Mutant {
        rule: "recovery outlasts reads that lag behind",
        edits: &[(
            "src/engine/lag.rs",
            "_ if eventually_consistent(facts) => (Duration::from_secs(30), Duration::from_secs(5)),",
            "_ if eventually_consistent(facts) => (Duration::ZERO, Duration::ZERO),",
        )],
        scenarios: &["crash::up_of_payments", "random_lives"],
    },
    Mutant {
        rule: "an answer tells of the world as it was when it was asked for",
        edits: &[(
            "src/engine/recover.rs",
            "_ if millis(asked.get()) >= millis(settled) => {",
            "_ if millis(clock.now()) >= millis(settled) => {",
        )],
        scenarios: &["faults::a_late_answer"],
    },
    Mutant {
        rule: "what stayed unseen is remembered",
        edits: &[("src/ledger/snapshot.rs", "self.unseen.insert(open.address.clone());", "")],
        scenarios: &["faults::what_stayed_unseen"],
    },
    Mutant {
        rule: "a refresh waits for what does not show yet",
        edits: &[(
            "src/engine/refresh.rs",
            "Ok(None) if shelf.is_none() && asked.get() < settled =>",
            "Ok(None) if false =>",
        )],
        scenarios: &["faults::a_refresh"],
    },
    Mutant {
        rule: "a new object that is not known yet is deleted again",
        edits: &[(
            "src/engine/step.rs",
            "if progress != Progress::Absent || asked >= visible_by {",
            "if progress != Progress::Absent || asked < asked + pause {",
        )],
        scenarios: &["faults::a_rollback_of"],
    },
    Mutant {
        rule: "our own object that is found again gets its settings",
        edits: &[(
            "src/engine/step.rs",
            "let configures = facts.configures && !self.object(step, generation)?.shared;",
            "let configures = facts.configures && !life.shared;",
        )],
        scenarios: &["faults::an_object_of_ours"],
    },
    Mutant {
        rule: "only what carries our tags is ours",
        edits: &[(
            "src/resources/tagging.rs",
            "if lineage && address { Ownership::Ours }",
            "if lineage || !lineage || address { Ownership::Ours }",
        )],
        scenarios: &["faults::a_strangers"],
    },
    Mutant {
        rule: "whose an object is is asked before it is changed or deleted",
        edits: &[(
            "src/engine/call.rs",
            "if let Some(object) = verbed.object {",
            "if let Some(object) = verbed.object.filter(|_| false) {",
        )],
        scenarios: &["owners::"],
    },
    Mutant {
        rule: "what has no tags must be what was sent to be adopted",
        edits: &[(
            "src/engine/recover.rs",
            "if intent.shared || found.ownership != Ownership::Untaggable {",
            "if found.ownership != Ownership::Foreign {\n        return Ok(true);\n    }\n    if intent.shared {",
        )],
        scenarios: &["owners::"],
    },
    Mutant {
        rule: "a repeated create carries the same token",
        edits: &[(
            "src/ledger/journal.rs",
            "let salt = if verb == Verb::Create { 0 } else { op };",
            "let salt = op;",
        )],
        scenarios: &["faults::a_repeated_create"],
    },
    Mutant {
        rule: "users are deleted before what they use",
        edits: &[(
            "src/planner/teardown.rs",
            "drafts.removals_in_reverse(ending.iter().copied(), types);",
            "drop(ending);",
        )],
        scenarios: &["lifecycle::", "random_lives"],
    },
    Mutant {
        rule: "a run that is rolled back takes the killed ones before it along",
        edits: &[(
            "src/ledger/history.rs",
            "for (age, record) in history.iter().rev().enumerate() {",
            "for (age, record) in history.iter().rev().take(1).enumerate() {",
        )],
        scenarios: &["crash::a_failed_run"],
    },
    Mutant {
        rule: "what shows late beside its successor is found",
        edits: &[(
            "src/engine/late.rs",
            "if found.ownership != Ownership::Ours || unmanaged",
            "if true || unmanaged",
        )],
        scenarios: &["late::", "random_lives"],
    },
    Mutant {
        rule: "what was let go is not ours any more",
        edits: &[(
            "src/engine/late.rs",
            "Ownership::Ours || unmanaged ||",
            "Ownership::Ours || unmanaged && false ||",
        )],
        scenarios: &["late::"],
    },
    Mutant {
        rule: "destroy looks until nothing can show any more",
        edits: &[(
            "src/engine/lag.rs",
            "if eventually_consistent(facts) { SURELY } else { lag(facts).0 }",
            "lag(facts).0",
        )],
        scenarios: &["late::"],
    },
    Mutant {
        rule: "one run at a time",
        edits: &[("src/files.rs", "match file.try_lock() {", "match Ok::<(), TryLockError>(()) {")],
        scenarios: &["process::one_run_at_a_time"],
    },
    Mutant {
        rule: "errors are cleaned of secrets",
        edits: &[("src/engine/secrets.rs", "error.message = self.clean(&error.message);", "")],
        scenarios: &["secrecy::"],
    },
    Mutant {
        rule: "bytes that were changed are noticed",
        edits: &[(
            "src/ledger/journal.rs",
            "if trust == Trust::Sealed && !seal::intact(bytes) {",
            "if false {",
        )],
        scenarios: &["process::a_ledger_touched"],
    },
    Mutant {
        rule: "the source's door shuts before the target opens",
        edits: &[("src/operations/steps/forward.rs", "plan.shut(true);", "")],
        scenarios: &["operations::unattended"],
    },
    Mutant {
        rule: "the writers end before the captured changes are said to stand still",
        edits: &[("src/operations/steps/forward.rs", "plan.empty(&emptied);", "")],
        scenarios: &["operations::deaths::a_cutover", "operations::unattended"],
    },
    Mutant {
        rule: "an abort that has begun can only be completed",
        edits: &[("src/cli/operate/cutover.rs", "if args.resume && known.aborting() {", "if false {")],
        scenarios: &["operations::deaths::an_abort"],
    },
    Mutant {
        rule: "the names have settled when their old answers have expired",
        edits: &[(
            "src/operations/drive/wait.rs",
            "let left = i64::try_from(*seconds).unwrap_or(i64::MAX) - waited;",
            "let left = i64::from(seconds.min(&0) > &waited.unsigned_abs());",
        )],
        scenarios: &["operations::deaths::a_cutover_can"],
    },
    Mutant {
        rule: "names that were moved are waited for, also by whoever comes after a death",
        edits: &[(
            "src/operations/steps/back.rs",
            "if moved || sent { plan.send(|set| wished(set)) }",
            "if moved || sent && false { plan.send(|set| wished(set)) }",
        )],
        scenarios: &["operations::adverse::a_change_that_is_never"],
    },
    Mutant {
        rule: "only the sentinel's own row proves the drain",
        edits: &[(
            "src/operations/drive/wait.rs",
            "if seen.trim() == token {",
            "if seen.trim() == token || !seen.is_empty() {",
        )],
        scenarios: &["operations::hooks::a_hook_that_fails"],
    },
    Mutant {
        rule: "what a call changes is read before it is made",
        edits: &[(
            "src/engine/operate/act.rs",
            "Seen::Landed | Seen::Unclear => return Err(Halt::Changed(now)),",
            "Seen::Landed | Seen::Unclear => {}",
        )],
        scenarios: &["operations::trouble::what_somebody_else_changes_just_before"],
    },
    Mutant {
        rule: "a task that somebody else started anew is noticed",
        edits: &[(
            "src/operations/calls.rs",
            "(Noun::Task, \"StartDate\" | \"FreshStartDate\")",
            "(Noun::Task, \"StartDate\")",
        )],
        scenarios: &["operations::trouble::every_kind"],
    },
    Mutant {
        rule: "a task that has failed proves no fence",
        edits: &[(
            "src/operations/drive/wait.rs",
            "match samples.tasks.iter().find(|task| task.status != \"running\") {",
            "match samples.tasks.iter().find(|task| task.status == \"nonsense\") {",
        )],
        scenarios: &["operations::adverse::a_forward_task"],
    },
    Mutant {
        rule: "a rollback waits until everything is back",
        edits: &[(
            "src/operations/steps/back.rs",
            "plan.wait(\"everything has arrived at the source\", drained, 5, limit);",
            "let _ = (drained, limit);",
        )],
        scenarios: &["operations::defects::a_rollback_that_gave"],
    },
    Mutant {
        rule: "nothing fills a group again that goes to zero",
        edits: &[(
            "src/operations/fleets.rs",
            "suspend(writer, facts).into_iter().chain([size(writer, 0, 0, facts)]).collect()",
            "vec![size(writer, 0, 0, facts)]",
        )],
        scenarios: &["operations::steered::a_group_of"],
    },
    Mutant {
        rule: "a listener refuses requests while both sides are shut",
        edits: &[(
            "src/operations/steps/planner.rs",
            "for set in &self.resolved.traffic {\n            if let Some(call) = steering::refuse",
            "for set in self.resolved.traffic.iter().take(0) {\n            if let Some(call) = steering::refuse",
        )],
        scenarios: &["operations::steered::a_listener_leads"],
    },
    Mutant {
        rule: "a rollback prints what reopens the target",
        edits: &[(
            "src/operations/steps/back.rs",
            "let reopen = reopening(resolved, Side::Target, &plan.facts.clone());",
            "let reopen = reopening(resolved, Side::Source, &plan.facts.clone());",
        )],
        scenarios: &["operations::trouble::commands_that_reopen"],
    },
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_mutation_still_fits_the_source() {
    for mutant in MUTANTS {
        for (file, old, _) in mutant.edits {
            let text = std::fs::read_to_string(root().join(file)).expect("a source file");
            assert_eq!(text.matches(old).count(), 1, "`{}`: {file} has no single `{old}`", mutant.rule);
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name");
        if name == "target" || name == ".git" || name == ".migrate" {
            continue;
        }
        let target = to.join(name);
        if path.is_dir() {
            std::fs::create_dir_all(&target).expect("a folder");
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).expect("a copy");
        }
    }
}

#[test]
#[ignore = "builds the program once for each mutant; see the module's first lines"]
fn every_mutant_is_caught() {
    let dir = tempfile::tempdir().expect("a folder");
    copy(&root(), dir.path());
    let target = std::env::var_os("MIGRATE_MUTANTS_TARGET")
        .map_or_else(|| root().join("target/mutants"), PathBuf::from);
    let wanted = std::env::var("MIGRATE_MUTANT").unwrap_or_default();
    let chosen: Vec<&Mutant> = MUTANTS.iter().filter(|mutant| mutant.rule.contains(&wanted)).collect();
    assert!(!chosen.is_empty(), "no rule is named like `{wanted}`");
    let mut survivors = Vec::new();
    for mutant in &chosen {
        let originals: Vec<(PathBuf, String)> = mutant
            .edits
            .iter()
            .map(|(file, _, _)| {
                let path = dir.path().join(file);
                let text = std::fs::read_to_string(&path).expect("a source file");
                (path, text)
            })
            .collect();
        for (file, old, new) in mutant.edits {
            let path = dir.path().join(file);
            let text = std::fs::read_to_string(&path).expect("a source file");
            write(&path, &text.replacen(old, new, 1));
        }
        let cargo = |args: &[&str]| {
            Command::new(env!("CARGO"))
                .args(args)
                .current_dir(dir.path())
                .env("CARGO_TARGET_DIR", &target)
                .output()
                .expect("cargo runs")
        };
        let built = cargo(&["test", "--locked", "--test", "main", "--no-run"]);
        assert!(built.status.success(), "`{}`: {}", mutant.rule, String::from_utf8_lossy(&built.stderr));
        let caught = mutant
            .scenarios
            .iter()
            .find(|scenario| !cargo(&["test", "--locked", "--test", "main", scenario]).status.success());
        match caught {
            Some(scenario) => report(&format!("`{}` broken: caught by {scenario}", mutant.rule)),
            None => survivors.push(mutant.rule),
        }
        for (path, text) in originals {
            write(&path, &text);
        }
    }
    assert!(survivors.is_empty(), "nobody noticed: {survivors:?}");
    report(&format!("mutants caught: {} of {}", chosen.len() - survivors.len(), chosen.len()));
}
