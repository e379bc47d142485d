//! `AWS::Lambda::Function`.
//!
//! Code is sent in the call (source text, or the code of a cloud assembly), taken from a bucket, or from a registry
//! as an image. Functions on capacity providers (`CapacityProviderConfig`, `FunctionScalingConfig`,
//! `PublishToLatestPublished`) are refused. Source text gets no `cfnresponse` module: nothing here answers
//! CloudFormation.

use std::collections::HashMap;

use aws_sdk_lambda::{operation::get_function::GetFunctionOutput, types};
use serde_json::{Value as Json, json};

use super::{
    code, function_change as change_of,
    function_props::{Code, Props, RuntimeManagementConfig},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, PhysicalId, Retry, Tag, WaitPolicy},
    resources::{
        Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare,
        mirror::{pruned, sent},
    },
};

/// A function.
pub struct Function;

const ABSENT: &[&str] = &["ResourceNotFoundException"];

const BUSY: Retry = Retry {
    code: "ResourceConflictException",
    message: "in progress",
    why: "another change of the function is under way",
};
const PENDING: Retry = Retry {
    code: "ResourceConflictException",
    message: "currently in the following state",
    why: "the function is not active yet",
};

async fn look(cx: &Cx<'_>, name: &str) -> Result<Option<GetFunctionOutput>, OpError> {
    match cx.sdk.lambda().get_function().function_name(name).send().await.map_err(op("GetFunction")) {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

fn arn(cx: &Cx<'_>, name: &str) -> String {
    format!("arn:{}:lambda:{}:{}:function:{name}", cx.partition, cx.region, cx.account)
}

fn attributes(cx: &Cx<'_>, name: &str, live: Option<&types::FunctionConfiguration>) -> Attributes {
    let mut out =
        Attributes::from([("Ref".to_owned(), json!(name)), ("Arn".to_owned(), json!(arn(cx, name)))]);
    if let Some(live) = live {
        let snap = live.snap_start();
        let on = snap.and_then(|s| s.apply_on()).map_or("None", types::SnapStartApplyOn::as_str);
        let status = snap.and_then(|s| s.optimization_status()).map_or("Off", |status| status.as_str());
        out.insert("SnapStartResponse.ApplyOn".into(), json!(on));
        out.insert("SnapStartResponse.OptimizationStatus".into(), json!(status));
    }
    out
}

fn pairs(tags: Option<&HashMap<String, String>>) -> impl Iterator<Item = (&str, &str)> {
    tags.into_iter().flatten().map(|(key, value)| (key.as_str(), value.as_str()))
}

fn map(tags: Vec<Tag>) -> HashMap<String, String> {
    tags.into_iter().map(|tag| (tag.Key.unwrap_or_default(), tag.Value.unwrap_or_default())).collect()
}

async fn settle_tags(cx: &Cx<'_>, name: &str, change: &Change<'_, Props>) -> Result<(), OpError> {
    let (set, unset) = cx.tag_changes(change.old.Tags.as_ref(), change.new.Tags.as_ref());
    if !unset.is_empty() {
        let call = cx.sdk.lambda().untag_resource().resource(arn(cx, name)).set_tag_keys(Some(unset));
        call.send().await.map_err(op("UntagResource"))?;
    }
    if !set.is_empty() {
        let call = cx.sdk.lambda().tag_resource().resource(arn(cx, name)).set_tags(Some(map(set)));
        call.send().await.map_err(op("TagResource"))?;
    }
    Ok(())
}

impl ResourceType for Function {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "FunctionName", max: 64, lower: false, separator: '-' }),
        configures: true,
        early: &["Ref", "Arn"],
        ready: Some(WaitPolicy::secs(5, 2, 900)),
        retry: &[
            Retry {
                code: "InvalidParameterValueException",
                message: "cannot be assumed by Lambda",
                why: "the role is not usable yet",
            },
            Retry {
                code: "InvalidParameterValueException",
                message: "execution role does not have permissions",
                why: "the role's policies are not seen everywhere yet",
            },
            BUSY,
            PENDING,
        ],
        retry_delete: &[BUSY, PENDING],
        absent: ABSENT,
        iam: &[
            "iam:PassRole",
            "lambda:CreateFunction",
            "lambda:DeleteFunction",
            "lambda:DeleteFunctionCodeSigningConfig",
            "lambda:DeleteFunctionConcurrency",
            "lambda:GetFunction",
            "lambda:GetFunctionCodeSigningConfig",
            "lambda:GetFunctionRecursionConfig",
            "lambda:GetFunctionScalingConfig",
            "lambda:GetRuntimeManagementConfig",
            "lambda:PutFunctionCodeSigningConfig",
            "lambda:PutFunctionConcurrency",
            "lambda:PublishVersion",
            "lambda:PutFunctionRecursionConfig",
            "lambda:PutFunctionScalingConfig",
            "lambda:PutRuntimeManagementConfig",
            "lambda:TagResource",
            "lambda:UntagResource",
            "lambda:UpdateFunctionCode",
            "lambda:UpdateFunctionConfiguration",
        ],
        arn: Some((&["Arn"], "arn:{partition}:lambda:{region}:{account}:function:{name}")),
        // AWS knowledge centre, "How do I resolve the "The subnet has dependencies" error": up to 40 minutes.
        leaves_interfaces: Some(std::time::Duration::from_secs(45 * 60)),
        ..Facts::new("AWS::Lambda::Function", "lambda")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        let words = |value: &Json| -> Option<Vec<(String, String)>> {
            let variables = value["Variables"].as_object()?.iter();
            Some(
                variables
                    .map(|(k, v)| (k.clone(), v.as_str().map_or_else(|| v.to_string(), Into::into)))
                    .collect(),
            )
        };
        let set = |value: &Json, key: &str| {
            let mut items: Vec<String> =
                value[key].as_array().into_iter().flatten().map(ToString::to_string).collect();
            items.sort();
            items
        };
        match property {
            "Environment" => words(desired).unwrap_or_default() == words(recorded).unwrap_or_default(),
            "VpcConfig" => {
                ["SubnetIds", "SecurityGroupIds"].iter().all(|key| set(desired, key) == set(recorded, key))
                    && desired["Ipv6AllowedForDualStack"].as_bool().unwrap_or(false)
                        == recorded["Ipv6AllowedForDualStack"].as_bool().unwrap_or(false)
            }
            "Code" if code::of_one_application(desired, recorded) => true,
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = code::check(props);
        let managed = !props["CapacityProviderConfig"].is_null();
        let published = props["PublishToLatestPublished"] == true;
        if published && !managed {
            let why = "only a function with a CapacityProviderConfig is published that way";
            problems.push(("PublishToLatestPublished".into(), why.into()));
        }
        if !props["FunctionScalingConfig"].is_null() && !published {
            let why = "it is about what PublishToLatestPublished publishes: set that too";
            problems.push(("FunctionScalingConfig".into(), why.into()));
        }
        problems
    }

    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut replacing = compare::create_only(Self::FACTS.kind, change.changed);
        // Durable execution can be changed, but not begun or ended.
        if change.has("DurableConfig")
            && change.old.DurableConfig.is_some() != change.new.DurableConfig.is_some()
        {
            replacing.push("DurableConfig".into());
        }
        // Nor can a function move to instances or from them.
        if change.old.CapacityProviderConfig.is_some() != change.new.CapacityProviderConfig.is_some() {
            replacing.push("CapacityProviderConfig".into());
        }
        replacing
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(name) = &props.FunctionName else { return Ok(None) };
        let Some(live) = look(cx, name).await? else { return Ok(None) };
        let ownership = cx.owns(pairs(live.tags()));
        Ok(Some(Found {
            id: name.clone().into(),
            attributes: attributes(cx, name, live.configuration()),
            ownership,
        }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let live = look(cx, id.as_str()).await?.and_then(|answer| answer.configuration);
        let Some(live) = live else {
            return Ok(match goal {
                Goal::Ready => Probe::Pending("not visible yet".into()),
                Goal::Gone => Probe::Reached(Attributes::new()),
            });
        };
        let state = live.state().map_or("Active", types::State::as_str).to_owned();
        if goal == Goal::Gone {
            return Ok(Probe::Pending(state));
        }
        let because = |reason: Option<&str>| reason.unwrap_or("Lambda does not say why").to_owned();
        Ok(match (live.state(), live.last_update_status()) {
            (Some(types::State::Failed), _) => Probe::Failed(because(live.state_reason())),
            (_, Some(types::LastUpdateStatus::Failed)) => {
                Probe::Failed(because(live.last_update_status_reason()))
            }
            (Some(types::State::Pending), _) => Probe::Pending(state),
            (_, Some(types::LastUpdateStatus::InProgress)) => Probe::Pending("InProgress".into()),
            _ => Probe::Reached(attributes(cx, id.as_str(), Some(&live))),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let name = id.as_str();
        let Some(answer) = look(cx, name).await? else { return Ok(None) };
        let Some(live) = answer.configuration() else { return Ok(None) };
        let mut props = Props::of(live);
        // Nothing of the code is ever returned in the template's terms.
        props.Code = hint.Code.as_ref().map(|_| Code::default());
        props.ReservedConcurrentExecutions =
            answer.concurrency().and_then(|c| c.reserved_concurrent_executions());
        props.Tags = cx.own_tags(pairs(answer.tags()));
        if hint.CodeSigningConfigArn.is_some() {
            let call = cx.sdk.lambda().get_function_code_signing_config().function_name(name);
            let answer = call.send().await.map_err(op("GetFunctionCodeSigningConfig"))?;
            props.CodeSigningConfigArn = Some(answer.code_signing_config_arn).filter(|arn| !arn.is_empty());
        }
        if hint.FunctionScalingConfig.is_some() {
            props.FunctionScalingConfig = change_of::scaling_of(cx, name).await?;
        }
        if hint.RecursiveLoop.is_some() {
            let call = cx.sdk.lambda().get_function_recursion_config().function_name(name);
            let answer = call.send().await.map_err(op("GetFunctionRecursionConfig"))?;
            props.RecursiveLoop = answer.recursive_loop.map(|wanted| wanted.as_str().to_owned());
        }
        if hint.RuntimeManagementConfig.is_some() {
            let call = cx.sdk.lambda().get_runtime_management_config().function_name(name);
            let answer = call.send().await.map_err(op("GetRuntimeManagementConfig"))?;
            props.RuntimeManagementConfig = Some(RuntimeManagementConfig {
                RuntimeVersionArn: answer.runtime_version_arn,
                UpdateRuntimeOn: answer.update_runtime_on.map(|on| on.as_str().to_owned()),
            });
        }
        Ok(Some(pruned(props, hint)))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateFunction";
        let name =
            props.FunctionName.clone().ok_or_else(|| OpError::not_sent(OP, "FunctionName is missing"))?;
        let architectures = |list: &Vec<String>| list.iter().map(|a| a.as_str().into()).collect();
        let answer = cx
            .sdk
            .lambda()
            .create_function()
            .function_name(&name)
            .set_role(props.Role.clone())
            .set_handler(props.Handler.clone())
            .set_runtime(props.Runtime.as_deref().map(Into::into))
            .code(code::sdk(props)?)
            .set_description(props.Description.clone())
            .set_timeout(props.Timeout)
            .set_memory_size(props.MemorySize)
            .set_package_type(props.PackageType.as_deref().map(Into::into))
            .set_architectures(props.Architectures.as_ref().map(architectures))
            .set_layers(props.Layers.clone())
            .set_kms_key_arn(props.KmsKeyArn.clone())
            .set_code_signing_config_arn(props.CodeSigningConfigArn.clone())
            .set_environment(props.Environment.as_ref().map(|environment| environment.send()))
            .set_vpc_config(sent(OP, props.VpcConfig.as_ref())?)
            .set_dead_letter_config(sent(OP, props.DeadLetterConfig.as_ref())?)
            .set_tracing_config(sent(OP, props.TracingConfig.as_ref())?)
            .set_file_system_configs(sent(OP, props.FileSystemConfigs.as_ref())?)
            .set_image_config(sent(OP, props.ImageConfig.as_ref())?)
            .set_ephemeral_storage(sent(OP, props.EphemeralStorage.as_ref())?)
            .set_snap_start(sent(OP, props.SnapStart.as_ref())?)
            .set_logging_config(sent(OP, props.LoggingConfig.as_ref())?)
            .set_tenancy_config(sent(OP, props.TenancyConfig.as_ref())?)
            .set_durable_config(sent(OP, props.DurableConfig.as_ref())?)
            .set_capacity_provider_config(sent(OP, props.CapacityProviderConfig.as_ref())?)
            .set_publish(change_of::publishes(props).then_some(true))
            .set_publish_to(
                change_of::publishes(props).then_some(types::FunctionVersionLatestPublished::LatestPublished),
            )
            .set_tags(Some(map(cx.tags(props.Tags.as_ref()))))
            .send()
            .await
            .map_err(op(OP))?;
        let name = answer.function_name.unwrap_or(name);
        Ok(Created { attributes: attributes(cx, &name, None), id: name.into() })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Props,
    ) -> Result<Progress, OpError> {
        let name = id.as_str();
        if props.ReservedConcurrentExecutions.is_some() {
            change_of::concurrency(cx, name, props.ReservedConcurrentExecutions).await?;
        }
        if props.RecursiveLoop.is_some() {
            change_of::recursion(cx, name, props.RecursiveLoop.as_deref()).await?;
        }
        if props.RuntimeManagementConfig.is_some() {
            change_of::runtime_management(cx, name, props).await?;
        }
        if props.FunctionScalingConfig.is_some() {
            change_of::scaling(cx, name, props.FunctionScalingConfig.as_ref()).await?;
        }
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let (name, new) = (id.as_str(), change.new);
        let live = look(cx, name).await?.and_then(|answer| answer.configuration);
        let live = live.ok_or_else(|| OpError::missing("GetFunction", "the function"))?;
        // What takes effect at once goes first: it is repeated harmlessly while the rest settles.
        if change.has("ReservedConcurrentExecutions") {
            change_of::concurrency(cx, name, new.ReservedConcurrentExecutions).await?;
        }
        if change.has("RecursiveLoop") {
            change_of::recursion(cx, name, new.RecursiveLoop.as_deref()).await?;
        }
        if change.has("RuntimeManagementConfig") {
            change_of::runtime_management(cx, name, new).await?;
        }
        if change.has("CodeSigningConfigArn") {
            change_of::signing(cx, name, new.CodeSigningConfigArn.as_deref()).await?;
        }
        if change.has("Tags") {
            settle_tags(cx, name, change).await?;
        }
        // What is scaled must have been published.
        let scales = change.has("FunctionScalingConfig") && change_of::publishes(new);
        if scales && change_of::publishes(change.old) {
            change_of::scaling(cx, name, new.FunctionScalingConfig.as_ref()).await?;
        }
        let progress = change_of::settle(cx, name, &live, change).await?;
        if scales && progress == Progress::Done && !change_of::publishes(change.old) {
            change_of::scaling(cx, name, new.FunctionScalingConfig.as_ref()).await?;
        }
        Ok(progress)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.lambda().delete_function().function_name(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteFunction"))
    }
}
