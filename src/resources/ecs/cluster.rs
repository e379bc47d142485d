//! `AWS::ECS::Cluster`.

use aws_sdk_ecs::types;
use serde_json::json;

use super::{deployment::CapacityProviderStrategyItem, tags};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{
        Attributes, Facts, Identity, NameRule, OnConflict, Ownership, PhysicalId, Retry, Tag, WaitPolicy,
    },
    resources::{
        Asked, Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType,
        mirror::{pruned, received, sent},
    },
};

crate::props! {
    /// The properties of a cluster.
    pub struct Props {
        CapacityProviders: Vec<String>, ClusterName: String, ClusterSettings: Vec<ClusterSettings>,
        Configuration: ClusterConfiguration, DefaultCapacityProviderStrategy: Vec<CapacityProviderStrategyItem>,
        ServiceConnectDefaults: ServiceConnectDefaults, Tags: Vec<Tag>,
    }
}

crate::words!(types::ClusterSettingName, types::ExecuteCommandLogging);

crate::mirrored! {
    /// A setting of a cluster (`containerInsights`).
    pub struct ClusterSettings: types::ClusterSetting = types::ClusterSetting::builder().build() => {
        Name/name: String, Value/value: String,
    }
    /// Encryption of sessions and storage.
    pub struct ClusterConfiguration: types::ClusterConfiguration = types::ClusterConfiguration::builder().build() => {
        ExecuteCommandConfiguration/execute_command_configuration: ExecuteCommandConfiguration,
        ManagedStorageConfiguration/managed_storage_configuration: ManagedStorageConfiguration,
    }
    /// How ECS Exec sessions are encrypted and logged.
    pub struct ExecuteCommandConfiguration: types::ExecuteCommandConfiguration
        = types::ExecuteCommandConfiguration::builder().build() => {
        KmsKeyId/kms_key_id: String, Logging/logging: String,
        LogConfiguration/log_configuration: ExecuteCommandLogConfiguration,
    }
    /// Where ECS Exec sessions are logged.
    pub struct ExecuteCommandLogConfiguration: types::ExecuteCommandLogConfiguration
        = types::ExecuteCommandLogConfiguration::builder().build() => {
        CloudWatchEncryptionEnabled/cloud_watch_encryption_enabled: bool,
        CloudWatchLogGroupName/cloud_watch_log_group_name: String, S3BucketName/s3_bucket_name: String,
        S3EncryptionEnabled/s3_encryption_enabled: bool, S3KeyPrefix/s3_key_prefix: String,
    }
    /// Keys for the storage that ECS manages.
    pub struct ManagedStorageConfiguration: types::ManagedStorageConfiguration
        = types::ManagedStorageConfiguration::builder().build() => {
        FargateEphemeralStorageKmsKeyId/fargate_ephemeral_storage_kms_key_id: String, KmsKeyId/kms_key_id: String,
    }
    /// The Service Connect namespace of services that name none.
    pub struct ServiceConnectDefaults: types::ClusterServiceConnectDefaultsRequest
        = types::ClusterServiceConnectDefaultsRequest::builder().namespace("").build()? => { Namespace/namespace: String }
}

/// A cluster: the place services run in.
pub struct Cluster;

fn arn(cx: &Cx<'_>, name: &str) -> String {
    format!("arn:{}:ecs:{}:{}:cluster/{name}", cx.partition, cx.region, cx.account)
}

fn outputs(live: &types::Cluster) -> Attributes {
    Attributes::from([("Ref".into(), json!(live.cluster_name())), ("Arn".into(), json!(live.cluster_arn()))])
}

/// The cluster as it is, unless it is deleted; deleted clusters stay visible for a while as `INACTIVE`.
async fn look(cx: &Cx<'_>, name: &str) -> Result<Option<types::Cluster>, OpError> {
    if let Some(live) = cx.shelved(name) {
        return Ok(Some(live));
    }
    Ok(described(cx, vec![name.to_owned()]).await?.into_iter().next())
}

/// Clusters as they are, but for deleted ones.
async fn described(cx: &Cx<'_>, names: Vec<String>) -> Result<Vec<types::Cluster>, OpError> {
    let call = cx
        .sdk
        .ecs()
        .describe_clusters()
        .set_clusters(Some(names))
        .include(types::ClusterField::Configurations)
        .include(types::ClusterField::Settings)
        .include(types::ClusterField::Tags);
    let mut all = call.send().await.map_err(op("DescribeClusters"))?.clusters.unwrap_or_default();
    all.retain(|cluster| cluster.status() != Some("INACTIVE"));
    Ok(all)
}

impl ResourceType for Cluster {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "ClusterName", max: 255, lower: false, separator: '-' }),
        on_conflict: OnConflict::Overwrites,
        early: &["Ref", "Arn"],
        ready: Some(WaitPolicy::secs(1, 3, 600)),
        gone: Some(WaitPolicy::secs(1, 3, 600)),
        retry: &[
            Retry {
                code: "InvalidParameterException",
                message: "service linked role",
                why: "the service-linked role of ECS is not usable yet",
            },
            Retry {
                code: "UpdateInProgressException",
                message: "",
                why: "capacity providers of the cluster are being updated",
            },
        ],
        held_by_users: true,
        retry_delete: &[
            Retry {
                code: "ClusterContainsServicesException",
                message: "",
                why: "services are still draining",
            },
            Retry { code: "ClusterContainsTasksException", message: "", why: "tasks are still stopping" },
            Retry {
                code: "UpdateInProgressException",
                message: "",
                why: "capacity providers of the cluster are being updated",
            },
        ],
        absent: &["ClusterNotFoundException"],
        silent_delete: Some(
            "a deleted cluster stays INACTIVE for a while and is deleted again without an error",
        ),
        iam: &[
            "ecs:CreateCluster",
            "ecs:DeleteCluster",
            "ecs:DescribeClusters",
            "ecs:PutClusterCapacityProviders",
            "ecs:TagResource",
            "ecs:UntagResource",
            "ecs:UpdateCluster",
            "iam:CreateServiceLinkedRole",
        ],
        arn: Some((&["Arn"], "arn:{partition}:ecs:{region}:{account}:cluster/{name}")),
        ..Facts::new("AWS::ECS::Cluster", "ecs")
    };

    fn handle(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.ClusterName.as_deref().map(Into::into)
    }

    /// "Amazon Elastic Container Service API Reference", DescribeClusters: up to 100 clusters.
    const MANY: usize = 100;

    async fn gather(cx: &Cx<'_>, asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        for live in described(cx, asked.iter().map(|one| one.id.to_string()).collect()).await? {
            cx.shelve(live.cluster_name().unwrap_or_default(), &live);
        }
        Ok(())
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(name) = &props.ClusterName else { return Ok(None) };
        let live = look(cx, name).await?.filter(|cluster| cluster.status() != Some("DEPROVISIONING"));
        Ok(live.map(|live| Found {
            id: name.clone().into(),
            attributes: outputs(&live),
            ownership: cx.owns(tags::pairs(live.tags())),
        }))
    }

    async fn ownership(cx: &Cx<'_>, id: &PhysicalId, _props: &Props) -> Result<Option<Ownership>, OpError> {
        let live = look(cx, id.as_str()).await?.filter(|cluster| cluster.status() != Some("DEPROVISIONING"));
        Ok(live.map(|live| cx.owns(tags::pairs(live.tags()))))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let live = look(cx, id.as_str()).await?;
        Ok(match (&live, goal) {
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
            (None, Goal::Ready) => Probe::Pending("not visible yet".into()),
            (Some(live), Goal::Ready) if live.status() == Some("ACTIVE") => Probe::Reached(outputs(live)),
            (Some(live), Goal::Ready) if live.status() == Some("FAILED") => Probe::Failed(format!(
                "the cluster's attachments are {}",
                live.attachments_status().unwrap_or("FAILED")
            )),
            (Some(live), _) => Probe::Pending(live.status().unwrap_or("unknown").to_owned()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(live) = look(cx, id.as_str()).await? else { return Ok(None) };
        // AWS lists every setting with its value; only those that the template names are its own.
        let named = |setting: &ClusterSettings| {
            hint.ClusterSettings
                .as_ref()
                .is_none_or(|sent| sent.iter().any(|other| other.Name == setting.Name))
        };
        let settings: Option<Vec<ClusterSettings>> = received(live.settings.as_ref());
        let props = Props {
            CapacityProviders: live.capacity_providers.clone(),
            ClusterName: live.cluster_name.clone(),
            ClusterSettings: settings.map(|all| all.into_iter().filter(named).collect()),
            Configuration: received(live.configuration.as_ref()),
            DefaultCapacityProviderStrategy: received(live.default_capacity_provider_strategy.as_ref()),
            // Write-only: AWS answers with the namespace's ARN where its name may have been sent.
            ServiceConnectDefaults: None,
            Tags: cx.own_tags(tags::pairs(live.tags())),
        };
        Ok(Some(pruned(props, hint)))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateCluster";
        let call = cx
            .sdk
            .ecs()
            .create_cluster()
            .set_cluster_name(props.ClusterName.clone())
            .set_settings(sent(OP, props.ClusterSettings.as_ref())?)
            .set_configuration(sent(OP, props.Configuration.as_ref())?)
            .set_capacity_providers(props.CapacityProviders.clone())
            .set_default_capacity_provider_strategy(sent(OP, props.DefaultCapacityProviderStrategy.as_ref())?)
            .set_service_connect_defaults(sent(OP, props.ServiceConnectDefaults.as_ref())?)
            .set_tags(tags::sdk(cx.tags(props.Tags.as_ref())));
        let live =
            call.send().await.map_err(op(OP))?.cluster.ok_or_else(|| OpError::missing(OP, "the cluster"))?;
        let name = live.cluster_name().ok_or_else(|| OpError::missing(OP, "the cluster's name"))?;
        Ok(Created { id: name.into(), attributes: outputs(&live) })
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        const OP: &str = "UpdateCluster";
        let new = change.new;
        if change.has("ClusterSettings")
            || change.has("Configuration")
            || change.has("ServiceConnectDefaults")
        {
            let off = types::ClusterServiceConnectDefaultsRequest::builder().namespace("").build().ok();
            let connect = match (&change.old.ServiceConnectDefaults, &new.ServiceConnectDefaults) {
                (Some(_), None) => off,
                (_, wanted) => sent(OP, wanted.as_ref())?,
            };
            let call = cx
                .sdk
                .ecs()
                .update_cluster()
                .cluster(id.as_str())
                .set_settings(sent(OP, new.ClusterSettings.as_ref())?)
                .set_configuration(sent(OP, new.Configuration.as_ref())?)
                .set_service_connect_defaults(connect);
            call.send().await.map_err(op(OP))?;
        }
        if change.has("CapacityProviders") || change.has("DefaultCapacityProviderStrategy") {
            const PUT: &str = "PutClusterCapacityProviders";
            let strategy = new.DefaultCapacityProviderStrategy.clone().unwrap_or_default();
            let call = cx
                .sdk
                .ecs()
                .put_cluster_capacity_providers()
                .cluster(id.as_str())
                .set_capacity_providers(Some(new.CapacityProviders.clone().unwrap_or_default()))
                .set_default_capacity_provider_strategy(sent(PUT, Some(&strategy))?);
            call.send().await.map_err(op(PUT))?;
        }
        tags::update(cx, &arn(cx, id.as_str()), change, |props| props.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.ecs().delete_cluster().cluster(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteCluster"))
    }
}
