//! What operators should know before they begin: slow drains of connections, rows that the way back cannot bring home, and
//! functions that may change the names.

use serde_json::Value as Json;

use super::{
    FUNCTION,
    found::{Task, Writer},
    search::Search,
};
use crate::{
    error::{Class, Diagnostic},
    model::Address,
    operations::inventory::Thing,
};

/// The longest deregistration delay that is worth no word, in seconds.
const DELAY_S: u64 = 30;

impl Search<'_> {
    fn warn(&mut self, code: &'static str, at: &Address, message: String, help: &str) {
        self.problems.push(Diagnostic::warning(code, Class::Plan, message).at(at).help(help));
    }

    /// A target stays `draining` for the group's deregistration delay, 300 seconds unless it is set, and ECS waits for that
    /// before it stops a task: time without writes.
    /// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/load-balancer-connection-draining.html
    pub(super) fn drains(&mut self, writers: &[Writer]) {
        let things = self.things;
        for group in things.of_kind("AWS::ElasticLoadBalancingV2::TargetGroup") {
            let own = |writer: &Writer| writer.groups.iter().any(|arn| group.named_in(arn));
            let Some(writer) = writers.iter().find(|writer| own(writer)) else { continue };
            let attributes = group.properties["TargetGroupAttributes"].as_array();
            let declared = attributes
                .into_iter()
                .flatten()
                .find(|attribute| attribute["Key"] == "deregistration_delay.timeout_seconds");
            let seconds = declared.map_or(Some(300), |attribute| {
                let value = &attribute["Value"];
                value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
            });
            if let Some(seconds) = seconds.filter(|seconds| *seconds > DELAY_S) {
                let message = format!(
                    "connections of {} drain for up to {seconds} s, and writes are refused meanwhile",
                    writer.address
                );
                let help = "set the attribute deregistration_delay.timeout_seconds to 30 or less";
                self.warn("O1023", &group.address.clone(), message, help);
            }
        }
    }

    /// Without a primary key DMS applies inserts only, or not exactly once; validation names such tables, and closes its gate.
    /// https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Validating.html#CHAP_Validating.Limitations
    pub(super) fn keyless(&mut self, forward: &[Task], reverse: Option<&Task>) {
        if reverse.is_none() {
            return;
        }
        for task in forward {
            if task.settings["ValidationSettings"]["EnableValidation"] != true {
                let message = "tables without a primary key are not noticed: the way back cannot bring their changes home";
                let help = "set ValidationSettings.EnableValidation: tables without a key then show as `No primary key`, and \
                            the gate `validation` is closed";
                self.warn("O1024", &task.address.clone(), message.to_owned(), help);
            }
        }
    }

    /// A function that may change records is a second operator: its change ends a verb with exit code 12.
    pub(super) fn second_operators(&mut self) {
        let things = self.things;
        for address in &self.declared.operators.clone() {
            if self.get(address, &[FUNCTION], "operators").is_some() {
                self.found("second operator", address, "declared: it may change the names");
            }
        }
        for function in things.of_kind(FUNCTION) {
            if self.declared.operators.contains(&function.address) {
                continue;
            }
            let Some(role) = things.named("AWS::IAM::Role", &function.properties["Role"]) else { continue };
            let inline = role.properties["Policies"].as_array().into_iter().flatten();
            let attached = ["AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy"]
                .into_iter()
                .flat_map(|kind| things.of_kind(kind))
                .filter(|policy| names_role(policy, role) || policy_of(role, policy))
                .map(|policy| &policy.properties);
            if inline.chain(attached).any(|policy| may_change_records(&policy["PolicyDocument"])) {
                let message =
                    "this function may change the zone's records: a second operator beside `migrate`"
                        .to_owned();
                let help = "do not call it once operations have begun: what it changes stops every verb (exit code 12). If it \
                            is meant to, declare it: operations: {operators: [Stack/Function]}";
                self.warn("O1025", &function.address.clone(), message, help);
            }
        }
    }
}

fn names_role(policy: &Thing, role: &Thing) -> bool {
    ["Roles", "RoleName"].iter().any(|property| role.mentioned_by(&policy.properties[*property]))
}

fn policy_of(role: &Thing, policy: &Thing) -> bool {
    policy.mentioned_by(&role.properties["ManagedPolicyArns"])
}

/// Whether a document allows ChangeResourceRecordSets, by name or by a pattern.
fn may_change_records(document: &Json) -> bool {
    let list = |value: &Json| match value {
        Json::Array(items) => items.clone(),
        Json::Null => Vec::new(),
        one => vec![one.clone()],
    };
    list(&document["Statement"]).iter().filter(|statement| statement["Effect"] == "Allow").any(|statement| {
        list(&statement["Action"]).iter().filter_map(Json::as_str).any(|action| {
            let action = action.to_ascii_lowercase();
            match action.split_once('*') {
                Some((start, _)) => "route53:changeresourcerecordsets".starts_with(start),
                None => action == "route53:changeresourcerecordsets",
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::may_change_records;

    #[test]
    fn a_policy_may_change_records_by_name_or_by_a_pattern() {
        let policy = |effect: &str, action: serde_json::Value| json!({"Statement": [{"Effect": effect, "Action": action}]});
        for action in
            [json!("route53:ChangeResourceRecordSets"), json!(["s3:*", "route53:Change*"]), json!("*")]
        {
            assert!(may_change_records(&policy("Allow", action.clone())), "{action}");
            assert!(!may_change_records(&policy("Deny", action)));
        }
        for action in
            [json!("route53:ListResourceRecordSets"), json!("route53:Get*"), json!(["ssm:PutParameter"])]
        {
            assert!(!may_change_records(&policy("Allow", action.clone())), "{action}");
        }
        let one = json!({"Statement": {"Effect": "Allow", "Action": "route53:*"}});
        assert!(may_change_records(&one), "a single statement without a list");
    }
}
