use serde_json::{Value as Json, json};

use super::*;

#[test]
fn every_phase_reads_back_what_it_writes() {
    for text in [
        "deployed",
        "tested",
        "loading",
        "following",
        "synced",
        "shifting(0)",
        "shifting(50)",
        "fenced",
        "drained",
        "switched",
        "live",
        "rolling-back",
        "rolled-back",
        "finalized",
    ] {
        assert_eq!(text.parse::<Phase>().unwrap().to_string(), text);
    }
    for wrong in ["", "shifting", "shifting(101)", "shifting(-1)", "Live"] {
        assert!(wrong.parse::<Phase>().is_err(), "{wrong}");
    }
}

#[test]
fn a_call_is_recognised_by_what_it_changes() {
    let task = Subject::new(Noun::Task, "us-east-1", &["arn:aws:dms:us-east-1:123456789012:task:t"]);
    let start = Operate {
        name: "start".into(),
        request: Request::new("dms", "StartReplicationTask", "us-east-1", json!({})),
        before: Facts::default().with(&task, "StartDate", Json::Null),
        expect: Facts::default().with(&task, "StartDate", Json::Null),
        touches: Facts::default(),
        repeat: Repeat::AfterLooking,
    };
    assert_eq!(start.seen(&Facts::default().with(&task, "StartDate", json!(17))), Seen::Landed);
    assert_eq!(start.seen(&Facts::default().with(&task, "StartDate", Json::Null)), Seen::Absent);
    let record = Subject::new(Noun::Record, "us-east-1", &["Z", "n", "A", "source"]);
    let weight = |n: u64| Facts::default().with(&record, "record", json!({"Weight": n}));
    let flip = Operate { before: weight(100), expect: weight(0), ..start };
    assert_eq!(flip.seen(&weight(0)), Seen::Landed);
    assert_eq!(flip.seen(&weight(100)), Seen::Absent);
    assert_eq!(flip.seen(&weight(50)), Seen::Unclear);
    let text = serde_json::to_string(&flip).unwrap();
    assert_eq!(serde_json::from_str::<Operate>(&text).unwrap(), flip);
}
