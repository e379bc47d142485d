//! `AWS::SecretsManager::RotationSchedule`: when and by which function a secret is rotated. A secret has one
//! schedule at most, so the secret is the natural key.
//!
//! A `HostedRotationLambda` is a nested stack by the time the type sees the schedule: the template's transform made it
//! (`template::serverless`). Without the transform it is refused.

use aws_sdk_secretsmanager::{operation::describe_secret::DescribeSecretOutput, types};
use serde_json::{Value as Json, json};

use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, OnConflict, Ownership, PhysicalId, Retry},
    resources::{
        Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare,
        mirror::{pruned, received, sent},
    },
};

crate::props! {
    /// The properties of a schedule.
    pub struct Schedule {
        ExternalSecretRotationMetadata: Vec<Metadata>, ExternalSecretRotationRoleArn: String,
        RotateImmediatelyOnUpdate: bool, RotationLambdaARN: String, RotationRules: Rules, SecretId: String,
    }
}

crate::mirrored! {
    /// When the secret is rotated.
    pub struct Rules: types::RotationRulesType = types::RotationRulesType::builder().build() => {
        AutomaticallyAfterDays/automatically_after_days: i64, Duration/duration: String,
        ScheduleExpression/schedule_expression: String,
    }
    /// What another party needs to rotate its secret.
    pub struct Metadata: types::ExternalSecretRotationMetadataItem
        = types::ExternalSecretRotationMetadataItem::builder().build() => { Key/key: String, Value/value: String }
}

/// `AWS::SecretsManager::RotationSchedule`.
pub struct RotationSchedule;

const ABSENT: &[&str] = &["ResourceNotFoundException"];

fn attributes(secret: &str) -> Attributes {
    Attributes::from([("Ref".to_owned(), json!(secret)), ("Id".to_owned(), json!(secret))])
}

/// The secret, if it is rotated.
async fn look(cx: &Cx<'_>, secret: &str) -> Result<Option<DescribeSecretOutput>, OpError> {
    match cx.sdk.secrets().describe_secret().secret_id(secret).send().await.map_err(op("DescribeSecret")) {
        Ok(answer) => {
            Ok(Some(answer).filter(|s| s.deleted_date().is_none() && s.rotation_enabled() == Some(true)))
        }
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn rotate(
    cx: &Cx<'_>,
    permit: &Permit,
    secret: &str,
    props: &Schedule,
) -> Result<Option<String>, OpError> {
    const OP: &str = "RotateSecret";
    let answer = cx
        .sdk
        .secrets()
        .rotate_secret()
        .secret_id(secret)
        .client_request_token(permit.token())
        .set_rotation_lambda_arn(props.RotationLambdaARN.clone())
        .set_rotation_rules(sent(OP, props.RotationRules.as_ref())?)
        .set_rotate_immediately(props.RotateImmediatelyOnUpdate)
        .set_external_secret_rotation_role_arn(props.ExternalSecretRotationRoleArn.clone())
        .set_external_secret_rotation_metadata(sent(OP, props.ExternalSecretRotationMetadata.as_ref())?)
        .send()
        .await
        .map_err(op(OP))?;
    Ok(answer.arn)
}

impl ResourceType for RotationSchedule {
    type Props = Schedule;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        on_conflict: OnConflict::Overwrites,
        early: &["Ref", "Id"],
        // The function sets the new password at the database, at once where RotateImmediatelyOnUpdate is not false.
        connects: true,
        // Secrets Manager tries the function out.
        needs_ready: &["RotationLambdaARN"],
        retry: &[Retry {
            code: "AccessDeniedException",
            message: "cannot invoke the specified Lambda function",
            why: "the function does not permit Secrets Manager to call it yet",
        }],
        absent: ABSENT,
        iam: &[
            "iam:PassRole",
            "secretsmanager:CancelRotateSecret",
            "secretsmanager:DescribeSecret",
            "secretsmanager:RotateSecret",
        ],
        refused: &[(
            "HostedRotationLambda",
            "the template's transform makes its function: Transform: AWS::SecretsManager-2024-09-16",
        )],
        ..Facts::new("AWS::SecretsManager::RotationSchedule", "secretsmanager")
    };

    fn check(props: &Json) -> Vec<(String, String)> {
        let rules = &props["RotationRules"];
        let mut problems = Vec::new();
        if !rules["AutomaticallyAfterDays"].is_null() && !rules["ScheduleExpression"].is_null() {
            problems.push((
                "RotationRules".into(),
                "give AutomaticallyAfterDays or ScheduleExpression, not both".into(),
            ));
        }
        if let Some(days) = rules["AutomaticallyAfterDays"].as_i64().filter(|days| !(1..=1000).contains(days))
        {
            let message = format!("a secret is rotated every 1 to 1000 days, not every {days}");
            problems.push(("RotationRules.AutomaticallyAfterDays".into(), message));
        }
        problems
    }

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        compare::same(Self::FACTS.kind, property, desired, recorded)
    }

    async fn find(cx: &Cx<'_>, props: &Schedule) -> Result<Option<Found>, OpError> {
        let Some(secret) = props.SecretId.as_deref() else { return Ok(None) };
        Ok(look(cx, secret).await?.map(|live| {
            let arn = live.arn().unwrap_or(secret).to_owned();
            Found { attributes: attributes(&arn), id: arn.into(), ownership: Ownership::Untaggable }
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Schedule, goal: Goal) -> Result<Probe, OpError> {
        Ok(match (look(cx, id.as_str()).await?.is_some(), goal) {
            (true, Goal::Ready) => Probe::Reached(attributes(id.as_str())),
            (false, Goal::Gone) => Probe::Reached(Attributes::new()),
            (true, Goal::Gone) => Probe::Pending("still rotated".into()),
            (false, Goal::Ready) => Probe::Pending("not seen yet".into()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Schedule) -> Result<Option<Schedule>, OpError> {
        let Some(live) = look(cx, id.as_str()).await? else { return Ok(None) };
        let schedule = Schedule {
            ExternalSecretRotationMetadata: received(live.external_secret_rotation_metadata.as_ref()),
            ExternalSecretRotationRoleArn: live.external_secret_rotation_role_arn.clone(),
            RotationLambdaARN: live.rotation_lambda_arn.clone(),
            // The service works out days from an expression: no difference to what was sent.
            RotationRules: received(live.rotation_rules()),
            SecretId: hint.SecretId.clone().or(live.arn),
            ..Schedule::default()
        };
        Ok(Some(pruned(schedule, hint)))
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Schedule) -> Result<Created, OpError> {
        let secret = props.SecretId.as_deref().unwrap_or_default();
        let arn = rotate(cx, permit, secret, props).await?.unwrap_or_else(|| secret.to_owned());
        Ok(Created { attributes: attributes(&arn), id: arn.into() })
    }

    async fn update(
        cx: &Cx<'_>,
        permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Schedule>,
    ) -> Result<Progress, OpError> {
        rotate(cx, permit, id.as_str(), change.new).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Schedule,
    ) -> Result<Progress, OpError> {
        if look(cx, id.as_str()).await?.is_none() {
            return Ok(Progress::Absent);
        }
        let call = cx.sdk.secrets().cancel_rotate_secret().secret_id(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("CancelRotateSecret"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::{bench::Bench, secretsmanager::testing};

    #[test]
    fn keeps_the_law() {
        let bench = Bench::new();
        testing::secret(&bench);
        let function = testing::rotator(&bench);
        bench.law_covering::<RotationSchedule>(&[(
            json!({
                "SecretId": testing::ARN, "RotationLambdaARN": function, "RotateImmediatelyOnUpdate": false,
                "RotationRules": {"AutomaticallyAfterDays": 30, "Duration": "2h"},
            }),
            Some(json!({
                "SecretId": testing::ARN, "RotationLambdaARN": function, "RotateImmediatelyOnUpdate": true,
                "RotationRules": {"ScheduleExpression": "rate(10 days)"},
            })),
        )]);
    }

    #[test]
    fn a_function_that_permits_nothing_is_to_be_tried_again() {
        let bench = Bench::new();
        testing::secret(&bench);
        let function = testing::rotator(&bench);
        bench
            .world(|w| w.get_mut("lambda.function", "us-east-1/rotator").unwrap()["_statements"] = json!([]));
        let props: Schedule =
            serde_json::from_value(json!({"SecretId": testing::ARN, "RotationLambdaARN": function})).unwrap();
        let error =
            bench.cx(|cx| bench.run(RotationSchedule::create(cx, &bench.permit(), &props))).unwrap_err();
        let retry = RotationSchedule::FACTS.retry[0];
        assert!(error.is(&[retry.code]) && error.message.contains(retry.message), "{error}");
    }

    #[test]
    fn days_and_expression_exclude_each_other() {
        let problems = |rules: Json| RotationSchedule::check(&json!({"RotationRules": rules})).len();
        assert_eq!(problems(json!({"AutomaticallyAfterDays": 30})), 0);
        assert_eq!(problems(json!({"AutomaticallyAfterDays": 30, "ScheduleExpression": "rate(1 day)"})), 1);
        assert_eq!(problems(json!({"AutomaticallyAfterDays": 0})), 1);
    }
}
