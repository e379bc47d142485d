//! Reads the properties that operations are about.

use std::{rc::Rc, sync::Arc, time::Duration};

use serde_json::{Value as Json, json};

use crate::{
    aws::{Cloud, OpError, Sdk, op},
    clock::Clock,
    engine::{
        limit::Limits,
        reads::{Patience, Reads, Unwatched},
    },
    ledger::{Facts, Noun, Subject},
};

use super::many::{Properties, together};

/// Reads with patience: a read has no effect, so throttles and lost answers are outwaited.
pub struct Reader<'a> {
    /// Where calls go.
    pub cloud: &'a Cloud,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// How many calls of a service may be under way.
    pub limits: Limits,
}

pub(super) fn filter(
    name: &str,
    values: &[&str],
) -> Result<aws_sdk_databasemigration::types::Filter, OpError> {
    aws_sdk_databasemigration::types::Filter::builder()
        .name(name)
        .set_values(Some(values.iter().map(|value| (*value).to_owned()).collect()))
        .build()
        .map_err(|error| OpError::not_sent("Filter", error.to_string()))
}

/// A live record set as requests write it; what a weighted record cannot have is refused by name.
///
/// # Errors
/// Routing that is not by weight.
pub fn canonical_record(record: &aws_sdk_route53::types::ResourceRecordSet) -> Result<Json, OpError> {
    let strange = [
        ("Region", record.region.is_some()),
        ("GeoLocation", record.geo_location.is_some()),
        ("Failover", record.failover.is_some()),
        ("MultiValueAnswer", record.multi_value_answer.is_some()),
        ("TrafficPolicyInstanceId", record.traffic_policy_instance_id.is_some()),
        ("CidrRoutingConfig", record.cidr_routing_config.is_some()),
        ("GeoProximityLocation", record.geo_proximity_location.is_some()),
    ];
    if let Some((name, _)) = strange.iter().find(|(_, set)| *set) {
        let message = format!("the record {} has {name}; only weighted records can be shifted", record.name);
        return Err(OpError::not_sent("ListResourceRecordSets", message));
    }
    let mut json = json!({"Name": record.name, "Type": record.r#type.as_str()});
    if let Some(set) = &record.set_identifier {
        json["SetIdentifier"] = json!(set);
    }
    if let Some(weight) = record.weight {
        json["Weight"] = json!(weight);
    }
    if let Some(ttl) = record.ttl {
        json["TTL"] = json!(ttl);
    }
    if let Some(values) = &record.resource_records {
        json["ResourceRecords"] = values.iter().map(|value| json!({"Value": value.value})).collect();
    }
    if let Some(alias) = &record.alias_target {
        json["AliasTarget"] = json!({
            "HostedZoneId": alias.hosted_zone_id, "DNSName": alias.dns_name,
            "EvaluateTargetHealth": alias.evaluate_target_health,
        });
    }
    if let Some(check) = &record.health_check_id {
        json["HealthCheckId"] = json!(check);
    }
    Ok(json)
}

/// A live action as requests write it: one form for a single group and for several with weights. What could not be put back
/// as it is, is refused by name.
///
/// # Errors
/// Authentication, whose client secret cannot be read.
fn canonical_action(action: &aws_sdk_elasticloadbalancingv2::types::Action) -> Result<Json, OpError> {
    let kind = action.r#type.as_ref().map_or("", |kind| kind.as_str());
    match kind {
        "forward" => {
            let config = action.forward_config.as_ref();
            let groups = config.map(|config| config.target_groups()).unwrap_or_default();
            let mut targets: Vec<Json> = groups
                .iter()
                .map(|group| json!({"TargetGroupArn": group.target_group_arn, "Weight": group.weight.unwrap_or(1)}))
                .collect();
            if targets.is_empty() {
                targets = vec![json!({"TargetGroupArn": action.target_group_arn, "Weight": 1})];
            }
            targets.sort_by_key(|group| group["TargetGroupArn"].to_string());
            let mut forward = json!({"TargetGroups": targets});
            let sticky = config.and_then(|config| config.target_group_stickiness_config.as_ref());
            if let Some(sticky) = sticky.filter(|sticky| sticky.enabled == Some(true)) {
                forward["TargetGroupStickinessConfig"] =
                    json!({"Enabled": true, "DurationSeconds": sticky.duration_seconds});
            }
            Ok(json!({"Type": kind, "ForwardConfig": forward}))
        }
        "fixed-response" => {
            let config = action.fixed_response_config.as_ref();
            Ok(json!({"Type": kind, "FixedResponseConfig": {
                "StatusCode": config.and_then(|one| one.status_code.clone()),
                "ContentType": config.and_then(|one| one.content_type.clone()),
                "MessageBody": config.and_then(|one| one.message_body.clone()),
            }}))
        }
        other => {
            let message = format!("the listener has the action {other}; only `forward` can be shifted");
            Err(OpError::not_sent("DescribeRules", message))
        }
    }
}

impl Reader<'_> {
    /// Clients of a region.
    pub fn sdk(&self, region: &str) -> Rc<Sdk> {
        self.cloud.sdk(region)
    }

    /// Makes a read until it answers.
    ///
    /// # Errors
    /// A rejection, or no answer for too long.
    pub async fn ask<T>(
        &self,
        service: &str,
        read: impl AsyncFn() -> Result<T, OpError>,
    ) -> Result<T, OpError> {
        let clock = self.clock.as_ref();
        let reads = Reads { cloud: self.cloud, clock, limits: &self.limits, patience: Patience::RUN };
        reads.ask(service, &Unwatched, read).await
    }

    /// Everything about these subjects.
    ///
    /// # Errors
    /// When AWS does not answer.
    pub async fn facts(&self, subjects: &[Subject]) -> Result<Facts, OpError> {
        let mut facts = Facts::default();
        for one_call in together(subjects) {
            for (subject, found) in self.read(&one_call).await? {
                for (property, value) in found {
                    facts.set(subject, property, value);
                }
            }
        }
        Ok(facts)
    }

    /// What one call, or the calls for one subject, say.
    async fn read<'s>(&self, subjects: &[&'s Subject]) -> Result<Vec<(&'s Subject, Properties)>, OpError> {
        let Some(first) = subjects.first() else { return Ok(Vec::new()) };
        let sdk = self.sdk(&first.region);
        match first.noun {
            Noun::Alarm => self.alarms(&sdk, subjects).await,
            Noun::Service => self.services(&sdk, subjects).await,
            Noun::Scaling => self.scalings(&sdk, subjects).await,
            _ => Ok(vec![(*first, self.one(first).await?)]),
        }
    }

    async fn one(&self, subject: &Subject) -> Result<Properties, OpError> {
        let id = |at: usize| subject.id.get(at).map(String::as_str).unwrap_or_default();
        let sdk = self.sdk(&subject.region);
        match subject.noun {
            Noun::Task => self.task(&subject.region, id(0)).await,
            Noun::Connection => self.connection(&sdk, id(0), id(1)).await,
            Noun::Table => self.table(&subject.region, id(0), id(1), id(2)).await,
            Noun::Record => self.record(&sdk, &[id(0), id(1), id(2), id(3)]).await,
            Noun::Fleet => self.fleet(&sdk, id(0)).await,
            Noun::Listener => self.listener(&sdk, id(0)).await,
            Noun::Group => self.group(&sdk, id(0)).await,
            Noun::Parameter => self.parameter(&sdk, id(0)).await,
            Noun::Snapshot => self.snapshot(&sdk, id(0), id(1)).await,
            Noun::Alarm | Noun::Service | Noun::Scaling => Ok(Vec::new()),
            Noun::Assessment => self.assessment(&subject.region, id(0), id(1)).await,
        }
    }

    async fn connection(
        &self,
        sdk: &Sdk,
        instance: &str,
        endpoint: &str,
    ) -> Result<Vec<(&'static str, Json)>, OpError> {
        let filters =
            vec![filter("replication-instance-arn", &[instance])?, filter("endpoint-arn", &[endpoint])?];
        let ask = async || {
            let call = sdk.dms().describe_connections().set_filters(Some(filters.clone()));
            match call.send().await.map_err(op("DescribeConnections")) {
                Err(error) if error.is(&["ResourceNotFoundFault"]) => Ok(None),
                answer => Ok(answer?.connections.unwrap_or_default().into_iter().next()),
            }
        };
        let found = self.ask("dms", ask).await?;
        Ok(vec![
            ("Status", json!(found.as_ref().and_then(|c| c.status.clone()))),
            ("LastFailureMessage", json!(found.and_then(|c| c.last_failure_message))),
        ])
    }

    async fn record(&self, sdk: &Sdk, id: &[&str; 4]) -> Result<Vec<(&'static str, Json)>, OpError> {
        let [zone, name, kind, set] = id;
        let ask = async || {
            let call = sdk
                .route53()
                .list_resource_record_sets()
                .hosted_zone_id(*zone)
                .start_record_name(*name)
                .start_record_type((*kind).into())
                .start_record_identifier(*set)
                .max_items(1);
            Ok(call.send().await.map_err(op("ListResourceRecordSets"))?.resource_record_sets)
        };
        let found = self.ask("route53", ask).await?.into_iter().find(|record| {
            let plain = |text: &str| text.trim_end_matches('.').to_ascii_lowercase();
            plain(&record.name) == plain(name)
                && record.r#type.as_str() == *kind
                && record.set_identifier.as_deref() == Some(*set)
        });
        let value = found.as_ref().map(canonical_record).transpose()?;
        Ok(vec![("record", value.unwrap_or_default())])
    }

    /// An EC2 Auto Scaling group: its sizes, its instances, which are attached until they are gone, and what is suspended.
    async fn fleet(&self, sdk: &Sdk, name: &str) -> Result<Vec<(&'static str, Json)>, OpError> {
        use aws_sdk_autoscaling::types::LifecycleState;
        let ask = async || {
            let call = sdk.auto_scaling().describe_auto_scaling_groups().auto_scaling_group_names(name);
            Ok(call
                .send()
                .await
                .map_err(op("DescribeAutoScalingGroups"))?
                .auto_scaling_groups
                .unwrap_or_default())
        };
        let found = self.ask("autoscaling", ask).await?.into_iter().next();
        let Some(group) = found else { return Ok(vec![("DesiredCapacity", Json::Null)]) };
        let serving = |one: &&aws_sdk_autoscaling::types::Instance| {
            one.lifecycle_state.as_ref() == Some(&LifecycleState::InService)
        };
        let mut suspended: Vec<&str> =
            group.suspended_processes().iter().filter_map(|one| one.process_name()).collect();
        suspended.sort_unstable();
        Ok(vec![
            ("MinSize", json!(group.min_size)),
            ("DesiredCapacity", json!(group.desired_capacity)),
            ("SuspendedProcesses", json!(suspended)),
            ("instances", json!(group.instances().len())),
            ("inService", json!(group.instances().iter().filter(serving).count())),
        ])
    }

    /// What a rule, or a listener by default, does with requests.
    async fn listener(&self, sdk: &Sdk, arn: &str) -> Result<Vec<(&'static str, Json)>, OpError> {
        let actions = if arn.contains(":listener-rule/") {
            let ask = async || match sdk
                .elb()
                .describe_rules()
                .rule_arns(arn)
                .send()
                .await
                .map_err(op("DescribeRules"))
            {
                Err(error) if error.is(&["RuleNotFoundException", "RuleNotFound"]) => Ok(None),
                answer => Ok(answer?.rules.unwrap_or_default().into_iter().next().map(|rule| rule.actions)),
            };
            self.ask("elbv2", ask).await?
        } else {
            let ask = async || {
                let answer = sdk.elb().describe_listeners().listener_arns(arn).send().await;
                match answer.map_err(op("DescribeListeners")) {
                    Err(error) if error.is(&["ListenerNotFoundException", "ListenerNotFound"]) => Ok(None),
                    answer => {
                        let found = answer?.listeners.unwrap_or_default().into_iter().next();
                        Ok(found.map(|listener| listener.default_actions))
                    }
                }
            };
            self.ask("elbv2", ask).await?
        };
        let Some(actions) = actions else { return Ok(vec![("actions", Json::Null)]) };
        let all = actions.unwrap_or_default();
        let all: Vec<Json> = all.iter().map(canonical_action).collect::<Result<_, _>>()?;
        Ok(vec![("actions", Json::Array(all))])
    }

    /// The inbound rules of a group, one peer each, in one order: so they are revoked and put back one by one.
    async fn group(&self, sdk: &Sdk, group: &str) -> Result<Vec<(&'static str, Json)>, OpError> {
        let ask = async || {
            let call = sdk.ec2().describe_security_groups().group_ids(group);
            match call.send().await.map_err(op("DescribeSecurityGroups")) {
                Err(error) if error.is(&["InvalidGroup.NotFound"]) => Ok(None),
                answer => Ok(answer?.security_groups.unwrap_or_default().into_iter().next()),
            }
        };
        let Some(found) = self.ask("ec2", ask).await? else { return Ok(vec![("ingress", Json::Null)]) };
        let mut rules: Vec<Json> = Vec::new();
        for rule in found.ip_permissions() {
            let mut base = json!({"IpProtocol": rule.ip_protocol});
            if let (Some(from), Some(to)) = (rule.from_port, rule.to_port) {
                (base["FromPort"], base["ToPort"]) = (json!(from), json!(to));
            }
            let with = |list: &str, peer: Json| {
                let mut rule = base.clone();
                let mut peer = peer;
                if let Some(members) = peer.as_object_mut() {
                    members.retain(|_, value| !value.is_null());
                }
                rule[list] = json!([peer]);
                rule
            };
            for pair in rule.user_id_group_pairs() {
                let other = pair.user_id.as_ref().filter(|user| **user != self.cloud.account);
                let peer =
                    json!({"GroupId": pair.group_id, "UserId": other, "Description": pair.description});
                rules.push(with("UserIdGroupPairs", peer));
            }
            for range in rule.ip_ranges() {
                rules.push(with(
                    "IpRanges",
                    json!({"CidrIp": range.cidr_ip, "Description": range.description}),
                ));
            }
            for range in rule.ipv6_ranges() {
                let peer = json!({"CidrIpv6": range.cidr_ipv6, "Description": range.description});
                rules.push(with("Ipv6Ranges", peer));
            }
            for list in rule.prefix_list_ids() {
                let peer = json!({"PrefixListId": list.prefix_list_id, "Description": list.description});
                rules.push(with("PrefixListIds", peer));
            }
        }
        rules.sort_by_key(ToString::to_string);
        let objects = self.rules(sdk, group).await?;
        Ok(vec![("ingress", Json::Array(rules)), ("rules", Json::Array(objects))])
    }

    /// The inbound rules as objects: id, tags, and the rule as above. One that is put back has another id.
    async fn rules(&self, sdk: &Sdk, group: &str) -> Result<Vec<Json>, OpError> {
        let by = aws_sdk_ec2::types::Filter::builder().name("group-id").values(group).build();
        let ask = async || {
            let answer = sdk.ec2().describe_security_group_rules().filters(by.clone()).send().await;
            Ok(answer.map_err(op("DescribeSecurityGroupRules"))?.security_group_rules.unwrap_or_default())
        };
        let mut all = Vec::new();
        for live in self.ask("ec2", ask).await? {
            if live.is_egress == Some(true) {
                continue;
            }
            let mut rule = json!({"IpProtocol": live.ip_protocol});
            // Without a protocol there are no ports, and a permission has none.
            if live.ip_protocol.as_deref() != Some("-1") {
                (rule["FromPort"], rule["ToPort"]) = (json!(live.from_port), json!(live.to_port));
            }
            let pair = live.referenced_group_info.as_ref();
            let other = pair.and_then(|p| p.user_id.as_ref()).filter(|user| **user != self.cloud.account);
            let (list, mut peer) = match (pair, &live.cidr_ipv4, &live.cidr_ipv6) {
                (Some(pair), _, _) => {
                    ("UserIdGroupPairs", json!({"GroupId": pair.group_id, "UserId": other}))
                }
                (_, Some(cidr), _) => ("IpRanges", json!({"CidrIp": cidr})),
                (_, _, Some(cidr)) => ("Ipv6Ranges", json!({"CidrIpv6": cidr})),
                _ => ("PrefixListIds", json!({"PrefixListId": live.prefix_list_id})),
            };
            peer["Description"] = json!(live.description.as_ref().filter(|text| !text.is_empty()));
            if let Some(members) = peer.as_object_mut() {
                members.retain(|_, value| !value.is_null());
            }
            rule[list] = json!([peer]);
            let tags: Vec<Json> =
                live.tags().iter().map(|tag| json!({"Key": tag.key, "Value": tag.value})).collect();
            all.push(json!({"id": live.security_group_rule_id, "tags": tags, "rule": rule}));
        }
        all.sort_by_key(|one| one["id"].to_string());
        Ok(all)
    }

    async fn parameter(&self, sdk: &Sdk, name: &str) -> Result<Vec<(&'static str, Json)>, OpError> {
        let ask = async || match sdk.ssm().get_parameter().name(name).send().await.map_err(op("GetParameter"))
        {
            Err(error) if error.is(&["ParameterNotFound"]) => Ok(None),
            answer => Ok(answer?.parameter),
        };
        let found = self.ask("ssm", ask).await?;
        let Some(found) = found else { return Ok(vec![("Value", Json::Null)]) };
        if found.r#type() == Some(&aws_sdk_ssm::types::ParameterType::SecureString) {
            let message = format!("{name} is a SecureString; a state parameter is a String");
            return Err(OpError::not_sent("GetParameter", message));
        }
        Ok(vec![("Value", json!(found.value)), ("Version", json!(found.version))])
    }

    async fn snapshot(&self, sdk: &Sdk, kind: &str, id: &str) -> Result<Vec<(&'static str, Json)>, OpError> {
        let status = if kind == "cluster" {
            let ask = async || {
                let call = sdk.rds().describe_db_cluster_snapshots().db_cluster_snapshot_identifier(id);
                match call.send().await.map_err(op("DescribeDBClusterSnapshots")) {
                    Err(error) if error.is(&["DBClusterSnapshotNotFoundFault"]) => Ok(None),
                    answer => Ok(answer?.db_cluster_snapshots().first().and_then(|s| s.status.clone())),
                }
            };
            self.ask("rds", ask).await?
        } else {
            let ask = async || {
                let call = sdk.rds().describe_db_snapshots().db_snapshot_identifier(id);
                match call.send().await.map_err(op("DescribeDBSnapshots")) {
                    Err(error) if error.is(&["DBSnapshotNotFound"]) => Ok(None),
                    answer => Ok(answer?.db_snapshots().first().and_then(|s| s.status.clone())),
                }
            };
            self.ask("rds", ask).await?
        };
        Ok(vec![("exists", json!(status.is_some())), ("Status", json!(status))])
    }

    /// Waits.
    pub async fn pause(&self, time: Duration) {
        self.clock.sleep(time).await;
    }
}
