//! Scripted trouble: which calls go wrong, and how.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    differences::refused,
    services::{SERVICES, Service},
};

/// Rules, tried in order; the first that fits a call is applied.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FaultScript {
    /// The rules.
    pub rules: Vec<FaultRule>,
}

/// One rule: which calls, and what happens to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// Which calls.
    #[serde(rename = "match", default)]
    pub selector: Selector,
    /// What happens.
    pub action: Action,
}

/// Chooses calls. Everything left out fits every call; calls with keys that ran out are refused before anything else and
/// fit nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Selector {
    /// The service's name in the sandbox, `ec2`.
    pub service: Option<String>,
    /// The operation, `CreateVpc`.
    pub operation: Option<String>,
    /// Only calls that change the world.
    pub mutating: bool,
    /// Only the n-th (from 1) of the calls that fit the members above.
    pub nth: Option<u64>,
    /// Only the n-th (from 1) of all calls since the sandbox started.
    pub call: Option<u64>,
    /// Only this share of the calls (0 to 1), drawn from the sandbox's seed.
    pub probability: Option<f64>,
    /// Stop after so many applications.
    pub times: Option<u64>,
}

/// When, relative to its effect, a call goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    /// Nothing has happened in the account.
    Before,
    /// It has happened.
    After,
}

/// What happens to a call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// The service's throttling error.
    Throttle,
    /// An error answer; nothing happens.
    Error {
        /// AWS's code.
        code: String,
        /// HTTP status.
        status: u16,
        /// The message.
        message: String,
    },
    /// 500 or 503; nothing happens, which the caller cannot know.
    ServerError(u16),
    /// The connection is reset before the effect.
    LoseRequest,
    /// The effect happens, then the connection is reset.
    LoseAnswer,
    /// No answer within the client's patience.
    Timeout(Moment),
    /// The effect happens, the answer is unreadable.
    Garble,
    /// The answer takes so many milliseconds longer.
    Delay(u64),
    /// A read of EC2 or IAM shows the world as it was so many milliseconds ago; other services are consistent.
    Lag(u64),
    /// The simulated client process dies: the kill flag goes up and no answer ever comes.
    Crash(Moment),
    /// A lifecycle fails: members of the rows that the call changed in a matching table are set after
    /// `millis`, and what was scheduled for them is cancelled.
    LifecycleFail {
        /// The table, `dms.replication-instance`; `*` at the end matches any rest.
        table: String,
        /// When, in milliseconds after the call.
        millis: i64,
        /// The members to set.
        members: serde_json::Value,
    },
    /// The credentials of this one call are refused as expired.
    ExpiredCredentials,
    /// The access key of this call has run out: this call and all later ones with it are refused, by every service.
    ExpireKey,
}

/// Longest delay, lag or lifecycle of a script, in milliseconds: a year. More would leave the calendar.
const LONGEST: u64 = 365 * 24 * 3_600_000;

impl FaultScript {
    /// Refuses rules that could never apply, or whose numbers mean nothing: a misspelt operation would make a
    /// rehearsal look good that tested nothing.
    ///
    /// # Errors
    /// The first such rule, counted from 1, and why.
    pub fn check(&self) -> Result<(), String> {
        self.rules.iter().enumerate().try_for_each(|(at, rule)| {
            rule.selector
                .check()
                .and_then(|()| rule.action.check())
                .map_err(|why| format!("rule {}: {why}", at + 1))
        })
    }
}

impl Selector {
    fn check(&self) -> Result<(), String> {
        let services =
            || SERVICES.iter().filter(|s| self.service.as_deref().is_none_or(|name| name == s.name));
        if let Some(name) = &self.service
            && services().next().is_none()
        {
            let known: Vec<&str> = SERVICES.iter().map(|service| service.name).collect();
            return Err(format!("the sandbox has no service `{name}`; it has {}", known.join(", ")));
        }
        if let Some(name) = &self.operation {
            let known = |service: &Service| {
                service.operations.iter().any(|o| o.name == name) || refused(service).contains(&name.as_str())
            };
            if !services().any(known) {
                let whose = self
                    .service
                    .as_deref()
                    .map_or("no service has an".to_owned(), |s| format!("`{s}` has no"));
                return Err(format!("{whose} operation `{name}`; `migrate sandbox operations` lists them"));
            }
        }
        for (name, number) in [("nth", self.nth), ("call", self.call), ("times", self.times)] {
            if number == Some(0) {
                return Err(format!("`{name}` counts from 1; with 0 the rule never applies"));
            }
        }
        match self.probability {
            Some(share) if !(0.0..=1.0).contains(&share) => {
                Err(format!("`probability` is a share from 0 to 1, not {share}"))
            }
            _ => Ok(()),
        }
    }
}

impl Action {
    fn check(&self) -> Result<(), String> {
        let long = |name: &str, millis: u64| {
            if millis <= LONGEST {
                Ok(())
            } else {
                Err(format!("`{name}` is at most {LONGEST} milliseconds"))
            }
        };
        match self {
            Self::Error { status, .. } if !(400..600).contains(status) => {
                Err(format!("an error's `status` is 400 to 599, not {status}"))
            }
            Self::Error { code, .. } if code.is_empty() => Err("an error has a `code`".into()),
            Self::ServerError(status) if ![500, 503].contains(status) => {
                Err(format!("`server-error` is 500 or 503, not {status}"))
            }
            Self::Delay(millis) => long("delay", *millis),
            Self::Lag(millis) => long("lag", *millis),
            Self::LifecycleFail { millis, members, .. } => {
                if !members.is_object() {
                    return Err("`members` is an object: what is set in the failing row".into());
                }
                u64::try_from(*millis)
                    .map_err(|_| "`millis` is not negative".to_owned())
                    .and_then(|m| long("millis", m))
            }
            _ => Ok(()),
        }
    }
}

/// The script with its counters.
#[derive(Debug, Default)]
pub struct Faults {
    script: FaultScript,
    matched: Vec<u64>,
    applied: Vec<u64>,
}

/// What a rule sees of a call.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub service: &'a str,
    pub operation: &'a str,
    pub mutating: bool,
    /// Counts all calls, from 1.
    pub call: u64,
    pub seed: u64,
}

impl Faults {
    /// Starts counting anew.
    pub fn new(script: FaultScript) -> Self {
        let zeros = vec![0; script.rules.len()];
        Self { script, matched: zeros.clone(), applied: zeros }
    }

    /// What happens to a call, if anything.
    pub fn draw(&mut self, subject: Subject<'_>) -> Option<Action> {
        let mut chosen = None;
        for (at, rule) in self.script.rules.iter().enumerate() {
            let selector = &rule.selector;
            let fits = selector.service.as_deref().is_none_or(|s| s == subject.service)
                && selector.operation.as_deref().is_none_or(|o| o == subject.operation)
                && (!selector.mutating || subject.mutating);
            if !fits {
                continue;
            }
            // Every fitting call counts, also those that an earlier rule takes.
            self.matched[at] += 1;
            let hit = chosen.is_none()
                && selector.nth.is_none_or(|n| n == self.matched[at])
                && selector.call.is_none_or(|n| n == subject.call)
                && selector.times.is_none_or(|n| self.applied[at] < n)
                && selector.probability.is_none_or(|p| chance(subject.seed, at, subject.call) < p);
            if hit {
                self.applied[at] += 1;
                chosen = Some(rule.action.clone());
            }
        }
        chosen
    }

    /// How often each rule was applied.
    pub fn applied(&self) -> Vec<u64> {
        self.applied.clone()
    }
}

/// A number in `[0, 1)`, the same for the same seed, rule and call.
fn chance(seed: u64, rule: usize, call: u64) -> f64 {
    let digest = Sha256::digest(format!("fault:{seed}:{rule}:{call}"));
    let number = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]);
    f64::from(number) / (f64::from(u32::MAX) + 1.0)
}

/// The code and status with which a service throttles.
pub fn throttle(service: &str) -> (&'static str, u16) {
    match service {
        "ec2" => ("RequestLimitExceeded", 503),
        "s3" => ("SlowDown", 503),
        "route53" | "autoscaling" | "iam" | "sts" | "rds" | "elbv2" | "cloudwatch" | "sns" => {
            ("Throttling", 400)
        }
        _ => ("ThrottlingException", 400),
    }
}

/// The code with which a service refuses expired credentials.
pub fn expired(service: &str) -> &'static str {
    match service {
        "ec2" => "RequestExpired",
        "s3" | "autoscaling" | "iam" | "sts" | "rds" | "elbv2" | "cloudwatch" | "sns" | "route53" => {
            "ExpiredToken"
        }
        _ => "ExpiredTokenException",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn subject(operation: &str, call: u64) -> Subject<'_> {
        Subject { service: "ec2", operation, mutating: true, call, seed: 7 }
    }

    #[test]
    fn rules_count_and_are_read_from_json() {
        let script: FaultScript = serde_json::from_value(json!([
            {"match": {"operation": "CreateVpc", "nth": 2}, "action": "lose-answer"},
            {"match": {"call": 4}, "action": {"crash": "after"}},
            {"match": {"probability": 0.0}, "action": "throttle"},
        ]))
        .unwrap();
        let mut faults = Faults::new(script);
        assert_eq!(faults.draw(subject("CreateVpc", 1)), None);
        assert_eq!(faults.draw(subject("CreateSubnet", 2)), None);
        assert_eq!(faults.draw(subject("CreateVpc", 3)), Some(Action::LoseAnswer));
        assert_eq!(faults.draw(subject("CreateVpc", 4)), Some(Action::Crash(Moment::After)));
        assert_eq!(faults.applied(), [1, 1, 0]);
    }

    #[test]
    fn a_rule_that_could_never_apply_is_refused() {
        let why = |rule: serde_json::Value| {
            let script = serde_json::from_value::<FaultScript>(json!([rule]));
            script.map_err(|e| e.to_string()).and_then(|script| script.check()).err().unwrap_or_default()
        };
        for (rule, word) in [
            (json!({"match": {"service": "ec3"}, "action": "throttle"}), "no service `ec3`"),
            (json!({"match": {"operation": "CreateVPC"}, "action": "throttle"}), "operation `CreateVPC`"),
            (
                json!({"match": {"service": "s3", "operation": "CreateVpc"}, "action": "throttle"}),
                "`s3` has no",
            ),
            (json!({"match": {"nth": 0}, "action": "throttle"}), "`nth`"),
            (json!({"match": {"times": 0}, "action": "throttle"}), "`times`"),
            (json!({"match": {"probability": 1.5}, "action": "throttle"}), "`probability`"),
            (json!({"match": {"probability": -0.5}, "action": "throttle"}), "`probability`"),
            (json!({"match": {"nht": 1}, "action": "throttle"}), "nht"),
            (json!({"matches": {}, "action": "throttle"}), "matches"),
            (json!({"action": "trottle"}), "trottle"),
            (json!({"action": {"error": {"code": "X", "status": 200, "message": ""}}}), "`status`"),
            (json!({"action": {"server-error": 404}}), "`server-error`"),
            (json!({"action": {"delay": u64::MAX}}), "`delay`"),
            (json!({"action": {"lag": i64::MAX}}), "`lag`"),
            (json!({"action": {"lifecycle-fail": {"table": "t", "millis": -1, "members": {}}}}), "`millis`"),
            (json!({"action": {"lifecycle-fail": {"table": "t", "millis": 1, "members": []}}}), "`members`"),
        ] {
            assert!(why(rule.clone()).contains(word), "{rule}: {}", why(rule.clone()));
        }
        for rule in [
            json!({"action": "lose-answer"}),
            json!({"match": {"service": "ec2", "operation": "CreateVpc", "nth": 1}, "action": "throttle"}),
            json!({"action": {"error": {"code": "X", "status": 400, "message": "m"}}}),
        ] {
            assert_eq!(why(rule), "");
        }
    }

    #[test]
    fn chance_is_even_and_repeatable() {
        let hits = (0..1000).filter(|n| chance(1, 0, *n) < 0.3).count();
        assert!((250..350).contains(&hits), "{hits}");
        assert_eq!(chance(3, 1, 9).to_bits(), chance(3, 1, 9).to_bits());
    }
}
