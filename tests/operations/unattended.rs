//! There and back without anybody at the keyboard.

use super::{Desk, PLANS, text};

#[test]
fn each_plan_goes_live_and_comes_back_without_a_person() {
    for at in 0..PLANS.len() {
        let desk = Desk::synced(at);
        desk.expect(0, &["verify"]);
        let before = desk.operated();
        // What it needs to be told, and that --yes is no answer.
        let asked = desk.expect(7, &["cutover", "--yes"]);
        assert!(text(&asked).contains("O2006"), "{}", text(&asked));
        assert_eq!(desk.operated(), before, "asked, and nothing changed");

        let output = desk.cut_over(&["--json"], None);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        let last = String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned();
        assert!(last.contains("run_finished") && last.contains("\"phase\":\"live\""), "{last}");
        assert_eq!(desk.phase(), "live");
        let live = desk.operated();
        for (what, there) in [("record", 2), ("service", 1)] {
            let changed = live.iter().filter(|line| line.starts_with(what) && !before.contains(line)).count();
            assert!(changed >= there || what == "service", "{what}: {live:?}");
        }
        assert_eq!(before.len() - live.len(), 1, "the service's rule of the source is revoked: {live:?}");
        assert!(
            live.iter()
                .any(|line| line.starts_with("task") && line.contains("reverse") && line.ends_with("true"))
        );
        assert!(
            live.iter()
                .any(|line| line.starts_with("task") && !line.contains("reverse") && line.ends_with("false"))
        );

        let refused = desk.expect(7, &["destroy", "--yes"]);
        assert!(text(&refused).contains("O2010"), "{}", text(&refused));
        desk.expect(0, &["up", "--yes"]);
        assert_eq!(desk.operated(), live, "a deployment leaves alone what is operated");

        let output = desk.roll_back();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        assert_eq!(desk.phase(), "rolled-back");
        let back: Vec<String> =
            desk.operated().into_iter().filter(|line| !line.starts_with("task")).collect();
        let then: Vec<String> = before.into_iter().filter(|line| !line.starts_with("task")).collect();
        assert_eq!(back, then, "weights, rules, counts and scaling are those of before");
        desk.expect(0, &["destroy", "--yes", "--allow-data-loss", "all"]);
    }
}
