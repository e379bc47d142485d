//! How urgent each step is: what is left from its first call to the end of the run, the time that calls of services with
//! a known rate wait for each other included.
//!
//! Durations alone do not tell: of a hundred networks that are all alike each would be as urgent as the others, all would
//! be made at once, and a service that takes three calls a second, for what stands in them, would rest until then. So
//! the run is laid out backwards, from its end: at each moment a service takes the call whose own beginning takes longest
//! to reach, and what a step waits for is placed right before it.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

use crate::{
    planner::{ChangeSet, Step},
    resources::{registry, service},
};

/// What one step's own calls take at least, in milliseconds, so that long chains of quick steps count too.
const CALLS: u64 = 100;

/// A step, times in milliseconds.
struct Task {
    lasts: u64,
    /// The service whose rate it depends on: its number.
    service: Option<usize>,
    /// Steps that it waits for, and how long each of them takes until it goes on.
    after: Vec<(usize, u64)>,
}

/// A service that takes a call only every so many milliseconds.
#[derive(Default)]
struct Paced {
    interval: u64,
    /// When it takes the next.
    free: u64,
    /// Who could be taken, the one with the longest way to it first, then the last of the change set.
    ready: BinaryHeap<(u64, usize)>,
}

/// What happens at a moment; of one moment steps come first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Moment {
    /// The step has nothing behind it that is not placed.
    Step(usize),
    /// The service takes a call.
    Service(usize),
}

/// The rank of each step of a change set: milliseconds from its first call to the end of the run.
pub(super) fn ranks(set: &ChangeSet) -> Vec<u64> {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    let mut calls = Vec::new();
    let mut numbered = |step: &Step| {
        let name = registry::find(&step.kind)?.facts().service;
        let rate = service::of(name).writes?;
        let number = *numbers.entry(name).or_insert_with(|| {
            calls.push((0_u64, rate));
            calls.len() - 1
        });
        calls[number].0 += 1;
        Some(number)
    };
    let tasks: Vec<Task> = set
        .steps
        .iter()
        .map(|step| Task {
            lasts: step.lasts() * 1_000,
            service: numbered(step),
            after: step
                .after
                .iter()
                .map(|one| {
                    let at = one.step.0 as usize;
                    (at, set.steps[at].until(one.needs) * 1_000)
                })
                .collect(),
        })
        .collect();
    // Its first calls are taken at once; the rest is spread over all.
    let interval = |(count, (burst, rate)): (u64, (u32, u32))| {
        count.saturating_sub(burst.into()) * 1_000 / (u64::from(rate) * count)
    };
    backwards(&tasks, &calls.into_iter().map(interval).collect::<Vec<_>>())
}

/// The tasks, of which each comes after those that it waits for, laid out from the end: how long before the end each begins.
fn backwards(tasks: &[Task], intervals: &[u64]) -> Vec<u64> {
    // From the beginning of the run to each, if nobody had to wait for a service.
    let mut way = vec![0; tasks.len()];
    let mut dependents = vec![0_usize; tasks.len()];
    for (at, task) in tasks.iter().enumerate() {
        for (before, until) in &task.after {
            way[at] = way[at].max(way[*before] + until);
            dependents[*before] += 1;
        }
    }
    let mut services: Vec<Paced> =
        intervals.iter().map(|interval| Paced { interval: *interval, ..Paced::default() }).collect();
    // What is left behind each, as far as it is placed.
    let mut rest = vec![0_u64; tasks.len()];
    let mut ranks = vec![0; tasks.len()];
    let latest = |task: &Task, rest: u64| rest.max(task.lasts) + CALLS;
    // Moments at which a step could be placed, backwards, and at which a service takes the next: after all that are there by then.
    let mut moments: BinaryHeap<Reverse<(u64, Moment)>> = tasks
        .iter()
        .enumerate()
        .filter(|(at, _)| dependents[*at] == 0)
        .map(|(at, task)| Reverse((latest(task, 0), Moment::Step(at))))
        .collect();
    while let Some(Reverse((now, moment))) = moments.pop() {
        let placed = match moment {
            Moment::Step(at) => match tasks[at].service.filter(|number| services[*number].interval > 0) {
                None => at,
                Some(number) => {
                    let service = &mut services[number];
                    service.ready.push((way[at], at));
                    if service.ready.len() == 1 {
                        moments.push(Reverse((service.free.max(now), Moment::Service(number))));
                    }
                    continue;
                }
            },
            Moment::Service(number) => {
                let service = &mut services[number];
                let Some((_, at)) = service.ready.pop() else { continue };
                service.free = now + service.interval;
                if !service.ready.is_empty() {
                    moments.push(Reverse((service.free, Moment::Service(number))));
                }
                at
            }
        };
        ranks[placed] = now;
        for (before, until) in &tasks[placed].after {
            rest[*before] = rest[*before].max(now + until);
            dependents[*before] -= 1;
            if dependents[*before] == 0 {
                let latest = latest(&tasks[*before], rest[*before]);
                moments.push(Reverse((latest, Moment::Step(*before))));
            }
        }
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(lasts: u64, service: Option<usize>, after: &[(usize, u64)]) -> Task {
        Task { lasts, service, after: after.to_vec() }
    }

    /// Without a rate it is the longest way to the end, each step's own calls included.
    #[test]
    fn where_nothing_is_paced_it_is_the_longest_way() {
        let tasks = [
            task(2_000, None, &[]),
            task(0, None, &[(0, 2_000)]),
            task(9_000, None, &[(0, 1_000)]),
            task(0, Some(0), &[]),
        ];
        assert_eq!(backwards(&tasks, &[0]), [10_200, 100, 9_100, 100]);
    }

    /// A hundred networks, in each an alarm: whoever makes all networks first has no alarm to make meanwhile.
    #[test]
    fn what_a_paced_service_is_to_take_first_is_made_first() {
        let mut tasks = Vec::new();
        for at in 0..100 {
            tasks.push(task(1_000, None, &[]));
            tasks.push(task(0, Some(0), &[(2 * at, 1_000)]));
        }
        let ranks = backwards(&tasks, &[330]);
        for pair in 0..99 {
            let (network, alarm) = (2 * pair, 2 * pair + 1);
            assert_eq!(ranks[network] - ranks[network + 2], 330, "network {pair}");
            assert_eq!(ranks[alarm] - ranks[alarm + 2], 330, "alarm {pair}");
        }
        assert_eq!(ranks[0], 100 + 99 * 330 + 1_000 + 100);
    }

    /// Whose beginning is reached last is taken last, wherever it stands.
    #[test]
    fn what_cannot_begin_early_is_not_expected_early() {
        let mut tasks = vec![task(60_000, None, &[]), task(0, Some(0), &[(0, 60_000)])];
        tasks.extend((0..100).map(|_| task(0, Some(0), &[])));
        let ranks = backwards(&tasks, &[330]);
        assert_eq!(ranks[1], 100, "the alarm of what takes a minute is the last");
        assert_eq!(ranks[0], 60_200);
        assert!(ranks[2] > ranks[50] && ranks[50] > ranks[101]);
    }

    /// Nobody is left out, and whoever waits is less urgent than what it waits for.
    #[test]
    fn every_step_is_placed_after_what_it_waits_for() {
        let mut seed = 7_u64;
        let mut draw = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..50 {
            let count = 1 + draw(60) as usize;
            let tasks: Vec<Task> = (0..count)
                .map(|at| {
                    let before = if at == 0 { 0 } else { draw(4) };
                    let after = (0..before).map(|_| (draw(at as u64) as usize, draw(5_000))).collect();
                    Task { lasts: draw(9_000), service: [None, Some(0), Some(1)][draw(3) as usize], after }
                })
                .collect();
            let ranks = backwards(&tasks, &[300, 70]);
            for (at, task) in tasks.iter().enumerate() {
                assert!(ranks[at] >= task.lasts + CALLS, "{at}");
                assert!(task.after.iter().all(|(before, until)| ranks[*before] >= ranks[at] + until + CALLS));
            }
        }
    }
}
