//! How AWS is reached: proxies, root certificates, endpoints, as the AWS CLI takes them.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use super::{
    failure::{Access, AccessError},
    profiles::{Profiles, home, variable},
};
use crate::files;

/// A value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The value.
    pub value: String,
    /// `AWS_REGION`, `profile p`.
    pub source: String,
}

/// A proxy, without its password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// `http://proxy.example:3128`.
    pub url: String,
    /// The variable that names it.
    pub variable: &'static str,
}

/// Largest CA bundle, in bytes.
const MAX_BUNDLE: u64 = 16 << 20;

/// What every connection of this program has in common.
pub struct Network {
    matcher: Matcher,
    variables: Variables,
    /// `NO_PROXY=*`.
    pub(super) unproxied: bool,
    /// Root certificates instead of the system's: PEM, and who says so.
    pub(super) roots: Option<(Vec<u8>, Setting)>,
    /// Hosts that serve metadata: never through a proxy.
    metadata: Vec<String>,
    /// By how many milliseconds the last answer's date was ahead of this machine's clock.
    skew: Mutex<Option<i64>>,
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Network")
    }
}

/// Which variables name proxies. The first of each pair counts, as in `hyper-util`, which decides; these words are for
/// people only.
#[derive(Debug, Default)]
struct Variables {
    http: Option<&'static str>,
    https: Option<&'static str>,
    no_proxy: Option<(&'static str, String)>,
}

/// The first of a pair of variables that is set, though it may be empty.
fn first(names: [&'static str; 2]) -> Option<(&'static str, String)> {
    names.into_iter().find_map(|name| Some((name, std::env::var(name).ok()?)))
}

impl Network {
    /// Reads the environment, and what the profile says about certificates.
    ///
    /// # Errors
    /// A proxy, a bundle or an endpoint that cannot be used, by the name of the variable.
    pub fn of(profiles: &Profiles) -> Result<Self, AccessError> {
        let named = |names| first(names).filter(|(_, value)| !value.is_empty());
        let all = named(["ALL_PROXY", "all_proxy"]);
        let (http, https) = (named(["HTTP_PROXY", "http_proxy"]), named(["HTTPS_PROXY", "https_proxy"]));
        for (name, value) in [&all, &http, &https].into_iter().flatten() {
            usable_proxy(name, value)?;
        }
        let variable_of =
            |own: Option<(&'static str, String)>| own.or_else(|| all.clone()).map(|(name, _)| name);
        let variables = Variables {
            http: variable_of(http),
            https: variable_of(https),
            no_proxy: named(["NO_PROXY", "no_proxy"]),
        };
        usable_endpoints()?;
        let roots = match bundle(profiles) {
            Some(setting) => Some((certificates(&setting)?, setting)),
            None => None,
        };
        let metadata = metadata_hosts(profiles);
        // `*` is for names only to the matcher, and for every host to Python, and so to the AWS CLI.
        let none =
            variables.no_proxy.iter().any(|(_, hosts)| hosts.split(',').any(|host| host.trim() == "*"));
        let matcher = if none { Matcher::builder().build() } else { Matcher::from_env() };
        Ok(Self { matcher, unproxied: none, variables, roots, metadata, skew: Mutex::default() })
    }

    /// The proxy for a destination, if there is one.
    #[must_use]
    pub fn proxy(&self, uri: &Uri) -> Option<Proxy> {
        let https = uri.scheme_str() == Some("https");
        let variable = if https { self.variables.https } else { self.variables.http };
        let intercept = self.intercept(uri)?;
        let url = intercept.uri().to_string().trim_end_matches('/').to_owned();
        Some(Proxy { url, variable: variable.unwrap_or("ALL_PROXY") })
    }

    pub(super) fn intercept(&self, uri: &Uri) -> Option<Intercept> {
        self.matcher.intercept(uri)
    }

    /// Destinations without proxy, as the environment says.
    #[must_use]
    pub fn no_proxy(&self) -> Option<Setting> {
        let (name, value) = self.variables.no_proxy.as_ref()?;
        Some(Setting { value: value.clone(), source: (*name).to_owned() })
    }

    /// The CA bundle that replaces the system's root certificates.
    #[must_use]
    pub fn ca_bundle(&self) -> Option<&Setting> {
        self.roots.as_ref().map(|(_, setting)| setting)
    }

    pub(super) fn is_metadata(&self, uri: &Uri) -> bool {
        let host = uri.host().unwrap_or_default();
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        self.metadata.iter().any(|known| known == host || known == authority)
    }

    pub(super) fn note_skew(&self, millis: i64) {
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner) = Some(millis);
    }

    /// By how many milliseconds AWS's clock was ahead of this machine's at the last answer.
    #[must_use]
    pub fn skew(&self) -> Option<i64> {
        *self.skew.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A URL without user and password.
fn harmless(url: &str) -> &str {
    url.rsplit_once('@').map_or(url, |(_, rest)| rest)
}

/// What the matcher cannot use it ignores silently, and requests would go out directly.
fn usable_proxy(name: &str, value: &str) -> Result<(), AccessError> {
    let probe = Uri::from_static("https://aws.invalid/");
    let parsed = Matcher::builder().all(value.to_owned()).build().intercept(&probe);
    let wrong = |why: &str| {
        AccessError::new(Access::Settings, format!("{name} `{}` {why}", harmless(value)))
            .remedy(format!("set {name}=http://HOST:PORT (or http://USER:PASSWORD@HOST:PORT), or unset it"))
    };
    let parsed = parsed.filter(|proxy| proxy.uri().host().is_some_and(|host| !host.is_empty()));
    match parsed.as_ref().map(|proxy| proxy.uri().scheme_str().unwrap_or_default()) {
        Some("http" | "https") => Ok(()),
        Some(_) => Err(wrong("is a SOCKS proxy, which the AWS SDK cannot use; it takes HTTP proxies")),
        None => Err(wrong("is no URL of an HTTP proxy")),
    }
}

/// An endpoint without scheme or host fails deep inside the SDK, without the variable's name.
fn usable_endpoints() -> Result<(), AccessError> {
    let mut set: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, value)| name.starts_with("AWS_ENDPOINT_URL") && !value.is_empty())
        .collect();
    set.sort();
    for (name, value) in set {
        let uri = value.parse::<Uri>().ok();
        let good =
            uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some());
        if !good {
            let message = format!("{name} `{}` is no URL of an endpoint", harmless(&value));
            return Err(AccessError::new(Access::Settings, message)
                .remedy(format!("set {name}=https://HOST or http://HOST:PORT, or unset it")));
        }
    }
    Ok(())
}

/// `AWS_CA_BUNDLE` before the profile's `ca_bundle` (botocore's configprovider: the environment wins).
fn bundle(profiles: &Profiles) -> Option<Setting> {
    if let Some(value) = variable("AWS_CA_BUNDLE") {
        return Some(Setting { value, source: "AWS_CA_BUNDLE".into() });
    }
    let value = profiles.selected("ca_bundle")?;
    Some(Setting { value: value.to_owned(), source: format!("ca_bundle of profile {}", profiles.name()) })
}

/// Reads the certificates of a bundle: a PEM file, or a folder of them.
fn certificates(setting: &Setting) -> Result<Vec<u8>, AccessError> {
    let path = match setting.value.strip_prefix("~/").zip(home()) {
        Some((rest, home)) => home.join(rest),
        None => PathBuf::from(&setting.value),
    };
    let wrong = |why: &str| {
        AccessError::new(
            Access::Settings,
            format!("the CA bundle {} ({}) {why}", path.display(), setting.source),
        )
        .remedy("name a PEM file with the certificates of your network's CA, or unset it")
    };
    let mut files = vec![path.clone()];
    if path.is_dir() {
        let entries = std::fs::read_dir(&path).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        files = entries.filter_map(|entry| Some(entry.ok()?.path())).filter(|path| path.is_file()).collect();
        files.sort();
    }
    let mut store = RootCertStore::empty();
    let mut pem = String::new();
    for file in &files {
        let bytes = read(file).map_err(|error| wrong(&format!("cannot be read: {error}")))?;
        // What is no certificate is passed over, as OpenSSL does; the SDK would panic on it.
        for certificate in CertificateDer::pem_slice_iter(&bytes).flatten() {
            if store.add(certificate.clone()).is_ok() {
                pem.push_str("-----BEGIN CERTIFICATE-----\n");
                pem.push_str(&STANDARD.encode(&certificate));
                pem.push_str("\n-----END CERTIFICATE-----\n");
            }
        }
    }
    if store.is_empty() { Err(wrong("holds no certificate")) } else { Ok(pem.into_bytes()) }
}

fn read(path: &Path) -> std::io::Result<Vec<u8>> {
    files::read_input(path, MAX_BUNDLE)
}

/// Where instances, containers and pods get credentials
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>,
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html>), and what the environment puts in
/// their place.
fn metadata_hosts(profiles: &Profiles) -> Vec<String> {
    let fixed = ["169.254.169.254", "[fd00:ec2::254]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"];
    let mut hosts: Vec<String> = fixed.map(ToOwned::to_owned).to_vec();
    let named = [
        variable("AWS_EC2_METADATA_SERVICE_ENDPOINT"),
        profiles.selected("ec2_metadata_service_endpoint").map(ToOwned::to_owned),
    ];
    let authority = |url: String| Some(url.parse::<Uri>().ok()?.authority()?.as_str().to_owned());
    hosts.extend(named.into_iter().flatten().filter_map(authority));
    let container = variable("AWS_CONTAINER_CREDENTIALS_FULL_URI").and_then(|url| url.parse::<Uri>().ok());
    if let Some(authority) = container.as_ref().and_then(|uri| uri.authority()) {
        let host = authority.host().trim_matches(['[', ']']);
        if host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback()) {
            hosts.push(authority.as_str().to_owned());
        }
    }
    hosts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proxies_that_would_be_ignored_are_refused_and_passwords_never_shown() {
        for good in [
            "http://127.0.0.1:3128",
            "proxy.example:3128",
            "http://user:p%40ss@proxy.example:3128/",
            "https://proxy.example",
        ] {
            assert!(usable_proxy("HTTPS_PROXY", good).is_ok(), "{good}");
        }
        for bad in ["socks5://127.0.0.1:1080", "ftp://user:secret@proxy.example", "http://user:secret@", "::"]
        {
            let error = usable_proxy("HTTPS_PROXY", bad).unwrap_err();
            assert_eq!(error.kind(), Access::Settings);
            assert!(error.message.contains("HTTPS_PROXY") && !error.message.contains("secret"), "{error}");
        }
    }
}
