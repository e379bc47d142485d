//! `migrate whoami`: as whom, where, and by which way AWS is used. Needs no plan, changes nothing, shows no secret.

use http::Uri;
use serde_json::{Value as Json, json};

use super::{Verdict, args::Global, exit::Code, session::Session};
use crate::{clock::rfc3339, ui::Printer};

/// Runs the verb.
pub fn run(global: &Global, printer: &mut Printer) -> Verdict {
    let session = Session::open(global, None)?;
    printer.banner(session.is_sandbox());
    let facts = facts(global, &session);
    session.close()?;
    if printer.is_json() {
        printer.json(&facts);
    } else {
        printer.out(&lines(&facts));
    }
    Ok(Code::Success)
}

fn facts(global: &Global, session: &Session) -> Json {
    let cloud = &session.cloud;
    let keys = cloud.keys();
    let origin = keys.and_then(|keys| keys.origin()).map(|origin| origin.to_string());
    let current = keys.and_then(|keys| keys.current());
    let (key, expires) = current.map_or((None, None), |(key, until)| (Some(tail(&key)), until.map(rfc3339)));
    let way = session.way();
    let region = match (&global.region, way.and_then(|way| way.region.as_ref())) {
        (Some(region), _) => json!({"value": region, "source": "--region"}),
        (None, Some(region)) => json!({"value": region.value, "source": region.source}),
        (None, None) if session.is_sandbox() => json!({"value": "us-east-1", "source": "the sandbox"}),
        (None, None) => Json::Null,
    };
    let endpoint = cloud.endpoint();
    let host = endpoint.clone().unwrap_or_else(|| "https://sts.amazonaws.com".into());
    let proxy = way.zip(host.parse::<Uri>().ok()).and_then(|(way, uri)| way.network.proxy(&uri));
    let no_proxy = way.and_then(|way| way.network.no_proxy());
    let bundle = way.and_then(|way| way.network.ca_bundle());
    json!({
        "format": 1,
        "realm": cloud.realm.as_str(),
        "account": cloud.account,
        "partition": cloud.partition,
        "identity": {"arn": cloud.identity.arn, "user_id": cloud.identity.user_id},
        "credentials": {
            "source": origin.unwrap_or_else(|| "the sandbox".into()),
            "access_key_id": key,
            "expires": expires,
        },
        "region": region,
        "endpoint": endpoint,
        "proxy": proxy.map(|proxy| json!({"value": proxy.url, "source": proxy.variable})),
        "no_proxy": no_proxy.map(|no| json!({"value": no.value, "source": no.source})),
        "ca_bundle": bundle.map(|bundle| json!({"value": bundle.value, "source": bundle.source})),
        "clock_skew_s": way.and_then(|way| way.network.skew()).map(|millis| millis / 1000),
    })
}

/// The last four characters tell keys apart and are of no use otherwise: what `aws configure list` shows.
fn tail(key: &str) -> String {
    format!("****************{}", key.get(key.len().saturating_sub(4)..).unwrap_or_default())
}

fn lines(facts: &Json) -> String {
    let text = |value: &Json| value.as_str().unwrap_or("none").to_owned();
    let sourced = |value: &Json, none: &str| match value {
        Json::Null => none.to_owned(),
        some => format!("{}  (from {})", text(&some["value"]), text(&some["source"])),
    };
    let credentials = &facts["credentials"];
    let skew = match facts["clock_skew_s"].as_i64() {
        None => "unknown".to_owned(),
        Some(skew) if skew.abs() <= 2 => "none".to_owned(),
        Some(skew) if skew > 0 => format!("this machine is {skew} s behind AWS"),
        Some(skew) => format!("this machine is {} s ahead of AWS", -skew),
    };
    let source = text(&credentials["source"]);
    let rows = [
        ("account", format!("{}  (from {source})", text(&facts["account"]))),
        ("identity", text(&facts["identity"]["arn"])),
        ("credentials", source),
        ("access key", text(&credentials["access_key_id"])),
        ("expires", credentials["expires"].as_str().unwrap_or("not known to end").to_owned()),
        ("region", sourced(&facts["region"], "none; plans name it, or --region, AWS_REGION, the profile")),
        (
            "endpoint",
            facts["endpoint"]
                .as_str()
                .unwrap_or(if facts["realm"] == "sandbox" { "the sandbox" } else { "AWS" })
                .to_owned(),
        ),
        ("proxy", sourced(&facts["proxy"], "none")),
        ("no proxy", sourced(&facts["no_proxy"], "none")),
        ("CA bundle", sourced(&facts["ca_bundle"], "none; the system's certificates")),
        ("clock skew", skew),
    ];
    rows.into_iter().map(|(name, value)| format!("{name:<12}{value}\n")).collect()
}
