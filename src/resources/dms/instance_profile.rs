//! `AWS::DMS::InstanceProfile`: the network and the key of what DMS runs for migration projects.

use aws_sdk_databasemigration::types::InstanceProfile as Live;
use serde_json::{Value as Json, json};

use super::{
    instance_rules::{same_key, same_set, same_text},
    support::{ABSENT, BUSY, ROLE, filter, kept, moment},
    tags::Tags,
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Facts, Identity, NameRule, PhysicalId, Tag},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, compare,
        tags::{self, Tagging},
    },
};

/// The type.
pub struct InstanceProfile;

crate::mirrored! {
    /// The properties.
    pub struct Props <= Live {
        AvailabilityZone/availability_zone: String, Description/description: String,
        InstanceProfileName/instance_profile_name: String, KmsKeyArn/kms_key_arn: String,
        NetworkType/network_type: String, PubliclyAccessible/publicly_accessible: bool,
        SubnetGroupIdentifier/subnet_group_identifier: String, Tags: Vec<Tag>,
        VpcSecurityGroups/vpc_security_groups: Vec<String>,
    }
}

async fn by(cx: &Cx<'_>, id: &str) -> Result<Option<Live>, OpError> {
    const CALL: &str = "DescribeInstanceProfiles";
    let call = cx.sdk.dms().describe_instance_profiles();
    let call = call.filters(filter(CALL, "instance-profile-identifier", id)?);
    Ok(call.send().await.map_err(op(CALL))?.instance_profiles.unwrap_or_default().into_iter().next())
}

impl Described for InstanceProfile {
    type Props = Props;
    type Live = Live;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "InstanceProfileName", max: 255, lower: false, separator: '-' }),
        early: &["Ref", "InstanceProfileArn", "InstanceProfileCreationTime"],
        retry: &[ROLE],
        held_by_users: true,
        retry_delete: &[BUSY],
        absent: ABSENT,
        refused: &[(
            "InstanceProfileIdentifier",
            "it names the object in later calls, which use its ARN: set InstanceProfileName",
        )],
        iam: &[
            "dms:AddTagsToResource",
            "dms:CreateInstanceProfile",
            "dms:DeleteInstanceProfile",
            // The API Reference requires these for the calls Describe… and Modify….
            "dms:ListInstanceProfiles",
            "dms:ListTagsForResource",
            "dms:RemoveTagsFromResource",
            "dms:UpdateInstanceProfile",
        ],
        ..Facts::new("AWS::DMS::InstanceProfile", "dms")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            "InstanceProfileName" | "SubnetGroupIdentifier" | "NetworkType" => same_text(desired, recorded),
            "KmsKeyArn" => same_key(desired, recorded),
            "VpcSecurityGroups" => same_set(desired, recorded),
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn refused(change: &Change<'_, Props>) -> Vec<(String, String)> {
        let (old, new) = (change.old, change.new);
        kept(&[
            ("AvailabilityZone", old.AvailabilityZone.is_some() && new.AvailabilityZone.is_none()),
            ("Description", old.Description.is_some() && new.Description.is_none()),
            ("KmsKeyArn", old.KmsKeyArn.is_some() && new.KmsKeyArn.is_none()),
            (
                "SubnetGroupIdentifier",
                old.SubnetGroupIdentifier.is_some() && new.SubnetGroupIdentifier.is_none(),
            ),
            ("VpcSecurityGroups", old.VpcSecurityGroups.is_some() && new.VpcSecurityGroups.is_none()),
        ])
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Live>, OpError> {
        by(cx, id.as_str()).await
    }

    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Live>, OpError> {
        let name = props.InstanceProfileName.as_deref().unwrap_or_default();
        Ok(by(cx, name).await?.into_iter().collect())
    }

    fn object(_cx: &Cx<'_>, live: &Live) -> Created {
        let arn = live.instance_profile_arn().unwrap_or_default();
        let attributes = Attributes::from([
            ("Ref".into(), json!(arn)),
            ("InstanceProfileArn".into(), json!(arn)),
            (
                "InstanceProfileCreationTime".into(),
                json!(moment(live.instance_profile_creation_time.as_ref())),
            ),
        ]);
        Created { id: arn.into(), attributes }
    }

    async fn tags(cx: &Cx<'_>, live: &Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.instance_profile_arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Live, tags: OwnTags, _: &Props) -> Result<Props, OpError> {
        Ok(Props { Tags: tags, ..Props::received(&live) })
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const CALL: &str = "CreateInstanceProfile";
        let call = crate::pass!(CALL, cx.sdk.dms().create_instance_profile(), props => {
            set_availability_zone: AvailabilityZone, set_description: Description,
            set_instance_profile_name: InstanceProfileName, set_kms_key_arn: KmsKeyArn, set_network_type: NetworkType,
            set_publicly_accessible: PubliclyAccessible, set_subnet_group_identifier: SubnetGroupIdentifier,
            set_vpc_security_groups: VpcSecurityGroups,
        });
        let call = call.set_tags(tags::create(cx, CALL, props.Tags.as_ref())?);
        let answer = call.send().await.map_err(op(CALL))?;
        let made = answer.instance_profile.filter(|made| made.instance_profile_arn().is_some());
        Ok(Self::object(cx, &made.ok_or_else(|| OpError::missing(CALL, "the ARN"))?))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        const CALL: &str = "ModifyInstanceProfile";
        let new = change.new;
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        if change.changed.iter().all(|property| property == "Tags") {
            return Ok(Progress::Done);
        }
        let call = crate::pass!(CALL, cx.sdk.dms().modify_instance_profile(), new => {
            set_availability_zone: AvailabilityZone, set_description: Description,
            set_instance_profile_name: InstanceProfileName, set_kms_key_arn: KmsKeyArn,
            set_subnet_group_identifier: SubnetGroupIdentifier, set_vpc_security_groups: VpcSecurityGroups,
        });
        call.instance_profile_identifier(id.as_str())
            // API Reference: `true` and `IPV4` unless they are set.
            .publicly_accessible(new.PubliclyAccessible.unwrap_or(true))
            .network_type(new.NetworkType.as_deref().unwrap_or("IPV4"))
            .send()
            .await
            .map(|_| Progress::Done)
            .map_err(op(CALL))
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.dms().delete_instance_profile().instance_profile_identifier(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteInstanceProfile"))
    }
}
