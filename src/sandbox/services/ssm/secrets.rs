//! Secrets as parameters: `/aws/reference/secretsmanager/NAME`, with `:VERSION` or `:STAGE` behind (Systems Manager User
//! Guide, "Referencing AWS Secrets Manager secrets from Parameter Store parameters"). Words are LocalStack's recordings
//! of AWS (`test_get_secret_parameter`, `test_get_inexistent_secret`) and moto's `test_ssm_secretsmanager.py`.

use serde_json::{Value as Json, json};

use crate::sandbox::{Fault, Request, World, services::secretsmanager};

const REFERENCE: &str = "/aws/reference/secretsmanager/";

/// The parameter that a reference means; `None` if the name is no reference.
///
/// # Errors
/// The caller does not decrypt, or there is no such secret or version.
pub fn referenced(world: &World, rq: &Request<'_>, name: &str) -> Option<Result<Json, Fault>> {
    let id = name.strip_prefix(REFERENCE)?;
    if !rq.flag("WithDecryption") {
        let message = "WithDecryption flag must be True for retrieving a Secret Manager secret.";
        return Some(Err(Fault::new("ValidationException", message)));
    }
    let (id, which) = match id.rsplit_once(':') {
        Some((id, which)) => (id, Some(which)),
        None => (id, None),
    };
    let Some((secret, version)) = secretsmanager::read(world, rq, id, which) else {
        let message = format!(
            "An error occurred (ParameterNotFound) when referencing Secrets Manager: Secret {name} not found."
        );
        return Some(Err(Fault::new("ParameterNotFound", message)));
    };
    let mut source = secret.clone();
    source["VersionId"] = version["VersionId"].clone();
    source["name"] = secret["Name"].clone();
    Some(Ok(json!({
        "Name": name, "Type": "SecureString", "Value": version["SecretString"], "Version": 0,
        "SourceResult": source.to_string(), "LastModifiedDate": version["CreatedDate"], "ARN": secret["ARN"],
        "DataType": "text",
    })))
}
