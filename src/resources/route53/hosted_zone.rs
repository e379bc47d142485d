//! `AWS::Route53::HostedZone`.

use aws_sdk_route53::{operation::get_hosted_zone::GetHostedZoneOutput, types as sdk};
use serde_json::{Value as Json, json};

use super::common::{bare, change_tags, domain, ours, reference, tags};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, Once, Ownership, PhysicalId, Tag},
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare},
};

crate::props! {
    /// A hosted zone.
    pub struct HostedZoneProps {
        DelegationSetId: String,
        HostedZoneConfig: ZoneConfig,
        HostedZoneFeatures: ZoneFeatures,
        HostedZoneTags: Vec<Tag>,
        Name: String,
        QueryLoggingConfig: QueryLogging,
        VPCs: Vec<Vpc>,
    }
    /// The comment.
    pub struct ZoneConfig { Comment: String }
    /// Optional features.
    pub struct ZoneFeatures { EnableAcceleratedRecovery: bool }
    /// Where queries are logged.
    pub struct QueryLogging { CloudWatchLogsLogGroupArn: String }
    /// A VPC that sees a private zone.
    pub struct Vpc { VPCId: String, VPCRegion: String }
}

/// `AWS::Route53::HostedZone`: all properties are implemented. Zone names are not unique, so the zone is known
/// by the reference it was created with. Its first VPC comes with the create call, the others afterwards.
pub struct HostedZone;

const ABSENT: &[&str] = &["NoSuchHostedZone"];
const TAGGED: sdk::TagResourceType = sdk::TagResourceType::Hostedzone;

fn attributes(id: &str, servers: &[String]) -> Attributes {
    Attributes::from([
        ("Ref".to_owned(), json!(id)),
        ("Id".to_owned(), json!(id)),
        // A private zone has none that anybody could ask.
        ("NameServers".to_owned(), json!(servers)),
    ])
}

fn vpcs(props: &HostedZoneProps) -> &[Vpc] {
    props.VPCs.as_deref().unwrap_or_default()
}

fn vpc(of: &Vpc) -> sdk::Vpc {
    sdk::Vpc::builder()
        .set_vpc_id(of.VPCId.clone())
        .set_vpc_region(of.VPCRegion.as_deref().map(sdk::VpcRegion::from))
        .build()
}

async fn live(cx: &Cx<'_>, id: &str) -> Result<Option<GetHostedZoneOutput>, OpError> {
    match cx.sdk.route53().get_hosted_zone().id(id).send().await.map_err(op("GetHostedZone")) {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Associates what is missing, then takes away what is not wanted: a private zone always keeps one VPC.
async fn set_vpcs(cx: &Cx<'_>, id: &str, wanted: &[Vpc], only_add: bool) -> Result<(), OpError> {
    let Some(zone) = live(cx, id).await? else { return Ok(()) };
    let there = |vpc: &&Vpc| zone.vpcs().iter().any(|live| live.vpc_id == vpc.VPCId);
    for one in wanted.iter().filter(|vpc| !there(vpc)) {
        let call = cx.sdk.route53().associate_vpc_with_hosted_zone().hosted_zone_id(id).vpc(vpc(one));
        call.send().await.map_err(op("AssociateVPCWithHostedZone"))?;
    }
    if only_add {
        return Ok(());
    }
    for one in zone.vpcs().iter().filter(|live| !wanted.iter().any(|vpc| vpc.VPCId == live.vpc_id)) {
        let call = cx.sdk.route53().disassociate_vpc_from_hosted_zone().hosted_zone_id(id).vpc(one.clone());
        call.send().await.map_err(op("DisassociateVPCFromHostedZone"))?;
    }
    Ok(())
}

async fn logging(cx: &Cx<'_>, id: &str) -> Result<Option<sdk::QueryLoggingConfig>, OpError> {
    let call = cx.sdk.route53().list_query_logging_configs().hosted_zone_id(id);
    let answer = call.send().await.map_err(op("ListQueryLoggingConfigs"))?;
    Ok(answer.query_logging_configs.into_iter().next())
}

/// A logging configuration cannot be changed, only replaced.
async fn set_logging(cx: &Cx<'_>, id: &str, wanted: Option<&QueryLogging>) -> Result<(), OpError> {
    let wanted = wanted.and_then(|logging| logging.CloudWatchLogsLogGroupArn.as_deref());
    let now = logging(cx, id).await?;
    if now.as_ref().map(|logging| logging.cloud_watch_logs_log_group_arn.as_str()) == wanted {
        return Ok(());
    }
    if let Some(now) = now {
        let gone = cx.sdk.route53().delete_query_logging_config().id(now.id).send().await;
        match gone.map_err(op("DeleteQueryLoggingConfig")) {
            Err(error) if !error.is(&["NoSuchQueryLoggingConfig"]) => return Err(error),
            _ => {}
        }
    }
    if let Some(arn) = wanted {
        let call = cx
            .sdk
            .route53()
            .create_query_logging_config()
            .hosted_zone_id(id)
            .cloud_watch_logs_log_group_arn(arn);
        call.send().await.map_err(op("CreateQueryLoggingConfig"))?;
    }
    Ok(())
}

async fn set_features(cx: &Cx<'_>, id: &str, wanted: Option<&ZoneFeatures>) -> Result<(), OpError> {
    let on = wanted.and_then(|features| features.EnableAcceleratedRecovery).unwrap_or(false);
    let call =
        cx.sdk.route53().update_hosted_zone_features().hosted_zone_id(id).enable_accelerated_recovery(on);
    call.send().await.map_err(op("UpdateHostedZoneFeatures"))?;
    Ok(())
}

impl ResourceType for HostedZone {
    type Props = HostedZoneProps;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        configures: true,
        early: &["Ref", "Id", "NameServers"],
        absent: ABSENT,
        iam: &[
            "route53:CreateHostedZone",
            "route53:DeleteHostedZone",
            "route53:GetHostedZone",
            "route53:ListHostedZonesByName",
            "route53:UpdateHostedZoneComment",
            "route53:UpdateHostedZoneFeatures",
            "route53:AssociateVPCWithHostedZone",
            "route53:DisassociateVPCFromHostedZone",
            "route53:CreateQueryLoggingConfig",
            "route53:DeleteQueryLoggingConfig",
            "route53:ListQueryLoggingConfigs",
            "route53:ChangeTagsForResource",
            "route53:ListTagsForResource",
        ],
        global: true,
        // CreateHostedZone: several public zones may have one name; ConflictingDomainExists for private zones of one
        // name in one VPC.
        once: Some(&[Once::Each("VPCs.VPCId", &["Name"])]),
        ..Facts::new("AWS::Route53::HostedZone", "route53")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match (property, desired.as_str(), recorded.as_str()) {
            ("Name", Some(a), Some(b)) => domain(a) == domain(b),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    /// A public zone never becomes private, nor the other way round.
    fn replaces(change: &Change<'_, Self::Props>) -> Vec<String> {
        let mut names = compare::create_only(Self::FACTS.kind, change.changed);
        if change.has("VPCs") && vpcs(change.old).is_empty() != vpcs(change.new).is_empty() {
            names.push("VPCs".into());
        }
        names
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let private = props["VPCs"].as_array().is_some_and(|vpcs| !vpcs.is_empty());
        let mut problems = Vec::new();
        for (property, what) in [
            ("QueryLoggingConfig", "queries of private zones are logged by the Resolver, not by the zone"),
            ("DelegationSetId", "a private zone has no delegation set"),
        ] {
            if private && !props[property].is_null() {
                problems.push((property.to_owned(), what.to_owned()));
            }
        }
        problems
    }

    async fn find(cx: &Cx<'_>, props: &Self::Props) -> Result<Option<Found>, OpError> {
        let wanted = domain(props.Name.as_deref().unwrap_or_default());
        let (mut name, mut after) = (Some(wanted.clone()), None);
        loop {
            let call =
                cx.sdk.route53().list_hosted_zones_by_name().set_dns_name(name).set_hosted_zone_id(after);
            let page = call.send().await.map_err(op("ListHostedZonesByName"))?;
            for zone in &page.hosted_zones {
                if domain(&zone.name) != wanted {
                    return Ok(None);
                }
                if ours(cx, &zone.caller_reference) {
                    let id = bare(&zone.id);
                    // This answer does not tell the name servers: a probe reads them.
                    let known = [("Ref".to_owned(), json!(id)), ("Id".to_owned(), json!(id))];
                    return Ok(Some(Found {
                        id: id.into(),
                        attributes: Attributes::from(known),
                        ownership: Ownership::Ours,
                    }));
                }
            }
            if !page.is_truncated {
                return Ok(None);
            }
            (name, after) = (page.next_dns_name, page.next_hosted_zone_id);
        }
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Self::Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(match (goal, live(cx, id.as_str()).await?) {
            (Goal::Ready, Some(zone)) => {
                let servers = zone.delegation_set.map(|set| set.name_servers).unwrap_or_default();
                Probe::Reached(attributes(id.as_str(), &servers))
            }
            (Goal::Ready, None) => Probe::Pending("not seen yet".into()),
            (Goal::Gone, Some(_)) => Probe::Pending("still there".into()),
            (Goal::Gone, None) => Probe::Reached(Attributes::new()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Self::Props) -> Result<Option<Self::Props>, OpError> {
        let Some(answer) = live(cx, id.as_str()).await? else { return Ok(None) };
        let Some(zone) = &answer.hosted_zone else { return Ok(None) };
        let comment = zone.config.as_ref().and_then(|config| config.comment.clone());
        let all: Vec<Vpc> = answer
            .vpcs()
            .iter()
            .map(|live| Vpc {
                VPCId: live.vpc_id.clone(),
                VPCRegion: live.vpc_region.as_ref().map(|region| region.as_str().into()),
            })
            .collect();
        let query_logging = match hint.QueryLoggingConfig {
            Some(_) => logging(cx, id.as_str()).await?,
            None => None,
        };
        let recovery =
            zone.features.as_ref().and_then(|features| features.accelerated_recovery_status.as_ref());
        let recovery = matches!(
            recovery,
            Some(sdk::AcceleratedRecoveryStatus::Enabled | sdk::AcceleratedRecoveryStatus::Enabling)
        );
        Ok(Some(HostedZoneProps {
            DelegationSetId: answer
                .delegation_set
                .as_ref()
                .and_then(|set| set.id.as_deref())
                .map(|id| bare(id).to_owned()),
            HostedZoneConfig: (comment.is_some() || hint.HostedZoneConfig.is_some())
                .then_some(ZoneConfig { Comment: comment }),
            HostedZoneFeatures: hint
                .HostedZoneFeatures
                .as_ref()
                .map(|_| ZoneFeatures { EnableAcceleratedRecovery: Some(recovery) }),
            HostedZoneTags: tags(cx, TAGGED, id.as_str()).await?,
            Name: Some(domain(&zone.name)),
            QueryLoggingConfig: query_logging.map(|logging| QueryLogging {
                CloudWatchLogsLogGroupArn: Some(logging.cloud_watch_logs_log_group_arn),
            }),
            VPCs: (!all.is_empty()).then_some(all),
        }))
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Self::Props) -> Result<Created, OpError> {
        let private = !vpcs(props).is_empty();
        let comment = props.HostedZoneConfig.as_ref().and_then(|config| config.Comment.clone());
        let config = (private || comment.is_some())
            .then(|| sdk::HostedZoneConfig::builder().set_comment(comment).private_zone(private).build());
        let answer = cx
            .sdk
            .route53()
            .create_hosted_zone()
            .set_name(props.Name.clone())
            .caller_reference(reference(cx, permit))
            .set_delegation_set_id(props.DelegationSetId.clone())
            .set_hosted_zone_config(config)
            .set_vpc(vpcs(props).first().map(vpc))
            .send()
            .await
            .map_err(op("CreateHostedZone"))?;
        let zone = answer.hosted_zone.ok_or_else(|| OpError::missing("CreateHostedZone", "HostedZone"))?;
        let servers = match answer.delegation_set {
            Some(set) if !private => set.name_servers,
            _ => Vec::new(),
        };
        let id = bare(&zone.id);
        Ok(Created { id: id.into(), attributes: attributes(id, &servers) })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Self::Props,
    ) -> Result<Progress, OpError> {
        let id = id.as_str();
        change_tags(cx, TAGGED, id, &cx.tags(props.HostedZoneTags.as_ref()), &[]).await?;
        if vpcs(props).len() > 1 {
            set_vpcs(cx, id, vpcs(props), true).await?;
        }
        if props.QueryLoggingConfig.is_some() {
            set_logging(cx, id, props.QueryLoggingConfig.as_ref()).await?;
        }
        if props.HostedZoneFeatures.is_some() {
            set_features(cx, id, props.HostedZoneFeatures.as_ref()).await?;
        }
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Self::Props>,
    ) -> Result<Progress, OpError> {
        let (id, new) = (id.as_str(), change.new);
        if change.has("HostedZoneConfig") {
            let comment = new.HostedZoneConfig.as_ref().and_then(|config| config.Comment.clone());
            let call = cx.sdk.route53().update_hosted_zone_comment().id(id).set_comment(comment);
            call.send().await.map_err(op("UpdateHostedZoneComment"))?;
        }
        if change.has("VPCs") {
            set_vpcs(cx, id, vpcs(new), false).await?;
        }
        if change.has("QueryLoggingConfig") {
            set_logging(cx, id, new.QueryLoggingConfig.as_ref()).await?;
        }
        if change.has("HostedZoneFeatures") {
            set_features(cx, id, new.HostedZoneFeatures.as_ref()).await?;
        }
        if change.has("HostedZoneTags") {
            let (set, unset) =
                cx.tag_changes(change.old.HostedZoneTags.as_ref(), new.HostedZoneTags.as_ref());
            change_tags(cx, TAGGED, id, &set, &unset).await?;
        }
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Self::Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.route53().delete_hosted_zone().id(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteHostedZone"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    fn bench() -> Bench {
        let bench = Bench::new();
        bench.world(|world| {
            for id in ["vpc-1", "vpc-2", "vpc-3"] {
                world.put("ec2.vpc", id, json!({"VpcId": id, "_region": "us-east-1"}));
            }
            for name in ["a", "b"] {
                let arn = format!("arn:aws:logs:us-east-1:123456789012:log-group:/route53/{name}");
                let row = json!({"logGroupName": format!("/route53/{name}"), "arn": arn, "logGroupArn": arn});
                world.put("logs.group", &format!("us-east-1//route53/{name}"), row);
            }
        });
        bench
    }

    #[test]
    fn the_law_for_public_and_private_zones() {
        let log = |name: &str| json!({"CloudWatchLogsLogGroupArn": format!("arn:aws:logs:us-east-1:123456789012:log-group:/route53/{name}")});
        let public = json!({
            "Name": "Example.com.", "HostedZoneConfig": {"Comment": "the site"}, "QueryLoggingConfig": log("a"),
            "HostedZoneTags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
            "HostedZoneFeatures": {"EnableAcceleratedRecovery": true},
        });
        let mut changed = public.clone();
        changed["HostedZoneConfig"]["Comment"] = json!("the old site");
        changed["QueryLoggingConfig"] = log("b");
        changed["HostedZoneTags"] = json!([{"Key": "a", "Value": "2"}]);
        changed["HostedZoneFeatures"] = json!({"EnableAcceleratedRecovery": false});
        let vpc = |id: &str| json!({"VPCId": id, "VPCRegion": "us-east-1"});
        let private = json!({"Name": "payments.internal", "VPCs": [vpc("vpc-1"), vpc("vpc-2")]});
        let moved = json!({"Name": "payments.internal", "VPCs": [vpc("vpc-3"), vpc("vpc-2")]});
        bench().law_covering::<HostedZone>(&[(public, Some(changed)), (private, Some(moved))]);
    }

    #[test]
    fn a_zone_of_the_same_name_is_not_ours() {
        let bench = bench();
        bench.run(async {
            let call =
                bench.sdk().route53().create_hosted_zone().name("example.com").caller_reference("theirs");
            call.send().await.unwrap();
        });
        let props = HostedZoneProps { Name: Some("example.com".into()), ..HostedZoneProps::default() };
        assert_eq!(bench.cx(|cx| bench.run(HostedZone::find(cx, &props))).unwrap(), None);
    }
}
