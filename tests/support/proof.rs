//! How long proofs are, and what they tell.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Says what a proof has visited; `cargo test -- --nocapture` shows it.
#[expect(clippy::print_stdout, reason = "a test's report has no other reader")]
pub fn report(what: &str) {
    println!("proof: {what}");
}

/// Whether the long proof was asked for.
pub fn thorough() -> bool {
    std::env::var("MIGRATE_PROOF").is_ok_and(|value| value == "full")
}

/// The seeds to run: one (`MIGRATE_SEED=n`), some (`MIGRATE_SEEDS=from-to`), or the first so many.
pub fn seeds(usual: u64, long: u64) -> Vec<u64> {
    let number = |text: &str| text.parse::<u64>().unwrap_or_else(|_| panic!("`{text}` is no seed"));
    if let Ok(one) = std::env::var("MIGRATE_SEED") {
        return vec![number(&one)];
    }
    if let Ok(range) = std::env::var("MIGRATE_SEEDS") {
        let (from, to) = range.split_once('-').expect("MIGRATE_SEEDS=from-to");
        return (number(from)..=number(to)).collect();
    }
    (1..=if thorough() { long } else { usual }).collect()
}

/// Does something for every item on all cores; a panic in one ends the test.
pub fn in_parallel<T: Sync>(items: &[T], act: impl Fn(usize, &T) + Sync) {
    let next = AtomicUsize::new(0);
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while let Some((n, item)) = {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    items.get(n).map(|item| (n, item))
                } {
                    act(n, item);
                }
            });
        }
    });
}
