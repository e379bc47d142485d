//! `AWS::RDS::DBParameterGroup`. RDS keeps the name in lower case. The parameters take calls of their own, at
//! most twenty a call: dynamic ones apply at once, static ones with the next reboot of an instance; instances
//! that are created with the group have both from the start.

use std::collections::BTreeMap;

use aws_sdk_rds::types::{self, ApplyMethod, Parameter};
use serde_json::{Value as Json, json};

use super::tags::{Tags, arn};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, PhysicalId, Retry, Stored, Tag},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, compare,
        tags::{self, Tagging},
    },
};

crate::mirrored! {
    /// The properties. `Parameters` is a map of names to values, as an object or as JSON text.
    pub struct Props <= types::DbParameterGroup {
        DBParameterGroupName/db_parameter_group_name: String, Description/description: String,
        Family/db_parameter_group_family: String, Parameters: Json, Tags: Vec<Tag>,
    }
}

/// `AWS::RDS::DBParameterGroup`.
pub struct DbParameterGroup;

const ABSENT: &[&str] = &["DBParameterGroupNotFound"];

/// Most parameters RDS takes in one call.
pub(super) const PER_CALL: usize = 20;

/// All parameters of a group; with `source`, only those that somebody set.
async fn parameters(cx: &Cx<'_>, name: &str, source: Option<&str>) -> Result<Vec<Parameter>, OpError> {
    let mut all = Vec::new();
    let mut marker = None;
    loop {
        let answer = cx
            .sdk
            .rds()
            .describe_db_parameters()
            .db_parameter_group_name(name)
            .set_source(source.map(str::to_owned))
            .set_marker(marker)
            .send()
            .await
            .map_err(op("DescribeDBParameters"))?;
        all.extend(answer.parameters.unwrap_or_default());
        marker = answer.marker.filter(|text| !text.is_empty());
        if marker.is_none() {
            return Ok(all);
        }
    }
}

/// The wanted parameters as texts. Empty texts and nulls mean the engine's default, as in CloudFormation.
pub(super) fn wanted(parameters: Option<&Json>) -> Result<BTreeMap<String, String>, OpError> {
    let parsed;
    let object = match parameters {
        None | Some(Json::Null) => return Ok(BTreeMap::new()),
        Some(Json::String(text)) => {
            parsed = serde_json::from_str::<Json>(text).unwrap_or_default();
            &parsed
        }
        Some(other) => other,
    };
    let object = object
        .as_object()
        .ok_or_else(|| OpError::not_sent("ModifyDBParameterGroup", "Parameters must map names to values"))?;
    Ok(object
        .iter()
        .filter_map(|(name, value)| match value {
            Json::Null => None,
            Json::String(text) if text.is_empty() => None,
            Json::String(text) => Some((name.clone(), text.clone())),
            other => Some((name.clone(), other.to_string())),
        })
        .collect())
}

/// Makes the group's parameters those of `new`; names that only `old` has go back to the engine's default.
async fn settle(cx: &Cx<'_>, name: &str, old: Option<&Json>, new: Option<&Json>) -> Result<(), OpError> {
    let (old, new) = (wanted(old)?, wanted(new)?);
    if old.is_empty() && new.is_empty() {
        return Ok(());
    }
    let live = parameters(cx, name, None).await?;
    let known = |wanted: &str| live.iter().find(|p| p.parameter_name() == Some(wanted));
    let method = |wanted: &str| match known(wanted).and_then(Parameter::apply_type) {
        Some("dynamic") => ApplyMethod::Immediate,
        _ => ApplyMethod::PendingReboot,
    };
    let set: Vec<Parameter> = new
        .iter()
        .filter(|(key, value)| known(key).and_then(Parameter::parameter_value) != Some(value.as_str()))
        .map(|(key, value)| {
            Parameter::builder().parameter_name(key).parameter_value(value).apply_method(method(key)).build()
        })
        .collect();
    for chunk in set.chunks(PER_CALL) {
        cx.sdk
            .rds()
            .modify_db_parameter_group()
            .db_parameter_group_name(name)
            .set_parameters(Some(chunk.to_vec()))
            .send()
            .await
            .map_err(op("ModifyDBParameterGroup"))?;
    }
    let reset: Vec<Parameter> = old
        .keys()
        .filter(|key| !new.contains_key(*key) && known(key).is_some_and(|p| p.source() == Some("user")))
        .map(|key| Parameter::builder().parameter_name(key).apply_method(method(key)).build())
        .collect();
    for chunk in reset.chunks(PER_CALL) {
        cx.sdk
            .rds()
            .reset_db_parameter_group()
            .db_parameter_group_name(name)
            .reset_all_parameters(false)
            .set_parameters(Some(chunk.to_vec()))
            .send()
            .await
            .map_err(op("ResetDBParameterGroup"))?;
    }
    Ok(())
}

impl Described for DbParameterGroup {
    type Props = Props;
    type Live = types::DbParameterGroup;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "DBParameterGroupName", max: 255, lower: true, separator: '-' }),
        configures: true,
        early: &["DBParameterGroupArn"],
        held_by_users: true,
        retry_delete: &[Retry {
            code: "InvalidDBParameterGroupState",
            message: "",
            why: "a database that is being deleted still uses the parameter group",
        }],
        properties_are_attributes: true,
        absent: ABSENT,
        iam: &[
            "rds:CreateDBParameterGroup",
            "rds:DescribeDBParameterGroups",
            "rds:DescribeDBParameters",
            "rds:ModifyDBParameterGroup",
            "rds:ResetDBParameterGroup",
            "rds:DeleteDBParameterGroup",
            "rds:ListTagsForResource",
            "rds:AddTagsToResource",
            "rds:RemoveTagsFromResource",
        ],
        stored: &[("DBParameterGroupName", Stored::Lowercase), ("Family", Stored::Lowercase)],
        ..Facts::new("AWS::RDS::DBParameterGroup", "rds")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match (property, desired.as_str(), recorded.as_str()) {
            ("DBParameterGroupName", Some(desired), Some(recorded)) => desired.eq_ignore_ascii_case(recorded),
            ("Parameters", ..) => match (wanted(Some(desired)), wanted(Some(recorded))) {
                (Ok(desired), Ok(recorded)) => desired == recorded,
                _ => desired == recorded,
            },
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.DBParameterGroupName.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let call = cx.sdk.rds().describe_db_parameter_groups().db_parameter_group_name(id.as_str());
        let answer = call.send().await.map_err(op("DescribeDBParameterGroups"))?;
        Ok(answer.db_parameter_groups.unwrap_or_default().into_iter().next())
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let name = live.db_parameter_group_name().unwrap_or_default();
        let mut attributes = Attributes::from([("Ref".into(), json!(name))]);
        attributes
            .extend(live.db_parameter_group_arn().map(|arn| ("DBParameterGroupArn".into(), json!(arn))));
        Created { id: name.into(), attributes }
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.db_parameter_group_arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(cx: &Cx<'_>, live: Self::Live, tags: OwnTags, _: &Props) -> Result<Props, OpError> {
        let all = parameters(cx, live.db_parameter_group_name().unwrap_or_default(), Some("user")).await?;
        let set = all.into_iter().filter_map(|one| Some((one.parameter_name?, json!(one.parameter_value?))));
        let set: serde_json::Map<String, Json> = set.collect();
        let parameters = (!set.is_empty()).then_some(Json::Object(set));
        Ok(Props { Parameters: parameters, Tags: tags, ..Props::received(&live) })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateDBParameterGroup";
        let call = crate::pass!(OP, cx.sdk.rds().create_db_parameter_group(), props => {
            set_db_parameter_group_name: DBParameterGroupName, set_description: Description,
            set_db_parameter_group_family: Family,
        });
        let call = call.set_tags(tags::create(cx, OP, props.Tags.as_ref())?);
        let group = call.send().await.map_err(op(OP))?.db_parameter_group;
        let group = group.filter(|group| group.db_parameter_group_name().is_some());
        Ok(Self::object(cx, &group.ok_or_else(|| OpError::missing(OP, "the parameter group's name"))?))
    }

    async fn configure(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, props: &Props) -> Outcome {
        settle(cx, id.as_str(), None, props.Parameters.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        if change.has("Parameters") {
            settle(cx, id.as_str(), change.old.Parameters.as_ref(), change.new.Parameters.as_ref()).await?;
        }
        let arn = arn(cx, "pg", id.as_str());
        Tags::change(cx, &arn, change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.rds().delete_db_parameter_group().db_parameter_group_name(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteDBParameterGroup"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    #[test]
    fn keeps_the_law_with_more_parameters_than_one_call_takes() {
        let bench = Bench::new();
        let many = json!({
            "rds.logical_replication": "1", "max_replication_slots": 10, "max_wal_senders": "10", "wal_sender_timeout": "0",
            "rds.force_ssl": "1", "shared_preload_libraries": "pg_stat_statements", "log_min_duration_statement": "1000",
            "work_mem": "65536", "maintenance_work_mem": "262144", "random_page_cost": "1.1", "log_connections": "1",
            "log_disconnections": "1", "log_lock_waits": "1", "log_statement": "ddl", "log_temp_files": "0", "autovacuum": "1",
            "autovacuum_max_workers": "4", "autovacuum_naptime": "15", "checkpoint_timeout": "900", "max_wal_size": "4096",
            "statement_timeout": "60000", "lock_timeout": "10000", "track_io_timing": "1",
        });
        let props = json!({
            "DBParameterGroupName": "Payments-Parameters", "Family": "postgres14", "Description": "for payments",
            "Parameters": many, "Tags": [{"Key": "team", "Value": "payments"}],
        });
        let changed = json!({
            "DBParameterGroupName": "Payments-Parameters", "Family": "postgres14", "Description": "for payments",
            "Parameters": {"rds.logical_replication": "1", "max_replication_slots": 20, "work_mem": "131072"},
            "Tags": [{"Key": "cost", "Value": "1"}],
        });
        bench.law_covering::<DbParameterGroup>(&[(props, Some(changed))]);
    }

    #[test]
    fn a_misspelt_parameter_is_refused() {
        let bench = Bench::new();
        let props = Props {
            DBParameterGroupName: Some("misspelt".into()),
            Family: Some("postgres14".into()),
            Description: Some("x".into()),
            Parameters: Some(json!({"rds.logical_replicaton": "1"})),
            Tags: None,
        };
        let error = bench.cx(|cx| {
            bench.run(async {
                let created = DbParameterGroup::create(cx, &bench.permit(), &props).await.unwrap();
                DbParameterGroup::configure(cx, &bench.permit(), &created.id, &props).await.unwrap_err()
            })
        });
        assert!(error.message.contains("rds.logical_replicaton"), "{error}");
    }
}
