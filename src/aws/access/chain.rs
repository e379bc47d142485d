//! Where credentials come from: the places of the AWS CLI, in its order.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use aws_config::{
    ecs::EcsCredentialsProvider,
    environment::EnvironmentVariableCredentialsProvider,
    imds::{self, credentials::ImdsCredentialsProvider},
    profile::ProfileFileCredentialsProvider,
    provider_config::ProviderConfig,
    web_identity_token::WebIdentityTokenCredentialsProvider,
};
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError},
};
use aws_types::SdkConfig;

use super::{
    failure::{Access, AccessError, cause},
    keys::{LoadKeys, Loaded, Loading, Mfa},
    profiles::{Profiles, config_file, credentials_file, variable},
    roles,
    unreached::bottom,
};

/// Where the credentials in use came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `AWS_ACCESS_KEY_ID`: it cannot change under a process.
    Environment,
    /// A profile, and how it gets them.
    Profile {
        /// Its name.
        name: String,
        /// Keys, SSO, a role.
        how: String,
        /// What brings new ones when they ran out.
        renew: String,
    },
    /// `AWS_WEB_IDENTITY_TOKEN_FILE`.
    WebIdentity {
        /// The role.
        role: String,
    },
    /// A container's endpoint.
    Container,
    /// An instance's metadata.
    Instance,
    /// The embedded sandbox.
    Sandbox,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment => f.write_str("environment (AWS_ACCESS_KEY_ID)"),
            Self::Profile { name, how, .. } => write!(f, "profile {name} ({how})"),
            Self::WebIdentity { role } => {
                write!(f, "web identity token (AWS_WEB_IDENTITY_TOKEN_FILE) as {role}")
            }
            Self::Container => f.write_str("container credentials endpoint"),
            Self::Instance => f.write_str("instance metadata"),
            Self::Sandbox => f.write_str("sandbox"),
        }
    }
}

impl Origin {
    /// What brings new credentials when these ran out.
    #[must_use]
    pub fn renewal(&self) -> String {
        match self {
            Self::Environment => "set new keys in the environment and start the command again".into(),
            Self::Profile { renew, .. } => renew.clone(),
            Self::WebIdentity { .. } => {
                "have the CI system write a new token to AWS_WEB_IDENTITY_TOKEN_FILE".into()
            }
            Self::Container | Self::Instance => {
                "they are renewed by AWS; check the role of the container or instance".into()
            }
            Self::Sandbox => "the sandbox renews them".into(),
        }
    }
}

/// The chain of places.
#[derive(Debug)]
pub struct Chain {
    /// What the files held when the command began.
    profiles: Arc<Profiles>,
    /// They gave credentials: whoever asks again needs others, which only the files of that moment can hold.
    used: AtomicBool,
    pub(super) base: SdkConfig,
    config: ProviderConfig,
    pub(super) mfa: Arc<Mfa>,
}

impl LoadKeys for Chain {
    fn load(&self) -> Loading<'_> {
        Box::pin(self.find())
    }

    fn fixed(&self) -> Option<&'static str> {
        let environment = !self.profiles.by_flag() && variable("AWS_ACCESS_KEY_ID").is_some();
        environment.then_some("keys in environment variables cannot change under a running process")
    }
}

impl Chain {
    /// The places that these profiles and the environment name.
    pub(super) fn new(
        profiles: Arc<Profiles>,
        base: SdkConfig,
        config: ProviderConfig,
        mfa: Arc<Mfa>,
    ) -> Self {
        Self { profiles, used: AtomicBool::new(false), base, config, mfa }
    }

    /// At first with the files that the command has read; once they gave credentials, with what they hold now: after a
    /// sign-in that is something else.
    async fn find(&self) -> Result<Loaded, AccessError> {
        let profiles = match self.used.load(Ordering::Relaxed) {
            false => Arc::clone(&self.profiles),
            true => Arc::new(self.profiles.again()?),
        };
        let found = self.find_in(&profiles).await;
        self.used.fetch_or(found.is_ok(), Ordering::Relaxed);
        found
    }

    /// A container's credentials.
    pub(super) fn container(&self) -> EcsCredentialsProvider {
        EcsCredentialsProvider::builder().configure(&self.config).build()
    }

    /// An instance's credentials. Its client would read the files once more to learn where the metadata are, and of
    /// the default profile only (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html>).
    pub(super) fn instance(&self, profiles: &Profiles) -> Result<ImdsCredentialsProvider, AccessError> {
        let set =
            |name: &str, key: &str| variable(name).or_else(|| profiles.selected(key).map(ToOwned::to_owned));
        let endpoint = set("AWS_EC2_METADATA_SERVICE_ENDPOINT", "ec2_metadata_service_endpoint");
        let mode = set("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ec2_metadata_service_endpoint_mode");
        let endpoint = match (endpoint, mode.as_deref().map(str::to_ascii_lowercase).as_deref()) {
            (Some(endpoint), _) => endpoint,
            (None, Some("ipv6")) => "http://[fd00:ec2::254]".into(),
            (None, None | Some("ipv4")) => "http://169.254.169.254".into(),
            (None, Some(other)) => {
                let message = format!("the metadata endpoint's mode `{other}` is neither IPv4 nor IPv6");
                return Err(AccessError::new(Access::Settings, message).remedy(
                    "correct AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE or ec2_metadata_service_endpoint_mode",
                ));
            }
        };
        let client = imds::Client::builder().configure(&self.config).endpoint(&endpoint).map_err(|_| {
            let message = format!("the metadata endpoint `{endpoint}` is no URL");
            AccessError::new(Access::Settings, message)
                .remedy("correct AWS_EC2_METADATA_SERVICE_ENDPOINT or ec2_metadata_service_endpoint")
        })?;
        Ok(ImdsCredentialsProvider::builder().configure(&self.config).imds_client(client.build()).build())
    }

    async fn find_in(&self, profiles: &Profiles) -> Result<Loaded, AccessError> {
        // With --profile the environment's keys do not count, as in the AWS CLI
        // (botocore, `create_credential_resolver`: an explicit profile removes the environment's provider).
        if !profiles.by_flag()
            && let Some(loaded) = environment().await?
        {
            return Ok(loaded);
        }
        let web = (!profiles.by_flag()).then(|| self.web_identity()).flatten();
        // botocore: a role of the profile, then a web identity of the environment, then the profile's other ways.
        let role_first = profiles.selected("role_arn").is_some();
        if role_first && let Some(loaded) = self.profile(profiles).await? {
            return Ok(loaded);
        }
        if let Some(loaded) = web {
            return loaded.await;
        }
        if !role_first && let Some(loaded) = self.profile(profiles).await? {
            return Ok(loaded);
        }
        if variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI").is_some()
            || variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").is_some()
        {
            let credentials = self.container().provide_credentials().await.map_err(|error| {
                translated(&error, || {
                    let message = format!(
                        "the container's credentials endpoint (AWS_CONTAINER_CREDENTIALS_…) gives none: {}",
                        bottom(&error)
                    );
                    AccessError::new(Access::NotSignedIn, message).remedy("check the task's or pod's role")
                })
            })?;
            return Ok(Loaded { credentials, origin: Origin::Container });
        }
        let disabled = variable("AWS_EC2_METADATA_DISABLED").is_some_and(|v| v.eq_ignore_ascii_case("true"));
        if !disabled && let Ok(credentials) = self.instance(profiles)?.provide_credentials().await {
            return Ok(Loaded { credentials, origin: Origin::Instance });
        }
        Err(nothing(profiles))
    }

    fn web_identity(&self) -> Option<impl Future<Output = Result<Loaded, AccessError>> + Send + use<'_>> {
        let file = variable("AWS_WEB_IDENTITY_TOKEN_FILE")?;
        Some(async move {
            let Some(role) = variable("AWS_ROLE_ARN") else {
                return Err(AccessError::new(
                    Access::NotSignedIn,
                    "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not",
                )
                .remedy("set AWS_ROLE_ARN to the role that the token is for"));
            };
            let provider = WebIdentityTokenCredentialsProvider::builder().configure(&self.config).build();
            let credentials = provider
                .provide_credentials()
                .await
                .map_err(|error| roles::web_identity_refused(&error, &role, &file))?;
            Ok(Loaded { credentials, origin: Origin::WebIdentity { role } })
        })
    }

    /// What the selected profile gives; `None` if it names no way to credentials, or does not exist.
    async fn profile(&self, profiles: &Profiles) -> Result<Option<Loaded>, AccessError> {
        let name = profiles.name();
        let Some(profile) = profiles.get(name) else { return Ok(None) };
        let get = |key: &str| profile.get(key).filter(|value| !value.is_empty());
        let origin = |how: String, renew: String| Origin::Profile { name: name.to_owned(), how, renew };
        if let (Some(role), None) = (get("role_arn"), get("web_identity_token_file")) {
            let credentials = roles::assume(self, profiles, name).await?;
            let renew = roles::renewal(profiles, name);
            return Ok(Some(Loaded { credentials, origin: origin(format!("role {role}"), renew) }));
        }
        let Some(way) = Way::of(profiles, name) else { return Ok(None) };
        let credentials = self.base(profiles, name, &way).await?;
        let renew = way.renewal(name, &flag(profiles, name));
        Ok(Some(Loaded { credentials, origin: origin(way.to_string(), renew) }))
    }

    /// Credentials of a profile that assumes no role.
    pub(super) async fn base(
        &self,
        profiles: &Profiles,
        name: &str,
        way: &Way,
    ) -> Result<Credentials, AccessError> {
        let provider = ProfileFileCredentialsProvider::builder()
            .configure(&self.config)
            .profile_files(profiles.files())
            .profile_name(name)
            .build();
        let flag = flag(profiles, name);
        provider.provide_credentials().await.map_err(|error| way.failed(&error, name, &flag))
    }
}

/// The option that selects a profile, where it is not the one that is used without.
fn flag(profiles: &Profiles, name: &str) -> String {
    if profiles.asked().is_none() && name == "default" { String::new() } else { format!(" --profile {name}") }
}

/// How a profile gets credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Way {
    Keys(String),
    Sso { session: Option<String> },
    Login { session: String },
    WebIdentity { role: String, file: String },
    Process,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keys(file) => write!(f, "keys of {file}"),
            Self::Sso { session: Some(session) } => write!(f, "SSO session {session}"),
            Self::Sso { session: None } => f.write_str("SSO"),
            Self::Login { session } => write!(f, "aws login of {session}"),
            Self::WebIdentity { role, .. } => write!(f, "web identity token as {role}"),
            Self::Process => f.write_str("credential_process"),
        }
    }
}

impl Way {
    /// The order is the SDK's, which makes the calls.
    pub(super) fn of(profiles: &Profiles, name: &str) -> Option<Self> {
        let profile = profiles.get(name)?;
        let get = |key: &str| profile.get(key).filter(|value| !value.is_empty()).map(ToOwned::to_owned);
        if let Some(file) = get("web_identity_token_file") {
            return Some(Self::WebIdentity { role: get("role_arn").unwrap_or_default(), file });
        }
        if get("sso_session").is_some() || get("sso_start_url").is_some() {
            return Some(Self::Sso { session: get("sso_session") });
        }
        if let Some(session) = get("login_session") {
            return Some(Self::Login { session });
        }
        if get("credential_process").is_some() {
            return Some(Self::Process);
        }
        get("aws_access_key_id")
            .or_else(|| get("aws_secret_access_key"))
            .map(|_| Self::Keys(format!("{} or {}", credentials_file().display(), config_file().display())))
    }

    /// What brings new credentials when these ran out.
    pub(super) fn renewal(&self, name: &str, flag: &str) -> String {
        match self {
            Self::Keys(file) => format!("put new keys for profile {name} into {file}"),
            Self::Sso { .. } => format!("aws sso login{flag}"),
            Self::Login { .. } => format!("aws login{flag}"),
            Self::WebIdentity { file, .. } => format!("have a new token written to {file}"),
            Self::Process => format!("renew what the credential_process of profile {name} uses"),
        }
    }

    fn failed(&self, error: &CredentialsError, name: &str, flag: &str) -> AccessError {
        let why = bottom(error);
        let not_signed_in =
            |message: String, remedy: String| AccessError::new(Access::NotSignedIn, message).remedy(remedy);
        match self {
            Self::Sso { .. } => {
                let sign_in = format!("aws sso login{flag}");
                match roles::answered(error) {
                    // IAM Identity Center answers 401 where the token ran out, 403 where the user has no such role.
                    Some(said) if said.status == 401 => not_signed_in(
                        format!("you are not signed in: the SSO session of profile {name} has ended"),
                        sign_in,
                    ),
                    Some(said) => refused(
                        format!(
                            "profile {name}: SSO gives no credentials for the account and role that it names"
                        ),
                        &said,
                    )
                    .remedy(format!("check sso_account_id and sso_role_name of profile {name}")),
                    None => translated(error, || {
                        let settings = ["sso-session", "invalid SSO config", "was missing"];
                        if settings.iter().any(|part| why.contains(part)) {
                            return AccessError::new(Access::Settings, format!("profile {name}: {why}"))
                                .remedy(format!("correct {}", config_file().display()));
                        }
                        not_signed_in(
                            format!(
                                "you are not signed in: profile {name} uses SSO, and its session has ended or was \
                                     never begun"
                            ),
                            sign_in.clone(),
                        )
                    }),
                }
            }
            Self::Login { session } => translated(error, || {
                not_signed_in(
                    format!(
                        "you are not signed in: the login session {session} of profile {name} has ended or was \
                             never begun"
                    ),
                    format!("aws login{flag}"),
                )
            }),
            Self::WebIdentity { role, file } => roles::web_identity_refused(error, role, file),
            Self::Process => translated(error, || {
                not_signed_in(
                    format!("the credential_process of profile {name} gives no credentials: {why}"),
                    format!("run its command by hand; it stands in {}", config_file().display()),
                )
            }),
            Self::Keys(file) => translated(error, || {
                not_signed_in(
                    format!("profile {name} has incomplete keys: {why}"),
                    format!("give both aws_access_key_id and aws_secret_access_key in {file}"),
                )
            }),
        }
    }
}

/// The environment's keys.
pub(super) async fn environment() -> Result<Option<Loaded>, AccessError> {
    let (id, secret) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"));
    let missing = match (id, secret) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            let provider = EnvironmentVariableCredentialsProvider::new();
            let credentials = provider.provide_credentials().await.map_err(|error| {
                AccessError::new(
                    Access::NotSignedIn,
                    format!("the keys of the environment: {}", bottom(&error)),
                )
            })?;
            return Ok(Some(Loaded { credentials, origin: Origin::Environment }));
        }
        (Some(_), None) => ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        (None, Some(_)) => ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    };
    let message = format!("{} is set, but {} is not", missing.0, missing.1);
    Err(AccessError::new(Access::NotSignedIn, message).remedy(format!("set both, or unset {}", missing.0)))
}

/// What the HTTP client or a provider of ours reported inside, else what `otherwise` says.
pub(super) fn translated(
    error: &(dyn std::error::Error + 'static),
    otherwise: impl FnOnce() -> AccessError,
) -> AccessError {
    cause::<AccessError>(error).cloned().unwrap_or_else(otherwise)
}

/// AWS's refusal in its own words.
pub(super) fn refused(message: String, said: &roles::Said) -> AccessError {
    let mut error = AccessError::new(Access::Refused, format!("{message}: {said}"));
    error.code.clone_from(&said.code);
    error.request_id.clone_from(&said.request_id);
    error
}

fn nothing(profiles: &Profiles) -> AccessError {
    let (config, credentials) = (config_file(), credentials_file());
    let keys = if profiles.by_flag() { "" } else { "none in the environment, " };
    let profile = match profiles.get(profiles.name()) {
        Some(_) => format!("profile {} has none", profiles.name()),
        None => {
            format!("no profile {} in {} or {}", profiles.name(), config.display(), credentials.display())
        }
    };
    let message = format!(
        "you are not signed in to AWS: no credentials ({keys}{profile}, no role of a container or instance)"
    );
    AccessError::new(Access::NotSignedIn, message).remedy(
        "sign in as for the AWS CLI: `aws login`, or `aws configure sso` and then --profile NAME; or rehearse with \
         --sandbox",
    )
}
