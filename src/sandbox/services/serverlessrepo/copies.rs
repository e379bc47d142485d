//! Copies of applications: `CreateCloudFormationTemplate` begins one, and it can be used when it is ACTIVE.
//! <https://docs.aws.amazon.com/serverlessrepo/latest/devguide/applications-applicationid-templates.html>

use std::io::Write as _;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value as Json, json};
use zip::{DateTime, ZipWriter, write::SimpleFileOptions};

use super::applications::{LATEST, PUBLISHER, known, template};
use crate::{
    clock::{from_millis, rfc3339},
    sandbox::{Fault, Reply, Request, World, services::s3},
};

const TABLE: &str = "serverlessrepo.template";

/// The repository copies template and code within seconds.
const COPIED: i64 = 3_000;

/// "Templates expire 1 hour after creation" (CreateCloudFormationTemplate, ExpirationTime).
const LIFE: i64 = 60 * 60 * 1000;

fn missing(message: String) -> Fault {
    Fault::new("NotFoundException", message).status(404)
}

/// The application's name; the one that the request names has to be there.
fn name<'r>(rq: &'r Request<'_>) -> Result<&'r str, Fault> {
    let id = rq.text("ApplicationId");
    if !id.starts_with("arn:") || !id.contains(":serverlessrepo:") {
        let message = format!("The application id {id} is not a valid ARN.");
        return Err(Fault::new("BadRequestException", message).status(400));
    }
    let name = id.strip_prefix(PUBLISHER).filter(|name| known(name).is_some());
    name.ok_or_else(|| missing(format!("Application with id {id} does not exist")))
}

fn version<'r>(rq: &'r Request<'_>) -> Result<&'r str, Fault> {
    let version = rq.opt("SemanticVersion").unwrap_or(LATEST);
    let numbers = version.split('.').filter(|part| part.parse::<u32>().is_ok()).count();
    if numbers != 3 || version.split('.').count() != 3 {
        return Err(
            Fault::new("BadRequestException", format!("{version} is not a semantic version")).status(400)
        );
    }
    Ok(version)
}

fn date(millis: i64) -> String {
    rfc3339(from_millis(millis))
}

fn shown(world: &World, row: &Json) -> Json {
    let mut out: Json = row
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| !name.starts_with('_'))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if row["_until"].as_i64().is_some_and(|until| world.date() >= until) {
        out["Status"] = json!("EXPIRED");
    }
    out
}

/// An archive with a handler that does nothing: the same bytes every time.
fn code() -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options =
        SimpleFileOptions::default().last_modified_time(DateTime::default()).unix_permissions(0o644);
    let begun = zip.start_file("lambda_function.py", options);
    let written = zip.write_all(b"def lambda_handler(event, context):\n    return None\n");
    let done = zip.finish();
    begun.ok().and(written.ok()).and(done.ok()).map(std::io::Cursor::into_inner).unwrap_or_default()
}

/// `CreateCloudFormationTemplate`.
pub(super) fn create(world: &mut World, rq: &Request<'_>) -> Reply {
    let (name, version) = (name(rq)?.to_owned(), version(rq)?.to_owned());
    let bucket = format!("awsserverlessrepo-changesets-{}", rq.region);
    let id = world.uuid();
    // ACCOUNT/arn:aws:serverlessrepo:REGION:PUBLISHER:applications-NAME-versions-VERSION/UUID
    let application = rq.text("ApplicationId").replacen("applications/", "applications-", 1);
    let place = format!("{}/{application}-versions-{version}/{id}", world.account);
    let text = template(&name, (&bucket, &place)).unwrap_or_default();
    let (archive, text) = (BASE64_STANDARD.encode(code()), BASE64_STANDARD.encode(text));
    s3::public::lend(world, rq.region, (&bucket, &place), &archive, LIFE);
    s3::public::lend(world, rq.region, (&bucket, &format!("{place}.yaml")), &text, LIFE);
    let encoded = place.replace(':', "%3A");
    let (now, until) = (world.date(), world.date() + LIFE);
    let row = json!({
        "ApplicationId": rq.text("ApplicationId"), "SemanticVersion": version, "TemplateId": id, "Status": "PREPARING",
        "TemplateUrl": format!("https://{bucket}.s3.{}.amazonaws.com/{encoded}.yaml?X-Amz-Expires=3600", rq.region),
        "CreationTime": date(now), "ExpirationTime": date(until), "_until": until, "_region": rq.region,
        "_original": true,
    });
    let key = format!("{}/{id}", rq.region);
    world.put(TABLE, &key, row.clone());
    world.set_after(COPIED, TABLE, &key, json!({"Status": "ACTIVE"}));
    Ok(shown(world, &row))
}

/// `GetCloudFormationTemplate`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    name(rq)?;
    let id = rq.text("TemplateId");
    let row = world.get(TABLE, &format!("{}/{id}", rq.region));
    let row = row.filter(|row| row["ApplicationId"] == rq.text("ApplicationId"));
    let row = row.ok_or_else(|| missing(format!("Template with id {id} does not exist")))?;
    Ok(shown(world, row))
}
