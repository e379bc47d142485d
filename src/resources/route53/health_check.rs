//! `AWS::Route53::HealthCheck`.

use aws_sdk_route53::types as sdk;
use serde_json::{Value as Json, json};

use super::common::{built, change_tags, ours, reference, tags};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, Ownership, PhysicalId, Tag},
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType},
};

crate::props! {
    /// A health check.
    pub struct HealthCheckProps { HealthCheckConfig: Config, HealthCheckTags: Vec<Tag> }
    /// What is checked, and how.
    pub struct Config {
        AlarmIdentifier: AlarmIdentifier,
        ChildHealthChecks: Vec<String>,
        EnableSNI: bool,
        FailureThreshold: i32,
        FullyQualifiedDomainName: String,
        HealthThreshold: i32,
        IPAddress: String,
        InsufficientDataHealthStatus: String,
        Inverted: bool,
        MeasureLatency: bool,
        Port: i32,
        Regions: Vec<String>,
        RequestInterval: i32,
        ResourcePath: String,
        RoutingControlArn: String,
        SearchString: String,
        Type: String,
    }
    /// The alarm that a health check follows.
    pub struct AlarmIdentifier { Name: String, Region: String }
}

/// `AWS::Route53::HealthCheck`: all kinds and all properties. It is known by the reference it was created with;
/// tags follow the create call.
pub struct HealthCheck;

const ABSENT: &[&str] = &["NoSuchHealthCheck"];
const TAGGED: sdk::TagResourceType = sdk::TagResourceType::Healthcheck;

/// What cannot be changed inside the configuration.
const FIXED: &[&str] = &["Type", "MeasureLatency", "RequestInterval", "RoutingControlArn"];

fn attributes(id: &str) -> Attributes {
    Attributes::from([("Ref".to_owned(), json!(id)), ("HealthCheckId".to_owned(), json!(id))])
}

fn alarm(of: Option<&AlarmIdentifier>) -> Result<Option<sdk::AlarmIdentifier>, OpError> {
    of.map(|alarm| {
        let region = sdk::CloudWatchRegion::from(alarm.Region.as_deref().unwrap_or_default());
        built(sdk::AlarmIdentifier::builder().set_name(alarm.Name.clone()).region(region).build())
    })
    .transpose()
}

fn regions(of: Option<&Vec<String>>) -> Option<Vec<sdk::HealthCheckRegion>> {
    of.map(|list| list.iter().map(|name| sdk::HealthCheckRegion::from(name.as_str())).collect())
}

fn sent(config: &Config) -> Result<sdk::HealthCheckConfig, OpError> {
    let status = config.InsufficientDataHealthStatus.as_deref();
    built(
        sdk::HealthCheckConfig::builder()
            .set_alarm_identifier(alarm(config.AlarmIdentifier.as_ref())?)
            .set_child_health_checks(config.ChildHealthChecks.clone())
            .set_enable_sni(config.EnableSNI)
            .set_failure_threshold(config.FailureThreshold)
            .set_fully_qualified_domain_name(config.FullyQualifiedDomainName.clone())
            .set_health_threshold(config.HealthThreshold)
            .set_ip_address(config.IPAddress.clone())
            .set_insufficient_data_health_status(status.map(sdk::InsufficientDataHealthStatus::from))
            .set_inverted(config.Inverted)
            .set_measure_latency(config.MeasureLatency)
            .set_port(config.Port)
            .set_regions(regions(config.Regions.as_ref()))
            .set_request_interval(config.RequestInterval)
            .set_resource_path(config.ResourcePath.clone())
            .set_routing_control_arn(config.RoutingControlArn.clone())
            .set_search_string(config.SearchString.clone())
            .set_type(config.Type.as_deref().map(sdk::HealthCheckType::from))
            .build(),
    )
}

/// The live configuration without the defaults that nobody asked for.
fn own(live: &sdk::HealthCheckConfig, hint: &Config) -> Config {
    fn unless_default<T: PartialEq>(live: Option<T>, asked: bool, default: T) -> Option<T> {
        live.filter(|value| asked || *value != default)
    }
    let kind = live.r#type.as_str();
    let https = kind.starts_with("HTTPS");
    Config {
        AlarmIdentifier: live.alarm_identifier.as_ref().map(|alarm| AlarmIdentifier {
            Name: Some(alarm.name.clone()),
            Region: Some(alarm.region.as_str().into()),
        }),
        ChildHealthChecks: live.child_health_checks.clone().filter(|list| !list.is_empty()),
        EnableSNI: unless_default(live.enable_sni, hint.EnableSNI.is_some(), https),
        FailureThreshold: unless_default(live.failure_threshold, hint.FailureThreshold.is_some(), 3),
        FullyQualifiedDomainName: live.fully_qualified_domain_name.clone(),
        HealthThreshold: unless_default(live.health_threshold, hint.HealthThreshold.is_some(), 0),
        IPAddress: live.ip_address.clone(),
        InsufficientDataHealthStatus: live
            .insufficient_data_health_status
            .as_ref()
            .map(|s| s.as_str().into()),
        Inverted: unless_default(live.inverted, hint.Inverted.is_some(), false),
        MeasureLatency: unless_default(live.measure_latency, hint.MeasureLatency.is_some(), false),
        Port: unless_default(live.port, hint.Port.is_some(), if https { 443 } else { 80 }),
        Regions: live
            .regions
            .as_ref()
            .filter(|list| !list.is_empty())
            .map(|list| list.iter().map(|region| region.as_str().to_owned()).collect()),
        RequestInterval: unless_default(live.request_interval, hint.RequestInterval.is_some(), 30),
        ResourcePath: live.resource_path.clone(),
        RoutingControlArn: live.routing_control_arn.clone(),
        SearchString: live.search_string.clone(),
        Type: Some(kind.to_owned()),
    }
}

/// What an update must reset because the new configuration no longer has it.
fn resets(old: &Config, new: &Config) -> Vec<sdk::ResettableElementName> {
    use sdk::ResettableElementName as Name;
    [
        (old.ChildHealthChecks.is_some() && new.ChildHealthChecks.is_none(), Name::ChildHealthChecks),
        (
            old.FullyQualifiedDomainName.is_some() && new.FullyQualifiedDomainName.is_none(),
            Name::FullyQualifiedDomainName,
        ),
        (old.Regions.is_some() && new.Regions.is_none(), Name::Regions),
        (old.ResourcePath.is_some() && new.ResourcePath.is_none(), Name::ResourcePath),
    ]
    .into_iter()
    .filter_map(|(gone, name)| gone.then_some(name))
    .collect()
}

async fn live(cx: &Cx<'_>, id: &str) -> Result<Option<sdk::HealthCheck>, OpError> {
    match cx.sdk.route53().get_health_check().health_check_id(id).send().await.map_err(op("GetHealthCheck")) {
        Ok(answer) => Ok(answer.health_check),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

impl ResourceType for HealthCheck {
    type Props = HealthCheckProps;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        configures: true,
        early: &["Ref", "HealthCheckId"],
        absent: ABSENT,
        iam: &[
            "route53:CreateHealthCheck",
            "route53:DeleteHealthCheck",
            "route53:GetHealthCheck",
            "route53:ListHealthChecks",
            "route53:UpdateHealthCheck",
            "route53:ChangeTagsForResource",
            "route53:ListTagsForResource",
        ],
        global: true,
        // Health checks have no name.
        once: Some(&[]),
        ..Facts::new("AWS::Route53::HealthCheck", "route53")
    };

    /// Some members of the configuration are fixed, and others cannot be taken away again.
    fn replaces(change: &Change<'_, Self::Props>) -> Vec<String> {
        if !change.has("HealthCheckConfig") {
            return Vec::new();
        }
        let config = |props: &HealthCheckProps| {
            serde_json::to_value(props.HealthCheckConfig.clone().unwrap_or_default()).unwrap_or_default()
        };
        let (old, new) = (config(change.old), config(change.new));
        let default = |name: &str| match name {
            "MeasureLatency" => json!(false),
            "RequestInterval" => json!(30),
            _ => Json::Null,
        };
        let value =
            |side: &Json, name: &str| if side[name].is_null() { default(name) } else { side[name].clone() };
        let fixed = FIXED.iter().any(|name| value(&old, name) != value(&new, name));
        let lost =
            ["IPAddress", "SearchString"].iter().any(|name| !old[*name].is_null() && new[*name].is_null());
        if fixed || lost { vec!["HealthCheckConfig".into()] } else { Vec::new() }
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let config = &props["HealthCheckConfig"];
        let mut problems = Vec::new();
        let mut say = |what: &str| problems.push(("HealthCheckConfig".to_owned(), what.to_owned()));
        let Some(kind) = config["Type"].as_str() else { return problems };
        let endpoint = !config["IPAddress"].is_null() || !config["FullyQualifiedDomainName"].is_null();
        match kind {
            "CALCULATED" if config["ChildHealthChecks"].is_null() => {
                say("CALCULATED needs ChildHealthChecks")
            }
            "CLOUDWATCH_METRIC" if config["AlarmIdentifier"].is_null() => {
                say("CLOUDWATCH_METRIC needs AlarmIdentifier");
            }
            "RECOVERY_CONTROL" if config["RoutingControlArn"].is_null() => {
                say("RECOVERY_CONTROL needs RoutingControlArn");
            }
            "TCP" if config["IPAddress"].is_null() => say("TCP needs IPAddress"),
            "TCP" if config["Port"].is_null() => say("TCP needs Port"),
            "HTTP" | "HTTPS" | "HTTP_STR_MATCH" | "HTTPS_STR_MATCH" if !endpoint => {
                say("IPAddress or FullyQualifiedDomainName is needed");
            }
            _ => {}
        }
        if kind.ends_with("STR_MATCH") && config["SearchString"].is_null() {
            say("a string match needs SearchString");
        }
        let private =
            config["FullyQualifiedDomainName"].as_str().is_some_and(|name| name.ends_with(".internal"));
        if private {
            say(
                "public health checkers cannot resolve a .internal name; use CLOUDWATCH_METRIC or an alias with EvaluateTargetHealth",
            );
        }
        problems
    }

    async fn find(cx: &Cx<'_>, _props: &Self::Props) -> Result<Option<Found>, OpError> {
        let mut marker = None;
        loop {
            let page = cx.sdk.route53().list_health_checks().set_marker(marker).send().await;
            let page = page.map_err(op("ListHealthChecks"))?;
            if let Some(check) = page.health_checks.iter().find(|check| ours(cx, &check.caller_reference)) {
                return Ok(Some(Found {
                    id: check.id.as_str().into(),
                    attributes: attributes(&check.id),
                    ownership: Ownership::Ours,
                }));
            }
            if !page.is_truncated {
                return Ok(None);
            }
            marker = page.next_marker;
        }
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Self::Props, goal: Goal) -> Result<Probe, OpError> {
        let there = live(cx, id.as_str()).await?.is_some();
        Ok(match (goal, there) {
            (Goal::Ready, true) => Probe::Reached(attributes(id.as_str())),
            (Goal::Ready, false) => Probe::Pending("not seen yet".into()),
            (Goal::Gone, true) => Probe::Pending("still there".into()),
            (Goal::Gone, false) => Probe::Reached(Attributes::new()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, hint: &Self::Props) -> Result<Option<Self::Props>, OpError> {
        let Some(check) = live(cx, id.as_str()).await? else { return Ok(None) };
        let hint = hint.HealthCheckConfig.clone().unwrap_or_default();
        Ok(Some(HealthCheckProps {
            HealthCheckConfig: check.health_check_config.as_ref().map(|config| own(config, &hint)),
            HealthCheckTags: tags(cx, TAGGED, id.as_str()).await?,
        }))
    }

    async fn create(cx: &Cx<'_>, permit: &Permit, props: &Self::Props) -> Result<Created, OpError> {
        let config = sent(&props.HealthCheckConfig.clone().unwrap_or_default())?;
        let answer = cx
            .sdk
            .route53()
            .create_health_check()
            .caller_reference(reference(cx, permit))
            .health_check_config(config)
            .send()
            .await
            .map_err(op("CreateHealthCheck"))?;
        let check =
            answer.health_check.ok_or_else(|| OpError::missing("CreateHealthCheck", "HealthCheck"))?;
        Ok(Created { id: check.id.as_str().into(), attributes: attributes(&check.id) })
    }

    async fn configure(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        props: &Self::Props,
    ) -> Result<Progress, OpError> {
        change_tags(cx, TAGGED, id.as_str(), &cx.tags(props.HealthCheckTags.as_ref()), &[]).await?;
        Ok(Progress::Done)
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Self::Props>,
    ) -> Result<Progress, OpError> {
        if change.has("HealthCheckConfig") {
            let old = change.old.HealthCheckConfig.clone().unwrap_or_default();
            let new = change.new.HealthCheckConfig.clone().unwrap_or_default();
            let resets = resets(&old, &new);
            let https = new.Type.as_deref().is_some_and(|kind| kind.starts_with("HTTPS"));
            // Removed members without a reset of their own go back to what AWS would have filled in.
            let sni = new.EnableSNI.or(old.EnableSNI.map(|_| https));
            let failures = new.FailureThreshold.or(old.FailureThreshold.map(|_| 3));
            let inverted = new.Inverted.or(old.Inverted.map(|_| false));
            let port = new.Port.or(old.Port.map(|_| if https { 443 } else { 80 }));
            let status =
                new.InsufficientDataHealthStatus.as_deref().map(sdk::InsufficientDataHealthStatus::from);
            cx.sdk
                .route53()
                .update_health_check()
                .health_check_id(id.as_str())
                .set_alarm_identifier(alarm(new.AlarmIdentifier.as_ref())?)
                .set_child_health_checks(new.ChildHealthChecks.clone())
                .set_enable_sni(sni)
                .set_failure_threshold(failures)
                .set_fully_qualified_domain_name(new.FullyQualifiedDomainName.clone())
                .set_health_threshold(new.HealthThreshold)
                .set_ip_address(new.IPAddress.clone())
                .set_insufficient_data_health_status(status)
                .set_inverted(inverted)
                .set_port(port)
                .set_regions(regions(new.Regions.as_ref()))
                .set_resource_path(new.ResourcePath.clone())
                .set_search_string(new.SearchString.clone())
                .set_reset_elements((!resets.is_empty()).then_some(resets))
                .send()
                .await
                .map_err(op("UpdateHealthCheck"))?;
        }
        if change.has("HealthCheckTags") {
            let (old, new) = (change.old.HealthCheckTags.as_ref(), change.new.HealthCheckTags.as_ref());
            let (set, unset) = cx.tag_changes(old, new);
            change_tags(cx, TAGGED, id.as_str(), &set, &unset).await?;
        }
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Self::Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.route53().delete_health_check().health_check_id(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteHealthCheck"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    #[test]
    fn the_law_for_endpoints_alarms_and_calculations() {
        let bench = Bench::new();
        let http = json!({
            "HealthCheckConfig": {"Type": "HTTPS_STR_MATCH", "FullyQualifiedDomainName": "www.example.com",
                "ResourcePath": "/health", "SearchString": "ok", "Port": 8443, "RequestInterval": 10,
                "FailureThreshold": 2, "MeasureLatency": true, "Regions": ["us-east-1", "us-west-1", "eu-west-1"]},
            "HealthCheckTags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}],
        });
        let mut changed = http.clone();
        changed["HealthCheckTags"] = json!([{"Key": "a", "Value": "2"}]);
        changed["HealthCheckConfig"]["SearchString"] = json!("fine");
        changed["HealthCheckConfig"].as_object_mut().unwrap().remove("Regions");
        changed["HealthCheckConfig"].as_object_mut().unwrap().remove("FailureThreshold");
        let alarm = json!({"HealthCheckConfig": {"Type": "CLOUDWATCH_METRIC", "Inverted": true,
            "InsufficientDataHealthStatus": "LastKnownStatus",
            "AlarmIdentifier": {"Name": "healthy", "Region": "us-east-1"}}});
        let tcp = json!({"HealthCheckConfig": {"Type": "TCP", "IPAddress": "192.0.2.1", "Port": 5432}});
        let control = json!({"HealthCheckConfig": {"Type": "RECOVERY_CONTROL",
            "RoutingControlArn": "arn:aws:route53-recovery-control::123456789012:controlpanel/a/routingcontrol/b"}});
        let child = bench.run(async {
            let config = sent(&Config {
                Type: Some("TCP".into()),
                IPAddress: Some("192.0.2.9".into()),
                Port: Some(1),
                ..Config::default()
            });
            let call = bench.sdk().route53().create_health_check().caller_reference("child");
            call.health_check_config(config.unwrap()).send().await.unwrap().health_check.unwrap().id
        });
        let sum = json!({"HealthCheckConfig": {"Type": "CALCULATED", "HealthThreshold": 1, "ChildHealthChecks": [child]}});
        bench.law_covering::<HealthCheck>(&[
            (http, Some(changed)),
            (alarm, None),
            (tcp, None),
            (control, None),
            (sum, None),
        ]);
    }

    #[test]
    fn private_names_are_refused_while_planning() {
        let props = json!({"HealthCheckConfig": {"Type": "HTTP", "FullyQualifiedDomainName": "db.payments.internal"}});
        assert_eq!(HealthCheck::check(&props).len(), 1);
    }
}
