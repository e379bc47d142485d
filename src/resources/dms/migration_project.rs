//! `AWS::DMS::MigrationProject`: which data providers, in which network, with which secrets.

use aws_sdk_databasemigration::types::{
    DataProviderDescriptor as LiveDescriptor, DataProviderDescriptorDefinition, MigrationProject as Live,
    ScApplicationAttributes,
};
use serde_json::{Value as Json, json};

use super::{
    instance_rules::same_text,
    support::{ABSENT, BUSY, ROLE, filter, kept},
    tags::Tags,
    task_settings::same_document,
};
use crate::{
    aws::{OpError, op},
    ledger::Permit,
    model::{Attributes, Document, Facts, Identity, NameRule, PhysicalId, Tag},
    resources::{
        Change, Created, Cx, Described, LiveTags, Outcome, OwnTags, Progress, compare, mirror,
        tags::{self, Tagging},
    },
};

/// The type.
pub struct MigrationProject;

crate::mirrored! {
    /// The properties.
    pub struct Props <= Live {
        Description/description: String, InstanceProfileArn: String, InstanceProfileIdentifier: String,
        InstanceProfileName: String, MigrationProjectName/migration_project_name: String,
        SchemaConversionApplicationAttributes/schema_conversion_application_attributes: Conversion,
        SourceDataProviderDescriptors: Vec<Descriptor>, Tags: Vec<Tag>,
        TargetDataProviderDescriptors: Vec<Descriptor>, TransformationRules/transformation_rules: String,
    }
    /// Where schema conversion keeps its work.
    pub struct Conversion: ScApplicationAttributes = ScApplicationAttributes::builder().build() => {
        S3BucketPath/s3_bucket_path: String, S3BucketRoleArn/s3_bucket_role_arn: String,
    }
}

crate::props! {
    /// A data provider, by its ARN, its identifier or its name, and the secret that opens it.
    pub struct Descriptor {
        DataProviderArn: String, DataProviderIdentifier: String, DataProviderName: String,
        SecretsManagerAccessRoleArn: String, SecretsManagerSecretId: String,
    }
}

impl Descriptor {
    fn identifier(&self) -> Option<&String> {
        self.DataProviderArn
            .as_ref()
            .or(self.DataProviderIdentifier.as_ref())
            .or(self.DataProviderName.as_ref())
    }

    fn send(&self, operation: &str) -> Result<DataProviderDescriptorDefinition, OpError> {
        DataProviderDescriptorDefinition::builder()
            .set_data_provider_identifier(self.identifier().cloned())
            .set_secrets_manager_secret_id(self.SecretsManagerSecretId.clone())
            .set_secrets_manager_access_role_arn(self.SecretsManagerAccessRoleArn.clone())
            .build()
            .map_err(|error| OpError::not_sent(operation, error.to_string()))
    }

    /// What is live, named as the template names it.
    fn receive(live: &LiveDescriptor, hints: &[Self]) -> Self {
        let (arn, name) = (live.data_provider_arn.clone(), live.data_provider_name.clone());
        let names = |hint: &&Self| {
            hint.identifier().is_some_and(|id| Some(id) == arn.as_ref() || Some(id) == name.as_ref())
        };
        let hint = hints.iter().find(names).cloned().unwrap_or_default();
        let by_arn = hint.identifier().is_none() || hint.DataProviderArn.is_some();
        Self {
            DataProviderArn: arn.filter(|_| by_arn),
            DataProviderIdentifier: hint.DataProviderIdentifier,
            DataProviderName: name.filter(|_| hint.DataProviderName.is_some()),
            SecretsManagerAccessRoleArn: live.secrets_manager_access_role_arn.clone(),
            SecretsManagerSecretId: live.secrets_manager_secret_id.clone(),
        }
    }
}

fn sent(
    operation: &str,
    list: Option<&Vec<Descriptor>>,
) -> Result<Option<Vec<DataProviderDescriptorDefinition>>, OpError> {
    list.map(|list| list.iter().map(|one| one.send(operation)).collect()).transpose()
}

impl Props {
    fn profile(&self) -> Option<String> {
        let all = [&self.InstanceProfileArn, &self.InstanceProfileIdentifier, &self.InstanceProfileName];
        all.into_iter().find_map(Clone::clone)
    }
}

async fn by(cx: &Cx<'_>, id: &str) -> Result<Option<Live>, OpError> {
    const CALL: &str = "DescribeMigrationProjects";
    let call = cx.sdk.dms().describe_migration_projects();
    let call = call.filters(filter(CALL, "migration-project-identifier", id)?);
    Ok(call.send().await.map_err(op(CALL))?.migration_projects.unwrap_or_default().into_iter().next())
}

impl Described for MigrationProject {
    type Props = Props;
    type Live = Live;

    const FACTS: Facts = Facts {
        identity: Identity::Name,
        name: Some(NameRule { property: "MigrationProjectName", max: 255, lower: false, separator: '-' }),
        early: &["Ref", "MigrationProjectArn"],
        retry: &[ROLE],
        held_by_users: true,
        retry_delete: &[BUSY],
        absent: ABSENT,
        documents: &[("TransformationRules", Document::Json)],
        refused: &[(
            "MigrationProjectIdentifier",
            "it names the object in later calls, which use its ARN: set MigrationProjectName",
        )],
        iam: &[
            "dms:AddTagsToResource",
            "dms:CreateMigrationProject",
            "dms:DeleteMigrationProject",
            // The API Reference requires these for the calls Describe… and Modify….
            "dms:ListMigrationProjects",
            "dms:ListTagsForResource",
            "dms:RemoveTagsFromResource",
            "dms:UpdateMigrationProject",
            "iam:PassRole",
        ],
        ..Facts::new("AWS::DMS::MigrationProject", "dms")
    };

    fn same(property: &str, desired: &Json, recorded: &Json) -> bool {
        match property {
            "MigrationProjectName" => same_text(desired, recorded),
            "TransformationRules" => same_document(desired, recorded),
            // Of the three ways to name the profile only the declared one is compared.
            "InstanceProfileIdentifier" if recorded.is_null() => true,
            _ => compare::same(Self::FACTS.kind, property, desired, recorded),
        }
    }

    fn refused(change: &Change<'_, Props>) -> Vec<(String, String)> {
        let (old, new) = (change.old, change.new);
        kept(&[
            ("Description", old.Description.is_some() && new.Description.is_none()),
            ("TransformationRules", old.TransformationRules.is_some() && new.TransformationRules.is_none()),
            (
                "SchemaConversionApplicationAttributes",
                old.SchemaConversionApplicationAttributes.is_some()
                    && new.SchemaConversionApplicationAttributes.is_none(),
            ),
        ])
    }

    fn check(props: &Json) -> Vec<(String, String)> {
        let mut problems = Vec::new();
        let ways = ["InstanceProfileArn", "InstanceProfileIdentifier", "InstanceProfileName"];
        let named = ways.iter().filter(|name| !props[**name].is_null()).count();
        if named != 1 {
            let why = format!("one of {} names the instance profile", ways.join(", "));
            problems.push(("InstanceProfileIdentifier".to_owned(), why));
        }
        for list in ["SourceDataProviderDescriptors", "TargetDataProviderDescriptors"] {
            if props[list].as_array().is_none_or(Vec::is_empty) {
                problems.push((list.to_owned(), "DMS needs one data provider at least".to_owned()));
            }
            for one in props[list].as_array().into_iter().flatten() {
                let ways = ["DataProviderArn", "DataProviderIdentifier", "DataProviderName"];
                if ways.iter().filter(|name| !one[**name].is_null()).count() != 1 {
                    problems
                        .push((list.to_owned(), format!("one of {} names a data provider", ways.join(", "))));
                }
                if one["SecretsManagerSecretId"].is_null() != one["SecretsManagerAccessRoleArn"].is_null() {
                    let why = "SecretsManagerSecretId and SecretsManagerAccessRoleArn go together";
                    problems.push((list.to_owned(), why.to_owned()));
                }
            }
        }
        problems
    }

    async fn get(cx: &Cx<'_>, id: &PhysicalId, _hint: &Props) -> Result<Option<Live>, OpError> {
        by(cx, id.as_str()).await
    }

    async fn list(cx: &Cx<'_>, props: &Props) -> Result<Vec<Live>, OpError> {
        let name = props.MigrationProjectName.as_deref().unwrap_or_default();
        Ok(by(cx, name).await?.into_iter().collect())
    }

    fn object(_cx: &Cx<'_>, live: &Live) -> Created {
        let arn = live.migration_project_arn().unwrap_or_default();
        let attributes =
            Attributes::from([("Ref".into(), json!(arn)), ("MigrationProjectArn".into(), json!(arn))]);
        Created { id: arn.into(), attributes }
    }

    async fn tags(cx: &Cx<'_>, live: &Live) -> Result<LiveTags, OpError> {
        Tags::list(cx, live.migration_project_arn().unwrap_or_default()).await.map(Some)
    }

    async fn props(_: &Cx<'_>, live: Live, tags: OwnTags, hint: &Props) -> Result<Props, OpError> {
        let mut props = Props { Tags: tags, ..Props::received(&live) };
        let list = |live: &[LiveDescriptor], hints: Option<&Vec<Descriptor>>| {
            let hints = hints.map(Vec::as_slice).unwrap_or_default();
            Some(live.iter().map(|one| Descriptor::receive(one, hints)).collect())
        };
        props.SourceDataProviderDescriptors =
            list(live.source_data_provider_descriptors(), hint.SourceDataProviderDescriptors.as_ref());
        props.TargetDataProviderDescriptors =
            list(live.target_data_provider_descriptors(), hint.TargetDataProviderDescriptors.as_ref());
        let (arn, name) = (live.instance_profile_arn, live.instance_profile_name);
        let is = |id: &&String| Some(*id) == arn.as_ref() || Some(*id) == name.as_ref();
        props.InstanceProfileIdentifier = hint
            .InstanceProfileIdentifier
            .as_ref()
            .map(|id| if is(&id) { id.clone() } else { arn.clone().unwrap_or_default() });
        props.InstanceProfileName = hint.InstanceProfileName.as_ref().and(name);
        props.InstanceProfileArn = hint.InstanceProfileArn.as_ref().and(arn);
        Ok(props)
    }

    async fn create(cx: &Cx<'_>, _permit: &Permit, props: &Props) -> Result<Created, OpError> {
        const CALL: &str = "CreateMigrationProject";
        let call = crate::pass!(CALL, cx.sdk.dms().create_migration_project(), props => {
            set_description: Description, set_migration_project_name: MigrationProjectName,
            set_transformation_rules: TransformationRules,
        });
        let attributes = mirror::sent(CALL, props.SchemaConversionApplicationAttributes.as_ref())?;
        let answer = call
            .set_instance_profile_identifier(props.profile())
            .set_source_data_provider_descriptors(sent(CALL, props.SourceDataProviderDescriptors.as_ref())?)
            .set_target_data_provider_descriptors(sent(CALL, props.TargetDataProviderDescriptors.as_ref())?)
            .set_schema_conversion_application_attributes(attributes)
            .set_tags(tags::create(cx, CALL, props.Tags.as_ref())?)
            .send()
            .await
            .map_err(op(CALL))?;
        let made = answer.migration_project.filter(|made| made.migration_project_arn().is_some());
        Ok(Self::object(cx, &made.ok_or_else(|| OpError::missing(CALL, "the ARN"))?))
    }

    async fn update(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, change: &Change<'_, Props>) -> Outcome {
        const CALL: &str = "ModifyMigrationProject";
        let new = change.new;
        Tags::change(cx, id.as_str(), change.old.Tags.as_ref(), new.Tags.as_ref()).await?;
        if change.changed.iter().all(|property| property == "Tags") {
            return Ok(Progress::Done);
        }
        let call = crate::pass!(CALL, cx.sdk.dms().modify_migration_project(), new => {
            set_description: Description, set_migration_project_name: MigrationProjectName,
            set_transformation_rules: TransformationRules,
        });
        let attributes = mirror::sent(CALL, new.SchemaConversionApplicationAttributes.as_ref())?;
        call.migration_project_identifier(id.as_str())
            .set_instance_profile_identifier(new.profile())
            .set_source_data_provider_descriptors(sent(CALL, new.SourceDataProviderDescriptors.as_ref())?)
            .set_target_data_provider_descriptors(sent(CALL, new.TargetDataProviderDescriptors.as_ref())?)
            .set_schema_conversion_application_attributes(attributes)
            .send()
            .await
            .map(|_| Progress::Done)
            .map_err(op(CALL))
    }

    async fn delete(cx: &Cx<'_>, _permit: &Permit, id: &PhysicalId, _props: &Props) -> Outcome {
        let call = cx.sdk.dms().delete_migration_project().migration_project_identifier(id.as_str());
        call.send().await.map(|_| Progress::Done).map_err(op("DeleteMigrationProject"))
    }
}
