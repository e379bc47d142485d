//! Grants: kept, listed, revoked and retired. Who may use a key is not looked at, so nothing follows from them.

use serde_json::{Value as Json, json};

use super::{
    data::dry_run,
    store::{find_key, paged, public, state},
};
use crate::sandbox::{Fault, Reply, Request, World, done};

/// Grants by `key's ARN/grant's id`, with `_token`.
pub const GRANT: &str = "kms.grant";

fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("ValidationException", message)
}

/// Operations that a grant may allow, by the key's usage (KMS Developer Guide, "Grant operations").
fn allowed(key: &Json, operation: &str) -> bool {
    let own: &[&str] = match key["KeyUsage"].as_str() {
        Some("ENCRYPT_DECRYPT") if key["KeySpec"] == "SYMMETRIC_DEFAULT" => &[
            "Decrypt",
            "Encrypt",
            "GenerateDataKey",
            "GenerateDataKeyPair",
            "GenerateDataKeyPairWithoutPlaintext",
            "GenerateDataKeyWithoutPlaintext",
            "ReEncryptFrom",
            "ReEncryptTo",
        ],
        Some("ENCRYPT_DECRYPT") => &["Decrypt", "Encrypt", "GetPublicKey", "ReEncryptFrom", "ReEncryptTo"],
        Some("SIGN_VERIFY") => &["GetPublicKey", "Sign", "Verify"],
        Some("GENERATE_VERIFY_MAC") => &["GenerateMac", "VerifyMac"],
        _ => &["DeriveSharedSecret", "GetPublicKey"],
    };
    own.contains(&operation) || matches!(operation, "CreateGrant" | "DescribeKey" | "RetireGrant")
}

/// Whether a principal can exist: of this account its roles and users have to. Terraform's provider waits for new roles on
/// `InvalidArnException` (its `internal/service/kms/grant.go`).
fn principal(world: &World, arn: &str) -> Result<(), Fault> {
    let refused =
        || Fault::new("InvalidArnException", format!("ARN does not refer to a valid principal: {arn}"));
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, "iam" | "sts", _, account, name] = parts.as_slice() else { return Err(refused()) };
    let table = match name.split('/').next() {
        Some("role") => "iam.role",
        Some("user") => "iam.user",
        _ => return Ok(()),
    };
    if *account != world.account || world.any(table, |row| row["Arn"] == arn) {
        Ok(())
    } else {
        Err(refused())
    }
}

pub fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = find_key(world, rq, rq.text("KeyId"))?;
    state(&key)?;
    let grantee = rq.opt("GranteePrincipal");
    if grantee.is_none() && rq.opt("GranteeServicePrincipal").is_none() {
        return Err(invalid("A grant needs a GranteePrincipal or a GranteeServicePrincipal."));
    }
    for arn in grantee.into_iter().chain(rq.opt("RetiringPrincipal")) {
        principal(world, arn)?;
    }
    // `CreateGrant`, Operations: "the operation must be supported on the KMS key ... AWS KMS returns a ValidationError".
    if let Some(other) = rq.texts("Operations").into_iter().find(|one| !allowed(&key, one)) {
        let usage = key["KeyUsage"].as_str().unwrap_or_default();
        return Err(invalid(format!("Operation {other} cannot be granted on a key whose usage is {usage}.")));
    }
    if !rq.get("Constraints").is_null() && key["KeySpec"] != "SYMMETRIC_DEFAULT" {
        return Err(invalid("Encryption context constraints are valid on symmetric encryption keys only."));
    }
    dry_run(rq)?;
    let mut row = json!({
        "KeyId": key["Arn"], "Name": rq.get("Name"), "CreationDate": world.now_secs(),
        "IssuingAccount": world.arn("iam", "", "root"), "Operations": rq.get("Operations"),
        "Constraints": rq.get("Constraints"), "_key": key["Arn"],
    });
    let who =
        ["GranteePrincipal", "RetiringPrincipal", "GranteeServicePrincipal", "RetiringServicePrincipal"];
    for member in who {
        row[member] = rq.get(member).clone();
    }
    let alike = |other: &Json| {
        let members = ["KeyId", "Name", "Operations", "Constraints"].into_iter().chain(who);
        members.into_iter().all(|member| row[member] == other[member])
    };
    let token = world.hex(64);
    // "When this parameter [Name] is included ... identical requests return the same grant with a new token".
    let known = rq.opt("Name").and_then(|_| world.rows(GRANT).find(|(_, other)| alike(other)));
    let place = match known.map(|(place, _)| place.to_owned()) {
        Some(place) => place,
        None => {
            let id = world.hex(64);
            row["GrantId"] = json!(id);
            row["_tokens"] = json!([]);
            let place = format!("{}/{id}", key["Arn"].as_str().unwrap_or_default());
            world.put(GRANT, &place, row);
            place
        }
    };
    let grant = world.get_mut(GRANT, &place);
    let id = grant.map(|grant| {
        if let Some(tokens) = grant["_tokens"].as_array_mut() {
            tokens.push(json!(token));
        }
        grant["GrantId"].clone()
    });
    Ok(json!({"GrantId": id, "GrantToken": token}))
}

fn shown(world: &World, fits: impl Fn(&Json) -> bool) -> Vec<Json> {
    let mut found: Vec<Json> =
        world.rows(GRANT).map(|(_, row)| row).filter(|row| fits(row)).map(public).collect();
    let when = |row: &Json| row["CreationDate"].as_f64().unwrap_or_default();
    found.sort_by(|one, other| when(one).total_cmp(&when(other)));
    found
}

pub fn list(world: &mut World, rq: &Request<'_>) -> Reply {
    let key = find_key(world, rq, rq.text("KeyId"))?;
    let wanted = ["GrantId", "GranteePrincipal", "GranteeServicePrincipal"];
    let all = shown(world, |row| {
        row["KeyId"] == key["Arn"]
            && wanted.iter().all(|member| rq.opt(member).is_none_or(|text| row[*member] == text))
    });
    if let Some(id) = rq.opt("GrantId").filter(|_| all.is_empty()) {
        return Err(missing(id));
    }
    paged(rq, "Grants", all)
}

pub fn list_retirable(world: &mut World, rq: &Request<'_>) -> Reply {
    let members = ["RetiringPrincipal", "RetiringServicePrincipal"];
    if members.iter().all(|member| rq.opt(member).is_none()) {
        return Err(invalid("A RetiringPrincipal or a RetiringServicePrincipal is required."));
    }
    if let Some(arn) = rq.opt("RetiringPrincipal") {
        principal(world, arn)?;
    }
    let here = format!(":kms:{}:", rq.region);
    let all = shown(world, |row| {
        row["KeyId"].as_str().is_some_and(|arn| arn.contains(&here))
            && members.iter().all(|member| rq.opt(member).is_none_or(|text| row[*member] == text))
    });
    paged(rq, "Grants", all)
}

/// moto, `test_revoke_grant_raises_when_grant_does_not_exist`.
fn missing(id: &str) -> Fault {
    Fault::new("NotFoundException", format!("Grant ID {id} not found"))
}

/// The grant of a request that names its key and its id.
fn named(world: &World, rq: &Request<'_>) -> Result<String, Fault> {
    let key = find_key(world, rq, rq.text("KeyId"))?;
    let place = format!("{}/{}", key["Arn"].as_str().unwrap_or_default(), rq.text("GrantId"));
    if world.get(GRANT, &place).is_none() {
        return Err(missing(rq.text("GrantId")));
    }
    Ok(place)
}

pub fn revoke(world: &mut World, rq: &Request<'_>) -> Reply {
    let place = named(world, rq)?;
    dry_run(rq)?;
    world.remove(GRANT, &place);
    done()
}

pub fn retire(world: &mut World, rq: &Request<'_>) -> Reply {
    let place = match (rq.opt("GrantToken"), rq.opt("GrantId").and(rq.opt("KeyId"))) {
        (Some(token), _) => {
            let is_its =
                |row: &Json| row["_tokens"].as_array().is_some_and(|all| all.iter().any(|one| one == token));
            let found = world.rows(GRANT).find(|(_, row)| is_its(row)).map(|(place, _)| place.to_owned());
            found.ok_or_else(|| Fault::new("InvalidGrantTokenException", "The grant token is not valid."))?
        }
        (None, Some(_)) => named(world, rq)?,
        (None, None) => return Err(invalid("A GrantToken, or a GrantId and a KeyId, are required.")),
    };
    dry_run(rq)?;
    world.remove(GRANT, &place);
    done()
}
