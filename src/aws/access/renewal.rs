//! Calls that AWS refuses because the credentials ran out are made again with new ones.
//!
//! Such a refusal comes before any effect, so making the call again is safe, whatever the call; it is the only thing
//! that the SDK may repeat. Everything else stays with the engine, which alone knows what may have happened. Doing it
//! here, below the handlers, keeps a handler with several calls in its place between two of them.

use std::sync::Arc;

use aws_credential_types::provider::error::CredentialsError;
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};
use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{
                BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextMut,
                FinalizerInterceptorContextRef, InterceptorContext,
            },
            dyn_dispatch_hint,
        },
        orchestrator::HttpResponse,
        retries::{
            RequestAttempts,
            classifiers::{ClassifyRetry, RetryAction, RetryClassifierPriority},
        },
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{
    config_bag::{ConfigBag, Storable, StoreReplace},
    retry::{ErrorKind, RetryConfig},
};

use super::{
    failure::cause,
    keys::{Keys, PAUSE},
};

/// What AWS answers when credentials ran out, were deactivated or deleted: the general error codes of its services
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html>,
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>).
const RAN_OUT: &[&str] =
    &["ExpiredToken", "RequestExpired", "InvalidClientTokenId", "UnrecognizedClientException"];
/// What the SDK's own correction of clock skew looks at.
const SKEWED: &[&str] = &["InvalidSignature", "SignatureDoesNotMatch", "AuthFailure", "RequestTimeTooSkewed"];

/// The renewal of one session's credentials, on every client.
#[derive(Debug, Clone)]
pub struct Renewal(pub Arc<Keys>);

/// The key that a request was signed with.
#[derive(Debug)]
struct SignedWith(String);

impl Storable for SignedWith {
    type Storer = StoreReplace<Self>;
}

impl Renewal {
    /// Enough attempts for every wait; how long is waited, [`Keys`] decides.
    #[must_use]
    pub fn config() -> RetryConfig {
        RetryConfig::standard().with_max_attempts(u32::MAX).with_max_backoff(PAUSE)
    }

    /// No budget: what is repeated is bounded by time.
    #[must_use]
    pub fn partition() -> RetryPartition {
        RetryPartition::custom("migrate").token_bucket(TokenBucket::unlimited()).build()
    }
}

/// Which of these codes a refusal has.
fn says(response: &HttpResponse, codes: &[&'static str]) -> Option<&'static str> {
    if !(400..500).contains(&response.status().as_u16()) {
        return None;
    }
    let kind = response.headers().get("x-amzn-errortype").unwrap_or_default();
    let body = response.body().bytes().unwrap_or_default();
    let within = |code: &str| body.windows(code.len()).any(|window| window == code.as_bytes());
    codes.iter().copied().find(|code| kind.contains(code) || within(code))
}

/// Marks the answer to a repetition.
#[derive(Debug, Clone, Copy)]
struct Repeated;

#[dyn_dispatch_hint]
impl Intercept for Renewal {
    fn name(&self) -> &'static str {
        "Renewal"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let signed = context.request().headers().get("authorization").and_then(|text| {
            let rest = text.split_once("Credential=")?.1;
            Some(rest.split('/').next()?.to_owned())
        });
        if let Some(key) = signed {
            cfg.interceptor_state().store_put(SignedWith(key));
        }
        Ok(())
    }

    fn modify_before_attempt_completion(
        &self,
        context: &mut FinalizerInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let repeated = cfg.load::<RequestAttempts>().is_some_and(|attempts| attempts.attempts() > 1);
        if repeated && let Some(response) = context.response_mut() {
            response.add_extension(Repeated);
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(code) = context.response().and_then(|response| says(response, RAN_OUT))
            && let Some(SignedWith(key)) = cfg.load::<SignedWith>()
        {
            self.0.refused(key, code);
        }
        Ok(())
    }
}

impl ClassifyRetry for Renewal {
    fn classify_retry(&self, ctx: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = ctx.output_or_error() else { return RetryAction::NoActionIndicated };
        let unsigned = cause::<CredentialsError>(error).is_some();
        let response = ctx.response();
        if unsigned || response.is_some_and(|response| says(response, RAN_OUT).is_some()) {
            return match self.0.again() {
                Some(delay) => {
                    RetryAction::retryable_error_with_explicit_delay(ErrorKind::ClientError, delay)
                }
                None => RetryAction::RetryForbidden,
            };
        }
        let skewed = |response: &HttpResponse| {
            says(response, SKEWED).is_some() && response.extension::<Repeated>().is_none()
        };
        if response.is_some_and(skewed) {
            // The SDK's own classifier knows whether the clocks differ; it signs the one repetition with AWS's time.
            return RetryAction::NoActionIndicated;
        }
        RetryAction::RetryForbidden
    }

    fn name(&self) -> &'static str {
        "Renewal"
    }

    /// After those that judge by code and status: its word counts more. What it forbids ends the questions.
    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_before(RetryClassifierPriority::modeled_as_retryable_classifier())
    }
}
