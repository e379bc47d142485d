//! What policies decide about a request (IAM User Guide, "Policy evaluation logic").

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{
    conditions,
    grammar::{self, Of, texts},
    patterns::{self, Context, Reading, matches, matches_arn, pieces},
    positions::{self, Position},
};
use crate::sandbox::Fault;

/// A decision, the one that gives way first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Decision {
    /// Something allows it and nothing denies it.
    Allowed,
    /// Nothing speaks of it.
    ImplicitDeny,
    /// A statement denies it.
    ExplicitDeny,
}

impl Decision {
    /// As answers have it.
    pub(super) fn shown(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::ImplicitDeny => "implicitDeny",
            Self::ExplicitDeny => "explicitDeny",
        }
    }
}

/// A statement with its place in its document.
#[derive(Debug)]
struct Statement {
    body: Json,
    place: (Position, Position),
    /// Whether the document's version has variables.
    variables: bool,
}

/// A policy that is evaluated.
#[derive(Debug)]
pub(super) struct Policy {
    /// As matched statements name it.
    pub id: String,
    /// `IAM Policy`, `Resource Policy` or `Permissions Boundary Policy`.
    pub kind: &'static str,
    statements: Vec<Statement>,
}

/// A statement that decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Matched {
    /// The policy's id.
    pub id: String,
    /// The policy's kind.
    pub kind: &'static str,
    /// Where the statement begins and ends.
    pub place: (Position, Position),
}

/// Who asks, for policies that have principals.
#[derive(Debug)]
pub(super) struct Principal {
    /// A user, group or role.
    pub arn: String,
    /// Its account.
    pub account: String,
}

/// What is asked for.
pub(super) struct Asked<'a> {
    /// `s3:GetObject`.
    pub action: &'a str,
    /// An ARN, or `*`.
    pub resource: &'a str,
    /// The request's condition keys.
    pub context: &'a Context,
}

impl Policy {
    /// A policy without principals.
    ///
    /// # Errors
    /// It is no policy, as IAM words it.
    pub(super) fn of_identity(text: &str, id: impl Into<String>, kind: &'static str) -> Result<Self, Fault> {
        Self::read(text, Of::Inline, id.into(), kind)
    }

    /// A policy of a resource: with principals.
    ///
    /// # Errors
    /// It is no policy, as IAM words it.
    pub(super) fn of_resource(text: &str) -> Result<Self, Fault> {
        let policy = Self::read(text, Of::Trust, "ResourcePolicy".into(), "Resource Policy")?;
        let nobody = |statement: &Statement| {
            statement.body["Principal"].is_null() && statement.body["NotPrincipal"].is_null()
        };
        if policy.statements.iter().any(nobody) {
            return Err(grammar::malformed("Missing required field Principal"));
        }
        Ok(policy)
    }

    fn read(text: &str, of: Of, id: String, kind: &'static str) -> Result<Self, Fault> {
        let bodies = grammar::check(text, of)?;
        let version: Json = serde_json::from_str(text).unwrap_or_default();
        let variables = version["Version"] == "2012-10-17";
        let statements = bodies
            .into_iter()
            .zip(positions::statements(text))
            .map(|(body, place)| Statement { body, place, variables })
            .collect();
        Ok(Self { id, kind, statements })
    }

    /// The condition keys that the policy looks at, in its order, each once.
    pub(super) fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        for statement in &self.statements {
            let spelled = |texts: Vec<String>| -> Vec<String> {
                let texts = if statement.variables { texts } else { Vec::new() };
                texts.iter().flat_map(|text| patterns::variables(text)).collect()
            };
            let resources = ["Resource", "NotResource"].map(|member| texts(&statement.body[member]));
            keys.extend(spelled(resources.into_iter().flatten().map(ToOwned::to_owned).collect()));
            let operators = statement.body["Condition"].as_object().into_iter().flatten();
            for (key, value) in operators.filter_map(|(_, tests)| tests.as_object()).flatten() {
                keys.push(key.clone());
                keys.extend(spelled(conditions::wanted(value)));
            }
        }
        once(keys)
    }

    /// Whether a statement names every resource by `*` alone.
    pub(super) fn has_star(&self) -> bool {
        let star = |statement: &Statement| {
            ["Resource", "NotResource"].iter().any(|member| texts(&statement.body[*member]).contains(&"*"))
        };
        self.statements.iter().any(star)
    }

    /// The decision, and the statements that make it.
    pub(super) fn decide(&self, asked: &Asked<'_>, who: Option<&Principal>) -> (Decision, Vec<Matched>) {
        let (mut allowing, mut denying) = (Vec::new(), Vec::new());
        for statement in self.statements.iter().filter(|statement| statement.applies(asked, who)) {
            let matched = Matched { id: self.id.clone(), kind: self.kind, place: statement.place };
            if statement.body["Effect"] == "Deny" { denying.push(matched) } else { allowing.push(matched) }
        }
        match (denying.is_empty(), allowing.is_empty()) {
            (false, _) => (Decision::ExplicitDeny, denying),
            (true, false) => (Decision::Allowed, allowing),
            _ => (Decision::ImplicitDeny, Vec::new()),
        }
    }
}

/// Names in their order, each once whatever its case.
pub(super) fn once(names: Vec<String>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.into_iter().filter(|name| seen.insert(name.to_ascii_lowercase())).collect()
}

/// What several policies decide together: one denies for all, one allows for all.
pub(super) fn together(policies: &[Policy], asked: &Asked<'_>) -> (Decision, Vec<Matched>) {
    let each: Vec<_> = policies.iter().map(|policy| policy.decide(asked, None)).collect();
    let any = |decision| each.iter().any(|(one, _)| *one == decision);
    let decision = [Decision::ExplicitDeny, Decision::Allowed].into_iter().find(|decision| any(*decision));
    let decision = decision.unwrap_or(Decision::ImplicitDeny);
    let deciding = each.into_iter().filter(|(one, _)| *one == decision).flat_map(|(_, matched)| matched);
    (decision, deciding.collect())
}

impl Statement {
    /// Whether the statement speaks of a request.
    fn applies(&self, asked: &Asked<'_>, who: Option<&Principal>) -> bool {
        who.is_none_or(|who| self.names(who))
            && self.acts(asked.action)
            && self.reaches(asked)
            && conditions::hold(&self.body["Condition"], asked.context, self.variables)
    }

    /// Actions are not case-sensitive ("IAM JSON policy elements: Action").
    fn acts(&self, action: &str) -> bool {
        let action = action.to_ascii_lowercase();
        let fits = |pattern: &&str| {
            let pattern = pattern.to_ascii_lowercase();
            let pieces = pieces(&pattern, Reading { wild: true, variables: None });
            pieces.is_some_and(|pieces| matches(&pieces, &action))
        };
        if self.body["NotAction"].is_null() {
            texts(&self.body["Action"]).iter().any(fits)
        } else {
            !texts(&self.body["NotAction"]).iter().any(fits)
        }
    }

    fn reaches(&self, asked: &Asked<'_>) -> bool {
        let variables = self.variables.then_some(asked.context);
        let fits = |pattern: &&str| {
            let pieces = pieces(pattern, Reading { wild: true, variables });
            pieces.is_some_and(|pieces| matches_arn(&pieces, asked.resource, true))
        };
        match (&self.body["Resource"], &self.body["NotResource"]) {
            // A trust policy: it is about the role that has it.
            (Json::Null, Json::Null) => true,
            (resources, Json::Null) => texts(resources).iter().any(fits),
            (_, others) => !texts(others).iter().any(fits),
        }
    }

    /// Whether a principal is named; an account's root stands for everybody in it.
    fn names(&self, who: &Principal) -> bool {
        let is = |text: &&str| {
            *text == "*"
                || *text == who.arn
                || *text == who.account
                || text
                    .strip_prefix("arn:")
                    .is_some_and(|rest| rest.ends_with(&format!(":iam::{}:root", who.account)))
        };
        let listed = |principal: &Json| match principal {
            Json::String(all) => all == "*",
            some => texts(&some["AWS"]).iter().any(is),
        };
        if self.body["NotPrincipal"].is_null() {
            listed(&self.body["Principal"])
        } else {
            !listed(&self.body["NotPrincipal"])
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(statements: Json) -> Policy {
        let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
        Policy::of_identity(&text, "one", "IAM Policy").unwrap()
    }

    fn decide(policies: &[Policy], action: &str, resource: &str) -> (Decision, usize) {
        let mut context = Context::default();
        context.set("aws:username", vec!["ann".into()]);
        let (decision, matched) = together(policies, &Asked { action, resource, context: &context });
        (decision, matched.len())
    }

    #[test]
    fn denials_win_and_nothing_said_is_no() {
        let bucket = "arn:aws:s3:::one";
        let allow = || {
            policy(
                json!({"Effect": "Allow", "Action": "S3:get*", "Resource": format!("{bucket}/${{aws:username}}/*")}),
            )
        };
        let deny = || {
            policy(json!([
                {"Effect": "Deny", "Action": "s3:GetObjectAcl", "Resource": "*"},
                {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"},
            ]))
        };
        let object = "arn:aws:s3:::one/ann/x";
        assert_eq!(decide(&[allow()], "s3:GetObject", object), (Decision::Allowed, 1));
        assert_eq!(decide(&[allow(), deny()], "s3:GetObject", object), (Decision::Allowed, 2));
        assert_eq!(decide(&[allow(), deny()], "s3:GetObjectAcl", object), (Decision::ExplicitDeny, 1));
        assert_eq!(decide(&[deny(), allow()], "s3:GetObjectAcl", object), (Decision::ExplicitDeny, 1));
        assert_eq!(decide(&[allow()], "s3:GetObject", "arn:aws:s3:::one/bob/x"), (Decision::ImplicitDeny, 0));
        assert_eq!(decide(&[allow()], "s3:GetObject", "*"), (Decision::ImplicitDeny, 0));
        assert_eq!(decide(&[], "s3:GetObject", object), (Decision::ImplicitDeny, 0));
    }

    #[test]
    fn what_is_not_named() {
        let others = || {
            policy(json!({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::secret/*"}))
        };
        assert_eq!(decide(&[others()], "s3:GetObject", "arn:aws:s3:::open/x").0, Decision::Allowed);
        assert_eq!(decide(&[others()], "s3:GetObject", "arn:aws:s3:::secret/x").0, Decision::ImplicitDeny);
        assert_eq!(decide(&[others()], "iam:GetUser", "*").0, Decision::ImplicitDeny);
    }

    #[test]
    fn keys_of_conditions_and_variables() {
        let one = policy(json!({
            "Effect": "Allow", "Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:us-west-2:123456789012:table/${aws:username}",
            "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2015-08-16T12:00:00Z"}},
        }));
        assert_eq!(one.keys(), ["aws:username", "aws:CurrentTime"]);
    }
}
