//! Evidence of a migration that went there and back.

use serde_json::Value as Json;

use super::{Desk, text};
use crate::support::{secrets, write};

#[test]
fn evidence_is_whole_until_somebody_touches_it() {
    let desk = Desk::synced(0);
    let output = desk.bare(&["evidence", "verify", "nowhere"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let output =
        desk.cut_over(&["--ticket", "CHG-4711", "--override", "instance=checked by hand, CHG-4711"], None);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(desk.roll_back().status.code(), Some(0));
    let told: Json = serde_json::from_slice(
        &desk.expect(0, &["evidence", "--json", "--out", "bundle", "--html", "page.html"]).stdout,
    )
    .expect("a document");
    let folder = desk.dir.path().join("bundle");
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("a file");
    let bundle: Json = serde_json::from_str(&read("evidence.json")).expect("a bundle");
    assert_eq!(bundle["phase"], "rolled-back");
    assert_eq!(bundle["ticket"], "CHG-4711");
    assert_eq!(bundle["people"]["overrides"][0]["gate"], "instance");
    assert_eq!(bundle["refusals"].as_array().expect("refusals").len(), 2, "{}", bundle["refusals"]);
    let timeline = bundle["timeline"].as_array().expect("a timeline");
    let called: Vec<&Json> =
        timeline.iter().filter(|m| m["did"] == "called" && m["outcome"] == "landed").collect();
    assert!(called.len() > 15, "{}", called.len());
    assert!(
        called.iter().all(|call| call["request_id"].is_string()),
        "every call has AWS's request id: {called:#?}"
    );
    assert!(
        timeline.iter().any(|m| m["name"] == "in sync")
            && timeline.iter().any(|m| m["name"] == "drain-proof")
    );

    // Nothing secret, no matter where it came from (I11).
    let known = desk.account(|world| secrets::of_world(world));
    let page = std::fs::read_to_string(desk.dir.path().join("page.html")).expect("a page");
    for (what, text) in [("the bundle", &read("evidence.json")), ("the page", &page)] {
        secrets::absent_from(text, &known, what);
    }
    assert!(page.contains("CHG-4711") && page.matches("<polyline").count() >= 3 && !page.contains("<script"));

    let verify = |more: &[&str]| {
        let mut words = vec!["evidence", "verify", "bundle"];
        words.extend(more);
        desk.bare(&words)
    };
    let head = told["head"].as_str().expect("a head").to_owned();
    let output = verify(&["--head", &head]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let output = verify(&["--head", "5f1c"]);
    assert_eq!(output.status.code(), Some(1), "another bundle: {}", text(&output));
    // Touched, and its sum made to fit.
    let forged = read("evidence.json").replace("CHG-4711", "CHG-4712");
    write(&folder.join("evidence.json"), &forged);
    assert_eq!(verify(&[]).status.code(), Some(1));
    use sha2::Digest as _;
    let sum = hex::encode(sha2::Sha256::digest(forged.as_bytes()));
    write(&folder.join("SHA256SUMS"), &format!("{sum}  evidence.json\n"));
    let output = verify(&[]);
    assert_eq!(output.status.code(), Some(1), "the chain tells: {}", text(&output));
    assert!(text(&output).contains("O2014"), "{}", text(&output));
}
