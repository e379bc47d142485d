//! Staged stop: first start nothing new, then drop the waits.

use std::{
    future::poll_fn,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Poll, Waker},
};

/// Shared between the signal handler and the engine.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    level: AtomicU8,
    wakers: Mutex<Vec<Waker>>,
}

impl Stop {
    /// 0: go on; 1: start nothing new; 2: also drop waits; 3: leave at once.
    #[must_use]
    pub fn level(&self) -> u8 {
        self.0.level.load(Ordering::SeqCst)
    }

    /// Raises the level by one and says what it is now.
    pub fn raise(&self) -> u8 {
        let level = self.0.level.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        let wakers = std::mem::take(&mut *self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner));
        for waker in wakers {
            waker.wake();
        }
        level
    }

    /// Ends when the level is at least `level`.
    pub async fn reached(&self, level: u8) {
        poll_fn(|cx| {
            // Register before looking, or a signal between the two would be slept through.
            self.0.wakers.lock().unwrap_or_else(PoisonError::into_inner).push(cx.waker().clone());
            if self.level() >= level { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// What a level means, for people.
    #[must_use]
    pub fn meaning(level: u8) -> &'static str {
        match level {
            0 => "running",
            1 => {
                "nothing new is started; what is in flight is brought to its end. Ctrl-C again ends the waits"
            }
            2 => "waits end; calls in flight are completed. Ctrl-C again exits at once",
            _ => "exiting now; the next run determines what happened",
        }
    }
}
