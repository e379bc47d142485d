//! `AWS::RDS::DBSubnetGroup`. RDS keeps the name in lower case.

use aws_sdk_rds::types;
use serde_json::{Value as Json, json};

use super::tags::{Tags, arn};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, PhysicalId, Retry, Stored, Tag},
    resources::{
        Asked, Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, compare,
        tags::{self, Tagging},
    },
};

crate::mirrored! {
    /// The properties.
    pub struct Props <= types::DbSubnetGroup {
        DBSubnetGroupDescription/db_subnet_group_description: String,
        DBSubnetGroupName/db_subnet_group_name: String, SubnetIds: Vec<String>, Tags: Vec<Tag>,
    }
}

/// `AWS::RDS::DBSubnetGroup`.
pub struct DbSubnetGroup;

const ABSENT: &[&str] = &["DBSubnetGroupNotFoundFault"];

impl Described for DbSubnetGroup {
    type Props = Props;
    type Live = types::DbSubnetGroup;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "DBSubnetGroupName", max: 255, lower: true, separator: '-' }),
        early: &["Ref", "DBSubnetGroupArn"],
        // ModifyDBSubnetGroup: "The new Subnets are not in the same Vpc as the existing subnet group".
        within_network: &["SubnetIds"],
        held_by_users: true,
        retry_delete: &[Retry {
            code: "InvalidDBSubnetGroupStateFault",
            message: "",
            why: "a database that is being deleted still uses the subnet group",
        }],
        absent: ABSENT,
        iam: &[
            "rds:CreateDBSubnetGroup",
            "rds:DescribeDBSubnetGroups",
            "rds:ModifyDBSubnetGroup",
            "rds:DeleteDBSubnetGroup",
            "rds:ListTagsForResource",
            "rds:AddTagsToResource",
            "rds:RemoveTagsFromResource",
        ],
        stored: &[("DBSubnetGroupName", Stored::Lowercase)],
        ..Facts::new("AWS::RDS::DBSubnetGroup", "rds")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match (property, desired.as_str(), recorded.as_str()) {
            ("DBSubnetGroupName", Some(desired), Some(recorded)) => desired.eq_ignore_ascii_case(recorded),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        props.DBSubnetGroupName.as_deref().map(Into::into)
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        if let Some(live) = cx.shelved(id.as_str()) {
            return Ok(Some(live));
        }
        let call = cx.sdk.rds().describe_db_subnet_groups().db_subnet_group_name(id.as_str());
        let answer = call.send().await.map_err(op("DescribeDBSubnetGroups"))?;
        Ok(answer.db_subnet_groups.unwrap_or_default().into_iter().next())
    }

    /// All of the region, a page of 100 each: the operation has no filters, and a region has 50 groups unless its quota was raised.
    const MANY: usize = 1000;

    async fn gather(cx: &Cx<'_>, _asked: &[Asked<'_, Props>]) -> Result<(), OpError> {
        let mut marker = None;
        loop {
            let call = cx.sdk.rds().describe_db_subnet_groups().max_records(100).set_marker(marker);
            let page = call.send().await.map_err(op("DescribeDBSubnetGroups"))?;
            for live in page.db_subnet_groups() {
                cx.shelve(live.db_subnet_group_name().unwrap_or_default(), live);
            }
            marker = page.marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(());
            }
        }
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        let name = live.db_subnet_group_name().unwrap_or_default();
        let mut attributes = Attributes::from([("Ref".into(), json!(name))]);
        attributes.extend(live.db_subnet_group_arn().map(|arn| ("DBSubnetGroupArn".into(), json!(arn))));
        Created { id: name.into(), attributes }
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.db_subnet_group_arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, _: &Props) -> Result<Props, OpError> {
        let subnets = live.subnets().iter().filter_map(|subnet| subnet.subnet_identifier.clone());
        let mut subnets: Vec<String> = subnets.collect();
        subnets.sort();
        Ok(Props { SubnetIds: Some(subnets), Tags: tags, ..Props::received(&live) })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateDBSubnetGroup";
        let call = crate::pass!(OP, cx.sdk.rds().create_db_subnet_group(), props => {
            set_db_subnet_group_name: DBSubnetGroupName,
            set_db_subnet_group_description: DBSubnetGroupDescription, set_subnet_ids: SubnetIds,
        });
        let call = call.set_tags(tags::create(cx, OP, props.Tags.as_ref())?);
        let group = call.send().await.map_err(op(OP))?.db_subnet_group;
        let group = group.filter(|group| group.db_subnet_group_name().is_some());
        Ok(Self::object(cx, &group.ok_or_else(|| OpError::missing(OP, "the subnet group's name"))?))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        const OP: &str = "ModifyDBSubnetGroup";
        if change.any(&["SubnetIds", "DBSubnetGroupDescription"]) {
            let call = crate::pass!(OP, cx.sdk.rds().modify_db_subnet_group(), change.new => {
                set_db_subnet_group_description: DBSubnetGroupDescription, set_subnet_ids: SubnetIds,
            });
            call.db_subnet_group_name(id.as_str()).send().await.map_err(op(OP))?;
        }
        let arn = arn(cx, "subgrp", id.as_str());
        Tags::change(cx, &arn, change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.rds().delete_db_subnet_group().db_subnet_group_name(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteDBSubnetGroup"))
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
