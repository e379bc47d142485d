//! Phases: a pure transition function. The ledger only stores what passed it.

use crate::ledger::Phase;

/// What a transition is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Every connection was tested successfully.
    pub connected: bool,
    /// The forward task has been started.
    pub started: bool,
    /// The full load is complete and changes are replicated.
    pub following: bool,
    /// The forward task was started anew since the phase was recorded.
    pub reloaded: bool,
    /// All gates of the cutover are open.
    pub synced: bool,
    /// Nothing can write to the source, proven.
    pub fenced: bool,
    /// Everything committed at the source is on the target, and the forward task has stopped.
    pub drained: bool,
    /// All weights lead to the target, in sync.
    pub switched: bool,
    /// The target takes writes.
    pub open: bool,
    /// Everything is as it was before the cutover.
    pub restored: bool,
    /// The source takes writes again after the target was fenced.
    pub home: bool,
    /// Both tasks have stopped for good.
    pub ended: bool,
}

/// Why a phase cannot be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The present phase.
    pub from: Phase,
    /// The wanted one.
    pub to: Phase,
    /// What is missing.
    pub why: &'static str,
}

/// Where a migration stands by itself, without anybody doing anything: only the phases before the fence follow from what
/// is seen.
#[must_use]
pub fn stands(phase: Phase, seen: &Seen) -> Phase {
    match phase {
        Phase::Deployed | Phase::Tested | Phase::Loading | Phase::Following | Phase::Synced => {
            if !seen.started {
                if seen.connected { Phase::Tested } else { Phase::Deployed }
            } else if !seen.following || seen.reloaded {
                Phase::Loading
            } else if seen.synced {
                Phase::Synced
            } else {
                Phase::Following
            }
        }
        Phase::Shifting(_) | Phase::RolledBack if seen.reloaded => Phase::Loading,
        other => other,
    }
}

/// Whether the phase may be entered from the present one.
///
/// # Errors
/// What is missing, or that there is no such way.
pub fn enter(from: Phase, to: Phase, seen: &Seen) -> Result<Phase, Refusal> {
    use Phase::{
        Deployed, Drained, Fenced, Finalized, Following, Live, Loading, RolledBack, RollingBack, Shifting,
        Switched, Synced, Tested,
    };
    let no = |why| Err(Refusal { from, to, why });
    let when = |good: bool, why| if good { Ok(to) } else { no(why) };
    match (from, to) {
        (Deployed, Tested) => when(seen.connected, "not every connection was tested successfully"),
        (Tested | RolledBack, Loading) => when(seen.started, "the forward task has not started"),
        (Loading, Following) => when(seen.following, "the full load is not complete"),
        (Loading, Tested) => when(!seen.started, "the forward task has started"),
        (Following, Synced) => when(seen.synced, "a gate of the cutover is closed"),
        (Synced, Following) | (Following | Synced | Shifting(_), Loading) => Ok(to),
        // A gate may be passed over, with a reason: the fence does not ask again.
        (Following | Synced | Shifting(_), Fenced) => when(seen.fenced, "the source can still be written to"),
        (Following | Synced | Shifting(_), Shifting(percent)) => {
            when((1..=99).contains(&percent), "a share is 1 to 99")
        }
        (Shifting(_), Synced) => Ok(to),
        (Fenced, Drained) => when(seen.drained, "changes are still on the way to the target"),
        (Drained, Switched) => when(seen.switched, "the names do not all lead to the target"),
        (Switched, Live) => when(seen.open, "the target does not take writes"),
        // An abort returns to where the cutover began, also into the middle of a shift.
        (Fenced | Drained | Switched, Synced | Shifting(_)) => {
            when(seen.restored, "something is not as it was before the cutover")
        }
        (Live, Finalized) => when(seen.ended, "a task has not stopped"),
        (Live, RollingBack) => when(seen.fenced, "the target can still be written to"),
        (RollingBack, RolledBack) => when(seen.home, "the source does not take writes"),
        _ => no("there is no way from the one to the other"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Phase; 14] = [
        Phase::Deployed,
        Phase::Tested,
        Phase::Loading,
        Phase::Following,
        Phase::Synced,
        Phase::Shifting(10),
        Phase::Shifting(50),
        Phase::Fenced,
        Phase::Drained,
        Phase::Switched,
        Phase::Live,
        Phase::RollingBack,
        Phase::RolledBack,
        Phase::Finalized,
    ];

    /// The specification's table, written down a second time: names, not code.
    const MODEL: &[(&str, &[&str])] = &[
        ("deployed", &["tested"]),
        ("tested", &["loading"]),
        ("loading", &["following", "tested"]),
        ("following", &["synced", "loading", "fenced", "shifting(10)", "shifting(50)"]),
        ("synced", &["following", "loading", "shifting(10)", "shifting(50)", "fenced"]),
        ("shifting(10)", &["shifting(10)", "shifting(50)", "synced", "loading", "fenced"]),
        ("shifting(50)", &["shifting(10)", "shifting(50)", "synced", "loading", "fenced"]),
        ("fenced", &["drained", "synced", "shifting(10)", "shifting(50)"]),
        ("drained", &["switched", "synced", "shifting(10)", "shifting(50)"]),
        ("switched", &["live", "synced", "shifting(10)", "shifting(50)"]),
        ("live", &["finalized", "rolling-back"]),
        ("rolling-back", &["rolled-back"]),
        ("rolled-back", &["loading"]),
        ("finalized", &[]),
    ];

    fn everything() -> Seen {
        Seen {
            connected: true,
            started: true,
            following: true,
            reloaded: false,
            synced: true,
            fenced: true,
            drained: true,
            switched: true,
            open: true,
            restored: true,
            home: true,
            ended: true,
        }
    }

    #[test]
    fn the_transitions_are_those_of_the_model_and_no_others() {
        for from in ALL {
            for to in ALL {
                let known = MODEL.iter().find(|(name, _)| *name == from.to_string()).unwrap().1;
                let mut seen = everything();
                if (from, to) == (Phase::Loading, Phase::Tested) {
                    seen.started = false;
                }
                let allowed = enter(from, to, &seen).is_ok();
                assert_eq!(allowed, known.contains(&to.to_string().as_str()), "{from} -> {to}");
            }
        }
    }

    #[test]
    fn nothing_is_entered_without_what_proves_it() {
        let nothing = Seen { started: true, ..Seen::default() };
        let free = [("synced", "following"), ("following", "loading"), ("synced", "loading")];
        for from in ALL {
            for to in ALL {
                let shift = matches!(from, Phase::Shifting(_)) || matches!(to, Phase::Shifting(_));
                if shift
                    || free.contains(&(from.to_string().as_str(), to.to_string().as_str()))
                    || to == Phase::Loading
                {
                    continue;
                }
                assert!(enter(from, to, &nothing).is_err(), "{from} -> {to} without proof");
            }
        }
        assert!(enter(Phase::Shifting(10), Phase::Fenced, &nothing).is_err());
    }

    #[test]
    fn the_phases_of_a_window_do_not_move_by_themselves() {
        let seens =
            [Seen::default(), everything(), Seen { reloaded: true, started: true, ..Seen::default() }];
        for phase in [
            Phase::Fenced,
            Phase::Drained,
            Phase::Switched,
            Phase::Live,
            Phase::RollingBack,
            Phase::Finalized,
        ] {
            for seen in &seens {
                assert_eq!(stands(phase, seen), phase);
            }
        }
    }

    #[test]
    fn in_sync_is_never_sticky_and_a_reload_is_noticed() {
        let seen = Seen { synced: false, ..everything() };
        assert_eq!(stands(Phase::Synced, &seen), Phase::Following);
        assert_eq!(stands(Phase::Following, &everything()), Phase::Synced);
        let again = Seen { reloaded: true, ..everything() };
        assert_eq!(stands(Phase::Synced, &again), Phase::Loading);
        assert_eq!(stands(Phase::Shifting(10), &again), Phase::Loading);
        assert_eq!(stands(Phase::Deployed, &Seen::default()), Phase::Deployed);
        assert_eq!(stands(Phase::Deployed, &Seen { connected: true, ..Seen::default() }), Phase::Tested);
    }
}
