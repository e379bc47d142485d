//! Changing a function: code and configuration are changed one after the other, because Lambda takes one change at
//! a time; the other settings by calls of their own.

use aws_sdk_lambda::{primitives::Blob, types};
use serde_json::Value as Json;

use super::{
    code,
    function_props::{Code, Environment, FunctionScalingConfig, Props},
};
use crate::{
    aws::{OpError, op},
    resources::{
        Change, Cx, Progress, ResourceType,
        mirror::{received, sent},
    },
};

/// Properties that `UpdateFunctionConfiguration` changes.
const CONFIGURATION: &[&str] = &[
    "CapacityProviderConfig",
    "DeadLetterConfig",
    "Description",
    "DurableConfig",
    "Environment",
    "EphemeralStorage",
    "FileSystemConfigs",
    "Handler",
    "ImageConfig",
    "KmsKeyArn",
    "Layers",
    "LoggingConfig",
    "MemorySize",
    "Role",
    "Runtime",
    "SnapStart",
    "Timeout",
    "TracingConfig",
    "VpcConfig",
];

/// Brings code and configuration to what is wanted. A second change waits until the first has settled; what is
/// settled already is seen in the live function and not sent again.
pub(super) async fn settle(
    cx: &Cx<'_>,
    name: &str,
    live: &types::FunctionConfiguration,
    change: &Change<'_, Props>,
) -> Result<Progress, OpError> {
    let configures = CONFIGURATION.iter().any(|property| change.has(property));
    let codes = change.has("Code") || change.has("Architectures");
    let published = publishes(change.new);
    if !configures && !codes {
        if published && change.has("PublishToLatestPublished") {
            publish(cx, name).await?;
        }
        return Ok(Progress::Done);
    }
    if live.last_update_status() == Some(&types::LastUpdateStatus::InProgress) {
        return Ok(Progress::Again("an update of the function is under way".into()));
    }
    if !codes {
        return configure_last(cx, name, live, change).await;
    }
    // What is in a bucket cannot be compared: then the configuration goes first, which can.
    match coded(live, change.new)? {
        Some(true) => {}
        Some(false) => {
            send_code(cx, name, change.new, published && !configures).await?;
            if configures {
                return Ok(Progress::Again("the new code is being taken over".into()));
            }
            return Ok(Progress::Done);
        }
        None if configures && !configured(live, change) => {
            configure(cx, name, change).await?;
            return Ok(Progress::Again("the new configuration is being taken over".into()));
        }
        None => {
            send_code(cx, name, change.new, published).await?;
            return Ok(Progress::Done);
        }
    }
    if configures { configure_last(cx, name, live, change).await } else { Ok(Progress::Done) }
}

/// Changes the configuration when nothing else is left, and publishes the outcome if that is wanted.
async fn configure_last(
    cx: &Cx<'_>,
    name: &str,
    live: &types::FunctionConfiguration,
    change: &Change<'_, Props>,
) -> Result<Progress, OpError> {
    if !publishes(change.new) {
        configure(cx, name, change).await?;
        return Ok(Progress::Done);
    }
    if configured(live, change) && reset(live, change) {
        publish(cx, name).await?;
        return Ok(Progress::Done);
    }
    configure(cx, name, change).await?;
    Ok(Progress::Again("the new configuration is published when it is taken over".into()))
}

/// Whether properties that left the template have AWS's default again.
fn reset(live: &types::FunctionConfiguration, change: &Change<'_, Props>) -> bool {
    let (Ok(live), Ok(new)) = (serde_json::to_value(Props::of(live)), serde_json::to_value(change.new))
    else {
        return false;
    };
    let gone = CONFIGURATION.iter().filter(|property| change.has(property) && new[**property].is_null());
    gone.map(|property| (*property, &live[*property])).all(|(property, live)| match property {
        "Description" => live.as_str().is_none_or(str::is_empty),
        "Timeout" => *live == 3,
        "MemorySize" => *live == 128,
        "EphemeralStorage" => live["Size"] == 512,
        "TracingConfig" => live["Mode"] != "Active",
        "SnapStart" => live["ApplyOn"] != "PublishedVersions",
        "LoggingConfig" => live["LogFormat"] != "JSON",
        _ => match live {
            Json::Object(members) => members.values().all(Json::is_null),
            Json::Array(items) => items.is_empty(),
            other => other.is_null(),
        },
    })
}

/// Whether what is changed is to be published as `$LATEST.PUBLISHED`, which functions on instances run.
pub(super) fn publishes(props: &Props) -> bool {
    props.PublishToLatestPublished == Some(true)
}

/// Publishes the function as it is; nothing happens if it is published already.
async fn publish(cx: &Cx<'_>, name: &str) -> Result<(), OpError> {
    let call = cx.sdk.lambda().publish_version().function_name(name);
    let call = call.publish_to(types::FunctionVersionLatestPublished::LatestPublished);
    call.send().await.map(drop).map_err(op("PublishVersion"))
}

/// The version that scaling is about.
const PUBLISHED: &str = "$LATEST.PUBLISHED";

/// Sets how the published version scales; without a wish, as Lambda does it by itself.
pub(super) async fn scaling(
    cx: &Cx<'_>,
    name: &str,
    wanted: Option<&FunctionScalingConfig>,
) -> Result<(), OpError> {
    const OP: &str = "PutFunctionScalingConfig";
    let call = cx.sdk.lambda().put_function_scaling_config().function_name(name).qualifier(PUBLISHED);
    let call = call.set_function_scaling_config(sent(OP, wanted)?);
    call.send().await.map(drop).map_err(op(OP))
}

/// How the published version was asked to scale.
pub(super) async fn scaling_of(cx: &Cx<'_>, name: &str) -> Result<Option<FunctionScalingConfig>, OpError> {
    let call = cx.sdk.lambda().get_function_scaling_config().function_name(name).qualifier(PUBLISHED);
    let answer = call.send().await.map_err(op("GetFunctionScalingConfig"))?;
    Ok(received(answer.requested_function_scaling_config.as_ref()))
}

/// Whether the function has the wanted code, if that can be told.
fn coded(live: &types::FunctionConfiguration, new: &Props) -> Result<Option<bool>, OpError> {
    let Some(bytes) = code::archive(new)? else { return Ok(None) };
    let wanted = new.Architectures.as_ref().and_then(|list| list.first()).map_or("x86_64", String::as_str);
    let built = live.architectures().first().map_or("x86_64", types::Architecture::as_str);
    Ok(Some(live.code_sha256() == Some(code::digest(&bytes).as_str()) && wanted == built))
}

/// Whether the function has the wanted configuration, as far as it changes.
fn configured(live: &types::FunctionConfiguration, change: &Change<'_, Props>) -> bool {
    let (Ok(live), Ok(new)) = (serde_json::to_value(Props::of(live)), serde_json::to_value(change.new))
    else {
        return false;
    };
    CONFIGURATION.iter().filter(|property| change.has(property)).all(|property| {
        new[property].is_null() || super::Function::same(property, &new[property], &live[property])
    })
}

async fn send_code(cx: &Cx<'_>, name: &str, new: &Props, published: bool) -> Result<(), OpError> {
    let none = Code::default();
    let code = new.Code.as_ref().unwrap_or(&none);
    let architectures = new.Architectures.clone().unwrap_or_else(|| vec!["x86_64".into()]);
    cx.sdk
        .lambda()
        .update_function_code()
        .function_name(name)
        .set_zip_file(code::archive(new)?.map(Blob::new))
        .set_s3_bucket(code.S3Bucket.clone())
        .set_s3_key(code.S3Key.clone())
        .set_s3_object_version(code.S3ObjectVersion.clone())
        .set_s3_object_storage_mode(code.S3ObjectStorageMode.as_deref().map(Into::into))
        .set_image_uri(code.ImageUri.clone())
        .set_source_kms_key_arn(code.SourceKMSKeyArn.clone())
        .set_publish(published.then_some(true))
        .set_publish_to(published.then_some(types::FunctionVersionLatestPublished::LatestPublished))
        .set_architectures(Some(architectures.iter().map(|a| a.as_str().into()).collect()))
        .send()
        .await
        .map_err(op("UpdateFunctionCode"))?;
    Ok(())
}

/// A property that left the template gets AWS's default: what is not sent would stay as it is.
async fn configure(cx: &Cx<'_>, name: &str, change: &Change<'_, Props>) -> Result<(), OpError> {
    const OP: &str = "UpdateFunctionConfiguration";
    let new = change.new;
    let has = |property: &str| change.has(property);
    let environment =
        || new.Environment.as_ref().map_or_else(|| Environment::default().send(), Environment::send);
    let dead_letter = || types::DeadLetterConfig::builder().target_arn("").build();
    let network = || {
        types::VpcConfig::builder().set_subnet_ids(Some(vec![])).set_security_group_ids(Some(vec![])).build()
    };
    let tracing = || types::TracingConfig::builder().mode(types::TracingMode::PassThrough).build();
    let snap = || types::SnapStart::builder().apply_on(types::SnapStartApplyOn::None).build();
    let logging = || {
        types::LoggingConfig::builder()
            .log_format(types::LogFormat::Text)
            .log_group(format!("/aws/lambda/{name}"))
            .build()
    };
    let storage = sent(OP, new.EphemeralStorage.as_ref().or(Some(&Default::default())))?;
    let network = match sent(OP, new.VpcConfig.as_ref())? {
        Some(wanted) => wanted,
        None => network(),
    };
    cx.sdk
        .lambda()
        .update_function_configuration()
        .function_name(name)
        .set_role(new.Role.clone().filter(|_| has("Role")))
        .set_handler(new.Handler.clone().filter(|_| has("Handler")))
        .set_runtime(new.Runtime.as_deref().map(Into::into).filter(|_| has("Runtime")))
        .set_description(has("Description").then(|| new.Description.clone().unwrap_or_default()))
        .set_timeout(has("Timeout").then(|| new.Timeout.unwrap_or(3)))
        .set_memory_size(has("MemorySize").then(|| new.MemorySize.unwrap_or(128)))
        .set_vpc_config(has("VpcConfig").then_some(network))
        .set_environment(has("Environment").then(environment))
        .set_dead_letter_config(keep(
            has("DeadLetterConfig"),
            sent(OP, new.DeadLetterConfig.as_ref())?,
            dead_letter,
        ))
        .set_kms_key_arn(has("KmsKeyArn").then(|| new.KmsKeyArn.clone().unwrap_or_default()))
        .set_tracing_config(keep(has("TracingConfig"), sent(OP, new.TracingConfig.as_ref())?, tracing))
        .set_layers(has("Layers").then(|| new.Layers.clone().unwrap_or_default()))
        .set_file_system_configs(keep(
            has("FileSystemConfigs"),
            sent(OP, new.FileSystemConfigs.as_ref())?,
            Vec::new,
        ))
        .set_image_config(keep(has("ImageConfig"), sent(OP, new.ImageConfig.as_ref())?, || {
            types::ImageConfig::builder().build()
        }))
        .set_ephemeral_storage(storage.filter(|_| has("EphemeralStorage")))
        .set_snap_start(keep(has("SnapStart"), sent(OP, new.SnapStart.as_ref())?, snap))
        .set_logging_config(keep(has("LoggingConfig"), sent(OP, new.LoggingConfig.as_ref())?, logging))
        .set_durable_config(sent(OP, new.DurableConfig.as_ref())?.filter(|_| has("DurableConfig")))
        .set_capacity_provider_config(
            sent(OP, new.CapacityProviderConfig.as_ref())?.filter(|_| has("CapacityProviderConfig")),
        )
        .send()
        .await
        .map_err(op(OP))?;
    Ok(())
}

/// The value to send: none if it did not change, the default if it left the template.
fn keep<T>(changed: bool, wanted: Option<T>, default: impl FnOnce() -> T) -> Option<T> {
    changed.then(|| wanted.unwrap_or_else(default))
}

/// Sets or takes back how many executions are reserved.
pub(super) async fn concurrency(cx: &Cx<'_>, name: &str, reserved: Option<i32>) -> Result<(), OpError> {
    match reserved {
        Some(count) => {
            let call = cx.sdk.lambda().put_function_concurrency().function_name(name);
            call.reserved_concurrent_executions(count).send().await.map_err(op("PutFunctionConcurrency"))?;
        }
        None => {
            let call = cx.sdk.lambda().delete_function_concurrency().function_name(name);
            call.send().await.map_err(op("DeleteFunctionConcurrency"))?;
        }
    }
    Ok(())
}

/// Sets whether a function that calls itself in a circle is stopped, which is the default.
pub(super) async fn recursion(cx: &Cx<'_>, name: &str, wanted: Option<&str>) -> Result<(), OpError> {
    let call = cx.sdk.lambda().put_function_recursion_config().function_name(name);
    call.recursive_loop(wanted.unwrap_or("Terminate").into())
        .send()
        .await
        .map_err(op("PutFunctionRecursionConfig"))?;
    Ok(())
}

/// Sets how the runtime is updated; by itself, unless said otherwise.
pub(super) async fn runtime_management(cx: &Cx<'_>, name: &str, new: &Props) -> Result<(), OpError> {
    let wanted = new.RuntimeManagementConfig.as_ref();
    let on = wanted.and_then(|w| w.UpdateRuntimeOn.as_deref()).unwrap_or("Auto");
    let call =
        cx.sdk.lambda().put_runtime_management_config().function_name(name).update_runtime_on(on.into());
    call.set_runtime_version_arn(wanted.and_then(|w| w.RuntimeVersionArn.clone()))
        .send()
        .await
        .map_err(op("PutRuntimeManagementConfig"))?;
    Ok(())
}

/// Sets or takes back whose signature the code needs.
pub(super) async fn signing(cx: &Cx<'_>, name: &str, wanted: Option<&str>) -> Result<(), OpError> {
    match wanted {
        Some(arn) => {
            let call = cx.sdk.lambda().put_function_code_signing_config().function_name(name);
            call.code_signing_config_arn(arn).send().await.map_err(op("PutFunctionCodeSigningConfig"))?;
        }
        None => {
            let call = cx.sdk.lambda().delete_function_code_signing_config().function_name(name);
            call.send().await.map_err(op("DeleteFunctionCodeSigningConfig"))?;
        }
    }
    Ok(())
}
