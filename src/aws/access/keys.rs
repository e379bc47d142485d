//! The credentials in use: cached for all clients, renewed before they end, and waited for when they ran out.

use std::{
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, future},
};
use aws_types::SdkConfig;

use super::{
    chain::Origin,
    failure::{Access, AccessError},
};
use crate::{
    aws::{OpError, op},
    clock::Clock,
};

/// Credentials are asked for again this long before they end.
pub(super) const EARLY: Duration = Duration::from_secs(5 * 60);
/// Pause between two questions to the provider chain while they are waited for.
pub(super) const PAUSE: Duration = Duration::from_secs(5);
/// How often the same keys are tried again after AWS refused them, although STS says that they are good.
const SAME: u32 = 3;
/// How many refusals of older keys are put down to calls that were under way: no run has more of them.
const STALE: u32 = 100;

/// The code of an MFA device, typed by somebody.
#[derive(Debug)]
pub struct Mfa {
    code: Mutex<Option<String>>,
    clock: Arc<dyn Clock>,
}

impl Mfa {
    /// No code yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { code: Mutex::default(), clock })
    }

    /// The code for the next role that needs one. It serves once.
    pub fn give(&self, code: &str) {
        *self.code.lock().unwrap_or_else(PoisonError::into_inner) = Some(code.to_owned());
    }

    pub(super) fn take(&self) -> Option<String> {
        self.code.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn now(&self) -> SystemTime {
        self.clock.now()
    }
}

/// Credentials and where they came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The credentials.
    pub credentials: Credentials,
    /// Their place.
    pub origin: Origin,
}

/// A question to a provider chain.
pub type Loading<'l> = Pin<Box<dyn Future<Output = Result<Loaded, AccessError>> + Send + 'l>>;

/// Where credentials come from.
pub trait LoadKeys: fmt::Debug + Send + Sync + 'static {
    /// Looks anew.
    fn load(&self) -> Loading<'_>;

    /// Why another look can never find others; `None` if it can.
    fn fixed(&self) -> Option<&'static str> {
        None
    }
}

/// Something to tell people while a run waits for credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeysNotice {
    /// They ran out; new ones are waited for.
    Expired {
        /// What AWS or the provider said.
        why: String,
        /// What brings new ones.
        remedy: String,
        /// How long they are waited for.
        patience: Duration,
    },
    /// There are new ones, of another account: they are not used.
    OtherAccount {
        /// Whose they are.
        account: String,
        /// Whose they must be.
        wanted: String,
    },
    /// There are good ones of the same account; the run resumes.
    Renewed {
        /// How long that took.
        waited: Duration,
    },
    /// The time is over.
    GaveUp {
        /// How long they were waited for.
        waited: Duration,
    },
}

impl KeysNotice {
    /// For events: `expired`, `other-account`, `renewed`, `given-up`.
    #[must_use]
    pub fn state(&self) -> &'static str {
        match self {
            Self::Expired { .. } => "expired",
            Self::OtherAccount { .. } => "other-account",
            Self::Renewed { .. } => "renewed",
            Self::GaveUp { .. } => "given-up",
        }
    }

    /// One sentence.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Expired { why, patience, .. } => format!(
                "the credentials ran out ({why}): the run pauses for up to {} and keeps what is in flight",
                whole(*patience)
            ),
            Self::OtherAccount { account, wanted } => format!(
                "there are new credentials, but of account {account}; this run is in account {wanted} and does not use \
                 them"
            ),
            Self::Renewed { waited } => {
                format!("AWS takes the credentials again: the run resumes after {}", whole(*waited))
            }
            Self::GaveUp { waited } => {
                format!("no new credentials within {}: calls fail now", whole(*waited))
            }
        }
    }

    /// What brings new credentials.
    #[must_use]
    pub fn remedy(&self) -> Option<&str> {
        match self {
            Self::Expired { remedy, .. } => Some(remedy.as_str()).filter(|remedy| !remedy.is_empty()),
            _ => None,
        }
    }
}

/// `15 min`, `90 s`.
fn whole(time: Duration) -> String {
    let seconds = time.as_secs();
    if seconds >= 60 && seconds.is_multiple_of(60) {
        format!("{} min", seconds / 60)
    } else {
        format!("{seconds} s")
    }
}

#[derive(Debug, Default)]
struct State {
    current: Option<Loaded>,
    /// AWS refused the current ones.
    refused: bool,
    /// How often the same keys were taken up again after a refusal.
    same: u32,
    /// Refusals since the last renewal that are not about the current ones.
    stale: u32,
    /// The account they must be of, once it is known.
    account: Option<String>,
    /// Since when calls wait.
    waiting: Option<SystemTime>,
    /// No question to the chain before that.
    not_before: Option<SystemTime>,
    failure: Option<AccessError>,
    patience: Duration,
    given_up: bool,
    /// How long calls have waited, in all.
    paused: Duration,
    notices: Vec<KeysNotice>,
    /// The other account was told.
    told: Option<String>,
}

/// The credentials of one session. Clients ask it for each call; it asks the chain.
pub struct Keys {
    loader: Box<dyn LoadKeys>,
    base: SdkConfig,
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    /// One question to the chain at a time.
    asking: tokio::sync::Mutex<()>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// Credentials from `loader`; `base` makes the call that tells whose they are.
    #[must_use]
    pub fn new(loader: Box<dyn LoadKeys>, base: SdkConfig, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { loader, base, clock, state: Mutex::default(), asking: tokio::sync::Mutex::default() })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on only credentials of this account are used.
    pub fn pin(&self, account: &str) {
        self.lock().account = Some(account.to_owned());
    }

    /// How long calls wait for new credentials; not at all until this is said.
    pub fn wait_for(&self, patience: Duration) {
        self.lock().patience = patience;
    }

    /// Whether calls wait for new credentials.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.lock().waiting.is_some()
    }

    /// Ends all waits.
    pub fn give_up(&self) {
        self.lock().given_up = true;
    }

    /// Where the credentials came from.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        self.lock().current.as_ref().map(|loaded| loaded.origin.clone())
    }

    /// The access key's id, and when it ends.
    #[must_use]
    pub fn current(&self) -> Option<(String, Option<SystemTime>)> {
        let state = self.lock();
        let credentials = &state.current.as_ref()?.credentials;
        Some((credentials.access_key_id().to_owned(), credentials.expiry()))
    }

    /// Why credentials that ran out are not waited for, if they are not.
    #[must_use]
    pub fn fixed(&self) -> Option<&'static str> {
        self.loader.fixed()
    }

    /// What there is to tell since the last question.
    pub fn notices(&self) -> Vec<KeysNotice> {
        std::mem::take(&mut self.lock().notices)
    }

    /// How long calls have waited for credentials so far: time that no deadline counts.
    #[must_use]
    pub fn paused(&self) -> Duration {
        let state = self.lock();
        let now = self.clock.now();
        state.paused + state.waiting.and_then(|since| now.duration_since(since).ok()).unwrap_or_default()
    }

    /// AWS refused a call that was signed with this key.
    pub(super) fn refused(&self, key: &str, why: &str) {
        let mut state = self.lock();
        let Some(loaded) = &state.current else { return };
        if state.patience.is_zero() || state.given_up || self.loader.fixed().is_some() {
            // Nobody waits: AWS's refusal is the call's result.
            return;
        }
        if loaded.credentials.access_key_id() != key || state.refused {
            // Others are in use by now, or it is known.
            return;
        }
        let remedy = loaded.origin.renewal();
        state.refused = true;
        state.not_before = None;
        self.begin(&mut state, why, remedy);
    }

    /// Calls begin to wait.
    fn begin(&self, state: &mut State, why: &str, remedy: String) {
        if state.waiting.is_some() || state.patience.is_zero() || self.loader.fixed().is_some() {
            return;
        }
        state.waiting = Some(self.clock.now());
        let patience = state.patience;
        state.notices.push(KeysNotice::Expired { why: why.to_owned(), remedy, patience });
    }

    /// In what time a call that was refused, or got no credentials, is to be made again; `None` if not at all.
    pub(super) fn again(&self) -> Option<Duration> {
        let mut state = self.lock();
        if state.patience.is_zero() || state.given_up || self.loader.fixed().is_some() {
            return None;
        }
        let Some(since) = state.waiting else {
            // Renewed meanwhile, on behalf of another call; that does not happen to the same call again and again.
            state.stale += 1;
            return (state.same <= SAME && state.stale <= STALE)
                .then_some(PAUSE.min(PAUSE * (state.stale - 1)));
        };
        let waited = self.clock.now().duration_since(since).unwrap_or_default();
        if state.same > SAME {
            // STS says that they are good: the refusal is about something else.
            state.waiting = None;
            state.refused = false;
            state.paused += waited;
            return None;
        }
        if waited >= state.patience {
            state.given_up = true;
            state.notices.push(KeysNotice::GaveUp { waited });
            return None;
        }
        // The first look comes at once: often there are new ones already.
        Some(if state.not_before.is_none() { Duration::ZERO } else { PAUSE })
    }

    /// The current ones, as long as nothing is known against them.
    fn usable(&self) -> Option<Credentials> {
        let state = self.lock();
        let now = self.clock.now();
        let credentials = &state.current.as_ref().filter(|_| !state.refused)?.credentials;
        let left = credentials.expiry().map(|until| until.duration_since(now).unwrap_or_default());
        let early = left.is_some_and(|left| left <= EARLY);
        let asked = state.not_before.is_some_and(|at| now < at);
        let ended = left.is_some_and(|left| left.is_zero());
        (!ended && (!early || asked)).then(|| credentials.clone())
    }

    /// Credentials for a call.
    async fn get(&self) -> Result<Credentials, AccessError> {
        if let Some(credentials) = self.usable() {
            return Ok(credentials);
        }
        let _one = self.asking.lock().await;
        if let Some(credentials) = self.usable() {
            return Ok(credentials);
        }
        let now = self.clock.now();
        {
            let state = self.lock();
            if let Some(failure) =
                state.failure.as_ref().filter(|_| state.not_before.is_some_and(|at| now < at))
            {
                return Err(failure.clone());
            }
        }
        let loaded = match self.loader.load().await {
            Ok(loaded) => self.admit(loaded).await,
            Err(error) => Err(error),
        };
        self.settle(loaded)
    }

    /// Whose the new ones are, if it matters.
    async fn admit(&self, loaded: Loaded) -> Result<Loaded, AccessError> {
        let (wanted, known) = {
            let state = self.lock();
            let current =
                state.current.as_ref().map(|current| current.credentials.access_key_id().to_owned());
            let same = current.as_deref() == Some(loaded.credentials.access_key_id());
            (state.account.clone(), same && !state.refused)
        };
        let Some(wanted) = wanted.filter(|_| !known) else { return Ok(loaded) };
        let provider = SharedCredentialsProvider::new(loaded.credentials.clone());
        let config = self.base.to_builder().credentials_provider(provider).build();
        let asked = aws_sdk_sts::Client::new(&config).get_caller_identity().send().await;
        let answer = asked.map_err(|error| barred(&op("GetCallerIdentity")(error), &loaded.origin))?;
        let account = answer.account().unwrap_or_default().to_owned();
        if account == wanted {
            return Ok(loaded);
        }
        let mut state = self.lock();
        if state.told.as_deref() != Some(&account) {
            state.told = Some(account.clone());
            state.notices.push(KeysNotice::OtherAccount { account: account.clone(), wanted: wanted.clone() });
        }
        let message =
            format!("the new credentials are of account {account}, and the run is in account {wanted}");
        Err(AccessError::new(Access::Refused, message).remedy(loaded.origin.renewal()))
    }

    fn settle(&self, loaded: Result<Loaded, AccessError>) -> Result<Credentials, AccessError> {
        let mut state = self.lock();
        let now = self.clock.now();
        // Before it is known whose they are, somebody may be at a terminal, typing a code: no pause then.
        state.not_before = state.account.is_some().then(|| now + PAUSE);
        match loaded {
            Ok(loaded) => {
                let key = loaded.credentials.access_key_id();
                let same = state.current.as_ref().is_some_and(|old| old.credentials.access_key_id() == key);
                // Refused by a service, and good to STS: that passes, or it is not about the keys.
                state.same = if !same { 0 } else { state.same + u32::from(state.refused) };
                let credentials = loaded.credentials.clone();
                (state.current, state.refused, state.failure, state.told) = (Some(loaded), false, None, None);
                state.stale = 0;
                if let Some(since) = state.waiting.take() {
                    let waited = now.duration_since(since).unwrap_or_default();
                    state.paused += waited;
                    state.notices.push(KeysNotice::Renewed { waited });
                }
                Ok(credentials)
            }
            Err(error) => {
                let current =
                    state.current.as_ref().filter(|_| !state.refused).map(|l| l.credentials.clone());
                let good = current.filter(|current| current.expiry().is_none_or(|until| until > now));
                state.failure = Some(error.clone());
                if let Some(current) = good {
                    tracing::warn!("the credentials end soon and are not renewed yet: {error}");
                    return Ok(current);
                }
                if state.current.is_some() {
                    let remedy = error.barrier.remedy.clone();
                    let remedy = remedy.or_else(|| state.current.as_ref().map(|l| l.origin.renewal()));
                    self.begin(&mut state, &error.message, remedy.unwrap_or_default());
                }
                Err(error)
            }
        }
    }
}

/// A refusal of GetCallerIdentity, for whoever waits.
fn barred(error: &OpError, origin: &Origin) -> AccessError {
    let kind = error.barrier.as_ref().map_or(Access::Refused, |barrier| barrier.kind);
    let remedy = error.barrier.as_ref().and_then(|barrier| barrier.remedy.clone());
    let mut barred = AccessError::new(kind, error.to_string());
    barred.code.clone_from(&error.code);
    barred.request_id.clone_from(&error.request_id);
    barred.remedy(remedy.unwrap_or_else(|| origin.renewal()))
}

/// [`Keys`] as the SDK asks for them.
#[derive(Debug, Clone)]
pub(super) struct Provider(pub(super) Arc<Keys>);

impl ProvideCredentials for Provider {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { Ok(self.0.get().await?) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        aws::{Cloud, Realm},
        clock::{VirtualClock, from_millis},
        sandbox::{Action, FaultRule, FaultScript, Sandbox, Selector, World},
    };

    /// A sandbox, its clock, and a session with it that has asked whose account it is.
    fn session(patience: u64) -> (Sandbox, VirtualClock, Cloud) {
        let clock = VirtualClock::starting_at(from_millis(1_767_225_600_000));
        let shared: Arc<dyn Clock> = Arc::new(clock.clone());
        let sandbox = Sandbox::new(World::new(1, 1_767_225_600_000), Arc::clone(&shared));
        let (config, keys) = crate::aws::access::rehearsed(&sandbox.sdk_config("us-east-1"), sandbox.clock());
        let mut cloud = Cloud::with_keys(Realm::Sandbox, config, Some(keys));
        clock.block_on(cloud.identify(shared.as_ref())).unwrap();
        cloud.keys().unwrap().wait_for(Duration::from_secs(patience));
        (sandbox, clock, cloud)
    }

    fn expiring(sandbox: &Sandbox, action: Action) {
        let selector =
            Selector { operation: Some("CreateTopic".into()), times: Some(1), ..Selector::default() };
        sandbox.set_faults(FaultScript { rules: vec![FaultRule { selector, action }] });
    }

    fn create(clock: &VirtualClock, cloud: &Cloud) -> Result<(), OpError> {
        let sdk = cloud.sdk("us-east-1");
        clock.block_on(async {
            sdk.sns().create_topic().name("t").send().await.map(drop).map_err(op("CreateTopic"))
        })
    }

    fn states(cloud: &Cloud) -> Vec<&'static str> {
        cloud.keys_notices().iter().map(KeysNotice::state).collect()
    }

    fn made(sandbox: &Sandbox) -> usize {
        sandbox.log().iter().filter(|line| line.operation == "CreateTopic" && line.code.is_none()).count()
    }

    #[test]
    fn a_call_waits_for_new_keys_and_is_made_once() {
        let (sandbox, clock, cloud) = session(900);
        expiring(&sandbox, Action::ExpireKey);
        create(&clock, &cloud).unwrap();
        assert_eq!(states(&cloud), ["expired", "renewed"]);
        assert_eq!(made(&sandbox), 1);
        let paused = cloud.paused();
        assert!(paused >= Duration::from_secs(60) && paused < Duration::from_secs(75), "{paused:?}");
        assert_eq!(cloud.keys().unwrap().current().unwrap().0, "AKIASANDBOXEXAMPLE01");
    }

    #[test]
    fn without_patience_and_when_it_ends_the_call_fails_as_aws_said() {
        let (sandbox, clock, cloud) = session(0);
        expiring(&sandbox, Action::ExpireKey);
        let error = create(&clock, &cloud).unwrap_err();
        assert_eq!(error.code.as_deref(), Some("ExpiredToken"));
        assert!(states(&cloud).is_empty());

        let (sandbox, clock, cloud) = session(20);
        expiring(&sandbox, Action::ExpireKey);
        let error = create(&clock, &cloud).unwrap_err();
        assert!(error.is_credentials(), "{error:?}");
        assert_eq!(states(&cloud), ["expired", "given-up"]);
        assert_eq!(made(&sandbox), 0);
    }

    #[test]
    fn keys_of_another_account_are_not_used() {
        let (sandbox, clock, cloud) = session(120);
        expiring(&sandbox, Action::ExpireKey);
        cloud.keys().unwrap().pin("210987654321");
        let error = create(&clock, &cloud).unwrap_err();
        assert!(error.is_credentials(), "{error:?}");
        let told = states(&cloud);
        assert_eq!(told, ["expired", "other-account", "given-up"], "told once");
        assert_eq!(made(&sandbox), 0);
    }

    #[test]
    fn a_refusal_that_is_not_about_the_keys_ends() {
        let (sandbox, clock, cloud) = session(900);
        let selector = Selector { operation: Some("CreateTopic".into()), ..Selector::default() };
        let rule = FaultRule { selector, action: Action::ExpiredCredentials };
        sandbox.set_faults(FaultScript { rules: vec![rule] });
        let error = create(&clock, &cloud).unwrap_err();
        assert_eq!(error.code.as_deref(), Some("ExpiredToken"));
        let calls = sandbox.log().iter().filter(|line| line.operation == "CreateTopic").count();
        assert!((3..=6).contains(&calls), "{calls} calls");
        assert!(cloud.paused() < Duration::from_secs(60), "STS says that the keys are good");
    }

    #[test]
    fn nothing_else_is_repeated_by_the_sdk() {
        for action in [
            Action::LoseRequest,
            Action::LoseAnswer,
            Action::ServerError(500),
            Action::ServerError(503),
            Action::Throttle,
            Action::Garble,
            Action::Error { code: "AccessDenied".into(), status: 403, message: "no".into() },
            Action::Error { code: "SignatureDoesNotMatch".into(), status: 403, message: "no".into() },
        ] {
            let (sandbox, clock, cloud) = session(900);
            expiring(&sandbox, action.clone());
            assert!(create(&clock, &cloud).is_err(), "{action:?}");
            let calls = sandbox.log().iter().filter(|line| line.operation == "CreateTopic").count();
            assert_eq!(calls, 1, "{action:?}");
        }
    }
}
