//! There and back without anybody at the keyboard, on every plan.

use std::time::{Duration, Instant};

use super::{Desk, PLANS, text, without_tasks};

/// What a plan lacks that a gate needs: one with an old server has no service of the target that discovery knows, and for
/// the alarm on the readers' lag the sandbox has no data.
fn overrides(at: usize) -> &'static [&'static str] {
    match PLANS[at].0 {
        "payments-multi-stack" | "payments-single-stack" => &[],
        "database-blue-green" => &["--override", "target-health=the target's fleet was looked at by hand"],
        _ => &["--override", "alarms=the readers' lag was looked at by hand"],
    }
}

/// The wall's clock: what is promised of a rehearsal is real time.
#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
fn wall() -> Instant {
    Instant::now()
}

#[test]
fn each_plan_goes_live_and_comes_back_without_a_person() {
    for (at, (plan, _)) in PLANS.iter().copied().enumerate() {
        let desk = Desk::synced(at);
        desk.expect(0, &["verify"]);
        let before = desk.operated();
        // What it needs to be told, and that --yes is no answer.
        let mut asking = vec!["cutover", "--yes"];
        asking.extend(overrides(at));
        let asked = desk.expect(7, &asking);
        assert!(text(&asked).contains("O2006"), "{plan}: {}", text(&asked));
        assert_eq!(desk.operated(), before, "{plan}: asked, and nothing changed");

        let began = wall();
        let mut more = vec!["--json"];
        more.extend(overrides(at));
        let output = desk.cut_over(&more, None);
        assert_eq!(output.status.code(), Some(0), "{plan}: {}", text(&output));
        let last = String::from_utf8_lossy(&output.stdout).lines().last().unwrap_or_default().to_owned();
        assert!(last.contains("run_finished") && last.contains("\"phase\":\"live\""), "{plan}: {last}");
        assert_eq!(desk.phase(), "live", "{plan}");
        // Ten seconds are promised for a quiet machine; tests share theirs.
        assert!(began.elapsed() < Duration::from_secs(60), "{plan}: {:?}", began.elapsed());
        let live = desk.operated();
        let moved = live.iter().filter(|line| line.starts_with("record") && !before.contains(line)).count();
        assert!(moved >= 2, "{plan}: both weights: {live:?}");
        let rules = |list: &[String]| list.iter().filter(|line| line.starts_with("rule")).count();
        // An old server has no group of the plan's: its fence is a hook.
        let doors = usize::from(at < 2);
        assert_eq!(
            rules(&before) - rules(&live),
            doors,
            "{plan}: the rule of the source is revoked: {live:?}"
        );
        let runs = |reverse: bool| {
            live.iter().any(|line| {
                line.starts_with("task") && line.contains("reverse") == reverse && line.ends_with("true")
            })
        };
        assert!(
            runs(true) && !runs(false),
            "{plan}: the reverse task runs, the forward task does not: {live:?}"
        );

        let refused = desk.expect(7, &["destroy", "--yes"]);
        assert!(text(&refused).contains("O2010"), "{plan}: {}", text(&refused));
        desk.expect(0, &["up", "--yes"]);
        assert_eq!(desk.operated(), live, "{plan}: a deployment leaves alone what is operated");

        let output = desk.roll_back();
        assert_eq!(output.status.code(), Some(0), "{plan}: {}", text(&output));
        assert_eq!(desk.phase(), "rolled-back", "{plan}");
        if plan != "payments-aurora-mysql" {
            let after = desk.operated();
            assert_eq!(
                without_tasks(&after),
                without_tasks(&before),
                "{plan}: weights, rules, counts and scaling are those of before"
            );
        }
        desk.expect(0, &["destroy", "--yes", "--allow-data-loss", "all"]);
    }
}
