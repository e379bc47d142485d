//! What a run is, and what goes wrong in it.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use migrate::sandbox::{FaultScript, Lag};

use super::{places::Places, second::Second};

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    Up,
    /// `up --rollback-on-failure`.
    UpOrBack,
    Destroy,
}

/// What goes wrong during a run.
#[derive(Default)]
pub struct Trouble {
    /// On the way to AWS and back.
    pub script: FaultScript,
    /// The process dies at that write to the ledger (from 1); what was not synced survives if told so.
    pub dies_at_write: Option<(u64, bool)>,
    /// The disk is full from that write on (from 1).
    pub disk_full_at: Option<u64>,
    /// Calls whose credentials ran out wait for new ones that long.
    pub auth_wait: Duration,
    /// How far reads of EC2 and IAM lag behind writes.
    pub read_lag: Option<Lag>,
    /// How long deletes there do not know a new object, in milliseconds.
    pub delete_lag: i64,
    /// Another owner acts on the account, too.
    pub second: Option<Arc<Mutex<Second>>>,
    pub(super) places: Option<Arc<Mutex<Places>>>,
}

impl Trouble {
    /// The process dies at that write to the ledger (from 1); unsynced lines survive if told so.
    pub fn death(nth: u64, keep_unsynced: bool) -> Self {
        Self { dies_at_write: Some((nth, keep_unsynced)), ..Self::default() }
    }
}

impl Trouble {
    /// Reads lag behind for that many milliseconds.
    pub fn lagging(script: FaultScript, read_lag: i64) -> Self {
        Self { script, read_lag: Some(Lag::Fixed(read_lag)), ..Self::default() }
    }

    /// Reads lag behind as the world draws it.
    pub fn drawn() -> Self {
        Self { read_lag: Some(Lag::Drawn), ..Self::default() }
    }

    /// Deletes do not know objects that are younger than that many milliseconds.
    pub fn forgetful(script: FaultScript, delete_lag: i64) -> Self {
        Self { script, delete_lag, ..Self::default() }
    }

    /// Calls whose credentials ran out wait for new ones that long.
    pub fn waiting(script: FaultScript, auth_wait: Duration) -> Self {
        Self { script, auth_wait, ..Self::default() }
    }

    /// The disk is full from that write on (from 1).
    pub fn full_disk(nth: u64) -> Self {
        Self { disk_full_at: Some(nth), ..Self::default() }
    }
}

impl From<FaultScript> for Trouble {
    fn from(script: FaultScript) -> Self {
        Self { script, ..Self::default() }
    }
}
