//! The HTTP client.

use std::{fmt, sync::Arc, time::SystemTime};

use aws_smithy_http_client::{
    Builder, Connector,
    proxy::ProxyConfig,
    tls::{self, TlsContext, TrustStore},
};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        connector_metadata::ConnectorMetadata,
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{DateTime, body::SdkBody, date_time::Format};
use http::Uri;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::{certificate, network::Network, page, unreached};
use crate::clock::Clock;

/// Largest answer that is read, in bytes: lists come in pages far smaller.
const MAX_ANSWER: usize = 64 << 20;

/// The one client.
#[derive(Clone)]
pub(super) struct Client {
    network: Arc<Network>,
    clock: Arc<dyn Clock>,
    proxied: SharedHttpClient,
    direct: SharedHttpClient,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl Client {
    pub(super) fn new(network: Arc<Network>, clock: Arc<dyn Clock>) -> Self {
        let direct = inner(&network, ProxyConfig::disabled());
        let proxied =
            if network.unproxied { direct.clone() } else { inner(&network, ProxyConfig::from_env()) };
        Self { network, clock, proxied, direct }
    }
}

/// A client of the SDK's own.
fn inner(network: &Network, proxy: ProxyConfig) -> SharedHttpClient {
    let roots = network.roots.as_ref().map(|(pem, _)| pem.clone());
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder().proxy_config(proxy.clone());
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(RuntimeComponents::sleep_impl));
        // A bundle replaces the system's certificates, as it does for the AWS CLI.
        let trust = match &roots {
            Some(pem) => TrustStore::empty().with_pem_certificate(pem.clone()),
            None => TrustStore::default(),
        };
        let builder = builder.tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring));
        match TlsContext::builder().with_trust_store(trust).build() {
            Ok(context) => builder.tls_context(context).build(),
            Err(error) => {
                tracing::warn!("the system's certificates are used: {error}");
                builder.build()
            }
        }
    })
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Way {
            client: self.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.proxied.connector_metadata()
    }
}

/// One operation's connector.
#[derive(Debug)]
struct Way {
    client: Client,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for Way {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let uri: Uri = request.uri().parse().unwrap_or_default();
        let metadata = self.client.network.is_metadata(&uri);
        let http = if metadata { &self.client.direct } else { &self.client.proxied };
        let answer = http.http_connector(&self.settings, &self.components).call(request);
        let (network, clock) = (Arc::clone(&self.client.network), Arc::clone(&self.client.clock));
        HttpConnectorFuture::new(async move {
            match answer.await {
                Ok(response) if metadata => Ok(limited(response)),
                Ok(response) => {
                    note_skew(&network, &response, clock.now());
                    let response = page::inspect(&network, &uri, response).await;
                    response.map(limited).map_err(|error| ConnectorError::other(error.into(), None))
                }
                // Providers judge these themselves: no metadata service is no failure.
                Err(error) if metadata => Err(error),
                Err(error) => Err(explained(&network, &uri, error).await),
            }
        })
    }
}

/// The same failure of the same kind, in words.
async fn explained(network: &Network, uri: &Uri, error: ConnectorError) -> ConnectorError {
    let shown = if unreached::distrusted(&error) { certificate::shown(network, uri).await } else { None };
    let described: BoxError = unreached::describe(network, uri, &error, shown).into();
    tracing::debug!(host = uri.host().unwrap_or_default(), "{described}");
    if error.is_timeout() {
        ConnectorError::timeout(described)
    } else if error.is_user() {
        ConnectorError::user(described)
    } else if error.is_io() {
        ConnectorError::io(described)
    } else {
        let kind = error.as_other();
        ConnectorError::other(described, kind)
    }
}

/// A body that ends with an error instead of filling the memory.
fn limited(response: HttpResponse) -> HttpResponse {
    response.map(|body| {
        SdkBody::from_body_1_x(Limited::new(body, MAX_ANSWER).map_err(|error| -> BoxError {
            if error.is::<LengthLimitError>() { "the answer is larger than 64 MiB".into() } else { error }
        }))
    })
}

fn note_skew(network: &Network, response: &HttpResponse, now: SystemTime) {
    let date =
        response.headers().get("date").and_then(|date| DateTime::from_str(date, Format::HttpDate).ok());
    if let Some(theirs) = date.and_then(|date| date.to_millis().ok()) {
        network.note_skew(theirs.saturating_sub(crate::clock::millis(now)));
    }
}
