//! `AWS::DMS::ReplicationSubnetGroup`. The account's `dms-vpc-role` must exist and have propagated first.

use aws_sdk_databasemigration::types;
use serde_json::Value as Json;

use super::{
    support::{ABSENT, BUSY, ROLE, filter},
    tags::Tags,
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Facts, Identity, NameRule, PhysicalId, Tag},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, compare,
        described::alike,
        tags::{self, Tagging},
    },
};

/// The type.
pub struct ReplicationSubnetGroup;

crate::mirrored! {
    /// The properties.
    pub struct Props <= types::ReplicationSubnetGroup {
        ReplicationSubnetGroupDescription/replication_subnet_group_description: String,
        ReplicationSubnetGroupIdentifier/replication_subnet_group_identifier: String,
        SubnetIds: Vec<String>, Tags: Vec<Tag>,
    }
}

impl Props {
    /// DMS keeps names in lower case.
    fn name(&self) -> String {
        self.ReplicationSubnetGroupIdentifier.as_deref().unwrap_or_default().to_lowercase()
    }
}

fn arn(cx: &Cx<'_>, name: &str) -> String {
    format!("arn:{}:dms:{}:{}:subgrp:{name}", cx.partition, cx.region, cx.account)
}

fn object(name: &str) -> Created {
    Created { id: name.into(), attributes: alike(&["Ref"], name) }
}

impl Described for ReplicationSubnetGroup {
    type Props = Props;
    type Live = types::ReplicationSubnetGroup;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        // ModifyReplicationSubnetGroup: the subnets have to be in the group's VPC (InvalidSubnet).
        within_network: &["SubnetIds"],
        name: Some(NameRule {
            property: "ReplicationSubnetGroupIdentifier",
            max: 255,
            lower: true,
            separator: '-',
        }),
        early: &["Ref"],
        retry: &[ROLE],
        held_by_users: true,
        retry_delete: &[BUSY],
        absent: ABSENT,
        iam: &[
            "dms:AddTagsToResource",
            "dms:CreateReplicationSubnetGroup",
            "dms:DeleteReplicationSubnetGroup",
            "dms:DescribeReplicationSubnetGroups",
            "dms:ListTagsForResource",
            "dms:ModifyReplicationSubnetGroup",
            "dms:RemoveTagsFromResource",
        ],
        ..Facts::new("AWS::DMS::ReplicationSubnetGroup", "dms")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            "SubnetIds" => super::instance_rules::same_set(desired, recorded),
            "ReplicationSubnetGroupIdentifier" => super::instance_rules::same_text(desired, recorded),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn key(_cx: &Cx<'_>, props: &Props) -> Option<PhysicalId> {
        Some(props.name().into())
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Self::Live>, OpError> {
        const OP: &str = "DescribeReplicationSubnetGroups";
        let call = cx.sdk.dms().describe_replication_subnet_groups();
        let call = call.filters(filter(OP, "replication-subnet-group-id", id.as_str())?);
        let answer = call.send().await.map_err(op(OP))?;
        Ok(answer.replication_subnet_groups.unwrap_or_default().into_iter().next())
    }

    fn object(_cx: &Cx<'_>, live: &Self::Live) -> Created {
        object(&live.replication_subnet_group_identifier().unwrap_or_default().to_lowercase())
    }

    async fn tags(cx: &Cx<'_>, live: &Self::Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, &arn(cx, Self::object(cx, live).id.as_str())).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Self::Live, tags: OwnTags, _: &Props) -> Result<Props, OpError> {
        let subnets = live.subnets().iter().filter_map(|subnet| subnet.subnet_identifier.clone());
        let mut subnets: Vec<String> = subnets.collect();
        subnets.sort();
        Ok(Props { SubnetIds: Some(subnets), Tags: tags, ..Props::received(&live) })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const OP: &str = "CreateReplicationSubnetGroup";
        let call = crate::pass!(OP, cx.sdk.dms().create_replication_subnet_group(), props => {
            set_replication_subnet_group_description: ReplicationSubnetGroupDescription,
            set_subnet_ids: SubnetIds,
        });
        let call = call.replication_subnet_group_identifier(props.name());
        call.set_tags(tags::create(cx, OP, props.Tags.as_ref())?).send().await.map_err(op(OP))?;
        Ok(object(&props.name()))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        const OP: &str = "ModifyReplicationSubnetGroup";
        if change.any(&["SubnetIds", "ReplicationSubnetGroupDescription"]) {
            let call = cx.sdk.dms().modify_replication_subnet_group();
            let call = crate::pass!(OP, call, change.new => {
                set_replication_subnet_group_description: ReplicationSubnetGroupDescription,
                set_subnet_ids: SubnetIds,
            });
            call.replication_subnet_group_identifier(id.as_str()).send().await.map_err(op(OP))?;
        }
        Tags::change(cx, &arn(cx, id.as_str()), change.old.Tags.as_ref(), change.new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.dms().delete_replication_subnet_group();
        let call = call.replication_subnet_group_identifier(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteReplicationSubnetGroup"))
    }
}
