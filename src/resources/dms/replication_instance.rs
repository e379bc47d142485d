//! `AWS::DMS::ReplicationInstance`.

use aws_sdk_databasemigration::types::ReplicationInstance as Live;
use serde_json::{Value as Json, json};

use super::{
    instance_rules::{same_key, same_set, same_text, same_version},
    support::{ABSENT, BUSY, ROLE, filter, ownership, pairs, retag, tags, tags_of},
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    props,
    resources::{
        Attributes, Change, Created, Cx, Facts, Found, Goal, Identity, NameRule, PhysicalId, Probe, Progress,
        ResourceType, WaitPolicy, compare, shape::Tag, versions,
    },
};

/// The type.
pub struct ReplicationInstance;

props! {
    /// The properties.
    pub struct Props {
        AllocatedStorage: i32,
        AllowMajorVersionUpgrade: bool,
        AutoMinorVersionUpgrade: bool,
        AvailabilityZone: String,
        DnsNameServers: String,
        EngineVersion: String,
        KmsKeyId: String,
        MultiAZ: bool,
        NetworkType: String,
        PreferredMaintenanceWindow: String,
        PubliclyAccessible: bool,
        ReplicationInstanceClass: String,
        ReplicationInstanceIdentifier: String,
        ReplicationSubnetGroupIdentifier: String,
        ResourceIdentifier: String,
        Tags: Vec<Tag>,
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

async fn get(cx: &Cx<'_>, by: &str, value: &str) -> Result<Option<Live>, OpError> {
    const CALL: &str = "DescribeReplicationInstances";
    let filter = filter(CALL, by, value)?;
    match cx.sdk.dms().describe_replication_instances().filters(filter).send().await.map_err(op(CALL)) {
        Ok(answer) => Ok(answer.replication_instances.unwrap_or_default().into_iter().next()),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

const BY_ARN: &str = "replication-instance-arn";
const BY_NAME: &str = "replication-instance-id";

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

impl ResourceType for ReplicationInstance {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule {
            property: "ReplicationInstanceIdentifier",
            max: 63,
            lower: true,
            separator: '-',
        }),
        ready: Some(WaitPolicy::secs(360, 15, 3_600)),
        gone: Some(WaitPolicy::secs(180, 10, 3_600)),
        retry: &[ROLE],
        held_by_users: true,
        retry_delete: &[BUSY],
        iam: &[
            "dms:AddTagsToResource",
            "dms:CreateReplicationInstance",
            "dms:DeleteReplicationInstance",
            "dms:DescribeOrderableReplicationInstances",
            "dms:DescribeReplicationInstances",
            "dms:ListTagsForResource",
            "dms:ModifyReplicationInstance",
            "dms:RemoveTagsFromResource",
        ],
        ..Facts::new(
            "AWS::DMS::ReplicationInstance",
            "dms",
            include_str!("../../schema/types/aws-dms-replicationinstance.json"),
        )
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

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(instance) = get(cx, BY_NAME, &props.name().to_lowercase()).await? else { return Ok(None) };
        let Some(arn) = instance.replication_instance_arn() else { return Ok(None) };
        if instance.replication_instance_status() == Some("deleting") {
            return Ok(None);
        }
        let ownership = ownership(cx, arn).await?;
        Ok(Some(Found { id: arn.into(), attributes: attributes(&instance), ownership }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let instance = get(cx, BY_ARN, id.as_str()).await?;
        let status =
            instance.as_ref().and_then(|i| i.replication_instance_status()).unwrap_or("absent").to_owned();
        Ok(match (instance, goal) {
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
            (None, Goal::Ready) => Probe::Pending(status),
            (Some(_), Goal::Gone) => Probe::Pending(status),
            (Some(instance), Goal::Ready) => match status.as_str() {
                "available" => Probe::Reached(attributes(&instance)),
                "deleting" | "deleted" | "failed" | "incompatible-credentials" | "incompatible-network" => {
                    Probe::Failed(format!("the replication instance is {status}"))
                }
                _ => Probe::Pending(status),
            },
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(live) = get(cx, BY_ARN, id.as_str()).await? else { return Ok(None) };
        if live.replication_instance_status() == Some("deleting") {
            return Ok(None);
        }
        let mut groups: Vec<String> = live
            .vpc_security_groups()
            .iter()
            .filter_map(|group| group.vpc_security_group_id().map(ToOwned::to_owned))
            .collect();
        groups.sort();
        let tags = cx.own_tags(pairs(&tags_of(cx, id.as_str()).await?));
        let last = id.as_str().rsplit(':').next().map(ToOwned::to_owned);
        let group = live.replication_subnet_group.and_then(|group| group.replication_subnet_group_identifier);
        Ok(Some(Props {
            AllocatedStorage: Some(live.allocated_storage),
            // A permission for updates, not a state of the instance.
            AllowMajorVersionUpgrade: hint.AllowMajorVersionUpgrade,
            AutoMinorVersionUpgrade: Some(live.auto_minor_version_upgrade),
            AvailabilityZone: live.availability_zone,
            DnsNameServers: live.dns_name_servers,
            EngineVersion: live.engine_version,
            KmsKeyId: live.kms_key_id,
            MultiAZ: Some(live.multi_az),
            NetworkType: live.network_type,
            PreferredMaintenanceWindow: live.preferred_maintenance_window,
            PubliclyAccessible: Some(live.publicly_accessible),
            ReplicationInstanceClass: live.replication_instance_class,
            ReplicationInstanceIdentifier: live.replication_instance_identifier,
            ReplicationSubnetGroupIdentifier: group,
            ResourceIdentifier: hint.ResourceIdentifier.as_ref().and(last),
            Tags: tags,
            VpcSecurityGroupIds: (!groups.is_empty()).then_some(groups),
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let answer = cx
            .sdk
            .dms()
            .create_replication_instance()
            .set_allocated_storage(props.AllocatedStorage)
            .set_auto_minor_version_upgrade(props.AutoMinorVersionUpgrade)
            .set_availability_zone(props.AvailabilityZone.clone())
            .set_dns_name_servers(props.DnsNameServers.clone())
            .set_engine_version(props.EngineVersion.clone())
            .set_kms_key_id(props.KmsKeyId.clone())
            .set_multi_az(props.MultiAZ)
            .set_network_type(props.NetworkType.clone())
            .set_preferred_maintenance_window(props.PreferredMaintenanceWindow.clone())
            .set_publicly_accessible(props.PubliclyAccessible)
            .set_replication_instance_class(props.ReplicationInstanceClass.clone())
            .replication_instance_identifier(props.name())
            .set_replication_subnet_group_identifier(props.ReplicationSubnetGroupIdentifier.clone())
            .set_resource_identifier(props.ResourceIdentifier.clone())
            .set_vpc_security_group_ids(props.VpcSecurityGroupIds.clone())
            .set_tags(Some(tags(&cx.tags(props.Tags.as_ref()))))
            .send()
            .await
            .map_err(op("CreateReplicationInstance"))?;
        let arn = answer.replication_instance().and_then(|instance| instance.replication_instance_arn());
        let arn = arn.ok_or_else(|| OpError::missing("CreateReplicationInstance", "the ARN"))?;
        // The addresses come later.
        let known = [("Ref".into(), json!(arn)), ("Id".into(), json!(arn))];
        Ok(Created { id: arn.into(), attributes: Attributes::from(known) })
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let new = change.new;
        retag(cx, id.as_str(), change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        if !MODIFIABLE.iter().any(|property| change.has(property)) {
            return Ok(Progress::Done);
        }
        let live = get(cx, BY_ARN, id.as_str()).await?;
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

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.dms().delete_replication_instance().replication_instance_arn(id.as_str());
        match call.send().await.map_err(op("DeleteReplicationInstance")) {
            Ok(_) => Ok(Progress::Done),
            Err(error) if error.is(ABSENT) => Ok(Progress::Done),
            // Refused because tasks remain, or because it is being deleted already.
            Err(error) if error.is(&["InvalidResourceStateFault"]) => {
                match get(cx, BY_ARN, id.as_str()).await? {
                    None => Ok(Progress::Done),
                    Some(live) if live.replication_instance_status() == Some("deleting") => {
                        Ok(Progress::Done)
                    }
                    Some(_) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }
}
