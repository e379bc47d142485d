//! The table of gates: each case is a sample and what the gate has to say of it.

use super::*;
use crate::operations::declare::Limits;

/// The present minute's begin, in seconds.
const NOW: i64 = 1_767_225_600;

/// Points by minute, the newest last, its minute ended `age` seconds ago.
fn series(values: &[f64], age: i64) -> Series {
    let count = i64::try_from(values.len()).unwrap();
    let at = |place: usize| NOW - age - 60 * (count - i64::try_from(place).unwrap());
    Series { complete: true, points: values.iter().enumerate().map(|(n, v)| (at(n), *v)).collect() }
}

fn lag(target: Series, source: Series) -> Samples {
    let mut samples = Samples { now: NOW, ..Samples::default() };
    samples.metrics.insert("CDCLatencyTarget".into(), target);
    samples.metrics.insert("CDCLatencySource".into(), source);
    samples
}

fn says(gate: &str, samples: &Samples) -> (Verdict, String) {
    let reading = judge(gate, samples, &Limits::default());
    assert_eq!(reading.gate, gate);
    (reading.verdict, reading.summary)
}

fn verdict(gate: &str, samples: &Samples) -> Verdict {
    says(gate, samples).0
}

#[test]
fn lag_needs_exactly_its_points_consecutive_fresh_complete_and_within_the_limit() {
    let good = || series(&[1.0; 5], 60);
    assert_eq!(verdict("lag", &lag(good(), good())), Verdict::Open);
    // One too few; none at all; one of the two metrics missing.
    assert_eq!(verdict("lag", &lag(series(&[1.0; 4], 60), good())), Verdict::Unknown);
    assert_eq!(verdict("lag", &lag(series(&[], 60), good())), Verdict::Unknown);
    let mut half = lag(good(), good());
    half.metrics.remove("CDCLatencySource");
    assert_eq!(verdict("lag", &half), Verdict::Unknown);
    // A hole among the last five; a hole before them.
    let mut holed = series(&[1.0; 6], 60);
    holed.points.remove(3);
    assert_eq!(verdict("lag", &lag(holed, good())), Verdict::Unknown);
    let mut older = series(&[1.0; 8], 60);
    older.points.remove(1);
    assert_eq!(verdict("lag", &lag(older, good())), Verdict::Open);
    // Stale: one second beyond three minutes.
    assert_eq!(verdict("lag", &lag(series(&[1.0; 5], 180), good())), Verdict::Open);
    assert_eq!(verdict("lag", &lag(series(&[1.0; 5], 181), good())), Verdict::Unknown);
    // Only a part of CloudWatch's answer.
    let partial = Series { complete: false, ..good() };
    assert_eq!(verdict("lag", &lag(partial, good())), Verdict::Unknown);
    // The limit itself, and a little more; an old peak no longer counts.
    assert_eq!(verdict("lag", &lag(series(&[10.0; 5], 60), good())), Verdict::Open);
    assert_eq!(verdict("lag", &lag(series(&[1.0, 1.0, 1.0, 1.0, 10.01], 60), good())), Verdict::Closed);
    assert_eq!(verdict("lag", &lag(series(&[95.0, 1.0, 1.0, 1.0, 1.0, 1.0], 60), good())), Verdict::Open);
    // Closed beats unknown, whatever the order.
    assert_eq!(verdict("lag", &lag(series(&[99.0; 5], 60), series(&[], 60))), Verdict::Closed);
    assert_eq!(verdict("lag", &lag(series(&[f64::NAN; 5], 60), good())), Verdict::Closed);
}

#[test]
fn after_the_fence_only_points_that_began_behind_it_count() {
    let good = || series(&[0.0; 5], 60);
    let first = good().points[0].0;
    let fenced = |since: i64| Samples { since: Some(since), ..lag(good(), good()) };
    assert_eq!(verdict("lag", &fenced(first)), Verdict::Open);
    assert_eq!(verdict("lag", &fenced(first + 1)), Verdict::Unknown);
    // And not one change may wait.
    let mut samples = fenced(first);
    for name in BACKLOG {
        samples.metrics.insert(name.into(), good());
    }
    assert_eq!(verdict("backlog", &samples), Verdict::Open);
    samples.metrics.insert(BACKLOG[0].into(), series(&[0.0, 0.0, 0.0, 0.0, 1.0], 60));
    assert_eq!(verdict("backlog", &samples), Verdict::Closed);
    samples.since = None;
    assert_eq!(verdict("backlog", &samples), Verdict::Open, "before the fence a few may wait");
}

#[test]
fn an_open_transaction_shows_in_the_source_though_the_target_is_idle() {
    // CDCLatencySource grows while a transaction is open, CDCLatencyTarget stays 0.
    let growing = series(&[20.0, 80.0, 140.0, 200.0, 260.0], 60);
    assert_eq!(verdict("lag", &lag(series(&[0.0; 5], 60), growing)), Verdict::Closed);
    let told = |transactions| Samples { now: NOW, transactions, ..Samples::default() };
    assert_eq!(verdict("transactions", &told(Some(Ok(10.0)))), Verdict::Open);
    assert_eq!(verdict("transactions", &told(Some(Ok(10.5)))), Verdict::Closed);
    assert_eq!(verdict("transactions", &told(Some(Err("nonsense".into())))), Verdict::Unknown);
    let (open, words) = says("transactions", &told(None));
    assert!(open == Verdict::Open && words.contains("not knowable"), "{words}");
}

fn table(name: &str, state: &str, validation: &str) -> TableSample {
    TableSample {
        schema: "public".into(),
        table: name.into(),
        state: state.into(),
        validation: validation.into(),
        ..TableSample::default()
    }
}

#[test]
fn no_table_is_not_all_tables() {
    let with = |tables: Vec<TableSample>| Samples { now: NOW, tables, ..Samples::default() };
    assert_eq!(verdict("tables", &with(Vec::new())), Verdict::Closed);
    assert_eq!(verdict("validation", &with(Vec::new())), Verdict::Unknown);
    assert_eq!(verdict("ddl", &with(Vec::new())), Verdict::Unknown);
    // DMS's own tables are none.
    assert_eq!(
        verdict("tables", &with(vec![table("awsdms_status", "Table completed", "")])),
        Verdict::Closed
    );
    // The last of five hundred and one.
    let mut many: Vec<TableSample> =
        (0..501).map(|n| table(&format!("t{n}"), "Table completed", "Validated")).collect();
    assert_eq!(verdict("tables", &with(many.clone())), Verdict::Open);
    assert_eq!(verdict("validation", &with(many.clone())), Verdict::Open);
    many[500].state = "Table error".into();
    assert_eq!(verdict("tables", &with(many.clone())), Verdict::Closed);
    // One that must be there and is not.
    let expected = Samples {
        expected_tables: vec!["public.payments".into()],
        ..with(vec![table("orders", "Table completed", "Validated")])
    };
    let (closed, words) = says("tables", &expected);
    assert!(closed == Verdict::Closed && words.contains("public.payments"), "{words}");
}

#[test]
fn validation_may_be_pending_while_rows_change_and_not_behind_the_fence() {
    let with = |validation: &str, pending: i64, since: Option<i64>| {
        let tables = vec![TableSample { pending, ..table("payments", "Table completed", validation) }];
        Samples { now: NOW, since, tables, ..Samples::default() }
    };
    assert_eq!(verdict("validation", &with("Pending records", 10_000, None)), Verdict::Open);
    assert_eq!(verdict("validation", &with("Pending records", 10_001, None)), Verdict::Closed);
    assert_eq!(verdict("validation", &with("Pending records", 0, Some(NOW))), Verdict::Closed);
    assert_eq!(verdict("validation", &with("Validated", 0, Some(NOW))), Verdict::Open);
    for bad in ["Not enabled", "No primary key", "Mismatched records", "Suspended records", "Table error"] {
        assert_eq!(verdict("validation", &with(bad, 0, None)), Verdict::Closed, "{bad}");
    }
    assert_eq!(verdict("validation", &with("Something new", 0, None)), Verdict::Unknown);
}

#[test]
fn alarms_without_data_are_not_ok() {
    let with = |states: &[&str]| Samples {
        now: NOW,
        alarms: states.iter().map(|state| ("lag".to_owned(), (*state).to_owned())).collect(),
        ..Samples::default()
    };
    assert_eq!(verdict("alarms", &with(&["OK", "OK"])), Verdict::Open);
    assert_eq!(verdict("alarms", &with(&["OK", "INSUFFICIENT_DATA"])), Verdict::Unknown);
    assert_eq!(verdict("alarms", &with(&["INSUFFICIENT_DATA", "ALARM"])), Verdict::Closed);
}

#[test]
fn reading_is_paused_until_it_is_resumed() {
    let with = |events: &[&str]| Samples {
        now: NOW,
        events: events.iter().map(|text| (*text).to_owned()).collect(),
        ..Samples::default()
    };
    assert_eq!(verdict("reading", &with(&[])), Verdict::Open);
    assert_eq!(verdict("reading", &with(&["Reading paused, swap files limit reached."])), Verdict::Closed);
    assert_eq!(verdict("reading", &with(&["Reading paused, ...", "Reading resumed"])), Verdict::Open);
    assert_eq!(verdict("reading", &with(&["Reading resumed", "Reading paused, disk"])), Verdict::Closed);
}

#[test]
fn a_health_check_counts_by_its_own_metric() {
    let with = |values: &[f64], age| Samples {
        now: NOW,
        checks: vec![("check".into(), series(values, age))],
        ..Samples::default()
    };
    assert_eq!(verdict("route53-health", &Samples::default()), Verdict::Open);
    assert_eq!(verdict("route53-health", &with(&[1.0; 3], 60)), Verdict::Open);
    assert_eq!(verdict("route53-health", &with(&[1.0, 0.0, 1.0], 60)), Verdict::Closed);
    assert_eq!(verdict("route53-health", &with(&[1.0; 2], 60)), Verdict::Unknown);
    assert_eq!(verdict("route53-health", &with(&[1.0; 3], 600)), Verdict::Unknown);
}

#[test]
fn errors_are_a_share_of_enough_requests() {
    let with = |requests: &[f64], errors: &[f64]| Samples {
        now: NOW,
        errors: vec![ErrorSample {
            group: "new".into(),
            requests: series(requests, 60),
            errors: series(errors, 60),
        }],
        ..Samples::default()
    };
    assert_eq!(verdict("errors", &Samples::default()), Verdict::Open);
    assert_eq!(verdict("errors", &with(&[100.0; 5], &[])), Verdict::Open, "no point is no error");
    assert_eq!(verdict("errors", &with(&[100.0; 5], &[5.0])), Verdict::Open, "exactly one percent");
    assert_eq!(verdict("errors", &with(&[100.0; 5], &[6.0])), Verdict::Closed);
    assert_eq!(verdict("errors", &with(&[33.0; 3], &[])), Verdict::Unknown, "99 requests");
    assert_eq!(verdict("errors", &with(&[], &[])), Verdict::Unknown);
    let mut partial = with(&[100.0; 5], &[]);
    partial.errors[0].errors.complete = false;
    assert_eq!(verdict("errors", &partial), Verdict::Unknown);
}

#[test]
fn an_assessment_must_have_passed_after_the_last_change() {
    let with = |status: &str, outdated: bool| {
        let one = AssessmentSample {
            task: "load".into(),
            run: "migrate-1".into(),
            status: status.into(),
            outdated,
            wrong: Vec::new(),
        };
        Samples { now: NOW, assessments: Some(vec![one]), ..Samples::default() }
    };
    assert_eq!(verdict("assessment", &Samples::default()), Verdict::Open, "none is declared");
    let verdicts = [
        ("passed", Verdict::Open),
        ("warning", Verdict::Open),
        ("running", Verdict::Unknown),
        ("provisioning", Verdict::Unknown),
        ("", Verdict::Closed),
        ("failed", Verdict::Closed),
        ("error-executing", Verdict::Closed),
        ("invalid state", Verdict::Closed),
    ];
    for (status, wanted) in verdicts {
        assert_eq!(verdict("assessment", &with(status, false)), wanted, "{status}");
    }
    assert_eq!(verdict("assessment", &with("passed", true)), Verdict::Closed);
}

#[test]
fn every_gate_has_a_judge_and_nothing_is_open_without_samples_but_what_is_not_there() {
    let nothing = Samples { now: NOW, ..Samples::default() };
    // What a migration may lack.
    let free = ["reading", "alarms", "transactions", "route53-health"];
    for gate in GATES {
        let (said, words) = says(gate, &nothing);
        assert_ne!(words, "there is no such gate", "{gate}");
        assert_eq!(said == Verdict::Open, free.contains(gate), "{gate}: {words}");
    }
    assert_eq!(verdict("no-such-gate", &nothing), Verdict::Unknown);
}
