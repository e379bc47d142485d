//! State that somebody else has written: what does not fit is refused, and what fits is still checked in the account.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::{objects, plant, refused};
use crate::program::{migrate, text};

const PLAN: &str = "
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.0.0.0/16}}
  Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: orders}}
  Logs: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: /orders}}
  Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: orders-data-1}}
";

/// Somebody else's, in the same account.
const OTHER: &str = "
Resources:
  Vpc: {Type: 'AWS::EC2::VPC', Properties: {CidrBlock: 10.9.0.0/16}}
  Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: theirs}}
  Logs: {Type: 'AWS::Logs::LogGroup', Properties: {LogGroupName: /theirs}}
  Bucket: {Type: 'AWS::S3::Bucket', Properties: {BucketName: theirs-data-1}}
";

fn ledger(dir: &Path, name: &str) -> PathBuf {
    dir.join(".migrate/sandbox").join(format!("{name}-default"))
}

#[track_caller]
fn up(dir: &Path, plan: &str) {
    let output = migrate(dir, &["up", plan, "--sandbox", "--yes"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

fn read(path: &Path) -> Json {
    serde_json::from_slice(&std::fs::read(path).expect("a file")).expect("JSON")
}

/// Physical ids by logical id.
fn ids(snapshot: &Json, stack: &str) -> Vec<(String, String)> {
    let resources = snapshot["resources"].as_object().expect("resources");
    resources
        .iter()
        .map(|(address, resource)| {
            let id = resource["current"]["physical_id"].as_str().expect("an id");
            (address.trim_start_matches(&format!("{stack}/")).to_owned(), id.to_owned())
        })
        .collect()
}

#[test]
fn a_resealed_ledger_with_foreign_ids_deletes_nothing_of_others() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path();
    plant(&root.join("plan.yaml"), PLAN.as_bytes());
    plant(&root.join("other.yaml"), OTHER.as_bytes());
    up(root, "plan.yaml");
    up(root, "other.yaml");
    let theirs = ids(&read(&ledger(root, "other").join("ledger.json")), "other");
    let path = ledger(root, "plan").join("ledger.json");
    let mut forged = std::fs::read_to_string(&path).expect("the ledger");
    for (name, id) in ids(&read(&path), "plan") {
        let other = &theirs.iter().find(|(logical, _)| *logical == name).expect("the same resource").1;
        forged = forged.replace(&id, other);
    }
    plant(&path, forged.as_bytes());
    // As it is, it is refused; its checksum made good, the account is asked whose the objects are.
    refused(
        &migrate(root, &["destroy", "plan.yaml", "--sandbox", "--yes", "--allow-data-loss", "all"]),
        "edited",
    );
    let sealed = migrate(root, &["ledger", "verify", "plan.yaml", "--sandbox", "--accept-edits"]);
    assert_eq!(sealed.status.code(), Some(0), "{}", text(&sealed.stderr));
    let review = migrate(root, &["destroy", "plan.yaml", "--sandbox", "--dry-run"]);
    let shown = text(&review.stdout) + &text(&review.stderr);
    assert!(theirs.iter().any(|(_, id)| shown.contains(id)), "the review shows physical ids: {shown}");
    let destroy = migrate(root, &["destroy", "plan.yaml", "--sandbox", "--yes", "--allow-data-loss", "all"]);
    let said = text(&destroy.stdout) + &text(&destroy.stderr);
    let left = objects(root);
    for table in ["ec2.vpc", "sns.topic", "logs.group", "s3.bucket"] {
        let count =
            left[table].as_u64().or_else(|| left[table.replace("logs.group", "logs.log_group")].as_u64());
        assert!(count.unwrap_or_default() >= 1, "{table} of somebody else is gone: {left:#}\n{said}");
    }
    let same = migrate(root, &["refresh", "other.yaml", "--sandbox", "--detailed-exitcode"]);
    assert_eq!(same.status.code(), Some(0), "theirs is as it was: {}", text(&same.stdout));
}

#[test]
fn every_altered_change_set_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path();
    plant(&root.join("plan.yaml"), PLAN.as_bytes());
    up(root, "plan.yaml");
    let changed = PLAN.replace("/orders}", "/orders-2}") + "  More: {Type: 'AWS::SNS::Topic'}\n";
    plant(&root.join("plan.yaml"), changed.as_bytes());
    let set = root.join("set.json");
    let plan = migrate(root, &["plan", "plan.yaml", "--sandbox", "--out", "set.json"]);
    assert_eq!(plan.status.code(), Some(0), "{}", text(&plan.stderr));
    let good = read(&set);
    let steps = good["steps"].as_array().expect("steps").len();
    assert!(steps >= 3, "{good:#}");
    let before = objects(root);
    let mut alterations: Vec<(String, Json)> = Vec::new();
    let mut alter = |what: &str, change: &dyn Fn(&mut Json)| {
        let mut set = good.clone();
        change(&mut set);
        if set != good {
            alterations.push((what.to_owned(), set));
        }
    };
    for at in 0..steps {
        alter("no loss", &|set| set["steps"][at]["data_loss"] = Json::Null);
        alter("another address", &|set| set["steps"][at]["address"] = json!("plan/Bucket"));
        alter("another reason", &|set| set["steps"][at]["why"] = json!("nothing to see"));
        alter("another region", &|set| set["steps"][at]["region"] = json!("eu-west-1"));
        alter("no order", &|set| set["steps"][at]["after"] = json!([]));
        alter("another property", &|set| {
            if set["steps"][at]["action"]["properties"].is_object() {
                set["steps"][at]["action"]["properties"] = json!({"Map": {"TopicName": {"String": "evil"}}});
            }
        });
        alter("a step less", &|set| {
            set["steps"].as_array_mut().expect("steps").remove(at);
        });
    }
    alter("hidden", &|set| set["unchanged"] = json!([]));
    alter("notes", &|set| set["notes"] = json!(["all is well"]));
    alter("replace", &|set| set["wishes"] = json!({"refresh": false, "replace": ["plan/Bucket"]}));
    alter("outputs", &|set| set["stacks"][0]["description"] = json!("x"));
    let count = alterations.len();
    assert!(count > steps * 3, "{count} alterations");
    for (what, altered) in alterations {
        plant(&set, altered.to_string().as_bytes());
        let args =
            ["up", "plan.yaml", "--sandbox", "--yes", "--allow-data-loss", "all", "--change-set", "set.json"];
        refused(&migrate(root, &args), &what);
        refused(
            &migrate(root, &["up", "plan.yaml", "--sandbox", "--dry-run", "--change-set", "set.json"]),
            &what,
        );
    }
    assert_eq!(objects(root), before, "nothing was changed");
    plant(&set, good.to_string().as_bytes());
    let args =
        ["up", "plan.yaml", "--sandbox", "--yes", "--allow-data-loss", "all", "--change-set", "set.json"];
    let applied = migrate(root, &args);
    assert_eq!(applied.status.code(), Some(0), "{}", text(&applied.stderr));
}

#[test]
fn a_change_set_that_was_planned_with_options_can_be_applied() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path();
    plant(&root.join("plan.yaml"), PLAN.as_bytes());
    up(root, "plan.yaml");
    let plan = ["plan", "plan.yaml", "--sandbox", "--refresh", "--replace", "plan/Vpc", "--out", "set.json"];
    let planned = migrate(root, &plan);
    assert_eq!(planned.status.code(), Some(0), "{}", text(&planned.stderr));
    let applied = migrate(root, &["up", "plan.yaml", "--sandbox", "--yes", "--change-set", "set.json"]);
    assert_eq!(applied.status.code(), Some(0), "{}", text(&applied.stderr));
    assert_eq!(objects(root)["ec2.vpc"], 1);
}

/// A change set for a ledger that does not exist yet brings the lineage with it: nobody else's.
#[test]
fn a_change_set_with_another_ledgers_lineage_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path();
    let topic = "Resources: {Topic: {Type: 'AWS::SNS::Topic', Properties: {TopicName: orders}}}\n";
    plant(&root.join("one/plan.yaml"), topic.as_bytes());
    plant(&root.join("two/plan.yaml"), topic.as_bytes());
    up(root, "one/plan.yaml");
    let theirs = std::fs::read_dir(root.join(".migrate/sandbox")).expect("the sandbox").flatten();
    let theirs =
        theirs.map(|entry| entry.path().join("ledger.json")).find(|path| path.exists()).expect("a ledger");
    let set = root.join("set.json");
    let prod = ["two/plan.yaml", "--sandbox", "-e", "other"];
    let planned = migrate(root, &[&["plan", "--out", "set.json"], &prod[..]].concat());
    assert_eq!(planned.status.code(), Some(0), "{}", text(&planned.stderr));
    let mut forged = read(&set);
    let own = forged["target"]["lineage"].as_str().expect("a lineage").to_owned();
    let lineage = read(&theirs)["lineage"].as_str().expect("a lineage").to_owned();
    assert_ne!(own, lineage);
    forged["target"]["lineage"] = json!(lineage);
    plant(&set, forged.to_string().as_bytes());
    let apply = [&["up", "--yes", "--change-set", "set.json"], &prod[..]].concat();
    let said = refused(&migrate(root, &apply), "another ledger's lineage");
    assert!(said.contains("M5103"), "{said}");
    forged["target"]["lineage"] = json!(own);
    plant(&set, forged.to_string().as_bytes());
    // The name is taken: the topic of the other plan is left alone.
    let failed = migrate(root, &apply);
    assert_eq!(failed.status.code(), Some(1), "{}", text(&failed.stderr));
    let same = migrate(root, &["refresh", "one/plan.yaml", "--sandbox", "--detailed-exitcode"]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same.stdout));
}

/// Every byte of the journal's complete lines, flipped in turn: damage, never a torn line.
#[test]
fn a_flipped_byte_in_a_complete_line_is_damage() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path();
    plant(&root.join("plan.yaml"), PLAN.as_bytes());
    let crash = r#"[{"match": {"operation": "CreateTopic"}, "action": {"crash": "after"}}]"#;
    plant(&root.join("faults.json"), crash.as_bytes());
    migrate(root, &["up", "plan.yaml", "--sandbox", "--yes", "--faults", "faults.json"]);
    let path = ledger(root, "plan").join("journal.jsonl");
    let good = std::fs::read(&path).expect("the journal");
    assert!(good.ends_with(b"\n") && good.len() > 500, "{}", good.len());
    let before = objects(root);
    let last = good[..good.len() - 1].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let places = (0..good.len()).step_by(good.len() / 15).chain((last..good.len() - 1).step_by(40));
    for at in places {
        if good[at] == b'\n' {
            continue;
        }
        let mut bytes = good.clone();
        bytes[at] ^= 0x04;
        plant(&path, &bytes);
        let said = refused(&migrate(root, &["up", "plan.yaml", "--sandbox", "--yes"]), &format!("byte {at}"));
        assert!(
            said.contains("M4103") || said.contains("M4107") || said.contains("M4104"),
            "byte {at}: {said}"
        );
    }
    assert_eq!(objects(root), before, "nothing was made");
    // A whole line taken out, two exchanged.
    let lines: Vec<&[u8]> = good.split_inclusive(|byte| *byte == b'\n').collect();
    let mut less = lines.clone();
    less.remove(1);
    let mut exchanged = lines.clone();
    exchanged.swap(1, 2);
    for (what, lines) in [("less", less), ("exchanged", exchanged)] {
        plant(&path, &lines.concat());
        refused(&migrate(root, &["up", "plan.yaml", "--sandbox", "--yes"]), what);
    }
    // Without its newline the last line was never complete.
    plant(&path, &good[..good.len() - 1]);
    up(root, "plan.yaml");
    assert_eq!(objects(root)["ec2.vpc"], 1);
    assert_eq!(objects(root)["sns.topic"], 1);
}

#[test]
fn a_misspelt_or_broken_plan_never_stands_for_another() {
    let dir = tempfile::tempdir().expect("a folder");
    let root = dir.path();
    plant(&root.join("plan.yaml"), PLAN.as_bytes());
    up(root, "plan.yaml");
    let before = objects(root);
    plant(&root.join("broken.yaml"), b"Resources: {");
    plant(&root.join("sub/migration.yaml"), b"name: [");
    let all = ["--sandbox", "--yes", "--allow-data-loss", "all"];
    for named in [
        &["plna.yaml"][..],
        &["broken.yaml"],
        &["sub"],
        &["."],
        &["-e", "prod"],
        &["plan.yaml", "-e", "prod"],
        &["plan.yaml", "--ledger", "nowhere"],
    ] {
        for verb in ["destroy", "status", "outputs", "refresh"] {
            let more: &[&str] = if verb == "destroy" { &all } else { &["--sandbox"] };
            let args = [&[verb], named, more].concat();
            if named == ["."] && verb != "destroy" {
                continue;
            }
            refused(&migrate(root, &args), &format!("{args:?}"));
        }
    }
    assert_eq!(objects(root), before);
}
