//! Roles that a profile assumes, with MFA, and the AWS CLI's cache of their sessions.
//!
//! The SDK's own provider knows neither `mfa_serial` nor the cache. What a profile may say and in which order it
//! counts is botocore's (`AssumeRoleProvider`); the cache is its `JSONFileCache` in `~/.aws/cli/cache`, keyed by a
//! SHA-1 of the request, so that a code that was typed for one of the two tools serves the other.

use std::{fmt, path::PathBuf};

use aws_config::profile::Profile;
use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider, error::CredentialsError},
};
use aws_sdk_sts::operation::{
    assume_role::AssumeRoleError, assume_role_with_web_identity::AssumeRoleWithWebIdentityError,
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::{DateTime, date_time::Format, error::metadata::ProvideErrorMetadata};
use aws_types::request_id::RequestId;
use serde_json::{Map, Value as Json, json};
use sha1::{Digest as _, Sha1};

use super::{
    chain::{Chain, Way, environment, refused, translated},
    failure::{Access, AccessError, cause},
    keys::EARLY,
    profiles::{Profiles, home},
    unreached::bottom,
};
use crate::{clock::millis, files, printable};

/// Largest cached session, in bytes.
const MAX_SESSION: u64 = 1 << 20;

/// An answer of AWS that says no.
#[derive(Debug, Clone, Default)]
pub(super) struct Said {
    pub status: u16,
    pub code: Option<String>,
    pub message: String,
    pub request_id: Option<String>,
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{code}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

fn said<E: ProvideErrorMetadata + std::error::Error + 'static>(
    error: &SdkError<E, HttpResponse>,
) -> Option<Said> {
    let status = error.raw_response()?.status().as_u16();
    let clean = |text: &str| printable::lines(text).into_owned();
    Some(Said {
        status,
        code: error.code().map(clean),
        message: error.message().map_or_else(|| format!("HTTP {status}"), clean),
        request_id: error.meta().request_id().map(clean),
    })
}

/// What AWS answered to a provider's call, if it did.
pub(super) fn answered(error: &(dyn std::error::Error + 'static)) -> Option<Said> {
    type Sso = SdkError<aws_sdk_sso::operation::get_role_credentials::GetRoleCredentialsError, HttpResponse>;
    cause::<Sso>(error)
        .and_then(said)
        .or_else(|| cause::<SdkError<AssumeRoleError, HttpResponse>>(error).and_then(said))
        .or_else(|| cause::<SdkError<AssumeRoleWithWebIdentityError, HttpResponse>>(error).and_then(said))
}

/// Why a web identity got no role.
pub(super) fn web_identity_refused(error: &CredentialsError, role: &str, file: &str) -> AccessError {
    match answered(error) {
        Some(said) => {
            let remedy = match said.code.as_deref() {
                Some("ExpiredTokenException" | "InvalidIdentityToken") => {
                    format!("have the CI system write a new token to {file}")
                }
                _ => "check the role's trust policy: provider, audience (aud) and subject (sub)".to_owned(),
            };
            refused(format!("the web identity token of {file} may not assume {role}"), &said).remedy(remedy)
        }
        None => translated(error, || {
            AccessError::new(
                Access::NotSignedIn,
                format!("the web identity token file {file} cannot be used: {}", bottom(error)),
            )
            .remedy("check AWS_WEB_IDENTITY_TOKEN_FILE; the CI system or the cluster writes that file")
        }),
    }
}

/// What a profile says about a role.
struct Role<'p> {
    arn: &'p str,
    external_id: Option<&'p str>,
    mfa: Option<&'p str>,
    session: Option<&'p str>,
    seconds: Option<i32>,
}

impl<'p> Role<'p> {
    fn of(profile: &'p Profile, name: &str) -> Result<Option<Self>, AccessError> {
        let get = |key: &str| profile.get(key).filter(|value| !value.is_empty());
        let Some(arn) = get("role_arn").filter(|_| get("web_identity_token_file").is_none()) else {
            return Ok(None);
        };
        let seconds = match get("duration_seconds").map(str::parse::<i32>) {
            None => None,
            Some(Ok(seconds)) => Some(seconds),
            Some(Err(_)) => return Err(wrong(name, "`duration_seconds` is no number")),
        };
        Ok(Some(Self {
            arn,
            external_id: get("external_id"),
            mfa: get("mfa_serial"),
            session: get("role_session_name"),
            seconds,
        }))
    }

    /// The name of its session in the AWS CLI's cache: of `json.dumps(arguments, sort_keys=True)`.
    fn key(&self) -> String {
        let mut members = Vec::new();
        let mut put = |name: &str, value: Option<String>| {
            members.extend(value.map(|value| format!("\"{name}\": {value}")));
        };
        let text = |text: &str| Json::from(text).to_string();
        put("DurationSeconds", self.seconds.map(|seconds| seconds.to_string()));
        put("ExternalId", self.external_id.map(text));
        put("RoleArn", Some(text(self.arn)));
        put("RoleSessionName", self.session.map(text));
        put("SerialNumber", self.mfa.map(text));
        hex::encode(Sha1::digest(format!("{{{}}}", members.join(", "))))
    }
}

fn wrong(profile: &str, why: &str) -> AccessError {
    AccessError::new(Access::Settings, format!("profile {profile}: {why}"))
        .remedy(format!("correct {}", super::profiles::config_file().display()))
}

/// Follows `source_profile` and `credential_source` down to credentials and assumes the roles on the way back.
pub(super) async fn assume(
    chain: &Chain,
    profiles: &Profiles,
    name: &str,
) -> Result<Credentials, AccessError> {
    let mut roles: Vec<(String, Role<'_>)> = Vec::new();
    let mut name = name.to_owned();
    let mut credentials = loop {
        let Some(profile) = profiles.get(&name) else {
            let from = roles.last().map_or("", |(from, _)| from);
            let message =
                format!("profile {from} has `source_profile = {name}`, and there is no profile {name}");
            return Err(AccessError::new(Access::Settings, message).remedy(profiles.those_there_are(&name)));
        };
        if roles.iter().any(|(seen, _)| *seen == name) {
            return Err(wrong(&name, "its `source_profile` leads back to itself"));
        }
        let get = |key: &str| profile.get(key).filter(|value| !value.is_empty());
        let keys = get("aws_access_key_id").zip(get("aws_secret_access_key"));
        // A source with keys of its own gives these, also if it could assume a role.
        let role = if roles.is_empty() || keys.is_none() { Role::of(profile, &name)? } else { None };
        let Some(role) = role else { break source(chain, profiles, &name).await? };
        roles.push((name.clone(), role));
        match (get("source_profile"), get("credential_source")) {
            (Some(_), Some(_)) => {
                return Err(wrong(
                    &name,
                    "it has both `source_profile` and `credential_source`; a role takes one",
                ));
            }
            (None, None) => return Err(wrong(&name, "a role needs `source_profile` or `credential_source`")),
            (Some(next), None) if next == name => match keys {
                Some((id, secret)) => {
                    let token = get("aws_session_token").map(ToOwned::to_owned);
                    break Credentials::new(id, secret, token, None, "profile");
                }
                None => return Err(wrong(&name, "its `source_profile` is itself, and it has no keys")),
            },
            (Some(next), None) => name = next.to_owned(),
            (None, Some(place)) => break named(chain, profiles, place, &name).await?,
        }
    };
    for (name, role) in roles.iter().rev() {
        credentials = one(chain, name, role, credentials).await?;
    }
    Ok(credentials)
}

/// What brings new credentials when a role's session ran out.
pub(super) fn renewal(profiles: &Profiles, name: &str) -> String {
    let get = |key: &str| profiles.get(name).and_then(|profile| profile.get(key));
    if get("mfa_serial").is_some() {
        return format!(
            "run `migrate whoami --profile {name}` in another terminal and type the MFA code there"
        );
    }
    let source = get("source_profile").unwrap_or(name);
    match Way::of(profiles, source) {
        Some(way) => way.renewal(source, &format!(" --profile {source}")),
        None => format!("renew the credentials that profile {name} assumes its role with"),
    }
}

async fn source(chain: &Chain, profiles: &Profiles, name: &str) -> Result<Credentials, AccessError> {
    let way = Way::of(profiles, name).ok_or_else(|| {
        wrong(name, "it is the source of a role, and has neither keys, SSO, login nor a process")
    })?;
    chain.base(profiles, name, &way).await
}

async fn named(
    chain: &Chain,
    profiles: &Profiles,
    place: &str,
    name: &str,
) -> Result<Credentials, AccessError> {
    let failed = |error: CredentialsError| {
        translated(&error, || {
            let message = format!("profile {name}: `credential_source = {place}` gives no credentials");
            AccessError::new(Access::NotSignedIn, format!("{message}: {}", bottom(&error)))
        })
    };
    match place.to_ascii_lowercase().as_str() {
        "environment" => match environment().await? {
            Some(loaded) => Ok(loaded.credentials),
            None => Err(AccessError::new(
                Access::NotSignedIn,
                format!("profile {name} takes its keys from the environment, and there are none"),
            )
            .remedy("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")),
        },
        "ec2instancemetadata" => chain.instance(profiles)?.provide_credentials().await.map_err(failed),
        "ecscontainer" => chain.container().provide_credentials().await.map_err(failed),
        _ => Err(wrong(
            name,
            &format!(
                "`credential_source = {place}` is unknown; it is Environment, Ec2InstanceMetadata or EcsContainer"
            ),
        )),
    }
}

/// One role: from the cache, else from STS.
async fn one(
    chain: &Chain,
    name: &str,
    role: &Role<'_>,
    source: Credentials,
) -> Result<Credentials, AccessError> {
    let now = chain.mfa.now();
    let key = role.key();
    if let Some(cached) = cached(&key).filter(|cached| {
        cached.expiry().and_then(|until| until.duration_since(now).ok()).is_some_and(|left| left > EARLY)
    }) {
        return Ok(cached);
    }
    let code = match role.mfa {
        None => None,
        Some(serial) => Some(chain.mfa.take().ok_or_else(|| {
            let message = format!("role {} of profile {name} needs a code of the MFA device {serial}", role.arn);
            let mut error = AccessError::new(Access::NotSignedIn, message).remedy(format!(
                "run `migrate whoami --profile {name}` (or any AWS CLI command with that profile) on a terminal first: \
                 its session serves the next commands too"
            ));
            error.barrier.mfa = Some(serial.to_owned());
            error
        })?),
    };
    let who = source.access_key_id().to_owned();
    let config = chain.base.to_builder().credentials_provider(SharedCredentialsProvider::new(source)).build();
    let client = aws_sdk_sts::Client::new(&config);
    let session = role.session.map_or_else(|| format!("migrate-{}", millis(now) / 1000), ToOwned::to_owned);
    let call = client
        .assume_role()
        .role_arn(role.arn)
        .role_session_name(session)
        .set_external_id(role.external_id.map(ToOwned::to_owned))
        .set_serial_number(role.mfa.map(ToOwned::to_owned))
        .set_token_code(code)
        .set_duration_seconds(role.seconds);
    let answer = match call.send().await {
        Ok(answer) => answer,
        Err(error) => return Err(not_assumed(&error, name, role, &who)),
    };
    let lent = answer.credentials.ok_or_else(|| {
        AccessError::new(
            Access::NotAws,
            format!("the answer to AssumeRole for {} holds no credentials", role.arn),
        )
    })?;
    let until = lent.expiration.to_millis().map(crate::clock::from_millis).ok();
    let user =
        answer.assumed_role_user.map(|user| json!({"AssumedRoleId": user.assumed_role_id, "Arn": user.arn}));
    keep(&key, &lent, user);
    Ok(Credentials::new(
        lent.access_key_id,
        lent.secret_access_key,
        Some(lent.session_token),
        until,
        "AssumeRole",
    ))
}

fn not_assumed(
    error: &SdkError<AssumeRoleError, HttpResponse>,
    name: &str,
    role: &Role<'_>,
    key: &str,
) -> AccessError {
    let Some(said) = said(error) else {
        return translated(error, || {
            AccessError::new(
                Access::NotReached,
                format!("role {} is not assumed: {}", role.arn, bottom(error)),
            )
        });
    };
    // Nobody's secret, but of no use in full either.
    let tail = key.get(key.len().saturating_sub(4)..).unwrap_or_default();
    let mut refusal =
        refused(format!("the keys …{tail} may not assume role {} (profile {name})", role.arn), &said);
    if said.message.contains("MultiFactorAuthentication") && role.mfa.is_some() {
        refusal.barrier.mfa = role.mfa.map(ToOwned::to_owned);
        return refusal.remedy("type the device's current code; each code serves once");
    }
    let remedy = match said.code.as_deref() {
        Some("AccessDenied") => format!(
            "the role's trust policy must name the caller, and the caller's own policy must allow sts:AssumeRole{}",
            if role.mfa.is_none() { "; if it asks for MFA, the profile needs mfa_serial" } else { "" }
        ),
        Some("ExpiredToken" | "ExpiredTokenException" | "InvalidClientTokenId" | "SignatureDoesNotMatch") => {
            format!("renew the keys that profile {name} assumes the role with")
        }
        _ => format!("check profile {name}"),
    };
    refusal.remedy(remedy)
}

fn file(key: &str) -> Option<PathBuf> {
    Some(home()?.join(".aws/cli/cache").join(format!("{key}.json")))
}

fn cached(key: &str) -> Option<Credentials> {
    let bytes = files::read_input(&file(key)?, MAX_SESSION).ok()?;
    let whole: Json = serde_json::from_slice(&bytes).ok()?;
    let text = |name: &str| whole["Credentials"][name].as_str();
    let until = instant(text("Expiration")?)?;
    let token = text("SessionToken")?.to_owned();
    let expiry = crate::clock::from_millis(until.to_millis().ok()?);
    Some(Credentials::new(
        text("AccessKeyId")?,
        text("SecretAccessKey")?,
        Some(token),
        Some(expiry),
        "AssumeRole",
    ))
}

/// `2026-11-29T09:00:00UTC`, as botocore 1 writes it, `…Z` or `…+00:00`, as others do.
fn instant(text: &str) -> Option<DateTime> {
    let text = text.strip_suffix("UTC").map_or_else(|| text.to_owned(), |text| format!("{text}Z"));
    DateTime::from_str(&text, Format::DateTimeWithOffset).ok()
}

/// Keeps a session where the AWS CLI keeps it. That it cannot be kept is no reason not to use it.
fn keep(key: &str, lent: &aws_sdk_sts::types::Credentials, user: Option<Json>) {
    let Some(path) = file(key) else { return };
    let until = lent.expiration.fmt(Format::DateTime).unwrap_or_default();
    let until = until.strip_suffix('Z').map_or_else(|| until.clone(), |until| format!("{until}UTC"));
    let mut whole = Map::new();
    whole.insert(
        "Credentials".into(),
        json!({
            "AccessKeyId": lent.access_key_id, "SecretAccessKey": lent.secret_access_key,
            "SessionToken": lent.session_token, "Expiration": until,
        }),
    );
    if let Some(user) = user {
        whole.insert("AssumedRoleUser".into(), user);
    }
    let folder = path.parent().map(files::make_private_dir).transpose();
    let kept = folder.and_then(|_| files::replace(&path, Json::Object(whole).to_string().as_bytes()));
    if let Err(error) = kept {
        tracing::warn!("the role's session is not kept in {}: {error}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names are those that botocore 1.44 computed for the same arguments.
    #[test]
    fn sessions_have_the_names_of_the_aws_cli() {
        let role = |session, seconds| Role {
            arn: "arn:aws:iam::123456789012:role/Admin",
            external_id: None,
            mfa: Some("arn:aws:iam::123456789012:mfa/ann"),
            session,
            seconds,
        };
        assert_eq!(role(None, None).key(), "318df9501d7cf8f07e02d9891002ef4e854187dd");
        assert_eq!(role(Some("ann"), Some(3600)).key(), "ebf7d8609aa42d1328d7863df5d054157feaae55");
    }

    #[test]
    fn instants_are_read_as_every_tool_writes_them() {
        for text in ["2026-11-29T09:00:00UTC", "2026-11-29T09:00:00Z", "2026-11-29T10:00:00+01:00"] {
            assert_eq!(instant(text).map(|at| at.secs()), Some(1_795_942_800), "{text}");
        }
    }
}
