//! The SDK's configuration: one HTTP client, the user's endpoints and profile, and the session's credentials.

use std::{sync::Arc, time::Duration};

use aws_config::{BehaviorVersion, provider_config::ProviderConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime::client::identity::IdentityCache;
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{
    SdkConfig,
    region::Region,
    service_config::{LoadServiceConfig, ServiceConfigKey},
};

use super::{
    chain::Chain,
    client::Client,
    failure::AccessError,
    keys::{Keys, LoadKeys, Mfa, Provider},
    network::{Network, Setting},
    profiles::{Profiles, variable},
};
use crate::clock::{Clock, SdkTime};

/// What the command line says.
#[derive(Debug, Clone, Copy)]
pub struct Settings<'s> {
    /// What the configuration files say.
    pub profiles: &'s Arc<Profiles>,
    /// `--region`, or the plan's.
    pub region: Option<&'s str>,
}

/// Clients' configuration, and what is behind it.
#[derive(Debug)]
pub struct Signed {
    /// For clients.
    pub config: SdkConfig,
    /// The credentials.
    pub keys: Arc<Keys>,
    /// Proxy and certificates.
    pub network: Arc<Network>,
    /// Takes the code of an MFA device.
    pub mfa: Arc<Mfa>,
    /// The region that commands without a plan use, and who says so.
    pub region: Option<Setting>,
}

/// The region that the environment names: `AWS_REGION`, as the SDKs read it, before the AWS CLI's own variable.
fn region_of_environment() -> Option<Setting> {
    let named = |name: &str| Some(Setting { value: variable(name)?, source: name.to_owned() });
    named("AWS_REGION").or_else(|| named("AWS_DEFAULT_REGION"))
}

fn region_of(profiles: &Profiles) -> Option<Setting> {
    let value = profiles.selected("region")?.to_owned();
    Some(Setting { value, source: format!("profile {}", profiles.name()) })
}

/// The region that no plan and no option names. `profiles` is asked only where the environment says nothing.
///
/// # Errors
/// A profile that was asked for and is not there, or files that cannot be read.
pub fn region_without_plan<E>(
    profiles: impl FnOnce() -> Result<Arc<Profiles>, E>,
) -> Result<Option<Setting>, E> {
    match region_of_environment() {
        Some(region) => Ok(Some(region)),
        None => {
            let profiles = profiles()?;
            Ok(region_of(&profiles))
        }
    }
}

impl Settings<'_> {
    /// Reads the environment and the CA bundle. Nothing is called yet.
    ///
    /// # Errors
    /// What in them cannot be used, by name.
    pub async fn read(&self, clock: Arc<dyn Clock>) -> Result<Signed, AccessError> {
        let profiles = self.profiles;
        let network = Arc::new(Network::of(profiles)?);
        let region = region_of_environment().or_else(|| region_of(profiles));
        let used =
            self.region.or(region.as_ref().map(|setting| setting.value.as_str())).unwrap_or("us-east-1");
        let client = Client::new(Arc::clone(&network), Arc::clone(&clock));
        let time = SdkTime(Arc::clone(&clock));
        let base = aws_config::defaults(BehaviorVersion::latest())
            .http_client(client.clone())
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts())
            .time_source(time.clone())
            .sleep_impl(time.clone())
            .profile_files(profiles.files())
            .profile_name(profiles.name())
            .region(Region::new(used.to_owned()))
            .no_credentials()
            .load()
            .await;
        let base = without_empty_endpoints(&base);
        let provider = ProviderConfig::without_region()
            .with_http_client(client)
            .with_timeout_config(timeouts())
            .with_time_source(time.clone())
            .with_sleep_impl(time)
            .with_use_fips(base.use_fips())
            .with_use_dual_stack(base.use_dual_stack())
            .with_region(Some(Region::new(used.to_owned())));
        let mfa = Mfa::new(Arc::clone(&clock));
        let chain = Chain::new(Arc::clone(profiles), base.clone(), provider, Arc::clone(&mfa));
        let keys = Keys::new(Box::new(chain), base.clone(), clock);
        Ok(Signed { config: signed(&base, &keys), keys, network, mfa, region })
    }
}

impl Signed {
    /// A configuration whose credentials come from a place of its own: a rehearsal's, a test's.
    #[must_use]
    pub fn with(
        base: &SdkConfig,
        loader: Box<dyn LoadKeys>,
        clock: Arc<dyn Clock>,
    ) -> (SdkConfig, Arc<Keys>) {
        let keys = Keys::new(loader, base.clone(), clock);
        (signed(base, &keys), keys)
    }
}

/// The session's credentials instead of the clients' own caches, which nothing could empty.
fn signed(base: &SdkConfig, keys: &Arc<Keys>) -> SdkConfig {
    base.to_builder()
        .credentials_provider(SharedCredentialsProvider::new(Provider(Arc::clone(keys))))
        .identity_cache(IdentityCache::no_cache())
        .build()
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(60))
        .operation_attempt_timeout(Duration::from_secs(90))
        .build()
}

/// Variables that name an endpoint and are empty. To the AWS CLI they are not set; the SDK's credentials providers
/// panic on them, and take no other environment than the process's.
#[must_use]
pub fn empty_endpoints() -> Vec<std::ffi::OsString> {
    let empty = |name: &std::ffi::OsStr, value: &std::ffi::OsStr| {
        value.is_empty() && name.to_str().is_some_and(|name| name.starts_with("AWS_ENDPOINT_URL"))
    };
    std::env::vars_os().filter(|(name, value)| empty(name, value)).map(|(name, _)| name).collect()
}

/// To the AWS CLI an empty `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_STS` or `endpoint_url =` is none; the SDK's clients
/// would panic on it.
fn without_empty_endpoints(config: &SdkConfig) -> SdkConfig {
    let mut builder = config.to_builder();
    if config.endpoint_url().is_some_and(str::is_empty) {
        builder.set_endpoint_url(None);
    }
    builder.service_config(NotEmpty(config.clone())).build()
}

#[derive(Debug)]
struct NotEmpty(SdkConfig);

impl LoadServiceConfig for NotEmpty {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        self.0.service_config()?.load_config(key).filter(|value| !value.is_empty())
    }
}
