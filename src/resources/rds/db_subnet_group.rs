//! `AWS::RDS::DBSubnetGroup`. RDS keeps the name in lower case.

use serde_json::{Value as Json, json};

use super::common::{arn, change_tags, list_tags, pairs, sdk_tags};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, PhysicalId, Retry, Tag},
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare},
};

crate::props! {
    /// The properties.
    pub struct Props { DBSubnetGroupDescription: String, DBSubnetGroupName: String, SubnetIds: Vec<String>, Tags: Vec<Tag> }
}

/// `AWS::RDS::DBSubnetGroup`.
pub struct DbSubnetGroup;

const ABSENT: &[&str] = &["DBSubnetGroupNotFoundFault"];

async fn look(cx: &Cx<'_>, name: &str) -> Result<Option<aws_sdk_rds::types::DbSubnetGroup>, OpError> {
    let answer = cx.sdk.rds().describe_db_subnet_groups().db_subnet_group_name(name).send().await;
    match answer.map_err(op("DescribeDBSubnetGroups")) {
        Ok(answer) => Ok(answer.db_subnet_groups.unwrap_or_default().into_iter().next()),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

fn attributes(group: &aws_sdk_rds::types::DbSubnetGroup) -> Attributes {
    let mut out = Attributes::new();
    if let Some(name) = group.db_subnet_group_name() {
        out.insert("Ref".into(), json!(name));
    }
    if let Some(arn) = group.db_subnet_group_arn() {
        out.insert("DBSubnetGroupArn".into(), json!(arn));
    }
    out
}

impl ResourceType for DbSubnetGroup {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "DBSubnetGroupName", max: 255, lower: true, separator: '-' }),
        early: &["Ref", "DBSubnetGroupArn"],
        held_by_users: true,
        retry_delete: &[Retry {
            code: "InvalidDBSubnetGroupStateFault",
            message: "",
            why: "a database that is being deleted still uses the subnet group",
        }],
        iam: &[
            "rds:CreateDBSubnetGroup",
            "rds:DescribeDBSubnetGroups",
            "rds:ModifyDBSubnetGroup",
            "rds:DeleteDBSubnetGroup",
            "rds:ListTagsForResource",
            "rds:AddTagsToResource",
            "rds:RemoveTagsFromResource",
        ],
        ..Facts::new("AWS::RDS::DBSubnetGroup", "rds")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match (property, desired.as_str(), recorded.as_str()) {
            ("DBSubnetGroupName", Some(desired), Some(recorded)) => desired.eq_ignore_ascii_case(recorded),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let Some(name) = &props.DBSubnetGroupName else { return Ok(None) };
        let Some(group) = look(cx, name).await? else { return Ok(None) };
        let tags = list_tags(cx, group.db_subnet_group_arn().unwrap_or_default()).await?;
        let id = group.db_subnet_group_name().unwrap_or(name).to_owned();
        Ok(Some(Found { id: id.into(), attributes: attributes(&group), ownership: cx.owns(pairs(&tags)) }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(match (look(cx, id.as_str()).await?, goal) {
            (Some(group), Goal::Ready) => Probe::Reached(attributes(&group)),
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
            (Some(group), Goal::Gone) => Probe::Pending(group.subnet_group_status.unwrap_or_default()),
            (None, Goal::Ready) => Probe::Pending("not visible yet".into()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(group) = look(cx, id.as_str()).await? else { return Ok(None) };
        let tags = list_tags(cx, group.db_subnet_group_arn().unwrap_or_default()).await?;
        let mut subnets: Vec<String> = group
            .subnets()
            .iter()
            .filter_map(|subnet| subnet.subnet_identifier().map(str::to_owned))
            .collect();
        subnets.sort();
        Ok(Some(Props {
            DBSubnetGroupDescription: group.db_subnet_group_description.clone(),
            DBSubnetGroupName: group.db_subnet_group_name.clone(),
            SubnetIds: Some(subnets),
            Tags: cx.own_tags(pairs(&tags)),
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let answer = cx
            .sdk
            .rds()
            .create_db_subnet_group()
            .set_db_subnet_group_name(props.DBSubnetGroupName.clone())
            .set_db_subnet_group_description(props.DBSubnetGroupDescription.clone())
            .set_subnet_ids(props.SubnetIds.clone())
            .set_tags(Some(sdk_tags(&cx.tags(props.Tags.as_ref()))))
            .send()
            .await
            .map_err(op("CreateDBSubnetGroup"))?;
        let group = answer
            .db_subnet_group
            .ok_or_else(|| OpError::missing("CreateDBSubnetGroup", "the subnet group"))?;
        let id = group
            .db_subnet_group_name
            .clone()
            .ok_or_else(|| OpError::missing("CreateDBSubnetGroup", "the subnet group's name"))?;
        Ok(Created { id: id.into(), attributes: attributes(&group) })
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        if change.has("SubnetIds") || change.has("DBSubnetGroupDescription") {
            cx.sdk
                .rds()
                .modify_db_subnet_group()
                .db_subnet_group_name(id.as_str())
                .set_db_subnet_group_description(change.new.DBSubnetGroupDescription.clone())
                .set_subnet_ids(change.new.SubnetIds.clone())
                .send()
                .await
                .map_err(op("ModifyDBSubnetGroup"))?;
        }
        if change.has("Tags") {
            change_tags(
                cx,
                &arn(cx, "subgrp", id.as_str()),
                change.old.Tags.as_ref(),
                change.new.Tags.as_ref(),
            )
            .await?;
        }
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        match cx.sdk.rds().delete_db_subnet_group().db_subnet_group_name(id.as_str()).send().await {
            Ok(_) => Ok(Progress::Done),
            Err(error) => match op("DeleteDBSubnetGroup")(error) {
                error if error.is(ABSENT) => Ok(Progress::Done),
                error => Err(error),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::bench::Bench;

    #[test]
    fn keeps_the_law() {
        let bench = Bench::new();
        super::super::prepared::network(&bench);
        let props = json!({
            "DBSubnetGroupName": "Payments-Subnets", "DBSubnetGroupDescription": "for payments",
            "SubnetIds": ["subnet-b", "subnet-a"], "Tags": [{"Key": "team", "Value": "payments"}],
        });
        let changed = json!({
            "DBSubnetGroupName": "Payments-Subnets", "DBSubnetGroupDescription": "still for payments",
            "SubnetIds": ["subnet-a", "subnet-b", "subnet-c"], "Tags": [{"Key": "cost", "Value": "1"}],
        });
        bench.law_covering::<DbSubnetGroup>(&[(props, Some(changed))]);
    }

    #[test]
    fn one_zone_is_refused() {
        let bench = Bench::new();
        super::super::prepared::network(&bench);
        let props = Props {
            DBSubnetGroupName: Some("narrow".into()),
            DBSubnetGroupDescription: Some("one zone".into()),
            SubnetIds: Some(vec!["subnet-a".into()]),
            Tags: None,
        };
        let error = bench.cx(|cx| bench.run(DbSubnetGroup::create(cx, &bench.permit(), &props))).unwrap_err();
        assert!(error.is(&["DBSubnetGroupDoesNotCoverEnoughAZs"]), "{error}");
    }
}
