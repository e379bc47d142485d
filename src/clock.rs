//! Time. Nothing in this program asks the operating system for it except [`SystemClock`].
//!
//! A rehearsal runs on a [`VirtualClock`]: when nothing is runnable it jumps to the next timer, so a
//! 45-minute deployment takes as long as its computations. [`SdkTime`] makes the AWS SDK obey the same clock.

use std::{
    collections::BTreeMap,
    fmt::Debug,
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A sleep that can be held across await points of the SDK's own futures.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send + Sync + 'static>>;

/// The only source of time and of waiting.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> SystemTime;
    /// A future that ends `duration` from now.
    fn sleep(&self, duration: Duration) -> Sleep;
    /// Whether time jumps instead of passing; views then say "virtual".
    fn is_virtual(&self) -> bool {
        false
    }
}

/// Milliseconds since the Unix epoch; the unit of every stored instant.
#[must_use]
pub fn millis(at: SystemTime) -> i64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

/// The inverse of [`millis`].
#[must_use]
pub fn from_millis(ms: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(u64::try_from(ms).unwrap_or(0))
}

/// RFC 3339 in UTC with seconds, for ledgers, events and screens.
#[must_use]
pub fn rfc3339(at: SystemTime) -> String {
    let secs = millis(at) / 1000;
    aws_smithy_types::DateTime::from_secs(secs)
        .fmt(aws_smithy_types::date_time::Format::DateTime)
        .unwrap_or_default()
}

/// The inverse of [`rfc3339`].
#[must_use]
pub fn from_rfc3339(text: &str) -> Option<SystemTime> {
    let format = aws_smithy_types::date_time::Format::DateTime;
    let at = aws_smithy_types::DateTime::from_str(text, format).ok()?;
    at.to_millis().ok().map(from_millis)
}

/// An instant that was written down (RFC 3339), never later than `now`: a clock that was ahead when it was written must
/// not stretch every wait that counts from it. `None` for what is no instant.
#[must_use]
pub fn written(text: &str, now: SystemTime) -> Option<SystemTime> {
    from_rfc3339(text).map(|at| at.min(now))
}

/// Real time.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the operating system")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that sleeps in real time")]
    fn sleep(&self, duration: Duration) -> Sleep {
        Box::pin(async move { tokio::time::sleep(duration).await })
    }
}

#[derive(Debug, Default)]
struct Timers {
    now: Duration,
    next_id: u64,
    pending: BTreeMap<(Duration, u64), Option<Waker>>,
}

/// Time that stands still while anything can run and jumps when nothing can.
#[derive(Debug, Clone)]
pub struct VirtualClock {
    epoch: SystemTime,
    timers: Arc<Mutex<Timers>>,
}

/// Why [`VirtualClock::block_on`] gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halt {
    /// The given flag was raised: the simulated process is dead.
    Killed,
}

impl VirtualClock {
    /// A clock that starts at `epoch`.
    #[must_use]
    pub fn starting_at(epoch: SystemTime) -> Self {
        Self { epoch, timers: Arc::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Timers> {
        // A panic while holding this lock leaves plain data behind; it stays usable.
        self.timers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves time forward without running anything.
    pub fn advance(&self, by: Duration) {
        self.lock().now += by;
    }

    /// Drives `future` to its end; whenever nothing is runnable, jumps to the next timer.
    ///
    /// # Panics
    /// When nothing is runnable and no timer is set: a bug that would hang forever in real time.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        match self.block_on_until(future, &AtomicBool::new(false)) {
            Ok(output) => output,
            Err(Halt::Killed) => unreachable!("the flag is never raised"),
        }
    }

    /// As [`Self::block_on`], but drops `future` where it stands once `killed` is raised.
    ///
    /// # Errors
    /// [`Halt::Killed`] when the flag went up before the future ended.
    ///
    /// # Panics
    /// As [`Self::block_on`].
    pub fn block_on_until<F: Future>(&self, future: F, killed: &AtomicBool) -> Result<F::Output, Halt> {
        let mut future = pin!(future);
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        loop {
            while flag.0.swap(false, Ordering::SeqCst) {
                let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
                if killed.load(Ordering::SeqCst) {
                    return Err(Halt::Killed);
                }
                if let Poll::Ready(output) = polled {
                    return Ok(output);
                }
            }
            let mut timers = self.lock();
            let Some((&key, _)) = timers.pending.iter().next() else {
                drop(timers);
                panic!("virtual time deadlock: nothing runnable and no timer set");
            };
            timers.now = timers.now.max(key.0);
            let waker = timers.pending.get_mut(&key).and_then(Option::take);
            if waker.is_none() {
                // A sleep that was created but never polled, or whose task was already woken: it must
                // not hold time back.
                timers.pending.remove(&key);
            }
            drop(timers);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> SystemTime {
        self.epoch + self.lock().now
    }

    fn sleep(&self, duration: Duration) -> Sleep {
        let mut timers = self.lock();
        let key = (timers.now + duration, timers.next_id);
        timers.next_id += 1;
        drop(timers);
        Box::pin(Timer { clock: self.clone(), key })
    }

    fn is_virtual(&self) -> bool {
        true
    }
}

struct Timer {
    clock: VirtualClock,
    key: (Duration, u64),
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut timers = self.clock.lock();
        if timers.now >= self.key.0 {
            timers.pending.remove(&self.key);
            return Poll::Ready(());
        }
        timers.pending.insert(self.key, Some(cx.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.clock.lock().pending.remove(&self.key);
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// Makes SDK signing, timeouts and waiters obey a [`Clock`].
#[derive(Debug, Clone)]
pub struct SdkTime(pub Arc<dyn Clock>);

impl aws_smithy_async::time::TimeSource for SdkTime {
    fn now(&self) -> SystemTime {
        self.0.now()
    }
}

impl aws_smithy_async::rt::sleep::AsyncSleep for SdkTime {
    fn sleep(&self, duration: Duration) -> aws_smithy_async::rt::sleep::Sleep {
        aws_smithy_async::rt::sleep::Sleep::new(self.0.sleep(duration))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_jumps_to_the_next_timer_and_keeps_their_order() {
        let clock = VirtualClock::starting_at(UNIX_EPOCH);
        let order = Mutex::new(Vec::new());
        clock.block_on(async {
            let late = async {
                clock.sleep(Duration::from_secs(3600)).await;
                order.lock().unwrap().push("late");
            };
            let soon = async {
                clock.sleep(Duration::from_secs(60)).await;
                order.lock().unwrap().push("soon");
            };
            futures_util::future::join(late, soon).await;
        });
        assert_eq!(*order.lock().unwrap(), ["soon", "late"]);
        assert_eq!(clock.now(), UNIX_EPOCH + Duration::from_secs(3600));
    }

    #[test]
    fn a_killed_run_stops_where_it_stands() {
        let clock = VirtualClock::starting_at(UNIX_EPOCH);
        let killed = AtomicBool::new(false);
        let outcome = clock.block_on_until(
            async {
                clock.sleep(Duration::from_secs(5)).await;
                killed.store(true, Ordering::SeqCst);
                clock.sleep(Duration::from_secs(5)).await;
            },
            &killed,
        );
        assert_eq!(outcome, Err(Halt::Killed));
        assert_eq!(clock.now(), UNIX_EPOCH + Duration::from_secs(5));
    }

    /// Fails where a wait counts from an instant that has not come yet: `destroy` would look for ten days.
    #[test]
    fn an_instant_of_a_clock_that_was_ahead_is_not_later_than_now() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000);
        let ten_days_on = now + Duration::from_secs(10 * 24 * 3_600);
        assert_eq!(written(&rfc3339(ten_days_on), now), Some(now));
        assert_eq!(written(&rfc3339(now), ten_days_on), Some(now));
        assert_eq!(written("yesterday", now), None);
    }

    #[test]
    fn instants_survive_the_round_trip() {
        assert_eq!(millis(from_millis(1_760_000_000_123)), 1_760_000_000_123);
        assert_eq!(rfc3339(from_millis(1_760_000_000_000)), "2025-10-09T08:53:20Z");
    }
}
