//! One line for each API call, for `-vv` and `--log-file`: service, operation, how long it took, the HTTP status and
//! AWS's request id. Never what was sent or answered: both may hold secrets.

use std::time::SystemTime;

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef},
            dyn_dispatch_hint,
        },
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};
use aws_types::region::SigningRegion;

/// When the request left.
#[derive(Debug)]
struct Sent(SystemTime);

impl Storable for Sent {
    type Storer = StoreReplace<Self>;
}

/// Headers in which services put the request id.
const REQUEST_IDS: &[&str] = &["x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id"];

/// Logs calls at the level `debug`.
#[derive(Debug, Clone, Copy)]
pub struct CallLog;

#[dyn_dispatch_hint]
impl Intercept for CallLog {
    fn name(&self) -> &'static str {
        "CallLog"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if tracing::enabled!(tracing::Level::DEBUG)
            && let Some(time) = components.time_source()
        {
            cfg.interceptor_state().store_put(Sent(time.now()));
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if !tracing::enabled!(tracing::Level::DEBUG) {
            return Ok(());
        }
        let Some(metadata) = cfg.load::<Metadata>() else { return Ok(()) };
        let now = components.time_source().map(|time| time.now());
        let sent = cfg.load::<Sent>().map(|sent| sent.0);
        let took = now.zip(sent).and_then(|(now, sent)| now.duration_since(sent).ok()).unwrap_or_default();
        let region = cfg.load::<SigningRegion>().map(|region| region.as_ref().to_owned()).unwrap_or_default();
        let response = context.response();
        let request_id =
            response.and_then(|answer| REQUEST_IDS.iter().find_map(|name| answer.headers().get(name)));
        tracing::debug!(
            service = metadata.service(),
            operation = metadata.name(),
            region,
            status = response.map_or(0, |answer| answer.status().as_u16()),
            request_id = request_id.unwrap_or_default(),
            took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "call"
        );
        Ok(())
    }
}
