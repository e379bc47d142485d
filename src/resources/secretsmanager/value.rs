//! Secret values. They pass through memory only: no function here answers, logs or stores one outside of the
//! call that needs it, and no error carries one.

use serde_json::{Map, Value as Json};

use crate::{
    aws::{OpError, op},
    resources::Cx,
};

/// The members that an attachment adds to a secret.
pub const CONNECTION: &[&str] =
    &["engine", "host", "port", "dbname", "dbInstanceIdentifier", "dbClusterIdentifier"];

/// The current value; `None` when there is no such secret, or it has no value, or it is being deleted.
pub async fn text(cx: &Cx<'_>, id: &str) -> Result<Option<String>, OpError> {
    let answer = cx.sdk.secrets().get_secret_value().secret_id(id).send().await.map_err(op("GetSecretValue"));
    match answer {
        Ok(answer) => Ok(answer.secret_string),
        Err(error) if error.is(&["ResourceNotFoundException"]) => Ok(None),
        Err(error) if error.is(&["InvalidRequestException"]) && error.message.contains("deletion") => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The current value as an object; `None` when there is no such secret, or it has no value, or it is being
/// deleted.
pub async fn current(cx: &Cx<'_>, id: &str) -> Result<Option<Map<String, Json>>, OpError> {
    match text(cx, id).await?.as_deref().map(serde_json::from_str::<Json>) {
        None => Ok(None),
        Some(Ok(Json::Object(map))) => Ok(Some(map)),
        Some(_) => Err(OpError::not_sent(
            "GetSecretValue",
            "the secret's value is not a JSON object, so connection details cannot be kept in it",
        )),
    }
}

/// Makes `value` the current version.
pub async fn put(cx: &Cx<'_>, id: &str, token: &str, value: Map<String, Json>) -> Result<(), OpError> {
    cx.sdk
        .secrets()
        .put_secret_value()
        .secret_id(id)
        .client_request_token(token)
        .secret_string(Json::Object(value).to_string())
        .send()
        .await
        .map_err(op("PutSecretValue"))?;
    Ok(())
}
