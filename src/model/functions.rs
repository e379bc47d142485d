//! The functions over known arguments: what a [`Call`](super::Call) does once it knows them, and the evaluator of
//! templates at once.

use base64::Engine as _;
use ipnet::IpNet;
use serde_json::{Value as Json, json};

use super::{Unknown, dynamic::is_dynamic};

/// The longest text a function may make. CloudFormation's whole templates end at one megabyte.
pub const MAX_TEXT: usize = 4 << 20;

fn invalid(message: impl Into<String>) -> Unknown {
    Unknown::Invalid(message.into())
}

/// Refuses texts beyond [`MAX_TEXT`].
///
/// # Errors
/// When `length` is more.
pub fn bounded(function: &str, length: usize) -> Result<(), Unknown> {
    if length <= MAX_TEXT {
        return Ok(());
    }
    Err(invalid(format!("{function} makes a text of {length} bytes; at most {MAX_TEXT} are allowed")))
}

/// A scalar as CloudFormation prints it.
///
/// # Errors
/// Lists, objects and null are no texts.
pub fn text(function: &str, value: &Json) -> Result<String, Unknown> {
    match value {
        Json::String(s) => Ok(s.clone()),
        Json::Number(n) => Ok(n.to_string()),
        Json::Bool(b) => Ok(b.to_string()),
        Json::Array(items) => {
            // CloudFormation joins CommaDelimitedList values with commas where a text is needed.
            let parts: Result<Vec<_>, _> = items.iter().map(|item| text(function, item)).collect();
            Ok(parts?.join(","))
        }
        Json::Null | Json::Object(_) => Err(invalid(format!("{function} needs a text, found {value}"))),
    }
}

fn list<'a>(function: &str, value: &'a Json) -> Result<&'a Vec<Json>, Unknown> {
    value.as_array().ok_or_else(|| invalid(format!("{function} needs a list, found {value}")))
}

fn whole(function: &str, value: &Json) -> Result<u64, Unknown> {
    value
        .as_u64()
        .or_else(|| value.as_str().and_then(|s| s.trim().parse().ok()))
        .ok_or_else(|| invalid(format!("{function} needs a whole number, found {value}")))
}

/// `Fn::Join`.
///
/// # Errors
/// When `value` is no list of scalars.
pub fn join(separator: &str, value: &Json) -> Result<Json, Unknown> {
    let parts: Result<Vec<_>, _> =
        list("Fn::Join", value)?.iter().map(|item| text("Fn::Join", item)).collect();
    let parts = parts?;
    let separators = separator.len().saturating_mul(parts.len().saturating_sub(1));
    bounded("Fn::Join", parts.iter().map(String::len).sum::<usize>().saturating_add(separators))?;
    Ok(Json::String(parts.join(separator)))
}

/// `Fn::Split`.
///
/// # Errors
/// When `value` is no text or the separator is empty.
pub fn split(separator: &str, value: &Json) -> Result<Json, Unknown> {
    if separator.is_empty() {
        return Err(invalid("Fn::Split needs a separator"));
    }
    Ok(text("Fn::Split", value)?.split(separator).map(|part| json!(part)).collect())
}

/// `Fn::Select`.
///
/// # Errors
/// When the list is shorter than the index.
pub fn select(index: &Json, value: &Json) -> Result<Json, Unknown> {
    let at = whole("Fn::Select", index)?;
    let items = list("Fn::Select", value)?;
    usize::try_from(at).ok().and_then(|at| items.get(at)).cloned().ok_or_else(|| {
        invalid(format!("Fn::Select wants item {at} of a list that has {} (counted from 0)", items.len()))
    })
}

/// `Fn::Base64`.
///
/// # Errors
/// When `value` is no text.
pub fn base64(value: &Json) -> Result<Json, Unknown> {
    let text = text("Fn::Base64", value)?;
    bounded("Fn::Base64", text.len() / 3 * 4)?;
    let code = base64::engine::general_purpose::STANDARD.encode(text.as_bytes());
    // What is known only at the call is encoded then: the text stands in the reference until it is used.
    Ok(Json::String(if is_dynamic(&text) { format!("{{{{resolve:base64:{code}}}}}") } else { code }))
}

/// `Fn::Length`.
///
/// # Errors
/// When `value` is no list.
pub fn length(value: &Json) -> Result<Json, Unknown> {
    Ok(json!(list("Fn::Length", value)?.len()))
}

/// `Fn::Cidr`: `count` blocks of `bits` host bits each, from the start of `block`.
///
/// # Errors
/// When the block is none or too small.
pub fn cidr(block: &Json, count: &Json, bits: &Json) -> Result<Json, Unknown> {
    let source = text("Fn::Cidr", block)?;
    let net: IpNet = source.parse().map_err(|_| invalid(format!("Fn::Cidr: `{source}` is no CIDR block")))?;
    let net = net.trunc();
    let count = whole("Fn::Cidr", count)?;
    if !(1..=256).contains(&count) {
        return Err(invalid(format!("Fn::Cidr cuts 1 to 256 blocks, not {count}")));
    }
    let bits = whole("Fn::Cidr", bits)?;
    let prefix = u64::from(net.max_prefix_len())
        .checked_sub(bits)
        .and_then(|p| u8::try_from(p).ok())
        .ok_or_else(|| invalid(format!("Fn::Cidr: {bits} host bits do not fit an address of {source}")))?;
    let pieces: Vec<Json> = net
        .subnets(prefix)
        .map_err(|_| invalid(format!("Fn::Cidr: /{prefix} blocks are larger than {source}")))?
        .take(usize::try_from(count).unwrap_or(256))
        .map(|piece| json!(piece.to_string()))
        .collect();
    if pieces.len() as u64 != count {
        return Err(invalid(format!(
            "Fn::Cidr: {source} holds {} blocks of /{prefix}, not {count}",
            pieces.len()
        )));
    }
    Ok(Json::Array(pieces))
}
