//! Which certificate a host shows that is not trusted: asked for once more, without trusting it, for the message only.

use std::{sync::Arc, time::Duration};

use http::Uri;
use hyper_util::{
    client::legacy::connect::{HttpConnector, proxy::Tunnel},
    rt::TokioIo,
};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::net::TcpStream;
use tower_service::Service as _;

use super::network::Network;
use crate::printable;

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// "a certificate for CN=…, issued by CN=…"; `None` where it cannot be read.
pub(super) async fn shown(network: &Network, uri: &Uri) -> Option<String> {
    tokio::time::timeout(PATIENCE, ask(network, uri)).await.ok()?
}

async fn ask(network: &Network, uri: &Uri) -> Option<String> {
    let mut direct = HttpConnector::new();
    direct.enforce_http(false);
    let stream: TokioIo<TcpStream> = match network.intercept(uri) {
        None => direct.call(uri.clone()).await.ok()?,
        // TLS to the proxy itself: then it is not told which of the two certificates is meant.
        Some(proxy) if proxy.uri().scheme_str() == Some("https") => return None,
        Some(proxy) => {
            let mut tunnel = Tunnel::new(proxy.uri().clone(), direct);
            if let Some(auth) = proxy.basic_auth() {
                tunnel = tunnel.with_auth(auth.clone());
            }
            tunnel.call(uri.clone()).await.ok()?
        }
    };
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Nobody(Arc::clone(&provider)));
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.enable_sni = true;
    let name = ServerName::try_from(uri.host()?.trim_matches(['[', ']']).to_owned()).ok()?;
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let stream = connector.connect(name, stream.into_inner()).await.ok()?;
    describe(stream.get_ref().1.peer_certificates()?.first()?)
}

fn describe(certificate: &[u8]) -> Option<String> {
    let (issuer, subject) = names(certificate)?;
    // Whoever answered chose these names.
    let text = format!("a certificate for `{subject}`, issued by `{issuer}`");
    Some(printable::lines(&text).into_owned())
}

/// Issuer and subject of a certificate (RFC 5280, section 4.1: version, serial number, algorithm, issuer, validity,
/// subject). Only for words: what is trusted, rustls decides.
fn names(certificate: &[u8]) -> Option<(String, String)> {
    let (_, whole, _) = element(certificate)?;
    let (_, mut rest, _) = element(whole)?;
    let mut fields = Vec::new();
    while fields.len() < 5 {
        let (tag, content, after) = element(rest)?;
        rest = after;
        // The version is optional.
        if tag != 0xa0 {
            fields.push(content);
        }
    }
    Some((distinguished(fields[2])?, distinguished(fields[4])?))
}

/// The first element of DER: its tag, its content, what follows it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) =
            rest.split_at_checked(usize::from(first & 0x7f)).filter(|(digits, _)| digits.len() <= 4)?;
        (digits.iter().fold(0, |length, digit| (length << 8) | usize::from(*digit)), rest)
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}

/// `CN=…, O=…` of a name: sets of pairs of an identifier and a text.
fn distinguished(mut name: &[u8]) -> Option<String> {
    let mut parts = Vec::new();
    while !name.is_empty() {
        let (_, set, after) = element(name)?;
        name = after;
        let (_, pair, _) = element(set)?;
        let (_, kind, rest) = element(pair)?;
        let (_, text, _) = element(rest)?;
        let kind = match kind {
            [0x55, 0x04, 0x03] => "CN",
            [0x55, 0x04, 0x06] => "C",
            [0x55, 0x04, 0x0a] => "O",
            [0x55, 0x04, 0x0b] => "OU",
            _ => continue,
        };
        parts.push(format!("{kind}={}", String::from_utf8_lossy(text)));
    }
    Some(if parts.is_empty() { "nobody".to_owned() } else { parts.join(", ") })
}

/// Trusts every certificate. Nothing is sent over such a connection.
#[derive(Debug)]
struct Nobody(Arc<CryptoProvider>);

impl ServerCertVerifier for Nobody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair};

    use super::*;

    #[test]
    fn names_are_read_and_garbage_is_nobody() {
        let mut params = CertificateParams::new(vec!["a.example".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "a.example");
        params.distinguished_name.push(DnType::OrganizationName, "Example Corp");
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let der = certificate.der();
        let name = "CN=a.example, O=Example Corp";
        assert_eq!(names(der), Some((name.to_owned(), name.to_owned())));
        for cut in 0..der.len().min(200) {
            assert_eq!(names(&der[..cut]), None, "{cut} bytes");
        }
        assert_eq!(names(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
