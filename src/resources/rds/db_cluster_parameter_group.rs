//! `AWS::RDS::DBClusterParameterGroup`: parameters of a whole cluster. Like those of instances they take calls of their
//! own, at most twenty a call; clusters that are created with the group have all of them from the start.

use std::collections::BTreeMap;

use aws_sdk_rds::types::{self, ApplyMethod, Parameter};
use serde_json::{Value as Json, json};

use super::{
    db_parameter_group::{PER_CALL, wanted},
    tags::{Tags, arn},
};
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
    pub struct Props <= types::DbClusterParameterGroup {
        DBClusterParameterGroupName/db_cluster_parameter_group_name: String, Description/description: String,
        Family/db_parameter_group_family: String, Parameters: Json, Tags: Vec<Tag>,
    }
}

/// `AWS::RDS::DBClusterParameterGroup`.
pub struct DbClusterParameterGroup;

/// All parameters of a group; with `source`, only those that somebody set.
async fn parameters(cx: &Cx<'_>, name: &str, source: Option<&str>) -> Result<Vec<Parameter>, OpError> {
    let (mut all, mut marker) = (Vec::new(), None);
    loop {
        let call = cx.sdk.rds().describe_db_cluster_parameters().db_cluster_parameter_group_name(name);
        let call = call.set_source(source.map(str::to_owned)).set_marker(marker);
        let answer = call.send().await.map_err(op("DescribeDBClusterParameters"))?;
        all.extend(answer.parameters.unwrap_or_default());
        marker = answer.marker.filter(|text| !text.is_empty());
        if marker.is_none() {
            return Ok(all);
        }
    }
}

/// Makes the group's parameters those of `new`; names that only `old` has go back to the engine's default.
async fn settle(cx: &Cx<'_>, name: &str, old: Option<&Json>, new: Option<&Json>) -> Result<(), OpError> {
    let (old, new) = (wanted(old)?, wanted(new)?);
    if old.is_empty() && new.is_empty() {
        return Ok(());
    }
    let live = parameters(cx, name, None).await?;
    let live: BTreeMap<&str, &Parameter> =
        live.iter().filter_map(|one| Some((one.parameter_name()?, one))).collect();
    let method = |key: &str| match live.get(key).and_then(|one| one.apply_type()) {
        Some("dynamic") => ApplyMethod::Immediate,
        _ => ApplyMethod::PendingReboot,
    };
    let differs = |key: &str, value: &str| live.get(key).and_then(|one| one.parameter_value()) != Some(value);
    let set: Vec<Parameter> = new
        .iter()
        .filter(|(key, value)| differs(key, value))
        .map(|(key, value)| {
            Parameter::builder().parameter_name(key).parameter_value(value).apply_method(method(key)).build()
        })
        .collect();
    for chunk in set.chunks(PER_CALL) {
        let call = cx.sdk.rds().modify_db_cluster_parameter_group().db_cluster_parameter_group_name(name);
        let call = call.set_parameters(Some(chunk.to_vec()));
        call.send().await.map_err(op("ModifyDBClusterParameterGroup"))?;
    }
    let by_user = |key: &str| live.get(key).is_some_and(|one| one.source() == Some("user"));
    let reset: Vec<Parameter> = old
        .keys()
        .filter(|key| !new.contains_key(*key) && by_user(key))
        .map(|key| Parameter::builder().parameter_name(key).apply_method(method(key)).build())
        .collect();
    for chunk in reset.chunks(PER_CALL) {
        let call = cx.sdk.rds().reset_db_cluster_parameter_group().db_cluster_parameter_group_name(name);
        let call = call.reset_all_parameters(false).set_parameters(Some(chunk.to_vec()));
        call.send().await.map_err(op("ResetDBClusterParameterGroup"))?;
    }
    Ok(())
}

impl Described for DbClusterParameterGroup {
    type Props = Props;
    type Live = types::DbClusterParameterGroup;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        stored: &[("DBClusterParameterGroupName", Stored::Lowercase), ("Family", Stored::Lowercase)],
        name: Some(NameRule {
            property: "DBClusterParameterGroupName",
            max: 255,
            lower: true,
            separator: '-',
        }),
        configures: true,
        held_by_users: true,
        retry_delete: &[Retry {
            code: "InvalidDBParameterGroupState",
            message: "",
            why: "a cluster that is being deleted still uses the parameter group",
        }],
        properties_are_attributes: true,
        absent: &["DBParameterGroupNotFound"],
        iam: &[
            "rds:AddTagsToResource",
            "rds:CreateDBClusterParameterGroup",
            "rds:DeleteDBClusterParameterGroup",
            "rds:DescribeDBClusterParameterGroups",
            "rds:DescribeDBClusterParameters",
            "rds:ListTagsForResource",
            "rds:ModifyDBClusterParameterGroup",
            "rds:RemoveTagsFromResource",
            "rds:ResetDBClusterParameterGroup",
        ],
        ..Facts::new("AWS::RDS::DBClusterParameterGroup", "rds")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match (property, desired.as_str(), recorded.as_str()) {
            ("DBClusterParameterGroupName", Some(one), Some(two)) => one.eq_ignore_ascii_case(two),
            ("Parameters", ..) => match (wanted(Some(desired)), wanted(Some(recorded))) {
                (Ok(desired), Ok(recorded)) => desired == recorded,
                _ => desired == recorded,
            },
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.DBClusterParameterGroupName.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        let call = cx.sdk.rds().describe_db_cluster_parameter_groups();
        let call = call.db_cluster_parameter_group_name(id.as_str());
        let answer = call.send().await.map_err(op("DescribeDBClusterParameterGroups"))?;
        Ok(answer.db_cluster_parameter_groups.unwrap_or_default().into_iter().next())
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let name = live.db_cluster_parameter_group_name().unwrap_or_default();
        Created { id: name.into(), attributes: Attributes::from([("Ref".into(), json!(name))]) }
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.db_cluster_parameter_group_arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(cx: &Cx<'_>, live: Self::Live, tags: OwnTags, _: &Props) -> Result<Props, OpError> {
        let name = live.db_cluster_parameter_group_name().unwrap_or_default();
        let all = parameters(cx, name, Some("user")).await?;
        let set = all.into_iter().filter_map(|one| Some((one.parameter_name?, json!(one.parameter_value?))));
        let set: serde_json::Map<String, Json> = set.collect();
        let parameters = (!set.is_empty()).then_some(Json::Object(set));
        Ok(Props { Parameters: parameters, Tags: tags, ..Props::received(&live) })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateDBClusterParameterGroup";
        let call = crate::pass!(OP, cx.sdk.rds().create_db_cluster_parameter_group(), props => {
            set_db_cluster_parameter_group_name: DBClusterParameterGroupName, set_description: Description,
            set_db_parameter_group_family: Family,
        });
        let call = call.set_tags(tags::create(cx, OP, props.Tags.as_ref())?);
        let group = call.send().await.map_err(op(OP))?.db_cluster_parameter_group;
        let group = group.filter(|group| group.db_cluster_parameter_group_name().is_some());
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
        let arn = arn(cx, "cluster-pg", id.as_str());
        Tags::change(cx, &arn, change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.rds().delete_db_cluster_parameter_group();
        let call = call.db_cluster_parameter_group_name(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteDBClusterParameterGroup"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    #[test]
    fn keeps_the_law() {
        let props = json!({
            "DBClusterParameterGroupName": "Payments-Cluster", "Family": "aurora-mysql8.0", "Description": "for payments",
            "Parameters": {"binlog_format": "ROW", "require_secure_transport": "ON", "time_zone": "UTC", "max_connections": 500},
            "Tags": [{"Key": "team", "Value": "payments"}],
        });
        let changed = json!({
            "DBClusterParameterGroupName": "Payments-Cluster", "Family": "aurora-mysql8.0", "Description": "for payments",
            "Parameters": "{\"binlog_format\": \"ROW\", \"max_connections\": \"600\"}", "Tags": [{"Key": "cost", "Value": "1"}],
        });
        Bench::new().law_covering::<DbClusterParameterGroup>(&[(props, Some(changed))]);
    }
}
