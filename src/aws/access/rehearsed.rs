//! A rehearsal's credentials, which can run out (`expire-key` in a fault script) and are renewed a little later, as
//! by somebody who signs in again.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_types::SdkConfig;

use super::{
    chain::Origin,
    keys::{Keys, LoadKeys, Loaded, Loading},
    settings::Signed,
};
use crate::clock::Clock;

/// How long it takes somebody to sign in again.
const SIGN_IN: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Renewed {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Which keys are in use.
    number: u32,
    /// Whether they were given out.
    given: bool,
    /// When others were first asked for.
    asked: Option<SystemTime>,
}

impl LoadKeys for Renewed {
    fn load(&self) -> Loading<'_> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        if state.given {
            let asked = *state.asked.get_or_insert(now);
            if now.duration_since(asked).unwrap_or_default() >= SIGN_IN {
                (state.number, state.asked) = (state.number + 1, None);
            }
        }
        state.given = true;
        let key = format!("AKIASANDBOXEXAMPLE{:02}", state.number % 100);
        let credentials = Credentials::new(key, "sandbox", None, None, "sandbox");
        Box::pin(std::future::ready(Ok(Loaded { credentials, origin: Origin::Sandbox })))
    }
}

/// A sandbox's configuration with credentials that are renewed a minute after they ran out.
#[must_use]
pub fn rehearsed(base: &SdkConfig, clock: Arc<dyn Clock>) -> (SdkConfig, Arc<Keys>) {
    let loader = Renewed { clock: Arc::clone(&clock), state: Mutex::default() };
    Signed::with(base, Box::new(loader), clock)
}
