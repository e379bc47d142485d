//! Lets SDK clients reach a sandbox in process: their real requests, without a socket.

use aws_smithy_runtime_api::{
    client::{
        http::{HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector},
        orchestrator::HttpRequest,
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::Response,
};
use aws_smithy_types::body::SdkBody;
use http_body_util::BodyExt;

use super::{
    codec::Incoming,
    host::{Outcome, Sandbox},
};

/// An HTTP client whose only destination is a sandbox.
#[derive(Debug, Clone)]
pub struct Connector(pub Sandbox);

impl HttpClient for Connector {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _parts: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sandbox = self.0.clone();
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x().map_err(|error| ConnectorError::user(error.into()))?;
            let (mut parts, body) = request.into_parts();
            // Over a socket the host travels as a header, which the SDK leaves to the HTTP client.
            if let Some(authority) = parts.uri.authority()
                && let Ok(host) = http::HeaderValue::from_str(authority.as_str())
            {
                parts.headers.insert(http::header::HOST, host);
            }
            let body = body.collect().await.map_err(ConnectorError::user)?.to_bytes().to_vec();
            let target = parts.uri.path_and_query().map_or("/", |p| p.as_str());
            let incoming = Incoming::new(parts.method.as_str(), target, parts.headers, body);
            match sandbox.handle(incoming).await {
                Outcome::Answer(response) => Response::try_from(response.map(SdkBody::from))
                    .map_err(|error| ConnectorError::other(error.into(), None)),
                Outcome::Reset => Err(ConnectorError::io(
                    std::io::Error::new(std::io::ErrorKind::ConnectionReset, "connection reset by peer")
                        .into(),
                )),
                Outcome::Timeout => Err(ConnectorError::timeout(
                    std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer in time").into(),
                )),
                Outcome::Killed => std::future::pending().await,
            }
        })
    }
}
