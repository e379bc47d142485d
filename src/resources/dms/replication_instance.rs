//! `AWS::DMS::ReplicationInstance`.

use aws_sdk_databasemigration::types::ReplicationInstance as Live;
use serde_json::{Value as Json, json};

use super::{
    instance_rules::{same_key, same_set, same_text, same_version},
    news,
    support::{ABSENT, BUSY, ROLE, filter},
    tags::Tags,
    users,
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Activity, Attributes, Facts, Identity, NameRule, PhysicalId, Tag, WaitPolicy},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, State, compare,
        described::{alike, leaving, look},
        tags::{self, Tagging},
        versions,
    },
};

/// The type.
pub struct ReplicationInstance;

crate::mirrored! {
    /// The properties.
    pub struct Props <= Live {
        AllocatedStorage/allocated_storage: i32, AllowMajorVersionUpgrade: bool,
        AutoMinorVersionUpgrade/auto_minor_version_upgrade: bool, AvailabilityZone/availability_zone: String,
        DnsNameServers/dns_name_servers: String, EngineVersion/engine_version: String, KmsKeyId/kms_key_id: String,
        MultiAZ/multi_az: bool, NetworkType/network_type: String,
        PreferredMaintenanceWindow/preferred_maintenance_window: String,
        PubliclyAccessible/publicly_accessible: bool, ReplicationInstanceClass/replication_instance_class: String,
        ReplicationInstanceIdentifier/replication_instance_identifier: String,
        ReplicationSubnetGroupIdentifier: String, ResourceIdentifier: String, Tags: Vec<Tag>,
        VpcSecurityGroupIds: Vec<String>,
    }
}

impl Props {
    fn name(&self) -> &str {
        self.ReplicationInstanceIdentifier.as_deref().unwrap_or_default()
    }
}

fn attributes(instance: &Live) -> Attributes {
    let arn = instance.replication_instance_arn();
    Attributes::from([
        ("Ref".into(), json!(arn)),
        ("Id".into(), json!(arn)),
        (
            "ReplicationInstancePrivateIpAddresses".into(),
            json!(instance.replication_instance_private_ip_addresses().join(",")),
        ),
        (
            "ReplicationInstancePublicIpAddresses".into(),
            json!(instance.replication_instance_public_ip_addresses().join(",")),
        ),
    ])
}

async fn by(cx: &Cx<'_>, name: &str, value: &str) -> Result<Option<Live>, OpError> {
    const OP: &str = "DescribeReplicationInstances";
    let call = cx.sdk.dms().describe_replication_instances().filters(filter(OP, name, value)?);
    Ok(call.send().await.map_err(op(OP))?.replication_instances.unwrap_or_default().into_iter().next())
}

/// How many numbers of a version make the major one: 3.5.
const MAJOR: usize = 2;

/// Properties the modify call takes.
const MODIFIABLE: &[&str] = &[
    "AllocatedStorage",
    "AutoMinorVersionUpgrade",
    "EngineVersion",
    "MultiAZ",
    "NetworkType",
    "PreferredMaintenanceWindow",
    "ReplicationInstanceClass",
    "ReplicationInstanceIdentifier",
    "VpcSecurityGroupIds",
];

impl Described for ReplicationInstance {
    type Props = Props;
    type Live = Live;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule {
            property: "ReplicationInstanceIdentifier",
            max: 63,
            lower: true,
            separator: '-',
        }),
        // A name, in the answer of the create call: policies, alarms and parameters need no more. Its addresses come with
        // "available" (AWS DMS API Reference, ReplicationInstance: they are lists that are empty until then).
        early: &["Id", "Ref"],
        ready: Some(WaitPolicy::secs(360, 15, 3_600)),
        gone: Some(WaitPolicy::secs(180, 10, 3_600)),
        retry: &[ROLE],
        held_by_users: true,
        retry_delete: &[BUSY],
        absent: ABSENT,
        iam: &[
            "dms:AddTagsToResource",
            "dms:CreateReplicationInstance",
            "dms:DeleteReplicationInstance",
            "dms:DescribeEvents",
            "dms:DescribeOrderableReplicationInstances",
            "dms:DescribeReplicationInstances",
            "dms:ListTagsForResource",
            "dms:ModifyReplicationInstance",
            "dms:RemoveTagsFromResource",
        ],
        leaves_interfaces: Some(std::time::Duration::from_secs(12 * 60)),
        ..Facts::new("AWS::DMS::ReplicationInstance", "dms")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            "VpcSecurityGroupIds" => same_set(desired, recorded),
            "EngineVersion" => same_version(desired, recorded),
            "KmsKeyId" => same_key(desired, recorded),
            "NetworkType"
            | "PreferredMaintenanceWindow"
            | "ReplicationInstanceIdentifier"
            | "ReplicationSubnetGroupIdentifier" => same_text(desired, recorded),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    /// The API cannot move an instance to another zone, though the schema does not say so.
    fn replaces(change: &Change<'_, Props>) -> Vec<String> {
        let mut properties = compare::create_only(Self::FACTS.kind, change.changed);
        if change.has("AvailabilityZone") && change.new.AvailabilityZone.is_some() {
            properties.push("AvailabilityZone".into());
        }
        properties
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        if props["MultiAZ"] == true && !props["AvailabilityZone"].is_null() {
            let why = "DMS chooses the zones of a Multi-AZ instance; leave AvailabilityZone out";
            return vec![("AvailabilityZone".into(), why.into())];
        }
        Vec::new()
    }

    /// AWS DMS User Guide, "Upgrading a replication instance": engine versions only rise.
    fn refused(change: &Change<'_, Props>) -> Vec<(String, String)> {
        let (old, new) = (change.old, change.new);
        match (&old.EngineVersion, &new.EngineVersion) {
            (Some(have), Some(want)) if change.has("EngineVersion") && versions::is_older(want, have) => {
                let why = format!(
                    "DMS does not downgrade an engine, and the instance has {have}, which is later than {want}"
                );
                vec![("EngineVersion".into(), why)]
            }
            _ => Vec::new(),
        }
    }

    fn moved_by_aws(property: &str, sent: &Json, live: &Json) -> bool {
        let (Some(had), Some(has)) = (sent[property].as_str(), live[property].as_str()) else { return false };
        let upgrades = |props: &Json| props["AutoMinorVersionUpgrade"] != false;
        property == "EngineVersion"
            && upgrades(sent)
            && upgrades(live)
            && versions::is_later_minor(had, has, MAJOR)
    }

    /// `DescribeOrderableReplicationInstances`: "the replication instance types that can be created in the specified region".
    async fn foresee(cx: &Cx<'_>, props: &Json) -> Result<Vec<(String, String)>, OpError> {
        const CALL: &str = "DescribeOrderableReplicationInstances";
        let Some(class) = props["ReplicationInstanceClass"].as_str() else { return Ok(Vec::new()) };
        let wanted = &props["EngineVersion"];
        let mut marker = None;
        loop {
            let call = cx.sdk.dms().describe_orderable_replication_instances().set_marker(marker);
            let answer = call.send().await.map_err(op(CALL))?;
            let offered = answer.orderable_replication_instances().iter().any(|offer| {
                let version = Json::from(offer.engine_version());
                offer.replication_instance_class() == Some(class)
                    && (wanted.is_null() || same_version(wanted, &version))
            });
            if offered {
                return Ok(Vec::new());
            }
            marker = answer.marker;
            if marker.is_none() {
                let version = wanted.as_str().map(|v| format!(" with engine {v}")).unwrap_or_default();
                return Ok(vec![(
                    "ReplicationInstanceClass".into(),
                    format!("DMS offers no {class}{version} here"),
                )]);
            }
        }
    }

    async fn news(
        cx: &Cx<'_>,
        _id: &PhysicalId,
        props: &Props,
        waited: std::time::Duration,
    ) -> Result<Vec<String>, OpError> {
        news::news(cx, props.name(), waited).await
    }

    async fn activity(cx: &Cx<'_>, id: &PhysicalId) -> Result<Option<Vec<Activity>>, OpError> {
        let users = users::of_instance(cx, id.as_str()).await?;
        users::working(cx, users).await.map(Some)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Live>, OpError> {
        by(cx, "replication-instance-arn", id.as_str()).await
    }

    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Live>, OpError> {
        let found = by(cx, "replication-instance-id", &props.name().to_lowercase()).await?;
        Ok(found.into_iter().collect())
    }

    fn object(_cx: &Cx<'_>, live: &Live) -> Created {
        let arn = live.replication_instance_arn().unwrap_or_default();
        Created { id: arn.into(), attributes: attributes(live) }
    }

    fn state(live: &Live) -> State {
        let status = live.replication_instance_status().unwrap_or_default();
        match status {
            "available" => State::Ready,
            "deleting" => State::Leaving(status.to_owned()),
            "deleted" | "failed" | "incompatible-credentials" | "incompatible-network" => {
                State::Failed(format!("the replication instance is {status}"))
            }
            _ => State::Pending(status.to_owned()),
        }
    }

    async fn tags(cx: &Cx<'_>, live: &Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.replication_instance_arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let mut props = Props::received(&live);
        let groups =
            live.vpc_security_groups().iter().filter_map(|group| group.vpc_security_group_id.clone());
        let mut groups: Vec<String> = groups.collect();
        groups.sort();
        props.VpcSecurityGroupIds = (!groups.is_empty()).then_some(groups);
        let last = live.replication_instance_arn().and_then(|arn| arn.rsplit(':').next());
        props.ResourceIdentifier = hint.ResourceIdentifier.as_ref().and(last.map(ToOwned::to_owned));
        // A permission for updates, not a state of the instance.
        props.AllowMajorVersionUpgrade = hint.AllowMajorVersionUpgrade;
        let group = live.replication_subnet_group;
        props.ReplicationSubnetGroupIdentifier =
            group.and_then(|group| group.replication_subnet_group_identifier);
        props.Tags = tags;
        Ok(props)
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateReplicationInstance";
        let call = crate::pass!(OP, cx.sdk.dms().create_replication_instance(), props => {
            set_allocated_storage: AllocatedStorage, set_auto_minor_version_upgrade: AutoMinorVersionUpgrade,
            set_availability_zone: AvailabilityZone, set_dns_name_servers: DnsNameServers,
            set_engine_version: EngineVersion, set_kms_key_id: KmsKeyId, set_multi_az: MultiAZ,
            set_network_type: NetworkType, set_preferred_maintenance_window: PreferredMaintenanceWindow,
            set_publicly_accessible: PubliclyAccessible, set_replication_instance_class: ReplicationInstanceClass,
            set_replication_instance_identifier: ReplicationInstanceIdentifier,
            set_replication_subnet_group_identifier: ReplicationSubnetGroupIdentifier,
            set_resource_identifier: ResourceIdentifier, set_vpc_security_group_ids: VpcSecurityGroupIds,
        });
        let call = call.set_tags(tags::create(cx, OP, props.Tags.as_ref())?);
        let answer = call.send().await.map_err(op(OP))?;
        let arn = answer.replication_instance().and_then(|instance| instance.replication_instance_arn());
        let arn = arn.ok_or_else(|| OpError::missing(OP, "the ARN"))?;
        // The addresses come later.
        Ok(Created { id: arn.into(), attributes: alike(&["Ref", "Id"], arn) })
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        let new = change.new;
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        if !change.any(MODIFIABLE) {
            return Ok(Progress::Done);
        }
        let live = look::<Self>(cx, id, new).await?;
        if let Some(status) = live.as_ref().and_then(|live| live.replication_instance_status())
            && status != "available"
        {
            return Ok(Progress::Again(format!("the replication instance is {status}")));
        }
        // DMS refuses a request that changes nothing about some members, so only changes are sent. An automatic upgrade
        // may have gone further than what is asked for now.
        let has = live.as_ref().and_then(Live::engine_version).unwrap_or_default();
        let ahead =
            new.EngineVersion.as_ref().is_some_and(|wanted| versions::is_later_minor(wanted, has, MAJOR));
        let sent = |property: &str| change.has(property) && !(ahead && property == "EngineVersion");
        if !MODIFIABLE.iter().any(|property| sent(property)) {
            return Ok(Progress::Done);
        }
        cx.sdk
            .dms()
            .modify_replication_instance()
            .replication_instance_arn(id.as_str())
            .apply_immediately(true)
            .set_allocated_storage(new.AllocatedStorage.filter(|_| sent("AllocatedStorage")))
            .allow_major_version_upgrade(new.AllowMajorVersionUpgrade.unwrap_or(false))
            .set_auto_minor_version_upgrade(
                sent("AutoMinorVersionUpgrade").then(|| new.AutoMinorVersionUpgrade.unwrap_or(true)),
            )
            .set_engine_version(new.EngineVersion.clone().filter(|_| sent("EngineVersion")))
            .set_multi_az(sent("MultiAZ").then(|| new.MultiAZ.unwrap_or(false)))
            .set_network_type(
                sent("NetworkType").then(|| new.NetworkType.clone().unwrap_or_else(|| "IPV4".into())),
            )
            .set_preferred_maintenance_window(
                new.PreferredMaintenanceWindow.clone().filter(|_| sent("PreferredMaintenanceWindow")),
            )
            .set_replication_instance_class(
                new.ReplicationInstanceClass.clone().filter(|_| sent("ReplicationInstanceClass")),
            )
            .set_replication_instance_identifier(
                new.ReplicationInstanceIdentifier.clone().filter(|_| sent("ReplicationInstanceIdentifier")),
            )
            .set_vpc_security_group_ids(
                new.VpcSecurityGroupIds.clone().filter(|_| sent("VpcSecurityGroupIds")),
            )
            .send()
            .await
            .map_err(op("ModifyReplicationInstance"))?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        let call = cx.sdk.dms().delete_replication_instance().replication_instance_arn(id.as_str());
        match call.send().await.map_err(op("DeleteReplicationInstance")) {
            // Refused because tasks remain, or because it is being deleted already.
            Err(error) if error.is(&[BUSY.code]) => leaving::<Self>(cx, id, props, error).await,
            answer => answer.map(|_| Progress::Done),
        }
    }
}
