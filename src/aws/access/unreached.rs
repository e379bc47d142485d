//! What a failed connection means, in words.

use std::{error::Error, io};

use aws_smithy_runtime_api::client::result::ConnectorError;
use http::Uri;
use rustls::{CertificateError, Error as TlsError};

use super::{
    failure::{Access, AccessError, cause, causes},
    network::Network,
};

/// Whether the other side's certificate was the reason.
pub(super) fn distrusted(error: &ConnectorError) -> bool {
    matches!(cause::<TlsError>(error), Some(TlsError::InvalidCertificate(_)))
}

/// A failed call as a barred way: which host, by which proxy, and what failed. `shown` describes the certificate that
/// was shown.
pub(super) fn describe(
    network: &Network,
    uri: &Uri,
    error: &ConnectorError,
    shown: Option<String>,
) -> AccessError {
    let host = uri.host().unwrap_or("AWS");
    let (why, remedy) = reason(error, network, uri);
    let proxy = network.proxy(uri).map(|p| format!(" through the proxy {} ({})", p.url, p.variable));
    let shown = shown.map(|shown| format!("; it showed {shown}")).unwrap_or_default();
    AccessError::new(
        Access::NotReached,
        format!("{host} cannot be reached{}: {why}{shown}", proxy.unwrap_or_default()),
    )
    .remedy(remedy)
}

fn reason(error: &ConnectorError, network: &Network, uri: &Uri) -> (String, String) {
    let proxied = network.proxy(uri);
    if let Some(tls) = cause::<TlsError>(error) {
        return (tls_words(tls), tls_remedy(tls, network));
    }
    let said = |text: &str| causes(error).any(|cause| cause.to_string().contains(text));
    let all = || {
        let words: Vec<String> = causes(error).map(ToString::to_string).collect();
        words.last().cloned().unwrap_or_default()
    };
    if let Some(proxy) = &proxied {
        if said("proxy authorization required") {
            return (
                "the proxy asks for a user and a password (HTTP 407)".into(),
                format!("put them into {}: http://USER:PASSWORD@HOST:PORT", proxy.variable),
            );
        }
        if said("tunnel error: unsuccessful") {
            return (
                "the proxy refuses to connect to it".into(),
                format!("have {} permitted on the proxy, or name it in NO_PROXY", uri.host().unwrap_or("it")),
            );
        }
    }
    let check = match &proxied {
        Some(proxy) => format!("check {} and the network", proxy.variable),
        None => "check the network; behind a proxy, set HTTPS_PROXY=http://HOST:PORT".to_owned(),
    };
    if said("dns error") || said("failed to lookup address") {
        return (format!("its name cannot be resolved ({})", all()), check);
    }
    if error.is_timeout() || cause::<io::Error>(error).is_some_and(|io| io.kind() == io::ErrorKind::TimedOut)
    {
        return ("no answer in time".into(), check);
    }
    (all(), check)
}

fn tls_words(error: &TlsError) -> String {
    match error {
        TlsError::InvalidCertificate(why) => match why {
            // A CA of the same name with another key: a renewed one, say.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                "its certificate is signed by a CA that is not trusted".into()
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "its certificate has expired".into()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "its certificate is not valid yet".into()
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "its certificate is for another name".into()
            }
            other => format!("its certificate is not accepted ({other})"),
        },
        other => format!("TLS fails ({other})"),
    }
}

fn tls_remedy(error: &TlsError, network: &Network) -> String {
    match error {
        TlsError::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        ) => "check this machine's date, then the certificate".into(),
        TlsError::InvalidCertificate(_) => match network.ca_bundle() {
            Some(bundle) => format!("add the CA to {} ({})", bundle.value, bundle.source),
            None => "if your network's proxy opens TLS, set AWS_CA_BUNDLE to a PEM file with its CA".into(),
        },
        _ => "check proxy and network: the other side may not speak TLS".into(),
    }
}

/// The same for text without a type: what is at the bottom of an error.
pub(super) fn bottom(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}
