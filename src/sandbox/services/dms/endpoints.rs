//! Endpoints.

use serde_json::{Map, Value as Json, json};

use super::{
    connections,
    engines::{self, Engine, SETTINGS},
    store::{
        CERTIFICATE, ENDPOINT, REPLICATION, TASK, combination, exists, fresh_arn, here, identifier, invalid,
        key_of, listed, missing, role_trusts, role_works, state, uses,
    },
};
use crate::sandbox::{
    Fault, Reply, Request, World,
    world::{Effect, durations::DMS_ENDPOINT},
};

/// Members kept as they are sent.
const PLAIN: &[&str] = &[
    "CertificateArn",
    "DatabaseName",
    "ExternalTableDefinition",
    "ExtraConnectionAttributes",
    "Port",
    "ServerName",
    "ServiceAccessRoleArn",
    "Username",
];
/// Never returned: not even kept.
const HIDDEN: &[&str] = &["Password", "AsmPassword", "AuthPassword", "SaslPassword", "SslClientKeyPassword"];

/// Settings without what must not be shown.
fn without_secrets(settings: &Json) -> Json {
    let members = settings.as_object().into_iter().flatten();
    Json::Object(
        members
            .filter(|(name, _)| !HIDDEN.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect::<Map<_, _>>(),
    )
}

/// What DMS fills in by itself.
fn defaults(member: &str) -> Json {
    match member {
        "S3Settings" => json!({
            "CsvRowDelimiter": "\\n", "CsvDelimiter": ",", "CompressionType": "none", "EnableStatistics": true,
            "DatePartitionEnabled": false,
        }),
        "KafkaSettings" => {
            json!({"Topic": "kafka-default-topic", "MessageFormat": "json", "MessageMaxBytes": 1_000_000})
        }
        "KinesisSettings" => json!({"MessageFormat": "json"}),
        "ElasticsearchSettings" => json!({"FullLoadErrorPercentage": 10, "ErrorRetryDuration": 300}),
        "MongoDbSettings" => json!({
            "AuthType": "password", "AuthMechanism": "default", "NestingLevel": "none", "ExtractDocId": "false",
            "DocsToInvestigate": "1000", "AuthSource": "admin",
        }),
        _ => json!({}),
    }
}

fn overlay(mut base: Json, over: &Json) -> Json {
    for (name, value) in over.as_object().into_iter().flatten() {
        base[name] = value.clone();
    }
    base
}

/// Refuses what DMS would refuse about the whole endpoint, as it will be.
fn check(world: &World, rq: &Request<'_>, row: &Json, engine: &Engine, password: bool) -> Result<(), Fault> {
    let source = row["EndpointType"] == "source";
    if (source && !engine.source) || (!source && !engine.target) {
        let kind = if source { "source" } else { "target" };
        return Err(invalid(format!("The engine {} cannot be a {kind} endpoint.", engine.name)));
    }
    for member in SETTINGS {
        let strange = *member != engine.settings && *member != "DmsTransferSettings";
        if strange && !rq.get(member).is_null() {
            return Err(combination(format!("{member} cannot be set for engine {}.", engine.name)));
        }
    }
    let ssl = row["SslMode"].as_str().unwrap_or("none");
    if !engine.ssl.contains(&ssl) {
        return Err(invalid(format!("SSL mode {ssl} is not supported by engine {}.", engine.name)));
    }
    match row["CertificateArn"].as_str() {
        Some(arn) if world.get(CERTIFICATE, arn).is_none() => {
            return Err(missing(format!("Certificate not found: {arn}")));
        }
        None if ssl.starts_with("verify") => {
            return Err(combination(format!("SSL mode {ssl} needs a CertificateArn.")));
        }
        _ => {}
    }
    let settings = &row[engine.settings];
    let secret = settings["SecretsManagerSecretId"].as_str();
    let role = settings["SecretsManagerAccessRoleArn"].as_str();
    if secret.is_some() != role.is_some() {
        return Err(combination(
            "SecretsManagerSecretId and SecretsManagerAccessRoleArn must be set together.",
        ));
    }
    let direct = |name: &str| !row[name].is_null() || !settings[name].is_null();
    let any_direct = ["ServerName", "Port", "Username"].iter().any(|name| direct(name)) || password;
    if secret.is_some() && any_direct {
        return Err(combination(
            "Endpoint settings must hold either the Secrets Manager access or ServerName, Port, Username and Password.",
        ));
    }
    if engine.server && secret.is_none() && !direct("ServerName") {
        return Err(combination(format!("ServerName must be set for engine {}.", engine.name)));
    }
    if let Some(arn) = role {
        role_works(world, arn, &format!("dms.{}.amazonaws.com", rq.region))?;
    }
    for arn in [&row["ServiceAccessRoleArn"], &settings["ServiceAccessRoleArn"]] {
        if let Some(arn) = arn.as_str() {
            // DMS assumes it when the connection is tested: one that has not spread yet is taken
            // (TestAccDMSS3Endpoint_simple).
            role_trusts(world, arn, "dms.amazonaws.com")?;
        }
    }
    Ok(())
}

fn taken(world: &World, rq: &Request<'_>, name: &str) -> bool {
    world.any(ENDPOINT, |row| row["EndpointIdentifier"] == name && row["_region"] == rq.region)
}

fn engine_of(name: &str) -> Result<&'static Engine, Fault> {
    engines::find(name).ok_or_else(|| invalid(format!("Invalid engine name: {name}")))
}

/// Whether the request carries a password in the clear.
fn has_password(rq: &Request<'_>, engine: &Engine) -> bool {
    !rq.get("Password").is_null() || !rq.get(engine.settings)["Password"].is_null()
}

/// `CreateEndpoint`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let name = identifier(rq, "EndpointIdentifier", 255)?;
    let engine = engine_of(&rq.text("EngineName").to_lowercase())?;
    let kms = key_of(world, rq);
    let mut row = json!({
        "EndpointIdentifier": name, "EndpointType": rq.text("EndpointType").to_lowercase(), "EngineName": engine.name,
        "EngineDisplayName": engine.title, "SslMode": rq.opt("SslMode").unwrap_or("none"), "KmsKeyId": kms,
        "Status": "creating", "_region": rq.region, "_tags": rq.list("Tags"),
    });
    for member in PLAIN {
        if !rq.get(member).is_null() {
            row[*member] = rq.get(member).clone();
        }
    }
    for member in SETTINGS {
        if !rq.get(member).is_null()
            || (*member == engine.settings && !defaults(member).as_object().is_none_or(Map::is_empty))
        {
            row[*member] = overlay(defaults(member), &without_secrets(rq.get(member)));
        }
    }
    check(world, rq, &row, engine, has_password(rq, engine))?;
    if taken(world, rq, &name) {
        return Err(exists(format!("Endpoint {name} already exists.")));
    }
    let arn = fresh_arn(world, rq, "endpoint", ENDPOINT)?;
    row["EndpointArn"] = json!(arn);
    world.put(ENDPOINT, &arn, row.clone());
    world.set_after(DMS_ENDPOINT, ENDPOINT, &arn, json!({"Status": "active"}));
    Ok(json!({"Endpoint": row}))
}

/// The endpoint of an ARN.
pub(super) fn endpoint<'w>(world: &'w World, arn: &str) -> Result<&'w Json, Fault> {
    world.get(ENDPOINT, arn).ok_or_else(|| missing(format!("Endpoint {arn} not found.")))
}

/// `DescribeEndpoints`.
pub(super) fn describe(world: &mut World, rq: &Request<'_>) -> Reply {
    let rows = here(world, rq, ENDPOINT);
    let known: &[(&str, &[&str])] = &[
        ("endpoint-arn", &["EndpointArn"]),
        ("endpoint-type", &["EndpointType"]),
        ("endpoint-id", &["EndpointIdentifier"]),
        ("engine-name", &["EngineName"]),
    ];
    listed(rq, "Endpoints", "Endpoints", rows, known)
}

/// `ModifyEndpoint`: what is left out stays, with `ExactSettings` the settings are replaced as a whole.
/// Connections that were tested are tested again.
pub(super) fn modify(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("EndpointArn");
    let mut row = endpoint(world, arn)?.clone();
    if row["Status"] == "deleting" {
        return Err(state(format!("Endpoint {arn} is being deleted.")));
    }
    let active = |task: &Json| matches!(task["Status"].as_str(), Some("running" | "starting" | "stopping"));
    if world.any(TASK, |task| uses(task, arn) && active(task)) {
        return Err(state(format!("Endpoint {arn} is in use by a replication task that is not stopped.")));
    }
    // As for tasks (user guide, "Modifying a task"): whoever uses it must rest.
    if world.any(REPLICATION, |row| uses(row, arn) && !super::replications::rests(row)) {
        return Err(state(format!(
            "Endpoint {arn} is in use by a serverless replication that is not stopped."
        )));
    }
    if rq.opt("EndpointIdentifier").is_some() {
        let name = identifier(rq, "EndpointIdentifier", 255)?;
        if row["EndpointIdentifier"] != name.as_str() && taken(world, rq, &name) {
            return Err(exists(format!("Endpoint {name} already exists.")));
        }
        row["EndpointIdentifier"] = json!(name);
    }
    if let Some(name) = rq.opt("EngineName") {
        let engine = engine_of(&name.to_lowercase())?;
        if row["EngineName"] != engine.name {
            let old = engine_of(row["EngineName"].as_str().unwrap_or_default())?;
            if let Some(members) = row.as_object_mut().filter(|_| old.settings != engine.settings) {
                members.remove(old.settings);
            }
            row["EngineName"] = json!(engine.name);
            row["EngineDisplayName"] = json!(engine.title);
        }
    }
    if let Some(kind) = rq.opt("EndpointType") {
        row["EndpointType"] = json!(kind.to_lowercase());
    }
    for member in PLAIN.iter().chain(&["SslMode"]) {
        match rq.get(member) {
            Json::Null => {}
            // An empty text takes the member off.
            Json::String(text) if text.is_empty() => {
                if let Some(members) = row.as_object_mut() {
                    members.remove(*member);
                }
            }
            value => row[*member] = value.clone(),
        }
    }
    for member in SETTINGS {
        if !rq.get(member).is_null() {
            let base = if rq.flag("ExactSettings") || row[*member].is_null() {
                defaults(member)
            } else {
                row[*member].clone()
            };
            row[*member] = overlay(base, &without_secrets(rq.get(member)));
        }
    }
    let engine = engine_of(row["EngineName"].as_str().unwrap_or_default())?;
    check(world, rq, &row, engine, has_password(rq, engine))?;
    row["Status"] = json!("modifying");
    world.put(ENDPOINT, arn, row.clone());
    world.set_after(DMS_ENDPOINT, ENDPOINT, arn, json!({"Status": "active"}));
    connections::again(world, arn);
    Ok(json!({"Endpoint": row}))
}

/// `DeleteEndpoint`.
pub(super) fn delete(world: &mut World, rq: &Request<'_>) -> Reply {
    let arn = rq.text("EndpointArn");
    let status = endpoint(world, arn)?["Status"].clone();
    if status == "deleting" {
        return Err(state(format!("Endpoint {arn} is already being deleted.")));
    }
    if world.any(TASK, |task| uses(task, arn)) {
        return Err(state(format!("Endpoint {arn} is part of one or more ReplicationTasks.")));
    }
    if world.any(REPLICATION, |row| uses(row, arn)) {
        return Err(state(format!("Endpoint {arn} is part of one or more ReplicationConfigs.")));
    }
    world.cancel(ENDPOINT, arn);
    connections::forget(world, |row| row["EndpointArn"] == arn);
    world.after(DMS_ENDPOINT, ENDPOINT, arn, Effect::Remove);
    let row = world.get_mut(ENDPOINT, arn).ok_or_else(|| missing(format!("Endpoint {arn} not found.")))?;
    row["Status"] = json!("deleting");
    Ok(json!({"Endpoint": row}))
}
