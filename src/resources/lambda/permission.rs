//! `AWS::Lambda::Permission`: one statement of a function's resource policy. Nothing of it can be changed; a change
//! makes another statement.

use serde_json::{Value as Json, json};

use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, Ownership, PhysicalId, Retry},
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType},
};

crate::props! {
    /// The properties of a permission.
    pub struct PermissionProps {
        Action: String, EventSourceToken: String, FunctionName: String, FunctionUrlAuthType: String,
        InvokedViaFunctionUrl: bool, Principal: String, PrincipalOrgID: String, SourceAccount: String, SourceArn: String,
    }
}

/// A permission to call a function.
pub struct Permission;

const ABSENT: &[&str] = &["ResourceNotFoundException"];

/// Longest statement id that Lambda takes.
const MAX_ID: usize = 100;

/// The statement's id, unique to this resource of this ledger.
fn statement_id(cx: &Cx<'_>) -> String {
    let plain = |text: &str| {
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect::<String>()
    };
    let (name, mark) = (plain(cx.address.as_str()), plain(&cx.owner.mark()));
    let room = MAX_ID.saturating_sub(mark.len() + 1);
    format!("{}-{mark}", name.get(..room.min(name.len())).unwrap_or_default())
}

fn id_of(function: &str, statement: &str) -> PhysicalId {
    format!("{function}|{statement}").into()
}

fn parts(id: &PhysicalId) -> (&str, &str) {
    id.as_str().split_once('|').unwrap_or((id.as_str(), ""))
}

fn attributes(statement: &str) -> Attributes {
    Attributes::from([("Ref".to_owned(), json!(statement)), ("Id".to_owned(), json!(statement))])
}

/// The statement in the function's policy.
async fn look(cx: &Cx<'_>, function: &str, statement: &str) -> Result<Option<Json>, OpError> {
    let answer =
        match cx.sdk.lambda().get_policy().function_name(function).send().await.map_err(op("GetPolicy")) {
            Ok(answer) => answer,
            Err(error) if error.is(ABSENT) => return Ok(None),
            Err(error) => return Err(error),
        };
    let policy: Json = serde_json::from_str(answer.policy().unwrap_or_default()).unwrap_or_default();
    Ok(policy["Statement"].as_array().into_iter().flatten().find(|s| s["Sid"] == statement).cloned())
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

impl ResourceType for Permission {
    type Props = PermissionProps;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        early: &["Ref", "Id"],
        retry: &[Retry {
            code: "ResourceNotFoundException",
            message: "Function not found",
            why: "the new function is not seen everywhere yet",
        }],
        iam: &["lambda:AddPermission", "lambda:GetPolicy", "lambda:RemovePermission"],
        ..Facts::new("AWS::Lambda::Permission", "lambda")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match (property, desired.as_str(), recorded.as_str()) {
            ("Principal", Some(a), Some(b)) => account_of(a).unwrap_or(a) == account_of(b).unwrap_or(b),
            _ => desired == recorded,
        }
    }

    async fn find(cx: &Cx<'_>, props: &PermissionProps) -> Result<Option<Found>, OpError> {
        let Some(function) = &props.FunctionName else { return Ok(None) };
        let statement = statement_id(cx);
        Ok(look(cx, function, &statement).await?.map(|_| Found {
            id: id_of(function, &statement),
            attributes: attributes(&statement),
            ownership: Ownership::Untaggable,
        }))
    }

    async fn probe(
        cx: &Cx<'_>,
        id: &PhysicalId,
        _props: &PermissionProps,
        goal: Goal,
    ) -> Result<Probe, OpError> {
        let (function, statement) = parts(id);
        Ok(match (look(cx, function, statement).await?.is_some(), goal) {
            (true, Goal::Ready) => Probe::Reached(attributes(statement)),
            (false, Goal::Gone) => Probe::Reached(Attributes::new()),
            (true, Goal::Gone) => Probe::Pending("still there".into()),
            (false, Goal::Ready) => Probe::Pending("not seen yet".into()),
        })
    }

    async fn read(
        cx: &Cx<'_>,
        id: &PhysicalId,
        hint: &PermissionProps,
    ) -> Result<Option<PermissionProps>, OpError> {
        let (function, statement) = parts(id);
        let Some(live) = look(cx, function, statement).await? else { return Ok(None) };
        let condition =
            |operator: &str, key: &str| live["Condition"][operator][key].as_str().map(str::to_owned);
        Ok(Some(PermissionProps {
            Action: live["Action"].as_str().map(str::to_owned),
            EventSourceToken: condition("StringEquals", "lambda:EventSourceToken"),
            FunctionName: hint.FunctionName.clone().or_else(|| Some(function.to_owned())),
            FunctionUrlAuthType: condition("StringEquals", "lambda:FunctionUrlAuthType"),
            InvokedViaFunctionUrl: condition("Bool", "lambda:InvokedViaFunctionUrl")
                .map(|text| text == "true"),
            Principal: principal(&live),
            PrincipalOrgID: condition("StringEquals", "aws:PrincipalOrgID"),
            SourceAccount: condition("StringEquals", "AWS:SourceAccount"),
            SourceArn: condition("ArnLike", "AWS:SourceArn"),
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &PermissionProps) -> Result<Created, OpError> {
        let statement = statement_id(cx);
        let function = props.FunctionName.clone().unwrap_or_default();
        cx.sdk
            .lambda()
            .add_permission()
            .function_name(&function)
            .statement_id(&statement)
            .set_action(props.Action.clone())
            .set_principal(props.Principal.clone())
            .set_source_arn(props.SourceArn.clone())
            .set_source_account(props.SourceAccount.clone())
            .set_event_source_token(props.EventSourceToken.clone())
            .set_principal_org_id(props.PrincipalOrgID.clone())
            .set_function_url_auth_type(props.FunctionUrlAuthType.as_deref().map(Into::into))
            .set_invoked_via_function_url(props.InvokedViaFunctionUrl)
            .send()
            .await
            .map_err(op("AddPermission"))?;
        Ok(Created { attributes: attributes(&statement), id: id_of(&function, &statement) })
    }

    async fn update(
        _cx: &Cx<'_>,
        _permit: &Permit,
        _id: &PhysicalId,
        _change: &Change<'_, PermissionProps>,
    ) -> Result<Progress, OpError> {
        // Every property is create-only.
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &PermissionProps,
    ) -> Result<Progress, OpError> {
        let (function, statement) = parts(id);
        let call = cx.sdk.lambda().remove_permission().function_name(function).statement_id(statement);
        match call.send().await.map_err(op("RemovePermission")) {
            Err(error) if !error.is(ABSENT) => Err(error),
            _ => Ok(Progress::Done),
        }
    }
}
