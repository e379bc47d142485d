//! `AWS::DMS::ReplicationSubnetGroup`. The account's `dms-vpc-role` must exist and have propagated first.

use aws_sdk_databasemigration::types::ReplicationSubnetGroup as Live;
use serde_json::{Value as Json, json};

use super::support::{ABSENT, BUSY, ROLE, filter, ownership, pairs, retag, tags, tags_of};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, PhysicalId, Tag},
    props,
    resources::{Change, Created, Cx, Found, Goal, Probe, Progress, ResourceType, compare},
};

/// The type.
pub struct ReplicationSubnetGroup;

props! {
    /// The properties.
    pub struct Props {
        ReplicationSubnetGroupDescription: String,
        ReplicationSubnetGroupIdentifier: String,
        SubnetIds: Vec<String>,
        Tags: Vec<Tag>,
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

fn attributes(name: &str) -> Attributes {
    Attributes::from([("Ref".into(), json!(name))])
}

async fn get(cx: &Cx<'_>, name: &str) -> Result<Option<Live>, OpError> {
    const CALL: &str = "DescribeReplicationSubnetGroups";
    let filter = filter(CALL, "replication-subnet-group-id", name)?;
    match cx.sdk.dms().describe_replication_subnet_groups().filters(filter).send().await.map_err(op(CALL)) {
        Ok(answer) => Ok(answer.replication_subnet_groups.unwrap_or_default().into_iter().next()),
        Err(error) if error.is(ABSENT) => Ok(None),
        Err(error) => Err(error),
    }
}

impl ResourceType for ReplicationSubnetGroup {
    type Props = Props;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
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

    async fn find(cx: &Cx<'_>, props: &Props) -> Result<Option<Found>, OpError> {
        let name = props.name();
        if get(cx, &name).await?.is_none() {
            return Ok(None);
        }
        let ownership = ownership(cx, &arn(cx, &name)).await?;
        Ok(Some(Found { attributes: attributes(&name), id: name.into(), ownership }))
    }

    async fn probe(cx: &Cx<'_>, id: &PhysicalId, _props: &Props, goal: Goal) -> Result<Probe, OpError> {
        Ok(match (get(cx, id.as_str()).await?, goal) {
            (Some(_), Goal::Ready) => Probe::Reached(attributes(id.as_str())),
            (None, Goal::Ready) => Probe::Pending("absent".into()),
            (Some(_), Goal::Gone) => Probe::Pending("present".into()),
            (None, Goal::Gone) => Probe::Reached(Attributes::new()),
        })
    }

    async fn read(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Props>, OpError> {
        let Some(group) = get(cx, id.as_str()).await? else { return Ok(None) };
        let mut subnets: Vec<String> =
            group.subnets().iter().filter_map(|s| s.subnet_identifier().map(ToOwned::to_owned)).collect();
        subnets.sort();
        Ok(Some(Props {
            SubnetIds: Some(subnets),
            Tags: cx.own_tags(pairs(&tags_of(cx, &arn(cx, id.as_str())).await?)),
            ReplicationSubnetGroupDescription: group.replication_subnet_group_description,
            ReplicationSubnetGroupIdentifier: group.replication_subnet_group_identifier,
        }))
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        let name = props.name();
        cx.sdk
            .dms()
            .create_replication_subnet_group()
            .replication_subnet_group_identifier(&name)
            .set_replication_subnet_group_description(props.ReplicationSubnetGroupDescription.clone())
            .set_subnet_ids(props.SubnetIds.clone())
            .set_tags(Some(tags(&cx.tags(props.Tags.as_ref()))))
            .send()
            .await
            .map_err(op("CreateReplicationSubnetGroup"))?;
        Ok(Created { attributes: attributes(&name), id: name.into() })
    }

    async fn update(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        change: &Change<'_, Props>,
    ) -> Result<Progress, OpError> {
        let new = change.new;
        if change.has("SubnetIds") || change.has("ReplicationSubnetGroupDescription") {
            cx.sdk
                .dms()
                .modify_replication_subnet_group()
                .replication_subnet_group_identifier(id.as_str())
                .set_replication_subnet_group_description(new.ReplicationSubnetGroupDescription.clone())
                .set_subnet_ids(new.SubnetIds.clone())
                .send()
                .await
                .map_err(op("ModifyReplicationSubnetGroup"))?;
        }
        retag(cx, &arn(cx, id.as_str()), change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        Ok(Progress::Done)
    }

    async fn delete(
        cx: &Cx<'_>,
        _permit: &Permit,
        id: &PhysicalId,
        _props: &Props,
    ) -> Result<Progress, OpError> {
        let call = cx.sdk.dms().delete_replication_subnet_group();
        let call = call.replication_subnet_group_identifier(id.as_str());
        match call.send().await.map_err(op("DeleteReplicationSubnetGroup")) {
            Ok(_) => Ok(Progress::Done),
            Err(error) if error.is(ABSENT) => Ok(Progress::Done),
            Err(error) => Err(error),
        }
    }
}
