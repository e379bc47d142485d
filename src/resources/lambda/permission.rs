//! `AWS::Lambda::Permission`: one statement of a function's resource policy. Nothing of it can be changed; a change
//! makes another statement.

use serde_json::Value as Json;

use crate::{
    aws::{OpError, op, physical_name},
    ledger::Permit,
    model::{Facts, Identity, NameRule, PhysicalId, Retry},
    resources::{Created, Cx, Described, Outcome, OwnTags, Progress, described::alike},
};

crate::props! {
    /// The properties of a permission.
    pub struct Props {
        Action: String, EventSourceToken: String, FunctionName: String, FunctionUrlAuthType: String,
        InvokedViaFunctionUrl: bool, Principal: String, PrincipalOrgID: String, SourceAccount: String, SourceArn: String,
    }
}

crate::words!(aws_sdk_lambda::types::FunctionUrlAuthType);

/// A permission to call a function.
pub struct Permission;

/// What Lambda takes for a statement id.
/// <https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html>
const STATEMENT_ID: NameRule = NameRule { property: "StatementId", max: 100, lower: false, separator: '-' };

/// The statement's id, unique to this object of this resource of this ledger: a hash over the whole address stays
/// when a long name is cut.
fn statement_id(cx: &Cx<'_>) -> String {
    physical_name(&STATEMENT_ID, &cx.owner.lineage, cx.address, cx.owner.generation)
}

fn object(function: &str, statement: &str) -> Created {
    Created { id: format!("{function}|{statement}").into(), attributes: alike(&["Ref", "Id"], statement) }
}

fn parts(id: &PhysicalId) -> (&str, &str) {
    id.as_str().split_once('|').unwrap_or((id.as_str(), ""))
}

/// A principal as a template names it: a service, an account, an ARN or `*`.
fn principal(statement: &Json) -> Option<String> {
    let principal = &statement["Principal"];
    let text =
        principal.as_str().or_else(|| principal["Service"].as_str()).or_else(|| principal["AWS"].as_str())?;
    Some(account_of(text).unwrap_or(text).to_owned())
}

/// The account in an account's root ARN, which Lambda makes of an account id.
fn account_of(principal: &str) -> Option<&str> {
    let (_, rest) = principal.split_once(":iam::")?;
    rest.strip_suffix(":root")
}

/// A function and a statement of its policy.
pub struct Live {
    function: String,
    statement: Json,
}

impl Described for Permission {
    type Props = Props;
    type Live = Live;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        early: &["Ref", "Id"],
        // A permission is a statement of its function's policy (Lambda `AddPermission`).
        lives_in: &["FunctionName"],
        retry: &[Retry {
            code: "ResourceNotFoundException",
            message: "Function not found",
            why: "the new function is not seen everywhere yet",
        }],
        absent: &["ResourceNotFoundException"],
        iam: &["lambda:AddPermission", "lambda:GetPolicy", "lambda:RemovePermission"],
        // AddPermission: the statement id, which is another one for each generation.
        once: Some(&[]),
        ..Facts::new("AWS::Lambda::Permission", "lambda")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match (property, desired.as_str(), recorded.as_str()) {
            ("Principal", Some(a), Some(b)) => account_of(a).unwrap_or(a) == account_of(b).unwrap_or(b),
            _ => desired == recorded,
        }
    }

    fn key(cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.FunctionName.as_deref().map(|function| object(function, &statement_id(cx)).id)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Live>, OpError> {
        let (function, statement) = parts(id);
        let call = cx.sdk.lambda().get_policy().function_name(function);
        let answer = call.send().await.map_err(op("GetPolicy"))?;
        let policy: Json = serde_json::from_str(answer.policy().unwrap_or_default()).unwrap_or_default();
        let mut statements = policy["Statement"].as_array().into_iter().flatten();
        let found = statements.find(|one| one["Sid"] == statement).cloned();
        Ok(found.map(|statement| Live { function: function.to_owned(), statement }))
    }

    fn object(_cx: &Cx<'_>, live: &Live) -> Created {
        object(&live.function, live.statement["Sid"].as_str().unwrap_or_default())
    }

    async fn props(_: &Cx<'_>, live: Live, _: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let Live { function, statement } = live;
        let condition =
            |operator: &str, key: &str| statement["Condition"][operator][key].as_str().map(str::to_owned);
        Ok(Props {
            Action: statement["Action"].as_str().map(str::to_owned),
            EventSourceToken: condition("StringEquals", "lambda:EventSourceToken"),
            FunctionName: hint.FunctionName.clone().or(Some(function)),
            FunctionUrlAuthType: condition("StringEquals", "lambda:FunctionUrlAuthType"),
            InvokedViaFunctionUrl: condition("Bool", "lambda:InvokedViaFunctionUrl")
                .map(|text| text == "true"),
            Principal: principal(&statement),
            PrincipalOrgID: condition("StringEquals", "aws:PrincipalOrgID"),
            SourceAccount: condition("StringEquals", "AWS:SourceAccount"),
            SourceArn: condition("ArnLike", "AWS:SourceArn"),
        })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "AddPermission";
        let statement = statement_id(cx);
        let call = crate::pass!(OP, cx.sdk.lambda().add_permission(), props => {
            set_function_name: FunctionName, set_action: Action, set_principal: Principal,
            set_source_arn: SourceArn, set_source_account: SourceAccount,
            set_event_source_token: EventSourceToken, set_principal_org_id: PrincipalOrgID,
            set_function_url_auth_type: FunctionUrlAuthType, set_invoked_via_function_url: InvokedViaFunctionUrl,
        });
        call.statement_id(&statement).send().await.map_err(op(OP))?;
        Ok(object(props.FunctionName.as_deref().unwrap_or_default(), &statement))
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let (function, statement) = parts(id);
        let call = cx.sdk.lambda().remove_permission().function_name(function).statement_id(statement);
        call.send().await.map(|_| Progress::Done).map_err(op("RemovePermission"))
    }
}
