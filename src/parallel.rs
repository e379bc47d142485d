//! Work on large plans on several processors.

use std::{
    collections::BTreeMap,
    num::NonZero,
    panic::resume_unwind,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

/// Fewer items than this are done before another thread has begun.
const WORTH_IT: usize = 256;

/// So many are taken at once where the answers go somewhere.
const BLOCK: usize = 2_048;

/// Two answers that do not need each other.
pub fn both<A, B: Send>(one: impl FnOnce() -> A, other: impl FnOnce() -> B + Send) -> (A, B) {
    thread::scope(|threads| {
        let other = threads.spawn(other);
        let one = one();
        (one, other.join().unwrap_or_else(|panic| resume_unwind(panic)))
    })
}

/// What `each` makes of every item, in their order.
pub fn map<T: Send, R: Send>(items: Vec<T>, each: impl Fn(T) -> R + Sync) -> Vec<R> {
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

/// Gives what `each` makes of every item to `take`, in their order, while the next ones are at work. Items are gone when they are
/// done: of a large plan there is never all of both.
pub fn stream<T: Send, R: Send>(items: Vec<T>, each: impl Fn(T) -> R + Sync, take: impl FnMut(R)) {
    let processors = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = processors.min(items.len() / WORTH_IT);
    stream_on(threads, BLOCK, items, each, take);
}

/// The same on so many threads, so many items at once.
fn stream_on<T: Send, R: Send>(
    threads: usize,
    block: usize,
    mut items: Vec<T>,
    each: impl Fn(T) -> R + Sync,
    mut take: impl FnMut(R),
) {
    if threads < 2 {
        return items.into_iter().map(each).for_each(take);
    }
    // Blocks come off the end.
    items.reverse();
    let left = Mutex::new((0_usize, items));
    let next = || {
        let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, items) = &mut *left;
        let mut next = items.split_off(items.len().saturating_sub(block));
        items.shrink_to_fit();
        next.reverse();
        *number += 1;
        (!next.is_empty()).then_some((*number, next))
    };
    let (next, each) = (&next, &each);
    let (done, arriving) = mpsc::sync_channel(threads);
    thread::scope(|scope| {
        let work = |done: mpsc::SyncSender<(usize, Vec<R>)>| {
            move || {
                while let Some((number, items)) = next() {
                    if done.send((number, items.into_iter().map(each).collect())).is_err() {
                        break;
                    }
                }
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work(done.clone()))).collect();
        drop(done);
        let (mut early, mut due) = (BTreeMap::new(), 1);
        for (number, answers) in arriving {
            early.insert(number, answers);
            while let Some(answers) = early.remove(&due) {
                answers.into_iter().for_each(&mut take);
                due += 1;
            }
        }
        for worker in workers {
            worker.join().unwrap_or_else(|panic| resume_unwind(panic));
        }
    });
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

    #[test]
    fn a_stream_keeps_the_order_whatever_the_number_of_threads_and_blocks() {
        for many in [0, 1, 7, 255, 513, 1_000] {
            let items: Vec<usize> = (0..many).collect();
            let wanted: Vec<usize> = items.iter().map(|item| item * 2).collect();
            // What comes first takes longest.
            let each = |item: usize| {
                let rounds = if item < 20 { 20_000 } else { 0 };
                std::hint::black_box((0..rounds).fold(item, |sum, round| sum ^ round));
                item * 2
            };
            for (threads, block) in [(0, 1), (1, 10), (2, 1), (2, 300), (3, 7), (5, 64)] {
                let mut taken = Vec::new();
                stream_on(threads, block, items.clone(), each, |answer| taken.push(answer));
                assert_eq!(taken, wanted, "{many} on {threads} by {block}");
            }
            let mut taken = Vec::new();
            stream(items, |item| item * 2, |answer| taken.push(answer));
            assert_eq!(taken, wanted, "{many}");
        }
    }

    #[test]
    fn a_panic_in_a_stream_is_not_lost() {
        let work = |item: usize| assert!(item != 700, "the check of one item fails");
        let lost = std::panic::catch_unwind(|| stream_on(3, 10, (0..1_000).collect(), work, drop));
        assert!(lost.is_err());
        let taken = |()| panic!("whoever takes the answers fails");
        let lost = std::panic::catch_unwind(|| stream_on(3, 10, (0..1_000).collect(), drop::<usize>, taken));
        assert!(lost.is_err());
    }
}
