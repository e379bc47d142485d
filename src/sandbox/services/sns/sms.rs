//! How text messages are sent: settings of the account in a region. Nothing is sent.

use serde_json::{Value as Json, json};

use super::topics::invalid;
use crate::sandbox::{Reply, Request, World, done};

/// Settings by region.
const SETTINGS: &str = "sns.sms-attributes";
/// What can be set.
const KNOWN: &[&str] = &[
    "DefaultSMSType",
    "DefaultSenderID",
    "DeliveryStatusIAMRole",
    "DeliveryStatusSuccessSamplingRate",
    "MonthlySpendLimit",
    "UsageReportS3Bucket",
];

/// `SetSMSAttributes`.
pub(super) fn set(world: &mut World, rq: &Request<'_>) -> Reply {
    let sent = rq.get("attributes").as_object().cloned().unwrap_or_default();
    for (name, value) in &sent {
        let text = value.as_str().unwrap_or_default();
        let good = match name.as_str() {
            "DefaultSMSType" => ["Promotional", "Transactional", ""].contains(&text),
            "DeliveryStatusSuccessSamplingRate" => {
                text.is_empty() || text.parse::<u8>().is_ok_and(|n| n <= 100)
            }
            "MonthlySpendLimit" => text.is_empty() || text.parse::<u32>().is_ok(),
            "DefaultSenderID" => {
                text.len() <= 11 && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            }
            other => KNOWN.contains(&other),
        };
        if !good {
            return Err(invalid(name));
        }
    }
    let mut all = world.get(SETTINGS, rq.region).cloned().unwrap_or_else(|| json!({"attributes": {}}));
    for (name, value) in sent {
        all["attributes"][name] = value;
    }
    let empty = all["attributes"].as_object().is_none_or(|m| m.values().all(|value| value == ""));
    if empty {
        world.remove(SETTINGS, rq.region);
    } else {
        world.put(SETTINGS, rq.region, all);
    }
    done()
}

/// `GetSMSAttributes`.
pub(super) fn get(world: &mut World, rq: &Request<'_>) -> Reply {
    let wanted = rq.texts("attributes");
    let mut all = world.get(SETTINGS, rq.region).map_or_else(|| json!({}), |row| row["attributes"].clone());
    if all["MonthlySpendLimit"].is_null() {
        // What a new account may spend, in US dollars.
        all["MonthlySpendLimit"] = json!("1");
    }
    if let Some(members) = all.as_object_mut() {
        members.retain(|name, value: &mut Json| {
            value != "" && (wanted.is_empty() || wanted.contains(&name.as_str()))
        });
    }
    Ok(json!({"attributes": all}))
}
