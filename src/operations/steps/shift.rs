//! One step of a shift.

use super::{
    super::discover::{Resolved, TrafficSet},
    planner::Planner,
    step::Step,
};
use crate::ledger::{Facts, Phase};

/// One step of a shift.
#[must_use]
pub fn shift(
    resolved: &Resolved,
    only: Option<&str>,
    percent: u8,
    facts: &Facts,
    comment: &str,
) -> Vec<Step> {
    let mut chosen = resolved.clone();
    chosen.traffic.retain(|set| only.is_none_or(|name| set.name == name));
    let share = u64::from(percent);
    // Of a whole that is large enough for percents; back at the source it is the plan's own.
    let split = |set: &TrafficSet| {
        let whole = if percent == 0 || set.weight >= 100 { set.weight } else { 100 };
        let target = whole * share / 100;
        (whole - target, target)
    };
    let mut plan = Planner::new(&chosen, facts, comment);
    plan.flip(split);
    let to = if percent == 0 { Phase::Synced } else { Phase::Shifting(percent) };
    plan.phase(to, &format!("{percent} % of the traffic lead to the target"));
    plan.steps
}
