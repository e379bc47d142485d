//! Checks of large plans on several processors.

use std::{num::NonZero, panic::resume_unwind, thread};

/// Fewer items than this are done before another thread has begun.
const WORTH_IT: usize = 256;

/// Two answers that do not need each other.
pub(super) fn both<A, B: Send>(one: impl FnOnce() -> A, other: impl FnOnce() -> B + Send) -> (A, B) {
    thread::scope(|threads| {
        let other = threads.spawn(other);
        let one = one();
        (one, other.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// What `each` makes of every item, in their order.
pub(super) fn map<T: Send, R: Send>(items: Vec<T>, each: impl Fn(T) -> R + Sync) -> Vec<R> {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = processors.min(items.len() / WORTH_IT);
    map_on(threads, items, each)
}

/// The same on so many threads; each takes a contiguous part.
fn map_on<T: Send, R: Send>(threads: usize, mut items: Vec<T>, each: impl Fn(T) -> R + Sync) -> Vec<R> {
    if threads < 2 {
        return items.into_iter().map(each).collect();
    }
    let part = items.len().div_ceil(threads);
    let mut parts = Vec::with_capacity(threads);
    while items.len() > part {
        parts.push(items.split_off(items.len() - part));
    }
    let (first, each) = (items, &each);
    thread::scope(|threads| {
        let work = |part: Vec<T>| threads.spawn(move || part.into_iter().map(each).collect::<Vec<R>>());
        // The last part was split off first.
        let others: Vec<_> = parts.into_iter().rev().map(work).collect();
        let mut done: Vec<R> = first.into_iter().map(each).collect();
        for other in others {
            done.append(&mut other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_stays_whatever_the_number_of_items_and_threads() {
        for many in [0, 1, 2, 7, 255, 256, 511, 512, 513, 1_000] {
            let items: Vec<usize> = (0..many).collect();
            let doubled: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(map(items.clone(), |item| item * 2), doubled, "{many}");
            for threads in 0..6 {
                assert_eq!(map_on(threads, items.clone(), |item| item * 2), doubled, "{many} on {threads}");
            }
        }
        assert_eq!(both(|| 1, || "two"), (1, "two"));
    }

    #[test]
    #[should_panic(expected = "item 700")]
    fn a_panic_is_not_lost() {
        map_on(3, (0..1_000).collect(), |item| assert!(item != 700, "item {item}"));
    }
}
