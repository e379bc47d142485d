//! `AssumeRoleWithWebIdentity`: a role for whom an OpenID Connect provider vouches. Tokens are read, their signatures
//! are not checked: any provider that the role trusts will do.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};

use super::{
    roles,
    trust::{self, Asked},
};
use crate::sandbox::{Fault, Reply, Request, World, codec::NOT_IMPLEMENTED};

/// The claims of an ID token; `None` if the text is no JSON Web Token.
fn claims(token: &str) -> Option<Json> {
    let mut parts = token.split('.');
    let (_header, payload, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Json = serde_json::from_slice(&bytes).ok()?;
    claims.is_object().then_some(claims)
}

/// `AssumeRoleWithWebIdentity`.
pub(super) fn assume(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("RoleArn");
    roles::check_arn(arn)?;
    let Some(claims) = claims(rq.text("WebIdentityToken")) else {
        let message = "the sandbox takes OpenID Connect ID tokens (JSON Web Tokens) only, no opaque OAuth 2.0 access \
                       tokens; nothing was done";
        return Err(Fault::new(NOT_IMPLEMENTED, message));
    };
    let text = |name: &str| claims[name].as_str().unwrap_or_default();
    let issuer = text("iss").trim_start_matches("https://").trim_end_matches('/').to_owned();
    if issuer.is_empty() || text("sub").is_empty() {
        return Err(Fault::new("InvalidIdentityToken", "Missing a required claim: iss, sub"));
    }
    #[expect(clippy::cast_possible_truncation, reason = "seconds since the epoch")]
    let now = world.now_secs() as i64;
    if claims["exp"].as_i64().is_some_and(|until| until <= now) {
        let message = format!(
            "Token expired: current date/time {now} must be before the expiration date/time {}",
            claims["exp"]
        );
        return Err(Fault::new("ExpiredTokenException", message));
    }
    let mut keys = Vec::new();
    for claim in ["aud", "sub", "amr"] {
        let values = match &claims[claim] {
            Json::String(one) => vec![one.clone()],
            Json::Array(many) => many.iter().filter_map(|v| v.as_str().map(ToOwned::to_owned)).collect(),
            _ => Vec::new(),
        };
        keys.extend(
            values.into_iter().map(|value| (format!("{issuer}:{claim}").to_ascii_lowercase(), value)),
        );
    }
    let asked = Asked { action: "sts:AssumeRoleWithWebIdentity", keys };
    let Some(role) = roles::usable(world, arn).filter(|role| trust::trusts_provider(role, &issuer, &asked))
    else {
        let message = "Not authorized to perform sts:AssumeRoleWithWebIdentity";
        return Err(Fault::new("AccessDenied", message).status(403));
    };
    let seconds = roles::seconds(rq, &role, false)?;
    let mut answer = roles::assumed(world, rq, &role, seconds, json!([]));
    answer["SubjectFromWebIdentityToken"] = claims["sub"].clone();
    answer["Provider"] = json!(issuer);
    let audience = claims["aud"].as_str().or_else(|| claims["aud"][0].as_str());
    answer["Audience"] = json!(audience);
    Ok(answer)
}
