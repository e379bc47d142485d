//! How text messages are sent: settings of the account in a region. Nothing is sent.

use serde_json::{Value as Json, json};

use super::topics::invalid;
use crate::sandbox::{Fault, Reply, Request, World, done};

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

/// Numbers whose owners want no messages. Nobody can answer STOP here, so there are none unless they are planted.
const OPTED_OUT: &str = "sns.opted-out";

fn number<'r>(rq: &'r Request<'_>) -> Result<&'r str, Fault> {
    let number = rq.text("phoneNumber");
    if super::messages::is_number(number) && number.starts_with('+') {
        return Ok(number);
    }
    // LocalStack's recordings of AWS, `test_opt_in_invalid_number`.
    Err(invalid("PhoneNumber Reason: input incorrectly formatted"))
}

/// `CheckIfPhoneNumberIsOptedOut`.
pub(super) fn opted_out(world: &mut World, rq: &Request<'_>) -> Reply {
    let number = number(rq)?;
    Ok(json!({"isOptedOut": world.get(OPTED_OUT, &format!("{}/{number}", rq.region)).is_some()}))
}

/// `ListPhoneNumbersOptedOut`.
pub(super) fn list_opted_out(world: &mut World, rq: &Request<'_>) -> Reply {
    let prefix = format!("{}/", rq.region);
    let mine = world.rows(OPTED_OUT).filter_map(|(key, _)| key.strip_prefix(&prefix)).map(|one| json!(one));
    let (page, next) = rq.page(mine.collect(), "", "nextToken", 100, "InvalidParameter")?;
    Ok(json!({"phoneNumbers": page, "nextToken": next}))
}

/// `OptInPhoneNumber`: one that never left is in (`test_opt_in_non_existing_phone_number`).
pub(super) fn opt_in(world: &mut World, rq: &Request<'_>) -> Reply {
    let number = number(rq)?;
    world.remove(OPTED_OUT, &format!("{}/{number}", rq.region));
    done()
}
