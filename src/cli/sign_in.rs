//! Why AWS cannot be used, and as whom it is used, in words.

use std::sync::Arc;

use super::{
    args::Global,
    session::{Session, one},
};
use crate::{
    aws::{
        Access, AccessError, Certainty, OpError,
        access::{self, Origin, Profiles, Setting},
    },
    clock::{from_rfc3339, millis},
    error::{Class, Diagnostic},
    runs::Ended,
};

/// The code of each kind of barrier.
fn code_of(kind: Access) -> &'static str {
    match kind {
        Access::NotSignedIn => "M6001",
        Access::Refused => "M6002",
        Access::NotReached => "M6003",
        Access::NotAws => "M6006",
        Access::Settings => "M6007",
    }
}

/// A setting that cannot be used: nothing was called.
pub(super) fn unusable(error: &AccessError) -> Diagnostic {
    let diagnostic = Diagnostic::error(code_of(error.kind()), Class::Access, error.message.clone());
    match &error.barrier.remedy {
        Some(remedy) => diagnostic.help(remedy.clone()),
        None => diagnostic,
    }
}

/// Why AWS cannot be used, with the next thing to try.
pub(super) fn access(error: &OpError, global: &Global, session: &Session) -> Diagnostic {
    let skew = session.way().and_then(|way| way.network.skew());
    let origin = session.cloud.keys().and_then(|keys| keys.origin());
    let (code, message, help) = judged(error, origin.as_ref(), skew);
    let help = match &global.profile {
        Some(profile) if !help.contains(profile.as_str()) => format!("{help} (profile {profile})"),
        _ => help,
    };
    Diagnostic::error(code, Class::Access, message).request(error.request_id.clone()).help(help)
}

fn judged(error: &OpError, origin: Option<&Origin>, skew: Option<i64>) -> (&'static str, String, String) {
    if let Some(barrier) = &error.barrier {
        let remedy = barrier.remedy.clone().unwrap_or_else(|| "`migrate whoami` shows what is in use".into());
        return (code_of(barrier.kind), error.message.clone(), remedy);
    }
    let text = error.to_string();
    if let Some(words) = clock_words(error, skew) {
        return (
            "M6002",
            format!("{words}, so AWS takes no signature of it: {text}"),
            "set the clock (`timedatectl set-ntp true`), then run the command again".into(),
        );
    }
    if error.is_throttle() {
        let again = "run the same command again in a minute".to_owned();
        return ("M6005", format!("AWS answers too many requests at the moment: {text}"), again);
    }
    if error.is_credentials() {
        let renew = origin.map_or_else(|| "renew the keys".to_owned(), Origin::renewal);
        let whose = origin.map(|origin| format!(" of {origin}")).unwrap_or_default();
        return ("M6002", format!("AWS refuses the credentials{whose}: {text}"), renew);
    }
    if error.code.is_some() && error.certainty == Certainty::Unknown {
        let again = "run the same command again in a minute".to_owned();
        return ("M6005", format!("AWS has an error of its own: {text}"), again);
    }
    if error.code.is_some() {
        let help = if error.message.contains("explicit deny") {
            "a policy of your organization or a permissions boundary forbids it: ask whoever manages it"
        } else {
            "check the caller's permissions; `migrate whoami` shows who is calling"
        };
        return ("M6002", format!("AWS does not let the caller in: {text}"), help.into());
    }
    (
        "M6003",
        format!("AWS cannot be reached: {text}"),
        "check network, proxy and AWS_ENDPOINT_URL, or rehearse with --sandbox".into(),
    )
}

/// By how much this machine's clock is off, where AWS refused a signature for it. The SDK signs with AWS's time once it
/// knows it; here it did not.
fn clock_words(error: &OpError, skew: Option<i64>) -> Option<String> {
    let told =
        ["SignatureDoesNotMatch", "InvalidSignatureException", "RequestTimeTooSkewed", "RequestExpired"];
    let times =
        ["Signature expired", "Signature not yet current", "RequestTimeTooSkewed", "Request has expired"];
    let text = error.to_string();
    if !error.is(&told) || !times.iter().any(|part| text.contains(part)) {
        return None;
    }
    // "… expired: <signed> is now earlier than <limit> (<AWS's time> - 15 min.)"
    let instants: Vec<i64> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(basic_instant).collect();
    let ahead = match instants[..] {
        [signed, _, theirs, ..] => signed - theirs,
        _ => -skew?,
    };
    let minutes = (ahead.abs() + 30_000) / 60_000;
    let by = if minutes == 1 { "1 minute".to_owned() } else { format!("{minutes} minutes") };
    Some(format!("this machine's clock is {by} {} AWS's", if ahead < 0 { "behind" } else { "ahead of" }))
}

/// `20261129T090000Z` in milliseconds.
fn basic_instant(text: &str) -> Option<i64> {
    if text.len() != 16 || !text.ends_with('Z') || text.as_bytes().get(8) != Some(&b'T') {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to);
    let whole = format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4)?,
        part(4, 6)?,
        part(6, 8)?,
        part(9, 11)?,
        part(11, 13)?,
        part(13, 15)?
    );
    from_rfc3339(&whole).map(millis)
}

/// What to do about a run that ended because its credentials ran out.
pub(super) fn ran_out(ended: &Ended, session: &Session, again: &str) -> Vec<Diagnostic> {
    let failed = ended.finished.failures.iter().map(|(_, error)| error);
    let Some(error) = failed.into_iter().find(|error| error.is_credentials()) else { return Vec::new() };
    let Some(keys) = session.cloud.keys() else { return Vec::new() };
    let fixed = keys.fixed().map(|why| format!(": {why}")).unwrap_or_default();
    let remedy = error.barrier.as_ref().and_then(|barrier| barrier.remedy.clone());
    let remedy = remedy.or_else(|| keys.origin().map(|origin| origin.renewal())).unwrap_or_default();
    let message = format!("the run ended because AWS no longer takes its credentials{fixed}");
    let help = format!("{remedy}. What was done is in the ledger: `{again}` resumes the run");
    vec![Diagnostic::warning("M6002", Class::Access, message).request(error.request_id.clone()).help(help)]
}

/// What the AWS CLI's configuration files say. They are read when the first one asks, and once.
///
/// # Errors
/// A profile that is not there, or files that cannot be read.
pub(super) fn profiles(global: &Global) -> Result<Arc<Profiles>, Vec<Diagnostic>> {
    if let Some(known) = global.profiles.get() {
        return Ok(Arc::clone(known));
    }
    let read = Profiles::read(global.profile.as_deref()).map_err(|error| one(unusable(&error)))?;
    Ok(Arc::clone(global.profiles.get_or_init(|| Arc::new(read))))
}

/// The region of the environment or the profile.
///
/// # Errors
/// As [`profiles`].
pub(super) fn region_without_plan(global: &Global) -> Result<Option<Setting>, Vec<Diagnostic>> {
    access::region_without_plan(|| profiles(global))
}

/// "AWS account …, region … (from …), as …".
pub(super) fn header(session: &Session, region: &str, source: &str) -> String {
    let keys = session.cloud.keys().and_then(|keys| keys.origin());
    let keys = keys.map(|origin| format!(" ({origin})")).unwrap_or_default();
    let cloud = &session.cloud;
    format!("AWS account {}, region {region} ({source}), as {}{keys}", cloud.account, cloud.identity.arn)
}

/// The same inside a question: what is confirmed is confirmed for this place.
pub(super) fn whereto(session: &Session, region: &str, environment: &str) -> String {
    if session.is_sandbox() {
        return String::new();
    }
    let cloud = &session.cloud;
    format!(
        " in account {}, region {region}, environment {environment}, as {}",
        cloud.account, cloud.identity.arn
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged_as(code: &str, message: &str, certainty: Certainty) -> (&'static str, String) {
        let error =
            OpError { code: Some(code.into()), certainty, ..OpError::not_sent("GetCallerIdentity", message) };
        let (code, message, _) = judged(&error, None, None);
        (code, message)
    }

    #[test]
    fn what_passes_is_no_refusal() {
        let told = |code: &str, certainty| judged_as(code, "m", certainty).0;
        assert_eq!(told("Throttling", Certainty::Rejected), "M6005");
        assert_eq!(told("ServiceUnavailable", Certainty::Unknown), "M6005");
        assert_eq!(told("AccessDenied", Certainty::Rejected), "M6002");
        assert_eq!(told("ExpiredToken", Certainty::Rejected), "M6002");
    }

    #[test]
    fn a_clock_that_is_off_is_told_in_minutes() {
        let (code, message) = judged_as(
            "SignatureDoesNotMatch",
            "Signature expired: 20261129T084500Z is now earlier than 20261129T084700Z (20261129T090200Z - 15 min.)",
            Certainty::Rejected,
        );
        assert_eq!(code, "M6002");
        assert!(message.starts_with("this machine's clock is 17 minutes behind AWS's"), "{message}");
        let (_, message) = judged_as(
            "SignatureDoesNotMatch",
            "Signature not yet current: 20261129T093000Z is still later than 20261129T090500Z (20261129T090000Z + 5 \
             min.)",
            Certainty::Rejected,
        );
        assert!(message.starts_with("this machine's clock is 30 minutes ahead of AWS's"), "{message}");
        let (_, message) =
            judged_as("SignatureDoesNotMatch", "The request signature we calculated …", Certainty::Rejected);
        assert!(!message.contains("clock"), "{message}");
    }
}
