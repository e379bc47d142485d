//! Makes one operation for certain.

use std::{cell::RefCell, time::Duration};

use super::{super::limit::AT_ONCE, read::Reader, send::send};
use crate::{
    aws::{Certainty, OpError},
    clock::rfc3339,
    engine::{
        event::{Event, EventKind, Observer},
        reads::{STRIKES, backoff},
        secrets::Redactor,
        stop::Stop,
    },
    ledger::{Entry, Facts, Intend, Ledger, LedgerError, Open, Operate, Repeat, Resolution, Seen, Verb},
    model::{Address, Attributes},
};

/// How long reads may still hide what a call did.
const SETTLES: [u64; 4] = [1, 2, 4, 8];
/// How long throttling is outwaited.
const THROTTLED: u32 = 60;

/// How an operation ended that took effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Acted {
    /// The intent's number; `None` when nothing had to be called.
    pub op: Option<u64>,
    /// What its answer told.
    pub answer: Attributes,
}

/// Why an operation did not take effect.
#[derive(Debug)]
pub enum Halt {
    /// The ledger could not be written; nothing was called after that.
    Ledger(LedgerError),
    /// AWS said no, or could not be asked.
    Aws(OpError),
    /// Whether it took effect is not known; its intent stays open.
    Unresolved(OpError),
    /// What was there before is not what was planned with: somebody else changed it.
    Changed(Facts),
    /// A signal.
    Stopped(u8),
}

impl From<LedgerError> for Halt {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}

impl From<OpError> for Halt {
    fn from(error: OpError) -> Self {
        Self::Aws(error)
    }
}

/// Makes operations.
pub struct Operator<'a> {
    /// Reads.
    pub reader: Reader<'a>,
    /// The open, locked ledger.
    pub ledger: &'a RefCell<Ledger>,
    /// Receives events.
    pub observer: &'a RefCell<&'a mut dyn Observer>,
    /// Raised by signals.
    pub stop: Stop,
    /// Takes secrets out of errors.
    pub redactor: Redactor,
    /// The events' numbers.
    pub seq: std::cell::Cell<u64>,
    /// When the command began.
    pub started: std::time::SystemTime,
}

impl Operator<'_> {
    /// Tells the views.
    pub fn emit(&self, kind: EventKind) {
        self.seq.set(self.seq.get() + 1);
        let now = self.reader.clock.now();
        let elapsed = now.duration_since(self.started).unwrap_or_default().as_secs_f64();
        let event = Event {
            seq: self.seq.get(),
            at: rfc3339(now),
            elapsed_s: (elapsed * 1000.0).round() / 1000.0,
            kind,
        };
        self.observer.borrow_mut().on(&event);
    }

    /// Writes entries and waits until they are on disk.
    ///
    /// # Errors
    /// When the store fails.
    pub fn write(&self, entries: Vec<Entry>) -> Result<(), Halt> {
        let mut ledger = self.ledger.borrow_mut();
        for entry in entries {
            ledger.append(entry)?;
        }
        Ok(ledger.sync()?)
    }

    /// Makes the call, unless its effect is there already.
    ///
    /// # Errors
    /// See [`Halt`]. Only [`Halt::Unresolved`] leaves an intent open.
    pub async fn act(&self, address: &Address, operate: &Operate) -> Result<Acted, Halt> {
        self.make(address, operate, false).await
    }

    /// Makes a call once more whose effect is there, for what its answer tells.
    ///
    /// # Errors
    /// See [`Halt`].
    pub async fn again(&self, address: &Address, operate: &Operate) -> Result<Acted, Halt> {
        self.make(address, operate, true).await
    }

    async fn make(&self, address: &Address, operate: &Operate, again: bool) -> Result<Acted, Halt> {
        let (mut strikes, mut throttled) = (0, 0);
        loop {
            // Read before every write: what was planned with must still be true.
            let mut now = self.look(operate).await?;
            // Our own last call may not show yet: EC2's reads lag.
            for seconds in SETTLES {
                if operate.seen(&now) != Seen::Unclear {
                    break;
                }
                self.reader.clock.sleep(Duration::from_secs(seconds)).await;
                now = self.look(operate).await?;
            }
            match operate.seen(&now) {
                Seen::Landed if again => {}
                Seen::Landed if !operate.expect.0.values().all(serde_json::Value::is_null) => {
                    return Ok(Acted { op: None, answer: Attributes::new() });
                }
                Seen::Absent => {}
                Seen::Landed | Seen::Unclear => return Err(Halt::Changed(now)),
            }
            let permit = {
                let mut ledger = self.ledger.borrow_mut();
                let generation = ledger.snapshot().current(address).map_or(0, |object| object.generation);
                let draft = ledger.intend(Intend {
                    verb: Verb::Operate,
                    address: address.clone(),
                    generation,
                    physical_id: None,
                    declared: None,
                    shared: false,
                    operate: Some(Box::new(operate.clone())),
                })?;
                ledger.permit(draft)?
            };
            let op = permit.op();
            self.emit(EventKind::OperationIntended {
                op,
                name: operate.name.clone(),
                operation: operate.request.operation.clone(),
            });
            let service = operate.request.service.as_str();
            let sdk = self.reader.sdk(&operate.request.region);
            let passes = self.reader.limits.enter(service, AT_ONCE).await;
            let answer = send(&sdk, &permit, &operate.request).await;
            drop(passes);
            let error = match answer {
                Ok(answer) => {
                    self.reader.limits.succeeded(service);
                    let landed =
                        Entry::Landed { op, physical_id: None, attributes: answer.clone(), more: false };
                    self.write(vec![landed])?;
                    self.landed(op, operate, "landed");
                    return Ok(Acted { op: Some(op), answer });
                }
                Err(error) => self.redactor.clean_error(error),
            };
            if error.certainty == Certainty::Unknown {
                strikes += 1;
                match self.found(op, operate).await {
                    Ok(Seen::Landed) => {
                        self.write(vec![resolved(op, Resolution::Found)])?;
                        self.landed(op, operate, "found");
                        return Ok(Acted { op: Some(op), answer: Attributes::new() });
                    }
                    Ok(Seen::Absent) if strikes < STRIKES => {
                        self.write(vec![resolved(op, Resolution::Absent)])?;
                        self.reader.clock.sleep(backoff(strikes)).await;
                        continue;
                    }
                    Ok(Seen::Absent) => {
                        self.write(vec![resolved(op, Resolution::Absent)])?;
                        return Err(Halt::Aws(error));
                    }
                    Ok(Seen::Unclear) if operate.repeat == Repeat::Freely && strikes < STRIKES => {
                        self.write(vec![resolved(op, Resolution::Repeated)])?;
                        self.reader.clock.sleep(backoff(strikes)).await;
                        continue;
                    }
                    Ok(Seen::Unclear) | Err(_) => {
                        self.write(vec![Entry::Doubtful { op, error: error.clone() }])?;
                        return Err(Halt::Unresolved(error));
                    }
                }
            }
            self.write(vec![Entry::Refused { op, error: error.clone() }])?;
            if error.is_throttle() && throttled < THROTTLED {
                throttled += 1;
                let delay = backoff(throttled.min(3));
                self.reader.limits.throttled(service, delay);
                self.reader.clock.sleep(delay).await;
                continue;
            }
            return Err(Halt::Aws(error));
        }
    }

    fn landed(&self, op: u64, operate: &Operate, how: &'static str) {
        self.emit(EventKind::OperationLanded {
            op,
            name: operate.name.clone(),
            operation: operate.request.operation.clone(),
            how,
        });
    }

    async fn look(&self, operate: &Operate) -> Result<Facts, OpError> {
        let facts = self.reader.facts(&operate.expect.subjects()).await;
        facts.map_err(|error| self.redactor.clean_error(error))
    }

    /// Looks for the effect of a call whose answer was lost, until it would surely show.
    async fn found(&self, _op: u64, operate: &Operate) -> Result<Seen, OpError> {
        looked(&self.reader, operate).await
    }

    /// Waits; a signal ends it.
    ///
    /// # Errors
    /// The level the signals have reached, if that is at least `until`.
    pub async fn pause(&self, time: Duration, until: u8) -> Result<(), Halt> {
        let sleep = self.reader.clock.sleep(time);
        let stop = std::pin::pin!(self.stop.reached(until));
        match futures_util::future::select(sleep, stop).await {
            futures_util::future::Either::Left(_) => Ok(()),
            futures_util::future::Either::Right(_) => Err(Halt::Stopped(self.stop.level())),
        }
    }
}

fn resolved(op: u64, by: Resolution) -> Entry {
    Entry::Resolved { op, by, attributes: Attributes::new(), shared: false }
}

async fn looked(reader: &Reader<'_>, operate: &Operate) -> Result<Seen, OpError> {
    let mut seen = Seen::Absent;
    for seconds in SETTLES {
        reader.clock.sleep(Duration::from_secs(seconds)).await;
        seen = operate.seen(&reader.facts(&operate.expect.subjects()).await?);
        if seen == Seen::Landed {
            break;
        }
    }
    Ok(seen)
}

/// Settles an operation that an earlier run left open: its effect is there, or it is not, or nobody can tell.
///
/// # Errors
/// When AWS does not answer.
pub(in crate::engine) async fn settle(
    reader: &Reader<'_>,
    open: &Open,
) -> Result<Option<(Resolution, &'static str)>, OpError> {
    let Some(operate) = &open.operate else { return Ok(None) };
    Ok(match looked(reader, operate).await? {
        Seen::Landed => Some((Resolution::Found, "its effect was found")),
        Seen::Absent => Some((Resolution::Absent, "the call had no effect")),
        Seen::Unclear if operate.repeat == Repeat::Freely => {
            Some((Resolution::Repeated, "the call may be made again"))
        }
        Seen::Unclear => None,
    })
}
