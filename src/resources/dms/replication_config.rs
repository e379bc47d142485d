//! `AWS::DMS::ReplicationConfig`: a serverless replication.
//!
//! The type makes a configuration and keeps it as declared; starting the replication belongs to the migration. A
//! configuration can be modified while its replication is created, stopped or failed (AWS DMS User Guide, AWS DMS
//! Serverless components, "Modifying"). So an update stops what runs, modifies, waits until `modifying` has ended, and
//! resumes at the checkpoint; nothing is loaded again. A tag on the configuration says that it must run again: a crash in
//! between loses nothing.

use aws_sdk_databasemigration::types::{
    self, ComputeConfig as LiveCompute, MigrationTypeValue, Replication, ReplicationConfig as Live,
};
use serde_json::{Value as Json, json};

use super::{
    instance_rules::{same_key, same_set, same_text},
    moving,
    support::{ABSENT, BUSY, filter},
    tags::Tags,
    task_settings::{document, same_document, same_json, shown},
    users,
};
use crate::{
    aws::{OpError, Provision, op},
    ledger::Permit,
    model::{
        Activity, Attributes, Document, Facts, Identity, NameRule, PhysicalId, Tag, WaitPolicy,
        dynamic::is_dynamic,
    },
    resources::{
        Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare,
        described::pairs,
        mirror,
        tags::{self, Tagging},
    },
};

/// The type.
pub struct ReplicationConfig;

crate::props! {
    /// The properties.
    pub struct Props {
        ComputeConfig: ComputeConfig,
        ReplicationConfigIdentifier: String,
        ReplicationSettings: Json,
        ReplicationType: String,
        ResourceIdentifier: String,
        SourceEndpointArn: String,
        SupplementalSettings: Json,
        TableMappings: Json,
        Tags: Vec<Tag>,
        TargetEndpointArn: String,
    }
}

crate::mirrored! {
    /// The capacity, and where it is.
    pub struct ComputeConfig: types::ComputeConfig = types::ComputeConfig::builder().build() => {
        AvailabilityZone/availability_zone: String,
        DnsNameServers/dns_name_servers: String,
        KmsKeyId/kms_key_id: String,
        MaxCapacityUnits/max_capacity_units: i32,
        MinCapacityUnits/min_capacity_units: i32,
        MultiAZ/multi_az: bool,
        PreferredMaintenanceWindow/preferred_maintenance_window: String,
        ReplicationSubnetGroupId/replication_subnet_group_id: String,
        VpcSecurityGroupIds/vpc_security_group_ids: Vec<String>,
    }
}

/// Capacity units that DMS provisions (API Reference, ComputeConfig).
const CAPACITIES: &[i64] = &[1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384];

/// Members of `ComputeConfig` that DMS can set but not take away again.
const LASTING: &[&str] = &[
    "AvailabilityZone",
    "KmsKeyId",
    "PreferredMaintenanceWindow",
    "ReplicationSubnetGroupId",
    "VpcSecurityGroupIds",
];

impl Props {
    fn name(&self) -> &str {
        self.ReplicationConfigIdentifier.as_deref().unwrap_or_default()
    }
}

impl ComputeConfig {
    /// As the modify call takes it: what the template no longer has falls back to its default, where DMS takes one.
    fn whole(&self) -> Self {
        Self {
            MinCapacityUnits: self.MinCapacityUnits.or(Some(1)),
            MultiAZ: self.MultiAZ.or(Some(false)),
            DnsNameServers: self.DnsNameServers.clone().or_else(|| Some(String::new())),
            ..self.clone()
        }
    }
}

fn attributes(arn: &str) -> Attributes {
    Attributes::from([("Ref".into(), json!(arn)), ("ReplicationConfigArn".into(), json!(arn))])
}

const BY_ARN: &str = "replication-config-arn";
const BY_NAME: &str = "replication-config-id";

async fn get(cx: &Cx<'_>, by: &str, value: &str) -> Result<Option<Live>, OpError> {
    const CALL: &str = "DescribeReplicationConfigs";
    let call = cx.sdk.dms().describe_replication_configs().filters(filter(CALL, by, value)?);
    match call.send().await.map_err(op(CALL)) {
        Ok(answer) => Ok(answer.replication_configs.unwrap_or_default().into_iter().next()),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What the configuration's replication does.
async fn replication(cx: &Cx<'_>, arn: &str) -> Result<Option<Replication>, OpError> {
    const CALL: &str = "DescribeReplications";
    let call = cx.sdk.dms().describe_replications().filters(filter(CALL, BY_ARN, arn)?);
    match call.send().await.map_err(op(CALL)) {
        Ok(answer) => Ok(answer.replications.unwrap_or_default().into_iter().next()),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Members of two capacities as they compare. A member that only one side has differs, unless it is DMS's default.
fn same_compute(desired: &Json, recorded: &Json) -> bool {
    let (Some(left), Some(right)) = (desired.as_object(), recorded.as_object()) else {
        return desired == recorded;
    };
    let default = |name: &str| match name {
        "MinCapacityUnits" => json!(1),
        "MultiAZ" => json!(false),
        "DnsNameServers" => json!(""),
        _ => Json::Null,
    };
    left.keys().chain(right.keys()).all(|name| {
        let of =
            |side: &serde_json::Map<String, Json>| side.get(name).cloned().unwrap_or_else(|| default(name));
        let (a, b) = (of(left), of(right));
        match name.as_str() {
            "KmsKeyId" => same_key(&a, &b),
            "PreferredMaintenanceWindow" | "ReplicationSubnetGroupId" => same_text(&a, &b),
            "VpcSecurityGroupIds" => same_set(&a, &b),
            _ => compare::same(ReplicationConfig::FACTS.kind, "ComputeConfig", &a, &b),
        }
    })
}

/// The members that `hint` sets: what nobody set is DMS's own business.
fn declared(live: &LiveCompute, hint: &ComputeConfig) -> ComputeConfig {
    let live: ComputeConfig = mirror::Mirror::receive(live);
    let keep = |live: Option<String>, set: bool| live.filter(|text| set && !text.is_empty());
    ComputeConfig {
        AvailabilityZone: keep(live.AvailabilityZone, hint.AvailabilityZone.is_some()),
        DnsNameServers: keep(live.DnsNameServers, hint.DnsNameServers.is_some()),
        KmsKeyId: keep(live.KmsKeyId, hint.KmsKeyId.is_some()),
        MaxCapacityUnits: live.MaxCapacityUnits,
        MinCapacityUnits: live
            .MinCapacityUnits
            .filter(|units| hint.MinCapacityUnits.is_some() || *units != 1),
        MultiAZ: live.MultiAZ.filter(|both| hint.MultiAZ.is_some() || *both),
        PreferredMaintenanceWindow: keep(
            live.PreferredMaintenanceWindow,
            hint.PreferredMaintenanceWindow.is_some(),
        ),
        ReplicationSubnetGroupId: keep(
            live.ReplicationSubnetGroupId,
            hint.ReplicationSubnetGroupId.is_some(),
        ),
        VpcSecurityGroupIds: live.VpcSecurityGroupIds.filter(|_| hint.VpcSecurityGroupIds.is_some()),
    }
}

/// What of the properties the live configuration does not have yet.
#[derive(Debug, Default, PartialEq)]
struct Gap {
    name: bool,
    compute: bool,
    settings: bool,
    supplement: bool,
    mappings: bool,
    kind: bool,
    source: bool,
    target: bool,
}

impl Gap {
    fn between(live: &Live, new: &Props) -> Self {
        let text = |wanted: &Option<String>, live: Option<&str>| {
            wanted.as_ref().is_some_and(|text| live != Some(text))
        };
        let json = |wanted: &Option<Json>, live: Option<&str>| {
            wanted.as_ref().is_some_and(|wanted| !same_json(&document(wanted), live.unwrap_or_default()))
        };
        let settings = live.replication_settings().unwrap_or_default();
        Self {
            name: !new.name().eq_ignore_ascii_case(live.replication_config_identifier().unwrap_or_default()),
            compute: new.ComputeConfig.as_ref().is_some_and(|wanted| {
                let has = live.compute_config().map(|live| declared(live, wanted)).unwrap_or_default();
                !same_compute(&json!(wanted), &json!(has))
            }),
            settings: new.ReplicationSettings.as_ref().is_some_and(|wanted| {
                let wanted = document(wanted);
                !same_json(&wanted, &shown(settings, &wanted))
            }),
            supplement: json(&new.SupplementalSettings, live.supplemental_settings()),
            mappings: json(&new.TableMappings, live.table_mappings()),
            kind: text(&new.ReplicationType, live.replication_type().map(MigrationTypeValue::as_str)),
            source: text(&new.SourceEndpointArn, live.source_endpoint_arn()),
            target: text(&new.TargetEndpointArn, live.target_endpoint_arn()),
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

async fn modify(cx: &Cx<'_>, arn: &str, gap: &Gap, new: &Props) -> Result<(), OpError> {
    const CALL: &str = "ModifyReplicationConfig";
    let text = |wanted: bool, value: &Option<String>| value.clone().filter(|_| wanted);
    let json = |wanted: bool, value: &Option<Json>| value.as_ref().filter(|_| wanted).map(document);
    let compute = new.ComputeConfig.as_ref().filter(|_| gap.compute).map(ComputeConfig::whole);
    cx.sdk
        .dms()
        .modify_replication_config()
        .replication_config_arn(arn)
        .set_replication_config_identifier(text(gap.name, &new.ReplicationConfigIdentifier))
        .set_compute_config(mirror::sent(CALL, compute.as_ref())?)
        .set_replication_settings(json(gap.settings, &new.ReplicationSettings))
        .set_supplemental_settings(json(gap.supplement, &new.SupplementalSettings))
        .set_table_mappings(json(gap.mappings, &new.TableMappings))
        .set_replication_type(text(gap.kind, &new.ReplicationType).as_deref().map(MigrationTypeValue::from))
        .set_source_endpoint_arn(text(gap.source, &new.SourceEndpointArn))
        .set_target_endpoint_arn(text(gap.target, &new.TargetEndpointArn))
        .send()
        .await
        .map(drop)
        .map_err(op(CALL))
}

/// What a replication says of itself, failures first.
fn said(live: &Replication) -> Vec<String> {
    let mut all = live.failure_messages().to_vec();
    let failed = live.premigration_assessment_statuses().iter().filter(|one| one.status() == Some("failed"));
    all.extend(failed.map(|one| {
        let why = one.last_failure_message().unwrap_or("see its report");
        format!("the premigration assessment failed: {why}")
    }));
    all.extend(live.stop_reason().map(ToOwned::to_owned));
    if let Some(data) = live.provision_data() {
        all.push(format!("capacity: {}", Provision::from(data).words()));
    }
    all
}

/// What a failed replication says of its failure.
fn why(live: &Replication) -> String {
    let all = live.failure_messages();
    if all.is_empty() { live.stop_reason().unwrap_or("no reason given").to_owned() } else { all.join("; ") }
}

impl ResourceType for ReplicationConfig {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule {
            property: "ReplicationConfigIdentifier",
            max: 255,
            lower: true,
            separator: '-',
        }),
        early: &["Ref", "ReplicationConfigArn"],
        // Created, it does nothing. The deadline is for changes: a resumed replication gets its capacity anew, which takes
        // up to 20 minutes, and one that was just started takes 40 to run, before it can be stopped.
        ready: Some(WaitPolicy::secs(2, 10, 7_200)),
        gone: Some(WaitPolicy::secs(60, 10, 3_600)),
        held_by_users: true,
        retry_delete: &[BUSY],
        documents: &[
            ("ReplicationSettings", Document::TaskSettings),
            ("TableMappings", Document::TableMappings),
            ("SupplementalSettings", Document::Json),
        ],
        replicates: true,
        // It connects to both databases, though only once it is started.
        connects: true,
        absent: ABSENT,
        iam: &[
            "dms:AddTagsToResource",
            "dms:CreateReplicationConfig",
            "dms:DeleteReplicationConfig",
            "dms:DescribeReplicationConfigs",
            "dms:DescribeReplications",
            "dms:ListTagsForResource",
            "dms:ModifyReplicationConfig",
            "dms:RemoveTagsFromResource",
            "dms:StartReplication",
            "dms:StopReplication",
            // DMS makes its service-linked role with the first configuration of an account (the published schema).
            "iam:CreateServiceLinkedRole",
        ],
        leaves_interfaces: Some(std::time::Duration::from_secs(12 * 60)),
        ..Facts::new("AWS::DMS::ReplicationConfig", "dms")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            "ReplicationConfigIdentifier" => same_text(desired, recorded),
            "ReplicationSettings" | "SupplementalSettings" | "TableMappings" => {
                same_document(desired, recorded)
            }
            "ComputeConfig" => same_compute(desired, recorded),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    /// DMS keeps what was set: leaving it out again would change nothing, and a new configuration would load everything
    /// again.
    fn refused(change: &Change<'_, Props>) -> Vec<(String, String)> {
        let (old, new) = (change.old, change.new);
        let mut problems = Vec::new();
        for (property, gone) in [
            ("ReplicationSettings", old.ReplicationSettings.is_some() && new.ReplicationSettings.is_none()),
            (
                "SupplementalSettings",
                old.SupplementalSettings.is_some() && new.SupplementalSettings.is_none(),
            ),
        ] {
            if gone {
                let why = "DMS keeps settings that are left out: set them to what they are to be";
                problems.push((property.to_owned(), why.to_owned()));
            }
        }
        let members = |props: &Props| json!(props.ComputeConfig);
        let (before, after) = (members(old), members(new));
        for name in LASTING {
            let both = *name == "AvailabilityZone" && after["MultiAZ"] == true;
            if !before[*name].is_null() && after[*name].is_null() && !both {
                let why = format!("DMS keeps {name} when it is left out: set it to what it is to be");
                problems.push(("ComputeConfig".to_owned(), why));
            }
        }
        problems
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        for property in ["TableMappings", "ReplicationSettings", "SupplementalSettings"] {
            if let Some(text) = props[property].as_str()
                && let Err(error) = serde_json::from_str::<Json>(text)
                && !is_dynamic(text)
            {
                problems.push((property.to_owned(), format!("no valid JSON: {error}")));
            }
        }
        let compute = &props["ComputeConfig"];
        let units = |name: &str| {
            let value = &compute[name];
            value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()))
        };
        for name in ["MinCapacityUnits", "MaxCapacityUnits"] {
            if let Some(given) = units(name)
                && !CAPACITIES.contains(&given)
            {
                let all: Vec<String> = CAPACITIES.iter().map(ToString::to_string).collect();
                let why = format!("{name} is {given}; DMS provisions {} capacity units", all.join(", "));
                problems.push(("ComputeConfig".into(), why));
            }
        }
        if let (Some(least), Some(most)) = (units("MinCapacityUnits"), units("MaxCapacityUnits"))
            && least > most
        {
            let why = format!("MinCapacityUnits ({least}) is more than MaxCapacityUnits ({most})");
            problems.push(("ComputeConfig".into(), why));
        }
        if compute["MultiAZ"] == true && !compute["AvailabilityZone"].is_null() {
            let why = "DMS chooses the zones with MultiAZ: leave AvailabilityZone out";
            problems.push(("ComputeConfig".into(), why.into()));
        }
        if compute["DnsNameServers"].as_str().is_some_and(|list| list.split(',').count() > 4) {
            problems.push(("ComputeConfig".into(), "DnsNameServers takes up to four addresses".into()));
        }
        problems
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(live) = get(cx, BY_NAME, &props.name().to_lowercase()).await? else { return Ok(None) };
        let Some(arn) = live.replication_config_arn() else { return Ok(None) };
        let status = replication(cx, arn).await?;
        if status.as_ref().and_then(Replication::status) == Some("deleting") {
            return Ok(None);
        }
        let ownership = cx.owns(pairs(&Tags::any(cx, arn).await?));
        Ok(Some(Found { id: arn.into(), attributes: attributes(arn), ownership }))
    }

    async fn activity(cx: &Cx<'_>, id: &PhysicalId) -> Result<Option<Vec<Activity>>, OpError> {
        let Some(live) = replication(cx, id.as_str()).await? else { return Ok(None) };
        Ok(Some(vec![users::owed(cx, id.as_str(), users::of_serverless(&live)).await?]))
    }

    /// DMS's events of serverless replications go to EventBridge only (DescribeEvents knows instances and tasks): what it says
    /// of a failure, of its capacity and of the assessment stands in its description.
    async fn news(
        cx: &Cx<'_>,
        id: &PhysicalId,
        _props: &Props,
        _waited: std::time::Duration,
    ) -> Result<Vec<String>, OpError> {
        Ok(replication(cx, id.as_str()).await?.map(|live| said(&live)).unwrap_or_default())
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        let live = replication(cx, id.as_str()).await?;
        let status = live.as_ref().and_then(Replication::status).unwrap_or("absent").to_owned();
        Ok(match (live, goal) {
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
            (Some(_), Goal::Ready) => match status.as_str() {
                "modifying" | "creating" => Probe::Pending(status),
                "deleting" => Probe::Failed(format!("the serverless replication is {status}")),
                // Whether it runs, and how well, is the migration's business.
                _ => Probe::Reached(attributes(id.as_str())),
            },
            _ => Probe::Pending(status),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(live) = get(cx, BY_ARN, id.as_str()).await? else { return Ok(None) };
        let status = replication(cx, id.as_str()).await?;
        if status.as_ref().and_then(Replication::status) == Some("deleting") {
            return Ok(None);
        }
        let tags = cx.own_tags(pairs(&Tags::any(cx, id.as_str()).await?));
        let last = id.as_str().rsplit(':').next().map(ToOwned::to_owned);
        let settings = match (&live.replication_settings, &hint.ReplicationSettings) {
            (Some(whole), Some(sent)) => Some(json!(shown(whole, &document(sent)))),
            _ => None,
        };
        let bare = ComputeConfig::default();
        let compute = live
            .compute_config()
            .map(|compute| declared(compute, hint.ComputeConfig.as_ref().unwrap_or(&bare)));
        Ok(Some(Props {
            ComputeConfig: compute,
            ReplicationConfigIdentifier: live.replication_config_identifier,
            ReplicationSettings: settings,
            ReplicationType: live.replication_type.map(|kind| kind.as_str().to_owned()),
            ResourceIdentifier: hint.ResourceIdentifier.as_ref().and(last),
            SourceEndpointArn: live.source_endpoint_arn,
            SupplementalSettings: hint
                .SupplementalSettings
                .as_ref()
                .and(live.supplemental_settings)
                .map(|text| json!(text)),
            TableMappings: live.table_mappings.map(|text| json!(text)),
            Tags: tags,
            TargetEndpointArn: live.target_endpoint_arn,
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const CALL: &str = "CreateReplicationConfig";
        let answer = cx
            .sdk
            .dms()
            .create_replication_config()
            .replication_config_identifier(props.name())
            .set_compute_config(mirror::sent(CALL, props.ComputeConfig.as_ref())?)
            .set_replication_settings(props.ReplicationSettings.as_ref().map(document))
            .set_replication_type(props.ReplicationType.as_deref().map(MigrationTypeValue::from))
            .set_resource_identifier(props.ResourceIdentifier.clone())
            .set_source_endpoint_arn(props.SourceEndpointArn.clone())
            .set_supplemental_settings(props.SupplementalSettings.as_ref().map(document))
            .set_table_mappings(props.TableMappings.as_ref().map(document))
            .set_target_endpoint_arn(props.TargetEndpointArn.clone())
            .set_tags(tags::create(cx, CALL, props.Tags.as_ref())?)
            .send()
            .await
            .map_err(op(CALL))?;
        let arn = answer.replication_config().and_then(|config| config.replication_config_arn());
        let arn = arn.ok_or_else(|| OpError::missing(CALL, "the ARN"))?;
        Ok(Created { id: arn.into(), attributes: attributes(arn) })
    }

    /// Each call looks at what is there and takes the next step; the order is stop, modify, resume.
    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let (arn, new) = (id.as_str(), change.new);
        if change.has("Tags") {
            Tags::change(cx, arn, change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        }
        let (live, run) = (get(cx, BY_ARN, arn).await?, replication(cx, arn).await?);
        let (Some(live), Some(run)) = (live, run) else {
            return Err(OpError::not_sent("ModifyReplicationConfig", "the replication config is gone"));
        };
        let gap = Gap::between(&live, new);
        let status = run.status().unwrap_or_default();
        // DMS refuses it then ("You can only modify replication configs before provisioning capacity"), and only when the
        // replication was stopped: it is told before anything is.
        if gap.kind && run.provision_data().is_some() {
            let why = "DMS changes the type of a serverless replication only before its capacity is provisioned for the first \
                       time; `migrate up --replace ADDRESS` makes a new configuration, which loads everything again";
            return Err(OpError::not_sent(
                "ModifyReplicationConfig",
                why.replace("ADDRESS", cx.address.as_str()),
            ));
        }
        match status {
            "running" if gap.is_empty() => {
                if moving::is_marked(cx, arn).await? {
                    moving::unmark(cx, arn).await?;
                }
                Ok(Progress::Done)
            }
            // A full load cannot be resumed half-way (API Reference, StartReplication), and ends by itself.
            "running" if run.replication_type() == Some(&MigrationTypeValue::FullLoad) => {
                Ok(Progress::Again("the full load runs; the change waits for its end".into()))
            }
            "running" => {
                moving::mark(cx, arn).await?;
                moving::stop(cx, arn).await?;
                Ok(Progress::Again("stopping the serverless replication".into()))
            }
            "created" | "stopped" | "failed" if !gap.is_empty() => {
                modify(cx, arn, &gap, new).await?;
                Ok(Progress::Again("modifying the serverless replication".into()))
            }
            "stopped" if moving::is_marked(cx, arn).await? => {
                moving::resume(cx, arn).await?;
                Ok(Progress::Again("resuming the serverless replication at its checkpoint".into()))
            }
            "failed" if moving::is_marked(cx, arn).await? => {
                moving::unmark(cx, arn).await?;
                let why = format!(
                    "the configuration is changed, but the serverless replication failed when it was resumed: {}. Correct \
                     it, then: `migrate replicate resume`",
                    why(&run)
                );
                Err(OpError::not_sent("StartReplication", why))
            }
            "created" | "stopped" | "failed" => Ok(Progress::Done),
            // Nothing is to be changed, and nobody waits for it.
            _ if gap.is_empty() && status != "modifying" && !moving::is_marked(cx, arn).await? => {
                Ok(Progress::Done)
            }
            _ => Ok(Progress::Again(format!("the serverless replication is {status}"))),
        }
    }

    /// It has to be stopped, and its capacity deprovisioned, before it can go.
    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        const CALL: &str = "DeleteReplicationConfig";
        let arn = id.as_str();
        let Some(run) = replication(cx, arn).await? else { return Ok(Progress::Absent) };
        let provisioned = run.provision_data().and_then(|data| data.provision_state()).unwrap_or_default();
        match run.status().unwrap_or_default() {
            "deleting" => Ok(Progress::Done),
            "running" => {
                moving::stop(cx, arn).await?;
                Ok(Progress::Again("stopping the serverless replication".into()))
            }
            "created" | "stopped" | "failed" => {
                let call = cx.sdk.dms().delete_replication_config().replication_config_arn(arn);
                match call.send().await.map_err(op(CALL)) {
                    // AWS documents no state of the capacity for this; it has been seen to refuse until it is gone.
                    Err(error) if error.is(&[BUSY.code]) && !provisioned.is_empty() => {
                        Ok(Progress::Again(format!("the serverless capacity is {provisioned}")))
                    }
                    answer => answer.map(|_| Progress::Done),
                }
            }
            status => Ok(Progress::Again(format!("the serverless replication is {status}"))),
        }
    }
}
