//! `aws://ACCOUNT/REGION`: where the CDK means a stack to be.

/// Where a stack is meant to be; `None` where any will do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct StackEnvironment {
    /// Twelve digits.
    pub account: Option<String>,
    /// The region's name.
    pub region: Option<String>,
}

/// Takes `aws://account/region` apart; `None` if it is something else.
pub(super) fn parse(text: &str) -> Option<StackEnvironment> {
    if text.is_empty() {
        return Some(StackEnvironment::default());
    }
    let (account, region) = text.strip_prefix("aws://")?.split_once('/')?;
    let account = match account {
        "unknown-account" => None,
        known if known.len() == 12 && known.bytes().all(|b| b.is_ascii_digit()) => Some(known.to_owned()),
        _ => return None,
    };
    let region = (region != "unknown-region").then(|| region.to_owned());
    Some(StackEnvironment { account, region })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn environments_are_taken_apart() {
        let known = |account: Option<&str>, region: Option<&str>| {
            Some(StackEnvironment { account: account.map(str::to_owned), region: region.map(str::to_owned) })
        };
        assert_eq!(parse("aws://123456789012/us-east-1"), known(Some("123456789012"), Some("us-east-1")));
        assert_eq!(parse("aws://unknown-account/unknown-region"), known(None, None));
        assert_eq!(parse("aws://unknown-account/eu-west-1"), known(None, Some("eu-west-1")));
        assert_eq!(parse(""), known(None, None));
        assert_eq!(parse("aws://12345/us-east-1"), None);
        assert_eq!(parse("gcp://123456789012/us-east-1"), None);
    }
}
